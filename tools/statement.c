/*
 * statement.c - one pass over the text, a piece at a time: a quoted name, a comment, or a character.
 */
#include "statement.h"

#include <string.h>

#include "width.h"

static const struct {
    const char *open, *close;
} quotes[] = {{"'", "'"}, {"\"", "\""}, {"＇", "＇"}, {"＂", "＂"}, {"‘", "’"},
              {"’", "’"}, {"“", "”"},   {"”", "”"},   {"「", "」"}};

static bool starts_with(const char *text, size_t n, const char *start)
{
    size_t size = strlen(start);

    return n >= size && memcmp(text, start, size) == 0;
}

const char *statement_closing_quote(const char *text, size_t n, size_t *size)
{
    for (size_t i = 0; i < sizeof quotes / sizeof *quotes; i++)
        if (starts_with(text, n, quotes[i].open)) {
            *size = strlen(quotes[i].open);
            return quotes[i].close;
        }
    return NULL;
}

/* Narrow and wide quotes of ASCII are the same to the language. */
static size_t closes(const char *text, size_t n, const char *close)
{
    static const char *const same[][2] = {{"'", "＇"}, {"\"", "＂"}};

    if (starts_with(text, n, close))
        return strlen(close);
    for (size_t i = 0; i < 2; i++)
        for (size_t j = 0; j < 2; j++)
            if (strcmp(close, same[i][j]) == 0 && starts_with(text, n, same[i][1 - j]))
                return strlen(same[i][1 - j]);
    return 0;
}

/* The end of the piece at `at`. *is_open: the text ends within it. */
static size_t skip_piece(const char *text, size_t size, size_t at, bool *is_open)
{
    size_t n;
    const char *close = statement_closing_quote(text + at, size - at, &n);
    uint32_t code;

    *is_open = false;
    if (close == NULL && starts_with(text + at, size - at, "--")) {
        const char *end = memchr(text + at, '\n', size - at);

        *is_open = end == NULL;
        return end != NULL ? (size_t)(end - text) : size;
    }
    if (close == NULL)
        return at + utf8_next(text + at, size - at, &code);
    for (at += n; at < size; at += utf8_next(text + at, size - at, &code))
        if ((n = closes(text + at, size - at, close)) > 0)
            return at + n;
    *is_open = true;
    return size;
}

static bool is_comment(const char *text, size_t size, size_t at)
{
    return starts_with(text + at, size - at, "--");
}

static bool is_separator(const char *text, size_t n)
{
    return starts_with(text, n, ";") || starts_with(text, n, "；");
}

static bool is_blank(const char *text, size_t n)
{
    return memchr(" \t\r\n", text[0], 4) != NULL || starts_with(text, n, "　") || starts_with(text, n, "\xEF\xBB\xBF");
}

struct statement_scan statement_scan(const char *text, size_t size)
{
    struct statement_scan out = {.is_empty = true};
    bool is_open;

    for (size_t at = 0, next; at < size; at = next) {
        next = skip_piece(text, size, at, &is_open);
        if (is_comment(text, size, at)) {
            out.is_commented = is_open;
        } else if (is_separator(text + at, size - at)) {
            if (out.end == 0 && !out.is_empty)
                out.end = next;
        } else if (!is_blank(text + at, size - at)) {
            out.is_empty = false;
            out.is_quoted = is_open;
            out.quote_at = at;
        }
    }
    return out;
}

void statement_flatten(struct output *out, const char *text, size_t size)
{
    bool is_open, is_owed = false;
    size_t begin = out->n;

    for (size_t at = 0, next; at < size; at = next) {
        next = skip_piece(text, size, at, &is_open);
        if (is_comment(text, size, at) || is_blank(text + at, size - at)) {
            is_owed = out->n > begin;
            continue;
        }
        output_text(out, is_owed ? " " : "");
        output_bytes(out, text + at, next - at);
        is_owed = false;
    }
}
