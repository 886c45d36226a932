/*
 * record.c - see record.h. What follows on an alarm is planned when it is raised, by its number alone.
 */
#include "record.h"

#include <stdlib.h>
#include <string.h>

#include "fill.h"
#include "harness.h"

#define MINUTE    (60 * GK_SECOND)
#define HOUR      (60 * MINUTE)
#define STEPS_MAX 5

/* Of docs/rules: one of states and links, one of silence, two of who starts first, one of an order. */
static const char *const rules[] = {
    "rule untreated alarm when abatement offline while production running for >= 10m clear after 2m "
    "notify 'head', 'officer'",
    "rule silent warn when facility nodata for >= 30m clear after 5m notify 'operator'",
    "rule started_late warn when start of (production running) unless (abatement running within next 3m) "
    "notify 'head'",
    "rule stopped_early warn when end of (abatement running) while (production running for >= 3m) notify 'head'",
    "rule peak_shift alarm when production running during order 'peak' for >= 10m clear after 10m "
    "notify 'head', 'officer'",
};

/* What is still to be done about an alarm, in order of time. */
struct plan {
    struct gk_act_put step[STEPS_MAX];
    gk_time at[STEPS_MAX];
    unsigned n_steps, n_done;
};

struct record {
    gk_db *db;
    gk_judge *judge;
    struct plan *plans; /* that are not done */
    size_t n_plans, capacity;
    uint64_t newest; /* alarm that was planned */
};

static struct gk_text text_of(const char *bytes)
{
    return (struct gk_text){bytes, strlen(bytes)};
}

/* ---- rules ---- */

static void put_rule(gk_db *db, gk_session *session, gk_snapshot *snapshot, const char *text, gk_time from)
{
    struct gk_query_error error = {0};
    gk_query *query = NULL;

    fill_check(gk_query_prepare(session, snapshot, text, strlen(text), NULL, &query, &error), &error.error, text);
    struct gk_rule_put put = {
        .size = sizeof put, .name = gk_query_rule(query)->name, .text = gk_query_rule(query)->text, .from = from};
    fill_check(gk_rule_put(db, &put, NULL, &error.error), &error.error, text);
    gk_query_free(query);
}

static void put_rules(gk_db *db, gk_time from)
{
    struct gk_error error = {0};
    gk_session *session = NULL;
    gk_snapshot *snapshot = NULL;

    fill_check(gk_session_new(NULL, &session), NULL, "gk_session_new");
    fill_check(gk_snapshot_open(db, &snapshot, &error), &error, "gk_snapshot_open");
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++)
        put_rule(db, session, snapshot, rules[i], from);
    gk_snapshot_close(snapshot);
    gk_session_free(session);
    fill_check(gk_commit(db, &error), &error, "gk_commit");
}

/* ---- what people do ---- */

static int64_t pick(uint64_t *dice, int64_t n)
{
    *dice = *dice * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (int64_t)((*dice >> 33) % (uint64_t)n);
}

static void add_step(struct plan *plan, gk_time at, struct gk_act_put step)
{
    step.size = sizeof step;
    plan->at[plan->n_steps] = at;
    plan->step[plan->n_steps++] = step;
}

/* One of ten is not reached at once, one of five nobody acknowledges, and of the others one of four stays open. */
static struct plan plan_of(const struct gk_alarm *alarm)
{
    struct plan plan = {.n_steps = 0};
    uint64_t dice = alarm->id * UINT64_C(0x9E3779B97F4A7C15);
    gk_time at = alarm->at[GK_ACT_RAISED] + MINUTE;
    bool is_reached = pick(&dice, 10) > 0;
    struct gk_act_put told = {.kind = GK_ACT_TOLD, .alarm = alarm->id, .actor = text_of("gateway")};
    struct gk_act_put done = {.alarm = alarm->id, .actor = text_of("head")};

    told.whom = text_of("head");
    told.channel = text_of("phone");
    told.result = text_of(is_reached ? "ok" : "no answer");
    add_step(&plan, at, told);
    if (!is_reached && pick(&dice, 2)) {
        told.whom = text_of("officer");
        told.channel = text_of("sms");
        told.result = text_of("ok");
        add_step(&plan, at += MINUTE, told);
    }
    if (pick(&dice, 5) == 0)
        return plan;
    done.kind = GK_ACT_ACKNOWLEDGED;
    add_step(&plan, at += (pick(&dice, 4) ? 2 + pick(&dice, 25) : 30 + pick(&dice, 90)) * MINUTE, done);
    if (pick(&dice, 2)) {
        done.kind = GK_ACT_ASSIGNED;
        done.whom = text_of("wang");
        done.due = at + 24 * HOUR;
        add_step(&plan, at += (5 + pick(&dice, 60)) * MINUTE, done);
    }
    if (pick(&dice, 4) == 0)
        return plan;
    int64_t cause = pick(&dice, 10);
    done = (struct gk_act_put){.kind = GK_ACT_CLOSED, .alarm = alarm->id, .actor = text_of("wang")};
    done.outcome = cause < 6 ? GK_OUTCOME_ENTERPRISE : cause < 9 ? GK_OUTCOME_DEVICE : GK_OUTCOME_FALSE;
    add_step(&plan, at + HOUR + pick(&dice, 660) * MINUTE, done);
    return plan;
}

static void act(struct record *record, gk_time now)
{
    struct gk_error error = {0};
    size_t n_left = 0;

    for (size_t i = 0; i < record->n_plans; i++) {
        struct plan *plan = &record->plans[i];
        for (; plan->n_done < plan->n_steps && plan->at[plan->n_done] <= now; plan->n_done++)
            fill_check(gk_act_put(record->db, &plan->step[plan->n_done], NULL, &error), &error, "gk_act_put");
        if (plan->n_done < plan->n_steps)
            record->plans[n_left++] = *plan;
    }
    record->n_plans = n_left;
}

static void add_plan(struct record *record, const struct plan *plan)
{
    if (record->n_plans == record->capacity) {
        record->capacity = record->capacity * 2 + 64;
        record->plans = realloc(record->plans, record->capacity * sizeof *record->plans);
        if (record->plans == NULL)
            harness_fail("out of memory for %zu alarms", record->capacity);
    }
    record->plans[record->n_plans++] = *plan;
}

static void plan_new(struct record *record)
{
    struct gk_error error = {0};
    gk_snapshot *snapshot = NULL;
    gk_alarms *alarms = NULL;
    struct gk_alarm alarm;
    int rc;

    fill_check(gk_snapshot_open(record->db, &snapshot, &error), &error, "gk_snapshot_open");
    fill_check(gk_alarms_open(snapshot, false, record->newest + 1, &alarms, &error), &error, "gk_alarms_open");
    while ((rc = gk_alarms_next(alarms, &alarm, &error)) == GK_OK) {
        struct plan plan = plan_of(&alarm);
        add_plan(record, &plan);
        record->newest = alarm.id;
    }
    fill_check(rc, &error, "gk_alarms_next");
    gk_alarms_close(alarms);
    gk_snapshot_close(snapshot);
}

/* ---- a look ---- */

struct record *record_open(gk_db *db, gk_time from)
{
    struct record *record = harness_take(1, sizeof *record);
    struct gk_query_error error = {0};

    record->db = db;
    put_rules(db, from);
    fill_check(gk_judge_open(db, NULL, &record->judge, &error), &error.error, "gk_judge_open");
    return record;
}

void record_look(struct record *record, gk_time now)
{
    struct gk_query_error error = {0};
    struct gk_judged judged;

    act(record, now);
    fill_check(gk_advance(record->judge, now, &judged, &error), &error.error, "gk_advance");
    if (judged.n_raised > 0)
        plan_new(record);
}

void record_close(struct record *record)
{
    if (record == NULL)
        return;
    gk_judge_close(record->judge);
    free(record->plans);
    free(record);
}
