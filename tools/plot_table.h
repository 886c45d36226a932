/*
 * plot_table.h - an answer kept as columns, with equal texts kept once, and what its columns are to a picture.
 */
#ifndef PLOT_TABLE_H
#define PLOT_TABLE_H

#include <stdbool.h>
#include <stdint.h>

#include "gk_query.h"
#include "plot_memory.h"

#define PLOT_NONE SIZE_MAX

struct plot_column {
    const char *name;
    enum gk_type type;
    double *number; /* NaN: empty; a truth is 0 or 1 */
    gk_time *time;  /* GK_TIME_MIN: empty */
    uint32_t *text; /* number of a text; 0 is "" */
};

struct plot_table {
    struct plot_memory *memory;
    struct plot_column *columns;
    size_t n_columns, n_rows, room;
    const char **texts; /* by number */
    size_t n_texts, texts_room;
    uint32_t *slots; /* hash -> number + 1 */
    size_t n_slots;
};

void plot_table_init(struct plot_table *table, struct plot_memory *memory, const gk_query *query);
/* The current row of the query. */
void plot_table_add(struct plot_table *table, const gk_query *query);

/* Days, weeks and months are told as texts; from here on they are the times at which they begin. */
void plot_table_read_days(struct plot_table *table, int32_t zone_s);

/* Number of a column by name, PLOT_NONE when there is none of that name and type. */
size_t plot_table_find(const struct plot_table *table, const char *name, enum gk_type type);
/* "" where it is empty, and of a column that is PLOT_NONE. */
const char *plot_table_text(const struct plot_table *table, size_t column, size_t row);

/* What the columns of an aggregate or of samples are: keys first, then values. */
#define PLOT_KEYS_MAX    8
#define PLOT_VALUES_MOST 24
struct plot_value {
    size_t column;
    size_t possible; /* its possible_... column, PLOT_NONE: none */
};
struct plot_keys {
    size_t texts[PLOT_KEYS_MAX], n_texts; /* enterprise, facility, ... */
    size_t time;                          /* hour, day, week, month, time; PLOT_NONE: none */
    struct plot_value values[PLOT_VALUES_MOST];
    size_t n_values;
    size_t coverage;
};
/* False when the columns are not keys followed by values. */
bool plot_table_keys(const struct plot_table *table, struct plot_keys *out);

#endif
