/*
 * slips.h - what people say elsewhere, and how it is said here. The language stays small; its errors know the words of
 * SQL, of plain English and of the trade that are not in it.
 */
#ifndef QUERY_SLIPS_H
#define QUERY_SLIPS_H

#include "ast.h"

/* The form that was likely meant by an unknown word or sign, as an example; NULL: nothing is known of it. */
const char *slip_find(const struct gk_text *text);

#endif
