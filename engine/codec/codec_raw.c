/*
 * codec_raw.c - eight bytes each: what nothing else makes smaller.
 */
#include <string.h>

#include "codec/codecs.h"

size_t raw_encode(const uint64_t *z, size_t n, size_t limit, uint8_t *out)
{
    if (n * sizeof *z >= limit)
        return 0;
    memcpy(out, z, n * sizeof *z);
    return n * sizeof *z;
}

bool raw_decode(const uint8_t *bytes, size_t size, size_t n, uint64_t *z)
{
    if (size != n * sizeof *z)
        return false;
    memcpy(z, bytes, size);
    return true;
}
