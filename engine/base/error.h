/*
 * error.h - the way a failing call leaves: one status, one `done:` label, words where the cause is known.
 */
#ifndef BASE_ERROR_H
#define BASE_ERROR_H

#include <assert.h>

#include "gk.h"

#define TRY(call)                                                                                                      \
    do {                                                                                                               \
        rc = (call);                                                                                                   \
        if (rc != GK_OK)                                                                                               \
            goto done;                                                                                                 \
    } while (0)

/* What we believe but cannot prove: aborts in check builds, a plain test in release: if (NEVER(x)) return GK_EBUG; */
#ifdef NDEBUG
#define NEVER(x) (__builtin_expect(!!(x), 0))
#else
#define NEVER(x) ((x) ? (assert(!#x), 1) : 0)
#endif

/* Fills *error (NULL is welcome) and returns status, so that a failing place reads: return error_set(error, GK_E...,
 * ...). */
int error_set(struct gk_error *error, int status, const char *format, ...) __attribute__((format(printf, 3, 4)));
/* The same with a 1-based line and column. */
int error_set_at(struct gk_error *error, int status, uint64_t line, uint32_t column, const char *format, ...)
    __attribute__((format(printf, 5, 6)));
/* Puts "context: " before the text of an error that is passed on. */
void error_prefix(struct gk_error *error, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
