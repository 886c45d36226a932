/*
 * plot_svg.c - the frame of a picture, and what the kinds draw with.
 */
#include "plot_svg.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "texts.h"
#include "width.h"

#define TITLE_FONT   17
#define TITLE_LINES  2
#define TITLE_HEIGHT 23
#define SUB_HEIGHT   17
#define LABEL_FONT   12
#define SMALL_FONT   11
#define TICK_ROOM    58 /* pixels a label of a tick wants */

static const char style[] =
    "<style>\n"
    "text{font-family:\"Helvetica Neue\",Helvetica,Arial,\"DejaVu Sans\",\"Noto Sans CJK SC\",\"Noto Sans SC\","
    "\"Source Han Sans SC\",\"PingFang SC\",\"Microsoft YaHei\",\"WenQuanYi Micro Hei\",sans-serif;fill:" SVG_INK
    ";font-size:12px}\n"
    ".title{font-size:17px;font-weight:bold}\n"
    ".sub{fill:" SVG_MUTED "}\n"
    ".strong{font-weight:bold}\n"
    ".small{font-size:11px;fill:" SVG_MUTED "}\n"
    ".tiny{font-size:10px;fill:" SVG_MUTED "}\n"
    ".ink{font-size:11px}\n"
    ".figure{font-size:11px;stroke:#ffffff;stroke-opacity:.5;stroke-width:2;paint-order:stroke}\n"
    ".light{font-size:11px;fill:#ffffff;stroke:#5a1a08;stroke-opacity:.5;stroke-width:2;paint-order:stroke}\n"
    ".big{font-size:26px;font-weight:bold}\n"
    ".bad{fill:" SVG_VIOLATION ";font-weight:bold;font-size:11px}\n"
    ".grid{stroke:" SVG_FAINT ";stroke-width:1}\n"
    ".day{stroke:#a9b0b7;stroke-width:1}\n"
    ".edge{stroke:#a9b0b7;stroke-width:1;fill:none}\n"
    ".until{stroke:" SVG_INK ";stroke-width:1;stroke-dasharray:3 3}\n"
    ".moment{stroke:" SVG_INK ";stroke-width:1.5}\n"
    ".off{fill:#a3abb3}.idle{fill:#9cc2e5}.on{fill:#3d7ab5}.overload{fill:#14284b}.nodata{fill:none;stroke:#a9b0b7;"
    "stroke-dasharray:2 2}\n"
    ".t-off{fill:#f1f2f3}.t-idle{fill:#e6eff8}.t-on{fill:#cfe0f0}.t-overload{fill:#b7bfd2}\n"
    ".certain{fill:" SVG_VIOLATION "}.possible{fill:url(#hatch);stroke:" SVG_VIOLATION ";stroke-width:1}\n"
    ".wash{fill:" SVG_VIOLATION ";fill-opacity:.10}\n"
    ".order{fill:" SVG_ORDER "}.exempt{fill:" SVG_EXEMPT "}\n"
    ".role{fill:" SVG_MUTED "}\n"
    ".weak{fill:url(#weak)}.unknown{fill:#ffffff;stroke:#c3c8cd;stroke-width:1;stroke-dasharray:2 2}\n"
    ".bar{fill:#3d7ab5}.bar-possible{fill:url(#maybe);stroke:#3d7ab5;stroke-width:1}\n"
    "</style>\n"
    "<defs>\n"
    "<pattern id=\"hatch\" width=\"5\" height=\"5\" patternUnits=\"userSpaceOnUse\" patternTransform=\"rotate(45)\">"
    "<rect width=\"5\" height=\"5\" fill=\"#ffffff\"/><rect width=\"2\" height=\"5\" fill=\"" SVG_VIOLATION
    "\"/></pattern>\n"
    "<pattern id=\"maybe\" width=\"5\" height=\"5\" patternUnits=\"userSpaceOnUse\" patternTransform=\"rotate(45)\">"
    "<rect width=\"5\" height=\"5\" fill=\"#ffffff\"/><rect width=\"1.5\" height=\"5\" fill=\"#3d7ab5\"/></pattern>\n"
    "<pattern id=\"weak\" width=\"5\" height=\"5\" patternUnits=\"userSpaceOnUse\" patternTransform=\"rotate(45)\">"
    "<rect width=\"1.4\" height=\"5\" fill=\"#ffffff\" fill-opacity=\".8\"/><rect x=\"1.4\" width=\"0.8\" height=\"5\" "
    "fill=\"#4a4f55\" fill-opacity=\".55\"/></pattern>\n"
    "</defs>\n";

/* ---- text ---- */

static double advance_of(uint32_t code)
{
    if (code >= 0x80)
        return code_width(code) == 2 ? 1.0 : code_width(code) == 0 ? 0 : 0.62;
    if (strchr("ijl.,:;'|! ()[]ftr-", (int)code) != NULL)
        return 0.37;
    if (strchr("mwMW%@", (int)code) != NULL)
        return 0.96;
    return code >= 'A' && code <= 'Z' ? 0.71 : 0.62;
}

double svg_text_width(const char *text, double font)
{
    double em = 0;
    size_t size = strlen(text);

    for (size_t at = 0; at < size;) {
        uint32_t code;

        at += utf8_next(text + at, size - at, &code);
        em += code == UTF8_BAD || is_hidden(code) ? 3 : advance_of(code);
    }
    return em * font;
}

void svg_escape(struct output *out, const char *text, size_t size)
{
    for (size_t at = 0, n; at < size; at += n) {
        uint32_t code;

        n = utf8_next(text + at, size - at, &code);
        if (code == UTF8_BAD || code == 0xFFFE || code == 0xFFFF)
            output_text(out, "\xEF\xBF\xBD");
        else if (is_hidden(code))
            output_format(out, code < 0x80 ? "\\x%02" PRIx32 : "\\u%04" PRIx32, code);
        else if (code == '<')
            output_text(out, "&lt;");
        else if (code == '>')
            output_text(out, "&gt;");
        else if (code == '&')
            output_text(out, "&amp;");
        else if (code == '"')
            output_text(out, "&quot;");
        else
            output_bytes(out, text + at, n);
    }
}

static double font_of(const char *class)
{
    return strcmp(class, "title") == 0                                 ? TITLE_FONT
           : strcmp(class, "big") == 0                                 ? 26
           : strcmp(class, "tiny") == 0                                ? 10
           : strcmp(class, "sub") == 0 || strcmp(class, "strong") == 0 ? LABEL_FONT
           : strcmp(class, "label") == 0                               ? LABEL_FONT
                                                                       : SMALL_FONT;
}

/* The bytes of a text that fit into the room, with an ellipsis if not all do. */
static size_t fitting(const char *text, double font, double room, bool *is_cut)
{
    size_t size = strlen(text), at = 0;
    double width = 0;

    *is_cut = room > 0 && svg_text_width(text, font) > room;
    while (*is_cut && at < size) {
        uint32_t code;
        size_t n = utf8_next(text + at, size - at, &code);

        width += advance_of(code == UTF8_BAD ? '?' : code) * font;
        if (width > room - font)
            return at;
        at += n;
    }
    return size;
}

void svg_text(struct svg *svg, double x, double y, const char *class, enum svg_anchor anchor, double room,
              const char *text)
{
    static const char *const anchors[] = {"", " text-anchor=\"middle\"", " text-anchor=\"end\""};
    bool is_cut;
    size_t size = fitting(text, font_of(class), room, &is_cut);

    if (*text == '\0')
        return;
    output_format(svg->out, "<text x=\"%.1f\" y=\"%.1f\" class=\"%s\"%s>", x, y, class, anchors[anchor]);
    svg_escape(svg->out, text, size);
    output_text(svg->out, is_cut ? "…" : "");
    if (is_cut) {
        output_text(svg->out, "<title>");
        svg_escape(svg->out, text, strlen(text));
        output_text(svg->out, "</title>");
    }
    output_text(svg->out, "</text>\n");
}

/* ---- shapes ---- */

void svg_rect(struct svg *svg, const char *class, double x, double y, double width, double height)
{
    output_format(svg->out, "<rect class=\"%s\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\"/>\n", class, x, y,
                  width, height);
}

void svg_line(struct svg *svg, const char *class, double x1, double y1, double x2, double y2)
{
    output_format(svg->out, "<line class=\"%s\" x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\"/>\n", class, x1, y1, x2,
                  y2);
}

void svg_role(struct svg *svg, enum gk_role role, double x, double y)
{
    if (role == GK_PRODUCTION)
        output_format(svg->out, "<rect class=\"role\" x=\"%.1f\" y=\"%.1f\" width=\"7\" height=\"7\"/>\n", x, y - 3.5);
    else if (role == GK_ABATEMENT)
        output_format(svg->out, "<circle class=\"role\" cx=\"%.1f\" cy=\"%.1f\" r=\"3.8\"/>\n", x + 3.5, y);
    else
        output_format(svg->out, "<path class=\"role\" d=\"M%.1f %.1fl4 4l-4 4l-4-4z\"/>\n", x + 3.5, y - 4);
}

static const char *const classes[PLOT_STATES] = {"nodata", "off", "idle", "on", "overload"};
static const char *const tints[PLOT_STATES] = {"t-nodata", "t-off", "t-idle", "t-on", "t-overload"};

const char *svg_state_colour(enum gk_state state)
{
    return classes[state];
}

const char *svg_state_tint(enum gk_state state)
{
    return tints[state];
}

const char *svg_state_word(enum gk_state state)
{
    static const char *const words[PLOT_STATES] = {"no data", "off", "idle", "on", "overload"};

    return tr(words[state]);
}

/* ---- the axis of time ---- */

struct plot_axis svg_axis(const struct svg *svg, double left, double right)
{
    return (struct plot_axis){.from = svg->plot->from,
                              .to = svg->plot->to,
                              .left = left,
                              .right = right,
                              .zone_s = svg->plot->zone_s,
                              .is_chinese = svg->is_chinese};
}

static size_t ticks_room(const struct plot_axis *axis)
{
    gk_time time = axis->to - axis->from;

    /* Below a second a label is twice as long; of days and months it is short. */
    return (size_t)((axis->right - axis->left) / (time < 20 * GK_SECOND          ? 2 * TICK_ROOM
                                                  : time > 2 * 86400 * GK_SECOND ? TICK_ROOM - 16
                                                                                 : TICK_ROOM));
}

void svg_time_grid(struct svg *svg, const struct plot_axis *axis, double y, double height)
{
    struct plot_ticks ticks;

    plot_time_ticks(axis, ticks_room(axis), &ticks);
    for (size_t i = 0; i < ticks.n_ticks; i++) {
        double x = plot_axis_place(axis, ticks.ticks[i].time);

        svg_line(svg, "grid", x, y, x, y + height);
    }
    for (size_t i = 1; i < ticks.n_spans; i++) {
        double x = plot_axis_place(axis, ticks.spans[i].from);

        svg_line(svg, "day", x, y, x, y + height);
    }
}

/* The first kind of label that fits all whole spans: those at the ends may be cut. */
static size_t span_level(const struct plot_axis *axis, const struct plot_ticks *ticks)
{
    size_t level = 0;

    for (size_t i = 1; i + 1 < ticks->n_spans; i++) {
        double room = plot_axis_place(axis, ticks->spans[i].to) - plot_axis_place(axis, ticks->spans[i].from) - 8;

        while (level + 1 < PLOT_SPAN_LABELS && svg_text_width(ticks->spans[i].labels[level], SMALL_FONT) > room)
            level++;
    }
    return level;
}

void svg_span_labels(struct svg *svg, const struct plot_axis *axis, const struct plot_ticks *ticks, double y)
{
    size_t level = span_level(axis, ticks);

    for (size_t i = 0; i < ticks->n_spans; i++) {
        double left = plot_axis_place(axis, ticks->spans[i].from), right = plot_axis_place(axis, ticks->spans[i].to);
        size_t at = level;

        if (i > 0)
            svg_line(svg, "day", left, y - 11, left, y + 4);
        while (at < PLOT_SPAN_LABELS && svg_text_width(ticks->spans[i].labels[at], SMALL_FONT) + 8 > right - left)
            at++;
        if (at < PLOT_SPAN_LABELS)
            svg_text(svg, left + 5, y, "ink", SVG_START, 0, ticks->spans[i].labels[at]);
    }
}

void svg_time_labels(struct svg *svg, const struct plot_axis *axis, double y, bool is_above)
{
    struct plot_ticks ticks;
    double tick_y = is_above ? y + 27 : y + 13, span_y = is_above ? y + 11 : y + 29;

    plot_time_ticks(axis, ticks_room(axis), &ticks);
    for (size_t i = 0; i < ticks.n_ticks; i++) {
        double x = plot_axis_place(axis, ticks.ticks[i].time);
        double half = svg_text_width(ticks.ticks[i].label, SMALL_FONT) / 2;
        bool is_last = x + half > svg->width; /* it ends at the edge of the picture */

        svg_text(svg, is_last ? svg->width : x, tick_y, "small", is_last ? SVG_END : SVG_MIDDLE, 0,
                 ticks.ticks[i].label);
    }
    svg_span_labels(svg, axis, &ticks, span_y);
}

bool svg_has_until(const struct plot *plot)
{
    gk_time slack = (plot->to - plot->from) / 400; /* the edge needs no line */

    return plot->meta.watermark > plot->from && plot->meta.watermark < plot->to - slack;
}

void svg_time_marks(struct svg *svg, const struct plot_axis *axis, double y, double height)
{
    const struct plot *plot = svg->plot;
    double until = plot_axis_place(axis, plot->meta.watermark), moment = plot_axis_place(axis, plot->moment);

    if (svg_has_until(plot))
        svg_line(svg, "until", until, y, until, y + height);
    if (plot->moment != GK_TIME_MIN)
        svg_line(svg, "moment", moment, y, moment, y + height);
}

/* ---- the frame ---- */

/* Bytes of the next line of a title: to the last space that fits, or where it must be. */
static size_t line_of(const char *text, double room)
{
    bool is_cut;
    size_t size = fitting(text, TITLE_FONT * 1.06, room, &is_cut), at = size;

    if (!is_cut)
        return size;
    while (at > 0 && text[at] != ' ')
        at--;
    return at > size / 2 ? at : size;
}

/* Returns the height of the title. */
static double put_title(struct svg *svg, double y, bool is_drawn)
{
    const char *rest = svg->plot->title;
    double room = svg->width - 2 * SVG_MARGIN;
    int n = 0;

    for (; *rest != '\0' && n < TITLE_LINES; n++) {
        size_t size = n + 1 < TITLE_LINES ? line_of(rest, room) : strlen(rest);

        if (is_drawn)
            svg_text(svg, SVG_MARGIN, y + TITLE_FONT + n * TITLE_HEIGHT, "title", SVG_START, room / 1.06,
                     plot_copy(&svg->plot->memory, rest, size));
        rest += size + (rest[size] == ' ');
    }
    return n * TITLE_HEIGHT;
}

/* Words under the title; what is too long goes on below, broken at a dot between two parts. Returns its height. */
static double put_words(struct svg *svg, double y, const char *words, bool is_drawn)
{
    static const char dot[] = " · ";
    double room = svg->width - 2 * SVG_MARGIN, height = 0;

    while (*words != '\0') {
        size_t size = strlen(words), n = size;

        while (n > 0 && svg_text_width(plot_copy(&svg->plot->memory, words, n), LABEL_FONT) > room) {
            size_t at = n;

            while (at > 0 && strncmp(words + at, dot, sizeof dot - 1) != 0)
                at--;
            if (at == 0)
                break; /* one part alone is too long: it is cut */
            n = at;
        }
        if (is_drawn)
            svg_text(svg, SVG_MARGIN, y + height + 13, "sub", SVG_START, room, plot_copy(&svg->plot->memory, words, n));
        height += SUB_HEIGHT;
        words += n < size ? n + sizeof dot - 1 : size;
    }
    return height;
}

static double put_head(struct svg *svg, bool is_drawn)
{
    const char *doubt = plot_doubt_text(svg->plot);
    double y = 14 + put_title(svg, 14, is_drawn);

    y += put_words(svg, y, plot_window_text(svg->plot), is_drawn);
    if (svg->plot->kind == PLOT_TIMELINE)
        doubt =
            plot_printf(&svg->plot->memory, "%s%s%s", plot_summary_text(svg->plot), *doubt != '\0' ? " · " : "", doubt);
    y += put_words(svg, y, doubt, is_drawn) + 8;
    return y + svg_legend(svg, y, is_drawn);
}

static void put_empty(struct svg *svg, double y)
{
    svg_text(svg, svg->width / 2, y + 40, "sub", SVG_MIDDLE, 0, tr("nothing to draw: the answer has no rows"));
}

static double empty_height(struct svg *svg, double wanted)
{
    (void)svg;
    return wanted > 80 ? wanted : 80;
}

static const struct {
    double (*height)(struct svg *svg, double wanted);
    void (*draw)(struct svg *svg, double y, double height);
} kinds[PLOT_KINDS] = {{svg_timeline_height, svg_timeline},
                       {svg_curve_height, svg_curve},
                       {svg_heat_height, svg_heat},
                       {svg_bars_height, svg_bars},
                       {svg_board_height, svg_board}};

/* Pixels of the picture's time, where states are drawn over it. */
static size_t svg_n_cells(struct svg *svg)
{
    return svg->plot->kind == PLOT_TIMELINE ? svg_timeline_cells(svg)
           : svg->plot->kind == PLOT_CURVE  ? svg_curve_cells(svg)
                                            : 0;
}

int plot_svg_write(struct plot *plot, double width, double height, struct output *out, struct gk_error *error)
{
    struct svg svg = {out, plot, width, plot->is_chinese};
    bool is_empty = plot->table.n_rows == 0;
    size_t n_remarks = 0;
    double head = put_head(&svg, false), foot, body;

    plot->n_cells = is_empty ? 0 : svg_n_cells(&svg);
    while (plot_remark(plot, n_remarks) != NULL)
        n_remarks++;
    foot = 14 + SUB_HEIGHT * (double)n_remarks;
    body = (is_empty ? empty_height : kinds[plot->kind].height)(&svg, height > 0 ? fmax(height - head - foot, 1) : 0);
    if (height > 0 && ceil(head + body + foot) > height)
        return plot_fail(error, GK_EINVAL, "a height of %.0f is too little for this picture, which needs %.0f", height,
                         ceil(head + body + foot));
    height = height > 0 ? height : ceil(head + body + foot);
    output_format(out,
                  "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%.0f\" height=\"%.0f\" viewBox=\"0 0 %.0f %.0f\" "
                  "role=\"img\">\n<title>",
                  width, height, width, height);
    svg_escape(out, plot->title, strlen(plot->title));
    output_text(out, "</title>\n");
    output_text(out, style);
    output_format(out, "<rect width=\"%.0f\" height=\"%.0f\" fill=\"#ffffff\"/>\n", width, height);
    (void)put_head(&svg, true);
    if (is_empty)
        put_empty(&svg, head);
    else
        kinds[plot->kind].draw(&svg, head, body);
    for (size_t i = 0; i < n_remarks; i++)
        svg_text(&svg, SVG_MARGIN, height - foot + 8 + SUB_HEIGHT * (double)i, "sub", SVG_START, width - 2 * SVG_MARGIN,
                 plot_remark(plot, i));
    output_text(out, "</svg>\n");
    return GK_OK;
}
