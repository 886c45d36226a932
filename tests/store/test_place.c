/*
 * test_place.c - a store is opened neither where everybody may write nor on a network file system. What statfs says is
 * said here.
 */
#include "support/support.h"

#include <sys/stat.h>
#include <sys/vfs.h>

#include "store/place.h"
#include "store/store.h"

static char path[4096];
static long magic;

__attribute__((visibility("default"))) int statfs(const char *name, struct statfs *out)
{
    (void)name;
    memset(out, 0, sizeof *out);
    out->f_type = magic;
    return 0;
}

static int set_up(void **state)
{
    (void)state;
    magic = 0xEF53; /* ext4 */
    (void)snprintf(path, sizeof path, "%s", test_folder());
    return unsetenv("GK_TRUST_PLACE");
}

static int tear_down(void **state)
{
    (void)state;
    test_folder_remove(path);
    return unsetenv("GK_TRUST_PLACE");
}

static int try_open(bool is_writer, struct gk_error *error)
{
    struct store_options options = {.is_writer = is_writer, .may_create = is_writer, .map_size = 1 << 26};
    struct store *store;
    bool is_new;
    int rc = store_open(&MEM_SYSTEM, path, &options, &store, &is_new, error);

    store_close(store);
    return rc;
}

static void a_network_file_system_is_refused_by_name(void **state)
{
    static const struct {
        long magic;
        const char *name;
    } cases[] = {{0x6969, "NFS"}, {(int)0xFF534D42, "CIFS"}, {0x01021997, "9P"}, {0x00C36400, "Ceph"}};
    struct gk_error error;
    (void)state;

    assert_int_equal(try_open(true, &error), GK_OK);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        magic = cases[i].magic;
        for (int is_writer = 0; is_writer < 2; is_writer++) {
            assert_int_equal(try_open(is_writer, &error), GK_EINVAL);
            assert_non_null(strstr(error.text, cases[i].name));
            assert_non_null(strstr(error.text, path));
            assert_non_null(strstr(error.text, "GK_TRUST_PLACE=1"));
        }
    }
    assert_int_equal(setenv("GK_TRUST_PLACE", "1", 1), 0);
    assert_int_equal(try_open(true, &error), GK_OK);
}

static void local_file_systems_are_fine(void **state)
{
    static const long local[] = {0xEF53, 0x58465342, 0x9123683E, 0x01021994, 0x794C7630, 0x2FC12FC1, 0xF2F52010};
    struct gk_error error;
    (void)state;

    for (size_t i = 0; i < sizeof local / sizeof local[0]; i++) {
        magic = local[i];
        assert_int_equal(place_check(path, &error), GK_OK);
    }
}

static void a_directory_that_everybody_may_write_is_refused(void **state)
{
    struct gk_error error;
    (void)state;

    assert_int_equal(try_open(true, &error), GK_OK);
    assert_int_equal(chmod(path, 0757), 0);
    assert_int_equal(try_open(false, &error), GK_EINVAL);
    assert_non_null(strstr(error.text, "757"));
    assert_int_equal(try_open(true, &error), GK_EINVAL);
    assert_int_equal(chmod(path, 01777), 0); /* a sticky one lets others add files */
    assert_int_equal(try_open(true, &error), GK_EINVAL);
    assert_int_equal(setenv("GK_TRUST_PLACE", "1", 1), 0);
    assert_int_equal(try_open(true, &error), GK_OK);
    assert_int_equal(setenv("GK_TRUST_PLACE", "", 1), 0);
    assert_int_equal(try_open(true, &error), GK_EINVAL);
    assert_int_equal(chmod(path, 0770), 0);
    assert_int_equal(try_open(true, &error), GK_OK);
}

static void nothing_is_made_where_a_store_is_refused(void **state)
{
    struct gk_error error;
    struct stat st;
    char name[4200];
    (void)state;

    magic = 0x6969;
    assert_int_equal(try_open(true, &error), GK_EINVAL);
    (void)snprintf(name, sizeof name, "%s/data.mdb", path);
    assert_int_not_equal(stat(name, &st), 0);
    (void)snprintf(name, sizeof name, "%s/lock.writer", path);
    assert_int_not_equal(stat(name, &st), 0);
}

/* The owner writes, the group reads, others see nothing, whatever files other programs make. */
static void what_a_store_makes_is_closed_to_others(void **state)
{
    static const char *const FILES[] = {"", "/data.mdb", "/lock.mdb", "/lock.writer"};
    mode_t before = umask(0);
    struct gk_error error;
    struct stat st;
    char name[4300];
    (void)state;

    (void)snprintf(name, sizeof name, "%s/store", path);
    memcpy(path + 0, name, strlen(name) + 1);
    assert_int_equal(try_open(true, &error), GK_OK);
    (void)umask(before);
    for (size_t i = 0; i < 4; i++) {
        (void)snprintf(name, sizeof name, "%s%s", path, FILES[i]);
        assert_int_equal(stat(name, &st), 0);
        assert_int_equal(st.st_mode & 07777, i ? 0640 : 0750);
    }
    path[strlen(path) - strlen("/store")] = 0;
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test_setup_teardown(a_network_file_system_is_refused_by_name, set_up, tear_down),
    cmocka_unit_test_setup_teardown(local_file_systems_are_fine, set_up, tear_down),
    cmocka_unit_test_setup_teardown(a_directory_that_everybody_may_write_is_refused, set_up, tear_down),
    cmocka_unit_test_setup_teardown(nothing_is_made_where_a_store_is_refused, set_up, tear_down),
    cmocka_unit_test_setup_teardown(what_a_store_makes_is_closed_to_others, set_up, tear_down),
};

RUN_TESTS(tests)
