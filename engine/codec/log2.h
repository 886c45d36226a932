/*
 * log2.h - logarithms in fixed point, so that whatever is decided by them gives the same bytes on every machine.
 */
#ifndef CODEC_LOG2_H
#define CODEC_LOG2_H

#include <stdint.h>

#define LOG2_ONE 256 /* a bit */

/* log2(v) in LOG2_ONE-ths, v >= 1; off by less than 0.01 of a bit. */
static inline uint32_t log2_of(uint64_t v)
{
    unsigned w = 63 - (unsigned)__builtin_clzll(v);
    uint32_t f = (uint32_t)((w >= 8 ? v >> (w - 8) : v << (8 - w)) & 255);
    return w * LOG2_ONE + f + ((f * (256 - f) * 88) >> 16);
}

#endif
