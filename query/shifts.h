/*
 * shifts.h - which shifts a store has.
 */
#ifndef QUERY_SHIFTS_H
#define QUERY_SHIFTS_H

#include "arena.h"

/* The names of calendars that have hours, by when they begin; words that stand for days are none. */
int shift_names(gk_snapshot *snapshot, struct arena *arena, const char ***names, size_t *n);

#endif
