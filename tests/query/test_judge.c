/*
 * test_judge.c - rules judged as rows come: whatever comes in which order, with silence, late rows, other bands,
 * restarts and crashes between, the alarms on record are those that the rule's condition, asked as a question, gives.
 */
#include <math.h>

#include "query/zone.h"

#define T0          (INT64_C(1763596800) * GK_SECOND) /* 2025-11-20T08:00+08:00 */
#define WHEN        " between 2025-11-20T08:00 and 2025-11-21 with possible"
#define BREACHES    4096
#define WAITING_MAX 8192

static const struct {
    const char *rule, *condition; /* the condition with what a rule adds to it */
} RULES[] = {
    {"rule R1 alarm when abatement offline while production running for >= 2m clear after 1m notify 'head'",
     "((abatement offline while production running) unless exempt) for >= 2m ignoring gaps < 1m"},
    {"rule R2 warn when facility nodata for >= 3m", "(facility nodata unless exempt) for >= 3m"},
    {"rule R3 severe when all abatement stopped while any production running ignoring gaps < 30s for >= 1m per line "
     "clear after 2m",
     "((all abatement stopped while any production running) unless exempt) ignoring gaps < 30s for >= 1m "
     "ignoring gaps < 2m per line"},
    {"rule R4 alarm when start of (production running) unless abatement running",
     "(start of (production running) unless abatement running) unless exempt"},
    {"rule R5 alarm when power of abatement < 3kW while production running for >= 1m",
     "((power of abatement < 3kW while production running) unless exempt) for >= 1m"},
    {"rule R6 info when production running during order 'red' per enterprise",
     "(production running during order 'red') unless exempt per enterprise"},
    {"rule R7 alarm when any production running and no abatement running for >= 90s per enterprise clear after 30s",
     "((any production running and no abatement running) unless exempt) for >= 90s ignoring gaps < 30s "
     "per enterprise"},
    {"rule R8 alarm when production running during hours 08:30-09:00 for >= 1m",
     "((production running during hours 08:30-09:00) unless exempt) for >= 1m"},
    {"rule R9 alarm when (production running held 4m) unless (abatement running within last 2m)",
     "((production running held 4m) unless (abatement running within last 2m)) unless exempt"},
    {"rule R10 warn when power of facility frozen >= 5m", "power of facility frozen >= 5m unless exempt"},
    {"rule R11 info when at least 2 facility nodata within 60s of each other per enterprise",
     "(at least 2 facility nodata within 60s of each other) unless exempt per enterprise"},
    {"rule R12 alarm when (facility off at least 3 times within 20m) and not exempt",
     "(facility off at least 3 times within 20m) and not exempt"},
    {"rule R13 alarm when abatement off while enterprise running for >= 1m in park 'P1'",
     "((abatement off while enterprise running) unless exempt) for >= 1m in park 'P1'"},
    {"rule R14 alarm when abatement off while facility 'p4' running for < 3m clear after 45s",
     "((abatement off while facility 'p4' running) unless exempt) for < 3m ignoring gaps < 45s"},
    {"rule R15 warn when start of (production running) unless (abatement running within next 60s)",
     "(start of (production running) unless (abatement running within next 60s)) unless exempt"},
    {"rule R16 warn when (production running held 2m) unless (abatement running within next 90s)",
     "((production running held 2m) unless (abatement running within next 90s)) unless exempt"},
};
#define N_RULES (sizeof RULES / sizeof RULES[0])

/*
 * Rules of numbers: the numbers, asked without the rule, are judged here. A bucket is a part of a breach when a column
 * passes the limit, and unknown when it is empty or less than half is covered; where nothing could be measured it is
 * well.
 */
static const struct {
    const char *name, *rule, *numbers, *subject, *column;
    double limit;
    bool is_below;
    int64_t bucket_s, behind_s; /* a bucket is judged so long after its end */
} NUMBERS[] = {
    {"N1", "rule N1 alarm when avg of power of production by facility every 10m having avg < 5kW",
     "avg of power of production outside exempt by facility every 10m", "facility", "avg", 5, true, 600, 1},
    {"N2",
     "rule N2 warn when duration of (abatement offline while production running for >= 2m) by enterprise every 15m "
     "having duration > 3m",
     "duration of ((abatement offline while production running) unless exempt for >= 2m) by enterprise every 15m",
     "enterprise", "duration", 180, false, 900, 121},
    {"N3",
     "rule N3 severe when energy of production by line every 10m vs previous 10m having change > 10% in park 'P1'",
     "energy of production outside exempt by line every 10m vs previous 10m in park 'P1'", "line", "change", 0.1, false,
     600, 1},
    {"N4", "rule N4 info when avg of power of production by park every 5m vs avg of 1h before having change < -20%",
     "avg of power of production outside exempt by park every 5m vs avg of 1h before", "park", "change", -0.2, true,
     300, 1},
    {"N5", "rule N5 info when share of production running during hours 08:00-09:00 every 20m having share >= 60%",
     "share of production running during hours 08:00-09:00 unless exempt every 20m", "", "share", 0.6, false, 1200, 1},
};
#define N_NUMBERS (sizeof NUMBERS / sizeof NUMBERS[0])

static const char FACILITIES[] = "facility,enterprise,park,line,role,rated_kw\n"
                                 "p1,E1,P1,L1,production,10\np2,E1,P1,L1,production,10\na1,E1,P1,L1,abatement,10\n"
                                 "p3,E1,P1,L2,production,10\na2,E1,P1,L2,abatement,10\na3,E1,P1,L2,abatement,10\n"
                                 "p4,E2,P2,L1,production,10\na4,E2,P2,L1,abatement,10\n";
static const char LINKS[] = "abatement,production,standby,from,to\n"
                            "a1,p3,,2025-11-20T08:40+08:00,2025-11-20T09:20+08:00\n";
static const char BANDS[] = "scope,off_below,on_from,overload_from\n*,10%,20%,110%\n";
static const char ORDERS[] = "scope,level,kind,from,to,hours\n"
                             "park:P1,red,stop,2025-11-20T08:20+08:00,2025-11-20T08:50+08:00,\n"
                             "enterprise:E2,red,stop,2025-11-20T08:00+08:00,2025-11-22T00:00+08:00,08:30-09:10\n";
static const char EXEMPTIONS[] =
    "scope,kind,from,to,note\np2,maintenance,2025-11-20T08:25+08:00,2025-11-20T08:35+08:00,x\n"
    "enterprise:E2,stop,2025-11-20T09:15+08:00,2025-11-20T09:25+08:00,y\n";
#define FACILITY_COUNT 8

/* ---- the world --------------------------------------------------------------------------------------------------- */

struct waiting {
    int64_t arrival, time; /* s */
    uint32_t facility;
    double value;
};

static struct random chance;
static uint64_t zone_seed; /* each zone has its own */
static struct zone zone;
static gk_judge *judge;
static uint32_t kw;
static struct waiting waiting[WAITING_MAX];
static size_t n_waiting;

static uint64_t pick(uint64_t n)
{
    return random_below(&chance, n);
}

static void need(int rc, const struct gk_query_error *error)
{
    if (rc != GK_OK)
        fail_msg("%s: %s", gk_status_text(rc), error->error.text);
}

static void put_rule(const char *text, gk_time from)
{
    struct gk_query_error error = {0};
    gk_snapshot *snapshot = NULL;
    gk_query *query = NULL;

    assert_int_equal(gk_snapshot_open(zone.db, &snapshot, NULL), GK_OK);
    need(gk_query_prepare(zone.session, snapshot, text, strlen(text), NULL, &query, &error), &error);
    const struct gk_query_rule *rule = gk_query_rule(query);
    struct gk_rule_put put = {.size = sizeof put, .name = rule->name, .text = rule->text, .from = from};
    need(gk_rule_put(zone.db, &put, NULL, &error.error), &error);
    gk_query_free(query);
    gk_snapshot_close(snapshot);
}

static void advance(struct gk_judged *out)
{
    struct gk_query_error error = {0};
    need(gk_advance(judge, zone.now, out, &error), &error);
}

static void open_judge(void)
{
    struct gk_query_error error = {0};
    need(gk_judge_open(zone.db, NULL, &judge, &error), &error);
}

static void send_row(uint32_t facility, int64_t time_s, double value)
{
    const gk_time time = time_s * GK_SECOND;
    const double *column = &value;
    struct gk_error error = {0};
    struct gk_batch batch = {
        .n_rows = 1, .time = &time, .facility = &facility, .n_channels = 1, .channel = &kw, .value = &column};
    if (gk_ingest(zone.db, &batch, NULL, &error) != GK_OK)
        fail_msg("%s", error.text);
}

/* Closed as usual, or as a crash leaves it: what is committed is there, the judge knows nothing. */
static void restart(bool is_crash)
{
    struct gk_options options = {.size = sizeof options, .future_ns = -1, .clock = zone_clock, .clock_context = &zone};
    struct gk_error error = {0};
    int flags = GK_READWRITE | (is_crash ? GK_KEEP_HEADS : 0);

    gk_judge_close(judge);
    assert_int_equal(gk_close(zone.db), GK_OK);
    if (gk_open(zone.folder, flags, &options, &zone.db, &error) != GK_OK)
        fail_msg("gk_open: %s", error.text);
    open_judge();
}

static void build(bool with_rules)
{
    struct gk_error error = {0};

    zone_open(&zone);
    zone.now = T0;
    zone_load(&zone, FACILITIES, sizeof FACILITIES - 1);
    zone_load(&zone, BANDS, sizeof BANDS - 1);
    zone_load(&zone, LINKS, sizeof LINKS - 1);
    zone_load(&zone, ORDERS, sizeof ORDERS - 1);
    zone_load(&zone, EXEMPTIONS, sizeof EXEMPTIONS - 1);
    if (gk_channel_register(zone.db, "kw", 2, &kw, &error) != GK_OK || gk_commit(zone.db, &error) != GK_OK)
        fail_msg("%s", error.text);
    n_waiting = 0;
    for (size_t i = 0; with_rules && i < N_RULES; i++)
        put_rule(RULES[i].rule, GK_TIME_MIN);
    for (size_t i = 0; with_rules && i < N_NUMBERS; i++)
        put_rule(NUMBERS[i].rule, GK_TIME_MIN);
    open_judge();
}

static void tear_down(void)
{
    gk_judge_close(judge);
    zone_close(&zone);
}

/* ---- what the questions say -------------------------------------------------------------------------------------- */

struct breach {
    char rule[16], subject[80];
    gk_time from, to; /* GK_TIME_MAX: it goes on */
};
static struct breach expected[BREACHES], recorded[BREACHES];
static size_t n_expected, n_recorded;

static void take_text(const gk_query *query, const char *column, char *out, size_t size)
{
    out[0] = '\0';
    for (size_t i = 0; i < gk_query_n_columns(query); i++) {
        const struct gk_value *value = gk_query_value(query, i);
        if (strcmp(gk_query_column(query, i)->name, column) == 0 && value->type == GK_TYPE_TEXT)
            (void)snprintf(out, size, "%.*s", (int)value->as.text.size, value->as.text.bytes);
    }
}

static gk_time take_time(const gk_query *query, const char *column)
{
    for (size_t i = 0; i < gk_query_n_columns(query); i++) {
        const struct gk_value *value = gk_query_value(query, i);
        if (strcmp(gk_query_column(query, i)->name, column) == 0 && value->type == GK_TYPE_TIME)
            return value->as.time;
    }
    return GK_TIME_MAX;
}

/* Rows of one subject that touch are one stretch; it is an alarm from its first certain row on. */
static void ask_rule(size_t which)
{
    char text[512], subject[32], enterprise[32], certainty[16], name[16];
    bool is_event = strstr(RULES[which].condition, "(start of") == RULES[which].condition;
    struct gk_query_error error = {0};
    struct breach open = {"", "", 0, 0};
    bool has_open = false, is_certain = false;
    gk_snapshot *snapshot = NULL;
    gk_query *query = NULL;
    int rc;

    (void)snprintf(name, sizeof name, "R%u", (unsigned)which + 1);
    (void)snprintf(text, sizeof text, "when %s%s", RULES[which].condition, WHEN);
    assert_int_equal(gk_snapshot_open(zone.db, &snapshot, NULL), GK_OK);
    need(gk_query_prepare(zone.session, snapshot, text, strlen(text), NULL, &query, &error), &error);
    need(gk_query_start(query, snapshot, zone.now, &error), &error);
    do {
        rc = gk_query_next(query, &error);
        struct breach row = {"", "", 0, 0};
        if (rc == GK_OK) {
            take_text(query, "subject", subject, sizeof subject);
            take_text(query, "enterprise", enterprise, sizeof enterprise);
            take_text(query, "certainty", certainty, sizeof certainty);
            (void)snprintf(row.subject, sizeof row.subject, "%s%s%s", subject[0] == 'L' ? enterprise : "",
                           subject[0] == 'L' ? "/" : "", subject);
            row.from = take_time(query, "start");
            row.to = take_time(query, "end");
            if (is_event && strcmp(certainty, "certain") == 0)
                row.to = row.from + GK_SECOND;
        }
        bool is_same = rc == GK_OK && has_open && strcmp(row.subject, open.subject) == 0 && row.from == open.to;
        if (has_open && !is_same && is_certain)
            expected[n_expected++] = open;
        if (!is_same) {
            open = row;
            is_certain = false;
        }
        open.to = row.to;
        has_open = rc == GK_OK;
        if (rc == GK_OK && !is_certain && strcmp(certainty, "certain") == 0) {
            is_certain = true;
            open.from = row.from;
        }
        (void)snprintf(open.rule, sizeof open.rule, "%s", name);
    } while (rc == GK_OK);
    assert_int_equal(rc, GK_DONE);
    gk_query_free(query);
    gk_snapshot_close(snapshot);
}

static double take_number(const gk_query *query, const char *column)
{
    for (size_t i = 0; i < gk_query_n_columns(query); i++) {
        const struct gk_value *value = gk_query_value(query, i);
        if (strcmp(gk_query_column(query, i)->name, column) == 0 && value->type >= GK_TYPE_SECONDS &&
            value->type != GK_TYPE_COUNT)
            return value->as.number;
    }
    return NAN;
}

static enum gk_truth truth_of_bucket(const gk_query *query, size_t which)
{
    double coverage = take_number(query, "coverage"), before = take_number(query, "reference_coverage");
    double value = take_number(query, NUMBERS[which].column);
    bool is_compared = strstr(NUMBERS[which].numbers, "vs previous") != NULL;

    if (isnan(coverage))
        return GK_FALSE;
    if (coverage < 0.5 || (is_compared && !(before >= 0.5)) || isnan(value))
        return GK_UNKNOWN;
    if (NUMBERS[which].is_below)
        return value < NUMBERS[which].limit ? GK_TRUE : GK_FALSE;
    return value > NUMBERS[which].limit || (which + 1 == N_NUMBERS && value >= NUMBERS[which].limit) ? GK_TRUE
                                                                                                     : GK_FALSE;
}

/* Buckets of one subject that follow each other and are not well are one breach, from the first certain one on. */
static void ask_numbers(size_t which)
{
    int64_t behind = NUMBERS[which].behind_s * GK_SECOND, length = NUMBERS[which].bucket_s * GK_SECOND;
    gk_time judged = (zone.now / GK_SECOND * GK_SECOND - behind) / length * length;
    struct breach open = {"", "", 0, 0};
    bool is_certain = false;
    struct gk_query_error error = {0};
    gk_snapshot *snapshot = NULL;
    gk_query *query = NULL;
    char text[512];
    int rc;

    (void)snprintf(text, sizeof text, "%s between 2025-11-20T08:00 and 2025-11-21", NUMBERS[which].numbers);
    assert_int_equal(gk_snapshot_open(zone.db, &snapshot, NULL), GK_OK);
    need(gk_query_prepare(zone.session, snapshot, text, strlen(text), NULL, &query, &error), &error);
    need(gk_query_start(query, snapshot, zone.now, &error), &error);
    do {
        struct breach row = {"", "", 0, 0};
        enum gk_truth truth = GK_FALSE;
        char subject[32];
        rc = gk_query_next(query, &error);
        if (rc == GK_OK) {
            take_text(query, NUMBERS[which].subject, subject, sizeof subject);
            (void)snprintf(row.subject, sizeof row.subject, "%s%s", subject[0] == 'L' ? "E1/" : "",
                           subject[0] ? subject : "zone");
            row.from = take_time(query, "time");
            row.to = row.from + length;
            truth = row.from < judged ? truth_of_bucket(query, which) : GK_FALSE;
        }
        bool goes_on = truth != GK_FALSE && open.to == row.from && strcmp(open.subject, row.subject) == 0;
        if (!goes_on) {
            if (is_certain) {
                open.to = open.to == judged ? GK_TIME_MAX : open.to;
                expected[n_expected++] = open;
            }
            is_certain = false;
            open = row;
            (void)snprintf(open.rule, sizeof open.rule, "%s", NUMBERS[which].name);
        }
        open.to = truth == GK_FALSE ? 0 : row.to;
        if (truth == GK_TRUE && !is_certain) {
            is_certain = true;
            open.from = row.from;
        }
    } while (rc == GK_OK);
    assert_int_equal(rc, GK_DONE);
    gk_query_free(query);
    gk_snapshot_close(snapshot);
}

static int compare(const void *p, const void *q)
{
    const struct breach *a = p, *b = q;
    int c = strcmp(a->rule, b->rule);
    if (c == 0)
        c = strcmp(a->subject, b->subject);
    return c ? c : a->from < b->from ? -1 : a->from > b->from;
}

/* What begins or ends in this very second is in no window yet. */
static size_t without_now(struct breach *list, size_t n)
{
    gk_time now = zone.now / GK_SECOND * GK_SECOND;
    size_t kept = 0;

    for (size_t i = 0; i < n; i++) {
        if (list[i].to == now)
            list[i].to = GK_TIME_MAX;
        if (list[i].from < now)
            list[kept++] = list[i];
    }
    qsort(list, kept, sizeof *list, compare);
    return kept;
}

static void read_record(void)
{
    struct gk_error error = {0};
    struct gk_alarms *alarms = NULL;
    struct gk_alarm alarm;
    gk_snapshot *snapshot = NULL;

    n_recorded = 0;
    assert_int_equal(gk_snapshot_open(zone.db, &snapshot, NULL), GK_OK);
    assert_int_equal(gk_alarms_open(snapshot, false, 0, &alarms, &error), GK_OK);
    while (gk_alarms_next(alarms, &alarm, &error) == GK_OK) {
        if (alarm.status == GK_ALARM_WITHDRAWN)
            continue;
        struct breach *breach = &recorded[n_recorded++];
        (void)snprintf(breach->rule, sizeof breach->rule, "%s", alarm.rule);
        (void)snprintf(breach->subject, sizeof breach->subject, "%s", alarm.subject);
        breach->from = alarm.from;
        breach->to = alarm.to;
    }
    gk_alarms_close(alarms);
    gk_snapshot_close(snapshot);
}

static void show(const char *what, const struct breach *breach)
{
    print_error("%s %s %s from %+" PRId64 " to %+" PRId64 "\n", what, breach->rule, breach->subject,
                (breach->from - T0) / GK_SECOND, breach->to == GK_TIME_MAX ? INT64_MAX : (breach->to - T0) / GK_SECOND);
}

/* How often a rule had an alarm when the two were compared, and how often each kind of act was put. */
static unsigned n_seen[N_RULES + N_NUMBERS], n_of_kind[GK_ACT_KINDS];

static void check(void)
{
    n_expected = 0;
    for (size_t i = 0; i < N_RULES; i++)
        ask_rule(i);
    for (size_t i = 0; i < N_NUMBERS; i++)
        ask_numbers(i);
    read_record();
    n_expected = without_now(expected, n_expected);
    n_recorded = without_now(recorded, n_recorded);
    bool is_same = n_expected == n_recorded;
    for (size_t i = 0, k = 0; i < n_expected || k < n_recorded;) {
        int c = i == n_expected ? 1 : k == n_recorded ? -1 : compare(&expected[i], &recorded[k]);
        if (c != 0 || expected[i].to != recorded[k].to) {
            is_same = false;
            if (c <= 0)
                show("expected", &expected[i]);
            if (c >= 0)
                show("recorded", &recorded[k]);
        }
        i += c <= 0;
        k += c >= 0;
    }
    for (size_t i = 0; i < n_expected; i++)
        n_seen[strtoul(expected[i].rule + 1, NULL, 10) - 1 + (expected[i].rule[0] == 'N' ? N_RULES : 0)]++;
    if (!is_same)
        fail_msg("GK_SEED=%" PRIu64 " GK_ROUNDS=1: at %+" PRId64 " s the record differs from the questions", zone_seed,
                 (zone.now - T0) / GK_SECOND);
}

/* ---- random zones ------------------------------------------------------------------------------------------------ */

static double level[FACILITY_COUNT];
static int64_t silent_to[FACILITY_COUNT];
static bool is_buffering[FACILITY_COUNT];

static void produce(uint32_t f, int64_t now)
{
    if (pick(f == 1 ? 40 : 8) == 0)
        level[f] = (double)pick(12);
    if (pick(50) == 0) {
        silent_to[f] = now + (int64_t)pick(600);
        is_buffering[f] = pick(2) == 0;
    }
    double value = level[f] + (f == 1 ? 0 : (double)pick(100) / 100);
    if (now >= silent_to[f] && pick(20)) {
        send_row(f, pick(15) ? now : now + (int64_t)pick(20), value); /* some clocks are ahead */
        if (pick(40) == 0)
            send_row(f, now, pick(2) ? value : value + 2);
    } else if (is_buffering[f] && n_waiting < WAITING_MAX) {
        waiting[n_waiting++] = (struct waiting){silent_to[f] + (int64_t)pick(300), now, f, value};
    }
}

static void deliver(int64_t now, bool is_all)
{
    size_t kept = 0;
    for (size_t i = 0; i < n_waiting; i++)
        if (is_all || waiting[i].arrival <= now)
            send_row(waiting[i].facility, waiting[i].time, waiting[i].value);
        else
            waiting[kept++] = waiting[i];
    n_waiting = kept;
}

static void change_catalog(int64_t now)
{
    char csv[256];
    switch (pick(4)) {
    case 0:
        (void)snprintf(csv, sizeof csv, "scope,off_below,on_from,dwell_on_s,from\n%s,%u%%,%u%%,%s,%s\n",
                       pick(2) ? "role:abatement" : "p1", (unsigned)pick(20), 20 + (unsigned)pick(20),
                       pick(2) ? "" : "20", pick(2) ? "" : "2025-11-20T08:45");
        break;
    case 1:
        (void)snprintf(csv, sizeof csv, "scope,kind,from,to,note\na%u,stop,%" PRId64 ",%" PRId64 ",z\n",
                       1 + (unsigned)pick(4), now - 900 + (int64_t)pick(1200), now + 600 + (int64_t)pick(900));
        break;
    case 2:
        zone_load(&zone, ORDERS, sizeof ORDERS - 1);
        return;
    default:
        zone_load(&zone, EXEMPTIONS, sizeof EXEMPTIONS - 1);
        return;
    }
    zone_load(&zone, csv, strlen(csv));
}

/* The hash of the newest act stands for all acts: it is of all before it, too. */
static void take_hash(uint8_t out[32])
{
    gk_snapshot *snapshot = NULL;
    struct gk_acts *acts = NULL;
    struct gk_error error = {0};
    struct gk_act act;

    memset(out, 0, 32);
    assert_int_equal(gk_snapshot_open(zone.db, &snapshot, NULL), GK_OK);
    assert_int_equal(gk_acts_open(snapshot, 0, 0, &acts, &error), GK_OK);
    while (gk_acts_next(acts, &act, &error) == GK_OK) {
        n_of_kind[act.kind]++;
        memcpy(out, act.hash, 32);
    }
    gk_acts_close(acts);
    gk_snapshot_close(snapshot);
}

static void one_zone(int64_t length, uint8_t hash[32])
{
    const int64_t first = T0 / GK_SECOND;
    int64_t next[FACILITY_COUNT] = {0};

    build(true);
    memset(silent_to, 0, sizeof silent_to);
    memset(level, 0, sizeof level);
    memset(is_buffering, 0, sizeof is_buffering);
    for (int64_t now = first; now < first + length; now += 1 + (int64_t)pick(15)) {
        zone.now = now * GK_SECOND + (int64_t)pick(1000) * 1000000;
        for (uint32_t f = 0; f < FACILITY_COUNT; f++)
            if (now >= next[f]) {
                produce(f, now);
                next[f] = now + 5 + (int64_t)pick(15);
            }
        deliver(now, false);
        if (pick(150) == 0)
            change_catalog(now);
        if (pick(40) == 0)
            assert_int_equal(gk_seal(zone.db, NULL), GK_OK);
        if (pick(100) == 0)
            restart(pick(2) == 0);
        if (pick(10) == 0)
            continue; /* rows of some seconds are judged together */
        advance(NULL);
        if (pick(25) == 0)
            check();
    }
    deliver(0, true);
    zone.now += 3600 * GK_SECOND;
    advance(NULL);
    check();
    take_hash(hash);
    tear_down();
}

static void the_record_is_what_the_questions_say(void **state)
{
    uint64_t rounds = test_rounds(3);
    uint8_t hash[32];
    (void)state;

    zone_seed = test_seed("judge");
    for (uint64_t i = 0; i < rounds; i++, zone_seed++) {
        chance = random_from(zone_seed);
        one_zone(5400, hash);
    }
    for (size_t i = 0; i < N_RULES + N_NUMBERS && rounds >= 3; i++) /* else the test would show nothing of it */
        if (n_seen[i] == 0)
            fail_msg("no alarm of the rule %u", (unsigned)i + 1);
    for (int kind = GK_ACT_RAISED; kind <= GK_ACT_AMENDED; kind++)
        assert_true(n_of_kind[kind] > 0);
}

static void two_runs_give_the_same_acts_byte_by_byte(void **state)
{
    uint8_t first[32], second[32];
    (void)state;

    chance = random_from(17);
    one_zone(1800, first);
    chance = random_from(17);
    one_zone(1800, second);
    assert_memory_equal(first, second, 32);
}

/* ---- failing allocations ----------------------------------------------------------------------------------------- */

/* Counts down to the allocation that fails; 0: none does. */
static uint64_t n_until_failure;

static void *failing_resize(void *context, void *p, size_t size)
{
    (void)context;
    if (size == 0) {
        free(p);
        return NULL;
    }
    return n_until_failure > 0 && --n_until_failure == 0 ? NULL : realloc(p, size);
}

/* A fan that is off while its machine runs, looked at while the n-th allocation fails; true: none had to. */
static bool look_without_memory(uint64_t n)
{
    struct gk_session_options options = {.size = sizeof options, .resize = failing_resize};
    struct gk_query_error error = {0};
    int rc, n_failed = 0;

    n_until_failure = 0;
    build(true);
    gk_judge_close(judge);
    for (int64_t t = 0; t < 600; t += 20)
        for (uint32_t f = 0; f < FACILITY_COUNT; f++)
            send_row(f, T0 / GK_SECOND + t, f == 2 || f == 7 ? (t % 200 < 100 ? 0 : 8) : 8);
    zone.now = T0 + 600 * GK_SECOND;
    n_until_failure = n;
    while ((rc = gk_judge_open(zone.db, &options, &judge, &error)) == GK_ENOMEM)
        assert_true(++n_failed <= 1 && error.error.text[0]);
    need(rc, &error);
    while ((rc = gk_advance(judge, zone.now, NULL, &error)) == GK_ENOMEM) /* the next look makes up for it */
        assert_true(++n_failed <= 1 && error.error.text[0]);
    need(rc, &error);
    bool is_over = n_until_failure > 0 || n == 0;
    n_until_failure = 0;
    check();
    assert_true(n_recorded > 3);
    tear_down();
    return is_over;
}

static void a_look_that_lacks_memory_is_made_again(void **state)
{
    uint64_t n = 1, step = 1;
    (void)state;

    for (; !look_without_memory(n); n += step)
        step = n < 40 ? 1 : 1 + n / 12;
    assert_true(n > 100);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(the_record_is_what_the_questions_say),
    cmocka_unit_test(two_runs_give_the_same_acts_byte_by_byte),
    cmocka_unit_test(a_look_that_lacks_memory_is_made_again),
};

RUN_TESTS(tests)
