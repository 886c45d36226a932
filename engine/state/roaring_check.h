/*
 * roaring_check.h - whether bytes are a Roaring bitmap of 32-bit numbers in the portable format, complete and
 * consistent. CRoaring's own safe reading only stays inside the bytes: what it accepts may crash a later union. So
 * nothing is deserialised before this said yes.
 */
#ifndef STATE_ROARING_CHECK_H
#define STATE_ROARING_CHECK_H

#include "base/error.h"

/* GK_OK when exactly these bytes are one bitmap, with *count numbers; GK_ECORRUPT and the reason in *error. */
int roaring_check(const uint8_t *bytes, size_t size, uint64_t *count, struct gk_error *error);
/*
 * Sets bit i of words for every number i < 64 * n_words of a bitmap that was checked, without making one: a question
 * may go through hundreds of bitmaps, of which it only wants the union.
 */
void roaring_mark(const uint8_t *bytes, size_t size, uint64_t *words, size_t n_words);
/* How many words a bitmap that was checked needs at most. */
size_t roaring_words(const uint8_t *bytes, size_t size);

#endif
