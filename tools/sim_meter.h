/*
 * sim_meter.h - what a meter reads: the ideal curve with working cycles and noise, as three currents and a power,
 * quantised.
 */
#ifndef SIM_METER_H
#define SIM_METER_H

#include <stddef.h>
#include <stdint.h>

#include "sim_zone.h"

struct sim_reading {
    int64_t amps[3]; /* 0.01 A */
    int64_t kw;      /* 0.001 kW */
};

/* Keeps its place in the curve; times must go forward. */
struct sim_reader {
    const struct sim_facility *facility;
    uint64_t seed; /* of this facility's noise */
    size_t cursor;
};

struct sim_reader sim_reader_of(const struct sim_zone *zone, uint32_t facility);
void sim_read(struct sim_reader *reader, int64_t time_ms, struct sim_reading *out);

#endif
