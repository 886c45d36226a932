/*
 * state.c - `state of NOUN 'X' at T`: the state of every facility that is meant, since when it lasts, and until when.
 */
#include "parser.h"
#include "run.h"

#define WIDEN_NS (INT64_C(86400) * GK_SECOND)

static const char *const STATES[] = {"nodata", "off", "idle", "on", "overload"};
static const char *const ROLES[] = {"other", "production", "abatement"};

static int columns(struct gk_query *query)
{
    struct rows *rows = &query->rows;
    bool ok = rows_add_column(rows, "facility", GK_TYPE_TEXT) && rows_add_column(rows, "line", GK_TYPE_TEXT) &&
              rows_add_column(rows, "enterprise", GK_TYPE_TEXT) && rows_add_column(rows, "park", GK_TYPE_TEXT) &&
              rows_add_column(rows, "role", GK_TYPE_TEXT) && rows_add_column(rows, "state", GK_TYPE_TEXT) &&
              rows_add_column(rows, "since", GK_TYPE_TIME) && rows_add_column(rows, "until", GK_TYPE_TIME);

    return ok ? GK_OK : GK_EBUG;
}

static int start(struct gk_query *query)
{
    int rc = scope_make_facilities(&query->scope, &query->stmt->ref);

    query->watch.total = query->meta.n_subjects = query->scope.n;
    return rc;
}

/* The run of one state around a tick, as far as the store knows: the stretch is widened until both ends are seen. */
struct span {
    uint32_t state;
    int64_t from, to;
    bool has_from, has_to;
};

static void find_span(const struct gk_step *steps, size_t n, int64_t tick, struct span *out)
{
    size_t at = 0;

    while (at + 1 < n && steps[at + 1].tick <= tick)
        at++;
    out->state = n ? steps[at].value : GK_NODATA;
    out->has_from = at > 0;
    out->from = n ? steps[at].tick : tick;
    out->has_to = at + 1 < n;
    out->to = out->has_to ? steps[at + 1].tick : tick;
}

static int get_span(struct gk_query *query, uint32_t id, struct span *out)
{
    const struct gk_store_info *info = gk_snapshot_info(query->snapshot);
    int64_t tick = query->window.a, known = query->window.known_end, step = WIDEN_NS / query->bound.tick_ns;
    int64_t least = info->beginning == GK_TIME_MAX ? tick : window_tick(info->beginning, query->bound.tick_ns) - 1;
    int64_t from = tick - step, to = tick + 1;
    const struct gk_step *steps;
    size_t n;
    int rc;

    for (;;) {
        from = from < least ? least : from;
        from = from > tick ? tick : from;
        to = to > known ? known : to;
        TRY(gk_state_steps(query->snapshot, id, from, to, &steps, &n, &query->engine_error));
        find_span(steps, n, tick, out);
        if ((out->has_from || from <= least) && (out->has_to || to >= known))
            break;
        from = out->has_from ? from : from - step;
        to = out->has_to ? to : known - to > step ? to + step : known;
        step = step < INT64_MAX / 8 ? step * 4 : step;
    }
done:
    return rc;
}

static int put_row(struct gk_query *query, uint32_t id, const struct span *span)
{
    struct position position = scope_position(query->snapshot, (struct subject){GK_FACILITY, id});
    struct rows *rows = &query->rows;
    int rc;

    TRY(run_begin_row(query));
    rows_put_text(rows, scope_site_name(query->snapshot, GK_FACILITY, id));
    rows_put_text(rows, scope_site_name(query->snapshot, GK_LINE, position.line));
    rows_put_text(rows, scope_site_name(query->snapshot, GK_ENTERPRISE, position.enterprise));
    rows_put_text(rows, scope_site_name(query->snapshot, GK_PARK, position.park));
    rows_put_text(rows, ROLES[gk_facility_get(query->snapshot, id)->role]);
    rows_put_text(rows, STATES[span->state]);
    if (span->has_from)
        rows_put_time(rows, run_time(query, span->from));
    else
        rows_put_empty(rows);
    if (span->has_to)
        rows_put_time(rows, run_time(query, span->to));
    else
        rows_put_empty(rows);
    run_end_row(query);
done:
    return rc;
}

static int step(struct gk_query *query, bool *is_done)
{
    struct span span = {GK_NODATA, 0, 0, false, false};
    int rc = GK_OK;

    *is_done = query->next >= query->scope.n;
    if (*is_done)
        return GK_OK;
    TRY(watch_look(&query->watch));
    uint32_t id = query->scope.list[query->next].id;
    query->watch.done = query->next++;
    if (query->window.a < query->window.known_end)
        TRY(get_span(query, id, &span));
    query->unknown_ticks += span.state == GK_NODATA;
    query->known_ticks += span.state != GK_NODATA;
    TRY(put_row(query, id, &span));
done:
    return rc;
}

const struct statement STATEMENT_STATE = {columns, start, step, NULL};
