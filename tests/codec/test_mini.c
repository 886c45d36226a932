/*
 * test_mini.c - rows that are packed in memory come back to the bit.
 */
#include "codec/mini.h"

#include "codec/samples.h"

#define N_COLUMNS 3

static gk_time time_in[MINI_ROWS];
static uint32_t ordinal_in[MINI_ROWS];
static double value_in[N_COLUMNS * MINI_ROWS];
static uint8_t bytes[MINI_SIZE_MAX(N_COLUMNS)];

/* Times as meters have them: regular, jittering by ms, lost rows, repeated, no grid at all, the ends of time. */
static void make_times(struct random *random, int kind, size_t n)
{
    static const gk_time steps[] = {10 * GK_SECOND, 1000000, 1000, 1};
    gk_time t = kind == 5 ? INT64_MIN + 1 : INT64_C(1717977600000000000);

    for (size_t i = 0; i < n; i++) {
        time_in[i] = t;
        if (kind < 4)
            t += steps[kind] * (gk_time)(1 + random_below(random, 3));
        else if (kind == 4)
            t += (gk_time)(random_below(random, 4) * random_below(random, INT64_C(4000000000)));
        else
            t += i == n / 2 ? INT64_MAX : 1;
    }
    /* Rows that come in turn, alone, or as a batch is taken: a facility's rows one behind the other. */
    for (size_t i = 0; i < n; i++) {
        uint32_t step = kind % 3 == 0 ? 1 + (uint32_t)random_below(random, 1600) : 1;
        step = kind % 3 == 2 && random_below(random, 10) == 0 ? 7000 + (uint32_t)random_below(random, 2000) : step;
        ordinal_in[i] = i ? ordinal_in[i - 1] + step : 7;
    }
}

static void check_block(size_t n, uint8_t *decimals)
{
    gk_time time[MINI_ROWS];
    uint32_t ordinal[MINI_ROWS];
    double value[N_COLUMNS][MINI_ROWS];
    double *const all[N_COLUMNS] = {value[0], value[1], value[2]}, *const last[N_COLUMNS] = {NULL, NULL, value[0]};
    struct mini_rows rows = {n, time_in, ordinal_in, N_COLUMNS, value_in};

    size_t size = mini_encode(&rows, decimals, bytes);
    assert_true(size <= sizeof bytes);
    mini_times(bytes, n, time);
    assert_memory_equal(time, time_in, n * sizeof *time);
    mini_ordinals(bytes, n, ordinal);
    assert_memory_equal(ordinal, ordinal_in, n * sizeof *ordinal);
    mini_values(bytes, n, N_COLUMNS, all);
    for (size_t c = 0; c < N_COLUMNS; c++)
        assert_memory_equal(value[c], value_in + c * MINI_ROWS, n * sizeof(double));
    mini_values(bytes, n, N_COLUMNS, last); /* others are passed over */
    assert_memory_equal(value[0], value_in + 2 * MINI_ROWS, n * sizeof(double));
}

static void rows_of_every_kind_come_back_to_the_bit(void **state)
{
    static const size_t sizes[] = {1, 2, 3, 16, 127, MINI_ROWS};
    struct random random = random_from(1);
    uint8_t decimals[N_COLUMNS] = {0};

    (void)state;
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++)
        for (int kind = 0; kind < SAMPLE_N; kind++)
            for (int times = 0; times < 6; times++) {
                make_times(&random, times, sizes[s]);
                for (int c = 0; c < N_COLUMNS; c++)
                    sample_column((enum sample_kind)((kind + c) % SAMPLE_N), (uint64_t)times, value_in + c * MINI_ROWS,
                                  sizes[s]);
                check_block(sizes[s], decimals);
            }
}

/* What makes packing worth it: regular times cost nothing, values as many bits as they are apart. */
static void a_meter_takes_a_byte_or_two_a_value(void **state)
{
    struct random random = random_from(2);
    uint8_t decimals[N_COLUMNS] = {0};
    struct mini_rows rows = {MINI_ROWS, time_in, ordinal_in, N_COLUMNS, value_in};

    (void)state;
    for (size_t i = 0; i < MINI_ROWS; i++) {
        time_in[i] = (gk_time)i * 10 * GK_SECOND;
        ordinal_in[i] = (uint32_t)i * 800;
        value_in[i] = (double)(45000 + (int64_t)random_below(&random, 1024)) / 1000;
        value_in[MINI_ROWS + i] = 0;
        value_in[2 * MINI_ROWS + i] = (double)random_below(&random, 256) / 100;
    }
    size_t size = mini_encode(&rows, decimals, bytes);
    assert_true(size <= 50 + 9 + 2 * 11 + MINI_ROWS * (10 + 8) / 8);
    assert_int_equal(decimals[0], 3);
    assert_int_equal(decimals[2], 2);
}

/* As many as a batch of 8,000 rows of 800 facilities has of one. */
static void rows_of_a_batch_take_no_ordinals(void **state)
{
    struct mini_rows rows = {MINI_ROWS, time_in, ordinal_in, 0, NULL};
    size_t in_turn, in_batches;

    (void)state;
    for (size_t i = 0; i < MINI_ROWS; i++) {
        time_in[i] = (gk_time)i * 10 * GK_SECOND;
        ordinal_in[i] = (uint32_t)(i * 800 + i % 16);
    }
    in_turn = mini_encode(&rows, NULL, bytes);
    for (size_t i = 0; i < MINI_ROWS; i++)
        ordinal_in[i] = (uint32_t)(i / 10 * 8000 + i % 10 + i / 10 % 16);
    in_batches = mini_encode(&rows, NULL, bytes);
    assert_true(in_batches < in_turn);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(rows_of_a_batch_take_no_ordinals),
    cmocka_unit_test(rows_of_every_kind_come_back_to_the_bit),
    cmocka_unit_test(a_meter_takes_a_byte_or_two_a_value),
};

RUN_TESTS(tests)
