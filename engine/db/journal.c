/*
 * journal.c - batches that are durable but not yet in chunks: key sequence u64, value docs/format/batch.md. Replaying
 * them is recovery, a reader's opening, and a reader's catching up, all the same.
 */
#include "codec/batch.h"
#include "db/db.h"

int journal_replay(const struct mem *mem, struct heads *heads, struct view record, uint32_t first_facility,
                   struct edge *edges, size_t n_edges, struct gk_error *error)
{
    struct batch batch = {0};
    int rc;

    rc = batch_decode(mem, record.bytes, record.size, &batch);
    if (rc != GK_OK)
        return error_set(error, rc, "a journal record: %s", gk_status_text(rc));
    const struct batch_rows *rows = &batch.rows;
    struct schema *schema = heads_schema(heads, rows->n_channels, rows->channel);
    if (!schema) {
        rc = GK_ENOMEM;
        goto done;
    }
    for (size_t i = 0; i < rows->n_rows; i++) {
        uint32_t facility = rows->facility[i];
        if (facility < first_facility)
            continue;
        if (facility >= n_edges) {
            rc = error_set(error, GK_ECORRUPT, "a journal record speaks of facility %u, which is not in the catalog",
                           facility);
            goto done;
        }
        bool is_late = rows->time[i] < edges[facility].newest;
        TRY(heads_add(heads, schema, facility, rows->time[i], rows->value, i, is_late));
        if (!is_late)
            edges[facility].newest = rows->time[i];
    }
done:
    batch_clear(&batch);
    if (rc == GK_ENOMEM)
        (void)error_set(error, rc, "out of memory for the journal's rows"); /* rc says it too */
    return rc;
}

int journal_replay_range(const struct mem *mem, struct txn *txn, const struct progress *progress, uint64_t from,
                         uint64_t to, struct heads *heads, struct edge *edges, size_t n_edges, struct gk_error *error)
{
    int rc = GK_OK;

    for (uint64_t sequence = from; sequence < to; sequence++) {
        uint8_t key[8];
        struct view record;
        key_u64(key, sequence);
        rc = txn_get(txn, STORE_JOURNAL, view_of(key, sizeof key), &record, error);
        if (rc == GK_ENOTFOUND)
            rc = error_set(error, GK_ECORRUPT, "journal record %llu is missing", (unsigned long long)sequence);
        if (rc != GK_OK)
            goto done;
        /* A sealing in progress moved the rows of the first facilities already (I1). */
        uint32_t first = sequence <= progress->target ? progress->facilities_done : 0;
        TRY(journal_replay(mem, heads, record, first, edges, n_edges, error));
    }
done:
    return rc;
}
