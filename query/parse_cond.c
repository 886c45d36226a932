/*
 * parse_cond.c - conditions, by recursive descent:
 *
 *     cond  = combo { suffix } .     combo = disj { ("while"|"during"|"unless"|"outside") disj } .
 *     disj  = conj { "or" conj } .   conj  = un { "and" un } .   un = ("not"|"possibly"|"surely"|"unknown") un | prim .
 *
 * Suffixes bind loosest and apply from left to right.
 */
#include "parse_value.h"
#include "slips.h"

static const enum word STATES[] = {W_ON,      W_OFF,     W_IDLE,    W_OVERLOAD, W_NODATA,
                                   W_RUNNING, W_STOPPED, W_OFFLINE, W_NORMAL,   W_NONE};

#define BIT(state) GK_STATE_BIT(state)
/* In the order of STATES. On and running mean on or overload, offline means off or idle: see docs/QUERY.md. */
static const uint32_t MASKS[] = {BIT(GK_ON) | BIT(GK_OVERLOAD),
                                 BIT(GK_OFF),
                                 BIT(GK_IDLE),
                                 BIT(GK_OVERLOAD),
                                 BIT(GK_NODATA),
                                 BIT(GK_ON) | BIT(GK_OVERLOAD),
                                 BIT(GK_OFF),
                                 BIT(GK_OFF) | BIT(GK_IDLE),
                                 BIT(GK_ON)};

static struct cond *new_cond(struct parser *parser, enum cond_kind kind, struct cond *a, struct cond *b)
{
    struct cond *cond = parser_new(parser, sizeof *cond);

    if (!cond)
        return NULL;
    cond->kind = kind;
    cond->a = a;
    cond->b = b;
    cond->place = a ? a->place : parser->at->place;
    cond->depth = 1 + (a && (!b || a->depth > b->depth) ? a->depth : b ? b->depth : 0);
    return cond;
}

static bool is_weekday(const struct cond *cond)
{
    return cond->kind == COND_CALENDAR && !cond->name.bytes && cond->calendar == W_NONE;
}

/* Monday and friday: never, and hardly meant. */
static int check_days(struct parser *parser, const struct cond *a, const struct cond *b)
{
    a = a->kind == COND_AND ? a->b : a;
    if (!is_weekday(a) || !is_weekday(b) || a->days & b->days)
        return GK_OK;
    report_hint(parser->report, "monday or friday");
    return report_fail(parser->report, GK_ESYNTAX, b->place, "no day is both");
}

/* Chains are as deep as parentheses are, and limited like them. */
int parser_wrap(struct parser *parser, struct cond **cond, enum cond_kind kind, struct cond *b)
{
    struct cond *out = new_cond(parser, kind, *cond, b);

    if (!out)
        return parser_no_memory(parser);
    if (kind == COND_AND && check_days(parser, *cond, b) != GK_OK)
        return GK_ESYNTAX;
    if (out->depth > 4 * NEST_MAX) {
        report_hint(parser->report, "name a part of it: define untreated as ...");
        return report_fail(parser->report, GK_ELIMIT, parser->at->place,
                           "a condition may have %d parts one after the other", 4 * NEST_MAX);
    }
    out->place.to = parser->at > parser->list ? parser->at[-1].place.to : out->place.to;
    *cond = out;
    return GK_OK;
}

int parser_enter(struct parser *parser)
{
    if (++parser->depth > parser->deepest)
        parser->deepest = parser->depth;
    if (parser->depth > NEST_MAX)
        return report_fail(parser->report, GK_ELIMIT, parser->at->place, "conditions may be nested %d deep", NEST_MAX);
    return GK_OK;
}

/* ---- what may follow a noun ---- */

static bool is_state_word(enum word word)
{
    return (word >= W_ON && word <= W_NODATA) || word == W_IS || word == W_NOT;
}

/* 设施一号风机: an unknown word behind who has a name. */
static bool is_behind_place(const struct parser *parser)
{
    enum word before = parser->at > parser->list && parser->at[-1].kind == T_WORD ? parser->at[-1].word : W_NONE;

    return parser_is_han(parser) &&
           (before == W_FACILITY || before == W_LINE || before == W_ENTERPRISE || before == W_PARK);
}

static int parse_state(struct parser *parser, struct cond *cond)
{
    if (parser_is_han(parser) && (parser_is_word(parser, W_START) || parser_is_word(parser, W_END))) {
        cond->mask = MASKS[0]; /* 生产启动: the start of its running */
        return GK_OK;
    }
    /* All of it may be left out: 都没有处于. */
    while (parser_take_word(parser, W_IS))
        ;
    cond->is_negated = parser_take_word(parser, W_NOT) || parser_take_han(parser, W_NO);
    (void)parser_take_han(parser, W_IS);
    for (size_t i = 0; STATES[i] != W_NONE; i++) {
        if (parser_take_word(parser, STATES[i])) {
            cond->mask = MASKS[i];
            return GK_OK;
        }
    }
    const struct token *token = parser->at;
    if (token->kind >= T_LESS && token->kind <= T_NOT_EQUAL)
        return parser_fail(parser, "a state", NULL, "a state needs no sign: abatement offline, production not running");
    if (parser_is_word(parser, W_FROZEN))
        return parser_fail(parser, "a state", NULL, "power of production frozen >= 2h");
    if (parser_is_leading_tail(parser) || parser_is_time(parser))
        return parser_fail(parser, "a state", NULL,
                           "a time stands at the end, in Chinese also first: when abatement offline today");
    bool is_name = token->kind == T_WORD && token->word == W_NONE && !slip_find(&token->text);
    bool has_state = is_name && token[1].kind == T_WORD && is_state_word(token[1].word);
    if (has_state || (is_name && is_behind_place(parser)))
        return parser_fail_name(parser, "a state, or a name in quotes");
    return parser_fail(parser, "a state", STATES, "abatement offline, production running");
}

/* 超过30%的设施: its 的 is no `of rated`. */
static bool ends_clause(const struct parser *parser)
{
    const struct token *next = parser->at + 1;

    return parser_is_han(parser) && parser_is_word(parser, W_OF) && (next->kind != T_WORD || next->word != W_RATED);
}

/* 额定的20%: not 超过额定电流的设施 */
static bool is_of_number(const struct parser *parser)
{
    const struct token *next = parser->at + 1;

    return parser_is_word(parser, W_OF) &&
           (next->kind == T_QUANTITY || next->kind == T_NUMBER || next->kind == T_MINUS);
}

static int parse_limit(struct parser *parser, struct cond *cond)
{
    const struct token *token = parser->at;
    bool is_minus, is_behind = parser_take_word(parser, W_RATED);
    int rc;

    bool is_alone = is_behind && parser->at->kind != T_STAR && parser->at->kind != T_QUANTITY && !is_of_number(parser);
    if (is_alone) { /* > rated */
        cond->limit = 1;
        cond->limit_unit = NULL;
        cond->is_of_rated = true;
        cond->limit_place = parser_place(parser, token);
        return GK_OK;
    }
    if (is_behind && !parser_take(parser, T_STAR) && !parser_take_word(parser, W_OF) && /* 额定的20%, 额定功率20% */
        (unsigned char)token->text.bytes[0] < 0x80)
        return parser_fail(parser, "'*'", NULL, "rated * 0.2, 0.2 * rated, 20% of rated");
    is_minus = parser_take(parser, T_MINUS);

    if (parser->at->kind != T_NUMBER && parser->at->kind != T_QUANTITY)
        return parser_fail(parser, "a value", NULL, "a number with its unit: 50A, 0.2kW, 30%, 380V, or 0.2 * rated");
    cond->limit = is_minus ? -parser->at->number : parser->at->number;
    cond->limit_unit = parser->at->kind == T_QUANTITY ? parser->at->unit : NULL;
    parser->at++;
    if (is_behind) {
        cond->is_of_rated = true;
    } else if (parser_take(parser, T_STAR)) {
        TRY(parser_need_word(parser, W_RATED, "0.2 * rated"));
        cond->is_of_rated = true;
    } else if (!ends_clause(parser) && (parser_take_word(parser, W_OF) || parser_is_word(parser, W_RATED))) {
        if (parser->at[-1].word != W_OF) /* 20% rated */
            TRY(parser_need_word(parser, W_OF, "20% of rated"));
        TRY(parser_need_word(parser, W_RATED, "20% of rated"));
        cond->is_of_rated = true;
    }
    rc = GK_OK;
    cond->limit_place = parser_place(parser, token);
done:
    return rc;
}

/* 以上 or 以内 behind a value. */
static bool take_bound(struct parser *parser, enum gk_compare *out)
{
    *out = parser_is_word(parser, W_ABOVE) ? GK_GE : GK_LE;
    return parser_take_word(parser, W_ABOVE) || parser_take_word(parser, W_BELOW);
}

/* cmp VALUE, or VALUE 以上 */
static int parse_compared(struct parser *parser, struct cond *cond)
{
    const struct token *first = parser->at;
    bool is_value = first->kind == T_NUMBER || first->kind == T_QUANTITY || first->kind == T_MINUS;
    int rc;

    if (is_value || parser_is_word(parser, W_RATED)) {
        TRY(parse_limit(parser, cond));
        if (take_bound(parser, &cond->compare))
            return GK_OK;
        parser->at = first;
    }
    TRY(parse_compare(parser, &cond->compare));
    TRY(parse_limit(parser, cond));
done:
    return rc;
}

/* Where a condition begins, max( is one even if its end is not right. */
static bool is_row_value(const struct parser *parser)
{
    return parser_is_function(parser) || parser_peek_row_value(parser) || parser_is_row_genitive(parser);
}

/* Which facilities power > 5kW: a metric without its noun is of the names'. */
static bool is_implied_metric(const struct parser *parser)
{
    struct parser ahead = {.at = parser->at + 1};
    enum metric metric;
    enum token_kind kind;

    return parser->has_implied && parser_read_metric(parser->at, &metric) && metric != METRIC_CHANNEL &&
           (parser_is_frozen(&ahead) || parser_is_long_frozen(&ahead) || parser_take_compare(&ahead, &kind) ||
            ahead.at->kind == T_QUANTITY || ahead.at->kind == T_NUMBER);
}

static int parse_implied_metric(struct parser *parser, struct series **out)
{
    *out = parser_new(parser, sizeof **out);
    if (!*out)
        return parser_no_memory(parser);
    (void)parser_read_metric(parser->at, &(*out)->metric); /* it is one */
    (*out)->place = (*out)->ref.place = parser->at->place;
    (*out)->ref.noun = parser->implied;
    parser->at++;
    return GK_OK;
}

static int parse_comparison(struct parser *parser, enum quant phases, struct cond *cond)
{
    int rc;

    cond->kind = COND_COMPARE;
    if (is_implied_metric(parser))
        TRY(parse_implied_metric(parser, &cond->series));
    else
        TRY(is_row_value(parser) ? parse_row_value(parser, &cond->series) : parse_series(parser, &cond->series));
    if (phases != QUANT_NONE)
        cond->series->phases = phases;
    cond->ref = cond->series->ref;
    if (parser_is_frozen(parser) || parser_is_long_frozen(parser))
        TRY(parse_frozen(parser, cond));
    else
        TRY(parse_compared(parser, cond));
    if (cond->series->metric == METRIC_ENERGY) {
        report_hint(parser->report, "energy of production by enterprise, day having energy > 100");
        return report_fail(parser->report, GK_ESYNTAX, cond->series->place,
                           "energy is a sum over time: it cannot be compared at a moment");
    }
done:
    return rc;
}

/* ---- quantifiers ---- */

/* 2 以上, 2台以上 */
static bool is_count_above(const struct token *token)
{
    if (token->kind != T_NUMBER)
        return false;
    token += token[1].kind == T_WORD && token[1].word == W_MEASURE ? 2 : 1;
    return token->kind == T_WORD && token->word == W_ABOVE;
}

/* More than 2, 超过2台 */
static bool is_more_than(const struct token *token)
{
    bool is_words =
        token->kind == T_WORD && token->word == W_MORE && token[1].kind == T_WORD && token[1].word == W_THAN;

    return is_words || (token->kind == T_GREATER && token[1].kind == T_NUMBER);
}

static bool is_quant(const struct parser *parser)
{
    return parser_is_word(parser, W_ANY) || parser_is_word(parser, W_ALL) || parser_is_word(parser, W_NO) ||
           parser_is_word(parser, W_AT) || parser_is_word(parser, W_EXACTLY) || parser->at->kind == T_GREATER_EQUAL ||
           is_count_above(parser->at) || is_more_than(parser->at);
}

static int parse_quant(struct parser *parser, enum quant *quant, uint32_t *k)
{
    uint64_t count = 1;
    int rc = GK_OK;

    if (parser_take_word(parser, W_ANY)) {
        *quant = QUANT_ANY;
    } else if (parser_take_word(parser, W_ALL)) {
        *quant = QUANT_ALL;
    } else if (parser_take_word(parser, W_NO)) {
        *quant = QUANT_NO;
    } else if (parser_take_word(parser, W_AT)) {
        TRY(parser_need_word(parser, W_LEAST, "at least 2 production running"));
        TRY(parse_count(parser, "a count after 'at least'", &count));
        *quant = QUANT_AT_LEAST;
    } else if (is_count_above(parser->at)) {
        TRY(parse_count(parser, "a count", &count));
        parser->at++; /* 以上 */
        *quant = QUANT_AT_LEAST;
    } else if (is_more_than(parser->at)) {
        parser->at += parser->at->kind == T_WORD ? 2 : 1;
        TRY(parse_count(parser, "a count after 'more than'", &count));
        *quant = QUANT_AT_LEAST;
        count++;
    } else if (parser_take(parser, T_GREATER_EQUAL)) { /* 至少 */
        TRY(parse_count(parser, "a count after 'at least'", &count));
        *quant = QUANT_AT_LEAST;
    } else {
        TRY(parser_need_word(parser, W_EXACTLY, NULL));
        TRY(parse_count(parser, "a count after 'exactly'", &count));
        *quant = QUANT_EXACTLY;
    }
    (void)parser_take_word(parser, W_MEASURE); /* 任一台 */
    *k = (uint32_t)count;
done:
    return rc;
}

/* [quant] NOUN state, [any|all|no] METRIC of [quant] NOUN cmp value */
static int parse_quantified(struct parser *parser, struct cond *cond)
{
    const struct token *first = parser->at;
    enum quant quant = QUANT_NONE;
    uint32_t k = 1;
    int rc;

    if (parser_is_no_data(parser))
        return parser_fail(parser, "a condition", NULL, "when facility nodata for > 1h");
    if (parser_is_word(parser, W_NONE) && parser_is_han(parser) && slip_find(&parser->at->text)) /* 停产的企业 */
        return parser_fail(parser, "a condition", NULL, NULL);
    if (is_quant(parser))
        TRY(parse_quant(parser, &quant, &k));
    if (quant != QUANT_NONE)
        (void)parser_take_han(parser, W_OF); /* 2台以上的 */
    if (parser_peek_series(parser) || is_row_value(parser) || is_implied_metric(parser)) {
        if (quant == QUANT_AT_LEAST || quant == QUANT_EXACTLY) {
            parser->at = first;
            return parser_fail(parser, "any, all or no before a metric", NULL, "any current of abatement > 50A");
        }
        TRY(parse_comparison(parser, quant, cond));
        return GK_OK;
    }
    cond->kind = COND_STATE;
    TRY(parse_ref(parser, &cond->ref));
    if (quant == QUANT_NONE && parser_is_han(parser) && !parser_is_word(parser, W_NO) && is_quant(parser))
        TRY(parse_quant(parser, &quant, &k)); /* 治污全部停运 */
    const struct token *next = parser->at + 1;
    if (parser_is_han(parser) && parser_is_word(parser, W_OF) && next->kind == T_WORD &&
        ((next->word >= W_ON && next->word <= W_NODATA) || next->word == W_START || next->word == W_END))
        parser->at++; /* 设施'F12'的运行时长 */
    cond->ref.quant = quant;
    cond->ref.k = k;
    cond->ref.place = parser_place(parser, first);
    TRY(parse_state(parser, cond));
done:
    return rc;
}

/* ---- order, hours, names ---- */

static int parse_order(struct parser *parser, struct cond *cond)
{
    int rc = GK_OK;

    cond->kind = COND_ORDER;
    parser->at++;
    if (parser_take_word(parser, W_LEVEL)) {
        const struct token *token = parser->at;
        cond->has_level = true;
        if (token->kind == T_NAME) {
            cond->name = token->text;
            cond->place = token->place;
            parser->at++;
            return GK_OK;
        }
        cond->compare = GK_EQ;
        if (token->kind >= T_LESS && token->kind <= T_NOT_EQUAL)
            TRY(parse_compare(parser, &cond->compare));
        if (parser->at->kind != T_NUMBER)
            return parser_fail(parser, "a level", NULL, "order level 3, order level >= 2, order level 'orange'");
        cond->limit = parser->at->number;
        cond->place = parser->at->place;
        parser->at++;
    } else {
        cond->is_group = parser_take_word(parser, W_GROUP);
        if (parser->at->kind == T_NAME) {
            cond->name = parser->at->text;
            cond->place = parser->at->place;
            parser->at++;
        } else if (cond->is_group) {
            return parser_fail(parser, "a name after 'group'", NULL, "order group 'A'");
        }
    }
done:
    return rc;
}

int parse_order_alone(struct parser *parser, struct cond **out)
{
    *out = new_cond(parser, COND_ORDER, NULL, NULL);
    return *out ? parse_order(parser, *out) : parser_no_memory(parser);
}

/* `hours`, 每天 or nothing before 22:00-06:00. */
static bool parser_is_hours(const struct parser *parser)
{
    const struct token *token = parser->at;

    if (token->kind == T_CLOCK || parser_is_word(parser, W_HOURS))
        return true;
    if (parser_is_word(parser, W_PER) && token[1].kind == T_WORD && token[1].word == W_DAY)
        return true;
    return parser_is_word(parser, W_DAY) && token[1].kind == T_CLOCK;
}

static int parse_hours(struct parser *parser, struct cond *cond)
{
    static const char example[] = "hours 22:00-06:00";
    int rc;

    cond->kind = COND_HOURS;
    while (parser->at->kind == T_WORD && parser_is_hours(parser))
        parser->at++;
    cond->from_s = parser->at->seconds;
    TRY(parser_need(parser, T_CLOCK, "a time of day after 'hours'", example));
    if (!parser_take_word(parser, W_TO))
        TRY(parser_need(parser, T_MINUS, "'-' between two times of day", example));
    cond->to_s = parser->at->seconds;
    TRY(parser_need(parser, T_CLOCK, "a time of day after '-'", example));
    if (cond->from_s == cond->to_s) {
        parser->at--;
        return parser_fail(parser, "another time of day than the first", NULL,
                           "hours 22:00-06:00; for all hours: 00:00-24:00");
    }
done:
    return rc;
}

/* weekdays 08:00-18:00 */
static int parse_hours_of_days(struct parser *parser, struct cond **out)
{
    struct cond *hours;
    int rc = GK_OK;

    if (parser->at->kind != T_CLOCK)
        return GK_OK;
    hours = new_cond(parser, COND_HOURS, NULL, NULL);
    if (!hours)
        return parser_no_memory(parser);
    TRY(parse_hours(parser, hours));
    TRY(parser_wrap(parser, out, COND_AND, hours));
done:
    return rc;
}

bool parser_begins_cond(const struct token *token)
{
    struct parser ahead = {.at = token};
    enum noun noun;

    return parser_peek_noun(&ahead, &noun) || parser_is_word(&ahead, W_ANY) || parser_is_word(&ahead, W_ALL) ||
           parser_is_word(&ahead, W_NO);
}

bool parser_begins_han_cond(const struct parser *parser)
{
    const struct parser ahead = {.at = parser->at + (parser->at->kind == T_OPEN)};

    return parser_is_han(&ahead) &&
           (parser_begins_cond(ahead.at) || parser_is_calendar(&ahead) || parser_is_hours(&ahead) ||
            parser_is_word(&ahead, W_ORDER) || parser_is_word(&ahead, W_EXEMPT) || parser_is_word(&ahead, W_NOT) ||
            parser_is_word(&ahead, W_POSSIBLY) || parser_is_word(&ahead, W_SURELY) ||
            parser_is_word(&ahead, W_UNKNOWN) || ahead.at->kind == T_GREATER_EQUAL);
}

/* A bare or quoted word that is no word of the language: a definition, which the binder looks up. */
static int parse_name(struct parser *parser, struct cond *cond)
{
    static const enum word begins[] = {
        W_FACILITY, W_PRODUCTION, W_ABATEMENT, W_LINE,     W_ENTERPRISE, W_PARK,    W_ZONE,  W_ANY,    W_ALL,
        W_NO,       W_EXACTLY,    W_NOT,       W_START,    W_END,        W_ORDER,   W_HOURS, W_EXEMPT, W_POWER,
        W_CURRENT,  W_VOLTAGE,    W_LOAD,      W_POSSIBLY, W_SURELY,     W_UNKNOWN, W_NONE};
    const struct token *token = parser->at;

    if (parser_is_word(parser, W_ALARM))
        return parser_fail(parser, "a condition", NULL,
                           "alarms are listed and counted: list alarms open, count of alarms by park");
    if (token->kind == T_WORD && token->word >= W_ON && token->word <= W_NODATA)
        return parser_fail(parser, "a condition", NULL, "a state stands behind its noun: abatement offline");
    if (token->kind != T_NAME && (token->kind != T_WORD || token->word != W_NONE))
        return parser_fail(parser, "a condition", parser_is_time(parser) ? NULL : begins,
                           parser_is_time(parser) ? "a time needs no word before it: last 24h, today"
                                                  : "abatement offline while production running");
    /* `pump running`: a name without its noun, or a noun with a slip of the pen. */
    if (token[1].kind == T_WORD && is_state_word(token[1].word) && !parser_is_on_date(token + 1))
        return parser_fail_noun(parser);
    if (token->kind == T_WORD && slip_find(&token->text) &&
        (parser_begins_cond(token + 1) ||
         (token[1].kind == T_WORD &&
          (token[1].word == W_ENERGY || token[1].word == W_ORDER)))) /* the abatement ..., 橙色管控期间 */
        return parser_fail(parser, "a condition", NULL, NULL);
    if (token->kind == T_WORD && token[1].kind >= T_LESS && token[1].kind <= T_NOT_EQUAL &&
        token[2].kind != T_DURATION) { /* kw > 5 */
        parser->at++;
        return parser_need_word(parser, W_OF, "a channel is of someone: kw of facility 'F12' > 5");
    }
    cond->kind = COND_NAME;
    cond->name = token->text;
    parser->at++;
    return GK_OK;
}

/* ---- the ladder ---- */

static int parse_prim_alone(struct parser *parser, struct cond **out)
{
    const struct token *first = parser->at;
    enum noun noun;
    int rc;

    if (parser_is_word(parser, W_START) || parser_is_word(parser, W_END)) {
        enum cond_kind kind = parser_is_word(parser, W_START) ? COND_START : COND_END;
        parser->at++;
        TRY(parser_need_word(parser, W_OF, "start of (production running)"));
        TRY(parser_enter(parser));
        TRY(parse_prim_alone(parser, out));
        parser->depth--;
        TRY(parser_wrap(parser, out, kind, NULL));
        (*out)->place = parser_place(parser, first);
        return GK_OK;
    }
    if (!is_row_value(parser) && parser_take(parser, T_OPEN)) {
        TRY(parser_enter(parser));
        TRY(parse_cond(parser, out));
        parser->depth--;
        parser->widened = NULL; /* who writes parentheses means a condition */
        TRY(parser_need(parser, T_CLOSE, "')'", "a parenthesis is still open"));
        return GK_OK;
    }
    if (parser_is_count_of(parser))
        return parse_count_of(parser, out);
    struct cond *cond = new_cond(parser, COND_STATE, NULL, NULL);
    if (!cond)
        return parser_no_memory(parser);
    *out = cond;
    if (parser_is_word(parser, W_ORDER)) {
        TRY(parse_order(parser, cond));
    } else if (parser_is_hours(parser)) {
        TRY(parse_hours(parser, cond));
    } else if (parser_is_calendar(parser)) {
        TRY(parse_calendar(parser, cond));
        TRY(parse_hours_of_days(parser, out));
    } else if (parser_take_word(parser, W_EXEMPT)) {
        cond->kind = COND_EXEMPT;
    } else if (is_quant(parser) || parser_peek_noun(parser, &noun) || parser_peek_series(parser) ||
               is_row_value(parser) || is_implied_metric(parser)) {
        TRY(parse_quantified(parser, cond));
    } else if (parser->has_implied && first->kind == T_WORD && is_state_word(first->word) &&
               (!parser_is_on_date(first) || first[1].kind == T_WORD)) { /* on today: what is on */
        cond->ref.noun = parser->implied;
        cond->ref.place = first->place;
        TRY(parse_state(parser, cond));
    } else {
        TRY(parse_name(parser, cond));
    }
    if (cond->kind != COND_ORDER)
        cond->place = parser_place(parser, first);
    rc = parse_together(parser, out);
done:
    return rc;
}

/* Also with 生产运行开始, (...)的结束. */
int parse_prim(struct parser *parser, struct cond **out)
{
    const struct token *first = parser->at;
    int rc;

    TRY(parse_prim_alone(parser, out));
    for (;;) {
        struct parser ahead = *parser;
        (void)parser_take_han(&ahead, W_OF);
        enum cond_kind kind = parser_is_word(&ahead, W_START) ? COND_START : COND_END;
        if (!parser_take_han(&ahead, W_START) && !parser_take_han(&ahead, W_END))
            return GK_OK;
        parser->at = ahead.at;
        (void)parser_take_han(parser, W_RUNNING); /* 生产开始运行 */
        TRY(parser_wrap(parser, out, kind, NULL));
        (*out)->place = parser_place(parser, first);
    }
done:
    return rc;
}

/* No order, 无豁免: what has no number of its own is not so. */
static bool is_no_order(const struct parser *parser)
{
    const struct parser next = {.at = parser->at + 1};

    return parser_is_word(parser, W_NO) && (parser_is_word(&next, W_ORDER) || parser_is_word(&next, W_EXEMPT));
}

static int parse_unary(struct parser *parser, struct cond **out)
{
    static const struct {
        enum word word;
        enum cond_kind kind;
    } prefixes[] = {{W_NOT, COND_NOT}, {W_POSSIBLY, COND_POSSIBLY}, {W_SURELY, COND_SURELY}, {W_UNKNOWN, COND_UNKNOWN}};
    int rc;

    for (size_t i = 0; i < sizeof prefixes / sizeof prefixes[0]; i++) {
        bool is_no = prefixes[i].kind == COND_NOT && is_no_order(parser);
        if (!parser_is_word(parser, prefixes[i].word) && !is_no)
            continue;
        TRY(parser_enter(parser));
        parser->at++;
        TRY(parse_unary(parser, out));
        parser->depth--;
        return parser_wrap(parser, out, prefixes[i].kind, NULL);
    }
    TRY(parse_prim(parser, out));
done:
    return rc;
}

/* The word, also behind a comma: 生产运行，且治污离线. */
static bool take_joint(struct parser *parser, enum word word)
{
    struct parser ahead = *parser;

    (void)parser_take(&ahead, T_COMMA);
    if (!parser_take_word(&ahead, word))
        return false;
    parser->at = ahead.at;
    return true;
}

static int parse_conj(struct parser *parser, struct cond **out)
{
    struct cond *b;
    int rc;

    TRY(parse_unary(parser, out));
    while (take_joint(parser, W_AND)) {
        TRY(parse_unary(parser, &b));
        TRY(parser_wrap(parser, out, COND_AND, b));
    }
done:
    return rc;
}

static int parse_disj(struct parser *parser, struct cond **out)
{
    struct cond *b;
    int rc;

    TRY(parse_conj(parser, out));
    while (take_joint(parser, W_OR)) {
        TRY(parse_conj(parser, &b));
        TRY(parser_wrap(parser, out, COND_OR, b));
    }
done:
    return rc;
}

/* Hours and days alone: what stands behind them is the main clause without a word between. */
static bool is_of_clock(const struct cond *cond)
{
    if (cond->kind == COND_HOURS || cond->kind == COND_CALENDAR)
        return true;
    return (cond->kind == COND_AND || cond->kind == COND_OR || cond->kind == COND_NOT) && is_of_clock(cond->a) &&
           (!cond->b || is_of_clock(cond->b));
}

/* A期间B is B during A, A之外B is B outside A: what stands last is the main clause, whose first noun names the rows. */
static int parse_that(struct parser *parser, struct cond **out, bool *is_done)
{
    /* 夜间22:00-06:00生产运行 */
    bool is_implied = parser->has_implied && parser->at->kind == T_WORD && is_state_word(parser->at->word);
    bool is_hours = is_of_clock(*out) && parser_is_han(parser) && (is_implied || parser_begins_cond(parser->at));
    bool is_inside = parser_is_han(parser) && parser_is_word(parser, W_INSIDE) && parser_begins_cond(parser->at + 1);
    parser->at += is_inside; /* 生产运行中治污停运 */
    bool is_during = is_inside || parser_take_word(parser, W_DURING_THAT) || is_hours;
    struct cond *b;
    int rc = GK_OK;

    *is_done = !is_during && !parser_take_word(parser, W_OUTSIDE_THAT);
    if (*is_done)
        return GK_OK;
    (void)parser_take(parser, T_COMMA);
    TRY(parse_disj(parser, &b));
    if (!is_during)
        TRY(parser_wrap(parser, out, COND_NOT, NULL));
    TRY(parser_wrap(parser, &b, COND_AND, *out));
    *out = b;
done:
    return rc;
}

/* 生产开治污关: behind a state a noun and its own. */
static bool is_next_clause(const struct parser *parser)
{
    struct parser ahead = *parser;
    enum noun noun;

    if (parser->at == parser->list || parser->at == parser->stop || parser->at[-1].kind != T_WORD ||
        parser->at[-1].word < W_ON || parser->at[-1].word > W_NODATA || !parser_is_han(parser) ||
        !parser_peek_noun(parser, &noun))
        return false;
    do
        ahead.at++;
    while (ahead.at->kind == T_NAME);
    return ahead.at->kind == T_WORD && is_state_word(ahead.at->word);
}

/* 生产运行，治污停运: a comma before another Chinese clause, or none. */
static bool take_clause(struct parser *parser)
{
    struct parser ahead = *parser;

    if (is_next_clause(parser))
        return true;

    if (!parser_take(&ahead, T_COMMA) || !parser_is_han(&ahead) || !parser_begins_cond(ahead.at) ||
        parser_is_leading_tail(&ahead))
        return false;
    parser->at = ahead.at;
    return true;
}

/* And `b`; *out is NULL where there is nothing yet. */
static int add_narrowing(struct parser *parser, struct cond **out, struct cond *b)
{
    if (*out)
        return parser_wrap(parser, out, COND_AND, b);
    *out = b;
    return GK_OK;
}

/* On mondays and fridays: of days both words mean either. Behind `and` what is no day is the next condition. */
static int parse_on_days(struct parser *parser, struct cond **out)
{
    struct cond *b;
    int rc;

    if (!parser->on_days)
        parser->on_days = parser->at;
    parser->at++; /* on */
    TRY(parse_prim(parser, out));
    for (;;) {
        struct parser ahead = *parser;
        if (!parser_take_word(&ahead, W_OR) && !parser_take_word(&ahead, W_AND) && !parser_take(&ahead, T_COMMA))
            return GK_OK;
        (void)(parser_is_on_days(ahead.at) && parser_take_word(&ahead, W_ON));
        if (!parser_is_calendar(&ahead))
            return GK_OK;
        parser->at = ahead.at;
        TRY(parse_prim(parser, &b));
        TRY(parser_wrap(parser, out, COND_OR, b));
    }
done:
    return rc;
}

/* while, during, unless, outside: each narrows what is there, or begins it where there is nothing yet. */
static int parse_rest(struct parser *parser, struct cond **out)
{
    struct cond *b;
    bool is_done;
    int rc;

    for (;;) {
        is_done = !*out;
        if (*out)
            TRY(parse_that(parser, out, &is_done));
        if (!is_done)
            continue;
        if (parser_is_on_days(parser->at)) {
            TRY(parse_on_days(parser, &b));
            TRY(add_narrowing(parser, out, b));
            while (parser_take_word(parser, W_AND)) { /* on weekdays and abatement off */
                TRY(parse_conj(parser, &b));
                TRY(parser_wrap(parser, out, COND_AND, b));
            }
            continue;
        }
        bool is_and = take_joint(parser, W_WHILE) || take_joint(parser, W_DURING) || (*out && take_clause(parser));
        if (!is_and && !take_joint(parser, W_UNLESS) && !take_joint(parser, W_OUTSIDE))
            return GK_OK;
        TRY(parse_disj(parser, &b));
        if (!is_and)
            TRY(parser_wrap(parser, &b, COND_NOT, NULL));
        TRY(add_narrowing(parser, out, b));
    }
done:
    return rc;
}

static int parse_combo(struct parser *parser, struct cond **out)
{
    int rc;

    (void)parser_take_han(parser, W_IN); /* 在生产运行期间 */
    TRY(parse_disj(parser, out));
    TRY(parse_rest(parser, out));
done:
    return rc;
}

/* `for` in its four forms, and 10分钟以上. `for > d` and `for <= d` are one tick further than `for >= d` and `for < d`.
 */
static int parse_for(struct parser *parser, struct cond **out)
{
    const struct token *first = parser->at;
    enum token_kind kind;
    enum gk_compare bound;
    int64_t ns;
    int rc;

    if (!parser_take_compare(parser, &kind) && kind != T_DURATION)
        return parser_fail(parser, "a comparison after 'for'", NULL, "for >= 10m");
    if (kind == T_EQUAL || kind == T_NOT_EQUAL) {
        parser->at = first;
        return parser_fail(parser, "a comparison after 'for'", NULL, "for >= 10m");
    }
    bool has_for = first > parser->list && first[-1].kind == T_WORD && first[-1].word == W_FOR;
    TRY(parse_duration(parser, has_for ? first[-1].text.bytes : first->text.bytes, "for >= 10m", &ns));
    if (kind == T_DURATION && has_for && (unsigned char)first[-1].text.bytes[0] >= 0x80) { /* 持续5分钟 */
        if (!take_bound(parser, &bound))
            bound = GK_GE;
    } else if (kind == T_DURATION && !take_bound(parser, &bound)) {
        parser->at = first;
        return parser_fail(parser, "a comparison after 'for'", NULL, "for >= 10m");
    }
    if (kind == T_DURATION)
        kind = bound == GK_GE ? T_GREATER_EQUAL : T_LESS_EQUAL;
    TRY(parser_wrap(parser, out, kind >= T_GREATER ? COND_AT_LEAST : COND_LESS, NULL));
    (*out)->ns = ns;
    (*out)->is_beyond = kind == T_GREATER || kind == T_LESS_EQUAL;
done:
    return rc;
}

/* ignoring gaps < d, 忽略不足30秒的间断 */
static int parse_gaps(struct parser *parser, int64_t *ns, bool *is_beyond)
{
    static const char example[] = "ignoring gaps < 30s";
    bool is_before = parser_take_word(parser, W_GAPS), is_bound = false;
    enum token_kind kind;
    int rc;

    if (!is_before && parser->at->kind != T_LESS && parser->at->kind != T_LESS_EQUAL && parser->at->kind != T_DURATION)
        TRY(parser_need_word(parser, W_GAPS, example));
    if (parser->at->kind != T_DURATION || is_before) {
        kind = parser->at->kind;
        if (kind != T_LESS_EQUAL)
            TRY(parser_need(parser, T_LESS, "'<' after 'gaps'", example));
        parser->at += kind == T_LESS_EQUAL;
        is_bound = kind == T_LESS_EQUAL;
        TRY(parse_duration(parser, "gaps <", example, ns));
    } else { /* 30秒以内的间断 */
        TRY(parse_duration(parser, "gaps <", example, ns));
        is_bound = true;
        TRY(parser_need_word(parser, W_BELOW, example));
    }
    *is_beyond = is_bound;
    if (!is_before) {
        (void)parser_take_word(parser, W_OF);
        TRY(parser_need_word(parser, W_GAPS, example));
    }
done:
    return rc;
}

/* within last d, 此前5分钟内; *kind is COND_NOT when there is none. */
static int parse_within(struct parser *parser, enum cond_kind *kind, int64_t *ns)
{
    static const enum word words[] = {W_LAST, W_NEXT, W_NONE};
    bool is_last = parser_take_word(parser, W_WITHIN_LAST),
         is_next = !is_last && parser_take_word(parser, W_WITHIN_NEXT);
    int rc = GK_OK;

    *kind = COND_NOT;
    if (!is_last && !is_next) {
        if (!parser_take_word(parser, W_WITHIN))
            return GK_OK;
        if (!parser_is_word(parser, W_LAST) && !parser_is_word(parser, W_NEXT))
            return parser_fail(parser, "'last' or 'next'", words,
                               "within last 10m; of several: within 60s of each other");
        is_last = parser_is_word(parser, W_LAST);
        parser->at++;
    }
    *kind = is_last ? COND_WITHIN_LAST : COND_WITHIN_NEXT;
    TRY(parse_duration(parser, is_last ? "last" : "next", "within last 10m", ns));
    if (!parser_take_word(parser, W_INSIDE))
        (void)parser_take_word(parser, W_BELOW); /* 此前5分钟以内 */
done:
    return rc;
}

/* `for` may be left out before 10分钟以上 and before a comparison. */
static bool is_for(const struct parser *parser)
{
    const struct token *token = parser->at;

    if (token->kind == T_DURATION)
        return token[1].kind == T_WORD && (token[1].word == W_ABOVE || token[1].word == W_BELOW);
    struct parser ahead = *parser;
    enum token_kind kind;
    if (!parser_take_compare(&ahead, &kind) || kind > T_GREATER_EQUAL)
        return false;
    /* In words it may be of something else: at least 3 times. */
    return ahead.at->kind == T_DURATION || (token->kind != T_WORD && !parser_is_han(parser));
}

int parse_suffix(struct parser *parser, struct cond **out, bool *is_done)
{
    const struct token *first = parser->at;
    enum cond_kind kind;
    bool is_beyond = false;
    int64_t ns;
    int rc = GK_OK;

    *is_done = parser->at == parser->stop;
    if (*is_done)
        return GK_OK;
    TRY(parse_event_suffix(parser, out, is_done));
    if (!*is_done)
        return GK_OK;
    *is_done = false;
    if (take_joint(parser, W_FOR) || is_for(parser))
        return parse_for(parser, out);
    if (take_joint(parser, W_IGNORING)) {
        TRY(parse_gaps(parser, &ns, &is_beyond));
        kind = COND_GAPS;
    } else if (parser_take_word(parser, W_HELD)) {
        TRY(parse_duration(parser, "held", "held 10m", &ns));
        kind = COND_HELD;
    } else {
        TRY(parse_within(parser, &kind, &ns));
        *is_done = kind == COND_NOT;
        if (*is_done)
            return GK_OK;
    }
    TRY(parser_wrap(parser, out, kind, NULL));
    (*out)->ns = ns;
    (*out)->is_beyond = is_beyond;
    (*out)->limit_place = parser_place(parser, first);
    if (kind == COND_WITHIN_LAST)
        parser->widened = *out;
done:
    return rc;
}

static int parse_suffixes(struct parser *parser, struct cond **out)
{
    bool is_done = false;
    int rc = GK_OK;

    while (!is_done)
        TRY(parse_suffix(parser, out, &is_done));
done:
    return rc;
}

int parse_cond(struct parser *parser, struct cond **out)
{
    int rc;

    TRY(parse_combo(parser, out));
    TRY(parse_suffixes(parser, out));
done:
    return rc;
}

int parse_clause(struct parser *parser, struct cond **out)
{
    return parse_disj(parser, out);
}

int parse_only(struct parser *parser, struct cond **out)
{
    int rc;

    *out = NULL;
    TRY(parse_rest(parser, out));
    if (*out)
        TRY(parse_suffixes(parser, out));
done:
    return rc;
}
