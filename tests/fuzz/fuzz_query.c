/*
 * fuzz_query.c - any bytes as the text of a statement: it parses, or gives one error whose place is inside of the text.
 */
#include <stdlib.h>
#include <string.h>

#include "parser.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static void *resize(void *context, void *p, size_t size)
{
    (void)context;
    if (size == 0) {
        free(p);
        return NULL;
    }
    return realloc(p, size);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct gk_query_error error;
    struct arena arena;
    size_t at = 0;

    arena_init(&arena, resize, NULL, (size_t)64 << 20);
    while (at < size) {
        struct report report = {.text = (const char *)bytes + at, .size = size - at, .error = &error};
        struct stmt *stmt;
        size_t used = 0;
        memset(&error, 0, sizeof error);
        int rc = parse_statement(&arena, &report, &stmt, &used);
        if (rc != GK_OK) {
            if (rc == GK_ESYNTAX && (error.from > error.to || error.to > size - at || !strchr(error.report, '^')))
                abort();
            break;
        }
        if (!stmt)
            break;
        at += used;
    }
    arena_clear(&arena);
    return 0;
}
