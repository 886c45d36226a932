/*
 * sim_rows.h - the rows of a zone in the order in which they arrive: some never, some late, some twice, and those of a
 * gateway that was cut off hours later in a burst.
 */
#ifndef SIM_ROWS_H
#define SIM_ROWS_H

#include "output.h"
#include "progress.h"
#include "sim_zone.h"

struct sim_row_counts {
    uint64_t written, late, repeated, lost, blind;
};

/* Writes time_ms,facility,ia,ib,ic,kw; stops when the output fails. `progress` may be NULL. */
void sim_rows_write(const struct sim_zone *zone, struct output *out, struct progress *progress,
                    struct sim_row_counts *counts);

#endif
