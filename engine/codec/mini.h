/*
 * mini.h - up to MINI_ROWS rows of one facility in memory: times, ordinals and some columns of values, packed. Made
 * to be quick rather than small: it is what the heads hold until they are sealed. Never on disk, so its bytes are
 * trusted.
 *
 *     times               first 8, unit 8, least 8, width 1, packed: each is the one before + (least + packed) * unit
 *     ordinals            first 4, jumps 16, least 4, width 1, packed: each is the one before + 1, or, where the bit of
 *                         its row is set, + least + packed
 *     a column            kind 1, then
 *         SAME            pattern 8
 *         DECIMAL         decimals 1, width 1, least 8, packed: (least + packed) / 10^decimals
 *         PLAIN           pattern 8 each
 */
#ifndef CODEC_MINI_H
#define CODEC_MINI_H

#include <stddef.h>
#include <stdint.h>

#include "codec/pack.h"
#include "gk.h"

#define MINI_ROWS                PACK_BLOCK
#define MINI_SIZE_MAX(n_columns) (2 * (25 + 8 * (size_t)MINI_ROWS) + (size_t)(n_columns) * (11 + 8 * (size_t)MINI_ROWS))

struct mini_rows {
    size_t n; /* 1..MINI_ROWS */
    const gk_time *time;
    const uint32_t *ordinal; /* ascends */
    size_t n_columns;
    const double *value; /* n_columns columns, MINI_ROWS apart */
};

/*
 * Writes at most MINI_SIZE_MAX bytes, returns how many. decimals[i], 0 at first, is where column i is looked for: the
 * decimals that the mini block before had.
 */
size_t mini_encode(const struct mini_rows *rows, uint8_t *decimals, uint8_t *out);

/* All n rows that were encoded. */
void mini_times(const uint8_t *bytes, size_t n, gk_time *time);
void mini_ordinals(const uint8_t *bytes, size_t n, uint32_t *ordinal);
/* Column i goes to out[i], unless that is NULL. Lossless to the bit. */
void mini_values(const uint8_t *bytes, size_t n, size_t n_columns, double *const *out);

#endif
