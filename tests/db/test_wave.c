/*
 * test_wave.c - meters that sample the wave itself: a second of current and voltage at 30 kHz and of power at 1 kHz
 * come back to the bit, sum up to what the closed forms say, and give states; sealed or not.
 */
#include "db/world.h"

#include <math.h>

static struct gk_error error;

#define TURN 6.283185307179586
enum { KW, IA, UA, CHANNELS };

struct meter {
    uint32_t facility;
    size_t n, n_channels;
    const uint32_t *channel;
    gk_time *time;
    double *value[2];
};

static struct meter new_meter(uint32_t facility, size_t n, const uint32_t *channel, size_t n_channels)
{
    struct meter m = {facility, n, n_channels, channel, malloc(n * sizeof(gk_time)), {NULL, NULL}};
    assert_non_null(m.time);
    for (size_t c = 0; c < n_channels; c++) {
        static const double OFFSET[CHANNELS] = {8, 0, 0}, AMPLITUDE[CHANNELS] = {2, 14.5, 325};
        m.value[c] = malloc(n * sizeof(double));
        assert_non_null(m.value[c]);
        for (size_t i = 0; i < n; i++)
            m.value[c][i] = OFFSET[channel[c]] + AMPLITUDE[channel[c]] * sin(TURN * 50 * (double)i / (double)n);
    }
    for (size_t i = 0; i < n; i++)
        m.time[i] = T0 + (gk_time)i * GK_SECOND / (gk_time)n;
    return m;
}

static void put_meter(gk_db *db, const struct meter *m)
{
    uint32_t *facility = malloc(m->n * sizeof *facility);
    const double *const values[] = {m->value[0], m->value[1]};
    assert_non_null(facility);
    for (size_t i = 0; i < m->n; i++)
        facility[i] = m->facility;
    struct gk_batch b = {.n_rows = m->n,
                         .time = m->time,
                         .facility = facility,
                         .n_channels = m->n_channels,
                         .channel = m->channel,
                         .value = values};
    struct gk_counts counts;
    ok(gk_ingest(db, &b, &counts, &error), &error);
    assert_int_equal(counts.accepted, m->n);
    ok(gk_commit(db, &error), &error);
    free(facility);
}

static void compare_samples(gk_snapshot *s, const struct meter *m)
{
    struct gk_columns batch;
    gk_scan *scan;
    size_t n = 0;
    int rc;

    ok(gk_scan_open(s, m->facility, m->channel, m->n_channels, T0, T0 + GK_SECOND, &scan, &error), &error);
    while ((rc = gk_scan_next(scan, &batch, &error)) == GK_OK) {
        assert_memory_equal(batch.time, m->time + n, batch.n_rows * sizeof *batch.time);
        for (size_t c = 0; c < m->n_channels; c++)
            assert_memory_equal(batch.value[c], m->value[c] + n, batch.n_rows * sizeof(double));
        n += batch.n_rows;
    }
    assert_int_equal(rc, GK_DONE);
    assert_int_equal(n, m->n);
    gk_scan_close(scan);
}

static void near(double a, double b)
{
    if (!(fabs(a - b) <= 1e-9 * (1 + fabs(b))))
        fail_msg("%.17g, expected %.17g", a, b);
}

/* Buckets of one turn at 50 Hz; the wave is at its top and bottom where samples are. */
static void compare_sums(gk_snapshot *s, const struct meter *m, uint32_t channel, double offset, double amplitude)
{
    const struct gk_signal signal = {.channels = &channel, .n_channels = 1};
    struct gk_summary out[50];
    gk_time edges[51];

    for (int i = 0; i <= 50; i++)
        edges[i] = T0 + i * GK_SECOND / 50;
    ok(gk_signal_summaries(s, m->facility, &signal, edges, 50, out, &error), &error);
    for (int i = 0; i < 50; i++) {
        assert_int_equal(out[i].count, m->n / 50);
        assert_int_equal(out[i].held_ns, GK_SECOND / 50);
        near(out[i].sum / (double)out[i].count, offset);
        near(sqrt(out[i].square_sum / (double)out[i].count), sqrt(offset * offset + amplitude * amplitude / 2));
        near(out[i].max, offset + amplitude);
        near(out[i].min, offset - amplitude);
        near(out[i].integral, offset / 50);
        assert_int_equal(out[i].first_time, edges[i]);
    }
}

static void waves_come_back_and_sum_up_to_the_closed_forms(void **state)
{
    static const uint32_t POWER[] = {KW}, BOTH[] = {IA, UA};
    char path[4096];
    (void)state;

    gk_db *db = world_new(path, NULL);
    static const char *const NAMES[CHANNELS] = {"kw", "ia", "ua"};
    for (int c = 0; c < CHANNELS; c++)
        assert_int_equal(put_channel(db, NAMES[c]), c);
    struct meter spindle = new_meter(put_facility(db, "spindle", GK_PRODUCTION), 30000, BOTH, 2);
    struct meter press = new_meter(put_facility(db, "press", GK_PRODUCTION), 1000, POWER, 1);
    put_meter(db, &spindle);
    put_meter(db, &press);
    for (int sealed = 0; sealed < 2; sealed++) {
        gk_snapshot *s = look(db);
        struct gk_profile profile;
        const struct gk_step *steps;
        size_t n;
        compare_samples(s, &spindle);
        compare_samples(s, &press);
        compare_sums(s, &spindle, IA, 0, 14.5);
        compare_sums(s, &spindle, UA, 0, 325);
        compare_sums(s, &press, KW, 8, 2);
        ok(gk_facility_profile(s, spindle.facility, &profile, &error), &error);
        assert_int_equal(profile.n_rows, 30000);
        assert_int_equal(profile.hold_ns, 60 * GK_SECOND);
        /* A tick has the state of its last sample, which holds for a minute. */
        ok(gk_state_steps(s, press.facility, T0 / GK_SECOND, T0 / GK_SECOND + 100, &steps, &n, &error), &error);
        assert_int_equal(n, 2);
        assert_true(steps[0].value == GK_ON && steps[1].value == GK_NODATA);
        assert_int_equal(steps[1].tick, T0 / GK_SECOND + 60);
        gk_snapshot_close(s);
        ok(gk_seal(db, &error), &error);
    }
    check_is_clean(db);
    world_end(db, path);
    free(spindle.time);
    free(spindle.value[0]);
    free(spindle.value[1]);
    free(press.time);
    free(press.value[0]);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(waves_come_back_and_sum_up_to_the_closed_forms),
};

RUN_TESTS(tests)
