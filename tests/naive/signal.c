/*
 * signal.c - see naive.h. From rows to what holds at every tick, as docs/QUERY.md and gk_band_put tell it.
 */
#include "naive/naive.h"

#include <inttypes.h>
#include <math.h>

/* ---- rows of one time ---- */

static bool same_value(double a, double b)
{
    return memcmp(&a, &b, sizeof a) == 0;
}

static bool is_repeat(const struct sample *s, const struct row *row)
{
    for (int c = 0; c < N_CHANNELS; c++)
        if (!same_value(s->value[c], row->value[c]))
            return false;
    return true;
}

static void merge(struct sample *s, const struct row *row, enum gk_policy policy)
{
    for (int c = 0; c < N_CHANNELS; c++)
        if (!gk_is_missing(row->value[c]) && (policy == GK_LAST || gk_is_missing(s->value[c])))
            s->value[c] = row->value[c];
}

static void take_row(struct signal *signal, const struct row *row, enum gk_policy policy)
{
    bool is_empty = true;
    int at = signal->n;

    for (int c = 0; c < N_CHANNELS; c++)
        is_empty = is_empty && gk_is_missing(row->value[c]);
    if (is_empty)
        return;
    for (int i = 0; i < signal->n; i++) {
        struct sample *s = &signal->samples[i];
        if (s->time != row->time)
            continue;
        if (policy != GK_ALL) {
            merge(s, row, policy);
            return;
        }
        if (is_repeat(s, row))
            return;
    }
    while (at > 0 && signal->samples[at - 1].time > row->time) {
        signal->samples[at] = signal->samples[at - 1];
        at--;
    }
    signal->samples[at].time = row->time;
    memcpy(signal->samples[at].value, row->value, sizeof row->value);
    signal->n++;
}

/* The class of the median gap: meters are set to these intervals. */
static int64_t usual_hold(const struct signal *signal)
{
    static const int64_t classes[] = {20, 30, 60, 120, 180, 300, 600, 900, 1800, 3600, 7200, 21600, 86400};
    int counts[13] = {0}, sum = 0, total = signal->n - 1;

    for (int i = 1; i < signal->n; i++) {
        int c = 0;
        while (c < 12 && signal->samples[i].time - signal->samples[i - 1].time > classes[c] * GK_SECOND / 4 * 5)
            c++;
        counts[c]++;
    }
    for (int c = 0; c < 13; c++) {
        sum += counts[c];
        if (2 * sum >= total)
            return (3 * classes[c] > 60 ? 3 * classes[c] : 60) * GK_SECOND;
    }
    return 0;
}

/* `zone` becomes the view's own. */
static void make_view(struct view *view, struct zone *zone, const struct came *came)
{
    memset(view, 0, sizeof *view);
    view->zone = zone;
    view->came = came;
    view->watermark = GK_TIME_MIN;
    view->beginning = GK_TIME_MAX;
    for (int f = 0; f < zone->n_facilities; f++) {
        struct signal *signal = &view->signals[f];
        int n = 0;
        for (int i = 0; i < zone->n_rows; i++)
            n += zone->rows[i].facility == f;
        signal->samples = malloc(((size_t)n + 1) * sizeof *signal->samples);
        assert_non_null(signal->samples);
        for (int i = 0; i < zone->n_rows; i++)
            if (zone->rows[i].facility == f)
                take_row(signal, &zone->rows[i], zone->policy);
        signal->usual_hold = usual_hold(signal);
        if (signal->n == 0)
            continue;
        if (signal->samples[signal->n - 1].time > view->watermark)
            view->watermark = signal->samples[signal->n - 1].time;
        if (signal->samples[0].time < view->beginning)
            view->beginning = signal->samples[0].time;
    }
    view->opens = view->beginning;
}

static struct zone *copy_zone(const struct zone *zone)
{
    struct zone *copy = malloc(sizeof *copy);

    assert_non_null(copy);
    *copy = *zone;
    return copy;
}

void view_make(struct view *view, const struct store *store)
{
    struct zone *zone = copy_zone(store->zone);

    zone->n_links = store->n_links;
    zone->n_bands = store->n_bands;
    zone->n_orders = store->n_orders;
    zone->n_exemptions = store->n_exemptions;
    zone->n_calendars = store->n_calendars;
    zone->n_rows = store->n_rows;
    make_view(view, zone, &store->came);
}

/* ---- what was known ---- */

#define IN_TIME (300 * GK_SECOND)
#define MINUTE  (60 * GK_SECOND)

/* A time of a facility is known from when its first row came: with its time, or by the end of the minute. */
static bool is_known(const struct zone *zone, const struct came *came, int i, gk_time at)
{
    const struct row *row = &zone->rows[i];
    gk_time first = GK_TIME_MAX;

    for (int k = 0; k < zone->n_rows; k++) {
        bool is_empty = true;
        for (int c = 0; c < N_CHANNELS; c++)
            is_empty = is_empty && gk_is_missing(zone->rows[k].value[c]);
        if (!is_empty && zone->rows[k].facility == row->facility && zone->rows[k].time == row->time &&
            came->rows[k] < first)
            first = came->rows[k];
    }
    if (first != GK_TIME_MAX && row->time <= first - IN_TIME && (first + MINUTE - 1) / MINUTE * MINUTE > at)
        return false;
    return row->time <= at;
}

static int keep_known(void *list, size_t size, int n, const gk_time *came, gk_time at)
{
    char *bytes = list;
    int n_known = 0;

    for (int i = 0; i < n; i++)
        if (came[i] <= at)
            memmove(bytes + (size_t)n_known++ * size, bytes + (size_t)i * size, size);
    return n_known;
}

void view_make_known(struct view *view, const struct view *all, gk_time at)
{
    const struct zone *zone = all->zone;
    const struct came *came = all->came;
    struct zone *known = copy_zone(zone);

    known->n_rows = 0;
    for (int i = 0; i < zone->n_rows; i++)
        if (is_known(zone, came, i, at))
            known->rows[known->n_rows++] = zone->rows[i];
    known->n_links = keep_known(known->links, sizeof *known->links, zone->n_links, came->links, at);
    known->n_bands = keep_known(known->bands, sizeof *known->bands, zone->n_bands, came->bands, at);
    known->n_orders = keep_known(known->orders, sizeof *known->orders, zone->n_orders, came->orders, at);
    known->n_exemptions =
        keep_known(known->exemptions, sizeof *known->exemptions, zone->n_exemptions, came->exemptions, at);
    known->n_calendars = keep_known(known->calendars, sizeof *known->calendars, zone->n_calendars, came->calendars, at);
    known->now = at < zone->now ? at : zone->now;
    make_view(view, known, came);
}

void view_clear(struct view *view)
{
    for (int f = 0; f < FACILITIES_MAX; f++)
        free(view->signals[f].samples);
    free(view->zone);
}

/* ---- the limits in force at a tick ---- */

struct limits {
    struct limit off, on, overload, hysteresis;
    int64_t hold, dwell_on, dwell_off; /* ticks */
    int channel;
};

static void inherit(struct limit *into, struct limit from)
{
    if (into->kind == GK_LIMIT_ABSENT)
        *into = from;
}

static int64_t ticks_of(int64_t ns, int64_t tick)
{
    return (ns + tick - 1) / tick;
}

/* Those of the statement stand above those of the set, and these above those in force, narrow ones above wide ones. */
static struct limits limits_at(const struct view *view, int facility, int64_t tick)
{
    static const enum gk_kind narrow_to_wide[] = {GK_FACILITY, GK_ROLE, GK_LINE, GK_ENTERPRISE, GK_PARK, GK_ZONE};
    const struct zone *zone = view->zone;
    struct limits out = {.hold = -1, .dwell_on = -1, .dwell_off = -1, .channel = NONE};

    for (int level = 0; level < 13; level++) {
        const struct band *best = level == 0 ? view->with : NULL;
        for (int i = 0; i < zone->n_bands && level > 0; i++) {
            const struct band *b = &zone->bands[i];
            bool is_begun = b->from == GK_TIME_MIN || b->from <= tick * zone->tick;
            bool is_meant = b->is_of_set ? view->uses_set && level <= 6 : level > 6;
            if (is_meant && b->kind == narrow_to_wide[(level - 1) % 6] && is_begun &&
                zone_covers(zone, b->kind, b->id, NULL, facility) && (!best || b->from > best->from))
                best = b;
        }
        if (!best)
            continue;
        inherit(&out.off, best->off);
        inherit(&out.on, best->on);
        inherit(&out.overload, best->overload);
        inherit(&out.hysteresis, best->hysteresis);
        out.hold = out.hold < 0 ? best->hold : out.hold;
        out.dwell_on = out.dwell_on < 0 ? best->dwell_on : out.dwell_on;
        out.dwell_off = out.dwell_off < 0 ? best->dwell_off : out.dwell_off;
        out.channel = out.channel == NONE ? best->channel : out.channel;
    }
    inherit(&out.off, (struct limit){GK_LIMIT_SHARE, 10, 2});
    inherit(&out.on, (struct limit){GK_LIMIT_SHARE, 20, 2});
    inherit(&out.overload, (struct limit){GK_LIMIT_SHARE, 110, 2});
    out.hold = ticks_of(out.hold < 0 ? view->signals[facility].usual_hold : out.hold, zone->tick);
    out.dwell_on = out.dwell_on < 0 ? 0 : ticks_of(out.dwell_on, zone->tick);
    out.dwell_off = out.dwell_off < 0 ? 0 : ticks_of(out.dwell_off, zone->tick);
    return out;
}

int64_t signal_hold(const struct view *view, int facility, int64_t tick)
{
    return limits_at(view, facility, tick).hold;
}

/* The double that the exact decimal reads as; rated in hundredths, 0: none. */
static double value_of(const struct limit *limit, int64_t rated)
{
    char text[64];

    if (limit->kind == GK_LIMIT_ABSENT)
        return 0;
    if (limit->kind == GK_LIMIT_SHARE && rated == 0)
        return NAN;
    if (limit->kind == GK_LIMIT_SHARE)
        (void)snprintf(text, sizeof text, "%" PRId64 "e-%d", limit->mantissa * rated, limit->scale + 2);
    else
        (void)snprintf(text, sizeof text, "%" PRId64 "e-%d", limit->mantissa, limit->scale);
    return strtod(text, NULL);
}

/* ---- states ---- */

/* What a sample says: a value, and of what the shares are. */
static bool says(const struct limits *limits, const struct facility *f, const struct sample *s, double *value,
                 int64_t *rated)
{
    double sum = 0;
    int n = 0, primary = limits->channel == NONE ? KW : limits->channel;

    *rated = primary == KW ? f->rated_kw : primary >= IA && primary <= IC ? f->rated_a : 0;
    *value = s->value[primary];
    if (isnan(*value) && limits->channel == NONE) {
        for (int c = IA; c <= IC; c++)
            if (!isnan(s->value[c]))
                sum += s->value[c], n++;
        *value = n ? sum / n : NAN;
        *rated = f->rated_a;
    }
    return !isnan(*value) && !isnan(value_of(&limits->off, *rated)) && !isnan(value_of(&limits->on, *rated));
}

static uint8_t class_of(const struct limits *limits, int64_t rated, double value, uint8_t state)
{
    double off = value_of(&limits->off, rated), on = value_of(&limits->on, rated);
    double overload = value_of(&limits->overload, rated), less = value_of(&limits->hysteresis, rated);

    less = isnan(less) ? 0 : less;
    overload = isnan(overload) ? INFINITY : overload;
    if (value < (state >= GK_IDLE ? off - less : off))
        return GK_OFF;
    if (value >= (state >= GK_OVERLOAD ? overload - less : overload))
        return GK_OVERLOAD;
    return value >= (state >= GK_ON ? on - less : on) ? GK_ON : GK_IDLE;
}

void signal_states(const struct view *view, int facility, const struct span *span, uint8_t *out)
{
    const struct signal *signal = &view->signals[facility];
    const struct facility *f = &view->zone->facilities[facility];
    uint8_t state = GK_NODATA, waiting = GK_NODATA;
    int64_t since = 0;
    double value, other;
    int64_t rated, rest;

    memset(out, GK_NODATA, (size_t)span->n);
    for (int i = 0, next; i < signal->n; i = next) {
        int64_t tick = zone_tick(view->zone, signal->samples[i].time), next_tick = INT64_MAX;
        struct limits limits = limits_at(view, facility, tick);
        next = i + 1;
        if (!says(&limits, f, &signal->samples[i], &value, &rated))
            continue;
        for (; next < signal->n; next++) { /* the next sample that says something */
            int64_t t = zone_tick(view->zone, signal->samples[next].time);
            struct limits then = limits_at(view, facility, t);
            if (says(&then, f, &signal->samples[next], &other, &rest)) {
                next_tick = t;
                break;
            }
        }
        if (next_tick == tick)
            continue; /* the last one of a tick counts */
        int64_t end = tick + limits.hold < next_tick ? tick + limits.hold : next_tick;
        uint8_t class = class_of(&limits, rated, value, state);
        if (class == state) {
            waiting = GK_NODATA;
        } else if (state == GK_NODATA) {
            state = class;
        } else {
            if (waiting != class)
                since = tick;
            waiting = class;
            if (end - since >= (class > state ? limits.dwell_on : limits.dwell_off)) {
                state = class;
                waiting = GK_NODATA;
                span_paint(span, since, tick, state, out);
            }
        }
        span_paint(span, tick, end, state, out);
        if (end < next_tick)
            state = waiting = GK_NODATA;
    }
}
