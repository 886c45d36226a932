/*
 * standing.h - one rule of the store, ready to be asked for one subject after the other: its statement, bound to the
 * catalog, and whom of its subjects a facility concerns.
 */
#ifndef QUERY_STANDING_H
#define QUERY_STANDING_H

#include "run.h"

/* A subject to be judged, from a tick on. */
struct hit {
    uint32_t id;
    int64_t from;
};

struct standing {
    gk_query *query; /* NULL: its text cannot be understood any more */
    uint32_t number; /* of its name, by whoever keeps rules */
    uint32_t version;
    gk_time from;        /* in force from then on */
    bool needs_rows;     /* compares samples: every row may matter */
    bool has_hours;      /* hours of the day */
    bool is_event;       /* its condition is of moments */
    int64_t closed;      /* of a rule of numbers: from this tick on no bucket is judged yet */
    uint32_t of_state;   /* it asks for nothing but this state (GK_STATE_BIT...); 0: for more, or none */
    bool is_of_all;      /* and whether all are in it */
    bool is_fresh;       /* was not judged yet, not even for what was */
    enum gk_kind kind;   /* of its subjects */
    uint8_t *is_subject; /* by id */
    size_t n_ids;
    struct hit *hits; /* to be judged next */
    size_t n_hits, hits_capacity;
    uint8_t *asked;    /* of a rule of numbers: scratch, by id */
    struct cond *cond; /* what must not be true; around it, `query` may have what ignores short recoveries */
};

/* Of a version in force. What cannot be understood gives GK_OK and no query. */
int standing_open(gk_session *session, gk_snapshot *snapshot, const struct gk_rule *rule, struct standing *out,
                  struct gk_query_error *error);
void standing_close(struct standing *standing);

/* Makes it ready for a snapshot. */
int standing_renew(struct standing *standing, gk_snapshot *snapshot, gk_time now);
/* Whether the clock alone is a reason to ask, from *from on: hours of the day begin or end, a bucket is over. */
bool standing_strikes(struct standing *standing, gk_snapshot *snapshot, gk_time after, gk_time upto, int64_t *from);
/* Its hits are judged: it holds little until the next ones. */
void standing_rest(struct standing *standing);
/* The hits of a facility that is another one from a tick on; of all subjects. */
int standing_hit(struct standing *standing, gk_snapshot *snapshot, uint32_t facility, int64_t from);
int standing_hit_all(struct standing *standing, int64_t from);
int standing_hit_one(struct standing *standing, uint32_t id, int64_t from);
/* By id, each once. */
void standing_sort_hits(struct standing *standing);

/* From where on the rule counts that counts from a time on; of numbers whole buckets do. */
int64_t standing_lower(const struct standing *standing, gk_time from);
/* From where on truths may be others when data or the clock are, from a tick on. */
int64_t standing_back(const struct standing *standing, int64_t tick);
/* How many hits are asked about together, from a tick on; and makes ready to ask about them. GK_DONE: nothing can be
 * said of so long ago. */
size_t standing_most(const struct standing *standing, int64_t from);
int standing_prepare(struct standing *standing, const struct hit *hits, size_t n, int64_t from);

/*
 * The truth of the rule's condition for a subject, right within [from, now], and *whole: the same without recoveries
 * that are shorter than `clear after`.
 */
int standing_ask(struct standing *standing, uint32_t id, int64_t from, const gk_timeline **whole,
                 const gk_timeline **plain);
/* Where a certain run of it began, which the last one asked about has. */
int64_t standing_run_start(const struct standing *standing, int64_t from, int64_t to);
/* Whether data say what is at a tick: unknown only where they stopped, and not where something must last longer. */
enum gk_truth standing_at(struct standing *standing, int64_t tick);
/* Whether the subject is exempt at a tick, and the rule for that reason does not count. */
bool standing_is_exempt(struct standing *standing, int64_t tick);
/* The first tick after now at which the truth may be another one though states go on; GK_TICK_MAX: none. */
int64_t standing_due(struct standing *standing);
/* The text of an alarm: the rule's message, its places filled in. */
void standing_text(const struct standing *standing, struct subject subject, gk_time from, char *out, size_t size);

#endif
