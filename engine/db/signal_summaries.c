/*
 * signal_summaries.c - a signal summed up in buckets of time.
 *
 * The sums of a bucket are those of its pieces (fold.h), one an hour, and of the time between them. A stretch of time
 * gives its pieces either as stored hours or from its samples; both meet here:
 *
 *     pass_over(t)    the newest sample holds until t: its share of the buckets up to there
 *     add_piece       a finished piece; its last sample is the newest one from now on
 */
#include <math.h>

#include "db/hours.h"
#include "db/sight.h"
#include "db/signal.h"

/* Fewer stored hours side by side than this are not worth leaving the samples for. */
#define HOURS_WORTH 3

struct summing {
    const struct limits *limits;
    int64_t tick_ns;
    const gk_time *edges;
    size_t n, at; /* the bucket of the newest sample */
    struct gk_summary *out;
    uint32_t figures;
    struct fold fold; /* the piece that takes samples; count 0: none */
    gk_time fold_end; /* where it ends at the latest */
    bool has_newest;  /* a sample before, of a piece that is finished */
    gk_time time, until;
    double value;
};

static void begin_summary(struct gk_summary *s, uint32_t figures)
{
    memset(s, 0, sizeof *s);
    s->sum = s->min = s->max = s->first = s->last = s->square_sum = NAN;
    s->integral = figures & GK_FIGURE_INTEGRAL ? 0 : NAN;
}

static double plus(double a, double b)
{
    double sum = a + b;
    return isnan(sum) ? NAN : sum; /* one NaN, not the processor's choice */
}

static void pass_over(struct summing *s, gk_time next)
{
    gk_time from = s->time, to = next < s->until ? next : s->until;

    if (!s->has_newest)
        return;
    for (size_t b = s->at; b < s->n && s->edges[b] < to; b++) {
        gk_time low = from > s->edges[b] ? from : s->edges[b];
        gk_time high = to < s->edges[b + 1] ? to : s->edges[b + 1];
        if (low >= high)
            continue;
        if (s->figures & GK_FIGURE_INTEGRAL)
            s->out[b].integral = plus(s->out[b].integral, s->value * ((double)(high - low) / 1e9));
        s->out[b].held_ns += high - low;
    }
    s->has_newest = false;
}

static void set_newest(struct summing *s, gk_time time, double value, int64_t hold_ns)
{
    s->has_newest = true;
    s->time = time;
    s->value = value;
    s->until = signal_until(time, hold_ns);
}

/* The bucket that a time from the first edge on lies in is the one at hand. */
static void go_to(struct summing *s, gk_time t)
{
    while (s->at + 1 < s->n && s->edges[s->at + 1] <= t)
        s->at++;
}

static void add_range(struct gk_summary *b, const struct hour *p)
{
    b->min = b->count == 0 || p->min < b->min ? p->min : b->min;
    b->max = b->count == 0 || p->max > b->max ? p->max : b->max;
}

static void add_piece(struct summing *s, const struct hour *p)
{
    struct gk_summary *b = &s->out[s->at];
    bool is_first = b->count == 0;

    if (s->figures & GK_FIGURE_SUM)
        b->sum = is_first ? p->sum : plus(b->sum, p->sum);
    if (s->figures & GK_FIGURE_RANGE)
        add_range(b, p);
    if (s->figures & GK_FIGURE_SQUARES)
        b->square_sum = is_first ? fold_squares(p) : b->square_sum + fold_squares(p);
    if (s->figures & GK_FIGURE_INTEGRAL)
        b->integral = plus(b->integral, p->integral);
    if (s->figures & GK_FIGURE_ENDS) {
        b->first = is_first ? p->first : b->first;
        b->last = p->last;
    }
    b->first_time = is_first ? p->first_time : b->first_time;
    b->last_time = p->last_time;
    b->count += p->count;
    b->held_ns += p->held_ns;
    set_newest(s, p->last_time, p->last, p->hold_ns);
}

static void end_piece(struct summing *s)
{
    struct hour piece;

    if (s->fold.count == 0)
        return;
    int64_t hour = hour_of(s->fold.first_time);
    bool is_whole = s->edges[s->at] <= hour_begin(hour) && s->edges[s->at + 1] >= hour_begin(hour + 1);
    if (is_whole)
        fold_end_hour(&s->fold, &piece);
    else
        fold_end(&s->fold, &piece);
    s->fold.count = 0;
    add_piece(s, &piece);
}

/* ---- from samples
 * ---------------------------------------------------------------------------------------------------- */

static gk_time least(gk_time a, gk_time b)
{
    return a < b ? a : b;
}

/* Takes the sample of row i and as many as follow in the same piece; the row it stops at. `value` is of one channel. */
static size_t add_samples(struct summing *s, const gk_time *time, const double *value, size_t i, size_t n)
{
    gk_time t = time[i];

    if (s->fold.count > 0 && t >= s->fold_end)
        end_piece(s);
    const struct limits_span *span = limits_at(s->limits, tick_of(s->tick_ns, t));
    int64_t hold = time_of(s->tick_ns, span->limits.hold);
    if (s->fold.count == 0) {
        pass_over(s, t);
        if (t < s->edges[0]) {
            set_newest(s, t, value[i], hold);
            return i + 1;
        }
        go_to(s, t);
        s->fold_end = least(hour_begin(hour_of(t) + 1), s->edges[s->at + 1]);
    }
    gk_time border = s->fold_end;
    if (span + 1 < s->limits->spans + s->limits->n)
        border = least(border, time_of(s->tick_ns, span[1].from));
    if (s->fold.count == 0)
        fold_begin(&s->fold, t, value[i++], hold);
    bool has_sums = s->figures & ~(uint32_t)(GK_FIGURE_COUNT | GK_FIGURE_ENDS);
    return !has_sums ? fold_run_ends(&s->fold, time, value, i, n, border, hold)
                     : fold_run(&s->fold, time, value, i, n, border, hold);
}

/* Several channels: one number a row, then as with one. What is unknown ends what held. */
static void add_rows(struct summing *s, const struct gk_signal *signal, const struct gk_columns *batch)
{
    uint8_t is_sample[GK_APPLY_ROWS];
    double number[GK_APPLY_ROWS];

    for (size_t from = 0, n; from < batch->n_rows; from += n) {
        n = batch->n_rows - from < GK_APPLY_ROWS ? batch->n_rows - from : GK_APPLY_ROWS;
        signal_numbers_at(signal, batch->value, from, n, number, is_sample);
        const gk_time *time = batch->time + from;
        for (size_t i = 0, end = 0; i < n; i = end + 1) {
            while (end < n && (end < i || !isnan(number[end])))
                end++;
            while (i < end)
                i = add_samples(s, time, number, i, end);
            if (end < n && is_sample[end]) {
                end_piece(s);
                pass_over(s, time[end]);
            }
        }
    }
}

static int add_stretch(gk_snapshot *snapshot, uint32_t facility, const struct gk_signal *signal, gk_time from,
                       gk_time to, struct summing *s, struct gk_error *error)
{
    gk_scan *scan = NULL;
    struct gk_columns batch;
    int rc;

    TRY(scan_open(snapshot, facility, signal->channels, signal->n_channels, from, to, &scan, error));
    while ((rc = gk_scan_next(scan, &batch, error)) == GK_OK) {
        if (!signal_is_plain(signal)) {
            add_rows(s, signal, &batch);
            continue;
        }
        for (size_t i = 0; i < batch.n_rows;) {
            if (isnan(batch.value[0][i]))
                i++;
            else
                i = add_samples(s, batch.time, batch.value[0], i, batch.n_rows);
        }
    }
    rc = rc == GK_DONE ? GK_OK : rc;
done:
    gk_scan_close(scan);
    return rc;
}

/* ---- from hours
 * ------------------------------------------------------------------------------------------------------ */

static void add_hour(struct summing *s, const struct hour *h)
{
    end_piece(s);
    pass_over(s, h->first_time);
    if (h->first_time < s->edges[0]) {
        set_newest(s, h->last_time, h->last, h->hold_ns);
        return;
    }
    go_to(s, h->first_time);
    add_piece(s, h);
}

/* GK_ENOTFOUND when the store does not keep them, or not beyond the rows that were dropped. */
static int add_hours(gk_snapshot *snapshot, uint32_t facility, uint32_t channel, int64_t from, int64_t to,
                     struct summing *s, struct gk_error *error)
{
    struct hours hours;
    const struct hour *list;
    size_t n;
    int rc;

    TRY(hours_open(&hours, snapshot->txn, facility, channel, from, to, s->figures, error));
    if (!hours.open.is_growing && hour_begin(to) > snapshot->profile.cut.time)
        return GK_ENOTFOUND;
    while ((rc = hours_next(&hours, &list, &n, error)) == GK_OK)
        for (size_t i = 0; i < n; i++)
            add_hour(s, &list[i]);
    rc = rc == GK_DONE ? GK_OK : rc;
    hours_close(&hours);
done:
    return rc;
}

/* From an hour on, the hours that no edge cuts: up to which one. *bucket moves on to the one of the last. */
static int64_t whole_until(const struct summing *s, int64_t hour, int64_t end, size_t *bucket)
{
    while (hour < end) {
        while (*bucket + 1 < s->n && s->edges[*bucket + 1] <= hour_begin(hour))
            ++*bucket;
        gk_time edge = s->edges[*bucket + 1];
        hour = hour_of(edge) < end ? hour_of(edge) : end;
        if (edge != hour_begin(hour))
            break;
    }
    return hour;
}

/* The next hours from `t` on that can be taken from the store and are worth it, [*from, *to). */
static bool next_hours(const struct summing *s, gk_time t, gk_time good_until, int64_t *from, int64_t *to)
{
    int64_t end = hour_of(least(s->edges[s->n], good_until)); /* this hour is cut or not good */
    size_t bucket = s->at;

    *from = hour_of(t);
    if (hour_begin(*from) < t)
        ++*from;
    for (; *from < end; *from = *to + 1) {
        *to = whole_until(s, *from, end, &bucket);
        if (*to - *from >= HOURS_WORTH)
            return true;
    }
    return false;
}

/*
 * What is asked of time from which rows were dropped, and the last sample before the first edge if it is from there:
 * hours are all there is. *t moves on to where there are rows.
 */
static int add_dropped(gk_snapshot *snapshot, uint32_t facility, const struct gk_signal *signal, struct summing *s,
                       gk_time *t, gk_time *back, struct gk_error *error)
{
    gk_time cut = snapshot->profile.cut.time, to = least(s->edges[s->n], cut);
    char text[GK_TIME_TEXT_MAX], edge[GK_TIME_TEXT_MAX];
    int rc = GK_OK;

    if (*back >= cut)
        return GK_OK;
    (void)gk_time_format(cut, snapshot->db->zone_s, text); /* the lengths are not needed */
    if (!signal_is_plain(signal) && *t < cut)
        return error_set(error, GK_ERANGE,
                         "rows from before %s were dropped: of several channels at once nothing is left", text);
    for (size_t i = 0; i <= s->n && s->edges[i] < cut; i++) {
        (void)gk_time_format(s->edges[i], snapshot->db->zone_s, edge);
        if (s->edges[i] != hour_begin(hour_of(s->edges[i])))
            return error_set(
                error, GK_ERANGE,
                "rows from before %s were dropped: what is left is by the hour (UTC), and %s is not a full one", text,
                edge);
    }
    if (signal_is_plain(signal))
        rc = add_hours(snapshot, facility, signal->channels[0], hour_of(*back), hour_of(*t < cut ? to : cut), s, error);
    *back = cut;
    *t = *t < to ? to : *t;
    return rc == GK_ENOTFOUND ? GK_OK : rc; /* the channel had no numbers */
}

/* One channel of which the store may keep hours. */
static int add_mixed(gk_snapshot *snapshot, uint32_t facility, const struct gk_signal *signal, gk_time t, gk_time back,
                     struct summing *s, struct gk_error *error)
{
    gk_time begin = t, end = s->edges[s->n], good_until;
    int64_t from, to;
    int rc;

    TRY(snapshot_stale_from(snapshot, facility, &good_until, error));
    while (t < end) {
        bool has_hours = next_hours(s, t, good_until, &from, &to);
        gk_time next = has_hours ? hour_begin(from) : end;
        if (t < next)
            TRY(add_stretch(snapshot, facility, signal, t == begin && back < t ? back : t, next, s, error));
        else if (t == begin && back < t)
            from = hour_of(back);
        if (has_hours) {
            rc = add_hours(snapshot, facility, signal->channels[0], from, to, s, error);
            if (rc == GK_ENOTFOUND) { /* not kept: all from samples */
                good_until = GK_TIME_MIN;
                t = next;
                continue;
            }
            TRY(rc);
            next = hour_begin(to);
        }
        t = next;
    }
    rc = GK_OK;
done:
    return rc;
}

static int sum_up(gk_snapshot *s, uint32_t facility, const struct gk_signal *signal, bool has_hours,
                  struct summing *sum, struct gk_error *error)
{
    gk_time t = sum->edges[0], end = sum->edges[sum->n], back;
    int rc;

    for (size_t i = 0; i < sum->n; i++)
        begin_summary(&sum->out[i], sum->figures);
    TRY(snapshot_limits(s, facility, error));
    back = signal_look_back(&s->limits, sum->tick_ns, t);
    TRY(add_dropped(s, facility, signal, sum, &t, &back, error));
    if (t == end)
        rc = GK_OK;
    else if (signal_is_plain(signal) && has_hours)
        TRY(add_mixed(s, facility, signal, t, back, sum, error));
    else
        TRY(add_stretch(s, facility, signal, back, end, sum, error));
    end_piece(sum);
    pass_over(sum, GK_TIME_MAX);
done:
    return rc;
}

int gk_signal_summaries(gk_snapshot *s, uint32_t facility, const struct gk_signal *signal, const gk_time *edges,
                        size_t n, struct gk_summary *out, struct gk_error *error)
{
    const struct summing begin = {.limits = &s->limits,
                                  .tick_ns = s->db->tick_ns,
                                  .edges = edges,
                                  .n = n,
                                  .out = out,
                                  .figures = signal->figures ? signal->figures : GK_FIGURES_ALL};
    struct gk_signal entered = *signal;
    struct summing sum = begin;
    int rc;

    for (size_t i = 0; i < n; i++)
        if (edges[i] >= edges[i + 1])
            return error_set(error, GK_EINVAL, "edges of buckets must ascend");
    if (n == 0)
        return GK_OK;
    TRY(sight_enter(s, &facility, &entered.channels, signal->n_channels, error));
    TRY(snapshot_check_facility(s, facility, error));
    TRY(signal_check(signal, error));
    rc = sum_up(s, facility, &entered, true, &sum, error);
    if (rc == GK_ECORRUPT) { /* hours that are damaged: their samples give the same */
        sum = begin;
        rc = sum_up(s, facility, &entered, false, &sum, error);
    }
done:
    return rc;
}
