/*
 * times.h - the times of a chunk: a grid first + i * step, and what departs from it. In units of 1 s, 1 ms, 1 us or 1
 * ns, counted from the chunk's first time (mod 2^64):
 *
 *     unit         1        0 ns, 1 us, 2 ms, 3 s
 *     step         varint   the usual distance of two rows
 *     directory             see directory.h
 *     mini blocks           none of these bytes: row i is at i * step;
 *                           tag 1, a codec: the times themselves; or tag 15, grid:
 *
 *     grid:
 *     start        varint, zigzag    level: how far the first row is off i * step
 *     n_jumps      1                 rows at which the level changes for good: samples lost, silence
 *     jumps                          position 1, change zigzag varint, each
 *     rest                           patch: zigzag distance of each row to level + i * step (jitter)
 */
#ifndef CODEC_TIMES_H
#define CODEC_TIMES_H

#include "codec/directory.h"
#include "gk.h"

/* Opened times. Borrowed: lives as long as the bytes. */
struct times_view {
    uint32_t n_rows;
    gk_time first;
    uint64_t unit, step;
    struct directory minis;
    const uint8_t *bytes; /* of the mini blocks */
};

/* Encoded times that are not put together yet: any first mini blocks of them may be. */
struct times_draft {
    uint8_t unit;
    uint64_t step;
    uint32_t n_minis, sizes[DIRECTORY_MAX]; /* bytes of each mini block */
    struct buffer minis;
};

void times_draft_make(const struct mem *mem, const gk_time *time, size_t n_rows, struct times_draft *out);
/* Appends the first n_minis mini blocks; GK_ENOMEM. */
int times_draft_put(const struct times_draft *draft, uint32_t n_minis, struct buffer *out);
void times_draft_clear(struct times_draft *draft);

/* Appends n_rows ascending times, 1..CHUNK_ROWS_MAX; the first one is not stored. GK_ENOMEM. */
int times_encode(const gk_time *time, size_t n_rows, struct buffer *out);
/* GK_ECORRUPT; safe on any bytes. */
int times_open(const uint8_t *bytes, size_t size, uint32_t n_rows, gk_time first, struct times_view *out);
/* Decodes one mini block; out has room for CHUNK_MINI. Damaged bytes may give times that do not ascend. */
int times_mini(const struct times_view *times, uint32_t mini, gk_time *out);
/* The same of mini blocks [from, to). */
int times_minis(const struct times_view *times, uint32_t from, uint32_t to, gk_time *out);
/* The first time of one alone, mostly without decoding the others. */
int times_first(const struct times_view *times, uint32_t mini, gk_time *out);
/* What the head of a mini block says of its times; not known where a codec has them. */
struct chunk_span times_span(const struct times_view *times, uint32_t mini);
/* How many mini blocks are exact, on the grid with a rest, and coded otherwise; for chunk_dump. */
struct times_census {
    uint32_t n_exact, n_grid, n_other;
};
struct times_census times_census(const struct times_view *times);

#endif
