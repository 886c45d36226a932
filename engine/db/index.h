/*
 * index.h - keeping the presence index: who came into which state when, by quarters of a day.
 *
 * The index is made of *marks*, each of which is a set of facilities under one key (quarter, slot):
 *
 *     state           the facility came into the state within the quarter
 *     HOLDS + state   it was in the state (not no data) at the first tick of the quarter, which is the first of a day
 *     ENDS + minute   after that minute of the quarter nothing is known of it: silent for good
 *
 * So whoever is in a state at some time of a stretch is marked at the first tick of the stretch's first day, or comes
 * into the state after that. Silence at the first tick of a day is being in no HOLDS set of it, so that a single row
 * with a date of long ago costs three marks and not some for all the days since. Coming to the end is not coming into
 * no data: at the live end of a store all facilities do that within a few minutes, and a question up to now, which is
 * before, must not keep them all.
 */
#ifndef DB_INDEX_H
#define DB_INDEX_H

#include "db/db.h"
#include "state/derive.h"
#include "state/presence.h"

#define INDEX_KEY          10 /* quarter i64, slot u16 */
#define INDEX_QUARTER_NS   (6 * HOUR_NS)
#define INDEX_QUARTERS_DAY 4
#define INDEX_HOLDS        8u
#define INDEX_ENDS         256u
#define INDEX_SLOTS        (INDEX_ENDS + 360u)

struct mark {
    int64_t quarter; /* since 1970, UTC */
    uint32_t slot;
};

struct marks {
    const struct mem *mem;
    struct mark *at;
    size_t n, capacity;
};

void marks_init(struct marks *marks, const struct mem *mem);
void marks_clear(struct marks *marks);

void index_key(uint8_t key[INDEX_KEY], struct mark mark);
/* false when it is no key of the index. */
bool index_unkey(struct view key, struct mark *out);

/* The marks that a facility's steps ask for, in order of keys. Steps at the first one's tick are carried in. */
int index_marks(const struct steps *steps, int64_t tick_ns, struct marks *out);
/* From where on steps must be looked at when they change at and after a tick: the last tick of the day before. */
int64_t index_begin_of(int64_t tick_ns, int64_t from);
/* The quarter of a tick, and its last minute that is counted in it. */
struct mark index_end_of(int64_t tick_ns, int64_t tick);

/* Changes of one write transaction, gathered so that each record is read and written once. */
struct index_changes;
int index_begin(const struct mem *mem, struct txn *txn, int64_t tick_ns, struct index_changes **out);
void index_end(struct index_changes *changes); /* NULL is welcome; what was not flushed is lost */
/* A facility's steps changed from old to new: both begin where index_begin_of says, with what is carried in there. */
int index_change(struct index_changes *changes, uint32_t facility, const struct steps *old_steps,
                 const struct steps *new_steps, struct gk_error *error);
int index_flush(struct index_changes *changes, struct gk_error *error);
/* Loads one record; GK_ENOTFOUND. */
int index_load(const struct mem *mem, struct txn *txn, struct mark mark, struct idset **out, struct gk_error *error);

#endif
