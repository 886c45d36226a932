/*
 * codecs.c - the table, and the choice by measured size. Cheap and narrow codecs stand first: each later one has to
 * beat the best so far and gives up as soon as its plan says that it will not, so most blocks are packed once or twice.
 */
#include "codec/codecs.h"

#include <assert.h>
#include <string.h>

const struct codec CODEC_TABLE[CODECS_N] = {
    [CODEC_CONSTANT] = {"constant", constant_encode, constant_decode, constant_bounds},
    [CODEC_RUNS] = {"runs", runs_encode, runs_decode, runs_bounds},
    [CODEC_FRAME] = {"frame", frame_encode, frame_decode, frame_bounds},
    [CODEC_DELTA] = {"delta", delta_encode, delta_decode, delta_bounds},
    [CODEC_SLOPE] = {"slope", slope_encode, slope_decode, slope_bounds},
    [CODEC_LZ4] = {"lz4", lz4_encode, lz4_decode, NULL},
    [CODEC_RAW] = {"raw", raw_encode, raw_decode, NULL},
};

size_t codecs_encode(unsigned candidates, const uint64_t *z, size_t n, uint8_t *out, enum codecs_id *id)
{
    uint8_t attempt[CODECS_SIZE_MAX];
    size_t best = CODECS_SIZE_MAX;

    assert(n >= 1 && n <= CODECS_BLOCK_MAX && (candidates & CODECS_BIT(CODEC_RAW)));
    for (unsigned i = 0; i < CODECS_N; i++) {
        if (!(candidates & CODECS_BIT(i)))
            continue;
        size_t size = CODEC_TABLE[i].encode(z, n, best, attempt);
        if (size == 0)
            continue;
        assert(size < best);
        memcpy(out, attempt, size);
        best = size;
        *id = (enum codecs_id)i;
        if (i == CODEC_CONSTANT)
            break; /* a constant cannot be beaten */
    }
    return best;
}

bool codecs_decode(unsigned id, const uint8_t *bytes, size_t size, size_t n, uint64_t *z)
{
    assert(n <= CODECS_BLOCK_MAX);
    return id < CODECS_N && CODEC_TABLE[id].decode(bytes, size, n, z);
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
