/*
 * bind_value.c - expressions over the channels of a row: each name is a channel, a metric, or an attribute of the
 * facility.
 */
#include <string.h>

#include "bind.h"
#include "field.h"
#include "parser.h"
#include "value.h"

/* The place of a channel among those of the series. */
static int add_channel(struct binder *binder, struct series *series, const struct row_input *input, uint32_t id,
                       size_t *out)
{
    for (*out = 0; *out < series->n_channels; ++*out)
        if (series->channels[*out] == id)
            return GK_OK;
    if (series->n_channels == SIGNAL_CHANNELS_MAX)
        return report_fail(binder->report, GK_ELIMIT, binder->use ? *binder->use : input->place,
                           "an expression may have %d channels", SIGNAL_CHANNELS_MAX);
    series->channels[series->n_channels++] = id;
    return GK_OK;
}

static int bind_metric(struct binder *binder, struct series *series, struct row_input *input)
{
    struct series metric = {.metric = input->metric, .place = input->place};
    int rc;

    if (input->metric == METRIC_LOAD) {
        report_hint(binder->report, "power / rated_kw");
        return bind_fail(binder, input->place, "'load' is a ratio itself: it has no place in an expression");
    }
    TRY(bind_metric_channels(binder, &metric));
    for (; input->n_columns < metric.n_channels && input->n_columns < 3; input->n_columns++)
        TRY(add_channel(binder, series, input, metric.channels[input->n_columns], &input->columns[input->n_columns]));
    input->per_base = 1;
    input->unit = metric.unit;
done:
    return rc;
}

static int bind_input(struct binder *binder, struct series *series, struct row_input *input)
{
    const struct gk_store_info *info = gk_snapshot_info(binder->snapshot);
    struct nearest nearest = nearest_to(input->name.bytes, input->name.size);
    uint32_t id;

    if (input->metric != METRIC_CHANNEL)
        return bind_metric(binder, series, input);
    id = gk_channel_find(binder->snapshot, input->name.bytes, input->name.size);
    if (id != GK_ID_NONE) {
        input->n_columns = 1;
        input->unit = bind_channel_unit(gk_channel_name(binder->snapshot, id), &input->per_base);
        return add_channel(binder, series, input, id, &input->columns[0]);
    }
    const char *attribute = word_attribute(input->name.bytes, input->name.size);
    if (attribute)
        input->name = (struct gk_text){attribute, strlen(attribute)};
    if (field_exists(binder->snapshot, input->name.bytes, &nearest)) {
        input->unit = strcmp(input->name.bytes, "rated_kw") == 0  ? UNIT_POWER
                      : strcmp(input->name.bytes, "rated_a") == 0 ? UNIT_CURRENT
                                                                  : UNIT_NONE;
        return GK_OK;
    }
    for (uint32_t i = 0; i < info->n_channels; i++)
        nearest_try(&nearest, gk_channel_name(binder->snapshot, i));
    if (nearest.best)
        report_hint(binder->report, "did you mean '%s'?", nearest.best);
    else
        report_hint(binder->report, "a channel (list channels names them all), rated_kw, or a tag with a number");
    return bind_fail(binder, input->place, "no channel and no attribute is called '%.100s'", input->name.bytes);
}

int bind_row_value(struct binder *binder, struct series *series)
{
    struct value_type types[INPUTS_MAX];
    int rc = GK_OK;

    series->n_channels = 0;
    for (size_t i = 0; i < series->n_inputs; i++) {
        series->inputs[i].n_columns = 0;
        TRY(bind_input(binder, series, &series->inputs[i]));
        types[i] = (struct value_type){GK_TYPE_NUMBER, series->inputs[i].unit};
    }
    if (series->n_channels == 0) {
        report_hint(binder->report, "kw / rated_kw of production");
        return bind_fail(binder, series->place, "an expression over samples needs a channel");
    }
    series->unit = value_type(series->value, types).unit;
    series->per_base = 1;
done:
    return rc;
}
