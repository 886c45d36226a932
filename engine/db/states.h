/*
 * states.h - the states of a facility: stored steps, and steps derived anew from where something changed.
 */
#ifndef DB_STATES_H
#define DB_STATES_H

#include "db/limits.h"
#include "db/profile.h"
#include "db/rows.h"

/*
 * Stored steps of [from, to) ticks, to the end of *out (emptied first): the first is at `from` with the state carried
 * in (no data when there is none). GK_TICK_MIN as `from` gives a first step at GK_TICK_MIN.
 */
int states_read(struct txn *txn, uint32_t facility, int64_t from, int64_t to, struct steps *out,
                struct gk_error *error);
/* The same by a cursor in the table of states, wherever it stands. */
int states_read_with(struct cursor *cursor, uint32_t facility, int64_t from, int64_t to, struct steps *out,
                     struct gk_error *error);
/* Replaces all stored steps at and after `from` by these, which begin at or after it. */
int states_write(const struct mem *mem, struct txn *txn, uint32_t facility, int64_t from, const struct steps *steps,
                 struct gk_error *error);

/* What new rows mean for the states: all steps at and after `from`, and the machine after the last row. */
struct derived {
    int64_t from;
    struct steps steps;
    struct derive machine;
};

/*
 * Derives the states of a facility from the tick of `change` on (the first row that is new, or the date of a new band),
 * up to its last row. The origin shows all rows, the stored steps are those from before the change. When all that
 * changed is that rows came after the last one that `profile` knows, `appended` are those, and nothing else is read;
 * else NULL. What comes of rows that were dropped stays as it is: *out begins no earlier than where they end.
 */
int states_derive(const struct origin *origin, uint32_t facility, int64_t tick_ns, const struct limits *limits,
                  const struct profile *profile, gk_time change, const struct columns *appended, struct derived *out,
                  struct gk_error *error);
/*
 * Derives them from all rows, whatever is stored: the steps at and after `from`, or from where rows were dropped.
 * Limits with hysteresis or dwell have to be followed from the first row on; *out then begins there.
 */
int states_derive_anew(const struct origin *origin, uint32_t facility, int64_t tick_ns, const struct limits *limits,
                       const struct profile *profile, int64_t from, struct derived *out, struct gk_error *error);
/* The machine after the last row before a time, which is before the profile's last row. */
int states_machine_at(const struct origin *origin, uint32_t facility, int64_t tick_ns, const struct limits *limits,
                      const struct profile *profile, gk_time time, struct derive *out, struct gk_error *error);

#endif
