/*
 * batch.h - the bytes of one journal record: rows of many facilities in order of arrival, as columns, byte-shuffled,
 * LZ4. Fast rather than small: it lives until the next sealing.
 */
#ifndef CODEC_BATCH_H
#define CODEC_BATCH_H

#include "base/buffer.h"
#include "base/error.h"

#define BATCH_ROWS_MAX (1u << 20)

struct batch_rows {
    size_t n_rows; /* 0..BATCH_ROWS_MAX */
    const gk_time *time;
    const uint32_t *facility;
    size_t n_channels; /* 0..1024 */
    const uint32_t *channel;
    const double *const *value;
};

/* Appends the record to *out. */
int batch_encode(const struct mem *mem, const struct batch_rows *rows, struct buffer *out);

/* Decoded rows that own their memory; {0} is a valid empty value; decoding into it again reuses the memory. */
struct batch {
    const struct mem *mem;
    struct batch_rows rows;
    /* private to batch.c */
    void *memory;
    size_t capacity;
};

/* Lossless to the bit. GK_ECORRUPT, GK_EVERSION; safe on any bytes, bounds what it allocates by what the bytes can
 * hold. */
int batch_decode(const struct mem *mem, const uint8_t *bytes, size_t size, struct batch *out);
void batch_clear(struct batch *batch);
int batch_dump(const struct mem *mem, const uint8_t *bytes, size_t size, struct buffer *out);

#endif
