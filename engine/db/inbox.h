/*
 * inbox.h - acts that other processes handed in, taken in by the writer. Files: docs/format/act.md.
 */
#ifndef DB_INBOX_H
#define DB_INBOX_H

#include "db/acts.h"

/* What was taken in: names of files. */
struct inbox_names {
    char (*at)[GK_HANDED_MAX];
    size_t n, capacity;
};

/* A name goes through these lists one after the other. */
struct inbox {
    const struct mem *mem;
    struct inbox_names taken;   /* the act waits for the commit */
    struct inbox_names durable; /* it is durable, and so is the entry that says so; the file may be there still */
    struct inbox_names gone;    /* the file is surely gone: with the next commit the entry goes, too */
};

void inbox_init(struct inbox *inbox, const struct mem *mem);
void inbox_clear(struct inbox *inbox);
/* Finds what an earlier writer took in and had no time to tidy up. */
int inbox_load(gk_db *db, struct txn *txn, struct gk_error *error);
/* Puts the acts that lie in the inbox. What cannot be read now stays for the next commit: rows do not wait for it. */
void inbox_take(gk_db *db);
/* With the acts, into the same transaction. */
int inbox_put(const struct inbox *inbox, struct txn *txn, struct gk_error *error);
/* After that was committed: the files go. */
void inbox_committed(gk_db *db);

#endif
