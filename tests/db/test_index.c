/*
 * test_index.c - the presence index against a model that looks at every tick: what the bits of an hour are, that
 * changes leave exactly the bits of the new steps, and that pruning never drops a facility that was in a state that is
 * asked for.
 */
#include "db/world.h"

#include "db/db.h"
#include "db/index.h"

#define TICK_NS    (60 * GK_SECOND) /* 60 ticks an hour, so that every tick can be looked at */
#define TICKS      60
#define HOURS      30
#define FACILITIES 7
#define STATES     5

static struct gk_error error;

/* ---- the model: the state of every tick of some hours
 * ------------------------------------------------------------------------ */

struct plain {
    uint8_t state[HOURS * TICKS];
};

static void plain_of(const struct steps *steps, struct plain *out)
{
    for (int64_t t = 0; t < HOURS * TICKS; t++) {
        out->state[t] = GK_NODATA;
        for (size_t i = 0; i < steps->n; i++)
            if (steps->at[i].tick <= t)
                out->state[t] = (uint8_t)steps->at[i].value;
    }
}

static void plain_bits(const struct plain *p, int64_t hour, uint32_t *some, uint32_t *whole)
{
    *some = 0;
    *whole = 0x1F;
    for (int64_t t = hour * TICKS; t < (hour + 1) * TICKS; t++) {
        *some |= GK_STATE_BIT(p->state[t]);
        *whole &= GK_STATE_BIT(p->state[t]);
    }
    if (*some == GK_STATE_BIT(GK_NODATA))
        *some = *whole = 0; /* a silent hour is in no set */
}

/* Steps like the ones that are stored: silence before everything, silence in the end. */
static void random_steps(struct random *random, struct steps *steps)
{
    steps->n = 0;
    assert_int_equal(steps_put(steps, GK_TICK_MIN, GK_NODATA), GK_OK);
    int64_t tick = (int64_t)random_below(random, 400);
    for (uint64_t i = 0, n = random_below(random, 30); i < n && tick < (HOURS - 1) * TICKS; i++) {
        assert_int_equal(steps_put(steps, tick, (uint32_t)random_below(random, STATES)), GK_OK);
        tick += 1 + (int64_t)random_below(random, random_below(random, 4) ? 40 : 400);
    }
    if (tick < HOURS * TICKS)
        assert_int_equal(steps_put(steps, tick, GK_NODATA), GK_OK);
    else
        assert_int_equal(steps_put(steps, HOURS * TICKS - 1, GK_NODATA), GK_OK);
}

static void the_bits_of_an_hour_are_those_of_its_ticks(void **state)
{
    uint64_t seed = test_seed("the_bits_of_an_hour_are_those_of_its_ticks"), rounds = test_rounds(300);
    struct steps steps;
    (void)state;

    steps_init(&steps, &MEM_SYSTEM);
    for (uint64_t r = 0; r < rounds; r++) {
        struct random random = random_from(seed + r);
        struct plain plain;
        random_steps(&random, &steps);
        plain_of(&steps, &plain);
        int64_t next = index_next_hour(&steps, TICK_NS, 0);
        for (int64_t hour = 0; hour < HOURS; hour++) {
            uint32_t some, whole, want_some, want_whole;
            index_bits(&steps, TICK_NS, hour, &some, &whole);
            plain_bits(&plain, hour, &want_some, &want_whole);
            assert_int_equal(some, want_some);
            assert_int_equal(whole, want_whole);
            if (want_some) { /* the walk over hours misses none */
                assert_int_equal(next, hour);
                next = index_next_hour(&steps, TICK_NS, hour + 1);
            }
        }
        assert_true(next >= HOURS);
    }
    steps_clear(&steps);
}

/* ---- changes
 * ------------------------------------------------------------------------------------------------------------------ */

/* Every record of the table has the bits of the model, and none has more. */
static void compare_table(struct store *store, const struct plain *plain)
{
    struct txn *txn;
    struct cursor *cursor;
    size_t n_records = 0, n_want = 0;

    ok(store_read(store, &txn, &error), &error);
    for (int64_t hour = 0; hour < HOURS; hour++)
        for (uint32_t s = 0; s < STATES; s++) {
            struct presence sets = {NULL, NULL};
            bool any = false;
            int rc = index_load(&MEM_SYSTEM, txn, hour, s, &sets, &error);
            assert_true(rc == GK_OK || rc == GK_ENOTFOUND);
            for (uint32_t f = 0; f < FACILITIES; f++) {
                uint32_t some, whole;
                plain_bits(&plain[f], hour, &some, &whole);
                any |= some & GK_STATE_BIT(s);
                assert_int_equal(rc == GK_OK && idset_has(sets.some, f), (some & GK_STATE_BIT(s)) != 0);
                assert_int_equal(rc == GK_OK && idset_has(sets.whole, f), (whole & GK_STATE_BIT(s)) != 0);
            }
            n_want += any;
            if (rc == GK_OK)
                presence_clear(&sets);
        }
    ok(cursor_open(txn, STORE_PRESENCE, &cursor, &error), &error);
    for (int rc = cursor_first(cursor, &error); rc == GK_OK; rc = cursor_next(cursor, &error))
        n_records++;
    cursor_close(cursor);
    assert_int_equal(n_records, n_want); /* empty sets have no record */
    txn_abort(txn);
}

static void changes_leave_the_bits_of_the_new_steps(void **state)
{
    uint64_t seed = test_seed("changes_leave_the_bits_of_the_new_steps"), rounds = test_rounds(8);
    struct store_options options = {.is_writer = true, .may_create = true, .map_size = 1 << 26};
    struct steps steps[FACILITIES], new_steps;
    static struct plain plain[FACILITIES];
    (void)state;

    steps_init(&new_steps, &MEM_SYSTEM);
    for (uint64_t r = 0; r < rounds; r++) {
        struct random random = random_from(seed * 13 + r);
        char path[4096];
        struct store *store;
        bool is_new;
        (void)snprintf(path, sizeof path, "%s", test_folder());
        ok(store_open(&MEM_SYSTEM, path, &options, &store, &is_new, &error), &error);
        for (int f = 0; f < FACILITIES; f++) {
            steps_init(&steps[f], &MEM_SYSTEM);
            memset(plain[f].state, GK_NODATA, sizeof plain[f].state);
        }
        for (int turn = 0; turn < 5; turn++) {
            struct txn *txn;
            struct index_changes *changes;
            ok(store_write(store, &txn, &error), &error);
            assert_int_equal(index_begin(&MEM_SYSTEM, txn, TICK_NS, &changes), GK_OK);
            for (uint32_t f = 0; f < FACILITIES; f++) {
                if (random_below(&random, 3) == 0)
                    continue;
                random_steps(&random, &new_steps);
                ok(index_change(changes, f, GK_TICK_MIN, &steps[f], &new_steps, &error), &error);
                steps[f].n = 0;
                for (size_t i = 0; i < new_steps.n; i++)
                    assert_int_equal(steps_put(&steps[f], new_steps.at[i].tick, new_steps.at[i].value), GK_OK);
                plain_of(&steps[f], &plain[f]);
            }
            ok(index_flush(changes, &error), &error);
            index_end(changes);
            ok(txn_commit(txn, &error), &error);
            compare_table(store, plain);
        }
        for (int f = 0; f < FACILITIES; f++)
            steps_clear(&steps[f]);
        store_close(store);
        test_folder_remove(path);
    }
    steps_clear(&new_steps);
}

/* ---- pruning
 * -------------------------------------------------------------------------------------------------------------------
 */

/* Every facility that was in a state of the mask for a tick of [from, to) is still in; how many were dropped. */
static size_t compare_prune(gk_db *db, uint32_t mask, int64_t from, int64_t to)
{
    gk_snapshot *s = look(db);
    uint8_t is_in[FACILITIES];
    size_t n_dropped = 0;

    memset(is_in, 1, sizeof is_in);
    is_in[3] = 0; /* who is out stays out */
    ok(gk_state_prune(s, mask, from, to, is_in, &error), &error);
    assert_int_equal(is_in[3], 0);
    for (uint32_t f = 0; f < FACILITIES; f++) {
        const struct gk_step *steps;
        size_t n;
        bool is_there = false;
        if (f == 3)
            continue;
        ok(gk_state_steps(s, f, from, to, &steps, &n, &error), &error);
        for (size_t i = 0; i < n; i++)
            is_there |= (GK_STATE_BIT(steps[i].value) & mask) != 0;
        if (is_there && !is_in[f])
            fail_msg("facility %u was in a state of mask %x and is dropped", f, mask);
        n_dropped += !is_in[f];
    }
    gk_snapshot_close(s);
    return n_dropped;
}

static size_t compare_prunes(gk_db *db, struct random *random)
{
    size_t n_dropped = 0;
    for (int i = 0; i < 30; i++) {
        uint32_t mask = 1 + (uint32_t)random_below(random, 31);
        int64_t from = T0 / TICK_NS - 100 + (int64_t)random_below(random, 3000);
        int64_t to = from + 1 + (int64_t)random_below(random, random_below(random, 2) ? 100 : 2000);
        if (i % 10 == 0) {
            from = i ? GK_TICK_MIN : from;
            to = GK_TICK_MAX;
        }
        n_dropped += compare_prune(db, mask, from, to);
    }
    for (uint32_t s = 0; s < STATES; s++) /* one hour, one state */
        n_dropped += compare_prune(db, GK_STATE_BIT(s), T0 / TICK_NS + 600, T0 / TICK_NS + 660);
    return n_dropped;
}

static void pruning_never_drops_who_was_in_the_state(void **state)
{
    uint64_t seed = test_seed("pruning_never_drops_who_was_in_the_state"), rounds = test_rounds(6), n_dropped = 0;
    (void)state;

    for (uint64_t r = 0; r < rounds; r++) {
        struct random random = random_from(seed * 17 + r);
        struct gk_options o = world_options();
        char path[4096];
        o.tick_ns = TICK_NS;
        gk_db *db = world_new(path, &o);
        uint32_t kw = put_channel(db, "kw");
        gk_time cursor[FACILITIES];
        for (uint32_t f = 0; f < FACILITIES; f++) {
            char name[16];
            (void)snprintf(name, sizeof name, "f%u", f);
            (void)put_facility(db, name, f % 2 ? GK_ABATEMENT : GK_PRODUCTION);
            cursor[f] = T0 + (gk_time)random_below(&random, 1000) * TICK_NS;
        }
        for (int turn = 0; turn < 12; turn++) {
            for (uint32_t f = 0; f + 1 < FACILITIES; f++) { /* the last one never says anything */
                double level = (double)random_below(&random, 12);
                for (uint64_t i = 0, n = random_below(&random, 60); i < n; i++) {
                    cursor[f] += random_below(&random, 30) ? TICK_NS : 200 * TICK_NS;
                    bool is_late = random_below(&random, 10) == 0;
                    ok(put_row(db, f, cursor[f] - (is_late ? (gk_time)random_below(&random, 500) * TICK_NS : 0), kw,
                               level),
                       &error);
                }
            }
            if (turn % 5 == 4) {
                struct gk_band_put b = band_of(GK_ROLE, turn % 2 ? "abatement" : "production", 10,
                                               20 + (int64_t)random_below(&random, 60), GK_TIME_MIN);
                ok(gk_band_put(db, &b, &error), &error);
            }
            ok(random_below(&random, 2) ? gk_seal(db, &error) : gk_commit(db, &error), &error);
            n_dropped += compare_prunes(db, &random);
        }
        ok(gk_seal(db, &error), &error);
        n_dropped += compare_prunes(db, &random);
        check_is_clean(db);
        world_end(db, path);
    }
    assert_true(n_dropped > 0); /* it is of use */
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(the_bits_of_an_hour_are_those_of_its_ticks),
    cmocka_unit_test(changes_leave_the_bits_of_the_new_steps),
    cmocka_unit_test(pruning_never_drops_who_was_in_the_state),
};

RUN_TESTS(tests)
