/*
 * table.h - columns aligned by what is seen: Han characters take two columns, combining marks none.
 *
 * The widths come from the rows up to TABLE_ROWS_HELD, which are kept until then; later rows are written as they come
 * and may stick out.
 */
#ifndef TABLE_H
#define TABLE_H

#include <stdbool.h>
#include <stddef.h>

#include "output.h"

#define TABLE_ROWS_HELD 10000

struct table_column {
    size_t width;
    bool is_right; /* numbers stand at the right edge */
};

struct table {
    struct output *out;
    struct table_column *columns;
    size_t n_columns;
    struct output cells; /* the bytes of what is held, one cell behind the other; row 0 is the heading */
    size_t *ends;        /* of each cell in `cells` */
    size_t n_cells, room;
    bool is_bold;      /* the heading, on a terminal that may have it */
    bool is_streaming; /* the widths are settled */
};

void table_init(struct table *table, struct output *out, size_t n_columns, bool is_bold);
/* The next cell, row after row, the heading first: write into table_cell, then end it. */
struct output *table_cell(struct table *table);
void table_cell_end(struct table *table, bool is_right);
/* Writes what is held; frees. */
void table_finish(struct table *table);
/* Frees; what is held was in vain. */
void table_drop(struct table *table);

#endif
