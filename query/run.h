/*
 * run.h - a statement while it runs, and what the kinds of statements share. A kind is three functions: which columns,
 * how to start, and one step that may append rows. Answers flow in steps, so a sorted one is gathered and another is
 * not.
 */
#ifndef QUERY_RUN_H
#define QUERY_RUN_H

#include "eval.h"
#include "prune.h"
#include "rows.h"

struct statement {
    int (*columns)(struct gk_query *query); /* once, when it is prepared */
    int (*start)(struct gk_query *query);
    int (*step)(struct gk_query *query, bool *is_done);
    void (*end)(struct gk_query *query); /* frees what start made outside of the arena; may be NULL */
};

extern const struct statement STATEMENT_WHEN, STATEMENT_WHICH, STATEMENT_AGGREGATE, STATEMENT_SAMPLES, STATEMENT_STATE,
    STATEMENT_LIST, STATEMENT_LAG, STATEMENT_LAG_LIST, STATEMENT_STATE_COUNT, STATEMENT_EVENTS, STATEMENT_BACKFILLS,
    STATEMENT_STORED, STATEMENT_EXPLAIN, STATEMENT_PROFILE, STATEMENT_ALARMS, STATEMENT_ACTS, STATEMENT_ALARM_NUMBERS,
    STATEMENT_EVIDENCE;

/* A statement that compares is run in parts: the same text, without what compares, sorts and cuts. */
enum query_part {
    PART_ALL,
    PART_UNDER,   /* with its limits, as known then */
    PART_STORED,  /* without what it is compared with */
    PART_NUMBERS, /* the numbers of a rule: numbers.h */
    PART_RUN      /* all of it, to be profiled */
};

/* Timelines that were read, and what that took where it is measured. */
struct reads {
    int64_t ns;
    size_t n;
};

struct gk_query {
    struct gk_session *session;
    struct arena arena;   /* of the tree: lives as long as the query */
    struct report report; /* of the call that runs */
    char *text;
    size_t text_size;
    struct stmt *stmt;
    const char *printed;        /* explain, rule: the statement as text, as it was before binding */
    struct gk_query_rule *rule; /* of a rule */
    const struct cond *exempt;  /* of a rule: what it adds of exemptions; NULL: nothing */
    struct bound bound;
    const struct statement *statement; /* NULL: define */
    enum query_part part;
    const gk_query *opens_as;  /* a window without a begin has that of this one; NULL: its own */
    struct both *both;         /* of STATEMENT_STORED: its parts */
    struct gk_query *profiled; /* of STATEMENT_PROFILE: what is run */
    int64_t prepare_ns;        /* of that */
    struct numbers *numbers;   /* of a rule of numbers, and of its part; NULL: it is none */
    struct rows rows;
    size_t sort_column, top_column;    /* SIZE_MAX: none */
    size_t having_columns[INPUTS_MAX]; /* of the inputs of having */

    /* from gk_query_start on */
    struct arena memory; /* of the run: cleared by the next start */
    gk_snapshot *snapshot;
    gk_snapshot *given; /* by the caller */
    gk_snapshot *view;  /* of it as known at a time; NULL: as it is */
    gk_snapshot *under; /* of that under other limits; NULL: none */
    struct gk_error engine_error;
    struct watch watch;
    struct window window;
    struct scope scope;
    struct eval eval;
    struct prune prune;
    struct notes notes;
    struct gk_query_meta meta;
    size_t next;               /* subject */
    void *own;                 /* what the kind of statement keeps */
    bool keeps_compared;       /* somebody asks with which days it compares */
    struct compared *compared; /* in the order in which they were found */
    size_t n_compared, compared_capacity;
    int64_t known_ticks, unknown_ticks; /* of all subjects in the window, for meta */
    uint64_t n_given, n_matched, n_pruned;
    uint64_t n_begun;   /* rows, also those that were dropped */
    uint64_t most;      /* rows that may be given */
    int64_t sort_ns;    /* that sorting took */
    struct reads reads; /* of conditions that are done */
    bool is_started, is_done, is_gathered, has_row;
    enum prune_use prune_use; /* tests set it */
};

/*
 * Starts the scope and the eval of the statement's condition, and the prune where subjects that cannot meet it do not
 * matter.
 */
int run_start_condition(struct gk_query *query, bool may_prune);
/* The same of one source among several. */
int run_start_source(struct gk_query *query, const struct bound *bound, const struct cond *cond, bool may_prune);
/* The eval alone, for the subjects of a scope that is there. */
int run_start_eval(struct gk_query *query, const struct bound *bound, const struct cond *cond);
void run_end_condition(struct gk_query *query);
/* The next subject that is not pruned: its truth; *is_done when there is none. Pruned ones are counted as known false.
 */
int run_next_subject(struct gk_query *query, enum eval_need need, struct subject *subject, const gk_timeline **out,
                     bool *is_done);
/* A part of a statement that compares, as a query of its own; errors go to the query's report. */
int query_prepare_part(struct gk_query *query, enum query_part part, gk_query **out);
/* What both parts read. */
struct reads stored_reads(const struct gk_query *query);
/* Frees the parts. */
void stored_free(struct gk_query *query);
/* A status of the engine or of memory, reported once. */
int run_fail(struct gk_query *query, int status);
int run_note(struct gk_query *query, const char *text);
/* Tells that rows of the window were dropped, if some were: `what` is left of them. */
int run_note_dropped(struct gk_query *query, const char *what);

/* subject, facility, line, enterprise, park */
bool run_add_subject_columns(struct gk_query *query);
void run_put_subject(struct gk_query *query, struct subject subject);
/* Begins a row; between the two the cells are put. run_end_row applies having. */
int run_begin_row(struct gk_query *query);
void run_end_row(struct gk_query *query);
double run_seconds(const struct gk_query *query, int64_t ticks);
gk_time run_time(const struct gk_query *query, int64_t tick);

#endif
