/*
 * rejects.h - the lines of a file that could not be taken, in a file beside it: FILE.rejects, with line number and
 * reason.
 */
#ifndef REJECTS_H
#define REJECTS_H

#include <stddef.h>
#include <stdint.h>

#include "gk.h"
#include "output.h"

struct rejects {
    char *path;
    struct output out;
    uint64_t n;
    int failure; /* errno: the file could not be made or written; rejects are counted all the same */
    char first[GK_ERROR_TEXT_MAX + 64]; /* the first reason with its place, for the summary */
};

/* `source` is the path that is loaded; "-" gives stdin.rejects in the current folder. Nothing is made yet. */
void rejects_init(struct rejects *rejects, const char *source);
/* The shape of gk_load_options.reject: `context` is a struct rejects. The file is made, and an older one replaced, with
 * the first. */
void rejects_add(void *context, uint64_t line, const char *text, size_t size, const struct gk_error *reason);
/* Writes what is left and frees; says what could not be written. */
void rejects_finish(struct rejects *rejects, const struct command *command);

#endif
