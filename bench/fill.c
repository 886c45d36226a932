/*
 * fill.c - see fill.h.
 */
#include "fill.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness.h"

#define CSV_PIECE    (1024 * 1024)
#define CSV_LINE_MAX 128
#define LOOK_EVERY   64 /* batches between two looks at the memory */

void fill_check(int status, const struct gk_error *error, const char *what)
{
    if (status < 0)
        harness_fail("%s: %s: %s", what, gk_status_text(status), error != NULL ? error->text : "");
}

size_t fill_enterprise(uint32_t i, char out[FILL_NAME_MAX])
{
    return (size_t)snprintf(out, FILL_NAME_MAX, "E%03u", (unsigned)i);
}

size_t fill_facility(uint32_t i, char out[FILL_NAME_MAX])
{
    return (size_t)snprintf(out, FILL_NAME_MAX, "F%05u", (unsigned)i);
}

size_t fill_park(uint32_t i, char out[FILL_NAME_MAX])
{
    return (size_t)snprintf(out, FILL_NAME_MAX, "P%u", (unsigned)i);
}

static gk_time newest = GK_TIME_MIN; /* of all rows that were filled into the store that was opened last */

gk_time fill_newest(void)
{
    return newest;
}

static gk_time newest_clock(void *context)
{
    (void)context;
    return newest;
}

gk_db *fill_open(const char *path, int flags)
{
    struct gk_options options = {.size = sizeof options, .zone_is_set = true};
    struct gk_error error = {0};
    gk_db *db = NULL;
    int how = GK_READWRITE | GK_CREATE | ((flags & FILL_KEEP_HEADS) != 0 ? GK_KEEP_HEADS : 0);

    if ((flags & FILL_COMMIT_BY_HAND) != 0)
        options.commit_ns = -1;
    if ((flags & FILL_LIVE) != 0)
        options.clock = newest_clock;
    newest = GK_TIME_MIN;
    fill_check(gk_open(path, how, &options, &db, &error), &error, path);
    return db;
}

gk_db *fill_open_readonly(const char *path)
{
    struct gk_error error = {0};
    gk_db *db = NULL;

    fill_check(gk_open(path, GK_READONLY, NULL, &db, &error), &error, path);
    return db;
}

void fill_close(gk_db *db)
{
    fill_check(gk_close(db), NULL, "gk_close");
}

static void put_facility(gk_db *db, const struct zone_facility *facility, uint32_t id)
{
    char name[FILL_NAME_MAX], enterprise[FILL_NAME_MAX], park[FILL_NAME_MAX];
    struct gk_facility_put put = {.size = sizeof put, .role_is_set = true, .rated_a = NAN};
    struct gk_error error = {0};
    uint32_t given;

    put.name = (struct gk_text){name, fill_facility(id, name)};
    put.enterprise = (struct gk_text){enterprise, fill_enterprise(facility->enterprise, enterprise)};
    put.park = (struct gk_text){park, fill_park(facility->park, park)};
    put.role = facility->is_abatement ? GK_ABATEMENT : GK_PRODUCTION;
    put.rated_kw = facility->rated_w / 1000.0;
    fill_check(gk_facility_put(db, &put, &given, &error), &error, "gk_facility_put");
    if (given != id)
        harness_fail("facility %u was given the id %u", (unsigned)id, (unsigned)given);
}

void fill_catalog(gk_db *db, const struct zone *zone, uint32_t channels[ZONE_CHANNELS])
{
    struct gk_band_put band = {.size = sizeof band,
                               .scope = GK_ZONE,
                               .off_below = {GK_LIMIT_SHARE, {10, 2}},
                               .on_from = {GK_LIMIT_SHARE, {20, 2}},
                               .hold_ns = 60 * GK_SECOND,
                               .dwell_on_ns = -1,
                               .dwell_off_ns = -1,
                               .from = GK_TIME_MIN};
    struct gk_error error = {0};

    for (uint32_t i = 0; i < zone->n_facilities; i++)
        put_facility(db, &zone->facilities[i], i);
    fill_check(gk_band_put(db, &band, &error), &error, "gk_band_put");
    for (int i = 0; i < ZONE_CHANNELS; i++)
        fill_check(gk_channel_register(db, ZONE_CHANNEL_NAME[i], 2, &channels[i], &error), &error,
                   "gk_channel_register");
    fill_check(gk_commit(db, &error), &error, "gk_commit");
}

void fill_batch(gk_db *db, const struct zone_rows *rows, const uint32_t channels[ZONE_CHANNELS])
{
    const double *value[ZONE_CHANNELS];
    struct gk_batch batch = {.n_rows = rows->n,
                             .time = rows->time,
                             .facility = rows->facility,
                             .n_channels = ZONE_CHANNELS,
                             .channel = channels,
                             .value = value};
    struct gk_counts counts = {0};
    struct gk_error error = {0};

    if (db == NULL)
        return;
    for (int i = 0; i < ZONE_CHANNELS; i++)
        value[i] = rows->value[i];
    for (size_t i = 0; i < rows->n; i++)
        newest = rows->time[i] > newest ? rows->time[i] : newest;
    fill_check(gk_ingest(db, &batch, &counts, &error), &error, "gk_ingest");
    if (counts.accepted + counts.late != rows->n)
        harness_fail("of %zu rows only %llu were accepted", rows->n,
                     (unsigned long long)(counts.accepted + counts.late));
}

static void seal(gk_db *db, struct fill_figures *figures)
{
    struct gk_error error = {0};
    double from = harness_now();

    if (db == NULL)
        return;
    fill_check(gk_seal(db, &error), &error, "gk_seal");
    figures->seal_s = harness_now() - from;
    figures->call_s += figures->seal_s;
}

void fill_rows(gk_db *db, const struct zone *zone, const uint32_t channels[ZONE_CHANNELS], enum zone_order order,
               struct fill_figures *figures)
{
    struct zone_cursor cursor;
    struct zone_rows rows;
    double begun = harness_now();
    uint64_t n_batches = 0;

    *figures = (struct fill_figures){.n_rows = 0};
    zone_rows_init(&rows, FILL_BATCH);
    zone_cursor_init(&cursor, zone, order);
    while (zone_next(&cursor, &rows)) {
        double from = harness_now();
        fill_batch(db, &rows, channels);
        figures->call_s += harness_now() - from;
        figures->n_rows += rows.n;
        if (n_batches++ % LOOK_EVERY == 0)
            figures->anon_peak = fmax(figures->anon_peak, harness_memory("RssAnon"));
    }
    seal(db, figures);
    figures->wall_s = harness_now() - begun;
    zone_cursor_clear(&cursor);
    zone_rows_clear(&rows);
}

/* Writes value with its decimals, as a meter's file has it: 12.05, 0.380. Returns the end. */
static char *put_decimal(char *out, int64_t scaled, int decimals)
{
    char digits[24];
    int n = 0;

    do {
        digits[n++] = (char)('0' + scaled % 10);
        scaled /= 10;
    } while (scaled > 0 || n <= decimals);
    while (n > 0) {
        if (n == decimals)
            *out++ = '.';
        *out++ = digits[--n];
    }
    return out;
}

static size_t put_csv_row(const struct zone_rows *rows, size_t i, char *out)
{
    char *at = put_decimal(out, rows->time[i] / GK_SECOND, 0);

    *at++ = ',';
    at += fill_facility(rows->facility[i], at);
    for (int c = 0; c < ZONE_CHANNELS; c++) {
        *at++ = ',';
        at = put_decimal(at, llround(rows->value[c][i] * ZONE_UNIT[ZONE_IA + c]), ZONE_IA + c == ZONE_KW ? 3 : 2);
    }
    *at++ = '\n';
    return (size_t)(at - out);
}

static void feed(gk_load *load, const char *text, size_t size, struct fill_figures *figures)
{
    struct gk_error error = {0};
    double from = harness_now();

    if (load == NULL)
        return;
    fill_check(gk_load_feed(load, text, size, &error), &error, "gk_load_feed");
    figures->call_s += harness_now() - from;
}

static void feed_rows(gk_load *load, const struct zone *zone, struct fill_figures *figures)
{
    char *text = harness_take(CSV_PIECE + CSV_LINE_MAX, 1);
    size_t size = (size_t)snprintf(text, CSV_LINE_MAX, "time_s,facility,ia,ib,ic,kw\n");
    struct zone_cursor cursor;
    struct zone_rows rows;

    zone_rows_init(&rows, FILL_BATCH);
    zone_cursor_init(&cursor, zone, ZONE_ARRIVAL);
    while (zone_next(&cursor, &rows)) {
        for (size_t i = 0; i < rows.n; i++) {
            size += put_csv_row(&rows, i, text + size);
            if (size < CSV_PIECE)
                continue;
            feed(load, text, size, figures);
            size = 0;
        }
        figures->n_rows += rows.n;
        figures->anon_peak = fmax(figures->anon_peak, harness_memory("RssAnon"));
    }
    feed(load, text, size, figures);
    zone_cursor_clear(&cursor);
    zone_rows_clear(&rows);
    free(text);
}

void fill_csv(gk_db *db, const struct zone *zone, struct fill_figures *figures)
{
    struct gk_load_options options = {.size = sizeof options, .is_strict = true};
    struct gk_load_result result = {.table = GK_TABLE_NONE};
    struct gk_error error = {0};
    gk_load *load = NULL;
    double begun = harness_now(), from;

    *figures = (struct fill_figures){.n_rows = 0};
    if (db != NULL)
        fill_check(gk_load_open(db, &options, &load, &error), &error, "gk_load_open");
    feed_rows(load, zone, figures);
    if (db == NULL)
        return;
    from = harness_now();
    fill_check(gk_load_finish(load, &result, &error), &error, "gk_load_finish");
    gk_load_close(load);
    figures->call_s += harness_now() - from;
    if (result.rows.accepted != figures->n_rows)
        harness_fail("of %llu lines %llu were accepted", (unsigned long long)figures->n_rows,
                     (unsigned long long)result.rows.accepted);
    seal(db, figures);
    figures->wall_s = harness_now() - begun;
}
