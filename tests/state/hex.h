/*
 * hex.h - bytes as hex text in the docs and golden files, found from the root of the sources: GK_SOURCE, else ".".
 */
#ifndef TESTS_HEX_H
#define TESTS_HEX_H

#include "support/support.h"

#include "base/buffer.h"

/* The whole file, NUL-terminated; to be freed. */
static inline char *read_source(const char *path)
{
    const char *root = getenv("GK_SOURCE");
    char name[4096];

    (void)snprintf(name, sizeof name, "%s/%s", root && *root ? root : ".", path);
    FILE *file = fopen(name, "rb");
    if (!file)
        fail_msg("cannot open %s: run from the root of the sources or set GK_SOURCE", name);
    assert_int_equal(fseek(file, 0, SEEK_END), 0);
    size_t size = (size_t)ftell(file);
    rewind(file);
    char *text = malloc(size + 1);
    assert_non_null(text);
    assert_int_equal(fread(text, 1, size, file), size);
    text[size] = '\0';
    assert_int_equal(fclose(file), 0);
    return text;
}

static inline int nibble_of(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Pairs of hex digits up to the first `stop`, or the end; everything from a '|' to the end of its line is remark. */
static inline void read_hex(const char *text, char stop, struct buffer *out)
{
    for (const char *p = text; *p && *p != stop; p++) {
        if (*p == '|')
            p += strcspn(p, "\n");
        if (nibble_of(p[0]) < 0)
            continue;
        assert_true(nibble_of(p[1]) >= 0);
        buffer_put_u8(out, (uint8_t)(nibble_of(p[0]) << 4 | nibble_of(p[1])));
        p++;
    }
    assert_int_equal(buffer_status(out), GK_OK);
}

/* The block of a page between "```hex" and "```", and the one between "```dump" and "```" as text to be freed. */
static inline char *read_example(const char *path, struct buffer *bytes)
{
    char *page = read_source(path);
    char *hex = strstr(page, "```hex\n"), *dump = strstr(page, "```dump\n");
    assert_non_null(hex);
    assert_non_null(dump);
    read_hex(hex + strlen("```hex\n"), '`', bytes);
    dump += strlen("```dump\n");
    *strchr(dump, '`') = '\0';
    char *text = strdup(dump);
    assert_non_null(text);
    free(page);
    return text;
}

static inline void read_golden(const char *path, struct buffer *bytes)
{
    char *text = read_source(path);
    read_hex(text, '\0', bytes);
    free(text);
}

static inline void assert_text(const struct buffer *got, const char *want)
{
    assert_int_equal(got->size, strlen(want));
    assert_memory_equal(got->bytes, want, got->size);
}

static inline void assert_bytes(const struct buffer *got, const struct buffer *want)
{
    assert_int_equal(got->size, want->size);
    if (got->size > 0)
        assert_memory_equal(got->bytes, want->bytes, got->size);
}

#endif
