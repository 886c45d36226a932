/*
 * plot_svg_curve.c - panels one below the other on one axis of time. A line goes in steps, as values hold, and breaks
 * where nothing is known; behind it the states of the facility are tinted.
 */
#include <math.h>

#include "plot_svg.h"
#include "texts.h"

#define LEFT         64 /* of the values beside a panel */
#define HEADER       20
#define GAP          10
#define PANEL_LEAST  40
#define VALUE_PITCH  28 /* pixels between two values at least */
#define BOTTOM_SPACE 3
#define COLUMN_GAP   22
#define HEADROOM     0.02 /* of the values above the most */

static const char *const colours[PLOT_LINES_MAX] = {"#1f5fa8", "#d98200", "#00805a", "#a8457c", "#4f9fd0", "#4a4a4a"};

const char *svg_line_colour(size_t i)
{
    return colours[i % PLOT_LINES_MAX];
}

/* Many panels stand in two or three columns. */
static size_t columns_of(const struct svg *svg, size_t n)
{
    size_t most = (size_t)(svg->width / 380), columns = n <= 10 ? 1 : n <= 30 ? 2 : 3;

    return columns < most ? columns : most > 0 ? most : 1;
}

static size_t rows_of(const struct svg *svg, size_t n)
{
    size_t columns = columns_of(svg, n);

    return (n + columns - 1) / columns;
}

static double panel_height(const struct svg *svg, double wanted)
{
    size_t n = svg->plot->curve.n_panels, rows = rows_of(svg, n);

    if (wanted > 0)
        return fmax(PANEL_LEAST, (wanted - SVG_AXIS_HEIGHT - BOTTOM_SPACE) / (double)rows - HEADER - GAP);
    return n <= 1 ? 320 : n == 2 ? 210 : n <= 4 ? 150 : n <= 10 ? 96 : 64;
}

double svg_curve_height(struct svg *svg, double wanted)
{
    size_t rows = rows_of(svg, svg->plot->curve.n_panels);

    return (double)rows * (panel_height(svg, wanted) + HEADER + GAP) + SVG_AXIS_HEIGHT + BOTTOM_SPACE;
}

static double column_width(const struct svg *svg)
{
    return (svg->width - 2 * SVG_MARGIN + COLUMN_GAP) / (double)columns_of(svg, svg->plot->curve.n_panels);
}

size_t svg_curve_cells(struct svg *svg)
{
    return (size_t)(column_width(svg) - COLUMN_GAP - LEFT);
}

/* Values to pixels of one panel. */
struct values {
    double ticks[PLOT_VALUES_MAX];
    size_t n;
    double top, bottom; /* pixels */
};

static double place(const struct values *values, double value)
{
    double low = values->ticks[0], high = values->ticks[values->n - 1];

    return values->bottom - (values->bottom - values->top) * (value - low) / (high - low);
}

static void put_states(struct svg *svg, const struct plot_axis *axis, const struct plot_panel *panel,
                       const struct values *values)
{
    size_t n;
    bool is_thinned;
    struct plot_run *runs =
        plot_thin_runs(svg->plot, panel->runs, panel->n_runs, (size_t)(axis->right - axis->left), &n, &is_thinned);

    for (size_t i = 0; i < n; i++) {
        double x = plot_axis_place(axis, runs[i].from), width = plot_axis_place(axis, runs[i].to) - x;

        if (runs[i].state != GK_NODATA && width > 0)
            svg_rect(svg, svg_state_tint(runs[i].state), x, values->top, width, values->bottom - values->top);
    }
}

static void put_values(struct svg *svg, const struct plot_axis *axis, const struct plot_panel *panel,
                       const struct values *values)
{
    char text[PLOT_LABEL_MAX];

    for (size_t i = 0; i < values->n; i++) {
        double y = place(values, values->ticks[i]);

        svg_line(svg, "grid", axis->left, y, axis->right, y);
        svg_text(svg, axis->left - 6, y + 4, "tiny", SVG_END, LEFT - 8,
                 plot_value_text(panel->type, values->ticks[i], svg->is_chinese, text));
    }
}

static bool is_joined(const struct plot_panel *panel, const double *value, size_t i)
{
    return i > 0 && !isnan(value[i - 1]) && panel->to[i - 1] >= panel->from[i];
}

static void put_line(struct svg *svg, const struct plot_axis *axis, const struct plot_panel *panel,
                     const struct values *values, size_t line)
{
    const double *value = panel->lines[line].value;

    output_format(
        svg->out,
        "<path fill=\"none\" stroke=\"%s\" stroke-width=\"%s\" stroke-linejoin=\"round\" stroke-linecap=\"round\" d=\"",
        svg_line_colour(line), panel->n > 600 ? "1" : "1.5");
    for (size_t i = 0; i < panel->n; i++) {
        double x = plot_axis_place(axis, panel->from[i]), y;

        if (!isfinite(value[i]))
            continue;
        y = place(values, value[i]);
        output_format(svg->out, is_joined(panel, value, i) ? "L%.1f %.1f" : "M%.1f %.1f", x, y);
        output_format(svg->out, "H%.1f", plot_axis_place(axis, panel->to[i]));
    }
    output_text(svg->out, "\"/>\n");
}

static void put_band(struct svg *svg, const struct plot_axis *axis, const struct plot_panel *panel,
                     const struct values *values, const char *fill, const double *low, const double *high)
{
    output_format(svg->out, "<path fill=\"%s\"%s d=\"", fill, fill[0] == '#' ? " fill-opacity=\".28\"" : "");
    for (size_t i = 0; i < panel->n; i++) {
        double x = plot_axis_place(axis, panel->from[i]), to = plot_axis_place(axis, panel->to[i]), a, b;

        if (!isfinite(high[i]) || (low != NULL && !(low[i] < high[i])))
            continue;
        a = place(values, high[i]);
        b = place(values, low != NULL ? low[i] : 0);
        output_format(svg->out, "M%.1f %.1fH%.1fV%.1fH%.1fz", x, a, to, fabs(b - a) < 0.5 ? a + 0.5 : b, x);
    }
    output_text(svg->out, "\"/>\n");
}

static void put_header(struct svg *svg, const struct plot_axis *axis, const struct plot_panel *panel, double y)
{
    double x = axis->left, room = axis->right - axis->left;
    const char *measure = svg->plot->curve.n_measures > 1 ? gk_session_text(svg->plot->session, panel->measure) : "";
    double name = fmin(svg_text_width(panel->name, 12), room * 0.5);

    if (*measure != '\0' && panel->n_lines > 1) /* phases: each its own name */
        for (size_t i = 0; i < panel->n_lines; i++)
            measure = plot_printf(&svg->plot->memory, "%s%s%s", i > 0 ? measure : "", i > 0 ? " " : "",
                                  gk_session_text(svg->plot->session, panel->lines[i].name));
    svg_text(svg, x, y + 14, "strong", SVG_START, room * 0.5, panel->name);
    svg_text(svg, x + name + (name > 0 ? 10 : 0), y + 14, "small", SVG_START,
             room - name - 14 - svg_text_width(measure, 11), panel->place);
    svg_text(svg, axis->right, y + 14, "small", SVG_END, room * 0.2, measure);
}

static void put_panel(struct svg *svg, const struct plot_axis *axis, const struct plot_panel *panel, double y,
                      double height)
{
    struct values values = {.top = y + HEADER, .bottom = y + HEADER + height};
    /* A line does not run along the frame; nothing is more than all. */
    double most = panel->most + (panel->type == GK_TYPE_SHARE ? 0 : HEADROOM * (panel->most - fmin(panel->least, 0)));

    plot_value_ticks(panel->type, panel->least, most, (size_t)(height / VALUE_PITCH), values.ticks, &values.n);
    put_header(svg, axis, panel, y);
    put_states(svg, axis, panel, &values);
    svg_time_grid(svg, axis, values.top, height);
    if (panel->has_values)
        put_values(svg, axis, panel, &values);
    else
        svg_text(svg, (axis->left + axis->right) / 2, y + HEADER + height / 2 + 4, "small", SVG_MIDDLE, 0,
                 tr("no values"));
    for (size_t i = 0; i < panel->n_lines; i++)
        if (panel->lines[i].low != NULL)
            put_band(svg, axis, panel, &values, panel->lines[i].is_doubt ? "url(#maybe)" : svg_line_colour(i),
                     panel->lines[i].low, panel->lines[i].high);
    if (panel->is_area && panel->n_lines == 1)
        put_band(svg, axis, panel, &values, svg_line_colour(0), NULL, panel->lines[0].value);
    for (size_t i = panel->n_lines; i > 0; i--)
        put_line(svg, axis, panel, &values, i - 1);
    output_format(svg->out, "<rect class=\"edge\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\"/>\n", axis->left,
                  values.top, axis->right - axis->left, height);
    svg_time_marks(svg, axis, values.top, height);
}

void svg_curve(struct svg *svg, double y, double height)
{
    const struct plot_curve *curve = &svg->plot->curve;
    size_t columns = columns_of(svg, curve->n_panels), rows = rows_of(svg, curve->n_panels);
    double panel = panel_height(svg, height), pitch = panel + HEADER + GAP;
    double each = column_width(svg);

    for (size_t column = 0; column < columns; column++) {
        double left = SVG_MARGIN + (double)column * each;
        struct plot_axis axis = svg_axis(svg, left + LEFT, left + each - COLUMN_GAP);
        size_t n = 0;

        for (size_t i = column * rows; i < curve->n_panels && n < rows; i++, n++)
            put_panel(svg, &axis, &curve->panels[i], y + (double)n * pitch, panel);
        if (n > 0)
            svg_time_labels(svg, &axis, y + (double)n * pitch - GAP + 3, false);
    }
}
