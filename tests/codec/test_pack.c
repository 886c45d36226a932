#include "codec/pack.h"

#include "support/support.h"

static void fill(struct random *random, unsigned width, uint64_t *v)
{
    for (size_t i = 0; i < PACK_MAX; i++)
        v[i] = width == 0 ? 0 : random_u64(random) >> (64 - width);
}

static void every_width_and_count_comes_back(void **state)
{
    struct random random = random_from(test_seed(__func__));
    uint64_t v[PACK_MAX], back[PACK_MAX];

    (void)state;
    for (unsigned width = 0; width <= PACK_WIDTH_MAX; width++) {
        for (size_t n = 0; n <= PACK_MAX; n++) {
            fill(&random, width, v);
            uint8_t *bytes = malloc(pack_size(n, width) + 1); /* exact, so that ASan sees every byte too far */
            bytes[pack_size(n, width)] = 0xA5;
            pack_put(v, n, width, bytes);
            assert_int_equal(bytes[pack_size(n, width)], 0xA5);
            bytes = realloc(bytes, pack_size(n, width) ? pack_size(n, width) : 1);
            pack_get(bytes, n, width, back);
            assert_memory_equal(v, back, n * sizeof *v);
            if (n > 0)
                assert_int_equal(pack_first(bytes, width), v[0]);
            free(bytes);
        }
    }
}

static void all_targets_give_equal_bytes(void **state)
{
    struct random random = random_from(test_seed(__func__));
    uint64_t v[PACK_MAX], back[PACK_MAX];
    uint8_t plain[PACK_SIZE_MAX], bytes[PACK_SIZE_MAX];

    (void)state;
    for (unsigned width = 1; width <= PACK_WIDTH_MAX; width++) {
        fill(&random, width, v);
        pack_put_on(TARGET_PLAIN, v, PACK_MAX, width, plain);
        for (int target = TARGET_PLAIN; target <= (int)target_best(); target++) {
            pack_put_on((enum target)target, v, PACK_MAX, width, bytes);
            assert_memory_equal(plain, bytes, pack_size(PACK_MAX, width));
            pack_get_on((enum target)target, bytes, PACK_MAX, width, back);
            assert_memory_equal(v, back, sizeof v);
        }
    }
}

static void bits_above_the_width_are_left_out(void **state)
{
    uint64_t v[] = {UINT64_MAX, 8, 15}, back[3];
    uint8_t bytes[2];

    (void)state;
    pack_put(v, 3, 3, bytes);
    pack_get(bytes, 3, 3, back);
    assert_int_equal(back[0], 7);
    assert_int_equal(back[1], 0);
    assert_int_equal(back[2], 7);
}

static void widths_are_the_bits_a_value_needs(void **state)
{
    (void)state;
    assert_int_equal(pack_width(0), 0);
    assert_int_equal(pack_width(1), 1);
    assert_int_equal(pack_width(255), 8);
    assert_int_equal(pack_width(256), 9);
    assert_int_equal(pack_width(UINT64_MAX), 64);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(every_width_and_count_comes_back),
    cmocka_unit_test(all_targets_give_equal_bytes),
    cmocka_unit_test(bits_above_the_width_are_left_out),
    cmocka_unit_test(widths_are_the_bits_a_value_needs),
};

RUN_TESTS(tests)
