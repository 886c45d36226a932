/*
 * stored.c - `AGG, AGG of COND by KEYS with on_from = 15% vs stored`: the numbers under other limits, beside each that
 * of the stored states, and how much the first one changes. `... as known at TIME vs now` likewise: what was known, and
 * what is known now of the same window. The statement is run twice, with and without what is compared; both have the
 * same groups and buckets in the same order.
 */
#include <math.h>
#include <string.h>

#include "parser.h"
#include "run.h"

struct both {
    gk_query *under, *stored;
    size_t n_keys;
};

/* Coverage follows from the rows, nearly, and what is possible is told of the new limits: once is enough. */
static bool is_single(const struct gk_column *column)
{
    return strcmp(column->name, "coverage") == 0 || strncmp(column->name, "possible_", 9) == 0;
}

static int columns(struct gk_query *query)
{
    const struct tail *tail = &query->stmt->tail;
    struct both *own = arena_piece(&query->arena, sizeof *own);
    struct rows *rows = &query->rows;
    bool ok = true;
    int rc;

    if (!own)
        return arena_status(&query->arena);
    query->both = own;
    own->n_keys = tail->n_keys + (tail->every_ns != 0);
    TRY(query_prepare_part(query, PART_UNDER, &own->under));
    TRY(query_prepare_part(query, PART_STORED, &own->stored));
    own->stored->opens_as = tail->vs_now ? own->under : NULL;
    for (size_t i = 0; i < gk_query_n_columns(own->under); i++) {
        const struct gk_column *column = gk_query_column(own->under, i);
        ok = ok && rows_add_column(rows, column->name, column->type);
        if (i < own->n_keys || is_single(column))
            continue;
        const char *name = arena_printf(&query->arena, "%s_%s", tail->vs_now ? "now" : "stored", column->name);
        if (!name)
            return arena_status(&query->arena);
        ok = ok && rows_add_column(rows, name, column->type);
    }
    ok = ok && rows_add_column(rows, "change", GK_TYPE_SHARE);
    return ok ? GK_OK : report_status(&query->report, GK_ELIMIT, "an answer may have %d columns", COLUMNS_MAX);
done:
    return rc;
}

static int start(struct gk_query *query)
{
    struct both *own = query->both;
    struct gk_query_error *error = query->report.error;
    int rc;

    query->meta.has_possible = true;
    TRY(gk_query_start(own->under, query->snapshot, query->window.now, error));
    TRY(gk_query_start(own->stored, query->snapshot, query->window.now, error));
    query->meta.from = own->under->meta.from;
done:
    return rc;
}

/* A number to compare; NaN for texts and empty values. */
static double number_of(const struct gk_value *value)
{
    if (value->type == GK_TYPE_COUNT)
        return (double)value->as.count;
    return value->type == GK_TYPE_SECONDS || value->type == GK_TYPE_NUMBER || value->type == GK_TYPE_SHARE
               ? value->as.number
               : NAN;
}

static int put_value(struct gk_query *query, const struct gk_value *value)
{
    const char *text;

    switch (value->type) {
    case GK_TYPE_EMPTY:
        rows_put_empty(&query->rows);
        break;
    case GK_TYPE_TEXT: /* lives until the other query's next row */
        text = arena_text(&query->memory, value->as.text.bytes, value->as.text.size);
        if (!text)
            return arena_status(&query->memory);
        rows_put_text(&query->rows, text);
        break;
    case GK_TYPE_TIME:
        rows_put_time(&query->rows, value->as.time);
        break;
    case GK_TYPE_COUNT:
    case GK_TYPE_TRUTH:
        rows_put_count(&query->rows, value->type, value->as.count);
        break;
    default:
        rows_put_number(&query->rows, value->type, value->as.number);
    }
    return GK_OK;
}

static int put_row(struct gk_query *query)
{
    const struct both *own = query->both;
    double a = number_of(gk_query_value(own->under, own->n_keys));
    double b = number_of(gk_query_value(own->stored, own->n_keys));
    int rc;

    TRY(run_begin_row(query));
    for (size_t i = 0; i < gk_query_n_columns(own->under); i++) {
        TRY(put_value(query, gk_query_value(own->under, i)));
        if (i >= own->n_keys && !is_single(gk_query_column(own->under, i)))
            TRY(put_value(query, gk_query_value(own->stored, i)));
    }
    /* From the stored numbers to these; from what was known to what is known. */
    double from = query->stmt->tail.vs_now ? a : b, to = query->stmt->tail.vs_now ? b : a;
    rows_put_number(&query->rows, GK_TYPE_SHARE, from > 0 ? (to - from) / from : NAN);
    run_end_row(query);
done:
    return rc;
}

/* What the footer says is of the numbers under the limits. */
static void take_meta(struct gk_query *query, const struct gk_query *under)
{
    query->meta.n_possible = under->meta.n_possible;
    query->meta.possible_s = under->meta.possible_s;
    query->meta.n_subjects = under->meta.n_subjects;
    query->meta.n_without_links = under->meta.n_without_links;
    query->known_ticks = under->known_ticks;
    query->unknown_ticks = under->unknown_ticks;
}

/* Attributes that were other then may group otherwise. */
static bool has_same_keys(const struct both *own)
{
    for (size_t i = 0; i < own->n_keys; i++) {
        const struct gk_value *a = gk_query_value(own->under, i), *b = gk_query_value(own->stored, i);
        bool is_same = a->type == b->type;
        if (is_same && a->type == GK_TYPE_TEXT)
            is_same =
                a->as.text.size == b->as.text.size && memcmp(a->as.text.bytes, b->as.text.bytes, a->as.text.size) == 0;
        else if (is_same && a->type == GK_TYPE_TIME)
            is_same = a->as.time == b->as.time;
        if (!is_same)
            return false;
    }
    return true;
}

static int step(struct gk_query *query, bool *is_done)
{
    struct both *own = query->both;
    int rc = gk_query_next(own->under, query->report.error);

    if (rc != GK_OK && rc != GK_DONE)
        return rc;
    int other = gk_query_next(own->stored, query->report.error);
    if (other < 0)
        return other;
    if (other != rc || (rc == GK_OK && !has_same_keys(own)))
        return report_status(&query->report, GK_ERANGE,
                             "the groups of then are not those of now: ask for one after the other");
    *is_done = rc == GK_DONE;
    if (!*is_done)
        return put_row(query);
    take_meta(query, own->under);
    return GK_OK;
}

struct reads stored_reads(const struct gk_query *query)
{
    const struct both *own = query->both;

    return (struct reads){own->under->reads.ns + own->stored->reads.ns, own->under->reads.n + own->stored->reads.n};
}

void stored_free(struct gk_query *query)
{
    struct both *own = query->both;

    if (!own)
        return;
    gk_query_free(own->under);
    gk_query_free(own->stored);
    query->both = NULL;
}

const struct statement STATEMENT_STORED = {columns, start, step, NULL};
