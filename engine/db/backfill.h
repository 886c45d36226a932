/*
 * backfill.h - rows that came long after their time (补传): of which facility, of which times, and when they came.
 *
 * The times of a facility's rows are kept as runs: from the first of them to the last, with no row of that facility
 * between that came before them. Rows that come later may fall into a run and then have a run of their own inside of
 * it. So a row came when the last of the runs around it came, and with its time, to within BACKFILL_NS, if there is
 * none.
 */
#ifndef DB_BACKFILL_H
#define DB_BACKFILL_H

#include "db/db.h"

#define BACKFILL_NS  (INT64_C(300) * GK_SECOND) /* what comes sooner leaves no trace */
#define BACKFILL_KEY 12                         /* arrival i64, part u32 */

struct backfill_run {
    gk_time from, to; /* of the first and the last row */
    uint32_t facility;
};

struct backfill {
    const struct mem *mem;
    struct backfill_run *runs; /* by facility, then `from` */
    size_t n, capacity;
};

void backfill_init(struct backfill *list, const struct mem *mem);
void backfill_clear(struct backfill *list);
int backfill_add(struct backfill *list, const struct backfill_run *run);

/* What came just now: runs of the rows that are to be durable with this transaction, and are old by the clock. */
int backfill_put(gk_db *db, struct txn *txn, struct gk_error *error);
/* Forgets all that came before a time, and so can be of rows from before it only. */
int backfill_drop(struct txn *txn, gk_time before, struct gk_error *error);

/* A record: all of them came within the minute before `arrived`. */
void backfill_key(uint8_t key[BACKFILL_KEY], gk_time arrived, uint32_t part);
static inline gk_time backfill_arrived(struct view key)
{
    return unkey_i64(key.bytes);
}
void backfill_encode(gk_time arrived, const struct backfill *list, struct buffer *out);
/* Adds the runs of a record to a list. GK_ECORRUPT, GK_EVERSION. */
int backfill_decode(gk_time arrived, struct view value, struct backfill *list);
int backfill_dump(struct view key, struct view value, const struct mem *mem, struct buffer *out);
int backfill_check(struct view key, struct view value, const struct mem *mem, uint32_t n_facilities,
                   struct gk_error *error);

/*
 * What was known at a time: no row of a later time, and none of these runs, which came later; by facility and time,
 * apart.
 */
struct known {
    gk_time at;
    struct backfill hidden;
};
int known_load(struct known *known, struct txn *txn, gk_time at, struct gk_error *error);
/* The hidden runs of a facility. */
const struct backfill_run *known_hidden(const struct known *known, uint32_t facility, size_t *n);

#endif
