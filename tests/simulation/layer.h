/*
 * layer.h - a simulated disk below a store's file, in this process: LMDB's calls end here and not in libc.
 *
 * The file itself is written as ever, since LMDB reads it through a map; beside it the layer keeps what the disk has:
 * what was synced. A sync costs nothing. Calls can be made to fail, and the power to go at any of them: then nothing
 * works any more until layer_restart, which leaves of everything that was not synced a random part, in sectors.
 */
#ifndef TESTS_SIMULATION_LAYER_H
#define TESTS_SIMULATION_LAYER_H

#include <stdbool.h>
#include <stdint.h>

#include "support/support.h"

enum layer_fault {
    LAYER_NO_FAULT,
    LAYER_POWER_CUT, /* the call does some of its work at most, and all that follow fail */
    LAYER_EIO,       /* the call does nothing; of a sync: what it should have written is lost, and the next one does not
                        know */
    LAYER_ENOSPC,    /* the same for a write; a sync goes well */
    LAYER_LATE       /* a write reaches the file, but never the disk, and fails; the calls after it are LAYER_EIO */
};

/* Simulates the disk of the file `path`, which need not be there yet. Its content now is what the disk has. */
void layer_begin(const char *path);
void layer_end(void);
/* The n-th call that changes something (from 0) and the `times` - 1 behind it meet this fault. */
void layer_arm(enum layer_fault fault, uint64_t n, uint64_t times);
/* What was armed. How many calls met it since. */
enum layer_fault layer_armed(void);
uint64_t layer_n_met(void);
/* The power is gone, and nothing has the file open: it is as the disk has it after the power came back. */
void layer_restart(struct random *random);
uint64_t layer_n_calls(void);

#endif
