/*
 * sim_plan.c - when everybody worked, and what went wrong.
 *
 *     shifts of a line ──> runs ──> curves of its production ──> when abatement is needed ──> curve of the abatement
 *        orders, declared stops ──^        order_ignored <──┘         faults are cut out ──^        └──> abate_*
 *
 * Curves first, truths from the curves: a truth is never what was meant, always what can be seen.
 */
#include "sim_zone.h"

#include <assert.h>
#include <stdlib.h>

#include "sim_random.h"
#include "tool.h"

#define ANY_LEVEL 99.0 /* above every share of rated */

static void add_truth(struct sim_zone *zone, const char *kind, uint32_t facility, struct span span)
{
    zone->truths = tool_resize(zone->truths, zone->n_truths + 1, sizeof *zone->truths);
    zone->truths[zone->n_truths++] = (struct sim_truth){kind, facility, span.from, span.to};
}

/* Nothing may be missing near a violation, so that what is true can be found. */
static void protect(struct sim_zone *zone, uint32_t facility, struct span span)
{
    int64_t margin = 3 * SIM_MINUTE + 2 * zone->config.interval_ms;
    struct sim_facility *f = &zone->facilities[facility];

    spans_add(&f->kept, span.from - 20 * SIM_MINUTE, span.to + 20 * SIM_MINUTE);
    spans_add(&f->sharp, span.from - margin, span.from + margin);
    spans_add(&f->sharp, span.to - margin, span.to + margin);
}

/* ---- orders and declared stops ---- */

static void plan_orders(struct sim_zone *zone)
{
    struct stream stream = stream_of(zone->config.seed, STREAM_ORDERS, 0);
    int64_t first = zone->config.n_days > 1 ? stream_between(&stream, 22, 30) : 7;

    for (int64_t at = zone->from + first * SIM_HOUR; at < zone->to - 6 * SIM_HOUR;) {
        int64_t to = at + stream_between(&stream, 8, 30) * SIM_HOUR;
        int level = (int)stream_between(&stream, 2, 3);

        /* Group A is the strictest: an order reaches the next group one level milder. */
        for (int group = 0; group < level; group++) {
            zone->orders = tool_resize(zone->orders, zone->n_orders + 1, sizeof *zone->orders);
            zone->orders[zone->n_orders++] =
                (struct sim_order){(char)('A' + group), level - group, at, to < zone->to ? to : zone->to};
        }
        at = to + stream_between(&stream, 48, 120) * SIM_HOUR;
    }
}

/* Adds when the orders of its group bind a line, each from `delay` after its start on. */
static void binding_orders(const struct sim_zone *zone, const struct sim_line *line, int64_t delay, struct spans *out)
{
    for (size_t i = 0; i < zone->n_orders && line->stop_level > 0; i++) {
        const struct sim_order *order = &zone->orders[i];

        if (order->group == zone->enterprises[line->enterprise].group && order->level >= line->stop_level)
            spans_add(out, order->from + delay, order->to);
    }
    spans_merge(out, 0);
}

static void add_exemption(struct sim_zone *zone, uint32_t line, int64_t from, int64_t to)
{
    zone->exemptions = tool_resize(zone->exemptions, zone->n_exemptions + 1, sizeof *zone->exemptions);
    zone->exemptions[zone->n_exemptions++] = (struct sim_exemption){line, from, to};
}

/* The shifts of a line; a line that works around the clock has a declared stop now and then. */
static void plan_shifts(struct sim_zone *zone, uint32_t index, struct spans *runs)
{
    struct stream stream = stream_of(zone->config.seed, STREAM_SHIFTS, index);
    int shift = zone->lines[index].shift;

    for (int64_t day = zone->from; day < zone->to; day += SIM_DAY) {
        int64_t early = stream_between(&stream, -20, 20) * SIM_MINUTE,
                late = stream_between(&stream, -30, 40) * SIM_MINUTE;
        int64_t stop = day + stream_between(&stream, 6, 14) * SIM_HOUR, hours = stream_between(&stream, 2, 5);
        bool is_stopped = stream_chance(&stream, 0.15);

        if (shift == 0) {
            spans_add(runs, day + 8 * SIM_HOUR + early, day + 18 * SIM_HOUR + late);
        } else if (shift == 1) {
            spans_add(runs, day + 6 * SIM_HOUR + early, day + 22 * SIM_HOUR + late);
        } else if (is_stopped) {
            spans_add(runs, day, stop);
            spans_add(runs, stop + hours * SIM_HOUR, day + SIM_DAY);
            add_exemption(zone, index, stop, stop + hours * SIM_HOUR);
        } else {
            spans_add(runs, day, day + SIM_DAY);
        }
    }
    spans_merge(runs, 0);
}

/* ---- production ---- */

/* Work between two times: load, breaks at no load, load; returns the load it ends with. */
static double plan_work(struct curve *curve, struct stream *stream, int64_t from, int64_t to, double load, double idle)
{
    int64_t up = stream_between(stream, 30, 90) * 1000, down = stream_between(stream, 20, 60) * 1000;

    for (;;) {
        int64_t pause = from + stream_between(stream, 90, 240) * SIM_MINUTE;
        int64_t again = pause + stream_between(stream, 15, 50) * SIM_MINUTE;

        if (again + 60 * SIM_MINUTE > to)
            break;
        curve_add(curve, from, pause, load, load, true);
        curve_add(curve, pause, pause + down, load, idle, false);
        curve_add(curve, pause + down, again, idle, idle, false);
        load = stream_real(stream, 0.6, 0.95);
        curve_add(curve, again, again + up, idle, load, false);
        from = again + up;
    }
    curve_add(curve, from, to, load, load, true);
    return load;
}

static void plan_production(const struct sim_zone *zone, uint32_t index, const struct spans *runs)
{
    struct sim_facility *facility = &zone->facilities[index];
    struct stream stream = stream_of(zone->config.seed, STREAM_LOAD, index);

    for (size_t i = 0; i < runs->n; i++) {
        bool starts = runs->v[i].from > zone->from, stops = runs->v[i].to < zone->to;
        int64_t from = runs->v[i].from + (starts ? stream_between(&stream, 0, 240) * 1000 : 0);
        int64_t to = runs->v[i].to - (stops ? stream_between(&stream, 0, 240) * 1000 : 0);
        int64_t warm = stream_between(&stream, 180, 720) * 1000, up = stream_between(&stream, 30, 90) * 1000;
        int64_t down = stream_between(&stream, 20, 60) * 1000;
        double idle = stream_real(&stream, 0.08, 0.15), load = stream_real(&stream, 0.6, 0.95);

        if (to - from < 40 * SIM_MINUTE)
            continue;
        if (starts) {
            curve_add(&facility->curve, from, from + 1500, 1.5, 1.5, false); /* inrush */
            curve_add(&facility->curve, from + 1500, from + warm, idle, idle, false);
            curve_add(&facility->curve, from + warm, from + warm + up, idle, load, false);
            from += warm + up;
        }
        load = plan_work(&facility->curve, &stream, from, stops ? to - down : to, load, idle);
        if (stops)
            curve_add(&facility->curve, to - down, to, load, 0, false);
    }
    curve_where(&facility->curve, SIM_PRODUCTION_ON, ANY_LEVEL, &facility->on);
}

/* Whether something is too long to be harmless and too short to be a violation. */
static bool is_doubtful(const struct spans *spans)
{
    for (size_t i = 0; i < spans->n; i++) {
        int64_t length = spans->v[i].to - spans->v[i].from;

        if (length > SIM_HARMLESS_MAX_MS && length < SIM_VIOLATION_MIN_MS)
            return true;
    }
    return false;
}

/* The production of a line under its orders; false when an ignored order would leave a doubtful case, and nothing is
 * kept. */
static bool plan_line_production(struct sim_zone *zone, uint32_t line, const struct spans *runs,
                                 const struct spans *bound)
{
    const struct sim_enterprise *enterprise = &zone->enterprises[zone->lines[line].enterprise];
    uint32_t end = enterprise->first_facility + enterprise->n_facilities;
    bool is_clear = true;

    for (uint32_t i = enterprise->first_facility; i < end; i++) {
        struct sim_facility *facility = &zone->facilities[i];
        struct spans ignored = {0};

        if (facility->is_abatement || facility->line != line)
            continue;
        plan_production(zone, i, runs);
        spans_and(&ignored, &facility->on, bound);
        is_clear = is_clear && !is_doubtful(&ignored);
        spans_clear(&ignored);
    }
    for (uint32_t i = enterprise->first_facility; i < end && !is_clear; i++) {
        if (zone->facilities[i].line == line) {
            curve_clear(&zone->facilities[i].curve);
            spans_clear(&zone->facilities[i].on);
        }
    }
    return is_clear;
}

static void find_ignored_orders(struct sim_zone *zone, uint32_t line, const struct spans *bound)
{
    for (uint32_t i = 0; i < zone->n_facilities; i++) {
        struct sim_facility *facility = &zone->facilities[i];
        struct spans ignored = {0};

        if (facility->is_abatement || facility->line != line)
            continue;
        spans_and(&ignored, &facility->on, bound);
        for (size_t j = 0; j < ignored.n; j++)
            if (ignored.v[j].to - ignored.v[j].from >= SIM_VIOLATION_MIN_MS) {
                add_truth(zone, "order_ignored", i, ignored.v[j]);
                protect(zone, i, ignored.v[j]);
            }
        spans_clear(&ignored);
    }
}

static void plan_line(struct sim_zone *zone, uint32_t index)
{
    struct sim_line *line = &zone->lines[index];
    struct stream stream = stream_of(zone->config.seed, STREAM_ORDERS, index + 1);
    bool ignores = stream_chance(&stream, zone->config.violation_rate);
    struct spans shifts = {0}, stops = {0}, bound = {0};

    plan_shifts(zone, index, &shifts);
    binding_orders(zone, line, SIM_ORDER_GRACE_MS, &bound);
    binding_orders(zone, line, stream_between(&stream, 5, 20) * SIM_MINUTE, &stops);
    if (!ignores || !plan_line_production(zone, index, &shifts, &bound)) {
        spans_without(&line->runs, &shifts, &stops);
        bool is_clear = plan_line_production(zone, index, &line->runs, &bound);

        assert(is_clear);
        (void)is_clear;
    }
    find_ignored_orders(zone, index, &bound);
    spans_clear(&shifts);
    spans_clear(&stops);
    spans_clear(&bound);
}

/* ---- abatement ---- */

struct need {
    struct spans exact;  /* some production it serves is on */
    struct spans runs;   /* the same without the blink of an inrush: what a shift would call needed */
    struct spans wanted; /* when it ought to run: earlier and later than needed */
};

static void need_clear(struct need *need)
{
    spans_clear(&need->exact);
    spans_clear(&need->runs);
    spans_clear(&need->wanted);
}

static void find_need(const struct sim_zone *zone, const struct sim_facility *facility, struct stream *stream,
                      struct need *need)
{
    for (size_t i = 0; i < facility->n_serves; i++) {
        const struct sim_facility *production = &zone->facilities[facility->serves[i]];
        struct spans drawn = {0};

        spans_join(&need->exact, &production->on);
        for (size_t j = 0; j < production->curve.n; j++)
            spans_add(&drawn, production->curve.v[j].from, production->curve.v[j].to);
        spans_merge(&drawn, 0);
        for (size_t j = 0; j < drawn.n; j++)
            spans_add(&need->wanted, drawn.v[j].from - stream_between(stream, 180, 480) * 1000,
                      drawn.v[j].to + stream_between(stream, 360, 900) * 1000);
        spans_clear(&drawn);
    }
    spans_merge(&need->exact, 0);
    spans_merge(&need->wanted, 40 * SIM_MINUTE);
    for (size_t i = 0; i < need->exact.n; i++)
        if (need->exact.v[i].to - need->exact.v[i].from > SIM_MINUTE)
            spans_add(&need->runs, need->exact.v[i].from, need->exact.v[i].to);
}

enum fault { FAULT_OFF, FAULT_LATE, FAULT_EARLY, FAULT_LOW };

/* Chooses at most one fault for a run of need: what is cut out of the wanted time, or where the load is low. */
static void plan_fault(const struct sim_zone *zone, const struct need *need, size_t i, struct stream *stream,
                       struct spans *cut, struct spans *low)
{
    const struct span *run = &need->runs.v[i];
    int64_t length = run->to - run->from, margin = 30 * SIM_MINUTE;
    bool is_wrong = stream_chance(stream, zone->config.violation_rate);
    enum fault fault = (enum fault)stream_between(stream, FAULT_OFF, FAULT_LOW);
    int64_t lasts = stream_between(stream, 15 * 60, 60 * 60) * 1000 + stream_between(stream, 0, 999);
    double part = stream_real(stream, 0, 1);

    if (!is_wrong || length < 110 * SIM_MINUTE)
        return;
    if (fault == FAULT_LATE &&
        (run->from < zone->from + 2 * SIM_HOUR || spans_meet(&need->runs, run->from - margin, run->from)))
        fault = FAULT_OFF; /* it was needed just before: nothing to start late for */
    if (fault == FAULT_EARLY &&
        (run->to > zone->to - 2 * SIM_HOUR || spans_meet(&need->runs, run->to, run->to + margin)))
        fault = FAULT_LOW;

    int64_t middle = run->from + 20 * SIM_MINUTE + (int64_t)(part * (double)(length - lasts - 40 * SIM_MINUTE));

    if (fault == FAULT_LATE)
        spans_add(cut, run->from - 25 * SIM_MINUTE, run->from + lasts);
    else if (fault == FAULT_EARLY)
        spans_add(cut, run->to - lasts, run->to + 25 * SIM_MINUTE);
    else
        spans_add(fault == FAULT_LOW ? low : cut, middle, middle + lasts);
}

/* One stretch of running: inrush, a quick ramp, work, with the times of low load in it, a quick end. */
static void plan_running(const struct sim_zone *zone, struct curve *curve, struct stream *stream,
                         const struct span *span, const struct spans *low)
{
    int64_t from = span->from, to = span->to < zone->to ? span->to - 20000 : zone->to;
    double work = stream_real(stream, 0.55, 0.9);

    if (from > zone->from) {
        curve_add(curve, from, from + 1200, 1.4, 1.4, false);
        curve_add(curve, from + 1200, from + 12000, 0.3, work, false);
        from += 12000;
    } else {
        from = zone->from;
    }
    for (size_t i = 0; i < low->n; i++) {
        const struct span *l = &low->v[i];
        double little = stream_real(stream, 0.26, 0.36);

        if (l->from < from + SIM_MINUTE || l->to + SIM_MINUTE > to)
            continue;
        curve_add(curve, from, l->from, work, work, true);
        curve_add(curve, l->from, l->from + 10000, work, little, false);
        curve_add(curve, l->from + 10000, l->to, little, little, true);
        curve_add(curve, l->to, l->to + 10000, little, work, false);
        from = l->to + 10000;
    }
    curve_add(curve, from, to, work, work, true);
    if (span->to < zone->to)
        curve_add(curve, to, to + 20000, work, 0, false);
}

/* Off in a run of need: at its start, at its end, or between. */
static const char *kind_of(const struct spans *runs, const struct span *span)
{
    for (size_t i = 0; i < runs->n; i++) {
        bool starts = runs->v[i].from == span->from, ends = runs->v[i].to == span->to;

        if (starts && !ends)
            return "abate_late_start";
        if (ends && !starts)
            return "abate_early_stop";
    }
    return "abate_off";
}

static void add_abatement_truth(struct sim_zone *zone, uint32_t index, const char *kind, struct span span)
{
    const struct sim_facility *facility = &zone->facilities[index];

    add_truth(zone, kind, index, span);
    protect(zone, index, span);
    for (size_t i = 0; i < facility->n_serves; i++)
        protect(zone, facility->serves[i], span);
}

static void find_abatement_truths(struct sim_zone *zone, uint32_t index, const struct need *need)
{
    struct sim_facility *facility = &zone->facilities[index];
    struct spans low = {0}, off_needed = {0}, low_needed = {0};

    curve_where(&facility->curve, SIM_ABATEMENT_ON, ANY_LEVEL, &facility->on);
    curve_where(&facility->curve, SIM_ABATEMENT_ON, SIM_ABATEMENT_LOW, &low);
    spans_without(&off_needed, &need->exact, &facility->on);
    spans_and(&low_needed, &need->exact, &low);
    assert(!is_doubtful(&off_needed) && !is_doubtful(&low_needed));
    for (size_t i = 0; i < off_needed.n; i++)
        if (off_needed.v[i].to - off_needed.v[i].from >= SIM_VIOLATION_MIN_MS)
            add_abatement_truth(zone, index, kind_of(&need->runs, &off_needed.v[i]), off_needed.v[i]);
    for (size_t i = 0; i < low_needed.n; i++)
        if (low_needed.v[i].to - low_needed.v[i].from >= SIM_VIOLATION_MIN_MS)
            add_abatement_truth(zone, index, "abate_low_load", low_needed.v[i]);
    spans_clear(&low);
    spans_clear(&off_needed);
    spans_clear(&low_needed);
}

static void plan_abatement(struct sim_zone *zone, uint32_t index)
{
    struct sim_facility *facility = &zone->facilities[index];
    struct stream stream = stream_of(zone->config.seed, STREAM_FAULTS, index);
    struct need need = {{0}, {0}, {0}};
    struct spans cut = {0}, low = {0}, running = {0};

    find_need(zone, facility, &stream, &need);
    for (size_t i = 0; i < need.runs.n; i++)
        plan_fault(zone, &need, i, &stream, &cut, &low);
    spans_merge(&cut, 0);
    spans_without(&running, &need.wanted, &cut);
    for (size_t i = 0; i < running.n; i++)
        if (running.v[i].to - running.v[i].from >= 3 * SIM_MINUTE && running.v[i].to > zone->from &&
            running.v[i].from < zone->to)
            plan_running(zone, &facility->curve, &stream, &running.v[i], &low);
    find_abatement_truths(zone, index, &need);
    need_clear(&need);
    spans_clear(&cut);
    spans_clear(&low);
    spans_clear(&running);
}

static int by_time(const void *a, const void *b)
{
    const struct sim_truth *x = a, *y = b;

    if (x->from != y->from)
        return x->from < y->from ? -1 : 1;
    return x->facility < y->facility ? -1 : x->facility > y->facility;
}

void sim_plan(struct sim_zone *zone)
{
    plan_orders(zone);
    for (uint32_t i = 0; i < zone->n_lines; i++)
        plan_line(zone, i);
    for (uint32_t i = 0; i < zone->n_facilities; i++)
        if (zone->facilities[i].is_abatement)
            plan_abatement(zone, i);
    if (zone->n_truths > 1)
        qsort(zone->truths, zone->n_truths, sizeof *zone->truths, by_time);
}

/* ---- what the meters and gateways missed ---- */

static void plan_outages(struct sim_zone *zone, uint32_t index)
{
    struct stream stream = stream_of(zone->config.seed, STREAM_OUTAGES, index);
    struct spans *outages = &zone->enterprises[index].outages;

    for (int64_t day = zone->from; day < zone->to; day += SIM_DAY) {
        int64_t from = day + stream_between(&stream, 0, 20 * 3600) * 1000,
                lasts = stream_between(&stream, 10, 120) * SIM_MINUTE;

        if (stream_chance(&stream, 0.15))
            spans_add(outages, from, from + lasts);
    }
    spans_merge(outages, 0);
}

static void plan_blind(struct sim_zone *zone, uint32_t index)
{
    struct stream stream = stream_of(zone->config.seed, STREAM_BLIND, index);
    struct sim_facility *facility = &zone->facilities[index];

    for (int64_t day = zone->from; day < zone->to; day += SIM_DAY) {
        int64_t from = day + stream_between(&stream, 0, 86399) * 1000,
                to = from + stream_between(&stream, 20, 240) * SIM_MINUTE;

        if (stream_chance(&stream, 0.06) && !spans_meet(&facility->kept, from, to))
            spans_add(&facility->blind, from, to);
    }
    spans_merge(&facility->blind, 0);
}

void sim_gaps(struct sim_zone *zone)
{
    for (uint32_t i = 0; i < zone->n_facilities; i++) {
        spans_merge(&zone->facilities[i].kept, 0);
        spans_merge(&zone->facilities[i].sharp, 0);
        if (!zone->config.is_clean)
            plan_blind(zone, i);
    }
    for (uint32_t i = 0; i < zone->n_enterprises && !zone->config.is_clean; i++)
        plan_outages(zone, i);
}
