#include "codec/spread.h"

#include "codec/samples.h"

#define N 256

static void values_stand_between_the_others(void **state)
{
    struct random random = random_from(test_seed(__func__));
    double value[N + SPREAD_MORE], out[N + 1], want[N + 1];

    (void)state;
    for (uint64_t round = test_rounds(2000); round-- > 0;) {
        size_t n = 1 + (size_t)random_below(&random, N), k = 0;
        uint64_t is_other[N / 64] = {0}, chance = 1 + random_below(&random, 9);
        for (size_t i = 0; i < N + SPREAD_MORE; i++)
            value[i] = (double)i;
        for (size_t i = 0; i <= N; i++)
            want[i] = -1.0 - (double)i; /* what is behind the rows stays, too */
        memcpy(out, want, sizeof out);
        for (size_t i = 0; i < n; i++)
            if (random_below(&random, chance) == 0)
                is_other[i / 64] |= UINT64_C(1) << i % 64;
            else
                want[i] = value[k++];
        double before[N + 1];
        memcpy(before, out, sizeof out);
        for (int target = TARGET_PLAIN; target <= (int)target_best(); target++) {
            memcpy(out, before, sizeof out);
            spread_values_on((enum target)target, value, is_other, n, out);
            assert_memory_equal(out, want, sizeof want);
        }
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(values_stand_between_the_others),
};

RUN_TESTS(tests)
