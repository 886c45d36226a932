/*
 * series.c - see series.h.
 */
#include "series.h"

#include <math.h>

#include "field.h"
#include "value.h"

/* The mean of those values that are there, in the base unit. */
static double mean(const struct row_input *input, const double *values)
{
    double sum = 0;
    size_t n = 0;

    for (size_t i = 0; i < input->n_columns; i++) {
        double value = values[input->columns[i]];
        if (!isnan(value)) {
            sum += value;
            n++;
        }
    }
    return n ? sum / (double)n / input->per_base : NAN;
}

static double apply(void *context, const double *values)
{
    const struct series_signal *signal = context;
    double inputs[INPUTS_MAX];

    for (size_t i = 0; i < signal->series->n_inputs; i++) {
        const struct row_input *input = &signal->series->inputs[i];
        inputs[i] = input->n_columns ? mean(input, values) : signal->fields[i];
    }
    return value_of(signal->series->value, inputs);
}

void series_make_signal(const struct series *series, enum gk_reduce reduce, const struct gk_facility *facility,
                        struct series_signal *out)
{
    out->series = series;
    out->of = (struct gk_signal){.channels = series->channels, .n_channels = series->n_channels, .reduce = reduce};
    if (series->metric != METRIC_VALUE)
        return;
    out->of.apply = apply;
    out->of.context = out;
    for (size_t i = 0; i < series->n_inputs; i++)
        if (series->inputs[i].n_columns == 0)
            out->fields[i] = field_number(facility, series->inputs[i].name.bytes);
}

double series_value(const struct series_signal *signal, const struct gk_columns *batch, size_t row)
{
    const struct row_input all = {.columns = {0, 1, 2}, .n_columns = signal->of.n_channels, .per_base = 1};
    double values[GK_APPLY_MAX];

    for (size_t c = 0; c < signal->of.n_channels; c++)
        values[c] = batch->value[c][row];
    return signal->of.apply ? signal->of.apply(signal->of.context, values) : mean(&all, values);
}
