/*
 * explain.c - `explain STATEMENT`: how it is read and what it will look at, as rows of step and detail.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "parser.h"
#include "run.h"

static int columns(struct gk_query *query)
{
    return rows_add_column(&query->rows, "step", GK_TYPE_TEXT) && rows_add_column(&query->rows, "detail", GK_TYPE_TEXT)
               ? GK_OK
               : GK_EBUG;
}

static int put(struct gk_query *query, const char *step, const char *detail)
{
    int rc;

    if (!detail)
        return arena_status(&query->memory);
    TRY(run_begin_row(query));
    rows_put_text(&query->rows, step);
    rows_put_text(&query->rows, detail);
    run_end_row(query);
done:
    return rc;
}

static const char *verb_text(enum stmt_kind kind)
{
    static const char *const texts[] = {"when: a row for every certain stretch",
                                        "which: names",
                                        "aggregate of a condition",
                                        "aggregate of samples",
                                        "samples as they were measured",
                                        "state at one moment",
                                        "list of the catalog",
                                        "define: a condition by name"};
    return texts[kind];
}

static int put_window(struct gk_query *query)
{
    char from[GK_TIME_TEXT_MAX], to[GK_TIME_TEXT_MAX];
    const struct window *window = &query->window;

    (void)gk_time_format(window->from, window->zone_s, from);
    (void)gk_time_format(window->to, window->zone_s, to);
    if (window->is_instant)
        return put(query, "time", arena_printf(&query->memory, "the moment %s", from));
    return put(query, "window",
               arena_printf(&query->memory, "[%s, %s)%s%s", from, to, window->is_cut ? ", cut at now" : "",
                            query->stmt->tail.time.kind == TIME_DEFAULT ? ", as none was given" : ""));
}

static const char *range_text(enum range range)
{
    static const char *const texts[] = {"the subject itself", "linked with the subject", "inside the subject",
                                        "the site around the subject", "what is named"};
    return texts[range];
}

static const char *quant_text(const struct ref *ref)
{
    static const char *const texts[] = {"any ", "any ", "all ", "no ", "at least k ", "exactly k "};
    return ref->range == RANGE_SELF ? "" : texts[ref->quant];
}

static int put_leaf(struct gk_query *query, const struct cond *leaf)
{
    static const char *const states[] = {"nodata", "off", "idle", "on", "overload"};
    char list[64] = "";
    size_t at = 0;

    if (leaf->kind != COND_STATE && leaf->kind != COND_COMPARE)
        return put(query, "reads",
                   leaf->kind == COND_ORDER    ? "order: those that bind the subject"
                   : leaf->kind == COND_EXEMPT ? "exempt: declared for the subject"
                                               : "hours: in the store's zone");
    for (size_t i = 0; leaf->kind == COND_STATE && i < 5; i++)
        if (leaf->mask & GK_STATE_BIT(i))
            at += (size_t)snprintf(list + at, sizeof list - at, "%s%s", at ? " or " : "", states[i]);
    if (leaf->kind == COND_COMPARE)
        (void)snprintf(list, sizeof list, "a comparison of samples");
    return put(query, "reads",
               arena_printf(&query->memory, "%s%s: %s%s, %s", quant_text(&leaf->ref), noun_text(leaf->ref.noun),
                            leaf->is_negated ? "not " : "", list, range_text(leaf->ref.range)));
}

static int put_condition(struct gk_query *query)
{
    size_t n_kept = 0;
    int rc;

    for (size_t i = 0; i < query->bound.n_leaves; i++)
        TRY(put_leaf(query, query->bound.leaves[i]));
    TRY(put(query, "pad",
            arena_printf(&query->memory, "%g s on both sides of the window", run_seconds(query, query->bound.pad))));
    TRY(run_start_condition(query, true));
    for (size_t i = 0; i < query->scope.n; i++) {
        bool is_out;
        TRY(prune_subject(&query->prune, query->scope.list[i], &is_out));
        n_kept += !is_out;
    }
    TRY(put(query, "subjects",
            arena_printf(&query->memory, "%zu of noun %s", query->scope.n, noun_text(query->bound.subject))));
    TRY(put(query, "pruning",
            query->prune.n ? arena_printf(&query->memory, "%zu needs; the presence index leaves %zu of %zu subjects",
                                          query->prune.n, n_kept, query->scope.n)
                           : "the presence index is not read: it cannot tell, or the few states are read as fast"));
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
    int rc;

    *is_done = true;
    TRY(put(query, "statement", query->printed + strlen("explain ")));
    TRY(put(query, "kind", verb_text(query->stmt->kind)));
    if (query->stmt->kind != STMT_LIST && query->stmt->kind != STMT_DEFINE)
        TRY(put_window(query));
    if (query->stmt->cond && query->stmt->kind != STMT_DEFINE)
        TRY(put_condition(query));
    for (size_t i = 0; i < query->notes.n; i++)
        TRY(put(query, "note", query->notes.list[i]));
    rc = GK_OK;
done:
    return rc;
}

const struct statement STATEMENT_EXPLAIN = {columns, start, step, run_end_condition};
