/*
 * record.h - gathering the rows that are new in the heads into journal records.
 *
 * Replaying needs the order of arrival within a facility only, so a record holds its rows facility by facility, and
 * there is a record per list of channels. A facility whose new rows cannot be had in one piece gets records of its own.
 */
#ifndef DB_RECORD_H
#define DB_RECORD_H

#include "db/db.h"

/*
 * Writes records of all rows from ordinal `from` on of the facilities, at progress->journal_next and on. *has_progress
 * tells whether the last of them has the progress, which so has to be what it will be but for journal_next.
 */
int record_put_all(const struct mem *mem, struct txn *txn, const struct heads *heads, uint32_t from,
                   const uint32_t *facilities, size_t n, struct progress *progress, bool *has_progress,
                   struct gk_error *error);

#endif
