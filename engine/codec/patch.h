/*
 * patch.h - up to 128 unsigned integers, most of them small: packed at the width that most of them need, and the few
 * larger ones have their high parts beside (patched frame of reference).
 *
 *     head           1   width 0..64, + 0x80 when there are exceptions
 *     n_exceptions   1   1..127      \
 *     extra          1   1..64-width  | only with exceptions
 *     positions          7 bits each  |
 *     high parts         extra bits  /
 *     low parts          width bits each
 */
#ifndef CODEC_PATCH_H
#define CODEC_PATCH_H

#include <stddef.h>
#include <stdint.h>

#include "codec/pack.h"

#define PATCH_SIZE_MAX   (1 + PACK_SIZE_MAX)
#define PATCH_EXCEPTIONS 0x80 /* in the head */

/* How to pack: the cheapest of all widths. */
struct patch_plan {
    unsigned width, extra;
    size_t n_exceptions;
    size_t size; /* exactly the bytes patch_put writes */
};

struct patch_plan patch_plan(const uint64_t *v, size_t n);
/* The same; one that is not below `limit` bytes need not be the cheapest. */
struct patch_plan patch_plan_below(const uint64_t *v, size_t n, size_t limit);
void patch_put(const struct patch_plan *plan, const uint64_t *v, size_t n, uint8_t *out);
/* Bits that the largest needs at most, without decoding; more than PACK_WIDTH_MAX when the bytes make no sense. */
static inline unsigned patch_bits(const uint8_t *bytes, size_t size)
{
    if (size < 1)
        return PACK_WIDTH_MAX + 1;
    if (!(bytes[0] & PATCH_EXCEPTIONS))
        return bytes[0];
    return size < 3 ? PACK_WIDTH_MAX + 1 : bytes[0] - PATCH_EXCEPTIONS + (unsigned)bytes[2];
}
/* The parts of a patched block: for those who need not all of it. */
struct patch_view {
    unsigned width;
    size_t n_exceptions;
    uint64_t position[PACK_MAX], high[PACK_MAX]; /* below n; above `width` bits */
    const uint8_t *packed;
};
/* Returns the bytes used, 0 when they make no sense. */
size_t patch_open(const uint8_t *bytes, size_t size, size_t n, struct patch_view *out);
size_t patch_get(const uint8_t *bytes, size_t size, size_t n, uint64_t *v);

#endif
