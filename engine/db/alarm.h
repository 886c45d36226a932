/*
 * alarm.h - what the acts of an alarm come to. The table `alarm` keeps it, so that nobody has to read all acts; it
 * follows from them, and a check compares. Layout: docs/format/alarm.md.
 */
#ifndef DB_ALARM_H
#define DB_ALARM_H

#include "db/act.h"

/* Keys of the table: a kind, then what it is of. */
enum alarm_key {
    ALARM_RECORD = 1, /* id: what its acts come to */
    ALARM_OPEN = 2,   /* id: nothing; of alarms that are not over */
    ALARM_FIRING = 3, /* rule and subject, hashed: the id of their alarm that has not recovered */
    ALARM_TAKEN = 4   /* name of a file of the inbox: nothing; its act is in the table `act` */
};
#define ALARM_ID_KEY     9  /* kind u8, id u64 */
#define ALARM_FIRING_KEY 17 /* kind u8, 16 bytes of a SHA-256 */

void alarm_id_key(uint8_t key[ALARM_ID_KEY], enum alarm_key kind, uint64_t id);
void alarm_firing_key(uint8_t key[ALARM_FIRING_KEY], struct gk_text rule, enum gk_kind subject_kind,
                      struct gk_text subject);

/* The breach has not certainly ended. */
bool alarm_is_firing(const struct gk_alarm *alarm);
/* Neither over nor done with: somebody has to look at it still. */
bool alarm_is_open(const struct gk_alarm *alarm);

/* GK_EEXIST with the reason when such an act cannot follow on what was. */
int alarm_accepts(const struct gk_alarm *alarm, const struct gk_act *act, struct gk_error *error);
/* The act, which the alarm accepts, happens; one that raises begins the alarm. Texts are borrowed from both. */
void alarm_apply(struct gk_alarm *alarm, const struct gk_act *act);

int alarm_encode(const struct gk_alarm *alarm, struct buffer *out);
/* Texts are borrowed from the bytes. GK_ECORRUPT, GK_EVERSION. */
int alarm_decode(uint64_t id, struct view bytes, struct gk_alarm *out, struct gk_error *error);
int alarm_dump(const struct gk_alarm *alarm, struct buffer *out);
/* Any record of the table as a line. */
int alarm_dump_record(struct view key, struct view value, struct buffer *out);

#endif
