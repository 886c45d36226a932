/*
 * plot_svg.h - a picture as SVG 1.1: one file with nothing beside it, legible on a screen and on paper.
 *
 *     title            the statement, or what was given
 *     window, doubts   in small letters
 *     legend           what is on the picture, and nothing else
 *     the body         of the kind
 *     remarks          what was left off or joined
 *
 * The background is white whatever is around it. Colours are those that most eyes tell apart, and none of them is
 * needed: states differ in height, what is only possible is hatched, silence is a gap.
 */
#ifndef PLOT_SVG_H
#define PLOT_SVG_H

#include "output.h"
#include "plot.h"
#include "plot_scale.h"

#define PLOT_SVG_WIDTH     1200
#define PLOT_SVG_WIDTH_MIN 400
#define PLOT_SVG_SIZE_MAX  20000

/* Width in pixels; height 0: as much as is needed. GK_EINVAL when the height is too little. */
int plot_svg_write(struct plot *plot, double width, double height, struct output *out, struct gk_error *error);

/* ---- for the kinds ---- */

#define SVG_MARGIN 20

#define SVG_INK       "#1c1f23"
#define SVG_MUTED     "#5b636b"
#define SVG_FAINT     "#e3e6e9"
#define SVG_VIOLATION "#c8371b"
#define SVG_ORDER     "#7b5aa6"
#define SVG_EXEMPT    "#8a8f94"

struct svg {
    struct output *out;
    struct plot *plot;
    double width;
    bool is_chinese;
};

/* A kind is its height, given what may be used (0: as it likes; less than it returns: too little), and its drawing. */
double svg_timeline_height(struct svg *svg, double wanted);
void svg_timeline(struct svg *svg, double y, double height);
size_t svg_timeline_cells(struct svg *svg);
double svg_curve_height(struct svg *svg, double wanted);
void svg_curve(struct svg *svg, double y, double height);
size_t svg_curve_cells(struct svg *svg);
double svg_heat_height(struct svg *svg, double wanted);
void svg_heat(struct svg *svg, double y, double height);
double svg_bars_height(struct svg *svg, double wanted);
void svg_bars(struct svg *svg, double y, double height);
double svg_board_height(struct svg *svg, double wanted);
void svg_board(struct svg *svg, double y, double height);

/* Draws the legend at y, or only measures it; returns its height, 0 when there is none. */
double svg_legend(struct svg *svg, double y, bool is_drawn);

/* The colour of a state on lanes, and the pale one behind a curve. */
const char *svg_state_colour(enum gk_state state);
const char *svg_state_tint(enum gk_state state);
const char *svg_state_word(enum gk_state state);

/* The colour of the n-th line of a curve. */
const char *svg_line_colour(size_t i);
/* From pale to dark for 0 to 1. */
struct svg_colour {
    char text[8];
};
struct svg_colour svg_heat_colour(double share); /* -1 to 1 */

enum svg_anchor { SVG_START, SVG_MIDDLE, SVG_END };
/* Text at a base line; `style` is a class of the style sheet. What is wider than `room` (0: no matter) is cut. */
void svg_text(struct svg *svg, double x, double y, const char *style, enum svg_anchor anchor, double room,
              const char *text);
/* An estimate from above of what a text takes at a size of font. */
double svg_text_width(const char *text, double font);
/* Text in XML: marks and control characters spelled out, bad bytes replaced. */
void svg_escape(struct output *out, const char *text, size_t size);
void svg_rect(struct svg *svg, const char *style, double x, double y, double width, double height);
void svg_line(struct svg *svg, const char *style, double x1, double y1, double x2, double y2);
/* A square for production, a circle for abatement, a diamond for others, in the middle of a line of text. */
void svg_role(struct svg *svg, enum gk_role role, double x, double y);

/* Lines at the ticks from y to y + height, and times and days above (or below) them. */
#define SVG_AXIS_HEIGHT 34
void svg_time_grid(struct svg *svg, const struct plot_axis *axis, double y, double height);
void svg_time_labels(struct svg *svg, const struct plot_axis *axis, double y, bool is_above);
/* The second line of labels alone, at a base line. */
void svg_span_labels(struct svg *svg, const struct plot_axis *axis, const struct plot_ticks *ticks, double y);
/* A dashed line where the data end, and a line at the moment that was asked for; the legend has words for them. */
bool svg_has_until(const struct plot *plot);
void svg_time_marks(struct svg *svg, const struct plot_axis *axis, double y, double height);
struct plot_axis svg_axis(const struct svg *svg, double left, double right);

#endif
