/*
 * test_bytes.c - loads, stores, keys that sort as bytes, variable-length integers.
 */
#include "support/support.h"

#include "base/bytes.h"

/* Integers of every length, both ends of each. */
static uint64_t random_integer(struct random *random)
{
    return random_u64(random) >> random_below(random, 64);
}

static void stores_are_little_endian_and_need_no_alignment(void **state)
{
    uint8_t p[16] = {0};
    (void)state;

    store_u32(p + 1, 0x04030201);
    assert_memory_equal(p, "\0\1\2\3\4\0", 6);
    assert_int_equal(load_u32(p + 1), 0x04030201);
    store_u16(p + 3, 0xBEEF);
    assert_int_equal(load_u16(p + 3), 0xBEEF);
    store_u64(p + 5, UINT64_C(0x0807060504030201));
    assert_memory_equal(p + 5, "\1\2\3\4\5\6\7\10", 8);
    store_f64(p + 7, double_of(UINT64_C(0x7FF8676B6D697373)));
    assert_true(bits_of(load_f64(p + 7)) == UINT64_C(0x7FF8676B6D697373));
}

static void keys_sort_as_their_numbers(void **state)
{
    struct random random = random_from(test_seed("keys"));
    uint8_t a[8], b[8];
    (void)state;

    for (uint64_t i = test_rounds(100000); i > 0; i--) {
        int64_t x = (int64_t)(random_integer(&random) - random_integer(&random)), y = x;
        if (random_below(&random, 8) > 0)
            y = (int64_t)random_u64(&random);
        key_i64(a, x);
        key_i64(b, y);
        int order = memcmp(a, b, 8);
        assert_int_equal((order > 0) - (order < 0), (x > y) - (x < y));
        assert_true(unkey_i64(a) == x);
        key_u64(a, (uint64_t)x);
        assert_true(unkey_u64(a) == (uint64_t)x);
        key_u32(a, (uint32_t)x);
        key_u32(b, (uint32_t)y);
        order = memcmp(a, b, 4);
        assert_int_equal((order > 0) - (order < 0), ((uint32_t)x > (uint32_t)y) - ((uint32_t)x < (uint32_t)y));
        assert_true(unkey_u32(a) == (uint32_t)x);
    }
}

static void zigzag_comes_back_and_keeps_small_numbers_small(void **state)
{
    static const int64_t ENDS[] = {0, -1, 1, INT64_MIN, INT64_MAX};
    (void)state;
    for (size_t i = 0; i < sizeof ENDS / sizeof *ENDS; i++)
        assert_true(unzigzag(zigzag(ENDS[i])) == ENDS[i]);
    for (int64_t v = -100; v < 100; v++) {
        assert_true(unzigzag(zigzag(v)) == v);
        assert_true(zigzag(v) <= 200);
    }
}

static void varints_come_back_and_every_cut_is_refused(void **state)
{
    struct random random = random_from(test_seed("varints"));
    uint8_t p[VARINT_MAX];
    uint64_t v;
    (void)state;

    for (uint64_t i = test_rounds(100000); i > 0; i--) {
        uint64_t x = i == 1 ? UINT64_MAX : random_integer(&random);
        size_t n = varint_put(p, x);
        assert_in_range(n, 1, VARINT_MAX);
        assert_int_equal(varint_get(p, sizeof p, &v), n);
        assert_true(v == x);
        for (size_t cut = 0; cut < n; cut++)
            assert_int_equal(varint_get(p, cut, &v), 0);
    }
}

static void a_varint_beyond_64_bits_is_refused(void **state)
{
    uint8_t p[VARINT_MAX + 1];
    uint64_t v;
    (void)state;
    memset(p, 0xFF, sizeof p);
    assert_int_equal(varint_get(p, sizeof p, &v), 0);
    p[9] = 0x02;
    assert_int_equal(varint_get(p, sizeof p, &v), 0);
    p[9] = 0x01;
    assert_int_equal(varint_get(p, sizeof p, &v), 10);
    assert_true(v == UINT64_MAX);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(stores_are_little_endian_and_need_no_alignment),
    cmocka_unit_test(keys_sort_as_their_numbers),
    cmocka_unit_test(zigzag_comes_back_and_keeps_small_numbers_small),
    cmocka_unit_test(varints_come_back_and_every_cut_is_refused),
    cmocka_unit_test(a_varint_beyond_64_bits_is_refused),
};

RUN_TESTS(tests)
