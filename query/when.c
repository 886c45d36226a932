/*
 * when.c - `when COND`: one row for every stretch of time in which a condition was certainly true, with its true start
 * and end; with `with possible` those in which it may have been, too.
 */
#include "numbers.h"
#include "parser.h"

static int columns(struct gk_query *query)
{
    struct rows *rows = &query->rows;
    bool ok = run_add_subject_columns(query) && rows_add_column(rows, "start", GK_TYPE_TIME) &&
              rows_add_column(rows, "end", GK_TYPE_TIME) && rows_add_column(rows, "duration_s", GK_TYPE_SECONDS) &&
              rows_add_column(rows, "certainty", GK_TYPE_TEXT) && rows_add_column(rows, "open", GK_TYPE_TRUTH) &&
              rows_add_column(rows, "carried_in", GK_TYPE_TRUTH);

    return ok ? GK_OK : GK_EBUG;
}

static bool is_event(const struct gk_query *query)
{
    return !query->numbers && query->stmt->cond->is_event;
}

/* How long a run lasts: an open one is counted to the newest row, as nothing is known behind it. */
static double duration(const struct gk_query *query, int64_t from, int64_t to, bool is_open)
{
    gk_time end = query->meta.watermark < query->window.now ? query->meta.watermark : query->window.now;

    if (is_event(query))
        return 0;
    if (!is_open)
        return run_seconds(query, to - from);
    gk_time start = run_time(query, from);
    return end > start ? (double)(end - start) / 1e9 : 0;
}

static int put_run(struct gk_query *query, struct subject subject, const struct run *run)
{
    bool is_moment = is_event(query) && run->truth == GK_TRUE, is_endless = false;
    int64_t from = query->numbers ? run->from : eval_run_start(&query->eval, run, &is_endless);
    bool is_open = run->to >= query->window.known_end && !is_moment;
    int rc;

    TRY(run_begin_row(query));
    run_put_subject(query, subject);
    rows_put_time(&query->rows, run_time(query, from));
    if (is_open)
        rows_put_empty(&query->rows);
    else
        rows_put_time(&query->rows, run_time(query, is_moment ? from : run->to));
    rows_put_number(&query->rows, GK_TYPE_SECONDS, duration(query, from, run->to, is_open));
    rows_put_text(&query->rows, run->truth == GK_TRUE ? "certain" : "possible");
    rows_put_count(&query->rows, GK_TYPE_TRUTH, is_open);
    rows_put_count(&query->rows, GK_TYPE_TRUTH, from < query->window.a || is_endless);
    run_end_row(query);
done:
    return rc;
}

/* Moments that follow each other tick by tick are rows of their own. */
static int put_events(struct gk_query *query, struct subject subject, const struct run *run)
{
    int64_t from = run->from > query->window.a ? run->from : query->window.a;
    int64_t to = run->to < query->window.b ? run->to : query->window.b;
    int rc = GK_OK;

    for (int64_t tick = from; tick < to; tick++) {
        const struct run moment = {tick, tick + 1, GK_TRUE};
        TRY(put_run(query, subject, &moment));
    }
done:
    return rc;
}

static void count_possible(struct gk_query *query, const struct run *run)
{
    int64_t from = run->from > query->window.a ? run->from : query->window.a;
    int64_t to = run->to < query->window.b ? run->to : query->window.b;

    query->meta.n_possible++;
    if (!is_event(query))
        query->meta.possible_s += run_seconds(query, to - from);
}

/* A rule of numbers: of all buckets that touch the window and are over. */
static int start_numbers(struct gk_query *query)
{
    int rc = numbers_ask(query, numbers_bucket(query, query->window.from), numbers_end(query, query->window.to));

    query->meta.n_subjects = query->numbers->n_ids;
    return rc;
}

static int start(struct gk_query *query)
{
    query->meta.has_possible = true;
    return query->numbers ? start_numbers(query) : run_start_condition(query, true);
}

static int step(struct gk_query *query, bool *is_done)
{
    bool with_possible = query->stmt->tail.with_possible;
    const gk_timeline *truth;
    struct subject subject;
    struct run run;
    size_t at = 0;
    int rc;

    if (query->numbers)
        TRY(numbers_next(query, &subject, &truth, is_done));
    else
        TRY(run_next_subject(query, with_possible ? EVAL_POSSIBLE : EVAL_CERTAIN, &subject, &truth, is_done));
    if (*is_done || query->window.a >= query->window.b)
        return GK_OK;
    while (eval_next_run(truth, query->window.a, query->window.b, &at, &run)) {
        if (run.truth == GK_UNKNOWN)
            count_possible(query, &run);
        if (run.truth == GK_TRUE && is_event(query))
            TRY(put_events(query, subject, &run));
        else if (run.truth == GK_TRUE || with_possible)
            TRY(put_run(query, subject, &run));
    }
done:
    return rc;
}

const struct statement STATEMENT_WHEN = {columns, start, step, run_end_condition};
