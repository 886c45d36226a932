/*
 * test_processes.c - one process writes, three read. A reader sees every batch that was acknowledged before it looked,
 * never half a batch, and states that fit the rows, through commits, sealings and changes of the catalog. What a child
 * finds goes to the parent as its exit status and a line in shared memory.
 */
#include "db/world.h"

#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define FACILITIES 5
#define READERS    3
#define BATCHES    1200

struct shared {
    _Atomic uint64_t acknowledged; /* batches */
    _Atomic bool is_over;
    _Atomic uint64_t n_looks[READERS];
    char words[READERS + 1][256];
};

static struct shared *shared;
static char path[4096];

static int complain(int who, const char *format, ...) __attribute__((format(printf, 2, 3)));
static int complain(int who, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    (void)vsnprintf(shared->words[who], sizeof shared->words[who], format, list);
    va_end(list);
    return 1;
}

/* ---- the writer
 * ------------------------------------------------------------------------------------------------------------ */

static int write_batch(gk_db *db, uint64_t b)
{
    gk_time time[FACILITIES];
    uint32_t facility[FACILITIES];
    const uint32_t channel = 0;
    double value[FACILITIES];
    const double *values = value;
    struct gk_batch batch = {.n_rows = FACILITIES,
                             .time = time,
                             .facility = facility,
                             .n_channels = 1,
                             .channel = &channel,
                             .value = &values};

    for (uint32_t i = 0; i < FACILITIES; i++) {
        facility[i] = i;
        /* Every third batch is late: 25 s before the one before it. */
        time[i] = T0 + ((int64_t)b * 10 - (b % 3 == 2 ? 25 : 0)) * GK_SECOND;
        value[i] = (double)b;
    }
    return gk_ingest(db, &batch, NULL, NULL);
}

static int writer_main(void)
{
    struct gk_options o = world_options();
    struct gk_error error = {0};
    gk_db *db;
    int rc = GK_OK;

    o.head_budget = 1 << 20;
    if (gk_open(path, GK_READWRITE | GK_KEEP_HEADS, &o, &db, &error) != GK_OK)
        return complain(READERS, "writer: %s", error.text);
    for (uint64_t b = 0; b < BATCHES && rc == GK_OK; b++) {
        rc = write_batch(db, b);
        if (rc == GK_OK && b % 40 == 7) {
            struct gk_band_put band = band_of(GK_ZONE, NULL, 10, 20 + (int64_t)b % 50, GK_TIME_MIN);
            rc = gk_band_put(db, &band, &error);
        }
        if (rc == GK_OK && b % 50 == 9) {
            char name[32];
            uint32_t id;
            int n = snprintf(name, sizeof name, "extra %llu", (unsigned long long)b);
            rc = gk_facility_register(db, name, (size_t)n, &id, &error);
        }
        if (rc == GK_OK && b % 30 != 3) /* else sealed without the journal */
            rc = gk_commit(db, &error);
        if (rc == GK_OK && (b % 30 == 3 || b % 30 == 13))
            rc = gk_seal(db, &error);
        if (rc == GK_OK)
            atomic_store(&shared->acknowledged, b + 1);
    }
    if (gk_close(db) != GK_OK || rc != GK_OK)
        return complain(READERS, "writer: %d %s", rc, error.text);
    return 0;
}

/* ---- a reader
 * -------------------------------------------------------------------------------------------------------------- */

/* The batches of a facility as a set; false when one is there twice or has a wrong value. */
static bool read_batches(gk_snapshot *s, uint32_t facility, uint8_t seen[BATCHES], uint64_t *n)
{
    const uint32_t channel = 0;
    struct gk_columns rows;
    gk_scan *scan;
    int rc;

    memset(seen, 0, BATCHES);
    *n = 0;
    if (gk_scan_open(s, facility, &channel, 1, GK_TIME_MIN, GK_TIME_MAX, &scan, NULL) != GK_OK)
        return false;
    while ((rc = gk_scan_next(scan, &rows, NULL)) == GK_OK)
        for (size_t i = 0; i < rows.n_rows; i++) {
            double v = rows.value[0][i];
            if (!(v >= 0 && v < BATCHES) || seen[(size_t)v]++)
                rc = GK_EBUG;
            ++*n;
        }
    gk_scan_close(scan);
    return rc == GK_DONE;
}

static int check_view(int who, gk_snapshot *s, uint64_t acknowledged)
{
    static uint8_t first[BATCHES], seen[BATCHES];
    uint64_t n, n_first = 0;

    for (uint32_t f = 0; f < FACILITIES; f++) {
        if (!read_batches(s, f, f ? seen : first, f ? &n : &n_first))
            return complain(who, "facility %u: a batch twice, or a scan that failed", f);
        if (f && memcmp(first, seen, BATCHES) != 0)
            return complain(who, "half a batch: %llu rows of facility 0, %llu of %u", (unsigned long long)n_first,
                            (unsigned long long)n, f);
    }
    for (uint64_t b = 0; b < n_first; b++) /* batches are seen in the order in which they were made */
        if (!first[b])
            return complain(who, "batch %llu of %llu is not there", (unsigned long long)b, (unsigned long long)n_first);
    if (n_first < acknowledged)
        return complain(who, "%llu batches acknowledged, %llu seen", (unsigned long long)acknowledged,
                        (unsigned long long)n_first);
    /* Silence before the first row (batch 2 is of 5 s before batch 0) and behind the last one. */
    const struct gk_step *steps;
    size_t n_steps;
    int rc = gk_state_steps(s, 0, GK_TICK_MIN, GK_TICK_MAX, &steps, &n_steps, NULL);
    if (rc != GK_OK)
        return complain(who, "states: %d", rc);
    int64_t begin = T0 / GK_SECOND - (n_first > 2 ? 5 : 0);
    if (n_first > 0 && (n_steps < 3 || steps[1].tick != begin || steps[n_steps - 1].value != GK_NODATA))
        return complain(who, "states that do not fit the rows: %zu steps", n_steps);
    return 0;
}

static int reader_main(int who)
{
    struct gk_options o = world_options();
    struct gk_error error = {0};
    gk_db *db = NULL;
    uint64_t last_version = 0;
    int bad = 0;

    for (uint64_t look_no = 0; !bad; look_no++) {
        bool is_last = atomic_load(&shared->is_over);
        gk_snapshot *s, *older = NULL;
        if (!db && gk_open(path, GK_READONLY, &o, &db, &error) != GK_OK)
            return complain(who, "open: %s", error.text);
        if (look_no % 5 == 1 && gk_snapshot_open(db, &older, &error) != GK_OK)
            return complain(who, "older snapshot: %s", error.text);
        uint64_t acknowledged = atomic_load(&shared->acknowledged);
        if (gk_snapshot_open(db, &s, &error) != GK_OK)
            return complain(who, "snapshot: %s", error.text);
        bad = check_view(who, s, acknowledged);
        if (!bad && older)
            bad = check_view(who, older, 0); /* still whole while a newer one is open */
        uint64_t version = gk_snapshot_info(s)->catalog_version;
        if (!bad && version < last_version)
            bad = complain(who, "the catalog went back");
        last_version = version;
        gk_snapshot_close(older);
        gk_snapshot_close(s);
        atomic_fetch_add(&shared->n_looks[who], 1);
        if (look_no % 16 == 15) { /* sometimes a handle of its own, sometimes one that follows */
            (void)gk_close(db);   /* a reader has nothing to lose */
            db = NULL;
        }
        if (is_last)
            break;
    }
    (void)gk_close(db);
    return bad;
}

/* ---- the parent
 * ------------------------------------------------------------------------------------------------------------- */

static pid_t start(int who)
{
    (void)fflush(NULL);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0)
        _exit(who == READERS ? writer_main() : reader_main(who));
    return child;
}

static void readers_see_what_was_acknowledged_and_never_half_a_batch(void **state)
{
    pid_t pids[READERS + 1];
    int status, bad = 0;
    (void)state;

    shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_true(shared != MAP_FAILED);
    gk_db *db = world_new(path, NULL);
    (void)put_channel(db, "kw");
    for (int i = 0; i < FACILITIES; i++) {
        char name[16];
        (void)snprintf(name, sizeof name, "f%d", i);
        (void)put_facility(db, name, GK_PRODUCTION);
    }
    assert_int_equal(gk_close(db), GK_OK);

    for (int i = READERS; i >= 0; i--)
        pids[i] = start(i);
    assert_int_equal(waitpid(pids[READERS], &status, 0), pids[READERS]);
    atomic_store(&shared->is_over, true); /* readers look once more: everything is there then */
    bad |= status;
    for (int i = 0; i < READERS; i++) {
        assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
        bad |= status;
    }
    for (int i = 0; i <= READERS; i++)
        if (shared->words[i][0])
            print_error("%d: %s\n", i, shared->words[i]);
    assert_int_equal(bad, 0);
    for (int i = 0; i < READERS; i++)
        assert_true(atomic_load(&shared->n_looks[i]) > 1);
    assert_int_equal(atomic_load(&shared->acknowledged), BATCHES);
    print_message("looks: %llu %llu %llu\n", (unsigned long long)atomic_load(&shared->n_looks[0]),
                  (unsigned long long)atomic_load(&shared->n_looks[1]),
                  (unsigned long long)atomic_load(&shared->n_looks[2]));
    db = world_open(path, GK_READONLY, NULL);
    check_is_clean(db);
    world_end(db, path);
    assert_int_equal(munmap(shared, sizeof *shared), 0);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(readers_see_what_was_acknowledged_and_never_half_a_batch),
};

RUN_TESTS(tests)
