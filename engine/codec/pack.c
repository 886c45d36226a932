/*
 * pack.c - bit packing, see pack.h for the layouts.
 *
 * A value that crosses a word is split without a branch: the part that fits goes to word k, the rest to word k + 1, and
 * when all of it fits the rest is zero. Shifts are written as two (`<< 1 << (31 - s)`) because s may be 0.
 */
#include "codec/pack.h"

#include <assert.h>
#include <stdbool.h>

#include "base/bytes.h"

static uint64_t low_bits(unsigned width)
{
    return width == 64 ? UINT64_MAX : (UINT64_C(1) << width) - 1;
}

/* A row of words, one a lane: one register on every machine we know. */
typedef uint32_t row32 __attribute__((vector_size(16)));
typedef uint64_t row64 __attribute__((vector_size(16)));

/* With a constant width all that is left of a row are a shift and an or. */
BODY void put_rows32(const uint32_t *narrow, const unsigned width, uint8_t *out)
{
    row32 word = {0};

#pragma GCC unroll 32
    for (unsigned j = 0; j < 32; j++) {
        unsigned s = j * width % 32, k = j * width / 32;
        row32 x;
        memcpy(&x, narrow + 4 * j, sizeof x);
        word |= x << s;
        if (s + width < 32)
            continue;
        memcpy(out + sizeof word * k, &word, sizeof word);
        word = s + width > 32 ? x >> (32 - s) : (row32){0};
    }
}

BODY row32 word_at(const uint8_t *bytes, unsigned k)
{
    row32 word;
    memcpy(&word, bytes + sizeof word * k, sizeof word);
    return word;
}

/* With a constant width all that is left of a row are one or two shifts, an and. */
BODY void get_rows32(const uint8_t *bytes, const unsigned width, uint32_t *narrow)
{
    const uint32_t mask = (uint32_t)low_bits(width);

#pragma GCC unroll 32
    for (unsigned j = 0; j < 32; j++) {
        unsigned bit = j * width, s = bit % 32, last = (bit + width - 1) / 32; /* where the value's last bit is */
        row32 x = word_at(bytes, bit / 32) >> s;
        if (last != bit / 32)
            x |= word_at(bytes, last) << (32 - s);
        if (s + width != 32)
            x &= mask;
        memcpy(narrow + 4 * j, &x, sizeof x);
    }
}

/* One unrolled loop a width. */
#define CASE(w)                                                                                                        \
    case w:                                                                                                            \
        LOOP_OF(w);                                                                                                    \
        break;
#define CASES_4(w) CASE(w) CASE((w) + 1) CASE((w) + 2) CASE((w) + 3)
#define CASES_32   CASES_4(1) CASES_4(5) CASES_4(9) CASES_4(13) CASES_4(17) CASES_4(21) CASES_4(25) CASES_4(29)

BODY void get_narrow_body(const uint8_t *bytes, unsigned width, uint32_t *narrow)
{
#define LOOP_OF(w) get_rows32(bytes, w, narrow)
    switch (width) {
        CASES_32
    default:
        memset(narrow, 0, PACK_BLOCK * sizeof *narrow);
    }
#undef LOOP_OF
}

BODY void put_narrow_body(const uint64_t *v, unsigned width, uint8_t *out)
{
    uint32_t narrow[PACK_BLOCK], mask = (uint32_t)low_bits(width);

    for (unsigned i = 0; i < PACK_BLOCK; i++)
        narrow[i] = (uint32_t)v[i] & mask;
#define LOOP_OF(w) put_rows32(narrow, w, out)
    switch (width) {
        CASES_32
    default:
        break;
    }
#undef LOOP_OF
}

static void get_narrow_plain(const uint8_t *bytes, unsigned width, uint32_t *narrow)
{
    get_narrow_body(bytes, width, narrow);
}

/* Rows are of 16 bytes: wider registers are of no use here. */
AVX2 static void get_narrow_avx2(const uint8_t *bytes, unsigned width, uint32_t *narrow)
{
    get_narrow_body(bytes, width, narrow);
}

BODY void widen(const uint32_t *narrow, uint64_t *v)
{
    for (unsigned i = 0; i < PACK_BLOCK; i++)
        v[i] = narrow[i];
}

/* A row of words is stored until it is full: a load would wait for the store before it. */
BODY void put_lanes64(const uint64_t *v, unsigned width, uint8_t *out)
{
    row64 word = {0};
    uint64_t mask = low_bits(width);

    for (unsigned j = 0; j < 64; j++) {
        unsigned s = j * width % 64;
        row64 x;
        memcpy(&x, v + 2 * j, sizeof x);
        x &= mask;
        word |= x << s;
        memcpy(out, &word, sizeof word);
        if (s + width < 64)
            continue;
        word = x >> 1 >> (63 - s);
        out += sizeof word;
    }
}

BODY void get_lanes64(const uint8_t *bytes, unsigned width, uint64_t *v)
{
    row64 word[64];
    uint64_t mask = low_bits(width);

    memcpy(word, bytes, 16 * (size_t)width);
    for (unsigned j = 0; j < 64; j++) {
        unsigned bit = j * width, s = bit % 64;
        row64 high = word[(bit + width - 1) / 64];
        row64 x = (word[bit / 64] >> s | high << 1 << (63 - s)) & mask;
        memcpy(v + 2 * j, &x, sizeof x);
    }
}

#define ONE_STORE 56 /* so many bits fit a word behind those of the byte in which they begin */

/* What is not a whole byte yet stays in a register: a load would wait for the store before it. */
static void put_stream_by_words(const uint64_t *v, size_t n, unsigned width, uint8_t *out)
{
    uint64_t mask = low_bits(width), word = 0;
    unsigned filled = 0;

    for (size_t i = 0; i < n; i++) {
        word |= (v[i] & mask) << filled;
        store_u64(out, word);
        filled += width;
        out += filled / 8;
        word >>= filled & ~7u;
        filled %= 8;
    }
}

/* Fewer than 128 values are packed through a copy with room for the two words that a value may touch. */
static void put_stream(const uint64_t *v, size_t n, unsigned width, uint8_t *out)
{
    uint8_t room[PACK_SIZE_MAX + 16];
    uint64_t mask = low_bits(width);
    size_t size = pack_size(n, width);

    if (width <= ONE_STORE) {
        put_stream_by_words(v, n, width, room);
        memcpy(out, room, size);
        return;
    }
    memset(room, 0, size + 16);
    for (size_t i = 0; i < n; i++) {
        uint8_t *p = room + i * width / 8;
        unsigned s = (unsigned)(i * width % 8);
        uint64_t x = v[i] & mask;
        store_u64(p, load_u64(p) | x << s);
        p[8] = (uint8_t)(x >> 1 >> (63 - s));
    }
    memcpy(out, room, size);
}

#define ONE_LOAD 57 /* so many bits are in the 8 bytes in which they begin */

static void get_stream(const uint8_t *bytes, size_t n, unsigned width, uint64_t *v)
{
    uint8_t room[PACK_SIZE_MAX + 16];
    uint64_t mask = low_bits(width);
    size_t size = pack_size(n, width), bit = 0;

    memcpy(room, bytes, size);
    memset(room + size, 0, 16);
    for (size_t i = 0; width <= ONE_LOAD && i < n; i++, bit += width)
        v[i] = load_u64(room + bit / 8) >> bit % 8 & mask;
    if (width <= ONE_LOAD)
        return;
    for (size_t i = 0; i < n; i++) {
        const uint8_t *p = room + i * width / 8;
        unsigned s = (unsigned)(i * width % 8);
        v[i] = (load_u64(p) >> s | (uint64_t)p[8] << 1 << (63 - s)) & mask;
    }
}

BODY void put_full(const uint64_t *v, unsigned width, uint8_t *out)
{
    if (width <= 32)
        put_narrow_body(v, width, out);
    else
        put_lanes64(v, width, out);
}

AVX2 static void put_avx2(const uint64_t *v, unsigned width, uint8_t *out)
{
    put_full(v, width, out);
}

AVX512 static void put_avx512(const uint64_t *v, unsigned width, uint8_t *out)
{
    put_full(v, width, out);
}

AVX2 static void get_wide_avx2(const uint8_t *bytes, unsigned width, uint64_t *v)
{
    get_lanes64(bytes, width, v);
}

#ifdef __x86_64__
#include <immintrin.h>

/*
 * Four rows at once, eight integers. Each is in one word or in two that follow each other in its stream; what is loaded
 * from a word later on has the second one where the first load has the first. Near the end there are not eight words.
 */
AVX512 static inline void get_four_rows(const uint8_t *bytes, unsigned width, unsigned row, const bool is_near_end,
                                        __m512i bit, uint64_t *v)
{
    const __m512i mask = _mm512_set1_epi64((int64_t)low_bits(width)), stream = _mm512_set_epi64(1, 0, 1, 0, 1, 0, 1, 0);
    unsigned begin = row * width, k = begin / 64, left = 2 * (width - k); /* integers in whole words from there */
    const uint8_t *p = bytes + (size_t)16 * k;
    __mmask8 of_first = (__mmask8)(is_near_end && left < 8 ? (1u << left) - 1 : 0xFF);
    __mmask8 of_second = (__mmask8)(is_near_end && left < 10 ? (1u << (left - 2)) - 1 : 0xFF);
    __m512i first = _mm512_maskz_loadu_epi64(of_first, p), second = _mm512_maskz_loadu_epi64(of_second, p + 16);
    __m512i at = _mm512_add_epi64(bit, _mm512_set1_epi64(begin % 64)),
            shift = _mm512_and_si512(at, _mm512_set1_epi64(63));
    __m512i word = _mm512_or_si512(_mm512_slli_epi64(_mm512_srli_epi64(at, 6), 1), stream);
    __m512i low = _mm512_srlv_epi64(_mm512_permutexvar_epi64(word, first), shift);
    __m512i high =
        _mm512_sllv_epi64(_mm512_permutexvar_epi64(word, second), _mm512_sub_epi64(_mm512_set1_epi64(64), shift));
    _mm512_storeu_si512(v + (size_t)2 * row, _mm512_and_si512(_mm512_or_si512(low, high), mask));
}

AVX512 static void get_wide_avx512(const uint8_t *bytes, unsigned width, uint64_t *v)
{
    const __m512i row = _mm512_set_epi64(3, 3, 2, 2, 1, 1, 0, 0);
    const __m512i bit = _mm512_mullo_epi64(row, _mm512_set1_epi64(width));
    unsigned j = 0;

    for (; j * width / 64 + 5 <= width; j += 4)
        get_four_rows(bytes, width, j, false, bit, v);
    for (; j < 64; j += 4)
        get_four_rows(bytes, width, j, true, bit, v);
}

/* Eight integers begin with a byte and are in eight words: each is in one of them or in two. */
struct eighth {
    __m512i mask, word, next, shift, back;
};

AVX512 static inline __m512i get_eight(const struct eighth *of, const uint8_t *bytes, size_t size)
{
    __m512i words = _mm512_maskz_loadu_epi8(size < 64 ? (UINT64_C(1) << size) - 1 : UINT64_MAX, bytes);
    __m512i low = _mm512_srlv_epi64(_mm512_permutexvar_epi64(of->word, words), of->shift);
    __m512i high = _mm512_sllv_epi64(_mm512_permutexvar_epi64(of->next, words), of->back);
    return _mm512_and_si512(_mm512_or_si512(low, high), of->mask);
}

AVX512 static void get_stream_avx512(const uint8_t *bytes, size_t n, unsigned width, uint64_t *v)
{
    const __m512i lane = _mm512_set_epi64(7, 6, 5, 4, 3, 2, 1, 0);
    const __m512i bit = _mm512_mullo_epi64(lane, _mm512_set1_epi64(width)), word = _mm512_srli_epi64(bit, 6);
    const __m512i shift = _mm512_and_si512(bit, _mm512_set1_epi64(63));
    const struct eighth of = {_mm512_set1_epi64((int64_t)low_bits(width)), word,
                              _mm512_add_epi64(word, _mm512_set1_epi64(1)), shift,
                              _mm512_sub_epi64(_mm512_set1_epi64(64), shift)};
    size_t size = pack_size(n, width);

    for (; n >= 8; n -= 8, v += 8, bytes += width, size -= width)
        _mm512_storeu_si512(v, get_eight(&of, bytes, size));
    if (n > 0)
        _mm512_mask_storeu_epi64(v, (__mmask8)((1u << n) - 1), get_eight(&of, bytes, size));
}
#else
#define get_wide_avx512   get_wide_avx2
#define get_stream_avx512 get_stream
#endif

AVX2 static void widen_avx2(const uint32_t *narrow, uint64_t *v)
{
    widen(narrow, v);
}

AVX512 static void widen_avx512(const uint32_t *narrow, uint64_t *v)
{
    widen(narrow, v);
}

static void get_full(enum target target, const uint8_t *bytes, unsigned width, uint64_t *v)
{
    uint32_t narrow[PACK_BLOCK];

    if (width > PACK_NARROW_MAX) {
        if (target == TARGET_AVX512)
            get_wide_avx512(bytes, width, v);
        else if (target == TARGET_AVX2)
            get_wide_avx2(bytes, width, v);
        else
            get_lanes64(bytes, width, v);
        return;
    }
    pack_get_narrow_on(target, bytes, width, narrow);
    if (target == TARGET_AVX512)
        widen_avx512(narrow, v);
    else if (target == TARGET_AVX2)
        widen_avx2(narrow, v);
    else
        widen(narrow, v);
}

void pack_put_on(enum target target, const uint64_t *v, size_t n, unsigned width, uint8_t *out)
{
    assert(n <= PACK_MAX && width <= PACK_WIDTH_MAX);
    if (width == 0)
        return;
    for (; n >= PACK_BLOCK; n -= PACK_BLOCK, v += PACK_BLOCK, out += pack_size(PACK_BLOCK, width)) {
        if (target == TARGET_AVX512)
            put_avx512(v, width, out);
        else if (target == TARGET_AVX2)
            put_avx2(v, width, out);
        else
            put_full(v, width, out);
    }
    if (n > 0)
        put_stream(v, n, width, out);
}

void pack_get_on(enum target target, const uint8_t *bytes, size_t n, unsigned width, uint64_t *v)
{
    assert(n <= PACK_MAX && width <= PACK_WIDTH_MAX);
    if (width == 0) {
        memset(v, 0, n * sizeof *v);
        return;
    }
    for (; n >= PACK_BLOCK; n -= PACK_BLOCK, v += PACK_BLOCK, bytes += pack_size(PACK_BLOCK, width))
        get_full(target, bytes, width, v);
    if (n > 0 && target == TARGET_AVX512)
        get_stream_avx512(bytes, n, width, v);
    else if (n > 0)
        get_stream(bytes, n, width, v);
}

void pack_get_narrow_on(enum target target, const uint8_t *bytes, unsigned width, uint32_t *narrow)
{
    assert(width <= PACK_NARROW_MAX);
    if (target >= TARGET_AVX2)
        get_narrow_avx2(bytes, width, narrow);
    else
        get_narrow_plain(bytes, width, narrow);
}

void pack_put(const uint64_t *v, size_t n, unsigned width, uint8_t *out)
{
    pack_put_on(target_best(), v, n, width, out);
}

void pack_get(const uint8_t *bytes, size_t n, unsigned width, uint64_t *v)
{
    pack_get_on(target_best(), bytes, n, width, v);
}

void pack_get_narrow(const uint8_t *bytes, unsigned width, uint32_t *narrow)
{
    pack_get_narrow_on(target_best(), bytes, width, narrow);
}
