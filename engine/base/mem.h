/*
 * mem.h - the only place that allocates. Everything goes through the handle's one resize hook, so that a test can fail
 * the n-th allocation.
 */
#ifndef BASE_MEM_H
#define BASE_MEM_H

#include "gk.h"

struct mem {
    gk_resize_fn resize;
    void *context;
};

/* realloc and free. */
extern const struct mem MEM_SYSTEM;

/* NULL when there is no memory; a size of 0 gives a pointer that can be freed. Not zeroed. */
void *mem_new(const struct mem *mem, size_t size);
/* Zeroed. */
void *mem_zeroed(const struct mem *mem, size_t size);
/* n * size, checked. Not zeroed. */
void *mem_array(const struct mem *mem, size_t n, size_t size);
/* NULL leaves p as it was. n * size is checked. */
void *mem_resize(const struct mem *mem, void *p, size_t n, size_t size);
/* NULL is welcome. */
void mem_free(const struct mem *mem, void *p);

/*
 * Makes room for at least `need` items of `size` bytes in *p, which has room for *capacity: at least doubles.
 * GK_ENOMEM leaves both as they were.
 */
int mem_reserve(const struct mem *mem, void *p, size_t *capacity, size_t need, size_t size);

#endif
