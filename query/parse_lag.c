/*
 * parse_lag.c - the time from one moment to one of another kind, the nearest unless it says `next` or `last`:
 *
 *     AGG {, AGG} of lag PAIR {, PAIR} [within d] tail         list lag PAIR {, PAIR} [within d] tail
 *     PAIR = from PRIM to [next|last] PRIM          AGG = avg min max count median pNN
 */
#include <string.h>

#include "parser.h"

static const char NUMBERS[] = "avg, p90 of lag from start of (production running) to start of (abatement running)";
static const char EXAMPLE[] = "list lag from start of (production running) to start of (abatement running)";

static bool is_pair(const struct token *at)
{
    if (at->kind != T_WORD || at->word != W_BETWEEN || (!parser_begins_cond(at + 1) && at[1].kind != T_OPEN))
        return false;
    for (; at->kind != T_END; at++)
        if (at->kind == T_WORD && at->word == W_LAG)
            return true;
    return false;
}

bool parser_is_lag(const struct parser *parser)
{
    const struct token *at = parser->at;

    if (is_pair(at + parser_is_word(parser, W_LIST))) /* 从生产启动到治污启动的滞后 */
        return true;
    if (parser_is_word(parser, W_LIST))
        return at[1].kind == T_WORD && at[1].word == W_LAG;
    while (at->kind == T_COMMA || (at->kind == T_WORD && at->word != W_OF && at->word != W_LAG))
        at++;
    if (at == parser->at || at->kind != T_WORD)
        return false;
    return at->word == W_LAG || (at[1].kind == T_WORD && at[1].word == W_LAG);
}

/* pNN; false when the text is none. */
static bool read_percentile(const char *text, double *percent)
{
    size_t n = strlen(text);

    *percent = 0;
    for (size_t i = 1; i < n && text[i] >= '0' && text[i] <= '9' && n < 5; i++)
        *percent = *percent * 10 + (text[i] - '0');
    return text[0] == 'p' && n > 1 && strspn(text + 1, "0123456789") == n - 1 && n < 5 && *percent <= 100;
}

static bool read_agg(const struct token *token, struct lag_agg *out)
{
    static const struct {
        enum word word;
        enum lag_number number;
    } words[] = {{W_AVG, LAG_AVG}, {W_MIN, LAG_MIN}, {W_MAX, LAG_MAX}, {W_COUNT, LAG_COUNT}};

    if (token->kind != T_WORD)
        return false;
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (token->word == words[i].word) {
            out->number = words[i].number;
            out->name = word_text(token->word);
            return true;
        }
    }
    out->number = LAG_PERCENTILE;
    out->percent = 50;
    out->name = token->text.bytes;
    return strcmp(out->name, "median") == 0 || read_percentile(out->name, &out->percent);
}

static int parse_numbers(struct parser *parser, struct lag_agg **end)
{
    static const enum word words[] = {W_AVG, W_MIN, W_MAX, W_COUNT, W_NONE};
    struct lag_agg **first = end, found = {0};

    do {
        if (!read_agg(parser->at, &found))
            return parser_fail(parser, "avg, min, max, count, median or p90 of lags", words, NUMBERS);
        for (const struct lag_agg *agg = *first; agg; agg = agg->next)
            if (strcmp(agg->name, found.name) == 0)
                return parser_fail(parser, "each aggregate once", NULL, NUMBERS);
        *end = parser_new(parser, sizeof **end);
        if (!*end)
            return parser_no_memory(parser);
        **end = found;
        end = &(*end)->next;
        parser->at++;
    } while (parser_take(parser, T_COMMA));
    return GK_OK;
}

static int parse_pair(struct parser *parser, struct lag *out)
{
    const struct token *first;
    int rc;

    if (!parser_take_word(parser, W_BETWEEN)) /* 从 */
        TRY(parser_need_word(parser, W_FROM, EXAMPLE));
    first = parser->at;
    TRY(parse_prim(parser, &out->from));
    out->text = parser_place(parser, first);
    TRY(parser_need_word(parser, W_TO, EXAMPLE));
    if (parser_take_word(parser, W_NEXT))
        out->way = LAG_NEXT;
    else if (parser_take_word(parser, W_LAST))
        out->way = LAG_LAST;
    TRY(parse_prim(parser, &out->to));
done:
    return rc;
}

/* 从生产启动到治污启动的[平均]滞后: without numbers the lags themselves. */
static int parse_pair_first(struct parser *parser, struct stmt *stmt)
{
    int rc;

    stmt->lags = parser_new(parser, sizeof *stmt->lags);
    if (!stmt->lags)
        return parser_no_memory(parser);
    TRY(parse_pair(parser, stmt->lags));
    if (parser_is_within(parser))
        TRY(parse_event_window(parser, "within 30m", &stmt->lag_ns));
    (void)parser_take_han(parser, W_OF);
    stmt->kind = parser_is_word(parser, W_LAG) ? STMT_LAG_LIST : STMT_LAG;
    if (stmt->kind == STMT_LAG)
        TRY(parse_numbers(parser, &stmt->lag_aggs));
    TRY(parser_need_word(parser, W_LAG, EXAMPLE));
    if (stmt->kind == STMT_LAG_LIST && parser_take_han(parser, W_OF)) { /* 滞后的平均、最大 */
        stmt->kind = STMT_LAG;
        TRY(parse_numbers(parser, &stmt->lag_aggs));
    }
    TRY(parse_tail(parser, NULL, &stmt->tail));
done:
    return rc;
}

int parse_lag(struct parser *parser, struct stmt *stmt)
{
    struct lag **end = &stmt->lags;
    int rc;

    bool is_list = parser_take_word(parser, W_LIST);
    if (is_pair(parser->at))
        return parse_pair_first(parser, stmt);
    stmt->kind = is_list ? STMT_LAG_LIST : STMT_LAG;
    if (stmt->kind == STMT_LAG) {
        TRY(parse_numbers(parser, &stmt->lag_aggs));
        if (!parser_is_word(parser, W_LAG)) /* 平均滞后 */
            TRY(parser_need_word(parser, W_OF, EXAMPLE));
    }
    TRY(parser_need_word(parser, W_LAG, EXAMPLE));
    do {
        *end = parser_new(parser, sizeof **end);
        if (!*end)
            return parser_no_memory(parser);
        TRY(parse_pair(parser, *end));
        end = &(*end)->next;
    } while (parser_take(parser, T_COMMA));
    if (parser_is_within(parser))
        TRY(parse_event_window(parser, "within 30m", &stmt->lag_ns));
    TRY(parse_tail(parser, NULL, &stmt->tail));
done:
    return rc;
}
