/*
 * history.h - the stored form of a facility's states in one era of 2^HISTORY_ERA_BITS ticks: sorted steps (tick,
 * state), the first at the era's first tick with the state carried in.
 *
 *   version u8 = 1 | varint n | first state u8 | 2 bits for each other step: bytes - 1 | those steps, 1-3 bytes each:
 *   (tick - tick before) << 3 | state
 *
 * The first step is at the era's start.
 */
#ifndef STATE_HISTORY_H
#define STATE_HISTORY_H

#include "state/derive.h"

#define HISTORY_ERA_BITS 20 /* 12.1 days at 1 s */

static inline int64_t history_era(int64_t tick)
{
    return tick >> HISTORY_ERA_BITS;
}

static inline int64_t history_era_start(int64_t era)
{
    return (int64_t)((uint64_t)era << HISTORY_ERA_BITS);
}

/* Steps of one era: the first at the era's start, all inside of it. Appends the record to *out. */
int history_encode(int64_t era, const struct gk_step *steps, size_t n, struct buffer *out);
/*
 * Appends the era's steps to *out like steps_put, so that eras can be read one after the other. GK_ECORRUPT,
 * GK_EVERSION, GK_EINVAL when *out has steps from the era's start on; safe on any bytes.
 */
int history_decode(int64_t era, const uint8_t *bytes, size_t size, struct steps *out);
int history_check(int64_t era, const uint8_t *bytes, size_t size, struct gk_error *error);
int history_dump(int64_t era, const uint8_t *bytes, size_t size, struct buffer *out);

#endif
