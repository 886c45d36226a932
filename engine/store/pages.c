/*
 * pages.c - see pages.h.
 *
 * A header names the last page that was ever taken, and a file that long is whole. A shorter one may be whole too:
 * pages that a transaction takes and gives back again are counted but never written. So what counts is where the trees
 * lead.
 */
#include "store/pages.h"

#include <errno.h>
#include <lmdb.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "store/prefetch.h"
#include "store/value.h"

#define DEPTH_MAX     32
#define KEY_MAX       511
#define TRIES         100 /* a header that is being written: microseconds */
#define LAST_MIN      1
#define PAGE_SIZE_MIN 512
#define PAGE_SIZE_MAX 32768
/* So many pages a transaction may take and give back: a header that speaks of more beyond the file's end is wrong. */
#define UNWRITTEN_MAX (UINT64_C(1) << 24)

enum kind { TABLES, FREE_PAGES, TABLE };

struct walk {
    struct pages *pages;
    struct pages_checking *checking;
    struct gk_error *error;
    uint64_t last;    /* page that the header counts */
    uint64_t n_pages; /* in the file */
    uint64_t *taken;  /* a bit a page up to the last one */
};

/* A tree as its record describes it, and what was counted of it. */
struct tree {
    enum kind kind;
    char name[64];         /* for messages */
    unsigned depth, table; /* STORE_TABLES: of none of ours */
    bool has_numbers;      /* keys are numbers of 8 bytes */
    uint64_t root, n_branch, n_leaf, n_big, n_entries;
    uint64_t branch, leaf, big, entries;
};

/* ---- findings ---------------------------------------------------------------------------------------------------- */

static int cannot_read(const struct pages *pages, struct gk_error *error)
{
    return error_set(error, GK_EIO, "%s: cannot be read: %s", pages->name, strerror(*pages->file.failed));
}

/* GK_OK: whoever takes findings wants more of them. */
__attribute__((format(printf, 4, 5))) static int found(struct walk *w, const struct tree *tree, uint64_t page,
                                                       const char *format, ...)
{
    char what[200], text[400];
    va_list list;

    if (*w->pages->file.failed)
        return cannot_read(w->pages, w->error);
    va_start(list, format);
    (void)vsnprintf(what, sizeof what, format, list);
    va_end(list);
    (void)snprintf(text, sizeof text, "%s: %s, page %llu: %s", w->pages->name, tree->name, (unsigned long long)page,
                   what);
    if (w->checking->found)
        return w->checking->found(w->checking->context, text);
    return error_set(w->error, GK_ECORRUPT, "%s", text);
}

static int no_memory(struct walk *w)
{
    return error_set(w->error, GK_ENOMEM, "%s: out of memory for a check of its pages", w->pages->name);
}

/* ---- headers ----------------------------------------------------------------------------------------------------- */

static bool is_page_size(uint32_t size)
{
    return size >= PAGE_SIZE_MIN && size <= PAGE_SIZE_MAX && (size & (size - 1)) == 0;
}

static bool is_tree_record(const uint8_t *tree, uint64_t last)
{
    uint64_t root = load_u64(tree + TREE_ROOT);
    unsigned depth = load_u16(tree + TREE_DEPTH);
    return root == NO_ROOT ? depth == 0 : root <= last && depth > 0 && depth <= DEPTH_MAX;
}

/* NULL: header i makes sense by itself. */
static const char *header_flaw(const struct page_file *file, const uint8_t *header, uint64_t i)
{
    uint64_t txn = load_u64(header + TXN_AT);

    if (load_u64(header) != i || load_u16(header + 10) != PAGE_META || load_u32(header + MAGIC_AT) != MAGIC)
        return "it is no header";
    if (load_u32(header + TREES_AT) != file->page_size)
        return "it has another page size";
    if (txn > 0 && (txn & 1) != i)
        return "its transaction belongs to the other one";
    return NULL;
}

/*
 * NULL: nor is what it speaks of nonsense. Only the newer one has to: when LMDB cannot sync a header it puts the number
 * of the former transaction back, and leaves the trees of the one that failed.
 */
static const char *trees_flaw(const struct page_file *file, const uint8_t *header)
{
    uint64_t last = load_u64(header + LAST_AT), n_pages = file->file_size / file->page_size;

    if (last < LAST_MIN || last > n_pages + UNWRITTEN_MAX)
        return "the number of pages is beyond reason";
    if (!is_tree_record(header + TREES_AT, last) || !is_tree_record(header + TREES_AT + TREE_SIZE, last))
        return "a tree does not begin in the file";
    return NULL;
}

/* Both headers; *flaw says what is wrong. */
static int look_at_headers(struct pages *p, const char **flaw)
{
    uint8_t headers[2][HEADER_SIZE];
    struct page_file *file = &p->file;

    *flaw = "it is too short for a header";
    if (!page_read_at(file, 0, headers[0], HEADER_SIZE))
        return 0;
    if (load_u32(headers[0] + MAGIC_AT) == MAGIC && load_u32(headers[0] + MAGIC_AT + 4) != DATA_VERSION)
        return GK_EVERSION;
    *flaw = "its first header is damaged";
    file->page_size = load_u32(headers[0] + TREES_AT);
    if (!is_page_size(load_u32(headers[0] + TREES_AT)))
        return 0;
    *flaw = "it is too short for two headers";
    if (!page_read_at(file, file->page_size, headers[1], HEADER_SIZE))
        return 0;
    for (uint64_t i = 0; i < 2; i++)
        if ((*flaw = header_flaw(file, headers[i], i)))
            return (int)i;
    uint64_t a = load_u64(headers[0] + TXN_AT), b = load_u64(headers[1] + TXN_AT);
    p->txn_id = a > b ? a : b;
    p->last = load_u64(headers[a > b ? 0 : 1] + LAST_AT);
    if ((a > b ? a - b : b - a) > 1) {
        *flaw = "the two headers are of transactions that do not follow each other";
        return 0;
    }
    *flaw = trees_flaw(file, headers[b > a]);
    return b > a;
}

static int measure(struct pages *p, struct gk_error *error)
{
    struct stat st;

    if (fstat(p->file.fd, &st) != 0)
        return error_set(error, GK_EIO, "%s: %s", p->name, mdb_strerror(errno));
    p->file.file_size = (uint64_t)st.st_size;
    return GK_OK;
}

int pages_begin(int fd, const char *name, struct pages *out, struct gk_error *error)
{
    const char *flaw = NULL;
    int rc, i = 0, failed = 0;

    *out = (struct pages){.name = name, .file = {.fd = fd, .failed = &failed}};
    int major, minor;
    const char *version = mdb_version(&major, &minor, NULL);
    if (major != 0 || minor != 9)
        TRY(error_set(error, GK_EVERSION, "the pages of %s are not known: expected LMDB 0.9", version));
    for (int k = 0; k < TRIES; k++) {
        TRY(measure(out, error));
        i = look_at_headers(out, &flaw);
        if (failed)
            TRY(cannot_read(out, error));
        if (i == GK_EVERSION)
            TRY(error_set(error, i, "%s: was written by another version of LMDB than 0.9", name));
        if (!flaw)
            goto done;
    }
    rc = error_set(error, GK_ECORRUPT, "%s: header %d: %s (%llu bytes)", name, i, flaw,
                   (unsigned long long)out->file.file_size);
done:
    out->file.failed = NULL;
    return rc;
}

/* ---- pages ------------------------------------------------------------------------------------------------------- */

/*
 * Takes pages [first, first + n), to which page `from` leads, and which there are up to `end`. *is_good: they are, and
 * nobody else's.
 */
static int take(struct walk *w, const struct tree *tree, uint64_t from, uint64_t first, uint64_t n, uint64_t end,
                bool *is_good)
{
    *is_good = false;
    if (first < 2 || first > w->last || n > w->last + 1 - first)
        return found(w, tree, from, "it leads to page %llu, which is none", (unsigned long long)first);
    if (first + n > end)
        return found(w, tree, from, "cut off: it leads to page %llu, and the file has %llu", (unsigned long long)first,
                     (unsigned long long)w->n_pages);
    for (uint64_t i = first; i < first + n; i++) {
        uint64_t bit = UINT64_C(1) << (i & 63);
        if (w->taken[i / 64] & bit)
            return found(w, tree, from, "page %llu is used twice", (unsigned long long)i);
        w->taken[i / 64] |= bit;
    }
    *is_good = true;
    return GK_OK;
}

/* A node of a page that is known to be one. */
struct node {
    const uint8_t *key, *value;
    size_t key_size;
    uint64_t child;
    uint32_t size; /* of the value, wherever it is */
    unsigned flags;
};

static struct node node_at(const uint8_t *page, size_t i, bool is_leaf)
{
    const uint8_t *at = page + load_u16(page + PAGE_HEAD + 2 * i);
    struct node node = {.key = at + NODE_HEAD, .key_size = load_u16(at + 6)};

    if (!is_leaf) {
        node.child = page_child(at);
        return node;
    }
    node.flags = load_u16(at + 4);
    node.size = load_u16(at) | (uint32_t)load_u16(at + 2) << 16;
    node.value = node.key + node.key_size;
    return node;
}

/* How many bytes a node takes of its page; 0: it is not inside. */
static size_t node_size(const struct walk *w, const uint8_t *page, size_t i, bool is_leaf)
{
    size_t page_size = w->pages->file.page_size, at = load_u16(page + PAGE_HEAD + 2 * i);

    if (at < load_u16(page + 14) || (at & 1) || at + NODE_HEAD > page_size)
        return 0;
    struct node node = node_at(page, i, is_leaf);
    if (node.key_size > KEY_MAX)
        return 0;
    uint64_t size = NODE_HEAD + node.key_size;
    if (is_leaf)
        size += node.flags & NODE_BIG ? 8 : (uint64_t)node.size;
    return at + size <= page_size ? (size_t)(size + 1) & ~(size_t)1 : 0;
}

static int compare_keys(const struct tree *tree, struct view a, struct view b)
{
    if (tree->has_numbers) {
        uint64_t x = load_u64(a.bytes), y = load_u64(b.bytes);
        return x < y ? -1 : x > y;
    }
    int order = memcmp(a.bytes, b.bytes, a.size < b.size ? a.size : b.size);
    return order ? order : a.size < b.size ? -1 : a.size > b.size;
}

/* What is wrong with the nodes of a page; NULL: nothing. Keys lie in [low, high); without bytes there is no border. */
static const char *nodes_flaw(const struct walk *w, const struct tree *tree, const uint8_t *page, bool is_leaf,
                              struct view low, struct view high)
{
    size_t n = page_nodes(&w->pages->file, page), room = 0;

    for (size_t i = 0; i < n; i++) {
        size_t size = node_size(w, page, i, is_leaf);
        if (size == 0)
            return "a node is not inside of it";
        room += size;
        struct node node = node_at(page, i, is_leaf);
        struct view key = {node.key, node.key_size};
        if (node.flags & ~(unsigned)(NODE_BIG | NODE_TREE) || node.flags == (NODE_BIG | NODE_TREE))
            return "a node of no known kind";
        if (!is_leaf && i == 0)
            continue; /* nobody looks at the first key of a branch */
        if (key.size == 0 || (tree->has_numbers && key.size != 8))
            return "a key of a wrong size";
        int order = low.bytes ? compare_keys(tree, low, key) : -1;
        if (order > 0 || (order == 0 && i > (is_leaf ? 0 : 1)) || (high.bytes && compare_keys(tree, key, high) >= 0))
            return "its keys are not in order";
        low = key;
    }
    return room <= w->pages->file.page_size - load_u16(page + 14) ? NULL : "its nodes overlap";
}

static const char *head_flaw(const struct walk *w, const uint8_t *page, uint64_t number, bool is_leaf)
{
    size_t lower = load_u16(page + 12), upper = load_u16(page + 14);

    if (load_u64(page) != number)
        return "it has the number of another page";
    if (load_u16(page + 10) != (is_leaf ? PAGE_LEAF : PAGE_BRANCH))
        return "it is of the wrong kind";
    if (lower < PAGE_HEAD || lower > upper || upper > w->pages->file.page_size || (lower & 1))
        return "its borders make no sense";
    return (lower - PAGE_HEAD) / 2 < (is_leaf ? 1 : 2) ? "it is empty" : NULL;
}

/* ---- values ------------------------------------------------------------------------------------------------------ */

static int walk_tree(struct walk *w, struct tree *tree);

static int check_big(struct walk *w, struct tree *tree, uint64_t page, const struct node *node, uint64_t *first,
                     bool *is_good)
{
    size_t page_size = w->pages->file.page_size;
    uint64_t n = (PAGE_HEAD + (uint64_t)node->size + page_size - 1) / page_size;
    uint8_t head[PAGE_HEAD];
    int rc;

    *first = load_u64(node->value);
    *is_good = false;
    if (w->checking->is_whole && w->checking->n_shares == 0) {
        if (*first > w->last || !page_read_at(&w->pages->file, *first * page_size, head, sizeof head))
            return found(w, tree, page, "it leads to page %llu, which is none", (unsigned long long)*first);
        /* A run may be longer than its value: one that was rewritten smaller in the same transaction. */
        if (load_u64(head) != *first || load_u16(head + 10) != PAGE_BIG || load_u32(head + 12) < n)
            return found(w, tree, *first, "it is no head of a value of %u bytes", node->size);
        n = load_u32(head + 12);
    }
    tree->big += n;
    TRY(take(w, tree, page, *first, n, w->n_pages, is_good));
done:
    return rc;
}

/* A record of free pages: how many, then their numbers, descending. */
static int check_free(struct walk *w, struct tree *tree, uint64_t page, const struct node *node, uint64_t first)
{
    uint64_t n = 0, before = UINT64_MAX;
    int rc = GK_OK;
    bool is_good = node->size >= 8 && node->size % 8 == 0 && load_u64(node->key) <= w->checking->txn_id;

    if (!w->checking->is_whole)
        return GK_OK;
    uint8_t *list = malloc(node->size + 1);
    if (!list)
        return no_memory(w);
    if (is_good && (node->flags & NODE_BIG))
        is_good = page_read_at(&w->pages->file, first * w->pages->file.page_size + PAGE_HEAD, list, node->size);
    else if (is_good)
        memcpy(list, node->value, node->size);
    is_good = is_good && (n = load_u64(list)) <= node->size / 8 - 1;
    if (!is_good)
        TRY(found(w, tree, page, "a record of free pages makes no sense"));
    for (uint64_t i = 1; is_good && i <= n; i++) {
        uint64_t number = load_u64(list + 8 * i);
        if (number >= before) {
            TRY(found(w, tree, page, "a record of free pages is not in order"));
            break;
        }
        before = number;
        TRY(take(w, tree, page, number, 1, w->last + 1, &is_good)); /* perhaps it was never written */
    }
done:
    free(list);
    return rc;
}

static void tree_of(struct tree *tree, enum kind kind, const uint8_t *record)
{
    tree->kind = kind;
    tree->has_numbers = kind == FREE_PAGES;
    tree->depth = load_u16(record + TREE_DEPTH);
    tree->n_branch = load_u64(record + TREE_BRANCH);
    tree->n_leaf = load_u64(record + TREE_LEAF);
    tree->n_big = load_u64(record + TREE_BIG);
    tree->n_entries = load_u64(record + TREE_ENTRIES);
    tree->root = load_u64(record + TREE_ROOT);
}

/* The record of a table leads to a tree of its own. */
static int check_table(struct walk *w, const struct tree *tables, uint64_t page, const struct node *node)
{
    struct tree tree = {.depth = 0};

    if (tables->kind != TABLES || node->size != TREE_SIZE || load_u32(node->value) != 0 ||
        load_u16(node->value + TREE_FLAGS) != 0)
        return found(w, tables, page, "the record of a table makes no sense");
    (void)snprintf(tree.name, sizeof tree.name, "table %.*s", (int)(node->key_size > 40 ? 40 : node->key_size),
                   (const char *)node->key);
    tree_of(&tree, TABLE, node->value);
    while (tree.table < STORE_TABLES && (strlen(store_table_name(tree.table)) != node->key_size ||
                                         memcmp(store_table_name(tree.table), node->key, node->key_size) != 0))
        tree.table++;
    return walk_tree(w, &tree);
}

/* Counts a value that does not fit its checksum. */
static int test_value(struct walk *w, const struct tree *tree, const struct node *node, uint64_t first)
{
    struct view key = {node->key, node->key_size};
    bool is_big = node->flags & NODE_BIG, is_there = true;
    const uint8_t *value = node->value;
    uint8_t *copy = NULL;

    if (tree->table == STORE_TABLES || (is_big && !w->checking->reads_values))
        return GK_OK;
    if (is_big) {
        copy = malloc((size_t)node->size + 1); /* as large as the file at most: its pages are there */
        if (!copy)
            return no_memory(w);
        is_there = page_read_at(&w->pages->file, first * w->pages->file.page_size + PAGE_HEAD, copy, node->size);
        value = copy;
    }
    bool fits = is_there && value_fits((enum store_table)tree->table, key, value, node->size);
    w->checking->n_unfit += !fits;
    int rc = GK_OK;
    if (w->checking->record)
        rc = w->checking->record(w->checking->context, tree->table, key,
                                 (struct view){value, is_there ? node->size : 0}, fits);
    free(copy);
    return rc;
}

static int check_value(struct walk *w, struct tree *tree, uint64_t page, const struct node *node)
{
    uint64_t first = 0;
    bool is_good = true;
    int rc = GK_OK;

    tree->entries++;
    if (node->flags & NODE_BIG)
        TRY(check_big(w, tree, page, node, &first, &is_good));
    if (tree->kind == FREE_PAGES && is_good)
        TRY(check_free(w, tree, page, node, first));
    if ((node->flags & NODE_TREE) != (tree->kind == TABLES ? NODE_TREE : 0))
        return found(w, tree, page, "a table where a value should be, or the other way round");
    if (node->flags & NODE_TREE)
        TRY(check_table(w, tree, page, node));
    else if (tree->kind == TABLE && is_good)
        TRY(test_value(w, tree, node, first));
done:
    return rc;
}

/* ---- trees ------------------------------------------------------------------------------------------------------- */

/* Whether a page is one that is not read: a leaf of another share. */
static bool is_skipped(const struct walk *w, const struct tree *tree, uint64_t number, unsigned depth)
{
    unsigned n = w->checking->n_shares;
    return n > 0 && tree->kind != TABLES && depth > 1 && depth == tree->depth && number % n != w->checking->share;
}

/* The pages of a branch's children are read next: one after the other they would be waited for one by one. */
static int ask_for_children(struct walk *w, const struct tree *tree, const uint8_t *page, unsigned depth)
{
    size_t n = page_nodes(&w->pages->file, page), n_read = 0;
    uint64_t *children = malloc(n * sizeof *children);

    if (!children)
        return no_memory(w);
    for (size_t i = 0; i < n; i++) {
        children[n_read] = node_at(page, i, false).child;
        n_read += !is_skipped(w, tree, children[n_read], depth + 1);
    }
    prefetch_pages(&w->pages->file, children, n_read);
    free(children);
    return GK_OK;
}

static int walk_page(struct walk *w, struct tree *tree, uint64_t from, uint64_t number, unsigned depth, struct view low,
                     struct view high)
{
    bool is_leaf = depth == tree->depth, is_good;
    int rc;

    uint8_t *page = malloc(w->pages->file.page_size); /* as many as the tree is deep */
    if (!page)
        return no_memory(w);
    TRY(take(w, tree, from, number, 1, w->n_pages, &is_good));
    if (!is_good || is_skipped(w, tree, number, depth))
        goto done;
    if (!page_read(&w->pages->file, number, page)) {
        rc = found(w, tree, number, "it cannot be read");
        goto done;
    }
    const char *flaw = head_flaw(w, page, number, is_leaf);
    flaw = flaw ? flaw : nodes_flaw(w, tree, page, is_leaf, low, high);
    if (flaw) {
        rc = found(w, tree, number, "%s", flaw);
        goto done;
    }
    if (!is_leaf)
        TRY(ask_for_children(w, tree, page, depth));
    tree->leaf += is_leaf;
    tree->branch += !is_leaf;
    for (size_t i = 0, n = page_nodes(&w->pages->file, page); i < n; i++) {
        struct node node = node_at(page, i, is_leaf), next;
        struct view none = {NULL, 0}, key = i > 0 ? (struct view){node.key, node.key_size} : low, end = high;
        if (is_leaf) {
            TRY(check_value(w, tree, number, &node));
            continue;
        }
        if (i + 1 < n) {
            next = node_at(page, i + 1, is_leaf);
            end = (struct view){next.key, next.key_size};
        }
        TRY(walk_page(w, tree, number, node.child, depth + 1, key.bytes ? key : none, end));
    }
done:
    free(page);
    return rc;
}

static int walk_tree(struct walk *w, struct tree *tree)
{
    struct view none = {NULL, 0};
    int rc;

    if (tree->root == NO_ROOT) {
        bool is_empty = !tree->depth && !tree->n_entries && !tree->n_leaf && !tree->n_branch && !tree->n_big;
        return is_empty ? GK_OK : found(w, tree, 0, "it is empty, and its record speaks of entries or pages");
    }
    if (tree->depth < 1 || tree->depth > DEPTH_MAX)
        return found(w, tree, tree->root, "its record speaks of %u levels", tree->depth);
    TRY(walk_page(w, tree, tree->root, tree->root, 1, none, none));
    bool is_big_known = w->checking->is_whole;
    if (w->checking->n_shares > 0)
        goto done; /* not all were counted */
    if (tree->entries != tree->n_entries || tree->leaf != tree->n_leaf || tree->branch != tree->n_branch ||
        (is_big_known && tree->big != tree->n_big))
        TRY(found(w, tree, tree->root, "it has %llu entries on %llu pages, its record speaks of %llu on %llu",
                  (unsigned long long)tree->entries, (unsigned long long)(tree->leaf + tree->branch + tree->big),
                  (unsigned long long)tree->n_entries,
                  (unsigned long long)(tree->n_leaf + tree->n_branch + tree->n_big)));
done:
    return rc;
}

int pages_check(struct pages *pages, struct pages_checking *checking, struct gk_error *error)
{
    struct walk w = {.pages = pages, .checking = checking, .error = error};
    struct tree tables = {.name = "list of tables"}, free_pages = {.name = "list of free pages"};
    uint8_t header[HEADER_SIZE];
    int rc, failed = 0;

    pages->file.failed = &failed;
    checking->n_unfit = 0;
    TRY(measure(pages, error)); /* a writer may have made it longer */
    if (!page_header(&pages->file, checking->txn_id, header))
        TRY(failed ? cannot_read(pages, error) : GK_ENOTFOUND);
    w.last = load_u64(header + LAST_AT);
    w.n_pages = pages->file.file_size / pages->file.page_size;
    w.taken = calloc(w.last / 64 + 1, sizeof *w.taken);
    if (!w.taken)
        TRY(no_memory(&w));
    tree_of(&tables, TABLES, header + TREES_AT + TREE_SIZE);
    TRY(walk_tree(&w, &tables));
    tree_of(&free_pages, FREE_PAGES, header + TREES_AT);
    TRY(walk_tree(&w, &free_pages));
done:
    pages->file.failed = NULL;
    free(w.taken);
    return rc;
}
