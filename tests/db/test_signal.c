/*
 * test_signal.c - signals against a model that keeps every sample: which truth each tick has, and what each bucket sums
 * up to; with missing values, NaN, several rows in a tick, samples that end with their hold, sealed and unsealed rows.
 */
#include "db/figures.h"
#include "db/world.h"

#include <math.h>

#define ROWS_MAX 600  /* of a store of random rows */
#define LONG_MAX 4000 /* of one whose chunks have many mini blocks */
#define CHANNELS 3
#define SPAN     3000 /* ticks that are looked at, from T0 on */

static struct gk_error error;

struct sample {
    gk_time time;
    double value[CHANNELS];
};

static struct sample samples[LONG_MAX];
static size_t n_samples;
static int64_t hold_ns;
static uint64_t n_values = 100; /* how many different ones there are */

static double random_value(struct random *random)
{
    switch (random_below(random, 8)) {
    case 0:
        return gk_missing();
    case 1:
        return NAN;
    default:
        return (double)random_below(random, n_values) / 8;
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

/* Twice the first value, less the others; NaN when one is missing. */
static void difference(void *context, const double *const *value, size_t n, double *out)
{
    const size_t *n_channels = context;

    for (size_t i = 0; i < n; i++) {
        out[i] = 2 * value[0][i];
        for (size_t c = 1; c < *n_channels; c++)
            out[i] -= value[c][i];
    }
}

static bool difference_bounds(void *context, const double *low, const double *high, double *out_low, double *out_high)
{
    const size_t *n_channels = context;

    *out_low = 2 * low[0];
    *out_high = 2 * high[0];
    for (size_t c = 1; c < *n_channels; c++) {
        *out_low -= high[c];
        *out_high -= low[c];
    }
    return isfinite(*out_low) && isfinite(*out_high);
}

/* Whether a row is a sample; *out is NaN when its function says so. */
static bool number_of(const struct sample *s, const struct gk_signal *signal, double *out)
{
    double least = INFINITY, most = -INFINITY, total = 0;
    const double *values[CHANNELS];
    size_t n = 0;
    for (size_t c = 0; c < signal->n_channels; c++)
        values[c] = &s->value[signal->channels[c]];
    for (size_t c = 0; c < signal->n_channels; c++) {
        double v = s->value[signal->channels[c]];
        if (isnan(v))
            continue;
        least = fmin(least, v);
        most = fmax(most, v);
        total += v;
        n++;
    }
    if (signal->apply) {
        signal->apply(signal->context, values, 1, out);
        return n > 0;
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
        truth = !holds || isnan(v) ? GK_UNKNOWN : compares(compare, v, limit) ? GK_TRUE : GK_FALSE;
    }
    return truth;
}

static size_t n_applied; /* channels of a signal with a function */

static struct gk_signal random_signal(struct random *random, uint32_t channels[CHANNELS])
{
    struct gk_signal s = {.channels = channels,
                          .n_channels = 1 + random_below(random, CHANNELS),
                          .reduce = (enum gk_reduce)random_below(random, 4)};
    uint32_t first = (uint32_t)random_below(random, CHANNELS);
    for (uint32_t i = 0; i < CHANNELS; i++)
        channels[i] = (first + i) % CHANNELS;
    if (random_below(random, 3) == 0) {
        s.apply = difference;
        s.bounds = random_below(random, 2) ? difference_bounds : NULL;
        s.context = &n_applied;
        n_applied = s.n_channels;
    }
    return s;
}

/* Compares windows of a store's only facility with the model. */
static void compare_windows(gk_db *db, struct random *random, int64_t tick_ns, uint32_t n_channels, gk_time latest)
{
    gk_snapshot *s = look(db);
    gk_timeline *line;

    assert_int_equal(gk_timeline_new(s, &line), GK_OK);
    for (int i = 0; i < 12; i++) {
        uint32_t channels[CHANNELS];
        struct gk_signal signal = random_signal(random, channels);
        n_applied = signal.n_channels = signal.n_channels < n_channels ? signal.n_channels : n_channels;
        enum gk_compare compare = (enum gk_compare)random_below(random, 6);
        double limit = random_below(random, 6) ? (double)random_below(random, 100) / 8 : -1; /* -1: below all */
        int64_t from = T0 / tick_ns - 300 + (int64_t)random_below(random, (uint64_t)((latest - T0) / tick_ns)),
                to = from + 1 + (int64_t)random_below(random, 900);
        ok(gk_signal_timeline(s, 0, &signal, compare, limit, from, to, line, &error), &error);
        assert_int_equal(gk_timeline_at(line, from - 1), GK_UNKNOWN);
        assert_int_equal(gk_timeline_at(line, to), GK_UNKNOWN);
        for (int64_t t = from; t < to; t++) {
            enum gk_truth want = truth_of(t, tick_ns, &signal, compare, limit), got = gk_timeline_at(line, t);
            if (want != got)
                fail_msg("tick %lld of [%lld, %lld): %d, expected %d", (long long)t, (long long)from, (long long)to,
                         (int)got, (int)want);
        }
    }
    gk_timeline_free(line);
    gk_snapshot_close(s);
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
        compare_windows(db, &random, tick_ns, CHANNELS, T0 + SPAN * tick_ns);
        world_end(db, path);
    }
}

/* ---- one value over a long time ---- */

/* The samples with a number that a call for [from, to) may look at, the last one of each tick. */
struct numbers {
    int64_t tick[ROWS_MAX], until[ROWS_MAX];
    double value[ROWS_MAX];
    int n;
};

static void find_numbers(const struct gk_signal *signal, int64_t tick_ns, int64_t from, int64_t to, struct numbers *out)
{
    int64_t hold = (hold_ns + tick_ns - 1) / tick_ns;

    out->n = 0;
    for (size_t i = 0; i < n_samples; i++) {
        double v;
        int64_t t = samples[i].time / tick_ns;
        if (samples[i].time < (from - 2 * hold - 1) * tick_ns || t >= to || !number_of(&samples[i], signal, &v) ||
            isnan(v))
            continue;
        if (out->n > 0 && out->tick[out->n - 1] == t)
            out->n--;
        if (out->n > 0 && out->until[out->n - 1] > t)
            out->until[out->n - 1] = t;
        out->tick[out->n] = t;
        out->until[out->n] = t + hold;
        out->value[out->n++] = v;
    }
}

/* Whether sample i is followed by silence; the last one is when its hold ends before `to`. */
static bool is_silent_after(const struct numbers *s, int i, int64_t to)
{
    return i + 1 < s->n ? s->until[i] < s->tick[i + 1] : s->until[i] < to || i + 1 == s->n;
}

static enum gk_truth frozen_at(const struct numbers *s, int64_t t, int64_t least, int64_t to)
{
    int i = s->n - 1;

    while (i >= 0 && s->tick[i] > t)
        i--;
    if (i < 0 || s->until[i] <= t)
        return GK_UNKNOWN;
    int first = i, last = i;
    while (first > 0 && s->value[first - 1] == s->value[i] && !is_silent_after(s, first - 1, to))
        first--;
    while (last + 1 < s->n && s->value[last + 1] == s->value[i] && !is_silent_after(s, last, to))
        last++;
    if (s->tick[last] - s->tick[first] >= least)
        return GK_TRUE;
    first = last = i;
    while (first > 0 && s->value[first - 1] == s->value[i])
        first--;
    while (last + 1 < s->n && s->value[last + 1] == s->value[i])
        last++;
    bool is_cut = first == 0 || is_silent_after(s, first - 1, to) || is_silent_after(s, last, to);
    for (int k = first; k < last; k++)
        is_cut |= is_silent_after(s, k, to);
    int64_t begin = first == 0                          ? INT64_MIN / 2
                    : is_silent_after(s, first - 1, to) ? s->until[first - 1]
                                                        : s->tick[first];
    int64_t end = last + 1 == s->n ? INT64_MAX / 2 : is_silent_after(s, last, to) ? s->tick[last + 1] : s->tick[last];
    return is_cut && end - begin >= least ? GK_UNKNOWN : GK_FALSE;
}

static void every_tick_knows_whether_its_value_is_frozen(void **state)
{
    uint64_t seed = test_seed("every_tick_knows_whether_its_value_is_frozen"), rounds = test_rounds(60);
    static struct numbers numbers;
    size_t n_true = 0;
    (void)state;

    for (uint64_t r = 0; r < rounds; r++) {
        struct random random = random_from(seed * 103 + r);
        char path[4096];
        int64_t tick_ns = r % 3 == 1 ? GK_SECOND / 2 : r % 3 == 2 ? 5 * GK_SECOND : GK_SECOND;
        n_values = 2;
        gk_db *db = random_store(&random, path, tick_ns);
        n_values = 100;
        gk_snapshot *s = look(db);
        gk_timeline *line;
        assert_int_equal(gk_timeline_new(s, &line), GK_OK);
        for (int i = 0; i < 30; i++) {
            uint32_t channels[CHANNELS];
            struct gk_signal signal = random_signal(&random, channels);
            int64_t from = T0 / tick_ns - 300 + (int64_t)random_below(&random, SPAN), to = from + 900;
            int64_t least = 1 + (int64_t)random_below(&random, 20), until = to + (int64_t)random_below(&random, 200);
            int64_t held = to + (hold_ns + tick_ns - 1) / tick_ns, end = held < until ? held : until;
            ok(gk_signal_frozen(s, 0, &signal, least, from, to, until, line, &error), &error);
            find_numbers(&signal, tick_ns, from, end, &numbers);
            assert_int_equal(gk_timeline_at(line, from - 1), GK_UNKNOWN);
            assert_int_equal(gk_timeline_at(line, to), GK_UNKNOWN);
            for (int64_t t = from; t < to; t++) {
                enum gk_truth want = frozen_at(&numbers, t, least, end), got = gk_timeline_at(line, t);
                if (want != got)
                    fail_msg("tick %lld of [%lld, %lld): %d, expected %d", (long long)t, (long long)from, (long long)to,
                             (int)got, (int)want);
                n_true += got == GK_TRUE;
            }
        }
        gk_timeline_free(line);
        gk_snapshot_close(s);
        world_end(db, path);
    }
    assert_true(n_true > 0);
}

/* ---- long stretches
 * --------------------------------------------------------------------------------------------------------------- */

/* A value between 0 and 12.5 of a stretch of one kind, so that mini blocks of every codec come up. */
static double shaped_value(struct random *random, uint64_t kind, size_t i, double *walk)
{
    switch (kind) {
    case 0: /* constant */
        return 0;
    case 1: /* noise: a frame */
        return 8 + (double)random_below(random, 200) / 100;
    case 2: /* wanders: deltas */
        *walk += (double)random_below(random, 21) / 100 - 0.1;
        *walk = *walk < 1 ? 1 : *walk > 12 ? 12 : *walk;
        return floor(*walk * 100) / 100;
    case 3: /* a counter: a slope */
        return 3 + (double)(i % 900) / 100;
    case 4: /* levels: runs */
        return (double)(i / 40 % 5) * 2.5;
    case 5: /* no decimals: beside, or bit patterns */
        return 12.5 * random_unit(random);
    case 6:
        return random_below(random, 60) ? 6.25 : NAN;
    case 7:
        return random_below(random, 60) ? 9.5 + (double)random_below(random, 8) / 8 : gk_missing();
    default: /* few levels in any order: bins, where it is the whole column */
        return random_below(random, 6) ? 6 : 4 + (double)random_below(random, 4);
    }
}

#define KINDS  8
#define BINNED KINDS

/* A meter's rows: each some seconds, jitter, lost rows, silence. Most are sealed, some come late and are not. */
static gk_db *shaped_store(struct random *random, char path[4096], int64_t tick_ns)
{
    static gk_time time[LONG_MAX];
    static uint32_t facility[LONG_MAX];
    static double value[CHANNELS][LONG_MAX];
    static const uint32_t channels[CHANNELS] = {0, 1, 2};
    static const double *const values[CHANNELS] = {value[0], value[1], value[2]};
    static const char *const NAMES[CHANNELS] = {"kw", "ia", "ib"};
    struct gk_options o = world_options();
    gk_time step = (gk_time)(1 + random_below(random, 10)) * GK_SECOND, t = T0, jitter = GK_SECOND / 4;
    uint64_t kind[CHANNELS] = {0}, late = random_below(random, 2) ? 300 : UINT64_MAX;
    bool is_binned = random_below(random, 3) == 0;
    double walk = 6;
    size_t n_late = 0, n_now = 0;

    o.tick_ns = tick_ns;
    gk_db *db = world_new(path, &o);
    for (int c = 0; c < CHANNELS; c++)
        assert_int_equal(put_channel(db, NAMES[c]), c);
    (void)put_facility(db, "f", GK_PRODUCTION);
    hold_ns = (int64_t)(1 + random_below(random, 60)) * GK_SECOND;
    struct gk_band_put band = band_of(GK_ZONE, NULL, 10, 20, GK_TIME_MIN);
    band.hold_ns = hold_ns;
    ok(gk_band_put(db, &band, &error), &error);
    n_samples = 1000 + random_below(random, LONG_MAX - 1000);
    for (size_t i = 0; i < n_samples; i++) {
        if (i % 150 == 0)
            for (int c = 0; c < CHANNELS; c++)
                kind[c] = is_binned ? BINNED : random_below(random, KINDS);
        t += random_below(random, 100) ? step : 2 * step;
        t += random_below(random, 400) ? 0 : 90 * GK_SECOND;
        samples[i].time = t + (random_below(random, 30) ? 0 : jitter * (gk_time)random_below(random, 4));
        for (int c = 0; c < CHANNELS; c++)
            samples[i].value[c] = shaped_value(random, kind[c], i, &walk);
        bool is_late = random_below(random, late) == 0 && i + 1 < n_samples;
        size_t k = is_late ? LONG_MAX - ++n_late : n_now++; /* late ones are kept at the end */
        time[k] = samples[i].time;
        for (int c = 0; c < CHANNELS; c++)
            value[c][k] = samples[i].value[c];
    }
    struct gk_batch b = {.n_rows = n_now,
                         .time = time,
                         .facility = facility,
                         .n_channels = CHANNELS,
                         .channel = channels,
                         .value = values};
    ok(gk_ingest(db, &b, NULL, &error), &error);
    ok(gk_seal(db, &error), &error);
    const double *late_values[CHANNELS];
    for (int c = 0; c < CHANNELS; c++)
        late_values[c] = value[c] + LONG_MAX - n_late;
    b.n_rows = n_late;
    b.time = time + LONG_MAX - n_late;
    b.value = late_values;
    if (n_late)
        ok(gk_ingest(db, &b, NULL, &error), &error);
    ok(gk_commit(db, &error), &error);
    return db;
}

static void what_is_not_decoded_has_the_same_truth(void **state)
{
    uint64_t seed = test_seed("what_is_not_decoded_has_the_same_truth"), rounds = test_rounds(9);
    (void)state;

    for (uint64_t r = 0; r < rounds; r++) {
        struct random random = random_from(seed * 107 + r);
        char path[4096];
        int64_t tick_ns = r % 3 == 1 ? GK_SECOND / 2 : r % 3 == 2 ? 5 * GK_SECOND : GK_SECOND;
        gk_db *db = shaped_store(&random, path, tick_ns);
        compare_windows(db, &random, tick_ns, 1 + (uint32_t)(r % 4 == 3), samples[n_samples - 1].time);
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
        if (isnan(v))
            continue; /* it only ends what was before */
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
            struct gk_summary some[40];
            signal.figures = 1 + (uint32_t)random_below(&random, GK_FIGURES_ALL);
            ok(gk_signal_summaries(s, 0, &signal, edges, n, some, &error), &error);
            for (size_t k = 0; k < n; k++)
                some_are_as_all(signal.figures, &some[k], &out[k]);
        }
        gk_time falling[3] = {T0, T0 + 5, T0 + 5};
        struct gk_summary out[2];
        uint32_t channels[CHANNELS];
        struct gk_signal signal = random_signal(&random, channels);
        assert_int_equal(gk_signal_summaries(s, 0, &signal, falling, 2, out, &error), GK_EINVAL);
        signal.n_channels = 0;
        assert_int_equal(gk_signal_summaries(s, 0, &signal, falling, 1, out, &error), GK_EINVAL);
        signal.n_channels = GK_APPLY_MAX + 1;
        signal.apply = difference;
        assert_int_equal(gk_signal_summaries(s, 0, &signal, falling, 1, out, &error), GK_EINVAL);
        signal.apply = NULL;
        signal.n_channels = 0;
        assert_int_equal(gk_signal_summaries(s, 9, &signal, falling, 1, out, &error), GK_ENOTFOUND);
        gk_snapshot_close(s);
        world_end(db, path);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(every_tick_has_the_truth_of_its_last_sample),
    cmocka_unit_test(every_tick_knows_whether_its_value_is_frozen),
    cmocka_unit_test(what_is_not_decoded_has_the_same_truth),
    cmocka_unit_test(every_bucket_sums_up_its_samples),
};

RUN_TESTS(tests)
