/*
 * column.h - the values of one channel: a scale, a summary, and mini blocks that each chose their own codec.
 *
 *     kind, by     1, 1     the scale, see scale.h
 *     summary               see summary.h
 *     directory             see directory.h
 *     mini blocks           tag 1: codec 0..15, + 16 when some values are beside; [beside]; [integers of the rest]
 *
 *     beside:
 *     missing      1        0 none, 1 a list, 2 a bit a row, 3 all
 *     n_others     1
 *     list                  n 1, positions 1 each           (missing = 1)
 *     mask                  (rows + 7) / 8, low bit first   (missing = 2)
 *     others                position 1, pattern 8, each
 *
 * Values beside take no place among the integers.
 */
#ifndef CODEC_COLUMN_H
#define CODEC_COLUMN_H

#include "codec/codecs.h"
#include "codec/directory.h"
#include "codec/scale.h"

/* An opened column. Borrowed: lives as long as the bytes. */
struct column_view {
    uint32_t n_rows;
    struct scale scale;
    struct chunk_summary summary;
    struct directory minis;
    const uint8_t *bytes; /* of the mini blocks */
};

/* Appends n_rows values, 1..CHUNK_ROWS_MAX. GK_ENOMEM. */
int column_encode(const double *value, size_t n_rows, struct buffer *out);
/* GK_ECORRUPT; safe on any bytes. */
int column_open(const uint8_t *bytes, size_t size, uint32_t n_rows, struct column_view *out);
/* Only the summary; does not look at the rest. */
int column_summary(const uint8_t *bytes, size_t size, uint32_t n_rows, struct chunk_summary *out);
/* Decodes one mini block; out has room for CHUNK_MINI. */
int column_mini(const struct column_view *column, uint32_t mini, double *out);
/* How many mini blocks each codec has, and how many values are beside; for chunk_dump. GK_ECORRUPT. */
int column_census(const struct column_view *column, uint32_t of_codec[CODECS_N], uint32_t *n_beside);

#endif
