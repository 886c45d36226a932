/*
 * progress.h - one line on standard error that says how far a command has come: only on a terminal, only after a
 * second.
 */
#ifndef PROGRESS_H
#define PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

#include "gk.h"

struct progress {
    const char *label;
    bool is_wanted, is_drawn;
    gk_time start, drawn;
};

void progress_init(struct progress *progress, const char *label);
/* Costs a look at the clock; total 0: unknown. NULL is fine. */
void progress_update(struct progress *progress, uint64_t done, uint64_t total);
/* Takes the line away. */
void progress_end(struct progress *progress);

#endif
