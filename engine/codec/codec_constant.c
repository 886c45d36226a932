/*
 * codec_constant.c - all integers are the same.
 *
 *     value    varint, zigzag
 */
#include "base/bytes.h"
#include "codec/codecs.h"
#include "codec/target.h"

BODY uint64_t differences_body(const uint64_t *z, size_t n)
{
    uint64_t differs = 0;
    for (size_t i = 1; i < n; i++)
        differs |= z[i] ^ z[0];
    return differs;
}

AVX2 static uint64_t differences_avx2(const uint64_t *z, size_t n)
{
    return differences_body(z, n);
}

/* Most blocks are found out by their last integer. */
size_t constant_encode(const uint64_t *z, size_t n, size_t limit, uint8_t *out)
{
    if (z[n - 1] != z[0] || (target_best() >= TARGET_AVX2 ? differences_avx2(z, n) : differences_body(z, n)))
        return 0;
    size_t size = varint_put(out, zigzag((int64_t)z[0]));
    return size < limit ? size : 0;
}

bool constant_decode(const uint8_t *bytes, size_t size, size_t n, uint64_t *z)
{
    uint64_t v;
    if (size == 0 || varint_get(bytes, size, &v) != size)
        return false;
    v = (uint64_t)unzigzag(v);
    for (size_t i = 0; i < n; i++)
        z[i] = v;
    return true;
}

bool constant_bounds(const uint8_t *bytes, size_t size, size_t n, int64_t *low, int64_t *high)
{
    uint64_t v;
    (void)n;
    if (varint_get(bytes, size, &v) == 0)
        return false;
    *low = *high = unzigzag(v);
    return true;
}
