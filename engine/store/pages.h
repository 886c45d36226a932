/*
 * pages.h - is the file what LMDB takes it for?
 *
 * LMDB believes its pages: a wrong one sends it to any address of the map, and a page that is not there kills whoever
 * looks at it by SIGBUS. So before that the pages are looked at by plain reads: both headers, and every page that the
 * newest of them leads to. Values that have pages of their own are not read: they have checksums.
 *
 * Knows the pages of LMDB 0.9 (page.h), and says so where it meets another version.
 */
#ifndef STORE_PAGES_H
#define STORE_PAGES_H

#include "base/error.h"
#include "store/page.h"

/* A file whose headers make sense. Plain numbers and a descriptor that is the caller's: nothing to free. */
struct pages {
    const char *name; /* for messages */
    struct page_file file;
    uint64_t txn_id, last; /* of the newest header: its transaction, the last page it counts */
};

/*
 * Looks at the headers; the page size and the newest transaction are known then. A writer may be at work: what it is
 * just writing is read again. GK_ECORRUPT, GK_EVERSION, GK_EIO.
 */
int pages_begin(int fd, const char *name, struct pages *out, struct gk_error *error);
/* Takes a sentence on what is wrong; a status other than GK_OK ends the check and is returned by it. */
typedef int (*pages_found_fn)(void *context, const char *text);

struct pages_checking {
    uint64_t txn_id;      /* its pages; a read transaction of it, or nobody, keeps them from being used again */
    bool is_whole;        /* also what only a writer goes by: heads of values on pages of their own, and free pages */
    unsigned n_shares;    /* not 0: of the leaves those of one share alone, as a check that costs little; of the trees
                             what leads to them */
    unsigned share;       /* which one: 0 to n_shares - 1 */
    bool reads_values;    /* also values on pages of their own, to test their checksums */
    pages_found_fn found; /* NULL: the first finding is the error, GK_ECORRUPT */
    void *context;
    /* Given every value of the store's tables as it lies there; a status other than GK_OK ends the check. Of values on
     * pages of their own with reads_values alone. */
    int (*record)(void *context, unsigned table, struct view key, struct view stored, bool fits);
    uint64_t n_unfit; /* out: values of the store's tables that do not fit their checksums: no findings */
};

/*
 * Looks at every page that the transaction's header leads to: its number and kind, its nodes inside of it, keys in
 * order and between those of its parent, children and values inside of the file, no page used twice, counts as the
 * tables' records say. GK_ENOTFOUND: a writer has written over the header meanwhile.
 */
int pages_check(struct pages *pages, struct pages_checking *checking, struct gk_error *error);

#endif
