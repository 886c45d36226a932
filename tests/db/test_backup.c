/*
 * test_backup.c - a backup has all that was durable at one moment, whatever was written while it was made, and nothing
 * of it is seen before it is whole.
 */
#include "db/world.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define FACILITIES 6

static struct gk_error error;
static char path[4096], dest[4200], part[4300];

static void names(void)
{
    (void)snprintf(dest, sizeof dest, "%s/backup", path);
    (void)snprintf(part, sizeof part, "%s/backup.gk-unfinished", path);
}

/* One value for all facilities: half a batch would show. Every fifth batch is late. */
static void put_batch(gk_db *db, uint32_t b)
{
    gk_time time[FACILITIES];
    uint32_t facility[FACILITIES];
    const uint32_t channel = 0;
    double value[FACILITIES];
    const double *values = value;
    struct gk_batch batch = {.n_rows = FACILITIES,
                             .time = time,
                             .facility = facility,
                             .n_channels = 1,
                             .channel = &channel,
                             .value = &values,
                             .source = "meter",
                             .sequence = b + 1};

    for (uint32_t i = 0; i < FACILITIES; i++) {
        facility[i] = i;
        time[i] = T0 + ((gk_time)b * 10 - (b % 5 == 4 ? 33 : 0)) * GK_SECOND;
        value[i] = (double)((b * 2654435761u >> 7) % 1200) / 100;
    }
    ok(gk_ingest(db, &batch, NULL, &error), &error);
}

static gk_db *new_store(uint32_t n_batches)
{
    struct gk_options o = world_options();
    o.seal_bytes = 8 << 10; /* and so are the steps of a backup */
    gk_db *db = world_new(path, &o);

    names();
    (void)put_channel(db, "kw");
    for (int i = 0; i < FACILITIES; i++) {
        char name[16];
        (void)snprintf(name, sizeof name, "f%d", i);
        (void)put_facility(db, name, i % 2 ? GK_ABATEMENT : GK_PRODUCTION);
    }
    for (uint32_t b = 0; b < n_batches; b++)
        put_batch(db, b);
    ok(gk_commit(db, &error), &error);
    return db;
}

static void a_backup_says_what_the_store_says(void **state)
{
    gk_db *db = new_store(3000);
    char digest[65], other[65];
    (void)state;

    ok(gk_seal(db, &error), &error);
    for (uint32_t b = 3000; b < 3050; b++) /* some stay in the journal, one row in quarantine */
        put_batch(db, b);
    assert_int_equal(put_row(db, 0, world_now + DAY, 0, 1), GK_OK);
    digest_is(db, digest);
    put_batch(db, 3050); /* not durable: not in it */
    struct gk_backup_options options = {.size = sizeof options, .verify = true};
    ok(gk_backup(db, dest, &options, &error), &error);

    gk_db *copy = world_open(dest, GK_READONLY, NULL);
    ok(gk_digest(copy, other, &error), &error);
    assert_string_equal(digest, other);
    check_is_clean(copy);
    struct gk_stat stat, before;
    ok(gk_stat(copy, &stat, &error), &error);
    ok(gk_stat(db, &before, &error), &error);
    assert_int_equal(stat.n_quarantined, 1);
    assert_int_equal(stat.n_unsealed, before.n_unsealed);
    assert_int_equal(stat.n_rows, 3050 * FACILITIES);
    assert_true(stat.file_bytes < stat.used_bytes + 40 * 4096); /* headers, roots and few pages per small step */
    assert_true(stat.file_bytes < before.file_bytes);
    assert_int_equal(gk_close(copy), GK_OK);

    /* It is written on like any store: what came from a source is known. */
    copy = world_open(dest, GK_READWRITE, NULL);
    put_batch(copy, 3049);
    put_batch(copy, 3050);
    digest_is(copy, other);
    digest_is(db, digest);
    assert_string_equal(digest, other);
    assert_int_equal(gk_close(copy), GK_OK);
    world_end(db, path);
}

/* Everything that writes, between the steps of a backup. */
struct busy {
    gk_db *db;
    struct random random;
    uint32_t next;
    uint64_t n_steps, last;
    int rc;
    uint64_t stop_at;
    bool dies;
};

static int write_more(void *context, uint64_t done, uint64_t total)
{
    struct busy *busy = context;

    assert_true(done >= busy->last && done <= total);
    busy->last = done;
    if (++busy->n_steps == busy->stop_at) {
        if (busy->dies)
            (void)raise(SIGKILL);
        return busy->rc;
    }
    for (uint64_t n = 1 + random_below(&busy->random, 20); n > 0; n--)
        put_batch(busy->db, busy->next++);
    ok(gk_commit(busy->db, &error), &error);
    uint64_t what = random_below(&busy->random, 12);
    if (what == 0)
        ok(gk_seal(busy->db, &error), &error);
    if (what == 1) {
        struct gk_band_put band =
            band_of(GK_ZONE, NULL, 10, 20 + (int64_t)random_below(&busy->random, 40), GK_TIME_MIN);
        ok(gk_band_put(busy->db, &band, &error), &error);
        ok(gk_commit(busy->db, &error), &error);
    }
    if (what == 2)
        ok(gk_retain(busy->db, T0 + (gk_time)random_below(&busy->random, 20000) * GK_SECOND, NULL, NULL, &error),
           &error);
    return GK_OK;
}

static void what_is_written_meanwhile_is_in_it_or_not_but_never_by_halves(void **state)
{
    struct random random = random_from(test_seed("backup"));
    (void)state;

    for (uint64_t round = 0; round < test_rounds(12); round++) {
        gk_db *db = new_store(1500 + (uint32_t)random_below(&random, 1500));
        struct busy busy = {.db = db, .random = {random_u64(&random)}, .next = 3000};
        struct gk_backup_options options = {
            .size = sizeof options, .verify = true, .progress = write_more, .context = &busy};
        char digest[65], other[65];

        if (round % 2)
            ok(gk_seal(db, &error), &error);
        ok(gk_backup(db, dest, &options, &error), &error);
        assert_true(busy.n_steps > 2);
        gk_db *copy = world_open(dest, GK_READONLY, NULL);
        ok(gk_digest(copy, other, &error), &error);
        digest_is(db, digest); /* all was durable before the last pass */
        assert_string_equal(digest, other);
        check_is_clean(copy);
        assert_int_equal(gk_close(copy), GK_OK);
        world_end(db, path);
    }
}

static void a_backup_that_was_stopped_leaves_nothing(void **state)
{
    gk_db *db = new_store(2000);
    struct busy busy = {.db = db, .random = {1}, .next = 2000, .stop_at = 2, .rc = GK_EINTERRUPTED};
    struct gk_backup_options options = {.size = sizeof options, .progress = write_more, .context = &busy};
    struct stat st;
    (void)state;

    assert_int_equal(gk_backup(db, dest, &options, &error), GK_EINTERRUPTED);
    assert_int_not_equal(stat(dest, &st), 0);
    assert_int_not_equal(stat(part, &st), 0);
    put_batch(db, busy.next); /* the store is as good as before */
    ok(gk_commit(db, &error), &error);
    check_is_clean(db);
    world_end(db, path);
}

static void a_killed_backup_has_no_name_and_the_next_one_is_whole(void **state)
{
    gk_db *db = new_store(2000);
    struct stat st;
    int status;
    (void)state;

    assert_int_equal(gk_close(db), GK_OK);
    (void)fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        db = world_open(path, GK_READONLY, NULL);
        struct busy busy = {.db = db, .stop_at = 1, .dies = true};
        struct gk_backup_options options = {.size = sizeof options, .progress = write_more, .context = &busy};
        _exit(gk_backup(db, dest, &options, &error) == GK_OK);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status));
    assert_int_not_equal(stat(dest, &st), 0);
    assert_int_equal(stat(part, &st), 0);
    db = world_open(path, GK_READONLY, NULL);
    struct gk_backup_options options = {.size = sizeof options, .verify = true};
    ok(gk_backup(db, dest, &options, &error), &error);
    assert_int_not_equal(stat(part, &st), 0);
    world_end(db, path);
}

/* A copy of it would be as bad, and the last good one is worth more. */
static void a_damaged_store_is_not_backed_up(void **state)
{
    static char bytes[1 << 22];
    gk_db *db = new_store(10);
    struct stat st;
    char name[4200];
    (void)state;

    struct gk_facility_put f = facility_of("to be damaged", "E1", "L1", GK_OTHER);
    ok(gk_facility_put(db, &f, NULL, &error), &error);
    assert_int_equal(gk_close(db), GK_OK);
    (void)snprintf(name, sizeof name, "%s/data.mdb", path);
    int fd = open(name, O_RDWR);
    ssize_t n = read(fd, bytes, sizeof bytes);
    size_t n_found = 0;
    for (ssize_t i = 0; i + 13 < n; i++)
        if (memcmp(bytes + i, "to be damaged", 13) == 0) {
            assert_int_equal(pwrite(fd, "T", 1, i), 1);
            n_found++;
        }
    assert_true(n_found > 0);
    assert_int_equal(close(fd), 0);
    gk_db *reader = NULL;
    int rc = gk_open(path, GK_READONLY, NULL, &reader, &error);
    if (rc == GK_OK)
        rc = gk_backup(reader, dest, NULL, &error);
    (void)gk_close(reader); /* nothing was written */
    assert_int_equal(rc, GK_ECORRUPT);
    assert_int_not_equal(stat(dest, &st), 0);
    test_folder_remove(path);
}

static void options_of_another_size_are_refused(void **state)
{
    gk_db *db = new_store(1);
    struct gk_backup_options options = {.size = 4096};
    (void)state;

    assert_int_equal(gk_backup(db, dest, &options, &error), GK_EINVAL);
    world_end(db, path);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(a_backup_says_what_the_store_says),
    cmocka_unit_test(what_is_written_meanwhile_is_in_it_or_not_but_never_by_halves),
    cmocka_unit_test(a_backup_that_was_stopped_leaves_nothing),
    cmocka_unit_test(a_killed_backup_has_no_name_and_the_next_one_is_whole),
    cmocka_unit_test(a_damaged_store_is_not_backed_up),
    cmocka_unit_test(options_of_another_size_are_refused),
};

RUN_TESTS(tests)
