/*
 * bins.h - a whole column of integers by an entropy code: the integers, or their differences, are sorted into bins; a
 * row is its bin's symbol and the place in the bin, in bits. A bin of one integer has no place, a bin whose integers
 * are all multiples of something from its lowest counts in those steps: so the few levels of a socket meter and noise
 * around a mean come out near their entropy.
 *
 *     mode         1        1 differences, not integers; + 2 for 3 contexts, + 4 for 9; + 8; + 16 * bits of a table,
 *                           less 8 where integers are wide: not within 2^31 of each other
 *     n_bins       1        less one
 *     bins                  low varint zigzag (the first), varint (how far above the one before);
 *                           bits 1, + 128 if a step varint follows
 *     frequencies           context by context, bin by bin: varint; after a 0, how many more zeros follow: 1
 *     first        varint   zigzag, only of differences: the first integer, whose difference is 0
 *     size         varint   of the symbols
 *     symbols               see lanes.h
 *     places                see places.h; of wide integers row by row
 *     guard        8        zero: loads of a few bytes stay inside
 *
 * Earlier columns, without the 8 in their mode, have blocks of BINS_BLOCK rows, each decoded without any other; they
 * are read and no longer written. Instead of first, size, symbols and places:
 *
 *     blocks                a block: first integer varint zigzag, only of differences; symbols' size varint,
 *                           places' size varint
 *     bytes                 of each block: symbols (see rans.h), places (low bits first)
 */
#ifndef CODEC_BINS_H
#define CODEC_BINS_H

#include "base/buffer.h"
#include "codec/chunk.h"
#include "codec/places.h"
#include "codec/rans.h"

#define BINS_BLOCK      1024
#define BINS_BLOCKS_MAX (CHUNK_ROWS_MAX / BINS_BLOCK)
#define BINS_ROWS_MIN   512  /* fewer do not pay for a table */
#define BINS_LANES_MIN  1024 /* rows from which on lanes may pay for their states */
#define BINS_BITS_MAX   56   /* of a place of wide and of earlier columns: one load */

struct bin {
    uint64_t low, step;
    uint32_t bits;
};

/* Opened. Borrowed: lives as long as the bytes. */
struct bins_view {
    uint32_t n_rows, n_blocks;
    bool is_delta, is_laned, is_wide;
    struct bin bin[RANS_SYMBOLS_MAX];
    struct rans_model model;
    uint64_t first[BINS_BLOCKS_MAX];
    size_t symbols_at[BINS_BLOCKS_MAX + 1], places_at[BINS_BLOCKS_MAX]; /* places end where the next symbols begin; of
                                                                           lanes [0] and [1] alone */
    const uint8_t *bytes;
    size_t size; /* with the guard */
};

/*
 * Appends n integers, BINS_LANES_MIN..CHUNK_ROWS_MAX, if that takes fewer than `limit` bytes and they are within 2^31
 * of each other. GK_ENOMEM.
 */
int bins_encode(const struct mem *mem, const uint64_t *z, size_t n, size_t limit, struct buffer *out);
/* GK_ECORRUPT; safe on any bytes. */
int bins_open(struct reader *reader, uint32_t n_rows, struct bins_view *out);
/*
 * Of a laned column that is not wide all integers: row i is base[i / stretch] + (int32_t)near[i], with stretch =
 * lanes_steps(n_rows). GK_ECORRUPT; safe on any bytes.
 */
int bins_get_lanes(const struct bins_view *bins, uint64_t base[LANES], uint32_t near[CHUNK_ROWS_MAX]);
/* Of one that is wide. GK_ECORRUPT; safe on any bytes. */
int bins_get_wide(const struct bins_view *bins, uint64_t z[CHUNK_ROWS_MAX]);
/*
 * Of an earlier column the integers of blocks [from, to); z has room for (to - from) * BINS_BLOCK. GK_ECORRUPT; safe on
 * any bytes.
 */
int bins_get(const struct bins_view *bins, const struct rans_table *table, uint32_t from, uint32_t to, uint64_t *z);

#endif
