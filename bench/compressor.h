/*
 * compressor.h - what people would pick for a column of doubles instead: zstd, LZ4, and blosc (bits shuffled, then
 * zstd). Each gets the whole column at once, which suits it best: our chunks are of 8,192 rows.
 */
#ifndef BENCH_COMPRESSOR_H
#define BENCH_COMPRESSOR_H

#include <stdbool.h>
#include <stddef.h>

#include "peer.h"

enum compressor { COMPRESSOR_ZSTD_3, COMPRESSOR_ZSTD_19, COMPRESSOR_LZ4, COMPRESSOR_BLOSC, COMPRESSOR_N };

extern const char *const COMPRESSOR_NAME[COMPRESSOR_N];

/* True: it can be used, word is its version. False: word says why not. */
bool compressor_find(enum compressor compressor, char word[PEER_WORD_MAX]);
/* The size that `size` bytes cannot exceed. */
size_t compressor_bound(enum compressor compressor, size_t size);
/* The size of what was made. Ends the program on failure, as does decoding to another size. */
size_t compressor_encode(enum compressor compressor, const void *in, size_t size, void *out, size_t capacity);
void compressor_decode(enum compressor compressor, const void *in, size_t in_size, void *out, size_t size);

#endif
