/*
 * test_fold.c - what a piece of samples sums up to: exact decimals, spread, held time, infinities.
 */
#include "db/world.h"

#include <math.h>

#include "db/fold.h"

static struct hour piece_of(const double *value, size_t n, int64_t step, int64_t hold)
{
    struct fold f;
    struct hour h;

    fold_begin(&f, T0, value[0], hold);
    for (size_t i = 1; i < n; i++) {
        gk_time t = T0 + (gk_time)i * step;
        assert_int_equal(fold_run(&f, &t, &value[i], 0, 1, INT64_MAX, hold), 1);
    }
    fold_end(&f, &h);
    return h;
}

static void sums_of_decimals_are_decimals(void **state)
{
    double tenths[360];
    (void)state;

    for (size_t i = 0; i < 360; i++)
        tenths[i] = 0.1;
    struct hour h = piece_of(tenths, 360, 10 * GK_SECOND, 60 * GK_SECOND);
    assert_true(h.sum == 36 && h.integral == 359 && h.spread == 0);
    assert_int_equal(h.held_ns, 3590 * GK_SECOND);
    assert_int_equal(h.hour, T0 / HOUR_NS);
    for (size_t i = 0; i < 360; i++)
        tenths[i] = 1.0 / 3; /* no decimal: stays what it is */
    h = piece_of(tenths, 360, 10 * GK_SECOND, 60 * GK_SECOND);
    assert_true(fabs(h.sum - 120) < 1e-9);
}

static void a_sample_holds_no_longer_than_its_hold(void **state)
{
    const double value[] = {2, 4, NAN, 8};
    (void)state;

    struct hour h = piece_of(value, 4, 100 * GK_SECOND, 60 * GK_SECOND);
    assert_int_equal(h.count, 3);
    assert_int_equal(h.held_ns, 120 * GK_SECOND); /* NaN ends nothing: 4 holds 60 s */
    assert_true(h.integral == 2 * 60 + 4 * 60);
    h = piece_of(value, 4, 100 * GK_SECOND, 150 * GK_SECOND);
    assert_true(h.integral == 2 * 100 + 4 * 150);
    assert_true(h.min == 2 && h.max == 8 && h.first == 2 && h.last == 8 && h.sum == 14);
}

static void squares_are_those_of_the_values(void **state)
{
    double value[1000], sum = 0;
    (void)state;

    for (size_t i = 0; i < 1000; i++) {
        value[i] = 1e6 + sin((double)i); /* hardly any spread: sums of squares alone would drown it */
        sum += value[i] * value[i];
    }
    struct hour h = piece_of(value, 1000, GK_SECOND, GK_SECOND);
    assert_true(fabs(fold_squares(&h) / sum - 1) < 1e-14);
    assert_true(fabs(h.spread / 500 - 1) < 0.01);
    const double wide[] = {1, INFINITY, 2}, both[] = {-INFINITY, INFINITY};
    h = piece_of(wide, 3, GK_SECOND, GK_SECOND);
    assert_true(isinf(fold_squares(&h)) && isinf(h.sum) && isinf(h.max) && h.min == 1);
    h = piece_of(both, 2, GK_SECOND, GK_SECOND);
    assert_true(isinf(fold_squares(&h)));
    assert_bits_equal(h.sum, NAN);
}

/* Rows whose holds change, with gaps and NaN, taken in runs of any length. */
static void ends_are_those_of_the_whole_fold(void **state)
{
    struct random random = random_from(test_seed(__func__));
    gk_time time[64], t = T0;
    double value[64];
    (void)state;

    for (int round = 0; round < 2000; round++) {
        int64_t hold = (int64_t)random_below(&random, 90) * GK_SECOND;
        enum target target = (enum target)random_below(&random, (uint64_t)target_best() + 1);
        struct fold all, ends;
        for (size_t i = 0; i < 64; i++) {
            value[i] = round % 3 == 0 && random_below(&random, 20) == 0 ? copysign(NAN, round % 2 - 0.5)
                                                                        : (double)random_below(&random, 1000) / 8;
            time[i] = t += (gk_time)random_below(&random, random_below(&random, 30) ? 20 : 200) * GK_SECOND;
        }
        value[0] = round % 5 ? -1 : -INFINITY;
        fold_begin(&all, time[0], value[0], hold);
        ends = all;
        for (size_t i = 1; i < 64;) {
            size_t n = i + 1 + random_below(&random, 64 - i);
            gk_time border = random_below(&random, 2) ? INT64_MAX : time[i] + 100 * GK_SECOND;
            hold = random_below(&random, 4) ? hold : (int64_t)random_below(&random, 90) * GK_SECOND;
            size_t stop = fold_run(&all, time, value, i, n, border, hold);
            assert_int_equal(fold_run_ends_on(target, &ends, time, value, i, n, border, hold), stop);
            i = stop;
        }
        assert_int_equal(ends.count, all.count);
        assert_int_equal(ends.held_ns, all.held_ns);
        assert_int_equal(ends.hold_ns, all.hold_ns);
        assert_true(ends.first_time == all.first_time && ends.last_time == all.last_time);
        assert_bits_equal(ends.first, all.first);
        assert_bits_equal(ends.last, all.last);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(sums_of_decimals_are_decimals),
    cmocka_unit_test(a_sample_holds_no_longer_than_its_hold),
    cmocka_unit_test(squares_are_those_of_the_values),
    cmocka_unit_test(ends_are_those_of_the_whole_fold),
};

RUN_TESTS(tests)
