/*
 * series.c - `avg, max, p95 of SERIES by KEYS every D`: numbers out of samples.
 *
 *     avg min max sum count first last   of the samples in the bucket     pNN        percentile, interpolated
 *     rms        root of the mean of their squares
 *     energy     kWh: the difference of a counter (kwh) where `energy of` a facility that has one is asked, else the
 *                integral of power, each sample as long as it holds
 *     coverage   time in which some sample held, of all
 */
#include <math.h>
#include <string.h>

#include "groups.h"
#include "parser.h"
#include "sorted.h"

struct sums {
    uint64_t count;
    double sum, squares, min, max, first, last, kwh;
    gk_time first_time, last_time;
    int64_t held_ns, total_ns;
};

struct series_run {
    struct groups groups;
    struct sums *cells;           /* groups x buckets */
    struct gk_summary *summaries; /* a facility's, by bucket */
    uint32_t counter;             /* the channel kwh, GK_ID_NONE */
    bool has_percentile, has_energy;
    struct sorted *values;
    size_t n_values, capacity;
    uint64_t n_counted, n_integrated;
};

/* The longest look back for the counter's value before a bucket. */
#define COUNTER_BACK_NS (INT64_C(86400) * GK_SECOND)

static enum gk_type type_of(const struct gk_query *query, enum agg_kind kind)
{
    if (kind == AGG_COUNT)
        return GK_TYPE_COUNT;
    if (kind == AGG_COVERAGE)
        return GK_TYPE_SHARE;
    return query->stmt->series->metric == METRIC_LOAD && kind != AGG_SUM && kind != AGG_ENERGY ? GK_TYPE_SHARE
                                                                                               : GK_TYPE_NUMBER;
}

static int check(struct gk_query *query, const struct agg *agg)
{
    const struct series *series = query->stmt->series;
    bool is_power = series->unit == UNIT_POWER || series->unit == UNIT_ENERGY;

    if (agg->kind == AGG_ENERGY && !is_power) {
        report_hint(&query->report, "energy of production, energy of power of facility 'F12'");
        return report_fail(&query->report, GK_ESYNTAX, agg->place,
                           "energy comes from power or from a counter, not from this");
    }
    if (series->metric == METRIC_ENERGY && agg->kind != AGG_ENERGY && agg->kind != AGG_COVERAGE) {
        report_hint(&query->report, "energy of production by enterprise, day; %s of power of production", agg->name);
        return report_fail(&query->report, GK_ESYNTAX, agg->place, "of energy there is only 'energy' and 'coverage'");
    }
    return GK_OK;
}

static int columns(struct gk_query *query)
{
    bool ok = groups_columns(query) == GK_OK, has_coverage = false;

    for (const struct agg *agg = query->stmt->aggs; agg; agg = agg->next) {
        int rc = check(query, agg);
        if (rc != GK_OK)
            return rc;
        ok = ok && rows_add_column(&query->rows, agg->name, type_of(query, agg->kind));
        has_coverage |= agg->kind == AGG_COVERAGE;
    }
    if (!has_coverage)
        ok = ok && rows_add_column(&query->rows, "coverage", GK_TYPE_SHARE);
    return ok ? GK_OK : report_status(&query->report, GK_ELIMIT, "an answer may have %d columns", COLUMNS_MAX);
}

static int start(struct gk_query *query)
{
    struct series_run *own = arena_piece(&query->memory, sizeof *own);
    int rc;

    query->own = own;
    if (!own)
        return arena_status(&query->memory);
    for (const struct agg *agg = query->stmt->aggs; agg; agg = agg->next) {
        own->has_percentile |= agg->kind == AGG_PERCENTILE;
        own->has_energy |= agg->kind == AGG_ENERGY;
    }
    own->counter = GK_ID_NONE;
    if (query->stmt->series->metric == METRIC_ENERGY)
        own->counter = gk_channel_find(query->snapshot, "kwh", 3);
    else if (query->stmt->series->unit == UNIT_ENERGY)
        own->counter = query->stmt->series->channels[0];
    if (own->has_percentile && query->window.from < gk_snapshot_info(query->snapshot)->dropped_before)
        return report_status(&query->report, GK_ERANGE,
                             "percentiles need samples, and those of this window were dropped");
    TRY(run_note_dropped(query, "sums of that time are kept by the hour"));
    TRY(scope_make_facilities(&query->scope, &query->stmt->series->ref));
    TRY(groups_make(query, &own->groups));
    size_t n = own->groups.buckets.n;
    if (n && own->groups.n > SIZE_MAX / n)
        return GK_ENOMEM;
    own->cells = arena_array(&query->memory, own->groups.n * n + 1, sizeof *own->cells);
    own->summaries = arena_array(&query->memory, n + 1, sizeof *own->summaries);
    if (!own->cells || !own->summaries)
        return arena_status(&query->memory);
    query->watch.total = query->meta.n_subjects = query->scope.n;
done:
    return rc;
}

static void end(struct gk_query *query)
{
    struct series_run *own = query->own;

    if (own)
        arena_release(&query->memory, &own->values, &own->capacity, sizeof *own->values);
    query->own = NULL;
}

/* ---- one facility ---- */

static struct gk_signal signal_of(const struct series *series)
{
    return (struct gk_signal){.channels = series->channels, .n_channels = series->n_channels};
}

/* What a value of the channel is worth in the answer: load is a share of rated power. */
static double scale_of(const struct gk_query *query, uint32_t id)
{
    if (query->stmt->series->metric != METRIC_LOAD)
        return 1;
    return 1 / gk_facility_get(query->snapshot, id)->rated_kw; /* NaN without a rated power: no values */
}

static void add_summary(struct sums *sums, const struct gk_summary *summary, double scale, double kwh_per_integral)
{
    sums->held_ns += summary->held_ns;
    if (summary->count == 0 || isnan(scale) || isinf(scale))
        return;
    if (sums->count == 0 || summary->min * scale < sums->min)
        sums->min = summary->min * scale;
    if (sums->count == 0 || summary->max * scale > sums->max)
        sums->max = summary->max * scale;
    if (sums->count == 0 || summary->first_time < sums->first_time) {
        sums->first = summary->first * scale;
        sums->first_time = summary->first_time;
    }
    if (sums->count == 0 || summary->last_time >= sums->last_time) {
        sums->last = summary->last * scale;
        sums->last_time = summary->last_time;
    }
    sums->count += summary->count;
    sums->sum += summary->sum * scale;
    sums->squares += summary->square_sum * scale * scale;
    sums->kwh += isnan(summary->integral) ? 0 : summary->integral * kwh_per_integral;
}

/* A sample that began before the bucket holds into it: its energy counts though no sample lies inside. */
static void add_held(struct sums *sums, const struct gk_summary *summary, double kwh_per_integral)
{
    if (summary->count == 0 && !isnan(summary->integral))
        sums->kwh += summary->integral * kwh_per_integral;
}

static int add_summaries(struct gk_query *query, uint32_t id, struct sums *cells)
{
    struct series_run *own = query->own;
    const struct series *series = query->stmt->series;
    const struct gk_signal signal = signal_of(series);
    double scale = scale_of(query, id), kwh = 1 / (3600 * series->per_base);
    int rc = GK_OK;

    if (series->n_channels == 0)
        return GK_OK;
    TRY(gk_signal_summaries(query->snapshot, id, &signal, own->groups.buckets.edges, own->groups.buckets.n,
                            own->summaries, &query->engine_error));
    for (size_t j = 0; j < own->groups.buckets.n; j++) {
        add_summary(&cells[j], &own->summaries[j], scale, kwh);
        add_held(&cells[j], &own->summaries[j], kwh);
    }
done:
    return rc;
}

/* Whether a facility's counter has samples in the window; then its held time counts, and its growth. */
static int add_counter_held(struct gk_query *query, uint32_t id, struct sums *cells, bool *is_counted)
{
    struct series_run *own = query->own;
    const struct gk_signal signal = {.channels = &own->counter, .n_channels = 1};
    size_t n = own->groups.buckets.n;
    int rc;

    *is_counted = false;
    TRY(gk_signal_summaries(query->snapshot, id, &signal, own->groups.buckets.edges, n, own->summaries,
                            &query->engine_error));
    for (size_t j = 0; j < n; j++)
        *is_counted |= own->summaries[j].count > 0;
    if (*is_counted && query->window.from < gk_snapshot_info(query->snapshot)->dropped_before)
        return report_status(&query->report, GK_ERANGE,
                             "the growth of a counter needs samples, and those of this window were dropped: ask for "
                             "energy of power");
    for (size_t j = 0; j < n && *is_counted; j++)
        cells[j].held_ns += own->summaries[j].held_ns;
done:
    return rc;
}

static size_t bucket_of(const struct buckets *buckets, gk_time t)
{
    size_t low = 0, high = buckets->n;

    while (high - low > 1) {
        size_t mid = low + (high - low) / 2;
        if (buckets->edges[mid] <= t)
            low = mid;
        else
            high = mid;
    }
    return low;
}

/* Its last value of dropped time, of which *from moves out; NaN when there is none. */
static int last_dropped(struct gk_query *query, uint32_t id, gk_time *from, double *out)
{
    const int64_t hour = 3600 * GK_SECOND;
    const struct series_run *own = query->own;
    const struct gk_signal signal = {.channels = &own->counter, .n_channels = 1};
    gk_time cut = gk_snapshot_info(query->snapshot)->dropped_before;
    gk_time edges[2] = {*from - (*from % hour + hour) % hour, cut};
    struct gk_summary summary;
    int rc;

    *out = NAN;
    if (*from >= cut)
        return GK_OK;
    *from = cut;
    TRY(gk_signal_summaries(query->snapshot, id, &signal, edges, 1, &summary, &query->engine_error));
    *out = summary.last;
done:
    return rc;
}

/* The growth of a counter goes to the bucket of the later sample; a smaller value means that it began again at 0. */
static int add_counter(struct gk_query *query, uint32_t id, struct sums *cells)
{
    struct series_run *own = query->own;
    const struct buckets *buckets = &own->groups.buckets;
    struct gk_columns batch;
    gk_scan *scan = NULL;
    gk_time from = query->window.from - COUNTER_BACK_NS;
    double before;
    int rc;

    TRY(last_dropped(query, id, &from, &before));
    TRY(gk_scan_open(query->snapshot, id, &own->counter, 1, from, query->window.to, &scan, &query->engine_error));
    while ((rc = gk_scan_next(scan, &batch, &query->engine_error)) == GK_OK) {
        TRY(watch_look(&query->watch));
        for (size_t i = 0; i < batch.n_rows; i++) {
            double value = batch.value[0][i];
            if (isnan(value))
                continue;
            if (batch.time[i] >= query->window.from) {
                struct sums *cell = &cells[bucket_of(buckets, batch.time[i])];
                cell->count++;
                if (!isnan(before))
                    cell->kwh += value < before ? value : value - before;
            }
            before = value;
        }
    }
    rc = rc == GK_DONE ? GK_OK : rc;
done:
    gk_scan_close(scan);
    return rc;
}

/* The mean of those channels of a row that have a value. */
static double row_value(const struct gk_columns *batch, size_t n_channels, size_t i)
{
    double sum = 0;
    size_t n = 0;

    for (size_t c = 0; c < n_channels; c++) {
        if (!isnan(batch->value[c][i])) {
            sum += batch->value[c][i];
            n++;
        }
    }
    return n ? sum / (double)n : NAN;
}

static int add_values(struct gk_query *query, uint32_t id, size_t first_cell)
{
    struct series_run *own = query->own;
    const struct series *series = query->stmt->series;
    double scale = scale_of(query, id);
    struct gk_columns batch;
    gk_scan *scan = NULL;
    int rc;

    TRY(gk_scan_open(query->snapshot, id, series->channels, series->n_channels, query->window.from, query->window.to,
                     &scan, &query->engine_error));
    while ((rc = gk_scan_next(scan, &batch, &query->engine_error)) == GK_OK) {
        TRY(watch_look(&query->watch));
        TRY(arena_reserve(&query->memory, &own->values, &own->capacity, own->n_values + batch.n_rows,
                          sizeof *own->values));
        for (size_t i = 0; i < batch.n_rows; i++) {
            double value = row_value(&batch, series->n_channels, i) * scale;
            size_t cell = first_cell + bucket_of(&own->groups.buckets, batch.time[i]);
            if (!isnan(value))
                own->values[own->n_values++] = (struct sorted){cell, value};
        }
    }
    rc = rc == GK_DONE ? GK_OK : rc;
done:
    gk_scan_close(scan);
    return rc;
}

static int add_facility(struct gk_query *query, size_t number)
{
    struct series_run *own = query->own;
    uint32_t id = query->scope.list[number].id;
    size_t n = own->groups.buckets.n, first = own->groups.of[number] * n;
    bool is_counted = false;
    int rc = GK_OK;

    for (size_t j = 0; j < n; j++)
        own->cells[first + j].total_ns += own->groups.buckets.edges[j + 1] - own->groups.buckets.edges[j];
    if (n == 0)
        return GK_OK;
    if (own->has_energy && own->counter != GK_ID_NONE)
        TRY(add_counter_held(query, id, &own->cells[first], &is_counted));
    if (is_counted)
        TRY(add_counter(query, id, &own->cells[first]));
    else
        TRY(add_summaries(query, id, &own->cells[first]));
    if (own->has_percentile && query->stmt->series->n_channels)
        TRY(add_values(query, id, first));
    own->n_counted += is_counted;
    own->n_integrated += !is_counted;
done:
    return rc;
}

/* ---- rows ---- */

static double percentile(const struct series_run *own, size_t cell, double percent)
{
    size_t from = sorted_first(own->values, own->n_values, cell);
    size_t n = sorted_first(own->values, own->n_values, cell + 1) - from;

    return sorted_percentile(n ? own->values + from : NULL, n, percent);
}

static void put_value(struct gk_query *query, const struct agg *agg, size_t cell)
{
    const struct series_run *own = query->own;
    const struct sums *sums = &own->cells[cell];
    enum gk_type type = type_of(query, agg->kind);
    double number = NAN;
    bool has = sums->count > 0;

    switch (agg->kind) {
    case AGG_COUNT:
        rows_put_count(&query->rows, GK_TYPE_COUNT, (int64_t)sums->count);
        return;
    case AGG_AVG:
        number = has ? sums->sum / (double)sums->count : NAN;
        break;
    case AGG_RMS:
        number = has ? sqrt(sums->squares / (double)sums->count) : NAN;
        break;
    case AGG_MIN:
        number = has ? sums->min : NAN;
        break;
    case AGG_MAX:
        number = has ? sums->max : NAN;
        break;
    case AGG_SUM:
        number = has ? sums->sum : NAN;
        break;
    case AGG_FIRST:
        number = has ? sums->first : NAN;
        break;
    case AGG_LAST:
        number = has ? sums->last : NAN;
        break;
    case AGG_ENERGY:
        number = has || sums->held_ns > 0 ? sums->kwh : NAN;
        break;
    case AGG_PERCENTILE:
        number = percentile(own, cell, agg->percent);
        break;
    default:
        number = sums->total_ns ? (double)sums->held_ns / (double)sums->total_ns : NAN;
    }
    rows_put_number(&query->rows, type, number);
}

static int put_row(struct gk_query *query, size_t i)
{
    static const struct agg coverage = {.kind = AGG_COVERAGE, .name = "coverage"};
    const struct series_run *own = query->own;
    size_t group, bucket;
    bool has_coverage = false;
    int rc;

    groups_order(query, &own->groups, i, &group, &bucket);
    size_t cell = group * own->groups.buckets.n + bucket;
    TRY(run_begin_row(query));
    TRY(groups_put(query, &own->groups, group, bucket));
    for (const struct agg *agg = query->stmt->aggs; agg; agg = agg->next) {
        put_value(query, agg, cell);
        has_coverage |= agg->kind == AGG_COVERAGE;
    }
    if (!has_coverage)
        put_value(query, &coverage, cell);
    run_end_row(query);
done:
    return rc;
}

static int add_notes(struct gk_query *query)
{
    const struct series_run *own = query->own;

    if (!own->has_energy)
        return GK_OK;
    return run_note(
        query, arena_printf(
                   &query->memory,
                   report_text(&query->report,
                               "energy in kWh: of %llu facilities by their counter, of %llu as the integral of power"),
                   (unsigned long long)own->n_counted, (unsigned long long)own->n_integrated));
}

static int step(struct gk_query *query, bool *is_done)
{
    struct series_run *own = query->own;
    int rc;

    *is_done = query->next >= query->scope.n;
    if (!*is_done) {
        query->watch.done = query->next;
        TRY(watch_look(&query->watch));
        return add_facility(query, query->next++);
    }
    TRY(sorted_sort(own->values, own->n_values, &query->watch));
    TRY(add_notes(query));
    for (size_t i = 0; i < own->groups.n * own->groups.buckets.n; i++)
        TRY(put_row(query, i));
done:
    return rc;
}

const struct statement STATEMENT_SERIES = {columns, start, step, end};
