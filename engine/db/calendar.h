/*
 * calendar.h - working days, holidays and shifts under names.
 */
#ifndef DB_CALENDAR_H
#define DB_CALENDAR_H

#include "db/catalog.h"

int catalog_put_calendar(struct catalog *catalog, const struct gk_calendar_put *put, struct catalog_changes *changes,
                         struct gk_error *error);
int catalog_add_calendar(struct catalog *catalog, const struct gk_calendar *calendar);

#endif
