/*
 * question.c - see question.h.
 */
#include "question.h"

#include <stdio.h>
#include <string.h>

#include "fill.h"

#define DAY_S 86400

const char QUESTION_THE[] = "when any abatement off while any production on for >= 10m per enterprise {window}";

const struct question QUESTIONS[QUESTION_N] = {
    {"raw_day_query", "samples of power of facility '{facility}' {day}", "kw", NULL},
    {"raw_day_columns", "samples of power of facility '{facility}' {day}", "kw", NULL},
    {"hourly_query", "avg, max of power of facility '{facility}' every 1h {window}", "avg", "max"},
    {"parks", "avg of power of facility by park, day {window}", "avg", NULL},
    {"question", QUESTION_THE, "duration_s", NULL},
    {"question_plain", "when abatement offline while production running for >= 10m {window}", "duration_s", NULL},
    {"question_rows",
     "when any power of abatement < 0.1 * rated while any power of production >= 0.2 * rated for >= 10m per enterprise "
     "{window}",
     "duration_s", NULL},
    {"question_day",
     "when any abatement off while any production on for >= 10m per enterprise in enterprise '{enterprise}' {day}",
     "duration_s", NULL},
    {"heat", "duration of any abatement off while any production on per enterprise by enterprise, day {window}",
     "duration", NULL},
    {"start_order", "when start of any production on unless any abatement on per enterprise {window}", NULL, NULL},
    {"last_query", "last of power of facility by facility in enterprise '{enterprise}' {hour}", "last", NULL},
};

const struct question *question_of(const char *line)
{
    for (size_t i = 0; i < QUESTION_N; i++)
        if (strcmp(QUESTIONS[i].line, line) == 0)
            return &QUESTIONS[i];
    return NULL;
}

struct spot spot_of(const struct zone *zone)
{
    struct spot spot;
    int64_t n_days = zone->length_s / DAY_S, day = n_days > 4 ? 4 : n_days > 0 ? n_days - 1 : 0;

    spot.enterprise = zone->n_enterprises > 7 ? 7 : zone->n_enterprises - 1;
    spot.facility = spot.enterprise * ZONE_FACILITIES;
    spot.from_s = (int32_t)(day * DAY_S);
    spot.to_s = spot.from_s + DAY_S;
    spot.begin = zone->from_s * GK_SECOND;
    spot.end = (zone->from_s + zone->length_s) * GK_SECOND;
    spot.now =
        spot.end + 3600 * GK_SECOND; /* past every hold: a run that is still open counts only to the newest row */
    return spot;
}

static size_t put_between(gk_time from, gk_time to, char *out, size_t size)
{
    char a[GK_TIME_TEXT_MAX], b[GK_TIME_TEXT_MAX];

    gk_time_format(from, 0, a);
    gk_time_format(to, 0, b);
    return (size_t)snprintf(out, size, "between %s and %s", a, b);
}

static size_t put_word(const char *word, const struct spot *spot, char *out, size_t size)
{
    if (strncmp(word, "{window}", 8) == 0)
        return put_between(spot->begin, spot->end, out, size);
    if (strncmp(word, "{day}", 5) == 0)
        return put_between(spot->begin + spot->from_s * GK_SECOND, spot->begin + spot->to_s * GK_SECOND, out, size);
    if (strncmp(word, "{hour}", 6) == 0)
        return put_between(spot->end - 3600 * GK_SECOND, spot->end, out, size);
    if (strncmp(word, "{facility}", 10) == 0)
        return fill_facility(spot->facility, out);
    return fill_enterprise(spot->enterprise, out);
}

void spot_put(const struct spot *spot, const char *pattern, char *out, size_t size)
{
    size_t n = 0;

    for (; *pattern != '\0' && n + GK_TIME_TEXT_MAX * 3 < size; pattern++) {
        if (*pattern != '{') {
            out[n++] = *pattern;
            continue;
        }
        n += put_word(pattern, spot, out + n, size - n);
        pattern += strcspn(pattern, "}");
    }
    out[n] = '\0';
}
