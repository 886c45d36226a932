/*
 * value.h - the checksum behind every value, over its table, its key and its bytes.
 *
 *     value in the file:  bytes | CRC32C(table u8, key, bytes) u32
 */
#ifndef STORE_VALUE_H
#define STORE_VALUE_H

#include "base/crc.h"
#include "store/store.h"

#define VALUE_CRC 4 /* bytes */

static inline uint32_t value_crc(enum store_table table, struct view key, const void *bytes, size_t size)
{
    uint8_t id = (uint8_t)table;
    return crc32c(crc32c(crc32c(0, &id, 1), key.bytes, key.size), bytes, size);
}

/* Whether the bytes, the last four of which are a checksum, are those that were put there. */
static inline bool value_fits(enum store_table table, struct view key, const uint8_t *stored, size_t size)
{
    return size >= VALUE_CRC && load_u32(stored + size - VALUE_CRC) == value_crc(table, key, stored, size - VALUE_CRC);
}

#endif
