/*
 * questions_zone.h - the zone of docs/QUESTIONS.md: what each facility does in each five minutes is an array, made from
 * a day that is always the same and a list of what goes wrong in it. The CSV that is loaded is written from the arrays,
 * and what the answers must be is counted in them, step by step, without the engine.
 */
#ifndef TEST_QUESTIONS_ZONE_H
#define TEST_QUESTIONS_ZONE_H

#include "query/zone_acts.h"

enum { STEP_S = 300, DAY_STEPS = 288, N_DAYS = 21, N_STEPS = 20 * DAY_STEPS + 144 };

enum facility { PRESS, SAW, FAN, RESERVE, MILL, SCRUB, KILN, RTO, OVEN, BAG, METER, BOILER, N_FACILITIES };

struct facility_facts {
    const char *name, *enterprise, *park, *line, *role,
        *tags; /* tags: grade,industry,maker,cap,group,meter,stop_level */
    double rated;
    int hours[2][2]; /* minutes of the day, to each of them exclusive, in which it runs */
    double usual;    /* share of rated it runs with */
    double kwh;      /* of its counter at the begin; below 0: it has none */
};

static const struct facility_facts facts[N_FACILITIES] = {
    {"press", "E1", "P1", "L1", "production", "A,steel,Huan,900,A,,2", 100, {{480, 1080}}, .8, 100},
    {"saw", "E1", "P1", "L1", "production", "A,steel,Huan,500,A,,0", 50, {{540, 1020}}, .8, -1},
    {"fan", "E1", "P1", "L1", "abatement", "A,steel,Huan,,,,", 40, {{450, 1110}}, .6, 0},
    {"reserve", "E1", "P1", "L1", "abatement", "A,steel,Huan,,,,", 40, {{0, 0}}, .6, 0},
    {"mill", "E2", "P1", "L2", "production", "B,paper,Lian,900,B,,2", 100, {{480, 1080}}, .8, 9500},
    {"scrub", "E2", "P1", "L2", "abatement", "B,paper,Lian,,,,", 20, {{450, 1110}}, .6, 0},
    {"kiln", "E3", "P2", "L3", "production", "C,brick,Huan,2000,B,,1", 200, {{480, 1080}}, .8, 500},
    {"rto", "E3", "P2", "L3", "abatement", "C,brick,Huan,,,,", 50, {{450, 1110}}, .6, 0},
    {"oven", "E4", "P2", "L4", "production", "D,food,Lian,800,C,,1", 80, {{600, 840}, {1320, 1800}}, .8, 0},
    {"bag", "E4", "P2", "L4", "abatement", "D,food,Lian,,,,", 30, {{570, 870}, {1290, 1830}}, .6, 0},
    {"meter", "E3", "P2", "L3", "other", "C,brick,Huan,,,master,", 400, {{0, 0}}, 0, 0},
    {"boiler", "E2", "P1", "L2", "production", "B,paper,Lian,,,,", 100, {{0, 0}}, 0, -1},
};
static const struct {
    enum facility abatement, production;
    bool is_standby;
} serves[] = {{FAN, PRESS, 0},  {FAN, SAW, 0},  {RESERVE, PRESS, 1}, {RESERVE, SAW, 1},
              {SCRUB, MILL, 0}, {RTO, KILN, 0}, {BAG, OVEN, 0}};
enum { N_SERVES = sizeof serves / sizeof serves[0] };

/* What goes wrong: from a time to a time, "day hour:minute". */
enum wrong {
    RUNS_AT,    /* a share of rated */
    SILENT,     /* no rows */
    FROZEN,     /* the same value in all rows */
    ALTERNATES, /* on and off by turns */
    IMBALANCED, /* one phase has a share of the others' current */
    DIPS,       /* the voltage */
    UNMETERED,  /* the master meter has so many kW more than is below it */
    LATE,       /* the rows come after all others */
};
struct event {
    enum facility facility;
    enum wrong wrong;
    int from[3], to[3]; /* day hour minute */
    double value;
};
static const struct event events[] = {
    {KILN, RUNS_AT, {8, 12, 0}, {8, 13, 0}, .17},     {RTO, RUNS_AT, {8, 12, 0}, {8, 13, 0}, 0},
    {MILL, LATE, {8, 9, 0}, {8, 10, 0}, 0},           {SAW, ALTERNATES, {9, 10, 0}, {9, 11, 30}, 0},
    {PRESS, IMBALANCED, {9, 14, 0}, {9, 14, 30}, .4}, {MILL, FROZEN, {10, 10, 0}, {10, 13, 0}, .8},
    {FAN, RUNS_AT, {11, 16, 30}, {11, 17, 30}, 0},    {KILN, SILENT, {12, 3, 0}, {12, 4, 0}, 0},
    {RTO, SILENT, {12, 3, 0}, {12, 4, 0}, 0},         {METER, SILENT, {12, 3, 0}, {12, 4, 0}, 0},
    {FAN, RUNS_AT, {12, 10, 0}, {12, 10, 30}, 0},     {RESERVE, RUNS_AT, {12, 10, 0}, {12, 10, 30}, .6},
    {OVEN, RUNS_AT, {13, 0, 0}, {14, 0, 0}, 0},       {OVEN, RUNS_AT, {13, 12, 0}, {13, 13, 0}, .8},
    {KILN, RUNS_AT, {14, 9, 0}, {14, 9, 10}, 1.2},    {SCRUB, RUNS_AT, {15, 10, 0}, {15, 11, 0}, .25},
    {KILN, RUNS_AT, {16, 8, 0}, {16, 18, 0}, .4},     {PRESS, RUNS_AT, {17, 18, 0}, {18, 0, 0}, .8},
    {FAN, RUNS_AT, {17, 18, 0}, {18, 0, 0}, .6},      {KILN, RUNS_AT, {18, 12, 0}, {18, 14, 0}, 0},
    {KILN, RUNS_AT, {18, 16, 0}, {18, 18, 0}, 0},     {RTO, RUNS_AT, {19, 17, 30}, {19, 18, 30}, 0},
    {RTO, RUNS_AT, {20, 7, 30}, {20, 8, 30}, 0},      {METER, UNMETERED, {20, 12, 0}, {20, 16, 0}, 40},
    {RTO, RUNS_AT, {20, 15, 0}, {20, 15, 20}, 0},     {BAG, RUNS_AT, {20, 23, 0}, {21, 1, 30}, 0},
    {BAG, RUNS_AT, {21, 4, 0}, {21, 4, 5}, 0},        {SCRUB, DIPS, {21, 10, 50}, {21, 10, 55}, 150},
    {SCRUB, RUNS_AT, {21, 11, 0}, {21, 12, 0}, 0},    {SAW, SILENT, {21, 10, 30}, {21, 12, 0}, 0},
    {FAN, LATE, {11, 16, 0}, {11, 18, 0}, 0},
};

static const char tables[] = /* what is not a row; a blank line ends a table */
    "scope,off_below,on_from,overload_from,hold_s\n*,10%,20%,110%,300\n\n"
    "scope,level,from,to,cut,hours\n"
    "group:B,orange,2026-11-16T00:00,2026-11-17T00:00,30%,\n"
    "enterprise:E3,stop,2026-11-18T12:00,2026-11-19T00:00,,\n"
    "enterprise:E4,peak,2026-11-10T00:00,2026-11-13T00:00,,22:00-06:00\n\n"
    "scope,kind,from,to,note\n"
    "oven,stop,2026-11-13T00:00,2026-11-14T00:00,declared\n\n";

/* Alarms that were raised, and what was done about them, minutes after; NEVER: not done. */
enum { NEVER = -1 };
struct alarm_case {
    enum facility facility;
    const char *rule;
    int raised[3]; /* day hour minute */
    int told, acknowledged, assigned, closed;
    const char *result, *outcome;
};
static const struct alarm_case cases[] = {
    /* in order of time */
    {PRESS, "imbalance", {9, 14, 10}, 1, 5, NEVER, 90, "ok", "false"},
    {KILN, "silent", {12, 3, 30}, 1, 10, 15, 60, "ok", "device"},
    {RTO, "untreated", {19, 17, 40}, 1, 5, 10, 120, "ok", "enterprise"},
    {RTO, "untreated", {20, 8, 10}, 1, 45, 60, 300, "ok", "enterprise"},
    {RTO, "untreated", {20, 15, 10}, 2, NEVER, NEVER, NEVER, "no answer", ""},
    {BAG, "untreated", {20, 23, 10}, 2, 20, 30, 600, "ok", "device"},
    {SCRUB, "untreated", {21, 11, 10}, 1, 15, NEVER, NEVER, "ok", ""},
};
enum { N_CASES = sizeof cases / sizeof cases[0] };

/* The arrays. */
struct plan {
    double kw[N_FACILITIES][N_STEPS], a[N_FACILITIES][N_STEPS][3], v[N_FACILITIES][N_STEPS];
    bool is_there[N_FACILITIES][N_STEPS], is_late[N_FACILITIES][N_STEPS];
};
static struct plan plan;

static inline int step_of(int day, int hour, int minute)
{
    return (day - 1) * DAY_STEPS + hour * 12 + minute / 5;
}

static inline gk_time time_of(int step)
{
    return (INT64_C(1793462400) + (int64_t)step * STEP_S) * GK_SECOND; /* 2026-11-01T00:00+08:00 */
}

/* The share of rated that it usually runs with; odd steps one hundredth above, as no meter stands still. */
static inline double usual_share(enum facility f, int step)
{
    int minute = step % DAY_STEPS * 5;

    for (int i = 0; i < 2; i++)
        for (int m = minute; m < 2880; m += 1440)
            if (m >= facts[f].hours[i][0] && m < facts[f].hours[i][1])
                return facts[f].usual + (step % 2 ? .01 : 0);
    return 0;
}

static inline void plan_event(const struct event *e)
{
    int from = step_of(e->from[0], e->from[1], e->from[2]), to = step_of(e->to[0], e->to[1], e->to[2]);
    enum facility f = e->facility;

    for (int s = from; s < to; s++) {
        if (e->wrong == RUNS_AT)
            plan.kw[f][s] = facts[f].rated * (e->value > 0 ? e->value + (s % 2 ? .01 : 0) : 0);
        else if (e->wrong == FROZEN)
            plan.kw[f][s] = facts[f].rated * e->value;
        else if (e->wrong == ALTERNATES)
            plan.kw[f][s] = s % 2 ? 0 : facts[f].rated * facts[f].usual;
        else if (e->wrong == SILENT)
            plan.is_there[f][s] = false;
        else if (e->wrong == LATE)
            plan.is_late[f][s] = true;
    }
}

static inline void plan_make(void)
{
    for (int f = 0; f < N_FACILITIES; f++)
        for (int s = 0; s < N_STEPS; s++) {
            plan.kw[f][s] = facts[f].rated * usual_share((enum facility)f, s);
            plan.is_there[f][s] = f != BOILER;
            plan.v[f][s] = 220;
        }
    for (size_t i = 0; i < sizeof events / sizeof events[0]; i++)
        plan_event(&events[i]);
    for (int s = 0; s < N_STEPS; s++)
        plan.kw[METER][s] = plan.kw[KILN][s] + plan.kw[RTO][s] + 2;
    for (int f = 0; f < N_FACILITIES; f++)
        for (int s = 0; s < N_STEPS; s++)
            for (int p = 0; p < 3; p++)
                plan.a[f][s][p] = plan.kw[f][s] * 1.6;
    for (size_t i = 0; i < sizeof events / sizeof events[0]; i++) {
        const struct event *e = &events[i];
        for (int s = step_of(e->from[0], e->from[1], e->from[2]); s < step_of(e->to[0], e->to[1], e->to[2]); s++) {
            if (e->wrong == IMBALANCED)
                plan.a[e->facility][s][2] *= e->value;
            else if (e->wrong == DIPS)
                plan.v[e->facility][s] = e->value;
            else if (e->wrong == UNMETERED)
                plan.kw[e->facility][s] += e->value;
        }
    }
}

static inline gk_time moment_of(const struct alarm_case *c, int minutes)
{
    return time_of(step_of(c->raised[0], c->raised[1], 0)) + (c->raised[2] + minutes) * INT64_C(60) * GK_SECOND;
}

static inline void put_act(struct text *csv, const struct alarm_case *c, int alarm, const char *act, int minutes,
                           const char *rest)
{
    char line[256], time[GK_TIME_TEXT_MAX], from[GK_TIME_TEXT_MAX] = "";
    const struct facility_facts *x = &facts[c->facility];

    if (minutes == NEVER)
        return;
    (void)gk_time_format(moment_of(c, minutes), 28800, time);
    (void)gk_time_format(moment_of(c, -10), 28800, from);
    if (strcmp(act, "raised") == 0)
        (void)snprintf(line, sizeof line, "%s,raised,,%s,alarm,%s,%s,%s,%s,,,,,,,\n", time, c->rule, x->name,
                       x->enterprise, x->park, from);
    else
        (void)snprintf(line, sizeof line, "%s,%s,%d,,,,,,,%s\n", time, act, alarm, rest);
    text_add(csv, line);
}

/* Case by case: no test minds that one was raised before the one before it was closed. */
static inline void put_acts(struct text *csv)
{
    char rest[64];
    int seq = 1;

    text_add(csv, "time,act,alarm,rule,level,subject,enterprise,park,from,to,actor,whom,channel,result,due,outcome\n");
    for (int i = 0; i < N_CASES; i++) {
        const struct alarm_case *c = &cases[i];
        int alarm = seq;
        put_act(csv, c, alarm, "raised", 0, "");
        (void)snprintf(rest, sizeof rest, ",,head,phone,%s,,", c->result);
        put_act(csv, c, alarm, "told", c->told, rest);
        put_act(csv, c, alarm, "acknowledged", c->acknowledged, ",head,,,,,");
        put_act(csv, c, alarm, "assigned", c->assigned, ",head,wang,,,,");
        (void)snprintf(rest, sizeof rest, ",wang,,,,,%s", c->outcome);
        if (c->closed != NEVER) {
            char to[GK_TIME_TEXT_MAX], recovered[GK_TIME_TEXT_MAX + 8];
            (void)gk_time_format(moment_of(c, c->closed - 2), 28800, to);
            (void)snprintf(recovered, sizeof recovered, "%s,,,,,,", to);
            put_act(csv, c, alarm, "recovered", c->closed - 1, recovered);
        }
        put_act(csv, c, alarm, "closed", c->closed, rest);
        seq += 2 + (c->acknowledged != NEVER) + (c->assigned != NEVER) + 2 * (c->closed != NEVER);
    }
}

static inline void put_facilities(struct text *csv)
{
    text_add(csv, "facility,enterprise,park,line,role,rated_kw,grade,industry,maker,cap,group,meter,stop_level\n");
    for (int f = 0; f < N_FACILITIES; f++) {
        char row[256];
        const struct facility_facts *x = &facts[f];
        (void)snprintf(row, sizeof row, "%s,%s,%s,%s,%s,%g,%s\n", x->name, x->enterprise, x->park, x->line, x->role,
                       x->rated, x->tags);
        text_add(csv, row);
    }
}

static inline void put_links(struct text *csv)
{
    text_add(csv, "abatement,production,standby\n");
    for (int i = 0; i < N_SERVES; i++) {
        char row[64];
        (void)snprintf(row, sizeof row, "%s,%s,%d\n", facts[serves[i].abatement].name, facts[serves[i].production].name,
                       serves[i].is_standby);
        text_add(csv, row);
    }
}

/*
 * The counters of the press and of the mill do not only grow: the press got a new one at the begin of the 5th, the
 * mill's has four digits before the point.
 */
static inline double counter(enum facility f, int step, double sum)
{
    if (f == PRESS && step >= step_of(5, 0, 0))
        return fmax(sum - 100 - 4 * 805, 0);
    return f == MILL && sum >= 10000 ? fmod(sum, 10000) : sum;
}

static inline void put_rows(struct text *csv, bool is_late)
{
    text_add(csv, "time_s,facility,kw,kwh,ia,ib,ic,ua\n");
    for (int f = 0; f < N_FACILITIES; f++) {
        double kwh = facts[f].kwh;
        for (int s = 0; s < N_STEPS; s++) {
            char row[160], count[32] = "";
            if (kwh >= 0)
                (void)snprintf(count, sizeof count, "%.4f", counter((enum facility)f, s, kwh));
            if (kwh >= 0)
                kwh += plan.kw[f][s] / 12;
            if (!plan.is_there[f][s] || plan.is_late[f][s] != is_late)
                continue;
            (void)snprintf(row, sizeof row, "%" PRId64 ",%s,%.4f,%s,%.4f,%.4f,%.4f,%g\n", time_of(s) / GK_SECOND,
                           facts[f].name, plan.kw[f][s], count, plan.a[f][s][0], plan.a[f][s][1], plan.a[f][s][2],
                           plan.v[f][s]);
            text_add(csv, row);
        }
    }
}

/* ---- what is known of a step ---- */

enum known { UNKNOWN, OFF, IDLE, ON, OVER };

static inline enum known state_of(enum facility f, int step)
{
    double share = plan.kw[f][step] / facts[f].rated;

    if (!plan.is_there[f][step])
        return UNKNOWN;
    return share < .1 ? OFF : share < .2 ? IDLE : share <= 1.1 ? ON : OVER;
}

static inline bool runs(enum facility f, int step)
{
    return state_of(f, step) >= ON;
}

static inline bool rests(enum facility f, int step)
{
    return state_of(f, step) == OFF || state_of(f, step) == IDLE;
}

#endif
