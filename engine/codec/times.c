/*
 * times.c - a chunk's times, see times.h for the bytes.
 *
 * Meters sample on a grid: a row's time is start + i * step, now and then a little late (jitter: a small rest, mostly
 * packed as an exception), and after lost rows or silence the grid goes on at another level (a jump). Times that follow
 * no grid go through the codecs that values use, whichever is smaller.
 */
#include "codec/times.h"

#include <assert.h>

#include "base/error.h"
#include "codec/codecs.h"
#include "codec/patch.h"
#include "codec/target.h"

#define TAG_GRID     15
#define GRID_IS_GOOD 8  /* rows a byte: nothing else is tried then */
#define JUMPS_MAX    16 /* more than one row in eight off the grid: not a grid */

#define MINI_SIZE_MAX (1 + VARINT_MAX + 1 + JUMPS_MAX * (1 + VARINT_MAX) + PATCH_SIZE_MAX)

static const uint64_t UNITS[] = {1, 1000, 1000000, 1000000000};
#define UNIT_MAX 3

static_assert(CODECS_N <= TAG_GRID, "a codec's number is not the grid's");
static_assert(MINI_SIZE_MAX >= 1 + CODECS_SIZE_MAX, "a grid's room is enough for any codec");

/* ---- writing -------------------------------------------------------------------------------------------------- */

#define ROUNDER      0x1.8p52 /* see scale.c */
#define ROUNDER_BITS UINT64_C(0x4338000000000000)

/*
 * Distances to a time in a unit; false when it does not divide one, or one is too far for a double. A product that is
 * rounded gives the quotient if there is one, and unlike a division it is a vector loop.
 */
BODY bool divide_near(const gk_time *time, size_t n, uint64_t first, const uint64_t unit, uint64_t *s)
{
    const double inverse = 1 / (double)unit;
    uint64_t differs = 0;

    for (size_t i = 0; i < n; i++) {
        uint64_t distance = (uint64_t)time[i] - first;
        double x = double_of(distance | bits_of(0x1p52)) - 0x1p52;
        s[i] = bits_of(x * inverse + ROUNDER) - ROUNDER_BITS;
        differs |= s[i] * unit ^ distance;
    }
    return differs == 0;
}

/* The same of any distances. Divisions by constants are cheap, so every unit has its own loop. */
BODY bool divide_far(const gk_time *time, size_t n, uint64_t first, const uint64_t unit, uint64_t *s)
{
    for (size_t i = 0; i < n; i++) {
        uint64_t distance = (uint64_t)time[i] - first;
        s[i] = distance / unit;
        if (s[i] * unit != distance)
            return false;
    }
    return true;
}

BODY bool divide(const gk_time *time, size_t n, const uint64_t unit, uint64_t *s)
{
    uint64_t first = (uint64_t)time[0];

    for (size_t i = 0; i < n; i += CHUNK_MINI) {
        size_t k = n - i < CHUNK_MINI ? n - i : CHUNK_MINI;
        if (!divide_near(time + i, k, first, unit, s + i) && !divide_far(time + i, k, first, unit, s + i))
            return false;
    }
    return true;
}

/* In the largest unit that divides all; returns which. */
BODY uint8_t to_units_body(const gk_time *time, size_t n, uint64_t *s)
{
    if (divide(time, n, 1000000000, s))
        return 3;
    if (divide(time, n, 1000000, s))
        return 2;
    if (divide(time, n, 1000, s))
        return 1;
    for (size_t i = 0; i < n; i++)
        s[i] = (uint64_t)time[i] - (uint64_t)time[0];
    return 0;
}

AVX2 static uint8_t to_units_avx2(const gk_time *time, size_t n, uint64_t *s)
{
    return to_units_body(time, n, s);
}

AVX512 static uint8_t to_units_avx512(const gk_time *time, size_t n, uint64_t *s)
{
    return to_units_body(time, n, s);
}

static uint8_t to_units(const gk_time *time, size_t n, uint64_t *s)
{
    enum target target = target_best();

    if (target == TARGET_AVX512)
        return to_units_avx512(time, n, s);
    return target == TARGET_AVX2 ? to_units_avx2(time, n, s) : to_units_body(time, n, s);
}

#define SAMPLES 63

/* The median of some distances between neighbours, evenly spread: neither lost rows nor jitter move it far. */
static uint64_t find_step(const uint64_t *s, size_t n)
{
    uint64_t sample[SAMPLES + 1] = {0};
    size_t k = 0, every = n / SAMPLES + 1;

    for (size_t i = 1; i < n; i += every) {
        uint64_t d = s[i] - s[i - 1];
        size_t j = k++;
        for (; j > 0 && sample[j - 1] > d; j--)
            sample[j] = sample[j - 1];
        sample[j] = d;
    }
    return k ? sample[k / 2] : 0;
}

static int64_t median_of_3(int64_t a, int64_t b, int64_t c)
{
    int64_t low = a < b ? a : b, high = a < b ? b : a;
    return c < low ? low : c > high ? high : c;
}

/* The level from row i on: one late row does not make it. */
static int64_t level_at(const int64_t *off, size_t n, size_t i)
{
    return i + 2 < n ? median_of_3(off[i], off[i + 1], off[i + 2]) : off[i];
}

BODY uint64_t distance(int64_t a, int64_t b)
{
    return a < b ? (uint64_t)b - (uint64_t)a : (uint64_t)a - (uint64_t)b;
}

/* How far rows [from, from + n) are off the grid; true when none is. */
BODY bool off_body(const uint64_t *s, size_t n, uint64_t from, uint64_t step, int64_t *off)
{
    uint64_t any = 0, at = from * step;

    for (size_t i = 0; i < n; i++) {
        off[i] = (int64_t)(s[i] - at - i * step);
        any |= (uint64_t)off[i];
    }
    return any == 0;
}

AVX2 static bool off_avx2(const uint64_t *s, size_t n, uint64_t from, uint64_t step, int64_t *off)
{
    return off_body(s, n, from, step, off);
}

AVX512 static bool off_avx512(const uint64_t *s, size_t n, uint64_t from, uint64_t step, int64_t *off)
{
    return off_body(s, n, from, step, off);
}

static bool find_off(const uint64_t *s, size_t n, uint64_t from, uint64_t step, int64_t *off)
{
    enum target target = target_best();

    if (target == TARGET_AVX512)
        return off_avx512(s, n, from, step, off);
    return target == TARGET_AVX2 ? off_avx2(s, n, from, step, off) : off_body(s, n, from, step, off);
}

/* Zigzag rests at one level; returns the distance of the farthest. */
BODY uint64_t level_body(const int64_t *off, size_t n, int64_t level, uint64_t *rest)
{
    uint64_t most = 0;

    for (size_t i = 0; i < n; i++) {
        uint64_t far = distance(off[i], level);
        most = far > most ? far : most;
        rest[i] = zigzag((int64_t)((uint64_t)off[i] - (uint64_t)level));
    }
    return most;
}

AVX2 static uint64_t level_avx2(const int64_t *off, size_t n, int64_t level, uint64_t *rest)
{
    return level_body(off, n, level, rest);
}

AVX512 static uint64_t level_avx512(const int64_t *off, size_t n, int64_t level, uint64_t *rest)
{
    return level_body(off, n, level, rest);
}

static uint64_t fill_rest(const int64_t *off, size_t n, int64_t level, uint64_t *rest)
{
    enum target target = target_best();

    if (target == TARGET_AVX512)
        return level_avx512(off, n, level, rest);
    return target == TARGET_AVX2 ? level_avx2(off, n, level, rest) : level_body(off, n, level, rest);
}

/* The jumps from level to level, and the rests at each; returns the bytes used, 0 when there are too many. */
static size_t put_jumps(const int64_t *off, size_t n, uint64_t step, int64_t level, uint64_t *rest, uint8_t *out)
{
    size_t at = 1;

    out[0] = 0;
    if (fill_rest(off, n, level, rest) <= step / 2)
        return at;
    for (size_t i = 0; i < n; i++) {
        int64_t now = distance(off[i], level) > step / 2 ? level_at(off, n, i) : level;
        if (distance(now, level) > step / 2) {
            if (out[0]++ == JUMPS_MAX)
                return 0;
            out[at++] = (uint8_t)i;
            at += varint_put(out + at, zigzag((int64_t)((uint64_t)now - (uint64_t)level)));
            level = now;
        }
        rest[i] = zigzag((int64_t)((uint64_t)off[i] - (uint64_t)level));
    }
    return at;
}

/* Rows that are so far off a grid; returns the bytes used, 0 when there are too many jumps or no fewer bytes than
 * limit. */
static size_t put_grid(const int64_t *off, size_t n, uint64_t step, size_t limit, uint8_t *out)
{
    uint64_t rest[CHUNK_MINI];
    int64_t level = level_at(off, n, 0);
    size_t at = varint_put(out, zigzag(level)), used = put_jumps(off, n, step, level, rest, out + at);

    at += used;
    if (used == 0)
        return 0;
    struct patch_plan plan = patch_plan(rest, n);
    if (at + plan.size >= limit)
        return 0;
    patch_put(&plan, rest, n, out + at);
    return at + plan.size;
}

/* One mini block into MINI_SIZE_MAX bytes; returns those used. */
static size_t put_mini(const uint64_t *s, size_t n, uint64_t from, uint64_t step, uint8_t *out)
{
    int64_t off[CHUNK_MINI];
    uint8_t grid[MINI_SIZE_MAX];
    enum codecs_id id;

    if (find_off(s, n, from, step, off))
        return 0;
    out[0] = TAG_GRID;
    size_t grid_size = put_grid(off, n, step, sizeof grid, grid);
    if (grid_size && grid_size * GRID_IS_GOOD <= n) {
        memcpy(out + 1, grid, grid_size);
        return 1 + grid_size;
    }
    size_t size = codecs_encode(codecs_look(s, n).candidates, s, n, out + 1, &id);
    if (grid_size && grid_size < size) {
        memcpy(out + 1, grid, grid_size);
        return 1 + grid_size;
    }
    out[0] = (uint8_t)id;
    return 1 + size;
}

void times_draft_make(const struct mem *mem, const gk_time *time, size_t n_rows, struct times_draft *out)
{
    uint64_t s[CHUNK_ROWS_MAX]; /* 64 KB */

    assert(n_rows >= 1 && n_rows <= CHUNK_ROWS_MAX);
    buffer_init(&out->minis, mem);
    out->unit = to_units(time, n_rows, s);
    out->step = find_step(s, n_rows);
    out->n_minis = 0;
    for (size_t i = 0; i < n_rows; i += CHUNK_MINI) {
        uint8_t bytes[MINI_SIZE_MAX];
        size_t n = n_rows - i < CHUNK_MINI ? n_rows - i : CHUNK_MINI;
        size_t size = put_mini(s + i, n, i, out->step, bytes);
        out->sizes[out->n_minis++] = (uint32_t)size;
        if (size)
            buffer_put(&out->minis, bytes, size);
    }
}

void times_draft_clear(struct times_draft *draft)
{
    buffer_clear(&draft->minis);
}

int times_draft_put(const struct times_draft *draft, uint32_t n_minis, struct buffer *out)
{
    size_t size = 0;

    assert(n_minis >= 1 && n_minis <= draft->n_minis);
    for (uint32_t i = 0; i < n_minis; i++)
        size += draft->sizes[i];
    buffer_put_u8(out, draft->unit);
    buffer_put_varint(out, draft->step);
    directory_put(draft->sizes, n_minis, out);
    if (draft->minis.failed)
        out->failed = true;
    else if (size)
        buffer_put(out, draft->minis.bytes, size);
    return buffer_status(out);
}

int times_encode(const gk_time *time, size_t n_rows, struct buffer *out)
{
    struct times_draft draft;

    times_draft_make(out->mem, time, n_rows, &draft);
    int rc = times_draft_put(&draft, draft.n_minis, out);
    times_draft_clear(&draft);
    return rc;
}

/* ---- reading -------------------------------------------------------------------------------------------------- */

int times_open(const uint8_t *bytes, size_t size, uint32_t n_rows, gk_time first, struct times_view *out)
{
    struct reader reader = reader_of(bytes, size);

    assert(n_rows >= 1 && n_rows <= CHUNK_ROWS_MAX);
    uint8_t unit = reader_u8(&reader);
    out->step = reader_varint(&reader);
    if (reader.failed || unit > UNIT_MAX)
        return GK_ECORRUPT;
    out->n_rows = n_rows;
    out->first = first;
    out->unit = UNITS[unit];
    int rc = directory_get(&reader, (n_rows + CHUNK_MINI - 1) / CHUNK_MINI, &out->minis);
    if (rc == GK_OK)
        out->bytes = reader.bytes + reader.at;
    return rc;
}

/* Times of a straight line, and off it by what the rests say; all in nanoseconds but the rests. */
BODY void line_body(uint64_t start, uint64_t step, size_t n, uint64_t unit, const uint64_t *rest, gk_time *out)
{
    if (rest)
        for (size_t i = 0; i < n; i++, start += step)
            out[i] = (gk_time)(start + (uint64_t)unzigzag(rest[i]) * unit);
    else
        for (size_t i = 0; i < n; i++, start += step)
            out[i] = (gk_time)start;
}

AVX2 static void line_avx2(uint64_t start, uint64_t step, size_t n, uint64_t unit, const uint64_t *rest, gk_time *out)
{
    line_body(start, step, n, unit, rest, out);
}

AVX512 static void line_avx512(uint64_t start, uint64_t step, size_t n, uint64_t unit, const uint64_t *rest,
                               gk_time *out)
{
    line_body(start, step, n, unit, rest, out);
}

/* rest NULL: all are 0. */
static void put_line(uint64_t start, uint64_t step, size_t n, uint64_t unit, const uint64_t *rest, gk_time *out)
{
    enum target target = target_best();
    if (target == TARGET_AVX512)
        line_avx512(start, step, n, unit, rest, out);
    else if (target == TARGET_AVX2)
        line_avx2(start, step, n, unit, rest, out);
    else
        line_body(start, step, n, unit, rest, out);
}

struct grid {
    uint64_t level;
    size_t n_jumps;
    struct {
        size_t at;
        uint64_t change;
    } jump[JUMPS_MAX + 1]; /* one more: n, which ends the last stretch */
    struct patch_view rest;
};

static bool open_grid(struct reader *reader, size_t n, struct grid *out)
{
    out->level = (uint64_t)unzigzag(reader_varint(reader));
    out->n_jumps = reader_u8(reader);
    if (out->n_jumps > JUMPS_MAX)
        return false;
    for (size_t k = 0; k < out->n_jumps; k++) {
        out->jump[k].at = reader_u8(reader);
        out->jump[k].change = (uint64_t)unzigzag(reader_varint(reader));
        if (out->jump[k].at >= n || (k && out->jump[k].at <= out->jump[k - 1].at))
            return false;
    }
    out->jump[out->n_jumps].at = n;
    if (reader->failed)
        return false;
    size_t size = reader->size - reader->at;
    return size > 0 && patch_open(reader->bytes + reader->at, size, n, &out->rest) == size;
}

static bool get_grid(const struct times_view *times, struct reader *reader, size_t n, uint64_t from, gk_time *out)
{
    uint64_t rest[CHUNK_MINI], unit = times->unit, step = times->step * unit;
    struct grid grid;

    if (!open_grid(reader, n, &grid))
        return false;
    unsigned width = grid.rest.width;
    if (width)
        pack_get(grid.rest.packed, n, width, rest);
    uint64_t start = (uint64_t)times->first + grid.level * unit + from * step;
    size_t i = 0;
    for (size_t k = 0; k <= grid.n_jumps; k++) {
        put_line(start + i * step, step, grid.jump[k].at - i, unit, width ? rest + i : NULL, out + i);
        i = grid.jump[k].at;
        start += k < grid.n_jumps ? grid.jump[k].change * unit : 0;
    }
    for (size_t k = 0; k < grid.rest.n_exceptions; k++) {
        size_t at = (size_t)grid.rest.position[k];
        uint64_t low = width ? rest[at] : 0, all = low | grid.rest.high[k] << width;
        out[at] = (gk_time)((uint64_t)out[at] + ((uint64_t)unzigzag(all) - (uint64_t)unzigzag(low)) * unit);
        if (width)
            rest[at] = all; /* should a damaged block name a row twice */
    }
    return true;
}

/* The time of the first row; a damaged block may say another than the full decode. */
static bool first_of_grid(const struct times_view *times, struct reader *reader, size_t n, uint64_t from, gk_time *out)
{
    struct grid grid;

    if (!open_grid(reader, n, &grid))
        return false;
    uint64_t rest = pack_first(grid.rest.packed, grid.rest.width);
    for (size_t k = 0; k < grid.rest.n_exceptions; k++)
        rest |= grid.rest.position[k] == 0 ? grid.rest.high[k] << grid.rest.width : 0;
    uint64_t level = grid.level + (grid.n_jumps > 0 && grid.jump[0].at == 0 ? grid.jump[0].change : 0);
    uint64_t s = level + (uint64_t)unzigzag(rest) + from * times->step;
    *out = (gk_time)((uint64_t)times->first + s * times->unit);
    return true;
}

/* Times by a codec, which gives them in units. */
static bool get_other(const struct times_view *times, unsigned codec, const struct reader *reader, size_t n,
                      gk_time *out)
{
    uint64_t s[CHUNK_MINI];

    if (!codecs_decode(codec, reader->bytes + reader->at, reader->size - reader->at, n, s))
        return false;
    for (size_t i = 0; i < n; i++)
        out[i] = (gk_time)((uint64_t)times->first + s[i] * times->unit);
    return true;
}

int times_mini(const struct times_view *times, uint32_t mini, gk_time *out)
{
    size_t from = (size_t)mini * CHUNK_MINI;
    size_t n = times->n_rows - from < CHUNK_MINI ? times->n_rows - from : CHUNK_MINI;
    uint64_t step = times->step * times->unit;

    assert(mini < times->minis.n);
    uint32_t at = times->minis.at[mini];
    struct reader reader = reader_of(times->bytes + at, times->minis.at[mini + 1] - at);
    if (reader.size == 0) {
        put_line((uint64_t)times->first + from * step, step, n, 0, NULL, out);
        return GK_OK;
    }
    uint8_t tag = reader_u8(&reader);
    bool is_fine = tag == TAG_GRID ? get_grid(times, &reader, n, from, out) : get_other(times, tag, &reader, n, out);
    return is_fine ? GK_OK : GK_ECORRUPT;
}

int times_minis(const struct times_view *times, uint32_t from, uint32_t to, gk_time *out)
{
    int rc = GK_OK;

    for (uint32_t mini = from; rc == GK_OK && mini < to; mini++, out += CHUNK_MINI)
        rc = times_mini(times, mini, out);
    return rc;
}

int times_first(const struct times_view *times, uint32_t mini, gk_time *out)
{
    gk_time all[CHUNK_MINI];
    size_t from = (size_t)mini * CHUNK_MINI;
    size_t n = times->n_rows - from < CHUNK_MINI ? times->n_rows - from : CHUNK_MINI;

    assert(mini < times->minis.n);
    uint32_t at = times->minis.at[mini];
    struct reader reader = reader_of(times->bytes + at, times->minis.at[mini + 1] - at);
    if (reader.size == 0) {
        *out = (gk_time)((uint64_t)times->first + from * times->step * times->unit);
        return GK_OK;
    }
    if (reader_u8(&reader) == TAG_GRID)
        return first_of_grid(times, &reader, n, from, out) ? GK_OK : GK_ECORRUPT;
    int rc = times_mini(times, mini, all);
    *out = rc == GK_OK ? all[0] : 0;
    return rc;
}

#define JITTER_BITS_MAX 40

/* A stretch in units, counted from the first row of all. */
struct stretch {
    int64_t first, last, slack, gap;
};

/* Steps over a varint; false when there is none. Most are one byte. */
static inline bool step_varint(const uint8_t **p, const uint8_t *end, int64_t *v)
{
    uint64_t raw;

    if (*p < end && **p < 0x80) {
        *v = unzigzag(*(*p)++);
        return true;
    }
    size_t used = varint_get(*p, (size_t)(end - *p), &raw);
    *p += used;
    *v = used ? unzigzag(raw) : 0;
    return used > 0;
}

/* The head of a grid: rows are at level + i * step, off by the rest at most. */
static bool grid_stretch(const uint8_t *p, const uint8_t *end, size_t n, int64_t from, int64_t step,
                         struct stretch *out)
{
    int64_t level, change, most = 0;

    if (!step_varint(&p, end, &level) || p == end)
        return false;
    int64_t start = level;
    for (unsigned n_jumps = *p++; n_jumps > 0; n_jumps--) {
        if (p++ == end || !step_varint(&p, end, &change)) /* which row: the gap before it is bounded all the same */
            return false;
        most = change > most ? change : most;
        if (__builtin_add_overflow(level, change, &level))
            return false;
    }
    unsigned bits = patch_bits(p, (size_t)(end - p));
    if (bits > JITTER_BITS_MAX)
        return false;
    out->slack = bits ? (int64_t)1 << (bits - 1) : 0; /* zigzag: half of them are below zero */
    return !__builtin_add_overflow(start, from * step, &out->first) &&
           !__builtin_add_overflow(level, (from + (int64_t)n - 1) * step, &out->last) &&
           !__builtin_add_overflow(most, step + 2 * out->slack, &out->gap);
}

struct chunk_span times_span(const struct times_view *times, uint32_t mini)
{
    struct chunk_span span = {false, 0, 0, 0, 0};
    size_t from = (size_t)mini * CHUNK_MINI;
    size_t n = times->n_rows - from < CHUNK_MINI ? times->n_rows - from : CHUNK_MINI;
    int64_t unit = (int64_t)times->unit, step = (int64_t)times->step;
    struct stretch s = {0, 0, 0, 0};

    assert(mini < times->minis.n);
    if (times->step > INT64_MAX / (2 * CHUNK_ROWS_MAX))
        return span;
    const uint8_t *p = times->bytes + times->minis.at[mini], *end = times->bytes + times->minis.at[mini + 1];
    if (p == end)
        s = (struct stretch){(int64_t)from * step, (int64_t)(from + n - 1) * step, 0, step};
    else if (*p != TAG_GRID || !grid_stretch(p + 1, end, n, (int64_t)from, step, &s))
        return span;
    span.is_known =
        !__builtin_mul_overflow(s.first, unit, &s.first) && !__builtin_mul_overflow(s.last, unit, &s.last) &&
        !__builtin_add_overflow(s.first, times->first, &span.first) &&
        !__builtin_add_overflow(s.last, times->first, &span.last) &&
        !__builtin_mul_overflow(s.slack, unit, &span.slack) && !__builtin_mul_overflow(s.gap, unit, &span.gap);
    return span;
}

struct times_census times_census(const struct times_view *times)
{
    struct times_census census = {0, 0, 0};
    for (uint32_t i = 0; i < times->minis.n; i++) {
        uint32_t at = times->minis.at[i];
        if (times->minis.at[i + 1] == at)
            census.n_exact++;
        else if (times->bytes[at] == TAG_GRID)
            census.n_grid++;
        else
            census.n_other++;
    }
    return census;
}
