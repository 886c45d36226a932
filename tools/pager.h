/*
 * pager.h - long answers on a terminal go through $PAGER (less, when it is not set), short ones straight to the screen.
 */
#ifndef PAGER_H
#define PAGER_H

#include <stdbool.h>
#include <sys/types.h>

#include "output.h"

struct pager {
    struct output *out;
    bool is_wanted;
    pid_t child; /* 0: none was started */
};

/* From here on the output is kept until it is longer than the screen; then the pager gets it as it comes. */
void pager_begin(struct pager *pager, struct output *out, bool is_wanted);
/* Writes what is left, waits for the reader to go away, and lets the output be standard output again. */
void pager_end(struct pager *pager);

#endif
