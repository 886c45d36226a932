/*
 * test_db.c - the engine as a whole against a model that keeps rows in plain arrays: every counter, every sample, and
 * that neither order, batches, sealing, reopening nor late bands change what the store says.
 */
#include "support/support.h"

#include <unistd.h>

#define FACILITIES 4
#define CHANNELS   3
#define ROWS_MAX   4000

static gk_time fixed_clock(void *context)
{
    return *(gk_time *)context;
}

/* 2026-11-20T00:00:00Z */
#define T0 (INT64_C(1795132800) * GK_SECOND)

static gk_time NOW = T0 + 40 * INT64_C(86400) * GK_SECOND;

static gk_db *open_db(const char *path, int flags, enum gk_policy policy, uint64_t budget)
{
    struct gk_options o = {.size = sizeof o,
                           .policy = policy,
                           .head_budget = budget,
                           .commit_ns = -1,
                           .map_size = 1 << 28,
                           .clock = fixed_clock,
                           .clock_context = &NOW};
    struct gk_error error;
    gk_db *db;
    if (gk_open(path, flags, &o, &db, &error) != GK_OK)
        fail_msg("%s", error.text);
    return db;
}

static void ok(int rc, const struct gk_error *error)
{
    if (rc != GK_OK)
        fail_msg("%s: %s", gk_status_text(rc), error->text);
}

static const char *const NAMES[FACILITIES] = {"press", "fan", "\xE9\xA3\x8E\xE6\x9C\xBA 1", "scrubber"};
static const char *const CHANNEL_NAMES[CHANNELS] = {"kw", "ia", "ib"};

static void put_catalog(gk_db *db)
{
    struct gk_error error;
    for (int i = 0; i < FACILITIES; i++) {
        struct gk_facility_put f = {.size = sizeof f,
                                    .name = {NAMES[i], strlen(NAMES[i])},
                                    .enterprise = {"E1", 2},
                                    .park = {"P1", 2},
                                    .line = {"L1", 2},
                                    .role = i ? GK_ABATEMENT : GK_PRODUCTION,
                                    .role_is_set = true,
                                    .rated_kw = 10,
                                    .rated_a = 20};
        ok(gk_facility_put(db, &f, NULL, &error), &error);
    }
    for (int i = 0; i < CHANNELS; i++) {
        uint32_t id;
        ok(gk_channel_register(db, CHANNEL_NAMES[i], strlen(CHANNEL_NAMES[i]), &id, &error), &error);
        assert_int_equal(id, i);
    }
}

static void put_band(gk_db *db, gk_time from, int64_t on_percent, int64_t dwell_s)
{
    struct gk_error error;
    struct gk_band_put b = {.size = sizeof b,
                            .scope = GK_ROLE,
                            .name = {"abatement", 9},
                            .off_below = {GK_LIMIT_SHARE, {10, 2}},
                            .on_from = {GK_LIMIT_SHARE, {on_percent, 2}},
                            .hold_ns = -1,
                            .dwell_on_ns = dwell_s * GK_SECOND,
                            .dwell_off_ns = -1,
                            .from = from};
    ok(gk_band_put(db, &b, &error), &error);
}

/* ---- the model -----------------------------------------------------------------------------------------------------
 */

struct row {
    gk_time time;
    uint32_t facility;
    double value[CHANNELS];
};

struct model {
    enum gk_policy policy;
    struct row rows[ROWS_MAX]; /* what the store should hold, in order of (facility, time, arrival) */
    size_t n;
    gk_time newest[FACILITIES];
    struct gk_counts counts;
};

static bool same(double a, double b)
{
    return memcmp(&a, &b, sizeof a) == 0;
}

static void insert(struct model *m, const struct row *r)
{
    size_t at = m->n;
    while (at > 0 && (m->rows[at - 1].facility > r->facility ||
                      (m->rows[at - 1].facility == r->facility && m->rows[at - 1].time > r->time)))
        at--;
    memmove(m->rows + at + 1, m->rows + at, (m->n - at) * sizeof *r);
    m->rows[at] = *r;
    m->n++;
}

static void model_take(struct model *m, const struct row *r)
{
    bool is_late = r->time < m->newest[r->facility], is_there = false;

    for (size_t i = 0; i < m->n; i++) {
        struct row *have = &m->rows[i];
        bool adds = false, differs = false, equal = true;
        if (have->facility != r->facility || have->time != r->time)
            continue;
        is_there = true;
        for (int c = 0; c < CHANNELS; c++) {
            equal &= same(have->value[c], r->value[c]);
            adds |= gk_is_missing(have->value[c]) && !gk_is_missing(r->value[c]);
            differs |=
                !gk_is_missing(have->value[c]) && !gk_is_missing(r->value[c]) && !same(have->value[c], r->value[c]);
        }
        if (m->policy == GK_ALL ? equal : !adds && !differs) {
            m->counts.duplicate++;
            return;
        }
        if (m->policy == GK_ALL)
            continue;
        for (int c = 0; c < CHANNELS; c++)
            if (!gk_is_missing(r->value[c]) && (m->policy == GK_LAST || gk_is_missing(have->value[c])))
                have->value[c] = r->value[c];
        if (differs)
            m->counts.conflicting++;
        else if (is_late)
            m->counts.late++;
        else
            m->counts.accepted++;
        return;
    }
    (void)is_there;
    insert(m, r);
    if (is_late)
        m->counts.late++;
    else
        m->counts.accepted++;
    if (r->time > m->newest[r->facility])
        m->newest[r->facility] = r->time;
}

static void compare_samples(const struct model *m, gk_snapshot *s)
{
    struct gk_error error;
    const uint32_t channels[CHANNELS] = {0, 1, 2};
    size_t at = 0;

    for (uint32_t f = 0; f < FACILITIES; f++) {
        gk_scan *scan;
        struct gk_columns batch;
        int rc;
        ok(gk_scan_open(s, f, channels, CHANNELS, GK_TIME_MIN, GK_TIME_MAX, &scan, &error), &error);
        while ((rc = gk_scan_next(scan, &batch, &error)) == GK_OK)
            for (size_t i = 0; i < batch.n_rows; i++, at++) {
                assert_true(at < m->n);
                assert_int_equal(m->rows[at].facility, f);
                assert_int_equal(m->rows[at].time, batch.time[i]);
                for (int c = 0; c < CHANNELS; c++)
                    assert_bits_equal(m->rows[at].value[c], batch.value[c][i]);
            }
        assert_int_equal(rc, GK_DONE);
        gk_scan_close(scan);
    }
    assert_int_equal(at, m->n);
}

/* A stretch in the middle gives the rows of the whole that lie in it. */
static void compare_stretch(const struct model *m, gk_snapshot *s, struct random *random)
{
    struct gk_error error;
    uint32_t f = (uint32_t)random_below(random, FACILITIES);
    gk_time from = T0 + (gk_time)random_below(random, 40000) * GK_SECOND;
    gk_time to = from + (gk_time)random_below(random, 20000) * GK_SECOND;
    const uint32_t channel = 0;
    gk_scan *scan;
    struct gk_columns batch;
    size_t at = 0;

    while (at < m->n && (m->rows[at].facility < f || (m->rows[at].facility == f && m->rows[at].time < from)))
        at++;
    ok(gk_scan_open(s, f, &channel, 1, from, to, &scan, &error), &error);
    while (gk_scan_next(scan, &batch, &error) == GK_OK)
        for (size_t i = 0; i < batch.n_rows; i++, at++) {
            assert_int_equal(m->rows[at].time, batch.time[i]);
            assert_bits_equal(m->rows[at].value[0], batch.value[0][i]);
        }
    gk_scan_close(scan);
    assert_true(at == m->n || m->rows[at].facility > f || m->rows[at].time >= to);
}

static void compare(const struct model *m, gk_db *db, struct random *random)
{
    struct gk_error error;
    gk_snapshot *s;
    struct gk_stat stat;

    ok(gk_commit(db, &error), &error);
    ok(gk_snapshot_open(db, &s, &error), &error);
    compare_samples(m, s);
    for (int i = 0; i < 5; i++)
        compare_stretch(m, s, random);
    gk_snapshot_close(s);
    ok(gk_stat(db, &stat, &error), &error);
    assert_int_equal(stat.n_rows, m->n);
    assert_int_equal(stat.counts.accepted, m->counts.accepted);
    assert_int_equal(stat.counts.late, m->counts.late);
    assert_int_equal(stat.counts.duplicate, m->counts.duplicate);
    assert_int_equal(stat.counts.conflicting, m->counts.conflicting);
}

static int print_finding(void *context, const char *text, size_t size)
{
    (void)context;
    print_error("%.*s", (int)size, text);
    return GK_OK;
}

static void check_deep(gk_db *db)
{
    struct gk_error error;
    uint64_t n;
    ok(gk_check(db, true, print_finding, NULL, &n, &error), &error);
    assert_int_equal(n, 0);
}

/* ---- random stories
 * -------------------------------------------------------------------------------------------------- */

static double random_value(struct random *random)
{
    switch (random_below(random, 8)) {
    case 0:
        return gk_missing();
    case 1:
        return 0;
    case 2:
        return (double)random_below(random, 40) / 10;
    default:
        return (double)random_below(random, 1200) / 100;
    }
}

static struct row random_row(struct random *random, gk_time *cursor, const struct model *m)
{
    struct row r = {.facility = (uint32_t)random_below(random, FACILITIES)};
    uint64_t dice = random_below(random, 100);

    if (dice < 10 && m->n > 0) { /* again */
        r = m->rows[random_below(random, m->n)];
        if (random_below(random, 2))
            r.value[random_below(random, CHANNELS)] = random_value(random);
    } else {
        *cursor += (gk_time)random_below(random, random_below(random, 40) ? 20 : 2000) * GK_SECOND;
        r.time = *cursor - (dice < 30 ? (gk_time)random_below(random, dice < 14 ? 20000 : 120) * GK_SECOND : 0);
        for (int c = 0; c < CHANNELS; c++)
            r.value[c] = random_value(random);
    }
    if (gk_is_missing(r.value[0]) && gk_is_missing(r.value[1]) && gk_is_missing(r.value[2]))
        r.value[0] = 1; /* a row without any value is rejected: another test */
    return r;
}

static void ingest(gk_db *db, const struct row *rows, size_t n)
{
    struct gk_error error;
    gk_time time[64];
    uint32_t facility[64];
    double cells[CHANNELS][64];
    const double *values[CHANNELS] = {cells[0], cells[1], cells[2]};
    const uint32_t channels[CHANNELS] = {0, 1, 2};

    for (size_t i = 0; i < n; i++) {
        time[i] = rows[i].time;
        facility[i] = rows[i].facility;
        for (int c = 0; c < CHANNELS; c++)
            cells[c][i] = rows[i].value[c];
    }
    struct gk_batch batch = {
        .n_rows = n, .time = time, .facility = facility, .n_channels = CHANNELS, .channel = channels, .value = values};
    ok(gk_ingest(db, &batch, NULL, &error), &error);
}

static void digest_of(gk_db *db, char out[65])
{
    struct gk_error error;
    ok(gk_commit(db, &error), &error);
    ok(gk_digest(db, out, &error), &error);
}

/* The same rows, given once in order of arrival and with the bands there from the start. */
static void compare_with_fresh(const struct model *m, gk_db *db, const struct row *arrived, size_t n_arrived,
                               const struct row *bands, size_t n_bands)
{
    char path[4096], a[65], b[65];
    struct gk_error error;

    (void)snprintf(path, sizeof path, "%s", test_folder());
    gk_db *fresh = open_db(path, GK_READWRITE | GK_CREATE, m->policy, 0);
    put_catalog(fresh);
    for (size_t i = 0; i < n_bands; i++)
        put_band(fresh, bands[i].time, (int64_t)bands[i].value[0], (int64_t)bands[i].value[1]);
    for (size_t i = 0; i < n_arrived; i += 64)
        ingest(fresh, arrived + i, n_arrived - i < 64 ? n_arrived - i : 64);
    digest_of(fresh, a);
    ok(gk_seal(fresh, &error), &error);
    digest_of(fresh, b);
    assert_string_equal(a, b); /* sealing changes nothing that is said */
    check_deep(fresh);
    digest_of(db, a);
    assert_string_equal(a, b);
    assert_int_equal(gk_close(fresh), GK_OK);
    test_folder_remove(path);
}

static void tell_story(struct random *random, enum gk_policy policy)
{
    static struct model m;
    static struct row arrived[ROWS_MAX];
    struct row bands[8];
    size_t n_arrived = 0, n_bands = 0;
    gk_time cursor = T0;
    char path[4096];
    struct gk_error error;

    memset(&m, 0, sizeof m);
    m.policy = policy;
    for (int i = 0; i < FACILITIES; i++)
        m.newest[i] = GK_TIME_MIN;
    (void)snprintf(path, sizeof path, "%s", test_folder());
    gk_db *db = open_db(path, GK_READWRITE | GK_CREATE | GK_KEEP_HEADS, policy, 0);
    put_catalog(db);
    size_t steps = 5 + random_below(random, 60);
    for (size_t step = 0; step < steps && n_arrived < ROWS_MAX - 64; step++) {
        size_t n = 1 + random_below(random, 40);
        for (size_t i = 0; i < n; i++) {
            arrived[n_arrived + i] = random_row(random, &cursor, &m);
            model_take(&m, &arrived[n_arrived + i]);
        }
        ingest(db, arrived + n_arrived, n);
        n_arrived += n;
        switch (random_below(random, 12)) {
        case 0:
            ok(gk_seal(db, &error), &error);
            check_deep(db);
            break;
        case 1:
            assert_int_equal(gk_close(db), GK_OK);
            db = open_db(path, GK_READWRITE | GK_KEEP_HEADS, policy, 0);
            break;
        case 2:
            compare(&m, db, random);
            break;
        case 3:
            if (n_bands < 8) {
                struct row *b = &bands[n_bands++];
                b->time = random_below(random, 3) ? T0 + (gk_time)random_below(random, 30000) * GK_SECOND : GK_TIME_MIN;
                b->value[0] = (double)(15 + random_below(random, 60));
                b->value[1] = random_below(random, 2) ? 0 : (double)random_below(random, 100);
                put_band(db, b->time, (int64_t)b->value[0], (int64_t)b->value[1]);
            }
            break;
        default:
            break;
        }
    }
    compare(&m, db, random);
    compare_with_fresh(&m, db, arrived, n_arrived, bands, n_bands);
    ok(gk_seal(db, &error), &error);
    compare(&m, db, random);
    check_deep(db);
    assert_int_equal(gk_close(db), GK_OK);
    test_folder_remove(path);
}

static void neither_order_nor_sealing_changes_what_a_store_says(void **state)
{
    uint64_t seed = test_seed("neither_order_nor_sealing_changes_what_a_store_says"), rounds = test_rounds(30);
    (void)state;
    for (uint64_t i = 0; i < rounds; i++) {
        struct random random = random_from(seed * 1000003 + i);
        tell_story(&random, (enum gk_policy)(i % 3));
    }
}

static void committed_rows_are_there_after_reopening(void **state)
{
    char path[4096];
    struct gk_error error;
    struct row r = {T0, 1, {3.5, gk_missing(), -0.0}};
    static struct model m;
    struct random random = random_from(1);

    (void)state;
    memset(&m, 0, sizeof m);
    m.newest[1] = GK_TIME_MIN;
    (void)snprintf(path, sizeof path, "%s", test_folder());
    gk_db *db = open_db(path, GK_READWRITE | GK_CREATE | GK_KEEP_HEADS, GK_LAST, 0);
    put_catalog(db);
    ingest(db, &r, 1);
    model_take(&m, &r);
    ok(gk_commit(db, &error), &error);
    assert_int_equal(gk_close(db), GK_OK);
    db = open_db(path, GK_READONLY, GK_LAST, 0);
    gk_snapshot *s;
    ok(gk_snapshot_open(db, &s, &error), &error);
    compare_samples(&m, s);
    assert_int_equal(gk_snapshot_info(s)->watermark, T0);
    gk_snapshot_close(s);
    assert_int_equal(gk_ingest(db, &(struct gk_batch){0}, NULL, &error), GK_EREADONLY);
    assert_int_equal(gk_close(db), GK_OK);
    (void)random;
    test_folder_remove(path);
}

static void a_batch_of_a_known_sequence_is_taken_once(void **state)
{
    char path[4096];
    struct gk_error error;
    gk_time time[2] = {T0, T0 + GK_SECOND};
    uint32_t facility[2] = {0, 1}, channel = 0;
    double value[2] = {1, 2};
    const double *values = value;
    struct gk_batch batch = {.n_rows = 2,
                             .time = time,
                             .facility = facility,
                             .n_channels = 1,
                             .channel = &channel,
                             .value = &values,
                             .source = "gateway 7",
                             .sequence = 5};
    struct gk_counts counts;

    (void)state;
    (void)snprintf(path, sizeof path, "%s", test_folder());
    gk_db *db = open_db(path, GK_READWRITE | GK_CREATE, GK_LAST, 0);
    put_catalog(db);
    ok(gk_ingest(db, &batch, &counts, &error), &error);
    assert_int_equal(counts.accepted, 2);
    ok(gk_ingest(db, &batch, &counts, &error), &error); /* before the commit */
    assert_int_equal(counts.accepted + counts.duplicate, 0);
    assert_int_equal(gk_close(db), GK_OK);
    db = open_db(path, GK_READWRITE, GK_LAST, 0);
    value[0] = 9;
    ok(gk_ingest(db, &batch, &counts, &error), &error); /* and after */
    assert_int_equal(counts.conflicting, 0);
    batch.sequence = 6;
    ok(gk_ingest(db, &batch, &counts, &error), &error);
    assert_int_equal(counts.conflicting, 1);
    assert_int_equal(counts.duplicate, 1);
    batch.sequence = 0;
    assert_int_equal(gk_ingest(db, &batch, &counts, &error), GK_EINVAL);
    assert_int_equal(gk_close(db), GK_OK);
    test_folder_remove(path);
}

static void rows_ahead_of_the_clock_wait_in_quarantine(void **state)
{
    char path[4096];
    struct gk_error error;
    gk_time now = NOW, time[4] = {now + 301 * GK_SECOND, now + 299 * GK_SECOND, now, GK_TIME_MAX};
    uint32_t facility[4] = {0, 1, 2, 3}, channel = 0;
    double value[4] = {1, 2, gk_missing(), 4};
    const double *values = value;
    struct gk_batch batch = {
        .n_rows = 4, .time = time, .facility = facility, .n_channels = 1, .channel = &channel, .value = &values};
    struct gk_counts counts;
    struct gk_stat stat;

    (void)state;
    (void)snprintf(path, sizeof path, "%s", test_folder());
    gk_db *db = open_db(path, GK_READWRITE | GK_CREATE, GK_LAST, 0);
    put_catalog(db);
    ok(gk_ingest(db, &batch, &counts, &error), &error);
    assert_int_equal(counts.quarantined, 1);
    assert_int_equal(counts.accepted, 1);
    assert_int_equal(counts.rejected, 2); /* no value; no time */
    ok(gk_quarantine_release(db, false, &counts, &error), &error);
    assert_int_equal(counts.quarantined, 1);
    NOW += 2 * GK_SECOND;
    ok(gk_quarantine_release(db, false, &counts, &error), &error);
    NOW -= 2 * GK_SECOND;
    assert_int_equal(counts.accepted, 1);
    ok(gk_stat(db, &stat, &error), &error);
    assert_int_equal(stat.counts.quarantined, 0);
    assert_int_equal(stat.counts.accepted, 2);
    assert_int_equal(stat.n_rows, 2);
    assert_int_equal(gk_close(db), GK_OK);
    test_folder_remove(path);
}

static void a_process_opens_a_store_once(void **state)
{
    char path[4096], expected[64];
    struct gk_error error;
    gk_db *second;

    (void)state;
    (void)snprintf(path, sizeof path, "%s", test_folder());
    gk_db *db = open_db(path, GK_READWRITE | GK_CREATE, GK_LAST, 0);
    struct gk_options o = {.size = sizeof o, .map_size = 1 << 28};
    (void)snprintf(expected, sizeof expected, "this process (%ld) has it open already", (long)getpid());
    for (int flags = GK_READONLY; flags <= GK_READWRITE; flags++) {
        assert_int_equal(gk_open(path, flags, &o, &second, &error), GK_EBUSY);
        assert_non_null(strstr(error.text, expected));
        assert_null(second);
    }
    assert_int_equal(gk_close(db), GK_OK);
    test_folder_remove(path);
}

static void a_snapshot_never_changes(void **state)
{
    char path[4096];
    struct gk_error error;
    static struct model m;
    gk_snapshot *before;

    (void)state;
    memset(&m, 0, sizeof m);
    for (int i = 0; i < FACILITIES; i++)
        m.newest[i] = GK_TIME_MIN;
    (void)snprintf(path, sizeof path, "%s", test_folder());
    gk_db *db = open_db(path, GK_READWRITE | GK_CREATE, GK_LAST, 0);
    put_catalog(db);
    for (int i = 0; i < 500; i++) {
        struct row r = {T0 + i * 10 * GK_SECOND, (uint32_t)i % FACILITIES, {i % 12, 1, 2}};
        ingest(db, &r, 1);
        model_take(&m, &r);
    }
    ok(gk_commit(db, &error), &error);
    ok(gk_snapshot_open(db, &before, &error), &error);
    struct row more = {T0 + 5 * GK_SECOND, 1, {7, 7, 7}};
    ingest(db, &more, 1);
    ok(gk_commit(db, &error), &error);
    compare_samples(&m, before);
    put_band(db, GK_TIME_MIN, 50, 0);
    ok(gk_seal(db, &error), &error);
    compare_samples(&m, before);
    assert_int_equal(gk_snapshot_info(before)->n_bands, 0);
    size_t n;
    (void)gk_bands(before, &n);
    assert_int_equal(n, 0);
    gk_snapshot_close(before);
    assert_int_equal(gk_close(db), GK_OK);
    test_folder_remove(path);
}

static void a_snapshot_sees_the_catalog_as_it_was_committed(void **state)
{
    char path[4096];
    struct gk_error error;
    gk_snapshot *s;

    (void)state;
    (void)snprintf(path, sizeof path, "%s", test_folder());
    gk_db *db = open_db(path, GK_READWRITE | GK_CREATE, GK_LAST, 0);
    put_catalog(db);
    ok(gk_commit(db, &error), &error);
    put_band(db, GK_TIME_MIN, 50, 0);
    struct gk_facility_put zeroed = {.size = sizeof zeroed, .name = {NAMES[0], strlen(NAMES[0])}};
    ok(gk_facility_put(db, &zeroed, NULL, &error), &error); /* zero is "not given" */
    ok(gk_snapshot_open(db, &s, &error), &error);
    assert_int_equal(gk_snapshot_info(s)->n_bands, 0);
    gk_snapshot_close(s);
    ok(gk_commit(db, &error), &error);
    ok(gk_snapshot_open(db, &s, &error), &error);
    assert_int_equal(gk_snapshot_info(s)->n_bands, 1);
    assert_true(gk_facility_get(s, 0)->rated_kw == 10);
    gk_snapshot_close(s);
    zeroed.size = 0;
    assert_int_equal(gk_facility_put(db, &zeroed, NULL, &error), GK_EINVAL);
    assert_int_equal(gk_close(db), GK_OK);
    test_folder_remove(path);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(a_snapshot_sees_the_catalog_as_it_was_committed),
    cmocka_unit_test(committed_rows_are_there_after_reopening),
    cmocka_unit_test(a_batch_of_a_known_sequence_is_taken_once),
    cmocka_unit_test(rows_ahead_of_the_clock_wait_in_quarantine),
    cmocka_unit_test(a_process_opens_a_store_once),
    cmocka_unit_test(a_snapshot_never_changes),
    cmocka_unit_test(neither_order_nor_sealing_changes_what_a_store_says),
};

RUN_TESTS(tests)
