/*
 * crc.c - CRC32C. Three interleaved streams would be faster still; at the sizes stored here (under 64 KB) one stream of
 * the instruction is not what a query waits for.
 */
#include "base/crc.h"

#include "base/bytes.h"

static uint32_t crc_plain(uint32_t crc, const uint8_t *p, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        crc ^= p[i];
        for (int k = 0; k < 8; k++)
            crc = (crc >> 1) ^ (0x82F63B78u & (0u - (crc & 1)));
    }
    return crc;
}

#if defined(__x86_64__)
#include <nmmintrin.h>

__attribute__((target("sse4.2"))) static uint32_t crc_sse42(uint32_t crc, const uint8_t *p, size_t size)
{
    uint64_t c = crc;
    for (; size >= 8; size -= 8, p += 8)
        c = _mm_crc32_u64(c, load_u64(p));
    crc = (uint32_t)c;
    for (; size; size--, p++)
        crc = _mm_crc32_u8(crc, *p);
    return crc;
}
#endif

uint32_t crc32c(uint32_t crc, const void *bytes, size_t size)
{
#if defined(__x86_64__)
    if (__builtin_cpu_supports("sse4.2"))
        return ~crc_sse42(~crc, bytes, size);
#endif
    return ~crc_plain(~crc, bytes, size);
}
