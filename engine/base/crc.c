/*
 * crc.c - CRC32C. The instruction takes eight bytes and three cycles, of which two are waiting; so long runs are read
 * as three pieces side by side, whose values are joined by a multiplication (a value goes on over n zero bytes by
 * being multiplied with x^(8n) mod P; see Gopal et al., "Fast CRC Computation for iSCSI Polynomial Using CRC32
 * Instruction", 2011). A third of the time of a question to samples was this.
 */
#include "base/crc.h"

#include "base/bytes.h"

/* Values of half a byte, from the definition. */
static const uint32_t HALVES[16] = {0x00000000, 0x105EC76F, 0x20BD8EDE, 0x30E349B1, 0x417B1DBC, 0x5125DAD3,
                                    0x61C69362, 0x7198540D, 0x82F63B78, 0x92A8FC17, 0xA24BB5A6, 0xB21572C9,
                                    0xC38D26C4, 0xD3D3E1AB, 0xE330A81A, 0xF36E6F75};

static uint32_t crc_plain(uint32_t crc, const uint8_t *p, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        crc ^= p[i];
        crc = crc >> 4 ^ HALVES[crc & 15];
        crc = crc >> 4 ^ HALVES[crc & 15];
    }
    return crc;
}

#if defined(__x86_64__)
#include <nmmintrin.h>
#include <wmmintrin.h>

#define PIECE    256                  /* bytes of each of the three */
#define BY_ONE   UINT64_C(0xB9E02B86) /* x^(8 * PIECE - 33) mod P, reflected: the product is 32 + 1 bits further on */
#define BY_TWO   UINT64_C(0xDD7E3B0C) /* x^(16 * PIECE - 33) mod P */
#define CRC_SSE4 __attribute__((target("sse4.2")))
#define CRC_MUL  __attribute__((target("sse4.2,pclmul")))

CRC_MUL static inline uint64_t times(uint64_t crc, uint64_t by)
{
    __m128i product = _mm_clmulepi64_si128(_mm_cvtsi64_si128((int64_t)crc), _mm_cvtsi64_si128((int64_t)by), 0);
    return _mm_crc32_u64(0, (uint64_t)_mm_cvtsi128_si64(product));
}

/* The first bytes, as many as are three pieces; *size is what is left. */
CRC_MUL static uint32_t crc_pieces(uint32_t crc, const uint8_t *p, size_t *size)
{
    uint64_t a = crc;

    for (; *size >= 3 * PIECE; *size -= 3 * PIECE, p += 3 * PIECE) {
        uint64_t b = 0, c = 0;
        for (size_t i = 0; i < PIECE; i += 8) {
            a = _mm_crc32_u64(a, load_u64(p + i));
            b = _mm_crc32_u64(b, load_u64(p + PIECE + i));
            c = _mm_crc32_u64(c, load_u64(p + 2 * PIECE + i));
        }
        a = times(a, BY_TWO) ^ times(b, BY_ONE) ^ c;
    }
    return (uint32_t)a;
}

CRC_SSE4 static uint32_t crc_sse42(uint32_t crc, const uint8_t *p, size_t size)
{
    uint64_t c = crc;
    for (; size >= 8; size -= 8, p += 8)
        c = _mm_crc32_u64(c, load_u64(p));
    crc = (uint32_t)c;
    for (; size; size--, p++)
        crc = _mm_crc32_u8(crc, *p);
    return crc;
}

uint32_t crc32c(uint32_t crc, const void *bytes, size_t size)
{
    size_t left = size;

    if (size == 0)
        return crc; /* of no bytes, which may be nowhere */
    crc = ~crc;
    if (!__builtin_cpu_supports("sse4.2"))
        return ~crc_plain(crc, bytes, size);
    if (__builtin_cpu_supports("pclmul"))
        crc = crc_pieces(crc, bytes, &left);
    return ~crc_sse42(crc, (const uint8_t *)bytes + (size - left), left);
}
#else
uint32_t crc32c(uint32_t crc, const void *bytes, size_t size)
{
    return ~crc_plain(~crc, bytes, size);
}
#endif

uint32_t crc32c_plain(uint32_t crc, const void *bytes, size_t size)
{
    return ~crc_plain(~crc, bytes, size);
}
