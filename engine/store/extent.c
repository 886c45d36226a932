/*
 * extent.c - how far the pages in use reach.
 *
 * A header names the last page that was ever taken, and a file that long is whole. A shorter one may be whole too:
 * pages that a transaction takes and gives back again are counted but never written. Then the trees are walked, by
 * plain reads and under a read transaction, which keeps a writer from using their pages again.
 */
#include "store/extent.h"

#include <errno.h>
#include <fcntl.h>
#include <lmdb.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "store/page.h"

#define DEPTH_MAX 32
#define TRIES     100

struct walk {
    struct page_file file;
    uint64_t n_pages; /* pages looked at: more than the file has means a circle */
};

static bool walk_tree(struct walk *w, uint64_t root, int depth);

/* A leaf's value: inside of the page, on pages of its own, or a tree of its own. */
static bool walk_value(struct walk *w, const uint8_t *value, size_t room, uint32_t size, unsigned flags, int depth)
{
    if (flags & NODE_BIG) {
        if (room < 8)
            return false;
        uint64_t first = load_u64(value), n = (PAGE_HEAD + (uint64_t)size + w->file.page_size - 1) / w->file.page_size;
        uint64_t n_file = w->file.file_size / w->file.page_size;
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
    if (at < PAGE_HEAD || at + NODE_HEAD > w->file.page_size)
        return false;
    const uint8_t *node = page + at;
    unsigned low = load_u16(node), high = load_u16(node + 2), flags = load_u16(node + 4), key = load_u16(node + 6);
    if (!is_leaf)
        return walk_tree(w, page_child(node), depth + 1);
    if (at + NODE_HEAD + key > w->file.page_size)
        return false;
    return walk_value(w, node + NODE_HEAD + key, w->file.page_size - at - NODE_HEAD - key, low | (uint32_t)high << 16,
                      flags, depth);
}

/* Depth counts down through trees in trees as well. */
static bool walk_tree(struct walk *w, uint64_t root, int depth)
{
    uint64_t at;
    bool is_good = false;

    if (root == NO_ROOT)
        return true;
    if (depth > DEPTH_MAX || ++w->n_pages > w->file.file_size / w->file.page_size ||
        __builtin_mul_overflow(root, w->file.page_size, &at))
        return false;
    uint8_t *page = malloc(w->file.page_size); /* a handful at a time, at opening only: not worth the handle's hook */
    if (page && page_read_at(&w->file, at, page, w->file.page_size)) {
        size_t lower = load_u16(page + 12);
        bool is_leaf = load_u16(page + 10) & PAGE_LEAF;
        is_good = lower >= PAGE_HEAD && lower <= w->file.page_size;
        for (size_t i = PAGE_HEAD; is_good && i + 2 <= lower; i += 2)
            is_good = walk_node(w, page, load_u16(page + i), is_leaf, depth);
    }
    free(page);
    return is_good;
}

static int walk_file(MDB_env *env, struct walk *w, const char *name, struct gk_error *error)
{
    uint8_t header[HEADER_SIZE];

    for (int i = 0; i < TRIES; i++) {
        MDB_txn *txn;
        int code = mdb_txn_begin(env, NULL, MDB_RDONLY, &txn);
        if (code != MDB_SUCCESS)
            return error_set(error, GK_EIO, "%s: cannot begin a transaction: %s", name, mdb_strerror(code));
        bool is_found = page_header(&w->file, mdb_txn_id(txn), header);
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
                     (unsigned long long)w->file.file_size);
}

int extent_check(MDB_env *env, const char *name, struct gk_error *error)
{
    struct walk w = {.file = {.fd = -1}};
    MDB_envinfo info;
    MDB_stat stat_main;
    struct stat st;
    int rc;

    (void)mdb_env_info(env, &info); /* fail only for NULL */
    (void)mdb_env_stat(env, &stat_main);
    w.file.fd = open(name, O_RDONLY | O_CLOEXEC);
    if (w.file.fd < 0 || fstat(w.file.fd, &st) != 0)
        TRY(error_set(error, GK_EIO, "%s: %s", name, mdb_strerror(errno)));
    w.file.page_size = stat_main.ms_psize;
    w.file.file_size = (uint64_t)st.st_size;
    rc = GK_OK;
    if (info.me_last_txnid > 0 && w.file.file_size / w.file.page_size <= info.me_last_pgno)
        rc = walk_file(env, &w, name, error);
done:
    if (w.file.fd >= 0)
        (void)close(w.file.fd);
    return rc;
}
