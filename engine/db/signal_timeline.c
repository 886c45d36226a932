/*
 * signal_timeline.c - a signal compared with a limit, as a timeline.
 *
 * Rows that follow each other closely with the same truth are one *run*, of which only the first tick and the time of
 * the last row matter. So a mini block of a chunk needs no decoding when its bounds say that the comparison comes out
 * the same for all of its rows, and its span that no gap in it outlasts a sample: it makes the run longer, or, where
 * the truth changes, only its times are decoded. Whatever is unusual goes the long way, row by row: unsealed rows to be
 * merged, several channels, missing values, gaps, the ends of the window.
 */
#include "db/sight.h"
#include "db/signal.h"

#include <math.h>

#include "codec/column.h"
#include "codec/mask.h"
#include "codec/times.h"

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

/* Whether all numbers in [low, high] compare alike; *truth is how. */
static bool is_decided(enum gk_compare compare, double low, double high, double limit, enum gk_truth *truth)
{
    bool is_alike;

    if (compare == GK_EQ || compare == GK_NE)
        is_alike = high < limit || low > limit || (low == limit && high == limit);
    else
        is_alike = limit == limit && holds(compare, low, limit) == holds(compare, high, limit);
    *truth = holds(compare, low, limit) ? GK_TRUE : GK_FALSE;
    return is_alike;
}

struct comparing {
    gk_timeline *out;
    const struct gk_signal *signal;
    const struct limits *limits;
    enum gk_compare compare;
    double limit;
    int64_t tick_ns, from, to; /* from and to: ticks */
    int64_t quiet;             /* a row this many ns after another comes while that one holds; below 0: never */
    /* the run */
    bool has_row;
    enum gk_truth truth;
    int64_t tick; /* of its first row */
    gk_time last; /* of its last row */
};

static int put(struct comparing *c, int64_t tick, enum gk_truth truth)
{
    if (tick >= c->to)
        return GK_OK;
    return gk_timeline_append(c->out, tick > c->from ? tick : c->from, truth);
}

/* The run ends at `next`, or when its last row holds no longer. */
static int flush(struct comparing *c, int64_t next)
{
    int rc = GK_OK;

    if (!c->has_row)
        return GK_OK;
    int64_t last = tick_of(c->tick_ns, c->last);
    int64_t until = signal_until(last, limits_at(c->limits, last)->limits.hold);
    until = next < until ? next : until;
    if (until <= c->from)
        return GK_OK;
    TRY(put(c, c->tick, c->truth));
    if (until < next)
        TRY(put(c, until, GK_UNKNOWN));
done:
    return rc;
}

static inline bool continues(const struct comparing *c, gk_time time, enum gk_truth truth)
{
    return c->has_row && truth == c->truth && c->quiet >= 0 && (uint64_t)time - (uint64_t)c->last <= (uint64_t)c->quiet;
}

/* Of rows in the same tick the last one counts. */
static int add_row(struct comparing *c, gk_time time, enum gk_truth truth)
{
    int rc = GK_OK;

    if (!continues(c, time, truth)) {
        int64_t tick = tick_of(c->tick_ns, time);
        if (c->has_row && tick != c->tick)
            TRY(flush(c, tick));
        c->has_row = true;
        c->tick = tick;
        c->truth = truth;
    }
    c->last = time;
done:
    return rc;
}

static int add_batch(struct comparing *c, const struct gk_columns *batch)
{
    int rc = GK_OK;

    for (size_t i = 0; i < batch->n_rows; i++) {
        double v;
        if (signal_reduce(c->signal, batch->value, i, &v))
            TRY(add_row(c, batch->time[i],
                        isnan(v)                         ? GK_UNKNOWN
                        : holds(c->compare, v, c->limit) ? GK_TRUE
                                                         : GK_FALSE));
    }
done:
    return rc;
}

/* ---- chunks as they are ---------------------------------------------------------------------------------------- */

#define MINIS_MAX (CHUNK_ROWS_MAX / CHUNK_MINI)

/* A chunk of which one column is compared. The run's last row may be the last one of a mini block not yet looked at. */
struct looking {
    const struct chunk_view *chunk;
    struct times_view times;
    struct column_view column, basis;
    bool has_limit;
    struct column_limit limit; /* of the column's integers, if there is one */
    gk_time from, to;          /* rows outside are not there */
    bool is_pending;
    uint32_t pending; /* mini block; comparing.last is then no later than its last row */
    struct chunk_bounds bounds[MINIS_MAX];
    bool has_values; /* of a binned column, which is decoded as a whole at the first that is wanted */
    double value[CHUNK_ROWS_MAX];
};

static size_t mini_rows(const struct chunk_view *chunk, uint32_t mini)
{
    size_t from = (size_t)mini * CHUNK_MINI;
    return chunk->n_rows - from < CHUNK_MINI ? chunk->n_rows - from : CHUNK_MINI;
}

/* Looks up the last row of the run. */
static int settle(struct comparing *c, struct looking *l)
{
    gk_time time[CHUNK_MINI];
    int rc = GK_OK;

    if (!l->is_pending)
        return GK_OK;
    l->is_pending = false;
    if (l->pending + 1 == l->chunk->n_minis) {
        c->last = l->chunk->last;
        return GK_OK;
    }
    TRY(times_mini(&l->times, l->pending, time));
    c->last = time[CHUNK_MINI - 1];
done:
    return rc;
}

/* Row i compares as asked for. */
static enum gk_truth truth_at(const uint64_t *mask, size_t i)
{
    return mask[i / MASK_WORD] >> i % MASK_WORD & 1 ? GK_TRUE : GK_FALSE;
}

/* The first row after row i that compares otherwise, or n. */
static size_t next_change(const uint64_t *mask, size_t n, size_t i)
{
    uint64_t turn = 0 - (mask[i / MASK_WORD] >> i % MASK_WORD & 1); /* makes rows of the same truth zeros */

    for (size_t at = i + 1; at < n; at = (at / MASK_WORD + 1) * MASK_WORD) {
        uint64_t others = (mask[at / MASK_WORD] ^ turn) >> at % MASK_WORD;
        size_t change = at + (others ? (size_t)__builtin_ctzll(others) : MASK_WORD);
        if (others)
            return change < n ? change : n;
    }
    return n;
}

/* Rows that all have a number and no gap that outlasts a sample: those matter at which the truth changes. */
static int add_close(struct comparing *c, const gk_time *time, size_t n, const uint64_t *mask)
{
    int rc = GK_OK;

    for (size_t i = 0, next; i < n; i = next) {
        TRY(add_row(c, time[i], truth_at(mask, i)));
        next = next_change(mask, n, i);
        c->last = time[next - 1];
    }
done:
    return rc;
}

/* The values of a mini block, in place or in `own`. */
static int look_up(struct looking *l, uint32_t mini, double own[CHUNK_MINI], const double **value)
{
    const struct column_view *basis = l->column.is_predicted ? &l->basis : NULL;
    int rc;

    if (!l->column.is_binned) {
        *value = own;
        return column_values(&l->column, basis, mini, mini + 1, own);
    }
    if (!l->has_values)
        TRY(column_values(&l->column, basis, 0, l->chunk->n_minis, l->value));
    l->has_values = true;
    *value = l->value + (size_t)mini * CHUNK_MINI;
    rc = GK_OK;
done:
    return rc;
}

/* Its values are decoded unless the comparison is `decided`; row by row where something is unusual. */
static int add_mini(struct comparing *c, struct looking *l, uint32_t mini, const struct chunk_span *span, bool is_full,
                    const enum gk_truth *decided)
{
    gk_time time[CHUNK_MINI];
    double own[CHUNK_MINI];
    const double *value = own;
    uint64_t mask[MASK_WORDS(CHUNK_MINI)];
    size_t n = mini_rows(l->chunk, mini);
    int rc;

    TRY(settle(c, l));
    TRY(times_mini(&l->times, mini, time));
    if (decided)
        memset(mask, *decided == GK_TRUE ? 0xFF : 0, sizeof mask);
    else if (!is_full || !l->has_limit || !column_compare(&l->column, &l->limit, mini, mask)) {
        TRY(look_up(l, mini, own, &value));
        mask_compare(c->compare, c->limit, value, n, mask);
    }
    if (is_full && span->is_known && span->gap <= c->quiet && time[0] >= l->from && time[n - 1] < l->to)
        return add_close(c, time, n, mask);
    for (size_t i = 0; i < n; i++)
        if (time[i] >= l->from && time[i] < l->to && (is_full || value[i] == value[i]))
            TRY(add_row(c, time[i], truth_at(mask, i)));
done:
    return rc;
}

/* Whether a mini block of which all rows have this truth only makes the run longer. */
static bool lengthens(const struct comparing *c, const struct looking *l, const struct chunk_span *span,
                      enum gk_truth truth)
{
    gk_time first, last;

    if (!span->is_known || span->gap > c->quiet || __builtin_sub_overflow(span->first, span->slack, &first) ||
        __builtin_add_overflow(span->last, span->slack, &last) || first < l->from || last >= l->to)
        return false;
    return !__builtin_add_overflow(span->first, span->slack, &first) && first >= c->last && continues(c, first, truth);
}

static int add_minis(struct comparing *c, struct looking *l, uint32_t a, uint32_t b)
{
    int rc;

    TRY(column_bounds(&l->column, l->column.is_predicted ? &l->basis : NULL, a, b, l->bounds));
    for (uint32_t mini = a; mini < b; mini++) {
        const struct chunk_bounds *bounds = &l->bounds[mini - a];
        struct chunk_span span = times_span(&l->times, mini);
        enum gk_truth truth;
        bool decided = bounds->is_full && is_decided(c->compare, bounds->low, bounds->high, c->limit, &truth);
        if (!decided || !lengthens(c, l, &span, truth)) {
            TRY(add_mini(c, l, mini, &span, bounds->is_full, decided ? &truth : NULL));
        } else {
            l->is_pending = true;
            l->pending = mini;
            c->last = span.last - span.slack;
        }
    }
    TRY(settle(c, l));
done:
    return rc;
}

/* GK_DONE: the next rows have to be decoded, or there are none. */
static int add_chunk(struct comparing *c, struct rows *rows, struct gk_error *error)
{
    struct chunk_view chunk;
    struct looking look;
    uint32_t a, b;

    if (!signal_is_plain(c->signal))
        return GK_DONE;
    int rc = rows_chunk(rows, &chunk, &look.times, &a, &b, error);
    if (rc != GK_OK)
        return rc;
    int column = chunk_column(&chunk, c->signal->channels[0]);
    if (column < 0 || a == b)
        return GK_OK; /* none of its rows has a number */
    TRY(chunk_open_column(&chunk, (uint32_t)column, &look.column, &look.basis));
    look.chunk = &chunk;
    look.has_limit = column_limit(&look.column, c->compare, c->limit, &look.limit);
    look.from = rows->from;
    look.to = rows->to;
    look.is_pending = look.has_values = false;
    TRY(add_minis(c, &look, a, b));
done:
    if (rc != GK_OK && error && error->status != rc)
        (void)error_set(error, rc, "a chunk: %s", gk_status_text(rc)); /* rc says it too */
    return rc;
}

/* ---- all of it ------------------------------------------------------------------------------------------------- */

static int add_all(struct comparing *c, gk_scan *scan, struct gk_error *error)
{
    struct gk_columns batch;
    int rc;

    for (;;) {
        while ((rc = add_chunk(c, scan_rows(scan), error)) == GK_OK)
            ;
        if (rc != GK_DONE)
            goto done;
        rc = gk_scan_next(scan, &batch, error);
        if (rc == GK_DONE)
            return GK_OK;
        TRY(rc);
        TRY(add_batch(c, &batch));
    }
done:
    return rc;
}

/* A row less than the shortest hold behind another is at most that many ticks behind it. */
static int64_t quiet_of(const struct limits *limits, int64_t tick_ns)
{
    int64_t least = INT64_MAX, ns;

    for (size_t i = 0; i < limits->n; i++)
        least = limits->spans[i].limits.hold < least ? limits->spans[i].limits.hold : least;
    if (least < 1)
        return -1;
    return __builtin_mul_overflow(least - 1, tick_ns, &ns) ? INT64_MAX : ns;
}

int gk_signal_timeline(gk_snapshot *s, uint32_t facility, const struct gk_signal *signal, enum gk_compare compare,
                       double limit, int64_t from, int64_t to, gk_timeline *out, struct gk_error *error)
{
    int64_t tick_ns = s->db->tick_ns;
    struct gk_signal entered = *signal;
    struct comparing c = {.out = out,
                          .signal = &entered,
                          .limits = &s->limits,
                          .compare = compare,
                          .limit = limit,
                          .tick_ns = tick_ns,
                          .from = from,
                          .to = to};
    gk_scan *scan = NULL;
    int rc;

    TRY(gk_timeline_reset(out, GK_UNKNOWN));
    if (from >= to)
        return GK_OK;
    TRY(sight_enter(s, &facility, &entered.channels, signal->n_channels, error));
    TRY(signal_open(s, facility, &entered, time_of(tick_ns, from), time_of(tick_ns, to), &scan, error));
    c.quiet = quiet_of(&s->limits, tick_ns);
    TRY(add_all(&c, scan, error));
    TRY(flush(&c, to));
    TRY(gk_timeline_append(out, to, GK_UNKNOWN));
    TRY(signal_blank(s, facility, from, out));
done:
    gk_scan_close(scan);
    if (rc == GK_ENOMEM)
        (void)error_set(error, rc, "out of memory for a timeline"); /* rc says it too */
    return rc;
}
