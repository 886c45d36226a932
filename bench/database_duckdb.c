/*
 * database_duckdb.c - DuckDB as database.h wants it: rows by its appender in vectors, then sorted by facility and time,
 * so that its zone maps help. It uses all cores. The functions are declared here as its C API says.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "database.h"
#include "harness.h"

#define TYPE_INTEGER 4
#define TYPE_BIGINT  5
#define TYPE_DOUBLE  11
#define PATH_SIZE    1024
#define COLUMNS      (2 + ZONE_CHANNELS)

#define NODE_PACKAGE "node_modules/@duckdb/node-bindings-linux-x64/libduckdb.so"

/* Passed by value in one call, so its size counts: three numbers and three pointers. */
struct result {
    uint64_t numbers[3];
    void *pointers[3];
};

struct duckdb {
    const char *(*version)(void);
    int (*open)(const char *path, void **database);
    void (*close)(void **database);
    int (*connect)(void *database, void **connection);
    void (*disconnect)(void **connection);
    int (*query)(void *connection, const char *sql, struct result *result);
    const char *(*result_error)(struct result *result);
    void (*destroy_result)(struct result *result);
    int (*prepare)(void *connection, const char *sql, void **statement);
    const char *(*prepare_error)(void *statement);
    int (*execute)(void *statement, struct result *result);
    void (*destroy_prepare)(void **statement);
    uint64_t (*column_count)(struct result *result);
    void *(*fetch_chunk)(struct result result);
    uint64_t (*chunk_size)(void *chunk);
    void (*set_chunk_size)(void *chunk, uint64_t size);
    void *(*chunk_vector)(void *chunk, uint64_t column);
    void *(*vector_data)(void *vector);
    uint64_t (*vector_size)(void);
    void *(*create_chunk)(void **types, uint64_t n);
    void (*destroy_chunk)(void **chunk);
    void *(*create_type)(int type);
    void (*destroy_type)(void **type);
    int (*appender_create)(void *connection, const char *schema, const char *table, void **appender);
    int (*append_chunk)(void *appender, void *chunk);
    const char *(*appender_error)(void *appender);
    int (*appender_destroy)(void **appender);
};

static struct duckdb duckdb;
static const char *given_path;

struct handle {
    void *database, *connection, *appender, *chunk;
};

void database_duckdb_at(const char *path)
{
    given_path = path;
}

static bool is_folder(const char *path)
{
    struct stat stat_of;

    return stat(path, &stat_of) == 0 && S_ISDIR(stat_of.st_mode);
}

static bool find(char word[PEER_WORD_MAX])
{
    static char in_folder[PATH_SIZE], in_modules[PATH_SIZE];
    const char *files[4] = {"./" NODE_PACKAGE, "libduckdb.so", NULL};
    const char *path = given_path != NULL ? given_path : getenv("GK_DUCKDB");
    static const struct peer_function functions[] = {
        PEER_FUNCTION(duckdb, version, "duckdb_library_version"),
        PEER_FUNCTION(duckdb, open, "duckdb_open"),
        PEER_FUNCTION(duckdb, close, "duckdb_close"),
        PEER_FUNCTION(duckdb, connect, "duckdb_connect"),
        PEER_FUNCTION(duckdb, disconnect, "duckdb_disconnect"),
        PEER_FUNCTION(duckdb, query, "duckdb_query"),
        PEER_FUNCTION(duckdb, result_error, "duckdb_result_error"),
        PEER_FUNCTION(duckdb, destroy_result, "duckdb_destroy_result"),
        PEER_FUNCTION(duckdb, prepare, "duckdb_prepare"),
        PEER_FUNCTION(duckdb, prepare_error, "duckdb_prepare_error"),
        PEER_FUNCTION(duckdb, execute, "duckdb_execute_prepared"),
        PEER_FUNCTION(duckdb, destroy_prepare, "duckdb_destroy_prepare"),
        PEER_FUNCTION(duckdb, column_count, "duckdb_column_count"),
        PEER_FUNCTION(duckdb, fetch_chunk, "duckdb_fetch_chunk"),
        PEER_FUNCTION(duckdb, chunk_size, "duckdb_data_chunk_get_size"),
        PEER_FUNCTION(duckdb, set_chunk_size, "duckdb_data_chunk_set_size"),
        PEER_FUNCTION(duckdb, chunk_vector, "duckdb_data_chunk_get_vector"),
        PEER_FUNCTION(duckdb, vector_data, "duckdb_vector_get_data"),
        PEER_FUNCTION(duckdb, vector_size, "duckdb_vector_size"),
        PEER_FUNCTION(duckdb, create_chunk, "duckdb_create_data_chunk"),
        PEER_FUNCTION(duckdb, destroy_chunk, "duckdb_destroy_data_chunk"),
        PEER_FUNCTION(duckdb, create_type, "duckdb_create_logical_type"),
        PEER_FUNCTION(duckdb, destroy_type, "duckdb_destroy_logical_type"),
        PEER_FUNCTION(duckdb, appender_create, "duckdb_appender_create"),
        PEER_FUNCTION(duckdb, append_chunk, "duckdb_append_data_chunk"),
        PEER_FUNCTION(duckdb, appender_error, "duckdb_appender_error"),
        PEER_FUNCTION(duckdb, appender_destroy, "duckdb_appender_destroy"),
    };

    if (path != NULL) {
        snprintf(in_folder, sizeof in_folder, "%s/libduckdb.so", path);
        snprintf(in_modules, sizeof in_modules, "%s/%s", path, NODE_PACKAGE);
        files[0] = is_folder(path) ? in_folder : path;
        files[1] = is_folder(path) ? in_modules : NULL;
    }
    if (!peer_open(files, functions, sizeof functions / sizeof functions[0], &duckdb, word))
        return false;
    snprintf(word, PEER_WORD_MAX, "%s", duckdb.version());
    return true;
}

static void run(void *db, const char *sql)
{
    struct handle *handle = db;
    struct result result = {0};

    if (duckdb.query(handle->connection, sql, &result) != 0)
        harness_fail("duckdb: %s\n%s", duckdb.result_error(&result), sql);
    duckdb.destroy_result(&result);
}

static void *open_new(const char *path)
{
    struct handle *handle = harness_take(1, sizeof *handle);

    if (duckdb.open(path, &handle->database) != 0 || duckdb.connect(handle->database, &handle->connection) != 0)
        harness_fail("duckdb: %s cannot be made", path);
    return handle;
}

static void close_it(void *db)
{
    struct handle *handle = db;

    duckdb.disconnect(&handle->connection);
    duckdb.close(&handle->database);
    free(handle);
}

/* Rows wait in a table of memory: its file keeps the place of what was dropped. */
static void load_begin(void *db)
{
    struct handle *handle = db;
    void *types[COLUMNS];

    run(db, "CREATE TEMP TABLE arrived (facility INTEGER, time BIGINT, ia DOUBLE, ib DOUBLE, ic DOUBLE, kw DOUBLE)");
    if (duckdb.appender_create(handle->connection, NULL, "arrived", &handle->appender) != 0)
        harness_fail("duckdb: %s", duckdb.appender_error(handle->appender));
    for (int i = 0; i < COLUMNS; i++)
        types[i] = duckdb.create_type(i == 0 ? TYPE_INTEGER : i == 1 ? TYPE_BIGINT : TYPE_DOUBLE);
    handle->chunk = duckdb.create_chunk(types, COLUMNS);
    for (int i = 0; i < COLUMNS; i++)
        duckdb.destroy_type(&types[i]);
}

static void append_some(struct handle *handle, const struct zone_rows *rows, size_t from, size_t n)
{
    int32_t *facility = duckdb.vector_data(duckdb.chunk_vector(handle->chunk, 0));
    int64_t *time = duckdb.vector_data(duckdb.chunk_vector(handle->chunk, 1));

    for (size_t i = 0; i < n; i++) {
        facility[i] = (int32_t)rows->facility[from + i];
        time[i] = rows->time[from + i] / GK_SECOND;
    }
    for (uint64_t c = 0; c < ZONE_CHANNELS; c++)
        memcpy(duckdb.vector_data(duckdb.chunk_vector(handle->chunk, 2 + c)), rows->value[c] + from,
               n * sizeof(double));
    duckdb.set_chunk_size(handle->chunk, n);
    if (duckdb.append_chunk(handle->appender, handle->chunk) != 0)
        harness_fail("duckdb: %s", duckdb.appender_error(handle->appender));
}

static void load_rows(void *db, const struct zone_rows *rows)
{
    size_t most = (size_t)duckdb.vector_size();

    for (size_t from = 0; from < rows->n; from += most)
        append_some(db, rows, from, rows->n - from < most ? rows->n - from : most);
}

static void load_end(void *db)
{
    struct handle *handle = db;

    if (duckdb.appender_destroy(&handle->appender) != 0)
        harness_fail("duckdb: the appender could not end");
    duckdb.destroy_chunk(&handle->chunk);
    run(db, "CREATE TABLE sample AS SELECT * FROM arrived ORDER BY facility, time");
    run(db, "CHECKPOINT");
    run(db, "DROP TABLE arrived");
}

static void *prepare(void *db, const char *sql)
{
    struct handle *handle = db;
    void *statement = NULL;

    if (duckdb.prepare(handle->connection, sql, &statement) != 0)
        harness_fail("duckdb: %s\n%s", duckdb.prepare_error(statement), sql);
    return statement;
}

static void add_chunk(void *chunk, uint64_t n_columns, size_t first_column, struct ask_sum *sum)
{
    uint64_t n = duckdb.chunk_size(chunk);

    sum->n_rows += n;
    for (uint64_t c = first_column; c < n_columns; c++) {
        const double *value = duckdb.vector_data(duckdb.chunk_vector(chunk, c));
        for (uint64_t i = 0; i < n; i++)
            sum->sum += value[i];
    }
}

/* The columns that are summed must be DOUBLE. */
static struct ask_sum ask(void *statement, size_t first_column)
{
    struct result result = {0};
    struct ask_sum sum = {0};
    void *chunk;

    if (duckdb.execute(statement, &result) != 0)
        harness_fail("duckdb: %s", duckdb.result_error(&result));
    while ((chunk = duckdb.fetch_chunk(result)) != NULL) {
        add_chunk(chunk, duckdb.column_count(&result), first_column, &sum);
        duckdb.destroy_chunk(&chunk);
    }
    duckdb.destroy_result(&result);
    return sum;
}

static void release(void *statement)
{
    duckdb.destroy_prepare(&statement);
}

const struct database DATABASE_DUCKDB = {.name = "duckdb",
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
