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
    const struct mem *mem;
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

/* Whether no row comes later behind another than that one is sure to hold. */
static bool is_close(const struct comparing *c, const gk_time *time, size_t n)
{
    uint64_t most = 0;

    for (size_t i = 1; i < n; i++) {
        uint64_t gap = (uint64_t)time[i] - (uint64_t)time[i - 1];
        most = gap > most ? gap : most;
    }
    return c->quiet >= 0 && most <= (uint64_t)c->quiet;
}

/* Rows of which the numbers are worked out, at most GK_APPLY_ROWS. */
static int add_numbers(struct comparing *c, const gk_time *time, const double *number, const uint8_t *is_sample,
                       size_t n, bool has_gaps)
{
    uint64_t mask[MASK_WORDS(GK_APPLY_ROWS)];
    int rc = GK_OK;

    mask_compare(c->compare, c->limit, number, n, mask);
    if (!has_gaps && !signal_has_nan(number, n))
        return add_close(c, time, n, mask);
    for (size_t i = 0; i < n; i++)
        if (is_sample[i])
            TRY(add_row(c, time[i], isnan(number[i]) ? GK_UNKNOWN : truth_at(mask, i)));
done:
    return rc;
}

/* Rows [from, from + n) of columns, at most GK_APPLY_ROWS. */
static int add_values(struct comparing *c, const gk_time *time, const double *const *value, size_t from, size_t n,
                      bool has_gaps)
{
    uint8_t is_sample[GK_APPLY_ROWS];
    double number[GK_APPLY_ROWS];

    signal_numbers_at(c->signal, value, from, n, number, is_sample);
    return add_numbers(c, time + from, number, is_sample, n, has_gaps);
}

static int add_batch(struct comparing *c, const struct gk_columns *batch)
{
    int rc = GK_OK;

    for (size_t from = 0, n; from < batch->n_rows; from += n) {
        n = batch->n_rows - from < GK_APPLY_ROWS ? batch->n_rows - from : GK_APPLY_ROWS;
        TRY(add_values(c, batch->time, batch->value, from, n, !is_close(c, batch->time + from, n)));
    }
done:
    return rc;
}

/* ---- chunks as they are ---------------------------------------------------------------------------------------- */

#define MINIS_MAX (CHUNK_ROWS_MAX / CHUNK_MINI)

/* One of the columns of a chunk that is looked at. */
struct looked {
    bool is_there; /* else all of it is missing */
    struct column_view column, basis;
    struct chunk_bounds bounds[MINIS_MAX];
    bool has_values; /* of a binned column, which is decoded as a whole at the first that is wanted */
    double *value;   /* room for a chunk, made when it is wanted */
};

/* A chunk of which some columns are compared. The run's last row may be the last one of a mini block not yet looked
 * at. */
struct looking {
    struct chunk_view chunk;
    struct times_view times;
    bool has_limit;
    struct column_limit limit; /* of the integers of the only column, if there is one */
    gk_time from, to;          /* rows outside are not there */
    bool is_pending;
    uint32_t pending;   /* mini block; comparing.last is then no later than its last row */
    struct looked of[]; /* one a channel of the signal */
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
    if (l->pending + 1 == l->chunk.n_minis) {
        c->last = l->chunk.last;
        return GK_OK;
    }
    TRY(times_mini(&l->times, l->pending, time));
    c->last = time[CHUNK_MINI - 1];
done:
    return rc;
}

/* The values of a mini block, in place or in `own`. */
static int look_up(struct comparing *c, struct looking *l, size_t channel, uint32_t mini, double own[CHUNK_MINI],
                   const double **value)
{
    struct looked *of = &l->of[channel];
    const struct column_view *basis = of->column.is_predicted ? &of->basis : NULL;
    int rc = GK_OK;

    *value = own;
    if (!of->is_there) {
        for (size_t i = 0; i < CHUNK_MINI; i++)
            own[i] = gk_missing();
        return GK_OK;
    }
    if (!column_is_whole(&of->column))
        return column_values(&of->column, basis, mini, mini + 1, own);
    if (!of->value)
        of->value = mem_array(c->mem, CHUNK_ROWS_MAX, sizeof *of->value);
    if (!of->value)
        return GK_ENOMEM;
    if (!of->has_values)
        TRY(column_values(&of->column, basis, 0, l->chunk.n_minis, of->value));
    of->has_values = true;
    *value = of->value + (size_t)mini * CHUNK_MINI;
done:
    return rc;
}

/* All of its rows compare alike. */
static int add_decided(struct comparing *c, const gk_time *time, size_t n, enum gk_truth truth, bool has_gaps)
{
    int rc = GK_OK;

    if (!has_gaps) {
        TRY(add_row(c, time[0], truth));
        c->last = time[n - 1];
        return GK_OK;
    }
    for (size_t i = 0; i < n; i++)
        TRY(add_row(c, time[i], truth));
done:
    return rc;
}

/* The rows of a mini block that are in the stretch; its values are decoded unless the comparison is `decided`. */
static int add_mini(struct comparing *c, struct looking *l, uint32_t mini, const struct chunk_span *span,
                    const enum gk_truth *decided)
{
    gk_time time[CHUNK_MINI];
    double own[GK_APPLY_MAX][CHUNK_MINI];
    const double *value[GK_APPLY_MAX];
    uint64_t mask[MASK_WORDS(CHUNK_MINI)];
    size_t from = 0, n = mini_rows(&l->chunk, mini);
    int rc;

    TRY(settle(c, l));
    TRY(times_mini(&l->times, mini, time));
    while (from < n && time[from] < l->from)
        from++;
    while (n > from && time[n - 1] >= l->to)
        n--;
    if (from == n)
        return GK_OK;
    bool has_gaps = !(span->is_known && span->gap <= c->quiet) && !is_close(c, time + from, n - from);
    if (decided)
        return add_decided(c, time + from, n - from, *decided, has_gaps);
    bool is_all = from == 0 && n == mini_rows(&l->chunk, mini);
    if (is_all && l->has_limit && !has_gaps && column_compare(&l->of[0].column, &l->limit, mini, mask))
        return add_close(c, time, n, mask);
    for (size_t i = 0; i < c->signal->n_channels; i++)
        TRY(look_up(c, l, i, mini, own[i], &value[i]));
    TRY(add_values(c, time, value, from, n - from, has_gaps));
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

/* Whether all rows of a mini block compare alike, by the bounds of its columns. */
static bool is_mini_decided(const struct comparing *c, const struct looking *l, uint32_t i, enum gk_truth *truth)
{
    struct chunk_bounds bounds[GK_APPLY_MAX];
    double low, high;

    for (size_t k = 0; k < c->signal->n_channels; k++)
        bounds[k] = l->of[k].bounds[i];
    if (!signal_bounds(c->signal, bounds, &low, &high))
        return false;
    *truth = GK_UNKNOWN;
    return isnan(low) || is_decided(c->compare, low, high, c->limit, truth);
}

static int add_minis(struct comparing *c, struct looking *l, uint32_t a, uint32_t b)
{
    int rc;

    for (size_t i = 0; i < c->signal->n_channels; i++) {
        struct looked *of = &l->of[i];
        if (of->is_there)
            TRY(column_bounds(&of->column, of->column.is_predicted ? &of->basis : NULL, a, b, of->bounds));
        else
            memset(of->bounds, 0, sizeof of->bounds); /* not full */
    }
    for (uint32_t mini = a; mini < b; mini++) {
        struct chunk_span span = times_span(&l->times, mini);
        enum gk_truth truth;
        bool decided = is_mini_decided(c, l, mini - a, &truth);
        if (!decided || !lengthens(c, l, &span, truth)) {
            TRY(add_mini(c, l, mini, &span, decided ? &truth : NULL));
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

/* *is_empty: it has none of the signal's columns. */
static int open_columns(const struct comparing *c, struct looking *l, bool *is_empty)
{
    int rc = GK_OK;

    *is_empty = true;
    for (size_t i = 0; i < c->signal->n_channels; i++) {
        struct looked *of = &l->of[i];
        int column = chunk_column(&l->chunk, c->signal->channels[i]);
        of->is_there = column >= 0;
        of->has_values = false;
        if (!of->is_there)
            continue;
        *is_empty = false;
        TRY(chunk_open_column(&l->chunk, (uint32_t)column, &of->column, &of->basis));
    }
    l->has_limit =
        signal_is_plain(c->signal) && !*is_empty && column_limit(&l->of[0].column, c->compare, c->limit, &l->limit);
done:
    return rc;
}

/* GK_DONE: the next rows have to be decoded, or there are none. */
static int add_chunk(struct comparing *c, struct looking *look, struct rows *rows, struct gk_error *error)
{
    bool is_empty;
    uint32_t a, b;
    int rc = rows_chunk(rows, &look->chunk, &look->times, &a, &b, error);

    if (rc != GK_OK)
        return rc;
    look->from = rows->from;
    look->to = rows->to;
    look->is_pending = false;
    if (a == b)
        return GK_OK;
    TRY(open_columns(c, look, &is_empty));
    if (is_empty)
        return GK_OK; /* none of its rows has a number */
    TRY(add_minis(c, look, a, b));
done:
    if (rc != GK_OK && error && error->status != rc)
        (void)error_set(error, rc, "a chunk: %s", gk_status_text(rc)); /* rc says it too */
    return rc;
}

/* ---- all of it ------------------------------------------------------------------------------------------------- */

static int add_all(struct comparing *c, gk_scan *scan, struct gk_error *error)
{
    size_t n = c->signal->n_channels;
    struct looking *look = mem_zeroed(c->mem, sizeof *look + n * sizeof look->of[0]);
    struct gk_columns batch;
    int rc;

    if (!look)
        return GK_ENOMEM;
    for (;;) {
        while ((rc = add_chunk(c, look, scan_rows(scan), error)) == GK_OK)
            ;
        if (rc != GK_DONE)
            goto done;
        rc = gk_scan_next(scan, &batch, error);
        if (rc == GK_DONE)
            break;
        TRY(rc);
        TRY(add_batch(c, &batch));
    }
    rc = GK_OK;
done:
    for (size_t i = 0; i < n; i++)
        mem_free(c->mem, look->of[i].value);
    mem_free(c->mem, look);
    return rc;
}

int gk_signal_timeline(gk_snapshot *s, uint32_t facility, const struct gk_signal *signal, enum gk_compare compare,
                       double limit, int64_t from, int64_t to, gk_timeline *out, struct gk_error *error)
{
    int64_t tick_ns = s->db->tick_ns;
    struct gk_signal entered = *signal;
    struct comparing c = {.out = out,
                          .mem = &s->mem,
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
    c.quiet = signal_quiet(&s->limits, tick_ns);
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
