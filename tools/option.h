/*
 * option.h - the command line of one command: options before, between or behind the operands.
 *
 *     --name VALUE   --name=VALUE   --flag   -x VALUE   -x     everything behind -- is an operand, and so is a lone -
 *
 * Every command knows --help and --lang. What an option is worth goes straight where the command wants it; what is not
 * understood is said with the nearest word, and the command ends with EXIT_USAGE.
 */
#ifndef OPTION_H
#define OPTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tool.h"

enum option_kind {
    OPTION_FLAG,     /* bool: true when it stands there */
    OPTION_TEXT,     /* const char * */
    OPTION_COUNT,    /* uint64_t: a whole number */
    OPTION_SHARE,    /* double: 0 to 1, or with % */
    OPTION_DURATION, /* int64_t ns: 250ms 10s 5m 1h 1d */
    OPTION_SECONDS,  /* the same, and a plain number is seconds */
    OPTION_LIST,     /* struct option_list: it may stand there several times */
    OPTION_ZONE      /* int32_t s: +08:00 -0330 Z UTC */
};

#define OPTION_LIST_MAX 64
struct option_list {
    const char *items[OPTION_LIST_MAX];
    size_t n;
};

struct option {
    const char *name; /* without the dashes */
    char letter;      /* 0: none */
    enum option_kind kind;
    void *into;
};

/* Whole texts only; false when it is something else. */
bool text_to_count(const char *text, uint64_t *out);
bool text_to_share(const char *text, double *out);
bool text_to_duration(const char *text, int64_t *out_ns);
bool text_to_seconds(const char *text, int64_t *out_ns); /* a duration, or a plain number of seconds */
bool text_to_zone(const char *text, int32_t *out_s);

/*
 * Reads argv (without the command's own word). Operands are moved to its front and *n_operands counts them. Returns
 * true when the command shall go on; else *status is its exit status: help was asked for and given, or something was
 * wrong and said.
 */
bool options_read(const struct command *command, const struct option *options, size_t n, int argc, char **argv,
                  int *n_operands, int *status);

#endif
