/*
 * db.c - opening, closing, and the catalog's puts.
 */
#include "db/db.h"

#include "db/changes.h"

#include <stdlib.h>
#include <time.h>

#include "db/calendar.h"
#include "db/commit.h"
#include "db/heal.h"
#include "db/mapping.h"
#include "db/person.h"
#include "db/profile.h"
#include "db/recall.h"
#include "db/recount.h"
#include "db/seal.h"

static gk_time system_clock(void *context)
{
    struct timespec t;
    (void)context;
    (void)clock_gettime(CLOCK_REALTIME, &t); /* cannot fail for this clock */
    return (gk_time)t.tv_sec * GK_SECOND + t.tv_nsec;
}

gk_time gk_clock(gk_db *db)
{
    return db->clock(db->clock_context);
}

const struct mem *db_mem(gk_db *db)
{
    return &db->mem;
}

int32_t db_zone(gk_db *db)
{
    return db->zone_s;
}

const struct catalog *db_catalog(gk_db *db)
{
    return db->catalog;
}

uint32_t db_find_facility(gk_db *db, const char *name, size_t size)
{
    return catalog_facility(db->catalog, name, size);
}

uint64_t db_head_limit(const gk_db *db)
{
    uint64_t of_facilities = (uint64_t)heads_active(db->heads) * DB_HEAD_FACILITY;
    if (db->head_budget)
        return db->head_budget;
    return of_facilities > DB_HEAD_BUDGET ? of_facilities : DB_HEAD_BUDGET;
}

int64_t db_slow_commits(gk_db *db)
{
    int64_t commit_ns = db->commit_ns;
    if (commit_ns >= 0 && commit_ns < DB_LOAD_COMMIT_NS)
        db->commit_ns = DB_LOAD_COMMIT_NS;
    return commit_ns;
}

void db_restore_commits(gk_db *db, int64_t commit_ns)
{
    db->commit_ns = commit_ns;
}

int db_need_writer(const gk_db *db, struct gk_error *error)
{
    if (!db->is_writer)
        return error_set(error, GK_EREADONLY, "the store is opened read-only");
    return store_check_own(db->store, error);
}

void db_end_lookup(gk_db *db)
{
    txn_abort(db->lookup);
    db->lookup = NULL;
}

int db_lookup(gk_db *db, struct txn **out, struct gk_error *error)
{
    int rc = GK_OK;
    if (!db->lookup)
        rc = store_read(db->store, &db->lookup, error);
    *out = db->lookup;
    return rc;
}

bool db_open_reserve(gk_db *db, uint64_t size)
{
    db_end_lookup(db);
    (void)pthread_mutex_lock(&db->lock); /* cannot fail: a plain mutex, not held by us */
    bool is_open = store_open_reserve(db->store, size);
    (void)pthread_mutex_unlock(&db->lock);
    return is_open;
}

void db_close_reserve(gk_db *db)
{
    db_end_lookup(db);
    (void)pthread_mutex_lock(&db->lock); /* cannot fail */
    store_close_reserve(db->store);
    (void)pthread_mutex_unlock(&db->lock);
}

int db_grow_edges(gk_db *db)
{
    size_t n = db->catalog->n_facilities;
    if (mem_reserve(&db->mem, &db->edges, &db->edges_capacity, n, sizeof *db->edges) != GK_OK)
        return GK_ENOMEM;
    for (; db->n_edges < n; db->n_edges++)
        db->edges[db->n_edges] = (struct edge){.newest = GK_TIME_MIN, .sealed_last = GK_TIME_MIN};
    return GK_OK;
}

/* ---- options --------------------------------------------------------------------------------------------------------
 */

static int take_options(gk_db *db, int flags, const struct gk_options *given, struct gk_error *error)
{
    struct gk_options o = {0};

    if (given) {
        if (given->size == 0 || given->size > sizeof o)
            return error_set(error, GK_EINVAL, "gk_options: set size to sizeof(struct gk_options)");
        memcpy(&o, given, given->size);
    }
    if (o.resize) {
        db->mem.resize = o.resize;
        db->mem.context = o.resize_context;
    }
    db->is_writer = (flags & GK_READWRITE) != 0;
    db->keep_heads = (flags & GK_KEEP_HEADS) != 0;
    db->zone_s = o.zone_is_set ? o.zone_s : 8 * 3600;
    db->tick_ns = o.tick_ns ? o.tick_ns : GK_SECOND;
    db->policy = o.policy;
    db->head_budget = o.head_budget;
    db->commit_ns = o.commit_ns ? o.commit_ns : DB_COMMIT_NS;
    db->future_ns = o.future_ns ? o.future_ns : DB_FUTURE_NS;
    db->past_ns = o.past_ns;
    db->clock = o.clock ? o.clock : system_clock;
    db->clock_context = o.clock_context;
    db->seal_bytes = o.seal_bytes ? o.seal_bytes : DB_TXN_BYTES;
    db->ballast = o.ballast;
    if (db->tick_ns < GK_SECOND / 10 || db->tick_ns > 60 * GK_SECOND || HOUR_NS % db->tick_ns != 0)
        return error_set(error, GK_ERANGE, "tick: expected 100 ms to 60 s, a whole part of an hour");
    if (db->zone_s < -14 * 3600 || db->zone_s > 14 * 3600 || db->zone_s % 60 != 0)
        return error_set(error, GK_ERANGE, "zone: expected -14:00 to +14:00 in whole minutes");
    if ((unsigned)db->policy > GK_ALL)
        return error_set(error, GK_EINVAL, "policy: %d is none", (int)db->policy);
    return GK_OK;
}

/* ---- opening --------------------------------------------------------------------------------------------------------
 */

int catalog_load(const struct mem *mem, struct txn *txn, struct catalog **out, struct gk_error *error)
{
    struct catalog *catalog = NULL;
    struct cursor *cursor = NULL;
    int rc;

    *out = NULL;
    TRY(catalog_new(mem, &catalog));
    TRY(cursor_open(txn, STORE_CATALOG, &cursor, error));
    for (rc = cursor_first(cursor, error); rc == GK_OK; rc = cursor_next(cursor, error)) {
        struct view key = cursor_key(cursor), value;
        if (key.size == 0 || key.bytes[0] == ENTRY_HISTORY)
            continue;
        if (key.size != 5) {
            rc = error_set(error, GK_ECORRUPT, "a catalog key has %zu bytes", key.size);
            goto done;
        }
        TRY(cursor_value(cursor, &value, error));
        TRY(catalog_decode(catalog, (enum entry_kind)key.bytes[0], unkey_u32(key.bytes + 1), value, error));
    }
    if (rc != GK_DONE)
        goto done;
    rc = GK_OK;
    *out = catalog;
    catalog = NULL;
done:
    cursor_close(cursor);
    catalog_free(catalog);
    if (rc == GK_ENOMEM)
        (void)error_set(error, rc, "out of memory for the catalog"); /* rc says it too */
    return rc;
}

/* Newest times of all facilities, from their profiles. */
static int load_edges(gk_db *db, struct txn *txn, struct gk_error *error)
{
    struct cursor *cursor = NULL;
    struct profile profile;
    int rc;

    profile_init(&profile, &db->mem);
    TRY(db_grow_edges(db));
    TRY(cursor_open(txn, STORE_PROFILE, &cursor, error));
    for (rc = cursor_first(cursor, error); rc == GK_OK; rc = cursor_next(cursor, error)) {
        struct view key = cursor_key(cursor), value;
        uint32_t facility = key.size == 4 ? unkey_u32(key.bytes) : UINT32_MAX;
        if (facility >= db->n_edges) {
            rc = error_set(error, GK_ECORRUPT, "a profile of facility %u, which is not in the catalog", facility);
            goto done;
        }
        rc = cursor_value(cursor, &value, error);
        profile.n_channels = 0;
        if (rc == GK_OK)
            rc = profile_decode(value, &profile, error);
        if (rc == GK_ECORRUPT) /* the next sealing moves it aside */
            rc = profile_anew(&db->mem, txn, facility, db->progress.dropped_before, &profile, error);
        TRY(rc);
        if (profile.n_rows > 0)
            db->edges[facility] = (struct edge){.newest = profile.last, .sealed_last = profile.last};
    }
    rc = rc == GK_DONE ? GK_OK : rc;
done:
    cursor_close(cursor);
    profile_clear(&profile);
    return rc;
}

/* Moves aside what is damaged; of the catalog and the meta table nothing may be. */
static int heal(gk_db *db, struct heal_log *log, struct gk_error *error)
{
    struct txn *txn = NULL;
    uint64_t n_moved;
    int rc;

    TRY(store_check_pages(db->store, NULL, NULL, error)); /* whoever vouches for it: much will be written */
    TRY(store_read(db->store, &txn, error));
    TRY(meta_load_facts(db, txn, error));
    TRY(catalog_load(&db->mem, txn, &db->catalog, error));
    txn_abort(txn);
    txn = NULL;
    TRY(heal_records(db, log, &n_moved, error));
done:
    txn_abort(txn);
    if (db->catalog)
        catalog_free(db->catalog);
    db->catalog = NULL;
    return rc;
}

/* Recovery: sealed tables and a replay of the journal. */
static int recover(gk_db *db, struct gk_error *error)
{
    struct txn *txn = NULL;
    const struct progress *p = &db->progress;
    int rc;

    TRY(store_read(db->store, &txn, error));
    TRY(meta_load(db, txn, error));
    TRY(catalog_load(&db->mem, txn, &db->catalog, error));
    if (!db->is_writer)
        goto done; /* a reader replays when a snapshot is opened */
    TRY(heads_new(&db->mem, &db->heads));
    TRY(load_edges(db, txn, error));
    TRY(acts_load(&db->acts, txn, error));
    TRY(inbox_load(db, txn, error));
    uint64_t middle = p->target > p->sealed ? p->target + 1 : p->sealed + 1;
    TRY(journal_replay_range(&db->mem, txn, p, p->sealed + 1, middle, db->heads, db->edges, db->n_edges, error));
    db->view.n_done = p->target ? heads_n(db->heads) : 0;
    db->view.facilities_done = p->target ? p->facilities_done : 0;
    TRY(journal_replay_range(&db->mem, txn, p, middle, p->journal_next, db->heads, db->edges, db->n_edges, error));
    db->view.n_visible = heads_n(db->heads);
done:
    txn_abort(txn);
    return rc;
}

static int create(gk_db *db, struct gk_error *error)
{
    struct txn *txn = NULL;
    int rc;

    TRY(store_write(db->store, &txn, error));
    TRY(meta_create(db, txn, error));
    struct txn *committing = txn;
    txn = NULL;
    rc = txn_commit(committing, error);
done:
    txn_abort(txn);
    return rc;
}

/* A making that was interrupted before its first commit leaves a file without facts: the next making begins anew. */
static int has_facts(gk_db *db, bool *out, struct gk_error *error)
{
    struct txn *txn = NULL;
    struct view value;
    int rc;

    TRY(store_read(db->store, &txn, error));
    rc = txn_get(txn, STORE_META, view_of("store", 5), &value, error);
    *out = rc == GK_OK;
    rc = rc == GK_ENOTFOUND ? GK_OK : rc;
done:
    txn_abort(txn);
    return rc;
}

int db_open(const char *path, int flags, const struct gk_options *options, struct heal_log *log, gk_db **out,
            struct gk_error *error)
{
    gk_db *db = NULL;
    bool is_new = false, is_made;
    int rc;

    *out = NULL;
    struct mem mem = MEM_SYSTEM;
    if (options && options->size >= offsetof(struct gk_options, resize_context) + sizeof(void *) && options->resize)
        mem = (struct mem){options->resize, options->resize_context};
    db = mem_zeroed(&mem, sizeof *db);
    if (!db)
        return error_set(error, GK_ENOMEM, "%s: out of memory", path);
    db->mem = mem;
    (void)pthread_mutex_init(&db->lock, NULL); /* cannot fail for a plain mutex on Linux */
    buffer_init(&db->pending.quarantined, &db->mem);
    db->pending.turn = 1;
    db->pending.oldest = GK_TIME_MAX;
    db->crammed = GK_TIME_MIN;
    db->pending.changes.mem = &db->mem;
    acts_init(&db->acts, &db->mem);
    inbox_init(&db->inbox, &db->mem);
    TRY(take_options(db, flags, options, error));
    struct store_options store = {.is_writer = db->is_writer,
                                  .may_create = (flags & GK_CREATE) != 0,
                                  .map_size = options ? options->map_size : 0,
                                  .quota = options ? options->quota : 0,
                                  .ballast = db->ballast};
    TRY(store_open(&db->mem, path, &store, &db->store, &is_new, error));
    TRY(has_facts(db, &is_made, error));
    if (is_made && (flags & GK_CREATE) && (flags & GK_EXCLUSIVE))
        TRY(error_set(error, GK_EEXIST, "%s: there is a store already", path));
    if (!is_made && db->is_writer && store.may_create)
        TRY(create(db, error));
    if (log)
        TRY(heal(db, log, error));
    TRY(recover(db, error));
    *out = db;
    db = NULL;
done:
    if (rc != GK_OK && db) {
        if (rc == GK_ECORRUPT || rc == GK_EVERSION)
            error_prefix(error, "%s", path);
        else if (rc == GK_ENOMEM)
            (void)error_set(error, rc, "%s: out of memory while opening", path); /* rc says it too */
        db->pending.is_dirty = false;
        db->keep_heads = true;
        (void)gk_close(db); /* nothing to commit: cannot fail */
    }
    return rc;
}

int gk_open(const char *path, int flags, const struct gk_options *options, gk_db **out, struct gk_error *error)
{
    return db_open(path, flags, options, NULL, out, error);
}

int gk_close(gk_db *db)
{
    int rc = GK_OK;

    if (!db)
        return GK_OK;
    if (db->is_writer && db->store && db->catalog && db->heads)
        rc = db->keep_heads ? (db->pending.is_dirty ? gk_commit(db, NULL) : GK_OK) : gk_seal(db, NULL);
    db_end_lookup(db);
    recall_free(db->recall);
    changes_free(db->changes);
    heads_unref(db->heads);
    db_catalog_committed(db);
    if (db->catalog && --db->catalog->n_refs == 0)
        catalog_free(db->catalog);
    store_close(db->store);
    mem_free(&db->mem, db->edges);
    mem_free(&db->mem, db->bundles);
    mem_free(&db->mem, db->pending.facilities);
    buffer_clear(&db->pending.quarantined);
    mem_free(&db->mem, db->pending.quarantined_ends);
    mem_free(&db->mem, db->pending.sources);
    catalog_changes_clear(&db->pending.changes);
    acts_clear(&db->acts);
    inbox_clear(&db->inbox);
    (void)pthread_mutex_destroy(&db->lock); /* not held */
    struct mem mem = db->mem;
    mem_free(&mem, db);
    return rc;
}

void db_unsettle(gk_db *db, gk_time t)
{
    if (!db->has_unsettled || t >= db->unsettled)
        return;
    db->unsettled = t;
    db->is_unsettled_new = true;
}

/* ---- the catalog's puts
 * ------------------------------------------------------------------------------------------------ */

/*
 * Puts change a copy, made at the first one after a commit; snapshots see the committed catalog until the next commit.
 * Every put happens under the lock, as a snapshot may be taking the catalog.
 */
static int own_catalog(gk_db *db, struct gk_error *error)
{
    struct catalog *mine;
    int rc;

    if (db->committed)
        return GK_OK;
    rc = catalog_clone(db->catalog, &mine);
    if (rc != GK_OK)
        return error_set(error, rc, "the catalog cannot be copied: %s", gk_status_text(rc));
    db->committed = db->catalog;
    db->catalog = mine;
    return GK_OK;
}

void db_catalog_committed(gk_db *db)
{
    if (db->committed && --db->committed->n_refs == 0)
        catalog_free(db->committed);
    db->committed = NULL;
}

#define PUT(call)                                                                                                      \
    do {                                                                                                               \
        int rc_ = db_need_writer(db, error);                                                                           \
        if (rc_ != GK_OK)                                                                                              \
            return rc_;                                                                                                \
        (void)pthread_mutex_lock(&db->lock); /* cannot fail: a plain mutex, not held by us */                          \
        size_t n_before = db->pending.changes.n;                                                                       \
        rc_ = own_catalog(db, error);                                                                                  \
        if (rc_ == GK_OK)                                                                                              \
            rc_ = (call);                                                                                              \
        if (db->pending.changes.n > n_before) {                                                                        \
            db->catalog->version = db->progress.catalog_version + 1;                                                   \
            pending_touch(db);                                                                                         \
        }                                                                                                              \
        (void)pthread_mutex_unlock(&db->lock);                                                                         \
        return rc_;                                                                                                    \
    } while (0)

/* A caller built with an older header has a shorter struct: what it lacks is zero. */
#define TAKE_PUT(type, copy)                                                                                           \
    struct type copy;                                                                                                  \
    memset(&copy, 0, sizeof copy);                                                                                     \
    if (put->size < sizeof put->size || put->size > sizeof copy)                                                       \
        return error_set(error, GK_EINVAL, #type ": set size to sizeof(struct " #type ")");                            \
    memcpy(&copy, put, put->size)

int gk_facility_put(gk_db *db, const struct gk_facility_put *put, uint32_t *id, struct gk_error *error)
{
    TAKE_PUT(gk_facility_put, given);
    PUT(catalog_put_facility(db->catalog, &given, id, &db->pending.changes, error));
}

int gk_facility_register(gk_db *db, const char *name, size_t size, uint32_t *id, struct gk_error *error)
{
    struct gk_text text = {name, size};
    *id = catalog_facility(db->catalog, name, size);
    if (*id != GK_ID_NONE)
        return GK_OK;
    PUT(catalog_register(db->catalog, text, id, &db->pending.changes, error));
}

int gk_channel_register(gk_db *db, const char *name, size_t size, uint32_t *id, struct gk_error *error)
{
    struct gk_text text = {name, size};
    *id = catalog_channel(db->catalog, name, size);
    if (*id != GK_ID_NONE)
        return GK_OK;
    PUT(catalog_put_channel(db->catalog, text, id, &db->pending.changes, error));
}

int gk_link_put(gk_db *db, const struct gk_link_put *put, struct gk_error *error)
{
    TAKE_PUT(gk_link_put, given);
    PUT(catalog_put_link(db->catalog, &given, &db->pending.changes, error));
}

int gk_band_put(gk_db *db, const struct gk_band_put *put, struct gk_error *error)
{
    TAKE_PUT(gk_band_put, given);
    PUT(catalog_put_band(db->catalog, &given, &db->pending.changes, error));
}

int gk_order_put(gk_db *db, const struct gk_order_put *put, struct gk_error *error)
{
    TAKE_PUT(gk_order_put, given);
    PUT(catalog_put_order(db->catalog, &given, &db->pending.changes, error));
}

int gk_exemption_put(gk_db *db, const struct gk_exemption_put *put, struct gk_error *error)
{
    TAKE_PUT(gk_exemption_put, given);
    PUT(catalog_put_exemption(db->catalog, &given, &db->pending.changes, error));
}

int gk_mapping_put(gk_db *db, const struct gk_mapping_put *put, struct gk_error *error)
{
    TAKE_PUT(gk_mapping_put, given);
    PUT(catalog_put_mapping(db->catalog, &given, &db->pending.changes, error));
}

int gk_person_put(gk_db *db, const struct gk_person_put *put, struct gk_error *error)
{
    TAKE_PUT(gk_person_put, given);
    PUT(catalog_put_person(db->catalog, &given, &db->pending.changes, error));
}

int gk_calendar_put(gk_db *db, const struct gk_calendar_put *put, struct gk_error *error)
{
    TAKE_PUT(gk_calendar_put, given);
    PUT(catalog_put_calendar(db->catalog, &given, &db->pending.changes, error));
}

int gk_rule_put(gk_db *db, const struct gk_rule_put *put, uint32_t *version, struct gk_error *error)
{
    uint32_t unwanted;
    TAKE_PUT(gk_rule_put, given);
    PUT(catalog_put_rule(db->catalog, &given, gk_clock(db), version ? version : &unwanted, &db->pending.changes,
                         error));
}
