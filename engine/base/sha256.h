/*
 * sha256.h - SHA-256 of FIPS 180-4, in plain C: for digests of a store's content, which are made now and then.
 */
#ifndef BASE_SHA256_H
#define BASE_SHA256_H

#include <stddef.h>
#include <stdint.h>

#define SHA256_SIZE 32

struct sha256 {
    uint32_t h[8];
    uint64_t size; /* bytes so far */
    uint8_t block[64];
};

void sha256_init(struct sha256 *sha);
void sha256_update(struct sha256 *sha, const void *bytes, size_t size);
/* Writes the digest; the struct must be initialised again before further use. */
void sha256_final(struct sha256 *sha, uint8_t out[SHA256_SIZE]);

#endif
