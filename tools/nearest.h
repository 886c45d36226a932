/*
 * nearest.h - the word somebody probably meant.
 */
#ifndef NEAREST_H
#define NEAREST_H

#include <stddef.h>

/* How many letters must be changed, added, left out or swapped with their neighbour to make b of a. */
size_t word_distance(const char *a, const char *b);
/* The index of the nearest of n words, n when none is near: at most a third of the letters may differ. */
size_t word_nearest(const char *word, const char *const *words, size_t n);

#endif
