/*
 * test_threads.c - snapshots used by threads while another thread writes, seals and changes the catalog (make tsan).
 * Every batch gives the same number to all facilities: a snapshot that sees half a batch would see two numbers.
 */
#include "support/support.h"

#include <pthread.h>
#include <stdatomic.h>

#include "gk_query.h"

#define FACILITIES 6
#define READERS    2
#define T0         (INT64_C(1795132800) * GK_SECOND)

static gk_time fixed_clock(void *context)
{
    (void)context;
    return T0 + 400 * INT64_C(86400) * GK_SECOND;
}

struct shared {
    gk_db *db;
    atomic_uint acknowledged; /* batches */
    atomic_bool is_over;
    atomic_int failures;
};

static bool write_batch(struct shared *shared, uint32_t number)
{
    gk_time time[FACILITIES];
    uint32_t facility[FACILITIES], channel = 0;
    double value[FACILITIES];
    const double *values = value;
    struct gk_error error;

    for (uint32_t i = 0; i < FACILITIES; i++) {
        time[i] = T0 + (gk_time)number * 10 * GK_SECOND;
        facility[i] = i;
        value[i] = number;
    }
    struct gk_batch batch = {.n_rows = FACILITIES,
                             .time = time,
                             .facility = facility,
                             .n_channels = 1,
                             .channel = &channel,
                             .value = &values};
    return gk_ingest(shared->db, &batch, NULL, &error) == GK_OK && gk_commit(shared->db, &error) == GK_OK;
}

static void *write_all(void *context)
{
    struct shared *shared = context;
    struct gk_error error;
    uint32_t n = (uint32_t)test_rounds(400);

    for (uint32_t i = 1; i <= n; i++) {
        if (!write_batch(shared, i))
            atomic_fetch_add(&shared->failures, 1);
        atomic_store(&shared->acknowledged, i);
        if (i % 37 == 0 && gk_seal(shared->db, &error) != GK_OK)
            atomic_fetch_add(&shared->failures, 1);
        if (i % 50 == 0) {
            char name[16];
            uint32_t id;
            int size = snprintf(name, sizeof name, "later %u", i);
            if (gk_facility_register(shared->db, name, (size_t)size, &id, &error) != GK_OK)
                atomic_fetch_add(&shared->failures, 1);
        }
    }
    atomic_store(&shared->is_over, true);
    return NULL;
}

/* The last value of a facility, and how many rows it has. */
static bool last_value(gk_snapshot *snapshot, uint32_t facility, double *last, uint64_t *n)
{
    struct gk_error error;
    struct gk_columns batch;
    const uint32_t channel = 0;
    gk_scan *scan;
    int rc;

    *n = 0;
    *last = 0;
    if (gk_scan_open(snapshot, facility, &channel, 1, GK_TIME_MIN, GK_TIME_MAX, &scan, &error) != GK_OK)
        return false;
    while ((rc = gk_scan_next(scan, &batch, &error)) == GK_OK) {
        *n += batch.n_rows;
        *last = batch.value[0][batch.n_rows - 1];
    }
    gk_scan_close(scan);
    return rc == GK_DONE;
}

static bool read_once(struct shared *shared)
{
    uint32_t before = atomic_load(&shared->acknowledged);
    struct gk_error error;
    gk_snapshot *snapshot;
    const struct gk_step *steps;
    double first = 0;
    size_t n_steps;
    bool is_good = true;

    if (gk_snapshot_open(shared->db, &snapshot, &error) != GK_OK)
        return false;
    for (uint32_t i = 0; i < FACILITIES && is_good; i++) {
        double last;
        uint64_t n;
        is_good = last_value(snapshot, i, &last, &n) && (uint64_t)last == n && n >= before;
        if (i == 0)
            first = last;
        is_good = is_good && last == first;
        is_good = is_good && gk_state_steps(snapshot, i, T0 / GK_SECOND, T0 / GK_SECOND + 100000, &steps, &n_steps,
                                            &error) == GK_OK;
    }
    gk_snapshot_close(snapshot);
    return is_good;
}

static void *read_all(void *context)
{
    struct shared *shared = context;
    do {
        if (!read_once(shared))
            atomic_fetch_add(&shared->failures, 1);
    } while (!atomic_load(&shared->is_over));
    return NULL;
}

static void threads_read_whole_batches_while_one_writes(void **state)
{
    struct shared shared;
    pthread_t writer, readers[READERS];
    struct gk_options o = {.size = sizeof o, .map_size = 1 << 28, .commit_ns = -1, .clock = fixed_clock};
    struct gk_error error;
    char path[4096];
    uint32_t id;

    (void)state;
    memset(&shared, 0, sizeof shared);
    (void)snprintf(path, sizeof path, "%s", test_folder());
    assert_int_equal(gk_open(path, GK_READWRITE | GK_CREATE, &o, &shared.db, &error), GK_OK);
    for (uint32_t i = 0; i < FACILITIES; i++) {
        char name[2] = {(char)('a' + i), 0};
        struct gk_facility_put put = {.size = sizeof put, .name = {name, 1}, .rated_kw = 100, .rated_a = 100};
        assert_int_equal(gk_facility_put(shared.db, &put, &id, &error), GK_OK);
    }
    assert_int_equal(gk_channel_register(shared.db, "kw", 2, &id, &error), GK_OK);
    assert_int_equal(gk_commit(shared.db, &error), GK_OK);
    for (int i = 0; i < READERS; i++)
        assert_int_equal(pthread_create(&readers[i], NULL, read_all, &shared), 0);
    assert_int_equal(pthread_create(&writer, NULL, write_all, &shared), 0);
    (void)pthread_join(writer, NULL); /* what matters is counted */
    for (int i = 0; i < READERS; i++)
        (void)pthread_join(readers[i], NULL);
    assert_int_equal(atomic_load(&shared.failures), 0);
    assert_int_equal(gk_close(shared.db), GK_OK);
    test_folder_remove(path);
}

/* ---- everything at once
 * ------------------------------------------------------------------------------------------------------------ */

#define SPAN 100 /* batches that a look compares */

static gk_time time_of(uint64_t batch)
{
    return T0 + (gk_time)batch * 10 * GK_SECOND;
}

/* Batches, sealings, bands, and retention: older than 400 batches go. */
static void *write_everything(void *context)
{
    struct shared *shared = context;
    struct gk_error error;
    uint32_t n = (uint32_t)test_rounds(400);

    for (uint32_t i = 1; i <= n; i++) {
        int rc = write_batch(shared, i) ? GK_OK : GK_EBUG;
        atomic_store(&shared->acknowledged, i);
        if (rc == GK_OK && i % 41 == 0)
            rc = gk_seal(shared->db, &error);
        if (rc == GK_OK && i % 53 == 0) {
            struct gk_band_put band = {.size = sizeof band,
                                       .scope = GK_ZONE,
                                       .off_below = {GK_LIMIT_SHARE, {1, 2}},
                                       .on_from = {GK_LIMIT_SHARE, {2 + i % 50, 2}},
                                       .hold_ns = 60 * GK_SECOND,
                                       .dwell_on_ns = -1,
                                       .dwell_off_ns = -1,
                                       .from = GK_TIME_MIN};
            rc = gk_band_put(shared->db, &band, &error);
        }
        if (rc == GK_OK && i > 600 && i % 401 == 0)
            rc = gk_retain(shared->db, time_of(i - 400), NULL, NULL, &error);
        if (rc != GK_OK)
            atomic_fetch_add(&shared->failures, 1);
    }
    atomic_store(&shared->is_over, true);
    return NULL;
}

/* How many batches a snapshot has: they come each 10 s. */
static uint64_t batches_of(gk_snapshot *snapshot)
{
    gk_time watermark = gk_snapshot_info(snapshot)->watermark;
    return watermark == GK_TIME_MIN ? 0 : (uint64_t)((watermark - T0) / (10 * GK_SECOND));
}

/* Of the newest batches each facility has one row, and all were on or idle, off or overload: never silent. */
static bool look_at_states(gk_snapshot *snapshot, uint64_t n)
{
    const uint32_t facilities[FACILITIES] = {0, 1, 2, 3, 4, 5}, mask = 0xF << GK_OFF;
    int64_t from = time_of(n > SPAN ? n - SPAN : 1) / GK_SECOND, to = time_of(n) / GK_SECOND;
    struct gk_state_count all = {.facilities = facilities, .n = FACILITIES, .mask = mask, .least = 6, .most = 6};
    uint8_t is_in[64] = {0};
    gk_timeline *timeline;
    struct gk_measure measure;
    struct gk_error error;
    bool is_good;

    if (gk_snapshot_info(snapshot)->n_facilities > sizeof is_in || gk_timeline_new(snapshot, &timeline) != GK_OK)
        return false;
    for (int again = 0; again < 2; again++) { /* the second time from what the snapshot keeps */
        is_good = gk_state_count(snapshot, &all, from, to, timeline, &error) == GK_OK;
        gk_timeline_measure(timeline, from, to, &measure);
        is_good = is_good && measure.certain == to - from;
    }
    memset(is_in, 1, sizeof is_in);
    is_good = is_good && gk_state_prune(snapshot, mask, from, to, is_in, &error) == GK_OK && is_in[0] && is_in[5];
    gk_timeline_free(timeline);
    return is_good;
}

static bool look_at_sums(gk_snapshot *snapshot, uint64_t n)
{
    static const uint32_t kw = 0;
    const struct gk_signal signal = {.channels = &kw, .n_channels = 1};
    uint64_t first = n > SPAN ? n - SPAN : 1;
    gk_time edges[2] = {time_of(first), time_of(n)};
    struct gk_summary sum;
    struct gk_error error;

    return gk_signal_summaries(snapshot, 3, &signal, edges, 1, &sum, &error) == GK_OK && sum.count == n - first &&
           sum.min == (double)first && sum.max == (double)(n - 1);
}

/* Under other limits nothing was ever on: the values are far below those. */
static bool look_under_limits(gk_snapshot *snapshot, uint64_t n)
{
    const struct gk_band limits = {.off_below = {GK_LIMIT_ABSOLUTE, {1, 0}},
                                   .on_from = {GK_LIMIT_ABSOLUTE, {INT64_C(1) << 40, 0}},
                                   .overload_from = {GK_LIMIT_ABSOLUTE, {INT64_C(1) << 41, 0}},
                                   .hold_ns = -1,
                                   .dwell_on_ns = -1,
                                   .dwell_off_ns = -1,
                                   .channel = GK_ID_NONE,
                                   .from = GK_TIME_MIN};
    int64_t from = time_of(n > SPAN ? n - SPAN : 1) / GK_SECOND, to = time_of(n) / GK_SECOND;
    const struct gk_step *steps;
    struct gk_error error;
    gk_snapshot *under;
    size_t n_steps;

    if (gk_snapshot_under(snapshot, &limits, &under, &error) != GK_OK)
        return false;
    bool is_good = gk_state_steps(under, 2, from, to, &steps, &n_steps, &error) == GK_OK && n_steps == 1 &&
                   steps[0].value == GK_IDLE;
    gk_snapshot_close(under);
    return is_good;
}

static bool ask(gk_session *session, gk_snapshot *snapshot, uint64_t n)
{
    static const char text[] = "which facility ever off or idle or on or overload last 5m";
    struct gk_query_error error;
    gk_query *query;
    size_t n_rows = 0;
    int rc;

    if (gk_query_prepare(session, snapshot, text, sizeof text - 1, NULL, &query, &error) != GK_OK)
        return false;
    rc = gk_query_start(query, snapshot, time_of(n), &error);
    while (rc == GK_OK && (rc = gk_query_next(query, &error)) == GK_OK)
        n_rows++;
    gk_query_free(query);
    return rc == GK_DONE && n_rows == FACILITIES;
}

static void *look_around(void *context)
{
    struct shared *shared = context;
    gk_snapshot *snapshot, *held = NULL;
    gk_session *session;
    uint64_t n_held = 0;
    struct gk_error error;
    int failures = gk_session_new(NULL, &session) != GK_OK;

    for (uint64_t i = 0; !failures && !atomic_load(&shared->is_over); i++) {
        if (gk_snapshot_open(shared->db, &snapshot, &error) != GK_OK) {
            failures = 1;
            break;
        }
        uint64_t n = batches_of(snapshot);
        if (n > 40)
            failures += !look_at_states(snapshot, n) + !look_at_sums(snapshot, n) + !look_under_limits(snapshot, n) +
                        !ask(session, snapshot, n);
        if (held && n_held > 40) /* as good as new */
            failures += batches_of(held) != n_held || !look_at_states(held, n_held) || !look_at_sums(held, n_held);
        if (i % 8 == 0) {
            gk_snapshot_close(held);
            held = snapshot;
            n_held = n;
            continue;
        }
        gk_snapshot_close(snapshot);
    }
    gk_snapshot_close(held);
    gk_session_free(session);
    atomic_fetch_add(&shared->failures, failures);
    return NULL;
}

static char backup_path[4200];

/* Backups and figures by a thread of their own. */
static void *look_after(void *context)
{
    struct shared *shared = context;
    struct gk_options o = {.size = sizeof o, .map_size = 1 << 28, .clock = fixed_clock};
    struct gk_error error;

    do {
        uint32_t before = atomic_load(&shared->acknowledged);
        gk_snapshot *snapshot;
        struct gk_stat stat;
        gk_db *copy;
        bool is_good = gk_stat(shared->db, &stat, &error) == GK_OK && stat.counts.accepted >= before * FACILITIES;
        is_good = is_good && gk_backup(shared->db, backup_path, NULL, &error) == GK_OK;
        if (is_good && gk_open(backup_path, GK_READONLY, &o, &copy, &error) == GK_OK) {
            is_good = gk_snapshot_open(copy, &snapshot, &error) == GK_OK && batches_of(snapshot) >= before;
            gk_snapshot_close(is_good ? snapshot : NULL);
            (void)gk_close(copy); /* nothing was written */
        }
        if (!is_good)
            atomic_fetch_add(&shared->failures, 1);
        test_folder_remove(backup_path);
    } while (!atomic_load(&shared->is_over));
    return NULL;
}

static void everything_goes_on_at_once(void **state)
{
    struct shared shared;
    pthread_t threads[5];
    struct gk_options o = {.size = sizeof o, .map_size = 1 << 28, .commit_ns = -1, .clock = fixed_clock};
    struct gk_error error;
    char path[4096];
    uint32_t id;

    (void)state;
    memset(&shared, 0, sizeof shared);
    o.head_budget = 64 << 10; /* sealings on their own */
    o.seal_bytes = 32 << 10;  /* in several steps */
    (void)snprintf(path, sizeof path, "%s", test_folder());
    (void)snprintf(backup_path, sizeof backup_path, "%s/backup", path);
    assert_int_equal(gk_open(path, GK_READWRITE | GK_CREATE, &o, &shared.db, &error), GK_OK);
    for (uint32_t i = 0; i < FACILITIES; i++) {
        char name[2] = {(char)('a' + i), 0};
        struct gk_facility_put put = {.size = sizeof put, .name = {name, 1}, .rated_kw = 100, .rated_a = 100};
        assert_int_equal(gk_facility_put(shared.db, &put, &id, &error), GK_OK);
    }
    assert_int_equal(gk_channel_register(shared.db, "kw", 2, &id, &error), GK_OK);
    assert_int_equal(gk_commit(shared.db, &error), GK_OK);
    for (int i = 0; i < 5; i++)
        assert_int_equal(pthread_create(&threads[i], NULL,
                                        i == 0   ? write_everything
                                        : i == 1 ? look_after
                                                 : look_around,
                                        &shared),
                         0);
    for (int i = 0; i < 5; i++)
        (void)pthread_join(threads[i], NULL); /* what matters is counted */
    assert_int_equal(atomic_load(&shared.failures), 0);
    assert_int_equal(gk_close(shared.db), GK_OK);
    test_folder_remove(path);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(threads_read_whole_batches_while_one_writes),
    cmocka_unit_test(everything_goes_on_at_once),
};

RUN_TESTS(tests)
