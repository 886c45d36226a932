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

    const struct token *token = parser->at;

    if (token->kind == T_TIME || parser_is_word(parser, W_NIGHT))
        return true;
    for (size_t i = 0; words[i] != W_NONE; i++)
        if (parser_is_word(parser, words[i]))
            return true;
    /* 在2026-11-20 */
    return parser_is_word(parser, W_IN) &&
           (token[1].kind == T_TIME || (token[1].kind == T_WORD && token[1].word == W_NOW));
}

bool parser_is_on_date(const struct token *on)
{
    if (on->kind != T_WORD || on->word != W_ON)
        return false;
    return on[1].kind == T_TIME || on[1].kind == T_NAME ||
           (on[1].kind == T_WORD && (on[1].word == W_TODAY || on[1].word == W_YESTERDAY || on[1].word == W_NOW));
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

/* What was likely meant where a time is expected. */
static const char *example_of_time(const struct parser *parser, const char *example)
{
    if (parser->at->kind == T_CLOCK)
        return "a time has its date: 2026-11-20T08:00; hours of a day: today 08:00-12:00";
    if (parser->at->kind == T_DURATION)
        return "as long until now: last 2d; behind a state: for >= 2d";
    if (parser_is_calendar(parser))
        return "one day by its date: 2026-11-16; of every week: when production running on mondays last 30d";
    if (parser_is_word(parser, W_NIGHT))
        return "every night: during hours 22:00-06:00; the last one: last night 22:00-06:00";
    return example;
}

int parse_instant(struct parser *parser, const char *what, const char *example, struct token *out)
{
    const struct token *token = parser->at;

    if (token->kind != T_TIME && token->kind != T_NAME && !parser_is_word(parser, W_NOW) &&
        !parser_is_word(parser, W_TODAY) && !parser_is_word(parser, W_YESTERDAY))
        return parser_fail(parser, what, NULL, example_of_time(parser, example));
    *out = *token;
    parser->at++;
    return GK_OK;
}

/* 22:00-06:00 behind a day: up to the next day's when it crosses midnight. *is_done: there is none. */
static int parse_clocks(struct parser *parser, struct time_tail *out)
{
    static const char example[] = "today 08:00-12:00, yesterday 22:00-06:00";
    int rc = GK_OK;

    if (parser->at->kind != T_CLOCK)
        return GK_OK;
    out->has_clocks = true;
    out->from_s = parser->at->seconds;
    parser->at++;
    if (!parser_take_word(parser, W_TO))
        TRY(parser_need(parser, T_MINUS, "'-' between two times of day", example));
    out->to_s = parser->at->seconds;
    TRY(parser_need(parser, T_CLOCK, "a time of day after '-'", example));
    (void)parser_take_word(parser, W_INSIDE); /* 22:00到06:00之间 */
done:
    return rc;
}

/* Last night 22:00-06:00 begins yesterday. */
static int parse_night(struct parser *parser, struct time_tail *out)
{
    out->kind = TIME_YESTERDAY;
    parser->at++;
    if (parser->at->kind != T_CLOCK)
        return parser_fail(parser, "the hours of the night", NULL,
                           "the night has its hours: last night 22:00-06:00, last night 20:00-08:00");
    return parse_clocks(parser, out);
}

static int parse_last(struct parser *parser, struct time_tail *out)
{
    if (take_unit(parser, &out->unit)) {
        out->kind = TIME_LAST_UNIT;
        return GK_OK;
    }
    if (parser_is_word(parser, W_NIGHT))
        return parse_night(parser, out);
    out->kind = TIME_LAST;
    if (parser->at->kind == T_WORD)
        return parser_fail(parser, "a duration or a unit after 'last'", parser_is_calendar(parser) ? NULL : UNITS,
                           example_of_time(parser, NULL));
    int rc = parse_duration(parser, "last", "last 24h, last 7d, last week", &out->ns);
    if (rc == GK_OK && !parser_take_word(parser, W_INSIDE))
        (void)parser_take_word(parser, W_BELOW); /* 最近24小时以内 */
    return rc;
}

static int parse_between(struct parser *parser, struct time_tail *out)
{
    static const char example[] = "between 2026-11-18 and 2026-11-21";
    int rc;

    out->kind = TIME_BETWEEN;
    if (parser->at->kind == T_CLOCK)
        return parser_fail(parser, "a time after 'between'", NULL,
                           "hours of every day: during hours 22:00-06:00; of one: today 08:00-12:00");
    TRY(parse_instant(parser, "a time after 'between'", example, &out->a));
    if (parser_take_word(parser, W_SINCE_THEN)) { /* 从A以来 */
        out->kind = TIME_SINCE;
        return GK_OK;
    }
    if (!parser_take_word(parser, W_TO))
        TRY(parser_need_word(parser, W_AND, example));
    TRY(parse_instant(parser, "a time after 'and'", example, &out->b));
    (void)parser_take_word(parser, W_INSIDE);
done:
    return rc;
}

/* A time without a word before it: A to B, since A, until A, on a date, at a time. */
static int parse_bare(struct parser *parser, struct time_tail *out)
{
    static const char example[] = "between 2026-11-18 and 2026-11-21";
    int rc;

    (void)parser_take_word(parser, W_IN);
    TRY(parse_instant(parser, "a time", example, &out->a));
    if (parser_take_word(parser, W_TO)) {
        out->kind = TIME_BETWEEN;
        TRY(parse_instant(parser, "a time", example, &out->b));
        (void)parser_take_word(parser, W_INSIDE);
    } else if (parser_take_word(parser, W_SINCE_THEN)) {
        out->kind = TIME_SINCE;
    } else if (parser_take_word(parser, W_BEFORE)) {
        out->kind = TIME_UNTIL;
    } else {
        bool is_date = out->a.kind == T_TIME && !memchr(out->a.text.bytes, ':', out->a.text.size);
        out->kind = is_date ? TIME_ON : out->a.kind == T_WORD ? TIME_NOW : TIME_AT;
        if (is_date)
            TRY(parse_clocks(parser, out));
    }
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
            return out->kind == TIME_NOW ? GK_OK : parse_clocks(parser, out);
        if (out->kind == TIME_ON && parser_is_calendar(parser))
            return parser_fail(
                parser, forms[i].what, NULL,
                "days stand before place and time: when production running on mondays in park 'P1' last 30d");
        int rc = parse_instant(parser, forms[i].what, "2026-11-20, 2026-11-20T08:00, 2026-11-20T08:00+08:00", &out->a);
        if (rc == GK_OK && out->kind == TIME_ON)
            return parse_clocks(parser, out);
        if (rc == GK_OK && !parser_take_word(parser, W_SINCE_THEN)) /* 自A以来 */
            (void)parser_take_word(parser, W_BEFORE);               /* 到A为止 */
        return rc;
    }
    return parser_fail(parser, "a time", NULL, "last 24h");
}

int parse_time(struct parser *parser, struct time_tail *out)
{
    const struct token *first = parser->at;
    int rc;

    if (parser->at->kind == T_TIME || parser_is_word(parser, W_IN)) {
        TRY(parse_bare(parser, out));
    } else if (parser_is_word(parser, W_NIGHT)) {
        TRY(parse_night(parser, out));
    } else if (parser_take_word(parser, W_LAST)) {
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
