/*
 * test_memory.c - memory that runs out anywhere in a question: in the session, or in the store's handle below it, once
 * or for ever. It is told as GK_ENOMEM, nothing leaks, and the same question asked again has its answer.
 */
#include "query/zone_acts.h"
#include "state/hex.h"

static const char QUESTIONS[] =
    "when abatement off while production running for >= 1m last 24h\n"
    "duration, longest of any abatement off per line by line, hour last 24h\n"
    "avg, p95 of power of production every 1h last 6h\n"
    "list facilities\n"
    "list links\n"
    "list bands\n"
    "list orders\n"
    "list exemptions\n"
    "list events last 24h\n"
    "which lines now production running\n"
    "explain when order and exempt\n"
    "samples of facility 'p' last 24h\n"
    "state of line 'L1'\n"
    "when abatement off sort duration desc\n"
    "define x as abatement off; when x\n"
    "when abatement off after (production idle) within 5m\n"
    "when production running at least 3 times within 1h\n"
    "when at least 2 facility nodata within 60s of each other per line\n"
    "when power of production frozen >= 5m\n"
    "when kw of facility > 5 kW last 24h\n"
    "median of lag from end of (production running) to start of (abatement off)\n"
    "list lag from end of (abatement off) to next start of (abatement off)\n"
    "count of abatement off by line with on_from = 15% vs stored\n"
    "explain state of line 'L1'\n"
    "profile when abatement off sort duration\n"
    "energy of abatement / energy of production as r by name, hour last 6h vs previous having r > 0 and -change < "
    "max(coverage, 2)\n"
    "duration of production running, rated of production by line today vs same hours of 1 normal days before\n"
    "median of kw / rated_kw of (facility where rated_kw > 0) while production running every 1h last 6h vs median of "
    "3h before\n"
    "samples of max(kw, rated_kw) * 2 of facility 'p' last 24h\n"
    "count of abatement off by line as known at 2025-11-20T08:30 vs now\n"
    "list backfills\n"
    "when abatement off during (weekdays 08:00-18:00 or shift 's') last 24h using bands 'v2' with hold = 5m\n"
    "list calendars; list bands\n"
    "longest of any production running per line by line, day, shift last 24h; max of power of production by shift last "
    "24h vs same hours of 1 normal days before; count of lag from start of (production on) to end of (production on) "
    "by "
    "shift\n"
    "evidence of 1\n"
    "rule N1 warn when energy of production by line, hour vs previous 1h having change > -30% and coverage >= 10%\n"
    "explain rule N2 info when share of abatement off by facility, day vs same hours of 1 normal days before having "
    "change > 5%\n"
    "list alarms open where level >= 'warn' as known at 2025-11-20T08:50\n"
    "list acts told of facility 'p'\n"
    "count, share of alarms by rule, line, shift last 24h vs previous\n"
    "p90 of lag from raised to told of alarms by day last 24h\n"
    "最近24小时，当生产运行时治污离线1分钟以上\n"
    "when abatment off last 24h\n"
    "when facility 'nobody' on\n";

/* The store's handle and the session take their memory from the one hook that fails. */
static struct failing_mem failing;

static void zone_open_failing(struct zone *zone)
{
    struct gk_session_options of_session = {
        .size = sizeof of_session, .resize = failing.mem.resize, .resize_context = failing.mem.context};

    zone_open(zone);
    gk_session_free(zone->session);
    assert_int_equal(gk_session_new(&of_session, &zone->session), GK_OK);
}

static void fill(struct zone *zone)
{
    static const char facilities[] = "facility,enterprise,park,line,role,rated_kw,serves\n"
                                     "p,E1,P1,L1,production,10,\na,E1,P1,L1,abatement,10,p\n";
    static const char bands[] = "scope,off_below,on_from,hold_s\n*,10%,20%,600\n";
    static const char orders[] = "scope,level,from,to\nenterprise:E1,red,2025-11-19,2025-11-21\n";
    static const char exemptions[] = "scope,kind,from,to\np,stop,2025-11-19,2025-11-20T08:30\n";
    static const char sets[] = "scope,off_below,on_from,set\n*,15%,25%,v2\n";
    static const char calendars[] = "calendar,days,hours,scope\ns,daily,06:00-14:00,\ns,mon-fri,,p\n";
    struct text text = {NULL, 0, 0};
    char line[96];

    zone_load(zone, facilities, sizeof facilities - 1);
    zone_load(zone, bands, sizeof bands - 1);
    zone_load(zone, sets, sizeof sets - 1);
    zone_load(zone, calendars, sizeof calendars - 1);
    zone_load(zone, orders, sizeof orders - 1);
    zone_load(zone, exemptions, sizeof exemptions - 1);
    text_add(&text, "time_s,facility,kw\n");
    for (int64_t i = 0; i < 20; i++) {
        int64_t t = zone->now / GK_SECOND - 3600 + i * 60;
        (void)snprintf(line, sizeof line, "%" PRId64 ",p,8\n%" PRId64 ",a,%d\n", t, t, i % 2 ? 8 : 0);
        text_add(&text, line);
    }
    zone_load(zone, text.bytes, text.size);
    text.size = 0;
    text_add(&text, "time,act,alarm,rule,level,subject,enterprise,park,from,whom,result\n"
                    "2025-11-20T08:40,raised,,R1,alarm,p,E1,P1,2025-11-20T08:30,,\n"
                    "2025-11-20T08:41,told,1,,,,,,,li,ok\n");
    zone_put_rule(zone, "rule R1 alarm when abatement off while production running");
    zone_put_acts(zone, text.bytes);
    text_clear(&text);
}

/* The store again through a handle with the hook; half of its rows stay unsealed. */
static void reopen_failing(struct zone *zone)
{
    struct gk_options options = {.size = sizeof options,
                                 .future_ns = -1,
                                 .clock = zone_clock,
                                 .clock_context = zone,
                                 .resize = failing.mem.resize,
                                 .resize_context = failing.mem.context};
    struct gk_error error;

    assert_int_equal(gk_close(zone->db), GK_OK);
    if (gk_open(zone->folder, GK_READWRITE, &options, &zone->db, &error) != GK_OK)
        fail_msg("%s", error.text);
    static const char late[] = "time,facility,kw\n2025-11-20T08:30:30,a,3\n2025-11-20T08:45,p,1\n";
    zone_load(zone, late, sizeof late - 1);
}

/* The first statement that ends in something but GK_DONE gives the status; answers and reports are text. */
static int ask(struct zone *zone, const char *text, struct text *out)
{
    struct gk_query_error error = {{0}, 0, 0, "", ""};
    gk_snapshot *snapshot = NULL;
    size_t size = strlen(text), at = 0;
    int rc = gk_snapshot_open(zone->db, &snapshot, NULL);

    while (rc == GK_OK && at < size) {
        gk_query *query = NULL;
        size_t used = 0;
        rc = gk_query_prepare(zone->session, snapshot, text + at, size - at, &used, &query, &error);
        if (rc != GK_OK || !query)
            break;
        rc = gk_query_start(query, snapshot, zone->now, &error);
        if (rc == GK_OK)
            zone_put_rows(query, NULL, out, &error);
        rc = error.error.status;
        gk_query_free(query);
        at += used;
    }
    if (rc != GK_OK) {
        text_add(out, error.report);
        if (rc == GK_ENOMEM && snapshot && error.report[0] == 0)
            fail_msg("'%s' ran out of memory without a word", text);
    }
    gk_snapshot_close(snapshot);
    return rc;
}

/* A profile tells times. */
static bool has_times(const char *text)
{
    return strncmp(text, "profile", 7) == 0;
}

static uint64_t insist(struct zone *zone, const char *text, bool for_ever)
{
    struct text calm = {NULL, 0, 0};
    uint64_t n = 1;
    bool is_hit = true;

    text_add(&calm, "");
    int want = ask(zone, text, &calm);
    int64_t n_live = failing.n_live;
    for (; is_hit; n++) {
        struct text got = {NULL, 0, 0};
        text_add(&got, "");
        failing.n_calls = 0;
        failing.fail_for_ever = for_ever;
        failing.fail_at = n;
        int rc = ask(zone, text, &got);
        is_hit = failing.n_calls >= n;
        failing.fail_at = 0;
        if (rc != GK_ENOMEM || !is_hit) {
            assert_int_equal(rc, want);
            if (!has_times(text))
                assert_string_equal(got.bytes, calm.bytes);
        }
        if (strncmp(text, "define", 6) != 0) /* which the session keeps */
            assert_int_equal(failing.n_live, n_live);
        text_clear(&got);
        assert_true(n < 20000);
    }
    text_clear(&calm);
    return n;
}

static uint64_t insist_on_all(struct zone *zone, const char *lines)
{
    uint64_t n_failures = 0;
    char line[1024];

    for (const char *at = lines; *at; at += strcspn(at, "\n") + 1) {
        size_t n = strcspn(at, "\n");
        if (n == 0 || *at == '#')
            continue;
        (void)snprintf(line, sizeof line, "%.*s", (int)n, at);
        for (int for_ever = 0; for_ever < 2; for_ever++)
            n_failures += insist(zone, line, for_ever);
    }
    return n_failures;
}

static void every_failing_allocation_is_told_and_the_next_question_is_answered(void **state)
{
    struct zone zone;
    (void)state;

    failing_mem_init(&failing);
    zone_open_failing(&zone);
    fill(&zone);
    reopen_failing(&zone);
    char *pairs = read_source("tests/query/pairs.txt"); /* many of which name what is not there */
    uint64_t n_failures = insist_on_all(&zone, QUESTIONS);
    n_failures += insist_on_all(&zone, pairs);
    print_message("%" PRIu64 " failures\n", n_failures);
    assert_true(n_failures > 20000);
    free(pairs);
    zone_close(&zone);
    assert_int_equal(failing.n_live, 0);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(every_failing_allocation_is_told_and_the_next_question_is_answered),
};

RUN_TESTS(tests)
