/*
 * mask.c - comparing values, see mask.h. One loop a comparison, so that each is a vector loop.
 */
#include "codec/mask.h"

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
