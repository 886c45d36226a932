/*
 * spread.h - values between others: the rows of a mini block that have an integer, where some stand beside.
 */
#ifndef CODEC_SPREAD_H
#define CODEC_SPREAD_H

#include <stddef.h>
#include <stdint.h>

#include "codec/target.h"

#define SPREAD_MORE 8 /* values behind the last one that may be read */

/* Those of n rows of which the bit is not set get the values, one after the other; the others stay. */
void spread_values(const double *value, const uint64_t *is_other, size_t n, double *out);
/* The same with the body of one target, for tests and measurements. */
void spread_values_on(enum target target, const double *value, const uint64_t *is_other, size_t n, double *out);

#endif
