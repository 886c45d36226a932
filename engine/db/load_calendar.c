/*
 * load_calendar.c - the table of calendars: a line is one put.
 */
#include "db/load.h"

#include "base/text.h"
#include "db/db.h"

enum { CALENDAR_CALENDAR, CALENDAR_DAYS, CALENDAR_HOURS, CALENDAR_SCOPE, CALENDAR_FROM, CALENDAR_TO };

#define SITE_KINDS                                                                                                     \
    (LOAD_KIND_BIT(GK_ZONE) | LOAD_KIND_BIT(GK_PARK) | LOAD_KIND_BIT(GK_ENTERPRISE) | LOAD_KIND_BIT(GK_LINE) |         \
     LOAD_KIND_BIT(GK_FACILITY))

static int take_days(const struct load_line *line, uint32_t *days)
{
    char shown[TEXT_SHOWN_MAX];
    struct gk_text text;
    int rc;

    TRY(load_need_text(line, CALENDAR_DAYS, &text));
    if (gk_days_parse(text.bytes, text.size, days) != GK_OK)
        return load_fail(line, CALENDAR_DAYS, GK_ESYNTAX,
                         "expected days like mon-fri, sat;sun, daily or none, got '%s'",
                         text_show(text.bytes, text.size, shown));
done:
    return rc;
}

static int take_calendar(struct gk_load *load, const struct load_line *line)
{
    struct gk_calendar_put calendar = {.size = sizeof calendar, .scope = GK_ZONE};
    int rc;

    TRY(load_need_name(line, CALENDAR_CALENDAR, &calendar.calendar));
    TRY(take_days(line, &calendar.days));
    TRY(load_hours(line, CALENDAR_HOURS, &calendar.hours_from_s, &calendar.hours_to_s));
    if (load_text(line, CALENDAR_SCOPE).size) /* else everybody's */
        TRY(load_scope(line, CALENDAR_SCOPE, SITE_KINDS, &calendar.scope, &calendar.name));
    TRY(load_period(line, CALENDAR_FROM, CALENDAR_TO, &calendar.from, &calendar.to));
    TRY(load_pass(line, CALENDAR_SCOPE, gk_calendar_put(load->db, &calendar, line->error)));
done:
    return rc;
}

const struct load_table LOAD_CALENDARS = {
    .id = GK_TABLE_CALENDARS,
    .outline = "calendars: calendar,days[,hours,scope,from,to]",
    .columns = {"calendar", "days", "hours", "scope", "from", "to"},
    .needs = {"calendar", "days"},
    .take = take_calendar,
};
