/*
 * growth.c - how long the journal may be, and how large a step of a long job.
 */
#include "db/growth.h"

/*
 * Of what the other tables have. A row takes four to ten times as many bytes in the journal as in a chunk, so sealing
 * it when it has a 32nd moves a few rows of a thousand: enough that each sealing, which writes the ends of all
 * facilities anew, is worth it, and leaves three percent of free pages behind.
 */
#define JOURNAL_SHARE 32
/*
 * But so many bytes for each facility with rows, 10 to 25 rows: with less, a young store would do nothing but seal.
 * Twice as many made the file of 4,000 facilities 1.36 times its live data in the third hour; with both figures here it
 * is at most 1.13 from the second on (bench_growth).
 */
#define JOURNAL_FACILITY 256

/* Three steps' worth of pages are on the way at a time: those of this one and of two that were committed. */
#define STEP_SHARE 128

/* The least of both, as a part of gk_options.seal_bytes: a step costs a commit, a sealing several. */
#define LEAST_SHARE 64

/*
 * And each step writes sets of facilities anew that are as large as there are many: with so many bytes a facility some
 * 256 steps do for all of them.
 */
#define STEP_FACILITY 16

static uint64_t used_bytes(const struct txn *txn)
{
    uint64_t used = 0;

    for (unsigned t = 0; t < STORE_TABLES; t++)
        used += txn_table_bytes(txn, t);
    return used;
}

bool growth_journal_is_long(const gk_db *db, const struct txn *txn)
{
    uint64_t journal = txn_table_bytes(txn, STORE_JOURNAL);

    return journal > db->seal_bytes / LEAST_SHARE && journal > (uint64_t)heads_active(db->heads) * JOURNAL_FACILITY &&
           journal > (used_bytes(txn) - journal) / JOURNAL_SHARE;
}

uint64_t growth_step_bytes(const gk_db *db, const struct txn *txn)
{
    uint64_t least = db->seal_bytes / LEAST_SHARE, step = used_bytes(txn) / STEP_SHARE;
    uint64_t of_sets = (uint64_t)heads_active(db->heads) * STEP_FACILITY;

    step = step > least ? step : least;
    step = step > of_sets ? step : of_sets;
    return step < db->seal_bytes ? step : db->seal_bytes;
}
