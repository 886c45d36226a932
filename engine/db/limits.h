/*
 * limits.h - which limits hold for a facility when: the bands that cover it, narrowest scope first (facility, role,
 * line, enterprise, park, zone), each absent field taken from the next wider one, then from the defaults.
 *
 * A band's date counts from the first tick that begins at or after it.
 */
#ifndef DB_LIMITS_H
#define DB_LIMITS_H

#include "db/catalog.h"
#include "state/derive.h"

struct limits_span {
    int64_t from; /* tick; the first is GK_TICK_MIN */
    struct derive_limits limits;
    uint32_t primary;  /* channel, GK_ID_NONE when the store has no such channel yet */
    bool has_fallback; /* the phase currents stand in where a row has no kw */
};

struct limits {
    const struct mem *mem;
    struct limits_span *spans;
    size_t n, capacity;
    uint32_t fallback[DERIVE_FALLBACK_MAX]; /* channels of the phase currents */
    bool uses_usual_hold;                   /* somewhere the hold follows from the usual interval */
};

void limits_init(struct limits *limits, const struct mem *mem);
void limits_clear(struct limits *limits);
int limits_copy(struct limits *out, const struct limits *limits);
int limits_of(const struct catalog *catalog, uint32_t facility, int64_t tick_ns, int64_t usual_hold_ns,
              struct limits *out);
/* The same with a band above all others, for ever; between it and those in force the bands of its set. */
int limits_under(const struct catalog *catalog, uint32_t facility, int64_t tick_ns, int64_t usual_hold_ns,
                 const struct gk_band *above, struct limits *out);
/* Whether a state follows from the row that holds alone: no hysteresis, no dwell. */
bool limits_are_plain(const struct limits *limits);
const struct limits_span *limits_at(const struct limits *limits, int64_t tick);

#endif
