/*
 * tally.c - sums of the truth of a condition: `duration, share, count, longest, first, last, coverage of COND`.
 *
 *     duration   seconds of certain truth inside the bucket        share      that, of the time that is known
 *     count      certain runs that begin in the bucket             longest    of those that touch it, unclipped
 *     first,last when the first and the last of the counted begin  coverage   known time, of all
 *
 * Sums run over the subjects of a group. Beside duration, share, count and longest stands what is possible.
 */
#include <math.h>
#include <string.h>

#include "parser.h"
#include "versus.h"

/* The sum into which a slice counts; NULL: into none. */
static struct tally *tally_at(const struct slices *slices, size_t i, struct tally *tallies)
{
    size_t cell = slices_cell(slices, i);

    return cell == SIZE_MAX ? NULL : &tallies[cell];
}

/* Pruned subjects count as known, too. */
static int add_totals(struct gk_query *query, struct pass *pass)
{
    struct slices *slices = &pass->slices;
    int rc = GK_OK;

    for (size_t i = 0; i < query->scope.n; i++) {
        struct tally *tallies = &pass->out->tallies[pass->groups->of[i] * pass->groups->width], *tally;
        TRY(slices_begin(query, pass->groups, query->scope.list[i], slices));
        do {
            for (size_t j = 0; j < slices->n; j++)
                if ((tally = tally_at(slices, j, tallies)))
                    tally->total += (double)(slices->ticks[j + 1] - slices->ticks[j]);
        } while (slices_next(query, slices));
    }
done:
    return rc;
}

int tally_start(struct gk_query *query, struct pass *pass)
{
    const struct source *source = pass->run->source;
    size_t n = pass->groups->width;
    int rc;

    TRY(run_start_source(query, source->bound, source->cond, pass->n_normal == 0));
    TRY(groups_find(query, pass->groups));
    pass->out->tallies = arena_array(&query->memory, pass->groups->n * n + 1, sizeof *pass->out->tallies);
    pass->day.tallies = arena_array(&query->memory, n + 1, sizeof *pass->day.tallies);
    if (!pass->out->tallies || !pass->day.tallies)
        return arena_status(&query->memory);
    if (pass->n_normal == 0)
        TRY(add_totals(query, pass));
done:
    return rc;
}

/* The ticks of a stretch of one truth that begins in slice `at`. */
static void add_stretch(const struct slices *slices, struct run run, bool is_event, struct tally *tallies, size_t at)
{
    for (int64_t from = run.from; from < run.to; at++) {
        int64_t to = run.to < slices->ticks[at + 1] ? run.to : slices->ticks[at + 1];
        if (from >= to)
            continue; /* an empty slice */
        struct tally *tally = tally_at(slices, at, tallies);
        bool is_certain = run.truth == GK_TRUE;
        if (tally) {
            tally->certain += is_certain && !is_event ? (double)(to - from) : 0; /* moments have no length */
            tally->possible += is_certain && is_event ? 0 : (double)(to - from);
        }
        from = to;
    }
}

/* The starts of a subject in one slice. What begins certainly begins possibly, though it was unknown before. */
static void add_starts(struct tally *tally, int64_t certain, int64_t possible)
{
    if (!tally)
        return;
    tally->starts += (double)certain;
    tally->possible_starts += (double)(possible > certain ? possible : certain);
}

/* Sums of all slices in one sweep; returns how many stretches are only possible. */
static uint64_t add_sums(const struct slices *slices, const gk_timeline *truth, bool is_event, struct tally *tallies)
{
    size_t n, at = 0, slice = 0;
    const struct gk_step *steps = gk_timeline_steps(truth, &n);
    int64_t begin = slices->ticks[0], end = slices->ticks[slices->n];
    int64_t certain = 0, possible = 0; /* starts in the slice */
    uint64_t n_possible = 0;
    struct run run;

    while (eval_next_run(truth, begin, end, &at, &run)) {
        size_t i = at - 1; /* the step at which the run begins */
        bool is_seen = run.from >= begin;
        run.from = is_seen ? run.from : begin;
        run.to = run.to < end ? run.to : end;
        n_possible += run.truth == GK_UNKNOWN;
        for (; slices->ticks[slice + 1] <= run.from; slice++, certain = possible = 0)
            add_starts(tally_at(slices, slice, tallies), certain, possible);
        certain += is_seen && i > 0 && run.truth == GK_TRUE;
        possible += is_seen && i > 0 && steps[i - 1].value == GK_FALSE;
        add_stretch(slices, run, is_event, tallies, slice);
    }
    add_starts(tally_at(slices, slice, tallies), certain, possible);
    return n_possible;
}

static void add_start(const struct slices *slices, int64_t tick, struct tally *tallies)
{
    struct tally *tally = tally_at(slices, slices_find(slices, tick), tallies);

    if (!tally)
        return;
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

/* A run as far as its length counts for a slice it touches. */
static void add_length(const struct gk_query *query, const struct slices *slices, const struct run *run,
                       bool is_certain, struct tally *tallies)
{
    bool is_endless;
    int64_t from = eval_run_start(&query->eval, run, &is_endless), to = run->to;

    if (to >= query->window.known_end) /* open: counted to the newest row when it is certain, to now else */
        to = is_certain ? open_end(query) : query->window.now_tick;
    for (size_t j = slices_find(slices, run->from); j < slices->n && slices->ticks[j] < to; j++) {
        struct tally *tally = tally_at(slices, j, tallies);
        bool is_empty = slices->ticks[j] == slices->ticks[j + 1];
        if (!tally || is_empty || to <= slices->ticks[j] || from >= slices->ticks[j + 1])
            continue;
        int64_t *longest = is_certain ? &tally->longest : &tally->possible_longest;
        if (to - from > *longest)
            *longest = to - from;
    }
}

static void add_runs(const struct gk_query *query, const struct slices *slices, const gk_timeline *truth, bool is_event,
                     struct tally *tallies)
{
    const struct window *window = &query->window;
    struct run run, whole = {0, 0, GK_FALSE};
    size_t at = 0;

    while (eval_next_run(truth, window->a, window->b, &at, &run)) {
        if (run.truth == GK_TRUE && run.from >= window->a)
            add_start(slices, run.from, tallies);
        if (is_event)
            continue;
        if (run.truth == GK_TRUE)
            add_length(query, slices, &run, true, tallies);
        if (whole.truth != GK_FALSE && run.from < whole.to)
            continue;
        whole = eval_whole_run(truth, at);
        add_length(query, slices, &whole, false, tallies);
    }
}

/* ---- normal days ---- */

/* What the pieces of one day say, into the sums of the day. */
static int add_day(struct gk_query *query, struct pass *pass, size_t number, const struct pieces *pieces)
{
    bool is_event = pass->run->source->cond->is_event;
    struct window *window = &query->window;
    const gk_timeline *truth;
    int rc;

    window->from = pieces->list[0].from;
    window->to = pieces->list[pieces->n - 1].to;
    window->a = window_tick(window->from, window->tick_ns);
    window->b = window_tick(window->to, window->tick_ns);
    TRY(eval_subject(&query->eval, query->scope.list[number], EVAL_INSIDE, &truth));
    for (size_t i = 0; i < pieces->n; i++) {
        struct tally *tally = &pass->day.tallies[pieces->list[i].cell];
        int64_t a = window_tick(pieces->list[i].from, window->tick_ns);
        int64_t b = window_tick(pieces->list[i].to, window->tick_ns);
        struct gk_measure measure = {0};
        gk_timeline_measure(truth, a, b, &measure);
        tally->certain += is_event ? 0 : (double)measure.certain;
        tally->possible += (double)(is_event ? measure.possible - measure.certain : measure.possible);
        tally->total += (double)(b - a);
        add_starts(tally, (int64_t)measure.certain_starts, (int64_t)measure.possible_starts);
    }
done:
    return rc;
}

/* Adds the day, of which n make one, when at least half of it is known. */
static bool take_day(struct pass *pass, size_t number)
{
    size_t n = pass->groups->width;
    struct tally *day = pass->day.tallies, *to = &pass->out->tallies[pass->groups->of[number] * n];
    double unknown = 0, total = 0;

    for (size_t j = 0; j < n; j++) {
        unknown += day[j].possible - day[j].certain;
        total += day[j].total;
    }
    for (size_t j = 0; unknown <= total / 2 && j < n; j++) {
        double weight = 1 / (double)pass->n_normal;
        to[j].certain += day[j].certain * weight;
        to[j].possible += day[j].possible * weight;
        to[j].total += day[j].total * weight;
        to[j].starts += day[j].starts * weight;
        to[j].possible_starts += day[j].possible_starts * weight;
    }
    memset(day, 0, n * sizeof *day);
    return unknown <= total / 2;
}

static void lack(struct pass *pass, size_t number)
{
    struct tally *tallies = &pass->out->tallies[pass->groups->of[number] * pass->groups->width];

    for (size_t i = 0; i < pass->pieces.n; i++) {
        size_t cell = pass->pieces.list[i].cell;
        if (i == 0 || cell != pass->pieces.list[i - 1].cell)
            tallies[cell].n_lacking++;
    }
}

static int add_normal(struct gk_query *query, struct pass *pass)
{
    static const struct normal_days days = {add_day, take_day, lack};
    const struct window window = query->window;
    size_t number = query->next++, n_lacking = pass->run->n_lacking;
    int rc;

    TRY(slices_begin(query, pass->groups, query->scope.list[number], &pass->slices));
    do {
        TRY(pieces_of_slices(query, &pass->slices, &pass->pieces));
        rc = versus_normal(query, pass, number, &days);
        query->window = window; /* days were looked at through other ones */
    } while (rc == GK_OK && slices_next(query, &pass->slices));
    if (pass->run->n_lacking > n_lacking)
        pass->run->n_lacking = n_lacking + 1; /* a subject, in however many cuts */
done:
    return rc;
}

/* ---- one subject after the other ---- */

int tally_step(struct gk_query *query, struct pass *pass, bool *is_done)
{
    const struct source_run *run = pass->run;
    struct slices *slices = &pass->slices;
    enum eval_need need = run->has_longest ? EVAL_POSSIBLE : EVAL_INSIDE;
    bool is_event = run->source->cond->is_event;
    const gk_timeline *truth;
    struct subject subject;
    uint64_t n_possible = 0;
    int rc;

    if (pass->n_normal) {
        *is_done = query->next >= query->scope.n;
        return *is_done ? GK_OK : add_normal(query, pass);
    }
    TRY(run_next_subject(query, need, &subject, &truth, is_done));
    if (*is_done || pass->groups->width == 0)
        return GK_OK;
    struct tally *tallies = &pass->out->tallies[pass->groups->of[query->next - 1] * pass->groups->width];
    TRY(slices_begin(query, pass->groups, subject, slices));
    do {
        n_possible = slices->n ? add_sums(slices, truth, is_event, tallies) : 0;
        if (run->has_runs && slices->n)
            add_runs(query, slices, truth, is_event, tallies);
    } while (slices_next(query, slices));
    query->meta.n_possible += n_possible; /* each cut is of the whole window */
done:
    return rc;
}

/* ---- numbers ---- */

static double share(double part, double whole)
{
    return whole > 0 ? part / whole : NAN;
}

double tally_number(const struct gk_query *query, enum agg_kind kind, const struct tally *tally)
{
    double known = tally->total - (tally->possible - tally->certain), second = (double)query->bound.tick_ns / 1e9;

    if (tally->n_lacking || !(tally->total > 0)) /* nobody, or no time */
        return NAN;
    switch (kind) {
    case AGG_DURATION:
        return tally->certain * second;
    case AGG_SHARE:
        return share(tally->certain, known);
    case AGG_COUNT:
        return tally->starts;
    case AGG_LONGEST:
        return (double)tally->longest * second;
    default:
        return share(known, tally->total);
    }
}

double tally_possible(const struct gk_query *query, enum agg_kind kind, const struct tally *tally)
{
    double second = (double)query->bound.tick_ns / 1e9;

    switch (kind) {
    case AGG_DURATION:
        return tally->possible * second;
    case AGG_SHARE:
        return share(tally->possible, tally->total);
    case AGG_COUNT:
        return tally->possible_starts;
    default:
        return (double)tally->possible_longest * second;
    }
}
