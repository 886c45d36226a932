/*
 * test_disk.c - a disk that is full, and has room again, without a restart: batches are taken whole or not at all, what
 * was acknowledged stays, readers go on, alarms are recorded and old rows can be dropped within the ballast, and the
 * store opens.
 */
#include "db/cases.h"
#include "support/disk.h"

#include <sys/stat.h>
#include <unistd.h>

#define ROWS 500
#define DISK (12 << 20)

static struct gk_error error;
static char path[4096], store[4200];

static int set_up(void **state)
{
    (void)state;
    (void)snprintf(path, sizeof path, "%s", test_folder());
    (void)snprintf(store, sizeof store, "%s/s.gk", path);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    test_folder_remove(path);
    return 0;
}

/* Tests go on only on a disk of their own. */
static void need_disk(void)
{
    if (!disk_mount(path, DISK)) {
        print_message("skipped: no tmpfs can be mounted here\n");
        skip();
    }
}

static int ingest(gk_db *db, uint64_t sequence)
{
    static gk_time time[ROWS];
    static uint32_t facility[ROWS];
    static double kw[ROWS];
    static struct random random = {7};
    const double *values = kw;
    const uint32_t channel = 0;

    for (uint32_t i = 0; i < ROWS; i++) {
        time[i] = T0 + ((int64_t)sequence * ROWS + i) * 10 * GK_SECOND;
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
    world_now = time[ROWS - 1];
    int rc = gk_ingest(db, &b, NULL, &error);
    return rc == GK_OK ? gk_commit(db, &error) : rc;
}

static gk_db *open_store(int64_t ballast)
{
    struct gk_options o = world_options();
    o.ballast = ballast;
    return world_open(store, GK_READWRITE | GK_CREATE | GK_KEEP_HEADS, &o);
}

static gk_db *make_store(int64_t ballast)
{
    gk_db *db = open_store(ballast);

    (void)put_channel(db, "kw");
    for (int i = 0; i < 3; i++) {
        char name[16];
        (void)snprintf(name, sizeof name, "f%d", i);
        (void)put_facility(db, name, GK_PRODUCTION);
    }
    ok(gk_commit(db, &error), &error);
    return db;
}

/* Batches until the disk is full; the number of the first that was not acknowledged. */
static uint64_t ingest_all(gk_db *db, uint64_t from)
{
    int rc;

    disk_fill(path, 300 << 10);
    while ((rc = ingest(db, from)) == GK_OK) {
        from++;
        assert_true(from < 10000);
    }
    if (rc != GK_EFULL)
        fail_msg("%s: %s", gk_status_text(rc), error.text);
    assert_non_null(strstr(error.text, "the disk is full"));
    return from;
}

static uint64_t ballast_of(gk_db *db)
{
    struct gk_stat stat;
    ok(gk_stat(db, &stat, &error), &error);
    return stat.ballast_bytes;
}

static uint64_t rows_of(gk_db *db)
{
    struct gk_stat stat;
    ok(gk_stat(db, &stat, &error), &error);
    return stat.n_rows;
}

static void a_full_disk_loses_nothing_and_needs_no_restart(void **state)
{
    uint64_t n = 1;
    (void)state;

    need_disk();
    gk_db *db = make_store(-1);
    for (int round = 0; round < 3; round++) {
        n = ingest_all(db, n);
        for (int i = 0; i < 5; i++)
            assert_int_equal(gk_commit(db, &error), GK_EFULL); /* the batch that waits */
        gk_snapshot *s = look(db);
        assert_int_equal(gk_snapshot_info(s)->n_facilities, 3);
        gk_snapshot_close(s);
        disk_fill(path, 2 << 20);
        ok(gk_commit(db, &error), &error); /* the batch that was taken and not acknowledged */
        n++;
        check_is_clean(db);
        assert_int_equal(rows_of(db), (n - 1) * ROWS);
        for (int i = 0; i < 10; i++)
            ok(ingest(db, n++), &error);
    }
    ok(gk_close(db), &error);
    db = open_store(-1);
    assert_int_equal(rows_of(db), (n - 1) * ROWS);
    check_is_clean(db);
    assert_int_equal(gk_close(db), GK_OK);
    disk_unmount(path);
}

static void old_rows_can_be_dropped_from_a_full_disk(void **state)
{
    uint64_t n_dropped;
    (void)state;

    need_disk();
    gk_db *db = make_store(1 << 20);
    assert_int_equal(ballast_of(db), 1 << 20);
    uint64_t n = ingest_all(db, 1);
    assert_int_equal(gk_commit(db, &error), GK_EFULL); /* rows do not get the ballast */
    assert_int_equal(ballast_of(db), 1 << 20);
    disk_fill(path, 0);

    uint64_t n_rows = rows_of(db);
    ok(gk_retain(db, world_now - 3600 * GK_SECOND, NULL, &n_dropped, &error), &error);
    assert_true(n_dropped > n_rows / 2 && n_dropped <= n_rows + ROWS);
    assert_int_equal(rows_of(db), n_rows + ROWS - n_dropped); /* with the batch that waited */
    uint64_t rest = ballast_of(db);
    assert_true(rest < 1 << 20);
    check_is_clean(db);
    for (n++; n_dropped > 2 * ROWS; n_dropped -= ROWS) { /* into the pages that are free now */
        ok(ingest(db, n++), &error);
        assert_int_equal(ballast_of(db), rest);
    }
    disk_fill(path, 4 << 20);
    ok(ingest(db, n++), &error);
    assert_int_equal(ballast_of(db), 1 << 20); /* laid again */
    check_is_clean(db);
    assert_int_equal(gk_close(db), GK_OK);
    disk_unmount(path);
}

static uint64_t last_act(gk_db *db)
{
    gk_snapshot *s = look(db);
    uint64_t seq;
    ok(gk_act_last(s, &seq, &error), &error);
    gk_snapshot_close(s);
    return seq;
}

/* One of 2 KB. */
static uint64_t note_much(gk_db *db)
{
    static char text[2048];
    struct gk_act_put put = act_of(GK_ACT_NOTED, 0);

    memset(text, 'x', sizeof text);
    put.text = (struct gk_text){text, sizeof text};
    return put_act(db, &put);
}

static void alarms_are_recorded_on_a_full_disk(void **state)
{
    struct gk_act_put acknowledged = act_of(GK_ACT_ACKNOWLEDGED, 1);
    char name[GK_HANDED_MAX];
    uint64_t n_acts = 0;
    (void)state;

    need_disk();
    gk_db *db = make_store(1 << 20);
    assert_int_equal(raise_alarm(db, "R1", "f1"), 1);
    ok(gk_commit(db, &error), &error);
    uint64_t n = ingest_all(db, 1), n_rows = rows_of(db);
    disk_fill(path, 16 << 10);
    ok(gk_act_hand_in(db, &acknowledged, name, &error), &error); /* by somebody who found room */
    disk_fill(path, 0);
    for (int i = 0; i < 200; i++) {
        n_acts = i % 3 ? act_on(db, GK_ACT_NOTED, 1) : note_much(db);
        assert_int_equal(gk_commit(db, &error), GK_EFULL);
        assert_non_null(strstr(error.text, "the disk is full"));
        n_acts += i == 0; /* with what was handed in */
        assert_int_equal(last_act(db), n_acts);
        assert_int_equal(n_acts, 3 + i);
        assert_int_equal(rows_of(db), n_rows);
        assert_true(disk_room(path) < 64 << 10); /* nobody gets what is kept back */
    }
    assert_int_equal(gk_act_handed(db, name, &error), GK_OK);
    assert_true(ballast_of(db) > 0);
    assert_int_equal(ingest(db, n + 1), GK_EFULL); /* rows do not get it */
    assert_int_equal(gk_close(db), GK_EFULL);

    db = open_store(1 << 20);
    assert_int_equal(last_act(db), n_acts);
    assert_int_equal(rows_of(db), n_rows);
    (void)act_on(db, GK_ACT_NOTED, 1);
    ok(gk_commit(db, &error), &error); /* no rows wait */
    disk_fill(path, 4 << 20);
    for (int i = 0; i < 2; i++)
        ok(ingest(db, n++), &error);
    assert_int_equal(rows_of(db), n_rows + 2 * ROWS);
    assert_int_equal(ballast_of(db), 1 << 20);
    check_is_clean(db);
    assert_int_equal(gk_close(db), GK_OK);
    disk_unmount(path);
}

static void without_a_ballast_a_full_disk_says_so(void **state)
{
    uint64_t n_dropped;
    (void)state;

    need_disk();
    gk_db *db = make_store(-1);
    assert_int_equal(ballast_of(db), 0);
    (void)ingest_all(db, 1);
    disk_fill(path, 0);
    assert_int_equal(gk_retain(db, world_now, NULL, &n_dropped, &error), GK_EFULL);
    assert_int_equal(n_dropped, 0);
    disk_fill(path, 4 << 20);
    ok(gk_retain(db, world_now, NULL, &n_dropped, &error), &error);
    check_is_clean(db);
    assert_int_equal(gk_close(db), GK_OK);
    disk_unmount(path);
}

static void a_store_on_a_full_disk_opens_for_reading_and_writing(void **state)
{
    char name[4300];
    (void)state;

    need_disk();
    gk_db *db = make_store(0);
    assert_int_equal(ballast_of(db), 1 << 20); /* the least */
    uint64_t n = ingest_all(db, 1);
    assert_int_not_equal(gk_close(db), GK_OK);
    disk_fill(path, 0);

    struct gk_options o = world_options();
    db = world_open(store, GK_READONLY, &o);
    assert_int_equal(rows_of(db), (n - 1) * ROWS);
    assert_int_equal(gk_close(db), GK_OK);
    db = open_store(0);
    assert_int_equal(ingest(db, n), GK_EFULL);
    ok(gk_retain(db, world_now, NULL, NULL, &error), &error);
    assert_int_equal(gk_close(db), GK_OK);

    /* LMDB maps its table of readers: a page that cannot be had would end the process. */
    (void)snprintf(name, sizeof name, "%s/lock.mdb", store);
    assert_int_equal(unlink(name), 0);
    disk_fill(path, 0);
    assert_int_equal(gk_open(store, GK_READONLY, &o, &db, &error), GK_EFULL);
    assert_non_null(strstr(error.text, "lock.mdb"));
    disk_fill(path, 1 << 20);
    db = world_open(store, GK_READONLY, &o);
    check_is_clean(db);
    assert_int_equal(gk_close(db), GK_OK);
    disk_unmount(path);
}

#define ON_DISK(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

static const struct CMUnitTest tests[] = {
    ON_DISK(a_full_disk_loses_nothing_and_needs_no_restart),
    ON_DISK(old_rows_can_be_dropped_from_a_full_disk),
    ON_DISK(alarms_are_recorded_on_a_full_disk),
    ON_DISK(without_a_ballast_a_full_disk_says_so),
    ON_DISK(a_store_on_a_full_disk_opens_for_reading_and_writing),
};

RUN_TESTS(tests)
