/*
 * signal_summaries.c - a signal summed up in buckets of time.
 */
#include <math.h>

#include "db/signal.h"

struct summing {
    const gk_time *edges;
    size_t n, at; /* the bucket of the last sample */
    struct gk_summary *out;
    bool has_row;
    gk_time time, until;
    double value;
};

static void begin_summary(struct gk_summary *s)
{
    memset(s, 0, sizeof *s);
    s->sum = s->min = s->max = s->first = s->last = NAN;
}

/* The sample that waited holds up to `next`: its part of each bucket it reaches. */
static void hold_until(struct summing *s, gk_time next)
{
    gk_time from = s->time, to = next < s->until ? next : s->until;

    if (!s->has_row)
        return;
    for (size_t b = s->at; b < s->n && s->edges[b] < to; b++) {
        gk_time low = from > s->edges[b] ? from : s->edges[b];
        gk_time high = to < s->edges[b + 1] ? to : s->edges[b + 1];
        if (low >= high)
            continue;
        s->out[b].integral += s->value * ((double)(high - low) / 1e9);
        s->out[b].held_ns += high - low;
    }
}

static void add_sample(struct gk_summary *b, gk_time time, double v)
{
    if (b->count++ == 0) {
        b->sum = b->min = b->max = b->first = v;
        b->first_time = time;
    } else {
        b->sum += v;
        b->min = v < b->min ? v : b->min;
        b->max = v > b->max ? v : b->max;
    }
    b->last = v;
    b->last_time = time;
}

/* Where the limits that are in force at a time end, in time. */
static gk_time span_end(const struct limits *limits, int64_t tick_ns, const struct limits_span *span)
{
    return span + 1 < limits->spans + limits->n ? time_of(tick_ns, span[1].from) : GK_TIME_MAX;
}

/*
 * What most samples are: numbers of one channel, one after the other in one bucket, under the same limits. Goes on from
 * row i, which waits to be held, to the last row before `border`, which then waits; returns that row.
 */
static size_t add_run(struct summing *s, const gk_time *time, const double *value, size_t i, size_t n, gk_time border,
                      int64_t hold)
{
    struct gk_summary *b = &s->out[s->at];
    double sum = b->sum, min = b->min, max = b->max, integral = b->integral;
    int64_t held = b->held_ns;
    size_t k = i;

    for (; k + 1 < n && time[k + 1] < border; k++) {
        double v = value[k + 1];
        int64_t part = time[k + 1] - time[k];
        if (v != v)
            break;
        part = part < hold ? part : hold;
        integral += value[k] * ((double)part / 1e9);
        held += part;
        sum += v;
        min = v < min ? v : min;
        max = v > max ? v : max;
    }
    if (k == i)
        return i;
    b->sum = sum;
    b->min = min;
    b->max = max;
    b->integral = integral;
    b->held_ns = held;
    b->count += k - i;
    b->last = value[k];
    b->last_time = time[k];
    s->time = time[k];
    s->value = value[k];
    s->until = signal_until(time[k], hold);
    return k;
}

int gk_signal_summaries(gk_snapshot *s, uint32_t facility, const struct gk_signal *signal, const gk_time *edges,
                        size_t n, struct gk_summary *out, struct gk_error *error)
{
    struct summing sum = {.edges = edges, .n = n, .out = out};
    int64_t tick_ns = s->db->tick_ns;
    gk_scan *scan = NULL;
    struct gk_columns batch;
    int rc;

    for (size_t i = 0; i < n; i++) {
        begin_summary(&out[i]);
        if (edges[i] >= edges[i + 1])
            return error_set(error, GK_EINVAL, "edges of buckets must ascend");
    }
    if (n == 0)
        return GK_OK;
    TRY(signal_open(s, facility, signal, edges[0], edges[n], &scan, error));
    while ((rc = gk_scan_next(scan, &batch, error)) == GK_OK) {
        for (size_t i = 0; i < batch.n_rows; i++) {
            double v;
            gk_time t = batch.time[i];
            if (!signal_reduce(signal, batch.value, i, &v))
                continue;
            hold_until(&sum, t);
            while (sum.at + 1 < n && edges[sum.at + 1] <= t)
                sum.at++;
            sum.has_row = true;
            sum.time = t;
            sum.value = v;
            const struct limits_span *span = limits_at(&s->limits, tick_of(tick_ns, t));
            int64_t hold = time_of(tick_ns, span->limits.hold);
            sum.until = signal_until(t, hold);
            if (t < edges[0])
                continue;
            add_sample(&out[sum.at], t, v);
            if (signal->n_channels == 1) {
                gk_time border = span_end(&s->limits, tick_ns, span);
                border = border < edges[sum.at + 1] ? border : edges[sum.at + 1];
                i = add_run(&sum, batch.time, batch.value[0], i, batch.n_rows, border, hold);
            }
        }
    }
    if (rc != GK_DONE)
        goto done;
    hold_until(&sum, GK_TIME_MAX);
    rc = GK_OK;
done:
    gk_scan_close(scan);
    return rc;
}
