/*
 * value.c - see value.h.
 */
#include "value.h"

#include <float.h>
#include <math.h>
#include <string.h>

/* Each is a loop of its own over a column, so that it is a vector loop; no way out of any. */

/* What is no number, 1e308 * 10 for one, is no answer either. */
static void drop_infinite(double *out, size_t n)
{
    for (size_t i = 0; i < n; i++)
        out[i] = fabs(out[i]) <= DBL_MAX ? out[i] : NAN;
}

static void combine(enum value_kind kind, const double *b, size_t n, double *out)
{
    switch (kind) {
    case VALUE_ADD:
    case VALUE_AVG:
    case VALUE_SUM:
        for (size_t i = 0; i < n; i++)
            out[i] += b[i];
        break;
    case VALUE_SUBTRACT:
        for (size_t i = 0; i < n; i++)
            out[i] -= b[i];
        break;
    case VALUE_MULTIPLY:
        for (size_t i = 0; i < n; i++)
            out[i] *= b[i];
        break;
    case VALUE_DIVIDE: /* by 0 it is infinite, or NaN */
        for (size_t i = 0; i < n; i++)
            out[i] /= b[i];
        break;
    case VALUE_MAX:
        for (size_t i = 0; i < n; i++)
            out[i] = b[i] > out[i] || isnan(b[i]) ? b[i] : out[i];
        break;
    default: /* VALUE_MIN */
        for (size_t i = 0; i < n; i++)
            out[i] = b[i] < out[i] || isnan(b[i]) ? b[i] : out[i];
        break;
    }
}

static void work_out(const struct value *value, const double *const *inputs, size_t n, double *out);

/* As a divisor, or beside others in a list, infinity would go unseen. */
static void work_out_finite(const struct value *value, const double *const *inputs, size_t n, double *out)
{
    work_out(value, inputs, n, out);
    if (value->kind != VALUE_NUMBER && value->kind != VALUE_INPUT)
        drop_infinite(out, n);
}

/* max, min, avg, sum of a list. */
static void fold(const struct value *value, const double *const *inputs, size_t n, double *out)
{
    double made[GK_APPLY_ROWS], count = 1;

    work_out_finite(value->a, inputs, n, out);
    for (const struct value *item = value->a->next; item; item = item->next, count++) {
        const double *b = item->kind == VALUE_INPUT ? inputs[item->input] : made;
        if (b == made)
            work_out_finite(item, inputs, n, made);
        combine(value->kind, b, n, out);
    }
    for (size_t i = 0; value->kind == VALUE_AVG && i < n; i++)
        out[i] /= count;
}

/* Infinity may come out, where it was not dropped on the way. */
static void work_out(const struct value *value, const double *const *inputs, size_t n, double *out)
{
    double b[GK_APPLY_ROWS];

    switch (value->kind) {
    case VALUE_NUMBER:
        for (size_t i = 0; i < n; i++)
            out[i] = value->number;
        return;
    case VALUE_INPUT:
        memcpy(out, inputs[value->input], n * sizeof *out);
        return;
    case VALUE_NEGATIVE:
        work_out(value->a, inputs, n, out);
        for (size_t i = 0; i < n; i++)
            out[i] = -out[i];
        return;
    case VALUE_ADD:
    case VALUE_SUBTRACT:
    case VALUE_MULTIPLY:
    case VALUE_DIVIDE:
        work_out(value->a, inputs, n, out);
        work_out_finite(value->b, inputs, n, b);
        combine(value->kind, b, n, out);
        return;
    default:
        fold(value, inputs, n, out);
    }
}

void value_of_rows(const struct value *value, const double *const *inputs, size_t n, double *out)
{
    work_out_finite(value, inputs, n, out);
}

double value_of(const struct value *value, const double *inputs)
{
    const double *columns[INPUTS_MAX];
    double out;

    for (size_t i = 0; i < INPUTS_MAX; i++)
        columns[i] = inputs + i;
    value_of_rows(value, columns, 1, &out);
    return out;
}

/* ---- bounds: an operation is monotone in each operand, and so is its rounding ---- */

struct bounds { /* NaN: it is missing for certain */
    double low, high;
};

static bool is_told(struct bounds x)
{
    return (isfinite(x.low) && isfinite(x.high)) || (isnan(x.low) && isnan(x.high));
}

/* Of a product or a quotient the ends are among those of the ends. */
static struct bounds of_ends(enum value_kind kind, struct bounds a, struct bounds b)
{
    double ends[] = {a.low, a.low, a.high, a.high}, with[] = {b.low, b.high, b.low, b.high};

    combine(kind, with, 4, ends);
    return (struct bounds){fmin(fmin(ends[0], ends[1]), fmin(ends[2], ends[3])),
                           fmax(fmax(ends[0], ends[1]), fmax(ends[2], ends[3]))};
}

static bool bounds_of(const struct value *value, const double *low, const double *high, struct bounds *out);

static bool bounds_of_list(const struct value *value, const double *low, const double *high, struct bounds *out)
{
    double count = 1;
    struct bounds b;

    if (!bounds_of(value->a, low, high, out))
        return false;
    for (const struct value *item = value->a->next; item; item = item->next, count++) {
        if (!bounds_of(item, low, high, &b))
            return false;
        combine(value->kind, &b.low, 1, &out->low);
        combine(value->kind, &b.high, 1, &out->high);
    }
    if (value->kind == VALUE_AVG)
        *out = (struct bounds){out->low / count, out->high / count};
    return true;
}

static bool bounds_of(const struct value *value, const double *low, const double *high, struct bounds *out)
{
    struct bounds a, b;

    switch (value->kind) {
    case VALUE_NUMBER:
        *out = (struct bounds){value->number, value->number};
        break;
    case VALUE_INPUT:
        *out = (struct bounds){low[value->input], high[value->input]};
        break;
    case VALUE_NEGATIVE:
        if (!bounds_of(value->a, low, high, &a))
            return false;
        *out = (struct bounds){-a.high, -a.low};
        break;
    case VALUE_ADD:
    case VALUE_SUBTRACT:
    case VALUE_MULTIPLY:
    case VALUE_DIVIDE:
        if (!bounds_of(value->a, low, high, &a) || !bounds_of(value->b, low, high, &b))
            return false;
        bool may_be_zero = value->kind == VALUE_DIVIDE && b.low <= 0 && b.high >= 0;
        if (may_be_zero && (b.low < 0 || b.high > 0))
            return false;
        if (may_be_zero || isnan(a.low) || isnan(b.low))
            *out = (struct bounds){NAN, NAN};
        else if (value->kind == VALUE_ADD)
            *out = (struct bounds){a.low + b.low, a.high + b.high};
        else if (value->kind == VALUE_SUBTRACT)
            *out = (struct bounds){a.low - b.high, a.high - b.low};
        else
            *out = of_ends(value->kind, a, b);
        break;
    default:
        if (!bounds_of_list(value, low, high, out))
            return false;
    }
    return is_told(*out);
}

bool value_bounds(const struct value *value, const double *low, const double *high, double *out_low, double *out_high)
{
    struct bounds out = {NAN, NAN};
    bool is_told_all = bounds_of(value, low, high, &out);

    *out_low = out.low;
    *out_high = out.high;
    return is_told_all;
}

const char *value_name(const struct value *value)
{
    if (value->b && (value->a->kind == VALUE_NUMBER || value->b->kind == VALUE_NUMBER))
        return "value"; /* in another unit, or so: no ratio of two things */
    switch (value->kind) {
    case VALUE_DIVIDE:
        return "ratio";
    case VALUE_SUBTRACT:
        return "difference";
    case VALUE_MULTIPLY:
        return "product";
    case VALUE_ADD:
        return "total";
    default:
        return "value";
    }
}

bool value_compares(enum gk_compare compare, double a, double b)
{
    switch (compare) {
    case GK_LT:
        return a < b;
    case GK_LE:
        return a <= b;
    case GK_GT:
        return a > b;
    case GK_GE:
        return a >= b;
    case GK_EQ:
        return a <= b && a >= b;
    case GK_NE:
        return a < b || a > b;
    }
    return false;
}

/* ---- types ---- */

static bool is_same(struct value_type a, struct value_type b)
{
    return a.type == b.type && a.unit == b.unit;
}

static struct value_type type_of_list(const struct value *value, const struct value_type *inputs)
{
    struct value_type first = value_type(value->a, inputs);

    for (const struct value *item = value->a->next; item; item = item->next)
        if (!is_same(first, value_type(item, inputs)))
            return (struct value_type){GK_TYPE_NUMBER, UNIT_NONE};
    return first;
}

struct value_type value_type(const struct value *value, const struct value_type *inputs)
{
    const struct value_type plain = {GK_TYPE_NUMBER, UNIT_NONE}, share = {GK_TYPE_SHARE, UNIT_SHARE};
    struct value_type a, b;

    if (value->kind == VALUE_NUMBER)
        return value->number_unit ? (struct value_type){GK_TYPE_NUMBER, value->number_unit->kind} : plain;
    if (value->kind == VALUE_INPUT)
        return inputs[value->input];
    if (value->kind >= VALUE_MAX)
        return type_of_list(value, inputs);
    a = value_type(value->a, inputs);
    if (value->kind == VALUE_NEGATIVE)
        return a;
    b = value_type(value->b, inputs);
    switch (value->kind) {
    case VALUE_MULTIPLY:
        if (value->a->kind == VALUE_NUMBER)
            return b;
        return value->b->kind == VALUE_NUMBER ? a : plain;
    case VALUE_DIVIDE:
        if (value->b->kind == VALUE_NUMBER)
            return a;
        return is_same(a, b) && (a.unit != UNIT_NONE || a.type != GK_TYPE_NUMBER) ? share : plain;
    default:
        return is_same(a, b) ? a : plain;
    }
}
