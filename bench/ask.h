/*
 * ask.h - prepared questions and plain reads, each brought down to a count of rows and one sum, so that answers can be
 * compared with those of others. Everything that fails ends the program.
 */
#ifndef BENCH_ASK_H
#define BENCH_ASK_H

#include <stdbool.h>
#include <stddef.h>

#include "gk_query.h"

#define ASK_TEXT_MAX    1024
#define ASK_COLUMNS_MAX 2

struct ask_sum {
    uint64_t n_rows;
    double sum;
};

struct ask {
    gk_query *query;
    gk_snapshot *snapshot;
    gk_time now;
    char text[ASK_TEXT_MAX];
    size_t column[ASK_COLUMNS_MAX], n_columns; /* whose numbers are summed */
    bool by_columns;                           /* rows that lie side by side are taken as arrays */
    struct ask_sum answer;
};

gk_session *ask_session(void);
void ask_open(struct ask *ask, gk_session *session, gk_snapshot *snapshot, const char *text, gk_time now);
void ask_close(struct ask *ask);
/* Which columns are summed; NULL: none. */
void ask_columns(struct ask *ask, const char *name, const char *other);
/* From the first step to the last row. Takes a struct ask *. */
void ask_run(void *ask);
void ask_prepare_only(gk_session *session, gk_snapshot *snapshot, const char *text);

/* By gk.h alone. */
struct ask_sum ask_scan(gk_snapshot *snapshot, uint32_t facility, uint32_t channel, gk_time from, gk_time to);
struct ask_sum ask_hourly(gk_snapshot *snapshot, uint32_t facility, uint32_t channel, gk_time from, gk_time to);
/* The newest row of a facility: the sum of its values. */
double ask_last(gk_snapshot *snapshot, uint32_t facility, const uint32_t *channels, size_t n);

#endif
