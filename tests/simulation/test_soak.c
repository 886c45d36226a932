/*
 * test_soak.c - days of a zone: 200 facilities send each 10 s of a simulated clock, some rows late or twice; a question
 * is asked every ten minutes, and rows older than a day are dropped once an hour. From the fifth day on neither memory
 * nor the file may grow but by what is kept for good, the states and hourly sums of dropped time.
 *
 *     GK_ROUNDS=240     hours (make soak HOURS=240); less than six days are told, but not judged
 */
#include "db/world.h"

#include <unistd.h>

#include "gk_query.h"

#define FACILITIES 200
#define CHANNELS   4
#define STEP_S     10
#define KEPT_HOURS 24
#define HOUR       (INT64_C(3600) * GK_SECOND)
#define SETTLED    120  /* hours until all is as it will be */
#define FLAT       1.02 /* from one day to the next */
#define STEADY     1.05 /* over all of them: it goes up and down */

static struct gk_error error;

struct soak {
    gk_db *db;
    gk_time now;
    struct random random;
    uint32_t channels[CHANNELS];
    double level[FACILITIES];
    uint64_t n_rows, n_late, n_twice;
};

static gk_time read_clock(void *context)
{
    return *(const gk_time *)context;
}

/* Bytes of this process that no file backs. */
static double memory(void)
{
    unsigned long kb = 0;
    char line[256];
    FILE *f = fopen("/proc/self/status", "r");

    assert_non_null(f);
    while (fgets(line, sizeof line, f))
        if (sscanf(line, "RssAnon: %lu", &kb) == 1)
            break;
    (void)fclose(f);
    return (double)kb * 1024;
}

/* What all facilities send now: currents and power that stay near a level, which changes a few times a day. */
static void send(struct soak *s)
{
    static gk_time time[2 * FACILITIES];
    static uint32_t facility[2 * FACILITIES];
    static double cells[CHANNELS][2 * FACILITIES];
    const double *const values[CHANNELS] = {cells[0], cells[1], cells[2], cells[3]};
    size_t n = 0;

    for (uint32_t f = 0; f < FACILITIES; f++) {
        if (random_below(&s->random, 1000) == 0)
            s->level[f] = random_below(&s->random, 3) ? 40 + (double)random_below(&s->random, 50) : 0;
        uint64_t fate = random_below(&s->random, 500);
        time[n] = s->now - (gk_time)(fate == 0 ? 60 + random_below(&s->random, 3600) : 0) * GK_SECOND -
                  (gk_time)random_below(&s->random, 3) * GK_SECOND / 4;
        facility[n] = f;
        for (int c = 0; c < CHANNELS; c++)
            cells[c][n] = s->level[f] > 0
                              ? (double)((int64_t)(s->level[f] * 10) + (int64_t)random_below(&s->random, 20)) / 10
                              : 0;
        s->n_late += fate == 0;
        n++;
        if (fate == 1) { /* twice */
            time[n] = time[n - 1];
            facility[n] = f;
            for (int c = 0; c < CHANNELS; c++)
                cells[c][n] = cells[c][n - 1];
            s->n_twice++;
            n++;
        }
    }
    struct gk_batch batch = {.n_rows = n,
                             .time = time,
                             .facility = facility,
                             .n_channels = CHANNELS,
                             .channel = s->channels,
                             .value = values};
    ok(gk_ingest(s->db, &batch, NULL, &error), &error);
    ok(gk_commit(s->db, &error), &error);
    s->n_rows += n;
}

static void ask(struct soak *s)
{
    static const char text[] = "when facility off for >= 10m last 3h";
    struct gk_query_error query_error;
    gk_session *session;
    gk_query *query;
    int rc;

    gk_snapshot *snapshot = look(s->db);
    /* However slow the machine is. */
    const struct gk_session_options untimed = {.size = sizeof untimed, .max_run_ns = -1};
    assert_int_equal(gk_session_new(&untimed, &session), GK_OK);
    if (gk_query_prepare(session, snapshot, text, sizeof text - 1, NULL, &query, &query_error) != GK_OK ||
        gk_query_start(query, snapshot, s->now, &query_error) != GK_OK)
        fail_msg("%s", query_error.report);
    while ((rc = gk_query_next(query, &query_error)) == GK_OK)
        ;
    assert_int_equal(rc, GK_DONE);
    gk_query_free(query);
    gk_session_free(session);
    gk_snapshot_close(snapshot);
}

/* What is looked at each day, from when it should stay as it is. */
struct watched {
    double last, least, most, step; /* step: the largest ratio of two days that follow each other */
};

static void watch(struct watched *w, double value)
{
    double ratio = w->last > value ? w->last / value : value / w->last;

    if (w->last > 0)
        w->step = ratio > w->step ? ratio : w->step;
    w->least = w->last == 0 || value < w->least ? value : w->least;
    w->most = value > w->most ? value : w->most;
    w->last = value;
}

static void expect_flat(const struct watched *w, const char *what)
{
    print_message("%s: a day changes it by up to %.2f %%, all days by %.2f %%\n", what, (w->step - 1) * 100,
                  (w->most / w->least - 1) * 100);
    assert_true(w->step <= FLAT);
    assert_true(w->most <= w->least * STEADY);
}

/* Tables whose records stay when rows are dropped. */
static uint64_t history_of(const struct gk_stat *stat)
{
    uint64_t bytes = 0;

    for (unsigned t = 0; gk_table_name(t); t++)
        if (strcmp(gk_table_name(t), "state") == 0 || strcmp(gk_table_name(t), "hour") == 0 ||
            strcmp(gk_table_name(t), "presence") == 0)
            bytes += stat->table_bytes[t];
    return bytes;
}

static void memory_and_file_are_flat(void **state)
{
    struct soak s = {.now = T0, .random = random_from(test_seed("soak"))};
    struct gk_options o = {
        .size = sizeof o, .map_size = UINT64_C(1) << 32, .commit_ns = -1, .clock = read_clock, .clock_context = &s.now};
    uint64_t hours = test_rounds(3);
    struct watched bytes = {0}, file = {0};
    char path[4096];
    (void)state;

    s.db = world_new(path, &o);
    for (uint32_t f = 0; f < FACILITIES; f++) {
        char name[16];
        (void)snprintf(name, sizeof name, "f%u", f);
        (void)put_facility(s.db, name, f % 2 ? GK_ABATEMENT : GK_PRODUCTION);
    }
    static const char *const NAMES[CHANNELS] = {"kw", "ia", "ib", "ic"};
    for (int c = 0; c < CHANNELS; c++)
        s.channels[c] = put_channel(s.db, NAMES[c]);
    for (uint64_t hour = 1; hour <= hours; hour++) {
        for (int i = 0; i < 3600 / STEP_S; i++) {
            s.now += STEP_S * GK_SECOND;
            send(&s);
            if (i % 60 == 0)
                ask(&s);
        }
        ok(gk_retain(s.db, s.now - KEPT_HOURS * HOUR, NULL, NULL, &error), &error);
        struct gk_stat stat;
        ok(gk_stat(s.db, &stat, &error), &error);
        double kept = (double)(stat.file_bytes - history_of(&stat));
        print_message("hour %2llu: %7llu rows, file %.2f MB, of it history %.2f, live %.2f; memory %.2f MB\n",
                      (unsigned long long)hour, (unsigned long long)stat.n_rows, (double)stat.file_bytes / 1e6,
                      (double)history_of(&stat) / 1e6, (double)stat.used_bytes / 1e6, memory() / 1e6);
        if (hour >= SETTLED && hour % 24 == 0) { /* days are closed at once: the hours within one differ more */
            watch(&bytes, memory());
            watch(&file, kept);
        }
    }
    if (hours >= SETTLED + 24) {
        expect_flat(&bytes, "memory");
        expect_flat(&file, "the file without what is kept for good");
    }
    check_is_clean(s.db);
    struct gk_stat stat;
    ok(gk_stat(s.db, &stat, &error), &error);
    const struct gk_counts *c = &stat.counts;
    assert_int_equal(c->accepted + c->late + c->duplicate + c->conflicting + c->quarantined + c->rejected, s.n_rows);
    assert_true(c->late > 0 && c->duplicate + c->conflicting >= s.n_twice);
    world_end(s.db, path);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(memory_and_file_are_flat),
};

RUN_TESTS(tests)
