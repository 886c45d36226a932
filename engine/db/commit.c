/*
 * commit.c - making what is pending durable: journal records, sources, quarantined rows, catalog entries and progress,
 * in one transaction.
 */
#include "db/commit.h"

#include "db/backfill.h"
#include "db/changes.h"
#include "db/growth.h"
#include "db/heal.h"
#include "db/profile.h"
#include "db/record.h"
#include "db/seal.h"

int pending_facility(gk_db *db, uint32_t facility)
{
    struct pending *p = &db->pending;
    struct edge *edge = &db->edges[facility];

    if (edge->turn == p->turn)
        return GK_OK;
    if (mem_reserve(&db->mem, &p->facilities, &p->facilities_capacity, p->n_facilities + 1, sizeof facility) != GK_OK)
        return GK_ENOMEM;
    p->facilities[p->n_facilities++] = facility;
    edge->turn = p->turn;
    edge->before = edge->newest;
    edge->oldest = GK_TIME_MAX;
    return GK_OK;
}

int pending_quarantined(gk_db *db, const struct batch_rows *rows, struct gk_error *error)
{
    struct pending *p = &db->pending;
    size_t at = p->quarantined.size;
    int rc;

    TRY(mem_reserve(&db->mem, &p->quarantined_ends, &p->quarantined_capacity, p->n_quarantined + 1, sizeof at));
    rc = batch_encode(&db->mem, rows, &p->quarantined);
    if (rc != GK_OK) {
        p->quarantined.size = at;
        p->quarantined.failed = false;
        goto done;
    }
    p->quarantined_ends[p->n_quarantined++] = p->quarantined.size;
    pending_touch(db);
done:
    if (rc != GK_OK)
        return error_set(error, rc, "a batch: %s", gk_status_text(rc));
    return rc;
}

void pending_touch_acts(gk_db *db)
{
    if (!db->pending.is_dirty)
        db->pending.since = gk_clock(db);
    db->pending.is_dirty = true;
}

void pending_touch(gk_db *db)
{
    pending_touch_acts(db);
    db->pending.has_more = true;
}

int pending_source(gk_db *db, const char *name, uint64_t sequence, struct gk_error *error)
{
    struct pending *p = &db->pending;
    size_t i = 0;

    while (i < p->n_sources && strcmp(p->sources[i].name, name) != 0)
        i++;
    if (i == p->n_sources) {
        if (mem_reserve(&db->mem, &p->sources, &p->sources_capacity, i + 1, sizeof *p->sources) != GK_OK)
            return error_set(error, GK_ENOMEM, "out of memory for a source");
        memcpy(p->sources[i].name, name, strlen(name) + 1);
        p->n_sources++;
    }
    p->sources[i].sequence = sequence;
    return GK_OK;
}

/* The highest sequence that was taken from a source, durable or not. */
int source_sequence(gk_db *db, const char *name, uint64_t *out, struct gk_error *error)
{
    struct txn *txn;
    struct view value;
    int rc;

    *out = 0;
    for (size_t i = 0; i < db->pending.n_sources; i++)
        if (strcmp(db->pending.sources[i].name, name) == 0) {
            *out = db->pending.sources[i].sequence;
            return GK_OK;
        }
    TRY(db_lookup(db, &txn, error));
    rc = txn_get(txn, STORE_SOURCE, view_of(name, strlen(name)), &value, error);
    if (rc == GK_ENOTFOUND)
        return GK_OK;
    if (rc == GK_OK && value.size != 8)
        rc = error_set(error, GK_ECORRUPT, "source '%s': its record has %zu bytes, not 8", name, value.size);
    if (rc == GK_OK)
        *out = load_u64(value.bytes);
done:
    return rc;
}

/* ---- the catalog ---------------------------------------------------------------------------------------------------
 */

#define CATALOG_KEY 5
#define HISTORY_KEY 14

static void catalog_key(uint8_t key[CATALOG_KEY], enum entry_kind kind, uint32_t id)
{
    key[0] = (uint8_t)kind;
    key_u32(key + 1, id);
}

/* Keeps what an entry was, under the version that ends it. */
static int keep_history(gk_db *db, struct txn *txn, const uint8_t key[CATALOG_KEY], struct gk_error *error)
{
    uint8_t history[HISTORY_KEY];
    struct view old;
    struct buffer copy;
    int rc;

    buffer_init(&copy, &db->mem);
    rc = txn_get(txn, STORE_CATALOG, view_of(key, CATALOG_KEY), &old, error);
    if (rc == GK_ENOTFOUND)
        return GK_OK;
    if (rc != GK_OK)
        return rc;
    uint64_t version = 0;
    if (old.size > 1 && varint_get(old.bytes + 1, old.size - 1, &version) > 0 && version == db->catalog->version)
        return GK_OK; /* changed twice in one commit: what it was before is kept already */
    history[0] = ENTRY_HISTORY;
    memcpy(history + 1, key, CATALOG_KEY);
    key_u64(history + 6, db->catalog->version);
    buffer_put(&copy, old.bytes, old.size); /* the put may move the page under us */
    TRY(buffer_status(&copy));
    TRY(txn_put(txn, STORE_CATALOG, view_of(history, sizeof history), view_of(copy.bytes, copy.size), error));
done:
    buffer_clear(&copy);
    return rc;
}

/* States of a facility are to be derived anew from a time on. */
static int mark_stale(gk_db *db, struct txn *txn, uint32_t facility, gk_time from, struct progress *progress,
                      struct gk_error *error)
{
    struct profile profile;
    int rc;

    profile_init(&profile, &db->mem);
    TRY(profile_load(txn, facility, &profile, error));
    if (profile.n_rows == 0 || from >= profile.stale_from)
        goto done; /* without sealed rows there are no stored states to go stale */
    if (profile.stale_from == GK_TIME_MAX)
        progress->n_stale++;
    profile.stale_from = from;
    TRY(profile_store(txn, facility, &profile, error));
done:
    profile_clear(&profile);
    return rc;
}

static int mark_change(gk_db *db, struct txn *txn, const struct catalog_change *change, struct progress *progress,
                       struct gk_error *error)
{
    const struct catalog *c = db->catalog;
    int rc = GK_OK;

    if (change->kind == ENTRY_FACILITY)
        return mark_stale(db, txn, change->id, GK_TIME_MIN, progress, error); /* its rated values or its sites */
    if (change->kind != ENTRY_BAND)
        return GK_OK;
    for (uint32_t f = 0; f < c->n_facilities; f++)
        if (catalog_covers(c, &c->bands[change->id].scope, f))
            TRY(mark_stale(db, txn, f, c->bands[change->id].from, progress, error));
done:
    return rc;
}

static int put_catalog(gk_db *db, struct txn *txn, struct progress *progress, struct gk_error *error)
{
    struct catalog_changes *changes = &db->pending.changes;
    struct buffer bytes;
    uint8_t key[CATALOG_KEY];
    int rc = GK_OK;

    buffer_init(&bytes, &db->mem);
    if (changes->n == 0)
        return GK_OK;
    progress->catalog_version = db->catalog->version;
    for (size_t i = 0; i < changes->n; i++) {
        const struct catalog_change *change = &changes->at[i];
        catalog_key(key, change->kind, change->id);
        TRY(keep_history(db, txn, key, error));
        buffer_reset(&bytes);
        TRY(catalog_encode(db->catalog, change->kind, change->id, gk_clock(db), &bytes));
        TRY(txn_put(txn, STORE_CATALOG, view_of(key, sizeof key), view_of(bytes.bytes, bytes.size), error));
        TRY(mark_change(db, txn, change, progress, error));
        db_unsettle(db, changes_entry(db, change->kind, change->id));
    }
done:
    buffer_clear(&bytes);
    return rc;
}

/* ---- committing ----------------------------------------------------------------------------------------------------
 */

/* Deletes the quarantined records that were taken as rows. */
static int drop_released(struct txn *txn, uint64_t released, struct gk_error *error)
{
    int rc = GK_OK;

    for (uint64_t number = 0; number < released; number++) {
        struct cursor *cursor;
        uint8_t key[8];
        key_u64(key, number);
        TRY(cursor_open(txn, STORE_QUARANTINE, &cursor, error));
        rc = cursor_seek(cursor, view_of(key, sizeof key), error); /* over what was dropped long ago */
        number = rc == GK_OK && cursor_key(cursor).size == sizeof key ? unkey_u64(cursor_key(cursor).bytes) : released;
        cursor_close(cursor);
        if (rc < 0)
            goto done;
        rc = GK_OK;
        if (number >= released)
            break;
        key_u64(key, number);
        TRY(txn_delete(txn, STORE_QUARANTINE, view_of(key, sizeof key), error));
    }
done:
    return rc;
}

static int put_acts(gk_db *db, struct txn *txn, struct gk_error *error)
{
    int rc;

    TRY(acts_put(&db->acts, txn, error));
    TRY(inbox_put(&db->inbox, txn, error));
    if (db->is_unsettled_new)
        TRY(unsettled_put(txn, db->unsettled, error));
done:
    return rc;
}

static void clear_acts(gk_db *db)
{
    if (db->acts.n > 0)
        store_ring(db->store);
    acts_committed(&db->acts);
    inbox_committed(db);
    db->is_unsettled_new = false;
}

int pending_put(gk_db *db, struct txn *txn, struct progress *progress, struct gk_error *error)
{
    const struct pending *p = &db->pending;
    int rc;

    TRY(drop_released(txn, p->released, error));
    for (size_t i = 0; i < p->n_quarantined; i++) {
        size_t begin = i ? p->quarantined_ends[i - 1] : 0;
        uint8_t key[8];
        key_u64(key, progress->quarantine_next++);
        TRY(txn_append(txn, STORE_QUARANTINE, view_of(key, sizeof key),
                       view_of(p->quarantined.bytes + begin, p->quarantined_ends[i] - begin), error));
    }
    for (size_t i = 0; i < p->n_sources; i++) {
        uint8_t value[8];
        store_u64(value, p->sources[i].sequence);
        TRY(txn_put(txn, STORE_SOURCE, view_of(p->sources[i].name, strlen(p->sources[i].name)),
                    view_of(value, sizeof value), error));
    }
    TRY(put_catalog(db, txn, progress, error));
    TRY(put_acts(db, txn, error));
    TRY(backfill_put(db, txn, error));
done:
    return rc;
}

void pending_clear(gk_db *db)
{
    struct pending *p = &db->pending;
    buffer_reset(&p->quarantined);
    p->n_facilities = p->n_quarantined = p->n_sources = 0;
    p->turn++;
    p->oldest = GK_TIME_MAX;
    p->changes.n = 0;
    clear_acts(db);
    p->released = 0;
    p->is_dirty = p->has_more = false;
}

static int commit_once(gk_db *db, bool *is_long, struct gk_error *error)
{
    struct txn *txn = NULL;
    struct progress progress = db->progress;
    bool has_progress;
    int rc;

    TRY(store_write(db->store, &txn, error));
    TRY(pending_put(db, txn, &progress, error));
    TRY(record_put_all(&db->mem, txn, db->heads, db->view.n_visible, db->pending.facilities, db->pending.n_facilities,
                       &progress, &has_progress, error));
    if (!has_progress)
        TRY(progress_put(txn, &progress, error));
    *is_long = growth_journal_is_long(db, txn);
    (void)pthread_mutex_lock(&db->lock); /* cannot fail: a plain mutex, not held by us */
    struct txn *committing = txn;
    txn = NULL;
    rc = txn_commit(committing, error);
    if (rc == GK_OK) {
        db->progress = progress;
        db->view.n_visible = heads_n(db->heads);
        db_catalog_committed(db);
    }
    (void)pthread_mutex_unlock(&db->lock);
done:
    txn_abort(txn);
    if (rc == GK_OK)
        pending_clear(db);
    return rc;
}

/* A band, or new facts of a facility, touch records that may be damaged: those are moved aside. */
static int commit_pending(gk_db *db, bool *is_long, struct gk_error *error)
{
    uint64_t n_moved;
    int rc = commit_once(db, is_long, error);

    if (rc != GK_ECORRUPT)
        return rc;
    TRY(heal_records(db, NULL, &n_moved, error));
    TRY(commit_once(db, is_long, error));
done:
    return rc;
}

/* ---- when there is no room ------------------------------------------------------------------------------------------
 *
 * Rows wait, and are sent again by those who were not told that they are durable. What alarms record is small, and
 * nobody sends it again: it is committed without what waits, and has what is kept back for it.
 */

/* Some dozen pages that such a commit writes anew, and what is new; or all that can be had. */
#define ACTS_ROOM      (UINT64_C(256) << 10)
#define ACTS_ROOM_MOST (UINT64_C(16) << 20)

static int commit_acts_once(gk_db *db, struct gk_error *error)
{
    struct txn *txn = NULL;
    int rc;

    TRY(store_write(db->store, &txn, error));
    TRY(put_acts(db, txn, error));
    struct txn *committing = txn;
    txn = NULL;
    TRY(txn_commit(committing, error));
    clear_acts(db);
    db->pending.is_dirty = db->pending.has_more;
done:
    txn_abort(txn);
    return rc;
}

/* After a commit for which there was no room; GK_EFULL also when all that waits now are rows. */
static int commit_acts(gk_db *db, struct gk_error *error)
{
    struct gk_error own = {0};
    int rc = commit_acts_once(db, &own);

    for (uint64_t room = ACTS_ROOM; rc == GK_EFULL && room <= ACTS_ROOM_MOST && db_open_reserve(db, room); room *= 4) {
        rc = commit_acts_once(db, &own);
        db_close_reserve(db);
    }
    if (rc == GK_OK && db->pending.has_more)
        return GK_EFULL; /* *error says it */
    if (rc != GK_OK && error)
        *error = own;
    return rc;
}

/* Many new rows a facility are not worth a journal record that is read and dropped soon after. */
static bool is_worth_sealing(const gk_db *db)
{
    uint32_t n = heads_n(db->heads) - db->view.n_visible;
    return heads_bytes(db->heads) > db_head_limit(db) || n / DB_DIRECT_ROWS >= heads_active(db->heads) + 1;
}

static bool can_seal_directly(const gk_db *db)
{
    return db->progress.target == 0 && heads_active(db->heads) <= db->seal_bytes / DB_DIRECT_FACILITY;
}

/*
 * For the sake of the file's size and of memory: that there is no room for it now fails no commit, as the rows are
 * durable. Rows that come are refused when there is no room for them in the journal either.
 */
static int seal_early(gk_db *db, struct gk_error *error)
{
    gk_time now = gk_clock(db);

    if (db->crammed != GK_TIME_MIN && now >= db->crammed &&
        (uint64_t)now - (uint64_t)db->crammed < (uint64_t)DB_CRAMMED_NS)
        return GK_OK; /* not with every commit */
    int rc = seal_all(db, error);
    db->crammed = rc == GK_EFULL ? now : GK_TIME_MIN;
    return rc == GK_EFULL ? GK_OK : rc;
}

/* The host's clock may be set back. */
static void tidy_readers(gk_db *db)
{
    gk_time now = gk_clock(db);

    if (now >= db->tidied && (uint64_t)now - (uint64_t)db->tidied < (uint64_t)DB_TIDY_NS)
        return;
    (void)store_reader_check(db->store); /* what cannot be tidied only costs space */
    db->tidied = now;
}

static int commit(gk_db *db, struct gk_error *error)
{
    bool is_long = false;
    int rc = GK_OK;

    if (db->pending.is_dirty && is_worth_sealing(db) && can_seal_directly(db))
        return seal_directly(db, error);
    if (db->pending.is_dirty)
        TRY(commit_pending(db, &is_long, error));
    if (is_long || heads_bytes(db->heads) > db_head_limit(db))
        TRY(seal_early(db, error));
done:
    return rc;
}

int gk_commit(gk_db *db, struct gk_error *error)
{
    int rc;

    TRY(db_need_writer(db, error));
    inbox_take(db);
    db_end_lookup(db);
    tidy_readers(db);
    rc = commit(db, error);
    if (rc == GK_EFULL && db->acts.n > 0)
        rc = commit_acts(db, error);
done:
    if (rc == GK_ENOMEM)
        (void)error_set(error, rc, "out of memory for a commit"); /* rc says it too */
    return rc;
}

int gk_seal(gk_db *db, struct gk_error *error)
{
    int rc;

    TRY(db_need_writer(db, error));
    inbox_take(db); /* with what is sealed directly */
    db_end_lookup(db);
    if (db->pending.is_dirty && can_seal_directly(db)) {
        rc = seal_directly(db, error);
        TRY(rc == GK_EFULL ? GK_OK : rc); /* there may be room for less */
    }
    TRY(gk_commit(db, error));
    TRY(seal_all(db, error));
done:
    if (rc == GK_ENOMEM)
        (void)error_set(error, rc, "out of memory for a sealing"); /* rc says it too */
    return rc;
}
