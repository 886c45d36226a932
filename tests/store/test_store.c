/*
 * test_store.c - the one LMDB file: opening, transactions, cursors, checksums, and what a full, damaged, cut, half-made
 * or foreign store says.
 */
#include "support/support.h"

#include <fcntl.h>
#include <lmdb.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "state/hex.h"
#include "store/store.h"
#include "store/value.h"

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

static struct view text(const char *s)
{
    struct view v = {(const uint8_t *)s, strlen(s)};
    return v;
}

static void ok(int rc, const struct gk_error *error)
{
    if (rc != GK_OK)
        fail_msg("%s: %s", gk_status_text(rc), error->text);
}

static struct store *open_with(bool is_writer, uint64_t quota)
{
    struct store_options options = {
        .is_writer = is_writer, .may_create = is_writer, .map_size = 1 << 26, .quota = quota};
    struct gk_error error;
    struct store *store;
    bool is_new;
    ok(store_open(&MEM_SYSTEM, path, &options, &store, &is_new, &error), &error);
    return store;
}

static int try_open(const char *where, bool is_writer, bool may_create, struct gk_error *error)
{
    struct store_options options = {.is_writer = is_writer, .may_create = may_create, .map_size = 1 << 26};
    struct store *store;
    bool is_new;
    int rc = store_open(&MEM_SYSTEM, where, &options, &store, &is_new, error);
    assert_true((rc == GK_OK) == (store != NULL));
    store_close(store);
    return rc;
}

static void put_one(struct store *store, enum store_table table, const char *key, const void *bytes, size_t size)
{
    struct gk_error error;
    struct txn *txn;
    struct view value = {bytes, size};
    ok(store_write(store, &txn, &error), &error);
    ok(txn_put(txn, table, text(key), value, &error), &error);
    ok(txn_commit(txn, &error), &error);
}

static void expect(struct txn *txn, enum store_table table, const char *key, const char *value)
{
    struct gk_error error;
    struct view got;
    int rc = txn_get(txn, table, text(key), &got, &error);
    if (!value) {
        assert_int_equal(rc, GK_ENOTFOUND);
        return;
    }
    ok(rc, &error);
    assert_int_equal(got.size, strlen(value));
    assert_memory_equal(got.bytes, value, got.size);
}

/* ---- opening -------------------------------------------------------------------------------------------------------
 */

static void what_was_committed_is_there_after_opening_again(void **state)
{
    struct gk_error error;
    struct txn *txn;
    (void)state;

    struct store *store = open_with(true, 0);
    put_one(store, STORE_META, "a", "one", 3);
    put_one(store, STORE_CHUNK, "a", "two", 3);
    put_one(store, STORE_CHUNK, "b", "", 0);
    assert_int_equal(store_commits(store), 3);
    ok(store_write(store, &txn, &error), &error);
    ok(txn_put(txn, STORE_META, text("c"), text("never"), &error), &error);
    txn_abort(txn);
    store_close(store);

    store = open_with(false, 0);
    ok(store_read(store, &txn, &error), &error);
    expect(txn, STORE_META, "a", "one");
    expect(txn, STORE_CHUNK, "a", "two");
    expect(txn, STORE_CHUNK, "b", "");
    expect(txn, STORE_META, "c", NULL);
    txn_abort(txn);
    store_close(store);
}

/* A value that fills whole pages with what txn_pages says takes as many, and with a byte more one more. */
static void pages_of_a_large_value_are_told(void **state)
{
    static uint8_t bytes[1 << 16];
    struct gk_error error;
    struct store_stat before, stat;
    struct store *store = open_with(true, 0);
    struct txn *txn;
    size_t page, overhead;
    (void)state;

    ok(store_write(store, &txn, &error), &error);
    txn_pages(txn, &page, &overhead);
    txn_abort(txn);
    put_one(store, STORE_CHUNK, "a", "x", 1); /* the leaf that the keys are in */
    ok(store_stat(store, &before, &error), &error);
    put_one(store, STORE_CHUNK, "b", bytes, 3 * page - overhead);
    ok(store_stat(store, &stat, &error), &error);
    assert_int_equal(stat.table_bytes[STORE_CHUNK] - before.table_bytes[STORE_CHUNK], 3 * page);
    put_one(store, STORE_CHUNK, "c", bytes, 3 * page - overhead + 1);
    ok(store_stat(store, &stat, &error), &error);
    assert_int_equal(stat.table_bytes[STORE_CHUNK] - before.table_bytes[STORE_CHUNK], 7 * page);
    store_close(store);
}

static void a_reader_cannot_write(void **state)
{
    struct gk_error error;
    struct txn *txn;
    (void)state;

    store_close(open_with(true, 0));
    struct store *reader = open_with(false, 0);
    assert_int_equal(store_write(reader, &txn, &error), GK_EREADONLY);
    assert_null(txn);
    store_close(reader);
}

static void a_writer_that_died_leaves_no_lock(void **state)
{
    struct gk_error error;
    int status;
    (void)state;

    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        struct txn *txn;
        struct store *store = open_with(true, 0);
        if (store_write(store, &txn, &error) != GK_OK)
            _exit(1);
        _exit(0); /* with a transaction open and nothing closed */
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    struct store *store = open_with(true, 0);
    put_one(store, STORE_META, "a", "one", 3);
    store_close(store);
}

static void a_missing_store_is_not_found(void **state)
{
    struct gk_error error;
    char where[4300];
    (void)state;

    assert_int_equal(try_open(path, false, false, &error), GK_ENOTFOUND); /* an empty folder */
    assert_int_equal(try_open(path, true, false, &error), GK_ENOTFOUND);
    (void)snprintf(where, sizeof where, "%s/nowhere", path);
    assert_int_equal(try_open(where, false, false, &error), GK_ENOTFOUND);
    assert_non_null(strstr(error.text, "nowhere"));
    assert_int_equal(try_open(where, true, false, &error), GK_ENOTFOUND);
    assert_int_equal(access(where, F_OK), -1); /* asking makes nothing */
    (void)snprintf(where, sizeof where, "%s/no/where", path);
    assert_int_equal(try_open(where, true, true, &error), GK_ENOTFOUND); /* one folder is made, not many */
    assert_int_equal(try_open("", true, true, &error), GK_EINVAL);
    static char deep[9000];
    memset(deep, 'x', sizeof deep - 1);
    assert_int_equal(try_open(deep, true, true, &error), GK_EINVAL);
}

static void a_path_that_is_a_file_is_no_store(void **state)
{
    struct gk_error error;
    char where[4300];
    (void)state;

    (void)snprintf(where, sizeof where, "%s/plain.csv", path);
    int fd = open(where, O_CREAT | O_WRONLY, 0600);
    assert_int_equal(write(fd, "time,kw\n", 8), 8);
    (void)close(fd);
    assert_int_equal(try_open(where, false, false, &error), GK_ENOTFOUND);
    assert_int_equal(try_open(where, true, true, &error), GK_EINVAL);
    assert_non_null(strstr(error.text, "not a directory"));
    struct stat st;
    assert_int_equal(stat(where, &st), 0);
    assert_int_equal(st.st_size, 8); /* nobody wrote into it */
}

static void a_file_of_somebody_else_is_refused(void **state)
{
    struct gk_error error;
    static char junk[20000];
    (void)state;

    memset(junk, 'j', sizeof junk);
    int fd = open(file, O_CREAT | O_WRONLY, 0600);
    assert_int_equal(write(fd, junk, sizeof junk), sizeof junk);
    (void)close(fd);
    assert_int_equal(try_open(path, false, false, &error), GK_ECORRUPT);
    assert_int_equal(try_open(path, true, true, &error), GK_ECORRUPT);

    /* LMDB's, but not ours */
    assert_int_equal(unlink(file), 0);
    MDB_env *env;
    assert_int_equal(mdb_env_create(&env), 0);
    assert_int_equal(mdb_env_open(env, path, 0, 0600), 0);
    mdb_env_close(env);
    assert_int_equal(try_open(path, false, false, &error), GK_ECORRUPT);
    assert_non_null(strstr(error.text, "no gkdb store"));
}

/* ---- values --------------------------------------------------------------------------------------------------------
 */

static void keys_have_1_to_511_bytes(void **state)
{
    struct gk_error error;
    struct txn *txn;
    uint8_t key[600];
    (void)state;

    memset(key, 'k', sizeof key);
    struct store *store = open_with(true, 0);
    ok(store_write(store, &txn, &error), &error);
    struct view none = {key, 0}, most = {key, STORE_KEY_MAX}, over = {key, STORE_KEY_MAX + 1};
    assert_int_equal(txn_put(txn, STORE_META, none, text("v"), &error), GK_EINVAL);
    assert_int_equal(txn_put(txn, STORE_META, over, text("v"), &error), GK_EINVAL);
    ok(txn_put(txn, STORE_META, most, text("v"), &error), &error);
    ok(txn_commit(txn, &error), &error);
    store_close(store);
}

static void a_value_is_replaced_and_deleted(void **state)
{
    struct gk_error error;
    struct txn *txn;
    (void)state;

    struct store *store = open_with(true, 0);
    put_one(store, STORE_META, "a", "one", 3);
    put_one(store, STORE_META, "a", "another", 7);
    ok(store_write(store, &txn, &error), &error);
    expect(txn, STORE_META, "a", "another");
    assert_true(txn_size(txn) == 0);
    ok(txn_delete(txn, STORE_META, text("a"), &error), &error);
    assert_int_equal(txn_delete(txn, STORE_META, text("a"), &error), GK_ENOTFOUND);
    assert_true(txn_size(txn) > 0);
    expect(txn, STORE_META, "a", NULL);
    ok(txn_append(txn, STORE_JOURNAL, text("1"), text("x"), &error), &error);
    ok(txn_append(txn, STORE_JOURNAL, text("2"), text("y"), &error), &error);
    assert_int_equal(txn_append(txn, STORE_JOURNAL, text("1"), text("z"), &error), GK_EEXIST);
    ok(txn_commit(txn, &error), &error);
    store_close(store);
}

static void a_reader_keeps_its_view_while_the_writer_goes_on(void **state)
{
    struct gk_error error;
    struct txn *before, *after;
    (void)state;

    struct store *store = open_with(true, 0);
    put_one(store, STORE_META, "a", "old", 3);
    ok(store_read(store, &before, &error), &error);
    for (int i = 0; i < 50; i++)
        put_one(store, STORE_META, "a", "new", 3);
    expect(before, STORE_META, "a", "old");
    ok(store_read(store, &after, &error), &error);
    expect(after, STORE_META, "a", "new");
    struct store_stat stat;
    ok(store_stat(store, &stat, &error), &error);
    assert_int_equal(stat.n_readers, 2);
    assert_int_equal(stat.oldest_reader_lag, 50);
    assert_int_equal(stat.table_entries[STORE_META], 1);
    assert_true(stat.used_bytes >= stat.table_bytes[STORE_META] && stat.table_bytes[STORE_META] > 0);
    assert_true(stat.file_bytes >= stat.used_bytes);
    txn_abort(before);
    txn_abort(after);
    store_close(store);
}

static void a_dead_reader_is_cleared_away(void **state)
{
    struct gk_error error;
    int status;
    (void)state;

    struct store *store = open_with(true, 0);
    put_one(store, STORE_META, "a", "one", 3);
    pid_t child = fork();
    if (child == 0) {
        struct txn *txn;
        struct store *reader = open_with(false, 0);
        _exit(store_read(reader, &txn, &error) == GK_OK ? 0 : 1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    assert_int_equal(store_reader_check(store), 1);
    assert_int_equal(store_reader_check(store), 0);
    store_close(store);
}

/* ---- cursors -------------------------------------------------------------------------------------------------------
 */

static void expect_key(struct cursor *cursor, int rc, const char *key)
{
    if (!key) {
        assert_int_equal(rc, GK_DONE);
        return;
    }
    assert_int_equal(rc, GK_OK);
    struct view have = cursor_key(cursor), value;
    assert_int_equal(have.size, strlen(key));
    assert_memory_equal(have.bytes, key, have.size);
    struct gk_error error;
    ok(cursor_value(cursor, &value, &error), &error);
    assert_int_equal(value.size, 1);
    assert_int_equal(value.bytes[0], key[0]);
}

static void cursors_find_neighbours_and_ends(void **state)
{
    struct gk_error error;
    struct txn *txn;
    struct cursor *c;
    (void)state;

    struct store *store = open_with(true, 0);
    ok(store_read(store, &txn, &error), &error);
    ok(cursor_open(txn, STORE_CHUNK, &c, &error), &error); /* an empty table */
    expect_key(c, cursor_first(c, &error), NULL);
    expect_key(c, cursor_last(c, &error), NULL);
    expect_key(c, cursor_seek(c, text("d"), &error), NULL);
    expect_key(c, cursor_seek_before(c, text("d"), &error), NULL);
    cursor_close(c);
    txn_abort(txn);

    put_one(store, STORE_CHUNK, "d", "d", 1);
    put_one(store, STORE_CHUNK, "b", "b", 1);
    put_one(store, STORE_CHUNK, "f", "f", 1);
    put_one(store, STORE_PROFILE, "z", "z", 1); /* another table is not in sight */
    ok(store_read(store, &txn, &error), &error);
    ok(cursor_open(txn, STORE_CHUNK, &c, &error), &error);
    expect_key(c, cursor_first(c, &error), "b");
    expect_key(c, cursor_prev(c, &error), NULL);
    expect_key(c, cursor_last(c, &error), "f");
    expect_key(c, cursor_next(c, &error), NULL);
    expect_key(c, cursor_seek(c, text("d"), &error), "d");
    expect_key(c, cursor_next(c, &error), "f");
    expect_key(c, cursor_seek(c, text("c"), &error), "d");
    expect_key(c, cursor_prev(c, &error), "b");
    expect_key(c, cursor_seek(c, text("g"), &error), NULL);
    expect_key(c, cursor_seek_before(c, text("a"), &error), NULL);
    expect_key(c, cursor_seek_before(c, text("b"), &error), "b");
    expect_key(c, cursor_seek_before(c, text("c"), &error), "b");
    expect_key(c, cursor_seek_before(c, text("e"), &error), "d");
    expect_key(c, cursor_seek_before(c, text("g"), &error), "f");
    expect_key(c, cursor_prev(c, &error), "d");
    expect_key(c, cursor_seek_before(c, text("dd"), &error), "d");
    cursor_close(c);
    cursor_close(NULL);
    txn_abort(txn);
    txn_abort(NULL);
    store_close(store);
}

/* ---- damage --------------------------------------------------------------------------------------------------------
 */

/* Changes one byte in the file where these bytes are found; how often they were. */
static size_t flip_in_file(const void *needle, size_t size, size_t offset, uint8_t with)
{
    static uint8_t bytes[1 << 22];
    size_t n_found = 0;
    int fd = open(file, O_RDWR);
    assert_true(fd >= 0);
    ssize_t n = pread(fd, bytes, sizeof bytes, 0);
    assert_true(n > 0 && n < (ssize_t)sizeof bytes);
    for (ssize_t i = 0; i + (ssize_t)size <= n; i++)
        if (memcmp(bytes + i, needle, size) == 0) {
            uint8_t b = (uint8_t)(bytes[i + (ssize_t)offset] ^ with);
            assert_int_equal(pwrite(fd, &b, 1, (off_t)(i + (ssize_t)offset)), 1);
            n_found++;
        }
    (void)close(fd);
    return n_found;
}

static void any_flipped_byte_of_a_value_is_noticed(void **state)
{
    static const char VALUE[] = "the rows of one facility, sealed";
    const size_t size = sizeof VALUE - 1;
    struct gk_error error;
    struct txn *txn;
    struct view value;
    struct cursor *c;
    (void)state;

    struct store *store = open_with(true, 0);
    put_one(store, STORE_CHUNK, "k\x01\xfe", VALUE, size);
    store_close(store);
    for (size_t at = 0; at < size + 4; at++) { /* the checksum behind it, too */
        char copy[sizeof VALUE];
        size_t n = flip_in_file(VALUE, size, at, 0x10);
        assert_true(n > 0);
        store = open_with(false, 0);
        ok(store_read(store, &txn, &error), &error);
        assert_int_equal(txn_get(txn, STORE_CHUNK, text("k\x01\xfe"), &value, &error), GK_ECORRUPT);
        assert_non_null(strstr(error.text, "table chunk, key 6b01fe"));
        ok(cursor_open(txn, STORE_CHUNK, &c, &error), &error);
        ok(cursor_first(c, &error), &error);
        assert_int_equal(cursor_value(c, &value, &error), GK_ECORRUPT);
        cursor_close(c);
        txn_abort(txn);
        store_close(store);
        memcpy(copy, VALUE, size);
        if (at < size)
            copy[at] = (char)(copy[at] ^ 0x10);
        assert_int_equal(flip_in_file(copy, size, at, 0x10), n); /* back again */
    }
    store = open_with(false, 0);
    ok(store_read(store, &txn, &error), &error);
    expect(txn, STORE_CHUNK, "k\x01\xfe", VALUE);
    txn_abort(txn);
    store_close(store);
}

/* The checksum covers table and key: a value that turns up elsewhere is not believed. */
static void a_value_under_another_key_is_not_believed(void **state)
{
    struct gk_error error;
    struct txn *txn;
    struct view value;
    (void)state;

    struct store *store = open_with(true, 0);
    put_one(store, STORE_CHUNK, "facility-one", "rows", 4);
    store_close(store);
    assert_true(flip_in_file("facility-one", 12, 11, 'e' ^ 'f') > 0);
    store = open_with(false, 0);
    ok(store_read(store, &txn, &error), &error);
    assert_int_equal(txn_get(txn, STORE_CHUNK, text("facility-onf"), &value, &error), GK_ECORRUPT);
    txn_abort(txn);
    store_close(store);
}

static void a_checksum_is_of_one_table_alone(void **state)
{
    struct view key = text("a"), value = text("rows");
    uint8_t stored[4 + VALUE_CRC];
    (void)state;

    memcpy(stored, value.bytes, value.size);
    store_u32(stored + 4, value_crc(STORE_CHUNK, key, value.bytes, value.size));
    assert_true(value_fits(STORE_CHUNK, key, stored, sizeof stored));
    assert_false(value_fits(STORE_HOUR, key, stored, sizeof stored));
}

static void fill_with_big_values(struct store *store, int n)
{
    static uint8_t big[10000];
    memset(big, 0xAB, sizeof big);
    for (int i = 0; i < n; i++) {
        char key[16];
        (void)snprintf(key, sizeof key, "key %04d", i);
        put_one(store, STORE_CHUNK, key, big, sizeof big);
    }
}

/* Opens and reads everything; the exit status of a child, so that a SIGBUS is seen and not died of. */
static int read_all_in_a_child(void)
{
    int status;
    (void)fflush(NULL);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        struct gk_error error;
        struct store_options options = {.map_size = 1 << 26};
        struct store *store;
        struct txn *txn;
        struct cursor *c;
        struct view value;
        bool is_new;
        int rc = store_open(&MEM_SYSTEM, path, &options, &store, &is_new, &error);
        if (rc == GK_OK)
            rc = store_read(store, &txn, &error);
        for (unsigned t = 0; rc == GK_OK && t < STORE_TABLES; t++) {
            rc = cursor_open(txn, (enum store_table)t, &c, &error);
            for (int step = cursor_first(c, &error); rc == GK_OK && step == GK_OK; step = cursor_next(c, &error))
                rc = cursor_value(c, &value, &error);
        }
        _exit(-rc);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    if (!WIFEXITED(status))
        fail_msg("died of signal %d", WTERMSIG(status));
    return -WEXITSTATUS(status);
}

static void a_cut_file_is_an_error_at_opening(void **state)
{
    struct stat st;
    (void)state;

    struct store *store = open_with(true, 0);
    fill_with_big_values(store, 60);
    store_close(store);
    assert_int_equal(read_all_in_a_child(), GK_OK);
    assert_int_equal(stat(file, &st), 0);
    for (off_t size = st.st_size - 1; size > 0; size -= size > 20000 ? 7777 : 997) {
        assert_int_equal(truncate(file, size), 0);
        assert_int_equal(read_all_in_a_child(), GK_ECORRUPT);
    }
    assert_int_equal(truncate(file, 0), 0);
    assert_int_equal(read_all_in_a_child(), GK_ENOTFOUND);
}

/*
 * LMDB counts pages that a transaction took and gave back in its header and never writes them: a file that is shorter
 * than its header says may be whole.
 */
static void pages_given_back_within_a_transaction_are_no_damage(void **state)
{
    static uint8_t big[400000];
    struct gk_error error;
    struct txn *txn;
    (void)state;

    memset(big, 0x5A, sizeof big);
    struct store *store = open_with(true, 0);
    for (int i = 0; i < 10; i++) /* so that there are free pages from before */
        put_one(store, STORE_META, "a", "one", 3);
    struct view value = {big, sizeof big};
    ok(store_write(store, &txn, &error), &error);
    ok(txn_put(txn, STORE_META, text("b"), text("two"), &error), &error);
    ok(txn_put(txn, STORE_CHUNK, text("big"), value, &error), &error);
    ok(txn_delete(txn, STORE_CHUNK, text("big"), &error), &error);
    ok(txn_commit(txn, &error), &error);
    store_close(store);
    store = open_with(true, 0);
    ok(store_read(store, &txn, &error), &error);
    expect(txn, STORE_META, "a", "one");
    expect(txn, STORE_META, "b", "two");
    txn_abort(txn);
    fill_with_big_values(store, 30); /* into the pages given back */
    store_close(store);
    assert_int_equal(read_all_in_a_child(), GK_OK);
}

/* ---- a full store --------------------------------------------------------------------------------------------------
 */

static void a_full_store_says_so_and_goes_on(void **state)
{
    static uint8_t big[100000];
    struct gk_error error;
    struct txn *txn;
    struct view value = {big, sizeof big};
    int rc = GK_OK, n = 0;
    char key[16];
    (void)state;

    struct store *store = open_with(true, 2 << 20);
    put_one(store, STORE_META, "a", "one", 3);
    while (rc == GK_OK) {
        ok(store_write(store, &txn, &error), &error);
        (void)snprintf(key, sizeof key, "%04d", n);
        rc = txn_put(txn, STORE_CHUNK, text(key), value, &error);
        if (rc == GK_OK)
            rc = txn_commit(txn, &error);
        else
            txn_abort(txn);
        n += rc == GK_OK;
        assert_true(n < 100);
    }
    assert_int_equal(rc, GK_EFULL);
    assert_non_null(strstr(error.text, "quota"));
    assert_true(n >= 15);
    struct stat st;
    assert_int_equal(stat(file, &st), 0);
    assert_true(st.st_size <= 2 << 20);
    ok(store_read(store, &txn, &error), &error);
    expect(txn, STORE_META, "a", "one");
    expect(txn, STORE_CHUNK, key, NULL); /* the one that did not fit left nothing */
    txn_abort(txn);
    /* Room that is made can be used, two commits later. */
    ok(store_write(store, &txn, &error), &error);
    ok(txn_delete(txn, STORE_CHUNK, text("0000"), &error), &error);
    ok(txn_delete(txn, STORE_CHUNK, text("0001"), &error), &error);
    ok(txn_commit(txn, &error), &error);
    put_one(store, STORE_META, "b", "x", 1);
    put_one(store, STORE_META, "b", "y", 1);
    put_one(store, STORE_CHUNK, "new", big, sizeof big);
    store_close(store);
    store = open_with(true, 0); /* or with a larger quota */
    put_one(store, STORE_CHUNK, "new 2", big, sizeof big);
    store_close(store);
}

static void the_map_size_comes_from_the_environment(void **state)
{
    static uint8_t big[400000];
    struct gk_error error;
    struct store *store;
    struct txn *txn;
    bool is_new;
    struct view value = {big, sizeof big};
    struct store_options options = {.is_writer = true, .may_create = true};
    (void)state;

    assert_int_equal(setenv("GK_MAP_SIZE", "0x100000", 1), 0);
    ok(store_open(&MEM_SYSTEM, path, &options, &store, &is_new, &error), &error);
    assert_true(is_new);
    assert_int_equal(unsetenv("GK_MAP_SIZE"), 0);
    ok(store_write(store, &txn, &error), &error);
    ok(txn_put(txn, STORE_CHUNK, text("1"), value, &error), &error);
    ok(txn_put(txn, STORE_CHUNK, text("2"), value, &error), &error);
    assert_int_equal(txn_put(txn, STORE_CHUNK, text("3"), value, &error), GK_EFULL);
    txn_abort(txn);
    store_close(store);
}

/* ---- memory --------------------------------------------------------------------------------------------------------
 */

static int use_a_little(const struct mem *mem, struct gk_error *error)
{
    struct store_options options = {.is_writer = true, .may_create = true, .map_size = 1 << 22};
    struct store *store = NULL;
    struct txn *txn = NULL;
    struct cursor *cursor = NULL;
    bool is_new;
    int rc;

    TRY(store_open(mem, path, &options, &store, &is_new, error));
    TRY(store_write(store, &txn, error));
    TRY(txn_put(txn, STORE_META, text("a"), text("one"), error));
    TRY(cursor_open(txn, STORE_META, &cursor, error));
    TRY(cursor_first(cursor, error));
done:
    cursor_close(cursor);
    txn_abort(txn);
    store_close(store);
    return rc;
}

static void every_failing_allocation_is_survived(void **state)
{
    struct failing_mem failing;
    struct gk_error error;
    int rc = GK_ENOMEM;
    (void)state;

    failing_mem_init(&failing);
    for (uint64_t n = 1; rc != GK_OK; n++) {
        failing.n_calls = 0;
        failing.fail_at = n;
        rc = use_a_little(&failing.mem, &error);
        assert_true(rc == GK_OK || rc == GK_ENOMEM);
        assert_int_equal(failing.n_live, 0);
        assert_true(n < 100);
    }
    assert_true(failing.n_calls >= 3);
}

/* The bytes in the file: a value and the checksum behind it. */
static void the_page_shows_what_is_stored(void **state)
{
    struct buffer example;
    uint8_t value[8];
    (void)state;

    buffer_init(&example, &MEM_SYSTEM);
    free(read_example("docs/format/store.md", &example));
    assert_int_equal(example.size, 9 + 8 + 4);
    assert_memory_equal(example.bytes, "gateway 7", 9);
    store_u64(value, 1790);
    struct store *store = open_with(true, 0);
    put_one(store, STORE_SOURCE, "gateway 7", value, sizeof value);
    store_close(store);
    assert_true(flip_in_file(example.bytes, example.size, 0, 0) > 0); /* found, and nothing flipped */
    buffer_clear(&example);
}

static void a_store_from_before_a_table_gets_it_from_the_first_writer(void **state)
{
    struct gk_error error;
    MDB_env *env;
    MDB_txn *txn;
    MDB_dbi dbi;
    (void)state;

    store_close(open_with(true, 0));
    assert_int_equal(mdb_env_create(&env), 0);
    assert_int_equal(mdb_env_set_maxdbs(env, 20), 0);
    assert_int_equal(mdb_env_open(env, path, 0, 0600), 0);
    assert_int_equal(mdb_txn_begin(env, NULL, 0, &txn), 0);
    assert_int_equal(mdb_dbi_open(txn, "backfill", 0, &dbi), 0);
    assert_int_equal(mdb_drop(txn, dbi, 1), 0);
    assert_int_equal(mdb_txn_commit(txn), 0);
    mdb_env_close(env);
    struct store *store = open_with(false, 0); /* for a reader it is empty */
    struct txn *reading;
    struct cursor *c;
    struct view value;
    ok(store_read(store, &reading, &error), &error);
    assert_int_equal(txn_get(reading, STORE_BACKFILL, text("a"), &value, &error), GK_ENOTFOUND);
    assert_int_equal(txn_table_entries(reading, STORE_BACKFILL), 0);
    ok(cursor_open(reading, STORE_BACKFILL, &c, &error), &error);
    assert_int_equal(cursor_first(c, &error), GK_DONE);
    cursor_close(c);
    txn_abort(reading);
    store_close(store);
    assert_int_equal(try_open(path, true, false, &error), GK_OK);
    assert_int_equal(try_open(path, false, false, &error), GK_OK);
}

static void tables_have_names(void **state)
{
    (void)state;
    assert_string_equal(store_table_name(STORE_META), "meta");
    assert_string_equal(store_table_name(STORE_HOUR), "hour");
    assert_null(store_table_name(STORE_TABLES));
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

static void a_map_size_that_is_none_is_named(void **state)
{
    static const char *const good[] = {"268435456", "256M", "256MB", "256MiB", "1g", "262144k"};
    static const char *const bad[] = {"256 MB", "MB", "-1", "12x", "0", "99999999999999999999", "900000000T", "1e6"};
    struct store_options options = {.is_writer = true, .may_create = true};
    const char *before = getenv("GK_MAP_SIZE");
    char kept[64];
    struct gk_error error;
    struct store *store;
    bool is_new;

    (void)state;
    (void)snprintf(kept, sizeof kept, "%s", before ? before : "");
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        (void)setenv("GK_MAP_SIZE", good[i], 1);
        assert_int_equal(store_open(&MEM_SYSTEM, path, &options, &store, &is_new, &error), GK_OK);
        store_close(store);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        (void)setenv("GK_MAP_SIZE", bad[i], 1);
        assert_int_equal(store_open(&MEM_SYSTEM, path, &options, &store, &is_new, &error), GK_EINVAL);
        assert_non_null(strstr(error.text, bad[i]));
    }
    (void)(before ? setenv("GK_MAP_SIZE", kept, 1) : unsetenv("GK_MAP_SIZE")); /* for the other tests */
}

/*
 * A reader that was held up for a whole commit: the number that it took is two behind the header that it copied. Here
 * the number that LMDB hands to readers is set back, which is the same to them.
 */
static void a_reader_that_was_overtaken_begins_again(void **state)
{
    struct gk_error error;
    struct txn *txn;
    char name[4300];
    (void)state;

    struct store *store = open_with(true, 0);
    for (int i = 0; i < 4; i++)
        put_one(store, STORE_META, "key", "value", 5);
    (void)snprintf(name, sizeof name, "%s/lock.mdb", path);
    int fd = open(name, O_RDWR); /* closed after the store: LMDB's locks would go with it */
    uint8_t *lock = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    assert_true(lock != MAP_FAILED);
    uint8_t *number = lock + 8 + sizeof(pthread_mutex_t); /* behind what it is, and the lock of the readers' table */
    uint64_t newest = load_u64(number);
    ok(store_read(store, &txn, &error), &error);
    txn_abort(txn);
    store_u64(number, newest - 1); /* the newest is not durable yet: the one before is seen, as it should */
    ok(store_read(store, &txn, &error), &error);
    txn_abort(txn);
    store_u64(number, newest - 2);
    assert_int_equal(store_read(store, &txn, &error), GK_EIO);
    store_u64(number, newest);
    ok(store_read(store, &txn, &error), &error);
    txn_abort(txn);
    store_close(store);
    assert_int_equal(munmap(lock, 4096), 0);
    (void)close(fd);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test_setup_teardown(a_reader_that_was_overtaken_begins_again, set_up, tear_down),
    IN_FOLDER(a_map_size_that_is_none_is_named),
    IN_FOLDER(what_was_committed_is_there_after_opening_again),
    IN_FOLDER(pages_of_a_large_value_are_told),
    IN_FOLDER(a_reader_cannot_write),
    IN_FOLDER(a_writer_that_died_leaves_no_lock),
    IN_FOLDER(a_missing_store_is_not_found),
    IN_FOLDER(a_path_that_is_a_file_is_no_store),
    IN_FOLDER(a_file_of_somebody_else_is_refused),
    IN_FOLDER(keys_have_1_to_511_bytes),
    IN_FOLDER(a_value_is_replaced_and_deleted),
    IN_FOLDER(a_reader_keeps_its_view_while_the_writer_goes_on),
    IN_FOLDER(a_dead_reader_is_cleared_away),
    IN_FOLDER(cursors_find_neighbours_and_ends),
    IN_FOLDER(any_flipped_byte_of_a_value_is_noticed),
    IN_FOLDER(a_value_under_another_key_is_not_believed),
    cmocka_unit_test(a_checksum_is_of_one_table_alone),
    IN_FOLDER(a_cut_file_is_an_error_at_opening),
    IN_FOLDER(pages_given_back_within_a_transaction_are_no_damage),
    IN_FOLDER(a_full_store_says_so_and_goes_on),
    IN_FOLDER(the_map_size_comes_from_the_environment),
    IN_FOLDER(every_failing_allocation_is_survived),
    IN_FOLDER(the_page_shows_what_is_stored),
    IN_FOLDER(a_store_from_before_a_table_gets_it_from_the_first_writer),
    cmocka_unit_test(tables_have_names),
};

RUN_TESTS(tests)
