/*
 * cases.h - acts for tests: puts of each kind, and short ways to say them.
 */
#ifndef TESTS_CASES_H
#define TESTS_CASES_H

#include "db/world.h"

static inline struct gk_act_put raised_of(const char *rule, const char *subject)
{
    struct gk_act_put put = {.size = sizeof put,
                             .kind = GK_ACT_RAISED,
                             .from = T0,
                             .rule = text_of(rule),
                             .rule_version = 1,
                             .level = GK_LEVEL_ALARM,
                             .subject_kind = GK_FACILITY,
                             .subject = text_of(subject),
                             .enterprise = text_of("E1"),
                             .park = text_of("P1"),
                             .text = text_of("the fan is off while the press runs")};
    return put;
}

/* An act of a kind with all that this kind needs. */
static inline struct gk_act_put act_of(enum gk_act_kind kind, uint64_t alarm)
{
    struct gk_act_put put = {.size = sizeof put, .kind = kind, .alarm = alarm};

    if (kind == GK_ACT_AMENDED)
        put.from = T0 + 60 * GK_SECOND;
    if (kind == GK_ACT_RECOVERED)
        put.to = T0 + 600 * GK_SECOND;
    if (kind == GK_ACT_TOLD || kind == GK_ACT_ASSIGNED || kind == GK_ACT_ESCALATED)
        put.whom = text_of("li");
    if (kind == GK_ACT_TOLD)
        put.result = text_of("ok");
    if (kind >= GK_ACT_SEEN && kind <= GK_ACT_CLOSED)
        put.actor = text_of("wang");
    if (kind == GK_ACT_CLOSED)
        put.outcome = GK_OUTCOME_DEVICE;
    return put;
}

static inline uint64_t put_act(gk_db *db, const struct gk_act_put *put)
{
    struct gk_error error;
    uint64_t seq = 0;
    ok(gk_act_put(db, put, &seq, &error), &error);
    return seq;
}

static inline uint64_t raise_alarm(gk_db *db, const char *rule, const char *subject)
{
    struct gk_act_put put = raised_of(rule, subject);
    return put_act(db, &put);
}

static inline uint64_t act_on(gk_db *db, enum gk_act_kind kind, uint64_t alarm)
{
    struct gk_act_put put = act_of(kind, alarm);
    return put_act(db, &put);
}

#endif
