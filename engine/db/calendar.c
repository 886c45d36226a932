/*
 * calendar.c - calendars as the catalog keeps them: of a name several entries, each for a scope and from a date on.
 * Which of them is in force on a day is worked out by who asks.
 */
#include "db/calendar.h"

#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "db/snapshot.h"

static int check_put(const struct gk_calendar_put *put, struct gk_error *error)
{
    int rc = GK_OK;

    if (!text_is_name(put->calendar.bytes, put->calendar.size))
        TRY(error_set(error, GK_EINVAL, "calendar: expected a name of 1 to %d bytes of UTF-8", GK_NAME_MAX));
    if (put->scope == GK_ROLE || put->scope == GK_GROUP)
        TRY(error_set(error, GK_EINVAL, "a calendar's scope is *, park:, enterprise:, line: or a facility"));
    if (put->days > GK_DAYS_ALL)
        TRY(error_set(error, GK_ERANGE, "days: expected bits of the seven days of a week"));
    if (put->hours_from_s < 0 || put->hours_from_s > CLOCK_DAY_S || put->hours_to_s < 0 ||
        put->hours_to_s > CLOCK_DAY_S)
        TRY(error_set(error, GK_ERANGE, "hours: expected times of day, 00:00 to 24:00"));
    if (put->from >= put->to)
        TRY(error_set(error, GK_ERANGE, "a calendar's time ends before it begins"));
done:
    return rc;
}

int catalog_add_calendar(struct catalog *c, const struct gk_calendar *calendar)
{
    if (mem_reserve(&c->mem, &c->calendars, &c->calendars_capacity, c->n_calendars + 1, sizeof *c->calendars) != GK_OK)
        return GK_ENOMEM;
    c->calendars[c->n_calendars++] = *calendar;
    return GK_OK;
}

static bool is_same_entry(const struct gk_calendar *a, const struct gk_calendar *b)
{
    return strcmp(a->calendar, b->calendar) == 0 && a->scope.kind == b->scope.kind && a->scope.id == b->scope.id &&
           a->from == b->from;
}

static bool says_the_same(const struct gk_calendar *a, const struct gk_calendar *b)
{
    return a->days == b->days && a->hours_from_s == b->hours_from_s && a->hours_to_s == b->hours_to_s && a->to == b->to;
}

int catalog_put_calendar(struct catalog *c, const struct gk_calendar_put *put, struct catalog_changes *changes,
                         struct gk_error *error)
{
    struct gk_calendar calendar = {.days = put->days,
                                   .hours_from_s = put->hours_from_s,
                                   .hours_to_s = put->hours_to_s,
                                   .from = put->from,
                                   .to = put->to};
    size_t at = 0;
    int rc;

    TRY(check_put(put, error));
    TRY(catalog_find_scope(c, put->scope, put->name, &calendar.scope, error));
    calendar.calendar = catalog_string(c, put->calendar.bytes, put->calendar.size);
    rc = GK_ENOMEM;
    if (!calendar.calendar ||
        mem_reserve(changes->mem, &changes->at, &changes->capacity, changes->n + 1, sizeof *changes->at) != GK_OK)
        goto done;
    while (at < c->n_calendars && !is_same_entry(&c->calendars[at], &calendar))
        at++;
    if (at < c->n_calendars && says_the_same(&c->calendars[at], &calendar))
        return GK_OK;
    if (at < c->n_calendars)
        c->calendars[at] = calendar;
    else
        TRY(catalog_add_calendar(c, &calendar));
    changes->at[changes->n++] = (struct catalog_change){ENTRY_CALENDAR, (uint32_t)at};
    rc = GK_OK;
done:
    return rc == GK_ENOMEM ? error_set(error, rc, "out of memory for the catalog") : rc;
}

const struct gk_calendar *gk_calendars(gk_snapshot *s, size_t *n)
{
    *n = snapshot_seen(s)->n_calendars;
    return snapshot_seen(s)->calendars;
}
