/*
 * sim_span.h - sets of time as sorted, disjoint, half-open spans in milliseconds.
 */
#ifndef SIM_SPAN_H
#define SIM_SPAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct span {
    int64_t from, to;
};

struct spans {
    struct span *v;
    size_t n, room;
};

void spans_clear(struct spans *spans);
/* Puts one at the end, in any order; an empty one is left out. spans_merge makes a set of it. */
void spans_add(struct spans *spans, int64_t from, int64_t to);
/* Sorts, and joins what overlaps, touches or is less than `gap` apart. */
void spans_merge(struct spans *spans, int64_t gap);

/* out (must be empty) becomes a and b, a and not b; both are merged sets. */
void spans_and(struct spans *out, const struct spans *a, const struct spans *b);
void spans_without(struct spans *out, const struct spans *a, const struct spans *b);
/* Adds all of b to a. */
void spans_join(struct spans *a, const struct spans *b);

/* Whether anything of the set lies within [from, to). */
bool spans_meet(const struct spans *spans, int64_t from, int64_t to);
/* The same for one time that only goes forward: *cursor starts at 0. Returns the span or NULL. */
const struct span *spans_at(const struct spans *spans, size_t *cursor, int64_t time);

#endif
