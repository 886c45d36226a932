/*
 * bundles.h - the rows of a batch by facility: rows of many facilities come in turn, and what belongs to one facility
 * is looked up and fetched once for all of its rows.
 */
#ifndef DB_BUNDLES_H
#define DB_BUNDLES_H

#include "db/db.h"

#define BUNDLES_ROWS 8192 /* at a time: what they touch stays in the caches */

struct bundle {
    uint32_t facility;
    uint16_t first, last, n; /* rows: bundles.next leads from one to the next */
};

struct bundles {
    size_t n;
    struct bundle at[BUNDLES_ROWS];
    uint16_t next[BUNDLES_ROWS];
};

/* Facilities in the order in which they come first, the rows of each in their order. n <= BUNDLES_ROWS; facilities have
 * an edge. */
void bundles_make(struct bundles *bundles, struct edge *edges, const uint32_t *facility, size_t n);

#endif
