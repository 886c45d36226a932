/*
 * signal.c - one number out of the channels of each row, as a step function: compared with a limit, or summed up in
 * buckets.
 *
 * A sample holds until the next row that has a number, at most as long as the facility's bands say.
 */
#include <math.h>

#include "db/snapshot.h"

/* The number of a row; false when it has none. */
static bool reduce(const struct gk_signal *signal, const double *const *value, size_t row, double *out)
{
    double result = 0;
    size_t n = 0;

    for (size_t c = 0; c < signal->n_channels; c++) {
        double v = value[c][row];
        if (isnan(v))
            continue;
        if (n == 0)
            result = v;
        else if (signal->reduce == GK_LEAST)
            result = v < result ? v : result;
        else if (signal->reduce == GK_MOST)
            result = v > result ? v : result;
        else
            result += v;
        n++;
    }
    *out = signal->reduce == GK_MEAN && n > 1 ? result / (double)n : result;
    return n > 0;
}

static bool holds(enum gk_compare compare, double v, double limit)
{
    switch (compare) {
    case GK_LT:
        return v < limit;
    case GK_LE:
        return v <= limit;
    case GK_GT:
        return v > limit;
    case GK_GE:
        return v >= limit;
    case GK_EQ:
        return v == limit;
    case GK_NE:
        return v != limit;
    }
    return false;
}

/* Where reading must begin so that every sample that holds at `from` is seen. */
static gk_time look_back(const struct limits *limits, int64_t tick_ns, gk_time from)
{
    int64_t most = 0, ns;
    gk_time t;

    for (size_t i = 0; i < limits->n; i++)
        most = limits->spans[i].limits.hold > most ? limits->spans[i].limits.hold : most;
    if (__builtin_mul_overflow(most, tick_ns, &ns) || __builtin_sub_overflow(from, ns, &t) ||
        __builtin_sub_overflow(t, tick_ns, &t))
        return GK_TIME_MIN;
    return t;
}

static int open_signal(gk_snapshot *s, uint32_t facility, const struct gk_signal *signal, gk_time from, gk_time to,
                       gk_scan **scan, struct gk_error *error)
{
    int rc;

    TRY(snapshot_check_facility(s, facility, error));
    if (signal->n_channels == 0)
        return error_set(error, GK_EINVAL, "a signal without channels");
    TRY(snapshot_limits(s, facility, error));
    TRY(gk_scan_open(s, facility, signal->channels, signal->n_channels, look_back(&s->limits, s->db->tick_ns, from), to,
                     scan, error));
done:
    return rc;
}

/* ---- a timeline
 * ------------------------------------------------------------------------------------------------------ */

struct comparing {
    gk_timeline *out;
    int64_t from, to; /* ticks */
    bool has_row;
    int64_t tick, until; /* of the sample that waits for the next row's tick */
    enum gk_truth truth;
};

static int put(struct comparing *c, int64_t tick, enum gk_truth truth)
{
    if (tick >= c->to)
        return GK_OK;
    return gk_timeline_append(c->out, tick > c->from ? tick : c->from, truth);
}

/* The sample that waited holds up to `next`. */
static int flush(struct comparing *c, int64_t next)
{
    int rc = GK_OK;
    int64_t until = next < c->until ? next : c->until;

    if (!c->has_row || until <= c->from)
        return GK_OK;
    TRY(put(c, c->tick, c->truth));
    if (until < next)
        TRY(put(c, until, GK_UNKNOWN));
done:
    return rc;
}

static int64_t add_saturated(int64_t a, int64_t b)
{
    int64_t sum;
    return __builtin_add_overflow(a, b, &sum) ? INT64_MAX : sum;
}

int gk_signal_timeline(gk_snapshot *s, uint32_t facility, const struct gk_signal *signal, enum gk_compare compare,
                       double limit, int64_t from, int64_t to, gk_timeline *out, struct gk_error *error)
{
    struct comparing c = {.out = out, .from = from, .to = to};
    int64_t tick_ns = s->db->tick_ns;
    gk_scan *scan = NULL;
    struct gk_columns batch;
    int rc;

    TRY(gk_timeline_reset(out, GK_UNKNOWN));
    if (from >= to)
        return GK_OK;
    TRY(open_signal(s, facility, signal, time_of(tick_ns, from), time_of(tick_ns, to), &scan, error));
    while ((rc = gk_scan_next(scan, &batch, error)) == GK_OK) {
        for (size_t i = 0; i < batch.n_rows; i++) {
            double v;
            if (!reduce(signal, batch.value, i, &v))
                continue;
            int64_t tick = tick_of(tick_ns, batch.time[i]);
            if (tick != c.tick)
                TRY(flush(&c, tick));
            c.has_row = true;
            c.tick = tick;
            c.until = add_saturated(tick, limits_at(&s->limits, tick)->limits.hold);
            c.truth = holds(compare, v, limit) ? GK_TRUE : GK_FALSE;
        }
    }
    if (rc != GK_DONE)
        goto done;
    TRY(flush(&c, to));
    TRY(gk_timeline_append(out, to, GK_UNKNOWN));
done:
    gk_scan_close(scan);
    if (rc == GK_ENOMEM)
        (void)error_set(error, rc, "out of memory for a timeline"); /* rc says it too */
    return rc;
}

/* ---- buckets
 * --------------------------------------------------------------------------------------------------------- */

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
    s->until = add_saturated(time[k], hold);
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
    TRY(open_signal(s, facility, signal, edges[0], edges[n], &scan, error));
    while ((rc = gk_scan_next(scan, &batch, error)) == GK_OK) {
        for (size_t i = 0; i < batch.n_rows; i++) {
            double v;
            gk_time t = batch.time[i];
            if (!reduce(signal, batch.value, i, &v))
                continue;
            hold_until(&sum, t);
            while (sum.at + 1 < n && edges[sum.at + 1] <= t)
                sum.at++;
            sum.has_row = true;
            sum.time = t;
            sum.value = v;
            const struct limits_span *span = limits_at(&s->limits, tick_of(tick_ns, t));
            int64_t hold = time_of(tick_ns, span->limits.hold);
            sum.until = add_saturated(t, hold);
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
