/*
 * run.c - see run.h.
 */
#include "run.h"

#include "having.h"
#include "numbers.h"
#include "parser.h"

int run_fail(struct gk_query *query, int status)
{
    if (query->report.error && query->report.error->error.status == status)
        return status; /* told already */
    if (status == GK_ELIMIT) {
        report_hint(&query->report, "a shorter window, wider buckets or fewer groups need less");
        return report_status(&query->report, status, "the statement needs more memory than max_memory (%zu bytes)",
                             query->memory.max);
    }
    if (query->engine_error.status == status && query->engine_error.text[0])
        return report_status(&query->report, status, "%s", query->engine_error.text);
    return report_status(&query->report, status, "%s", gk_status_text(status));
}

int run_note(struct gk_query *query, const char *text)
{
    return notes_add(&query->memory, &query->notes, text ? report_text(&query->report, text) : NULL);
}

int run_note_dropped(struct gk_query *query, const char *what)
{
    gk_time before = gk_snapshot_info(query->snapshot)->dropped_before;
    char text[GK_TIME_TEXT_MAX];

    if (query->window.from >= before)
        return GK_OK;
    (void)gk_time_format(before, query->window.zone_s, text); /* the length is not needed */
    return run_note(query,
                    arena_printf(&query->memory, report_text(&query->report, "rows from before %s were dropped: %s"),
                                 text, report_text(&query->report, what)));
}

int run_start_eval(struct gk_query *query, const struct bound *bound, const struct cond *cond)
{
    struct eval *eval = &query->eval;

    eval->snapshot = query->snapshot;
    eval->arena = &query->memory;
    eval->bound = bound;
    eval->scope = &query->scope;
    eval->window = &query->window;
    eval->watch = &query->watch;
    eval->error = &query->engine_error;
    eval->is_timed = query->part == PART_RUN || query->part == PART_UNDER || query->part == PART_STORED;
    return eval_init(eval, cond);
}

int run_start_source(struct gk_query *query, const struct bound *bound, const struct cond *cond, bool may_prune)
{
    int rc;

    TRY(scope_make(&query->scope, bound->subject, bound->subject_names));
    numbers_keep_asked(query);
    TRY(run_start_eval(query, bound, cond));
    if (may_prune)
        TRY(prune_make(&query->prune, &query->scope, bound, cond, &query->window, query->prune_use,
                       &query->engine_error));
    query->watch.total = query->scope.n;
done:
    return rc;
}

int run_start_condition(struct gk_query *query, bool may_prune)
{
    int rc = run_start_source(query, &query->bound, query->stmt->cond, may_prune);

    query->meta.n_subjects = query->scope.n;
    return rc;
}

void run_end_condition(struct gk_query *query)
{
    query->reads.ns += query->eval.read_ns;
    query->reads.n += query->eval.n_loads;
    query->eval.read_ns = 0;
    query->eval.n_loads = 0;
    eval_clear(&query->eval);
    prune_clear(&query->prune);
}

static void account(struct gk_query *query, const gk_timeline *truth)
{
    const struct window *window = &query->window;
    struct gk_measure measure = {0};

    if (truth)
        gk_timeline_measure(truth, window->a, window->b, &measure);
    query->unknown_ticks += measure.possible - measure.certain;
    query->known_ticks += window->b - window->a - (measure.possible - measure.certain);
}

int run_next_subject(struct gk_query *query, enum eval_need need, struct subject *subject, const gk_timeline **out,
                     bool *is_done)
{
    bool is_out = true;
    int rc = GK_OK;

    *is_done = false;
    while (query->next < query->scope.n) {
        *subject = query->scope.list[query->next];
        query->watch.done = query->next++;
        TRY(watch_look(&query->watch));
        TRY(prune_subject(&query->prune, *subject, &is_out));
        if (!is_out)
            break;
        query->n_pruned++;
        account(query, NULL);
    }
    if (is_out) {
        *is_done = true;
        return GK_OK;
    }
    TRY(eval_subject(&query->eval, *subject, need, out));
    query->meta.n_without_links += query->eval.is_without_links;
    account(query, *out);
done:
    return rc;
}

bool run_add_subject_columns(struct gk_query *query)
{
    return rows_add_column(&query->rows, "subject", GK_TYPE_TEXT) &&
           rows_add_column(&query->rows, "facility", GK_TYPE_TEXT) &&
           rows_add_column(&query->rows, "line", GK_TYPE_TEXT) &&
           rows_add_column(&query->rows, "enterprise", GK_TYPE_TEXT) &&
           rows_add_column(&query->rows, "park", GK_TYPE_TEXT);
}

void run_put_subject(struct gk_query *query, struct subject subject)
{
    struct position position = scope_position(query->snapshot, subject);

    rows_put_text(&query->rows, scope_name(query->snapshot, subject));
    rows_put_text(&query->rows, scope_site_name(query->snapshot, GK_FACILITY, position.facility));
    rows_put_text(&query->rows, scope_site_name(query->snapshot, GK_LINE, position.line));
    rows_put_text(&query->rows, scope_site_name(query->snapshot, GK_ENTERPRISE, position.enterprise));
    rows_put_text(&query->rows, scope_site_name(query->snapshot, GK_PARK, position.park));
}

/* How many rows are made before the watch is looked at: less than a millisecond. */
#define LOOK_ROWS 1024

int run_begin_row(struct gk_query *query)
{
    int rc = ++query->n_begun % LOOK_ROWS == 0 ? watch_look(&query->watch) : GK_OK;

    return rc == GK_OK ? rows_begin(&query->rows) : rc;
}

void run_end_row(struct gk_query *query)
{
    if (query->stmt->tail.having && !query->stmt->is_explained &&
        !having_passes(query->stmt->tail.having, &query->rows, query->having_columns))
        rows_drop(&query->rows);
}

double run_seconds(const struct gk_query *query, int64_t ticks)
{
    return (double)ticks * (double)query->bound.tick_ns / 1e9;
}

gk_time run_time(const struct gk_query *query, int64_t tick)
{
    return tick * query->bound.tick_ns;
}
