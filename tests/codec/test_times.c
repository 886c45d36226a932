#include "codec/times.h"

#include "base/error.h"
#include "codec/samples.h"

#define SECOND GK_SECOND
#define T0     INT64_C(1717977600000000000)

static gk_time time_in[SAMPLES_MAX], back[SAMPLES_MAX];

static bool is_near(gk_time a, gk_time b, int64_t slack)
{
    return (a > b ? (uint64_t)a - (uint64_t)b : (uint64_t)b - (uint64_t)a) <= (uint64_t)slack;
}

/* What heads say of mini blocks is true of their times; returns how many say something. */
static uint32_t check_spans(const struct times_view *times, size_t n)
{
    uint32_t n_known = 0;

    for (uint32_t mini = 0; mini < times->minis.n; mini++) {
        gk_time first;
        assert_int_equal(times_first(times, mini, &first), GK_OK);
        assert_int_equal(first, time_in[(size_t)mini * CHUNK_MINI]);
        struct chunk_span span = times_span(times, mini);
        size_t from = (size_t)mini * CHUNK_MINI, to = from + CHUNK_MINI < n ? from + CHUNK_MINI : n;
        if (!span.is_known)
            continue;
        n_known++;
        assert_true(is_near(time_in[from], span.first, span.slack));
        assert_true(is_near(time_in[to - 1], span.last, span.slack));
        for (size_t i = from + 1; i < to; i++)
            assert_true(time_in[i] - time_in[i - 1] <= span.gap);
    }
    return n_known;
}

/* Times that no meter has: sums near the ends of time do not fit, and jitter of years says nothing. */
static bool is_wild;

/* Encodes n times, decodes, compares; returns the bytes a row. */
static double round_trip(size_t n)
{
    struct times_view times;
    struct buffer out;

    buffer_init(&out, &MEM_SYSTEM);
    assert_int_equal(times_encode(time_in, n, &out), GK_OK);
    assert_int_equal(times_open(out.bytes, out.size, (uint32_t)n, time_in[0], &times), GK_OK);
    for (uint32_t mini = 0; mini < times.minis.n; mini++)
        assert_int_equal(times_mini(&times, mini, back + (size_t)mini * CHUNK_MINI), GK_OK);
    assert_memory_equal(time_in, back, n * sizeof *back);
    struct times_census census = times_census(&times);
    assert_int_equal(census.n_exact + census.n_grid + census.n_other, times.minis.n);
    uint32_t n_known = check_spans(&times, n);
    assert_true(n_known <= census.n_exact + census.n_grid);
    assert_true(n_known == census.n_exact + census.n_grid || is_wild);
    double bytes = (double)out.size / (double)n;
    buffer_clear(&out);
    return bytes;
}

static void regular_times_cost_nothing(void **state)
{
    (void)state;
    for (size_t i = 0; i < SAMPLES_MAX; i++)
        time_in[i] = T0 + (gk_time)i * 10 * SECOND;
    assert_true(round_trip(SAMPLES_MAX) < 0.002);
    for (size_t i = 0; i < SAMPLES_MAX; i++)
        time_in[i] = T0 + (gk_time)i * 33333;
    assert_true(round_trip(SAMPLES_MAX) < 0.002);
}

static void equal_times_cost_nothing(void **state)
{
    (void)state;
    for (size_t i = 0; i < SAMPLES_MAX; i++)
        time_in[i] = T0;
    assert_true(round_trip(SAMPLES_MAX) < 0.002);
}

static void late_seconds_and_lost_rows_cost_little(void **state)
{
    struct random random = random_from(test_seed(__func__));
    gk_time t = T0;

    (void)state;
    for (size_t i = 0; i < SAMPLES_MAX; i++) {
        t += random_below(&random, 1000) ? 10 * SECOND : 20 * SECOND;
        t += random_below(&random, 2000) ? 0 : (gk_time)(60 + random_below(&random, 3600)) * SECOND;
        time_in[i] = t + (random_below(&random, 50) ? 0 : SECOND);
    }
    assert_true(round_trip(SAMPLES_MAX) < 0.12);
}

static void jitter_of_milliseconds_takes_its_bits(void **state)
{
    struct random random = random_from(test_seed(__func__));
    size_t row = 0;

    (void)state;
    for (size_t i = 0; i < SAMPLES_MAX; i++, row++) {
        row += random_below(&random, 500) == 0;
        time_in[i] = T0 + (gk_time)row * SECOND + (gk_time)random_below(&random, 21) * 1000000;
    }
    assert_true(round_trip(SAMPLES_MAX) < 0.85); /* 4.4 bits of jitter are 0.55 */
}

static void times_of_any_shape_come_back(void **state)
{
    struct random random = random_from(test_seed(__func__));

    (void)state;
    is_wild = true;
    for (uint64_t round = test_rounds(300); round-- > 0;) {
        size_t n = 1 + (size_t)random_below(&random, round % 10 ? 400 : SAMPLES_MAX);
        unsigned shift = 12 + (unsigned)random_below(&random, 52), rare = 12 + (unsigned)random_below(&random, 30);
        gk_time t = (gk_time)random_u64(&random);
        gk_time unit = (gk_time[]){1, 1000, 1000000, SECOND}[random_below(&random, 4)];
        t /= 2;
        for (size_t i = 0; i < n; i++) {
            time_in[i] = t;
            uint64_t d = random_u64(&random) >> (random_below(&random, 50) ? shift : rare);
            gk_time next;
            if (__builtin_mul_overflow((gk_time)d, unit, &next) || __builtin_add_overflow(t, next, &next))
                next = GK_TIME_MAX;
            t = next;
        }
        assert_true(round_trip(n) <= 9 + 64.0 / (double)n);
    }
    is_wild = false;
}

/* Units that divide all but one row, steps of seconds and of months: the distances grow beyond what a double tells. */
static void units_that_divide_nearly_all_come_back(void **state)
{
    static const gk_time unit[] = {1, 1000, 1000000, SECOND};
    (void)state;

    is_wild = true;
    for (size_t u = 0; u < sizeof unit / sizeof *unit; u++)
        for (gk_time step = unit[u]; step < INT64_C(1) << 54; step *= 999) {
            for (size_t odd = 0; odd < 300; odd += 37) {
                for (size_t i = 0; i < 300; i++)
                    time_in[i] = T0 + (gk_time)i * step + (odd > 0 && i >= odd ? 1 : 0);
                (void)round_trip(300); /* the size is no matter */
            }
        }
    is_wild = false;
}

static void the_ends_of_time_come_back(void **state)
{
    (void)state;
    is_wild = true;
    for (size_t n = 1; n <= 300; n++) {
        for (size_t i = 0; i < n; i++)
            time_in[i] = i < n / 2 ? GK_TIME_MIN : GK_TIME_MAX;
        (void)round_trip(n); /* compares */
    }
    is_wild = false;
}

static void damaged_times_are_refused_or_bounded(void **state)
{
    struct random random = random_from(test_seed(__func__));
    struct buffer out;

    (void)state;
    buffer_init(&out, &MEM_SYSTEM);
    for (size_t i = 0; i < 300; i++)
        time_in[i] = T0 + (gk_time)(i + i / 50) * SECOND + (i % 40 ? 0 : 7000000);
    assert_int_equal(times_encode(time_in, 300, &out), GK_OK);
    for (uint64_t round = test_rounds(20000); round-- > 0;) {
        struct times_view times;
        size_t size = random_below(&random, 4) ? out.size : (size_t)random_below(&random, out.size);
        uint8_t *bytes = malloc(size ? size : 1);
        memcpy(bytes, out.bytes, size);
        for (uint64_t n = random_below(&random, 4); size && n-- > 0;)
            bytes[random_below(&random, size)] = (uint8_t)random_u64(&random);
        if (times_open(bytes, size, 300, T0, &times) == GK_OK)
            for (uint32_t mini = 0; mini < times.minis.n; mini++) {
                int rc = times_mini(&times, mini, back);
                assert_true(rc == GK_OK || rc == GK_ECORRUPT);
            }
        free(bytes);
    }
    buffer_clear(&out);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(regular_times_cost_nothing),
    cmocka_unit_test(equal_times_cost_nothing),
    cmocka_unit_test(late_seconds_and_lost_rows_cost_little),
    cmocka_unit_test(jitter_of_milliseconds_takes_its_bits),
    cmocka_unit_test(times_of_any_shape_come_back),
    cmocka_unit_test(units_that_divide_nearly_all_come_back),
    cmocka_unit_test(the_ends_of_time_come_back),
    cmocka_unit_test(damaged_times_are_refused_or_bounded),
};

RUN_TESTS(tests)
