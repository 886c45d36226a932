/*
 * mini.c - see mini.h.
 *
 * What meters send are decimals that lie close together for minutes: a frame of reference at the right number of
 * decimals takes a byte or two a value and hardly more time than copying it. Anything else stays plain.
 */
#include "codec/mini.h"

#include <assert.h>

#include <string.h>

#include "base/bytes.h"
#include "codec/scale.h"

enum kind { SAME, DECIMAL, PLAIN };

#define STEPS_HEAD    25
#define ORDINALS_HEAD 25
#define DECIMAL_HEAD  11
#define PLAIN_WIDTH   48 /* bits from which on packing spares too little */

/* ---- ascending integers ---------------------------------------------------------------------------------------- */

static const uint64_t UNITS[] = {1000000000, 1000000, 1000, 1};

/* Steps in units; false when one is no whole number of them. */
BODY bool in_units(const uint64_t *step, size_t n, uint64_t unit, uint64_t *out)
{
    for (size_t i = 0; i < n; i++) {
        out[i] = step[i] / unit;
        if (out[i] * unit != step[i])
            return false;
    }
    return true;
}

/* Divisions by constants are cheap, so every unit has its own loop. */
static uint64_t to_units(const uint64_t *step, size_t n, uint64_t *out)
{
    if (in_units(step, n, 1000000000, out))
        return UNITS[0];
    if (in_units(step, n, 1000000, out))
        return UNITS[1];
    if (in_units(step, n, 1000, out))
        return UNITS[2];
    memcpy(out, step, n * sizeof *out);
    return UNITS[3];
}

/* Takes the least off all; returns the width of the rest. */
BODY unsigned frame_body(uint64_t *z, size_t n, uint64_t *least)
{
    int64_t low = (int64_t)z[0], high = (int64_t)z[0];

    for (size_t i = 1; i < n; i++) {
        low = (int64_t)z[i] < low ? (int64_t)z[i] : low;
        high = (int64_t)z[i] > high ? (int64_t)z[i] : high;
    }
    for (size_t i = 0; i < n; i++)
        z[i] -= (uint64_t)low;
    *least = (uint64_t)low;
    return pack_width((uint64_t)high - (uint64_t)low);
}

AVX2 static unsigned frame_avx2(uint64_t *z, size_t n, uint64_t *least)
{
    return frame_body(z, n, least);
}

AVX512 static unsigned frame_avx512(uint64_t *z, size_t n, uint64_t *least)
{
    return frame_body(z, n, least);
}

static unsigned frame(enum target target, uint64_t *z, size_t n, uint64_t *least)
{
    if (target == TARGET_AVX512)
        return frame_avx512(z, n, least);
    return target == TARGET_AVX2 ? frame_avx2(z, n, least) : frame_body(z, n, least);
}

/* Steps between neighbours; that of the first is the second's, so that it costs nothing. */
static size_t put_steps(const uint64_t *step, uint64_t first, size_t n, uint8_t *out)
{
    uint64_t z[MINI_ROWS], least;

    assert(n >= 1);
    z[0] = step[0]; /* gcc does not see that it is always filled */
    uint64_t unit = to_units(step, n, z);
    unsigned width = frame(target_best(), z, n, &least);

    store_u64(out, first);
    store_u64(out + 8, unit);
    store_u64(out + 16, least);
    out[24] = (uint8_t)width;
    pack_put(z, n, width, out + STEPS_HEAD);
    return STEPS_HEAD + pack_size(n, width);
}

static size_t steps_size(const uint8_t *bytes, size_t n)
{
    return STEPS_HEAD + pack_size(n, bytes[24]);
}

/* The integers themselves, mod 2^64. */
static void get_steps(const uint8_t *bytes, size_t n, uint64_t *z)
{
    uint64_t now = load_u64(bytes), unit = load_u64(bytes + 8), least = load_u64(bytes + 16);

    pack_get(bytes + STEPS_HEAD, n, bytes[24], z);
    z[0] = now;
    for (size_t i = 1; i < n; i++)
        z[i] = now += (least + z[i]) * unit;
}

/* ---- ordinals ------------------------------------------------------------------------------------------------------
 */

_Static_assert(MINI_ROWS == 128, "a bit a row in two words");

/* Rows of a batch follow each other by one: only the steps that do not are stored. */
static size_t put_ordinals(const uint32_t *ordinal, size_t n, uint8_t *out)
{
    uint64_t step[MINI_ROWS], is_jump[2] = {0, 0}, least = 0;
    size_t n_jumps = 0;

    for (size_t i = 1; i < n; i++) {
        step[n_jumps] = ordinal[i] - ordinal[i - 1];
        uint64_t jumps = step[n_jumps] != 1;
        is_jump[i / 64] |= jumps << i % 64;
        n_jumps += jumps;
    }
    unsigned width = n_jumps ? frame(target_best(), step, n_jumps, &least) : 0;

    store_u32(out, ordinal[0]);
    store_u64(out + 4, is_jump[0]);
    store_u64(out + 12, is_jump[1]);
    store_u32(out + 20, (uint32_t)least);
    out[24] = (uint8_t)width;
    pack_put(step, n_jumps, width, out + ORDINALS_HEAD);
    return ORDINALS_HEAD + pack_size(n_jumps, width);
}

static size_t count_jumps(const uint8_t *bytes)
{
    return (size_t)(__builtin_popcountll(load_u64(bytes + 4)) + __builtin_popcountll(load_u64(bytes + 12)));
}

static size_t ordinals_size(const uint8_t *bytes)
{
    return ORDINALS_HEAD + pack_size(count_jumps(bytes), bytes[24]);
}

static void get_ordinals(const uint8_t *bytes, size_t n, uint32_t *ordinal)
{
    uint64_t jump[MINI_ROWS], is_jump[2] = {load_u64(bytes + 4), load_u64(bytes + 12)};
    uint32_t least = load_u32(bytes + 20);
    size_t at = 0;

    pack_get(bytes + ORDINALS_HEAD, count_jumps(bytes), bytes[24], jump);
    ordinal[0] = load_u32(bytes);
    for (size_t i = 1; i < n; i++) {
        bool jumps = is_jump[i / 64] >> i % 64 & 1;
        ordinal[i] = ordinal[i - 1] + (jumps ? least + (uint32_t)jump[at++] : 1);
    }
}

/* ---- values ---------------------------------------------------------------------------------------------------- */

static bool is_same(const double *value, size_t n)
{
    uint64_t differs = 0;
    for (size_t i = 1; i < n; i++)
        differs |= bits_of(value[i]) ^ bits_of(value[0]);
    return differs == 0;
}

/* Their integers at the decimals of the block before, or at their own. */
static bool find_decimals(const double *value, size_t n, uint8_t *decimals, uint64_t *z)
{
    struct scale scale = {SCALE_DECIMAL, *decimals};
    size_t n_odd;

    if (scale_apply(scale, value, n, z) == 0)
        return true;
    scale = scale_decimal_of(value, n, z, NULL, &n_odd);
    if (n_odd > 0)
        return false;
    *decimals = scale.by;
    return true;
}

static size_t put_value(const double *value, size_t n, uint8_t *decimals, uint8_t *out)
{
    uint64_t z[MINI_ROWS], least;

    if (is_same(value, n)) {
        out[0] = SAME;
        store_f64(out + 1, value[0]);
        return 9;
    }
    if (find_decimals(value, n, decimals, z)) {
        unsigned width = frame(target_best(), z, n, &least);
        if (width < PLAIN_WIDTH) {
            out[0] = DECIMAL;
            out[1] = *decimals;
            out[2] = (uint8_t)width;
            store_u64(out + 3, least);
            pack_put(z, n, width, out + DECIMAL_HEAD);
            return DECIMAL_HEAD + pack_size(n, width);
        }
    }
    out[0] = PLAIN;
    memcpy(out + 1, value, n * sizeof *value);
    return 1 + n * sizeof *value;
}

static void get_decimals(const uint8_t *bytes, size_t n, double *out)
{
    uint64_t z[MINI_ROWS], least = load_u64(bytes + 3);

    pack_get(bytes + DECIMAL_HEAD, n, bytes[2], z);
    for (size_t i = 0; i < n; i++)
        z[i] += least;
    scale_invert((struct scale){SCALE_DECIMAL, bytes[1]}, z, n, out);
}

/* Reads a column unless `out` is NULL; returns its size. */
static size_t get_value(const uint8_t *bytes, size_t n, double *out)
{
    if (bytes[0] == SAME) {
        for (size_t i = 0; out && i < n; i++)
            out[i] = load_f64(bytes + 1);
        return 9;
    }
    if (bytes[0] == DECIMAL) {
        if (out)
            get_decimals(bytes, n, out);
        return DECIMAL_HEAD + pack_size(n, bytes[2]);
    }
    if (out)
        memcpy(out, bytes + 1, n * sizeof *out);
    return 1 + n * sizeof *out;
}

/* ---- a block --------------------------------------------------------------------------------------------------- */

size_t mini_encode(const struct mini_rows *rows, uint8_t *decimals, uint8_t *out)
{
    uint64_t step[MINI_ROWS];
    size_t n = rows->n, at = 0;

    for (size_t i = 1; i < n; i++)
        step[i] = (uint64_t)rows->time[i] - (uint64_t)rows->time[i - 1];
    step[0] = n > 1 ? step[1] : 0;
    at += put_steps(step, (uint64_t)rows->time[0], n, out);
    at += put_ordinals(rows->ordinal, n, out + at);
    for (size_t c = 0; c < rows->n_columns; c++)
        at += put_value(rows->value + c * MINI_ROWS, n, &decimals[c], out + at);
    return at;
}

void mini_times(const uint8_t *bytes, size_t n, gk_time *time)
{
    uint64_t z[MINI_ROWS];

    get_steps(bytes, n, z);
    memcpy(time, z, n * sizeof *time);
}

void mini_ordinals(const uint8_t *bytes, size_t n, uint32_t *ordinal)
{
    get_ordinals(bytes + steps_size(bytes, n), n, ordinal);
}

void mini_values(const uint8_t *bytes, size_t n, size_t n_columns, double *const *out)
{
    size_t at = steps_size(bytes, n);

    at += ordinals_size(bytes + at);
    for (size_t c = 0; c < n_columns; c++)
        at += get_value(bytes + at, n, out[c]);
}
