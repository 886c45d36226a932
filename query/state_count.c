/*
 * state_count.c - `state of NOUN 'X' by KEYS at T`: how many of the facilities that are meant are in each state.
 * `never` are those of nodata that have no row up to then at all.
 */
#include "groups.h"
#include "parser.h"

#define N_STATES 5

/* In the order of the columns. */
static const struct {
    const char *name;
    enum gk_state state;
} COLUMNS[N_STATES] = {
    {"off", GK_OFF}, {"idle", GK_IDLE}, {"on", GK_ON}, {"overload", GK_OVERLOAD}, {"nodata", GK_NODATA}};

struct counted {
    int64_t of_state[N_STATES]; /* by enum gk_state */
    int64_t never;
};

struct state_count {
    struct groups groups;
    struct counted *counted; /* by group */
};

static int columns(struct gk_query *query)
{
    bool ok = groups_columns(query) == GK_OK && rows_add_column(&query->rows, "facilities", GK_TYPE_COUNT);

    for (size_t i = 0; i < N_STATES; i++)
        ok = ok && rows_add_column(&query->rows, COLUMNS[i].name, GK_TYPE_COUNT);
    ok = ok && rows_add_column(&query->rows, "never", GK_TYPE_COUNT);
    return ok ? GK_OK : GK_EBUG;
}

static int start(struct gk_query *query)
{
    struct state_count *own = arena_piece(&query->memory, sizeof *own);
    int rc;

    query->own = own;
    if (!own)
        return arena_status(&query->memory);
    TRY(scope_make_facilities(&query->scope, &query->stmt->ref));
    TRY(groups_make(query, &own->groups));
    own->counted = arena_array(&query->memory, own->groups.n + 1, sizeof *own->counted);
    if (!own->counted)
        return arena_status(&query->memory);
    query->watch.total = query->meta.n_subjects = query->scope.n;
done:
    return rc;
}

/* The state of a facility, and whether it had no row yet. */
static int look(struct gk_query *query, uint32_t id, uint32_t *state, bool *is_never)
{
    int64_t tick = query->window.a;
    const struct gk_step *steps;
    struct gk_profile profile;
    size_t n;
    int rc;

    *state = GK_NODATA;
    *is_never = false;
    if (tick < query->window.known_end) {
        TRY(gk_state_steps(query->snapshot, id, tick, tick + 1, &steps, &n, &query->engine_error));
        *state = n ? steps[0].value : GK_NODATA;
    }
    if (*state != GK_NODATA)
        return GK_OK;
    rc = gk_facility_profile(query->snapshot, id, &profile, &query->engine_error);
    *is_never = rc == GK_ENOTFOUND || (rc == GK_OK && profile.first > query->window.from);
    if (rc == GK_ENOTFOUND) {
        query->engine_error.status = GK_OK;
        rc = GK_OK;
    }
done:
    return rc;
}

static int put_group(struct gk_query *query, size_t group)
{
    const struct state_count *own = query->own;
    const struct counted *counted = &own->counted[group];
    int64_t total = 0;
    int rc;

    for (size_t i = 0; i < N_STATES; i++)
        total += counted->of_state[i];
    TRY(run_begin_row(query));
    TRY(groups_put(query, &own->groups, group, 0));
    rows_put_count(&query->rows, GK_TYPE_COUNT, total);
    for (size_t i = 0; i < N_STATES; i++)
        rows_put_count(&query->rows, GK_TYPE_COUNT, counted->of_state[COLUMNS[i].state]);
    rows_put_count(&query->rows, GK_TYPE_COUNT, counted->never);
    run_end_row(query);
done:
    return rc;
}

static int step(struct gk_query *query, bool *is_done)
{
    struct state_count *own = query->own;
    uint32_t state;
    bool is_never;
    int rc = GK_OK;

    *is_done = query->next >= query->scope.n;
    if (!*is_done) {
        TRY(watch_look(&query->watch));
        query->watch.done = query->next;
        TRY(look(query, query->scope.list[query->next].id, &state, &is_never));
        struct counted *counted = &own->counted[own->groups.of[query->next++]];
        counted->of_state[state]++;
        counted->never += is_never;
        query->unknown_ticks += state == GK_NODATA;
        query->known_ticks += state != GK_NODATA;
        return GK_OK;
    }
    for (size_t i = 0; i < own->groups.n; i++)
        TRY(put_group(query, i));
done:
    return rc;
}

const struct statement STATEMENT_STATE_COUNT = {columns, start, step, NULL};
