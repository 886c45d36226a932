/*
 * store.c - opening, transactions and figures of the one LMDB file.
 */
#include "store/store.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <lmdb.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

#include "store/ballast.h"
#include "store/free.h"
#include "store/guard.h"
#include "store/header.h"
#include "store/lock.h"
#include "store/make.h"
#include "store/pages.h"
#include "store/place.h"
#include "store/prefetch.h"
#include "store/value.h"
#include "store/writer.h"

#define MAP_DEFAULT (UINT64_C(1) << 40)
#define READERS_MAX 1024
#define PATH_SIZE   4096
#define NO_TABLE    UINT_MAX /* of a store that was made before there was such a table: it is empty */
/* A file of fewer bytes is looked at in any case: 1 ms at most. One of 110 MB takes 2 ms, and 20 to 40 ms when it is
 * cold (48 M rows, SSD). */
#define LOOK_ANYWAY (UINT64_C(16) << 20)
/* Of a longer one that is vouched for a writer, who goes by its free pages and builds on the rest, looks at this part
 * of the leaves, another one from second to second, at all that leads to them, and at the free pages: what is next to
 * nothing beside what it reads anyway. Readers have checksums and the guard, and 4 ms would be half their opening. */
#define LOOK_SHARES 16
#define TRIES       100 /* against a writer that is faster than who looks at its pages */
#define WAIT_MS     5000
/* What is kept back, of the file or its quota: a step of sealing or retention writes at most a 128th of the store, see
 * db/growth.h, and never more than 12 MB. */
#define RESERVE_PART  32
#define RESERVE_LEAST (UINT64_C(1) << 20)
#define RESERVE_MOST  (UINT64_C(16) << 20)

struct store {
    struct mem mem;
    MDB_env *env;
    MDB_dbi dbi[STORE_TABLES];
    int lock_fd, readers_fd; /* lock.writer, lock.mdb */
    int process_fd;          /* data.mdb, with the lock of this process */
    int wait_ms;
    pid_t pid; /* of who opened it */
    bool is_writer;
    /* Atomic, as snapshots are opened in threads: whether its pages are good, as far as anybody has seen; the longest
     * that its file was seen. */
    bool is_sound;
    uint64_t file_size;
    uint64_t newest;    /* of a writer: the newest transaction that it knows of */
    bool may_be_newer;  /* it committed one more since */
    uint64_t quota;     /* of the map; 0: none */
    atomic_uint n_txns; /* that are open */
    uint64_t ballast;   /* bytes that it should have; 0: none */
    bool owes_ballast;
    bool is_map_full; /* the last that did not fit ran into the map's end, not the disk's */
    void *map;        /* where the file lies in memory, once it was looked for */
    uint64_t n_commits;
    bool has_damaged; /* a record, of those that were looked at when it was opened */
    char path[PATH_SIZE];
};

struct txn {
    struct store *store;
    MDB_txn *txn;
    uint64_t size;
    bool is_write;
};

struct cursor {
    struct txn *txn;
    MDB_cursor *cursor;
    enum store_table table;
    MDB_val key, value;
};

static const char *const TABLE_NAMES[STORE_TABLES] = {
    "meta",     "catalog",    "journal", "source", "chunk", "profile",  "state",
    "presence", "quarantine", "alarm",   "act",    "hour",  "backfill", "damaged",
};

/* What every opening and nearly every question reads. */
static const enum store_table PREFETCHED[] = {STORE_META, STORE_CATALOG, STORE_STATE, STORE_PRESENCE};
#define N_PREFETCHED (sizeof PREFETCHED / sizeof PREFETCHED[0])

const char *store_table_name(unsigned table)
{
    return table < STORE_TABLES ? TABLE_NAMES[table] : NULL;
}

/* ---- errors -------------------------------------------------------------------------------------------------------
 */

static int status_of(int code)
{
    switch (code) {
    case MDB_SUCCESS:
        return GK_OK;
    case MDB_NOTFOUND:
        return GK_ENOTFOUND;
    case MDB_KEYEXIST:
        return GK_EEXIST;
    case MDB_MAP_FULL:
    case ENOSPC:
    case EDQUOT:
        return GK_EFULL;
    case MDB_PAGE_NOTFOUND:
    case MDB_CORRUPTED:
    case MDB_INVALID:
        return GK_ECORRUPT;
    case MDB_VERSION_MISMATCH:
        return GK_EVERSION;
    case ENOMEM:
        return GK_ENOMEM;
    case ENOENT:
        return GK_ENOTFOUND;
    case EACCES:
    case EROFS:
    case EPERM:
        return GK_EREADONLY;
    default:
        return GK_EIO;
    }
}

/* The kernel reports a full disk as EIO when a part of a write still went through: look before believing it. */
static bool is_disk_full(const struct store *store)
{
    struct statvfs fs;
    return statvfs(store->path, &fs) == 0 && (uint64_t)fs.f_bavail * fs.f_frsize < (UINT64_C(1) << 20);
}

static int fail(struct store *store, int code, const char *doing, struct gk_error *error)
{
    int status = status_of(code);
    const char *hint = code == MDB_MAP_FULL ? " (the store's quota or map size is used up; nothing was changed)"
                       : code == MDB_PANIC
                           ? " (a commit failed in its last step: open the store anew to know whether it "
                             "is in, and send again what was not acknowledged)"
                           : "";

    if ((code == EIO || code == ENOSPC) && is_disk_full(store)) {
        status = GK_EFULL;
        hint = " (the disk is full; nothing was changed, what was committed before is safe)";
    }
    if (status == GK_EFULL)
        store->is_map_full = code == MDB_MAP_FULL;
    if (status == GK_ECORRUPT || status == GK_EIO)
        __atomic_store_n(&store->is_sound, false, __ATOMIC_RELAXED); /* whoever opens it next looks at its pages */
    return error_set(error, status, "%s: %s: %s%s", store->path, doing, mdb_strerror(code), hint);
}

/* ---- opening ------------------------------------------------------------------------------------------------------
 */

/* "1000", "256M", "256MB", "4GiB": a number of bytes, in powers of 1024. */
static int parse_size(const char *text, uint64_t *out, struct gk_error *error)
{
    static const char UNITS[] = "KMGT";
    char *end;
    unsigned shift = 0;

    errno = 0;
    bool is_hex = text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
    unsigned long long v = strtoull(text, &end, is_hex ? 16 : 10);
    const char *unit = *end ? strchr(UNITS, *end & ~0x20) : NULL;
    if (unit) {
        shift = 10 * (unsigned)(unit - UNITS + 1);
        end++;
    }
    if (unit && (*end == 'i' || *end == 'I'))
        end++;
    if (*end == 'b' || *end == 'B')
        end++;
    if (errno != 0 || text[0] < '0' || text[0] > '9' || *end != 0 || v == 0 || v > UINT64_MAX >> 24 >> shift)
        return error_set(error, GK_EINVAL, "GK_MAP_SIZE: expected a size such as 268435456, 256MB or 4G, got '%.40s'",
                         text);
    *out = v << shift;
    return GK_OK;
}

static int map_size(const struct store_options *options, uint64_t *out, uint64_t *quota, struct gk_error *error)
{
    const char *text = getenv("GK_MAP_SIZE");
    uint64_t size = options->map_size ? options->map_size : MAP_DEFAULT;
    int rc;

    if (!options->map_size && text && *text)
        TRY(parse_size(text, &size, error));
    bool is_quota = options->is_writer && options->quota && options->quota < size;
    if (is_quota)
        size = options->quota;
    if (size < (UINT64_C(1) << 20))
        size = UINT64_C(1) << 20; /* LMDB needs a few pages to say anything at all */
    *out = size & ~UINT64_C(0xFFFF);
    *quota = is_quota ? *out : 0;
    rc = GK_OK;
done:
    return rc;
}

/* LMDB does not sync the directory: without this a power cut right after the first commit loses the whole file. */
int store_sync_folder(const char *path, struct gk_error *error)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 || fsync(fd) != 0) {
        int code = errno;
        if (fd >= 0)
            (void)close(fd);
        return error_set(error, GK_EIO, "%s: cannot sync the directory: %s", path, mdb_strerror(code));
    }
    (void)close(fd);
    return GK_OK;
}

static int make_folder(const char *path, struct gk_error *error)
{
    char parent[PATH_SIZE];

    struct stat st;
    if (mkdir(path, 0750) != 0 && errno != EEXIST)
        return error_set(error, status_of(errno), "%s: cannot make the directory: %s", path, mdb_strerror(errno));
    if (stat(path, &st) != 0)
        return error_set(error, status_of(errno), "%s: leads nowhere: %s", path, mdb_strerror(errno));
    if (!S_ISDIR(st.st_mode))
        return error_set(error, GK_EINVAL, "%s: is not a directory", path);
    (void)snprintf(parent, sizeof parent, "%s/..", path); /* the length was tested */
    return store_sync_folder(parent, error);
}

/* Under the writer's lock. */
static int begin_anew(const struct store *store, struct gk_error *error)
{
    static const char *const NAMES[] = {"data.mdb", "lock.mdb"};
    char name[PATH_SIZE + 16];

    for (size_t i = 0; i < 2; i++) {
        (void)snprintf(name, sizeof name, "%s/%s", store->path, NAMES[i]);
        if (unlink(name) != 0 && errno != ENOENT)
            return error_set(error, status_of(errno), "%s: cannot be removed: %s", name, mdb_strerror(errno));
    }
    return GK_OK;
}

/* A store of before a table was thought of gets it from the first who writes. */
static int open_tables(struct store *store, bool may_create, struct gk_error *error)
{
    MDB_txn *txn;
    int code = mdb_txn_begin(store->env, NULL, store->is_writer ? 0 : MDB_RDONLY, &txn);

    if (code != MDB_SUCCESS)
        return fail(store, code, "cannot begin a transaction", error);
    for (unsigned i = 0; i < STORE_TABLES; i++) {
        bool is_made = may_create || (store->is_writer && i >= STORE_BACKFILL);
        code = mdb_dbi_open(txn, TABLE_NAMES[i], is_made ? MDB_CREATE : 0, &store->dbi[i]);
        if (code == MDB_NOTFOUND && i >= STORE_BACKFILL) {
            store->dbi[i] = NO_TABLE;
        } else if (code != MDB_SUCCESS) {
            mdb_txn_abort(txn);
            if (code == MDB_NOTFOUND)
                return error_set(error, GK_ECORRUPT, "%s: is no gkdb store: it has no table \"%s\"", store->path,
                                 TABLE_NAMES[i]);
            return fail(store, code, "cannot open a table", error);
        }
    }
    code = mdb_txn_commit(txn);
    return code == MDB_SUCCESS ? GK_OK : fail(store, code, "cannot open the tables", error);
}

static int open_env(struct store *store, const struct store_options *options, struct gk_error *error)
{
    unsigned flags = MDB_NOTLS | (options->is_writer ? 0 : MDB_RDONLY) | (options->is_scratch ? MDB_NOSYNC : 0);
    uint64_t size;
    int code, rc;

    TRY(map_size(options, &size, &store->quota, error));
    code = mdb_env_create(&store->env);
    if (code == MDB_SUCCESS)
        code = mdb_env_set_maxdbs(store->env, STORE_TABLES + 4);
    if (code == MDB_SUCCESS)
        code = mdb_env_set_maxreaders(store->env, READERS_MAX);
    if (code == MDB_SUCCESS)
        code = mdb_env_set_mapsize(store->env, size);
    if (code == MDB_SUCCESS)
        code = mdb_env_set_assert(store->env, guard_assert);
    if (code != MDB_SUCCESS)
        return fail(store, code, "cannot be prepared", error);
    code = mdb_env_open(store->env, store->path, flags, 0640);
    if (code == ENOENT)
        return error_set(error, GK_ENOTFOUND, "%s: there is no store", store->path);
    if (code != MDB_SUCCESS)
        return fail(store, code, "cannot be opened", error);
done:
    return rc;
}

/* ---- the pages ----------------------------------------------------------------------------------------------------
 */

/* Before LMDB maps the file and believes it. *is_small: so short that all pages are looked at anyway; or shorter than
 * its header says. *newest: its newest transaction. */
static int check_headers(const char *name, bool *is_small, uint64_t *newest, struct gk_error *error)
{
    struct pages pages;
    int fd = open(name, O_RDONLY | O_CLOEXEC);

    if (fd < 0)
        return error_set(error, status_of(errno), "%s: %s", name, mdb_strerror(errno));
    int rc = pages_begin(fd, name, &pages, error);
    (void)close(fd);
    *newest = rc == GK_OK ? pages.txn_id : 0;
    *is_small = rc == GK_OK &&
                (pages.file.file_size < LOOK_ANYWAY || pages.file.file_size / pages.file.page_size <= pages.last);
    return rc;
}

/*
 * The table of readers knows the newest transaction, or none is to be believed: readers would look at pages that are
 * used again, and a writer would begin with the first transaction anew. It is behind when its maker was killed before
 * it was whole and others have it open (lock_turn_begin). By one it may be behind: a commit is told in it a moment
 * later, and one whose writer was killed in that moment by the next writer.
 */
static int check_table(struct store *store, uint64_t newest, struct gk_error *error)
{
    const struct timespec pause = {.tv_nsec = 1000000};

    for (int i = 0; i < TRIES; i++) {
        MDB_txn *txn;
        int code = mdb_txn_begin(store->env, NULL, MDB_RDONLY, &txn);
        if (code == MDB_READERS_FULL && store_reader_check(store) > 0)
            continue;
        if (code != MDB_SUCCESS)
            return fail(store, code, "cannot begin a transaction", error);
        uint64_t known = mdb_txn_id(txn);
        mdb_txn_abort(txn);
        if (known + 1 >= newest)
            return GK_OK;
        (void)nanosleep(&pause, NULL); /* shorter is as good */
    }
    return error_set(
        error, GK_EBUSY,
        "%s: the table of its readers (lock.mdb) was left unfinished by a process that was killed; end all "
        "that have the store open",
        store->path);
}

/* The pages that a read transaction sees. */
static int check_pages(struct store *store, const char *name, struct pages_checking *checking, struct gk_error *error)
{
    struct pages pages;
    int rc = GK_ENOTFOUND, fd;

    (void)mdb_env_get_fd(store->env, &fd); /* fails only for NULL */
    for (int i = 0; i < TRIES && rc == GK_ENOTFOUND; i++) {
        MDB_txn *txn;
        int code = mdb_txn_begin(store->env, NULL, MDB_RDONLY, &txn);
        if (code != MDB_SUCCESS)
            return fail(store, code, "cannot begin a transaction", error);
        checking->txn_id = mdb_txn_id(txn);
        rc = pages_begin(fd, name, &pages, error);
        if (rc == GK_OK)
            rc = pages_check(&pages, checking, error);
        mdb_txn_abort(txn);
    }
    if (rc == GK_ENOTFOUND)
        return error_set(error, GK_EIO, "%s: the writer is faster than who looks at its pages", name);
    return rc;
}

int store_check_pages(struct store *store, int (*found)(void *context, const char *text), void *context,
                      struct gk_error *error)
{
    struct pages_checking checking = {.is_whole = true, .found = found, .context = context};
    char name[PATH_SIZE + 16];

    (void)snprintf(name, sizeof name, "%s/" STORE_DATA_FILE, store->path);
    return check_pages(store, name, &checking, error);
}

bool store_has_damaged(const struct store *store)
{
    return store->has_damaged;
}

/* LMDB's file never becomes shorter: what did was cut, and a page that is not there would be our death. */
static int check_length(struct store *store, struct gk_error *error)
{
    struct stat st;
    int fd;

    (void)mdb_env_get_fd(store->env, &fd); /* fails only for NULL */
    if (fstat(fd, &st) != 0)
        return fail(store, errno, "cannot be measured", error);
    uint64_t size = (uint64_t)st.st_size, seen = __atomic_load_n(&store->file_size, __ATOMIC_RELAXED);
    if (size < seen)
        return error_set(error, GK_ECORRUPT, "%s: cut off: it has %llu bytes, and had %llu", store->path,
                         (unsigned long long)size, (unsigned long long)seen);
    if (size > seen)
        __atomic_store_n(&store->file_size, size, __ATOMIC_RELAXED); /* the smaller of two is good enough */
    return GK_OK;
}

bool store_is_cut(const struct store *store)
{
    struct stat st;
    int fd;

    (void)mdb_env_get_fd(store->env, &fd); /* fails only for NULL */
    return fstat(fd, &st) == 0 && (uint64_t)st.st_size < __atomic_load_n(&store->file_size, __ATOMIC_RELAXED);
}

/* For whoever knows better than place_check: any text but an empty one. */
static bool is_place_trusted(void)
{
    const char *text = getenv("GK_TRUST_PLACE");
    return text && *text;
}

static void prefetch(struct store *store, const char *file)
{
    const char *names[N_PREFETCHED];

    for (size_t i = 0; i < N_PREFETCHED; i++)
        names[i] = TABLE_NAMES[PREFETCHED[i]];
    (void)prefetch_tables(store->env, file, names, N_PREFETCHED); /* a hint */
}

static bool has_file(const char *name)
{
    struct stat st;
    return stat(name, &st) == 0 && st.st_size > 0;
}

static uint64_t newest_txn(const struct store *store)
{
    MDB_envinfo info;

    (void)mdb_env_info(store->env, &info); /* fails only for NULL */
    return info.me_last_txnid;
}

static uint64_t file_size(const struct store *store)
{
    struct stat st;
    int fd;

    return mdb_env_get_fd(store->env, &fd) == MDB_SUCCESS && fstat(fd, &st) == 0 ? (uint64_t)st.st_size : 0;
}

static uint64_t reserve_of(uint64_t size)
{
    uint64_t part = size / RESERVE_PART;
    return part < RESERVE_LEAST ? RESERVE_LEAST : part > RESERVE_MOST ? RESERVE_MOST : part;
}

static void lay_ballast(struct store *store, int64_t size)
{
    if (size < 0)
        return;
    store->ballast = size > 0 ? (uint64_t)size : reserve_of(file_size(store));
    store->owes_ballast = !ballast_lay(store->path, store->ballast);
}

int store_open(const struct mem *mem, const char *path, const struct store_options *options, struct store **out,
               bool *is_new, struct gk_error *error)
{
    struct pages_checking checking = {.is_whole = false};
    char name[PATH_SIZE + 16];
    bool may_make = options->is_writer && options->may_create, is_small = true;
    uint64_t newest = 0;
    struct low_fds low;
    int rc;

    *out = NULL;
    *is_new = false;
    if (strlen(path) == 0 || strlen(path) > PATH_SIZE - 8)
        return error_set(error, GK_EINVAL, "the path of a store has 1 to %d bytes", PATH_SIZE - 8);
    struct store *store = mem_zeroed(mem, sizeof *store);
    if (!store)
        return error_set(error, GK_ENOMEM, "%s: out of memory", path);
    store->mem = *mem;
    store->lock_fd = store->readers_fd = store->process_fd = -1;
    store->is_writer = options->is_writer;
    store->wait_ms = options->wait_ms ? options->wait_ms : WAIT_MS;
    store->pid = getpid();
    memcpy(store->path, path, strlen(path) + 1);
    low_fds_hold(&low);

    (void)snprintf(name, sizeof name, "%s/" STORE_DATA_FILE, path);
    if (!has_file(name) && !may_make)
        TRY(error_set(error, GK_ENOTFOUND, "%s: there is no store (gk init makes one)", path));
    if (!has_file(name))
        TRY(make_folder(path, error));
    if (!is_place_trusted())
        TRY(place_check(path, error));
    TRY(lock_process(path, &store->process_fd, error));
    bool is_vouched = writer_vouches(path); /* before the mark becomes ours */
    if (options->is_writer)
        TRY(writer_lock(path, &store->lock_fd, error));
    if (options->is_scratch)
        TRY(begin_anew(store, error));
    *is_new = may_make && !has_file(name); /* nobody else makes one now */
    int code = *is_new ? make_file(path) : MDB_SUCCESS;
    if (code != MDB_SUCCESS)
        TRY(fail(store, code, "cannot be made", error));
    if (*is_new) {
        lock_process_end(store->process_fd); /* of what was there before */
        TRY(lock_process(path, &store->process_fd, error));
    }
    TRY(check_headers(name, &is_small, &newest, error));
    TRY(lock_readers(path, &store->readers_fd, error));
    TRY(lock_turn_begin(path, store->readers_fd, store->wait_ms, error));
    rc = open_env(store, options, error);
    lock_turn_end(store->readers_fd);
    TRY(rc);
    TRY(check_table(store, newest, error));
    if (options->is_writer && (code = header_force(store->env)) != 0)
        TRY(fail(store, code, "cannot be synced", error));
    checking.is_whole = options->is_writer;
    checking.reads_values = is_small;
    if (is_vouched && !is_small) {
        checking.n_shares = LOOK_SHARES;
        checking.share = (unsigned)time(NULL) % LOOK_SHARES;
    }
    if (options->is_writer || checking.n_shares == 0)
        TRY(check_pages(store, name, &checking, error));
    store->has_damaged = checking.n_unfit > 0;
    TRY(check_length(store, error));
    store->is_sound = true;
    prefetch(store, name);
    if (options->is_writer)
        (void)store_reader_check(store); /* tidying; a failure shows at the next commit */
    if (options->is_writer)
        TRY(lock_wait(path, store->readers_fd, store->wait_ms, error));
    TRY(open_tables(store, options->is_writer, error));
    store->newest = newest_txn(store);
    if (options->is_writer)
        lay_ballast(store, options->ballast);
    if (options->may_create) /* also when an earlier making got only as far as the file */
        TRY(store_sync_folder(path, error));
    *out = store;
    store = NULL;
done:
    low_fds_release(&low);
    store_close(store);
    return rc;
}

static bool is_own(const struct store *store)
{
    return store->pid == getpid();
}

int store_check_own(const struct store *store, struct gk_error *error)
{
    if (is_own(store))
        return GK_OK;
    return error_set(error, GK_EINVAL, "%s: was opened by process %ld: a handle does not outlive a fork", store->path,
                     (long)store->pid);
}

/*
 * In a child of who opened it: LMDB would take the parent's readers for its own and give them up, and closing lock.mdb
 * would give up the locks of a handle that the child opened itself. What is left goes with the process.
 */
static void abandon(struct store *store)
{
    if (store->lock_fd >= 0)
        (void)close(store->lock_fd); /* the lock is the parent's as long as that lives */
    struct mem mem = store->mem;
    mem_free(&mem, store);
}

void store_close(struct store *store)
{
    if (!store)
        return;
    if (!is_own(store)) {
        abandon(store);
        return;
    }
    if (store->env)
        mdb_env_close(store->env);
    if (store->readers_fd >= 0)
        (void)close(store->readers_fd); /* LMDB's is closed */
    lock_process_end(store->process_fd);
    if (store->lock_fd >= 0) {
        if (store->is_sound)
            writer_vouch(store->path, store->lock_fd);
        (void)close(store->lock_fd); /* gives the lock back */
    }
    struct mem mem = store->mem;
    mem_free(&mem, store);
}

int store_sync(struct store *store, struct gk_error *error)
{
    int code = mdb_env_sync(store->env, 1);
    return code == MDB_SUCCESS ? GK_OK : fail(store, code, "cannot sync", error);
}

/* ---- transactions -------------------------------------------------------------------------------------------------
 */

/*
 * LMDB's reader takes the number of the newest transaction, then copies the header of that number from one of two
 * places. Held up in between while another transaction is committed, it finds there the header of the one after the
 * next: half written, or whole and not durable yet, and the next reader sees the one before. As long as no header is
 * two ahead of the reader's number, it copied its own.
 */
static bool is_overtaken(const struct store *store, MDB_txn *txn)
{
    MDB_envinfo info;

    (void)mdb_env_info(store->env, &info); /* fails only for NULL */
    return info.me_last_txnid > mdb_txn_id(txn) + 1;
}

static int begin_reading(struct store *store, MDB_txn **out)
{
    for (int i = 0; i < TRIES; i++) {
        int code = mdb_txn_begin(store->env, NULL, MDB_RDONLY, out);
        if (code == MDB_READERS_FULL && store_reader_check(store) > 0)
            code = mdb_txn_begin(store->env, NULL, MDB_RDONLY, out);
        if (code != MDB_SUCCESS || !is_overtaken(store, *out))
            return code;
        mdb_txn_abort(*out);
    }
    return EBUSY;
}

static int begin(struct store *store, bool is_write, struct txn **out, struct gk_error *error)
{
    int rc;

    *out = NULL;
    TRY(store_check_own(store, error));
    TRY(check_length(store, error));
    struct txn *txn = mem_zeroed(&store->mem, sizeof *txn);
    if (!txn)
        return error_set(error, GK_ENOMEM, "%s: out of memory", store->path);
    int code = is_write ? mdb_txn_begin(store->env, NULL, 0, &txn->txn) : begin_reading(store, &txn->txn);
    if (code != MDB_SUCCESS) {
        mem_free(&store->mem, txn);
        return fail(store, code, "cannot begin a transaction", error);
    }
    txn->store = store;
    txn->is_write = is_write;
    (void)atomic_fetch_add(&store->n_txns, 1);
    *out = txn;
done:
    return rc;
}

int store_read(struct store *store, struct txn **out, struct gk_error *error)
{
    return begin(store, false, out, error);
}

/* What a writer knows of the store is true only as long as nobody else writes it, and what it writes is kept only as
 * long as the file is. */
static int is_still_ours(struct store *store, const MDB_txn *txn, struct gk_error *error)
{
    uint64_t before = mdb_txn_id((MDB_txn *)(uintptr_t)txn) - 1; /* reads it */
    struct stat st;
    int fd;

    if (before < store->newest || before > store->newest + store->may_be_newer)
        return error_set(error, GK_EBUSY,
                         "%s: another process has written this store meanwhile (was lock.writer removed?): nothing was "
                         "changed; close it and open it again",
                         store->path);
    store->newest = before;
    store->may_be_newer = false;
    if (mdb_env_get_fd(store->env, &fd) == MDB_SUCCESS && fstat(fd, &st) == 0 && st.st_nlink == 0)
        return error_set(error, GK_EIO, "%s: data.mdb was removed while it was open: what is written would be lost",
                         store->path);
    return GK_OK;
}

int store_write(struct store *store, struct txn **out, struct gk_error *error)
{
    int rc;

    *out = NULL;
    if (!store->is_writer)
        return error_set(error, GK_EREADONLY, "%s: opened read-only", store->path);
    TRY(lock_wait(store->path, store->readers_fd, store->wait_ms, error));
    TRY(begin(store, true, out, error));
    rc = is_still_ours(store, (*out)->txn, error);
    if (rc != GK_OK) {
        txn_abort(*out);
        *out = NULL;
    }
done:
    return rc;
}

int txn_commit(struct txn *txn, struct gk_error *error)
{
    struct store *store = txn->store;
    bool is_change = txn->is_write && txn->size > 0;
    int code = GUARDED(mdb_txn_commit(txn->txn));

    (void)atomic_fetch_sub(&store->n_txns, 1);
    store->may_be_newer |= is_change;
    store->n_commits += code == MDB_SUCCESS && is_change;
    mem_free(&store->mem, txn);
    if (code == MDB_SUCCESS && is_change && store->owes_ballast)
        store->owes_ballast = !ballast_lay(store->path, store->ballast);
    return code == MDB_SUCCESS ? GK_OK : fail(store, code, "cannot commit", error);
}

static bool grow_map(struct store *store)
{
    if (!store->quota || atomic_load(&store->n_txns) > 0) /* the map cannot move under a transaction */
        return false;
    store->map = NULL;
    return mdb_env_set_mapsize(store->env, store->quota + reserve_of(store->quota)) == MDB_SUCCESS;
}

bool store_open_reserve(struct store *store, uint64_t size)
{
    if (store->is_map_full)
        return grow_map(store);
    bool is_given = ballast_give_up(store->path, size);
    store->owes_ballast |= is_given;
    return is_given;
}

void store_close_reserve(struct store *store)
{
    if (store->owes_ballast)
        store->owes_ballast = !ballast_lay_rest(store->path, store->ballast);
    if (!store->quota || atomic_load(&store->n_txns) > 0)
        return;
    store->map = NULL;
    (void)mdb_env_set_mapsize(store->env, store->quota); /* the next one to open the store sets it again */
}

void txn_abort(struct txn *txn)
{
    if (!txn)
        return;
    if (is_own(txn->store))
        mdb_txn_abort(txn->txn); /* in a child it would give up the parent's */
    (void)atomic_fetch_sub(&txn->store->n_txns, 1);
    mem_free(&txn->store->mem, txn);
}

uint64_t txn_size(const struct txn *txn)
{
    return txn->size;
}

uint64_t txn_table_bytes(const struct txn *txn, enum store_table table)
{
    MDB_stat s = {.ms_psize = 0};

    (void)mdb_stat(txn->txn, txn->store->dbi[table], &s); /* fails only for a table that is not there */
    return (uint64_t)s.ms_psize * (s.ms_branch_pages + s.ms_leaf_pages + s.ms_overflow_pages);
}

uint64_t txn_table_entries(const struct txn *txn, enum store_table table)
{
    MDB_stat s = {.ms_entries = 0};

    (void)mdb_stat(txn->txn, txn->store->dbi[table], &s); /* the same */
    return s.ms_entries;
}

/* ---- values -------------------------------------------------------------------------------------------------------
 */

static bool fits(const struct store *store, enum store_table table, const MDB_val *key, const MDB_val *stored)
{
    struct view k = {key->mv_data, key->mv_size};

    return stored->mv_size <= __atomic_load_n(&store->file_size, __ATOMIC_RELAXED) &&
           value_fits(table, k, stored->mv_data, stored->mv_size);
}

static int open_value(const struct store *store, enum store_table table, const MDB_val *key, const MDB_val *stored,
                      struct view *value, struct gk_error *error)
{
    const uint8_t *bytes = stored->mv_data;
    if (!GUARDED(fits(store, table, key, stored))) {
        char text[2 * 24 + 1] = "";
        for (size_t i = 0; i < key->mv_size && i < 24; i++)
            (void)snprintf(text + 2 * i, 3, "%02x", ((const uint8_t *)key->mv_data)[i]);
        return error_set(error, GK_ECORRUPT, "%s: table %s, key %s: the checksum does not fit the bytes", store->path,
                         TABLE_NAMES[table], text);
    }
    value->bytes = bytes;
    value->size = stored->mv_size - VALUE_CRC;
    return GK_OK;
}

static MDB_val val_of(struct view view)
{
    MDB_val val = {view.size, (void *)(uintptr_t)view.bytes};
    return val;
}

void txn_pages(const struct txn *txn, size_t *page, size_t *overhead)
{
    MDB_stat stat;

    (void)mdb_env_stat(txn->store->env, &stat); /* fails only for NULL */
    *page = stat.ms_psize;
    *overhead = PAGE_HEAD + VALUE_CRC;
}

int txn_get(struct txn *txn, enum store_table table, struct view key, struct view *value, struct gk_error *error)
{
    MDB_val k = val_of(key), v;
    if (txn->store->dbi[table] == NO_TABLE)
        return GK_ENOTFOUND;
    int code = GUARDED(mdb_get(txn->txn, txn->store->dbi[table], &k, &v));

    if (code == MDB_NOTFOUND)
        return GK_ENOTFOUND;
    if (code != MDB_SUCCESS)
        return fail(txn->store, code, "cannot read", error);
    return open_value(txn->store, table, &k, &v, value, error);
}

static int put(struct txn *txn, enum store_table table, struct view key, struct view value, unsigned flags,
               struct gk_error *error)
{
    if (key.size == 0 || key.size > STORE_KEY_MAX)
        return error_set(error, GK_EINVAL, "a key of %zu bytes", key.size);
    MDB_val k = val_of(key), v = {value.size + VALUE_CRC, NULL};
    int code = GUARDED(mdb_put(txn->txn, txn->store->dbi[table], &k, &v, flags | MDB_RESERVE));
    if (code != MDB_SUCCESS)
        return fail(txn->store, code, "cannot write", error);
    if (value.size)
        memcpy(v.mv_data, value.bytes, value.size);
    store_u32((uint8_t *)v.mv_data + value.size, value_crc(table, key, value.bytes, value.size));
    txn->size += key.size + value.size + VALUE_CRC;
    return GK_OK;
}

int txn_put(struct txn *txn, enum store_table table, struct view key, struct view value, struct gk_error *error)
{
    return put(txn, table, key, value, 0, error);
}

int txn_append(struct txn *txn, enum store_table table, struct view key, struct view value, struct gk_error *error)
{
    return put(txn, table, key, value, MDB_APPEND, error);
}

int txn_delete(struct txn *txn, enum store_table table, struct view key, struct gk_error *error)
{
    MDB_val k = val_of(key);
    int code = GUARDED(mdb_del(txn->txn, txn->store->dbi[table], &k, NULL));

    if (code == MDB_NOTFOUND)
        return GK_ENOTFOUND;
    if (code != MDB_SUCCESS)
        return fail(txn->store, code, "cannot delete", error);
    txn->size += key.size;
    return GK_OK;
}

/* ---- cursors ------------------------------------------------------------------------------------------------------
 */

int cursor_open(struct txn *txn, enum store_table table, struct cursor **out, struct gk_error *error)
{
    *out = NULL;
    struct cursor *cursor = mem_zeroed(&txn->store->mem, sizeof *cursor);
    if (!cursor)
        return error_set(error, GK_ENOMEM, "%s: out of memory", txn->store->path);
    int code = txn->store->dbi[table] == NO_TABLE ? MDB_SUCCESS
                                                  : mdb_cursor_open(txn->txn, txn->store->dbi[table], &cursor->cursor);
    if (code != MDB_SUCCESS) {
        mem_free(&txn->store->mem, cursor);
        return fail(txn->store, code, "cannot open a cursor", error);
    }
    cursor->txn = txn;
    cursor->table = table;
    *out = cursor;
    return GK_OK;
}

void cursor_close(struct cursor *cursor)
{
    if (!cursor)
        return;
    if (cursor->cursor)
        mdb_cursor_close(cursor->cursor);
    mem_free(&cursor->txn->store->mem, cursor);
}

static int move(struct cursor *cursor, MDB_cursor_op op, struct gk_error *error)
{
    int code =
        cursor->cursor ? GUARDED(mdb_cursor_get(cursor->cursor, &cursor->key, &cursor->value, op)) : MDB_NOTFOUND;
    if (code == MDB_NOTFOUND)
        return GK_DONE;
    return code == MDB_SUCCESS ? GK_OK : fail(cursor->txn->store, code, "cannot read", error);
}

int cursor_seek(struct cursor *cursor, struct view key, struct gk_error *error)
{
    cursor->key = val_of(key);
    return move(cursor, MDB_SET_RANGE, error);
}

int cursor_seek_before(struct cursor *cursor, struct view key, struct gk_error *error)
{
    int rc = cursor_seek(cursor, key, error);
    if (rc == GK_DONE)
        return move(cursor, MDB_LAST, error);
    if (rc != GK_OK)
        return rc;
    if (cursor->key.mv_size == key.size && memcmp(cursor->key.mv_data, key.bytes, key.size) == 0)
        return GK_OK;
    return move(cursor, MDB_PREV, error);
}

int cursor_first(struct cursor *cursor, struct gk_error *error)
{
    return move(cursor, MDB_FIRST, error);
}

int cursor_last(struct cursor *cursor, struct gk_error *error)
{
    return move(cursor, MDB_LAST, error);
}

int cursor_next(struct cursor *cursor, struct gk_error *error)
{
    return move(cursor, MDB_NEXT, error);
}

int cursor_prev(struct cursor *cursor, struct gk_error *error)
{
    return move(cursor, MDB_PREV, error);
}

struct view cursor_key(const struct cursor *cursor)
{
    struct view key = {cursor->key.mv_data, cursor->key.mv_size};
    return key;
}

size_t cursor_value_size(const struct cursor *cursor)
{
    return cursor->value.mv_size < VALUE_CRC ? 0 : cursor->value.mv_size - VALUE_CRC;
}

struct view cursor_stored(const struct cursor *cursor)
{
    struct view stored = {cursor->value.mv_data, cursor->value.mv_size};
    return stored;
}

/* A value that does not fit half a page is not on its key's page. */
#define NEAR_MAX 2000

bool cursor_is_same(const struct cursor *a, const struct cursor *b)
{
    size_t size = a->value.mv_size, from = size > NEAR_MAX ? size - VALUE_CRC : 0;

    return a->key.mv_size == b->key.mv_size && size == b->value.mv_size &&
           memcmp(a->key.mv_data, b->key.mv_data, a->key.mv_size) == 0 &&
           memcmp((const uint8_t *)a->value.mv_data + from, (const uint8_t *)b->value.mv_data + from, size - from) == 0;
}

int cursor_value(struct cursor *cursor, struct view *value, struct gk_error *error)
{
    return open_value(cursor->txn->store, cursor->table, &cursor->key, &cursor->value, value, error);
}

/* ---- figures ------------------------------------------------------------------------------------------------------
 */

int store_reader_check(struct store *store)
{
    int dead = 0;
    (void)mdb_reader_check(store->env, &dead); /* best effort: a stale reader only costs space */
    return dead;
}

/*
 * LMDB tells where its map lies only when it was fixed by the caller. But the page of any small value begins with the
 * page's number, so it tells where page 0 is.
 */
static void *map_begin(struct store *store, size_t page_size)
{
    MDB_txn *txn;
    MDB_cursor *cursor;
    MDB_val key, value;
    uint8_t *begin = NULL;

    if (mdb_txn_begin(store->env, NULL, MDB_RDONLY, &txn) != MDB_SUCCESS)
        return NULL;
    if (mdb_cursor_open(txn, store->dbi[STORE_META], &cursor) == MDB_SUCCESS) {
        if (mdb_cursor_get(cursor, &key, &value, MDB_FIRST) == MDB_SUCCESS) {
            uint8_t *page = (uint8_t *)key.mv_data - (uintptr_t)key.mv_data % page_size;
            begin = page - load_u64(page) * page_size;
        }
        mdb_cursor_close(cursor);
    }
    mdb_txn_abort(txn);
    return begin;
}

void store_release_memory(struct store *store)
{
    MDB_envinfo info;
    MDB_stat s;

    (void)mdb_env_info(store->env, &info); /* fail only for NULL */
    (void)mdb_env_stat(store->env, &s);
    if (!store->map)
        store->map = map_begin(store, s.ms_psize); /* it never moves: the map's size is set once */
    if (store->map)
        (void)madvise(store->map, (info.me_last_pgno + 1) * s.ms_psize,
                      MADV_DONTNEED); /* a hint: no harm when refused */
}

const char *store_path(const struct store *store)
{
    return store->path;
}

void store_ring(struct store *store)
{
    writer_ring(store->lock_fd);
}

uint64_t store_commits(const struct store *store)
{
    return store->n_commits;
}

struct readers {
    uint64_t n, oldest;
    long long pid; /* of the oldest */
};

/* LMDB tells its readers only as text: "pid thread txnid" a line, "-" for an idle slot. */
static int count_reader(const char *line, void *context)
{
    struct readers *readers = context;
    unsigned long long id;
    long long pid;

    if (sscanf(line, "%lld %*s %llu", &pid, &id) == 2) {
        readers->n++;
        if (id < readers->oldest) {
            readers->oldest = id;
            readers->pid = pid;
        }
    }
    return 0;
}

int store_stat(struct store *store, struct store_stat *out, struct gk_error *error)
{
    struct txn *txn = NULL;
    struct readers readers = {.oldest = UINT64_MAX};
    MDB_envinfo info;
    size_t page, overhead;
    int rc;

    memset(out, 0, sizeof *out);
    (void)mdb_reader_list(store->env, count_reader, &readers); /* before our own */
    TRY(store_read(store, &txn, error));
    for (unsigned i = 0; i < STORE_TABLES; i++) {
        out->table_bytes[i] = txn_table_bytes(txn, i);
        out->table_entries[i] = txn_table_entries(txn, i);
        out->used_bytes += out->table_bytes[i];
    }
    (void)mdb_env_info(store->env, &info); /* fails only for NULL */
    out->map_size = info.me_mapsize;
    out->n_readers = readers.n;
    out->oldest_reader_pid = readers.pid;
    out->oldest_reader_lag = readers.n ? info.me_last_txnid - readers.oldest : 0;
    int code = free_count(txn->txn, readers.oldest, &out->free_bytes, &out->held_bytes);
    if (code != MDB_SUCCESS)
        TRY(fail(store, code, "cannot read the list of free pages", error));
    txn_pages(txn, &page, &overhead);
    out->free_bytes *= page;
    out->held_bytes *= page;
    out->file_bytes = file_size(store);
    out->ballast_bytes = ballast_size(store->path);
done:
    txn_abort(txn);
    return rc;
}
