/*
 * test_sight.c - a snapshot that is restricted to some sites: numbers begin at 0 and lead to the right rows and states,
 * entries are those of who is seen, views inherit it, memory may fail; and writing for some sites alone. That no
 * statement finds more is tested in tests/query/test_restrict.c.
 */
#include "db/cases.h"

#include "db/sight.h"

static struct gk_error error;
static char path[4096];
enum { ROWS = 500 };

static const struct {
    const char *name, *park, *enterprise, *line;
    enum gk_role role;
} NAMES[] = {{"a-fan", "P2", "E2", "L1", GK_ABATEMENT},   {"b-press", "P1", "E1", "L1", GK_PRODUCTION},
             {"c-oven", "P2", "E2", "L1", GK_PRODUCTION}, {"d-fan", "P1", "E1", "L1", GK_ABATEMENT},
             {"e-saw", "P1", "E3", "L1", GK_PRODUCTION},  {"f-lone", NULL, NULL, NULL, GK_OTHER}};
enum { N_NAMES = sizeof NAMES / sizeof *NAMES };

static double value_of(size_t facility, size_t row)
{
    return (double)((row / 20 * (facility + 3)) % 11);
}

static void put_alarm(gk_db *db, enum gk_kind kind, const char *subject, const char *enterprise, const char *park)
{
    struct gk_act_put put = raised_of("untreated", subject);

    put.subject_kind = kind;
    put.enterprise = text_of(enterprise);
    put.park = text_of(park);
    (void)put_act(db, &put);
}

/* Every other facility has a channel of its own; the hidden come first, so that no number is its own. */
static gk_db *make(void)
{
    gk_db *db = world_new(path, NULL);
    uint32_t id, hidden = put_channel(db, "hidden"), kw = put_channel(db, "kw");
    struct gk_order_put order = {.size = sizeof order, .scope = GK_PARK, .from = T0, .to = T0 + DAY};
    const struct gk_calendar_put calendar = {.size = sizeof calendar,
                                             .calendar = text_of("shift"),
                                             .scope = GK_PARK,
                                             .name = text_of("P2"),
                                             .days = GK_DAYS_ALL,
                                             .from = GK_TIME_MIN,
                                             .to = GK_TIME_MAX};
    struct gk_link_put link = {.size = sizeof link, .from = GK_TIME_MIN, .to = GK_TIME_MAX};
    struct gk_band_put band = band_of(GK_ENTERPRISE, "E2", 10, 20, GK_TIME_MIN);

    for (size_t i = 0; i < N_NAMES; i++) {
        struct gk_facility_put f = facility_of(NAMES[i].name, NAMES[i].enterprise, NAMES[i].line, NAMES[i].role);
        f.park = text_of(NAMES[i].park);
        ok(gk_facility_put(db, &f, &id, &error), &error);
        for (size_t row = 0; row < ROWS; row++)
            ok(put_row(db, id, T0 + (gk_time)row * 10 * GK_SECOND, i % 2 ? kw : hidden, value_of(i, row)), &error);
    }
    link.abatement = text_of("d-fan"); /* so there is no link by default, with whoever is seen */
    link.production = text_of("c-oven");
    ok(gk_link_put(db, &link, &error), &error);
    band.channel = text_of("hidden");
    ok(gk_band_put(db, &band, &error), &error);
    band.set = text_of("strict");
    ok(gk_band_put(db, &band, &error), &error);
    ok(gk_calendar_put(db, &calendar, &error), &error);
    order.name = text_of("P2");
    ok(gk_order_put(db, &order, &error), &error);
    order.name = text_of("P1");
    ok(gk_order_put(db, &order, &error), &error);
    put_alarm(db, GK_FACILITY, "c-oven", "E2", "P2");  /* 1 */
    put_alarm(db, GK_FACILITY, "b-press", "E1", "P1"); /* 2 */
    put_alarm(db, GK_PARK, "P1", "", "");              /* 3 */
    put_alarm(db, GK_ENTERPRISE, "E1", "", "P1");      /* 4 */
    put_alarm(db, GK_ZONE, "", "", "");                /* 5 */
    put_alarm(db, GK_LINE, "E1/L1", "E1", "P1");       /* 6 */
    (void)act_on(db, GK_ACT_SEEN, 1);                  /* 7 */
    (void)act_on(db, GK_ACT_SEEN, 2);                  /* 8 */
    ok(gk_commit(db, &error), &error);
    return db;
}

static gk_snapshot *see(gk_db *db, enum gk_kind kind, const char *name)
{
    const struct gk_site_name site = {kind, text_of(name)};
    gk_snapshot *s;

    ok(gk_snapshot_open(db, &s, &error), &error);
    ok(gk_snapshot_restrict(s, &site, 1, &error), &error);
    return s;
}

/* The rows of a facility as seen are those that were put for it. */
static void rows_are(gk_snapshot *s, uint32_t id, size_t facility)
{
    uint32_t kw = gk_channel_find(s, "kw", 2);
    struct gk_columns columns;
    gk_scan *scan;
    size_t n = 0;

    ok(gk_scan_open(s, id, &kw, 1, GK_TIME_MIN, GK_TIME_MAX, &scan, &error), &error);
    while (gk_scan_next(scan, &columns, &error) == GK_OK)
        for (size_t i = 0; i < columns.n_rows; i++, n++)
            assert_true(facility % 2 ? columns.value[0][i] == value_of(facility, n)
                                     : gk_is_missing(columns.value[0][i]));
    gk_scan_close(scan);
    assert_int_equal(n, ROWS);
}

static void steps_are(const struct gk_step *steps, size_t n, const struct gk_step *others, size_t m)
{
    assert_int_equal(n, m);
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(steps[i].tick, others[i].tick);
        assert_int_equal(steps[i].value, others[i].value);
    }
}

/* Steps, counts, sums and comparisons agree with those of the whole store under its own number. */
static void the_same_is_told(gk_snapshot *s, uint32_t id, gk_snapshot *all, uint32_t own)
{
    int64_t from = T0 / GK_SECOND, to = from + 10 * ROWS;
    uint32_t kw = gk_channel_find(s, "kw", 2), all_kw = gk_channel_find(all, "kw", 2);
    const struct gk_signal seen = {.channels = &kw, .n_channels = 1}, stored = {.channels = &all_kw, .n_channels = 1};
    const gk_time edges[] = {T0, T0 + 7200 * GK_SECOND};
    struct gk_state_count count = {.facilities = &id, .n = 1, .mask = GK_STATE_BIT(GK_ON), .least = 1, .most = 1};
    const struct gk_step *steps, *others;
    struct gk_summary one, other;
    gk_timeline *a, *b;
    size_t n, m;

    ok(gk_state_steps(all, own, from, to, &others, &m, &error), &error);
    ok(gk_state_steps(s, id, from, to, &steps, &n, &error), &error);
    steps_are(steps, n, others, m);
    ok(gk_signal_summaries(s, id, &seen, edges, 1, &one, &error), &error);
    ok(gk_signal_summaries(all, own, &stored, edges, 1, &other, &error), &error);
    assert_int_equal(one.count, other.count);
    assert_true(one.count == 0 || one.sum == other.sum);
    assert_int_equal(gk_timeline_new(s, &a), GK_OK);
    assert_int_equal(gk_timeline_new(s, &b), GK_OK);
    ok(gk_state_count(s, &count, from, to, a, &error), &error);
    count.facilities = &own;
    ok(gk_state_count(all, &count, from, to, b, &error), &error);
    steps = gk_timeline_steps(a, &n);
    others = gk_timeline_steps(b, &m);
    steps_are(steps, n, others, m);
    ok(gk_signal_timeline(s, id, &seen, GK_GT, 5, from, to, a, &error), &error);
    ok(gk_signal_timeline(all, own, &stored, GK_GT, 5, from, to, b, &error), &error);
    steps = gk_timeline_steps(a, &n);
    others = gk_timeline_steps(b, &m);
    steps_are(steps, n, others, m);
    ok(gk_signal_frozen(s, id, &seen, 60, from, to, to, a, &error), &error);
    ok(gk_signal_frozen(all, own, &stored, 60, from, to, to, b, &error), &error);
    (void)gk_timeline_steps(a, &n);
    (void)gk_timeline_steps(b, &m);
    assert_int_equal(n, m);
    gk_timeline_free(a);
    gk_timeline_free(b);
}

static void numbers_begin_at_0_and_lead_to_the_right_rows(void **state)
{
    static const size_t SEEN[] = {1, 3, 4};
    const uint32_t *channels;
    gk_snapshot *all;
    size_t n;
    (void)state;

    gk_db *db = make();
    for (int round = 0; round < 2; round++) { /* unsealed, and sealed */
        ok(gk_snapshot_open(db, &all, &error), &error);
        gk_snapshot *s = see(db, GK_PARK, "P1");
        assert_int_equal(gk_snapshot_info(s)->n_facilities, 3);
        assert_int_equal(gk_snapshot_info(s)->n_channels, 2); /* e-saw has the other */
        for (uint32_t id = 0; id < 3; id++) {
            const struct gk_facility *f = gk_facility_get(s, id);
            assert_string_equal(f->name, NAMES[SEEN[id]].name);
            assert_int_equal(gk_facility_find(s, f->name, strlen(f->name)), id);
            assert_string_equal(gk_site_get(s, GK_ENTERPRISE, f->enterprise)->name, NAMES[SEEN[id]].enterprise);
            rows_are(s, id, SEEN[id]);
            the_same_is_told(s, id, all, (uint32_t)SEEN[id]);
            ok(gk_facility_channels(s, id, &channels, &n, &error), &error);
            assert_int_equal(n, 1);
            assert_string_equal(gk_channel_name(s, channels[0]), SEEN[id] % 2 ? "kw" : "hidden");
        }
        assert_null(gk_facility_get(s, 3));
        assert_int_equal(gk_scan_open(s, 3, NULL, 0, T0, T0 + DAY, &(gk_scan *){NULL}, &error), GK_ENOTFOUND);
        assert_int_equal(gk_facility_find(s, "c-oven", 6), GK_ID_NONE);
        assert_int_equal(gk_site_find(s, GK_PARK, "P2", 2), GK_ID_NONE);
        (void)gk_site_facilities(s, GK_ZONE, 0, &n);
        assert_int_equal(n, 3);
        gk_snapshot_close(s);
        s = see(db, GK_ENTERPRISE, "E1");
        assert_int_equal(gk_snapshot_info(s)->n_facilities, 2);
        assert_int_equal(gk_channel_find(s, "hidden", 6), GK_ID_NONE);
        gk_snapshot_close(s);
        gk_snapshot_close(all);
        ok(gk_seal(db, &error), &error);
    }
    world_end(db, path);
}

static void entries_are_those_that_cover_somebody_who_is_seen(void **state)
{
    size_t n;
    (void)state;

    gk_db *db = make();
    gk_snapshot *s = see(db, GK_ENTERPRISE, "E1");
    const struct gk_order *orders = gk_orders(s, &n);
    assert_int_equal(n, 1);
    assert_string_equal(orders[0].scope.name, "P1");
    assert_string_equal(gk_site_get(s, GK_PARK, orders[0].scope.id)->name, "P1");
    (void)gk_bands(s, &n);
    assert_int_equal(n, 0);
    (void)gk_set_bands(s, &n);
    assert_int_equal(n, 0);
    (void)gk_calendars(s, &n);
    assert_int_equal(n, 0);
    (void)gk_links(s, &n); /* the fan serves somebody who is hidden, and so nobody of its line */
    assert_int_equal(n, 0);
    gk_snapshot_close(s);
    s = see(db, GK_PARK, "P2");
    const struct gk_band *bands = gk_bands(s, &n);
    assert_int_equal(n, 1);
    assert_string_equal(gk_channel_name(s, bands[0].channel), "hidden");
    bands = gk_set_bands(s, &n);
    assert_int_equal(n, 1);
    assert_string_equal(gk_site_get(s, GK_ENTERPRISE, bands[0].scope.id)->name, "E2");
    assert_string_equal(gk_site_get(s, GK_PARK, gk_calendars(s, &n)->scope.id)->name, "P2");
    assert_int_equal(n, 1);
    const struct gk_link *links = gk_links(s, &n);
    assert_int_equal(n, 1);
    assert_string_equal(gk_facility_get(s, links[0].production)->name, "c-oven");
    assert_true(links[0].is_default);
    gk_snapshot_close(s);
    s = see(db, GK_PARK, "P9"); /* which is not there */
    assert_int_equal(gk_snapshot_info(s)->n_facilities, 0);
    assert_int_equal(gk_snapshot_info(s)->watermark, GK_TIME_MIN);
    gk_snapshot_close(s);
    world_end(db, path);
}

static void alarms_and_acts_are_those_of_who_is_seen(void **state)
{
    static const struct {
        enum gk_kind kind;
        const char *name;
        uint64_t alarms[6], last;
    } CASES[] = {{GK_PARK, "P1", {2, 3, 4, 6}, 8}, {GK_ENTERPRISE, "E1", {2, 4, 6}, 8}, {GK_PARK, "P2", {1}, 7}};
    struct gk_alarm alarm;
    struct gk_act act;
    gk_alarms *alarms;
    gk_acts *acts;
    uint64_t last;
    (void)state;

    gk_db *db = make();
    for (size_t c = 0; c < sizeof CASES / sizeof *CASES; c++) {
        gk_snapshot *s = see(db, CASES[c].kind, CASES[c].name);
        size_t n = 0;
        ok(gk_alarms_open(s, false, 0, &alarms, &error), &error);
        while (gk_alarms_next(alarms, &alarm, &error) == GK_OK)
            assert_int_equal(alarm.id, CASES[c].alarms[n++]);
        assert_int_equal(CASES[c].alarms[n], 0);
        gk_alarms_close(alarms);
        ok(gk_acts_open(s, 0, 0, &acts, &error), &error);
        while (gk_acts_next(acts, &act, &error) == GK_OK)
            ok(gk_alarm_get(s, act.alarm, &alarm, &error), &error);
        gk_acts_close(acts);
        ok(gk_act_last(s, &last, &error), &error);
        assert_int_equal(last, CASES[c].last);
        assert_int_equal(gk_alarm_get(s, 5, &alarm, &error), GK_ENOTFOUND);
        assert_string_equal(error.text, "there is no alarm 5"); /* as of one that is not there */
        assert_int_equal(gk_act_get(s, 5, &act, &error), GK_ENOTFOUND);
        assert_int_equal(gk_acts_open(s, 5, 0, &acts, &error), GK_ENOTFOUND);
        assert_int_equal(gk_alarm_as_of(s, 5, world_now, &alarm, &error), GK_ENOTFOUND);
        assert_int_equal(gk_acts_verify(s, NULL, &last, &error), GK_EINVAL);
        gk_snapshot_close(s);
    }
    world_end(db, path);
}

/* Limits name a channel by its number as seen, which is another one in the store. */
static void other_limits_are_of_the_channel_that_was_meant(void **state)
{
    struct gk_band limits = {.off_below = {GK_LIMIT_ABSOLUTE, {5, 0}},
                             .on_from = {GK_LIMIT_ABSOLUTE, {7, 0}},
                             .hold_ns = -1,
                             .dwell_on_ns = -1,
                             .dwell_off_ns = -1};
    gk_snapshot *all, *under[2];
    const struct gk_step *steps[2];
    size_t n[2];
    (void)state;

    gk_db *db = make();
    gk_snapshot *s = see(db, GK_ENTERPRISE, "E1");
    ok(gk_snapshot_open(db, &all, &error), &error);
    limits.channel = gk_channel_find(s, "kw", 2);
    ok(gk_snapshot_under(s, &limits, &under[0], &error), &error);
    limits.channel = gk_channel_find(all, "kw", 2);
    ok(gk_snapshot_under(all, &limits, &under[1], &error), &error);
    for (uint32_t i = 0; i < 2; i++)
        ok(gk_state_steps(under[i], i, T0 / GK_SECOND, T0 / GK_SECOND + 10 * ROWS, &steps[i], &n[i], &error), &error);
    assert_true(n[0] > 10);
    steps_are(steps[0], n[0], steps[1], n[1]);
    limits.set = "nowhere";
    assert_int_equal(gk_snapshot_under(s, &limits, &(gk_snapshot *){NULL}, &error), GK_ENOTFOUND);
    gk_snapshot_close(under[0]);
    gk_snapshot_close(under[1]);
    gk_snapshot_close(all);
    gk_snapshot_close(s);
    world_end(db, path);
}

static void views_are_restricted_as_well(void **state)
{
    const struct gk_band limits = {.off_below = {GK_LIMIT_ABSOLUTE, {1, 0}},
                                   .hold_ns = -1,
                                   .dwell_on_ns = -1,
                                   .dwell_off_ns = -1,
                                   .channel = GK_ID_NONE};
    gk_snapshot *under, *known, *both;
    (void)state;

    gk_db *db = make();
    gk_snapshot *s = see(db, GK_PARK, "P1");
    ok(gk_snapshot_under(s, &limits, &under, &error), &error);
    ok(gk_snapshot_known(s, world_now, &known, &error), &error);
    ok(gk_snapshot_known(under, world_now, &both, &error), &error);
    gk_snapshot *views[] = {under, known, both};
    for (int i = 0; i < 3; i++) {
        assert_int_equal(gk_snapshot_info(views[i])->n_facilities, 3);
        assert_int_equal(gk_facility_find(views[i], "c-oven", 6), GK_ID_NONE);
        rows_are(views[i], 1, 3);
        assert_int_equal(gk_snapshot_restrict(views[i], NULL, 0, &error), GK_EINVAL);
    }
    assert_int_equal(gk_snapshot_restrict(s, NULL, 0, &error), GK_EINVAL); /* nor twice */
    gk_snapshot_close(both);
    gk_snapshot_close(known);
    gk_snapshot_close(under);
    gk_snapshot_close(s);
    world_end(db, path);
}

/* The n-th allocation fails. */
static size_t n_left;

static void *fail_later(void *context, void *p, size_t size)
{
    (void)context;
    if (size == 0) {
        free(p);
        return NULL;
    }
    if (n_left > 0 && --n_left == 0)
        return NULL;
    return realloc(p, size);
}

static void want_of_memory_is_an_error_and_leaves_nothing(void **state)
{
    const struct gk_site_name site = {GK_PARK, {"P1", 2}};
    struct gk_options options = world_options();
    int rc = GK_ENOMEM;
    gk_snapshot *s;
    (void)state;

    ok(gk_close(make()), &error);
    options.resize = fail_later;
    gk_db *db = world_open(path, GK_READONLY, &options);
    for (size_t n = 1; rc != GK_OK; n++) {
        ok(gk_snapshot_open(db, &s, &error), &error);
        n_left = n;
        rc = gk_snapshot_restrict(s, &site, 1, &error);
        n_left = 0;
        assert_true(rc == GK_OK || rc == GK_ENOMEM);
        assert_int_equal(gk_snapshot_info(s)->n_facilities, rc == GK_OK ? 3 : N_NAMES);
        gk_snapshot_close(s);
        assert_true(n < 1000);
    }
    world_end(db, path);
}

static void count_reject(void *context, uint64_t line, const char *text, size_t size, const struct gk_error *reason)
{
    char *words = context;
    (void)line;
    (void)text;
    (void)size;
    (void)snprintf(words + strlen(words), 1000 - strlen(words), "%s\n", reason->text);
}

static void lines_about_others_are_bad_and_register_nobody(void **state)
{
    static const char LINES[] = "m,facility=b-press kw=1 1\nm,facility=c-oven kw=1 1\nm,facility=new kw=1 1\n"
                                "m,facility=f-lone kw=1 1\nm,facility=e-saw kw=1 1\n";
    const struct gk_site_name sites[] = {{GK_ENTERPRISE, {"E1", 2}}, {GK_PARK, {"P9", 2}}};
    char words[1000] = "";
    struct gk_load_options options = {.size = sizeof options,
                                      .reject = count_reject,
                                      .context = words,
                                      .form = GK_TABLE_POINTS,
                                      .sites = sites,
                                      .n_sites = 2};
    struct gk_load_result result;
    gk_load *load;
    (void)state;

    gk_db *db = make();
    ok(gk_load_open(db, &options, &load, &error), &error);
    ok(gk_load_feed(load, LINES, sizeof LINES - 1, &error), &error);
    ok(gk_load_finish(load, &result, &error), &error);
    gk_load_close(load);
    assert_int_equal(result.rows.rejected, 4);
    assert_int_equal(result.rows.accepted + result.rows.late, 1);
    assert_int_equal(result.n_registered, 0);
    assert_non_null(strstr(words, "line 2: facility 'c-oven' is none of those that may be written"));
    assert_non_null(strstr(words, "line 3: facility 'new' is none of those that may be written")); /* the same words */
    options.form = GK_TABLE_NONE;
    assert_int_equal(gk_load_open(db, &options, &load, &error), GK_EINVAL);
    world_end(db, path);
}

/* A row of one facility each, in one batch: all came with all channels, each has a value of its own alone. */
static void put_wide(gk_db *db, const uint32_t *facility, const uint32_t *channel, size_t n)
{
    gk_time time[4];
    double value[4][4];
    const double *column[4];
    struct gk_batch batch = {
        .n_rows = n, .time = time, .facility = facility, .n_channels = n, .channel = channel, .value = column};

    for (size_t i = 0; i < n; i++) {
        time[i] = T0 + 2 * DAY + (gk_time)i * GK_SECOND;
        column[i] = value[i];
        for (size_t k = 0; k < n; k++)
            value[i][k] = i == k ? 1 : gk_missing();
    }
    ok(gk_ingest(db, &batch, NULL, &error), &error);
    ok(gk_commit(db, &error), &error);
}

static void channels_of_new_rows_are_seen_and_those_of_others_are_not(void **state)
{
    (void)state;

    gk_db *db = make();
    ok(gk_seal(db, &error), &error);
    const uint32_t facilities[] = {0, 1, 3}; /* a-fan of E2, b-press and d-fan of E1 */
    const uint32_t channels[] = {put_channel(db, "theirs"), put_channel(db, "ours"), put_channel(db, "kw")};
    put_wide(db, facilities, channels, 3);
    for (int round = 0; round < 2; round++) { /* unsealed, and sealed */
        gk_snapshot *s = see(db, GK_ENTERPRISE, "E1");
        assert_int_equal(gk_channel_find(s, "theirs", 6), GK_ID_NONE);
        assert_int_not_equal(gk_channel_find(s, "ours", 4), GK_ID_NONE);
        assert_int_equal(gk_snapshot_info(s)->n_channels, 2);
        assert_true(gk_snapshot_info(s)->watermark == T0 + 2 * DAY + 2 * GK_SECOND);
        assert_true(gk_snapshot_info(s)->beginning == T0);
        gk_snapshot_close(s);
        s = see(db, GK_ENTERPRISE, "E3"); /* none of its rows is new */
        assert_true(gk_snapshot_info(s)->watermark == T0 + (ROWS - 1) * 10 * GK_SECOND);
        gk_snapshot_close(s);
        ok(gk_seal(db, &error), &error);
    }
    world_end(db, path);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(channels_of_new_rows_are_seen_and_those_of_others_are_not),
    cmocka_unit_test(numbers_begin_at_0_and_lead_to_the_right_rows),
    cmocka_unit_test(entries_are_those_that_cover_somebody_who_is_seen),
    cmocka_unit_test(alarms_and_acts_are_those_of_who_is_seen),
    cmocka_unit_test(other_limits_are_of_the_channel_that_was_meant),
    cmocka_unit_test(views_are_restricted_as_well),
    cmocka_unit_test(want_of_memory_is_an_error_and_leaves_nothing),
    cmocka_unit_test(lines_about_others_are_bad_and_register_nobody),
};

RUN_TESTS(tests)
