/*
 * export_tables.h - the catalog of a snapshot as the CSV tables that gk load takes.
 */
#ifndef EXPORT_TABLES_H
#define EXPORT_TABLES_H

#include "output.h"

struct export_table {
    const char *file;                       /* "facilities.csv" */
    size_t (*count)(gk_snapshot *snapshot); /* lines; 0: there is nothing to write */
    /* Returns what does not fit into the table and was left out. */
    uint64_t (*write)(gk_snapshot *snapshot, int32_t zone_s, struct output *out);
};

/* In the order in which they are to be loaded. */
#define EXPORT_TABLES 8
extern const struct export_table export_tables[EXPORT_TABLES];

/* Whether a name can head a column of its own beside the `n` that a table has: not when it means one of them. */
bool export_is_column(const char *name, const char *const *known, size_t n);

#endif
