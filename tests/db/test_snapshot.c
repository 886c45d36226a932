/*
 * test_snapshot.c - what a snapshot says of the catalog and of the store, that it stays what it is, and a reader that
 * follows a writer.
 */
#include "db/world.h"

#include <math.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/crc.h"

static struct gk_error error;

static void the_catalog_is_read_as_it_was_put(void **state)
{
    char path[4096];
    size_t n;
    (void)state;

    gk_db *db = world_new(path, NULL);
    struct gk_facility_put f = facility_of("fan", "E1", "L1", GK_ABATEMENT);
    f.park = text_of("P1");
    uint32_t fan, press = put_facility(db, "press", GK_PRODUCTION), kw = put_channel(db, "kw");
    ok(gk_facility_put(db, &f, &fan, &error), &error);
    struct gk_order_put o = {sizeof o, GK_PARK, text_of("P1"), text_of("red"), text_of("stop"), NAN, T0, T0 + DAY,
                             0,        0};
    ok(gk_order_put(db, &o, &error), &error);
    struct gk_exemption_put e = {sizeof e, GK_GROUP, text_of("g"), text_of("stop"), text_of(NULL), T0, T0 + DAY};
    ok(gk_exemption_put(db, &e, &error), &error);
    ok(gk_commit(db, &error), &error);

    gk_snapshot *s = look(db);
    const struct gk_store_info *info = gk_snapshot_info(s);
    assert_int_equal(strlen(info->uuid), 36);
    assert_int_equal(info->zone_s, 28800);
    assert_int_equal(info->tick_ns, GK_SECOND);
    assert_int_equal(info->watermark, GK_TIME_MIN);
    assert_int_equal(info->beginning, GK_TIME_MAX);
    assert_int_equal(info->n_facilities, 2);
    assert_int_equal(info->n_channels, 1);
    assert_int_equal(info->n_sites[GK_ZONE], 1);
    assert_int_equal(info->n_sites[GK_LINE], 1);
    assert_int_equal(info->n_links, 1);
    assert_int_equal(info->n_orders, 1);
    assert_int_equal(info->n_exemptions, 1);
    assert_string_equal(gk_site_get(s, GK_PARK, 0)->name, "P1");
    assert_int_equal(gk_site_get(s, GK_ENTERPRISE, 0)->parent, 0);
    assert_null(gk_site_get(s, GK_LINE, 1));
    assert_null(gk_site_get(s, GK_ROLE, 0));
    assert_int_equal(gk_facility_get(s, press)->park, 0); /* its enterprise's */
    assert_int_equal(gk_site_find(s, GK_LINE, "L1", 2), 0);
    assert_int_equal(gk_site_find(s, GK_FACILITY, "fan", 3), GK_ID_NONE);
    assert_int_equal(gk_channel_find(s, "kw", 2), kw);
    assert_string_equal(gk_channel_name(s, kw), "kw");
    assert_null(gk_channel_name(s, kw + 1));
    const uint32_t *ids = gk_site_facilities(s, GK_ZONE, 0, &n);
    assert_int_equal(n, 2);
    assert_true(ids[0] == 0 && ids[1] == 1);
    assert_null(gk_site_facilities(s, GK_PARK, 1, &n));
    const struct gk_link *const *links = gk_facility_links(s, press, &n);
    assert_int_equal(n, 1);
    assert_true(links[0]->is_default && links[0]->abatement == fan);
    assert_null(gk_facility_links(s, 9, &n));
    assert_true(gk_scope_covers(s, &gk_orders(s, &n)[0].scope, fan));
    assert_false(gk_scope_covers(s, &gk_exemptions(s, &n)[0].scope, fan));
    assert_false(gk_scope_covers(s, &gk_orders(s, &n)[0].scope, 2));
    gk_snapshot_close(s);
    gk_snapshot_close(NULL);
    world_end(db, path);
}

static size_t count_rows(gk_snapshot *s, uint32_t facility)
{
    const uint32_t channel = 0;
    struct gk_columns rows;
    gk_scan *scan;
    size_t n = 0;
    ok(gk_scan_open(s, facility, &channel, 1, GK_TIME_MIN, GK_TIME_MAX, &scan, &error), &error);
    while (gk_scan_next(scan, &rows, &error) == GK_OK)
        n += rows.n_rows;
    gk_scan_close(scan);
    return n;
}

enum { MOMENTS = 40 };

/* What a snapshot says about a facility. */
struct said {
    size_t n_rows, n_steps;
    uint32_t crc; /* of the steps */
};

static struct said said_by(gk_snapshot *s, uint32_t facility)
{
    struct said said = {.n_rows = count_rows(s, facility)};
    const struct gk_step *steps;

    ok(gk_state_steps(s, facility, GK_TICK_MIN, GK_TICK_MAX, &steps, &said.n_steps, &error), &error);
    for (size_t i = 0; i < said.n_steps; i++) {
        said.crc = crc32c(said.crc, &steps[i].tick, sizeof steps[i].tick);
        said.crc = crc32c(said.crc, &steps[i].value, sizeof steps[i].value);
    }
    return said;
}

/* A reader in a process of its own: opens the snapshot of a moment when it is first asked for it, and tells. */
struct reader {
    pid_t pid;
    int ask, tell;
};

static void read_moments(const char *path, int ask, int tell)
{
    gk_snapshot *moments[MOMENTS] = {NULL};
    gk_db *db = world_open(path, GK_READONLY, NULL);
    int i;

    while (read(ask, &i, sizeof i) == sizeof i) {
        if (!moments[i])
            moments[i] = look(db);
        struct said said = said_by(moments[i], 0);
        assert_int_equal(write(tell, &said, sizeof said), sizeof said);
    }
    for (i = 0; i < MOMENTS; i++)
        gk_snapshot_close(moments[MOMENTS - 1 - i]);
    assert_int_equal(gk_close(db), GK_OK);
}

static struct reader reader_begin(const char *path)
{
    struct reader reader;
    int ask[2], tell[2];

    assert_int_equal(pipe(ask), 0);
    assert_int_equal(pipe(tell), 0);
    reader.pid = fork();
    assert_true(reader.pid >= 0);
    if (reader.pid == 0) {
        (void)close(ask[1]);
        read_moments(path, ask[0], tell[1]);
        _exit(0);
    }
    (void)close(ask[0]);
    (void)close(tell[1]);
    reader.ask = ask[1];
    reader.tell = tell[0];
    return reader;
}

static void reader_says(struct reader *reader, int moment, const struct said *expected)
{
    struct said said;

    assert_int_equal(write(reader->ask, &moment, sizeof moment), sizeof moment);
    assert_int_equal(read(reader->tell, &said, sizeof said), sizeof said);
    assert_int_equal(said.n_rows, expected->n_rows);
    assert_int_equal(said.n_steps, expected->n_steps);
    assert_int_equal(said.crc, expected->crc);
}

static void reader_end(struct reader *reader)
{
    int status;

    (void)close(reader->ask);
    assert_int_equal(waitpid(reader->pid, &status, 0), reader->pid);
    assert_int_equal(status, 0);
    (void)close(reader->tell);
}

/* Snapshots of many moments, of the writer's handle and of a reader's, all open at once: each keeps its own number of
 * rows. */
static void every_snapshot_keeps_its_moment(void **state)
{
    char path[4096];
    gk_snapshot *own[MOMENTS];
    struct said said;
    (void)state;

    gk_db *db = world_new(path, NULL);
    uint32_t f = put_facility(db, "f", GK_PRODUCTION), kw = put_channel(db, "kw");
    ok(gk_commit(db, &error), &error);
    struct reader reader = reader_begin(path);
    for (int i = 0; i < MOMENTS; i++) {
        ok(put_row(db, f, T0 + (i % 5 == 3 ? -i : i) * 20 * GK_SECOND, kw, i % 9), &error);
        if (i % 2) /* what is not committed is not seen, by nobody */
            ok(gk_commit(db, &error), &error);
        if (i % 7 == 6)
            ok(gk_seal(db, &error), &error);
        if (i % 11 == 10) {
            struct gk_band_put b = band_of(GK_ZONE, NULL, 10, 20 + i, GK_TIME_MIN);
            ok(gk_band_put(db, &b, &error), &error);
            ok(gk_commit(db, &error), &error);
        }
        own[i] = look(db);
        said = said_by(own[i], f);
        reader_says(&reader, i, &said);
    }
    ok(gk_seal(db, &error), &error);
    size_t last = 0;
    for (int i = 0; i < MOMENTS; i++) {
        said = said_by(own[i], f);
        reader_says(&reader, i, &said);
        assert_true(said.n_rows >= last && said.n_rows + 2 >= (size_t)i && said.n_rows <= (size_t)i + 1);
        last = said.n_rows;
    }
    for (int i = 0; i < MOMENTS; i++)
        gk_snapshot_close(own[(i * 7) % MOMENTS]);
    reader_end(&reader);
    check_is_clean(db);
    world_end(db, path);
}

static void wrong_ids_and_empty_stretches_are_answered(void **state)
{
    char path[4096];
    const struct gk_step *steps;
    size_t n;
    gk_scan *scan;
    gk_timeline *line;
    (void)state;

    gk_db *db = world_new(path, NULL);
    uint32_t f = put_facility(db, "f", GK_PRODUCTION), kw = put_channel(db, "kw");
    ok(put_row(db, f, T0, kw, 8), &error);
    ok(gk_commit(db, &error), &error);
    gk_snapshot *s = look(db);
    assert_int_equal(gk_state_steps(s, 7, 0, 1, &steps, &n, &error), GK_ENOTFOUND);
    assert_int_equal(gk_scan_open(s, 7, &kw, 1, GK_TIME_MIN, GK_TIME_MAX, &scan, &error), GK_ENOTFOUND);
    assert_null(scan);
    int64_t t = T0 / GK_SECOND;
    ok(gk_state_steps(s, f, t + 5, t + 6, &steps, &n, &error), &error);
    assert_true(n == 1 && steps[0].tick == t + 5 && steps[0].value == GK_ON);
    ok(gk_state_steps(s, f, t + 60, GK_TICK_MAX, &steps, &n, &error), &error); /* the hold of one row is over */
    assert_true(n == 1 && steps[0].value == GK_NODATA);
    ok(gk_state_steps(s, f, t, t, &steps, &n, &error), &error);
    assert_int_equal(n, 0);
    assert_int_equal(gk_timeline_new(s, &line), GK_OK);
    ok(gk_state_timeline(s, f, GK_STATE_BIT(GK_ON), t - 10, t + 100, line, &error), &error);
    assert_int_equal(gk_timeline_at(line, t - 1), GK_UNKNOWN);
    assert_int_equal(gk_timeline_at(line, t), GK_TRUE);
    assert_int_equal(gk_timeline_at(line, t + 60), GK_UNKNOWN);
    ok(gk_state_timeline(s, f, GK_STATE_BIT(GK_NODATA), t - 10, t + 100, line, &error), &error);
    assert_int_equal(gk_timeline_at(line, t - 1), GK_TRUE);
    assert_int_equal(gk_timeline_at(line, t), GK_FALSE);
    assert_int_equal(gk_timeline_at(line, t - 11), GK_UNKNOWN); /* outside of what was asked for */
    gk_timeline_free(line);
    gk_snapshot_close(s);
    world_end(db, path);
}

#define UNEVEN_ROWS 9000

/* Rows that come ever more slowly, with silences between: where a window's rows are must not be guessed wrongly. */
static void a_window_of_uneven_rows_has_just_its_rows(void **state)
{
    static gk_time time[UNEVEN_ROWS];
    static uint32_t facility[UNEVEN_ROWS];
    static double value[UNEVEN_ROWS];
    struct random random = random_from(test_seed("test_snapshot"));
    const double *values = value;
    char path[4096];
    (void)state;

    gk_db *db = world_new(path, NULL);
    uint32_t kw = put_channel(db, "kw"), id = put_facility(db, "p", GK_PRODUCTION);
    for (size_t i = 0; i < UNEVEN_ROWS; i++) {
        gk_time gap = 1 + (gk_time)(random_below(&random, 2 + i * i / 8)) * 1000;
        time[i] = i ? time[i - 1] + gap + (random_below(&random, 500) ? 0 : 3600 * GK_SECOND) : T0;
        facility[i] = id;
        value[i] = (double)i;
    }
    struct gk_batch batch = {UNEVEN_ROWS, time, facility, 1, &kw, &values, NULL, 0};
    ok(gk_ingest(db, &batch, NULL, &error), &error);
    ok(gk_seal(db, &error), &error);
    gk_snapshot *s = look(db);
    for (int round = 0; round < 400; round++) {
        size_t a = random_below(&random, UNEVEN_ROWS), b = a + random_below(&random, UNEVEN_ROWS - a), n = 0;
        gk_time from = time[a] + (gk_time)random_below(&random, 3) - 1,
                to = time[b] + (gk_time)random_below(&random, 3);
        struct gk_columns rows;
        gk_scan *scan;
        while (a < UNEVEN_ROWS && time[a] < from)
            a++;
        while (b < UNEVEN_ROWS && time[b] < to)
            b++;
        ok(gk_scan_open(s, id, &kw, 1, from, to, &scan, &error), &error);
        while (gk_scan_next(scan, &rows, &error) == GK_OK)
            for (size_t i = 0; i < rows.n_rows; i++, n++)
                assert_true(rows.time[i] == time[a + n] && rows.value[0][i] == value[a + n]);
        assert_int_equal(n, b > a ? b - a : 0);
        gk_scan_close(scan);
    }
    gk_snapshot_close(s);
    world_end(db, path);
}

static void the_extent_of_a_facility_is_what_is_stored_about_it_within_a_time(void **state)
{
    char path[4096];
    gk_db *db = world_new(path, NULL);
    uint32_t kw = put_channel(db, "kw"), f = put_facility(db, "f", GK_PRODUCTION),
             g = put_facility(db, "g", GK_PRODUCTION), none = put_facility(db, "none", GK_PRODUCTION);
    struct gk_extent all, part;
    struct gk_stat stat;
    (void)state;

    for (int i = 0; i < 30000; i++) {
        ok(put_row(db, f, T0 + i * 60 * GK_SECOND, kw, i % 50 ? 5 : 0), &error);
        if (i < 100)
            ok(put_row(db, g, T0 + i * 60 * GK_SECOND, kw, 5), &error);
    }
    ok(gk_seal(db, &error), &error);
    ok(put_row(db, g, T0 + 101 * 60 * GK_SECOND, kw, 5), &error);
    ok(gk_commit(db, &error), &error);
    ok(gk_stat(db, &stat, &error), &error);
    gk_snapshot *s = look(db);
    ok(gk_facility_extent(s, f, GK_TIME_MIN, GK_TIME_MAX, &all, &error), &error);
    ok(gk_facility_extent(s, g, GK_TIME_MIN, GK_TIME_MAX, &part, &error), &error);
    assert_int_equal(all.n_chunks + part.n_chunks, stat.n_chunks);
    assert_true(all.n_chunks > 3 && all.chunk_bytes > part.chunk_bytes && all.n_records > part.n_records);
    assert_true(part.has_unsealed && !all.has_unsealed);
    ok(gk_facility_extent(s, f, T0 + 16000 * 60 * GK_SECOND, T0 + 16001 * 60 * GK_SECOND, &part, &error), &error);
    assert_int_equal(part.n_chunks, 1);
    assert_true(part.n_records >= 1 && part.n_records < all.n_records);
    ok(gk_facility_extent(s, f, T0 - DAY, T0, &part, &error), &error);
    assert_int_equal(part.n_chunks, 0);
    ok(gk_facility_extent(s, none, GK_TIME_MIN, GK_TIME_MAX, &part, &error), &error);
    assert_int_equal(part.n_chunks + part.n_records, 0);
    assert_int_equal(gk_facility_extent(s, 9, 0, 1, &part, &error), GK_ENOTFOUND);
    /* The chunks themselves: all rows, in order, and those of a minute alone. */
    const struct gk_chunk *chunks;
    uint64_t n_rows = 0, bytes = 0;
    size_t n;
    ok(gk_facility_chunks(s, f, GK_TIME_MIN, GK_TIME_MAX, &chunks, &n, &error), &error);
    assert_int_equal(n, all.n_chunks);
    for (size_t i = 0; i < n; i++) {
        n_rows += chunks[i].n_rows;
        bytes += chunks[i].size;
        assert_true(chunks[i].first <= chunks[i].last && (i == 0 || chunks[i - 1].last < chunks[i].first));
        assert_true(i == 0 || chunks[i].crc != chunks[i - 1].crc);
    }
    assert_int_equal(n_rows, 30000);
    assert_int_equal(bytes, all.chunk_bytes);
    gk_time minute = T0 + 16000 * 60 * GK_SECOND;
    ok(gk_facility_chunks(s, f, minute, minute + 60 * GK_SECOND, &chunks, &n, &error), &error);
    assert_int_equal(n, 1);
    assert_true(chunks->first <= minute && chunks->last >= minute);
    ok(gk_facility_chunks(s, f, T0 - DAY, T0, &chunks, &n, &error), &error);
    assert_int_equal(n, 0);
    ok(gk_facility_chunks(s, g, T0 + DAY, T0 + 2 * DAY, &chunks, &n, &error), &error);
    assert_int_equal(n, 0); /* its last one ends before */
    assert_int_equal(gk_facility_chunks(s, 9, 0, 1, &chunks, &n, &error), GK_ENOTFOUND);
    gk_snapshot_close(s);
    world_end(db, path);
}

/* ---- other limits ---- */

/* Rows that come in two thirds of order, and a dated band with hysteresis and dwell in every other round. */
static void tell_story(gk_db *db, struct random random, bool is_plain, bool is_sealed)
{
    gk_time t = T0;
    uint32_t f = put_facility(db, "f", GK_PRODUCTION), kw = put_channel(db, "kw");

    for (int i = 0; i < 300; i++) {
        t += (gk_time)(1 + random_below(&random, random_below(&random, 20) ? 60 : 4000)) * GK_SECOND;
        gk_time back = random_below(&random, 3) ? 0 : (gk_time)random_below(&random, 900) * GK_SECOND;
        ok(put_row(db, f, t - back, kw, (double)random_below(&random, 120) / 10), &error);
        if (i == 100) {
            struct gk_band_put b = band_of(GK_FACILITY, "f", 15, 30, T0 + (t - T0) / 2);
            b.hysteresis = is_plain ? share(0) : share(4);
            b.dwell_on_ns = is_plain ? 0 : 90 * GK_SECOND;
            ok(gk_band_put(db, &b, &error), &error);
        }
        if (random_below(&random, 40) == 0 && is_sealed)
            ok(gk_seal(db, &error), &error);
    }
    ok(gk_commit(db, &error), &error);
}

/* The limits of a view as a band of a store: put for the dates of both bands there, as the narrowest scope. */
static void put_above(gk_db *db, const struct gk_band *above, gk_time middle, bool is_plain)
{
    for (int i = 0; i < 2; i++) {
        struct gk_band_put b = band_of(GK_FACILITY, "f", i ? 15 : 10, i ? 30 : 20, i ? middle : GK_TIME_MIN);
        if (i) {
            b.hysteresis = is_plain ? share(0) : share(4);
            b.dwell_on_ns = is_plain ? 0 : 90 * GK_SECOND;
        }
        b.on_from = above->on_from;
        if (above->hold_ns >= 0)
            b.hold_ns = above->hold_ns;
        if (above->dwell_off_ns >= 0)
            b.dwell_off_ns = above->dwell_off_ns;
        ok(gk_band_put(db, &b, &error), &error);
    }
}

/* The same as a set of bands, of one for all. */
static struct gk_band put_set(gk_db *db, const struct gk_band *above)
{
    struct gk_band_put b = {.size = sizeof b,
                            .on_from = above->on_from,
                            .hold_ns = above->hold_ns,
                            .dwell_on_ns = above->dwell_on_ns,
                            .dwell_off_ns = above->dwell_off_ns,
                            .from = GK_TIME_MIN,
                            .set = text_of("v2")};
    struct gk_band none = {.hold_ns = -1, .dwell_on_ns = -1, .dwell_off_ns = -1, .channel = GK_ID_NONE, .set = "v2"};

    ok(gk_band_put(db, &b, &error), &error);
    ok(gk_commit(db, &error), &error);
    return none;
}

static gk_time date_of_band(gk_db *db)
{
    gk_snapshot *s = look(db);
    size_t n;
    gk_time from = gk_bands(s, &n)[0].from;

    assert_int_equal(n, 1);
    gk_snapshot_close(s);
    return from;
}

static void same_steps(gk_snapshot *a, gk_snapshot *b, int64_t from, int64_t to)
{
    const struct gk_step *x, *y;
    size_t n, m;

    ok(gk_state_steps(a, 0, from, to, &x, &n, &error), &error);
    ok(gk_state_steps(b, 0, from, to, &y, &m, &error), &error);
    assert_int_equal(n, m);
    for (size_t i = 0; i < n; i++)
        assert_true(x[i].tick == y[i].tick && x[i].value == y[i].value);
}

static void same_truth(const gk_timeline *a, const gk_timeline *b)
{
    size_t n, m;
    const struct gk_step *x = gk_timeline_steps(a, &n), *y = gk_timeline_steps(b, &m);

    assert_int_equal(n, m);
    for (size_t i = 0; i < n; i++)
        assert_true(x[i].tick == y[i].tick && x[i].value == y[i].value);
}

static void a_view_under_other_limits_says_what_a_store_with_such_a_band_says(void **state)
{
    uint64_t seed = test_seed(__func__), rounds = test_rounds(12);
    (void)state;

    for (uint64_t r = 0; r < rounds; r++) {
        struct random random = random_from(seed * 17 + r);
        bool is_plain = r % 2;
        char path_a[4096], path_b[4096];
        gk_db *a = world_new(path_a, NULL), *b = world_new(path_b, NULL);
        struct gk_band above = {.on_from = share(25 + (int64_t)random_below(&random, 40)),
                                .hold_ns = random_below(&random, 2) ? -1 : 200 * GK_SECOND,
                                .dwell_on_ns = -1,
                                .dwell_off_ns = random_below(&random, 3) ? -1 : 100 * GK_SECOND,
                                .channel = GK_ID_NONE};
        struct gk_signal signal = {.channels = &(uint32_t){0}, .n_channels = 1};
        gk_snapshot *s, *t, *under, *by_set;
        uint8_t is_in[1] = {1};

        tell_story(a, random, is_plain, r % 3 > 0);
        tell_story(b, random, is_plain, false);
        put_above(b, &above, date_of_band(a), is_plain);
        ok(gk_seal(b, &error), &error);
        if (r % 3 == 1)
            ok(gk_seal(a, &error), &error);
        struct gk_band of_set = put_set(a, &above);
        s = look(a);
        t = look(b);
        ok(gk_snapshot_under(s, &above, &under, &error), &error);
        ok(gk_snapshot_under(s, &of_set, &by_set, &error), &error);
        same_steps(by_set, t, GK_TICK_MIN, GK_TICK_MAX);
        gk_snapshot_close(by_set);
        gk_timeline *x_on, *y_on;
        assert_int_equal(gk_timeline_new(under, &x_on), GK_OK);
        assert_int_equal(gk_timeline_new(t, &y_on), GK_OK);
        for (int i = 0; i < 20; i++) {
            int64_t from = T0 / GK_SECOND - 500 + (int64_t)random_below(&random, 60000), to = from + 20000;
            same_steps(under, t, from, to);
            ok(gk_state_timeline(under, 0, GK_STATE_BIT(GK_ON), from, to, x_on, &error), &error);
            ok(gk_state_timeline(t, 0, GK_STATE_BIT(GK_ON), from, to, y_on, &error), &error);
            same_truth(x_on, y_on);
            gk_time edges[] = {from * GK_SECOND, (from + 7000) * GK_SECOND, to * GK_SECOND};
            struct gk_summary x[2], y[2];
            ok(gk_signal_summaries(under, 0, &signal, edges, 2, x, &error), &error);
            ok(gk_signal_summaries(t, 0, &signal, edges, 2, y, &error), &error);
            for (int k = 0; k < 2; k++)
                assert_true(x[k].held_ns == y[k].held_ns && x[k].count == y[k].count);
        }
        gk_timeline_free(x_on);
        gk_timeline_free(y_on);
        same_steps(under, t, GK_TICK_MIN, GK_TICK_MAX);
        ok(gk_state_prune(under, GK_STATE_BIT(GK_OVERLOAD), 0, 1, is_in, &error), &error);
        assert_int_equal(is_in[0], 1); /* the index knows the stored states alone */
        same_steps(s, s, 0, 1);        /* the snapshot goes on */
        gk_snapshot_close(under);
        gk_snapshot_close(s);
        gk_snapshot_close(t);
        world_end(a, path_a);
        world_end(b, path_b);
    }
}

static void what_is_left_of_dropped_rows_stays_under_other_limits(void **state)
{
    char path[4096];
    gk_db *db = world_new(path, NULL);
    uint32_t f = put_facility(db, "f", GK_PRODUCTION), kw = put_channel(db, "kw");
    struct gk_band above = {
        .on_from = share(60), .hold_ns = -1, .dwell_on_ns = -1, .dwell_off_ns = -1, .channel = GK_ID_NONE};
    const struct gk_step *steps;
    gk_snapshot *s, *under;
    size_t n;
    (void)state;

    for (int i = 0; i < 10 * 60; i++)
        ok(put_row(db, f, T0 + i * 60 * GK_SECOND, kw, 5), &error); /* on from 20 %, idle below 60 % */
    ok(gk_retain(db, T0 + 5 * 3600 * GK_SECOND, NULL, NULL, &error), &error);
    s = look(db);
    ok(gk_snapshot_under(s, &above, &under, &error), &error);
    ok(gk_state_steps(under, f, T0 / GK_SECOND, T0 / GK_SECOND + 36000, &steps, &n, &error), &error);
    assert_int_equal(n, 2);
    assert_int_equal(steps[0].value, GK_ON);
    assert_int_equal(steps[1].value, GK_IDLE);
    assert_int_equal(steps[1].tick, T0 / GK_SECOND + 5 * 3600);
    gk_snapshot_close(under);
    gk_snapshot_close(s);
    world_end(db, path);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(the_extent_of_a_facility_is_what_is_stored_about_it_within_a_time),
    cmocka_unit_test(a_view_under_other_limits_says_what_a_store_with_such_a_band_says),
    cmocka_unit_test(what_is_left_of_dropped_rows_stays_under_other_limits),
    cmocka_unit_test(a_window_of_uneven_rows_has_just_its_rows),
    cmocka_unit_test(the_catalog_is_read_as_it_was_put),
    cmocka_unit_test(every_snapshot_keeps_its_moment),
    cmocka_unit_test(wrong_ids_and_empty_stretches_are_answered),
};

RUN_TESTS(tests)
