/*
 * event.c - see naive.h. How long a value stayed the same, how near to each other several began, how a run began: said
 * of arrays.
 */
#include "naive/naive.h"

#include <math.h>

/* ---- the same value ---- */

/* Rows of one value without silence between: from the first tick to the last one, and to the end of what holds. */
struct part {
    int64_t from, last, to;
    double value;
};

static int list_parts(const struct field *field, const struct node *node, int facility, struct part *out)
{
    const struct view *view = field->view;
    const struct signal *signal = &view->signals[facility];
    const struct facility *f = &view->zone->facilities[facility];
    int n = 0;

    for (int i = 0; i < signal->n; i++) {
        int64_t tick = zone_tick(view->zone, signal->samples[i].time), next = INT64_MAX;
        double value, other;
        if (tick >= field->span.known_end) /* nothing is known of what comes */
            break;
        if (!sample_value(node, f, &signal->samples[i], &value))
            continue;
        for (int k = i + 1; k < signal->n && next == INT64_MAX; k++)
            if (sample_value(node, f, &signal->samples[k], &other))
                next = zone_tick(view->zone, signal->samples[k].time);
        if (next >= field->span.known_end)
            next = INT64_MAX;
        if (next == tick)
            continue; /* the last one of a tick counts */
        int64_t end = tick + signal_hold(view, facility, tick);
        end = end < next ? end : next;
        bool goes_on = n > 0 && out[n - 1].to == tick && !(out[n - 1].value < value || out[n - 1].value > value);
        if (!goes_on)
            out[n++] = (struct part){tick, tick, end, value};
        out[n - 1].last = tick;
        out[n - 1].to = end;
    }
    return n;
}

static bool is_same(const struct part *a, const struct part *b)
{
    return !(a->value < b->value || a->value > b->value);
}

/* Whether a part, with the silences around it and the parts of its value beyond them, may have been long. */
static bool may_be_long(const struct part *parts, int n, int i, int64_t d)
{
    int first = i, last = i;

    while (first > 0 && is_same(&parts[first - 1], &parts[i]))
        first--;
    while (last + 1 < n && is_same(&parts[last + 1], &parts[i]))
        last++;
    bool is_silent_before = first == 0 || parts[first - 1].to < parts[first].from;
    bool is_silent_after = last + 1 == n || parts[last].to < parts[last + 1].from;
    int64_t begin = first == 0 ? INT64_MIN / 4 : parts[first - 1].to;
    int64_t end = !is_silent_after ? parts[last].last : last + 1 == n ? INT64_MAX / 4 : parts[last + 1].from;

    return (last > first || is_silent_before || is_silent_after) && end - begin >= d;
}

void frozen_truth(const struct field *field, const struct node *node, int facility, int64_t d, truth *out)
{
    struct part *parts = malloc(((size_t)field->view->signals[facility].n + 1) * sizeof *parts);

    assert_non_null(parts);
    int n = list_parts(field, node, facility, parts);
    memset(out, 1, (size_t)field->span.n);
    for (int i = 0; i < n; i++) {
        truth value = parts[i].last - parts[i].from >= d ? 2 : may_be_long(parts, n, i, d);
        span_paint(&field->span, parts[i].from, parts[i].to, value, out);
    }
    free(parts);
}

/* ---- how a run began ---- */

/*
 * Over all that the unknown ticks may have been: the run around a tick may have begun wherever it may be true and the
 * tick before may be false. One from the beginning of time has no begin.
 */
void after_truth(struct field *field, const truth *a, const truth *b, int64_t d, int64_t n_before, truth *out)
{
    bool all = false, any = false;
    truth *near = field_take(field);
    int n = field->span.n;

    most_lately(b, n, d, near);
    bool is_endless = a[0] == 1 && same_until(a, 0, n) > n_before; /* it may have begun before the field, too */
    for (int t = 0; t < n && t <= n_before; t++)
        any |= is_endless && b[t] >= 1; /* in which hours go on like that */
    for (int t = 0; t < n; t++) {
        truth before = t > 0 ? a[t - 1] : 2;
        if (before == 0 || a[t] == 0) {
            all = true;
            any = false;
        }
        if (before < 2 && a[t] > 0) {
            all = all && near[t] == 2;
            any = any || near[t] >= 1;
        }
        out[t] = a[t] == 0 ? 0 : a[t] == 2 && all ? 2 : any;
    }
    field->depth--;
}

/* ---- several within a time of each other ---- */

/* How many members have begun in the d ticks up to each, certainly and possibly. */
static void count_lately(struct field *field, truth *const *starts, int n_members, int64_t d, uint8_t *certain,
                         uint8_t *possible)
{
    truth *best = field_take(field);
    int n = field->span.n;

    memset(certain, 0, (size_t)n);
    memset(possible, 0, (size_t)n);
    for (int m = 0; m < n_members; m++) {
        most_lately(starts[m], n, d, best);
        for (int t = 0; t < n; t++) {
            certain[t] = (uint8_t)(certain[t] + (best[t] == 2));
            possible[t] = (uint8_t)(possible[t] + (best[t] >= 1));
        }
    }
    field->depth--;
}

/* Whether the starts of at least k of them lie in some d ticks around each. */
static void reach(struct field *field, const uint8_t *certain, const uint8_t *possible, int64_t d, int k, truth *out)
{
    truth *lately = field_take(field);
    int n = field->span.n;

    for (int t = 0; t < n; t++)
        lately[t] = (truth)((certain[t] >= k) + (possible[t] >= k));
    most_soon(lately, n, d, out);
    field->depth--;
}

/* The most that is true of any of them, of whom there is one. */
static void most_of(truth *const *starts, int n_members, int n, truth *out)
{
    for (int t = 0; t < n; t++)
        out[t] = starts[0][t];
    for (int m = 1; m < n_members; m++)
        for (int t = 0; t < n; t++)
            out[t] = starts[m][t] > out[t] ? starts[m][t] : out[t];
}

void together_truth(struct field *field, const struct node *node, truth *const *starts, int n_members, int64_t d,
                    truth *out)
{
    int n = field->span.n, depth = field->depth, k = node->ref.k;
    uint8_t *certain = field_take(field), *possible = field_take(field);
    truth *so_many = field_take(field), *more = field_take(field);

    if (n_members == 0) {
        memset(out, 1, (size_t)n);
        return;
    }
    count_lately(field, starts, n_members, d, certain, possible);
    reach(field, certain, possible, d, k, so_many);
    if (node->ref.quant == EXACTLY) {
        reach(field, certain, possible, d, k + 1, more);
        for (int t = 0; t < n; t++)
            so_many[t] = so_many[t] < 2 - more[t] ? so_many[t] : (truth)(2 - more[t]);
    }
    most_of(starts, n_members, n, out);
    for (int t = 0; t < n; t++)
        out[t] = out[t] < so_many[t] ? out[t] : so_many[t];
    for (int t = 0; t < n; t++) {
        certain[t] = out[t] == 2;
        possible[t] = out[t] >= 1;
    }
    close_gaps(certain, n, d + 1);
    close_gaps(possible, n, d + 1);
    for (int t = 0; t < n; t++)
        out[t] = (truth)(certain[t] + possible[t]);
    field->depth = depth;
}
