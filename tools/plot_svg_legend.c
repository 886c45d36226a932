/*
 * plot_svg_legend.c - the legend: what is on the picture and nothing else, in entries that flow into lines.
 */

#include "plot_svg.h"
#include "texts.h"

#define LEGEND_PITCH 20
#define SWATCH_WIDTH 18
#define SMALL_FONT   11

struct legend {
    struct svg *svg;
    double x, y;
    bool is_drawn; /* else only measured */
};

/* Makes room for an entry; returns where it begins. */
static double next_entry(struct legend *legend, const char *word)
{
    double width = SWATCH_WIDTH + 6 + svg_text_width(word, SMALL_FONT) + 18, x = legend->x;

    if (x > SVG_MARGIN && x + width > legend->svg->width - SVG_MARGIN) {
        x = SVG_MARGIN;
        legend->y += LEGEND_PITCH;
    }
    legend->x = x + width;
    if (legend->is_drawn)
        svg_text(legend->svg, x + SWATCH_WIDTH + 6, legend->y + 4, "small", SVG_START, 0, word);
    return x;
}

/* `height` of 12: states of a lane differ in it. */
static void swatch(struct legend *legend, const char *class, const char *english, double height)
{
    double x = next_entry(legend, tr(english));

    if (legend->is_drawn)
        svg_rect(legend->svg, class, x, legend->y + 6 - height, SWATCH_WIDTH, height);
}

static void role_entry(struct legend *legend, enum gk_role role, const char *english)
{
    double x = next_entry(legend, tr(english));

    if (legend->is_drawn)
        svg_role(legend->svg, role, x + 6, legend->y);
}

/* The lines of svg_time_marks. */
static void time_entries(struct legend *legend)
{
    const struct plot *plot = legend->svg->plot;
    static const char *const words[] = {"data until", "asked for"}, *const classes_of[] = {"until", "moment"};
    const bool has[] = {svg_has_until(plot), plot->moment != GK_TIME_MIN};

    for (size_t i = 0; i < 2; i++)
        if (has[i]) {
            double x = next_entry(legend, tr(words[i])) + SWATCH_WIDTH / 2.0;

            if (legend->is_drawn)
                svg_line(legend->svg, classes_of[i], x, legend->y - 7, x, legend->y + 7);
        }
}

static void timeline_legend(struct legend *legend)
{
    const struct plot_timeline *timeline = &legend->svg->plot->timeline;
    bool has_roles[3] = {false};

    if (timeline->n_marks == 0)
        return;
    for (size_t i = 0; i < timeline->n_lanes; i++)
        if (timeline->lanes[i].facility != GK_ID_NONE)
            has_roles[timeline->lanes[i].role] = true;
    if (timeline->n_certain > 0)
        swatch(legend, "certain", "certain", 7);
    if (timeline->n_certain < timeline->n_marks)
        swatch(legend, "possible", "only possible", 7);
    if (timeline->has_states[GK_ON])
        swatch(legend, "on", "on", 12);
    if (timeline->has_states[GK_OVERLOAD])
        swatch(legend, "overload", "overload", 12);
    if (timeline->has_states[GK_IDLE])
        swatch(legend, "idle", "idle", 6);
    if (timeline->has_states[GK_OFF])
        swatch(legend, "off", "off", 2);
    if (timeline->has_silence)
        swatch(legend, "nodata", "no data", 11);
    if (has_roles[GK_PRODUCTION])
        role_entry(legend, GK_PRODUCTION, "production");
    if (has_roles[GK_ABATEMENT])
        role_entry(legend, GK_ABATEMENT, "abatement");
    if (timeline->has_orders)
        swatch(legend, "order", "order", 4);
    if (timeline->has_exempt)
        swatch(legend, "exempt", "exempt", 4);
    time_entries(legend);
}

static void line_entry(struct legend *legend, const struct plot_line *line, size_t i, bool is_area)
{
    double x = next_entry(legend, gk_session_text(legend->svg->plot->session, line->name));

    if (legend->is_drawn)
        output_format(legend->svg->out, "<rect x=\"%.1f\" y=\"%.1f\" width=\"%d\" height=\"%d\" fill=\"%s\"/>\n", x,
                      legend->y - (is_area ? 5 : 1), SWATCH_WIDTH, is_area ? 10 : 2, svg_line_colour(i));
    if (line->low == NULL || line->is_doubt || legend->svg->plot->curve.is_gathered)
        return;
    x = next_entry(legend, tr("min to max"));
    if (legend->is_drawn)
        output_format(legend->svg->out,
                      "<rect x=\"%.1f\" y=\"%.1f\" width=\"%d\" height=\"10\" fill=\"%s\" fill-opacity=\".28\"/>\n", x,
                      legend->y - 5, SWATCH_WIDTH, svg_line_colour(i));
}

static void curve_legend(struct legend *legend)
{
    const struct plot_curve *curve = &legend->svg->plot->curve;
    bool has[PLOT_STATES] = {false};
    static const enum gk_state order[] = {GK_ON, GK_OVERLOAD, GK_IDLE, GK_OFF};

    for (size_t i = 0; i < curve->n_panels; i++)
        for (size_t k = 0; k < curve->panels[i].n_runs; k++)
            has[curve->panels[i].runs[k].state] = true;
    for (size_t i = 0; curve->n_panels > 0 && i < curve->panels[0].n_lines; i++)
        if (curve->n_measures == 1 || curve->panels[0].n_lines > 1)
            line_entry(legend, &curve->panels[0].lines[i], i, curve->panels[0].is_area);
    if (curve->has_doubt)
        swatch(legend, "bar-possible", "only possible", 10);
    for (size_t i = 0; i < 4; i++)
        if (has[order[i]])
            swatch(legend, svg_state_tint(order[i]), i == 0 ? "on" : i == 1 ? "overload" : i == 2 ? "idle" : "off", 12);
    if (has[GK_NODATA] && (has[GK_ON] || has[GK_OVERLOAD] || has[GK_IDLE] || has[GK_OFF])) /* else it has no states */
        swatch(legend, "nodata", "no data", 11);
    time_entries(legend);
}

#define RAMP_WIDTH 140

static void heat_legend(struct legend *legend)
{
    const struct plot_grid *grid = &legend->svg->plot->grid;
    struct svg *svg = legend->svg;
    char least[PLOT_LABEL_MAX], most[PLOT_LABEL_MAX];
    const char *name = gk_session_text(svg->plot->session, grid->value);
    double x = legend->x, from = plot_grid_share(grid, grid->least), to = plot_grid_share(grid, grid->most);
    double step = (to - from) / (RAMP_WIDTH / 4 - 1);

    plot_value_text(grid->type, grid->least, svg->is_chinese, least);
    plot_value_text(grid->type, grid->most, svg->is_chinese, most);
    if (legend->is_drawn) {
        svg_text(svg, x, legend->y + 4, "ink", SVG_START, 0, name);
        x += svg_text_width(name, SMALL_FONT) + 10;
        svg_text(svg, x, legend->y + 4, "small", SVG_START, 0, least);
        x += svg_text_width(least, SMALL_FONT) + 6;
        for (int i = 0; i < RAMP_WIDTH / 4; i++)
            output_format(svg->out, "<rect x=\"%.1f\" y=\"%.1f\" width=\"4.5\" height=\"12\" fill=\"%s\"/>\n",
                          x + 4 * i, legend->y - 6, svg_heat_colour(from + i * step).text);
        svg_text(svg, x + RAMP_WIDTH + 6, legend->y + 4, "small", SVG_START, 0, most);
    }
    legend->x += svg_text_width(name, SMALL_FONT) + svg_text_width(least, SMALL_FONT) + RAMP_WIDTH +
                 svg_text_width(most, SMALL_FONT) + 46;
    if (grid->n_unknown > 0)
        swatch(legend, "unknown", "unknown", 12);
    if (grid->n_weak > 0) {
        double at = legend->x;

        if (legend->is_drawn)
            output_format(svg->out, "<rect x=\"%.1f\" y=\"%.1f\" width=\"%d\" height=\"12\" fill=\"%s\"/>\n", at,
                          legend->y - 6, SWATCH_WIDTH, svg_heat_colour(0.6).text);
        swatch(legend, "weak", "weak coverage", 12);
    }
}

static void bars_legend(struct legend *legend)
{
    if (!legend->svg->plot->bars.has_possible)
        return;
    swatch(legend, "bar", "certain", 10);
    swatch(legend, "bar-possible", "only possible", 10);
}

static void board_legend(struct legend *legend)
{
    role_entry(legend, GK_PRODUCTION, "production");
    role_entry(legend, GK_ABATEMENT, "abatement");
}

double svg_legend(struct svg *svg, double y, bool is_drawn)
{
    static void (*const legends[PLOT_KINDS])(struct legend *) = {timeline_legend, curve_legend, heat_legend,
                                                                 bars_legend, board_legend};
    struct legend legend = {svg, SVG_MARGIN, y + 8, is_drawn};

    if (svg->plot->table.n_rows == 0)
        return 0;
    legends[svg->plot->kind](&legend);
    return legend.x == SVG_MARGIN ? 0 : legend.y - y - 8 + LEGEND_PITCH + 6;
}
