/*
 * parse_noun.c - nouns, names, series: the small pieces that conditions, tails and statements are made of.
 */
#include "parser.h"
#include "slips.h"

#include <string.h>
#include <strings.h>

static const enum word NOUNS[] = {W_FACILITY, W_PRODUCTION, W_ABATEMENT, W_LINE, W_ENTERPRISE, W_PARK, W_ZONE, W_NONE};

bool parser_peek_noun(const struct parser *parser, enum noun *out)
{
    for (size_t i = 0; NOUNS[i] != W_NONE; i++) {
        if (parser_is_word(parser, NOUNS[i])) {
            *out = (enum noun)i; /* NOUNS is in the order of enum noun */
            return true;
        }
    }
    return false;
}

int parser_fail_noun(struct parser *parser)
{
    static const char example[] = "names stand in quotes: facility 'F12', enterprise 'E7'";
    const struct token *token = parser->at;
    bool is_name = token->kind == T_NAME || (token->kind == T_WORD && token->word == W_NONE);
    struct nearest nearest = nearest_to(token->text.bytes, token->text.size);

    if (parser_is_word(parser, W_ALARM))
        return parser_fail(parser, "a noun", NULL,
                           "alarms are listed and counted: list alarms open, count of alarms by park");
    for (size_t i = 0; NOUNS[i] != W_NONE; i++)
        nearest_try(&nearest, word_text(NOUNS[i]));
    if (!is_name || nearest.best || slip_find(&token->text))
        return parser_fail(parser, "a noun", NOUNS,
                           parser_is_time(parser) ? "a time needs no word before it: last 24h, today" : example);
    report_hint(parser->report, "a name stands in quotes behind its noun: facility '%.40s', enterprise '%.40s'",
                token->text.bytes, token->text.bytes);
    return report_fail(parser->report, GK_ESYNTAX, token->place, "expected %s, got '%.60s'",
                       report_text(parser->report, "a noun"), token->text.bytes);
}

int parse_noun(struct parser *parser, enum noun *out)
{
    if (!parser_peek_noun(parser, out))
        return parser_fail_noun(parser);
    parser->at++;
    if (*out == NOUN_PRODUCTION || *out == NOUN_ABATEMENT)
        parser->at += parser_is_word(parser, W_FACILITY) && parser->at[1].kind != T_NAME; /* abatement facilities */
    return GK_OK;
}

bool parser_is_no_data(const struct parser *parser)
{
    const struct token *next = parser->at + 1;

    return parser_is_word(parser, W_NO) && next->kind == T_WORD && strcasecmp(next->text.bytes, "data") == 0;
}

/* An unquoted name is shown with its quotes. */
int parser_fail_name(struct parser *parser, const char *what)
{
    const struct token *token = parser->at;

    if (token->kind != T_WORD || token->word != W_NONE)
        return parser_fail(parser, what, NULL, "names stand in quotes: 'F12'");
    report_hint(parser->report, "names stand in quotes: '%.40s'", token->text.bytes);
    return report_fail(parser->report, GK_ESYNTAX, token->place, "expected %s, got '%.60s'",
                       report_text(parser->report, what), token->text.bytes);
}

/* Another name behind a comma, and not an attribute: ..., 'cap' of production. */
static bool take_comma(struct parser *parser)
{
    const struct token *next = parser->at + 1;

    if (parser->at->kind != T_COMMA || next->kind != T_NAME)
        return false;
    if (next[1].kind == T_WORD && next[1].word == W_OF && (unsigned char)next[1].text.bytes[0] < 0x80)
        return false; /* 设施'A'、'B'的电流 goes on */
    parser->at++;
    return true;
}

int parse_names(struct parser *parser, struct name **out)
{
    struct name **end = out;

    *out = NULL;
    do {
        const struct token *token = parser->at;
        if (token->kind != T_NAME)
            return parser_fail_name(parser, "a name in quotes");
        struct name *name = parser_new(parser, sizeof *name);
        if (!name)
            return parser_no_memory(parser);
        name->text = token->text;
        name->place = token->place;
        name->id = GK_ID_NONE;
        *end = name;
        end = &name->next;
        parser->at++;
    } while (take_comma(parser));
    return GK_OK;
}

int parse_ref(struct parser *parser, struct ref *out)
{
    const struct token *first = parser->at;
    bool is_open = parser_take(parser, T_OPEN);
    int rc;

    TRY(parse_noun(parser, &out->noun));
    if (parser->at->kind == T_NAME) {
        if (out->noun == NOUN_ZONE)
            return parser_fail(parser, "no name behind 'zone'", NULL, "a store is one zone: it has no name");
        TRY(parse_names(parser, &out->names));
    }
    if (is_open) {
        TRY(parser_need_word(parser, W_WHERE, "(facility where meter = 'master')"));
        TRY(parse_filters(parser, &out->where));
        TRY(parser_need(parser, T_CLOSE, "')'", "a parenthesis is still open"));
    }
    out->place = parser_place(parser, first);
done:
    return rc;
}

bool parser_take_compare(struct parser *parser, enum token_kind *out)
{
    static const struct {
        enum word first, second;
        enum token_kind kind;
    } forms[] = {{W_AT, W_LEAST, T_GREATER_EQUAL},
                 {W_AT, W_MOST, T_LESS_EQUAL},
                 {W_MORE, W_THAN, T_GREATER},
                 {W_LESS_THAN, W_THAN, T_LESS}};
    const struct token *token = parser->at;

    *out = token->kind;
    if (token->kind >= T_LESS && token->kind <= T_NOT_EQUAL) {
        parser->at++;
        return true;
    }
    if ((parser_is_word(parser, W_IS) || (parser_is_han(parser) && parser_is_word(parser, W_AS))) &&
        (token[1].kind == T_NUMBER || token[1].kind == T_QUANTITY)) { /* power of production is 0, 功率为0 */
        *out = T_EQUAL;
        parser->at++;
        return true;
    }
    token += parser_is_word(parser, W_IS); /* is less than */
    for (size_t i = 0; token->kind == T_WORD && i < sizeof forms / sizeof forms[0]; i++) {
        if (token->word != forms[i].first || token[1].kind != T_WORD || token[1].word != forms[i].second)
            continue;
        *out = forms[i].kind;
        parser->at = token + 2;
        return true;
    }
    return false;
}

int parse_compare(struct parser *parser, enum gk_compare *out)
{
    static const enum gk_compare compares[] = {GK_LT, GK_LE, GK_GT, GK_GE, GK_EQ, GK_NE};
    enum token_kind kind;

    if (!parser_take_compare(parser, &kind))
        return parser_fail(parser, "a comparison", NULL,
                           "one of < <= > >= = !=: type = 'RTO', power of production > 5kW");
    *out = compares[kind - T_LESS];
    return GK_OK;
}

int parse_duration(struct parser *parser, const char *after, const char *example, int64_t *ns)
{
    const struct token *token = parser->at;

    if (token->kind == T_DURATION && token->ns > 0) {
        *ns = token->ns;
        parser->at++;
        return GK_OK;
    }
    if (token->kind == T_NUMBER && token[1].kind == T_WORD && (token[1].word == W_MONTH || token[1].word == W_YEAR))
        report_hint(parser->report, "m is minutes; a month is a calendar word: this month, last month, or 30d");
    else if (token->kind == T_NUMBER)
        report_hint(parser->report, "add a unit: %.20ss, %.20sm, %.20sh", token->text.bytes, token->text.bytes,
                    token->text.bytes);
    else
        report_hint(parser->report, "%s", report_text(parser->report, example));
    const struct token *before = token - (token > parser->list);
    after = before->kind == T_WORD ? before->text.bytes : report_text(parser->report, after); /* as it was written */
    if (token->kind == T_END)
        return report_fail(parser->report, GK_ESYNTAX, token->place, "expected a duration after '%.40s' before the end",
                           after);
    return report_fail(parser->report, GK_ESYNTAX, token->place, "expected a duration after '%.40s', got '%.60s'",
                       after, token->text.bytes);
}

int parse_count(struct parser *parser, const char *what, uint64_t *out)
{
    const struct token *token = parser->at;

    if (token->kind != T_NUMBER || token->number < 1 || token->number > 1e9 ||
        token->number != (double)(uint64_t)token->number)
        return parser_fail(parser, what, NULL, "a whole number from 1 on: 10");
    *out = (uint64_t)token->number;
    parser->at++;
    (void)parser_take_word(parser, W_MEASURE); /* 2台 */
    return GK_OK;
}

bool parser_read_metric(const struct token *token, enum metric *out)
{
    static const struct {
        enum word word;
        enum metric metric;
    } metrics[] = {{W_POWER, METRIC_POWER},
                   {W_CURRENT, METRIC_CURRENT},
                   {W_VOLTAGE, METRIC_VOLTAGE},
                   {W_LOAD, METRIC_LOAD},
                   {W_ENERGY, METRIC_ENERGY}};

    for (size_t i = 0; token->kind == T_WORD && i < sizeof metrics / sizeof metrics[0]; i++) {
        if (token->word == metrics[i].word) {
            *out = metrics[i].metric;
            return true;
        }
    }
    *out = METRIC_CHANNEL;
    return token->kind == T_NAME || (token->kind == T_WORD && token->word == W_NONE);
}

/* Any, all or no of the phases, where they stand between 的 and the metric. */
static bool is_phases(const struct token *token, enum quant *out)
{
    *out = token->word == W_ANY ? QUANT_ANY : token->word == W_ALL ? QUANT_ALL : QUANT_NO;
    return token->kind == T_WORD && (token->word == W_ANY || token->word == W_ALL || token->word == W_NO);
}

static bool peek_genitive_series(const struct parser *parser)
{
    const struct token *after;
    enum metric metric;
    enum quant phases;

    if (!parser_peek_genitive(parser, &after))
        return false;
    return parser_read_metric(is_phases(after, &phases) ? after + 1 : after, &metric);
}

bool parser_peek_series(const struct parser *parser)
{
    enum metric metric;

    if (peek_genitive_series(parser))
        return true;
    return parser_read_metric(parser->at, &metric) &&
           (metric != METRIC_CHANNEL || (parser->at[1].kind == T_WORD && parser->at[1].word == W_OF));
}

static int parse_genitive_series(struct parser *parser, struct series *series)
{
    int rc;

    TRY(parse_ref(parser, &series->ref));
    (void)parser_take_han(parser, W_OF);
    if (is_phases(parser->at, &series->phases))
        parser->at++;
    else
        series->phases = QUANT_NONE;
    (void)parser_read_metric(parser->at, &series->metric); /* it was seen */
    if (series->metric == METRIC_CHANNEL)
        series->channel = parser->at->text;
    series->place = parser->at->place;
    parser->at++;
done:
    return rc;
}

int parse_series(struct parser *parser, struct series **out)
{
    const struct token *first = parser->at;
    struct series *series = parser_new(parser, sizeof *series);
    int rc;

    *out = series;
    if (!series)
        return parser_no_memory(parser);
    if (peek_genitive_series(parser))
        return parse_genitive_series(parser, series);
    if (!parser_read_metric(first, &series->metric))
        return parser_fail(parser, "a metric or a channel",
                           (const enum word[]){W_POWER, W_CURRENT, W_VOLTAGE, W_LOAD, W_NONE}, "power of production");
    if (series->metric == METRIC_CHANNEL)
        series->channel = first->text;
    parser->at++;
    series->place = parser_place(parser, first);
    TRY(parser_need_word(parser, W_OF, "power of production, kw of facility 'F12'"));
    TRY(parse_ref(parser, &series->ref));
done:
    return rc;
}
