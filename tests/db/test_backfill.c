/*
 * test_backfill.c - when rows came: a snapshot as it was known at a time says what a store says that has only the rows
 * and entries of then; what came late is listed with its rows; records are as the format page has them.
 */
#include "db/world.h"

#include <math.h>

#include "db/backfill.h"
#include "state/hex.h"

static struct gk_error error;

#define MINUTE     (60 * GK_SECOND)
#define HOUR       (60 * MINUTE)
#define FACILITIES 3
#define ROWS       6000
#define BANDS      30
enum { KW, IA, CHANNELS };

/* ---- the model: everything with when it became known ---- */

struct model_row {
    uint32_t facility;
    gk_time time, came, arrived; /* arrived: as far as is kept of it */
    double value[CHANNELS];
};

struct model {
    struct model_row rows[ROWS];
    size_t n;
    struct {
        struct gk_band_put put;
        gk_time came;
    } bands[BANDS];
    size_t n_bands;
};

static gk_time kept_arrival(gk_time time, gk_time came)
{
    return time <= came - 5 * MINUTE ? (came + MINUTE - 1) / MINUTE * MINUTE : time;
}

static void put(gk_db *db, uint32_t facility, gk_time t, const double value[CHANNELS])
{
    const uint32_t channels[] = {KW, IA};
    const double *values[] = {&value[KW], &value[IA]};
    struct gk_batch b = {
        .n_rows = 1, .time = &t, .facility = &facility, .n_channels = 2, .channel = channels, .value = values};
    ok(gk_ingest(db, &b, NULL, &error), &error);
}

/* Values of a later row of the same time count, where it has some. */
static void model_put(struct model *m, uint32_t facility, gk_time t, const double value[CHANNELS])
{
    struct model_row *row = NULL;

    for (size_t i = 0; i < m->n && !row; i++)
        if (m->rows[i].facility == facility && m->rows[i].time == t)
            row = &m->rows[i];
    if (!row) {
        assert_true(m->n < ROWS);
        row = &m->rows[m->n++];
        *row = (struct model_row){facility, t, world_now, kept_arrival(t, world_now), {gk_missing(), gk_missing()}};
    }
    for (int c = 0; c < CHANNELS; c++)
        if (!gk_is_missing(value[c]))
            row->value[c] = value[c];
}

static gk_db *new_zone(char path[4096])
{
    static const char *const NAMES[] = {"f", "g", "h"};
    gk_db *db = world_new(path, NULL);

    (void)put_channel(db, "kw");
    (void)put_channel(db, "ia");
    for (int i = 0; i < FACILITIES; i++)
        (void)put_facility(db, NAMES[i], i ? GK_ABATEMENT : GK_PRODUCTION);
    ok(gk_commit(db, &error), &error);
    return db;
}

/* A stretch of rows of one facility, of just now or of some time ago, in order or not. */
static void put_some(gk_db *db, struct model *m, struct random *random)
{
    uint32_t facility = (uint32_t)random_below(random, FACILITIES);
    size_t n = 1 + random_below(random, 30);
    int64_t step = (int64_t)(1 + random_below(random, 100)) * GK_SECOND;
    gk_time end = random_below(random, 2) ? world_now - (gk_time)random_below(random, 3 * 3600) * GK_SECOND : world_now;
    bool is_backwards = random_below(random, 4) == 0;

    for (size_t i = 0; i < n && m->n + 1 < ROWS; i++) {
        gk_time t = end - (gk_time)(is_backwards ? i : n - 1 - i) * step;
        double value[CHANNELS] = {(double)random_below(random, 1200) / 100, (double)random_below(random, 2500) / 100};
        if (random_below(random, 8) == 0)
            value[random_below(random, 2)] = gk_missing();
        put(db, facility, t, value);
        model_put(m, facility, t, value);
    }
}

static void put_band(gk_db *db, struct model *m, struct random *random)
{
    struct gk_band_put band = band_of(GK_ZONE, NULL, 10, 20 + (int64_t)random_below(random, 60), GK_TIME_MIN);

    if (m->n_bands == BANDS)
        return;
    if (random_below(random, 2))
        band.from = T0 + (gk_time)random_below(random, 5) * HOUR;
    if (random_below(random, 2))
        band.hold_ns = (int64_t)(1 + random_below(random, 900)) * GK_SECOND;
    if (random_below(random, 3) == 0)
        band.dwell_on_ns = (int64_t)random_below(random, 300) * GK_SECOND;
    ok(gk_band_put(db, &band, &error), &error);
    m->bands[m->n_bands].put = band;
    m->bands[m->n_bands++].came = world_now;
}

/* ---- a store with what was known, and comparing ---- */

static gk_db *known_zone(char path[4096], const struct model *m, gk_time at, struct random *random)
{
    gk_db *db = new_zone(path);

    for (size_t i = 0; i < m->n; i++)
        if (m->rows[i].time <= at && m->rows[i].arrived <= at)
            put(db, m->rows[i].facility, m->rows[i].time, m->rows[i].value);
    for (size_t i = 0; i < m->n_bands; i++)
        if (m->bands[i].came <= at)
            ok(gk_band_put(db, &m->bands[i].put, &error), &error);
    ok(random_below(random, 2) ? gk_seal(db, &error) : gk_commit(db, &error), &error);
    return db;
}

static void compare_rows(gk_snapshot *a, gk_snapshot *b, uint32_t facility)
{
    const uint32_t channels[] = {KW, IA};
    struct gk_columns x = {0}, y = {0};
    gk_scan *one, *other;
    size_t i = 0, k = 0;

    ok(gk_scan_open(a, facility, channels, 2, GK_TIME_MIN, GK_TIME_MAX, &one, &error), &error);
    ok(gk_scan_open(b, facility, channels, 2, GK_TIME_MIN, GK_TIME_MAX, &other, &error), &error);
    for (;;) {
        int p = i < x.n_rows ? GK_OK : gk_scan_next(one, &x, &error);
        i = i < x.n_rows ? i : 0;
        int q = k < y.n_rows ? GK_OK : gk_scan_next(other, &y, &error);
        k = k < y.n_rows ? k : 0;
        assert_int_equal(p, q);
        if (p == GK_DONE)
            break;
        assert_int_equal(x.time[i], y.time[k]);
        for (int c = 0; c < CHANNELS; c++)
            assert_bits_equal(x.value[c][i], y.value[c][k]);
        i++;
        k++;
        if (i == x.n_rows)
            i = x.n_rows = 0;
        if (k == y.n_rows)
            k = y.n_rows = 0;
    }
    gk_scan_close(one);
    gk_scan_close(other);
}

static void compare_states(gk_snapshot *a, gk_snapshot *b, uint32_t facility, int64_t from, int64_t to)
{
    const struct gk_step *x, *y;
    size_t n, n_other;

    ok(gk_state_steps(a, facility, from, to, &x, &n, &error), &error);
    ok(gk_state_steps(b, facility, from, to, &y, &n_other, &error), &error);
    assert_int_equal(n, n_other);
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(x[i].tick, y[i].tick);
        assert_int_equal(x[i].value, y[i].value);
    }
}

static void compare_sums(gk_snapshot *a, gk_snapshot *b, uint32_t facility)
{
    struct gk_summary x[12], y[12];
    gk_time edges[13];

    for (int i = 0; i < 13; i++)
        edges[i] = T0 - 3 * HOUR + i * HOUR;
    for (uint32_t c = 0; c < CHANNELS; c++) {
        const struct gk_signal signal = {.channels = &c, .n_channels = 1};
        ok(gk_signal_summaries(a, facility, &signal, edges, 12, x, &error), &error);
        ok(gk_signal_summaries(b, facility, &signal, edges, 12, y, &error), &error);
        assert_memory_equal(x, y, sizeof x);
    }
}

static void compare_truth(gk_snapshot *a, gk_snapshot *b, uint32_t facility)
{
    const uint32_t kw = KW;
    const struct gk_signal signal = {.channels = &kw, .n_channels = 1};
    gk_timeline *x, *y;
    size_t n, n_other;

    ok(gk_timeline_new(a, &x), &error);
    ok(gk_timeline_new(b, &y), &error);
    int64_t from = T0 / GK_SECOND - 7000, to = T0 / GK_SECOND + 36000;
    ok(gk_signal_timeline(a, facility, &signal, GK_GE, 6, from, to, x, &error), &error);
    ok(gk_signal_timeline(b, facility, &signal, GK_GE, 6, from, to, y, &error), &error);
    const struct gk_step *p = gk_timeline_steps(x, &n), *q = gk_timeline_steps(y, &n_other);
    assert_int_equal(n, n_other);
    for (size_t i = 0; i < n; i++)
        assert_true(p[i].tick == q[i].tick && p[i].value == q[i].value);
    gk_timeline_free(x);
    gk_timeline_free(y);
}

static void compare(gk_snapshot *a, gk_snapshot *b)
{
    const struct gk_store_info *x = gk_snapshot_info(a), *y = gk_snapshot_info(b);

    assert_int_equal(x->watermark, y->watermark);
    assert_int_equal(x->beginning, y->beginning);
    assert_int_equal(x->n_bands, y->n_bands);
    for (uint32_t f = 0; f < FACILITIES; f++) {
        struct gk_profile p = {0}, q = {0};
        assert_int_equal(gk_facility_profile(a, f, &p, &error), gk_facility_profile(b, f, &q, &error));
        assert_memory_equal(&p, &q, sizeof p);
        compare_rows(a, b, f);
        compare_states(a, b, f, T0 / GK_SECOND + 5000, T0 / GK_SECOND + 9000); /* the later ones first */
        compare_states(a, b, f, GK_TICK_MIN, GK_TICK_MAX);
        compare_sums(a, b, f);
        compare_truth(a, b, f);
    }
}

/* ---- what came late, as listed ---- */

static void compare_list(gk_db *db, const struct model *m, gk_time from, gk_time to)
{
    gk_snapshot *s = look(db);
    const struct gk_backfill *list;
    uint64_t listed = 0, came = 0;
    size_t n;

    ok(gk_backfills(s, from, to, &list, &n, &error), &error);
    for (size_t i = 0; i < n; i++) {
        uint64_t n_rows = 0, n_ends = 0;
        assert_true(list[i].arrived >= from && list[i].arrived < to);
        for (size_t k = 0; k < m->n; k++) {
            const struct model_row *r = &m->rows[k];
            bool is_in = r->facility == list[i].facility && r->time >= list[i].from && r->time <= list[i].to;
            n_rows += is_in && r->arrived == list[i].arrived && r->arrived != r->time;
            n_ends += is_in && (r->time == list[i].from || r->time == list[i].to);
            if (is_in)
                assert_true(r->arrived != r->time || list[i].n_rows == 0); /* no row of its time is inside */
        }
        assert_true(n_ends == (list[i].from == list[i].to ? 1 : 2));
        assert_true(list[i].n_rows > 0 && list[i].n_rows <= n_rows);
        listed += list[i].n_rows;
    }
    for (size_t k = 0; k < m->n; k++)
        came += m->rows[k].arrived != m->rows[k].time && m->rows[k].arrived >= from && m->rows[k].arrived < to;
    assert_int_equal(listed, came);
    gk_snapshot_close(s);
}

static void ask(gk_db *db, const struct model *m, struct random *random)
{
    gk_time at = T0 + (gk_time)random_below(random, (uint64_t)((world_now - T0) / GK_SECOND + 600)) * GK_SECOND;
    char path[4096];
    gk_db *other = known_zone(path, m, at, random);
    gk_snapshot *now = look(db), *then, *want = look(other);

    ok(gk_snapshot_known(now, at, &then, &error), &error);
    compare(then, want);
    /* Under other limits the same view gives what the other store gives. */
    const struct gk_band limits = {
        .on_from = share(35), .hold_ns = -1, .dwell_on_ns = -1, .dwell_off_ns = -1, .channel = GK_ID_NONE};
    gk_snapshot *a, *b;
    ok(gk_snapshot_under(then, &limits, &a, &error), &error);
    ok(gk_snapshot_under(want, &limits, &b, &error), &error);
    for (uint32_t f = 0; f < FACILITIES; f++)
        compare_states(a, b, f, T0 / GK_SECOND, T0 / GK_SECOND + 30000);
    gk_snapshot_close(a);
    gk_snapshot_close(b);
    gk_snapshot_close(then);
    gk_snapshot_close(now);
    gk_snapshot_close(want);
    world_end(other, path);
    compare_list(db, m, at, at + 2 * HOUR);
    compare_list(db, m, GK_TIME_MIN, GK_TIME_MAX);
}

static void a_view_of_what_was_known_is_a_store_with_the_rows_of_then(void **state)
{
    struct random random = random_from(test_seed("a_view_of_what_was_known_is_a_store_with_the_rows_of_then"));
    static struct model m;
    (void)state;

    for (uint64_t round = 0; round < test_rounds(6); round++) {
        char path[4096];
        world_now = T0;
        m.n = m.n_bands = 0;
        gk_db *db = new_zone(path);
        for (int i = 0; i < 60; i++) {
            world_now += (gk_time)random_below(&random, 900) * GK_SECOND / 2;
            for (size_t k = random_below(&random, 4); k > 0; k--)
                put_some(db, &m, &random);
            if (random_below(&random, 10) == 0)
                put_band(db, &m, &random);
            ok(gk_commit(db, &error), &error);
            if (random_below(&random, 8) == 0)
                ok(gk_seal(db, &error), &error);
            if (random_below(&random, 15) == 0) {
                assert_int_equal(gk_close(db), GK_OK);
                db = world_open(path, GK_READWRITE | GK_KEEP_HEADS, NULL);
            }
            if (random_below(&random, 12) == 0)
                ask(db, &m, &random);
        }
        ask(db, &m, &random);
        check_is_clean(db);
        world_end(db, path);
    }
    world_now = T0 + 40 * DAY;
}

/* ---- what the table takes ---- */

static int count_record(void *context, const char *text, size_t size)
{
    *(size_t *)context += size > 8 && memcmp(text, "came by ", 8) == 0;
    return GK_OK;
}

static size_t n_records(gk_db *db, size_t *bytes)
{
    struct gk_stat stat;
    size_t n = 0;

    ok(gk_stat(db, &stat, &error), &error);
    *bytes = stat.table_bytes[STORE_BACKFILL];
    ok(gk_dump(db, "backfill", count_record, &n, &error), &error);
    return n;
}

static void history_that_is_loaded_at_once_is_one_run_a_facility(void **state)
{
    const double value[CHANNELS] = {5, 7};
    char path[4096];
    size_t n, bytes;
    const struct gk_backfill *list;
    (void)state;

    world_now = T0 + 40 * DAY;
    gk_db *db = new_zone(path);
    for (int i = 0; i < 4000; i++) {
        for (uint32_t f = 0; f < FACILITIES; f++)
            put(db, f, T0 + i * 10 * GK_SECOND, value);
        if (i % 500 == 0)
            ok(gk_commit(db, &error), &error);
    }
    ok(gk_seal(db, &error), &error);
    assert_int_equal(n_records(db, &bytes), 1);
    assert_true(bytes <= 4096);
    gk_snapshot *s = look(db);
    ok(gk_backfills(s, GK_TIME_MIN, GK_TIME_MAX, &list, &n, &error), &error);
    assert_int_equal(n, FACILITIES);
    assert_int_equal(list[1].facility, 1);
    assert_int_equal(list[1].arrived, world_now);
    assert_int_equal(list[1].from, T0);
    assert_int_equal(list[1].to, T0 + 39990 * GK_SECOND);
    assert_int_equal(list[1].n_rows, 4000);
    gk_snapshot_close(s);
    world_end(db, path);
}

static void rows_that_come_in_time_leave_no_trace(void **state)
{
    const double value[CHANNELS] = {5, 7};
    char path[4096];
    size_t bytes;
    (void)state;

    world_now = T0;
    gk_db *db = new_zone(path);
    for (int i = 0; i < 400; i++, world_now += 10 * GK_SECOND) {
        put(db, 0, world_now - (i % 20 ? 0 : 299 * GK_SECOND), value); /* some not in order */
        ok(gk_commit(db, &error), &error);
    }
    assert_int_equal(n_records(db, &bytes), 0);
    world_now = T0 + 40 * DAY;
    world_end(db, path);
}

/* A meter whose clock is slow has a record a minute, not one a commit; and a long record is not written for ever. */
static void a_meter_that_is_always_late_has_a_run_a_minute(void **state)
{
    const double value[CHANNELS] = {5, 7};
    char path[4096];
    size_t n, bytes;
    const struct gk_backfill *list;
    (void)state;

    world_now = T0;
    gk_db *db = new_zone(path);
    for (int i = 0; i < 600; i++) {
        world_now += GK_SECOND;
        put(db, 0, world_now - 400 * GK_SECOND, value);
        put(db, 1, world_now, value);
        ok(gk_commit(db, &error), &error);
    }
    gk_snapshot *s = look(db);
    ok(gk_backfills(s, GK_TIME_MIN, GK_TIME_MAX, &list, &n, &error), &error);
    assert_int_equal(n, 10);
    assert_int_equal(n_records(db, &bytes), 10);
    gk_snapshot_close(s);
    world_now = T0 + 40 * DAY;
    world_end(db, path);
}

static void scattered_rows_of_a_minute_fill_several_records(void **state)
{
    const double value[CHANNELS] = {5, 7};
    char path[4096];
    size_t bytes;
    (void)state;

    world_now = T0 + DAY;
    gk_db *db = new_zone(path);
    for (int i = 0; i < 1000; i++)
        put(db, 0, T0 + i * 20 * GK_SECOND, value);
    ok(gk_commit(db, &error), &error);
    for (int i = 0; i < 1000; i++) {
        put(db, 0, T0 + i * 20 * GK_SECOND + 10 * GK_SECOND, value);
        if (i % 10 == 0)
            ok(gk_commit(db, &error), &error);
    }
    ok(gk_commit(db, &error), &error);
    size_t n = n_records(db, &bytes);
    assert_true(n > 1 && n < 8);
    check_is_clean(db);
    world_now = T0 + 40 * DAY;
    world_end(db, path);
}

/* ---- the catalog of then ---- */

static void entries_that_were_put_later_are_not_known(void **state)
{
    char path[4096];
    gk_snapshot *now, *then;
    (void)state;

    world_now = T0;
    gk_db *db = new_zone(path);
    struct gk_link_put link = {sizeof link, text_of("g"), text_of("f"), false, T0, GK_TIME_MAX};
    struct gk_exemption_put ex = {sizeof ex,      GK_FACILITY, text_of("f"), text_of("maintenance"),
                                  text_of("oil"), T0,          T0 + DAY};
    struct gk_order_put order = {.size = sizeof order,
                                 .scope = GK_ZONE,
                                 .level = text_of("orange"),
                                 .cut_share = NAN,
                                 .from = T0,
                                 .to = T0 + DAY};
    ok(gk_exemption_put(db, &ex, &error), &error);
    ok(gk_commit(db, &error), &error);
    world_now = T0 + HOUR;
    ok(gk_link_put(db, &link, &error), &error);
    ok(gk_order_put(db, &order, &error), &error);
    struct gk_rule_put rule = {.size = sizeof rule, .name = text_of("R1"), .text = text_of("rule R1 warn when off")};
    struct gk_mapping_put mapping = {.size = sizeof mapping,
                                     .mn = text_of("M1"),
                                     .code = text_of("w"),
                                     .facility = text_of("f"),
                                     .channel = text_of("kw"),
                                     .factor = 1};
    ok(gk_rule_put(db, &rule, NULL, &error), &error);
    ok(gk_mapping_put(db, &mapping, &error), &error);
    struct gk_facility_put f = facility_of("f", NULL, NULL, GK_PRODUCTION);
    f.rated_kw = 12;
    ok(gk_facility_put(db, &f, NULL, &error), &error);
    struct gk_facility_put k = facility_of("k", "E9", "L9", GK_ABATEMENT);
    ok(gk_facility_put(db, &k, NULL, &error), &error);
    ok(gk_commit(db, &error), &error);
    world_now = T0 + 2 * HOUR;
    link.is_standby = true;
    f.rated_kw = 15;
    ok(gk_link_put(db, &link, &error), &error);
    ok(gk_facility_put(db, &f, NULL, &error), &error);
    ok(gk_commit(db, &error), &error);
    now = look(db);
    const double rated[] = {10, 12, 15};
    for (int i = 0; i < 3; i++) {
        const struct gk_link *links;
        size_t n, n_orders, n_exemptions, n_mappings;
        ok(gk_snapshot_known(now, T0 + i * HOUR, &then, &error), &error);
        links = gk_links(then, &n);
        (void)gk_orders(then, &n_orders);
        (void)gk_exemptions(then, &n_exemptions);
        assert_int_equal(n_orders, i > 0);
        assert_int_equal(n_exemptions, 1);
        assert_int_equal(gk_rule_find(then, "R1", 2) != NULL, i > 0);
        (void)gk_mappings(then, &n_mappings);
        assert_int_equal(n_mappings, i > 0);
        assert_true(gk_facility_get(then, 0)->rated_kw == rated[i]);
        bool is_put = false, is_standby = false;
        for (size_t l = 0; l < n; l++) {
            is_put |= !links[l].is_default;
            is_standby |= links[l].is_standby;
        }
        assert_int_equal(is_put, i > 0);
        assert_int_equal(is_standby, i == 2);
        assert_string_equal(gk_facility_get(then, 3)->name, "k"); /* newer than then, and nothing is known of it */
        gk_snapshot_close(then);
    }
    gk_snapshot_close(now);
    world_now = T0 + 40 * DAY;
    world_end(db, path);
}

/* A state is of the ratings that were known, also where the states that are stored by now are of later ones. */
static void states_are_of_the_ratings_that_were_known(void **state)
{
    static const double VALUE[] = {1.5, 7};
    static const uint32_t EXPECTED[] = {GK_IDLE, GK_OFF, GK_OFF};
    char path[4096];
    gk_snapshot *now, *then;
    (void)state;

    world_now = T0 + 2 * HOUR;
    gk_db *db = new_zone(path);
    for (int i = 0; i < 60; i++)
        ok(put_row(db, 0, T0 + i * 60 * GK_SECOND, 0, VALUE[0]), &error);
    ok(gk_seal(db, &error), &error);
    world_now = T0 + 3 * HOUR;
    struct gk_facility_put f = facility_of("f", NULL, NULL, GK_PRODUCTION);
    f.rated_kw = 100; /* it was 10 */
    ok(gk_facility_put(db, &f, NULL, &error), &error);
    ok(gk_seal(db, &error), &error);
    now = look(db);
    for (int i = 0; i < 3; i++) {
        const struct gk_step *steps;
        uint8_t is_in[16];
        size_t n;
        int64_t at = T0 / GK_SECOND + 600;
        memset(is_in, 1, sizeof is_in);
        if (i < 2)
            ok(gk_snapshot_known(now, T0 + (i ? 3 : 2) * HOUR, &then, &error), &error);
        gk_snapshot *s = i < 2 ? then : now;
        ok(gk_state_steps(s, 0, at, at + 60, &steps, &n, &error), &error);
        assert_int_equal(steps[0].value, EXPECTED[i]);
        ok(gk_state_prune(s, GK_STATE_BIT(EXPECTED[i]), at, at + 60, is_in, &error), &error);
        assert_true(is_in[0]);
        if (i < 2)
            gk_snapshot_close(then);
    }
    gk_snapshot_close(now);
    world_now = T0 + 40 * DAY;
    world_end(db, path);
}

/* ---- dropped rows ---- */

static void what_was_known_before_rows_were_dropped_cannot_be_asked(void **state)
{
    const double value[CHANNELS] = {5, 7};
    char path[4096];
    gk_snapshot *now, *then;
    size_t bytes;
    (void)state;

    world_now = T0 + DAY;
    gk_db *db = new_zone(path);
    for (int i = 0; i < 600; i++)
        put(db, 0, T0 + i * MINUTE, value);
    ok(gk_commit(db, &error), &error);
    assert_int_equal(n_records(db, &bytes), 1);
    world_now = T0 + 3 * DAY;
    put(db, 0, T0 + 2 * DAY, value);
    ok(gk_commit(db, &error), &error);
    ok(gk_retain(db, T0 + 2 * DAY, NULL, NULL, &error), &error);
    assert_int_equal(n_records(db, &bytes), 1); /* the one of the second */
    now = look(db);
    assert_int_equal(gk_snapshot_known(now, T0 + DAY, &then, &error), GK_ERANGE);
    assert_null(then);
    assert_string_equal(error.text, "rows from before 2026-11-22T08:00:00+08:00 were dropped: what was known at "
                                    "2026-11-21T08:00:00+08:00 is not any more");
    ok(gk_snapshot_known(now, T0 + 3 * DAY - MINUTE, &then, &error), &error);
    struct gk_profile profile;
    assert_int_equal(gk_facility_profile(then, 0, &profile, &error), GK_ENOTFOUND);
    gk_snapshot_close(then);
    ok(gk_snapshot_known(now, T0 + 3 * DAY, &then, &error), &error);
    ok(gk_facility_profile(then, 0, &profile, &error), &error);
    gk_snapshot_close(then);
    gk_snapshot_close(now);
    check_is_clean(db);
    world_now = T0 + 40 * DAY;
    world_end(db, path);
}

/* ---- records ---- */

static void encode(gk_time arrived, const struct backfill_run *runs, size_t n, struct buffer *out)
{
    struct backfill list = {&MEM_SYSTEM, (struct backfill_run *)(uintptr_t)runs, n, n};

    buffer_reset(out);
    backfill_encode(arrived, &list, out);
    assert_int_equal(buffer_status(out), GK_OK);
}

static const struct backfill_run RUNS[] = {{T0, T0 + 90 * GK_SECOND, 0},
                                           {T0 + 2 * HOUR, T0 + 3 * HOUR + GK_SECOND / 2, 0},
                                           {T0 + 2 * HOUR + GK_SECOND, T0 + 2 * HOUR + GK_SECOND, 0},
                                           {T0 - DAY, T0, 700}};
#define N_RUNS (sizeof RUNS / sizeof RUNS[0])

static void a_record_comes_back_and_a_cut_one_does_not(void **state)
{
    struct backfill back;
    struct buffer bytes;
    (void)state;

    buffer_init(&bytes, &MEM_SYSTEM);
    backfill_init(&back, &MEM_SYSTEM);
    encode(T0 + DAY, RUNS, N_RUNS, &bytes);
    assert_int_equal(backfill_decode(T0 + DAY, view_of(bytes.bytes, bytes.size), &back), GK_OK);
    assert_int_equal(back.n, N_RUNS);
    for (size_t i = 0; i < N_RUNS; i++)
        assert_true(back.runs[i].facility == RUNS[i].facility && back.runs[i].from == RUNS[i].from &&
                    back.runs[i].to == RUNS[i].to);
    uint8_t key[BACKFILL_KEY];
    backfill_key(key, T0 + DAY, 0);
    struct view k = view_of(key, sizeof key);
    assert_int_equal(backfill_check(k, view_of(bytes.bytes, bytes.size), &MEM_SYSTEM, 701, &error), GK_OK);
    assert_int_equal(backfill_check(k, view_of(bytes.bytes, bytes.size), &MEM_SYSTEM, 700, &error), GK_ECORRUPT);
    size_t n_whole = 0;
    for (size_t size = 0; size < bytes.size; size++)
        n_whole += backfill_check(k, view_of(bytes.bytes, size), &MEM_SYSTEM, 701, &error) == GK_OK;
    assert_int_equal(n_whole, N_RUNS); /* cut between two runs it is a shorter one */
    bytes.bytes[0]++;
    assert_int_equal(backfill_check(k, view_of(bytes.bytes, bytes.size), &MEM_SYSTEM, 701, &error), GK_EVERSION);
    bytes.bytes[0]--;
    uint8_t unit = bytes.bytes[1];
    bytes.bytes[1] = 10; /* of times: the last one is 9 */
    assert_int_equal(backfill_check(k, view_of(bytes.bytes, bytes.size), &MEM_SYSTEM, 701, &error), GK_ECORRUPT);
    bytes.bytes[1] = unit;
    const struct backfill_run early = {T0, T0 + 2 * DAY, 0}; /* it ends after it came */
    encode(T0 + DAY, &early, 1, &bytes);
    assert_int_equal(backfill_check(k, view_of(bytes.bytes, bytes.size), &MEM_SYSTEM, 701, &error), GK_ECORRUPT);
    const struct backfill_run twice[] = {RUNS[1], RUNS[0]};
    encode(T0 + DAY, twice, 2, &bytes);
    assert_int_equal(backfill_check(k, view_of(bytes.bytes, bytes.size), &MEM_SYSTEM, 701, &error), GK_ECORRUPT);
    backfill_clear(&back);
    buffer_clear(&bytes);
}

static void the_example_of_the_format_page_is_what_is_written(void **state)
{
    const struct backfill_run runs[] = {{T0, T0 + 90 * GK_SECOND, 3},
                                        {T0 + 3600 * GK_SECOND, T0 + 3605 * GK_SECOND, 3}};
    struct buffer bytes, want, text;
    uint8_t key[BACKFILL_KEY];
    (void)state;

    buffer_init(&bytes, &MEM_SYSTEM);
    buffer_init(&want, &MEM_SYSTEM);
    buffer_init(&text, &MEM_SYSTEM);
    encode(T0 + DAY, runs, 2, &bytes);
    char *dump = read_example("docs/format/backfill.md", &want);
    assert_bytes(&bytes, &want);
    backfill_key(key, T0 + DAY, 0);
    assert_int_equal(backfill_dump(view_of(key, sizeof key), view_of(want.bytes, want.size), &MEM_SYSTEM, &text),
                     GK_OK);
    assert_text(&text, dump);
    free(dump);
    buffer_clear(&bytes);
    buffer_clear(&want);
    buffer_clear(&text);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(a_view_of_what_was_known_is_a_store_with_the_rows_of_then),
    cmocka_unit_test(history_that_is_loaded_at_once_is_one_run_a_facility),
    cmocka_unit_test(rows_that_come_in_time_leave_no_trace),
    cmocka_unit_test(a_meter_that_is_always_late_has_a_run_a_minute),
    cmocka_unit_test(scattered_rows_of_a_minute_fill_several_records),
    cmocka_unit_test(entries_that_were_put_later_are_not_known),
    cmocka_unit_test(states_are_of_the_ratings_that_were_known),
    cmocka_unit_test(what_was_known_before_rows_were_dropped_cannot_be_asked),
    cmocka_unit_test(a_record_comes_back_and_a_cut_one_does_not),
    cmocka_unit_test(the_example_of_the_format_page_is_what_is_written),
};

RUN_TESTS(tests)
