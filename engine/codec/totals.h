/*
 * totals.h - the least, the greatest and the sum of integers, in one pass.
 */
#ifndef CODEC_TOTALS_H
#define CODEC_TOTALS_H

#include <stddef.h>
#include <stdint.h>

#include "codec/target.h"

struct totals {
    int64_t low, high, sum; /* the sum of what does not fit 64 bits wraps */
};

/* Of n >= 1 integers. */
void totals_of(const uint64_t *z, size_t n, struct totals *out);
/* Of base + (int32_t)near[i]. */
void totals_near(uint64_t base, const uint32_t *near, size_t n, struct totals *out);

/* The same with the body of one target, for tests and measurements. */
void totals_of_on(enum target target, const uint64_t *z, size_t n, struct totals *out);
void totals_near_on(enum target target, uint64_t base, const uint32_t *near, size_t n, struct totals *out);

#endif
