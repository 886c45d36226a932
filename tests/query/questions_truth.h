/*
 * questions_truth.h - what the answers of docs/QUESTIONS.md must be, counted in the plan of its zone: each step by
 * step, in loops that know nothing of the engine. Rows are CSV, as the page has them.
 */
#ifndef TEST_QUESTIONS_TRUTH_H
#define TEST_QUESTIONS_TRUTH_H

#include "query/questions_zone.h"

typedef bool condition(enum facility f, int step);

static void put(struct text *out, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void put(struct text *out, const char *format, ...)
{
    char piece[256];
    va_list list;

    va_start(list, format);
    (void)vsnprintf(piece, sizeof piece, format, list);
    va_end(list);
    text_add(out, piece);
}

static const char *when(int step)
{
    static char text[4][64];
    static int i;

    (void)gk_time_format(time_of(step), 28800, text[i = (i + 1) % 4]);
    return text[i];
}

static bool has_role(enum facility f, const char *role)
{
    return strcmp(facts[f].role, role) == 0;
}

static bool is_production(enum facility f, int step)
{
    (void)step;
    return has_role(f, "production");
}

/* Every abatement of a production facility rests, and it has one. */
static bool all_rest(enum facility f, int step)
{
    bool has_any = false;

    for (int i = 0; i < N_SERVES; i++) {
        if (serves[i].production == f && !rests(serves[i].abatement, step))
            return false;
        has_any |= serves[i].production == f;
    }
    return has_any;
}

static bool untreated(enum facility f, int step)
{
    return runs(f, step) && all_rest(f, step);
}

static bool silent(enum facility f, int step)
{
    return state_of(f, step) == UNKNOWN;
}

/* The runs of a condition that touch a window, unclipped; those still true at the end are open. */
struct span {
    int from, to;
};

static bool next_run(enum facility f, condition *is, int from, int to, int least, struct span *run)
{
    for (int s = run->to; s < to; s = run->to) {
        while (s < N_STEPS && !is(f, s))
            s++;
        run->from = run->to = s;
        while (run->to < N_STEPS && is(f, run->to))
            run->to++;
        if (run->from >= to)
            return false;
        if (run->to > from && run->to - run->from >= least)
            return true;
    }
    return false;
}

/* subject,start,end,duration_s; what is open is counted to the newest row. */
static void put_runs(struct text *out, enum facility f, condition *is, int from, int to, int least)
{
    struct span run = {0, 0};

    while (next_run(f, is, from, to, least, &run)) {
        bool is_open = run.to == N_STEPS;
        put(out, "%s,%s,%s,%d\n", facts[f].name, when(run.from), is_open ? "" : when(run.to),
            ((is_open ? N_STEPS - 1 : run.to) - run.from) * STEP_S);
    }
}

static void put_all_runs(struct text *out, condition *is, int from, int to, int least)
{
    for (int f = 0; f < N_FACILITIES; f++)
        put_runs(out, (enum facility)f, is, from, to, least);
}

/* Seconds of the runs of at least so many steps inside a window, and the longest of them, unclipped. */
static int seconds(enum facility f, condition *is, int from, int to, int least, int *n, int *longest)
{
    struct span run = {0, 0};
    int sum = 0;

    while (next_run(f, is, from, to, least, &run)) {
        int a = run.from > from ? run.from : from, b = run.to < to ? run.to : to;
        sum += (b - a) * STEP_S;
        *n += run.from >= from;
        *longest = (run.to - run.from) * STEP_S > *longest ? (run.to - run.from) * STEP_S : *longest;
    }
    return sum;
}

static const char *const enterprises[] = {"E1", "E2", "E3", "E4"};

static bool is_in(enum facility f, int enterprise)
{
    return strcmp(facts[f].enterprise, enterprises[enterprise]) == 0;
}

enum { NOW = N_STEPS - 1 }; /* the step of 11:58 */

static void truth_1(struct text *out)
{
    put(out, "subject,start,end,duration_s\n");
    put_all_runs(out, untreated, NOW, N_STEPS, 1);
}

static void truth_2(struct text *out)
{
    int from = step_of(20, 22, 0), to = step_of(21, 6, 0);

    put(out, "enterprise,duration,longest\n");
    for (int is_zero = 0; is_zero < 2; is_zero++) /* there is one that is not 0 */
        for (int e = 0; e < 4; e++) {
            int sum = 0, n = 0, longest = 0;
            for (int f = 0; f < N_FACILITIES; f++)
                if (is_in((enum facility)f, e))
                    sum += seconds((enum facility)f, untreated, from, to, 2, &n, &longest);
            if ((sum == 0) == is_zero)
                put(out, "%s,%d,%d\n", enterprises[e], sum, longest);
        }
}

static void truth_3(struct text *out)
{
    put(out, "park,enterprise,facilities,off,idle,on,overload,nodata,never\n");
    for (int e = 0; e < 4; e++) {
        int n[5] = {0}, all = 0, never = 0;
        for (int f = 0; f < N_FACILITIES; f++)
            if (is_in((enum facility)f, e)) {
                all++;
                n[state_of((enum facility)f, NOW)]++;
                never += f == BOILER;
            }
        put(out, "%s,%s,%d,%d,%d,%d,%d,%d,%d\n", e < 2 ? "P1" : "P2", enterprises[e], all, n[OFF], n[IDLE], n[ON],
            n[OVER], n[UNKNOWN], never);
    }
}

static void truth_4(struct text *out)
{
    put(out, "subject,start,end,duration_s\n");
    put_runs(out, BOILER, silent, NOW, N_STEPS, 13); /* the longer one first */
    for (int f = 0; f < BOILER; f++)
        put_runs(out, (enum facility)f, silent, NOW, N_STEPS, 13);
}

static void truth_7(struct text *out)
{
    static const char *const names[] = {"nodata", "off", "idle", "on", "overload"};

    put(out, "time,facility,event,detail\n");
    for (int s = step_of(21, 0, 0); s < N_STEPS; s++)
        for (int f = 0; f < N_FACILITIES; f++)
            if (is_in((enum facility)f, 1) && state_of((enum facility)f, s) != state_of((enum facility)f, s - 1))
                put(out, "%s,%s,%s,was %s\n", when(s), facts[f].name, names[state_of((enum facility)f, s)],
                    names[state_of((enum facility)f, s - 1)]);
}

static void truth_8(struct text *out)
{
    put(out, "time,min,max,avg,last\n");
    for (int from = step_of(9, 13, 30); from < step_of(9, 15, 0); from += 6) {
        double min = INFINITY, max = 0, sum = 0, a = 0;
        for (int s = from; s < from + 6; s++) {
            a = (plan.a[PRESS][s][0] + plan.a[PRESS][s][1] + plan.a[PRESS][s][2]) / 3;
            min = fmin(min, a);
            max = fmax(max, a);
            sum += a;
        }
        put(out, "%s,%.7g,%.7g,%.7g,%.7g\n", when(from), min, max, sum / 6, a);
    }
}

/* The next step from `s` on, at most two hours away, at which a facility begins or ends to run; -1: none. */
static int next_edge(enum facility f, int s, bool begins)
{
    for (int i = s; i <= s + 24 && i < N_STEPS; i++)
        if (runs(f, i) == begins && runs(f, i - 1) == !begins)
            return i;
    return -1;
}

static void truth_9(struct text *out)
{
    int from = step_of(19, 0, 0), to = step_of(21, 0, 0);

    put(out, "subject,from,to,lag_s\n");
    for (int kind = 0; kind < 2; kind++)
        for (int s = from; s < to; s++) {
            bool starts = runs(KILN, s) && !runs(KILN, s - 1), stops = !runs(RTO, s) && runs(RTO, s - 1);
            if (kind == 0 ? !starts || runs(RTO, s) : !stops || !runs(KILN, s))
                continue;
            int other = kind == 0 ? next_edge(RTO, s, true) : next_edge(KILN, s, false);
            if (other < 0)
                put(out, "kiln,%s,,\n", when(s));
            else
                put(out, "kiln,%s,%s,%d\n", when(s), when(other), (other - s) * STEP_S);
        }
}

static void truth_11(struct text *out)
{
    int from = step_of(20, 0, 0);

    put(out, "facility,duration,count,longest\n");
    for (int f = 0; f < N_FACILITIES; f++) {
        int n = 0, longest = 0, sum = seconds((enum facility)f, runs, from, from + DAY_STEPS, 1, &n, &longest);
        put(out, "%s,%d,%d,%d\n", facts[f].name, sum, n, longest);
    }
}

static bool in_stop(enum facility f, int s)
{
    return s >= step_of(18, 12, 0) && s < step_of(19, 0, 0) && strcmp(facts[f].enterprise, "E3") == 0 &&
           is_production(f, s) && runs(f, s);
}

static void truth_12(struct text *out)
{
    put(out, "subject,start,end,duration_s\n");
    put_all_runs(out, in_stop, step_of(18, 0, 0), step_of(19, 0, 0), 1);
}

static bool in_peak(enum facility f, int s)
{
    int hour = s % DAY_STEPS / 12;

    return s >= step_of(10, 0, 0) && s < step_of(13, 0, 0) && (hour >= 22 || hour < 6) &&
           strcmp(facts[f].enterprise, "E4") == 0 && is_production(f, s) && runs(f, s);
}

static void truth_14(struct text *out)
{
    put(out, "subject,start,end,duration_s\n");
    put_all_runs(out, in_peak, step_of(10, 0, 0), step_of(12, 0, 0), 2);
}

static bool low_load(enum facility f, int s)
{
    for (int i = 0; i < N_SERVES; i++) {
        enum facility p = serves[i].production;
        if (serves[i].abatement == f && runs(f, s) && plan.kw[f][s] < .3 * facts[f].rated &&
            plan.kw[p][s] >= .6 * facts[p].rated)
            return true;
    }
    return false;
}

static void truth_16(struct text *out)
{
    put(out, "subject,start,end,duration_s\n");
    put_all_runs(out, low_load, step_of(15, 0, 0), step_of(16, 0, 0), 2);
}

static bool overloaded(enum facility f, int s)
{
    return is_production(f, s) && plan.is_there[f][s] && plan.kw[f][s] > 1.1 * facts[f].rated;
}

static void truth_17(struct text *out)
{
    put(out, "subject,start,end,duration_s\n");
    put_all_runs(out, overloaded, step_of(14, 0, 0), step_of(15, 0, 0), 1);
}

/* An enterprise has three begins of ten untreated minutes within 7 d before a step. */
static bool repeats(int enterprise, int step)
{
    int n = 0;

    for (int f = 0; f < N_FACILITIES; f++) {
        struct span run = {0, 0};
        while (is_in((enum facility)f, enterprise) &&
               next_run((enum facility)f, untreated, step - 7 * DAY_STEPS + 1, step + 1, 2, &run))
            n += run.from > step - 7 * DAY_STEPS && run.from <= step;
    }
    return n >= 3;
}

static void truth_22(struct text *out)
{
    put(out, "subject,start,end\n");
    for (int e = 0; e < 4; e++)
        for (int s = step_of(14, 12, 0); s < N_STEPS; s++) {
            int from = s;
            while (s < N_STEPS && repeats(e, s))
                s++;
            if (s > from)
                put(out, "%s,%s,%s\n", enterprises[e], when(from), s == N_STEPS ? "" : when(s));
        }
}

static bool in_exemption(enum facility f, int s)
{
    return f == OVEN && s >= step_of(13, 0, 0) && s < step_of(14, 0, 0) && runs(f, s);
}

static void truth_23(struct text *out)
{
    put(out, "subject,start,end,duration_s\n");
    put_all_runs(out, in_exemption, step_of(13, 0, 0), step_of(14, 0, 0), 2);
}

static void truth_24(struct text *out)
{
    static const char *const names[] = {"nodata", "off", "idle", "on", "overload"};
    int at = step_of(13, 12, 30);

    put(out, "facility,state,since,until\n");
    for (int f = 0; f < N_FACILITIES; f++) {
        int from = at, to = at;
        while (from > 0 && state_of((enum facility)f, from - 1) == state_of((enum facility)f, at))
            from--;
        while (to < N_STEPS && state_of((enum facility)f, to) == state_of((enum facility)f, at))
            to++;
        put(out, "%s,%s,%s,%s\n", facts[f].name, names[state_of((enum facility)f, at)], from ? when(from) : "",
            to < N_STEPS ? when(to) : "");
    }
}

static void truth_25(struct text *out)
{
    put(out, "subject,start,end,duration_s\n");
    put_all_runs(out, untreated, step_of(11, 0, 0), step_of(13, 0, 0), 2);
}

static bool untreated_line_1(enum facility f, int s)
{
    (void)f;
    return (runs(PRESS, s) || runs(SAW, s)) && rests(FAN, s) && rests(RESERVE, s);
}

static void truth_26(struct text *out)
{
    int from = step_of(11, 0, 0), to = step_of(12, 0, 0), n = 0, longest = 0;

    put(out, "facility,duration\n");
    for (int f = 0; f < FAN; f++)
        put(out, "%s,%d\n", facts[f].name, seconds((enum facility)f, untreated, from, to, 1, &n, &longest));
    put(out, "line,duration\nL1,%d\n", seconds(PRESS, untreated_line_1, from, to, 1, &n, &longest));
}

/* So many facilities of an enterprise fall silent at one step. */
static void truth_30(struct text *out)
{
    put(out, "subject,start\n");
    for (int is_alone = 0; is_alone < 2; is_alone++) {
        if (is_alone)
            put(out, "subject,start\n");
        for (int e = 0; e < 4; e++)
            for (int s = step_of(12, 0, 0); s < N_STEPS; s++) {
                int n = 0;
                for (int f = 0; f < N_FACILITIES; f++)
                    n += is_in((enum facility)f, e) && silent((enum facility)f, s) && !silent((enum facility)f, s - 1);
                if (is_alone ? n == 1 : n >= 3)
                    put(out, "%s,%s\n", enterprises[e], when(s));
            }
    }
}

static bool frozen(enum facility f, int s)
{
    int from = s, to = s;

    if (!is_production(f, s) || !runs(f, s))
        return false;
    while (from > 0 && plan.kw[f][from - 1] == plan.kw[f][s])
        from--;
    while (to + 1 < N_STEPS && plan.kw[f][to + 1] == plan.kw[f][s])
        to++;
    return (to - from) * STEP_S >= 7200;
}

static void truth_32(struct text *out)
{
    put(out, "subject,start,end,duration_s\n");
    put_all_runs(out, frozen, step_of(10, 0, 0), step_of(11, 0, 0), 1);
}

static bool restless(enum facility f, int s)
{
    int n = 0;

    for (int i = s; i > s - 12 && i > 0; i--)
        n += runs(f, i) && !runs(f, i - 1);
    return n >= 6;
}

static void truth_33(struct text *out)
{
    put(out, "subject,start,end,duration_s\n");
    put_all_runs(out, restless, step_of(9, 0, 0), step_of(10, 0, 0), 1);
}

static bool untreated_from_15(enum facility f, int s)
{
    return plan.is_there[f][s] && plan.kw[f][s] >= .15 * facts[f].rated && all_rest(f, s);
}

static void truth_37(struct text *out)
{
    put(out, "enterprise,duration,stored_duration,change\n");
    for (int e = 0; e < 4; e++) {
        int n = 0, longest = 0, sum = 0, stored = 0;
        for (int f = 0; f < N_FACILITIES; f++)
            if (is_in((enum facility)f, e)) {
                sum += seconds((enum facility)f, untreated_from_15, 0, N_STEPS, 1, &n, &longest);
                stored += seconds((enum facility)f, untreated, 0, N_STEPS, 1, &n, &longest);
            }
        sum -= e == 1 ? 120 : 0; /* now is 11:58, and two are still going on */
        stored -= e == 1 ? 120 : 0;
        put(out, "%s,%d,%d,%.7g\n", enterprises[e], sum, stored, sum / (double)stored - 1);
    }
}

static bool dipped(int from)
{
    for (int s = from; s >= from - 2 && s >= 0; s--)
        if (plan.v[SCRUB][s] < 180)
            return true;
    return false;
}

static bool scrub_dipped(enum facility f, int s)
{
    int from = s;

    if (f != SCRUB || !rests(f, s) || !runs(MILL, s))
        return false;
    while (from > 0 && rests(f, from - 1) && runs(MILL, from - 1))
        from--;
    return dipped(from);
}

static void truth_40(struct text *out)
{
    put(out, "subject,start,end,duration_s\n");
    put_all_runs(out, scrub_dipped, NOW, N_STEPS, 1);
}

/* ---- numbers ---- */

static double energy(enum facility f, int from, int to)
{
    double kwh = 0;

    for (int s = from; s < to; s++)
        kwh += plan.kw[f][s] / 12;
    return kwh;
}

static bool line_runs(enum facility f, int s) /* of the line of an abatement facility: any production */
{
    for (int i = 0; i < N_SERVES; i++)
        if (serves[i].abatement == f && runs(serves[i].production, s))
            return true;
    return false;
}

static bool treats(enum facility f, int s)
{
    return line_runs(f, s) && runs(f, s);
}

static void truth_10(struct text *out)
{
    static const enum facility main_of[] = {FAN, SCRUB, RTO, BAG};
    struct {
        double rate;
        int line, day;
    } found[8], swap;
    int n = 0;

    for (int l = 0; l < 4; l++)
        for (int day = 19; day <= 20; day++) {
            int from = step_of(day, 0, 0), count = 0, longest = 0;
            double all = seconds(main_of[l], line_runs, from, from + DAY_STEPS, 1, &count, &longest);
            double rate = seconds(main_of[l], treats, from, from + DAY_STEPS, 1, &count, &longest) / all;
            found[n].rate = rate;
            found[n].line = l + 1;
            found[n].day = day;
            n += rate < .97;
        }
    for (int i = 1; i < n; i++) /* the worst first, else in order */
        for (int k = i; k > 0 && found[k].rate < found[k - 1].rate; k--) {
            swap = found[k];
            found[k] = found[k - 1];
            found[k - 1] = swap;
        }
    put(out, "line,day,rate\n");
    for (int i = 0; i < n; i++)
        put(out, "L%d,2026-11-%d,%.7g\n", found[i].line, found[i].day, found[i].rate);
}

/* By how much of what it was; sums of the same numbers in another order are the same. */
static double change(double now, double before)
{
    return fabs(now - before) < 1e-9 * before ? 0 : now / before - 1;
}

/* The mean of a day's kWh on the five days before the 16th, none of which had an order or an exemption of it. */
static double five_days(enum facility f)
{
    return energy(f, step_of(11, 0, 0), step_of(16, 0, 0)) / 5;
}

static void truth_13(struct text *out)
{
    static const enum facility bound[] = {MILL, KILN};

    put(out, "facility,energy,cut,reference,change\n");
    for (int i = 0; i < 2; i++) {
        double kwh = energy(bound[i], step_of(16, 0, 0), step_of(17, 0, 0)), usual = five_days(bound[i]);
        if (change(kwh, usual) > -.3)
            put(out, "%s,%.7g,0.3,%.7g,%.7g\n", facts[bound[i]].name, kwh, usual, change(kwh, usual));
    }
}

static void truth_15(struct text *out)
{
    int from = step_of(17, 0, 0);

    put(out, "facility,day,energy,cap,left\n");
    for (int f = 0; f < BOILER; f++) {
        double cap = 0, kwh = energy((enum facility)f, from, from + DAY_STEPS);
        if (sscanf(facts[f].tags, "%*[^,],%*[^,],%*[^,],%lf", &cap) == 1)
            put(out, "%s,2026-11-17,%.7g,%g,%.7g\n", facts[f].name, kwh, cap, cap - kwh);
    }
    put(out, "boiler,2026-11-17,,,\n"); /* was never seen */
}

static void truth_19(struct text *out)
{
    int from = step_of(12, 0, 0);

    put(out, "facility,day,count,coverage\nboiler,2026-11-12,0,0\n");
    for (int is_full = 0; is_full < 2; is_full++)
        for (int f = 0; f < BOILER; f++) {
            int n = 0;
            for (int s = from; s < from + DAY_STEPS; s++)
                n += plan.is_there[f][s];
            if ((n == DAY_STEPS) == is_full)
                put(out, "%s,2026-11-12,%d,%.7g\n", facts[f].name, n, n / (double)DAY_STEPS);
        }
}

static int begins(const char *park, int from)
{
    int n = 0;

    for (int f = 0; f < N_FACILITIES; f++) {
        int ignored = 0;
        if (strcmp(facts[f].park, park) == 0)
            (void)seconds((enum facility)f, untreated, from, from + DAY_STEPS, 2, &n, &ignored);
    }
    return n;
}

static void truth_21(struct text *out)
{
    put(out, "park,day,count,reference,change\n");
    for (int p = 1; p <= 2; p++)
        for (int day = 19; day <= 20; day++) {
            int n = begins(p == 1 ? "P1" : "P2", step_of(day, 0, 0)),
                before = begins(p == 1 ? "P1" : "P2", step_of(day - 2, 0, 0));
            put(out, "P%d,2026-11-%d,%d,%d,", p, day, n, before);
            if (before)
                put(out, "%.7g", n / (double)before - 1);
            put(out, "\n");
        }
}

static bool is_night(int s)
{
    int hour = s % DAY_STEPS / 12;

    return hour >= 22 || hour < 6;
}

static bool untreated_at_night(enum facility f, int s)
{
    return is_night(s) && untreated(f, s);
}

static void truth_27(struct text *out)
{
    int from = step_of(20, 0, 0), n = 0, longest = 0;

    put(out, "enterprise,ratio,duration\n");
    for (int e = 0; e < 4; e++) {
        double night = 0, day = 0;
        int off = 0;
        for (int f = 0; f < N_FACILITIES; f++) {
            for (int s = from; is_production((enum facility)f, s) && s < from + DAY_STEPS; s++)
                *(is_in((enum facility)f, e) ? is_night(s) ? &night : &day : &(double){0}) += plan.kw[f][s];
            if (is_in((enum facility)f, e))
                off += seconds((enum facility)f, untreated_at_night, from, from + DAY_STEPS, 1, &n, &longest);
        }
        if (night / day >= 1.5 && off > 0)
            put(out, "%s,%.7g,%d\n", enterprises[e], night / day, off);
    }
}

static int compare_numbers(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Of numbers of the ten days before: the one in the middle. */
static double middle(double *numbers)
{
    qsort(numbers, 10, sizeof *numbers, compare_numbers);
    return (numbers[4] + numbers[5]) / 2;
}

/* The kWh that an enterprise treats with, of the kWh that it makes with. */
static double treatment_share(int enterprise, int from)
{
    double made = 0, treated = 0;

    for (int f = 0; f < N_FACILITIES; f++) {
        if (!is_in((enum facility)f, enterprise) || f == METER)
            continue;
        *(is_production((enum facility)f, from) ? &made : &treated) += energy((enum facility)f, from, from + DAY_STEPS);
    }
    return treated / made;
}

static void truth_28(struct text *out)
{
    put(out, "enterprise,day,ratio,reference\n");
    for (int e = 0; e < 4; e++)
        for (int day = 14; day < 20; day++) {
            double before[10], off[10], usual, share = treatment_share(e, step_of(day, 0, 0));
            for (int i = 0; i < 10; i++)
                before[i] = treatment_share(e, step_of(day - 1 - i, 0, 0));
            usual = middle(before);
            for (int i = 0; i < 10; i++)
                off[i] = fabs(before[i] - usual);
            if (fabs(share - usual) > 10 * fmax(middle(off), usual / 1000))
                put(out, "%s,2026-11-%d,%.7g,%.7g\n", enterprises[e], day, share, usual);
        }
}

static void truth_29(struct text *out)
{
    static const enum facility bound[] = {MILL, KILN}; /* one in each park */

    put(out, "park,energy,reference,change\n");
    for (int i = 0; i < 2; i++) {
        double kwh = energy(bound[i], step_of(16, 0, 0), step_of(17, 0, 0)), usual = five_days(bound[i]);
        put(out, "P%d,%.7g,%.7g,%.7g\n", i + 1, kwh, usual, change(kwh, usual));
    }
}

static double gap(int day)
{
    int from = step_of(day, 0, 0), to = from + DAY_STEPS;

    return energy(METER, from, to) - energy(KILN, from, to) - energy(RTO, from, to);
}

static void truth_31(struct text *out)
{
    put(out, "day,gap,reference,change\n");
    for (int day = 19; day <= 20; day++)
        put(out, "2026-11-%d,%.7g,%.7g,%.7g\n", day, gap(day), gap(day - 2), change(gap(day), gap(day - 2)));
}

static bool imbalanced(enum facility f, int s)
{
    const double *a = plan.a[f][s];
    double most = fmax(fmax(a[0], a[1]), a[2]), least = fmin(fmin(a[0], a[1]), a[2]);

    return most - least > .3 * (a[0] + a[1] + a[2]) / 3;
}

static void truth_34(struct text *out)
{
    put(out, "subject,start,end,duration_s\n");
    put_all_runs(out, imbalanced, step_of(9, 0, 0), step_of(10, 0, 0), 2);
}

/* ---- alarms ---- */

static double minutes_old(const struct alarm_case *c)
{
    return (double)(time_of(NOW) + 180 * GK_SECOND - moment_of(c, 0)) / 60e9;
}

/* Oldest first, as the list of cases is. */
static void truth_5(struct text *out)
{
    put(out, "level,subject,holder,age_s\n");
    for (int i = 0; i < N_CASES; i++)
        if (cases[i].closed == NEVER)
            put(out, "alarm,%s,%s,%.7g\n", facts[cases[i].facility].name,
                cases[i].assigned != NEVER       ? "wang"
                : cases[i].acknowledged != NEVER ? "head"
                                                 : "",
                minutes_old(&cases[i]) * 60);
}

static bool is_of_last_days(const struct alarm_case *c, int days)
{
    return minutes_old(c) <= days * 1440;
}

static void truth_6(struct text *out)
{
    put(out, "rule,subject,raised\n");
    for (int i = 0; i < N_CASES; i++) {
        const struct alarm_case *c = &cases[i];
        char raised[GK_TIME_TEXT_MAX];
        (void)gk_time_format(moment_of(c, 0), 28800, raised);
        if (is_of_last_days(c, 7) && minutes_old(c) > 30 && (c->acknowledged == NEVER || c->acknowledged > 30))
            put(out, "%s,%s,%s\n", c->rule, facts[c->facility].name, raised);
    }
}

static void truth_18(struct text *out)
{
    put(out, "time,whom,channel,result,subject\n");
    for (int i = 0; i < N_CASES; i++) {
        char told[GK_TIME_TEXT_MAX];
        (void)gk_time_format(moment_of(&cases[i], cases[i].told), 28800, told);
        if (is_of_last_days(&cases[i], 7))
            put(out, "%s,head,phone,%s,%s\n", told, cases[i].result, facts[cases[i].facility].name);
    }
}

/* Linear between the two nearest of n ascending numbers. */
static double percentile(const double *list, int n, double percent)
{
    double rank = percent / 100 * (n - 1);
    int low = (int)rank;

    return low + 1 < n ? list[low] + (rank - low) * (list[low + 1] - list[low]) : list[low];
}

static void truth_20(struct text *out)
{
    put(out, "park,median,p90,unpaired\n");
    for (int park = 1; park <= 2; park++) {
        double list[N_CASES];
        int n = 0, unpaired = 0;
        for (int i = 0; i < N_CASES; i++) {
            int k = n;
            if (facts[cases[i].facility].park[1] - '0' != park)
                continue;
            unpaired += cases[i].acknowledged == NEVER;
            if (cases[i].acknowledged == NEVER)
                continue;
            for (; k > 0 && list[k - 1] > cases[i].acknowledged * 60; k--)
                list[k] = list[k - 1];
            list[k] = cases[i].acknowledged * 60;
            n++;
        }
        put(out, "P%d,%.7g,%.7g,%d\n", park, percentile(list, n, 50), percentile(list, n, 90), unpaired);
    }
}

static void truth_35(struct text *out)
{
    put(out, "maker,park,share\n");
    for (int maker = 0; maker < 2; maker++)
        for (int park = 1; park <= 2; park++) {
            int n = 0, n_closed = 0, n_device = 0;
            for (int i = 0; i < N_CASES; i++) {
                const struct facility_facts *x = &facts[cases[i].facility];
                if (x->park[1] - '0' != park || (strstr(x->tags, "Lian") != NULL) != maker)
                    continue;
                n++;
                n_closed += cases[i].closed != NEVER;
                n_device += strcmp(cases[i].outcome, "device") == 0;
            }
            if (n && n_closed)
                put(out, "%s,P%d,%.7g\n", maker ? "Lian" : "Huan", park, (double)n_device / n_closed);
            else if (n)
                put(out, "%s,P%d,\n", maker ? "Lian" : "Huan", park);
        }
}

/* Untreated by the rows that did not come late. */
static bool untreated_then(enum facility f, int step)
{
    if (!runs(f, step) || plan.is_late[f][step])
        return false;
    for (int i = 0; i < N_SERVES; i++)
        if (serves[i].production == f && plan.is_late[serves[i].abatement][step])
            return false;
    return all_rest(f, step);
}

static void truth_36(struct text *out)
{
    int from = step_of(11, 0, 0), to = step_of(12, 0, 0);

    put(out, "enterprise,duration,now_duration,count,now_count,change\n");
    for (int e = 0; e < 4; e++) {
        int then = 0, now = 0, n_then = 0, n_now = 0, longest = 0;
        for (int f = 0; f < N_FACILITIES; f++) {
            if (!is_in((enum facility)f, e) || !has_role((enum facility)f, "production"))
                continue;
            then += seconds((enum facility)f, untreated_then, from, to, 2, &n_then, &longest);
            now += seconds((enum facility)f, untreated, from, to, 2, &n_now, &longest);
        }
        put(out, "%s,%d,%d,%d,%d,%s\n", enterprises[e], then, now, n_then, n_now, then ? "0" : "");
    }
}

/* What was made untreated; the mill's last five minutes are not over yet. */
static void truth_38(struct text *out)
{
    double kwh[4] = {0};
    int duration[4] = {0}, n = 0, longest = 0;

    for (int e = 0; e < 4; e++)
        for (int f = 0; f < N_FACILITIES; f++) {
            if (!is_in((enum facility)f, e))
                continue;
            for (int s = 0; s < N_STEPS - 1; s++)
                kwh[e] += untreated((enum facility)f, s) ? plan.kw[f][s] / 12 : 0;
            duration[e] += seconds((enum facility)f, untreated, 0, N_STEPS, 1, &n, &longest);
        }
    duration[1] -= 120;
    put(out, "enterprise,duration,energy\n");
    for (int rank = 0; rank < 4; rank++) {
        int most = 0;
        for (int e = 1; e < 4; e++)
            most = kwh[e] > kwh[most] ? e : most;
        put(out, "%s,%d,%.7g\n", enterprises[most], duration[most], kwh[most]);
        kwh[most] = -1;
    }
}

static void truth_39(struct text *out)
{
    put(out, "grade,energy,cut,reference,change\nA,0,,0,\n");
    for (int i = 0; i < 2; i++) {
        enum facility f = i ? KILN : MILL;
        double kwh = energy(f, step_of(16, 0, 0), step_of(17, 0, 0)), usual = five_days(f);
        put(out, "%c,%.7g,0.3,%.7g,%.7g\n", facts[f].tags[0], kwh, usual, change(kwh, usual));
    }
    put(out, "D,0,,0,\n");
}

/* ---- all of them ---- */

static const struct {
    int question;
    void (*rows)(struct text *out);
} truths[] = {
    {1, truth_1},   {2, truth_2},   {3, truth_3},   {4, truth_4},   {5, truth_5},   {6, truth_6},   {7, truth_7},
    {8, truth_8},   {9, truth_9},   {10, truth_10}, {11, truth_11}, {12, truth_12}, {13, truth_13}, {14, truth_14},
    {15, truth_15}, {16, truth_16}, {17, truth_17}, {18, truth_18}, {19, truth_19}, {20, truth_20}, {21, truth_21},
    {22, truth_22}, {23, truth_23}, {24, truth_24}, {25, truth_25}, {26, truth_26}, {27, truth_27}, {28, truth_28},
    {29, truth_29}, {30, truth_30}, {31, truth_31}, {32, truth_32}, {33, truth_33}, {34, truth_34}, {35, truth_35},
    {36, truth_36}, {37, truth_37}, {38, truth_38}, {39, truth_39}, {40, truth_40},
};
enum { N_TRUTHS = sizeof truths / sizeof truths[0] };

#endif
