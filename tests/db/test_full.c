/*
 * test_full.c - a store whose quota is used up: a batch is taken or it is not, what was acknowledged stays, memory does
 * not pile up, and with more room everything goes on.
 */
#include "db/world.h"

#define ROWS 2000

static struct gk_error error;

static int ingest(gk_db *db, uint64_t sequence, struct gk_counts *counts)
{
    static gk_time time[ROWS];
    static uint32_t facility[ROWS];
    static double kw[ROWS];
    static struct random random = {7};
    const double *values = kw;
    const uint32_t channel = 0;

    for (uint32_t i = 0; i < ROWS; i++) {
        time[i] = T0 + ((int64_t)sequence * ROWS + i) * GK_SECOND;
        facility[i] = i % 3;
        kw[i] = random_unit(&random) * 10; /* nothing to compress */
    }
    struct gk_batch b = {.n_rows = ROWS,
                         .time = time,
                         .facility = facility,
                         .n_channels = 1,
                         .channel = &channel,
                         .value = &values,
                         .source = "s",
                         .sequence = sequence};
    return gk_ingest(db, &b, counts, &error);
}

static void a_full_store_takes_batches_whole_or_not_at_all(void **state)
{
    struct gk_options o = world_options();
    struct gk_counts counts;
    struct gk_stat before, after;
    char path[4096];
    uint64_t taken = 0;
    int rc = GK_OK;
    (void)state;

    o.quota = 2 << 20;
    o.commit_ns = 0; /* 100 ms by a clock that goes on with every batch */
    gk_db *db = world_new(path, &o);
    (void)put_channel(db, "kw");
    for (int i = 0; i < 3; i++) {
        char name[16];
        (void)snprintf(name, sizeof name, "f%d", i);
        (void)put_facility(db, name, GK_PRODUCTION);
    }
    ok(gk_commit(db, &error), &error);
    while (rc == GK_OK) {
        world_now += GK_SECOND;
        rc = ingest(db, taken + 1, &counts);
        taken += rc == GK_OK;
        assert_true(taken < 1000);
    }
    assert_int_equal(rc, GK_EFULL);
    assert_int_equal(counts.accepted, 0);
    assert_true(taken > 10);
    ok(gk_stat(db, &before, &error), &error);
    for (int i = 0; i < 20; i++) { /* a host that goes on trying gets the same answer, and nothing is taken */
        world_now += GK_SECOND;
        assert_int_equal(ingest(db, taken + 1, &counts), GK_EFULL);
        assert_int_equal(counts.accepted + counts.duplicate, 0);
    }
    ok(gk_stat(db, &after, &error), &error);
    assert_memory_equal(&before.counts, &after.counts, sizeof before.counts);
    assert_int_equal(gk_commit(db, &error), GK_EFULL);
    rc = gk_close(db);
    assert_true(rc == GK_EFULL || rc == GK_OK);

    o.quota = 0;
    o.commit_ns = -1;
    db = world_open(path, GK_READWRITE, &o);
    ok(gk_stat(db, &after, &error), &error);
    assert_int_equal(after.counts.accepted % ROWS, 0); /* whole batches; the last one taken may not have been durable */
    uint64_t durable = after.counts.accepted / ROWS;
    assert_true(durable + 2 >= taken && durable <= taken);
    for (uint64_t s = 1; s <= taken + 5; s++) { /* who does not know how far it came sends all again */
        ok(ingest(db, s, &counts), &error);
        assert_int_equal(counts.accepted, s <= durable ? 0 : ROWS);
    }
    ok(gk_seal(db, &error), &error);
    ok(gk_stat(db, &after, &error), &error);
    assert_int_equal(after.n_rows, (taken + 5) * ROWS);
    assert_int_equal(after.counts.duplicate + after.counts.conflicting, 0);
    check_is_clean(db);
    world_end(db, path);
}

static void old_rows_can_be_dropped_when_the_quota_is_used_up(void **state)
{
    struct gk_options o = world_options();
    struct gk_counts counts;
    char path[4096];
    struct gk_stat stat;
    uint64_t n = 1, n_dropped;
    (void)state;

    o.quota = 2 << 20;
    o.commit_ns = 0;
    gk_db *db = world_new(path, &o);
    (void)put_channel(db, "kw");
    for (int i = 0; i < 3; i++) {
        char name[16];
        (void)snprintf(name, sizeof name, "f%d", i);
        (void)put_facility(db, name, GK_PRODUCTION);
    }
    ok(gk_commit(db, &error), &error);
    for (;;) {
        world_now += GK_SECOND;
        if (ingest(db, n, &counts) != GK_OK)
            break;
        n++;
    }
    gk_snapshot *s = look(db); /* the map cannot be moved under it */
    gk_time before = T0 + (int64_t)(n - 2) * ROWS * GK_SECOND;
    assert_int_equal(gk_retain(db, before, NULL, &n_dropped, &error), GK_EFULL);
    assert_int_equal(n_dropped, 0);
    gk_snapshot_close(s);
    ok(gk_retain(db, before, NULL, &n_dropped, &error), &error);
    assert_true(n_dropped > 10 * ROWS);
    check_is_clean(db);
    ok(gk_stat(db, &stat, &error), &error);
    assert_true(stat.file_bytes <= o.quota + (1 << 20));
    for (uint64_t k = n; k < n + 20; k++) { /* into the pages that are free now */
        world_now += GK_SECOND;
        ok(ingest(db, k, &counts), &error);
    }
    world_end(db, path);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(a_full_store_takes_batches_whole_or_not_at_all),
    cmocka_unit_test(old_rows_can_be_dropped_when_the_quota_is_used_up),
};

RUN_TESTS(tests)
