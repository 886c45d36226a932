/*
 * test_lock.c - who is at work on a store: a second writer hears who the first one is, nobody waits for ever, nothing
 * is written beside another writer or into a file that is gone, and no descriptor of a store is one that people print
 * to.
 */
#define _GNU_SOURCE /* F_OFD_SETLK */
#include "support/support.h"

#include <errno.h>
#include <fcntl.h>
#include <lmdb.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "store/store.h"

static char path[4096];
static struct gk_error error;
static struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};

static int set_up(void **state)
{
    (void)state;
    (void)snprintf(path, sizeof path, "%s", test_folder());
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

static int open_as(bool is_writer, struct store **out)
{
    struct store_options options = {
        .is_writer = is_writer, .may_create = is_writer, .map_size = 1 << 26, .wait_ms = 50};
    bool is_new;
    return store_open(&MEM_SYSTEM, path, &options, out, &is_new, &error);
}

static struct store *must_open(bool is_writer)
{
    struct store *store;
    if (open_as(is_writer, &store) != GK_OK)
        fail_msg("%s", error.text);
    return store;
}

static int put(struct store *store, const char *key, const char *value)
{
    struct txn *txn;
    int rc;

    TRY(store_write(store, &txn, &error));
    rc = txn_put(txn, STORE_META, text(key), text(value), &error);
    if (rc != GK_OK)
        txn_abort(txn);
    TRY(rc);
    TRY(txn_commit(txn, &error));
done:
    return rc;
}

static void must_put(struct store *store, const char *key, const char *value)
{
    if (put(store, key, value) != GK_OK)
        fail_msg("%s", error.text);
}

static void lock_name(char name[4200])
{
    (void)snprintf(name, 4200, "%s/lock.writer", path);
}

/* ---- another process that does something and then waits until it is told to end ---- */

struct other {
    pid_t pid;
    int begun, end;
};

static struct other other_begin(void (*work)(void))
{
    int begun[2], end[2];
    char byte = 0;
    struct other other;

    assert_int_equal(pipe(begun), 0);
    assert_int_equal(pipe(end), 0);
    other.pid = fork();
    assert_true(other.pid >= 0);
    if (other.pid == 0) {
        (void)close(end[1]);
        work();
        if (write(begun[1], "x", 1) != 1 || read(end[0], &byte, 1) != 0)
            _exit(1);
        _exit(0);
    }
    (void)close(begun[1]);
    (void)close(end[0]);
    assert_int_equal(read(begun[0], &byte, 1), 1);
    other.begun = begun[0];
    other.end = end[1];
    return other;
}

static void other_end(struct other *other)
{
    int status;
    (void)close(other->end);
    assert_int_equal(waitpid(other->pid, &status, 0), other->pid);
    assert_int_equal(status, 0);
    (void)close(other->begun);
}

/* ---- descriptors ---- */

static void print_with_nothing_to_print_to(void)
{
    struct store *store;

    for (int fd = 0; fd <= 2; fd++)
        (void)close(fd);
    if (open_as(true, &store) != GK_OK || put(store, "a", "one") != GK_OK)
        _exit(2);
    for (int fd = 0; fd <= 2; fd++)
        if (fcntl(fd, F_GETFD) != -1 || write(fd, "hello", 5) != -1)
            _exit(3);
    store_close(store);
}

static void a_store_never_gets_the_descriptors_that_are_printed_to(void **state)
{
    (void)state;
    struct other other = other_begin(print_with_nothing_to_print_to);
    other_end(&other);
    store_close(must_open(false));
}

/* ---- the writer's lock ---- */

static void write_a_little(void)
{
    struct store *store;
    if (open_as(true, &store) != GK_OK || put(store, "a", "one") != GK_OK)
        _exit(2);
}

static void a_second_writer_hears_who_the_first_one_is(void **state)
{
    char expected[64];
    struct store *store;
    (void)state;

    struct other other = other_begin(write_a_little);
    assert_int_equal(kill(other.pid, SIGSTOP), 0); /* not even then it waits */
    assert_int_equal(open_as(true, &store), GK_EBUSY);
    (void)snprintf(expected, sizeof expected, "process %ld writes this store already", (long)other.pid);
    assert_non_null(strstr(error.text, expected));
    assert_null(strstr(error.text, "has ended"));
    store_close(must_open(false));
    assert_int_equal(kill(other.pid, SIGCONT), 0);
    other_end(&other);
    store_close(must_open(true));
}

/* The pid of another container is none of ours: the host is told with it. */
static void lock_as_of_another_container(void)
{
    char name[4200];

    lock_name(name);
    int fd = open(name, O_RDWR | O_CREAT, 0600);
    if (fd < 0 || fcntl(fd, F_OFD_SETLK, &whole) != 0 || write(fd, "17 plant-7\n", 11) != 11)
        _exit(2);
}

static void a_writer_in_another_container_is_named_with_its_host(void **state)
{
    struct store *store;
    (void)state;

    struct other other = other_begin(lock_as_of_another_container);
    assert_int_equal(open_as(true, &store), GK_EBUSY);
    assert_non_null(strstr(error.text, "process 17 of host or container plant-7 writes"));
    other_end(&other);
}

/* Whatever is in the file, it gives an error and no crash. */
static void words_in_the_lock_are_not_believed(void **state)
{
    static const char *const words[] = {"", "\n", "-1 x", "999999999999999999999999 x", "x", "\xff\xfe", "0 h"};
    char name[4200];
    struct store *store;
    (void)state;

    lock_name(name);
    int fd = open(name, O_RDWR | O_CREAT, 0600);
    assert_true(fd >= 0);
    assert_int_equal(fcntl(fd, F_OFD_SETLK, &whole), 0);
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        assert_int_equal(ftruncate(fd, 0), 0);
        assert_int_equal(pwrite(fd, words[i], strlen(words[i]), 0), strlen(words[i]));
        assert_int_equal(open_as(true, &store), GK_EBUSY);
        assert_non_null(strstr(error.text, "writes this store already"));
    }
    (void)close(fd);
    store_close(must_open(true));
}

/* The child of a writer that ended has its descriptors, and so its lock. */
static void leave_a_child(void)
{
    struct store *store;
    pid_t child;

    if (open_as(true, &store) != GK_OK)
        _exit(2);
    child = fork();
    if (child < 0)
        _exit(3);
    if (child > 0)
        _exit(0); /* the child goes on as the one that is waited for */
}

static void a_lock_that_a_child_still_holds_says_so(void **state)
{
    struct store *store;
    int status;
    (void)state;

    struct other other = other_begin(leave_a_child);
    assert_int_equal(waitpid(other.pid, &status, 0), other.pid);
    assert_int_equal(open_as(true, &store), GK_EBUSY);
    assert_non_null(strstr(error.text, "a child of it is left"));
    (void)close(other.end);
    char byte;
    assert_int_equal(read(other.begun, &byte, 1), 0); /* it has ended */
    (void)close(other.begun);
    store_close(must_open(true));
}

static void a_handle_does_not_outlive_a_fork(void **state)
{
    struct store *store = must_open(true);
    int status;
    (void)state;

    must_put(store, "a", "one");
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        struct txn *txn;
        _exit(store_write(store, &txn, &error) == GK_EINVAL && store_read(store, &txn, &error) == GK_EINVAL &&
                      strstr(error.text, "fork")
                  ? 0
                  : 1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    must_put(store, "b", "two");
    store_close(store);
}

/* The number of readers that are open, in all processes; *pid: of the oldest. */
static uint64_t readers_of(struct store *store, int64_t *pid)
{
    struct store_stat stat;
    assert_int_equal(store_stat(store, &stat, &error), GK_OK);
    *pid = stat.oldest_reader_pid;
    return stat.n_readers;
}

static void a_child_that_closes_takes_nothing_from_its_parent(void **state)
{
    struct store *store = must_open(true), *mine, *other;
    struct txn *txn;
    int64_t pid;
    int status;
    (void)state;

    must_put(store, "a", "one");
    assert_int_equal(store_read(store, &txn, &error), GK_OK);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        mine = must_open(false); /* what it opens itself is its own */
        txn_abort(txn);
        store_close(store);
        bool is_kept = open_as(false, &other) == GK_EBUSY && readers_of(mine, &pid) == 1 && pid == getppid();
        store_close(mine);
        _exit(is_kept ? 0 : 1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    assert_int_equal(readers_of(store, &pid), 1);
    assert_int_equal(pid, getpid());
    txn_abort(txn);
    must_put(store, "b", "two");
    store_close(store);
}

/* ---- one handle a process ---- */

static void do_nothing(void)
{
}

static void hear_of_the_writer(void)
{
    struct store *store;
    if (open_as(true, &store) != GK_EBUSY || !strstr(error.text, "writes this store already"))
        _exit(2);
}

static void expect_open_already(bool is_writer)
{
    struct store *store;
    char expected[64];

    assert_int_equal(open_as(is_writer, &store), GK_EBUSY);
    (void)snprintf(expected, sizeof expected, "this process (%ld) has it open already", (long)getpid());
    assert_non_null(strstr(error.text, expected));
}

static void a_process_opens_a_store_once(void **state)
{
    struct other other;
    struct txn *txn;
    int64_t pid;
    (void)state;

    store_close(must_open(true));
    for (int is_writer = 0; is_writer < 2; is_writer++) {
        struct store *store = must_open(is_writer);
        assert_int_equal(store_read(store, &txn, &error), GK_OK);
        expect_open_already(false);
        expect_open_already(true);
        other = other_begin(is_writer ? hear_of_the_writer : write_a_little); /* others are not concerned */
        other_end(&other);
        assert_int_equal(store_reader_check(store), 0); /* the first one's locks are there still */
        assert_int_equal(readers_of(store, &pid), 1);
        txn_abort(txn);
        store_close(store);
    }
    store_close(must_open(true));
}

static void another_path_is_the_same_store(void **state)
{
    char whole_path[sizeof path], linked[sizeof path];
    struct store *store;
    (void)state;

    store = must_open(true);
    memcpy(whole_path, path, sizeof path);
    (void)snprintf(linked, sizeof linked, "%.4000s-linked", path);
    assert_int_equal(symlink(path, linked), 0);
    memcpy(path, linked, sizeof path);
    expect_open_already(false);
    expect_open_already(true);
    memcpy(path, whole_path, sizeof path);
    assert_int_equal(unlink(linked), 0);
    store_close(store);
}

/* A child that outlives its parent's handle has its descriptors. */
static void a_child_does_not_keep_its_parent_from_opening_again(void **state)
{
    struct store *store;
    (void)state;

    store_close(must_open(true));
    store = must_open(false);
    struct other other = other_begin(do_nothing);

    store_close(store);
    store = must_open(false);
    store_close(store);
    other_end(&other);
}

/* ---- LMDB's mutex ---- */

/* A program that knows LMDB and not lock.writer. */
static void hold_the_mutex(void)
{
    MDB_env *env;
    MDB_txn *txn;
    if (mdb_env_create(&env) != 0 || mdb_env_set_maxreaders(env, 1024) != 0 || mdb_env_open(env, path, 0, 0600) != 0 ||
        mdb_txn_begin(env, NULL, 0, &txn) != 0)
        _exit(2);
}

/* A process that was stopped while it opened. */
static void hold_the_turn(void)
{
    char name[4200];

    (void)snprintf(name, sizeof name, "%s/lock.mdb", path);
    int fd = open(name, O_RDWR);
    if (fd < 0 || flock(fd, LOCK_EX) != 0)
        _exit(2);
}

static void one_process_at_a_time_opens(void **state)
{
    struct store *store;
    (void)state;

    store_close(must_open(true));
    struct other other = other_begin(hold_the_turn);
    assert_int_equal(open_as(false, &store), GK_EBUSY);
    assert_non_null(strstr(error.text, "another process is in the middle of opening it"));
    other_end(&other);
    store = must_open(false); /* the turn ended with it, and nobody keeps one */
    other = other_begin(write_a_little);
    other_end(&other);
    store_close(store);
}

/* What LMDB leaves when the process that makes the table is killed, and others waited for it: no transaction is known.
 */
static void spoil_the_table(void)
{
    static const uint8_t NONE[8] = {0};
    struct flock lock = {.l_type = F_RDLCK, .l_len = 1};
    char name[4200];

    (void)snprintf(name, sizeof name, "%s/lock.mdb", path);
    int fd = open(name, O_RDWR);
    if (fd < 0 || fcntl(fd, F_SETLK, &lock) != 0 || pwrite(fd, NONE, sizeof NONE, 48) != 8) /* MDB_txninfo.mti_txnid */
        _exit(2);
}

static void a_table_that_knows_of_no_transaction_is_not_believed(void **state)
{
    struct store *store;
    (void)state;

    store = must_open(true);
    must_put(store, "a", "one");
    must_put(store, "a", "two");
    store_close(store);
    struct other other = other_begin(spoil_the_table);
    for (int is_writer = 0; is_writer < 2; is_writer++) {
        assert_int_equal(open_as(is_writer, &store), GK_EBUSY);
        assert_non_null(strstr(error.text, "was left unfinished by a process that was killed"));
    }
    other_end(&other);
    store = must_open(true); /* alone: the table is made anew */
    must_put(store, "b", "two");
    store_close(store);
}

static void nobody_waits_for_ever_for_the_mutex_of_lmdb(void **state)
{
    char expected[64];
    struct store *store;
    int status;
    (void)state;

    store_close(must_open(true));
    struct other other = other_begin(hold_the_mutex);
    (void)snprintf(expected, sizeof expected, "process %ld is in the middle of writing", (long)other.pid);
    assert_int_equal(open_as(true, &store), GK_EBUSY); /* when it is opened */
    assert_non_null(strstr(error.text, expected));
    store_close(must_open(false));
    other_end(&other);

    store = must_open(true);
    must_put(store, "a", "one");
    other = other_begin(hold_the_mutex);
    (void)snprintf(expected, sizeof expected, "process %ld is in the middle of writing", (long)other.pid);
    assert_int_equal(put(store, "a", "two"), GK_EBUSY); /* and later */
    assert_non_null(strstr(error.text, expected));
    assert_int_equal(kill(other.pid, SIGKILL), 0); /* whoever dies with it does not hold it */
    assert_int_equal(waitpid(other.pid, &status, 0), other.pid);
    (void)close(other.begun);
    (void)close(other.end);
    must_put(store, "a", "three");
    store_close(store);
}

/* ---- files that go away ---- */

static void whoever_lost_the_lock_file_writes_nothing_beside_another(void **state)
{
    char name[4200];
    struct txn *txn;
    struct view value;
    (void)state;

    struct store *store = must_open(true);
    must_put(store, "a", "one");
    lock_name(name);
    assert_int_equal(unlink(name), 0);
    must_put(store, "a", "two"); /* nobody else was there */
    struct other other = other_begin(write_a_little);
    assert_int_equal(put(store, "b", "three"), GK_EBUSY);
    assert_non_null(strstr(error.text, "another process has written this store"));
    assert_int_equal(put(store, "b", "three"), GK_EBUSY);
    store_close(store);
    other_end(&other);
    store = must_open(true);
    assert_int_equal(store_read(store, &txn, &error), GK_OK);
    assert_int_equal(txn_get(txn, STORE_META, text("b"), &value, &error), GK_ENOTFOUND);
    txn_abort(txn);
    store_close(store);
}

static void a_file_that_was_removed_is_not_written_to(void **state)
{
    char name[4200];
    (void)state;

    struct store *store = must_open(true);
    must_put(store, "a", "one");
    (void)snprintf(name, sizeof name, "%s/data.mdb", path);
    assert_int_equal(unlink(name), 0);
    assert_int_equal(put(store, "a", "two"), GK_EIO);
    assert_non_null(strstr(error.text, "was removed"));
    store_close(store);
}

static void a_folder_that_was_renamed_is_written_on(void **state)
{
    char elsewhere[4200];
    struct txn *txn;
    struct view value;
    (void)state;

    struct store *store = must_open(true);
    must_put(store, "a", "one");
    (void)snprintf(elsewhere, sizeof elsewhere, "%s-renamed", path);
    assert_int_equal(rename(path, elsewhere), 0);
    must_put(store, "a", "two");
    store_close(store);
    assert_int_equal(rename(elsewhere, path), 0);
    store = must_open(false);
    assert_int_equal(store_read(store, &txn, &error), GK_OK);
    assert_int_equal(txn_get(txn, STORE_META, text("a"), &value, &error), GK_OK);
    assert_memory_equal(value.bytes, "two", 3);
    txn_abort(txn);
    store_close(store);
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

static const struct CMUnitTest tests[] = {
    IN_FOLDER(a_store_never_gets_the_descriptors_that_are_printed_to),
    IN_FOLDER(a_second_writer_hears_who_the_first_one_is),
    IN_FOLDER(a_writer_in_another_container_is_named_with_its_host),
    IN_FOLDER(words_in_the_lock_are_not_believed),
    IN_FOLDER(a_lock_that_a_child_still_holds_says_so),
    IN_FOLDER(a_handle_does_not_outlive_a_fork),
    IN_FOLDER(a_child_that_closes_takes_nothing_from_its_parent),
    IN_FOLDER(a_process_opens_a_store_once),
    IN_FOLDER(another_path_is_the_same_store),
    IN_FOLDER(a_child_does_not_keep_its_parent_from_opening_again),
    IN_FOLDER(one_process_at_a_time_opens),
    IN_FOLDER(a_table_that_knows_of_no_transaction_is_not_believed),
    IN_FOLDER(nobody_waits_for_ever_for_the_mutex_of_lmdb),
    IN_FOLDER(whoever_lost_the_lock_file_writes_nothing_beside_another),
    IN_FOLDER(a_file_that_was_removed_is_not_written_to),
    IN_FOLDER(a_folder_that_was_renamed_is_written_on),
};

RUN_TESTS(tests)
