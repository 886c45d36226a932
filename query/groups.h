/*
 * groups.h - the keys of an aggregate: which subjects belong together, which buckets of time there are, in which order
 * the rows come. All groups that exist are listed, also those in which nothing happened.
 */
#ifndef QUERY_GROUPS_H
#define QUERY_GROUPS_H

#include "run.h"

struct group {
    uint32_t ids[4]; /* of the keys that are not of time, in their order */
};

struct groups {
    struct group *list;
    size_t n;
    uint32_t *of; /* subject number -> group */
    struct buckets buckets;
    int64_t *ticks; /* the buckets' edges */
    char **texts;   /* of the buckets that were put */
};

int groups_columns(struct gk_query *query);
/* From the query's scope and window. */
int groups_make(struct gk_query *query, struct groups *out);
/* Puts the key columns of a row. */
int groups_put(struct gk_query *query, const struct groups *groups, size_t group, size_t bucket);
/* The i-th row's group and bucket, in the order of the keys as written. */
void groups_order(const struct gk_query *query, const struct groups *groups, size_t i, size_t *group, size_t *bucket);

#endif
