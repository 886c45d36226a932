/*
 * spread.c - see spread.h. Where a fifth of the values of 15 digits stood beside, copying what lies between two of them
 * took a third of the time of the column.
 */
#include "codec/spread.h"

static void spread_plain(const double *value, const uint64_t *is_other, size_t n, double *out)
{
    for (size_t i = 0, k = 0; i < n; i++) {
        uint64_t stays = is_other[i / 64] >> i % 64 & 1;
        out[i] = stays ? out[i] : value[k];
        k += 1 - stays;
    }
}

#ifdef __x86_64__
#include <immintrin.h>
AVX512 static void spread_avx512(const double *value, const uint64_t *is_other, size_t n, double *out)
{
    for (size_t i = 0; i < n; i += 8) {
        __mmask8 takes = (__mmask8) ~(is_other[i / 64] >> i % 64);
        if (n - i < 8)
            takes = (__mmask8)(takes & ((1u << (n - i)) - 1));
        _mm512_mask_storeu_pd(out + i, takes, _mm512_maskz_expand_pd(takes, _mm512_loadu_pd(value)));
        value += __builtin_popcount(takes);
    }
}
#else
#define spread_avx512 spread_plain
#endif

void spread_values_on(enum target target, const double *value, const uint64_t *is_other, size_t n, double *out)
{
    if (target == TARGET_AVX512)
        spread_avx512(value, is_other, n, out);
    else
        spread_plain(value, is_other, n, out);
}

void spread_values(const double *value, const uint64_t *is_other, size_t n, double *out)
{
    spread_values_on(target_best(), value, is_other, n, out);
}
