/*
 * test_growth.c - the file of a store that takes in a little at a time, against what is in it.
 */
#include "db/world.h"

#include <unistd.h>

#include "db/db.h"
#include "db/growth.h"

#define FACILITIES      40
#define MANY            800
#define STEP            (10 * GK_SECOND)
#define STEPS_EACH      20 /* steps a commit */
#define HOUR_STEPS      360
#define SEAL_BYTES_EACH 3072 /* a whole zone's, over its 4,000 facilities */
#define ROUNDS          2000
#define SEAL_BYTES      (INT64_C(480) << 10)
#define FIRST           (UINT64_C(3) << 19) /* so large is a store before it is held to the rule */

static struct gk_error error;

/* In memory, where that can be: thousands of commits, of which only the bytes are looked at. */
static gk_db *new_store(uint32_t n, int64_t seal_bytes, char path[4096])
{
    struct gk_options o = world_options();
    char name[16];

    if (access("/dev/shm", W_OK) == 0)
        (void)setenv("TMPDIR", "/dev/shm", 0); /* else it is slow, no more */
    o.seal_bytes = seal_bytes;
    gk_db *db = world_new(path, &o);
    (void)put_channel(db, "kw");
    for (uint32_t i = 0; i < n; i++) {
        (void)snprintf(name, sizeof name, "f%u", (unsigned)i);
        (void)put_facility(db, name, GK_PRODUCTION);
    }
    return db;
}

/* A row of each of n facilities at some steps from one on, durable. */
static void add_steps(gk_db *db, struct random *random, uint32_t n, uint32_t from, uint32_t n_steps)
{
    enum { N = FACILITIES * STEPS_EACH };
    static gk_time time[N];
    static uint32_t facility[N];
    static double value[N];
    const double *values = value;
    const uint32_t channel = 0;
    struct gk_counts counts;

    assert_true(n * n_steps <= N);
    for (uint32_t i = 0; i < n * n_steps; i++) {
        time[i] = T0 + (gk_time)(from + i / n) * STEP;
        facility[i] = i % n;
        value[i] = (double)random_below(random, 30000) / 100;
    }
    struct gk_batch batch = {.n_rows = n * n_steps,
                             .time = time,
                             .facility = facility,
                             .n_channels = 1,
                             .channel = &channel,
                             .value = &values};
    ok(gk_ingest(db, &batch, &counts, &error), &error);
    assert_int_equal(counts.accepted, n * n_steps);
    ok(gk_commit(db, &error), &error);
}

/* The next STEPS_EACH rows of each facility. */
static void add(gk_db *db, struct random *random, uint32_t round)
{
    add_steps(db, random, FACILITIES, round * STEPS_EACH, STEPS_EACH);
}

/* The file over the bytes in use, now. */
static double ratio_of(gk_db *db, uint64_t *used)
{
    struct store_stat stat;

    ok(store_stat(db->store, &stat, &error), &error);
    *used = stat.used_bytes;
    return (double)stat.file_bytes / (double)stat.used_bytes;
}

static void the_file_of_rows_that_trickle_in_stays_near_what_is_in_it(void **state)
{
    struct random random = random_from(7);
    char path[4096];
    uint64_t used;
    (void)state;

    gk_db *db = new_store(FACILITIES, SEAL_BYTES, path);
    for (uint32_t round = 0; round < ROUNDS; round++) {
        add(db, &random, round);
        double ratio = ratio_of(db, &used);
        if (used > FIRST && ratio > 1.25)
            fail_msg("commit %u: the file is %.2f times the %llu bytes in use", (unsigned)round, ratio,
                     (unsigned long long)used);
    }
    assert_true(used > FIRST);
    ok(gk_seal(db, &error), &error);
    assert_true(ratio_of(db, &used) < 1.25);
    for (int64_t hour = 1; hour <= 12; hour++) { /* old rows go a little at a time, too */
        ok(gk_retain(db, T0 + hour * HOUR_NS, NULL, NULL, &error), &error);
        assert_true(ratio_of(db, &used) < 1.35); /* of 111 hours, 12 went */
    }
    check_is_clean(db);
    world_end(db, path);
}

static void the_file_of_a_new_store_stays_near_what_is_in_it_from_the_second_hour_on(void **state)
{
    struct random random = random_from(7);
    char path[4096];
    uint64_t used;
    (void)state;

    gk_db *db = new_store(MANY, MANY * SEAL_BYTES_EACH, path);
    for (uint32_t step = 0; step < 5 * HOUR_STEPS; step++) {
        add_steps(db, &random, MANY, step, 1);
        double ratio = ratio_of(db, &used);
        if (step >= HOUR_STEPS && ratio > 1.3) /* twice the journal and four times the step made 1.42 */
            fail_msg("step %u: the file is %.2f times the %llu bytes in use", (unsigned)step, ratio,
                     (unsigned long long)used);
    }
    check_is_clean(db);
    world_end(db, path);
}

static void a_journal_is_long_against_the_rest_of_the_store(void **state)
{
    struct random random = random_from(7);
    struct store_stat stat;
    uint64_t most = 0;
    char path[4096];
    (void)state;

    gk_db *db = new_store(FACILITIES, SEAL_BYTES, path);
    for (uint32_t round = 0; round < 300; round++) {
        add(db, &random, round);
        ok(store_stat(db->store, &stat, &error), &error);
        most = stat.table_bytes[STORE_JOURNAL] > most ? stat.table_bytes[STORE_JOURNAL] : most;
    }
    /* A small store: what counts is 256 bytes a facility, and the record that made it too long was sealed with it. */
    assert_in_range(most, 5000, FACILITIES * 256 + 8192);
    world_end(db, path);
}

static uint64_t step_of(gk_db *db)
{
    struct txn *txn;

    ok(store_write(db->store, &txn, &error), &error);
    uint64_t step = growth_step_bytes(db, txn);
    txn_abort(txn);
    return step;
}

static void steps_grow_with_the_store_up_to_what_was_asked(void **state)
{
    struct random random = random_from(7);
    char path[4096];
    uint64_t used;
    (void)state;

    gk_db *db = new_store(FACILITIES, SEAL_BYTES, path);
    assert_int_equal(step_of(db), SEAL_BYTES / 64);
    for (uint32_t round = 0; round < ROUNDS; round++)
        add(db, &random, round);
    ok(gk_seal(db, &error), &error);
    (void)ratio_of(db, &used);
    assert_true(used / 128 > SEAL_BYTES / 64);
    assert_int_equal(step_of(db), used / 128);
    db->seal_bytes = used / 256;
    assert_int_equal(step_of(db), used / 256);
    world_end(db, path);
}

static void a_step_is_worth_the_sets_of_many_facilities(void **state)
{
    struct random random = random_from(7);
    char path[4096];
    (void)state;

    gk_db *db = new_store(MANY, MANY * 256, path);
    assert_int_equal(step_of(db), MANY * 256 / 64);
    add_steps(db, &random, MANY, 0, 1);
    assert_int_equal(step_of(db), MANY * 16);
    world_end(db, path);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(the_file_of_rows_that_trickle_in_stays_near_what_is_in_it),
    cmocka_unit_test(the_file_of_a_new_store_stays_near_what_is_in_it_from_the_second_hour_on),
    cmocka_unit_test(a_journal_is_long_against_the_rest_of_the_store),
    cmocka_unit_test(steps_grow_with_the_store_up_to_what_was_asked),
    cmocka_unit_test(a_step_is_worth_the_sets_of_many_facilities),
};

RUN_TESTS(tests)
