/*
 * database.h - the databases people would pick instead, behind one set of calls. Their libraries are opened while
 * running (peer.h). Everything that fails ends the program, but for `find`.
 */
#ifndef BENCH_DATABASE_H
#define BENCH_DATABASE_H

#include "ask.h"
#include "peer.h"
#include "zone.h"

struct database {
    const char *name;
    /* True: it can be used, word is its version. False: word says why not. */
    bool (*find)(char word[PEER_WORD_MAX]);
    /* A new database in a file that is not there yet; all of a load is one transaction. */
    void *(*open)(const char *path);
    void (*close)(void *db);
    /* Statements without an answer. */
    void (*run)(void *db, const char *sql);
    /* Rows into `sample`, in order of arrival. */
    void (*load_begin)(void *db);
    void (*load_rows)(void *db, const struct zone_rows *rows);
    /* Durable and as its questions want it: sorted, where nothing else does it. */
    void (*load_end)(void *db);
    void *(*prepare)(void *db, const char *sql);
    /* Runs it and reads every row; the columns from the given one on are summed. All are numbers, none is NULL. */
    struct ask_sum (*ask)(void *statement, size_t first_column);
    void (*release)(void *statement);
};

extern const struct database DATABASE_SQLITE, DATABASE_DUCKDB;

/* Where libduckdb.so is: the file, or a folder with it or with node_modules. NULL: the environment's GK_DUCKDB, then
 * node_modules in the current folder, then where the system has libraries. */
void database_duckdb_at(const char *path);

#endif
