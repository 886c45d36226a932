/*
 * mask.h - values compared with a limit, a bit each: bit i % 64 of word i / 64 is value i's. NaN is unequal to all.
 */
#ifndef CODEC_MASK_H
#define CODEC_MASK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "codec/target.h"
#include "gk.h"

#define MASK_WORD     64
#define MASK_WORDS(n) (((n) + MASK_WORD - 1) / MASK_WORD)

/* Writes MASK_WORDS(n) words; bits from n on are 0. */
void mask_compare(enum gk_compare compare, double limit, const double *value, size_t n, uint64_t *mask);
/* The same of integers, n a multiple of MASK_WORD: is near[i] at least `least`? `inverse` turns all bits round. */
void mask_at_least(int32_t least, bool inverse, const uint32_t *near, size_t n, uint64_t *mask);
/* The same with the body of one target, for tests and measurements. */
void mask_at_least_on(enum target target, int32_t least, bool inverse, const uint32_t *near, size_t n, uint64_t *mask);
void mask_compare_on(enum target target, enum gk_compare compare, double limit, const double *value, size_t n,
                     uint64_t *mask);

#endif
