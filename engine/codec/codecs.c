/*
 * codecs.c - the table, and the choice by measured size. Cheap and narrow codecs stand first: each later one has to
 * beat the best so far and gives up as soon as its plan says that it will not, so most blocks are packed once or twice.
 */
#include "codec/codecs.h"

#include <assert.h>
#include <string.h>

const struct codec CODEC_TABLE[CODECS_N] = {
    [CODEC_CONSTANT] = {"constant", constant_encode, constant_decode},
    [CODEC_RUNS] = {"runs", runs_encode, runs_decode},
    [CODEC_FRAME] = {"frame", frame_encode, frame_decode},
    [CODEC_DELTA] = {"delta", delta_encode, delta_decode},
    [CODEC_SLOPE] = {"slope", slope_encode, slope_decode},
    [CODEC_LZ4] = {"lz4", lz4_encode, lz4_decode},
    [CODEC_RAW] = {"raw", raw_encode, raw_decode},
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
