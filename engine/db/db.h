/*
 * db.h - the handle, and what the files of this room share.
 *
 * The path of a row:
 *     gk_ingest    classifies it (ingest.c) and adds it to the heads in memory (heads.c)
 *     gk_commit    writes the rows that are new in the heads as journal records, and what else is pending, in one
 *                  transaction (commit.c): from here on they are durable
 *     gk_seal      moves the rows of the journal into chunks (chunks.c), states (states.c) and presence (index.c), some
 *                  facilities a transaction, and trims the journal (seal.c)
 * The path of an answer:
 *     snapshot     an LMDB read transaction + a view of the heads + a counted catalog (snapshot.c)
 *     rows.c       merges the chunks of a facility with its rows in the heads; everything that reads samples uses it
 *     states.c     stored steps, derived anew from where unsealed rows or new bands touch them
 *
 * Invariants, numbered so that code can refer to them:
 *  I1  Every durable row is in exactly one of: a chunk; a journal record of sequence > sealed, or <= target for a
 *      facility >= facilities_done (a sealing in progress).
 *  I2  Chunks of a facility do not overlap (they may share one time under GK_ALL) and are in order of time.
 *  I3  The stored steps and presence bits of a facility follow from its chunks and the bands, except at and after
 *      profile.stale_from, where readers derive them.
 *  I4  The heads of a writer hold the rows of the journal and then, from ordinal view.n_visible on, those that are not
 *      durable yet.
 */
#ifndef DB_DB_H
#define DB_DB_H

#include <pthread.h>

#include "db/acts.h"
#include "db/catalog.h"
#include "db/heads.h"
#include "db/inbox.h"
#include "store/store.h"

#define DB_FORMAT         1
#define DB_HEAD_BUDGET    (UINT64_C(32) << 20)
#define DB_HEAD_FACILITY  1024 /* by default at least so many bytes a facility: less would be sealed row by row */
#define DB_COMMIT_NS      (INT64_C(100) * 1000000)
#define DB_LOAD_COMMIT_NS (INT64_C(10) * GK_SECOND) /* while a file is read: its rows are sealed many at a time */
#define DB_TIDY_NS        (INT64_C(60) * GK_SECOND) /* a reader that died keeps pages from being used again so long */
#define DB_CRAMMED_NS     GK_SECOND                 /* after a sealing that found no room, none is tried for so long */
#define DB_FUTURE_NS      (INT64_C(300) * GK_SECOND)
#define DB_TXN_BYTES      (UINT64_C(12) << 20) /* a transaction is committed beyond this: LMDB's limit of care is 64 MB */
#define DB_DIRECT_FACILITY                                                                                             \
    6144 /* of seal_bytes for a facility that is sealed directly, in one transaction with all others: some pages */
#define DB_DIRECT_ROWS     512 /* a commit of so many rows a facility goes straight to chunks */
#define DB_SOURCE_NAME_MAX GK_NAME_MAX
#define HOUR_NS            (INT64_C(3600) * GK_SECOND)

#define PROGRESS_SIZE 133

/* What changes with every commit: one record. */
struct progress {
    uint64_t journal_next; /* sequence of the next record; the first is 1 */
    uint64_t sealed;       /* records up to this one are in chunks and gone */
    uint64_t target;       /* a sealing in progress moves records up to this one; 0: none */
    uint32_t facilities_done;
    struct gk_counts counts;
    uint64_t n_rows;
    gk_time watermark, beginning;
    uint64_t quarantine_next;
    uint64_t n_stale; /* facilities with a stale_from */
    uint64_t catalog_version;
    gk_time dropped_before; /* rows from before are quarantined; GK_TIME_MIN: none were dropped */
};

/* What the writer remembers of a facility between rows. */
struct edge {
    gk_time newest, sealed_last; /* GK_TIME_MIN: none */
    gk_time before, oldest;      /* the newest row before it got those of this turn, and the oldest of these */
    uint32_t turn;               /* the commit before which it last got rows: see pending.turn */
    uint32_t bundle;             /* of the rows that are being taken: see bundles.h */
};

struct pending_source {
    char name[DB_SOURCE_NAME_MAX + 1];
    uint64_t sequence;
};

/* What was taken and is not durable yet, beside the rows in the heads. */
struct pending {
    uint32_t *facilities; /* that got rows since the last commit, each once */
    size_t n_facilities, facilities_capacity;
    gk_time oldest;            /* of their rows, or before it */
    uint32_t turn;             /* grows with every commit */
    struct buffer quarantined; /* records of quarantined rows, one after the other */
    size_t *quarantined_ends;
    size_t n_quarantined, quarantined_capacity;
    uint64_t released; /* quarantined records below this number were taken as rows */
    struct pending_source *sources;
    size_t n_sources, sources_capacity;
    struct catalog_changes changes;
    gk_time since; /* when the oldest was taken, by the handle's clock */
    bool is_dirty;
    bool has_more; /* than acts and what is settled */
};

struct recall;
struct bundles;
struct changes;
struct heal_log;

struct gk_db {
    struct mem mem;
    struct store *store;
    pthread_mutex_t lock; /* guards heads, view, catalog and progress between a writer and snapshots being opened */
    bool is_writer, keep_heads;

    char uuid[37];
    int32_t zone_s;
    int64_t tick_ns;
    enum gk_policy policy;
    uint64_t head_budget; /* 0: see db_head_limit */
    uint64_t seal_bytes;
    int64_t ballast; /* as of the options */
    int64_t commit_ns, future_ns, past_ns;
    gk_time (*clock)(void *context);
    void *clock_context;

    struct catalog *catalog;   /* of a writer: with the puts that are not committed yet */
    struct catalog *committed; /* what snapshots see meanwhile; NULL: the same */
    struct progress
        progress; /* as committed, plus what is pending of counts, n_rows, watermark, beginning, quarantine_next */
    struct heads *heads;
    struct heads_view view; /* what is committed of the heads */
    uint64_t heads_base, heads_target,
        heads_next; /* of a reader: progress.sealed, .target and next record they were made of */
    uint32_t heads_done;

    gk_time unsettled;                    /* GK_TIME_MIN without has_unsettled */
    bool has_unsettled, is_unsettled_new; /* the store keeps it; new: not yet */

    struct edge *edges; /* of a writer, by facility */
    size_t n_edges, edges_capacity;
    struct pending pending;
    struct bundles *bundles; /* of a writer: scratch of gk_ingest; NULL: nothing came yet */
    struct acts acts;        /* of a writer, like inbox */
    struct inbox inbox;
    struct changes *changes; /* of a writer: what gk_changes tells; NULL: nobody asked yet */
    struct recall *recall;   /* of a writer: sealed rows looked at lately */
    struct txn *lookup;      /* of a writer: a read transaction for finding rows that are sealed */
    gk_time tidied;          /* of a writer: when it last looked for readers that died */
    gk_time crammed;         /* of a writer: when a sealing last found no room; GK_TIME_MIN: it did not */
};

/* gk_open; with a log, records that are damaged are moved aside before they are read. */
int db_open(const char *path, int flags, const struct gk_options *options, struct heal_log *log, gk_db **out,
            struct gk_error *error);
const struct mem *db_mem(gk_db *db);
int32_t db_zone(gk_db *db);
/* GK_ID_NONE when there is none. */
const struct catalog *db_catalog(gk_db *db); /* as put, until the next put */
uint32_t db_find_facility(gk_db *db, const char *name, size_t size);
/* The catalog as it is now is durable. Under the lock, or with nobody else there. */
void db_catalog_committed(gk_db *db);
int db_need_writer(const gk_db *db, struct gk_error *error);
/* Something of that time changes. */
void db_unsettle(gk_db *db, gk_time t);
/* See store_open_reserve. */
bool db_open_reserve(gk_db *db, uint64_t size);
void db_close_reserve(gk_db *db);
/* Bytes of heads from which on they are sealed. */
uint64_t db_head_limit(const gk_db *db);
/* Commits at most every DB_LOAD_COMMIT_NS; returns what db_restore_commits wants back. */
int64_t db_slow_commits(gk_db *db);
void db_restore_commits(gk_db *db, int64_t commit_ns);
/* Edges for all facilities of the catalog. */
int db_grow_edges(gk_db *db);
/* Ends the lookup transaction, so that it sees the next commit and holds no pages. */
void db_end_lookup(gk_db *db);
int db_lookup(gk_db *db, struct txn **out, struct gk_error *error);

/* meta.c: the store's fixed facts and its progress. */
int meta_create(gk_db *db, struct txn *txn, struct gk_error *error);
int meta_load(gk_db *db, struct txn *txn, struct gk_error *error);
int meta_load_facts(gk_db *db, struct txn *txn, struct gk_error *error); /* without the progress */
/* The newest one: the meta table's, or that of the newest journal record. */
int progress_get(struct txn *txn, struct progress *out, struct gk_error *error);
int unsettled_put(struct txn *txn, gk_time from, struct gk_error *error);
int progress_put(struct txn *txn, const struct progress *progress, struct gk_error *error);
void progress_encode(const struct progress *progress, uint8_t bytes[PROGRESS_SIZE]);
int progress_decode(struct view value, struct progress *out); /* GK_ECORRUPT, GK_EVERSION */
int progress_dump(const struct progress *progress, struct buffer *out);
int meta_dump(struct view key, struct view value, struct buffer *out);
int catalog_load(const struct mem *mem, struct txn *txn, struct catalog **out, struct gk_error *error);
/* As it was known at a time, frozen, with one reference; *has_other_bands: its bands are not those of now. */
int catalog_load_known(const struct mem *mem, struct txn *txn, gk_time at, struct catalog **out, bool *has_other_bands,
                       struct gk_error *error);

/* What a journal record has: a batch, and perhaps the progress as of its commit. The batch is borrowed. */
struct journal_record {
    bool has_progress;
    struct progress progress;
    struct view batch;
};
int journal_open(struct view value, struct journal_record *out); /* GK_ECORRUPT, GK_EVERSION */
/* Puts the record progress->journal_next and counts it; with the progress when it is short. *has_progress tells. */
int journal_put(struct txn *txn, struct view batch, struct progress *progress, bool *has_progress,
                struct gk_error *error);
/* Takes the progress of the newest record, if it is later than *progress. */
int journal_progress(struct txn *txn, struct progress *progress, struct gk_error *error);
/* Where the newest records are lost, with the progress in them: new ones are put behind them. */
int journal_mend(struct txn *txn, struct progress *progress, struct gk_error *error);
/* Adds the rows of one journal record to the heads: those of facilities >= first_facility. */
int journal_replay(const struct mem *mem, struct heads *heads, struct view record, uint32_t first_facility,
                   struct edge *edges, size_t n_edges, struct gk_error *error);
/* Replays the records [from, to) of a transaction. */
int journal_replay_range(const struct mem *mem, struct txn *txn, const struct progress *progress, uint64_t from,
                         uint64_t to, struct heads *heads, struct edge *edges, size_t n_edges, struct gk_error *error);

/* Keys. */
static inline struct view view_of(const void *bytes, size_t size)
{
    struct view view = {bytes, size};
    return view;
}

#define CHUNK_KEY 14 /* facility u32, first time i64, part u16 */

static inline void chunk_key(uint8_t key[CHUNK_KEY], uint32_t facility, gk_time first, uint16_t part)
{
    key_u32(key, facility);
    key_i64(key + 4, first);
    key[12] = (uint8_t)(part >> 8);
    key[13] = (uint8_t)part;
}

static inline int64_t floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

/* The tick that contains a time; the ends stay the ends. */
static inline int64_t tick_of(int64_t tick_ns, gk_time t)
{
    return t == GK_TIME_MIN || t == GK_TIME_MAX ? t : floor_div(t, tick_ns);
}

/* The first tick that begins at or after a time. */
static inline int64_t tick_from(int64_t tick_ns, gk_time t)
{
    return t == GK_TIME_MIN || t == GK_TIME_MAX ? t : floor_div(t, tick_ns) + (t % tick_ns != 0);
}

/* When a tick begins, saturated. */
static inline gk_time time_of(int64_t tick_ns, int64_t tick)
{
    int64_t t;
    return __builtin_mul_overflow(tick, tick_ns, &t) ? (tick < 0 ? GK_TIME_MIN : GK_TIME_MAX) : t;
}

#endif
