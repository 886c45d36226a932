/*
 * statement.h - where statements end, as the language has it (query/lex.h), for somebody who types them: `;` outside of
 * quotes and comments.
 */
#ifndef STATEMENT_H
#define STATEMENT_H

#include <stdbool.h>
#include <stddef.h>

#include "output.h"

/* What stands at the end of a text. */
struct statement_scan {
    size_t end;        /* bytes up to and with the first ';', 0 when there is none */
    size_t quote_at;   /* where an open quote begins, when is_quoted */
    bool is_quoted;    /* the text ends within a quoted name */
    bool is_commented; /* the text ends within a comment */
    bool is_empty;     /* nothing but blanks, comments and ';' */
};

struct statement_scan statement_scan(const char *text, size_t size);
/* In one line, without comments, for the history. */
void statement_flatten(struct output *out, const char *text, size_t size);
/* The quote that ends what this one begins; NULL when the text begins with none. *size: of the opening one. */
const char *statement_closing_quote(const char *text, size_t n, size_t *size);

#endif
