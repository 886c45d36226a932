/*
 * parse_time.c - the time tails: last 24h, today, yesterday, now, this week, last month, between A and B, since t,
 * until t, on date, at t.
 */
#include "parser.h"

#include <string.h>

static const enum word UNITS[] = {W_HOUR, W_DAY, W_WEEK, W_MONTH, W_YEAR, W_NONE};

bool parser_is_time(const struct parser *parser)
{
    static const enum word words[] = {W_LAST,  W_TODAY, W_YESTERDAY, W_NOW, W_THIS, W_BETWEEN,
                                      W_SINCE, W_UNTIL, W_ON,        W_AT,  W_NONE};

    for (size_t i = 0; words[i] != W_NONE; i++)
        if (parser_is_word(parser, words[i]))
            return true;
    return false;
}

static bool take_unit(struct parser *parser, enum word *unit)
{
    for (size_t i = 0; UNITS[i] != W_NONE; i++) {
        if (parser_take_word(parser, UNITS[i])) {
            *unit = UNITS[i];
            return true;
        }
    }
    return false;
}

/* An ISO time, bare or in quotes, `now` as well. */
static int parse_instant(struct parser *parser, const char *what, const char *example, struct token *out)
{
    const struct token *token = parser->at;

    if (token->kind != T_TIME && token->kind != T_NAME && !parser_is_word(parser, W_NOW) &&
        !parser_is_word(parser, W_TODAY))
        return parser_fail(parser, what, NULL, example);
    *out = *token;
    parser->at++;
    return GK_OK;
}

static int parse_last(struct parser *parser, struct time_tail *out)
{
    if (take_unit(parser, &out->unit)) {
        out->kind = TIME_LAST_UNIT;
        return GK_OK;
    }
    out->kind = TIME_LAST;
    if (parser->at->kind == T_WORD) {
        return parser_fail(parser, "a duration or a unit after 'last'", UNITS, NULL);
    }
    return parse_duration(parser, "last", "last 24h, last 7d, last week", &out->ns);
}

static int parse_between(struct parser *parser, struct time_tail *out)
{
    static const char example[] = "between 2026-11-18 and 2026-11-21";
    int rc;

    out->kind = TIME_BETWEEN;
    TRY(parse_instant(parser, "a time after 'between'", example, &out->a));
    TRY(parser_need_word(parser, W_AND, example));
    TRY(parse_instant(parser, "a time after 'and'", example, &out->b));
done:
    return rc;
}

/* The tails of one word, and those of a word and one time. */
static int parse_simple(struct parser *parser, struct time_tail *out)
{
    static const struct {
        enum word word;
        enum time_kind kind;
        const char *what; /* of its time; NULL: none follows */
    } forms[] = {
        {W_TODAY, TIME_TODAY, NULL},
        {W_YESTERDAY, TIME_YESTERDAY, NULL},
        {W_NOW, TIME_NOW, NULL},
        {W_SINCE, TIME_SINCE, "a time after 'since'"},
        {W_UNTIL, TIME_UNTIL, "a time after 'until'"},
        {W_ON, TIME_ON, "a date after 'on'"},
        {W_AT, TIME_AT, "a time after 'at'"},
    };

    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        if (!parser_take_word(parser, forms[i].word))
            continue;
        out->kind = forms[i].kind;
        if (!forms[i].what)
            return GK_OK;
        return parse_instant(parser, forms[i].what, "2026-11-20, 2026-11-20T08:00, 2026-11-20T08:00+08:00", &out->a);
    }
    return parser_fail(parser, "a time", NULL, "last 24h");
}

int parse_time(struct parser *parser, struct time_tail *out)
{
    const struct token *first = parser->at;
    int rc;

    if (parser_take_word(parser, W_LAST)) {
        TRY(parse_last(parser, out));
    } else if (parser_take_word(parser, W_BETWEEN)) {
        TRY(parse_between(parser, out));
    } else if (parser_take_word(parser, W_THIS)) {
        out->kind = TIME_THIS_UNIT;
        if (!take_unit(parser, &out->unit))
            return parser_fail(parser, "a unit after 'this'", UNITS, NULL);
    } else {
        TRY(parse_simple(parser, out));
    }
    rc = GK_OK;
    out->place = parser_place(parser, first);
done:
    return rc;
}
