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
#include "codec/prefix.h"
#include "codec/target.h"

/* Zigzag differences; returns how far an integer is from the first one at most. */
BODY uint64_t rest_body(const uint64_t *z, size_t n, uint64_t *rest)
{
    uint64_t most = 0;

    rest[0] = 0;
    for (size_t i = 1; i < n; i++) {
        uint64_t d = z[i] - z[0], sign = 0 - (d >> 63), far = (d ^ sign) - sign;
        most = far > most ? far : most;
        rest[i] = zigzag((int64_t)(z[i] - z[i - 1]));
    }
    return most;
}

AVX512 static uint64_t rest_avx512(const uint64_t *z, size_t n, uint64_t *rest)
{
    return rest_body(z, n, rest);
}

AVX2 static uint64_t rest_avx2(const uint64_t *z, size_t n, uint64_t *rest)
{
    return rest_body(z, n, rest);
}

void delta_plan(const uint64_t *z, size_t n, size_t limit, struct codec_plan *out)
{
    enum target target = target_best();

    uint64_t farthest = target == TARGET_AVX512 ? rest_avx512(z, n, out->rest)
                        : target == TARGET_AVX2 ? rest_avx2(z, n, out->rest)
                                                : rest_body(z, n, out->rest);
    out->head_size = varint_put(out->head, zigzag((int64_t)z[0]));
    out->head[out->head_size++] = codecs_reach(farthest);
    out->patch = patch_plan_noise(out->rest, n, limit - out->head_size);
}

size_t delta_encode(const uint64_t *z, size_t n, size_t limit, uint8_t *out)
{
    return codec_plan_encode(delta_plan, z, n, limit, out);
}

/* Two loops: the first one is a vector loop, the second one waits for nothing but its own sum. */
BODY void add_up_body(uint64_t v, size_t n, uint64_t *z)
{
    for (size_t i = 0; i < n; i++)
        z[i] = (uint64_t)unzigzag(z[i]);
#pragma GCC unroll 8
    for (size_t i = 0; i < n; i++)
        z[i] = v += z[i];
}

typedef uint64_t eight __attribute__((vector_size(64)));

/* The same for registers of eight integers: each is added to those behind it in three steps, and only the last one is
 * waited for. */
BODY void add_up_eights(uint64_t v, size_t n, uint64_t *z)
{
    const eight zero = {0};
    eight before = zero + v;
    size_t i = 0;

    for (; i + 8 <= n; i += 8) {
        eight x;
        memcpy(&x, z + i, sizeof x);
        x = (x >> 1) ^ (zero - (x & 1)); /* unzigzag */
        x += __builtin_shufflevector(zero, x, 0, 8, 9, 10, 11, 12, 13, 14);
        x += __builtin_shufflevector(zero, x, 0, 0, 8, 9, 10, 11, 12, 13);
        x += __builtin_shufflevector(zero, x, 0, 0, 0, 0, 8, 9, 10, 11);
        x += before;
        memcpy(z + i, &x, sizeof x);
        before = __builtin_shufflevector(x, x, 7, 7, 7, 7, 7, 7, 7, 7);
    }
    add_up_body(before[0], n - i, z + i);
}

AVX512 static void add_up_avx512(uint64_t v, size_t n, uint64_t *z)
{
    add_up_eights(v, n, z);
}

AVX2 static void add_up_avx2(uint64_t v, size_t n, uint64_t *z)
{
    add_up_body(v, n, z);
}

bool delta_decode(const uint8_t *bytes, size_t size, size_t n, uint64_t *z)
{
    uint64_t v;
    size_t at = varint_get(bytes, size, &v);
    if (at++ == 0 || at >= size || patch_get(bytes + at, size - at, n, z) != size - at)
        return false;
    enum target target = target_best();
    if (target == TARGET_AVX512)
        add_up_avx512((uint64_t)unzigzag(v), n, z);
    else if (target == TARGET_AVX2)
        add_up_avx2((uint64_t)unzigzag(v), n, z);
    else
        add_up_body((uint64_t)unzigzag(v), n, z);
    return true;
}

/* The same of distances to the first integer, of which 32 bits are enough. */
BODY void near_body(uint32_t v, size_t n, uint32_t *near)
{
    for (size_t i = 0; i < n; i++)
        near[i] = near[i] >> 1 ^ (0 - (near[i] & 1)); /* unzigzag */
#pragma GCC unroll 8
    for (size_t i = 0; i < n; i++)
        near[i] = v += near[i];
}

BODY void near_sixteens(uint32_t *near)
{
    const sixteen zero = {0};
    sixteen before = {0};

    for (size_t i = 0; i < CODECS_BLOCK_MAX; i += 16) {
        sixteen x;
        memcpy(&x, near + i, sizeof x);
        x = (x >> 1) ^ (zero - (x & 1)); /* unzigzag */
        prefix_sums(&x, &before);
        memcpy(near + i, &x, sizeof x);
    }
}

AVX512 static void near_avx512(uint32_t *near)
{
    near_sixteens(near);
}

AVX2 static void near_avx2(uint32_t *near)
{
    near_body(0, CODECS_BLOCK_MAX, near);
}

bool delta_decode_near(const uint8_t *bytes, size_t size, uint64_t *base, uint32_t *near)
{
    if (!codecs_get_near(bytes, size, base, near))
        return false;
    enum target target = target_best();
    if (target == TARGET_AVX512)
        near_avx512(near);
    else if (target == TARGET_AVX2)
        near_avx2(near);
    else
        near_body(0, CODECS_BLOCK_MAX, near);
    return true;
}

bool delta_bounds(const uint8_t *bytes, size_t size, size_t n, int64_t *low, int64_t *high)
{
    uint64_t v;
    (void)n;
    size_t at = varint_get(bytes, size, &v);
    return at > 0 && at < size && codecs_reach_bounds((uint64_t)unzigzag(v), bytes[at], low, high);
}
