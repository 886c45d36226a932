/*
 * sim_rows.h - the rows of a zone in the order in which they arrive: some never, some late, some twice, and those of a
 * gateway that was cut off hours later in a burst.
 */
#ifndef SIM_ROWS_H
#define SIM_ROWS_H

#include "output.h"
#include "progress.h"
#include "sim_meter.h"
#include "sim_zone.h"

struct sim_row_counts {
    uint64_t written, late, repeated, lost, blind;
};

struct sim_row {
    int64_t time;
    uint32_t facility;
    struct sim_reading reading;
};

/* Row after row; false behind the last. */
struct sim_walk *sim_walk_new(const struct sim_zone *zone);
void sim_walk_free(struct sim_walk *walk);
bool sim_walk_next(struct sim_walk *walk, struct sim_row *out);
/* When the row that came last arrives, to the interval. */
int64_t sim_walk_time(const struct sim_walk *walk);
const struct sim_row_counts *sim_walk_counts(const struct sim_walk *walk);

/* Writes time_ms,facility,ia,ib,ic,kw; stops when the output fails. `progress` may be NULL. */
void sim_rows_write(const struct sim_zone *zone, struct output *out, struct progress *progress,
                    struct sim_row_counts *counts);

#endif
