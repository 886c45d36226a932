/*
 * heal.c - see heal.h.
 */
#include "db/heal.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "codec/batch.h"
#include "db/check.h"
#include "db/damage.h"
#include "db/hours.h"
#include "db/index.h"
#include "db/limits.h"
#include "db/recall.h"
#include "db/recount.h"
#include "db/states.h"
#include "state/history.h"
#include "store/value.h"

/* What a facility lost. */
enum { LOST_ROWS = 1, LOST_DERIVED = 2 };

struct healing {
    gk_db *db;
    struct heal_log *log;
    struct txn *txn;
    struct progress progress; /* as committed */
    gk_time now;
    uint32_t n_facilities;
    uint8_t *lost; /* by facility */
    bool has_lost_marks;
    uint64_t n; /* records moved */
};

int heal_say(struct heal_log *log, const char *format, ...)
{
    char text[GK_ERROR_TEXT_MAX];
    va_list list;

    if (!log)
        return GK_OK;
    va_start(list, format);
    int n = vsnprintf(text, sizeof text - 1, format, list);
    va_end(list);
    size_t size = n < 0 ? 0 : (size_t)n < sizeof text - 1 ? (size_t)n : sizeof text - 2;
    text[size++] = '\n';
    log->n++;
    return log->sink ? log->sink(log->context, text, size) : GK_OK;
}

static const char *name_of(const struct healing *h, uint32_t facility)
{
    return facility < h->n_facilities ? h->db->catalog->facilities[facility].name : "?";
}

/* ---- moving aside --------------------------------------------------------------------------------------------------
 */

/* The last rows of a facility hold on: for so long their states stay what they were, and nobody can tell it any more.
 */
static int reach_on(struct healing *h, struct gk_damage *what)
{
    struct limits limits;
    struct profile p;
    gk_time end;
    int rc;

    limits_init(&limits, &h->db->mem);
    profile_init(&p, &h->db->mem);
    if (profile_load(h->txn, what->facility, &p, NULL) != GK_OK || what->to == GK_TIME_MAX)
        goto done; /* then the end is open */
    TRY(limits_of(h->db->catalog, what->facility, h->db->tick_ns, profile_hold(&p), &limits));
    for (size_t i = 0; i < limits.n; i++) {
        int64_t hold = time_of(h->db->tick_ns, limits.spans[i].limits.hold + 1);
        if (__builtin_add_overflow(p.last, hold, &end))
            end = GK_TIME_MAX;
        what->to = what->to > end ? what->to : end;
    }
done:
    limits_clear(&limits);
    profile_clear(&p);
    return GK_OK;
}

/* The open end of a channel's hours may have some of the day up to where rows were dropped. */
static int reach_back(struct healing *h, uint32_t facility, struct gk_damage *out, struct gk_error *error)
{
    struct profile p;
    bool is_anew;
    int rc;

    profile_init(&p, &h->db->mem);
    TRY(profile_load_or_anew(&h->db->mem, h->txn, facility, h->progress.dropped_before, &p, &is_anew, error));
    if (p.cut.time == GK_TIME_MIN)
        goto done;
    int64_t day = floor_div(hour_of(p.cut.time - 1), BLOCK_HOURS);
    if (floor_div(hour_of(p.last), BLOCK_HOURS) <= day + 1)
        *out = (struct gk_damage){GK_DAMAGED_ROWS, facility, hour_begin(day * BLOCK_HOURS), p.cut.time};
done:
    profile_clear(&p);
    return rc;
}

/* From when to when something is missing for good, and whose; GK_ID_NONE: nothing that cannot be derived. */
static int stretch_of(struct healing *h, enum store_table table, struct cursor *cursor, struct gk_damage *out,
                      struct gk_error *error)
{
    struct view key = cursor_key(cursor);
    int64_t tick_ns = h->db->tick_ns;

    *out = (struct gk_damage){GK_DAMAGED_ROWS, GK_ID_NONE, 0, 0};
    if (table == STORE_CHUNK && key.size == CHUNK_KEY && unkey_u32(key.bytes) < h->n_facilities) {
        int rc = chunk_stretch(&h->db->mem, h->txn, cursor, out, error);
        if (rc == GK_DONE || (rc == GK_OK && !chunk_key_is_of(cursor_key(cursor), out->facility)))
            rc = reach_on(h, out);
        return rc;
    }
    if (table == STORE_STATE && key.size == 12 && unkey_u32(key.bytes) < h->n_facilities) {
        int64_t era = unkey_i64(key.bytes + 4);
        *out = (struct gk_damage){GK_DAMAGED_STATES, unkey_u32(key.bytes), time_of(tick_ns, history_era_start(era)),
                                  time_of(tick_ns, history_era_start(era + 1))};
    }
    if (table == STORE_HOUR && key.size == HOURS_KEY && hours_key_facility(key) < h->n_facilities &&
        hours_key_day(key) != HOURS_OPEN) {
        out->facility = hours_key_facility(key);
        out->from = hour_begin(hours_key_day(key) * BLOCK_HOURS);
        out->to = hour_begin((hours_key_day(key) + 1) * BLOCK_HOURS);
    }
    if (table == STORE_HOUR && key.size == HOURS_KEY && hours_key_facility(key) < h->n_facilities &&
        hours_key_day(key) == HOURS_OPEN)
        return reach_back(h, hours_key_facility(key), out, error);
    if (h->progress.dropped_before <= out->from) /* its rows are there */
        out->facility = GK_ID_NONE;
    return GK_OK;
}

static void note_loss(struct healing *h, enum store_table table, struct view key)
{
    uint32_t facility = UINT32_MAX;

    if (table == STORE_HOUR && key.size == HOURS_KEY)
        facility = hours_key_facility(key);
    else if ((table == STORE_CHUNK || table == STORE_STATE || table == STORE_PROFILE) && key.size >= 4)
        facility = unkey_u32(key.bytes);
    if (facility < h->n_facilities)
        h->lost[facility] |= table == STORE_CHUNK ? LOST_ROWS : LOST_DERIVED;
    h->has_lost_marks |= table == STORE_PRESENCE || table == STORE_STATE;
}

/* A journal record that is gone would be missed: an empty one takes its place. */
static int fill_journal(struct healing *h, uint64_t sequence, struct gk_error *error)
{
    const struct batch_rows none = {.n_rows = 0};
    struct buffer bytes;
    uint8_t key[8];
    int rc;

    buffer_init(&bytes, &h->db->mem);
    key_u64(key, sequence);
    TRY(batch_encode(&h->db->mem, &none, &bytes));
    TRY(txn_put(h->txn, STORE_JOURNAL, view_of(key, sizeof key), view_of(bytes.bytes, bytes.size), error));
done:
    buffer_clear(&bytes);
    return rc;
}

/*
 * Without its open end a channel looks as if its hours were never kept, and those of the day in which rows were dropped
 * would be written over. An empty one is filled by the next sealing.
 */
static int fill_hours(struct healing *h, struct view key, struct gk_error *error)
{
    struct hours_open *open = mem_zeroed(&h->db->mem, sizeof *open);
    struct buffer bytes;
    int rc;

    buffer_init(&bytes, &h->db->mem);
    if (!open)
        TRY(GK_ENOMEM);
    open->is_growing = true;
    hours_open_encode(open, &bytes);
    TRY(buffer_status(&bytes));
    TRY(txn_put(h->txn, STORE_HOUR, key, view_of(bytes.bytes, bytes.size), error));
done:
    buffer_clear(&bytes);
    mem_free(&h->db->mem, open);
    return rc;
}

static int say_moved(struct healing *h, enum store_table table, struct view key, const struct gk_damage *what)
{
    char from[GK_TIME_TEXT_MAX], to[GK_TIME_TEXT_MAX] = "?";

    if (!h->log)
        return GK_OK;
    if (table == STORE_JOURNAL && key.size == 8)
        return heal_say(h->log, "moved aside: journal record %" PRIu64 ": its rows are lost", unkey_u64(key.bytes));
    if (what->facility == GK_ID_NONE)
        return heal_say(h->log, "moved aside: a record of the table %s", store_table_name(table));
    (void)gk_time_format(what->from, h->db->zone_s, from); /* the lengths are not needed */
    if (what->to != GK_TIME_MAX)
        (void)gk_time_format(what->to, h->db->zone_s, to);
    return heal_say(h->log, "moved aside: facility '%s', table %s, from %s to %s", name_of(h, what->facility),
                    store_table_name(table), from, to);
}

/*
 * A single bit of a key that flipped: with it put right the checksum fits, which is over the key as well. The record
 * goes back to where it was, unless there is another one meanwhile.
 */
static int put_back(struct healing *h, enum store_table table, uint8_t *key, size_t size, struct view stored,
                    bool *is_back, struct gk_error *error)
{
    struct view wrong = {key, size}, there;
    uint8_t right[STORE_KEY_MAX];
    struct buffer copy;
    size_t bit = 0;
    int rc = GK_OK;

    buffer_init(&copy, &h->db->mem);
    *is_back = false;
    memcpy(right, key, size);
    for (; bit < 8 * size; bit++) {
        right[bit / 8] ^= (uint8_t)(1u << bit % 8);
        if (value_fits(table, view_of(right, size), stored.bytes, stored.size))
            break;
        right[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    if (bit == 8 * size)
        goto done;
    rc = txn_get(h->txn, table, view_of(right, size), &there, NULL);
    if (rc != GK_ENOTFOUND) {
        rc = rc == GK_ECORRUPT ? GK_OK : rc;
        goto done;
    }
    buffer_put(&copy, stored.bytes, stored.size - VALUE_CRC);
    TRY(buffer_status(&copy));
    TRY(txn_delete(h->txn, table, wrong, error));
    TRY(txn_put(h->txn, table, view_of(right, size), view_of(copy.bytes, copy.size), error));
    TRY(heal_say(h->log, "put back under its key: a record of the table %s", store_table_name(table)));
    *is_back = true;
    if (table == STORE_CHUNK && unkey_u32(right) < h->n_facilities)
        h->lost[unkey_u32(right)] |= LOST_ROWS; /* is counted again */
done:
    buffer_clear(&copy);
    return rc;
}

static int move_record(struct healing *h, enum store_table table, struct cursor *cursor, struct gk_error *error)
{
    uint8_t bytes[STORE_KEY_MAX];
    struct view key = cursor_key(cursor), stored = cursor_stored(cursor);
    struct gk_damage what;
    bool is_back;
    int rc;

    memcpy(bytes, key.bytes, key.size); /* the cursor moves on */
    key.bytes = bytes;
    TRY(put_back(h, table, bytes, key.size, stored, &is_back, error));
    h->n += is_back;
    if (is_back)
        return GK_OK;
    TRY(stretch_of(h, table, cursor, &what, error));
    TRY(say_moved(h, table, key, &what));
    note_loss(h, table, key);
    TRY(damage_put_aside(&h->db->mem, h->txn, table, key, stored, &what, h->now, error));
    if (table == STORE_JOURNAL && key.size == 8)
        TRY(fill_journal(h, unkey_u64(key.bytes), error));
    if (table == STORE_HOUR && key.size == HOURS_KEY && hours_key_day(key) == HOURS_OPEN &&
        hours_key_facility(key) < h->n_facilities)
        TRY(fill_hours(h, key, error));
    h->n++;
done:
    return rc;
}

/* The first damaged record at or behind a key; GK_DONE. *key moves on to it. */
static int find_damaged(struct healing *h, enum store_table table, struct cursor *cursor, struct buffer *key,
                        struct gk_error *error)
{
    struct gk_error found;
    struct view value;
    int rc;

    rc = key->size ? cursor_seek(cursor, view_of(key->bytes, key->size), error) : cursor_first(cursor, error);
    for (; rc == GK_OK; rc = cursor_next(cursor, error)) {
        rc = cursor_value(cursor, &value, &found);
        if (rc == GK_OK)
            rc = check_record(&h->db->mem, h->n_facilities, table, cursor_key(cursor), value, &found);
        if (rc == GK_OK && table == STORE_CHUNK) {
            struct chunk_view chunk;
            rc = chunk_at(cursor, &chunk, &found);
        }
        if (rc == GK_ECORRUPT) {
            buffer_reset(key);
            buffer_put(key, cursor_key(cursor).bytes, cursor_key(cursor).size);
            return buffer_status(key);
        }
        if (rc != GK_OK) {
            if (error)
                *error = found;
            return rc;
        }
    }
    return rc;
}

static int heal_table(struct healing *h, enum store_table table, struct gk_error *error)
{
    struct cursor *cursor = NULL;
    struct buffer key;
    int rc;

    buffer_init(&key, &h->db->mem);
    for (;;) { /* moving one moves cursors */
        TRY(cursor_open(h->txn, table, &cursor, error));
        rc = find_damaged(h, table, cursor, &key, error);
        if (rc == GK_DONE)
            break;
        TRY(rc);
        TRY(move_record(h, table, cursor, error));
        cursor_close(cursor);
        cursor = NULL;
    }
    rc = GK_OK;
done:
    cursor_close(cursor);
    buffer_clear(&key);
    return rc;
}

/* ---- what follows --------------------------------------------------------------------------------------------------
 */

static int has_profile(struct healing *h, uint32_t facility, bool *out, struct gk_error *error)
{
    uint8_t key[4];
    struct view value;

    key_u32(key, facility);
    int rc = txn_get(h->txn, STORE_PROFILE, view_of(key, sizeof key), &value, error);
    *out = rc == GK_OK;
    return rc == GK_ENOTFOUND ? GK_OK : rc;
}

static int heal_facility(struct healing *h, uint32_t facility, struct gk_error *error)
{
    struct profile p;
    bool is_there;
    int rc;

    profile_init(&p, &h->db->mem);
    TRY(profile_load(h->txn, facility, &p, error));
    TRY(has_profile(h, facility, &is_there, error));
    if (!is_there) /* it was moved aside */
        TRY(profile_anew(&h->db->mem, h->txn, facility, h->progress.dropped_before, &p, error));
    bool was_stale = is_there && p.stale_from != GK_TIME_MAX;
    uint64_t before = is_there ? p.n_rows : 0;
    if (h->lost[facility] & LOST_ROWS)
        TRY(profile_recount(&h->db->mem, h->txn, facility, &p, error));
    if (h->lost[facility] & LOST_DERIVED)
        p.stale_from = GK_TIME_MIN;
    h->progress.n_stale += p.stale_from != GK_TIME_MAX && !was_stale;
    if (before > p.n_rows)
        h->progress.n_rows -= before - p.n_rows;
    TRY(profile_store(h->txn, facility, &p, error));
done:
    profile_clear(&p);
    return rc;
}

static int clear_table(struct txn *txn, enum store_table table, struct gk_error *error)
{
    struct cursor *cursor = NULL;
    uint8_t key[STORE_KEY_MAX];
    int rc;

    for (;;) {
        TRY(cursor_open(txn, table, &cursor, error)); /* deleting moves them */
        rc = cursor_first(cursor, error);
        if (rc == GK_DONE)
            break;
        TRY(rc);
        size_t size = cursor_key(cursor).size;
        memcpy(key, cursor_key(cursor).bytes, size);
        cursor_close(cursor);
        cursor = NULL;
        TRY(txn_delete(txn, table, view_of(key, size), error));
    }
    rc = GK_OK;
done:
    cursor_close(cursor);
    return rc;
}

/* The presence index from the states that are stored. */
static int rebuild_presence(struct healing *h, struct gk_error *error)
{
    struct index_changes *index = NULL;
    struct steps none, steps;
    int rc;

    steps_init(&none, &h->db->mem);
    steps_init(&steps, &h->db->mem);
    TRY(clear_table(h->txn, STORE_PRESENCE, error));
    TRY(index_begin(&h->db->mem, h->txn, h->db->tick_ns, &index));
    TRY(steps_put(&none, GK_TICK_MIN, GK_NODATA));
    for (uint32_t f = 0; f < h->n_facilities; f++) {
        TRY(states_read(h->txn, f, GK_TICK_MIN, GK_TICK_MAX, &steps, error));
        TRY(index_change(index, f, &none, &steps, error));
    }
    TRY(index_flush(index, error));
done:
    index_end(index);
    steps_clear(&none);
    steps_clear(&steps);
    return rc;
}

/* ---- all of it -----------------------------------------------------------------------------------------------------
 */

static int begin(struct healing *h, gk_db *db, struct heal_log *log, struct gk_error *error)
{
    int rc;

    *h = (struct healing){
        .db = db, .log = log, .now = gk_clock(db), .n_facilities = (uint32_t)db->catalog->n_facilities};
    db_end_lookup(db);
    if (db->recall)
        recall_forget(db->recall);
    h->lost = mem_zeroed(&db->mem, h->n_facilities + 1);
    if (!h->lost)
        TRY(GK_ENOMEM);
    TRY(store_write(db->store, &h->txn, error));
done:
    return rc;
}

/* Commits; what is pending of the handle's own progress stays on top of it. */
static int end(struct healing *h, const struct progress *before, struct gk_error *error)
{
    gk_db *db = h->db;
    int rc;

    TRY(progress_put(h->txn, &h->progress, error));
    (void)pthread_mutex_lock(&db->lock); /* cannot fail: a plain mutex, not held by us */
    struct txn *txn = h->txn;
    h->txn = NULL;
    rc = txn_commit(txn, error);
    if (rc == GK_OK) {
        db->progress.n_stale += h->progress.n_stale - before->n_stale;
        db->progress.n_rows += h->progress.n_rows - before->n_rows;
    }
    (void)pthread_mutex_unlock(&db->lock);
done:
    return rc;
}

static void clear(struct healing *h)
{
    txn_abort(h->txn);
    mem_free(&h->db->mem, h->lost);
}

int heal_records(gk_db *db, struct heal_log *log, uint64_t *n, struct gk_error *error)
{
    static const enum store_table TABLES[] = {STORE_SOURCE,  STORE_JOURNAL,    STORE_CHUNK,
                                              STORE_PROFILE, STORE_STATE,      STORE_PRESENCE,
                                              STORE_HOUR,    STORE_QUARANTINE, STORE_BACKFILL};
    struct progress before;
    struct healing h;
    int rc;

    *n = 0;
    TRY(begin(&h, db, log, error));
    TRY(heal_table(&h, STORE_JOURNAL, error)); /* the newest record may have the progress */
    TRY(progress_get(h.txn, &h.progress, error));
    TRY(journal_mend(h.txn, &h.progress, error));
    before = h.progress;
    for (size_t i = 0; i < sizeof TABLES / sizeof *TABLES; i++)
        TRY(heal_table(&h, TABLES[i], error));
    if (h.n == 0)
        goto done;
    if (h.has_lost_marks)
        TRY(rebuild_presence(&h, error));
    for (uint32_t f = 0; f < h.n_facilities; f++)
        if (h.lost[f])
            TRY(heal_facility(&h, f, error));
    *n = h.n;
    TRY(end(&h, &before, error));
done:
    clear(&h);
    if (rc == GK_ENOMEM)
        (void)error_set(error, rc, "out of memory while damaged records are moved aside"); /* rc says it too */
    return rc;
}

int heal_derived(gk_db *db, const bool *facilities, struct gk_error *error)
{
    struct progress before;
    struct healing h;
    int rc;

    TRY(begin(&h, db, NULL, error));
    TRY(progress_get(h.txn, &h.progress, error));
    before = h.progress;
    TRY(rebuild_presence(&h, error));
    for (uint32_t f = 0; f < h.n_facilities; f++) {
        if (facilities && !facilities[f])
            continue;
        h.lost[f] = LOST_ROWS | LOST_DERIVED;
        TRY(heal_facility(&h, f, error));
    }
    TRY(end(&h, &before, error));
done:
    clear(&h);
    return rc;
}

int heal_counts(gk_db *db, struct gk_error *error)
{
    struct progress before;
    struct healing h;
    struct profile p;
    int rc;

    profile_init(&p, &db->mem);
    TRY(begin(&h, db, NULL, error));
    TRY(progress_get(h.txn, &h.progress, error));
    before = h.progress;
    h.progress.n_rows = h.progress.n_stale = 0;
    for (uint32_t f = 0; f < h.n_facilities; f++) {
        TRY(profile_load(h.txn, f, &p, error));
        h.progress.n_rows += p.n_rows;
        h.progress.n_stale += p.stale_from != GK_TIME_MAX;
    }
    TRY(end(&h, &before, error));
done:
    clear(&h);
    profile_clear(&p);
    return rc;
}
