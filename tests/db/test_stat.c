/*
 * test_stat.c - who reads and since when, how far back the journal goes, what was taken from whom; and that a reader
 * that died is forgotten within a minute of the host's clock.
 */
#include "db/world.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

static struct gk_error error;
static char path[4096];

static struct gk_stat stat_of(gk_db *db)
{
    struct gk_stat stat;
    ok(gk_stat(db, &stat, &error), &error);
    return stat;
}

static gk_db *new_store(void)
{
    gk_db *db = world_new(path, NULL);
    (void)put_channel(db, "kw");
    (void)put_facility(db, "f", GK_PRODUCTION);
    ok(gk_commit(db, &error), &error);
    return db;
}

/* A process that holds a snapshot until it is killed; it has it when this returns. */
static pid_t start_reader(void)
{
    int fds[2];
    char byte;

    assert_int_equal(pipe(fds), 0);
    (void)fflush(NULL);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        gk_db *db = world_open(path, GK_READONLY, NULL);
        (void)look(db);
        if (write(fds[1], "x", 1) != 1)
            _exit(1);
        for (;;)
            (void)pause();
    }
    assert_int_equal(read(fds[0], &byte, 1), 1);
    (void)close(fds[0]);
    (void)close(fds[1]);
    return child;
}

static void stop_reader(pid_t pid)
{
    assert_int_equal(kill(pid, SIGKILL), 0);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static void put_rows(gk_db *db, int n)
{
    for (int i = 0; i < n; i++) {
        assert_int_equal(put_row(db, 0, T0 + DAY + i * GK_SECOND, 0, i), GK_OK);
        ok(gk_commit(db, &error), &error);
    }
}

static void the_oldest_reader_is_told_with_its_process(void **state)
{
    gk_db *db = new_store();
    (void)state;

    assert_int_equal(stat_of(db).n_readers, 0);
    assert_int_equal(stat_of(db).oldest_reader_pid, 0);
    pid_t first = start_reader();
    put_rows(db, 5);
    pid_t second = start_reader();
    put_rows(db, 2);
    struct gk_stat stat = stat_of(db);
    assert_int_equal(stat.n_readers, 2);
    assert_int_equal(stat.oldest_reader_pid, first);
    assert_true(stat.oldest_reader_lag >= 7);
    stop_reader(first);
    stop_reader(second);
    world_end(db, path);
}

static void pages_that_a_reader_keeps_are_told(void **state)
{
    gk_db *db = new_store();
    (void)state;

    put_rows(db, 20);
    struct gk_stat before = stat_of(db);
    assert_int_equal(before.held_bytes, 0);
    assert_true(before.free_bytes > 0 && before.free_bytes + before.used_bytes < before.file_bytes);
    pid_t reader = start_reader();
    put_rows(db, 20);
    struct gk_stat kept = stat_of(db);
    assert_true(kept.held_bytes >= 18 * 2 * 4096); /* two pages a commit at least */
    assert_true(kept.held_bytes < kept.free_bytes);
    assert_true(kept.file_bytes > before.file_bytes);
    stop_reader(reader);
    world_now += 60 * GK_SECOND;
    put_rows(db, 3);
    struct gk_stat after = stat_of(db);
    assert_int_equal(after.held_bytes, 0);
    assert_true(after.file_bytes <= kept.file_bytes + 2 * 4096);
    world_end(db, path);
}

static void a_reader_that_died_is_forgotten_within_a_minute(void **state)
{
    gk_time before = world_now;
    gk_db *db = new_store();
    (void)state;

    pid_t dead = start_reader(), alive = start_reader();
    stop_reader(dead);
    world_now += 59 * GK_SECOND;
    put_rows(db, 1);
    assert_int_equal(stat_of(db).n_readers, 2);
    world_now += GK_SECOND;
    put_rows(db, 1);
    assert_int_equal(stat_of(db).n_readers, 1);
    assert_int_equal(stat_of(db).oldest_reader_pid, alive);
    dead = start_reader();
    stop_reader(dead);
    world_now -= DAY; /* a clock that was set back does not stop it for a day */
    put_rows(db, 1);
    assert_int_equal(stat_of(db).n_readers, 1);
    stop_reader(alive);
    world_now = before;
    world_end(db, path);
}

static void the_journal_says_how_far_back_it_goes(void **state)
{
    gk_db *db = new_store();
    (void)state;

    assert_true(stat_of(db).journal_since == GK_TIME_MIN);
    assert_int_equal(put_row(db, 0, T0 + 10 * GK_SECOND, 0, 1), GK_OK);
    assert_int_equal(put_row(db, 0, T0, 0, 1), GK_OK); /* late, in the same record */
    ok(gk_commit(db, &error), &error);
    assert_int_equal(put_row(db, 0, T0 + 20 * GK_SECOND, 0, 1), GK_OK);
    ok(gk_commit(db, &error), &error);
    assert_int_equal(stat_of(db).journal_since, T0 + 10 * GK_SECOND);
    ok(gk_seal(db, &error), &error);
    assert_true(stat_of(db).journal_since == GK_TIME_MIN);
    world_end(db, path);
}

static int put_from(gk_db *db, const char *source, uint64_t sequence)
{
    const double value = 1, *values = &value;
    const gk_time time = T0 + (gk_time)sequence * GK_SECOND;
    const uint32_t zero = 0;
    struct gk_batch batch = {.n_rows = 1,
                             .time = &time,
                             .facility = &zero,
                             .n_channels = 1,
                             .channel = &zero,
                             .value = &values,
                             .source = source,
                             .sequence = sequence};
    return gk_ingest(db, &batch, NULL, &error);
}

static int take_source(void *context, const char *name, uint64_t sequence)
{
    char *text = context;
    (void)snprintf(text + strlen(text), 64, "%s=%llu;", name, (unsigned long long)sequence);
    return strcmp(name, "stop") == 0 ? GK_EINTERRUPTED : GK_OK;
}

static void sources_are_told_as_they_are_durable(void **state)
{
    gk_db *db = new_store();
    char text[256] = "";
    (void)state;

    assert_int_equal(put_from(db, "gateway 2", 7), GK_OK);
    assert_int_equal(put_from(db, "gateway 1", 3), GK_OK);
    assert_int_equal(put_from(db, "gateway 2", 9), GK_OK);
    ok(gk_commit(db, &error), &error);
    assert_int_equal(put_from(db, "gateway 1", 4), GK_OK); /* not durable yet */
    gk_snapshot *s = look(db);
    ok(gk_sources(s, take_source, text, &error), &error);
    assert_string_equal(text, "gateway 1=3;gateway 2=9;");
    gk_snapshot_close(s);
    assert_int_equal(put_from(db, "stop", 1), GK_OK);
    assert_int_equal(put_from(db, "zzz", 1), GK_OK);
    ok(gk_commit(db, &error), &error);
    s = look(db);
    text[0] = 0;
    assert_int_equal(gk_sources(s, take_source, text, &error), GK_EINTERRUPTED);
    assert_string_equal(text, "gateway 1=4;gateway 2=9;stop=1;");
    gk_snapshot_close(s);
    world_end(db, path);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(the_oldest_reader_is_told_with_its_process),
    cmocka_unit_test(pages_that_a_reader_keeps_are_told),
    cmocka_unit_test(a_reader_that_died_is_forgotten_within_a_minute),
    cmocka_unit_test(the_journal_says_how_far_back_it_goes),
    cmocka_unit_test(sources_are_told_as_they_are_durable),
};

RUN_TESTS(tests)
