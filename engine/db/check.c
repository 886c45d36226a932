/*
 * check.c - reads everything and says what is wrong.
 *
 * Plain: every page of the file, every checksum, every record's own invariants, keys in their places, chunks in order,
 * counts that must agree. Deep: states, presence, hours and profiles derived again from the rows and compared with what
 * is stored.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "codec/batch.h"
#include "db/acts_check.h"
#include "db/check.h"
#include "db/hours.h"
#include "db/index.h"
#include "db/snapshot.h"
#include "state/history.h"

struct checking {
    gk_snapshot *s;
    gk_sink_fn sink;
    void *context;
    bool is_deep;
    uint64_t n_findings;
    uint64_t n_rows, n_stale;        /* of all profiles */
    uint64_t n_bits, n_bits_derived; /* of the presence index; what the states of all facilities ask for */
    struct alarms_count alarms;
    struct damage damage; /* rows that are missing: moved aside before, then those met here */
    size_t n_aside;
};

__attribute__((format(printf, 2, 3))) static int report(struct checking *c, const char *format, ...)
{
    char text[GK_ERROR_TEXT_MAX + 256];
    va_list list;

    va_start(list, format);
    int n = vsnprintf(text, sizeof text - 1, format, list);
    va_end(list);
    if (n < 0)
        return GK_EBUG;
    size_t size = (size_t)n < sizeof text - 1 ? (size_t)n : sizeof text - 2;
    text[size++] = '\n';
    c->n_findings++;
    return c->sink ? c->sink(c->context, text, size) : GK_OK;
}

/* A status that says "damaged" is a finding; others end the check. */
static int note(struct checking *c, int rc, const struct gk_error *error, const char *what)
{
    if (rc == GK_ECORRUPT || rc == GK_EVERSION)
        return report(c, "%s: %s", what, error->text[0] ? error->text : gk_status_text(rc));
    return rc;
}

/* Counts the ids of a presence record, to find those that nobody's states ask for. */
static int count_bits(struct checking *c, struct view value)
{
    struct idset *set;
    int rc = presence_decode(&c->s->mem, value.bytes, value.size, &set);

    if (rc != GK_OK)
        return rc;
    c->n_bits += idset_count(set);
    idset_free(set);
    return GK_OK;
}

/* A chunk that cannot be read: whose rows, from when to when. Moves the cursor on. */
static int note_chunk(struct checking *c, struct cursor *cursor, const struct gk_error *found, struct gk_error *error)
{
    char from[GK_TIME_TEXT_MAX], to[GK_TIME_TEXT_MAX];
    struct gk_damage what;
    int rc, moved;

    moved = chunk_stretch(&c->s->mem, c->s->txn, cursor, &what, error);
    TRY(moved < 0 ? moved : GK_OK);
    (void)gk_time_format(what.from, c->s->db->zone_s, from); /* the lengths are not needed */
    (void)gk_time_format(what.to, c->s->db->zone_s, to);
    TRY(damage_add(&c->damage, what.kind, what.facility, what.from, what.to));
    TRY(report(c, "chunk: facility '%s': rows from %s to %s are damaged: %s",
               c->s->catalog->facilities[what.facility].name, from, what.to == GK_TIME_MAX ? "?" : to, found->text));
    rc = moved;
done:
    return rc;
}

/* ---- records
 * --------------------------------------------------------------------------------------------------------- */

int check_record(const struct mem *mem, uint32_t n_facilities, enum store_table table, struct view key,
                 struct view value, struct gk_error *error)
{
    struct journal_record record;
    struct batch batch = {0};
    struct mark mark;
    int rc = GK_OK;

    switch (table) {
    case STORE_CHUNK:
        if (key.size != CHUNK_KEY || unkey_u32(key.bytes) >= n_facilities)
            return error_set(error, GK_ECORRUPT, "a chunk of a facility that is not in the catalog");
        return chunk_check(mem, value.bytes, value.size, error);
    case STORE_STATE:
        if (key.size != 12 || unkey_u32(key.bytes) >= n_facilities)
            return error_set(error, GK_ECORRUPT, "a state record of a facility that is not in the catalog");
        return history_check(unkey_i64(key.bytes + 4), value.bytes, value.size, error);
    case STORE_PRESENCE:
        if (!index_unkey(key, &mark))
            return error_set(error, GK_ECORRUPT, "a presence key that is none");
        return presence_check(value.bytes, value.size, error);
    case STORE_JOURNAL:
        rc = journal_open(value, &record);
        if (rc != GK_OK)
            return error_set(error, rc, "%s", gk_status_text(rc));
        value = record.batch;
        /* fall through */
    case STORE_QUARANTINE:
        rc = batch_decode(mem, value.bytes, value.size, &batch);
        batch_clear(&batch);
        return rc == GK_OK ? GK_OK : error_set(error, rc, "%s", gk_status_text(rc));
    case STORE_PROFILE: {
        struct profile p;
        if (key.size != 4 || unkey_u32(key.bytes) >= n_facilities)
            return error_set(error, GK_ECORRUPT, "a profile of a facility that is not in the catalog");
        profile_init(&p, mem);
        rc = profile_decode(value, &p, error);
        profile_clear(&p);
        return rc;
    }
    case STORE_HOUR:
        return hours_check_record(key, value, n_facilities, error);
    case STORE_BACKFILL:
        return backfill_check(key, value, mem, n_facilities, error);
    case STORE_DAMAGED: {
        struct damaged_record damaged = {.moved = 0};
        rc = damage_decode(key, value, &damaged);
        return rc == GK_OK ? GK_OK : error_set(error, rc, "%s", gk_status_text(rc));
    }
    case STORE_SOURCE:
        return value.size == 8 ? GK_OK : error_set(error, GK_ECORRUPT, "a sequence of %zu bytes", value.size);
    default:
        return GK_OK; /* meta and catalog were read when the store was opened */
    }
}

static bool is_chunk_of_somebody(const struct checking *c, struct view key)
{
    return key.size == CHUNK_KEY && unkey_u32(key.bytes) < c->s->catalog->n_facilities;
}

static int check_table(struct checking *c, enum store_table table, struct gk_error *error)
{
    struct cursor *cursor = NULL;
    int rc;

    TRY(cursor_open(c->s->txn, table, &cursor, error));
    for (rc = cursor_first(cursor, error); rc == GK_OK;) {
        struct gk_error found = {0};
        struct view value;
        rc = cursor_value(cursor, &value, &found);
        if (rc == GK_OK)
            rc = check_record(&c->s->mem, (uint32_t)c->s->catalog->n_facilities, table, cursor_key(cursor), value,
                              &found);
        if (rc == GK_OK && table == STORE_ALARM)
            rc = alarms_check_record(c->s, cursor_key(cursor), value, &c->alarms, &found);
        if (rc == GK_OK && table == STORE_PRESENCE && c->is_deep)
            rc = count_bits(c, value);
        if (rc == GK_ECORRUPT && table == STORE_CHUNK && is_chunk_of_somebody(c, cursor_key(cursor))) {
            rc = note_chunk(c, cursor, &found, error);
            continue;
        }
        TRY(note(c, rc, &found, store_table_name(table)));
        rc = cursor_next(cursor, error);
    }
    rc = rc == GK_DONE ? GK_OK : rc;
done:
    cursor_close(cursor);
    return rc;
}

/* ---- a facility's chunks
 * ----------------------------------------------------------------------------------------------- */

/* Counts what the chunks hold, for comparing with the profile; tells of chunks out of order (I2). */
static int check_chunks(struct checking *c, uint32_t id, struct profile *counted, struct gk_error *error)
{
    struct cursor *cursor = NULL;
    uint8_t key[CHUNK_KEY];
    gk_time *times = NULL;
    int rc;

    chunk_key(key, id, GK_TIME_MIN, 0);
    TRY(cursor_open(c->s->txn, STORE_CHUNK, &cursor, error));
    times = mem_array(&c->s->mem, CHUNK_ROWS_MAX + CHUNK_MINI, sizeof *times);
    if (!times)
        TRY(GK_ENOMEM);
    for (rc = cursor_seek(cursor, view_of(key, sizeof key), error);
         rc == GK_OK && chunk_key_is_of(cursor_key(cursor), id); rc = cursor_next(cursor, error)) {
        struct chunk_view chunk;
        struct gk_error found = {0};
        rc = chunk_at(cursor, &chunk, &found);
        if (rc == GK_OK && counted->n_rows > 0 && chunk.first < counted->last)
            rc = error_set(&found, GK_ECORRUPT, "facility '%s': a chunk begins before the one before it ends",
                           c->s->catalog->facilities[id].name);
        if (rc == GK_OK)
            rc = chunk_times(&chunk, 0, chunk.n_minis, times);
        if (rc != GK_OK) {
            if (!damage_has_rows(&c->damage, id, chunk_key_first(cursor_key(cursor)))) /* not told yet */
                TRY(note(c, rc, &found, "chunk"));
            continue;
        }
        if (counted->n_rows > 0)
            profile_count_gap(counted, counted->last, chunk.first, 1);
        profile_count_gaps(counted, times, chunk.n_rows, 1);
        counted->n_rows += chunk.n_rows;
        counted->first = chunk.first < counted->first ? chunk.first : counted->first;
        counted->last = chunk.last;
    }
    rc = rc == GK_DONE ? GK_OK : rc;
done:
    mem_free(&c->s->mem, times);
    cursor_close(cursor);
    return rc;
}

static int compare_profile(struct checking *c, uint32_t id, const struct profile *counted, const struct profile *stored)
{
    const char *name = c->s->catalog->facilities[id].name;
    uint64_t gaps[PROFILE_CLASSES];

    if (counted->n_rows != stored->n_rows)
        return report(c, "facility '%s': %" PRIu64 " rows in chunks, %" PRIu64 " in its profile", name, counted->n_rows,
                      stored->n_rows);
    if (counted->n_rows > 0 && counted->first < stored->cut.time)
        return report(c, "facility '%s': it has rows from before those that were dropped", name);
    if (counted->n_rows > 0 && (counted->first != stored->first || counted->last != stored->last))
        return report(c, "facility '%s': its profile has another first or last time than its chunks", name);
    for (int i = 0; i < PROFILE_CLASSES; i++)
        gaps[i] = counted->gaps[i] + stored->cut.gaps[i];
    if (memcmp(gaps, stored->gaps, sizeof gaps) != 0)
        return report(c, "facility '%s': its profile has other gaps between rows than its chunks", name);
    return GK_OK;
}

/* ---- deep: states and presence anew
 * ------------------------------------------------------------------------------------ */

static int compare_states(struct checking *c, uint32_t id, const struct steps *stored, const struct steps *derived)
{
    size_t i = 0;
    char text[GK_TIME_TEXT_MAX];

    while (i < stored->n && i < derived->n && stored->at[i].tick == derived->at[i].tick &&
           stored->at[i].value == derived->at[i].value)
        i++;
    if (i == stored->n && i == derived->n)
        return GK_OK;
    int64_t tick = i < stored->n ? stored->at[i].tick : derived->at[i].tick;
    (void)gk_time_format(time_of(c->s->db->tick_ns, tick), 0, text); /* the length is not needed */
    return report(c, "facility '%s': its states differ from what its rows give, first at %s",
                  c->s->catalog->facilities[id].name, text);
}

static int check_bits(struct checking *c, uint32_t id, const struct steps *steps, struct gk_error *error)
{
    gk_snapshot *s = c->s;
    struct marks marks;
    struct idset *set;
    int rc;

    marks_init(&marks, &s->mem);
    TRY(index_marks(steps, s->db->tick_ns, &marks));
    c->n_bits_derived += marks.n;
    for (size_t i = 0; i < marks.n; i++) {
        bool is_in = false;
        rc = index_load(&s->mem, s->txn, marks.at[i], &set, error);
        if (rc == GK_ECORRUPT || rc == GK_EVERSION)
            continue; /* told already */
        if (rc != GK_OK && rc != GK_ENOTFOUND)
            goto done;
        if (rc == GK_OK)
            is_in = idset_has(set, id);
        idset_free(set);
        if (!is_in)
            TRY(report(c, "facility '%s': the presence index lacks it in quarter %" PRId64 ", slot %" PRIu32,
                       s->catalog->facilities[id].name, marks.at[i].quarter, marks.at[i].slot));
    }
    rc = GK_OK;
done:
    marks_clear(&marks);
    return rc;
}

/* The stretches where rows of a facility are missing; behind its last row the end is open, as rows hold on. */
static int gaps_of(const struct checking *c, uint32_t id, gk_time last, struct damage *out)
{
    int rc = GK_OK;

    for (size_t i = 0; i < c->damage.n; i++) {
        const struct gk_damage *d = &c->damage.at[i];
        if (d->facility == id)
            TRY(damage_add(out, d->kind, id, d->from, d->from > last ? GK_TIME_MAX : d->to));
    }
done:
    return rc;
}

/*
 * States were derived when the rows that are missing now were there: in their stretches the stored ones stand, and
 * behind them as well where a state depends on those before it.
 */
static int check_derived(struct checking *c, uint32_t id, const struct profile *stored, gk_time last,
                         struct gk_error *error)
{
    gk_snapshot *s = c->s;
    struct damage gaps;
    struct origin origin = {&s->mem, s->txn, NULL, {0, 0, 0}, s->db->policy, NULL, &gaps};
    bool has_gaps = damage_has_rows(&c->damage, id, GK_TIME_MIN), is_equal;
    struct derived derived;
    struct steps all, known;
    struct limits limits;
    int rc;

    steps_init(&derived.steps, &s->mem);
    steps_init(&all, &s->mem);
    steps_init(&known, &s->mem);
    limits_init(&limits, &s->mem);
    damage_init(&gaps, &s->mem, true); /* what it meets was told already */
    TRY(states_read(s->txn, id, GK_TICK_MIN, GK_TICK_MAX, &s->steps, error));
    TRY(check_bits(c, id, &s->steps, error));
    TRY(limits_of(s->catalog, id, s->db->tick_ns, profile_hold(stored), &limits));
    if (has_gaps && !limits_are_plain(&limits))
        goto done;
    TRY(gaps_of(c, id, last, &gaps));
    TRY(states_derive(&origin, id, s->db->tick_ns, &limits, stored, GK_TIME_MIN, NULL, &derived, error));
    TRY(steps_put(&all, GK_TICK_MIN, GK_NODATA));
    for (size_t i = 1; i < s->steps.n && s->steps.at[i].tick < derived.from; i++) /* of rows that were dropped */
        TRY(steps_put(&all, s->steps.at[i].tick, s->steps.at[i].value));
    for (size_t i = 0; i < derived.steps.n; i++)
        TRY(steps_put(&all, derived.steps.at[i].tick, derived.steps.at[i].value));
    for (size_t i = 0; i < s->steps.n; i++)
        TRY(steps_put(&known, s->steps.at[i].tick, s->steps.at[i].value));
    TRY(damage_blank(&gaps, id, s->db->tick_ns, derived.from, GK_NODATA, GK_NODATA, &known));
    TRY(compare_states(c, id, &known, &all));
    if (has_gaps)
        goto done; /* hours have samples that are missing */
    TRY(hours_compare(&origin, id, s->db->tick_ns, &limits, stored, &is_equal, error));
    if (!is_equal)
        TRY(report(c, "facility '%s': its hours differ from what its rows give", s->catalog->facilities[id].name));
done:
    damage_clear(&gaps);
    steps_clear(&derived.steps);
    steps_clear(&all);
    steps_clear(&known);
    limits_clear(&limits);
    return rc;
}

/* What all facilities together must come to. */
static int check_sums(struct checking *c)
{
    const gk_snapshot *s = c->s;
    int rc = GK_OK;

    if (c->n_findings > 0)
        return GK_OK; /* the sums are wrong for a reason that was told */
    if (c->n_stale != s->progress.n_stale)
        TRY(report(c, "%" PRIu64 " facilities have states to be derived anew, the progress record says %" PRIu64,
                   c->n_stale, s->progress.n_stale));
    if (s->view.n_visible == 0 && c->n_rows != s->progress.n_rows)
        TRY(report(c, "%" PRIu64 " rows in chunks, the progress record says %" PRIu64, c->n_rows, s->progress.n_rows));
    if (c->is_deep && c->n_stale == 0 && c->n_bits != c->n_bits_derived)
        TRY(report(c, "the presence index has %" PRIu64 " entries, the states ask for %" PRIu64, c->n_bits,
                   c->n_bits_derived));
done:
    return rc;
}

static bool has_new_damage(const struct checking *c, uint32_t id)
{
    for (size_t i = c->n_aside; i < c->damage.n; i++)
        if (c->damage.at[i].facility == id)
            return true;
    return false;
}

static int check_facility(struct checking *c, uint32_t id, struct gk_error *error)
{
    gk_snapshot *s = c->s;
    struct profile counted, stored;
    struct gk_error found = {0};
    int rc;

    profile_init(&counted, &s->mem);
    profile_init(&stored, &s->mem);
    rc = profile_load(s->txn, id, &stored, &found);
    if (rc != GK_OK) {
        TRY(note(c, rc, &found, "profile"));
        goto done;
    }
    TRY(check_chunks(c, id, &counted, error));
    if (!has_new_damage(c, id)) /* else it cannot fit */
        TRY(compare_profile(c, id, &counted, &stored));
    c->n_rows += stored.n_rows;
    c->n_stale += stored.stale_from != GK_TIME_MAX;
    if (c->is_deep && stored.stale_from == GK_TIME_MAX) {
        rc = check_derived(c, id, &stored, counted.last, &found);
        TRY(note(c, rc, &found, "states"));
    }
done:
    profile_clear(&counted);
    profile_clear(&stored);
    return rc;
}

/* The chain of acts, and what all alarms come to. */
static int check_acts(struct checking *c)
{
    struct gk_error found = {0};
    uint64_t seq;
    int rc;

    TRY(note(c, acts_verify(c->s->txn, NULL, &seq, &found), &found, "act"));
    if (c->n_findings == 0) /* else the sums are wrong for a reason that was told */
        TRY(note(c, alarms_check_sums(c->s, &c->alarms, &found), &found, "alarm"));
done:
    return rc;
}

static int take_page(void *context, const char *text)
{
    return report(context, "%s", text);
}

int gk_check(gk_db *db, bool is_deep, gk_sink_fn sink, void *context, uint64_t *n_findings, struct gk_error *error)
{
    struct checking c = {.sink = sink, .context = context, .is_deep = is_deep};
    int rc;

    *n_findings = 0;
    TRY(store_check_pages(db->store, take_page, &c, error));
    TRY(gk_snapshot_open(db, &c.s, error));
    damage_init(&c.damage, &db->mem, false);
    TRY(damage_load(&c.damage, c.s->txn, error));
    c.n_aside = c.damage.n;
    for (unsigned i = 0; i < STORE_TABLES; i++)
        TRY(check_table(&c, (enum store_table)i, error));
    for (uint32_t id = 0; id < c.s->catalog->n_facilities; id++)
        TRY(check_facility(&c, id, error));
    TRY(check_sums(&c));
    TRY(check_acts(&c));
done:
    if (c.damage.mem)
        damage_clear(&c.damage);
    gk_snapshot_close(c.s);
    *n_findings = c.n_findings;
    if (rc == GK_ENOMEM)
        (void)error_set(error, rc, "out of memory for a check"); /* rc says it too */
    return rc;
}
