/*
 * codecs.c - the table, and the choice by exact size. Cheap and narrow codecs stand first, and each later one has to
 * beat the best so far. Those that pack tell their size by a plan, and only the best one is packed.
 */
#include "codec/codecs.h"

#include <assert.h>
#include <string.h>

#include "base/bytes.h"

const struct codec CODEC_TABLE[CODECS_N] = {
    [CODEC_CONSTANT] = {"constant", constant_encode, NULL, constant_decode, NULL, constant_bounds},
    [CODEC_RUNS] = {"runs", runs_encode, NULL, runs_decode, NULL, runs_bounds},
    [CODEC_FRAME] = {"frame", frame_encode, frame_plan, frame_decode, frame_decode_near, frame_bounds},
    [CODEC_DELTA] = {"delta", delta_encode, delta_plan, delta_decode, delta_decode_near, delta_bounds},
    [CODEC_SLOPE] = {"slope", slope_encode, slope_plan, slope_decode, slope_decode_near, slope_bounds},
    [CODEC_LZ4] = {"lz4", lz4_encode, NULL, lz4_decode, NULL, NULL},
    [CODEC_RAW] = {"raw", raw_encode, NULL, raw_decode, NULL, NULL},
    [CODEC_CENTER] = {"center", center_encode, center_plan, center_decode, center_decode_near, center_bounds},
};

size_t codec_plan_size(const struct codec_plan *plan)
{
    return plan->head_size + plan->patch.size;
}

size_t codec_plan_put(const struct codec_plan *plan, size_t n, uint8_t *out)
{
    memcpy(out, plan->head, sizeof plan->head); /* there is room */
    patch_put(&plan->patch, plan->rest, n, out + plan->head_size);
    return codec_plan_size(plan);
}

size_t codec_plan_encode(void (*plan)(const uint64_t *, size_t, size_t, struct codec_plan *), const uint64_t *z,
                         size_t n, size_t limit, uint8_t *out)
{
    struct codec_plan made;

    plan(z, n, limit, &made);
    return codec_plan_size(&made) < limit ? codec_plan_put(&made, n, out) : 0;
}

size_t codecs_encode(unsigned candidates, const uint64_t *z, size_t n, uint8_t *out, enum codecs_id *id)
{
    uint8_t attempt[CODECS_SIZE_MAX];
    struct codec_plan plan[2];
    unsigned spare = 0; /* the other one is the best so far, if *id has a plan */
    size_t best = CODECS_SIZE_MAX;

    assert(n >= 1 && n <= CODECS_BLOCK_MAX && (candidates & CODECS_BIT(CODEC_RAW)));
    for (unsigned i = 0; i < CODECS_N; i++) {
        const struct codec *codec = &CODEC_TABLE[i];
        if (!(candidates & CODECS_BIT(i)))
            continue;
        if (codec->plan)
            codec->plan(z, n, best, &plan[spare]);
        size_t size = codec->plan ? codec_plan_size(&plan[spare]) : codec->encode(z, n, best, attempt);
        if (size == 0 || size >= best)
            continue;
        if (codec->plan)
            spare = 1 - spare;
        else
            memcpy(out, attempt, size);
        best = size;
        *id = (enum codecs_id)i;
        if (i == CODEC_CONSTANT)
            break; /* a constant cannot be beaten */
    }
    if (CODEC_TABLE[*id].plan)
        codec_plan_put(&plan[1 - spare], n, out);
    return best;
}

bool codecs_decode(unsigned id, const uint8_t *bytes, size_t size, size_t n, uint64_t *z)
{
    assert(n <= CODECS_BLOCK_MAX);
    return id < CODECS_N && CODEC_TABLE[id].decode(bytes, size, n, z);
}

bool codecs_decode_near(unsigned id, const uint8_t *bytes, size_t size, uint64_t *base, uint32_t *near)
{
    return id < CODECS_N && CODEC_TABLE[id].decode_near && CODEC_TABLE[id].decode_near(bytes, size, base, near);
}

bool codecs_bounds(unsigned id, const uint8_t *bytes, size_t size, size_t n, int64_t *low, int64_t *high)
{
    return id < CODECS_N && CODEC_TABLE[id].bounds && CODEC_TABLE[id].bounds(bytes, size, n, low, high);
}

#define REACH_LEAST 4
#define REACH_FAR   58 /* an exponent from which on the reach is nearly all there is */

uint8_t codecs_reach(uint64_t farthest)
{
    if (farthest <= REACH_LEAST)
        return 0;
    unsigned width = pack_width(farthest), e = width > 3 ? width - 3 : 0;
    uint64_t lost = (UINT64_C(1) << e) - 1, q = (farthest >> e) + ((farthest & lost) != 0);
    if (q == 2 * REACH_LEAST) {
        q = REACH_LEAST;
        e++;
    }
    return (uint8_t)(e << 2 | (q - REACH_LEAST));
}

bool codecs_reach_bounds(uint64_t from, uint8_t reach, int64_t *low, int64_t *high)
{
    unsigned e = reach >> 2;
    if (e >= REACH_FAR)
        return false;
    int64_t most = (int64_t)(REACH_LEAST + (reach & 3u)) << e;
    return !__builtin_sub_overflow((int64_t)from, most, low) && !__builtin_add_overflow((int64_t)from, most, high);
}

bool codecs_reach_is_near(uint8_t reach)
{
    unsigned e = reach >> 2;
    return e < 31 && (uint64_t)(REACH_LEAST + (reach & 3u)) << e <= INT32_MAX;
}

bool codecs_get_near(const uint8_t *bytes, size_t size, uint64_t *from, uint32_t *rest)
{
    uint64_t v;
    size_t at = varint_get(bytes, size, &v);
    if (at++ == 0 || at >= size || !codecs_reach_is_near(bytes[at - 1]) ||
        patch_get_narrow(bytes + at, size - at, rest) != size - at)
        return false;
    *from = (uint64_t)unzigzag(v);
    return true;
}
