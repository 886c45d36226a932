/*
 * index.h - keeping the presence index: per hour and state, who was in it for some of the hour, who for all of it.
 *
 * An hour of which nothing is known of a facility leaves no bits: silence for a whole hour is being in no set at all.
 * So a single row with a date of long ago costs an hour's bits and not those of all the years since.
 */
#ifndef DB_INDEX_H
#define DB_INDEX_H

#include "db/db.h"
#include "state/derive.h"
#include "state/presence.h"

#define PRESENCE_KEY 9 /* hour i64, state u8 */

void presence_key(uint8_t key[PRESENCE_KEY], int64_t hour, uint32_t state);

/* Changes of one write transaction, gathered so that each record is read and written once. */
struct index_changes;
int index_begin(const struct mem *mem, struct txn *txn, int64_t tick_ns, struct index_changes **out);
void index_end(struct index_changes *changes); /* NULL is welcome; what was not flushed is lost */
/*
 * A facility's steps at and after a tick changed from old to new: both begin with a step at or before `from` that
 * carries in (GK_TICK_MIN is fine; no steps: no data).
 */
int index_change(struct index_changes *changes, uint32_t facility, int64_t from, const struct steps *old_steps,
                 const struct steps *new_steps, struct gk_error *error);
int index_flush(struct index_changes *changes, struct gk_error *error);
/* Loads one record; GK_ENOTFOUND. */
int index_load(const struct mem *mem, struct txn *txn, int64_t hour, uint32_t state, struct presence *out,
               struct gk_error *error);
/* The bits a facility should have in an hour: masks of states. */
void index_bits(const struct steps *steps, int64_t tick_ns, int64_t hour, uint32_t *some, uint32_t *whole);
/* The first hour >= hour in which the steps have a known state; INT64_MAX when there is none. */
int64_t index_next_hour(const struct steps *steps, int64_t tick_ns, int64_t hour);

#endif
