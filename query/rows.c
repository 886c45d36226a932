/*
 * rows.c - see rows.h.
 */
#include "rows.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "parser.h"

void rows_init(struct rows *rows, struct arena *arena)
{
    *rows = (struct rows){.arena = arena};
}

void rows_clear(struct rows *rows)
{
    if (rows->arena)
        arena_release(rows->arena, &rows->cells, &rows->capacity, sizeof *rows->cells);
    rows_reset(rows);
}

bool rows_add_column(struct rows *rows, const char *name, enum gk_type type)
{
    if (rows->n_columns == COLUMNS_MAX)
        return false;
    rows->columns[rows->n_columns++] = (struct gk_column){name, type};
    return true;
}

size_t rows_find_column(const struct rows *rows, const char *name)
{
    for (size_t i = 0; i < rows->n_columns; i++)
        if (strcmp(rows->columns[i].name, name) == 0)
            return i;
    return SIZE_MAX;
}

size_t rows_count(const struct rows *rows)
{
    return rows->n;
}

int rows_begin(struct rows *rows)
{
    int rc;

    TRY(arena_reserve(rows->arena, &rows->cells, &rows->capacity, rows->n_cells + rows->n_columns,
                      sizeof *rows->cells));
    memset(rows->cells + rows->n_cells, 0, rows->n_columns * sizeof *rows->cells);
    rows->n_cells += rows->n_columns;
    rows->n++;
    rows->column = 0;
done:
    return rc;
}

static struct gk_value *next_cell(struct rows *rows)
{
    assert(rows->column < rows->n_columns);
    return &rows->cells[rows->n_cells - rows->n_columns + rows->column++];
}

void rows_put_empty(struct rows *rows)
{
    (void)next_cell(rows); /* cells are empty from the start */
}

void rows_put_text(struct rows *rows, const char *text)
{
    struct gk_value *cell = next_cell(rows);

    if (!text || !*text)
        return;
    cell->type = GK_TYPE_TEXT;
    cell->as.text = (struct gk_text){text, strlen(text)};
}

void rows_put_time(struct rows *rows, gk_time t)
{
    struct gk_value *cell = next_cell(rows);

    cell->type = GK_TYPE_TIME;
    cell->as.time = t;
}

void rows_put_number(struct rows *rows, enum gk_type type, double number)
{
    struct gk_value *cell = next_cell(rows);

    if (isnan(number))
        return;
    cell->type = type;
    cell->as.number = number;
}

void rows_put_count(struct rows *rows, enum gk_type type, int64_t count)
{
    struct gk_value *cell = next_cell(rows);

    cell->type = type;
    cell->as.count = count;
}

void rows_drop(struct rows *rows)
{
    assert(rows->n_cells >= rows->n_columns);
    rows->n_cells -= rows->n_columns;
    rows->n--;
}

/* ---- giving ---- */

int rows_can_lend(struct rows *rows, struct arena *arena)
{
    rows->lent = arena_array(arena, rows->n_columns, sizeof *rows->lent);
    return rows->lent ? GK_OK : arena_status(arena);
}

void rows_lend(struct rows *rows, size_t n)
{
    assert(rows->lent && rows->n == 0);
    rows->n_lent = n;
    rows->lent_at = 0;
}

bool rows_take(struct rows *rows)
{
    if (rows->at == rows->n)
        return rows_take_lent(rows);
    rows->at++;
    return true;
}

bool rows_has_next(const struct rows *rows)
{
    return rows->at < rows->n || rows->lent_at < rows->n_lent;
}

static bool is_number(const struct gk_value *cell)
{
    return cell->type == GK_TYPE_SECONDS || cell->type == GK_TYPE_NUMBER || cell->type == GK_TYPE_SHARE;
}

/* A cell as a number: counts, times and truths, too. */
static double number_of(const struct gk_value *cell)
{
    if (is_number(cell))
        return cell->as.number;
    return cell->type == GK_TYPE_TIME ? (double)cell->as.time : (double)cell->as.count;
}

double rows_last_number(const struct rows *rows, size_t column)
{
    const struct gk_value *cell = &rows->cells[rows->n_cells - rows->n_columns + column];

    return cell->type == GK_TYPE_EMPTY || cell->type == GK_TYPE_TEXT ? NAN : number_of(cell);
}

/* -1, 0, 1; empty cells are behind all others. */
static int compare_cells(const struct gk_value *a, const struct gk_value *b, bool is_desc)
{
    int order;

    if (a->type == GK_TYPE_EMPTY || b->type == GK_TYPE_EMPTY)
        return (a->type == GK_TYPE_EMPTY) - (b->type == GK_TYPE_EMPTY);
    if (a->type == GK_TYPE_TEXT && b->type == GK_TYPE_TEXT)
        order = strcmp(a->as.text.bytes, b->as.text.bytes);
    else if (is_number(a) && is_number(b))
        order = a->as.number < b->as.number ? -1 : a->as.number > b->as.number;
    else
        order = a->as.count < b->as.count ? -1 : a->as.count > b->as.count; /* counts, truths, times: all int64 */
    return is_desc ? -order : order;
}

/* Rows that are merged before the watch is looked at: about a millisecond. */
#define LOOK_ROWS 16384

struct sorting {
    const struct rows *rows;
    size_t column;
    bool is_desc;
    struct watch *watch;
};

/* Merges two sorted stretches of row numbers. */
static int merge(const struct sorting *by, const uint32_t *from, uint32_t *to, size_t a, size_t mid, size_t b)
{
    const struct rows *rows = by->rows;
    size_t i = a, j = mid;
    int rc = GK_OK;

    for (size_t k = a; k < b; k++) {
        bool takes_left = j >= b;
        if (i < mid && j < b)
            takes_left = compare_cells(&rows->cells[from[i] * rows->n_columns + by->column],
                                       &rows->cells[from[j] * rows->n_columns + by->column], by->is_desc) <= 0;
        to[k] = takes_left ? from[i++] : from[j++];
        if (k % LOOK_ROWS == LOOK_ROWS - 1)
            TRY(watch_look(by->watch));
    }
done:
    return rc;
}

/* *order is one of the two lists. */
static int sort_numbers(const struct sorting *by, uint32_t *list, uint32_t *other, const uint32_t **order)
{
    size_t n = rows_count(by->rows);
    int rc = GK_OK;

    for (size_t i = 0; i < n; i++)
        list[i] = (uint32_t)i;
    for (size_t width = 1; width < n; width *= 2) {
        for (size_t a = 0; a < n; a += 2 * width) {
            size_t mid = a + width < n ? a + width : n, b = a + 2 * width < n ? a + 2 * width : n;
            TRY(merge(by, list, other, a, mid, b));
        }
        uint32_t *swap = list;
        list = other;
        other = swap;
    }
    *order = list;
done:
    return rc;
}

int rows_sort(struct rows *rows, size_t column, bool is_desc, struct watch *watch)
{
    size_t n = rows_count(rows), capacity = 0, cells_capacity = 0;
    uint32_t *numbers = NULL;
    struct gk_value *cells = NULL;
    const uint32_t *order;
    int rc = GK_OK;

    if (n < 2)
        return GK_OK;
    TRY(arena_reserve(rows->arena, &numbers, &capacity, 2 * n, sizeof *numbers));
    TRY(arena_reserve(rows->arena, &cells, &cells_capacity, rows->n_cells, sizeof *cells));
    TRY(sort_numbers(&(struct sorting){rows, column, is_desc, watch}, numbers, numbers + n, &order));
    for (size_t i = 0; i < n; i++)
        memcpy(cells + i * rows->n_columns, rows->cells + order[i] * rows->n_columns, rows->n_columns * sizeof *cells);
    memcpy(rows->cells, cells, rows->n_cells * sizeof *cells);
done:
    arena_release(rows->arena, &cells, &cells_capacity, sizeof *cells);
    arena_release(rows->arena, &numbers, &capacity, sizeof *numbers);
    return rc;
}

void rows_keep(struct rows *rows, size_t n)
{
    if (n >= rows->n)
        return;
    rows->n = n;
    rows->n_cells = n * rows->n_columns;
}

void rows_reset(struct rows *rows)
{
    rows->n_cells = rows->n = rows->at = 0;
    rows->n_lent = rows->lent_at = 0;
}
