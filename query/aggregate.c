/*
 * aggregate.c - statements of numbers: `energy of abatement / energy of production by enterprise, day vs previous 7d`.
 *
 * Each source is summed up on its own over the same groups and buckets, once for the window and, where the answer is
 * compared, once for another time. Then a row is arithmetic over what the cells say:
 *
 *     sources ──> cells of sums ──> measures ──> columns, reference_..., change_..., possible_..., coverage
 */
#include <math.h>
#include <string.h>

#include "having.h"
#include "numbers.h"
#include "parser.h"
#include "value.h"
#include "versus.h"

struct aggregate {
    struct groups groups, other; /* other: with the buckets of the time that is compared with */
    struct source_run *runs;
    size_t n_runs;
    struct pass pass;
    size_t n_begun; /* passes: of each run one, or two */
    bool is_going;
    bool has_own_coverage;        /* a column of it that was not asked for */
    struct window window, before; /* of the statement, and moved back */
    gk_time first;                /* buckets before it are for reference only */
    /* of a rolling reference: a column's values in all buckets of the group at hand, and scratch */
    double *values, *scratch;
    size_t valued_group; /* SIZE_MAX: none */
};

static bool is_rolling(const struct gk_query *query)
{
    enum versus_kind kind = query->stmt->tail.versus.kind;

    return kind == VERSUS_MEDIAN || kind == VERSUS_AVG;
}

static bool has_before(const struct gk_query *query)
{
    return query->stmt->tail.versus.kind != VERSUS_NONE && !is_rolling(query);
}

/* ---- columns ---- */

static struct value_type type_of_measure(const struct measure *measure)
{
    const struct source *source = measure->source;
    struct value_type out = {GK_TYPE_NUMBER, UNIT_NONE};

    if (measure->kind == AGG_COUNT)
        return (struct value_type){GK_TYPE_COUNT, UNIT_NONE};
    if (measure->kind == AGG_COVERAGE || source->kind == SOURCE_CUT)
        return (struct value_type){GK_TYPE_SHARE, UNIT_SHARE};
    if (source->kind == SOURCE_FIELD) {
        out.unit = strcmp(source->field.bytes, "rated_kw") == 0  ? UNIT_POWER
                   : strcmp(source->field.bytes, "rated_a") == 0 ? UNIT_CURRENT
                                                                 : UNIT_NONE;
    } else if (source->kind == SOURCE_SERIES) {
        out.unit = measure->kind == AGG_ENERGY ? UNIT_ENERGY : source->series->unit;
        out.type = out.unit == UNIT_SHARE && measure->kind != AGG_SUM ? GK_TYPE_SHARE : GK_TYPE_NUMBER;
    } else if (measure->kind == AGG_SHARE) {
        out = (struct value_type){GK_TYPE_SHARE, UNIT_SHARE};
    } else if (measure->kind == AGG_FIRST || measure->kind == AGG_LAST) {
        out.type = GK_TYPE_TIME;
    } else {
        out = (struct value_type){GK_TYPE_SECONDS, UNIT_TIME};
    }
    return out;
}

static enum gk_type type_of_column(const struct gk_query *query, const struct column *column)
{
    struct value_type types[INPUTS_MAX];

    for (size_t i = 0; i < query->stmt->n_measures; i++)
        types[i] = type_of_measure(&query->stmt->measures[i]);
    return value_type(column->value, types).type;
}

/* The measure that a column is without any arithmetic; NULL. */
static const struct measure *plain_measure(const struct gk_query *query, const struct column *column)
{
    return column->value->kind == VALUE_INPUT ? &query->stmt->measures[column->value->input] : NULL;
}

/* Beside duration, share, count and longest of a condition stands what is possible. */
static bool has_possible(const struct gk_query *query, const struct column *column)
{
    const struct measure *measure = plain_measure(query, column);

    return measure && measure->source->kind == SOURCE_COND && measure->kind <= AGG_LONGEST;
}

/* `reference` when there is one column, `reference_energy` when there are several. */
static bool add_beside(struct gk_query *query, const char *prefix, const struct column *column, bool is_named,
                       enum gk_type type)
{
    const char *name = is_named ? arena_printf(&query->arena, "%s_%s", prefix, column->name) : prefix;

    return name && rows_add_column(&query->rows, name, type);
}

/* What is made of attributes alone is the same at every time. */
static bool changes(const struct gk_query *query, const struct value *value)
{
    if (value->kind == VALUE_NUMBER)
        return false;
    if (value->kind == VALUE_INPUT)
        return query->stmt->measures[value->input].source->kind <= SOURCE_SERIES;
    for (const struct value *item = value->a; item; item = value->kind >= VALUE_MAX ? item->next : NULL)
        if (changes(query, item))
            return true;
    return value->b && changes(query, value->b);
}

/* Whether a column is compared with another time. */
static bool is_compared(const struct gk_query *query, const struct column *column)
{
    return query->stmt->tail.versus.kind != VERSUS_NONE && changes(query, column->value);
}

static bool add_references(struct gk_query *query, const struct column *column)
{
    enum gk_type type = type_of_column(query, column);
    size_t n_compared = 0;

    for (const struct column *other = query->stmt->columns; other; other = other->next)
        n_compared += is_compared(query, other);
    bool is_named = n_compared > 1;

    type = type == GK_TYPE_COUNT ? GK_TYPE_NUMBER : type; /* a mean of counts */
    return add_beside(query, "reference", column, is_named, type) &&
           add_beside(query, "change", column, is_named, GK_TYPE_SHARE) &&
           (!is_rolling(query) || add_beside(query, "deviation", column, is_named, GK_TYPE_NUMBER));
}

static bool has_column(const struct gk_query *query, const char *name)
{
    for (const struct column *column = query->stmt->columns; column; column = column->next)
        if (strcmp(column->name, name) == 0)
            return true;
    return false;
}

static int columns(struct gk_query *query)
{
    bool ok = groups_columns(query) == GK_OK;

    for (const struct column *column = query->stmt->columns; column; column = column->next)
        ok = ok && rows_add_column(&query->rows, column->name, type_of_column(query, column));
    for (const struct column *column = query->stmt->columns; column; column = column->next)
        if (is_compared(query, column))
            ok = ok && add_references(query, column);
    for (const struct column *column = query->stmt->columns; column; column = column->next)
        if (has_possible(query, column))
            ok = ok && add_beside(query, "possible", column, true, type_of_column(query, column));
    if (!has_column(query, "coverage"))
        ok = ok && rows_add_column(&query->rows, "coverage", GK_TYPE_SHARE);
    if (has_before(query))
        ok = ok && rows_add_column(&query->rows, "reference_coverage", GK_TYPE_SHARE);
    return ok ? GK_OK : report_status(&query->report, GK_ELIMIT, "an answer may have %d columns", COLUMNS_MAX);
}

/* ---- starting ---- */

/* What of the sums of samples a measure is made of. */
static uint32_t figures_of(enum agg_kind kind)
{
    switch (kind) {
    case AGG_AVG:
    case AGG_SUM:
        return GK_FIGURE_SUM;
    case AGG_MIN:
    case AGG_MAX:
    case AGG_AGREED:
        return GK_FIGURE_RANGE;
    case AGG_FIRST:
    case AGG_LAST:
        return GK_FIGURE_ENDS;
    case AGG_RMS:
        return GK_FIGURE_SQUARES;
    case AGG_ENERGY:
        return GK_FIGURE_INTEGRAL;
    default:
        return GK_FIGURE_COUNT; /* percentiles are of the samples themselves */
    }
}

static void find_needs(const struct gk_query *query, struct source_run *run)
{
    const struct series *series = run->source->series;

    for (size_t i = 0; i < query->stmt->n_measures; i++) {
        const struct measure *measure = &query->stmt->measures[i];
        if (measure->source != run->source)
            continue;
        run->has_percentile |= measure->kind == AGG_PERCENTILE;
        run->has_energy |= measure->kind == AGG_ENERGY;
        run->figures |= figures_of(measure->kind);
        run->has_longest |= measure->kind == AGG_LONGEST;
        run->has_runs |= measure->kind == AGG_LONGEST || measure->kind == AGG_FIRST || measure->kind == AGG_LAST;
    }
    run->counter = GK_ID_NONE;
    if (series && series->metric == METRIC_ENERGY)
        run->counter = gk_channel_find(query->snapshot, "kwh", 3);
    else if (series && series->metric == METRIC_CHANNEL && series->unit == UNIT_ENERGY)
        run->counter = series->channels[0];
}

static int make_runs(struct gk_query *query, struct aggregate *own)
{
    const struct source *source;
    size_t n = 0;

    for (source = query->stmt->sources; source; source = source->next)
        own->n_runs++;
    own->runs = arena_array(&query->memory, own->n_runs, sizeof *own->runs);
    if (!own->runs)
        return arena_status(&query->memory);
    for (source = query->stmt->sources; source; source = source->next) {
        own->runs[n].source = source;
        find_needs(query, &own->runs[n++]);
    }
    return GK_OK;
}

static int make_groups(struct gk_query *query, struct aggregate *own)
{
    int rc = GK_OK;

    for (size_t i = 0; i < own->n_runs; i++) {
        TRY(source_scope(query, own->runs[i].source));
        TRY(groups_add(query, &own->groups));
        if (i == 0)
            query->meta.n_subjects = query->scope.n;
    }
    TRY(groups_finish(query, &own->groups));
    TRY(groups_make_buckets(query, &own->groups));
    size_t n = own->groups.buckets.n;
    if (own->groups.width && own->groups.n > SIZE_MAX / own->groups.width)
        return GK_ENOMEM;
    while (own->groups.n_before < n && own->groups.buckets.starts[own->groups.n_before] < own->first)
        own->groups.n_before++;
done:
    return rc;
}

static int start(struct gk_query *query)
{
    struct aggregate *own = arena_piece(&query->memory, sizeof *own);
    int rc = GK_OK;

    query->own = own;
    if (!own)
        return arena_status(&query->memory);
    own->first = GK_TIME_MIN;
    own->has_own_coverage = !has_column(query, "coverage");
    own->valued_group = SIZE_MAX;
    TRY(make_runs(query, own));
    for (size_t i = 0; i < own->n_runs; i++) {
        const struct notes *notes = &own->runs[i].source->bound->notes;
        for (size_t j = 0; j < notes->n; j++)
            TRY(run_note(query, notes->list[j]));
        TRY(sums_check_dropped(query, &own->runs[i]));
        query->meta.has_possible |= own->runs[i].source->kind == SOURCE_COND;
    }
    if (is_rolling(query))
        TRY(versus_widen(query, &own->first));
    TRY(make_groups(query, own));
    own->pass.metered = arena_array(&query->memory, gk_snapshot_info(query->snapshot)->n_facilities + 1, 1);
    if (!own->pass.metered)
        return arena_status(&query->memory);
    own->window = own->before = query->window;
    own->other = own->groups;
    if (has_before(query) && query->stmt->tail.versus.kind != VERSUS_NORMAL)
        TRY(versus_move(query, &own->other, &own->before));
    if (is_rolling(query)) {
        size_t n_columns = 0;
        for (const struct column *column = query->stmt->columns; column; column = column->next)
            n_columns++;
        own->values = arena_array(&query->memory, n_columns * (own->groups.width + 1), sizeof *own->values);
        own->scratch = arena_array(&query->memory, own->groups.width + 1, sizeof *own->scratch);
        if (!own->values || !own->scratch)
            return arena_status(&query->memory);
    }
done:
    return rc;
}

static void release(struct gk_query *query, struct measured *measured)
{
    arena_release(&query->memory, &measured->values, &measured->capacity, sizeof *measured->values);
}

static void end(struct gk_query *query)
{
    struct aggregate *own = query->own;

    run_end_condition(query);
    if (!own)
        return;
    for (size_t i = 0; own->runs && i < own->n_runs; i++) {
        release(query, &own->runs[i].now);
        release(query, &own->runs[i].before);
    }
    struct pass *pass = &own->pass;
    slices_clear(query, &pass->slices);
    arena_release(&query->memory, &pass->pieces.list, &pass->pieces.capacity, sizeof *pass->pieces.list);
    arena_release(&query->memory, &pass->cut.list, &pass->cut.capacity, sizeof *pass->cut.list);
    arena_release(&query->memory, &pass->moved.list, &pass->moved.capacity, sizeof *pass->moved.list);
    arena_release(&query->memory, &pass->summaries, &pass->summaries_capacity, sizeof *pass->summaries);
    arena_release(&query->memory, &pass->edges, &pass->edges_capacity, sizeof *pass->edges);
    arena_release(&query->memory, &pass->interval, &pass->interval_capacity, sizeof *pass->interval);
    query->own = NULL;
}

/* ---- passes ---- */

static size_t n_passes(const struct gk_query *query, const struct aggregate *own)
{
    return has_before(query) ? 2 * own->n_runs : own->n_runs;
}

static int begin_pass(struct gk_query *query, struct aggregate *own)
{
    bool is_before = own->n_begun >= own->n_runs;
    struct pass *pass = &own->pass;

    pass->run = &own->runs[own->n_begun % own->n_runs];
    pass->out = is_before ? &pass->run->before : &pass->run->now;
    pass->groups = is_before ? &own->other : &own->groups;
    pass->n_normal = is_before ? query->stmt->tail.versus.n : 0;
    query->window = is_before ? own->before : own->window;
    query->next = 0;
    own->n_begun++;
    own->is_going = true;
    return pass->run->source->kind == SOURCE_COND ? tally_start(query, pass) : sums_start(query, pass);
}

/* What the answer says about itself is about its own window. */
static int step_pass(struct gk_query *query, struct aggregate *own)
{
    const struct gk_query_meta meta = query->meta;
    int64_t known = query->known_ticks, unknown = query->unknown_ticks;
    bool is_before = own->n_begun > own->n_runs, is_done = false;
    struct pass *pass = &own->pass;
    int rc;

    TRY(pass->run->source->kind == SOURCE_COND ? tally_step(query, pass, &is_done) : sums_step(query, pass, &is_done));
    if (is_before) {
        query->meta.n_possible = meta.n_possible;
        query->meta.n_without_links = meta.n_without_links;
        query->known_ticks = known;
        query->unknown_ticks = unknown;
    }
    if (!is_done)
        return GK_OK;
    TRY(sums_finish(query, pass));
    run_end_condition(query);
    own->is_going = false;
done:
    return rc;
}

/* ---- rows ---- */

static size_t run_of(const struct aggregate *own, const struct measure *measure)
{
    size_t run = 0;

    while (own->runs[run].source != measure->source)
        run++;
    return run;
}

static double number_of(const struct gk_query *query, const struct aggregate *own, size_t input, bool is_before,
                        size_t cell)
{
    const struct measure *measure = &query->stmt->measures[input];
    const struct source_run *run = &own->runs[run_of(own, measure)];
    const struct measured *measured = is_before ? &run->before : &run->now;

    return measure->source->kind == SOURCE_COND ? tally_number(query, measure->kind, &measured->tallies[cell])
                                                : sums_number(measured, measure, cell);
}

/* In arithmetic, values of a channel of its own unit are in the base unit. */
static double per_base(const struct measure *measure)
{
    bool is_plain = measure->source->kind == SOURCE_SERIES && measure->kind != AGG_ENERGY &&
                    measure->kind != AGG_COUNT && measure->kind != AGG_COVERAGE;

    return is_plain && measure->source->series->per_base > 0 ? measure->source->series->per_base : 1;
}

static double column_number(const struct gk_query *query, const struct aggregate *own, const struct column *column,
                            bool is_before, size_t cell)
{
    double inputs[INPUTS_MAX];

    if (column->value->kind == VALUE_INPUT)
        return number_of(query, own, column->value->input, is_before, cell);
    for (size_t i = 0; i < query->stmt->n_measures; i++)
        inputs[i] = number_of(query, own, i, is_before, cell) / per_base(&query->stmt->measures[i]);
    return value_of(column->value, inputs);
}

/* Cells are of the types that their columns were given. */
static void put_number(struct gk_query *query, double number)
{
    enum gk_type type = rows_next_type(&query->rows);

    if (type == GK_TYPE_COUNT && !isnan(number))
        rows_put_count(&query->rows, type, (int64_t)llround(number));
    else
        rows_put_number(&query->rows, type, number);
}

/* The first and last of a condition: a time does not go through a double. */
static bool put_time(struct gk_query *query, const struct aggregate *own, const struct column *column, size_t cell)
{
    const struct measure *measure = plain_measure(query, column);

    if (!measure || measure->source->kind != SOURCE_COND || (measure->kind != AGG_FIRST && measure->kind != AGG_LAST))
        return false;
    const struct tally *tally = &own->runs[run_of(own, measure)].now.tallies[cell];
    if (tally->has_first)
        rows_put_time(&query->rows, run_time(query, measure->kind == AGG_FIRST ? tally->first : tally->last));
    else
        rows_put_empty(&query->rows);
    return true;
}

static void put_possible(struct gk_query *query, const struct aggregate *own, const struct column *column, size_t cell)
{
    const struct measure *measure = plain_measure(query, column);

    put_number(query, tally_possible(query, measure->kind, &own->runs[run_of(own, measure)].now.tallies[cell]));
}

/* ---- another time ---- */

static double change(double value, double reference)
{
    return reference < 0 || reference > 0 ? (value - reference) / fabs(reference) : NAN;
}

/* The values of all columns in all cells of a group. */
static void find_values(const struct gk_query *query, struct aggregate *own, size_t group)
{
    size_t n = own->groups.width, k = 0;

    if (own->valued_group == group)
        return;
    own->valued_group = group;
    for (const struct column *column = query->stmt->columns; column; column = column->next, k++)
        for (size_t j = 0; j < n; j++)
            own->values[k * n + j] = column_number(query, own, column, false, group * n + j);
}

/* Known values of column k in the buckets of the time before that of a cell; of its shift. */
static size_t gather(const struct gk_query *query, struct aggregate *own, size_t k, size_t cell)
{
    const struct groups *groups = &own->groups;
    const gk_time *starts = groups->buckets.starts;
    gk_time from = starts[cell / groups->n_shifts] - query->stmt->tail.versus.ns;
    size_t n = 0;

    for (size_t j = cell % groups->n_shifts; j < cell; j += groups->n_shifts)
        if (starts[j / groups->n_shifts] >= from && !isnan(own->values[k * groups->width + j]))
            own->scratch[n++] = own->values[k * groups->width + j];
    return n;
}

static void put_rolling(struct gk_query *query, struct aggregate *own, size_t k, size_t group, size_t cell)
{
    find_values(query, own, group);
    double value = own->values[k * own->groups.width + cell];
    size_t n = gather(query, own, k, cell);
    double middle = versus_middle(query->stmt->tail.versus.kind, own->scratch, n);
    double spread = versus_deviation(middle, own->scratch, n);
    put_number(query, middle);
    put_number(query, change(value, middle));
    put_number(query, spread > 0 ? fabs(value - middle) / spread : NAN);
}

static void put_before(struct gk_query *query, const struct aggregate *own, const struct column *column, size_t cell)
{
    double value = column_number(query, own, column, false, cell);
    double reference = column_number(query, own, column, true, cell);

    put_number(query, reference);
    put_number(query, change(value, reference));
}

/* The least of what is covered of conditions and series; of one that had no time there is nothing to cover. */
static double coverage(const struct gk_query *query, const struct aggregate *own, bool is_before, size_t cell)
{
    static const struct measure covered = {.kind = AGG_COVERAGE};
    double least = NAN;

    for (size_t i = 0; i < own->n_runs; i++) {
        const struct measured *measured = is_before ? &own->runs[i].before : &own->runs[i].now;
        double share;
        if (own->runs[i].source->kind > SOURCE_SERIES)
            continue;
        if (own->runs[i].source->kind == SOURCE_COND)
            share = tally_number(query, AGG_COVERAGE, &measured->tallies[cell]);
        else if (measured->sums[cell].n_subjects && !(measured->sums[cell].possible_ns > 0))
            continue;
        else
            share = sums_number(measured, &covered, cell);
        if (isnan(share))
            return NAN; /* of one part nobody is there */
        if (!(share >= least))
            least = share;
    }
    return least;
}

/* ---- */

static int put_cells(struct gk_query *query, struct aggregate *own, size_t group, size_t of_group)
{
    size_t cell = group * own->groups.width + of_group, k = 0;
    int rc;

    TRY(groups_put(query, &own->groups, group, of_group));
    for (const struct column *column = query->stmt->columns; column; column = column->next)
        if (!put_time(query, own, column, cell))
            put_number(query, column_number(query, own, column, false, cell));
    for (const struct column *column = query->stmt->columns; column; column = column->next) {
        if (is_compared(query, column) && is_rolling(query))
            put_rolling(query, own, k, group, of_group);
        else if (is_compared(query, column))
            put_before(query, own, column, cell);
        k++;
    }
    for (const struct column *column = query->stmt->columns; column; column = column->next)
        if (has_possible(query, column))
            put_possible(query, own, column, cell);
    if (own->has_own_coverage)
        put_number(query, coverage(query, own, false, cell));
    if (has_before(query))
        put_number(query, coverage(query, own, true, cell));
done:
    return rc;
}

/* Whether somebody is there in a cell: some have no such shift, and none on such a day. */
static bool is_there(const struct aggregate *own, size_t cell)
{
    for (size_t i = 0; i < own->n_runs; i++) {
        const struct measured *measured = &own->runs[i].now;
        if (measured->tallies ? measured->tallies[cell].total > 0 : measured->sums[cell].n_subjects > 0)
            return true;
    }
    return false;
}

static int put_row(struct gk_query *query, struct aggregate *own, size_t i)
{
    size_t group, cell;
    int rc;

    groups_order(query, &own->groups, i, &group, &cell);
    if (own->groups.shifts && !is_there(own, group * own->groups.width + cell))
        return GK_OK;
    TRY(run_begin_row(query));
    TRY(put_cells(query, own, group, cell));
    run_end_row(query);
done:
    return rc;
}

/* ---- for a rule of numbers: see numbers.h ---- */

/* What the last row says. */
static enum gk_truth truth_of_row(const struct gk_query *query, const struct aggregate *own, size_t cell)
{
    const struct having *having = query->stmt->tail.having;
    double now = coverage(query, own, false, cell), before = has_before(query) ? coverage(query, own, true, cell) : 1;

    if (isnan(now))
        return GK_FALSE; /* nothing could be measured */
    if (!having_names_coverage(having, &query->rows, query->having_columns) && !(now >= 0.5 && before >= 0.5))
        return GK_UNKNOWN;
    return having_truth(having, &query->rows, query->having_columns);
}

static int tell_truths(struct gk_query *query, struct aggregate *own)
{
    const struct groups *groups = &own->groups;
    uint8_t *truths;
    int rc;

    TRY(numbers_add(query, groups, &truths));
    for (size_t bucket = groups->n_before; bucket < groups->buckets.n; bucket++)
        for (size_t group = 0; group < groups->n; group++) {
            TRY(run_begin_row(query));
            TRY(put_cells(query, own, group, bucket));
            *truths++ = (uint8_t)truth_of_row(query, own, group * groups->width + bucket);
            rows_drop(&query->rows);
        }
done:
    return rc;
}

static int note_energy(struct gk_query *query, const struct aggregate *own)
{
    uint32_t n = gk_snapshot_info(query->snapshot)->n_facilities;
    uint64_t n_counted = 0, n_integrated = 0;
    bool has_energy = false;

    for (size_t i = 0; i < own->n_runs; i++)
        has_energy |= own->runs[i].has_energy;
    if (!has_energy)
        return GK_OK;
    for (uint32_t id = 0; id < n; id++) {
        n_counted += (own->pass.metered[id] & ENERGY_COUNTED) != 0;
        n_integrated += (own->pass.metered[id] & ENERGY_INTEGRATED) != 0;
    }
    return run_note(
        query, arena_printf(
                   &query->memory,
                   report_text(&query->report,
                               "energy in kWh: of %llu facilities by their counter, of %llu as the integral of power"),
                   (unsigned long long)n_counted, (unsigned long long)n_integrated));
}

/* Attributes and cuts on which a group does not agree. */
static int note_differences(struct gk_query *query, const struct aggregate *own)
{
    size_t n = own->groups.n * own->groups.width;
    int rc = GK_OK;

    for (size_t i = 0; i < query->stmt->n_measures; i++) {
        const struct measure *measure = &query->stmt->measures[i];
        if (measure->kind != AGG_AGREED)
            continue;
        const struct sums *sums = own->runs[run_of(own, measure)].now.sums;
        bool differs = false;
        for (size_t cell = 0; cell < n; cell++)
            differs |= sums[cell].count > 0 && sums[cell].min < sums[cell].max;
        if (differs)
            TRY(run_note(query,
                         arena_printf(&query->memory,
                                      report_text(&query->report,
                                                  "where '%s' differs among those of a row it is empty: say sum of, "
                                                  "max of, or take a finer key"),
                                      measure->name)));
    }
done:
    return rc;
}

static int add_notes(struct gk_query *query, const struct aggregate *own)
{
    size_t n_lacking = 0;
    int rc;

    for (size_t i = 0; i < own->n_runs; i++)
        n_lacking += own->runs[i].n_lacking;
    if (n_lacking)
        TRY(run_note(query, arena_printf(&query->memory,
                                         report_text(&query->report,
                                                     "%zu subjects have fewer than %llu normal days in the %d days "
                                                     "before: what they go into has no reference"),
                                         n_lacking, (unsigned long long)query->stmt->tail.versus.n, NORMAL_BACK_DAYS)));
    TRY(note_differences(query, own));
    TRY(note_energy(query, own));
done:
    return rc;
}

static int step(struct gk_query *query, bool *is_done)
{
    struct aggregate *own = query->own;
    int rc = GK_OK;

    if (own->is_going)
        return step_pass(query, own);
    if (own->n_begun < n_passes(query, own))
        return begin_pass(query, own);
    *is_done = true;
    query->window = own->window;
    if (query->meta.has_possible)
        query->meta.possible_s = run_seconds(query, query->unknown_ticks);
    if (query->numbers)
        return tell_truths(query, own);
    TRY(add_notes(query, own));
    for (size_t i = 0; i < groups_n_rows(&own->groups); i++)
        TRY(put_row(query, own, i));
done:
    return rc;
}

const struct statement STATEMENT_AGGREGATE = {columns, start, step, end};
