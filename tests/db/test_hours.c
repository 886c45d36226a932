/*
 * test_hours.c - summaries from stored hours against those from samples, to the bit: whatever comes late, twice, as NaN
 * or not at all, sealed or not, under bands that change; and that hours are what a deep check derives.
 */
#include "db/figures.h"
#include "db/world.h"

#include <math.h>

#include "db/hours.h"

static struct gk_error error;

#define HOUR  (INT64_C(3600) * GK_SECOND)
#define HOURS 100
#define EDGES 200
enum { KW, IA, NEVER, CHANNELS };

static gk_db *new_store(char path[4096], enum gk_policy policy, int64_t tick_ns)
{
    static const char *const NAMES[CHANNELS] = {"kw", "ia", "never"};
    struct gk_options o = world_options();

    o.policy = policy;
    o.tick_ns = tick_ns;
    gk_db *db = world_new(path, &o);
    for (int c = 0; c < CHANNELS; c++)
        assert_int_equal(put_channel(db, NAMES[c]), c);
    (void)put_facility(db, "f", GK_PRODUCTION);
    (void)put_facility(db, "g", GK_ABATEMENT);
    return db;
}

static double random_value(struct random *random)
{
    switch (random_below(random, 60)) {
    case 0:
        return gk_missing();
    case 1:
        return NAN;
    case 2:
        return random_below(random, 8) ? 0 : INFINITY;
    case 3:
        return random_below(random, 8) ? -0.0 : -INFINITY;
    case 4:
        return (double)random_below(random, 1000) / 7;
    case 5:
        return random_below(random, 8) ? 1e-3 : 1e200;
    default:
        return (double)random_below(random, 5000) / 100;
    }
}

static void put(gk_db *db, uint32_t facility, gk_time t, double kw, double ia)
{
    const uint32_t channels[] = {KW, IA};
    const double *values[] = {&kw, &ia};
    struct gk_batch b = {
        .n_rows = 1, .time = &t, .facility = &facility, .n_channels = 2, .channel = channels, .value = values};
    ok(gk_ingest(db, &b, NULL, &error), &error);
}

/* A run of rows that begins somewhere in the span: sometimes where there are rows already. */
static void put_run(gk_db *db, struct random *random)
{
    uint32_t facility = (uint32_t)random_below(random, 2);
    gk_time t = T0 + (gk_time)random_below(random, HOURS * 3600) * GK_SECOND;
    gk_time step = (gk_time)(1 + random_below(random, 100)) * GK_SECOND;
    size_t n = 1 + random_below(random, 300);
    int64_t noise = random_below(random, 3) ? GK_SECOND : 1;

    for (size_t i = 0; i < n; i++) {
        put(db, facility, t, random_value(random), random_value(random));
        t += step + (gk_time)random_below(random, 3) * noise;
        if (random_below(random, 40) == 0)
            t += (gk_time)random_below(random, 4 * 3600) * GK_SECOND;
    }
}

static void put_band(gk_db *db, struct random *random)
{
    struct gk_band_put band = band_of(random_below(random, 2) ? GK_ZONE : GK_FACILITY, NULL, 10, 20, GK_TIME_MIN);
    band.name = text_of(band.scope == GK_FACILITY ? "f" : NULL);
    if (random_below(random, 2))
        band.from = T0 + (gk_time)random_below(random, HOURS * 3600) * GK_SECOND;
    if (random_below(random, 4))
        band.hold_ns = (int64_t)(1 + random_below(random, 20000)) * GK_SECOND / 4;
    if (random_below(random, 4) == 0)
        band.channel = text_of(random_below(random, 2) ? "ia" : "kw");
    ok(gk_band_put(db, &band, &error), &error);
}

static size_t random_edges(struct random *random, gk_time edges[EDGES])
{
    static const int64_t STEPS[] = {HOUR, HOUR, 24 * HOUR, 6 * HOUR, HOUR / 2, 90 * 60 * GK_SECOND, 7777 * GK_SECOND};
    int64_t step = STEPS[random_below(random, sizeof STEPS / sizeof *STEPS)];
    size_t n = 1 + random_below(random, EDGES - 1);

    edges[0] = T0 + ((int64_t)random_below(random, HOURS) - 10) * HOUR;
    if (random_below(random, 3) == 0)
        edges[0] += (gk_time)random_below(random, HOUR);
    for (size_t i = 1; i < n; i++)
        edges[i] = edges[i - 1] + step + (random_below(random, 20) ? 0 : (gk_time)random_below(random, HOUR));
    return n - 1;
}

/* The channel that is never there makes the engine read samples; a row's number is the same. */
static void compare_with_samples(gk_db *db, struct random *random)
{
    static const uint32_t PLAIN[] = {KW, NEVER}, CURRENT[] = {IA, NEVER};
    gk_snapshot *s = look(db);
    static struct gk_summary a[EDGES], b[EDGES];
    gk_time edges[EDGES];

    for (int i = 0; i < 12; i++) {
        uint32_t facility = (uint32_t)random_below(random, 2);
        size_t n = random_edges(random, edges);
        struct gk_signal one = {.channels = random_below(random, 4) ? PLAIN : CURRENT, .n_channels = 1}, two = one;
        two.n_channels = 2;
        ok(gk_signal_summaries(s, facility, &one, edges, n, a, &error), &error);
        ok(gk_signal_summaries(s, facility, &two, edges, n, b, &error), &error);
        for (size_t k = 0; k < n; k++)
            if (memcmp(&a[k], &b[k], sizeof a[k]) != 0)
                fail_msg("bucket %zu of %zu: count %llu and %llu, sum %.17g and %.17g, integral %.17g and %.17g, "
                         "held %lld and %lld, squares %.17g and %.17g",
                         k, n, (unsigned long long)a[k].count, (unsigned long long)b[k].count, a[k].sum, b[k].sum,
                         a[k].integral, b[k].integral, (long long)a[k].held_ns, (long long)b[k].held_ns,
                         a[k].square_sum, b[k].square_sum);
        one.figures = 1 + (uint32_t)random_below(random, GK_FIGURES_ALL);
        ok(gk_signal_summaries(s, facility, &one, edges, n, b, &error), &error);
        for (size_t k = 0; k < n; k++)
            some_are_as_all(one.figures, &b[k], &a[k]);
    }
    gk_snapshot_close(s);
}

static void hours_give_to_the_bit_what_samples_give(void **state)
{
    uint64_t seed = test_seed("hours_give_to_the_bit_what_samples_give"), rounds = test_rounds(12);
    (void)state;

    for (uint64_t r = 0; r < rounds; r++) {
        struct random random = random_from(seed * 107 + r);
        char path[4096];
        gk_db *db = new_store(path, (enum gk_policy)(r % 3), r % 2 ? GK_SECOND : GK_SECOND / 2);
        for (int i = 0; i < 12; i++) {
            put_run(db, &random);
            if (random_below(&random, 4) == 0)
                put_band(db, &random);
            ok(gk_commit(db, &error), &error);
            if (random_below(&random, 2) == 0)
                ok(gk_seal(db, &error), &error);
            compare_with_samples(db, &random);
        }
        ok(gk_seal(db, &error), &error);
        compare_with_samples(db, &random);
        check_is_clean(db);
        world_end(db, path);
    }
}

/* More rows of the hour follow after a band that begins hours later. */
static void a_band_of_the_future_leaves_the_last_hour_open(void **state)
{
    struct random random = random_from(1);
    char path[4096];
    gk_db *db = new_store(path, GK_LAST, GK_SECOND);
    struct gk_band_put band = band_of(GK_ZONE, NULL, 10, 20, T0 + 5 * HOUR);
    (void)state;

    put(db, 0, T0, 3, 1);
    ok(gk_seal(db, &error), &error);
    ok(gk_band_put(db, &band, &error), &error);
    ok(gk_seal(db, &error), &error);
    put(db, 0, T0 + 10 * GK_SECOND, 5, 1); /* as close as rows are taken to be before */
    ok(gk_seal(db, &error), &error);
    put(db, 0, T0 + 20 * GK_SECOND, 5, 1);
    ok(gk_seal(db, &error), &error);
    compare_with_samples(db, &random);
    check_is_clean(db);
    world_end(db, path);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(hours_give_to_the_bit_what_samples_give),
    cmocka_unit_test(a_band_of_the_future_leaves_the_last_hour_open),
};

RUN_TESTS(tests)
