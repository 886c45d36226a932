/*
 * prefetch.c - see prefetch.h. Pages are looked at by plain reads of single pages, which read nothing around them.
 */
#define _GNU_SOURCE /* preadv2 */
#include "store/prefetch.h"

#include <fcntl.h>
#include <lmdb.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>

#define GAP       8 /* pages between two runs that are read along: less than another request costs */
#define DEPTH_MAX 4 /* of a table that is small enough */
#define SAMPLES   8

struct list {
    uint64_t at[PREFETCH_PAGES_MAX];
    size_t n;
};

static int by_number(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

/* Runs of pages, a request each. */
void prefetch_pages(const struct page_file *file, uint64_t *pages, size_t n)
{
    qsort(pages, n, sizeof *pages, by_number);
    for (size_t i = 0, k; i < n; i = k) {
        for (k = i + 1; k < n && pages[k] - pages[k - 1] <= GAP; k++)
            ;
        uint64_t n_run = pages[k - 1] - pages[i] + 1;
        if (pages[i] < file->file_size / file->page_size)
            (void)posix_fadvise(file->fd, (off_t)(pages[i] * file->page_size), (off_t)(n_run * file->page_size),
                                POSIX_FADV_WILLNEED); /* a hint */
    }
}

/* Whether some of the pages, far from each other, are all in memory: then the file is not cold. */
static bool is_warm(const struct page_file *file, const struct list *list)
{
    for (size_t i = 0; i < list->n; i += list->n / SAMPLES + 1) {
        char byte;
        struct iovec one = {&byte, 1};
        if (preadv2(file->fd, &one, 1, (off_t)(list->at[i] * file->page_size), RWF_NOWAIT) != 1)
            return false;
    }
    return list->n > 0;
}

static void add(struct list *list, uint64_t page)
{
    if (list->n < PREFETCH_PAGES_MAX)
        list->at[list->n++] = page;
}

/* The children of a branch. */
static void add_children(const struct page_file *file, const uint8_t *page, struct list *out)
{
    for (size_t i = 0, n = page_nodes(file, page); i < n; i++) {
        const uint8_t *node = page_node(file, page, i);
        if (node)
            add(out, page_child(node));
    }
}

/* The pages of the values that have some of their own. */
static void add_big(const struct page_file *file, const uint8_t *page, struct list *out)
{
    for (size_t i = 0, n = page_nodes(file, page); i < n; i++) {
        const uint8_t *node = page_node(file, page, i);
        if (!node || !(load_u16(node + 4) & NODE_BIG))
            continue;
        size_t at = (size_t)(node - page) + NODE_HEAD + load_u16(node + 6);
        uint64_t size = load_u16(node) | (uint64_t)load_u16(node + 2) << 16;
        for (uint64_t k = 0; at + 8 <= file->page_size && k * file->page_size < PAGE_HEAD + size; k++)
            add(out, load_u64(page + at) + k);
    }
}

/* Pages by their distance from the leaves, which are at 1; their values' are at 0. */
struct levels {
    struct list list[DEPTH_MAX + 1];
};

/* From level to level: the pages of one are asked for together, then read to find those of the next. */
static size_t descend(const struct page_file *file, struct levels *levels, bool has_big, uint8_t *page)
{
    size_t n_pages = 0;

    for (size_t depth = DEPTH_MAX;; depth--) {
        struct list *level = &levels->list[depth];
        n_pages += level->n;
        if (depth == 1 && is_warm(file, level))
            return n_pages;
        prefetch_pages(file, level->at, level->n);
        if (depth == 0 || (depth == 1 && !has_big))
            return n_pages;
        for (size_t i = 0; i < level->n; i++) {
            if (!page_read(file, level->at[i], page))
                continue;
            bool is_leaf = load_u16(page + 10) & PAGE_LEAF;
            if (is_leaf && depth == 1)
                add_big(file, page, &levels->list[0]);
            else if (!is_leaf && depth > 1)
                add_children(file, page, &levels->list[depth - 1]);
        }
    }
}

static bool is_wanted(const uint8_t *node, size_t room, const char *const *tables, size_t n_tables)
{
    size_t key = load_u16(node + 6);

    if (!(load_u16(node + 4) & NODE_TREE) || NODE_HEAD + key + TREE_SIZE > room)
        return false;
    for (size_t i = 0; i < n_tables; i++)
        if (strlen(tables[i]) == key && memcmp(tables[i], node + NODE_HEAD, key) == 0)
            return true;
    return false;
}

/* The root of a table at its level; adds to *n_big how many pages of values it has. */
static void add_root(const uint8_t *tree, struct levels *out, uint64_t *n_big)
{
    unsigned depth = load_u16(tree + TREE_DEPTH);
    uint64_t big = load_u64(tree + TREE_BIG);
    uint64_t n_pages = load_u64(tree + TREE_BRANCH) + load_u64(tree + TREE_LEAF) + big;

    if (depth == 0 || depth > DEPTH_MAX || n_pages > PREFETCH_PAGES_MAX)
        return;
    add(&out->list[depth], load_u64(tree + TREE_ROOT));
    *n_big += big;
}

static size_t prefetch(MDB_env *env, const struct page_file *file, const char *const *tables, size_t n_tables,
                       struct levels *levels, uint8_t *page)
{
    uint8_t header[HEADER_SIZE];
    uint64_t n_big = 0;
    MDB_envinfo info;

    (void)mdb_env_info(env, &info); /* fails only for NULL */
    if (!page_header(file, info.me_last_txnid, header) ||
        !page_read(file, load_u64(header + TREES_AT + TREE_SIZE + TREE_ROOT), page))
        return 0;
    for (size_t i = 0, n = page_nodes(file, page); i < n; i++) {
        const uint8_t *node = page_node(file, page, i);
        if (node && is_wanted(node, file->page_size - (size_t)(node - page), tables, n_tables))
            add_root(node + NODE_HEAD + load_u16(node + 6), levels, &n_big);
    }
    return descend(file, levels, n_big > 0, page);
}

size_t prefetch_tables(MDB_env *env, const char *name, const char *const *tables, size_t n_tables)
{
    struct page_file file = {.fd = open(name, O_RDONLY | O_CLOEXEC)};
    struct levels *levels = calloc(1, sizeof *levels); /* at opening only: not worth the handle's hook */
    MDB_stat stat_main;
    struct stat st;
    size_t n_pages = 0;

    (void)mdb_env_stat(env, &stat_main); /* fails only for NULL */
    file.page_size = stat_main.ms_psize;
    uint8_t *page = malloc(file.page_size);
    if (levels && page && file.fd >= 0 && fstat(file.fd, &st) == 0) {
        file.file_size = (uint64_t)st.st_size;
        (void)posix_fadvise(file.fd, 0, 0, POSIX_FADV_RANDOM); /* a hint: a page read is a page read */
        n_pages = prefetch(env, &file, tables, n_tables, levels, page);
    }
    free(page);
    free(levels);
    if (file.fd >= 0)
        (void)close(file.fd);
    return n_pages;
}
