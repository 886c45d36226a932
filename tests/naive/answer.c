/*
 * answer.c - see naive.h. Random statements, their text, and the rows they must give.
 */
#include "naive/statement.h"

#include <inttypes.h>
#include <math.h>
#include <time.h>

const char *const AGGS[] = {"duration", "share", "count", "longest", "first", "last", "coverage", "avg", "max",
                            "min",      "sum",   "rms",   "energy",  "p50",   "p95",  "median",   ""};
static const char *const KEYS[] = {"facility",   "line", "enterprise", "park", "type",  "group",
                                   "stop_level", "hour", "day",        "week", "month", "shift"};
const char *const NOUNS[] = {"facility", "production", "abatement", "line", "enterprise", "park", "zone"};
static const char *const STATES[] = {"nodata", "off", "idle", "on", "overload"};
static const char *const ROLES[] = {"other", "production", "abatement"};
static const char *const COMPARES[] = {"<", "<=", ">", ">=", "=", "!="};

static int below(struct random *random, int n)
{
    return (int)random_below(random, (uint64_t)n);
}

static bool one_in(struct random *random, int n)
{
    return below(random, n) == 0;
}

static int64_t floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
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

static bool is_tag(int key)
{
    return key >= BY_TYPE && key <= BY_STOP_LEVEL;
}

/* The value of a facility, "" without; levels have one digit. */
static const char *tag_text(const struct facility *f, enum key key)
{
    static const char *const levels[] = {"0", "1", "2", "3"};

    if (key == BY_STOP_LEVEL)
        return f->stop_level == NONE ? "" : levels[f->stop_level];
    const char *text = key == BY_TYPE ? f->type : f->group;
    return text ? text : "";
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

static bool has_key(const struct statement *s, enum key key)
{
    for (int i = 0; i < s->n_keys; i++)
        if (s->keys[i] == key)
            return true;
    return false;
}

static void make_buckets(const struct view *view, struct random *random, struct statement *s, enum noun subject)
{
    int n = below(random, 4), time = NONE;
    static const int widest[] = {BY_FACILITY, BY_FACILITY, BY_FACILITY, BY_LINE, BY_ENTERPRISE, BY_PARK, BY_TYPE};

    for (int i = 0; i < n && i < 3; i++) {
        int key = below(random, N_KEYS);
        const char *shifts[SHIFTS_MAX];
        bool is_known = is_tag(key) && !tag_is_known(view->zone, (enum key)key);
        if (key == BY_SHIFT) {
            if (time != BY_HOUR && shifts_list(view->zone, shifts) && !has_key(s, BY_SHIFT))
                s->keys[s->n_keys++] = BY_SHIFT;
            continue;
        }
        is_known |= key == BY_HOUR && has_key(s, BY_SHIFT);
        for (int k = 0; k < s->n_keys; k++)
            is_known |= (int)s->keys[k] == key;
        if (is_known || key < widest[subject] || (key >= BY_HOUR && time != NONE))
            continue;
        time = key >= BY_HOUR ? key : time;
        s->keys[s->n_keys++] = (enum key)key;
    }
    if (time == NONE && !has_key(s, BY_SHIFT) && one_in(random, 3)) {
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

void statement_make_cond(const struct view *view, struct random *random, struct statement *s)
{
    int per = s->per;

    for (;;) {
        s->tree.n = 0;
        s->cond = tree_make(&s->tree, view->zone, random, 1 + below(random, one_in(random, 3) ? 9 : 5));
        s->per = s->kind == WHICH ? (int)s->noun : per;
        struct whom whom = tree_subject(s->cond, s->per);
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

static void print(struct statement *s, const struct zone *zone);

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

static void print_with_limit(struct text *out, const char *name, const struct limit *limit)
{
    if (limit->kind != GK_LIMIT_ABSENT)
        text_add(out, "%s = %d%s, ", name, (int)limit->mantissa, limit->kind == GK_LIMIT_SHARE ? "%" : "");
}

static void print_with_duration(struct text *out, const char *name, int64_t ns)
{
    if (ns >= 0)
        text_add(out, "%s = %ds, ", name, (int)(ns / GK_SECOND));
}

static void print_with(struct statement *s)
{
    struct text *out = &s->text;

    if (!s->has_with && !s->with_possible)
        return;
    text_add(out, " with ");
    if (s->has_with) {
        print_with_limit(out, "off_below", &s->with.off);
        print_with_limit(out, "on_from", &s->with.on);
        print_with_limit(out, "overload_from", &s->with.overload);
        print_with_limit(out, "hysteresis", &s->with.hysteresis);
        print_with_duration(out, "hold", s->with.hold);
        print_with_duration(out, "dwell_on", s->with.dwell_on);
        print_with_duration(out, "dwell_off", s->with.dwell_off);
    }
    if (s->with_possible)
        text_add(out, "possible");
    else
        out->bytes[out->size -= 2] = '\0'; /* the last comma */
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
        else if (s->has_known && !has_key(s, BY_SHIFT) && one_in(random, 2))
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
        if (s->has_known && !has_key(s, BY_SHIFT) && one_in(random, 2))
            s->versus = KNOWN_NOW;
        else if (one_in(random, 2))
            numbers_make_versus(view, random, s);
    } else if (s->kind == STATE_OF) {
        for (int n = below(random, 3); n > 0; n--) {
            enum key key = (enum key)below(random, BY_HOUR);
            bool is_new = !is_tag((int)key) || tag_is_known(view->zone, key);
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
    print(s, view->zone);
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

/* ---- text ---- */

static void print_instant(struct text *out, gk_time t, struct random *random)
{
    char text[GK_TIME_TEXT_MAX];
    size_t n = gk_time_format(t, 28800, text);

    if (one_in(random, 2))
        n -= 6; /* the store's zone */
    text_add(out, "%.*s", (int)n, text);
}

static void print_window(struct statement *s, struct random *random)
{
    static const char *const units[] = {" last night 22:00-06:00",
                                        " this hour",
                                        " last hour",
                                        " this week",
                                        " last week",
                                        " this month",
                                        " last month"};
    struct text *out = &s->text;
    char day[GK_TIME_TEXT_MAX];

    switch (s->window) {
    case DEFAULT:
        break;
    case LAST_D:
        text_add(out, " last ");
        text_duration(out, s->last, random);
        break;
    case BETWEEN:
        text_add(out, " between ");
        print_instant(out, s->from, random);
        text_add(out, " and ");
        print_instant(out, s->to, random);
        break;
    case SINCE:
        text_add(out, " since ");
        print_instant(out, s->from, random);
        break;
    case UNTIL:
        text_add(out, " until ");
        print_instant(out, s->to, random);
        break;
    case AT:
        text_add(out, " at ");
        print_instant(out, s->from, random);
        break;
    case NOW:
        if (s->kind != WHICH || s->mode != 3)
            text_add(out, " now");
        break;
    case ON:
        (void)gk_time_format(s->from, 28800, day);
        text_add(out, " on %.10s", day);
        break;
    case TODAY:
        text_add(out, " today");
        break;
    case CLOCKS:
        text_add(out, " today %02d:%02d-%02d:%02d", s->clock_from / 3600, s->clock_from / 60 % 60, s->clock_to / 3600,
                 s->clock_to / 60 % 60);
        break;
    case YESTERDAY:
        text_add(out, " yesterday");
        break;
    default:
        text_add(out, "%s", units[s->window - LAST_NIGHT]);
    }
}

static void print_names(struct text *out, const struct zone *zone, enum noun noun, const int *names, int n)
{
    for (int i = 0; i < n; i++)
        text_add(out, "%s'%s'", i ? ", " : " ",
                 noun <= ABATEMENT ? zone->facilities[names[i]].name : zone->sites[kind_of(noun)][names[i]].name);
}

static void print_filter(struct text *out, const char *before, const struct filter *f)
{
    text_add(out, "%s%s %s ", before, f->tag, COMPARES[f->compare]);
    if (f->text)
        text_add(out, "'%s'", f->text);
    else
        text_add(out, "%d", f->number);
}

static void print_having(struct text *out, const char *before, const struct column_tail *having)
{
    text_add(out, "%s%s %s %d", before, having->name, COMPARES[having->compare], having->value);
    if (having->than[0])
        text_add(out, " * %s", having->than);
}

static void print_tails(struct statement *s, const struct zone *zone, struct random *random)
{
    static const char *const unknowns[] = {"", " unknown as true", " unknown as false"};
    struct text *out = &s->text;

    if (s->per != NONE && s->kind != WHICH && !s->is_which)
        text_add(out, " per %s", NOUNS[s->per]);
    if (s->n_in) {
        text_add(out, " in %s", NOUNS[s->in]);
        print_names(out, zone, s->in, s->in_names, s->n_in);
    }
    for (int i = 0; i < s->n_where; i++)
        print_filter(out, i ? " and " : " where ", &s->where[i]);
    for (int i = 0; i < s->n_keys && !s->is_which; i++)
        text_add(out, "%s%s", i ? ", " : " by ", KEYS[s->keys[i]]);
    if (s->every) {
        text_add(out, " every ");
        text_duration(out, s->every, random);
        if (s->offset) {
            text_add(out, " offset ");
            text_duration(out, s->offset, random);
        }
    }
    print_window(s, random);
    text_add(out, "%s", unknowns[s->unknown_as]);
    if (s->uses_set)
        text_add(out, " using bands '" SET_NAME "'");
    print_with(s);
    if (s->has_known) {
        char known[GK_TIME_TEXT_MAX];
        (void)gk_time_format(s->known, 28800, known);
        text_add(out, " as known at %s", known);
    }
    if (s->having.is_set && !s->is_which)
        print_having(out, " having ", &s->having);
    if (s->having_too.is_set)
        print_having(out, " and ", &s->having_too);
    if (s->top.is_set)
        text_add(out, " top %d by %s", s->top.value % 7 + 1, s->top.name);
    if (s->sort.is_set)
        text_add(out, " sort %s%s", s->sort.name, s->sort.is_desc ? " desc" : "");
    if (s->limit)
        text_add(out, " limit %d", s->limit);
}

void statement_print_source(const struct statement *s, const struct zone *zone, struct random *random, struct text *out)
{
    static const char *const metrics[] = {"power", "current", "load"};

    if (s->kind <= AGGREGATE) {
        text_add(out, "(");
        tree_print(zone, s->cond, 0, random, out);
        text_add(out, ")");
        return;
    }
    if ((s->kind == SERIES || s->kind == SAMPLES) && s->metric != ENERGY_OF)
        text_add(out, "%s of ",
                 s->metric == CHANNEL ? CHANNELS[s->channel]
                 : s->metric == ROW   ? row_text(s->channel)
                                      : metrics[s->metric]);
    text_add(out, "%s%s", s->has_own_filter ? "(" : "", NOUNS[s->ref.noun]);
    print_names(out, zone, s->ref.noun, s->ref.names, s->ref.n_names);
    if (s->has_own_filter) {
        print_filter(out, " where ", &s->own_filter);
        text_add(out, ")");
    }
    if (s->is_narrowed) {
        text_add(out, one_in(random, 2) ? " while (" : " during (");
        tree_print(zone, s->cond, 0, random, out);
        text_add(out, ")");
    }
}

static void print(struct statement *s, const struct zone *zone)
{
    static const char *const modes[] = {" ever", " always", " never", " now"};
    struct random random = random_from(s->print_seed);
    struct text *out = &s->text;

    out->size = 0;
    if (s->is_which) {
        text_add(out, "which %s%s (", NOUNS[s->noun], one_in(&random, 2) ? " ever" : "");
        tree_print(zone, s->cond, 0, &random, out);
        text_add(out, s->having.compare == GK_GT ? ") more than %d times" : ") at least %d times", s->having.value);
        print_tails(s, zone, &random);
        return;
    }
    if (s->kind == WHEN)
        text_add(out, "when ");
    else if (s->kind == WHICH)
        text_add(out, "which %s%s ", NOUNS[s->noun], modes[s->mode]);
    else if (s->kind == STATE_OF)
        text_add(out, "state of ");
    else if (s->kind == SAMPLES)
        text_add(out, "samples of ");
    for (int i = 0; i < s->n_aggs; i++)
        text_add(out, "%s%s", i ? ", " : "", AGGS[s->aggs[i]]);
    if (s->n_aggs)
        text_add(out, " of ");
    if (s->kind == NUMBERS)
        numbers_print(s, zone, &random);
    else if (s->kind == LAG)
        lag_print(s, zone, &random);
    else if (s->is_bare && s->cond->op == STATE)
        text_add(out, "%s%s%s", s->cond->form ? "is " : "", s->cond->is_negated ? "not " : "", s->cond->state);
    else if (s->kind <= AGGREGATE)
        tree_print(zone, s->cond, 0, &random, out);
    else
        statement_print_source(s, zone, &random, out);
    print_tails(s, zone, &random);
    numbers_print_versus(s, &random);
}

/* ---- rows ---- */

void answer_clear(struct answer *answer)
{
    free(answer->cells);
    *answer = (struct answer){0};
}

struct cell *answer_cell(struct answer *out, int column)
{
    return &out->cells[(out->n_rows - 1) * out->n_columns + column];
}

void answer_add_row(struct answer *out)
{
    if (out->n_rows == out->capacity) {
        out->capacity = out->capacity ? 2 * out->capacity : 64;
        out->cells = realloc(out->cells, (size_t)(out->capacity * COLUMNS_MAX) * sizeof *out->cells);
        assert_non_null(out->cells);
    }
    out->n_rows++;
    memset(answer_cell(out, 0), 0, (size_t)out->n_columns * sizeof *out->cells);
}

void answer_put_text(struct answer *out, int column, const char *text)
{
    struct cell *cell = answer_cell(out, column);

    if (!text || !*text)
        return;
    (void)snprintf(cell->text, sizeof cell->text, "%s", text);
    cell->value.type = GK_TYPE_TEXT;
}

void answer_put_whole(struct answer *out, int column, const char *text)
{
    *answer_cell(out, column) = (struct cell){.value = {.type = GK_TYPE_TEXT}, .whole = text};
}

void answer_put_time(struct answer *out, int column, gk_time t)
{
    *answer_cell(out, column) = (struct cell){.value = {GK_TYPE_TIME, {.time = t}}};
}

void answer_put_number(struct answer *out, int column, enum gk_type type, double number, double slack)
{
    if (!isnan(number))
        *answer_cell(out, column) = (struct cell){.value = {type, {.number = number}}, .slack = slack};
}

void answer_put_count(struct answer *out, int column, enum gk_type type, int64_t count)
{
    *answer_cell(out, column) = (struct cell){.value = {type, {.count = count}}};
}

static double number_of(const struct cell *cell)
{
    switch (cell->value.type) {
    case GK_TYPE_TIME:
        return (double)cell->value.as.time;
    case GK_TYPE_COUNT:
    case GK_TYPE_TRUTH:
        return (double)cell->value.as.count;
    default:
        return cell->value.as.number;
    }
}

static int answer_column(const struct answer *out, const char *name)
{
    for (int i = 0; i < out->n_columns; i++)
        if (strcmp(out->columns[i], name) == 0)
            return i;
    return strcmp(name, "duration") == 0 ? answer_column(out, "duration_s") : NONE;
}

static bool compares(enum gk_compare compare, double order)
{
    const bool by[] = {order<0, order <= 0, order> 0, order >= 0, !(order < 0 || order > 0), order < 0 || order > 0};
    return by[compare];
}

/* Whether row a comes behind row b. */
static bool is_behind(const struct cell *a, const struct cell *b, bool is_desc)
{
    bool a_empty = a->value.type == GK_TYPE_EMPTY, b_empty = b->value.type == GK_TYPE_EMPTY;
    double order;

    if (a_empty || b_empty)
        return a_empty && !b_empty;
    if (a->value.type == GK_TYPE_TEXT)
        order = strcmp(a->text, b->text);
    else
        order = number_of(a) < number_of(b) ? -1 : number_of(a) > number_of(b);
    return is_desc ? order < 0 : order > 0;
}

/* Rows that are equal stay in their order: merged from ever longer stretches. */
static void sort_rows(struct answer *out, int column, bool is_desc)
{
    size_t width = (size_t)out->n_columns;
    struct cell *from = out->cells, *to = malloc(((size_t)out->capacity * COLUMNS_MAX + 1) * sizeof *to), *swap;

    assert_non_null(to);
    for (int length = 1; length < out->n_rows; length *= 2, swap = from, from = to, to = swap)
        for (int a = 0; a < out->n_rows; a += 2 * length) {
            int middle = a + length < out->n_rows ? a + length : out->n_rows;
            int end = middle + length < out->n_rows ? middle + length : out->n_rows;
            for (int k = a, i = a, j = middle; k < end; k++) {
                const struct cell *left = from + (size_t)i * width, *right = from + (size_t)j * width;
                bool is_left = j == end || (i < middle && !is_behind(&left[column], &right[column], is_desc));
                memcpy(to + (size_t)k * width, is_left ? left : right, width * sizeof *to);
                i += is_left;
                j += !is_left;
            }
        }
    out->cells = from;
    free(to);
}

static void keep_rows(struct answer *out, int n)
{
    out->n_rows = out->n_rows < n ? out->n_rows : n;
}

static bool row_has(const struct column_tail *having, const struct answer *out, const struct cell *row)
{
    const struct cell *cell, *than;
    double value = having->value;

    if (!having->is_set)
        return true;
    cell = &row[answer_column(out, having->name)];
    if (cell->value.type == GK_TYPE_EMPTY || cell->value.type == GK_TYPE_TEXT)
        return false;
    if (having->than[0]) {
        than = &row[answer_column(out, having->than)];
        if (than->value.type == GK_TYPE_EMPTY)
            return false;
        value *= number_of(than);
    }
    return compares(having->compare, number_of(cell) - value);
}

static void apply_tails(const struct statement *s, struct answer *out)
{
    int kept = 0;

    for (int i = 0; i < out->n_rows; i++) {
        const struct cell *row = &out->cells[i * out->n_columns];
        if (row_has(&s->having, out, row) && row_has(&s->having_too, out, row))
            memmove(&out->cells[kept++ * out->n_columns], row, (size_t)out->n_columns * sizeof *out->cells);
    }
    out->n_rows = kept;
    if (s->top.is_set) {
        sort_rows(out, answer_column(out, s->top.name), true);
        keep_rows(out, s->top.value % 7 + 1);
    }
    if (s->sort.is_set)
        sort_rows(out, answer_column(out, s->sort.name), s->sort.is_desc);
    if (s->limit)
        keep_rows(out, s->limit);
}

/* ---- windows and buckets ---- */

/* The begin of a civil unit around a moment, moved on by `by` units; by the C library's calendar. */
gk_time civil_time(gk_time t, enum key unit, int by)
{
    int64_t local = floor_div(t + EAST, GK_SECOND);
    time_t seconds = (time_t)local;
    struct tm tm;

    (void)gmtime_r(&seconds, &tm);
    tm.tm_min = tm.tm_sec = 0;
    if (unit == BY_HOUR)
        tm.tm_hour += by;
    else
        tm.tm_hour = 0;
    if (unit == BY_DAY)
        tm.tm_mday += by;
    if (unit == BY_WEEK)
        tm.tm_mday += 7 * by - (tm.tm_wday + 6) % 7;
    if (unit == BY_MONTH)
        tm.tm_mday = 1, tm.tm_mon += by;
    return (int64_t)timegm(&tm) * GK_SECOND - EAST;
}

void frame_make(const struct statement *s, const struct view *view, struct frame *out)
{
    const struct zone *zone = view->zone;
    gk_time now = zone->now;
    enum window window = s->kind == STATE_OF && s->window == DEFAULT ? NOW : s->window;
    enum key unit;
    bool is_this;

    *out = (struct frame){.from = now - DAY, .to = now, .known_end = zone_tick(zone, now) + 1};
    switch (window) {
    case LAST_D:
        out->from = now - s->last;
        break;
    case BETWEEN:
        out->from = s->from;
        out->to = s->to;
        break;
    case SINCE:
        out->from = s->from;
        break;
    case UNTIL:
        out->to = s->to;
        out->from = view->opens < s->to ? view->opens : s->to;
        break;
    case AT:
    case NOW:
        out->from = window == AT ? s->from : now;
        out->a = zone_tick(zone, out->from);
        out->b = out->a + 1;
        out->to = out->b * zone->tick;
        return;
    case ON:
        out->from = civil_time(s->from, BY_DAY, 0);
        out->to = out->from + DAY;
        break;
    case YESTERDAY:
        out->from = civil_time(now, BY_DAY, -1);
        out->to = out->from + DAY;
        break;
    case TODAY:
    case CLOCKS:
        out->from = civil_time(now, BY_DAY, 0);
        out->to = out->from + DAY;
        if (window == CLOCKS) {
            out->to = out->from + s->clock_to * GK_SECOND + (s->clock_to <= s->clock_from ? DAY : 0);
            out->from += s->clock_from * GK_SECOND;
        }
        break;
    case LAST_NIGHT:
        out->from = civil_time(now, BY_DAY, -1) + 22 * HOUR;
        out->to = out->from + 8 * HOUR;
        break;
    case THIS_HOUR:
    case LAST_HOUR:
    case THIS_WEEK:
    case LAST_WEEK:
    case THIS_MONTH:
    case LAST_MONTH:
        unit = window <= LAST_HOUR ? BY_HOUR : window <= LAST_WEEK ? BY_WEEK : BY_MONTH;
        is_this = window == THIS_HOUR || window == THIS_WEEK || window == THIS_MONTH;
        out->from = civil_time(now, unit, is_this ? 0 : -1);
        out->to = civil_time(now, unit, is_this ? 1 : 0);
        break;
    default:
        break;
    }
    out->to = out->to < now ? out->to : now; /* nothing is known of what comes */
    out->from = out->from < out->to ? out->from : out->to;
    out->a = zone_tick(zone, out->from);
    out->b = zone_tick(zone, out->to);
}

void buckets_make(const struct statement *s, const struct view *view, const struct frame *frame, struct buckets *out)
{
    gk_time from = frame->from;

    out->n = out->n_shifts = 0;
    out->is_by_shift = has_key(s, BY_SHIFT);
    out->key = NONE;
    for (int i = 0; i < s->n_keys; i++)
        if (s->keys[i] >= BY_HOUR && s->keys[i] != BY_SHIFT)
            out->key = s->keys[i];
    if (out->is_by_shift) {
        out->n_shifts = shifts_list(view->zone, out->shifts);
        from -= from < frame->to ? DAY : 0; /* that of the night before reaches into the window */
    }
    for (gk_time t = from, next; t < frame->to; t = next) {
        gk_time start = from;
        next = frame->to;
        if (s->every) { /* counted from a midnight of the zone */
            start = floor_div(t + EAST - s->offset, s->every) * s->every - EAST + s->offset;
            next = start + s->every;
        } else if (out->key != NONE) {
            start = civil_time(t, (enum key)out->key, 0);
            next = civil_time(t, (enum key)out->key, 1);
        }
        assert_true(out->n < BUCKETS_MAX);
        out->edges[out->n] = t;
        out->starts[out->n++] = start;
    }
    out->edges[out->n] = frame->to;
}

/* ---- who ---- */

bool filter_passes(const struct zone *zone, const struct filter *f, int facility)
{
    const struct facility *x = &zone->facilities[facility];
    const char *text = NULL;
    double number = NAN;

    if (strcmp(f->tag, "type") == 0)
        text = x->type;
    else if (strcmp(f->tag, "group") == 0)
        text = x->group;
    else if (strcmp(f->tag, "park") == 0)
        text = zone->sites[GK_PARK][x->site[GK_PARK]].name;
    else if (strcmp(f->tag, "role") == 0)
        text = ROLES[x->role];
    else if (strcmp(f->tag, "name") == 0)
        text = x->name;
    else if (strcmp(f->tag, "enterprise") == 0)
        text = zone->sites[GK_ENTERPRISE][x->site[GK_ENTERPRISE]].name;
    else if (strcmp(f->tag, "line") == 0)
        text = x->site[GK_LINE] == NONE ? "" : zone->sites[GK_LINE][x->site[GK_LINE]].name;
    else if (strcmp(f->tag, "stop_level") == 0)
        number = x->stop_level == NONE ? NAN : x->stop_level;
    else
        number = f->tag[6] == 'k' ? (double)x->rated_kw / 100 : (double)x->rated_a / 100;
    if (f->text)
        return text && compares(f->compare, strcmp(text, f->text));
    if (isnan(number) || (number == 0 && f->tag[0] == 'r'))
        return false;
    return compares(f->compare, number - f->number);
}

static bool is_in(const struct statement *s, const struct zone *zone, int facility)
{
    int site = s->in <= ABATEMENT ? facility : zone->facilities[facility].site[kind_of(s->in)];

    return s->n_in == 0 || (site != NONE && site_is_named(zone, s->in, site, s->in_names, s->n_in));
}

bool statement_has_facility(const struct statement *s, const struct zone *zone, int facility)
{
    if (!is_in(s, zone, facility))
        return false;
    for (int i = 0; i < s->n_where; i++)
        if (!filter_passes(zone, &s->where[i], facility))
            return false;
    return true;
}

bool statement_has_subject(const struct statement *s, const struct zone *zone, const struct whom *whom, int id)
{
    enum gk_kind kind = kind_of(whom->noun);

    if (whom->n_names && !site_is_named(zone, whom->noun, id, whom->names, whom->n_names))
        return false;
    if (kind == GK_FACILITY)
        return facility_has_noun(zone, id, whom->noun) && statement_has_facility(s, zone, id);
    if (s->n_in == 0 && s->n_where == 0)
        return true;
    for (int f = 0; f < zone->n_facilities; f++)
        if ((kind == GK_ZONE || zone->facilities[f].site[kind] == id) && statement_has_facility(s, zone, f))
            return true;
    return false;
}

int subject_count(const struct zone *zone, enum noun noun)
{
    enum gk_kind kind = kind_of(noun);
    return kind == GK_FACILITY ? zone->n_facilities : kind == GK_ZONE ? 1 : zone->n_sites[kind];
}

/* The sites in which a subject is: by gk_kind, NONE where there is none; [0] is the facility. */
static void position_of(const struct zone *zone, enum noun noun, int id, int out[4])
{
    enum gk_kind kind = kind_of(noun);

    out[0] = out[GK_PARK] = out[GK_ENTERPRISE] = out[GK_LINE] = NONE;
    if (kind == GK_FACILITY) {
        out[0] = id;
        for (int k = GK_PARK; k <= GK_LINE; k++)
            out[k] = zone->facilities[id].site[k];
        return;
    }
    for (int k = kind; k > GK_ZONE && id != NONE; k--) {
        out[k] = id;
        id = zone->sites[k][id].parent;
    }
}

static const char *site_text(const struct zone *zone, int kind, int id)
{
    if (id == NONE)
        return "";
    return kind == 0 ? zone->facilities[id].name : zone->sites[kind][id].name;
}

/* ---- evaluating a condition ---- */

static int64_t least_date(const struct zone *zone, gk_time t, int64_t least)
{
    return t != GK_TIME_MIN && zone_tick(zone, t) < least ? zone_tick(zone, t) : least;
}

void run_open(struct run_of *run, const struct statement *s, const struct view *view, const struct node *cond,
              const struct frame *frame, int64_t back)
{
    const struct zone *zone = view->zone;
    struct span span;
    int64_t end;

    *run = (struct run_of){.s = s, .cond = cond, .view = view, .frame = *frame};
    int64_t data = view->beginning == GK_TIME_MAX ? run->frame.known_end : zone_tick(zone, view->beginning);
    run->pad = tree_pad(cond, zone->tick) + 2;
    run->first = data < run->frame.a ? data : run->frame.a;
    run->valid = run->first;
    for (int i = 0; i < zone->n_orders; i++)
        run->valid = least_date(zone, zone->orders[i].from, run->valid);
    for (int i = 0; i < zone->n_exemptions; i++)
        run->valid = least_date(zone, zone->exemptions[i].from, run->valid);
    for (int i = 0; i < zone->n_links; i++) {
        run->valid = least_date(zone, zone->links[i].from, run->valid);
        run->valid = least_date(zone, zone->links[i].to, run->valid);
    }
    run->valid -= run->pad + 1 + back;
    run->valid -= tree_days(cond) * DAY / zone->tick;
    span.first = run->valid - run->pad;
    end = run->frame.known_end > run->frame.b ? run->frame.known_end : run->frame.b;
    span.n = (int)(end + 2 * run->pad - span.first);
    span.known_end = run->frame.known_end;
    field_open(&run->field, view, &span);
    for (int f = 0; f < zone->n_facilities; f++)
        run->field.is_in[f] = is_in(s, zone, f);
    run->field.whom = tree_subject(cond, s->per);
    if (s->kind == WHICH)
        run->field.whom = (struct whom){.noun = s->noun};
    run->out = malloc((size_t)span.n);
    assert_non_null(run->out);
}

void run_close(struct run_of *run)
{
    field_close(&run->field);
    free(run->out);
}

void run_subject(struct run_of *run, int id)
{
    tree_truth(&run->field, run->cond, (struct who){run->field.whom.noun, id}, run->out);
    for (int i = 0; i < run->field.span.n && run->s->unknown_as; i++)
        run->out[i] = run->out[i] == 2 || (run->out[i] == 1 && run->s->unknown_as == 1) ? 2 : 0;
}

truth run_truth(const struct run_of *run, int64_t tick)
{
    return run->out[tick - run->field.span.first];
}

/* Where the stretch around a tick begins and ends; by one truth, or (level) by at least that. */
int64_t run_begin_of(const struct run_of *run, int64_t tick, truth least, truth most, bool *is_endless)
{
    while (tick > run->valid && run_truth(run, tick - 1) >= least && run_truth(run, tick - 1) <= most)
        tick--;
    *is_endless = tick == run->valid;
    return *is_endless ? run->first : tick;
}

int64_t run_end_of(const struct run_of *run, int64_t tick, truth least, truth most)
{
    int64_t first = run->field.span.first, end = first + run->field.span.n;

    while (tick < end && run_truth(run, tick) >= least && run_truth(run, tick) <= most)
        tick = first + same_until(run->out, (int)(tick - first), run->field.span.n);
    return tick;
}

/* ---- when ---- */

void run_put_subject(const struct run_of *run, int id, struct answer *out)
{
    const struct zone *zone = run->view->zone;
    enum noun noun = run->field.whom.noun;
    int position[4];

    position_of(zone, noun, id, position);
    answer_put_text(out, 0, noun == ZONE ? "zone" : site_text(zone, noun <= ABATEMENT ? 0 : (int)kind_of(noun), id));
    answer_put_text(out, 1, site_text(zone, 0, position[0]));
    answer_put_text(out, 2, site_text(zone, GK_LINE, position[GK_LINE]));
    answer_put_text(out, 3, site_text(zone, GK_ENTERPRISE, position[GK_ENTERPRISE]));
    answer_put_text(out, 4, site_text(zone, GK_PARK, position[GK_PARK]));
}

gk_time run_watermark(const struct run_of *run)
{
    gk_time now = run->view->zone->now;
    return run->view->watermark < now ? run->view->watermark : now;
}

static void put_stretch(const struct run_of *run, int id, int64_t from, int64_t to, truth level, bool is_endless,
                        struct answer *out)
{
    bool is_event = run->s->cond->is_event, is_open = to >= run->frame.known_end && !(is_event && level == 2);
    int64_t tick = run->view->zone->tick;
    double seconds = (double)(to - from) * (double)tick / 1e9;

    if (is_open) {
        seconds = (double)(run_watermark(run) - from * tick) / 1e9;
        if (run_watermark(run) == GK_TIME_MIN || seconds < 0)
            seconds = 0;
    }
    answer_add_row(out);
    run_put_subject(run, id, out);
    answer_put_time(out, 5, from * tick);
    if (!is_open)
        answer_put_time(out, 6, is_event && level == 2 ? from * tick : to * tick);
    answer_put_number(out, 7, GK_TYPE_SECONDS, is_event ? 0 : seconds, 0);
    answer_put_text(out, 8, level == 2 ? "certain" : "possible");
    answer_put_count(out, 9, GK_TYPE_TRUTH, is_open);
    answer_put_count(out, 10, GK_TYPE_TRUTH, is_endless || from < run->frame.a);
}

static void list_runs(const struct run_of *run, int id, struct answer *out)
{
    bool is_event = run->s->cond->is_event, is_endless;

    for (int64_t t = run->frame.a, next; t < run->frame.b; t = next) {
        truth level = run_truth(run, t);
        next = run_end_of(run, t, level, level);
        if (level == 0 || (level == 1 && !run->s->with_possible))
            continue;
        if (level == 2 && is_event) { /* moments */
            put_stretch(run, id, t, t + 1, level, false, out);
            next = t + 1;
            continue;
        }
        int64_t from = run_begin_of(run, t, level, level, &is_endless);
        put_stretch(run, id, from, next, level, is_endless, out);
    }
}

void answer_name_columns(struct answer *out, const char *const *names, int n)
{
    for (int i = 0; i < n; i++)
        out->columns[out->n_columns++] = names[i];
}

static void answer_runs(const struct statement *s, const struct view *view, struct answer *out)
{
    static const char *const names[] = {"subject", "facility",   "line",      "enterprise", "park",      "start",
                                        "end",     "duration_s", "certainty", "open",       "carried_in"};
    static const char *const of_which[] = {"subject", "facility", "line", "enterprise", "park", "certainty"};
    struct frame frame;
    struct run_of run;

    answer_name_columns(out, s->kind == WHEN ? names : of_which, s->kind == WHEN ? 11 : 6);
    frame_make(s, view, &frame);
    run_open(&run, s, view, s->cond, &frame, 0);
    for (int id = 0; id < subject_count(view->zone, run.field.whom.noun); id++) {
        int64_t certain = 0, possible = 0, total = run.frame.b - run.frame.a;
        if (!statement_has_subject(s, view->zone, &run.field.whom, id))
            continue;
        run_subject(&run, id);
        if (s->kind == WHEN) {
            list_runs(&run, id, out);
            continue;
        }
        for (int64_t t = run.frame.a; t < run.frame.b; t++) {
            certain += run_truth(&run, t) == 2;
            possible += run_truth(&run, t) > 0;
        }
        if (total <= 0 || (s->mode == 1 ? certain < total : s->mode == 2 ? possible > 0 : certain == 0))
            continue;
        answer_add_row(out);
        run_put_subject(&run, id, out);
        answer_put_text(out, 5, "certain");
    }
    run_close(&run);
}

/* ---- groups: rows in the order of their keys, nested as written ---- */

/* Tags in their order, numbered: those of a key begin with "". */
static const char *const TAGS[] = {"", "0", "1", "2", "3", "A", "B", "RTO", "bag"};

/* Of a site the value on which all agree that have one. */
static int tag_id(const struct zone *zone, enum key key, enum noun noun, int id)
{
    const char *agreed = "";
    int out = 0;

    for (int f = 0; f < zone->n_facilities; f++) {
        const char *text = tag_text(&zone->facilities[f], key);
        if (!text[0] || !facility_is_inside(zone, f, noun, id))
            continue;
        if (agreed[0] && strcmp(agreed, text) != 0)
            return 0;
        agreed = text;
    }
    while (strcmp(TAGS[out], agreed) != 0)
        out++;
    return out;
}

static int key_id(const struct view *view, enum key key, enum noun noun, int id)
{
    static const int kinds[] = {0, GK_LINE, GK_ENTERPRISE, GK_PARK};
    int position[4];

    if (is_tag((int)key))
        return tag_id(view->zone, key, noun, id);
    position_of(view->zone, noun, id, position);
    id = position[kinds[key]];
    return id == NONE ? INT32_MAX : id;
}

static int compare_rows(const struct statement *s, const struct group_row *a, const struct group_row *b)
{
    for (int k = 0; k < s->n_keys; k++)
        if (a->ids[k] != b->ids[k])
            return a->ids[k] < b->ids[k] ? -1 : 1;
    return a->cell < b->cell ? -1 : a->cell > b->cell;
}

int table_row(struct table *table, const struct statement *s, const struct view *view, enum noun noun, int id, int cell)
{
    const struct buckets *buckets = &table->buckets;
    struct group_row row = {.cell = cell};

    for (int k = 0; k < s->n_keys; k++)
        row.ids[k] = s->keys[k] == BY_SHIFT  ? cell % buckets->n_shifts
                     : s->keys[k] >= BY_HOUR ? cell_bucket(buckets, cell)
                                             : key_id(view, s->keys[k], noun, id);
    for (int i = 0; i < table->n; i++)
        if (compare_rows(s, &table->rows[i], &row) == 0)
            return i;
    if (table->is_full)
        return NONE;
    table->rows = realloc(table->rows, ((size_t)table->n + 1) * sizeof row);
    assert_non_null(table->rows);
    table->rows[table->n] = row;
    return table->n++;
}

int table_key_columns(const struct statement *s, struct answer *out)
{
    for (int k = 0; k < s->n_keys; k++)
        out->columns[out->n_columns++] = KEYS[s->keys[k]];
    if (s->every)
        out->columns[out->n_columns++] = "time";
    return out->n_columns;
}

void table_put_keys(const struct statement *s, const struct view *view, const struct table *table, int row,
                    struct answer *out)
{
    static const int kinds[] = {0, GK_LINE, GK_ENTERPRISE, GK_PARK};
    const struct group_row *r = &table->rows[row];
    gk_time start = table->buckets.starts[cell_bucket(&table->buckets, r->cell)];
    char text[GK_TIME_TEXT_MAX];

    for (int k = 0; k < s->n_keys; k++) {
        if (is_tag((int)s->keys[k])) {
            answer_put_text(out, k, TAGS[r->ids[k]]);
        } else if (s->keys[k] < BY_HOUR) {
            answer_put_text(out, k, r->ids[k] == INT32_MAX ? "" : site_text(view->zone, kinds[s->keys[k]], r->ids[k]));
        } else if (s->keys[k] == BY_SHIFT) {
            answer_put_text(out, k, table->buckets.shifts[r->ids[k]]);
        } else if (s->keys[k] == BY_HOUR) {
            answer_put_time(out, k, start);
        } else {
            (void)gk_time_format(start, 28800, text);
            text[s->keys[k] == BY_MONTH ? 7 : 10] = '\0';
            answer_put_text(out, k, text);
        }
    }
    if (s->every)
        answer_put_time(out, s->n_keys, start);
}

/* Row numbers in order. */
int *table_order(const struct statement *s, const struct table *table)
{
    int *order = malloc(((size_t)table->n + 1) * sizeof *order);

    assert_non_null(order);
    for (int i = 0; i < table->n; i++) {
        int k = i;
        for (; k > 0 && compare_rows(s, &table->rows[order[k - 1]], &table->rows[i]) > 0; k--)
            order[k] = order[k - 1];
        order[k] = i;
    }
    return order;
}

/* ---- samples, state ---- */

static int sample_channels(const struct statement *s, int out[N_CHANNELS])
{
    int from = s->metric == CURRENT ? IA : s->metric == CHANNEL ? s->channel : KW, n = s->metric == CURRENT ? 3 : 1;

    if (s->metric == ROW)
        return row_channels(s->channel, out);
    for (int i = 0; i < n; i++)
        out[i] = from + i;
    return n;
}

static void answer_samples(const struct statement *s, const struct view *view, struct answer *out)
{
    int channels[N_CHANNELS], n = sample_channels(s, channels), n_keys = 2 + (s->metric == ROW);
    struct frame frame;
    double value;

    frame_make(s, view, &frame);
    answer_name_columns(out, (const char *const[]){"time", "facility", "value"}, n_keys);
    for (int c = 0; c < n; c++)
        answer_name_columns(out, &CHANNELS[channels[c]], 1);
    for (int f = 0; f < view->zone->n_facilities; f++) {
        for (int i = 0; i < view->signals[f].n && statement_means(s, view, f); i++) {
            const struct sample *sample = &view->signals[f].samples[i];
            bool is_empty = true;
            for (int c = 0; c < n; c++)
                is_empty = is_empty && gk_is_missing(sample->value[channels[c]]);
            if (is_empty || sample->time < frame.from || sample->time >= frame.to)
                continue;
            answer_add_row(out);
            answer_put_time(out, 0, sample->time);
            answer_put_text(out, 1, view->zone->facilities[f].name);
            if (s->metric == ROW && row_value(s->channel, &view->zone->facilities[f], sample, &value))
                answer_put_number(out, 2, GK_TYPE_NUMBER, value, 0);
            for (int c = 0; c < n; c++)
                answer_put_number(out, n_keys + c, GK_TYPE_NUMBER, sample->value[channels[c]], 0);
        }
    }
}

/* How many are in each state. */
static void count_states(const struct statement *s, const struct view *view, const struct frame *frame,
                         struct answer *out)
{
    static const char *const names[] = {"facilities", "off", "idle", "on", "overload", "nodata", "never"};
    static const int columns[] = {5, 1, 2, 3, 4}; /* by state */
    const struct span span = {.first = frame->a, .n = 1, .known_end = frame->known_end};
    int(*counts)[7] = calloc(FACILITIES_MAX, sizeof *counts), *order;
    struct table table = {.buckets = {.n = 1, .starts = {frame->from}}};
    uint8_t state;

    assert_non_null(counts);
    for (int f = 0; f < view->zone->n_facilities; f++) {
        const struct signal *signal = &view->signals[f];
        if (!statement_means(s, view, f))
            continue;
        int *count = counts[table_row(&table, s, view, FACILITY, f, 0)];
        signal_states(view, f, &span, &state);
        state = frame->a < frame->known_end ? state : GK_NODATA;
        count[0]++;
        count[columns[state]]++;
        count[6] += state == GK_NODATA && (signal->n == 0 || signal->samples[0].time > frame->from);
    }
    int n_keys = table_key_columns(s, out);
    answer_name_columns(out, names, 7);
    order = table_order(s, &table);
    for (int i = 0; i < table.n; i++) {
        answer_add_row(out);
        table_put_keys(s, view, &table, order[i], out);
        for (int c = 0; c < 7; c++)
            answer_put_count(out, n_keys + c, GK_TYPE_COUNT, counts[order[i]][c]);
    }
    free(order);
    free(counts);
    free(table.rows);
}

static void answer_state(const struct statement *s, const struct view *view, struct answer *out)
{
    static const char *const names[] = {"facility", "line", "enterprise", "park", "role", "state", "since", "until"};
    const struct zone *zone = view->zone;
    struct frame frame;

    frame_make(s, view, &frame);
    if (s->n_keys) {
        count_states(s, view, &frame, out);
        return;
    }
    answer_name_columns(out, names, 8);
    int64_t first = view->beginning == GK_TIME_MAX ? frame.a : zone_tick(zone, view->beginning);
    struct span span = {.first = (first < frame.a ? first : frame.a) - 2, .known_end = frame.known_end};
    span.n = (int)((frame.known_end > frame.b ? frame.known_end : frame.b) - span.first);
    uint8_t *states = malloc((size_t)span.n);
    assert_non_null(states);
    for (int f = 0; f < zone->n_facilities; f++) {
        int at_tick = (int)(frame.a - span.first), from = at_tick, to = at_tick, position[4];
        if (!statement_means(s, view, f))
            continue;
        signal_states(view, f, &span, states);
        position_of(zone, FACILITY, f, position);
        answer_add_row(out);
        answer_put_text(out, 0, zone->facilities[f].name);
        for (int k = 0; k < 3; k++)
            answer_put_text(out, 1 + k, site_text(zone, GK_LINE - k, position[GK_LINE - k]));
        answer_put_text(out, 4, ROLES[zone->facilities[f].role]);
        bool is_known = frame.a < frame.known_end; /* nothing is known of what comes */
        answer_put_text(out, 5, STATES[is_known ? states[at_tick] : GK_NODATA]);
        while (from > 0 && states[from - 1] == states[at_tick])
            from--;
        while (to < span.n && span.first + to < frame.known_end && states[to] == states[at_tick])
            to++;
        if (is_known && from > 0)
            answer_put_time(out, 6, (span.first + from) * zone->tick);
        if (is_known && span.first + to < frame.known_end)
            answer_put_time(out, 7, (span.first + to) * zone->tick);
    }
    free(states);
}

static void add_column_named(struct answer *out, const char *prefix, const char *name)
{
    char *text = out->names[out->n_columns];

    (void)snprintf(text, sizeof out->names[0], "%s%s", prefix, name);
    out->columns[out->n_columns++] = text;
}

/* Coverage follows from the rows, nearly, and what is possible is told of the new limits. */
static bool is_single(const char *column)
{
    return strcmp(column, "coverage") == 0 || strncmp(column, "possible_", 9) == 0;
}

static struct number number_in(const struct cell *cell)
{
    bool is_number = cell->value.type != GK_TYPE_EMPTY && cell->value.type != GK_TYPE_TIME;

    return (struct number){is_number ? number_of(cell) : NAN, cell->slack, cell->is_any};
}

/* Beside each number another one, and how much of the reference the first one is more: where that is above 0. */
static void put_both(const struct answer *first, const struct answer *other, const char *prefix, int n_keys,
                     bool is_other_reference, struct answer *out)
{
    for (int c = 0; c < first->n_columns; c++) {
        add_column_named(out, "", first->columns[c]);
        if (c >= n_keys && !is_single(first->columns[c]))
            add_column_named(out, prefix, first->columns[c]);
    }
    add_column_named(out, "", "change");
    for (int row = 0; row < first->n_rows; row++) {
        const struct cell *a = &first->cells[row * first->n_columns], *b = &other->cells[row * other->n_columns];
        int column = 0;
        answer_add_row(out);
        for (int c = 0; c < first->n_columns; c++) {
            *answer_cell(out, column++) = a[c];
            if (c >= n_keys && !is_single(first->columns[c]))
                *answer_cell(out, column++) = b[c];
        }
        struct number of_a = number_in(&a[n_keys]), of_b = number_in(&b[n_keys]);
        struct number from = is_other_reference ? of_b : of_a, to = is_other_reference ? of_a : of_b;
        struct number change = number_change(to, from);
        if (from.value <= -2 * from.slack && from.value < 0)
            continue;
        answer_put_number(out, column, GK_TYPE_SHARE, change.value, change.slack);
        answer_cell(out, column)->is_any = change.is_any;
    }
}

static void answer_numbers(const struct statement *s, const struct view *view, const struct view *other,
                           struct answer *out)
{
    struct answer first = {0}, beside = {0};
    bool is_stored = s->versus == STORED;

    if (s->versus < STORED) {
        numbers_answer(s, view, out);
        return;
    }
    numbers_answer(s, view, &first);
    numbers_answer(s, other, &beside);
    assert_int_equal(first.n_rows, beside.n_rows);
    put_both(&first, &beside, is_stored ? "stored_" : "now_", s->n_keys + (s->every != 0), is_stored, out);
    answer_clear(&first);
    answer_clear(&beside);
}

void statement_answer(const struct statement *s, const struct view *given, struct answer *out)
{
    struct view under = *given, other = *given, known;
    static struct zone then; /* all that is known now, by the clock of then */
    const struct view *view = &under;

    if (s->has_known) {
        view_make_known(&known, given, s->known < given->zone->now ? s->known : given->zone->now);
        under = known;
        then = *given->zone;
        then.now = known.zone->now;
        other = s->versus == STORED ? known : *given;
        other.opens = known.opens;
        if (s->versus != STORED)
            other.zone = &then;
    }
    under.with = s->has_with ? &s->with : NULL;
    under.uses_set = s->uses_set;
    other.with = s->versus == STORED ? NULL : under.with;
    other.uses_set = s->versus != STORED && s->uses_set;
    *out = (struct answer){0};
    switch (s->kind) {
    case WHEN:
    case WHICH:
        answer_runs(s, view, out);
        break;
    case AGGREGATE:
    case SERIES:
    case NUMBERS:
        answer_numbers(s, view, &other, out);
        break;
    case LAG:
        lag_answer(s, view, out);
        break;
    case SAMPLES:
        answer_samples(s, view, out);
        break;
    default:
        answer_state(s, view, out);
    }
    apply_tails(s, out);
    if (s->has_known)
        view_clear(&known);
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
        struct whom was = tree_subject(of->cond, of->per), whom;
        bool is_event = of->cond->is_event;
        if (operand)
            *node = *operand;
        node->parens = false;
        renew_events(of->cond);
        whom = tree_subject(of->cond, of->per);
        if (!tree_is_allowed(of->cond, &whom) || whom.noun != was.noun ||
            (is_event != of->cond->is_event && (of->kind == SERIES || of->kind == LAG)))
            *of->cond = before; /* the same once more: no use */
    }
    share_tails(copy);
    print(copy, view->zone);
    if (strlen(copy->text.bytes) >= strlen(s->text.bytes))
        copy->text.bytes[0] = '\0'; /* not smaller */
    return copy;
}
