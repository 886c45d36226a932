/*
 * columns.h - rows of one facility as columns that own their memory, and the one rule by which rows of the same time
 * become one:
 *
 *   last, first   channel by channel: a value fills in what is missing; where both are there the later (earlier) counts
 *   all           both rows stay, in order of arrival
 *
 * The rule is associative, so rows may be folded in memory, at sealing or at reading: the outcome is the same.
 */
#ifndef DB_COLUMNS_H
#define DB_COLUMNS_H

#include "codec/chunk.h"

struct columns {
    const struct mem *mem;
    size_t n_rows, capacity;
    gk_time *time;
    size_t n_columns, columns_capacity;
    uint32_t *channel; /* ascending */
    double **value;
};

void columns_init(struct columns *columns, const struct mem *mem);
void columns_clear(struct columns *columns);
/* No rows and no columns; keeps the memory. */
void columns_reset(struct columns *columns);
/* The memory for rows, at most. */
size_t columns_bytes(const struct columns *columns);
/* Adds a column, missing in the rows there are; a channel that is there already is left alone. */
int columns_add(struct columns *columns, uint32_t channel);
/* The place of a channel, or -1. */
int columns_find(const struct columns *columns, uint32_t channel);
/* Room for n more rows: their times and values are to be written by the caller, at n_rows, which does not change. */
int columns_reserve(struct columns *columns, size_t n);
/* Appends rows [from, to) of another; channels that are not here are added. */
int columns_append(struct columns *columns, const struct columns *other, size_t from, size_t to);
/* Appends rows of mini blocks [from, to) of a chunk, whose times are opened, or NULL. Either all of its columns, adding
 * them, or only columns that are here. */
int columns_append_chunk(struct columns *columns, const struct chunk_view *chunk, const struct times_view *times,
                         uint32_t from, uint32_t to, bool all_channels);
/* Rows [from, to) without copying them: lives as long as they stay where they are. `values` has room for n_columns. */
struct columns columns_window(const struct columns *columns, size_t from, size_t to, double **values);
/* First row at or after t. */
size_t columns_lower(const struct columns *columns, gk_time t);
/* Folds neighbours of the same time (in order of arrival) into one; nothing to do under GK_ALL. */
void columns_fold(struct columns *columns, enum gk_policy policy);
/* Rows of `a` and of the later arrived `b`, both in order of time, by time; into the empty *out. */
int columns_merge(const struct columns *a, const struct columns *b, enum gk_policy policy, struct columns *out);
/* A borrowed view of rows [from, to) for the codec; `values` has room for n_columns. */
struct chunk_rows columns_view(const struct columns *columns, size_t from, size_t to, const double **values);

#endif
