/*
 * versus.h - another time to compare with: the window moved back, or the normal days of each subject before it.
 */
#ifndef QUERY_VERSUS_H
#define QUERY_VERSUS_H

#include "measure.h"

/* A day is normal when no order and no exemption is upon the subject; so many days before the window are looked at. */
#define NORMAL_BACK_DAYS 60

/* The window moved back, with the edges of its buckets. */
int versus_move(struct gk_query *query, struct groups *groups, struct window *out);
/* For a rolling reference: the window begins with a whole bucket, so much earlier; *first is the first bucket's begin
 * that is asked for. */
int versus_widen(struct gk_query *query, gk_time *first);

/* A day that stood for the reference of a subject. */
struct compared {
    gk_time day;
    struct subject subject;
};

/* What is done with the normal days of a subject; which these were stands in the query, if it keeps them. */
struct normal_days {
    int (*add)(struct gk_query *query, struct pass *pass, size_t number, const struct pieces *pieces);
    bool (*take)(struct pass *pass, size_t number); /* the pieces of a day were added: false when too little is known */
    void (*lack)(struct pass *pass, size_t number); /* there are too few */
};
/*
 * Moves the pieces of a subject to its normal days, day by day: those of the same hours. Pieces of several days come
 * down on each normal day, one day's after the other's.
 */
int versus_normal(struct gk_query *query, struct pass *pass, size_t number, const struct normal_days *days);

/* The median or mean of the numbers that there are; NaN when there are fewer than ROLLING_LEAST. Reorders the list. */
#define ROLLING_LEAST 5
double versus_middle(enum versus_kind kind, double *list, size_t n);
/* The median of the absolute deviations from `middle`, at least a thousandth of it: nothing is quite constant. */
double versus_deviation(double middle, double *list, size_t n);

#endif
