/*
 * backfills.c - `list backfills of NOUN 'X' last 7d`: rows that came long after their time, by when they came.
 */
#include "parser.h"
#include "run.h"

#define ROUNDED_NS (60 * GK_SECOND) /* gk_backfill.arrived is at most so much later */

static int columns(struct gk_query *query)
{
    struct rows *rows = &query->rows;
    bool ok = rows_add_column(rows, "facility", GK_TYPE_TEXT) && rows_add_column(rows, "line", GK_TYPE_TEXT) &&
              rows_add_column(rows, "enterprise", GK_TYPE_TEXT) && rows_add_column(rows, "park", GK_TYPE_TEXT) &&
              rows_add_column(rows, "rows", GK_TYPE_COUNT) && rows_add_column(rows, "from", GK_TYPE_TIME) &&
              rows_add_column(rows, "to", GK_TYPE_TIME) && rows_add_column(rows, "arrived", GK_TYPE_TIME) &&
              rows_add_column(rows, "delay_s", GK_TYPE_SECONDS);

    return ok ? GK_OK : GK_EBUG;
}

struct listing {
    bool *is_meant; /* by facility */
    const struct gk_backfill *list;
    size_t n;
};

static int start(struct gk_query *query)
{
    const struct ref all = {.noun = NOUN_FACILITY};
    struct listing *own = arena_piece(&query->memory, sizeof *own);
    uint32_t n = gk_snapshot_info(query->snapshot)->n_facilities;
    int rc;

    query->own = own;
    if (!own || !(own->is_meant = arena_array(&query->memory, (size_t)n + 1, sizeof *own->is_meant)))
        return arena_status(&query->memory);
    TRY(scope_make_facilities(&query->scope, query->stmt->has_ref ? &query->stmt->ref : &all));
    for (size_t i = 0; i < query->scope.n; i++)
        own->is_meant[query->scope.list[i].id] = true;
    query->meta.n_subjects = query->scope.n;
    gk_time to = query->window.to + (query->window.to >= query->window.now ? ROUNDED_NS : 0); /* just now, too */
    TRY(gk_backfills(query->snapshot, query->window.from, to, &own->list, &own->n, &query->engine_error));
    query->watch.total = own->n;
    TRY(run_note(query,
                 "listed is what came more than 5 minutes after its time; rows that repeat others or change their "
                 "values are counted by gk stat"));
done:
    return rc;
}

static int put(struct gk_query *query, const struct gk_backfill *b)
{
    struct position position = scope_position(query->snapshot, (struct subject){GK_FACILITY, b->facility});
    int rc;

    TRY(run_begin_row(query));
    rows_put_text(&query->rows, scope_site_name(query->snapshot, GK_FACILITY, position.facility));
    rows_put_text(&query->rows, scope_site_name(query->snapshot, GK_LINE, position.line));
    rows_put_text(&query->rows, scope_site_name(query->snapshot, GK_ENTERPRISE, position.enterprise));
    rows_put_text(&query->rows, scope_site_name(query->snapshot, GK_PARK, position.park));
    rows_put_count(&query->rows, GK_TYPE_COUNT, (int64_t)b->n_rows);
    rows_put_time(&query->rows, b->from);
    rows_put_time(&query->rows, b->to);
    rows_put_time(&query->rows, b->arrived);
    rows_put_number(&query->rows, GK_TYPE_SECONDS, ((double)b->arrived - (double)b->from) / 1e9);
    run_end_row(query);
done:
    return rc;
}

static int step(struct gk_query *query, bool *is_done)
{
    const struct listing *own = query->own;
    int rc = GK_OK;

    *is_done = query->next >= own->n;
    if (*is_done)
        return GK_OK;
    TRY(watch_look(&query->watch));
    const struct gk_backfill *b = &own->list[query->next];
    query->watch.done = query->next++;
    if (own->is_meant[b->facility])
        TRY(put(query, b));
done:
    return rc;
}

const struct statement STATEMENT_BACKFILLS = {columns, start, step, NULL};
