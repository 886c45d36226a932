/*
 * utf8.h - characters of a query's text: decoding, folding of full-width forms, display columns, nearness of words.
 */
#ifndef QUERY_UTF8_H
#define QUERY_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define UTF8_BAD UINT32_C(0xFFFD)

/* The character at bytes[at]; *size gets its length, 1 for a byte that is not UTF-8 (then UTF8_BAD). at < n. */
uint32_t utf8_at(const char *bytes, size_t n, size_t at, size_t *size);
/* Writes a character; returns its length, at most 4. */
size_t utf8_put(char *out, uint32_t c);

/* Full-width digits, letters and signs become ASCII; CJK commas, brackets and spaces too. */
uint32_t utf8_fold(uint32_t c);
bool utf8_is_han(uint32_t c);
/* Columns on a terminal: 2 for CJK and full-width, 0 for combining marks and what has no shape, else 1. */
unsigned utf8_width(uint32_t c);

/* Characters in, and display columns of, the n bytes. */
size_t utf8_count(const char *bytes, size_t n);
size_t utf8_columns(const char *bytes, size_t n);

/*
 * The least number of inserted, deleted, changed or swapped neighbouring characters between two words, ignoring ASCII
 * case; `limit` + 1 when it is more than that or a word is longer than UTF8_WORD_MAX characters.
 */
#define UTF8_WORD_MAX 64
size_t utf8_distance(const char *a, size_t na, const char *b, size_t nb, size_t limit);

#endif
