#include "codec/totals.h"

#include "codec/samples.h"

#define N 300

/* Small ones mostly, and the ends of what there is. */
static uint64_t any_integer(struct random *random)
{
    switch (random_below(random, 8)) {
    case 0:
        return random_u64(random);
    case 1:
        return (uint64_t)INT64_MIN + random_below(random, 3);
    case 2:
        return (uint64_t)INT64_MAX - random_below(random, 3);
    default:
        return random_below(random, 2001) - 1000;
    }
}

static void integers_are_summed_up_on_every_target(void **state)
{
    struct random random = random_from(test_seed(__func__));
    uint64_t z[N];

    (void)state;
    for (uint64_t round = test_rounds(300); round-- > 0;) {
        size_t n = 1 + (size_t)random_below(&random, N);
        int64_t low = INT64_MAX, high = INT64_MIN;
        uint64_t sum = 0;
        for (size_t i = 0; i < n; i++) {
            z[i] = any_integer(&random);
            low = (int64_t)z[i] < low ? (int64_t)z[i] : low;
            high = (int64_t)z[i] > high ? (int64_t)z[i] : high;
            sum += z[i];
        }
        for (int target = TARGET_PLAIN; target <= (int)target_best(); target++) {
            struct totals got;
            totals_of_on((enum target)target, z, n, &got);
            assert_true(got.low == low && got.high == high && got.sum == (int64_t)sum);
        }
    }
}

/* Those whose sum fits 32 bits, those whose sum does not, and all between. */
static void near_integers_are_summed_up_on_every_target(void **state)
{
    struct random random = random_from(test_seed(__func__));
    uint32_t near[N];

    (void)state;
    for (uint64_t round = test_rounds(600); round-- > 0;) {
        size_t n = 1 + (size_t)random_below(&random, N);
        unsigned shift = (unsigned)random_below(&random, 32);
        bool is_alike = random_below(&random, 2);
        uint32_t same = (uint32_t)random_u64(&random);
        uint64_t base = any_integer(&random);
        int64_t low = INT64_MAX, high = INT64_MIN, sum = 0;
        for (size_t i = 0; i < n; i++) {
            near[i] = (uint32_t)((int32_t)(is_alike ? same : (uint32_t)random_u64(&random)) >> shift);
            int64_t x = (int32_t)near[i];
            low = x < low ? x : low;
            high = x > high ? x : high;
            sum += x;
        }
        for (int target = TARGET_PLAIN; target <= (int)target_best(); target++) {
            struct totals got;
            totals_near_on((enum target)target, base, near, n, &got);
            assert_true(got.low == (int64_t)(base + (uint64_t)low) && got.high == (int64_t)(base + (uint64_t)high));
            assert_true(got.sum == (int64_t)(base * n + (uint64_t)sum));
        }
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(integers_are_summed_up_on_every_target),
    cmocka_unit_test(near_integers_are_summed_up_on_every_target),
};

RUN_TESTS(tests)
