/*
 * codec_slope.c - the first integer, the smallest difference, and how far above it each difference is: counters, energy
 * meters, and regular steps, which take no bits at all.
 *
 *     first    varint, zigzag
 *     reach    1    how far from it the others are, see codecs.h
 *     slope    varint, zigzag: the smallest difference
 *     rest     patch: difference - slope; that of the first integer is 0
 */
#include <string.h>

#include "base/bytes.h"
#include "codec/codecs.h"
#include "codec/patch.h"
#include "codec/prefix.h"
#include "codec/target.h"

/* The smallest difference, and how far above it each is; *farthest: how far an integer is from the first at most. */
BODY uint64_t rest_body(const uint64_t *z, size_t n, uint64_t *rest, uint64_t *farthest)
{
    int64_t slope = INT64_MAX;
    uint64_t most = 0;

    for (size_t i = 1; i < n; i++) {
        int64_t difference = (int64_t)(z[i] - z[i - 1]);
        slope = difference < slope ? difference : slope;
        uint64_t d = z[i] - z[0], sign = 0 - (d >> 63), far = (d ^ sign) - sign;
        most = far > most ? far : most;
    }
    *farthest = most;
    rest[0] = 0;
    for (size_t i = 1; i < n; i++)
        rest[i] = z[i] - z[i - 1] - (uint64_t)slope;
    return (uint64_t)slope;
}

AVX512 static uint64_t rest_avx512(const uint64_t *z, size_t n, uint64_t *rest, uint64_t *farthest)
{
    return rest_body(z, n, rest, farthest);
}

AVX2 static uint64_t rest_avx2(const uint64_t *z, size_t n, uint64_t *rest, uint64_t *farthest)
{
    return rest_body(z, n, rest, farthest);
}

#define SLOPE_LOOK 8 /* so few integers may look like anything */

/* Integers with a slope are farthest from the first one near their end; noise around a level is not. */
static bool is_drifting(const uint64_t *z, size_t n, uint64_t farthest)
{
    uint64_t d = z[n - 1] - z[0];
    return (d >> 63 ? 0 - d : d) >= farthest / 2;
}

void slope_plan(const uint64_t *z, size_t n, size_t limit, struct codec_plan *out)
{
    uint64_t farthest;
    enum target target = target_best();

    uint64_t slope = target == TARGET_AVX512 ? rest_avx512(z, n, out->rest, &farthest)
                     : target == TARGET_AVX2 ? rest_avx2(z, n, out->rest, &farthest)
                                             : rest_body(z, n, out->rest, &farthest);
    out->head_size = varint_put(out->head, zigzag((int64_t)z[0]));
    out->head[out->head_size++] = codecs_reach(farthest);
    out->head_size += varint_put(out->head + out->head_size, zigzag((int64_t)slope));
    if (n > SLOPE_LOOK && !is_drifting(z, n, farthest))
        out->patch = (struct patch_plan){.size = limit}; /* not below it: nobody will want it */
    else
        out->patch = patch_plan_noise(out->rest, n, limit - out->head_size);
}

size_t slope_encode(const uint64_t *z, size_t n, size_t limit, uint8_t *out)
{
    return codec_plan_encode(slope_plan, z, n, limit, out);
}

bool slope_decode(const uint8_t *bytes, size_t size, size_t n, uint64_t *z)
{
    uint64_t v, slope;
    size_t at = varint_get(bytes, size, &v);
    size_t used = at && at < size ? varint_get(bytes + at + 1, size - at - 1, &slope) : 0;
    at += 1 + used;
    if (used == 0 || at >= size || patch_get(bytes + at, size - at, n, z) != size - at)
        return false;
    v = (uint64_t)unzigzag(v);
    slope = (uint64_t)unzigzag(slope);
    z[0] += v;
    for (size_t i = 1; i < n; i++)
        z[i] += z[i - 1] + slope;
    return true;
}

/* The first integer has no slope before it. */
BODY void near_body(uint32_t slope, uint32_t *near)
{
    uint32_t v = 0 - slope;
#pragma GCC unroll 8
    for (size_t i = 0; i < CODECS_BLOCK_MAX; i++)
        near[i] = v += near[i] + slope;
}

AVX512 static void near_avx512(uint32_t slope, uint32_t *near)
{
    const sixteen zero = {0}, step = zero + slope;
    sixteen before = zero - slope;

    for (size_t i = 0; i < CODECS_BLOCK_MAX; i += 16) {
        sixteen x;
        memcpy(&x, near + i, sizeof x);
        x += step;
        prefix_sums(&x, &before);
        memcpy(near + i, &x, sizeof x);
    }
}

bool slope_decode_near(const uint8_t *bytes, size_t size, uint64_t *base, uint32_t *near)
{
    uint64_t v, slope;
    size_t at = varint_get(bytes, size, &v);
    if (at == 0 || at >= size || !codecs_reach_is_near(bytes[at]))
        return false;
    size_t used = varint_get(bytes + at + 1, size - at - 1, &slope);
    at += 1 + used;
    if (used == 0 || at >= size || patch_get_narrow(bytes + at, size - at, near) != size - at)
        return false;
    slope = (uint64_t)unzigzag(slope);
    if (target_best() == TARGET_AVX512)
        near_avx512((uint32_t)slope, near);
    else
        near_body((uint32_t)slope, near);
    *base = (uint64_t)unzigzag(v);
    return true;
}

bool slope_bounds(const uint8_t *bytes, size_t size, size_t n, int64_t *low, int64_t *high)
{
    return delta_bounds(bytes, size, n, low, high); /* they begin alike */
}
