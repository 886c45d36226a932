/*
 * extent.c - how far the pages in use reach.
 *
 * A header names the last page that was ever taken, and a file that long is whole. A shorter one may be whole too:
 * pages that a transaction takes and gives back again are counted but never written. Then the trees are walked, by
 * plain reads and under a read transaction, which keeps a writer from using their pages again.
 *
 *     page    number u64 | - u16 | flags u16 | lower, upper u16 | node offsets u16 ...
 *     node    size or child u16, u16 | flags u16 | key size u16 | key | value, or the number u64 of its first page
 *     header  (behind 16 bytes) magic, version u32 | address, map size u64 | two trees of 48 bytes | last page u64 |
 * txn u64 tree    page size u32 | flags, depth u16 | four counts u64 | root u64
 */
#include "store/extent.h"

#include <errno.h>
#include <fcntl.h>
#include <lmdb.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/bytes.h"

#define PAGE_HEAD   16
#define NODE_HEAD   8
#define DEPTH_MAX   32
#define NODE_BIG    1 /* the value is on pages of its own */
#define NODE_TREE   2 /* the value is a tree */
#define PAGE_LEAF   2
#define TREE_ROOT   40
#define TREE_SIZE   48
#define NO_ROOT     UINT64_MAX
#define TREES_AT    40
#define TXN_AT      144
#define HEADER_SIZE 152
#define TRIES       100

struct walk {
    int fd;
    size_t page_size;
    uint64_t file_size, n_pages; /* pages looked at: more than the file has means a circle */
};

static bool read_at(const struct walk *w, uint64_t at, void *out, size_t size)
{
    return at <= w->file_size && size <= w->file_size - at && pread(w->fd, out, size, (off_t)at) == (ssize_t)size;
}

static bool walk_tree(struct walk *w, uint64_t root, int depth);

/* A leaf's value: inside of the page, on pages of its own, or a tree of its own. */
static bool walk_value(struct walk *w, const uint8_t *value, size_t room, uint32_t size, unsigned flags, int depth)
{
    if (flags & NODE_BIG) {
        if (room < 8)
            return false;
        uint64_t first = load_u64(value), n = (PAGE_HEAD + (uint64_t)size + w->page_size - 1) / w->page_size;
        uint64_t n_file = w->file_size / w->page_size;
        return n <= n_file && first <= n_file - n;
    }
    if (size > room)
        return false;
    if (flags & NODE_TREE)
        return size == TREE_SIZE && walk_tree(w, load_u64(value + TREE_ROOT), depth + 1);
    return true;
}

static bool walk_node(struct walk *w, const uint8_t *page, size_t at, bool is_leaf, int depth)
{
    if (at < PAGE_HEAD || at + NODE_HEAD > w->page_size)
        return false;
    const uint8_t *node = page + at;
    unsigned low = load_u16(node), high = load_u16(node + 2), flags = load_u16(node + 4), key = load_u16(node + 6);
    if (!is_leaf)
        return walk_tree(w, low | (uint64_t)high << 16 | (uint64_t)flags << 32, depth + 1);
    if (at + NODE_HEAD + key > w->page_size)
        return false;
    return walk_value(w, node + NODE_HEAD + key, w->page_size - at - NODE_HEAD - key, low | (uint32_t)high << 16, flags,
                      depth);
}

/* Depth counts down through trees in trees as well. */
static bool walk_tree(struct walk *w, uint64_t root, int depth)
{
    uint64_t at;
    bool is_good = false;

    if (root == NO_ROOT)
        return true;
    if (depth > DEPTH_MAX || ++w->n_pages > w->file_size / w->page_size ||
        __builtin_mul_overflow(root, w->page_size, &at))
        return false;
    uint8_t *page = malloc(w->page_size); /* a handful at a time, at opening only: not worth the handle's hook */
    if (page && read_at(w, at, page, w->page_size)) {
        size_t lower = load_u16(page + 12);
        bool is_leaf = load_u16(page + 10) & PAGE_LEAF;
        is_good = lower >= PAGE_HEAD && lower <= w->page_size;
        for (size_t i = PAGE_HEAD; is_good && i + 2 <= lower; i += 2)
            is_good = walk_node(w, page, load_u16(page + i), is_leaf, depth);
    }
    free(page);
    return is_good;
}

/* The header of this transaction, unless a writer has written over it meanwhile. */
static bool find_header(struct walk *w, uint64_t txn_id, uint8_t header[HEADER_SIZE])
{
    return read_at(w, (txn_id & 1) * w->page_size, header, HEADER_SIZE) && load_u64(header + TXN_AT) == txn_id;
}

static int walk_file(MDB_env *env, struct walk *w, const char *name, struct gk_error *error)
{
    uint8_t header[HEADER_SIZE];

    for (int i = 0; i < TRIES; i++) {
        MDB_txn *txn;
        int code = mdb_txn_begin(env, NULL, MDB_RDONLY, &txn);
        if (code != MDB_SUCCESS)
            return error_set(error, GK_EIO, "%s: cannot begin a transaction: %s", name, mdb_strerror(code));
        bool is_found = find_header(w, mdb_txn_id(txn), header);
        w->n_pages = 0;
        bool is_whole = is_found && walk_tree(w, load_u64(header + TREES_AT + TREE_ROOT), 0) &&
                        walk_tree(w, load_u64(header + TREES_AT + TREE_SIZE + TREE_ROOT), 0);
        mdb_txn_abort(txn);
        if (is_whole)
            return GK_OK;
        if (is_found)
            break;
    }
    return error_set(error, GK_ECORRUPT, "%s: cut off: it has %llu bytes, and not all that its header speaks of", name,
                     (unsigned long long)w->file_size);
}

int extent_check(MDB_env *env, const char *name, struct gk_error *error)
{
    struct walk w = {.fd = -1};
    MDB_envinfo info;
    MDB_stat stat_main;
    struct stat st;
    int rc;

    (void)mdb_env_info(env, &info); /* fail only for NULL */
    (void)mdb_env_stat(env, &stat_main);
    w.fd = open(name, O_RDONLY | O_CLOEXEC);
    if (w.fd < 0 || fstat(w.fd, &st) != 0)
        TRY(error_set(error, GK_EIO, "%s: %s", name, mdb_strerror(errno)));
    w.page_size = stat_main.ms_psize;
    w.file_size = (uint64_t)st.st_size;
    rc = GK_OK;
    if (info.me_last_txnid > 0 && w.file_size / w.page_size <= info.me_last_pgno)
        rc = walk_file(env, &w, name, error);
done:
    if (w.fd >= 0)
        (void)close(w.fd);
    return rc;
}
