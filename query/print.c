/*
 * print.c - see print.h. A switch over an enum of the tree has no default, so that the compiler names what a new
 * construct still lacks here.
 */
#include "print.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "value.h"

/* What is being written; the first status that is not GK_OK stays. */
struct printer {
    struct arena *arena;
    char *bytes;
    size_t size, capacity;
    int rc;
};

static void put_bytes(struct printer *printer, const char *bytes, size_t n)
{
    if (n == 0)
        return;
    if (printer->rc == GK_OK)
        printer->rc = arena_reserve(printer->arena, &printer->bytes, &printer->capacity, printer->size + n, 1);
    if (printer->rc != GK_OK)
        return;
    memcpy(printer->bytes + printer->size, bytes, n);
    printer->size += n;
}

static void put(struct printer *printer, const char *text)
{
    put_bytes(printer, text, strlen(text));
}

static void put_word(struct printer *printer, enum word word)
{
    put(printer, word_text(word));
}

static void __attribute__((format(printf, 2, 3))) put_format(struct printer *printer, const char *format, ...)
{
    char text[64];
    va_list list;

    va_start(list, format);
    (void)vsnprintf(text, sizeof text, format, list);
    va_end(list);
    put(printer, text);
}

/* In quotes, a quote doubled. */
static void put_quoted(struct printer *printer, const struct gk_text *text)
{
    put(printer, "'");
    for (size_t i = 0; i < text->size; i++) {
        if (text->bytes[i] == '\'')
            put(printer, "'");
        put_bytes(printer, text->bytes + i, 1);
    }
    put(printer, "'");
}

/* Twelve digits without an exponent: parsing gives the same twelve digits again. */
static void put_number(struct printer *printer, double number)
{
    char text[400];
    int n = snprintf(text, sizeof text, "%.12g", number);

    if (memchr(text, 'e', (size_t)n)) {
        bool is_small = number < 1 && number > -1;
        n = snprintf(text, sizeof text, "%.*f", is_small ? 18 : 0, number);
        while (is_small && n > 3 && text[n - 1] == '0')
            text[--n] = '\0';
    }
    put(printer, text);
}

static void put_duration(struct printer *printer, int64_t ns)
{
    static const struct {
        const char *text;
        int64_t ns;
    } units[] = {{"d", 86400 * GK_SECOND}, {"h", 3600 * GK_SECOND}, {"m", 60 * GK_SECOND}, {"s", GK_SECOND}};

    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        if (ns % units[i].ns == 0) {
            put_format(printer, "%" PRId64 "%s", ns / units[i].ns, units[i].text);
            return;
        }
    }
    put_format(printer, "%" PRId64, ns / 1000000);
    if (ns % 1000000)
        put_format(printer, ".%06" PRId64, ns % 1000000);
    put(printer, "ms");
}

static void put_clock(struct printer *printer, int32_t seconds)
{
    put_format(printer, "%02d:%02d", (int)(seconds / 3600), (int)(seconds / 60 % 60));
    if (seconds % 60)
        put_format(printer, ":%02d", (int)(seconds % 60));
}

static void put_clocks(struct printer *printer, int32_t from_s, int32_t to_s)
{
    put_clock(printer, from_s);
    put(printer, "-");
    put_clock(printer, to_s);
}

static void put_compare(struct printer *printer, enum gk_compare compare)
{
    switch (compare) {
    case GK_LT:
        put(printer, " < ");
        break;
    case GK_LE:
        put(printer, " <= ");
        break;
    case GK_GT:
        put(printer, " > ");
        break;
    case GK_GE:
        put(printer, " >= ");
        break;
    case GK_EQ:
        put(printer, " = ");
        break;
    case GK_NE:
        put(printer, " != ");
        break;
    }
}

/* ---- nouns and series ---- */

static void put_noun(struct printer *printer, enum noun noun)
{
    static const enum word words[] = {W_FACILITY,   W_PRODUCTION, W_ABATEMENT, W_LINE,
                                      W_ENTERPRISE, W_PARK,       W_ZONE}; /* in the order of enum noun */
    put_word(printer, words[noun]);
}

static void put_names(struct printer *printer, const struct name *names)
{
    for (const struct name *name = names; name; name = name->next) {
        put(printer, name == names ? " " : ", ");
        put_quoted(printer, &name->text);
    }
}

static void put_quant(struct printer *printer, enum quant quant, uint32_t k)
{
    switch (quant) {
    case QUANT_NONE:
        break;
    case QUANT_ANY:
        put(printer, "any ");
        break;
    case QUANT_ALL:
        put(printer, "all ");
        break;
    case QUANT_NO:
        put(printer, "no ");
        break;
    case QUANT_AT_LEAST:
        put_format(printer, "at least %" PRIu32 " ", k);
        break;
    case QUANT_EXACTLY:
        put_format(printer, "exactly %" PRIu32 " ", k);
        break;
    }
}

static void put_filters(struct printer *printer, const struct filter *filters)
{
    for (const struct filter *filter = filters; filter; filter = filter->next) {
        put(printer, filter == filters ? " where " : " and ");
        put_quoted(printer, &filter->tag);
        put_compare(printer, filter->compare);
        if (filter->is_number)
            put_number(printer, filter->number);
        else
            put_quoted(printer, &filter->value);
    }
}

static void put_ref(struct printer *printer, const struct ref *ref)
{
    put(printer, ref->where ? "(" : "");
    put_noun(printer, ref->noun);
    put_names(printer, ref->names);
    put_filters(printer, ref->where);
    put(printer, ref->where ? ")" : "");
}

/* ---- arithmetic ---- */

/* What stands at the leaves of a value. */
struct leaves {
    void (*put)(struct printer *printer, const void *of, size_t input);
    const void *of;
};

static int strength(enum value_kind kind)
{
    switch (kind) {
    case VALUE_ADD:
    case VALUE_SUBTRACT:
        return 0;
    case VALUE_MULTIPLY:
    case VALUE_DIVIDE:
        return 1;
    default:
        return 2;
    }
}

static void put_value(struct printer *printer, const struct value *value, int least, const struct leaves *leaves)
{
    /* In the order of enum value_kind. */
    static const char *const words[] = {"", "", "-", " + ", " - ", " * ", " / ", "max(", "min(", "avg(", "sum("};
    int own = strength(value->kind);
    bool is_list = value->kind >= VALUE_MAX, is_group = own < least;

    put(printer, is_group ? "(" : "");
    if (value->kind == VALUE_NUMBER) {
        const struct unit *unit = value->number_unit;
        put_number(printer, unit && unit->kind == UNIT_SHARE ? value->number * 100 : value->number);
        put(printer, unit ? unit_base(unit->kind) : "");
    } else if (value->kind == VALUE_INPUT) {
        leaves->put(printer, leaves->of, value->input);
    } else if (is_list || value->kind == VALUE_NEGATIVE) {
        bool is_twice = !is_list && (value->a->kind == VALUE_NEGATIVE || value->a->number < 0); /* -- is a remark */
        put(printer, is_twice ? "- " : words[value->kind]);
        for (const struct value *item = value->a; item; item = is_list ? item->next : NULL) {
            put(printer, item == value->a ? "" : ", ");
            put_value(printer, item, is_list ? 0 : 2, leaves);
        }
        put(printer, is_list ? ")" : "");
    } else {
        put_value(printer, value->a, own, leaves);
        put(printer, words[value->kind]);
        put_value(printer, value->b, own + 1, leaves);
    }
    put(printer, is_group ? ")" : "");
}

static void put_row_input(struct printer *printer, const void *of, size_t input)
{
    static const enum word words[] = {W_POWER, W_CURRENT, W_VOLTAGE, W_LOAD}; /* by enum metric */
    const struct series *series = of;

    if (series->inputs[input].metric == METRIC_CHANNEL)
        put_quoted(printer, &series->inputs[input].name);
    else
        put_word(printer, words[series->inputs[input].metric]);
}

static void put_series(struct printer *printer, const struct series *series)
{
    put_quant(printer, series->phases, 1);
    switch (series->metric) {
    case METRIC_POWER:
        put_word(printer, W_POWER);
        break;
    case METRIC_CURRENT:
        put_word(printer, W_CURRENT);
        break;
    case METRIC_VOLTAGE:
        put_word(printer, W_VOLTAGE);
        break;
    case METRIC_LOAD:
        put_word(printer, W_LOAD);
        break;
    case METRIC_ENERGY:
        put_word(printer, W_ENERGY);
        break;
    case METRIC_CHANNEL:
        put_quoted(printer, &series->channel);
        break;
    case METRIC_VALUE:
        put_value(printer, series->value, 0, &(const struct leaves){put_row_input, series});
        break;
    case METRIC_ALL:
        put_ref(printer, &series->ref);
        return;
    }
    put(printer, " of ");
    put_ref(printer, &series->ref);
}

/* ---- conditions ---- */

/* How tightly a form binds; one that binds looser than its place wants stands in parentheses. */
enum { LOOSE_SUFFIX, LOOSE_OR, LOOSE_AND, LOOSE_UNARY, LOOSE_PRIM };

static void put_cond(struct printer *printer, const struct cond *cond, int place);

static void put_state(struct printer *printer, const struct cond *cond)
{
    static const struct {
        uint32_t mask;
        enum word word;
    } states[] = {{GK_STATE_BIT(GK_ON) | GK_STATE_BIT(GK_OVERLOAD), W_RUNNING},
                  {GK_STATE_BIT(GK_OFF) | GK_STATE_BIT(GK_IDLE), W_OFFLINE},
                  {GK_STATE_BIT(GK_OFF), W_OFF},
                  {GK_STATE_BIT(GK_IDLE), W_IDLE},
                  {GK_STATE_BIT(GK_ON), W_NORMAL},
                  {GK_STATE_BIT(GK_OVERLOAD), W_OVERLOAD},
                  {GK_STATE_BIT(GK_NODATA), W_NODATA}};

    put_quant(printer, cond->ref.quant, cond->ref.k);
    put_ref(printer, &cond->ref);
    put(printer, cond->is_negated ? " not " : " ");
    for (size_t i = 0; i < sizeof states / sizeof states[0]; i++)
        if (states[i].mask == cond->mask)
            put_word(printer, states[i].word);
}

static void put_comparison(struct printer *printer, const struct cond *cond)
{
    const struct unit *unit = cond->limit_unit;

    put_series(printer, cond->series);
    put_compare(printer, cond->compare);
    put_number(printer, unit && unit->kind == UNIT_SHARE ? cond->limit * 100 : cond->limit);
    if (unit)
        put(printer, unit_base(unit->kind));
    if (cond->is_of_rated)
        put(printer, unit ? " of rated" : " * rated");
}

static void put_order(struct printer *printer, const struct cond *cond)
{
    put_word(printer, W_ORDER);
    if (cond->has_level)
        put(printer, " level");
    if (cond->is_group)
        put(printer, " group");
    if (cond->name.bytes) {
        put(printer, " ");
        put_quoted(printer, &cond->name);
    } else if (cond->has_level) {
        put_compare(printer, cond->compare);
        put_number(printer, cond->limit);
    }
}

static void put_suffix(struct printer *printer, const struct cond *cond, const char *text)
{
    put_cond(printer, cond->a, LOOSE_SUFFIX);
    put(printer, text);
    put_duration(printer, cond->ns);
}

static void put_prefix(struct printer *printer, const struct cond *cond, const char *text, int place)
{
    put(printer, text);
    put_cond(printer, cond->a, place);
}

static void put_both(struct printer *printer, const struct cond *cond, const char *text, int place)
{
    put_cond(printer, cond->a, place);
    put(printer, text);
    put_cond(printer, cond->b, place + 1); /* chains lean to the left */
}

static void put_frozen(struct printer *printer, const struct cond *cond)
{
    put_series(printer, cond->series);
    put(printer, cond->is_beyond ? " frozen > " : " frozen >= ");
    put_duration(printer, cond->ns);
}

static void put_after(struct printer *printer, const struct cond *cond)
{
    put_cond(printer, cond->a, LOOSE_SUFFIX);
    put(printer, " after ");
    put_cond(printer, cond->b, LOOSE_PRIM);
    put(printer, " within ");
    put_duration(printer, cond->ns);
}

static void put_together(struct printer *printer, const struct cond *cond)
{
    put_cond(printer, cond->a, LOOSE_PRIM);
    put(printer, " within ");
    put_duration(printer, cond->ns);
    put(printer, " of each other");
}

/* Days of the week are one stretch, as they were written. */
static void put_days(struct printer *printer, uint32_t days)
{
    unsigned first = 0, last;

    while (first < 6 && !(days >> first & 1 && !(days >> (first + 6) % 7 & 1)))
        first++;
    first = days == GK_DAYS_ALL ? 0 : first;
    for (last = first; days >> (last + 1) % 7 & 1 && (last + 1) % 7 != first;)
        last = (last + 1) % 7;
    put_word(printer, (enum word)(W_MONDAY + first));
    if (last != first) {
        put(printer, "-");
        put_word(printer, (enum word)(W_MONDAY + last));
    }
}

static void put_calendar(struct printer *printer, const struct cond *cond)
{
    if (cond->calendar) {
        put_word(printer, cond->calendar);
    } else if (cond->name.bytes) {
        put_word(printer, W_CALENDAR);
        put(printer, " ");
        put_quoted(printer, &cond->name);
    } else {
        put_days(printer, cond->days);
    }
}

static int looseness(const struct cond *cond)
{
    enum cond_kind kind = cond->kind;

    if (kind == COND_TOGETHER)
        return LOOSE_PRIM;
    if (kind == COND_CALENDAR && !cond->calendar && !cond->name.bytes)
        return LOOSE_UNARY; /* from (monday) to friday is a lag, monday to friday a stretch */
    if (kind >= COND_AT_LEAST)
        return LOOSE_SUFFIX;
    if (kind == COND_OR)
        return LOOSE_OR;
    if (kind == COND_AND)
        return LOOSE_AND;
    return kind >= COND_NOT && kind <= COND_UNKNOWN ? LOOSE_UNARY : LOOSE_PRIM;
}

static void put_bare(struct printer *printer, const struct cond *cond)
{
    switch (cond->kind) {
    case COND_STATE:
        put_state(printer, cond);
        break;
    case COND_COMPARE:
        put_comparison(printer, cond);
        break;
    case COND_ORDER:
        put_order(printer, cond);
        break;
    case COND_EXEMPT:
        put_word(printer, W_EXEMPT);
        break;
    case COND_HOURS:
        put(printer, "hours ");
        put_clocks(printer, cond->from_s, cond->to_s);
        break;
    case COND_CALENDAR:
        put_calendar(printer, cond);
        break;
    case COND_NAME:
        put_quoted(printer, &cond->name);
        break;
    case COND_AND:
        put_both(printer, cond, " and ", LOOSE_AND);
        break;
    case COND_OR:
        put_both(printer, cond, " or ", LOOSE_OR);
        break;
    case COND_NOT:
        put_prefix(printer, cond, "not ", LOOSE_UNARY);
        break;
    case COND_POSSIBLY:
        put_prefix(printer, cond, "possibly ", LOOSE_UNARY);
        break;
    case COND_SURELY:
        put_prefix(printer, cond, "surely ", LOOSE_UNARY);
        break;
    case COND_UNKNOWN:
        put_prefix(printer, cond, "unknown ", LOOSE_UNARY);
        break;
    case COND_START:
        put_prefix(printer, cond, "start of ", LOOSE_PRIM);
        break;
    case COND_END:
        put_prefix(printer, cond, "end of ", LOOSE_PRIM);
        break;
    case COND_AT_LEAST:
        put_suffix(printer, cond, cond->is_beyond ? " for > " : " for >= ");
        break;
    case COND_LESS:
        put_suffix(printer, cond, cond->is_beyond ? " for <= " : " for < ");
        break;
    case COND_GAPS:
        put_suffix(printer, cond, cond->is_beyond ? " ignoring gaps <= " : " ignoring gaps < ");
        break;
    case COND_HELD:
        put_suffix(printer, cond, " held ");
        break;
    case COND_WITHIN_LAST:
        put_suffix(printer, cond, " within last ");
        break;
    case COND_WITHIN_NEXT:
        put_suffix(printer, cond, " within next ");
        break;
    case COND_TIMES:
        put_cond(printer, cond->a, LOOSE_SUFFIX);
        put_format(printer, " at least %" PRIu32 " times within ", cond->k);
        put_duration(printer, cond->ns);
        break;
    case COND_AFTER:
        put_after(printer, cond);
        break;
    case COND_TOGETHER:
        put_together(printer, cond);
        break;
    case COND_FROZEN:
        put_frozen(printer, cond);
        break;
    }
}

static void put_cond(struct printer *printer, const struct cond *cond, int place)
{
    bool is_loose = looseness(cond) < place;

    if (is_loose)
        put(printer, "(");
    put_bare(printer, cond);
    if (is_loose)
        put(printer, ")");
}

/* ---- tails ---- */

static void put_instant(struct printer *printer, const struct token *token)
{
    if (token->kind == T_WORD)
        put_word(printer, token->word);
    else if (token->kind == T_NAME)
        put_quoted(printer, &token->text);
    else
        for (const char *p = token->text.bytes; *p; p++)
            put_bytes(printer, *p == ' ' ? "T" : p, 1);
}

static void put_time(struct printer *printer, const struct time_tail *time)
{
    switch (time->kind) {
    case TIME_DEFAULT:
        break;
    case TIME_LAST:
        put(printer, " last ");
        put_duration(printer, time->ns);
        break;
    case TIME_TODAY:
        put(printer, " today");
        break;
    case TIME_YESTERDAY:
        put(printer, " yesterday");
        break;
    case TIME_NOW:
        put(printer, " now");
        break;
    case TIME_THIS_UNIT:
        put(printer, " this ");
        put_word(printer, time->unit);
        break;
    case TIME_LAST_UNIT:
        put(printer, " last ");
        put_word(printer, time->unit);
        break;
    case TIME_BETWEEN:
        put(printer, " between ");
        put_instant(printer, &time->a);
        put(printer, " and ");
        put_instant(printer, &time->b);
        break;
    case TIME_SINCE:
        put(printer, " since ");
        put_instant(printer, &time->a);
        break;
    case TIME_UNTIL:
        put(printer, " until ");
        put_instant(printer, &time->a);
        break;
    case TIME_ON:
        put(printer, " on ");
        put_instant(printer, &time->a);
        break;
    case TIME_AT:
        put(printer, " at ");
        put_instant(printer, &time->a);
        break;
    }
    if (time->has_clocks) {
        put(printer, " ");
        put_clocks(printer, time->from_s, time->to_s);
    }
}

static void put_keys(struct printer *printer, const struct tail *tail)
{
    /* In the order of enum key. */
    static const enum word words[] = {W_FACILITY, W_LINE, W_ENTERPRISE, W_PARK,  W_NONE,
                                      W_HOUR,     W_DAY,  W_WEEK,       W_MONTH, W_SHIFT};

    for (size_t i = 0; i < tail->n_keys; i++) {
        put(printer, i ? ", " : " by ");
        if (tail->keys[i] == KEY_TAG)
            put_quoted(printer, &tail->key_tags[i]);
        else
            put_word(printer, words[tail->keys[i]]);
    }
}

static void put_column_ref(struct printer *printer, const void *of, size_t input)
{
    const struct tail *tail = of;

    put_quoted(printer, &tail->having_inputs[input].name);
}

static void put_versus(struct printer *printer, const struct versus *versus)
{
    switch (versus->kind) {
    case VERSUS_NONE:
        break;
    case VERSUS_BEFORE:
        put(printer, " vs previous");
        break;
    case VERSUS_SHIFT:
        put(printer, " vs previous ");
        put_duration(printer, versus->ns);
        break;
    case VERSUS_UNIT:
        put(printer, " vs last ");
        put_word(printer, versus->unit);
        break;
    case VERSUS_NORMAL:
        put_format(printer, " vs same hours of %" PRIu64 " normal days before", versus->n);
        break;
    case VERSUS_MEDIAN:
    case VERSUS_AVG:
        put(printer, versus->kind == VERSUS_AVG ? " vs avg of " : " vs median of ");
        put_duration(printer, versus->ns);
        put(printer, " before");
    }
}

static void put_order_of_rows(struct printer *printer, const struct tail *tail)
{
    for (const struct having *having = tail->having; having; having = having->next) {
        put(printer, having == tail->having ? " having " : " and ");
        put_value(printer, having->a, 0, &(const struct leaves){put_column_ref, tail});
        put_compare(printer, having->compare);
        put_value(printer, having->b, 0, &(const struct leaves){put_column_ref, tail});
    }
    if (tail->has_top) {
        put_format(printer, " top %" PRIu64 " by ", tail->top);
        put_quoted(printer, &tail->top_by.name);
    }
    if (tail->has_sort) {
        put(printer, " sort ");
        put_quoted(printer, &tail->sort.name);
        put(printer, tail->is_desc ? " desc" : "");
    }
    if (tail->has_limit)
        put_format(printer, " limit %" PRIu64, tail->limit);
}

static void put_unknown(struct printer *printer, enum unknown_as unknown_as)
{
    switch (unknown_as) {
    case UNKNOWN_KEEP:
        break;
    case UNKNOWN_TRUE:
        put(printer, " unknown as true");
        break;
    case UNKNOWN_FALSE:
        put(printer, " unknown as false");
        break;
    }
}

static void put_level(struct printer *printer, const char **before, const char *name, const struct gk_limit *limit)
{
    double value = (double)limit->value.mantissa;

    if (limit->kind == GK_LIMIT_ABSENT)
        return;
    for (int32_t i = limit->kind == GK_LIMIT_SHARE ? 2 : 0; i < limit->value.scale; i++)
        value /= 10;
    for (int32_t i = limit->value.scale; limit->kind == GK_LIMIT_SHARE && i < 2; i++)
        value *= 10;
    put_format(printer, "%s%s = ", *before, name);
    put_number(printer, value);
    put(printer, limit->kind == GK_LIMIT_SHARE ? "%" : "");
    *before = ", ";
}

static void put_time_limit(struct printer *printer, const char **before, const char *name, int64_t ns)
{
    if (ns < 0)
        return;
    put_format(printer, "%s%s = ", *before, name);
    put_duration(printer, ns);
    *before = ", ";
}

static void put_with(struct printer *printer, const struct tail *tail)
{
    const struct gk_band *limits = &tail->limits;
    const char *before = " with ";

    if (tail->with_possible) {
        put_format(printer, "%spossible", before);
        before = ", ";
    }
    if (!tail->has_limits)
        return;
    put_level(printer, &before, "off_below", &limits->off_below);
    put_level(printer, &before, "on_from", &limits->on_from);
    put_level(printer, &before, "overload_from", &limits->overload_from);
    put_level(printer, &before, "hysteresis", &limits->hysteresis);
    put_time_limit(printer, &before, "hold", limits->hold_ns);
    put_time_limit(printer, &before, "dwell_on", limits->dwell_on_ns);
    put_time_limit(printer, &before, "dwell_off", limits->dwell_off_ns);
    if (tail->set.bytes) {
        put(printer, " using bands ");
        put_quoted(printer, &tail->set);
    }
}

static void put_known(struct printer *printer, const struct tail *tail)
{
    if (tail->has_known) {
        put(printer, " as known at ");
        put_instant(printer, &tail->known);
    }
    put(printer, tail->vs_stored ? " vs stored" : tail->vs_now ? " vs now" : "");
}

static void put_rule_tail(struct printer *printer, const struct rule_tail *rule)
{
    if (rule->clear_ns) {
        put(printer, " clear after ");
        put_duration(printer, rule->clear_ns);
    }
    if (rule->notify) {
        put(printer, " notify");
        put_names(printer, rule->notify);
    }
    if (rule->escalate_to) {
        put(printer, " escalate after ");
        put_duration(printer, rule->escalate_ns);
        put(printer, " to");
        put_names(printer, rule->escalate_to);
    }
    if (rule->message.size) {
        put(printer, " message ");
        put_quoted(printer, &rule->message);
    }
}

static void put_tail(struct printer *printer, const struct tail *tail)
{
    if (tail->in_names) {
        put(printer, " in ");
        put_noun(printer, tail->in);
        put_names(printer, tail->in_names);
    }
    put_filters(printer, tail->where);
    put_time(printer, &tail->time);
    if (tail->has_per) {
        put(printer, " per ");
        put_noun(printer, tail->per);
    }
    put_keys(printer, tail);
    if (tail->every_ns) {
        put(printer, " every ");
        put_duration(printer, tail->every_ns);
    }
    if (tail->offset_ns) {
        put(printer, " offset ");
        put_duration(printer, tail->offset_ns);
    }
    put_versus(printer, &tail->versus);
    put_order_of_rows(printer, tail);
    put_unknown(printer, tail->unknown_as);
    put_with(printer, tail);
    put_known(printer, tail);
    put_rule_tail(printer, &tail->rule);
    if (tail->has_zone) {
        int32_t zone_s = tail->zone_s < 0 ? -tail->zone_s : tail->zone_s;
        put_format(printer, " tz '%c%02d:%02d'", tail->zone_s < 0 ? '-' : '+', (int)(zone_s / 3600),
                   (int)(zone_s / 60 % 60));
    }
}

/* ---- statements ---- */

static void put_source(struct printer *printer, const struct source *source, enum agg_kind agg, bool is_alone)
{
    switch (source->kind) {
    case SOURCE_COND:
        put(printer, is_alone ? "" : "(");
        put_cond(printer, source->cond, LOOSE_SUFFIX);
        put(printer, is_alone ? "" : ")");
        break;
    case SOURCE_SERIES:
        if (source->series->metric == METRIC_ENERGY && agg == AGG_ENERGY)
            put_ref(printer, &source->series->ref);
        else
            put_series(printer, source->series);
        if (source->cond) {
            put(printer, " while ");
            put_cond(printer, source->cond, LOOSE_OR);
        }
        break;
    case SOURCE_FIELD:
        if (agg != AGG_AGREED) {
            put_quoted(printer, &source->field);
            put(printer, " of ");
        }
        put_ref(printer, &source->ref);
        break;
    case SOURCE_CUT:
        put_ref(printer, &source->ref);
    }
}

/* The measure without its source: `AGG`, `'ATTRIBUTE'`, `order 'LEVEL' cut`. */
static void put_measure(struct printer *printer, const struct measure *measure)
{
    if (measure->source->kind == SOURCE_CUT) {
        put_order(printer, measure->source->cond);
        put(printer, " cut");
    } else if (measure->kind == AGG_AGREED) {
        put_quoted(printer, &measure->source->field);
    } else {
        put(printer, measure->name);
    }
}

static void put_leaf(struct printer *printer, const void *of, size_t input)
{
    const struct stmt *stmt = of;
    const struct measure *measure = &stmt->measures[input];
    const struct source *source = measure->source;
    bool is_narrowed = source->kind == SOURCE_SERIES && source->cond;              /* by all up to the next sign */
    bool is_name = source->kind == SOURCE_COND && source->cond->kind == COND_NAME; /* a channel before a sign */
    bool is_group = is_narrowed || is_name;

    put(printer, is_group ? "(" : "");
    put_measure(printer, measure);
    put(printer, " of ");
    put_source(printer, source, measure->kind, false);
    put(printer, is_group ? ")" : "");
}

/* The measure that is all there is in a column, under its own name. */
static const struct measure *plain_measure(const struct stmt *stmt, const struct column *column)
{
    if (!column || column->value->kind != VALUE_INPUT)
        return NULL;
    const struct measure *measure = &stmt->measures[column->value->input];
    return strcmp(measure->name, column->name) == 0 ? measure : NULL;
}

/* Of several aggregates of a source that stand side by side, the first says whether it is energy. */
static enum agg_kind first_kind(const struct stmt *stmt, const struct column *last)
{
    const struct measure *first = NULL;

    for (const struct column *column = stmt->columns;; column = column->next) {
        const struct measure *plain = plain_measure(stmt, column);
        if (!first || !plain || plain->source != first->source)
            first = plain;
        if (column == last)
            return first->kind;
    }
}

static void put_name(struct printer *printer, const char *name)
{
    put(printer, " as ");
    put_quoted(printer, &(const struct gk_text){name, strlen(name)});
}

static void put_column(struct printer *printer, const struct stmt *stmt, const struct column *column)
{
    const struct measure *plain = plain_measure(stmt, column), *next = plain_measure(stmt, column->next);
    bool is_input = column->value->kind == VALUE_INPUT;

    if (plain) {
        put_measure(printer, plain);
        if (next && next->source == plain->source)
            return; /* AGG, AGG of ... */
        put(printer, " of ");
        put_source(printer, plain->source, first_kind(stmt, column), true);
        return;
    }
    put_value(printer, column->value, 0, &(const struct leaves){put_leaf, stmt});
    if (is_input || strcmp(column->name, value_name(column->value)) != 0)
        put_name(printer, column->name);
}

static void put_samples(struct printer *printer, const struct stmt *stmt)
{
    put(printer, "samples of ");
    put_series(printer, stmt->series);
    if (strcmp(stmt->columns->name, word_text(W_SAMPLES)) != 0)
        put_name(printer, stmt->columns->name);
}

static void put_which(struct printer *printer, const struct stmt *stmt)
{
    put(printer, "which ");
    put_noun(printer, stmt->ref.noun);
    switch (stmt->mode) {
    case WHICH_EVER:
        put(printer, " ever ");
        break;
    case WHICH_ALWAYS:
        put(printer, " always ");
        break;
    case WHICH_NEVER:
        put(printer, " never ");
        break;
    case WHICH_NOW:
        put(printer, " now ");
        break;
    }
    put_cond(printer, stmt->cond, LOOSE_SUFFIX);
}

static void put_list(struct printer *printer, const struct stmt *stmt)
{
    put(printer, "list ");
    put_word(printer, stmt->listed);
    if (stmt->has_ref) {
        put(printer, " of ");
        put_ref(printer, &stmt->ref);
    }
}

static void put_lags(struct printer *printer, const struct stmt *stmt)
{
    static const char *const ways[] = {" to ", " to next ", " to last "};

    put(printer, stmt->kind == STMT_LAG ? "" : "list");
    for (const struct lag_agg *agg = stmt->lag_aggs; agg; agg = agg->next)
        put_format(printer, "%s%s", agg->name, agg->next ? ", " : " of");
    for (const struct lag *lag = stmt->lags; lag; lag = lag->next) {
        put(printer, lag == stmt->lags ? " lag from " : ", from ");
        put_cond(printer, lag->from, LOOSE_PRIM);
        put(printer, ways[lag->way]);
        put_cond(printer, lag->to, LOOSE_PRIM);
    }
    if (!stmt->lag_ns)
        return;
    put(printer, " within ");
    put_duration(printer, stmt->lag_ns);
}

static void put_columns(struct printer *printer, const struct stmt *stmt)
{
    for (const struct column *column = stmt->columns; column; column = column->next) {
        put(printer, column == stmt->columns ? "" : ", ");
        put_column(printer, stmt, column);
    }
}

static void put_rule(struct printer *printer, const struct stmt *stmt)
{
    static const char *const levels[] = {" info", " warn", " alarm", " severe"};

    put(printer, "rule ");
    put_quoted(printer, &stmt->name);
    if (stmt->title.size) {
        put(printer, " ");
        put_quoted(printer, &stmt->title);
    }
    put(printer, levels[stmt->level]);
    put(printer, " when ");
    if (stmt->sources)
        put_columns(printer, stmt);
    else
        put_cond(printer, stmt->cond, LOOSE_SUFFIX);
}

/* ---- the record ---- */

static void put_alarm_filter(struct printer *printer, const struct alarm_filter *filter)
{
    const char *act = gk_act_kind_name(filter->value);
    bool is_open = filter->test == ALARM_ACT && filter->value == GK_ACT_CLOSED && filter->is_negated && !filter->ns;

    put(printer, filter->is_negated && !is_open ? " not " : " ");
    switch (filter->test) {
    case ALARM_ACT:
        put(printer, is_open ? "open" : act);
        put(printer, filter->ns ? " within " : "");
        break;
    case ALARM_STATUS:
        put(printer, gk_alarm_status_name(filter->value));
        break;
    case ALARM_REACHED:
        put(printer, "reached");
        break;
    case ALARM_OVERDUE:
        put(printer, "overdue");
        break;
    case ALARM_OLDER:
        put(printer, "older than ");
        break;
    case ALARM_CLOSED_AS:
        put_format(printer, "closed as %s", gk_outcome_name(filter->value));
        break;
    }
    if (filter->ns)
        put_duration(printer, filter->ns);
}

static void put_measures(struct printer *printer, const struct stmt *stmt)
{
    for (size_t i = 0; i < stmt->n_measures; i++)
        put_format(printer, "%s%s", i ? ", " : "", stmt->measures[i].name);
    if (stmt->record.has_lag)
        put_format(printer, " of lag from %s to %s", gk_act_kind_name(stmt->record.lag_from),
                   gk_act_kind_name(stmt->record.lag_to));
    put(printer, " of alarms");
}

static void put_record(struct printer *printer, const struct stmt *stmt)
{
    if (stmt->kind == STMT_EVIDENCE)
        put_format(printer, "evidence of %" PRIu64, stmt->record.number);
    else if (stmt->kind == STMT_ALARM_NUMBERS)
        put_measures(printer, stmt);
    else
        put(printer, stmt->kind == STMT_ACTS ? "list acts" : "list alarms");
    for (const struct alarm_filter *filter = stmt->record.filters; filter; filter = filter->next)
        put_alarm_filter(printer, filter);
    if (stmt->kind == STMT_ACTS && stmt->record.number)
        put_format(printer, " of alarm %" PRIu64, stmt->record.number);
    if (stmt->has_ref) {
        put(printer, " of ");
        put_ref(printer, &stmt->ref);
    }
}

static void put_verb(struct printer *printer, const struct stmt *stmt)
{
    switch (stmt->kind) {
    case STMT_WHEN:
        if (stmt->is_gaps) {
            put_list(printer, stmt);
            break;
        }
        put(printer, "when ");
        put_cond(printer, stmt->cond, LOOSE_SUFFIX);
        break;
    case STMT_WHICH:
        put_which(printer, stmt);
        break;
    case STMT_AGGREGATE:
        put_columns(printer, stmt);
        break;
    case STMT_SAMPLES:
        put_samples(printer, stmt);
        break;
    case STMT_STATE:
        put(printer, "state of ");
        put_ref(printer, &stmt->ref);
        break;
    case STMT_LIST:
        put_list(printer, stmt);
        break;
    case STMT_RULE:
        put_rule(printer, stmt);
        break;
    case STMT_LAG:
    case STMT_LAG_LIST:
        put_lags(printer, stmt);
        break;
    case STMT_ALARMS:
    case STMT_ACTS:
    case STMT_ALARM_NUMBERS:
    case STMT_EVIDENCE:
        put_record(printer, stmt);
        break;
    case STMT_DEFINE:
        put(printer, "define ");
        put_quoted(printer, &stmt->name);
        put(printer, " as ");
        put_cond(printer, stmt->cond, LOOSE_SUFFIX);
        break;
    }
}

const char *print_statement(struct arena *arena, const struct stmt *stmt)
{
    struct printer printer = {.arena = arena};
    struct tail tail = stmt->tail;

    if (stmt->is_gaps && stmt->has_ref && !noun_is_facility(stmt->ref.noun))
        tail.in_names = NULL; /* it was written as `of` */
    if (stmt->kind == STMT_WHICH && stmt->mode == WHICH_NOW)
        tail.time.kind = TIME_DEFAULT;
    if (stmt->is_explained)
        put(&printer, "explain ");
    put_verb(&printer, stmt);
    put_tail(&printer, &tail);
    char *text = printer.rc == GK_OK ? arena_text(arena, printer.bytes, printer.size) : NULL;
    arena_release(arena, &printer.bytes, &printer.capacity, 1);
    return text;
}
