/*
 * predict.h - one channel from another of the same rows: currents from power. The integer of a row is expected at
 * factor / 2^PREDICT_SHIFT times that of its *basis*, rounded; what is stored is the difference.
 */
#ifndef CODEC_PREDICT_H
#define CODEC_PREDICT_H

#include <stddef.h>
#include <stdint.h>

#include "codec/scale.h"
#include "codec/target.h"

#define PREDICT_SHIFT       24
#define PREDICT_COLUMNS_MAX 16  /* columns of a chunk that are looked at: pairs are quadratic */
#define PREDICT_ROWS_MIN    512 /* fewer are not worth the look */
#define PREDICT_NONE        UINT32_MAX

/* mod 2^64; any integers are safe. */
static inline uint64_t predict(uint64_t basis, uint64_t factor)
{
    uint64_t x = basis * factor + (UINT64_C(1) << (PREDICT_SHIFT - 1));
    return x >> PREDICT_SHIFT | (0 - (x >> 63)) << (64 - PREDICT_SHIFT);
}

/* Adds to each integer what its basis predicts. */
void predict_add(const uint64_t *basis, size_t n, uint64_t factor, uint64_t *z);
/* The same with the body of one target, for tests and measurements. */
void predict_add_on(enum target target, const uint64_t *basis, size_t n, uint64_t factor, uint64_t *z);

/* What n integers differ by from what the basis predicts. */
void predict_rest(const uint64_t *basis, const uint64_t *z, size_t n, uint64_t factor, uint64_t *rest);

struct predict_plan {
    uint32_t basis;                       /* a column, or PREDICT_NONE */
    uint64_t factor[PREDICT_COLUMNS_MAX]; /* of the others; 0: stands for itself */
};

/* Of columns on decimal scales. Looks at some stretches of rows. */
void predict_choose(const struct scale *scale, const double *const *value, size_t n_columns, size_t n_rows,
                    struct predict_plan *out);

#endif
