/*
 * bench_count.c - fixed amounts of work for count.sh, which counts instructions: `bench_count WORK UNITS DIR` does WORK
 * so often (0: only what comes before it), so that the difference of two runs is the work alone.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ask.h"
#include "codec/chunk.h"
#include "fill.h"
#include "harness.h"

#define SEED                 11
#define PATH_SIZE            1024
#define QUESTION_ENTERPRISES 40
#define ENTERPRISES          4
#define LENGTH_S             86400
#define CHUNK_N              4096
#define TICK                 4000
#define TICK_LENGTH_S        300

static const char the_question[] = "when any abatement off while any production on for >= 10m per enterprise "
                                   "between 2024-06-10 and 2024-06-11";

static gk_db *zone_store(const char *dir, char path[PATH_SIZE], const struct zone *zone, int flags,
                         uint32_t channels[ZONE_CHANNELS])
{
    gk_db *db;

    snprintf(path, PATH_SIZE, "%s/count.gk", dir);
    harness_remove(path);
    db = fill_open(path, FILL_COMMIT_BY_HAND | flags);
    fill_catalog(db, zone, channels);
    return db;
}

/* Unit: a row, of one enterprise more or less. Sealed at the end. */
static uint64_t count_ingest(uint64_t units, const char *dir, bool is_csv)
{
    struct zone zone;
    struct fill_figures figures = {0};
    uint32_t channels[ZONE_CHANNELS];
    char path[PATH_SIZE];
    gk_db *db;

    zone_make(&zone, ENTERPRISES, LENGTH_S, SEED);
    db = zone_store(dir, path, &zone, 0, channels);
    if (is_csv)
        fill_csv(units > 0 ? db : NULL, &zone, &figures);
    else
        fill_rows(units > 0 ? db : NULL, &zone, channels, ZONE_ARRIVAL, &figures);
    fill_close(db);
    harness_remove(path);
    zone_clear(&zone);
    return units > 0 ? figures.n_rows : 0;
}

/* Unit: a row of batches of TICK rows, one a facility, each committed. The last ones are not sealed. */
static uint64_t count_durable(uint64_t units, const char *dir)
{
    struct zone zone;
    struct zone_cursor cursor;
    struct zone_rows rows;
    struct gk_error error = {0};
    uint32_t channels[ZONE_CHANNELS];
    uint64_t n = 0;
    char path[PATH_SIZE];
    gk_db *db;

    zone_make(&zone, TICK / ZONE_FACILITIES, TICK_LENGTH_S, SEED);
    db = zone_store(dir, path, &zone, FILL_LIVE, channels);
    zone_rows_init(&rows, TICK);
    zone_cursor_init(&cursor, &zone, ZONE_ARRIVAL);
    while (zone_next(&cursor, &rows)) {
        if (units == 0)
            continue;
        fill_batch(db, &rows, channels);
        fill_check(gk_commit(db, &error), &error, "gk_commit");
        n += rows.n;
    }
    _exit(printf("%llu\n", (unsigned long long)n) < 0 || fflush(stdout) != 0); /* closing would seal */
}

/* Unit: an answer to THE question. */
static uint64_t count_question(uint64_t units, const char *dir)
{
    struct zone zone;
    struct fill_figures figures;
    struct gk_error error = {0};
    uint32_t channels[ZONE_CHANNELS];
    char path[PATH_SIZE];
    gk_snapshot *snapshot = NULL;
    gk_session *session = ask_session();
    struct ask ask;
    gk_db *db;

    zone_make(&zone, QUESTION_ENTERPRISES, LENGTH_S, SEED);
    db = zone_store(dir, path, &zone, 0, channels);
    fill_rows(db, &zone, channels, ZONE_ARRIVAL, &figures);
    fill_check(gk_snapshot_open(db, &snapshot, &error), &error, "gk_snapshot_open");
    ask_open(&ask, session, snapshot, the_question, (zone.from_s + LENGTH_S) * GK_SECOND);
    ask_run(&ask);
    if (ask.answer.n_rows == 0)
        harness_fail("THE question finds nothing in this zone: its count would mean nothing");
    for (uint64_t i = 0; i < units; i++)
        ask_run(&ask);
    ask_close(&ask);
    gk_session_free(session);
    gk_snapshot_close(snapshot);
    fill_close(db);
    harness_remove(path);
    zone_clear(&zone);
    return units;
}

/* Unit: THE question prepared, from text to a tree with ids, and freed. */
static uint64_t count_plan(uint64_t units, const char *dir)
{
    struct zone zone;
    struct gk_error error = {0};
    uint32_t channels[ZONE_CHANNELS];
    char path[PATH_SIZE];
    gk_snapshot *snapshot = NULL;
    gk_session *session = ask_session();
    gk_db *db;

    zone_make(&zone, QUESTION_ENTERPRISES, TICK_LENGTH_S, SEED);
    db = zone_store(dir, path, &zone, 0, channels);
    fill_check(gk_snapshot_open(db, &snapshot, &error), &error, "gk_snapshot_open");
    ask_prepare_only(session, snapshot, the_question);
    for (uint64_t i = 0; i < units; i++)
        ask_prepare_only(session, snapshot, the_question);
    gk_session_free(session);
    gk_snapshot_close(snapshot);
    fill_close(db);
    harness_remove(path);
    zone_clear(&zone);
    return units;
}

/* Unit: a value, of kw, encoded (`is_encode`) or decoded; chunks of CHUNK_N rows. */
static uint64_t count_chunk(uint64_t units, bool is_encode)
{
    static const uint32_t channel = 0;
    static double value[CHUNK_N], out[CHUNK_N];
    static gk_time time[CHUNK_N];
    const double *values = value;
    struct chunk_rows rows = {CHUNK_N, time, 1, &channel, &values};
    struct chunk_view chunk;
    struct buffer bytes;
    struct zone zone;
    size_t n = 0;

    zone_make(&zone, 1, LENGTH_S, SEED);
    for (; n < CHUNK_N && n < zone.facilities[0].n_rows; n++) {
        time[n] = (zone.from_s + zone.facilities[0].column[ZONE_TIME][n]) * GK_SECOND;
        value[n] = zone.facilities[0].column[ZONE_KW][n] / ZONE_UNIT[ZONE_KW];
    }
    rows.n_rows = n;
    buffer_init(&bytes, &MEM_SYSTEM);
    if (chunk_encode(&MEM_SYSTEM, &rows, &bytes) != GK_OK || chunk_open(bytes.bytes, bytes.size, &chunk) != GK_OK)
        harness_fail("chunk_encode");
    for (uint64_t i = 0; i < units; i++) {
        if (is_encode)
            buffer_reset(&bytes);
        if (is_encode ? chunk_encode(&MEM_SYSTEM, &rows, &bytes) != GK_OK
                      : chunk_values(&chunk, 0, 0, chunk.n_minis, out) != GK_OK)
            harness_fail("chunk");
    }
    buffer_clear(&bytes);
    zone_clear(&zone);
    return units * n;
}

int main(int argc, char **argv)
{
    uint64_t units, n;

    if (argc != 4)
        harness_fail("bench_count ingest|csv|durable|question|plan|encode|decode UNITS DIR");
    units = strtoull(argv[2], NULL, 10);
    if (strcmp(argv[1], "ingest") == 0)
        n = count_ingest(units, argv[3], false);
    else if (strcmp(argv[1], "csv") == 0)
        n = count_ingest(units, argv[3], true);
    else if (strcmp(argv[1], "durable") == 0)
        n = count_durable(units, argv[3]);
    else if (strcmp(argv[1], "question") == 0)
        n = count_question(units, argv[3]);
    else if (strcmp(argv[1], "plan") == 0)
        n = count_plan(units, argv[3]);
    else if (strcmp(argv[1], "encode") == 0 || strcmp(argv[1], "decode") == 0)
        n = count_chunk(units, argv[1][0] == 'e');
    else
        harness_fail("%s: no such work", argv[1]);
    printf("%llu\n", (unsigned long long)n);
    return 0;
}
