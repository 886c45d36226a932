/*
 * bench_waves.c - waveforms as ordinary channels: voltage and current of one facility, sampled 1,000 and 30,000 times a
 * second. Rows in, bytes a row, one second of samples, and the picture of a minute as least and greatest of each
 * bucket.
 */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ask.h"
#include "fill.h"
#include "harness.h"

#define TWO_PI         6.283185307179586
#define BATCH          8000
#define ROWS           1800000 /* a minute at 30 kHz, half an hour at 1 kHz */
#define ROWS_QUICK     180000
#define BUCKETS_S      5
#define BUDGET_S       1.0
#define BUDGET_QUICK_S 0.1
#define RUNS           3
#define PATH_SIZE      1024
#define BEGIN_S        INT64_C(1717977600)
#define CHANNELS       2

static const struct harness_line lines[] = {
    {"1kHz ingest", "voltage and current a row, until sealed", "Mrows/s", 0, 0, HARNESS_MORE},
    {"1kHz row_bytes", "all files, a row of two channels", "B/row", 0, 0, HARNESS_EXACT},
    {"1kHz samples", "samples of voltage of one second, in the language, and by gk_scan", "ms", 0, 0, 0},
    {"1kHz buckets", "least and greatest current of five seconds, every 100 ms", "ms", 0, 0, 0},
    {"30kHz ingest", "", "Mrows/s", 0, 0, HARNESS_MORE},
    {"30kHz row_bytes", "", "B/row", 0, 0, HARNESS_EXACT},
    {"30kHz samples", "", "ms", 0, 0, 0},
    {"30kHz buckets", "", "ms", 0, 0, 0},
};

static const char *const channel_name[CHANNELS] = {"u", "i"};

/* ---- the wave
 * --------------------------------------------------------------------------------------------------------- */

struct wave {
    int64_t hertz, n, next;
    uint64_t noise;
    double phase, load;
};

static double noise_of(struct wave *wave)
{
    wave->noise = wave->noise * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (double)(wave->noise >> 40) * 0x1p-24 - 0.5;
}

/* 50 Hz that wanders a little, a fifth harmonic in the voltage; a current that lags, of a load that changes now and
 * then. The meter has steps of 0.1 V and 0.01 A and trembles by one or two of them. */
static void put_sample(struct wave *wave, int64_t *time, double *u, double *i)
{
    double seconds = (double)wave->next / (double)wave->hertz;
    double frequency = 50 + 0.02 * sin(seconds / 7);

    wave->phase += TWO_PI * frequency / (double)wave->hertz;
    if (wave->next % (wave->hertz * 3) == 0)
        wave->load = 20 + 80 * fabs(noise_of(wave));
    *time = BEGIN_S * GK_SECOND + wave->next * GK_SECOND / wave->hertz;
    *u = nearbyint(10 * (325 * sin(wave->phase) + 9 * sin(5 * wave->phase)) + 3 * noise_of(wave)) / 10;
    *i = nearbyint(100 * wave->load * (sin(wave->phase - 0.5) + 0.1 * sin(3 * wave->phase)) + 4 * noise_of(wave)) / 100;
    wave->next++;
}

struct wave_rows {
    int64_t time[BATCH];
    uint32_t facility[BATCH];
    double value[CHANNELS][BATCH];
};

static size_t fill_some(struct wave *wave, struct wave_rows *rows)
{
    size_t n = 0;

    for (; n < BATCH && wave->next < wave->n; n++)
        put_sample(wave, &rows->time[n], &rows->value[0][n], &rows->value[1][n]);
    return n;
}

/* What the middle second holds, by plain summing. */
static struct ask_sum expected_second(struct wave wave, int64_t second)
{
    struct ask_sum sum = {0};
    int64_t time;
    double u, i;

    while (wave.next < wave.n) {
        int64_t at = wave.next;
        put_sample(&wave, &time, &u, &i);
        if (at / wave.hertz != second)
            continue;
        sum.n_rows++;
        sum.sum += u;
    }
    return sum;
}

/* ---- rows in
 * ---------------------------------------------------------------------------------------------------------- */

static struct wave wave_of(int64_t hertz, int64_t n_rows)
{
    return (struct wave){.hertz = hertz, .n = n_rows, .noise = 7, .load = 50};
}

static gk_db *make_store(const char *path, uint32_t channels[CHANNELS])
{
    struct gk_facility_put put = {.size = sizeof put, .name = {"wave", 4}, .rated_a = NAN, .rated_kw = NAN};
    /* Buckets are whole ticks, and 100 ms is the shortest there is. */
    struct gk_options options = {
        .size = sizeof options, .zone_is_set = true, .tick_ns = GK_SECOND / 10, .commit_ns = -1};
    struct gk_error error = {0};
    gk_db *db = NULL;
    uint32_t id;

    fill_check(gk_open(path, GK_READWRITE | GK_CREATE, &options, &db, &error), &error, path);
    fill_check(gk_facility_put(db, &put, &id, &error), &error, "gk_facility_put");
    for (int i = 0; i < CHANNELS; i++)
        fill_check(gk_channel_register(db, channel_name[i], 1, &channels[i], &error), &error, "gk_channel_register");
    return db;
}

/* Seconds inside of the library. */
static double load_wave(gk_db *db, struct wave wave, const uint32_t channels[CHANNELS])
{
    struct wave_rows *rows = harness_take(1, sizeof *rows);
    const double *value[CHANNELS] = {rows->value[0], rows->value[1]};
    struct gk_batch batch = {
        .time = rows->time, .facility = rows->facility, .n_channels = CHANNELS, .channel = channels, .value = value};
    struct gk_error error = {0};
    double took = 0, from;

    while ((batch.n_rows = fill_some(&wave, rows)) > 0) {
        struct gk_counts counts = {0};
        from = harness_now();
        fill_check(gk_ingest(db, &batch, &counts, &error), &error, "gk_ingest");
        took += harness_now() - from;
        if (counts.accepted != batch.n_rows)
            harness_fail("of %zu rows only %" PRIu64 " were accepted", batch.n_rows, counts.accepted);
    }
    from = harness_now();
    fill_check(gk_seal(db, &error), &error, "gk_seal");
    took += harness_now() - from;
    free(rows);
    return took;
}

/* ---- questions
 * -------------------------------------------------------------------------------------------------------- */

struct scan {
    gk_snapshot *snapshot;
    uint32_t channel;
    gk_time from, to;
    struct ask_sum answer;
};

static void call_scan(void *context)
{
    struct scan *scan = context;

    scan->answer = ask_scan(scan->snapshot, 0, scan->channel, scan->from, scan->to);
}

static void compare(struct harness *harness, const char *what, struct ask_sum got, struct ask_sum expected)
{
    if (got.n_rows != expected.n_rows || fabs(got.sum - expected.sum) > 1e-6)
        harness_note(harness, "DIFFERENT ANSWER, %s: %" PRIu64 " rows, sum %.6f; by hand %" PRIu64 " rows, sum %.6f",
                     what, got.n_rows, got.sum, expected.n_rows, expected.sum);
}

static void put_text(char *out, size_t size, const char *what, const char *every, gk_time from, gk_time to)
{
    char a[GK_TIME_TEXT_MAX], b[GK_TIME_TEXT_MAX];

    gk_time_format(from, 0, a);
    gk_time_format(to, 0, b);
    snprintf(out, size, "%s of facility 'wave' %s between %s and %s", what, every, a, b);
}

static void ask_wave(struct harness *harness, const char *name, const char *path, struct wave wave)
{
    gk_time second = BEGIN_S + wave.n / wave.hertz / 2, now = (BEGIN_S + 86400) * GK_SECOND;
    char text[ASK_TEXT_MAX], line[2][32];
    struct gk_error error = {0};
    struct scan scan = {.from = second * GK_SECOND, .to = (second + 1) * GK_SECOND};
    gk_db *db = fill_open_readonly(path);
    gk_session *session = ask_session();
    struct ask samples, buckets;

    fill_check(gk_snapshot_open(db, &scan.snapshot, &error), &error, "gk_snapshot_open");
    scan.channel = gk_channel_find(scan.snapshot, "u", 1);
    put_text(text, sizeof text, "samples of u", "", scan.from, scan.to);
    ask_open(&samples, session, scan.snapshot, text, now);
    ask_columns(&samples, "u", NULL);
    put_text(text, sizeof text, "min, max of i", "every 100ms", (BEGIN_S + wave.n / wave.hertz - BUCKETS_S) * GK_SECOND,
             (BEGIN_S + wave.n / wave.hertz) * GK_SECOND);
    ask_open(&buckets, session, scan.snapshot, text, now);
    ask_columns(&buckets, "min", "max");
    ask_run(&samples);
    call_scan(&scan);
    compare(harness, "samples", samples.answer, expected_second(wave, second - BEGIN_S));
    compare(harness, "scan", scan.answer, expected_second(wave, second - BEGIN_S));
    snprintf(line[0], sizeof line[0], "%s samples", name);
    snprintf(line[1], sizeof line[1], "%s buckets", name);
    struct harness_timed timed[] = {{line[0], HARNESS_US, ask_run, &samples, 0},
                                    {line[0], "gk_scan", call_scan, &scan, 0},
                                    {line[1], HARNESS_US, ask_run, &buckets, 0}};
    harness_time(harness, timed, 3, harness_is_quick(harness) ? BUDGET_QUICK_S : BUDGET_S);
    harness_note(harness, "%s: samples %" PRIu64 " rows, buckets %" PRIu64 " rows", name, samples.answer.n_rows,
                 buckets.answer.n_rows);
    ask_close(&samples);
    ask_close(&buckets);
    gk_session_free(session);
    gk_snapshot_close(scan.snapshot);
    fill_close(db);
}

static void measure(struct harness *harness, const char *name, int64_t hertz)
{
    struct wave wave = wave_of(hertz, harness_is_quick(harness) ? ROWS_QUICK : ROWS);
    int n_runs = harness_is_quick(harness) ? 1 : RUNS;
    char path[PATH_SIZE], ingest[32], row_bytes[32];
    uint32_t channels[CHANNELS];

    snprintf(ingest, sizeof ingest, "%s ingest", name);
    snprintf(row_bytes, sizeof row_bytes, "%s row_bytes", name);
    snprintf(path, sizeof path, "%s/wave.gk", harness_dir(harness));
    for (int run = 0; run < n_runs; run++) {
        harness_remove(path);
        gk_db *db = make_store(path, channels);
        harness_value(harness, ingest, HARNESS_US, (double)wave.n / load_wave(db, wave, channels));
        fill_close(db);
        harness_value(harness, row_bytes, HARNESS_US, (double)harness_folder_bytes(path) / (double)wave.n);
    }
    harness_value(harness, row_bytes, "raw", sizeof(int64_t) + CHANNELS * sizeof(double));
    ask_wave(harness, name, path, wave);
    harness_remove(path);
}

static void run_1khz(struct harness *harness)
{
    measure(harness, "1kHz", 1000);
}

static void run_30khz(struct harness *harness)
{
    measure(harness, "30kHz", 30000);
}

static const struct harness_workload workloads[] = {
    {"waves.1kHz", "voltage and current, 1,000 rows a second", run_1khz},
    {"waves.30kHz", "voltage and current, 30,000 rows a second", run_30khz},
};

int main(int argc, char **argv)
{
    static const struct harness_program program = {
        .name = "bench_waves",
        .lines = lines,
        .n_lines = sizeof lines / sizeof lines[0],
        .workloads = workloads,
        .n_workloads = sizeof workloads / sizeof workloads[0],
    };

    return harness_main(&program, argc, argv);
}
