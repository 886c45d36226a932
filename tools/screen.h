/*
 * screen.h - the terminal: how large it is, how many of its lines a text takes, and one text in the place of another.
 */
#ifndef SCREEN_H
#define SCREEN_H

#include <stddef.h>

#include "output.h"

/* Of standard output, 24 by 80 when it does not say. */
void screen_size(size_t *n_lines, size_t *n_columns);
/* The lines of a screen of that width which a text takes; counting stops beyond `most`. */
size_t screen_lines(const char *text, size_t size, size_t n_columns, size_t most);
/* Clears the screen and writes a text; what does not fit is left out, and it says how many lines. */
void screen_paint(struct output *out, const char *text, size_t size);

#endif
