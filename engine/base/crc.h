/*
 * crc.h - CRC32C (Castagnoli, polynomial 0x1EDC6F41 reflected, RFC 3720 appendix B.4), by the processor where it has
 * the instruction, else by table.
 */
#ifndef BASE_CRC_H
#define BASE_CRC_H

#include <stddef.h>
#include <stdint.h>

/* Goes on from `crc`, 0 to begin: crc32c(crc32c(0, a), b) is the value of a followed by b. "123456789" gives E3069283.
 */
uint32_t crc32c(uint32_t crc, const void *bytes, size_t size);
/* The same without the instruction, for tests. */
uint32_t crc32c_plain(uint32_t crc, const void *bytes, size_t size);

#endif
