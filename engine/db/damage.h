/*
 * damage.h - stretches of rows that cannot be read, and records that were moved aside because of that.
 *
 * A reader that meets a damaged chunk leaves it out and notes from when to when rows are missing. The writer moves
 * damaged records into the table `damaged` (heal.h), where their stretches are found again. What follows from rows is
 * not known in such a stretch.
 *
 *     key    table u8 | moved i64 (highest bit turned) | the record's own key
 *     value  version u8 = 1 | facility u32 | from, to i64 | the bytes as they were found
 *
 * facility, from and to are what is lost for good: rows of a chunk, states and hours of rows that were dropped. Where
 * the record follows from others they are GK_ID_NONE and 0.
 */
#ifndef DB_DAMAGE_H
#define DB_DAMAGE_H

#include "db/db.h"
#include "state/derive.h"

struct damage {
    const struct mem *mem;
    struct gk_damage *at;
    size_t n, capacity;
    bool takes_new; /* what cannot be read is noted and passed over; else it is an error */
};

void damage_init(struct damage *damage, const struct mem *mem, bool takes_new);
void damage_clear(struct damage *damage);
/* Notes a stretch, once. */
int damage_add(struct damage *damage, enum gk_damage_kind kind, uint32_t facility, gk_time from, gk_time to);
/* Adds the stretches of the chunks that were moved aside. */
int damage_load(struct damage *damage, struct txn *txn, struct gk_error *error);
/* Whether rows of a facility are missing at or after a time. NULL is welcome. */
bool damage_has_rows(const struct damage *damage, uint32_t facility, gk_time from);
/*
 * Sets steps to `value` in the stretches of a facility where rows are missing, from the tick `from` on, before which
 * `carried` is in force. NULL is welcome.
 */
int damage_blank(const struct damage *damage, uint32_t facility, int64_t tick_ns, int64_t from, uint32_t carried,
                 uint32_t value, struct steps *steps);

/* Puts a record's bytes aside and deletes it. `what` has the facility and stretch of a chunk. */
int damage_put_aside(const struct mem *mem, struct txn *txn, enum store_table table, struct view key,
                     struct view stored, const struct gk_damage *what, gk_time now, struct gk_error *error);
/* What a record of the table says; GK_ECORRUPT, GK_EVERSION. The bytes are borrowed. */
struct damaged_record {
    enum store_table table;
    struct view key, stored;
    struct gk_damage what;
    gk_time moved;
};
int damage_decode(struct view key, struct view value, struct damaged_record *out);

#endif
