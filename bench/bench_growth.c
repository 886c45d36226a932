/*
 * bench_growth.c - what a week of live rows costs a disk: bytes written a row, and how large the file is against its
 * live data after each commit. Rows arrive one after the other and become durable each 100 ms of their own time; those
 * older than four days are dropped once an hour, as often in that time as once a night in 90 days. The clock is
 * simulated.
 *
 * A whole zone takes hours, so all that depends on the number of facilities is divided by the scale: facilities, memory
 * for heads, bytes of a sealing step. A facility then sees the same rows between two sealings, and a commit has as many
 * rows as in the whole zone, because commits are as many times rarer.
 */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "db/db.h"
#include "fill.h"
#include "harness.h"
#include "loop.h"

#define SEED          13
#define DAY_S         86400
#define HOUR_S        3600
#define DAYS          7
#define DAYS_QUICK    2
#define SCALE_10S     5
#define SCALE_60S     20
#define SCALE_QUICK   500
#define COMMIT_MS     100    /* group commit, as by default */
#define KEPT_DAYS     4      /* rows older than that are dropped */
#define FIRST_S       HOUR_S /* of a new store, before the file is held against its live data */
#define HEADS_PAGE    4096   /* facilities; so many bytes each, whether they have rows or not (db/heads.c) */
#define HEAD_BYTES    72
#define DISK_BYTES    (UINT64_C(8) << 30)
#define PATH_SIZE     1024
#define SHIFT         977 /* rows between the curves of two facilities that share one */
#define CURVES_EACH_S 10
#define ENTERPRISES   3
#define BEGIN_S       INT64_C(1717977600)

static const struct harness_line lines[] = {
    {"10s written", "4,000 facilities, a row each 10 s: bytes written to the disk a row, each day", "B/row", 0, 0, 0},
    {"10s amplification", "of the whole time: bytes written over live bytes at the end", "x", 0, 0, HARNESS_EXACT},
    {"10s row_bytes", "live bytes a row that is left at the end", "B/row", 0, 0, HARNESS_EXACT},
    {"10s file", "the file over its live bytes: the worst of all commits of a day; p95 is the worst day", "x", 1.2, 1.2,
     HARNESS_P95},
    {"60s written", "200,000 facilities, a row each 60 s: the same", "B/row", 0, 0, 0},
    {"60s amplification", "", "x", 0, 0, HARNESS_EXACT},
    {"60s row_bytes", "", "B/row", 0, 0, HARNESS_EXACT},
    {"60s file", "", "x", 1.2, 1.2, HARNESS_P95},
};

static uint32_t given_scale, given_days, given_commit_ms;

struct feed {
    struct harness *harness;
    const char *name; /* of its lines */
    uint32_t n_facilities, step_s, scale, n_days, commit_ms;
    struct loop loop;
    bool is_counted; /* there is a loop device */
    gk_db *db;
    uint32_t channels[ZONE_CHANNELS];
    const struct zone *curves;
    uint64_t n_rows, n_dropped, written, written_before;
    double worst; /* file over live bytes, of this day */
};

static gk_time simulated_now;

static gk_time clock_of(void *context)
{
    (void)context;
    return simulated_now;
}

/* ---- the store
 * -------------------------------------------------------------------------------------------------------- */

static uint64_t pages_bytes(uint32_t n_facilities)
{
    return (uint64_t)((n_facilities + HEADS_PAGE - 1) / HEADS_PAGE) * HEADS_PAGE * HEAD_BYTES;
}

/* The default for the whole zone, divided; but not what a directory of facilities takes, which comes in pages. */
static uint64_t heads_bytes_of(const struct feed *feed)
{
    uint64_t of_facilities = (uint64_t)feed->n_facilities * DB_HEAD_FACILITY;
    uint64_t whole = of_facilities > DB_HEAD_BUDGET ? of_facilities : DB_HEAD_BUDGET;

    return (whole - pages_bytes(feed->n_facilities)) / feed->scale + pages_bytes(feed->n_facilities / feed->scale);
}

static void open_store(struct feed *feed, const char *path)
{
    struct gk_options options = {.size = sizeof options,
                                 .zone_is_set = true,
                                 .head_budget = heads_bytes_of(feed),
                                 .seal_bytes = DB_TXN_BYTES / feed->scale,
                                 .commit_ns = -1,
                                 .clock = clock_of};
    struct zone catalog = {.n_facilities = feed->n_facilities / feed->scale, .file = -1};
    struct gk_error error = {0};

    fill_check(gk_open(path, GK_READWRITE | GK_CREATE, &options, &feed->db, &error), &error, path);
    catalog.facilities = harness_take(catalog.n_facilities, sizeof *catalog.facilities);
    for (uint32_t i = 0; i < catalog.n_facilities; i++) {
        catalog.facilities[i] = feed->curves->facilities[i % feed->curves->n_facilities];
        catalog.facilities[i].enterprise = i / ZONE_FACILITIES;
        memset(catalog.facilities[i].column, 0, sizeof catalog.facilities[i].column); /* they are the curves' */
    }
    fill_catalog(feed->db, &catalog, feed->channels);
    zone_clear(&catalog);
}

/* Rows of a commit: as many as the whole zone sends in the time of one. */
static size_t commit_rows_of(const struct feed *feed)
{
    return (size_t)((uint64_t)feed->n_facilities * feed->commit_ms / 1000 / feed->step_s);
}

/* ---- rows
 * ------------------------------------------------------------------------------------------------------------- */

/* A facility follows one of the curves, each on from another place. */
static void put_row(const struct feed *feed, uint32_t facility, int64_t at_s, int64_t time_ns, struct zone_rows *rows)
{
    const struct zone_facility *curve = &feed->curves->facilities[facility % feed->curves->n_facilities];
    uint64_t i =
        ((uint64_t)at_s / CURVES_EACH_S + (uint64_t)(facility / feed->curves->n_facilities) * SHIFT) % curve->n_rows;

    rows->time[rows->n] = time_ns;
    rows->facility[rows->n] = facility;
    for (int c = 0; c < ZONE_CHANNELS; c++)
        rows->value[c][rows->n] = curve->column[ZONE_IA + c][i] / ZONE_UNIT[ZONE_IA + c];
    rows->n++;
}

/* After each commit, by the store's own figures: the engine's would look at all rows that are not sealed. */
static void look(struct feed *feed)
{
    struct store_stat stat;
    struct gk_error error = {0};

    fill_check(store_stat(feed->db->store, &stat, &error), &error, "store_stat");
    double ratio = (double)stat.file_bytes / (double)stat.used_bytes;
    if (simulated_now >= (BEGIN_S + FIRST_S) * GK_SECOND && ratio > feed->worst)
        feed->worst = ratio;
}

static void commit_rows(struct feed *feed, struct zone_rows *rows)
{
    struct gk_error error = {0};

    simulated_now = rows->time[rows->n - 1];
    fill_batch(feed->db, rows, feed->channels);
    fill_check(gk_commit(feed->db, &error), &error, "gk_commit");
    feed->n_rows += rows->n;
    rows->n = 0;
    look(feed);
}

/* The rows of more than KEPT_DAYS ago go. */
static void drop_rows(struct feed *feed, int64_t at_s)
{
    struct gk_error error = {0};
    uint64_t n;

    if (at_s <= KEPT_DAYS * DAY_S || at_s % HOUR_S != 0)
        return;
    fill_check(gk_retain(feed->db, (BEGIN_S + at_s - KEPT_DAYS * DAY_S) * GK_SECOND, NULL, &n, &error), &error,
               "gk_retain");
    feed->n_dropped += n;
    look(feed);
}

/* All facilities have their turn once a step, spread evenly over it. */
static void feed_day(struct feed *feed, uint32_t day, struct zone_rows *rows)
{
    uint32_t n = feed->n_facilities / feed->scale;
    int64_t apart_ns = feed->step_s * GK_SECOND / n;

    for (int64_t at_s = (int64_t)day * DAY_S; at_s < (int64_t)(day + 1) * DAY_S; at_s += feed->step_s) {
        for (uint32_t i = 0; i < n; i++) {
            put_row(feed, i, at_s, (BEGIN_S + at_s) * GK_SECOND + i * apart_ns, rows);
            if (rows->n == rows->capacity)
                commit_rows(feed, rows);
        }
        drop_rows(feed, at_s + feed->step_s);
    }
}

/* ---- figures
 * ---------------------------------------------------------------------------------------------------------- */

static void take(struct feed *feed, const char *what, double value)
{
    char line[64];

    snprintf(line, sizeof line, "%s %s", feed->name, what);
    harness_value(feed->harness, line, HARNESS_US, value);
}

static void take_day(struct feed *feed, uint64_t n_before)
{
    if (feed->worst > 0)
        take(feed, "file", feed->worst);
    feed->worst = 0;
    if (!feed->is_counted)
        return;
    feed->written = loop_written(&feed->loop);
    take(feed, "written", (double)(feed->written - feed->written_before) / (double)(feed->n_rows - n_before));
    feed->written_before = feed->written;
}

/* The first day's rows are gone; what they added up to is not. */
static void check_totals(struct feed *feed)
{
    const gk_time edges[] = {BEGIN_S * GK_SECOND, (BEGIN_S + DAY_S) * GK_SECOND};
    gk_snapshot *snapshot;
    struct gk_error error = {0};

    if (feed->n_dropped == 0)
        return;
    fill_check(gk_snapshot_open(feed->db, &snapshot, &error), &error, "gk_snapshot_open");
    for (int c = 0; c < ZONE_CHANNELS; c++) {
        struct gk_signal signal = {.channels = &feed->channels[c], .n_channels = 1};
        struct gk_summary sum = {0};
        fill_check(gk_signal_summaries(snapshot, 0, &signal, edges, 1, &sum, &error), &error, "gk_signal_summaries");
        if (sum.count != DAY_S / feed->step_s)
            harness_fail("of the %u samples of a dropped day %llu are told", (unsigned)(DAY_S / feed->step_s),
                         (unsigned long long)sum.count);
    }
    gk_snapshot_close(snapshot);
}

static void take_end(struct feed *feed, uint64_t written_first)
{
    struct gk_stat stat = {0};
    struct gk_error error = {0};

    fill_check(gk_seal(feed->db, &error), &error, "gk_seal");
    fill_check(gk_stat(feed->db, &stat, &error), &error, "gk_stat");
    take(feed, "row_bytes", (double)stat.used_bytes / (double)(feed->n_rows - feed->n_dropped));
    if (feed->is_counted)
        take(feed, "amplification", (double)(loop_written(&feed->loop) - written_first) / (double)stat.used_bytes);
    harness_note(feed->harness,
                 "%s: %u of %u facilities (scale 1/%u), %u days, %" PRIu64 " rows, %" PRIu64 " a commit; in the end "
                 "%.1f MB, of it live %.1f MB",
                 feed->name, (unsigned)(feed->n_facilities / feed->scale), (unsigned)feed->n_facilities,
                 (unsigned)feed->scale, (unsigned)feed->n_days, feed->n_rows, (uint64_t)commit_rows_of(feed),
                 (double)stat.file_bytes / 1e6, (double)stat.used_bytes / 1e6);
}

static void run_feed(struct feed *feed, const char *path)
{
    struct zone_rows rows;
    uint64_t written_first = 0;

    open_store(feed, path);
    if (feed->is_counted)
        written_first = feed->written_before = loop_written(&feed->loop);
    zone_rows_init(&rows, commit_rows_of(feed));
    for (uint32_t day = 0; day < feed->n_days; day++) {
        uint64_t n_before = feed->n_rows;
        feed_day(feed, day, &rows);
        take_day(feed, n_before);
    }
    if (rows.n > 0)
        commit_rows(feed, &rows);
    take_end(feed, written_first);
    check_totals(feed);
    zone_rows_clear(&rows);
    fill_close(feed->db);
}

static void measure(struct harness *harness, const char *name, uint32_t n_facilities, uint32_t step_s, uint32_t scale)
{
    bool is_quick = harness_is_quick(harness);
    struct feed feed = {.harness = harness, .name = name, .n_facilities = n_facilities, .step_s = step_s};
    struct zone curves;
    char path[PATH_SIZE], word[LOOP_WORD_SIZE];

    feed.scale = given_scale > 0 ? given_scale : is_quick && scale < SCALE_QUICK ? SCALE_QUICK : scale;
    feed.commit_ms = given_commit_ms > 0 ? given_commit_ms : COMMIT_MS;
    feed.n_days = given_days > 0 ? given_days : is_quick ? DAYS_QUICK : DAYS;
    if (n_facilities / feed.scale < ZONE_FACILITIES)
        harness_fail("--growth-scale %u leaves fewer than %d facilities", (unsigned)feed.scale, ZONE_FACILITIES);
    if (commit_rows_of(&feed) == 0)
        harness_fail("--growth-commit-ms %u leaves no row for a commit", (unsigned)feed.commit_ms);
    if (feed.scale > 1)
        harness_incomparable(harness, "the zones are scaled down");
    zone_make(&curves, ENTERPRISES, DAYS * DAY_S, SEED);
    feed.curves = &curves;
    feed.is_counted = loop_open(&feed.loop, harness_dir(harness), DISK_BYTES, word);
    if (!feed.is_counted)
        harness_note(harness, "%s: bytes written are not counted: %s", name, word);
    snprintf(path, sizeof path, "%s/growth.gk", feed.is_counted ? feed.loop.folder : harness_dir(harness));
    run_feed(&feed, path);
    harness_remove(path);
    if (feed.is_counted)
        loop_close(&feed.loop);
    zone_clear(&curves);
}

static void run_10s(struct harness *harness)
{
    measure(harness, "10s", 4000, 10, SCALE_10S);
}

static void run_60s(struct harness *harness)
{
    measure(harness, "60s", 200000, 60, SCALE_60S);
}

static const struct harness_workload workloads[] = {
    {"growth.10s", "a week of 4,000 facilities with a row each 10 s: bytes written, growth of the file", run_10s},
    {"growth.60s", "a week of 200,000 facilities with a row a minute: the same", run_60s},
};

static bool option(const char *name, const char *value)
{
    if (strcmp(name, "--growth-scale") == 0)
        given_scale = (uint32_t)strtoul(value, NULL, 10);
    else if (strcmp(name, "--growth-days") == 0)
        given_days = (uint32_t)strtoul(value, NULL, 10);
    else if (strcmp(name, "--growth-commit-ms") == 0)
        given_commit_ms = (uint32_t)strtoul(value, NULL, 10);
    else
        return false;
    return true;
}

int main(int argc, char **argv)
{
    static const struct harness_program program = {
        .name = "bench_growth",
        .lines = lines,
        .n_lines = sizeof lines / sizeof lines[0],
        .workloads = workloads,
        .n_workloads = sizeof workloads / sizeof workloads[0],
        .option = option,
        .help = "  --growth-scale N  one of N facilities (default 5; of 200,000: 20)\n"
                "  --growth-days N   (default 7)\n"
                "  --growth-commit-ms N  of the group commit (default 100)\n",
    };

    return harness_main(&program, argc, argv);
}
