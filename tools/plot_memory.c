/*
 * plot_memory.c - a list of pieces.
 */
#include "plot_memory.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tool.h"

struct plot_piece {
    struct plot_piece *next;
    max_align_t bytes[];
};

void *plot_take(struct plot_memory *memory, size_t n, size_t size)
{
    struct plot_piece *piece;
    size_t n_units = size > 0 && n > ((size_t)-1 / 2) / size ? (size_t)-1 : n * size / sizeof(max_align_t) + 1;

    piece = tool_resize(NULL, n_units + 1, sizeof(max_align_t));
    memset(piece, 0, (n_units + 1) * sizeof(max_align_t));
    piece->next = memory->pieces;
    memory->pieces = piece;
    return piece->bytes;
}

void *plot_more(struct plot_memory *memory, void *array, size_t n, size_t *room, size_t size)
{
    void *grown;

    if (n < *room)
        return array;
    *room = 2 * n + 16;
    grown = plot_take(memory, *room, size);
    if (n > 0)
        memcpy(grown, array, n * size);
    return grown;
}

char *plot_copy(struct plot_memory *memory, const char *text, size_t size)
{
    char *copy = plot_take(memory, size + 1, 1);

    if (size > 0)
        memcpy(copy, text, size);
    return copy;
}

char *plot_printf(struct plot_memory *memory, const char *format, ...)
{
    va_list arguments;
    char first[8];
    char *text;
    int n;

    va_start(arguments, format);
    n = vsnprintf(first, sizeof first, format, arguments);
    va_end(arguments);
    text = plot_take(memory, (size_t)(n > 0 ? n : 0) + 1, 1);
    va_start(arguments, format);
    vsnprintf(text, (size_t)(n > 0 ? n : 0) + 1, format, arguments);
    va_end(arguments);
    return text;
}

void plot_memory_clear(struct plot_memory *memory)
{
    while (memory->pieces != NULL) {
        struct plot_piece *piece = memory->pieces;

        memory->pieces = piece->next;
        free(piece);
    }
}
