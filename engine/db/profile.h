/*
 * profile.h - what the rows of a facility say about it, kept at its sealed end: how many, from when to when, its
 * channels, how far apart its rows usually are, and the state machine as it stood after the last sealed row.
 *
 * The usual interval is the class of the median gap between neighbouring rows. The gaps are kept as counts by class, so
 * they follow exactly from the set of rows, whatever the order they came in. Classes are the intervals meters are set
 * to; a gap belongs to the first class whose interval is at least 4/5 of it.
 */
#ifndef DB_PROFILE_H
#define DB_PROFILE_H

#include "db/db.h"
#include "state/derive.h"

#define PROFILE_CLASSES 13

/* What is left of rows that were dropped. */
struct cut {
    gk_time time;                   /* on a full hour; GK_TIME_MIN: none were dropped */
    uint64_t gaps[PROFILE_CLASSES]; /* of those counted, the ones before the oldest row there is */
    struct derive derive;           /* the machine after the last of them, limits as in the profile's */
};

struct profile {
    uint64_t n_rows;
    gk_time first, last;
    uint64_t gaps[PROFILE_CLASSES];
    gk_time stale_from;   /* states are derived anew from here; GK_TIME_MAX: they are good */
    struct derive derive; /* after the last sealed row; its limits are not stored, limits_restore sets them */
    uint32_t *channels;   /* ascending, owned */
    size_t n_channels, channels_capacity;
    struct cut cut;
    const struct mem *mem;
};

void profile_init(struct profile *profile, const struct mem *mem);
void profile_clear(struct profile *profile);
int profile_copy(struct profile *out, const struct profile *profile);
/* An empty one when the facility has none stored. */
int profile_load(struct txn *txn, uint32_t facility, struct profile *out, struct gk_error *error);
int profile_store(struct txn *txn, uint32_t facility, const struct profile *profile, struct gk_error *error);
int profile_decode(struct view bytes, struct profile *out, struct gk_error *error);
int profile_dump(struct view bytes, struct buffer *out);
int profile_add_channel(struct profile *profile, uint32_t channel);

/* Adds (+1) or takes back (-1) the gaps between neighbours of n ascending times. */
void profile_count_gaps(struct profile *profile, const gk_time *time, size_t n, int sign);
void profile_count_gap(struct profile *profile, gk_time from, gk_time to, int sign);
/* The class of one gap, and the hold that counts by class give. */
int profile_gap_class(gk_time from, gk_time to);
int64_t profile_gaps_hold(const uint64_t gaps[PROFILE_CLASSES]);
/* The usual interval. */
int64_t profile_usual(const struct profile *profile);
/* 3 x the usual interval, at least 60 s. */
int64_t profile_hold(const struct profile *profile);

#endif
