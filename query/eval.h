/*
 * eval.h - the truth of a condition over time, for one subject after the other.
 *
 * A condition is evaluated on [lo, hi) ticks and is right on [lo + pad, hi - pad): states outside of [lo, hi), and
 * everything behind now, are unknown, so an answer may become less certain there but never wrong. A run that touches
 * the border of the right part is evaluated again on a wider stretch until its true ends are seen.
 */
#ifndef QUERY_EVAL_H
#define QUERY_EVAL_H

#include "cache.h"
#include "calendar.h"
#include "watch.h"
#include "window.h"

/*
 * The last set of relatives of a leaf, whose quantifier stands in the leaf's timeline still: the fans of one line serve
 * the same machines, so the next subject often has the same set. (Spares 31 % of THE question on 60 fans x 7 days of
 * the comparison set, where all links are default ones; nothing where every fan serves others.)
 */
struct kept {
    uint32_t *ids;
    size_t n, capacity;
    int64_t lo, hi; /* lo == hi: nothing is kept */
};

struct eval {
    gk_snapshot *snapshot;
    struct arena *arena;
    const struct bound *bound;
    const struct cond *cond;
    const struct scope *scope;
    const struct window *window;
    struct watch *watch;
    struct gk_error *error; /* of the engine, may be NULL */
    gk_timeline **slots;    /* one a condition, reused for every subject */
    gk_timeline *scratch;
    gk_timeline **group; /* of relatives that are looked at together; kept for the next subject */
    size_t n_group, group_capacity;
    struct cache cache;
    struct calendar calendar;
    struct kept *kept;            /* one a leaf */
    struct members members;       /* a stack: nested sites push on top */
    const gk_timeline **operands; /* a stack of the same kind */
    size_t n_operands, operands_capacity;
    uint32_t *ids; /* scratch: the facilities that are counted */
    size_t ids_capacity;
    int64_t *cuts; /* ticks at which a set of relatives changes */
    size_t n_cuts, cuts_capacity;
    struct subject subject;
    int64_t lo, hi;
    int64_t first_tick;    /* of the store's data */
    int64_t slack;         /* behind `lo`: how a run began there hangs on the hours before it */
    bool is_cut_off;       /* a run of which the begin matters reaches out of [lo, hi) */
    bool is_without_links; /* some set of relatives of the last subject was empty for a time */
    bool keeps_parts;      /* eval_part may be asked of any part */
    bool is_timed;
    int64_t read_ns; /* what reading them took, for profile */
    size_t n_loads;  /* timelines that were read, for explain and tests */
};

int eval_init(struct eval *eval, const struct cond *cond);
void eval_clear(struct eval *eval);

enum eval_need {
    EVAL_INSIDE,  /* truth inside the window is enough */
    EVAL_CERTAIN, /* and the true ends of certain runs */
    EVAL_POSSIBLE /* and those of stretches that are possible */
};
/* The truth for a subject; the timeline lives until the next call. */
int eval_subject(struct eval *eval, struct subject subject, enum eval_need need, const gk_timeline **out);

/* With keeps_parts: the truth of a part of the condition, for the last subject, where it was looked at. */
int eval_part(struct eval *eval, const struct cond *part, const gk_timeline **out);
/* Goes on with another snapshot of the same store: nothing that was read counts any more. */
void eval_renew(struct eval *eval, gk_snapshot *snapshot);
/* Forgets what was read and gives back memory that another set of subjects would want anew. */
void eval_shrink(struct eval *eval);

/* A maximal stretch of one truth. */
struct run {
    int64_t from, to;
    enum gk_truth truth;
};
/* The runs of a timeline that are not false and touch [from, to), one after the other; *at starts at 0. */
bool eval_next_run(const gk_timeline *timeline, int64_t from, int64_t to, size_t *at, struct run *out);
/* The stretch over certain and unknown, of which the run that moved `at` there is a part. */
struct run eval_whole_run(const gk_timeline *timeline, size_t at);
/*
 * Where a run of the last subject began. *is_endless: it has no begin as far as the data reach; then it is counted from
 * the first row of the store, or from the window's begin when that is earlier.
 */
int64_t eval_run_start(const struct eval *eval, const struct run *run, bool *is_endless);

#endif
