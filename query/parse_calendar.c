/*
 * parse_calendar.c - days by name:
 *
 *     calendar 'X' | shift 'X'    what the store keeps under a name
 *     workdays                    the stored calendar of that name, else Monday to Friday
 *     holidays                    the stored calendar of that name
 *     weekdays | weekends | DAY [- DAY]
 */
#include "parser.h"

bool parser_is_calendar(const struct parser *parser)
{
    return parser->at->kind == T_WORD && parser->at->word >= W_CALENDAR && parser->at->word <= W_SUNDAY;
}

static bool take_day(struct parser *parser, unsigned *day)
{
    if (parser->at->kind != T_WORD || parser->at->word < W_MONDAY || parser->at->word > W_SUNDAY)
        return false;
    *day = (unsigned)(parser->at++->word - W_MONDAY);
    return true;
}

/* In `lag from start of monday to start of ...` the `to` is of the lag. */
static bool is_stretch(const struct token *at)
{
    bool is_day = at[1].kind == T_WORD && at[1].word >= W_MONDAY && at[1].word <= W_SUNDAY;
    bool is_slip = at[1].kind == T_WORD && at[1].word == W_NONE;

    return at->kind == T_MINUS || (at->kind == T_WORD && at->word == W_TO && (is_day || is_slip));
}

/* saturday-monday goes over the end of the week. */
static int parse_days(struct parser *parser, uint32_t *days)
{
    unsigned from = 0, to;

    (void)take_day(parser, &from); /* the caller saw that it is one */
    to = from;
    if (is_stretch(parser->at)) {
        parser->at++;
        if (!take_day(parser, &to))
            return parser_fail(parser, "a day of the week", NULL, "monday-friday, saturday, weekends");
    }
    *days = 1u << to;
    for (unsigned day = from; day != to; day = (day + 1) % 7)
        *days |= 1u << day;
    return GK_OK;
}

bool parser_is_on_days(const struct token *on)
{
    return on->kind == T_WORD && on->word == W_ON && parser_is_calendar(&(struct parser){.at = on + 1});
}

int parse_calendar(struct parser *parser, struct cond *cond)
{
    bool is_named = parser_take_word(parser, W_CALENDAR) || parser_take_word(parser, W_SHIFT);

    cond->kind = COND_CALENDAR;
    if (is_named) {
        cond->name = parser->at->text;
        return parser_take(parser, T_NAME) ? GK_OK : parser_fail_name(parser, "the name of a calendar");
    }
    if (parser_is_word(parser, W_WORKDAYS) || parser_is_word(parser, W_HOLIDAYS))
        cond->calendar = parser->at->word;
    if (parser_take_word(parser, W_WORKDAYS) || parser_take_word(parser, W_WEEKDAYS))
        cond->days = 0x1F;
    else if (parser_take_word(parser, W_HOLIDAYS))
        cond->days = 0; /* the calendar says all */
    else if (parser_take_word(parser, W_WEEKENDS))
        cond->days = 0x60;
    else
        return parse_days(parser, &cond->days);
    return GK_OK;
}
