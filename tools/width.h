/*
 * width.h - UTF-8, one character at a time, and how many columns it takes on a terminal.
 */
#ifndef WIDTH_H
#define WIDTH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define UTF8_BAD UINT32_MAX

/* The character at text (size > 0): its length, and *code, or UTF8_BAD with length 1 for a byte that begins none. */
size_t utf8_next(const char *text, size_t size, uint32_t *code);
/* Control characters and the marks that change the direction of what follows: never shown as they are. */
bool is_hidden(uint32_t code);
/* 0 for what is put on top of its neighbour, 2 for Han, kana, Hangul, full-width forms and most pictures, else 1. */
int code_width(uint32_t code);
size_t text_width(const char *text, size_t size);

#endif
