/*
 * lanes.h - the entropy coder of rans.h in 32 lanes that share one stream: lane k has the k-th stretch of the symbols,
 * and all lanes take a step at once. A processor that looks up sixteen slots and hands out words by a mask decodes
 * sixteen symbols in the time of two; what a step does is the same on all.
 *
 *     states   4 each    where the lanes begin
 *     words    2 each    step by step; in a step lane by lane, of those that need one
 */
#ifndef CODEC_LANES_H
#define CODEC_LANES_H

#include "codec/rans.h"
#include "codec/target.h"

#define LANES             32
#define LANES_STEPS       16 /* that are decoded in one go */
#define LANES_SIZE_MAX(n) (4 * LANES + 2 * ((size_t)(n) + LANES))

/* Symbols of a lane; the last lanes may have fewer, and go on with any. */
static inline size_t lanes_steps(size_t n)
{
    return (n + LANES - 1) / LANES;
}

/* Writes steps * LANES symbols, LANES of each step side by side; returns the bytes used of LANES_SIZE_MAX. */
size_t lanes_encode(const struct rans_model *model, const uint8_t *symbol, size_t steps, uint8_t *out);

struct lanes_table {
    unsigned bits, n_contexts;
    uint32_t slot[RANS_SLOTS_MAX + 16]; /* with room for filling by sixteens */
};

/* Every context's frequencies must add up to 1 << bits or to 0: false if not. */
bool lanes_table(const struct rans_model *model, struct lanes_table *out);

#define LANES_MARGIN (2 * LANES * LANES_STEPS + 64) /* bytes that may be read in one go, wherever the words end */

/* While they are decoded. */
struct lanes {
    uint32_t x[LANES];
    uint8_t last[LANES], before[LANES]; /* the classes of the last two symbols */
    const uint8_t *at, *end;
    bool is_tail;
    uint8_t tail[2 * LANES_MARGIN]; /* the last words, and zeros behind them */
};

/* False if there are no states. The bytes must stay. */
bool lanes_begin(const uint8_t *bytes, size_t size, struct lanes *out);
/* The next n <= LANES_STEPS steps. False when there are no more words: the symbols mean nothing. */
bool lanes_next(const struct lanes_table *table, struct lanes *lanes, size_t n, uint8_t symbol[LANES_STEPS][LANES]);
/* Whether all ended where they should. */
bool lanes_are_done(const struct lanes *lanes);

/* The same with the body of one target, for tests and measurements. */
size_t lanes_encode_on(enum target target, const struct rans_model *model, const uint8_t *symbol, size_t steps,
                       uint8_t *out);
bool lanes_next_on(enum target target, const struct lanes_table *table, struct lanes *lanes, size_t n,
                   uint8_t symbol[LANES_STEPS][LANES]);

#endif
