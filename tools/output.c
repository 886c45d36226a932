/*
 * output.c - a growing buffer that is emptied into a file descriptor when it is large, and the notations.
 */
#include "output.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "texts.h"
#include "width.h"

#define OUTPUT_FLUSH_SIZE 65536

void output_init(struct output *out, int fd)
{
    *out = (struct output){.fd = fd};
}

void output_clear(struct output *out)
{
    free(out->bytes);
    output_init(out, out->fd);
}

void output_flush(struct output *out)
{
    size_t at = 0;

    if (out->fd < 0)
        return;
    while (at < out->n && out->failure == 0 && !out->is_closed) {
        ssize_t n = write(out->fd, out->bytes + at, out->n - at);

        if (n >= 0)
            at += (size_t)n;
        else if (errno == EPIPE)
            out->is_closed = true;
        else if (errno != EINTR)
            out->failure = errno;
    }
    out->n = 0;
}

/* Room for `size` more bytes, behind what is there. */
static char *reserve(struct output *out, size_t size)
{
    if (out->fd < 0 && out->choose != NULL && out->n + size > OUTPUT_FLUSH_SIZE)
        out->fd = out->choose(out, out->context, false);
    if (out->fd >= 0 && out->n + size > OUTPUT_FLUSH_SIZE)
        output_flush(out);
    if (out->n + size > out->room) {
        out->room = 2 * (out->n + size) + 256;
        out->bytes = tool_resize(out->bytes, out->room, 1);
    }
    return out->bytes + out->n;
}

void output_bytes(struct output *out, const void *bytes, size_t size)
{
    if (size == 0)
        return;
    memcpy(reserve(out, size), bytes, size);
    out->n += size;
}

void output_text(struct output *out, const char *text)
{
    output_bytes(out, text, strlen(text));
}

void output_format(struct output *out, const char *format, ...)
{
    va_list arguments;
    char first[8]; /* only the length is asked for; gcc's sanitizer builds mistrust a NULL here */
    int n;

    va_start(arguments, format);
    n = vsnprintf(first, sizeof first, format, arguments);
    va_end(arguments);
    if (n <= 0)
        return;
    va_start(arguments, format);
    vsnprintf(reserve(out, (size_t)n + 1), (size_t)n + 1, format, arguments);
    va_end(arguments);
    out->n += (size_t)n;
}

void output_fixed(struct output *out, int64_t value, int decimals)
{
    char text[32];
    size_t at = sizeof text;
    uint64_t rest = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;

    for (int i = 0; rest > 0 || i <= decimals; i++) {
        if (i == decimals && i > 0)
            text[--at] = '.';
        text[--at] = (char)('0' + rest % 10);
        rest /= 10;
    }
    if (value < 0)
        text[--at] = '-';
    output_bytes(out, text + at, sizeof text - at);
}

void output_whole(struct output *out, int64_t value)
{
    output_fixed(out, value, 0);
}

void output_time(struct output *out, gk_time time, int32_t zone_s, bool is_epoch)
{
    char text[GK_TIME_TEXT_MAX];
    int decimals = 6; /* of a millisecond */

    if (!is_epoch) {
        size_t n = gk_time_format(time, zone_s, text);

        output_bytes(out, text, n);
        return;
    }
    for (; decimals > 0 && time % 10 == 0; decimals--)
        time /= 10;
    output_fixed(out, time, decimals);
}

size_t number_format(double value, char text[NUMBER_TEXT_MAX])
{
    int n = 0;

    if (isnan(value)) {
        text[0] = '\0';
        return 0;
    }
    if (value == 0) /* no negative zero for people */
        value = 0;
    for (int digits = 15; digits <= 17; digits++) {
        n = snprintf(text, NUMBER_TEXT_MAX, "%.*g", digits, value);
        if (strtod(text, NULL) == value)
            break;
    }
    return (size_t)n;
}

size_t number_shown(double value, char text[NUMBER_TEXT_MAX])
{
    if (!(fabs(value) < 1e10) || value == 0)
        return number_format(value, text);
    return (size_t)snprintf(text, NUMBER_TEXT_MAX, "%.10g", value);
}

size_t share_format(double value, char text[NUMBER_TEXT_MAX])
{
    double shown = floor(value * 1e6) / 1e6; /* down: 1 is shown of nothing less */

    return number_format(value > 0 && shown == 0 ? value : shown, text);
}

void output_csv(struct output *out, const char *text, size_t size)
{
    bool is_quoted = false;

    for (size_t i = 0; i < size && !is_quoted; i++)
        is_quoted = text[i] == '"' || text[i] == ',' || text[i] == '\n' || text[i] == '\r';
    if (!is_quoted) {
        output_bytes(out, text, size);
        return;
    }
    output_text(out, "\"");
    for (size_t i = 0; i < size; i++)
        output_bytes(out, text[i] == '"' ? "\"\"" : text + i, text[i] == '"' ? 2 : 1);
    output_text(out, "\"");
}

/* What makes a spreadsheet calculate, also in full width, as those of East Asia read it. */
static bool is_formula(const char *text, size_t size)
{
    uint32_t code;

    (void)utf8_next(text, size, &code);
    if (code >= 0xFF01 && code <= 0xFF5E)
        code -= 0xFEE0;
    return code != 0 && code < 0x80 && strchr("=+-@\t\r\n", (int)code) != NULL;
}

void output_csv_guarded(struct output *out, const char *text, size_t size)
{
    struct output guarded;

    if (size == 0 || !is_formula(text, size)) {
        output_csv(out, text, size);
        return;
    }
    output_init(&guarded, -1);
    output_text(&guarded, "'");
    output_bytes(&guarded, text, size);
    output_csv(out, guarded.bytes, guarded.n);
    output_clear(&guarded);
}

void output_json(struct output *out, const char *text, size_t size)
{
    output_text(out, "\"");
    for (size_t at = 0, n; at < size; at += n) {
        uint32_t code;

        n = utf8_next(text + at, size - at, &code);
        if (code == UTF8_BAD)
            output_text(out, "\xEF\xBF\xBD");
        else if (code == '"' || code == '\\')
            output_format(out, "\\%c", (char)code);
        else if (code == '\n')
            output_text(out, "\\n");
        else if (is_hidden(code))
            output_format(out, "\\u%04" PRIx32, code);
        else
            output_bytes(out, text + at, n);
    }
    output_text(out, "\"");
}

void output_shown(struct output *out, const char *text, size_t size)
{
    for (size_t at = 0, n; at < size; at += n) {
        uint32_t code;

        n = utf8_next(text + at, size - at, &code);
        if (code == UTF8_BAD)
            output_format(out, "\\x%02x", (unsigned)(unsigned char)text[at]);
        else if (is_hidden(code))
            output_format(out, code < 0x80 ? "\\x%02" PRIx32 : "\\u%04" PRIx32, code);
        else
            output_bytes(out, text + at, n);
    }
}

/* Whether Markdown would take a character for a mark. An underscore within a word is none: names have many of them. */
static bool is_mark(const char *text, size_t size, size_t at)
{
    if (text[at] == '_')
        return at == 0 || at + 1 == size || !isalnum((unsigned char)text[at - 1]) ||
               !isalnum((unsigned char)text[at + 1]);
    return memchr("|\\`*<[", text[at], 6) != NULL;
}

void output_markdown(struct output *out, const char *text, size_t size)
{
    for (size_t from = 0, at = 0; at <= size; at++)
        if (at == size || is_mark(text, size, at)) {
            output_shown(out, text + from, at - from);
            if (at < size)
                output_format(out, "\\%c", text[at]);
            from = at + 1;
        }
}

int output_finish(struct output *out, const struct command *command, int status)
{
    output_flush(out);
    if (out->failure != 0) {
        say(command != NULL ? command->name : NULL, "cannot write to standard output: %s", strerror(out->failure));
        status = EXIT_STORE;
    }
    output_clear(out);
    return status;
}

int output_save(const struct output *kept, const struct command *command, const char *path)
{
    struct output file;
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666), failure;

    if (fd < 0) {
        say(command->name, "cannot make '%s': %s", path, strerror(errno));
        return EXIT_STORE;
    }
    output_init(&file, fd);
    output_bytes(&file, kept->bytes, kept->n);
    output_flush(&file);
    failure = file.failure;
    output_clear(&file);
    if (close(fd) != 0 && failure == 0)
        failure = errno;
    if (failure != 0)
        say(command->name, "cannot write '%s': %s", path, strerror(failure));
    return failure == 0 ? EXIT_ROWS : EXIT_STORE;
}

int output_help(const struct command *command)
{
    bool is_translated = command->help_zh != NULL && strcmp(texts_chosen(), "zh") == 0;
    struct output out;

    output_init(&out, STDOUT_FILENO);
    output_text(&out, tr("usage: "));
    output_text(&out, is_translated ? command->help_zh : command->help);
    return output_finish(&out, NULL, EXIT_ROWS);
}

int output_sink(void *output, const char *text, size_t size)
{
    struct output *out = output;

    output_bytes(out, text, size);
    return out->failure != 0 || out->is_closed ? GK_EIO : GK_OK;
}
