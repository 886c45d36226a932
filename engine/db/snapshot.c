/*
 * snapshot.c - opening a view, and the catalog as it is seen from there.
 *
 * A writer's snapshots share its heads and catalog; a reader's share those of its handle, which catches up with the
 * journal when a snapshot is opened. In both cases a bound on ordinals keeps what came later out of sight.
 */
#include "db/snapshot.h"

#include "db/sight.h"
#include "state/history.h"
#include "state/timeline.h"

/* ---- a reader's heads follow the journal ----------------------------------------------------------------------------
 */

static int rebuild_heads(gk_db *db, struct txn *txn, const struct progress *p, struct gk_error *error)
{
    struct heads *heads = NULL;
    int rc;

    for (size_t i = 0; i < db->n_edges; i++)
        db->edges[i] = (struct edge){.newest = GK_TIME_MIN, .sealed_last = GK_TIME_MIN};
    TRY(heads_new(&db->mem, &heads));
    uint64_t middle = p->target > p->sealed ? p->target + 1 : p->sealed + 1;
    TRY(journal_replay_range(&db->mem, txn, p, p->sealed + 1, middle, heads, db->edges, db->n_edges, error));
    db->view.n_done = p->target ? heads_n(heads) : 0;
    db->view.facilities_done = p->target ? p->facilities_done : 0;
    heads_unref(db->heads);
    db->heads = heads;
    heads = NULL;
    db->heads_base = p->sealed;
    db->heads_target = p->target;
    db->heads_done = p->facilities_done;
    db->heads_next = middle;
done:
    heads_unref(heads);
    return rc;
}

static int follow_journal(gk_db *db, struct txn *txn, const struct progress *p, struct gk_error *error)
{
    int rc;

    TRY(db_grow_edges(db));
    if (!db->heads || db->heads_base != p->sealed || db->heads_target != p->target ||
        db->heads_done != p->facilities_done || db->heads_next > p->journal_next)
        TRY(rebuild_heads(db, txn, p, error));
    if (db->heads_next < p->journal_next)
        TRY(journal_replay_range(&db->mem, txn, p, db->heads_next, p->journal_next, db->heads, db->edges, db->n_edges,
                                 error));
    db->heads_next = p->journal_next;
    db->view.n_visible = heads_n(db->heads);
done:
    if (rc != GK_OK) { /* rows of half a record may be in: begin anew next time */
        heads_unref(db->heads);
        db->heads = NULL;
    }
    return rc;
}

static int follow_catalog(gk_db *db, struct txn *txn, const struct progress *p, struct gk_error *error)
{
    struct catalog *newer;
    int rc;

    if (db->catalog->version == p->catalog_version)
        return GK_OK;
    TRY(catalog_load(&db->mem, txn, &newer, error));
    if (--db->catalog->n_refs == 0)
        catalog_free(db->catalog);
    db->catalog = newer;
done:
    return rc;
}

/* ---- opening --------------------------------------------------------------------------------------------------------
 */

void snapshot_fill_info(gk_snapshot *s)
{
    const struct catalog *c = snapshot_seen(s);
    struct gk_store_info *info = &s->info;

    memcpy(info->uuid, s->db->uuid, sizeof info->uuid);
    info->zone_s = s->db->zone_s;
    info->tick_ns = s->db->tick_ns;
    info->policy = s->db->policy;
    info->watermark = s->progress.watermark;
    info->beginning = s->progress.beginning;
    info->dropped_before = s->progress.dropped_before;
    info->catalog_version = c->version;
    info->n_facilities = (uint32_t)c->n_facilities;
    info->n_channels = (uint32_t)c->n_channels;
    for (int k = 0; k < 4; k++)
        info->n_sites[k] = (uint32_t)c->n_sites[k];
    info->n_links = c->n_all_links;
    info->n_bands = c->n_bands;
    info->n_orders = c->n_orders;
    info->n_exemptions = c->n_exemptions;
    info->n_rules = c->n_rules;
    info->n_mappings = c->n_mappings;
    info->n_people = c->n_people;
    info->n_set_bands = c->n_set_bands;
    info->n_calendars = c->n_calendars;
}

/* Under the lock: what is read here fits together. */
static int take_view(gk_snapshot *s, struct gk_error *error)
{
    gk_db *db = s->db;
    int rc;

    TRY(store_read(db->store, &s->txn, error));
    TRY(progress_get(s->txn, &s->progress, error));
    TRY(damage_load(&s->damage, s->txn, error));
    if (store_has_damaged(db->store))
        TRY(damage_add(&s->damage, GK_DAMAGED_RECORDS, GK_ID_NONE, GK_TIME_MIN, GK_TIME_MAX));
    if (!db->is_writer) {
        TRY(follow_catalog(db, s->txn, &s->progress, error));
        TRY(follow_journal(db, s->txn, &s->progress, error));
    }
    struct catalog *catalog = db->committed ? db->committed : db->catalog;
    TRY(catalog_freeze(catalog));
    s->catalog = catalog;
    s->catalog->n_refs++;
    s->heads = heads_ref(db->heads);
    s->view = db->view;
done:
    return rc;
}

static gk_snapshot *new_snapshot(gk_db *db, struct gk_error *error)
{
    gk_snapshot *s = mem_zeroed(&db->mem, sizeof *s);

    if (!s) {
        (void)error_set(error, GK_ENOMEM, "out of memory for a snapshot"); /* NULL says it too */
        return NULL;
    }
    s->db = db;
    s->mem = db->mem;
    s->under = (struct gk_band){.hold_ns = -1, .dwell_on_ns = -1, .dwell_off_ns = -1, .channel = GK_ID_NONE};
    backfill_init(&s->own_known.hidden, &s->mem);
    steps_init(&s->steps, &s->mem);
    steps_init(&s->steps_more, &s->mem);
    limits_init(&s->limits, &s->mem);
    profile_init(&s->profile, &s->mem);
    memo_init(&s->memo, &s->mem);
    damage_init(&s->damage, &s->mem, true);
    return s;
}

int gk_snapshot_open(gk_db *db, gk_snapshot **out, struct gk_error *error)
{
    int rc;

    *out = NULL;
    gk_snapshot *s = new_snapshot(db, error);
    if (!s)
        return GK_ENOMEM;
    (void)pthread_mutex_lock(&db->lock); /* cannot fail: a plain mutex, not held by us */
    rc = take_view(s, error);
    (void)pthread_mutex_unlock(&db->lock);
    if (rc != GK_OK) {
        if (rc == GK_ENOMEM)
            (void)error_set(error, rc, "out of memory for a snapshot"); /* rc says it too */
        gk_snapshot_close(s);
        return rc;
    }
    snapshot_fill_info(s);
    *out = s;
    return GK_OK;
}

int snapshot_view(gk_snapshot *parent, gk_snapshot **out, struct gk_error *error)
{
    gk_db *db = parent->db;

    *out = NULL;
    gk_snapshot *s = new_snapshot(db, error);
    if (!s)
        return GK_ENOMEM;
    s->parent = parent;
    s->under = parent->under;
    s->has_limits = parent->has_limits;
    s->known = parent->known;
    s->has_other_bands = parent->has_other_bands;
    s->txn = parent->txn;
    s->sight = parent->sight;
    (void)pthread_mutex_lock(&db->lock); /* cannot fail */
    s->catalog = parent->catalog;
    s->catalog->n_refs++;
    s->heads = heads_ref(parent->heads);
    (void)pthread_mutex_unlock(&db->lock);
    s->view = parent->view;
    s->progress = parent->progress;
    s->info = parent->info;
    *out = s;
    return GK_OK;
}

int gk_snapshot_under(gk_snapshot *parent, const struct gk_band *limits, gk_snapshot **out, struct gk_error *error)
{
    const char *set = "";
    int rc;

    *out = NULL;
    if (limits->set && *limits->set)
        TRY(catalog_find_set(snapshot_seen(parent), limits->set, &set, error));
    TRY(snapshot_view(parent, out, error));
    (*out)->under = *limits;
    (*out)->under.set = set;
    (*out)->under.channel = sight_channel(parent, limits->channel);
    (*out)->has_limits = true;
done:
    return rc;
}

void gk_snapshot_close(gk_snapshot *s)
{
    if (!s)
        return;
    gk_db *db = s->db;
    if (s->derived) {
        for (size_t i = 0; i < s->catalog->n_facilities; i++)
            if (s->derived[i]) {
                steps_clear(&s->derived[i]->derived.steps);
                mem_free(&s->mem, s->derived[i]);
            }
        mem_free(&s->mem, s->derived);
    }
    scan_free(s->spare_scan);
    cursor_close(s->state_cursor);
    if (!s->parent)
        txn_abort(s->txn);
    if (!s->parent || s->sight != s->parent->sight)
        sight_free(s->sight);
    heads_unref(s->heads);
    (void)pthread_mutex_lock(&db->lock); /* cannot fail */
    if (s->catalog && --s->catalog->n_refs == 0)
        catalog_free(s->catalog);
    (void)pthread_mutex_unlock(&db->lock);
    steps_clear(&s->steps);
    steps_clear(&s->steps_more);
    limits_clear(&s->limits);
    profile_clear(&s->profile);
    memo_clear(&s->memo);
    backfill_clear(&s->own_known.hidden);
    mem_free(&s->mem, s->backfills);
    mem_free(&s->mem, s->chunks);
    damage_clear(&s->damage);
    struct mem mem = s->mem;
    mem_free(&mem, s);
}

int gk_timeline_new(gk_snapshot *s, gk_timeline **out)
{
    return timeline_new(&s->mem, out);
}

const struct gk_store_info *gk_snapshot_info(gk_snapshot *s)
{
    return &s->info;
}

struct damage *snapshot_damage(gk_snapshot *s)
{
    return s->parent ? snapshot_damage(s->parent) : &s->damage;
}

struct origin snapshot_origin(gk_snapshot *s)
{
    struct origin origin = {&s->mem, s->txn, s->heads, s->view, s->db->policy, s->known, snapshot_damage(s)};
    return origin;
}

int snapshot_check_facility(const gk_snapshot *s, uint32_t facility, struct gk_error *error)
{
    if (facility < s->catalog->n_facilities)
        return GK_OK;
    return error_set(error, GK_ENOTFOUND, "there is no facility %u", facility);
}

/* ---- kept states ----------------------------------------------------------------------------------------------------
 */

/* The era is decoded anyway, and the next question may look at another day of it. */
static void widen_to_eras(int64_t *from, int64_t *to)
{
    int64_t end = history_era_start(history_era(*to - 1) + 1);

    *from = history_era_start(history_era(*from));
    *to = end > *to ? end : *to; /* the last era ends at no tick */
}

static int load_steps(gk_snapshot *s, struct memo_entry *entry, int64_t from, int64_t to, struct gk_error *error)
{
    size_t before = entry->steps.capacity;
    int rc;

    if (entry->from < entry->to) {
        from = entry->from < from ? entry->from : from;
        to = entry->to > to ? entry->to : to;
    }
    entry->from = entry->to = 0;
    if (!s->parent) /* under other limits every tick costs rows */
        widen_to_eras(&from, &to);
    rc = snapshot_states(s, entry->facility, from, to, &entry->steps, error);
    memo_count(&s->memo, entry, before);
    if (rc != GK_OK)
        return rc;
    entry->from = from;
    entry->to = to;
    return GK_OK;
}

/* How many steps begin before a tick. */
static size_t steps_before(const struct steps *steps, int64_t tick)
{
    size_t low = 0, high = steps->n;

    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (steps->at[mid].tick < tick)
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

int snapshot_steps(gk_snapshot *s, uint32_t facility, int64_t from, int64_t to, const struct gk_step **steps, size_t *n,
                   struct gk_error *error)
{
    struct memo_entry *entry;
    int rc;

    assert(from < to);
    TRY(snapshot_check_facility(s, facility, error));
    TRY(memo_find(&s->memo, facility, &entry));
    if (from < entry->from || to > entry->to || entry->from == entry->to)
        TRY(load_steps(s, entry, from, to, error));
    size_t first = from == INT64_MAX ? entry->steps.n : steps_before(&entry->steps, from + 1);
    if (NEVER(first == 0))
        return GK_EBUG;
    *steps = entry->steps.at + first - 1;
    *n = steps_before(&entry->steps, to) - (first - 1);
done:
    return rc;
}

/* ---- the catalog ----------------------------------------------------------------------------------------------------
 */

const struct gk_facility *gk_facility_get(gk_snapshot *s, uint32_t id)
{
    return id < snapshot_seen(s)->n_facilities ? &snapshot_seen(s)->facilities[id] : NULL;
}

const struct gk_site *gk_site_get(gk_snapshot *s, enum gk_kind kind, uint32_t id)
{
    return kind <= GK_LINE && id < snapshot_seen(s)->n_sites[kind] ? &snapshot_seen(s)->sites[kind][id] : NULL;
}

const char *gk_channel_name(gk_snapshot *s, uint32_t id)
{
    return id < snapshot_seen(s)->n_channels ? snapshot_seen(s)->channels[id] : NULL;
}

uint32_t gk_facility_find(gk_snapshot *s, const char *name, size_t size)
{
    return catalog_facility(snapshot_seen(s), name, size);
}

uint32_t gk_site_find(gk_snapshot *s, enum gk_kind kind, const char *name, size_t size)
{
    return catalog_site(snapshot_seen(s), kind, name, size);
}

uint32_t gk_channel_find(gk_snapshot *s, const char *name, size_t size)
{
    return catalog_channel(snapshot_seen(s), name, size);
}

const uint32_t *gk_site_facilities(gk_snapshot *s, enum gk_kind kind, uint32_t id, size_t *n)
{
    *n = 0;
    const struct catalog *c = snapshot_seen(s);
    if (kind > GK_LINE || id >= c->n_sites[kind])
        return NULL;
    const uint32_t *starts = c->site_starts[kind].at;
    *n = starts[id + 1] - starts[id];
    return c->site_facilities_flat[kind].at + starts[id];
}

const struct gk_link *const *gk_facility_links(gk_snapshot *s, uint32_t id, size_t *n)
{
    *n = 0;
    if (id >= snapshot_seen(s)->n_facilities)
        return NULL;
    const size_t *starts = snapshot_seen(s)->facility_links_start;
    *n = starts[id + 1] - starts[id];
    return snapshot_seen(s)->facility_links + starts[id];
}

const struct gk_link *gk_links(gk_snapshot *s, size_t *n)
{
    *n = snapshot_seen(s)->n_all_links;
    return snapshot_seen(s)->all_links;
}

const struct gk_band *gk_set_bands(gk_snapshot *s, size_t *n)
{
    *n = snapshot_seen(s)->n_set_bands;
    return snapshot_seen(s)->set_bands;
}

const struct gk_band *gk_bands(gk_snapshot *s, size_t *n)
{
    *n = snapshot_seen(s)->n_bands;
    return snapshot_seen(s)->bands;
}

const struct gk_order *gk_orders(gk_snapshot *s, size_t *n)
{
    *n = snapshot_seen(s)->n_orders;
    return snapshot_seen(s)->orders;
}

const struct gk_exemption *gk_exemptions(gk_snapshot *s, size_t *n)
{
    *n = snapshot_seen(s)->n_exemptions;
    return snapshot_seen(s)->exemptions;
}

bool gk_scope_covers(gk_snapshot *s, const struct gk_scope *scope, uint32_t facility)
{
    return facility < snapshot_seen(s)->n_facilities && catalog_covers(snapshot_seen(s), scope, facility);
}
