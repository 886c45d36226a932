/*
 * test_ballast.c - the file that is given up when the disk is full.
 */
#include "support/support.h"

#include <sys/stat.h>
#include <unistd.h>

#include "store/ballast.h"
#include "support/disk.h"

static char path[4096], name[4200];

static int set_up(void **state)
{
    (void)state;
    (void)snprintf(path, sizeof path, "%s", test_folder());
    (void)snprintf(name, sizeof name, "%s/ballast", path);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    test_folder_remove(path);
    return 0;
}

static void a_ballast_has_its_blocks(void **state)
{
    struct stat st;
    (void)state;

    assert_int_equal(ballast_size(path), 0);
    assert_false(ballast_give_up(path, 0));
    assert_true(ballast_lay(path, 1 << 20));
    assert_int_equal(ballast_size(path), 1 << 20);
    assert_int_equal(stat(name, &st), 0);
    assert_true(st.st_blocks * 512 >= 1 << 20);
    assert_int_equal(st.st_mode & 07777, 0640);
    assert_true(ballast_lay(path, 1 << 19)); /* larger than wanted is as good */
    assert_int_equal(ballast_size(path), 1 << 20);
    assert_true(ballast_lay(path, 1 << 21));
    assert_int_equal(ballast_size(path), 1 << 21);
    assert_true(ballast_give_up(path, 0));
    assert_int_equal(access(name, F_OK), -1);
}

static void a_part_can_be_given_up_and_laid_again(void **state)
{
    (void)state;
    if (!disk_mount(path, 4 << 20))
        skip();
    assert_true(ballast_lay(path, 1 << 20));
    disk_fill(path, 0);
    assert_true(ballast_give_up(path, 1 << 18));
    assert_int_equal(ballast_size(path), 3 << 18);
    assert_int_equal(disk_room(path), 1 << 18);
    disk_fill(path, 1 << 17); /* somebody took a half of it */
    assert_false(ballast_lay_rest(path, 1 << 20));
    assert_int_equal(ballast_size(path), (3 << 18) + (1 << 17));
    assert_int_equal(disk_room(path), 0);
    assert_true(ballast_give_up(path, 1 << 20)); /* more than there is */
    assert_int_equal(ballast_size(path), 0);
    assert_false(ballast_give_up(path, 1));
    assert_false(ballast_lay_rest(path, 1 << 20));
    disk_fill(path, 1 << 21);
    assert_true(ballast_lay_rest(path, 1 << 20));
    assert_int_equal(ballast_size(path), 1 << 20);
    disk_unmount(path);
}

static void it_takes_no_more_than_half_of_what_is_left(void **state)
{
    (void)state;
    if (!disk_mount(path, 4 << 20))
        skip();
    disk_fill(path, 3 << 19);
    assert_false(ballast_lay(path, 1 << 20));
    assert_int_equal(access(name, F_OK), -1);
    disk_fill(path, 1 << 21);
    assert_true(ballast_lay(path, 1 << 20));
    disk_unmount(path);
}

static void what_is_no_file_is_no_ballast(void **state)
{
    (void)state;
    assert_int_equal(symlink("/etc/passwd", name), 0);
    assert_int_equal(ballast_size(path), 0);
    assert_false(ballast_lay(path, 4096));
    assert_false(ballast_give_up(path, 0));
    assert_int_equal(unlink(name), 0);
    assert_int_equal(mkdir(name, 0700), 0);
    assert_false(ballast_lay(path, 4096));
    assert_false(ballast_give_up(path, 0));
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

static const struct CMUnitTest tests[] = {
    IN_FOLDER(a_ballast_has_its_blocks),
    IN_FOLDER(a_part_can_be_given_up_and_laid_again),
    IN_FOLDER(it_takes_no_more_than_half_of_what_is_left),
    IN_FOLDER(what_is_no_file_is_no_ballast),
};

RUN_TESTS(tests)
