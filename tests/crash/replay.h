/*
 * replay.h - every state in which a power cut could have left the files of a recorded program.
 *
 * A trace (iolayer.h) is gone through record by record. After each one stands a set of writes, sizes and names that no
 * sync has forced yet, and these states are made of it:
 *
 *     all       everything so far reached the disk: what kill -9 leaves
 *     strict    only what was forced, names too: a folder's by a sync of the folder
 *     cut       in order up to a write, the last one torn at a sector
 *     subset    every subset of the unforced writes, when they are few: disks reorder
 *     random    every sector of every unforced write by chance, names up to one by chance
 *
 * Each is written to a folder and given to a check, once: states with the same bytes, names and acknowledgement are
 * one. What a failed sync lost (IO_SYNC_LOST) never reaches the disk, or did by chance.
 */
#ifndef TESTS_REPLAY_H
#define TESTS_REPLAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define REPLAY_WORDS 1024

enum replay_mode { REPLAY_ALL, REPLAY_STRICT, REPLAY_CUT, REPLAY_SUBSET, REPLAY_RANDOM, REPLAY_MODES };

/* True: the state is as it should be. `hash` is of the state, for choices that do not repeat themselves. */
typedef bool (*replay_check_fn)(void *context, const char *folder, uint64_t acknowledged, uint64_t hash, char *words,
                                size_t size);

struct replay_options {
    const char *trace;  /* a file */
    const char *folder; /* where states are made; its content is replaced */
    uint64_t seed;
    unsigned n_random;    /* random states a record */
    unsigned subset_bits; /* so many unforced writes are "few" */
    uint64_t one_in;      /* of the distinct states only one in so many is checked; 0 is 1 */
    uint64_t states_max;  /* ends when so many were checked; 0: never */
    uint64_t near;        /* only states of so many records after a call that was made to fail; 0: all */
    replay_check_fn check;
    void *context;
    bool (*progress)(void *context, uint64_t n_checked); /* false ends it; NULL: nobody asks */
};

struct replay_result {
    uint64_t n_records, n_states, n_distinct, n_checked;
    uint64_t by_mode[REPLAY_MODES]; /* of the checked ones */
    char words[REPLAY_WORDS];       /* of the first state that is not as it should be; it stays in the folder */
};

/* False at the first state that fails, or when the trace cannot be followed. */
bool replay(const struct replay_options *options, struct replay_result *result);

#endif
