/*
 * sim_curve.h - what a facility ideally draws, as a share of its rated power: pieces of straight line, 0 between them.
 *
 *     share
 *      1.5 |#                               inrush: one or two seconds
 *      0.8 |#      /--------\     /----
 *      0.1 |-------          \---/          idle between ramps
 *          +--------------------------> time
 */
#ifndef SIM_CURVE_H
#define SIM_CURVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sim_span.h"

struct piece {
    int64_t from, to; /* ms */
    double level_from, level_to;
    bool is_load; /* steady work: the meter adds cycles and noise; ramps and idling are read as they are */
};

struct curve {
    struct piece *v;
    size_t n, room;
};

void curve_clear(struct curve *curve);
/* Pieces come in order and do not overlap; an empty one is left out. */
void curve_add(struct curve *curve, int64_t from, int64_t to, double level_from, double level_to, bool is_load);
/* The piece at a time that only goes forward; *cursor starts at 0. NULL: the facility draws nothing. */
const struct piece *curve_at(const struct curve *curve, size_t *cursor, int64_t time);
double piece_level(const struct piece *piece, int64_t time);
/* Adds to `out` where the curve is at least `least` and below `limit` (both > 0), then merges. */
void curve_where(const struct curve *curve, double least, double limit, struct spans *out);

#endif
