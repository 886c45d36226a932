/*
 * test_mem.c - allocation through the hook: products are checked, failures leave everything as it was.
 */
#include "support/support.h"

static void a_product_that_overflows_is_no_memory(void **state)
{
    (void)state;
    assert_null(mem_array(&MEM_SYSTEM, SIZE_MAX / 2, 3));
    assert_null(mem_resize(&MEM_SYSTEM, NULL, 3, SIZE_MAX / 2));
}

static void nothing_can_be_allocated_and_freed(void **state)
{
    (void)state;
    void *p = mem_new(&MEM_SYSTEM, 0);
    assert_non_null(p);
    mem_free(&MEM_SYSTEM, p);
    mem_free(&MEM_SYSTEM, NULL);
}

static void zeroed_memory_is_zero(void **state)
{
    struct failing_mem failing; /* fills new memory with 0xCD */
    (void)state;
    failing_mem_init(&failing);
    unsigned char *p = mem_zeroed(&failing.mem, 100);
    for (size_t i = 0; i < 100; i++)
        assert_int_equal(p[i], 0);
    mem_free(&failing.mem, p);
    assert_int_equal(failing.n_live, 0);
}

static void reserving_at_least_doubles(void **state)
{
    int *p = NULL;
    size_t capacity = 0;
    (void)state;

    assert_int_equal(mem_reserve(&MEM_SYSTEM, &p, &capacity, 1, sizeof *p), GK_OK);
    assert_true(capacity >= 1);
    for (size_t i = 0; i < capacity; i++)
        p[i] = (int)i;
    size_t before = capacity;
    assert_int_equal(mem_reserve(&MEM_SYSTEM, &p, &capacity, before, sizeof *p), GK_OK);
    assert_int_equal(capacity, before);
    assert_int_equal(mem_reserve(&MEM_SYSTEM, &p, &capacity, before + 1, sizeof *p), GK_OK);
    assert_true(capacity >= 2 * before);
    for (size_t i = 0; i < before; i++)
        assert_int_equal(p[i], i);
    mem_free(&MEM_SYSTEM, p);
}

static void a_failed_reserve_changes_nothing(void **state)
{
    struct failing_mem failing;
    int *p = NULL;
    size_t capacity = 0;
    (void)state;

    failing_mem_init(&failing);
    assert_int_equal(mem_reserve(&failing.mem, &p, &capacity, 4, sizeof *p), GK_OK);
    int *kept = p;
    size_t before = capacity;
    failing.fail_at = failing.n_calls + 1;
    assert_int_equal(mem_reserve(&failing.mem, &p, &capacity, 1000, sizeof *p), GK_ENOMEM);
    assert_ptr_equal(p, kept);
    assert_int_equal(capacity, before);
    assert_int_equal(mem_reserve(&failing.mem, &p, &capacity, SIZE_MAX / 2 + 2, sizeof *p), GK_ENOMEM);
    assert_ptr_equal(p, kept);
    mem_free(&failing.mem, p);
    assert_int_equal(failing.n_live, 0);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(a_product_that_overflows_is_no_memory),
    cmocka_unit_test(nothing_can_be_allocated_and_freed),
    cmocka_unit_test(zeroed_memory_is_zero),
    cmocka_unit_test(reserving_at_least_doubles),
    cmocka_unit_test(a_failed_reserve_changes_nothing),
};

RUN_TESTS(tests)
