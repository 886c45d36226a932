/*
 * which.c - `which NOUN ever|always|never|now COND`: names of those of which `when COND` has a row, for which it has
 * rows all the time, or none at all, or one now. The subject is that of COND; of a site the truths of all subjects
 * inside of it count, each with what it is linked with: two facilities of one enterprise that have nothing to do with
 * each other are no breach. A row is certain; meta counts those that may be, too.
 */
#include "bind.h"
#include "parser.h"
#include "run.h"

/* What its subjects say of a site. */
struct site {
    bool has_subject;
    struct gk_measure measure; /* added up: whether there is some is what counts */
    gk_timeline *any;          /* of `always`: when it was true of some */
};

struct sites {
    struct site *list; /* by id */
    size_t n, next;
    gk_timeline *scratch;
};

static int columns(struct gk_query *query)
{
    return run_add_subject_columns(query) && rows_add_column(&query->rows, "certainty", GK_TYPE_TEXT) ? GK_OK : GK_EBUG;
}

/* Subjects are inside of what is named. */
static bool is_of_sites(const struct gk_query *query)
{
    enum noun noun = query->stmt->ref.noun;

    return !noun_is_facility(noun) && query->bound.subject != noun;
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

static int put_verdict(struct gk_query *query, struct subject subject, const struct gk_measure *measure)
{
    enum gk_truth verdict = judge(query->stmt->mode, measure, query->window.b - query->window.a);
    int rc = GK_OK;

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

/* ---- sites ---- */

static int start_sites(struct gk_query *query)
{
    struct sites *own = arena_piece(&query->memory, sizeof *own);
    enum noun noun = query->stmt->ref.noun;
    int rc = GK_OK;

    query->own = own;
    if (!own)
        return arena_status(&query->memory);
    own->n = gk_snapshot_info(query->snapshot)->n_sites[noun_kind(noun)];
    own->list = arena_array(&query->memory, own->n + 1, sizeof *own->list);
    if (!own->list)
        return arena_status(&query->memory);
    TRY(gk_timeline_new(query->snapshot, &own->scratch));
done:
    return rc;
}

static uint32_t site_of(const struct gk_query *query, struct subject subject)
{
    struct position position = scope_position(query->snapshot, subject);

    switch (query->stmt->ref.noun) {
    case NOUN_LINE:
        return position.line;
    case NOUN_ENTERPRISE:
        return position.enterprise;
    case NOUN_PARK:
        return position.park;
    default:
        return 0;
    }
}

static int add_subject(struct gk_query *query, struct subject subject, const gk_timeline *truth)
{
    const struct window *window = &query->window;
    struct sites *own = query->own;
    uint32_t id = site_of(query, subject);
    struct gk_measure measure;
    int rc = GK_OK;

    if (id == GK_ID_NONE)
        return GK_OK;
    struct site *site = &own->list[id];
    site->has_subject = true;
    if (query->stmt->mode == WHICH_ALWAYS) {
        if (!site->any)
            TRY(gk_timeline_new(query->snapshot, &site->any));
        TRY(gk_timeline_or(own->scratch, site->any, truth));
        TRY(gk_timeline_copy(site->any, own->scratch));
        gk_timeline_measure(site->any, window->a, window->b, &site->measure);
    } else {
        gk_timeline_measure(truth, window->a, window->b, &measure);
        site->measure.certain += measure.certain;
        site->measure.possible += measure.possible;
    }
done:
    return rc;
}

static int step_site(struct gk_query *query, bool *is_done)
{
    struct sites *own = query->own;

    *is_done = own->next >= own->n;
    if (*is_done)
        return GK_OK;
    uint32_t id = (uint32_t)own->next++;
    if (!own->list[id].has_subject)
        return GK_OK;
    return put_verdict(query, (struct subject){noun_kind(query->stmt->ref.noun), id}, &own->list[id].measure);
}

/* ---- the statement ---- */

static int start(struct gk_query *query)
{
    int rc = GK_OK;

    query->meta.has_possible = true;
    if (is_of_sites(query))
        TRY(start_sites(query));
    /* A subject that is pruned is not in the answer, but `never` is about just those. */
    TRY(run_start_condition(query, query->stmt->mode != WHICH_NEVER));
done:
    return rc;
}

static int step(struct gk_query *query, bool *is_done)
{
    const gk_timeline *truth;
    struct subject subject;
    struct gk_measure measure;
    bool is_last;
    int rc;

    TRY(run_next_subject(query, EVAL_INSIDE, &subject, &truth, &is_last));
    bool is_empty = query->window.a >= query->window.b;
    *is_done = is_last && (!query->own || is_empty);
    if (*is_done || is_empty)
        return GK_OK;
    if (is_last)
        return step_site(query, is_done);
    if (query->own)
        return add_subject(query, subject, truth);
    gk_timeline_measure(truth, query->window.a, query->window.b, &measure);
    TRY(put_verdict(query, subject, &measure));
done:
    return rc;
}

static void end(struct gk_query *query)
{
    struct sites *own = query->own;

    for (size_t i = 0; own && own->list && i < own->n; i++)
        gk_timeline_free(own->list[i].any);
    if (own)
        gk_timeline_free(own->scratch);
    query->own = NULL;
    run_end_condition(query);
}

const struct statement STATEMENT_WHICH = {columns, start, step, end};
