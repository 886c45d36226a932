/*
 * plot_memory.h - what a picture is made of lives as long as the picture: pieces are taken one by one and given back
 * all at once.
 */
#ifndef PLOT_MEMORY_H
#define PLOT_MEMORY_H

#include <stddef.h>

struct plot_memory {
    struct plot_piece *pieces;
};

/* Zeroed; never NULL. */
void *plot_take(struct plot_memory *memory, size_t n, size_t size);
/* More room for an array of n items, at least n + 1; *room is what it has. Returns where it is now. */
void *plot_more(struct plot_memory *memory, void *array, size_t n, size_t *room, size_t size);
char *plot_copy(struct plot_memory *memory, const char *text, size_t size);
char *plot_printf(struct plot_memory *memory, const char *format, ...) __attribute__((format(printf, 2, 3)));
void plot_memory_clear(struct plot_memory *memory);

#endif
