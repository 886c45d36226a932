/*
 * test_file.c - small files are there whole or not at all, and what cannot be is named.
 */
#include "support/support.h"

#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"

static struct gk_error error;
static char folder[4096];

/* Stands before libc's: whether the folder itself was synced, and how often. */
static int n_folder_syncs;

int fsync(int fd)
{
    struct stat st, of;

    if (fstat(fd, &st) == 0 && stat(folder, &of) == 0)
        n_folder_syncs += st.st_ino == of.st_ino;
    return (int)syscall(SYS_fsync, fd);
}

static int set_up(void **state)
{
    (void)state;
    (void)snprintf(folder, sizeof folder, "%s", test_folder());
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    test_folder_remove(folder);
    return 0;
}

static void content_is(const char *name, const char *want)
{
    struct buffer b;
    buffer_init(&b, &MEM_SYSTEM);
    assert_int_equal(file_read(folder, name, 100, &b, &error), GK_OK);
    assert_int_equal(b.size, strlen(want));
    if (b.size > 0)
        assert_memory_equal(b.bytes, want, b.size);
    buffer_clear(&b);
}

static void a_file_is_made_and_replaced_whole(void **state)
{
    char beside[4200];
    (void)state;

    assert_int_equal(file_write(folder, "place", "17\n", 3, &error), GK_OK);
    content_is("place", "17\n");
    (void)snprintf(beside, sizeof beside, "%s/.place", folder); /* what a crash left of a longer writing */
    FILE *f = fopen(beside, "w");
    assert_non_null(f);
    assert_true(fputs("half of a much longer text", f) >= 0);
    assert_int_equal(fclose(f), 0);
    assert_int_equal(file_write(folder, "place", "18\n", 3, &error), GK_OK);
    content_is("place", "18\n");
    assert_int_not_equal(access(beside, F_OK), 0);
    assert_int_equal(file_write(folder, "empty", "", 0, &error), GK_OK);
    content_is("empty", "");
    assert_int_equal(file_remove(folder, "place", &error), GK_OK);
    assert_int_equal(file_remove(folder, "place", &error), GK_OK); /* gone is gone */
    assert_int_equal(file_sync(folder, &error), GK_OK);
}

static void what_is_not_there_or_no_file_is_named(void **state)
{
    char path[4200], longest[5000];
    struct buffer b;
    (void)state;

    buffer_init(&b, &MEM_SYSTEM);
    assert_int_equal(file_read(folder, "place", 100, &b, &error), GK_ENOTFOUND);
    assert_non_null(strstr(error.text, "/place: cannot be opened"));
    assert_int_equal(file_write(folder, "place", "12345", 5, &error), GK_OK);
    assert_int_equal(file_read(folder, "place", 4, &b, &error), GK_ERANGE);
    assert_non_null(strstr(error.text, "expected a plain file of at most 4 bytes"));
    (void)snprintf(path, sizeof path, "%s/pipe", folder);
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_int_equal(file_read(folder, "pipe", 100, &b, &error), GK_ERANGE); /* and does not wait for a writer */
    (void)snprintf(path, sizeof path, "%s/link", folder);
    assert_int_equal(symlink("place", path), 0);
    assert_int_equal(file_read(folder, "link", 100, &b, &error), GK_EIO); /* nobody leads us elsewhere */
    assert_int_equal(b.size, 0);
    (void)snprintf(path, sizeof path, "%s/nowhere", folder);
    assert_int_equal(file_write(path, "place", "1", 1, &error), GK_ENOTFOUND);
    assert_int_equal(file_sync(path, &error), GK_ENOTFOUND);
    memset(longest, 'x', sizeof longest - 1);
    longest[sizeof longest - 1] = 0;
    assert_int_equal(file_write(folder, longest, "1", 1, &error), GK_EINVAL);
    buffer_clear(&b);
}

static void a_folder_is_made_once(void **state)
{
    char path[4200];
    struct stat st;
    (void)state;

    (void)snprintf(path, sizeof path, "%s/inbox", folder);
    n_folder_syncs = 0;
    assert_int_equal(file_make_folder(path, &error), GK_OK);
    assert_int_equal(n_folder_syncs, 1);
    assert_int_equal(stat(path, &st), 0);
    assert_true(S_ISDIR(st.st_mode));
    assert_int_equal(file_make_folder(path, &error), GK_OK);
    assert_int_equal(n_folder_syncs, 2); /* who made it may have had no time to */
    (void)snprintf(path, sizeof path, "%s/no/inbox", folder);
    assert_int_equal(file_make_folder(path, &error), GK_ENOTFOUND);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

static const struct CMUnitTest tests[] = {
    CASE(a_file_is_made_and_replaced_whole),
    CASE(what_is_not_there_or_no_file_is_named),
    CASE(a_folder_is_made_once),
};

RUN_TESTS(tests)
