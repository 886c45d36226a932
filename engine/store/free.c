/*
 * free.c - the list is LMDB's table 0: the number of a transaction (a machine word), and the pages that it gave up,
 * with their number before them. A transaction uses those of records below the oldest reader's number.
 */
#include "store/free.h"

#include <string.h>

#include "store/guard.h"

#define FREE_TABLE 0

int free_count(MDB_txn *txn, uint64_t oldest, uint64_t *n_free, uint64_t *n_held)
{
    MDB_cursor *cursor;
    MDB_val key, value;
    int code = mdb_cursor_open(txn, FREE_TABLE, &cursor);

    *n_free = *n_held = 0;
    if (code != MDB_SUCCESS)
        return code;
    while ((code = GUARDED(mdb_cursor_get(cursor, &key, &value, MDB_NEXT))) == MDB_SUCCESS) {
        size_t by, n;
        if (key.mv_size != sizeof by || value.mv_size < sizeof n)
            continue; /* what the check of pages speaks of */
        memcpy(&by, key.mv_data, sizeof by);
        memcpy(&n, value.mv_data, sizeof n);
        *n_free += n;
        *n_held += by >= oldest && by < mdb_txn_id(txn) ? n : 0;
    }
    mdb_cursor_close(cursor);
    return code == MDB_NOTFOUND ? MDB_SUCCESS : code;
}
