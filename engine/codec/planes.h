/*
 * planes.h - up to 256 small numbers, most of them 0 or 1, in unary by bit planes: first a bit a number, set if it is
 * above 0; then a bit for each of those, set if it is above 1; and so on until none is above. One stream of bits, low
 * bits first, filled up to a byte. A number takes one bit more than it is large.
 *
 * It is what is left of noise when its low bits are packed: a normal distribution comes within a quarter of a bit of
 * its entropy, where packing alone is almost a whole one above. A plane is spread over the one before by one
 * instruction for 64 numbers.
 */
#ifndef CODEC_PLANES_H
#define CODEC_PLANES_H

#include <stddef.h>
#include <stdint.h>

#include "codec/target.h"

#define PLANES_N_MAX    256
#define PLANES_MAX      62   /* the largest number: six bits */
#define PLANES_SUM_MAX  1024 /* of all numbers: more is not what this is for */
#define PLANES_SIZE_MAX ((PLANES_N_MAX + PLANES_SUM_MAX) / 8)

/* Bytes for n numbers that add up to `sum`. The last plane, of the largest, is all zeros. */
static inline size_t planes_size(size_t n, uint64_t sum)
{
    return (n + (size_t)sum + 7) / 8;
}

/* Writes the numbers v >> shift, within the limits above; planes_size bytes. */
void planes_put(const uint64_t *v, size_t n, unsigned shift, uint8_t *out);
/* The numbers; number[n..255] are 0. Returns the bytes used of `size`, 0 when they make no sense; safe on any bytes. */
size_t planes_get(const uint8_t *bytes, size_t size, size_t n, uint8_t number[PLANES_N_MAX]);

/* The same with the body of one target, for tests and measurements. */
void planes_put_on(enum target target, const uint64_t *v, size_t n, unsigned shift, uint8_t *out);
size_t planes_get_on(enum target target, const uint8_t *bytes, size_t size, size_t n, uint8_t number[PLANES_N_MAX]);

#endif
