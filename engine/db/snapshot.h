/*
 * snapshot.h - one unchanging view of a store.
 */
#ifndef DB_SNAPSHOT_H
#define DB_SNAPSHOT_H

#include "db/db.h"
#include "db/memo.h"
#include "db/states.h"

struct sight;

/* States of a facility with unsealed rows or new bands, derived once a snapshot. */
struct derived_states {
    uint32_t facility;
    bool is_made, is_derived; /* not derived: the stored steps are good */
    int64_t asked_from;       /* of a view: from where on they were wanted */
    struct derived derived;
};

struct gk_snapshot {
    gk_db *db;
    gk_snapshot
        *parent; /* of a view: the one it was made of, which owns the transaction. Its states are derived anew */
    struct gk_band under; /* limits above every band, if it has_limits */
    bool has_limits;
    const struct known *known; /* of a view: what of the rows is seen; NULL: all */
    struct known own_known;    /* of the view that was asked for it */
    bool has_other_bands;      /* and those of now are not the ones that were known */
    struct mem mem;
    struct txn *txn;
    struct heads *heads;
    struct heads_view view;
    struct catalog *catalog;
    struct progress progress;
    struct gk_store_info info;

    struct derived_states **derived; /* by facility, made when the first one is needed */
    struct steps steps, steps_more;  /* handed out by gk_state_steps */
    struct limits limits;
    struct profile profile;
    struct memo memo;
    struct gk_backfill *backfills; /* handed out by gk_backfills */
    struct gk_chunk *chunks;       /* handed out by gk_facility_chunks */
    size_t chunks_capacity;
    struct damage damage;        /* of the parent, if there is one */
    struct cursor *state_cursor; /* once states were read: the next facility's are mostly on the same page */
    gk_scan *spare_scan;         /* closed, for the next one; NULL: none */
    struct sight *sight;         /* what is seen of all this; NULL: everything. A view has its parent's or its own */
};

/* The catalog that the snapshot shows; its own has everything. */
const struct catalog *snapshot_seen(const gk_snapshot *snapshot);

/* What gk_store_info says of the catalog and of the progress. */
void snapshot_fill_info(gk_snapshot *snapshot);
/* A view of another snapshot: the same moment, as that one sees it. */
int snapshot_view(gk_snapshot *parent, gk_snapshot **out, struct gk_error *error);
struct origin snapshot_origin(gk_snapshot *snapshot);
/* What was met so far by it and by those made of it. */
struct damage *snapshot_damage(gk_snapshot *snapshot);
/* The profile of all rows of a facility, unsealed ones included, into snapshot->profile. */
int snapshot_profile(gk_snapshot *snapshot, uint32_t facility, struct gk_error *error);
/*
 * From it, `first`, `last` and channels alone, and of these at least those that are not marked: rows that came with
 * marked ones are not looked at. *first > *last: there are no rows.
 */
int snapshot_outline(gk_snapshot *snapshot, uint32_t facility, const uint32_t *marks, size_t n_marks, gk_time *first,
                     gk_time *last, struct gk_error *error);
/* Its limits over time, into snapshot->limits. */
int snapshot_limits(gk_snapshot *snapshot, uint32_t facility, struct gk_error *error);
/* After snapshot_limits: from when on what is derived from the facility's rows is not as stored; GK_TIME_MAX: all is.
 */
int snapshot_stale_from(gk_snapshot *snapshot, uint32_t facility, gk_time *out, struct gk_error *error);
/* States of [from, to) ticks, the first step at `from`, into *out (emptied first). */
int snapshot_states(gk_snapshot *snapshot, uint32_t facility, int64_t from, int64_t to, struct steps *out,
                    struct gk_error *error);
/*
 * The same, lent by the memo until memo_trim: the first step is the one in force at `from` and may begin before it, the
 * last one begins before `to`.
 */
int snapshot_steps(gk_snapshot *snapshot, uint32_t facility, int64_t from, int64_t to, const struct gk_step **steps,
                   size_t *n, struct gk_error *error);
int snapshot_check_facility(const gk_snapshot *snapshot, uint32_t facility, struct gk_error *error);
/* gk_scan_open by the store's numbers. */
int scan_open(gk_snapshot *snapshot, uint32_t facility, const uint32_t *channels, size_t n, gk_time from, gk_time to,
              gk_scan **out, struct gk_error *error);
void scan_free(gk_scan *scan); /* NULL is welcome */
/* What a scan reads, for those that know how to read less of it. */
struct rows *scan_rows(gk_scan *scan);
/* Whether a facility has rows in the heads that this snapshot sees. */
bool snapshot_has_unsealed(const gk_snapshot *snapshot, uint32_t facility);

#endif
