/*
 * mask.h - values compared with a limit, a bit each: bit i % 64 of word i / 64 is value i's. NaN is unequal to all.
 */
#ifndef CODEC_MASK_H
#define CODEC_MASK_H

#include <stddef.h>
#include <stdint.h>

#include "codec/target.h"
#include "gk.h"

#define MASK_WORD     64
#define MASK_WORDS(n) (((n) + MASK_WORD - 1) / MASK_WORD)

/* Writes MASK_WORDS(n) words; bits from n on are 0. */
void mask_compare(enum gk_compare compare, double limit, const double *value, size_t n, uint64_t *mask);
/* The same with the body of one target, for tests and measurements. */
void mask_compare_on(enum target target, enum gk_compare compare, double limit, const double *value, size_t n,
                     uint64_t *mask);

#endif
