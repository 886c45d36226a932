/*
 * parse_event.c - conditions about how often, how near, how long the same:
 *
 *     COND at least 3 times within 7d        COND more than 6 times within 1h      count of PRIM within 1h >= 6
 *     COND after PRIM within 10m             at least 3 NOUN STATE within 60s of each other
 *     METRIC of NOUN frozen >= 2h
 *
 * In Chinese the duration comes first: 7天内至少3次, 彼此60秒内, 恒值2小时以上.
 */
#include "parser.h"

/* More starts in a window than this are not told apart. */
#define TIMES_MAX 10000

static bool is_two(const struct parser *parser, enum word a, enum word b)
{
    return parser_is_word(parser, a) && parser->at[1].kind == T_WORD && parser->at[1].word == b;
}

/* 内, 以内 */
static bool is_inside(const struct token *token)
{
    return token->kind == T_WORD && (token->word == W_INSIDE || token->word == W_BELOW);
}

bool parser_is_within(const struct parser *parser)
{
    return parser_is_word(parser, W_WITHIN) || (parser->at->kind == T_DURATION && is_inside(parser->at + 1));
}

int parse_event_window(struct parser *parser, const char *example, int64_t *ns)
{
    bool is_chinese = parser->at->kind == T_DURATION && is_inside(parser->at + 1);
    int rc = GK_OK;

    if (!is_chinese)
        TRY(parser_need_word(parser, W_WITHIN, example));
    TRY(parse_duration(parser, "within", example, ns));
    parser->at += is_chinese;
done:
    return rc;
}

/* A number of starts; `is_beyond`: more than it. */
static int parse_times(struct parser *parser, const char *what, bool is_beyond, uint32_t *out)
{
    const struct token *token = parser->at;
    uint64_t k = 0;
    int rc;

    TRY(parse_count(parser, what, &k));
    if (k > TIMES_MAX) {
        report_hint(parser->report, "at least 3 times within 7d");
        return report_fail(parser->report, GK_ELIMIT, token->place, "up to %d starts are counted", TIMES_MAX);
    }
    *out = (uint32_t)k + is_beyond;
done:
    return rc;
}

static int wrap_times(struct parser *parser, struct cond **out, uint32_t k, int64_t ns)
{
    int rc;

    TRY(parser_wrap(parser, out, COND_TIMES, NULL));
    (*out)->k = k;
    (*out)->ns = ns;
done:
    return rc;
}

/* 6次以上 */
static bool is_times_above(const struct token *at)
{
    return at->kind == T_NUMBER && at[1].kind == T_WORD && at[1].word == W_TIMES && at[2].kind == T_WORD &&
           at[2].word == W_ABOVE;
}

/* at least 3 times, more than 3 times, >= 3 times, 7天内至少3次: *kind is the comparison. */
static bool is_often(const struct parser *parser, enum token_kind *kind)
{
    struct parser ahead = *parser;

    if (ahead.at->kind == T_DURATION && is_inside(ahead.at + 1))
        ahead.at += 2;
    *kind = T_GREATER_EQUAL;
    if (is_times_above(ahead.at)) /* 1小时内6次以上 */
        return true;
    return parser_take_compare(&ahead, kind) && (*kind == T_GREATER || *kind == T_GREATER_EQUAL) &&
           ahead.at->kind == T_NUMBER && ahead.at[1].kind == T_WORD && ahead.at[1].word == W_TIMES;
}

static int parse_often(struct parser *parser, struct cond **out)
{
    static const char example[] = "at least 3 times within 7d, more than 6 times within 1h";
    enum token_kind kind = T_GREATER_EQUAL;
    uint32_t k = 0;
    int64_t ns = 0;
    int rc;

    if (parser_is_within(parser))
        TRY(parse_event_window(parser, example, &ns));
    if (!parser_take_compare(parser, &kind))
        kind = T_GREATER_EQUAL; /* 6次以上 */
    TRY(parse_times(parser, "a count", kind == T_GREATER, &k));
    TRY(parser_need_word(parser, W_TIMES, example));
    (void)parser_take_word(parser, W_ABOVE);
    if (!ns)
        TRY(parse_event_window(parser, example, &ns));
    TRY(wrap_times(parser, out, k, ns));
done:
    return rc;
}

bool parser_find_times(const struct parser *parser, const struct token **from, const struct token **to)
{
    struct parser ahead = *parser;
    enum token_kind kind;
    unsigned depth = 0;

    for (; ahead.at->kind != T_END; ahead.at++) {
        depth += ahead.at->kind == T_OPEN;
        depth -= ahead.at->kind == T_CLOSE && depth > 0;
        if (depth > 0 || !is_often(&ahead, &kind))
            continue;
        *from = ahead.at;
        if (parser_is_within(&ahead))
            return false;
        (void)parser_take_compare(&ahead, &kind);
        ahead.at += 2; /* 3 times */
        (void)parser_take_word(&ahead, W_ABOVE);
        *to = ahead.at;
        return !parser_is_within(&ahead);
    }
    return false;
}

static int parse_after(struct parser *parser, struct cond **out)
{
    static const char example[] = "after (abatement overload) within 10m";
    struct cond *before;
    int64_t ns = 0;
    int rc;

    parser->at++;
    TRY(parser_enter(parser));
    TRY(parse_prim(parser, &before));
    parser->depth--;
    TRY(parse_event_window(parser, example, &ns));
    TRY(parser_wrap(parser, out, COND_AFTER, before));
    (*out)->ns = ns;
done:
    return rc;
}

int parse_event_suffix(struct parser *parser, struct cond **out, bool *is_done)
{
    enum token_kind kind;

    *is_done = false;
    if (is_often(parser, &kind))
        return parse_often(parser, out);
    if (parser_is_word(parser, W_AFTER))
        return parse_after(parser, out);
    *is_done = true;
    return GK_OK;
}

bool parser_is_count_of(const struct parser *parser)
{
    return is_two(parser, W_COUNT, W_OF);
}

int parse_count_of(struct parser *parser, struct cond **out)
{
    static const char example[] = "count of start of (production running) within 1h >= 6";
    const struct token *first = parser->at;
    enum token_kind kind;
    uint32_t k = 0;
    int64_t ns = 0;
    int rc;

    parser->at += 2;
    TRY(parser_enter(parser));
    TRY(parse_prim(parser, out));
    parser->depth--;
    TRY(parse_event_window(parser, example, &ns));
    kind = parser->at->kind;
    if (kind != T_GREATER && kind != T_GREATER_EQUAL)
        return parser_fail(parser, "'>=' or '>' behind a count", NULL, example);
    parser->at++;
    TRY(parse_times(parser, "a count", kind == T_GREATER, &k));
    TRY(wrap_times(parser, out, k, ns));
    (*out)->place = parser_place(parser, first);
done:
    return rc;
}

/* within 60s of each other, 彼此60秒内 */
static bool is_together(const struct token *at)
{
    if (at->kind != T_WORD || at[1].kind != T_DURATION || at[2].kind != T_WORD)
        return false;
    return (at->word == W_WITHIN && at[2].word == W_OF) || (at->word == W_EACH && is_inside(at + 2));
}

int parse_together(struct parser *parser, struct cond **out)
{
    static const char example[] = "at least 3 facility nodata within 60s of each other";
    const struct cond *leaf = *out;
    bool is_chinese = parser_is_word(parser, W_EACH);
    int64_t ns = 0;
    int rc;

    if (!is_together(parser->at))
        return GK_OK;
    if (!cond_has_ref(leaf) || leaf->ref.quant == QUANT_NONE || leaf->ref.quant == QUANT_NO) {
        report_hint(parser->report, "%s", report_text(parser->report, example));
        return report_fail(parser->report, GK_ESYNTAX, leaf->place, "'of each other' says how many: at least 3, all");
    }
    parser->at++;
    TRY(parse_duration(parser, "within", example, &ns));
    parser->at++;
    if (!is_chinese) {
        TRY(parser_need_word(parser, W_EACH, example));
        TRY(parser_need_word(parser, W_OTHER, example));
    }
    TRY(parser_wrap(parser, out, COND_TOGETHER, NULL));
    (*out)->ns = ns;
done:
    return rc;
}

bool parser_is_frozen(const struct parser *parser)
{
    return parser_is_word(parser, W_FROZEN) || is_two(parser, W_IS, W_FROZEN);
}

bool parser_is_long_frozen(const struct parser *parser)
{
    const struct token *next = parser->at + 1;

    next += parser->at->kind == T_DURATION && next->kind == T_WORD && next->word == W_ABOVE;
    return parser->at->kind == T_DURATION && next->kind == T_WORD && next->word == W_FROZEN;
}

int parse_frozen(struct parser *parser, struct cond *cond)
{
    static const char example[] = "power of production frozen >= 2h";
    enum token_kind kind = T_GREATER_EQUAL;
    bool is_long = parser_is_long_frozen(parser);
    int rc;

    cond->kind = COND_FROZEN;
    if (is_long) {
        cond->limit_place = parser->at->place;
        TRY(parse_duration(parser, "frozen >=", example, &cond->ns));
        (void)parser_take_word(parser, W_ABOVE);
        parser->at++; /* it is there */
        return GK_OK;
    }
    (void)parser_take_word(parser, W_IS); /* optional */
    cond->limit_place = parser->at->place;
    parser->at++;
    (void)parser_take_word(parser, W_FOR); /* as with other conditions */
    if (parser->at->kind != T_DURATION &&
        (!parser_take_compare(parser, &kind) || (kind != T_GREATER && kind != T_GREATER_EQUAL)))
        return parser_fail(parser, "'>=' or '>' after 'frozen'", NULL, example);
    TRY(parse_duration(parser, "frozen >=", example, &cond->ns));
    (void)parser_take_word(parser, W_ABOVE); /* 2小时以上 */
    cond->is_beyond = kind == T_GREATER;
done:
    return rc;
}
