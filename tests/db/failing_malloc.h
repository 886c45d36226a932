/*
 * failing_malloc.h - a malloc that fails: for LMDB, which knows no hook, and for the few places of the engine that do
 * without it. Only calls from this program and from liblmdb fail: CRoaring dies of a failed allocation (0.2.66), and
 * what libc does with one is not ours. The sanitizers have a malloc of their own: there is none of this one then.
 *
 * To be included by one file of a program, first of all: it replaces malloc, calloc, realloc and strdup.
 */
#ifndef TESTS_FAILING_MALLOC_H
#define TESTS_FAILING_MALLOC_H

#define _GNU_SOURCE /* dladdr */
#include <dlfcn.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static uint64_t failing_malloc_n, failing_malloc_at; /* calls so far; the one that fails, 0: none */
static bool failing_malloc_for_ever;

/* From now on the n-th allocation fails, and with `for_ever` all that follow. */
static inline void failing_malloc_arm(uint64_t n, bool for_ever)
{
    failing_malloc_n = 0;
    failing_malloc_at = n;
    failing_malloc_for_ever = for_ever;
}

/* All succeed again; tells whether one failed. */
static inline bool failing_malloc_disarm(void)
{
    bool is_hit = failing_malloc_at && failing_malloc_n >= failing_malloc_at;
    failing_malloc_at = 0;
    return is_hit;
}

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define FAILING_MALLOC_IS_THERE false
#else
#define FAILING_MALLOC_IS_THERE true

#define SEEN __attribute__((visibility("default"))) /* by the libraries */

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *p, size_t size);

/* Whether the caller is of this program or of LMDB. */
static bool is_ours(const void *caller)
{
    Dl_info own, info;

    if (!dladdr((const void *)(uintptr_t)is_ours, &own) || !dladdr(caller, &info))
        return false;
    return info.dli_fbase == own.dli_fbase || strstr(info.dli_fname, "liblmdb") != NULL;
}

static bool malloc_fails(const void *caller)
{
    if (!failing_malloc_at || !is_ours(caller))
        return false;
    uint64_t n = ++failing_malloc_n;
    if (n != failing_malloc_at && !(failing_malloc_for_ever && n > failing_malloc_at))
        return false;
    errno = ENOMEM;
    return true;
}

SEEN void *malloc(size_t size)
{
    return malloc_fails(__builtin_return_address(0)) ? NULL : __libc_malloc(size);
}

SEEN void *calloc(size_t n, size_t size)
{
    return malloc_fails(__builtin_return_address(0)) ? NULL : __libc_calloc(n, size);
}

SEEN void *realloc(void *p, size_t size)
{
    return malloc_fails(__builtin_return_address(0)) ? NULL : __libc_realloc(p, size);
}

SEEN char *strdup(const char *text)
{
    size_t size = strlen(text) + 1;
    char *copy = malloc_fails(__builtin_return_address(0)) ? NULL : __libc_malloc(size);
    return copy ? memcpy(copy, text, size) : NULL;
}
#endif

#endif
