/*
 * derive.h - from rows to states. A pure machine: fed the rows of one facility in order of time with the limits in
 * force, it gives the steps at which the state changes.
 *
 *   raw class    of a row: off, idle, on or overload by the limits; a limit that the state in force has reached is left
 *                only `hysteresis` below it. The value is the primary channel's if the row has it as a number, else
 *                the mean of the fallback channels' numbers (against the fallback limits), else the row says nothing
 *                and is passed over.
 *   same tick    of several rows in one tick the last counts.
 *   hold         a class holds until the next row's tick, at most hold ticks; after that no data.
 *   dwell        a change to a higher class must last dwell_on ticks, to a lower one dwell_off, before it counts, and
 *                then counts from its start. A change of the raw class on the way starts the wait anew. The first state
 *                after no data counts at once; silence ends a wait that did not last long enough.
 */
#ifndef STATE_DERIVE_H
#define STATE_DERIVE_H

#include "base/buffer.h"
#include "base/error.h"

/* Growing steps that own their memory. */
struct steps {
    const struct mem *mem;
    struct gk_step *at;
    size_t n, capacity;
};
void steps_init(struct steps *steps, const struct mem *mem);
void steps_clear(struct steps *steps);
/* Drops it when the value is the same as the last one's; replaces the last one when the tick is the same. */
int steps_put(struct steps *steps, int64_t tick, uint32_t value);

#define DERIVE_FALLBACK_MAX 3

struct derive_limits {
    /* Lower borders of idle, on, overload, and the hysteresis. Any NaN: can't be said, the row says nothing. */
    double primary[3], primary_hysteresis;
    double fallback[3], fallback_hysteresis;
    int64_t hold, dwell_on, dwell_off; /* ticks; hold >= 1 */
};

/* Columns of one facility's rows. NULL columns are all missing. */
struct derive_rows {
    size_t n;
    const gk_time *time; /* ascending */
    const double *primary;
    const double *fallback[DERIVE_FALLBACK_MAX];
};

/* The machine between two rows. {0} is "nothing seen yet": no data for ever. */
struct derive {
    bool has_row;                /* a row was seen that is not applied yet, as the next one may be of the same tick */
    int64_t tick;                /* of that row */
    double value;                /* of that row */
    bool is_fallback;            /* which limits it is held against */
    struct derive_limits limits; /* in force for that row */
    uint32_t state;              /* before that row */
    uint32_t waiting;            /* the class that waits for its dwell, or GK_NODATA for none */
    int64_t since;               /* since when */
};

/*
 * Feeds rows, which must not be older than those before, with the limits in force for all of them. Steps that can no
 * longer change go to *out in ascending order (they may go back to `since`). Call derive_end for the rest.
 */
int derive_feed(struct derive *derive, int64_t tick_ns, const struct derive_limits *limits,
                const struct derive_rows *rows, struct steps *out);
/* What comes if no row follows: applies the last row, ends its hold with no data. *derive stays and can go on. */
int derive_end(const struct derive *derive, struct steps *out);
/* Steps at or after this tick may still change by rows that follow in order; INT64_MIN when nothing was seen. */
int64_t derive_stable(const struct derive *derive);
/* The class of a value for a facility that is in `state`. */
uint32_t derive_class(const struct derive_limits *limits, bool is_fallback, double value, uint32_t state);

/*
 * Derivation in the middle: begin at a stand before the first change, feed rows until the machine meets the old steps
 * behind the last change, and replace only what lies between.
 *
 * Row `i` (informative, the last such row of its tick, before change_tick, the tick of the first change) is a *stand*
 * when the old state at its tick is its class, so that it ends any other wait, and when the change to that state was no
 * longer waiting there: the state follows no data, or its run has lasted the dwell at the end of the row's tick. What
 * is known of the run from `old` is its beginning there: old steps that begin later than the run only refuse more.
 * `limits` are those of the row, and must have been in force for it when `old` was made.
 */
bool derive_is_stand(const struct steps *old, int64_t row_tick, double value, bool is_fallback,
                     const struct derive_limits *limits, int64_t change_tick);
/*
 * The machine right after such a row was seen; `state` is the old state at its tick. All its steps are after that. It
 * takes the state for the one before that tick, too, which it need not have been: what comes out of it is right once a
 * row of a later tick was fed, and only then may it be kept to go on from.
 */
struct derive derive_stand(int64_t row_tick, double value, bool is_fallback, const struct derive_limits *limits,
                           uint32_t state);
/*
 * Whether the machine, fed up to the last row of a tick behind all changes, goes on like the old derivation: then the
 * old steps after derive->tick stay, and all between the stand's tick and this one (inclusive) are replaced by the new.
 */
bool derive_meets(const struct derive *derive, const struct steps *old);
/* The value of row i as the machine takes it; false when the row says nothing. */
bool derive_value(const struct derive_rows *rows, size_t i, double *value, bool *is_fallback);

/* The double nearest to the exact product of a share and a rated value: 10 % of 12.34 is what 1.234 reads as. */
double derive_share_of(struct gk_decimal share, double rated);
double derive_decimal(struct gk_decimal value);

#endif
