/*
 * codecs.h - the table of codecs for one mini block: pure ways from up to 256 integers of 64 bits (mod 2^64) to bytes
 * and back. A codec is one file and one row here; what is an integer, and which integer a double is, is the business of
 * scale.h. Its number is its place in the table and is on disk: rows are added at the end and never moved.
 */
#ifndef CODEC_CODECS_H
#define CODEC_CODECS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "codec/patch.h"

#define CODECS_BLOCK_MAX PACK_MAX
#define CODECS_SIZE_MAX  (PACK_SIZE_MAX + 16) /* room that an encoder may use, whatever the limit */

/* What a codec would write: a head, and a patch of what is left of the integers. */
struct codec_plan {
    uint64_t rest[CODECS_BLOCK_MAX];
    uint8_t head[2 * 10 + 1]; /* two varints and a byte at most */
    size_t head_size;
    struct patch_plan patch;
};

struct codec {
    const char *name;
    /* Writes n >= 1 integers; returns the bytes used, or 0 when it cannot do it in fewer than `limit`. */
    size_t (*encode)(const uint64_t *z, size_t n, size_t limit, uint8_t *out);
    /*
     * For a codec with a plan: how it would write n >= 1 integers; `encode` writes it. NULL: it has none. Sizes from
     * `limit` on need not be exact, but are no less than it.
     */
    void (*plan)(const uint64_t *z, size_t n, size_t limit, struct codec_plan *out);
    /* Reads n integers from exactly `size` bytes. False when they make no sense; never reads or writes outside. */
    bool (*decode)(const uint8_t *bytes, size_t size, size_t n, uint64_t *z);
    /*
     * Reads a full block, CODECS_BLOCK_MAX integers, as how far each is from one of 64 bits: base + (int32_t)near[i].
     * False when one may be farther or the bytes make no sense: `decode` knows which. NULL: always false.
     */
    bool (*decode_near)(const uint8_t *bytes, size_t size, uint64_t *base, uint32_t *near);
    /* Between which signed integers all are, at the cost of some bytes read; false when that needs decoding. NULL:
     * always. */
    bool (*bounds)(const uint8_t *bytes, size_t size, size_t n, int64_t *low, int64_t *high);
};

enum codecs_id {
    CODEC_CONSTANT,
    CODEC_RUNS,
    CODEC_FRAME,
    CODEC_DELTA,
    CODEC_SLOPE,
    CODEC_LZ4,
    CODEC_RAW,
    CODEC_CENTER,
    CODECS_N
};

extern const struct codec CODEC_TABLE[CODECS_N];

/* A set of codecs to choose from: one bit each. */
#define CODECS_BIT(id) (1u << (id))
/* All that cost next to nothing to try, and the one that always works. */
#define CODECS_USUAL (CODECS_BIT(CODECS_N) - 1 - CODECS_BIT(CODEC_LZ4))

/* What a few of the integers let expect of all. */
struct codecs_look {
    unsigned candidates; /* of CODECS_USUAL, those that may be the smallest */
    uint32_t cost;       /* about the bits that CODECS_LOOK integers take; to be compared with another one only */
};
#define CODECS_LOOK 64

struct codecs_look codecs_look(const uint64_t *z, size_t n);
/* The smallest of the candidates, which must hold CODEC_RAW. Returns the bytes used of CODECS_SIZE_MAX. */
size_t codecs_encode(unsigned candidates, const uint64_t *z, size_t n, uint8_t *out, enum codecs_id *id);
bool codecs_decode(unsigned id, const uint8_t *bytes, size_t size, size_t n, uint64_t *z);
/* The same as base + z[i]: adding is left to whoever goes through them next. */
bool codecs_decode_above(unsigned id, const uint8_t *bytes, size_t size, size_t n, uint64_t *base, uint64_t *z);
bool codecs_decode_near(unsigned id, const uint8_t *bytes, size_t size, uint64_t *base, uint32_t *near);
/* Of integers that were encoded; of any other bytes it says something or false, and is safe. */
bool codecs_bounds(unsigned id, const uint8_t *bytes, size_t size, size_t n, int64_t *low, int64_t *high);

size_t codec_plan_size(const struct codec_plan *plan);
size_t codec_plan_put(const struct codec_plan *plan, size_t n, uint8_t *out);
/* What `encode` does where there is a plan. */
size_t codec_plan_encode(void (*plan)(const uint64_t *, size_t, size_t, struct codec_plan *), const uint64_t *z,
                         size_t n, size_t limit, uint8_t *out);

/*
 * A byte that says how far integers are from a known one at most: (4 + low two bits) << high six bits. It is a quarter
 * more than the farthest is at worst.
 */
uint8_t codecs_reach(uint64_t farthest);
/* [from - reach, from + reach]; false when that is too far to mean anything. */
bool codecs_reach_bounds(uint64_t from, uint8_t reach, int64_t *low, int64_t *high);
/* Whether all are so near that 32 bits tell how far. */
bool codecs_reach_is_near(uint8_t reach);
/* A full block of a codec that is an integer, a reach and a patch: the integer, and the patch of 32 bits. False when
 * the reach is farther or the bytes make no sense.
 */
bool codecs_get_near(const uint8_t *bytes, size_t size, uint64_t *from, uint32_t *rest);

/* The rows of the table. */
size_t constant_encode(const uint64_t *z, size_t n, size_t limit, uint8_t *out);
bool constant_decode(const uint8_t *bytes, size_t size, size_t n, uint64_t *z);
bool constant_bounds(const uint8_t *bytes, size_t size, size_t n, int64_t *low, int64_t *high);
size_t runs_encode(const uint64_t *z, size_t n, size_t limit, uint8_t *out);
bool runs_decode(const uint8_t *bytes, size_t size, size_t n, uint64_t *z);
bool runs_bounds(const uint8_t *bytes, size_t size, size_t n, int64_t *low, int64_t *high);
void frame_plan(const uint64_t *z, size_t n, size_t limit, struct codec_plan *out);
size_t frame_encode(const uint64_t *z, size_t n, size_t limit, uint8_t *out);
bool frame_decode(const uint8_t *bytes, size_t size, size_t n, uint64_t *z);
bool frame_decode_above(const uint8_t *bytes, size_t size, size_t n, uint64_t *base, uint64_t *z);
bool frame_decode_near(const uint8_t *bytes, size_t size, uint64_t *base, uint32_t *near);
bool frame_bounds(const uint8_t *bytes, size_t size, size_t n, int64_t *low, int64_t *high);
void delta_plan(const uint64_t *z, size_t n, size_t limit, struct codec_plan *out);
size_t delta_encode(const uint64_t *z, size_t n, size_t limit, uint8_t *out);
bool delta_decode(const uint8_t *bytes, size_t size, size_t n, uint64_t *z);
bool delta_decode_near(const uint8_t *bytes, size_t size, uint64_t *base, uint32_t *near);
bool delta_bounds(const uint8_t *bytes, size_t size, size_t n, int64_t *low, int64_t *high);
void slope_plan(const uint64_t *z, size_t n, size_t limit, struct codec_plan *out);
size_t slope_encode(const uint64_t *z, size_t n, size_t limit, uint8_t *out);
bool slope_decode(const uint8_t *bytes, size_t size, size_t n, uint64_t *z);
bool slope_decode_near(const uint8_t *bytes, size_t size, uint64_t *base, uint32_t *near);
bool slope_bounds(const uint8_t *bytes, size_t size, size_t n, int64_t *low, int64_t *high);
size_t lz4_encode(const uint64_t *z, size_t n, size_t limit, uint8_t *out);
bool lz4_decode(const uint8_t *bytes, size_t size, size_t n, uint64_t *z);
void center_plan(const uint64_t *z, size_t n, size_t limit, struct codec_plan *out);
size_t center_encode(const uint64_t *z, size_t n, size_t limit, uint8_t *out);
bool center_decode(const uint8_t *bytes, size_t size, size_t n, uint64_t *z);
bool center_decode_near(const uint8_t *bytes, size_t size, uint64_t *base, uint32_t *near);
bool center_bounds(const uint8_t *bytes, size_t size, size_t n, int64_t *low, int64_t *high);
size_t raw_encode(const uint64_t *z, size_t n, size_t limit, uint8_t *out);
bool raw_decode(const uint8_t *bytes, size_t size, size_t n, uint64_t *z);

#endif
