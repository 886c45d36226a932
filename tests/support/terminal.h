/*
 * terminal.h - a program on a pseudo-terminal: what somebody would type goes in, what they would see comes out. Nothing
 * sleeps: a test types when it has seen what it waits for. A program that never shows it fails the test after a minute.
 */
#ifndef SUPPORT_TERMINAL_H
#define SUPPORT_TERMINAL_H

#include <stddef.h>
#include <sys/types.h>

struct terminal {
    int fd;
    pid_t child;
    char *seen; /* all that was shown */
    size_t n, room;
    size_t at; /* behind what was waited for last */
};

/* Starts words[0] with these words (ended by NULL) on a screen of 24 lines and 100 columns. */
void terminal_open(struct terminal *terminal, const char *const *words);
void terminal_type(struct terminal *terminal, const char *keys);
/* Reads until the text is shown behind what was waited for before. Returns where it begins. */
const char *terminal_await(struct terminal *terminal, const char *text);
/* Reads to the end; returns the exit status. */
int terminal_close(struct terminal *terminal);

#endif
