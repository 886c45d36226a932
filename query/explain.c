/*
 * explain.c - `explain STATEMENT`: how it is read, what will be done in which order, and what is stored about those
 * whom it is about, as rows of step and detail. Nothing is read but the catalog, the presence index and the sizes of
 * records.
 */
#include "explain.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "parser.h"

static int columns(struct gk_query *query)
{
    return rows_add_column(&query->rows, "step", GK_TYPE_TEXT) && rows_add_column(&query->rows, "detail", GK_TYPE_TEXT)
               ? GK_OK
               : GK_EBUG;
}

int explain_put(struct gk_query *query, const char *step, const char *detail)
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

static const char *verb_text(const struct stmt *stmt)
{
    static const char *const texts[] = {"when: a row for every certain stretch",
                                        "which: names",
                                        "aggregates",
                                        "samples as they were measured",
                                        "state at one moment",
                                        "list of the catalog",
                                        "define: a condition by name",
                                        "numbers of lags between moments",
                                        "lags: a row for every moment and its partner",
                                        "rule: what it would raise, a row for every certain stretch",
                                        "list of alarms",
                                        "list of acts",
                                        "numbers of alarms",
                                        "evidence of an alarm"};
    if (stmt->kind == STMT_AGGREGATE && !stmt->sources->next)
        return stmt->cond ? "aggregate of a condition" : stmt->series ? "aggregate of samples" : texts[stmt->kind];
    return texts[stmt->kind];
}

static int put_window(struct gk_query *query)
{
    char from[GK_TIME_TEXT_MAX], to[GK_TIME_TEXT_MAX];
    const struct window *window = &query->window;

    (void)gk_time_format(window->from, window->zone_s, from);
    (void)gk_time_format(window->to, window->zone_s, to);
    if (window->is_instant)
        return explain_put(query, "time", arena_printf(&query->memory, "the moment %s", from));
    return explain_put(query, "window",
                       arena_printf(&query->memory, "[%s, %s)%s%s", from, to, window->is_cut ? ", cut at now" : "",
                                    query->stmt->tail.time.kind == TIME_DEFAULT ? ", as none was given" : ""));
}

/* ---- how words are read ---- */

static const char *range_text(enum range range)
{
    static const char *const texts[] = {"the subject itself", "linked with the subject", "inside the subject",
                                        "the site around the subject", "what is named"};
    return texts[range];
}

static const char *quant_text(struct gk_query *query, const struct ref *ref)
{
    static const char *const texts[] = {"any ", "any ", "all ", "no "};

    if (ref->range == RANGE_SELF)
        return "";
    if (ref->quant == QUANT_AT_LEAST || ref->quant == QUANT_EXACTLY)
        return arena_printf(&query->memory, "%s %" PRIu32 " ", ref->quant == QUANT_EXACTLY ? "exactly" : "at least",
                            ref->k);
    return texts[ref->quant];
}

static int put_leaf(struct gk_query *query, const struct cond *leaf)
{
    static const char *const states[] = {"nodata", "off", "idle", "on", "overload"};
    const char *quant;
    char list[64] = "";
    size_t at = 0;

    if (!cond_has_ref(leaf))
        return explain_put(query, "reads",
                           leaf->kind == COND_ORDER    ? "order: those that bind the subject"
                           : leaf->kind == COND_EXEMPT ? "exempt: declared for the subject"
                           : leaf->kind == COND_CALENDAR
                               ? (leaf->name.bytes ? "calendar: of a day the latest entry of the narrowest scope"
                                                   : "days of the week: in the store's zone")
                               : "hours: in the store's zone");
    for (size_t i = 0; leaf->kind == COND_STATE && i < 5; i++)
        if (leaf->mask & GK_STATE_BIT(i))
            at += (size_t)snprintf(list + at, sizeof list - at, "%s%s", at ? " or " : "", states[i]);
    if (leaf->kind != COND_STATE)
        (void)snprintf(list, sizeof list, "%s",
                       leaf->kind == COND_FROZEN ? "samples that stay the same" : "a comparison of samples");
    quant = quant_text(query, &leaf->ref);
    if (!quant)
        return arena_status(&query->memory);
    return explain_put(query, "reads",
                       arena_printf(&query->memory, "%s%s: %s%s, %s", quant, noun_text(leaf->ref.noun),
                                    leaf->is_negated ? "not " : "", list, range_text(leaf->ref.range)));
}

/* ---- what is done, in order ---- */

/* A node of the tree behind its operands; NULL: no memory. */
static const char *plan_text(struct gk_query *query, const struct cond *cond)
{
    double s = run_seconds(query, cond->ticks);

    switch (cond->kind) {
    case COND_AND:
        return cond->b->kind == COND_STATE || cond->b->kind == COND_NOT
                   ? "both; the second is looked at only where the first may be true"
                   : "both";
    case COND_OR:
        return "either";
    case COND_NOT:
        return "the opposite";
    case COND_POSSIBLY:
        return "what is possible counts as certain";
    case COND_SURELY:
        return "what is only possible counts as false";
    case COND_UNKNOWN:
        return "what is possible and not certain";
    case COND_START:
        return "where it begins";
    case COND_END:
        return "where it ends";
    case COND_AT_LEAST:
        return arena_printf(&query->memory, "runs of at least %g s stay", s);
    case COND_LESS:
        return arena_printf(&query->memory, "runs shorter than %g s stay", s);
    case COND_GAPS:
        return arena_printf(&query->memory, "gaps shorter than %g s are filled", s);
    case COND_HELD:
        return arena_printf(&query->memory, "where it was true for the last %g s", s);
    case COND_WITHIN_LAST:
        return arena_printf(&query->memory, "where it was true within the last %g s", s);
    case COND_WITHIN_NEXT:
        return arena_printf(&query->memory, "where it is true within the next %g s", s);
    case COND_TIMES:
        return arena_printf(&query->memory, "where it began at least %" PRIu32 " times within the last %g s", cond->k,
                            s);
    case COND_AFTER:
        return arena_printf(&query->memory,
                            "runs of the first that began at most %g s behind the second; how they began is looked up "
                            "however long ago it was",
                            s);
    case COND_TOGETHER:
        return arena_printf(&query->memory, "where so many of them begin within %g s of each other", s);
    case COND_ORDER:
    case COND_EXEMPT:
    case COND_HOURS:
    case COND_CALENDAR:
        return "from the catalog and the clock";
    default:
        return arena_printf(&query->memory, "%s of %s%s", cond->kind == COND_STATE ? "states" : "samples",
                            noun_text(cond->ref.noun), cond->ref.range == RANGE_SELF ? "" : ", counted");
    }
}

static int put_plan(struct gk_query *query, const struct cond *cond)
{
    int rc = GK_OK;

    if (cond->a && cond->kind != COND_TOGETHER)
        TRY(put_plan(query, cond->a));
    if (cond->b)
        TRY(put_plan(query, cond->b));
    TRY(explain_put(query, "plan", plan_text(query, cond)));
done:
    return rc;
}

/* ---- who has to be looked at, and how much is stored about them ---- */

enum { NEEDS_STATES = 1, NEEDS_SAMPLES = 2 };

static void mark(struct gk_query *query, struct subject subject, uint8_t need, uint8_t *needs)
{
    size_t n;

    if (subject.kind == GK_FACILITY) {
        needs[subject.id] |= need;
        return;
    }
    const uint32_t *ids = gk_site_facilities(query->snapshot, subject.kind, subject.id, &n);
    for (size_t i = 0; i < n; i++)
        if (!query->scope.is_in || query->scope.is_in[ids[i]])
            needs[ids[i]] |= need;
}

static int mark_subject(struct gk_query *query, struct subject subject, uint8_t *needs)
{
    struct members members = {NULL, 0, 0};
    int rc = GK_OK;

    for (size_t i = 0; i < query->bound.n_leaves; i++) {
        const struct cond *leaf = query->bound.leaves[i];
        if (!cond_has_ref(leaf))
            continue;
        members.n = 0;
        TRY(scope_members(&query->scope, &leaf->ref, subject, &members));
        for (size_t j = 0; j < members.n; j++)
            mark(query, members.list[j].subject, leaf->kind == COND_STATE ? NEEDS_STATES : NEEDS_SAMPLES, needs);
    }
done:
    arena_release(&query->memory, &members.list, &members.capacity, sizeof *members.list);
    return rc;
}

static int add_extent(struct gk_query *query, uint32_t id, uint8_t need, struct touched *out)
{
    gk_time from = run_time(query, query->window.a - query->bound.pad);
    gk_time to = run_time(query, query->window.b + query->bound.pad);
    struct gk_extent extent;
    int rc;

    TRY(watch_look(&query->watch));
    TRY(gk_facility_extent(query->snapshot, id, from, to, &extent, &query->engine_error));
    out->n_facilities++;
    out->n_unsealed += extent.has_unsealed;
    if (need & NEEDS_STATES) {
        out->n_records += extent.n_records;
        out->record_bytes += extent.record_bytes;
    }
    if (need & NEEDS_SAMPLES) {
        out->n_chunks += extent.n_chunks;
        out->chunk_bytes += extent.chunk_bytes;
    }
done:
    return rc;
}

/* Subjects that the index leaves; all they look at. */
static int find_touched(struct gk_query *query, struct touched *out)
{
    uint32_t n = gk_snapshot_info(query->snapshot)->n_facilities;
    uint8_t *needs = arena_array(&query->memory, (size_t)n + 1, 1);
    bool is_series = query->stmt->series != NULL;
    int rc = GK_OK;

    *out = (struct touched){0};
    out->needs = needs;
    if (!needs)
        return arena_status(&query->memory);
    for (size_t i = 0; i < query->scope.n; i++) {
        bool is_out = false;
        if (is_series)
            mark(query, query->scope.list[i], NEEDS_SAMPLES, needs);
        else if (query->stmt->kind == STMT_STATE)
            mark(query, query->scope.list[i], NEEDS_STATES, needs);
        else
            TRY(prune_subject(&query->prune, query->scope.list[i], &is_out));
        if (is_out)
            continue;
        out->n_subjects++;
        TRY(mark_subject(query, query->scope.list[i], needs));
    }
    for (uint32_t id = 0; id < n; id++)
        if (needs[id])
            TRY(add_extent(query, id, needs[id], out));
done:
    return rc;
}

static int put_touched(struct gk_query *query, const struct touched *touched)
{
    int rc;

    enum noun noun = query->stmt->cond || query->stmt->lags ? query->bound.subject : NOUN_FACILITY;
    TRY(explain_put(query, "subjects",
                    arena_printf(&query->memory, "%zu of noun %s", query->scope.n, noun_text(noun))));
    if (query->stmt->cond)
        TRY(explain_put(query, "pruning",
                        query->prune.n
                            ? arena_printf(&query->memory,
                                           "%zu needs; the presence index leaves %" PRIu64 " of %zu subjects",
                                           query->prune.n, touched->n_subjects, query->scope.n)
                            : "the presence index is not read: it cannot tell, or the few states are read as fast"));
    if (touched->n_records || !query->stmt->series)
        TRY(explain_put(query, "states",
                        arena_printf(&query->memory,
                                     "%" PRIu64 " records, %" PRIu64 " bytes, of %" PRIu64 " facilities",
                                     touched->n_records, touched->record_bytes, touched->n_facilities)));
    if (touched->n_chunks || query->stmt->series)
        TRY(explain_put(query, "samples",
                        arena_printf(&query->memory, "%" PRIu64 " chunks, %" PRIu64 " bytes at most", touched->n_chunks,
                                     touched->chunk_bytes)));
    if (query->under)
        TRY(explain_put(query, "states", "are derived from all rows of these facilities, as the limits are others"));
    else if (query->view)
        TRY(explain_put(query, "states", "are derived from the rows of these facilities that were known then"));
    if (touched->n_unsealed)
        TRY(explain_put(
            query, "rows",
            arena_printf(&query->memory, "%" PRIu64 " facilities have rows that are not sealed", touched->n_unsealed)));
done:
    return rc;
}

static int start_scope(struct gk_query *query)
{
    if (query->stmt->series)
        return scope_make_facilities(&query->scope, &query->stmt->series->ref);
    if (query->stmt->kind == STMT_STATE)
        return scope_make_facilities(&query->scope, &query->stmt->ref);
    return run_start_condition(query, query->stmt->cond != NULL && query->stmt->mode != WHICH_NEVER);
}

int explain_rows(struct gk_query *query, struct touched *out)
{
    const struct stmt *stmt = query->stmt;
    int rc;

    *out = (struct touched){0};
    TRY(explain_put(query, "statement", query->printed + (stmt->is_explained ? strlen("explain ") : 0)));
    TRY(explain_put(query, "kind", verb_text(stmt)));
    if (stmt->kind == STMT_LIST || stmt->kind == STMT_DEFINE || stmt_is_of_record(stmt))
        return GK_OK;
    TRY(put_window(query));
    if (stmt->sources && stmt->sources->next)
        TRY(explain_put(query, "sources",
                        "each is summed up over the same groups and buckets; what follows is of the first one"));
    for (size_t i = 0; i < query->bound.n_leaves; i++)
        TRY(put_leaf(query, query->bound.leaves[i]));
    if (stmt->cond)
        TRY(put_plan(query, stmt->cond));
    for (const struct lag *lag = stmt->lags; lag; lag = lag->next) {
        TRY(put_plan(query, lag->from));
        TRY(put_plan(query, lag->to));
        TRY(explain_put(query, "plan", "each of the first with its partner of the second"));
    }
    if (stmt->cond || stmt->lags)
        TRY(explain_put(
            query, "pad",
            arena_printf(&query->memory, "%g s on both sides of the window", run_seconds(query, query->bound.pad))));
    TRY(start_scope(query));
    TRY(find_touched(query, out));
    TRY(put_touched(query, out));
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
    struct touched touched;
    int rc;

    *is_done = true;
    TRY(explain_rows(query, &touched));
    for (size_t i = 0; i < query->notes.n; i++)
        TRY(explain_put(query, "note", query->notes.list[i]));
done:
    return rc;
}

const struct statement STATEMENT_EXPLAIN = {columns, start, step, run_end_condition};
