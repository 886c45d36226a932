/*
 * Two days of two enterprises as bench_questions lives them: the first one's gateways are cut off, the second one has a
 * master meter.
 */
#include "support/support.h"

#include "bench/fill.h"
#include "bench/life.h"

#define LENGTH_S (2 * INT64_C(86400))
#define HOUR     (3600 * GK_SECOND)
#define KW       (ZONE_KW - ZONE_IA)

struct lived {
    struct zone zone;
    gk_time from, end;
    uint32_t channels[ZONE_CHANNELS], master;
    char path[512];
    gk_db *db;
    gk_snapshot *snapshot;
};

static void live(struct lived *life, const char *folder, const char *name)
{
    struct gk_facility_put put = {
        .size = sizeof put, .name = {"master", 6}, .park = {"P2", 2}, .enterprise = {"E001", 4}, .role_is_set = true};
    struct gk_error error = {0};

    zone_make(&life->zone, 2, LENGTH_S, 13);
    life->from = life->zone.from_s * GK_SECOND;
    life->end = life->from + LENGTH_S * GK_SECOND;
    (void)snprintf(life->path, sizeof life->path, "%s/%s", folder, name);
    life->db = fill_open(life->path, FILL_COMMIT_BY_HAND | FILL_LIVE);
    fill_catalog(life->db, &life->zone, life->channels);
    assert_int_equal(gk_facility_put(life->db, &put, &life->master, &error), GK_OK);
    life_fill(life->db, &life->zone, life->channels, life->master);
    assert_int_equal(gk_snapshot_open(life->db, &life->snapshot, &error), GK_OK);
}

static void bury(struct lived *life)
{
    gk_snapshot_close(life->snapshot);
    fill_close(life->db);
    zone_clear(&life->zone);
}

static struct lived one;
static char folder[256];

static int set_up(void **state)
{
    (void)state;
    (void)snprintf(folder, sizeof folder, "%s", test_folder());
    live(&one, folder, "one.gk");
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    bury(&one);
    test_folder_remove(folder);
    return 0;
}

static void every_row_of_the_zone_is_there(void **state)
{
    struct gk_profile profile;
    struct gk_error error = {0};

    (void)state;
    for (uint32_t f = 0; f < one.zone.n_facilities; f++) {
        assert_int_equal(gk_facility_profile(one.snapshot, f, &profile, &error), GK_OK);
        assert_int_equal(profile.n_rows, one.zone.facilities[f].n_rows);
    }
    assert_int_equal(gk_facility_profile(one.snapshot, one.master, &profile, &error), GK_OK);
    assert_int_equal(profile.n_rows, LENGTH_S / ZONE_STEP_S);
}

/* kWh of a facility from one time to another, in plain steps of ten seconds. */
static double energy_of(uint32_t facility, gk_time from, gk_time to)
{
    struct gk_columns columns;
    struct gk_error error = {0};
    gk_scan *scan = NULL;
    double sum = 0;

    assert_int_equal(gk_scan_open(one.snapshot, facility, &one.channels[KW], 1, from, to, &scan, &error), GK_OK);
    while (gk_scan_next(scan, &columns, &error) == GK_OK)
        for (size_t i = 0; i < columns.n_rows; i++)
            sum += columns.value[0][i] * ZONE_STEP_S / 3600;
    gk_scan_close(scan);
    return sum;
}

static double gap_of(gk_time from, gk_time to)
{
    double gap = energy_of(one.master, from, to);

    for (uint32_t f = 0; f < ZONE_FACILITIES; f++)
        gap -= energy_of(LIFE_MASTER * ZONE_FACILITIES + f, from, to);
    return gap;
}

static void the_master_has_what_is_below_it_and_a_little_more(void **state)
{
    double all = energy_of(one.master, one.from, one.end);

    (void)state;
    assert_true(all > 100);
    assert_true(gap_of(one.from, one.end - 12 * HOUR) > 0);
    assert_true(gap_of(one.from, one.end - 12 * HOUR) < all * .05);
    double more = gap_of(one.end - 12 * HOUR, one.end - 8 * HOUR);
    assert_true(more > 160 && more < 160 + all * .05);
}

static void what_the_gateways_kept_came_a_day_later(void **state)
{
    const struct gk_backfill *list;
    struct gk_error error = {0};
    size_t n;

    (void)state;
    assert_int_equal(gk_backfills(one.snapshot, GK_TIME_MIN, GK_TIME_MAX, &list, &n, &error), GK_OK);
    assert_int_equal(n, ZONE_FACILITIES);
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(list[i].facility, i);
        assert_true(list[i].from >= one.end - 40 * HOUR && list[i].to < one.end - 28 * HOUR);
        assert_true(list[i].n_rows > 4000);
        assert_true(list[i].arrived >= one.end - 6 * HOUR && list[i].arrived < one.end - 5 * HOUR);
    }
}

static void alarms_are_told_and_taken_up_late_or_never(void **state)
{
    struct gk_error error = {0};
    gk_alarms *alarms = NULL;
    struct gk_alarm alarm;
    int n = 0, n_told = 0, n_late = 0, n_never = 0, n_assigned = 0, n_closed = 0;

    (void)state;
    assert_int_equal(gk_alarms_open(one.snapshot, false, 0, &alarms, &error), GK_OK);
    for (; gk_alarms_next(alarms, &alarm, &error) == GK_OK; n++) {
        gk_time raised = alarm.at[GK_ACT_RAISED], acknowledged = alarm.at[GK_ACT_ACKNOWLEDGED];
        assert_true(raised >= one.from + HOUR && raised < one.end);
        assert_true(acknowledged == GK_TIME_MIN || acknowledged > raised);
        n_told += alarm.at[GK_ACT_TOLD] != GK_TIME_MIN;
        n_late += acknowledged > raised + HOUR / 2;
        n_never += acknowledged == GK_TIME_MIN;
        n_assigned += alarm.at[GK_ACT_ASSIGNED] != GK_TIME_MIN;
        n_closed += alarm.life == GK_CASE_CLOSED;
    }
    gk_alarms_close(alarms);
    assert_true(n > 10 && n_told > n / 2);
    assert_true(n_late > 0 && n_late < n && n_never > 0 && n_never < n);
    assert_true(n_assigned > 0 && n_assigned < n && n_closed > 0 && n_closed < n);
}

static void the_same_rows_give_the_same_record(void **state)
{
    struct gk_act a, b;
    struct gk_error error = {0};
    uint64_t seq, again;
    struct lived two = {.master = 0};
    uint8_t hash[32];

    (void)state;
    live(&two, folder, "two.gk");
    assert_int_equal(gk_act_last(one.snapshot, &seq, &error), GK_OK);
    assert_int_equal(gk_act_last(two.snapshot, &again, &error), GK_OK);
    assert_int_equal(seq, again);
    assert_int_equal(gk_act_get(one.snapshot, seq, &a, &error), GK_OK);
    memcpy(hash, a.hash, sizeof hash);
    assert_int_equal(gk_act_get(two.snapshot, seq, &b, &error), GK_OK);
    assert_memory_equal(hash, b.hash, sizeof hash);
    bury(&two);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(every_row_of_the_zone_is_there),
    cmocka_unit_test(the_master_has_what_is_below_it_and_a_little_more),
    cmocka_unit_test(what_the_gateways_kept_came_a_day_later),
    cmocka_unit_test(alarms_are_told_and_taken_up_late_or_never),
    cmocka_unit_test(the_same_rows_give_the_same_record),
};

int main(int argc, char **argv)
{
    if (argc > 1)
        cmocka_set_test_filter(argv[1]);
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
