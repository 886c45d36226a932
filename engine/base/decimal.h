/*
 * decimal.h - numbers as text: [+-] digits [. digits] [e [+-] digits], with at least one digit before or behind the
 * point. The point is '.' whatever the locale; blanks, hex, inf and nan are refused.
 */
#ifndef BASE_DECIMAL_H
#define BASE_DECIMAL_H

#include "gk.h"

#define DECIMAL_DIGITS_MAX 18 /* of a mantissa, and the largest scale */

/* The double nearest to the text, ties to even. GK_ESYNTAX, or GK_ERANGE when it is beyond the largest double. */
int decimal_to_double(const char *text, size_t size, double *out);
/*
 * The text exactly, in its one shortest form (5.50 is 55 * 10^-1), so that equal numbers are equal structs. GK_ESYNTAX,
 * or GK_ERANGE when it needs more than 18 digits.
 */
int decimal_parse(const char *text, size_t size, struct gk_decimal *out);
/* How many bytes at the start of the text look like a number; what follows may be its unit. */
size_t decimal_span(const char *text, size_t size);
/* v * 10^power in its shortest form; GK_ERANGE when it does not fit. */
int decimal_shift(struct gk_decimal v, int32_t power, struct gk_decimal *out);
/* -1, 0 or 1. */
int decimal_compare(struct gk_decimal a, struct gk_decimal b);

/*
 * The short way for what meters write: an optional minus, digits, an optional point and digits, eight characters
 * without the minus at most, and behind them something that is none of these. `text` must have nine readable bytes.
 * Returns the characters read, and exactly what decimal_to_double gives for them; 0 when it is anything else, which
 * may be a number all the same.
 */
size_t decimal_take_short(const char *text, double *out);
/* Digits alone, at most 19 of them, which 64 bits hold; `text` ends at `end`. Returns the characters read or 0. */
size_t decimal_take_digits(const char *text, const char *end, uint64_t *out);

#endif
