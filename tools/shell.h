/*
 * shell.h - the state of gk shell, for its loop (cmd_shell.c) and its dot commands (shell_dot.c).
 */
#ifndef SHELL_H
#define SHELL_H

#include <stdbool.h>
#include <stddef.h>

#include "ask.h"
#include "line.h"
#include "output.h"

#define SHELL_DEPTH_MAX 16 /* files that read files */

struct shell {
    struct ask ask;
    struct line *line;
    char *prompt, *prompt_more; /* of the first line of a statement, and of the next ones: of the same width */
    struct output pending;      /* the lines of a statement that has not ended */
    size_t pending_line;        /* where it began */
    bool is_terminal;           /* somebody types */
    bool is_echoing;            /* shows prompts and lines as a terminal would */
    bool is_going_on;           /* after a mistake, too */
    bool is_paging;
    bool is_over;
    int status;         /* of the first thing that failed */
    const char *source; /* the file that is read, NULL: standard input */
    size_t line_no;
    unsigned depth;
    char *output_path; /* NULL: standard output */
};

/* One line: of a statement, or a dot command. */
void shell_take(struct shell *shell, const char *text, size_t size);
/* Runs what is pending, at the end of a file or by an empty line. */
void shell_end_statement(struct shell *shell);
/* Something went wrong; a script ends here, unless it goes on. */
void shell_failed(struct shell *shell, int status);

/* ---- shell_dot.c ---- */
extern const char *const shell_dots[]; /* their names, ended by NULL */
/* A line that begins with a dot, without blanks at its ends. */
void shell_dot(struct shell *shell, const char *line);
/* A line that is no statement but a wish: help, quit, exit, 帮助, or the habit of another shell, \q. The dot command it
 * stands for, or NULL. */
const char *shell_wish(const char *text, size_t size);
/* Sends answers to a file, or (NULL) to standard output again. False when it cannot be opened, which was said. */
bool shell_output(struct shell *shell, const char *path);

#endif
