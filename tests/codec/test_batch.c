#include "codec/batch.h"

#include "codec/samples.h"

#define N_CHANNELS 3
#define T0         INT64_C(1717977600000000000)

static gk_time time_in[SAMPLES_MAX];
static uint32_t facility[SAMPLES_MAX];
static double value[N_CHANNELS][SAMPLES_MAX];
static const double *const columns[N_CHANNELS] = {value[0], value[1], value[2]};
static const uint32_t channels[N_CHANNELS] = {9, 1, UINT32_MAX};

static struct batch_rows make_rows(size_t n, int kind)
{
    struct random random = random_from((uint64_t)kind);

    for (size_t i = 0; i < n; i++) {
        time_in[i] = T0 + (gk_time)random_below(&random, 10) * GK_SECOND;
        facility[i] = (uint32_t)random_below(&random, 800);
    }
    for (int k = 0; k < N_CHANNELS; k++)
        sample_column((enum sample_kind)((kind + k) % SAMPLE_N), 11, value[k], n);
    return (struct batch_rows){n, time_in, facility, N_CHANNELS, channels, columns};
}

static struct buffer encode(const struct batch_rows *rows)
{
    struct buffer out;
    buffer_init(&out, &MEM_SYSTEM);
    assert_int_equal(batch_encode(&MEM_SYSTEM, rows, &out), GK_OK);
    return out;
}

static void check_equal(const struct batch_rows *got, const struct batch_rows *want)
{
    size_t n = want->n_rows;
    assert_int_equal(got->n_rows, n);
    assert_int_equal(got->n_channels, want->n_channels);
    if (n) {
        assert_memory_equal(got->time, want->time, n * sizeof *got->time);
        assert_memory_equal(got->facility, want->facility, n * sizeof *got->facility);
    }
    for (size_t k = 0; k < want->n_channels; k++) {
        assert_int_equal(got->channel[k], want->channel[k]);
        if (n)
            assert_memory_equal(got->value[k], want->value[k], n * sizeof **got->value);
    }
}

static void rows_come_back_to_the_bit(void **state)
{
    static const size_t sizes[] = {8192, 0, 1, 7, 8, 100, 4000};
    struct batch batch = {0};

    (void)state;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        for (int kind = 0; kind < SAMPLE_N; kind++) {
            struct batch_rows rows = make_rows(sizes[i], kind);
            struct buffer out = encode(&rows);
            assert_int_equal(batch_decode(&MEM_SYSTEM, out.bytes, out.size, &batch), GK_OK);
            check_equal(&batch.rows, &rows);
            buffer_clear(&out);
        }
    batch_clear(&batch);
}

static void nothing_at_all_comes_back(void **state)
{
    struct batch_rows rows = {0};
    struct batch batch = {0};

    (void)state;
    struct buffer out = encode(&rows);
    assert_int_equal(batch_decode(&MEM_SYSTEM, out.bytes, out.size, &batch), GK_OK);
    check_equal(&batch.rows, &rows);
    batch_clear(&batch);
    buffer_clear(&out);
}

static void too_much_is_refused(void **state)
{
    struct batch_rows rows = make_rows(1, 0);
    struct buffer out;

    (void)state;
    buffer_init(&out, &MEM_SYSTEM);
    rows.n_rows = BATCH_ROWS_MAX + 1;
    assert_int_equal(batch_encode(&MEM_SYSTEM, &rows, &out), GK_EINVAL);
    rows.n_rows = 1;
    rows.n_channels = 1025;
    assert_int_equal(batch_encode(&MEM_SYSTEM, &rows, &out), GK_EINVAL);
    assert_int_equal(out.size, 0);
    buffer_clear(&out);
}

static void a_cut_record_is_corrupt(void **state)
{
    struct batch_rows rows = make_rows(60, SAMPLE_METER_2);
    struct buffer out = encode(&rows);
    struct batch batch = {0};

    (void)state;
    for (size_t cut = 0; cut < out.size; cut++) {
        uint8_t *part = malloc(cut ? cut : 1); /* exact, for ASan */
        memcpy(part, out.bytes, cut);
        assert_int_equal(batch_decode(&MEM_SYSTEM, part, cut, &batch), GK_ECORRUPT);
        free(part);
    }
    buffer_put_u8(&out, 0); /* one more is as bad */
    assert_int_equal(batch_decode(&MEM_SYSTEM, out.bytes, out.size, &batch), GK_ECORRUPT);
    batch_clear(&batch);
    buffer_clear(&out);
}

static void a_flipped_bit_never_breaks_a_reader(void **state)
{
    struct batch batch = {0};

    (void)state;
    for (int kind = 0; kind < SAMPLE_N; kind += N_CHANNELS) {
        struct batch_rows rows = make_rows(60, kind);
        struct buffer out = encode(&rows);
        for (size_t bit = 0; bit < 8 * out.size; bit++) {
            out.bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
            (void)batch_decode(&MEM_SYSTEM, out.bytes, out.size,
                               &batch); /* a changed value is for the checksum to find */
            out.bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
        }
        buffer_clear(&out);
    }
    batch_clear(&batch);
}

/* A few bytes that claim 8 MB a column. */
static void a_claim_that_the_bytes_cannot_hold_allocates_nothing(void **state)
{
    static const uint8_t bytes[] = {1, 0x80, 0x80, 0x40, 0, 3, 0, 3, 0};
    struct failing_mem failing;
    struct batch batch = {0};

    (void)state;
    failing_mem_init(&failing);
    assert_int_equal(batch_decode(&failing.mem, bytes, sizeof bytes, &batch), GK_ECORRUPT);
    assert_int_equal(failing.n_calls, 0);
}

static void an_unknown_version_is_told(void **state)
{
    struct batch_rows rows = make_rows(3, 0);
    struct buffer out = encode(&rows);
    struct batch batch = {0};

    (void)state;
    out.bytes[0] = 3;
    assert_int_equal(batch_decode(&MEM_SYSTEM, out.bytes, out.size, &batch), GK_EVERSION);
    buffer_clear(&out);
}

static void every_failing_allocation_is_survived(void **state)
{
    struct batch_rows rows = make_rows(500, SAMPLE_RANDOM);
    int rc = GK_ENOMEM;

    (void)state;
    for (uint64_t at = 1; rc == GK_ENOMEM; at++) {
        struct failing_mem failing;
        struct buffer out, text;
        struct batch batch = {0};
        failing_mem_init(&failing);
        failing.fail_at = at;
        buffer_init(&out, &failing.mem);
        buffer_init(&text, &failing.mem);
        TRY(batch_encode(&failing.mem, &rows, &out));
        TRY(batch_decode(&failing.mem, out.bytes, out.size, &batch));
        check_equal(&batch.rows, &rows);
        TRY(batch_dump(&failing.mem, out.bytes, out.size, &text));
    done:
        batch_clear(&batch);
        buffer_clear(&out);
        buffer_clear(&text);
        assert_int_equal(failing.n_live, 0);
        assert_true(at < 100);
    }
    assert_int_equal(rc, GK_OK);
}

static void the_dump_tells_what_is_inside(void **state)
{
    struct batch_rows rows = make_rows(100, SAMPLE_CONSTANT);
    struct buffer out = encode(&rows), text;

    (void)state;
    buffer_init(&text, &MEM_SYSTEM);
    assert_int_equal(batch_dump(&MEM_SYSTEM, out.bytes, out.size, &text), GK_OK);
    buffer_put_u8(&text, 0);
    const char *t = (const char *)text.bytes;
    assert_non_null(strstr(t, "batch version 2, 100 rows, 3 channels"));
    assert_non_null(strstr(t, "  facility: "));
    assert_non_null(strstr(t, " decimals: lz4, "));
    assert_non_null(strstr(t, "bytes of 800"));
    buffer_clear(&text);
    assert_int_equal(batch_dump(&MEM_SYSTEM, out.bytes, out.size - 1, &text), GK_ECORRUPT);
    buffer_clear(&text);
    buffer_clear(&out);
}

static const gk_time EXAMPLE_TIME[] = {1717977600000000000, 1717977600000000000, 1717977601000000000};

static const uint32_t EXAMPLE_FACILITY[] = {5, 6, 5};

/* A worked example of docs/format/batch.md. */
static void check_example(const char *block, double second)
{
    uint8_t bytes[256];
    struct batch batch = {0};

    size_t size = sample_hex("docs/format/batch.md", block, bytes, sizeof bytes);
    assert_int_equal(batch_decode(&MEM_SYSTEM, bytes, size, &batch), GK_OK);
    assert_int_equal(batch.rows.n_rows, 3);
    assert_int_equal(batch.rows.n_channels, 1);
    assert_int_equal(batch.rows.channel[0], 7);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(batch.rows.time[i], EXAMPLE_TIME[i]);
        assert_int_equal(batch.rows.facility[i], EXAMPLE_FACILITY[i]);
    }
    assert_bits_equal(batch.rows.value[0][0], 7.5);
    assert_bits_equal(batch.rows.value[0][1], second);
    assert_bits_equal(batch.rows.value[0][2], 7.25);
    batch_clear(&batch);
}

static void the_example_of_the_docs_is_what_is_written(void **state)
{
    static const double kw[] = {7.5, 7.0, 7.25};
    static const double *const column[] = {kw};
    static const uint32_t channel[] = {7};
    struct batch_rows rows = {3, EXAMPLE_TIME, EXAMPLE_FACILITY, 1, channel, column};
    uint8_t bytes[256];

    (void)state;
    check_example("hex", 7.0);
    size_t size = sample_hex("docs/format/batch.md", "hex", bytes, sizeof bytes);
    struct buffer out = encode(&rows);
    assert_int_equal(out.size, size);
    assert_memory_equal(out.bytes, bytes, size);
    buffer_clear(&out);
}

static void version_1_is_read_for_ever(void **state)
{
    (void)state;
    check_example("old", gk_missing());
}

/* What meters send: the record is a third of the doubles, and a value that is no decimal only costs its own column. */
static void decimals_take_few_bytes(void **state)
{
    enum { N = 400 };
    struct batch_rows rows = make_rows(N, 0);
    struct random random = random_from(5);
    struct batch batch = {0};

    (void)state;
    for (size_t i = 0; i < N; i++) {
        facility[i] = (uint32_t)i;
        time_in[i] = T0 + (gk_time)random_below(&random, 60) * GK_SECOND;
        for (int k = 0; k < N_CHANNELS; k++)
            value[k][i] = (double)random_below(&random, 40000) / 100;
    }
    struct buffer out = encode(&rows);
    assert_true(out.size < N * (N_CHANNELS * 2 + 6));
    size_t before = out.size;
    assert_int_equal(batch_decode(&MEM_SYSTEM, out.bytes, out.size, &batch), GK_OK);
    check_equal(&batch.rows, &rows);
    buffer_clear(&out);
    value[1][7] = gk_missing();
    out = encode(&rows);
    assert_true(out.size > before && out.size < before + N * 6);
    assert_int_equal(batch_decode(&MEM_SYSTEM, out.bytes, out.size, &batch), GK_OK);
    check_equal(&batch.rows, &rows);
    buffer_clear(&out);
    batch_clear(&batch);
}

static void units_and_scales_that_are_none_are_corrupt(void **state)
{
    uint8_t bytes[256];
    struct batch batch = {0};

    (void)state;
    size_t size = sample_hex("docs/format/batch.md", "hex", bytes, sizeof bytes);
    assert_int_equal(bytes[7], 9); /* of the times */
    bytes[7] = 5;
    assert_int_equal(batch_decode(&MEM_SYSTEM, bytes, size, &batch), GK_ECORRUPT);
    bytes[7] = 9;
    size_t at = size - 18; /* of channel 7 */
    assert_int_equal(bytes[at], 2);
    bytes[at] = 19;
    assert_int_equal(batch_decode(&MEM_SYSTEM, bytes, size, &batch), GK_ECORRUPT);
    batch_clear(&batch);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(rows_come_back_to_the_bit),
    cmocka_unit_test(nothing_at_all_comes_back),
    cmocka_unit_test(too_much_is_refused),
    cmocka_unit_test(a_cut_record_is_corrupt),
    cmocka_unit_test(a_flipped_bit_never_breaks_a_reader),
    cmocka_unit_test(a_claim_that_the_bytes_cannot_hold_allocates_nothing),
    cmocka_unit_test(an_unknown_version_is_told),
    cmocka_unit_test(every_failing_allocation_is_survived),
    cmocka_unit_test(the_dump_tells_what_is_inside),
    cmocka_unit_test(the_example_of_the_docs_is_what_is_written),
    cmocka_unit_test(version_1_is_read_for_ever),
    cmocka_unit_test(decimals_take_few_bytes),
    cmocka_unit_test(units_and_scales_that_are_none_are_corrupt),
};

RUN_TESTS(tests)
