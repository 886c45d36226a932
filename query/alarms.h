/*
 * alarms.h - alarms as records of a question: which of them are meant, and what is known of each by name.
 */
#ifndef QUERY_ALARMS_H
#define QUERY_ALARMS_H

#include "run.h"

/* The fields of alarms and acts that are no attributes of their subject; NULL behind the last. */
const char *alarm_field_name(size_t i);

/* The alarms of a statement in order of their ids, by its filters, places, `where` and time, as known then. */
struct alarm_walk {
    gk_alarms *alarms;
    gk_time known; /* GK_TIME_MAX: as they are */
};
int alarm_walk_open(struct gk_query *query, struct alarm_walk *walk);
/* GK_OK or GK_DONE. */
int alarm_walk_next(struct gk_query *query, struct alarm_walk *walk, struct gk_alarm *out);
void alarm_walk_close(struct alarm_walk *walk);

/* Whether one filter of a statement holds at a moment. */
bool alarm_filter_holds(const struct alarm_filter *filter, const struct gk_alarm *alarm, gk_time now);
/* A field of the alarm, or an attribute of its subject; "" when there is none. NULL: no memory. */
const char *alarm_text(struct gk_query *query, const struct gk_alarm *alarm, const char *field);
/* Its subject, by the name it had; its id is GK_ID_NONE when there is none of that name any more. */
struct subject alarm_subject(struct gk_query *query, const struct gk_alarm *alarm);
/* Where its subject stands in the catalog. */
struct position alarm_position(struct gk_query *query, const struct gk_alarm *alarm);
/* How long the cause lasted, up to now or to the newest row while it goes on; in seconds. */
double alarm_seconds(const struct gk_query *query, const struct gk_alarm *alarm);

#endif
