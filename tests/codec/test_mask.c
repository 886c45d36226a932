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

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(every_bit_is_its_value_on_every_target),
};

RUN_TESTS(tests)
