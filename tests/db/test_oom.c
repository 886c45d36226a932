/*
 * test_oom.c - memory that runs out anywhere. Every public call is made with its first, second, third ... allocation
 * failing until none fails: each failure is GK_ENOMEM, the same call works when it is repeated, and in the end the
 * store says the same as one whose memory never failed. So for what is allocated by the handle's hook, and for what
 * LMDB and the engine take from malloc, once and for ever. And a whole story is ended by the n-th failure: what was
 * acknowledged is there after opening again, and nothing else.
 */
#include "db/failing_malloc.h"

#include <math.h>

#include "db/cases.h"

#define FACILITIES 3
#define ROWS       40 /* a batch */
#define BATCHES    6

struct world {
    struct failing_mem failing;
    char path[4096];
    gk_db *db;
    gk_snapshot *s;
    struct gk_error error;
    uint64_t batch; /* the next one */
    uint64_t n_failures;
    char digest[65];
};

/* ---- one step is one public call
 * --------------------------------------------------------------------------------------- */

static struct gk_options options_of(struct world *w)
{
    struct gk_options o = world_options();
    o.resize = w->failing.mem.resize;
    o.resize_context = w->failing.mem.context;
    return o;
}

static int step_open(struct world *w)
{
    struct gk_options o = options_of(w);
    if (w->db) {
        assert_int_equal(gk_close(w->db), GK_OK); /* nothing is pending: nothing to allocate for */
        w->db = NULL;
    }
    int rc = gk_open(w->path, GK_READWRITE | GK_CREATE | GK_KEEP_HEADS, &o, &w->db, &w->error);
    if (rc != GK_OK)
        assert_null(w->db);
    return rc;
}

static int step_facilities(struct world *w)
{
    int rc = GK_OK;
    for (int i = 0; i < FACILITIES && rc == GK_OK; i++) {
        char name[16];
        (void)snprintf(name, sizeof name, "f%d", i);
        struct gk_facility_put f = facility_of(name, "E1", "L1", i ? GK_ABATEMENT : GK_PRODUCTION);
        struct gk_text key = text_of("group"), value = text_of("g");
        f.n_tags = 1;
        f.tag_keys = &key;
        f.tag_values = &value;
        rc = gk_facility_put(w->db, &f, NULL, &w->error);
    }
    return rc;
}

static int step_channels(struct world *w)
{
    uint32_t id;
    int rc = gk_channel_register(w->db, "kw", 2, &id, &w->error);
    return rc == GK_OK ? gk_channel_register(w->db, "ia", 2, &id, &w->error) : rc;
}

static int step_register(struct world *w)
{
    uint32_t id;
    return gk_facility_register(w->db, "late comer", 10, &id, &w->error);
}

static int step_link(struct world *w)
{
    struct gk_link_put l = {sizeof l, text_of("f1"), text_of("f0"), false, GK_TIME_MIN, GK_TIME_MAX};
    return gk_link_put(w->db, &l, &w->error);
}

static int step_order(struct world *w)
{
    struct gk_order_put o = {sizeof o, GK_GROUP, text_of("g"), text_of("red"), text_of("stop"), NAN, T0, T0 + DAY,
                             0,        0};
    return gk_order_put(w->db, &o, &w->error);
}

static int step_exemption(struct world *w)
{
    struct gk_exemption_put e = {sizeof e, GK_ZONE, text_of(NULL), text_of("stop"), text_of("n"), T0, T0 + DAY};
    return gk_exemption_put(w->db, &e, &w->error);
}

static int step_band(struct world *w)
{
    struct gk_band_put b = band_of(GK_ROLE, "abatement", 10, 50, T0 + 500 * GK_SECOND);
    return gk_band_put(w->db, &b, &w->error);
}

/* Batch b: every facility in turn; odd batches are late, every eighth row is a repeat or conflicts, one is of the
 * future. */
static void fill_batch(uint64_t b, gk_time time[ROWS], uint32_t facility[ROWS], double kw[ROWS], double ia[ROWS])
{
    for (int i = 0; i < ROWS; i++) {
        int64_t second = (int64_t)b * 400 + i * 10;
        if (b % 2)
            second = (int64_t)(b - 1) * 400 + i * 10 + (i % 8 ? 3 : 0);
        time[i] = T0 + second * GK_SECOND;
        facility[i] = (uint32_t)i % FACILITIES;
        kw[i] = (double)((b * 7 + (uint64_t)i * 3) % 120) / 10;
        ia[i] = i % 3 ? (double)i : gk_missing();
    }
    time[ROWS - 1] = world_now + DAY;
}

static int step_ingest(struct world *w)
{
    gk_time time[ROWS];
    uint32_t facility[ROWS], channel[2] = {0, 1};
    double kw[ROWS], ia[ROWS];
    const double *values[2] = {kw, ia};
    struct gk_batch batch = {.n_rows = ROWS,
                             .time = time,
                             .facility = facility,
                             .n_channels = 2,
                             .channel = channel,
                             .value = values,
                             .source = "meter",
                             .sequence = w->batch + 1};
    struct gk_counts counts;

    fill_batch(w->batch, time, facility, kw, ia);
    int rc = gk_ingest(w->db, &batch, &counts, &w->error);
    uint64_t n =
        counts.accepted + counts.late + counts.duplicate + counts.conflicting + counts.quarantined + counts.rejected;
    if (rc == GK_OK) {
        assert_int_equal(n, ROWS); /* taken now, not at a try that failed */
        assert_int_equal(counts.quarantined, 1);
        w->batch++;
    }
    return rc;
}

static int step_commit(struct world *w)
{
    return gk_commit(w->db, &w->error);
}

static int step_seal(struct world *w)
{
    return gk_seal(w->db, &w->error);
}

static int step_snapshot(struct world *w)
{
    gk_snapshot_close(w->s);
    w->s = NULL;
    int rc = gk_snapshot_open(w->db, &w->s, &w->error);
    assert_true((rc == GK_OK) == (w->s != NULL));
    return rc;
}

static int step_scan(struct world *w)
{
    const uint32_t channels[2] = {1, 0};
    struct gk_columns rows;
    gk_scan *scan = NULL;
    int rc = GK_OK;

    for (uint32_t f = 0; f < FACILITIES && rc == GK_OK; f++) {
        rc = gk_scan_open(w->s, f, channels, 2, GK_TIME_MIN, GK_TIME_MAX, &scan, &w->error);
        while (rc == GK_OK)
            rc = gk_scan_next(scan, &rows, &w->error);
        rc = rc == GK_DONE ? GK_OK : rc;
        gk_scan_close(scan);
    }
    return rc;
}

static int step_states(struct world *w)
{
    const struct gk_step *steps;
    size_t n;
    int rc = GK_OK;

    for (uint32_t f = 0; f < FACILITIES && rc == GK_OK; f++)
        rc = gk_state_steps(w->s, f, GK_TICK_MIN, GK_TICK_MAX, &steps, &n, &w->error);
    return rc;
}

static int step_prune(struct world *w)
{
    uint8_t is_in[FACILITIES + 1] = {1, 1, 1, 1};
    return gk_state_prune(w->s, GK_STATE_BIT(GK_ON), T0 / GK_SECOND, T0 / GK_SECOND + 4000, is_in, &w->error);
}

static int step_profile(struct world *w)
{
    struct gk_profile profile;
    const uint32_t *channels;
    size_t n;
    int rc = gk_facility_profile(w->s, 1, &profile, &w->error);
    return rc == GK_OK ? gk_facility_channels(w->s, 1, &channels, &n, &w->error) : rc;
}

static int step_signal(struct world *w)
{
    const uint32_t channel = 0;
    struct gk_signal signal = {.channels = &channel, .n_channels = 1};
    gk_time edges[3] = {T0, T0 + 900 * GK_SECOND, T0 + 1800 * GK_SECOND};
    struct gk_summary out[2];
    gk_timeline *line = NULL, *other = NULL;
    int rc;

    TRY(gk_timeline_new(w->s, &line));
    TRY(gk_timeline_new(w->s, &other));
    TRY(gk_signal_timeline(w->s, 1, &signal, GK_GT, 5, T0 / GK_SECOND, T0 / GK_SECOND + 3000, line, &w->error));
    TRY(gk_state_timeline(w->s, 1, GK_STATE_BIT(GK_ON), T0 / GK_SECOND, T0 / GK_SECOND + 3000, line, &w->error));
    TRY(gk_timeline_for_at_least(other, line, 5));
    TRY(gk_timeline_not(line, other));
    TRY(gk_timeline_times(other, line, false, 2, 500));
    TRY(gk_timeline_begun(line, other, other));
    TRY(gk_signal_frozen(w->s, 1, &signal, 20, T0 / GK_SECOND, T0 / GK_SECOND + 3000, T0 / GK_SECOND + 3000, line,
                         &w->error));
    TRY(gk_signal_summaries(w->s, 1, &signal, edges, 2, out, &w->error));
done:
    gk_timeline_free(line);
    gk_timeline_free(other);
    return rc;
}

/* Under other limits, in a view of the snapshot. */
static int step_under(struct world *w)
{
    const struct gk_band limits = {
        .on_from = share(30), .hold_ns = -1, .dwell_on_ns = -1, .dwell_off_ns = -1, .channel = GK_ID_NONE};
    struct gk_extent extent;
    const struct gk_step *steps;
    gk_snapshot *under = NULL;
    size_t n;
    int rc;

    TRY(gk_snapshot_under(w->s, &limits, &under, &w->error));
    TRY(gk_state_steps(under, 1, T0 / GK_SECOND, T0 / GK_SECOND + 3000, &steps, &n, &w->error));
    TRY(gk_facility_extent(w->s, 1, T0, T0 + DAY, &extent, &w->error));
done:
    gk_snapshot_close(under);
    return rc;
}

static int step_raise(struct world *w)
{
    struct gk_act_put put = raised_of("R1", "f1");
    uint64_t seq = 0;
    int rc = gk_act_put(w->db, &put, &seq, &w->error);
    if (rc == GK_OK)
        assert_int_equal(seq, 1); /* not 2, for all the tries */
    return rc;
}

static int step_act(struct world *w)
{
    struct gk_act_put put = act_of(GK_ACT_NOTED, 1);
    return gk_act_put(w->db, &put, NULL, &w->error);
}

static int step_alarms(struct world *w)
{
    gk_alarms *alarms = NULL;
    gk_acts *acts = NULL;
    struct gk_alarm alarm;
    uint64_t n = 0, last;
    int rc;

    TRY(gk_alarms_open(w->s, true, 0, &alarms, &w->error));
    TRY(gk_alarms_next(alarms, &alarm, &w->error));
    TRY(gk_alarm_as_of(w->s, alarm.id, GK_TIME_MAX, &alarm, &w->error));
    TRY(gk_acts_open(w->s, alarm.id, 0, &acts, &w->error));
    struct gk_act act;
    while ((rc = gk_acts_next(acts, &act, &w->error)) == GK_OK)
        n++;
    TRY(rc == GK_DONE ? GK_OK : rc);
    assert_int_equal(n, alarm.n_acts);
    TRY(gk_acts_verify(w->s, NULL, &last, &w->error));
    assert_int_equal(last, n);
done:
    gk_acts_close(acts);
    gk_alarms_close(alarms);
    return rc;
}

/* As it was known between two batches, under other limits. */
static int step_known(struct world *w)
{
    const struct gk_band limits = {
        .on_from = share(30), .hold_ns = -1, .dwell_on_ns = -1, .dwell_off_ns = -1, .channel = GK_ID_NONE};
    const struct gk_backfill *list;
    const struct gk_step *steps;
    gk_snapshot *known = NULL, *under = NULL;
    struct gk_profile profile;
    size_t n;
    int rc;

    TRY(gk_snapshot_known(w->s, world_now - GK_SECOND, &known, &w->error));
    TRY(gk_snapshot_under(known, &limits, &under, &w->error));
    TRY(gk_state_steps(under, 1, T0 / GK_SECOND, T0 / GK_SECOND + 3000, &steps, &n, &w->error));
    rc = gk_facility_profile(known, 1, &profile, &w->error);
    TRY(rc == GK_ENOTFOUND ? GK_OK : rc);
    TRY(gk_backfills(w->s, GK_TIME_MIN, GK_TIME_MAX, &list, &n, &w->error));
done:
    gk_snapshot_close(under);
    gk_snapshot_close(known);
    return rc;
}

static int step_consume(struct world *w)
{
    gk_consumer *consumer = NULL;
    struct gk_alarm alarm;
    struct gk_act act;
    int rc;

    TRY(gk_consumer_open(w->db, "sms", 0, &consumer, &w->error));
    TRY(gk_consumer_next(consumer, &act, &alarm, &w->error));
    assert_int_equal(act.seq, 1);
done:
    gk_consumer_close(consumer);
    return rc;
}

static int step_close_snapshot(struct world *w)
{
    gk_snapshot_close(w->s);
    w->s = NULL;
    return GK_OK;
}

static int step_digest(struct world *w)
{
    return gk_digest(w->db, w->digest, &w->error);
}

static int step_check(struct world *w)
{
    struct findings found = {"", 0};
    uint64_t n;
    int rc = gk_check(w->db, true, take_finding, &found, &n, &w->error);
    if (n)
        fail_msg("%llu findings: %s", (unsigned long long)n, found.text);
    return rc;
}

static int step_dump(struct world *w)
{
    struct findings text = {"", 0};
    return gk_dump(w->db, "all", take_finding, &text, &w->error);
}

static int step_dump_facility(struct world *w)
{
    struct findings text = {"", 0};
    return gk_dump(w->db, "facility f1", take_finding, &text, &w->error);
}

static int step_stat(struct world *w)
{
    struct gk_stat stat;
    return gk_stat(w->db, &stat, &w->error);
}

static int step_release(struct world *w)
{
    struct gk_counts counts;
    return gk_quarantine_release(w->db, true, &counts, &w->error);
}

/* A table of each kind. Rows are another story: those of a file that is read again are duplicates. */
static int step_load(struct world *w)
{
    static const char *const tables[] = {
        "facility,enterprise,park,line,role,rated_kw,serves,group\ng1,E2,P1,L1,abatement,5,g2,g\ng2,E2,P1,L1,"
        "production,"
        "5,,\nbad,E2,P1,L1,nonsense,5,,\n",
        "abatement,production,standby,from\nf1,g2,yes,2026-11-20\n",
        "scope,off_below,on_from,hold_s,from\nfacility:g1,10%,2kW,600,2026-11-20\n",
        "scope,level,kind,from,to,hours\nenterprise:E2,red,stop,2026-11-20,2026-11-21,08:00-18:00\n",
        "scope,kind,from,to,note\ng1,stop,2026-11-20,2026-11-21,\"a, b\"\n"};
    gk_load *load = NULL;
    int rc = GK_OK;

    for (size_t i = 0; i < sizeof tables / sizeof *tables && rc == GK_OK; i++) {
        struct gk_load_result result = {0};
        rc = gk_load_open(w->db, NULL, &load, &w->error);
        if (rc == GK_OK)
            rc = gk_load_feed(load, tables[i], strlen(tables[i]), &w->error);
        if (rc == GK_OK)
            rc = gk_load_finish(load, &result, &w->error);
        if (rc == GK_OK) {
            assert_int_equal(result.n_bad, i == 0);
            assert_true(result.n_taken > 0);
        }
        gk_load_close(load);
        load = NULL;
    }
    return rc;
}

/* The batches from here on are hours later, so that there is something to drop. */
static int step_hours_later(struct world *w)
{
    w->batch = 40;
    return GK_OK;
}

static int step_retain(struct world *w)
{
    return gk_retain(w->db, T0 + 2 * 3600 * GK_SECOND, NULL, NULL, &w->error);
}

static int step_reject(struct world *w)
{
    return gk_reject(w->db, 0, &w->error);
}

static const struct step {
    const char *name;
    int (*call)(struct world *w);
} STEPS[] = {
    {"open", step_open},
    {"facilities", step_facilities},
    {"channels", step_channels},
    {"commit", step_commit},
    {"ingest", step_ingest},
    {"ingest late", step_ingest},
    {"commit", step_commit},
    {"link", step_link},
    {"order", step_order},
    {"exemption", step_exemption},
    {"raise", step_raise},
    {"commit", step_commit},
    {"act", step_act},
    {"act", step_act},
    {"commit", step_commit},
    {"snapshot", step_snapshot},
    {"alarms", step_alarms},
    {"consume", step_consume},
    {"scan", step_scan},
    {"states", step_states},
    {"signal", step_signal},
    {"under", step_under},
    {"known", step_known},
    {"register", step_register},
    {"close snapshot", step_close_snapshot},
    {"seal", step_seal},
    {"ingest", step_ingest},
    {"ingest late", step_ingest},
    {"band", step_band},
    {"commit", step_commit},
    {"reopen", step_open},
    {"act", step_act},
    {"commit", step_commit},
    {"snapshot", step_snapshot},
    {"alarms", step_alarms},
    {"states", step_states},
    {"profile", step_profile},
    {"prune", step_prune},
    {"ingest", step_ingest},
    {"ingest late", step_ingest},
    {"seal", step_seal},
    {"scan", step_scan},
    {"close snapshot", step_close_snapshot},
    {"snapshot", step_snapshot},
    {"prune", step_prune},
    {"signal", step_signal},
    {"under", step_under},
    {"known", step_known},
    {"close snapshot", step_close_snapshot},
    {"release", step_release},
    {"commit", step_commit},
    {"check", step_check},
    {"digest", step_digest},
    {"dump", step_dump},
    {"dump facility", step_dump_facility},
    {"stat", step_stat},
    {"seal", step_seal},
    {"load", step_load},
    {"reject", step_reject},
    {"hours later", step_hours_later},
    {"ingest", step_ingest},
    {"ingest late", step_ingest},
    {"release", step_release},
    {"retain", step_retain},
    {"snapshot", step_snapshot},
    {"scan", step_scan},
    {"states", step_states},
    {"close snapshot", step_close_snapshot},
    {"reopen", step_open},
    {"check", step_check},
    {"digest", step_digest},
};
#define N_STEPS (sizeof STEPS / sizeof *STEPS)

/* ---- every call until it succeeds
 * ---------------------------------------------------------------------------------------- */

static void begin(struct world *w)
{
    memset(w, 0, sizeof *w);
    failing_mem_init(&w->failing);
    (void)snprintf(w->path, sizeof w->path, "%s", test_folder());
}

static void end(struct world *w)
{
    w->failing.fail_at = 0;
    gk_snapshot_close(w->s);
    assert_int_equal(gk_close(w->db), GK_OK);
    assert_int_equal(w->failing.n_live, 0);
    test_folder_remove(w->path);
}

/* Which allocations fail, and how often. */
enum mode { CALM, HOOK_ONCE, HOOK_FOR_EVER, MALLOC_ONCE, MALLOC_FOR_EVER };

static void arm(struct world *w, enum mode mode, uint64_t n)
{
    bool for_ever = mode == HOOK_FOR_EVER || mode == MALLOC_FOR_EVER;
    w->failing.n_calls = 0;
    w->failing.fail_for_ever = for_ever;
    if (mode == HOOK_ONCE || mode == HOOK_FOR_EVER)
        w->failing.fail_at = n;
    else
        failing_malloc_arm(n, for_ever);
}

/* Whether one failed. */
static bool disarm(struct world *w)
{
    bool is_hit = (w->failing.fail_at && w->failing.n_calls >= w->failing.fail_at) | failing_malloc_disarm();
    w->failing.fail_at = 0;
    return is_hit;
}

/* A failure that the call can do without (a hint, figures for later) is no failure of it. */
static void insist(struct world *w, const struct step *step, enum mode mode)
{
    bool is_hit = true;

    for (uint64_t n = 1; is_hit; n++) {
        memset(&w->error, 0, sizeof w->error);
        arm(w, mode, n);
        int rc = step->call(w);
        is_hit = disarm(w);
        w->n_failures += is_hit;
        if (rc == GK_OK && step->call == step_ingest)
            break; /* the rows are taken: the next call would be another */
        if (rc == GK_OK)
            continue;
        if (rc != GK_ENOMEM || (w->error.text[0] == 0 && step->call != step_signal)) /* gk_timeline_...: no words */
            fail_msg("%s, allocation %llu: %s, '%s'", step->name, (unsigned long long)n, gk_status_text(rc),
                     w->error.text);
        if (n > 20000)
            fail_msg("%s never succeeds", step->name);
    }
}

static void tell(struct world *w, enum mode mode)
{
    begin(w);
    for (size_t i = 0; i < N_STEPS; i++) {
        if (mode != CALM)
            insist(w, &STEPS[i], mode);
        else
            ok(STEPS[i].call(w), &w->error);
    }
}

static void compare(struct world *a, struct world *b)
{
    struct gk_stat x, y;
    assert_string_equal(a->digest, b->digest);
    ok(gk_stat(a->db, &x, &a->error), &a->error);
    ok(gk_stat(b->db, &y, &b->error), &b->error);
    assert_memory_equal(&x.counts, &y.counts, sizeof x.counts); /* each row once in one counter, for all the tries */
    assert_int_equal(x.n_rows, y.n_rows);
    assert_int_equal(x.n_quarantined, y.n_quarantined);
    assert_int_equal(x.n_quarantined, 0);
    assert_int_equal(x.n_chunks, y.n_chunks);
}

static void every_call_survives_failures_of(enum mode once, enum mode for_ever, uint64_t least)
{
    static struct world calm, stormy;

    tell(&calm, CALM);
    for (enum mode mode = once; mode <= for_ever; mode++) {
        tell(&stormy, mode);
        print_message("%llu failures\n", (unsigned long long)stormy.n_failures);
        assert_true(stormy.n_failures > least);
        compare(&calm, &stormy);
        end(&stormy);
    }
    end(&calm);
}

static void every_call_survives_every_failing_allocation(void **state)
{
    (void)state;
    every_call_survives_failures_of(HOOK_ONCE, HOOK_FOR_EVER, 2500);
}

static void every_call_survives_every_failing_malloc(void **state)
{
    (void)state;
    if (!FAILING_MALLOC_IS_THERE)
        skip(); /* the sanitizers have a malloc of their own */
    every_call_survives_failures_of(MALLOC_ONCE, MALLOC_FOR_EVER, 3200);
}

/* ---- a story ended by a failure
 * ------------------------------------------------------------------------------------------- */

/* Rows of the first n batches, as a fresh store without failures says them. */
static void expected_digest(uint64_t n, bool has_band, char out[65])
{
    static struct {
        bool is_known;
        char digest[65];
    } known[BATCHES + 1][2];
    if (!known[n][has_band].is_known) {
        static struct world w;
        begin(&w);
        ok(step_open(&w), &w.error);
        ok(step_facilities(&w), &w.error);
        ok(step_channels(&w), &w.error);
        while (w.batch < n)
            ok(step_ingest(&w), &w.error);
        if (has_band)
            ok(step_band(&w), &w.error);
        ok(step_commit(&w), &w.error);
        ok(step_digest(&w), &w.error);
        memcpy(known[n][has_band].digest, w.digest, 65);
        known[n][has_band].is_known = true;
        end(&w);
    }
    memcpy(out, known[n][has_band].digest, 65);
}

/* The story: catalog, then batches with commits and seals between, a band in the middle. Gives what was acknowledged.
 */
static int tell_until_it_fails(struct world *w, uint64_t *batches, bool *band, bool *catalog)
{
    int rc;

    *batches = 0;
    *band = *catalog = false;
    TRY(step_open(w));
    TRY(step_facilities(w));
    TRY(step_channels(w));
    TRY(step_commit(w));
    *catalog = true;
    while (w->batch < BATCHES) {
        TRY(step_ingest(w));
        TRY(w->batch % 3 ? step_commit(w) : step_seal(w));
        *batches = w->batch;
        if (w->batch == 3) {
            TRY(step_band(w));
            TRY(step_commit(w));
            *band = true;
        }
    }
done:
    return rc;
}

static void what_was_acknowledged_survives_the_end_of_memory(void **state)
{
    static struct world w;
    uint64_t seed = test_seed("what_was_acknowledged_survives_the_end_of_memory"), n_ended = 0;
    struct random random = random_from(seed);
    uint64_t stride = 4 * 150 / (test_rounds(150) + 1) + 1;
    int rc = GK_ENOMEM;
    (void)state;

    for (uint64_t n = 1; rc != GK_OK; n += 1 + random_below(&random, 2 * stride)) {
        uint64_t batches;
        bool band, has_catalog;
        char digest[65], want[65], more[65];
        begin(&w);
        w.failing.fail_at = n;
        w.failing.fail_for_ever = true;
        rc = tell_until_it_fails(&w, &batches, &band, &has_catalog);
        uint64_t taken = w.batch;
        assert_true(rc == GK_OK || rc == GK_ENOMEM);
        n_ended += rc != GK_OK;
        w.failing.fail_at = 0;
        (void)gk_close(w.db); /* commits what was taken and not acknowledged, if it can */
        assert_int_equal(w.failing.n_live, 0);
        w.db = NULL;
        w.s = NULL;
        ok(step_open(&w), &w.error);
        ok(step_check(&w), &w.error);
        if (has_catalog) {
            ok(step_digest(&w), &w.error);
            memcpy(digest, w.digest, 65);
            bool is_known = false;
            for (uint64_t k = batches; k <= taken; k++) {
                expected_digest(k, band, want);
                expected_digest(k, true, more); /* put and not acknowledged: either */
                is_known |= strcmp(digest, want) == 0 || (k >= 3 && strcmp(digest, more) == 0);
            }
            if (!is_known)
                fail_msg("allocation %llu: %llu batches acknowledged, and something else is there",
                         (unsigned long long)n, (unsigned long long)batches);
        }
        end(&w);
    }
    print_message("%llu stories ended early\n", (unsigned long long)n_ended);
    assert_true(n_ended > 5);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(every_call_survives_every_failing_allocation),
    cmocka_unit_test(every_call_survives_every_failing_malloc),
    cmocka_unit_test(what_was_acknowledged_survives_the_end_of_memory),
};

RUN_TESTS(tests)
