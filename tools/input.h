/*
 * input.h - the files of one gk load, in the order in which they make sense: facilities before what names them, rows
 * last.
 *
 * Somebody who writes `gk load STORE zone/[a-s]*.csv` has bands.csv before facilities.csv on the command line; taking
 * them as they stand would refuse bands of enterprises that are in the next file. Files of the same kind keep their
 * order.
 */
#ifndef INPUT_H
#define INPUT_H

#include <stddef.h>

#include "gk.h"
#include "source.h"

enum input_rank { INPUT_FACILITIES = 0, INPUT_TABLE = 1, INPUT_ROWS = 2 };

struct input {
    const char *path;
    enum input_rank rank;
    struct source *held;   /* opened while looking at the header and not to be opened again: standard input, a pipe */
    struct gk_error error; /* status not GK_OK: it could not be opened */
};

/* What the first line of a table says about its place; anything that is not known goes with the tables. */
enum input_rank input_rank(const char *bytes, size_t size);
/* A new array of n inputs, in order. */
struct input *inputs_new(char *const *paths, size_t n);
void inputs_free(struct input *inputs, size_t n);
/* Opens one, or gives the one that is held; GK_OK or what it failed with. The caller closes it. */
int input_open(struct input *input, struct source **out, struct gk_error *error);

#endif
