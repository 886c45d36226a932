/*
 * timeline_runs.c - the operators that look at runs, the maximal intervals [from, to) in which a set holds. They work
 * on C and on P separately:
 *
 *     for >= d          drop runs shorter than d            opening
 *     ignoring gaps     fill gaps shorter than g            closing
 *     held d            [from + d, to)                      erosion
 *     within last d     [from, to + d), merged              dilation
 *     within next d     [from - d, to), merged
 *
 * Every one of them is monotone: a larger set gives a larger result. So C stays inside P, and as C lies inside and P
 * around what is really true, so do their results. A run that reaches GK_TICK_MIN or GK_TICK_MAX is infinitely long
 * and has no edge there; no gap lies beyond it.
 */
#include "state/timeline.h"

struct run {
    int64_t from, to;
};

/* The runs in which the truth is at least `level`: GK_TRUE for C, GK_UNKNOWN for P. */
struct runs {
    const struct gk_step *at, *end;
    uint32_t level;
};

static struct runs runs_of(const gk_timeline *a, uint32_t level)
{
    size_t n;
    const struct gk_step *steps = gk_timeline_steps(a, &n);
    struct runs runs = {steps, steps + n, level};
    return runs;
}

static inline bool next_run(struct runs *runs, struct run *out)
{
    const struct gk_step *p = runs->at, *end = runs->end;

    while (p < end && p->value < runs->level)
        p++;
    runs->at = p;
    if (p == end)
        return false;
    out->from = p->tick;
    do
        p++;
    while (p < end && p->value >= runs->level);
    out->to = p < end ? p->tick : GK_TICK_MAX;
    runs->at = p;
    return true;
}

/* Between two ticks there may be more than INT64_MAX. */
static uint64_t distance(int64_t from, int64_t to)
{
    return (uint64_t)to - (uint64_t)from;
}

static uint64_t length(const struct run *run)
{
    bool is_infinite = run->from == GK_TICK_MIN || run->to == GK_TICK_MAX;
    return is_infinite ? UINT64_MAX : distance(run->from, run->to);
}

/* d may be negative. What is infinite stays there, what would leave the ticks becomes infinite. */
static int64_t shift(int64_t tick, int64_t d)
{
    int64_t sum;
    if (tick == GK_TICK_MIN || tick == GK_TICK_MAX)
        return tick;
    if (__builtin_add_overflow(tick, d, &sum))
        return d > 0 ? GK_TICK_MAX : GK_TICK_MIN;
    return sum;
}

/* What an operator does to runs, in this order. */
struct shape {
    uint64_t fill;    /* gaps of up to so many ticks are bridged */
    uint64_t least;   /* shorter runs are dropped */
    int64_t from, to; /* the edges are moved by so much */
};

/* Runs, shaped; one is read ahead to see the gap before it. */
struct shaper {
    const struct shape *shape;
    struct runs runs;
    struct run next;
    bool has_next;
};

static struct shaper shaper_of(const gk_timeline *a, uint32_t level, const struct shape *shape)
{
    struct shaper shaper = {.shape = shape, .runs = runs_of(a, level)};
    shaper.has_next = next_run(&shaper.runs, &shaper.next);
    return shaper;
}

static bool next_shaped(struct shaper *shaper, struct run *out)
{
    const struct shape *shape = shaper->shape;

    while (shaper->has_next) {
        struct run run = shaper->next;
        shaper->has_next = next_run(&shaper->runs, &shaper->next);
        while (shaper->has_next && distance(run.to, shaper->next.from) <= shape->fill) {
            run.to = shaper->next.to;
            shaper->has_next = next_run(&shaper->runs, &shaper->next);
        }
        if (length(&run) < shape->least)
            continue;
        out->from = shift(run.from, shape->from);
        out->to = shift(run.to, shape->to);
        if (out->from < out->to)
            return true;
    }
    return false;
}

/* Both sets in one sweep: every run of P has its runs of C inside. Edges move together, so there are no more than
 * before. */
static int apply(gk_timeline *out, const gk_timeline *a, const struct shape *shape)
{
    struct shaper certain = shaper_of(a, GK_TRUE, shape), possible = shaper_of(a, GK_UNKNOWN, shape);
    struct run c = {0, 0}, p;
    int rc;

    TRY(timeline_room(out, a->n + 2));
    timeline_put(out, GK_TICK_MIN, GK_FALSE);
    bool has_c = next_shaped(&certain, &c);
    while (next_shaped(&possible, &p)) {
        timeline_put(out, p.from, GK_UNKNOWN);
        while (has_c && c.from < p.to) {
            timeline_put(out, c.from, GK_TRUE);
            timeline_put(out, c.to, GK_UNKNOWN);
            has_c = next_shaped(&certain, &c);
        }
        timeline_put(out, p.to, GK_FALSE);
    }
done:
    return rc;
}

int gk_timeline_for_at_least(gk_timeline *out, const gk_timeline *a, int64_t d)
{
    if (d <= 0)
        return gk_timeline_copy(out, a);
    return apply(out, a, &(struct shape){.least = (uint64_t)d});
}

int gk_timeline_ignore_gaps(gk_timeline *out, const gk_timeline *a, int64_t g)
{
    if (g <= 0)
        return gk_timeline_copy(out, a);
    return apply(out, a, &(struct shape){.fill = (uint64_t)g - 1});
}

int gk_timeline_held(gk_timeline *out, const gk_timeline *a, int64_t d)
{
    if (d <= 0)
        return gk_timeline_copy(out, a);
    return apply(out, a, &(struct shape){.from = d});
}

/* Two runs grow into each other exactly when the gap between them is no longer than d. */
int gk_timeline_within_last(gk_timeline *out, const gk_timeline *a, int64_t d)
{
    if (d <= 0)
        return gk_timeline_copy(out, a);
    return apply(out, a, &(struct shape){.fill = (uint64_t)d, .to = d});
}

int gk_timeline_within_next(gk_timeline *out, const gk_timeline *a, int64_t d)
{
    if (d <= 0)
        return gk_timeline_copy(out, a);
    return apply(out, a, &(struct shape){.fill = (uint64_t)d, .from = -d});
}

/*
 * C minus open(P): what is certain stays so when even the longest run it may be part of is short. P minus open(C):
 * what is possible is excluded only where a run is certainly long.
 */
int gk_timeline_for_less(gk_timeline *out, const gk_timeline *a, int64_t d)
{
    struct runs certain = runs_of(a, GK_TRUE), possible = runs_of(a, GK_UNKNOWN);
    struct run c = {0, 0}, p;
    int rc;

    TRY(timeline_room(out, a->n + 2));
    timeline_put(out, GK_TICK_MIN, GK_FALSE);
    if (d <= 0)
        goto done;
    bool has_c = next_run(&certain, &c);
    while (next_run(&possible, &p)) {
        bool is_short = length(&p) < (uint64_t)d;
        timeline_put(out, p.from, GK_UNKNOWN);
        while (has_c && c.from < p.to) {
            if (is_short || length(&c) >= (uint64_t)d) {
                timeline_put(out, c.from, is_short ? GK_TRUE : GK_FALSE);
                timeline_put(out, c.to, GK_UNKNOWN);
            }
            has_c = next_run(&certain, &c);
        }
        timeline_put(out, p.to, GK_FALSE);
    }
done:
    return rc;
}

/*
 * Events depend on a tick and the one before. Inside a step both have the same truth, so only unknown may be an event
 * there; at its first tick edge[3 * before + value] says. Before the beginning of time it was as it is there.
 */
static int mark_edges(gk_timeline *out, const gk_timeline *a, const uint8_t edge[9])
{
    size_t n;
    const struct gk_step *steps = gk_timeline_steps(a, &n);
    uint32_t before = steps[0].value;
    int rc;

    TRY(timeline_room(out, 2 * n));
    for (size_t i = 0; i < n; i++) {
        uint32_t value = steps[i].value;
        timeline_put(out, steps[i].tick, edge[3 * before + value]);
        if (i + 1 == n || steps[i].tick + 1 < steps[i + 1].tick)
            timeline_put(out, steps[i].tick + 1, edge[3 * value + value]);
        before = value;
    }
done:
    return rc;
}

int gk_timeline_start(gk_timeline *out, const gk_timeline *a)
{
    static const uint8_t edge[9] = {GK_FALSE, GK_UNKNOWN, GK_TRUE, GK_FALSE, GK_UNKNOWN, GK_UNKNOWN, 0, 0, 0};
    return mark_edges(out, a, edge);
}

int gk_timeline_end(gk_timeline *out, const gk_timeline *a)
{
    static const uint8_t edge[9] = {GK_FALSE, 0, 0, GK_UNKNOWN, GK_UNKNOWN, 0, GK_TRUE, GK_UNKNOWN, GK_FALSE};
    return mark_edges(out, a, edge);
}
