/*
 * flip.h - damages a record under the engine: a byte of a value is changed as a disk would, checksum and all.
 */
#ifndef TESTS_FLIP_H
#define TESTS_FLIP_H

#include <lmdb.h>

#include "db/world.h"

struct flip {
    MDB_env *env;
    MDB_txn *txn;
    MDB_dbi dbi;
    uint8_t key[511], value[1 << 20];
    size_t key_size, value_size;
};

/* The n-th record of a table from the first key on that begins with `prefix`. */
static inline void flip_find(struct flip *f, const char *path, const char *table, const void *prefix, size_t size,
                             int n)
{
    MDB_cursor *cursor;
    MDB_val key = {size, (void *)(uintptr_t)prefix}, value;

    assert_int_equal(mdb_env_create(&f->env), 0);
    assert_int_equal(mdb_env_set_maxdbs(f->env, 16), 0);
    assert_int_equal(mdb_env_set_mapsize(f->env, 1 << 28), 0);
    assert_int_equal(mdb_env_open(f->env, path, MDB_NOTLS, 0640), 0);
    assert_int_equal(mdb_txn_begin(f->env, NULL, 0, &f->txn), 0);
    assert_int_equal(mdb_dbi_open(f->txn, table, 0, &f->dbi), 0);
    assert_int_equal(mdb_cursor_open(f->txn, f->dbi, &cursor), 0);
    int rc = mdb_cursor_get(cursor, &key, &value, size ? MDB_SET_RANGE : MDB_FIRST);
    for (; rc == 0 && n > 0; n--)
        rc = mdb_cursor_get(cursor, &key, &value, MDB_NEXT);
    assert_int_equal(rc, 0);
    assert_true(key.mv_size >= size && value.mv_size <= sizeof f->value);
    assert_true(size == 0 || memcmp(key.mv_data, prefix, size) == 0);
    f->key_size = key.mv_size;
    f->value_size = value.mv_size;
    memcpy(f->key, key.mv_data, key.mv_size);
    memcpy(f->value, value.mv_data, value.mv_size);
    mdb_cursor_close(cursor);
}

static inline void flip_put(struct flip *f)
{
    MDB_val key = {f->key_size, f->key}, value = {f->value_size, f->value};
    assert_int_equal(mdb_put(f->txn, f->dbi, &key, &value, 0), 0);
    assert_int_equal(mdb_txn_commit(f->txn), 0);
    mdb_env_close(f->env);
}

/* Changes one byte of its value; the size of that. */
static inline size_t flip_record(const char *path, const char *table, const void *prefix, size_t size, int n, size_t at)
{
    static struct flip f;
    flip_find(&f, path, table, prefix, size, n);
    assert_true(at < f.value_size);
    f.value[at] ^= 0x40;
    flip_put(&f);
    return f.value_size;
}

/* Changes one byte of the first one's key. */
static inline void flip_key(const char *path, const char *table, const void *prefix, size_t size, size_t at)
{
    static struct flip f;
    flip_find(&f, path, table, prefix, size, 0);
    MDB_val old = {f.key_size, f.key};
    assert_int_equal(mdb_del(f.txn, f.dbi, &old, NULL), 0);
    f.key[at] ^= 0x40;
    flip_put(&f);
}

#endif
