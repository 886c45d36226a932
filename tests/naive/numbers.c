/*
 * numbers.c - see naive.h. Rows of numbers: of one source, or arithmetic over several; beside them, what is possible,
 * and the same of another time.
 */
#include "naive/statement.h"

#include <math.h>
#include <time.h>

#define PARTS_MAX     3
#define ROLLING_LEAST 5

static int below(struct random *random, int n)
{
    return (int)random_below(random, (uint64_t)n);
}

static bool one_in(struct random *random, int n)
{
    return below(random, n) == 0;
}

/* ---- making ---- */

static bool is_binary(enum arithmetic arithmetic)
{
    return arithmetic > PLAIN_NUMBER && arithmetic < SCALED;
}

static void make_narrowing(const struct view *view, struct random *random, struct statement *part)
{
    struct whom whom = {.noun = part->ref.noun <= ABATEMENT ? part->ref.noun : FACILITY};

    part->is_narrowed = true;
    do {
        part->tree.n = 0;
        part->cond = tree_make(&part->tree, view->zone, random, 1 + below(random, 4));
    } while (part->cond->is_event || !tree_is_allowed(part->cond, &whom));
}

static void make_field(const struct view *view, struct random *random, struct statement *part)
{
    static const enum agg aggs[] = {AGREED, AGREED, SUM, MAX, MIN, AVG, COUNT};
    bool has_level = false;

    for (int i = 0; i < view->zone->n_facilities; i++)
        has_level |= view->zone->facilities[i].stop_level != NONE;
    part->kind = FIELD;
    part->field = (enum field_of)below(random, CUT + 1);
    if (part->field == STOP_LEVEL && !has_level)
        part->field = RATED;
    part->n_aggs = 1;
    part->aggs[0] = part->field == CUT ? AGREED : aggs[below(random, 7)];
    if (part->field != CUT)
        return;
    part->has_own_filter = false;
    do {
        part->tree.n = 0;
        part->cond = tree_make(&part->tree, view->zone, random, 1);
    } while (part->cond->op != ORDER);
    part->cond->parens = false;
}

static void make_part(const struct view *view, struct random *random, struct statement *s, bool is_cond)
{
    static const enum agg of_cond[] = {DURATION, DURATION, SHARE, COUNT, LONGEST, COVERAGE};
    struct statement *part = calloc(1, sizeof *part);

    assert_non_null(part);
    part->kind = is_cond ? AGGREGATE : SERIES;
    part->per = s->per;
    statement_make_series(view, random, part);
    if (is_cond)
        statement_make_cond(view, random, part);
    else if (one_in(random, 3))
        make_narrowing(view, random, part);
    part->n_aggs = 0;
    if (!is_cond && !part->is_narrowed && one_in(random, 3))
        make_field(view, random, part);
    else if (is_cond)
        part->aggs[part->n_aggs++] = of_cond[below(random, 6)];
    else
        statement_make_aggs(random, part, 1);
    s->parts[s->n_parts++] = part;
}

void numbers_make(const struct view *view, struct random *random, struct statement *s)
{
    int n = 1 + below(random, 3);
    bool has_series = one_in(random, 2);

    s->per = !has_series && one_in(random, 4) ? below(random, 7) : NONE;
    for (int i = 0; i < n && s->n_parts < PARTS_MAX; i++) {
        struct column *column = &s->columns[s->n_columns++];
        column->arithmetic = s->n_parts < PARTS_MAX - 1 ? (enum arithmetic)below(random, SCALED + 1)
                             : one_in(random, 2)        ? SCALED
                                                        : PLAIN_NUMBER;
        column->factor = 1 + below(random, 5);
        column->a = s->n_parts;
        make_part(view, random, s, !has_series || one_in(random, 3));
        column->b = s->n_parts;
        if (is_binary(column->arithmetic))
            make_part(view, random, s, !has_series || one_in(random, 3));
        (void)snprintf(column->name, sizeof column->name, "c%d", i + 1);
    }
}

static bool has_agg(const struct statement *s, enum agg agg)
{
    if (s->kind != NUMBERS)
        return statement_has_agg(s, agg);
    for (int i = 0; i < s->n_parts; i++)
        if (statement_has_agg(s->parts[i], agg))
            return true;
    return false;
}

static bool has_time(const struct statement *s)
{
    bool has = s->every != 0;

    for (int i = 0; i < s->n_keys; i++)
        has |= s->keys[i] >= BY_HOUR;
    return has;
}

static bool has_shift(const struct statement *s)
{
    bool has = false;

    for (int i = 0; i < s->n_keys; i++)
        has |= s->keys[i] == BY_SHIFT;
    return has;
}

void numbers_make_versus(const struct view *view, struct random *random, struct statement *s)
{
    int64_t tick = view->zone->tick, length = view->zone->end - view->zone->begin;
    bool has_middle = !has_agg(s, P50) && !has_agg(s, P95) && !has_agg(s, MEDIAN) && !has_agg(s, LONGEST);

    for (int i = 0; i < s->n_parts; i++)
        if (s->parts[i]->kind == FIELD) /* which is not compared */
            return;
    if (s->kind != SERIES && (has_agg(s, FIRST) || has_agg(s, LAST_ONE)))
        return;
    s->versus = (enum versus)below(random, has_shift(s) ? NORMAL_DAYS : STORED);
    if ((s->versus == NORMAL_DAYS && !has_middle) || (s->versus >= MEDIAN_OF && !has_time(s)))
        s->versus = BEFORE;
    s->versus_ns = (1 + (int64_t)random_below(random, (uint64_t)(length / tick))) * tick / 1000000 * 1000000;
    s->versus_unit = (enum unit)below(random, 5);
    if (s->versus_unit >= UNIT_MONTH && tick < 60 * GK_SECOND) /* too many ticks back to look at one by one */
        s->versus_unit = UNIT_HOUR;
    if (s->versus_unit >= UNIT_DAY && tick < 5 * GK_SECOND)
        s->versus_unit = UNIT_HOUR;
    s->versus_days = 1 + below(random, 3);
    if (s->versus >= MEDIAN_OF && s->versus_ns < 5 * s->every)
        s->versus_ns = 10 * s->every;
}

/* ---- text ---- */

static void print_operand(const struct statement *part, const struct zone *zone, struct random *random,
                          struct text *out)
{
    static const char *const fields[] = {"rated", "rated_a", "stop_level", "cut"};

    if (part->aggs[0] != AGREED)
        text_add(out, "%s of ", AGGS[part->aggs[0]]);
    if (part->kind == FIELD && part->field == CUT) {
        tree_print(zone, part->cond, 5, random, out);
        text_add(out, " ");
    }
    if (part->kind == FIELD)
        text_add(out, "%s of ", fields[part->field]);
    statement_print_source(part, zone, random, out);
}

void numbers_print(struct statement *s, const struct zone *zone, struct random *random)
{
    static const char *const signs[] = {"", " / ", " - ", " * ", " + ", ", ", ", "};
    struct text *out = &s->text;

    for (int i = 0; i < s->n_columns; i++) {
        const struct column *column = &s->columns[i];
        text_add(out, "%s", i ? ", " : "");
        text_add(out, "%s", column->arithmetic == MOST_OF ? "max(" : column->arithmetic == LEAST_OF ? "min(" : "");
        print_operand(s->parts[column->a], zone, random, out);
        if (is_binary(column->arithmetic)) {
            text_add(out, "%s", signs[column->arithmetic]);
            print_operand(s->parts[column->b], zone, random, out);
            text_add(out, "%s", column->arithmetic >= MOST_OF ? ")" : "");
        } else if (column->arithmetic == SCALED) {
            text_add(out, " * %d", column->factor);
        }
        text_add(out, " as %s", column->name);
    }
}

void numbers_print_versus(struct statement *s, struct random *random)
{
    static const char *const units[] = {"hour", "day", "week", "month", "year"};
    struct text *out = &s->text;

    switch (s->versus) {
    case BEFORE:
        text_add(out, " vs previous");
        break;
    case SHIFTED:
        text_add(out, " vs previous ");
        text_duration(out, s->versus_ns, random);
        break;
    case UNIT_EARLIER:
        if (s->versus_unit == UNIT_DAY && one_in(random, 3))
            text_add(out, " vs yesterday");
        else
            text_add(out,
                     one_in(random, 3)   ? " vs last %s"
                     : one_in(random, 2) ? " vs previous %s"
                                         : " vs same time last %s",
                     units[s->versus_unit]);
        break;
    case NORMAL_DAYS:
        text_add(out, " vs same hours of %d normal days before", s->versus_days);
        break;
    case MEDIAN_OF:
    case AVG_OF:
        text_add(out, s->versus == MEDIAN_OF ? " vs median of " : " vs avg of ");
        text_duration(out, s->versus_ns, random);
        text_add(out, " before");
        break;
    case STORED:
        text_add(out, " vs stored");
        break;
    case KNOWN_NOW:
        text_add(out, " vs now");
        break;
    default:
        break;
    }
}

/* ---- kinds of numbers ---- */

enum measure { OF_NOTHING, OF_TIME, OF_SHARES, OF_POWER, OF_CURRENT, OF_ENERGY };
struct type {
    enum gk_type type;
    enum measure measure;
};

static struct type type_of_agg(const struct statement *part, enum agg agg)
{
    static const enum measure of_channel[] = {OF_POWER, OF_CURRENT, OF_CURRENT, OF_CURRENT, OF_ENERGY, OF_NOTHING};
    static const enum measure of_metric[] = {OF_POWER, OF_CURRENT, OF_SHARES, OF_NOTHING, OF_NOTHING};
    struct type out = {GK_TYPE_NUMBER, OF_NOTHING};

    if (agg == COUNT)
        return (struct type){GK_TYPE_COUNT, OF_NOTHING};
    if (part->kind == FIELD)
        return (struct type){part->field == CUT ? GK_TYPE_SHARE : GK_TYPE_NUMBER,
                             (enum measure[]){OF_POWER, OF_CURRENT, OF_NOTHING, OF_SHARES}[part->field]};
    if (agg == COVERAGE || (part->kind != SERIES && agg == SHARE))
        return (struct type){GK_TYPE_SHARE, OF_SHARES};
    if (part->kind != SERIES)
        return agg == FIRST || agg == LAST_ONE ? (struct type){GK_TYPE_TIME, OF_NOTHING}
                                               : (struct type){GK_TYPE_SECONDS, OF_TIME};
    if (agg == ENERGY)
        out.measure = OF_ENERGY;
    else
        out.measure = part->metric == CHANNEL ? of_channel[part->channel] : of_metric[part->metric];
    if (part->metric == ROW)
        out.measure = row_is_share(part->channel) ? OF_SHARES : row_is_current(part->channel) ? OF_CURRENT : OF_NOTHING;
    if (out.measure == OF_SHARES && agg != SUM)
        out.type = GK_TYPE_SHARE;
    return out;
}

static bool is_alike(struct type a, struct type b)
{
    return a.type == b.type && a.measure == b.measure;
}

static enum gk_type type_of_column(const struct statement *s, const struct column *column)
{
    const struct statement *const *parts = (const struct statement *const *)s->parts;
    struct type a = type_of_agg(parts[column->a], parts[column->a]->aggs[0]), b;

    if (!is_binary(column->arithmetic))
        return a.type;
    b = type_of_agg(parts[column->b], parts[column->b]->aggs[0]);
    if (column->arithmetic == PRODUCT || !is_alike(a, b))
        return GK_TYPE_NUMBER;
    if (column->arithmetic == RATIO)
        return a.measure != OF_NOTHING || a.type != GK_TYPE_NUMBER ? GK_TYPE_SHARE : GK_TYPE_NUMBER;
    return a.type;
}

/* ---- arithmetic, with how far each number may be off ---- */

static const struct number NOTHING = {NAN, 0, false};

static struct number checked(double value, double slack, bool is_any)
{
    return (struct number){isfinite(value) ? value : NAN, slack, is_any || fabs(value) >= 1e150 || !(slack < 1e150)};
}

static struct number divide(struct number a, struct number b)
{
    if (a.is_any || b.is_any || (b.slack > 0 && fabs(b.value) <= 2 * b.slack))
        return (struct number){NAN, 0, true};
    if (isnan(a.value) || !(b.value < 0 || b.value > 0))
        return NOTHING;
    double ratio = a.value / b.value;
    return checked(ratio, (a.slack + fabs(ratio) * b.slack) / fabs(b.value) * 2, false);
}

static struct number combine(enum arithmetic arithmetic, struct number a, struct number b)
{
    bool is_any = a.is_any || b.is_any;

    switch (arithmetic) {
    case RATIO:
        return divide(a, b);
    case PRODUCT:
        return checked(a.value * b.value, fabs(a.value) * b.slack + fabs(b.value) * a.slack + a.slack * b.slack,
                       is_any);
    case TOTAL:
    case DIFFERENCE:
        return checked(arithmetic == TOTAL ? a.value + b.value : a.value - b.value,
                       a.slack + b.slack + (fabs(a.value) + fabs(b.value)) * 1e-12, is_any);
    case MOST_OF:
    case LEAST_OF:
        if (isnan(a.value) || isnan(b.value))
            return (struct number){NAN, 0, is_any};
        return checked(arithmetic == MOST_OF ? fmax(a.value, b.value) : fmin(a.value, b.value), fmax(a.slack, b.slack),
                       is_any);
    default:
        return a;
    }
}

/* ---- sources in cells ---- */

struct numbers {
    const struct statement *s;
    const struct view *view;
    const struct statement *parts[PARTS_MAX];
    int n_parts, n_columns;
    struct frame frame;
    struct table table;
    struct sums *now[PARTS_MAX], *before[PARTS_MAX];
    gk_time first; /* buckets before it have no rows */
};

static struct sums *measure(struct numbers *n, const struct statement *part, const struct frame *frame, int n_days)
{
    struct sums *out = calloc((size_t)n->table.n + 1, sizeof *out);

    assert_non_null(out);
    source_measure(part, n->view, frame, &n->table, n_days, out);
    return out;
}

static void free_sums(struct numbers *n, struct sums *sums)
{
    for (int i = 0; sums && i < n->table.n; i++)
        free(sums[i].values);
    free(sums);
}

static struct number plain(const struct numbers *n, int part, enum agg agg, const struct sums *const *cells, int row)
{
    return source_number(n->parts[part], n->view, agg, &cells[part][row]);
}

static struct number column_number(const struct numbers *n, int k, bool is_before, int row)
{
    const struct sums *const *cells = (const struct sums *const *)(is_before ? n->before : n->now);

    if (n->s->kind != NUMBERS)
        return plain(n, 0, n->s->aggs[k], cells, row);
    const struct column *column = &n->s->columns[k];
    struct number a = plain(n, column->a, n->parts[column->a]->aggs[0], cells, row), b = {column->factor, 0, false};
    if (column->arithmetic == PLAIN_NUMBER)
        return a;
    if (is_binary(column->arithmetic))
        b = plain(n, column->b, n->parts[column->b]->aggs[0], cells, row);
    return combine(column->arithmetic == SCALED ? PRODUCT : column->arithmetic, a, b);
}

static const char *column_name(const struct numbers *n, int k)
{
    return n->s->kind == NUMBERS ? n->s->columns[k].name : AGGS[n->s->aggs[k]];
}

static enum gk_type column_type(const struct numbers *n, int k)
{
    return n->s->kind == NUMBERS ? type_of_column(n->s, &n->s->columns[k]) : type_of_agg(n->s, n->s->aggs[k]).type;
}

/* The aggregate of a condition that a column is without any arithmetic, if it has a possible one. */
static bool has_possible(const struct numbers *n, int k, int *part, enum agg *agg)
{
    *part = 0;
    if (n->s->kind != NUMBERS) {
        *agg = n->s->aggs[k];
    } else {
        *part = n->s->columns[k].a;
        *agg = n->parts[*part]->aggs[0];
        if (n->s->columns[k].arithmetic != PLAIN_NUMBER)
            return false;
    }
    return n->parts[*part]->kind == AGGREGATE && *agg <= LONGEST;
}

/* Whether a column stands on a part: one that was dropped to make a statement smaller leaves its own behind. */
static bool is_used(const struct numbers *n, int part)
{
    bool is = n->s->kind != NUMBERS;

    for (int k = 0; k < n->n_columns && !is; k++) {
        const struct column *column = &n->s->columns[k];
        is = column->a == part || (is_binary(column->arithmetic) && column->b == part);
    }
    return is;
}

/* The least of what is covered; of one that had no time there is nothing to cover. */
static double coverage(const struct numbers *n, bool is_before, int row)
{
    double least = NAN;

    for (int part = 0; part < n->n_parts; part++) {
        const struct sums *sums = &(is_before ? n->before : n->now)[part][row];
        if (!is_used(n, part) || n->parts[part]->kind == FIELD) /* of an attribute there is nothing to cover */
            continue;
        if (n->parts[part]->kind == SERIES && sums->n_subjects && !(sums->covered > 0))
            continue;
        double share = source_number(n->parts[part], n->view, COVERAGE, sums).value;
        if (isnan(share))
            return NAN;
        least = share >= least ? least : share;
    }
    return least;
}

/* ---- another time ---- */

/* A unit earlier; days that the month before does not have are its end. */
static gk_time unit_earlier(gk_time t, enum unit unit)
{
    if (unit < UNIT_MONTH)
        return t - (unit == UNIT_HOUR ? HOUR : unit == UNIT_DAY ? DAY : 7 * DAY);
    int back = unit == UNIT_MONTH ? 1 : 12;
    gk_time moved = civil_time(t, BY_MONTH, -back) + (t - civil_time(t, BY_MONTH, 0));
    gk_time end = civil_time(t, BY_MONTH, 1 - back);
    return moved < end ? moved : end;
}

static gk_time earlier(const struct numbers *n, gk_time t)
{
    if (n->s->versus == UNIT_EARLIER)
        return unit_earlier(t, n->s->versus_unit);
    return t - (n->s->versus == BEFORE ? n->frame.to - n->frame.from : n->s->versus_ns);
}

static bool is_rolling(const struct statement *s)
{
    return s->versus == MEDIAN_OF || s->versus == AVG_OF;
}

static bool has_before(const struct statement *s)
{
    return s->versus != NO_VERSUS && s->versus < STORED && !is_rolling(s);
}

/* The same rows, of the time before. */
static void measure_before(struct numbers *n)
{
    struct buckets buckets = n->table.buckets;
    struct frame frame = n->frame;

    if (n->s->versus == NORMAL_DAYS) {
        for (int part = 0; part < n->n_parts; part++)
            n->before[part] = measure(n, n->parts[part], &n->frame, n->s->versus_days);
        return;
    }
    frame.from = earlier(n, frame.from);
    frame.to = earlier(n, frame.to);
    frame.a = zone_tick(n->view->zone, frame.from);
    frame.b = zone_tick(n->view->zone, frame.to);
    for (int j = 0; j <= buckets.n; j++)
        n->table.buckets.edges[j] = earlier(n, buckets.edges[j]);
    for (int part = 0; part < n->n_parts; part++)
        n->before[part] = measure(n, n->parts[part], &frame, 0);
    n->table.buckets = buckets;
}

struct number number_change(struct number value, struct number reference)
{
    struct number difference = {value.value - reference.value, value.slack + reference.slack,
                                value.is_any || reference.is_any};
    struct number size = {fabs(reference.value), reference.slack, reference.is_any};

    difference.slack += (fabs(value.value) + fabs(reference.value)) * 1e-9;
    return divide(difference, size);
}

static int compare_numbers(const void *p, const void *q)
{
    double a, b;

    memcpy(&a, p, sizeof a);
    memcpy(&b, q, sizeof b);
    return a < b ? -1 : a > b;
}

static double median(double *list, int n)
{
    qsort(list, (size_t)n, sizeof *list, compare_numbers);
    return n % 2 ? list[n / 2] : (list[n / 2 - 1] + list[n / 2]) / 2;
}

static bool is_same_group(const struct statement *s, const struct group_row *a, const struct group_row *b)
{
    for (int k = 0; k < s->n_keys; k++)
        if (s->keys[k] < BY_HOUR && a->ids[k] != b->ids[k])
            return false;
    return true;
}

static void put_rolling(const struct numbers *n, int k, int row, int column, struct answer *out)
{
    const struct table *table = &n->table;
    const struct group_row *here = &table->rows[row];
    struct number value = column_number(n, k, false, row), reference = NOTHING, deviation = NOTHING;
    double list[BUCKETS_MAX], slack = 0, sum = 0;
    int n_list = 0;
    bool is_any = value.is_any;

    for (int i = 0; i < table->n; i++) {
        const struct group_row *other = &table->rows[i];
        gk_time start = table->buckets.starts[other->cell];
        if (!is_same_group(n->s, here, other) || other->cell >= here->cell ||
            start < table->buckets.starts[here->cell] - n->s->versus_ns)
            continue;
        struct number one = column_number(n, k, false, i);
        is_any |= one.is_any;
        if (isnan(one.value))
            continue;
        list[n_list++] = one.value;
        sum += one.value;
        slack = fmax(slack, one.slack + fabs(one.value) * 1e-9);
    }
    if (n_list >= ROLLING_LEAST) {
        reference = (struct number){n->s->versus == MEDIAN_OF ? median(list, n_list) : sum / n_list, slack, is_any};
        for (int i = 0; i < n_list; i++)
            list[i] = fabs(list[i] - reference.value);
        double spread = fmax(median(list, n_list), fabs(reference.value) / 1000);
        deviation = divide((struct number){fabs(value.value - reference.value), value.slack + slack, is_any},
                           (struct number){spread, 2 * slack, is_any});
    }
    enum gk_type type = column_type(n, k);
    struct number changed = number_change(value, reference);
    const struct number three[] = {reference, changed, deviation};
    const enum gk_type types[] = {type == GK_TYPE_COUNT ? GK_TYPE_NUMBER : type, GK_TYPE_SHARE, GK_TYPE_NUMBER};
    for (int i = 0; i < 3; i++) {
        answer_put_number(out, column + i, types[i], three[i].value, three[i].slack);
        answer_cell(out, column + i)->is_any = is_any || three[i].is_any;
    }
}

static void put_before(const struct numbers *n, int k, int row, int column, struct answer *out)
{
    struct number reference = column_number(n, k, true, row), value = column_number(n, k, false, row);
    enum gk_type type = column_type(n, k);
    struct number changed = number_change(value, reference);

    answer_put_number(out, column, type == GK_TYPE_COUNT ? GK_TYPE_NUMBER : type, reference.value, reference.slack);
    answer_cell(out, column)->is_any = reference.is_any;
    answer_put_number(out, column + 1, GK_TYPE_SHARE, changed.value, changed.slack);
    answer_cell(out, column + 1)->is_any = changed.is_any;
}

/* ---- the table ---- */

static const char *name_beside(struct answer *out, const char *prefix, const char *name)
{
    char *text = out->names[out->n_columns];

    (void)snprintf(text, sizeof out->names[0], "%s%s%s", prefix, name ? "_" : "", name ? name : "");
    return text;
}

static void add_name(struct answer *out, const char *prefix, const char *name)
{
    const char *text = name_beside(out, prefix, name);
    out->columns[out->n_columns++] = text;
}

static bool has_column(const struct numbers *n, const char *name)
{
    for (int k = 0; k < n->n_columns; k++)
        if (strcmp(column_name(n, k), name) == 0)
            return true;
    return false;
}

static void name_all(const struct numbers *n, struct answer *out)
{
    bool is_named = n->n_columns > 1;
    int part;
    enum agg agg;

    for (int k = 0; k < n->n_columns; k++)
        out->columns[out->n_columns++] = column_name(n, k);
    for (int k = 0; k < n->n_columns && (has_before(n->s) || is_rolling(n->s)); k++) {
        const char *name = is_named ? column_name(n, k) : NULL;
        add_name(out, "reference", name);
        add_name(out, "change", name);
        if (is_rolling(n->s))
            add_name(out, "deviation", name);
    }
    for (int k = 0; k < n->n_columns; k++)
        if (has_possible(n, k, &part, &agg))
            add_name(out, "possible", column_name(n, k));
    if (!has_column(n, "coverage"))
        out->columns[out->n_columns++] = "coverage";
    if (has_before(n->s))
        out->columns[out->n_columns++] = "reference_coverage";
}

static void put_value(enum gk_type type, struct number number, int column, struct answer *out)
{
    if (type == GK_TYPE_COUNT && !isnan(number.value))
        answer_put_count(out, column, type, (int64_t)llround(number.value));
    else
        answer_put_number(out, column, type, number.value, number.slack);
    answer_cell(out, column)->is_any = number.is_any;
}

/* The first and last of a condition are times. */
static bool put_first(const struct numbers *n, int k, int row, int column, struct answer *out)
{
    const struct sums *sums = &n->now[0][row];
    enum agg agg = n->s->aggs[k];

    if (n->s->kind != AGGREGATE || (agg != FIRST && agg != LAST_ONE))
        return false;
    if (sums->has_first)
        answer_put_time(out, column, (agg == FIRST ? sums->first_tick : sums->last_tick) * n->view->zone->tick);
    return true;
}

static void put_row(const struct numbers *n, int row, int column, struct answer *out)
{
    int part;
    enum agg agg;

    answer_add_row(out);
    table_put_keys(n->s, n->view, &n->table, row, out);
    for (int k = 0; k < n->n_columns; k++, column++)
        if (!put_first(n, k, row, column, out))
            put_value(column_type(n, k), column_number(n, k, false, row), column, out);
    for (int k = 0; k < n->n_columns; k++) {
        if (is_rolling(n->s))
            put_rolling(n, k, row, column, out);
        else if (has_before(n->s))
            put_before(n, k, row, column, out);
        column += is_rolling(n->s) ? 3 : has_before(n->s) ? 2 : 0;
    }
    for (int k = 0; k < n->n_columns; k++)
        if (has_possible(n, k, &part, &agg))
            put_value(column_type(n, k), source_possible(n->view, agg, &n->now[part][row]), column++, out);
    if (!has_column(n, "coverage"))
        answer_put_number(out, column++, GK_TYPE_SHARE, coverage(n, false, row), 0);
    if (has_before(n->s))
        answer_put_number(out, column, GK_TYPE_SHARE, coverage(n, true, row), 0);
}

/* The window begins with a whole bucket, and so much earlier as its first bucket looks back. */
static void widen(struct numbers *n)
{
    struct buckets buckets;
    struct frame frame = n->frame;

    if (frame.from >= frame.to)
        return;
    buckets_make(n->s, n->view, &frame, &buckets);
    n->first = buckets.starts[0];
    frame.from = n->first - n->s->versus_ns;
    buckets_make(n->s, n->view, &(struct frame){.from = frame.from, .to = frame.from + 1}, &buckets);
    n->frame.from = buckets.starts[0];
    n->frame.a = zone_tick(n->view->zone, n->frame.from);
}

void numbers_answer(const struct statement *s, const struct view *view, struct answer *out)
{
    static struct numbers n;

    n = (struct numbers){.s = s, .view = view, .n_parts = s->kind == NUMBERS ? s->n_parts : 1, .first = GK_TIME_MIN};
    n.n_columns = s->kind == NUMBERS ? s->n_columns : s->n_aggs;
    for (int i = 0; i < n.n_parts; i++)
        n.parts[i] = s->kind == NUMBERS ? s->parts[i] : s;
    frame_make(s, view, &n.frame);
    if (is_rolling(s))
        widen(&n);
    buckets_make(s, view, &n.frame, &n.table.buckets);
    for (int i = 0; i < n.n_parts; i++)
        if (is_used(&n, i))
            source_add_rows(n.parts[i], view, &n.frame, &n.table);
    n.table.is_full = true;
    for (int i = 0; i < n.n_parts; i++)
        if (!is_used(&n, i)) /* it would have rows of its own */
            n.parts[i] = n.parts[s->columns[0].a];
    for (int i = 0; i < n.n_parts; i++)
        n.now[i] = measure(&n, n.parts[i], &n.frame, 0);
    if (has_before(s))
        measure_before(&n);
    int column = table_key_columns(s, out), *order = table_order(s, &n.table);
    name_all(&n, out);
    for (int i = 0; i < n.table.n; i++)
        if (n.table.buckets.starts[cell_bucket(&n.table.buckets, n.table.rows[order[i]].cell)] >= n.first)
            put_row(&n, order[i], column, out);
    for (int i = 0; i < n.n_parts; i++) {
        free_sums(&n, n.now[i]);
        free_sums(&n, n.before[i]);
    }
    free(order);
    free(n.table.rows);
}
