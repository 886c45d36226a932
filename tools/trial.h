/*
 * trial.h - what a rule would have raised: breaches counted by day and enterprise.
 */
#ifndef TRIAL_H
#define TRIAL_H

#include "gk_query.h"
#include "output.h"

struct trial_cell {
    char *enterprise;
    gk_time day; /* when it begins */
    uint64_t n_alarms;
    double total_s, longest_s;
};

struct trial {
    int32_t zone_s;
    struct trial_cell *cells;
    size_t n, room;
    uint64_t n_alarms;
    /* The breach that is being put together from rows that touch. */
    bool has_row, is_certain;
    char *subject, *enterprise;
    gk_time from, to;
};

void trial_init(struct trial *trial, int32_t zone_s);
void trial_clear(struct trial *trial);
/* The current row of a rule that is tried (gk_query_try); until `now` for one that goes on. */
void trial_row(struct trial *trial, const gk_query *query, gk_time now);
/* Behind the last row: the cells are complete, in order of enterprise and day. */
void trial_end(struct trial *trial);

#endif
