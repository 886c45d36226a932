/*
 * sim_devices.h - the made-up zone's devices: each with a connection to a server that speaks HJ 212, they send what its
 * meters read, wait for the replies, and send again what was not answered.
 */
#ifndef SIM_DEVICES_H
#define SIM_DEVICES_H

#include "progress.h"
#include "sim_packet.h"

#define SIM_AHEAD_MAX 1000

struct sim_devices_config {
    const char *address;
    uint64_t n_ahead;    /* packets that a device sends before it waits for replies */
    unsigned faults;     /* 1 << enum sim_fault */
    double speed;        /* so many times as fast as the zone's clock; 0: as fast as it is answered */
    int64_t patience_ns; /* then a packet is sent again */
};

struct sim_devices_counts {
    uint64_t made, acknowledged, sent_again, connections, forgotten, requests, answers, faults[SIM_FAULTS];
};

/* Sends all of the zone's rows. Returns EXIT_ROWS when each packet was acknowledged; else says why not. */
int sim_devices_run(const struct command *command, const struct sim_zone *zone, const struct sim_devices_config *config,
                    struct sim_devices_counts *counts);

#endif
