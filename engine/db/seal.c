/*
 * seal.c - sealing.
 *
 * One sealing moves all rows up to one journal record (the target). It goes through the facilities by id, in write
 * transactions of at most about gk_options.seal_bytes; each stores how far it came (facilities_done). The last one
 * drops the journal records. A crash in between loses nothing and repeats nothing: whoever replays the journal skips
 * what was moved (I1).
 */
#include "db/seal.h"

#include "db/chunks.h"
#include "db/commit.h"
#include "db/growth.h"
#include "db/heal.h"
#include "db/hours.h"
#include "db/index.h"
#include "db/recall.h"

/* Reading the chunks that rows are merged into maps them: after so many facilities those pages are given back. */
#define RELEASE_EVERY 64

struct outlook outlook_of(const struct profile *profile, const struct columns *incoming, int64_t hold_before,
                          int64_t hold_after, bool uses_usual_hold)
{
    struct outlook o = {.change = profile->stale_from, .is_append = false, .hold_ns = hold_after};

    if (incoming->n_rows > 0 && incoming->time[0] <= o.change) {
        o.is_append = o.change == GK_TIME_MAX && (profile->n_rows == 0 || incoming->time[0] > profile->last);
        o.change = incoming->time[0];
    }
    if (uses_usual_hold && hold_before != hold_after && profile->n_rows > 0) {
        o.change = GK_TIME_MIN; /* every row holds differently now */
        o.is_append = false;
    }
    return o;
}

/* What is reused from facility to facility. */
struct sealing {
    gk_db *db;
    struct txn *txn;
    struct heads_view view; /* the rows that this sealing moves */
    struct index_changes *index;
    struct profile profile;
    struct limits limits;
    struct columns incoming;
    struct steps old_steps, new_steps;
    struct derived derived;
    struct progress progress;
    bool is_direct;       /* what was pending is in this transaction */
    struct damage damage; /* rows that were moved aside: nothing is known of the states there */
};

static void sealing_init(struct sealing *s, gk_db *db)
{
    memset(s, 0, sizeof *s);
    s->db = db;
    profile_init(&s->profile, &db->mem);
    limits_init(&s->limits, &db->mem);
    columns_init(&s->incoming, &db->mem);
    steps_init(&s->old_steps, &db->mem);
    steps_init(&s->new_steps, &db->mem);
    steps_init(&s->derived.steps, &db->mem);
    damage_init(&s->damage, &db->mem, false);
}

static void sealing_clear(struct sealing *s)
{
    index_end(s->index);
    txn_abort(s->txn);
    profile_clear(&s->profile);
    limits_clear(&s->limits);
    columns_clear(&s->incoming);
    steps_clear(&s->old_steps);
    steps_clear(&s->new_steps);
    steps_clear(&s->derived.steps);
    damage_clear(&s->damage);
}

/*
 * Stores the derived steps and brings the index after them. The index is compared from the begin of a day before the
 * change: old steps from there as stored, new ones the same up to the change.
 */
static int store_states(struct sealing *s, uint32_t facility, struct gk_error *error)
{
    int64_t from = s->derived.from, begin = index_begin_of(s->db->tick_ns, from);
    int rc;

    TRY(states_read(s->txn, facility, begin, GK_TICK_MAX, &s->old_steps, error));
    s->new_steps.n = 0;
    for (size_t i = 0; i < s->old_steps.n && (s->old_steps.at[i].tick < from || i == 0); i++)
        TRY(steps_put(&s->new_steps, s->old_steps.at[i].tick,
                      from == GK_TICK_MIN ? GK_NODATA : s->old_steps.at[i].value));
    for (size_t i = 0; i < s->derived.steps.n; i++)
        TRY(steps_put(&s->new_steps, s->derived.steps.at[i].tick, s->derived.steps.at[i].value));
    TRY(states_write(&s->db->mem, s->txn, facility, from, &s->derived.steps, error));
    TRY(index_change(s->index, facility, &s->old_steps, &s->new_steps, error));
done:
    return rc;
}

static int seal_facility(struct sealing *s, uint32_t facility, struct gk_error *error)
{
    gk_db *db = s->db;
    int rc;

    columns_reset(&s->incoming);
    TRY(heads_collect(db->heads, s->view, facility, GK_TIME_MIN, GK_TIME_MAX, db->policy, true, &s->incoming));
    TRY(profile_load(s->txn, facility, &s->profile, error));
    if (s->incoming.n_rows == 0 && s->profile.stale_from == GK_TIME_MAX)
        goto done;
    struct profile before = s->profile; /* its numbers; the channels are shared and only grow */
    if (s->incoming.n_rows > 0)
        TRY(chunks_merge(&db->mem, s->txn, db->policy, facility, &s->incoming, &s->profile, error));
    int64_t hold_before = profile_hold(&before), hold_after = profile_hold(&s->profile);
    TRY(limits_of(db->catalog, facility, db->tick_ns, hold_after, &s->limits));
    struct outlook o = outlook_of(&before, &s->incoming, hold_before, hold_after, s->limits.uses_usual_hold);
    struct origin origin = {&db->mem, s->txn, NULL, {0, 0, 0}, db->policy, NULL, &s->damage};
    before.first = s->profile.first; /* how far back rows can be looked for */
    TRY(states_derive(&origin, facility, db->tick_ns, &s->limits, &before, o.change, o.is_append ? &s->incoming : NULL,
                      &s->derived, error));
    TRY(store_states(s, facility, error));
    TRY(hours_seal(&origin, facility, db->tick_ns, &s->limits, &s->profile, o.change, o.is_append ? &s->incoming : NULL,
                   error));
    if (s->profile.stale_from != GK_TIME_MAX)
        s->progress.n_stale--;
    s->profile.derive = s->derived.machine;
    s->profile.stale_from = GK_TIME_MAX;
    TRY(profile_store(s->txn, facility, &s->profile, error));
    if (facility < db->n_edges)
        db->edges[facility].sealed_last = s->profile.last;
done:
    if (rc == GK_ENOMEM)
        (void)error_set(error, rc, "out of memory while sealing facility %u", facility); /* rc says it too */
    return rc;
}

static int begin(struct sealing *s, struct gk_error *error)
{
    int rc;

    TRY(store_write(s->db->store, &s->txn, error));
    TRY(damage_load(&s->damage, s->txn, error));
    TRY(index_begin(&s->db->mem, s->txn, s->db->tick_ns, &s->index));
done:
    return rc;
}

/* Under the lock, so that a snapshot finds a transaction, heads and a view that fit together. */
static int commit_locked(struct sealing *s, struct heads *fresh, struct gk_error *error)
{
    gk_db *db = s->db;
    struct txn *txn = s->txn;
    int rc;

    s->txn = NULL;
    (void)pthread_mutex_lock(&db->lock); /* cannot fail: a plain mutex, not held by us */
    rc = txn_commit(txn, error);
    if (rc == GK_OK) {
        db->progress = s->progress;
        db->view.facilities_done = s->progress.facilities_done;
    }
    if (rc == GK_OK && fresh) {
        heads_unref(db->heads); /* what was moved goes when the last snapshot that sees it goes */
        db->heads = heads_ref(fresh);
        db->view = (struct heads_view){heads_n(fresh), 0, 0};
        if (s->is_direct)
            db_catalog_committed(db);
    }
    (void)pthread_mutex_unlock(&db->lock);
    return rc;
}

/* Commits what this transaction moved. */
static int commit_step(struct sealing *s, struct gk_error *error)
{
    int rc;

    TRY(index_flush(s->index, error));
    index_end(s->index);
    s->index = NULL;
    TRY(progress_put(s->txn, &s->progress, error));
    TRY(commit_locked(s, NULL, error));
done:
    return rc;
}

static int trim_journal(struct sealing *s, struct gk_error *error)
{
    int rc = GK_OK;

    for (uint64_t sequence = s->progress.sealed + 1; sequence <= s->progress.target; sequence++) {
        uint8_t key[8];
        key_u64(key, sequence);
        TRY(txn_delete(s->txn, STORE_JOURNAL, view_of(key, sizeof key), error));
    }
done:
    return rc == GK_ENOTFOUND ? error_set(error, GK_ECORRUPT, "a journal record is missing") : rc;
}

/*
 * Ends a sealing: the journal up to the target goes, and the heads begin anew with what the journal has beyond it. All
 * that can fail comes before the commit.
 */
static int commit_last(struct sealing *s, struct gk_error *error)
{
    gk_db *db = s->db;
    struct heads *fresh = NULL;
    int rc;

    TRY(trim_journal(s, error));
    s->progress.sealed = s->progress.target;
    s->progress.target = 0;
    s->progress.facilities_done = 0;
    TRY(heads_new(&db->mem, &fresh));
    TRY(journal_replay_range(&db->mem, s->txn, &s->progress, s->progress.sealed + 1, s->progress.journal_next, fresh,
                             db->edges, db->n_edges, error));
    TRY(index_flush(s->index, error));
    index_end(s->index);
    s->index = NULL;
    TRY(progress_put(s->txn, &s->progress, error));
    TRY(commit_locked(s, fresh, error));
    store_release_memory(db->store);
done:
    heads_unref(fresh);
    if (rc == GK_ENOMEM)
        (void)error_set(error, rc, "out of memory for new heads"); /* rc says it too */
    return rc;
}

/* What the transaction wrote anew: the ends of each facility's records lie on some page together with those of others.
 */
static uint64_t step_size(const struct sealing *s, uint32_t n_sealed)
{
    size_t page, overhead;

    txn_pages(s->txn, &page, &overhead);
    return txn_size(s->txn) + (uint64_t)n_sealed * page;
}

/* All facilities from `first` on, in as many transactions as it takes; the last one is left open. */
static int seal_facilities(struct sealing *s, uint32_t first, uint32_t n, struct gk_error *error)
{
    uint32_t n_sealed = 0;
    int rc;

    TRY(begin(s, error));
    uint64_t step = growth_step_bytes(s->db, s->txn);
    for (uint32_t f = first; f < n; f++) {
        uint64_t before = txn_size(s->txn);
        TRY(seal_facility(s, f, error));
        n_sealed += txn_size(s->txn) > before;
        if (f % RELEASE_EVERY == RELEASE_EVERY - 1)
            store_release_memory(s->db->store);
        if (step_size(s, n_sealed) < step || f + 1 == n)
            continue;
        s->progress.facilities_done = f + 1;
        TRY(commit_step(s, error));
        TRY(begin(s, error));
        n_sealed = 0;
    }
done:
    return rc;
}

/* Finishes the sealing that is in progress, or does one of all rows that are durable. */
static int seal_once(gk_db *db, struct gk_error *error)
{
    struct sealing s;
    uint32_t first = 0;
    int rc;

    sealing_init(&s, db);
    s.progress = db->progress;
    if (s.progress.target) {
        first = s.progress.facilities_done;
    } else {
        s.progress.target = s.progress.journal_next - 1;
        (void)pthread_mutex_lock(&db->lock); /* cannot fail */
        db->view.n_done = db->view.n_visible;
        (void)pthread_mutex_unlock(&db->lock);
    }
    s.view.n_visible = db->view.n_done;
    /* Stale facilities may have no rows in the heads. */
    uint32_t n = s.progress.n_stale ? (uint32_t)db->catalog->n_facilities : heads_facilities(db->heads);
    TRY(seal_facilities(&s, first, n, error));
    TRY(commit_last(&s, error));
done:
    sealing_clear(&s);
    return rc;
}

/* An old sealing that a full disk or a crash interrupted is finished first; rows that came since take a second turn. */
static int seal_rest(gk_db *db, struct gk_error *error)
{
    int rc = GK_OK;

    while (db->progress.n_stale > 0 || db->progress.target > 0 || db->progress.sealed + 1 < db->progress.journal_next)
        TRY(seal_once(db, error));
done:
    return rc;
}

/* What cannot be read is moved aside: one damaged record must not keep all others from being sealed. */
int seal_all(gk_db *db, struct gk_error *error)
{
    uint64_t n_moved;
    int rc;

    db_end_lookup(db);
    if (db->recall)
        recall_forget(db->recall);
    rc = seal_rest(db, error);
    if (rc != GK_ECORRUPT)
        return rc;
    TRY(heal_records(db, NULL, &n_moved, error));
    TRY(seal_rest(db, error));
done:
    return rc;
}

/*
 * LMDB uses pages again that were freed two commits ago: with this one, which changes nothing, those that the last
 * sealing freed. Without it a bulk load, which does nothing but seal, keeps two sealings' worth of free pages.
 */
static int turn_pages(gk_db *db, struct gk_error *error)
{
    struct progress progress;
    struct txn *txn = NULL;
    int rc;

    TRY(store_write(db->store, &txn, error));
    TRY(progress_get(txn, &progress, error)); /* as committed: the handle's counts what is pending, too */
    TRY(progress_put(txn, &progress, error));
    struct txn *committing = txn;
    txn = NULL;
    TRY(txn_commit(committing, error));
done:
    txn_abort(txn);
    return rc;
}

static int seal_pending(gk_db *db, struct gk_error *error)
{
    struct sealing s;
    int rc;

    db_end_lookup(db);
    if (db->recall)
        recall_forget(db->recall);
    sealing_init(&s, db);
    TRY(turn_pages(db, error));
    s.is_direct = true;
    s.progress = db->progress;
    s.view.n_visible = heads_n(db->heads);
    TRY(begin(&s, error));
    TRY(pending_put(db, s.txn, &s.progress, error));
    for (uint32_t f = 0; f < heads_facilities(db->heads); f++) {
        if (heads_has(db->heads, s.view, f, NULL, NULL))
            TRY(seal_facility(&s, f, error));
        if (f % RELEASE_EVERY == RELEASE_EVERY - 1)
            store_release_memory(db->store);
    }
    s.progress.target = s.progress.journal_next - 1;
    TRY(commit_last(&s, error));
    pending_clear(db);
done:
    sealing_clear(&s);
    return rc;
}

int seal_directly(gk_db *db, struct gk_error *error)
{
    uint64_t n_moved;
    int rc = seal_pending(db, error);

    if (rc != GK_ECORRUPT)
        return rc;
    TRY(heal_records(db, NULL, &n_moved, error));
    TRY(seal_pending(db, error));
done:
    return rc;
}
