/*
 * text.h - UTF-8 as people send it: what is valid, what may be a name, what comes near a name, how to show it in a
 * message.
 */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include "gk.h"

/* Valid UTF-8: shortest forms only, no surrogates, nothing above U+10FFFF. */
bool text_is_utf8(const char *text, size_t size);
/* Characters (code points) of the text; a byte that is not UTF-8 counts as one. */
size_t text_length(const char *text, size_t size);
/*
 * 1 to GK_NAME_MAX bytes of UTF-8 without control characters, without marks that turn the direction of writing (a name
 * must look like what it is), and without blanks at its ends.
 */
bool text_is_name(const char *text, size_t size);

/* Equal but for the case of ASCII letters. */
bool text_is_alike(const char *a, size_t a_size, const char *b, size_t b_size);
/* Without blanks and tabs at both ends. */
struct gk_text text_trim(const char *text, size_t size);

/* Longer texts are near to nothing; so the work is bounded. */
#define TEXT_DISTANCE_MAX 64
/*
 * Characters to insert, drop, change or swap with a neighbour to come from a to b, whatever the case of ASCII letters;
 * SIZE_MAX when one is longer than TEXT_DISTANCE_MAX characters or not UTF-8.
 */
size_t text_distance(const char *a, size_t a_size, const char *b, size_t b_size);
/* The nearest of n names, if it is near enough to be what was meant, else NULL. */
const char *text_nearest(const char *text, size_t size, const char *const *names, size_t n);

#define TEXT_SHOWN_MAX 64
/* A piece of foreign text for a message: cut with "...", control characters and broken bytes as '?'. Returns out. */
const char *text_show(const char *text, size_t size, char out[TEXT_SHOWN_MAX]);

#endif
