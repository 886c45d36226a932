/*
 * sight.h - what a snapshot shows when it is restricted to some sites. The store numbers facilities, sites and channels
 * from 0 for everybody; whoever sees a part of them gets a catalog of that part, numbered anew from 0, and every number
 * is changed at the door: so what is hidden cannot be named, counted or asked about, by whatever statement.
 *
 *     gk_facility_get, gk_orders, ...      read the catalog of what is seen           snapshot_seen
 *     gk_scan_open, gk_state_steps, ...    take numbers as seen, go on with the store's   sight_enter
 *     gk_backfills, gk_facility_channels   give numbers of the store, as seen         sight_seen, sight_leave
 *     gk_alarm_get, gk_acts_next, ...      pass over what is about others                 sight_shows
 */
#ifndef DB_SIGHT_H
#define DB_SIGHT_H

#include "db/snapshot.h"

/* Numbers of one kind of thing. */
struct sight_numbers {
    uint32_t *seen;  /* n_store: by the store's number, as seen; GK_ID_NONE: hidden */
    uint32_t *store; /* n: by the number as seen */
    size_t n, n_store;
};

struct sight {
    struct mem mem;
    struct catalog *catalog; /* of what is seen */
    struct sight_numbers facilities, channels, sites[4];
    uint8_t *within[4];       /* by the store's number of a site: all of it is seen */
    gk_time first, last;      /* the oldest and newest row of what is seen */
    struct gk_damage *damage; /* handed out by gk_snapshot_damage */
    uint32_t *scratch;        /* numbers that were changed, for the call that is going on */
    size_t damage_capacity, scratch_capacity;
};

void sight_free(struct sight *sight); /* NULL is welcome */
/* The same facilities, sites and channels, with what another catalog says of them. */
int sight_of_catalog(const struct sight *sight, const struct catalog *catalog, struct sight **out);
/* For sight_of_catalog: entries of `from` that are seen. */
int sight_fill_catalog(const struct sight *sight, const struct catalog *from, struct catalog *to);

/*
 * Numbers as seen become the store's: of a facility (NULL: none) and of n channels, whose list is lent until the next
 * call. Nothing happens where all is seen. GK_ENOTFOUND: there is no such facility.
 */
int sight_enter(gk_snapshot *snapshot, uint32_t *facility, const uint32_t **channels, size_t n, struct gk_error *error);
/* The same for a list of facilities. */
int sight_enter_all(gk_snapshot *snapshot, const uint32_t **facilities, size_t n, struct gk_error *error);
/* The store's numbers of n channels, in ascending order, as seen; the list is lent until the next call. */
int sight_leave(gk_snapshot *snapshot, const uint32_t **channels, size_t n, struct gk_error *error);
/* The store's number of a channel as seen, GK_ID_NONE among them. */
uint32_t sight_channel(const gk_snapshot *snapshot, uint32_t channel);
/* The store's number of a facility, as seen; GK_ID_NONE: it is hidden. */
uint32_t sight_seen(const gk_snapshot *snapshot, uint32_t facility);
/* Whether a facility, by the store's number, is there and in one of some sites. */
bool sight_may_write(const gk_db *db, uint32_t facility, const struct gk_site_name *sites, size_t n);
/* Whether an alarm is about what is seen. */
bool sight_shows(const gk_snapshot *snapshot, const struct gk_alarm *alarm);

#endif
