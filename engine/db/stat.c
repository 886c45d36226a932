/*
 * stat.c - figures of a store.
 */
#include "codec/batch.h"
#include "db/snapshot.h"

_Static_assert(STORE_TABLES <= 16, "gk_stat has room for 16 tables");

const char *gk_table_name(unsigned table)
{
    return store_table_name(table);
}

/* How far back the journal goes. A record of the newest rows may have late ones, too. */
static int find_journal_since(gk_snapshot *s, gk_time *out, struct gk_error *error)
{
    struct journal_record record;
    struct cursor *cursor = NULL;
    struct batch batch = {0};
    struct view value;
    int rc;

    *out = GK_TIME_MIN;
    TRY(cursor_open(s->txn, STORE_JOURNAL, &cursor, error));
    rc = cursor_first(cursor, error);
    if (rc != GK_OK) {
        rc = rc == GK_DONE ? GK_OK : rc;
        goto done;
    }
    TRY(cursor_value(cursor, &value, error));
    rc = journal_open(value, &record);
    if (rc == GK_OK)
        rc = batch_decode(&s->mem, record.batch.bytes, record.batch.size, &batch);
    if (rc != GK_OK)
        TRY(error_set(error, rc, "the oldest journal record: %s", gk_status_text(rc)));
    for (size_t i = 0; i < batch.rows.n_rows; i++)
        *out = batch.rows.time[i] > *out ? batch.rows.time[i] : *out;
done:
    batch_clear(&batch);
    cursor_close(cursor);
    return rc;
}

int gk_sources(gk_snapshot *s, int (*take)(void *context, const char *name, uint64_t sequence), void *context,
               struct gk_error *error)
{
    struct cursor *cursor = NULL;
    char name[DB_SOURCE_NAME_MAX + 1];
    int rc;

    if (s->sight) /* a source is of no site */
        return GK_OK;
    TRY(cursor_open(s->txn, STORE_SOURCE, &cursor, error));
    for (rc = cursor_first(cursor, error); rc == GK_OK; rc = cursor_next(cursor, error)) {
        struct view key = cursor_key(cursor), value;
        TRY(cursor_value(cursor, &value, error));
        if (key.size > DB_SOURCE_NAME_MAX || value.size != 8)
            TRY(error_set(error, GK_ECORRUPT, "a source's record has %zu bytes, not 8, or its name %zu", value.size,
                          key.size));
        memcpy(name, key.bytes, key.size);
        name[key.size] = 0;
        TRY(take(context, name, load_u64(value.bytes)));
    }
    rc = rc == GK_DONE ? GK_OK : rc;
done:
    cursor_close(cursor);
    return rc;
}

int gk_stat(gk_db *db, struct gk_stat *out, struct gk_error *error)
{
    gk_snapshot *s = NULL;
    struct store_stat stat;
    int rc;

    memset(out, 0, sizeof *out);
    TRY(store_stat(db->store, &stat, error));
    TRY(gk_snapshot_open(db, &s, error));
    out->counts = s->progress.counts;
    out->n_rows = s->progress.n_rows;
    out->n_chunks = stat.table_entries[STORE_CHUNK];
    out->n_journal = stat.table_entries[STORE_JOURNAL];
    for (uint32_t i = 0; i < heads_facilities(s->heads); i++) {
        struct columns c;
        columns_init(&c, &s->mem);
        rc = heads_collect(s->heads, s->view, i, GK_TIME_MIN, GK_TIME_MAX, GK_ALL, false, &c);
        out->n_unsealed += c.n_rows;
        columns_clear(&c);
        TRY(rc);
    }
    out->n_quarantined = s->progress.counts.quarantined;
    out->file_bytes = stat.file_bytes;
    out->used_bytes = stat.used_bytes;
    memcpy(out->table_bytes, stat.table_bytes, sizeof stat.table_bytes);
    out->ballast_bytes = stat.ballast_bytes;
    out->free_bytes = stat.free_bytes;
    out->held_bytes = stat.held_bytes;
    out->n_readers = stat.n_readers;
    out->oldest_reader_lag = stat.oldest_reader_lag;
    out->oldest_reader_pid = stat.oldest_reader_pid;
    TRY(find_journal_since(s, &out->journal_since, error));
done:
    gk_snapshot_close(s);
    if (rc == GK_ENOMEM)
        (void)error_set(error, rc, "out of memory for the figures of a store"); /* rc says it too */
    return rc;
}
