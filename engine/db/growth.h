/*
 * growth.h - the rules that keep the file hardly larger than what is in it.
 *
 * The file never shrinks, and pages are free for use only two commits after they were given up. So all that gives up
 * many pages at a time is made small against what the store has: the journal, which is dropped when it is sealed, and
 * the transactions of sealing and retention, which write pages anew. In a small store that means small transactions, in
 * a large one they are as large as memory allows.
 */
#ifndef DB_GROWTH_H
#define DB_GROWTH_H

#include "db/db.h"

/* Whether the journal is so long, as a write transaction sees it, that it is to be sealed. */
bool growth_journal_is_long(const gk_db *db, const struct txn *txn);
/* About how many bytes of pages one transaction of a long job writes anew: at most gk_options.seal_bytes. */
uint64_t growth_step_bytes(const gk_db *db, const struct txn *txn);

#endif
