/*
 * buffer.h - growing bytes. {0} with `mem` set is a valid empty buffer. After a failed append the buffer is `failed`
 * and stays so: a writer may append many times and test once with buffer_status.
 */
#ifndef BASE_BUFFER_H
#define BASE_BUFFER_H

#include <stdbool.h>

#include "base/bytes.h"
#include "base/mem.h"

struct buffer {
    const struct mem *mem;
    uint8_t *bytes;
    size_t size, capacity;
    bool failed;
};

void buffer_init(struct buffer *buffer, const struct mem *mem);
void buffer_clear(struct buffer *buffer);
/* Empties it and keeps the memory. */
void buffer_reset(struct buffer *buffer);
/* Room for n more bytes, counted in already; NULL when there is no memory. */
uint8_t *buffer_extend(struct buffer *buffer, size_t n);
void buffer_put(struct buffer *buffer, const void *bytes, size_t size);
void buffer_put_u8(struct buffer *buffer, uint8_t v);
void buffer_put_u16(struct buffer *buffer, uint16_t v);
void buffer_put_u32(struct buffer *buffer, uint32_t v);
void buffer_put_u64(struct buffer *buffer, uint64_t v);
void buffer_put_f64(struct buffer *buffer, double v);
void buffer_put_varint(struct buffer *buffer, uint64_t v);
void buffer_put_text(struct buffer *buffer, const char *text, size_t size); /* varint size, bytes */
void buffer_printf(struct buffer *buffer, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* GK_OK or GK_ENOMEM. */
int buffer_status(const struct buffer *buffer);

/*
 * A reader over borrowed bytes. After a read past the end it is `failed`, gives zeros and stays so: read many, test
 * once.
 */
struct reader {
    const uint8_t *bytes;
    size_t size, at;
    bool failed;
};

struct reader reader_of(const void *bytes, size_t size);
const uint8_t *reader_take(struct reader *reader, size_t n); /* NULL when there are not so many */
uint8_t reader_u8(struct reader *reader);
uint16_t reader_u16(struct reader *reader);
uint32_t reader_u32(struct reader *reader);
uint64_t reader_u64(struct reader *reader);
double reader_f64(struct reader *reader);
uint64_t reader_varint(struct reader *reader);
struct gk_text reader_text(struct reader *reader);
/* True when all was read and nothing failed. */
bool reader_is_done(const struct reader *reader);

#endif
