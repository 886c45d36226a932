/*
 * salvage.h - what can be read of a store whose pages are damaged: by plain reads, without LMDB, which would believe
 * them.
 */
#ifndef STORE_SALVAGE_H
#define STORE_SALVAGE_H

#include "store/store.h"

/* Both are given `context`; a status other than GK_OK ends it and is returned. */
struct salvage {
    /* Every record that the newest header leads to, table by table, in order of keys. An unfit one has no value. */
    int (*record)(void *context, enum store_table table, struct view key, struct view value, bool fits);
    /* A sentence on what it leads to and cannot be read: records below it are missing. */
    int (*lost)(void *context, const char *text);
    void *context;
};
/* GK_EBUSY: somebody writes it. GK_ECORRUPT: its headers are damaged, and nothing says where anything begins. */
int salvage_read(const char *folder, const struct salvage *salvage, struct gk_error *error);

#endif
