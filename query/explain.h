/*
 * explain.h - what `explain` and `profile` say alike: the rows about a statement that was not run.
 */
#ifndef QUERY_EXPLAIN_H
#define QUERY_EXPLAIN_H

#include "run.h"

/* Whom a statement has to look at, and what is stored about them within its window. */
struct touched {
    uint64_t n_subjects; /* that the index leaves */
    uint64_t n_facilities, n_unsealed;
    uint64_t n_records, record_bytes, n_chunks, chunk_bytes;
    const uint8_t *needs; /* by facility: not 0 when it is looked at */
};

/* A row; a NULL detail is the arena's status. */
int explain_put(struct gk_query *query, const char *step, const char *detail);
/* How the statement is read, what will be done, and what is touched; starts its scope and prune. */
int explain_rows(struct gk_query *query, struct touched *out);

#endif
