/*
 * capped.h - the codec room as it runs on this processor, and as it would on lesser ones: three builds of it in one
 * program, which are held against each other in one run. See codec/target.h.
 */
#ifndef BENCH_CAPPED_H
#define BENCH_CAPPED_H

#include "codec/chunk.h"
#include "codec/column.h"

struct capped {
    int (*encode)(const double *value, size_t n_rows, struct buffer *out);  /* column_encode */
    int (*open)(const uint8_t *bytes, size_t size, struct chunk_view *out); /* chunk_open */
    int (*values)(const struct chunk_view *chunk, uint32_t column, uint32_t from, uint32_t to,
                  double *); /* chunk_values */
};

/* The best there is; at most AVX2; plain C. */
extern const struct capped CAPPED_BEST, CAPPED_AVX2, CAPPED_PLAIN;

#endif
