/*
 * hour_block.h - the hours of one channel in one day (UTC) as bytes, and the open end of a channel, which is such a
 * block and the hour that still takes samples. Most figures are small integers when the values are decimals:
 *
 *     0  version    1   1
 *     1  hours      3   bit h: hour h of the day has samples
 *     4  unit       1   times are in 10^unit ns: 0, 3, 6, 9
 *     5  values     1   d: min, max, first, last and sum are z / 10^d; 255: their 64 bits
 *     6  integrals  1   the same for the integral
 *     7  columns        count, first, last, silent, hold, sum, min, max, first value, last value, integral, spread
 *
 * A column is of one integer an hour: width u8 (bits), base zigzag varint, then the integers less the base, packed from
 * the lowest bit on. Where it is shorter there are two widths: 128 + wide u8, narrow u8, base zigzag varint, a bit an
 * hour that is 1 for the wide ones, then zigzag integers less the base. In the columns are
 *
 *     first, last      from the beginning of the hour to the first sample, from the last one to the end
 *     silent           the time between first and last sample in which none held
 *     hold             how long the last sample holds at most
 *     min, max, last value
 *                      less the mean, where they are decimals
 *     first value      less the last value of the hour before in the block; of the first hour, less its min
 *     integral         less what the mean of all but the last number gives for the time held, where both are decimals
 *     spread           the upper 32 bits of the double
 */
#ifndef DB_HOUR_BLOCK_H
#define DB_HOUR_BLOCK_H

#include "base/buffer.h"
#include "db/fold.h"

#define BLOCK_HOURS 24

struct hour_block {
    int64_t day; /* since 1970; of all hours */
    size_t n;
    struct hour hours[BLOCK_HOURS]; /* ascending */
};

/* Whether there is time of that day. */
static inline bool hour_block_day_is_known(int64_t day)
{
    return day >= hour_of(GK_TIME_MIN) / BLOCK_HOURS - 1 && day <= hour_of(GK_TIME_MAX) / BLOCK_HOURS;
}

/* At least one hour; appended to *out. */
void hour_block_encode(const struct hour_block *block, struct buffer *out);
/*
 * GK_ECORRUPT, GK_EVERSION. Safe on any bytes. Columns behind the last one that `figures` (GK_FIGURE_...) need are not
 * looked at, and what they would say is NaN.
 */
int hour_block_decode(int64_t day, struct view bytes, uint32_t figures, struct hour_block *out);

/* The open end: version u8, whether hours go on with the rows u8, the fold's figures, then a block if there is one of
 * the same day or before. */
struct hours_open {
    bool is_growing; /* else there are hours up to where rows were dropped, and no further */
    struct fold fold;
    struct hour_block block;
};
void hours_open_encode(const struct hours_open *open, struct buffer *out);
/* The figures are those of the block. */
int hours_open_decode(struct view bytes, uint32_t figures, struct hours_open *out);

/* Text for people, a line an hour. */
int hour_block_dump(int64_t day, struct view bytes, struct buffer *out);
int hours_open_dump(struct view bytes, struct buffer *out);

#endif
