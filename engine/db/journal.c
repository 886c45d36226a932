/*
 * journal.c - batches that are durable but not yet in chunks: key sequence u64, value docs/format/journal.md. Replaying
 * them is recovery, a reader's opening, and a reader's catching up, all the same.
 *
 *     a batch                                            its first byte is its version, below 128
 *     128 | progress, PROGRESS_SIZE bytes | a batch      of a commit of few rows
 *
 * A commit of few rows writes little but the pages that lead to its record. The progress goes into it, so that the page
 * of the meta table stays as it is.
 */
#include "codec/batch.h"
#include "db/db.h"

#define WITH_PROGRESS 128

/* Progress is looked for in values of at most so many bytes: larger ones need not be read to tell that they have none.
 * LMDB keeps them on the page of their keys. */
#define WITH_PROGRESS_MAX 1900

int journal_open(struct view value, struct journal_record *out)
{
    const size_t head = 1 + PROGRESS_SIZE;

    out->has_progress = value.size > 0 && value.bytes[0] == WITH_PROGRESS;
    out->batch = value;
    if (!out->has_progress)
        return GK_OK;
    if (value.size < head)
        return GK_ECORRUPT;
    out->batch = view_of(value.bytes + head, value.size - head);
    return progress_decode(view_of(value.bytes + 1, PROGRESS_SIZE), &out->progress);
}

int journal_put(struct txn *txn, struct view batch, struct progress *progress, bool *has_progress,
                struct gk_error *error)
{
    uint8_t bytes[WITH_PROGRESS_MAX], key[8];
    struct view value = batch;

    key_u64(key, progress->journal_next++);
    *has_progress = batch.size <= sizeof bytes - 1 - PROGRESS_SIZE;
    if (*has_progress) {
        bytes[0] = WITH_PROGRESS;
        progress_encode(progress, bytes + 1);
        memcpy(bytes + 1 + PROGRESS_SIZE, batch.bytes, batch.size);
        value = view_of(bytes, 1 + PROGRESS_SIZE + batch.size);
    }
    return txn_append(txn, STORE_JOURNAL, view_of(key, sizeof key), value, error);
}

/* Which is later tells journal_next: whoever writes the meta table's behind a record writes the same number. */
int journal_progress(struct txn *txn, struct progress *progress, struct gk_error *error)
{
    struct cursor *cursor = NULL;
    struct journal_record record;
    struct view value;
    int rc;

    TRY(cursor_open(txn, STORE_JOURNAL, &cursor, error));
    rc = cursor_last(cursor, error);
    if (rc == GK_OK && cursor_value_size(cursor) <= WITH_PROGRESS_MAX) {
        TRY(cursor_value(cursor, &value, error));
        rc = journal_open(value, &record);
        if (rc != GK_OK)
            TRY(error_set(error, rc, "the newest journal record: %s", gk_status_text(rc)));
        if (record.has_progress && record.progress.journal_next > progress->journal_next)
            *progress = record.progress;
    }
    rc = rc == GK_DONE ? GK_OK : rc;
done:
    cursor_close(cursor);
    return rc;
}

int journal_mend(struct txn *txn, struct progress *progress, struct gk_error *error)
{
    struct cursor *cursor = NULL;
    int rc;

    TRY(cursor_open(txn, STORE_JOURNAL, &cursor, error));
    rc = cursor_last(cursor, error);
    if (rc == GK_OK && cursor_key(cursor).size == 8) {
        uint64_t last = unkey_u64(cursor_key(cursor).bytes);
        progress->journal_next = last < progress->journal_next ? progress->journal_next : last + 1;
    }
    rc = rc == GK_DONE ? GK_OK : rc;
done:
    cursor_close(cursor);
    return rc;
}

int journal_replay(const struct mem *mem, struct heads *heads, struct view record, uint32_t first_facility,
                   struct edge *edges, size_t n_edges, struct gk_error *error)
{
    struct journal_record opened;
    struct batch batch = {0};

    int rc = journal_open(record, &opened);
    if (rc == GK_OK)
        rc = batch_decode(mem, opened.batch.bytes, opened.batch.size, &batch);
    if (rc != GK_OK)
        TRY(error_set(error, rc, "a journal record: %s", gk_status_text(rc)));
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
