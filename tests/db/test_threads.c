/*
 * test_threads.c - snapshots used by threads while another thread writes, seals and changes the catalog (make tsan).
 * Every batch gives the same number to all facilities: a snapshot that sees half a batch would see two numbers.
 */
#include "support/support.h"

#include <pthread.h>
#include <stdatomic.h>

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

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(threads_read_whole_batches_while_one_writes),
};

RUN_TESTS(tests)
