/*
 * counter.c - energy of a counter: how much it grew in pieces of time. Growth between two samples is spread evenly over
 * the time between them. A smaller value than before is either a rollover, when the counter stood in the last tenth
 * below a power of ten and is in the first tenth now, or a counter that began again at 0.
 */
#include <math.h>

#include "parser.h"
#include "measure.h"

/* The longest look at samples outside of the pieces. */
#define COUNTER_BEYOND_NS (INT64_C(86400) * GK_SECOND)
#define HOUR_NS           (3600 * GK_SECOND)
/* Counters of fewer digits than this do not roll over, nor of more than that: nobody builds them. */
#define ROLLOVER_LEAST 1e4
#define ROLLOVER_MOST  1e14

struct counter {
    const struct pieces *pieces;
    size_t at; /* the first piece that may still grow */
    struct sums *sums;
    gk_time time; /* of the sample before */
    double value; /* NaN: none */
};

static double growth(double before, double after)
{
    double top = ROLLOVER_LEAST;

    if (after >= before)
        return after - before;
    while (top <= before && top < ROLLOVER_MOST)
        top *= 10;
    bool was_last = before >= top * 0.9 && before < top, is_first = after >= 0 && after < top * 0.1;
    return was_last && is_first ? top - before + after : after;
}

/* The growth from the sample before to one at t, spread over the pieces between. */
static void spread(struct counter *counter, gk_time t, double grown)
{
    const struct pieces *pieces = counter->pieces;

    while (counter->at < pieces->n && pieces->list[counter->at].to <= counter->time)
        counter->at++;
    for (size_t i = counter->at; i < pieces->n && pieces->list[i].from < t; i++) {
        gk_time from = pieces->list[i].from > counter->time ? pieces->list[i].from : counter->time;
        gk_time to = pieces->list[i].to < t ? pieces->list[i].to : t;
        double part = from == counter->time && to == t ? 1 : (double)(to - from) / (double)(t - counter->time);
        counter->sums[pieces->list[i].cell].kwh += grown * part;
        counter->sums[pieces->list[i].cell].has_growth = true;
    }
}

static void count(struct counter *counter, gk_time t)
{
    const struct pieces *pieces = counter->pieces;

    for (size_t i = counter->at; i < pieces->n && pieces->list[i].from <= t; i++)
        if (t < pieces->list[i].to)
            counter->sums[pieces->list[i].cell].count++;
}

static void add(struct counter *counter, gk_time t, double value)
{
    if (isnan(value))
        return;
    if (!isnan(counter->value) && t > counter->time)
        spread(counter, t, growth(counter->value, value));
    count(counter, t);
    counter->time = t;
    counter->value = value;
}

/* Its last value of dropped time, of which *from moves out. */
static int last_dropped(struct gk_query *query, uint32_t channel, uint32_t facility, gk_time *from,
                        struct counter *counter)
{
    const struct gk_signal signal = {.channels = &channel, .n_channels = 1};
    gk_time cut = gk_snapshot_info(query->snapshot)->dropped_before;
    gk_time edges[2] = {*from - (*from % HOUR_NS + HOUR_NS) % HOUR_NS, cut};
    struct gk_summary summary;
    int rc;

    if (*from >= cut)
        return GK_OK;
    *from = cut;
    TRY(gk_signal_summaries(query->snapshot, facility, &signal, edges, 1, &summary, &query->engine_error));
    counter->value = summary.last;
    counter->time = summary.last_time;
done:
    return rc;
}

/* From where to where samples matter. */
static void find_range(const struct gk_query *query, const struct pieces *pieces, gk_time *from, gk_time *to)
{
    gk_time end = pieces->list[pieces->n - 1].to, now = query->window.now;

    *from = pieces->list[0].from - COUNTER_BEYOND_NS;
    *to = end < now - COUNTER_BEYOND_NS ? end + COUNTER_BEYOND_NS : now > end ? now : end;
}

int counter_is_used(struct gk_query *query, uint32_t channel, uint32_t facility, const struct pieces *pieces,
                    bool *is_used)
{
    const struct gk_signal signal = {.channels = &channel, .n_channels = 1};
    struct gk_summary summary;
    gk_time edges[2];
    int rc;

    find_range(query, pieces, &edges[0], &edges[1]);
    gk_time cut = gk_snapshot_info(query->snapshot)->dropped_before; /* of dropped time whole hours are left */
    if (edges[0] < cut)
        edges[0] -= (edges[0] % HOUR_NS + HOUR_NS) % HOUR_NS;
    if (edges[1] < cut)
        edges[1] += HOUR_NS - (edges[1] % HOUR_NS + HOUR_NS) % HOUR_NS;
    TRY(gk_signal_summaries(query->snapshot, facility, &signal, edges, 1, &summary, &query->engine_error));
    *is_used = summary.count > 0;
done:
    return rc;
}

int counter_add(struct gk_query *query, uint32_t channel, uint32_t facility, const struct pieces *pieces,
                struct sums *sums)
{
    struct counter counter = {.pieces = pieces, .sums = sums, .value = NAN};
    gk_time end = pieces->list[pieces->n - 1].to, from, to;
    struct gk_columns batch;
    gk_scan *scan = NULL;
    int rc;

    find_range(query, pieces, &from, &to);
    TRY(last_dropped(query, channel, facility, &from, &counter));
    TRY(gk_scan_open(query->snapshot, facility, &channel, 1, from, to, &scan, &query->engine_error));
    while ((rc = gk_scan_next(scan, &batch, &query->engine_error)) == GK_OK) {
        TRY(watch_look(&query->watch));
        for (size_t i = 0; i < batch.n_rows; i++)
            add(&counter, batch.time[i], batch.value[0][i]);
        if (!isnan(counter.value) && counter.time >= end)
            break; /* the growth up to the end is told */
    }
    rc = rc == GK_DONE ? GK_OK : rc;
done:
    gk_scan_close(scan);
    return rc;
}
