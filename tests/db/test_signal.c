/*
 * test_signal.c - signals against a model that keeps every sample: which truth each tick has, and what each bucket sums
 * up to; with missing values, NaN, several rows in a tick, samples that end with their hold, sealed and unsealed rows.
 */
#include "db/world.h"

#include <math.h>

#define ROWS_MAX 600
#define CHANNELS 3
#define SPAN     3000 /* ticks that are looked at, from T0 on */

static struct gk_error error;

struct sample {
    gk_time time;
    double value[CHANNELS];
};

static struct sample samples[ROWS_MAX];
static size_t n_samples;
static int64_t hold_ns;

static double random_value(struct random *random)
{
    switch (random_below(random, 8)) {
    case 0:
        return gk_missing();
    case 1:
        return NAN;
    default:
        return (double)random_below(random, 100) / 8;
    }
}

/* Rows of one facility with times of their own, into the store in batches of random order, partly sealed. */
static gk_db *random_store(struct random *random, char path[4096], int64_t tick_ns)
{
    struct gk_options o = world_options();
    gk_time t = T0 - 200 * GK_SECOND;

    o.tick_ns = tick_ns;
    gk_db *db = world_new(path, &o);
    for (int c = 0; c < CHANNELS; c++) {
        static const char *const NAMES[CHANNELS] = {"kw", "ia", "ib"};
        assert_int_equal(put_channel(db, NAMES[c]), c);
    }
    (void)put_facility(db, "f", GK_PRODUCTION);
    hold_ns = (int64_t)(1 + random_below(random, 120)) * GK_SECOND;
    struct gk_band_put band = band_of(GK_ZONE, NULL, 10, 20, GK_TIME_MIN);
    band.hold_ns = hold_ns;
    ok(gk_band_put(db, &band, &error), &error);
    n_samples = 50 + random_below(random, ROWS_MAX - 50);
    size_t order[ROWS_MAX];
    for (size_t i = 0; i < n_samples; i++) {
        t += 1 + (gk_time)random_below(random, (uint64_t)(random_below(random, 12) ? 8 * GK_SECOND : 200 * GK_SECOND));
        if (random_below(random, 3) == 0)
            t = t / GK_SECOND * GK_SECOND + GK_SECOND;
        samples[i].time = t;
        for (int c = 0; c < CHANNELS; c++)
            samples[i].value[c] = random_value(random);
        if (gk_is_missing(samples[i].value[0]) && gk_is_missing(samples[i].value[1]) &&
            gk_is_missing(samples[i].value[2]))
            samples[i].value[0] = 1;
        order[i] = i;
        size_t k = random_below(random, 4) ? i : random_below(random, i + 1);
        order[i] = order[k];
        order[k] = i;
    }
    for (size_t i = 0; i < n_samples; i++) {
        const struct sample *s = &samples[order[i]];
        const uint32_t channels[CHANNELS] = {0, 1, 2}, facility = 0;
        const double *values[CHANNELS] = {&s->value[0], &s->value[1], &s->value[2]};
        struct gk_batch b = {.n_rows = 1,
                             .time = &s->time,
                             .facility = &facility,
                             .n_channels = CHANNELS,
                             .channel = channels,
                             .value = values};
        ok(gk_ingest(db, &b, NULL, &error), &error);
        if (random_below(random, 150) == 0)
            ok(gk_seal(db, &error), &error);
    }
    ok(gk_commit(db, &error), &error);
    return db;
}

/* ---- the model
 * ------------------------------------------------------------------------------------------------------------------ */

static bool number_of(const struct sample *s, const struct gk_signal *signal, double *out)
{
    double least = INFINITY, most = -INFINITY, total = 0;
    size_t n = 0;
    for (size_t c = 0; c < signal->n_channels; c++) {
        double v = s->value[signal->channels[c]];
        if (isnan(v))
            continue;
        least = fmin(least, v);
        most = fmax(most, v);
        total += v;
        n++;
    }
    switch (signal->reduce) {
    case GK_LEAST:
        *out = least;
        break;
    case GK_MOST:
        *out = most;
        break;
    case GK_TOTAL:
        *out = total;
        break;
    default:
        *out = total / (double)n;
    }
    return n > 0;
}

static bool compares(enum gk_compare compare, double a, double b)
{
    const bool results[] = {a<b, a <= b, a> b, a >= b, a == b, a != b};
    return results[compare];
}

/* Of one tick, by looking at every sample. */
static enum gk_truth truth_of(int64_t tick, int64_t tick_ns, const struct gk_signal *signal, enum gk_compare compare,
                              double limit)
{
    enum gk_truth truth = GK_UNKNOWN;
    for (size_t i = 0; i < n_samples; i++) {
        double v;
        int64_t t = samples[i].time / tick_ns; /* all are after 1970 */
        if (t > tick || !number_of(&samples[i], signal, &v))
            continue;
        bool holds = tick < t + (hold_ns + tick_ns - 1) / tick_ns;
        truth = !holds ? GK_UNKNOWN : compares(compare, v, limit) ? GK_TRUE : GK_FALSE;
    }
    return truth;
}

static struct gk_signal random_signal(struct random *random, uint32_t channels[CHANNELS])
{
    struct gk_signal s = {channels, 1 + random_below(random, CHANNELS), (enum gk_reduce)random_below(random, 4)};
    uint32_t first = (uint32_t)random_below(random, CHANNELS);
    for (uint32_t i = 0; i < CHANNELS; i++)
        channels[i] = (first + i) % CHANNELS;
    return s;
}

static void every_tick_has_the_truth_of_its_last_sample(void **state)
{
    uint64_t seed = test_seed("every_tick_has_the_truth_of_its_last_sample"), rounds = test_rounds(6);
    (void)state;

    for (uint64_t r = 0; r < rounds; r++) {
        struct random random = random_from(seed * 101 + r);
        char path[4096];
        int64_t tick_ns = r % 3 == 1 ? GK_SECOND / 2 : r % 3 == 2 ? 5 * GK_SECOND : GK_SECOND;
        gk_db *db = random_store(&random, path, tick_ns);
        gk_snapshot *s = look(db);
        gk_timeline *line;
        assert_int_equal(gk_timeline_new(s, &line), GK_OK);
        for (int i = 0; i < 12; i++) {
            uint32_t channels[CHANNELS];
            struct gk_signal signal = random_signal(&random, channels);
            enum gk_compare compare = (enum gk_compare)random_below(&random, 6);
            double limit = (double)random_below(&random, 100) / 8;
            int64_t from = T0 / tick_ns - 300 + (int64_t)random_below(&random, SPAN),
                    to = from + 1 + (int64_t)random_below(&random, 900);
            ok(gk_signal_timeline(s, 0, &signal, compare, limit, from, to, line, &error), &error);
            assert_int_equal(gk_timeline_at(line, from - 1), GK_UNKNOWN);
            assert_int_equal(gk_timeline_at(line, to), GK_UNKNOWN);
            for (int64_t t = from; t < to; t++) {
                enum gk_truth want = truth_of(t, tick_ns, &signal, compare, limit), got = gk_timeline_at(line, t);
                if (want != got)
                    fail_msg("round %llu: tick %lld of [%lld, %lld): %d, expected %d", (unsigned long long)r,
                             (long long)t, (long long)from, (long long)to, (int)got, (int)want);
            }
        }
        gk_timeline_free(line);
        gk_snapshot_close(s);
        world_end(db, path);
    }
}

/* ---- buckets
 * ----------------------------------------------------------------------------------------------------------------------
 */

static void near(double a, double b)
{
    if (!(fabs(a - b) <= 1e-9 * (1 + fabs(b))))
        fail_msg("%.17g, expected %.17g", a, b);
}

static void compare_bucket(const struct gk_summary *got, const struct gk_signal *signal, gk_time from, gk_time to)
{
    double sum = 0, least = INFINITY, most = -INFINITY, integral = 0, v, next_v, first = 0, last = 0;
    uint64_t n = 0;
    int64_t held = 0;
    gk_time first_time = 0, last_time = 0;

    for (size_t i = 0; i < n_samples; i++) {
        if (!number_of(&samples[i], signal, &v))
            continue;
        gk_time t = samples[i].time, until = t + (hold_ns + GK_SECOND - 1) / GK_SECOND * GK_SECOND;
        for (size_t k = i + 1; k < n_samples; k++)
            if (number_of(&samples[k], signal, &next_v)) {
                until = samples[k].time < until ? samples[k].time : until;
                break;
            }
        gk_time low = t > from ? t : from, high = until < to ? until : to;
        if (low < high) {
            integral += v * (double)(high - low) / 1e9;
            held += high - low;
        }
        if (t < from || t >= to)
            continue;
        if (n++ == 0) {
            first = v;
            first_time = t;
        }
        last = v;
        last_time = t;
        sum += v;
        least = fmin(least, v);
        most = fmax(most, v);
    }
    assert_int_equal(got->count, n);
    assert_int_equal(got->held_ns, held);
    near(got->integral, integral);
    if (n == 0) {
        assert_true(isnan(got->sum) && isnan(got->min) && isnan(got->max) && isnan(got->first) && isnan(got->last));
        return;
    }
    near(got->sum, sum);
    assert_true(got->min == least && got->max == most && got->first == first && got->last == last);
    assert_int_equal(got->first_time, first_time);
    assert_int_equal(got->last_time, last_time);
}

static void every_bucket_sums_up_its_samples(void **state)
{
    uint64_t seed = test_seed("every_bucket_sums_up_its_samples"), rounds = test_rounds(8);
    (void)state;

    for (uint64_t r = 0; r < rounds; r++) {
        struct random random = random_from(seed * 103 + r);
        char path[4096];
        gk_db *db = random_store(&random, path, GK_SECOND);
        gk_snapshot *s = look(db);
        for (int i = 0; i < 12; i++) {
            uint32_t channels[CHANNELS];
            struct gk_signal signal = random_signal(&random, channels);
            gk_time edges[41];
            struct gk_summary out[40];
            size_t n = 1 + random_below(&random, 40);
            edges[0] = T0 - 300 * GK_SECOND + (gk_time)random_below(&random, (uint64_t)(SPAN * GK_SECOND));
            for (size_t k = 1; k <= n; k++)
                edges[k] = edges[k - 1] + 1 + (gk_time)random_below(&random, (uint64_t)(200 * GK_SECOND));
            ok(gk_signal_summaries(s, 0, &signal, edges, n, out, &error), &error);
            for (size_t k = 0; k < n; k++)
                compare_bucket(&out[k], &signal, edges[k], edges[k + 1]);
        }
        gk_time falling[3] = {T0, T0 + 5, T0 + 5};
        struct gk_summary out[2];
        uint32_t channels[CHANNELS];
        struct gk_signal signal = random_signal(&random, channels);
        assert_int_equal(gk_signal_summaries(s, 0, &signal, falling, 2, out, &error), GK_EINVAL);
        signal.n_channels = 0;
        assert_int_equal(gk_signal_summaries(s, 0, &signal, falling, 1, out, &error), GK_EINVAL);
        assert_int_equal(gk_signal_summaries(s, 9, &signal, falling, 1, out, &error), GK_ENOTFOUND);
        gk_snapshot_close(s);
        world_end(db, path);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(every_tick_has_the_truth_of_its_last_sample),
    cmocka_unit_test(every_bucket_sums_up_its_samples),
};

RUN_TESTS(tests)
