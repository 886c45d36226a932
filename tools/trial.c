/*
 * trial.c - see trial.h.
 */
#include "trial.h"

#include <stdlib.h>
#include <string.h>

#define DAY_NS (INT64_C(86400) * GK_SECOND)

void trial_init(struct trial *trial, int32_t zone_s)
{
    *trial = (struct trial){.zone_s = zone_s};
}

void trial_clear(struct trial *trial)
{
    for (size_t i = 0; i < trial->n; i++)
        free(trial->cells[i].enterprise);
    free(trial->cells);
    free(trial->subject);
    free(trial->enterprise);
    trial_init(trial, trial->zone_s);
}

static char *copy_of(const char *text, size_t size)
{
    char *copy = tool_resize(NULL, size + 1, 1);

    memcpy(copy, text, size);
    copy[size] = '\0';
    return copy;
}

static struct trial_cell *find_cell(struct trial *trial, gk_time day)
{
    for (size_t i = trial->n; i-- > 0;)
        if (trial->cells[i].day == day && strcmp(trial->cells[i].enterprise, trial->enterprise) == 0)
            return &trial->cells[i];
    if (trial->n == trial->room) {
        trial->room = trial->room ? 2 * trial->room : 64;
        trial->cells = tool_resize(trial->cells, trial->room, sizeof *trial->cells);
    }
    trial->cells[trial->n] =
        (struct trial_cell){.enterprise = copy_of(trial->enterprise, strlen(trial->enterprise)), .day = day};
    return &trial->cells[trial->n++];
}

static gk_time day_of(const struct trial *trial, gk_time t)
{
    gk_time local = t + trial->zone_s * GK_SECOND, rest = local % DAY_NS;

    return t - (rest < 0 ? rest + DAY_NS : rest);
}

/* A breach is over: it counts on the day on which it began. */
static void end_breach(struct trial *trial)
{
    if (trial->has_row && trial->is_certain) {
        struct trial_cell *cell = find_cell(trial, day_of(trial, trial->from));
        double seconds = (double)(trial->to - trial->from) / 1e9;
        cell->n_alarms++;
        cell->total_s += seconds;
        cell->longest_s = seconds > cell->longest_s ? seconds : cell->longest_s;
        trial->n_alarms++;
    }
    trial->has_row = trial->is_certain = false;
}

static const struct gk_value *value_of(const gk_query *query, const char *column)
{
    for (size_t i = 0; i < gk_query_n_columns(query); i++)
        if (strcmp(gk_query_column(query, i)->name, column) == 0)
            return gk_query_value(query, i);
    return NULL;
}

static char *text_of(const gk_query *query, const char *column)
{
    const struct gk_value *value = value_of(query, column);

    return value != NULL && value->type == GK_TYPE_TEXT ? copy_of(value->as.text.bytes, value->as.text.size)
                                                        : copy_of("", 0);
}

static gk_time time_of(const gk_query *query, const char *column, gk_time absent)
{
    const struct gk_value *value = value_of(query, column);

    return value != NULL && value->type == GK_TYPE_TIME ? value->as.time : absent;
}

void trial_row(struct trial *trial, const gk_query *query, gk_time now)
{
    gk_time from = time_of(query, "start", now), to = time_of(query, "end", now);
    char *subject = text_of(query, "subject"), *certainty = text_of(query, "certainty");
    bool is_certain = strcmp(certainty, "certain") == 0;

    free(certainty);
    if (trial->has_row && (strcmp(subject, trial->subject) != 0 || from != trial->to))
        end_breach(trial);
    if (!trial->has_row || !trial->is_certain)
        trial->from = from; /* it begins with what is certain */
    free(trial->subject);
    free(trial->enterprise);
    trial->subject = subject;
    trial->enterprise = text_of(query, "enterprise");
    trial->to = to;
    trial->has_row = true;
    trial->is_certain |= is_certain;
}

static int compare(const void *p, const void *q)
{
    const struct trial_cell *a = p, *b = q;
    int c = strcmp(a->enterprise, b->enterprise);

    return c != 0 ? c : (a->day > b->day) - (a->day < b->day);
}

void trial_end(struct trial *trial)
{
    end_breach(trial);
    if (trial->n > 0)
        qsort(trial->cells, trial->n, sizeof *trial->cells, compare);
}
