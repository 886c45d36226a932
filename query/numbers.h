/*
 * numbers.h - a rule of numbers, `energy of production by enterprise, day vs ... having change > -30%`, as a truth over
 * time: true in a bucket of which `having` holds, false in one of which it does not.
 *
 *     buckets   |  day 1  |  day 2  |  day 3  |  day 4 ...      now is in day 4
 *     truth     .....................CCCCCCCCCC????????...      day 3 holds; nothing is known of one that is not over
 *
 * Unknown is a bucket of which something compared is missing, or less than half was covered, unless `having` says how
 * much it wants. False is one in which nothing could be measured: no order was in force, all of it was exempt.
 */
#ifndef QUERY_NUMBERS_H
#define QUERY_NUMBERS_H

#include "groups.h"

struct numbers {
    gk_query *part;       /* the numbers, as a statement of their own */
    enum gk_kind kind;    /* of the subjects */
    int64_t pad;          /* ticks behind a bucket on which it depends: then it is judged */
    int64_t back;         /* and how much further back a row may matter, in ticks */
    const uint8_t *asked; /* by id, whether it is asked about; NULL: all are */
    size_t n_asked;
    /* what was said, bucket after bucket: */
    uint32_t *ids; /* of the subjects, ascending */
    size_t n_ids, ids_capacity;
    gk_time *edges; /* n_buckets + 1 */
    size_t n_buckets, edges_capacity;
    uint8_t *truths; /* n_buckets * n_ids */
    size_t truths_capacity;
    gk_timeline *truth;
    size_t next; /* subject, of numbers_next */
};

/* Of a rule's statement that is parsed and bound. */
int numbers_open(struct gk_query *query);
void numbers_free(struct gk_query *query);

/* The begin of the bucket that contains a time, and the end of the last bucket that is judged by now. */
gk_time numbers_bucket(const struct gk_query *query, gk_time t);
gk_time numbers_end(const struct gk_query *query, gk_time now);
/* How many subjects go into one numbers_ask of so long a time, for the memory that it takes. */
size_t numbers_most(const struct gk_query *query, gk_time from, gk_time to);
/* Works out the buckets of [from, to), which are edges of buckets. */
int numbers_ask(struct gk_query *query, gk_time from, gk_time to);
/* What was said of a subject; unknown where nothing was. Lives until the next call. */
int numbers_truth(struct gk_query *query, uint32_t id, const gk_timeline **out);
int numbers_next(struct gk_query *query, struct subject *subject, const gk_timeline **out, bool *is_done);

/* ---- of its part, while it runs ---- */

/* Leaves in the scope of the part those who are asked about. */
void numbers_keep_asked(struct gk_query *part);
/* Makes room for the cells of the groups; *truths: one a bucket and group, bucket after bucket. */
int numbers_add(struct gk_query *part, const struct groups *groups, uint8_t **truths);

#endif
