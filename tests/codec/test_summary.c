#include "codec/summary.h"

#include "codec/samples.h"

#define N 1000

static double value[N];

/* What chunk.h says, value by value; the sum in its eight lanes. */
static struct scale decimal_of(const double *of, size_t n)
{
    uint64_t z[N];
    size_t n_odd;
    return scale_decimal_of(of, n, z, NULL, &n_odd);
}

static struct chunk_summary brute_force(size_t n)
{
    struct chunk_summary s = {0, 0, NAN, NAN, NAN, NAN, NAN};
    double lane[8] = {0};

    for (size_t i = 0; i < n; i++) {
        double v = value[i];
        s.n_missing += gk_is_missing(v);
        if (isnan(v))
            continue;
        lane[i % 8] += v;
        s.min = s.count == 0 || v < s.min ? v : s.min;
        s.max = s.count == 0 || v > s.max ? v : s.max;
        s.first = s.count == 0 ? v : s.first;
        s.last = v;
        s.count++;
    }
    if (s.count)
        s.sum = ((lane[0] + lane[4]) + (lane[2] + lane[6])) + ((lane[1] + lane[5]) + (lane[3] + lane[7]));
    return s;
}

static void a_summary_is_what_a_plain_loop_finds(void **state)
{
    struct chunk_summary got;

    (void)state;
    for (int kind = 0; kind < SAMPLE_N; kind++) {
        sample_column((enum sample_kind)kind, 3, value, N);
        for (size_t n = 1; n <= N; n += n < 40 ? 1 : 97) {
            struct chunk_summary want = brute_force(n);
            chunk_summarise(value, n, &got);
            assert_int_equal(got.count, want.count);
            assert_int_equal(got.n_missing, want.n_missing);
            assert_true(got.sum == want.sum || (isnan(got.sum) && isnan(want.sum)));
            assert_true(got.min == want.min || want.count == 0);
            assert_true(got.max == want.max || want.count == 0);
            if (want.count) {
                assert_bits_equal(got.first, want.first);
                assert_bits_equal(got.last, want.last);
            }
        }
    }
}

static void a_stored_summary_comes_back_to_the_bit(void **state)
{
    struct chunk_summary summary, back;
    struct buffer out;

    (void)state;
    buffer_init(&out, &MEM_SYSTEM);
    for (int kind = 0; kind < SAMPLE_N; kind++)
        for (int bits = 0; bits < 2; bits++) {
            sample_column((enum sample_kind)kind, 4, value, N);
            struct scale scale = bits ? scale_bits_of(value, N) : decimal_of(value, N);
            chunk_summarise(value, N, &summary);
            buffer_reset(&out);
            summary_put(&summary, N, scale, &out);
            struct reader reader = reader_of(out.bytes, out.size);
            assert_int_equal(summary_get(&reader, N, scale, &back), GK_OK);
            assert_true(reader_is_done(&reader));
            assert_true(summary_is_equal(&summary, &back));
            for (size_t cut = 0; cut < out.size; cut++) {
                reader = reader_of(out.bytes, cut);
                assert_int_equal(summary_get(&reader, N, scale, &back), GK_ECORRUPT);
            }
        }
    buffer_clear(&out);
}

static void the_summary_of_a_meter_is_small(void **state)
{
    struct chunk_summary summary;
    struct buffer out;

    (void)state;
    buffer_init(&out, &MEM_SYSTEM);
    sample_column(SAMPLE_METER_2, 4, value, N);
    chunk_summarise(value, N, &summary);
    summary_put(&summary, N, decimal_of(value, N), &out);
    assert_true(out.size <= 20);
    buffer_clear(&out);
}

static void unequal_summaries_are_told_apart(void **state)
{
    struct chunk_summary a = {3, 1, 6, 1, 3, 1, 3}, b = a;

    (void)state;
    assert_true(summary_is_equal(&a, &b));
    b.max = 4;
    assert_false(summary_is_equal(&a, &b));
    a.max = b.max = NAN;
    assert_true(summary_is_equal(&a, &b));
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(a_summary_is_what_a_plain_loop_finds),
    cmocka_unit_test(a_stored_summary_comes_back_to_the_bit),
    cmocka_unit_test(the_summary_of_a_meter_is_small),
    cmocka_unit_test(unequal_summaries_are_told_apart),
};

RUN_TESTS(tests)
