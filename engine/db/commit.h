/*
 * commit.h - what was taken and is not durable yet.
 */
#ifndef DB_COMMIT_H
#define DB_COMMIT_H

#include "codec/batch.h"
#include "db/db.h"

/* Adds one record of rows that were taken (or quarantined). On an error nothing is pending that was not. */
int pending_add(gk_db *db, const struct batch_rows *rows, bool is_quarantined, struct gk_error *error);
/* Something changed that gk_commit has to write. */
void pending_touch(gk_db *db);
int pending_source(gk_db *db, const char *name, uint64_t sequence, struct gk_error *error);
void pending_clear(gk_db *db);
/* The highest sequence taken from a source, durable or not; 0: none. */
int source_sequence(gk_db *db, const char *name, uint64_t *out, struct gk_error *error);

#endif
