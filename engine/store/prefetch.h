/*
 * prefetch.h - a cold file's small tables, read at once. LMDB's map is read by page faults, one after the other, and
 * around each of them the kernel may read megabytes (read_ahead_kb of the disk; 8 MB where this was measured: 5 faults
 * took 35 ms). What a table's pages are is known from its branches, so all of them can be asked for together.
 */
#ifndef STORE_PREFETCH_H
#define STORE_PREFETCH_H

#include <stddef.h>

#include "store/page.h"

struct MDB_env;

/* A table of more pages than this is left to the kernel: 4 MB. */
#define PREFETCH_PAGES_MAX 1024

/*
 * Asks the kernel to read the pages of these tables of the data file `name` of an opened environment. Returns how many
 * pages. A hint: what cannot be read or makes no sense is left alone.
 */
size_t prefetch_tables(struct MDB_env *env, const char *name, const char *const *tables, size_t n_tables);

/* Asks for these pages, which are put in order; those that lie near each other together. */
void prefetch_pages(const struct page_file *file, uint64_t *pages, size_t n);

#endif
