/*
 * days.c - see naive.h. Days of the week, hours of every day, and what a calendar says of a facility on a day: painted
 * day by day.
 */
#include "naive/naive.h"

#define DAY  (86400 * GK_SECOND)
#define EAST (28800 * GK_SECOND) /* the zone's offset */

static int64_t day_of(const struct zone *zone, int64_t tick)
{
    return (tick * zone->tick + EAST) / DAY;
}

static gk_time midnight_of(int64_t day)
{
    return day * DAY - EAST;
}

/* From Monday on: 1970-01-01 was a Thursday. */
static int in_week(int64_t day)
{
    return (int)((day + 3) % 7);
}

/* The ticks of [from, to), as far as they are in [low, high). */
static void paint(const struct zone *zone, gk_time from, gk_time to, int64_t low, int64_t high, const struct span *span,
                  truth *out)
{
    int64_t a = zone_tick(zone, from), b = zone_tick(zone, to);

    span_paint(span, a > low ? a : low, b < high ? b : high, 2, out);
}

static int64_t last_day(const struct zone *zone, const struct span *span)
{
    return day_of(zone, span->first + span->n) + 1;
}

/* Hours that end before they begin cross midnight, and belong to the day on which they begin. */
static void hours_of_day(int64_t day, int from_s, int to_s, gk_time *from, gk_time *to)
{
    *from = midnight_of(day) + from_s * GK_SECOND;
    *to = midnight_of(to_s <= from_s ? day + 1 : day) + to_s * GK_SECOND;
}

static void paint_hours_of(const struct zone *zone, int64_t day, int from_s, int to_s, int64_t low, int64_t high,
                           const struct span *span, truth *out)
{
    gk_time from, to;

    hours_of_day(day, from_s, to_s, &from, &to);
    paint(zone, from, to, low, high, span, out);
}

void hours_paint(const struct zone *zone, int from_s, int to_s, int64_t low, int64_t high, const struct span *span,
                 truth *out)
{
    for (int64_t day = day_of(zone, span->first) - 1; day <= last_day(zone, span); day++)
        paint_hours_of(zone, day, from_s, to_s, low, high, span, out);
}

/* Days from midnight to midnight, or what lies in them of the hours of every day. */
void days_paint(const struct zone *zone, int first_day, int n_days, int from_s, int to_s, const struct span *span,
                truth *out)
{
    for (int64_t day = day_of(zone, span->first) - 1; day <= last_day(zone, span); day++) {
        int64_t low = zone_tick(zone, midnight_of(day)), high = zone_tick(zone, midnight_of(day + 1));
        if ((in_week(day) - first_day + 7) % 7 >= n_days)
            continue;
        if (from_s == to_s)
            span_paint(span, low, high, 2, out);
        else
            hours_paint(zone, from_s, to_s, low, high, span, out);
    }
}

/* ---- calendars ---- */

bool calendar_is_known(const struct zone *zone, const char *name)
{
    for (int i = 0; i < zone->n_calendars; i++)
        if (strcmp(zone->calendars[i].name, name) == 0)
            return true;
    return false;
}

/* The narrowest scope that covers the facility, and in it the latest line that has begun and is not over. */
static const struct calendar *in_force(const struct zone *zone, const char *name, int facility, int64_t day)
{
    static const enum gk_kind narrow_to_wide[] = {GK_FACILITY, GK_LINE, GK_ENTERPRISE, GK_PARK, GK_ZONE};

    for (int w = 0; w < 5; w++) {
        const struct calendar *best = NULL;
        for (int i = 0; i < zone->n_calendars; i++) {
            const struct calendar *c = &zone->calendars[i];
            gk_time begin = midnight_of(day) + c->hours_from * GK_SECOND;
            if (c->kind == narrow_to_wide[w] && strcmp(c->name, name) == 0 && begin >= c->from && begin < c->to &&
                zone_covers(zone, c->kind, c->id, NULL, facility) && (!best || c->from > best->from))
                best = c;
        }
        if (best)
            return best;
    }
    return NULL;
}

bool calendar_hours(const struct zone *zone, const char *name, int facility, gk_time t, gk_time *from, gk_time *to)
{
    int64_t day = (t + EAST) / DAY;
    const struct calendar *c = in_force(zone, name, facility, day);

    if (!c || !(c->days >> in_week(day) & 1))
        return false;
    hours_of_day(day, c->hours_from, c->hours_to, from, to);
    return true;
}

void calendar_paint(const struct zone *zone, const char *name, int facility, const struct span *span, truth *out)
{
    for (int64_t day = day_of(zone, span->first) - 1; day <= last_day(zone, span); day++) {
        const struct calendar *c = in_force(zone, name, facility, day);
        if (c && (c->days >> in_week(day) & 1))
            paint_hours_of(zone, day, c->hours_from, c->hours_to, INT64_MIN, INT64_MAX, span, out);
    }
}
