/*
 * shuffle.c - eight numbers at a time are an 8 x 8 matrix of bytes in eight registers; transposing it takes three
 * rounds of swaps (Hacker's Delight, 7-3), and is its own inverse. Plain C is as fast as a memory bus here, so there
 * are no variants.
 */
#include "codec/shuffle.h"

#include "base/bytes.h"
#include "codec/target.h"

/* Swaps the high part of a with the low part of b, in units of `bits`. */
#define SWAP(a, b, bits, mask)                                                                                         \
    do {                                                                                                               \
        uint64_t t = ((a) >> (bits) ^ (b)) & (mask);                                                                   \
        (b) ^= t;                                                                                                      \
        (a) ^= t << (bits);                                                                                            \
    } while (0)

BODY void transpose(uint64_t x[8])
{
    for (unsigned i = 0; i < 4; i++)
        SWAP(x[i], x[i + 4], 32, UINT64_C(0x00000000FFFFFFFF));
    for (unsigned i = 0; i < 8; i += 4) {
        SWAP(x[i], x[i + 2], 16, UINT64_C(0x0000FFFF0000FFFF));
        SWAP(x[i + 1], x[i + 3], 16, UINT64_C(0x0000FFFF0000FFFF));
    }
    for (unsigned i = 0; i < 8; i += 2)
        SWAP(x[i], x[i + 1], 8, UINT64_C(0x00FF00FF00FF00FF));
}

/* The numbers from `from` on, which do not fill a matrix, a byte at a time. */
static void shuffle_rest(const uint8_t *in, size_t n, size_t width, size_t from, uint8_t *out)
{
    for (size_t i = from; i < n; i++)
        for (size_t b = 0; b < width; b++)
            out[b * n + i] = in[i * width + b];
}

static void unshuffle_rest(const uint8_t *in, size_t n, size_t width, size_t from, uint8_t *out)
{
    for (size_t i = from; i < n; i++)
        for (size_t b = 0; b < width; b++)
            out[i * width + b] = in[b * n + i];
}

void shuffle_8(const void *in, size_t n, uint8_t *out)
{
    const uint8_t *p = in;
    size_t i;
    for (i = 0; i + 8 <= n; i += 8) {
        uint64_t x[8];
        memcpy(x, p + 8 * i, sizeof x);
        transpose(x);
        for (size_t b = 0; b < 8; b++)
            store_u64(out + b * n + i, x[b]);
    }
    shuffle_rest(p, n, 8, i, out);
}

void unshuffle_8(const uint8_t *in, size_t n, void *out)
{
    uint8_t *p = out;
    size_t i;
    for (i = 0; i + 8 <= n; i += 8) {
        uint64_t x[8];
        for (size_t b = 0; b < 8; b++)
            x[b] = load_u64(in + b * n + i);
        transpose(x);
        memcpy(p + 8 * i, x, sizeof x);
    }
    unshuffle_rest(in, n, 8, i, p);
}

void shuffle_4(const void *in, size_t n, uint8_t *out)
{
    shuffle_rest(in, n, 4, 0, out);
}

void unshuffle_4(const uint8_t *in, size_t n, void *out)
{
    unshuffle_rest(in, n, 4, 0, out);
}
