/*
 * test_host_clock.c - a host whose clock jumps by an hour, a year, to the ends of time, and back. The clock decides
 * when rows are committed and which are of the future; it never decides what a row says.
 */
#include "db/world.h"

#define HOUR (INT64_C(3600) * GK_SECOND)
#define YEAR (INT64_C(365) * DAY)

static struct gk_error error;
static char path[4096];

static const int64_t JUMPS[] = {HOUR, -HOUR, YEAR, -YEAR, 200 * YEAR, -200 * YEAR, INT64_MAX, INT64_MIN};
#define N_JUMPS (sizeof JUMPS / sizeof *JUMPS)

static gk_time jumped(gk_time t, int64_t by)
{
    gk_time out;
    if (!__builtin_add_overflow(t, by, &out))
        return out;
    return by < 0 ? GK_TIME_MIN : GK_TIME_MAX;
}

static gk_db *new_store(int64_t commit_ns, int64_t past_ns)
{
    struct gk_options o = world_options();
    o.commit_ns = commit_ns;
    o.past_ns = past_ns;
    gk_db *db = world_new(path, &o);
    (void)put_facility(db, "f", GK_PRODUCTION);
    (void)put_channel(db, "kw");
    ok(gk_commit(db, &error), &error);
    return db;
}

static struct gk_stat stat_of(gk_db *db)
{
    struct gk_stat stat;
    ok(gk_stat(db, &stat, &error), &error);
    return stat;
}

/* Rows that are durable, as another process sees them: not those that wait. */
static uint64_t durable(gk_db *db)
{
    gk_snapshot *s = look(db);
    struct gk_profile profile = {.n_rows = 0};
    int rc = gk_facility_profile(s, 0, &profile, &error);
    assert_true(rc == GK_OK || rc == GK_ENOTFOUND);
    gk_snapshot_close(s);
    return profile.n_rows;
}

/* The second row after a jump finds the first one waiting: it is committed, however the clock was set. */
static void rows_never_wait_for_a_clock_that_was_set_back(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_JUMPS; i++) {
        world_now = T0 + 40 * DAY;
        gk_db *db = new_store(GK_SECOND, 0);
        ok(put_row(db, 0, T0, 0, 1), &error);
        assert_int_equal(durable(db), 0); /* less than a second old */
        world_now = jumped(world_now, JUMPS[i]);
        (void)put_row(db, 0, T0 + GK_SECOND, 0, 2); /* of the future, when the clock says so */
        assert_true(durable(db) >= 1);
        for (int k = 0; k < 3; k++) { /* from here on the new time is the time */
            world_now = jumped(world_now, JUMPS[i] > 0 ? -2 * GK_SECOND : 2 * GK_SECOND);
            ok(put_row(db, 0, jumped(T0, (k + 2) * GK_SECOND), 0, 3), &error);
        }
        ok(gk_commit(db, &error), &error);
        struct gk_stat stat = stat_of(db);
        assert_int_equal(stat.counts.accepted + stat.counts.quarantined, 5);
        check_is_clean(db);
        world_end(db, path);
    }
    world_now = T0 + 40 * DAY;
}

/* Set back by a year, every meter seems to be of the future: its rows are kept apart, and taken when the clock is right
 * again; what is stored is what would have been stored without the jump. */
static void rows_of_a_wrong_clock_are_kept_apart_and_taken_later(void **state)
{
    char calm[65], stormy[65];
    struct gk_counts counts;
    (void)state;

    gk_db *db = new_store(-1, 0);
    for (int i = 0; i < 20; i++)
        ok(put_row(db, 0, world_now - DAY + i * 10 * GK_SECOND, 0, i), &error);
    digest_is(db, calm);
    world_end(db, path);

    db = new_store(-1, 0);
    for (int i = 0; i < 20; i++) {
        if (i == 5)
            world_now -= YEAR;
        if (i == 15)
            world_now += YEAR;
        ok(put_row(db, 0, T0 + 39 * DAY + i * 10 * GK_SECOND, 0, i), &error);
    }
    ok(gk_commit(db, &error), &error);
    assert_int_equal(stat_of(db).n_quarantined, 10);
    assert_int_equal(durable(db), 10);
    ok(gk_quarantine_release(db, false, &counts, &error), &error);
    assert_int_equal(counts.late, 10);
    assert_int_equal(stat_of(db).n_quarantined, 0);
    digest_is(db, stormy);
    assert_string_equal(stormy, calm);
    check_is_clean(db);
    world_end(db, path);
}

/* Set ahead, nothing is of the future; but where a limit for the past is set, all seems to be old. */
static void a_clock_ahead_keeps_no_row_from_being_taken(void **state)
{
    struct gk_counts counts;
    (void)state;

    gk_time now = world_now;
    gk_db *db = new_store(-1, 0);
    world_now = now + YEAR;
    ok(put_row(db, 0, now, 0, 1), &error);
    ok(gk_commit(db, &error), &error);
    assert_int_equal(stat_of(db).counts.accepted, 1);
    world_now = now;
    world_end(db, path);

    db = new_store(-1, 30 * DAY);
    world_now = now + YEAR;
    ok(put_row(db, 0, now, 0, 1), &error);
    ok(gk_commit(db, &error), &error);
    assert_int_equal(stat_of(db).n_quarantined, 1);
    ok(gk_quarantine_release(db, false, &counts, &error), &error);
    assert_int_equal(counts.quarantined, 1); /* not yet */
    world_now = now;
    ok(gk_quarantine_release(db, false, &counts, &error), &error);
    assert_int_equal(counts.accepted + counts.late, 1);
    world_end(db, path);
}

/* How long a sample holds follows from the rows: a clock that jumps between them changes no state. */
static void states_do_not_depend_on_the_clock(void **state)
{
    char calm[65], stormy[65];
    struct random random = random_from(test_seed("states_do_not_depend_on_the_clock"));
    gk_time now = world_now;
    (void)state;

    for (int is_stormy = 0; is_stormy < 2; is_stormy++) {
        struct gk_options o = world_options();
        o.future_ns = -1;
        o.commit_ns = GK_SECOND;
        gk_db *db = world_new(path, &o);
        (void)put_facility(db, "f", GK_PRODUCTION);
        (void)put_channel(db, "kw");
        for (int i = 0; i < 300; i++) {
            if (is_stormy)
                world_now = jumped(now, JUMPS[random_below(&random, N_JUMPS)]);
            ok(put_row(db, 0, T0 + i * 10 * GK_SECOND, 0, i % 13), &error);
            if (i % 50 == 49)
                ok(gk_seal(db, &error), &error);
        }
        digest_is(db, is_stormy ? stormy : calm);
        check_is_clean(db);
        world_now = now;
        world_end(db, path);
    }
    assert_string_equal(stormy, calm);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(rows_never_wait_for_a_clock_that_was_set_back),
    cmocka_unit_test(rows_of_a_wrong_clock_are_kept_apart_and_taken_later),
    cmocka_unit_test(a_clock_ahead_keeps_no_row_from_being_taken),
    cmocka_unit_test(states_do_not_depend_on_the_clock),
};

RUN_TESTS(tests)
