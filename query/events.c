/*
 * events.c - `list events of NOUN 'X' last 24h`: everything that began or ended there, in order of time: states of the
 * facilities, links, orders and exemptions that concern them, and the dates of bands. What concerns several facilities
 * at once is one row.
 */
#include <stdio.h>

#include "parser.h"
#include "run.h"

static const char *const STATES[] = {"nodata", "off", "idle", "on", "overload"};

static int columns(struct gk_query *query)
{
    struct rows *rows = &query->rows;
    bool ok = rows_add_column(rows, "time", GK_TYPE_TIME) && rows_add_column(rows, "facility", GK_TYPE_TEXT) &&
              rows_add_column(rows, "line", GK_TYPE_TEXT) && rows_add_column(rows, "enterprise", GK_TYPE_TEXT) &&
              rows_add_column(rows, "park", GK_TYPE_TEXT) && rows_add_column(rows, "event", GK_TYPE_TEXT) &&
              rows_add_column(rows, "detail", GK_TYPE_TEXT);

    return ok ? GK_OK : GK_EBUG;
}

static int start(struct gk_query *query)
{
    const struct ref all = {.noun = NOUN_FACILITY};
    int rc = scope_make_facilities(&query->scope, query->stmt->has_ref ? &query->stmt->ref : &all);

    query->watch.total = query->meta.n_subjects = query->scope.n;
    if (query->sort_column == SIZE_MAX && query->top_column == SIZE_MAX)
        query->sort_column = 0; /* time */
    return rc;
}

/* A row, when its time is in the window. `id` GK_ID_NONE: of no single facility. */
static int put(struct gk_query *query, gk_time time, uint32_t id, const char *event, const char *detail)
{
    struct position position = {GK_ID_NONE, GK_ID_NONE, GK_ID_NONE, GK_ID_NONE};
    int rc;

    if (time < query->window.from || time >= query->window.to)
        return GK_OK;
    if (!detail)
        return arena_status(&query->memory);
    if (id != GK_ID_NONE)
        position = scope_position(query->snapshot, (struct subject){GK_FACILITY, id});
    TRY(run_begin_row(query));
    rows_put_time(&query->rows, time);
    rows_put_text(&query->rows, scope_site_name(query->snapshot, GK_FACILITY, position.facility));
    rows_put_text(&query->rows, scope_site_name(query->snapshot, GK_LINE, position.line));
    rows_put_text(&query->rows, scope_site_name(query->snapshot, GK_ENTERPRISE, position.enterprise));
    rows_put_text(&query->rows, scope_site_name(query->snapshot, GK_PARK, position.park));
    rows_put_text(&query->rows, event);
    rows_put_text(&query->rows, detail);
    run_end_row(query);
done:
    return rc;
}

static int put_pair(struct gk_query *query, gk_time from, gk_time to, uint32_t id, const char *begins, const char *ends,
                    const char *detail)
{
    int rc;

    TRY(put(query, from, id, begins, detail));
    TRY(put(query, to, id, ends, detail));
done:
    return rc;
}

static int put_states(struct gk_query *query, uint32_t id)
{
    int64_t to = query->window.b < query->window.known_end ? query->window.b : query->window.known_end;
    const struct gk_step *steps;
    size_t n;
    int rc = GK_OK;

    if (query->window.a >= to)
        return GK_OK;
    TRY(gk_state_steps(query->snapshot, id, query->window.a - 1, to, &steps, &n, &query->engine_error));
    for (size_t i = 1; i < n; i++)
        TRY(put(query, run_time(query, steps[i].tick), id, STATES[steps[i].value],
                arena_printf(&query->memory, "was %s", STATES[steps[i - 1].value])));
done:
    return rc;
}

/* Of a link the abatement side tells, or the other when it alone is meant. */
static bool is_teller(const struct gk_query *query, const struct gk_link *link, uint32_t id)
{
    bool is_abatement_meant = false;

    for (size_t i = 0; i < query->scope.n; i++)
        is_abatement_meant |= query->scope.list[i].id == link->abatement;
    return id == (is_abatement_meant ? link->abatement : link->production);
}

static int put_links(struct gk_query *query, uint32_t id)
{
    size_t n;
    const struct gk_link *const *links = gk_facility_links(query->snapshot, id, &n);
    int rc = GK_OK;

    for (size_t i = 0; i < n; i++) {
        bool is_dated = links[i]->from != GK_TIME_MIN || links[i]->to != GK_TIME_MAX;
        if (!is_dated || !is_teller(query, links[i], id))
            continue;
        TRY(put_pair(query, links[i]->from, links[i]->to, id, "link begins", "link ends",
                     arena_printf(&query->memory, "%s serves %s",
                                  gk_facility_get(query->snapshot, links[i]->abatement)->name,
                                  gk_facility_get(query->snapshot, links[i]->production)->name)));
    }
done:
    return rc;
}

/* ---- records that cover several ---- */

/* The facility that a scope is of, GK_ID_NONE for wider ones; *is_meant: it covers one of those that are meant. */
static uint32_t covered(const struct gk_query *query, const struct gk_scope *scope, const struct gk_order *order,
                        bool *is_meant)
{
    *is_meant = false;
    for (size_t i = 0; i < query->scope.n && !*is_meant; i++)
        *is_meant = scope_covers(&query->scope, scope, order, query->scope.list[i]) == GK_TRUE;
    return scope->kind == GK_FACILITY ? scope->id : GK_ID_NONE;
}

static const char *scope_text(struct gk_query *query, const struct gk_scope *scope)
{
    static const char *const kinds[] = {"zone",  "park ", "enterprise ", "line ",
                                        "role ", "",      "group "}; /* by gk_kind */

    return arena_printf(&query->memory, "%s%s", kinds[scope->kind], scope->name ? scope->name : "");
}

static int put_orders(struct gk_query *query)
{
    size_t n;
    const struct gk_order *orders = gk_orders(query->snapshot, &n);
    int rc = GK_OK;

    for (size_t i = 0; i < n; i++) {
        bool is_meant;
        uint32_t id = covered(query, &orders[i].scope, &orders[i], &is_meant);
        const char *whom = scope_text(query, &orders[i].scope);
        if (!whom)
            return arena_status(&query->memory);
        if (is_meant)
            TRY(put_pair(query, orders[i].from, orders[i].to, id, "order begins", "order ends",
                         arena_printf(&query->memory, "%s%s%s for %s", orders[i].level, orders[i].kind[0] ? " " : "",
                                      orders[i].kind, whom)));
    }
done:
    return rc;
}

static int put_exemptions(struct gk_query *query)
{
    size_t n;
    const struct gk_exemption *list = gk_exemptions(query->snapshot, &n);
    int rc = GK_OK;

    for (size_t i = 0; i < n; i++) {
        bool is_meant;
        uint32_t id = covered(query, &list[i].scope, NULL, &is_meant);
        const char *whom = scope_text(query, &list[i].scope);
        if (!whom)
            return arena_status(&query->memory);
        if (is_meant)
            TRY(put_pair(query, list[i].from, list[i].to, id, "exemption begins", "exemption ends",
                         arena_printf(&query->memory, "%s for %s%s%s", list[i].kind, whom, list[i].note[0] ? ": " : "",
                                      list[i].note)));
    }
done:
    return rc;
}

static int put_bands(struct gk_query *query)
{
    size_t n;
    const struct gk_band *bands = gk_bands(query->snapshot, &n);
    int rc = GK_OK;

    for (size_t i = 0; i < n; i++) {
        bool is_meant;
        uint32_t id = covered(query, &bands[i].scope, NULL, &is_meant);
        const char *whom = scope_text(query, &bands[i].scope);
        if (!whom)
            return arena_status(&query->memory);
        if (is_meant)
            TRY(put(query, bands[i].from, id, "band begins", arena_printf(&query->memory, "for %s", whom)));
    }
done:
    return rc;
}

static int step(struct gk_query *query, bool *is_done)
{
    int rc = GK_OK;

    *is_done = query->next >= query->scope.n;
    if (!*is_done) {
        TRY(watch_look(&query->watch));
        uint32_t id = query->scope.list[query->next].id;
        query->watch.done = query->next++;
        TRY(put_states(query, id));
        TRY(put_links(query, id));
        return GK_OK;
    }
    TRY(put_orders(query));
    TRY(put_exemptions(query));
    TRY(put_bands(query));
done:
    return rc;
}

const struct statement STATEMENT_EVENTS = {columns, start, step, NULL};
