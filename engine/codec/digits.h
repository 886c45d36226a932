/*
 * digits.h - numbers of three significant digits, as auto-ranging meters send them: 0.0123, 4.56, 789. On a grid of d
 * decimals such a number is a multiple of a power of ten; its *rank* is its place among all of them:
 *
 *     0..999 * 10^-d            rank 0..999
 *     100..999 * 10^(e - d)     rank 1000..1899 for e = 1, 1900..2799 for e = 2, ... up to e = DIGITS_EXPONENT_MAX
 *
 * and that of a negative number is negative. Ranks ascend as numbers do, and none are left out: what is ten bits wide
 * at any magnitude takes ten bits, where decimals take as many as the largest, and neighbours differ by one.
 */
#ifndef CODEC_DIGITS_H
#define CODEC_DIGITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "codec/target.h"

#define DIGITS_DECIMALS_MAX 18
#define DIGITS_EXPONENT_MAX 12 /* numbers stay exact products below 2^51 units */
#define DIGITS_RANK_MAX     (999 + 900 * DIGITS_EXPONENT_MAX)
#define DIGITS_UNITS_MAX    1e15 /* 1000 * 10^DIGITS_EXPONENT_MAX: from there on none have a rank */

/* How many digits a rank leaves out: e above. */
static inline unsigned digits_exponent(int64_t rank)
{
    int64_t a = rank < 0 ? -rank : rank;
    return a < 1000 ? 0 : (unsigned)((a - 100) / 900);
}

/* Ranks of n values at d decimals; returns how many have none (those are something else's): 1 each to odd (unless
 * NULL), else 0.
 */
size_t digits_rank(const double *value, size_t n, unsigned d, uint64_t *rank, uint8_t *odd);
/* The values of ranks, to the bit those of a division; any integers are safe. */
void digits_value(const uint64_t *rank, size_t n, unsigned d, double *value);
/* The same of base + near[i]. */
void digits_value_near(uint64_t base, const uint32_t *near, size_t n, unsigned d, double *value);
/* The rank at or next below |units|, with its sign: where to look for a limit. */
int64_t digits_rank_near(int64_t units);

/* The same with the body of one target, for tests and measurements. */
size_t digits_rank_on(enum target target, const double *value, size_t n, unsigned d, uint64_t *rank, uint8_t *odd);
void digits_value_on(enum target target, uint64_t base, const uint64_t *rank, size_t n, unsigned d, double *value);

#endif
