/*
 * test_scan.c - scans of one snapshot, one after the other in the memory of the last, and several at once.
 */
#include "db/world.h"

#define FACILITIES 3
#define CHANNELS   3
#define ROWS       3000 /* of a facility: several chunks */

static struct gk_error error;
static uint64_t n_resized; /* calls that asked for memory */

static void *counting_resize(void *context, void *p, size_t size)
{
    (void)context;
    if (size == 0) {
        free(p);
        return NULL;
    }
    n_resized++;
    return realloc(p, size);
}

static double value_of(uint32_t facility, size_t row, uint32_t channel)
{
    return facility == 1 && channel == 2 ? gk_missing() : facility * 1e6 + (double)row + channel / 8.0;
}

static gk_time time_of_row(size_t row)
{
    return T0 + (gk_time)row * 10 * GK_SECOND;
}

/* Sealed but for the last rows. */
static gk_db *some_rows(char path[4096])
{
    static const char *const NAMES[] = {"ia", "ib", "kw", "a", "b", "c"};
    struct gk_options o = world_options();

    o.resize = counting_resize;
    gk_db *db = world_new(path, &o);
    for (uint32_t c = 0; c < CHANNELS; c++)
        assert_int_equal(put_channel(db, NAMES[c]), c);
    for (uint32_t f = 0; f < FACILITIES; f++)
        assert_int_equal(put_facility(db, NAMES[3 + f], GK_PRODUCTION), f);
    for (size_t row = 0; row < ROWS; row++) {
        for (uint32_t f = 0; f < FACILITIES; f++) {
            const gk_time time = time_of_row(row);
            double v[CHANNELS];
            const double *values[CHANNELS];
            const uint32_t channels[CHANNELS] = {0, 1, 2};
            for (uint32_t c = 0; c < CHANNELS; c++) {
                v[c] = value_of(f, row, c);
                values[c] = &v[c];
            }
            struct gk_batch b = {.n_rows = 1,
                                 .time = &time,
                                 .facility = &f,
                                 .n_channels = CHANNELS,
                                 .channel = channels,
                                 .value = values};
            ok(gk_ingest(db, &b, NULL, &error), &error);
        }
        if (row == 1000 || row == 2500)
            ok(gk_seal(db, &error), &error);
    }
    ok(gk_commit(db, &error), &error);
    return db;
}

struct asked {
    uint32_t facility, channels[CHANNELS];
    size_t n_channels, from, to; /* rows */
};

static struct asked random_asked(struct random *random)
{
    struct asked a = {.facility = (uint32_t)random_below(random, FACILITIES), .n_channels = random_below(random, 4)};

    for (size_t i = 0; i < a.n_channels; i++) /* in any order, perhaps twice */
        a.channels[i] = (uint32_t)random_below(random, CHANNELS);
    a.from = random_below(random, ROWS);
    a.to = a.from + random_below(random, ROWS - a.from + 1);
    return a;
}

static gk_scan *open_scan(gk_snapshot *s, const struct asked *a)
{
    gk_scan *scan = NULL;

    ok(gk_scan_open(s, a->facility, a->channels, a->n_channels, time_of_row(a->from), time_of_row(a->to), &scan,
                    &error),
       &error);
    return scan;
}

/* Takes a batch of a scan that is at row *at; false when there is none. */
static bool take_batch(gk_scan *scan, const struct asked *a, size_t *at)
{
    struct gk_columns batch;
    int rc = gk_scan_next(scan, &batch, &error);

    if (rc == GK_DONE)
        return false;
    ok(rc, &error);
    assert_true(batch.n_rows > 0);
    for (size_t i = 0; i < batch.n_rows; i++, ++*at) {
        assert_int_equal(batch.time[i], time_of_row(*at));
        for (size_t c = 0; c < a->n_channels; c++)
            assert_bits_equal(batch.value[c][i], value_of(a->facility, *at, a->channels[c]));
    }
    return true;
}

static void check_scan(gk_snapshot *s, const struct asked *a)
{
    gk_scan *scan = open_scan(s, a);
    size_t at = a->from;

    while (take_batch(scan, a, &at))
        ;
    assert_int_equal(at, a->to);
    gk_scan_close(scan);
}

static void a_closed_scan_leaves_nothing_to_the_next(void **state)
{
    struct random random = random_from(test_seed(__func__));
    char path[4096];
    gk_db *db = some_rows(path);
    (void)state;

    gk_snapshot *s = look(db);
    for (int i = 0; i < 300; i++) {
        struct asked a = random_asked(&random);
        if (i % 10 == 0) { /* one that is left in the middle, and one that is none */
            gk_scan *scan = open_scan(s, &a), *none;
            size_t at = a.from;
            (void)take_batch(scan, &a, &at);
            gk_scan_close(scan);
            assert_int_equal(gk_scan_open(s, 99, a.channels, 1, T0, GK_TIME_MAX, &none, &error), GK_ENOTFOUND);
            assert_null(none);
        }
        check_scan(s, &a);
    }
    gk_snapshot_close(s);
    world_end(db, path);
}

static void scans_that_are_open_at_once_are_apart(void **state)
{
    struct random random = random_from(test_seed(__func__));
    char path[4096];
    gk_db *db = some_rows(path);
    (void)state;

    gk_snapshot *s = look(db);
    for (int i = 0; i < 100; i++) {
        struct asked a = random_asked(&random), b = random_asked(&random);
        gk_scan *x = open_scan(s, &a), *y = open_scan(s, &b);
        size_t x_at = a.from, y_at = b.from;
        bool goes_on = true;
        while (goes_on) {
            goes_on = take_batch(x, &a, &x_at);
            goes_on = take_batch(y, &b, &y_at) || goes_on;
        }
        assert_int_equal(x_at, a.to);
        assert_int_equal(y_at, b.to);
        gk_scan_close(i % 3 ? x : y);
        gk_scan_close(i % 3 ? y : x);
        if (i % 2 == 0)
            check_scan(s, &a);
    }
    gk_snapshot_close(s);
    world_end(db, path);
}

static void the_second_scan_needs_no_memory_for_its_rows(void **state)
{
    const struct asked day = {.channels = {2}, .n_channels = 1, .to = ROWS};
    char path[4096];
    gk_db *db = some_rows(path);
    (void)state;

    ok(gk_seal(db, &error), &error);
    gk_snapshot *s = look(db);
    check_scan(s, &day);
    uint64_t before = n_resized;
    check_scan(s, &day);
    assert_true(n_resized - before <= 1); /* the one column is sized anew */
    gk_snapshot_close(s);
    world_end(db, path);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(a_closed_scan_leaves_nothing_to_the_next),
    cmocka_unit_test(scans_that_are_open_at_once_are_apart),
    cmocka_unit_test(the_second_scan_needs_no_memory_for_its_rows),
};

RUN_TESTS(tests)
