#include "codec/mask.h"

#include "codec/samples.h"

#define N 200

static bool compares(enum gk_compare compare, double a, double b)
{
    const bool results[] = {a<b, a <= b, a> b, a >= b, a == b, a != b};
    return results[compare];
}

static void every_bit_is_its_value_on_every_target(void **state)
{
    struct random random = random_from(test_seed(__func__));
    double value[N];
    uint64_t mask[MASK_WORDS(N) + 1];

    (void)state;
    for (uint64_t round = test_rounds(300); round-- > 0;) {
        size_t n = (size_t)random_below(&random, N + 1);
        double limit = round % 8 ? (double)random_below(&random, 5) : round % 16 ? NAN : INFINITY;
        for (size_t i = 0; i < N; i++)
            value[i] = random_below(&random, 9) ? (double)random_below(&random, 5) : sample_special(&random);
        for (int target = TARGET_PLAIN; target <= (int)target_best(); target++)
            for (int compare = GK_LT; compare <= GK_NE; compare++) {
                mask[MASK_WORDS(n)] = 77;
                mask_compare_on((enum target)target, (enum gk_compare)compare, limit, value, n, mask);
                assert_int_equal(mask[MASK_WORDS(n)], 77);
                for (size_t i = 0; i < MASK_WORDS(n) * MASK_WORD; i++)
                    assert_int_equal(mask[i / MASK_WORD] >> i % MASK_WORD & 1,
                                     i < n && compares((enum gk_compare)compare, value[i], limit));
            }
    }
}

static void integers_are_compared_on_every_target(void **state)
{
    struct random random = random_from(test_seed(__func__));
    uint32_t near[4 * MASK_WORD];
    uint64_t mask[5];

    (void)state;
    for (uint64_t round = test_rounds(300); round-- > 0;) {
        size_t n = MASK_WORD * (size_t)random_below(&random, 5);
        int32_t least = round % 9 ? (int32_t)random_below(&random, 9) - 4 : round % 2 ? INT32_MIN : INT32_MAX;
        bool inverse = random_below(&random, 2);
        for (size_t i = 0; i < 4 * MASK_WORD; i++)
            near[i] =
                random_below(&random, 9) ? (uint32_t)random_below(&random, 11) - 5 : (uint32_t)random_u64(&random);
        for (int target = TARGET_PLAIN; target <= (int)target_best(); target++) {
            mask[n / MASK_WORD] = 77;
            mask_at_least_on((enum target)target, least, inverse, near, n, mask);
            assert_int_equal(mask[n / MASK_WORD], 77);
            for (size_t i = 0; i < n; i++)
                assert_int_equal(mask[i / MASK_WORD] >> i % MASK_WORD & 1, ((int32_t)near[i] >= least) != inverse);
        }
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(every_bit_is_its_value_on_every_target),
    cmocka_unit_test(integers_are_compared_on_every_target),
};

RUN_TESTS(tests)
