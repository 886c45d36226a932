/*
 * column.h - the values of one channel: a scale, a summary, and mini blocks that each chose their own codec; or, where
 * that is clearly smaller, an entropy code over the whole column.
 *
 *     kind, by     1, 1     the scale, see scale.h; or 3: integers are ranks, and `by` is the decimals of the summary;
 *                           kind + 16: binned; + 32: predicted
 *     basis, factor         varint, varint zigzag, only of a predicted one, see predict.h
 *     summary               see summary.h
 *     words                 only of ranks, see dictionary.h
 *
 *     binned:
 *     n_beside     varint
 *     beside                varint: rows between it and the one beside before; pattern 8; each
 *     bins                  see bins.h; a value beside has any integer
 *
 *     not binned:
 *     directory             see directory.h
 *     mini blocks           tag 1: codec 0..15, + 16 when some values are beside, + 32 when the integers are what
 *                           differs from the prediction, + 64 when some values are not quite those of their integers,
 *                           + 128 when those beside have an integer as well; [beside]; [drift, see drift.h];
 *                           [integers of the rest, or of all]
 *
 *     beside:
 *     missing      1        0 none, 1 a list, 2 a bit a row, 3 all
 *     n_others     varint
 *     list                  n 1, positions 1 each           (missing = 1)
 *     mask                  (rows + 7) / 8, low bit first   (missing = 2)
 *     others                position 1, pattern 8, each
 *
 * Values beside take no place among the integers; with + 128 theirs mean nothing.
 */
#ifndef CODEC_COLUMN_H
#define CODEC_COLUMN_H

#include "codec/bins.h"
#include "codec/codecs.h"
#include "codec/directory.h"
#include "codec/integers.h"
#include "codec/predict.h"
#include "codec/totals.h"

/* An opened column. Borrowed: lives as long as the bytes. */
struct column_view {
    uint32_t n_rows;
    struct scale scale; /* of the ranks, if there is a dictionary */
    struct chunk_summary summary;
    bool is_binned, is_predicted, has_dictionary;
    uint32_t n_words;     /* only if it has a dictionary */
    const uint8_t *words; /* likewise: their column */
    uint32_t words_size;
    uint32_t basis;         /* column of the chunk, only if it is predicted */
    uint64_t factor;        /* likewise */
    struct directory minis; /* unless it is binned */
    const uint8_t *bytes;   /* of the mini blocks; of the values beside, if it is binned */
    uint32_t n_beside;      /* only if it is binned */
    struct bins_view bins;  /* likewise */
};

/* Appends n_rows values, 1..CHUNK_ROWS_MAX. GK_ENOMEM. */
int column_encode(const double *value, size_t n_rows, struct buffer *out);

/* Another column of the chunk from which this one may be predicted. */
struct column_basis {
    uint32_t column;
    uint64_t factor;
    const struct integers *all; /* its own */
};

/*
 * An encoded column that is not put together yet: any first mini blocks of it may be, unless it is binned. {0} may be
 * cleared.
 */
struct column_draft {
    struct scale scale; /* with a dictionary: of the summary */
    bool is_binned, is_predicted, has_dictionary;
    uint32_t basis;
    uint64_t factor;
    struct buffer words;                    /* only with a dictionary */
    uint32_t n_minis, sizes[DIRECTORY_MAX]; /* bytes of each mini block */
    struct buffer bytes;                    /* of the mini blocks; of all that is behind the summary, if it is binned */
};

/*
 * Of decimals as integers_make left them; they are lost unless the column is a basis. With a basis (NULL: none) it is
 * not binned; neither is it when it must stand by mini blocks because it is itself a basis. GK_ENOMEM.
 */
int column_draft_make(const struct mem *mem, struct integers *all, const struct column_basis *basis, bool is_basis,
                      struct column_draft *out);
/* Appends the first n_rows of its values: whole mini blocks, or all there are. GK_ENOMEM. */
int column_draft_put(const struct column_draft *draft, const double *value, size_t n_rows, struct buffer *out);
void column_draft_clear(struct column_draft *draft);
/* GK_ECORRUPT; safe on any bytes. */
int column_open(const uint8_t *bytes, size_t size, uint32_t n_rows, struct column_view *out);
/* Only the summary; does not look at the rest. */
int column_summary(const uint8_t *bytes, size_t size, uint32_t n_rows, struct chunk_summary *out);
/* Whether any mini block of it takes about as long to decode as all. */
static inline bool column_is_whole(const struct column_view *column)
{
    return column->is_binned || column->has_dictionary;
}
/*
 * Decodes mini blocks [from, to); out has room for (to - from) * CHUNK_MINI. A predicted column needs its basis opened,
 * which is neither predicted nor binned; others take NULL. GK_ECORRUPT.
 */
int column_values(const struct column_view *column, const struct column_view *basis, uint32_t from, uint32_t to,
                  double *out);
/* A comparison of a column's values as one of its integers. */
struct column_limit {
    int64_t least;
    bool inverse; /* true is what is below `least` */
};

/* False when there is none: the values have to be decoded. */
bool column_limit(const struct column_view *column, enum gk_compare compare, double limit, struct column_limit *out);
/*
 * Compares a mini block's integers as they are packed; bits as in mask.h. False when the values have to be decoded.
 * True: all of its rows are numbers.
 */
bool column_compare(const struct column_view *column, const struct column_limit *limit, uint32_t mini, uint64_t *mask);
/*
 * The integers of a mini block summed up as they are packed: exact, a value is its integer over a power of ten. False
 * when its values have to be decoded: there is no decimal scale, some are beside or predicted, or the column is binned.
 * True: all of its rows are numbers.
 */
bool column_totals(const struct column_view *column, uint32_t mini, struct totals *out);
/*
 * Between which numbers the rows of mini blocks [from, to) are, without decoding them. The basis as above. GK_ECORRUPT;
 * safe on any bytes, but only bytes that were encoded have bounds that are true.
 */
int column_bounds(const struct column_view *column, const struct column_view *basis, uint32_t from, uint32_t to,
                  struct chunk_bounds *out);
/* How many mini blocks each codec has (none if it is binned), how many values are beside; for chunk_dump. GK_ECORRUPT.
 */
int column_census(const struct column_view *column, uint32_t of_codec[CODECS_N], uint32_t *n_beside);

#endif
