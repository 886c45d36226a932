/* The unseen columns are what they say, and the same every time. */
#include "support/support.h"

#include <math.h>

#include "bench/unseen.h"

#define N 200000

static double *make(enum unseen unseen)
{
    double *value = calloc(N, sizeof *value);

    assert_non_null(value);
    unseen_make(unseen, value, N);
    return value;
}

static void they_are_the_same_every_time(void **state)
{
    (void)state;
    for (int unseen = 0; unseen < UNSEEN_N; unseen++) {
        double *a = make((enum unseen)unseen), *b = make((enum unseen)unseen);
        assert_memory_equal(a, b, N * sizeof *a);
        free(a);
        free(b);
    }
}

static void they_change(void **state)
{
    (void)state;
    for (int unseen = 0; unseen < UNSEEN_N; unseen++) {
        double *value = make((enum unseen)unseen);
        size_t n_changes = 0;
        for (size_t i = 1; i < N; i++) {
            assert_true(isfinite(value[i]));
            n_changes += value[i] != value[i - 1];
        }
        assert_true(n_changes > N / 10);
        free(value);
    }
}

static void a_walk_has_three_significant_digits(void **state)
{
    double *value = make(UNSEEN_WALK3);
    char text[32];

    (void)state;
    for (size_t i = 0; i < N; i++) {
        snprintf(text, sizeof text, "%.3g", value[i]);
        assert_true(strtod(text, NULL) == value[i]);
    }
    free(value);
}

static void a_counter_of_energy_begins_again(void **state)
{
    double *value = make(UNSEEN_KWH);
    size_t n_back = 0;

    (void)state;
    for (size_t i = 1; i < N; i++) {
        n_back += value[i] < value[i - 1];
        assert_true(value[i] >= 0 && value[i] < 100000);
    }
    assert_true(n_back > 0 && n_back < 10);
    free(value);
}

static void a_temperature_has_steps_and_outliers(void **state)
{
    double *value = make(UNSEEN_TEMP);
    size_t n_failed = 0;

    (void)state;
    for (size_t i = 0; i < N; i++) {
        n_failed += value[i] == 85.0 || value[i] == -127.0;
        assert_true(nearbyint(value[i] * 10) / 10 == value[i]);
    }
    assert_true(n_failed > 10 && n_failed < N / 1000);
    free(value);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(they_are_the_same_every_time),         cmocka_unit_test(they_change),
    cmocka_unit_test(a_walk_has_three_significant_digits),  cmocka_unit_test(a_counter_of_energy_begins_again),
    cmocka_unit_test(a_temperature_has_steps_and_outliers),
};

RUN_TESTS(tests)
