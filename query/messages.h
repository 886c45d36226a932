/*
 * messages.h - what the room says to people, in their language. A message is written where it is said, in English;
 * messages.c has the Chinese of each, with the same conversions (%s, %d) in the same order. A test names those that
 * are missing (tests/query/test_messages.c).
 */
#ifndef QUERY_MESSAGES_H
#define QUERY_MESSAGES_H

#include <stddef.h>

enum lang { LANG_EN, LANG_ZH };

/* Of "zh", "zh_CN.UTF-8": Chinese; of all else, NULL as well: English. */
enum lang lang_of(const char *name);
/* The text in that language; itself when it has no translation. */
const char *message(enum lang lang, const char *english) __attribute__((format_arg(2)));
/* The English of a Chinese text; itself when it is none's. */
const char *message_english(const char *chinese);
/* The i-th text and its Chinese; NULL behind the last. */
const char *message_at(size_t i, const char **chinese);

#endif
