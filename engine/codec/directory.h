/*
 * directory.h - where the mini blocks of a column are: their sizes, packed.
 *
 *     least    varint: the smallest size
 *     rest     patch: size - least
 */
#ifndef CODEC_DIRECTORY_H
#define CODEC_DIRECTORY_H

#include <stdint.h>

#include "base/buffer.h"
#include "codec/chunk.h"

#define DIRECTORY_MAX (CHUNK_ROWS_MAX / CHUNK_MINI)

struct directory {
    uint32_t n;
    uint32_t at[DIRECTORY_MAX + 1]; /* block i is [at[i], at[i + 1]) of the bytes behind the directory */
};

/* Bytes that directory_put appends. */
size_t directory_size(const uint32_t *sizes, uint32_t n);
void directory_put(const uint32_t *sizes, uint32_t n, struct buffer *out);
/* Reads n sizes. GK_ECORRUPT unless the blocks fill the rest of the reader's bytes exactly. */
int directory_get(struct reader *reader, uint32_t n, struct directory *out);

#endif
