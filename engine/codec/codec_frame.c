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

void frame_plan(const uint64_t *z, size_t n, size_t limit, struct codec_plan *out)
{
    enum target target = target_best();

    int64_t min = target == TARGET_AVX512 ? rest_avx512(z, n, out->rest)
                  : target == TARGET_AVX2 ? rest_avx2(z, n, out->rest)
                                          : rest_body(z, n, out->rest);
    out->head_size = varint_put(out->head, zigzag(min));
    out->patch = patch_plan_below(out->rest, n, limit - out->head_size); /* center is for noise */
}

size_t frame_encode(const uint64_t *z, size_t n, size_t limit, uint8_t *out)
{
    return codec_plan_encode(frame_plan, z, n, limit, out);
}

BODY void raise_body(uint64_t by, size_t n, uint64_t *z)
{
    for (size_t i = 0; i < n; i++)
        z[i] += by;
}

AVX512 static void raise_avx512(uint64_t by, size_t n, uint64_t *z)
{
    raise_body(by, n, z);
}

AVX2 static void raise_avx2(uint64_t by, size_t n, uint64_t *z)
{
    raise_body(by, n, z);
}

bool frame_decode_above(const uint8_t *bytes, size_t size, size_t n, uint64_t *base, uint64_t *z)
{
    uint64_t v;
    size_t at = varint_get(bytes, size, &v);
    if (at == 0 || at == size || patch_get(bytes + at, size - at, n, z) != size - at)
        return false;
    *base = (uint64_t)unzigzag(v);
    return true;
}

bool frame_decode(const uint8_t *bytes, size_t size, size_t n, uint64_t *z)
{
    uint64_t base;
    if (!frame_decode_above(bytes, size, n, &base, z))
        return false;
    enum target target = target_best();
    if (target == TARGET_AVX512)
        raise_avx512(base, n, z);
    else if (target == TARGET_AVX2)
        raise_avx2(base, n, z);
    else
        raise_body(base, n, z);
    return true;
}

bool frame_decode_near(const uint8_t *bytes, size_t size, uint64_t *base, uint32_t *near)
{
    uint64_t v;
    size_t at = varint_get(bytes, size, &v);
    if (at == 0 || at == size || patch_bits(bytes + at, size - at) > 31 ||
        patch_get_narrow(bytes + at, size - at, near) != size - at)
        return false;
    *base = (uint64_t)unzigzag(v);
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
