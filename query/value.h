/*
 * value.h - arithmetic over numbers that may be missing: of the channels of a row, of the aggregates of an answer, of
 * its columns. A missing number makes missing whatever is made of it; so does dividing by zero.
 */
#ifndef QUERY_VALUE_H
#define QUERY_VALUE_H

#include "ast.h"

/* `inputs` are numbers by struct value.input; NaN is missing, and is never anything but NaN in the result. */
double value_of(const struct value *value, const double *inputs);
/* The same of n rows at once, at most GK_APPLY_ROWS: each input is a column of numbers. */
void value_of_rows(const struct value *value, const double *const *inputs, size_t n, double *out);
/*
 * Between which numbers the value is when each input is between low[i] and high[i], NaN when it is missing for certain.
 * False when it may be missing or not, as behind a division by what may be 0. An input with NaN is missing.
 */
bool value_bounds(const struct value *value, const double *low, const double *high, double *out_low, double *out_high);
/* What a column of it is called when nobody says: ratio, difference, product, total, value. */
const char *value_name(const struct value *value);
/* Nothing compares with what is missing. */
bool value_compares(enum gk_compare compare, double a, double b);

/* What kind of number an input, or a value, is. */
struct value_type {
    enum gk_type type;
    enum unit_kind unit;
};
/* Sums and differences of one kind keep it, and so do multiples; the ratio of two of a kind is a share. */
struct value_type value_type(const struct value *value, const struct value_type *inputs);

#endif
