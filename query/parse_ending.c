/*
 * parse_ending.c - what Chinese puts last, the noun that is asked for, and what follows from it:
 *
 *     COND 的 NOUN [有哪些]          which NOUN ever COND                今天治污离线10分钟以上的企业
 *     AGG 前10的NOUN, 最多的5家NOUN    AGG by NOUN top 10 by AGG           治污离线次数最多的5家企业
 *     各NOUN ... AGG                  AGG by NOUN                         各企业治污离线的时长
 */
#include <string.h>

#include "parser.h"

static bool is_han(const struct token *token)
{
    return token->kind == T_WORD && (unsigned char)token->text.bytes[0] >= 0x80;
}

static bool is_word(const struct token *token, enum word word)
{
    return token->kind == T_WORD && token->word == word;
}

/* A noun that names rows, with nothing but tails behind it. */
static bool is_last_noun(const struct token *token)
{
    struct parser ahead = {.at = token};
    enum noun noun;

    if (!is_han(token) || !parser_peek_noun(&ahead, &noun) || noun == NOUN_ZONE)
        return false;
    ahead.at++;
    (void)parser_take(&ahead, T_COMMA);
    return ahead.at->kind == T_END || parser_is_leading_tail(&ahead) || parser_is_word(&ahead, W_WHICH) ||
           (parser_is_word(&ahead, W_ANY) && is_word(ahead.at + 1, W_WHICH));
}

const struct token *parser_find_ending(const struct parser *parser)
{
    const struct token *after;
    unsigned depth = 0;

    if (parser_peek_genitive(parser, &after) && is_last_noun(after)) /* 企业'E1'的设施 has no condition */
        return NULL;
    for (const struct token *token = parser->at; token->kind != T_END; token++) {
        depth += token->kind == T_OPEN;
        depth -= token->kind == T_CLOSE && depth > 0;
        if (depth == 0 && token > parser->at && is_han(token) && token->word == W_OF && is_last_noun(token + 1))
            return token;
    }
    return NULL;
}

bool parser_is_inside_alone(const struct parser *parser, const struct tail *tail)
{
    return tail->in_names && is_last_noun(parser->at) && parser->at->word != W_PARK;
}

/* ---- rankings ---- */

bool parser_is_ranking(const struct parser *parser)
{
    const struct token *at = parser->at;

    if (!is_han(at))
        return false;
    if (at->word == W_TOP) {
        at += 2 + (at[1].kind == T_NUMBER && is_word(at + 2, W_MEASURE));
        return at[-1].kind != T_END && is_word(at, W_OF) && is_last_noun(at + 1);
    }
    if ((at->word != W_LIMIT && at->word != W_LONGEST && at->word != W_MAX) || !is_word(at + 1, W_OF))
        return false;
    at += 3 + is_word(at + 3, W_MEASURE);
    return at[-1].kind != T_END && is_last_noun(at);
}

int parse_ranking(struct parser *parser, struct tail *out)
{
    bool is_top = parser_is_word(parser, W_TOP);
    int rc;

    out->has_top = true;
    out->top_by.place = parser->at->place;
    parser->at += is_top ? 1 : 2;
    TRY(parse_count(parser, "a count after 'top'", &out->top));
    parser->at += is_top; /* 的 */
    TRY(parse_key(parser, out));
done:
    return rc;
}

/* ---- what is left to the statement ---- */

bool parser_is_ref_of_list(const struct parser *parser, const struct token **after)
{
    struct parser ahead = *parser;
    enum noun noun;

    if (!parser_is_han(parser) || !parser_peek_noun(parser, &noun) || parser->at[1].kind != T_NAME)
        return false;
    for (ahead.at++; ahead.at->kind == T_NAME || (ahead.at->kind == T_COMMA && ahead.at[1].kind == T_NAME);)
        ahead.at++;
    *after = ahead.at;
    return parser_is_record(&ahead);
}

static bool has_place(const struct tail *tail)
{
    for (size_t i = 0; i < tail->n_keys; i++)
        if (tail->keys[i] < KEY_HOUR && tail->key_places[i].from > tail->per_place.from)
            return true;
    return false;
}

int parser_each_by(struct parser *parser, struct tail *tail)
{
    static const enum key keys[] = {KEY_FACILITY, KEY_FACILITY, KEY_FACILITY, KEY_LINE, KEY_ENTERPRISE, KEY_PARK};
    size_t at = tail->n_keys;

    while (at > 0 && tail->key_places[at - 1].from > tail->per_place.from)
        at--;
    if (tail->per == NOUN_ZONE || tail->n_keys == KEYS_MAX)
        return parser_fail(parser, "a key after 'by'", NULL, "by enterprise, day");
    for (size_t i = 0; i < tail->n_keys; i++)
        if (tail->keys[i] == keys[tail->per])
            return parser_fail(parser, "another key: this one stands there already", NULL, "by enterprise, day");
    for (size_t i = tail->n_keys++; i > at; i--) {
        tail->keys[i] = tail->keys[i - 1];
        tail->key_places[i] = tail->key_places[i - 1];
        tail->key_tags[i] = tail->key_tags[i - 1];
    }
    tail->keys[at] = keys[tail->per];
    tail->key_places[at] = tail->per_place;
    tail->has_per = false;
    return GK_OK;
}

/* 各企业 of numbers is by enterprise, where no key of place behind it says whose rows there are. */
static int each_by(struct parser *parser, struct tail *tail)
{
    bool is_han = tail->has_per && (unsigned char)parser->report->text[tail->per_place.from] >= 0x80;

    if (!is_han || has_place(tail) || tail->per == NOUN_ZONE)
        return GK_OK;
    return parser_each_by(parser, tail);
}

int parser_finish_tail(struct parser *parser, struct stmt *stmt)
{
    struct tail *tail = &stmt->tail;
    int rc;

    if (stmt->kind == STMT_AGGREGATE || stmt->kind == STMT_STATE || stmt->kind == STMT_LAG ||
        stmt->kind == STMT_ALARM_NUMBERS)
        TRY(each_by(parser, tail));
    if (tail->n_keys && !(tail->seen & 1u << TAIL_BY)) { /* 各园区各企业 are keys, where these may be */
        tail->seen |= 1u << TAIL_BY;
        tail->places[TAIL_BY] = tail->key_places[0];
    }
    rc = GK_OK;
    if (!tail->has_top || tail->top_by.name.bytes)
        return GK_OK;
    if (!stmt->n_measures) {
        report_hint(parser->report, "top 10 by duration");
        return report_fail(parser->report, GK_ESYNTAX, tail->top_by.place, "the statement has no numbers to order by");
    }
    tail->top_by.name = (struct gk_text){stmt->measures[0].name, strlen(stmt->measures[0].name)};
done:
    return rc;
}
