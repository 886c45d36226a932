/*
 * snapshot_extent.c - how much is stored about a facility within a time, without reading it: what a question about it
 * reads at most; and which chunks these are.
 */
#include "base/crc.h"
#include "db/sight.h"
#include "state/history.h"

/* Counts the values of a table from where the cursor stands; keys are the facility and 8 bytes of an ascending number.
 */
static int count(struct cursor *cursor, uint32_t facility, int64_t to, uint64_t *n, uint64_t *bytes, int rc,
                 struct gk_error *error)
{
    while (rc == GK_OK) {
        struct view key = cursor_key(cursor);
        if (key.size < 12 || unkey_u32(key.bytes) != facility || unkey_i64(key.bytes + 4) >= to)
            return GK_OK;
        ++*n;
        *bytes += cursor_value_size(cursor);
        rc = cursor_next(cursor, error);
    }
    return rc == GK_DONE ? GK_OK : rc;
}

/* From the last value that begins before `from`, which may reach into the time. */
static int count_from(gk_snapshot *s, enum store_table table, uint32_t facility, int64_t from, int64_t to, uint64_t *n,
                      uint64_t *bytes, struct gk_error *error)
{
    struct cursor *cursor = NULL;
    uint8_t key[12];
    int rc;

    TRY(cursor_open(s->txn, table, &cursor, error));
    key_u32(key, facility);
    key_i64(key + 4, from);
    rc = cursor_seek_before(cursor, view_of(key, sizeof key), error);
    if (rc < 0)
        goto done;
    if (rc == GK_DONE || unkey_u32(cursor_key(cursor).bytes) != facility)
        rc = cursor_seek(cursor, view_of(key, sizeof key), error);
    rc = count(cursor, facility, to, n, bytes, rc, error);
done:
    cursor_close(cursor);
    return rc;
}

int gk_facility_extent(gk_snapshot *s, uint32_t facility, gk_time from, gk_time to, struct gk_extent *out,
                       struct gk_error *error)
{
    int64_t tick_ns = s->db->tick_ns, first = history_era(tick_of(tick_ns, from));
    int64_t last = history_era(tick_of(tick_ns, to));
    int rc;

    memset(out, 0, sizeof *out);
    TRY(sight_enter(s, &facility, NULL, 0, error));
    TRY(snapshot_check_facility(s, facility, error));
    if (from >= to)
        return GK_OK;
    TRY(count_from(s, STORE_CHUNK, facility, from, to, &out->n_chunks, &out->chunk_bytes, error));
    TRY(count_from(s, STORE_STATE, facility, first, last + 1, &out->n_records, &out->record_bytes, error));
    out->has_unsealed = snapshot_has_unsealed(s, facility);
done:
    return rc;
}

/* ---- the chunks themselves ----------------------------------------------------------------------------------------
 */

static int add_chunk(gk_snapshot *s, struct cursor *cursor, gk_time from, size_t *n, struct gk_error *error)
{
    struct chunk_view chunk;
    struct view value;
    int rc;

    TRY(chunk_at(cursor, &chunk, error));
    if (chunk.last < from)
        return GK_OK;
    TRY(cursor_value(cursor, &value, error));
    TRY(mem_reserve(&s->mem, &s->chunks, &s->chunks_capacity, *n + 1, sizeof *s->chunks));
    s->chunks[(*n)++] =
        (struct gk_chunk){chunk.first, chunk.last, chunk.n_rows, value.size, crc32c(0, value.bytes, value.size)};
done:
    if (rc == GK_ENOMEM)
        (void)error_set(error, rc, "out of memory for a list of chunks"); /* rc says it too */
    return rc;
}

int gk_facility_chunks(gk_snapshot *s, uint32_t id, gk_time from, gk_time to, const struct gk_chunk **chunks, size_t *n,
                       struct gk_error *error)
{
    struct cursor *cursor = NULL;
    uint8_t key[CHUNK_KEY];
    int rc;

    *n = 0;
    TRY(sight_enter(s, &id, NULL, 0, error));
    TRY(snapshot_check_facility(s, id, error));
    TRY(cursor_open(s->txn, STORE_CHUNK, &cursor, error));
    chunk_key(key, id, from, 0);
    rc = cursor_seek_before(cursor, view_of(key, sizeof key), error);
    if (rc == GK_DONE || (rc == GK_OK && !chunk_key_is_of(cursor_key(cursor), id)))
        rc = cursor_seek(cursor, view_of(key, sizeof key), error);
    for (; rc == GK_OK; rc = cursor_next(cursor, error)) {
        if (!chunk_key_is_of(cursor_key(cursor), id) || chunk_key_first(cursor_key(cursor)) >= to)
            break;
        TRY(add_chunk(s, cursor, from, n, error));
    }
    rc = rc == GK_DONE ? GK_OK : rc;
    *chunks = s->chunks;
done:
    cursor_close(cursor);
    return rc;
}
