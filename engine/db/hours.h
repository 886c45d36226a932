/*
 * hours.h - the hours of a facility's channels: what each hour (UTC) with samples sums up to (fold.h), derived from the
 * rows like the states and kept with them. Kept for the channels by which the facility's state is told; for all of them
 * where retention dropped the rows.
 *
 * Table `hour`, key day i32 (highest bit turned), channel u16, facility u32: a day of hours (hour_block.h). Days come
 * first in the key, so new records go to the end of the table and its pages are full. The open end of a channel (day
 * HOURS_OPEN, before all others) has the hours since its last record and the hour of the newest sample, which goes on
 * with the next one.
 */
#ifndef DB_HOURS_H
#define DB_HOURS_H

#include "db/hour_block.h"
#include "db/profile.h"
#include "db/rows.h"

#define HOURS_KEY          10
#define HOURS_OPEN         INT32_MIN
#define HOURS_CHANNELS_MAX 16

/* The channels that some span of the limits goes by, each once. */
size_t hours_channels(const struct limits *limits, uint32_t out[HOURS_CHANNELS_MAX]);

/*
 * Brings the hours of a facility after its rows: with `appended` when all that changed is that these came behind the
 * others, else (NULL) anew from the hour of `change` on from the rows of the origin. The profile is of all rows.
 */
int hours_seal(const struct origin *origin, uint32_t facility, int64_t tick_ns, const struct limits *limits,
               const struct profile *profile, gk_time change, const struct columns *appended, struct gk_error *error);
/* Before rows are dropped: the hours of all channels up to `cut`, a full hour, from where the profile's cut was. */
int hours_freeze(const struct origin *origin, uint32_t facility, int64_t tick_ns, const struct limits *limits,
                 const struct profile *profile, gk_time cut, struct gk_error *error);

/* Reading hours [from, to) of one channel, ascending, some at a time. */
struct hours {
    struct txn *txn;
    uint32_t facility, channel;
    int64_t from, to;         /* hours */
    uint32_t figures;         /* of them, GK_FIGURE_... */
    int64_t day, end;         /* days with records of their own, still to come */
    bool has_block, has_fold; /* of the open end, still to come */
    struct cursor *cursor;
    struct hours_open open;
    struct hour_block block;
};
/* GK_ENOTFOUND (leaving *error alone): the channel's hours are not kept. */
int hours_open(struct hours *hours, struct txn *txn, uint32_t facility, uint32_t channel, int64_t from, int64_t to,
               uint32_t figures, struct gk_error *error);
/* GK_OK: hours[0..n), n > 0, that live until the next call; GK_DONE. */
int hours_next(struct hours *hours, const struct hour **out, size_t *n, struct gk_error *error);
void hours_close(struct hours *hours);

int hours_check_record(struct view key, struct view value, uint32_t n_facilities, struct gk_error *error);
int hours_dump_record(struct view key, struct view value, struct buffer *out);
static inline int64_t hours_key_day(struct view key)
{
    return (int32_t)(unkey_u32(key.bytes) ^ UINT32_C(0x80000000));
}
static inline uint32_t hours_key_facility(struct view key)
{
    return unkey_u32(key.bytes + 6);
}
static inline uint32_t hours_key_channel(struct view key)
{
    return (uint32_t)(key.bytes[4] << 8 | key.bytes[5]);
}
/* Deep check: the hours that the rows give against the stored ones. */
int hours_compare(const struct origin *origin, uint32_t facility, int64_t tick_ns, const struct limits *limits,
                  const struct profile *profile, bool *is_equal, struct gk_error *error);

#endif
