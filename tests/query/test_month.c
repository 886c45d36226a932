/*
 * test_month.c - days of a zone with violations that are known: every one has exactly one alarm, with its ends, none is
 * invented, and none is cleared by silence, while meters fall silent, send later what they kept, send twice and late,
 * and the process is stopped and killed. Two runs give the same acts. One day; GK_ROUNDS=30 is a month.
 */
#include "query/zone.h"

#define T0          (INT64_C(1767542400)) /* 2026-01-05T00:00+08:00, s */
#define DAY_S       86400
#define STEP_S      60 /* between rows of a meter, and between looks */
#define ENTERPRISES 12
#define EACH        3 /* two machines and the fan that serves them */
#define METERS      (ENTERPRISES * EACH)
#define KEPT_MAX    4096
#define TRUTHS_MAX  1024
#define NEAR_S      (STEP_S + 1) /* a state is known by rows of each minute */

static const char RULE[] =
    "rule untreated alarm when abatement offline while production running for >= 10m clear after 2m";

struct stretch {
    int64_t from, to; /* s */
};

struct meter {
    struct stretch silent;
    bool keeps; /* what it cannot send, until it can */
    struct kept {
        int64_t time;
        double value;
    } kept[KEPT_MAX];
    size_t n_kept;
};

static struct random chance;
static struct zone zone;
static gk_judge *judge;
static uint32_t kw;
static struct meter meters[METERS];
static struct stretch shifts[ENTERPRISES][2], wrong[ENTERPRISES]; /* of the day; wrong: its fan is off */
static struct truth {
    int enterprise;
    struct stretch at;
    bool is_found;
} truths[TRUTHS_MAX];
static size_t n_truths;

static int64_t pick(int64_t n)
{
    return (int64_t)random_below(&chance, (uint64_t)n);
}

static void need(int rc, const char *text)
{
    if (rc != GK_OK)
        fail_msg("%s: %s", gk_status_text(rc), text);
}

/* ---- the zone ---- */

static void build(void)
{
    struct gk_query_error error = {0};
    struct text csv = {NULL, 0, 0};
    gk_snapshot *snapshot = NULL;
    gk_query *query = NULL;
    char line[128];

    zone_open(&zone);
    zone.now = T0 * GK_SECOND;
    text_add(&csv, "facility,enterprise,park,line,role,rated_kw\n");
    for (int m = 0; m < METERS; m++) {
        (void)snprintf(line, sizeof line, "m%d,E%d,P1,L%d,%s,10\n", m, m / EACH, m / EACH,
                       m % EACH == 2 ? "abatement" : "production");
        text_add(&csv, line);
    }
    zone_load(&zone, csv.bytes, csv.size);
    text_clear(&csv);
    need(gk_channel_register(zone.db, "kw", 2, &kw, &error.error), error.error.text);
    need(gk_commit(zone.db, &error.error), error.error.text);
    need(gk_snapshot_open(zone.db, &snapshot, &error.error), error.error.text);
    need(gk_query_prepare(zone.session, snapshot, RULE, sizeof RULE - 1, NULL, &query, &error), error.report);
    struct gk_rule_put put = {
        .size = sizeof put, .name = gk_query_rule(query)->name, .text = gk_query_rule(query)->text};
    need(gk_rule_put(zone.db, &put, NULL, &error.error), error.error.text);
    gk_query_free(query);
    gk_snapshot_close(snapshot);
    need(gk_judge_open(zone.db, NULL, &judge, &error), error.error.text);
    memset(meters, 0, sizeof meters);
    n_truths = 0;
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

/* ---- a day ---- */

static void plan_day(int64_t day)
{
    for (int e = 0; e < ENTERPRISES; e++) {
        shifts[e][0] = (struct stretch){day + (7 * 60 + pick(60)) * 60, day + (11 * 60 + pick(60)) * 60};
        shifts[e][1] = (struct stretch){day + (13 * 60 + pick(60)) * 60, day + (18 * 60 + pick(60)) * 60};
        wrong[e] = (struct stretch){0, 0};
        if (pick(4) == 0)
            continue;
        struct stretch shift = shifts[e][pick(2)];
        wrong[e].from = shift.from + (20 + pick(90)) * 60;
        wrong[e].to = wrong[e].from + (12 + pick(70)) * 60;
        if (wrong[e].to > shift.to - 300)
            wrong[e].to = shift.to - 300;
        assert_true(n_truths < TRUTHS_MAX);
        truths[n_truths++] = (struct truth){e, wrong[e], false};
    }
}

/* A meter falls silent; what it loses for good, near a violation, would leave open whether there was one. */
static void maybe_silence(int m, int64_t now)
{
    struct meter *meter = &meters[m];
    const struct stretch *bad = &wrong[m / EACH];

    if (now < meter->silent.to || pick(300) != 0)
        return;
    meter->silent = (struct stretch){now, now + (10 + pick(120)) * 60};
    bool is_near = bad->to > 0 && meter->silent.from < bad->to + 1800 && meter->silent.to > bad->from - 1800;
    meter->keeps = is_near || pick(2) == 0;
}

static bool is_in(const struct stretch *stretch, int64_t t)
{
    return t >= stretch->from && t < stretch->to;
}

static double power_of(int m, int64_t t)
{
    int e = m / EACH;
    bool runs = is_in(&shifts[e][0], t) || is_in(&shifts[e][1], t);

    if (m % EACH < 2)
        return runs ? 8 : 0;
    /* A fan runs from ten minutes before its machines to ten after them. */
    bool is_wanted = runs;
    for (int i = 0; i < 2; i++)
        is_wanted = is_wanted || (t >= shifts[e][i].from - 600 && t < shifts[e][i].to + 600);
    return is_wanted && !is_in(&wrong[e], t) ? 7 : 0;
}

static void send_row(int m, int64_t time_s, double value)
{
    const gk_time time = time_s * GK_SECOND;
    const uint32_t facility = (uint32_t)m;
    const double *column = &value;
    struct gk_error error = {0};
    struct gk_batch batch = {
        .n_rows = 1, .time = &time, .facility = &facility, .n_channels = 1, .channel = &kw, .value = &column};
    need(gk_ingest(zone.db, &batch, NULL, &error), error.text);
}

static void one_minute(int m, int64_t now)
{
    struct meter *meter = &meters[m];
    double value = power_of(m, now);

    maybe_silence(m, now);
    if (now >= meter->silent.to) {
        for (size_t i = 0; i < meter->n_kept; i++)
            send_row(m, meter->kept[i].time, meter->kept[i].value);
        meter->n_kept = 0;
        send_row(m, now, value);
        if (pick(100) == 0)
            send_row(m, now, value); /* twice */
    } else if (meter->keeps && meter->n_kept < KEPT_MAX) {
        meter->kept[meter->n_kept++] = (struct kept){now, value};
    }
}

static void one_day(int64_t day)
{
    struct gk_query_error error = {0};

    plan_day(day);
    for (int64_t now = day; now < day + DAY_S; now += STEP_S) {
        zone.now = now * GK_SECOND;
        for (int m = 0; m < METERS; m++)
            one_minute(m, now);
        need(gk_advance(judge, zone.now, NULL, &error), error.error.text);
        if (pick(360) == 0)
            restart();
    }
}

/* ---- the judgement ---- */

static struct truth *find_truth(const char *subject, int64_t from, int64_t to)
{
    int e = atoi(subject + 1) / EACH;

    for (size_t i = 0; i < n_truths; i++)
        if (truths[i].enterprise == e && from >= truths[i].at.from - NEAR_S && from <= truths[i].at.from + NEAR_S &&
            to >= truths[i].at.to - NEAR_S && to <= truths[i].at.to + NEAR_S)
            return &truths[i];
    return NULL;
}

static void check_alarms(gk_snapshot *snapshot)
{
    struct gk_error error = {0};
    struct gk_alarms *alarms = NULL;
    struct gk_alarm alarm;

    need(gk_alarms_open(snapshot, false, 0, &alarms, &error), error.text);
    while (gk_alarms_next(alarms, &alarm, &error) == GK_OK) {
        struct truth *truth = find_truth(alarm.subject, alarm.from / GK_SECOND, alarm.to / GK_SECOND);
        if (alarm.status == GK_ALARM_WITHDRAWN)
            fail_msg("alarm %" PRIu64 " of %s was invented", alarm.id, alarm.subject);
        if (!truth || truth->is_found)
            fail_msg("alarm %" PRIu64 " of %s from %+" PRId64 " to %+" PRId64 " is %s", alarm.id, alarm.subject,
                     alarm.from / GK_SECOND - T0, alarm.to / GK_SECOND - T0, truth ? "a second one" : "no violation");
        truth->is_found = true;
    }
    gk_alarms_close(alarms);
    for (size_t i = 0; i < n_truths; i++)
        if (!truths[i].is_found)
            fail_msg("the violation of E%d from %+" PRId64 " has no alarm", truths[i].enterprise,
                     truths[i].at.from - T0);
}

static int compare(const void *p, const void *q)
{
    int64_t a, b;
    memcpy(&a, p, sizeof a);
    memcpy(&b, q, sizeof b);
    return (a > b) - (a < b);
}

/* Whatever was said to be over was over; and how long after the tenth minute it was known. */
static void check_acts(gk_snapshot *snapshot)
{
    static int64_t delays[TRUTHS_MAX];
    struct gk_error error = {0};
    struct gk_acts *acts = NULL;
    struct gk_act act;
    size_t n_delays = 0, n_unknown = 0;

    need(gk_acts_open(snapshot, 0, 0, &acts, &error), error.text);
    while (gk_acts_next(acts, &act, &error) == GK_OK) {
        struct gk_alarm alarm;
        need(gk_alarm_get(snapshot, act.alarm, &alarm, &error), error.text);
        n_unknown += act.kind == GK_ACT_UNKNOWN;
        if (act.kind == GK_ACT_RAISED)
            delays[n_delays++] = (act.time - act.from) / GK_SECOND - 600;
        for (size_t i = 0; act.kind == GK_ACT_RECOVERED && i < n_truths; i++)
            if (truths[i].enterprise == atoi(alarm.subject + 1) / EACH &&
                act.to / GK_SECOND > truths[i].at.from + NEAR_S && act.to / GK_SECOND < truths[i].at.to - NEAR_S)
                fail_msg("alarm %" PRIu64 " was cleared while its breach went on", alarm.id);
    }
    gk_acts_close(acts);
    qsort(delays, n_delays, sizeof *delays, compare);
    if (n_delays)
        print_message("%zu violations, %zu times unknown; raised after the tenth minute: median %" PRId64
                      " s, max %" PRId64 " s (looks are %d s apart, and meters keep what they cannot send)\n",
                      n_delays, n_unknown, delays[n_delays / 2], delays[n_delays - 1], STEP_S);
}

/* The hash of the newest act stands for all of them. */
static void take_root(gk_snapshot *snapshot, uint8_t out[32])
{
    struct gk_error error = {0};
    struct gk_acts *acts = NULL;
    struct gk_act act;

    memset(out, 0, 32);
    need(gk_acts_open(snapshot, 0, 0, &acts, &error), error.text);
    while (gk_acts_next(acts, &act, &error) == GK_OK)
        memcpy(out, act.hash, 32);
    gk_acts_close(acts);
}

static void run_month(uint64_t seed, uint64_t days, uint8_t root[32])
{
    struct gk_query_error error = {0};
    gk_snapshot *snapshot = NULL;

    chance = random_from(seed);
    build();
    for (uint64_t d = 0; d < days; d++)
        one_day(T0 + (int64_t)d * DAY_S);
    for (int m = 0; m < METERS; m++) /* what the meters still have */
        meters[m].silent.to = 0, one_minute(m, T0 + (int64_t)days * DAY_S);
    zone.now = (T0 + (int64_t)days * DAY_S) * GK_SECOND;
    need(gk_advance(judge, zone.now, NULL, &error), error.error.text);
    need(gk_snapshot_open(zone.db, &snapshot, &error.error), error.error.text);
    assert_true(n_truths > 0);
    check_alarms(snapshot);
    check_acts(snapshot);
    take_root(snapshot, root);
    gk_snapshot_close(snapshot);
    gk_judge_close(judge);
    zone_close(&zone);
}

static void every_violation_has_one_alarm_and_silence_clears_none(void **state)
{
    uint64_t seed = test_seed("month"), days = test_rounds(1);
    uint8_t first[32], second[32];
    (void)state;

    run_month(seed, days, first);
    run_month(seed, days, second);
    assert_memory_equal(first, second, 32); /* two runs give the same acts, byte by byte */
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(every_violation_has_one_alarm_and_silence_clears_none),
};

RUN_TESTS(tests)
