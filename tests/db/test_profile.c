/*
 * test_profile.c - what a facility's rows say about it: the classes of gaps, a median that follows from the set of rows
 * however they came, the record and the example of its page.
 */
#include "db/world.h"

#include "db/profile.h"
#include "state/hex.h"

static struct gk_error error;

static void gaps_belong_to_the_interval_that_a_meter_is_set_to(void **state)
{
    static const struct {
        int64_t gap_s, usual_s, hold_s;
    } cases[] = {
        {0, 20, 60},         {1, 20, 60},          {25, 20, 60},           {26, 30, 90},
        {37, 30, 90},        {38, 60, 180},        {60, 60, 180},          {75, 60, 180},
        {76, 120, 360},      {150, 120, 360},      {151, 180, 540},        {300, 300, 900},
        {375, 300, 900},     {376, 600, 1800},     {900, 900, 2700},       {3600, 3600, 10800},
        {4501, 7200, 21600}, {9001, 21600, 64800}, {86400, 86400, 259200}, {10000000, 86400, 259200},
    };
    (void)state;

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct profile p;
        profile_init(&p, &MEM_SYSTEM);
        profile_count_gap(&p, T0, T0 + cases[i].gap_s * GK_SECOND, 1);
        assert_int_equal(profile_usual(&p), cases[i].usual_s * GK_SECOND);
        assert_int_equal(profile_hold(&p), cases[i].hold_s * GK_SECOND);
        profile_clear(&p);
    }
}

static int by_size(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return x < y ? -1 : x > y;
}

/* Counting and taking back in any order comes to the class of the lower median of what is left. */
static void the_usual_interval_follows_from_the_set_of_gaps(void **state)
{
    uint64_t seed = test_seed("the_usual_interval_follows_from_the_set_of_gaps"), rounds = test_rounds(300);
    (void)state;

    for (uint64_t r = 0; r < rounds; r++) {
        struct random random = random_from(seed + r);
        struct profile p, one;
        int64_t gaps[200];
        size_t n = 0;
        profile_init(&p, &MEM_SYSTEM);
        for (int i = 0; i < 150; i++) {
            if (n > 0 && random_below(&random, 4) == 0) {
                size_t k = random_below(&random, n);
                profile_count_gap(&p, 5, 5 + gaps[k], -1);
                gaps[k] = gaps[--n];
            } else {
                gaps[n] = (int64_t)random_below(&random, UINT64_C(1) << (20 + random_below(&random, 28)));
                gk_time pair[2] = {-7, -7 + gaps[n]};
                profile_count_gaps(&p, pair, 2, 1);
                n++;
            }
        }
        if (n == 0)
            continue;
        qsort(gaps, n, sizeof *gaps, by_size);
        profile_init(&one, &MEM_SYSTEM);
        profile_count_gap(&one, 0, gaps[(n - 1) / 2], 1);
        assert_int_equal(profile_usual(&p), profile_usual(&one));
    }
}

/* Late rows and repeats on the way change nothing: the store's profile is that of the rows in order. */
static void the_profile_is_that_of_the_rows_in_order(void **state)
{
    uint64_t seed = test_seed("the_profile_is_that_of_the_rows_in_order"), rounds = test_rounds(10);
    (void)state;

    for (uint64_t r = 0; r < rounds; r++) {
        struct random random = random_from(seed * 3 + r);
        char path[4096];
        gk_db *db = world_new(path, NULL);
        uint32_t f = put_facility(db, "f", GK_OTHER), kw = put_channel(db, "kw"), ia = put_channel(db, "ia");
        gk_time times[300];
        size_t n = 2 + random_below(&random, 298);
        times[0] = T0;
        for (size_t i = 1; i < n; i++)
            times[i] =
                times[i - 1] + (1 + (gk_time)random_below(&random, random_below(&random, 3) ? 70 : 900)) * GK_SECOND;
        size_t order[300];
        for (size_t i = 0; i < n; i++) {
            size_t k = random_below(&random, i + 1);
            order[i] = order[k];
            order[k] = i;
        }
        for (size_t i = 0; i < n; i++) {
            ok(put_row(db, f, times[order[i]], i % 50 ? kw : ia, 1), &error);
            if (random_below(&random, 60) == 0)
                ok(gk_seal(db, &error), &error);
        }
        struct profile want;
        profile_init(&want, &MEM_SYSTEM);
        profile_count_gaps(&want, times, n, 1);
        for (int turn = 0; turn < 2; turn++) { /* partly unsealed, and sealed */
            struct gk_profile got;
            const uint32_t *channels;
            size_t n_channels;
            ok(turn ? gk_seal(db, &error) : gk_commit(db, &error), &error);
            gk_snapshot *s = look(db);
            ok(gk_facility_profile(s, f, &got, &error), &error);
            assert_int_equal(got.n_rows, n);
            assert_int_equal(got.first, times[0]);
            assert_int_equal(got.last, times[n - 1]);
            assert_int_equal(got.usual_ns, profile_usual(&want));
            assert_int_equal(got.hold_ns, profile_hold(&want));
            ok(gk_facility_channels(s, f, &channels, &n_channels, &error), &error);
            assert_true(n_channels >= 1 && channels[n_channels - 1] == ia);
            assert_int_equal(gk_facility_profile(s, 77, &got, &error), GK_ENOTFOUND);
            gk_snapshot_close(s);
        }
        world_end(db, path);
    }
}

/* A few rows a day, and nothing for hours around the late one: how far it is looked back does not matter. */
static void a_late_row_far_from_all_others_counts(void **state)
{
    char path[4096];
    gk_db *db = world_new(path, NULL);
    uint32_t f = put_facility(db, "f", GK_OTHER), kw = put_channel(db, "kw");
    struct gk_profile got;
    (void)state;

    for (int i = 0; i < 200; i++)
        ok(put_row(db, f, T0 + i / 10 * DAY + i % 10 * 60 * GK_SECOND, kw, 1), &error);
    ok(gk_seal(db, &error), &error);
    for (int day = 18; day >= 0; day--) {
        ok(put_row(db, f, T0 + day * DAY + DAY / 2, kw, 1), &error);
        ok(gk_commit(db, &error), &error);
        gk_snapshot *s = look(db);
        ok(gk_facility_profile(s, f, &got, &error), &error);
        assert_int_equal(got.n_rows, 200 + 19 - day);
        assert_int_equal(got.first, T0);
        assert_int_equal(got.last, T0 + 19 * DAY + 540 * GK_SECOND);
        assert_int_equal(got.usual_ns, 60 * GK_SECOND);
        gk_snapshot_close(s);
    }
    world_end(db, path);
}

/* ---- the record
 * --------------------------------------------------------------------------------------------------------------- */

static void example(struct profile *p)
{
    profile_init(p, &MEM_SYSTEM);
    p->n_rows = 200;
    p->first = INT64_C(1717977600) * GK_SECOND;
    p->last = p->first + 11940 * GK_SECOND;
    p->gaps[2] = 199;
    p->derive.has_row = true;
    p->derive.tick = p->last / GK_SECOND;
    p->derive.value = 7.5;
    p->derive.state = GK_ON;
    assert_int_equal(profile_add_channel(p, 9), GK_OK);
    assert_int_equal(profile_add_channel(p, 2), GK_OK);
    assert_int_equal(profile_add_channel(p, 9), GK_OK); /* known */
}

/* The bytes as the store has them. */
static void encode(const struct profile *p, struct buffer *out)
{
    char path[4096];
    struct store_options options = {.is_writer = true, .may_create = true, .map_size = 1 << 20};
    struct store *store;
    struct txn *txn;
    struct view value;
    bool is_new;
    uint8_t key[4];

    (void)snprintf(path, sizeof path, "%s", test_folder());
    ok(store_open(&MEM_SYSTEM, path, &options, &store, &is_new, &error), &error);
    ok(store_write(store, &txn, &error), &error);
    ok(profile_store(txn, 5, p, &error), &error);
    key_u32(key, 5);
    ok(txn_get(txn, STORE_PROFILE, view_of(key, 4), &value, &error), &error);
    buffer_put(out, value.bytes, value.size);
    struct profile again;
    profile_init(&again, &MEM_SYSTEM);
    ok(profile_load(txn, 5, &again, &error), &error);
    assert_int_equal(again.n_channels, p->n_channels);
    ok(profile_load(txn, 6, &again, &error), &error); /* none stored: an empty one */
    assert_true(again.n_rows == 0 && again.n_channels == 0 && again.stale_from == GK_TIME_MAX);
    profile_clear(&again);
    txn_abort(txn);
    store_close(store);
    test_folder_remove(path);
}

static void the_page_shows_what_is_stored(void **state)
{
    struct profile p, read;
    struct buffer bytes, want, text;
    (void)state;

    example(&p);
    buffer_init(&bytes, &MEM_SYSTEM);
    buffer_init(&want, &MEM_SYSTEM);
    buffer_init(&text, &MEM_SYSTEM);
    encode(&p, &bytes);
    char *dump = read_example("docs/format/profile.md", &want);
    assert_bytes(&bytes, &want);
    assert_int_equal(profile_dump(view_of(bytes.bytes, bytes.size), &text), GK_OK);
    assert_text(&text, dump);
    profile_init(&read, &MEM_SYSTEM);
    ok(profile_decode(view_of(want.bytes, want.size), &read, &error), &error);
    assert_int_equal(read.n_rows, 200);
    assert_memory_equal(read.gaps, p.gaps, sizeof p.gaps);
    assert_int_equal(read.derive.tick, p.derive.tick);
    assert_int_equal(read.channels[0], 2);
    assert_int_equal(read.channels[1], 9);
    profile_clear(&p);
    profile_clear(&read);
    free(dump);
    buffer_clear(&bytes);
    buffer_clear(&want);
    buffer_clear(&text);
}

static void every_cut_profile_is_refused(void **state)
{
    struct profile p, read;
    struct buffer bytes;
    (void)state;

    example(&p);
    buffer_init(&bytes, &MEM_SYSTEM);
    encode(&p, &bytes);
    for (size_t size = 0; size < bytes.size; size++) {
        uint8_t *cut = malloc(size + 1);
        memcpy(cut, bytes.bytes, size);
        profile_init(&read, &MEM_SYSTEM);
        int rc = profile_decode(view_of(cut, size), &read, &error);
        assert_true(rc == GK_ECORRUPT || (size == 0 && rc == GK_EVERSION));
        profile_clear(&read);
        free(cut);
    }
    for (size_t bit = 0; bit < 8 * bytes.size; bit++) {
        bytes.bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
        profile_init(&read, &MEM_SYSTEM);
        int rc = profile_decode(view_of(bytes.bytes, bytes.size), &read, &error);
        assert_true(bit < 8 ? rc == GK_EVERSION : rc == GK_OK || rc == GK_ECORRUPT);
        if (rc == GK_OK) {
            assert_true(read.derive.state <= GK_OVERLOAD && read.derive.waiting <= GK_OVERLOAD);
            for (size_t i = 1; i < read.n_channels; i++)
                assert_true(read.channels[i] > read.channels[i - 1]);
        }
        profile_clear(&read);
        bytes.bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    profile_clear(&p);
    buffer_clear(&bytes);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(gaps_belong_to_the_interval_that_a_meter_is_set_to),
    cmocka_unit_test(the_usual_interval_follows_from_the_set_of_gaps),
    cmocka_unit_test(the_profile_is_that_of_the_rows_in_order),
    cmocka_unit_test(a_late_row_far_from_all_others_counts),
    cmocka_unit_test(the_page_shows_what_is_stored),
    cmocka_unit_test(every_cut_profile_is_refused),
};

RUN_TESTS(tests)
