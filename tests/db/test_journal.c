/*
 * test_journal.c - where the progress of a commit is: in its journal record or in the meta table, and which is later.
 */
#include "db/world.h"

#include "codec/batch.h"
#include "db/db.h"

static struct gk_error error;

static void add(gk_db *db, gk_time from, size_t n)
{
    static gk_time time[1000];
    static uint32_t facility[1000];
    static double value[1000];
    const double *values = value;
    const uint32_t channel = 0;
    struct gk_counts counts;

    for (size_t i = 0; i < n; i++) {
        time[i] = from + (gk_time)i * GK_SECOND;
        value[i] = (double)(i * i % 997) * 1.37e-5 + (double)i / 7; /* no decimals: these take their bytes */
    }
    struct gk_batch batch = {
        .n_rows = n, .time = time, .facility = facility, .n_channels = 1, .channel = &channel, .value = &values};
    ok(gk_ingest(db, &batch, &counts, &error), &error);
    assert_int_equal(counts.accepted, n);
    ok(gk_commit(db, &error), &error);
}

static struct progress progress_of(gk_db *db)
{
    struct progress progress;
    struct txn *txn;

    ok(store_read(db->store, &txn, &error), &error);
    ok(progress_get(txn, &progress, &error), &error);
    txn_abort(txn);
    return progress;
}

/* What the meta table has. */
static struct progress written(gk_db *db)
{
    struct progress progress;
    struct view value;
    struct txn *txn;

    ok(store_read(db->store, &txn, &error), &error);
    ok(txn_get(txn, STORE_META, view_of("progress", 8), &value, &error), &error);
    assert_int_equal(progress_decode(value, &progress), GK_OK);
    txn_abort(txn);
    return progress;
}

static void the_progress_is_where_it_costs_least_and_the_later_one_counts(void **state)
{
    char path[4096];
    uint32_t id;
    (void)state;

    gk_db *db = world_new(path, NULL);
    (void)put_channel(db, "kw");
    (void)put_facility(db, "f", GK_PRODUCTION);
    ok(gk_commit(db, &error), &error);
    assert_int_equal(written(db).journal_next, 1);
    for (int i = 1; i <= 3; i++) { /* few rows: into their record */
        add(db, T0 + i * 100 * GK_SECOND, 5);
        assert_int_equal(written(db).counts.accepted, 0);
        assert_int_equal(progress_of(db).counts.accepted, 5 * i);
        assert_int_equal(progress_of(db).journal_next, 1 + i);
    }
    struct gk_facility_put g = facility_of("g", "E1", "L1", GK_ABATEMENT);
    ok(gk_facility_put(db, &g, &id, &error), &error);
    ok(gk_commit(db, &error),
       &error); /* no rows: the meta table's is the later one of two with the same journal_next */
    assert_int_equal(written(db).counts.accepted, 15);
    assert_int_equal(progress_of(db).catalog_version, 2);
    add(db, T0 + 1000 * GK_SECOND, 5);
    assert_int_equal(gk_close(db), GK_OK);
    db = world_open(path, GK_READWRITE | GK_KEEP_HEADS, NULL);
    assert_int_equal(db->progress.counts.accepted, 20);
    assert_int_equal(db->progress.catalog_version, 2);
    add(db, T0 + 2000 * GK_SECOND, 1000); /* many rows: beside a record on pages of its own */
    assert_int_equal(written(db).counts.accepted, 1020);
    add(db, T0 + 4000 * GK_SECOND, 5);
    assert_int_equal(written(db).counts.accepted, 1020);
    ok(gk_seal(db, &error), &error);
    assert_int_equal(written(db).counts.accepted, 1025);
    assert_int_equal(progress_of(db).sealed, 6);
    check_is_clean(db);
    world_end(db, path);
}

static void a_record_that_is_cut_in_its_progress_is_corrupt(void **state)
{
    struct progress progress = {.journal_next = 7, .sealed = 3};
    struct journal_record record;
    uint8_t bytes[1 + PROGRESS_SIZE + 1] = {128};
    (void)state;

    progress_encode(&progress, bytes + 1);
    for (size_t size = 1; size < 1 + PROGRESS_SIZE; size++)
        assert_int_equal(journal_open(view_of(bytes, size), &record), GK_ECORRUPT);
    assert_int_equal(journal_open(view_of(bytes, sizeof bytes), &record), GK_OK);
    assert_true(record.has_progress);
    assert_int_equal(record.progress.sealed, 3);
    assert_int_equal(record.batch.size, 1);
    bytes[1] = 9;
    assert_int_equal(journal_open(view_of(bytes, sizeof bytes), &record), GK_EVERSION);
    bytes[0] = 2; /* a batch alone is not looked into */
    assert_int_equal(journal_open(view_of(bytes, sizeof bytes), &record), GK_OK);
    assert_false(record.has_progress);
    assert_int_equal(record.batch.size, sizeof bytes);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(the_progress_is_where_it_costs_least_and_the_later_one_counts),
    cmocka_unit_test(a_record_that_is_cut_in_its_progress_is_corrupt),
};

RUN_TESTS(tests)
