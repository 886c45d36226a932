/*
 * stat.c - figures of a store.
 */
#include "db/snapshot.h"

_Static_assert(STORE_TABLES <= 16, "gk_stat has room for 16 tables");

const char *gk_table_name(unsigned table)
{
    return store_table_name(table);
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
    out->n_readers = stat.n_readers;
    out->oldest_reader_lag = stat.oldest_reader_lag;
done:
    gk_snapshot_close(s);
    if (rc == GK_ENOMEM)
        (void)error_set(error, rc, "out of memory for the figures of a store"); /* rc says it too */
    return rc;
}
