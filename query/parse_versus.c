/*
 * parse_versus.c - comparison with another time:
 *
 *     vs previous                                   as long a time right before the window
 *     vs previous 7d                                the window, 7 days earlier
 *     vs last month, vs same time last year         the window, a unit of the calendar earlier
 *     vs same hours of 5 normal days before
 *     vs median|avg of 60d before                   of the buckets of so long a time before each one
 */
#include "parser.h"

static const char EXAMPLE[] = "vs previous 7d, vs same time last year, vs same hours of 5 normal days before";

bool parser_is_versus(const struct parser *parser)
{
    return parser_is_word(parser, W_VS) || parser_is_word(parser, W_CHAIN) || parser_is_word(parser, W_YEARLY);
}

/* A unit, in Chinese with 同期 behind it: 上月同期. */
static bool take_unit(struct parser *parser, struct versus *out)
{
    static const enum word units[] = {W_HOUR, W_DAY, W_WEEK, W_MONTH, W_YEAR};

    for (size_t i = 0; i < 5; i++) {
        if (parser_take_word(parser, units[i])) {
            out->kind = VERSUS_UNIT;
            out->unit = units[i];
            (void)parser_take_word(parser, W_SAME_TIME);
            return true;
        }
    }
    return false;
}

/* previous, previous 7d, previous month */
static int parse_previous(struct parser *parser, struct versus *out)
{
    out->kind = VERSUS_BEFORE;
    if (take_unit(parser, out) || parser->at->kind != T_DURATION)
        return GK_OK;
    out->kind = VERSUS_SHIFT;
    return parse_duration(parser, "previous", "vs previous 7d", &out->ns);
}

static int parse_last(struct parser *parser, struct versus *out)
{
    static const enum word units[] = {W_HOUR, W_DAY, W_WEEK, W_MONTH, W_YEAR, W_NONE};

    return take_unit(parser, out) ? GK_OK : parser_fail(parser, "a unit after 'last'", units, EXAMPLE);
}

/* hours of 5 normal days before */
static int parse_normal(struct parser *parser, struct versus *out)
{
    int rc;

    out->kind = VERSUS_NORMAL;
    TRY(parser_need_word(parser, W_HOURS, EXAMPLE));
    TRY(parser_need_word(parser, W_OF, EXAMPLE));
    TRY(parse_count(parser, "a count of days", &out->n));
    TRY(parser_need_word(parser, W_NORMAL, EXAMPLE));
    TRY(parser_need_word(parser, W_DAY, EXAMPLE));
    TRY(parser_need_word(parser, W_BEFORE, EXAMPLE));
done:
    return rc;
}

/* of 60d before, of 60 days before */
static int parse_rolling(struct parser *parser, enum versus_kind kind, struct versus *out)
{
    static const char example[] = "vs median of 60 days before";
    uint64_t days;
    int rc;

    out->kind = kind;
    TRY(parser_need_word(parser, W_OF, example));
    if (parser->at->kind == T_NUMBER && parser->at[1].kind == T_WORD && parser->at[1].word == W_DAY) {
        TRY(parse_count(parser, "a count of days", &days));
        parser->at++;
        if (days > 36525)
            return report_fail(parser->report, GK_ELIMIT, parser->at[-2].place, "expected fewer days");
        out->ns = (int64_t)days * 86400 * GK_SECOND;
    } else {
        TRY(parse_duration(parser, "of", example, &out->ns));
    }
    TRY(parser_need_word(parser, W_BEFORE, example));
done:
    return rc;
}

/* 之前5个正常日同时段, 之前60天的中位数 */
static int parse_before(struct parser *parser, struct versus *out)
{
    static const enum word words[] = {W_MEDIAN, W_AVG, W_NONE};
    int rc;

    if (parser->at->kind != T_DURATION) {
        out->kind = VERSUS_NORMAL;
        TRY(parse_count(parser, "a count of days", &out->n));
        TRY(parser_need_word(parser, W_NORMAL, EXAMPLE));
        TRY(parser_need_word(parser, W_DAY, EXAMPLE));
        (void)parser_take_word(parser, W_OF);
        TRY(parser_need_word(parser, W_SAME_HOURS, EXAMPLE));
        return GK_OK;
    }
    TRY(parse_duration(parser, "of", EXAMPLE, &out->ns));
    (void)parser_take_word(parser, W_OF);
    out->kind = parser_is_word(parser, W_AVG) ? VERSUS_AVG : VERSUS_MEDIAN;
    if (!parser_take_word(parser, W_AVG) && !parser_take_word(parser, W_MEDIAN))
        return parser_fail(parser, "the median or the mean", words, EXAMPLE);
done:
    return rc;
}

static int parse_form(struct parser *parser, struct versus *out)
{
    static const enum word words[] = {W_PREVIOUS, W_LAST, W_YESTERDAY, W_SAME, W_MEDIAN, W_AVG, W_NONE};

    if (parser_take_word(parser, W_PREVIOUS))
        return parse_previous(parser, out);
    if (parser_take_word(parser, W_LAST))
        return parse_last(parser, out);
    if (parser_take_word(parser, W_MEDIAN))
        return parse_rolling(parser, VERSUS_MEDIAN, out);
    if (parser_take_word(parser, W_AVG))
        return parse_rolling(parser, VERSUS_AVG, out);
    if (parser_take_word(parser, W_BEFORE))
        return parse_before(parser, out);
    if (parser_take_word(parser, W_YEARLY)) { /* 去年同期 */
        *out = (struct versus){.kind = VERSUS_UNIT, .unit = W_YEAR};
        return GK_OK;
    }
    if (parser_take_word(parser, W_YESTERDAY)) {
        out->kind = VERSUS_UNIT;
        out->unit = W_DAY;
        return GK_OK;
    }
    if (!parser_take_word(parser, W_SAME))
        return parser_fail(parser, "another time after 'vs'", words, EXAMPLE);
    if (!parser_take_word(parser, W_TIME))
        return parse_normal(parser, out);
    return parser_take_word(parser, W_LAST) ? parse_last(parser, out)
                                            : parser_fail(parser, "'last' after 'same time'", NULL, EXAMPLE);
}

int parse_versus(struct parser *parser, struct tail *out)
{
    const struct token *first = parser->at;
    int rc = GK_OK;

    if (parser_take_word(parser, W_CHAIN)) {
        TRY(parse_previous(parser, &out->versus));
    } else if (parser_take_word(parser, W_YEARLY)) {
        out->versus = (struct versus){.kind = VERSUS_UNIT, .unit = W_YEAR};
    } else {
        parser->at++;
        TRY(parse_form(parser, &out->versus));
    }
    out->versus.place = parser_place(parser, first);
done:
    return rc;
}
