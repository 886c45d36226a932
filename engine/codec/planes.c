/*
 * planes.c - see planes.h. A level is 256 bits, one a number: those that are still counted. A plane's bits stand side
 * by side in the stream and belong to the bits that are set in the level before it, lowest first; taking them apart and
 * together are the instructions pext and pdep, or a loop over the set bits where there are none.
 */
#include "codec/planes.h"

#include <assert.h>
#include <stdbool.h>
#include <string.h>

#include "base/bytes.h"

#define WORDS (PLANES_N_MAX / 64) /* of a level */
#define ONES  UINT64_C(0x0101010101010101)
#define LOW7  UINT64_C(0x7F7F7F7F7F7F7F7F)

#ifdef __x86_64__
#include <immintrin.h>
AVX2 static inline uint64_t gather_fast(uint64_t bits, uint64_t mask)
{
    return _pext_u64(bits, mask);
}

AVX2 static inline uint64_t spread_fast(uint64_t bits, uint64_t mask)
{
    return _pdep_u64(bits, mask);
}
#else
#define gather_fast gather_plain
#define spread_fast spread_plain
#endif

/* The bits at the set bits of the mask, side by side. The first plane is of all numbers, and half of all bits. */
static uint64_t gather_plain(uint64_t bits, uint64_t mask)
{
    uint64_t out = 0;
    if (mask == UINT64_MAX)
        return bits;
    for (unsigned k = 0; mask; k++, mask &= mask - 1)
        out |= (bits >> __builtin_ctzll(mask) & 1) << k;
    return out;
}

/* The low bits, each at a set bit of the mask. */
static uint64_t spread_plain(uint64_t bits, uint64_t mask)
{
    uint64_t out = 0;
    if (mask == UINT64_MAX)
        return bits;
    for (; mask; bits >>= 1, mask &= mask - 1)
        out |= (bits & 1) << __builtin_ctzll(mask);
    return out;
}

static void fill_level(uint64_t level[WORDS], size_t n)
{
    for (size_t w = 0; w < WORDS; w++) {
        size_t k = n > 64 * w ? n - 64 * w : 0;
        level[w] = k >= 64 ? UINT64_MAX : (UINT64_C(1) << k) - 1;
    }
}

/* ---- writing -------------------------------------------------------------------------------------------------- */

/* Which of 64 bytes, none of them above 127, are above `level`: by eights, as a byte's high bit says so. */
static uint64_t above_plain(const uint8_t *number, uint8_t level)
{
    uint64_t bits = 0;
    for (unsigned k = 0; k < 8; k++) {
        uint64_t high = ((load_u64(number + 8 * k) + (LOW7 - level * ONES)) & ~LOW7) >> 7;
        bits |= (high * UINT64_C(0x0102040810204080) >> 56) << 8 * k;
    }
    return bits;
}

#ifdef __x86_64__
/* One instruction or two instead of thirty: writing planes took an eighth of the time of a column. */
AVX2 static inline uint64_t above_avx2(const uint8_t *number, uint8_t level)
{
    const __m256i *p = (const __m256i *)(const void *)number, l = _mm256_set1_epi8((char)level);
    uint32_t low = (uint32_t)_mm256_movemask_epi8(_mm256_cmpgt_epi8(_mm256_loadu_si256(p), l));
    uint32_t high = (uint32_t)_mm256_movemask_epi8(_mm256_cmpgt_epi8(_mm256_loadu_si256(p + 1), l));
    return low | (uint64_t)high << 32;
}

AVX512 static inline uint64_t above_avx512(const uint8_t *number, uint8_t level)
{
    return _mm512_cmpgt_epu8_mask(_mm512_loadu_si512(number), _mm512_set1_epi8((char)level));
}
#else
#define above_avx2   above_plain
#define above_avx512 above_plain
#endif

/* Appends k <= 64 bits at a bit; the bytes behind are zero so far, nine of them may be written. */
static void put_bits(uint8_t *out, size_t at, uint64_t bits)
{
    uint8_t *p = out + at / 8;
    unsigned s = (unsigned)(at % 8);

    store_u64(p, load_u64(p) | bits << s);
    p[8] = (uint8_t)(bits >> 1 >> (63 - s));
}

BODY void put_body(const enum target target, const uint64_t *v, size_t n, unsigned shift, uint8_t *out)
{
    uint8_t number[64 * WORDS] = {0}, room[PLANES_SIZE_MAX + 16] = {0};
    uint64_t level[WORDS], any = 1;
    size_t at = 0;

    for (size_t i = 0; i < n; i++)
        number[i] = (uint8_t)(v[i] >> shift);
    fill_level(level, n);
    for (uint8_t plane = 0; any; plane++) {
        any = 0;
        for (size_t w = 0; w < WORDS; w++) {
            if (level[w] == 0)
                continue;
            const uint8_t *of = number + 64 * w;
            uint64_t next = level[w] & (target == TARGET_AVX512 ? above_avx512(of, plane)
                                        : target == TARGET_AVX2 ? above_avx2(of, plane)
                                                                : above_plain(of, plane));
            put_bits(room, at, target == TARGET_PLAIN ? gather_plain(next, level[w]) : gather_fast(next, level[w]));
            at += (size_t)__builtin_popcountll(level[w]);
            level[w] = next;
            any |= next;
        }
    }
    memcpy(out, room, (at + 7) / 8);
}

AVX2 static void put_avx2(const uint64_t *v, size_t n, unsigned shift, uint8_t *out)
{
    put_body(TARGET_AVX2, v, n, shift, out);
}

AVX512 static void put_avx512(const uint64_t *v, size_t n, unsigned shift, uint8_t *out)
{
    put_body(TARGET_AVX512, v, n, shift, out);
}

void planes_put_on(enum target target, const uint64_t *v, size_t n, unsigned shift, uint8_t *out)
{
    assert(n <= PLANES_N_MAX);
    if (target == TARGET_AVX512)
        put_avx512(v, n, shift, out);
    else if (target == TARGET_AVX2)
        put_avx2(v, n, shift, out);
    else
        put_body(TARGET_PLAIN, v, n, shift, out);
}

void planes_put(const uint64_t *v, size_t n, unsigned shift, uint8_t *out)
{
    planes_put_on(target_best(), v, n, shift, out);
}

/* ---- reading -------------------------------------------------------------------------------------------------- */

/* Adds 2^k to those of 64 bytes of which the bit is set. */
static void count_up(uint8_t *number, uint64_t bits, unsigned k)
{
    for (unsigned i = 0; i < 8; i++, bits >>= 8, number += 8) {
        uint64_t x = (bits & 0xFF) * ONES & UINT64_C(0x8040201008040201);
        store_u64(number, load_u64(number) + (((x + LOW7) >> 7 & ONES) << k));
    }
}

#ifdef __x86_64__
/* Adds 1, by two registers: a bit is spread to a byte of its own, where it is all ones if it is set. */
AVX2 static inline void count_up_fast(__m256i number[2], uint64_t bits)
{
    const __m256i each = _mm256_set1_epi64x((long long)UINT64_C(0x8040201008040201));
    const __m256i low = _mm256_setr_epi64x(0, 0x0101010101010101, 0x0202020202020202, 0x0303030303030303);
    __m256i all = _mm256_set1_epi64x((long long)bits);
    __m256i a = _mm256_and_si256(_mm256_shuffle_epi8(all, low), each);
    __m256i b = _mm256_and_si256(_mm256_shuffle_epi8(all, _mm256_add_epi8(low, _mm256_set1_epi8(4))), each);
    number[0] = _mm256_sub_epi8(number[0], _mm256_cmpeq_epi8(a, each));
    number[1] = _mm256_sub_epi8(number[1], _mm256_cmpeq_epi8(b, each));
}
#endif

/* The bytes of all planes, and zeros behind them for whoever reads on. */
struct room {
    uint8_t bytes[PLANES_SIZE_MAX + PLANES_N_MAX / 8 + 16];
    size_t size; /* of the bytes given */
};

static void fill_room(const uint8_t *bytes, size_t size, struct room *out)
{
    out->size = size < PLANES_SIZE_MAX ? size : PLANES_SIZE_MAX;
    memcpy(out->bytes, bytes, out->size);
    memset(out->bytes + out->size, 0, sizeof out->bytes - out->size);
}

/* 64 bits from a bit on. */
BODY uint64_t get_bits(const struct room *room, size_t at)
{
    const uint8_t *p = room->bytes + at / 8;
    unsigned s = (unsigned)(at % 8);
    return load_u64(p) >> s | (uint64_t)p[8] << 1 << (63 - s);
}

#define DIGITS 6 /* of a number, binary */

/* Sixty-four numbers are counted at once, a word a binary digit, and written in the end. */
static size_t get_plain(const struct room *room, size_t n, uint8_t *number)
{
    uint64_t level[WORDS], digit[DIGITS][WORDS] = {{0}}, any = 1;
    size_t at = 0;

    static_assert(PLANES_MAX < 1 << DIGITS, "no more digits");
    fill_level(level, n);
    for (unsigned plane = 0; any; plane++) {
        if (plane > PLANES_MAX || at > 8 * room->size)
            return 0;
        any = 0;
        for (size_t w = 0; w < WORDS; w++) {
            uint64_t bits = get_bits(room, at), carry;
            at += (size_t)__builtin_popcountll(level[w]);
            carry = level[w] = spread_plain(bits, level[w]);
            any |= level[w];
            for (unsigned k = 0; carry && k < DIGITS; k++) {
                uint64_t sum = digit[k][w] ^ carry;
                carry &= digit[k][w];
                digit[k][w] = sum;
            }
        }
    }
    memset(number, 0, PLANES_N_MAX);
    for (unsigned k = 0; k < DIGITS; k++)
        for (size_t w = 0; w < WORDS; w++)
            if (digit[k][w])
                count_up(number + 64 * w, digit[k][w], k);
    return (at + 7) / 8;
}

#ifdef __x86_64__
/* The same, with the numbers in registers: counting up took half of the time of a column of noise. */
AVX2 static size_t get_avx2(const struct room *room, size_t n, uint8_t *number)
{
    __m256i count[2 * WORDS];
    uint64_t level[WORDS], any = 1;
    size_t at = 0;

    static_assert(WORDS == 4, "registers");
#pragma GCC unroll 8
    for (size_t w = 0; w < 2 * WORDS; w++)
        count[w] = _mm256_setzero_si256();
    fill_level(level, n);
    for (unsigned plane = 0; any; plane++) {
        if (plane > PLANES_MAX || at > 8 * room->size)
            return 0;
        any = 0;
#pragma GCC unroll 4
        for (size_t w = 0; w < WORDS; w++) {
            uint64_t bits = get_bits(room, at);
            at += (size_t)__builtin_popcountll(level[w]);
            level[w] = spread_fast(bits, level[w]);
            any |= level[w];
            count_up_fast(count + 2 * w, level[w]);
        }
    }
#pragma GCC unroll 8
    for (size_t w = 0; w < 2 * WORDS; w++)
        _mm256_storeu_si256((void *)(number + 32 * w), count[w]);
    return (at + 7) / 8;
}

AVX512 static size_t get_avx512(const struct room *room, size_t n, uint8_t *number)
{
    const __m512i one = _mm512_set1_epi8(1);
    __m512i count[WORDS] = {_mm512_setzero_si512(), _mm512_setzero_si512(), _mm512_setzero_si512(),
                            _mm512_setzero_si512()};
    uint64_t level[WORDS], any = 1;
    size_t at = 0;

    static_assert(WORDS == 4, "registers");
    fill_level(level, n);
    for (unsigned plane = 0; any; plane++) {
        if (plane > PLANES_MAX || at > 8 * room->size)
            return 0;
        any = 0;
#pragma GCC unroll 4
        for (size_t w = 0; w < WORDS; w++) {
            uint64_t bits = get_bits(room, at);
            at += (size_t)__builtin_popcountll(level[w]);
            level[w] = spread_fast(bits, level[w]);
            any |= level[w];
            count[w] = _mm512_mask_add_epi8(count[w], level[w], count[w], one);
        }
    }
    for (size_t w = 0; w < WORDS; w++)
        _mm512_storeu_si512(number + 64 * w, count[w]);
    return (at + 7) / 8;
}
#else
#define get_avx2   get_plain
#define get_avx512 get_plain
#endif

size_t planes_get_on(enum target target, const uint8_t *bytes, size_t size, size_t n, uint8_t number[PLANES_N_MAX])
{
    struct room room;

    assert(n <= PLANES_N_MAX);
    fill_room(bytes, size, &room);
    size_t used = target == TARGET_AVX512 ? get_avx512(&room, n, number)
                  : target == TARGET_AVX2 ? get_avx2(&room, n, number)
                                          : get_plain(&room, n, number);
    return used <= room.size ? used : 0;
}

size_t planes_get(const uint8_t *bytes, size_t size, size_t n, uint8_t number[PLANES_N_MAX])
{
    return planes_get_on(target_best(), bytes, size, n, number);
}
