/*
 * bundles.c - see bundles.h. An edge says which bundle its facility has; that it does is true if the bundle says so,
 * too, so nothing is to be cleared between two batches.
 */
#include "db/bundles.h"

#include <assert.h>

void bundles_make(struct bundles *bundles, struct edge *edges, const uint32_t *facility, size_t n)
{
    assert(n <= BUNDLES_ROWS);
    bundles->n = 0;
    for (size_t i = 0; i < n; i++) {
        uint32_t *number = &edges[facility[i]].bundle;
        if (*number >= bundles->n || bundles->at[*number].facility != facility[i]) {
            *number = (uint32_t)bundles->n++;
            bundles->at[*number] = (struct bundle){facility[i], (uint16_t)i, (uint16_t)i, 1};
            continue;
        }
        struct bundle *bundle = &bundles->at[*number];
        bundles->next[bundle->last] = (uint16_t)i;
        bundle->last = (uint16_t)i;
        bundle->n++;
    }
}
