/*
 * series.c - see series.h.
 */
#include "series.h"

#include <math.h>

#include "field.h"
#include "value.h"

/* The means of those values that are there, in the base unit. */
static void mean(const struct row_input *input, const double *const *value, size_t n, double *out)
{
    for (size_t i = 0; i < n; i++) {
        double sum = 0, count = 0;
        for (size_t c = 0; c < input->n_columns; c++) {
            double v = value[input->columns[c]][i];
            sum += isnan(v) ? 0 : v;
            count += !isnan(v);
        }
        out[i] = sum / count / input->per_base; /* of none it is NaN */
    }
}

static bool is_column(const struct row_input *input)
{
    return input->n_columns == 1 && !(input->per_base < 1) && !(input->per_base > 1);
}

static void apply(void *context, const double *const *value, size_t n, double *out)
{
    const struct series_signal *signal = context;
    double made[INPUTS_MAX][GK_APPLY_ROWS];
    const double *inputs[INPUTS_MAX];

    for (size_t i = 0; i < signal->series->n_inputs; i++) {
        const struct row_input *input = &signal->series->inputs[i];
        inputs[i] = is_column(input) ? value[input->columns[0]] : made[i];
        if (input->n_columns == 0)
            for (size_t k = 0; k < n; k++)
                made[i][k] = signal->fields[i];
        else if (!is_column(input))
            mean(input, value, n, made[i]);
    }
    value_of_rows(signal->series->value, inputs, n, out);
}

static bool bounds(void *context, const double *low, const double *high, double *out_low, double *out_high)
{
    const struct series_signal *signal = context;
    double lows[INPUTS_MAX], highs[INPUTS_MAX];

    for (size_t i = 0; i < signal->series->n_inputs; i++) {
        const struct row_input *input = &signal->series->inputs[i];
        const double *low_of[SIGNAL_CHANNELS_MAX], *high_of[SIGNAL_CHANNELS_MAX];
        lows[i] = highs[i] = signal->fields[i];
        for (size_t c = 0; c < signal->of.n_channels; c++) {
            low_of[c] = low + c;
            high_of[c] = high + c;
        }
        if (input->n_columns == 0)
            continue;
        mean(input, low_of, 1, &lows[i]);
        mean(input, high_of, 1, &highs[i]);
    }
    return value_bounds(signal->series->value, lows, highs, out_low, out_high);
}

void series_make_signal(const struct series *series, enum gk_reduce reduce, const struct gk_facility *facility,
                        struct series_signal *out)
{
    out->series = series;
    out->of = (struct gk_signal){.channels = series->channels, .n_channels = series->n_channels, .reduce = reduce};
    if (series->metric != METRIC_VALUE)
        return;
    out->of.apply = apply;
    out->of.bounds = bounds;
    out->of.context = out;
    for (size_t i = 0; i < series->n_inputs; i++)
        if (series->inputs[i].n_columns == 0)
            out->fields[i] = field_number(facility, series->inputs[i].name.bytes);
}

double series_value(const struct series_signal *signal, const struct gk_columns *batch, size_t row)
{
    const struct row_input all = {.columns = {0, 1, 2}, .n_columns = signal->of.n_channels, .per_base = 1};
    const double *values[GK_APPLY_MAX];
    double out;

    for (size_t c = 0; c < signal->of.n_channels; c++)
        values[c] = batch->value[c] + row;
    if (signal->of.apply)
        signal->of.apply(signal->of.context, values, 1, &out);
    else
        mean(&all, values, 1, &out);
    return out;
}
