/*
 * truth.c - see naive.h. What a condition is at every tick: every operator is its sentence in docs/QUERY.md, said of
 * arrays.
 */
#include "naive/naive.h"

#include <inttypes.h>
#include <math.h>

#define DAY (86400 * GK_SECOND)

/* ---- the field ---- */

void field_open(struct field *field, const struct view *view, const struct span *span)
{
    memset(field, 0, sizeof *field);
    field->view = view;
    field->span = *span;
}

void field_close(struct field *field)
{
    for (int f = 0; f < FACILITIES_MAX; f++)
        free(field->states[f]);
    for (int i = 0; i < FIELD_ROWS_MAX; i++)
        free(field->rows[i]);
}

truth *field_take(struct field *field)
{
    assert_true(field->depth < FIELD_ROWS_MAX);
    truth **row = &field->rows[field->depth++];

    if (!*row)
        *row = malloc((size_t)field->span.n);
    assert_non_null(*row);
    return *row;
}

/* ---- leaves ---- */

static void forget_future(const struct field *field, truth *out)
{
    span_paint(&field->span, field->span.known_end, INT64_MAX, 1, out);
}

static void state_truth(struct field *field, const struct node *node, int facility, truth *out)
{
    if (!field->states[facility]) {
        field->states[facility] = malloc((size_t)field->span.n);
        assert_non_null(field->states[facility]);
        signal_states(field->view, facility, &field->span, field->states[facility]);
    }
    for (int i = 0, end; i < field->span.n; i = end) {
        uint8_t state = field->states[facility][i];
        bool is_in = node->mask >> state & 1;
        end = same_until(field->states[facility], i, field->span.n);
        memset(out + i, is_in ? 2 : state == GK_NODATA ? 1 : 0, (size_t)(end - i));
    }
    forget_future(field, out);
}

/* The exact limit for a facility; NaN without what it is a share of. */
static double limit_for(const struct node *node, const struct facility *f)
{
    bool is_current = node->metric == CURRENT || (node->metric == CHANNEL && node->channel != KW);
    int64_t of = node->metric == LOAD ? f->rated_kw : !node->is_of_rated ? 100 : is_current ? f->rated_a : f->rated_kw;
    char text[64];

    if (of == 0)
        return NAN;
    (void)snprintf(text, sizeof text, "%" PRId64 "e-%d", node->mantissa * of, node->scale + node->unit_scale + 2);
    return strtod(text, NULL);
}

static bool holds(enum gk_compare compare, double v, double limit)
{
    switch (compare) {
    case GK_LT:
        return v < limit;
    case GK_LE:
        return v <= limit;
    case GK_GT:
        return v > limit;
    case GK_GE:
        return v >= limit;
    case GK_EQ:
        return v >= limit && v <= limit;
    default:
        return v < limit || v > limit;
    }
}

/* Whether a sample has the metric, and how it compares. */
static bool sample_holds(const struct node *node, const struct facility *f, const struct sample *s, double limit,
                         truth *out)
{
    int from = node->metric == CURRENT ? IA : node->metric == CHANNEL ? node->channel : KW;
    int to = node->metric == CURRENT ? IC : from, n = 0, n_true = 0;
    double sum = 0;
    bool is_true;

    if (node->metric == ROW) {
        if (!row_value(node->channel, f, s, &sum))
            return false;
        *out = isnan(sum) ? 1 : holds(node->compare, sum, limit) ? 2 : 0;
        return true;
    }
    for (int c = from; c <= to; c++) {
        if (isnan(s->value[c]))
            continue;
        n++;
        n_true += holds(node->compare, s->value[c], limit);
        sum += s->value[c];
    }
    if (n == 0)
        return false;
    if (node->phases == ANY)
        is_true = n_true > 0;
    else if (node->phases == ALL)
        is_true = n_true == n;
    else if (node->phases == NO)
        is_true = n_true == 0;
    else
        is_true = holds(node->compare, n > 1 ? sum / n : sum, limit);
    *out = node->phases == PLAIN && isnan(sum) ? 1 : is_true ? 2 : 0; /* infinity less infinity */
    return true;
}

static void compare_truth(struct field *field, const struct node *node, int facility, truth *out)
{
    const struct signal *signal = &field->view->signals[facility];
    const struct facility *f = &field->view->zone->facilities[facility];
    double limit = limit_for(node, f);
    truth now;

    memset(out, 1, (size_t)field->span.n);
    for (int i = 0; i < signal->n && !isnan(limit); i++) {
        int64_t tick = zone_tick(field->view->zone, signal->samples[i].time);
        if (!sample_holds(node, f, &signal->samples[i], limit, &now))
            continue;
        span_paint(&field->span, tick, INT64_MAX, 1, out); /* what was before holds no longer */
        span_paint(&field->span, tick, tick + signal_hold(field->view, facility, tick), now, out);
    }
    forget_future(field, out);
}

bool sample_value(const struct node *node, const struct facility *f, const struct sample *sample, double *out)
{
    int from = node->metric == CURRENT ? IA : node->metric == CHANNEL ? node->channel : KW;
    int to = node->metric == CURRENT ? IC : from, n = 0;
    double sum = 0;

    if (node->metric == ROW)
        return row_value(node->channel, f, sample, out) && !isnan(*out);
    for (int c = from; c <= to; c++)
        if (!isnan(sample->value[c]))
            sum += sample->value[c], n++;
    *out = n > 1 ? sum / n : sum;
    return n > 0 && !isnan(*out) && (node->metric != LOAD || f->rated_kw);
}

static void facility_truth(struct field *field, const struct node *node, int facility, truth *out)
{
    if (node->op == FROZEN) {
        frozen_truth(field, node, facility, node_ticks(node, field->view->zone->tick), out);
        forget_future(field, out);
    } else if (node->op != COMPARE)
        state_truth(field, node, facility, out);
    else
        compare_truth(field, node, facility, out);
}

static void negate(const struct field *field, truth *out)
{
    int n = field->span.n;

    for (int i = 0; i < n; i++)
        out[i] = (truth)(2 - out[i]);
}

/* A facility, or a site as one: any of its facilities. */
static void member_truth(struct field *field, const struct node *node, struct who who, truth *out)
{
    const struct zone *zone = field->view->zone;
    int n_inside = 0, depth = field->depth, n = field->span.n;

    if (who.noun <= ABATEMENT) {
        facility_truth(field, node, who.id, out);
    } else {
        truth *one = field_take(field);
        memset(out, 0, (size_t)n);
        for (int f = 0; f < zone->n_facilities; f++) {
            if (!field->is_in[f] || !facility_is_inside(zone, f, who.noun, who.id))
                continue;
            n_inside++;
            facility_truth(field, node, f, one);
            for (int i = 0; i < n; i++)
                out[i] = one[i] > out[i] ? one[i] : out[i];
        }
        if (n_inside == 0)
            memset(out, 1, (size_t)n);
    }
    field->depth = depth;
    if (node->is_negated)
        negate(field, out);
}

/* ---- relatives ---- */

/* Where a subject stands. */
static int around(const struct zone *zone, struct who who, enum noun noun)
{
    enum gk_kind kind = kind_of(noun), at = kind_of(who.noun);
    int id = who.id;

    if (kind == GK_ZONE)
        return 0;
    if (at == GK_FACILITY)
        return zone->facilities[id].site[kind];
    for (; at > kind && id != NONE; at--) /* line, enterprise, park */
        id = zone->sites[at][id].parent;
    return at == kind ? id : NONE;
}

#define MEMBERS_MAX (FACILITIES_MAX + SITES_MAX)

/* Of two facilities the one that cleans; NONE: they cannot be linked. */
static int abatement_of(const struct zone *zone, int a, int b)
{
    enum gk_role of_a = zone->facilities[a].role, of_b = zone->facilities[b].role;

    if (of_a == GK_ABATEMENT && of_b == GK_PRODUCTION)
        return a;
    return of_a == GK_PRODUCTION && of_b == GK_ABATEMENT ? b : NONE;
}

/* Without links an abatement facility serves the production of its line, else of its enterprise. */
static bool serves_by_default(const struct zone *zone, int abatement, int production)
{
    const struct facility *by = &zone->facilities[abatement], *served = &zone->facilities[production];
    int line = by->site[GK_LINE], n = 0;

    for (int i = 0; i < zone->n_links; i++)
        if (zone->links[i].abatement == abatement)
            return false;
    for (int f = 0; f < zone->n_facilities && line != NONE; f++)
        n += zone->facilities[f].role == GK_PRODUCTION && zone->facilities[f].site[GK_LINE] == line;
    if (n > 0)
        return served->site[GK_LINE] == line;
    return by->site[GK_ENTERPRISE] != NONE && served->site[GK_ENTERPRISE] == by->site[GK_ENTERPRISE];
}

/* When facilities a and b are linked by `serves`; false: never. */
static bool paint_links(const struct field *field, int a, int b, truth *out)
{
    const struct zone *zone = field->view->zone;
    int abatement = abatement_of(zone, a, b), production = abatement == a ? b : a;
    bool is_linked = abatement != NONE && serves_by_default(zone, abatement, production);

    memset(out, is_linked, (size_t)field->span.n);
    for (int i = 0; i < zone->n_links; i++) {
        const struct link *l = &zone->links[i];
        if (l->abatement != abatement || l->production != production)
            continue;
        is_linked = true;
        span_paint(&field->span, zone_tick(zone, l->from), zone_tick(zone, l->to), 1, out);
    }
    return is_linked;
}

/* When a member is one: one that is linked only while the link is valid. False: never. */
static bool paint_member(const struct field *field, enum range range, struct who who, struct who member, truth *out)
{
    if (range == LINKED)
        return paint_links(field, who.id, member.id, out);
    memset(out, 1, (size_t)field->span.n);
    return true;
}

/* Whether a site has a facility that passes `in`. */
static bool site_is_in(const struct field *field, enum noun noun, int id)
{
    bool is_all = true;

    for (int f = 0; f < field->view->zone->n_facilities; f++) {
        is_all = is_all && field->is_in[f];
        if (field->is_in[f] && facility_is_inside(field->view->zone, f, noun, id))
            return true;
    }
    return is_all;
}

static int list_members(struct field *field, const struct ref *ref, struct who who, enum range range, struct who *out)
{
    const struct zone *zone = field->view->zone;
    enum gk_kind kind = kind_of(ref->noun);
    int n = 0, n_all = kind == GK_FACILITY ? zone->n_facilities : kind == GK_ZONE ? 1 : zone->n_sites[kind];

    for (int id = 0; id < n_all; id++) {
        bool is_member = false;
        if (range == NAMED)
            is_member = site_is_named(zone, ref->noun, id, ref->names, ref->n_names);
        else if (range == LINKED)
            is_member = facility_has_noun(zone, id, ref->noun);
        else if (range == AROUND)
            is_member = around(zone, who, ref->noun) == id;
        else if (kind == GK_FACILITY)
            is_member = field->is_in[id] && facility_has_noun(zone, id, ref->noun) &&
                        facility_is_inside(zone, id, who.noun, who.id);
        else
            is_member =
                site_is_in(field, ref->noun, id) && around(zone, (struct who){ref->noun, id}, who.noun) == who.id;
        if (is_member)
            out[n++] = (struct who){ref->noun, id};
    }
    return n;
}

/* By how many of the members are certainly and possibly true, and how many there are. */
static void judge(const struct ref *ref, int n_ticks, const uint8_t *certain, const uint8_t *possible, const uint8_t *n,
                  truth *out)
{
    bool is_all = ref->quant == ALL, has_most = ref->quant == NO || ref->quant == EXACTLY;
    uint8_t k = ref->quant >= AT_LEAST ? (uint8_t)ref->k : ref->quant == NO ? 0 : 1;

    for (int i = 0; i < n_ticks; i++) {
        uint8_t least = is_all ? n[i] : k, most = has_most ? k : n[i];
        bool is_certain = certain[i] >= least && possible[i] <= most;
        bool is_possible = possible[i] >= least && certain[i] <= most;
        out[i] = n[i] == 0 ? 1 : is_certain ? 2 : is_possible;
    }
}

static void ref_truth(struct field *field, const struct node *node, struct who who, truth *out)
{
    enum range range = tree_range(&node->ref, &field->whom);
    struct who members[MEMBERS_MAX];
    int depth = field->depth, n_ticks = field->span.n;

    if (range == SELF) {
        member_truth(field, node, who, out);
        return;
    }
    uint8_t *certain = field_take(field), *possible = field_take(field), *n_now = field_take(field);
    truth *one = field_take(field), *is_one = field_take(field);
    int n = list_members(field, &node->ref, who, range, members);
    memset(certain, 0, (size_t)n_ticks);
    memset(possible, 0, (size_t)n_ticks);
    memset(n_now, 0, (size_t)n_ticks);
    for (int m = 0; m < n; m++) {
        if (!paint_member(field, range, who, members[m], is_one))
            continue;
        member_truth(field, node, members[m], one);
        for (int i = 0; i < n_ticks; i++) {
            certain[i] = (uint8_t)(certain[i] + (is_one[i] & (one[i] == 2)));
            possible[i] = (uint8_t)(possible[i] + (is_one[i] & (one[i] > 0)));
            n_now[i] = (uint8_t)(n_now[i] + is_one[i]);
        }
    }
    judge(&node->ref, n_ticks, certain, possible, n_now, out);
    field->depth = depth;
}

static inline truth edge_truth(enum op op, truth before, truth now)
{
    bool is_certain = op == START ? now == 2 && before == 0 : now == 0 && before == 2;
    bool is_possible = op == START ? now >= 1 && before < 2 : now < 2 && before >= 1;

    return is_certain ? 2 : is_possible;
}

/* Where it becomes true, or stops being it. */
static void edges(enum op op, const truth *a, int n, truth *out)
{
    out[0] = edge_truth(op, a[0], a[0]);
    if (op == START)
        for (int i = 1; i < n; i++)
            out[i] = edge_truth(START, a[i - 1], a[i]);
    else
        for (int i = 1; i < n; i++)
            out[i] = edge_truth(END, a[i - 1], a[i]);
}

/* When each relative went so, while it was one; who never was is none. */
static void group_truth(struct field *field, const struct node *node, struct who who, truth *out)
{
    enum range range = tree_range(&node->ref, &field->whom);
    struct who members[MEMBERS_MAX];
    truth *starts[MEMBERS_MAX], *one = field_take(field), *is_one = field_take(field);
    int n_ticks = field->span.n, n = list_members(field, &node->ref, who, range, members), n_kept = 0;

    for (int m = 0; m < n; m++) {
        if (!paint_member(field, range, who, members[m], is_one))
            continue;
        member_truth(field, node, members[m], one);
        truth *start = starts[n_kept++] = field_take(field);
        edges(START, one, n_ticks, start);
        for (int i = 0; i < n_ticks; i++)
            start[i] = is_one[i] ? start[i] : 0;
    }
    together_truth(field, node, starts, n_kept, node_ticks(node, field->view->zone->tick), out);
}

/* ---- orders, exemptions, calendars ---- */

static bool read_level(const char *text, int *out)
{
    char *end;

    *out = (int)strtol(text, &end, 10);
    return *text && !*end;
}

bool order_is_meant(const struct node *node, const struct order *o, const struct zone *zone)
{
    const char *scope = o->kind == GK_GROUP      ? o->group
                        : o->kind == GK_ZONE     ? ""
                        : o->kind == GK_FACILITY ? zone->facilities[o->id].name
                                                 : zone->sites[o->kind][o->id].name;
    int level;

    switch (node->form) {
    case 1:
        return strcmp(o->level, node->name) == 0 || strcmp(o->what, node->name) == 0 || strcmp(scope, node->name) == 0;
    case 2:
        return strcmp(o->level, node->name) == 0;
    case 3:
        return o->kind == GK_GROUP && strcmp(o->group, node->name) == 0;
    case 4:
        return read_level(o->level, &level) && holds(node->compare, level, node->level);
    default:
        return true;
    }
}

bool order_is_upon(const struct zone *zone, const struct order *o, int facility)
{
    const struct facility *f = &zone->facilities[facility];
    int level;

    return zone_covers(zone, o->kind, o->id, o->group, facility) &&
           (!read_level(o->level, &level) || f->stop_level == NONE || (f->stop_level > 0 && f->stop_level <= level));
}

static void paint_order(const struct field *field, const struct order *o, int facility, truth *out)
{
    const struct zone *zone = field->view->zone;
    int64_t from = zone_tick(zone, o->from), to = zone_tick(zone, o->to);

    if (!order_is_upon(zone, o, facility))
        return;
    if (o->hours_from || o->hours_to)
        hours_paint(zone, o->hours_from, o->hours_to, from, to, &field->span, out);
    else
        span_paint(&field->span, from, to, 2, out);
}

/* When orders that are meant, an exemption or a calendar is upon a facility. */
static void paint_ordered(const struct field *field, const struct node *node, int facility, truth *out)
{
    const struct zone *zone = field->view->zone;

    memset(out, 0, (size_t)field->span.n);
    if (node->op == CALENDAR)
        calendar_paint(zone, node->name, facility, &field->span, out);
    for (int i = 0; i < zone->n_exemptions && node->op == EXEMPT; i++)
        paint_order(field, &zone->exemptions[i], facility, out);
    for (int i = 0; i < zone->n_orders && node->op == ORDER; i++)
        if (order_is_meant(node, &zone->orders[i], zone))
            paint_order(field, &zone->orders[i], facility, out);
}

/* A site is ordered for certain when all its production facilities are, possibly when some are; by all facilities when
 * it has no production. */
static void site_truth(struct field *field, const struct node *node, struct who who, truth *out)
{
    const struct zone *zone = field->view->zone;
    truth *one = field_take(field), *all = field_take(field);
    int n_inside = 0, n = field->span.n;

    memset(out, 0, (size_t)n);
    memset(all, 2, (size_t)n);
    for (int pass = 0; pass < 2 && n_inside == 0; pass++)
        for (int f = 0; f < zone->n_facilities; f++) {
            if (!facility_is_inside(zone, f, who.noun, who.id) ||
                (pass == 0 && zone->facilities[f].role != GK_PRODUCTION))
                continue;
            n_inside++;
            paint_ordered(field, node, f, one);
            for (int i = 0; i < n; i++) {
                out[i] |= one[i] >> 1; /* some are */
                all[i] &= one[i];
            }
        }
    for (int i = 0; i < n; i++)
        out[i] = all[i] > out[i] ? all[i] : out[i];
    if (n_inside == 0)
        memset(out, 0, (size_t)n);
    field->depth -= 2;
}

static void order_truth(struct field *field, const struct node *node, struct who who, truth *out)
{
    const struct zone *zone = field->view->zone;

    if (node->op == CALENDAR && !calendar_is_known(zone, node->name)) { /* workdays without one are plain days */
        memset(out, node->form < 2, (size_t)field->span.n);
        if (node->form == 2)
            days_paint(zone, 0, 5, 0, 0, &field->span, out);
    } else if (who.noun <= ABATEMENT) {
        paint_ordered(field, node, who.id, out);
    } else {
        site_truth(field, node, who, out);
    }
}

/* ---- operators ---- */

/* One of the two sets of a truth: what is at least `level`. A set is bytes 0 and 1. */
static void set_of(const truth *a, int n, truth level, truth *out)
{
    for (int i = 0; i < n; i++)
        out[i] = a[i] >= level;
}

/* Keeps runs of at least d; one at the border of the field is taken for long. */
static void open_set(truth *set, int n, int64_t d)
{
    for (int i = 0, end; i < n; i = end) {
        end = same_until(set, i, n);
        if (set[i] && i > 0 && end < n && end - i < d)
            memset(set + i, 0, (size_t)(end - i));
    }
}

void close_gaps(truth *set, int n, int64_t g)
{
    for (int i = 0, end; i < n; i = end) {
        end = same_until(set, i, n);
        if (!set[i] && i > 0 && end < n && end - i < g)
            memset(set + i, 1, (size_t)(end - i));
    }
}

/* True throughout, or somewhere in, [t - d, t]. Before the field it was as at its begin. */
static void look_back(truth *set, int n, int64_t d, bool throughout)
{
    for (int i = 0, end, next; i < n; i = next) {
        next = end = same_until(set, i, n);
        if ((set[i] != 0) == throughout)
            continue;
        if (end < n) { /* what decides goes on for d, if not for longer */
            next = same_until(set, end, n);
            memset(set + end, !throughout, (size_t)(end + d < next ? d : next - end));
        }
    }
}

static void reverse(truth *set, int n)
{
    for (int i = 0; i < n / 2; i++) {
        truth swap = set[i];
        set[i] = set[n - 1 - i];
        set[n - 1 - i] = swap;
    }
}

static void shape(enum op op, truth *set, int n, int64_t d)
{
    switch (op) {
    case FOR_GE:
    case FOR_GT:
    case FOR_LT:
    case FOR_LE:
        open_set(set, n, d);
        break;
    case GAPS_LT:
    case GAPS_LE:
        close_gaps(set, n, d);
        break;
    case HELD:
        look_back(set, n, d, true);
        break;
    case LAST:
        look_back(set, n, d, false);
        break;
    default:
        reverse(set, n);
        look_back(set, n, d, false);
        reverse(set, n);
    }
}

static void suffix_truth(struct field *field, const struct node *node, const truth *a, truth *out)
{
    int n = field->span.n;
    int64_t d = node_ticks(node, field->view->zone->tick);
    truth *certain = field_take(field), *possible = field_take(field);

    set_of(a, n, 2, certain);
    set_of(a, n, 1, possible);
    shape(node->op, certain, n, d);
    shape(node->op, possible, n, d);
    bool is_short = node->op == FOR_LT || node->op == FOR_LE; /* C without the opened P, P without the opened C */
    for (int i = 0; i < n && is_short; i++)
        out[i] = (truth)(((a[i] == 2) & !possible[i]) + ((a[i] >= 1) & !certain[i]));
    for (int i = 0; i < n && !is_short; i++)
        out[i] = (truth)(certain[i] + possible[i]);
}

/* ---- begins ---- */

/* The fewest begins in the last d ticks, over all that the unknown ticks may have been; by what the tick before was. */
static int fewest_begins(const truth *a, int t, int64_t d)
{
    const int never = 1000000;
    int from = (int)(t - d + 1 > 0 ? t - d + 1 : 0), off, on;
    truth before = a[from > 0 ? from - 1 : 0];

    off = before == 2 ? never : 0;
    on = before == 0 ? never : 0;
    for (int i = from; i <= t; i++) {
        int fewest_off = off < on ? off : on, fewest_on = off + 1 < on ? off + 1 : on;
        off = a[i] == 2 ? never : fewest_off;
        on = a[i] == 0 ? never : fewest_on;
    }
    return off < on ? off : on;
}

/* Silence may hide any number: every tick at which a run may begin counts. */
static int most_begins(const truth *a, int t, int64_t d)
{
    int n = 0;

    for (int i = (int)(t - d + 1 > 0 ? t - d + 1 : 0); i <= t; i++)
        n += a[i] >= 1 && a[i > 0 ? i - 1 : 0] < 2;
    return n;
}

static int count_moments(const truth *a, int t, int64_t d, truth least)
{
    int n = 0;

    for (int i = (int)(t - d + 1 > 0 ? t - d + 1 : 0); i <= t; i++)
        n += a[i] >= least;
    return n;
}

static void times_truth(const struct node *node, const truth *a, int n, int64_t d, truth *out)
{
    int least = node->form == 1 && node->times == 1 ? 2 : node->times;

    for (int t = 0, stays = 0; t < n; t++) {
        int fewest, most;
        stays = t > 0 && a[t] == a[t - 1] ? stays + 1 : 0;
        if (stays > d + 1) { /* all that is looked at is as it was a tick before */
            out[t] = out[t - 1];
            continue;
        }
        if (node->a->is_event) {
            fewest = count_moments(a, t, d, 2);
            most = count_moments(a, t, d, 1);
        } else {
            fewest = fewest_begins(a, t, d);
            most = most_begins(a, t, d);
        }
        out[t] = fewest >= least ? 2 : most >= least;
    }
}

/* What is right from a tick on was so for ever before: nothing begins where the field does. */
static void settle(truth *of, int n, int64_t from)
{
    for (int t = 0; t < n && t < from; t++)
        of[t] = of[from < n ? from : n - 1];
}

/* Of two truths, and of one. */
static void join(enum op op, const truth *a, const truth *b, int n, truth *out)
{
    if (op == OR)
        for (int i = 0; i < n; i++)
            out[i] = a[i] > b[i] ? a[i] : b[i];
    else if (op == UNLESS)
        for (int i = 0; i < n; i++)
            out[i] = a[i] < 2 - b[i] ? a[i] : (truth)(2 - b[i]);
    else
        for (int i = 0; i < n; i++)
            out[i] = a[i] < b[i] ? a[i] : b[i];
}

static void turn(enum op op, const truth *a, int n, truth *out)
{
    const truth of_not[] = {2, 1, 0}, possibly[] = {0, 2, 2}, surely[] = {0, 0, 2}, unknown[] = {0, 2, 0};
    const truth *to = op == NOT ? of_not : op == POSSIBLY ? possibly : op == SURELY ? surely : unknown;

    for (int i = 0, end; i < n; i = end) {
        end = same_until(a, i, n);
        memset(out + i, to[a[i]], (size_t)(end - i));
    }
}

void tree_truth(struct field *field, const struct node *node, struct who who, truth *out)
{
    const struct zone *zone = field->view->zone;
    const struct span *span = &field->span;
    int n = span->n, depth = field->depth;
    truth *a = NULL, *b = NULL;

    if (node->a)
        tree_truth(field, node->a, who, a = field_take(field));
    if (node->b)
        tree_truth(field, node->b, who, b = field_take(field));
    switch (node->op) {
    case TOGETHER:
        group_truth(field, node, who, out);
        break;
    case STATE:
    case COMPARE:
    case FROZEN:
        ref_truth(field, node, who, out);
        break;
    case ORDER:
    case EXEMPT:
    case CALENDAR:
        order_truth(field, node, who, out);
        break;
    case HOURS:
        memset(out, 0, (size_t)n);
        hours_paint(zone, node->from_s, node->to_s, INT64_MIN, INT64_MAX, span, out);
        break;
    case DAYS:
        memset(out, 0, (size_t)n);
        days_paint(zone, node->level, node->times, node->from_s, node->to_s, span, out);
        break;
    case AND:
    case WHILE:
    case OR:
    case UNLESS:
        join(node->op, a, b, n, out);
        break;
    case NOT:
    case POSSIBLY:
    case SURELY:
    case UNKNOWN:
        turn(node->op, a, n, out);
        break;
    case START:
    case END:
        edges(node->op, a, n, out);
        break;
    case AFTER:
        settle(a, n, tree_pad(node->a, zone->tick));
        settle(b, n, tree_pad(node->b, zone->tick));
        after_truth(field, a, b, node_ticks(node, zone->tick), tree_days(node->b) * DAY / zone->tick, out);
        break;
    case TIMES:
        times_truth(node, a, n, node_ticks(node, zone->tick), out);
        break;
    default:
        suffix_truth(field, node, a, out);
    }
    field->depth = depth;
}
