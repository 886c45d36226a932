/*
 * rows.h - the rows of an answer that are ready: made by a statement, cut by having, sort, top and limit, taken one by
 * one.
 */
#ifndef QUERY_ROWS_H
#define QUERY_ROWS_H

#include "ast.h"
#include "gk_query.h"

#define COLUMNS_MAX 32

struct rows {
    struct arena *arena;
    struct gk_column columns[COLUMNS_MAX];
    size_t n_columns;
    struct gk_value *cells; /* n * n_columns */
    size_t n_cells, capacity;
    size_t at;     /* next row to give */
    size_t column; /* next column to put */
};

void rows_init(struct rows *rows, struct arena *arena);
void rows_clear(struct rows *rows);
/* A column; false when there are COLUMNS_MAX. The name must live as long as the query. */
bool rows_add_column(struct rows *rows, const char *name, enum gk_type type);
/* Number of a column by name, SIZE_MAX when there is none. */
size_t rows_find_column(const struct rows *rows, const char *name);
size_t rows_count(const struct rows *rows);

/* A new row of empty cells, then its cells from left to right. */
int rows_begin(struct rows *rows);
void rows_put_empty(struct rows *rows);
void rows_put_text(struct rows *rows, const char *text); /* "" is empty */
void rows_put_time(struct rows *rows, gk_time t);
void rows_put_number(struct rows *rows, enum gk_type type, double number); /* NaN is empty */
void rows_put_count(struct rows *rows, enum gk_type type, int64_t count);
/* Takes the last row away again. */
void rows_drop(struct rows *rows);

/* Whether the last row passes `column cmp value`; an empty cell passes nothing. */
bool rows_last_passes(const struct rows *rows, size_t column, enum gk_compare compare, double value);
/* Stable; empty cells come last either way. */
int rows_sort(struct rows *rows, size_t column, bool is_desc);
void rows_keep(struct rows *rows, size_t n);
/* Forgets the rows that were given. */
void rows_reset(struct rows *rows);

#endif
