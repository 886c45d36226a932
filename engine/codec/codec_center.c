/*
 * codec_center.c - the mean, and how far from it each integer is: for noise around a level.
 *
 *     mean     varint, zigzag (any integer will do)
 *     reach    1    how far from it the others are, see codecs.h
 *     rest     patch: zigzag differences
 */
#include "base/bytes.h"
#include "codec/codecs.h"
#include "codec/patch.h"
#include "codec/target.h"

/* Zigzag differences to the mean; returns how far the farthest is. */
BODY uint64_t rest_body(const uint64_t *z, size_t n, uint64_t *rest, uint64_t *mean)
{
    int64_t low = (int64_t)z[0], high = (int64_t)z[0];
    uint64_t sum = 0;

    for (size_t i = 0; i < n; i++) {
        low = (int64_t)z[i] < low ? (int64_t)z[i] : low;
        high = (int64_t)z[i] > high ? (int64_t)z[i] : high;
        sum += z[i] - z[0];
    }
    *mean = z[0] + (uint64_t)((int64_t)sum / (int64_t)n);
    if ((int64_t)*mean < low || (int64_t)*mean > high) /* the sum did not fit */
        *mean = (uint64_t)low + ((uint64_t)high - (uint64_t)low) / 2;
    for (size_t i = 0; i < n; i++)
        rest[i] = zigzag((int64_t)(z[i] - *mean));
    uint64_t below = *mean - (uint64_t)low, above = (uint64_t)high - *mean;
    return below > above ? below : above;
}

AVX512 static uint64_t rest_avx512(const uint64_t *z, size_t n, uint64_t *rest, uint64_t *mean)
{
    return rest_body(z, n, rest, mean);
}

AVX2 static uint64_t rest_avx2(const uint64_t *z, size_t n, uint64_t *rest, uint64_t *mean)
{
    return rest_body(z, n, rest, mean);
}

void center_plan(const uint64_t *z, size_t n, size_t limit, struct codec_plan *out)
{
    uint64_t mean;
    enum target target = target_best();

    uint64_t farthest = target == TARGET_AVX512 ? rest_avx512(z, n, out->rest, &mean)
                        : target == TARGET_AVX2 ? rest_avx2(z, n, out->rest, &mean)
                                                : rest_body(z, n, out->rest, &mean);
    out->head_size = varint_put(out->head, zigzag((int64_t)mean));
    out->head[out->head_size++] = codecs_reach(farthest);
    out->patch = patch_plan_noise(out->rest, n, limit - out->head_size);
}

size_t center_encode(const uint64_t *z, size_t n, size_t limit, uint8_t *out)
{
    return codec_plan_encode(center_plan, z, n, limit, out);
}

BODY void move_body(uint64_t mean, size_t n, uint64_t *z)
{
    for (size_t i = 0; i < n; i++)
        z[i] = mean + (uint64_t)unzigzag(z[i]);
}

AVX512 static void move_avx512(uint64_t mean, size_t n, uint64_t *z)
{
    move_body(mean, n, z);
}

AVX2 static void move_avx2(uint64_t mean, size_t n, uint64_t *z)
{
    move_body(mean, n, z);
}

bool center_decode(const uint8_t *bytes, size_t size, size_t n, uint64_t *z)
{
    uint64_t v;
    size_t at = varint_get(bytes, size, &v);
    if (at++ == 0 || at >= size || patch_get(bytes + at, size - at, n, z) != size - at)
        return false;
    enum target target = target_best();
    if (target == TARGET_AVX512)
        move_avx512((uint64_t)unzigzag(v), n, z);
    else if (target == TARGET_AVX2)
        move_avx2((uint64_t)unzigzag(v), n, z);
    else
        move_body((uint64_t)unzigzag(v), n, z);
    return true;
}

BODY void unfold_body(uint32_t *near)
{
    for (size_t i = 0; i < CODECS_BLOCK_MAX; i++)
        near[i] = near[i] >> 1 ^ (0 - (near[i] & 1)); /* unzigzag */
}

AVX512 static void unfold_avx512(uint32_t *near)
{
    unfold_body(near);
}

AVX2 static void unfold_avx2(uint32_t *near)
{
    unfold_body(near);
}

bool center_decode_near(const uint8_t *bytes, size_t size, uint64_t *base, uint32_t *near)
{
    if (!codecs_get_near(bytes, size, base, near))
        return false;
    enum target target = target_best();
    if (target == TARGET_AVX512)
        unfold_avx512(near);
    else if (target == TARGET_AVX2)
        unfold_avx2(near);
    else
        unfold_body(near);
    return true;
}

bool center_bounds(const uint8_t *bytes, size_t size, size_t n, int64_t *low, int64_t *high)
{
    return delta_bounds(bytes, size, n, low, high); /* they begin alike */
}
