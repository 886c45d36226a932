/*
 * places.h - from symbols in lanes (see lanes.h) to integers: a symbol is a bin, its integer is the bin's lowest and so
 * many steps above; how many is the *place*, in as many bits as the bin has. Integers are of 32 bits, counted from a
 * base; differences are added up within their lane, so that each lane has a base of its own.
 *
 * The bits of all places are one stream, low bits first. Of LANES_STEPS steps those of the first half of the lanes come
 * first, step by step and lane by lane, then those of the second half.
 */
#ifndef CODEC_PLACES_H
#define CODEC_PLACES_H

#include "codec/lanes.h"

#define PLACES_BITS_MAX 24 /* of a place: with seven bits before it, it is within four bytes */
#define PLACES_HALF     16 /* lanes */
#define PLACES_GUARD    8  /* bytes behind the stream that are read */

struct places_table {
    unsigned n_bins;
    bool is_delta, has_places, has_steps;
    uint32_t low[RANS_SYMBOLS_MAX], bits[RANS_SYMBOLS_MAX], step[RANS_SYMBOLS_MAX];
};

/* While they are read. */
struct places {
    const uint8_t *bytes;
    size_t size, bit;     /* the guard is behind */
    uint32_t last[LANES]; /* integers of differences */
};

/*
 * The integers of n <= LANES_STEPS steps, the first of which is step `from`, to near[lane * stretch + step]. Any
 * symbols and bytes are safe.
 */
void places_next(const struct places_table *table, struct places *places, uint8_t symbol[LANES_STEPS][LANES], size_t n,
                 size_t from, size_t stretch, uint32_t *near);
/* Whether they end where they should. */
bool places_are_done(const struct places *places);

/* The same with the body of one target, for tests and measurements. */
void places_next_on(enum target target, const struct places_table *table, struct places *places,
                    uint8_t symbol[LANES_STEPS][LANES], size_t n, size_t from, size_t stretch, uint32_t *near);

#endif
