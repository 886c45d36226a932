/*
 * sums.c - sums of samples: `avg, max, p95 of SERIES`, of attributes, and of what orders cut.
 *
 *     avg min max sum count first last   of the samples in the bucket     pNN        percentile, interpolated
 *     rms        root of the mean of their squares
 *     energy     kWh: the growth of a counter (kwh) where `energy of` a facility that has one is asked, else the
 *                integral of power, each sample as long as it holds
 *     coverage   time in which some sample held, of all
 *
 * A series that is narrowed by a condition counts in the pieces of time in which that is certain.
 */
#include <math.h>
#include <string.h>

#include "field.h"
#include "numbers.h"
#include "parser.h"
#include "series.h"
#include "versus.h"

/* ---- the subjects ---- */

int source_scope(struct gk_query *query, const struct source *source)
{
    const struct ref *ref = source->kind == SOURCE_SERIES ? &source->series->ref : &source->ref;
    int rc;

    query->scope.where = ref->where;
    rc = source->kind == SOURCE_COND ? scope_make(&query->scope, source->bound->subject, source->bound->subject_names)
                                     : scope_make_facilities(&query->scope, ref);
    query->scope.where = NULL;
    numbers_keep_asked(query);
    return rc;
}

int sums_check_dropped(struct gk_query *query, const struct source_run *run)
{
    bool is_dropped = query->window.from < gk_snapshot_info(query->snapshot)->dropped_before;

    if (run->source->kind != SOURCE_SERIES || !is_dropped)
        return GK_OK;
    if (run->has_percentile)
        return report_status(&query->report, GK_ERANGE,
                             "percentiles need samples, and those of this window were dropped");
    return run_note_dropped(query, "sums of that time are kept by the hour");
}

int sums_start(struct gk_query *query, struct pass *pass)
{
    const struct source *source = pass->run->source;
    size_t n = pass->groups->width;
    int rc;

    TRY(source_scope(query, source));
    query->watch.total = query->scope.n;
    if (source->cond)
        TRY(run_start_eval(query, source->bound, source->cond));
    TRY(groups_find(query, pass->groups));
    pass->out->sums = arena_array(&query->memory, pass->groups->n * n + 1, sizeof *pass->out->sums);
    pass->day.sums = arena_array(&query->memory, n + 1, sizeof *pass->day.sums);
    if (!pass->out->sums || !pass->day.sums)
        return arena_status(&query->memory);
done:
    return rc;
}

/* ---- adding ---- */

static void add_values(struct sums *to, const struct sums *from, double weight)
{
    if (from->count > 0) {
        bool is_first = !(to->count > 0);
        to->min = is_first || from->min < to->min ? from->min : to->min;
        to->max = is_first || from->max > to->max ? from->max : to->max;
        if (is_first || from->first_time < to->first_time) {
            to->first = from->first;
            to->first_time = from->first_time;
        }
        if (is_first || from->last_time >= to->last_time) {
            to->last = from->last;
            to->last_time = from->last_time;
        }
    }
    to->has_growth |= from->has_growth;
    to->count += from->count * weight;
    to->sum += from->sum * weight;
    to->squares += from->squares * weight;
    to->kwh += from->kwh * weight;
    to->held_ns += from->held_ns * weight;
    to->certain_ns += from->certain_ns * weight;
    to->possible_ns += from->possible_ns * weight;
}

/* What a value of the channel is worth in the answer: load is a share of rated power. */
static double scale_of(const struct gk_query *query, const struct series *series, uint32_t id)
{
    if (series->metric != METRIC_LOAD)
        return 1;
    return 1 / gk_facility_get(query->snapshot, id)->rated_kw; /* NaN without a rated power: no values */
}

static void add_summary(struct sums *to, const struct gk_summary *summary, double scale, double kwh_per_integral)
{
    struct sums one = {.held_ns = (double)summary->held_ns};

    if (!isnan(summary->integral)) /* also of a sample from before that holds into the piece */
        one.kwh = summary->integral * kwh_per_integral;
    if (summary->count) {
        one.count = (double)summary->count;
        one.sum = summary->sum * scale;
        one.squares = summary->square_sum * scale * scale;
        one.min = summary->min * scale;
        one.max = summary->max * scale;
        one.first = summary->first * scale;
        one.last = summary->last * scale;
        one.first_time = summary->first_time;
        one.last_time = summary->last_time;
    }
    add_values(to, &one, 1);
}

/* Edges of the pieces and of what lies between them. */
static int make_intervals(struct gk_query *query, struct pass *pass, const struct pieces *pieces, size_t *n)
{
    size_t most = 2 * pieces->n;
    int rc;

    *n = 0;
    TRY(arena_reserve(&query->memory, &pass->edges, &pass->edges_capacity, most + 1, sizeof *pass->edges));
    TRY(arena_reserve(&query->memory, &pass->interval, &pass->interval_capacity, most, sizeof *pass->interval));
    TRY(arena_reserve(&query->memory, &pass->summaries, &pass->summaries_capacity, most, sizeof *pass->summaries));
    for (size_t i = 0; i < pieces->n; i++) {
        if (i > 0 && pieces->list[i - 1].to < pieces->list[i].from) {
            pass->edges[*n] = pieces->list[i - 1].to;
            pass->interval[(*n)++] = SIZE_MAX;
        }
        pass->edges[*n] = pieces->list[i].from;
        pass->interval[(*n)++] = i;
    }
    pass->edges[*n] = pieces->list[pieces->n - 1].to;
done:
    return rc;
}

/* A facility is counted when its counter has samples in the pieces or within a day of them; then its held time counts,
 * and its growth. */
static int add_counter(struct gk_query *query, struct pass *pass, uint32_t id, const struct pieces *pieces, size_t n,
                       struct sums *sums, bool *is_counted)
{
    const struct gk_signal signal = {.channels = &pass->run->counter, .n_channels = 1};
    int rc;

    TRY(counter_is_used(query, pass->run->counter, id, pieces, is_counted));
    if (!*is_counted)
        return GK_OK;
    if (pass->edges[0] < gk_snapshot_info(query->snapshot)->dropped_before)
        return report_status(&query->report, GK_ERANGE,
                             "the growth of a counter needs samples, and those of this window were dropped: ask for "
                             "energy of power");
    TRY(gk_signal_summaries(query->snapshot, id, &signal, pass->edges, n, pass->summaries, &query->engine_error));
    for (size_t i = 0; i < n; i++)
        if (pass->interval[i] != SIZE_MAX)
            sums[pieces->list[pass->interval[i]].cell].held_ns += (double)pass->summaries[i].held_ns;
    TRY(counter_add(query, pass->run->counter, id, pieces, sums));
done:
    return rc;
}

static int add_summaries(struct gk_query *query, struct pass *pass, uint32_t id, const struct pieces *pieces, size_t n,
                         struct sums *sums)
{
    const struct series *series = pass->run->source->series;
    double scale = scale_of(query, series, id), kwh = 1 / (3600 * series->per_base);
    struct series_signal signal;
    int rc = GK_OK;

    if (series->n_channels == 0 || !isfinite(scale)) /* of no rated power there is no load */
        return GK_OK;
    series_make_signal(series, GK_MEAN, gk_facility_get(query->snapshot, id), &signal);
    signal.of.figures = pass->run->figures;
    TRY(gk_signal_summaries(query->snapshot, id, &signal.of, pass->edges, n, pass->summaries, &query->engine_error));
    for (size_t i = 0; i < n; i++)
        if (pass->interval[i] != SIZE_MAX)
            add_summary(&sums[pieces->list[pass->interval[i]].cell], &pass->summaries[i], scale, kwh);
done:
    return rc;
}

/* All of a facility in some pieces of time, by cell. */
static int add_pieces(struct gk_query *query, struct pass *pass, uint32_t id, const struct pieces *pieces,
                      struct sums *sums)
{
    struct source_run *run = pass->run;
    bool is_counted = false;
    size_t n;
    int rc;

    if (pieces->n == 0)
        return GK_OK;
    TRY(make_intervals(query, pass, pieces, &n));
    for (size_t i = 0; i < pieces->n; i++)
        sums[pieces->list[i].cell].certain_ns += (double)(pieces->list[i].to - pieces->list[i].from);
    if (run->has_energy && run->counter != GK_ID_NONE)
        TRY(add_counter(query, pass, id, pieces, n, sums, &is_counted));
    if (!is_counted)
        TRY(add_summaries(query, pass, id, pieces, n, sums));
    if (run->has_energy && pass->out == &run->now)
        pass->metered[id] |= is_counted ? ENERGY_COUNTED : ENERGY_INTEGRATED;
done:
    return rc;
}

/* ---- percentiles ---- */

static int add_sorted(struct gk_query *query, struct pass *pass, uint32_t id, size_t first_cell)
{
    const struct series *series = pass->run->source->series;
    const struct pieces *pieces = &pass->pieces;
    struct measured *out = pass->out;
    double scale = scale_of(query, series, id);
    struct series_signal signal;
    struct gk_columns batch;
    gk_scan *scan = NULL;
    size_t at = 0;
    int rc;

    series_make_signal(series, GK_MEAN, gk_facility_get(query->snapshot, id), &signal);
    TRY(gk_scan_open(query->snapshot, id, series->channels, series->n_channels, pieces->list[0].from,
                     pieces->list[pieces->n - 1].to, &scan, &query->engine_error));
    while ((rc = gk_scan_next(scan, &batch, &query->engine_error)) == GK_OK) {
        TRY(watch_look(&query->watch));
        TRY(arena_reserve(&query->memory, &out->values, &out->capacity, out->n_values + batch.n_rows,
                          sizeof *out->values));
        for (size_t i = 0; i < batch.n_rows; i++) {
            while (at < pieces->n && pieces->list[at].to <= batch.time[i])
                at++;
            double value = series_value(&signal, &batch, i) * scale;
            if (at < pieces->n && pieces->list[at].from <= batch.time[i] && !isnan(value))
                out->values[out->n_values++] = (struct sorted){first_cell + pieces->list[at].cell, value};
        }
    }
    rc = rc == GK_DONE ? GK_OK : rc;
done:
    gk_scan_close(scan);
    return rc;
}

int sums_finish(struct gk_query *query, struct pass *pass)
{
    return sorted_sort(pass->out->values, pass->out->n_values, &query->watch);
}

static double percentile(const struct measured *measured, size_t cell, double percent)
{
    size_t from = sorted_first(measured->values, measured->n_values, cell);
    size_t n = sorted_first(measured->values, measured->n_values, cell + 1) - from;

    return n ? sorted_percentile(measured->values + from, n, percent) : NAN;
}

/* ---- normal days ---- */

static int add_day(struct gk_query *query, struct pass *pass, size_t number, const struct pieces *pieces)
{
    for (size_t i = 0; i < pieces->n; i++)
        pass->day.sums[pieces->list[i].cell].possible_ns += (double)(pieces->list[i].to - pieces->list[i].from);
    return add_pieces(query, pass, query->scope.list[number].id, pieces, pass->day.sums);
}

/* Adds the day, of which n make one, when at least half of it was measured. */
static bool take_day(struct pass *pass, size_t number)
{
    size_t n = pass->groups->width;
    struct sums *day = pass->day.sums, *to = &pass->out->sums[pass->groups->of[number] * n];
    double held = 0, total = 0;

    for (size_t j = 0; j < n; j++) {
        held += day[j].held_ns;
        total += day[j].certain_ns;
    }
    for (size_t j = 0; held >= total / 2 && j < n; j++)
        add_values(&to[j], &day[j], 1 / (double)pass->n_normal);
    memset(day, 0, n * sizeof *day);
    return held >= total / 2;
}

static void lack(struct pass *pass, size_t number)
{
    size_t n = pass->groups->width;

    for (size_t i = 0; i < pass->pieces.n; i++) {
        struct sums *sums = &pass->out->sums[pass->groups->of[number] * n + pass->pieces.list[i].cell];
        if (i == 0 || pass->pieces.list[i].cell != pass->pieces.list[i - 1].cell)
            sums->n_lacking++;
    }
}

/* ---- one subject after the other ---- */

/* When the series of a facility counts: pass->pieces, and how much of each slice may be such a piece. */
static int find_pieces(struct gk_query *query, struct pass *pass, const gk_timeline *truth, struct sums *sums)
{
    const struct slices *slices = &pass->slices;
    int rc;

    if (truth)
        TRY(pieces_of_truth(query, slices, truth, &pass->pieces));
    else
        TRY(pieces_of_slices(query, slices, &pass->pieces));
    for (size_t i = 0; i < slices->n; i++) {
        size_t cell = slices_cell(slices, i);
        struct gk_measure measure = {0};
        if (cell == SIZE_MAX)
            continue;
        if (truth)
            gk_timeline_measure(truth, slices->ticks[i], slices->ticks[i + 1], &measure);
        sums[cell].possible_ns += truth ? (double)measure.possible * (double)query->window.tick_ns
                                        : (double)(slices->edges[i + 1] - slices->edges[i]);
    }
done:
    return rc;
}

/* In one cut of the facility's time. */
static int add_cut_series(struct gk_query *query, struct pass *pass, size_t number, const gk_timeline *truth)
{
    static const struct normal_days days = {add_day, take_day, lack};
    size_t n = pass->groups->width, first = pass->groups->of[number] * n;
    struct sums *sums = &pass->out->sums[first];
    int rc;

    TRY(find_pieces(query, pass, truth, pass->n_normal ? pass->day.sums : sums));
    if (pass->n_normal) {
        memset(pass->day.sums, 0, n * sizeof *pass->day.sums);
        return versus_normal(query, pass, number, &days);
    }
    TRY(add_pieces(query, pass, query->scope.list[number].id, &pass->pieces, sums));
    if (pass->run->has_percentile && pass->run->source->series->n_channels && pass->pieces.n)
        TRY(add_sorted(query, pass, query->scope.list[number].id, first));
done:
    return rc;
}

static int add_series(struct gk_query *query, struct pass *pass, size_t number)
{
    struct subject subject = query->scope.list[number];
    const gk_timeline *truth = NULL;
    size_t n_lacking = pass->run->n_lacking;
    int rc = GK_OK;

    if (pass->run->source->cond)
        TRY(eval_subject(&query->eval, subject, EVAL_INSIDE, &truth));
    TRY(slices_begin(query, pass->groups, subject, &pass->slices));
    do {
        TRY(add_cut_series(query, pass, number, truth));
    } while (slices_next(query, &pass->slices));
    if (pass->run->n_lacking > n_lacking)
        pass->run->n_lacking = n_lacking + 1; /* a subject, in however many cuts */
done:
    return rc;
}

static void add_number(struct sums *to, double number)
{
    const struct sums one = {.count = 1,
                             .sum = number,
                             .squares = number * number,
                             .min = number,
                             .max = number,
                             .first = number,
                             .last = number};

    if (!isnan(number))
        add_values(to, &one, 1);
}

/*
 * Adds a number once to each cell of a facility, of which there may be many slices, that an order touches; NULL: to
 * all.
 */
static int add_once(struct gk_query *query, struct pass *pass, size_t number, const struct gk_order *order,
                    double value)
{
    struct slices *slices = &pass->slices;
    struct sums *sums = &pass->out->sums[pass->groups->of[number] * pass->groups->width];
    struct sums *seen = pass->day.sums;
    int rc;

    TRY(slices_begin(query, pass->groups, query->scope.list[number], slices));
    do {
        for (size_t i = 0; i < slices->n; i++) {
            size_t cell = slices_cell(slices, i);
            bool is_touched = !order || (order->from < slices->edges[i + 1] && order->to > slices->edges[i]);
            if (cell == SIZE_MAX || !is_touched || seen[cell].n_subjects++)
                continue;
            add_number(&sums[cell], value);
        }
    } while (slices_next(query, slices));
    memset(seen, 0, pass->groups->width * sizeof *seen);
done:
    return rc;
}

/* An attribute holds for all time. */
static int add_field(struct gk_query *query, struct pass *pass, size_t number)
{
    const struct gk_facility *facility = gk_facility_get(query->snapshot, query->scope.list[number].id);

    return add_once(query, pass, number, NULL, field_number(facility, pass->run->source->field.bytes));
}

/* What the orders that bind the facility cut. */
static int add_cut(struct gk_query *query, struct pass *pass, size_t number)
{
    size_t n;
    const struct gk_order *orders = gk_orders(query->snapshot, &n);
    int rc = GK_OK;

    for (size_t i = 0; i < n; i++) {
        const struct gk_order *order = &orders[i];
        if (!isnan(order->cut_share) && calendar_is_meant(pass->run->source->cond, order) &&
            scope_covers(&query->scope, &order->scope, order, query->scope.list[number]) != GK_FALSE)
            TRY(add_once(query, pass, number, order, order->cut_share));
    }
done:
    return rc;
}

static int count_subject(struct gk_query *query, struct pass *pass, size_t number)
{
    struct slices *slices = &pass->slices;
    struct sums *sums = &pass->out->sums[pass->groups->of[number] * pass->groups->width];
    int rc;

    TRY(slices_begin(query, pass->groups, query->scope.list[number], slices));
    do {
        for (size_t i = 0; i < slices->n; i++)
            if (slices_cell(slices, i) != SIZE_MAX && slices->edges[i] < slices->edges[i + 1])
                sums[slices_cell(slices, i)].n_subjects++;
    } while (slices_next(query, slices));
done:
    return rc;
}

int sums_step(struct gk_query *query, struct pass *pass, bool *is_done)
{
    int rc = GK_OK;

    *is_done = query->next >= query->scope.n;
    if (*is_done || pass->groups->width == 0) {
        query->next = query->scope.n;
        return GK_OK;
    }
    query->watch.done = query->next;
    TRY(watch_look(&query->watch));
    TRY(count_subject(query, pass, query->next));
    if (pass->run->source->kind == SOURCE_SERIES)
        TRY(add_series(query, pass, query->next));
    else if (pass->run->source->kind == SOURCE_FIELD)
        TRY(add_field(query, pass, query->next));
    else
        TRY(add_cut(query, pass, query->next));
    query->next++;
done:
    return rc;
}

/* ---- numbers ---- */

static double energy(const struct sums *sums)
{
    bool is_known = sums->count > 0 || sums->held_ns > 0 || sums->has_growth || !(sums->possible_ns > 0);

    return is_known ? sums->kwh : NAN;
}

double sums_number(const struct measured *measured, const struct measure *measure, size_t cell)
{
    const struct sums *sums = &measured->sums[cell];
    bool has = sums->count > 0;

    if (sums->n_lacking)
        return NAN;
    if (sums->n_subjects == 0) /* nobody is there: not even nothing is known */
        return NAN;
    switch (measure->kind) {
    case AGG_COUNT:
        return sums->count;
    case AGG_AVG:
        return has ? sums->sum / sums->count : NAN;
    case AGG_RMS:
        return has ? sqrt(sums->squares / sums->count) : NAN;
    case AGG_MIN:
        return has ? sums->min : NAN;
    case AGG_MAX:
        return has ? sums->max : NAN;
    case AGG_SUM:
        return has ? sums->sum : NAN;
    case AGG_FIRST:
        return has ? sums->first : NAN;
    case AGG_LAST:
        return has ? sums->last : NAN;
    case AGG_AGREED:
        return has && sums->min >= sums->max ? sums->min : NAN;
    case AGG_ENERGY:
        return energy(sums);
    case AGG_PERCENTILE:
        return percentile(measured, cell, measure->percent);
    default:
        return sums->possible_ns > 0 ? sums->held_ns / sums->possible_ns : NAN;
    }
}
