/*
 * question.h - the questions that are timed, as text, and where in a zone the narrow ones look.
 */
#ifndef BENCH_QUESTION_H
#define BENCH_QUESTION_H

#include "gk.h"
#include "zone.h"

struct question {
    const char *line, *text; /* {window} {facility} {enterprise} {day} {hour} stand for what the zone has */
    const char *column;      /* whose values are summed; NULL: only rows count */
    const char *other_column;
};

#define QUESTION_N 11

extern const struct question QUESTIONS[QUESTION_N];
/* THE question, with {window}. */
extern const char QUESTION_THE[];

/* The one of a line; NULL when there is none. */
const struct question *question_of(const char *line);

/* The eighth enterprise, its first facility, the fifth day, as the comparison set's answers do. */
struct spot {
    uint32_t enterprise, facility;
    int32_t from_s, to_s; /* of the day, from the beginning of the zone */
    gk_time begin, end;   /* of the zone */
    gk_time now;
};

struct spot spot_of(const struct zone *zone);
/* The text with the words in braces replaced. */
void spot_put(const struct spot *spot, const char *pattern, char *out, size_t size);

#endif
