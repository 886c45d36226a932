/*
 * calendar.h - conditions that need no meter: orders, exemptions, hours of the day, calendars.
 */
#ifndef QUERY_CALENDAR_H
#define QUERY_CALENDAR_H

#include "scope.h"

/* Stretches of ticks during which something is true or, for a part of a site, unknown. */
struct stretch {
    int64_t from, to;
    enum gk_truth truth;
};

/* Hours of a calendar, which belong to the day on which they begin. */
struct hours {
    gk_time from, to;
};

struct calendar {
    const struct scope *scope;
    int64_t tick_ns;
    int32_t zone_s; /* daily hours are of the store's zone */
    struct stretch *list;
    size_t n, capacity;
    const struct gk_calendar **entries; /* of one name, for one subject */
    size_t n_entries, entries_capacity;
    size_t n_partial;           /* entries that cover a part of a site */
    struct hours *hours, *part; /* what calendar_hours found, ascending and apart; scratch */
    size_t n_hours, hours_capacity, n_part, part_capacity;
    gk_timeline *certain, *possible, *all, *any, *scratch; /* scratch */
};

int calendar_init(struct calendar *calendar, const struct scope *scope, int64_t tick_ns, int32_t zone_s);
void calendar_clear(struct calendar *calendar);
/* Whether an order condition means an order. */
bool calendar_is_meant(const struct cond *cond, const struct gk_order *order);
/*
 * The truth of an order, exempt, hours or calendar condition for a subject. Hours and days are worked out for [lo, hi)
 * and unknown outside; the rest holds for ever.
 */
int calendar_evaluate(struct calendar *calendar, const struct cond *cond, struct subject subject, int64_t lo,
                      int64_t hi, gk_timeline *out);
/*
 * The hours of a calendar for a subject that touch [from, to), into calendar->hours. A site has those that all of the
 * facilities have by which it is counted.
 */
int calendar_hours(struct calendar *calendar, const char *name, struct subject subject, gk_time from, gk_time to);

#endif
