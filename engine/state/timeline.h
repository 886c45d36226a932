/*
 * timeline.h - truth over time. The operators themselves are public and described in gk.h; here is what the engine's
 * rooms add: making one from a memory hook.
 */
#ifndef STATE_TIMELINE_H
#define STATE_TIMELINE_H

#include "base/error.h"
#include "base/mem.h"

struct gk_timeline {
    struct mem mem;
    struct gk_step *steps; /* steps[0].tick == GK_TICK_MIN, ticks ascend, neighbours differ */
    size_t n, capacity;    /* n == 0 means false for ever */
};

int timeline_new(const struct mem *mem, gk_timeline **out);
/* Every invariant; the reason goes to error->text. */
int timeline_check(const gk_timeline *timeline, struct gk_error *error);

#endif
