/*
 * hour_block.c - see hour_block.h.
 */
#include "db/hour_block.h"

#include <inttypes.h>
#include <math.h>

#define BLOCK_VERSION 1
#define OPEN_VERSION  1
#define HEAD_SIZE     7
#define PLAIN         255 /* no decimals: the bits */
#define DECIMALS_MAX  9
#define TWO_WIDTHS    0x80u
#define RECORD_MAX    (HEAD_SIZE + COLUMNS * (2 + VARINT_MAX + BLOCK_HOURS * 8))

enum { COUNT, FIRST_TIME, LAST_TIME, SILENT, HOLD, SUM, MIN, MAX, FIRST, LAST, INTEGRAL, SPREAD, COLUMNS };

static const double POWERS[DECIMALS_MAX + 1] = {1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9};
static const int64_t UNITS[DECIMALS_MAX + 1] = {1, 0, 0, 1000, 0, 0, 1000000, 0, 0, 1000000000};

/* Integers of a block, by column. */
typedef int64_t grid[COLUMNS][BLOCK_HOURS];

/* ---- integers
 * --------------------------------------------------------------------------------------------------------- */

/* v = z / 10^decimals, to the bit? */
static bool scale(double v, uint8_t decimals, int64_t *z)
{
    double x = v * POWERS[decimals];
    if (!(fabs(x) < 0x1p52))
        return false;
    x = rint(x);
    *z = (int64_t)x;
    return bits_of((double)*z / POWERS[decimals]) == bits_of(v);
}

static double unscale(int64_t z, uint8_t decimals)
{
    return decimals == PLAIN ? double_of((uint64_t)z) : (double)z / POWERS[decimals];
}

/*
 * The least decimals from *decimals on with which all of a figure can be written; true when they are more. What was
 * fine with fewer is tried again: it may be too large for more.
 */
static bool find_decimals(const struct hour_block *b, size_t offset, uint8_t *decimals)
{
    uint8_t before = *decimals;
    int64_t z;

    for (size_t i = 0; i < b->n && *decimals != PLAIN;) {
        double v = load_f64((const uint8_t *)&b->hours[i] + offset);
        if (scale(v, *decimals, &z)) {
            i++;
            continue;
        }
        *decimals = *decimals < DECIMALS_MAX ? *decimals + 1 : PLAIN;
        i = 0;
    }
    return *decimals != before;
}

static uint8_t decimals_of_values(const struct hour_block *b)
{
    static const size_t figures[] = {offsetof(struct hour, first), offsetof(struct hour, min),
                                     offsetof(struct hour, max), offsetof(struct hour, last),
                                     offsetof(struct hour, sum)};
    uint8_t decimals = 0;

    for (size_t k = 0; k < sizeof figures / sizeof *figures;)
        k = find_decimals(b, figures[k], &decimals) && k > 0 ? 0 : k + 1;
    return decimals;
}

static void put_figure(const struct hour_block *b, size_t offset, uint8_t decimals, int64_t out[BLOCK_HOURS])
{
    for (size_t i = 0; i < b->n; i++) {
        double v = load_f64((const uint8_t *)&b->hours[i] + offset);
        if (decimals == PLAIN)
            out[i] = (int64_t)bits_of(v);
        else
            (void)scale(v, decimals, &out[i]); /* was tried before */
    }
}

/*
 * The integral that the mean of all but the last number gives, as that one holds beyond it: the same double arithmetic
 * for writer and reader.
 */
static int64_t foreseen(int64_t sum, int64_t last, uint64_t count, int64_t held_ns, double factor)
{
    double x = ((double)sum - (double)last) * ((double)held_ns * factor) / (double)(count - 1);
    return fabs(x) < 0x1p62 ? (int64_t)rint(x) : 0; /* of one number it is NaN */
}

static int64_t mean_of(int64_t sum, uint64_t count)
{
    double x = (double)sum / (double)count;
    return fabs(x) < 0x1p62 ? (int64_t)x : 0; /* damaged, if not */
}

static double foresight(uint8_t decimals, uint8_t integral_decimals)
{
    return decimals == PLAIN || integral_decimals == PLAIN ? 0 : POWERS[integral_decimals] / (POWERS[decimals] * 1e9);
}

/* The largest unit that all times of the block are multiples of. */
static uint8_t unit_of(const struct hour_block *b)
{
    uint8_t unit = DECIMALS_MAX;
    for (size_t i = 0; i < b->n; i++) {
        const struct hour *h = &b->hours[i];
        gk_time begin = hour_begin(h->hour);
        while ((h->first_time - begin) % UNITS[unit] || (h->last_time - begin) % UNITS[unit] ||
               h->held_ns % UNITS[unit] || h->hold_ns % UNITS[unit])
            unit -= 3; /* 0 divides all */
    }
    return unit;
}

/* Less and more wrap around: a reader of the same bytes gets the same back. */
static int64_t less(int64_t a, int64_t b)
{
    return (int64_t)((uint64_t)a - (uint64_t)b);
}

static int64_t more(int64_t a, int64_t b)
{
    return (int64_t)((uint64_t)a + (uint64_t)b);
}

static void fill_grid(const struct hour_block *b, uint8_t unit, uint8_t decimals, uint8_t integral_decimals, grid z)
{
    double factor = foresight(decimals, integral_decimals);

    put_figure(b, offsetof(struct hour, sum), decimals, z[SUM]);
    put_figure(b, offsetof(struct hour, min), decimals, z[MIN]);
    put_figure(b, offsetof(struct hour, max), decimals, z[MAX]);
    put_figure(b, offsetof(struct hour, first), decimals, z[FIRST]);
    put_figure(b, offsetof(struct hour, last), decimals, z[LAST]);
    put_figure(b, offsetof(struct hour, integral), integral_decimals, z[INTEGRAL]);
    for (size_t i = b->n; i-- > 0;) {
        const struct hour *h = &b->hours[i];
        gk_time begin = hour_begin(h->hour);
        z[COUNT][i] = (int64_t)h->count;
        z[FIRST_TIME][i] = (h->first_time - begin) / UNITS[unit];
        z[LAST_TIME][i] = (HOUR_NS - (h->last_time - begin)) / UNITS[unit];
        z[SILENT][i] = (h->last_time - h->first_time - h->held_ns) / UNITS[unit];
        z[HOLD][i] = h->hold_ns / UNITS[unit];
        z[FIRST][i] = less(z[FIRST][i], i ? z[LAST][i - 1] : z[MIN][i]);
        z[SPREAD][i] = (int64_t)(bits_of(h->spread) >> 32);
        int64_t mean = decimals == PLAIN ? 0 : mean_of(z[SUM][i], h->count);
        if (factor != 0)
            z[INTEGRAL][i] = less(z[INTEGRAL][i], foreseen(z[SUM][i], z[LAST][i], h->count, h->held_ns, factor));
        z[MIN][i] = less(z[MIN][i], mean);
        z[MAX][i] = less(z[MAX][i], mean);
        z[LAST][i] = less(z[LAST][i], mean); /* the hour behind took it as it was */
    }
}

/* ---- bits
 * ------------------------------------------------------------------------------------------------------------- */

static unsigned width_of(uint64_t v)
{
    return v ? 64 - (unsigned)__builtin_clzll(v) : 0;
}

/* Writes bits from the lowest one on. */
struct bits {
    uint8_t *at;
    uint64_t word;
    unsigned filled;
};

static void put_bits(struct bits *b, uint64_t v, unsigned width)
{
    if (width == 0)
        return;
    b->word |= v << b->filled;
    if (b->filled + width < 64) {
        b->filled += width;
        return;
    }
    store_u64(b->at, b->word);
    b->at += 8;
    b->word = b->filled ? v >> (64 - b->filled) : 0;
    b->filled = b->filled + width - 64;
}

static uint8_t *end_bits(struct bits *b)
{
    for (; b->filled > 0; b->filled = b->filled > 8 ? b->filled - 8 : 0, b->word >>= 8)
        *b->at++ = (uint8_t)b->word;
    return b->at;
}

/* The middle one by size, the upper of two. */
static int64_t median(const int64_t *z, size_t n)
{
    int64_t sorted[BLOCK_HOURS] = {0};

    for (size_t i = 0; i < n; i++) {
        size_t k = i;
        for (; k > 0 && sorted[k - 1] > z[i]; k--)
            sorted[k] = sorted[k - 1];
        sorted[k] = z[i];
    }
    return sorted[n / 2];
}

/* Two widths for the distances: what they cost together, in bits, and the narrow one. */
static size_t choose_narrow(const uint64_t *distance, size_t n, unsigned *narrow, unsigned *wide)
{
    uint8_t count[65] = {0};
    size_t least = SIZE_MAX, n_narrow = 0;

    *wide = 0;
    for (size_t i = 0; i < n; i++) {
        unsigned width = width_of(distance[i]);
        count[width]++;
        *wide = width > *wide ? width : *wide;
    }
    for (unsigned w = 0; w < *wide; w++) {
        n_narrow += count[w];
        size_t cost = 8 + n + n_narrow * w + (n - n_narrow) * *wide;
        if (cost < least) {
            least = cost;
            *narrow = w;
        }
    }
    return least;
}

static uint8_t *put_column(const int64_t *z, size_t n, uint8_t *at)
{
    uint64_t distance[BLOCK_HOURS];
    int64_t min = z[0], max = z[0], middle = median(z, n);
    unsigned narrow = 0, wide;

    for (size_t i = 0; i < n; i++) {
        min = z[i] < min ? z[i] : min;
        max = z[i] > max ? z[i] : max;
        distance[i] = zigzag(less(z[i], middle));
    }
    unsigned width = width_of((uint64_t)less(max, min));
    bool has_two = choose_narrow(distance, n, &narrow, &wide) < n * width;
    *at++ = (uint8_t)(has_two ? TWO_WIDTHS | wide : width);
    if (has_two)
        *at++ = (uint8_t)narrow;
    at += varint_put(at, zigzag(has_two ? middle : min));
    struct bits bits = {at, 0, 0};
    for (size_t i = 0; has_two && i < n; i++)
        put_bits(&bits, width_of(distance[i]) > narrow, 1);
    for (size_t i = 0; i < n; i++)
        if (has_two)
            put_bits(&bits, distance[i], width_of(distance[i]) > narrow ? wide : narrow);
        else
            put_bits(&bits, (uint64_t)less(z[i], min), width);
    return end_bits(&bits);
}

void hour_block_encode(const struct hour_block *b, struct buffer *out)
{
    uint8_t bytes[RECORD_MAX + 8], *at = bytes + HEAD_SIZE;
    uint32_t mask = 0;
    uint8_t unit = unit_of(b), decimals = decimals_of_values(b), integral_decimals = 0;
    grid z;

    (void)find_decimals(b, offsetof(struct hour, integral), &integral_decimals); /* one figure: nothing to try again */
    for (size_t i = 0; i < b->n; i++)
        mask |= 1u << (b->hours[i].hour - b->day * BLOCK_HOURS);
    store_u32(bytes, BLOCK_VERSION | mask << 8);
    bytes[4] = unit;
    bytes[5] = decimals;
    bytes[6] = integral_decimals;
    fill_grid(b, unit, decimals, integral_decimals, z);
    for (int c = 0; c < COLUMNS; c++)
        at = put_column(z[c], b->n, at);
    buffer_put(out, bytes, (size_t)(at - bytes));
}

#define NARROW 57 /* so many bits are in the eight bytes that begin where they begin */

/* Up to NARROW bits from a bit on; 16 bytes behind are readable. */
static inline uint64_t narrow_at(const uint8_t *bytes, size_t bit, unsigned width)
{
    return load_u64(bytes + bit / 8) >> bit % 8 & ((UINT64_C(1) << width) - 1);
}

static uint64_t bits_at(const uint8_t *bytes, size_t bit, unsigned width)
{
    if (width <= NARROW)
        return narrow_at(bytes, bit, width);
    uint64_t low = load_u64(bytes + bit / 8) >> bit % 8;
    low |= bit % 8 ? (uint64_t)bytes[bit / 8 + 8] << (64 - bit % 8) : 0;
    return width == 64 ? low : low & ((UINT64_C(1) << width) - 1);
}

static bool get_one_width(struct reader *r, size_t n, unsigned width, int64_t *z)
{
    int64_t base = unzigzag(reader_varint(r));
    const uint8_t *bytes = r->bytes + r->at;

    if (width > 64 || !reader_take(r, (n * width + 7) / 8))
        return false;
    for (size_t i = 0; width == 0 && i < n; i++)
        z[i] = base;
    for (size_t i = 0, bit = 0; width > 0 && width <= NARROW && i < n; i++, bit += width)
        z[i] = more(base, (int64_t)narrow_at(bytes, bit, width));
    for (size_t i = 0, bit = 0; width > NARROW && i < n; i++, bit += width)
        z[i] = more(base, (int64_t)bits_at(bytes, bit, width));
    return true;
}

static bool get_two_widths(struct reader *r, size_t n, unsigned wide, int64_t *z)
{
    unsigned narrow = reader_u8(r);
    int64_t base = unzigzag(reader_varint(r));
    const uint8_t *bytes = r->bytes + r->at;

    if (r->failed || wide > 64 || narrow >= wide || r->size - r->at < (n + 7) / 8)
        return false;
    uint64_t is_wide = bits_at(bytes, 0, (unsigned)n);
    size_t n_wide = (size_t)__builtin_popcountll(is_wide), bit = n;
    if (!reader_take(r, (n + n_wide * wide + (n - n_wide) * narrow + 7) / 8))
        return false;
    for (size_t i = 0; wide <= NARROW && i < n; i++) {
        unsigned width = is_wide >> i & 1 ? wide : narrow;
        z[i] = more(base, unzigzag(narrow_at(bytes, bit, width)));
        bit += width;
    }
    for (size_t i = 0; wide > NARROW && i < n; i++) {
        unsigned width = is_wide >> i & 1 ? wide : narrow;
        z[i] = more(base, unzigzag(bits_at(bytes, bit, width)));
        bit += width;
    }
    return true;
}

/* From padded bytes; the reader knows how many there are. */
static bool get_column(struct reader *r, size_t n, int64_t *z)
{
    unsigned width = reader_u8(r);
    return width & TWO_WIDTHS ? get_two_widths(r, n, width & ~TWO_WIDTHS, z) : get_one_width(r, n, width, z);
}

/* Not when there are times and counts that no rows could have. */
static bool makes_sense(const struct hour *h)
{
    gk_time begin = hour_begin(h->hour);
    uint64_t length = (uint64_t)hour_begin(h->hour + 1) - (uint64_t)begin; /* the ends of time cut an hour short */

    return h->count > 0 && (uint64_t)less(h->first_time, begin) < length &&
           (uint64_t)less(h->last_time, begin) < length && h->last_time >= h->first_time && h->held_ns >= 0 &&
           h->hold_ns >= 0 && h->held_ns <= h->last_time - h->first_time;
}

/* How many columns must be read for some figures. */
static int columns_of(uint32_t figures)
{
    if (figures & GK_FIGURE_SQUARES)
        return SPREAD + 1;
    if (figures & GK_FIGURE_INTEGRAL)
        return INTEGRAL + 1;
    if (figures & GK_FIGURE_ENDS)
        return LAST + 1;
    return figures & GK_FIGURE_RANGE ? MAX + 1 : SUM + 1;
}

static bool fill_times(grid z, uint8_t unit, struct hour_block *b)
{
    uint64_t most = (uint64_t)(HOUR_NS / UNITS[unit]);

    for (size_t i = 0; i < b->n; i++) {
        struct hour *h = &b->hours[i];
        gk_time begin = hour_begin(h->hour);
        if ((uint64_t)z[FIRST_TIME][i] > most || (uint64_t)z[LAST_TIME][i] > most || (uint64_t)z[SILENT][i] > most)
            return false;
        h->count = (uint64_t)z[COUNT][i];
        h->first_time = more(begin, z[FIRST_TIME][i] * UNITS[unit]);
        h->last_time = more(begin, HOUR_NS - z[LAST_TIME][i] * UNITS[unit]);
        h->held_ns = less(less(h->last_time, h->first_time), z[SILENT][i] * UNITS[unit]);
        h->hold_ns = (int64_t)((uint64_t)z[HOLD][i] * (uint64_t)UNITS[unit]);
        if (!makes_sense(h))
            return false;
        h->min = h->max = h->first = h->last = h->integral = h->spread = NAN; /* until they are read */
    }
    return true;
}

/* A figure of all hours from its column. */
static void fill_figure(struct hour_block *b, size_t offset, uint8_t decimals, const int64_t *z)
{
    for (size_t i = 0; i < b->n; i++)
        store_f64((uint8_t *)&b->hours[i] + offset, unscale(z[i], decimals));
}

/* Values as they are, of columns in which they stand less their mean. */
static void add_means(grid z, uint8_t decimals, int n_columns, const struct hour_block *b)
{
    for (size_t i = 0; i < b->n; i++) {
        int64_t mean = decimals == PLAIN ? 0 : mean_of(z[SUM][i], b->hours[i].count);
        z[MIN][i] = more(z[MIN][i], mean);
        z[MAX][i] = more(z[MAX][i], mean);
        if (n_columns <= LAST)
            continue;
        z[LAST][i] = more(z[LAST][i], mean);
        z[FIRST][i] = more(z[FIRST][i], i ? z[LAST][i - 1] : z[MIN][i]);
    }
}

static bool fill_spreads(const int64_t *z, struct hour_block *b)
{
    for (size_t i = 0; i < b->n; i++) {
        if ((uint64_t)z[i] > UINT32_MAX)
            return false;
        b->hours[i].spread = double_of((uint64_t)z[i] << 32);
    }
    return true;
}

static bool fill_hours(grid z, const uint8_t head[HEAD_SIZE], int n_columns, struct hour_block *b)
{
    uint8_t decimals = head[5], integral_decimals = head[6];
    double factor = foresight(decimals, integral_decimals);

    if (!fill_times(z, head[4], b))
        return false;
    fill_figure(b, offsetof(struct hour, sum), decimals, z[SUM]);
    if (n_columns <= MAX)
        return true;
    add_means(z, decimals, n_columns, b);
    fill_figure(b, offsetof(struct hour, min), decimals, z[MIN]);
    fill_figure(b, offsetof(struct hour, max), decimals, z[MAX]);
    if (n_columns <= LAST)
        return true;
    fill_figure(b, offsetof(struct hour, first), decimals, z[FIRST]);
    fill_figure(b, offsetof(struct hour, last), decimals, z[LAST]);
    if (n_columns <= INTEGRAL)
        return true;
    for (size_t i = 0; factor != 0 && i < b->n; i++) {
        const struct hour *h = &b->hours[i];
        z[INTEGRAL][i] = more(z[INTEGRAL][i], foreseen(z[SUM][i], z[LAST][i], h->count, h->held_ns, factor));
    }
    fill_figure(b, offsetof(struct hour, integral), integral_decimals, z[INTEGRAL]);
    return n_columns <= SPREAD || fill_spreads(z[SPREAD], b);
}

int hour_block_decode(int64_t day, struct view bytes, uint32_t figures, struct hour_block *b)
{
    uint8_t padded[RECORD_MAX + 16];
    int n_columns = columns_of(figures);
    grid z;

    b->day = day;
    b->n = 0;
    if (bytes.size == 0)
        return GK_ECORRUPT;
    if (bytes.bytes[0] != BLOCK_VERSION)
        return GK_EVERSION;
    if (bytes.size < HEAD_SIZE || bytes.size > RECORD_MAX)
        return GK_ECORRUPT;
    memcpy(padded, bytes.bytes, bytes.size);
    memset(padded + bytes.size, 0, 16);
    uint32_t mask = load_u32(padded) >> 8;
    bool is_scaled = padded[5] <= DECIMALS_MAX || padded[5] == PLAIN;
    is_scaled &= padded[6] <= DECIMALS_MAX || padded[6] == PLAIN;
    if (mask == 0 || padded[4] > DECIMALS_MAX || UNITS[padded[4]] == 0 || !is_scaled)
        return GK_ECORRUPT;
    if (!hour_block_day_is_known(day))
        return GK_ECORRUPT;
    size_t n = 0;
    for (int64_t h = 0; h < BLOCK_HOURS; h++)
        if (mask >> h & 1)
            b->hours[n++].hour = day * BLOCK_HOURS + h;
    struct reader r = reader_of(padded, bytes.size);
    (void)reader_take(&r, HEAD_SIZE); /* there are so many */
    for (int c = 0; c < n_columns; c++)
        if (!get_column(&r, n, z[c]))
            return GK_ECORRUPT;
    b->n = n;
    bool is_good = (n_columns < COLUMNS || reader_is_done(&r)) && fill_hours(z, padded, n_columns, b);
    b->n = is_good ? n : 0;
    return is_good ? GK_OK : GK_ECORRUPT;
}

/* ---- the open end
 * ----------------------------------------------------------------------------------------------------- */

void hours_open_encode(const struct hours_open *o, struct buffer *out)
{
    const struct fold *f = &o->fold;
    const double figures[] = {f->sum, f->min, f->max, f->first, f->last, f->area, f->off, f->off_2};

    buffer_put_u8(out, OPEN_VERSION);
    buffer_put_u8(out, o->is_growing);
    buffer_put_varint(out, f->count);
    if (f->count > 0) {
        buffer_put_u64(out, (uint64_t)f->first_time);
        buffer_put_u64(out, (uint64_t)f->last_time);
        buffer_put_u64(out, (uint64_t)f->held_ns);
        buffer_put_u64(out, (uint64_t)f->hold_ns);
        for (size_t i = 0; i < sizeof figures / sizeof *figures; i++)
            buffer_put_f64(out, figures[i]);
    }
    if (o->block.n == 0)
        return;
    buffer_put_u32(out, (uint32_t)o->block.day);
    hour_block_encode(&o->block, out);
}

static int decode_fold(struct reader *r, struct fold *f)
{
    double *const figures[] = {&f->sum, &f->min, &f->max, &f->first, &f->last, &f->area, &f->off, &f->off_2};

    f->count = reader_varint(r);
    if (f->count == 0)
        return r->failed ? GK_ECORRUPT : GK_OK;
    f->first_time = (gk_time)reader_u64(r);
    f->last_time = (gk_time)reader_u64(r);
    f->held_ns = (int64_t)reader_u64(r);
    f->hold_ns = (int64_t)reader_u64(r);
    for (size_t i = 0; i < sizeof figures / sizeof *figures; i++)
        *figures[i] = reader_f64(r);
    struct hour h = {.hour = hour_of(f->first_time),
                     .count = f->count,
                     .first_time = f->first_time,
                     .last_time = f->last_time,
                     .held_ns = f->held_ns,
                     .hold_ns = f->hold_ns};
    return !r->failed && makes_sense(&h) ? GK_OK : GK_ECORRUPT;
}

int hours_open_decode(struct view bytes, uint32_t figures, struct hours_open *o)
{
    struct reader r = reader_of(bytes.bytes, bytes.size);

    o->fold.count = 0;
    o->block.n = 0;
    if (reader_u8(&r) != OPEN_VERSION)
        return r.failed ? GK_ECORRUPT : GK_EVERSION;
    uint8_t is_growing = reader_u8(&r);
    if (is_growing > 1)
        return GK_ECORRUPT;
    o->is_growing = is_growing;
    int rc = decode_fold(&r, &o->fold);
    if (rc != GK_OK || r.at == r.size)
        return rc;
    int64_t day = (int32_t)reader_u32(&r);
    rc = r.failed ? GK_ECORRUPT
                  : hour_block_decode(day, (struct view){r.bytes + r.at, r.size - r.at}, figures, &o->block);
    if (rc == GK_OK && o->fold.count > 0 && o->block.hours[o->block.n - 1].hour >= hour_of(o->fold.first_time))
        rc = GK_ECORRUPT;
    return rc;
}

/* ---- for people
 * ------------------------------------------------------------------------------------------------------- */

static void dump_hour(const struct hour *h, struct buffer *out)
{
    char first[GK_TIME_TEXT_MAX], last[GK_TIME_TEXT_MAX];

    (void)gk_time_format(h->first_time, 0, first); /* the lengths are not needed */
    (void)gk_time_format(h->last_time, 0, last);
    buffer_printf(out,
                  "  %s to %s count=%" PRIu64 " sum=%.17g min=%.17g max=%.17g first=%.17g last=%.17g integral=%.17g "
                  "held_ns=%" PRId64 " hold_ns=%" PRId64 " spread=%.17g\n",
                  first, last, h->count, h->sum, h->min, h->max, h->first, h->last, h->integral, h->held_ns, h->hold_ns,
                  h->spread);
}

int hour_block_dump(int64_t day, struct view bytes, struct buffer *out)
{
    struct hour_block b;
    int rc = hour_block_decode(day, bytes, GK_FIGURES_ALL, &b);

    if (rc != GK_OK)
        return rc;
    buffer_printf(out, "%zu hours, %zu bytes\n", b.n, bytes.size);
    for (size_t i = 0; i < b.n; i++)
        dump_hour(&b.hours[i], out);
    return buffer_status(out);
}

int hours_open_dump(struct view bytes, struct buffer *out)
{
    struct hours_open o;
    struct hour h;
    int rc = hours_open_decode(bytes, GK_FIGURES_ALL, &o);

    if (rc != GK_OK)
        return rc;
    buffer_printf(out, "open%s, %zu hours before\n", o.is_growing ? "" : " to dropped rows", o.block.n);
    for (size_t i = 0; i < o.block.n; i++)
        dump_hour(&o.block.hours[i], out);
    if (o.fold.count > 0) {
        fold_end_hour(&o.fold, &h);
        dump_hour(&h, out);
    }
    return buffer_status(out);
}
