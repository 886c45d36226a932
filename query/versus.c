/*
 * versus.c - see versus.h.
 */
#include "versus.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "parser.h"

#define DAY_NS (INT64_C(86400) * GK_SECOND)

/* ---- the window moved back ---- */

/* Where the shift does not follow from the calendar. */
static int64_t shift_of(const struct gk_query *query)
{
    const struct versus *versus = &query->stmt->tail.versus;

    return versus->kind == VERSUS_BEFORE  ? query->window.to - query->window.from
           : versus->kind == VERSUS_SHIFT ? versus->ns
                                          : 0;
}

static gk_time earlier(const struct gk_query *query, gk_time t)
{
    const struct versus *versus = &query->stmt->tail.versus;

    if (versus->kind == VERSUS_UNIT)
        return window_earlier(t, query->window.zone_s, versus->unit);
    return t - shift_of(query);
}

int versus_move(struct gk_query *query, struct groups *groups, struct window *out)
{
    const struct window *window = &query->window;
    size_t n = groups->buckets.n;
    int rc = window_check_back(window, shift_of(query), &query->report, query->stmt->tail.versus.place);
    if (rc != GK_OK)
        return rc;
    gk_time *edges = arena_array(&query->memory, n + 1, sizeof *edges);

    if (!edges)
        return arena_status(&query->memory);
    for (size_t i = 0; i <= n; i++)
        edges[i] = earlier(query, groups->buckets.edges[i]);
    *out = *window;
    out->from = earlier(query, window->from);
    out->to = earlier(query, window->to);
    out->a = window_tick(out->from, window->tick_ns);
    out->b = window_tick(out->to, window->tick_ns);
    return groups_set_edges(query, groups, edges);
}

int versus_widen(struct gk_query *query, gk_time *first)
{
    const struct tail *tail = &query->stmt->tail;
    struct window *window = &query->window;
    int64_t max = query->session->options.max_window_ns;
    int rc;

    *first = window->from;
    if (window->from == window->to) /* nothing is asked about */
        return GK_OK;
    *first = window_bucket_start(window, tail, window->from);
    if (*first != window->from) {
        rc = run_note(query, "the window begins with a whole bucket: parts do not compare");
        if (rc != GK_OK)
            return rc;
    }
    query->meta.from = *first;
    rc = window_check_back(window, tail->versus.ns, &query->report, tail->versus.place);
    if (rc != GK_OK)
        return rc;
    window->from = window_bucket_start(window, tail, *first - tail->versus.ns);
    if (max >= 0 && window->to - window->from > max)
        return report_fail(&query->report, GK_ELIMIT, tail->versus.place,
                           "the window is longer than max_window (%.0f d)", (double)max / (double)DAY_NS);
    window->a = window_tick(window->from, window->tick_ns);
    return GK_OK;
}

/* ---- normal days ---- */

static gk_time midnight_of(const struct gk_query *query, gk_time t)
{
    gk_time shift = query->window.zone_s * GK_SECOND, in_day = (t + shift) % DAY_NS;

    return t - (in_day < 0 ? in_day + DAY_NS : in_day);
}

static bool is_normal(const struct gk_query *query, struct subject subject, gk_time day)
{
    size_t n;
    const struct gk_order *orders = gk_orders(query->snapshot, &n);

    for (size_t i = 0; i < n; i++)
        if (orders[i].from < day + DAY_NS && orders[i].to > day &&
            scope_covers(&query->scope, &orders[i].scope, &orders[i], subject) != GK_FALSE)
            return false;
    const struct gk_exemption *exemptions = gk_exemptions(query->snapshot, &n);
    for (size_t i = 0; i < n; i++)
        if (exemptions[i].from < day + DAY_NS && exemptions[i].to > day &&
            scope_covers(&query->scope, &exemptions[i].scope, NULL, subject) != GK_FALSE)
            return false;
    return true;
}

/* The pieces that begin at *at and lie in one civil day, moved to another; *at moves behind them. */
static int move_day(struct gk_query *query, const struct pieces *pieces, size_t *at, gk_time day, struct pieces *out)
{
    gk_time midnight = midnight_of(query, pieces->list[*at].from);
    int rc = GK_OK;

    out->n = 0;
    for (; *at < pieces->n && pieces->list[*at].from < midnight + DAY_NS; ++*at) {
        const struct piece *piece = &pieces->list[*at];
        TRY(pieces_add(&query->memory, out, piece->from - midnight + day, piece->to - midnight + day, piece->cell));
    }
done:
    return rc;
}

/* Cuts pieces where a civil day ends. */
static int cut_days(struct gk_query *query, const struct pieces *pieces, struct pieces *out)
{
    int rc = GK_OK;

    out->n = 0;
    for (size_t i = 0; i < pieces->n; i++) {
        gk_time from = pieces->list[i].from, to = pieces->list[i].to, next;
        for (; from < to; from = next) {
            next = midnight_of(query, from) + DAY_NS;
            next = next < to ? next : to;
            TRY(pieces_add(&query->memory, out, from, next, pieces->list[i].cell));
        }
    }
done:
    return rc;
}

static int keep_day(struct gk_query *query, struct subject subject, gk_time day)
{
    int rc;

    TRY(arena_reserve(&query->memory, &query->compared, &query->compared_capacity, query->n_compared + 1,
                      sizeof *query->compared));
    query->compared[query->n_compared++] = (struct compared){day, subject};
done:
    return rc;
}

int versus_normal(struct gk_query *query, struct pass *pass, size_t number, const struct normal_days *days)
{
    struct subject subject = query->scope.list[number];
    gk_time beginning = gk_snapshot_info(query->snapshot)->beginning, day;
    uint64_t n_found = 0;
    int rc;

    TRY(cut_days(query, &pass->pieces, &pass->cut));
    if (pass->cut.n == 0)
        return GK_OK;
    day = midnight_of(query, query->window.from);
    for (int back = 0; back < NORMAL_BACK_DAYS && n_found < pass->n_normal; back++) {
        day -= DAY_NS;
        if (day + DAY_NS <= beginning)
            break;
        if (!is_normal(query, subject, day))
            continue;
        TRY(watch_look(&query->watch));
        for (size_t at = 0; at < pass->cut.n;) {
            TRY(move_day(query, &pass->cut, &at, day, &pass->moved));
            TRY(days->add(query, pass, number, &pass->moved));
        }
        bool is_taken = days->take(pass, number);
        if (is_taken && query->keeps_compared)
            TRY(keep_day(query, subject, day));
        n_found += is_taken;
    }
    if (n_found < pass->n_normal) {
        days->lack(pass, number);
        pass->run->n_lacking++;
    }
done:
    return rc;
}

/* ---- a rolling reference ---- */

static int compare_number(const void *p, const void *q)
{
    double a, b;

    memcpy(&a, p, sizeof a);
    memcpy(&b, q, sizeof b);
    return a < b ? -1 : a > b;
}

static double median(double *list, size_t n)
{
    qsort(list, n, sizeof *list, compare_number);
    return n % 2 ? list[n / 2] : (list[n / 2 - 1] + list[n / 2]) / 2;
}

double versus_middle(enum versus_kind kind, double *list, size_t n)
{
    double sum = 0;

    if (n < ROLLING_LEAST)
        return NAN;
    if (kind == VERSUS_MEDIAN)
        return median(list, n);
    for (size_t i = 0; i < n; i++)
        sum += list[i];
    return sum / (double)n;
}

double versus_deviation(double middle, double *list, size_t n)
{
    if (n < ROLLING_LEAST || isnan(middle))
        return NAN;
    for (size_t i = 0; i < n; i++)
        list[i] = fabs(list[i] - middle);
    return fmax(median(list, n), fabs(middle) / 1000);
}
