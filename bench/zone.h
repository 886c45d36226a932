/*
 * zone.h - rows to measure with: a zone made by our own generator, or one read from a file of the comparison set, and
 * its rows in order of arrival or facility by facility.
 *
 * The file (little-endian; the comparison set's, and what zone_write makes):
 *
 *     0   u32  magic 0x31534447                  16  i64  begins at, seconds since 1970
 *     4   u32  enterprises                       24  i64  lasts, seconds
 *     8   u32  facilities                        32  u64  rows of all facilities
 *     12  u32  not used
 *     40  one entry of 32 bytes a facility: i32 id, enterprise, kind (0 production, 1 abatement), park, rated in W;
 *         u32 rows; u64 at which byte its columns begin
 *     ... for each facility five columns of i32, each of all its rows: seconds since the beginning, ia, ib, ic in 0.01
 * A, kw in 0.001 kW. Times ascend.
 *
 * Enterprises have 8 facilities: five of production, then three of abatement. There is a row each 10 s, minus jitter,
 * drops and outages.
 */
#ifndef BENCH_ZONE_H
#define BENCH_ZONE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ZONE_FACILITIES 8 /* of an enterprise */
#define ZONE_PRODUCTION 5 /* the first five of them */
#define ZONE_CHANNELS   4
#define ZONE_COLUMNS    5 /* time, ia, ib, ic, kw */
#define ZONE_STEP_S     10

enum zone_column { ZONE_TIME, ZONE_IA, ZONE_IB, ZONE_IC, ZONE_KW };

extern const char *const ZONE_CHANNEL_NAME[ZONE_CHANNELS];
/* What a stored integer of a column stands for is itself divided by this. */
extern const double ZONE_UNIT[ZONE_COLUMNS];

struct zone_facility {
    uint32_t enterprise, park;
    bool is_abatement;
    int32_t rated_w;
    uint32_t n_rows;
    uint64_t at;                   /* byte in the file */
    int32_t *column[ZONE_COLUMNS]; /* in memory; NULL when the zone is a file */
};

struct zone {
    uint32_t n_enterprises, n_facilities;
    int64_t from_s, length_s;
    uint64_t n_rows;
    struct zone_facility *facilities;
    int file; /* -1 when in memory */
};

/* Makes a zone in memory, the same for the same arguments everywhere. All calls end the program on failure. */
void zone_make(struct zone *zone, uint32_t n_enterprises, int64_t length_s, uint64_t seed);
void zone_write(const struct zone *zone, const char *path);
/* Opens a file; columns are read piece by piece, so that a process that only passes rows on stays small. */
void zone_open(struct zone *zone, const char *path);
void zone_clear(struct zone *zone);
/* Rows [from, from + n) of one column of a facility. */
void zone_read(const struct zone *zone, uint32_t facility, enum zone_column column, uint32_t from, uint32_t n,
               int32_t *out);

/* Rows in columns, as gk_batch wants them. */
struct zone_rows {
    size_t n, capacity;
    int64_t *time; /* ns since 1970 */
    uint32_t *facility;
    double *value[ZONE_CHANNELS];
};

void zone_rows_init(struct zone_rows *rows, size_t capacity);
void zone_rows_clear(struct zone_rows *rows);

enum zone_order { ZONE_ARRIVAL, ZONE_BY_FACILITY };

struct zone_window;

struct zone_cursor {
    const struct zone *zone;
    enum zone_order order;
    uint32_t facility; /* whose turn it is */
    int64_t slot;      /* of ZONE_STEP_S */
    struct zone_window *windows;
};

void zone_cursor_init(struct zone_cursor *cursor, const struct zone *zone, enum zone_order order);
void zone_cursor_clear(struct zone_cursor *cursor);
/* Fills rows up to its capacity; false when nothing was left. */
bool zone_next(struct zone_cursor *cursor, struct zone_rows *rows);

#endif
