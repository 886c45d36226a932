/*
 * plot_svg_timeline.c - lanes. A state is a bar whose height says which: overload and on full, idle half, off a line,
 * silence nothing. Stretches of the answer lie on a strip above the states of their subject; certain ones are washed
 * over the whole group, so that one sees what ran meanwhile.
 *
 *     E1 · L1                       |order======|
 *       press   ______#################_________
 *       fan          |XXXXXX|                        certain, 3
 *               _____________##########_________
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "plot_svg.h"
#include "texts.h"

#define HEADER_HEIGHT 19
#define GROUP_GAP     8
#define INDENT        8
#define LABEL_MIN     90
#define LABEL_MAX     270
#define SUM_WIDTH     104
#define MARK_MIN      2    /* pixels of a stretch that is shorter */
#define TITLES_MOST   3000 /* stretches of states that tell their times; beyond, a file of them is too large */

struct layout {
    double left, right, pitch;
    size_t n_runs; /* of all lanes */
};

static bool has_rated(const struct plot_lane *lane)
{
    return lane->facility != GK_ID_NONE && lane->rated_kw > 0;
}

static double strip_of(const struct layout *layout)
{
    return fmax(4, round(layout->pitch * 0.32));
}

static double lane_height(const struct layout *layout, const struct plot_lane *lane)
{
    return layout->pitch + (lane->is_subject && lane->facility != GK_ID_NONE ? strip_of(layout) + 2 : 0);
}

static double header_of(const struct plot_group *group)
{
    return *group->name != '\0' || group->n_covers > 0 ? HEADER_HEIGHT : 2;
}

static double body_of(const struct plot_timeline *timeline, const struct layout *layout)
{
    double height = 0;

    for (size_t i = 0; i < timeline->n_groups; i++)
        height += header_of(&timeline->groups[i]) + GROUP_GAP;
    for (size_t i = 0; i < timeline->n_lanes; i++)
        height += lane_height(layout, &timeline->lanes[i]);
    return height;
}

static struct layout layout_of(const struct svg *svg, double wanted)
{
    static const double pitches[] = {26, 24, 22, 20, 18, 16, 14, 12, 10};
    const struct plot_timeline *timeline = &svg->plot->timeline;
    struct layout layout = {.right = svg->width - SVG_MARGIN - SUM_WIDTH};
    size_t n = timeline->n_lanes, at = n <= 8 ? 0 : n <= 20 ? 2 : n <= 40 ? 4 : 5;
    double label = 0;

    for (size_t i = 0; i < n; i++) {
        label = fmax(label, svg_text_width(timeline->lanes[i].name, 12) + INDENT + 14 +
                                (has_rated(&timeline->lanes[i]) ? 44 : 0));
        layout.n_runs += timeline->lanes[i].n_runs;
    }
    label = fmin(fmax(label, LABEL_MIN), fmin(LABEL_MAX, svg->width / 3));
    layout.left = SVG_MARGIN + label + 10;
    layout.pitch = pitches[at];
    for (; wanted > 0 && at < sizeof pitches / sizeof *pitches; at++) {
        layout.pitch = pitches[at];
        if (body_of(timeline, &layout) + 2 * SVG_AXIS_HEIGHT + 4 <= wanted)
            break;
    }
    return layout;
}

double svg_timeline_height(struct svg *svg, double wanted)
{
    struct layout layout = layout_of(svg, wanted);

    return fmax(body_of(&svg->plot->timeline, &layout) + 2 * SVG_AXIS_HEIGHT + 4, wanted);
}

size_t svg_timeline_cells(struct svg *svg)
{
    struct layout layout = layout_of(svg, 0);

    return (size_t)(layout.right - layout.left);
}

/* ---- titles that show when pointed at ---- */

static void put_title(struct svg *svg, const char *name, const char *what, gk_time from, gk_time to)
{
    char a[PLOT_LABEL_MAX], b[PLOT_LABEL_MAX], length[PLOT_LABEL_MAX];
    const struct plot *plot = svg->plot;

    plot_value_text(GK_TYPE_SECONDS, (double)(to - from) / 1e9, svg->is_chinese, length);
    output_text(svg->out, "<title>");
    svg_escape(svg->out, name, strlen(name));
    output_format(svg->out, "%s%s, %s - %s, %s</title>", *name != '\0' ? ": " : "", what,
                  plot_time_text(from, plot->zone_s, a), plot_time_text(to, plot->zone_s, b), length);
}

/* ---- states ---- */

static double state_height(enum gk_state state, double full)
{
    return state == GK_OFF ? fmin(2, full) : state == GK_IDLE ? round(full / 2) : full;
}

static void put_run(struct svg *svg, const struct plot_axis *axis, const struct plot_run *run, double base, double full,
                    bool has_title)
{
    double height = state_height(run->state, full), x = plot_axis_place(axis, run->from);
    double width = plot_axis_place(axis, run->to) - x;

    if (run->state == GK_NODATA || width <= 0)
        return;
    output_format(svg->out, "<rect class=\"%s\" x=\"%.2f\" y=\"%.1f\" width=\"%.2f\" height=\"%.1f\"",
                  svg_state_colour(run->state), x, base - height, width, height);
    if (!has_title) {
        output_text(svg->out, "/>\n");
        return;
    }
    output_text(svg->out, ">");
    put_title(svg, "", svg_state_word(run->state), run->from, run->to);
    output_text(svg->out, "</rect>\n");
}

static void put_states(struct svg *svg, const struct plot_axis *axis, const struct plot_lane *lane, double base,
                       double full, bool has_titles)
{
    size_t n;
    bool is_thinned;
    struct plot_run *runs =
        plot_thin_runs(svg->plot, lane->runs, lane->n_runs, (size_t)(axis->right - axis->left), &n, &is_thinned);

    for (size_t i = 0; i < n; i++)
        put_run(svg, axis, &runs[i], base, full, has_titles && !is_thinned);
}

/* ---- stretches ---- */

static int by_begin(const void *a, const void *b)
{
    const struct plot_mark *x = a, *y = b;

    return x->from < y->from ? -1 : x->from > y->from;
}

/* The certain stretches of some lanes, as one: where they overlap nothing gets darker. */
static void put_wash(struct svg *svg, const struct plot_axis *axis, const struct plot_lane *lanes, size_t n_lanes,
                     double y, double height)
{
    size_t n = 0, room = 0;
    struct plot_mark *marks = NULL;

    for (size_t i = 0; i < n_lanes; i++)
        for (size_t k = 0; k < lanes[i].n_marks; k++)
            if (lanes[i].marks[k].is_certain) {
                marks = plot_more(&svg->plot->memory, marks, n, &room, sizeof *marks);
                marks[n++] = lanes[i].marks[k];
            }
    if (n > 1)
        qsort(marks, n, sizeof *marks, by_begin);
    for (size_t i = 0, next; i < n; i = next) {
        gk_time to = marks[i].to;
        double x = plot_axis_place(axis, marks[i].from);

        for (next = i + 1; next < n && marks[next].from <= to; next++)
            to = marks[next].to > to ? marks[next].to : to;
        if (plot_axis_place(axis, to) > x)
            svg_rect(svg, "wash", x, y, plot_axis_place(axis, to) - x, height);
    }
}

/* An arrow on the edge of a stretch that goes on beyond the picture, or has not ended. */
static void put_arrow(struct svg *svg, double x, double y, double height, double direction)
{
    output_format(svg->out, "<path class=\"certain\" d=\"M%.1f %.1fl%.1f %.1fl%.1f %.1fz\"/>\n", x, y - 1,
                  direction * 6, height / 2 + 1, -direction * 6, height / 2 + 1);
}

static const char *mark_words(const struct svg *svg, const struct plot_mark *mark)
{
    const char *certainty = tr(mark->is_certain ? "certain" : "only possible");

    if (!mark->is_open)
        return certainty;
    return plot_printf(&svg->plot->memory, "%s, %s", certainty, tr("open"));
}

static void put_mark(struct svg *svg, const struct plot_axis *axis, const struct plot_lane *lane,
                     const struct plot_mark *mark, double y, double height)
{
    double x = plot_axis_place(axis, mark->from), width = plot_axis_place(axis, mark->to) - x;

    if (width < MARK_MIN) {
        x = fmin(x, axis->right - MARK_MIN);
        width = MARK_MIN;
    }
    output_format(svg->out, "<rect class=\"%s\" x=\"%.2f\" y=\"%.1f\" width=\"%.2f\" height=\"%.1f\">",
                  mark->is_certain ? "certain" : "possible", x, y, width, height);
    put_title(svg, lane->name, mark_words(svg, mark), mark->from, mark->to);
    output_text(svg->out, "</rect>\n");
    if (mark->from < axis->from)
        put_arrow(svg, axis->left, y, height, -1);
    if (mark->is_open)
        put_arrow(svg, x + width, y, height, 1);
}

/* ---- a lane ---- */

static double label_width(const char *text)
{
    return svg_text_width(text, 12);
}

static void put_label(struct svg *svg, const struct layout *layout, const struct plot_lane *lane, double middle)
{
    bool is_site = lane->facility == GK_ID_NONE;
    double x = SVG_MARGIN + INDENT + (is_site ? 0 : 13), room = layout->left - 10 - x - (has_rated(lane) ? 44 : 0);
    char rated[PLOT_LABEL_MAX];

    if (!is_site)
        svg_role(svg, lane->role, SVG_MARGIN + INDENT, middle);
    output_text(svg->out, "<g><title>"); /* a name that is cut shows in full when it is pointed at */
    svg_escape(svg->out, lane->name, strlen(lane->name));
    output_text(svg->out, "</title>");
    svg_text(svg, x, middle + 4, lane->is_subject ? "strong" : "label", SVG_START, 0,
             plot_tail(&svg->plot->memory, lane->name, room, label_width));
    output_text(svg->out, "</g>\n");
    if (has_rated(lane) && layout->pitch >= 14)
        svg_text(
            svg, layout->left - 8, middle + 4, "tiny", SVG_END, 44,
            plot_printf(&svg->plot->memory, "%s kW", plot_value_text(GK_TYPE_NUMBER, lane->rated_kw, false, rated)));
}

static void put_sum(struct svg *svg, const struct layout *layout, const struct plot_lane *lane, double middle)
{
    char time[PLOT_LABEL_MAX];
    bool is_certain = lane->n_certain > 0;
    size_t n = is_certain ? lane->n_certain : lane->n_marks;

    if (n == 0)
        return;
    plot_value_text(GK_TYPE_SECONDS, is_certain ? lane->certain_s : lane->possible_s, svg->is_chinese, time);
    svg_text(svg, layout->right + 10, middle + 4, is_certain ? "bad" : "small", SVG_START, SUM_WIDTH - 10,
             plot_printf(&svg->plot->memory, "%s%zu×%s%s", is_certain ? "" : "(", n,
                         lane->certain_s + lane->possible_s > 0 ? plot_printf(&svg->plot->memory, "  %s", time) : "",
                         is_certain ? "" : ")"));
}

/* Returns the height of the lane. */
static double put_lane(struct svg *svg, const struct layout *layout, const struct plot_axis *axis,
                       const struct plot_lane *lane, double y)
{
    double height = lane_height(layout, lane), strip = strip_of(layout), full = round(layout->pitch * 0.58);
    bool is_site = lane->facility == GK_ID_NONE;
    double base = y + height - round((layout->pitch - full) / 2);
    double strip_y = is_site ? y + (height - strip - 2) / 2 : base - full - 2 - strip;
    double middle = is_site ? y + height / 2 : lane->is_subject ? base - (full + strip) / 2 : base - full / 2;

    put_label(svg, layout, lane, middle);
    if (!is_site)
        put_states(svg, axis, lane, base, full, layout->n_runs <= TITLES_MOST);
    for (size_t i = 0; i < lane->n_marks; i++)
        put_mark(svg, axis, lane, &lane->marks[i], strip_y, is_site ? strip + 2 : strip);
    put_sum(svg, layout, lane, middle);
    return height;
}

/* ---- a group ---- */

static void put_covers(struct svg *svg, const struct plot_axis *axis, const struct plot_group *group, double y)
{
    for (size_t i = 0; i < group->n_covers; i++) {
        const struct plot_cover *cover = &group->covers[i];
        const char *word = cover->is_exempt ? "exempt" : "order";
        double x = plot_axis_place(axis, cover->from), width = plot_axis_place(axis, cover->to) - x;

        if (width <= 0)
            continue;
        output_format(svg->out, "<rect class=\"%s\" x=\"%.2f\" y=\"%.1f\" width=\"%.2f\" height=\"4\">", word, x,
                      y + (cover->is_exempt ? 6 : 12), width);
        put_title(svg, "", tr(word), cover->from, cover->to);
        output_text(svg->out, "</rect>\n");
    }
}

static double put_group(struct svg *svg, const struct layout *layout, const struct plot_axis *axis,
                        const struct plot_group *group, double y)
{
    const struct plot_lane *lanes = svg->plot->timeline.lanes + group->first;
    double top = y + header_of(group), at = top;

    svg_text(svg, SVG_MARGIN, y + 13, "small", SVG_START, layout->left - SVG_MARGIN - 10, group->name);
    put_covers(svg, axis, group, y);
    for (size_t i = 0; i < group->n; i++) {
        double height = lane_height(layout, &lanes[i]);

        if (!group->has_relatives)
            put_wash(svg, axis, &lanes[i], 1, at, height);
        at += height;
    }
    if (group->has_relatives)
        put_wash(svg, axis, lanes, group->n, top, at - top);
    at = top;
    for (size_t i = 0; i < group->n; i++)
        at += put_lane(svg, layout, axis, &lanes[i], at);
    return at + GROUP_GAP;
}

void svg_timeline(struct svg *svg, double y, double height)
{
    const struct plot_timeline *timeline = &svg->plot->timeline;
    struct layout layout = layout_of(svg, height);
    struct plot_axis axis = svg_axis(svg, layout.left, layout.right);
    double top = y + SVG_AXIS_HEIGHT, body = body_of(timeline, &layout), at = top + 2;

    svg_time_grid(svg, &axis, top, body);
    svg_time_labels(svg, &axis, y, true);
    svg_time_labels(svg, &axis, top + body, false);
    for (size_t i = 0; i < timeline->n_groups; i++) {
        svg_line(svg, "edge", SVG_MARGIN, at - 2, svg->width - SVG_MARGIN, at - 2);
        at = put_group(svg, &layout, &axis, &timeline->groups[i], at);
    }
    svg_line(svg, "edge", SVG_MARGIN, top + body, svg->width - SVG_MARGIN, top + body);
    svg_time_marks(svg, &axis, top, body);
}
