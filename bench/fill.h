/*
 * fill.h - stores made from zones through the public interface: the catalog, then rows in batches or as CSV.
 */
#ifndef BENCH_FILL_H
#define BENCH_FILL_H

#include "gk.h"
#include "zone.h"

#define FILL_BATCH          8000 /* rows: ten seconds of a thousand facilities */
#define FILL_NAME_MAX       24
#define FILL_COMMIT_BY_HAND 1 /* no group commit: the library commits when its heads are full, and when asked to */
#define FILL_KEEP_HEADS     2
#define FILL_LIVE           4 /* the clock is that of the newest row of fill_batch: rows come with their time */

/* What it took. */
struct fill_figures {
    uint64_t n_rows;
    double call_s;    /* inside of the library's calls: rows, commits, sealing */
    double wall_s;    /* and with the making of batches or text */
    double seal_s;    /* of call_s, the last gk_seal */
    double anon_peak; /* bytes of RssAnon, looked at now and then */
};

/* "E007", "F00056", "P1": the names of what has the number i. Returns the length. */
size_t fill_enterprise(uint32_t i, char out[FILL_NAME_MAX]);
size_t fill_facility(uint32_t i, char out[FILL_NAME_MAX]);
size_t fill_park(uint32_t i, char out[FILL_NAME_MAX]);

/* Opens or makes a store whose days are days in UTC; flags are FILL_... . Ends the program on failure, as all here do.
 */
gk_db *fill_open(const char *path, int flags);
gk_db *fill_open_readonly(const char *path);
void fill_close(gk_db *db);
/* Facilities with roles, parks, enterprises and rated power; one band: off < 10 %, on >= 20 %, hold 60 s; channels. */
void fill_catalog(gk_db *db, const struct zone *zone, uint32_t channels[ZONE_CHANNELS]);
void fill_check(int status, const struct gk_error *error, const char *what);

/* All rows of a zone, and seals. Without a db the rows are only made: what has to be subtracted from a count. */
void fill_rows(gk_db *db, const struct zone *zone, const uint32_t channels[ZONE_CHANNELS], enum zone_order order,
               struct fill_figures *figures);
/* The same as CSV text in pieces of 1 MB through gk_load_*. */
void fill_csv(gk_db *db, const struct zone *zone, struct fill_figures *figures);
/* Takes one batch; rows may be late, but are new. */
void fill_batch(gk_db *db, const struct zone_rows *rows, const uint32_t channels[ZONE_CHANNELS]);
/* The time of the newest row that was filled into the store opened last: what FILL_LIVE makes the clock. */
gk_time fill_newest(void);

#endif
