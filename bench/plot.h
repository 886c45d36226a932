/*
 * plot.h - a table of ratios as a picture: horizontal bars on a log scale, to the right of 1 where we are better, to
 * the left where others are. SVG 1.1, nothing but text, rectangles and lines.
 */
#ifndef BENCH_PLOT_H
#define BENCH_PLOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct plot_bar {
    char panel[32], group[64]; /* panels stand side by side, groups below each other; in order of appearance */
    char against[32];          /* "goal", "duckdb" */
    char text[64];             /* the figures, as they stand beside the bar */
    double ratio;              /* > 1: we are better */
    bool is_target, is_tie;    /* not a peer; too close to call */
};

/* Below the title in small letters: machine, versions, date; and a remark, which may be empty. */
void plot_write(FILE *out, const char *title, const char *subtitle, const char *remark, const struct plot_bar *bars,
                size_t n);

#endif
