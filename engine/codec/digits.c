/*
 * digits.c - see digits.h.
 *
 * A value is m * 10^(e - d) with m below 1000. Its correctly rounded double is fma(m, high, m * low) where high + low
 * is the power to twice the precision: true of all 999 * 31 products, as a test shows. So a value costs a
 * multiplication and a fused one, with both halves of the power looked up; a division takes their place where there is
 * no fused one.
 */
#include "codec/digits.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "base/bytes.h"

#define ROUNDER      0x1.8p52 /* see scale.c */
#define ROUNDER_BITS UINT64_C(0x4338000000000000)
#define RUN          256
#define TABLE        16 /* exponents that are looked up; those above DIGITS_EXPONENT_MAX only by damaged bytes */

/* 10^(i - DIGITS_DECIMALS_MAX) as a double, and what it lacks. */
static const double HIGH[2 * DIGITS_DECIMALS_MAX + 1] = {
    1e-18, 1e-17, 1e-16, 1e-15, 1e-14, 1e-13, 1e-12, 1e-11, 1e-10, 1e-9, 1e-8, 1e-7, 1e-6,
    1e-5,  1e-4,  1e-3,  1e-2,  1e-1,  1e0,   1e1,   1e2,   1e3,   1e4,  1e5,  1e6,  1e7,
    1e8,   1e9,   1e10,  1e11,  1e12,  1e13,  1e14,  1e15,  1e16,  1e17, 1e18};
static const double LOW[2 * DIGITS_DECIMALS_MAX + 1] = {
    -0x1.7c628066e8ceep-114, -0x1.db7b2080a3029p-111, 0x1.5b4c2ebe68799p-109, -0x1.937831647f5a0p-104,
    0x1.ea70909833de7p-107,  -0x1.ecd79a5a0df95p-99,  0x1.97f27f0f6e886p-96,  0x1.7f7bc7b4d28aap-91,
    -0x1.20a5465df8d2cp-88,  -0x1.34674bfabb83bp-84,  -0x1.03023df2d4c94p-82, 0x1.5e1e99483b023p-78,
    0x1.b5a63f9a49c2cp-75,   -0x1.ee78183f91e64p-71,  -0x1.6a161e4f765fep-68, -0x1.89374bc6a7efap-66,
    -0x1.eb851eb851eb8p-63,  -0x1.999999999999ap-58};

#define TEN(e) HIGH[DIGITS_DECIMALS_MAX + (e)]

/* 10^-e */
static const double INVERSE[TABLE] = {1e0,  1e-1, 1e-2,  1e-3,  1e-4,  1e-5,  1e-6,  1e-7,
                                      1e-8, 1e-9, 1e-10, 1e-11, 1e-12, 1e-13, 1e-14, 1e-15};

/* ---- reading -------------------------------------------------------------------------------------------------- */

/* The exponent of an absolute rank: a division by 900 that is exact for every rank. */
BODY uint32_t exponent_of(uint32_t a)
{
    uint32_t e = (a > 100 ? a - 100 : 0) * 37283u >> 25;
    return e < TABLE ? e : TABLE - 1;
}

/* Of base + near[i]. */
BODY void value_body(uint32_t base, const uint32_t *near, size_t n, unsigned d, bool has_fma, double *value)
{
    const double *high = HIGH + DIGITS_DECIMALS_MAX - d, *low = LOW + DIGITS_DECIMALS_MAX - d;

    for (size_t i = 0; i < n; i++) {
        uint32_t r = base + near[i], sign = 0 - (r >> 31), a = (r ^ sign) - sign; /* signs are noise: no branches */
        uint32_t e = exponent_of(a), m = a - 900 * e;
        double x = (double)(int32_t)((m ^ sign) - sign);
        if (has_fma)
            value[i] = __builtin_fma(x, high[e], x * low[e]);
        else
            value[i] = x * TEN(e) / TEN(d);
    }
}

#ifdef __x86_64__
#include <immintrin.h>

#define FUSED_MAX 15 /* see scale.c */

/* Four values of their m and the two factors of 10^e: a division of the product, which is exact. */
AVX2 static inline void put_four(__m128i m, __m128 few, __m128 many, unsigned d, double *value)
{
    const __m256d power = _mm256_set1_pd(TEN(d)), inverse = _mm256_set1_pd(INVERSE[d]);
    __m256d x = _mm256_mul_pd(_mm256_mul_pd(_mm256_cvtepi32_pd(m), _mm256_cvtps_pd(few)), _mm256_cvtps_pd(many));
    __m256d quotient = _mm256_mul_pd(x, inverse);
    _mm256_storeu_pd(value, _mm256_fmadd_pd(_mm256_fnmadd_pd(quotient, power, x), inverse, quotient));
}

/* Powers up to 10^8 are floats: eight of them are in a register, where loads by index took most of the time. */
AVX2 static void value_avx2(uint32_t base, const uint32_t *near, size_t n, unsigned d, double *value)
{
    const __m256 few = _mm256_setr_ps(1e0F, 1e1F, 1e2F, 1e3F, 1e4F, 1e5F, 1e6F, 1e7F), one = _mm256_set1_ps(1);
    size_t i = 0;

    for (; d <= FUSED_MAX && i + 8 <= n; i += 8) {
        __m256i r = _mm256_add_epi32(_mm256_loadu_si256((const void *)(near + i)), _mm256_set1_epi32((int)base));
        __m256i a = _mm256_abs_epi32(r), hundred = _mm256_set1_epi32(100);
        __m256i above = _mm256_sub_epi32(_mm256_max_epu32(a, hundred), hundred);
        __m256i e = _mm256_srli_epi32(_mm256_mullo_epi32(above, _mm256_set1_epi32(37283)), 25);
        e = _mm256_min_epu32(e, _mm256_set1_epi32(TABLE - 1));
        __m256i m = _mm256_sub_epi32(a, _mm256_mullo_epi32(e, _mm256_set1_epi32(900)));
        m = _mm256_sign_epi32(m, _mm256_or_si256(r, _mm256_set1_epi32(1)));
        __m256 low = _mm256_permutevar8x32_ps(few, e); /* by its three lowest bits */
        __m256 high = _mm256_blendv_ps(one, _mm256_set1_ps(1e8F), _mm256_castsi256_ps(_mm256_slli_epi32(e, 28)));
        put_four(_mm256_castsi256_si128(m), _mm256_castps256_ps128(low), _mm256_castps256_ps128(high), d, value + i);
        put_four(_mm256_extracti128_si256(m, 1), _mm256_extractf128_ps(low, 1), _mm256_extractf128_ps(high, 1), d,
                 value + i + 4);
    }
    value_body(base, near + i, n - i, d, true, value + i);
}

/* Eight values of their m and e. Both powers are in registers: loads by index took twice the time of all else. */
AVX512 static inline void put_eight(__m256i m, __m256i e, const __m512d power[4], double *value)
{
    __m512d x = _mm512_cvtepi32_pd(m);
    __m512i at = _mm512_cvtepu32_epi64(e);
    __m512d high = _mm512_permutex2var_pd(power[0], at, power[1]), low = _mm512_permutex2var_pd(power[2], at, power[3]);
    _mm512_storeu_pd(value, _mm512_fmadd_pd(x, high, _mm512_mul_pd(x, low)));
}

AVX512 static void value_avx512(uint32_t base, const uint32_t *near, size_t n, unsigned d, double *value)
{
    const double *high = HIGH + DIGITS_DECIMALS_MAX - d, *low = LOW + DIGITS_DECIMALS_MAX - d;
    const __m512d power[4] = {_mm512_loadu_pd(high), _mm512_loadu_pd(high + 8), _mm512_loadu_pd(low),
                              _mm512_loadu_pd(low + 8)};
    size_t i = 0;

    for (; i + 16 <= n; i += 16) {
        __m512i r = _mm512_add_epi32(_mm512_loadu_si512(near + i), _mm512_set1_epi32((int)base));
        __m512i a = _mm512_abs_epi32(r), hundred = _mm512_set1_epi32(100);
        __m512i above = _mm512_sub_epi32(_mm512_max_epu32(a, hundred), hundred);
        __m512i e = _mm512_srli_epi32(_mm512_mullo_epi32(above, _mm512_set1_epi32(37283)), 25);
        e = _mm512_min_epu32(e, _mm512_set1_epi32(TABLE - 1));
        __m512i m = _mm512_sub_epi32(a, _mm512_mullo_epi32(e, _mm512_set1_epi32(900)));
        m = _mm512_mask_sub_epi32(m, _mm512_movepi32_mask(r), _mm512_setzero_si512(), m);
        put_eight(_mm512_castsi512_si256(m), _mm512_castsi512_si256(e), power, value + i);
        put_eight(_mm512_extracti64x4_epi64(m, 1), _mm512_extracti64x4_epi64(e, 1), power, value + i + 8);
    }
    value_body(base, near + i, n - i, d, true, value + i);
}
#else
#define value_avx512 value_avx2
static void value_avx2(uint32_t base, const uint32_t *near, size_t n, unsigned d, double *value)
{
    value_body(base, near, n, d, true, value);
}
#endif

static void value_of(enum target target, uint32_t base, const uint32_t *near, size_t n, unsigned d, double *value)
{
    assert(d <= DIGITS_DECIMALS_MAX);
    if (target == TARGET_AVX512)
        value_avx512(base, near, n, d, value);
    else if (target == TARGET_AVX2)
        value_avx2(base, near, n, d, value);
    else
        value_body(base, near, n, d, false, value);
}

void digits_value_on(enum target target, uint64_t base, const uint64_t *rank, size_t n, unsigned d, double *value)
{
    uint32_t some[RUN];

    for (size_t i = 0; i < n; i += RUN) {
        size_t k = n - i < RUN ? n - i : RUN;
        for (size_t j = 0; j < k; j++)
            some[j] = (uint32_t)rank[i + j];
        value_of(target, (uint32_t)base, some, k, d, value + i);
    }
}

void digits_value(const uint64_t *rank, size_t n, unsigned d, double *value)
{
    digits_value_on(target_best(), 0, rank, n, d, value);
}

void digits_value_near(uint64_t base, const uint32_t *near, size_t n, unsigned d, double *value)
{
    value_of(target_best(), (uint32_t)base, near, n, d, value);
}

/* ---- writing -------------------------------------------------------------------------------------------------- */

/*
 * What the rank of each value would be, if it has one. The power of ten is told by that of two but for one, and is
 * looked up: trying all of them took a fifth to a half of encoding.
 */
BODY void rank_body(const double *value, size_t n, unsigned d, uint64_t *rank)
{
    for (size_t i = 0; i < n; i++) {
        double units = value[i] * TEN(d) + ROUNDER - ROUNDER, a = __builtin_fabs(units);
        int e = (((int)(bits_of(a) >> 52) - 1023) * 1233 >> 12) - 2; /* 1233 / 2^12 is the logarithm of 2 */
        e = e < 0 ? 0 : e > DIGITS_EXPONENT_MAX ? DIGITS_EXPONENT_MAX : e;
        e += a >= TEN(e + 3);
        double r = a * INVERSE[e] + ROUNDER - ROUNDER + 900 * e;
        r = a < DIGITS_UNITS_MAX ? r : 0; /* which does not come back */
        rank[i] = bits_of(__builtin_copysign(r, units) + ROUNDER) - ROUNDER_BITS;
    }
}

#ifdef __x86_64__
/* Four at a time; a power is the product of two floats, see value_avx2. */
AVX2 static void rank_avx2(const double *value, size_t n, unsigned d, uint64_t *rank)
{
    const __m256 few = _mm256_setr_ps(1e0F, 1e1F, 1e2F, 1e3F, 1e4F, 1e5F, 1e6F, 1e7F);
    const __m256d rounder = _mm256_set1_pd(ROUNDER), ten = _mm256_set1_pd(TEN(d)), sign = _mm256_set1_pd(-0.0);
    const __m256i even = _mm256_setr_epi32(1, 3, 5, 7, 1, 3, 5, 7);
    size_t i = 0;

    for (; i + 4 <= n; i += 4) {
        __m256d v = _mm256_mul_pd(_mm256_loadu_pd(value + i), ten);
        __m256d units = _mm256_sub_pd(_mm256_add_pd(v, rounder), rounder), a = _mm256_andnot_pd(sign, units);
        __m128i high = _mm256_castsi256_si128(_mm256_permutevar8x32_epi32(_mm256_castpd_si256(a), even));
        __m128i e = _mm_sub_epi32(_mm_srli_epi32(high, 20), _mm_set1_epi32(1023));
        e = _mm_srai_epi32(_mm_mullo_epi32(e, _mm_set1_epi32(1233)), 12);
        e = _mm_sub_epi32(_mm_max_epi32(e, _mm_set1_epi32(2)), _mm_set1_epi32(2));
        e = _mm_min_epi32(e, _mm_set1_epi32(DIGITS_EXPONENT_MAX));
        __m128 low = _mm256_castps256_ps128(_mm256_permutevar8x32_ps(few, _mm256_castsi128_si256(e)));
        __m128 many = _mm_blendv_ps(_mm_set1_ps(1), _mm_set1_ps(1e8F), _mm_castsi128_ps(_mm_slli_epi32(e, 28)));
        __m256d power = _mm256_mul_pd(_mm256_cvtps_pd(low), _mm256_cvtps_pd(many));
        __m256d is_more = _mm256_cmp_pd(a, _mm256_mul_pd(power, _mm256_set1_pd(1000)), _CMP_GE_OQ);
        power = _mm256_blendv_pd(power, _mm256_mul_pd(power, _mm256_set1_pd(10)), is_more);
        __m256d exponent = _mm256_add_pd(_mm256_cvtepi32_pd(e), _mm256_and_pd(is_more, _mm256_set1_pd(1)));
        __m256d m = _mm256_sub_pd(_mm256_add_pd(_mm256_div_pd(a, power), rounder), rounder);
        __m256d r = _mm256_fmadd_pd(exponent, _mm256_set1_pd(900), m);
        r = _mm256_and_pd(r, _mm256_cmp_pd(a, _mm256_set1_pd(DIGITS_UNITS_MAX), _CMP_LT_OQ));
        r = _mm256_add_pd(_mm256_or_pd(r, _mm256_and_pd(units, sign)), rounder);
        __m256i bits = _mm256_sub_epi64(_mm256_castpd_si256(r), _mm256_set1_epi64x((int64_t)ROUNDER_BITS));
        _mm256_storeu_si256((void *)(rank + i), bits);
    }
    rank_body(value + i, n - i, d, rank + i);
}

AVX512 static void rank_avx512(const double *value, size_t n, unsigned d, uint64_t *rank)
{
    const __m512d rounder = _mm512_set1_pd(ROUNDER), ten = _mm512_set1_pd(TEN(d));
    const __m512d next[2] = {_mm512_loadu_pd(&TEN(3)), _mm512_loadu_pd(&TEN(11))};
    const __m512d inverse[2] = {_mm512_loadu_pd(INVERSE), _mm512_loadu_pd(INVERSE + 8)};
    size_t i = 0;

    for (; i + 8 <= n; i += 8) {
        __m512d v = _mm512_mul_pd(_mm512_loadu_pd(value + i), ten);
        __m512d units = _mm512_sub_pd(_mm512_add_pd(v, rounder), rounder), a = _mm512_abs_pd(units);
        __m512d e = _mm512_mul_pd(_mm512_getexp_pd(a), _mm512_set1_pd(0.30102999566398120));
        e = _mm512_min_pd(_mm512_max_pd(e, _mm512_set1_pd(2)), _mm512_set1_pd(2 + DIGITS_EXPONENT_MAX));
        __m512i k = _mm512_sub_epi64(_mm512_cvttpd_epi64(e), _mm512_set1_epi64(2));
        __mmask8 is_more = _mm512_cmp_pd_mask(a, _mm512_permutex2var_pd(next[0], k, next[1]), _CMP_GE_OQ);
        k = _mm512_mask_add_epi64(k, is_more, k, _mm512_set1_epi64(1));
        __m512d m = _mm512_mul_pd(a, _mm512_permutex2var_pd(inverse[0], k, inverse[1]));
        m = _mm512_sub_pd(_mm512_add_pd(m, rounder), rounder);
        __m512d r = _mm512_fmadd_pd(_mm512_cvtepi64_pd(k), _mm512_set1_pd(900), m);
        r = _mm512_maskz_mov_pd(_mm512_cmp_pd_mask(a, _mm512_set1_pd(DIGITS_UNITS_MAX), _CMP_LT_OQ), r);
        __m512i bits = _mm512_castpd_si512(_mm512_add_pd(r, rounder));
        bits = _mm512_sub_epi64(bits, _mm512_set1_epi64((int64_t)ROUNDER_BITS));
        __mmask8 is_negative = _mm512_movepi64_mask(_mm512_castpd_si512(units));
        _mm512_storeu_si512(rank + i, _mm512_mask_sub_epi64(bits, is_negative, _mm512_setzero_si512(), bits));
    }
    rank_body(value + i, n - i, d, rank + i);
}
#else
#define rank_avx2   rank_body
#define rank_avx512 rank_body
#endif

BODY size_t differ_body(const double *value, const double *back, size_t n, uint8_t *odd)
{
    uint64_t n_odd = 0;

    for (size_t i = 0; odd && i < n; i++)
        odd[i] = bits_of(value[i]) != bits_of(back[i]);
    for (size_t i = 0; i < n; i++)
        n_odd += bits_of(value[i]) != bits_of(back[i]);
    return (size_t)n_odd;
}

AVX2 static size_t differ_avx2(const double *value, const double *back, size_t n, uint8_t *odd)
{
    return differ_body(value, back, n, odd);
}

/* Ranks of a run of values, which of them are odd (unless NULL), and how many. */
static size_t rank_run(enum target target, const double *value, size_t n, unsigned d, uint64_t *rank, uint8_t *odd)
{
    double back[RUN];

    assert(n <= RUN);
    if (target == TARGET_AVX512)
        rank_avx512(value, n, d, rank);
    else if (target == TARGET_AVX2)
        rank_avx2(value, n, d, rank);
    else
        rank_body(value, n, d, rank);
    digits_value_on(target, 0, rank, n, d, back);
    return target >= TARGET_AVX2 ? differ_avx2(value, back, n, odd) : differ_body(value, back, n, odd);
}

size_t digits_rank_on(enum target target, const double *value, size_t n, unsigned d, uint64_t *rank, uint8_t *odd)
{
    size_t n_odd = 0;

    for (size_t i = 0; i < n; i += RUN)
        n_odd += rank_run(target, value + i, n - i < RUN ? n - i : RUN, d, rank + i, odd ? odd + i : NULL);
    return n_odd;
}

size_t digits_rank(const double *value, size_t n, unsigned d, uint64_t *rank, uint8_t *odd)
{
    return digits_rank_on(target_best(), value, n, d, rank, odd);
}

int64_t digits_rank_near(int64_t units)
{
    int64_t a = units < 0 ? -units : units, e = 0;

    for (; a >= 1000 && e < DIGITS_EXPONENT_MAX; a /= 10)
        e++;
    a = (a < 1000 ? a : 999) + 900 * e;
    return units < 0 ? -a : a;
}
