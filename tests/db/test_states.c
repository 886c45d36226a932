/*
 * test_states.c - stored steps against a plain list, era by era; and states after appends, late rows and new bands
 * against those of a store that got the same in one go.
 */
#include "db/world.h"

#include "db/db.h"
#include "db/states.h"
#include "state/history.h"

static struct gk_error error;

#define SPAN (INT64_C(5) << HISTORY_ERA_BITS)

static uint32_t value_at(const struct gk_step *steps, size_t n, int64_t tick)
{
    uint32_t value = GK_NODATA;
    for (size_t i = 0; i < n && steps[i].tick <= tick; i++)
        value = steps[i].value;
    return value;
}

/* What is written from a tick on replaces all from there on, and nothing before; reading any stretch cuts it. */
static void stored_steps_are_what_was_written_last(void **state)
{
    uint64_t seed = test_seed("stored_steps_are_what_was_written_last"), rounds = test_rounds(20);
    struct store_options options = {.is_writer = true, .may_create = true, .map_size = 1 << 24};
    (void)state;

    for (uint64_t r = 0; r < rounds; r++) {
        struct random random = random_from(seed * 7 + r);
        char path[4096];
        struct store *store;
        struct txn *txn;
        struct steps steps, got;
        bool is_new;
        static struct gk_step list[4000];
        size_t n = 0;
        int64_t base = r % 2 ? -(SPAN / 2) : 0; /* before 1970, too */
        (void)snprintf(path, sizeof path, "%s", test_folder());
        ok(store_open(&MEM_SYSTEM, path, &options, &store, &is_new, &error), &error);
        ok(store_write(store, &txn, &error), &error);
        steps_init(&steps, &MEM_SYSTEM);
        steps_init(&got, &MEM_SYSTEM);
        for (int turn = 0; turn < 12; turn++) {
            int64_t from = turn % 5 == 4 ? GK_TICK_MIN : base + (int64_t)random_below(&random, SPAN);
            if (turn % 3 == 1 && from != GK_TICK_MIN) /* on the border of two eras */
                from = history_era_start(history_era(from));
            int64_t tick = from;
            if (from == GK_TICK_MIN)
                tick = base;
            while (n > 0 && (from == GK_TICK_MIN || list[n - 1].tick >= from))
                n--;
            steps.n = 0;
            uint32_t last = n ? list[n - 1].value : (uint32_t)GK_NODATA;
            for (uint64_t i = 0, k = random_below(&random, 40); i < k; i++) {
                if (i > 0 || turn % 2) /* else the first is where it begins */
                    tick += 1 + (int64_t)random_below(&random, random_below(&random, 3) ? 1000 : SPAN / 8);
                uint32_t value = (uint32_t)random_below(&random, 5);
                assert_int_equal(steps_put(&steps, tick, value), GK_OK);
                if (value != last)
                    list[n++] = (struct gk_step){tick, value};
                last = value;
            }
            ok(states_write(&MEM_SYSTEM, txn, 3, from, &steps, &error), &error);
            ok(states_write(&MEM_SYSTEM, txn, 4, GK_TICK_MIN, &steps, &error),
               &error); /* a neighbour is another matter */
            for (int i = 0; i < 10; i++) {
                int64_t a = i ? base + (int64_t)random_below(&random, SPAN) : GK_TICK_MIN;
                int64_t b = i ? a + 1 + (int64_t)random_below(&random, SPAN / 2) : GK_TICK_MAX;
                ok(states_read(txn, 3, a, b, &got, &error), &error);
                assert_true(got.n >= 1 && got.at[0].tick == a);
                assert_int_equal(got.at[0].value, value_at(list, n, a));
                size_t at = 0;
                while (at < n && list[at].tick <= a)
                    at++;
                for (size_t k = 1; k < got.n; k++, at++) {
                    assert_true(at < n && list[at].tick == got.at[k].tick && list[at].value == got.at[k].value);
                    assert_true(got.at[k].value != got.at[k - 1].value);
                }
                assert_true(at == n || list[at].tick >= b);
            }
        }
        ok(states_read(txn, 5, GK_TICK_MIN, GK_TICK_MAX, &got, &error), &error); /* nothing there */
        assert_true(got.n == 1 && got.at[0].value == GK_NODATA);
        steps_clear(&steps);
        steps_clear(&got);
        txn_abort(txn);
        store_close(store);
        test_folder_remove(path);
    }
}

/* ---- the same in steps and in one go
 * ----------------------------------------------------------------------------------------- */

struct event {
    gk_time time;
    double value;
    int64_t on_percent; /* > 0: a band from `time` on, with a dwell of `value` seconds */
};

static void tell(gk_db *db, const struct event *e, uint32_t f, uint32_t kw)
{
    if (e->on_percent > 0) {
        struct gk_band_put b = band_of(GK_ROLE, "production", 10, e->on_percent, e->time);
        b.dwell_on_ns = b.dwell_off_ns = (int64_t)e->value * GK_SECOND;
        b.hysteresis = share(3);
        ok(gk_band_put(db, &b, &error), &error);
    } else {
        ok(put_row(db, f, e->time, kw, e->value), &error);
    }
}

static void same_states(gk_db *a, gk_db *b, uint32_t f)
{
    const struct gk_step *x, *y;
    size_t n, m;
    gk_snapshot *s = look(a), *t = look(b);
    ok(gk_state_steps(s, f, GK_TICK_MIN, GK_TICK_MAX, &x, &n, &error), &error);
    ok(gk_state_steps(t, f, GK_TICK_MIN, GK_TICK_MAX, &y, &m, &error), &error);
    assert_int_equal(n, m);
    for (size_t i = 0; i < n; i++)
        assert_true(x[i].tick == y[i].tick && x[i].value == y[i].value);
    gk_snapshot_close(s);
    gk_snapshot_close(t);
}

/* One store is sealed after an event in so many, the other is told all at once. */
static void compare_with_one_go(struct random *random, uint64_t seal_every, const struct event *events, size_t n)
{
    char path_a[4096], path_b[4096];
    gk_db *a = world_new(path_a, NULL), *b = world_new(path_b, NULL);
    uint32_t f = put_facility(a, "f", GK_PRODUCTION), kw = put_channel(a, "kw");

    assert_int_equal(put_facility(b, "f", GK_PRODUCTION), f);
    assert_int_equal(put_channel(b, "kw"), kw);
    for (size_t i = 0; i < n; i++) {
        tell(a, &events[i], f, kw);
        if (random_below(random, seal_every) == 0)
            ok(gk_seal(a, &error), &error);
        tell(b, &events[i], f, kw);
    }
    ok(gk_commit(a, &error), &error);
    ok(gk_commit(b, &error), &error);
    same_states(a, b, f); /* partly sealed, partly stale; and from the journal alone */
    ok(gk_seal(a, &error), &error);
    same_states(a, b, f);
    ok(gk_seal(b, &error), &error);
    same_states(a, b, f);
    check_is_clean(a);
    check_is_clean(b);
    world_end(a, path_a);
    world_end(b, path_b);
}

static void states_do_not_depend_on_how_they_came_about(void **state)
{
    uint64_t seed = test_seed("states_do_not_depend_on_how_they_came_about"), rounds = test_rounds(15);
    (void)state;

    for (uint64_t r = 0; r < rounds; r++) {
        struct random random = random_from(seed * 11 + r);
        static struct event events[400];
        gk_time cursor = T0;
        size_t n = 100 + random_below(&random, 300);
        for (size_t i = 0; i < n; i++) {
            struct event *e = &events[i];
            cursor += (gk_time)(1 + random_below(&random, random_below(&random, 30) ? 40 : 90000)) * GK_SECOND;
            e->on_percent = random_below(&random, 40) ? 0 : 15 + (int64_t)random_below(&random, 60);
            e->time = cursor - (random_below(&random, 5) ? 0 : (gk_time)random_below(&random, 20000) * GK_SECOND);
            if (e->on_percent && random_below(&random, 3) == 0)
                e->time = GK_TIME_MIN;
            e->value = e->on_percent ? (double)(random_below(&random, 3) ? 0 : random_below(&random, 200))
                                     : (double)random_below(&random, 120) / 10;
        }
        compare_with_one_go(&random, 25, events, n);
    }
}

/* Few rows and many bands: a change is often right behind the first row or the last one. */
static void nor_do_the_states_of_a_few_rows(void **state)
{
    uint64_t seed = test_seed("nor_do_the_states_of_a_few_rows"), rounds = test_rounds(100);
    (void)state;

    for (uint64_t r = 0; r < rounds; r++) {
        struct random random = random_from(seed * 17 + r);
        struct event events[8];
        size_t n = 3 + random_below(&random, 6);
        for (size_t i = 0; i < n; i++) {
            struct event *e = &events[i];
            e->on_percent = random_below(&random, 3) ? 0 : 15 + (int64_t)random_below(&random, 20);
            e->time = T0 + (gk_time)random_below(&random, 80) * GK_SECOND / 2;
            if (e->on_percent && random_below(&random, 4) == 0)
                e->time = GK_TIME_MIN;
            e->value = e->on_percent ? (double)(random_below(&random, 3) ? 0 : random_below(&random, 15))
                                     : (double)random_below(&random, 40) / 10;
        }
        compare_with_one_go(&random, 2, events, n);
    }
}

/* The machine that goes on from there has to know what the state was before that row. */
static void a_change_behind_the_last_row_leaves_the_step_of_that_row(void **state)
{
    static const struct event STORIES[][4] = {
        {{GK_TIME_MIN, 0, 20}, {T0, 3, 0}, {T0 + 4 * GK_SECOND, 0, 30}, {T0 + 24 * GK_SECOND, 2, 0}},
        /* A second row of that tick: idle, as it follows no data, but on for one who is on already. */
        {{GK_TIME_MIN, 0, 20}, {T0, 3, 0}, {T0 + 4 * GK_SECOND, 0, 30}, {T0 + GK_SECOND / 2, 1.8, 0}},
    };
    struct random random = {0};
    (void)state;

    for (size_t i = 0; i < sizeof STORIES / sizeof *STORIES; i++)
        compare_with_one_go(&random, 1, STORIES[i], 4);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(stored_steps_are_what_was_written_last),
    cmocka_unit_test(states_do_not_depend_on_how_they_came_about),
    cmocka_unit_test(nor_do_the_states_of_a_few_rows),
    cmocka_unit_test(a_change_behind_the_last_row_leaves_the_step_of_that_row),
};

RUN_TESTS(tests)
