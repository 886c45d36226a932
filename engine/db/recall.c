/*
 * recall.c - a direct-mapped cache of decoded mini blocks, by facility.
 */
#include "db/recall.h"

#define SLOTS        2048 /* x RECALL_MINIS x 128 rows x 5 columns: 21 MB when all are in use */
#define RECALL_MINIS 2

struct slot {
    bool is_used;
    uint32_t facility;
    gk_time from, to; /* what the rows cover */
    struct columns rows;
};

struct recall {
    struct mem mem;
    struct slot slots[SLOTS];
};

int recall_new(const struct mem *mem, struct recall **out)
{
    struct recall *recall = mem_zeroed(mem, sizeof *recall);
    *out = recall;
    if (!recall)
        return GK_ENOMEM;
    recall->mem = *mem;
    for (size_t i = 0; i < SLOTS; i++)
        columns_init(&recall->slots[i].rows, &recall->mem);
    return GK_OK;
}

void recall_free(struct recall *recall)
{
    if (!recall)
        return;
    for (size_t i = 0; i < SLOTS; i++)
        columns_clear(&recall->slots[i].rows);
    struct mem mem = recall->mem;
    mem_free(&mem, recall);
}

void recall_forget(struct recall *recall)
{
    for (size_t i = 0; i < SLOTS; i++)
        recall->slots[i].is_used = false;
}

/* The mini block that has t, and the next ones: rows are asked for in order more often than not. */
static int decode(struct slot *slot, const struct chunk_view *chunk, gk_time t)
{
    uint32_t low = 0, high = chunk->n_minis;
    gk_time mini;
    int rc;

    while (high - low > 1) {
        uint32_t mid = (low + high) / 2;
        TRY(chunk_mini_time(chunk, mid, &mini));
        if (mini <= t)
            low = mid;
        else
            high = mid;
    }
    high = low + RECALL_MINIS < chunk->n_minis ? low + RECALL_MINIS : chunk->n_minis;
    columns_reset(&slot->rows);
    TRY(columns_append_chunk(&slot->rows, chunk, NULL, low, high, true));
    TRY(chunk_mini_time(chunk, low, &slot->from));
    slot->to = chunk->last + 1;
    if (high < chunk->n_minis)
        TRY(chunk_mini_time(chunk, high, &slot->to));
done:
    return rc;
}

/* Fills the slot from the chunk that answers for t; it stays empty when t lies between two chunks. */
static int fill(struct slot *slot, struct txn *txn, uint32_t facility, gk_time t, struct gk_error *error)
{
    struct cursor *cursor = NULL;
    struct chunk_view chunk;
    uint8_t key[CHUNK_KEY];
    int rc;

    slot->is_used = false;
    slot->rows.n_rows = 0;
    TRY(cursor_open(txn, STORE_CHUNK, &cursor, error));
    chunk_key(key, facility, t, UINT16_MAX);
    rc = cursor_seek_before(cursor, view_of(key, sizeof key), error);
    if (rc == GK_DONE || (rc == GK_OK && !chunk_key_is_of(cursor_key(cursor), facility))) {
        rc = GK_OK;
        goto done;
    }
    TRY(rc);
    rc = chunk_at(cursor, &chunk, error);
    if (rc == GK_ECORRUPT || (rc == GK_OK && t > chunk.last)) { /* nothing is known of a damaged one */
        rc = GK_OK;
        goto done;
    }
    TRY(rc);
    rc = decode(slot, &chunk, t);
    if (rc != GK_OK) {
        (void)error_set(error, rc, "a chunk: %s", gk_status_text(rc)); /* rc says it too */
        goto done;
    }
    slot->facility = facility;
    slot->is_used = true;
done:
    cursor_close(cursor);
    return rc;
}

int recall_row(struct recall *recall, struct txn *txn, uint32_t facility, gk_time t, const struct columns **out,
               size_t *at, struct gk_error *error)
{
    struct slot *slot = &recall->slots[facility % SLOTS];
    int rc = GK_OK;

    *out = NULL;
    if (!slot->is_used || slot->facility != facility || t < slot->from || t >= slot->to)
        TRY(fill(slot, txn, facility, t, error));
    *at = columns_lower(&slot->rows, t);
    if (slot->is_used && *at < slot->rows.n_rows && slot->rows.time[*at] == t)
        *out = &slot->rows;
done:
    return rc;
}
