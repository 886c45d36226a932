/*
 * signal.h - one number out of the channels of each row, as a step function: what comparing with a limit
 * (signal_timeline.c), staying the same (signal_frozen.c) and summing up in buckets (signal_summaries.c) have in
 * common.
 *
 * A sample holds until the next one, at most as long as the facility's bands say.
 */
#ifndef DB_SIGNAL_H
#define DB_SIGNAL_H

#include "codec/chunk.h"
#include "db/snapshot.h"

/*
 * The numbers of rows [0, n), at most GK_APPLY_ROWS; NaN where a row is no sample, or the signal's function gives none.
 * is_sample tells them apart, a byte a row: in how many channels it has a value.
 */
void signal_numbers(const struct gk_signal *signal, const double *const *value, size_t n, double *number,
                    uint8_t *is_sample);
/* Whether any of them is missing. */
bool signal_has_nan(const double *value, size_t n);
/* Rows [from, from + n) of a batch. */
void signal_numbers_at(const struct gk_signal *signal, const double *const *value, size_t from, size_t n,
                       double *number, uint8_t *is_sample);
/* Between which numbers the signal is when its channels are within bounds, NaN: there is none; false: it cannot be
 * told. */
bool signal_bounds(const struct gk_signal *signal, const struct chunk_bounds *channels, double *low, double *high);
/* Of one channel as it is: then mini blocks and hours say what they know of it. */
static inline bool signal_is_plain(const struct gk_signal *signal)
{
    return signal->n_channels == 1 && !signal->apply;
}
int signal_check(const struct gk_signal *signal, struct gk_error *error);
/* Where reading must begin so that every sample that holds at `from` is seen. */
gk_time signal_look_back(const struct limits *limits, int64_t tick_ns, gk_time from);
/* How many ns behind another a row surely comes while that one holds; below 0: never. */
int64_t signal_quiet(const struct limits *limits, int64_t tick_ns);
/* A scan that begins where every sample that holds at `from` is seen; the snapshot's limits are the facility's. */
int signal_open(gk_snapshot *s, uint32_t facility, const struct gk_signal *signal, gk_time from, gk_time to,
                gk_scan **scan, struct gk_error *error);
/* Nothing is known where rows are missing. */
int signal_blank(gk_snapshot *s, uint32_t facility, int64_t from, gk_timeline *out);
/* Until when something lasts, or for ever. */
static inline int64_t signal_until(int64_t from, int64_t length)
{
    int64_t sum;
    return __builtin_add_overflow(from, length, &sum) ? INT64_MAX : sum;
}

#endif
