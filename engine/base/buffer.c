/*
 * buffer.c - growing bytes, and a reader of bytes that cannot run past their end.
 */
#include "base/buffer.h"

#include <stdarg.h>
#include <stdio.h>

void buffer_init(struct buffer *buffer, const struct mem *mem)
{
    memset(buffer, 0, sizeof *buffer);
    buffer->mem = mem;
}

void buffer_clear(struct buffer *buffer)
{
    if (buffer->mem)
        mem_free(buffer->mem, buffer->bytes);
    buffer->bytes = NULL;
    buffer->size = buffer->capacity = 0;
    buffer->failed = false;
}

void buffer_reset(struct buffer *buffer)
{
    buffer->size = 0;
    buffer->failed = false;
}

uint8_t *buffer_extend(struct buffer *buffer, size_t n)
{
    size_t need;
    if (buffer->failed)
        return NULL;
    if (__builtin_add_overflow(buffer->size, n, &need) ||
        mem_reserve(buffer->mem, &buffer->bytes, &buffer->capacity, need ? need : 1, 1) != GK_OK) {
        buffer->failed = true;
        return NULL;
    }
    uint8_t *p = buffer->bytes + buffer->size;
    buffer->size = need;
    return p;
}

void buffer_put(struct buffer *buffer, const void *bytes, size_t size)
{
    uint8_t *p = buffer_extend(buffer, size);
    if (p && size)
        memcpy(p, bytes, size);
}

void buffer_put_u8(struct buffer *buffer, uint8_t v)
{
    buffer_put(buffer, &v, 1);
}

void buffer_put_u16(struct buffer *buffer, uint16_t v)
{
    buffer_put(buffer, &v, sizeof v);
}

void buffer_put_u32(struct buffer *buffer, uint32_t v)
{
    buffer_put(buffer, &v, sizeof v);
}

void buffer_put_u64(struct buffer *buffer, uint64_t v)
{
    buffer_put(buffer, &v, sizeof v);
}

void buffer_put_f64(struct buffer *buffer, double v)
{
    buffer_put(buffer, &v, sizeof v);
}

void buffer_put_varint(struct buffer *buffer, uint64_t v)
{
    uint8_t p[VARINT_MAX];
    buffer_put(buffer, p, varint_put(p, v));
}

void buffer_put_text(struct buffer *buffer, const char *text, size_t size)
{
    buffer_put_varint(buffer, size);
    buffer_put(buffer, text, size);
}

void buffer_printf(struct buffer *buffer, const char *format, ...)
{
    char small[256];
    va_list list, again;

    va_start(list, format);
    va_copy(again, list);
    int n = vsnprintf(small, sizeof small, format, list);
    va_end(list);
    if (n >= 0 && (size_t)n < sizeof small) {
        buffer_put(buffer, small, (size_t)n);
    } else if (n >= 0) {
        char *p = (char *)buffer_extend(buffer, (size_t)n + 1);
        if (p) {
            (void)vsnprintf(p, (size_t)n + 1, format, again); /* the same length as before */
            buffer->size--;
        }
    } else {
        buffer->failed = true;
    }
    va_end(again);
}

int buffer_status(const struct buffer *buffer)
{
    return buffer->failed ? GK_ENOMEM : GK_OK;
}

struct reader reader_of(const void *bytes, size_t size)
{
    struct reader reader = {bytes, size, 0, false};
    return reader;
}

const uint8_t *reader_take(struct reader *reader, size_t n)
{
    if (reader->failed || n > reader->size - reader->at) {
        reader->failed = true;
        return NULL;
    }
    const uint8_t *p = reader->bytes + reader->at;
    reader->at += n;
    return p;
}

uint8_t reader_u8(struct reader *reader)
{
    const uint8_t *p = reader_take(reader, 1);
    return p ? *p : 0;
}

uint16_t reader_u16(struct reader *reader)
{
    const uint8_t *p = reader_take(reader, 2);
    return p ? load_u16(p) : 0;
}

uint32_t reader_u32(struct reader *reader)
{
    const uint8_t *p = reader_take(reader, 4);
    return p ? load_u32(p) : 0;
}

uint64_t reader_u64(struct reader *reader)
{
    const uint8_t *p = reader_take(reader, 8);
    return p ? load_u64(p) : 0;
}

double reader_f64(struct reader *reader)
{
    const uint8_t *p = reader_take(reader, 8);
    return p ? load_f64(p) : 0;
}

uint64_t reader_varint(struct reader *reader)
{
    uint64_t v;
    if (reader->failed)
        return 0;
    size_t n = varint_get(reader->bytes + reader->at, reader->size - reader->at, &v);
    if (n == 0) {
        reader->failed = true;
        return 0;
    }
    reader->at += n;
    return v;
}

struct gk_text reader_text(struct reader *reader)
{
    struct gk_text text = {NULL, 0};
    uint64_t size = reader_varint(reader);
    if (size > reader->size - reader->at)
        reader->failed = true;
    const uint8_t *p = reader->failed ? NULL : reader_take(reader, (size_t)size);
    if (p) {
        text.bytes = (const char *)p;
        text.size = (size_t)size;
    }
    return text;
}

bool reader_is_done(const struct reader *reader)
{
    return !reader->failed && reader->at == reader->size;
}
