/*
 * test_make.c - a new file is whole or not there. That no power cut leaves half of one is shown by tests/crash.
 */
#include "support/support.h"

#include "store/make.h"
#include "store/store.h"

#include <unistd.h>

static char folder[4096];

static void name(char out[4200], const char *file)
{
    (void)snprintf(out, 4200, "%s/%s", folder, file);
}

static void put_bytes(const char *file, const char *bytes)
{
    char path[4200];
    name(path, file);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    assert_true(fputs(bytes, f) >= 0);
    assert_int_equal(fclose(f), 0);
}

static void what_an_interrupted_making_left_is_replaced(void **state)
{
    struct store_options options = {.is_writer = true, .may_create = true, .map_size = 1 << 24};
    struct mem mem = MEM_SYSTEM;
    struct gk_error error;
    struct store *store;
    char path[4200];
    bool is_new;
    (void)state;

    (void)snprintf(folder, sizeof folder, "%s", test_folder());
    put_bytes("data.mdb.new", "half a header");
    put_bytes("data.mdb", ""); /* what older versions left */
    assert_int_equal(store_open(&mem, folder, &options, &store, &is_new, &error), GK_OK);
    assert_true(is_new);
    store_close(store);
    name(path, "data.mdb.new");
    assert_int_not_equal(access(path, F_OK), 0);
    assert_int_equal(store_open(&mem, folder, &options, &store, &is_new, &error), GK_OK);
    assert_false(is_new);
    store_close(store);
    test_folder_remove(folder);
}

static void a_file_that_cannot_be_made_leaves_none(void **state)
{
    char path[4200];
    (void)state;

    (void)snprintf(folder, sizeof folder, "%s", test_folder());
    name(path, "nowhere");
    assert_int_not_equal(make_file(path), 0);
    assert_int_not_equal(access(path, F_OK), 0);
    test_folder_remove(folder);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(what_an_interrupted_making_left_is_replaced),
    cmocka_unit_test(a_file_that_cannot_be_made_leaves_none),
};

RUN_TESTS(tests)
