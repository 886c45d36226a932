/*
 * aggregate.c - `duration, share, count, longest, first, last, coverage of COND by KEYS`.
 *
 *     duration   seconds of certain truth inside the bucket        share      that, of the time that is known
 *     count      certain runs that begin in the bucket             longest    of those that touch it, unclipped
 *     first,last when the first and the last of the counted begin  coverage   known time, of all
 *
 * Sums run over the subjects of a group. Beside duration, share, count and longest stands what is possible.
 */
#include <math.h>
#include <string.h>

#include "groups.h"
#include "parser.h"

struct tally {
    int64_t certain, possible, total; /* ticks; possible contains certain */
    int64_t starts, possible_starts;
    int64_t longest, possible_longest;
    int64_t first, last; /* ticks */
    bool has_first;
};

struct aggregate {
    struct groups groups;
    struct tally *tallies; /* groups x buckets */
    enum eval_need need;
    bool needs_runs; /* not only sums are asked for */
};

static enum gk_type type_of(enum agg_kind kind)
{
    switch (kind) {
    case AGG_SHARE:
    case AGG_COVERAGE:
        return GK_TYPE_SHARE;
    case AGG_COUNT:
        return GK_TYPE_COUNT;
    case AGG_FIRST:
    case AGG_LAST:
        return GK_TYPE_TIME;
    default:
        return GK_TYPE_SECONDS;
    }
}

/* The name of the column of what is possible, NULL when an aggregate has none. */
static const char *possible_name(enum agg_kind kind)
{
    static const char *const names[] = {"possible_duration", "possible_share", "possible_count", "possible_longest"};

    return kind <= AGG_LONGEST ? names[kind] : NULL;
}

static int columns(struct gk_query *query)
{
    struct rows *rows = &query->rows;
    bool ok = groups_columns(query) == GK_OK, has_coverage = false;

    for (const struct agg *agg = query->stmt->aggs; agg; agg = agg->next) {
        ok = ok && rows_add_column(rows, agg->name, type_of(agg->kind));
        has_coverage |= agg->kind == AGG_COVERAGE;
    }
    for (const struct agg *agg = query->stmt->aggs; agg; agg = agg->next)
        if (possible_name(agg->kind))
            ok = ok && rows_add_column(rows, possible_name(agg->kind), type_of(agg->kind));
    if (!has_coverage)
        ok = ok && rows_add_column(rows, "coverage", GK_TYPE_SHARE);
    return ok ? GK_OK : GK_EBUG;
}

static int start(struct gk_query *query)
{
    struct aggregate *own = arena_piece(&query->memory, sizeof *own);
    int rc;

    query->own = own;
    if (!own)
        return arena_status(&query->memory);
    own->need = EVAL_INSIDE;
    for (const struct agg *agg = query->stmt->aggs; agg; agg = agg->next) {
        if (agg->kind == AGG_LONGEST)
            own->need = EVAL_POSSIBLE;
        own->needs_runs |= agg->kind == AGG_LONGEST || agg->kind == AGG_FIRST || agg->kind == AGG_LAST;
    }
    TRY(run_start_condition(query, true));
    TRY(groups_make(query, &own->groups));
    size_t n = own->groups.buckets.n;
    if (n && own->groups.n > SIZE_MAX / n)
        return GK_ENOMEM;
    own->tallies = arena_array(&query->memory, own->groups.n * n + 1, sizeof *own->tallies);
    if (!own->tallies)
        return arena_status(&query->memory);
    for (size_t i = 0; i < query->scope.n; i++) /* pruned subjects count as known, too */
        for (size_t j = 0; j < n; j++)
            own->tallies[own->groups.of[i] * n + j].total += own->groups.ticks[j + 1] - own->groups.ticks[j];
    query->meta.has_possible = true;
done:
    return rc;
}

/* The ticks of a stretch of one truth that begins in bucket `at`. */
static void add_stretch(const struct groups *groups, struct run run, bool is_event, struct tally *tallies, size_t at)
{
    for (int64_t from = run.from; from < run.to; at++) {
        int64_t to = run.to < groups->ticks[at + 1] ? run.to : groups->ticks[at + 1];
        if (from >= to)
            continue; /* an empty bucket */
        bool is_certain = run.truth == GK_TRUE;
        tallies[at].certain += is_certain && !is_event ? to - from : 0; /* moments have no length */
        tallies[at].possible += is_certain && is_event ? 0 : to - from;
        from = to;
    }
}

/* The starts of a subject in one bucket. What begins certainly begins possibly, though it was unknown before. */
static void add_starts(struct tally *tally, int64_t certain, int64_t possible)
{
    tally->starts += certain;
    tally->possible_starts += possible > certain ? possible : certain;
}

/* Sums of all buckets in one sweep; returns how many stretches are only possible. */
static uint64_t add_sums(const struct groups *groups, const gk_timeline *truth, bool is_event, struct tally *tallies)
{
    size_t n, at = 0, bucket = 0;
    const struct gk_step *steps = gk_timeline_steps(truth, &n);
    int64_t begin = groups->ticks[0], end = groups->ticks[groups->buckets.n];
    int64_t certain = 0, possible = 0; /* starts in the bucket */
    uint64_t n_possible = 0;
    struct run run;

    while (eval_next_run(truth, begin, end, &at, &run)) {
        size_t i = at - 1; /* the step at which the run begins */
        bool is_seen = run.from >= begin;
        run.from = is_seen ? run.from : begin;
        run.to = run.to < end ? run.to : end;
        n_possible += run.truth == GK_UNKNOWN;
        for (; groups->ticks[bucket + 1] <= run.from; bucket++, certain = possible = 0)
            add_starts(&tallies[bucket], certain, possible);
        certain += is_seen && i > 0 && run.truth == GK_TRUE;
        possible += is_seen && i > 0 && steps[i - 1].value == GK_FALSE;
        add_stretch(groups, run, is_event, tallies, bucket);
    }
    add_starts(&tallies[bucket], certain, possible);
    return n_possible;
}

static size_t bucket_at(const struct groups *groups, int64_t tick)
{
    size_t low = 0, high = groups->buckets.n;

    while (high - low > 1) {
        size_t mid = low + (high - low) / 2;
        if (groups->ticks[mid] <= tick)
            low = mid;
        else
            high = mid;
    }
    return low;
}

static void add_start(const struct groups *groups, int64_t tick, struct tally *tallies)
{
    struct tally *tally = &tallies[bucket_at(groups, tick)];

    if (!tally->has_first || tick < tally->first)
        tally->first = tick;
    if (!tally->has_first || tick > tally->last)
        tally->last = tick;
    tally->has_first = true;
}

/* Up to where an open run is known to last: the newest row, or now. */
static int64_t open_end(const struct gk_query *query)
{
    int64_t newest = window_tick(query->meta.watermark, query->bound.tick_ns);

    return newest < query->window.now_tick ? newest : query->window.now_tick;
}

/* A run as far as its length counts for a bucket it touches. */
static void add_length(const struct gk_query *query, const struct groups *groups, const struct run *run,
                       bool is_certain, struct tally *tallies)
{
    bool is_endless;
    int64_t from = eval_run_start(&query->eval, run, &is_endless), to = run->to;

    if (to >= query->window.known_end) /* open: counted to the newest row when it is certain, to now else */
        to = is_certain ? open_end(query) : query->window.now_tick;
    for (size_t j = bucket_at(groups, run->from); j < groups->buckets.n && groups->ticks[j] < to; j++) {
        int64_t *longest = is_certain ? &tallies[j].longest : &tallies[j].possible_longest;
        if (to > groups->ticks[j] && from < groups->ticks[j + 1] && to - from > *longest)
            *longest = to - from;
    }
}

static void add_runs(const struct gk_query *query, const struct groups *groups, const gk_timeline *truth,
                     struct tally *tallies)
{
    const struct window *window = &query->window;
    struct run run, whole = {0, 0, GK_FALSE};
    size_t at = 0;

    while (eval_next_run(truth, window->a, window->b, &at, &run)) {
        if (run.truth == GK_TRUE && run.from >= window->a)
            add_start(groups, run.from, tallies);
        if (query->stmt->cond->is_event)
            continue;
        if (run.truth == GK_TRUE)
            add_length(query, groups, &run, true, tallies);
        bool goes_on = whole.truth != GK_FALSE && run.from == whole.to;
        whole = (struct run){goes_on ? whole.from : run.from, run.to, GK_UNKNOWN}; /* over certain and unknown */
        add_length(query, groups, &whole, false, tallies);
    }
}

static void put_value(struct gk_query *query, enum agg_kind kind, const struct tally *tally)
{
    int64_t known = tally->total - (tally->possible - tally->certain);
    struct rows *rows = &query->rows;

    switch (kind) {
    case AGG_DURATION:
        rows_put_number(rows, GK_TYPE_SECONDS, run_seconds(query, tally->certain));
        break;
    case AGG_SHARE:
        rows_put_number(rows, GK_TYPE_SHARE, known ? (double)tally->certain / (double)known : NAN);
        break;
    case AGG_COUNT:
        rows_put_count(rows, GK_TYPE_COUNT, tally->starts);
        break;
    case AGG_LONGEST:
        rows_put_number(rows, GK_TYPE_SECONDS, run_seconds(query, tally->longest));
        break;
    case AGG_FIRST:
    case AGG_LAST:
        if (!tally->has_first)
            rows_put_empty(rows);
        else
            rows_put_time(rows, run_time(query, kind == AGG_FIRST ? tally->first : tally->last));
        break;
    default:
        rows_put_number(rows, GK_TYPE_SHARE, tally->total ? (double)known / (double)tally->total : NAN);
    }
}

static void put_possible(struct gk_query *query, enum agg_kind kind, const struct tally *tally)
{
    struct rows *rows = &query->rows;

    if (kind == AGG_DURATION)
        rows_put_number(rows, GK_TYPE_SECONDS, run_seconds(query, tally->possible));
    else if (kind == AGG_SHARE)
        rows_put_number(rows, GK_TYPE_SHARE, tally->total ? (double)tally->possible / (double)tally->total : NAN);
    else if (kind == AGG_COUNT)
        rows_put_count(rows, GK_TYPE_COUNT, tally->possible_starts);
    else
        rows_put_number(rows, GK_TYPE_SECONDS, run_seconds(query, tally->possible_longest));
}

static int put_row(struct gk_query *query, const struct aggregate *own, size_t i)
{
    size_t group, bucket;
    bool has_coverage = false;
    int rc;

    groups_order(query, &own->groups, i, &group, &bucket);
    const struct tally *tally = &own->tallies[group * own->groups.buckets.n + bucket];
    TRY(run_begin_row(query));
    TRY(groups_put(query, &own->groups, group, bucket));
    for (const struct agg *agg = query->stmt->aggs; agg; agg = agg->next) {
        put_value(query, agg->kind, tally);
        has_coverage |= agg->kind == AGG_COVERAGE;
    }
    for (const struct agg *agg = query->stmt->aggs; agg; agg = agg->next)
        if (possible_name(agg->kind))
            put_possible(query, agg->kind, tally);
    if (!has_coverage)
        put_value(query, AGG_COVERAGE, tally);
    run_end_row(query);
done:
    return rc;
}

static int step(struct gk_query *query, bool *is_done)
{
    struct aggregate *own = query->own;
    size_t n = own->groups.buckets.n;
    const gk_timeline *truth;
    struct subject subject;
    int rc;

    TRY(run_next_subject(query, own->need, &subject, &truth, is_done));
    if (!*is_done && n) {
        struct tally *tallies = &own->tallies[own->groups.of[query->next - 1] * n];
        query->meta.n_possible += add_sums(&own->groups, truth, query->stmt->cond->is_event, tallies);
        if (own->needs_runs)
            add_runs(query, &own->groups, truth, tallies);
    }
    if (!*is_done)
        return GK_OK;
    query->meta.possible_s = run_seconds(query, query->unknown_ticks);
    for (size_t i = 0; i < own->groups.n * n; i++)
        TRY(put_row(query, own, i));
done:
    return rc;
}

const struct statement STATEMENT_AGGREGATE = {columns, start, step, run_end_condition};
