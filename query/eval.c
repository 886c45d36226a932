/*
 * eval.c - see eval.h.
 */
#include "eval.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "parser.h"
#include "series.h"

/* What a cached timeline says: a mask of states, or the comparison of a leaf; negated or not. */
#define WHAT_LEAF    0x100u
#define WHAT_NEGATED 0x10000u

/* The first widening looks back this long: most runs that cross the window's edge began that day. */
#define WIDEN_NS (INT64_C(6) * 3600 * GK_SECOND)
#define DAY_NS   (INT64_C(86400) * GK_SECOND)

static int64_t first_tick_of(const struct eval *eval)
{
    gk_time beginning = gk_snapshot_info(eval->snapshot)->beginning;

    return beginning == GK_TIME_MAX ? eval->window->known_end : window_tick(beginning, eval->bound->tick_ns);
}

int eval_init(struct eval *eval, const struct cond *cond)
{
    size_t n = eval->bound->n_slots;
    int rc = GK_OK;

    eval->cond = cond;
    cache_init(&eval->cache, eval->arena, eval->snapshot);
    eval->first_tick = first_tick_of(eval);
    eval->slots = arena_array(eval->arena, n, sizeof *eval->slots);
    eval->kept = arena_array(eval->arena, eval->bound->n_leaves + 1, sizeof *eval->kept);
    if (!eval->slots || !eval->kept)
        return arena_status(eval->arena);
    for (size_t i = 0; i < n; i++)
        TRY(gk_timeline_new(eval->snapshot, &eval->slots[i]));
    TRY(gk_timeline_new(eval->snapshot, &eval->scratch));
    TRY(calendar_init(&eval->calendar, eval->scope, eval->bound->tick_ns, gk_snapshot_info(eval->snapshot)->zone_s));
done:
    return rc;
}

void eval_renew(struct eval *eval, gk_snapshot *snapshot)
{
    eval->snapshot = snapshot;
    eval->first_tick = first_tick_of(eval);
    cache_forget(&eval->cache, snapshot);
    for (size_t i = 0; i < eval->bound->n_leaves; i++)
        eval->kept[i].lo = eval->kept[i].hi = 0;
}

void eval_shrink(struct eval *eval)
{
    cache_shrink(&eval->cache);
    for (size_t i = 0; i < eval->bound->n_leaves; i++)
        eval->kept[i].lo = eval->kept[i].hi = 0;
}

void eval_clear(struct eval *eval)
{
    if (!eval->arena)
        return;
    for (size_t i = 0; eval->slots && i < eval->bound->n_slots; i++)
        gk_timeline_free(eval->slots[i]);
    for (size_t i = 0; eval->kept && i < eval->bound->n_leaves; i++)
        arena_release(eval->arena, &eval->kept[i].ids, &eval->kept[i].capacity, sizeof *eval->kept[i].ids);
    for (size_t i = 0; i < eval->n_group; i++)
        gk_timeline_free(eval->group[i]);
    arena_release(eval->arena, &eval->group, &eval->group_capacity, sizeof *eval->group);
    gk_timeline_free(eval->scratch);
    cache_clear(&eval->cache);
    calendar_clear(&eval->calendar);
    arena_release(eval->arena, &eval->members.list, &eval->members.capacity, sizeof *eval->members.list);
    arena_release(eval->arena, &eval->operands, &eval->operands_capacity, sizeof *eval->operands);
    arena_release(eval->arena, &eval->ids, &eval->ids_capacity, sizeof *eval->ids);
    arena_release(eval->arena, &eval->cuts, &eval->cuts_capacity, sizeof *eval->cuts);
    *eval = (struct eval){0};
}

/* ---- one facility ---- */

static enum gk_reduce reduce_of(const struct cond *cond)
{
    bool is_above = cond->compare == GK_GT || cond->compare == GK_GE;

    if (cond->series->phases == QUANT_NONE)
        return GK_MEAN;
    if (cond->series->phases == QUANT_ALL)
        return is_above ? GK_LEAST : GK_MOST;
    return is_above ? GK_MOST : GK_LEAST;
}

/* A share as people reckon it, in decimals: 33 % of 10 is 3.3 and not the double above it. */
static double share_of(double share, double rated)
{
    char text[40];

    (void)snprintf(text, sizeof text, "%.15g", share * rated); /* fits: at most 22 characters */
    return strtod(text, NULL);
}

/* The limit in the channel's own unit; NaN when it hangs on a rated value that the facility does not have. */
static double limit_for(const struct cond *cond, const struct gk_facility *facility)
{
    if (cond->series->metric == METRIC_LOAD)
        return share_of(cond->limit, facility->rated_kw);
    if (!cond->is_of_rated)
        return cond->limit;
    return share_of(cond->limit, cond->series->unit == UNIT_CURRENT ? facility->rated_a : facility->rated_kw);
}

static gk_time clock_of(const struct eval *eval)
{
    return eval->is_timed ? session_monotonic(eval->watch->session) : 0;
}

static int read_facility(struct eval *eval, const struct cond *leaf, uint32_t id, gk_timeline *out)
{
    int64_t hi = eval->hi < eval->window->known_end ? eval->hi : eval->window->known_end;

    eval->n_loads++;
    if (eval->lo >= hi)
        return gk_timeline_reset(out, GK_UNKNOWN);
    if (leaf->kind == COND_STATE)
        return gk_state_timeline(eval->snapshot, id, leaf->mask, eval->lo, hi, out, eval->error);
    struct series_signal signal;
    series_make_signal(leaf->series, reduce_of(leaf), gk_facility_get(eval->snapshot, id), &signal);
    double limit = limit_for(leaf, gk_facility_get(eval->snapshot, id));
    if (isnan(limit)) /* of a load without a rated value nothing is known, not even that it stays the same */
        return gk_timeline_reset(out, GK_UNKNOWN);
    if (leaf->kind == COND_FROZEN)
        return gk_signal_frozen(eval->snapshot, id, &signal.of, leaf->ticks, eval->lo, hi, eval->window->known_end, out,
                                eval->error);
    return gk_signal_timeline(eval->snapshot, id, &signal.of, leaf->compare, limit, eval->lo, hi, out, eval->error);
}

static int load_facility(struct eval *eval, const struct cond *leaf, uint32_t id, gk_timeline *out)
{
    gk_time begun = clock_of(eval);
    int rc = read_facility(eval, leaf, id, out);

    eval->read_ns += clock_of(eval) - begun;
    return rc;
}

/* ---- facilities and sites, through the cache ---- */

static int push_operand(struct eval *eval, const gk_timeline *timeline)
{
    int rc;

    TRY(arena_reserve(eval->arena, &eval->operands, &eval->operands_capacity, eval->n_operands + 1,
                      sizeof *eval->operands));
    eval->operands[eval->n_operands++] = timeline;
done:
    return rc;
}

static int get(struct eval *eval, const struct cond *leaf, bool is_negated, struct subject subject,
               const gk_timeline **out);

/* A site is in a state when any of its facilities is. */
static int load_site(struct eval *eval, const struct cond *leaf, struct subject site, gk_timeline *out)
{
    size_t n, base = eval->n_operands;
    const uint32_t *ids = gk_site_facilities(eval->snapshot, site.kind, site.id, &n);
    const gk_timeline *one;
    int rc = GK_OK;

    for (size_t i = 0; i < n; i++) {
        if (eval->scope->is_in && !eval->scope->is_in[ids[i]])
            continue;
        TRY(get(eval, leaf, false, (struct subject){GK_FACILITY, ids[i]}, &one));
        TRY(push_operand(eval, one));
    }
    n = eval->n_operands - base;
    eval->is_without_links |= n == 0;
    rc = n ? gk_timeline_count(out, eval->operands + base, n, 1, n) : gk_timeline_reset(out, GK_UNKNOWN);
done:
    eval->n_operands = base;
    return rc;
}

/* The truth of a leaf for a facility or site, negated or not. Fresh work goes through the watch. */
static int get(struct eval *eval, const struct cond *leaf, bool is_negated, struct subject subject,
               const gk_timeline **out)
{
    uint32_t what = leaf->kind == COND_STATE ? leaf->mask : WHAT_LEAF + (uint32_t)leaf->leaf;
    const struct cache_key key = {what | (is_negated ? WHAT_NEGATED : 0), subject};
    const gk_timeline *plain;
    size_t entry;
    int rc;

    TRY(cache_find(&eval->cache, &key, &entry));
    gk_timeline *timeline = eval->cache.entries[entry].timeline;
    *out = timeline;
    if (eval->cache.entries[entry].lo <= eval->lo && eval->cache.entries[entry].hi >= eval->hi)
        return GK_OK;
    TRY(watch_look(eval->watch));
    if (is_negated) {
        TRY(get(eval, leaf, false, subject, &plain));
        TRY(gk_timeline_not(timeline, plain));
    } else if (subject.kind == GK_FACILITY) {
        TRY(load_facility(eval, leaf, subject.id, timeline));
    } else {
        TRY(load_site(eval, leaf, subject, timeline));
    }
    eval->cache.entries[entry].lo = eval->lo;
    eval->cache.entries[entry].hi = eval->hi;
done:
    return rc;
}

/* ---- sets of relatives ---- */

/* How many of n make a quantifier true. */
static int count(const struct ref *ref, const gk_timeline *const *list, size_t n, gk_timeline *out)
{
    switch (ref->quant) {
    case QUANT_NONE:
    case QUANT_ANY:
        return gk_timeline_count(out, list, n, 1, n);
    case QUANT_ALL:
        return gk_timeline_count(out, list, n, n, n);
    case QUANT_NO:
        return gk_timeline_count(out, list, n, 0, 0);
    case QUANT_AT_LEAST:
        return ref->k > n ? gk_timeline_reset(out, GK_FALSE) : gk_timeline_count(out, list, n, ref->k, n);
    case QUANT_EXACTLY:
        return ref->k > n ? gk_timeline_reset(out, GK_FALSE) : gk_timeline_count(out, list, n, ref->k, ref->k);
    }
    return GK_EBUG;
}

static int64_t edge_tick(const struct eval *eval, gk_time t)
{
    return t == GK_TIME_MIN ? GK_TICK_MIN : t == GK_TIME_MAX ? GK_TICK_MAX : window_tick(t, eval->bound->tick_ns);
}

static int add_cut(struct eval *eval, int64_t tick)
{
    int rc = GK_OK;

    if (tick <= eval->lo || tick >= eval->hi)
        return GK_OK;
    TRY(arena_reserve(eval->arena, &eval->cuts, &eval->cuts_capacity, eval->n_cuts + 1, sizeof *eval->cuts));
    eval->cuts[eval->n_cuts++] = tick;
done:
    return rc;
}

static int compare_tick(const void *p, const void *q)
{
    int64_t a, b;

    memcpy(&a, p, sizeof a);
    memcpy(&b, q, sizeof b);
    return a < b ? -1 : a > b;
}

/* Lays the truth of `piece` within [from, to) behind what `out` has. */
static int append_piece(gk_timeline *out, const gk_timeline *piece, int64_t from, int64_t to)
{
    size_t n, at = 0;
    const struct gk_step *steps = gk_timeline_steps(piece, &n);
    int rc;

    TRY(gk_timeline_append(out, from, gk_timeline_at(piece, from)));
    while (at < n && steps[at].tick <= from)
        at++;
    for (; at < n && steps[at].tick < to; at++)
        TRY(gk_timeline_append(out, steps[at].tick, (enum gk_truth)steps[at].value));
done:
    return rc;
}

/* The quantifier over those members whose links are valid in [from, to), into the scratch timeline. */
static int count_valid(struct eval *eval, const struct cond *leaf, size_t base, size_t first, int64_t from, int64_t to)
{
    size_t kept = eval->n_operands, n;
    int rc = GK_OK;

    for (size_t i = base; i < eval->members.n; i++) {
        const struct member *member = &eval->members.list[i];
        if (edge_tick(eval, member->from) <= from && edge_tick(eval, member->to) > from)
            TRY(push_operand(eval, eval->operands[first + i - base]));
    }
    n = eval->n_operands - kept;
    if (n == 0) {
        eval->is_without_links |= from < eval->window->b && to > eval->window->a;
        rc = gk_timeline_reset(eval->scratch, GK_UNKNOWN);
    } else {
        rc = count(&leaf->ref, eval->operands + kept, n, eval->scratch);
    }
done:
    eval->n_operands = kept;
    return rc;
}

/* Links begin and end: between two such moments the set of relatives is constant. */
static int count_dated(struct eval *eval, const struct cond *leaf, size_t base, size_t first, gk_timeline *out)
{
    int64_t from = eval->lo;
    int rc;

    eval->n_cuts = 0;
    for (size_t i = base; i < eval->members.n; i++) {
        TRY(add_cut(eval, edge_tick(eval, eval->members.list[i].from)));
        TRY(add_cut(eval, edge_tick(eval, eval->members.list[i].to)));
    }
    if (eval->n_cuts)
        qsort(eval->cuts, eval->n_cuts, sizeof *eval->cuts, compare_tick);
    TRY(gk_timeline_reset(out, GK_UNKNOWN));
    for (size_t i = 0; i <= eval->n_cuts; i++) {
        int64_t to = i < eval->n_cuts ? eval->cuts[i] : eval->hi;
        if (to == from)
            continue;
        TRY(count_valid(eval, leaf, base, first, from, to));
        TRY(append_piece(out, eval->scratch, from, to));
        from = to;
    }
    TRY(gk_timeline_append(out, eval->hi, GK_UNKNOWN));
done:
    return rc;
}

static bool is_lasting(const struct eval *eval, const struct member *member)
{
    return edge_tick(eval, member->from) <= eval->lo && edge_tick(eval, member->to) >= eval->hi;
}

/* Whether the leaf's timeline holds the answer for the members from `base` on already: lasting links, the same
 * facilities. */
static bool is_kept(const struct eval *eval, const struct cond *leaf, size_t base)
{
    const struct kept *kept = &eval->kept[leaf->leaf];

    if (kept->lo > eval->lo || kept->hi < eval->hi || kept->lo == kept->hi || kept->n != eval->members.n - base)
        return false;
    for (size_t i = 0; i < kept->n; i++) {
        const struct member *member = &eval->members.list[base + i];
        if (member->subject.id != kept->ids[i] || member->from != GK_TIME_MIN || member->to != GK_TIME_MAX)
            return false;
    }
    return true;
}

/* Remembers for whom the leaf's timeline was made. */
static int keep(struct eval *eval, const struct cond *leaf, size_t base)
{
    struct kept *kept = &eval->kept[leaf->leaf];
    size_t n = eval->members.n - base;
    int rc;

    kept->lo = kept->hi = 0;
    TRY(arena_reserve(eval->arena, &kept->ids, &kept->capacity, n, sizeof *kept->ids));
    for (size_t i = 0; i < n; i++) {
        const struct member *member = &eval->members.list[base + i];
        if (member->subject.kind != GK_FACILITY || member->from != GK_TIME_MIN || member->to != GK_TIME_MAX)
            return GK_OK;
        kept->ids[i] = member->subject.id;
    }
    kept->n = n;
    kept->lo = eval->lo;
    kept->hi = eval->hi;
done:
    return rc;
}

/* ---- counting states of facilities without a timeline for each ---- */

/* Of more, timelines are merged pairwise: every change would look at all. */
#define COUNT_MAX 16

/* The range of numbers that makes a quantifier over n true; false when no range of 0..n does. */
static bool find_range(const struct ref *ref, size_t n, size_t *least, size_t *most)
{
    *least = ref->quant == QUANT_NO ? 0 : ref->quant == QUANT_ALL ? n : 1;
    *most = ref->quant == QUANT_NO ? 0 : n;
    if (ref->quant == QUANT_AT_LEAST || ref->quant == QUANT_EXACTLY)
        *least = ref->k;
    if (ref->quant == QUANT_EXACTLY)
        *most = ref->k;
    return *least <= n;
}

/* The numbers outside of a range; false when they are no range. */
static bool find_rest(size_t n, size_t *least, size_t *most)
{
    if (*least == 0) {
        *least = *most + 1;
        *most = n;
    } else if (*most == n) {
        *most = *least - 1;
        *least = 0;
    } else {
        return false;
    }
    return *least <= *most;
}

/* The ids of the members from `base` on; false when they are not facilities, each one all the time, and not too many.
 */
static int list_ids(struct eval *eval, size_t base, bool *is_plain)
{
    size_t n = eval->members.n - base;
    int rc = GK_OK;

    *is_plain = n > 0 && n <= COUNT_MAX;
    if (!*is_plain)
        return GK_OK;
    TRY(arena_reserve(eval->arena, &eval->ids, &eval->ids_capacity, n, sizeof *eval->ids));
    for (size_t i = 0; i < n; i++) {
        const struct member *member = &eval->members.list[base + i];
        *is_plain = *is_plain && member->subject.kind == GK_FACILITY && is_lasting(eval, member);
        eval->ids[i] = member->subject.id;
    }
done:
    return rc;
}

/*
 * A leaf of states (or `not` of it) over the members from `base` on, inside of `within` (NULL: everywhere) into `out`.
 * *is_done: it was one that can be counted.
 */
static int count_states(struct eval *eval, const struct cond *leaf, bool is_not, size_t base, const gk_timeline *within,
                        int64_t within_least, gk_timeline *out, bool *is_done)
{
    struct gk_state_count what = {.n = eval->members.n - base, .mask = leaf->mask};
    int64_t hi = eval->hi < eval->window->known_end ? eval->hi : eval->window->known_end;
    int rc;

    *is_done = false;
    if (!find_range(&leaf->ref, what.n, &what.least, &what.most) ||
        (is_not && !find_rest(what.n, &what.least, &what.most)))
        return GK_OK;
    TRY(list_ids(eval, base, is_done));
    if (!*is_done)
        return GK_OK;
    if (leaf->is_negated) { /* so many are not in the states: the others are */
        size_t least = what.n - what.most;
        what.most = what.n - what.least;
        what.least = least;
    }
    what.facilities = eval->ids;
    what.within = within;
    what.within_least = within_least;
    TRY(watch_look(eval->watch));
    eval->n_loads += what.n;
    gk_time begun = clock_of(eval);
    rc = gk_state_count(eval->snapshot, &what, eval->lo, hi, out, eval->error);
    eval->read_ns += clock_of(eval) - begun;
done:
    return rc;
}

/* `a and b` where b is a leaf of states or `not` of one: b is looked at only where a is not false. */
static int and_states(struct eval *eval, const struct cond *b, const gk_timeline *a, int64_t least, gk_timeline *out,
                      bool *is_done)
{
    size_t base = eval->members.n;
    bool is_not = b->kind == COND_NOT;
    const struct cond *leaf = is_not ? b->a : b;
    int rc;

    *is_done = false;
    if (leaf->kind != COND_STATE || (leaf->ref.range == RANGE_SELF && eval->subject.kind != GK_FACILITY))
        return GK_OK;
    TRY(scope_members(eval->scope, &leaf->ref, eval->subject, &eval->members));
    TRY(count_states(eval, leaf, is_not, base, a, least, out, is_done));
done:
    eval->members.n = base;
    return rc;
}

/* A leaf that ranges over relatives. */
static int eval_range(struct eval *eval, const struct cond *leaf, gk_timeline *out)
{
    size_t base = eval->members.n, first = eval->n_operands;
    bool is_static = true, is_counted = false;
    const gk_timeline *one;
    int rc;

    TRY(scope_members(eval->scope, &leaf->ref, eval->subject, &eval->members));
    if (is_kept(eval, leaf, base)) {
        rc = GK_OK;
        goto done;
    }
    eval->kept[leaf->leaf].lo = eval->kept[leaf->leaf].hi = 0; /* the timeline is written over */
    if (leaf->kind == COND_STATE)
        TRY(count_states(eval, leaf, false, base, NULL, 0, out, &is_counted));
    if (is_counted) {
        rc = keep(eval, leaf, base);
        goto done;
    }
    for (size_t i = base; i < eval->members.n; i++) {
        is_static = is_static && is_lasting(eval, &eval->members.list[i]);
        TRY(get(eval, leaf, leaf->is_negated, eval->members.list[i].subject, &one));
        TRY(push_operand(eval, one));
    }
    size_t n = eval->members.n - base;
    if (n == 0) {
        eval->is_without_links = true;
        TRY(gk_timeline_reset(out, GK_UNKNOWN));
    } else if (is_static) {
        TRY(count(&leaf->ref, eval->operands + first, n, out));
        TRY(keep(eval, leaf, base));
    } else {
        TRY(count_dated(eval, leaf, base, first, out));
    }
done:
    eval->members.n = base;
    eval->n_operands = first;
    return rc;
}

/* ---- several that go so together ---- */

/* The n-th timeline that is kept for it. */
static int own_timeline(struct eval *eval, size_t n, gk_timeline **out)
{
    int rc;

    TRY(arena_reserve(eval->arena, &eval->group, &eval->group_capacity, n + 1, sizeof *eval->group));
    while (eval->n_group <= n) {
        TRY(gk_timeline_new(eval->snapshot, &eval->group[eval->n_group]));
        eval->n_group++;
    }
    *out = eval->group[n];
done:
    return rc;
}

/* When a relative went so, while it was one. */
static int start_of_member(struct eval *eval, const struct cond *leaf, const struct member *member, gk_timeline *out)
{
    const gk_timeline *one;
    int64_t from = edge_tick(eval, member->from), to = edge_tick(eval, member->to);
    int rc;

    TRY(get(eval, leaf, leaf->is_negated, member->subject, &one));
    if (is_lasting(eval, member))
        return gk_timeline_start(out, one);
    TRY(gk_timeline_start(eval->scratch, one));
    TRY(gk_timeline_reset(out, GK_FALSE));
    TRY(append_piece(out, eval->scratch, from, to));
    TRY(gk_timeline_append(out, to, GK_FALSE));
done:
    return rc;
}

/* Of n timelines of lately begun ones: within the next d ticks at least k of them are true. */
static int reach(struct eval *eval, const gk_timeline *const *lately, size_t n, size_t k, int64_t d, gk_timeline *out)
{
    int rc;

    if (k > n)
        return gk_timeline_reset(out, GK_FALSE);
    TRY(gk_timeline_count(eval->scratch, lately, n, k, n));
    TRY(gk_timeline_within_next(out, eval->scratch, d));
done:
    return rc;
}

/*
 * `at least k NOUN STATE within d of each other`: a start counts when some stretch of d ticks around it has the starts
 * of k relatives; starts of one group that follow each other within d make one run, from the first to the last.
 * `exactly k`: so many and no more.
 */
static int eval_together(struct eval *eval, const struct cond *cond, gk_timeline *out)
{
    const struct cond *leaf = cond->a;
    size_t base = eval->members.n, first = eval->n_operands, least, most;
    gk_timeline *any, *so_many, *events, *one;
    int rc;

    TRY(scope_members(eval->scope, &leaf->ref, eval->subject, &eval->members));
    size_t n = eval->members.n - base;
    bool can_be = find_range(&leaf->ref, n, &least, &most);
    eval->is_without_links |= n == 0;
    if (n == 0 || !can_be) {
        rc = gk_timeline_reset(out, n == 0 ? GK_UNKNOWN : GK_FALSE);
        goto done;
    }
    for (size_t i = 0; i < n; i++) { /* first the starts, then what of them is lately */
        TRY(own_timeline(eval, i, &one));
        TRY(start_of_member(eval, leaf, &eval->members.list[base + i], one));
        TRY(push_operand(eval, one));
    }
    TRY(own_timeline(eval, n, &any));
    TRY(own_timeline(eval, n + 1, &so_many));
    TRY(own_timeline(eval, n + 2, &events));
    TRY(gk_timeline_count(any, eval->operands + first, n, 1, n));
    for (size_t i = 0; i < n; i++) {
        TRY(gk_timeline_within_last(eval->scratch, eval->group[i], cond->ticks));
        TRY(gk_timeline_copy(eval->group[i], eval->scratch));
    }
    TRY(reach(eval, eval->operands + first, n, least, cond->ticks, so_many));
    TRY(gk_timeline_and(events, any, so_many));
    if (most < n) { /* and no more */
        TRY(reach(eval, eval->operands + first, n, most + 1, cond->ticks, any));
        TRY(gk_timeline_not(so_many, any));
        TRY(gk_timeline_and(any, events, so_many));
        events = any;
    }
    TRY(gk_timeline_ignore_gaps(out, events, cond->ticks + 1));
done:
    eval->members.n = base;
    eval->n_operands = first;
    return rc;
}

/* ---- the tree ---- */

static int combine(const struct cond *cond, gk_timeline *out, const gk_timeline *a, const gk_timeline *b)
{
    switch (cond->kind) {
    case COND_AND:
        return gk_timeline_and(out, a, b);
    case COND_OR:
        return gk_timeline_or(out, a, b);
    case COND_NOT:
        return gk_timeline_not(out, a);
    case COND_POSSIBLY:
        return gk_timeline_possibly(out, a);
    case COND_SURELY:
        return gk_timeline_surely(out, a);
    case COND_UNKNOWN:
        return gk_timeline_unknown(out, a);
    case COND_START:
        return gk_timeline_start(out, a);
    case COND_END:
        return gk_timeline_end(out, a);
    case COND_AT_LEAST:
        return gk_timeline_for_at_least(out, a, cond->ticks);
    case COND_LESS:
        return gk_timeline_for_less(out, a, cond->ticks);
    case COND_GAPS:
        return gk_timeline_ignore_gaps(out, a, cond->ticks);
    case COND_HELD:
        return gk_timeline_held(out, a, cond->ticks);
    case COND_WITHIN_LAST:
        return gk_timeline_within_last(out, a, cond->ticks);
    case COND_WITHIN_NEXT:
        return gk_timeline_within_next(out, a, cond->ticks);
    case COND_TIMES:
        return gk_timeline_times(out, a, cond->a->is_event, cond->k, cond->ticks);
    case COND_AFTER:
        return gk_timeline_begun(out, a, b);
    default:
        return GK_EBUG;
    }
}

/* Hours of the day may have begun a day before all data, days of the week a week. */
static int64_t days_before(const struct eval *eval)
{
    int64_t n = 0;

    for (size_t i = 0; i < eval->bound->n_leaves; i++) {
        enum cond_kind kind = eval->bound->leaves[i]->kind;
        int64_t needed = kind == COND_CALENDAR ? 8 : kind == COND_HOURS || kind == COND_ORDER;
        n = needed > n ? needed : n;
    }
    return n * DAY_NS / eval->window->tick_ns;
}

/* What was worked out from `first` on, as if it had been the same for ever before. */
static int since_ever(const gk_timeline *in, int64_t first, enum gk_truth before, gk_timeline *out)
{
    size_t n;
    const struct gk_step *steps = gk_timeline_steps(in, &n);
    int rc;

    TRY(gk_timeline_reset(out, before));
    for (size_t i = 0; i < n; i++)
        if (steps[i].tick > first)
            TRY(gk_timeline_append(out, steps[i].tick, (enum gk_truth)steps[i].value));
done:
    return rc;
}

/* What may have been near a run that is all unknown: before all data hours and days go on as behind the border. */
static enum gk_truth near_ever(const struct eval *eval, const gk_timeline *of, const gk_timeline *near, int64_t first)
{
    int64_t end = first + days_before(eval);
    size_t at = 0, at_near = 0;
    struct run run, other;

    if (gk_timeline_at(near, first) == GK_FALSE && eval_next_run(of, first, end, &at, &run) && run.from <= first &&
        run.to >= end && eval_next_run(near, first, end, &at_near, &other))
        return GK_UNKNOWN;
    return gk_timeline_at(near, first);
}

/*
 * A run that goes on at the border began earlier, and is looked for there; before all data nothing changes but the
 * hours, so none began for certain in what was not worked out.
 */
static int prepare_after(struct eval *eval, const struct cond *cond, const gk_timeline **a, const gk_timeline **b)
{
    int64_t first = eval->lo + cond->pad;
    gk_timeline *begun, *near;
    int rc;

    eval->is_cut_off |= gk_timeline_at(*a, first) != GK_FALSE; /* though it may have begun right there */
    TRY(own_timeline(eval, 0, &begun));
    TRY(own_timeline(eval, 1, &near));
    TRY(gk_timeline_within_last(eval->scratch, *b, cond->ticks));
    TRY(since_ever(eval->scratch, first, near_ever(eval, *a, eval->scratch, first), near));
    TRY(since_ever(*a, first, gk_timeline_at(*a, first), begun));
    *a = begun;
    *b = near;
done:
    return rc;
}

/*
 * Runs of the result (true or unknown) of fewer than `least` ticks do not matter: they may be missing, as what stands
 * above drops them. Of `a and b` runs lie inside of those of a.
 */
static int evaluate(struct eval *eval, const struct cond *cond, int64_t least, const gk_timeline **out)
{
    gk_timeline *own = eval->slots[cond->slot];
    const gk_timeline *a = NULL, *b = NULL;
    bool is_done = false;
    int rc;

    *out = own;
    switch (cond->kind) {
    case COND_STATE:
    case COND_COMPARE:
    case COND_FROZEN:
        if (cond->ref.range == RANGE_SELF)
            return get(eval, cond, cond->is_negated, eval->subject, out);
        return eval_range(eval, cond, own);
    case COND_ORDER:
    case COND_EXEMPT:
    case COND_HOURS:
    case COND_CALENDAR:
        return calendar_evaluate(&eval->calendar, cond, eval->subject, eval->lo, eval->hi, own);
    case COND_AND:
        TRY(evaluate(eval, cond->a, least, &a));
        if (!eval->keeps_parts)
            TRY(and_states(eval, cond->b, a, least, own, &is_done));
        if (is_done)
            break;
        TRY(evaluate(eval, cond->b, least, &b));
        TRY(combine(cond, own, a, b));
        break;
    case COND_TOGETHER:
        return eval_together(eval, cond, own);
    case COND_AT_LEAST:
        TRY(evaluate(eval, cond->a, cond->ticks > least ? cond->ticks : least, &a));
        TRY(combine(cond, own, a, b));
        break;
    default:
        TRY(evaluate(eval, cond->a, 0, &a));
        if (cond->b)
            TRY(evaluate(eval, cond->b, 0, &b));
        if (cond->kind == COND_AFTER)
            TRY(prepare_after(eval, cond, &a, &b));
        TRY(combine(cond, own, a, b));
    }
done:
    return rc;
}

int eval_part(struct eval *eval, const struct cond *part, const gk_timeline **out)
{
    bool is_self = cond_has_ref(part) && part->ref.range == RANGE_SELF;

    *out = eval->slots[part->slot];
    return is_self ? get(eval, part, part->is_negated, eval->subject, out) : GK_OK;
}

/* ---- runs, and widening until their ends are seen ---- */

bool eval_next_run(const gk_timeline *timeline, int64_t from, int64_t to, size_t *at, struct run *out)
{
    size_t n;
    const struct gk_step *steps = gk_timeline_steps(timeline, &n);

    if (*at == 0 && n > 0) { /* the step in force at `from` */
        size_t low = 0, high = n;
        while (high - low > 1) {
            size_t mid = low + (high - low) / 2;
            if (steps[mid].tick <= from)
                low = mid;
            else
                high = mid;
        }
        *at = low;
    }
    for (; from < to && *at < n && (steps[*at].tick < to || *at == 0); ++*at) {
        if (steps[*at].value == GK_FALSE)
            continue;
        *out = (struct run){steps[*at].tick, *at + 1 < n ? steps[*at + 1].tick : GK_TICK_MAX,
                            (enum gk_truth)steps[*at].value};
        ++*at;
        return true;
    }
    return false;
}

struct run eval_whole_run(const gk_timeline *timeline, size_t at)
{
    size_t n, from = at - 1, to = at;
    const struct gk_step *steps = gk_timeline_steps(timeline, &n);

    while (from > 0 && steps[from - 1].value != GK_FALSE)
        from--;
    while (to < n && steps[to].value != GK_FALSE)
        to++;
    return (struct run){steps[from].tick, to < n ? steps[to].tick : GK_TICK_MAX, GK_UNKNOWN};
}

/* Whether a run that is asked for touches the border of what is right. */
static void find_edges(const struct eval *eval, const gk_timeline *timeline, enum eval_need need, bool *left,
                       bool *right)
{
    const struct window *window = eval->window;
    int64_t pad = eval->bound->pad;
    struct run run;
    size_t at = 0;

    *left = *right = false;
    while (eval_next_run(timeline, window->a, window->b, &at, &run)) {
        if (run.truth == GK_UNKNOWN && need != EVAL_POSSIBLE)
            continue;
        bool is_first = run.from <= window->a, is_last = run.to >= window->b;
        if (need == EVAL_POSSIBLE && (is_first || is_last)) /* those between do not touch a border */
            run = eval_whole_run(timeline, at);
        *left |= run.from <= eval->lo + pad + eval->slack;
        *right |= run.to >= eval->hi - pad;
    }
}

/* The dates of orders, of exemptions, and of the links of a facility; false: there are no more. */
static bool entry_at(const struct eval *eval, size_t i, int64_t *from, int64_t *to)
{
    size_t n_orders, n_exemptions, n_links = 0;
    const struct gk_order *orders = gk_orders(eval->snapshot, &n_orders);
    const struct gk_exemption *exemptions = gk_exemptions(eval->snapshot, &n_exemptions);
    const struct gk_link *const *links = NULL;

    if (eval->subject.kind == GK_FACILITY)
        links = gk_facility_links(eval->snapshot, eval->subject.id, &n_links);
    bool is_order = i < n_orders, is_exemption = !is_order && i - n_orders < n_exemptions;
    size_t link = i - n_orders - n_exemptions;
    if (!is_order && !is_exemption && link >= n_links)
        return false;
    *from = edge_tick(eval, is_order       ? orders[i].from
                            : is_exemption ? exemptions[i - n_orders].from
                                           : links[link]->from);
    *to = edge_tick(eval, is_order ? orders[i].to : is_exemption ? exemptions[i - n_orders].to : links[link]->to);
    return true;
}

/* Moves a border to the left until none of these begins or ends where it could be taken for the border. */
static int64_t clear_border(const struct eval *eval, int64_t lo)
{
    int64_t reach = 2 * eval->bound->pad + 1, from, to;

    for (bool is_clear = false; !is_clear;) {
        is_clear = true;
        for (size_t i = 0; entry_at(eval, i, &from, &to); i++)
            is_clear &= (from < lo - reach || from > lo + reach) && (to < lo - reach || to > lo + reach);
        lo -= is_clear ? 0 : 2 * reach;
    }
    return lo;
}

static bool has_entries(const struct eval *eval)
{
    for (size_t i = 0; i < eval->bound->n_leaves; i++) {
        const struct cond *leaf = eval->bound->leaves[i];
        if (leaf->kind == COND_ORDER || leaf->kind == COND_EXEMPT ||
            (cond_has_ref(leaf) && leaf->ref.range == RANGE_LINKED))
            return true;
    }
    return false;
}

/* An order, an exemption or a link may have begun a run before all data, however long ago. */
static int64_t before_entries(const struct eval *eval, int64_t least)
{
    int64_t from, to;

    for (size_t i = 0; entry_at(eval, i, &from, &to); i++) {
        from = from == GK_TICK_MIN ? to : from;
        if (from == GK_TICK_MAX)
            continue;
        from -= 2 * eval->bound->pad + 2 + days_before(eval) + eval->slack;
        least = from < least ? from : least;
    }
    return least;
}

static bool has_after(const struct cond *cond)
{
    return cond && (cond->kind == COND_AFTER || has_after(cond->a) || has_after(cond->b));
}

/*
 * Left of all data a run that touches the border is looked at a second time with the border elsewhere: one that touches
 * it again has no begin, one that does not began there by an order, an exemption, a link or the hour.
 */
int eval_subject(struct eval *eval, struct subject subject, enum eval_need need, const gk_timeline **out)
{
    const struct window *window = eval->window;
    int64_t pad = eval->bound->pad, least = (eval->first_tick < window->a ? eval->first_tick : window->a) - 2 * pad - 2;
    eval->slack = has_after(eval->cond) ? days_before(eval) : 0;
    least -= days_before(eval) + eval->slack;
    eval->subject = subject;
    if (has_after(eval->cond))
        least = before_entries(eval, least);
    int64_t most = (window->known_end > window->b ? window->known_end : window->b) + pad;
    int64_t step = WIDEN_NS / window->tick_ns;
    bool left, right, is_second = false;
    int rc;

    cache_trim(&eval->cache);
    eval->is_without_links = false;
    eval->lo = window->a - pad;
    eval->hi = window->b + pad;
    for (;;) {
        eval->is_cut_off = left = right = false;
        TRY(evaluate(eval, eval->cond, 0, out));
        if (need != EVAL_INSIDE)
            find_edges(eval, *out, need, &left, &right);
        left |= eval->is_cut_off;
        right = right && eval->hi < most;
        if (left && eval->lo <= least) {
            if (is_second && !right)
                break;
            is_second = true;
            least = has_entries(eval) ? before_entries(eval, least) : least;
            eval->lo = clear_border(eval, least - 3 * pad - 3 - eval->slack);
        } else if (left) {
            eval->lo = eval->lo - least > step ? eval->lo - step : least;
        } else if (!right) {
            break;
        }
        if (right)
            eval->hi = most - eval->hi > step ? eval->hi + step : most;
        step = step < INT64_MAX / 8 ? step * 4 : step;
    }
done:
    return rc;
}

int64_t eval_run_start(const struct eval *eval, const struct run *run, bool *is_endless)
{
    int64_t first = eval->first_tick < eval->window->a ? eval->first_tick : eval->window->a;

    /* Near the border the run has no begin; what begins far outside is made of orders alone, which are exact. */
    *is_endless = run->from == GK_TICK_MIN ||
                  (run->from >= eval->lo - eval->bound->pad && run->from <= eval->lo + eval->bound->pad + eval->slack);
    return *is_endless ? first : run->from;
}
