/*
 * check.h - the invariants of single records, for who checks a store and who mends one.
 */
#ifndef DB_CHECK_H
#define DB_CHECK_H

#include "db/db.h"

/* Whether a value, whose checksum is good, makes sense under its key. The meta table's and the catalog's do: they were
 * read when the store was opened. GK_ECORRUPT, GK_EVERSION, with the reason. */
int check_record(const struct mem *mem, uint32_t n_facilities, enum store_table table, struct view key,
                 struct view value, struct gk_error *error);

#endif
