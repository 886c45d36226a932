/*
 * judge.h - what a judge keeps between two looks, and the rooms it is made of:
 *
 *     judge.c     a look: who changed, whose time has come, opening and closing
 *     rulebook.c  the rules in force
 *     verdict.c   one subject of one rule: its breaches, compared with its alarms
 *     cause.c     which alarms have one cause with another
 *     judge_act.c the acts that come of it
 */
#ifndef QUERY_JUDGE_H
#define QUERY_JUDGE_H

#include "gk_query.h"
#include "standing.h"
#include "wards.h"

/* A breach as the rule's condition has it now. */
struct breach {
    int64_t from, to; /* ticks; to is GK_TICK_MAX while it goes on */
    uint32_t alarm;   /* that is it; NOBODY: none yet */
};

/* Whose alarm began or ended in this look, and may be the cause of others. */
struct cause {
    uint32_t rule; /* number of its name */
    struct subject subject;
};

struct gk_judge {
    gk_db *db;
    gk_session *session;
    struct arena arena;
    struct wards wards;
    struct standing *rules; /* in force */
    size_t n_rules, rules_capacity;
    char **names; /* of all rules there ever were: a rule's number */
    size_t n_names, names_capacity;
    uint32_t *standing_of; /* by number: its place in `rules`, NOBODY: none */
    size_t n_standing_of, standing_of_capacity;
    struct breach *breaches; /* of the subject that is judged */
    size_t n_breaches, breaches_capacity;
    struct cause *causes;
    size_t n_causes, causes_capacity;
    struct position *positions; /* of all facilities, and their role as of when the rules were read */
    size_t n_positions, positions_capacity;
    struct gk_store_info read; /* as of when the rules were read */
    uint64_t catalog_version;  /* as of the last look */
    gk_time next_switch;       /* when another version of some rule comes into force */
    gk_time now, before;       /* of this look and the last one; GK_TIME_MIN: there was none */
    gk_time settled;           /* the look of which the store knows that all was looked at */
    gk_time beginning;         /* the first row of the store, as of the last look */
    bool is_begun;
    bool is_behind; /* of this look: there is no room for rows that wait, and it is without them */
    bool is_lost;   /* a look failed: all that is not settled has to be looked at again */
    gk_snapshot *snapshot;
    struct gk_judged done; /* by this look */
    struct gk_error engine_error;
    struct report report;
};

static inline gk_time judge_time(const struct gk_judge *judge, int64_t tick)
{
    return tick == GK_TICK_MAX ? GK_TIME_MAX : tick * gk_snapshot_info(judge->snapshot)->tick_ns;
}

static inline int64_t judge_tick(const struct gk_judge *judge, gk_time t)
{
    return t == GK_TIME_MIN || t == GK_TIME_MAX ? t : window_tick(t, gk_snapshot_info(judge->snapshot)->tick_ns);
}

/* The first tick that begins at or after a time. */
static inline int64_t judge_tick_from(const struct gk_judge *judge, gk_time t)
{
    return judge_tick(judge, t - 1) + 1;
}

/* ---- rulebook.c ---- */

/* The number of a rule's name, whatever its version. */
int rulebook_number(struct gk_judge *judge, const char *name, uint32_t *out);
/* NULL: none of that number is in force and understood. */
struct standing *rulebook_find(struct gk_judge *judge, uint32_t number);
/* Whether they have to be read again, after these changes. */
bool rulebook_is_due(const struct gk_judge *judge, const struct gk_change *changes, size_t n);
/* Reads the rules that are in force; *is_moved: what they are about is another zone than it was. */
int rulebook_read(struct gk_judge *judge, bool *is_moved);
void rulebook_clear(struct gk_judge *judge);

/* ---- verdict.c ---- */

static inline bool alarm_is_firing(const struct warned *alarm)
{
    return alarm->to == GK_TICK_MAX;
}

/* Judges the hits of a rule; then it has none. */
int verdict_on_hits(struct gk_judge *judge, struct standing *standing);

/* ---- cause.c ---- */

/* The alarm that goes on of a rule and a subject; 0: none. */
uint64_t cause_firing(const struct gk_judge *judge, uint32_t ward);
/* The alarm under which one of a subject is; 0: none. */
int cause_find(struct gk_judge *judge, const struct standing *standing, struct subject subject, uint64_t *out);
/* Another alarm goes on of a subject than before, or none. */
int cause_changed(struct gk_judge *judge, const struct standing *standing, struct subject subject);
/* At the end of a look: alarms inside of these subjects, or all, come under theirs or stand alone again. */
int cause_settle(struct gk_judge *judge, bool is_all);

/* ---- judge_act.c ---- */

uint32_t judge_find_subject(gk_snapshot *snapshot, enum gk_kind kind, const char *name);
int judge_put_step(struct gk_judge *judge, const struct warned *alarm, enum gk_act_kind kind, const char *text);
int judge_put_raised(struct gk_judge *judge, const struct standing *standing, struct subject subject,
                     const struct breach *breach, uint64_t under, uint64_t *id);
/* From now on it is under another alarm; 0: it stands alone again. */
int judge_put_under(struct gk_judge *judge, const struct warned *alarm, uint64_t under);
/* Tells more people of an alarm that goes on, when nobody took care of it in time. */
int judge_escalate(struct gk_judge *judge, const struct due *due);

#endif
