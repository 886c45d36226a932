/*
 * plot_svg_grid.c - heat map, bars and board: rows of sites with cells, bars or squares.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "plot_svg.h"
#include "texts.h"

#define LABEL_MIN   70
#define NAMES_APART 4   /* columns between two that have their name */
#define LABEL_SHARE 0.3 /* of the width at most */

struct svg_colour svg_heat_colour(double share)
{
    static const double above[][3] = {{253, 246, 227}, {252, 214, 140}, {243, 151, 70}, {202, 83, 30}, {112, 32, 12}};
    static const double below[][3] = {{253, 246, 227}, {180, 211, 230}, {107, 165, 208}, {45, 105, 168}, {12, 44, 98}};
    const size_t n = sizeof above / sizeof *above - 1;
    const double(*stops)[3] = share < 0 ? below : above;
    double at = fmin(fabs(share), 1) * (double)n;
    size_t i = at >= (double)n ? n - 1 : (size_t)at;
    struct svg_colour out;

    at -= (double)i;
    snprintf(out.text, sizeof out.text, "#%02x%02x%02x",
             (unsigned)lround(stops[i][0] + at * (stops[i + 1][0] - stops[i][0])) & 0xFF,
             (unsigned)lround(stops[i][1] + at * (stops[i + 1][1] - stops[i][1])) & 0xFF,
             (unsigned)lround(stops[i][2] + at * (stops[i + 1][2] - stops[i][2])) & 0xFF);
    return out;
}

/* Room for names, and behind them for where they are. */
static double label_width(const struct svg *svg, const struct plot_label *rows, size_t n)
{
    double width = LABEL_MIN;

    for (size_t i = 0; i < n; i++)
        width = fmax(width, svg_text_width(rows[i].name, 12) +
                                (*rows[i].place != '\0' ? 8 + svg_text_width(rows[i].place, 10) : 0));
    return fmin(width, svg->width * LABEL_SHARE);
}

static void put_label(struct svg *svg, const struct plot_label *label, double middle, double room)
{
    double width = svg_text_width(label->name, 12);

    svg_text(svg, SVG_MARGIN, middle + 4, "label", SVG_START, room, label->name);
    if (*label->place != '\0' && room - width - 8 >= fmin(30, svg_text_width(label->place, 10)))
        svg_text(svg, SVG_MARGIN + width + 8, middle + 4, "tiny", SVG_START, room - width - 8, label->place);
}

static double pitch_of(size_t n, double wanted, double least)
{
    double usual = n <= 12 ? 28 : n <= 30 ? 21 : n <= 60 ? 17 : 14;

    return wanted <= 0 || n == 0 ? usual : fmax(least, fmin(floor(wanted / (double)n), 40));
}

/* ---- heat map ---- */

double svg_heat_height(struct svg *svg, double wanted)
{
    size_t n = svg->plot->grid.n_rows;

    return (double)n * pitch_of(n, wanted > 0 ? wanted - SVG_AXIS_HEIGHT - 8 : 0, 12) + SVG_AXIS_HEIGHT + 8;
}

static void put_cell_title(struct svg *svg, size_t row, size_t column)
{
    const struct plot_grid *grid = &svg->plot->grid;
    size_t cell = row * grid->n_columns + column;
    char time[PLOT_LABEL_MAX], value[PLOT_LABEL_MAX], coverage[PLOT_LABEL_MAX];
    bool zh = svg->is_chinese;

    output_text(svg->out, "<title>");
    svg_escape(svg->out, grid->rows[row].name, strlen(grid->rows[row].name));
    output_format(svg->out, ", %s: %s", plot_time_text(grid->from[column], svg->plot->zone_s, time),
                  isnan(grid->values[cell]) ? tr("unknown")
                                            : plot_value_text(grid->type, grid->values[cell], zh, value));
    if (!isnan(grid->coverage[cell]) && grid->coverage[cell] < 1)
        output_format(svg->out, ", %s %s", tr("coverage"),
                      plot_value_text(GK_TYPE_SHARE, floor(grid->coverage[cell] * 1e5) / 1e5, zh, coverage));
    output_text(svg->out, "</title>");
}

static void put_cell(struct svg *svg, const struct plot_axis *axis, size_t row, size_t column, double y, double height)
{
    const struct plot_grid *grid = &svg->plot->grid;
    size_t cell = row * grid->n_columns + column;
    double x = plot_axis_place(axis, grid->from[column]), width = plot_axis_place(axis, grid->to[column]) - x;
    double gap = width > 6 ? 1 : 0;
    bool is_unknown = isnan(grid->values[cell]);

    if (is_unknown)
        output_format(svg->out, "<rect class=\"unknown\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\">",
                      x + 0.5, y + 0.5, fmax(width - gap - 1, 0.5), height - gap - 1);
    else
        output_format(svg->out, "<rect fill=\"%s\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\">",
                      svg_heat_colour(plot_grid_share(grid, grid->values[cell])).text, x, y, width - gap, height - gap);
    put_cell_title(svg, row, column);
    output_text(svg->out, "</rect>\n");
    if (is_unknown)
        return;
    if (grid->coverage[cell] < PLOT_WEAK)
        svg_rect(svg, "weak", x, y, width - gap, height - gap);
}

static void put_figure(struct svg *svg, const struct plot_axis *axis, size_t row, size_t column, double y)
{
    const struct plot_grid *grid = &svg->plot->grid;
    double value = grid->values[row * grid->n_columns + column];
    double x = (plot_axis_place(axis, grid->from[column]) + plot_axis_place(axis, grid->to[column])) / 2;
    char text[PLOT_LABEL_MAX];

    if (!isnan(value) && value != 0)
        svg_text(svg, x, y + 4, fabs(plot_grid_share(grid, value)) > 0.6 ? "light" : "figure", SVG_MIDDLE, 0,
                 plot_value_text(grid->type, value, svg->is_chinese, text));
}

/* What a column of a day, a week or a month is called. */
static void column_name(const struct svg *svg, size_t column, char out[PLOT_LABEL_MAX])
{
    const struct plot_grid *grid = &svg->plot->grid;
    int64_t days = (grid->to[column] - grid->from[column]) / (86400 * GK_SECOND);
    struct plot_axis axis = svg_axis(svg, 0, 1);

    if (days < 2)
        plot_day_text(&axis, grid->from[column], PLOT_DAY, out);
    else
        plot_day_text(&axis, grid->from[column], days < 28 ? PLOT_DATE : PLOT_MONTH, out);
}

/* How many columns there are from one whose name has room to the next. */
static size_t name_step(const struct svg *svg, const struct plot_axis *axis)
{
    const struct plot_grid *grid = &svg->plot->grid;
    double each = (axis->right - axis->left) / (double)grid->n_columns, room = 0;
    char name[PLOT_LABEL_MAX];
    size_t step = 1;

    for (size_t i = 0; i < grid->n_columns; i++) {
        column_name(svg, i, name);
        room = fmax(room, svg_text_width(name, 11) + 4);
    }
    while ((double)step * each < room)
        step++;
    return step;
}

/* A day's name stands in the middle of its column. */
static void put_column_names(struct svg *svg, const struct plot_axis *axis, double y, size_t step)
{
    const struct plot_grid *grid = &svg->plot->grid;
    char name[PLOT_LABEL_MAX];

    for (size_t i = 0; i < grid->n_columns; i += step) {
        column_name(svg, i, name);
        svg_text(svg, (plot_axis_place(axis, grid->from[i]) + plot_axis_place(axis, grid->to[i])) / 2, y + 27, "small",
                 SVG_MIDDLE, 0, name);
    }
}

static void put_column_labels(struct svg *svg, const struct plot_axis *axis, double y)
{
    const struct plot_grid *grid = &svg->plot->grid;
    gk_time column = grid->n_columns > 0 ? grid->to[0] - grid->from[0] : 0;
    size_t step = name_step(svg, axis);
    struct plot_ticks ticks;

    if (column < 86400 * GK_SECOND || step > NAMES_APART) { /* so many columns are no longer told apart */
        svg_time_labels(svg, axis, y, true);
        return;
    }
    /* Above days and weeks stand months, above months years. */
    plot_time_ticks(axis, column > 27 * 86400 * GK_SECOND ? grid->n_columns + 1 : PLOT_TICKS_MAX, &ticks);
    svg_span_labels(svg, axis, &ticks, y + 11);
    put_column_names(svg, axis, y, step);
}

/* Figures stand in the cells when all of them fit. */
static bool has_figures(const struct svg *svg, const struct plot_axis *axis, double pitch)
{
    const struct plot_grid *grid = &svg->plot->grid;
    double room = svg->width;
    char text[PLOT_LABEL_MAX];

    for (size_t i = 0; i < grid->n_columns; i++)
        room = fmin(room, plot_axis_place(axis, grid->to[i]) - plot_axis_place(axis, grid->from[i]));
    for (size_t i = 0; i < grid->n_rows * grid->n_columns; i++)
        if (svg_text_width(plot_value_text(grid->type, grid->values[i], svg->is_chinese, text), 11) + 4 > room)
            return false;
    return pitch >= 16;
}

void svg_heat(struct svg *svg, double y, double height)
{
    const struct plot_grid *grid = &svg->plot->grid;
    double room = label_width(svg, grid->rows, grid->n_rows);
    struct plot_axis axis = svg_axis(svg, SVG_MARGIN + room + 10, svg->width - SVG_MARGIN);
    double pitch = pitch_of(grid->n_rows, height - SVG_AXIS_HEIGHT - 8, 12);
    bool has_figure = has_figures(svg, &axis, pitch);

    put_column_labels(svg, &axis, y);
    for (size_t row = 0; row < grid->n_rows; row++) {
        double top = y + SVG_AXIS_HEIGHT + (double)row * pitch;

        put_label(svg, &grid->rows[row], top + pitch / 2 - 0.5, room);
        for (size_t column = 0; column < grid->n_columns; column++)
            put_cell(svg, &axis, row, column, top, pitch);
        for (size_t column = 0; has_figure && column < grid->n_columns; column++)
            put_figure(svg, &axis, row, column, top + pitch / 2 - 0.5);
    }
}

/* ---- bars ---- */

#define BARS_HEADER 22
#define BARS_GAP    28 /* with the space before the figure */
#define BAR_LEAST   50
#define KNOWN_ROOM  76

static double certain_of(const struct plot_bar_value *value, size_t row)
{
    return isnan(value->certain[row]) ? 0 : fmax(value->certain[row], 0);
}

static double possible_of(const struct plot_bar_value *value, size_t row)
{
    return value->possible != NULL ? fmax(certain_of(value, row), value->possible[row]) : certain_of(value, row);
}

/* The figure behind a bar: certain, and in brackets how much it may be. */
static const char *bar_text(struct svg *svg, const struct plot_bar_value *value, size_t row)
{
    char text[PLOT_LABEL_MAX], more[PLOT_LABEL_MAX];
    double certain = certain_of(value, row), possible = possible_of(value, row);

    if (isnan(value->certain[row]))
        return tr("unknown");
    plot_value_text(value->type, certain, svg->is_chinese, text);
    plot_value_text(value->type, possible, svg->is_chinese, more);
    if (strcmp(text, more) == 0 || (possible - certain) * 200 < value->most)
        return plot_printf(&svg->plot->memory, "%s", text);
    return plot_printf(&svg->plot->memory, "%s (%s)", text, more);
}

static double texts_width(struct svg *svg, const struct plot_bar_value *value, size_t n)
{
    double width = 0;

    for (size_t row = 0; row < n; row++)
        width = fmax(width, svg_text_width(bar_text(svg, value, row), 11));
    return width;
}

static void put_bar(struct svg *svg, const struct plot_bar_value *value, size_t row, double x, double y, double room,
                    double pitch)
{
    double certain = certain_of(value, row), possible = possible_of(value, row), more;
    double scale = value->most > 0 ? room / value->most : 0, height = round(pitch * 0.62),
           top = y + (pitch - height) / 2;

    more = (possible - certain) * scale;
    if (more >= 1)
        svg_rect(svg, "bar-possible", x + certain * scale, top + 0.5, more, height - 1);
    svg_rect(svg, "bar", x, top, fmax(certain * scale, certain > 0 ? 1 : 0), height);
    svg_text(svg, x + possible * scale + 6, y + pitch / 2 + 4, "small", SVG_START, 0, bar_text(svg, value, row));
}

static void put_known(struct svg *svg, double share, double x, double y)
{
    char text[PLOT_LABEL_MAX];

    if (share < PLOT_WEAK)
        svg_text(svg, x, y, "tiny", SVG_END, 0,
                 plot_printf(&svg->plot->memory, "%s %s", tr("known"),
                             plot_value_text(GK_TYPE_SHARE, round(share * 1e3) / 1e3, svg->is_chinese, text)));
}

/* Values stand side by side where all of them keep a bar worth the name, else some below the others. */
struct bars_layout {
    double label, left, each, pitch, block; /* block: of a row of values */
    size_t n_beside, n_below;
};

static struct bars_layout bars_layout(struct svg *svg, double wanted)
{
    const struct plot_bars *bars = &svg->plot->bars;
    struct bars_layout layout = {.label = label_width(svg, bars->rows, bars->n_rows), .n_beside = bars->n_values};
    double known = bars->coverage != NULL ? KNOWN_ROOM : 0, least = 0;

    for (size_t i = 0; i < bars->n_values; i++)
        least = fmax(least, BAR_LEAST + BARS_GAP + texts_width(svg, &bars->values[i], bars->n_rows));
    layout.left = SVG_MARGIN + layout.label + 14;
    while (layout.n_beside > 1 && (svg->width - SVG_MARGIN - known - layout.left) / (double)layout.n_beside < least)
        layout.n_beside--;
    layout.n_below = (bars->n_values + layout.n_beside - 1) / layout.n_beside;
    layout.each = (svg->width - SVG_MARGIN - known - layout.left) / (double)layout.n_beside;
    layout.pitch = pitch_of(bars->n_rows, wanted > 0 ? wanted / (double)layout.n_below - BARS_HEADER - 6 : 0, 13);
    layout.block = (double)bars->n_rows * layout.pitch + BARS_HEADER + 6;
    return layout;
}

double svg_bars_height(struct svg *svg, double wanted)
{
    struct bars_layout layout = bars_layout(svg, wanted);

    return (double)layout.n_below * layout.block;
}

static void put_bars(struct svg *svg, const struct bars_layout *layout, const struct plot_bar_value *value, double x,
                     double y)
{
    size_t n = svg->plot->bars.n_rows;
    double room = fmax(layout->each - BARS_GAP - texts_width(svg, value, n), BAR_LEAST);

    svg_text(svg, x, y + 13, "ink", SVG_START, layout->each - BARS_GAP,
             gk_session_text(svg->plot->session, value->name));
    svg_line(svg, "day", x - 0.5, y + BARS_HEADER - 2, x - 0.5, y + BARS_HEADER + (double)n * layout->pitch);
    for (size_t row = 0; row < n; row++)
        put_bar(svg, value, row, x, y + BARS_HEADER + (double)row * layout->pitch, room, layout->pitch);
}

void svg_bars(struct svg *svg, double y, double height)
{
    const struct plot_bars *bars = &svg->plot->bars;
    struct bars_layout layout = bars_layout(svg, height);

    for (size_t i = 0; i < bars->n_values; i++)
        put_bars(svg, &layout, &bars->values[i], layout.left + (double)(i % layout.n_beside) * layout.each,
                 y + (double)(i / layout.n_beside) * layout.block);
    for (size_t i = 0; i < layout.n_below * bars->n_rows; i++) {
        size_t row = i % bars->n_rows;
        double middle =
            y + (double)(i / bars->n_rows) * layout.block + BARS_HEADER + ((double)row + 0.5) * layout.pitch;

        put_label(svg, &bars->rows[row], middle, layout.label);
        if (bars->coverage != NULL)
            put_known(svg, bars->coverage[row], svg->width - SVG_MARGIN, middle + 4);
    }
}

/* ---- board ---- */

#define TILES_HEIGHT 78
#define SQUARE       17
#define SITE_GAP     9
#define LINE_GAP     8

static const enum gk_state board_order[PLOT_STATES] = {GK_ON, GK_OVERLOAD, GK_IDLE, GK_OFF, GK_NODATA};

static void put_square(struct svg *svg, const struct plot_cell *cell, double x, double y)
{
    char since[PLOT_LABEL_MAX];
    const char *class = svg_state_colour(cell->state);
    double size = SQUARE - 4;

    if (cell->role == GK_ABATEMENT)
        output_format(svg->out, "<circle class=\"%s\" cx=\"%.1f\" cy=\"%.1f\" r=\"%.1f\">", class, x + size / 2,
                      y + size / 2, size / 2 - (cell->state == GK_NODATA ? 0.5 : 0));
    else
        output_format(svg->out, "<rect class=\"%s\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\">", class,
                      x + (cell->state == GK_NODATA ? 0.5 : 0), y + (cell->state == GK_NODATA ? 0.5 : 0),
                      size - (cell->state == GK_NODATA), size - (cell->state == GK_NODATA));
    output_text(svg->out, "<title>");
    svg_escape(svg->out, cell->name, strlen(cell->name));
    output_format(svg->out, ": %s", svg_state_word(cell->state));
    if (cell->since != GK_TIME_MIN)
        output_format(svg->out, ", %s %s", tr("since"), plot_time_text(cell->since, svg->plot->zone_s, since));
    output_format(svg->out, "</title></%s>\n", cell->role == GK_ABATEMENT ? "circle" : "rect");
}

/* Places the squares of a site; draws them when asked to. Returns the height. */
static double put_site(struct svg *svg, const struct plot_site *site, double left, double right, double y,
                       bool is_drawn)
{
    const struct plot_cell *cells = svg->plot->board.cells + site->first;
    double x = left, top = y;

    for (size_t i = 0; i < site->n; i++) {
        if (i > 0 && strcmp(cells[i].line, cells[i - 1].line) != 0)
            x += LINE_GAP;
        if (x + SQUARE > right) {
            x = left;
            y += SQUARE;
        }
        if (is_drawn)
            put_square(svg, &cells[i], x, y);
        x += SQUARE;
    }
    return y - top + SQUARE + SITE_GAP;
}

static double site_label(const struct svg *svg)
{
    const struct plot_board *board = &svg->plot->board;
    double width = LABEL_MIN;

    for (size_t i = 0; i < board->n_sites; i++)
        width = fmax(width, svg_text_width(board->sites[i].name, 12) +
                                (*board->sites[i].place != '\0' ? 8 + svg_text_width(board->sites[i].place, 10) : 0));
    return fmin(width, svg->width * LABEL_SHARE);
}

#define COUNT_ROOM 34

static double squares_right(const struct svg *svg)
{
    return svg->width - SVG_MARGIN - PLOT_STATES * COUNT_ROOM - 20;
}

double svg_board_height(struct svg *svg, double wanted)
{
    const struct plot_board *board = &svg->plot->board;
    double height = TILES_HEIGHT + 20, left = SVG_MARGIN + site_label(svg) + 14;

    for (size_t i = 0; i < board->n_sites; i++)
        height += put_site(svg, &board->sites[i], left, squares_right(svg), 0, false);
    return fmax(height, wanted);
}

static void put_tiles(struct svg *svg, double y)
{
    const struct plot_board *board = &svg->plot->board;
    double each = fmin((svg->width - 2 * SVG_MARGIN) / PLOT_STATES, 180);
    char text[PLOT_LABEL_MAX];

    for (size_t i = 0; i < PLOT_STATES; i++) {
        double x = SVG_MARGIN + (double)i * each;
        size_t n = board->counts[board_order[i]];

        svg_rect(svg, svg_state_colour(board_order[i]), x + 0.5, y + 4.5, 13, 13);
        svg_text(svg, x + 20, y + 15, "label", SVG_START, each - 24, svg_state_word(board_order[i]));
        svg_text(svg, x, y + 48, "big", SVG_START, each, plot_printf(&svg->plot->memory, "%zu", n));
        if (board->n_cells > 0)
            svg_text(svg, x, y + 64, "small", SVG_START, each,
                     plot_value_text(GK_TYPE_SHARE, round((double)n * 1e3 / (double)board->n_cells) / 1e3,
                                     svg->is_chinese, text));
    }
}

static void put_counts(struct svg *svg, const size_t counts[PLOT_STATES], double y)
{
    for (size_t i = 0; i < PLOT_STATES; i++) {
        double x = svg->width - SVG_MARGIN - (double)(PLOT_STATES - 1 - i) * COUNT_ROOM;

        if (counts[board_order[i]] > 0)
            svg_text(svg, x, y, board_order[i] == GK_NODATA ? "small" : "ink", SVG_END, 0,
                     plot_printf(&svg->plot->memory, "%zu", counts[board_order[i]]));
    }
}

void svg_board(struct svg *svg, double y, double height)
{
    const struct plot_board *board = &svg->plot->board;
    double label = site_label(svg), left = SVG_MARGIN + label + 14, at = y + TILES_HEIGHT + 20;

    (void)height; /* what is left over stays white */
    put_tiles(svg, y);
    for (size_t i = 0; i < PLOT_STATES; i++) {
        double x = svg->width - SVG_MARGIN - (double)(PLOT_STATES - 1 - i) * COUNT_ROOM;

        svg_rect(svg, svg_state_colour(board_order[i]), x - 9, at - 20, 9, 9);
    }
    for (size_t i = 0; i < board->n_sites; i++) {
        struct plot_label name = {board->sites[i].name, board->sites[i].place};
        double used;

        svg_line(svg, "grid", SVG_MARGIN, at - SITE_GAP / 2.0, svg->width - SVG_MARGIN, at - SITE_GAP / 2.0);
        put_label(svg, &name, at + SQUARE / 2.0 - 2, label);
        used = put_site(svg, &board->sites[i], left, squares_right(svg), at, true);
        put_counts(svg, board->sites[i].counts, at + SQUARE / 2.0 + 2);
        at += used;
    }
}
