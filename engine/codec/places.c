/*
 * places.c - see places.h. Sixteen lanes at once: where their places begin is a sum over the lanes before, and what a
 * lane gives in sixteen steps becomes a row of memory by a transposition of registers.
 */
#include "codec/places.h"

#include <assert.h>

#include "base/bytes.h"

/* The next place, of a bin: how far above its lowest integer. */
BODY uint32_t take_place(const struct places_table *table, struct places *places, uint8_t bin)
{
    uint32_t bits = table->bits[bin];
    size_t at = places->bit / 8 < places->size ? places->bit / 8 : places->size;
    uint32_t place = load_u32(places->bytes + at) >> places->bit % 8 & ((1u << bits) - 1);

    places->bit += bits;
    return place * table->step[bin];
}

/* Of most columns few bins have places. */
static void next_plain(const struct places_table *table, struct places *places, uint8_t symbol[LANES_STEPS][LANES],
                       size_t n, size_t from, size_t stretch, uint32_t *near)
{
    for (unsigned half = 0; half < LANES; half += PLACES_HALF)
        for (size_t i = 0; i < n; i++)
            for (unsigned k = half; k < half + PLACES_HALF; k++) {
                uint8_t s = symbol[i][k];
                uint32_t v = table->low[s];
                if (table->bits[s] > 0)
                    v += take_place(table, places, s);
                places->last[k] = table->is_delta ? places->last[k] + v : v;
                near[k * stretch + from + i] = places->last[k];
            }
}

#ifdef __x86_64__
#include <immintrin.h>

#define FEW_EIGHT 8 /* bins whose columns of the table are in a register each */

AVX2 static inline __m256i look_up_eight(const uint32_t *of, const bool is_few, __m256i symbol)
{
    return is_few ? _mm256_permutevar8x32_epi32(_mm256_loadu_si256((const void *)of), symbol)
                  : _mm256_i32gather_epi32((const void *)of, symbol, 4);
}

/* The integers of eight lanes. Places are taken one by one: few bins have any. */
AVX2 static inline __m256i integers_of_eight(const struct places_table *table, const bool is_few, struct places *places,
                                             const uint8_t *symbol)
{
    __m256i s = _mm256_cvtepu8_epi32(_mm_loadl_epi64((const void *)symbol));
    __m256i integer = look_up_eight(table->low, is_few, s);
    __m256i width = table->has_places ? look_up_eight(table->bits, is_few, s) : _mm256_setzero_si256();
    __m256i has_place = _mm256_cmpgt_epi32(width, _mm256_setzero_si256());
    unsigned lanes = (unsigned)_mm256_movemask_ps(_mm256_castsi256_ps(has_place));
    uint32_t more[8];

    if (lanes == 0)
        return integer;
    _mm256_storeu_si256((void *)more, _mm256_setzero_si256());
    for (; lanes; lanes &= lanes - 1) {
        unsigned k = (unsigned)__builtin_ctz(lanes);
        more[k] = take_place(table, places, symbol[k]);
    }
    return _mm256_add_epi32(integer, _mm256_loadu_si256((const void *)more));
}

/* Row i of 8 x 8 becomes column i. */
AVX2 static inline void transpose_eight(__m256i v[8])
{
    __m256i t[8];

#pragma GCC unroll 8
    for (unsigned i = 0; i < 8; i += 2) { /* pairs of lanes: of two rows */
        t[i] = _mm256_unpacklo_epi32(v[i], v[i + 1]);
        t[i + 1] = _mm256_unpackhi_epi32(v[i], v[i + 1]);
    }
#pragma GCC unroll 8
    for (unsigned i = 0; i < 8; i += 4) { /* fours: of four rows, lanes 0, 1, 2, 3 of each half */
        v[i] = _mm256_unpacklo_epi64(t[i], t[i + 2]);
        v[i + 1] = _mm256_unpackhi_epi64(t[i], t[i + 2]);
        v[i + 2] = _mm256_unpacklo_epi64(t[i + 1], t[i + 3]);
        v[i + 3] = _mm256_unpackhi_epi64(t[i + 1], t[i + 3]);
    }
#pragma GCC unroll 8
    for (unsigned i = 0; i < 4; i++) { /* halves */
        t[i] = _mm256_permute2x128_si256(v[i], v[i + 4], 0x20);
        t[i + 4] = _mm256_permute2x128_si256(v[i], v[i + 4], 0x31);
    }
    memcpy(v, t, sizeof t);
}

/* Sixteen lanes of all steps; places go from lane to lane within a step. */
AVX2 static inline void run_eights(const struct places_table *table, const bool is_few, struct places *places,
                                   uint8_t symbol[LANES_STEPS][LANES], unsigned half, size_t stretch, uint32_t *near)
{
    __m256i last[2] = {_mm256_loadu_si256((const void *)(places->last + half)),
                       _mm256_loadu_si256((const void *)(places->last + half + 8))};

    for (size_t from = 0; from < LANES_STEPS; from += 8) {
        __m256i v[2][8];
        for (size_t i = 0; i < 8; i++)
#pragma GCC unroll 2
            for (unsigned k = 0; k < 2; k++) {
                const uint8_t *s = symbol[from + i] + half + (size_t)8 * k;
                __m256i integer = integers_of_eight(table, is_few, places, s);
                v[k][i] = last[k] = table->is_delta ? _mm256_add_epi32(last[k], integer) : integer;
            }
        for (unsigned k = 0; k < 2; k++) {
            transpose_eight(v[k]);
            for (unsigned i = 0; i < 8; i++)
                _mm256_storeu_si256((void *)(near + (half + 8 * k + i) * stretch + from), v[k][i]);
        }
    }
    _mm256_storeu_si256((void *)(places->last + half), last[0]);
    _mm256_storeu_si256((void *)(places->last + half + 8), last[1]);
}

/* The last steps may be fewer. */
AVX2 static void next_avx2(const struct places_table *table, struct places *places, uint8_t symbol[LANES_STEPS][LANES],
                           size_t n, size_t from, size_t stretch, uint32_t *near)
{
    if (n < LANES_STEPS) {
        next_plain(table, places, symbol, n, from, stretch, near);
        return;
    }
    for (unsigned half = 0; half < LANES; half += PLACES_HALF)
        if (table->n_bins <= FEW_EIGHT)
            run_eights(table, true, places, symbol, half, stretch, near + from);
        else
            run_eights(table, false, places, symbol, half, stretch, near + from);
}

/* A column of the table by symbols: of few bins it is in two registers. */
struct lookup {
    const uint32_t *of;
    __m512i low, high;
};

#define FEW_BINS 32

AVX512 static inline struct lookup lookup_of(const uint32_t *of)
{
    return (struct lookup){of, _mm512_loadu_si512(of), _mm512_loadu_si512(of + 16)};
}

AVX512 static inline __m512i look_up(const struct lookup *lookup, const bool is_few, __m512i symbol)
{
    return is_few ? _mm512_permutex2var_epi32(lookup->low, symbol, lookup->high)
                  : _mm512_i32gather_epi32(symbol, lookup->of, 4);
}

/* The sum of each lane and all before it. */
AVX512 static inline __m512i sum_lanes(__m512i v)
{
    const __m512i zero = _mm512_setzero_si512();
    v = _mm512_add_epi32(v, _mm512_alignr_epi32(v, zero, 15));
    v = _mm512_add_epi32(v, _mm512_alignr_epi32(v, zero, 14));
    v = _mm512_add_epi32(v, _mm512_alignr_epi32(v, zero, 12));
    return _mm512_add_epi32(v, _mm512_alignr_epi32(v, zero, 8));
}

/* The places of sixteen lanes, of so many bits. */
AVX512 static inline __m512i get_sixteen(struct places *places, __m512i bits)
{
    __m512i end = _mm512_add_epi32(sum_lanes(bits), _mm512_set1_epi32((int)places->bit));
    __m512i begin = _mm512_sub_epi32(end, bits);
    __m512i at = _mm512_min_epu32(_mm512_srli_epi32(begin, 3), _mm512_set1_epi32((int)places->size));
    __m512i words = _mm512_i32gather_epi32(at, places->bytes, 1);
    words = _mm512_srlv_epi32(words, _mm512_and_si512(begin, _mm512_set1_epi32(7)));
    places->bit = (uint32_t)_mm_extract_epi32(_mm512_extracti32x4_epi32(end, 3), 3);
    return _mm512_andnot_si512(_mm512_sllv_epi32(_mm512_set1_epi32(-1), bits), words);
}

/* Row i of 16 x 16 becomes column i. */
AVX512 static inline void transpose(__m512i v[16])
{
    __m512i t[16];

#pragma GCC unroll 16
    for (unsigned i = 0; i < 16; i += 2) { /* pairs of lanes: of two rows */
        t[i] = _mm512_unpacklo_epi32(v[i], v[i + 1]);
        t[i + 1] = _mm512_unpackhi_epi32(v[i], v[i + 1]);
    }
#pragma GCC unroll 16
    for (unsigned i = 0; i < 16; i += 4) { /* fours: of four rows, lanes 0, 1, 2, 3 of each quarter */
        v[i] = _mm512_unpacklo_epi64(t[i], t[i + 2]);
        v[i + 1] = _mm512_unpackhi_epi64(t[i], t[i + 2]);
        v[i + 2] = _mm512_unpacklo_epi64(t[i + 1], t[i + 3]);
        v[i + 3] = _mm512_unpackhi_epi64(t[i + 1], t[i + 3]);
    }
#pragma GCC unroll 16
    for (unsigned i = 0; i < 4; i++) { /* quarters */
        t[i] = _mm512_shuffle_i32x4(v[i], v[i + 4], 0x44);
        t[i + 4] = _mm512_shuffle_i32x4(v[i], v[i + 4], 0xEE);
        t[i + 8] = _mm512_shuffle_i32x4(v[i + 8], v[i + 12], 0x44);
        t[i + 12] = _mm512_shuffle_i32x4(v[i + 8], v[i + 12], 0xEE);
    }
#pragma GCC unroll 16
    for (unsigned i = 0; i < 4; i++) {
        v[i] = _mm512_shuffle_i32x4(t[i], t[i + 8], 0x88);
        v[i + 4] = _mm512_shuffle_i32x4(t[i], t[i + 8], 0xDD);
        v[i + 8] = _mm512_shuffle_i32x4(t[i + 4], t[i + 12], 0x88);
        v[i + 12] = _mm512_shuffle_i32x4(t[i + 4], t[i + 12], 0xDD);
    }
}

AVX512 static inline void run_half(const struct places_table *table, const bool is_few, struct places *places,
                                   uint8_t symbol[LANES_STEPS][LANES], size_t n, unsigned half, size_t stretch,
                                   uint32_t *near)
{
    struct lookup low = lookup_of(table->low), bits = lookup_of(table->bits), step = lookup_of(table->step);
    __m512i last = _mm512_loadu_si512(places->last + half), v[LANES_STEPS];

    for (size_t i = 0; i < n; i++) {
        __m512i s = _mm512_cvtepu8_epi32(_mm_loadu_si128((const void *)(symbol[i] + half)));
        __m512i integer = look_up(&low, is_few, s);
        if (table->has_places) {
            __m512i width = look_up(&bits, is_few, s);
            if (_mm512_test_epi32_mask(width, width)) {
                __m512i place = get_sixteen(places, width);
                if (table->has_steps)
                    place = _mm512_mullo_epi32(place, look_up(&step, is_few, s));
                integer = _mm512_add_epi32(integer, place);
            }
        }
        last = table->is_delta ? _mm512_add_epi32(last, integer) : integer;
        v[i] = last;
    }
    for (size_t i = n; i < LANES_STEPS; i++)
        v[i] = last;
    _mm512_storeu_si512(places->last + half, last);
    transpose(v);
#pragma GCC unroll 16
    for (unsigned k = 0; k < PLACES_HALF; k++)
        _mm512_mask_storeu_epi32(near + (half + k) * stretch, (__mmask16)((1u << n) - 1), v[k]);
}

AVX512 static void next_avx512(const struct places_table *table, struct places *places,
                               uint8_t symbol[LANES_STEPS][LANES], size_t n, size_t from, size_t stretch,
                               uint32_t *near)
{
    static_assert(PLACES_HALF == 16 && LANES_STEPS == 16, "a square of registers");
    for (unsigned half = 0; half < LANES; half += PLACES_HALF)
        if (table->n_bins <= FEW_BINS)
            run_half(table, true, places, symbol, n, half, stretch, near + from);
        else
            run_half(table, false, places, symbol, n, half, stretch, near + from);
}
#else
#define next_avx2   next_plain
#define next_avx512 next_plain
#endif

void places_next_on(enum target target, const struct places_table *table, struct places *places,
                    uint8_t symbol[LANES_STEPS][LANES], size_t n, size_t from, size_t stretch, uint32_t *near)
{
    assert(n <= LANES_STEPS && from + n <= stretch);
    if (target == TARGET_AVX512)
        next_avx512(table, places, symbol, n, from, stretch, near);
    else if (target == TARGET_AVX2)
        next_avx2(table, places, symbol, n, from, stretch, near);
    else
        next_plain(table, places, symbol, n, from, stretch, near);
}

void places_next(const struct places_table *table, struct places *places, uint8_t symbol[LANES_STEPS][LANES], size_t n,
                 size_t from, size_t stretch, uint32_t *near)
{
    places_next_on(target_best(), table, places, symbol, n, from, stretch, near);
}

bool places_are_done(const struct places *places)
{
    return (places->bit + 7) / 8 == places->size;
}
