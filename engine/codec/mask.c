/*
 * mask.c - comparing values, see mask.h. One loop a comparison, so that each is a vector loop.
 */
#include "codec/mask.h"

#include <assert.h>

#define LOOP(name, op)                                                                                                 \
    BODY uint64_t name##_word(double limit, const double *value, size_t n)                                             \
    {                                                                                                                  \
        uint64_t word = 0;                                                                                             \
        for (size_t i = 0; i < n; i++)                                                                                 \
            word |= (uint64_t)(value[i] op limit) << i;                                                                \
        return word;                                                                                                   \
    }                                                                                                                  \
                                                                                                                       \
    BODY void name(double limit, const double *value, size_t n, uint64_t *mask)                                        \
    {                                                                                                                  \
        for (; n >= MASK_WORD; n -= MASK_WORD, value += MASK_WORD)                                                     \
            *mask++ = name##_word(limit, value, MASK_WORD);                                                            \
        if (n)                                                                                                         \
            *mask = name##_word(limit, value, n);                                                                      \
    }

LOOP(less, <)
LOOP(at_most, <=)
LOOP(more, >)
LOOP(at_least, >=)
LOOP(equal, ==)
LOOP(unequal, !=)

BODY void compare_body(enum gk_compare compare, double limit, const double *value, size_t n, uint64_t *mask)
{
    switch (compare) {
    case GK_LT:
        less(limit, value, n, mask);
        break;
    case GK_LE:
        at_most(limit, value, n, mask);
        break;
    case GK_GT:
        more(limit, value, n, mask);
        break;
    case GK_GE:
        at_least(limit, value, n, mask);
        break;
    case GK_EQ:
        equal(limit, value, n, mask);
        break;
    case GK_NE:
        unequal(limit, value, n, mask);
        break;
    }
}

BODY void at_least_body(int32_t least, bool inverse, const uint32_t *near, size_t n, uint64_t *mask)
{
    for (size_t i = 0; i < n; i += MASK_WORD) {
        uint64_t word = 0;
        for (size_t k = 0; k < MASK_WORD; k++)
            word |= (uint64_t)((int32_t)near[i + k] >= least) << k;
        mask[i / MASK_WORD] = inverse ? ~word : word;
    }
}

AVX2 static void at_least_avx2(int32_t least, bool inverse, const uint32_t *near, size_t n, uint64_t *mask)
{
    at_least_body(least, inverse, near, n, mask);
}

#ifdef __x86_64__
#include <immintrin.h>
/* An instruction for sixteen, which no compiler makes of the loop. */
AVX512 static void at_least_avx512(int32_t least, bool inverse, const uint32_t *near, size_t n, uint64_t *mask)
{
    const __m512i limit = _mm512_set1_epi32(least);
    for (size_t i = 0; i < n; i += MASK_WORD) {
        uint64_t word = 0;
        for (size_t k = 0; k < MASK_WORD; k += 16)
            word |= (uint64_t)_mm512_cmpge_epi32_mask(_mm512_loadu_si512(near + i + k), limit) << k;
        mask[i / MASK_WORD] = inverse ? ~word : word;
    }
}
#else
#define at_least_avx512 at_least_body
#endif

AVX2 static void compare_avx2(enum gk_compare compare, double limit, const double *value, size_t n, uint64_t *mask)
{
    compare_body(compare, limit, value, n, mask);
}

AVX512 static void compare_avx512(enum gk_compare compare, double limit, const double *value, size_t n, uint64_t *mask)
{
    compare_body(compare, limit, value, n, mask);
}

void mask_compare_on(enum target target, enum gk_compare compare, double limit, const double *value, size_t n,
                     uint64_t *mask)
{
    if (target == TARGET_AVX512)
        compare_avx512(compare, limit, value, n, mask);
    else if (target == TARGET_AVX2)
        compare_avx2(compare, limit, value, n, mask);
    else
        compare_body(compare, limit, value, n, mask);
}

void mask_compare(enum gk_compare compare, double limit, const double *value, size_t n, uint64_t *mask)
{
    mask_compare_on(target_best(), compare, limit, value, n, mask);
}

void mask_at_least_on(enum target target, int32_t least, bool inverse, const uint32_t *near, size_t n, uint64_t *mask)
{
    assert(n % MASK_WORD == 0);
    if (target == TARGET_AVX512)
        at_least_avx512(least, inverse, near, n, mask);
    else if (target == TARGET_AVX2)
        at_least_avx2(least, inverse, near, n, mask);
    else
        at_least_body(least, inverse, near, n, mask);
}

void mask_at_least(int32_t least, bool inverse, const uint32_t *near, size_t n, uint64_t *mask)
{
    mask_at_least_on(target_best(), least, inverse, near, n, mask);
}
