/*
 * heal.h - damaged records are moved aside, so that the writer can go on without them.
 *
 * Nothing is deleted: what was found goes to the table `damaged`. A facility that lost chunks is counted again; its
 * states and hours stay, as they were derived when the rows were there. One that lost its profile, states or hours has
 * them derived again from its rows by the next sealing. The presence index follows from the states.
 */
#ifndef DB_HEAL_H
#define DB_HEAL_H

#include "db/db.h"

/* A line of text for each thing that was done; NULL: nobody asks. */
struct heal_log {
    gk_sink_fn sink;
    void *context;
    uint64_t n;
};
int heal_say(struct heal_log *log, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Moves all damaged records aside in one transaction; *n counts them. Catalog and meta table are not touched. */
int heal_records(gk_db *db, struct heal_log *log, uint64_t *n, struct gk_error *error);
/* The states of these facilities (all: NULL), their hours and the whole presence index are derived again by the next
 * sealing. */
int heal_derived(gk_db *db, const bool *facilities, struct gk_error *error);

/* The store's count of rows and of stale facilities from the profiles; when nothing waits in the journal. */
int heal_counts(gk_db *db, struct gk_error *error);

#endif
