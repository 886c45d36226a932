/*
 * seal.h - moving rows from the journal into chunks, states and the presence index.
 */
#ifndef DB_SEAL_H
#define DB_SEAL_H

#include "db/db.h"
#include "db/states.h"

/* Seals all committed rows and derives what is stale. Nothing may be pending. */
int seal_all(gk_db *db, struct gk_error *error);

/*
 * Makes everything durable that was taken, rows and what else is pending, by sealing it in one transaction, without the
 * journal. For few enough facilities and no sealing in progress. On an error nothing changed.
 */
int seal_directly(gk_db *db, struct gk_error *error);

/*
 * What a facility's rows in the heads mean: the profile as it will be, whether they only append, from when on states
 * change (GK_TIME_MAX: not at all). Shared by sealing and by reading what is not sealed yet.
 */
struct outlook {
    gk_time change;
    bool is_append;
    int64_t hold_ns; /* from the usual interval */
};
/* `incoming` are the facility's rows in the heads, in order of time. The profile is as stored; usual_hold as of all
 * rows. */
struct outlook outlook_of(const struct profile *profile, const struct columns *incoming, int64_t hold_before,
                          int64_t hold_after, bool uses_usual_hold);

#endif
