/*
 * pack.h - up to 256 integers of 0..64 bits each, without waste between them: blocks of 128, then what is left.
 *
 *     128 values, width <= 32    four lanes of 32-bit words, value i in lane i % 4
 *     128 values, width > 32     two lanes of 64-bit words, value i in lane i % 2
 *     fewer values               one stream of bits, low bits first
 *
 * A lane is a stream of bits, low bits first, over every fourth (second) word: neighbouring values have the same shift,
 * so that a plain loop over the lanes is one vector instruction.
 */
#ifndef CODEC_PACK_H
#define CODEC_PACK_H

#include <stddef.h>
#include <stdint.h>

#include "codec/target.h"

#define PACK_BLOCK      128            /* values that are packed in lanes */
#define PACK_MAX        256            /* values in one call */
#define PACK_WIDTH_MAX  64             /* bits of a value */
#define PACK_NARROW_MAX 32             /* bits of a value that is one of 32-bit lanes */
#define PACK_SIZE_MAX   (PACK_MAX * 8) /* bytes of the largest block */

/* Bits that v needs: 0 for 0, 64 for a value with its highest bit set. */
static inline unsigned pack_width(uint64_t v)
{
    return v ? 64 - (unsigned)__builtin_clzll(v) : 0;
}

/* Bytes of n values. */
static inline size_t pack_size(size_t n, unsigned width)
{
    return (n * width + 7) / 8;
}

/* Writes pack_size bytes: the low `width` bits of n values. */
void pack_put(const uint64_t *v, size_t n, unsigned width, uint8_t *out);
/* Reads exactly pack_size bytes, whatever they are. */
void pack_get(const uint8_t *bytes, size_t n, unsigned width, uint64_t *v);

/* The first of them alone; reads no more than its bytes. */
static inline uint64_t pack_first(const uint8_t *bytes, unsigned width)
{
    uint64_t v = 0;

    for (unsigned i = 0; i < (width + 7) / 8; i++)
        v |= (uint64_t)bytes[i] << 8 * i;
    return width < PACK_WIDTH_MAX ? v & ((UINT64_C(1) << width) - 1) : v;
}

/* A full block of values of at most PACK_NARROW_MAX bits. */
void pack_get_narrow(const uint8_t *bytes, unsigned width, uint32_t *narrow);
void pack_get_narrow_on(enum target target, const uint8_t *bytes, unsigned width, uint32_t *narrow);

/* The same with the body of one target, for tests and measurements. */
void pack_put_on(enum target target, const uint64_t *v, size_t n, unsigned width, uint8_t *out);
void pack_get_on(enum target target, const uint8_t *bytes, size_t n, unsigned width, uint64_t *v);

#endif
