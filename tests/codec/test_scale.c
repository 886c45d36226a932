#include "codec/scale.h"

#include "codec/samples.h"

#define N 3000

static double value[N], back[N];
static uint64_t z[N], plain[N];

/* Every value either comes back to the bit or is counted, and named, as odd. */
/* The decimal scale of a column, of which all that comes with it is what applying it gives. */
static struct scale decimal_of(const double *of, size_t n)
{
    bool is_whole[(N + SCALE_RUN - 1) / SCALE_RUN], own[(N + SCALE_RUN - 1) / SCALE_RUN];
    size_t n_odd;

    struct scale scale = scale_decimal_of(of, n, z, is_whole, &n_odd);
    assert_int_equal(scale_apply_runs(scale, of, n, plain, own), n_odd);
    assert_int_equal(scale_apply(scale, of, n, plain), n_odd);
    assert_memory_equal(z, plain, n * sizeof *z);
    for (size_t i = 0; i < n; i += SCALE_RUN) {
        assert_int_equal(is_whole[i / SCALE_RUN], own[i / SCALE_RUN]);
        assert_int_equal(is_whole[i / SCALE_RUN],
                         scale_apply(scale, of + i, n - i < SCALE_RUN ? n - i : SCALE_RUN, plain) == 0);
    }
    return scale;
}

static void check_lossless(struct scale scale)
{
    static uint8_t is_odd[N];
    size_t n_odd = 0;

    assert_true(scale_is_valid(scale));
    scale_odd(scale, value, N, is_odd);
    for (size_t i = 0; i < N; i++) {
        bool is_whole = scale_apply_one(scale, value[i], &z[i]);
        assert_int_equal(is_odd[i], !is_whole);
        if (!is_whole) {
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
        for (unsigned d = 0; d <= SCALE_DECIMALS_MAX; d++) {
            check_lossless((struct scale){SCALE_DECIMAL, (uint8_t)d});
            check_lossless((struct scale){SCALE_DIGITS, (uint8_t)d});
        }
        for (unsigned shift = 0; shift <= SCALE_SHIFT_MAX; shift++)
            check_lossless((struct scale){SCALE_BITS, (uint8_t)shift});
        check_lossless(decimal_of(value, N));
        check_lossless(scale_bits_of(value, N));
    }
}

/* Near integers, given in 32 bits, stand for the same values. */
static void near_integers_are_the_same_values(void **state)
{
    struct random random = random_from(test_seed(__func__));
    uint32_t near[N];

    (void)state;
    for (uint64_t round = test_rounds(300); round-- > 0;) {
        uint64_t base = (uint64_t)((int64_t)random_u64(&random) >> random_below(&random, 64));
        struct scale scale = {SCALE_DECIMAL, (uint8_t)random_below(&random, SCALE_DECIMALS_MAX + 1)};
        if (random_below(&random, 3) == 0)
            scale.kind = SCALE_DIGITS;
        if (random_below(&random, 3) == 0)
            scale = (struct scale){SCALE_BITS, (uint8_t)random_below(&random, SCALE_SHIFT_MAX + 1)};
        for (size_t i = 0; i < N; i++) {
            near[i] = (uint32_t)((int32_t)random_u64(&random) >> random_below(&random, 32));
            z[i] = base + (uint64_t)(int64_t)(int32_t)near[i];
        }
        scale_invert(scale, z, N, value);
        scale_invert_near(scale, base, near, N, back);
        for (size_t i = 0; i < N; i++)
            assert_bits_equal(value[i], back[i]);
    }
}

static void all_targets_give_equal_integers_and_values(void **state)
{
    double one[N], other[N];

    (void)state;
    for (int kind = 0; kind < SAMPLE_N; kind++) {
        sample_column((enum sample_kind)kind, 5, value, N);
        for (int kind_of = 0; kind_of < 3; kind_of++) {
            struct scale scale = kind_of == 0 ? scale_bits_of(value, N) : decimal_of(value, N);
            scale.kind = (uint8_t)(kind_of == 2 ? SCALE_DIGITS : scale.kind);
            size_t n_odd = scale_apply_on(TARGET_PLAIN, scale, value, N, plain);
            scale_invert_on(TARGET_PLAIN, scale, plain, N, one);
            for (int target = TARGET_PLAIN; target <= (int)target_best(); target++) {
                assert_int_equal(scale_apply_on((enum target)target, scale, value, N, z), n_odd);
                scale_invert_on((enum target)target, scale, plain, N, other);
                for (size_t i = 0; i < N; i++) {
                    uint64_t own;
                    if (!scale_apply_one(scale, value[i], &own))
                        continue;
                    assert_bits_equal(value[i], other[i]);
                    assert_int_equal(z[i], own);
                }
            }
        }
    }
}

/* Integers of any size near what is easily wrong: powers, halves of them, multiples of 10^d. */
static uint64_t hard_integer(struct random *random)
{
    uint64_t v = random_u64(random) >> (13 + random_below(random, 51)); /* below 2^51 */
    switch (random_below(random, 4)) {
    case 0:
        return v & ~(UINT64_C(0xFFF) << random_below(random, 39));
    case 1:
        return v | UINT64_C(0xFFF) << random_below(random, 39);
    case 2:
        return v / 1000 * 1000 + random_below(random, 2);
    default:
        return v;
    }
}

static void quotients_are_those_of_a_division(void **state)
{
    static const double powers[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8, 1e9,
                                    1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18};
    struct random random = random_from(test_seed(__func__));

    (void)state;
    for (uint64_t round = test_rounds(200); round-- > 0;)
        for (unsigned d = 0; d <= SCALE_DECIMALS_MAX; d++) {
            for (size_t i = 0; i < N; i++) {
                uint64_t v = round < 100 ? round * N + i : hard_integer(&random);
                z[i] = i % 2 ? v : 0 - v;
            }
            for (int target = TARGET_PLAIN; target <= (int)target_best(); target++) {
                scale_invert_on((enum target)target, (struct scale){SCALE_DECIMAL, (uint8_t)d}, z, N, back);
                for (size_t i = 0; i < N; i++)
                    if (bits_of(back[i]) != bits_of((double)(int64_t)z[i] / powers[d]))
                        fail_msg("%lld / 10^%u on target %d", (long long)z[i], d, target);
            }
        }
}

static void meters_get_the_decimals_they_have(void **state)
{
    (void)state;
    sample_column(SAMPLE_METER_2, 1, value, N);
    assert_int_equal(decimal_of(value, N).by, 2);
    sample_column(SAMPLE_METER_3, 1, value, N);
    assert_int_equal(decimal_of(value, N).by, 3);
    sample_column(SAMPLE_ODD, 1, value, N);
    assert_int_equal(decimal_of(value, N).by, 2);
    sample_column(SAMPLE_GAPS, 1, value, N);
    assert_int_equal(decimal_of(value, N).by, 2);
    sample_column(SAMPLE_MIXED, 1, value, N);
    assert_int_equal(decimal_of(value, N).by, 6);
}

/* Three digits over several powers of ten are ranks; of one power, or of four digits, they are decimals. */
static void meters_that_change_their_range_get_digits(void **state)
{
    struct scale scale;

    (void)state;
    sample_column(SAMPLE_RANGES, 1, value, N);
    assert_true(scale_digits_of(value, N, decimal_of(value, N), &scale));
    assert_int_equal(scale.kind, SCALE_DIGITS);
    assert_int_equal(scale.by, 4);
    for (size_t i = 0; i < N; i++)
        value[i] = (double)(i % 900 + 100) / 100;
    assert_false(scale_digits_of(value, N, decimal_of(value, N), &scale));
    static const enum sample_kind others[] = {SAMPLE_METER_2, SAMPLE_METER_3, SAMPLE_MIXED,   SAMPLE_SINE,
                                              SAMPLE_RANDOM,  SAMPLE_MISSING, SAMPLE_SPECIAL, SAMPLE_LEVELS};
    for (size_t k = 0; k < sizeof others / sizeof *others; k++) {
        sample_column(others[k], 1, value, N);
        assert_false(scale_digits_of(value, N, decimal_of(value, N), &scale));
    }
}

static void decimals_that_the_samples_did_not_show_are_found(void **state)
{
    (void)state;
    for (size_t i = 0; i < N; i++)
        value[i] = i % 47 ? (double)(i % 100 * 1000 + 1) / 1000 : 7.5;
    assert_int_equal(decimal_of(value, N).by, 3);
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

/* The integer below is the last one that fails. */
static void a_limit_is_the_least_integer_that_reaches_it(void **state)
{
    struct random random = random_from(test_seed(__func__));
    uint64_t n_told = 0;
    int64_t least;

    (void)state;
    for (uint64_t round = test_rounds(20000); round-- > 0;) {
        struct scale scale = {random_below(&random, 2) ? SCALE_DECIMAL : SCALE_DIGITS,
                              (uint8_t)random_below(&random, SCALE_DECIMALS_MAX + 1)};
        bool is_above = random_below(&random, 2);
        int64_t near = (int64_t)random_u64(&random) >> (13 + random_below(&random, 51));
        near %= scale.kind == SCALE_DIGITS ? DIGITS_RANK_MAX : INT64_MAX;
        double limit = scale_value(scale, (uint64_t)near); /* one that rows may have, or beside it */
        limit = random_below(&random, 2) ? limit : double_of(bits_of(limit) + random_below(&random, 3) - 1);
        if (!scale_least(scale, limit, is_above, &least))
            continue;
        n_told++;
        double at = scale_value(scale, (uint64_t)least), below = scale_value(scale, (uint64_t)(least - 1));
        assert_true(is_above ? at > limit : at >= limit);
        assert_false(is_above ? below > limit : below >= limit);
    }
    assert_true(n_told > 0);
    assert_false(scale_least((struct scale){SCALE_DECIMAL, 2}, NAN, false, &least));
    assert_false(scale_least((struct scale){SCALE_DECIMAL, 2}, INFINITY, false, &least));
    assert_false(scale_least((struct scale){SCALE_DECIMAL, 2}, -1e300, true, &least));
    assert_false(scale_least((struct scale){SCALE_BITS, 2}, 1, true, &least));
}

static void the_nearest_integer_is_off_by_less_than_one(void **state)
{
    (void)state;
    assert_int_equal(scale_nearest((struct scale){SCALE_DECIMAL, 2}, 12.3449), 1234);
    assert_int_equal((int64_t)scale_nearest((struct scale){SCALE_DECIMAL, 0}, -7.6), -8);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(no_value_changes_on_any_scale),
    cmocka_unit_test(near_integers_are_the_same_values),
    cmocka_unit_test(all_targets_give_equal_integers_and_values),
    cmocka_unit_test(quotients_are_those_of_a_division),
    cmocka_unit_test(meters_get_the_decimals_they_have),
    cmocka_unit_test(meters_that_change_their_range_get_digits),
    cmocka_unit_test(decimals_that_the_samples_did_not_show_are_found),
    cmocka_unit_test(bit_patterns_ascend_as_values_do),
    cmocka_unit_test(a_limit_is_the_least_integer_that_reaches_it),
    cmocka_unit_test(the_nearest_integer_is_off_by_less_than_one),
};

RUN_TESTS(tests)
