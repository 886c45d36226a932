/*
 * having.c - see having.h.
 */
#include "having.h"

#include <math.h>

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
