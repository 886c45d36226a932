/*
 * plot_scale.h - from times and values to places: round steps, civil days and months in the store's zone, and how a
 * time, a duration or a number is written beside an axis.
 *
 *     |            |            |       |            |          ticks: every 6 h, every day, every month ...
 *     00:00        06:00        12:00   18:00        00:00
 *     | 2026-01-04 Sun                               | 2026-01-05 Mon     spans: the days, months, years they are in
 */
#ifndef PLOT_SCALE_H
#define PLOT_SCALE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gk_query.h"

#define PLOT_LABEL_MAX  48
#define PLOT_TICKS_MAX  64
#define PLOT_SPANS_MAX  512
#define PLOT_VALUES_MAX 12

/* A stretch of time laid over a stretch of a picture: pixels, or columns of a terminal. */
struct plot_axis {
    gk_time from, to;   /* from < to */
    double left, right; /* where they are */
    int32_t zone_s;
    bool is_chinese;
};

/* Where a time is; times outside are put on the nearer end. */
double plot_axis_place(const struct plot_axis *axis, gk_time time);

struct plot_tick {
    gk_time time;
    char label[PLOT_LABEL_MAX];
};

/* The days, months or years behind the ticks, cut to the axis. Labels from the longest to the shortest: the writer
 * takes the first that fits. "" fits always. */
#define PLOT_SPAN_LABELS 3
struct plot_span {
    gk_time from, to;
    char labels[PLOT_SPAN_LABELS][PLOT_LABEL_MAX];
};

struct plot_ticks {
    struct plot_tick ticks[PLOT_TICKS_MAX];
    size_t n_ticks;
    struct plot_span spans[PLOT_SPANS_MAX];
    size_t n_spans;
};

/* At most `most` ticks (and PLOT_TICKS_MAX), round ones of the civil clock. */
void plot_time_ticks(const struct plot_axis *axis, size_t most, struct plot_ticks *out);

/* A day by itself: its number, with its month, or the month alone. */
enum plot_day { PLOT_DAY, PLOT_DATE, PLOT_MONTH };
void plot_day_text(const struct plot_axis *axis, gk_time time, enum plot_day as, char out[PLOT_LABEL_MAX]);

/* Round values from 0 or below `least` to `most` or above it; *n of them, 2 to PLOT_VALUES_MAX. */
void plot_value_ticks(enum gk_type type, double least, double most, size_t wanted, double out[PLOT_VALUES_MAX],
                      size_t *n);

/* A civil calendar: days since 1970-01-01. */
int64_t plot_days_of(int64_t year, unsigned month, unsigned day);
void plot_civil_of(int64_t days, int64_t *year, unsigned *month, unsigned *day);
/* Where the month after the one with `time` begins, in the zone. */
gk_time plot_next_month(gk_time time, int32_t zone_s);

/* As people read it: three or four digits, "1h 12m", "12.5 %". "" when there is none. Returns out. */
char *plot_value_text(enum gk_type type, double value, bool is_chinese, char out[PLOT_LABEL_MAX]);
/* 2026-01-04 08:00:00, with decimals where there are some. */
char *plot_time_text(gk_time time, int32_t zone_s, char out[PLOT_LABEL_MAX]);

#endif
