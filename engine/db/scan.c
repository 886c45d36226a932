/*
 * scan.c - the samples of one facility, in batches of columns.
 *
 * A snapshot keeps a scan that was closed for the next one: getting a day's columns from the system and giving them
 * back, page by page, took longer than filling them.
 */
#include "db/sight.h"

/* What a scan may hold that is kept: a full chunk of 15 channels. */
#define SPARE_BYTES_MAX ((size_t)1 << 20)

struct gk_scan {
    gk_snapshot *snapshot;
    struct mem mem;
    struct origin origin;
    struct rows rows;
    uint32_t *channels; /* as asked for */
    size_t n_channels, channels_capacity, values_capacity;
    const double **values;
};

/* The spare one, or a new one. */
static gk_scan *take_scan(gk_snapshot *s)
{
    gk_scan *scan = s->spare_scan;

    s->spare_scan = NULL;
    if (!scan)
        scan = mem_zeroed(&s->mem, sizeof *scan);
    if (scan) {
        scan->snapshot = s;
        scan->mem = s->mem;
        scan->origin = snapshot_origin(s);
        scan->origin.mem = &scan->mem;
    }
    return scan;
}

void scan_free(gk_scan *scan)
{
    if (!scan)
        return;
    if (scan->rows.origin)
        rows_close(&scan->rows);
    mem_free(&scan->mem, scan->channels);
    mem_free(&scan->mem, scan->values);
    struct mem mem = scan->mem;
    mem_free(&mem, scan);
}

int scan_open(gk_snapshot *s, uint32_t facility, const uint32_t *channels, size_t n, gk_time from, gk_time to,
              gk_scan **out, struct gk_error *error)
{
    gk_scan *scan = NULL;
    int rc;

    *out = NULL;
    TRY(snapshot_check_facility(s, facility, error));
    memo_trim(&s->memo); /* here, as nothing of it is in use */
    scan = take_scan(s);
    if (!scan)
        TRY(GK_ENOMEM);
    TRY(mem_reserve(&s->mem, &scan->channels, &scan->channels_capacity, n, sizeof *scan->channels));
    TRY(mem_reserve(&s->mem, &scan->values, &scan->values_capacity, n, sizeof *scan->values));
    if (n)
        memcpy(scan->channels, channels, n * sizeof *channels);
    scan->n_channels = n;
    if (scan->rows.origin)
        TRY(rows_reopen(&scan->rows, facility, scan->channels, n, from, to, error));
    else
        TRY(rows_open(&scan->rows, &scan->origin, facility, scan->channels, n, from, to, error));
    *out = scan;
    scan = NULL;
done:
    scan_free(scan);
    if (rc == GK_ENOMEM)
        (void)error_set(error, rc, "out of memory for a scan"); /* rc says it too */
    return rc;
}

int gk_scan_open(gk_snapshot *s, uint32_t facility, const uint32_t *channels, size_t n, gk_time from, gk_time to,
                 gk_scan **out, struct gk_error *error)
{
    int rc = sight_enter(s, &facility, &channels, n, error);

    *out = NULL;
    return rc == GK_OK ? scan_open(s, facility, channels, n, from, to, out, error) : rc;
}

int gk_scan_next(gk_scan *scan, struct gk_columns *out, struct gk_error *error)
{
    const struct columns *batch;
    int rc = rows_next(&scan->rows, &batch, error);

    if (rc == GK_ENOMEM)
        return error_set(error, rc, "out of memory for a scan");
    if (rc != GK_OK)
        return rc;
    for (size_t i = 0; i < scan->n_channels; i++)
        scan->values[i] = batch->value[columns_find(batch, scan->channels[i])]; /* asked for: it is there */
    out->n_rows = batch->n_rows;
    out->time = batch->time;
    out->value = scan->values;
    return GK_OK;
}

struct rows *scan_rows(gk_scan *scan)
{
    return &scan->rows;
}

void gk_scan_close(gk_scan *scan)
{
    if (!scan)
        return;
    if (scan->snapshot->spare_scan || rows_bytes(&scan->rows) > SPARE_BYTES_MAX)
        scan_free(scan);
    else
        scan->snapshot->spare_scan = scan;
}
