#include "codec/predict.h"

#include <math.h>

#include "support/support.h"

#define N 2000

static double power[N], current[N], other[N];
static const double *const columns[] = {other, current, power};
static const struct scale scales[] = {{SCALE_DECIMAL, 0}, {SCALE_DECIMAL, 2}, {SCALE_DECIMAL, 3}};

static void make(double noise)
{
    struct random random = random_from(test_seed(__func__));

    for (size_t i = 0; i < N; i++) {
        power[i] = floor(30000 + 10000 * random_unit(&random)) / 1000;
        current[i] = floor(power[i] * 180 * (1 + noise * (random_unit(&random) - 0.5))) / 100;
        other[i] = (double)random_below(&random, 1000);
    }
}

static void a_current_is_predicted_from_its_power(void **state)
{
    struct predict_plan plan;

    (void)state;
    make(0.01);
    predict_choose(scales, columns, 3, N, &plan);
    assert_true(plan.basis == 1 || plan.basis == 2);
    assert_int_equal(plan.factor[0], 0);
    assert_int_equal(plan.factor[plan.basis], 0);
    assert_true(plan.factor[3 - plan.basis] > 0);
}

static void what_has_nothing_in_common_stands_alone(void **state)
{
    struct predict_plan plan;

    (void)state;
    make(2);
    predict_choose(scales, columns, 3, N, &plan);
    assert_int_equal(plan.basis, PREDICT_NONE);
    predict_choose(scales, columns, 1, N, &plan);
    assert_int_equal(plan.basis, PREDICT_NONE);
    predict_choose(scales, columns, 3, PREDICT_ROWS_MIN - 1, &plan);
    assert_int_equal(plan.basis, PREDICT_NONE);
}

static void values_without_integers_are_left_alone(void **state)
{
    struct predict_plan plan;

    (void)state;
    make(0.01);
    for (size_t i = 0; i < N; i++)
        power[i] = gk_missing();
    predict_choose(scales, columns, 3, N, &plan);
    assert_int_equal(plan.basis, PREDICT_NONE);
}

static void predictions_are_rounded_downwards_from_a_half(void **state)
{
    (void)state;
    uint64_t half = UINT64_C(1) << (PREDICT_SHIFT - 1);
    assert_int_equal(predict(1, half), 1);
    assert_int_equal(predict(1, half - 1), 0);
    assert_int_equal((int64_t)predict(0 - UINT64_C(1), half), 0);
    assert_int_equal((int64_t)predict(0 - UINT64_C(3), half), -1);
    assert_int_equal((int64_t)predict(10, 0 - 2 * half), -10);
}

static void all_targets_predict_the_same(void **state)
{
    struct random random = random_from(test_seed(__func__));
    uint64_t basis[100], z[100], want[100];

    (void)state;
    for (uint64_t round = test_rounds(100); round-- > 0;) {
        uint64_t factor = random_u64(&random) >> random_below(&random, 64);
        for (size_t i = 0; i < 100; i++) {
            basis[i] = random_u64(&random) >> random_below(&random, 64);
            want[i] = 7 + predict(basis[i], factor);
        }
        for (enum target target = TARGET_PLAIN; target <= target_best(); target++) {
            for (size_t i = 0; i < 100; i++)
                z[i] = 7;
            predict_add_on(target, basis, 100, factor, z);
            assert_memory_equal(want, z, sizeof z);
        }
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(all_targets_predict_the_same),
    cmocka_unit_test(a_current_is_predicted_from_its_power),
    cmocka_unit_test(what_has_nothing_in_common_stands_alone),
    cmocka_unit_test(values_without_integers_are_left_alone),
    cmocka_unit_test(predictions_are_rounded_downwards_from_a_half),
};

RUN_TESTS(tests)
