/*
 * free.h - LMDB's list of free pages: how many there are, and how many of them nobody may use because somebody may
 * still look at them.
 */
#ifndef STORE_FREE_H
#define STORE_FREE_H

#include <lmdb.h>
#include <stdint.h>

/*
 * As the transaction sees the list. *n_held: of these, those that were given up by transaction `oldest` or later, but
 * for the newest one's, which rest in any case. 0 or a code of LMDB.
 */
int free_count(MDB_txn *txn, uint64_t oldest, uint64_t *n_free, uint64_t *n_held);

#endif
