/*
 * shuffle.h - byte shuffle: all first bytes of n numbers, then all second ones, and so on, so that the bytes which
 * hardly change stand together for LZ4.
 */
#ifndef CODEC_SHUFFLE_H
#define CODEC_SHUFFLE_H

#include <stddef.h>
#include <stdint.h>

/* n numbers of 8 bytes; neither side needs an alignment; they do not overlap. */
void shuffle_8(const void *in, size_t n, uint8_t *out);
void unshuffle_8(const uint8_t *in, size_t n, void *out);
/* n numbers of 4 bytes. */
void shuffle_4(const void *in, size_t n, uint8_t *out);
void unshuffle_4(const uint8_t *in, size_t n, void *out);

#endif
