/*
 * report.h - the one error of a statement: where, what, a hint, and the line with a caret under it.
 *
 *     error at 16: expected a state, got 'offlin'
 *       when abatement offlin while production running last 24h
 *                      ^^^^^^
 *       hint: did you mean 'offline'? one of on off idle overload nodata running stopped offline
 */
#ifndef QUERY_REPORT_H
#define QUERY_REPORT_H

#include "gk_query.h"
#include "messages.h"
#include "params.h"

/* Bytes [from, to) of a statement's text. */
struct place {
    size_t from, to;
};

/* Where errors go: the text they point into, the caller's struct (NULL is fine), the language they are told in. */
struct report {
    const char *text;
    size_t size;
    struct gk_query_error *error;
    enum lang lang;
    const struct param *params; /* what `$name` stands for in the text */
};

/* The text in the report's language. Formats need no translating: the functions below do it. */
const char *report_text(const struct report *report, const char *english) __attribute__((format_arg(2)));
/* A hint for the next report_fail, which takes it; the last one counts. */
void report_hint(struct report *report, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Fills in everything and returns `status`. */
int report_fail(struct report *report, int status, struct place place, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* An error of the engine or of the run: no place in the text. */
int report_status(struct report *report, int status, const char *format, ...) __attribute__((format(printf, 3, 4)));
/* Before anything else: nothing has gone wrong. */
void report_clear(struct report *report);

#endif
