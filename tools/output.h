/*
 * output.h - bytes on their way to a file or kept in memory, and the ways of writing a text or a number.
 *
 * An output remembers its first failure, so that a writer need not test every call: output_finish says it at the end. A
 * reader that goes away (`gk query ... | head -1`) is no failure; nothing more is written then.
 */
#ifndef OUTPUT_H
#define OUTPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gk.h"
#include "tool.h"

struct output {
    int fd; /* -1: kept in memory; with `choose`, until there is much of it */
    int (*choose)(struct output *out, void *context, bool is_complete); /* says which fd then */
    void *context;
    char *bytes;
    size_t n, room;
    int failure;    /* errno of the first write that failed, 0: none */
    bool is_closed; /* the reader has gone */
};

void output_init(struct output *out, int fd);
void output_clear(struct output *out); /* frees; does not write, does not close */

void output_bytes(struct output *out, const void *bytes, size_t size);
void output_text(struct output *out, const char *text);
void output_format(struct output *out, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Fast ways for many numbers: a whole number, and a whole number of 10^-decimals. */
void output_whole(struct output *out, int64_t value);
void output_fixed(struct output *out, int64_t value, int decimals);
/* ISO 8601 in a zone, or milliseconds since 1970 UTC, with decimals only where they are needed. */
void output_time(struct output *out, gk_time time, int32_t zone_s, bool is_epoch);

/* The shortest decimal that reads back as the same double; NaN gives nothing, infinities inf and -inf. Returns its
 * length. */
#define NUMBER_TEXT_MAX 32
size_t number_format(double value, char text[NUMBER_TEXT_MAX]);

/* A number for the eyes: ten digits, unless there are more before the point. */
size_t number_shown(double value, char text[NUMBER_TEXT_MAX]);

/* A share for the eyes: six decimals, and 1 only when it is. */
size_t share_format(double value, char text[NUMBER_TEXT_MAX]);

/* A field of RFC 4180, quoted when it must be. */
void output_csv(struct output *out, const char *text, size_t size);
/* The same for words of people: a leading = + - @ tab or line end gets a ', so that a spreadsheet does not run it. */
void output_csv_guarded(struct output *out, const char *text, size_t size);
/* A string with its quotes; what is not UTF-8 becomes U+FFFD. */
void output_json(struct output *out, const char *text, size_t size);
/* For the eyes: control characters, marks that turn the direction of writing, and bad bytes are spelled out. */
void output_shown(struct output *out, const char *text, size_t size);
/* The same within a cell of a Markdown table. */
void output_markdown(struct output *out, const char *text, size_t size);

void output_flush(struct output *out);
/* Flushes and frees; returns status, or EXIT_STORE when something could not be written, and says so. */
int output_finish(struct output *out, const struct command *command, int status);
/* Writes what is kept in memory to a file, or says why not; returns an exit status. */
int output_save(const struct output *kept, const struct command *command, const char *path);
/* Prints the help of a command in the language that was chosen; returns an exit status. */
int output_help(const struct command *command);
/* A gk_sink_fn into an output: for dumps and findings. */
int output_sink(void *output, const char *text, size_t size);

#endif
