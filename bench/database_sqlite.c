/*
 * database_sqlite.c - SQLite as database.h wants it: a table clustered by facility and time, rows by one prepared
 * insert in one transaction.
 */
#include <stdio.h>
#include <stdlib.h>

#include "database.h"
#include "harness.h"

#define SQLITE_OK   0
#define SQLITE_ROW  100
#define SQLITE_DONE 101

struct sqlite {
    const char *(*version)(void);
    int (*open)(const char *path, void **db);
    int (*close)(void *db);
    int (*exec)(void *db, const char *sql, int (*row)(void *, int, char **, char **), void *context, char **error);
    int (*prepare)(void *db, const char *sql, int size, void **statement, const char **rest);
    int (*step)(void *statement);
    int (*reset)(void *statement);
    int (*finalize)(void *statement);
    int (*bind_int64)(void *statement, int at, long long value);
    int (*bind_double)(void *statement, int at, double value);
    int (*column_count)(void *statement);
    double (*column_double)(void *statement, int at);
    const char *(*error)(void *db);
};

static struct sqlite sqlite;

struct handle {
    void *db, *insert;
};

static bool find(char word[PEER_WORD_MAX])
{
    static const char *const files[] = {"libsqlite3.so.0", "libsqlite3.so", NULL};
    static const struct peer_function functions[] = {
        PEER_FUNCTION(sqlite, version, "sqlite3_libversion"),
        PEER_FUNCTION(sqlite, open, "sqlite3_open"),
        PEER_FUNCTION(sqlite, close, "sqlite3_close"),
        PEER_FUNCTION(sqlite, exec, "sqlite3_exec"),
        PEER_FUNCTION(sqlite, prepare, "sqlite3_prepare_v2"),
        PEER_FUNCTION(sqlite, step, "sqlite3_step"),
        PEER_FUNCTION(sqlite, reset, "sqlite3_reset"),
        PEER_FUNCTION(sqlite, finalize, "sqlite3_finalize"),
        PEER_FUNCTION(sqlite, bind_int64, "sqlite3_bind_int64"),
        PEER_FUNCTION(sqlite, bind_double, "sqlite3_bind_double"),
        PEER_FUNCTION(sqlite, column_count, "sqlite3_column_count"),
        PEER_FUNCTION(sqlite, column_double, "sqlite3_column_double"),
        PEER_FUNCTION(sqlite, error, "sqlite3_errmsg"),
    };

    if (!peer_open(files, functions, sizeof functions / sizeof functions[0], &sqlite, word))
        return false;
    snprintf(word, PEER_WORD_MAX, "%s", sqlite.version());
    return true;
}

static void check(const struct handle *handle, int status, const char *sql)
{
    if (status != SQLITE_OK)
        harness_fail("sqlite: %s\n%s", sqlite.error(handle->db), sql);
}

static void run(void *db, const char *sql)
{
    struct handle *handle = db;

    check(handle, sqlite.exec(handle->db, sql, NULL, NULL, NULL), sql);
}

static void *open_new(const char *path)
{
    struct handle *handle = harness_take(1, sizeof *handle);

    check(handle, sqlite.open(path, &handle->db), path);
    /* Memory it may use: enough that its tree stays in it. Durability is left as it is: full. */
    run(handle, "PRAGMA cache_size = -262144; PRAGMA temp_store = MEMORY; CREATE TABLE sample (facility INTEGER, time "
                "INTEGER, ia REAL, ib REAL, ic REAL, kw REAL, PRIMARY KEY (facility, time)) WITHOUT ROWID");
    return handle;
}

static void close_it(void *db)
{
    struct handle *handle = db;

    check(handle, sqlite.close(handle->db), "close");
    free(handle);
}

static void *prepare(void *db, const char *sql)
{
    struct handle *handle = db;
    void *statement = NULL;

    check(handle, sqlite.prepare(handle->db, sql, -1, &statement, NULL), sql);
    return statement;
}

static void load_begin(void *db)
{
    struct handle *handle = db;

    run(db, "BEGIN");
    handle->insert = prepare(db, "INSERT INTO sample VALUES (?, ?, ?, ?, ?, ?)");
}

static void load_rows(void *db, const struct zone_rows *rows)
{
    struct handle *handle = db;

    for (size_t i = 0; i < rows->n; i++) {
        sqlite.bind_int64(handle->insert, 1, rows->facility[i]);
        sqlite.bind_int64(handle->insert, 2, rows->time[i] / GK_SECOND);
        for (int c = 0; c < ZONE_CHANNELS; c++)
            sqlite.bind_double(handle->insert, 3 + c, rows->value[c][i]);
        if (sqlite.step(handle->insert) != SQLITE_DONE)
            harness_fail("sqlite: %s", sqlite.error(handle->db));
        sqlite.reset(handle->insert);
    }
}

static void load_end(void *db)
{
    struct handle *handle = db;

    sqlite.finalize(handle->insert);
    run(db, "COMMIT");
}

static struct ask_sum ask(void *statement, size_t first_column)
{
    struct ask_sum sum = {0};
    int n = sqlite.column_count(statement), rc;

    while ((rc = sqlite.step(statement)) == SQLITE_ROW) {
        sum.n_rows++;
        for (int i = (int)first_column; i < n; i++)
            sum.sum += sqlite.column_double(statement, i);
    }
    if (rc != SQLITE_DONE)
        harness_fail("sqlite: a question ended with %d", rc);
    sqlite.reset(statement);
    return sum;
}

static void release(void *statement)
{
    sqlite.finalize(statement);
}

const struct database DATABASE_SQLITE = {.name = "sqlite",
                                         .find = find,
                                         .open = open_new,
                                         .close = close_it,
                                         .run = run,
                                         .load_begin = load_begin,
                                         .load_rows = load_rows,
                                         .load_end = load_end,
                                         .prepare = prepare,
                                         .ask = ask,
                                         .release = release};
