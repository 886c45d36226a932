/*
 * plot_blocks_chart.c - curves, heat maps, bars and boards in a terminal.
 */
#include <math.h>
#include <string.h>

#include "plot_blocks.h"
#include "texts.h"
#include "width.h"

static const char *const eighths_up[] = {" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
static const char *const eighths_right[] = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉", "█"};

static size_t width_of(const char *text)
{
    return text_width(text, strlen(text));
}

/* ---- curves ---- */

#define VALUE_COLUMNS 9

/* What is seen of a line in one column. */
struct column {
    double weight, sum, high;
};

static void see_point(struct column *column, double value, double high, double ns)
{
    column->high = column->weight > 0 ? fmax(column->high, high) : high;
    column->sum += value * ns;
    column->weight += ns;
}

static struct column *gather(struct blocks *blocks, const struct plot_panel *panel, const struct plot_line *line,
                             size_t n)
{
    const struct plot *plot = blocks->plot;
    struct column *columns = plot_take(&blocks->plot->memory, n, sizeof *columns);
    double width = (double)(plot->to - plot->from) / (double)n;

    for (size_t i = 0; i < panel->n; i++) {
        double from = fmax((double)(panel->from[i] - plot->from), 0),
               to = fmax((double)(panel->to[i] - plot->from), from + 1);

        if (!isfinite(line->value[i]))
            continue;
        for (size_t k = (size_t)(from / width); k < n && (double)k * width < to; k++)
            see_point(&columns[k], line->value[i], line->high != NULL ? line->high[i] : line->value[i],
                      fmax(fmin(to, (double)(k + 1) * width) - fmax(from, (double)k * width), 1e-3));
    }
    return columns;
}

/* Row r of `height` counted from the bottom. */
static void put_cell(struct blocks *blocks, const struct column *column, double low, double step, size_t row)
{
    double bottom = low + (double)row * step, mean = column->weight > 0 ? column->sum / column->weight : NAN;
    double fill = (mean - bottom) / step * 8;

    if (!(column->weight > 0))
        blocks_put(blocks, BLOCKS_PLAIN, " ");
    else if (fill >= 1 || (row == 0 && !(column->high > bottom + step)))
        blocks_put(blocks, BLOCKS_BLUE, eighths_up[fill >= 8 ? 8 : fill >= 1 ? (size_t)fill : 1]);
    else
        blocks_put(blocks, BLOCKS_DIM, column->high > bottom + step / 2 ? "░" : " ");
}

static void put_line(struct blocks *blocks, const struct plot_panel *panel, const struct plot_line *line, size_t height)
{
    size_t n = blocks->n_columns - VALUE_COLUMNS - 2, n_ticks;
    struct column *columns = gather(blocks, panel, line, n);
    double ticks[PLOT_VALUES_MAX], low, high, step;
    char text[PLOT_LABEL_MAX];

    plot_value_ticks(panel->type, panel->least, panel->most, height / 2, ticks, &n_ticks);
    low = ticks[0];
    high = ticks[n_ticks - 1];
    step = (high - low) / (double)height;
    for (size_t row = height; row > 0; row--) {
        double bottom = low + (double)(row - 1) * step;
        const char *label = row == height ? plot_value_text(panel->type, high, blocks->is_chinese, text)
                            : row == 1    ? plot_value_text(panel->type, low, blocks->is_chinese, text)
                                          : "";

        for (size_t i = 1; i + 1 < n_ticks; i++)
            if (row > 1 && row < height && ticks[i] >= bottom && ticks[i] < bottom + step)
                label = plot_value_text(panel->type, ticks[i], blocks->is_chinese, text);
        blocks_field(blocks, BLOCKS_DIM, label, VALUE_COLUMNS, true);
        blocks_put(blocks, BLOCKS_DIM, "│");
        for (size_t i = 0; i < n; i++)
            put_cell(blocks, &columns[i], low, step, row - 1);
        blocks_end_line(blocks);
    }
}

static void put_states(struct blocks *blocks, const struct plot_panel *panel)
{
    size_t n = blocks->n_columns - VALUE_COLUMNS - 2;
    const enum gk_state *states = blocks_states(blocks, panel->runs, panel->n_runs, n);

    blocks_space(blocks, VALUE_COLUMNS + 1);
    for (size_t i = 0; i < n; i++)
        blocks_state(blocks, states[i]);
    blocks_end_line(blocks);
}

void blocks_curve(struct blocks *blocks)
{
    const struct plot_curve *curve = &blocks->plot->curve;
    size_t height = curve->n_panels <= 1 ? 10 : curve->n_panels <= 2 ? 8 : curve->n_panels <= 5 ? 6 : 3;

    blocks->plot->n_cells = blocks->n_columns - VALUE_COLUMNS - 2;
    for (size_t i = 0; i < curve->n_panels; i++) {
        const struct plot_panel *panel = &curve->panels[i];

        for (size_t k = 0; k < panel->n_lines; k++) {
            blocks_space(blocks, VALUE_COLUMNS + 1);
            blocks_field(blocks, BLOCKS_BOLD, panel->name, width_of(panel->name), false);
            blocks_space(blocks, *panel->name != '\0' ? 2 : 0);
            if (panel->n_lines > 1 || curve->n_measures > 1 || *panel->name == '\0')
                blocks_put(blocks, BLOCKS_PLAIN, gk_session_text(blocks->plot->session, panel->lines[k].name));
            blocks_end_line(blocks);
            put_line(blocks, panel, &panel->lines[k], height);
        }
        if (panel->n_runs > 0)
            put_states(blocks, panel);
    }
    blocks_axis(blocks, VALUE_COLUMNS + 1, blocks->n_columns - VALUE_COLUMNS - 2);
}

/* ---- heat map ---- */

/* Below zero they differ from those above without colours as well. */
static const char *const shades[] = {".", "░", "▒", "▓", "█"}, *const below[] = {".", "-", "~", "=", "#"};
#define N_SHADES 5

static void put_shade(struct blocks *blocks, double share)
{
    double most = fabs(share);
    size_t shade = most <= 0 ? 0 : 1 + (size_t)fmin(floor(most * (N_SHADES - 1)), N_SHADES - 2);

    blocks_put(blocks, share < 0 ? BLOCKS_BLUE : BLOCKS_YELLOW, (share < 0 ? below : shades)[shade]);
}

void blocks_heat_legend(struct blocks *blocks)
{
    const struct plot_grid *grid = &blocks->plot->grid;
    char text[PLOT_LABEL_MAX];

    blocks_put(blocks, BLOCKS_PLAIN, gk_session_text(blocks->plot->session, grid->value));
    blocks_space(blocks, 1);
    blocks_put(blocks, BLOCKS_DIM, plot_value_text(grid->type, grid->least, blocks->is_chinese, text));
    blocks_space(blocks, 1);
    for (size_t i = 1; grid->least < 0 && i < N_SHADES; i++)
        blocks_put(blocks, BLOCKS_BLUE, below[N_SHADES - i]);
    for (size_t i = 0; i < N_SHADES; i++)
        blocks_put(blocks, BLOCKS_YELLOW, shades[i]);
    blocks_space(blocks, 1);
    blocks_put(blocks, BLOCKS_DIM, plot_value_text(grid->type, grid->most, blocks->is_chinese, text));
    blocks_space(blocks, 2);
    blocks_legend(blocks, BLOCKS_DIM, tr("blank"), "unknown");
    blocks_legend(blocks, BLOCKS_DIM, "?", "weak coverage");
}

/* Columns [from, to) as one: the mean of what is known, and whether little is. */
static double join_cells(const struct plot_grid *grid, size_t row, size_t from, size_t to, bool *is_weak)
{
    double sum = 0, n = 0;

    *is_weak = false;
    for (size_t i = from; i < to; i++) {
        size_t cell = row * grid->n_columns + i;

        if (isnan(grid->values[cell]))
            continue;
        sum += grid->values[cell];
        n++;
        *is_weak |= grid->coverage[cell] < PLOT_WEAK;
    }
    return n > 0 ? sum / n : NAN;
}

static void put_heat_row(struct blocks *blocks, size_t row, size_t n, size_t width)
{
    const struct plot_grid *grid = &blocks->plot->grid;

    for (size_t i = 0; i < n; i++) {
        bool is_weak;
        double value = join_cells(grid, row, i * grid->n_columns / n, (i + 1) * grid->n_columns / n, &is_weak);

        for (size_t k = 0; k < width; k++)
            if (isnan(value))
                blocks_put(blocks, BLOCKS_PLAIN, " ");
            else if (is_weak && k + 1 == width && width > 1)
                blocks_put(blocks, BLOCKS_DIM, "?");
            else
                put_shade(blocks, plot_grid_share(grid, value));
    }
}

static size_t widest_label(const struct plot_label *rows, size_t n)
{
    size_t widest = 0;

    for (size_t i = 0; i < n; i++)
        widest = width_of(rows[i].name) > widest ? width_of(rows[i].name) : widest;
    return widest;
}

void blocks_heat(struct blocks *blocks)
{
    const struct plot_grid *grid = &blocks->plot->grid;
    size_t label = blocks_label_width(blocks, widest_label(grid->rows, grid->n_rows), 8);
    size_t room = blocks->n_columns - label - 1, n = grid->n_columns < room ? grid->n_columns : room;
    size_t width = n > 0 ? room / n : 1;

    width = width > 8 ? 8 : width;
    blocks_axis(blocks, label + 1, n * width);
    for (size_t row = 0; row < grid->n_rows; row++) {
        blocks_field(blocks, BLOCKS_PLAIN, grid->rows[row].name, label, false);
        blocks_space(blocks, 1);
        put_heat_row(blocks, row, n, width);
        blocks_end_line(blocks);
    }
}

/* ---- bars ---- */

#define FIGURE_COLUMNS 18

static void put_bar(struct blocks *blocks, const struct plot_bar_value *value, size_t row, size_t room)
{
    double certain = isnan(value->certain[row]) ? 0 : fmax(value->certain[row], 0), possible = certain;
    double scale = value->most > 0 ? (double)room / value->most : 0;
    size_t n = (size_t)(certain * scale), part = (size_t)((certain * scale - (double)n) * 8), end;
    char text[PLOT_LABEL_MAX], more[PLOT_LABEL_MAX];
    const char *figure;

    if (value->possible != NULL && value->possible[row] > certain)
        possible = value->possible[row];
    for (size_t i = 0; i < n; i++)
        blocks_put(blocks, BLOCKS_BLUE, "█");
    if (certain > 0 && (part > 0 || n == 0))
        blocks_put(blocks, BLOCKS_BLUE, eighths_right[part > 0 ? part : 1]);
    n += certain > 0 && (part > 0 || n == 0);
    end = (size_t)(possible * scale);
    for (; n < end; n++)
        blocks_put(blocks, BLOCKS_DIM, "░");
    plot_value_text(value->type, certain, blocks->is_chinese, text);
    plot_value_text(value->type, possible, blocks->is_chinese, more);
    figure = isnan(value->certain[row]) ? tr("unknown")
             : strcmp(text, more) != 0 && (possible - certain) * 200 > value->most
                 ? plot_printf(&blocks->plot->memory, "%s (%s)", text, more)
                 : text;
    blocks_space(blocks, 1);
    blocks_field(blocks, BLOCKS_DIM, figure, FIGURE_COLUMNS + room - n, false);
}

void blocks_bars(struct blocks *blocks)
{
    const struct plot_bars *bars = &blocks->plot->bars;
    size_t label = blocks_label_width(blocks, widest_label(bars->rows, bars->n_rows), 8), n = bars->n_values;
    size_t each, room;

    while (n > 1 && (blocks->n_columns - label - 1) / n < FIGURE_COLUMNS + 12)
        n--;
    each = (blocks->n_columns - label - 1) / n;
    room = each > FIGURE_COLUMNS + 9 ? each - FIGURE_COLUMNS - 3 : 6;
    for (size_t first = 0; first < bars->n_values; first += n) {
        blocks_space(blocks, label + 1);
        for (size_t i = first; i < first + n && i < bars->n_values; i++)
            blocks_field(blocks, BLOCKS_BOLD, gk_session_text(blocks->plot->session, bars->values[i].name),
                         room + FIGURE_COLUMNS + 1, false);
        blocks_end_line(blocks);
        for (size_t row = 0; row < bars->n_rows; row++) {
            blocks_field(blocks, BLOCKS_PLAIN, bars->rows[row].name, label, false);
            blocks_space(blocks, 1);
            for (size_t i = first; i < first + n && i < bars->n_values; i++)
                put_bar(blocks, &bars->values[i], row, room);
            blocks_end_line(blocks);
        }
    }
}

/* ---- board ---- */

static const enum gk_state board_order[PLOT_STATES] = {GK_ON, GK_OVERLOAD, GK_IDLE, GK_OFF, GK_NODATA};
static const char *const state_words[PLOT_STATES] = {"no data", "off", "idle", "on", "overload"};

#define COUNT_COLUMNS 7

static void put_counts(struct blocks *blocks, const size_t counts[PLOT_STATES])
{
    for (size_t i = 0; i < PLOT_STATES; i++)
        blocks_field(blocks, BLOCKS_PLAIN,
                     counts[board_order[i]] > 0 ? plot_printf(&blocks->plot->memory, "%zu", counts[board_order[i]])
                                                : "",
                     COUNT_COLUMNS, true);
}

/* The facilities of a site, lines apart; what does not fit goes on below. */
static void put_site(struct blocks *blocks, const struct plot_site *site, size_t label, size_t room)
{
    const struct plot_cell *cells = blocks->plot->board.cells + site->first;
    size_t at = 0;

    blocks_field(blocks, BLOCKS_PLAIN, site->name, label, false);
    put_counts(blocks, site->counts);
    blocks_space(blocks, 3);
    for (size_t i = 0; i < site->n; i++) {
        bool is_line = i > 0 && strcmp(cells[i].line, cells[i - 1].line) != 0;

        if (at + is_line + 1 > room) {
            blocks_end_line(blocks);
            blocks_space(blocks, label + PLOT_STATES * COUNT_COLUMNS + 3);
            at = 0;
        } else if (is_line) {
            blocks_space(blocks, 1);
            at++;
        }
        blocks_state(blocks, cells[i].state);
        at++;
    }
    blocks_end_line(blocks);
}

void blocks_board(struct blocks *blocks)
{
    const struct plot_board *board = &blocks->plot->board;
    size_t label = 0, widest = 0;

    for (size_t i = 0; i < board->n_sites; i++)
        widest = width_of(board->sites[i].name) > widest ? width_of(board->sites[i].name) : widest;
    label = blocks_label_width(blocks, widest, 8);
    if (label > blocks->n_columns - PLOT_STATES * COUNT_COLUMNS - 11)
        label = blocks->n_columns - PLOT_STATES * COUNT_COLUMNS - 11;
    blocks_space(blocks, label);
    for (size_t i = 0; i < PLOT_STATES; i++) {
        const char *word = tr(state_words[board_order[i]]);

        blocks_field(blocks, BLOCKS_DIM,
                     board_order[i] == GK_OVERLOAD && !blocks->is_chinese ? "over"
                     : board_order[i] == GK_NODATA && !blocks->is_chinese ? "none"
                                                                          : word,
                     COUNT_COLUMNS, true);
    }
    blocks_end_line(blocks);
    blocks_field(blocks, BLOCKS_BOLD, tr("total"), label, false);
    put_counts(blocks, board->counts);
    blocks_end_line(blocks);
    for (size_t i = 0; i < board->n_sites; i++)
        put_site(blocks, &board->sites[i], label, blocks->n_columns - label - PLOT_STATES * COUNT_COLUMNS - 3);
}
