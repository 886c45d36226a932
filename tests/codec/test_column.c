#include "codec/column.h"

#include "base/error.h"
#include "codec/mask.h"
#include "codec/samples.h"
#include "codec/summary.h"

static double value[SAMPLES_MAX], back[SAMPLES_MAX];

static void decode_all(const struct column_view *column, double *out)
{
    for (uint32_t mini = 0; mini < (column->n_rows + CHUNK_MINI - 1) / CHUNK_MINI; mini++)
        assert_int_equal(column_values(column, NULL, mini, mini + 1, out + (size_t)mini * CHUNK_MINI), GK_OK);
}

/* Encodes n values, decodes, compares to the bit; returns the size. */
static size_t round_trip(size_t n, struct buffer *out)
{
    struct column_view column;
    struct chunk_summary summary, stored;

    buffer_reset(out);
    assert_int_equal(column_encode(value, n, out), GK_OK);
    assert_int_equal(column_open(out->bytes, out->size, (uint32_t)n, &column), GK_OK);
    decode_all(&column, back);
    assert_memory_equal(value, back, n * sizeof *value);
    chunk_summarise(value, n, &summary);
    assert_true(summary_is_equal(&summary, &column.summary));
    assert_int_equal(column_summary(out->bytes, out->size, (uint32_t)n, &stored), GK_OK);
    assert_true(summary_is_equal(&summary, &stored));
    return out->size;
}

static void every_kind_of_value_comes_back_to_the_bit(void **state)
{
    struct buffer out;

    (void)state;
    buffer_init(&out, &MEM_SYSTEM);
    for (int kind = 0; kind < SAMPLE_N; kind++) {
        sample_column((enum sample_kind)kind, test_seed(__func__), value, SAMPLES_MAX);
        for (size_t n = 1; n <= 300; n += kind == SAMPLE_SPECIAL ? 1 : 7)
            (void)round_trip(n, &out); /* compares */
        (void)round_trip(4999, &out);
        (void)round_trip(SAMPLES_MAX, &out);
    }
    buffer_clear(&out);
}

/* Integers compared as they are packed say what their values say. */
static void comparing_packed_integers_is_comparing_values(void **state)
{
    struct random random = random_from(test_seed(__func__));
    uint64_t mask[MASK_WORDS(CHUNK_MINI)], own[MASK_WORDS(CHUNK_MINI)], n_compared = 0;
    struct column_view column;
    struct column_limit limit;
    struct buffer out;

    (void)state;
    buffer_init(&out, &MEM_SYSTEM);
    for (uint64_t round = 0, rounds = 40 + test_rounds(100); round < rounds; round++) {
        sample_column((enum sample_kind)(round % SAMPLE_N), random_u64(&random), value, SAMPLES_MAX);
        (void)round_trip(SAMPLES_MAX, &out);
        assert_int_equal(column_open(out.bytes, out.size, SAMPLES_MAX, &column), GK_OK);
        for (uint32_t mini = 0; mini < SAMPLES_MAX / CHUNK_MINI; mini++) {
            enum gk_compare compare = (enum gk_compare)random_below(&random, GK_NE + 1);
            double than = value[random_below(&random, SAMPLES_MAX)];
            if (!column_limit(&column, compare, than, &limit) || !column_compare(&column, &limit, mini, mask))
                continue;
            n_compared++;
            mask_compare(compare, than, value + (size_t)mini * CHUNK_MINI, CHUNK_MINI, own);
            assert_memory_equal(mask, own, sizeof own);
        }
    }
    assert_true(n_compared > 0);
    buffer_clear(&out);
}

/* The integers of values, one by one. */
static void sum_up(const struct column_view *column, const double *of, size_t n, struct totals *out)
{
    *out = (struct totals){INT64_MAX, INT64_MIN, 0};
    for (size_t i = 0; i < n; i++) {
        uint64_t z;
        assert_true(scale_apply_one(column->scale, of[i], &z));
        out->low = (int64_t)z < out->low ? (int64_t)z : out->low;
        out->high = (int64_t)z > out->high ? (int64_t)z : out->high;
        out->sum += (int64_t)z;
    }
}

static void summing_packed_integers_is_summing_values(void **state)
{
    struct random random = random_from(test_seed(__func__));
    uint64_t n_summed = 0, n_short = 0;
    struct column_view column;
    struct buffer out;

    (void)state;
    buffer_init(&out, &MEM_SYSTEM);
    for (uint64_t round = 0, rounds = 40 + test_rounds(100); round < rounds; round++) {
        size_t n = SAMPLES_MAX - (size_t)random_below(&random, 2 * CHUNK_MINI);
        sample_column((enum sample_kind)(round % SAMPLE_N), random_u64(&random), value, n);
        (void)round_trip(n, &out);
        assert_int_equal(column_open(out.bytes, out.size, (uint32_t)n, &column), GK_OK);
        for (uint32_t mini = 0; mini < (n + CHUNK_MINI - 1) / CHUNK_MINI; mini++) {
            size_t rest = n - (size_t)mini * CHUNK_MINI, here = rest < CHUNK_MINI ? rest : CHUNK_MINI;
            struct totals got, own;
            if (!column_totals(&column, mini, &got))
                continue;
            n_summed++;
            n_short += here < CHUNK_MINI;
            sum_up(&column, value + (size_t)mini * CHUNK_MINI, here, &own);
            assert_memory_equal(&got, &own, sizeof own);
        }
    }
    assert_true(n_summed > 0 && n_short > 0);
    buffer_clear(&out);
}

static void columns_of_many_minds_come_back(void **state)
{
    struct random random = random_from(test_seed(__func__));
    struct buffer out;

    (void)state;
    buffer_init(&out, &MEM_SYSTEM);
    for (uint64_t round = test_rounds(60); round-- > 0;) {
        size_t n = 1 + (size_t)random_below(&random, 2000), i = 0;
        while (i < n) { /* stretches of other kinds */
            size_t to = i + 1 + (size_t)random_below(&random, 400);
            enum sample_kind kind = (enum sample_kind)random_below(&random, SAMPLE_N);
            for (; i < to && i < n; i++)
                value[i] = sample_value(kind, &random, i);
        }
        assert_true(round_trip(n, &out) <= 64 + 9 * n);
    }
    buffer_clear(&out);
}

/* Bytes a value at most, for a full column. */
static void columns_are_as_small_as_they_should_be(void **state)
{
    static const struct {
        enum sample_kind kind;
        double bytes;
    } limits[] = {
        {SAMPLE_CONSTANT, 0.05}, {SAMPLE_METER_2, 0.8}, {SAMPLE_METER_3, 0.8}, {SAMPLE_COUNTER, 0.45},
        {SAMPLE_LEVELS, 0.15},   {SAMPLE_FLOAT, 4.4},   {SAMPLE_SINE, 8.1},    {SAMPLE_RANDOM, 8.1},
        {SAMPLE_MISSING, 0.05},  {SAMPLE_GAPS, 0.6},    {SAMPLE_MIXED, 4.6},   {SAMPLE_DIGITS_15, 6.5},
        {SAMPLE_DIGITS_3, 8.1},  {SAMPLE_ODD, 1.0},     {SAMPLE_WORDS, 5.5},   {SAMPLE_SPECIAL, 8.1},
        {SAMPLE_RANGES, 1.4},
    };
    struct buffer out;

    (void)state;
    buffer_init(&out, &MEM_SYSTEM);
    for (size_t i = 0; i < sizeof limits / sizeof *limits; i++) {
        sample_column(limits[i].kind, 9, value, SAMPLES_MAX);
        double bytes = (double)round_trip(SAMPLES_MAX, &out) / SAMPLES_MAX;
        if (bytes > limits[i].bytes)
            fail_msg("kind %d takes %.3f bytes a value, more than %.3f", limits[i].kind, bytes, limits[i].bytes);
    }
    buffer_clear(&out);
}

/* Noise of 11 bits that is thinner at its ends: an entropy code spares a few per cent. */
static void a_column_is_not_binned_for_a_small_gain(void **state)
{
    struct random random = random_from(test_seed(__func__));
    struct column_view column;
    struct buffer out;

    (void)state;
    buffer_init(&out, &MEM_SYSTEM);
    for (size_t i = 0; i < SAMPLES_MAX; i++)
        value[i] = (double)(10000 + random_below(&random, 512) + random_below(&random, 512) +
                            random_below(&random, 512) + random_below(&random, 512)) /
                   1000;
    (void)round_trip(SAMPLES_MAX, &out);
    assert_int_equal(column_open(out.bytes, out.size, SAMPLES_MAX, &column), GK_OK);
    assert_false(column.is_binned);
    buffer_clear(&out);
}

/* Most rows stand at a few levels that lie far apart, the others anywhere: only bins tell the levels from noise.
 */
static void levels_amid_noise_are_binned(void **state)
{
    struct random random = random_from(test_seed(__func__));
    struct column_view column;
    struct buffer out;

    (void)state;
    buffer_init(&out, &MEM_SYSTEM);
    for (size_t n = 2048; n <= SAMPLES_MAX; n *= 2) {
        for (size_t i = 0; i < n; i++)
            value[i] = random_below(&random, 3) ? (double)(4567 * random_below(&random, 13))
                                                : (double)random_below(&random, 60000);
        (void)round_trip(n, &out);
        assert_int_equal(column_open(out.bytes, out.size, (uint32_t)n, &column), GK_OK);
        assert_true(column.is_binned);
    }
    buffer_clear(&out);
}

/* What is missing or of four digits now and then stands beside, and limits are compared with ranks. */
/* Noise in the last bits, now and then or in most values, costs some bits and not a pattern each. */
static void values_that_are_a_few_patterns_off_are_small(void **state)
{
    struct random random = random_from(test_seed(__func__));
    struct buffer out;

    (void)state;
    buffer_init(&out, &MEM_SYSTEM);
    for (uint64_t chance = 2; chance <= 12; chance += 5) {
        for (size_t i = 0; i < SAMPLES_MAX; i++) {
            value[i] = (double)(400 + random_below(&random, 64)) / 100;
            uint64_t off = random_below(&random, 8) + 1;
            if (random_below(&random, chance) == 0)
                value[i] = double_of(bits_of(value[i]) + off);
            if (i % 300 == 299)
                value[i] = i % 600 == 299 ? gk_missing() : -INFINITY; /* both in one mini block */
        }
        double bits = 8.0 * (double)round_trip(SAMPLES_MAX, &out) / SAMPLES_MAX;
        if (bits > 6.7 + 13.0 / (double)chance)
            fail_msg("one in %u off: %.3f bits a value", (unsigned)chance, bits);
    }
    buffer_clear(&out);
}

static void three_digits_at_any_range_are_ranks(void **state)
{
    struct column_view column;
    struct column_limit limit;
    struct buffer out;

    (void)state;
    buffer_init(&out, &MEM_SYSTEM);
    sample_column(SAMPLE_RANGES, 4, value, SAMPLES_MAX);
    for (size_t i = 0; i < SAMPLES_MAX; i += 50)
        value[i] = i % 100 ? gk_missing() : 12.34;
    (void)round_trip(SAMPLES_MAX, &out);
    assert_int_equal(column_open(out.bytes, out.size, SAMPLES_MAX, &column), GK_OK);
    assert_int_equal(column.scale.kind, SCALE_DIGITS);
    assert_true(column_limit(&column, GK_GE, 1.5, &limit));
    assert_int_equal(limit.least, 150 + 900 * 2); /* 15000 units of 10^-4 */
    buffer_clear(&out);
}

/* Few values that lie anywhere, some of which stand out when they are binned; what is no word, now and then. */
static void make_few(struct random *random, bool is_binned)
{
    static const double odd[] = {-0.0, INFINITY, 0, -INFINITY};

    for (size_t i = 0; i < SAMPLES_MAX; i++)
        value[i] = (double)(is_binned && random_below(random, 4) ? 50 : 1 + random_below(random, 700)) / 21;
    for (size_t i = 17; i < SAMPLES_MAX; i += 500)
        value[i] = i % 1000 == 17 ? odd[i / 1000 % 4] : i % 4000 == 517 ? NAN : gk_missing();
}

static void few_values_are_ranks_in_a_dictionary(void **state)
{
    struct random random = random_from(test_seed(__func__));
    struct column_view column;
    struct column_limit limit;
    struct buffer out;

    (void)state;
    buffer_init(&out, &MEM_SYSTEM);
    for (int is_binned = 0; is_binned < 2; is_binned++) {
        make_few(&random, is_binned);
        assert_true(round_trip(SAMPLES_MAX, &out) < SAMPLES_MAX * 2);
        assert_int_equal(column_open(out.bytes, out.size, SAMPLES_MAX, &column), GK_OK);
        assert_true(column.has_dictionary);
        assert_int_equal(column.is_binned, is_binned);
        assert_in_range(column.n_words, 600, 702);
        assert_int_equal(column_values(&column, NULL, 3, 9, back), GK_OK);
        assert_memory_equal(back, value + 3 * CHUNK_MINI, 6 * CHUNK_MINI * sizeof *back);
        assert_int_equal(column_limit(&column, GK_GE, 1.5, &limit), !is_binned);
    }
    buffer_clear(&out);
}

/* Of ranks in mini blocks: the bounds hold what is in them, and are values of the column. */
static void bounds_of_ranks_are_those_of_their_words(void **state)
{
    struct random random = random_from(test_seed(__func__));
    struct chunk_bounds bounds[DIRECTORY_MAX];
    struct column_view column;
    struct buffer out;

    (void)state;
    buffer_init(&out, &MEM_SYSTEM);
    for (size_t i = 0; i < SAMPLES_MAX; i++)
        value[i] = (double)((i / CHUNK_MINI + 1) * 40 + random_below(&random, 37)) / 21;
    (void)round_trip(SAMPLES_MAX, &out);
    assert_int_equal(column_open(out.bytes, out.size, SAMPLES_MAX, &column), GK_OK);
    assert_true(column.has_dictionary && !column.is_binned);
    assert_int_equal(column_bounds(&column, NULL, 0, DIRECTORY_MAX, bounds), GK_OK);
    for (size_t i = 0; i < SAMPLES_MAX; i++) {
        const struct chunk_bounds *b = &bounds[i / CHUNK_MINI];
        assert_true(b->is_full && b->low <= value[i] && value[i] <= b->high);
        assert_true(b->high - b->low < 80.0 / 21);
    }
    buffer_clear(&out);
}

/* The words of a column are no dictionary's, and ascend; whatever else stands there, ranks give no values. */
static void words_that_are_none_are_corrupt(void **state)
{
    struct random random = random_from(test_seed(__func__));
    struct column_view column;
    struct buffer out, words;

    (void)state;
    buffer_init(&out, &MEM_SYSTEM);
    buffer_init(&words, &MEM_SYSTEM);
    make_few(&random, false);
    (void)round_trip(SAMPLES_MAX, &out);
    assert_int_equal(column_open(out.bytes, out.size, SAMPLES_MAX, &column), GK_OK);
    for (int kind = 0; kind < 3; kind++) {
        for (size_t i = 0; i < column.n_words; i++)
            value[i] = kind == 0 ? (double)(i ^ 1) : kind == 1 && i == 9 ? INFINITY : (double)(i + 1);
        buffer_reset(&words);
        assert_int_equal(column_encode(value, column.n_words, &words), GK_OK);
        column.words = words.bytes;
        column.words_size = (uint32_t)words.size;
        assert_int_equal(column_values(&column, NULL, 0, 1, back), kind == 2 ? GK_OK : GK_ECORRUPT);
    }
    column.words = out.bytes; /* which has a dictionary of its own */
    column.words_size = (uint32_t)out.size;
    assert_int_equal(column_values(&column, NULL, 0, 1, back), GK_ECORRUPT);
    buffer_clear(&words);
    buffer_clear(&out);
}

/* The tag of the only mini block of a column. */
static uint8_t tag_of(const struct buffer *out, size_t n)
{
    struct column_view column;

    assert_int_equal(column_open(out->bytes, out->size, (uint32_t)n, &column), GK_OK);
    return column.bytes[0];
}

/* Where few are beside, a block keeps its integers in rows; first, last and in a row, and up to where it is not worth
 * it. */
static void a_block_with_few_beside_is_full(void **state)
{
    struct random random = random_from(test_seed(__func__));
    struct buffer out;

    (void)state;
    buffer_init(&out, &MEM_SYSTEM);
    for (size_t n_beside = 0; n_beside <= 40; n_beside++)
        for (size_t from = 0; from + n_beside <= CHUNK_MINI; from += (CHUNK_MINI - n_beside) / 2) {
            for (size_t i = 0; i < CHUNK_MINI; i++) {
                value[i] = (double)(1000 + random_below(&random, 300)) / 10;
                if (i >= from && i < from + n_beside)
                    value[i] = random_below(&random, 2) ? gk_missing() : -0.0;
            }
            (void)round_trip(CHUNK_MINI, &out); /* compares */
            assert_int_equal(tag_of(&out, CHUNK_MINI) >> 7, n_beside > 0 && n_beside <= CHUNK_MINI / 16);
        }
    buffer_clear(&out);
}

/* A full block without any beside is none: there is one way to write that. */
static void a_full_block_without_values_beside_is_corrupt(void **state)
{
    struct column_view column;
    struct buffer out;

    (void)state;
    buffer_init(&out, &MEM_SYSTEM);
    for (size_t i = 0; i < CHUNK_MINI; i++)
        value[i] = (double)(i * i % 61);
    (void)round_trip(CHUNK_MINI, &out);
    assert_int_equal(column_open(out.bytes, out.size, CHUNK_MINI, &column), GK_OK);
    out.bytes[column.bytes - out.bytes] |= 0x80;
    assert_int_equal(column_values(&column, NULL, 0, 1, back), GK_ECORRUPT);
    buffer_clear(&out);
}

/* The second worked example of docs/format/chunk.md. */
static void the_example_of_the_docs_decodes(void **state)
{
    static const double want[] = {0.0123, 4.56, -7.89, 0, 456};
    struct column_view column;
    uint8_t bytes[256];

    (void)state;
    size_t size = sample_hex("docs/format/chunk.md", "column", bytes, sizeof bytes);
    assert_int_equal(column_open(bytes, size, 5, &column), GK_OK);
    assert_int_equal(column_values(&column, NULL, 0, 1, back), GK_OK);
    for (int i = 0; i < 5; i++)
        assert_bits_equal(back[i], want[i]);
    assert_bits_equal(column.summary.sum, 452.6823);
}

/* The third worked example there. */
static void the_example_of_a_dictionary_decodes(void **state)
{
    static const double want[] = {20, 1000, 1000, 20, 0.5};
    struct column_view column;
    uint8_t bytes[256];

    (void)state;
    size_t size = sample_hex("docs/format/chunk.md", "dictionary", bytes, sizeof bytes);
    assert_int_equal(column_open(bytes, size, 5, &column), GK_OK);
    assert_int_equal(column.n_words, 3);
    assert_int_equal(column_values(&column, NULL, 0, 1, back), GK_OK);
    for (int i = 0; i < 5; i++)
        assert_bits_equal(back[i], want[i]);
    assert_bits_equal(column.summary.sum, 2040.5);
}

static void a_mini_block_is_decoded_alone(void **state)
{
    struct random random = random_from(test_seed(__func__));
    struct column_view column;
    struct buffer out;

    (void)state;
    buffer_init(&out, &MEM_SYSTEM);
    sample_column(SAMPLE_GAPS, 2, value, SAMPLES_MAX);
    (void)round_trip(SAMPLES_MAX, &out);
    assert_int_equal(column_open(out.bytes, out.size, SAMPLES_MAX, &column), GK_OK);
    for (int round = 0; round < 100; round++) {
        uint32_t mini = (uint32_t)random_below(&random, SAMPLES_MAX / CHUNK_MINI);
        assert_int_equal(column_values(&column, NULL, mini, mini + 1, back), GK_OK);
        assert_memory_equal(value + (size_t)mini * CHUNK_MINI, back, CHUNK_MINI * sizeof *back);
    }
    buffer_clear(&out);
}

static void the_census_counts_every_mini_block(void **state)
{
    struct column_view column;
    uint32_t of_codec[CODECS_N], n_beside, n = 0;
    struct buffer out;

    (void)state;
    buffer_init(&out, &MEM_SYSTEM);
    sample_column(SAMPLE_ODD, 2, value, 1000);
    for (size_t i = 0; i < 1000; i += 97)
        value[i] = INFINITY;
    (void)round_trip(1000, &out);
    assert_int_equal(column_open(out.bytes, out.size, 1000, &column), GK_OK);
    assert_int_equal(column_census(&column, of_codec, &n_beside), GK_OK);
    for (unsigned i = 0; i < CODECS_N; i++)
        n += of_codec[i];
    assert_int_equal(n, (1000 + CHUNK_MINI - 1) / CHUNK_MINI);
    assert_int_equal(n_beside, (1000 + 96) / 97);
    buffer_clear(&out);
}

static void damaged_columns_are_refused_or_bounded(void **state)
{
    struct random random = random_from(test_seed(__func__));
    struct buffer out;

    (void)state;
    buffer_init(&out, &MEM_SYSTEM);
    for (int kind = 0; kind < SAMPLE_N; kind++) {
        sample_column((enum sample_kind)kind, 2, value, 600);
        (void)round_trip(600, &out);
        for (uint64_t round = test_rounds(400); round-- > 0;) {
            struct column_view column;
            size_t size = random_below(&random, 4) ? out.size : (size_t)random_below(&random, out.size);
            uint8_t *bytes = malloc(size ? size : 1);
            memcpy(bytes, out.bytes, size);
            for (uint64_t n = random_below(&random, 4); size && n-- > 0;)
                bytes[random_below(&random, size < 60 ? size : 60)] = (uint8_t)random_u64(&random);
            if (column_open(bytes, size, 600, &column) == GK_OK)
                for (uint32_t mini = 0; mini < 3; mini++) {
                    int rc = column_values(&column, NULL, mini, mini + 1, back);
                    struct totals totals;
                    assert_true(rc == GK_OK || rc == GK_ECORRUPT);
                    (void)column_totals(&column, mini, &totals); /* of such bytes it may say anything */
                }
            free(bytes);
        }
    }
    buffer_clear(&out);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(every_kind_of_value_comes_back_to_the_bit),
    cmocka_unit_test(comparing_packed_integers_is_comparing_values),
    cmocka_unit_test(summing_packed_integers_is_summing_values),
    cmocka_unit_test(columns_of_many_minds_come_back),
    cmocka_unit_test(columns_are_as_small_as_they_should_be),
    cmocka_unit_test(a_column_is_not_binned_for_a_small_gain),
    cmocka_unit_test(levels_amid_noise_are_binned),
    cmocka_unit_test(values_that_are_a_few_patterns_off_are_small),
    cmocka_unit_test(three_digits_at_any_range_are_ranks),
    cmocka_unit_test(few_values_are_ranks_in_a_dictionary),
    cmocka_unit_test(bounds_of_ranks_are_those_of_their_words),
    cmocka_unit_test(words_that_are_none_are_corrupt),
    cmocka_unit_test(a_block_with_few_beside_is_full),
    cmocka_unit_test(a_full_block_without_values_beside_is_corrupt),
    cmocka_unit_test(the_example_of_the_docs_decodes),
    cmocka_unit_test(the_example_of_a_dictionary_decodes),
    cmocka_unit_test(a_mini_block_is_decoded_alone),
    cmocka_unit_test(the_census_counts_every_mini_block),
    cmocka_unit_test(damaged_columns_are_refused_or_bounded),
};

RUN_TESTS(tests)
