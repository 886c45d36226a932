/*
 * tree.c - see naive.h. Random conditions, their text, and whom they are about.
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
        node->level = below(random, 3) ? below(random, 7) : 0;
        node->times = node->level ? 1 + below(random, 7) : 5;
        if (one_in(random, 3)) {
            node->from_s = below(random, 48) * 1800;
            node->to_s = below(random, 96) * 900;
        }
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

    if (node->level == 0 && node->times == 5)
        text_add(out, "weekdays");
    else if (node->level == 5 && node->times == 2)
        text_add(out, "weekends");
    else
        text_add(out, "%s", days[node->level]);
    if (node->times > 1 && !(node->level == 0 && node->times == 5) && !(node->level == 5 && node->times == 2))
        text_add(out, "-%s", days[(node->level + node->times - 1) % 7]);
    if (node->from_s != node->to_s)
        text_add(out, " %02d:%02d-%02d:%02d", node->from_s / 3600, node->from_s / 60 % 60, node->to_s / 3600,
                 node->to_s / 60 % 60);
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
static int level_of(const struct node *node)
{
    enum op op = node->op;

    if (op == TIMES && node->form == 2) /* count of ... within ... >= n */
        return 5;
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
    int level = level_of(node);

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
    if (node->op == TIMES) {
        text_add(out, "count of ");
        tree_print(zone, node->a, 5, random, out);
        text_add(out, " within ");
        text_duration(out, node->ns, random);
        text_add(out, " >= %d", node->times);
        return;
    }
    if (node->op == START || node->op == END) {
        text_add(out, node->op == START ? "start of " : "end of ");
        if (level_of(node->a) == 5 && node->a->op != START && node->a->op != END && !node->a->parens) {
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
    bool parens = node->parens || level_of(node) < level;

    if (parens)
        text_add(out, "(");
    print_inside(zone, node, random, out);
    if (parens)
        text_add(out, ")");
}

/* ---- the subject ---- */

bool node_has_ref(const struct node *node)
{
    return node->op <= TOGETHER;
}

static const struct node *first_plain(const struct node *node)
{
    const struct node *found = NULL;

    if (node_has_ref(node))
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

enum range tree_range(const struct ref *ref, const struct whom *whom)
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

/* Days of the week without hours, as bits; 0: it is something else. */
static unsigned days_alone(const struct node *node)
{
    unsigned days = 0;

    for (int i = 0; node->op == DAYS && node->from_s == node->to_s && i < node->times; i++)
        days |= 1u << (node->level + i) % 7;
    return days;
}

static bool is_both(const struct node *node)
{
    return node->op == AND || node->op == WHILE;
}

/* Monday and friday: refused, as no day is both. */
static bool is_never(const struct node *node)
{
    if (!is_both(node))
        return false;
    unsigned a = days_alone(is_both(node->a) ? node->a->b : node->a), b = days_alone(node->b);
    return a != 0 && b != 0 && (a & b) == 0;
}

bool tree_is_allowed(const struct node *node, const struct whom *whom)
{
    if (is_never(node))
        return false;
    if (node_has_ref(node))
        return tree_range(&node->ref, whom) != LINKED || node->ref.noun != whom->noun;
    return (!node->a || tree_is_allowed(node->a, whom)) && (!node->b || tree_is_allowed(node->b, whom));
}

int64_t node_ticks(const struct node *node, int64_t tick)
{
    bool is_beyond = node->op == FOR_GT || node->op == FOR_LE || node->op == GAPS_LE;
    return (node->ns + tick - 1) / tick + is_beyond;
}

int64_t tree_pad(const struct node *node, int64_t tick)
{
    int64_t a = node->a ? tree_pad(node->a, tick) : 0, b = node->b ? tree_pad(node->b, tick) : 0;
    bool has_ticks = node->op >= FOR_GE || node->op == FROZEN || node->op == TOGETHER;
    return (a > b ? a : b) + (has_ticks ? 2 * node_ticks(node, tick) : 1);
}

bool tree_has(const struct node *node, enum op op)
{
    return node && (node->op == op || tree_has(node->a, op) || tree_has(node->b, op));
}

int tree_days(const struct node *node)
{
    int a = node->a ? tree_days(node->a) : 0, b = node->b ? tree_days(node->b) : 0;
    int own = node->op == DAYS || node->op == CALENDAR ? 8 : node->op == HOURS || node->op == ORDER;

    a = a > b ? a : b;
    return a > own ? a : own;
}
