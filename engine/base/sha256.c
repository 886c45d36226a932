/*
 * sha256.c - SHA-256. Names follow FIPS 180-4 §6.2: H the state, W the message schedule, a to h the working variables.
 */
#include "base/sha256.h"

#include <string.h>

#include "gk.h"

static const uint32_t K[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

static uint32_t load_be32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static void store_be32(uint8_t *p, uint32_t v)
{
    for (int i = 0; i < 4; i++)
        p[i] = (uint8_t)(v >> (24 - 8 * i));
}

static uint32_t rotate(uint32_t v, int n)
{
    return v >> n | v << (32 - n);
}

static void schedule(uint32_t w[64], const uint8_t *block)
{
    for (int t = 0; t < 16; t++)
        w[t] = load_be32(block + 4 * t);
    for (int t = 16; t < 64; t++) {
        uint32_t s0 = rotate(w[t - 15], 7) ^ rotate(w[t - 15], 18) ^ w[t - 15] >> 3;
        uint32_t s1 = rotate(w[t - 2], 17) ^ rotate(w[t - 2], 19) ^ w[t - 2] >> 10;
        w[t] = s1 + w[t - 7] + s0 + w[t - 16];
    }
}

/* The working variable i (0: a, 7: h) in round r of eight. They stay where they are, and their names move. */
#define V(i) v[((i)-r) & 7]

static void take_block(uint32_t h[8], const uint8_t *block)
{
    uint32_t w[64], v[8];

    schedule(w, block);
    memcpy(v, h, sizeof v);
    for (int t = 0; t < 64; t += 8)
#pragma GCC unroll 8
        for (int r = 0; r < 8; r++) {
            uint32_t s1 = rotate(V(4), 6) ^ rotate(V(4), 11) ^ rotate(V(4), 25);
            uint32_t choice = (V(4) & V(5)) ^ (~V(4) & V(6));
            uint32_t t1 = V(7) + s1 + choice + K[t + r] + w[t + r];
            uint32_t s0 = rotate(V(0), 2) ^ rotate(V(0), 13) ^ rotate(V(0), 22);
            uint32_t majority = (V(0) & V(1)) ^ (V(0) & V(2)) ^ (V(1) & V(2));
            V(3) += t1;
            V(7) = t1 + s0 + majority; /* the next round's a */
        }
    for (int i = 0; i < 8; i++)
        h[i] += v[i];
}

void sha256_init(struct sha256 *sha)
{
    static const uint32_t H[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                  0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
    memset(sha, 0, sizeof *sha);
    memcpy(sha->h, H, sizeof sha->h);
}

void sha256_update(struct sha256 *sha, const void *bytes, size_t size)
{
    const uint8_t *p = bytes;

    while (size > 0) {
        size_t at = (size_t)(sha->size % sizeof sha->block);
        size_t n = sizeof sha->block - at < size ? sizeof sha->block - at : size;
        memcpy(sha->block + at, p, n);
        sha->size += n;
        p += n;
        size -= n;
        if (at + n == sizeof sha->block)
            take_block(sha->h, sha->block);
    }
}

void sha256_final(struct sha256 *sha, uint8_t out[SHA256_SIZE])
{
    static const uint8_t PADDING[64] = {0x80};
    uint64_t bits = sha->size * 8;
    uint8_t length[8];

    store_be32(length, (uint32_t)(bits >> 32));
    store_be32(length + 4, (uint32_t)bits);
    sha256_update(sha, PADDING, 64 - (sha->size + 8) % 64);
    sha256_update(sha, length, sizeof length);
    for (int i = 0; i < 8; i++)
        store_be32(out + 4 * i, sha->h[i]);
}

void gk_sha256(const void *bytes, size_t size, uint8_t out[32])
{
    struct sha256 sha;

    sha256_init(&sha);
    sha256_update(&sha, bytes, size);
    sha256_final(&sha, out);
}
