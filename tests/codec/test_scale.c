#include "codec/scale.h"

#include "codec/samples.h"

#define N 3000

static double value[N], back[N];
static uint64_t z[N], plain[N];

/* Every value either comes back to the bit or is counted as odd. */
static void check_lossless(struct scale scale)
{
    size_t n_odd = 0;

    assert_true(scale_is_valid(scale));
    for (size_t i = 0; i < N; i++) {
        if (!scale_apply_one(scale, value[i], &z[i])) {
            n_odd++;
            continue;
        }
        scale_invert(scale, &z[i], 1, &back[i]);
        assert_bits_equal(value[i], back[i]);
    }
    assert_int_equal(scale_apply(scale, value, N, plain), n_odd);
}

static void no_value_changes_on_any_scale(void **state)
{
    (void)state;
    for (int kind = 0; kind < SAMPLE_N; kind++) {
        sample_column((enum sample_kind)kind, test_seed(__func__), value, N);
        for (unsigned d = 0; d <= SCALE_DECIMALS_MAX; d++)
            check_lossless((struct scale){SCALE_DECIMAL, (uint8_t)d});
        for (unsigned shift = 0; shift <= SCALE_SHIFT_MAX; shift++)
            check_lossless((struct scale){SCALE_BITS, (uint8_t)shift});
        check_lossless(scale_decimal_of(value, N));
        check_lossless(scale_bits_of(value, N));
    }
}

static void all_targets_give_equal_integers_and_values(void **state)
{
    double one[N], other[N];

    (void)state;
    for (int kind = 0; kind < SAMPLE_N; kind++) {
        sample_column((enum sample_kind)kind, 5, value, N);
        for (int bits = 0; bits < 2; bits++) {
            struct scale scale = bits ? scale_bits_of(value, N) : scale_decimal_of(value, N);
            size_t n_odd = scale_apply_on(TARGET_PLAIN, scale, value, N, plain);
            scale_invert_on(TARGET_PLAIN, scale, plain, N, one);
            for (int target = TARGET_PLAIN; target <= (int)target_best(); target++) {
                assert_int_equal(scale_apply_on((enum target)target, scale, value, N, z), n_odd);
                scale_invert_on((enum target)target, scale, plain, N, other);
                for (size_t i = 0; i < N; i++) {
                    if (one[i] == one[i])
                        assert_bits_equal(one[i], other[i]);
                    if (scale_apply_one(scale, value[i], &z[N - 1]) && i < N - 1)
                        assert_int_equal(z[i], plain[i]);
                }
            }
        }
    }
}

static void meters_get_the_decimals_they_have(void **state)
{
    (void)state;
    sample_column(SAMPLE_METER_2, 1, value, N);
    assert_int_equal(scale_decimal_of(value, N).by, 2);
    sample_column(SAMPLE_METER_3, 1, value, N);
    assert_int_equal(scale_decimal_of(value, N).by, 3);
    sample_column(SAMPLE_ODD, 1, value, N);
    assert_int_equal(scale_decimal_of(value, N).by, 2);
    sample_column(SAMPLE_GAPS, 1, value, N);
    assert_int_equal(scale_decimal_of(value, N).by, 2);
    sample_column(SAMPLE_MIXED, 1, value, N);
    assert_int_equal(scale_decimal_of(value, N).by, 6);
}

static void decimals_that_the_samples_did_not_show_are_found(void **state)
{
    (void)state;
    for (size_t i = 0; i < N; i++)
        value[i] = i % 47 ? (double)(i % 100 * 1000 + 1) / 1000 : 7.5;
    assert_int_equal(scale_decimal_of(value, N).by, 3);
}

static void bit_patterns_ascend_as_values_do(void **state)
{
    static const double up[] = {-INFINITY, -1e300, -2, -1, -4.9e-324, 0, 4.9e-324, 1, 2, 1e300, INFINITY};
    uint64_t before = 0, now;

    (void)state;
    for (size_t i = 0; i < sizeof up / sizeof *up; i++) {
        assert_true(scale_apply_one((struct scale){SCALE_BITS, 0}, up[i], &now));
        assert_true(i == 0 || (int64_t)now > (int64_t)before);
        before = now;
    }
}

static void the_nearest_integer_is_off_by_less_than_one(void **state)
{
    (void)state;
    assert_int_equal(scale_nearest((struct scale){SCALE_DECIMAL, 2}, 12.3449), 1234);
    assert_int_equal((int64_t)scale_nearest((struct scale){SCALE_DECIMAL, 0}, -7.6), -8);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(no_value_changes_on_any_scale),
    cmocka_unit_test(all_targets_give_equal_integers_and_values),
    cmocka_unit_test(meters_get_the_decimals_they_have),
    cmocka_unit_test(decimals_that_the_samples_did_not_show_are_found),
    cmocka_unit_test(bit_patterns_ascend_as_values_do),
    cmocka_unit_test(the_nearest_integer_is_off_by_less_than_one),
};

RUN_TESTS(tests)
