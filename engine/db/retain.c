/*
 * retain.c - dropping the rows from before a time, and keeping what they said.
 *
 * A facility's rows go in one transaction with everything that has to know: the hours of all its channels are derived
 * up to the cut, the chunks before it are deleted (the one it goes through is written anew), and the profile keeps the
 * cut, the gaps of the dropped rows and the state machine after the last of them. So each facility is consistent at any
 * time, and a retention that was interrupted is finished by asking for it again. States and presence stay as they are.
 * The rows of a facility's newest hour always stay: the newest values of a meter that fell silent are worth having.
 */
#include "db/backfill.h"
#include "db/commit.h"
#include "db/growth.h"
#include "db/heal.h"
#include "db/hours.h"
#include "db/recall.h"
#include "db/seal.h"

/* A transaction deletes so many chunks as are of one step when each is of this size: a long one. */
#define STEP_CHUNK_BYTES 16384

struct retaining {
    gk_db *db;
    struct txn *txn;
    struct progress progress;
    struct profile profile;
    struct limits limits;
    gk_time before;
    uint64_t step;        /* bytes that this transaction may write anew */
    size_t n_chunks;      /* deleted in this transaction */
    struct damage damage; /* rows that were moved aside */
};

/* ---- chunks
 * ---------------------------------------------------------------------------------------------------------- */

struct cut_chunk {
    uint8_t key[CHUNK_KEY];
    gk_time first, last;
    uint32_t n_rows;
};

/* The first chunk of a facility, or GK_DONE. */
static int first_chunk(struct retaining *r, uint32_t facility, struct cut_chunk *out, struct gk_error *error)
{
    struct cursor *cursor = NULL;
    struct chunk_view chunk;
    uint8_t key[CHUNK_KEY];
    int rc;

    chunk_key(key, facility, GK_TIME_MIN, 0);
    TRY(cursor_open(r->txn, STORE_CHUNK, &cursor, error)); /* deleting moves cursors */
    TRY(cursor_seek(cursor, view_of(key, sizeof key), error));
    if (!chunk_key_is_of(cursor_key(cursor), facility)) {
        rc = GK_DONE;
        goto done;
    }
    TRY(chunk_at(cursor, &chunk, error));
    memcpy(out->key, cursor_key(cursor).bytes, CHUNK_KEY);
    out->first = chunk.first;
    out->last = chunk.last;
    out->n_rows = chunk.n_rows;
done:
    cursor_close(cursor);
    return rc;
}

/* Where this transaction cuts a facility that has many chunks: as far as one step goes, on a full hour. */
static int step_cut(struct retaining *r, uint32_t facility, gk_time cut, gk_time *out, struct gk_error *error)
{
    struct cursor *cursor = NULL;
    uint8_t key[CHUNK_KEY];
    size_t n = 0;
    int rc;

    *out = cut;
    chunk_key(key, facility, GK_TIME_MIN, 0);
    TRY(cursor_open(r->txn, STORE_CHUNK, &cursor, error));
    for (rc = cursor_seek(cursor, view_of(key, sizeof key), error);
         rc == GK_OK && chunk_key_is_of(cursor_key(cursor), facility); rc = cursor_next(cursor, error)) {
        gk_time first = chunk_key_first(cursor_key(cursor));
        if (first >= cut)
            break;
        if (n++ <= r->step / STEP_CHUNK_BYTES || hour_begin(hour_of(first)) <= r->profile.first)
            continue;
        *out = hour_begin(hour_of(first));
        break;
    }
    rc = rc == GK_DONE ? GK_OK : rc;
done:
    cursor_close(cursor);
    return rc;
}

/*
 * Under GK_ALL a chunk may begin with the time that what is left of the one before begins with: then they are one time
 * in several parts, and move up by one.
 */
static int move_parts(struct retaining *r, uint32_t facility, gk_time first, uint16_t part, struct gk_error *error)
{
    uint8_t key[CHUNK_KEY];
    struct buffer copy;
    struct view value;
    int rc;

    buffer_init(&copy, &r->db->mem);
    chunk_key(key, facility, first, part);
    rc = txn_get(r->txn, STORE_CHUNK, view_of(key, sizeof key), &value, error);
    if (rc == GK_ENOTFOUND)
        return GK_OK;
    TRY(rc);
    buffer_put(&copy, value.bytes, value.size);
    TRY(buffer_status(&copy));
    TRY(move_parts(r, facility, first, (uint16_t)(part + 1), error));
    TRY(txn_delete(r->txn, STORE_CHUNK, view_of(key, sizeof key), error));
    chunk_key(key, facility, first, (uint16_t)(part + 1));
    TRY(txn_put(r->txn, STORE_CHUNK, view_of(key, sizeof key), view_of(copy.bytes, copy.size), error));
done:
    buffer_clear(&copy);
    return rc;
}

/* Writes what is left of a chunk; its key was deleted. */
static int put_rest(struct retaining *r, uint32_t facility, const struct columns *rest, struct gk_error *error)
{
    const double **values = mem_array(&r->db->mem, rest->n_columns + 1, sizeof *values);
    uint8_t key[CHUNK_KEY];
    struct buffer bytes;
    int rc;

    buffer_init(&bytes, &r->db->mem);
    if (!values)
        TRY(GK_ENOMEM);
    struct chunk_rows rows = columns_view(rest, 0, rest->n_rows, values);
    TRY(chunk_encode(&r->db->mem, &rows, &bytes));
    TRY(move_parts(r, facility, rest->time[0], 0, error));
    chunk_key(key, facility, rest->time[0], 0);
    TRY(txn_put(r->txn, STORE_CHUNK, view_of(key, sizeof key), view_of(bytes.bytes, bytes.size), error));
done:
    buffer_clear(&bytes);
    mem_free(&r->db->mem, values);
    return rc;
}

/* What was dropped of a facility in this transaction. */
struct dropped {
    uint64_t n_rows;
    gk_time last;
    bool has_gap; /* to the row behind it, counted already */
};

static void count_dropped(struct retaining *r, const struct columns *rows, size_t n, struct dropped *d)
{
    struct profile gaps = {.n_rows = 0};

    if (d->n_rows > 0) /* the gap before the first row of all was counted when those before it went */
        profile_count_gap(&gaps, d->last, rows->time[0], 1);
    d->has_gap = n < rows->n_rows;
    profile_count_gaps(&gaps, rows->time, d->has_gap ? n + 1 : n, 1);
    for (int i = 0; i < PROFILE_CLASSES; i++)
        r->profile.cut.gaps[i] += gaps.gaps[i];
    d->last = rows->time[n - 1];
    d->n_rows += n;
}

/* Takes the rows before the cut out of the first chunk, which has some. */
static int drop_from(struct retaining *r, uint32_t facility, const struct cut_chunk *chunk, gk_time cut,
                     struct dropped *d, struct gk_error *error)
{
    struct columns all, rest;
    struct chunk_view view;
    struct view value;
    int rc;

    columns_init(&all, &r->db->mem);
    columns_init(&rest, &r->db->mem);
    TRY(txn_get(r->txn, STORE_CHUNK, view_of(chunk->key, CHUNK_KEY), &value, error));
    rc = chunk_open(value.bytes, value.size, &view);
    if (rc == GK_OK)
        rc = columns_append_chunk(&all, &view, NULL, 0, view.n_minis, true);
    if (rc != GK_OK) {
        (void)error_set(error, rc, "a chunk of facility %u: %s", facility, gk_status_text(rc)); /* rc says it too */
        goto done;
    }
    size_t n = columns_lower(&all, cut);
    count_dropped(r, &all, n, d);
    TRY(txn_delete(r->txn, STORE_CHUNK, view_of(chunk->key, CHUNK_KEY), error));
    if (n < all.n_rows) {
        TRY(columns_append(&rest, &all, n, all.n_rows));
        TRY(put_rest(r, facility, &rest, error));
    }
done:
    columns_clear(&all);
    columns_clear(&rest);
    return rc;
}

static int drop_chunks(struct retaining *r, uint32_t facility, gk_time cut, struct gk_error *error)
{
    struct dropped d = {0, 0, false};
    struct profile gap = {.n_rows = 0};
    struct cut_chunk chunk;
    int rc;

    while ((rc = first_chunk(r, facility, &chunk, error)) == GK_OK && chunk.first < cut) {
        TRY(drop_from(r, facility, &chunk, cut, &d, error));
        r->n_chunks++;
    }
    if (NEVER(rc == GK_DONE))
        rc = error_set(error, GK_EBUG, "nothing is left of facility %u", facility); /* its newest hour should be */
    TRY(rc);
    if (d.n_rows > 0 && !d.has_gap)
        profile_count_gap(&gap, d.last, chunk.first, 1);
    for (int i = 0; i < PROFILE_CLASSES; i++)
        r->profile.cut.gaps[i] += gap.gaps[i];
    r->profile.first = chunk.first;
    r->profile.n_rows -= d.n_rows;
    r->progress.n_rows -= d.n_rows;
done:
    return rc;
}

/* ---- facilities
 * ------------------------------------------------------------------------------------------------------ */

/* Drops what it can of one facility in this transaction; *is_done when there is nothing more. */
static int drop_rows(struct retaining *r, uint32_t facility, bool *is_done, struct gk_error *error)
{
    gk_db *db = r->db;
    struct origin origin = {&db->mem, r->txn, NULL, {0, 0, 0}, db->policy, NULL, &r->damage};
    struct derive machine;
    gk_time cut = r->before, step;
    int rc;

    *is_done = true;
    TRY(profile_load(r->txn, facility, &r->profile, error));
    if (r->profile.n_rows == 0)
        return GK_OK;
    if (hour_begin(hour_of(r->profile.last)) < cut)
        cut = hour_begin(hour_of(r->profile.last));
    if (cut <= r->profile.cut.time || (r->profile.first >= cut && r->profile.cut.time == GK_TIME_MIN))
        return GK_OK; /* there never were older rows; else what they held into this time stays as well */
    TRY(step_cut(r, facility, cut, &step, error));
    *is_done = step == cut;
    TRY(limits_of(db->catalog, facility, db->tick_ns, profile_hold(&r->profile), &r->limits));
    TRY(hours_freeze(&origin, facility, db->tick_ns, &r->limits, &r->profile, step, error));
    TRY(states_machine_at(&origin, facility, db->tick_ns, &r->limits, &r->profile, step, &machine, error));
    TRY(drop_chunks(r, facility, step, error));
    r->profile.cut.time = step;
    r->profile.cut.derive = machine;
    TRY(profile_store(r->txn, facility, &r->profile, error));
done:
    if (rc == GK_ENOMEM)
        (void)error_set(error, rc, "out of memory while rows are dropped"); /* rc says it too */
    return rc;
}

static int begin_step(struct retaining *r, struct gk_error *error)
{
    int rc;

    TRY(store_write(r->db->store, &r->txn, error));
    TRY(damage_load(&r->damage, r->txn, error));
    r->step = growth_step_bytes(r->db, r->txn);
    r->n_chunks = 0;
done:
    return rc;
}

/* Commits this step and begins the next one. */
static int end_step(struct retaining *r, struct gk_error *error)
{
    gk_db *db = r->db;
    int rc;

    TRY(progress_put(r->txn, &r->progress, error));
    (void)pthread_mutex_lock(&db->lock); /* cannot fail: a plain mutex, not held by us */
    rc = txn_commit(r->txn, error);
    r->txn = NULL;
    if (rc == GK_OK)
        db->progress = r->progress;
    (void)pthread_mutex_unlock(&db->lock);
    TRY(rc);
    store_release_memory(db->store);
    TRY(begin_step(r, error));
done:
    return rc;
}

static int retain(struct retaining *r, const struct gk_retain_options *options, struct gk_error *error)
{
    uint32_t n = (uint32_t)r->db->catalog->n_facilities;
    int rc;

    TRY(begin_step(r, error));
    r->progress.dropped_before = r->before; /* from here on older rows are kept apart */
    TRY(backfill_drop(r->txn, r->before, error));
    TRY(end_step(r, error));
    for (uint32_t f = 0; f < n;) {
        bool is_done;
        TRY(drop_rows(r, f, &is_done, error));
        f += is_done;
        if (r->n_chunks > r->step / STEP_CHUNK_BYTES || txn_size(r->txn) >= r->step || f == n)
            TRY(end_step(r, error));
        if (options && options->progress)
            TRY(options->progress(options->context, f, n));
    }
done:
    return rc;
}

static int seal_and_retain(gk_db *db, gk_time before, const struct gk_retain_options *options, uint64_t *n_rows,
                           struct gk_error *error)
{
    struct retaining r = {.db = db, .before = before};
    int rc;

    TRY(gk_seal(db, error)); /* rows that wait might be older */
    db_end_lookup(db);
    if (db->recall)
        recall_forget(db->recall);
    r.progress = db->progress;
    uint64_t n_before = db->progress.n_rows;
    if (r.before < r.progress.dropped_before) /* what is gone stays gone */
        r.before = r.progress.dropped_before;
    profile_init(&r.profile, &db->mem);
    limits_init(&r.limits, &db->mem);
    damage_init(&r.damage, &db->mem, false);
    rc = retain(&r, options, error);
    txn_abort(r.txn);
    damage_clear(&r.damage);
    profile_clear(&r.profile);
    limits_clear(&r.limits);
    *n_rows += n_before - db->progress.n_rows; /* what was committed */
done:
    return rc;
}

int gk_retain(gk_db *db, gk_time before, const struct gk_retain_options *options, uint64_t *n_rows,
              struct gk_error *error)
{
    uint64_t n = 0, n_moved;
    int rc;

    before = hour_begin(hour_of(before));
    TRY(db_need_writer(db, error));
    rc = seal_and_retain(db, before, options, &n, error);
    if (rc == GK_ECORRUPT && heal_records(db, NULL, &n_moved, error) == GK_OK && n_moved > 0)
        rc = seal_and_retain(db, before, options, &n, error); /* without what is damaged */
    if (rc == GK_EFULL && db_open_reserve(db, 0)) { /* what is full gets no emptier if nothing may be written */
        rc = seal_and_retain(db, before, options, &n, error);
        db_close_reserve(db);
    }
done:
    if (n_rows)
        *n_rows = n;
    return rc;
}
