/*
 * signal_frozen.c - where a signal kept one value: a meter that sends the same number for hours measures nothing.
 *
 *     rows       5 5 5 5 6 6 6 .  .  6 6 6 6 7           '.': silence
 *     parts      [------)[-----)     [------)             of one value: its rows, and until the last one holds
 *     stretch    [------)[------------------)             a value with the silences around and between its parts
 *
 * A part is frozen for certain when its rows are far enough apart, first to last; a shorter one may be, when there is
 * silence in its stretch and that is long enough.
 */
#include "db/sight.h"
#include "db/signal.h"

#include <math.h>

struct part {
    int64_t from, last, to; /* ticks of the first row and the last one, and until when that holds */
};

struct freezing {
    gk_timeline *out;
    const struct mem *mem;
    const struct limits *limits;
    int64_t tick_ns, least, from, to;
    uint64_t quiet, reach; /* ns: a row so far behind another comes while that holds; and less than `least` ticks */
    /* the last tick with a number */
    bool has_row;
    int64_t tick;
    double value;
    int64_t known_to; /* until when the row before it held, or a part before that */
    /* the stretch of its value: parts, of which the last one is still growing */
    double kept;
    int64_t begin;
    struct part *parts;
    size_t n, capacity;
};

static int put(struct freezing *f, int64_t tick, enum gk_truth truth)
{
    if (tick >= f->to)
        return GK_OK;
    return gk_timeline_append(f->out, tick > f->from ? tick : f->from, truth);
}

static bool is_long(const struct freezing *f, int64_t from, int64_t to)
{
    return (uint64_t)to - (uint64_t)from >= (uint64_t)f->least;
}

/* No row of this value comes any more; silence, if there was one, lasted until `end`. */
static int end_stretch(struct freezing *f, int64_t end)
{
    int rc = GK_OK;

    if (f->n == 0)
        return GK_OK;
    const struct part *first = f->parts, *last = f->parts + f->n - 1;
    bool is_cut = f->n > 1 || f->begin < first->from || last->to < end;
    bool may_be = is_cut && is_long(f, f->begin, last->to < end ? end : last->last);
    for (size_t i = 0; i < f->n; i++) {
        bool is_frozen = is_long(f, f->parts[i].from, f->parts[i].last);
        if (f->parts[i].to <= f->from)
            continue;
        TRY(put(f, f->parts[i].from, is_frozen ? GK_TRUE : may_be ? GK_UNKNOWN : GK_FALSE));
        TRY(put(f, f->parts[i].to, GK_UNKNOWN));
    }
    f->n = 0;
done:
    return rc;
}

static int begin_part(struct freezing *f, int64_t tick)
{
    int rc;

    TRY(mem_reserve(f->mem, &f->parts, &f->capacity, f->n + 1, sizeof *f->parts));
    f->parts[f->n++] = (struct part){tick, tick, tick};
done:
    return rc;
}

/* The row of f->tick is the last one of its tick, and the next one comes at `next`. */
static int apply(struct freezing *f, int64_t next)
{
    int64_t until = signal_until(f->tick, limits_at(f->limits, f->tick)->limits.hold);
    bool is_silent = f->known_to < f->tick;
    int rc = GK_OK;

    if (f->n == 0 || f->value != f->kept) {
        TRY(end_stretch(f, f->tick));
        f->begin = f->known_to;
        f->kept = f->value;
        TRY(begin_part(f, f->tick));
    } else if (is_silent) {
        TRY(begin_part(f, f->tick));
    }
    f->parts[f->n - 1].last = f->tick;
    f->parts[f->n - 1].to = f->known_to = next < until ? next : until;
done:
    return rc;
}

/* ---- many rows at once ---- */

/* The rows from the one of f->tick to the one of `tick` are of one value, and close; the second one is at `next`. */
static int stay(struct freezing *f, int64_t next, int64_t tick)
{
    int rc;

    TRY(apply(f, next));
    f->parts[f->n - 1].to = f->known_to = f->tick = tick;
done:
    return rc;
}

/* The row of f->tick is the last one of its value; from `next` on close rows of other values follow, of which none
 * lasts, up to one at `tick`. */
static int leave(struct freezing *f, int64_t next, int64_t tick, double value)
{
    int rc;

    TRY(apply(f, next));
    TRY(end_stretch(f, next));
    if (tick > f->from && next < tick) {
        TRY(put(f, next, GK_FALSE));
        TRY(put(f, tick, GK_UNKNOWN)); /* until that row is seen */
    }
    f->known_to = f->tick = tick;
    f->value = value;
done:
    return rc;
}

/* From row i, which was added, to row b. */
static int pass(struct freezing *f, const gk_time *time, const double *number, size_t i, size_t b)
{
    size_t same = i, last = b; /* the last row of the first value, the first one of the last */
    int rc = GK_OK;

    while (same < b && number[same + 1] == number[i])
        same++;
    while (last > same && number[last - 1] == number[b])
        last--;
    if (same > i)
        TRY(stay(f, tick_of(f->tick_ns, time[i + 1]), tick_of(f->tick_ns, time[same])));
    if (same == b)
        return GK_OK;
    TRY(leave(f, tick_of(f->tick_ns, time[same + 1]), tick_of(f->tick_ns, time[last]), number[last]));
    if (last < b)
        TRY(stay(f, tick_of(f->tick_ns, time[last + 1]), tick_of(f->tick_ns, time[b])));
done:
    return rc;
}

static uint64_t apart(gk_time before, gk_time after)
{
    return (uint64_t)after - (uint64_t)before;
}

/*
 * How many rows behind row i have numbers, come while the one before holds, in ticks of their own, and are less than
 * `least` away from it: what begins and ends among them is not frozen.
 */
static size_t count_close(const struct freezing *f, const gk_time *time, const double *number, size_t i, size_t n)
{
    size_t at = i + 1;

    while (at < n && !isnan(number[at]) && apart(time[at - 1], time[at]) >= (uint64_t)f->tick_ns &&
           apart(time[at - 1], time[at]) <= f->quiet && apart(time[i], time[at]) <= f->reach)
        at++;
    return at - 1 - i;
}

static int add_row(struct freezing *f, int64_t tick, double value)
{
    int rc = GK_OK;

    if (f->has_row && tick != f->tick)
        TRY(apply(f, tick));
    f->has_row = true;
    f->tick = tick;
    f->value = value;
done:
    return rc;
}

static int add_batch(struct freezing *f, const struct gk_signal *signal, const struct gk_columns *batch)
{
    uint8_t is_sample[GK_APPLY_ROWS];
    double number[GK_APPLY_ROWS];
    int rc = GK_OK;

    for (size_t from = 0, n; from < batch->n_rows; from += n) {
        const gk_time *time = batch->time + from;
        n = batch->n_rows - from < GK_APPLY_ROWS ? batch->n_rows - from : GK_APPLY_ROWS;
        signal_numbers_at(signal, batch->value, from, n, number, is_sample);
        for (size_t i = 0; i < n; i++) {
            if (isnan(number[i]))
                continue;
            TRY(add_row(f, tick_of(f->tick_ns, time[i]), number[i]));
            size_t n_close = count_close(f, time, number, i, n);
            if (n_close < 2)
                continue;
            TRY(pass(f, time, number, i, i + n_close - 1)); /* another one may follow in the tick of the last */
            i += n_close - 1;
        }
    }
done:
    return rc;
}

static int64_t longest_hold(const struct limits *limits)
{
    int64_t most = 0;

    for (size_t i = 0; i < limits->n; i++)
        most = limits->spans[i].limits.hold > most ? limits->spans[i].limits.hold : most;
    return most;
}

int gk_signal_frozen(gk_snapshot *s, uint32_t facility, const struct gk_signal *signal, int64_t least, int64_t from,
                     int64_t to, int64_t until, gk_timeline *out, struct gk_error *error)
{
    struct freezing f = {.out = out,
                         .mem = &s->mem,
                         .limits = &s->limits,
                         .tick_ns = s->db->tick_ns,
                         .least = least,
                         .known_to = GK_TICK_MIN,
                         .from = from,
                         .to = to};
    struct gk_signal entered = *signal;
    struct gk_columns batch;
    gk_scan *scan = NULL;
    int rc;

    TRY(gk_timeline_reset(out, GK_UNKNOWN));
    if (from >= to)
        return GK_OK;
    TRY(sight_enter(s, &facility, &entered.channels, signal->n_channels, error));
    TRY(snapshot_check_facility(s, facility, error));
    TRY(snapshot_limits(s, facility, error));
    /* A row that is a hold away from the next may be the first, or the last, of those that tell. */
    int64_t hold = longest_hold(&s->limits), begin = from < GK_TICK_MIN + hold ? GK_TICK_MIN : from - hold;
    int64_t end = signal_until(to, hold);
    int64_t quiet = signal_quiet(&s->limits, f.tick_ns);
    f.quiet = quiet > 0 ? (uint64_t)quiet : 0;
    if (__builtin_mul_overflow((uint64_t)(least > 0 ? least - 1 : 0), (uint64_t)f.tick_ns, &f.reach))
        f.reach = UINT64_MAX;
    end = end < until ? end : until > to ? until : to;
    TRY(signal_open(s, facility, &entered, time_of(f.tick_ns, begin), time_of(f.tick_ns, end), &scan, error));
    while ((rc = gk_scan_next(scan, &batch, error)) == GK_OK)
        TRY(add_batch(&f, &entered, &batch));
    if (rc != GK_DONE)
        goto done;
    if (f.has_row)
        TRY(apply(&f, end));
    TRY(end_stretch(&f, GK_TICK_MAX));
    TRY(gk_timeline_append(out, to, GK_UNKNOWN));
    if (damage_has_rows(snapshot_damage(s), facility, time_of(f.tick_ns, from)))
        TRY(gk_timeline_reset(out, GK_UNKNOWN)); /* who can say what the rows that are missing were */
done:
    mem_free(&s->mem, f.parts);
    gk_scan_close(scan);
    if (rc == GK_ENOMEM)
        (void)error_set(error, rc, "out of memory for a timeline"); /* rc says it too */
    return rc;
}
