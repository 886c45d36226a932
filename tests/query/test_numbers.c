/*
 * test_numbers.c - random questions of numbers against loops over minutes that know no index, no bucket and no piece:
 * energy, mean, time and ratios; narrowed by hours, orders and states; by day; against another time and normal days.
 */
#include "query/zone.h"

#define DAYS       7
#define MINUTES    (DAYS * 1440)
#define FACILITIES 4 /* two enterprises with a press and a fan each */
#define HOLD       45

static const char *const NAMES[FACILITIES] = {"press1", "fan1", "press2", "fan2"};

struct model {
    double value[FACILITIES][MINUTES]; /* that holds; NaN: none */
    double sample[FACILITIES][MINUTES];
    int order[2], exempt[2];  /* by enterprise: of which day; -1: none */
    int order_from, order_to; /* minutes of the day */
};

static bool is_production(int f)
{
    return f % 2 == 0;
}

/* ---- a random zone ---- */

static void put_time(struct text *out, int minute)
{
    char text[32];

    (void)snprintf(text, sizeof text, "2026-11-%02dT%02d:%02d", 10 + minute / 1440, minute / 60 % 24, minute % 60);
    text_add(out, text);
}

static void add_samples(struct random *random, struct model *model, struct text *csv)
{
    char text[32];

    text_add(csv, "time,facility,kw\n");
    for (int f = 0; f < FACILITIES; f++) {
        for (int m = 0; m < MINUTES; m++)
            model->value[f][m] = model->sample[f][m] = NAN;
        for (int m = (int)random_below(random, 60); m < MINUTES;) {
            double value = random_below(random, 4) ? (double)random_below(random, 120) / 10 : 0;
            model->sample[f][m] = value;
            put_time(csv, m);
            (void)snprintf(text, sizeof text, ",%s,%g\n", NAMES[f], value);
            text_add(csv, text);
            int next = m + (random_below(random, 30) ? 10 + (int)random_below(random, 30) : 600);
            for (int k = m; k < m + HOLD && k < next && k < MINUTES; k++)
                model->value[f][k] = value;
            m = next;
        }
    }
}

static void make_zone(struct random *random, struct model *model, struct zone *zone)
{
    static const char catalog[] = "facility,enterprise,park,line,role,rated_kw,serves,cap\n"
                                  "press1,E1,P1,L1,production,10,,3\nfan1,E1,P1,L1,abatement,10,press1,\n"
                                  "press2,E2,P1,L2,production,10,,7\nfan2,E2,P1,L2,abatement,10,press2,\n";
    static const char bands[] = "scope,off_below,on_from,hold_s\n*,10%,20%,2700\n";
    struct text csv = {NULL, 0, 0};
    char line[160];

    zone_open(zone);
    assert_int_equal(gk_time_parse("2026-11-17T00:00", 16, 28800, &zone->now), GK_OK);
    zone_load(zone, catalog, strlen(catalog));
    zone_load(zone, bands, strlen(bands));
    model->order_from = 60 * (int)random_below(random, 12);
    model->order_to = model->order_from + 30 + (int)random_below(random, 600);
    for (int e = 0; e < 2; e++) {
        model->order[e] = 1 + (int)random_below(random, DAYS - 1);
        model->exempt[e] = (int)random_below(random, DAYS);
        csv.size = 0;
        text_add(&csv, "scope,level,from,to,cut\n");
        (void)snprintf(line, sizeof line, "enterprise:E%d,red,", e + 1);
        text_add(&csv, line);
        put_time(&csv, model->order[e] * 1440 + model->order_from);
        text_add(&csv, ",");
        put_time(&csv, model->order[e] * 1440 + model->order_to);
        text_add(&csv, ",30%\n");
        zone_load(zone, csv.bytes, csv.size);
        csv.size = 0;
        text_add(&csv, "scope,kind,from,to,note\n");
        (void)snprintf(line, sizeof line, "enterprise:E%d,maintenance,", e + 1);
        text_add(&csv, line);
        put_time(&csv, model->exempt[e] * 1440 + 600);
        text_add(&csv, ",");
        put_time(&csv, model->exempt[e] * 1440 + 660);
        text_add(&csv, ",belt\n");
        zone_load(zone, csv.bytes, csv.size);
    }
    csv.size = 0;
    add_samples(random, model, &csv);
    zone_load(zone, csv.bytes, csv.size);
    text_clear(&csv);
}

/* ---- a random question ---- */

enum what { WHAT_ENERGY, WHAT_AVG, WHAT_COUNT, WHAT_DURATION, N_WHATS };
enum only { ONLY_ALL, ONLY_HOURS, ONLY_ORDER, ONLY_RUNNING, ONLY_NOT_EXEMPT, N_ONLYS };
enum versus { VS_NONE, VS_PREVIOUS, VS_SHIFT, VS_NORMAL, N_VERSUS };

struct part {
    enum what what;
    enum only only;
    bool is_production;
};

struct question {
    struct part parts[2];
    int n_parts; /* 2: their ratio */
    int from, to;
    int hours_from, hours_to; /* minutes of the day; may cross midnight */
    bool by_facility, by_day;
    enum versus versus;
    int shift, n_normal;
};

static void put_part(struct text *out, const struct question *q, const struct part *part)
{
    static const char *const whats[] = {"energy of ", "avg of power of ", "count of power of ", "duration of "};
    char hours[64];

    text_add(out, whats[part->what]);
    text_add(out, part->is_production ? "production" : "abatement");
    text_add(out, part->what == WHAT_DURATION ? " running" : "");
    (void)snprintf(hours, sizeof hours, " during hours %02d:%02d-%02d:%02d", q->hours_from / 60, q->hours_from % 60,
                   q->hours_to / 60, q->hours_to % 60);
    text_add(out, part->only == ONLY_HOURS        ? hours
                  : part->only == ONLY_ORDER      ? " while order 'red'"
                  : part->only == ONLY_NOT_EXEMPT ? " unless exempt"
                  : part->only == ONLY_ALL        ? ""
                  : part->is_production           ? " while production running"
                                                  : " while abatement running");
}

static struct part random_part(struct random *random)
{
    struct part part = {(enum what)random_below(random, N_WHATS), (enum only)random_below(random, N_ONLYS),
                        random_below(random, 2)};

    if (part.what == WHAT_DURATION && part.only == ONLY_RUNNING)
        part.only = ONLY_ALL;
    return part;
}

static struct question random_question(struct random *random, struct text *out)
{
    struct question q = {.n_parts = 1 + (int)random_below(random, 2),
                         .by_facility = random_below(random, 2),
                         .by_day = random_below(random, 2),
                         .versus = (enum versus)random_below(random, N_VERSUS),
                         .hours_from = 15 * (int)random_below(random, 96),
                         .n_normal = 1 + (int)random_below(random, 3)};
    char text[160];

    q.hours_to = (q.hours_from + 15 * (1 + (int)random_below(random, 95))) % 1440;
    q.from = 5 * (int)random_below(random, MINUTES / 5 - 10);
    q.to = q.from + 5 * (1 + (int)random_below(random, random_below(random, 2) ? 200 : 800));
    q.to = q.to < MINUTES ? q.to : MINUTES;
    q.shift = 60 * (1 + (int)random_below(random, 60));
    for (int i = 0; i < q.n_parts; i++)
        q.parts[i] = random_part(random);
    q.by_facility &= q.n_parts == 1 || q.parts[0].is_production == q.parts[1].is_production;
    out->size = 0;
    put_part(out, &q, &q.parts[0]);
    if (q.n_parts == 2) {
        text_add(out, " / ");
        put_part(out, &q, &q.parts[1]);
    }
    text_add(out, " as x by ");
    text_add(out, q.by_facility ? "facility" : "enterprise");
    text_add(out, q.by_day ? ", day between " : " between ");
    put_time(out, q.from);
    text_add(out, " and ");
    put_time(out, q.to);
    (void)snprintf(text, sizeof text, " vs previous %dm", q.shift);
    text_add(out, q.versus == VS_PREVIOUS ? " vs previous" : q.versus == VS_SHIFT ? text : "");
    (void)snprintf(text, sizeof text, " vs same hours of %d normal days before", q.n_normal);
    text_add(out, q.versus == VS_NORMAL ? text : "");
    return q;
}

/* ---- the answer by loops ---- */

/* Sums of one part for one facility. */
struct tally {
    double energy, sum, count, running, unknown, held, certain, possible, total;
    bool is_lacking;
};

static enum gk_truth running_at(const struct model *model, int f, int m)
{
    double value = m >= 0 && m < MINUTES ? model->value[f][m] : NAN;

    return isnan(value) ? GK_UNKNOWN : value >= 2 ? GK_TRUE : GK_FALSE;
}

static enum gk_truth only_at(const struct model *model, const struct question *q, const struct part *part, int f, int m)
{
    int day = m >= 0 ? m / 1440 : -1, at = (m % 1440 + 1440) % 1440, e = f / 2;
    bool is = true;

    if (part->only == ONLY_HOURS)
        is = q->hours_from < q->hours_to ? at >= q->hours_from && at < q->hours_to
                                         : at >= q->hours_from || at < q->hours_to;
    if (part->only == ONLY_ORDER)
        is = day == model->order[e] && at >= model->order_from && at < model->order_to;
    if (part->only == ONLY_NOT_EXEMPT)
        is = !(day == model->exempt[e] && at >= 600 && at < 660);
    if (part->only == ONLY_RUNNING)
        return running_at(model, f, m);
    return is ? GK_TRUE : GK_FALSE;
}

static enum gk_truth and (enum gk_truth a, enum gk_truth b) { return a < b ? a : b; }

/* Adds minute m to the tally; a series counts where `only` is certain (of minute `narrowed`, in another time). */
static void add_minute(const struct model *model, const struct question *q, const struct part *part, int f, int m,
                       int narrowed, struct tally *to)
{
    bool is_inside = m >= 0 && m < MINUTES;

    if (part->what == WHAT_DURATION) { /* the hours are part of the condition, and so is its other time */
        enum gk_truth truth = and(running_at(model, f, m), only_at(model, q, part, f, m));
        to->running += truth == GK_TRUE;
        to->unknown += truth == GK_UNKNOWN;
        to->total++;
        return;
    }
    enum gk_truth only = only_at(model, q, part, f, narrowed);
    to->possible += only != GK_FALSE;
    if (only != GK_TRUE)
        return;
    to->certain++;
    if (is_inside && !isnan(model->value[f][m])) {
        to->energy += model->value[f][m] / 60;
        to->held++;
    }
    if (is_inside && !isnan(model->sample[f][m])) {
        to->sum += model->sample[f][m];
        to->count++;
    }
}

static void merge(struct tally *to, const struct tally *from, double weight)
{
    to->energy += from->energy * weight;
    to->sum += from->sum * weight;
    to->count += from->count * weight;
    to->running += from->running * weight;
    to->unknown += from->unknown * weight;
    to->held += from->held * weight;
    to->certain += from->certain * weight;
    to->possible += from->possible * weight;
    to->total += from->total * weight;
}

static bool is_normal(const struct model *model, int e, int day)
{
    return day != model->exempt[e] && day != model->order[e];
}

/* The mean of the normal days, for the minutes [from, to) of the window that begins at q->from. All buckets of the
 * window go together in deciding on a day. */
static void add_normal(const struct model *model, const struct question *q, const struct part *part, int f, int from,
                       int to, struct tally *out)
{
    int first = q->from / 1440, n_found = 0;
    struct tally pieces = {0};

    for (int m = q->from; m < q->to; m++)
        add_minute(model, q, part, f, m, m, &pieces);
    if (part->what != WHAT_DURATION && !(pieces.certain > 0))
        return; /* nothing to compare with */
    for (int day = first - 1; day >= 0 && n_found < q->n_normal; day--) {
        struct tally whole = {0}, bucket = {0};
        if (!is_normal(model, f / 2, day))
            continue;
        for (int m = q->from; m < q->to; m++) {
            add_minute(model, q, part, f, day * 1440 + m % 1440, m, &whole);
            if (m >= from && m < to)
                add_minute(model, q, part, f, day * 1440 + m % 1440, m, &bucket);
        }
        bool is_known =
            part->what == WHAT_DURATION ? whole.unknown <= whole.total / 2 : whole.held >= whole.certain / 2;
        if (!is_known)
            continue;
        n_found++;
        bucket.possible = bucket.certain;
        merge(out, &bucket, 1.0 / q->n_normal);
    }
    if (n_found < q->n_normal) {
        struct tally own = {0};
        for (int m = from; m < to; m++)
            add_minute(model, q, part, f, m, m, &own);
        out->is_lacking |= part->what == WHAT_DURATION || own.certain > 0;
    }
}

static double number_of(enum what what, const struct tally *tally)
{
    if (tally->is_lacking)
        return NAN;
    switch (what) {
    case WHAT_ENERGY:
        return tally->held > 0 || !(tally->possible > 0) ? tally->energy : NAN;
    case WHAT_AVG:
        return tally->count > 0 ? tally->sum / tally->count : NAN;
    case WHAT_COUNT:
        return tally->count;
    default:
        return tally->total > 0 ? tally->running * 60 : NAN;
    }
}

/* The number for a group of facilities, [from, to) minutes of the window; is_before: of the other time. */
static double answer(const struct model *model, const struct question *q, int group, int from, int to, bool is_before)
{
    double numbers[2] = {NAN, NAN};

    for (int i = 0; i < q->n_parts; i++) {
        const struct part *part = &q->parts[i];
        struct tally tally = {0};
        for (int f = 0; f < FACILITIES; f++) {
            if (is_production(f) != part->is_production || (q->by_facility ? f != group : f / 2 != group))
                continue;
            int back = !is_before ? 0 : q->versus == VS_SHIFT ? q->shift : q->to - q->from;
            if (is_before && q->versus == VS_NORMAL)
                add_normal(model, q, part, f, from, to, &tally);
            else
                for (int m = from; m < to; m++)
                    add_minute(model, q, part, f, m - back, m - back, &tally);
        }
        numbers[i] = number_of(part->what, &tally);
    }
    if (q->n_parts == 1)
        return numbers[0];
    return fabs(numbers[1]) > 0 ? numbers[0] / numbers[1] : NAN;
}

/* ---- comparing ---- */

static bool near(double got, double want)
{
    if (isnan(got) || isnan(want))
        return isnan(got) && isnan(want);
    return fabs(got - want) <= 1e-5 * (1e-3 + fabs(want));
}

/* The next cell of a line; NaN when it is empty. */
static double next_number(const char **p)
{
    char *end;
    double number = strtod(*p, &end);

    if (end == *p)
        number = NAN;
    *p = *end == ',' ? end + 1 : end;
    return number;
}

static const char *check_row(const struct model *model, const struct question *q, int group, int from, int to,
                             const char *row, const char *question)
{
    const char *p = row;
    double value, reference;

    if (q->by_day)
        p = strchr(p, ',') + 1;
    p = strchr(p, ',') + 1;
    double want = answer(model, q, group, from, to, false);
    value = next_number(&p);
    if (!near(value, want))
        fail_msg("%s\n%.80s: %.9g, expected %.9g", question, row, value, want);
    if (q->versus != VS_NONE) {
        double want_before = answer(model, q, group, from, to, true);
        reference = next_number(&p);
        if (!near(reference, want_before))
            fail_msg("%s\n%.80s: reference %.9g, expected %.9g", question, row, reference, want_before);
        double change = fabs(want_before) > 0 ? (want - want_before) / fabs(want_before) : NAN;
        double got = next_number(&p);
        if (!near(got, change))
            fail_msg("%s\n%.80s: change %.9g, expected %.9g", question, row, got, change);
    }
    p = strchr(p, '\n');
    return p ? p + 1 : row + strlen(row);
}

static void random_numbers_are_those_of_loops_over_minutes(void **state)
{
    uint64_t seed = test_seed("random_numbers_are_those_of_loops_over_minutes"), rounds = test_rounds(4), n_rows = 0;
    static struct model model;

    (void)state;
    for (uint64_t r = 0; r < rounds; r++) {
        struct random random = random_from(seed * 131 + r);
        struct text question = {NULL, 0, 0}, got = {NULL, 0, 0};
        struct zone zone;
        make_zone(&random, &model, &zone);
        for (int i = 0; i < 60; i++) {
            struct question q = random_question(&random, &question);
            got.size = 0;
            zone_ask(&zone, question.bytes, "", &got, NULL);
            const char *row = strchr(got.bytes, '\n');
            if (!row || strncmp(got.bytes, "error", 5) == 0)
                fail_msg("%s\n%s", question.bytes, got.bytes);
            row++;
            for (int group = 0; group < (q.by_facility ? FACILITIES : 2); group++) {
                if (q.by_facility && is_production(group) != q.parts[0].is_production)
                    continue;
                for (int from = q.from; from < q.to; n_rows++) {
                    int to = q.by_day && (from / 1440 + 1) * 1440 < q.to ? (from / 1440 + 1) * 1440 : q.to;
                    row = check_row(&model, &q, group, from, to, row, question.bytes);
                    from = to;
                }
            }
            assert_string_equal(row, "");
        }
        text_clear(&question);
        text_clear(&got);
        zone_close(&zone);
    }
    print_message("%llu rows\n", (unsigned long long)n_rows);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(random_numbers_are_those_of_loops_over_minutes),
};

RUN_TESTS(tests)
