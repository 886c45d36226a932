/*
 * plot_blocks.h - a picture in the characters of a terminal: blocks whose height says the state or the value, shades
 * for what is only possible, a point for silence. Nothing of it needs colours.
 */
#ifndef PLOT_BLOCKS_H
#define PLOT_BLOCKS_H

#include "output.h"
#include "plot.h"
#include "plot_scale.h"

#define PLOT_COLUMNS_MIN     50
#define PLOT_COLUMNS_MAX     1000
#define PLOT_COLUMNS_DEFAULT 100

/* Columns of the terminal behind fd, else COLUMNS, else the default; within the two limits. */
size_t plot_terminal_columns(int fd);
void plot_blocks_write(struct plot *plot, size_t n_columns, bool has_colours, struct output *out);

/* ---- for the kinds ---- */

enum blocks_colour {
    BLOCKS_PLAIN,
    BLOCKS_BOLD,
    BLOCKS_DIM,
    BLOCKS_RED,
    BLOCKS_BLUE,
    BLOCKS_CYAN,
    BLOCKS_MAGENTA,
    BLOCKS_YELLOW
};

struct blocks {
    struct output *out;
    struct plot *plot;
    size_t n_columns;
    bool has_colours, is_chinese;
    enum blocks_colour colour; /* that is on */
    size_t n_spaces;           /* that wait for something behind them */
    size_t at;                 /* columns of the line so far, with those spaces */
};

/* Colours are switched only where they change; a line ends without any, and without spaces. */
void blocks_put(struct blocks *blocks, enum blocks_colour colour, const char *text);
void blocks_end_line(struct blocks *blocks);
/* A text in a field of n columns, cut with an ellipsis or filled up. */
void blocks_field(struct blocks *blocks, enum blocks_colour colour, const char *text, size_t n, bool is_right);
void blocks_space(struct blocks *blocks, size_t n);
/* One column of a lane. */
void blocks_state(struct blocks *blocks, enum gk_state state);
const char *blocks_state_glyph(enum gk_state state);
/* The state that lasted longest in each of n columns. */
enum gk_state *blocks_states(struct blocks *blocks, const struct plot_run *runs, size_t n_runs, size_t n);
/* Days and times above n columns that begin behind `indent`. */
void blocks_axis(struct blocks *blocks, size_t indent, size_t n);
/* Columns of the widest of these names, `least` to a third of the line. */
size_t blocks_label_width(const struct blocks *blocks, size_t widest, size_t least);

/* An entry of the legend: a glyph and the word for it, on a new line where there is no room. */
void blocks_legend(struct blocks *blocks, enum blocks_colour colour, const char *glyph, const char *english);

void blocks_timeline(struct blocks *blocks);
void blocks_curve(struct blocks *blocks);
void blocks_heat(struct blocks *blocks);
void blocks_heat_legend(struct blocks *blocks);
void blocks_bars(struct blocks *blocks);
void blocks_board(struct blocks *blocks);

#endif
