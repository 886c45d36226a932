/*
 * statement.c - see naive.h. Random statements, and smaller ones of the same kind.
 */
#include "naive/statement.h"

#include <math.h>

static int below(struct random *random, int n)
{
    return (int)random_below(random, (uint64_t)n);
}

static bool one_in(struct random *random, int n)
{
    return below(random, n) == 0;
}

/* ---- making ---- */

static void make_window(const struct view *view, struct random *random, struct statement *s)
{
    const struct zone *zone = view->zone;
    int64_t length = (zone->end - zone->begin) / GK_SECOND + 120;
    bool is_coarse = zone->tick >= 5 * GK_SECOND || (zone->tick >= GK_SECOND && one_in(random, 40));
    gk_time a = zone->begin - 60 * GK_SECOND + (int64_t)random_below(random, (uint64_t)length) * GK_SECOND;
    gk_time b = zone->begin - 60 * GK_SECOND + (int64_t)random_below(random, (uint64_t)length) * GK_SECOND;

    if (one_in(random, 4))
        a += below(random, 1000) * 1000000;
    if (one_in(random, 4))
        b += below(random, 1000) * 1000000;
    s->from = a < b ? a : b;
    s->to = (a < b ? b : a) + (a == b) * GK_SECOND;
    if (one_in(random, 20))
        s->to = s->from + 1000000;
    s->last = (1 + below(random, 200)) * 10 * GK_SECOND;
    s->clock_from = below(random, 48) * 1800;
    s->clock_to = below(random, 96) * 900;
    int most = zone->tick >= 60 * GK_SECOND ? LAST_MONTH : zone->tick >= 5 * GK_SECOND ? LAST_WEEK : LAST_HOUR;
    s->window = is_coarse ? (enum window)below(random, most + 1)
                          : (enum window[]){LAST_D, BETWEEN, BETWEEN, SINCE, UNTIL, AT, NOW, BETWEEN}[below(random, 8)];
    if (s->kind == STATE_OF)
        s->window = (enum window[]){DEFAULT, AT, AT, NOW}[below(random, 4)];
    if (s->kind >= SERIES && s->kind != STATE_OF && (s->window == AT || s->window == NOW))
        s->window = BETWEEN;
    if (s->kind == WHICH && s->mode == 3)
        s->window = NOW;
}

static bool tag_is_known(const struct zone *zone, enum key key)
{
    for (int f = 0; f < zone->n_facilities; f++)
        if (tag_text(&zone->facilities[f], key)[0])
            return true;
    return false;
}

/* One whose tag some facility has; false: there is none. */
static bool make_filter(const struct zone *zone, struct random *random, struct filter *out)
{
    static const struct filter filters[] = {
        {"type", "RTO", GK_EQ, 0},     {"type", "bag", GK_NE, 0},        {"rated_kw", NULL, GK_GE, 10},
        {"rated_kw", NULL, GK_LT, 12}, {"role", "production", GK_EQ, 0}, {"enterprise", "E1", GK_NE, 0},
        {"rated_a", NULL, GK_GT, 7},   {"name", "F3", GK_LE, 0},         {"stop_level", NULL, GK_GE, 1},
        {"line", "E1L1", GK_EQ, 0},    {"group", "A", GK_EQ, 0},         {"park", "P2", GK_LT, 0}};

    *out = filters[below(random, 12)];
    if (strcmp(out->tag, "type") == 0)
        return tag_is_known(zone, BY_TYPE);
    if (strcmp(out->tag, "group") == 0)
        return tag_is_known(zone, BY_GROUP);
    return strcmp(out->tag, "stop_level") != 0 || tag_is_known(zone, BY_STOP_LEVEL);
}

static void make_tails(const struct view *view, struct random *random, struct statement *s)
{
    const struct zone *zone = view->zone;

    if (one_in(random, 4)) {
        s->in = (enum noun[]){FACILITY, LINE, ENTERPRISE, PARK}[below(random, 4)];
        int n = s->in == FACILITY ? zone->n_facilities : zone->n_sites[kind_of(s->in)];
        for (int i = 0; n > 0 && i < 1 + below(random, 2); i++)
            s->in_names[s->n_in++] = below(random, n);
    }
    for (int n = one_in(random, 5) ? 1 + below(random, 2) : 0; n > 0; n--)
        s->n_where += make_filter(zone, random, &s->where[s->n_where]);
    make_window(view, random, s);
    if (one_in(random, 6))
        s->limit = 1 + below(random, 5);
}

static void make_buckets(const struct view *view, struct random *random, struct statement *s, enum noun subject)
{
    int n = below(random, 4), time = NONE;
    static const int widest[] = {BY_FACILITY, BY_FACILITY, BY_FACILITY, BY_LINE, BY_ENTERPRISE, BY_PARK, BY_TYPE};

    for (int i = 0; i < n && i < 3; i++) {
        int key = below(random, N_KEYS);
        const char *shifts[SHIFTS_MAX];
        bool is_known = key_is_tag(key) && !tag_is_known(view->zone, (enum key)key);
        if (key == BY_SHIFT) {
            if (time != BY_HOUR && shifts_list(view->zone, shifts) && !statement_has_key(s, BY_SHIFT))
                s->keys[s->n_keys++] = BY_SHIFT;
            continue;
        }
        is_known |= key == BY_HOUR && statement_has_key(s, BY_SHIFT);
        for (int k = 0; k < s->n_keys; k++)
            is_known |= (int)s->keys[k] == key;
        if (is_known || key < widest[subject] || (key >= BY_HOUR && time != NONE))
            continue;
        time = key >= BY_HOUR ? key : time;
        s->keys[s->n_keys++] = (enum key)key;
    }
    if (time == NONE && !statement_has_key(s, BY_SHIFT) && one_in(random, 3)) {
        s->every = view->zone->tick * (1 + below(random, 300));
        if (s->every > 600 * GK_SECOND || one_in(random, 2))
            s->every = view->zone->tick * 60;
        s->every = s->every / 1000000 * 1000000;
        if (s->every % view->zone->tick || s->every == 0)
            s->every = view->zone->tick;
        s->offset = one_in(random, 3) ? below(random, 30) * GK_SECOND : 0;
        while ((view->zone->end - view->zone->begin + s->last) / s->every > BUCKETS_MAX / 4)
            s->every *= 2;
        if (s->window == DEFAULT || s->window >= TODAY)
            s->every = (s->window >= THIS_WEEK ? 24 : 1) * 900 * GK_SECOND;
    }
}

static void make_column(struct random *random, struct column_tail *out, const char *name)
{
    static const int values[] = {0, 1, 2, 10, 30, 60, 300};

    *out = (struct column_tail){.is_set = true, .compare = (enum gk_compare)below(random, 6)};
    (void)snprintf(out->name, sizeof out->name, "%s", name);
    out->value = values[below(random, 7)];
    out->is_desc = one_in(random, 2);
}

/* Whether what is named is made up of subjects of a noun. */
static bool is_made_of(enum noun asked, enum noun noun)
{
    if (asked == FACILITY)
        return noun <= ABATEMENT;
    return asked > ABATEMENT && noun < asked;
}

struct whom statement_whom(const struct statement *s, const struct node *cond)
{
    struct whom whom = tree_subject(cond, s->per);

    if (s->kind == WHICH && !is_made_of(s->noun, whom.noun))
        whom = (struct whom){.noun = s->noun};
    return whom;
}

void statement_make_cond(const struct view *view, struct random *random, struct statement *s)
{
    int per = s->per;

    for (;;) {
        s->tree.n = 0;
        s->cond = tree_make(&s->tree, view->zone, random, 1 + below(random, one_in(random, 3) ? 9 : 5));
        s->per = s->kind == WHICH ? NONE : per;
        struct whom whom = statement_whom(s, s->cond);
        if (tree_is_allowed(s->cond, &whom))
            return;
    }
}

void statement_make_series(const struct view *view, struct random *random, struct statement *s)
{
    struct tree tree = {.n = 0};
    const struct node *leaf;

    do
        leaf = tree_make(&tree, view->zone, random, 1), tree.n = 0;
    while (leaf->op != STATE);
    s->ref = leaf->ref;
    s->ref.quant = PLAIN;
    s->metric = below(random, 6);
    s->channel = below(random, s->metric == ROW ? ROW_FORMS : N_CHANNELS);
    s->has_own_filter = s->ref.n_names == 0 && one_in(random, 6) && make_filter(view->zone, random, &s->own_filter);
}

bool statement_has_agg(const struct statement *s, enum agg agg)
{
    for (int i = 0; i < s->n_aggs; i++)
        if (s->aggs[i] == agg)
            return true;
    return false;
}

static void add_agg(struct statement *s, enum agg agg)
{
    if (s->n_aggs < 4 && !statement_has_agg(s, agg))
        s->aggs[s->n_aggs++] = agg;
}

void statement_make_aggs(struct random *random, struct statement *s, int n)
{
    static const enum agg series[] = {AVG,      MAX,      MIN, SUM, RMS,    COUNT, FIRST,
                                      LAST_ONE, COVERAGE, P50, P95, MEDIAN, ENERGY};
    bool is_power = s->metric == POWER || s->metric == ENERGY_OF || (s->metric == CHANNEL && s->channel == KW);

    for (; n > 0; n--) {
        enum agg agg = s->kind == AGGREGATE ? (enum agg)below(random, COVERAGE + 1) : series[below(random, 13)];
        if (s->kind == SERIES && s->metric == ENERGY_OF)
            agg = s->n_aggs && one_in(random, 3) ? COVERAGE : ENERGY;
        if (agg != ENERGY || is_power)
            add_agg(s, agg);
    }
    if (s->n_aggs == 0)
        add_agg(s, s->metric == ENERGY_OF ? ENERGY : COUNT);
}

static void make_with(struct random *random, struct statement *s)
{
    static const int shares[] = {5, 10, 25, 33, 50};

    s->with = (struct band){.hold = -1, .dwell_on = -1, .dwell_off = -1, .channel = NONE};
    s->has_with = true;
    switch (below(random, 5)) {
    case 0:
        s->with.on = (struct limit){GK_LIMIT_SHARE, shares[2 + below(random, 3)], 2};
        break;
    case 1:
        s->with.off = (struct limit){GK_LIMIT_SHARE, shares[below(random, 3)], 2};
        s->with.dwell_off = (1 + below(random, 40)) * GK_SECOND;
        break;
    case 2:
        s->with.hold = (1 + below(random, 90)) * GK_SECOND;
        break;
    case 3:
        s->with.hysteresis = (struct limit){GK_LIMIT_SHARE, 1 + below(random, 9), 2};
        break;
    default:
        s->with.dwell_on = (1 + below(random, 40)) * GK_SECOND;
        s->with.overload = (struct limit){GK_LIMIT_ABSOLUTE, 5 + below(random, 10), 0};
    }
}

static bool set_is_known(const struct view *view, const struct statement *s)
{
    gk_time now = view->zone->now, at = !s->has_known ? GK_TIME_MAX : s->known < now ? s->known : now;

    for (int i = 0; i < view->zone->n_bands; i++)
        if (view->zone->bands[i].is_of_set && view->came->bands[i] <= at)
            return true;
    return false;
}

static void make_known(const struct view *view, struct random *random, struct statement *s)
{
    int64_t length = (view->zone->now - view->zone->begin) / GK_SECOND + 600;

    s->has_known = true;
    s->known = (view->zone->begin / GK_SECOND + (int64_t)random_below(random, (uint64_t)length)) * GK_SECOND;
}

/* The sources of numbers are asked by the tails of the whole. */
static void share_tails(struct statement *s)
{
    for (int i = 0; i < s->n_parts; i++) {
        struct statement *part = s->parts[i];
        memcpy(part->keys, s->keys, sizeof part->keys);
        part->n_keys = s->n_keys;
        part->every = s->every;
        part->offset = s->offset;
        part->in = s->in;
        part->n_in = s->n_in;
        memcpy(part->in_names, s->in_names, sizeof part->in_names);
        memcpy(part->where, s->where, sizeof part->where);
        part->n_where = s->n_where;
        part->unknown_as = s->unknown_as;
    }
}

/* `which NOUN COND at least N times` is a count by the noun, which is that of the subjects or wider. */
static void make_which_often(struct random *random, struct statement *s)
{
    static const enum key keys[] = {BY_FACILITY, BY_FACILITY, BY_FACILITY, BY_LINE, BY_ENTERPRISE, BY_PARK};
    enum noun subject = tree_subject(s->cond, NONE).noun;

    s->noun = subject <= ABATEMENT && one_in(random, 2) ? subject : (enum noun)(LINE + below(random, ZONE - LINE + 1));
    if (s->noun < subject)
        s->noun = subject;
    add_agg(s, COUNT);
    if (s->noun != ZONE)
        s->keys[s->n_keys++] = keys[s->noun];
    s->having = (struct column_tail){.is_set = true, .name = "count", .compare = one_in(random, 2) ? GK_GE : GK_GT};
    s->having.value = 1 + below(random, 3);
}

/* `within last 5m` at the end of a condition wants a time beside it. */
static bool is_widened(const struct statement *s)
{
    for (int i = 0; s->kind == NUMBERS && i < s->n_parts; i++)
        if (s->parts[i]->cond && s->parts[i]->cond->op == LAST)
            return true;
    return s->cond && s->cond->op == LAST;
}

struct statement *statement_make(const struct view *view, struct random *random)
{
    static const enum kind kinds[] = {WHEN,     WHEN,    WHEN,      WHICH,   AGGREGATE, AGGREGATE, SERIES,
                                      STATE_OF, SAMPLES, AGGREGATE, NUMBERS, NUMBERS,   NUMBERS,   LAG};
    static const char *const of_when[] = {"start", "end", "duration_s", "subject", "certainty", "duration"};
    struct statement *s = calloc(1, sizeof *s);

    assert_non_null(s);
    s->kind = kinds[below(random, 14)];
    s->per = s->kind <= AGGREGATE && one_in(random, 3) ? below(random, 7) : NONE;
    s->mode = below(random, 4);
    s->noun = (enum noun)below(random, 7);
    s->unknown_as = s->kind <= AGGREGATE && one_in(random, 8) ? 1 + below(random, 2) : 0;
    statement_make_series(view, random, s);
    s->is_which = s->kind == AGGREGATE && one_in(random, 6);
    s->per = s->is_which ? NONE : s->per;
    if (s->kind <= AGGREGATE)
        statement_make_cond(view, random, s);
    if (s->kind == WHICH && one_in(random, 8)) {
        do
            statement_make_cond(view, random, s);
        while (s->cond->op != STATE);
        s->cond->ref = (struct ref){.noun = s->noun};
        s->is_bare = true;
    }
    if (s->kind == NUMBERS)
        numbers_make(view, random, s);
    if (s->is_which)
        make_which_often(random, s);
    if (s->kind == STATE_OF)
        s->has_own_filter = false;
    if (s->kind == LAG)
        lag_make(view, random, s);
    if (s->kind == SAMPLES && (s->metric == LOAD || s->metric == ENERGY_OF))
        s->metric = POWER; /* what was measured */
    make_tails(view, random, s);
    if (s->window == DEFAULT && is_widened(s))
        s->window = LAST_D;
    s->with_possible = s->kind == WHEN && one_in(random, 4);
    bool has_series = s->kind >= SERIES && s->kind != LAG;
    if (s->kind == NUMBERS) {
        has_series = false;
        for (int i = 0; i < s->n_parts; i++)
            has_series |= s->parts[i]->kind != AGGREGATE;
    }
    if (!has_series && one_in(random, 8))
        make_with(random, s);
    if (one_in(random, 6))
        make_known(view, random, s);
    s->uses_set = !has_series && one_in(random, 6) && set_is_known(view, s);
    if ((s->kind == AGGREGATE && !s->is_which) || s->kind == SERIES) {
        statement_make_aggs(random, s, 1 + below(random, 3));
        make_buckets(view, random, s, s->kind == SERIES ? FACILITY : tree_subject(s->cond, s->per).noun);
        const char *name = one_in(random, 3) ? "coverage" : AGGS[s->aggs[below(random, s->n_aggs)]];
        bool is_exact = s->kind == AGGREGATE || strcmp(name, "count") == 0;
        if (one_in(random, 6) && is_exact)
            make_column(random, &s->having, name);
        if (s->having.is_set && one_in(random, 2)) {
            make_column(random, &s->having_too, "coverage");
            s->having_too.value = 1;
        }
        if (s->having.is_set && s->kind == AGGREGATE && statement_has_agg(s, COUNT) && one_in(random, 2))
            (void)snprintf(s->having.than, sizeof s->having.than, "count");
        if (one_in(random, 6) && is_exact)
            make_column(random, &s->sort, name);
        if (one_in(random, 8) && is_exact)
            make_column(random, &s->top, name);
        if ((s->has_with || s->uses_set) && one_in(random, 2))
            s->versus = STORED;
        else if (s->has_known && !statement_has_key(s, BY_SHIFT) && one_in(random, 2))
            s->versus = KNOWN_NOW;
        else if (one_in(random, 6))
            numbers_make_versus(view, random, s);
    } else if (s->kind == NUMBERS) {
        enum noun widest = FACILITY;
        for (int i = 0; i < s->n_parts; i++) {
            const struct statement *part = s->parts[i];
            enum noun noun = part->kind != AGGREGATE ? FACILITY : tree_subject(part->cond, part->per).noun;
            widest = noun > widest ? noun : widest;
        }
        make_buckets(view, random, s, widest);
        if (s->has_known && !statement_has_key(s, BY_SHIFT) && one_in(random, 2))
            s->versus = KNOWN_NOW;
        else if (one_in(random, 2))
            numbers_make_versus(view, random, s);
    } else if (s->kind == STATE_OF) {
        for (int n = below(random, 3); n > 0; n--) {
            enum key key = (enum key)below(random, BY_HOUR);
            bool is_new = !key_is_tag((int)key) || tag_is_known(view->zone, key);
            for (int i = 0; i < s->n_keys; i++)
                is_new = is_new && s->keys[i] != key;
            if (is_new)
                s->keys[s->n_keys++] = key;
        }
    } else if (s->kind == LAG) {
        if (s->lag.n_numbers)
            make_buckets(view, random, s, lag_whom(s).noun);
    } else if (s->kind == WHEN) {
        if (one_in(random, 8))
            make_column(random, &s->having, "duration");
        if (one_in(random, 6))
            make_column(random, &s->sort, of_when[below(random, 6)]);
        if (one_in(random, 10))
            make_column(random, &s->top, "duration_s");
    }
    share_tails(s);
    s->print_seed = random_u64(random);
    statement_print(s, view->zone);
    return s;
}

void statement_free(struct statement *s)
{
    for (int i = 0; i < s->n_parts; i++)
        free(s->parts[i]);
    free(s);
}

const char *statement_text(const struct statement *s)
{
    return s->text.bytes;
}

/* ---- smaller statements ---- */

/* The node takes the place of the condition: from a copy of the same tree. */
static struct statement *copy_of(const struct statement *s)
{
    struct statement *copy = malloc(sizeof *copy);

    assert_non_null(copy);
    *copy = *s;
    for (int i = 0; i < s->n_parts; i++)
        copy->parts[i] = copy_of(s->parts[i]);
    for (int i = 0; i < s->lag.tree.n; i++) {
        struct node *node = &copy->lag.tree.nodes[i];
        if (node->a)
            node->a = copy->lag.tree.nodes + (node->a - s->lag.tree.nodes);
        if (node->b)
            node->b = copy->lag.tree.nodes + (node->b - s->lag.tree.nodes);
    }
    if (s->lag.to)
        copy->lag.to = copy->lag.tree.nodes + (s->lag.to - s->lag.tree.nodes);
    for (int i = 0; i < s->tree.n; i++) {
        if (s->tree.nodes[i].a)
            copy->tree.nodes[i].a = copy->tree.nodes + (s->tree.nodes[i].a - s->tree.nodes);
        if (s->tree.nodes[i].b)
            copy->tree.nodes[i].b = copy->tree.nodes + (s->tree.nodes[i].b - s->tree.nodes);
    }
    if (s->cond)
        copy->cond = copy->tree.nodes + (s->cond - s->tree.nodes);
    return copy;
}

static void renew_events(struct node *node)
{
    if (node->a)
        renew_events(node->a);
    if (node->b)
        renew_events(node->b);
    tree_renew(node);
}

struct statement *statement_smaller(const struct statement *s, const struct view *view, int i)
{
    struct statement *copy = copy_of(s);
    int n = 0;

    if (i == n++)
        copy->n_in = 0;
    if (i == n++)
        copy->n_where = 0;
    if (i == n++)
        copy->having_too.is_set = false;
    if (i == n++)
        copy->having.is_set = copy->is_which;
    if (i == n++)
        copy->uses_set = false;
    if (i == n++)
        copy->has_own_filter = false;
    if (i == n++)
        copy->top.is_set = false;
    if (i == n++)
        copy->sort.is_set = false;
    if (i == n++)
        copy->limit = 0;
    if (i == n++)
        copy->unknown_as = 0;
    if (i == n++)
        copy->every = copy->offset = 0;
    if (i == n++ && copy->n_keys && !copy->is_which)
        copy->n_keys--;
    if (i == n++ && copy->n_aggs > 1)
        copy->n_aggs--;
    if (i == n++ && copy->n_aggs > 1)
        memmove(copy->aggs, copy->aggs + 1, (size_t)--copy->n_aggs * sizeof *copy->aggs);
    if (i == n++)
        copy->with_possible = false;
    if (i == n++)
        copy->has_with = false;
    if (i == n++)
        copy->has_known = false;
    if (i == n++)
        copy->versus = NO_VERSUS;
    if (i == n++ && copy->kind == LAG && copy->n_parts)
        statement_free(copy->parts[--copy->n_parts]);
    if (i == n++ && copy->n_columns > 1)
        copy->n_columns--;
    if (i == n++ && copy->n_columns > 1)
        memmove(copy->columns, copy->columns + 1, (size_t)--copy->n_columns * sizeof *copy->columns);
    if (i == n++ && copy->n_columns)
        copy->columns[0].arithmetic = PLAIN_NUMBER;
    for (int part = 0; part < copy->n_parts; part++)
        if (i == n++)
            copy->parts[part]->is_narrowed = false;
    struct statement *of = copy; /* whose condition is made smaller */
    int k = i - n;
    for (int part = 0; part < copy->n_parts && k >= 2 * of->tree.n; part++) {
        k -= 2 * of->tree.n;
        of = copy->parts[part];
    }
    if (k >= 2 * of->tree.n) {
        statement_free(copy);
        return NULL;
    }
    if (k >= 0 && of->cond) { /* an operand takes the place of its node */
        struct node *node = &of->tree.nodes[k / 2], *operand = k % 2 ? node->b : node->a;
        const struct node before = *of->cond;
        struct whom was = statement_whom(of, of->cond), whom;
        bool is_event = of->cond->is_event;
        if (operand)
            *node = *operand;
        node->parens = false;
        renew_events(of->cond);
        whom = statement_whom(of, of->cond);
        if (!tree_is_allowed(of->cond, &whom) || whom.noun != was.noun ||
            (is_event != of->cond->is_event && (of->kind == SERIES || of->kind == LAG)))
            *of->cond = before; /* the same once more: no use */
    }
    share_tails(copy);
    statement_print(copy, view->zone);
    if (strlen(copy->text.bytes) >= strlen(s->text.bytes))
        copy->text.bytes[0] = '\0'; /* not smaller */
    return copy;
}
