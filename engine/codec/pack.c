/*
 * pack.c - bit packing, see pack.h for the layouts.
 *
 * A value that crosses a word is split without a branch: the part that fits goes to word k, the rest to word k + 1, and
 * when all of it fits the rest is zero. Shifts are written as two (`<< 1 << (31 - s)`) because s may be 0.
 */
#include "codec/pack.h"

#include <assert.h>

#include "base/bytes.h"

static uint64_t low_bits(unsigned width)
{
    return width == 64 ? UINT64_MAX : (UINT64_C(1) << width) - 1;
}

/* A row of words, one a lane: one register on every machine we know. */
typedef uint32_t row32 __attribute__((vector_size(16)));
typedef uint64_t row64 __attribute__((vector_size(16)));

BODY void put_lanes32(const uint64_t *v, unsigned width, uint8_t *out)
{
    row32 word[33] = {{0}}; /* one more than 32 bits need: the last value's empty rest */
    uint32_t narrow[PACK_MAX], mask = (uint32_t)low_bits(width);

    for (unsigned i = 0; i < PACK_MAX; i++)
        narrow[i] = (uint32_t)v[i] & mask;
    for (unsigned j = 0; j < 32; j++) {
        unsigned k = j * width / 32, s = j * width % 32;
        row32 x;
        memcpy(&x, narrow + 4 * j, sizeof x);
        word[k] |= x << s;
        word[k + 1] |= x >> 1 >> (31 - s);
    }
    memcpy(out, word, 16 * (size_t)width);
}

BODY void get_lanes32(const uint8_t *bytes, unsigned width, uint64_t *v)
{
    row32 word[32];
    uint32_t narrow[PACK_MAX], mask = (uint32_t)low_bits(width);

    memcpy(word, bytes, 16 * (size_t)width);
    for (unsigned j = 0; j < 32; j++) {
        unsigned bit = j * width, s = bit % 32;
        row32 high = word[(bit + width - 1) / 32]; /* where the value's last bit is: never too far */
        row32 x = (word[bit / 32] >> s | high << 1 << (31 - s)) & mask;
        memcpy(narrow + 4 * j, &x, sizeof x);
    }
    for (unsigned i = 0; i < PACK_MAX; i++)
        v[i] = narrow[i];
}

BODY void put_lanes64(const uint64_t *v, unsigned width, uint8_t *out)
{
    row64 word[65] = {{0}};
    uint64_t mask = low_bits(width);

    for (unsigned j = 0; j < 64; j++) {
        unsigned k = j * width / 64, s = j * width % 64;
        row64 x;
        memcpy(&x, v + 2 * j, sizeof x);
        x &= mask;
        word[k] |= x << s;
        word[k + 1] |= x >> 1 >> (63 - s);
    }
    memcpy(out, word, 16 * (size_t)width);
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

/* Fewer than 128 values are packed through a copy with room for the two words that a value may touch. */
static void put_stream(const uint64_t *v, size_t n, unsigned width, uint8_t *out)
{
    uint8_t room[PACK_SIZE_MAX + 16] = {0};
    uint64_t mask = low_bits(width);

    for (size_t i = 0; i < n; i++) {
        uint8_t *p = room + i * width / 8;
        unsigned s = (unsigned)(i * width % 8);
        uint64_t x = v[i] & mask;
        store_u64(p, load_u64(p) | x << s);
        p[8] = (uint8_t)(x >> 1 >> (63 - s));
    }
    memcpy(out, room, pack_size(n, width));
}

static void get_stream(const uint8_t *bytes, size_t n, unsigned width, uint64_t *v)
{
    uint8_t room[PACK_SIZE_MAX + 16];
    uint64_t mask = low_bits(width);
    size_t size = pack_size(n, width);

    memcpy(room, bytes, size);
    memset(room + size, 0, 16);
    for (size_t i = 0; i < n; i++) {
        const uint8_t *p = room + i * width / 8;
        unsigned s = (unsigned)(i * width % 8);
        v[i] = (load_u64(p) >> s | (uint64_t)p[8] << 1 << (63 - s)) & mask;
    }
}

BODY void put_full(const uint64_t *v, unsigned width, uint8_t *out)
{
    if (width <= 32)
        put_lanes32(v, width, out);
    else
        put_lanes64(v, width, out);
}

BODY void get_full(const uint8_t *bytes, unsigned width, uint64_t *v)
{
    if (width <= 32)
        get_lanes32(bytes, width, v);
    else
        get_lanes64(bytes, width, v);
}

AVX2 static void put_avx2(const uint64_t *v, unsigned width, uint8_t *out)
{
    put_full(v, width, out);
}

AVX512 static void put_avx512(const uint64_t *v, unsigned width, uint8_t *out)
{
    put_full(v, width, out);
}

AVX2 static void get_avx2(const uint8_t *bytes, unsigned width, uint64_t *v)
{
    get_full(bytes, width, v);
}

AVX512 static void get_avx512(const uint8_t *bytes, unsigned width, uint64_t *v)
{
    get_full(bytes, width, v);
}

void pack_put_on(enum target target, const uint64_t *v, size_t n, unsigned width, uint8_t *out)
{
    assert(n <= PACK_MAX && width <= PACK_WIDTH_MAX);
    if (width == 0)
        return;
    if (n < PACK_MAX)
        put_stream(v, n, width, out);
    else if (target == TARGET_AVX512)
        put_avx512(v, width, out);
    else if (target == TARGET_AVX2)
        put_avx2(v, width, out);
    else
        put_full(v, width, out);
}

void pack_get_on(enum target target, const uint8_t *bytes, size_t n, unsigned width, uint64_t *v)
{
    assert(n <= PACK_MAX && width <= PACK_WIDTH_MAX);
    if (width == 0)
        memset(v, 0, n * sizeof *v);
    else if (n < PACK_MAX)
        get_stream(bytes, n, width, v);
    else if (target == TARGET_AVX512)
        get_avx512(bytes, width, v);
    else if (target == TARGET_AVX2)
        get_avx2(bytes, width, v);
    else
        get_full(bytes, width, v);
}

void pack_put(const uint64_t *v, size_t n, unsigned width, uint8_t *out)
{
    pack_put_on(target_best(), v, n, width, out);
}

void pack_get(const uint8_t *bytes, size_t n, unsigned width, uint64_t *v)
{
    pack_get_on(target_best(), bytes, n, width, v);
}
