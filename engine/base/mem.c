/*
 * mem.c - allocation through one hook.
 */
#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

static void *system_resize(void *context, void *p, size_t size)
{
    (void)context;
    if (size == 0) {
        free(p);
        return NULL;
    }
    return realloc(p, size);
}

const struct mem MEM_SYSTEM = {system_resize, NULL};

void *mem_new(const struct mem *mem, size_t size)
{
    return mem->resize(mem->context, NULL, size ? size : 1);
}

void *mem_zeroed(const struct mem *mem, size_t size)
{
    void *p = mem_new(mem, size);
    if (p)
        memset(p, 0, size);
    return p;
}

void *mem_resize(const struct mem *mem, void *p, size_t n, size_t size)
{
    size_t bytes;
    if (__builtin_mul_overflow(n, size, &bytes))
        return NULL;
    return mem->resize(mem->context, p, bytes ? bytes : 1);
}

void *mem_array(const struct mem *mem, size_t n, size_t size)
{
    return mem_resize(mem, NULL, n, size);
}

void mem_free(const struct mem *mem, void *p)
{
    if (p)
        (void)mem->resize(mem->context, p, 0); /* freeing has no result */
}

int mem_reserve(const struct mem *mem, void *p, size_t *capacity, size_t need, size_t size)
{
    void *old;
    if (need <= *capacity)
        return GK_OK;
    size_t n = *capacity < 8 ? 8 : *capacity;
    while (n < need) {
        if (__builtin_mul_overflow(n, (size_t)2, &n))
            return GK_ENOMEM;
    }
    memcpy(&old, p, sizeof old); /* p points to a pointer of any type */
    void *grown = mem_resize(mem, old, n, size);
    if (!grown)
        return GK_ENOMEM;
    memcpy(p, &grown, sizeof grown);
    *capacity = n;
    return GK_OK;
}
