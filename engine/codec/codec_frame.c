/*
 * codec_frame.c - frame of reference: the smallest integer, and how far above it each one is.
 *
 *     reference    varint, zigzag
 *     rest         patch: integer - reference
 */
#include "base/bytes.h"
#include "codec/codecs.h"
#include "codec/patch.h"
#include "codec/target.h"

BODY int64_t rest_body(const uint64_t *z, size_t n, uint64_t *rest)
{
    int64_t min = (int64_t)z[0];

    for (size_t i = 1; i < n; i++)
        min = (int64_t)z[i] < min ? (int64_t)z[i] : min;
    for (size_t i = 0; i < n; i++)
        rest[i] = z[i] - (uint64_t)min;
    return min;
}

AVX512 static int64_t rest_avx512(const uint64_t *z, size_t n, uint64_t *rest)
{
    return rest_body(z, n, rest);
}

AVX2 static int64_t rest_avx2(const uint64_t *z, size_t n, uint64_t *rest)
{
    return rest_body(z, n, rest);
}

size_t frame_encode(const uint64_t *z, size_t n, size_t limit, uint8_t *out)
{
    uint64_t rest[CODECS_BLOCK_MAX];
    enum target target = target_best();

    int64_t min = target == TARGET_AVX512 ? rest_avx512(z, n, rest)
                  : target == TARGET_AVX2 ? rest_avx2(z, n, rest)
                                          : rest_body(z, n, rest);
    size_t at = varint_put(out, zigzag(min));
    struct patch_plan plan = patch_plan(rest, n);
    if (at + plan.size >= limit)
        return 0;
    patch_put(&plan, rest, n, out + at);
    return at + plan.size;
}

bool frame_decode(const uint8_t *bytes, size_t size, size_t n, uint64_t *z)
{
    uint64_t v;
    size_t at = varint_get(bytes, size, &v);
    if (at == 0 || at == size || patch_get(bytes + at, size - at, n, z) != size - at)
        return false;
    v = (uint64_t)unzigzag(v);
    for (size_t i = 0; i < n; i++)
        z[i] += v;
    return true;
}

bool frame_bounds(const uint8_t *bytes, size_t size, size_t n, int64_t *low, int64_t *high)
{
    uint64_t v;
    (void)n;
    size_t at = varint_get(bytes, size, &v);
    unsigned bits = at ? patch_bits(bytes + at, size - at) : PACK_WIDTH_MAX;
    if (bits >= PACK_WIDTH_MAX - 1)
        return false;
    *low = unzigzag(v);
    return !__builtin_add_overflow(*low, ((int64_t)1 << bits) - 1, high);
}
