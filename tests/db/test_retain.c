/*
 * test_retain.c - rows that were dropped: states and sums by the hour stay to the bit, samples are gone, later rows for
 * that time are kept apart, and all that comes afterwards (late rows, bands, another retention) is as a deep check
 * derives it.
 */
#include "db/world.h"

#include <math.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

static struct gk_error error;

#define HOUR       (INT64_C(3600) * GK_SECOND)
#define HOURS      120
#define FACILITIES 3
#define STEPS_MAX  20000
enum { KW, IA, CHANNELS };

static gk_db *new_store(char path[4096], enum gk_policy policy)
{
    static const char *const NAMES[] = {"f", "g", "h"};
    struct gk_options o = world_options();

    o.policy = policy;
    o.seal_bytes = 20000;
    gk_db *db = world_new(path, &o);
    (void)put_channel(db, "kw");
    (void)put_channel(db, "ia");
    for (int i = 0; i < FACILITIES; i++)
        (void)put_facility(db, NAMES[i], i ? GK_ABATEMENT : GK_PRODUCTION);
    return db;
}

static uint64_t put(gk_db *db, uint32_t facility, gk_time t, double kw, double ia)
{
    const uint32_t channels[] = {KW, IA};
    const double *values[] = {&kw, &ia};
    struct gk_counts counts;
    struct gk_batch b = {
        .n_rows = 1, .time = &t, .facility = &facility, .n_channels = 2, .channel = channels, .value = values};
    ok(gk_ingest(db, &b, &counts, &error), &error);
    return counts.quarantined;
}

static double random_value(struct random *random)
{
    return random_below(random, 30) ? (double)random_below(random, 1200) / 100 : gk_missing();
}

static void put_run(gk_db *db, struct random *random, gk_time from)
{
    uint32_t facility = (uint32_t)random_below(random, FACILITIES);
    gk_time t = from + (gk_time)random_below(random, (uint64_t)(T0 + HOURS * HOUR - from));
    gk_time step = (gk_time)(1 + random_below(random, 100)) * GK_SECOND;

    t = random_below(random, 2) ? t : t / GK_SECOND * GK_SECOND;
    t = t < from ? from : t;
    for (size_t n = 1 + random_below(random, 400); n > 0; n--) {
        (void)put(db, facility, t, random_value(random), random_value(random));
        t += step + (random_below(random, 40) ? 0 : (gk_time)random_below(random, 4 * 3600) * GK_SECOND);
    }
}

static void put_band(gk_db *db, struct random *random)
{
    struct gk_band_put band = band_of(GK_ZONE, NULL, 10, 20 + (int64_t)random_below(random, 60), GK_TIME_MIN);
    if (random_below(random, 2))
        band.from = T0 + (gk_time)random_below(random, HOURS * 3600) * GK_SECOND;
    if (random_below(random, 2))
        band.hold_ns = (int64_t)(1 + random_below(random, 5000)) * GK_SECOND;
    if (random_below(random, 3) == 0)
        band.dwell_on_ns = (int64_t)random_below(random, 900) * GK_SECOND;
    if (random_below(random, 4) == 0)
        band.channel = text_of(random_below(random, 2) ? "ia" : "kw");
    ok(gk_band_put(db, &band, &error), &error);
}

/* What a store says of the time up to `to`: sums by the hour and by odd numbers of hours, and states. */
struct said {
    struct gk_summary sums[FACILITIES][CHANNELS][2][HOURS + 20];
    struct gk_step steps[FACILITIES][STEPS_MAX];
    size_t n_steps[FACILITIES];
};

static void listen(gk_db *db, gk_time to, struct said *out)
{
    gk_snapshot *s = look(db);
    gk_time edges[HOURS + 20];

    memset(out, 0, sizeof *out);
    for (uint32_t f = 0; f < FACILITIES; f++) {
        const struct gk_step *steps;
        for (uint32_t c = 0; c < CHANNELS; c++)
            for (int wide = 0; wide < 2; wide++) {
                const struct gk_signal signal = {.channels = &c, .n_channels = 1};
                size_t n = 0;
                for (gk_time t = T0 - 5 * HOUR; t <= to && n < HOURS + 20; t += (wide ? 7 : 1) * HOUR)
                    edges[n++] = t;
                if (n > 1)
                    ok(gk_signal_summaries(s, f, &signal, edges, n - 1, out->sums[f][c][wide], &error), &error);
            }
        ok(gk_state_steps(s, f, T0 / GK_SECOND - 9999, to / GK_SECOND, &steps, &out->n_steps[f], &error), &error);
        assert_true(out->n_steps[f] < STEPS_MAX);
        memcpy(out->steps[f], steps, out->n_steps[f] * sizeof *steps);
    }
    gk_snapshot_close(s);
}

/* Up to where a facility's rows were dropped, or beyond. */
static void compare(const struct said *a, const struct said *b, const gk_time until[FACILITIES])
{
    for (int f = 0; f < FACILITIES; f++) {
        for (int c = 0; c < CHANNELS; c++)
            for (int wide = 0; wide < 2; wide++)
                for (int i = 0; i < HOURS + 20 && T0 + ((i + 1) * (wide ? 7 : 1) - 5) * HOUR <= until[f]; i++) {
                    const struct gk_summary *x = &a->sums[f][c][wide][i], *y = &b->sums[f][c][wide][i];
                    if (memcmp(x, y, sizeof *x) != 0)
                        fail_msg("facility %d, channel %d, bucket %d of %d h: count %llu and %llu, sum %g and %g, "
                                 "held %lld and %lld",
                                 f, c, i, wide ? 7 : 1, (unsigned long long)x->count, (unsigned long long)y->count,
                                 x->sum, y->sum, (long long)x->held_ns, (long long)y->held_ns);
                }
        for (size_t i = 0; i < a->n_steps[f] || i < b->n_steps[f]; i++) {
            const struct gk_step *x = &a->steps[f][i], *y = &b->steps[f][i];
            if (x->tick >= until[f] / GK_SECOND && y->tick >= until[f] / GK_SECOND)
                break;
            if (x->tick != y->tick || x->value != y->value)
                fail_msg("facility %d: step %zu of %zu and %zu: %lld %u and %lld %u (s after the beginning)", f, i,
                         a->n_steps[f], b->n_steps[f], (long long)(x->tick - T0 / GK_SECOND), x->value,
                         (long long)(y->tick - T0 / GK_SECOND), y->value);
        }
    }
}

/* Nothing from before the cut but the newest hour of a facility. */
static void compare_samples(gk_db *db, gk_time cut, gk_time until[FACILITIES])
{
    gk_snapshot *s = look(db);

    assert_int_equal(gk_snapshot_info(s)->dropped_before, cut);
    for (uint32_t f = 0; f < FACILITIES; f++) {
        const uint32_t channels[] = {KW, IA};
        struct gk_profile profile;
        struct gk_columns batch;
        gk_scan *scan;
        until[f] = cut;
        if (gk_facility_profile(s, f, &profile, &error) != GK_OK)
            continue;
        gk_time newest = profile.last / HOUR * HOUR;
        until[f] = cut < newest ? cut : newest;
        ok(gk_scan_open(s, f, channels, 2, GK_TIME_MIN, until[f], &scan, &error), &error);
        assert_int_equal(gk_scan_next(scan, &batch, &error), GK_DONE);
        gk_scan_close(scan);
    }
    gk_snapshot_close(s);
}

static void what_dropped_rows_said_stays(void **state)
{
    uint64_t seed = test_seed("what_dropped_rows_said_stays"), rounds = test_rounds(12);
    static struct said before, after;
    const gk_time always[FACILITIES] = {GK_TIME_MAX, GK_TIME_MAX, GK_TIME_MAX};
    gk_time until[FACILITIES];
    (void)state;

    for (uint64_t r = 0; r < rounds; r++) {
        struct random random = random_from(seed * 113 + r);
        char path[4096];
        gk_db *db = new_store(path, (enum gk_policy)(r % 3));
        gk_time cut = T0;
        for (int i = 0; i < 6; i++)
            put_run(db, &random, T0);
        for (int step = 0; step < 3; step++) {
            if (random_below(&random, 2))
                put_band(db, &random);
            put_run(db, &random, cut);
            ok(gk_seal(db, &error), &error);
            listen(db, T0 + (HOURS + 14) * HOUR, &before);
            gk_time at = cut + (gk_time)random_below(&random, (uint64_t)(40 * HOUR));
            uint64_t n_rows;
            ok(gk_retain(db, at, NULL, &n_rows, &error), &error);
            cut = at / HOUR * HOUR;
            listen(db, T0 + (HOURS + 14) * HOUR, &after);
            compare(&before, &after, always);
            compare_samples(db, cut, until);
            check_is_clean(db);

            /* Late rows and bands: what is before the cut stays, the rest is derived anew. */
            listen(db, cut, &before);
            assert_int_equal(put(db, 0, cut - 1, 5, 5), 1);
            for (int i = 0; i < 3; i++) {
                put_run(db, &random, cut);
                put_band(db, &random);
                ok(gk_commit(db, &error), &error);
                listen(db, cut, &after);
                compare(&before, &after, until);
                if (i == 1)
                    ok(gk_seal(db, &error), &error);
            }
            ok(gk_seal(db, &error), &error);
            listen(db, cut, &after);
            compare(&before, &after, until);
            check_is_clean(db);
        }
        world_end(db, path);
    }
}

/* ---- killed on the way ---- */

static int die_after(void *context, uint64_t done, uint64_t total)
{
    (void)done;
    (void)total;
    if (--*(int *)context == 0)
        (void)raise(SIGKILL);
    return GK_OK;
}

static void retain_and_die(const char *path, gk_time cut, int steps)
{
    struct gk_retain_options options = {.size = sizeof options, .progress = die_after, .context = &steps};
    struct gk_options o = world_options();
    int status;

    o.seal_bytes = 20000;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        gk_db *db = world_open(path, GK_READWRITE, &o);
        _exit(gk_retain(db, cut, &options, NULL, NULL) == GK_OK ? 0 : 1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status) || (WIFEXITED(status) && WEXITSTATUS(status) == 0));
}

static void a_retention_that_was_killed_is_finished_by_the_next(void **state)
{
    static struct said before, after;
    const gk_time always[FACILITIES] = {GK_TIME_MAX, GK_TIME_MAX, GK_TIME_MAX};
    gk_time until[FACILITIES], cut = T0 + 100 * HOUR;
    struct random random = random_from(test_seed("a_retention_that_was_killed"));
    struct gk_stat full, empty, again;
    char path[4096];
    (void)state;

    gk_db *db = new_store(path, GK_LAST);
    for (int64_t i = 0; i < HOURS * 600; i++)
        (void)put(db, (uint32_t)i % FACILITIES, T0 + i * 6 * GK_SECOND, random_value(&random), random_value(&random));
    ok(gk_seal(db, &error), &error);
    listen(db, T0 + HOURS * HOUR, &before);
    ok(gk_stat(db, &full, &error), &error);
    assert_int_equal(gk_close(db), GK_OK);
    for (int steps = 1; steps < 6; steps++) {
        retain_and_die(path, cut, steps);
        db = world_open(path, GK_READWRITE, NULL);
        check_is_clean(db);
        listen(db, T0 + HOURS * HOUR, &after);
        compare(&before, &after, always);
        assert_int_equal(gk_close(db), GK_OK);
    }
    db = world_open(path, GK_READWRITE, NULL);
    ok(gk_retain(db, cut, NULL, NULL, &error), &error);
    compare_samples(db, cut, until);
    check_is_clean(db);
    listen(db, T0 + HOURS * HOUR, &after);
    compare(&before, &after, always);
    ok(gk_stat(db, &empty, &error), &error);
    assert_true(empty.n_rows < full.n_rows / 4 && empty.n_rows > 0 && 3 * empty.used_bytes < 2 * full.used_bytes);
    for (int64_t i = HOURS * 600; i < HOURS * 1100; i++) /* the pages are used again */
        (void)put(db, (uint32_t)i % FACILITIES, T0 + i * 6 * GK_SECOND, random_value(&random), random_value(&random));
    ok(gk_seal(db, &error), &error);
    ok(gk_stat(db, &again, &error), &error);
    assert_true(again.file_bytes < 2 * full.file_bytes);
    world_end(db, path);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(a_retention_that_was_killed_is_finished_by_the_next),
    cmocka_unit_test(what_dropped_rows_said_stays),
};

RUN_TESTS(tests)
