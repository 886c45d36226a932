/*
 * recount.c - see recount.h.
 */
#include "db/recount.h"

#include "db/hour_block.h"

static int count_chunk(const struct chunk_view *chunk, gk_time *times, struct profile *p)
{
    int rc;

    TRY(chunk_times(chunk, 0, chunk->n_minis, times));
    if (p->n_rows > 0)
        profile_count_gap(p, p->last, chunk->first, 1);
    profile_count_gaps(p, times, chunk->n_rows, 1);
    p->n_rows += chunk->n_rows;
    p->first = chunk->first < p->first ? chunk->first : p->first;
    p->last = chunk->last;
    for (uint32_t i = 0; i < chunk->n_columns; i++)
        TRY(profile_add_channel(p, chunk_channel(chunk, i)));
done:
    return rc;
}

int profile_recount(const struct mem *mem, struct txn *txn, uint32_t facility, struct profile *p,
                    struct gk_error *error)
{
    struct cursor *cursor = NULL;
    uint8_t key[CHUNK_KEY];
    int rc;

    gk_time *times = mem_array(mem, CHUNK_ROWS_MAX + CHUNK_MINI, sizeof *times);
    p->n_rows = 0;
    p->n_channels = 0;
    p->first = GK_TIME_MAX;
    p->last = GK_TIME_MIN;
    memcpy(p->gaps, p->cut.gaps, sizeof p->gaps);
    if (!times)
        TRY(GK_ENOMEM);
    chunk_key(key, facility, GK_TIME_MIN, 0);
    TRY(cursor_open(txn, STORE_CHUNK, &cursor, error));
    for (rc = cursor_seek(cursor, view_of(key, sizeof key), error);
         rc == GK_OK && chunk_key_is_of(cursor_key(cursor), facility); rc = cursor_next(cursor, error)) {
        struct chunk_view chunk;
        rc = chunk_at(cursor, &chunk, error);
        if (rc == GK_OK)
            rc = count_chunk(&chunk, times, p);
        if (rc != GK_ECORRUPT)
            TRY(rc);
    }
    rc = rc == GK_DONE ? GK_OK : rc;
done:
    cursor_close(cursor);
    mem_free(mem, times);
    if (rc == GK_ENOMEM)
        (void)error_set(error, rc, "out of memory for a profile"); /* rc says it too */
    return rc;
}

int profile_anew(const struct mem *mem, struct txn *txn, uint32_t facility, gk_time dropped_before, struct profile *p,
                 struct gk_error *error)
{
    int rc;

    profile_clear(p);
    profile_init(p, mem);
    TRY(profile_recount(mem, txn, facility, p, error));
    p->stale_from = GK_TIME_MIN;
    if (dropped_before != GK_TIME_MIN && p->n_rows > 0) { /* no later than its newest hour: that always stays */
        gk_time newest = hour_begin(hour_of(p->last));
        p->cut.time = dropped_before < newest ? dropped_before : newest;
    }
done:
    return rc;
}

int profile_load_or_anew(const struct mem *mem, struct txn *txn, uint32_t facility, gk_time dropped_before,
                         struct profile *p, bool *is_anew, struct gk_error *error)
{
    struct gk_error found = {0};
    int rc = profile_load(txn, facility, p, &found);

    *is_anew = rc == GK_ECORRUPT;
    if (*is_anew)
        return profile_anew(mem, txn, facility, dropped_before, p, error);
    if (rc != GK_OK && error)
        *error = found;
    return rc;
}
