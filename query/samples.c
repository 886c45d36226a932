/*
 * samples.c - `samples of SERIES`: the rows as they were measured, facility after facility, in order of time.
 */
#include <math.h>
#include <string.h>

#include "parser.h"
#include "run.h"
#include "series.h"

#define SAMPLES_COLUMNS_MAX (COLUMNS_MAX - 2)

struct samples {
    uint32_t channels[SAMPLES_COLUMNS_MAX];
    size_t n;
    struct series_signal signal; /* of an expression, for the facility at hand */
    gk_scan *scan;               /* of the facility before `next`; NULL: to be opened */
};

static void add_channel(struct samples *out, uint32_t channel)
{
    for (size_t i = 0; i < out->n; i++)
        if (out->channels[i] == channel)
            return;
    if (out->n < SAMPLES_COLUMNS_MAX)
        out->channels[out->n++] = channel;
}

/* The channels of the named facilities, or of the store. */
static int all_channels(struct gk_query *query, struct samples *out)
{
    const struct name *names = query->stmt->series->ref.names;
    const uint32_t *channels;
    size_t n;

    if (!names || !noun_is_facility(query->stmt->series->ref.noun)) {
        for (uint32_t id = 0; id < gk_snapshot_info(query->snapshot)->n_channels; id++)
            add_channel(out, id);
        return GK_OK;
    }
    for (const struct name *name = names; name; name = name->next) {
        int rc = gk_facility_channels(query->snapshot, name->id, &channels, &n, &query->engine_error);
        if (rc != GK_OK && rc != GK_ENOTFOUND)
            return rc;
        for (size_t i = 0; rc == GK_OK && i < n; i++)
            add_channel(out, channels[i]);
    }
    return GK_OK;
}

static int columns(struct gk_query *query)
{
    const struct series *series = query->stmt->series;
    struct samples *found = arena_piece(&query->arena, sizeof *found);
    bool ok =
        rows_add_column(&query->rows, "time", GK_TYPE_TIME) && rows_add_column(&query->rows, "facility", GK_TYPE_TEXT);
    int rc = GK_OK;

    if (!found)
        return arena_status(&query->arena);
    if (series->metric == METRIC_ENERGY || series->metric == METRIC_LOAD) {
        report_hint(&query->report, "samples of power of facility 'F12', samples of facility 'F12'");
        return report_fail(&query->report, GK_ESYNTAX, series->place,
                           "samples are of what was measured, not of load or energy");
    }
    if (series->metric == METRIC_ALL)
        TRY(all_channels(query, found));
    for (size_t i = 0; i < series->n_channels; i++)
        add_channel(found, series->channels[i]);
    if (series->metric == METRIC_VALUE) { /* before the channels it is made of */
        const char *name = query->stmt->columns->name;
        ok = ok &&
             rows_add_column(&query->rows, strcmp(name, word_text(W_SAMPLES)) == 0 ? "value" : name, GK_TYPE_NUMBER);
    }
    for (size_t i = 0; i < found->n; i++) {
        const char *name = gk_channel_name(query->snapshot, found->channels[i]);
        const char *kept = arena_text(&query->arena, name, strlen(name));
        if (!kept)
            return arena_status(&query->arena);
        ok = ok && rows_add_column(&query->rows, kept, GK_TYPE_NUMBER);
    }
    query->own = found;
    rc = ok ? rows_can_lend(&query->rows, &query->arena) : GK_EBUG;
done:
    return rc;
}

static int start(struct gk_query *query)
{
    int rc;

    TRY(run_note_dropped(query, "samples of that time are gone"));
    query->scope.where = query->stmt->series->ref.where;
    TRY(scope_make_facilities(&query->scope, &query->stmt->series->ref));
done:
    return rc;
}

static void end(struct gk_query *query)
{
    struct samples *own = query->own;

    if (own)
        gk_scan_close(own->scan);
    if (own)
        own->scan = NULL;
}

static int put_row(struct gk_query *query, const struct gk_columns *batch, size_t i, uint32_t id)
{
    const struct samples *own = query->own;
    bool is_empty = true;
    int rc = GK_OK;

    for (size_t c = 0; c < own->n; c++)
        is_empty = is_empty && gk_is_missing(batch->value[c][i]);
    if (is_empty)
        return GK_OK;
    TRY(run_begin_row(query));
    rows_put_time(&query->rows, batch->time[i]);
    rows_put_text(&query->rows, gk_facility_get(query->snapshot, id)->name);
    if (query->stmt->series->metric == METRIC_VALUE)
        rows_put_number(&query->rows, GK_TYPE_NUMBER, series_value(&own->signal, batch, i));
    for (size_t c = 0; c < own->n; c++)
        rows_put_number(&query->rows, GK_TYPE_NUMBER, batch->value[c][i]);
    run_end_row(query);
done:
    return rc;
}

static bool has_missing(const double *value, size_t n)
{
    size_t n_missing = 0;

    for (size_t i = 0; i < n; i++) /* no way out: a vector loop */
        n_missing += gk_is_missing(value[i]);
    return n_missing > 0;
}

/* Whether the rows can be given as they lie in the batch: all of them, in this order, none without any value. */
static bool is_lendable(const struct gk_query *query, const struct gk_columns *batch)
{
    const struct samples *own = query->own;
    const struct tail *tail = &query->stmt->tail;

    return query->stmt->series->metric != METRIC_VALUE && !tail->having && !tail->has_sort && !tail->has_top &&
           own->n > 0 && !has_missing(batch->value[0], batch->n_rows);
}

static void lend(struct gk_query *query, const struct gk_columns *batch, uint32_t id)
{
    const struct samples *own = query->own;
    const char *name = gk_facility_get(query->snapshot, id)->name;
    struct lent *lent = query->rows.lent;

    lent[0].time = batch->time;
    lent[0].value.type = GK_TYPE_TIME;
    lent[1].value = (struct gk_value){GK_TYPE_TEXT, {.text = {name, strlen(name)}}};
    for (size_t c = 0; c < own->n; c++)
        lent[2 + c].number = batch->value[c];
    rows_lend(&query->rows, batch->n_rows);
}

static int step(struct gk_query *query, bool *is_done)
{
    struct samples *own = query->own;
    struct gk_columns batch;
    int rc = GK_OK;

    *is_done = !own->scan && query->next >= query->scope.n;
    if (*is_done)
        return GK_OK;
    TRY(watch_look(&query->watch));
    if (!own->scan) {
        uint32_t id = query->scope.list[query->next++].id;
        series_make_signal(query->stmt->series, GK_MEAN, gk_facility_get(query->snapshot, id), &own->signal);
        TRY(gk_scan_open(query->snapshot, id, own->channels, own->n, query->window.from, query->window.to, &own->scan,
                         &query->engine_error));
    }
    rc = gk_scan_next(own->scan, &batch, &query->engine_error);
    if (rc == GK_DONE) {
        end(query);
        return GK_OK;
    }
    if (rc == GK_OK && is_lendable(query, &batch)) {
        lend(query, &batch, query->scope.list[query->next - 1].id);
        return GK_OK;
    }
    for (size_t i = 0; rc == GK_OK && i < batch.n_rows; i++)
        rc = put_row(query, &batch, i, query->scope.list[query->next - 1].id);
done:
    return rc;
}

const struct statement STATEMENT_SAMPLES = {columns, start, step, end};
