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
    struct gk_step *room;  /* for what an operator needs on the way; kept, as the next call needs as much */
    size_t room_capacity;
};

int timeline_new(const struct mem *mem, gk_timeline **out);
/* Every invariant; the reason goes to error->text. */
int timeline_check(const gk_timeline *timeline, struct gk_error *error);

/* For the operators' own files: forgets the steps and makes room for n. GK_ENOMEM leaves it empty. */
int timeline_room(gk_timeline *out, size_t n);

/*
 * Sets the value from an ascending tick on, in room that was made. At one tick the last value counts, a value that
 * changes nothing leaves no step, and GK_TICK_MAX stands for "never": a run that ends there has no end.
 */
static inline void timeline_put(gk_timeline *out, int64_t tick, uint32_t value)
{
    size_t n = out->n;
    if (tick == GK_TICK_MAX)
        return;
    if (n > 0 && out->steps[n - 1].tick == tick)
        n--;
    if (n == 0 || out->steps[n - 1].value != value) {
        assert(n < out->capacity);
        out->steps[n].tick = tick;
        out->steps[n].value = value;
        n++;
    }
    out->n = n;
}

#endif
