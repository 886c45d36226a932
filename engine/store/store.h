/*
 * store.h - tables of checked bytes in one LMDB file. The only room that knows LMDB.
 *
 * A store is a directory: data.mdb (the file), lock.mdb (LMDB's readers), lock.writer (who writes, so that a second
 * writer gets an error with the first one's pid instead of waiting; written anew to wake those who watch it; and
 * whether the file was left in order: writer.h), ballast (room for a full disk, ballast.h). The pages of a file that
 * was not are looked at before they are believed (pages.h). Every value carries a CRC32C over table, key and bytes,
 * tested before anyone believes them. Commits are LMDB's default: synced data, then a synced header.
 *
 *     GK_EFULL     the quota (the map) or the disk is used up: abort, nothing changed
 *     GK_ECORRUPT  a checksum, or LMDB found its own pages wrong
 *     GK_EBUSY     somebody else writes it, or did
 *     GK_EIO       the file system failed; after that the store must be closed and opened again
 */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include "base/bytes.h"
#include "base/error.h"
#include "base/mem.h"

enum store_table {
    STORE_META,
    STORE_CATALOG,
    STORE_JOURNAL,
    STORE_SOURCE,
    STORE_CHUNK,
    STORE_PROFILE,
    STORE_STATE,
    STORE_PRESENCE,
    STORE_QUARANTINE,
    STORE_ALARM,
    STORE_ACT,
    STORE_HOUR,
    STORE_BACKFILL,
    STORE_DAMAGED,
    STORE_TABLES
};

#define STORE_KEY_MAX   511
#define STORE_DATA_FILE "data.mdb"

const char *store_table_name(unsigned table);

struct store;
struct txn;
struct cursor;

struct store_options {
    bool is_writer, may_create;
    bool is_scratch;   /* begin with an empty file, whatever is there, and sync at store_sync only */
    uint64_t map_size; /* 0: 1 TiB or GK_MAP_SIZE from the environment */
    uint64_t quota;    /* 0: none; else the most bytes the file may have */
    int64_t ballast;   /* 0: a 32nd of the file, 1 to 16 MB; negative: none */
    int wait_ms;       /* for a process that holds LMDB's writer's mutex; 0: 5 s */
};

/* *is_new tells whether the file was made by this call. */
int store_open(const struct mem *mem, const char *path, const struct store_options *options, struct store **out,
               bool *is_new, struct gk_error *error);
void store_close(struct store *store); /* NULL is welcome */
/* GK_EINVAL in a child of the process that opened it, where it is good for nothing but being closed. */
int store_check_own(const struct store *store, struct gk_error *error);
/* Everything that was committed is on the disk, for a store that is not synced by every commit. */
int store_sync(struct store *store, struct gk_error *error);
/* The names in a directory are on the disk. */
int store_sync_folder(const char *path, struct gk_error *error);

/* One write transaction at a time; read transactions are snapshots and may be many. */
int store_read(struct store *store, struct txn **out, struct gk_error *error);
int store_write(struct store *store, struct txn **out, struct gk_error *error);
/* Ends it in any case. GK_OK: durable. */
int txn_commit(struct txn *txn, struct gk_error *error);
void txn_abort(struct txn *txn); /* NULL is welcome */
/*
 * After GK_EFULL, for what makes the store smaller or must be kept whatever else is not: opens what is kept back. On a
 * full disk these are so many bytes of the ballast (0: all); of a quota it is as much more of it, unless a transaction
 * of this handle is open. Whether it is worth to try again. Closing it lays the ballast again as far as there is room
 * left; the rest follows with the first commit that finds enough. No other thread may begin or end a transaction
 * meanwhile.
 */
bool store_open_reserve(struct store *store, uint64_t size);
void store_close_reserve(struct store *store);
/* Bytes put so far, so that a long job can commit in steps. */
uint64_t txn_size(const struct txn *txn);
/* Bytes of the pages that a table has, as the transaction sees it. */
uint64_t txn_table_bytes(const struct txn *txn, enum store_table table);
uint64_t txn_table_entries(const struct txn *txn, enum store_table table);

/* A value that does not fit half a page is kept on whole pages of its own: *page bytes each, *overhead bytes of which,
 * once a value, are not the value's. */
void txn_pages(const struct txn *txn, size_t *page, size_t *overhead);

/* GK_ENOTFOUND leaves *error alone. The value lives until the transaction ends or writes. */
int txn_get(struct txn *txn, enum store_table table, struct view key, struct view *value, struct gk_error *error);
int txn_put(struct txn *txn, enum store_table table, struct view key, struct view value, struct gk_error *error);
/* Put of a key that is greater than all. */
int txn_append(struct txn *txn, enum store_table table, struct view key, struct view value, struct gk_error *error);
/* GK_ENOTFOUND when it is not there. */
int txn_delete(struct txn *txn, enum store_table table, struct view key, struct gk_error *error);

/* Cursors end with their transaction at the latest. In a write transaction, puts and deletes elsewhere may move them:
 * seek again. */
int cursor_open(struct txn *txn, enum store_table table, struct cursor **out, struct gk_error *error);
void cursor_close(struct cursor *cursor); /* NULL is welcome */
/* GK_OK or GK_DONE. The first key >= key; the last key <= key; the ends; the neighbours. */
int cursor_seek(struct cursor *cursor, struct view key, struct gk_error *error);
int cursor_seek_before(struct cursor *cursor, struct view key, struct gk_error *error);
int cursor_first(struct cursor *cursor, struct gk_error *error);
int cursor_last(struct cursor *cursor, struct gk_error *error);
int cursor_next(struct cursor *cursor, struct gk_error *error);
int cursor_prev(struct cursor *cursor, struct gk_error *error);
/* Where it stands. cursor_value tests the checksum; cursor_key does not touch the value. */
struct view cursor_key(const struct cursor *cursor);
int cursor_value(struct cursor *cursor, struct view *value, struct gk_error *error);
size_t cursor_value_size(const struct cursor *cursor); /* does not touch it either */
/* Whether two records have equal keys and values; of values on pages of their own the length and checksum are compared.
 */
bool cursor_is_same(const struct cursor *a, const struct cursor *b);

/* The folder, as it was given. */
const char *store_path(const struct store *store);
/* Of a writer: wakes whoever watches lock.writer for changes, as consumers of acts do. */
void store_ring(struct store *store);
/* The bytes as they lie there, checksum and all, whether it fits or not. */
struct view cursor_stored(const struct cursor *cursor);

struct store_stat {
    uint64_t map_size; /* address space for the file */
    uint64_t file_bytes, used_bytes, ballast_bytes;
    uint64_t table_bytes[STORE_TABLES], table_entries[STORE_TABLES];
    uint64_t free_bytes, held_bytes; /* of pages that hold nothing; of these, of those that a reader keeps */
    uint64_t n_readers, oldest_reader_lag;
    int64_t oldest_reader_pid; /* 0: there is none */
};
int store_stat(struct store *store, struct store_stat *out, struct gk_error *error);
/* Gives the file's pages in memory back to the system's page cache: a long job need not look as large as the file. */
void store_release_memory(struct store *store);
/* Clears readers of dead processes; how many. */
int store_reader_check(struct store *store);
/*
 * Looks at every page of the file by plain reads (pages.h); a sentence for each that is wrong goes to `found`, whose
 * status, if not GK_OK, ends it.
 */
int store_check_pages(struct store *store, int (*found)(void *context, const char *text), void *context,
                      struct gk_error *error);
/*
 * Whether a record did not fit its checksum when the store was opened, as far as they were looked at. It need not be
 * the one that its key says: a key may be damaged, too, and then nobody finds the record that it was.
 */
bool store_has_damaged(const struct store *store);
/* Whether the file is shorter than it was: parts of pages that are mapped are zero then, without a signal. */
bool store_is_cut(const struct store *store);
/* Counts commits of this handle that changed something, for tests. */
uint64_t store_commits(const struct store *store);

#endif
