/*
 * bind.h - from a tree of words to a tree that can be evaluated: names become ids, definitions are put in place, units
 * are converted, durations become ticks, and every noun learns whom it stands for.
 *
 * The subject rule: the first unquantified noun names the rows, unless `per` does; with neither, the zone is the
 * subject. Every other noun ranges over the subject's relatives (enum range).
 */
#ifndef QUERY_BIND_H
#define QUERY_BIND_H

#include "ast.h"
#include "session.h"

/* Sentences for people under an answer. */
struct notes {
    const char **list;
    size_t n, capacity;
};
/* Each text once; `text` lives in the arena. */
int notes_add(struct arena *arena, struct notes *notes, const char *text);

/* What binding found out about a statement. */
struct bound {
    enum noun subject;
    const struct name *subject_names; /* NULL: all */
    int64_t tick_ns;
    int64_t pad;      /* ticks around a window on which the answer depends */
    bool looks_ahead; /* has `within next` or `of each other` */
    size_t n_slots;   /* conditions that own a timeline */
    struct cond *leaves[64];
    size_t n_leaves;
    struct notes notes;
    char *reading; /* how words were read, for explain; NULL: nothing to say */
};
#define LEAVES_MAX (sizeof((struct bound *)0)->leaves / sizeof(struct cond *))

struct binder {
    bool is_of_record; /* fields are also those of alarms and acts */
    struct arena *arena;
    struct report *report;
    const struct gk_session *session;
    gk_snapshot *snapshot;
    struct bound *bound;
    const struct place *use;        /* of the definition that is being bound; NULL: the statement itself */
    bool is_standing;               /* a rule: orders that it names may be given later */
    const struct gk_text *defining; /* the name that `define` makes; NULL: none */
    unsigned depth;
};

int bind_statement(struct binder *binder, struct stmt *stmt);

/* ---- shared by the binder's files ---- */
int bind_fail(struct binder *binder, struct place place, const char *format, ...) __attribute__((format(printf, 3, 4)));
int bind_no_memory(struct binder *binder);
/* Ids of names, and whether they have the role that the noun says. */
int bind_ref(struct binder *binder, struct ref *ref);
int bind_names(struct binder *binder, enum noun noun, struct name *names);
int bind_series(struct binder *binder, struct series *series);
/* The channels and the unit of a metric that has some. */
int bind_metric_channels(struct binder *binder, struct series *series);
int bind_row_value(struct binder *binder, struct series *series);
/* The unit that a channel's name tells: kw, ia, ..., or its ending, as in p_w; UNIT_NONE when it tells none. */
enum unit_kind bind_channel_unit(const char *name, double *per_base);
/*
 * A condition with its names, its subject and whom its nouns stand for. `subject` (NULL: as the rule says) is that of
 * the series that it narrows.
 */
int bind_condition(struct binder *binder, const struct stmt *stmt, const struct ref *subject, struct cond **cond);
/* What the numbers of a statement are of; binder->bound is that of the first. */
int bind_sources(struct binder *binder, struct stmt *stmt);
int bind_filters(struct binder *binder, const struct filter *filters);
int bind_tail(struct binder *binder, struct stmt *stmt);
enum gk_kind noun_kind(enum noun noun);
const char *noun_text(enum noun noun);

#endif
