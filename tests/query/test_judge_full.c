/*
 * test_judge_full.c - rules judged on a full disk: what the durable rows say goes on record as time goes on, rows wait
 * or are refused, and when there is room again the record is what it would have been, nothing lost and nothing twice.
 */
#include "query/zone.h"
#include "support/disk.h"

#define T0        (INT64_C(1763596800) * GK_SECOND)
#define STEP      (10 * GK_SECOND)
#define STEPS     240
#define OFF_FROM  60 /* steps */
#define OFF_TO    150
#define FULL_FROM 69
#define FULL_TO   200
#define DISK      (6 << 20)
#define FILL_ROWS 500

static const char FACILITIES[] = "facility,enterprise,park,line,role,rated_kw\n"
                                 "p1,E1,P1,L1,production,10\na1,E1,P1,L1,abatement,10\nx,E2,P1,L1,other,10\n";
static const char *const RULES[] = {
    "rule R1 alarm when abatement offline while production running for >= 2m notify 'head' escalate after 10m to "
    "'boss'",
    "rule R2 warn when abatement nodata for >= 3m",
};

static struct zone zone;
static gk_judge *judge;
static char disk[4096];
static uint32_t kw;
static bool was_refused[STEPS];

static bool set_up(void)
{
    struct gk_options options = {
        .size = sizeof options, .future_ns = -1, .ballast = 1 << 20, .clock = zone_clock, .clock_context = &zone};
    struct gk_query_error error = {0};

    memset(&zone, 0, sizeof zone);
    memset(was_refused, 0, sizeof was_refused);
    zone.now = T0;
    (void)snprintf(disk, sizeof disk, "%s", test_folder());
    (void)snprintf(zone.folder, sizeof zone.folder, "%.4000s/s.gk", disk);
    if (!disk_mount(disk, DISK))
        return false;
    assert_int_equal(gk_open(zone.folder, GK_READWRITE | GK_CREATE, &options, &zone.db, &error.error), GK_OK);
    assert_int_equal(gk_session_new(NULL, &zone.session), GK_OK);
    zone_load(&zone, FACILITIES, sizeof FACILITIES - 1);
    assert_int_equal(gk_channel_register(zone.db, "kw", 2, &kw, &error.error), GK_OK);
    assert_int_equal(gk_commit(zone.db, &error.error), GK_OK);
    for (size_t i = 0; i < sizeof RULES / sizeof RULES[0]; i++) {
        struct gk_rule_put put = {.size = sizeof put,
                                  .name = {i ? "R2" : "R1", 2},
                                  .text = {RULES[i], strlen(RULES[i])},
                                  .from = GK_TIME_MIN};
        assert_int_equal(gk_rule_put(zone.db, &put, NULL, &error.error), GK_OK);
    }
    assert_int_equal(gk_judge_open(zone.db, NULL, &judge, &error), GK_OK);
    return true;
}

static void tear_down(void)
{
    gk_judge_close(judge);
    gk_session_free(zone.session);
    assert_int_equal(gk_close(zone.db), GK_OK);
    disk_unmount(disk);
    test_folder_remove(disk);
}

/* ---- rows ---- */

static int send(size_t n, const gk_time *time, const uint32_t *facility, const double *value)
{
    struct gk_batch batch = {
        .n_rows = n, .time = time, .facility = facility, .n_channels = 1, .channel = &kw, .value = &value};
    int rc = gk_ingest(zone.db, &batch, NULL, NULL);
    return rc == GK_OK ? gk_commit(zone.db, NULL) : rc;
}

/* What the two devices have to say of a step: GK_EFULL, and they say it again later. */
static int send_step(int step)
{
    const gk_time time[] = {T0 + step * STEP, T0 + step * STEP};
    const uint32_t facility[] = {0, 1};
    const double value[] = {8, step >= OFF_FROM && step < OFF_TO ? 0 : 8};

    return send(2, time, facility, value);
}

/* Rows of somebody else. */
static int send_others(int n)
{
    static gk_time time[FILL_ROWS];
    static uint32_t facility[FILL_ROWS];
    static double value[FILL_ROWS];
    static struct random random = {7};
    static gk_time next = T0;

    for (int i = 0; i < n; i++, next += GK_SECOND / 1000) {
        time[i] = next;
        facility[i] = 2;
        value[i] = random_unit(&random) * 10; /* nothing to compress */
    }
    return send((size_t)n, time, facility, value);
}

/* Until there is no room for more, not even in pages that sealing gives up. */
static void fill(void)
{
    disk_fill(disk, 0);
    while (gk_seal(zone.db, NULL) == GK_OK || send_others(2) == GK_OK || send_step(0) == GK_OK)
        (void)send_others(FILL_ROWS); /* what finds no room waits */
}

/* ---- the record ---- */

static void take_alarms(char *out, size_t size)
{
    struct gk_error error = {0};
    struct gk_alarms *alarms;
    struct gk_alarm alarm;
    gk_snapshot *s;
    size_t at = 0;

    out[0] = 0;
    assert_int_equal(gk_snapshot_open(zone.db, &s, &error), GK_OK);
    assert_int_equal(gk_alarms_open(s, false, 0, &alarms, &error), GK_OK);
    while (gk_alarms_next(alarms, &alarm, &error) == GK_OK && at + 100 < size)
        if (alarm.status != GK_ALARM_WITHDRAWN)
            at += (size_t)snprintf(out + at, size - at, "%s %s %s from %d to %d%s; ", alarm.rule, alarm.subject,
                                   gk_alarm_status_name(alarm.status), (int)((alarm.from - T0) / GK_SECOND),
                                   alarm.to == GK_TIME_MAX ? -1 : (int)((alarm.to - T0) / GK_SECOND),
                                   alarm.at[GK_ACT_ESCALATED] > GK_TIME_MIN ? " escalated" : "");
    gk_alarms_close(alarms);
    gk_snapshot_close(s);
}

static void alarms_begin(const char *expected)
{
    char alarms[4096];
    take_alarms(alarms, sizeof alarms);
    alarms[strlen(expected)] = '\0';
    assert_string_equal(alarms, expected);
}

static void advance(int expected)
{
    struct gk_query_error error = {0};
    int rc = gk_advance(judge, zone.now, NULL, &error);

    if (rc != expected)
        fail_msg("%s, expected %s: %s", gk_status_text(rc), gk_status_text(expected), error.error.text);
    if (rc == GK_EFULL)
        assert_non_null(strstr(error.error.text, "the disk is full"));
}

static void run(bool is_full)
{
    for (int step = 0; step < STEPS; step++) {
        zone.now = T0 + step * STEP;
        bool is_now = is_full && step >= FULL_FROM && step < FULL_TO;
        if (is_full && step == FULL_FROM) {
            disk_fill(disk, 300 << 10);
            while (send_others(FILL_ROWS) == GK_OK)
                continue;
        }
        if (is_now)
            fill();
        if (is_full && step == FULL_TO) {
            disk_fill(disk, 3 << 20);
            for (int i = 0; i < step; i++)
                if (was_refused[i])
                    assert_int_equal(send_step(i), GK_OK);
        }
        was_refused[step] = send_step(step) != GK_OK;
        if (was_refused[step] != is_now)
            fail_msg("step %d: %s", step, is_now ? "rows found room" : "rows found no room");
        advance(is_now ? GK_EFULL : GK_OK);
        if (is_now && step == 72) /* 2 min after it went off, by the rows that are durable */
            alarms_begin("R1 a1 firing from 600 to -1; ");
        if (is_now && step == 140) /* silent since its last row that is durable */
            alarms_begin("R1 a1 unknown from 600 to -1 escalated; R2 a1 firing from 7");
    }
}

static void what_a_full_disk_delayed_is_made_up_for(void **state)
{
    char expected[4096], alarms[4096];
    struct gk_error error = {0};
    uint64_t n;
    (void)state;

    if (!set_up()) {
        test_folder_remove(disk);
        print_message("skipped: no tmpfs can be mounted here\n");
        skip();
    }
    run(false);
    take_alarms(expected, sizeof expected);
    assert_string_equal(expected, "R1 a1 recovered from 600 to 1500 escalated; ");
    tear_down();
    assert_true(set_up());
    run(true);
    take_alarms(alarms, sizeof alarms);
    assert_string_equal(alarms, expected);
    assert_int_equal(gk_check(zone.db, true, NULL, NULL, &n, &error), GK_OK);
    assert_int_equal(n, 0);
    tear_down();
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(what_a_full_disk_delayed_is_made_up_for),
};

RUN_TESTS(tests)
