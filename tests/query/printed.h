/*
 * printed.h - a statement as it is printed, which must mean the same.
 */
#ifndef TEST_QUERY_PRINTED_H
#define TEST_QUERY_PRINTED_H

#include "support/support.h"

#include "parser.h"
#include "print.h"

static inline void *printed_resize(void *context, void *p, size_t size)
{
    (void)context;
    if (size == 0) {
        free(p);
        return NULL;
    }
    return realloc(p, size);
}

/* Parentheses that the text could do without may be needed when it is printed: depth has a limit. */
static inline bool printed_is_deep(const struct cond *cond)
{
    return cond && (cond->depth > NEST_MAX || printed_is_deep(cond->a) || printed_is_deep(cond->b));
}

/* For free(); NULL when it is not understood, or cannot be printed for its depth. */
static inline char *printed(const char *text, size_t size)
{
    struct gk_query_error error = {0};
    struct report report = {.text = text, .size = size, .error = &error};
    struct stmt *stmt = NULL;
    struct arena arena;
    char *out = NULL;
    size_t used;

    arena_init(&arena, printed_resize, NULL, (size_t)64 << 20);
    if (parse_statement(&arena, &report, &stmt, &used) == GK_OK && stmt && !printed_is_deep(stmt->cond)) {
        const char *found = print_statement(&arena, stmt);
        assert_non_null(found);
        out = strdup(found);
        assert_non_null(out);
    }
    arena_clear(&arena);
    return out;
}

#endif
