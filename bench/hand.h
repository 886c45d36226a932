/*
 * hand.h - the questions of bench_zone answered by plain loops over arrays: what a person would write for just this
 * zone. They say how far the engine is from the machine, and their answers are compared with the engine's.
 *
 * A row holds until the next one, at most 60 s. Off: below 10 % of rated; on: from 20 %. All times are seconds from the
 * beginning of the zone.
 */
#ifndef BENCH_HAND_H
#define BENCH_HAND_H

#include "zone.h"

#define HAND_HOLD_S  60
#define HAND_LEAST_S 600

struct hand_run {
    int32_t from, to;
};

struct hand_runs {
    struct hand_run *run;
    size_t n, capacity;
};

/* A zone in memory (times and kw only) and the runs of each facility: off for abatement, on for production. */
struct hand {
    const struct zone *zone;
    int32_t **time, **kw;
    struct hand_runs *states;
    struct hand_runs abatement, production, both, scratch;
};

/* What an answer comes to: enough to tell two different ones apart. */
struct hand_answer {
    uint64_t n_rows;
    double sum;
};

void hand_init(struct hand *hand, const struct zone *zone);
void hand_clear(struct hand *hand);

/* Any abatement off while any production on, for at least ten minutes, an enterprise: rows and their seconds. */
struct hand_answer hand_question(struct hand *hand);
/* The same from the rows, without states made before. */
struct hand_answer hand_question_rows(struct hand *hand);
/* Of one enterprise, those that touch [from, to); not cut. */
struct hand_answer hand_question_of(struct hand *hand, uint32_t enterprise, int32_t from, int32_t to);
/* Without the ten minutes, by enterprise and day: how many (enterprise, day) there are, and all seconds. */
struct hand_answer hand_heat(struct hand *hand);
/* Rows of kw in [from, to) and their sum. */
struct hand_answer hand_raw(struct hand *hand, uint32_t facility, int32_t from, int32_t to);
/* Buckets of an hour, sum of their mean and their greatest kw. */
struct hand_answer hand_hourly(struct hand *hand, uint32_t facility);
/* Parks x days, sum of the means. */
struct hand_answer hand_parks(struct hand *hand);

#endif
