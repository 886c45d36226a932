/*
 * story.h - one seed's story: a store on a simulated disk under a simulated clock, everything that can be asked of it
 * in random order, faults and power cuts, and a model that it is compared with (model.h).
 *
 * Since a commit that was not acknowledged may have become durable or not, the story keeps what the store may say: the
 * models since the last acknowledged commit. What it says must be one of them, and as a whole.
 */
#ifndef TESTS_SIMULATION_STORY_H
#define TESTS_SIMULATION_STORY_H

#include "simulation/model.h"

struct story_counts { /* over all seeds, to see that everything happens */
    uint64_t batches, rows, commits, seals, retentions, releases, looks, holds, backups, restarts, faults, power_cuts,
        lost;                                                     /* power cuts that lost something */
    uint64_t advances, alarms, acts, taken, refused, told, asked; /* of the record, see record.h */
};

/* Tells the whole story of a seed in a folder of the caller; fails the test where the store is wrong. */
void story_tell(uint64_t seed, const char *folder, struct story_counts *counts);

#endif
