/*
 * chunks.h - merging rows into the chunks of a facility.
 */
#ifndef DB_CHUNKS_H
#define DB_CHUNKS_H

#include "db/profile.h"
#include "db/rows.h"

/*
 * Merges rows (in order of time, folded, at least one) into the chunks of a facility and keeps the profile's n_rows,
 * first, last, gaps and channels. Chunks that no row falls into are not touched.
 */
int chunks_merge(const struct mem *mem, struct txn *txn, enum gk_policy policy, uint32_t facility,
                 const struct columns *incoming, struct profile *profile, struct gk_error *error);

#endif
