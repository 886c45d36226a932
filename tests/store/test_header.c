/*
 * test_header.c - headers are forced as they are. That without it a power cut after a failed sync loses rows is shown
 * by tests/crash.
 */
#include "support/support.h"

#include "store/header.h"
#include "store/make.h"

#include <fcntl.h>
#include <unistd.h>

static char folder[4096];

static void read_headers(uint8_t bytes[8192])
{
    char path[4200];
    (void)snprintf(path, sizeof path, "%s/data.mdb", folder);
    int fd = open(path, O_RDONLY);
    assert_int_equal(read(fd, bytes, 8192), 8192);
    assert_int_equal(close(fd), 0);
}

static void begin(unsigned flags, MDB_env **env)
{
    (void)snprintf(folder, sizeof folder, "%s", test_folder());
    assert_int_equal(make_file(folder), 0);
    assert_int_equal(mdb_env_create(env), 0);
    assert_int_equal(mdb_env_open(*env, folder, flags, 0640), 0);
}

static void both_headers_are_what_they_were(void **state)
{
    uint8_t before[8192], after[8192];
    MDB_env *env;
    (void)state;

    begin(0, &env);
    read_headers(before);
    assert_int_equal(header_force(env), 0);
    read_headers(after);
    assert_memory_equal(before, after, sizeof before);
    mdb_env_close(env);
    test_folder_remove(folder);
}

static void a_header_that_cannot_be_written_is_an_error(void **state)
{
    MDB_env *env;
    (void)state;

    begin(MDB_RDONLY, &env);
    assert_int_not_equal(header_force(env), 0);
    mdb_env_close(env);
    test_folder_remove(folder);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(both_headers_are_what_they_were),
    cmocka_unit_test(a_header_that_cannot_be_written_is_an_error),
};

RUN_TESTS(tests)
