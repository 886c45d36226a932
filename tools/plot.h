/*
 * plot.h - an answer as a picture: what there is to draw, found from the columns of the answer, without a thought of
 * pixels. plot_svg.h and plot_blocks.h draw it.
 *
 *     when ...                      timeline  lanes of states, group by group, with the stretches of the answer over
 * them samples, avg by facility      curve     a panel a series: line, band from min to max, states behind
 *     ... by enterprise, day        heat      a row a site, a column a day
 *     ... by enterprise             bars      a ranking: certain solid, possible hatched
 *     state of ... at T             board     a square a facility, counted by state
 *
 * Where an answer does not say enough - the states of its subjects and of their relatives - the snapshot is asked.
 */
#ifndef PLOT_H
#define PLOT_H

#include "gk_query.h"
#include "output.h"
#include "plot_memory.h"
#include "plot_table.h"

#define PLOT_LANES_DEFAULT 60
#define PLOT_LANES_MOST    1000
#define PLOT_BUCKETS_MOST  2000 /* points of a curve; more are gathered */
#define PLOT_ROWS_MOST     2000000
#define PLOT_MARKS_MOST    20000
#define PLOT_STATES        5
#define PLOT_WEAK          0.9 /* coverage below it is shown as weak */

enum plot_kind { PLOT_TIMELINE, PLOT_CURVE, PLOT_HEAT, PLOT_BARS, PLOT_BOARD, PLOT_KINDS };

/* "timeline", ... ; plot_kind_named: PLOT_KINDS when there is none of that name. */
const char *plot_kind_name(enum plot_kind kind);
enum plot_kind plot_kind_named(const char *name);

struct plot_request {
    const char *title; /* NULL: the statement */
    const char *value; /* the column to draw where one must be chosen; NULL: the first */
    enum plot_kind as; /* PLOT_KINDS: as the answer has it */
    size_t max_lanes;
};

/* ---- what the kinds are made of ---- */

/* A facility in one state. */
struct plot_run {
    gk_time from, to;
    enum gk_state state;
};

/* What holds for a facility from outside. */
struct plot_cover {
    gk_time from, to;
    bool is_exempt; /* else an order */
};

/* A stretch of an answer. */
struct plot_mark {
    gk_time from, to; /* true ends; `to` of an open one is where the data end */
    bool is_certain, is_open, is_carried;
};

struct plot_lane {
    const char *name;
    const char *line;  /* "" when it has none */
    uint32_t facility; /* GK_ID_NONE: a site, which has no states of its own */
    enum gk_role role;
    double rated_kw; /* NaN: not known */
    bool is_subject;
    struct plot_run *runs; /* silence included; cover the window */
    size_t n_runs;
    struct plot_mark *marks;
    size_t n_marks, n_certain;
    double certain_s, possible_s; /* inside the window; possible: beyond certain */
};

/* Lanes that belong together: linked facilities, or a site and what is inside. */
struct plot_group {
    const char *name;          /* enterprise and line */
    size_t first, n;           /* of the lanes */
    bool has_relatives;        /* what is marked concerns all of its lanes */
    struct plot_cover *covers; /* when an order or an exemption binds one of them, where the statement speaks of it */
    size_t n_covers;
};

struct plot_timeline {
    struct plot_group *groups;
    size_t n_groups;
    struct plot_lane *lanes;
    size_t n_lanes, n_lanes_off;            /* off: left off for want of room */
    size_t n_marks, n_certain, n_marks_off; /* of the answer; of them in lanes that were left off */
    double certain_s, possible_s;           /* of all, inside the window */
    bool has_silence, has_orders, has_exempt;
    bool has_states[PLOT_STATES];
};

#define PLOT_LINES_MAX 6
/* A value a point; NaN: none. */
struct plot_line {
    const char *name;
    double *value;
    double *low, *high; /* NULL: no band */
    bool is_doubt;      /* the band is what is only possible */
};
struct plot_panel {
    const char *name, *place; /* of the series */
    const char *measure;      /* what is drawn, when panels differ in it */
    uint32_t facility;        /* GK_ID_NONE: several, or none */
    enum gk_type type;
    size_t n;           /* points */
    gk_time *from, *to; /* where each point holds */
    struct plot_line lines[PLOT_LINES_MAX];
    size_t n_lines;
    double least, most; /* of all values; 0, 1 when there are none */
    bool has_values;
    bool is_area; /* sums, durations, counts: filled from 0 */
    struct plot_run *runs;
    size_t n_runs;
};
struct plot_curve {
    struct plot_panel *panels;
    size_t n_panels, n_panels_off;
    size_t n_measures; /* panels of a series */
    bool is_gathered;  /* points were gathered into buckets */
    bool has_states, has_doubt;
};

struct plot_label {
    const char *name, *place;
};
struct plot_grid {
    const char *value; /* name of the column */
    enum gk_type type;
    struct plot_label *rows;
    size_t n_rows, n_rows_off;
    gk_time *from, *to; /* of the columns */
    size_t n_columns;
    double *values, *coverage; /* row by row; NaN: unknown */
    double least, most;        /* least is 0 or below, most 0 or above */
    size_t n_unknown, n_weak;
};
/* -1 to 1, of the greatest value on either side of 0: what falls and what rises by as much are as dark. */
double plot_grid_share(const struct plot_grid *grid, double value);

#define PLOT_BARS_MAX 4
struct plot_bar_value {
    const char *name;
    enum gk_type type;
    double *certain, *possible; /* a bar each; possible: NULL when there is none */
    double most;
};
struct plot_bars {
    struct plot_label *rows;
    size_t n_rows, n_rows_off;
    struct plot_bar_value values[PLOT_BARS_MAX];
    size_t n_values;
    double *coverage;  /* NULL: not told */
    bool has_possible; /* beyond certain, of some bar */
};

struct plot_cell {
    const char *name, *line;
    enum gk_role role;
    enum gk_state state;
    gk_time since; /* GK_TIME_MIN: not known */
};
struct plot_site {
    const char *name, *place;
    size_t first, n; /* of the cells */
    size_t counts[PLOT_STATES];
};
struct plot_board {
    struct plot_site *sites;
    size_t n_sites, n_sites_off;
    struct plot_cell *cells;
    size_t n_cells;
    size_t counts[PLOT_STATES]; /* of all, also of those left off */
};

/* ---- a picture ---- */

struct plot {
    struct plot_memory memory;
    struct plot_request request;
    struct plot_table table;
    const gk_query *query;
    gk_session *session;
    gk_snapshot *snapshot;
    const char *text; /* of the statement */
    int32_t zone_s;
    bool is_chinese; /* the language that was chosen (texts.h) */
    enum plot_kind kind;
    const char *title;
    struct gk_query_meta meta; /* its notes are not kept */
    gk_time from, to;          /* of the picture: the window, or around the moment that was asked */
    gk_time moment;            /* GK_TIME_MIN: none */
    size_t n_cells;            /* pixels or columns of its time, told by the writer; 0: not yet */
    struct plot_timeline timeline;
    struct plot_curve curve;
    struct plot_grid grid;
    struct plot_bars bars;
    struct plot_board board;
};

/*
 * For one statement: begin when it has started, add after each row, make after the last. The session and the snapshot
 * are used again by plot_make, to ask what the answer does not say. A failure is told in `error`: GK_EINVAL when it
 * cannot be drawn, GK_ELIMIT when it is too much.
 */
void plot_begin(struct plot *plot, const struct plot_request *request, gk_session *session, gk_snapshot *snapshot,
                const gk_query *query);
void plot_add(struct plot *plot);
int plot_make(struct plot *plot, struct gk_error *error);
/* Zero is cleared. */
void plot_clear(struct plot *plot);

/* ---- for the kinds and the writers ---- */

int plot_make_timeline(struct plot *plot, struct gk_error *error);
int plot_make_curve(struct plot *plot, struct gk_error *error);
int plot_make_heat(struct plot *plot, struct gk_error *error);
int plot_make_bars(struct plot *plot, struct gk_error *error);
int plot_make_board(struct plot *plot, struct gk_error *error);

int plot_fail(struct gk_error *error, int status, const char *format, ...) __attribute__((format(printf, 3, 4)));
/* The states of a facility within the picture, as runs that follow each other. */
int plot_read_runs(struct plot *plot, uint32_t facility, struct plot_run **runs, size_t *n, struct gk_error *error);
/* The facility a statement names in quotes, when it names exactly one; else GK_ID_NONE. */
uint32_t plot_named_facility(const struct plot *plot);
/* Appends the facilities a statement names in quotes, at most `room`; returns how many. */
size_t plot_named_facilities(const struct plot *plot, uint32_t *out, size_t room);
/*
 * Runs fit for n cells of the picture's width: as they are when there are few, else one a cell, of the state that
 * lasted longest in it, neighbours joined. *is_thinned tells which.
 */
struct plot_run *plot_thin_runs(struct plot *plot, const struct plot_run *runs, size_t n_runs, size_t n_cells,
                                size_t *n_out, bool *is_thinned);
/* Whether there are too many for so many cells. */
bool plot_is_thin(size_t n_runs, size_t n_cells);
/* The state that lasts longest in [from, to); *at is the first run that reaches into it, 0 before the first call. */
enum gk_state plot_longest_state(const struct plot_run *runs, size_t n, size_t *at, gk_time from, gk_time to);
/* Where the i-th of n equal cells of the picture begins. */
gk_time plot_cell_begin(const struct plot *plot, size_t i, size_t n);
/* Both with a dot between, or the one that is not "". */
const char *plot_join(struct plot_memory *memory, const char *a, const char *b);
/* What to show of the keys of a row: the narrowest name, and the others joined. */
struct plot_label plot_label_of(struct plot *plot, const struct plot_keys *keys, size_t row);
/*
 * A name that must be cut keeps its end: names of a plant begin alike. `width` measures a text in the unit of `room`.
 */
const char *plot_tail(struct plot_memory *memory, const char *text, double room, double (*width)(const char *text));
/* Enterprise and line of a facility by its name. */
const char *plot_place_of(struct plot *plot, const char *name);
/* "2026-01-03 00:00 to 2026-01-05 00:00 (+08:00), data until ...", how much is unknown, how much only possible. */
const char *plot_window_text(struct plot *plot);
const char *plot_doubt_text(struct plot *plot);
/* How many stretches of a timeline are certain, how many more possible. */
const char *plot_summary_text(struct plot *plot);
/* The n-th thing that was left out or joined, for the foot of a picture; NULL behind the last. */
const char *plot_remark(struct plot *plot, size_t n);

#endif
