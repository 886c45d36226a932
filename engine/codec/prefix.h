/*
 * prefix.h - running sums in registers of sixteen integers: each is added to those behind it in four steps, and only
 * what all before come to is waited for.
 */
#ifndef CODEC_PREFIX_H
#define CODEC_PREFIX_H

#include <stdint.h>

#include "codec/target.h"

typedef uint32_t sixteen __attribute__((vector_size(64)));

/* Each integer of x becomes the sum of all up to it and of the last one of `before`, which x is then. */
BODY void prefix_sums(sixteen *x, sixteen *before)
{
    const sixteen zero = {0};
    sixteen v = *x;

    v += __builtin_shufflevector(zero, v, 0, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30);
    v += __builtin_shufflevector(zero, v, 0, 0, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29);
    v += __builtin_shufflevector(zero, v, 0, 0, 0, 0, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27);
    v += __builtin_shufflevector(zero, v, 0, 0, 0, 0, 0, 0, 0, 0, 16, 17, 18, 19, 20, 21, 22, 23);
    v += __builtin_shufflevector(*before, *before, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15);
    *x = *before = v;
}

#endif
