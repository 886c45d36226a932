/*
 * groups.h - the keys of an aggregate: which subjects belong together, which buckets of time there are, in which order
 * the rows come. All groups that exist are listed, also those in which nothing happened.
 */
#ifndef QUERY_GROUPS_H
#define QUERY_GROUPS_H

#include "run.h"

struct group {
    uint32_t ids[KEYS_MAX]; /* of the keys that are not of time, in their order; of a tag the number of its value */
};

struct groups {
    struct group *list;
    size_t n;
    uint32_t *of;             /* subject number of the query's scope -> group */
    struct subject *subjects; /* that were added; until the groups are finished */
    size_t n_subjects;
    struct buckets buckets;
    const char **shifts; /* names; NULL: they are no key */
    size_t n_shifts;     /* 1 without them */
    size_t width;        /* cells of a group: of each bucket one a shift */
    size_t n_before;     /* buckets in front that have no rows */
    int64_t *ticks;      /* the buckets' edges */
    char **texts;        /* of the buckets that were put */
    const char **tags;   /* values of tags that are keys */
    size_t n_tags;
};

int groups_columns(struct gk_query *query);
/* Adds the groups of the query's scope, for every scope there is; then they are put in order once. */
int groups_add(struct gk_query *query, struct groups *groups);
int groups_finish(struct gk_query *query, struct groups *groups);
/* Which of them the subjects of the query's scope belong to. */
int groups_find(struct gk_query *query, struct groups *groups);
/* All of it, of the query's scope and window. */
int groups_make(struct gk_query *query, struct groups *out);
/* The buckets of the query's window. */
int groups_make_buckets(struct gk_query *query, struct groups *groups);
/* Other buckets of as many, from edges. */
int groups_set_edges(struct gk_query *query, struct groups *groups, gk_time *edges);
/* Puts the key columns of a row: of a group and one of its cells. */
int groups_put(struct gk_query *query, const struct groups *groups, size_t group, size_t cell);
/* How many rows there are, and the i-th row's group and cell, in the order of the keys as written. */
size_t groups_n_rows(const struct groups *groups);
void groups_order(const struct gk_query *query, const struct groups *groups, size_t i, size_t *group, size_t *cell);

#endif
