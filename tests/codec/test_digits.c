#include "codec/digits.h"

#include "codec/samples.h"

#define N 1000

static const double TEN[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8, 1e9,
                             1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18};

static double value[N], back[N];
static uint64_t rank[N], other[N];

/* Of every rank, at all decimals, on every target: none is rounded otherwise than by a division. */
static void every_rank_is_its_value(void **state)
{
    (void)state;
    for (int target = TARGET_PLAIN; target <= (int)target_best(); target++)
        for (unsigned d = 0; d <= DIGITS_DECIMALS_MAX; d++)
            for (int64_t from = -DIGITS_RANK_MAX; from <= DIGITS_RANK_MAX; from += N) {
                size_t n = DIGITS_RANK_MAX + 1 - from < N ? (size_t)(DIGITS_RANK_MAX + 1 - from) : N;
                for (size_t i = 0; i < n; i++)
                    rank[i] = (uint64_t)(from + (int64_t)i);
                digits_value_on((enum target)target, 0, rank, n, d, value);
                for (size_t i = 0; i < n; i++) {
                    int64_t r = from + (int64_t)i, a = r < 0 ? -r : r;
                    unsigned e = digits_exponent(r);
                    double v = (double)(a - 900 * (int64_t)e) * TEN[e] / TEN[d];
                    if (bits_of(value[i]) != bits_of(r < 0 ? -v : v))
                        fail_msg("rank %lld of %u decimals on target %d", (long long)r, d, target);
                }
                assert_int_equal(digits_rank_on((enum target)target, value, n, d, other, NULL), 0);
                assert_memory_equal(rank, other, n * sizeof *rank);
            }
}

static void ranks_ascend_as_values_do(void **state)
{
    (void)state;
    for (unsigned d = 0; d <= DIGITS_DECIMALS_MAX; d += 6) {
        double last = -INFINITY;
        for (int64_t r = -DIGITS_RANK_MAX; r <= DIGITS_RANK_MAX; r++) {
            uint64_t one = (uint64_t)r;
            digits_value(&one, 1, d, value);
            assert_true(value[0] > last);
            last = value[0];
        }
    }
}

/* Every value either comes back to the bit or is counted, and named, as odd; on all targets alike. */
static void what_does_not_come_back_has_no_rank(void **state)
{
    uint8_t odd[N];

    (void)state;
    for (int kind = 0; kind < SAMPLE_N; kind++) {
        sample_column((enum sample_kind)kind, test_seed(__func__), value, N);
        for (unsigned d = 0; d <= DIGITS_DECIMALS_MAX; d++) {
            size_t n_odd = 0;
            for (int target = TARGET_PLAIN; target <= (int)target_best(); target++) {
                size_t n = digits_rank_on((enum target)target, value, N, d, rank, odd);
                digits_value_on((enum target)target, 0, rank, N, d, back);
                n_odd = 0;
                for (size_t i = 0; i < N; i++) {
                    assert_int_equal(odd[i], bits_of(value[i]) != bits_of(back[i]));
                    n_odd += odd[i];
                }
                assert_int_equal(n, n_odd);
            }
        }
    }
    sample_column(SAMPLE_RANGES, 1, value, N);
    assert_int_equal(digits_rank(value, N, 4, rank, NULL), 0);
    sample_column(SAMPLE_METER_3, 1, value, N);
    assert_true(digits_rank(value, N, 3, rank, NULL) > N / 2);
}

/* Of damaged bytes as well: any integers, near ones too. */
static void near_ranks_are_the_same_values(void **state)
{
    struct random random = random_from(test_seed(__func__));
    uint32_t near[N];

    (void)state;
    for (uint64_t round = test_rounds(300); round-- > 0;) {
        uint64_t base = (uint64_t)((int64_t)random_u64(&random) >> random_below(&random, 64));
        unsigned d = (unsigned)random_below(&random, DIGITS_DECIMALS_MAX + 1);
        for (size_t i = 0; i < N; i++) {
            near[i] = (uint32_t)((int32_t)random_u64(&random) >> random_below(&random, 32));
            rank[i] = base + (uint64_t)(int64_t)(int32_t)near[i];
        }
        digits_value(rank, N, d, value);
        digits_value_near(base, near, N, d, back);
        for (size_t i = 0; i < N; i++)
            assert_bits_equal(value[i], back[i]);
    }
}

static void a_limit_is_looked_for_at_the_rank_below(void **state)
{
    (void)state;
    assert_int_equal(digits_rank_near(999), 999);
    assert_int_equal(digits_rank_near(1000), 1000);
    assert_int_equal(digits_rank_near(1009), 1000);
    assert_int_equal(digits_rank_near(-1010), -1001);
    assert_int_equal(digits_rank_near(999000000000000), DIGITS_RANK_MAX);
    assert_int_equal(digits_rank_near(INT64_C(1) << 51), DIGITS_RANK_MAX);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(every_rank_is_its_value),
    cmocka_unit_test(ranks_ascend_as_values_do),
    cmocka_unit_test(what_does_not_come_back_has_no_rank),
    cmocka_unit_test(near_ranks_are_the_same_values),
    cmocka_unit_test(a_limit_is_looked_for_at_the_rank_below),
};

RUN_TESTS(tests)
