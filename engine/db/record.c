/*
 * record.c - from the tails of the heads to journal records.
 */
#include "db/record.h"

#include "codec/batch.h"

#define RECORD_CELLS (1u << 20) /* rows x channels of one record: bounds the memory that gathering takes */
#define OPEN_RECORDS 8          /* lists of channels that are gathered side by side */

/* Rows with one list of channels. */
struct record {
    size_t n_channels;
    const uint32_t *channel; /* of the heads' schema; NULL: free */
    size_t n, capacity;
    gk_time *time;
    uint32_t *facility;
    double *cells; /* n_channels columns of capacity rows */
};

struct gathering {
    struct mem mem;
    struct txn *txn;
    struct progress *progress;
    bool has_progress; /* the newest record has it */
    struct record records[OPEN_RECORDS];
    struct buffer bytes;
    const double **values;
    size_t values_capacity;
};

static void clear_record(const struct mem *mem, struct record *r)
{
    mem_free(mem, r->time);
    mem_free(mem, r->facility);
    mem_free(mem, r->cells);
    memset(r, 0, sizeof *r);
}

static int put_rows(struct gathering *g, const struct batch_rows *rows, struct gk_error *error)
{
    int rc;

    buffer_reset(&g->bytes);
    TRY(batch_encode(&g->mem, rows, &g->bytes));
    TRY(journal_put(g->txn, view_of(g->bytes.bytes, g->bytes.size), g->progress, &g->has_progress, error));
done:
    return rc;
}

static int put_record(struct gathering *g, struct record *r, struct gk_error *error)
{
    int rc;

    if (r->n == 0)
        return GK_OK;
    TRY(mem_reserve(&g->mem, &g->values, &g->values_capacity, r->n_channels + 1, sizeof *g->values));
    for (size_t c = 0; c < r->n_channels; c++)
        g->values[c] = r->cells + c * r->capacity;
    struct batch_rows rows = {r->n, r->time, r->facility, r->n_channels, r->channel, g->values};
    TRY(put_rows(g, &rows, error));
    r->n = 0;
done:
    return rc;
}

/* Columns are apart by the capacity, so they move when it grows. */
static int widen(const struct mem *mem, struct record *r, size_t need)
{
    size_t capacity = r->capacity ? r->capacity : 512;
    while (capacity < need)
        capacity *= 2;
    gk_time *time = mem_resize(mem, r->time, capacity, sizeof *time);
    if (!time)
        return GK_ENOMEM;
    r->time = time;
    uint32_t *facility = mem_resize(mem, r->facility, capacity, sizeof *facility);
    if (!facility)
        return GK_ENOMEM;
    r->facility = facility;
    double *cells = mem_resize(mem, r->cells, capacity * (r->n_channels + 1), sizeof *cells);
    if (!cells)
        return GK_ENOMEM;
    for (size_t c = r->n_channels; c-- > 1;)
        memmove(cells + c * capacity, cells + c * r->capacity, r->n * sizeof *cells);
    r->cells = cells;
    r->capacity = capacity;
    return GK_OK;
}

/* The record of a list of channels; the first one is written and freed for it when all are taken. */
static int find_record(struct gathering *g, const struct heads_tail *tail, struct record **out, struct gk_error *error)
{
    size_t i = 0;
    int rc = GK_OK;

    while (i < OPEN_RECORDS && g->records[i].channel && g->records[i].channel != tail->channel)
        i++;
    if (i == OPEN_RECORDS) {
        i = 0;
        TRY(put_record(g, &g->records[0], error));
        clear_record(&g->mem, &g->records[0]);
    }
    g->records[i].channel = tail->channel;
    g->records[i].n_channels = tail->n_channels;
    *out = &g->records[i];
done:
    return rc;
}

static int add_tail(struct gathering *g, uint32_t facility, const struct heads_tail *tail, struct gk_error *error)
{
    struct record *r;
    int rc;

    TRY(find_record(g, tail, &r, error));
    if (r->n + tail->n > r->capacity)
        TRY(widen(&g->mem, r, r->n + tail->n));
    for (uint32_t i = 0; i < tail->n; i++) {
        const struct head_row *row = heads_tail_row(tail, i);
        r->time[r->n + i] = row->time;
        r->facility[r->n + i] = facility;
        for (size_t c = 0; c < tail->n_channels; c++)
            r->cells[c * r->capacity + r->n + i] = row->value[c];
    }
    r->n += tail->n;
    if (r->n * (r->n_channels + 1) >= RECORD_CELLS)
        TRY(put_record(g, r, error));
done:
    return rc;
}

/* The general way: all new rows of a facility in order of arrival, in a record of their own. */
static int add_rows(struct gathering *g, const struct heads *heads, uint32_t facility, uint32_t from,
                    struct gk_error *error)
{
    struct columns c;
    uint32_t *ids = NULL;
    int rc;

    columns_init(&c, &g->mem);
    TRY(heads_take(heads, facility, from, &c));
    if (c.n_rows == 0)
        goto done;
    ids = mem_array(&g->mem, c.n_rows, sizeof *ids);
    if (!ids)
        TRY(GK_ENOMEM);
    for (size_t i = 0; i < c.n_rows; i++)
        ids[i] = facility;
    TRY(mem_reserve(&g->mem, &g->values, &g->values_capacity, c.n_columns + 1, sizeof *g->values));
    for (size_t at = 0, n; at < c.n_rows; at += n) {
        n = c.n_rows - at < BATCH_ROWS_MAX ? c.n_rows - at : BATCH_ROWS_MAX;
        struct chunk_rows view = columns_view(&c, at, at + n, g->values);
        struct batch_rows rows = {n, view.time, ids + at, c.n_columns, c.channel, view.value};
        TRY(put_rows(g, &rows, error));
    }
done:
    mem_free(&g->mem, ids);
    columns_clear(&c);
    return rc;
}

int record_put_all(const struct mem *mem, struct txn *txn, const struct heads *heads, uint32_t from,
                   const uint32_t *facilities, size_t n, struct progress *progress, bool *has_progress,
                   struct gk_error *error)
{
    struct gathering g = {.mem = *mem, .txn = txn, .progress = progress};
    int rc = GK_OK;

    buffer_init(&g.bytes, mem);
    for (size_t i = 0; i < n; i++) {
        struct heads_tail tail;
        if (heads_tail(heads, facilities[i], from, &tail))
            TRY(add_tail(&g, facilities[i], &tail, error));
        else
            TRY(add_rows(&g, heads, facilities[i], from, error));
    }
    for (size_t i = 0; i < OPEN_RECORDS; i++)
        TRY(put_record(&g, &g.records[i], error));
    *has_progress = g.has_progress;
done:
    for (size_t i = 0; i < OPEN_RECORDS; i++)
        clear_record(mem, &g.records[i]);
    buffer_clear(&g.bytes);
    mem_free(mem, g.values);
    if (rc == GK_ENOMEM)
        (void)error_set(error, rc, "out of memory for a journal record"); /* rc says it too */
    return rc;
}
