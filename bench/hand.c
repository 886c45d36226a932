/*
 * hand.c - see hand.h.
 */
#include "hand.h"

#include <stdlib.h>
#include <string.h>

#include "harness.h"

#define DAY_S     86400
#define HOUR_S    3600
#define PARKS_MAX 16
#define DAYS_MAX  64

static void add_run(struct hand_runs *runs, int32_t from, int32_t to)
{
    if (runs->n > 0 && runs->run[runs->n - 1].to >= from) {
        if (to > runs->run[runs->n - 1].to)
            runs->run[runs->n - 1].to = to;
        return;
    }
    if (runs->n == runs->capacity) {
        runs->capacity = runs->capacity ? 2 * runs->capacity : 64;
        runs->run = realloc(runs->run, runs->capacity * sizeof *runs->run);
        if (runs->run == NULL)
            harness_fail("no memory");
    }
    runs->run[runs->n++] = (struct hand_run){from, to};
}

/* Production: kw * 5 >= rated. Abatement: kw * 10 < rated. Both as one comparison with a bound. */
static void runs_of(const struct hand *hand, uint32_t facility, struct hand_runs *out)
{
    const struct zone_facility *f = &hand->zone->facilities[facility];
    const int32_t *time = hand->time[facility], *kw = hand->kw[facility];
    int32_t bound = f->is_abatement ? (f->rated_w + 9) / 10 : (f->rated_w + 4) / 5;

    out->n = 0;
    for (uint32_t i = 0; i < f->n_rows; i++) {
        if ((kw[i] < bound) != f->is_abatement)
            continue;
        int32_t to = time[i] + HAND_HOLD_S;
        if (i + 1 < f->n_rows && time[i + 1] < to)
            to = time[i + 1];
        add_run(out, time[i], to);
    }
}

void hand_init(struct hand *hand, const struct zone *zone)
{
    *hand = (struct hand){.zone = zone};
    hand->time = harness_take(zone->n_facilities, sizeof *hand->time);
    hand->kw = harness_take(zone->n_facilities, sizeof *hand->kw);
    hand->states = harness_take(zone->n_facilities, sizeof *hand->states);
    for (uint32_t i = 0; i < zone->n_facilities; i++) {
        uint32_t n = zone->facilities[i].n_rows;
        hand->time[i] = harness_take(n, sizeof(int32_t));
        hand->kw[i] = harness_take(n, sizeof(int32_t));
        zone_read(zone, i, ZONE_TIME, 0, n, hand->time[i]);
        zone_read(zone, i, ZONE_KW, 0, n, hand->kw[i]);
        runs_of(hand, i, &hand->states[i]);
    }
}

void hand_clear(struct hand *hand)
{
    for (uint32_t i = 0; i < hand->zone->n_facilities; i++) {
        free(hand->time[i]);
        free(hand->kw[i]);
        free(hand->states[i].run);
    }
    free(hand->time);
    free(hand->kw);
    free(hand->states);
    free(hand->abatement.run);
    free(hand->production.run);
    free(hand->both.run);
    free(hand->scratch.run);
    *hand = (struct hand){0};
}

/* Merges the sorted runs of n facilities. */
static void join(const struct hand_runs *lists, size_t n, struct hand_runs *out)
{
    size_t at[ZONE_FACILITIES] = {0};

    out->n = 0;
    for (;;) {
        const struct hand_run *next = NULL;
        size_t of = 0;
        for (size_t i = 0; i < n; i++)
            if (at[i] < lists[i].n && (next == NULL || lists[i].run[at[i]].from < next->from)) {
                next = &lists[i].run[at[i]];
                of = i;
            }
        if (next == NULL)
            return;
        add_run(out, next->from, next->to);
        at[of]++;
    }
}

static void meet(const struct hand_runs *a, const struct hand_runs *b, struct hand_runs *out)
{
    out->n = 0;
    for (size_t i = 0, j = 0; i < a->n && j < b->n;) {
        int32_t from = a->run[i].from > b->run[j].from ? a->run[i].from : b->run[j].from;
        int32_t to = a->run[i].to < b->run[j].to ? a->run[i].to : b->run[j].to;
        if (from < to)
            add_run(out, from, to);
        if (a->run[i].to < b->run[j].to)
            i++;
        else
            j++;
    }
}

static void breaches_of(struct hand *hand, uint32_t enterprise)
{
    const struct hand_runs *states = hand->states + (size_t)enterprise * ZONE_FACILITIES;

    join(states, ZONE_PRODUCTION, &hand->production);
    join(states + ZONE_PRODUCTION, ZONE_FACILITIES - ZONE_PRODUCTION, &hand->abatement);
    meet(&hand->production, &hand->abatement, &hand->both);
}

struct hand_answer hand_question_of(struct hand *hand, uint32_t enterprise, int32_t from, int32_t to)
{
    struct hand_answer answer = {0};

    breaches_of(hand, enterprise);
    for (size_t i = 0; i < hand->both.n; i++) {
        const struct hand_run *run = &hand->both.run[i];
        if (run->to - run->from < HAND_LEAST_S || run->from >= to || run->to <= from)
            continue;
        answer.n_rows++;
        answer.sum += run->to - run->from;
    }
    return answer;
}

struct hand_answer hand_question(struct hand *hand)
{
    struct hand_answer answer = {0};

    for (uint32_t i = 0; i < hand->zone->n_enterprises; i++) {
        struct hand_answer one = hand_question_of(hand, i, INT32_MIN, INT32_MAX);
        answer.n_rows += one.n_rows;
        answer.sum += one.sum;
    }
    return answer;
}

struct hand_answer hand_question_rows(struct hand *hand)
{
    for (uint32_t i = 0; i < hand->zone->n_facilities; i++)
        runs_of(hand, i, &hand->states[i]);
    return hand_question(hand);
}

struct hand_answer hand_heat(struct hand *hand)
{
    struct hand_answer answer = {0};
    uint64_t n_days = (uint64_t)(hand->zone->length_s + DAY_S - 1) / DAY_S;
    int32_t seconds[DAYS_MAX];

    for (uint32_t e = 0; e < hand->zone->n_enterprises; e++) {
        breaches_of(hand, e);
        memset(seconds, 0, sizeof seconds);
        for (size_t i = 0; i < hand->both.n; i++)
            for (int32_t t = hand->both.run[i].from; t < hand->both.run[i].to;) {
                int32_t end = (t / DAY_S + 1) * DAY_S;
                if (end > hand->both.run[i].to)
                    end = hand->both.run[i].to;
                seconds[t / DAY_S % DAYS_MAX] += end - t;
                t = end;
            }
        for (uint64_t day = 0; day < n_days && day < DAYS_MAX; day++)
            answer.sum += seconds[day];
        answer.n_rows += n_days;
    }
    return answer;
}

struct hand_answer hand_raw(struct hand *hand, uint32_t facility, int32_t from, int32_t to)
{
    struct hand_answer answer = {0};
    const int32_t *time = hand->time[facility], *kw = hand->kw[facility];

    for (uint32_t i = 0; i < hand->zone->facilities[facility].n_rows; i++)
        if (time[i] >= from && time[i] < to) {
            answer.n_rows++;
            answer.sum += kw[i] / ZONE_UNIT[ZONE_KW];
        }
    return answer;
}

struct hand_answer hand_hourly(struct hand *hand, uint32_t facility)
{
    struct hand_answer answer = {0};
    const int32_t *time = hand->time[facility], *kw = hand->kw[facility];
    uint32_t n = hand->zone->facilities[facility].n_rows;

    for (uint32_t i = 0; i < n;) {
        int32_t end = (time[i] / HOUR_S + 1) * HOUR_S, most = kw[i];
        int64_t sum = 0;
        uint32_t count = 0;
        for (; i < n && time[i] < end; i++, count++) {
            sum += kw[i];
            if (kw[i] > most)
                most = kw[i];
        }
        answer.sum += ((double)sum / count + most) / ZONE_UNIT[ZONE_KW];
        answer.n_rows++;
    }
    return answer;
}

struct hand_answer hand_parks(struct hand *hand)
{
    struct hand_answer answer = {0};
    static int64_t sum[PARKS_MAX][DAYS_MAX], count[PARKS_MAX][DAYS_MAX];

    memset(sum, 0, sizeof sum);
    memset(count, 0, sizeof count);
    for (uint32_t f = 0; f < hand->zone->n_facilities; f++) {
        const int32_t *time = hand->time[f], *kw = hand->kw[f];
        uint32_t n = hand->zone->facilities[f].n_rows, park = hand->zone->facilities[f].park % PARKS_MAX;
        for (uint32_t i = 0; i < n;) {
            int32_t day = time[i] / DAY_S, end = (day + 1) * DAY_S;
            uint32_t from = i;
            int64_t all = 0;
            for (; i < n && time[i] < end; i++)
                all += kw[i];
            sum[park][day % DAYS_MAX] += all;
            count[park][day % DAYS_MAX] += i - from;
        }
    }
    for (int park = 0; park < PARKS_MAX; park++)
        for (int day = 0; day < DAYS_MAX; day++)
            if (count[park][day] > 0) {
                answer.n_rows++;
                answer.sum += (double)sum[park][day] / (double)count[park][day] / ZONE_UNIT[ZONE_KW];
            }
    return answer;
}
