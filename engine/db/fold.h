/*
 * fold.h - samples of one signal summed up in row order, in pieces that never reach over an hour (UTC).
 *
 * A piece is what a bucket and an hour have in common. Its sums begin at nothing and take one sample after the other;
 * a bucket adds its pieces in order. So an hour's piece can be stored (hours.h) and gives to the bit what its rows
 * give.
 *
 * Of the time that samples hold, a piece has what lies between its first and its last sample. The time from the last
 * sample of a piece to the first of the next one is not the piece's: whoever puts pieces together knows both.
 */
#ifndef DB_FOLD_H
#define DB_FOLD_H

#include "codec/target.h"
#include "db/db.h"
#include "db/limits.h"

/* The hour that contains a time, and when one begins; the first and the last reach to the ends of time. */
static inline int64_t hour_of(gk_time t)
{
    return floor_div(t, HOUR_NS);
}

static inline gk_time hour_begin(int64_t hour)
{
    return time_of(HOUR_NS, hour);
}

/* A sum that still takes samples. count 0: nothing yet. */
struct fold {
    uint64_t count;
    gk_time first_time, last_time;
    int64_t held_ns; /* between them */
    int64_t hold_ns; /* how long the last sample holds at most */
    double sum, min, max, first, last;
    double area;       /* value x ns between the first and the last sample */
    double off, off_2; /* sums of the distances from the first value, and of their squares */
};

/* A finished piece. */
struct hour {
    int64_t hour; /* since 1970 */
    uint64_t count;
    gk_time first_time, last_time;
    int64_t held_ns, hold_ns;
    double sum, min, max, first, last;
    double integral; /* value x s */
    double spread;   /* sum of the squares of the distances from the mean */
};

/* The first sample, a number. */
void fold_begin(struct fold *fold, gk_time time, double value, int64_t hold_ns);
/* Goes on with rows [i, n) before `border`, which are under the same hold; NaN are passed over. The row it stops at. */
size_t fold_run(struct fold *fold, const gk_time *time, const double *value, size_t i, size_t n, gk_time border,
                int64_t hold_ns);
/* The same of a fold of which count, first, last, their times and held_ns are all that is looked at. */
size_t fold_run_ends(struct fold *fold, const gk_time *time, const double *value, size_t i, size_t n, gk_time border,
                     int64_t hold_ns);
/* The same with the body of one target, for tests. */
size_t fold_run_ends_on(enum target target, struct fold *fold, const gk_time *time, const double *value, size_t i,
                        size_t n, gk_time border, int64_t hold_ns);
/*
 * Finishes it. Sums of decimals lose the noise of adding them: a sum within 2^-44 of a millionth is that millionth.
 */
void fold_end(const struct fold *fold, struct hour *out);
/* The same of a bucket that has the whole hour, and of an hour to be stored: its spread has 20 bits. */
void fold_end_hour(const struct fold *fold, struct hour *out);
/* The sum of squares of a piece. */
double fold_squares(const struct hour *piece);

#endif
