/*
 * chunk.h - a sealed, immutable run of rows of one facility: a time column, a column a channel, summaries. Knows
 * nothing of LMDB, of facilities or of checksums: the store puts a checksum around the bytes before and tests it after.
 *
 * Rows of a column come in mini blocks of CHUNK_MINI rows; each mini block has a summary and can be decoded by itself.
 */
#ifndef CODEC_CHUNK_H
#define CODEC_CHUNK_H

#include "base/buffer.h"
#include "base/error.h"

#define CHUNK_ROWS_MAX    8192
#define CHUNK_MINI        256
#define CHUNK_COLUMNS_MAX 1024

/* Rows to be encoded: times ascend (equal ones are allowed), channels ascend, values are columns of n_rows. */
struct chunk_rows {
    size_t n_rows; /* 1..CHUNK_ROWS_MAX */
    const gk_time *time;
    size_t n_columns; /* 0..CHUNK_COLUMNS_MAX */
    const uint32_t *channel;
    const double *const *value;
};

/* Of a column or a mini block. NaN and missing values are in no figure but n_missing (missing only). Infinities count.
 */
struct chunk_summary {
    uint32_t count;                    /* values that are not NaN and not missing */
    uint32_t n_missing;                /* GK_MISSING values */
    double sum, min, max, first, last; /* of those counted, NaN when count is 0 */
};
/*
 * The sum is defined to the bit and is a vector loop: row i is added to lane i % 8, from 0.0, in row order; then lane 4
 * to lane 0, 5 to 1, 6 to 2, 7 to 3; then 2 to 0, 3 to 1; then 1 to 0. NaN adds 0.0; a sum of both infinities is NaN.
 */

/* An opened chunk. Borrowed: lives as long as the bytes. */
struct chunk_view {
    const uint8_t *bytes;
    size_t size;
    uint32_t n_rows, n_columns, n_minis;
    gk_time first, last;
    /* private to chunk.c */
    size_t time_at, columns_at;
};

/* Appends the chunk to *out. GK_ENOMEM, GK_EINVAL (rows out of order or out of bounds). */
int chunk_encode(const struct mem *mem, const struct chunk_rows *rows, struct buffer *out);

/*
 * The same for a store that gives each chunk whole pages, `overhead` bytes of which are its own: takes all rows, or as
 * many of the first ones as fill pages so much better that it is worth another chunk for the others; *n_taken is how
 * many. It is for rows that have others behind them: of a last few the rest would be a small chunk of its own.
 */
int chunk_encode_fit(const struct mem *mem, const struct chunk_rows *rows, size_t page, size_t overhead,
                     struct buffer *out, size_t *n_taken);

/* Tests the header and every offset against `size`. GK_ECORRUPT, GK_EVERSION. Safe on any bytes. */
int chunk_open(const uint8_t *bytes, size_t size, struct chunk_view *out);
uint32_t chunk_channel(const struct chunk_view *chunk, uint32_t column);
/* The column of a channel, or -1. */
int chunk_column(const struct chunk_view *chunk, uint32_t channel);

/* Decodes the times of mini blocks [from, to); out has room for (to - from) * CHUNK_MINI. GK_ECORRUPT. Safe on any
 * bytes. */
int chunk_times(const struct chunk_view *chunk, uint32_t from, uint32_t to, gk_time *out);
/* The same for the values of a column. */
int chunk_values(const struct chunk_view *chunk, uint32_t column, uint32_t from, uint32_t to, double *out);

/* What is known of the values of a mini block without decoding them. */
struct chunk_bounds {
    double low, high; /* every number is in [low, high]; infinite when that needs decoding */
    bool is_full;     /* every row has a number: none is missing, none is NaN. False when not known */
};
/* Of mini blocks [from, to) of a column, some ten nanoseconds each. */
int chunk_bounds(const struct chunk_view *chunk, uint32_t column, uint32_t from, uint32_t to, struct chunk_bounds *out);

/* What is known of the times of a mini block without decoding them. */
struct chunk_span {
    bool is_known;       /* else they must be decoded */
    gk_time first, last; /* the first (last) row is at most `slack` before or after */
    int64_t slack, gap;  /* neighbouring rows are at most `gap` apart */
};
/* Of mini blocks [from, to). */
int chunk_spans(const struct chunk_view *chunk, uint32_t from, uint32_t to, struct chunk_span *out);

/* For those who look at mini blocks one by one, see times.h and column.h; the basis is set if the column has one. */
struct times_view;
struct column_view;
int chunk_open_times(const struct chunk_view *chunk, struct times_view *out);
int chunk_open_column(const struct chunk_view *chunk, uint32_t column, struct column_view *out,
                      struct column_view *basis);

/* First time of a mini block, without decoding others. */
int chunk_mini_time(const struct chunk_view *chunk, uint32_t mini, gk_time *out);

int chunk_summary(const struct chunk_view *chunk, uint32_t column, struct chunk_summary *out);
int chunk_mini_summary(const struct chunk_view *chunk, uint32_t column, uint32_t mini, struct chunk_summary *out);
/* Of n values: what the summaries above are made with. */
void chunk_summarise(const double *value, size_t n, struct chunk_summary *out);

/* Every invariant: decodes all, times ascend, summaries equal to the values'. The reason goes to error->text. */
int chunk_check(const struct mem *mem, const uint8_t *bytes, size_t size, struct gk_error *error);
/* Text for people: header, codecs and sizes a column, summaries; no values. */
int chunk_dump(const struct mem *mem, const uint8_t *bytes, size_t size, struct buffer *out);

#endif
