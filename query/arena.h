/*
 * arena.h - memory of one statement. Small pieces live until the whole is cleared; blocks can be resized and freed. All
 * of it is counted against one limit and goes through the session's resize hook.
 */
#ifndef QUERY_ARENA_H
#define QUERY_ARENA_H

#include "gk.h"

struct arena_block;

struct arena {
    gk_resize_fn resize;
    void *context;
    size_t max;  /* bytes; more is GK_ELIMIT for the caller, told by arena_is_over */
    size_t used; /* bytes held: pieces and blocks */
    struct arena_block *pieces;
    bool is_over; /* an allocation was refused because of `max` */
};

void arena_init(struct arena *arena, gk_resize_fn resize, void *context, size_t max);
void arena_clear(struct arena *arena);

/* A zeroed piece, freed by arena_clear only. NULL: no memory, or over the limit. */
void *arena_piece(struct arena *arena, size_t size);
/* A zeroed array of n pieces; the product is checked. */
void *arena_array(struct arena *arena, size_t n, size_t size);
/* A NUL-terminated copy of a text. */
char *arena_text(struct arena *arena, const char *text, size_t size);
char *arena_printf(struct arena *arena, const char *format, ...) __attribute__((format(printf, 2, 3)));

/*
 * Makes room for at least `need` items of `size` bytes in the block *p, which has room for *capacity: at least doubles.
 * GK_ENOMEM leaves both as they were.
 */
int arena_reserve(struct arena *arena, void *p, size_t *capacity, size_t need, size_t size);
/* Gives a block back. `p` points to its pointer, which becomes NULL, as does *capacity. */
void arena_release(struct arena *arena, void *p, size_t *capacity, size_t size);

/* GK_ELIMIT when the limit was the reason, else GK_ENOMEM. */
int arena_status(const struct arena *arena);

#endif
