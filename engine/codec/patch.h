/*
 * patch.h - up to 256 unsigned integers, most of them small: packed at the width that most of them need, and the few
 * larger ones have their high parts beside (patched frame of reference); or, where they are spread like noise, packed
 * at a smaller width with the high parts of all of them in planes.
 *
 *     head           1   width 0..64, + 0x80 when there are exceptions; 0xC0 + width 0..63 with planes
 *     n_exceptions   1   1..255      \
 *     extra          1   1..64-width  | only with exceptions
 *     positions      1 each           |
 *     high parts         extra bits  /
 *     low parts          width bits each
 *     planes             see planes.h; only with planes
 */
#ifndef CODEC_PATCH_H
#define CODEC_PATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "codec/pack.h"

#define PATCH_SIZE_MAX   (1 + PACK_SIZE_MAX)
#define PATCH_EXCEPTIONS 0x80 /* in the head */
#define PATCH_PLANES     0xC0 /* the same; exceptions have widths below 64 */

/* How to pack: the cheapest of all widths. */
struct patch_plan {
    unsigned width, extra;
    size_t n_exceptions;
    bool has_planes;
    size_t size; /* exactly the bytes patch_put writes */
};

/* Without planes: for few integers, and for what patch_open is to look into. */
struct patch_plan patch_plan(const uint64_t *v, size_t n);
/* The same; one that is not below `limit` bytes need not be the cheapest. */
struct patch_plan patch_plan_below(const uint64_t *v, size_t n, size_t limit);
/* With planes if that is smaller by so much that it is worth decoding them; limit as above. */
struct patch_plan patch_plan_noise(const uint64_t *v, size_t n, size_t limit);
void patch_put(const struct patch_plan *plan, const uint64_t *v, size_t n, uint8_t *out);
/* Bits that the largest needs at most, without decoding; more than PACK_WIDTH_MAX when the bytes make no sense. */
static inline unsigned patch_bits(const uint8_t *bytes, size_t size)
{
    if (size < 1)
        return PACK_WIDTH_MAX + 1;
    if (bytes[0] >= PATCH_PLANES)
        return bytes[0] - PATCH_PLANES + 6u; /* see PLANES_MAX */
    if (!(bytes[0] & PATCH_EXCEPTIONS))
        return bytes[0];
    return size < 3 ? PACK_WIDTH_MAX + 1 : bytes[0] - PATCH_EXCEPTIONS + (unsigned)bytes[2];
}
/* The parts of a patched block: for those who need not all of it. */
struct patch_view {
    unsigned width;
    size_t n_exceptions;
    const uint8_t *position; /* below n */
    uint64_t high[PACK_MAX]; /* above `width` bits */
    const uint8_t *packed;
};
/* Returns the bytes used, 0 when they make no sense or have planes. */
size_t patch_open(const uint8_t *bytes, size_t size, size_t n, struct patch_view *out);
/* All integers. Returns the bytes used, 0 when they make no sense. */
size_t patch_get(const uint8_t *bytes, size_t size, size_t n, uint64_t *v);
/* The same of PACK_MAX integers of at most 32 bits each; 0 also when one may be wider. */
size_t patch_get_narrow(const uint8_t *bytes, size_t size, uint32_t *v);

#endif
