/*
 * which.c - `which NOUN ever|always|never|now COND`: names of the subjects for which a condition was true at some time,
 * at all times, at no time of the window, or is true now. A row is certain; meta counts those that may be, too.
 */
#include "parser.h"
#include "run.h"

static int columns(struct gk_query *query)
{
    return run_add_subject_columns(query) && rows_add_column(&query->rows, "certainty", GK_TYPE_TEXT) ? GK_OK : GK_EBUG;
}

static enum gk_truth judge(enum which_mode mode, const struct gk_measure *measure, int64_t total)
{
    switch (mode) {
    case WHICH_EVER:
    case WHICH_NOW:
        return measure->certain > 0 ? GK_TRUE : measure->possible > 0 ? GK_UNKNOWN : GK_FALSE;
    case WHICH_ALWAYS:
        return measure->certain == total ? GK_TRUE : measure->possible == total ? GK_UNKNOWN : GK_FALSE;
    case WHICH_NEVER:
        return measure->possible == 0 ? GK_TRUE : measure->certain == 0 ? GK_UNKNOWN : GK_FALSE;
    }
    return GK_FALSE;
}

static int start(struct gk_query *query)
{
    query->meta.has_possible = true;
    /* A subject that is pruned is not in the answer, but `never` is about just those. */
    return run_start_condition(query, query->stmt->mode != WHICH_NEVER);
}

static int step(struct gk_query *query, bool *is_done)
{
    const struct window *window = &query->window;
    const gk_timeline *truth;
    struct subject subject;
    struct gk_measure measure;
    int rc;

    TRY(run_next_subject(query, EVAL_INSIDE, &subject, &truth, is_done));
    if (*is_done || window->a >= window->b)
        return GK_OK;
    gk_timeline_measure(truth, window->a, window->b, &measure);
    enum gk_truth verdict = judge(query->stmt->mode, &measure, window->b - window->a);
    if (verdict == GK_UNKNOWN)
        query->meta.n_possible++;
    if (verdict != GK_TRUE)
        return GK_OK;
    TRY(run_begin_row(query));
    run_put_subject(query, subject);
    rows_put_text(&query->rows, "certain");
    run_end_row(query);
done:
    return rc;
}

const struct statement STATEMENT_WHICH = {columns, start, step, run_end_condition};
