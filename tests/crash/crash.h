/*
 * crash.h - crash [--seed N] kills|cuts|states|faults|fault|lies N: what a store must survive, as often as is wanted.
 *
 *     kills     kill -9 at random moments of a life
 *     states    a life is recorded, and every state a power cut could have left is made and inspected
 *     cuts      a real ext4 or xfs on a loop device is shut down at random moments; needs root
 *     faults    a life in which one call after the other fails
 *     fault     kind:n[:k] instead of N: that one, with all power cuts after it
 *     lies      a disk whose syncs do nothing must be noticed within so many states
 *
 * The first thing that is wrong ends it: it is told with the seed, and the store stays where it is.
 */
#ifndef TESTS_CRASH_H
#define TESTS_CRASH_H

#include <stdio.h>
#include <sys/types.h>

#include "crash/inspect.h"
#include "crash/iolayer.h"
#include "crash/live.h"
#include "crash/replay.h"
#include "support/support.h"

#define CRASH_PATH 4096

struct crash {
    uint64_t seed;
    char self[CRASH_PATH], layer[CRASH_PATH]; /* this program, and iolayer.so beside it */
    char folder[CRASH_PATH];                  /* of its own; removed unless something is wrong */
    double begin;
};

/* Each says how it went in a line and tells whether all was right. */
bool crash_kills(struct crash *crash, uint64_t n);
bool crash_states(struct crash *crash, uint64_t n);
bool crash_cuts(struct crash *crash, uint64_t n);
bool crash_faults(struct crash *crash, uint64_t n);
/* One fault, as iolayer.h spells it, with every power cut soon after it. */
bool crash_fault(struct crash *crash, const char *fault);
/* A disk that lies about syncs must be noticed within n states: that the test can fail. */
bool crash_lies(struct crash *crash, uint64_t n);

/* ---- what they share ----------------------------------------------------------------------------------------------
 */

/* folder/name; the text stays. */
const char *crash_path(struct crash *crash, const char *name);
void crash_remove(const char *path);
/* A life with its digests, or words and NULL. */
struct life *crash_life(struct crash *crash, uint64_t seed, uint32_t n_steps);
/* A line on a terminal that is written over, now and then. */
void crash_progress(struct crash *crash, const char *what, uint64_t n, uint64_t of);
/* What is told if the program dies, or hangs from now on for two minutes; the words stay with the caller. */
void crash_is_doing(const char *words);
/* By Ctrl-C or SIGTERM: what was done so far is told. */
bool crash_is_stopped(void);
double crash_seconds(const struct crash *crash);
bool crash_complain(struct crash *crash, const struct life *life, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* One run of this program in a process of its own, behind the layer: `crash work STORE SEED STEPS PLAYED`. */
struct crash_run {
    const char *root;          /* folder whose calls are counted; the store is root/store */
    const char *trace, *fault; /* NULL: none */
    bool is_lying;
    /* Afterwards: */
    int status; /* as of waitpid */
    uint64_t acknowledged;
    struct io_count count;
};
bool crash_work(struct crash *crash, const struct life *life, uint32_t n_played, struct crash_run *run);

#endif
