/*
 * case.h - the steps that people take in the case of an alarm: gk ack, assign, feedback, check, audit, close.
 */
#ifndef CASE_H
#define CASE_H

#include "option.h"

struct case_options {
    const char *by, *to, *due, *note, *outcome, *now;
    int64_t wait_ns;
};

/* The options that every step takes, for a table of options. */
#define CASE_OPTIONS(o)                                                                                                \
    {"by", 0, OPTION_TEXT, &(o).by}, {"note", 0, OPTION_TEXT, &(o).note}, {"now", 0, OPTION_TEXT, &(o).now},           \
    {                                                                                                                  \
        "wait", 0, OPTION_SECONDS, &(o).wait_ns                                                                        \
    }
#define CASE_WAIT_NS (5 * GK_SECOND)

/* Records the step in the case `id` of a store; returns an exit status. */
int case_step(const struct command *command, enum gk_act_kind kind, const char *path, const char *id,
              const struct case_options *options);

#endif
