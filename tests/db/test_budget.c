/*
 * test_budget.c - memory is bounded by the budget of the heads, whatever the number of facilities: 200,000 meters of
 * one row a minute, until fourteen minutes are in or the time of a test is used up.
 *
 * The bound: the head budget, and for a facility its name and entry in the catalog, its edge, its place in a page of
 * heads and its first block, at most 250 bytes a facility (measured: see what the test prints), and 16 MB for one
 * batch, one transaction's changes of the index and the journal record of one commit.
 */
#include "db/world.h"

#include <time.h>

#define FACILITIES     200000
#define MINUTES        14
#define SECONDS_MAX    6
#define BUDGET         (UINT64_C(48) << 20)
#define BYTES_FACILITY 250
#define BYTES_FIXED    (UINT64_C(16) << 20)

/* Counts what is allocated, and how much it was at most. */
struct counting {
    uint64_t now, peak;
};

#define HEAD 16

static void *count(void *context, void *p, size_t size)
{
    struct counting *c = context;
    size_t old = 0;
    char *block = p ? (char *)p - HEAD : NULL;

    if (block)
        memcpy(&old, block, sizeof old);
    if (size == 0) {
        c->now -= old;
        free(block);
        return NULL;
    }
    block = realloc(block, size + HEAD);
    if (!block)
        return NULL;
    memcpy(block, &size, sizeof size);
    c->now += size - old;
    c->peak = c->now > c->peak ? c->now : c->peak;
    return block + HEAD;
}

static struct gk_error error;

static void register_all(gk_db *db)
{
    char name[32];
    uint32_t id;
    for (uint32_t i = 0; i < FACILITIES; i++) {
        int n = snprintf(name, sizeof name, "meter-%06u", i);
        ok(gk_facility_register(db, name, (size_t)n, &id, &error), &error);
    }
    (void)put_channel(db, "kw");
    ok(gk_commit(db, &error), &error);
}

static void ingest_minute(gk_db *db, int64_t minute)
{
    enum { BATCH = 20000 };
    static gk_time time[BATCH];
    static uint32_t facility[BATCH];
    static double kw[BATCH];
    const double *values = kw;
    const uint32_t channel = 0;

    world_now = T0 + (minute + 1) * 60 * GK_SECOND; /* they come in time */
    for (uint32_t at = 0; at < FACILITIES; at += BATCH) {
        for (uint32_t i = 0; i < BATCH; i++) {
            facility[i] = at + i;
            time[i] = T0 + minute * 60 * GK_SECOND + (at + i) % 60 * GK_SECOND;
            kw[i] = (double)((at + i + (uint32_t)minute) % 97) / 10;
        }
        struct gk_batch b = {.n_rows = BATCH,
                             .time = time,
                             .facility = facility,
                             .n_channels = 1,
                             .channel = &channel,
                             .value = &values};
        ok(gk_ingest(db, &b, NULL, &error), &error);
    }
    ok(gk_commit(db, &error), &error);
}

static void many_facilities_stay_within_the_budget(void **state)
{
    struct counting counting = {0, 0};
    struct gk_options o = world_options();
    char path[4096];
    struct gk_stat stat;
    int64_t minute = 0;
    (void)state;

    o.map_size = UINT64_C(4) << 30;
    o.head_budget = BUDGET;
    o.resize = count;
    o.resize_context = &counting;
    clock_t begin = clock();
    gk_db *db = world_new(path, &o);
    register_all(db);
    uint64_t catalog = counting.now;
    while (minute < MINUTES && (minute < 2 || clock() - begin < SECONDS_MAX * CLOCKS_PER_SEC))
        ingest_minute(db, minute++);
    ok(gk_stat(db, &stat, &error), &error);
    assert_int_equal(stat.n_rows, (uint64_t)minute * FACILITIES);
    uint64_t bound = BUDGET + (uint64_t)FACILITIES * BYTES_FACILITY + BYTES_FIXED;
    print_message("%lld minutes: %.0f MB at most (catalog %.0f MB), bound %.0f MB; %llu chunks\n", (long long)minute,
                  (double)counting.peak / 1e6, (double)catalog / 1e6, (double)bound / 1e6,
                  (unsigned long long)stat.n_chunks);
    assert_true(counting.peak <= bound);

    gk_snapshot *s = look(db); /* rows all there: of some facilities, each */
    for (uint32_t f = 0; f < FACILITIES; f += 9973) {
        struct gk_profile profile;
        ok(gk_facility_profile(s, f, &profile, &error), &error);
        assert_int_equal(profile.n_rows, minute);
        assert_int_equal(profile.first, T0 + f % 60 * GK_SECOND);
        assert_int_equal(profile.last, T0 + ((minute - 1) * 60 + f % 60) * GK_SECOND);
    }
    gk_snapshot_close(s);
    world_end(db, path);
    assert_int_equal(counting.now, 0);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(many_facilities_stay_within_the_budget),
};

RUN_TESTS(tests)
