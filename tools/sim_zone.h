/*
 * sim_zone.h - a made-up industrial zone: who is there, when it worked, what went wrong, all of it from one seed.
 *
 * The limits below are the bands that go with the zone (bands.csv). The truth is computed from the ideal curves, not
 * from what was meant to go wrong, and everything that is not a violation stays clearly away from being one:
 *   - a violation lasts at least SIM_VIOLATION_MIN_MS, everything else that looks like one at most SIM_HARMLESS_MAX_MS;
 *   - no meter is blind near a violation, and none loses a row near the edge of one, so each edge can be found to
 * within one sampling interval.
 */
#ifndef SIM_ZONE_H
#define SIM_ZONE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sim_curve.h"
#include "sim_span.h"

#define SIM_MINUTE INT64_C(60000)
#define SIM_HOUR   (60 * SIM_MINUTE)
#define SIM_DAY    (24 * SIM_HOUR)

#define SIM_PRODUCTION_OFF 0.05 /* production is off below, on from ... of rated */
#define SIM_PRODUCTION_ON  0.25
#define SIM_ABATEMENT_OFF  0.10
#define SIM_ABATEMENT_ON   0.20
#define SIM_ABATEMENT_LOW  0.40 /* an abatement facility that works below this share does not do its work */
#define SIM_ORDER_GRACE_MS (30 * SIM_MINUTE) /* an order binds that long after it begins */

#define SIM_VIOLATION_MIN_MS (12 * SIM_MINUTE)
#define SIM_HARMLESS_MAX_MS  (5 * SIM_MINUTE)

#define SIM_NAME_MAX   96
#define SIM_SERVES_MAX 16
#define SIM_ZONE_S     28800 /* the zone keeps +08:00 */

struct sim_config {
    uint64_t n_parks, n_enterprises; /* enterprises of each park */
    uint64_t n_days;
    uint64_t n_devices; /* gateways that send the rows (sim_packet.h); 0: nobody does */
    int64_t interval_ms;
    uint64_t seed;
    double
        violation_rate; /* of the runs an abatement facility is needed for, the share in which something goes wrong */
    int64_t start_ms;   /* 00:00 of the first day */
    bool is_clean;      /* nothing lost, late, repeated or blind */
    bool is_chinese;    /* names of people here */
};

struct sim_meter {
    int64_t step_a, step_kw; /* what one digit is worth: 0.01 A, 0.001 kW, more behind a transformer */
    bool has_kw;             /* others give only the currents */
    bool has_jitter;
    int64_t phase_ms; /* within the interval */
    double phase[3];  /* imbalance of the three phases, mean 1 */
    double noise, power_factor, standby;
    int64_t cycle_ms; /* 0: no working cycle */
    double cycle_low;
};

struct sim_facility {
    char name[SIM_NAME_MAX];
    uint32_t enterprise, line;
    bool is_abatement;
    double rated_kw, rated_a;
    uint32_t serves[SIM_SERVES_MAX]; /* of an abatement facility: the production it serves */
    size_t n_serves;
    struct curve curve;
    struct spans on;    /* where the ideal curve is on by the bands */
    struct spans kept;  /* near violations: no blind meter */
    struct spans sharp; /* near the edges of violations: every row arrives, on time of its clock */
    struct spans blind; /* rows of these times were never made */
    struct sim_meter meter;
};

struct sim_line {
    char name[SIM_NAME_MAX];
    uint32_t enterprise;
    int shift;      /* 0: by day, 1: two shifts, 2: around the clock */
    int stop_level; /* must stop under orders of this level (1 yellow, 2 orange, 3 red) and above; 0: never */
    struct spans runs;
};

struct sim_enterprise {
    char name[SIM_NAME_MAX];
    uint32_t park;
    char group; /* 'A'.. of the orders */
    uint32_t first_line, n_lines, first_facility, n_facilities;
    struct spans outages; /* of its gateway: rows come later, in a burst */
};

struct sim_order {
    char group;
    int level;
    int64_t from, to;
};

struct sim_exemption {
    uint32_t line;
    int64_t from, to;
};

struct sim_truth {
    const char *kind;
    uint32_t facility;
    int64_t from, to;
};

struct sim_zone {
    struct sim_config config;
    int64_t from, to; /* of the data */
    struct sim_enterprise *enterprises;
    struct sim_line *lines;
    struct sim_facility *facilities;
    struct sim_order *orders;
    struct sim_exemption *exemptions;
    struct sim_truth *truths; /* by time */
    size_t n_enterprises, n_lines, n_facilities, n_orders, n_exemptions, n_truths;
};

/* All of the zone but its rows. */
struct sim_zone *sim_zone_new(const struct sim_config *config);
void sim_zone_free(struct sim_zone *zone);

/* The parts of it, in the order in which they are made: who is there ... */
void sim_topology(struct sim_zone *zone);
/* ... when it worked and what went wrong (curves, truths, kept and sharp times) ... */
void sim_plan(struct sim_zone *zone);
/* ... and what the meters and gateways missed. */
void sim_gaps(struct sim_zone *zone);

const char *sim_level_name(int level); /* yellow, orange, red */
void sim_park_name(const struct sim_zone *zone, uint32_t park, char name[SIM_NAME_MAX]);

#endif
