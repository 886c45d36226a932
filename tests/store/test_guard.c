/*
 * test_guard.c - a file that is cut off while it is read is an error and no death, where the host asked for it; and
 * whoever opens a store looks at its pages unless somebody vouches for them.
 */
#include "support/support.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "store/guard.h"
#include "store/store.h"
#include "store/writer.h"

static char path[4096], file[4200], lock[4200];
static struct gk_error error;

static struct store *open_store(bool is_writer)
{
    struct store_options options = {.is_writer = is_writer, .may_create = is_writer, .map_size = 1 << 26};
    struct store *store;
    bool is_new;
    if (store_open(&MEM_SYSTEM, path, &options, &store, &is_new, &error) != GK_OK)
        return NULL;
    return store;
}

/* Sixty values of two pages and a half each. */
static int set_up(void **state)
{
    static uint8_t big[10000];
    (void)state;
    (void)snprintf(path, sizeof path, "%s", test_folder());
    (void)snprintf(file, sizeof file, "%s/data.mdb", path);
    (void)snprintf(lock, sizeof lock, "%s/lock.writer", path);
    struct store *store = open_store(true);
    assert_non_null(store);
    for (uint8_t i = 0; i < 60; i++) {
        struct txn *txn;
        struct view key = {&i, 1}, value = {big, sizeof big};
        assert_int_equal(store_write(store, &txn, &error), GK_OK);
        assert_int_equal(txn_put(txn, STORE_CHUNK, key, value, &error), GK_OK);
        assert_int_equal(txn_commit(txn, &error), GK_OK);
    }
    store_close(store);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    test_folder_remove(path);
    return 0;
}

/* Runs in a child, as it may die; its exit status, or minus the signal. */
static int in_child(int (*run)(void))
{
    int status;
    (void)fflush(NULL);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0)
        _exit(run());
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

/* ---- the guard -----------------------------------------------------------------------------------------------------
 */

static struct txn *reading;

static int read_all(void *context)
{
    struct cursor *c;
    struct view value;
    int rc = cursor_open(reading, STORE_CHUNK, &c, &error);
    (void)context;
    for (int step = cursor_first(c, &error); rc == GK_OK && step == GK_OK; step = cursor_next(c, &error))
        rc = cursor_value(c, &value, &error);
    return rc;
}

static int cut_while_reading(void)
{
    struct gk_error told = {0};
    struct store *store = open_store(false);
    if (!store || store_read(store, &reading, &error) != GK_OK || truncate(file, 8 * 4096) != 0)
        return 1;
    if (gk_guard_run(read_all, NULL, &told) != GK_EIO || !strstr(told.text, "cut off"))
        return 2;
    return 0;
}

static int cut_while_reading_guarded(void)
{
    if (gk_guard_install(&error) != GK_OK || gk_guard_install(&error) != GK_OK) /* twice is once */
        return 3;
    return cut_while_reading();
}

static void a_file_that_is_cut_while_it_is_read_is_an_error(void **state)
{
    (void)state;
    assert_int_equal(in_child(cut_while_reading_guarded), 0);
}

/* The library installs nothing unasked. */
static void without_asking_it_is_death(void **state)
{
    (void)state;
    (void)signal(SIGBUS, SIG_DFL); /* sanitizers have one */
    assert_int_equal(in_child(cut_while_reading), -SIGBUS);
}

static volatile sig_atomic_t n_told;

static void tell(int number)
{
    (void)number;
    n_told = n_told + 1;
    _exit(40 + n_told);
}

static int raise_outside(void)
{
    (void)signal(SIGBUS, tell);
    if (gk_guard_install(&error) != GK_OK)
        return 3;
    (void)raise(SIGBUS);
    return 4;
}

static int raise_unhandled(void)
{
    (void)signal(SIGBUS, SIG_DFL);
    if (gk_guard_install(&error) != GK_OK)
        return 3;
    (void)raise(SIGBUS); /* comes back as what it was */
    (void)raise(SIGBUS);
    return 4;
}

static void what_is_not_ours_goes_to_whom_it_went_before(void **state)
{
    (void)state;
    assert_int_equal(in_child(raise_outside), 41);
    assert_int_equal(in_child(raise_unhandled), -SIGBUS);
}

static int look_astray(void *context)
{
    volatile const int *nowhere = context;
    return *nowhere;
}

static int look_astray_in_lmdb(void *context)
{
    return GUARDED(look_astray(context));
}

static int wild_in_lmdb(void)
{
    (void)signal(SIGSEGV, SIG_DFL);
    if (gk_guard_install(&error) != GK_OK)
        return 3;
    return gk_guard_run(look_astray_in_lmdb, NULL, &error) == GK_EIO && guard_depth == 0 ? 0 : 1;
}

static int wild_elsewhere(void)
{
    (void)signal(SIGSEGV, SIG_DFL);
    if (gk_guard_install(&error) != GK_OK)
        return 3;
    return gk_guard_run(look_astray, NULL, &error);
}

/* A wild pointer of LMDB's is the file's fault, one of the host's is not hidden. */
static void a_wild_pointer_is_an_error_in_lmdb_alone(void **state)
{
    (void)state;
#ifdef __SANITIZE_ADDRESS__
    skip(); /* a sanitizer is quicker than the signal */
#endif
    assert_int_equal(in_child(wild_in_lmdb), 0);
    assert_int_equal(in_child(wild_elsewhere), -SIGSEGV);
}

static int say_seven(void *context)
{
    *(int *)context += 1;
    return 7;
}

static int assert_inside(void *context)
{
    (void)context;
    guard_assert(NULL, "mdb.c:1: it is so");
    return GK_OK;
}

static int nest(void *context)
{
    struct gk_error inner = {0};
    int rc = gk_guard_run(assert_inside, NULL, &inner);
    if (rc != GK_ECORRUPT || !strstr(inner.text, "mdb.c:1: it is so"))
        return 1;
    *(int *)context = 5;
    return assert_inside(NULL); /* the outer one is in force again */
}

static void a_guard_gives_back_what_the_function_gives(void **state)
{
    int n = 0;
    (void)state;
    assert_int_equal(gk_guard_run(say_seven, &n, &error), 7);
    assert_int_equal(n, 1);
    assert_int_equal(gk_guard_run(nest, &n, &error), GK_ECORRUPT);
    assert_int_equal(n, 5);
    guard_assert(NULL, "nobody listens"); /* outside it comes back: LMDB goes its own way */
}

/* ---- cut between two transactions ----------------------------------------------------------------------------------
 */

static void a_file_that_became_shorter_is_refused_by_the_next_transaction(void **state)
{
    struct txn *txn;
    struct stat st;
    (void)state;
    struct store *store = open_store(false);
    assert_non_null(store);
    assert_int_equal(store_read(store, &txn, &error), GK_OK);
    txn_abort(txn);
    assert_int_equal(stat(file, &st), 0);
    assert_int_equal(truncate(file, st.st_size - 1), 0);
    assert_int_equal(store_read(store, &txn, &error), GK_ECORRUPT);
    assert_non_null(strstr(error.text, "cut off"));
    store_close(store);
}

/* ---- who vouches ---------------------------------------------------------------------------------------------------
 */

/* Damages the root page of the free pages' list so that only a look at all pages finds it; nothing else goes by it. */
static void damage(bool is_hidden)
{
    struct stat st;
    struct timespec times[2];
    int fd = open(file, O_RDWR);
    assert_true(fd >= 0 && fstat(fd, &st) == 0);
    uint8_t byte = 0x55;
    for (off_t at = 2 * 4096; at < st.st_size; at += 4096) {
        uint8_t head[16];
        assert_int_equal(pread(fd, head, sizeof head, at), sizeof head);
        if (load_u16(head + 10) == 2 && load_u64(head) == (uint64_t)at / 4096)
            assert_int_equal(pwrite(fd, &byte, 1, at + 15), 1); /* every leaf: its upper border */
    }
    (void)close(fd);
    times[0] = st.st_atim;
    times[1] = st.st_mtim;
    if (is_hidden)
        assert_int_equal(utimensat(AT_FDCWD, file, times, 0), 0);
}

/* Makes the file long enough that all of its pages are not looked at without need. */
static void lengthen(void)
{
    static uint8_t big[1 << 20];
    struct store *store = open_store(true);
    struct txn *txn;
    assert_non_null(store);
    assert_int_equal(store_write(store, &txn, &error), GK_OK);
    for (uint8_t i = 100; i < 120; i++) {
        struct view key = {&i, 1}, value = {big, sizeof big};
        assert_int_equal(txn_put(txn, STORE_CHUNK, key, value, &error), GK_OK);
    }
    assert_int_equal(txn_commit(txn, &error), GK_OK);
    store_close(store);
}

static int open_guarded(void *context)
{
    struct store *store = open_store(false);
    (void)context;
    if (!store)
        return GK_ENOTFOUND;
    int rc = store_read(store, &reading, &error);
    return rc == GK_OK ? read_all(NULL) : rc;
}

/* 0 when its pages were looked at, 1 when it was believed. What comes of that is no death. */
static int is_believed(void)
{
    int rc = gk_guard_install(&error) == GK_OK ? gk_guard_run(open_guarded, NULL, &error) : GK_EBUG;
    return rc == GK_ENOTFOUND ? 0 : 1;
}

static void a_long_file_that_was_left_in_order_is_believed(void **state)
{
    (void)state;
    assert_true(writer_vouches(path));
    damage(true);
    assert_true(writer_vouches(path)); /* as a disk's own decay would be */
    assert_int_equal(in_child(is_believed), 0);
    tear_down(NULL);
    set_up(NULL);
    lengthen();
    damage(true);
    assert_int_equal(in_child(is_believed), 1);
    assert_true(writer_vouches(path));
    assert_null(open_store(true)); /* who writes looks where the trees begin */
    assert_int_equal(error.status, GK_ECORRUPT);
}

static void a_file_that_was_changed_is_looked_at(void **state)
{
    (void)state;
    damage(false);
    assert_false(writer_vouches(path));
    assert_null(open_store(false));
    assert_int_equal(error.status, GK_ECORRUPT);
    assert_non_null(strstr(error.text, "its borders make no sense"));
    assert_null(open_store(true));
    assert_int_equal(error.status, GK_ECORRUPT);
    assert_false(writer_vouches(path)); /* to have tried is not to have looked */
    assert_null(open_store(false));
}

static int die_writing(void)
{
    struct store *store = open_store(true);
    return store ? 0 : 1; /* neither closed nor vouched for */
}

static void a_file_whose_writer_died_is_looked_at(void **state)
{
    (void)state;
    assert_int_equal(in_child(die_writing), 0);
    assert_false(writer_vouches(path));
    struct store *store = open_store(true); /* it is good */
    assert_non_null(store);
    store_close(store);
    assert_true(writer_vouches(path));
    assert_int_equal(in_child(die_writing), 0);
    damage(true);
    assert_null(open_store(false));
    assert_int_equal(error.status, GK_ECORRUPT);
}

static void a_copy_is_looked_at(void **state)
{
    char command[20000];
    (void)state;
    (void)snprintf(command, sizeof command, "cp -a %s %s.new && mv %s.new %s", file, file, file, file);
    assert_int_equal(system(command), 0);
    assert_false(writer_vouches(path)); /* another file of the same date */
    assert_int_equal(unlink(lock), 0);
    assert_false(writer_vouches(path));
}

static void a_writer_at_work_vouches(void **state)
{
    (void)state;
    struct store *store = open_store(true);
    assert_non_null(store);
    damage(false);
    assert_true(writer_vouches(path));
    assert_null(open_store(true));
    assert_int_equal(error.status, GK_EBUSY);
    store_close(store);
}

#define IN_STORE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

static const struct CMUnitTest tests[] = {
    IN_STORE(a_file_that_is_cut_while_it_is_read_is_an_error),
    IN_STORE(without_asking_it_is_death),
    cmocka_unit_test(what_is_not_ours_goes_to_whom_it_went_before),
    cmocka_unit_test(a_wild_pointer_is_an_error_in_lmdb_alone),
    cmocka_unit_test(a_guard_gives_back_what_the_function_gives),
    IN_STORE(a_file_that_became_shorter_is_refused_by_the_next_transaction),
    IN_STORE(a_long_file_that_was_left_in_order_is_believed),
    IN_STORE(a_file_that_was_changed_is_looked_at),
    IN_STORE(a_file_whose_writer_died_is_looked_at),
    IN_STORE(a_copy_is_looked_at),
    IN_STORE(a_writer_at_work_vouches),
};

RUN_TESTS(tests)
