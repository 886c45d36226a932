/*
 * having.c - see having.h.
 */
#include "having.h"

#include <math.h>
#include <string.h>

#include "value.h"

static void find_inputs(const struct value *value, const struct rows *rows, const size_t *columns, double *inputs)
{
    if (value->kind == VALUE_INPUT)
        inputs[value->input] = rows_last_number(rows, columns[value->input]);
    if (value->kind == VALUE_INPUT || value->kind == VALUE_NUMBER)
        return;
    find_inputs(value->a, rows, columns, inputs);
    for (const struct value *item = value->a->next; value->kind >= VALUE_MAX && item; item = item->next)
        find_inputs(item, rows, columns, inputs);
    if (value->b)
        find_inputs(value->b, rows, columns, inputs);
}

bool having_passes(const struct having *list, const struct rows *rows, const size_t *columns)
{
    double inputs[INPUTS_MAX];

    for (const struct having *having = list; having; having = having->next) {
        find_inputs(having->a, rows, columns, inputs);
        find_inputs(having->b, rows, columns, inputs);
        if (!value_compares(having->compare, value_of(having->a, inputs), value_of(having->b, inputs)))
            return false;
    }
    return true;
}

static bool is_of_coverage(const struct value *value, const struct rows *rows, const size_t *columns)
{
    if (value->kind == VALUE_NUMBER)
        return false;
    if (value->kind == VALUE_INPUT) {
        const char *name = rows->columns[columns[value->input]].name;
        return strcmp(name, "coverage") == 0 || strcmp(name, "reference_coverage") == 0;
    }
    for (const struct value *item = value->a; item; item = value->kind >= VALUE_MAX ? item->next : NULL)
        if (is_of_coverage(item, rows, columns))
            return true;
    return value->b && is_of_coverage(value->b, rows, columns);
}

static bool names_coverage(const struct having *having, const struct rows *rows, const size_t *columns)
{
    return is_of_coverage(having->a, rows, columns) || is_of_coverage(having->b, rows, columns);
}

bool having_names_coverage(const struct having *list, const struct rows *rows, const size_t *columns)
{
    for (const struct having *having = list; having; having = having->next)
        if (names_coverage(having, rows, columns))
            return true;
    return false;
}

enum gk_truth having_truth(const struct having *list, const struct rows *rows, const size_t *columns)
{
    enum gk_truth truth = GK_TRUE;
    double inputs[INPUTS_MAX];

    for (const struct having *having = list; having; having = having->next) {
        find_inputs(having->a, rows, columns, inputs);
        find_inputs(having->b, rows, columns, inputs);
        double a = value_of(having->a, inputs), b = value_of(having->b, inputs);
        if (!isnan(a) && !isnan(b) && value_compares(having->compare, a, b))
            continue;
        if (!isnan(a) && !isnan(b) && !names_coverage(having, rows, columns))
            return GK_FALSE;
        truth = GK_UNKNOWN;
    }
    return truth;
}
