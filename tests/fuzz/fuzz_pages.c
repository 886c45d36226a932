/*
 * fuzz_pages.c - any bytes as a file of pages: what is wrong is found and nothing is read outside; what passes LMDB can
 * read to its end, every key and every byte of every value.
 */
#define _GNU_SOURCE /* memfd_create */
#include <fcntl.h>
#include <lmdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/pages.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv);

static int file = -1;
static char name[64];

/* Without a corpus nobody finds two headers that fit: a small file of LMDB's own, and inputs change some of its bytes.
 */
static uint8_t seed[1 << 19];
static size_t seed_size;

static void check(bool is_ok)
{
    if (!is_ok)
        abort();
}

static void put(MDB_txn *txn, MDB_dbi dbi, unsigned i, size_t size)
{
    static uint8_t value[9000];
    char key[16];
    MDB_val k = {(size_t)snprintf(key, sizeof key, "key %04u", i), key}, v = {size, value};
    check(mdb_put(txn, dbi, &k, &v, 0) == 0);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    MDB_env *env;
    (void)argc;
    (void)argv;

    file = memfd_create("pages", 0);
    check(file >= 0);
    (void)snprintf(name, sizeof name, "/proc/self/fd/%d", file);
    check(mdb_env_create(&env) == 0 && mdb_env_set_maxdbs(env, 4) == 0);
    check(mdb_env_open(env, name, MDB_NOSUBDIR | MDB_NOLOCK | MDB_NOSYNC, 0600) == 0);
    for (unsigned t = 0; t < 4; t++) {
        MDB_txn *txn;
        MDB_dbi a, b;
        check(mdb_txn_begin(env, NULL, 0, &txn) == 0);
        check(mdb_dbi_open(txn, "chunk", MDB_CREATE, &a) == 0 && mdb_dbi_open(txn, "state", MDB_CREATE, &b) == 0);
        for (unsigned i = 0; i < 60; i++)
            put(txn, a, i + 17 * t, i % 20 == 19 ? 5000 : 60);
        put(txn, b, t, 10);
        check(mdb_txn_commit(txn) == 0);
    }
    mdb_env_close(env);
    ssize_t n = pread(file, seed, sizeof seed, 0);
    check(n > 0 && (size_t)n < sizeof seed);
    seed_size = (size_t)n;
    return 0;
}

static void read_all(void)
{
    static const char *const tables[] = {"chunk", "state"};
    MDB_env *env;
    MDB_txn *txn;
    uint64_t sum = 0;

    check(mdb_env_create(&env) == 0 && mdb_env_set_maxdbs(env, 4) == 0 && mdb_env_set_mapsize(env, 1 << 22) == 0);
    if (mdb_env_open(env, name, MDB_NOSUBDIR | MDB_NOLOCK | MDB_RDONLY, 0600) != 0) {
        mdb_env_close(env); /* a size of the map that the system does not give */
        return;
    }
    check(mdb_txn_begin(env, NULL, MDB_RDONLY, &txn) == 0);
    for (size_t t = 0; t < 2; t++) {
        MDB_dbi dbi;
        MDB_cursor *cursor;
        MDB_val key, value;
        if (mdb_dbi_open(txn, tables[t], 0, &dbi) != 0)
            continue;
        check(mdb_cursor_open(txn, dbi, &cursor) == 0);
        while (mdb_cursor_get(cursor, &key, &value, MDB_NEXT) == 0)
            for (size_t i = 0; i < value.mv_size; i++)
                sum += ((const uint8_t *)value.mv_data)[i];
        mdb_cursor_close(cursor);
    }
    mdb_txn_abort(txn);
    mdb_env_close(env);
    check(sum < UINT64_MAX);
}

static int take(void *context, const char *text)
{
    (void)text;
    ++*(size_t *)context;
    return GK_OK;
}

/* The input is places and what is written there; three bytes more at its end cut the file. */
static void make_file(const uint8_t *bytes, size_t size)
{
    static uint8_t changed[sizeof seed];

    memcpy(changed, seed, seed_size);
    for (size_t at = 0; at + 4 <= size; at += 4) {
        size_t place = (size_t)(bytes[at] | bytes[at + 1] << 8 | bytes[at + 2] << 16) % seed_size;
        changed[place] = bytes[at + 3];
    }
    check(pwrite(file, changed, seed_size, 0) == (ssize_t)seed_size);
    size_t cut = size % 4 == 3 ? (size_t)(bytes[size - 1] | bytes[size - 2] << 8) : 0;
    check(ftruncate(file, (off_t)(seed_size - cut % seed_size)) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct pages pages;
    struct gk_error error;
    size_t n = 0;

    make_file(bytes, size);
    if (pages_begin(file, "file", &pages, &error) != GK_OK)
        return 0;
    struct pages_checking checking = {.txn_id = pages.txn_id, .is_whole = true, .found = take, .context = &n};
    check(pages_check(&pages, &checking, &error) == GK_OK);
    if (n == 0)
        read_all();
    return 0;
}
