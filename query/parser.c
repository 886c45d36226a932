/*
 * parser.c - see parser.h.
 */
#include "parser.h"

#include <stdio.h>
#include <string.h>

#include "slips.h"

bool parser_is_word(const struct parser *parser, enum word word)
{
    return parser->at->kind == T_WORD && parser->at->word == word;
}

bool parser_take(struct parser *parser, enum token_kind kind)
{
    if (parser->at->kind != kind)
        return false;
    if (kind != T_END)
        parser->at++;
    return true;
}

bool parser_take_word(struct parser *parser, enum word word)
{
    return parser_is_word(parser, word) && parser_take(parser, T_WORD);
}

/* Aliases count for nearness, too: a Chinese slip is answered in Chinese. */
static void try_aliases(const struct token *token, const enum word *words, struct nearest *nearest)
{
    const char *spelling;
    enum word word;

    for (size_t i = 0; token->kind == T_WORD && (spelling = word_spelling(i, &word)) != NULL; i++)
        for (size_t j = 0; words && words[j] != W_NONE; j++)
            if (words[j] == word)
                nearest_try(nearest, spelling);
}

/* Whether a statement is written in Chinese: then its words are listed in Chinese, whatever the reader's language. */
static bool is_chinese(const struct parser *parser)
{
    for (const struct token *token = parser->list; token->kind != T_END; token++)
        if (token->kind == T_WORD && (unsigned char)token->text.bytes[0] >= 0x80)
            return true;
    return false;
}

/* What is known of the token from elsewhere; the words that could have been meant; an example: the first there is. */
static void hint_words(struct parser *parser, const enum word *words, const char *example)
{
    const struct token *token = parser->at;
    struct nearest nearest = nearest_to(token->text.bytes, token->text.size);
    const char *meant = token->kind == T_WORD || token->kind == T_WRONG ? slip_find(&token->text) : NULL;
    bool in_chinese = is_chinese(parser);
    char list[200] = "";
    size_t at = 0;

    for (size_t i = 0; words && words[i] != W_NONE; i++) {
        const char *text = in_chinese ? word_chinese(words[i]) : word_text(words[i]);
        if (token->kind == T_WORD || token->kind == T_WRONG)
            nearest_try(&nearest, word_text(words[i]));
        if (at + strlen(text) + 2 < sizeof list)
            at += (size_t)snprintf(list + at, sizeof list - at, "%s%s", at ? " " : "", text);
    }
    try_aliases(token, words, &nearest);
    if (meant)
        report_hint(parser->report, "instead of '%.40s': %s", token->text.bytes, meant);
    else if (nearest.best && list[0] && (token->word == W_NONE || (nearest.distance == 1 && !in_chinese)))
        report_hint(parser->report, "did you mean '%s'? one of %s", nearest.best, list);
    else if (list[0] && !example)
        report_hint(parser->report, "one of %s", list);
    else if (example)
        report_hint(parser->report, "%s", report_text(parser->report, example));
}

static int fail_here(struct parser *parser, const char *what)
{
    const struct token *token = parser->at;

    what = report_text(parser->report, what);
    if (token->kind == T_END)
        return report_fail(parser->report, GK_ESYNTAX, token->place, "expected %s before the end", what);
    return report_fail(parser->report, GK_ESYNTAX, token->place, "expected %s, got '%.60s'", what, token->text.bytes);
}

int parser_fail(struct parser *parser, const char *what, const enum word *words, const char *example)
{
    hint_words(parser, words, example);
    return fail_here(parser, what);
}

int parser_need_word(struct parser *parser, enum word word, const char *example)
{
    const enum word words[] = {word, W_NONE};
    char what[48];

    if (parser_take_word(parser, word))
        return GK_OK;
    hint_words(parser, words, example);
    (void)snprintf(what, sizeof what, report_text(parser->report, "'%s'"),
                   parser->report->lang == LANG_ZH ? word_chinese(word) : word_text(word));
    return fail_here(parser, what);
}

int parser_need(struct parser *parser, enum token_kind kind, const char *what, const char *example)
{
    return parser_take(parser, kind) ? GK_OK : parser_fail(parser, what, NULL, example);
}

int parser_no_memory(struct parser *parser)
{
    int status = arena_status(parser->arena);

    return report_status(parser->report, status,
                         status == GK_ELIMIT ? "the statement needs more memory than max_memory"
                                             : "there is no memory for the statement");
}

void *parser_new(struct parser *parser, size_t size)
{
    return arena_piece(parser->arena, size);
}

struct place parser_place(const struct parser *parser, const struct token *first)
{
    struct place place = first->place;

    if (parser->at > first)
        place.to = parser->at[-1].place.to;
    return place;
}

static const char ANSWERS[] =
    "this version answers when, which, aggregates, lags, samples, state, list, define, rule, explain, profile";

int parser_refuse(struct parser *parser, const char *what, const char *instead)
{
    report_hint(parser->report, "%s", report_text(parser->report, instead ? instead : ANSWERS));
    return report_fail(parser->report, GK_ESYNTAX, parser->at->place, "%s is not part of this version",
                       report_text(parser->report, what));
}
