/*
 * plot_grid.c - aggregates as a heat map (sites by times) or as bars (sites alone), and states as a board.
 */
#include "plot.h"

#include <math.h>
#include <string.h>

#include "plot_scale.h"

static const struct plot_column *column_of(const struct plot *plot, size_t column)
{
    return &plot->table.columns[column];
}

/* Values about which nothing is known are none. */
static double value_at(const struct plot *plot, const struct plot_keys *keys, size_t column, size_t row)
{
    if (column == PLOT_NONE)
        return NAN;
    if (keys->coverage != PLOT_NONE && column != keys->coverage && column_of(plot, keys->coverage)->number[row] == 0)
        return NAN;
    return column_of(plot, column)->number[row];
}

static bool is_same_label(const struct plot *plot, const struct plot_keys *keys, size_t a, size_t b)
{
    for (size_t i = 0; i < keys->n_texts; i++)
        if (column_of(plot, keys->texts[i])->text[a] != column_of(plot, keys->texts[i])->text[b])
            return false;
    return true;
}

/* Of a comparison, how much the first value changed; else the first value. */
static size_t usual_value(const struct plot *plot, const struct plot_keys *keys)
{
    static const char prefix[] = "change_";
    const char *first = column_of(plot, keys->values[0].column)->name;

    for (size_t i = 0; i < keys->n_values; i++) {
        const char *name = column_of(plot, keys->values[i].column)->name;
        bool is_of_first =
            strncmp(name, prefix, sizeof prefix - 1) == 0 && strcmp(name + sizeof prefix - 1, first) == 0;

        if (is_of_first || strcmp(name, "change") == 0)
            return keys->values[i].column;
    }
    return keys->values[0].column;
}

/* The value that is asked for by name, else the usual one. */
static int choose_value(const struct plot *plot, const struct plot_keys *keys, size_t *out, struct gk_error *error)
{
    const char *name = plot->request.value;

    *out = usual_value(plot, keys);
    if (name == NULL)
        return GK_OK;
    for (size_t i = 0; i < plot->table.n_columns; i++)
        if (strcmp(plot->table.columns[i].name, name) == 0 && plot->table.columns[i].number != NULL) {
            *out = i;
            return GK_OK;
        }
    return plot_fail(error, GK_EINVAL, "the answer has no value called '%s'", name);
}

/* ---- heat map ---- */

static gk_time key_end(const struct plot *plot, const struct plot_keys *keys, gk_time from, gk_time next)
{
    const char *name = column_of(plot, keys->time)->name;
    gk_time to = strcmp(name, "hour") == 0    ? from + 3600 * GK_SECOND
                 : strcmp(name, "day") == 0   ? from + 86400 * GK_SECOND
                 : strcmp(name, "week") == 0  ? from + 7 * 86400 * GK_SECOND
                 : strcmp(name, "month") == 0 ? plot_next_month(from, plot->zone_s)
                                              : next;

    return to;
}

/* The times of the columns, ascending, each once: an insertion behind the last is the usual case. */
static size_t find_times(struct plot *plot, const struct plot_keys *keys, gk_time **out)
{
    const gk_time *time = column_of(plot, keys->time)->time;
    size_t n = 0, room = 0, at = 0;
    gk_time *times = NULL;

    for (size_t row = 0; row < plot->table.n_rows; row++) {
        if (at < n && times[at] == time[row]) {
            at++;
            continue;
        }
        for (at = n; at > 0 && times[at - 1] >= time[row];)
            at--;
        if (at < n && times[at] == time[row]) {
            at++;
            continue;
        }
        times = plot_more(&plot->memory, times, n, &room, sizeof *times);
        memmove(times + at + 1, times + at, (n - at) * sizeof *times);
        times[at++] = time[row];
        n++;
    }
    *out = times;
    return n;
}

static void set_columns(struct plot *plot, const struct plot_keys *keys)
{
    struct plot_grid *grid = &plot->grid;
    gk_time least = plot->to - plot->from;

    grid->n_columns = find_times(plot, keys, &grid->from);
    grid->to = plot_take(&plot->memory, grid->n_columns, sizeof *grid->to);
    for (size_t i = 1; i < grid->n_columns; i++)
        least = grid->from[i] - grid->from[i - 1] < least ? grid->from[i] - grid->from[i - 1] : least;
    for (size_t i = 0; i < grid->n_columns; i++) {
        grid->to[i] = key_end(plot, keys, grid->from[i], grid->from[i] + least);
        if (i + 1 < grid->n_columns && grid->to[i] > grid->from[i + 1])
            grid->to[i] = grid->from[i + 1];
    }
    if (grid->n_columns > 0) { /* whole buckets are drawn, also where the window cuts them */
        plot->from = grid->from[0];
        plot->to = grid->to[grid->n_columns - 1];
    }
}

static size_t column_at(const struct plot_grid *grid, gk_time time)
{
    size_t from = 0, to = grid->n_columns;

    while (from + 1 < to) {
        size_t middle = from + (to - from) / 2;

        *(grid->from[middle] <= time ? &from : &to) = middle;
    }
    return from;
}

/* The rows of the map, in the order of the answer. */
static size_t *find_rows(struct plot *plot, const struct plot_keys *keys, size_t *n_rows)
{
    size_t *row_of = plot_take(&plot->memory, plot->table.n_rows, sizeof *row_of), room = 0;
    size_t *firsts = NULL, n = 0;

    for (size_t row = 0; row < plot->table.n_rows; row++) {
        size_t at = row > 0 && is_same_label(plot, keys, row - 1, row) ? row_of[row - 1] : 0;

        while (at < n && !is_same_label(plot, keys, firsts[at], row))
            at++;
        if (at == n) {
            firsts = plot_more(&plot->memory, firsts, n, &room, sizeof *firsts);
            firsts[n++] = row;
        }
        row_of[row] = at;
    }
    plot->grid.n_rows = n < plot->request.max_lanes ? n : plot->request.max_lanes;
    plot->grid.n_rows_off = n - plot->grid.n_rows;
    plot->grid.rows = plot_take(&plot->memory, plot->grid.n_rows, sizeof *plot->grid.rows);
    for (size_t i = 0; i < plot->grid.n_rows; i++)
        plot->grid.rows[i] = plot_label_of(plot, keys, firsts[i]);
    *n_rows = n;
    return row_of;
}

static void count_cell(struct plot_grid *grid, size_t cell)
{
    double value = grid->values[cell];

    if (isnan(value)) {
        grid->n_unknown++;
        return;
    }
    grid->n_weak += grid->coverage[cell] < PLOT_WEAK;
    grid->least = fmin(grid->least, value);
    grid->most = fmax(grid->most, value);
}

double plot_grid_share(const struct plot_grid *grid, double value)
{
    double most = fmax(grid->most, -grid->least);

    return most > 0 ? value / most : 0;
}

int plot_make_heat(struct plot *plot, struct gk_error *error)
{
    struct plot_grid *grid = &plot->grid;
    struct plot_keys keys;
    size_t value, n_rows, *row_of;
    int rc;

    (void)plot_table_keys(&plot->table, &keys); /* it was one when the kind was chosen */
    if ((rc = choose_value(plot, &keys, &value, error)) != GK_OK)
        return rc;
    grid->value = column_of(plot, value)->name;
    grid->type = column_of(plot, value)->type;
    set_columns(plot, &keys);
    row_of = find_rows(plot, &keys, &n_rows);
    grid->values = plot_take(&plot->memory, grid->n_rows * grid->n_columns, sizeof *grid->values);
    grid->coverage = plot_take(&plot->memory, grid->n_rows * grid->n_columns, sizeof *grid->coverage);
    for (size_t i = 0; i < grid->n_rows * grid->n_columns; i++)
        grid->values[i] = grid->coverage[i] = NAN;
    for (size_t row = 0; row < plot->table.n_rows; row++) {
        size_t cell = row_of[row] * grid->n_columns + column_at(grid, column_of(plot, keys.time)->time[row]);

        if (row_of[row] >= grid->n_rows)
            continue;
        grid->values[cell] = value_at(plot, &keys, value, row);
        grid->coverage[cell] = keys.coverage == PLOT_NONE ? NAN : column_of(plot, keys.coverage)->number[row];
    }
    for (size_t i = 0; i < grid->n_rows * grid->n_columns; i++)
        count_cell(grid, i);
    return GK_OK;
}

/* ---- bars ---- */

static void add_bar_value(struct plot *plot, const struct plot_keys *keys, const struct plot_value *value)
{
    struct plot_bars *bars = &plot->bars;
    struct plot_bar_value *out = &bars->values[bars->n_values++];

    out->name = column_of(plot, value->column)->name;
    out->type = column_of(plot, value->column)->type;
    out->certain = plot_take(&plot->memory, bars->n_rows, sizeof *out->certain);
    out->possible = value->possible == PLOT_NONE ? NULL : plot_take(&plot->memory, bars->n_rows, sizeof *out->possible);
    for (size_t i = 0; i < bars->n_rows; i++) {
        out->certain[i] = value_at(plot, keys, value->column, i);
        out->most = fmax(out->most, isnan(out->certain[i]) ? 0 : out->certain[i]);
        if (out->possible == NULL)
            continue;
        out->possible[i] = column_of(plot, value->possible)->number[i];
        bars->has_possible |= out->possible[i] > (isnan(out->certain[i]) ? 0 : out->certain[i]);
        out->most = fmax(out->most, isnan(out->possible[i]) ? 0 : out->possible[i]);
    }
}

/* stored_duration, now_count, reference_energy, or reference alone: the same number as another column's. */
static bool is_same_number(const struct plot_bars *bars, size_t of, size_t beside)
{
    static const char *const prefixes[] = {"stored_", "now_", "reference_"};
    const char *name = bars->values[beside].name;

    for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++)
        if (strncmp(name, prefixes[i], strlen(prefixes[i])) == 0 &&
            strcmp(name + strlen(prefixes[i]), bars->values[of].name) == 0)
            return true;
    return of == 0 && strcmp(name, "reference") == 0;
}

/* Bars of the same number are compared: they have one scale. */
static void share_scales(struct plot_bars *bars)
{
    for (size_t of = 0; of < bars->n_values; of++)
        for (size_t beside = 0; beside < bars->n_values; beside++)
            if (beside != of && is_same_number(bars, of, beside))
                bars->values[of].most = bars->values[beside].most =
                    fmax(bars->values[of].most, bars->values[beside].most);
}

int plot_make_bars(struct plot *plot, struct gk_error *error)
{
    struct plot_bars *bars = &plot->bars;
    struct plot_keys keys;
    size_t column, n = plot->table.n_rows;
    int rc;

    (void)plot_table_keys(&plot->table, &keys); /* it was one when the kind was chosen */
    if ((rc = choose_value(plot, &keys, &column, error)) != GK_OK)
        return rc;
    bars->n_rows = n < plot->request.max_lanes ? n : plot->request.max_lanes;
    bars->n_rows_off = n - bars->n_rows;
    bars->rows = plot_take(&plot->memory, bars->n_rows, sizeof *bars->rows);
    for (size_t i = 0; i < bars->n_rows; i++)
        bars->rows[i] = plot_label_of(plot, &keys, i);
    for (size_t i = 0; i < keys.n_values && bars->n_values < PLOT_BARS_MAX; i++)
        if (plot->request.value == NULL || keys.values[i].column == column)
            add_bar_value(plot, &keys, &keys.values[i]);
    if (bars->n_values == 0)
        add_bar_value(plot, &keys, &(struct plot_value){column, PLOT_NONE});
    share_scales(bars);
    if (keys.coverage != PLOT_NONE && n > 0)
        bars->coverage = column_of(plot, keys.coverage)->number;
    return GK_OK;
}

/* ---- board ---- */

static const char *const states[PLOT_STATES] = {"nodata", "off", "idle", "on", "overload"};
static const char *const roles[] = {"other", "production", "abatement"};

static size_t find_word(const char *word, const char *const *words, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(word, words[i]) == 0)
            return i;
    return 0;
}

struct board_columns {
    size_t facility, line, enterprise, park, role, state, since;
};

static struct plot_cell read_cell(const struct plot *plot, const struct board_columns *columns, size_t row)
{
    const struct plot_table *table = &plot->table;

    return (struct plot_cell){
        .name = plot_table_text(table, columns->facility, row),
        .line = plot_table_text(table, columns->line, row),
        .role = (enum gk_role)find_word(plot_table_text(table, columns->role, row), roles, 3),
        .state = (enum gk_state)find_word(plot_table_text(table, columns->state, row), states, PLOT_STATES),
        .since = columns->since == PLOT_NONE ? GK_TIME_MIN : table->columns[columns->since].time[row],
    };
}

/* A site a group: enterprises, or the lines of the only one. */
static size_t site_column(const struct plot *plot, const struct board_columns *columns)
{
    for (size_t row = 1; row < plot->table.n_rows && columns->enterprise != PLOT_NONE; row++)
        if (plot->table.columns[columns->enterprise].text[row] != plot->table.columns[columns->enterprise].text[0])
            return columns->enterprise;
    return columns->line != PLOT_NONE ? columns->line : columns->enterprise;
}

/* Cells of a site stand behind each other also when the statement sorted its rows. */
static void fill_sites(struct plot *plot, const struct board_columns *columns, size_t by)
{
    struct plot_board *board = &plot->board;
    size_t n = plot->table.n_rows, *site_of = plot_take(&plot->memory, n, sizeof *site_of), room = 0;

    for (size_t row = 0; row < n; row++) {
        const char *name = plot_table_text(&plot->table, by, row);
        size_t at = row > 0 ? site_of[row - 1] : 0;

        if (at >= board->n_sites || strcmp(board->sites[at].name, name) != 0)
            for (at = 0; at < board->n_sites && strcmp(board->sites[at].name, name) != 0;)
                at++;
        if (at == board->n_sites) {
            board->sites = plot_more(&plot->memory, board->sites, at, &room, sizeof *board->sites);
            board->sites[board->n_sites++] = (struct plot_site){
                .name = name,
                .place = plot_table_text(&plot->table, by == columns->line ? columns->enterprise : columns->park, row)};
        }
        site_of[row] = at;
        board->sites[at].n++;
    }
    for (size_t i = 1; i < board->n_sites; i++)
        board->sites[i].first = board->sites[i - 1].first + board->sites[i - 1].n;
    for (size_t i = 0; i < board->n_sites; i++)
        board->sites[i].n = 0;
    for (size_t row = 0; row < n; row++) {
        struct plot_site *site = &board->sites[site_of[row]];
        struct plot_cell cell = read_cell(plot, columns, row);

        board->cells[site->first + site->n++] = cell;
        site->counts[cell.state]++;
        board->counts[cell.state]++;
    }
}

int plot_make_board(struct plot *plot, struct gk_error *error)
{
    const struct plot_table *table = &plot->table;
    struct board_columns columns = {
        plot_table_find(table, "facility", GK_TYPE_TEXT),   plot_table_find(table, "line", GK_TYPE_TEXT),
        plot_table_find(table, "enterprise", GK_TYPE_TEXT), plot_table_find(table, "park", GK_TYPE_TEXT),
        plot_table_find(table, "role", GK_TYPE_TEXT),       plot_table_find(table, "state", GK_TYPE_TEXT),
        plot_table_find(table, "since", GK_TYPE_TIME)};
    struct plot_board *board = &plot->board;

    if (columns.facility == PLOT_NONE)
        return plot_fail(error, GK_EINVAL, "the states of this answer have no facility");
    board->n_cells = table->n_rows;
    board->cells = plot_take(&plot->memory, board->n_cells, sizeof *board->cells);
    fill_sites(plot, &columns, site_column(plot, &columns));
    if (board->n_sites > plot->request.max_lanes) {
        board->n_sites_off = board->n_sites - plot->request.max_lanes;
        board->n_sites = plot->request.max_lanes;
    }
    return GK_OK;
}
