/*
 * signal_timeline.c - a signal compared with a limit, as a timeline.
 */
#include "db/signal.h"

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
    TRY(signal_open(s, facility, signal, time_of(tick_ns, from), time_of(tick_ns, to), &scan, error));
    while ((rc = gk_scan_next(scan, &batch, error)) == GK_OK) {
        for (size_t i = 0; i < batch.n_rows; i++) {
            double v;
            if (!signal_reduce(signal, batch.value, i, &v))
                continue;
            int64_t tick = tick_of(tick_ns, batch.time[i]);
            if (tick != c.tick)
                TRY(flush(&c, tick));
            c.has_row = true;
            c.tick = tick;
            c.until = signal_until(tick, limits_at(&s->limits, tick)->limits.hold);
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
