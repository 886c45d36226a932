/*
 * kills.h - kill -9, again and again. A child ingests numbered batches, late rows among them, commits each, seals,
 * changes bands and facilities, and says through a pipe what was acknowledged. The parent kills it after a random
 * number of acknowledgements and microseconds, opens the store, and compares: every acknowledged row once, nothing
 * half, and the next child goes on from there.
 *
 * test_kill.c does it 200 times, kill_loop.c as often as it is told.
 */
#ifndef TESTS_KILLS_H
#define TESTS_KILLS_H

#include "db/world.h"

#include <signal.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define FACILITIES 6
#define ROWS       12 /* a batch */
#define STEP_S     10

static char path[4096];

/*
 * Batch b is of second 10 b; of its rows, one a facility is at that second and a second one is late: of 40 s earlier, 3
 * s off. So every row has its own (facility, time), and which ones there should be follows from the number of batches
 * alone.
 */
static void fill_batch(uint64_t b, gk_time time[ROWS], uint32_t facility[ROWS], double kw[ROWS])
{
    for (uint32_t i = 0; i < ROWS; i++) {
        int64_t second = (int64_t)b * STEP_S - (i < FACILITIES ? 0 : 37);
        facility[i] = i % FACILITIES;
        time[i] = T0 + second * GK_SECOND;
        kw[i] = (double)(b * 31 + i) / 8;
    }
}

/* Counts rows [0, n) batches of a facility in the store; every one must be right. Gives the batches that are there. */
static uint64_t count_batches(gk_snapshot *s, uint32_t facility)
{
    struct gk_error error;
    const uint32_t channel = 0;
    gk_scan *scan;
    struct gk_columns rows;
    uint64_t n_now = 0, n_late = 0;
    int rc;

    ok(gk_scan_open(s, facility, &channel, 1, GK_TIME_MIN, GK_TIME_MAX, &scan, &error), &error);
    gk_time before = GK_TIME_MIN;
    while ((rc = gk_scan_next(scan, &rows, &error)) == GK_OK)
        for (size_t i = 0; i < rows.n_rows; i++) {
            int64_t second = (rows.time[i] - T0) / GK_SECOND;
            assert_true(rows.time[i] > before); /* once */
            before = rows.time[i];
            bool is_late = second % STEP_S != 0;
            uint64_t b = (uint64_t)(second + (is_late ? 37 : 0)) / STEP_S;
            assert_int_equal(b, is_late ? n_late : n_now); /* none is left out */
            *(is_late ? &n_late : &n_now) += 1;
            assert_true(rows.value[0][i] == (double)(b * 31 + facility + (is_late ? FACILITIES : 0)) / 8);
        }
    ok(rc == GK_DONE ? GK_OK : rc, &error);
    gk_scan_close(scan);
    assert_int_equal(n_now, n_late); /* a batch is whole */
    return n_now;
}

/* With one budget every commit goes straight to chunks, with the other it goes to the journal. */
static uint64_t head_budget;

static struct gk_options small(void)
{
    struct gk_options o = world_options();
    o.head_budget = head_budget;
    o.seal_bytes = 2000; /* sealing takes many transactions: it is killed in the middle, too */
    return o;
}

/* ---- the child
 * ----------------------------------------------------------------------------------------------------------- */

static void child_put_catalog(gk_db *db, uint64_t b)
{
    if (b == 0) {
        (void)put_channel(db, "kw");
        for (int i = 0; i < FACILITIES; i++) {
            char name[16];
            (void)snprintf(name, sizeof name, "f%d", i);
            (void)put_facility(db, name, i % 2 ? GK_ABATEMENT : GK_PRODUCTION);
        }
    }
    if (b % 17 == 5) {
        struct gk_band_put band = band_of(GK_ROLE, b % 2 ? "production" : "abatement", 10, 20 + (int64_t)b % 60,
                                          b % 3 ? GK_TIME_MIN : T0 + (int64_t)b * 5 * GK_SECOND);
        if (gk_band_put(db, &band, NULL) != GK_OK)
            _exit(3);
    }
    if (b % 29 == 7) {
        struct gk_facility_put f = facility_of("f1", "E1", "L1", GK_ABATEMENT);
        f.rated_kw = 10 + (double)(b % 5);
        if (gk_facility_put(db, &f, NULL, NULL) != GK_OK)
            _exit(4);
    }
}

/* Never returns. Exits by itself only when something is wrong. */
static void child_main(uint64_t from, int out)
{
    struct gk_options o = small();
    struct gk_error error;
    gk_db *db;
    const uint32_t channel = 0;

    if (gk_open(path, GK_READWRITE | GK_CREATE | GK_KEEP_HEADS, &o, &db, &error) != GK_OK) {
        (void)fprintf(stderr, "child: %s\n", error.text);
        _exit(1);
    }
    for (uint64_t b = from;; b++) {
        gk_time time[ROWS];
        uint32_t facility[ROWS];
        double kw[ROWS];
        const double *values = kw;
        struct gk_batch batch = {.n_rows = ROWS,
                                 .time = time,
                                 .facility = facility,
                                 .n_channels = 1,
                                 .channel = &channel,
                                 .value = &values,
                                 .source = "child",
                                 .sequence = b + 1};
        struct gk_counts counts;

        child_put_catalog(db, b);
        fill_batch(b, time, facility, kw);
        int rc = gk_ingest(db, &batch, &counts, &error);
        if (rc == GK_OK && b % 23 != 5) /* else sealed without the journal */
            rc = gk_commit(db, &error);
        if (rc == GK_OK && (b % 23 == 5 || b % 23 == 11))
            rc = gk_seal(db, &error);
        if (rc != GK_OK || counts.duplicate + counts.conflicting + counts.rejected + counts.quarantined > 0) {
            (void)fprintf(stderr, "child: batch %llu: %s\n", (unsigned long long)b,
                          rc == GK_OK ? "repeats" : error.text);
            _exit(2);
        }
        uint64_t acknowledged = b + 1;
        if (write(out, &acknowledged, sizeof acknowledged) != (ssize_t)sizeof acknowledged)
            _exit(5);
    }
}

/* ---- the parent
 * ----------------------------------------------------------------------------------------------------------- */

/* Reads acknowledgements: `n` of them, or what comes before the pipe ends. The last one read counts. */
static uint64_t read_acknowledged(int in, uint64_t n, uint64_t last)
{
    uint64_t value;
    for (uint64_t i = 0; i < n && read(in, &value, sizeof value) == (ssize_t)sizeof value; i++)
        last = value;
    return last;
}

/* When the child dies is a matter of chance; what must be true then is not. */
static void let_it_run(uint64_t us)
{
    struct timespec t = {0, (long)us * 1000};
    (void)nanosleep(&t, NULL);
}

static uint64_t run_and_kill(uint64_t from, struct random *random)
{
    int ends[2], status;
    uint64_t acknowledged = from;

    assert_int_equal(pipe(ends), 0);
    (void)fflush(NULL);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        (void)close(ends[0]);
        child_main(from, ends[1]);
    }
    (void)close(ends[1]);
    if (random_below(random, 8)) /* else: while it opens, or makes the store */
        acknowledged = read_acknowledged(ends[0], 1 + random_below(random, 24), acknowledged);
    let_it_run(random_below(random, random_below(random, 2) ? 3000 : 200));
    assert_int_equal(kill(child, SIGKILL), 0);
    acknowledged = read_acknowledged(ends[0], UINT64_MAX, acknowledged); /* what it still said */
    (void)close(ends[0]);
    assert_int_equal(waitpid(child, &status, 0), child);
    if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGKILL)
        fail_msg("the child ended by itself: %x", (unsigned)status);
    return acknowledged;
}

/* Opens as a reader or as a writer, and compares with what was acknowledged. */
static void compare(uint64_t acknowledged, struct random *random)
{
    struct gk_options o = small();
    struct gk_error error;
    gk_db *db;
    int flags = random_below(random, 2) ? GK_READONLY : GK_READWRITE | GK_KEEP_HEADS;
    int rc = gk_open(path, flags, &o, &db, &error);

    if (rc == GK_ENOTFOUND || (rc == GK_ECORRUPT && strstr(error.text, "making was interrupted")) ||
        (rc == GK_ECORRUPT && strstr(error.text, "no gkdb store"))) {
        assert_int_equal(acknowledged, 0); /* killed while it was made */
        return;
    }
    ok(rc, &error);
    gk_snapshot *s = look(db);
    uint32_t n_facilities = gk_snapshot_info(s)->n_facilities;
    assert_true(n_facilities == FACILITIES || (n_facilities == 0 && acknowledged == 0));
    uint64_t n = 0;
    for (uint32_t f = 0; f < n_facilities; f++) {
        uint64_t have = count_batches(s, f);
        if (f == 0)
            n = have;
        assert_int_equal(have, n); /* a batch is in all facilities */
    }
    gk_snapshot_close(s);
    if (n < acknowledged || n > acknowledged + 1)
        fail_msg("%llu batches acknowledged, %llu there", (unsigned long long)acknowledged, (unsigned long long)n);
    struct gk_stat stat;
    ok(gk_stat(db, &stat, &error), &error);
    assert_int_equal(stat.n_rows, n * ROWS);
    assert_int_equal(stat.counts.accepted + stat.counts.late, n * ROWS);
    if (random_below(random, 10) == 0)
        check_is_clean(db);
    assert_int_equal(gk_close(db), GK_OK);
}

static uint64_t n_kills = 200;

static void every_acknowledged_row_survives_kill_9(void **state)
{
    uint64_t seed = test_seed("every_acknowledged_row_survives_kill_9"), acknowledged = 0;
    struct random random = random_from(seed);
    (void)state;

    (void)snprintf(path, sizeof path, "%s", test_folder());
    for (uint64_t i = 0; i < n_kills; i++) {
        /* The next child sends again what was not acknowledged: a batch that was taken all the same is a no-op. */
        head_budget = random_below(&random, 4) ? 1 << 20 : 20000;
        acknowledged = run_and_kill(acknowledged, &random);
        compare(acknowledged, &random);
        if (acknowledged > 3000 || (i % 40 == 39 && random_below(&random, 2))) { /* a new store now and then */
            test_folder_remove(path);
            (void)snprintf(path, sizeof path, "%s", test_folder());
            acknowledged = 0;
        }
    }
    test_folder_remove(path);
    print_message("%llu kills\n", (unsigned long long)n_kills);
}

/* There is no repair step for this either. */
static void a_store_killed_while_it_is_made_is_made_by_the_next(void **state)
{
    uint64_t seed = test_seed("a_store_killed_while_it_is_made_is_made_by_the_next"), n_half = 0;
    struct random random = random_from(seed);
    (void)state;

    for (uint64_t i = 0; i < n_kills / 4 + 1; i++) {
        struct gk_options o = small();
        struct gk_error error;
        gk_db *db;
        int status;
        (void)snprintf(path, sizeof path, "%s", test_folder());
        (void)fflush(NULL);
        pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0)
            _exit(gk_open(path, GK_READWRITE | GK_CREATE, &o, &db, NULL) == GK_OK ? 0 : 1);
        let_it_run(random_below(&random, 2500));
        (void)kill(child, SIGKILL); /* it may be gone already */
        assert_int_equal(waitpid(child, &status, 0), child);
        if (WIFEXITED(status))
            assert_int_equal(WEXITSTATUS(status), 0);
        int rc = gk_open(path, GK_READONLY, &o, &db, &error);
        if (rc == GK_OK)
            assert_int_equal(gk_close(db), GK_OK);
        else
            assert_true(rc == GK_ENOTFOUND || rc == GK_ECORRUPT);
        n_half += rc == GK_ECORRUPT;
        db = world_open(path, GK_READWRITE | GK_CREATE, &o);
        (void)put_facility(db, "f", GK_PRODUCTION);
        assert_int_equal(gk_close(db), GK_OK);
        db = world_open(path, GK_READONLY, &o);
        gk_snapshot *s = look(db);
        assert_int_equal(gk_snapshot_info(s)->n_facilities, 1);
        gk_snapshot_close(s);
        world_end(db, path);
    }
    print_message("%llu of them were half made\n", (unsigned long long)n_half);
}

static const struct CMUnitTest kill_tests[] = {
    cmocka_unit_test(a_store_killed_while_it_is_made_is_made_by_the_next),
    cmocka_unit_test(every_acknowledged_row_survives_kill_9),
};

static inline int run_kills(uint64_t n)
{
    n_kills = n;
    return cmocka_run_group_tests(kill_tests, NULL, NULL);
}

#endif
