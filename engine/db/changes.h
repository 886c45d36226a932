/*
 * changes.h - which facilities changed since somebody last looked, for whoever follows the store as it grows.
 *
 * Of every facility the newest row is remembered, the state it is in, and until when that state holds if no row
 * follows. A row that comes in order, before that, and is of the same class only lets the state go on: it costs a
 * comparison and is no change of states. Everything else is told with the time from which on the states may be others.
 */
#ifndef DB_CHANGES_H
#define DB_CHANGES_H

#include "db/db.h"

struct changes;

void changes_free(struct changes *changes); /* NULL is welcome */
/* A row of the batch was taken. */
void changes_row(gk_db *db, const struct gk_batch *batch, size_t row);
/* Rows of a facility that were told of are not there after all. */
void changes_forget(gk_db *db, uint32_t facility);
/* An entry of the catalog is new or another one. Returns from which time on that matters; tells nobody when nobody
 * asked. */
gk_time changes_entry(gk_db *db, enum entry_kind kind, uint32_t id);

#endif
