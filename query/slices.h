/*
 * slices.h - the time of a subject, cut into stretches of which each counts into one cell of its group, or into none.
 * Mostly these are the buckets, the same for all. With the key `shift` they are the hours of the shifts, which depend
 * on the subject and may overlap: what overlaps comes in a further cut. With `day` a shift counts at the day on which
 * it begins, so that of the night before reaches into the window:
 *
 *     window       |------------------------------------------------|
 *     cut 1        | night  |  early   |      |  late   |   night   |
 *     cut 2        |               |     day shift     |            |
 */
#ifndef QUERY_SLICES_H
#define QUERY_SLICES_H

#include "groups.h"

struct shift_hours { /* of a shift, within the window */
    gk_time from, to;
    size_t cell;
};

struct slices {
    const gk_time *edges; /* n + 1: from the window's begin to its end */
    const int64_t *ticks; /* the same */
    size_t n;
    const size_t *cells; /* n, SIZE_MAX: none; NULL: the i-th counts into the i-th cell */
    /* of shifts: */
    struct calendar calendar;
    struct shift_hours *left; /* that are in no cut yet, ascending */
    size_t n_left, left_capacity;
    gk_time *own_edges;
    int64_t *own_ticks;
    size_t *own_cells;
    size_t edges_capacity, ticks_capacity, cells_capacity;
};

/* The first cut of a subject's time in the query's window. */
int slices_begin(struct gk_query *query, const struct groups *groups, struct subject subject, struct slices *slices);
/* The next one; false: that was all of it. */
bool slices_next(const struct gk_query *query, struct slices *slices);
void slices_clear(struct gk_query *query, struct slices *slices);

static inline size_t slices_cell(const struct slices *slices, size_t i)
{
    return slices->cells ? slices->cells[i] : i;
}

/* The slice that contains a tick of the window; of several that begin with it the last. There is one at least. */
size_t slices_find(const struct slices *slices, int64_t tick);

#endif
