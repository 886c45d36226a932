/*
 * parse_with.c - what a statement is asked with:
 *
 *     with ITEM {, ITEM}      ITEM = possible | LIMIT [=] VALUE      vs stored
 *     using bands 'SET'
 *     as known at TIME        vs now
 *
 * The limits are those of a band: off_below, on_from, overload_from, hysteresis (15%, 5kW), hold, dwell_on, dwell_off
 * (90s).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "parser.h"

static const char EXAMPLE[] = "with on_from = 15%, off_below = 5%; hysteresis = 0.5kW";

/* Which limits are levels, and which durations. */
static struct gk_limit *find_level(struct gk_band *band, const char *name)
{
    return strcmp(name, "off_below") == 0       ? &band->off_below
           : strcmp(name, "on_from") == 0       ? &band->on_from
           : strcmp(name, "overload_from") == 0 ? &band->overload_from
           : strcmp(name, "hysteresis") == 0    ? &band->hysteresis
                                                : NULL;
}

static int64_t *find_duration(struct gk_band *band, const char *name)
{
    return strcmp(name, "hold") == 0        ? &band->hold_ns
           : strcmp(name, "dwell_on") == 0  ? &band->dwell_on_ns
           : strcmp(name, "dwell_off") == 0 ? &band->dwell_off_ns
                                            : NULL;
}

/* The decimal that a number was written as, short of its last bits. */
static bool read_decimal(double number, struct gk_decimal *out)
{
    char text[40];

    (void)snprintf(text, sizeof text, "%.9f", number);
    char *point = strchr(text, '.'), *end = text + strlen(text);
    if (!point || point - text > 9)
        return false;
    while (end[-1] == '0')
        *--end = '\0';
    out->scale = (int32_t)(end - point) - 1;
    memmove(point, point + 1, strlen(point));
    out->mantissa = strtoll(text, NULL, 10);
    return true;
}

/* 15% is a share of the rated value, 5kW or 5 a level in the channel's own unit. */
static int parse_level(struct parser *parser, struct gk_limit *out)
{
    const struct token *token = parser->at;
    bool is_share = token->kind == T_QUANTITY && token->unit->kind == UNIT_SHARE;
    double number = token->number;

    if (token->kind == T_QUANTITY && (token->unit->kind == UNIT_TIME || token->unit->kind == UNIT_ENERGY))
        return parser_fail(parser, "a share or a level", NULL, EXAMPLE);
    if ((token->kind != T_QUANTITY && token->kind != T_NUMBER) || !read_decimal(number, &out->value))
        return parser_fail(parser, "a share or a level", NULL, EXAMPLE);
    out->kind = is_share ? GK_LIMIT_SHARE : GK_LIMIT_ABSOLUTE;
    parser->at++;
    return GK_OK;
}

static int parse_item(struct parser *parser, struct tail *out)
{
    static const enum word words[] = {W_POSSIBLE, W_NONE};
    const char *name = parser->at->text.bytes;
    struct gk_limit *level = parser->at->kind == T_WORD ? find_level(&out->limits, name) : NULL;
    int64_t *duration = parser->at->kind == T_WORD ? find_duration(&out->limits, name) : NULL;
    bool is_set = (level && level->kind != GK_LIMIT_ABSENT) || (duration && *duration >= 0);
    int rc;

    if (parser_take_word(parser, W_POSSIBLE) || parser_take_han(parser, W_POSSIBLY)) { /* 含可能 */
        out->with_possible = true;
        return GK_OK;
    }
    if (!level && !duration)
        return parser_fail(parser, "possible, or a limit of bands", words,
                           "with possible; with on_from = 15%; limits are off_below on_from overload_from hysteresis "
                           "hold dwell_on dwell_off");
    if (is_set)
        return parser_fail(parser, "each limit once", NULL, "with on_from = 15%, hold = 60s");
    parser->at++;
    (void)parser_take(parser, T_EQUAL); /* with on_from 15% */
    if (level)
        TRY(parse_level(parser, level));
    else
        TRY(parse_duration(parser, name, "with hold = 60s; dwell_on = 30s, dwell_off = 2m", duration));
    out->has_limits = true;
done:
    return rc;
}

/* Both tails may stand, in either order. */
static void begin_limits(struct tail *out)
{
    if (!out->has_limits)
        out->limits = (struct gk_band){.hold_ns = -1, .dwell_on_ns = -1, .dwell_off_ns = -1, .channel = GK_ID_NONE};
}

int parse_with(struct parser *parser, struct tail *out)
{
    const struct token *first = parser->at;
    int rc;

    begin_limits(out);
    do
        TRY(parse_item(parser, out));
    while (parser_take(parser, T_COMMA));
    out->limits_place = parser_place(parser, first);
done:
    return rc;
}

/* using bands 'v2' */
int parse_using(struct parser *parser, struct tail *out)
{
    static const char example[] = "using bands 'v2'; one limit alone: with on_from = 15%";
    int rc;

    TRY(parser_need_word(parser, W_BAND, example));
    begin_limits(out);
    out->has_limits = true;
    out->set = parser->at->text;
    out->set_place = parser->at->place;
    out->limits.set = out->set.bytes;
    if (!parser_take(parser, T_NAME))
        TRY(parser_fail_name(parser, "the name of a set of bands"));
done:
    return rc;
}

/* What stands behind `vs`: the stored states, or what is known now. */
static bool is_stored(const struct token *token)
{
    return token->kind == T_WORD &&
           (strcmp(token->text.bytes, "stored") == 0 || strcmp(token->text.bytes, "现行") == 0);
}

static bool is_now(const struct token *token)
{
    return token->kind == T_WORD && token->word == W_NOW;
}

int parse_vs_stored(struct parser *parser, struct tail *out, bool *is_done)
{
    const struct token *at = parser->at;

    *is_done = !parser_is_word(parser, W_VS) || (!is_stored(at + 1) && !is_now(at + 1));
    if (*is_done)
        return GK_OK;
    if (out->vs_stored || out->vs_now) {
        report_hint(parser->report, "%s", report_text(parser->report, "each tail stands at most once"));
        return report_fail(parser->report, GK_ESYNTAX, at->place, "the statement has a '%.40s' already",
                           at->text.bytes);
    }
    out->vs_stored = is_stored(at + 1);
    out->vs_now = !out->vs_stored;
    parser->at += 2;
    out->vs_place = parser_place(parser, at);
    return GK_OK;
}

/* ---- what was known then ---- */

bool parser_is_known(const struct parser *parser)
{
    const struct token *at = parser->at;

    if (at->kind != T_WORD)
        return false;
    if (at->word == W_AS)
        return at[1].kind == T_WORD && at[1].word == W_KNOWN;
    return at->word == W_UNTIL && at[1].kind != T_END && at[2].kind == T_WORD && at[2].word == W_KNOWN;
}

int parse_known(struct parser *parser, struct tail *out)
{
    static const char example[] = "as known at 2026-11-20T08:00, as known at yesterday";
    const struct token *first = parser->at;
    int rc;

    if (!parser_take_word(parser, W_UNTIL)) { /* 截至...所知 */
        parser->at += 2;
        TRY(parser_need_word(parser, W_AT, example));
    }
    TRY(parse_instant(parser, "a time after 'as known at'", example, &out->known));
    (void)parser_take_word(parser, W_KNOWN);
    out->has_known = true;
    out->known_place = parser_place(parser, first);
done:
    return rc;
}
