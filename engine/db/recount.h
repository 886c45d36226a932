/*
 * recount.h - the profile of a facility anew from its chunks, where it is lost or some of them are.
 */
#ifndef DB_RECOUNT_H
#define DB_RECOUNT_H

#include "db/profile.h"
#include "db/rows.h"

/* Counts rows, gaps, first and last time and channels again; damaged chunks do not count. The rest stays. */
int profile_recount(const struct mem *mem, struct txn *txn, uint32_t facility, struct profile *profile,
                    struct gk_error *error);
/*
 * All of it, when the stored one cannot be read: states are then to be derived anew. Of rows that were dropped only the
 * store's own date is known.
 */
int profile_anew(const struct mem *mem, struct txn *txn, uint32_t facility, gk_time dropped_before,
                 struct profile *profile, struct gk_error *error);
/* The stored one, or if that is damaged one made anew; *is_anew tells. */
int profile_load_or_anew(const struct mem *mem, struct txn *txn, uint32_t facility, gk_time dropped_before,
                         struct profile *profile, bool *is_anew, struct gk_error *error);

#endif
