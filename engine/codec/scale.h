/*
 * scale.h - which integer a double is. A column has one scale:
 *
 *     SCALE_DECIMAL, by = d    value = z / 10^d, divided and rounded as IEEE 754 says; |z| < 2^51
 *     SCALE_BITS, by = s       z = the bit pattern without its s lowest bits (all zero), negative ones mirrored so that
 *                              integers ascend as values do
 *     SCALE_DIGITS, by = d     z = the rank of a number of three significant digits, see digits.h
 *
 * A value that does not come back to the bit has no integer: -0.0, NaN, infinities and odd ones but on a scale of bits.
 */
#ifndef CODEC_SCALE_H
#define CODEC_SCALE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "codec/digits.h"
#include "codec/target.h"

enum scale_kind { SCALE_BITS = 0, SCALE_DECIMAL = 1, SCALE_DIGITS = 2 };

#define SCALE_DECIMALS_MAX 18 /* 10^18 is exact in a double and in 64 bits */
#define SCALE_SHIFT_MAX    63
#define SCALE_RUN          256
#define SCALE_INTEGER_MAX  ((int64_t)1 << 51) /* of decimals */

struct scale {
    uint8_t kind, by;
};

bool scale_is_valid(struct scale scale);
/*
 * The decimal scale that serves a column best, and what scale_apply_runs says of it; d grows only where that is cheaper
 * than a few values beside.
 */
struct scale scale_decimal_of(const double *value, size_t n, uint64_t *z, bool *is_whole, size_t *n_odd);
/*
 * The scale of digits that serves a column better than the decimal one given, as far as some values show; false when
 * none does, and most columns are known by then.
 */
bool scale_digits_of(const double *value, size_t n, struct scale decimal, struct scale *out);
/* The decimal scale on which the figures of a column stand: its own, unless that has digits. */
static inline struct scale scale_of_figures(struct scale scale)
{
    return scale.kind == SCALE_DIGITS ? (struct scale){SCALE_DECIMAL, scale.by} : scale;
}
/* The bits that are zero in all values but the missing ones. */
struct scale scale_bits_of(const double *value, size_t n);

/* Integers of n values; returns how many have none (their z means nothing). */
size_t scale_apply(struct scale scale, const double *value, size_t n, uint64_t *z);
/* The same, run by run: is_whole[i] (unless NULL) says whether all of the i-th SCALE_RUN values have one. */
size_t scale_apply_runs(struct scale scale, const double *value, size_t n, uint64_t *z, bool *is_whole);
/* Which of n values have none: 1 each, else 0. */
void scale_odd(struct scale scale, const double *value, size_t n, uint8_t *odd);
/* The integer of one value; false if it has none. */
bool scale_apply_one(struct scale scale, double value, uint64_t *z);
/* The integer nearest to a finite value on a decimal scale, wherever it leads: a sum is stored as its distance to it.
 */
uint64_t scale_nearest(struct scale scale, double value);
/* Cuts bounds of integers to those that values have; false when one is outside of all of them. */
static inline bool scale_cut(struct scale scale, int64_t *low, int64_t *high)
{
    if (scale.kind == SCALE_DECIMAL)
        return *low > -SCALE_INTEGER_MAX && *high < SCALE_INTEGER_MAX;
    if (scale.kind == SCALE_DIGITS)
        return *low >= -DIGITS_RANK_MAX && *high <= DIGITS_RANK_MAX;
    /* Bit patterns without s bits leave a hole: those of negative values are the lowest 2^(63 - s) integers. */
    int64_t top = INT64_MAX >> scale.by, bottom = INT64_MIN + top;
    *low = *low > bottom && *low < 0 ? 0 : *low;
    *high = *high > bottom && *high < 0 ? bottom : *high;
    return *low <= top && *high <= top;
}
/* The value of one integer, the same on every machine wherever the integer leads. */
double scale_value(struct scale scale, uint64_t z);
/* The least integer whose value is at least `limit`, or above it. False when that cannot be told: the limit is NaN or
 * larger than all that have integers, or the scale is one of bits.
 */
bool scale_least(struct scale scale, double limit, bool is_above, int64_t *least);
/* The values of n integers. Any integers are safe; those that no value has may give other values on other machines. */
void scale_invert(struct scale scale, const uint64_t *z, size_t n, double *value);
/* The same of base + z[i], and of base + (int32_t)near[i]. */
void scale_invert_above(struct scale scale, uint64_t base, const uint64_t *z, size_t n, double *value);
void scale_invert_near(struct scale scale, uint64_t base, const uint32_t *near, size_t n, double *value);

/* The same with the body of one target, for tests and measurements. */
size_t scale_apply_on(enum target target, struct scale scale, const double *value, size_t n, uint64_t *z);
void scale_invert_on(enum target target, struct scale scale, const uint64_t *z, size_t n, double *value);

#endif
