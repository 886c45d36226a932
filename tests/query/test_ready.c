/*
 * test_ready.c - the ready rules of docs/rules, all of them at once, over a zone in which each enterprise breaks one of
 * them: six ordinary days, one with the breaches, and a day after it. Each breach has its alarms, with their ends, and
 * there are no others, while meters fall silent and send later what they kept, and the process is stopped and killed.
 */
#include <glob.h>

#include "query/zone.h"

#define T0     (INT64_C(1767542400)) /* 2026-01-05T00:00+08:00, s */
#define DAY    1440                  /* min */
#define BREACH (6 * DAY)             /* the day of the breaches, min */
#define DAYS   8
#define NEAR_S 61 /* a state is known by rows of each minute */
#define LOST   -1.0

#define AT(hour, minute) (BREACH + (hour)*60 + (minute))

enum meter { PRESS, FAN };

/* An alarm that a kind of breach must have. */
struct wanted {
    const char *rule, *subject; /* press, fan, line, enterprise */
    int from, to;               /* min; equal: a moment */
    bool is_under;              /* another alarm */
};

#define UNTREATED(from, to)                                                                                            \
    {"untreated", "fan", from, to, false},                                                                             \
    {                                                                                                                  \
        "line_untreated", "line", from, to, false                                                                      \
    }
#define FAULT(from, to)                                                                                                \
    {"fault_stop", "fan", from, to, false},                                                                            \
    {                                                                                                                  \
        "stopped_early", "fan", from, from, false                                                                      \
    }

static const struct kind {
    const char *name;
    const char *order, *exemption; /* scope,level,from,to,kind,cut,hours; scope,kind,from,to */
    struct wanted wanted[8];
} KINDS[] = {
    {"ordinary", NULL, NULL, {{0}}},
    {"fault", NULL, NULL, {UNTREATED(AT(10, 0), AT(10, 30)), FAULT(AT(10, 0), AT(10, 30))}},
    {"late start", NULL, NULL, {{"started_late", "press", AT(8, 0), AT(8, 0), false}}},
    {"early stop", NULL, NULL, {{"stopped_early", "fan", AT(17, 58), AT(17, 58), false}}},
    {"idling",
     NULL,
     NULL,
     {UNTREATED(AT(10, 0), AT(11, 0)), FAULT(AT(10, 0), AT(11, 0)), {"idling", "fan", AT(10, 0), AT(11, 0), false}}},
    {"low power", NULL, NULL, {{"low_power", "fan", AT(10, 0), AT(11, 0), false}}},
    {"overload", NULL, NULL, {{"overloaded", "press", AT(10, 0), AT(10, 30), false}}},
    {"stop ignored",
     "yellow,2026-01-11T10:00,2026-01-11T12:00,stop,,",
     NULL,
     {{"order_ignored", "press", AT(10, 0), AT(12, 0), false}}},
    {"cut short",
     "yellow,2026-01-11T00:00,2026-01-12T00:00,cut,30%,",
     NULL,
     {{"cut_short", "enterprise", AT(0, 0), AT(24, 0), false}}},
    {"cut missed",
     "yellow,2026-01-11T00:00,2026-01-12T00:00,cut,30%,",
     NULL,
     {{"cut_missed", "press", AT(10, 0), AT(11, 0), false}}},
    {"peak shift",
     "错峰,2026-01-11T00:00,2026-01-13T00:00,错峰,,17:00-20:00",
     NULL,
     {{"peak_shift", "press", AT(17, 0), AT(18, 0), false}, {"peak_shift", "press", AT(41, 0), AT(42, 0), false}}},
    {"orange",
     "orange,2026-01-11T10:00,2026-01-11T12:00,limit,,",
     NULL,
     {{"orange_ignored", "enterprise", AT(10, 0), AT(12, 0), false}}},
    {"red",
     "red,2026-01-11T10:00,2026-01-11T12:00,limit,,",
     NULL,
     {{"red_ignored", "enterprise", AT(10, 0), AT(12, 0), false}}},
    {"meter silent", NULL, NULL, {{"silent", "fan", AT(20, 3), AT(21, 0), false}}},
    {"power lost",
     NULL,
     NULL,
     {{"enterprise_silent", "enterprise", AT(10, 3), AT(11, 0), false},
      {"silent", "press", AT(10, 3), AT(11, 0), true},
      {"silent", "fan", AT(10, 3), AT(11, 0), true}}},
    {"frozen", NULL, NULL, {{"frozen_value", "press", AT(10, 0), AT(13, 0), false}}},
    {"phase lost", NULL, NULL, {{"phase_lost", "press", AT(10, 0), AT(10, 10), false}}},
    {"imbalance", NULL, NULL, {{"imbalance", "press", AT(10, 0), AT(10, 30), false}}},
    {"night",
     NULL,
     NULL,
     {{"night_over_day", "enterprise", AT(0, 0), AT(24, 0), false},
      {"night_work", "press", AT(0, 0), AT(6, 0), false},
      {"night_work", "press", AT(22, 0), AT(24, 0), false}}},
    {"declared stop",
     NULL,
     "stop,2026-01-11T10:00,2026-01-11T14:00",
     {{"declared_stop", "press", AT(10, 0), AT(14, 0), false}}},
    {"unused",
     NULL,
     NULL,
     {UNTREATED(AT(8, 0), AT(18, 0)),
      {"started_late", "press", AT(8, 0), AT(8, 0), false},
      {"unused", "fan", AT(18, 10), AT(31, 50), false}}},
};
#define N_KINDS  ((int)(sizeof KINDS / sizeof KINDS[0]))
#define N_METERS (2 * N_KINDS)

static const char BANDS[] = "scope,off_below,on_from,overload_from,hold_s\n*,10%,20%,110%,180\n";

static struct random chance;
static struct zone zone;
static gk_judge *judge;
static uint32_t channels[4]; /* kw, ia, ib, ic */
static struct silent {
    int from, to; /* min; what it does not send then it sends at `to` */
} silent[N_METERS];

static int64_t pick(int64_t n)
{
    return (int64_t)random_below(&chance, (uint64_t)n);
}

static void need(int rc, const char *text)
{
    if (rc != GK_OK)
        fail_msg("%s: %s", gk_status_text(rc), text);
}

/* ---- the zone ---------------------------------------------------------------------------------------------------- */

static bool is_kind(int e, const char *name)
{
    return strcmp(KINDS[e].name, name) == 0;
}

static bool is_in(int t, int from, int to)
{
    return t >= from && t < to;
}

static double press_kw(int e, int t)
{
    int of_day = t % DAY;

    if (is_kind(e, "overload") && is_in(t, AT(10, 0), AT(10, 30)))
        return 11.5;
    if (is_kind(e, "cut short") && is_in(t, AT(8, 0), AT(18, 0)))
        return 6.5;
    if (is_kind(e, "cut missed") && is_in(t, AT(8, 0), AT(18, 0)) && !is_in(t, AT(10, 0), AT(11, 0)))
        return 2.5;
    if (is_kind(e, "night") && is_in(t, AT(0, 0), AT(24, 0)))
        return is_in(of_day, 6 * 60, 8 * 60) || is_in(of_day, 12 * 60, 22 * 60) ? 0 : 8;
    return is_in(of_day, 8 * 60, 18 * 60) ? 8 : 0;
}

static double fan_kw(int e, int t)
{
    int of_day = t % DAY;

    if (is_kind(e, "fault") && is_in(t, AT(10, 0), AT(10, 30)))
        return 0;
    if (is_kind(e, "late start") && is_in(t, AT(0, 0), AT(8, 5)))
        return 0;
    if (is_kind(e, "early stop") && is_in(t, AT(17, 58), AT(24, 0)))
        return 0;
    if (is_kind(e, "idling") && is_in(t, AT(10, 0), AT(11, 0)))
        return 1.5;
    if (is_kind(e, "low power") && is_in(t, AT(10, 0), AT(11, 0)))
        return 3;
    if (is_kind(e, "unused") && is_in(t, AT(0, 0), AT(24, 0)))
        return 0;
    if (is_kind(e, "night") && is_in(t, AT(-1, 0), AT(24, 10)))
        return 8;
    return is_in(of_day, 7 * 60 + 50, 18 * 60 + 10) ? 8 : 0;
}

static void values_of(int m, int t, double out[4])
{
    int e = m / 2;
    double kw = m % 2 == FAN ? fan_kw(e, t) : press_kw(e, t);
    bool is_frozen = is_kind(e, "frozen") && m % 2 == PRESS && is_in(t, AT(10, 0), AT(13, 0));

    if (kw > 0 && !is_frozen)
        kw += (t % 7 + 1) / 100.0; /* real ones vary */
    for (int i = 0; i < 4; i++)
        out[i] = i ? kw * 2 : kw;
    if (is_kind(e, "phase lost") && m % 2 == PRESS && is_in(t, AT(10, 0), AT(10, 10)))
        out[3] = 0;
    if (is_kind(e, "imbalance") && m % 2 == PRESS && is_in(t, AT(10, 0), AT(10, 30)))
        out[1] *= 1.8;
}

/* What never comes. */
static bool is_lost(int m, int t)
{
    int e = m / 2;

    if (is_kind(e, "meter silent"))
        return m % 2 == FAN && is_in(t, AT(20, 0), AT(21, 0));
    return is_kind(e, "power lost") && is_in(t, AT(10, 0), AT(11, 0));
}

static void send_row(int m, int t)
{
    const gk_time time = (T0 + t * 60) * GK_SECOND;
    const uint32_t facility = (uint32_t)m;
    struct gk_error error = {0};
    double values[4];

    if (is_lost(m, t))
        return;
    values_of(m, t, values);
    const double *columns[4] = {&values[0], &values[1], &values[2], &values[3]};
    struct gk_batch batch = {
        .n_rows = 1, .time = &time, .facility = &facility, .n_channels = 4, .channel = channels, .value = columns};
    need(gk_ingest(zone.db, &batch, NULL, &error), error.text);
}

static void load_catalog(void)
{
    struct text csv = {NULL, 0, 0};
    char line[160];

    text_add(&csv, "facility,enterprise,park,line,role,rated_kw\n");
    for (int m = 0; m < N_METERS; m++) {
        (void)snprintf(line, sizeof line, "%s%d,E%d,P1,L%d,%s,10\n", m % 2 ? "fan" : "press", m / 2, m / 2, m / 2,
                       m % 2 ? "abatement" : "production");
        text_add(&csv, line);
    }
    zone_load(&zone, csv.bytes, csv.size);
    zone_load(&zone, BANDS, sizeof BANDS - 1);
    for (int e = 0; e < N_KINDS; e++) {
        if (KINDS[e].order) {
            (void)snprintf(line, sizeof line, "scope,level,from,to,kind,cut,hours\nenterprise:E%d,%s\n", e,
                           KINDS[e].order);
            zone_load(&zone, line, strlen(line));
        }
        if (KINDS[e].exemption) {
            (void)snprintf(line, sizeof line, "scope,kind,from,to\nenterprise:E%d,%s\n", e, KINDS[e].exemption);
            zone_load(&zone, line, strlen(line));
        }
    }
    text_clear(&csv);
}

/* ---- the rules --------------------------------------------------------------------------------------------------- */

static void put_rules(gk_snapshot *snapshot, const char *text, size_t size)
{
    struct gk_query_error error = {0};

    for (size_t at = 0, used; at < size; at += used) {
        gk_query *query = NULL;
        need(gk_query_prepare(zone.session, snapshot, text + at, size - at, &used, &query, &error), error.report);
        if (!query)
            continue;
        const struct gk_query_rule *rule = gk_query_rule(query);
        assert_non_null(rule);
        if (rule->title.size == 0 || (unsigned char)rule->title.bytes[0] < 0x80 || rule->message.size == 0)
            fail_msg("the rule %s has no Chinese name or no message", rule->name.bytes);
        struct gk_rule_put put = {.size = sizeof put, .name = rule->name, .text = rule->text, .from = GK_TIME_MIN};
        need(gk_rule_put(zone.db, &put, NULL, &error.error), error.error.text);
        gk_query_free(query);
    }
}

static void load_rules(void)
{
    gk_snapshot *snapshot = NULL;
    glob_t found;

    assert_int_equal(gk_snapshot_open(zone.db, &snapshot, NULL), GK_OK);
    assert_int_equal(glob("docs/rules/*.gkql", 0, NULL, &found), 0);
    for (size_t i = 0; i < found.gl_pathc; i++) {
        static char text[65536];
        FILE *file = fopen(found.gl_pathv[i], "rb");
        assert_non_null(file);
        put_rules(snapshot, text, fread(text, 1, sizeof text, file));
        (void)fclose(file); /* it was read only */
    }
    globfree(&found);
    gk_snapshot_close(snapshot);
    assert_int_equal(gk_commit(zone.db, NULL), GK_OK);
}

/* ---- the days ---------------------------------------------------------------------------------------------------- */

static void build(void)
{
    static const char *const names[] = {"kw", "ia", "ib", "ic"};
    struct gk_query_error error = {0};

    zone_open(&zone);
    zone.now = T0 * GK_SECOND;
    load_catalog();
    for (size_t i = 0; i < 4; i++)
        need(gk_channel_register(zone.db, names[i], 2, &channels[i], &error.error), error.error.text);
    need(gk_commit(zone.db, &error.error), error.error.text);
    load_rules();
    need(gk_judge_open(zone.db, NULL, &judge, &error), error.error.text);
    memset(silent, 0, sizeof silent);
}

static void restart(void)
{
    struct gk_options options = {.size = sizeof options, .future_ns = -1, .clock = zone_clock, .clock_context = &zone};
    struct gk_query_error error = {0};

    gk_judge_close(judge);
    assert_int_equal(gk_close(zone.db), GK_OK);
    need(gk_open(zone.folder, GK_READWRITE | (pick(2) ? GK_KEEP_HEADS : 0), &options, &zone.db, &error.error),
         error.error.text);
    need(gk_judge_open(zone.db, NULL, &judge, &error), error.error.text);
}

static void look(int t)
{
    struct gk_query_error error = {0};

    zone.now = (T0 + t * 60) * GK_SECOND;
    need(gk_advance(judge, zone.now, NULL, &error), error.error.text);
}

/* A meter that cannot send for some minutes keeps what it has: too short a time for an alarm of silence. */
static void one_meter(int m, int t)
{
    if (t > silent[m].to && pick(400) == 0)
        silent[m] = (struct silent){t, t + 4 + (int)pick(5)};
    if (t < silent[m].to)
        return;
    for (int i = silent[m].from; t == silent[m].to && i < t; i++)
        send_row(m, i);
    send_row(m, t);
    if (pick(100) == 0)
        send_row(m, t); /* twice */
}

static void run_days(void)
{
    for (int t = 0; t < BREACH; t += t < BREACH - DAY ? 2 : 1) /* ordinary ones may be coarser */
        for (int m = 0; m < N_METERS; m++)
            send_row(m, t);
    look(BREACH - 1);
    for (int t = BREACH; t <= DAYS * DAY; t++) {
        for (int m = 0; m < N_METERS; m++)
            one_meter(m, t);
        look(t);
        if (pick(20) == 0)
            assert_int_equal(gk_seal(zone.db, NULL), GK_OK);
        if (pick(300) == 0)
            restart();
    }
    for (int m = 0; m < N_METERS; m++) /* what they still have */
        for (int i = silent[m].from; i < silent[m].to && i <= DAYS * DAY; i++)
            send_row(m, i);
    look(DAYS * DAY + 1);
}

/* ---- the judgement ----------------------------------------------------------------------------------------------- */

static void name_of(int e, const char *subject, char *out, size_t size)
{
    if (strcmp(subject, "line") == 0)
        (void)snprintf(out, size, "E%d/L%d", e, e);
    else
        (void)snprintf(out, size, "%s%d", strcmp(subject, "enterprise") == 0 ? "E" : subject, e);
}

static bool is_near(gk_time t, int minute)
{
    int64_t apart = t / GK_SECOND - (T0 + minute * 60);

    return apart >= -NEAR_S && apart <= NEAR_S;
}

static bool is_wanted(const struct wanted *wanted, int e, const struct gk_alarm *alarm)
{
    char name[32];

    name_of(e, wanted->subject, name, sizeof name);
    return strcmp(alarm->rule, wanted->rule) == 0 && strcmp(alarm->subject, name) == 0 &&
           is_near(alarm->from, wanted->from) && is_near(alarm->to, wanted->to);
}

static unsigned n_wrong;

static void wrong(const char *what, const char *rule, const char *subject, gk_time from, gk_time to)
{
    int64_t a = from / GK_SECOND - T0 - BREACH * 60, b = to / GK_SECOND - T0 - BREACH * 60;

    n_wrong++;
    print_error("%s: %s of %s from %02d:%02d to %02d:%02d\n", what, rule, subject, (int)(a / 3600), (int)(a / 60 % 60),
                to == GK_TIME_MAX ? 99 : (int)(b / 3600), (int)(b / 60 % 60));
}

/* Each alarm takes the place of one that is wanted. */
static void take_alarm(const struct gk_alarm *alarm, bool is_found[N_KINDS][8], bool is_under)
{
    for (int e = 0; e < N_KINDS; e++)
        for (int i = 0; i < 8 && KINDS[e].wanted[i].rule; i++) {
            if (is_found[e][i] || !is_wanted(&KINDS[e].wanted[i], e, alarm))
                continue;
            is_found[e][i] = true;
            if (is_under != KINDS[e].wanted[i].is_under)
                wrong(is_under ? "under another" : "not under another", alarm->rule, alarm->subject, alarm->from,
                      alarm->to);
            return;
        }
    wrong(alarm->status == GK_ALARM_WITHDRAWN ? "invented and withdrawn" : "invented", alarm->rule, alarm->subject,
          alarm->from, alarm->to);
}

static bool is_under_another(gk_snapshot *snapshot, uint64_t id)
{
    struct gk_error error = {0};
    struct gk_acts *acts = NULL;
    struct gk_act act;
    bool is_under = false;

    need(gk_acts_open(snapshot, id, 0, &acts, &error), error.text);
    while (gk_acts_next(acts, &act, &error) == GK_OK) {
        is_under |= act.about != 0;
        if (act.kind == GK_ACT_RAISED && (!act.text[0] || strchr(act.text, '{')))
            fail_msg("the message of %s says '%s'", act.rule, act.text);
    }
    gk_acts_close(acts);
    return is_under;
}

static void check(void)
{
    static bool is_found[N_KINDS][8];
    struct gk_error error = {0};
    struct gk_alarms *alarms = NULL;
    gk_snapshot *snapshot = NULL;
    struct gk_alarm alarm;

    memset(is_found, 0, sizeof is_found);
    need(gk_snapshot_open(zone.db, &snapshot, &error), error.text);
    need(gk_alarms_open(snapshot, false, 0, &alarms, &error), error.text);
    while (gk_alarms_next(alarms, &alarm, &error) == GK_OK)
        take_alarm(&alarm, is_found, is_under_another(snapshot, alarm.id));
    gk_alarms_close(alarms);
    gk_snapshot_close(snapshot);
    for (int e = 0; e < N_KINDS; e++)
        for (int i = 0; i < 8 && KINDS[e].wanted[i].rule; i++) {
            const struct wanted *wanted = &KINDS[e].wanted[i];
            char name[32];
            name_of(e, wanted->subject, name, sizeof name);
            if (!is_found[e][i])
                wrong("no alarm", wanted->rule, name, (T0 + wanted->from * 60) * GK_SECOND,
                      (T0 + wanted->to * 60) * GK_SECOND);
        }
    if (n_wrong)
        fail_msg("%u alarms are wrong", n_wrong);
}

/* Each rule is wanted by some kind of breach: else the test would say nothing of it. */
static void check_rules(void)
{
    gk_snapshot *snapshot = NULL;
    size_t n;

    assert_int_equal(gk_snapshot_open(zone.db, &snapshot, NULL), GK_OK);
    const struct gk_rule *rules = gk_rules(snapshot, &n);
    assert_true(n > 0);
    for (size_t i = 0; i < n; i++) {
        bool is_tried = false;
        for (int e = 0; e < N_KINDS; e++)
            for (int k = 0; k < 8 && KINDS[e].wanted[k].rule; k++)
                is_tried |= strcmp(KINDS[e].wanted[k].rule, rules[i].name) == 0;
        if (!is_tried)
            fail_msg("no breach of the rule %s", rules[i].name);
    }
    gk_snapshot_close(snapshot);
}

static void each_ready_rule_finds_its_breach_once_and_nothing_else(void **state)
{
    uint64_t rounds = test_rounds(1);
    (void)state;

    for (uint64_t seed = test_seed("ready"), i = 0; i < rounds; i++, seed++) {
        chance = random_from(seed);
        build();
        check_rules();
        run_days();
        check();
        gk_judge_close(judge);
        zone_close(&zone);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(each_ready_rule_finds_its_breach_once_and_nothing_else),
};

RUN_TESTS(tests)
