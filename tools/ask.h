/*
 * ask.h - statements in, rows out: what gk query and gk shell share. A store that is open for reading, a session, and
 * the way answers are written.
 */
#ifndef ASK_H
#define ASK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "answer.h"
#include "gk_query.h"
#include "output.h"
#include "progress.h"
#include "tool.h"

#define ASK_LIMIT_DEFAULT   10000
#define ASK_TIMEOUT_DEFAULT (30 * GK_SECOND)
#define ASK_MEMORY_DEFAULT  256 /* MB */
#define ASK_MEMORY_MAX      (UINT64_C(1) << 20)
#define ASK_WINDOW_DEFAULT  (400 * INT64_C(86400) * GK_SECOND)
#define ASK_SCRIPT_MAX      (4 * 1024 * 1024)

struct ask {
    const struct command *command; /* whose name stands before messages */
    gk_db *db;
    gk_session *session;
    int32_t zone_s;     /* of the store */
    uint64_t limit;     /* rows of an answer, 0: all */
    int64_t timeout_ns; /* of a statement, 0: none */
    uint64_t memory_mb; /* of a statement */
    int64_t window_ns;  /* the longest one */
    gk_time now;        /* the clock, when now_is_set; else the store's */
    bool now_is_set;
    bool is_timed;        /* say how long each statement took */
    struct answer answer; /* format and style; its output is `out` */
    struct output out;
    struct progress progress;
    uint64_t n_statements, n_rows; /* of the last text */
};

/* Opens a store and a session. Returns an exit status; what is wrong was said. */
int ask_open(struct ask *ask, const struct command *command, const char *path);
void ask_close(struct ask *ask);

/* The time of now by the clock of `ask`. */
gk_time ask_now(const struct ask *ask);
/* Runs all statements of a text on one fresh snapshot. EXIT_ROWS, or the exit status of the one that failed. */
int ask_text(struct ask *ask, const char *text, size_t size);
/* `name=value`; false when it is not that, which was said. */
bool ask_set_param(struct ask *ask, const char *text);
/* All of a file (- is standard input), or NULL when it cannot be read, which was said. */
char *ask_read_file(const struct command *command, const char *path, size_t *size);

#endif
