/*
 * salvage.c - a new store of what can be read of a damaged one.
 *
 * Nothing that follows from something else is carried over: rows are taken as if they came anew, so that states, hours,
 * profiles and the presence index are derived from those that are there, and cannot say what these do not. Facts,
 * catalog and acts are taken as they are. Two walks over the old file: the catalog first, as rows name it.
 *
 * What is missing is told, and noted in the new store: a chunk that does not fit its checksum with its stretch, and
 * whatever else with the note that more may be missing, which every answer carries then.
 */
#include <inttypes.h>
#include <stdio.h>
#include <sys/stat.h>

#include "codec/batch.h"
#include "codec/chunk.h"
#include "db/acts_heal.h"
#include "db/chunks.h"
#include "db/columns.h"
#include "db/commit.h"
#include "db/damage.h"
#include "db/heal.h"
#include "store/salvage.h"

struct salvaging {
    const struct gk_options *options;
    struct heal_log log; /* counts what is missing */
    struct mem mem;
    struct buffer facts; /* as the old store has them; empty: they are lost */
    struct progress progress;
    bool has_progress;
    struct catalog *catalog;
    struct catalog_changes changes; /* all of its entries */
    uint32_t n_of_kind[ENTRY_CALENDAR + 1];
    gk_db *db; /* the new store */
    struct txn *txn;
    struct columns rows;
    struct batch batch;
    uint32_t *facility; /* of the rows that are given */
    size_t facility_capacity;
    struct damage lost; /* chunks that do not fit; the last one's end is not known before the next one */
    uint64_t n_left_out[STORE_TABLES];
    struct gk_error *error;
};

/* ---- the catalog ---------------------------------------------------------------------------------------------------
 */

static int note_entry(struct salvaging *s, enum entry_kind kind, uint32_t id)
{
    struct catalog_changes *all = &s->changes;

    if (mem_reserve(&s->mem, &all->at, &all->capacity, all->n + 1, sizeof *all->at) != GK_OK)
        return GK_ENOMEM;
    all->at[all->n++] = (struct catalog_change){kind, id};
    return GK_OK;
}

/* A name that nobody has: "lost facility 17". */
static struct gk_text free_name(const struct catalog *c, enum entry_kind kind, uint32_t id, char out[64])
{
    static const char *const WORDS[] = {"zone", "park", "enterprise", "line"};
    const char *word = kind == ENTRY_CHANNEL ? "channel" : kind == ENTRY_SITE ? WORDS[id >> 24] : "facility";
    struct gk_text name = {out, 0};
    bool is_taken;

    for (int i = 0;; i++) {
        name.size = (size_t)snprintf(out, 64, i ? "lost %s %u (%d)" : "lost %s %u", word, id & 0xFFFFFF, i);
        is_taken = kind == ENTRY_CHANNEL ? catalog_channel(c, out, name.size) != GK_ID_NONE
                   : kind == ENTRY_SITE  ? catalog_site(c, (enum gk_kind)(id >> 24), out, name.size) != GK_ID_NONE
                                         : catalog_facility(c, out, name.size) != GK_ID_NONE;
        if (!is_taken)
            return name;
    }
}

/* In the place of an entry that cannot be read, as others speak of it by its number. */
static int put_stand_in(struct salvaging *s, enum entry_kind kind, uint32_t id)
{
    struct catalog *c = s->catalog;
    char text[64];
    struct gk_text name = free_name(c, kind, id, text);
    uint32_t unwanted;
    int rc;

    TRY(heal_say(&s->log, "missing: an entry of the catalog: it is '%s' now", text));
    if (kind == ENTRY_CHANNEL)
        return catalog_put_channel(c, name, &unwanted, &s->changes, s->error);
    if (kind == ENTRY_FACILITY)
        return catalog_register(c, name, &unwanted, &s->changes, s->error);
    struct gk_site site = {id & 0xFFFFFF, (enum gk_kind)(id >> 24), catalog_string(c, text, name.size), GK_ID_NONE};
    TRY(site.name ? catalog_add_site(c, &site) : GK_ENOMEM);
    TRY(note_entry(s, kind, id));
done:
    return rc;
}

static uint32_t n_entries(const struct salvaging *s, enum entry_kind kind, uint32_t id)
{
    const struct catalog *c = s->catalog;

    return kind == ENTRY_CHANNEL    ? (uint32_t)c->n_channels
           : kind == ENTRY_FACILITY ? (uint32_t)c->n_facilities
           : kind == ENTRY_SITE     ? (id & 0xFF000000) | (uint32_t)c->n_sites[id >> 24]
                                    : s->n_of_kind[kind];
}

/* Others speak of channels, sites and facilities by their numbers; the rest moves up. A number is covered by the
 * checksum: that of an entry which does not fit is believed when it is the next one. */
static int take_entry(struct salvaging *s, enum entry_kind kind, uint32_t id, struct view value)
{
    bool is_named = kind <= ENTRY_FACILITY;
    int rc;

    if (kind == ENTRY_SITE && (id >> 24 < GK_PARK || id >> 24 > GK_LINE))
        return GK_OK;
    if (!value.bytes && is_named && id != n_entries(s, kind, id))
        return heal_say(&s->log, "missing: an entry of the catalog");
    while (is_named && n_entries(s, kind, id) < id)
        TRY(put_stand_in(s, kind, n_entries(s, kind, id)));
    uint32_t at = is_named ? id : s->n_of_kind[kind];
    rc = value.bytes ? catalog_decode(s->catalog, kind, at, value, s->error) : GK_ECORRUPT;
    if (rc == GK_OK) {
        s->n_of_kind[kind]++;
        return note_entry(s, kind, at);
    }
    if (rc != GK_ECORRUPT)
        return rc;
    rc = is_named ? put_stand_in(s, kind, id) : heal_say(&s->log, "missing: an entry of the catalog");
done:
    return rc;
}

static int take_fact(struct salvaging *s, struct view key, struct view value, bool fits)
{
    if (key.size == 5 && memcmp(key.bytes, "store", 5) == 0 && fits) {
        buffer_put(&s->facts, value.bytes, value.size);
        return buffer_status(&s->facts);
    }
    if (key.size == 8 && memcmp(key.bytes, "progress", 8) == 0 && fits)
        s->has_progress = progress_decode(value, &s->progress) == GK_OK;
    return GK_OK;
}

static int first_walk(void *context, enum store_table table, struct view key, struct view value, bool fits)
{
    struct salvaging *s = context;

    if (table == STORE_META)
        return take_fact(s, key, value, fits);
    if (table != STORE_CATALOG || key.size != 5 || key.bytes[0] < ENTRY_CHANNEL || key.bytes[0] > ENTRY_CALENDAR)
        return GK_OK;
    return take_entry(s, (enum entry_kind)key.bytes[0], unkey_u32(key.bytes + 1), fits ? value : view_of(NULL, 0));
}

static int take_flaw(void *context, const char *text)
{
    struct salvaging *s = context;
    return heal_say(&s->log, "missing: what is behind %s", text);
}

/* ---- rows and acts -------------------------------------------------------------------------------------------------
 */

/* Rows speak of facilities and channels whose entries are lost with all behind them. */
static int need_names(struct salvaging *s, const struct batch_rows *rows)
{
    char text[64];
    uint32_t unwanted;
    int rc = GK_OK;

    for (size_t i = 0; i < rows->n_channels; i++)
        while (rows->channel[i] >= s->db->catalog->n_channels) {
            struct gk_text name = free_name(s->db->catalog, ENTRY_CHANNEL, (uint32_t)s->db->catalog->n_channels, text);
            TRY(heal_say(&s->log, "missing: an entry of the catalog: it is '%s' now", text));
            TRY(gk_channel_register(s->db, name.bytes, name.size, &unwanted, s->error));
        }
    for (size_t i = 0; i < rows->n_rows; i++)
        while (rows->facility[i] >= s->db->catalog->n_facilities) {
            struct gk_text name =
                free_name(s->db->catalog, ENTRY_FACILITY, (uint32_t)s->db->catalog->n_facilities, text);
            TRY(heal_say(&s->log, "missing: an entry of the catalog: it is '%s' now", text));
            TRY(gk_facility_register(s->db, name.bytes, name.size, &unwanted, s->error));
        }
done:
    return rc;
}

static int give_rows(struct salvaging *s, const struct batch_rows *rows)
{
    struct gk_batch batch = {.n_rows = rows->n_rows,
                             .time = rows->time,
                             .facility = rows->facility,
                             .n_channels = rows->n_channels,
                             .channel = rows->channel,
                             .value = rows->value};
    int rc;

    TRY(need_names(s, rows));
    TRY(gk_ingest(s->db, &batch, NULL, s->error));
done:
    return rc;
}

static int give_columns(struct salvaging *s, uint32_t facility)
{
    const struct columns *c = &s->rows;
    struct batch_rows rows = {.n_rows = c->n_rows,
                              .time = c->time,
                              .n_channels = c->n_columns,
                              .channel = c->channel,
                              .value = (const double *const *)c->value};

    if (mem_reserve(&s->mem, &s->facility, &s->facility_capacity, c->n_rows, sizeof *s->facility) != GK_OK)
        return GK_ENOMEM;
    for (size_t i = 0; i < c->n_rows; i++)
        s->facility[i] = facility;
    rows.facility = s->facility;
    return give_rows(s, &rows);
}

static int take_chunk(struct salvaging *s, struct view key, struct view value, bool fits)
{
    struct damage *lost = &s->lost;
    struct chunk_view chunk;
    int rc;

    if (key.size != CHUNK_KEY)
        return GK_OK;
    uint32_t facility = unkey_u32(key.bytes);
    gk_time first = chunk_key_first(key);
    if (lost->n > 0 && lost->at[lost->n - 1].facility == facility && lost->at[lost->n - 1].to == GK_TIME_MAX)
        lost->at[lost->n - 1].to = first;
    columns_reset(&s->rows);
    rc = fits ? chunk_open(value.bytes, value.size, &chunk) : GK_ECORRUPT;
    if (rc == GK_OK)
        rc = columns_append_chunk(&s->rows, &chunk, NULL, 0, chunk.n_minis, true);
    if (rc == GK_ECORRUPT)
        return damage_add(lost, GK_DAMAGED_ROWS, facility, first, GK_TIME_MAX);
    return rc == GK_OK ? give_columns(s, facility) : rc;
}

static int take_record(struct salvaging *s, struct view value, bool fits)
{
    struct journal_record record;
    int rc = fits ? journal_open(value, &record) : GK_ECORRUPT;

    if (rc == GK_OK)
        rc = batch_decode(&s->mem, record.batch.bytes, record.batch.size, &s->batch);
    if (rc == GK_ECORRUPT)
        return heal_say(&s->log, "missing: the rows of a record of the journal");
    return rc == GK_OK && s->batch.rows.n_rows > 0 ? give_rows(s, &s->batch.rows) : rc;
}

static int end_acts(struct salvaging *s)
{
    struct txn *txn = s->txn;

    s->txn = NULL;
    return txn ? txn_commit(txn, s->error) : GK_OK;
}

static int take_act(struct salvaging *s, struct view key, struct view value, bool fits)
{
    int rc = GK_OK;

    if (!fits && key.size == 8)
        return heal_say(&s->log, "missing: act %" PRIu64, unkey_u64(key.bytes));
    if (!fits)
        return heal_say(&s->log, "missing: an act");
    if (!s->txn)
        TRY(store_write(s->db->store, &s->txn, s->error));
    TRY(txn_put(s->txn, STORE_ACT, key, value, s->error));
    if (txn_size(s->txn) >= DB_TXN_BYTES)
        TRY(end_acts(s));
done:
    return rc;
}

static int second_walk(void *context, enum store_table table, struct view key, struct view value, bool fits)
{
    struct salvaging *s = context;

    if (table == STORE_ACT)
        return take_act(s, key, value, fits);
    int rc = end_acts(s);
    if (rc != GK_OK)
        return rc;
    if (table == STORE_CHUNK)
        return take_chunk(s, key, value, fits);
    if (table == STORE_JOURNAL)
        return take_record(s, value, fits);
    s->n_left_out[table] += table != STORE_CATALOG || (key.size > 0 && key.bytes[0] == ENTRY_HISTORY);
    return GK_OK;
}

static int pass_over(void *context, const char *text)
{
    (void)context;
    (void)text; /* the first walk said it */
    return GK_OK;
}

/* ---- the new store -------------------------------------------------------------------------------------------------
 */

/* With the facts of the old one, its number among them. */
static int make_store(struct salvaging *s, const char *dest)
{
    const struct progress none = {
        .journal_next = 1, .watermark = GK_TIME_MIN, .beginning = GK_TIME_MAX, .dropped_before = GK_TIME_MIN};
    const struct store_options options = {
        .is_writer = true, .may_create = true, .ballast = -1, .map_size = s->options ? s->options->map_size : 0};
    struct store *store = NULL;
    struct txn *txn = NULL;
    struct stat st;
    bool is_new;
    int rc;

    if (lstat(dest, &st) == 0)
        TRY(error_set(s->error, GK_EEXIST, "%s: there is something already; a copy replaces nothing", dest));
    TRY(store_open(&s->mem, dest, &options, &store, &is_new, s->error));
    TRY(store_write(store, &txn, s->error));
    TRY(txn_put(txn, STORE_META, view_of("store", 5), view_of(s->facts.bytes, s->facts.size), s->error));
    TRY(progress_put(txn, &none, s->error));
    struct txn *committing = txn;
    txn = NULL;
    TRY(txn_commit(committing, s->error));
done:
    txn_abort(txn);
    store_close(store);
    return rc;
}

static int open_store(struct salvaging *s, const char *dest)
{
    struct gk_options options = {.size = sizeof options};

    if (s->options)
        memcpy(&options, s->options, s->options->size);
    options.size = sizeof options;
    options.commit_ns = options.future_ns = -1; /* much at once, and all of it was taken before */
    options.past_ns = 0;
    return db_open(dest, GK_READWRITE | GK_KEEP_HEADS, &options, NULL, &s->db, s->error);
}

static int give_catalog(struct salvaging *s)
{
    gk_db *db = s->db;
    int rc;

    (void)pthread_mutex_lock(&db->lock); /* cannot fail: nobody else has it */
    catalog_free(db->catalog);
    db->catalog = s->catalog;
    s->catalog = NULL;
    mem_free(&db->mem, db->pending.changes.at);
    db->pending.changes = s->changes;
    s->changes = (struct catalog_changes){.mem = &s->mem};
    pending_touch(db);
    (void)pthread_mutex_unlock(&db->lock);
    TRY(db_grow_edges(db));
    TRY(gk_commit(db, s->error));
done:
    return rc;
}

static int note_lost(struct salvaging *s)
{
    struct txn *txn = NULL;
    uint8_t key[CHUNK_KEY];
    char from[GK_TIME_TEXT_MAX], to[GK_TIME_TEXT_MAX] = "?";
    gk_db *db = s->db;
    int rc;

    for (size_t i = 0; i < s->lost.n; i++) {
        const struct gk_damage *d = &s->lost.at[i];
        (void)gk_time_format(d->from, db->zone_s, from); /* the lengths are not needed */
        if (d->to != GK_TIME_MAX)
            (void)gk_time_format(d->to, db->zone_s, to);
        const char *name = d->facility < db->catalog->n_facilities ? db->catalog->facilities[d->facility].name : "?";
        TRY(heal_say(&s->log, "missing: rows of facility '%s' from %s to %s", name, from, to));
    }
    if (s->log.n == 0)
        return GK_OK;
    const struct gk_damage whatever = {GK_DAMAGED_RECORDS, GK_ID_NONE, 0, 0};
    TRY(store_write(db->store, &txn, s->error));
    for (size_t i = 0; i <= s->lost.n; i++) {
        const struct gk_damage *d = i < s->lost.n ? &s->lost.at[i] : &whatever;
        chunk_key(key, d->facility, d->from, UINT16_MAX);
        TRY(txn_put(txn, STORE_CHUNK, view_of(key, sizeof key), view_of(NULL, 0), s->error)); /* to be moved aside */
        TRY(damage_put_aside(&s->mem, txn, STORE_CHUNK, view_of(key, sizeof key), view_of(NULL, 0), d, gk_clock(db),
                             s->error));
    }
    struct txn *committing = txn;
    txn = NULL;
    TRY(txn_commit(committing, s->error));
done:
    txn_abort(txn);
    return rc;
}

/* States and hours of rows that were dropped follow from nothing that is there, and go. */
static int tell_dropped(struct salvaging *s)
{
    char text[GK_TIME_TEXT_MAX];

    if (!s->has_progress)
        return heal_say(&s->log, "missing: from when on rows were dropped, if some were, and their states and hours");
    if (s->progress.dropped_before == GK_TIME_MIN)
        return GK_OK;
    (void)gk_time_format(s->progress.dropped_before, s->db->zone_s, text); /* the length is not needed */
    return heal_say(&s->log, "missing: states and hours of the rows that were dropped, before %s", text);
}

/* What is not carried over, as it is no content that can be taken anew. */
static int tell_left_out(struct salvaging *s)
{
    static const struct {
        enum store_table table;
        const char *what;
    } LEFT_OUT[] = {{STORE_CATALOG, "former versions of entries of the catalog"},
                    {STORE_QUARANTINE, "records of rows in quarantine"},
                    {STORE_SOURCE, "sequences of sources: what they send again is taken again"},
                    {STORE_BACKFILL, "records of which rows were known when"},
                    {STORE_DAMAGED, "records that were moved aside before"}};
    int rc = GK_OK;

    for (size_t i = 0; i < sizeof LEFT_OUT / sizeof *LEFT_OUT; i++)
        if (s->n_left_out[LEFT_OUT[i].table] > 0)
            TRY(heal_say(&s->log, "left out: %" PRIu64 " %s", s->n_left_out[LEFT_OUT[i].table], LEFT_OUT[i].what));
done:
    return rc;
}

static int salvage(struct salvaging *s, const char *path, const char *dest, uint64_t *n_missing)
{
    const struct salvage first = {first_walk, take_flaw, s}, second = {second_walk, pass_over, s};
    int rc;

    TRY(catalog_new(&s->mem, &s->catalog));
    TRY(salvage_read(path, &first, s->error));
    if (s->facts.size == 0)
        TRY(error_set(s->error, GK_ECORRUPT, "%s: what the store is (tick, zone, policy) cannot be read", path));
    TRY(make_store(s, dest));
    TRY(open_store(s, dest));
    TRY(give_catalog(s));
    TRY(salvage_read(path, &second, s->error));
    TRY(end_acts(s));
    TRY(tell_dropped(s));
    TRY(note_lost(s));
    *n_missing = s->log.n;
    TRY(tell_left_out(s));
    TRY(gk_seal(s->db, s->error));
    s->db->keep_heads = true;
    TRY(gk_close(s->db));
    s->db = NULL;
    TRY(open_store(s, dest)); /* with the acts and the notes */
    TRY(acts_heal(s->db, s->error));
done:
    if (rc == GK_ENOMEM)
        (void)error_set(s->error, rc, "out of memory while a store is salvaged"); /* rc says it too */
    return rc;
}

int gk_salvage(const char *path, const char *dest, const struct gk_options *options, gk_sink_fn sink, void *context,
               uint64_t *n_missing, struct gk_error *error)
{
    struct gk_error own = {.status = GK_OK};
    struct salvaging s = {.options = options,
                          .log = {.sink = sink, .context = context},
                          .mem = MEM_SYSTEM,
                          .error = error ? error : &own};
    int rc;

    *n_missing = 0;
    if (options && (options->size == 0 || options->size > sizeof *options))
        return error_set(error, GK_EINVAL, "gk_options: set size to sizeof(struct gk_options)");
    if (options && options->size >= offsetof(struct gk_options, resize_context) + sizeof(void *) && options->resize)
        s.mem = (struct mem){options->resize, options->resize_context};
    s.changes.mem = &s.mem;
    buffer_init(&s.facts, &s.mem);
    columns_init(&s.rows, &s.mem);
    damage_init(&s.lost, &s.mem, true);
    rc = salvage(&s, path, dest, n_missing);
    txn_abort(s.txn);
    if (s.db) {
        s.db->pending.is_dirty = s.db->pending.is_dirty && rc == GK_OK;
        s.db->keep_heads = true;
        int closed = gk_close(s.db);
        rc = rc == GK_OK ? closed : rc;
    }
    if (s.catalog)
        catalog_free(s.catalog);
    catalog_changes_clear(&s.changes);
    buffer_clear(&s.facts);
    columns_clear(&s.rows);
    batch_clear(&s.batch);
    damage_clear(&s.lost);
    mem_free(&s.mem, s.facility);
    return rc;
}
