/*
 * timeline.c - truth over time as sorted steps: building, reading, and the operators that look at one tick at a time.
 *
 *     truth      F     T     U     F            C = {T}      certain
 *     tick    MIN    s     e     g    ... MAX   P = {T, U}   possible
 *
 * An operator of one tick maps the truths of its operands to a truth, so C and P need not be told apart: `not` swaps
 * true and false, `and` is the least, `or` the most. Tables of 3 or 3 x 3 truths say it, and one loop runs them all.
 * GK_TICK_MAX stands for "never": no step is there, and the last value holds for ever.
 */
#include "state/timeline.h"

#include <string.h>

static const struct gk_step FALSE_FOR_EVER = {GK_TICK_MIN, GK_FALSE};

int timeline_new(const struct mem *mem, gk_timeline **out)
{
    gk_timeline *timeline = mem_zeroed(mem, sizeof *timeline);
    *out = timeline;
    if (!timeline)
        return GK_ENOMEM;
    timeline->mem = *mem;
    return GK_OK;
}

void gk_timeline_free(gk_timeline *timeline)
{
    if (!timeline)
        return;
    struct mem mem = timeline->mem;
    mem_free(&mem, timeline->steps);
    mem_free(&mem, timeline->room);
    mem_free(&mem, timeline);
}

int timeline_check(const gk_timeline *timeline, struct gk_error *error)
{
    const struct gk_step *steps = timeline->steps;

    if (timeline->n > timeline->capacity)
        return error_set(error, GK_EBUG, "%zu steps in room for %zu", timeline->n, timeline->capacity);
    for (size_t i = 0; i < timeline->n; i++) {
        if (i == 0 && steps[i].tick != GK_TICK_MIN)
            return error_set(error, GK_EBUG, "the first step is not at the beginning of time");
        if (i > 0 && steps[i].tick <= steps[i - 1].tick)
            return error_set(error, GK_EBUG, "step %zu does not come after the one before", i);
        if (i > 0 && steps[i].value == steps[i - 1].value)
            return error_set(error, GK_EBUG, "step %zu changes nothing", i);
        if (steps[i].tick == GK_TICK_MAX)
            return error_set(error, GK_EBUG, "step %zu is at the end of time", i);
        if (steps[i].value > GK_TRUE)
            return error_set(error, GK_EBUG, "step %zu has no truth", i);
    }
    return GK_OK;
}

int timeline_room(gk_timeline *out, size_t n)
{
    out->n = 0;
    return mem_reserve(&out->mem, &out->steps, &out->capacity, n, sizeof *out->steps);
}

/* ---- reading ---- */

const struct gk_step *gk_timeline_steps(const gk_timeline *timeline, size_t *n)
{
    *n = timeline->n ? timeline->n : 1;
    return timeline->n ? timeline->steps : &FALSE_FOR_EVER;
}

/* The step in force at a tick. */
static size_t find_step(const struct gk_step *steps, size_t n, int64_t tick)
{
    size_t low = 0;
    while (n > 1) {
        size_t half = n / 2;
        if (steps[low + half].tick <= tick)
            low += half;
        n -= half;
    }
    return low;
}

enum gk_truth gk_timeline_at(const gk_timeline *timeline, int64_t tick)
{
    size_t n;
    const struct gk_step *steps = gk_timeline_steps(timeline, &n);
    return (enum gk_truth)steps[find_step(steps, n, tick)].value;
}

static int64_t clamp(uint64_t ticks)
{
    return ticks > INT64_MAX ? INT64_MAX : (int64_t)ticks;
}

void gk_timeline_measure(const gk_timeline *a, int64_t from, int64_t to, struct gk_measure *out)
{
    size_t n;
    const struct gk_step *steps = gk_timeline_steps(a, &n);
    uint64_t certain = 0, possible = 0; /* [from, to) may have up to 2^64 - 1 ticks */

    memset(out, 0, sizeof *out);
    if (from >= to)
        return;
    size_t i = find_step(steps, n, from);
    uint32_t before = steps[i].value;
    if (i > 0 && steps[i].tick == from)
        before = steps[i - 1].value;
    for (; i < n && steps[i].tick < to; i++) {
        int64_t start = steps[i].tick > from ? steps[i].tick : from;
        int64_t end = i + 1 < n && steps[i + 1].tick < to ? steps[i + 1].tick : to;
        uint64_t length = (uint64_t)end - (uint64_t)start;
        uint32_t value = steps[i].value;

        certain += value == GK_TRUE ? length : 0;
        possible += value != GK_FALSE ? length : 0;
        out->certain_starts += value == GK_TRUE && before != GK_TRUE;
        out->possible_starts += value != GK_FALSE && before == GK_FALSE;
        before = value;
    }
    out->certain = clamp(certain);
    out->possible = clamp(possible);
}

/* ---- building ---- */

int gk_timeline_reset(gk_timeline *out, enum gk_truth truth)
{
    int rc;

    if ((uint32_t)truth > GK_TRUE)
        return GK_EINVAL;
    TRY(timeline_room(out, 1));
    timeline_put(out, GK_TICK_MIN, truth);
done:
    return rc;
}

int gk_timeline_append(gk_timeline *out, int64_t tick, enum gk_truth truth)
{
    if ((uint32_t)truth > GK_TRUE || (out->n > 0 && tick < out->steps[out->n - 1].tick))
        return GK_EINVAL;
    if (mem_reserve(&out->mem, &out->steps, &out->capacity, out->n + 2, sizeof *out->steps) != GK_OK) {
        out->n = 0;
        return GK_ENOMEM;
    }
    if (out->n == 0)
        timeline_put(out, GK_TICK_MIN, GK_FALSE);
    timeline_put(out, tick, truth);
    return GK_OK;
}

int gk_timeline_copy(gk_timeline *out, const gk_timeline *a)
{
    int rc;

    TRY(timeline_room(out, a->n));
    if (a->n > 0)
        memcpy(out->steps, a->steps, a->n * sizeof *a->steps);
    out->n = a->n;
done:
    return rc;
}

/* ---- operators of one tick ---- */

static int map(gk_timeline *out, const gk_timeline *a, const uint8_t truth[3])
{
    size_t n;
    const struct gk_step *steps = gk_timeline_steps(a, &n);
    int rc;

    TRY(timeline_room(out, n));
    for (size_t i = 0; i < n; i++)
        timeline_put(out, steps[i].tick, truth[steps[i].value]);
done:
    return rc;
}

int gk_timeline_not(gk_timeline *out, const gk_timeline *a)
{
    static const uint8_t truth[3] = {GK_TRUE, GK_UNKNOWN, GK_FALSE};
    return map(out, a, truth);
}

int gk_timeline_possibly(gk_timeline *out, const gk_timeline *a)
{
    static const uint8_t truth[3] = {GK_FALSE, GK_TRUE, GK_TRUE};
    return map(out, a, truth);
}

int gk_timeline_surely(gk_timeline *out, const gk_timeline *a)
{
    static const uint8_t truth[3] = {GK_FALSE, GK_FALSE, GK_TRUE};
    return map(out, a, truth);
}

int gk_timeline_unknown(gk_timeline *out, const gk_timeline *a)
{
    static const uint8_t truth[3] = {GK_FALSE, GK_TRUE, GK_FALSE};
    return map(out, a, truth);
}

/* Where a merge stands: how many steps are written, and the last truth of them. */
struct merged {
    struct gk_step *out;
    size_t n;
    uint32_t last;
};

/* A step that changes nothing is overwritten by the next. */
static inline void merge_put(struct merged *merged, int64_t tick, uint32_t value)
{
    merged->out[merged->n].tick = tick;
    merged->out[merged->n].value = value;
    merged->n += value != merged->last;
    merged->last = value;
}

/*
 * Merges two sorted lists of steps; truth[3 * x + y] is the result. Which list has the next step cannot be predicted,
 * so the loop over both has no branch on it: the cursors move by a comparison, and a cursor's step is in force once it
 * was passed. Room for n_x + n_y steps; returns how many.
 */
static size_t merge_steps(struct gk_step *restrict out, const struct gk_step *restrict x, size_t n_x,
                          const struct gk_step *restrict y, size_t n_y, const uint8_t truth[9])
{
    struct merged merged = {out, 0, UINT32_MAX};
    size_t i = 1, j = 1;

    merge_put(&merged, GK_TICK_MIN, truth[3 * x[0].value + y[0].value]);
    while (i < n_x && j < n_y) {
        int64_t tx = x[i].tick, ty = y[j].tick;
        i += tx <= ty;
        j += ty <= tx;
        merge_put(&merged, tx < ty ? tx : ty, truth[3 * x[i - 1].value + y[j - 1].value]);
    }
    for (; i < n_x; i++)
        merge_put(&merged, x[i].tick, truth[3 * x[i].value + y[n_y - 1].value]);
    for (; j < n_y; j++)
        merge_put(&merged, y[j].tick, truth[3 * x[n_x - 1].value + y[j].value]);
    return merged.n;
}

static int merge(gk_timeline *out, const gk_timeline *a, const gk_timeline *b, const uint8_t truth[9])
{
    size_t n_x, n_y;
    const struct gk_step *x = gk_timeline_steps(a, &n_x), *y = gk_timeline_steps(b, &n_y);
    int rc;

    TRY(timeline_room(out, n_x + n_y));
    out->n = merge_steps(out->steps, x, n_x, y, n_y, truth);
done:
    return rc;
}

/* By 3 * truth of one + truth of the other. */
static const uint8_t LEAST[9] = {0, 0, 0, 0, 1, 1, 0, 1, 2}, MOST[9] = {0, 1, 2, 1, 1, 2, 2, 2, 2};

int gk_timeline_and(gk_timeline *out, const gk_timeline *a, const gk_timeline *b)
{
    return merge(out, a, b, LEAST);
}

int gk_timeline_or(gk_timeline *out, const gk_timeline *a, const gk_timeline *b)
{
    return merge(out, a, b, MOST);
}

/* ---- how many of n ---- */

/* The number of true ones is one of certain..possible. */
static uint32_t judge(size_t certain, size_t possible, size_t least, size_t most)
{
    if (least <= certain && possible <= most)
        return GK_TRUE;
    return possible >= least && certain <= most ? GK_UNKNOWN : GK_FALSE;
}

/* A change of both numbers at a tick. */
struct edge {
    int64_t tick;
    int32_t certain, possible;
};

/* Writes the edges of all lists one list after the other; ends[i] is behind the last one of list i. */
static void list_edges(const gk_timeline *const *list, size_t n, struct edge *edges, size_t *ends)
{
    size_t at = 0;
    for (size_t k = 0; k < n; k++) {
        size_t n_steps;
        const struct gk_step *steps = gk_timeline_steps(list[k], &n_steps);
        for (size_t i = 1; i < n_steps; i++) {
            edges[at].tick = steps[i].tick;
            edges[at].certain = (steps[i].value == GK_TRUE) - (steps[i - 1].value == GK_TRUE);
            edges[at].possible = (steps[i].value != GK_FALSE) - (steps[i - 1].value != GK_FALSE);
            at++;
        }
        ends[k] = at;
    }
}

static void merge_edges(struct edge *restrict out, const struct edge *x, const struct edge *x_end, const struct edge *y,
                        const struct edge *y_end)
{
    while (x < x_end && y < y_end) {
        bool is_y = y->tick < x->tick;
        const struct edge *next = is_y ? y : x; /* a choice of pointers, not of ways */
        *out++ = *next;
        y += is_y;
        x += !is_y;
    }
    if (x < x_end)
        memcpy(out, x, (size_t)(x_end - x) * sizeof *x);
    else if (y < y_end)
        memcpy(out, y, (size_t)(y_end - y) * sizeof *y);
}

/* Merges neighbouring lists from one array into the other and back until one is left; returns the array it is in. */
static struct edge *sort_edges(struct edge *edges, struct edge *other, size_t *ends, size_t n)
{
    while (n > 1) {
        size_t from = 0, pairs = 0;
        for (size_t k = 0; k < n; k += 2) {
            size_t middle = ends[k], to = k + 1 < n ? ends[k + 1] : middle;
            merge_edges(other + from, edges + from, edges + middle, edges + middle, edges + to);
            ends[pairs++] = to;
            from = to;
        }
        struct edge *swap = edges;
        edges = other;
        other = swap;
        n = pairs;
    }
    return edges;
}

/*
 * Sorts all edges by merging lists pairwise (log2 n passes without unpredictable branches, several times faster than
 * a heap), then adds them up.
 */
static int count_many(gk_timeline *out, const gk_timeline *const *list, size_t n, size_t least, size_t most)
{
    const struct mem *mem = &out->mem;
    size_t certain = 0, possible = 0, n_edges = 0;
    struct edge *edges = NULL, *other = NULL;
    size_t *ends = NULL;
    int rc = GK_ENOMEM;

    out->n = 0;
    for (size_t k = 0; k < n; k++) {
        size_t n_steps;
        const struct gk_step *steps = gk_timeline_steps(list[k], &n_steps);
        certain += steps[0].value == GK_TRUE;
        possible += steps[0].value != GK_FALSE;
        n_edges += n_steps - 1;
    }
    edges = mem_array(mem, n_edges, sizeof *edges);
    other = mem_array(mem, n_edges, sizeof *other);
    ends = mem_array(mem, n, sizeof *ends);
    if (!edges || !other || !ends)
        goto done;
    list_edges(list, n, edges, ends);
    const struct edge *sorted = sort_edges(edges, other, ends, n);
    TRY(timeline_room(out, n_edges + 1));
    timeline_put(out, GK_TICK_MIN, judge(certain, possible, least, most));
    for (size_t i = 0; i < n_edges; i++) {
        certain += (size_t)sorted[i].certain; /* wraps for -1, as it should */
        possible += (size_t)sorted[i].possible;
        timeline_put(out, sorted[i].tick, judge(certain, possible, least, most));
    }
done:
    mem_free(mem, ends);
    mem_free(mem, other);
    mem_free(mem, edges);
    return rc;
}

/* Steps of one operand or of some that are merged already. */
struct part {
    const struct gk_step *steps;
    size_t n;
};

/* Merges neighbouring parts into `room`; an odd one out is copied, as the next turn writes over where it lies. */
static size_t merge_parts(struct part *parts, size_t n, const uint8_t truth[9], struct gk_step *room)
{
    size_t n_merged = 0;
    for (size_t k = 0; k < n; k += 2) {
        struct part merged = {room, parts[k].n};
        if (k + 1 < n)
            merged.n = merge_steps(room, parts[k].steps, parts[k].n, parts[k + 1].steps, parts[k + 1].n, truth);
        else
            memcpy(room, parts[k].steps, parts[k].n * sizeof *room);
        room += merged.n;
        parts[n_merged++] = merged;
    }
    return n_merged;
}

/*
 * `any` and `all` of many: pairwise, so that what coincides is gone after the first turn. Needs no counting, and is
 * what nearly every question about links comes to.
 */
static int fold_many(gk_timeline *out, const gk_timeline *const *list, size_t n, const uint8_t truth[9])
{
    size_t n_steps = 0;
    int rc = GK_OK;

    for (size_t k = 0; k < n; k++)
        n_steps += list[k]->n + 1;
    /* One piece of memory: room for two turns, and the parts. */
    if (mem_reserve(&out->mem, &out->room, &out->room_capacity, 2 * n_steps + n, sizeof *out->room) != GK_OK) {
        out->n = 0;
        return GK_ENOMEM;
    }
    struct gk_step *room[2] = {out->room, out->room + n_steps};
    void *at = out->room + 2 * n_steps;
    struct part *parts = at;
    for (size_t k = 0; k < n; k++)
        parts[k].steps = gk_timeline_steps(list[k], &parts[k].n);
    for (int turn = 0; n > 2; turn = !turn)
        n = merge_parts(parts, n, truth, room[turn]);
    TRY(timeline_room(out, parts[0].n + parts[1].n));
    out->n = merge_steps(out->steps, parts[0].steps, parts[0].n, parts[1].steps, parts[1].n, truth);
done:
    return rc;
}

_Static_assert(sizeof(struct part) <= sizeof(struct gk_step), "a part takes the room of a step");

int gk_timeline_count(gk_timeline *out, const gk_timeline *const *list, size_t n, size_t least, size_t most)
{
    uint8_t truth[9];

    if (least > most) /* no number is in an empty range */
        return gk_timeline_reset(out, GK_FALSE);
    if (n == 0)
        return gk_timeline_reset(out, least == 0 ? GK_TRUE : GK_FALSE);
    if (n > 2 && most >= n && (least == 1 || least == n))
        return fold_many(out, list, n, least == 1 ? MOST : LEAST);
    if (n > 2)
        return count_many(out, list, n, least, most);
    for (unsigned x = 0; x < 3; x++)
        for (unsigned y = 0; y < 3; y++)
            truth[3 * x + y] =
                (uint8_t)judge((x == GK_TRUE) + (y == GK_TRUE), (x != GK_FALSE) + (y != GK_FALSE), least, most);
    if (n == 2)
        return merge(out, list[0], list[1], truth);
    const uint8_t alone[3] = {truth[0], truth[3], truth[6]}; /* the other is false */
    return map(out, list[0], alone);
}
