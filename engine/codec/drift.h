/*
 * drift.h - values that lie a few bit patterns from that of their integer: 4.1900000000000004, and what has more digits
 * than the decimals of its column. The integer is among the others, and how far the pattern is off stands here, in bits
 * where a whole pattern would take 64.
 *
 *     n        1      less one
 *     rows            n <= (rows + 7) / 8: n positions, 1 each, ascending; more: a bit a row, low bit first
 *     steps           zigzag, each below 1 << DRIFT_BITS_MAX, in a patch
 */
#ifndef CODEC_DRIFT_H
#define CODEC_DRIFT_H

#include "base/buffer.h"
#include "base/bytes.h"
#include "codec/patch.h"

#define DRIFT_BITS_MAX 24
#define DRIFT_SIZE_MAX (1 + PACK_MAX / 8 + PATCH_SIZE_MAX)

struct drift {
    size_t n;
    uint8_t at[PACK_MAX];
    uint64_t steps[PACK_MAX]; /* zigzag */
};

/* Adds row i if its pattern is near enough to that of the value of its integer; false if not. In row order. */
bool drift_add(struct drift *drift, size_t i, double value, double of_integer);
/* Writes 1..n_rows of them; returns the bytes used of DRIFT_SIZE_MAX. */
size_t drift_put(const struct drift *drift, size_t n_rows, uint8_t *out);
/* False when they make no sense; safe on any bytes. */
bool drift_get(struct reader *reader, size_t n_rows, struct drift *out);
/* Moves the values of integers to where they belong. */
void drift_apply(const struct drift *drift, double *value);

#endif
