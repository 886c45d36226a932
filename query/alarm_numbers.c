/*
 * alarm_numbers.c - `count, share, duration, longest of alarms FILTERS by KEYS`, and `median, p90 of lag from raised to
 * acknowledged of alarms by KEYS`: numbers of alarms by groups, in order of their keys. An alarm belongs to the time
 * it was raised. A group is there when some alarm of it was raised, whatever the filters say. By shift it counts in
 * each of its subject's shifts that was going on, at the day on which that began; in none: in a group without a name.
 *
 *     share      of those that pass the filters among all; `closed as X` is told of those that are closed
 *     lag        from the first act of one kind to the first act of the other; unpaired: alarms with the first alone
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "alarms.h"
#include "calendar.h"
#include "parser.h"
#include "shifts.h"
#include "sorted.h"
#include "window.h"

struct group {
    const char *keys[KEYS_MAX + 1]; /* as texts; of every: the begin */
    gk_time start;                  /* of the bucket */
    size_t shift;                   /* its number; n_shifts: none */
    uint64_t n, n_all;              /* that pass, and of which the share is told */
    uint64_t reference;             /* that passed at the other time */
    double seconds, longest;
    uint64_t n_unpaired;
};

struct ordered { /* a group, as qsort sees it */
    const struct numbers *own;
    size_t number;
};

struct numbers {
    const struct tail *tail;
    struct group *groups;
    size_t n, capacity;
    size_t *slots; /* open addressing by hash of the keys: 1 + the number of a group */
    size_t n_slots;
    struct ordered *order;
    struct sorted *values;
    size_t n_values, values_capacity;
    size_t n_keys;
    const char **shifts; /* in the order of their hours */
    size_t n_shifts;
    struct calendar calendar;
    bool is_reference; /* what is added is of the other time */
    size_t next;
};

/* ---- columns ---- */

static const char *key_name(const struct tail *tail, size_t i)
{
    static const char *const names[] = {"facility", "line", "enterprise", "park",  NULL,
                                        "hour",     "day",  "week",       "month", "shift"};

    return i == tail->n_keys ? "time" : tail->keys[i] == KEY_TAG ? tail->key_tags[i].bytes : names[tail->keys[i]];
}

static size_t n_keys_of(const struct tail *tail)
{
    return tail->n_keys + (tail->every_ns != 0);
}

static bool is_time_key(const struct tail *tail, size_t i)
{
    return i == tail->n_keys || tail->keys[i] == KEY_HOUR;
}

static bool has_time(const struct tail *tail)
{
    for (size_t i = 0; i < tail->n_keys; i++)
        if (tail->keys[i] >= KEY_HOUR && tail->keys[i] != KEY_SHIFT)
            return true;
    return tail->every_ns != 0;
}

static int check_versus(struct gk_query *query)
{
    const struct stmt *stmt = query->stmt;
    const struct versus *versus = &stmt->tail.versus;
    bool is_moved = versus->kind == VERSUS_BEFORE || versus->kind == VERSUS_SHIFT || versus->kind == VERSUS_UNIT;

    if (versus->kind == VERSUS_NONE ||
        (is_moved && !has_time(&stmt->tail) && !stmt->record.has_lag && stmt->measures[0].kind == AGG_COUNT))
        return GK_OK;
    report_hint(&query->report, "count of alarms by park last 7d vs previous");
    return report_fail(&query->report, GK_ESYNTAX, versus->place,
                       "of alarms the count is compared with that of an earlier time, without keys of time");
}

static enum gk_type type_of(const struct stmt *stmt, const struct measure *measure)
{
    if (measure->kind == AGG_COUNT)
        return GK_TYPE_COUNT;
    return measure->kind == AGG_SHARE && !stmt->record.has_lag ? GK_TYPE_SHARE : GK_TYPE_SECONDS;
}

static int columns(struct gk_query *query)
{
    const struct stmt *stmt = query->stmt;
    struct rows *rows = &query->rows;
    bool ok = true;
    int rc;

    TRY(check_versus(query));
    for (size_t i = 0; i < n_keys_of(&stmt->tail); i++)
        ok = ok &&
             rows_add_column(rows, key_name(&stmt->tail, i), is_time_key(&stmt->tail, i) ? GK_TYPE_TIME : GK_TYPE_TEXT);
    for (size_t i = 0; i < stmt->n_measures; i++)
        ok = ok && rows_add_column(rows, stmt->measures[i].name, type_of(stmt, &stmt->measures[i]));
    if (stmt->record.has_lag)
        ok = ok && rows_add_column(rows, "unpaired", GK_TYPE_COUNT);
    if (stmt->tail.versus.kind)
        ok = ok && rows_add_column(rows, "reference", GK_TYPE_COUNT) && rows_add_column(rows, "change", GK_TYPE_SHARE);
    rc = ok ? GK_OK : report_status(&query->report, GK_ELIMIT, "an answer may have %d columns", COLUMNS_MAX);
done:
    return rc;
}

/* ---- groups ---- */

static const char *key_text(struct gk_query *query, const struct gk_alarm *alarm, size_t i, const struct group *group)
{
    const struct numbers *own = query->own;
    const struct tail *tail = &query->stmt->tail;
    struct position position;

    if (is_time_key(tail, i))
        return "";
    if (tail->keys[i] == KEY_SHIFT)
        return group->shift < own->n_shifts ? own->shifts[group->shift] : "";
    if (tail->keys[i] >= KEY_HOUR)
        return bucket_text(&query->memory, &query->window, bucket_kind_of(tail), group->start);
    switch (tail->keys[i]) {
    case KEY_PARK:
        return alarm->park;
    case KEY_ENTERPRISE:
        return alarm->enterprise;
    case KEY_TAG:
        return alarm_text(query, alarm, tail->key_tags[i].bytes);
    default:
        position = alarm_position(query, alarm);
        return tail->keys[i] == KEY_LINE ? scope_site_name(query->snapshot, GK_LINE, position.line)
                                         : scope_site_name(query->snapshot, GK_FACILITY, position.facility);
    }
}

static bool is_equal(const struct numbers *own, const struct group *a, const struct group *b)
{
    if (a->start != b->start)
        return false;
    for (size_t i = 0; i < own->n_keys; i++)
        if (strcmp(a->keys[i], b->keys[i]) != 0)
            return false;
    return true;
}

static size_t hash_of(const struct numbers *own, const struct group *group)
{
    uint64_t h = (uint64_t)group->start * UINT64_C(0x9E3779B97F4A7C15);

    for (size_t i = 0; i < own->n_keys; i++, h = h * 31 + 7)
        for (const char *p = group->keys[i]; *p; p++)
            h = (h ^ (unsigned char)*p) * UINT64_C(0x100000001B3);
    return (size_t)(h ^ h >> 32);
}

static int widen(struct gk_query *query, struct numbers *own)
{
    size_t n = own->n_slots ? own->n_slots * 4 : 64;
    size_t *slots = arena_array(&query->memory, n, sizeof *slots);

    if (!slots)
        return arena_status(&query->memory);
    for (size_t i = 0; i < own->n; i++) {
        size_t at = hash_of(own, &own->groups[i]) & (n - 1);
        while (slots[at])
            at = (at + 1) & (n - 1);
        slots[at] = i + 1;
    }
    own->slots = slots;
    own->n_slots = n;
    return GK_OK;
}

/* The group of an alarm that counts at a time, in a shift. */
static int find_group(struct gk_query *query, struct numbers *own, const struct gk_alarm *alarm, gk_time t,
                      size_t shift, size_t *out)
{
    struct group group = {.start = 0, .shift = shift};
    int rc = GK_OK;

    if (has_time(own->tail))
        group.start = window_bucket_start(&query->window, own->tail, t);
    for (size_t i = 0; i < own->n_keys; i++) {
        group.keys[i] = key_text(query, alarm, i, &group);
        if (!group.keys[i])
            return arena_status(&query->memory);
    }
    if (2 * own->n >= own->n_slots)
        TRY(widen(query, own));
    size_t at = hash_of(own, &group) & (own->n_slots - 1);
    while (own->slots[at] && !is_equal(own, &own->groups[own->slots[at] - 1], &group))
        at = (at + 1) & (own->n_slots - 1);
    if (!own->slots[at]) {
        TRY(arena_reserve(&query->memory, &own->groups, &own->capacity, own->n + 1, sizeof *own->groups));
        own->groups[own->n++] = group;
        own->slots[at] = own->n;
    }
    *out = own->slots[at] - 1;
done:
    return rc;
}

/* ---- adding ---- */

/* Of how many the share is told: `closed as device` of those that are closed. */
static bool counts_for_share(const struct gk_query *query, const struct gk_alarm *alarm)
{
    for (const struct alarm_filter *filter = query->stmt->record.filters; filter; filter = filter->next)
        if (filter->test == ALARM_CLOSED_AS && alarm->life != GK_CASE_CLOSED)
            return false;
    return true;
}

static int add_lag(struct gk_query *query, struct numbers *own, size_t number, const struct gk_alarm *alarm)
{
    gk_time from = alarm->at[query->stmt->record.lag_from], to = alarm->at[query->stmt->record.lag_to];
    int rc = GK_OK;

    if (from == GK_TIME_MIN)
        return GK_OK;
    if (to == GK_TIME_MIN) {
        own->groups[number].n_unpaired++;
        return GK_OK;
    }
    TRY(arena_reserve(&query->memory, &own->values, &own->values_capacity, own->n_values + 1, sizeof *own->values));
    own->values[own->n_values++] = (struct sorted){number, (double)(to - from) / 1e9};
done:
    return rc;
}

static int add_to(struct gk_query *query, struct numbers *own, const struct gk_alarm *alarm, gk_time t, size_t shift)
{
    bool passes = true;
    size_t number;
    int rc;

    for (const struct alarm_filter *filter = query->stmt->record.filters; filter; filter = filter->next)
        passes = passes && alarm_filter_holds(filter, alarm, query->window.now);
    TRY(find_group(query, own, alarm, t, shift, &number));
    struct group *group = &own->groups[number];
    if (own->is_reference) {
        group->reference += passes;
        return GK_OK;
    }
    group->n_all += counts_for_share(query, alarm);
    group->n += passes;
    if (passes) {
        double seconds = alarm_seconds(query, alarm);
        group->seconds += seconds;
        group->longest = seconds > group->longest ? seconds : group->longest;
    }
    if (passes && query->stmt->record.has_lag)
        TRY(add_lag(query, own, number, alarm));
done:
    return rc;
}

/* Those that contain a time; NULL: none. */
static const struct hours *hours_at(const struct calendar *calendar, gk_time t)
{
    for (size_t i = 0; i < calendar->n_hours; i++)
        if (calendar->hours[i].from <= t && t < calendar->hours[i].to)
            return &calendar->hours[i];
    return NULL;
}

static int add(struct gk_query *query, struct numbers *own, const struct gk_alarm *alarm)
{
    gk_time raised = alarm->at[GK_ACT_RAISED];
    struct subject subject = alarm_subject(query, alarm);
    bool has_shift = false;
    int rc = GK_OK;

    for (size_t i = 0; i < own->n_shifts && subject.id != GK_ID_NONE; i++) {
        TRY(calendar_hours(&own->calendar, own->shifts[i], subject, raised, raised + 1));
        const struct hours *hours = hours_at(&own->calendar, raised);
        if (!hours)
            continue;
        has_shift = true;
        TRY(add_to(query, own, alarm, hours->from, i));
    }
    if (!has_shift)
        TRY(add_to(query, own, alarm, raised, own->n_shifts));
done:
    return rc;
}

static int add_all(struct gk_query *query, struct numbers *own)
{
    struct alarm_walk walk = {NULL, GK_TIME_MAX};
    struct gk_alarm alarm;
    int rc;

    TRY(alarm_walk_open(query, &walk));
    while ((rc = alarm_walk_next(query, &walk, &alarm)) == GK_OK)
        TRY(add(query, own, &alarm));
    rc = rc == GK_DONE ? GK_OK : rc;
done:
    alarm_walk_close(&walk);
    return rc;
}

/* The same of the window moved back. */
static int add_reference(struct gk_query *query, struct numbers *own)
{
    const struct versus *versus = &query->stmt->tail.versus;
    struct window window = query->window;
    int rc = GK_OK;

    if (!versus->kind)
        return GK_OK;
    if (versus->kind == VERSUS_UNIT) {
        query->window.from = window_earlier(window.from, window.zone_s, versus->unit);
        query->window.to = window_earlier(window.to, window.zone_s, versus->unit);
    } else {
        int64_t back = versus->kind == VERSUS_SHIFT ? versus->ns : window.to - window.from;
        query->window.from = window.from - back;
        query->window.to = window.to - back;
    }
    own->is_reference = true;
    TRY(add_all(query, own));
done:
    query->window = window;
    return rc;
}

/* ---- rows ---- */

static int by_keys(const void *a, const void *b)
{
    const struct ordered *x = a, *y = b;

    for (size_t i = 0; i < x->own->n_keys; i++) {
        const struct group *one = &x->own->groups[x->number], *other = &y->own->groups[y->number];
        int order = strcmp(one->keys[i], other->keys[i]);
        if (i < x->own->tail->n_keys && x->own->tail->keys[i] == KEY_SHIFT)
            order = one->shift < other->shift ? -1 : one->shift > other->shift;
        if (is_time_key(x->own->tail, i))
            order = one->start < other->start ? -1 : one->start > other->start;
        if (order)
            return order;
    }
    return 0;
}

static int start(struct gk_query *query)
{
    struct numbers *own = arena_piece(&query->memory, sizeof *own);
    int rc;

    query->own = own;
    if (!own)
        return arena_status(&query->memory);
    own->tail = &query->stmt->tail;
    own->n_keys = n_keys_of(own->tail);
    own->calendar.scope = &query->scope;
    own->calendar.zone_s = gk_snapshot_info(query->snapshot)->zone_s;
    if (tail_has_key(own->tail, KEY_SHIFT))
        TRY(shift_names(query->snapshot, &query->memory, &own->shifts, &own->n_shifts));
    TRY(add_all(query, own));
    TRY(add_reference(query, own));
    if (own->n == 0 && own->n_keys == 0) { /* of nothing the count is 0 */
        const struct gk_alarm none = {.rule = ""};
        size_t number;
        TRY(find_group(query, own, &none, 0, 0, &number));
    }
    query->meta.n_subjects = own->n;
    own->order = arena_array(&query->memory, own->n + 1, sizeof *own->order);
    if (!own->order)
        return arena_status(&query->memory);
    for (size_t i = 0; i < own->n; i++)
        own->order[i] = (struct ordered){own, i};
    TRY(sorted_sort(own->values, own->n_values, &query->watch));
    qsort(own->order, own->n, sizeof *own->order, by_keys);
done:
    return rc;
}

static double lag_number(const struct measure *measure, const struct sorted *values, size_t n)
{
    double sum = 0;

    if (measure->kind != AGG_AVG)
        return sorted_percentile(values, n,
                                 measure->kind == AGG_MIN   ? 0
                                 : measure->kind == AGG_MAX ? 100
                                                            : measure->percent);
    for (size_t i = 0; i < n; i++)
        sum += values[i].value;
    return n ? sum / (double)n : NAN;
}

static void put_measure(struct gk_query *query, const struct measure *measure, const struct group *group, size_t number)
{
    const struct numbers *own = query->own;
    struct rows *rows = &query->rows;

    if (query->stmt->record.has_lag) {
        size_t from = sorted_first(own->values, own->n_values, number);
        size_t n = sorted_first(own->values, own->n_values, number + 1) - from;
        if (measure->kind == AGG_COUNT)
            rows_put_count(rows, GK_TYPE_COUNT, (int64_t)n);
        else
            rows_put_number(rows, GK_TYPE_SECONDS, lag_number(measure, own->values + from, n));
        return;
    }
    switch (measure->kind) {
    case AGG_COUNT:
        rows_put_count(rows, GK_TYPE_COUNT, (int64_t)group->n);
        break;
    case AGG_SHARE:
        rows_put_number(rows, GK_TYPE_SHARE, group->n_all ? (double)group->n / (double)group->n_all : NAN);
        break;
    case AGG_DURATION:
        rows_put_number(rows, GK_TYPE_SECONDS, group->seconds);
        break;
    default:
        rows_put_number(rows, GK_TYPE_SECONDS, group->longest);
    }
}

static int step(struct gk_query *query, bool *is_done)
{
    const struct stmt *stmt = query->stmt;
    struct numbers *own = query->own;
    struct rows *rows = &query->rows;
    int rc;

    *is_done = own->next >= own->n;
    if (*is_done)
        return GK_OK;
    size_t number = own->order[own->next++].number;
    const struct group *group = &own->groups[number];
    TRY(run_begin_row(query));
    for (size_t i = 0; i < own->n_keys; i++) {
        if (is_time_key(&stmt->tail, i))
            rows_put_time(rows, group->start);
        else
            rows_put_text(rows, group->keys[i]);
    }
    for (size_t i = 0; i < stmt->n_measures; i++)
        put_measure(query, &stmt->measures[i], group, number);
    if (stmt->record.has_lag)
        rows_put_count(rows, GK_TYPE_COUNT, (int64_t)group->n_unpaired);
    if (stmt->tail.versus.kind) {
        double reference = (double)group->reference;
        rows_put_count(rows, GK_TYPE_COUNT, (int64_t)group->reference);
        rows_put_number(rows, GK_TYPE_SHARE, reference > 0 ? ((double)group->n - reference) / reference : NAN);
    }
    run_end_row(query);
done:
    return rc;
}

static void end(struct gk_query *query)
{
    struct numbers *own = query->own;

    if (!own)
        return;
    calendar_clear(&own->calendar);
    arena_release(&query->memory, &own->groups, &own->capacity, sizeof *own->groups);
    arena_release(&query->memory, &own->values, &own->values_capacity, sizeof *own->values);
    query->own = NULL; /* the next start may fail before it makes another */
}

const struct statement STATEMENT_ALARM_NUMBERS = {columns, start, step, end};
