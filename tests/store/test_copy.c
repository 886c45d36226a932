/*
 * test_copy.c - a copy of a store that changes while it is copied, against a map in plain arrays: after a whole pass
 * over one moment it has what the source had then, whatever happened during the passes before.
 */
#include "support/support.h"

#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "store/copy.h"

#define KEYS 60

static char path[4096], dest[4200], part[4300];

static int set_up(void **state)
{
    (void)state;
    (void)snprintf(path, sizeof path, "%s", test_folder());
    (void)snprintf(dest, sizeof dest, "%s/copy", path);
    (void)snprintf(part, sizeof part, "%s/copy.gk-unfinished", path);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    test_folder_remove(path);
    return 0;
}

static void ok(int rc, const struct gk_error *error)
{
    if (rc != GK_OK)
        fail_msg("%s: %s", gk_status_text(rc), error->text);
}

static struct store *open_store(const char *where, bool is_writer)
{
    struct store_options options = {.is_writer = is_writer, .may_create = is_writer, .map_size = 1 << 28};
    struct gk_error error;
    struct store *store;
    bool is_new;
    ok(store_open(&MEM_SYSTEM, where, &options, &store, &is_new, &error), &error);
    return store;
}

/* Keys of one to nine bytes, of which some begin others; values of nothing to three pages. */
static struct view key_of(unsigned i)
{
    static char text[16];
    struct view key = {(const uint8_t *)text, (size_t)snprintf(text, sizeof text, "%u%.*s", i, (int)(i % 7), "xxxxxx")};
    return key;
}

/* One transaction of changes in some tables. */
static void change(struct store *store, struct random *random, size_t n)
{
    static uint8_t bytes[12000];
    struct gk_error error;
    struct txn *txn;

    ok(store_write(store, &txn, &error), &error);
    for (size_t i = 0; i < n; i++) {
        enum store_table table = (enum store_table)random_below(random, STORE_TABLES);
        struct view key = key_of((unsigned)random_below(random, KEYS));
        struct view value = {bytes, random_below(random, 3) ? random_below(random, 200) : random_below(random, 12000)};
        memset(bytes, (int)random_below(random, 256), value.size);
        if (random_below(random, 3) == 0) {
            int rc = txn_delete(txn, table, key, &error);
            assert_true(rc == GK_OK || rc == GK_ENOTFOUND);
        } else {
            ok(txn_put(txn, table, key, value, &error), &error);
        }
    }
    ok(txn_commit(txn, &error), &error);
}

static void expect_equal(struct txn *a, struct txn *b)
{
    struct gk_error error;

    for (unsigned t = 0; t < STORE_TABLES; t++) {
        struct cursor *x, *y;
        struct view v, w;
        ok(cursor_open(a, t, &x, &error), &error);
        ok(cursor_open(b, t, &y, &error), &error);
        int more = cursor_first(x, &error);
        assert_int_equal(cursor_first(y, &error), more);
        while (more == GK_OK) {
            assert_int_equal(cursor_key(x).size, cursor_key(y).size);
            assert_memory_equal(cursor_key(x).bytes, cursor_key(y).bytes, cursor_key(x).size);
            ok(cursor_value(x, &v, &error), &error);
            ok(cursor_value(y, &w, &error), &error);
            assert_int_equal(v.size, w.size);
            assert_memory_equal(v.bytes, w.bytes, v.size);
            more = cursor_next(x, &error);
            assert_int_equal(cursor_next(y, &error), more);
        }
        assert_int_equal(more, GK_DONE);
        cursor_close(x);
        cursor_close(y);
    }
}

static void a_pass_over_one_moment_leaves_what_was_there_at_that_moment(void **state)
{
    struct random random = random_from(test_seed("copy"));
    struct gk_error error;
    (void)state;

    for (uint64_t round = 0; round < test_rounds(60); round++) {
        struct store *store = open_store(path, true);
        struct copy *copy;
        struct txn *txn, *copied;
        int rc;

        change(store, &random, random_below(&random, 400));
        ok(copy_open(&MEM_SYSTEM, dest, 1 << 28, &copy, &error), &error);
        for (uint64_t passes = random_below(&random, 3); passes > 0; passes--)
            do {
                ok(store_read(store, &txn, &error), &error);
                rc = copy_step(copy, txn, 1 + random_below(&random, 40000), &error);
                assert_true(rc == GK_OK || rc == GK_DONE);
                txn_abort(txn);
                change(store, &random, random_below(&random, 20));
            } while (rc == GK_OK);
        ok(store_read(store, &txn, &error), &error);
        change(store, &random, 50); /* not of that moment */
        while ((rc = copy_step(copy, txn, 1 + random_below(&random, 40000), &error)) == GK_OK)
            change(store, &random, 5);
        assert_int_equal(rc, GK_DONE);
        ok(copy_sync(copy, &error), &error);
        ok(copy_publish(copy, &error), &error);
        copy_close(copy);
        struct store *other = open_store(dest, false);
        ok(store_read(other, &copied, &error), &error);
        expect_equal(txn, copied);
        txn_abort(copied);
        store_close(other);
        txn_abort(txn);
        store_close(store);
        test_folder_remove(dest);
        (void)snprintf(part, sizeof part, "%s/data.mdb", path);
        assert_int_equal(unlink(part), 0);
    }
}

static void a_copy_that_is_not_published_leaves_nothing(void **state)
{
    struct gk_error error;
    struct copy *copy, *other;
    struct stat st;
    (void)state;

    ok(copy_open(&MEM_SYSTEM, dest, 1 << 28, &copy, &error), &error);
    assert_int_equal(stat(part, &st), 0);
    assert_int_equal(copy_open(&MEM_SYSTEM, dest, 1 << 28, &other, &error), GK_EBUSY); /* two of the same name */
    assert_int_equal(stat(part, &st), 0);
    copy_close(copy);
    assert_int_not_equal(stat(part, &st), 0);
    ok(copy_open(&MEM_SYSTEM, dest, 1 << 28, &copy, &error), &error);
    ok(copy_sync(copy, &error), &error);
    copy_close(copy);
    assert_int_not_equal(stat(part, &st), 0);
    assert_int_not_equal(stat(dest, &st), 0);
}

/* Its file may be in any state: nothing was synced. */
static void what_a_killed_copy_left_is_thrown_away(void **state)
{
    struct random random = random_from(3);
    struct gk_error error;
    struct txn *txn, *copied;
    struct copy *copy;
    struct stat st;
    char name[4400];
    int status;
    (void)state;

    struct store *store = open_store(path, true);
    change(store, &random, 300);
    store_close(store);
    (void)fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        store = open_store(path, true);
        ok(store_read(store, &txn, &error), &error);
        ok(copy_open(&MEM_SYSTEM, dest, 1 << 28, &copy, &error), &error);
        (void)copy_step(copy, txn, 1, &error); /* whatever it says, it leaves something */
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    (void)snprintf(name, sizeof name, "%s/data.mdb", part);
    assert_int_equal(stat(name, &st), 0);
    assert_int_equal(truncate(name, 5000), 0);

    store = open_store(path, true);
    ok(store_read(store, &txn, &error), &error);
    ok(copy_open(&MEM_SYSTEM, dest, 1 << 28, &copy, &error), &error);
    assert_int_equal(copy_step(copy, txn, UINT64_MAX / 2, &error), GK_DONE);
    ok(copy_sync(copy, &error), &error);
    ok(copy_publish(copy, &error), &error);
    copy_close(copy);
    struct store *other = open_store(dest, false);
    ok(store_read(other, &copied, &error), &error);
    expect_equal(txn, copied);
    txn_abort(copied);
    store_close(other);
    txn_abort(txn);
    store_close(store);
}

static void a_copy_replaces_nothing(void **state)
{
    struct gk_error error;
    struct copy *copy;
    struct stat st;
    (void)state;

    assert_int_equal(mkdir(dest, 0750), 0);
    assert_int_equal(copy_open(&MEM_SYSTEM, dest, 1 << 28, &copy, &error), GK_EEXIST);
    assert_non_null(strstr(error.text, dest));
    assert_int_equal(rmdir(dest), 0);
    assert_int_equal(symlink("/nowhere", dest), 0);
    assert_int_equal(copy_open(&MEM_SYSTEM, dest, 1 << 28, &copy, &error), GK_EEXIST);
    assert_int_not_equal(stat(part, &st), 0);
    assert_int_equal(unlink(dest), 0);
    /* ... not even what comes up meanwhile. */
    ok(copy_open(&MEM_SYSTEM, dest, 1 << 28, &copy, &error), &error);
    ok(copy_sync(copy, &error), &error);
    FILE *f = fopen(dest, "w");
    assert_non_null(f);
    (void)fclose(f);
    assert_int_equal(copy_publish(copy, &error), GK_EEXIST);
    copy_close(copy);
    assert_int_equal(stat(dest, &st), 0);
    assert_true(S_ISREG(st.st_mode));
    assert_int_not_equal(stat(part, &st), 0);
}

static void a_slash_behind_the_name_is_no_part_of_it(void **state)
{
    struct gk_error error;
    struct copy *copy;
    struct stat st;
    char name[4300];
    (void)state;

    (void)snprintf(name, sizeof name, "%s//", dest);
    ok(copy_open(&MEM_SYSTEM, name, 1 << 28, &copy, &error), &error);
    ok(copy_sync(copy, &error), &error);
    ok(copy_publish(copy, &error), &error);
    copy_close(copy);
    assert_int_equal(stat(dest, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0750);
    (void)snprintf(name, sizeof name, "%s/data.mdb", dest);
    assert_int_equal(stat(name, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0640);
    (void)snprintf(name, sizeof name, "%s/lock.mdb", dest);
    assert_int_not_equal(stat(name, &st), 0);
    (void)snprintf(name, sizeof name, "%s/lock.writer", dest);
    assert_int_not_equal(stat(name, &st), 0);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test_setup_teardown(a_pass_over_one_moment_leaves_what_was_there_at_that_moment, set_up, tear_down),
    cmocka_unit_test_setup_teardown(a_copy_that_is_not_published_leaves_nothing, set_up, tear_down),
    cmocka_unit_test_setup_teardown(what_a_killed_copy_left_is_thrown_away, set_up, tear_down),
    cmocka_unit_test_setup_teardown(a_copy_replaces_nothing, set_up, tear_down),
    cmocka_unit_test_setup_teardown(a_slash_behind_the_name_is_no_part_of_it, set_up, tear_down),
};

RUN_TESTS(tests)
