/*
 * text.c - see naive.h. A statement as text.
 */
#include "naive/statement.h"

const char *const AGGS[] = {"duration", "share", "count", "longest", "first", "last", "coverage", "avg", "max",
                            "min",      "sum",   "rms",   "energy",  "p50",   "p95",  "median",   ""};
const char *const KEYS[] = {"facility",   "line", "enterprise", "park", "type",  "group",
                            "stop_level", "hour", "day",        "week", "month", "shift"};
const char *const NOUNS[] = {"facility", "production", "abatement", "line", "enterprise", "park", "zone"};
static const char *const COMPARES[] = {"<", "<=", ">", ">=", "=", "!="};

static bool one_in(struct random *random, int n)
{
    return random_below(random, (uint64_t)n) == 0;
}

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

    if (s->per != NONE && !s->is_which)
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

void statement_print(struct statement *s, const struct zone *zone)
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
