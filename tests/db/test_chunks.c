/*
 * test_chunks.c - where rows end when chunks are merged: at the end, in the middle, before the first, at the border of
 * two, and thousands of one time under GK_ALL. What is read is compared with a plain sorted list.
 */
#include "db/world.h"

#include "db/db.h"
#include "db/rows.h"

#define ROWS_MAX 60000

/* The list: in order of time, rows of one time in order of arrival. */
static struct {
    gk_time time;
    double value;
} list[ROWS_MAX];
static size_t n_list;
static struct gk_error error;

static void list_add(gk_time time, double value)
{
    size_t at = n_list++;
    assert_true(n_list <= ROWS_MAX);
    for (; at > 0 && list[at - 1].time > time; at--)
        list[at] = list[at - 1];
    list[at].time = time;
    list[at].value = value;
}

static gk_db *new_store(char path[4096], enum gk_policy policy)
{
    struct gk_options o = world_options();
    o.policy = policy;
    o.past_ns = 0;
    o.future_ns = -1;
    n_list = 0;
    gk_db *db = world_new(path, &o);
    (void)put_channel(db, "kw");
    (void)put_facility(db, "f", GK_PRODUCTION);
    (void)put_facility(db, "neighbour", GK_PRODUCTION);
    return db;
}

/* n rows at from, from + step, ... with values of their own, into the store and the list. */
static void add(gk_db *db, gk_time from, int64_t step, size_t n)
{
    static gk_time time[ROWS_MAX];
    static uint32_t facility[ROWS_MAX];
    static double value[ROWS_MAX];
    static double next = 1;
    const double *values = value;
    const uint32_t channel = 0;

    for (size_t i = 0; i < n; i++) {
        time[i] = from + (int64_t)i * step;
        facility[i] = 0;
        value[i] = next++;
        list_add(time[i], value[i]);
    }
    struct gk_batch batch = {
        .n_rows = n, .time = time, .facility = facility, .n_channels = 1, .channel = &channel, .value = &values};
    struct gk_counts counts;
    ok(gk_ingest(db, &batch, &counts, &error), &error);
    assert_int_equal(counts.accepted + counts.late, n);
}

static void seal(gk_db *db)
{
    ok(gk_seal(db, &error), &error);
}

static void compare_from(gk_db *db, gk_time from, gk_time to)
{
    const uint32_t channel = 0;
    struct gk_columns rows;
    gk_scan *scan;
    size_t at = 0;
    int rc;

    ok(gk_commit(db, &error), &error);
    gk_snapshot *s = look(db);
    while (at < n_list && list[at].time < from)
        at++;
    ok(gk_scan_open(s, 0, &channel, 1, from, to, &scan, &error), &error);
    while ((rc = gk_scan_next(scan, &rows, &error)) == GK_OK)
        for (size_t i = 0; i < rows.n_rows; i++, at++) {
            if (at >= n_list || rows.time[i] != list[at].time || rows.value[0][i] != list[at].value)
                fail_msg("row %zu of %zu: value %g", at, n_list, rows.value[0][i]);
        }
    ok(rc == GK_DONE ? GK_OK : rc, &error);
    gk_scan_close(scan);
    assert_true(at == n_list || list[at].time >= to);
    gk_snapshot_close(s);
}

static void compare(gk_db *db)
{
    compare_from(db, GK_TIME_MIN, GK_TIME_MAX);
    struct gk_stat stat;
    ok(gk_stat(db, &stat, &error), &error);
    assert_int_equal(stat.n_rows, n_list);
}

static size_t n_chunks(gk_db *db)
{
    struct gk_stat stat;
    ok(gk_stat(db, &stat, &error), &error);
    return (size_t)stat.n_chunks;
}

/* ---- at the end, in the middle, before the first
 * -------------------------------------------------------------------------- */

static void small_chunks_at_the_end_are_swallowed(void **state)
{
    char path[4096];
    (void)state;

    gk_db *db = new_store(path, GK_LAST);
    for (int i = 0; i < 200; i++) {
        add(db, T0 + i * 100 * GK_SECOND, 10 * GK_SECOND, 10);
        seal(db);
    }
    compare(db);
    assert_true(n_chunks(db) <= 12); /* 2000 rows: about log2 of them, not 200 */
    check_is_clean(db);
    world_end(db, path);
}

/* So many rows the first chunk of a facility has in the end. */
static uint32_t first_rows(gk_db *db, uint32_t facility)
{
    struct cursor *cursor;
    struct chunk_view chunk;
    struct txn *txn;
    uint8_t key[CHUNK_KEY];

    chunk_key(key, facility, GK_TIME_MIN, 0);
    ok(store_read(db->store, &txn, &error), &error);
    ok(cursor_open(txn, STORE_CHUNK, &cursor, &error), &error);
    ok(cursor_seek(cursor, view_of(key, sizeof key), &error), &error);
    assert_true(chunk_key_is_of(cursor_key(cursor), facility));
    ok(chunk_at(cursor, &chunk, &error), &error);
    uint32_t n = chunk.n_rows;
    cursor_close(cursor);
    txn_abort(txn);
    return n;
}

/* Else their later chunks would all grow and be swallowed in the same sealings. */
static void facilities_that_begin_together_do_not_merge_in_step(void **state)
{
    enum { FEW = 64, ROUNDS = 140 };
    static gk_time time[FEW];
    static uint32_t facility[FEW];
    static double value[FEW];
    const double *values = value;
    const uint32_t channel = 0;
    struct gk_batch batch = {
        .n_rows = FEW, .time = time, .facility = facility, .n_channels = 1, .channel = &channel, .value = &values};
    struct gk_counts counts;
    char path[4096];
    (void)state;

    gk_db *db = new_store(path, GK_LAST);
    for (int i = 0; i < 3; i++)
        (void)put_facility(db, (const char *[]){"b", "c", "d"}[i], GK_PRODUCTION);
    for (int round = 0; round < ROUNDS; round++) {
        for (uint32_t f = 0; f < 5; f++) {
            for (int i = 0; i < FEW; i++) {
                time[i] = T0 + (round * FEW + i) * GK_SECOND;
                facility[i] = f;
                value[i] = i;
            }
            ok(gk_ingest(db, &batch, &counts, &error), &error);
        }
        seal(db);
    }
    for (uint32_t f = 0; f < 5; f++)
        assert_int_equal(first_rows(db, f), 4096 >> f);
    check_is_clean(db);
    world_end(db, path);
}

static void full_chunks_are_left_alone(void **state)
{
    char path[4096];
    (void)state;

    gk_db *db = new_store(path, GK_LAST);
    add(db, T0, GK_SECOND, 2 * CHUNK_ROWS_MAX);
    seal(db);
    assert_int_equal(n_chunks(db), 2);
    add(db, T0 + 3 * CHUNK_ROWS_MAX * GK_SECOND, GK_SECOND, CHUNK_ROWS_MAX);
    seal(db);
    assert_int_equal(n_chunks(db), 3);
    compare(db);
    check_is_clean(db);
    world_end(db, path);
}

static void late_rows_split_a_full_chunk(void **state)
{
    char path[4096];
    (void)state;

    gk_db *db = new_store(path, GK_LAST);
    add(db, T0, 2 * GK_SECOND, 2 * CHUNK_ROWS_MAX);
    seal(db);
    add(db, T0 + 1003 * GK_SECOND, 4 * GK_SECOND, 5);
    compare(db); /* unsealed: merged by the reader */
    seal(db);
    compare(db);
    assert_int_equal(n_chunks(db), 3);
    add(db, T0 + GK_SECOND, 4 * GK_SECOND, 700);           /* over both halves, and over the border */
    add(db, T0 + 16003 * GK_SECOND, 100 * GK_SECOND, 200); /* and beyond the end */
    compare(db);
    seal(db);
    compare(db);
    check_is_clean(db);
    for (int i = 0; i < 20; i++) /* stretches, from and to everywhere */
        compare_from(db, T0 + i * 1500 * GK_SECOND, T0 + (i * 1500 + 777) * GK_SECOND);
    world_end(db, path);
}

static void rows_before_the_first_chunk_go_into_it(void **state)
{
    char path[4096];
    (void)state;

    gk_db *db = new_store(path, GK_LAST);
    add(db, T0, GK_SECOND, 100);
    seal(db);
    add(db, T0 - 50 * GK_SECOND, GK_SECOND, 20);
    compare(db);
    seal(db);
    compare(db);
    assert_int_equal(n_chunks(db), 1);
    add(db, T0 - 90000 * GK_SECOND, GK_SECOND, 2 * CHUNK_ROWS_MAX);
    compare(db);
    seal(db);
    compare(db);
    check_is_clean(db);
    world_end(db, path);
}

/* ---- one time, many rows
 * -------------------------------------------------------------------------------------------------- */

static void thousands_of_rows_of_one_time_are_all_kept(void **state)
{
    char path[4096];
    (void)state;

    gk_db *db = new_store(path, GK_ALL);
    add(db, T0, 0, 2 * CHUNK_ROWS_MAX + 17); /* parts 0 to 2 */
    compare(db);
    seal(db);
    compare(db);
    add(db, T0, 0, 500); /* more of it: behind those that came before */
    compare(db);
    seal(db);
    compare(db);
    add(db, T0 + GK_SECOND, 0, CHUNK_ROWS_MAX + 5);
    add(db, T0 - GK_SECOND, 0, 700);
    seal(db);
    compare(db);
    add(db, T0 - GK_SECOND, 0, CHUNK_ROWS_MAX);
    seal(db);
    compare(db);
    check_is_clean(db);
    world_end(db, path);
}

/*
 * A chunk that ends with rows of the time with which the next one begins: split by a late row, its second half must not
 * take the next one's key.
 */
static void a_split_beside_rows_of_one_time_loses_none(void **state)
{
    char path[4096];
    (void)state;

    for (size_t n_before = 1; n_before < CHUNK_ROWS_MAX; n_before = n_before * 70 + 3) {
        gk_db *db = new_store(path, GK_ALL);
        add(db, T0, GK_SECOND, n_before);
        add(db, T0 + 100000 * GK_SECOND, 0, CHUNK_ROWS_MAX + 100);
        seal(db);
        compare(db);
        add(db, T0 + GK_SECOND / 2, GK_SECOND, 2); /* into the chunk before */
        compare(db);
        seal(db);
        compare(db);
        add(db, T0 + 3, 7, CHUNK_ROWS_MAX);
        seal(db);
        compare(db);
        check_is_clean(db);
        world_end(db, path);
    }
}

/* ---- the ends of time
 * ------------------------------------------------------------------------------------------------------ */

static void rows_centuries_apart_are_kept(void **state)
{
    char path[4096];
    (void)state;

    gk_db *db = new_store(path, GK_LAST);
    add(db, GK_TIME_MIN + 1, 1, 3);
    add(db, -5, 4, 3);
    add(db, GK_TIME_MAX - 10, 2, 3);
    compare(db);
    gk_snapshot *s = look(db);
    struct gk_profile profile;
    ok(gk_facility_profile(s, 0, &profile, &error), &error);
    assert_int_equal(profile.first, GK_TIME_MIN + 1);
    assert_int_equal(profile.last, GK_TIME_MAX - 6);
    gk_snapshot_close(s);
    seal(db);
    compare(db);
    check_is_clean(db);
    world_end(db, path);
}

/* ---- random merging
 * ---------------------------------------------------------------------------------------------------------- */

static void random_merges_keep_every_row_in_order(void **state)
{
    uint64_t seed = test_seed("random_merges_keep_every_row_in_order"), rounds = test_rounds(4);
    char path[4096];
    (void)state;

    for (uint64_t r = 0; r < rounds; r++) {
        struct random random = random_from(seed * 7919 + r);
        gk_db *db = new_store(path, GK_ALL);
        gk_time cursor = T0;
        for (int i = 0; i < 25; i++) {
            size_t n = 1 + random_below(&random, random_below(&random, 4) ? 60 : 3000);
            bool is_late = random_below(&random, 3) == 0;
            int64_t step = random_below(&random, 3) ? GK_SECOND : 0;
            gk_time from =
                is_late ? T0 + (gk_time)random_below(&random, (uint64_t)(cursor - T0) / GK_SECOND + 1) * GK_SECOND
                        : cursor;
            add(db, from, step, n);
            if (from + (gk_time)n * step > cursor)
                cursor = from + (gk_time)n * step;
            if (random_below(&random, 3) == 0)
                seal(db);
            if (random_below(&random, 8) == 0)
                compare(db);
        }
        seal(db);
        compare(db);
        check_is_clean(db);
        world_end(db, path);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(small_chunks_at_the_end_are_swallowed),
    cmocka_unit_test(facilities_that_begin_together_do_not_merge_in_step),
    cmocka_unit_test(full_chunks_are_left_alone),
    cmocka_unit_test(late_rows_split_a_full_chunk),
    cmocka_unit_test(rows_before_the_first_chunk_go_into_it),
    cmocka_unit_test(thousands_of_rows_of_one_time_are_all_kept),
    cmocka_unit_test(a_split_beside_rows_of_one_time_loses_none),
    cmocka_unit_test(rows_centuries_apart_are_kept),
    cmocka_unit_test(random_merges_keep_every_row_in_order),
};

RUN_TESTS(tests)
