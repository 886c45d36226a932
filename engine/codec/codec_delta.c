/*
 * codec_delta.c - the first integer, and the difference of each to the one before: for values that wander.
 *
 *     first    varint, zigzag
 *     reach    1    how far from it the others are, see codecs.h
 *     rest     patch: zigzag differences; that of the first integer is 0, so that a full block is packed in lanes
 */
#include "base/bytes.h"
#include "codec/codecs.h"
#include "codec/patch.h"

/* How far an integer is from the first one at most. */
static uint64_t farthest(const uint64_t *z, size_t n)
{
    uint64_t most = 0;

    for (size_t i = 1; i < n; i++) {
        uint64_t d = z[i] - z[0], sign = 0 - (d >> 63), far = (d ^ sign) - sign;
        most = far > most ? far : most;
    }
    return most;
}

size_t delta_encode(const uint64_t *z, size_t n, size_t limit, uint8_t *out)
{
    uint64_t rest[CODECS_BLOCK_MAX];

    rest[0] = 0;
    for (size_t i = 1; i < n; i++)
        rest[i] = zigzag((int64_t)(z[i] - z[i - 1]));
    size_t at = varint_put(out, zigzag((int64_t)z[0]));
    out[at++] = codecs_reach(farthest(z, n));
    struct patch_plan plan = patch_plan(rest, n);
    if (at + plan.size >= limit)
        return 0;
    patch_put(&plan, rest, n, out + at);
    return at + plan.size;
}

bool delta_decode(const uint8_t *bytes, size_t size, size_t n, uint64_t *z)
{
    uint64_t v;
    size_t at = varint_get(bytes, size, &v);
    if (at++ == 0 || at >= size || patch_get(bytes + at, size - at, n, z) != size - at)
        return false;
    v = (uint64_t)unzigzag(v);
    for (size_t i = 0; i < n; i++) {
        v += (uint64_t)unzigzag(z[i]);
        z[i] = v;
    }
    return true;
}

bool delta_bounds(const uint8_t *bytes, size_t size, size_t n, int64_t *low, int64_t *high)
{
    uint64_t v;
    (void)n;
    size_t at = varint_get(bytes, size, &v);
    return at > 0 && at < size && codecs_reach_bounds((uint64_t)unzigzag(v), bytes[at], low, high);
}
