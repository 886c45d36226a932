/*
 * recall.h - sealed rows looked at again: meters that send everything twice ask for neighbouring rows of many
 * facilities in turn. Keeps a few hundred decoded rows for each of some thousand facilities.
 */
#ifndef DB_RECALL_H
#define DB_RECALL_H

#include "db/rows.h"

struct recall;

int recall_new(const struct mem *mem, struct recall **out);
void recall_free(struct recall *recall); /* NULL is welcome */
/* Forgets everything: chunks have changed. */
void recall_forget(struct recall *recall);
/*
 * The sealed row of a facility at time t: *out and *at say where, until the next call; *out is NULL when there is none.
 * Not for GK_ALL, where a time may have several rows in several chunks.
 */
int recall_row(struct recall *recall, struct txn *txn, uint32_t facility, gk_time t, const struct columns **out,
               size_t *at, struct gk_error *error);

#endif
