/*
 * bytes.h - little-endian loads and stores, big-endian keys, variable-length integers, zigzag. Nothing is ever read
 * through a pointer of another type: LMDB values have no alignment.
 */
#ifndef BASE_BYTES_H
#define BASE_BYTES_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "gkdb stores little-endian bytes and so far runs on little-endian processors only"
#endif

/* Bytes that belong to somebody else. */
struct view {
    const uint8_t *bytes;
    size_t size;
};

static inline uint16_t load_u16(const void *p)
{
    uint16_t v;
    memcpy(&v, p, sizeof v);
    return v;
}

static inline uint32_t load_u32(const void *p)
{
    uint32_t v;
    memcpy(&v, p, sizeof v);
    return v;
}

static inline uint64_t load_u64(const void *p)
{
    uint64_t v;
    memcpy(&v, p, sizeof v);
    return v;
}

static inline double load_f64(const void *p)
{
    double v;
    memcpy(&v, p, sizeof v);
    return v;
}

static inline void store_u16(void *p, uint16_t v)
{
    memcpy(p, &v, sizeof v);
}

static inline void store_u32(void *p, uint32_t v)
{
    memcpy(p, &v, sizeof v);
}

static inline void store_u64(void *p, uint64_t v)
{
    memcpy(p, &v, sizeof v);
}

static inline void store_f64(void *p, double v)
{
    memcpy(p, &v, sizeof v);
}

static inline uint64_t bits_of(double v)
{
    return load_u64(&v);
}

static inline double double_of(uint64_t bits)
{
    return load_f64(&bits);
}

/* Keys sort as bytes, so they are big-endian; signed numbers have their sign bit flipped. */
static inline void key_u32(void *p, uint32_t v)
{
    store_u32(p, __builtin_bswap32(v));
}

static inline uint32_t unkey_u32(const void *p)
{
    return __builtin_bswap32(load_u32(p));
}

static inline void key_u64(void *p, uint64_t v)
{
    store_u64(p, __builtin_bswap64(v));
}

static inline uint64_t unkey_u64(const void *p)
{
    return __builtin_bswap64(load_u64(p));
}

static inline void key_i64(void *p, int64_t v)
{
    key_u64(p, (uint64_t)v ^ (UINT64_C(1) << 63));
}

static inline int64_t unkey_i64(const void *p)
{
    return (int64_t)(unkey_u64(p) ^ (UINT64_C(1) << 63));
}

static inline uint64_t zigzag(int64_t v)
{
    return ((uint64_t)v << 1) ^ (0 - ((uint64_t)v >> 63));
}

static inline int64_t unzigzag(uint64_t v)
{
    return (int64_t)((v >> 1) ^ (0 - (v & 1)));
}

#define VARINT_MAX 10 /* bytes of the longest variable-length integer */

/* LEB128: seven bits a byte, low first, the high bit says that more follow. Returns the bytes written. */
static inline size_t varint_put(uint8_t *p, uint64_t v)
{
    size_t n = 0;
    while (v >= 0x80) {
        p[n++] = (uint8_t)(v | 0x80);
        v >>= 7;
    }
    p[n++] = (uint8_t)v;
    return n;
}

/* Reads one and returns the bytes used, 0 when it is cut or longer than 64 bits. */
static inline size_t varint_get(const uint8_t *p, size_t size, uint64_t *v)
{
    uint64_t x = 0;
    for (size_t i = 0; i < size && i < VARINT_MAX; i++) {
        if (i == 9 && p[i] > 1)
            return 0;
        x |= (uint64_t)(p[i] & 0x7F) << (7 * i);
        if (p[i] < 0x80) {
            *v = x;
            return i + 1;
        }
    }
    return 0;
}

#endif
