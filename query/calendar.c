/*
 * calendar.c - see calendar.h. Stretches are gathered, sorted, and laid down as two timelines (what is true, what is
 * possible), of which the union is the answer.
 */
#include "calendar.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "parser.h"
#include "window.h"

#define DAY_NS (INT64_C(86400) * GK_SECOND)

int calendar_init(struct calendar *calendar, const struct scope *scope, int64_t tick_ns, int32_t zone_s)
{
    int rc;

    *calendar = (struct calendar){.scope = scope, .tick_ns = tick_ns, .zone_s = zone_s};
    TRY(gk_timeline_new(scope->snapshot, &calendar->certain));
    TRY(gk_timeline_new(scope->snapshot, &calendar->possible));
    TRY(gk_timeline_new(scope->snapshot, &calendar->all));
    TRY(gk_timeline_new(scope->snapshot, &calendar->any));
    TRY(gk_timeline_new(scope->snapshot, &calendar->scratch));
done:
    return rc;
}

void calendar_clear(struct calendar *calendar)
{
    if (calendar->scope)
        arena_release(calendar->scope->arena, &calendar->list, &calendar->capacity, sizeof *calendar->list);
    if (calendar->scope)
        arena_release(calendar->scope->arena, &calendar->entries, &calendar->entries_capacity,
                      sizeof *calendar->entries);
    if (calendar->scope)
        arena_release(calendar->scope->arena, &calendar->hours, &calendar->hours_capacity, sizeof *calendar->hours);
    if (calendar->scope)
        arena_release(calendar->scope->arena, &calendar->part, &calendar->part_capacity, sizeof *calendar->part);
    gk_timeline_free(calendar->certain);
    gk_timeline_free(calendar->possible);
    gk_timeline_free(calendar->all);
    gk_timeline_free(calendar->any);
    gk_timeline_free(calendar->scratch);
    *calendar = (struct calendar){0};
}

static int add(struct calendar *calendar, int64_t from, int64_t to, enum gk_truth truth)
{
    int rc = GK_OK;

    if (from >= to)
        return GK_OK;
    TRY(arena_reserve(calendar->scope->arena, &calendar->list, &calendar->capacity, calendar->n + 1,
                      sizeof *calendar->list));
    calendar->list[calendar->n++] = (struct stretch){from, to, truth};
done:
    return rc;
}

static int64_t tick_of(const struct calendar *calendar, gk_time t)
{
    return t == GK_TIME_MIN ? GK_TICK_MIN : t == GK_TIME_MAX ? GK_TICK_MAX : window_tick(t, calendar->tick_ns);
}

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int64_t most(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

/* Daily hours within [from, to), for the days that touch [lo, hi). Hours that end before they begin cross midnight. */
static int add_daily(struct calendar *calendar, int32_t from_s, int32_t to_s, struct stretch within, int64_t lo,
                     int64_t hi)
{
    gk_time shift = calendar->zone_s * GK_SECOND;
    int64_t day = window_tick(lo * calendar->tick_ns + shift, DAY_NS) - 1;
    int64_t end = window_tick(hi * calendar->tick_ns + shift, DAY_NS) + 1;
    int rc = GK_OK;

    for (; day <= end; day++) {
        gk_time midnight = day * DAY_NS - shift;
        int64_t from = window_tick(midnight + from_s * GK_SECOND, calendar->tick_ns);
        int64_t to = window_tick(midnight + to_s * GK_SECOND + (to_s <= from_s ? DAY_NS : 0), calendar->tick_ns);
        TRY(add(calendar, most(most(from, within.from), lo), least(least(to, within.to), hi), within.truth));
    }
done:
    return rc;
}

/* Outside of [lo, hi) daily hours were not worked out. */
static int add_outside(struct calendar *calendar, int64_t lo, int64_t hi)
{
    int rc;

    TRY(add(calendar, GK_TICK_MIN, lo, GK_UNKNOWN));
    TRY(add(calendar, hi, GK_TICK_MAX, GK_UNKNOWN));
done:
    return rc;
}

static bool level_holds(const struct cond *cond, const char *level)
{
    double value = 0;

    if (!*level || strlen(level) > 9)
        return false;
    for (const char *p = level; *p; p++) {
        if (*p < '0' || *p > '9')
            return false;
        value = value * 10 + (*p - '0');
    }
    switch (cond->compare) {
    case GK_LT:
        return value < cond->limit;
    case GK_LE:
        return value <= cond->limit;
    case GK_GT:
        return value > cond->limit;
    case GK_GE:
        return value >= cond->limit;
    case GK_NE:
        return value < cond->limit || value > cond->limit;
    default:
        return !(value < cond->limit || value > cond->limit);
    }
}

bool calendar_is_meant(const struct cond *cond, const struct gk_order *order)
{
    const char *name = cond->name.bytes;

    if (!name)
        return !cond->has_level || level_holds(cond, order->level);
    if (cond->is_group)
        return order->scope.kind == GK_GROUP && strcmp(order->scope.name, name) == 0;
    if (strcmp(order->level, name) == 0)
        return true;
    return !cond->has_level && (strcmp(order->kind, name) == 0 || strcmp(order->scope.name, name) == 0);
}

static int add_orders(struct calendar *calendar, const struct cond *cond, struct subject subject, int64_t lo,
                      int64_t hi)
{
    size_t n;
    const struct gk_order *orders = gk_orders(calendar->scope->snapshot, &n);
    int rc = GK_OK;

    for (size_t i = 0; i < n; i++) {
        const struct gk_order *order = &orders[i];
        if (!calendar_is_meant(cond, order))
            continue;
        enum gk_truth truth = scope_covers(calendar->scope, &order->scope, order, subject);
        if (truth == GK_FALSE)
            continue;
        calendar->n_partial += truth == GK_UNKNOWN;
        struct stretch whole = {tick_of(calendar, order->from), tick_of(calendar, order->to), truth};
        if (order->hours_from_s == 0 && order->hours_to_s == 0) {
            TRY(add(calendar, whole.from, whole.to, truth));
        } else {
            TRY(add_daily(calendar, order->hours_from_s, order->hours_to_s, whole, lo, hi));
            TRY(add(calendar, whole.from, least(whole.to, lo), GK_UNKNOWN));
            TRY(add(calendar, most(whole.from, hi), whole.to, GK_UNKNOWN));
        }
    }
done:
    return rc;
}

static int add_exemptions(struct calendar *calendar, struct subject subject)
{
    size_t n;
    const struct gk_exemption *list = gk_exemptions(calendar->scope->snapshot, &n);
    int rc = GK_OK;

    for (size_t i = 0; i < n; i++) {
        enum gk_truth truth = scope_covers(calendar->scope, &list[i].scope, NULL, subject);
        calendar->n_partial += truth == GK_UNKNOWN;
        if (truth != GK_FALSE)
            TRY(add(calendar, tick_of(calendar, list[i].from), tick_of(calendar, list[i].to), truth));
    }
done:
    return rc;
}

/* ---- calendars ---- */

/* Wide to narrow. */
static int narrowness(const struct gk_calendar *entry)
{
    return (int)entry->scope.kind;
}

/* When what the entry says of a day begins. */
static gk_time begin_of(const struct gk_calendar *entry, gk_time midnight)
{
    return midnight + entry->hours_from_s * GK_SECOND;
}

/* Of the entries that cover the subject the one that is in force on a day; NULL: none. */
static const struct gk_calendar *in_force(const struct calendar *calendar, gk_time midnight)
{
    const struct gk_calendar *best = NULL;

    for (size_t i = 0; i < calendar->n_entries; i++) {
        const struct gk_calendar *entry = calendar->entries[i];
        gk_time begin = begin_of(entry, midnight);
        if (begin < entry->from || begin >= entry->to)
            continue;
        bool is_narrower = !best || narrowness(entry) > narrowness(best);
        if (is_narrower || (narrowness(entry) == narrowness(best) && entry->from > best->from))
            best = entry;
    }
    return best;
}

/* The entries of a name that cover all of the subject. *is_known: there are entries of that name. */
static int find_entries(struct calendar *calendar, const char *name, struct subject subject, bool *is_known)
{
    size_t n;
    const struct gk_calendar *list = gk_calendars(calendar->scope->snapshot, &n);
    int rc = GK_OK;

    calendar->n_entries = 0;
    *is_known = false;
    TRY(arena_reserve(calendar->scope->arena, &calendar->entries, &calendar->entries_capacity, n + 1,
                      sizeof *calendar->entries));
    for (size_t i = 0; i < n; i++) {
        if (strcmp(list[i].calendar, name) != 0)
            continue;
        enum gk_truth truth = scope_covers(calendar->scope, &list[i].scope, NULL, subject);
        calendar->n_partial += 2 * (truth == GK_UNKNOWN); /* one is enough: it stands above wider ones */
        if (truth == GK_TRUE)
            calendar->entries[calendar->n_entries++] = &list[i];
        *is_known = true;
    }
done:
    return rc;
}

/* Until when a day counts, and from when; false: it does not. `plain` stands for all entries. */
static bool find_day(const struct calendar *calendar, const struct gk_calendar *plain, int64_t day, struct hours *out)
{
    gk_time midnight = day * DAY_NS - calendar->zone_s * GK_SECOND;
    const struct gk_calendar *entry = plain ? plain : in_force(calendar, midnight);

    if (!entry || !(entry->days >> (day + 3 - window_tick(day + 3, 7) * 7) & 1)) /* 1970-01-01 was a Thursday */
        return false;
    int64_t length_s = entry->hours_to_s - entry->hours_from_s;
    out->from = begin_of(entry, midnight);
    out->to = out->from + length_s * GK_SECOND + (length_s <= 0 ? DAY_NS : 0);
    return true;
}

/* The last day before a time of which hours may reach behind it. */
static int64_t day_before(const struct calendar *calendar, gk_time t)
{
    return window_tick(t + calendar->zone_s * GK_SECOND, DAY_NS) - 1;
}

static int add_days(struct calendar *calendar, const struct cond *cond, struct subject subject, int64_t lo, int64_t hi)
{
    static const char *const workdays[] = {"workdays", "工作日"}, *const holidays[] = {"holidays", "节假日"};
    const char *const given[] = {cond->name.bytes, NULL};
    const char *const *names = cond->calendar == W_WORKDAYS   ? workdays
                               : cond->calendar == W_HOLIDAYS ? holidays
                                                              : given;
    const struct gk_calendar plain = {.days = cond->days};
    int64_t end = day_before(calendar, hi * calendar->tick_ns) + 2;
    bool is_known = false;
    struct hours hours;
    int rc = GK_OK;

    for (size_t i = 0; i < 2 && names[i] && !is_known; i++)
        TRY(find_entries(calendar, names[i], subject, &is_known));
    if ((cond->name.bytes || cond->calendar == W_HOLIDAYS) && !is_known) /* it is newer than what is known */
        return add(calendar, lo, hi, GK_UNKNOWN);
    for (int64_t day = day_before(calendar, lo * calendar->tick_ns); day <= end; day++)
        if (find_day(calendar, is_known ? NULL : &plain, day, &hours))
            TRY(add(calendar, most(window_tick(hours.from, calendar->tick_ns), lo),
                    least(window_tick(hours.to, calendar->tick_ns), hi), GK_TRUE));
done:
    return rc;
}

/* ---- hours by their days ---- */

/* Those of the entries that cover all of the subject. Hours that go on when those of the next day begin end there. */
static int find_hours(struct calendar *calendar, const char *name, struct subject subject, gk_time from, gk_time to)
{
    struct hours hours;
    bool is_known;
    int rc;

    calendar->n_hours = 0;
    TRY(find_entries(calendar, name, subject, &is_known));
    for (int64_t day = day_before(calendar, from); is_known && day <= day_before(calendar, to) + 1; day++) {
        if (!find_day(calendar, NULL, day, &hours))
            continue;
        if (calendar->n_hours && calendar->hours[calendar->n_hours - 1].to > hours.from)
            calendar->hours[calendar->n_hours - 1].to = hours.from;
        TRY(arena_reserve(calendar->scope->arena, &calendar->hours, &calendar->hours_capacity, calendar->n_hours + 1,
                          sizeof *calendar->hours));
        calendar->hours[calendar->n_hours++] = hours;
    }
done:
    return rc;
}

/* Leaves of both what is in both; two ascending lists. */
static int intersect(struct calendar *calendar)
{
    size_t n = calendar->n_part + calendar->n_hours, at = 0;
    struct hours *both = NULL;
    size_t capacity = 0, n_both = 0;
    int rc;

    TRY(arena_reserve(calendar->scope->arena, &both, &capacity, n + 1, sizeof *both));
    for (size_t i = 0; i < calendar->n_part; i++) {
        for (; at < calendar->n_hours && calendar->hours[at].from < calendar->part[i].to; at++) {
            struct hours hours = {most(calendar->part[i].from, calendar->hours[at].from),
                                  least(calendar->part[i].to, calendar->hours[at].to)};
            if (hours.from < hours.to)
                both[n_both++] = hours;
            if (calendar->hours[at].to > calendar->part[i].to)
                break; /* and goes on into the next */
        }
    }
    arena_release(calendar->scope->arena, &calendar->part, &calendar->part_capacity, sizeof *calendar->part);
    calendar->part = both;
    calendar->part_capacity = capacity;
    calendar->n_part = n_both;
done:
    return rc;
}

static void swap_hours(struct calendar *calendar)
{
    struct hours *hours = calendar->hours;
    size_t n = calendar->n_hours, capacity = calendar->hours_capacity;

    calendar->hours = calendar->part;
    calendar->n_hours = calendar->n_part;
    calendar->hours_capacity = calendar->part_capacity;
    calendar->part = hours;
    calendar->n_part = n;
    calendar->part_capacity = capacity;
}

int calendar_hours(struct calendar *calendar, const char *name, struct subject subject, gk_time from, gk_time to)
{
    bool is_first = true;
    size_t n;
    int rc;

    calendar->n_partial = 0;
    TRY(find_hours(calendar, name, subject, from, to));
    if (calendar->n_partial == 0)
        return GK_OK;
    const uint32_t *ids = gk_site_facilities(calendar->scope->snapshot, subject.kind, subject.id, &n);
    enum noun noun = scope_counted(calendar->scope, subject);
    for (size_t i = 0; i < n; i++) {
        if (!scope_has_role(calendar->scope->snapshot, ids[i], noun))
            continue;
        TRY(find_hours(calendar, name, (struct subject){GK_FACILITY, ids[i]}, from, to));
        if (is_first)
            swap_hours(calendar);
        else
            TRY(intersect(calendar));
        is_first = false;
    }
    swap_hours(calendar);
done:
    return rc;
}

/* ---- laying them down ---- */

static int compare_stretch(const void *p, const void *q)
{
    const struct stretch *a = p, *b = q;

    return a->from < b->from ? -1 : a->from > b->from;
}

/* The union of the sorted stretches of at least a truth, laid down as `truth`. */
static int lay(const struct calendar *calendar, enum gk_truth truth, gk_timeline *out)
{
    int64_t end = GK_TICK_MIN;
    bool is_begun = false;
    int rc;

    TRY(gk_timeline_reset(out, GK_FALSE));
    for (size_t i = 0; i < calendar->n; i++) {
        const struct stretch *stretch = &calendar->list[i];
        if (stretch->truth != truth)
            continue;
        if (!is_begun || stretch->from > end) {
            if (is_begun)
                TRY(gk_timeline_append(out, end, GK_FALSE));
            if (stretch->from == GK_TICK_MIN)
                TRY(gk_timeline_reset(out, truth));
            else
                TRY(gk_timeline_append(out, stretch->from, truth));
            end = stretch->to;
            is_begun = true;
        }
        end = most(end, stretch->to);
    }
    if (is_begun && end != GK_TICK_MAX)
        TRY(gk_timeline_append(out, end, GK_FALSE));
done:
    return rc;
}

/* As far as the entries say it of the subject as a whole. */
static int evaluate(struct calendar *calendar, const struct cond *cond, struct subject subject, int64_t lo, int64_t hi,
                    gk_timeline *out)
{
    const struct stretch always = {GK_TICK_MIN, GK_TICK_MAX, GK_TRUE};
    int rc;

    calendar->n = calendar->n_partial = 0;
    if (cond->kind == COND_ORDER) {
        TRY(add_orders(calendar, cond, subject, lo, hi));
    } else if (cond->kind == COND_EXEMPT) {
        TRY(add_exemptions(calendar, subject));
    } else if (cond->kind == COND_CALENDAR) {
        TRY(add_days(calendar, cond, subject, lo, hi));
        TRY(add_outside(calendar, lo, hi));
    } else {
        TRY(add_daily(calendar, cond->from_s, cond->to_s, always, lo, hi));
        TRY(add_outside(calendar, lo, hi));
    }
    if (calendar->n)
        qsort(calendar->list, calendar->n, sizeof *calendar->list, compare_stretch);
    TRY(lay(calendar, GK_TRUE, calendar->certain));
    TRY(lay(calendar, GK_UNKNOWN, calendar->possible));
    TRY(gk_timeline_or(out, calendar->certain, calendar->possible));
done:
    return rc;
}

static void swap(gk_timeline **a, gk_timeline **b)
{
    gk_timeline *other = *a;
    *a = *b;
    *b = other;
}

/* What is true becomes unknown. */
static int weaken(gk_timeline *out, const gk_timeline *a)
{
    size_t n;
    const struct gk_step *steps = gk_timeline_steps(a, &n);
    int rc;

    TRY(gk_timeline_reset(out, steps[0].value == GK_FALSE ? GK_FALSE : GK_UNKNOWN));
    for (size_t i = 1; i < n; i++)
        TRY(gk_timeline_append(out, steps[i].tick, steps[i].value == GK_FALSE ? GK_FALSE : GK_UNKNOWN));
done:
    return rc;
}

/* Several entries may cover a site together, each a part of it: so facility by facility. `out` is used as scratch. */
static int evaluate_parts(struct calendar *calendar, const struct cond *cond, struct subject site, int64_t lo,
                          int64_t hi, gk_timeline *out)
{
    size_t n;
    const uint32_t *ids = gk_site_facilities(calendar->scope->snapshot, site.kind, site.id, &n);
    enum noun noun = scope_counted(calendar->scope, site);
    int rc;

    TRY(gk_timeline_reset(calendar->all, GK_TRUE));
    TRY(gk_timeline_reset(calendar->any, GK_FALSE));
    for (size_t i = 0; i < n; i++) {
        if (!scope_has_role(calendar->scope->snapshot, ids[i], noun))
            continue;
        TRY(evaluate(calendar, cond, (struct subject){GK_FACILITY, ids[i]}, lo, hi, out));
        TRY(gk_timeline_and(calendar->scratch, calendar->all, out));
        swap(&calendar->all, &calendar->scratch);
        TRY(gk_timeline_or(calendar->scratch, calendar->any, out));
        swap(&calendar->any, &calendar->scratch);
    }
    TRY(weaken(calendar->scratch, calendar->any));
    TRY(gk_timeline_or(out, calendar->all, calendar->scratch));
done:
    return rc;
}

int calendar_evaluate(struct calendar *calendar, const struct cond *cond, struct subject subject, int64_t lo,
                      int64_t hi, gk_timeline *out)
{
    int rc;

    TRY(evaluate(calendar, cond, subject, lo, hi, out));
    if (calendar->n_partial > 1)
        TRY(evaluate_parts(calendar, cond, subject, lo, hi, out));
done:
    return rc;
}
