/*
 * table.c - two spaces between columns, a line of dashes under the heading, no blanks at the end of a line.
 */
#include "table.h"

#include <stdlib.h>

#include "tool.h"
#include "width.h"

void table_init(struct table *table, struct output *out, size_t n_columns, bool is_bold)
{
    *table = (struct table){.out = out, .n_columns = n_columns, .is_bold = is_bold};
    table->columns = tool_resize(NULL, n_columns, sizeof *table->columns);
    for (size_t i = 0; i < n_columns; i++)
        table->columns[i] = (struct table_column){0};
    output_init(&table->cells, -1);
}

struct output *table_cell(struct table *table)
{
    return &table->cells;
}

static void pad(struct output *out, size_t n)
{
    for (; n > 0; n--)
        output_bytes(out, " ", 1);
}

static size_t cell_start(const struct table *table, size_t cell)
{
    return cell == 0 ? 0 : table->ends[cell - 1];
}

static void write_row(struct table *table, size_t first_cell)
{
    size_t owed = 0; /* blanks that are written when something follows */

    for (size_t i = 0; i < table->n_columns; i++) {
        size_t from = cell_start(table, first_cell + i), size = table->ends[first_cell + i] - from;
        const char *text = table->cells.bytes + from;
        size_t width = size > 0 ? text_width(text, size) : 0;
        size_t blank = table->columns[i].width > width ? table->columns[i].width - width : 0;

        if (table->columns[i].is_right) {
            owed += blank;
            blank = 0;
        }
        if (size > 0) {
            pad(table->out, owed);
            output_bytes(table->out, text, size);
            owed = 0;
        }
        owed += blank + 2;
    }
    output_text(table->out, "\n");
}

static void write_rule(struct table *table)
{
    for (size_t i = 0; i < table->n_columns; i++) {
        output_text(table->out, i > 0 ? "  " : "");
        for (size_t j = 0; j < table->columns[i].width; j++)
            output_text(table->out, "-");
    }
    output_text(table->out, "\n");
}

static void write_held(struct table *table)
{
    for (size_t cell = 0; cell + table->n_columns <= table->n_cells; cell += table->n_columns) {
        bool is_heading = cell == 0 && !table->is_streaming;

        output_text(table->out, is_heading && table->is_bold ? "\033[1m" : "");
        write_row(table, cell);
        output_text(table->out, is_heading && table->is_bold ? "\033[0m" : "");
        if (is_heading)
            write_rule(table);
    }
    table->is_streaming = true;
    table->n_cells = 0;
    table->cells.n = 0;
}

void table_cell_end(struct table *table, bool is_right)
{
    struct table_column *column = &table->columns[table->n_cells % table->n_columns];
    size_t from = cell_start(table, table->n_cells), width;

    if (table->n_cells == table->room) {
        table->room = table->room > 0 ? 2 * table->room : 64;
        table->ends = tool_resize(table->ends, table->room, sizeof *table->ends);
    }
    table->ends[table->n_cells++] = table->cells.n;
    column->is_right = is_right;
    width = table->cells.n > from ? text_width(table->cells.bytes + from, table->cells.n - from) : 0;
    if (!table->is_streaming && width > column->width)
        column->width = width;
    if (table->n_cells % table->n_columns == 0 &&
        (table->is_streaming || table->n_cells / table->n_columns > TABLE_ROWS_HELD))
        write_held(table);
}

void table_drop(struct table *table)
{
    output_clear(&table->cells);
    free(table->columns);
    free(table->ends);
}

void table_finish(struct table *table)
{
    if (!table->is_streaming)
        write_held(table);
    table_drop(table);
}
