/*
 * test_prefetch.c - which pages are asked for: all of small tables, none of large ones, and nothing goes wrong when the
 * file's bytes make no sense.
 */
#include "support/support.h"

#include <fcntl.h>
#include <lmdb.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/prefetch.h"

#define VALUE_MAX 3000

static char path[4096], file[4200];

static int set_up(void **state)
{
    (void)state;
    (void)snprintf(path, sizeof path, "%s", test_folder());
    (void)snprintf(file, sizeof file, "%s/data.mdb", path);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    test_folder_remove(path);
    return 0;
}

static MDB_env *open_env(void)
{
    MDB_env *env;
    assert_int_equal(mdb_env_create(&env), 0);
    assert_int_equal(mdb_env_set_maxdbs(env, 8), 0);
    assert_int_equal(mdb_env_set_mapsize(env, 1 << 26), 0);
    assert_int_equal(mdb_env_open(env, path, MDB_NOTLS, 0640), 0);
    return env;
}

/* n values of so many bytes; how many pages the table has then. */
static size_t fill(MDB_env *env, const char *table, uint32_t n, size_t size)
{
    static uint8_t bytes[VALUE_MAX];
    MDB_txn *txn;
    MDB_dbi dbi;
    MDB_stat stat;

    assert_int_equal(mdb_txn_begin(env, NULL, 0, &txn), 0);
    assert_int_equal(mdb_dbi_open(txn, table, MDB_CREATE, &dbi), 0);
    for (uint32_t i = 0; i < n; i++) {
        MDB_val key = {sizeof i, &i}, value = {size, bytes};
        assert_int_equal(mdb_put(txn, dbi, &key, &value, 0), 0);
    }
    assert_int_equal(mdb_stat(txn, dbi, &stat), 0);
    assert_int_equal(mdb_txn_commit(txn), 0);
    return stat.ms_branch_pages + stat.ms_leaf_pages + stat.ms_overflow_pages;
}

static size_t ask(MDB_env *env, const char *a, const char *b)
{
    const char *tables[] = {a, b};
    return prefetch_tables(env, file, tables, 2);
}

/* Of a file that is in memory the pages of values are not looked for. */
static void drop_from_memory(void)
{
    int fd = open(file, O_RDONLY);
    assert_true(fd >= 0 && fsync(fd) == 0);
    assert_int_equal(posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED), 0);
    (void)close(fd);
}

static void all_pages_of_small_tables_are_asked_for(void **state)
{
    MDB_env *env = open_env();
    (void)state;

    assert_int_equal(ask(env, "a", "b"), 0); /* nothing there yet */
    size_t a = fill(env, "a", 3000, 300), one = fill(env, "one", 3, 10);
    size_t big = fill(env, "big", 40, VALUE_MAX);
    (void)fill(env, "large", PREFETCH_PAGES_MAX + 1, VALUE_MAX);
    assert_true(a > 200 && one == 1 && big > 40);
    assert_int_equal(ask(env, "a", "one"), a + 1);
    assert_int_equal(ask(env, "one", "large"), 1);
    assert_int_equal(ask(env, "on", "ones"), 0);
    drop_from_memory();
    size_t n = ask(env, "big", "one");
    assert_true(n == big + 1 || n == big + 1 - 40); /* the second if the file would not leave the memory */
    mdb_env_close(env);
}

static void bytes_that_make_no_sense_are_left_alone(void **state)
{
    struct random random = random_from(test_seed(__func__));
    MDB_env *env = open_env();
    uint8_t bytes[64];
    struct stat st;
    (void)state;

    (void)fill(env, "a", 2000, 300);
    (void)fill(env, "b", 30, VALUE_MAX);
    int fd = open(file, O_RDWR);
    assert_true(fd >= 0 && fstat(fd, &st) == 0);
    for (uint64_t round = test_rounds(400); round > 0; round--) { /* the headers stay: LMDB believes them */
        for (size_t i = 0; i < sizeof bytes; i++)
            bytes[i] = (uint8_t)random_u64(&random);
        uint64_t page = 2 + random_below(&random, (uint64_t)st.st_size / 4096 - 2);
        off_t at = (off_t)(page * 4096 + random_below(&random, random_below(&random, 2) ? 60 : 4096 - sizeof bytes));
        assert_int_equal(pwrite(fd, bytes, 1 + random_below(&random, sizeof bytes - 1), at) > 0, 1);
        assert_true(ask(env, "a", "b") <= 5 * PREFETCH_PAGES_MAX);
        if (round % 8 == 0)
            drop_from_memory();
    }
    assert_int_equal(ftruncate(fd, 3 * 4096), 0);
    assert_true(ask(env, "a", "b") <= 5 * PREFETCH_PAGES_MAX);
    (void)close(fd);
    mdb_env_close(env);
    const char *tables[] = {"a"};
    assert_int_equal(unlink(file), 0);
    env = open_env();
    assert_int_equal(prefetch_tables(env, "/nowhere/data.mdb", tables, 1), 0);
    mdb_env_close(env);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test_setup_teardown(all_pages_of_small_tables_are_asked_for, set_up, tear_down),
    cmocka_unit_test_setup_teardown(bytes_that_make_no_sense_are_left_alone, set_up, tear_down),
};

RUN_TESTS(tests)
