/*
 * page.h - LMDB's pages as bytes, for those who must look at them without mapping them.
 *
 *     page    number u64 | - u16 | flags u16 | lower, upper u16 | node offsets u16 ...
 *     node    size or child u16, u16 | flags u16 | key size u16 | key | value, or the number u64 of its first page
 *     header  (behind 16 bytes) magic, version u32 | address, map size u64 | two trees of 48 bytes | last page u64 |
 *             transaction u64
 *     tree    page size u32 | flags, depth u16 | branch, leaf, overflow pages, entries u64 | root u64
 */
#ifndef STORE_PAGE_H
#define STORE_PAGE_H

#include <errno.h>
#include <stdbool.h>
#include <unistd.h>

#include "base/bytes.h"

#define PAGE_HEAD    16
#define NODE_HEAD    8
#define NODE_BIG     1 /* the value is on pages of its own */
#define NODE_TREE    2 /* the value is a tree */
#define PAGE_BRANCH  1
#define PAGE_LEAF    2
#define PAGE_BIG     4 /* the first of those that a value has of its own */
#define PAGE_META    8
#define TREE_FLAGS   4
#define TREE_DEPTH   6
#define TREE_BRANCH  8
#define TREE_LEAF    16
#define TREE_BIG     24
#define TREE_ENTRIES 32
#define TREE_ROOT    40
#define TREE_SIZE    48
#define NO_ROOT      UINT64_MAX
#define MAGIC_AT     16
#define MAGIC        UINT32_C(0xBEEFC0DE)
#define DATA_VERSION 1
#define TREES_AT     40
#define LAST_AT      136
#define TXN_AT       144
#define HEADER_SIZE  152

struct page_file {
    int fd;
    size_t page_size;
    uint64_t file_size;
    int *failed; /* takes the errno of a read that failed, which is no damage; NULL: nobody asks */
};

static inline bool page_read_at(const struct page_file *file, uint64_t at, void *out, size_t size)
{
    if (at > file->file_size || size > file->file_size - at)
        return false;
    ssize_t n = pread(file->fd, out, size, (off_t)at);
    if (n < 0 && file->failed)
        *file->failed = errno;
    return n == (ssize_t)size;
}

static inline bool page_read(const struct page_file *file, uint64_t number, uint8_t *out)
{
    uint64_t at;
    return !__builtin_mul_overflow(number, file->page_size, &at) && page_read_at(file, at, out, file->page_size);
}

/* The header of this transaction, unless a writer has written over it meanwhile. */
static inline bool page_header(const struct page_file *file, uint64_t txn_id, uint8_t header[HEADER_SIZE])
{
    return page_read_at(file, (txn_id & 1) * file->page_size, header, HEADER_SIZE) &&
           load_u64(header + TXN_AT) == txn_id;
}

/* How many nodes a page has; 0 when its head makes no sense. */
static inline size_t page_nodes(const struct page_file *file, const uint8_t *page)
{
    size_t lower = load_u16(page + 12);
    return lower >= PAGE_HEAD && lower <= file->page_size ? (lower - PAGE_HEAD) / 2 : 0;
}

/* Node i, if its head lies inside of the page; else NULL. */
static inline const uint8_t *page_node(const struct page_file *file, const uint8_t *page, size_t i)
{
    size_t at = load_u16(page + PAGE_HEAD + 2 * i);
    return at >= PAGE_HEAD && at + NODE_HEAD <= file->page_size ? page + at : NULL;
}

/* The child of a branch's node. */
static inline uint64_t page_child(const uint8_t *node)
{
    return load_u16(node) | (uint64_t)load_u16(node + 2) << 16 | (uint64_t)load_u16(node + 4) << 32;
}

#endif
