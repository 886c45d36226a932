#include "codec/chunk.h"

#include "base/crc.h"
#include "base/error.h"
#include "codec/samples.h"

#define N_COLUMNS 6
#define T0        INT64_C(1717977600000000000)

#define GOLDEN_CRC      0xCAE05652 /* of the bytes */
#define GOLDEN_ROWS_CRC 0xA5E60BBC /* of the times, then the values of each column */

static gk_time time_in[SAMPLES_MAX], time_back[SAMPLES_MAX];
static double value[N_COLUMNS][SAMPLES_MAX], back[SAMPLES_MAX];
static const double *const columns[N_COLUMNS] = {value[0], value[1], value[2], value[3], value[4], value[5]};
static const uint32_t channels[N_COLUMNS] = {0, 2, 3, 7, 500, UINT32_MAX};

/* n rows of six kinds of values, beginning with `kind`. */
static struct chunk_rows make_rows(size_t n, int kind)
{
    for (size_t i = 0; i < n; i++)
        time_in[i] = T0 + (gk_time)(i + i / 100) * 10 * GK_SECOND + (i % 37 ? 0 : GK_SECOND);
    for (int k = 0; k < N_COLUMNS; k++)
        sample_column((enum sample_kind)((kind + k) % SAMPLE_N), 11, value[k], n);
    return (struct chunk_rows){n, time_in, N_COLUMNS, channels, columns};
}

static struct buffer encode(const struct chunk_rows *rows)
{
    struct buffer out;
    buffer_init(&out, &MEM_SYSTEM);
    assert_int_equal(chunk_encode(&MEM_SYSTEM, rows, &out), GK_OK);
    return out;
}

/* What is told of mini blocks without decoding them is true of their rows. */
static void check_bounds(const struct chunk_view *chunk, const struct chunk_rows *rows)
{
    struct chunk_bounds bounds[SAMPLES_MAX / CHUNK_MINI];
    struct chunk_span span[SAMPLES_MAX / CHUNK_MINI];

    for (uint32_t k = 0; k < chunk->n_columns; k++) {
        assert_int_equal(chunk_bounds(chunk, k, 0, chunk->n_minis, bounds), GK_OK);
        for (size_t i = 0; i < rows->n_rows; i++) {
            const struct chunk_bounds *b = &bounds[i / CHUNK_MINI];
            double v = rows->value[k][i];
            assert_true(isnan(v) ? !b->is_full : b->low <= v && v <= b->high);
        }
    }
    assert_int_equal(chunk_spans(chunk, 0, chunk->n_minis, span), GK_OK);
    for (size_t i = 1; i < rows->n_rows; i++) {
        const struct chunk_span *s = &span[i / CHUNK_MINI];
        if (!s->is_known)
            continue;
        assert_true(rows->time[i] >= s->first - s->slack && rows->time[i] <= s->last + s->slack);
        assert_true(i % CHUNK_MINI == 0 || rows->time[i] - rows->time[i - 1] <= s->gap);
    }
}

static void check_equal(const struct chunk_view *chunk, const struct chunk_rows *rows)
{
    assert_int_equal(chunk->n_rows, rows->n_rows);
    assert_int_equal(chunk->n_columns, rows->n_columns);
    assert_int_equal(chunk->first, rows->time[0]);
    assert_int_equal(chunk->last, rows->time[rows->n_rows - 1]);
    assert_int_equal(chunk_times(chunk, 0, chunk->n_minis, time_back), GK_OK);
    assert_memory_equal(rows->time, time_back, rows->n_rows * sizeof *time_back);
    for (uint32_t k = 0; k < chunk->n_columns; k++) {
        assert_int_equal(chunk_channel(chunk, k), rows->channel[k]);
        assert_int_equal(chunk_column(chunk, rows->channel[k]), k);
        assert_int_equal(chunk_values(chunk, k, 0, chunk->n_minis, back), GK_OK);
        assert_memory_equal(rows->value[k], back, rows->n_rows * sizeof *back);
    }
    check_bounds(chunk, rows);
}

static void rows_come_back_to_the_bit(void **state)
{
    static const size_t sizes[] = {1, 2, 127, 128, 129, 300, 1000, 8191, 8192};
    struct chunk_view chunk;

    (void)state;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        for (int kind = 0; kind < SAMPLE_N; kind += N_COLUMNS) {
            struct chunk_rows rows = make_rows(sizes[i], kind);
            struct buffer out = encode(&rows);
            assert_int_equal(chunk_open(out.bytes, out.size, &chunk), GK_OK);
            check_equal(&chunk, &rows);
            assert_int_equal(chunk_check(&MEM_SYSTEM, out.bytes, out.size, NULL), GK_OK);
            buffer_clear(&out);
        }
}

static void a_chunk_without_columns_is_fine(void **state)
{
    struct chunk_rows rows = make_rows(10, 0);
    struct chunk_view chunk;

    (void)state;
    rows.n_columns = 0;
    struct buffer out = encode(&rows);
    assert_int_equal(chunk_open(out.bytes, out.size, &chunk), GK_OK);
    check_equal(&chunk, &rows);
    assert_int_equal(chunk_column(&chunk, 0), -1);
    buffer_clear(&out);
}

static void a_chunk_is_appended_to_what_is_there(void **state)
{
    struct chunk_rows rows = make_rows(10, 0);
    struct buffer out;

    (void)state;
    buffer_init(&out, &MEM_SYSTEM);
    buffer_put(&out, "before", 6);
    assert_int_equal(chunk_encode(&MEM_SYSTEM, &rows, &out), GK_OK);
    assert_memory_equal(out.bytes, "before", 6);
    assert_int_equal(chunk_check(&MEM_SYSTEM, out.bytes + 6, out.size - 6, NULL), GK_OK);
    buffer_clear(&out);
}

static void rows_out_of_order_are_refused(void **state)
{
    static const uint32_t twice[N_COLUMNS] = {0, 2, 2, 7, 500, 501};
    struct buffer out;

    (void)state;
    buffer_init(&out, &MEM_SYSTEM);
    struct chunk_rows rows = make_rows(10, 0);
    rows.channel = twice;
    assert_int_equal(chunk_encode(&MEM_SYSTEM, &rows, &out), GK_EINVAL);
    rows = make_rows(10, 0);
    time_in[5] = time_in[4] - 1;
    assert_int_equal(chunk_encode(&MEM_SYSTEM, &rows, &out), GK_EINVAL);
    rows = make_rows(10, 0);
    rows.n_rows = 0;
    assert_int_equal(chunk_encode(&MEM_SYSTEM, &rows, &out), GK_EINVAL);
    rows.n_rows = CHUNK_ROWS_MAX + 1;
    assert_int_equal(chunk_encode(&MEM_SYSTEM, &rows, &out), GK_EINVAL);
    assert_int_equal(out.size, 0);
    buffer_clear(&out);
}

static void any_mini_blocks_equal_the_full_decode(void **state)
{
    struct random random = random_from(test_seed(__func__));
    struct chunk_rows rows = make_rows(5000, SAMPLE_METER_2);
    struct buffer out = encode(&rows);
    struct chunk_view chunk;
    gk_time first;

    (void)state;
    assert_int_equal(chunk_open(out.bytes, out.size, &chunk), GK_OK);
    for (uint64_t round = test_rounds(300); round-- > 0;) {
        uint32_t from = (uint32_t)random_below(&random, chunk.n_minis);
        uint32_t to = from + 1 + (uint32_t)random_below(&random, chunk.n_minis - from);
        uint32_t k = (uint32_t)random_below(&random, N_COLUMNS);
        size_t at = (size_t)from * CHUNK_MINI;
        size_t n = (to == chunk.n_minis ? chunk.n_rows : (size_t)to * CHUNK_MINI) - at;
        assert_int_equal(chunk_times(&chunk, from, to, time_back), GK_OK);
        assert_memory_equal(time_in + at, time_back, n * sizeof *time_back);
        assert_int_equal(chunk_values(&chunk, k, from, to, back), GK_OK);
        assert_memory_equal(value[k] + at, back, n * sizeof *back);
        assert_int_equal(chunk_mini_time(&chunk, from, &first), GK_OK);
        assert_int_equal(first, time_in[at]);
    }
    buffer_clear(&out);
}

static void what_is_not_there_is_refused(void **state)
{
    struct chunk_rows rows = make_rows(300, 0);
    struct buffer out = encode(&rows);
    struct chunk_view chunk;
    struct chunk_summary summary;
    gk_time t;

    (void)state;
    assert_int_equal(chunk_open(out.bytes, out.size, &chunk), GK_OK);
    assert_int_equal(chunk_times(&chunk, 0, 4, time_back), GK_EINVAL);
    assert_int_equal(chunk_times(&chunk, 2, 1, time_back), GK_EINVAL);
    assert_int_equal(chunk_values(&chunk, N_COLUMNS, 0, 1, back), GK_EINVAL);
    assert_int_equal(chunk_mini_time(&chunk, 3, &t), GK_EINVAL);
    assert_int_equal(chunk_summary(&chunk, N_COLUMNS, &summary), GK_EINVAL);
    assert_int_equal(chunk_mini_summary(&chunk, 0, 3, &summary), GK_EINVAL);
    assert_int_equal(chunk_column(&chunk, 4), -1);
    buffer_clear(&out);
}

static void assert_equal_summaries(const struct chunk_summary *a, const struct chunk_summary *b)
{
    assert_int_equal(a->count, b->count);
    assert_int_equal(a->n_missing, b->n_missing);
    if (a->count == 0)
        return;
    assert_true(isnan(a->sum) ? isnan(b->sum) : a->sum == b->sum);
    assert_bits_equal(a->min, b->min);
    assert_bits_equal(a->max, b->max);
    assert_bits_equal(a->first, b->first);
    assert_bits_equal(a->last, b->last);
}

static void summaries_are_those_of_the_values(void **state)
{
    struct chunk_view chunk;
    struct chunk_summary got, want;

    (void)state;
    for (int kind = 0; kind < SAMPLE_N; kind += N_COLUMNS) {
        struct chunk_rows rows = make_rows(1000, kind);
        struct buffer out = encode(&rows);
        assert_int_equal(chunk_open(out.bytes, out.size, &chunk), GK_OK);
        for (uint32_t k = 0; k < N_COLUMNS; k++) {
            assert_int_equal(chunk_summary(&chunk, k, &got), GK_OK);
            chunk_summarise(value[k], 1000, &want);
            assert_equal_summaries(&got, &want);
            for (uint32_t mini = 0; mini < chunk.n_minis; mini++) {
                assert_int_equal(chunk_mini_summary(&chunk, k, mini, &got), GK_OK);
                chunk_summarise(value[k] + (size_t)mini * CHUNK_MINI,
                                mini + 1 == chunk.n_minis ? 1000 - (size_t)mini * CHUNK_MINI : CHUNK_MINI, &want);
                assert_equal_summaries(&got, &want);
            }
        }
        buffer_clear(&out);
    }
}

/* Everything a reader may call; whatever the bytes are, it returns. True when nothing complained. */
static bool use_all(const uint8_t *bytes, size_t size)
{
    struct chunk_view chunk;
    struct chunk_summary summary;
    struct buffer text;
    gk_time t;

    buffer_init(&text, &MEM_SYSTEM);
    (void)chunk_dump(&MEM_SYSTEM, bytes, size, &text); /* chunk_check judges */
    buffer_clear(&text);
    if (chunk_open(bytes, size, &chunk) != GK_OK) {
        assert_int_not_equal(chunk_check(&MEM_SYSTEM, bytes, size, NULL), GK_OK);
        return false;
    }
    struct chunk_bounds bounds[SAMPLES_MAX / CHUNK_MINI];
    struct chunk_span span[SAMPLES_MAX / CHUNK_MINI];
    (void)chunk_spans(&chunk, 0, chunk.n_minis, span); /* only that it returns */
    int rc = chunk_times(&chunk, 0, chunk.n_minis, time_back);
    for (uint32_t k = 0; k < chunk.n_columns; k++) {
        (void)chunk_summary(&chunk, k, &summary); /* chunk_check judges */
        (void)chunk_mini_summary(&chunk, k, chunk.n_minis - 1, &summary);
        (void)chunk_mini_time(&chunk, chunk.n_minis - 1, &t);
        (void)chunk_bounds(&chunk, k, 0, chunk.n_minis, bounds);
        if (chunk_values(&chunk, k, 0, chunk.n_minis, back) != GK_OK)
            rc = GK_ECORRUPT;
    }
    return rc == GK_OK && chunk_check(&MEM_SYSTEM, bytes, size, NULL) == GK_OK;
}

static void a_cut_chunk_is_corrupt(void **state)
{
    (void)state;
    for (int kind = 0; kind < SAMPLE_N; kind += N_COLUMNS) {
        struct chunk_rows rows = make_rows(150, kind);
        struct buffer out = encode(&rows);
        for (size_t cut = 0; cut < out.size; cut++) {
            uint8_t *part = malloc(cut ? cut : 1); /* exact, for ASan */
            memcpy(part, out.bytes, cut);
            assert_false(use_all(part, cut));
            free(part);
        }
        buffer_clear(&out);
    }
}

/* Each alone, in a head that is right otherwise: bytes behind the last column, channels that do not ascend, columns
 * that begin within the head. */
static void a_head_that_makes_no_sense_is_corrupt(void **state)
{
    struct chunk_rows rows = make_rows(150, 0);
    struct buffer out = encode(&rows);
    struct chunk_view view;
    (void)state;

    assert_int_equal(chunk_open(out.bytes, out.size, &view), GK_OK);
    assert_true(view.n_columns >= 2);
    size_t entry = (view.time_at - 28) / view.n_columns;
    buffer_put_u8(&out, 0);
    assert_int_equal(chunk_open(out.bytes, out.size, &view), GK_ECORRUPT);
    out.size--;
    uint32_t second = load_u32(out.bytes + 28 + entry);
    store_u32(out.bytes + 28 + entry, load_u32(out.bytes + 28)); /* twice the first channel */
    assert_int_equal(chunk_open(out.bytes, out.size, &view), GK_ECORRUPT);
    store_u32(out.bytes + 28 + entry, second);
    store_u32(out.bytes + 24, 28);
    assert_int_equal(chunk_open(out.bytes, out.size, &view), GK_ECORRUPT);
    buffer_clear(&out);
}

static void a_flipped_byte_never_breaks_a_reader(void **state)
{
    (void)state;
    for (int kind = 0; kind < SAMPLE_N; kind += N_COLUMNS) {
        struct chunk_rows rows = make_rows(150, kind);
        struct buffer out = encode(&rows);
        uint8_t *bytes = malloc(out.size);
        memcpy(bytes, out.bytes, out.size);
        for (size_t at = 0; at < out.size; at++) {
            for (unsigned bit = 0; bit < 8; bit++) {
                bytes[at] = (uint8_t)(out.bytes[at] ^ 1u << bit);
                (void)use_all(bytes, out.size); /* a changed value is for the store's checksum to find */
            }
            bytes[at] = out.bytes[at];
        }
        free(bytes);
        buffer_clear(&out);
    }
}

static void an_unknown_version_is_told(void **state)
{
    struct chunk_rows rows = make_rows(10, 0);
    struct buffer out = encode(&rows);
    struct chunk_view chunk;
    struct gk_error error;

    (void)state;
    out.bytes[0] = 2;
    assert_int_equal(chunk_open(out.bytes, out.size, &chunk), GK_EVERSION);
    assert_int_equal(chunk_check(&MEM_SYSTEM, out.bytes, out.size, &error), GK_EVERSION);
    assert_non_null(strstr(error.text, "version"));
    buffer_clear(&out);
}

static void a_wrong_summary_is_found_by_the_check(void **state)
{
    struct chunk_rows rows = make_rows(10, SAMPLE_METER_2);
    struct buffer out = encode(&rows);
    struct chunk_view chunk;
    struct gk_error error;

    (void)state;
    assert_int_equal(chunk_open(out.bytes, out.size, &chunk), GK_OK);
    out.bytes[chunk.columns_at + 5] ^= 2; /* behind kind, by, n_missing, n_other, plain: the least value */
    assert_int_equal(chunk_check(&MEM_SYSTEM, out.bytes, out.size, &error), GK_ECORRUPT);
    assert_non_null(strstr(error.text, "summary of channel 0"));
    buffer_clear(&out);
}

static void wrong_times_are_found_by_the_check(void **state)
{
    struct chunk_rows rows = make_rows(10, 0);
    struct buffer out = encode(&rows);
    struct gk_error error;

    (void)state;
    out.bytes[16] ^= 1; /* last */
    assert_int_equal(chunk_check(&MEM_SYSTEM, out.bytes, out.size, &error), GK_ECORRUPT);
    assert_non_null(strstr(error.text, "first or last time"));
    buffer_clear(&out);
}

static void every_failing_allocation_is_survived(void **state)
{
    struct chunk_rows rows = make_rows(2000, SAMPLE_SINE);
    struct failing_mem failing;
    struct buffer out;
    int rc = GK_ENOMEM;

    (void)state;
    for (uint64_t at = 1; rc == GK_ENOMEM; at++) {
        failing_mem_init(&failing);
        failing.fail_at = at;
        buffer_init(&out, &failing.mem);
        rc = chunk_encode(&failing.mem, &rows, &out);
        if (rc == GK_OK)
            rc = chunk_check(&failing.mem, out.bytes, out.size, NULL);
        else
            assert_int_equal(out.size, 0);
        if (rc == GK_OK) {
            struct buffer text;
            buffer_init(&text, &failing.mem);
            rc = chunk_dump(&failing.mem, out.bytes, out.size, &text);
            buffer_clear(&text);
        }
        buffer_clear(&out);
        assert_int_equal(failing.n_live, 0);
        assert_true(at < 1000);
    }
    assert_int_equal(rc, GK_OK);
}

static void the_dump_tells_what_is_inside(void **state)
{
    struct chunk_rows rows = make_rows(300, SAMPLE_CONSTANT);
    struct buffer out = encode(&rows), text;

    (void)state;
    buffer_init(&text, &MEM_SYSTEM);
    assert_int_equal(chunk_dump(&MEM_SYSTEM, out.bytes, out.size, &text), GK_OK);
    buffer_put_u8(&text, 0);
    const char *t = (const char *)text.bytes;
    assert_non_null(strstr(t, "chunk version 1, 300 rows, 6 columns"));
    assert_non_null(strstr(t, "step 10 x 1000000000 ns"));
    assert_non_null(strstr(t, "channel 0: "));
    assert_non_null(strstr(t, "decimals 1; minis: 2 constant; 0 values beside"));
    assert_non_null(strstr(t, "count 300, missing 0, sum 6450, min 21.5"));
    buffer_clear(&text);
    buffer_clear(&out);
}

/* A motor's power, three currents that follow it, and levels; now and then it is off. */
static struct chunk_rows make_motor(size_t n)
{
    struct random random = random_from(5);
    static const uint32_t five[] = {1, 2, 3, 4, 9};
    double level = 40000;

    for (size_t i = 0; i < n; i++) {
        level += (random_unit(&random) - 0.5) * 4000;
        double kw = i / 500 % 4 == 3 ? 0 : floor(level);
        time_in[i] = T0 + (gk_time)i * 10 * GK_SECOND;
        for (int k = 0; k < 3; k++)
            value[k][i] = floor(kw * (0.17 + 0.001 * k) * (1 + 0.002 * random_unit(&random))) / 100;
        value[3][i] = kw / 1000;
        value[4][i] = (double)(random_below(&random, 6) ? 6 : 4 + random_below(&random, 4));
    }
    return (struct chunk_rows){n, time_in, 5, five, columns};
}

static void a_channel_is_predicted_from_another(void **state)
{
    struct chunk_rows rows = make_motor(5000);
    struct buffer out = encode(&rows), alone, text;
    struct chunk_view chunk;
    size_t size_alone = 0;

    (void)state;
    assert_int_equal(chunk_open(out.bytes, out.size, &chunk), GK_OK);
    check_equal(&chunk, &rows);
    for (uint32_t mini = 0; mini < chunk.n_minis; mini++) {
        assert_int_equal(chunk_values(&chunk, 1, mini, mini + 1, back), GK_OK);
        size_t at = (size_t)mini * CHUNK_MINI, n = 5000 - at < CHUNK_MINI ? 5000 - at : CHUNK_MINI;
        assert_memory_equal(value[1] + at, back, n * sizeof *back);
    }
    buffer_init(&text, &MEM_SYSTEM);
    assert_int_equal(chunk_dump(&MEM_SYSTEM, out.bytes, out.size, &text), GK_OK);
    buffer_put_u8(&text, 0);
    assert_non_null(strstr((char *)text.bytes, "predicted from column"));
    assert_non_null(strstr((char *)text.bytes, "bins of"));
    for (size_t k = 0; k < 5; k++) {
        struct chunk_rows one = {5000, time_in, 1, rows.channel + k, rows.value + k};
        alone = encode(&one);
        size_alone += alone.size;
        buffer_clear(&alone);
    }
    assert_true(out.size * 10 < size_alone * 9);
    buffer_clear(&text);
    buffer_clear(&out);
}

/* Power, and currents predicted from it: hardly ever more than twice as wide as they must be. */
static void bounds_of_a_motor_are_close(void **state)
{
    struct chunk_rows rows = make_motor(SAMPLES_MAX);
    struct buffer out = encode(&rows);
    struct chunk_bounds bounds[SAMPLES_MAX / CHUNK_MINI];
    struct chunk_view chunk;

    (void)state;
    assert_int_equal(chunk_open(out.bytes, out.size, &chunk), GK_OK);
    for (uint32_t k = 0; k < 4; k++) {
        unsigned n_close = 0;
        assert_int_equal(chunk_bounds(&chunk, k, 0, chunk.n_minis, bounds), GK_OK);
        for (uint32_t mini = 0; mini < chunk.n_minis; mini++) {
            struct chunk_summary s;
            assert_int_equal(chunk_mini_summary(&chunk, k, mini, &s), GK_OK);
            assert_true(bounds[mini].is_full && bounds[mini].low <= s.min && s.max <= bounds[mini].high);
            n_close += bounds[mini].high - bounds[mini].low <= 2.5 * (s.max - s.min) + 0.2;
        }
        assert_true(n_close * 10 >= chunk.n_minis * 9);
    }
    buffer_clear(&out);
}

#define PAGE     4096
#define OVERHEAD 20

static size_t pages_of(size_t size)
{
    return (size + OVERHEAD + PAGE - 1) / PAGE;
}

/* Of a long run of rows: all come back, and where a chunk was cut its pages are nearly full. */
static void chunks_that_fit_pages_waste_little(void **state)
{
    struct chunk_rows rows = make_motor(SAMPLES_MAX);
    size_t n_pages = 0, n_bytes = 0, n_rows = 0;

    (void)state;
    for (size_t from = 0, n_taken; from < SAMPLES_MAX; from += n_taken) {
        struct chunk_view chunk;
        const double *parts[4];
        struct chunk_rows part = rows;
        struct buffer out;
        part.n_columns = 4; /* the fifth is binned */
        part.n_rows = SAMPLES_MAX - from < 3000 ? SAMPLES_MAX - from : 3000;
        part.time = rows.time + from;
        part.value = parts;
        for (int k = 0; k < 4; k++)
            parts[k] = rows.value[k] + from;
        buffer_init(&out, &MEM_SYSTEM);
        assert_int_equal(chunk_encode_fit(&MEM_SYSTEM, &part, PAGE, OVERHEAD, &out, &n_taken), GK_OK);
        assert_true(n_taken >= 1 && n_taken <= part.n_rows && (n_taken == part.n_rows || n_taken % CHUNK_MINI == 0));
        assert_int_equal(chunk_check(&MEM_SYSTEM, out.bytes, out.size, NULL), GK_OK);
        assert_int_equal(chunk_open(out.bytes, out.size, &chunk), GK_OK);
        bool is_cut = n_taken < part.n_rows;
        part.n_rows = n_taken;
        check_equal(&chunk, &part);
        if (is_cut) {
            n_pages += pages_of(out.size);
            n_bytes += out.size;
            n_rows += n_taken;
        }
        buffer_clear(&out);
    }
    assert_true(n_rows > SAMPLES_MAX / 4 && n_pages * PAGE - n_bytes < n_pages * PAGE / 12);
}

/* One page less must hold so many rows that it is worth a second chunk; what is inline in a page, or binned, is whole.
 */
static void rows_are_taken_whole_where_a_cut_gains_nothing(void **state)
{
    struct buffer out;
    size_t n_taken;

    (void)state;
    buffer_init(&out, &MEM_SYSTEM);
    struct chunk_rows rows = make_motor(300);
    assert_int_equal(chunk_encode_fit(&MEM_SYSTEM, &rows, PAGE, OVERHEAD, &out, &n_taken), GK_OK);
    assert_int_equal(n_taken, 300);
    for (size_t page = 64; page < 65536; page *= 2) {
        rows = make_motor(SAMPLES_MAX); /* the fifth column is binned */
        buffer_reset(&out);
        assert_int_equal(chunk_encode_fit(&MEM_SYSTEM, &rows, page, OVERHEAD, &out, &n_taken), GK_OK);
        assert_int_equal(n_taken, SAMPLES_MAX);
        rows.n_columns = 4;
        buffer_reset(&out);
        assert_int_equal(chunk_encode_fit(&MEM_SYSTEM, &rows, page, OVERHEAD, &out, &n_taken), GK_OK);
        size_t size = out.size;
        if (n_taken == SAMPLES_MAX)
            continue;
        assert_true((size + OVERHEAD) % page == 0 || (size + OVERHEAD) % page > page / 2 || page > 8192);
        buffer_reset(&out);
        assert_int_equal(chunk_encode(&MEM_SYSTEM, &rows, &out), GK_OK);
        size_t all = (out.size + OVERHEAD + page - 1) / page * SAMPLES_MAX;
        assert_true((size + OVERHEAD + page - 1) / page * SAMPLES_MAX < all); /* fewer pages */
    }
    buffer_clear(&out);
}

static void a_wrong_basis_is_refused(void **state)
{
    struct chunk_rows rows = make_motor(4096);
    struct buffer out = encode(&rows);
    struct chunk_view chunk;

    (void)state;
    assert_int_equal(chunk_open(out.bytes, out.size, &chunk), GK_OK);
    size_t at = chunk.columns_at; /* the first column: kind, decimals, basis */
    assert_int_equal(out.bytes[at], 33);
    uint8_t basis = out.bytes[at + 2];
    for (unsigned wrong = 0; wrong < 128; wrong++) {
        out.bytes[at + 2] = (uint8_t)wrong;
        if (wrong == 0 || wrong > 3) /* itself, the binned one, none at all */
            assert_int_equal(chunk_values(&chunk, 0, 0, chunk.n_minis, back), GK_ECORRUPT);
        else if (wrong != basis)
            assert_int_equal(chunk_check(&MEM_SYSTEM, out.bytes, out.size, NULL), GK_ECORRUPT);
    }
    buffer_clear(&out);
}

static void damaged_motors_never_break_a_reader(void **state)
{
    struct random random = random_from(test_seed(__func__));
    struct chunk_rows rows = make_motor(1100);
    struct buffer out = encode(&rows);

    (void)state;
    for (size_t cut = 0; cut < out.size; cut += 1 + cut / 32) {
        uint8_t *part = malloc(cut ? cut : 1); /* exact, for ASan */
        memcpy(part, out.bytes, cut);
        assert_false(use_all(part, cut));
        free(part);
    }
    for (uint64_t round = test_rounds(400); round-- > 0;) {
        uint8_t *copy = malloc(out.size);
        memcpy(copy, out.bytes, out.size);
        copy[random_below(&random, out.size)] ^= (uint8_t)(1u << random_below(&random, 8));
        (void)use_all(copy, out.size); /* only that it returns */
        free(copy);
    }
    buffer_clear(&out);
}

static size_t read_golden(const char *path, const struct chunk_rows *rows, uint8_t *bytes, size_t room)
{
    struct chunk_view chunk;

    size_t size = sample_hex(path, NULL, bytes, room);
    assert_int_equal(chunk_check(&MEM_SYSTEM, bytes, size, NULL), GK_OK);
    assert_int_equal(chunk_open(bytes, size, &chunk), GK_OK);
    check_equal(&chunk, rows);
    return size;
}

static void is_written_today(const struct chunk_rows *rows, const uint8_t *bytes, size_t size)
{
    struct buffer out = encode(rows);
    assert_int_equal(out.size, size); /* the same bytes on every machine */
    assert_memory_equal(out.bytes, bytes, size);
    buffer_clear(&out);
}

/*
 * tests/golden/chunk_motor_v1.hex: a predicted, a plain and a binned column; every later version must read it. Its bins
 * are of blocks, which are no longer written.
 */
static void the_golden_motors_are_read_for_ever(void **state)
{
    static uint8_t bytes[65536];
    struct chunk_rows rows = make_motor(1100);

    (void)state;
    (void)read_golden("tests/golden/chunk_motor_v1.hex", &rows, bytes, sizeof bytes); /* compares */
    size_t size = read_golden("tests/golden/chunk_motor_v2.hex", &rows, bytes, sizeof bytes);
    is_written_today(&rows, bytes, size);
}

/* Four columns that bins serve: a socket's few watts, levels amid noise, a temperature, levels; some values beside. */
static struct chunk_rows make_binned(size_t n)
{
    static const uint32_t four[] = {1, 2, 3, 4};
    struct random random = random_from(6);
    double socket = 40, tenths = 215;
    unsigned still = 0; /* rows since the socket changed */

    for (size_t i = 0; i < n; i++) {
        time_in[i] = T0 + (gk_time)i * 10 * GK_SECOND;
        uint64_t r = random_below(&random, 16);
        bool is_other = still >= 2 ? r < 12 : r < 1; /* what two rows tell of the next one */
        socket = is_other && r == 0 ? 30 + (double)random_below(&random, 40) : is_other ? 81 - socket : socket;
        still = is_other ? 0 : still + 1;
        tenths += (double)random_below(&random, 5) - 2;
        value[0][i] = socket;
        value[1][i] = random_below(&random, 2) ? (double)(4567 * random_below(&random, 13))
                                               : (double)random_below(&random, 60000);
        value[2][i] = i % 500 == 499 ? -0.0 : tenths / 10;
        value[3][i] = i % 300 == 7 ? gk_missing() : random_below(&random, 6) ? 6 : 4 + (double)random_below(&random, 4);
    }
    return (struct chunk_rows){n, time_in, 4, four, columns};
}

/* tests/golden/chunk_bins_v1.hex: columns in bins of blocks; chunk_bins_v2.hex: the same in lanes. */
static void golden_bins_are_read_for_ever(void **state)
{
    static uint8_t bytes[65536];
    struct chunk_rows rows = make_binned(5000);

    (void)state;
    (void)read_golden("tests/golden/chunk_bins_v1.hex", &rows, bytes, sizeof bytes); /* compares */
    size_t size = read_golden("tests/golden/chunk_bins_v2.hex", &rows, bytes, sizeof bytes);
    is_written_today(&rows, bytes, size);
}

/* Few values that lie anywhere: one column has ranks in mini blocks, the other in bins. */
static struct chunk_rows make_words(size_t n)
{
    static const uint32_t two[] = {1, 2};
    struct random random = random_from(8);

    for (size_t i = 0; i < n; i++) {
        time_in[i] = T0 + (gk_time)i * 10 * GK_SECOND;
        value[0][i] = i % 300 == 7 ? gk_missing() : (double)random_below(&random, 120) / 21;
        value[1][i] = i % 500 == 9 ? INFINITY : (double)(random_below(&random, 4) ? 50 : random_below(&random, 90)) / 7;
    }
    return (struct chunk_rows){n, time_in, 2, two, columns};
}

static void golden_words_are_read_for_ever(void **state)
{
    static uint8_t bytes[65536];
    struct chunk_rows rows = make_words(1200);

    (void)state;
    size_t size = read_golden("tests/golden/chunk_words_v1.hex", &rows, bytes, sizeof bytes); /* compares */
    is_written_today(&rows, bytes, size);
}

/* The same with a byte turned, or cut off: never more than an error. */
static void try_damaged(const char *golden, uint64_t seed)
{
    static uint8_t bytes[65536];
    struct random random = random_from(seed);

    size_t size = sample_hex(golden, NULL, bytes, sizeof bytes);
    for (size_t cut = 0; cut < size; cut += 1 + cut / 32) {
        uint8_t *part = malloc(cut ? cut : 1); /* exact, for ASan */
        memcpy(part, bytes, cut);
        assert_false(use_all(part, cut));
        free(part);
    }
    for (uint64_t round = test_rounds(400); round-- > 0;) {
        uint8_t *copy = malloc(size);
        memcpy(copy, bytes, size);
        copy[random_below(&random, size)] ^= (uint8_t)(1u << random_below(&random, 8));
        (void)use_all(copy, size); /* only that it returns */
        free(copy);
    }
}

static void damaged_golden_chunks_never_break_a_reader(void **state)
{
    (void)state;
    try_damaged("tests/golden/chunk_bins_v1.hex", test_seed(__func__));
    try_damaged("tests/golden/chunk_words_v1.hex", test_seed(__func__));
}

/* Digits, drift, and both with values beside. */
static struct chunk_rows make_scaled(size_t n)
{
    static const uint32_t four[] = {1, 2, 3, 4};
    struct chunk_rows rows = make_rows(n, SAMPLE_CONSTANT);
    struct random random = random_from(7);

    sample_column(SAMPLE_RANGES, 3, value[0], n);
    sample_column(SAMPLE_ODD, 3, value[1], n);
    for (size_t i = 0; i < n; i++) {
        value[2][i] = (double)random_below(&random, UINT64_C(400000000000000)) / 1e14;
        value[2][i] = random_below(&random, 5) ? value[2][i] : double_of(bits_of(value[2][i]) + (i & 63));
        value[3][i] = i % 90 == 5 ? gk_missing() : value[0][i];
        value[1][i] = i % 90 == 7 ? gk_missing() : value[1][i];
    }
    return (struct chunk_rows){n, rows.time, 4, four, columns};
}

/* tests/golden/chunk_scales_v1.hex: integers of those that are not beside; chunk_scales_v2.hex: of all rows, where few
 * are. */
static void golden_scales_are_read_for_ever(void **state)
{
    static uint8_t bytes[65536];
    struct chunk_rows rows = make_scaled(600);

    (void)state;
    (void)read_golden("tests/golden/chunk_scales_v1.hex", &rows, bytes, sizeof bytes); /* compares */
    size_t size = read_golden("tests/golden/chunk_scales_v2.hex", &rows, bytes, sizeof bytes);
    is_written_today(&rows, bytes, size);
}

/* tests/golden/chunk_v1.hex: 200 rows of all sixteen kinds; every later version must read it. */
static void the_golden_chunk_is_read_for_ever(void **state)
{
    static uint8_t bytes[65536];
    size_t size = sample_hex("tests/golden/chunk_v1.hex", NULL, bytes, sizeof bytes);
    struct chunk_view chunk;

    (void)state;
    assert_int_equal(chunk_check(&MEM_SYSTEM, bytes, size, NULL), GK_OK);
    assert_int_equal(chunk_open(bytes, size, &chunk), GK_OK);
    assert_int_equal(chunk.n_rows, 200);
    assert_int_equal(chunk.n_columns, 16);
    assert_int_equal(crc32c(0, bytes, size), GOLDEN_CRC);
    assert_int_equal(chunk_times(&chunk, 0, chunk.n_minis, time_back), GK_OK);
    uint32_t crc = crc32c(0, time_back, 200 * sizeof *time_back);
    for (uint32_t k = 0; k < 16; k++) {
        assert_int_equal(chunk_values(&chunk, k, 0, chunk.n_minis, back), GK_OK);
        crc = crc32c(crc, back, 200 * sizeof *back);
    }
    assert_int_equal(crc, GOLDEN_ROWS_CRC);
}

/* The worked example of docs/format/chunk.md. */
static void the_example_of_the_docs_decodes(void **state)
{
    static const gk_time want_time[] = {1717977600, 1717977610, 1717977620, 1717977631, 1717977640};
    static const double want_value[] = {4.19, 4.21, 0, 4.2, 4.19};
    uint8_t bytes[256];
    struct chunk_view chunk;
    struct chunk_summary summary;

    (void)state;
    size_t size = sample_hex("docs/format/chunk.md", "hex", bytes, sizeof bytes);
    assert_int_equal(chunk_check(&MEM_SYSTEM, bytes, size, NULL), GK_OK);
    assert_int_equal(chunk_open(bytes, size, &chunk), GK_OK);
    assert_int_equal(chunk.n_rows, 5);
    assert_int_equal(chunk_channel(&chunk, 0), 7);
    assert_int_equal(chunk_times(&chunk, 0, 1, time_back), GK_OK);
    assert_int_equal(chunk_values(&chunk, 0, 0, 1, back), GK_OK);
    for (int i = 0; i < 5; i++) {
        assert_int_equal(time_back[i], want_time[i] * GK_SECOND);
        assert_bits_equal(back[i], i == 2 ? gk_missing() : want_value[i]);
    }
    assert_int_equal(chunk_summary(&chunk, 0, &summary), GK_OK);
    assert_int_equal(summary.count, 4);
    assert_int_equal(summary.n_missing, 1);
    assert_bits_equal(summary.max, 4.21);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(rows_come_back_to_the_bit),
    cmocka_unit_test(a_chunk_without_columns_is_fine),
    cmocka_unit_test(a_chunk_is_appended_to_what_is_there),
    cmocka_unit_test(rows_out_of_order_are_refused),
    cmocka_unit_test(any_mini_blocks_equal_the_full_decode),
    cmocka_unit_test(what_is_not_there_is_refused),
    cmocka_unit_test(summaries_are_those_of_the_values),
    cmocka_unit_test(a_cut_chunk_is_corrupt),
    cmocka_unit_test(a_head_that_makes_no_sense_is_corrupt),
    cmocka_unit_test(a_flipped_byte_never_breaks_a_reader),
    cmocka_unit_test(an_unknown_version_is_told),
    cmocka_unit_test(a_wrong_summary_is_found_by_the_check),
    cmocka_unit_test(wrong_times_are_found_by_the_check),
    cmocka_unit_test(every_failing_allocation_is_survived),
    cmocka_unit_test(the_dump_tells_what_is_inside),
    cmocka_unit_test(a_channel_is_predicted_from_another),
    cmocka_unit_test(bounds_of_a_motor_are_close),
    cmocka_unit_test(chunks_that_fit_pages_waste_little),
    cmocka_unit_test(rows_are_taken_whole_where_a_cut_gains_nothing),
    cmocka_unit_test(a_wrong_basis_is_refused),
    cmocka_unit_test(damaged_motors_never_break_a_reader),
    cmocka_unit_test(the_golden_motors_are_read_for_ever),
    cmocka_unit_test(golden_bins_are_read_for_ever),
    cmocka_unit_test(golden_words_are_read_for_ever),
    cmocka_unit_test(damaged_golden_chunks_never_break_a_reader),
    cmocka_unit_test(golden_scales_are_read_for_ever),
    cmocka_unit_test(the_golden_chunk_is_read_for_ever),
    cmocka_unit_test(the_example_of_the_docs_decodes),
};

RUN_TESTS(tests)
