/*
 * bench_zone.c - the lines of the first table of TARGETS.md: rows into a store, and questions to it. docs/BENCH.md says
 * what each line means. Loads run in processes of their own, so that their memory is theirs; the store of the first
 * load serves all questions.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ask.h"
#include "fill.h"
#include "hand.h"
#include "harness.h"
#include "question.h"

#define COMPARISON_ROWS UINT64_C(48064740) /* of gen with 100 enterprises and 7 days; the targets are for it */
/* Zones in which THE question finds something, also for the one enterprise and day. */
#define SEED            13
#define SEED_QUICK      6
#define DAY_S           86400
#define FACILITIES_TICK 4000 /* of the durable batch */
#define FACILITIES_WIDE 200000
#define BATCHES         432 /* 0.05 days */
#define BATCHES_QUICK   60
#define MINUTES         5
#define MINUTES_QUICK   2
#define BUDGET_S        1.0
#define BUDGET_QUICK_S  0.1
#define COLD_RUNS       9
#define COLD_RUNS_QUICK 3
#define FILL_RUNS       3
#define PATH_SIZE       1024
#define DISK_BLOCK      (64 * 1024)
#define DISK_BLOCKS     32

static const struct harness_line lines[] = {
    {"ingest", "rows by gk_ingest in order of arrival, batches of 8,000, until sealed, no group commit", "Mrows/s", 8,
     25, HARNESS_MORE},
    {"ingest_live", "the same with default options: durable each 100 ms", "Mrows/s", 0, 0, HARNESS_MORE},
    {"ingest_facility", "as ingest, facility by facility", "Mrows/s", 0, 0, HARNESS_MORE},
    {"ingest_csv", "CSV text from memory through gk_load_*, until sealed", "Mrows/s", 4, 12.5, HARNESS_MORE},
    {"ingest_peak", "peak resident memory of the process that loads", "MB", 100, 48, 0},
    {"ingest_anon", "of it, memory that is not a mapped file", "MB", 0, 0, 0},
    {"row_bytes", "all files of the store but lock*, a row", "B/row", 2.4, 2.0, HARNESS_EXACT},
    {"row_bytes_live", "pages of the data file that hold something, a row", "B/row", 0, 0, HARNESS_EXACT},
    {"file_growth", "the data file against its live pages", "x", 1.2, 1.2, HARNESS_EXACT},
    {"durable", "gk_ingest and gk_commit of 4,000 rows, one a facility: median", "ms", 1.2, 0.55, 0},
    {"durable_p95", "the same, the 95th of 100", "ms", 0, 1, HARNESS_P95},
    {"durable_raw_day", "right after: raw kw of one facility and day, open snapshot", "ms", 0.1, 0.1, 0},
    {"durable_snapshot", "right after: gk_snapshot_open that sees it", "ms", 0, 0, 0},
    {"wide", "200,000 facilities, a row a minute", "Mrows/s", 0, 0, HARNESS_MORE},
    {"wide_peak", "peak resident memory of that process", "MB", 0, 0, 0},
    {"last", "newest row of 8 facilities of one enterprise: gk_scan", "us", 0, 0, 0},
    {"last_query", "their newest kw of the last hour, in the language", "us", 30, 10, 0},
    {"raw_day", "one facility, one day, raw kw: gk_scan", "us", 0, 0, 0},
    {"raw_day_query", "the same in the language", "us", 100, 40, 0},
    {"raw_day_columns", "the same in the language, taken as arrays", "us", 100, 40, 0},
    {"hourly", "one facility, hourly mean and greatest kw: gk_signal_summaries", "us", 0, 0, 0},
    {"hourly_query", "the same in the language", "us", 100, 30, 0},
    {"parks", "all facilities, daily mean kw a park, in the language", "ms", 15, 2, 0},
    {"question", "THE question, an enterprise, from states", "ms", 2, 0.6, 0},
    {"question_fresh", "the same on a snapshot of its own, opened and closed", "ms", 2, 0.6, 0},
    {"question_plain", "the same, an abatement facility", "ms", 0, 0, 0},
    {"question_rows", "THE question from samples alone", "ms", 60, 25, 0},
    {"question_day", "THE question, one enterprise, one day", "us", 30, 10, 0},
    {"question_day_fresh", "the same on a snapshot of its own, opened and closed", "us", 30, 10, 0},
    {"heat", "its duration by enterprise and day", "ms", 2, 0.6, 0},
    {"start_order", "production started while no abatement was on", "ms", 2, 0.6, 0},
    {"prepare", "parsing and binding THE question", "us", 0, 0, 0},
    {"question_new", "THE question in a new process, file in the page cache", "ms", 0, 0, 0},
    {"question_cold", "the same, file dropped from the page cache", "ms", 20, 5, 0},
    {"question_size", "THE question as text", "chars", 90, 80, HARNESS_EXACT},
};

static const char *given_data, *given_store, *given_minutes;

/* ---- the zone and its store
 * ------------------------------------------------------------------------------------------ */

static char data_path[PATH_SIZE], store_path[PATH_SIZE];

/* The zone's file: the one given, or one that we make (20 enterprises, a week; --quick: 5, two days). */
static const char *need_data(struct harness *harness)
{
    struct zone zone;
    bool is_quick = harness_is_quick(harness);

    if (data_path[0] != '\0')
        return data_path;
    if (given_data != NULL) {
        snprintf(data_path, sizeof data_path, "%s", given_data);
    } else {
        snprintf(data_path, sizeof data_path, "%s/zone.bin", harness_dir(harness));
        zone_make(&zone, is_quick ? 5 : 20, (is_quick ? 2 : 7) * DAY_S, is_quick ? SEED_QUICK : SEED);
        zone_write(&zone, data_path);
        zone_clear(&zone);
    }
    zone_open(&zone, data_path);
    harness_note(harness, "zone: %u enterprises, %u facilities, %.2f days, %" PRIu64 " rows of 4 channels (%s)",
                 (unsigned)zone.n_enterprises, (unsigned)zone.n_facilities, (double)zone.length_s / DAY_S, zone.n_rows,
                 given_data == NULL         ? "our own"
                 : strrchr(given_data, '/') ? strrchr(given_data, '/') + 1
                                            : given_data);
    if (zone.n_rows != COMPARISON_ROWS && !is_quick)
        harness_incomparable(harness, "this is not the full comparison set (gen, 100 enterprises, 7 days)");
    zone_clear(&zone);
    return data_path;
}

static void load_child(struct harness *harness, const char *how, const char *path, struct harness_answer *answer)
{
    const char *arguments[] = {"load", how, need_data(harness), path, NULL};

    harness_child(arguments, answer);
}

static const char *need_store(struct harness *harness)
{
    struct harness_answer answer;

    if (store_path[0] != '\0')
        return store_path;
    snprintf(store_path, sizeof store_path, "%s", given_store != NULL ? given_store : "");
    if (given_store == NULL) {
        snprintf(store_path, sizeof store_path, "%s/zone.gk", harness_dir(harness));
        load_child(harness, "arrival", store_path, &answer);
    }
    return store_path;
}

/* ---- loading
 * --------------------------------------------------------------------------------------------------------- */

static int child_load(const char *how, const char *data, const char *path)
{
    struct fill_figures figures;
    struct gk_stat stat = {0};
    struct gk_error error = {0};
    struct zone zone;
    uint32_t channels[ZONE_CHANNELS];
    gk_db *db = fill_open(path, strcmp(how, "live") == 0 ? 0 : FILL_COMMIT_BY_HAND);

    zone_open(&zone, data);
    fill_catalog(db, &zone, channels);
    if (strcmp(how, "csv") == 0)
        fill_csv(db, &zone, &figures);
    else
        fill_rows(db, &zone, channels, strcmp(how, "facility") == 0 ? ZONE_BY_FACILITY : ZONE_ARRIVAL, &figures);
    fill_check(gk_stat(db, &stat, &error), &error, "gk_stat");
    fill_close(db);
    printf("rows %" PRIu64 "\ncall_s %.9f\nseal_s %.9f\nanon %.0f\npeak %.0f\nlive %" PRIu64 "\nfile %" PRIu64
           "\nfolder %" PRIu64 "\n",
           figures.n_rows, figures.call_s, figures.seal_s, figures.anon_peak, harness_memory("VmHWM"), stat.used_bytes,
           stat.file_bytes, harness_folder_bytes(path));
    zone_clear(&zone);
    return 0;
}

static void take_load(struct harness *harness, const struct harness_answer *answer)
{
    double rows = harness_get(answer, "rows");

    harness_value(harness, "ingest_peak", HARNESS_US, harness_get(answer, "peak"));
    harness_value(harness, "ingest_anon", HARNESS_US, harness_get(answer, "anon"));
    harness_value(harness, "row_bytes", HARNESS_US, harness_get(answer, "folder") / rows);
    harness_value(harness, "row_bytes_live", HARNESS_US, harness_get(answer, "live") / rows);
    harness_value(harness, "file_growth", HARNESS_US, harness_get(answer, "file") / harness_get(answer, "live"));
}

/* The ways in, in turn, some times over; the first store of the first way is kept for the questions. */
static void run_load(struct harness *harness)
{
    static const struct {
        const char *how, *line;
    } ways[] = {{"arrival", "ingest"}, {"live", "ingest_live"}, {"facility", "ingest_facility"}, {"csv", "ingest_csv"}};
    int n_runs = harness_is_quick(harness) ? 1 : FILL_RUNS;

    for (int run = 0; run < n_runs; run++)
        for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
            struct harness_answer answer;
            char path[PATH_SIZE];
            bool is_kept = run == 0 && i == 0 && given_store == NULL;
            snprintf(path, sizeof path, "%s/%s", harness_dir(harness), is_kept ? "zone.gk" : "load.gk");
            load_child(harness, ways[i].how, path, &answer);
            harness_value(harness, ways[i].line, HARNESS_US,
                          harness_get(&answer, "rows") / harness_get(&answer, "call_s"));
            if (i == 0)
                take_load(harness, &answer);
            if (is_kept)
                snprintf(store_path, sizeof store_path, "%s", path);
            else
                harness_remove(path);
        }
}

/* ---- the durable batch
 * ----------------------------------------------------------------------------------------------- */

/* What the disk itself takes for 64 KB that are durable: a place in a file that was written before. */
struct disk {
    int file;
    char path[PATH_SIZE];
    char block[DISK_BLOCK];
};

static void disk_write(struct disk *disk, int i)
{
    memset(disk->block, i, sizeof disk->block);
    if (pwrite(disk->file, disk->block, sizeof disk->block, (off_t)sizeof disk->block * i) < 0 ||
        fdatasync(disk->file) != 0)
        harness_fail("%s: cannot be written", disk->path);
}

static void disk_open(struct disk *disk, const char *folder)
{
    snprintf(disk->path, sizeof disk->path, "%s/disk", folder);
    disk->file = open(disk->path, O_RDWR | O_CREAT | O_TRUNC, 0600);
    if (disk->file < 0)
        harness_fail("%s: cannot be made", disk->path);
    for (int i = 0; i < DISK_BLOCKS; i++)
        disk_write(disk, i);
}

static void disk_close(struct disk *disk)
{
    close(disk->file);
    unlink(disk->path);
}

/* Opens a snapshot on what was just made durable, and reads a facility's day from it, which must have all its rows. */
static void time_fresh_read(struct harness *harness, gk_db *db, uint32_t facility, uint32_t kw, uint32_t n_expected)
{
    struct gk_error error = {0};
    gk_snapshot *snapshot = NULL;
    double begun = harness_now(), opened;
    struct ask_sum sum;

    fill_check(gk_snapshot_open(db, &snapshot, &error), &error, "gk_snapshot_open");
    opened = harness_now();
    sum = ask_scan(snapshot, facility, kw, GK_TIME_MIN, GK_TIME_MAX);
    harness_value(harness, "durable_raw_day", HARNESS_US, harness_now() - opened);
    harness_value(harness, "durable_snapshot", HARNESS_US, opened - begun);
    gk_snapshot_close(snapshot);
    if (sum.n_rows != n_expected)
        harness_fail("facility %u has %" PRIu64 " rows right after its %u were durable", (unsigned)facility, sum.n_rows,
                     (unsigned)n_expected);
}

/* Batch after batch; after each, the disk alone has its turn, so that both see the same noise. */
static void take_batches(struct harness *harness, gk_db *db, const struct zone *zone, struct disk *disk)
{
    static uint32_t n_taken[FACILITIES_TICK];
    uint32_t channels[ZONE_CHANNELS];
    struct zone_cursor cursor;
    struct zone_rows rows;
    struct gk_error error = {0};

    fill_catalog(db, zone, channels);
    zone_rows_init(&rows, FACILITIES_TICK);
    zone_cursor_init(&cursor, zone, ZONE_ARRIVAL);
    for (int i = 0; zone_next(&cursor, &rows); i++) {
        double from = harness_now(), took;
        fill_batch(db, &rows, channels);
        fill_check(gk_commit(db, &error), &error, "gk_commit");
        took = harness_now() - from;
        harness_value(harness, "durable", HARNESS_US, took);
        harness_value(harness, "durable_p95", HARNESS_US, took);
        for (size_t k = 0; k < rows.n; k++)
            n_taken[rows.facility[k]]++;
        uint32_t facility = rows.facility[rows.n / 2];
        time_fresh_read(harness, db, facility, channels[ZONE_KW - ZONE_IA], n_taken[facility]);
        from = harness_now();
        disk_write(disk, i % DISK_BLOCKS);
        took = harness_now() - from;
        harness_value(harness, "durable", "fsync", took);
        harness_value(harness, "durable_p95", "fsync", took);
    }
    zone_cursor_clear(&cursor);
    zone_rows_clear(&rows);
}

static void run_durable(struct harness *harness)
{
    int n_batches = harness_is_quick(harness) ? BATCHES_QUICK : BATCHES;
    struct zone zone;
    struct disk disk = {0};
    char path[PATH_SIZE];
    gk_db *db;

    snprintf(path, sizeof path, "%s/durable.gk", harness_dir(harness));
    zone_make(&zone, FACILITIES_TICK / ZONE_FACILITIES, (int64_t)n_batches * ZONE_STEP_S, SEED);
    db = fill_open(path, FILL_COMMIT_BY_HAND | FILL_KEEP_HEADS | FILL_LIVE);
    disk_open(&disk, harness_dir(harness));
    take_batches(harness, db, &zone, &disk);
    disk_close(&disk);
    fill_close(db);
    harness_remove(path);
    zone_clear(&zone);
    harness_note(harness, "durable_raw_day: a facility has at most %d rows then (%.2f days), as in the peers' test",
                 n_batches, (double)n_batches * ZONE_STEP_S / DAY_S);
}

/* ---- many facilities
 * ------------------------------------------------------------------------------------------------- */

/* A row of a machine that runs at two thirds of its power: four channels that belong together. */
static void put_wide_row(struct zone_rows *rows, uint32_t facility, int64_t minute)
{
    uint32_t noise = (facility * UINT32_C(2654435761) + (uint32_t)minute * UINT32_C(40503)) >> 16 & 1023;
    double kw = 20 + facility % 97 + noise / 1000.0;

    rows->time[rows->n] = (INT64_C(1717977600) + minute * 60 + facility % 60) * GK_SECOND;
    rows->facility[rows->n] = facility;
    rows->value[0][rows->n] = nearbyint(kw * 1.79 * 100) / 100;
    rows->value[1][rows->n] = nearbyint(kw * 1.81 * 100) / 100;
    rows->value[2][rows->n] = nearbyint(kw * 1.77 * 100) / 100;
    rows->value[3][rows->n] = nearbyint(kw * 1000) / 1000;
    rows->n++;
}

static int child_wide(const char *path, int64_t n_minutes)
{
    struct zone zone = {
        .n_enterprises = FACILITIES_WIDE / ZONE_FACILITIES, .n_facilities = FACILITIES_WIDE, .file = -1};
    uint32_t channels[ZONE_CHANNELS];
    struct zone_rows rows;
    struct gk_error error = {0};
    gk_db *db = fill_open(path, 0);
    double call_s = 0, from;

    zone.facilities = harness_take(zone.n_facilities, sizeof *zone.facilities);
    for (uint32_t i = 0; i < zone.n_facilities; i++)
        zone.facilities[i] = (struct zone_facility){.enterprise = i / ZONE_FACILITIES,
                                                    .is_abatement = i % ZONE_FACILITIES >= ZONE_PRODUCTION,
                                                    .rated_w = 150000};
    fill_catalog(db, &zone, channels);
    zone_rows_init(&rows, FILL_BATCH);
    for (int64_t minute = 0; minute < n_minutes; minute++)
        for (uint32_t i = 0; i < FACILITIES_WIDE; i++) {
            put_wide_row(&rows, i, minute);
            if (rows.n < rows.capacity)
                continue;
            from = harness_now();
            fill_batch(db, &rows, channels);
            call_s += harness_now() - from;
            rows.n = 0;
        }
    from = harness_now();
    fill_check(gk_seal(db, &error), &error, "gk_seal");
    call_s += harness_now() - from;
    fill_close(db);
    printf("rows %" PRId64 "\ncall_s %.9f\npeak %.0f\nfolder %" PRIu64 "\n", n_minutes * FACILITIES_WIDE, call_s,
           harness_memory("VmHWM"), harness_folder_bytes(path));
    zone_rows_clear(&rows);
    zone_clear(&zone);
    return 0;
}

static void run_wide(struct harness *harness)
{
    struct harness_answer answer;
    char path[PATH_SIZE], minutes[16];
    const char *arguments[] = {"wide", path, minutes, NULL};

    snprintf(path, sizeof path, "%s/wide.gk", harness_dir(harness));
    snprintf(minutes, sizeof minutes, "%d", harness_is_quick(harness) ? MINUTES_QUICK : MINUTES);
    if (given_minutes != NULL)
        snprintf(minutes, sizeof minutes, "%.15s", given_minutes);
    harness_child(arguments, &answer);
    harness_value(harness, "wide", HARNESS_US, harness_get(&answer, "rows") / harness_get(&answer, "call_s"));
    harness_value(harness, "wide_peak", HARNESS_US, harness_get(&answer, "peak"));
    harness_note(harness, "wide: %s minutes, %.0f rows, %.2f bytes a row on disk", minutes,
                 harness_get(&answer, "rows"), harness_get(&answer, "folder") / harness_get(&answer, "rows"));
    harness_remove(path);
}

/* ---- beside the language: gk.h itself, and loops by hand
 * --------------------------------------------------------------- */

struct reading {
    gk_db *db;
    gk_snapshot *snapshot;
    struct ask *question, *question_day;
    struct hand *hand;
    struct spot spot;
    uint32_t channels[ZONE_CHANNELS];
    gk_session *session;
    const char *text;
    double sink;
};

static void call_last(void *context)
{
    struct reading *reading = context;

    for (uint32_t i = 0; i < ZONE_FACILITIES; i++)
        reading->sink += ask_last(reading->snapshot, reading->spot.facility + i, reading->channels, ZONE_CHANNELS);
}

static void call_raw_day(void *context)
{
    struct reading *reading = context;
    const struct spot *spot = &reading->spot;

    reading->sink += ask_scan(reading->snapshot, spot->facility, reading->channels[3],
                              spot->begin + spot->from_s * GK_SECOND, spot->begin + spot->to_s * GK_SECOND)
                         .sum;
}

static void call_hourly(void *context)
{
    struct reading *reading = context;
    const struct spot *spot = &reading->spot;

    reading->sink += ask_hourly(reading->snapshot, spot->facility, reading->channels[3], spot->begin, spot->end).sum;
}

/* A snapshot keeps what it decoded for those who ask again: here nobody asked before. */
static void ask_fresh(gk_db *db, const struct ask *ask)
{
    struct gk_error error = {0};
    struct ask fresh = *ask;

    fill_check(gk_snapshot_open(db, &fresh.snapshot, &error), &error, "gk_snapshot_open");
    ask_run(&fresh);
    gk_snapshot_close(fresh.snapshot);
}

static void call_fresh(void *context)
{
    struct reading *reading = context;

    ask_fresh(reading->db, reading->question);
}

static void call_fresh_day(void *context)
{
    struct reading *reading = context;

    ask_fresh(reading->db, reading->question_day);
}

static void call_prepare(void *context)
{
    struct reading *reading = context;

    ask_prepare_only(reading->session, reading->snapshot, reading->text);
}

static void hand_call_question(void *context)
{
    struct reading *reading = context;

    reading->sink += hand_question(reading->hand).sum;
}

static void hand_call_rows(void *context)
{
    struct reading *reading = context;

    reading->sink += hand_question_rows(reading->hand).sum;
}

static void hand_call_day(void *context)
{
    struct reading *reading = context;
    const struct spot *spot = &reading->spot;

    reading->sink += hand_question_of(reading->hand, spot->enterprise, spot->from_s, spot->to_s).sum;
}

static void hand_call_heat(void *context)
{
    struct reading *reading = context;

    reading->sink += hand_heat(reading->hand).sum;
}

static void hand_call_raw(void *context)
{
    struct reading *reading = context;
    const struct spot *spot = &reading->spot;

    reading->sink += hand_raw(reading->hand, spot->facility, spot->from_s, spot->to_s).sum;
}

static void hand_call_hourly(void *context)
{
    struct reading *reading = context;

    reading->sink += hand_hourly(reading->hand, reading->spot.facility).sum;
}

static void hand_call_parks(void *context)
{
    struct reading *reading = context;

    reading->sink += hand_parks(reading->hand).sum;
}

/* ---- the workload of the questions
 * ------------------------------------------------------------------------------------- */

static void compare(struct harness *harness, const char *line, struct ask_sum ours, struct hand_answer hand)
{
    double off = fabs(ours.sum - hand.sum);

    if (hand.n_rows == 0 || hand.sum == 0)
        harness_note(harness, "NOTHING FOUND, %s: this zone does not test the answer", line);
    if (ours.n_rows == hand.n_rows && off <= 1e-9 * fabs(hand.sum))
        return;
    harness_note(harness, "DIFFERENT ANSWER, %s: %" PRIu64 " rows, sum %.6f; by hand %" PRIu64 " rows, sum %.6f", line,
                 ours.n_rows, ours.sum, hand.n_rows, hand.sum);
}

static void compare_all(struct harness *harness, struct ask *asks, struct reading *reading)
{
    struct hand *hand = reading->hand;
    const struct spot *spot = &reading->spot;

    for (size_t i = 0; i < QUESTION_N; i++) {
        const char *line = QUESTIONS[i].line;
        struct ask_sum ours;
        ask_run(&asks[i]);
        ours = asks[i].answer;
        if (strncmp(line, "raw_day_", 8) == 0)
            compare(harness, line, ours, hand_raw(hand, spot->facility, spot->from_s, spot->to_s));
        if (strcmp(line, "hourly_query") == 0)
            compare(harness, line, ours, hand_hourly(hand, spot->facility));
        if (strcmp(line, "parks") == 0)
            compare(harness, line, ours, hand_parks(hand));
        if (strcmp(line, "question") == 0 || strcmp(line, "question_rows") == 0)
            compare(harness, line, ours, hand_question(hand));
        if (strcmp(line, "question_day") == 0)
            compare(harness, line, ours, hand_question_of(hand, spot->enterprise, spot->from_s, spot->to_s));
        if (strcmp(line, "heat") == 0)
            compare(harness, line, ours, hand_heat(hand));
        harness_note(harness, "%s: %" PRIu64 " rows: %s", line, ours.n_rows, asks[i].text);
    }
}

static void time_all(struct harness *harness, struct ask *asks, struct reading *reading)
{
    static const struct harness_timed others[] = {
        {"last", HARNESS_US, call_last, NULL, 0},
        {"raw_day", HARNESS_US, call_raw_day, NULL, 0},
        {"hourly", HARNESS_US, call_hourly, NULL, 0},
        {"question_fresh", HARNESS_US, call_fresh, NULL, 0},
        {"question_day_fresh", HARNESS_US, call_fresh_day, NULL, 0},
        {"prepare", HARNESS_US, call_prepare, NULL, 0},
        {"question", "by hand", hand_call_question, NULL, 0},
        {"question_rows", "by hand", hand_call_rows, NULL, 0},
        {"question_day", "by hand", hand_call_day, NULL, 0},
        {"heat", "by hand", hand_call_heat, NULL, 0},
        {"raw_day", "by hand", hand_call_raw, NULL, 0},
        {"hourly", "by hand", hand_call_hourly, NULL, 0},
        {"parks", "by hand", hand_call_parks, NULL, 0},
    };
    struct harness_timed timed[QUESTION_N + sizeof others / sizeof others[0]];
    size_t n = 0;

    for (size_t i = 0; i < QUESTION_N; i++)
        timed[n++] = (struct harness_timed){QUESTIONS[i].line, HARNESS_US, ask_run, &asks[i], 0};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        timed[n] = others[i];
        timed[n++].context = reading;
    }
    harness_time(harness, timed, n, harness_is_quick(harness) ? BUDGET_QUICK_S : BUDGET_S);
}

static void run_questions(struct harness *harness)
{
    struct reading reading = {.sink = 0};
    struct ask asks[QUESTION_N];
    struct hand hand;
    struct zone zone;
    struct gk_error error = {0};
    gk_db *db = fill_open_readonly(need_store(harness));

    zone_open(&zone, need_data(harness));
    hand_init(&hand, &zone);
    reading.db = db;
    reading.hand = &hand;
    reading.spot = spot_of(&zone);
    fill_check(gk_snapshot_open(db, &reading.snapshot, &error), &error, "gk_snapshot_open");
    reading.session = ask_session();
    for (int i = 0; i < ZONE_CHANNELS; i++)
        reading.channels[i] = gk_channel_find(reading.snapshot, ZONE_CHANNEL_NAME[i], 2);
    for (size_t i = 0; i < QUESTION_N; i++) {
        char text[ASK_TEXT_MAX];
        spot_put(&reading.spot, QUESTIONS[i].text, text, sizeof text);
        ask_open(&asks[i], reading.session, reading.snapshot, text, reading.spot.now);
        ask_columns(&asks[i], QUESTIONS[i].column, QUESTIONS[i].other_column);
        asks[i].by_columns = strcmp(QUESTIONS[i].line, "raw_day_columns") == 0;
        if (QUESTIONS[i].text == QUESTION_THE) {
            reading.text = asks[i].text;
            reading.question = &asks[i];
        }
        if (strcmp(QUESTIONS[i].line, "question_day") == 0)
            reading.question_day = &asks[i];
    }
    harness_value(harness, "question_size", HARNESS_US,
                  (double)strlen(QUESTION_THE) - (double)strlen("{window}") + (double)strlen("last 7d"));
    compare_all(harness, asks, &reading);
    time_all(harness, asks, &reading);
    for (size_t i = 0; i < QUESTION_N; i++)
        ask_close(&asks[i]);
    gk_session_free(reading.session);
    gk_snapshot_close(reading.snapshot);
    fill_close(db);
    hand_clear(&hand);
    zone_clear(&zone);
}

/* ---- a new process
 * ----------------------------------------------------------------------------------------------------- */

/* Opens the store, asks, and ends: what `gk query` does, without its table. */
static int child_ask(const char *path, const char *text, gk_time now)
{
    double begun = harness_now();
    struct gk_error error = {0};
    gk_snapshot *snapshot = NULL;
    gk_session *session = ask_session();
    struct ask ask;
    gk_db *db = fill_open_readonly(path);

    fill_check(gk_snapshot_open(db, &snapshot, &error), &error, "gk_snapshot_open");
    double opened = harness_now();
    ask_open(&ask, session, snapshot, text, now);
    ask_run(&ask);
    printf("rows %" PRIu64 "\nopen_s %.9f\nask_s %.9f\n", ask.answer.n_rows, opened - begun, harness_now() - opened);
    ask_close(&ask);
    gk_session_free(session);
    gk_snapshot_close(snapshot);
    fill_close(db);
    return 0;
}

static void run_cold(struct harness *harness)
{
    char text[ASK_TEXT_MAX], now[32], file[PATH_SIZE + 16];
    const char *arguments[] = {"ask", need_store(harness), text, now, NULL};
    int n = harness_is_quick(harness) ? COLD_RUNS_QUICK : COLD_RUNS;
    double left = 0, open_s = 0;
    struct harness_answer answer;
    struct spot spot;
    struct zone zone;

    zone_open(&zone, need_data(harness));
    spot = spot_of(&zone);
    zone_clear(&zone);
    spot_put(&spot, QUESTION_THE, text, sizeof text);
    snprintf(now, sizeof now, "%" PRId64, spot.now);
    snprintf(file, sizeof file, "%s/data.mdb", need_store(harness));
    harness_child(arguments, &answer);
    for (int i = 0; i < n; i++) {
        harness_child(arguments, &answer);
        harness_value(harness, "question_new", HARNESS_US, answer.wall_s);
        open_s += harness_get(&answer, "open_s") / n;
        left += harness_forget(file) / n;
        harness_child(arguments, &answer);
        harness_value(harness, "question_cold", HARNESS_US, answer.wall_s);
    }
    harness_note(harness,
                 "question_new: of it %.3f ms to open store and snapshot; question_cold: %.0f %% of the file's "
                 "pages stayed cached before",
                 1e3 * open_s, 100 * left);
}

/* ---- the program
 * ------------------------------------------------------------------------------------------------------- */

static const struct harness_workload workloads[] = {
    {"load", "bulk ingest by the C API (two orders), live, and as CSV; memory, bytes a row, file size", run_load},
    {"durable", "batches of 4,000 rows made durable one by one; the raw-day query right after", run_durable},
    {"questions", "THE question and the other reads, prepared, beside loops by hand; answers compared", run_questions},
    {"cold", "THE question in a new process, with and without the page cache", run_cold},
    {"wide", "200,000 facilities with a row a minute: memory and rows/s", run_wide},
};

static bool option(const char *name, const char *value)
{
    if (strcmp(name, "--data") == 0)
        given_data = value;
    else if (strcmp(name, "--store") == 0)
        given_store = value;
    else if (strcmp(name, "--wide-minutes") == 0)
        given_minutes = value;
    else
        return false;
    return true;
}

static int child(int argc, char **argv)
{
    if (argc == 4 && strcmp(argv[0], "load") == 0)
        return child_load(argv[1], argv[2], argv[3]);
    if (argc == 3 && strcmp(argv[0], "wide") == 0)
        return child_wide(argv[1], strtoll(argv[2], NULL, 10));
    if (argc == 4 && strcmp(argv[0], "ask") == 0)
        return child_ask(argv[1], argv[2], strtoll(argv[3], NULL, 10));
    return 2;
}

int main(int argc, char **argv)
{
    static const struct harness_program program = {
        .name = "bench_zone",
        .lines = lines,
        .n_lines = sizeof lines / sizeof lines[0],
        .workloads = workloads,
        .n_workloads = sizeof workloads / sizeof workloads[0],
        .option = option,
        .help = "  --data FILE   a zone in the comparison set's format instead of our own\n"
                "  --store DIR   a store that `load` made of it before: questions do not load again\n"
                "  --wide-minutes N   of rows in `wide` (default 5; 30 takes minutes)\n",
        .child = child,
    };

    return harness_main(&program, argc, argv);
}
