/*
 * lag.c - see naive.h. From every certain moment of one kind to the nearest of another one: looked for tick by tick on
 * both sides of it.
 */
#include "naive/statement.h"

#include <math.h>

#define PAIRS_MAX 3

static int below(struct random *random, int n)
{
    return (int)random_below(random, (uint64_t)n);
}

static bool one_in(struct random *random, int n)
{
    return below(random, n) == 0;
}

/* ---- making, text ---- */

static struct node *make_moments(struct tree *tree, const struct view *view, struct random *random)
{
    struct node *node;

    do {
        tree->n = 0;
        node = tree_make(tree, view->zone, random, 2 + below(random, 5));
    } while (!node->is_event);
    return node;
}

/* All conditions of the pairs, from the first one on, are about the subjects of one. */
struct whom lag_whom(const struct statement *s)
{
    struct node joints[2 * PAIRS_MAX];
    const struct node *all = NULL;

    for (int i = 0; i <= s->n_parts; i++) {
        const struct statement *pair = i == 0 ? s : s->parts[i - 1];
        struct node *both = &joints[2 * i], *joint = both + 1;
        *both = (struct node){.op = AND, .a = pair->cond, .b = pair->lag.to};
        *joint = (struct node){.op = AND, .a = (struct node *)(uintptr_t)all, .b = both};
        all = all ? joint : both;
    }
    return tree_subject(all, s->per);
}

static bool is_allowed(const struct statement *s)
{
    struct whom whom = lag_whom(s);
    bool is = tree_is_allowed(s->cond, &whom) && tree_is_allowed(s->lag.to, &whom);

    for (int i = 0; i < s->n_parts; i++)
        is = is && tree_is_allowed(s->parts[i]->cond, &whom) && tree_is_allowed(s->parts[i]->lag.to, &whom);
    return is;
}

static void make_pair(const struct view *view, struct random *random, struct statement *pair)
{
    pair->cond = make_moments(&pair->tree, view, random);
    pair->lag.to = make_moments(&pair->lag.tree, view, random);
    pair->lag.way = (enum way)below(random, 3);
}

void lag_make(const struct view *view, struct random *random, struct statement *s)
{
    struct lag *lag = &s->lag;
    int n_more = one_in(random, 3) ? 1 + below(random, PAIRS_MAX - 1) : 0;

    for (; s->n_parts < n_more; s->n_parts++) {
        s->parts[s->n_parts] = calloc(1, sizeof *s);
        assert_non_null(s->parts[s->n_parts]);
        s->parts[s->n_parts]->kind = LAG;
    }
    do {
        s->per = one_in(random, 3) ? below(random, 7) : NONE;
        make_pair(view, random, s);
        for (int i = 0; i < s->n_parts; i++)
            make_pair(view, random, s->parts[i]);
    } while (!is_allowed(s));
    lag->within = one_in(random, 3) ? 0 : (1 + below(random, 60)) * view->zone->tick / 1000000 * 1000000;
    if (view->zone->tick < GK_SECOND && lag->within == 0)
        lag->within = 30 * view->zone->tick;
    for (int n = s->n_parts ? 0 : below(random, 4); n > 0; n--) {
        enum lag_number number = (enum lag_number)below(random, LAG_NUMBERS);
        bool is_new = true;
        for (int i = 0; i < lag->n_numbers; i++)
            is_new = is_new && lag->numbers[i] != number;
        if (is_new)
            lag->numbers[lag->n_numbers++] = number;
    }
}

static const char *const LAG_NAMES[] = {"avg", "min", "max", "count", "median", "p90"};

void lag_print(struct statement *s, const struct zone *zone, struct random *random)
{
    static const char *const ways[] = {"", "next ", "last "};
    const struct lag *lag = &s->lag;
    struct text *out = &s->text;

    if (lag->n_numbers == 0)
        text_add(out, "list ");
    for (int i = 0; i < lag->n_numbers; i++)
        text_add(out, "%s%s", i ? ", " : "", LAG_NAMES[lag->numbers[i]]);
    text_add(out, lag->n_numbers ? " of lag " : "lag ");
    for (int i = 0; i <= s->n_parts; i++) {
        struct statement *pair = i == 0 ? s : s->parts[i - 1];
        text_add(out, i ? ", from " : "from ");
        size_t from = out->size;
        tree_print(zone, pair->cond, 5, random, out);
        (void)snprintf(pair->lag.text, sizeof pair->lag.text, "%s", out->bytes + from);
        text_add(out, " to %s", ways[pair->lag.way]);
        tree_print(zone, pair->lag.to, 5, random, out);
    }
    if (lag->within) {
        text_add(out, " within ");
        text_duration(out, lag->within, random);
    }
}

/* ---- pairs ---- */

struct lags {
    const struct statement *s;
    const struct lag *pair;
    struct run_of from, to;
    int64_t within; /* ticks */
};

struct pair {
    int64_t tick, partner;
    bool has_partner, is_certain;
};

/* What is true at a distance from a tick, on the sides that are looked at: the most of both. */
static truth truth_at(const struct lags *lags, int64_t tick, int64_t distance)
{
    truth before = lags->pair->way != TO_NEXT || distance == 0 ? run_truth(&lags->to, tick - distance) : 0;
    truth behind = lags->pair->way != TO_LAST || distance == 0 ? run_truth(&lags->to, tick + distance) : 0;

    return before > behind ? before : behind;
}

static struct pair pair_of(const struct lags *lags, int64_t tick)
{
    struct pair out = {.tick = tick, .is_certain = true};

    for (int64_t d = 0; d <= lags->within; d++) {
        truth now = truth_at(lags, tick, d);
        if (now == 2) { /* of two that are as near the earlier one */
            bool is_before = lags->pair->way != TO_NEXT || d == 0;
            out.has_partner = true;
            out.partner = is_before && run_truth(&lags->to, tick - d) == 2 ? tick - d : tick + d;
            break;
        }
        if (now == 1)
            out.is_certain = false;
    }
    return out;
}

/* One pair of a statement. */
static void lags_open(struct lags *lags, const struct statement *s, const struct statement *pair,
                      const struct view *view, struct frame *frame)
{
    int64_t ns = s->lag.within ? s->lag.within : HOUR, tick = view->zone->tick;
    struct frame wide;

    *lags = (struct lags){.s = s, .pair = &pair->lag, .within = (ns + tick - 1) / tick};
    frame_make(s, view, frame);
    wide = *frame; /* partners beyond the window are looked for, too */
    wide.b += lags->within;
    run_open(&lags->from, s, view, pair->cond, frame, lags->within);
    run_open(&lags->to, s, view, pair->lag.to, &wide, lags->within);
    lags->from.field.whom = lags->to.field.whom = lag_whom(s);
}

static void lags_close(struct lags *lags)
{
    run_close(&lags->from);
    run_close(&lags->to);
}

/* ---- answers ---- */

static void list_pairs(const struct lags *lags, const struct frame *frame, int id, struct answer *out)
{
    double second = (double)lags->from.view->zone->tick / 1e9;

    for (int64_t t = frame->a; t < frame->b; t++) {
        if (run_truth(&lags->from, t) < 2)
            continue;
        struct pair pair = pair_of(lags, t);
        answer_add_row(out);
        run_put_subject(&lags->from, id, out);
        int column = 5;
        if (lags->s->n_parts)
            answer_put_whole(out, column++, lags->pair->text);
        answer_put_time(out, column, t * lags->from.view->zone->tick);
        if (pair.has_partner) {
            answer_put_time(out, column + 1, pair.partner * lags->from.view->zone->tick);
            answer_put_number(out, column + 2, GK_TYPE_SECONDS, (double)(pair.partner - t) * second, 0);
        }
        answer_put_text(out, column + 3, pair.is_certain ? "certain" : "possible");
    }
}

struct lag_sums {
    double *list;
    int n, unpaired, uncertain;
    int64_t known, total;
};

static void add_pair(const struct lags *lags, struct pair pair, struct lag_sums *out)
{
    double second = (double)lags->from.view->zone->tick / 1e9;

    out->uncertain += !pair.is_certain;
    out->unpaired += pair.is_certain && !pair.has_partner;
    if (!pair.is_certain || !pair.has_partner)
        return;
    out->list = realloc(out->list, ((size_t)out->n + 1) * sizeof *out->list);
    assert_non_null(out->list);
    out->list[out->n++] = (double)(pair.partner - pair.tick) * second;
}

static void add_bucket(const struct lags *lags, int64_t from, int64_t to, struct lag_sums *out)
{
    for (int64_t t = from; t < to; t++) {
        truth a = run_truth(&lags->from, t), b = run_truth(&lags->to, t);
        out->total++;
        out->known += (a > b ? a : b) != 1;
        if (a == 2)
            add_pair(lags, pair_of(lags, t), out);
    }
}

static int compare_lags(const void *p, const void *q)
{
    double a, b;

    memcpy(&a, p, sizeof a);
    memcpy(&b, q, sizeof b);
    return a < b ? -1 : a > b;
}

static double rank(const double *sorted, int n, double share)
{
    double at = share * (n - 1);
    int low = (int)at;

    return sorted[low] + (sorted[low + 1 < n ? low + 1 : low] - sorted[low]) * (at - low);
}

static void put_sums(const struct lag *lag, struct lag_sums *sums, int column, struct answer *out)
{
    double sum = 0;

    if (sums->n)
        qsort(sums->list, (size_t)sums->n, sizeof *sums->list, compare_lags);
    for (int i = 0; i < sums->n; i++)
        sum += sums->list[i];
    for (int i = 0; i < lag->n_numbers; i++, column++) {
        enum lag_number number = lag->numbers[i];
        if (number == LAG_COUNT)
            answer_put_count(out, column, GK_TYPE_COUNT, sums->n);
        else if (sums->n)
            answer_put_number(out, column, GK_TYPE_SECONDS,
                              number == LAG_AVG      ? sum / sums->n
                              : number == LAG_MIN    ? sums->list[0]
                              : number == LAG_MAX    ? sums->list[sums->n - 1]
                              : number == LAG_MEDIAN ? rank(sums->list, sums->n, 0.5)
                                                     : rank(sums->list, sums->n, 0.9),
                              1e-9);
    }
    answer_put_count(out, column++, GK_TYPE_COUNT, sums->unpaired);
    answer_put_count(out, column++, GK_TYPE_COUNT, sums->uncertain);
    answer_put_number(out, column, GK_TYPE_SHARE, sums->total ? (double)sums->known / (double)sums->total : NAN, 0);
}

static void answer_numbers(struct lags *lags, const struct frame *frame, const struct view *view, struct answer *out)
{
    const struct statement *s = lags->s;
    enum noun noun = lags->from.field.whom.noun;
    struct table table = {.rows = NULL};
    struct pieces slices = {.list = NULL};
    struct lag_sums *sums = NULL;

    buckets_make(s, view, frame, &table.buckets);
    for (int pass = 0; pass < 2; pass++) { /* first all rows, then what is in them */
        for (int id = 0; id < subject_count(view->zone, noun); id++) {
            if (!statement_has_subject(s, view->zone, &lags->from.field.whom, id))
                continue;
            for (int j = 0; j < table.buckets.n && !table.buckets.is_by_shift; j++)
                (void)table_row(&table, s, view, noun, id, j);
            slices_list(view->zone, &table.buckets, frame, (struct who){noun, id}, &slices);
            if (pass == 1) {
                run_subject(&lags->from, id);
                run_subject(&lags->to, id);
            }
            for (int i = 0; i < slices.n; i++) {
                const struct piece *slice = &slices.list[i];
                if (zone_tick(view->zone, slice->from) == zone_tick(view->zone, slice->to))
                    continue;
                int row = table_row(&table, s, view, noun, id, slice->cell);
                if (pass == 1)
                    add_bucket(lags, zone_tick(view->zone, slice->from), zone_tick(view->zone, slice->to), &sums[row]);
            }
        }
        if (pass == 0)
            sums = calloc((size_t)table.n + 1, sizeof *sums);
        assert_non_null(sums);
    }
    free(slices.list);
    int column = table_key_columns(s, out), *order = table_order(s, &table);
    for (int i = 0; i < s->lag.n_numbers; i++)
        out->columns[out->n_columns++] = LAG_NAMES[s->lag.numbers[i]];
    answer_name_columns(out, (const char *const[]){"unpaired", "uncertain", "coverage"}, 3);
    for (int i = 0; i < table.n; i++) {
        answer_add_row(out);
        table_put_keys(s, view, &table, order[i], out);
        put_sums(&s->lag, &sums[order[i]], column, out);
    }
    for (int i = 0; i < table.n; i++)
        free(sums[i].list);
    free(sums);
    free(order);
    free(table.rows);
}

void lag_answer(const struct statement *s, const struct view *view, struct answer *out)
{
    static const char *const subject[] = {"subject", "facility", "line", "enterprise", "park", "moment"};
    static const char *const names[] = {"from", "to", "lag_s", "certainty"};
    struct frame frame;
    struct lags lags[PAIRS_MAX];

    for (int i = 0; i <= s->n_parts; i++)
        lags_open(&lags[i], s, i == 0 ? s : s->parts[i - 1], view, &frame);
    if (s->lag.n_numbers) {
        answer_numbers(&lags[0], &frame, view, out);
    } else {
        answer_name_columns(out, subject, 5 + (s->n_parts > 0));
        answer_name_columns(out, names, 4);
        for (int id = 0; id < subject_count(view->zone, lags[0].from.field.whom.noun); id++) {
            for (int i = 0; i <= s->n_parts && statement_has_subject(s, view->zone, &lags[i].from.field.whom, id);
                 i++) {
                run_subject(&lags[i].from, id);
                run_subject(&lags[i].to, id);
                list_pairs(&lags[i], &frame, id, out);
            }
        }
    }
    for (int i = 0; i <= s->n_parts; i++)
        lags_close(&lags[i]);
}
