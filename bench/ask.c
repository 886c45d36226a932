/*
 * ask.c - see ask.h.
 */
#include "ask.h"

#include <stdio.h>
#include <string.h>

#include "fill.h"
#include "harness.h"

#define HOURS_MAX 1024

static void check(int status, const struct gk_query_error *error, const char *text)
{
    if (status < 0)
        harness_fail("%s\n%s: %s", text, gk_status_text(status), error->report);
}

gk_session *ask_session(void)
{
    struct gk_session_options options = {.size = sizeof options, .max_run_ns = -1};
    gk_session *session = NULL;

    fill_check(gk_session_new(&options, &session), NULL, "gk_session_new");
    return session;
}

static gk_query *prepare(gk_session *session, gk_snapshot *snapshot, const char *text)
{
    struct gk_query_error error = {0};
    gk_query *query = NULL;

    check(gk_query_prepare(session, snapshot, text, strlen(text), NULL, &query, &error), &error, text);
    return query;
}

void ask_open(struct ask *ask, gk_session *session, gk_snapshot *snapshot, const char *text, gk_time now)
{
    *ask = (struct ask){.snapshot = snapshot, .now = now};
    snprintf(ask->text, sizeof ask->text, "%s", text);
    ask->query = prepare(session, snapshot, text);
}

void ask_close(struct ask *ask)
{
    gk_query_free(ask->query);
    *ask = (struct ask){0};
}

static void add_column(struct ask *ask, const char *name)
{
    for (size_t i = 0; i < gk_query_n_columns(ask->query); i++)
        if (strcmp(gk_query_column(ask->query, i)->name, name) == 0) {
            ask->column[ask->n_columns++] = i;
            return;
        }
    harness_fail("the answer has no column '%s': %s", name, ask->text);
}

void ask_columns(struct ask *ask, const char *name, const char *other)
{
    if (name != NULL)
        add_column(ask, name);
    if (other != NULL)
        add_column(ask, other);
}

static double number_of(const struct gk_value *value)
{
    switch (value->type) {
    case GK_TYPE_SECONDS:
    case GK_TYPE_NUMBER:
    case GK_TYPE_SHARE:
        return value->as.number;
    case GK_TYPE_COUNT:
        return (double)value->as.count;
    default:
        return 0;
    }
}

/* The current row, and those behind it that lie side by side with it. */
static void take_columns(struct ask *ask)
{
    size_t n = 0;

    for (size_t i = 0; i < ask->n_columns; i++) {
        const double *numbers = gk_query_numbers(ask->query, ask->column[i], &n);
        double sum = ask->answer.sum; /* in a register */
        if (n == 0)
            harness_fail("the answer does not come as columns: %s", ask->text);
        for (size_t k = 0; k < n; k++)
            sum += numbers[k];
        ask->answer.sum = sum;
    }
    ask->answer.n_rows += 1 + gk_query_skip(ask->query, n > 0 ? n - 1 : 0);
}

/* Side by side: a sum that goes through memory at each call would wait longer for itself than the call takes. */
#define SUMS 4

/* A call a row, a call a value. */
static int take_rows(struct ask *ask, struct gk_query_error *error)
{
    gk_query *query = ask->query;
    double sums[SUMS] = {0};
    uint64_t n_rows = 0;
    int rc;

    while ((rc = gk_query_next(query, error)) == GK_OK) {
        for (size_t i = 0; i < ask->n_columns; i++)
            sums[n_rows % SUMS] += number_of(gk_query_value(query, ask->column[i]));
        n_rows++;
    }
    ask->answer.n_rows = n_rows;
    for (size_t i = 0; i < SUMS; i++)
        ask->answer.sum += sums[i];
    return rc;
}

void ask_run(void *context)
{
    struct ask *ask = context;
    struct gk_query_error error = {0};
    int rc;

    ask->answer = (struct ask_sum){0};
    check(gk_query_start(ask->query, ask->snapshot, ask->now, &error), &error, ask->text);
    if (!ask->by_columns)
        rc = take_rows(ask, &error);
    else
        while ((rc = gk_query_next(ask->query, &error)) == GK_OK)
            take_columns(ask);
    check(rc, &error, ask->text);
}

void ask_prepare_only(gk_session *session, gk_snapshot *snapshot, const char *text)
{
    gk_query_free(prepare(session, snapshot, text));
}

struct ask_sum ask_scan(gk_snapshot *snapshot, uint32_t facility, uint32_t channel, gk_time from, gk_time to)
{
    struct gk_error error = {0};
    struct gk_columns columns;
    struct ask_sum sum = {0};
    gk_scan *scan = NULL;
    int rc;

    fill_check(gk_scan_open(snapshot, facility, &channel, 1, from, to, &scan, &error), &error, "gk_scan_open");
    while ((rc = gk_scan_next(scan, &columns, &error)) == GK_OK) {
        sum.n_rows += columns.n_rows;
        for (size_t i = 0; i < columns.n_rows; i++)
            sum.sum += columns.value[0][i];
    }
    fill_check(rc, &error, "gk_scan_next");
    gk_scan_close(scan);
    return sum;
}

struct ask_sum ask_hourly(gk_snapshot *snapshot, uint32_t facility, uint32_t channel, gk_time from, gk_time to)
{
    static struct gk_summary summary[HOURS_MAX];
    static gk_time edges[HOURS_MAX + 1];
    struct gk_signal signal = {.channels = &channel, .n_channels = 1, .reduce = GK_MEAN};
    struct gk_error error = {0};
    struct ask_sum sum = {0};
    size_t n = 0;

    for (gk_time t = from; t < to && n < HOURS_MAX; t += 3600 * GK_SECOND)
        edges[n++] = t;
    edges[n] = to;
    fill_check(gk_signal_summaries(snapshot, facility, &signal, edges, n, summary, &error), &error,
               "gk_signal_summaries");
    for (size_t i = 0; i < n; i++)
        if (summary[i].count > 0) {
            sum.n_rows++;
            sum.sum += summary[i].sum / (double)summary[i].count + summary[i].max;
        }
    return sum;
}

double ask_last(gk_snapshot *snapshot, uint32_t facility, const uint32_t *channels, size_t n)
{
    struct gk_error error = {0};
    struct gk_profile profile;
    struct gk_columns columns;
    gk_scan *scan = NULL;
    double sum = 0;

    fill_check(gk_facility_profile(snapshot, facility, &profile, &error), &error, "gk_facility_profile");
    fill_check(gk_scan_open(snapshot, facility, channels, n, profile.last, profile.last + 1, &scan, &error), &error,
               "gk_scan_open");
    if (gk_scan_next(scan, &columns, &error) != GK_OK || columns.n_rows != 1)
        harness_fail("facility %u has no newest row", (unsigned)facility);
    for (size_t i = 0; i < n; i++)
        sum += columns.value[i][0];
    gk_scan_close(scan);
    return sum;
}
