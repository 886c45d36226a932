/*
 * commit.h - what was taken and is not durable yet.
 */
#ifndef DB_COMMIT_H
#define DB_COMMIT_H

#include "codec/batch.h"
#include "db/db.h"

/* A facility gets rows that are not durable yet: called before they are added to the heads. */
int pending_facility(gk_db *db, uint32_t facility);
/* Adds one record of quarantined rows. On an error nothing is pending that was not. */
int pending_quarantined(gk_db *db, const struct batch_rows *rows, struct gk_error *error);
/* Something changed that gk_commit has to write. Acts, and what is settled, can do without the rest. */
void pending_touch(gk_db *db);
void pending_touch_acts(gk_db *db);
int pending_source(gk_db *db, const char *name, uint64_t sequence, struct gk_error *error);
void pending_clear(gk_db *db);
/* Puts everything that is pending but the rows: sources, quarantined rows, catalog entries, what came late. */
int pending_put(gk_db *db, struct txn *txn, struct progress *progress, struct gk_error *error);
/* The highest sequence taken from a source, durable or not; 0: none. */
int source_sequence(gk_db *db, const char *name, uint64_t *out, struct gk_error *error);

#endif
