/*
 * rows.h - the rows of an answer that are ready: made by a statement, cut by having, sort, top and limit, taken one by
 * one. Rows are cells, or they are lent: columns of somebody else, of which a row's values are made when asked for.
 */
#ifndef QUERY_ROWS_H
#define QUERY_ROWS_H

#include "ast.h"
#include "gk_query.h"
#include "watch.h"

#define COLUMNS_MAX 32

/* One column of lent rows: numbers (NaN is empty), or times, or a value that is the same in every row. */
struct lent {
    const double *number;
    const gk_time *time;
    struct gk_value value; /* of numbers and times: of the row that was asked for last */
};

struct rows {
    struct arena *arena;
    struct gk_column columns[COLUMNS_MAX];
    size_t n_columns;
    struct gk_value *cells; /* n * n_columns */
    size_t n_cells, capacity;
    size_t n;               /* rows of cells */
    size_t at;              /* next row to give */
    size_t column;          /* next column to put */
    struct lent *lent;      /* n_columns; NULL: a statement that never lends */
    size_t n_lent, lent_at; /* rows that are lent, and how many of them were given */
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
/* The type of the column that is put next. */
static inline enum gk_type rows_next_type(const struct rows *rows)
{
    return rows->columns[rows->column].type;
}
/* Takes the last row away again. */
void rows_drop(struct rows *rows);

/* Makes room for lending, once all columns are there; from `arena`, where it lives as long as the columns. */
int rows_can_lend(struct rows *rows, struct arena *arena);
/*
 * Lends n rows, whose columns the caller set in rows->lent and keeps until rows_reset. There must be no cells.
 */
void rows_lend(struct rows *rows, size_t n);
/* Gives the next lent row; false when there is none. */
static inline bool rows_take_lent(struct rows *rows)
{
    if (rows->lent_at == rows->n_lent)
        return false;
    rows->lent_at++;
    return true;
}
/* Gives the next row of either kind. */
bool rows_take(struct rows *rows);
bool rows_has_next(const struct rows *rows);
/* A value of the row that was given last; made when it is of a lent one. */
static inline const struct gk_value *rows_value(const struct rows *rows, size_t column)
{
    if (rows->lent_at == 0)
        return &rows->cells[(rows->at - 1) * rows->n_columns + column];
    struct lent *lent = &rows->lent[column];
    size_t row = rows->lent_at - 1;
    if (lent->number) {
        double number = lent->number[row];
        lent->value.as.number = number;
        lent->value.type = number == number ? GK_TYPE_NUMBER : GK_TYPE_EMPTY;
    } else if (lent->time) {
        lent->value.as.time = lent->time[row];
    }
    return &lent->value;
}

/* A number of the last row; NaN when it is empty or a text. */
double rows_last_number(const struct rows *rows, size_t column);
/* Stable; empty cells come last either way. Stops when the watch says so. */
int rows_sort(struct rows *rows, size_t column, bool is_desc, struct watch *watch);
void rows_keep(struct rows *rows, size_t n);
/* Forgets the rows. */
void rows_reset(struct rows *rows);

#endif
