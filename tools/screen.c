/*
 * screen.c - see screen.h.
 */
#include "screen.h"

#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "texts.h"
#include "width.h"

void screen_size(size_t *n_lines, size_t *n_columns)
{
    struct winsize size = {0};

    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0)
        size.ws_row = size.ws_col = 0;
    *n_lines = size.ws_row > 0 ? size.ws_row : 24;
    *n_columns = size.ws_col > 0 ? size.ws_col : 80;
}

/* The bytes of the line at text with its end, and how many lines of the screen it takes. */
static size_t next_line(const char *text, size_t size, size_t n_columns, size_t *n_lines)
{
    const char *end = memchr(text, '\n', size);
    size_t n = end != NULL ? (size_t)(end - text) : size;
    size_t width = n > 0 ? text_width(text, n) : 0;

    *n_lines = width > n_columns ? (width + n_columns - 1) / n_columns : 1;
    return end != NULL ? n + 1 : n;
}

size_t screen_lines(const char *text, size_t size, size_t n_columns, size_t most)
{
    size_t sum = 0, n;

    for (size_t at = 0; at < size && sum <= most; sum += n)
        at += next_line(text + at, size - at, n_columns, &n);
    return sum;
}

void screen_paint(struct output *out, const char *text, size_t size)
{
    size_t n_lines, n_columns, at = 0, used = 0, n, rest = 0;

    screen_size(&n_lines, &n_columns);
    output_text(out, "\033[H\033[2J");
    if (screen_lines(text, size, n_columns, n_lines) < n_lines) {
        output_bytes(out, text, size); /* the last line is for the cursor */
        return;
    }
    while (at < size) {
        size_t step = next_line(text + at, size - at, n_columns, &n);

        if (used + n + 2 > n_lines)
            break;
        output_bytes(out, text + at, step);
        at += step;
        used += n;
    }
    for (; at < size; rest++)
        at += next_line(text + at, size - at, n_columns, &n);
    output_format(out, tr("... %zu more lines"), rest);
    output_text(out, "\n");
}
