/*
 * value.c - see value.h.
 */
#include "value.h"

#include <math.h>

static double divide(double a, double b)
{
    return b < 0 || b > 0 ? a / b : NAN;
}

/* max, min, avg, sum of a list. */
static double fold(const struct value *value, const double *inputs)
{
    double result = 0;
    size_t n = 0;

    for (const struct value *item = value->a; item; item = item->next, n++) {
        double x = value_of(item, inputs);
        if (isnan(x))
            return NAN;
        if (n == 0)
            result = x;
        else if (value->kind == VALUE_MAX)
            result = x > result ? x : result;
        else if (value->kind == VALUE_MIN)
            result = x < result ? x : result;
        else
            result += x;
    }
    return value->kind == VALUE_AVG ? result / (double)n : result;
}

double value_of(const struct value *value, const double *inputs)
{
    double result = NAN;

    switch (value->kind) {
    case VALUE_NUMBER:
        return value->number;
    case VALUE_INPUT:
        return inputs[value->input];
    case VALUE_NEGATIVE:
        return -value_of(value->a, inputs);
    case VALUE_ADD:
        result = value_of(value->a, inputs) + value_of(value->b, inputs);
        break;
    case VALUE_SUBTRACT:
        result = value_of(value->a, inputs) - value_of(value->b, inputs);
        break;
    case VALUE_MULTIPLY:
        result = value_of(value->a, inputs) * value_of(value->b, inputs);
        break;
    case VALUE_DIVIDE:
        result = divide(value_of(value->a, inputs), value_of(value->b, inputs));
        break;
    default:
        result = fold(value, inputs);
    }
    return isfinite(result) ? result : NAN; /* 1e308 * 10 is no answer either */
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
