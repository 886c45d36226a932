/*
 * live.h - living the life of a store, in whatever happens.
 */
#ifndef TESTS_LIVE_H
#define TESTS_LIVE_H

#include "crash/life.h"

enum live_result {
    LIVE_DONE = 0,
    LIVE_GAVE_UP = 10, /* it failed again and again */
    LIVE_WRONG = 11    /* it said something that is not true */
};

/*
 * Opens a store and does steps [from, to). Every acknowledgement (1: it is open; n + 1: step n - 1 was done) goes as a
 * uint64_t to `out` and to io_mark. Is persistent: goes on after an error as a careful program does, with the same
 * handle, or with a new one after GK_EIO, and does the step again, and opens the store as a reader in the end; else the
 * first error ends it.
 */
enum live_result live(struct life *life, const char *path, uint32_t from, uint32_t to, bool is_persistent, int out);

/* The last acknowledgement that comes through a pipe before it ends or `n` came; `last` when none does. */
uint64_t live_acknowledged(int in, uint64_t n, uint64_t last);

#endif
