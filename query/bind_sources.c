/*
 * bind_sources.c - what the numbers of a statement are of. Each source has a subject of its own: `energy of abatement /
 * energy of production by enterprise` sums up two kinds of facilities under the same keys.
 */
#include "bind.h"
#include "field.h"
#include "parser.h"
#include "window.h"

static int bind_field_source(struct binder *binder, struct source *source)
{
    struct nearest nearest = nearest_to(source->field.bytes, source->field.size);
    int rc;

    if (!field_exists(binder->snapshot, source->field.bytes, &nearest)) {
        bool is_channel = gk_channel_find(binder->snapshot, source->field.bytes, source->field.size) != GK_ID_NONE;
        if (is_channel)
            report_hint(binder->report, "avg of %.60s of production: of a channel many values are there",
                        source->field.bytes);
        else if (nearest.best)
            report_hint(binder->report, "did you mean '%s'?", nearest.best);
        else
            report_hint(binder->report, "rated_kw, rated_a, or a tag with a number: cap of production");
        return bind_fail(binder, source->place, "no facility has a tag '%.60s'", source->field.bytes);
    }
    binder->bound->subject = NOUN_FACILITY;
    TRY(bind_names(binder, source->ref.noun, source->ref.names));
    TRY(bind_filters(binder, source->ref.where));
done:
    return rc;
}

static int bind_cut(struct binder *binder, const struct stmt *stmt, struct source *source)
{
    int rc;

    TRY(bind_condition(binder, stmt, &source->ref, &source->cond));
    binder->bound->subject = NOUN_FACILITY;
    TRY(bind_names(binder, source->ref.noun, source->ref.names));
    TRY(bind_filters(binder, source->ref.where));
done:
    return rc;
}

/* `max of cap of production` looks like a channel, and is an attribute when there is no such channel. */
static bool is_attribute(const struct binder *binder, const struct source *source)
{
    const struct series *series = source->series;

    return series->metric == METRIC_CHANNEL && !source->cond &&
           gk_channel_find(binder->snapshot, series->channel.bytes, series->channel.size) == GK_ID_NONE &&
           field_exists(binder->snapshot, series->channel.bytes, NULL);
}

static int bind_source(struct binder *binder, const struct stmt *stmt, struct source *source)
{
    int rc;

    source->bound->tick_ns = gk_snapshot_info(binder->snapshot)->tick_ns;
    switch (source->kind) {
    case SOURCE_COND:
        return bind_condition(binder, stmt, NULL, &source->cond);
    case SOURCE_FIELD:
        return bind_field_source(binder, source);
    case SOURCE_CUT:
        return bind_cut(binder, stmt, source);
    case SOURCE_SERIES:
        break;
    }
    if (is_attribute(binder, source)) {
        source->kind = SOURCE_FIELD;
        source->field = source->series->channel;
        source->ref = source->series->ref;
        return bind_field_source(binder, source);
    }
    TRY(bind_series(binder, source->series));
    if (source->cond)
        TRY(bind_condition(binder, stmt, &source->series->ref, &source->cond));
    source->bound->subject = NOUN_FACILITY;
done:
    return rc;
}

/* Energy comes from some series only, and only energy from some. */
static int check_energy(struct binder *binder, const struct measure *measure)
{
    const struct series *series = measure->source->series;
    bool is_power = series->unit == UNIT_POWER || (series->unit == UNIT_ENERGY && series->metric != METRIC_VALUE);

    if (measure->kind == AGG_ENERGY && !is_power) {
        report_hint(binder->report, "energy of production, energy of power of facility 'F12'");
        return bind_fail(binder, measure->place, "energy comes from power or from a counter, not from this");
    }
    if (series->metric == METRIC_ENERGY && measure->kind != AGG_ENERGY && measure->kind != AGG_COVERAGE) {
        report_hint(binder->report, "energy of production by enterprise, day; %s of power of production",
                    measure->name);
        return bind_fail(binder, measure->place, "of energy there is only 'energy' and 'coverage'");
    }
    return GK_OK;
}

/* Whether an input stands inside of arithmetic in some column. */
static bool is_worked_on(const struct value *value, size_t input, bool is_inside)
{
    if (value->kind == VALUE_INPUT)
        return is_inside && value->input == input;
    if (value->kind == VALUE_NUMBER)
        return false;
    for (const struct value *item = value->a; item; item = value->kind >= VALUE_MAX ? item->next : NULL)
        if (is_worked_on(item, input, true))
            return true;
    return value->b && is_worked_on(value->b, input, true);
}

/* The first and last of a condition are times: there is no arithmetic and no comparison of them. */
static int check_times(struct binder *binder, const struct stmt *stmt, size_t input)
{
    const struct measure *measure = &stmt->measures[input];

    if (measure->source->kind != SOURCE_COND || (measure->kind != AGG_FIRST && measure->kind != AGG_LAST))
        return GK_OK;
    report_hint(binder->report, "duration, share, count of production running");
    if (stmt->tail.versus.kind)
        return bind_fail(binder, measure->place, "'%s' is a time: it is not compared with another", measure->name);
    for (const struct column *column = stmt->columns; column; column = column->next)
        if (is_worked_on(column->value, input, false))
            return bind_fail(binder, measure->place, "'%s' is a time: there is no arithmetic with it", measure->name);
    return GK_OK;
}

static int check_versus(struct binder *binder, const struct stmt *stmt)
{
    const struct versus *versus = &stmt->tail.versus;
    bool is_rolling = versus->kind == VERSUS_MEDIAN || versus->kind == VERSUS_AVG;

    if (is_rolling && bucket_kind_of(&stmt->tail) == BUCKET_WHOLE) {
        report_hint(binder->report, "energy of production by enterprise, day last 7d vs median of 60 days before");
        return bind_fail(binder, versus->place, "what is compared needs a key of time: by day, every 1h");
    }
    for (size_t i = 0; versus->kind == VERSUS_NORMAL && i < stmt->n_measures; i++) {
        if (stmt->measures[i].kind != AGG_PERCENTILE && stmt->measures[i].kind != AGG_LONGEST)
            continue;
        report_hint(binder->report, "energy, avg, max of power of production; duration, share, count of a condition");
        return bind_fail(binder, stmt->measures[i].place, "'%s' of several days has no mean", stmt->measures[i].name);
    }
    return GK_OK;
}

int bind_sources(struct binder *binder, struct stmt *stmt)
{
    struct bound *first = binder->bound;
    int rc = GK_OK;

    for (struct source *source = stmt->sources; source; source = source->next) {
        source->bound = source == stmt->sources ? first : arena_piece(binder->arena, sizeof *source->bound);
        if (!source->bound)
            return bind_no_memory(binder);
        binder->bound = source->bound;
        TRY(bind_source(binder, stmt, source));
    }
    binder->bound = first;
    if (stmt->sources->kind == SOURCE_COND)
        stmt->cond = stmt->sources->cond;
    if (stmt->sources->kind == SOURCE_SERIES)
        stmt->series = stmt->sources->series;
    for (size_t i = 0; i < stmt->n_measures; i++) {
        if (stmt->measures[i].source->kind == SOURCE_SERIES)
            TRY(check_energy(binder, &stmt->measures[i]));
        if (stmt->measures[i].source->kind == SOURCE_FIELD)
            TRY(parser_check_attribute(binder->report, &stmt->measures[i]));
        TRY(check_times(binder, stmt, i));
    }
    TRY(check_versus(binder, stmt));
done:
    binder->bound = first;
    return rc;
}
