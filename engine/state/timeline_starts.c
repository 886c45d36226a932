/*
 * timeline_starts.c - the operators that look at where runs begin: how many began lately, and what was true when one
 * began.
 *
 * A start is known as a moment between an earliest and a latest tick: behind a tick that is certainly false, the first
 * one that is certainly true, and all that is unknown between. k of them that follow each other lie within the last d
 * ticks from the latest tick of the last one until d ticks behind the earliest of the first:
 *
 *     false  unknown  true            k starts within d: certain on [latest of the k-th, earliest of the first + d)
 *            ^earliest ^latest
 *
 * What is possible is counted by ticks: every tick at which a run may begin is a start of its own, which is never too
 * few. Of a long stretch of such ticks only the first k and the last k matter; between them k are always there.
 */
#include "state/timeline.h"

struct moment {
    int64_t earliest, latest;
};

struct moments {
    struct moment *list;
    size_t n, capacity;
};

static int64_t plus(int64_t tick, int64_t d)
{
    int64_t sum;
    return __builtin_add_overflow(tick, d, &sum) ? GK_TICK_MAX : sum;
}

static int reserve(const struct mem *mem, struct moments *out, size_t n)
{
    return mem_reserve(mem, &out->list, &out->capacity, out->n + n, sizeof *out->list);
}

/* Every tick of [from, to) is a moment. */
static int add_ticks(const struct mem *mem, struct moments *out, int64_t from, int64_t to, uint64_t k)
{
    uint64_t n = (uint64_t)to - (uint64_t)from;
    bool is_long = n > 2 * k;
    int rc;

    if (is_long)
        n = 2 * k;
    TRY(reserve(mem, out, n));
    for (uint64_t i = 0; i < n; i++) {
        int64_t tick = is_long && i >= k ? to - (int64_t)(n - i) : from + (int64_t)i;
        if (from == GK_TICK_MIN && i < k)
            tick = from; /* there were as many as one likes */
        out->list[out->n++] = (struct moment){tick, tick};
    }
    if (is_long)
        out->list[out->n - n].earliest = to - (int64_t)k;
done:
    return rc;
}

static int64_t end_of(const gk_timeline *a, size_t i)
{
    return i + 1 < a->n ? a->steps[i + 1].tick : GK_TICK_MAX;
}

/* Starts that are certain, between which there is always something that is certainly false. */
static int list_certain(const struct mem *mem, const gk_timeline *a, struct moments *out)
{
    bool is_behind_false = false;
    int64_t earliest = 0;
    int rc;

    TRY(reserve(mem, out, a->n));
    for (size_t i = 0; i < a->n; i++) {
        if (a->steps[i].value == GK_FALSE) {
            is_behind_false = true;
            earliest = end_of(a, i);
        } else if (a->steps[i].value == GK_TRUE && is_behind_false) {
            is_behind_false = false;
            out->list[out->n++] = (struct moment){earliest, a->steps[i].tick};
        }
    }
done:
    return rc;
}

/* Ticks at which a run may begin: all that are unknown, but one behind a true one, and the first true one. */
static int list_possible(const struct mem *mem, const gk_timeline *a, uint64_t k, struct moments *out)
{
    int rc = GK_OK;

    for (size_t i = 0; i < a->n; i++) {
        uint32_t value = a->steps[i].value, before = a->steps[i ? i - 1 : 0].value;
        int64_t from = a->steps[i].tick, to = value == GK_TRUE ? plus(from, 1) : end_of(a, i);
        if (value == GK_FALSE || (value == GK_TRUE && (i == 0 || before == GK_TRUE)))
            continue;
        from = value == GK_UNKNOWN && before == GK_TRUE ? plus(from, 1) : from;
        if (from < to)
            TRY(add_ticks(mem, out, from, to, k));
    }
done:
    return rc;
}

/* All ticks of at least a truth. */
static int list_events(const struct mem *mem, const gk_timeline *a, uint32_t least, uint64_t k, struct moments *out)
{
    int rc = GK_OK;

    for (size_t i = 0; i < a->n; i++)
        if (a->steps[i].value >= least)
            TRY(add_ticks(mem, out, a->steps[i].tick, end_of(a, i), k));
done:
    return rc;
}

/* Where k moments that follow each other lie within d ticks. */
static int lay(gk_timeline *out, const struct moments *moments, size_t k, int64_t d, enum gk_truth truth)
{
    int64_t from = 0, to = 0;
    bool has_run = false;
    int rc;

    TRY(timeline_room(out, 2 * moments->n + 2));
    timeline_put(out, GK_TICK_MIN, GK_FALSE);
    for (size_t j = 0; j + k <= moments->n; j++) {
        int64_t begin = moments->list[j + k - 1].latest, end = plus(moments->list[j].earliest, d);
        if (begin >= end)
            continue;
        if (has_run && begin <= to) {
            to = end > to ? end : to;
            continue;
        }
        if (has_run) {
            timeline_put(out, from, truth);
            timeline_put(out, to, GK_FALSE);
        }
        has_run = true;
        from = begin;
        to = end;
    }
    if (has_run) {
        timeline_put(out, from, truth);
        timeline_put(out, to, GK_FALSE);
    }
done:
    return rc;
}

int gk_timeline_times(gk_timeline *out, const gk_timeline *a, bool is_event, size_t k, int64_t d)
{
    struct mem mem = out->mem;
    struct moments certain = {NULL, 0, 0}, possible = {NULL, 0, 0};
    gk_timeline *c = NULL, *p = NULL;
    int rc;

    if (k == 0)
        return gk_timeline_reset(out, GK_TRUE);
    if (d <= 0 || k > (uint64_t)d) /* one start a tick is the most */
        return gk_timeline_reset(out, GK_FALSE);
    TRY(timeline_new(&mem, &c));
    TRY(timeline_new(&mem, &p));
    TRY(is_event ? list_events(&mem, a, GK_TRUE, k, &certain) : list_certain(&mem, a, &certain));
    TRY(is_event ? list_events(&mem, a, GK_UNKNOWN, k, &possible) : list_possible(&mem, a, k, &possible));
    TRY(lay(c, &certain, k, d, GK_TRUE));
    TRY(lay(p, &possible, k, d, GK_UNKNOWN));
    TRY(gk_timeline_or(out, c, p));
done:
    mem_free(&mem, certain.list);
    mem_free(&mem, possible.list);
    gk_timeline_free(c);
    gk_timeline_free(p);
    if (rc != GK_OK)
        (void)timeline_room(out, 0); /* leaves it empty, whether or not there is memory */
    return rc;
}

/* ---- what was true when a run began ---- */

/*
 * b within [from, to), which ascend from call to call: whether it is true in all of it, and the first tick at which it
 * may be, `to` when there is none.
 */
static bool look(const gk_timeline *b, size_t *at, int64_t from, int64_t to, int64_t *first)
{
    bool is_true = b->n > 0; /* no steps: false for ever */

    *first = to;
    while (*at + 1 < b->n && b->steps[*at + 1].tick <= from)
        ++*at;
    for (size_t i = *at; i < b->n && (i == *at || b->steps[i].tick < to); i++) {
        is_true = is_true && b->steps[i].value == GK_TRUE;
        if (*first == to && b->steps[i].value != GK_FALSE)
            *first = i == *at ? from : b->steps[i].tick;
    }
    return is_true;
}

/*
 * Within a run of what is possible the true run may have begun at any unknown tick, or at a certain one behind it: it
 * passes for certain when b was true at all of them up to there, and may pass when b may have been true at one.
 */
int gk_timeline_begun(gk_timeline *out, const gk_timeline *a, const gk_timeline *b)
{
    bool all = false, any = false; /* a run from the beginning of time has no begin */
    size_t at = 0;
    int rc;

    TRY(timeline_room(out, 2 * a->n + 1));
    timeline_put(out, GK_TICK_MIN, GK_FALSE);
    for (size_t i = 0; i < a->n; i++) {
        uint32_t value = a->steps[i].value;
        int64_t from = a->steps[i].tick, first, to = value == GK_TRUE ? plus(from, 1) : end_of(a, i);
        bool goes_on = i > 0 && a->steps[i - 1].value == GK_TRUE; /* at its first tick none can begin */
        if (value == GK_FALSE) {
            all = true;
            any = false;
            timeline_put(out, from, GK_FALSE);
        } else if (value == GK_TRUE) {
            bool is_true = look(b, &at, from, to, &first);
            any |= i > 0 && first < to;
            all &= is_true;
            timeline_put(out, from, all ? GK_TRUE : any ? GK_UNKNOWN : GK_FALSE);
        } else {
            timeline_put(out, from, any ? GK_UNKNOWN : GK_FALSE);
            if (goes_on && from + 1 == to)
                continue;
            all &= look(b, &at, from + goes_on, to, &first);
            any |= first < to;
            timeline_put(out, first, any ? GK_UNKNOWN : GK_FALSE);
        }
    }
done:
    return rc;
}
