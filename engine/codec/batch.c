/*
 * batch.c - the bytes of one journal record. A record lives for minutes, so it is made fast rather than small: each
 * column is shuffled by bytes and goes through LZ4 by itself (a column is at most 8 MB, far from LZ4's limit, and stays
 * in the cache).
 *
 *     version        1   BATCH_VERSION
 *     n_rows         varint
 *     n_channels     varint
 *     channels       4 each, in the order given
 *     columns        time, facility, then one a channel: by 1 (not of facilities), varint h, bytes
 *
 * h is the number of bytes * 2, + 1 when they are LZ4; else they are the shuffled column itself. Times are differences
 * to the row before (mod 2^64), the first one to 0, in units of 10^by ns, zigzag. Values are integers on the decimal
 * scale `by` when all of them have one, else (by = PATTERNS) their patterns. Version 1 has no `by`: ns, not zigzag, and
 * patterns.
 */
#include "codec/batch.h"

#include <lz4.h>

#include "codec/scale.h"
#include "codec/shuffle.h"

#define BATCH_VERSION      2
#define BATCH_VERSION_OLD  1 /* is read */
#define PATTERNS           255
#define UNITS_MAX          9 /* 10^9 ns */
#define BATCH_CHANNELS_MAX 1024
#define LZ4_RATIO_MAX      255 /* a byte of LZ4 gives at most so many, see its lz4_Block_format.md */

/* ---- writing -------------------------------------------------------------------------------------------------- */

/* Appends shuffled bytes, compressed when that makes them fewer. */
static void put_column(struct buffer *out, const uint8_t *shuffled, size_t size)
{
    size_t before = out->size;
    uint8_t head[VARINT_MAX];

    if (size == 0) {
        buffer_put_varint(out, 0);
        return;
    }
    /* Room for the longest head and the worst case; what is not used is given back below. */
    uint8_t *p = buffer_extend(out, VARINT_MAX + size);
    if (!p)
        return;
    int packed = LZ4_compress_fast((const char *)shuffled, (char *)p + VARINT_MAX, (int)size, (int)size - 1, 1);
    size_t n = packed > 0 ? (size_t)packed : size;
    size_t n_head = varint_put(head, (uint64_t)n << 1 | (packed > 0));
    memcpy(p, head, n_head);
    if (packed > 0)
        memmove(p + n_head, p + VARINT_MAX, n);
    else
        memcpy(p + n_head, shuffled, n);
    out->size = before + n_head + n;
}

static void time_differences(const gk_time *time, size_t n, uint64_t *out)
{
    uint64_t before = 0;
    for (size_t i = 0; i < n; i++) {
        out[i] = (uint64_t)time[i] - before;
        before = (uint64_t)time[i];
    }
}

/* The coarsest of s, ms, us and ns in which the differences are whole, as a power of ten; they become those. */
static uint8_t to_units(uint64_t *difference, size_t n)
{
    uint8_t by = UNITS_MAX;
    int64_t unit = GK_SECOND;

    for (size_t i = 0; i < n; i++)
        for (; (int64_t)difference[i] % unit != 0; unit /= 1000)
            by = (uint8_t)(by - 3);
    for (size_t i = 0; i < n; i++)
        difference[i] = zigzag((int64_t)difference[i] / unit);
    return by;
}

/* The integers of a column, or its patterns. */
static uint8_t to_integers(const double *value, size_t n, uint64_t *out)
{
    size_t n_odd;
    struct scale scale = scale_decimal_of(value, n, out, NULL, &n_odd);

    if (n_odd == 0)
        return scale.by;
    memcpy(out, value, n * sizeof *value);
    return PATTERNS;
}

int batch_encode(const struct mem *mem, const struct batch_rows *rows, struct buffer *out)
{
    size_t before = out->size, n = rows->n_rows;

    if (n > BATCH_ROWS_MAX || rows->n_channels > BATCH_CHANNELS_MAX)
        return GK_EINVAL;
    uint64_t *plain = mem_array(mem, n, 2 * sizeof *plain); /* the integers, then the shuffled bytes */
    if (!plain)
        return GK_ENOMEM;
    uint8_t *shuffled = (uint8_t *)(plain + n);

    buffer_put_u8(out, BATCH_VERSION);
    buffer_put_varint(out, n);
    buffer_put_varint(out, rows->n_channels);
    for (size_t i = 0; i < rows->n_channels; i++)
        buffer_put_u32(out, rows->channel[i]);
    time_differences(rows->time, n, plain);
    buffer_put_u8(out, to_units(plain, n));
    shuffle_8(plain, n, shuffled);
    put_column(out, shuffled, 8 * n);
    shuffle_4(rows->facility, n, shuffled);
    put_column(out, shuffled, 4 * n);
    for (size_t i = 0; i < rows->n_channels; i++) {
        buffer_put_u8(out, to_integers(rows->value[i], n, plain));
        shuffle_8(plain, n, shuffled);
        put_column(out, shuffled, 8 * n);
    }
    mem_free(mem, plain);
    if (buffer_status(out) != GK_OK)
        out->size = before;
    return buffer_status(out);
}

/* ---- reading -------------------------------------------------------------------------------------------------- */

/* The head of a record, and where each column's bytes are. */
struct head {
    bool is_old;
    size_t n_rows, n_channels;
    const uint8_t *channels;
    struct reader columns; /* stands at the first column */
};

/* One column as it is stored. */
struct stored {
    uint8_t by;
    const uint8_t *bytes;
    size_t size;
    bool is_lz4;
};

static size_t column_size(const struct head *head, size_t column)
{
    return head->n_rows * (column == 1 ? 4 : 8); /* 0 time, 1 facility, then the channels */
}

static bool is_by(size_t column, uint8_t by)
{
    return column == 0 ? by <= UNITS_MAX && by % 3 == 0 : by <= SCALE_DECIMALS_MAX || by == PATTERNS;
}

static int next_column(const struct head *head, struct reader *reader, size_t column, struct stored *out)
{
    size_t want = column_size(head, column);

    out->by = column == 0 ? 0 : PATTERNS;
    if (!head->is_old && column != 1)
        out->by = reader_u8(reader);
    uint64_t h = reader_varint(reader);
    out->is_lz4 = h & 1;
    out->size = (size_t)(h >> 1);
    out->bytes = reader_take(reader, out->size);
    if (!out->bytes)
        return GK_ECORRUPT;
    bool is_possible = out->is_lz4 ? out->size < want && want / LZ4_RATIO_MAX <= out->size : out->size == want;
    return is_possible && is_by(column, out->by) ? GK_OK : GK_ECORRUPT;
}

/* Reads the head and steps over all columns: after this the bytes are known to be able to hold what they claim. */
static int read_head(const uint8_t *bytes, size_t size, struct head *out)
{
    struct reader reader = reader_of(bytes, size);
    struct stored stored;

    if (size == 0)
        return GK_ECORRUPT;
    uint8_t version = reader_u8(&reader);
    if (version != BATCH_VERSION && version != BATCH_VERSION_OLD)
        return GK_EVERSION;
    out->is_old = version == BATCH_VERSION_OLD;
    uint64_t n_rows = reader_varint(&reader), n_channels = reader_varint(&reader);
    if (reader.failed || n_rows > BATCH_ROWS_MAX || n_channels > BATCH_CHANNELS_MAX)
        return GK_ECORRUPT;
    out->n_rows = (size_t)n_rows;
    out->n_channels = (size_t)n_channels;
    out->channels = reader_take(&reader, 4 * out->n_channels);
    if (!out->channels)
        return GK_ECORRUPT;
    out->columns = reader;
    for (size_t i = 0; i < 2 + out->n_channels; i++) {
        int rc = next_column(out, &reader, i, &stored);
        if (rc != GK_OK)
            return rc;
    }
    return reader_is_done(&reader) ? GK_OK : GK_ECORRUPT;
}

/* The shuffled bytes of the next column, borrowed from the record or unpacked into `scratch`; NULL when they are
 * damaged. */
static const uint8_t *unpack_column(const struct head *head, struct reader *reader, size_t column, uint8_t *scratch,
                                    uint8_t *by)
{
    size_t want = column_size(head, column);
    struct stored stored;

    if (next_column(head, reader, column, &stored) != GK_OK)
        return NULL;
    *by = stored.by;
    if (!stored.is_lz4)
        return stored.bytes;
    int n = LZ4_decompress_safe((const char *)stored.bytes, (char *)scratch, (int)stored.size, (int)want);
    return n >= 0 && (size_t)n == want ? scratch : NULL;
}

static void sum_times(const uint64_t *difference, size_t n, bool is_old, uint8_t by, gk_time *time)
{
    uint64_t t = 0, unit = 1;
    for (; by > 0; by--)
        unit *= 10;
    for (size_t i = 0; i < n; i++) {
        t += is_old ? difference[i] : (uint64_t)unzigzag(difference[i]) * unit;
        time[i] = (gk_time)t;
    }
}

/*
 * What a decoded batch has in its one block of memory, widest items first so that each is aligned:
 * n_rows times, n_channels columns of values, n_channels pointers to them, integers of a column, its bytes before,
 * facilities, channels.
 */
struct places {
    uint64_t *time;
    double *value;
    const double **column;
    uint64_t *integers;
    uint8_t *scratch;
    uint32_t *facility, *channel;
};

static size_t places_size(const struct head *head)
{
    return head->n_rows * (28 + 8 * head->n_channels) + head->n_channels * (sizeof(double *) + 4);
}

static struct places places_in(void *memory, const struct head *head)
{
    struct places p;
    void *at = memory;
    p.time = at;
    at = p.time + head->n_rows;
    p.value = at;
    at = p.value + head->n_rows * head->n_channels;
    p.column = at;
    at = p.column + head->n_channels;
    p.integers = at;
    at = p.integers + head->n_rows;
    p.scratch = at;
    at = p.scratch + head->n_rows * sizeof(uint64_t);
    p.facility = at;
    p.channel = p.facility + head->n_rows;
    return p;
}

static int decode_columns(const struct head *head, const struct places *to)
{
    struct reader reader = head->columns;
    size_t n = head->n_rows;
    uint8_t by;

    const uint8_t *shuffled = unpack_column(head, &reader, 0, to->scratch, &by);
    if (!shuffled)
        return GK_ECORRUPT;
    unshuffle_8(shuffled, n, to->time);
    sum_times(to->time, n, head->is_old, by, (gk_time *)to->time);
    shuffled = unpack_column(head, &reader, 1, to->scratch, &by);
    if (!shuffled)
        return GK_ECORRUPT;
    unshuffle_4(shuffled, n, to->facility);
    for (size_t i = 0; i < head->n_channels; i++) {
        double *value = to->value + i * n;
        shuffled = unpack_column(head, &reader, 2 + i, to->scratch, &by);
        if (!shuffled)
            return GK_ECORRUPT;
        to->column[i] = value;
        unshuffle_8(shuffled, n, by == PATTERNS ? (void *)value : to->integers);
        if (by != PATTERNS)
            scale_invert((struct scale){SCALE_DECIMAL, by}, to->integers, n, value);
        to->channel[i] = load_u32(head->channels + 4 * i);
    }
    return GK_OK;
}

int batch_decode(const struct mem *mem, const uint8_t *bytes, size_t size, struct batch *out)
{
    struct head head;
    int rc = read_head(bytes, size, &head);
    if (rc != GK_OK)
        return rc;
    out->mem = mem;
    out->rows = (struct batch_rows){0};
    rc = mem_reserve(mem, &out->memory, &out->capacity, places_size(&head) + 1, 1); /* never NULL, even of nothing */
    if (rc != GK_OK)
        return rc;
    struct places places = places_in(out->memory, &head);
    rc = decode_columns(&head, &places);
    if (rc != GK_OK)
        return rc;
    out->rows = (struct batch_rows){
        head.n_rows, (const gk_time *)places.time, places.facility, head.n_channels, places.channel, places.column};
    return GK_OK;
}

void batch_clear(struct batch *batch)
{
    if (batch->mem)
        mem_free(batch->mem, batch->memory);
    *batch = (struct batch){0};
}

/* ---- for people ----------------------------------------------------------------------------------------------- */

int batch_dump(const struct mem *mem, const uint8_t *bytes, size_t size, struct buffer *out)
{
    struct head head;
    struct stored stored = {0};
    struct batch batch = {0};
    int rc = batch_decode(mem, bytes, size, &batch);

    batch_clear(&batch);
    if (rc != GK_OK)
        return rc;
    rc = read_head(bytes, size, &head);
    if (NEVER(rc != GK_OK))
        return GK_EBUG;
    buffer_printf(out, "batch version %d, %zu rows, %zu channels, %zu bytes\n", bytes[0], head.n_rows, head.n_channels,
                  size);
    for (size_t i = 0; i < 2 + head.n_channels; i++) {
        rc = next_column(&head, &head.columns, i, &stored);
        if (NEVER(rc != GK_OK))
            return GK_EBUG;
        if (i < 2)
            buffer_printf(out, "  %s", i == 0 ? "time" : "facility");
        else
            buffer_printf(out, "  channel %u", load_u32(head.channels + 4 * (i - 2)));
        if (i == 0 && stored.by > 0)
            buffer_printf(out, " in 10^%d ns", stored.by);
        if (i > 1 && stored.by != PATTERNS)
            buffer_printf(out, ", %d decimals", stored.by);
        buffer_printf(out, ": %s, %zu bytes of %zu\n", stored.is_lz4 ? "lz4" : "plain", stored.size,
                      column_size(&head, i));
    }
    return buffer_status(out);
}
