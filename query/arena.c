/*
 * arena.c - see arena.h. Pieces come from blocks of a few kilobytes that are chained; a piece larger than a block gets
 * one of its own.
 */
#include "arena.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* A statement's tree takes some 2 KB; one block is the usual case. */
#define ARENA_BLOCK 4096

struct arena_block {
    struct arena_block *next;
    size_t size, at; /* bytes behind this head, bytes given out */
};

#define ALIGNMENT 16
#define HEAD      ((sizeof(struct arena_block) + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT)

static void *take(struct arena *arena, void *p, size_t before, size_t size)
{
    if (size > before && (arena->used > arena->max || size - before > arena->max - arena->used)) {
        arena->is_over = true;
        return NULL;
    }
    void *q = arena->resize(arena->context, p, size);
    if (q)
        arena->used += size - before;
    return q;
}

void arena_init(struct arena *arena, gk_resize_fn resize, void *context, size_t max)
{
    *arena = (struct arena){.resize = resize, .context = context, .max = max};
}

void arena_clear(struct arena *arena)
{
    struct arena_block *block = arena->pieces;

    while (block) {
        struct arena_block *next = block->next;
        arena->used -= HEAD + block->size;
        (void)arena->resize(arena->context, block, 0); /* freeing has no result */
        block = next;
    }
    arena->pieces = NULL;
    arena->is_over = false;
}

void *arena_piece(struct arena *arena, size_t size)
{
    if (size > SIZE_MAX / 2)
        return NULL;
    size = (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;

    struct arena_block *block = arena->pieces;
    if (!block || block->size - block->at < size) {
        size_t room = size > ARENA_BLOCK ? size : ARENA_BLOCK;
        struct arena_block *fresh = take(arena, NULL, 0, HEAD + room);
        if (!fresh)
            return NULL;
        fresh->size = room;
        fresh->at = 0;
        fresh->next = block;
        arena->pieces = block = fresh;
    }
    void *p = (char *)block + HEAD + block->at;
    block->at += size;
    return memset(p, 0, size);
}

void *arena_array(struct arena *arena, size_t n, size_t size)
{
    return n > SIZE_MAX / 2 / size ? NULL : arena_piece(arena, n * size);
}

char *arena_text(struct arena *arena, const char *text, size_t size)
{
    char *copy = arena_piece(arena, size + 1);

    if (copy && size)
        memcpy(copy, text, size);
    return copy;
}

char *arena_printf(struct arena *arena, const char *format, ...)
{
    char text[1024];
    va_list list;

    va_start(list, format);
    int n = vsnprintf(text, sizeof text, format, list);
    va_end(list);
    if (n < 0)
        n = 0;
    return arena_text(arena, text, (size_t)n < sizeof text ? (size_t)n : sizeof text - 1);
}

int arena_reserve(struct arena *arena, void *p, size_t *capacity, size_t need, size_t size)
{
    void *old, *grown;

    if (need <= *capacity)
        return GK_OK;
    size_t n = *capacity * 2 > need ? *capacity * 2 : need;
    if (n < 16)
        n = 16;
    if (n > SIZE_MAX / 2 / size)
        return GK_ENOMEM;
    memcpy(&old, p, sizeof old);
    grown = take(arena, old, *capacity * size, n * size);
    if (!grown)
        return arena_status(arena);
    memcpy(p, &grown, sizeof grown);
    *capacity = n;
    return GK_OK;
}

void arena_release(struct arena *arena, void *p, size_t *capacity, size_t size)
{
    void *old, *none = NULL;

    memcpy(&old, p, sizeof old);
    if (old) {
        assert(arena->used >= *capacity * size);
        arena->used -= *capacity * size;
        (void)arena->resize(arena->context, old, 0); /* freeing has no result */
    }
    memcpy(p, &none, sizeof none);
    *capacity = 0;
}

int arena_status(const struct arena *arena)
{
    return arena->is_over ? GK_ELIMIT : GK_ENOMEM;
}
