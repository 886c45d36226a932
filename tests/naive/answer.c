/*
 * answer.c - see naive.h. The rows that a statement must give.
 */
#include "naive/statement.h"

#include <math.h>

static const char *const STATES[] = {"nodata", "off", "idle", "on", "overload"};

/* ---- rows ---- */

void answer_clear(struct answer *answer)
{
    free(answer->cells);
    *answer = (struct answer){0};
}

struct cell *answer_cell(struct answer *out, int column)
{
    return &out->cells[(out->n_rows - 1) * out->n_columns + column];
}

void answer_add_row(struct answer *out)
{
    if (out->n_rows == out->capacity) {
        out->capacity = out->capacity ? 2 * out->capacity : 64;
        out->cells = realloc(out->cells, (size_t)(out->capacity * COLUMNS_MAX) * sizeof *out->cells);
        assert_non_null(out->cells);
    }
    out->n_rows++;
    memset(answer_cell(out, 0), 0, (size_t)out->n_columns * sizeof *out->cells);
}

void answer_put_text(struct answer *out, int column, const char *text)
{
    struct cell *cell = answer_cell(out, column);

    if (!text || !*text)
        return;
    (void)snprintf(cell->text, sizeof cell->text, "%s", text);
    cell->value.type = GK_TYPE_TEXT;
}

void answer_put_whole(struct answer *out, int column, const char *text)
{
    *answer_cell(out, column) = (struct cell){.value = {.type = GK_TYPE_TEXT}, .whole = text};
}

void answer_put_time(struct answer *out, int column, gk_time t)
{
    *answer_cell(out, column) = (struct cell){.value = {GK_TYPE_TIME, {.time = t}}};
}

void answer_put_number(struct answer *out, int column, enum gk_type type, double number, double slack)
{
    if (!isnan(number))
        *answer_cell(out, column) = (struct cell){.value = {type, {.number = number}}, .slack = slack};
}

void answer_put_count(struct answer *out, int column, enum gk_type type, int64_t count)
{
    *answer_cell(out, column) = (struct cell){.value = {type, {.count = count}}};
}

static double number_of(const struct cell *cell)
{
    switch (cell->value.type) {
    case GK_TYPE_TIME:
        return (double)cell->value.as.time;
    case GK_TYPE_COUNT:
    case GK_TYPE_TRUTH:
        return (double)cell->value.as.count;
    default:
        return cell->value.as.number;
    }
}

static int answer_column(const struct answer *out, const char *name)
{
    for (int i = 0; i < out->n_columns; i++)
        if (strcmp(out->columns[i], name) == 0)
            return i;
    return strcmp(name, "duration") == 0 ? answer_column(out, "duration_s") : NONE;
}

bool order_compares(enum gk_compare compare, double order)
{
    const bool by[] = {order<0, order <= 0, order> 0, order >= 0, !(order < 0 || order > 0), order < 0 || order > 0};
    return by[compare];
}

/* Whether row a comes behind row b. */
static bool is_behind(const struct cell *a, const struct cell *b, bool is_desc)
{
    bool a_empty = a->value.type == GK_TYPE_EMPTY, b_empty = b->value.type == GK_TYPE_EMPTY;
    double order;

    if (a_empty || b_empty)
        return a_empty && !b_empty;
    if (a->value.type == GK_TYPE_TEXT)
        order = strcmp(a->text, b->text);
    else
        order = number_of(a) < number_of(b) ? -1 : number_of(a) > number_of(b);
    return is_desc ? order < 0 : order > 0;
}

/* Rows that are equal stay in their order: merged from ever longer stretches. */
static void sort_rows(struct answer *out, int column, bool is_desc)
{
    size_t width = (size_t)out->n_columns;
    struct cell *from = out->cells, *to = malloc(((size_t)out->capacity * COLUMNS_MAX + 1) * sizeof *to), *swap;

    assert_non_null(to);
    for (int length = 1; length < out->n_rows; length *= 2, swap = from, from = to, to = swap)
        for (int a = 0; a < out->n_rows; a += 2 * length) {
            int middle = a + length < out->n_rows ? a + length : out->n_rows;
            int end = middle + length < out->n_rows ? middle + length : out->n_rows;
            for (int k = a, i = a, j = middle; k < end; k++) {
                const struct cell *left = from + (size_t)i * width, *right = from + (size_t)j * width;
                bool is_left = j == end || (i < middle && !is_behind(&left[column], &right[column], is_desc));
                memcpy(to + (size_t)k * width, is_left ? left : right, width * sizeof *to);
                i += is_left;
                j += !is_left;
            }
        }
    out->cells = from;
    free(to);
}

static void keep_rows(struct answer *out, int n)
{
    out->n_rows = out->n_rows < n ? out->n_rows : n;
}

static bool row_has(const struct column_tail *having, const struct answer *out, const struct cell *row)
{
    const struct cell *cell, *than;
    double value = having->value;

    if (!having->is_set)
        return true;
    cell = &row[answer_column(out, having->name)];
    if (cell->value.type == GK_TYPE_EMPTY || cell->value.type == GK_TYPE_TEXT)
        return false;
    if (having->than[0]) {
        than = &row[answer_column(out, having->than)];
        if (than->value.type == GK_TYPE_EMPTY)
            return false;
        value *= number_of(than);
    }
    return order_compares(having->compare, number_of(cell) - value);
}

static void apply_tails(const struct statement *s, struct answer *out)
{
    int kept = 0;

    for (int i = 0; i < out->n_rows; i++) {
        const struct cell *row = &out->cells[i * out->n_columns];
        if (row_has(&s->having, out, row) && row_has(&s->having_too, out, row))
            memmove(&out->cells[kept++ * out->n_columns], row, (size_t)out->n_columns * sizeof *out->cells);
    }
    out->n_rows = kept;
    if (s->top.is_set) {
        sort_rows(out, answer_column(out, s->top.name), true);
        keep_rows(out, s->top.value % 7 + 1);
    }
    if (s->sort.is_set)
        sort_rows(out, answer_column(out, s->sort.name), s->sort.is_desc);
    if (s->limit)
        keep_rows(out, s->limit);
}

/* ---- samples, state ---- */

static int sample_channels(const struct statement *s, int out[N_CHANNELS])
{
    int from = s->metric == CURRENT ? IA : s->metric == CHANNEL ? s->channel : KW, n = s->metric == CURRENT ? 3 : 1;

    if (s->metric == ROW)
        return row_channels(s->channel, out);
    for (int i = 0; i < n; i++)
        out[i] = from + i;
    return n;
}

static void answer_samples(const struct statement *s, const struct view *view, struct answer *out)
{
    int channels[N_CHANNELS], n = sample_channels(s, channels), n_keys = 2 + (s->metric == ROW);
    struct frame frame;
    double value;

    frame_make(s, view, &frame);
    answer_name_columns(out, (const char *const[]){"time", "facility", "value"}, n_keys);
    for (int c = 0; c < n; c++)
        answer_name_columns(out, &CHANNELS[channels[c]], 1);
    for (int f = 0; f < view->zone->n_facilities; f++) {
        for (int i = 0; i < view->signals[f].n && statement_means(s, view, f); i++) {
            const struct sample *sample = &view->signals[f].samples[i];
            bool is_empty = true;
            for (int c = 0; c < n; c++)
                is_empty = is_empty && gk_is_missing(sample->value[channels[c]]);
            if (is_empty || sample->time < frame.from || sample->time >= frame.to)
                continue;
            answer_add_row(out);
            answer_put_time(out, 0, sample->time);
            answer_put_text(out, 1, view->zone->facilities[f].name);
            if (s->metric == ROW && row_value(s->channel, &view->zone->facilities[f], sample, &value))
                answer_put_number(out, 2, GK_TYPE_NUMBER, value, 0);
            for (int c = 0; c < n; c++)
                answer_put_number(out, n_keys + c, GK_TYPE_NUMBER, sample->value[channels[c]], 0);
        }
    }
}

/* How many are in each state. */
static void count_states(const struct statement *s, const struct view *view, const struct frame *frame,
                         struct answer *out)
{
    static const char *const names[] = {"facilities", "off", "idle", "on", "overload", "nodata", "never"};
    static const int columns[] = {5, 1, 2, 3, 4}; /* by state */
    const struct span span = {.first = frame->a, .n = 1, .known_end = frame->known_end};
    int(*counts)[7] = calloc(FACILITIES_MAX, sizeof *counts), *order;
    struct table table = {.buckets = {.n = 1, .starts = {frame->from}}};
    uint8_t state;

    assert_non_null(counts);
    for (int f = 0; f < view->zone->n_facilities; f++) {
        const struct signal *signal = &view->signals[f];
        if (!statement_means(s, view, f))
            continue;
        int *count = counts[table_row(&table, s, view, FACILITY, f, 0)];
        signal_states(view, f, &span, &state);
        state = frame->a < frame->known_end ? state : GK_NODATA;
        count[0]++;
        count[columns[state]]++;
        count[6] += state == GK_NODATA && (signal->n == 0 || signal->samples[0].time > frame->from);
    }
    int n_keys = table_key_columns(s, out);
    answer_name_columns(out, names, 7);
    order = table_order(s, &table);
    for (int i = 0; i < table.n; i++) {
        answer_add_row(out);
        table_put_keys(s, view, &table, order[i], out);
        for (int c = 0; c < 7; c++)
            answer_put_count(out, n_keys + c, GK_TYPE_COUNT, counts[order[i]][c]);
    }
    free(order);
    free(counts);
    free(table.rows);
}

static void answer_state(const struct statement *s, const struct view *view, struct answer *out)
{
    static const char *const names[] = {"facility", "line", "enterprise", "park", "role", "state", "since", "until"};
    const struct zone *zone = view->zone;
    struct frame frame;

    frame_make(s, view, &frame);
    if (s->n_keys) {
        count_states(s, view, &frame, out);
        return;
    }
    answer_name_columns(out, names, 8);
    int64_t first = view->beginning == GK_TIME_MAX ? frame.a : zone_tick(zone, view->beginning);
    struct span span = {.first = (first < frame.a ? first : frame.a) - 2, .known_end = frame.known_end};
    span.n = (int)((frame.known_end > frame.b ? frame.known_end : frame.b) - span.first);
    uint8_t *states = malloc((size_t)span.n);
    assert_non_null(states);
    for (int f = 0; f < zone->n_facilities; f++) {
        int at_tick = (int)(frame.a - span.first), from = at_tick, to = at_tick, position[4];
        if (!statement_means(s, view, f))
            continue;
        signal_states(view, f, &span, states);
        subject_position(zone, FACILITY, f, position);
        answer_add_row(out);
        answer_put_text(out, 0, zone->facilities[f].name);
        for (int k = 0; k < 3; k++)
            answer_put_text(out, 1 + k, site_text(zone, GK_LINE - k, position[GK_LINE - k]));
        answer_put_text(out, 4, ROLES[zone->facilities[f].role]);
        bool is_known = frame.a < frame.known_end; /* nothing is known of what comes */
        answer_put_text(out, 5, STATES[is_known ? states[at_tick] : GK_NODATA]);
        while (from > 0 && states[from - 1] == states[at_tick])
            from--;
        while (to < span.n && span.first + to < frame.known_end && states[to] == states[at_tick])
            to++;
        if (is_known && from > 0)
            answer_put_time(out, 6, (span.first + from) * zone->tick);
        if (is_known && span.first + to < frame.known_end)
            answer_put_time(out, 7, (span.first + to) * zone->tick);
    }
    free(states);
}

static void add_column_named(struct answer *out, const char *prefix, const char *name)
{
    char *text = out->names[out->n_columns];

    (void)snprintf(text, sizeof out->names[0], "%s%s", prefix, name);
    out->columns[out->n_columns++] = text;
}

/* Coverage follows from the rows, nearly, and what is possible is told of the new limits. */
static bool is_single(const char *column)
{
    return strcmp(column, "coverage") == 0 || strncmp(column, "possible_", 9) == 0;
}

static struct number number_in(const struct cell *cell)
{
    bool is_number = cell->value.type != GK_TYPE_EMPTY && cell->value.type != GK_TYPE_TIME;

    return (struct number){is_number ? number_of(cell) : NAN, cell->slack, cell->is_any};
}

/* Beside each number another one, and how much of the reference the first one is more: where that is above 0. */
static void put_both(const struct answer *first, const struct answer *other, const char *prefix, int n_keys,
                     bool is_other_reference, struct answer *out)
{
    for (int c = 0; c < first->n_columns; c++) {
        add_column_named(out, "", first->columns[c]);
        if (c >= n_keys && !is_single(first->columns[c]))
            add_column_named(out, prefix, first->columns[c]);
    }
    add_column_named(out, "", "change");
    for (int row = 0; row < first->n_rows; row++) {
        const struct cell *a = &first->cells[row * first->n_columns], *b = &other->cells[row * other->n_columns];
        int column = 0;
        answer_add_row(out);
        for (int c = 0; c < first->n_columns; c++) {
            *answer_cell(out, column++) = a[c];
            if (c >= n_keys && !is_single(first->columns[c]))
                *answer_cell(out, column++) = b[c];
        }
        struct number of_a = number_in(&a[n_keys]), of_b = number_in(&b[n_keys]);
        struct number from = is_other_reference ? of_b : of_a, to = is_other_reference ? of_a : of_b;
        struct number change = number_change(to, from);
        if (from.value <= -2 * from.slack && from.value < 0)
            continue;
        answer_put_number(out, column, GK_TYPE_SHARE, change.value, change.slack);
        answer_cell(out, column)->is_any = change.is_any;
    }
}

static void answer_numbers(const struct statement *s, const struct view *view, const struct view *other,
                           struct answer *out)
{
    struct answer first = {0}, beside = {0};
    bool is_stored = s->versus == STORED;

    if (s->versus < STORED) {
        numbers_answer(s, view, out);
        return;
    }
    numbers_answer(s, view, &first);
    numbers_answer(s, other, &beside);
    assert_int_equal(first.n_rows, beside.n_rows);
    put_both(&first, &beside, is_stored ? "stored_" : "now_", s->n_keys + (s->every != 0), is_stored, out);
    answer_clear(&first);
    answer_clear(&beside);
}

void statement_answer(const struct statement *s, const struct view *given, struct answer *out)
{
    struct view under = *given, other = *given, known;
    static struct zone then; /* all that is known now, by the clock of then */
    const struct view *view = &under;

    if (s->has_known) {
        view_make_known(&known, given, s->known < given->zone->now ? s->known : given->zone->now);
        under = known;
        then = *given->zone;
        then.now = known.zone->now;
        other = s->versus == STORED ? known : *given;
        other.opens = known.opens;
        if (s->versus != STORED)
            other.zone = &then;
    }
    under.with = s->has_with ? &s->with : NULL;
    under.uses_set = s->uses_set;
    other.with = s->versus == STORED ? NULL : under.with;
    other.uses_set = s->versus != STORED && s->uses_set;
    *out = (struct answer){0};
    switch (s->kind) {
    case WHEN:
    case WHICH:
        answer_runs(s, view, out);
        break;
    case AGGREGATE:
    case SERIES:
    case NUMBERS:
        answer_numbers(s, view, &other, out);
        break;
    case LAG:
        lag_answer(s, view, out);
        break;
    case SAMPLES:
        answer_samples(s, view, out);
        break;
    default:
        answer_state(s, view, out);
    }
    apply_tails(s, out);
    if (s->has_known)
        view_clear(&known);
}
