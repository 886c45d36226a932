/*
 * profile.c - `profile STATEMENT`: runs it, keeps no row, and says what `explain` says, what was touched, and how long
 * each step took, by the session's monotonic clock.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "explain.h"
#include "parser.h"

static int columns(struct gk_query *query)
{
    gk_time begun = session_monotonic(query->session);
    struct rows *rows = &query->rows;
    bool ok = rows_add_column(rows, "step", GK_TYPE_TEXT) && rows_add_column(rows, "detail", GK_TYPE_TEXT) &&
              rows_add_column(rows, "ms", GK_TYPE_NUMBER);
    int rc = query_prepare_part(query, PART_RUN, &query->profiled);

    query->prepare_ns = session_monotonic(query->session) - begun;
    return rc != GK_OK ? rc : ok ? GK_OK : GK_EBUG;
}

static int put_took(struct gk_query *query, const char *step, const char *detail, int64_t ns)
{
    int rc;

    if (!detail)
        return arena_status(&query->memory);
    TRY(run_begin_row(query));
    rows_put_text(&query->rows, step);
    rows_put_text(&query->rows, detail);
    rows_put_number(&query->rows, GK_TYPE_NUMBER, (double)ns / 1e6);
    run_end_row(query);
done:
    return rc;
}

/* Changes of state of those who were looked at. */
static int count_changes(struct gk_query *query, const struct touched *touched, uint64_t *out)
{
    uint32_t n = gk_snapshot_info(query->snapshot)->n_facilities;
    int64_t from = query->window.a - query->bound.pad, to = query->window.b + query->bound.pad;
    const struct gk_step *steps;
    size_t n_steps;
    int rc = GK_OK;

    *out = 0;
    for (uint32_t id = 0; touched->needs && id < n; id++) {
        if (!touched->needs[id] || query->stmt->series)
            continue;
        TRY(watch_look(&query->watch));
        TRY(gk_state_steps(query->snapshot, id, from, to, &steps, &n_steps, &query->engine_error));
        *out += n_steps ? n_steps - 1 : 0;
    }
done:
    return rc;
}

static int put_steps(struct gk_query *query, const struct gk_query *ran, int64_t start_ns, int64_t rows_ns)
{
    struct reads reads = ran->both ? stored_reads(ran) : ran->reads;
    int rc;

    reads.ns += ran->eval.read_ns; /* of the condition that is not done yet */
    reads.n += ran->eval.n_loads;
    int64_t rest_ns = rows_ns - reads.ns - ran->sort_ns;

    TRY(put_took(query, "prepared", "text to tree, names to ids", query->prepare_ns));
    TRY(put_took(query, "started", "window, subjects, presence index, groups", start_ns));
    if (reads.n)
        TRY(put_took(query, "read",
                     arena_printf(&query->memory, "%zu timelines of facilities; %" PRIu64 " subjects were pruned",
                                  reads.n, ran->n_pruned),
                     reads.ns));
    TRY(put_took(query, "worked out",
                 ran->stmt->series ? "samples summed up or given" : "combined, filtered, cut to rows", rest_ns));
    if (ran->sort_ns)
        TRY(put_took(query, "sorted", "all rows before the first was given", ran->sort_ns));
    TRY(put_took(query, "total",
                 arena_printf(&query->memory, "%" PRIu64 " rows, %zu bytes of memory at the end", ran->n_given,
                              ran->memory.used),
                 query->prepare_ns + start_ns + rows_ns));
done:
    return rc;
}

static int start(struct gk_query *query)
{
    (void)query; /* all is done in the one step */
    return GK_OK;
}

static int step(struct gk_query *query, bool *is_done)
{
    struct gk_query_error *error = query->report.error;
    struct touched touched;
    uint64_t n_changes;
    gk_time begun = session_monotonic(query->session), started, ended;
    int rc;

    *is_done = true;
    TRY(gk_query_start(query->profiled, query->given, query->window.now, error));
    started = session_monotonic(query->session);
    while ((rc = gk_query_next(query->profiled, error)) == GK_OK)
        ;
    if (rc != GK_DONE)
        return rc;
    ended = session_monotonic(query->session);
    TRY(explain_rows(query, &touched));
    TRY(count_changes(query, &touched, &n_changes));
    if (!query->stmt->series)
        TRY(explain_put(query, "states", arena_printf(&query->memory, "%" PRIu64 " changes of state", n_changes)));
    TRY(put_steps(query, query->profiled, started - begun, ended - started));
done:
    return rc;
}

const struct statement STATEMENT_PROFILE = {columns, start, step, run_end_condition};
