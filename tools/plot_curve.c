/*
 * plot_curve.c - samples, and aggregates over time, as panels: a panel a series and a measure.
 *
 * Every point holds from a time to a time: a sample until the next one, at most as long as its facility's rows hold; a
 * bucket until the next bucket. What holds nothing is a gap. Where there are more points than PLOT_BUCKETS_MOST, they
 * are gathered: the mean by time, and the least and the most.
 */
#include "plot.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "plot_scale.h"

struct series {
    size_t *rows; /* in order of time */
    size_t n, room;
    struct plot_label label;
    uint32_t facility;
};

/* Values that share a panel: at most one pair of min and max makes a band. */
struct measure {
    const char *name;
    size_t columns[PLOT_LINES_MAX], n;
    size_t low, high; /* PLOT_NONE: no band */
};

struct making {
    struct plot *plot;
    struct plot_keys keys;
    struct series *series;
    size_t n_series, room;
    struct measure measures[PLOT_VALUES_MOST];
    size_t n_measures;
    bool is_samples;
};

static const struct plot_column *column_of(const struct making *making, size_t column)
{
    return &making->plot->table.columns[column];
}

/* ---- series ---- */

static bool is_same_series(const struct making *making, size_t a, size_t b)
{
    for (size_t i = 0; i < making->keys.n_texts; i++) {
        const uint32_t *text = column_of(making, making->keys.texts[i])->text;

        if (text[a] != text[b])
            return false;
    }
    return true;
}

static struct series *series_of(struct making *making, size_t row)
{
    for (size_t i = making->n_series; i > 0; i--)
        if (is_same_series(making, making->series[i - 1].rows[0], row))
            return &making->series[i - 1];
    making->series =
        plot_more(&making->plot->memory, making->series, making->n_series, &making->room, sizeof *making->series);
    making->series[making->n_series] = (struct series){.label = plot_label_of(making->plot, &making->keys, row)};
    return &making->series[making->n_series++];
}

static uint32_t facility_of(const struct making *making, const struct series *series)
{
    gk_snapshot *snapshot = making->plot->snapshot;

    for (size_t i = 0; i < making->keys.n_texts; i++)
        if (strcmp(column_of(making, making->keys.texts[i])->name, "facility") == 0)
            return gk_facility_find(snapshot, series->label.name, strlen(series->label.name));
    return making->keys.n_texts == 0 ? plot_named_facility(making->plot) : GK_ID_NONE;
}

struct moment {
    gk_time time;
    size_t row;
};

static int by_time(const void *a, const void *b)
{
    const struct moment *x = a, *y = b;

    if (x->time != y->time)
        return x->time < y->time ? -1 : 1;
    return x->row < y->row ? -1 : x->row > y->row;
}

/* A statement may have sorted its rows by something else. */
static void sort_rows(const struct making *making, struct series *series)
{
    const gk_time *time = column_of(making, making->keys.time)->time;
    struct moment *moments;
    bool is_sorted = true;

    for (size_t i = 1; i < series->n; i++)
        is_sorted = is_sorted && time[series->rows[i - 1]] <= time[series->rows[i]];
    if (is_sorted)
        return;
    moments = plot_take(&making->plot->memory, series->n, sizeof *moments);
    for (size_t i = 0; i < series->n; i++)
        moments[i] = (struct moment){time[series->rows[i]], series->rows[i]};
    qsort(moments, series->n, sizeof *moments, by_time);
    for (size_t i = 0; i < series->n; i++)
        series->rows[i] = moments[i].row;
}

static void find_series(struct making *making)
{
    for (size_t row = 0; row < making->plot->table.n_rows; row++) {
        struct series *series = series_of(making, row);

        series->rows = plot_more(&making->plot->memory, series->rows, series->n, &series->room, sizeof *series->rows);
        series->rows[series->n++] = row;
    }
    for (size_t i = 0; i < making->n_series; i++) {
        making->series[i].facility = facility_of(making, &making->series[i]);
        sort_rows(making, &making->series[i]);
    }
}

/* ---- measures ---- */

/* What is measured in the same unit stands together: aggregates of the values, and the phases of a channel. */
static bool is_together(const struct making *making, size_t a, size_t b)
{
    static const char *const measured[] = {"avg", "min", "max", "rms", "first", "last"};
    const char *names[] = {column_of(making, a)->name, column_of(making, b)->name};
    size_t n = 0;

    if (column_of(making, a)->type != column_of(making, b)->type)
        return false;
    if (making->is_samples)
        return (names[0][0] == 'i' || names[0][0] == 'u' || names[0][0] == 'v') && names[0][0] == names[1][0] &&
               strlen(names[0]) == strlen(names[1]);
    for (size_t k = 0; k < 2; k++) {
        bool is_one = names[k][0] == 'p' && names[k][1] >= '0' && names[k][1] <= '9';

        for (size_t i = 0; i < sizeof measured / sizeof *measured; i++)
            is_one |= strcmp(names[k], measured[i]) == 0;
        n += is_one;
    }
    return n == 2;
}

static void add_to_measure(const struct making *making, struct measure *measure, size_t column)
{
    const char *name = column_of(making, column)->name;

    if (!making->is_samples && strcmp(name, "min") == 0)
        measure->low = column;
    else if (!making->is_samples && strcmp(name, "max") == 0)
        measure->high = column;
    else if (measure->n < PLOT_LINES_MAX)
        measure->columns[measure->n++] = column;
}

/* Half a band is a line. */
static void settle_measure(struct measure *measure)
{
    size_t *half = measure->low == PLOT_NONE ? &measure->high : &measure->low;

    if ((measure->low == PLOT_NONE) == (measure->high == PLOT_NONE))
        return;
    if (measure->n < PLOT_LINES_MAX)
        measure->columns[measure->n++] = *half;
    *half = PLOT_NONE;
}

static int find_measures(struct making *making, struct gk_error *error)
{
    const char *only = making->plot->request.value;

    for (size_t i = 0; i < making->keys.n_values; i++) {
        size_t column = making->keys.values[i].column, k = 0;

        if (only != NULL && strcmp(only, column_of(making, column)->name) != 0)
            continue;
        while (k < making->n_measures && !is_together(making, making->measures[k].columns[0], column))
            k++;
        if (k == making->n_measures)
            making->measures[making->n_measures++] = (struct measure){
                .name = column_of(making, column)->name, .columns = {column}, .low = PLOT_NONE, .high = PLOT_NONE};
        add_to_measure(making, &making->measures[k], column);
    }
    if (making->n_measures == 0)
        return plot_fail(error, GK_EINVAL, "the answer has no value called '%s'", only != NULL ? only : "");
    for (size_t i = 0; i < making->n_measures; i++)
        settle_measure(&making->measures[i]);
    return GK_OK;
}

/* ---- points ---- */

/* The length of a bucket: told by its key, of `every` by the nearest two. */
static gk_time bucket_of(const struct making *making)
{
    const struct plot_column *key = column_of(making, making->keys.time);
    gk_time least = 0;

    if (strcmp(key->name, "hour") == 0)
        return 3600 * GK_SECOND;
    if (strcmp(key->name, "day") == 0)
        return 86400 * GK_SECOND;
    if (strcmp(key->name, "week") == 0)
        return 7 * 86400 * GK_SECOND;
    for (size_t i = 0; i < making->n_series; i++)
        for (size_t k = 1; k < making->series[i].n; k++) {
            gk_time step = key->time[making->series[i].rows[k]] - key->time[making->series[i].rows[k - 1]];

            least = step > 0 && (least == 0 || step < least) ? step : least;
        }
    return least;
}

static gk_time bucket_end(const struct making *making, gk_time from, gk_time bucket)
{
    if (strcmp(column_of(making, making->keys.time)->name, "month") == 0)
        return plot_next_month(from, making->plot->zone_s);
    return bucket > 0 ? from + bucket : making->plot->to;
}

static gk_time hold_of(const struct making *making, const struct series *series)
{
    struct gk_profile profile;

    if (series->facility != GK_ID_NONE &&
        gk_facility_profile(making->plot->snapshot, series->facility, &profile, NULL) == GK_OK)
        return profile.hold_ns;
    return 60 * GK_SECOND;
}

static void set_times(const struct making *making, const struct series *series, struct plot_panel *panel,
                      gk_time bucket)
{
    const gk_time *time = column_of(making, making->keys.time)->time;
    gk_time hold = making->is_samples ? hold_of(making, series) : 0;

    panel->n = series->n;
    panel->from = plot_take(&making->plot->memory, panel->n, sizeof *panel->from);
    panel->to = plot_take(&making->plot->memory, panel->n, sizeof *panel->to);
    for (size_t i = 0; i < panel->n; i++) {
        gk_time from = time[series->rows[i]];
        gk_time to = making->is_samples ? from + hold : bucket_end(making, from, bucket);

        if (i + 1 < panel->n && to > time[series->rows[i + 1]])
            to = time[series->rows[i + 1]];
        panel->from[i] = from;
        panel->to[i] = to < making->plot->to ? to : making->plot->to;
    }
}

/* A duration of a bucket about which nothing is known is no 0. */
static double value_at(const struct making *making, size_t column, size_t row)
{
    const struct plot_column *values = column_of(making, column);
    size_t coverage = making->keys.coverage;

    if (coverage != PLOT_NONE && coverage != column && column_of(making, coverage)->number[row] == 0)
        return NAN;
    return values->number[row];
}

static double *values_of(const struct making *making, const struct series *series, size_t column)
{
    double *values = plot_take(&making->plot->memory, series->n, sizeof *values);

    for (size_t i = 0; i < series->n; i++)
        values[i] = value_at(making, column, series->rows[i]);
    return values;
}

/* ---- gathering ---- */

struct bucket {
    double weight, sum, low, high;
};

static void weigh(struct bucket *bucket, double value, double low, double high, double ns)
{
    bucket->low = bucket->weight > 0 ? fmin(bucket->low, low) : low;
    bucket->high = bucket->weight > 0 ? fmax(bucket->high, high) : high;
    bucket->sum += value * ns;
    bucket->weight += ns;
}

/* One line over n equal buckets of the picture's time. */
static void gather_line(struct plot *plot, const struct plot_panel *panel, struct plot_line *line, size_t n)
{
    struct bucket *buckets = plot_take(&plot->memory, n, sizeof *buckets);
    double width = (double)(plot->to - plot->from) / (double)n;

    for (size_t i = 0; i < panel->n; i++) {
        double from = (double)(panel->from[i] - plot->from), to = (double)(panel->to[i] - plot->from);
        double low = line->low != NULL ? line->low[i] : line->value[i];
        double high = line->high != NULL ? line->high[i] : line->value[i];

        if (isnan(line->value[i]))
            continue;
        to = fmax(to, from + 1);
        for (size_t k = from > 0 ? (size_t)(from / width) : 0; k < n && (double)k * width < to; k++) {
            double a = fmax(from, (double)k * width), b = fmin(to, (double)(k + 1) * width);

            weigh(&buckets[k], line->value[i], low, high, fmax(b - a, 1e-3));
        }
    }
    line->value = plot_take(&plot->memory, n, sizeof *line->value);
    line->low = plot_take(&plot->memory, n, sizeof *line->low);
    line->high = plot_take(&plot->memory, n, sizeof *line->high);
    for (size_t k = 0; k < n; k++) {
        bool is_empty = !(buckets[k].weight > 0);

        line->value[k] = is_empty ? NAN : buckets[k].sum / buckets[k].weight;
        line->low[k] = is_empty ? NAN : buckets[k].low;
        line->high[k] = is_empty ? NAN : buckets[k].high;
    }
}

static void gather(struct plot *plot, struct plot_panel *panel)
{
    size_t n = PLOT_BUCKETS_MOST;

    if (panel->n <= PLOT_BUCKETS_MOST)
        return;
    for (size_t i = 0; i < panel->n_lines; i++)
        gather_line(plot, panel, &panel->lines[i], n);
    panel->n = n;
    panel->from = plot_take(&plot->memory, n, sizeof *panel->from);
    panel->to = plot_take(&plot->memory, n, sizeof *panel->to);
    for (size_t k = 0; k < n; k++) {
        panel->from[k] = plot->from + (gk_time)((double)(plot->to - plot->from) * (double)k / (double)n);
        panel->to[k] = plot->from + (gk_time)((double)(plot->to - plot->from) * (double)(k + 1) / (double)n);
    }
    plot->curve.is_gathered = true;
}

/* ---- panels ---- */

static void see(struct plot_panel *panel, double value, bool *has)
{
    if (!isfinite(value))
        return;
    panel->least = *has ? fmin(panel->least, value) : value;
    panel->most = *has ? fmax(panel->most, value) : value;
    *has = true;
}

static void find_extent(struct plot_panel *panel)
{
    bool has = false;

    for (size_t i = 0; i < panel->n_lines; i++)
        for (size_t k = 0; k < panel->n; k++) {
            see(panel, panel->lines[i].value[k], &has);
            if (panel->lines[i].low != NULL) {
                see(panel, panel->lines[i].low[k], &has);
                see(panel, panel->lines[i].high[k], &has);
            }
        }
    panel->has_values = has;
    if (!has)
        panel->most = 1;
}

static bool is_sum(const struct plot_column *column)
{
    return column->type == GK_TYPE_SECONDS || column->type == GK_TYPE_COUNT || column->type == GK_TYPE_SHARE ||
           strcmp(column->name, "energy") == 0 || strcmp(column->name, "sum") == 0;
}

/* Above what is certain, what is possible. */
static void add_doubt(const struct making *making, const struct series *series, const struct measure *measure,
                      struct plot_panel *panel)
{
    struct plot_line *line = &panel->lines[0];
    size_t possible = PLOT_NONE;

    for (size_t i = 0; measure->n == 1 && i < making->keys.n_values; i++)
        if (making->keys.values[i].column == measure->columns[0])
            possible = making->keys.values[i].possible;
    if (possible == PLOT_NONE)
        return;
    line->is_doubt = true;
    line->low = line->value;
    line->high = values_of(making, series, possible);
    for (size_t i = 0; i < panel->n; i++)
        making->plot->curve.has_doubt |= line->high[i] > line->low[i];
}

static void add_lines(const struct making *making, const struct series *series, const struct measure *measure,
                      struct plot_panel *panel)
{
    bool has_band = measure->low != PLOT_NONE;

    for (size_t i = 0; i < measure->n; i++)
        panel->lines[panel->n_lines++] = (struct plot_line){.name = column_of(making, measure->columns[i])->name,
                                                            .value = values_of(making, series, measure->columns[i])};
    if (has_band && panel->n_lines == 0) { /* min and max alone: the upper edge is the line */
        panel->lines[0] = (struct plot_line){.name = "max", .value = values_of(making, series, measure->high)};
        panel->n_lines = 1;
    }
    if (has_band) {
        panel->lines[0].low = values_of(making, series, measure->low);
        panel->lines[0].high = values_of(making, series, measure->high);
    }
    add_doubt(making, series, measure, panel);
}

static int add_panel(struct making *making, const struct series *series, const struct measure *measure, gk_time bucket,
                     struct gk_error *error)
{
    struct plot *plot = making->plot;
    struct plot_panel *panel = &plot->curve.panels[plot->curve.n_panels];
    const struct plot_column *first = column_of(making, measure->n > 0 ? measure->columns[0] : measure->high);
    int rc = GK_OK;

    if (plot->curve.n_panels == plot->request.max_lanes) {
        plot->curve.n_panels_off++;
        return GK_OK;
    }
    plot->curve.n_panels++;
    *panel = (struct plot_panel){.name = series->label.name,
                                 .place = series->label.place,
                                 .measure = measure->name,
                                 .facility = series->facility,
                                 .type = first->type,
                                 .is_area = !making->is_samples && is_sum(first)};
    set_times(making, series, panel, bucket);
    add_lines(making, series, measure, panel);
    gather(plot, panel);
    find_extent(panel);
    if (series->facility == GK_ID_NONE)
        return GK_OK;
    rc = plot_read_runs(plot, series->facility, &panel->runs, &panel->n_runs, error);
    plot->curve.has_states = true;
    if (*panel->name == '\0') {
        panel->name = gk_facility_get(plot->snapshot, series->facility)->name;
        panel->place = plot_place_of(plot, panel->name);
    }
    return rc;
}

int plot_make_curve(struct plot *plot, struct gk_error *error)
{
    struct making making = {.plot = plot};
    gk_time bucket;
    int rc = GK_OK;

    (void)plot_table_keys(&plot->table, &making.keys); /* it was one when the kind was chosen */
    making.is_samples = making.keys.time == 0 && making.keys.n_texts == 1 && making.keys.texts[0] == 1;
    find_series(&making);
    if ((rc = find_measures(&making, error)) != GK_OK)
        return rc;
    plot->curve.n_measures = making.n_measures;
    bucket = making.is_samples ? 0 : bucket_of(&making);
    plot->curve.panels = plot_take(&plot->memory, plot->request.max_lanes + 1, sizeof *plot->curve.panels);
    for (size_t i = 0; i < making.n_series; i++)
        for (size_t k = 0; rc == GK_OK && k < making.n_measures; k++)
            rc = add_panel(&making, &making.series[i], &making.measures[k], bucket, error);
    return rc;
}
