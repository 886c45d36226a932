/*
 * tree.c - see naive.h. Random conditions, their text, and their truth tick by tick. Every operator is its sentence in
 * docs/QUERY.md, said of arrays.
 */
#include "naive/naive.h"

#include <inttypes.h>
#include <math.h>
#include <stdarg.h>

static int below(struct random *random, int n)
{
    return (int)random_below(random, (uint64_t)n);
}

static bool one_in(struct random *random, int n)
{
    return below(random, n) == 0;
}

/* ---- nouns ---- */

static const char *const NOUNS[] = {"facility", "production", "abatement", "line", "enterprise", "park", "zone"};

enum gk_kind kind_of(enum noun noun)
{
    static const enum gk_kind kinds[] = {GK_FACILITY,   GK_FACILITY, GK_FACILITY, GK_LINE,
                                         GK_ENTERPRISE, GK_PARK,     GK_ZONE};
    return kinds[noun];
}

bool facility_has_noun(const struct zone *zone, int facility, enum noun noun)
{
    if (noun == PRODUCTION)
        return zone->facilities[facility].role == GK_PRODUCTION;
    return noun != ABATEMENT || zone->facilities[facility].role == GK_ABATEMENT;
}

/* Sites by their names: lines of several enterprises may share one. */
bool site_is_named(const struct zone *zone, enum noun noun, int id, const int *names, int n)
{
    const struct site *sites = noun <= ABATEMENT ? NULL : zone->sites[kind_of(noun)];

    for (int i = 0; i < n; i++)
        if (sites ? strcmp(sites[names[i]].name, sites[id].name) == 0 : names[i] == id)
            return true;
    return false;
}

bool facility_is_inside(const struct zone *zone, int facility, enum noun noun, int id)
{
    enum gk_kind kind = kind_of(noun);

    if (noun <= ABATEMENT)
        return facility == id;
    return kind == GK_ZONE || zone->facilities[facility].site[kind] == id;
}

/* ---- making ---- */

static struct node *new_node(struct tree *tree, enum op op)
{
    struct node *node = &tree->nodes[tree->n++];

    *node = (struct node){.op = op};
    return node;
}

static void make_ref(const struct zone *zone, struct random *random, struct ref *out)
{
    static const enum noun nouns[] = {PRODUCTION, PRODUCTION, ABATEMENT, ABATEMENT, FACILITY,
                                      LINE,       ENTERPRISE, PARK,      ZONE};
    int n = 0, ids[FACILITIES_MAX + SITES_MAX];

    *out = (struct ref){.noun = nouns[below(random, 9)], .k = 1 + below(random, 3)};
    if (one_in(random, 2))
        out->quant = (enum quant)(1 + below(random, 5));
    enum gk_kind kind = kind_of(out->noun);
    if (kind == GK_ZONE || !one_in(random, 5))
        return;
    for (int i = 0; i < (kind == GK_FACILITY ? zone->n_facilities : zone->n_sites[kind]); i++)
        if (kind != GK_FACILITY || facility_has_noun(zone, i, out->noun))
            ids[n++] = i;
    for (; n > 0 && out->n_names < 2 && (out->n_names == 0 || one_in(random, 3)); n--) {
        int at = below(random, n);
        out->names[out->n_names++] = ids[at];
        ids[at] = ids[n - 1];
    }
}

static int64_t make_duration(const struct zone *zone, struct random *random)
{
    static const int ticks[] = {1, 1, 2, 3, 5, 8, 10, 15, 20, 30, 60, 90};
    int64_t ns = ticks[below(random, 12)] * zone->tick;

    if (one_in(random, 5)) /* what is rounded up */
        ns -= (int64_t)random_below(random, (uint64_t)zone->tick / 1000000) * 1000000;
    return ns / 1000000 * 1000000;
}

static void make_state(const struct zone *zone, struct random *random, struct node *node)
{
    static const struct {
        const char *text;
        uint32_t mask;
    } states[] = {{"on", 0x18},   {"running", 0x18}, {"off", 2},    {"stopped", 2},   {"idle", 4},
                  {"offline", 6}, {"normal", 8},     {"nodata", 1}, {"overload", 16}, {"offline", 6}};
    int at = below(random, 10);

    make_ref(zone, random, &node->ref);
    node->state = states[at].text;
    node->mask = states[at].mask;
    node->is_negated = one_in(random, 5);
    node->form = below(random, 2);
}

static void make_compare(const struct zone *zone, struct random *random, struct node *node)
{
    static const int limits[] = {10, 20, 50, 100, 110, 125, 33, 5, 37, 61};

    make_ref(zone, random, &node->ref);
    node->ref.quant = PLAIN;
    node->metric = (enum metric)below(random, 5);
    node->channel = below(random, node->metric == ROW ? ROW_FORMS : N_CHANNELS);
    node->compare = (enum gk_compare)below(random, 6);
    node->mantissa = limits[below(random, 10)];
    node->unit = "";
    if (node->metric == CURRENT && node->compare < GK_EQ && one_in(random, 2))
        node->phases = (enum quant)(ANY + below(random, 3));
    if (node->metric == LOAD || (node->metric == ROW && row_is_share(node->channel))) {
        node->scale = 2;
        node->unit = "%";
        return;
    }
    bool is_power = node->metric == POWER || (node->metric == CHANNEL && node->channel == KW);
    bool is_current =
        node->metric == CURRENT || (node->metric == CHANNEL && node->channel >= IA && node->channel <= IC);
    if ((is_power || is_current) && one_in(random, 2)) {
        node->is_of_rated = true;
        node->scale = 2;
        node->form = below(random, 2);
    } else {
        node->scale = below(random, 3);
        if (is_power && one_in(random, 2)) {
            node->unit = one_in(random, 2) ? "kW" : "W";
            node->unit_scale = node->unit[0] == 'W' ? 3 : 0;
        } else if (is_current && one_in(random, 2)) {
            node->unit = one_in(random, 2) ? "A" : "mA";
            node->unit_scale = node->unit[0] == 'm' ? 3 : 0;
        }
        if (node->unit_scale) {
            node->mantissa *= 1000;
        }
    }
}

static void make_leaf(const struct zone *zone, struct random *random, struct node *node)
{
    const struct order *order = zone->n_orders ? &zone->orders[below(random, zone->n_orders)] : NULL;
    const struct calendar *calendar = zone->n_calendars ? &zone->calendars[below(random, zone->n_calendars)] : NULL;
    int kind = below(random, 18);

    if (kind == 14) {
        node->op = FROZEN;
        make_compare(zone, random, node);
        node->phases = PLAIN;
        node->ns = make_duration(zone, random);
    } else if (kind == 15) {
        make_state(zone, random, node);
        node->op = TOGETHER;
        node->ref.quant = one_in(random, 3) ? EXACTLY : AT_LEAST;
        node->ns = make_duration(zone, random);
    } else if (kind == 16 && zone->tick >= 10 * GK_SECOND) {
        node->op = DAYS;
        node->level = below(random, 7);
        node->times = 1 + below(random, 7);
    } else if (kind == 17 && zone->tick >= 10 * GK_SECOND) {
        node->op = CALENDAR;
        node->form = calendar ? below(random, 3) : 2; /* 2: workdays, which need none */
        node->name = node->form == 2 ? "workdays" : calendar->name;
    } else if (kind < 8 || kind >= 16) {
        make_state(zone, random, node);
    } else if (kind < 11) {
        node->op = COMPARE;
        make_compare(zone, random, node);
    } else if (kind == 11) {
        node->op = EXEMPT;
    } else if (kind == 12) {
        node->op = HOURS;
        node->from_s = below(random, 48) * 1800;
        do
            node->to_s = below(random, 96) * 900;
        while (node->to_s == node->from_s);
    } else {
        node->op = ORDER;
        node->form = order ? below(random, 5) : 0;
        if (node->form == 1)
            node->name = order->what[0] && one_in(random, 2) ? order->what : order->level;
        if (node->form == 2)
            node->name = order->level;
        if (node->form == 3 && order->group)
            node->name = order->group;
        if (node->form == 4) {
            node->compare = (enum gk_compare)below(random, 6);
            node->level = 1 + below(random, 3);
        }
        if (node->form == 3 && !node->name)
            node->form = 0;
    }
}

static bool event_of(const struct node *node)
{
    switch (node->op) {
    case START:
    case END:
        return true;
    case AND:
    case WHILE:
        return node->a->is_event || node->b->is_event;
    case UNLESS:
    case AFTER:
        return node->a->is_event;
    case OR:
        return node->a->is_event && node->b->is_event;
    case POSSIBLY:
    case SURELY:
    case UNKNOWN:
        return node->a->is_event;
    default:
        return false;
    }
}

void tree_renew(struct node *node)
{
    node->is_event = event_of(node);
}

struct node *tree_make(struct tree *tree, const struct zone *zone, struct random *random, int size)
{
    static const enum op ops[] = {AND,      OR,      WHILE,   WHILE, UNLESS, AND,    WHILE,  OR,     NOT,
                                  POSSIBLY, SURELY,  UNKNOWN, START, END,    FOR_GE, FOR_GE, FOR_GT, FOR_LT,
                                  FOR_LE,   GAPS_LT, GAPS_LE, HELD,  LAST,   NEXT,   TIMES,  AFTER};
    struct node *node = new_node(tree, STATE);

    node->parens = one_in(random, 6);
    if (size <= 1) {
        make_leaf(zone, random, node);
        if (node->ns < 1000000)
            node->ns = zone->tick;
        return node;
    }
    node->op = ops[below(random, 26)];
    if (node->op == AFTER)
        node->ns = make_duration(zone, random);
    if (node->op <= UNLESS || node->op == AFTER) {
        int left = 1 + below(random, size - 1);
        node->a = tree_make(tree, zone, random, left);
        node->b = tree_make(tree, zone, random, size - left);
        node->form = below(random, 2);
    } else {
        node->a = tree_make(tree, zone, random, size - 1);
        node->form = below(random, 3);
        if (node->op >= FOR_GE)
            node->ns = make_duration(zone, random);
    }
    node->times = 1 + below(random, 4);
    if (node->op == AFTER)
        node->b->parens = true;
    if (node->op >= FOR_GE && node->ns < 1000000)
        node->ns = zone->tick;
    tree_renew(node);
    return node;
}

/* ---- text ---- */

void text_add(struct text *text, const char *format, ...)
{
    va_list list;

    va_start(list, format);
    int n = vsnprintf(text->bytes + text->size, sizeof text->bytes - text->size, format, list);
    va_end(list);
    assert_true(n >= 0 && text->size + (size_t)n < sizeof text->bytes);
    text->size += (size_t)n;
}

void text_duration(struct text *text, int64_t ns, struct random *random)
{
    int64_t ms = ns / 1000000;

    if (ms % 60000 == 0 && one_in(random, 2))
        text_add(text, "%" PRId64 "m", ms / 60000);
    else if (ms % 1000 == 0 && ms > 60000 && one_in(random, 2))
        text_add(text, "%" PRId64 "m%" PRId64 "s", ms / 60000, ms / 1000 % 60);
    else if (ms % 1000 == 0)
        text_add(text, "%" PRId64 "s", ms / 1000);
    else
        text_add(text, "%" PRId64 "ms", ms);
}

static const char *name_of(const struct zone *zone, enum noun noun, int id)
{
    return noun <= ABATEMENT ? zone->facilities[id].name : zone->sites[kind_of(noun)][id].name;
}

static void print_ref(const struct zone *zone, const struct ref *ref, struct text *out)
{
    static const char *const quants[] = {"", "any ", "all ", "no ", "at least ", "exactly "};

    text_add(out, "%s", quants[ref->quant]);
    if (ref->quant >= AT_LEAST)
        text_add(out, "%d ", ref->k);
    text_add(out, "%s", NOUNS[ref->noun]);
    for (int i = 0; i < ref->n_names; i++)
        text_add(out, "%s'%s'", i ? ", " : " ", name_of(zone, ref->noun, ref->names[i]));
}

static void print_number(int64_t mantissa, int scale, struct text *out)
{
    int64_t unit = 1;

    for (int i = 0; i < scale; i++)
        unit *= 10;
    if (scale == 0)
        text_add(out, "%" PRId64, mantissa);
    else
        text_add(out, "%" PRId64 ".%0*" PRId64, mantissa / unit, scale, mantissa % unit);
}

static const char *compare_text(enum gk_compare compare)
{
    static const char *const texts[] = {"<", "<=", ">", ">=", "=", "!="};
    return texts[compare];
}

static const char *metric_text(const struct node *node)
{
    static const char *const metrics[] = {"power", "current", "load"};

    if (node->metric == ROW)
        return row_text(node->channel);
    return node->metric == CHANNEL ? CHANNELS[node->channel] : metrics[node->metric];
}

static void print_frozen(const struct zone *zone, const struct node *node, struct random *random, struct text *out)
{
    text_add(out, "%s of ", metric_text(node));
    print_ref(zone, &node->ref, out);
    text_add(out, " frozen >= ");
    text_duration(out, node->ns, random);
}

static void print_days(const struct node *node, struct text *out)
{
    static const char *const days[] = {"monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"};

    text_add(out, "%s", days[node->level]);
    if (node->times > 1)
        text_add(out, "-%s", days[(node->level + node->times - 1) % 7]);
}

static void print_compare(const struct zone *zone, const struct node *node, struct text *out)
{
    static const char *const phases[] = {"", "any ", "all ", "no "};

    text_add(out, "%s%s of ", phases[node->phases], metric_text(node));
    print_ref(zone, &node->ref, out);
    text_add(out, " %s ", compare_text(node->compare));
    if (node->is_of_rated && node->form == 0) {
        print_number(node->mantissa, node->scale, out);
        text_add(out, " * rated");
    } else if (node->unit[0] == '%' || node->is_of_rated) {
        text_add(out, "%" PRId64 "%%%s", node->mantissa, node->is_of_rated ? " of rated" : "");
    } else {
        print_number(node->mantissa, node->scale, out);
        text_add(out, "%s", node->unit);
    }
}

static void print_order(const struct node *node, struct text *out)
{
    if (node->form < 4)
        text_add(out, "order");
    if (node->form == 1)
        text_add(out, " '%s'", node->name);
    else if (node->form == 2)
        text_add(out, " level '%s'", node->name);
    else if (node->form == 3)
        text_add(out, " group '%s'", node->name);
    else if (node->form == 4)
        text_add(out, "order level %s %d", compare_text(node->compare), node->level);
}

/* How tight it binds: suffixes 0, while 1, or 2, and 3, not 4, the rest 5. */
static int level_of(enum op op)
{
    if (op >= FOR_GE)
        return 0;
    if (op == WHILE || op == UNLESS)
        return 1;
    if (op == OR || op == AND)
        return op == OR ? 2 : 3;
    return op >= NOT && op <= UNKNOWN ? 4 : 5;
}

static void print_suffix(const struct zone *zone, const struct node *node, struct random *random, struct text *out)
{
    static const char *const ge[] = {" for >= ", " for at least ", " >= "}, *const gt[] = {" for > ", " more than ",
                                                                                           " > "};
    static const char *const lt[] = {" for < ", " for less than ", " < "}, *const le[] = {" for <= ", " for at most ",
                                                                                          " <= "};

    switch (node->op) {
    case FOR_GE:
        text_add(out, "%s", ge[node->form]);
        break;
    case FOR_GT:
        text_add(out, "%s", gt[node->form]);
        break;
    case FOR_LT:
        text_add(out, "%s", lt[node->form]);
        break;
    case FOR_LE:
        text_add(out, "%s", le[node->form]);
        break;
    case GAPS_LT:
        text_add(out, " ignoring gaps < ");
        break;
    case GAPS_LE:
        text_add(out, " ignoring gaps <= ");
        break;
    case HELD:
        text_add(out, " held ");
        break;
    case AFTER:
        text_add(out, " after ");
        tree_print(zone, node->b, 5, random, out);
        text_add(out, " within ");
        break;
    case TIMES:
        text_add(out, node->form == 1 ? " more than %d times within " : " at least %d times within ",
                 node->times - (node->form == 1 && node->times > 1));
        break;
    default:
        text_add(out, node->op == LAST ? " within last " : " within next ");
    }
    text_duration(out, node->ns, random);
}

static void print_inside(const struct zone *zone, const struct node *node, struct random *random, struct text *out)
{
    static const char *const joints[][2] = {
        {" and ", " and "}, {" or ", " or "}, {" while ", " during "}, {" unless ", " outside "}};
    static const char *const prefixes[] = {"not ", "possibly ", "surely ", "unknown "};
    int level = level_of(node->op);

    switch (level) {
    case 0:
        tree_print(zone, node->a, 0, random, out);
        print_suffix(zone, node, random, out);
        return;
    case 1:
    case 2:
    case 3:
        tree_print(zone, node->a, level, random, out);
        text_add(out, "%s", joints[node->op - AND][node->form]);
        tree_print(zone, node->b, level + 1, random, out);
        return;
    case 4:
        text_add(out, "%s", prefixes[node->op - NOT]);
        tree_print(zone, node->a, 4, random, out);
        return;
    default:
        break;
    }
    if (node->op == START || node->op == END) {
        text_add(out, node->op == START ? "start of " : "end of ");
        if (level_of(node->a->op) == 5 && node->a->op != START && node->a->op != END && !node->a->parens) {
            text_add(out, "(");
            tree_print(zone, node->a, 0, random, out);
            text_add(out, ")");
        } else {
            tree_print(zone, node->a, 5, random, out);
        }
    } else if (node->op == STATE || node->op == TOGETHER) {
        print_ref(zone, &node->ref, out);
        text_add(out, "%s%s %s", node->form ? " is" : "", node->is_negated ? " not" : "", node->state);
        if (node->op == TOGETHER) {
            text_add(out, " within ");
            text_duration(out, node->ns, random);
            text_add(out, " of each other");
        }
    } else if (node->op == FROZEN) {
        print_frozen(zone, node, random, out);
    } else if (node->op == DAYS) {
        print_days(node, out);
    } else if (node->op == CALENDAR) {
        text_add(out, node->form == 2 ? "%s" : node->form ? "shift '%s'" : "calendar '%s'", node->name);
    } else if (node->op == COMPARE) {
        print_compare(zone, node, out);
    } else if (node->op == ORDER) {
        print_order(node, out);
    } else if (node->op == EXEMPT) {
        text_add(out, "exempt");
    } else {
        text_add(out, "hours %02d:%02d-%02d:%02d", node->from_s / 3600, node->from_s / 60 % 60, node->to_s / 3600,
                 node->to_s / 60 % 60);
    }
}

void tree_print(const struct zone *zone, const struct node *node, int level, struct random *random, struct text *out)
{
    bool parens = node->parens || level_of(node->op) < level;

    if (parens)
        text_add(out, "(");
    print_inside(zone, node, random, out);
    if (parens)
        text_add(out, ")");
}

/* ---- the subject ---- */

static bool has_ref(const struct node *node)
{
    return node->op <= TOGETHER;
}

static const struct node *first_plain(const struct node *node)
{
    const struct node *found = NULL;

    if (has_ref(node))
        return node->ref.quant == PLAIN ? node : NULL;
    if (node->a)
        found = first_plain(node->a);
    return found || !node->b ? found : first_plain(node->b);
}

struct whom tree_subject(const struct node *node, int per)
{
    const struct node *first = first_plain(node);
    struct whom whom = {.noun = ZONE};

    if (per != NONE) {
        whom.noun = (enum noun)per;
    } else if (first) {
        whom.noun = first->ref.noun;
        whom.n_names = first->ref.n_names;
        memcpy(whom.names, first->ref.names, sizeof whom.names);
    }
    return whom;
}

enum range { SELF, NAMED, LINKED, INSIDE, AROUND };

static enum range range_of(const struct ref *ref, const struct whom *whom)
{
    bool is_same =
        ref->n_names == whom->n_names && memcmp(ref->names, whom->names, sizeof(int) * (size_t)ref->n_names) == 0;

    if (ref->noun == whom->noun && ref->quant == PLAIN && (ref->n_names == 0 || is_same))
        return SELF;
    if (ref->n_names)
        return NAMED;
    if (ref->noun <= ABATEMENT && whom->noun <= ABATEMENT)
        return LINKED;
    return ref->noun < whom->noun ? INSIDE : AROUND;
}

bool tree_is_allowed(const struct node *node, const struct whom *whom)
{
    if (has_ref(node))
        return range_of(&node->ref, whom) != LINKED || node->ref.noun != whom->noun;
    return (!node->a || tree_is_allowed(node->a, whom)) && (!node->b || tree_is_allowed(node->b, whom));
}

static int64_t ticks_of(const struct node *node, int64_t tick)
{
    bool is_beyond = node->op == FOR_GT || node->op == FOR_LE || node->op == GAPS_LE;
    return (node->ns + tick - 1) / tick + is_beyond;
}

int64_t tree_pad(const struct node *node, int64_t tick)
{
    int64_t a = node->a ? tree_pad(node->a, tick) : 0, b = node->b ? tree_pad(node->b, tick) : 0;
    bool has_ticks = node->op >= FOR_GE || node->op == FROZEN || node->op == TOGETHER;
    return (a > b ? a : b) + (has_ticks ? 2 * ticks_of(node, tick) : 1);
}

int tree_days(const struct node *node)
{
    int a = node->a ? tree_days(node->a) : 0, b = node->b ? tree_days(node->b) : 0;
    int own = node->op == DAYS || node->op == CALENDAR ? 8 : node->op == HOURS || node->op == ORDER;

    a = a > b ? a : b;
    return a > own ? a : own;
}

/* ---- the field ---- */

void field_open(struct field *field, const struct view *view, const struct span *span)
{
    memset(field, 0, sizeof *field);
    field->view = view;
    field->span = *span;
    field->n_pool = 4 * NODES_MAX;
    field->pool = malloc((size_t)field->n_pool * (size_t)span->n);
    assert_non_null(field->pool);
}

void field_close(struct field *field)
{
    for (int f = 0; f < FACILITIES_MAX; f++)
        free(field->states[f]);
    free(field->pool);
}

truth *field_take(struct field *field)
{
    assert_true(field->depth < field->n_pool);
    return field->pool + (size_t)field->depth++ * (size_t)field->span.n;
}

/* ---- leaves ---- */

static void forget_future(const struct field *field, truth *out)
{
    for (int i = 0; i < field->span.n; i++)
        if (field->span.first + i >= field->span.known_end)
            out[i] = 1;
}

static void state_truth(struct field *field, const struct node *node, int facility, truth *out)
{
    if (!field->states[facility]) {
        field->states[facility] = malloc((size_t)field->span.n);
        assert_non_null(field->states[facility]);
        signal_states(field->view, facility, &field->span, field->states[facility]);
    }
    for (int i = 0; i < field->span.n; i++) {
        uint8_t state = field->states[facility][i];
        bool is_in = node->mask >> state & 1;
        out[i] = is_in ? 2 : state == GK_NODATA ? 1 : 0;
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
    int64_t last = 0, hold = 0;
    truth now = 1;

    memset(out, 1, (size_t)field->span.n);
    for (int i = 0, at = 0; i < field->span.n && !isnan(limit); i++) {
        int64_t tick = field->span.first + i;
        for (; at < signal->n && zone_tick(field->view->zone, signal->samples[at].time) <= tick; at++) {
            if (!sample_holds(node, f, &signal->samples[at], limit, &now))
                continue;
            last = zone_tick(field->view->zone, signal->samples[at].time);
            hold = signal_hold(field->view, facility, last);
        }
        if (tick - last < hold)
            out[i] = now;
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
        frozen_truth(field, node, facility, ticks_of(node, field->view->zone->tick), out);
        forget_future(field, out);
    } else if (node->op != COMPARE)
        state_truth(field, node, facility, out);
    else
        compare_truth(field, node, facility, out);
}

static void negate(const struct field *field, truth *out)
{
    for (int i = 0; i < field->span.n; i++)
        out[i] = (truth)(2 - out[i]);
}

/* A facility, or a site as one: any of its facilities. */
static void member_truth(struct field *field, const struct node *node, struct who who, truth *out)
{
    const struct zone *zone = field->view->zone;
    int n = 0, depth = field->depth;

    if (who.noun <= ABATEMENT) {
        facility_truth(field, node, who.id, out);
    } else {
        truth *one = field_take(field);
        memset(out, 0, (size_t)field->span.n);
        for (int f = 0; f < zone->n_facilities; f++) {
            if (!field->is_in[f] || !facility_is_inside(zone, f, who.noun, who.id))
                continue;
            n++;
            facility_truth(field, node, f, one);
            for (int i = 0; i < field->span.n; i++)
                out[i] = one[i] > out[i] ? one[i] : out[i];
        }
        if (n == 0)
            memset(out, 1, (size_t)field->span.n);
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

/* Whether facility b is linked with a by `serves` at a tick. */
static bool is_linked(const struct zone *zone, int a, int b, int64_t tick)
{
    const struct facility *fa = &zone->facilities[a], *fb = &zone->facilities[b];
    int abatement = fa->role == GK_ABATEMENT ? a : b, production = abatement == a ? b : a, line, n = 0;
    bool has_link = false;

    if (fa->role == fb->role || fa->role == GK_OTHER || fb->role == GK_OTHER)
        return false;
    for (int i = 0; i < zone->n_links; i++) {
        const struct link *l = &zone->links[i];
        has_link |= l->abatement == abatement;
        if (l->abatement == abatement && l->production == production && zone_tick(zone, l->from) <= tick &&
            tick < zone_tick(zone, l->to))
            return true;
    }
    if (has_link)
        return false;
    /* Without links an abatement facility serves the production of its line, else of its enterprise. */
    line = zone->facilities[abatement].site[GK_LINE];
    for (int f = 0; f < zone->n_facilities && line != NONE; f++)
        n += zone->facilities[f].role == GK_PRODUCTION && zone->facilities[f].site[GK_LINE] == line;
    if (n > 0)
        return zone->facilities[production].site[GK_LINE] == line;
    int enterprise = zone->facilities[abatement].site[GK_ENTERPRISE];
    return enterprise != NONE && zone->facilities[production].site[GK_ENTERPRISE] == enterprise;
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

/* How many of the members of a moment are certainly and possibly true, and how many there are. */
static truth judge(const struct ref *ref, int certain, int possible, int n)
{
    int least = 1, most = n;

    if (n == 0)
        return 1;
    if (ref->quant == ALL)
        least = n;
    else if (ref->quant == NO)
        least = most = 0;
    else if (ref->quant == AT_LEAST)
        least = ref->k;
    else if (ref->quant == EXACTLY)
        least = most = ref->k;
    if (certain >= least && possible <= most)
        return 2;
    return possible >= least && certain <= most ? 1 : 0;
}

static void ref_truth(struct field *field, const struct node *node, struct who who, truth *out)
{
    enum range range = range_of(&node->ref, &field->whom);
    struct who members[MEMBERS_MAX];
    truth *truths[MEMBERS_MAX];
    int depth = field->depth;

    if (range == SELF) {
        member_truth(field, node, who, out);
        return;
    }
    int n = list_members(field, &node->ref, who, range, members);
    for (int m = 0; m < n; m++) {
        truths[m] = field_take(field);
        member_truth(field, node, members[m], truths[m]);
    }
    for (int i = 0; i < field->span.n; i++) {
        int certain = 0, possible = 0, n_now = 0;
        for (int m = 0; m < n; m++) {
            if (range == LINKED && !is_linked(field->view->zone, who.id, members[m].id, field->span.first + i))
                continue;
            n_now++;
            certain += truths[m][i] == 2;
            possible += truths[m][i] > 0;
        }
        out[i] = judge(&node->ref, certain, possible, n_now);
    }
    field->depth = depth;
}

static truth edge_truth(enum op op, truth before, truth now)
{
    bool is_certain = op == START ? now == 2 && before == 0 : now == 0 && before == 2;
    bool is_possible = op == START ? now >= 1 && before < 2 : now < 2 && before >= 1;

    return is_certain ? 2 : is_possible;
}

/* Whether two facilities are linked at some time. */
static bool is_ever_linked(const struct zone *zone, int a, int b)
{
    for (int i = 0; i < zone->n_links; i++)
        if (is_linked(zone, a, b, zone_tick(zone, zone->links[i].from)))
            return true;
    return is_linked(zone, a, b, zone_tick(zone, zone->begin));
}

/* When each relative went so, while it was one. */
static void group_truth(struct field *field, const struct node *node, struct who who, truth *out)
{
    enum range range = range_of(&node->ref, &field->whom);
    const struct zone *zone = field->view->zone;
    struct who members[MEMBERS_MAX];
    truth *starts[MEMBERS_MAX], *one = field_take(field);
    int n = list_members(field, &node->ref, who, range, members), n_kept = 0;

    for (int m = 0; m < n; m++) {
        if (range == LINKED && !is_ever_linked(zone, who.id, members[m].id))
            continue;
        member_truth(field, node, members[m], one);
        truth *start = starts[n_kept++] = field_take(field);
        for (int i = 0; i < field->span.n; i++) {
            bool is_one = range != LINKED || is_linked(zone, who.id, members[m].id, field->span.first + i);
            start[i] = is_one ? edge_truth(START, one[i > 0 ? i - 1 : 0], one[i]) : 0;
        }
    }
    together_truth(field, node, starts, n_kept, ticks_of(node, zone->tick), out);
}

/* ---- orders, exemptions, calendars ---- */

static bool read_level(const char *text, int *out)
{
    char *end;

    *out = (int)strtol(text, &end, 10);
    return *text && !*end;
}

static bool is_meant(const struct node *node, const struct order *o, const struct zone *zone)
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

static bool binds(const struct zone *zone, const struct order *o, int facility, int64_t tick)
{
    if (tick < zone_tick(zone, o->from) || tick >= zone_tick(zone, o->to))
        return false;
    if ((o->hours_from || o->hours_to) && !hours_hold(zone, tick, o->hours_from, o->hours_to))
        return false;
    return order_is_upon(zone, o, facility);
}

static bool is_ordered(const struct zone *zone, const struct node *node, int facility, int64_t tick)
{
    if (node->op == CALENDAR)
        return calendar_holds(zone, node->name, facility, tick);
    if (node->op == EXEMPT) {
        for (int i = 0; i < zone->n_exemptions; i++)
            if (binds(zone, &zone->exemptions[i], facility, tick))
                return true;
        return false;
    }
    for (int i = 0; i < zone->n_orders; i++)
        if (is_meant(node, &zone->orders[i], zone) && binds(zone, &zone->orders[i], facility, tick))
            return true;
    return false;
}

/* A site is ordered for certain when all its production facilities are, possibly when some are; by all facilities when
 * it has no production. */
static truth order_truth(const struct zone *zone, const struct node *node, struct who who, int64_t tick)
{
    int n = 0, n_ordered = 0;

    if (node->op == CALENDAR && !calendar_is_known(zone, node->name)) /* workdays without one are plain days */
        return node->form < 2 ? 1 : day_holds(zone, tick, 0, 5) ? 2 : 0;
    if (who.noun <= ABATEMENT)
        return is_ordered(zone, node, who.id, tick) ? 2 : 0;
    for (int pass = 0; pass < 2 && n == 0; pass++)
        for (int f = 0; f < zone->n_facilities; f++) {
            if (!facility_is_inside(zone, f, who.noun, who.id) ||
                (pass == 0 && zone->facilities[f].role != GK_PRODUCTION))
                continue;
            n++;
            n_ordered += is_ordered(zone, node, f, tick);
        }
    return n_ordered == 0 ? 0 : n_ordered == n ? 2 : 1;
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
    for (int i = 0, end; i < n; i = end + 1) {
        for (end = i; end < n && set[end];)
            end++;
        if (i > 0 && end < n && end - i < d)
            memset(set + i, 0, (size_t)(end - i));
    }
}

void close_gaps(truth *set, int n, int64_t g)
{
    int last = NONE;

    for (int i = 0; i < n; i++) {
        if (!set[i])
            continue;
        if (last != NONE && i - last - 1 < g)
            memset(set + last, 1, (size_t)(i - last));
        last = i;
    }
}

/* True throughout, or somewhere in, [t - d, t]. Before the field it was as at its begin. */
static void look_back(truth *set, int n, int64_t d, bool throughout)
{
    int64_t since = NONE; /* the last tick that decides */

    for (int i = 0; i < n; i++) {
        if ((set[i] != 0) != throughout)
            since = i;
        bool is_near = since != NONE && i - since <= d;
        set[i] = throughout ? !is_near : is_near;
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
    int64_t d = ticks_of(node, field->view->zone->tick);
    truth *certain = field_take(field), *possible = field_take(field);

    set_of(a, n, 2, certain);
    set_of(a, n, 1, possible);
    shape(node->op, certain, n, d);
    shape(node->op, possible, n, d);
    for (int i = 0; i < n; i++) {
        if (node->op == FOR_LT || node->op == FOR_LE) /* C without the opened P, P without the opened C */
            out[i] = (truth)((a[i] == 2 && !possible[i]) + (a[i] >= 1 && !certain[i]));
        else
            out[i] = (truth)(certain[i] + possible[i]);
    }
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

    for (int t = 0; t < n; t++) {
        int fewest, most;
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

void tree_truth(struct field *field, const struct node *node, struct who who, truth *out)
{
    const struct zone *zone = field->view->zone;
    int n = field->span.n, depth = field->depth;
    truth *a = NULL, *b = NULL;

    if (node->a)
        tree_truth(field, node->a, who, a = field_take(field));
    if (node->b)
        tree_truth(field, node->b, who, b = field_take(field));
    if (node->op == TOGETHER) {
        group_truth(field, node, who, out);
    } else if (has_ref(node)) {
        ref_truth(field, node, who, out);
    } else if (node->op == AFTER) {
        settle(a, n, tree_pad(node->a, zone->tick));
        settle(b, n, tree_pad(node->b, zone->tick));
        after_truth(field, a, b, ticks_of(node, zone->tick), out);
    } else if (node->op == TIMES) {
        times_truth(node, a, n, ticks_of(node, zone->tick), out);
    } else if (node->op >= FOR_GE) {
        suffix_truth(field, node, a, out);
    } else {
        for (int i = 0; i < n; i++) {
            int64_t tick = field->span.first + i;
            switch (node->op) {
            case ORDER:
            case EXEMPT:
            case CALENDAR:
                out[i] = order_truth(zone, node, who, tick);
                break;
            case HOURS:
                out[i] = hours_hold(zone, tick, node->from_s, node->to_s) ? 2 : 0;
                break;
            case DAYS:
                out[i] = day_holds(zone, tick, node->level, node->times) ? 2 : 0;
                break;
            case AND:
            case WHILE:
                out[i] = a[i] < b[i] ? a[i] : b[i];
                break;
            case OR:
                out[i] = a[i] > b[i] ? a[i] : b[i];
                break;
            case UNLESS:
                out[i] = a[i] < 2 - b[i] ? a[i] : (truth)(2 - b[i]);
                break;
            case NOT:
                out[i] = (truth)(2 - a[i]);
                break;
            case POSSIBLY:
                out[i] = a[i] >= 1 ? 2 : 0;
                break;
            case SURELY:
                out[i] = a[i] == 2 ? 2 : 0;
                break;
            case UNKNOWN:
                out[i] = a[i] == 1 ? 2 : 0;
                break;
            default:
                out[i] = edge_truth(node->op, a[i > 0 ? i - 1 : 0], a[i]);
            }
        }
    }
    field->depth = depth;
}
