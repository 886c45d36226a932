/*
 * tool.h - what every command of gk shares: what a command is, how it ends, how it talks, how it opens a store.
 *
 * Data goes to standard output (output.h), talk to standard error (say). A command returns its exit status; nothing
 * below main calls exit except for want of memory.
 */
#ifndef TOOL_H
#define TOOL_H

#include <stdbool.h>
#include <stddef.h>

#include "gk.h"

enum {
    EXIT_ROWS = 0,    /* done; of a query: there were rows */
    EXIT_NO_ROWS = 1, /* of a query: there were none */
    EXIT_USAGE = 2,   /* the command line or the text of a query could not be understood */
    EXIT_STORE = 3    /* the store, a file or the output failed */
};

struct command {
    const char *name;
    const char *summary; /* one line for the list of commands */
    const char *help;    /* all of it: usage, what it does, options, examples */
    int n_operands_min, n_operands_max;
    int (*run)(const struct command *self, int argc, char **argv);
    const char *help_zh; /* the help in Chinese; NULL: there is none */
};

extern const struct command command_init, command_load, command_query, command_plot, command_check, command_dump,
    command_stat, command_digest, command_quarantine, command_retain, command_backup, command_export, command_simulate,
    command_shell, command_repair, command_discover, command_serve;
extern const struct command command_ack, command_assign, command_feedback, command_audit, command_close, command_watch,
    command_verify, command_notify, command_rule, command_evidence;

/* A line on standard error: "gk load: ...", in the language that was chosen (texts.h). `about` may be NULL. */
void say(const char *about, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Opens a store or says why not. Returns GK_OK or what gk_open said. */
int tool_open(const struct command *command, const char *path, int flags, const struct gk_options *options, gk_db **db);
/* Opens a store for reading and a snapshot of it, or says why not; either is NULL then. */
int tool_view(const struct command *command, const char *path, gk_db **db, gk_snapshot **snapshot);
/* A clock for a store: the system's until `is_set`. */
struct tool_clock {
    gk_time now;
    bool is_set;
};
gk_time tool_clock_read(void *clock); /* for gk_options.clock */
/*
 * Opens a store for writing, with a clock that stands still at `now` (a time in the store's zone) when that is not
 * NULL. The clock must live as long as the store. Returns an exit status.
 */
int tool_open_for_writing(const struct command *command, const char *path, const char *now, struct tool_clock *clock,
                          gk_db **db);
/* A time given with an option, or says what is wrong. */
bool tool_read_time(const struct command *command, const char *option, const char *text, int32_t zone_s, gk_time *out);
/* Says what a call on the store said; returns EXIT_STORE. */
int tool_failed(const struct command *command, const struct gk_error *error);

/* realloc that does not come back without memory. */
void *tool_resize(void *p, size_t n, size_t size);
/* The clock for progress and --time: nanoseconds since some start. */
gk_time tool_monotonic(void);

#endif
