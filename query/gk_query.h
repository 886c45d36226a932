/*
 * gk_query.h - questions in the words of the trade, and their answers as rows. The language is in docs/QUERY.md.
 *
 *     gk_session *session;
 *     gk_query *query;
 *     struct gk_query_error error;
 *     gk_session_new(NULL, &session);
 *     if (gk_query_prepare(session, snapshot, text, strlen(text), NULL, &query, &error) != GK_OK)
 *         fputs(error.report, stderr);                       // position, caret, what was expected, a hint
 *     gk_query_start(query, snapshot, now, &error);
 *     while (gk_query_next(query, &error) == GK_OK)
 *         for (size_t i = 0; i < gk_query_n_columns(query); i++)
 *             use(gk_query_column(query, i)->name, gk_query_value(query, i));
 *     gk_query_free(query);
 *     gk_session_free(session);
 *
 * Built on gk.h alone. The conventions of gk.h hold. A session and its queries are used by one thread at a time.
 */
#ifndef GK_QUERY_H
#define GK_QUERY_H

#include "gk.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What a conversation remembers: definitions and settings. */
typedef struct gk_session gk_session;

struct gk_session_options {
    size_t size;
    uint64_t max_rows;     /* of an answer; 0: no limit. When more there are, the answer is cut and meta says so */
    int64_t max_run_ns;    /* of a statement, by the host's clock below; default 30 s, < 0: no limit; GK_ELIMIT */
    int64_t max_window_ns; /* default 400 d; GK_ELIMIT */
    size_t max_memory;     /* bytes a running statement may hold; default 256 MB; GK_ELIMIT */
    /* Called now and then: done and total are in the same unit, total 0 when unknown. Not 0: stop with GK_EINTERRUPTED.
     */
    int (*progress)(void *context, uint64_t done, uint64_t total);
    void *progress_context;
    gk_time (*monotonic)(void *context); /* for max_run_ns and the times of profile; NULL: CLOCK_MONOTONIC */
    void *monotonic_context;
    gk_resize_fn resize;
    void *resize_context;
    const char *lang; /* of messages and notes: "zh", "zh_CN.UTF-8", ...: Chinese; else English. Read by gk_session_new,
                         gk_session_configure */
    size_t max_text;  /* bytes of a statement; default and most 64 KiB; GK_ELIMIT */
    uint32_t max_nesting; /* conditions inside conditions; default and most 64; GK_ELIMIT */
};

GK_API int gk_session_new(const struct gk_session_options *options, gk_session **out);
GK_API void gk_session_free(gk_session *session);
/*
 * What runs in the session stops with GK_EINTERRUPTED, within 100 ms; what is started later does not. The one call that
 * another thread, or a signal handler, may make.
 */
GK_API void gk_session_interrupt(gk_session *session);
/*
 * A text of the room in the session's language: the name of a column or of a state as the head of a table for people.
 * The text itself when there is no translation. Files for programs (csv, json) keep the English names.
 */
GK_API const char *gk_session_text(const gk_session *session, const char *english);

/* One error, for programs and for people. */
struct gk_query_error {
    struct gk_error error; /* column: 1-based, in characters of the statement's text */
    size_t from, to;       /* the bytes of the text that are meant */
    char hint[256];        /* nearest word, an example; "" when there is none */
    char report[2048];     /* all of it with the line and a caret in display columns, ready to print */
};

/* One parsed and bound statement. Needs the snapshot only for names; may be started on later ones. */
typedef struct gk_query gk_query;

/*
 * Parses the first statement of the text and binds its names. `used` (may be NULL) gets the bytes up to and with its
 * ';' (a script is prepared piece by piece). *out is NULL with GK_OK when only white space and comments are left.
 */
GK_API int gk_query_prepare(gk_session *session, gk_snapshot *snapshot, const char *text, size_t size, size_t *used,
                            gk_query **out, struct gk_query_error *error);
GK_API void gk_query_free(gk_query *query);
/* The statement as it was written, with its ';'. The bytes live as long as the query. */
GK_API struct gk_text gk_query_text(const gk_query *query);

enum gk_type {
    GK_TYPE_EMPTY = 0, /* a value may be absent in any column */
    GK_TYPE_TEXT,
    GK_TYPE_TIME,    /* gk_time */
    GK_TYPE_SECONDS, /* a duration, double */
    GK_TYPE_NUMBER,  /* double */
    GK_TYPE_COUNT,   /* int64 */
    GK_TYPE_SHARE,   /* 0..1, double */
    GK_TYPE_TRUTH    /* bool in count */
};

struct gk_column {
    const char *name;
    enum gk_type type;
};

struct gk_value {
    enum gk_type type;
    union {
        struct gk_text text;
        gk_time time;
        double number;
        int64_t count;
    } as;
};

GK_API size_t gk_query_n_columns(const gk_query *query);
GK_API const struct gk_column *gk_query_column(const gk_query *query, size_t i);

/* Starts (again) with `now` as the clock of "last 24h", "now", "today". */
GK_API int gk_query_start(gk_query *query, gk_snapshot *snapshot, gk_time now, struct gk_query_error *error);
/* GK_OK: there is a row; GK_DONE: no more. Values live until the next call. */
GK_API int gk_query_next(gk_query *query, struct gk_query_error *error);
/*
 * The snapshot whose states the answer is of: the one it was started on, or that one under the limits of `with`. Lives
 * until the next start.
 */
GK_API gk_snapshot *gk_query_snapshot(const gk_query *query);
GK_API const struct gk_value *gk_query_value(const gk_query *query, size_t i);

/*
 * Samples lie side by side: column i of the current row and of the rows that follow it, as an array for whoever takes
 * many. *n is how many, the current row included; 0: not in an array, take gk_query_value. A NaN is an empty value.
 */
GK_API const double *gk_query_numbers(const gk_query *query, size_t i, size_t *n);
GK_API const gk_time *gk_query_times(const gk_query *query, size_t i, size_t *n);
/* Goes on by up to n rows of these arrays, like so many calls of gk_query_next; returns by how many. */
GK_API size_t gk_query_skip(gk_query *query, size_t n);

/* What stands under an answer; complete after GK_DONE. */
struct gk_query_meta {
    bool has_window;
    gk_time from, to; /* the window in absolute times */
    int32_t zone_s;
    gk_time now, watermark; /* watermark: data complete until; GK_TIME_MIN when there are no rows */
    uint64_t n_rows;
    bool is_cut; /* max_rows was hit */
    bool has_possible;
    uint64_t n_possible; /* intervals that are only possible, beyond the certain ones */
    double possible_s;   /* their time */
    double nodata_share; /* of the subjects' time in the window that is unknown; NaN when not known */
    uint64_t n_subjects;
    uint64_t n_without_links; /* subjects whose set of relatives is empty */
    size_t n_notes;
    const char *const *notes; /* sentences for people: how `offline` was read, durations rounded up to ticks, ... */
};
GK_API const struct gk_query_meta *gk_query_meta(const gk_query *query);

/* ---- rules ---- */

/* What a statement `rule ...` says. The texts live as long as the query. */
struct gk_query_rule {
    struct gk_text name, title; /* title: for people; size 0: none */
    const char *level;          /* "info", "warn", "alarm", "severe" */
    struct gk_text text;        /* the statement in its plain form, which gk_rule_put keeps */
    int64_t clear_ns;           /* how long it must be well before an alarm ends; 0: at once */
    size_t n_notify;            /* roles or people */
    const struct gk_text *notify;
    int64_t escalate_ns; /* without n_escalate: nothing */
    size_t n_escalate;
    const struct gk_text *escalate;
    struct gk_text message; /* with places in braces; size 0: none */
};
/* NULL when the statement is no rule. As a question a rule lists what it would have raised in the last 24 hours. */
GK_API const struct gk_query_rule *gk_query_rule(const gk_query *query);

/*
 * Tries a rule over [from, to) instead: its next start lists what was certain and what was possible, a row for each
 * stretch of one truth. Rows of one subject that touch are one breach, an alarm if one of them is certain. GK_EINVAL:
 * the statement is no rule.
 */
GK_API int gk_query_try(gk_query *query, gk_time from, gk_time to);

/*
 * Judges the rules of a store as rows and time arrive; what comes of it is put on record as acts (gk_act_put), from
 * which alarms follow. One judge a store, in the process that writes it:
 *
 *     gk_judge_open(db, NULL, &judge, &error);
 *     for (;;) {
 *         gk_ingest(db, ...);                               // as rows come
 *         gk_advance(judge, gk_clock(db), NULL, &error);    // ten times a second, or as often as you commit
 *     }
 *
 * An alarm is a stretch of time in which a rule's condition was certainly true, and until it was certainly not, for
 * `clear after`: silence makes it unknown and ends nothing. Whatever the order in which rows came, the alarms are in
 * the end those that the rule, asked as a question, would list; one whose begin is not in the data begins with the row
 * that was the store's first when it was raised.
 */
typedef struct gk_judge gk_judge;

/* What one look did. */
struct gk_judged {
    uint64_t n_asked; /* conditions of subjects that were worked out */
    uint64_t n_acts;  /* all acts that were put */
    uint64_t n_raised, n_recovered, n_unknown, n_amended, n_escalated;
    uint64_t n_broken; /* rules that were read and cannot be understood: names that are gone */
};

/* Reads the alarms on record. Of the options memory, resize and lang count. */
GK_API int gk_judge_open(gk_db *db, const struct gk_session_options *options, gk_judge **out,
                         struct gk_query_error *error);
GK_API void gk_judge_close(gk_judge *judge);
/*
 * Commits what was taken, judges all that it changed and whose time has come by `now`, and commits the acts, if there
 * are some: they are durable when the call is over. The first call catches up with what no judge has seen. A failed
 * look is made again by the next. GK_EFULL: there is no room for the rows that were taken; what is durable was judged
 * without them, the acts are on record as far as there is room for them, and the next call with room makes up for it.
 * `out` may be NULL.
 */
GK_API int gk_advance(gk_judge *judge, gk_time now, struct gk_judged *out, struct gk_query_error *error);

/* ---- more of a session ---- */

/* Other options from the next statement on (not `resize`); definitions and parameters stay. */
GK_API void gk_session_configure(gk_session *session, const struct gk_session_options *options);

/*
 * A parameter: `$name` or `:name` in a statement stands for its value, as one token and never as a piece of text. Where
 * a name can stand (behind a noun, `order`, `group`, or in a list of names) the value is a name as it is. Elsewhere it
 * is read as one number, quantity, duration, time or clock, and what is none of these is a name. Names of parameters
 * are letters, digits and _ (GK_EINVAL); values have 1 to GK_NAME_MAX bytes (GK_ERANGE). A later value replaces.
 */
GK_API int gk_session_set(gk_session *session, const char *name, const char *value, size_t size);
/* The i-th definition, newest first, as its name and its condition; false behind the last. */
GK_API bool gk_session_definition(const gk_session *session, size_t i, struct gk_text *name, struct gk_text *condition);
/* The i-th spelling of the words of the language, English and Chinese, for completion; NULL behind the last. */
GK_API const char *gk_query_word(size_t i);

#ifdef __cplusplus
}
#endif
#endif
