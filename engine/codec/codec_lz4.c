/*
 * codec_lz4.c - bytes shuffled, then LZ4: for bit patterns that repeat but follow no arithmetic.
 *
 *     all    LZ4 block of 8 * n bytes
 */
#include <lz4.h>

#include "codec/codecs.h"
#include "codec/shuffle.h"

size_t lz4_encode(const uint64_t *z, size_t n, size_t limit, uint8_t *out)
{
    uint8_t shuffled[8 * CODECS_BLOCK_MAX];

    size_t room = limit - 1 < CODECS_SIZE_MAX ? limit - 1 : CODECS_SIZE_MAX;
    shuffle_8(z, n, shuffled);
    int size = LZ4_compress_default((const char *)shuffled, (char *)out, (int)(8 * n), (int)room);
    return size > 0 ? (size_t)size : 0;
}

bool lz4_decode(const uint8_t *bytes, size_t size, size_t n, uint64_t *z)
{
    uint8_t shuffled[8 * CODECS_BLOCK_MAX];

    if (size > CODECS_SIZE_MAX)
        return false;
    int got = LZ4_decompress_safe((const char *)bytes, (char *)shuffled, (int)size, (int)(8 * n));
    if (got < 0 || (size_t)got != 8 * n)
        return false;
    unshuffle_8(shuffled, n, z);
    return true;
}
