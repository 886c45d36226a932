/*
 * scan.c - the samples of one facility, in batches of columns.
 */
#include "db/sight.h"

struct gk_scan {
    struct mem mem;
    struct origin origin;
    struct rows rows;
    uint32_t *channels; /* as asked for */
    size_t n_channels;
    const double **values;
};

int scan_open(gk_snapshot *s, uint32_t facility, const uint32_t *channels, size_t n, gk_time from, gk_time to,
              gk_scan **out, struct gk_error *error)
{
    gk_scan *scan = NULL;
    int rc;

    *out = NULL;
    TRY(snapshot_check_facility(s, facility, error));
    memo_trim(&s->memo); /* here, as nothing of it is in use */
    scan = mem_zeroed(&s->mem, sizeof *scan);
    if (!scan)
        TRY(GK_ENOMEM);
    scan->mem = s->mem;
    scan->origin = snapshot_origin(s);
    scan->origin.mem = &scan->mem;
    scan->channels = mem_array(&s->mem, n, sizeof *channels);
    scan->values = mem_array(&s->mem, n, sizeof *scan->values);
    if (!scan->channels || !scan->values)
        TRY(GK_ENOMEM);
    if (n)
        memcpy(scan->channels, channels, n * sizeof *channels);
    scan->n_channels = n;
    TRY(rows_open(&scan->rows, &scan->origin, facility, scan->channels, n, from, to, error));
    *out = scan;
    scan = NULL;
done:
    gk_scan_close(scan);
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
    if (scan->rows.origin)
        rows_close(&scan->rows);
    mem_free(&scan->mem, scan->channels);
    mem_free(&scan->mem, scan->values);
    struct mem mem = scan->mem;
    mem_free(&mem, scan);
}
