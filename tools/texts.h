/*
 * texts.h - what the tools say to people, in English and Chinese. The English text stands where it is said, and is the
 * key to the one table of the others (texts.c). What programs read (CSV, JSON, names of options) stays English.
 */
#ifndef TEXTS_H
#define TEXTS_H

#include <stdbool.h>
#include <stddef.h>

/* Chooses by the locale: the first of LC_ALL, LC_MESSAGES, LANG that is set; zh... is Chinese, all else English. */
void texts_choose(void);
/* "en" or "zh"; false when it is another. */
bool texts_choose_named(const char *name);
/* "en" or "zh": what was chosen. */
const char *texts_chosen(void);

/* The text in the language that was chosen; itself where the table has none. */
const char *tr(const char *text) __attribute__((format_arg(1)));

/* The i-th pair, for tests; false behind the last. */
bool texts_pair(size_t i, const char **english, const char **chinese);

#endif
