/*
 * fuzz_chunk.c - arbitrary bytes as a chunk must not break a reader; arbitrary bits as times and values must come back.
 */
#include <stdlib.h>

#include "base/error.h"
#include "codec/chunk.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define ROWS_MAX 2048

static void require(bool is_true)
{
    if (!is_true)
        abort();
}

/* Whatever the bytes are, every call returns. */
static void decode(const uint8_t *data, size_t size)
{
    static double value[CHUNK_ROWS_MAX];
    static gk_time time[CHUNK_ROWS_MAX];
    struct chunk_view chunk;
    struct chunk_summary summary;
    struct chunk_bounds bounds[CHUNK_ROWS_MAX / CHUNK_MINI];
    struct chunk_span span[CHUNK_ROWS_MAX / CHUNK_MINI];
    struct buffer text;

    buffer_init(&text, &MEM_SYSTEM);
    int checked = chunk_check(&MEM_SYSTEM, data, size, NULL);
    int dumped = chunk_dump(&MEM_SYSTEM, data, size, &text);
    require(checked != GK_OK || dumped == GK_OK);
    buffer_clear(&text);
    if (chunk_open(data, size, &chunk) != GK_OK)
        return;
    (void)chunk_times(&chunk, 0, chunk.n_minis, time); /* the check has judged */
    (void)chunk_spans(&chunk, 0, chunk.n_minis, span);
    for (uint32_t k = 0; k < chunk.n_columns; k++) {
        (void)chunk_bounds(&chunk, k, 0, chunk.n_minis, bounds);
        (void)chunk_values(&chunk, k, 0, chunk.n_minis, value);
        (void)chunk_summary(&chunk, k, &summary);
        (void)chunk_mini_summary(&chunk, k, chunk.n_minis - 1, &summary);
    }
}

/*
 * The first byte says how the rest becomes a column: doubles as they are, or small decimals, and how far apart times
 * are. Returns the number of rows.
 */
static size_t make_rows(const uint8_t *data, size_t size, gk_time *time, double *value)
{
    static const double powers[] = {1, 10, 100, 1000};
    uint8_t how = data[0];
    size_t width = how & 1 ? 8 : 2, n = 0;
    uint64_t t = how & 2 ? 0 : UINT64_C(1717977600000000000);

    for (size_t at = 1; at + width <= size && n < ROWS_MAX; at += width, n++) {
        value[n] = how & 1 ? load_f64(data + at) : (double)(int16_t)load_u16(data + at) / powers[how >> 6];
        t += (how & 4 ? data[at] % 3 : 10) * (how & 8 ? UINT64_C(1000000000) : 1);
        t += how & 16 && data[at + 1] == 7 ? (uint64_t)data[at] << 33 : 0;
        time[n] = (gk_time)t;
    }
    return n;
}

/* Bounds that are told without decoding hold all values and times. */
static void check_bounds(const struct chunk_view *chunk, const gk_time *time, const double *value)
{
    struct chunk_bounds bounds[CHUNK_ROWS_MAX / CHUNK_MINI];
    struct chunk_span span[CHUNK_ROWS_MAX / CHUNK_MINI];

    require(chunk_bounds(chunk, 0, 0, chunk->n_minis, bounds) == GK_OK);
    require(chunk_spans(chunk, 0, chunk->n_minis, span) == GK_OK);
    for (uint32_t i = 0; i < chunk->n_rows; i++) {
        const struct chunk_bounds *b = &bounds[i / CHUNK_MINI];
        const struct chunk_span *s = &span[i / CHUNK_MINI];
        require(value[i] != value[i] ? !b->is_full : b->low <= value[i] && value[i] <= b->high);
        if (s->is_known)
            require(time[i] >= s->first - s->slack && time[i] <= s->last + s->slack &&
                    (i % CHUNK_MINI == 0 || time[i] - time[i - 1] <= s->gap));
    }
}

static void round_trip(const uint8_t *data, size_t size)
{
    static gk_time time[ROWS_MAX], time_back[ROWS_MAX + CHUNK_MINI];
    static double value[ROWS_MAX], back[ROWS_MAX + CHUNK_MINI];
    static const uint32_t channel[] = {3};
    const double *columns[] = {value};
    struct chunk_view chunk;
    struct buffer out;

    size_t n = size ? make_rows(data, size, time, value) : 0;
    if (n == 0)
        return;
    struct chunk_rows rows = {n, time, 1, channel, columns};
    buffer_init(&out, &MEM_SYSTEM);
    require(chunk_encode(&MEM_SYSTEM, &rows, &out) == GK_OK);
    require(chunk_check(&MEM_SYSTEM, out.bytes, out.size, NULL) == GK_OK);
    require(chunk_open(out.bytes, out.size, &chunk) == GK_OK);
    require(chunk_times(&chunk, 0, chunk.n_minis, time_back) == GK_OK);
    require(memcmp(time, time_back, n * sizeof *time) == 0);
    require(chunk_values(&chunk, 0, 0, chunk.n_minis, back) == GK_OK);
    require(memcmp(value, back, n * sizeof *value) == 0);
    check_bounds(&chunk, time, value);
    buffer_clear(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    decode(data, size);
    round_trip(data, size);
    return 0;
}
