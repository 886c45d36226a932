/*
 * report.c - see report.h. The caret is placed by display columns, so it stands right under Chinese text too; a line
 * that is too long for a screen is cut around the place.
 */
#include "report.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "utf8.h"

/* Display columns of the text before and behind the place that are shown. */
#define BEFORE_MAX 60
#define BEHIND_MAX 60

/* Appending to a text of fixed size; what does not fit is left out, at a character's edge. */
struct writer {
    char *out;
    size_t size, at;
};

static void put(struct writer *writer, const char *bytes, size_t n)
{
    size_t room = writer->size - 1 - writer->at, size;

    if (n > room) {
        for (n = 0; utf8_at(bytes, room, n, &size), n + size < room;)
            n += size;
    }
    memcpy(writer->out + writer->at, bytes, n);
    writer->at += n;
    writer->out[writer->at] = '\0';
}

static void put_text(struct writer *writer, const char *text)
{
    put(writer, text, strlen(text));
}

static void put_many(struct writer *writer, char c, size_t n)
{
    for (size_t i = 0; i < n && i < 400; i++)
        put(writer, &c, 1);
}

/* The line of the text that has the byte `at`. */
static struct place line_of(const struct report *report, size_t at, uint64_t *line)
{
    struct place out = {0, report->size};

    *line = 1;
    for (size_t i = 0; i < at && i < report->size; i++) {
        if (report->text[i] == '\n') {
            out.from = i + 1;
            ++*line;
        }
    }
    const char *end = memchr(report->text + out.from, '\n', report->size - out.from);
    if (end)
        out.to = (size_t)(end - report->text);
    return out;
}

/* Moves `at` back over characters until `columns` display columns lie between. */
static size_t step_back(const char *text, size_t least, size_t at, size_t columns)
{
    size_t from = at;

    while (from > least && utf8_columns(text + from, at - from) < columns) {
        do
            from--;
        while (from > least && ((unsigned char)text[from] & 0xC0) == 0x80);
    }
    return from;
}

static size_t step_on(const char *text, size_t most, size_t at, size_t columns)
{
    size_t to = at, size, done = 0;

    while (to < most && done < columns) {
        done += utf8_width(utf8_at(text, most, to, &size));
        to += size;
    }
    return to;
}

/* A line as it is shown: what has no shape (tabs above all) becomes a blank, as it has width 0 otherwise. */
static size_t put_shown(struct writer *writer, const char *text, size_t n)
{
    size_t columns = 0, size;

    for (size_t at = 0; at < n; at += size) {
        uint32_t c = utf8_at(text, n, at, &size);
        if (c < 0x20 || c == 0x7F || c == UTF8_BAD) {
            put(writer, c == UTF8_BAD ? "?" : " ", 1);
            columns++;
        } else {
            put(writer, text + at, size);
            columns += utf8_width(c);
        }
    }
    return columns;
}

static void put_caret(struct writer *writer, const struct report *report, struct place place, struct place line)
{
    if (place.from < line.from)
        place.from = line.from;
    if (place.from > line.to)
        place.from = line.to;
    if (place.to > line.to)
        place.to = line.to;
    if (place.to < place.from)
        place.to = place.from;
    size_t from = step_back(report->text, line.from, place.from, BEFORE_MAX);
    size_t to = step_on(report->text, line.to, place.to, BEHIND_MAX);
    char discarded[1200];
    struct writer measure = {discarded, sizeof discarded, 0};

    put_text(writer, from > line.from ? "\n  ..." : "\n  ");
    size_t before = put_shown(writer, report->text + from, place.from - from);
    (void)put_shown(writer, report->text + place.from, to - place.from);
    put_text(writer, to < line.to ? "...\n  " : "\n  ");
    put_many(writer, ' ', before + (from > line.from ? 3 : 0));
    size_t under = put_shown(&measure, report->text + place.from, place.to - place.from);
    put_many(writer, '^', under ? under : 1);
}

static void fill(struct report *report, int status, const struct place *place)
{
    struct gk_query_error *error = report->error;
    struct writer writer = {error->report, sizeof error->report, 0};
    char head[64];
    uint64_t line = 0;
    struct place whole = {0, 0};

    error->error.status = status;
    (void)snprintf(head, sizeof head, "%s", report_text(report, "error: "));
    if (place) {
        whole = line_of(report, place->from, &line);
        error->from = place->from;
        error->to = place->to;
        error->error.line = line;
        error->error.column = (uint32_t)utf8_count(report->text, place->from) + 1;
        if (line > 1)
            (void)snprintf(head, sizeof head, report_text(report, "error at %u (line %u): "), error->error.column,
                           (unsigned)line);
        else
            (void)snprintf(head, sizeof head, report_text(report, "error at %u: "), error->error.column);
    }
    put_text(&writer, head);
    put_text(&writer, error->error.text);
    if (place)
        put_caret(&writer, report, *place, whole);
    if (error->hint[0]) {
        put_text(&writer, "\n  ");
        put_text(&writer, report_text(report, "hint: "));
        put_text(&writer, error->hint);
    }
    put_text(&writer, "\n");
}

const char *report_text(const struct report *report, const char *english)
{
    return message(report->lang, english);
}

void report_hint(struct report *report, const char *format, ...)
{
    va_list list;

    if (!report->error)
        return;
    va_start(list, format);
    (void)vsnprintf(report->error->hint, sizeof report->error->hint, report_text(report, format), list);
    va_end(list);
}

int report_fail(struct report *report, int status, struct place place, const char *format, ...)
{
    va_list list;

    if (!report->error)
        return status;
    va_start(list, format);
    (void)vsnprintf(report->error->error.text, sizeof report->error->error.text, report_text(report, format), list);
    va_end(list);
    fill(report, status, &place);
    return status;
}

int report_status(struct report *report, int status, const char *format, ...)
{
    va_list list;

    if (!report->error)
        return status;
    va_start(list, format);
    (void)vsnprintf(report->error->error.text, sizeof report->error->error.text, report_text(report, format), list);
    va_end(list);
    fill(report, status, NULL);
    return status;
}

void report_clear(struct report *report)
{
    struct gk_query_error *error = report->error;

    if (!error)
        return;
    error->error.status = GK_OK; /* field by field: this is done once a row, and the texts are 2 KB */
    error->error.line = 0;
    error->error.column = 0;
    error->error.text[0] = error->hint[0] = error->report[0] = '\0';
    error->from = error->to = 0;
}
