/*
 * window.h - from a time tail and a clock to absolute times and ticks, and the buckets of `by day`, `every 5m`.
 */
#ifndef QUERY_WINDOW_H
#define QUERY_WINDOW_H

#include "ast.h"

struct window {
    gk_time from, to;  /* half-open */
    int64_t a, b;      /* the same in ticks */
    int64_t now_tick;  /* the tick that contains now */
    int64_t known_end; /* the tick behind it: nothing from there on is known */
    int64_t tick_ns;
    gk_time now;
    int32_t zone_s;
    bool is_instant; /* of one moment: `from` */
    bool is_cut;     /* it would have gone beyond now */
};

struct window_input {
    const struct tail *tail;
    int64_t tick_ns;
    int32_t zone_s; /* of the store, or of the tail */
    gk_time now, beginning;
    int64_t max_ns; /* longest window allowed */
};

/* Errors of size go to the report with the tail's place. */
int window_make(const struct window_input *input, struct report *report, struct window *out);

/* A time as written: a literal, now, today, or yesterday. */
gk_time window_instant(gk_time now, int32_t zone_s, const struct token *token, gk_time literal);
/* Whether a window can be moved back by so much, or begin so much earlier. */
int window_check_back(const struct window *window, int64_t ns, struct report *report, struct place place);

int64_t window_tick(gk_time t, int64_t tick_ns); /* the tick that contains t */

/* The same time a unit of the calendar earlier; a day that the month has not is the end of the month. */
gk_time window_earlier(gk_time t, int32_t zone_s, enum word unit);
/* The begin and the end of the bucket that contains t. */
gk_time window_bucket_start(const struct window *window, const struct tail *tail, gk_time t);
gk_time window_bucket_end(const struct window *window, const struct tail *tail, gk_time t);
/*
 * `normal days before` are those before a window. Of buckets each has its own, and hours of one day the same ones: the
 * end of what may be asked about together from a bucket's begin on. Without them all may.
 */
gk_time window_normal_end(const struct window *window, const struct tail *tail, gk_time from, gk_time to);

enum bucket_kind { BUCKET_WHOLE, BUCKET_HOUR, BUCKET_DAY, BUCKET_WEEK, BUCKET_MONTH, BUCKET_EVERY };

struct buckets {
    enum bucket_kind kind;
    size_t n;
    gk_time *edges;  /* n + 1: the first and the last are the window's */
    gk_time *starts; /* n: where the bucket begins in the calendar, which may lie before the window */
};
#define BUCKETS_MAX 1000000
enum bucket_kind bucket_kind_of(const struct tail *tail);
int buckets_make(struct arena *arena, const struct window *window, const struct tail *tail, struct report *report,
                 struct buckets *out);
/* 2026-11-20 for a day and the Monday of a week, 2026-11 for a month. */
char *bucket_text(struct arena *arena, const struct window *window, enum bucket_kind kind, gk_time start);

#endif
