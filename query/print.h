/*
 * print.h - a statement as text again: in English, in one order of tails, with no more parentheses than its tree needs.
 * Whatever language and word order it was written in, equal trees give equal text, and the text parses to the same
 * tree. `explain` shows it, and the tests compare trees by it.
 */
#ifndef QUERY_PRINT_H
#define QUERY_PRINT_H

#include "ast.h"

/* A parsed statement that is not bound yet (binding scales limits and puts definitions in place). NULL: no memory. */
const char *print_statement(struct arena *arena, const struct stmt *stmt);

#endif
