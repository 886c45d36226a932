/*
 * lag.c - `list lag from A to B within d`: for every certain moment of A the nearest one of B, at most d before or
 * behind it, and how far it is away, below 0 when B came first; of two that are equally near the earlier one. `to next
 * B` looks behind A only, `to last B` before it; the moment of A itself is part of both. `avg, p90 of lag ...` are
 * numbers of the lags that are certain, by the time of A.
 *
 *     certainty  certain: no moment of B that is only possible could be nearer; else possible
 *     unpaired   moments of A around which there was certainly none of B
 *     uncertain  those of which the lag, or its absence, is only possible
 */
#include <math.h>

#include "groups.h"
#include "parser.h"
#include "sorted.h"
#include "slices.h"

/* A moment of A and its partner. */
struct pair {
    int64_t from, to;
    bool has_to, is_certain;
};

/* Ticks [from, to) at which there may be a moment. */
struct stretch_of {
    int64_t from, to;
};

/* The moments of B for one subject. */
struct partners {
    int64_t *ticks; /* certain ones */
    size_t n, capacity;
    struct stretch_of *open; /* possible ones */
    size_t n_open, open_capacity;
};

struct cell {
    int64_t unpaired, uncertain;
    int64_t known, total; /* ticks */
};

struct lag_run {
    struct partners partners;
    const gk_timeline *from; /* of the subject that is looked at */
    struct groups groups;
    struct slices slices;  /* of the subject that is looked at */
    struct cell *cells;    /* group after group */
    struct sorted *values; /* seconds */
    size_t n_values, capacity;
};

/* ---- partners ---- */

static int add_tick(struct gk_query *query, struct partners *partners, int64_t tick)
{
    int rc;

    TRY(arena_reserve(&query->memory, &partners->ticks, &partners->capacity, partners->n + 1, sizeof *partners->ticks));
    partners->ticks[partners->n++] = tick;
done:
    return rc;
}

static int find_partners(struct gk_query *query, const gk_timeline *to, struct partners *out)
{
    int64_t within = query->stmt->lag_ticks, a = query->window.a - within, b = query->window.b + within;
    struct run run;
    size_t at = 0;
    int rc = GK_OK;

    out->n = out->n_open = 0;
    while (eval_next_run(to, a, b, &at, &run)) {
        if (run.truth == GK_UNKNOWN) {
            TRY(arena_reserve(&query->memory, &out->open, &out->open_capacity, out->n_open + 1, sizeof *out->open));
            out->open[out->n_open++] = (struct stretch_of){run.from, run.to};
            continue;
        }
        for (int64_t tick = run.from > a ? run.from : a; tick < run.to && tick < b; tick++)
            TRY(add_tick(query, out, tick));
    }
done:
    return rc;
}

static uint64_t distance(int64_t a, int64_t b)
{
    return a < b ? (uint64_t)b - (uint64_t)a : (uint64_t)a - (uint64_t)b;
}

/* How many of the ticks, which ascend, are before one. */
static size_t count_before(const int64_t *ticks, size_t n, int64_t tick)
{
    size_t low = 0;

    while (low < n) {
        size_t mid = low + (n - low) / 2;
        if (ticks[mid] < tick)
            low = mid + 1;
        else
            n = mid;
    }
    return low;
}

/* How near to a tick, on the sides that are looked at, a moment may be that is only possible. */
static uint64_t nearest_open(const struct partners *partners, enum lag_way way, int64_t tick)
{
    uint64_t least = UINT64_MAX;
    size_t low = 0, high = partners->n_open;

    while (low < high) { /* the first stretch that ends behind it */
        size_t mid = low + (high - low) / 2;
        if (partners->open[mid].to <= tick)
            low = mid + 1;
        else
            high = mid;
    }
    if (low < partners->n_open && partners->open[low].from <= tick)
        return 0;
    if (low < partners->n_open && way != LAG_LAST)
        least = distance(tick, partners->open[low].from);
    if (low > 0 && way != LAG_NEXT && distance(tick, partners->open[low - 1].to - 1) < least)
        least = distance(tick, partners->open[low - 1].to - 1);
    return least;
}

static struct pair pair_of(const struct partners *partners, enum lag_way way, int64_t tick, int64_t within)
{
    size_t i = count_before(partners->ticks, partners->n, tick);
    struct pair out = {.from = tick};
    uint64_t least = (uint64_t)within + 1;

    if (i > 0 && way != LAG_NEXT && distance(tick, partners->ticks[i - 1]) < least) {
        out.to = partners->ticks[i - 1];
        least = distance(tick, out.to);
    }
    bool is_side = way != LAG_LAST || (i < partners->n && partners->ticks[i] == tick);
    if (i < partners->n && is_side && distance(tick, partners->ticks[i]) < least) {
        out.to = partners->ticks[i];
        least = distance(tick, out.to);
    }
    out.has_to = least <= (uint64_t)within;
    out.is_certain = nearest_open(partners, way, tick) >= least;
    return out;
}

/* ---- subjects ---- */

static int evaluate(struct gk_query *query, struct cond *cond, struct subject subject, const gk_timeline **out)
{
    query->eval.cond = cond;
    int rc = eval_subject(&query->eval, subject, EVAL_INSIDE, out);
    query->meta.n_without_links += query->eval.is_without_links;
    return rc;
}

/* Both ends of a lag for a subject; the scratch timeline of the evaluator says where either is unknown. */
static int look(struct gk_query *query, const struct lag *lag, struct subject subject)
{
    struct lag_run *own = query->own;
    const struct window *window = &query->window;
    struct gk_measure measure;
    const gk_timeline *to;
    int rc;

    TRY(evaluate(query, lag->from, subject, &own->from));
    TRY(evaluate(query, lag->to, subject, &to));
    TRY(find_partners(query, to, &own->partners));
    TRY(gk_timeline_or(query->eval.scratch, own->from, to));
    gk_timeline_measure(query->eval.scratch, window->a, window->b, &measure);
    query->unknown_ticks += measure.possible - measure.certain;
    query->known_ticks += window->b - window->a - (measure.possible - measure.certain);
done:
    return rc;
}

static int next_subject(struct gk_query *query, struct subject *subject, bool *is_done)
{
    *is_done = query->next >= query->scope.n;
    if (*is_done)
        return GK_OK;
    *subject = query->scope.list[query->next];
    query->watch.done = query->next++;
    return watch_look(&query->watch);
}

static int start(struct gk_query *query)
{
    int rc;

    query->own = arena_piece(&query->memory, sizeof(struct lag_run));
    if (!query->own)
        return arena_status(&query->memory);
    query->meta.has_possible = true;
    TRY(run_start_condition(query, false));
done:
    return rc;
}

static void end(struct gk_query *query)
{
    struct lag_run *own = query->own;

    if (own) {
        slices_clear(query, &own->slices);
        arena_release(&query->memory, &own->partners.ticks, &own->partners.capacity, sizeof *own->partners.ticks);
        arena_release(&query->memory, &own->partners.open, &own->partners.open_capacity, sizeof *own->partners.open);
        arena_release(&query->memory, &own->values, &own->capacity, sizeof *own->values);
    }
    query->own = NULL;
    run_end_condition(query);
}

/* Calls for every certain moment of A in the window; moments that are only possible are counted. */
static int each_pair(struct gk_query *query,
                     int (*put)(struct gk_query *, struct subject, const struct lag *, const struct pair *),
                     struct subject subject, const struct lag *lag)
{
    const struct lag_run *own = query->own;
    int64_t a = query->window.a, b = query->window.b;
    struct run run;
    size_t at = 0;
    int rc = GK_OK;

    while (eval_next_run(own->from, a, b, &at, &run)) {
        query->meta.n_possible += run.truth == GK_UNKNOWN;
        for (int64_t tick = run.from > a ? run.from : a; run.truth == GK_TRUE && tick < run.to && tick < b; tick++) {
            struct pair pair = pair_of(&own->partners, lag->way, tick, query->stmt->lag_ticks);
            query->meta.n_possible += !pair.is_certain;
            TRY(put(query, subject, lag, &pair));
        }
    }
done:
    return rc;
}

/* ---- list lag ---- */

static int list_columns(struct gk_query *query)
{
    struct rows *rows = &query->rows;
    bool ok = run_add_subject_columns(query);

    if (query->stmt->lags->next)
        ok = ok && rows_add_column(rows, "moment", GK_TYPE_TEXT);
    ok = ok && rows_add_column(rows, "from", GK_TYPE_TIME) && rows_add_column(rows, "to", GK_TYPE_TIME) &&
         rows_add_column(rows, "lag_s", GK_TYPE_SECONDS) && rows_add_column(rows, "certainty", GK_TYPE_TEXT);
    return ok ? GK_OK : GK_EBUG;
}

static int put_pair(struct gk_query *query, struct subject subject, const struct lag *lag, const struct pair *pair)
{
    struct rows *rows = &query->rows;
    const char *moment;
    int rc;

    TRY(run_begin_row(query));
    run_put_subject(query, subject);
    if (query->stmt->lags->next) {
        moment = arena_text(&query->memory, query->text + lag->text.from, lag->text.to - lag->text.from);
        if (!moment)
            return arena_status(&query->memory);
        rows_put_text(rows, moment);
    }
    rows_put_time(rows, run_time(query, pair->from));
    if (pair->has_to)
        rows_put_time(rows, run_time(query, pair->to));
    else
        rows_put_empty(rows);
    rows_put_number(rows, GK_TYPE_SECONDS, pair->has_to ? run_seconds(query, pair->to - pair->from) : NAN);
    rows_put_text(rows, pair->is_certain ? "certain" : "possible");
    run_end_row(query);
done:
    return rc;
}

static int list_step(struct gk_query *query, bool *is_done)
{
    struct subject subject;
    int rc;

    TRY(next_subject(query, &subject, is_done));
    for (const struct lag *lag = query->stmt->lags; !*is_done && lag; lag = lag->next) {
        TRY(look(query, lag, subject));
        TRY(each_pair(query, put_pair, subject, lag));
    }
done:
    return rc;
}

/* ---- numbers of lags ---- */

static int number_columns(struct gk_query *query)
{
    struct rows *rows = &query->rows;
    bool ok = groups_columns(query) == GK_OK;

    if (query->stmt->lags->next) {
        report_hint(&query->report, "list lag takes several");
        return report_fail(&query->report, GK_ESYNTAX, query->stmt->lags->next->text,
                           "numbers are of lags between two moments: one 'from' and one 'to'");
    }
    for (const struct lag_agg *agg = query->stmt->lag_aggs; agg; agg = agg->next)
        ok = ok && rows_add_column(rows, agg->name, agg->number == LAG_COUNT ? GK_TYPE_COUNT : GK_TYPE_SECONDS);
    ok = ok && rows_add_column(rows, "unpaired", GK_TYPE_COUNT) && rows_add_column(rows, "uncertain", GK_TYPE_COUNT) &&
         rows_add_column(rows, "coverage", GK_TYPE_SHARE);
    return ok ? GK_OK : report_status(&query->report, GK_ELIMIT, "an answer may have %d columns", COLUMNS_MAX);
}

static int number_start(struct gk_query *query)
{
    struct lag_run *own;
    int rc;

    TRY(start(query));
    own = query->own;
    TRY(groups_make(query, &own->groups));
    own->cells = arena_array(&query->memory, own->groups.n * own->groups.width + 1, sizeof *own->cells);
    if (!own->cells)
        return arena_status(&query->memory);
done:
    return rc;
}

static int add_pair(struct gk_query *query, struct subject subject, const struct lag *lag, const struct pair *pair)
{
    struct lag_run *own = query->own;
    size_t cell = slices_cell(&own->slices, slices_find(&own->slices, pair->from));
    int rc = GK_OK;

    (void)subject; /* the cell says it */
    (void)lag;     /* there is one */
    if (cell == SIZE_MAX)
        return GK_OK;
    cell += own->groups.of[query->next - 1] * own->groups.width;
    own->cells[cell].uncertain += !pair->is_certain;
    own->cells[cell].unpaired += pair->is_certain && !pair->has_to;
    if (!pair->is_certain || !pair->has_to)
        return GK_OK;
    TRY(arena_reserve(&query->memory, &own->values, &own->capacity, own->n_values + 1, sizeof *own->values));
    own->values[own->n_values++] = (struct sorted){cell, run_seconds(query, pair->to - pair->from)};
done:
    return rc;
}

/* The scratch timeline has what is unknown of the subject. */
static void add_known(struct gk_query *query)
{
    struct lag_run *own = query->own;
    const struct groups *groups = &own->groups;
    const struct slices *slices = &own->slices;
    struct gk_measure measure;

    for (size_t i = 0; i < slices->n; i++) {
        if (slices_cell(slices, i) == SIZE_MAX)
            continue;
        struct cell *cell = &own->cells[groups->of[query->next - 1] * groups->width + slices_cell(slices, i)];
        int64_t total = slices->ticks[i + 1] - slices->ticks[i];
        gk_timeline_measure(query->eval.scratch, slices->ticks[i], slices->ticks[i + 1], &measure);
        cell->total += total;
        cell->known += total - (measure.possible - measure.certain);
    }
}

static double number_of(const struct lag_agg *agg, const struct sorted *values, size_t n)
{
    double sum = 0;

    if (agg->number != LAG_AVG)
        return sorted_percentile(values, n, agg->number == LAG_MIN ? 0 : agg->number == LAG_MAX ? 100 : agg->percent);
    for (size_t i = 0; i < n; i++)
        sum += values[i].value;
    return n ? sum / (double)n : NAN;
}

static int put_cell(struct gk_query *query, size_t i)
{
    const struct lag_run *own = query->own;
    struct rows *rows = &query->rows;
    size_t group, of_group;
    int rc;

    groups_order(query, &own->groups, i, &group, &of_group);
    size_t number = group * own->groups.width + of_group;
    const struct cell *cell = &own->cells[number];
    if (own->groups.shifts && cell->total == 0)
        return GK_OK; /* nobody has such a shift, or not on such a day */
    size_t from = sorted_first(own->values, own->n_values, number);
    size_t n = sorted_first(own->values, own->n_values, number + 1) - from;
    const struct sorted *values = n ? own->values + from : NULL;
    TRY(run_begin_row(query));
    TRY(groups_put(query, &own->groups, group, of_group));
    for (const struct lag_agg *agg = query->stmt->lag_aggs; agg; agg = agg->next) {
        if (agg->number == LAG_COUNT)
            rows_put_count(rows, GK_TYPE_COUNT, (int64_t)n);
        else
            rows_put_number(rows, GK_TYPE_SECONDS, number_of(agg, values, n));
    }
    rows_put_count(rows, GK_TYPE_COUNT, cell->unpaired);
    rows_put_count(rows, GK_TYPE_COUNT, cell->uncertain);
    rows_put_number(rows, GK_TYPE_SHARE, cell->total ? (double)cell->known / (double)cell->total : NAN);
    run_end_row(query);
done:
    return rc;
}

static int number_step(struct gk_query *query, bool *is_done)
{
    struct lag_run *own = query->own;
    struct subject subject;
    int rc;

    TRY(next_subject(query, &subject, is_done));
    if (!*is_done) {
        TRY(look(query, query->stmt->lags, subject));
        TRY(slices_begin(query, &own->groups, subject, &own->slices));
        uint64_t n_possible = query->meta.n_possible;
        do {
            query->meta.n_possible = n_possible; /* each cut is of the whole window */
            add_known(query);
            TRY(each_pair(query, add_pair, subject, query->stmt->lags));
        } while (slices_next(query, &own->slices));
        return GK_OK;
    }
    TRY(sorted_sort(own->values, own->n_values, &query->watch));
    for (size_t i = 0; i < groups_n_rows(&own->groups); i++)
        TRY(put_cell(query, i));
done:
    return rc;
}

const struct statement STATEMENT_LAG = {number_columns, number_start, number_step, end};
const struct statement STATEMENT_LAG_LIST = {list_columns, start, list_step, end};
