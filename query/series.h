/*
 * series.h - a series of one facility as the engine takes it: its channels, and how one number is made of them.
 */
#ifndef QUERY_SERIES_H
#define QUERY_SERIES_H

#include "ast.h"

/* What an expression needs of the facility; lives as long as the signal is used. */
struct series_signal {
    struct gk_signal of;
    const struct series *series;
    double fields[INPUTS_MAX]; /* of the inputs that are attributes */
};

void series_make_signal(const struct series *series, enum gk_reduce reduce, const struct gk_facility *facility,
                        struct series_signal *out);
/* The number of a row; NaN when it has none. */
double series_value(const struct series_signal *signal, const struct gk_columns *batch, size_t row);

#endif
