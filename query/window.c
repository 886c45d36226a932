/*
 * window.c - see window.h. A zone is a fixed offset, so civil time is a shift and days have 24 hours.
 */
#include "window.h"

#include <stdio.h>

#include "parser.h"

#define HOUR (3600 * GK_SECOND)
#define DAY  (24 * HOUR)

/*
 * Nanoseconds of 64 bits reach from 1677 to 2262, and from one end to the other not even their difference. Between
 * these years nothing overflows, whatever is added for durations, buckets and the end of a unit.
 */
#define YEARS_FROM (INT64_C(-8520336000) * GK_SECOND) /* 1700-01-01 */
#define YEARS_TO   (INT64_C(7258118400) * GK_SECOND)  /* 2200-01-01 */

static int64_t floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

int64_t window_tick(gk_time t, int64_t tick_ns)
{
    return floor_div(t, tick_ns);
}

/* ---- the calendar (days since 1970 to year, month, day and back; after Howard Hinnant's algorithms) ---- */

static int64_t days_of(int64_t year, int64_t month, int64_t day)
{
    year -= month <= 2;
    int64_t era = floor_div(year, 400), in_era = year - era * 400;
    int64_t in_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return era * 146097 + in_era * 365 + in_era / 4 - in_era / 100 + in_year - 719468;
}

static void civil_of(int64_t days, int64_t *year, int64_t *month, int64_t *day)
{
    days += 719468;
    int64_t era = floor_div(days, 146097), in_era = days - era * 146097;
    int64_t of_era = (in_era - in_era / 1460 + in_era / 36524 - in_era / 146096) / 365;
    int64_t in_year = in_era - (365 * of_era + of_era / 4 - of_era / 100);
    int64_t shifted = (5 * in_year + 2) / 153;

    *day = in_year - (153 * shifted + 2) / 5 + 1;
    *month = shifted + (shifted < 10 ? 3 : -9);
    *year = of_era + era * 400 + (*month <= 2);
}

/* The begin of the calendar unit that contains t, moved on by `n` units. */
static gk_time unit_start(gk_time t, int32_t zone_s, enum word unit, int64_t n)
{
    gk_time shift = zone_s * GK_SECOND, local = t + shift;
    int64_t days = floor_div(local, DAY), year, month, day;

    civil_of(days, &year, &month, &day);
    switch (unit) {
    case W_HOUR:
        return (floor_div(local, HOUR) + n) * HOUR - shift;
    case W_WEEK: /* 1970-01-01 was a Thursday */
        return (days - (days + 3 - floor_div(days + 3, 7) * 7) + 7 * n) * DAY - shift;
    case W_MONTH:
        month += n - 1;
        return days_of(year + floor_div(month, 12), month - floor_div(month, 12) * 12 + 1, 1) * DAY - shift;
    case W_YEAR:
        return days_of(year + n, 1, 1) * DAY - shift;
    default:
        return (days + n) * DAY - shift;
    }
}

gk_time window_earlier(gk_time t, int32_t zone_s, enum word unit)
{
    int64_t months = unit == W_YEAR ? 12 : 1;

    if (unit == W_HOUR || unit == W_DAY || unit == W_WEEK)
        return t - (unit == W_HOUR ? HOUR : unit == W_DAY ? DAY : 7 * DAY);
    gk_time moved = unit_start(t, zone_s, W_MONTH, -months) + (t - unit_start(t, zone_s, W_MONTH, 0));
    gk_time end = unit_start(t, zone_s, W_MONTH, 1 - months);
    return moved < end ? moved : end;
}

/* ---- windows ---- */

gk_time window_instant(gk_time now, int32_t zone_s, const struct token *token, gk_time literal)
{
    if (token->kind != T_WORD)
        return literal;
    if (token->word == W_NOW)
        return now;
    return unit_start(now, zone_s, W_DAY, token->word == W_TODAY ? 0 : -1);
}

static gk_time instant(const struct window_input *input, const struct token *token, gk_time literal)
{
    return window_instant(input->now, input->zone_s, token, literal);
}

static void choose(const struct window_input *input, struct window *out)
{
    const struct time_tail *time = &input->tail->time;
    gk_time now = input->now;
    int32_t zone = input->zone_s;

    out->from = now - DAY;
    out->to = now;
    switch (time->kind) {
    case TIME_DEFAULT:
        break;
    case TIME_LAST:
        out->from = now - time->ns;
        break;
    case TIME_TODAY:
        out->from = unit_start(now, zone, W_DAY, 0);
        out->to = out->from + DAY;
        break;
    case TIME_YESTERDAY:
        out->from = unit_start(now, zone, W_DAY, -1);
        out->to = out->from + DAY;
        break;
    case TIME_THIS_UNIT:
        out->from = unit_start(now, zone, time->unit, 0);
        out->to = unit_start(now, zone, time->unit, 1);
        break;
    case TIME_LAST_UNIT:
        out->from = unit_start(now, zone, time->unit, -1);
        out->to = unit_start(now, zone, time->unit, 0);
        break;
    case TIME_BETWEEN:
        out->from = instant(input, &time->a, time->from);
        out->to = instant(input, &time->b, time->to);
        break;
    case TIME_SINCE:
        out->from = instant(input, &time->a, time->from);
        break;
    case TIME_UNTIL:
        out->to = instant(input, &time->a, time->from);
        out->from = input->beginning < out->to ? input->beginning : out->to;
        break;
    case TIME_ON:
        out->from = unit_start(instant(input, &time->a, time->from), zone, W_DAY, 0);
        out->to = out->from + DAY;
        break;
    case TIME_NOW:
    case TIME_AT:
        out->from = time->kind == TIME_NOW ? now : instant(input, &time->a, time->from);
        out->is_instant = true;
        break;
    }
    if (time->has_clocks) { /* of a day; what ends before it begins ends on the next one */
        out->to = out->from + time->to_s * GK_SECOND + (time->to_s <= time->from_s ? DAY : 0);
        out->from += time->from_s * GK_SECOND;
    }
}

static const char YEARS_TEXT[] = "a window lies within the years 1700 to 2200";

static bool is_in_years(gk_time t)
{
    return t >= YEARS_FROM && t <= YEARS_TO;
}

int window_check_back(const struct window *window, int64_t ns, struct report *report, struct place place)
{
    gk_time from;

    if (__builtin_sub_overflow(window->from, ns, &from) || !is_in_years(from))
        return report_fail(report, GK_ERANGE, place, YEARS_TEXT);
    return GK_OK;
}

static int check_length(const struct window_input *input, const struct window *window, struct report *report)
{
    struct place place = input->tail->time.place;
    int64_t length;

    if (__builtin_sub_overflow(window->to, window->from, &length))
        return report_fail(report, GK_ELIMIT, place, "the window is longer than 292 years");
    if (input->max_ns >= 0 && length > input->max_ns)
        return report_fail(report, GK_ELIMIT, place, "the window is longer than max_window (%.0f d)",
                           (double)input->max_ns / (double)DAY);
    return GK_OK;
}

int window_make(const struct window_input *input, struct report *report, struct window *out)
{
    const struct time_tail *time = &input->tail->time;
    int rc;

    if (input->now < 0 || input->now > YEARS_TO)
        return report_fail(report, GK_ERANGE, time->place, "the clock is not within the years 1970 to 2200");
    *out = (struct window){.tick_ns = input->tick_ns, .now = input->now, .zone_s = input->zone_s};
    out->now_tick = window_tick(input->now, input->tick_ns);
    out->known_end = out->now_tick + 1;
    choose(input, out);
    if (!is_in_years(out->from) || !is_in_years(out->to))
        return report_fail(report, GK_ERANGE, time->place, YEARS_TEXT);
    if (out->is_instant) {
        out->a = window_tick(out->from, input->tick_ns);
        out->b = out->a + 1;
        out->to = out->b * input->tick_ns;
        out->is_cut = out->a > out->now_tick;
        return GK_OK;
    }
    if (out->to > input->now && time->kind != TIME_DEFAULT) {
        out->to = input->now;
        out->is_cut = true;
    }
    if (out->from > out->to)
        out->from = out->to;
    TRY(check_length(input, out, report));
    out->a = window_tick(out->from, input->tick_ns);
    out->b = window_tick(out->to, input->tick_ns);
done:
    return rc;
}

/* ---- buckets ---- */

enum bucket_kind bucket_kind_of(const struct tail *tail)
{
    if (tail->every_ns)
        return BUCKET_EVERY;
    for (size_t i = 0; i < tail->n_keys; i++)
        if (tail->keys[i] >= KEY_HOUR && tail->keys[i] != KEY_SHIFT)
            return (enum bucket_kind)(BUCKET_HOUR + (tail->keys[i] - KEY_HOUR));
    return BUCKET_WHOLE;
}

/* The begin of the bucket that contains t, and of the next one. */
static gk_time bucket_start(const struct window *window, const struct tail *tail, enum bucket_kind kind, gk_time t,
                            gk_time *next)
{
    static const enum word units[] = {W_NONE, W_HOUR, W_DAY, W_WEEK, W_MONTH};

    if (kind == BUCKET_WHOLE) {
        *next = window->to;
        return window->from;
    }
    if (kind ==
        BUCKET_EVERY) { /* counted from midnight of 1970-01-01 in the zone, so 1h and 1d fall on the calendar's */
        gk_time shift = window->zone_s * GK_SECOND - tail->offset_ns;
        gk_time start = floor_div(t + shift, tail->every_ns) * tail->every_ns - shift;
        *next = start + tail->every_ns;
        return start;
    }
    *next = unit_start(t, window->zone_s, units[kind], 1);
    return unit_start(t, window->zone_s, units[kind], 0);
}

gk_time window_bucket_start(const struct window *window, const struct tail *tail, gk_time t)
{
    gk_time next;

    return bucket_start(window, tail, bucket_kind_of(tail), t, &next);
}

gk_time window_bucket_end(const struct window *window, const struct tail *tail, gk_time t)
{
    gk_time next;

    (void)bucket_start(window, tail, bucket_kind_of(tail), t, &next);
    return next;
}

gk_time window_normal_end(const struct window *window, const struct tail *tail, gk_time from, gk_time to)
{
    gk_time shift = window->zone_s * GK_SECOND, end = to;

    if (tail->versus.kind == VERSUS_NORMAL && bucket_kind_of(tail) == BUCKET_HOUR)
        end = (floor_div(from + shift, DAY) + 1) * DAY - shift;
    else if (tail->versus.kind == VERSUS_NORMAL)
        end = window_bucket_end(window, tail, from);
    return end < to ? end : to;
}

int buckets_make(struct arena *arena, const struct window *window, const struct tail *tail, struct report *report,
                 struct buckets *out)
{
    gk_time next;
    size_t n = 0;

    out->kind = bucket_kind_of(tail);
    for (gk_time t = window->from; t < window->to; t = next, n++) {
        (void)bucket_start(window, tail, out->kind, t, &next);
        if (n == BUCKETS_MAX)
            return report_fail(report, GK_ELIMIT, tail->every_ns ? tail->every_place : tail->time.place,
                               "a window may have %d buckets", BUCKETS_MAX);
    }
    out->n = n;
    out->edges = arena_array(arena, n + 1, sizeof *out->edges);
    out->starts = arena_array(arena, n + 1, sizeof *out->starts);
    if (!out->edges || !out->starts)
        return arena_status(arena);
    gk_time t = window->from;
    for (size_t i = 0; i < n; i++, t = next) {
        out->edges[i] = t;
        out->starts[i] = bucket_start(window, tail, out->kind, t, &next);
    }
    out->edges[n] = window->to;
    return GK_OK;
}

char *bucket_text(struct arena *arena, const struct window *window, enum bucket_kind kind, gk_time start)
{
    int64_t year, month, day;

    civil_of(floor_div(start + window->zone_s * GK_SECOND, DAY), &year, &month, &day);
    if (kind == BUCKET_MONTH)
        return arena_printf(arena, "%04d-%02d", (int)year, (int)month);
    return arena_printf(arena, "%04d-%02d-%02d", (int)year, (int)month, (int)day);
}
