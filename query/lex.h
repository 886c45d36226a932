/*
 * lex.h - from text to tokens. One call takes one statement: up to and with its ';' or the end of the text. Comments
 * run from -- to the end of the line. Names stand in 'single', "double" or smart quotes; a doubled quote is one of
 * them.
 */
#ifndef QUERY_LEX_H
#define QUERY_LEX_H

#include "arena.h"
#include "report.h"
#include "words.h"

#define LEX_TEXT_MAX 65536 /* bytes of a statement */
#define LEX_AHEAD    3     /* tokens that a parser looks ahead, at most */

enum token_kind {
    T_END,      /* of the statement */
    T_WORD,     /* word: what it means, W_NONE for a bare name */
    T_NAME,     /* quoted; text: without the quotes */
    T_NUMBER,   /* number */
    T_DURATION, /* ns */
    T_QUANTITY, /* number, unit */
    T_TIME,     /* text: ISO 8601, folded to ASCII */
    T_CLOCK,    /* seconds: of the day, from 22:00 */
    T_LESS,
    T_LESS_EQUAL,
    T_GREATER,
    T_GREATER_EQUAL,
    T_EQUAL,
    T_NOT_EQUAL,
    T_OPEN,
    T_CLOSE,
    T_COMMA,
    T_STAR, /* from here the signs of arithmetic */
    T_MINUS,
    T_PLUS,
    T_SLASH,
    T_WRONG /* a character that begins nothing; the parser says what it expected there */
};

struct token {
    enum token_kind kind;
    enum word word;
    struct place place;
    struct gk_text text; /* NUL-terminated; of a word its spelling */
    double number;
    int64_t ns;
    int32_t seconds;
    const struct unit *unit;
};

struct tokens {
    struct token *list; /* the last one is T_END, and so are LEX_AHEAD more behind it, for who looks ahead */
    size_t n;
    size_t used; /* bytes of the text up to and with the ';' */
};

/* GK_ESYNTAX with a report for bad numbers, units and open quotes; GK_ELIMIT for too long a statement. */
int lex(struct arena *arena, struct report *report, struct tokens *out);

#endif
