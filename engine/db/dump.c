/*
 * dump.c - what is stored, as text: one line a record, in the order of the keys.
 */
#include <inttypes.h>

#include "codec/batch.h"
#include "codec/chunk.h"
#include "db/hours.h"
#include "db/index.h"
#include "db/profile.h"
#include "db/snapshot.h"
#include "state/history.h"

struct dumping {
    gk_snapshot *s;
    gk_sink_fn sink;
    void *context;
    struct buffer line;
};

static int send(struct dumping *d)
{
    int rc = buffer_status(&d->line);
    if (rc == GK_OK)
        rc = d->sink(d->context, (const char *)d->line.bytes, d->line.size);
    buffer_reset(&d->line);
    return rc;
}

static const char *facility_name(const struct dumping *d, uint32_t id)
{
    return id < d->s->catalog->n_facilities ? d->s->catalog->facilities[id].name : "?";
}

static const char *channel_name(const struct dumping *d, uint32_t id)
{
    return id < d->s->catalog->n_channels ? d->s->catalog->channels[id] : "?";
}

static void put_time(struct buffer *out, gk_time t)
{
    char text[GK_TIME_TEXT_MAX];
    size_t n = gk_time_format(t, 0, text);
    buffer_put(out, text, n);
}

static int dump_catalog_record(struct dumping *d, struct view key)
{
    struct buffer *out = &d->line;

    if (key.size == 14 && key.bytes[0] == ENTRY_HISTORY) {
        buffer_printf(out, "history of entry %u/%" PRIu32 " until version %" PRIu64 "\n", key.bytes[1],
                      unkey_u32(key.bytes + 2), unkey_u64(key.bytes + 6));
        return GK_OK;
    }
    if (key.size != 5)
        return GK_ECORRUPT;
    int rc = catalog_dump(d->s->catalog, (enum entry_kind)key.bytes[0], unkey_u32(key.bytes + 1), out);
    buffer_put_u8(out, '\n');
    return rc;
}

static int dump_presence_record(struct view key, struct view value, struct buffer *out, const struct mem *mem)
{
    static const char *const names[INDEX_HOLDS] = {"nodata", "off", "idle", "on", "overload", "", "", ""};
    struct mark mark;

    if (!index_unkey(key, &mark))
        return GK_ECORRUPT;
    put_time(out, mark.quarter * INDEX_QUARTER_NS);
    if (mark.slot >= INDEX_ENDS)
        buffer_printf(out, " ends in minute %" PRIu32 " ", mark.slot - INDEX_ENDS);
    else
        buffer_printf(out, " %s %s ", mark.slot >= INDEX_HOLDS ? "begins" : "comes to", names[mark.slot % INDEX_HOLDS]);
    return presence_dump(mem, value.bytes, value.size, out);
}

/* Row by row: somebody has to decide about them. */
static int dump_quarantined(struct dumping *d, struct view key, struct view value)
{
    struct batch batch = {0};
    int rc;

    if (key.size != 8)
        return GK_ECORRUPT;
    TRY(batch_decode(&d->s->mem, value.bytes, value.size, &batch));
    for (size_t i = 0; i < batch.rows.n_rows; i++) {
        buffer_printf(&d->line, "quarantined %" PRIu64 " '%s' ", unkey_u64(key.bytes),
                      facility_name(d, batch.rows.facility[i]));
        put_time(&d->line, batch.rows.time[i]);
        for (size_t c = 0; c < batch.rows.n_channels; c++)
            if (!gk_is_missing(batch.rows.value[c][i]))
                buffer_printf(&d->line, " %s=%.17g", channel_name(d, batch.rows.channel[c]), batch.rows.value[c][i]);
        buffer_put_u8(&d->line, '\n');
    }
done:
    batch_clear(&batch);
    return rc;
}

static int dump_journal_record(struct dumping *d, uint64_t number, struct view value)
{
    struct journal_record record;
    int rc;

    TRY(journal_open(value, &record));
    buffer_printf(&d->line, "record %" PRIu64 " ", number);
    if (record.has_progress)
        TRY(progress_dump(&record.progress, &d->line));
    TRY(batch_dump(&d->s->mem, record.batch.bytes, record.batch.size, &d->line));
done:
    return rc;
}

static int dump_damaged(struct dumping *d, struct view key, struct view value)
{
    struct damaged_record record = {.moved = 0};
    int rc;

    TRY(damage_decode(key, value, &record));
    buffer_printf(&d->line, "%s ", store_table_name(record.table));
    if (record.what.facility != GK_ID_NONE) {
        buffer_printf(&d->line, "of '%s' from ", facility_name(d, record.what.facility));
        put_time(&d->line, record.what.from);
        buffer_printf(&d->line, " to ");
        put_time(&d->line, record.what.to);
        buffer_put_u8(&d->line, ' ');
    }
    buffer_printf(&d->line, "%zu bytes, moved aside ", record.stored.size);
    put_time(&d->line, record.moved);
    buffer_put_u8(&d->line, '\n');
done:
    return rc;
}

static int dump_record(struct dumping *d, enum store_table table, struct view key, struct view value)
{
    struct buffer *out = &d->line;
    const struct mem *mem = &d->s->mem;

    switch (table) {
    case STORE_META:
        return meta_dump(key, value, out);
    case STORE_CATALOG:
        return dump_catalog_record(d, key);
    case STORE_JOURNAL:
        if (key.size != 8)
            return GK_ECORRUPT;
        return dump_journal_record(d, unkey_u64(key.bytes), value);
    case STORE_QUARANTINE:
        return dump_quarantined(d, key, value);
    case STORE_SOURCE:
        if (value.size != 8)
            return GK_ECORRUPT;
        buffer_printf(out, "source '%.*s' sequence=%" PRIu64 "\n", (int)key.size, (const char *)key.bytes,
                      load_u64(value.bytes));
        return GK_OK;
    case STORE_CHUNK:
        if (key.size != CHUNK_KEY)
            return GK_ECORRUPT;
        buffer_printf(out, "chunk of '%s' ", facility_name(d, unkey_u32(key.bytes)));
        return chunk_dump(mem, value.bytes, value.size, out);
    case STORE_PROFILE:
        if (key.size != 4)
            return GK_ECORRUPT;
        buffer_printf(out, "profile of '%s' ", facility_name(d, unkey_u32(key.bytes)));
        return profile_dump(value, out);
    case STORE_STATE:
        if (key.size != 12)
            return GK_ECORRUPT;
        buffer_printf(out, "states of '%s' era %" PRId64 " ", facility_name(d, unkey_u32(key.bytes)),
                      unkey_i64(key.bytes + 4));
        return history_dump(unkey_i64(key.bytes + 4), value.bytes, value.size, out);
    case STORE_HOUR:
        if (key.size != HOURS_KEY)
            return GK_ECORRUPT;
        buffer_printf(out, "hours of '%s' %s ", facility_name(d, hours_key_facility(key)),
                      channel_name(d, hours_key_channel(key)));
        return hours_dump_record(key, value, out);
    case STORE_BACKFILL:
        return backfill_dump(key, value, mem, out);
    case STORE_PRESENCE:
        return dump_presence_record(key, value, out, mem);
    case STORE_ALARM:
        return alarm_dump_record(key, value, out);
    case STORE_ACT: {
        struct gk_act act;
        int rc = key.size == 8 ? act_decode(unkey_u64(key.bytes), value, &act, NULL) : GK_ECORRUPT;
        return rc == GK_OK ? act_dump(&act, out) : rc;
    }
    case STORE_DAMAGED:
        return dump_damaged(d, key, value);
    default:
        buffer_printf(out, "%zu bytes\n", value.size);
        return GK_OK;
    }
}

static int dump_table(struct dumping *d, enum store_table table, struct gk_error *error)
{
    struct cursor *cursor = NULL;
    int rc;

    buffer_printf(&d->line, "# %s\n", store_table_name(table));
    TRY(send(d));
    TRY(cursor_open(d->s->txn, table, &cursor, error));
    for (rc = cursor_first(cursor, error); rc == GK_OK; rc = cursor_next(cursor, error)) {
        struct gk_error found = {0};
        struct view value;
        rc = cursor_value(cursor, &value, &found);
        if (rc == GK_OK)
            rc = dump_record(d, table, cursor_key(cursor), value);
        if (rc == GK_ECORRUPT) { /* of all things a dump should get past it */
            buffer_reset(&d->line);
            buffer_printf(&d->line, "damaged: %s\n", found.text[0] ? found.text : gk_status_text(rc));
        } else if (rc != GK_OK) {
            (void)error_set(error, rc, "table %s: a record: %s", store_table_name(table), gk_status_text(rc));
            goto done;
        }
        if (d->line.size && d->line.bytes[d->line.size - 1] != '\n')
            buffer_put_u8(&d->line, '\n');
        TRY(send(d));
    }
    rc = rc == GK_DONE ? GK_OK : rc;
done:
    cursor_close(cursor);
    return rc;
}

/* ---- one facility: rows and states
 * ------------------------------------------------------------------------------------- */

/* Where rows are missing because they are damaged. */
static int dump_gaps(struct dumping *d, uint32_t id)
{
    const struct damage *damage = snapshot_damage(d->s);
    int rc = GK_OK;

    for (size_t i = 0; i < damage->n; i++) {
        if (damage->at[i].kind == GK_DAMAGED_RECORDS || damage->at[i].facility != id)
            continue;
        buffer_printf(&d->line, "# damaged from ");
        put_time(&d->line, damage->at[i].from);
        buffer_printf(&d->line, " to ");
        put_time(&d->line, damage->at[i].to);
        buffer_put_u8(&d->line, '\n');
        TRY(send(d));
    }
done:
    return rc;
}

static int dump_rows(struct dumping *d, uint32_t id, struct gk_error *error)
{
    struct origin origin = snapshot_origin(d->s);
    struct rows rows = {0};
    const struct columns *batch;
    int rc;

    TRY(rows_open(&rows, &origin, id, NULL, 0, GK_TIME_MIN, GK_TIME_MAX, error));
    while ((rc = rows_next(&rows, &batch, error)) == GK_OK)
        for (size_t i = 0; i < batch->n_rows; i++) {
            put_time(&d->line, batch->time[i]);
            for (size_t c = 0; c < batch->n_columns; c++)
                if (!gk_is_missing(batch->value[c][i]))
                    buffer_printf(&d->line, " %s=%.17g", d->s->catalog->channels[batch->channel[c]],
                                  batch->value[c][i]);
            buffer_put_u8(&d->line, '\n');
            TRY(send(d));
        }
    TRY(rc == GK_DONE ? GK_OK : rc);
    TRY(dump_gaps(d, id));
done:
    if (rows.origin)
        rows_close(&rows);
    return rc;
}

static int dump_states(struct dumping *d, uint32_t id, struct gk_error *error)
{
    static const char *const NAMES[] = {"nodata", "off", "idle", "on", "overload"};
    gk_snapshot *s = d->s;
    int rc;

    TRY(snapshot_states(s, id, GK_TICK_MIN, GK_TICK_MAX, &s->steps, error));
    for (size_t i = 1; i < s->steps.n; i++) { /* the first is the silence before everything */
        put_time(&d->line, time_of(s->db->tick_ns, s->steps.at[i].tick));
        buffer_printf(&d->line, " %s\n", NAMES[s->steps.at[i].value]);
        TRY(send(d));
    }
    rc = GK_OK;
done:
    return rc;
}

static int dump_facility(struct dumping *d, const char *name, struct gk_error *error)
{
    uint32_t id = catalog_facility(d->s->catalog, name, strlen(name));
    int rc;

    if (id == GK_ID_NONE)
        return error_set(error, GK_ENOTFOUND, "there is no facility '%s'", name);
    rc = catalog_dump(d->s->catalog, ENTRY_FACILITY, id, &d->line);
    buffer_printf(&d->line, "\n# rows\n");
    TRY(rc == GK_OK ? send(d) : rc);
    TRY(dump_rows(d, id, error));
    buffer_printf(&d->line, "# states\n");
    TRY(send(d));
    TRY(dump_states(d, id, error));
done:
    return rc;
}

int gk_dump(gk_db *db, const char *what, gk_sink_fn sink, void *context, struct gk_error *error)
{
    struct dumping d = {.sink = sink, .context = context};
    bool is_known = false;
    int rc;

    TRY(gk_snapshot_open(db, &d.s, error));
    buffer_init(&d.line, &d.s->mem);
    if (strncmp(what, "facility ", 9) == 0) {
        rc = dump_facility(&d, what + 9, error);
        goto done;
    }
    for (unsigned i = 0; i < STORE_TABLES; i++)
        if (strcmp(what, "all") == 0 || strcmp(what, store_table_name(i)) == 0) {
            is_known = true;
            TRY(dump_table(&d, (enum store_table)i, error));
        }
    if (!is_known)
        rc =
            error_set(error, GK_EINVAL,
                      "there is no '%s' to dump; there are: all, facility NAME, meta, catalog, journal, source, chunk, "
                      "profile, state, presence, quarantine, alarm, act, hour, "
                      "backfill, damaged",
                      what);
done:
    if (d.s)
        buffer_clear(&d.line);
    gk_snapshot_close(d.s);
    if (rc == GK_ENOMEM)
        (void)error_set(error, rc, "out of memory for a dump"); /* rc says it too */
    return rc;
}
