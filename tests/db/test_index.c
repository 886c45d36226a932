/*
 * test_index.c - the presence index against a model that looks at every tick: what marks a facility's steps ask for,
 * that changes leave exactly the marks of the new steps, and that pruning never drops a facility that was in a state
 * that is asked for.
 */
#include "db/world.h"

#include "db/db.h"
#include "db/index.h"

#define TICK_NS       (60 * GK_SECOND) /* 1440 ticks a day, so that every tick can be looked at */
#define QUARTER_TICKS 360
#define DAY_TICKS     1440
#define TICKS         (4 * DAY_TICKS)
#define FACILITIES    7
#define STATES        5

static struct gk_error error;

/* ---- the model: the state of every tick of some days
 * ------------------------------------------------------------------------ */

struct plain {
    uint8_t state[TICKS];
};

static void plain_of(const struct steps *steps, struct plain *out)
{
    for (int64_t t = 0; t < TICKS; t++) {
        out->state[t] = GK_NODATA;
        for (size_t i = 0; i < steps->n; i++)
            if (steps->at[i].tick <= t)
                out->state[t] = (uint8_t)steps->at[i].value;
    }
}

/* The tick from which on nothing is known; -1 when nothing ever was. */
static int64_t plain_end(const struct plain *p)
{
    int64_t t = TICKS;
    while (t > 0 && p->state[t - 1] == GK_NODATA)
        t--;
    return t == 0 ? -1 : t;
}

static bool plain_has(const struct plain *p, struct mark mark)
{
    int64_t from = mark.quarter * QUARTER_TICKS, end = plain_end(p);

    if (mark.slot >= INDEX_ENDS)
        return end == from + (int64_t)(mark.slot - INDEX_ENDS);
    if (mark.slot > INDEX_HOLDS)
        return mark.quarter % 4 == 0 && p->state[from] == mark.slot - INDEX_HOLDS;
    for (int64_t t = from; t < from + QUARTER_TICKS; t++)
        if (p->state[t] == mark.slot && (t ? p->state[t - 1] : GK_NODATA) != mark.slot && t != end)
            return true;
    return false;
}

/* Every mark there can be, in order of keys; false behind the last. */
static bool next_mark(struct mark *mark)
{
    if (mark->slot == GK_OVERLOAD)
        mark->slot = mark->quarter % 4 ? INDEX_ENDS : INDEX_HOLDS + 1;
    else if (mark->slot == INDEX_HOLDS + GK_OVERLOAD)
        mark->slot = INDEX_ENDS;
    else if (++mark->slot == INDEX_SLOTS)
        *mark = (struct mark){mark->quarter + 1, 0};
    return mark->quarter < TICKS / QUARTER_TICKS;
}

/* Steps like the ones that are stored: silence before everything, silence in the end. Those before `from` stay. */
static void random_steps(struct random *random, int64_t from, struct steps *steps)
{
    if (from == GK_TICK_MIN) {
        steps->n = 0;
        assert_int_equal(steps_put(steps, GK_TICK_MIN, GK_NODATA), GK_OK);
        from = (int64_t)random_below(random, 2000);
    }
    while (steps->n > 1 && steps->at[steps->n - 1].tick >= from)
        steps->n--;
    int64_t tick = from;
    if (steps->n > 1) /* a change is known of by a row: nothing ends before it */
        assert_int_equal(steps_put(steps, tick++, GK_OFF + (uint32_t)random_below(random, STATES - 1)), GK_OK);
    for (uint64_t i = 0, n = random_below(random, 30); i < n && tick < TICKS - 2; i++) {
        assert_int_equal(steps_put(steps, tick, (uint32_t)random_below(random, STATES)), GK_OK);
        tick += 1 + (int64_t)random_below(random, random_below(random, 4) ? 40 : 1500);
        if (random_below(random, 4) == 0)
            tick -= tick % QUARTER_TICKS; /* at the begin of a quarter, if that is later */
        if (tick <= steps->at[steps->n - 1].tick)
            tick = steps->at[steps->n - 1].tick + 1;
    }
    if (tick > TICKS - 1)
        tick = TICKS - 1;
    assert_int_equal(steps_put(steps, tick, GK_NODATA), GK_OK);
}

static void the_marks_are_those_of_the_ticks(void **state)
{
    uint64_t seed = test_seed("the_marks_are_those_of_the_ticks"), rounds = test_rounds(300);
    struct steps steps;
    struct marks marks;
    (void)state;

    steps_init(&steps, &MEM_SYSTEM);
    marks_init(&marks, &MEM_SYSTEM);
    for (uint64_t r = 0; r < rounds; r++) {
        struct random random = random_from(seed + r);
        struct plain plain;
        random_steps(&random, GK_TICK_MIN, &steps);
        plain_of(&steps, &plain);
        assert_int_equal(index_marks(&steps, TICK_NS, &marks), GK_OK);
        size_t i = 0;
        struct mark mark = {0, 0};
        do {
            bool is_there = i < marks.n && marks.at[i].quarter == mark.quarter && marks.at[i].slot == mark.slot;
            assert_int_equal(is_there, plain_has(&plain, mark));
            i += is_there; /* in order of keys */
        } while (next_mark(&mark));
        assert_int_equal(i, marks.n);
    }
    steps_clear(&steps);
    marks_clear(&marks);
}

static void a_row_of_long_ago_costs_three_marks(void **state)
{
    struct gk_step at[] = {{GK_TICK_MIN, GK_NODATA},
                           {0, GK_ON},
                           {5, GK_NODATA},
                           {50 * DAY_TICKS * 365, GK_ON},
                           {50 * DAY_TICKS * 365 + 5, GK_NODATA}};
    struct steps steps = {&MEM_SYSTEM, at, 5, 5};
    struct marks marks;
    (void)state;

    marks_init(&marks, &MEM_SYSTEM);
    assert_int_equal(index_marks(&steps, TICK_NS, &marks), GK_OK);
    assert_int_equal(marks.n, 3 + 3); /* comes to on, begins on, comes to no data or ends */
    marks_clear(&marks);
}

static void keys_come_back_and_others_are_none(void **state)
{
    uint8_t key[INDEX_KEY];
    struct mark mark = {-4, 0}, read;
    (void)state;

    do {
        index_key(key, mark);
        assert_true(index_unkey(view_of(key, sizeof key), &read));
        assert_true(read.quarter == mark.quarter && read.slot == mark.slot);
    } while (next_mark(&mark) && mark.quarter < 4);
    assert_false(index_unkey(view_of(key, sizeof key - 1), &read));
    index_key(key, (struct mark){1, INDEX_HOLDS + GK_ON}); /* not the begin of a day */
    assert_false(index_unkey(view_of(key, sizeof key), &read));
    index_key(key, (struct mark){0, INDEX_HOLDS});
    assert_false(index_unkey(view_of(key, sizeof key), &read));
    index_key(key, (struct mark){0, INDEX_SLOTS});
    assert_false(index_unkey(view_of(key, sizeof key), &read));
}

/* ---- changes
 * ------------------------------------------------------------------------------------------------------------------ */

/* Every record of the table has the marks of the model, and none has more. */
static void compare_table(struct store *store, const struct plain *plain)
{
    struct txn *txn;
    struct cursor *cursor;
    size_t n_records = 0, n_want = 0;
    struct mark mark = {0, 0};

    ok(store_read(store, &txn, &error), &error);
    do {
        struct idset *set;
        bool any = false;
        int rc = index_load(&MEM_SYSTEM, txn, mark, &set, &error);
        assert_true(rc == GK_OK || rc == GK_ENOTFOUND);
        for (uint32_t f = 0; f < FACILITIES; f++) {
            bool want = plain_has(&plain[f], mark);
            any |= want;
            assert_int_equal(rc == GK_OK && idset_has(set, f), want);
        }
        n_want += any;
        idset_free(set);
    } while (next_mark(&mark));
    ok(cursor_open(txn, STORE_PRESENCE, &cursor, &error), &error);
    for (int rc = cursor_first(cursor, &error); rc == GK_OK; rc = cursor_next(cursor, &error))
        n_records++;
    cursor_close(cursor);
    assert_int_equal(n_records, n_want); /* empty sets have no record */
    txn_abort(txn);
}

/* The steps from a tick on, the state at it carried in: what the engine compares. */
static void cut(const struct steps *all, int64_t from, struct steps *out)
{
    out->n = 0;
    assert_int_equal(steps_put(out, from, GK_NODATA), GK_OK);
    for (size_t i = 0; i < all->n; i++) {
        if (all->at[i].tick <= from)
            out->at[0].value = all->at[i].value;
        else
            assert_int_equal(steps_put(out, all->at[i].tick, all->at[i].value), GK_OK);
    }
}

static void change_facility(struct random *random, struct index_changes *changes, uint32_t facility,
                            struct steps *steps)
{
    struct steps before, after, fresh;
    int64_t from = GK_TICK_MIN;

    steps_init(&before, &MEM_SYSTEM);
    steps_init(&after, &MEM_SYSTEM);
    steps_init(&fresh, &MEM_SYSTEM);
    if (steps->n > 1 && random_below(random, 3)) /* at most where nothing was known before, as for new rows */
        from = 1 + (int64_t)random_below(random, (uint64_t)steps->at[steps->n - 1].tick);
    for (size_t i = 0; i < steps->n; i++)
        assert_int_equal(steps_put(&fresh, steps->at[i].tick, steps->at[i].value), GK_OK);
    random_steps(random, from, &fresh);
    cut(steps, index_begin_of(TICK_NS, from), &before);
    cut(&fresh, index_begin_of(TICK_NS, from), &after);
    ok(index_change(changes, facility, &before, &after, &error), &error);
    steps_clear(steps);
    *steps = fresh;
    steps_clear(&before);
    steps_clear(&after);
}

static void changes_leave_the_marks_of_the_new_steps(void **state)
{
    uint64_t seed = test_seed("changes_leave_the_marks_of_the_new_steps"), rounds = test_rounds(8);
    struct store_options options = {.is_writer = true, .may_create = true, .map_size = 1 << 26};
    struct steps steps[FACILITIES];
    static struct plain plain[FACILITIES];
    (void)state;

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
                change_facility(&random, changes, f, &steps[f]);
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
}

/* Marks of a quarter of which only the later part changes. */
static void what_comes_at_the_first_tick_of_a_day_stays_marked(void **state)
{
    struct store_options options = {.is_writer = true, .may_create = true, .map_size = 1 << 24};
    struct gk_step at[] = {{GK_TICK_MIN, GK_NODATA},
                           {DAY_TICKS, GK_ON},
                           {DAY_TICKS + 5, GK_OFF},
                           {DAY_TICKS + 9, GK_ON},
                           {DAY_TICKS + 20, GK_NODATA}};
    struct steps all = {&MEM_SYSTEM, at, 5, 5}, before, after;
    static struct plain plain[FACILITIES];
    char path[4096];
    struct store *store;
    struct txn *txn;
    struct index_changes *changes;
    bool is_new;
    (void)state;

    memset(plain, 0, sizeof plain); /* no data */
    steps_init(&before, &MEM_SYSTEM);
    steps_init(&after, &MEM_SYSTEM);
    (void)snprintf(path, sizeof path, "%s", test_folder());
    ok(store_open(&MEM_SYSTEM, path, &options, &store, &is_new, &error), &error);
    ok(store_write(store, &txn, &error), &error);
    assert_int_equal(index_begin(&MEM_SYSTEM, txn, TICK_NS, &changes), GK_OK);
    ok(index_change(changes, 0, &before, &all, &error), &error);
    cut(&all, index_begin_of(TICK_NS, DAY_TICKS + 8), &before);
    at[3] = (struct gk_step){DAY_TICKS + 8, GK_IDLE};
    cut(&all, index_begin_of(TICK_NS, DAY_TICKS + 8), &after);
    ok(index_change(changes, 0, &before, &after, &error), &error);
    ok(index_flush(changes, &error), &error);
    index_end(changes);
    ok(txn_commit(txn, &error), &error);
    plain_of(&all, &plain[0]);
    compare_table(store, plain);
    steps_clear(&before);
    steps_clear(&after);
    store_close(store);
    test_folder_remove(path);
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
    cmocka_unit_test(the_marks_are_those_of_the_ticks),
    cmocka_unit_test(a_row_of_long_ago_costs_three_marks),
    cmocka_unit_test(keys_come_back_and_others_are_none),
    cmocka_unit_test(changes_leave_the_marks_of_the_new_steps),
    cmocka_unit_test(what_comes_at_the_first_tick_of_a_day_stays_marked),
    cmocka_unit_test(pruning_never_drops_who_was_in_the_state),
};

RUN_TESTS(tests)
