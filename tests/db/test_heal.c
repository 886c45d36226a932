/*
 * test_heal.c - the writer goes on over damaged records: they are moved aside, named, and never deleted; and gk_repair
 * leaves a store without findings, whatever was damaged, with everything that can be derived as it was.
 */
#include "db/flip.h"

#include "db/snapshot.h"

#define N    15000
#define STEP (10 * GK_SECOND)

static char path[4096], before[65];
static struct gk_error error;
static uint32_t kw;
static const uint8_t id[4] = {0, 0, 0, 1};

static void put_some(gk_db *db, int from, int to, int64_t shift)
{
    for (int i = from; i < to; i++)
        for (uint32_t f = 0; f < 2; f++)
            ok(put_row(db, f, T0 + i * STEP + shift, kw, (i + 31 * (int)f) / 70 % 3 * 4), &error);
    ok(gk_commit(db, &error), &error);
}

static int set_up(void **state)
{
    (void)state;
    gk_db *db = world_new(path, NULL);
    kw = put_channel(db, "kw");
    (void)put_facility(db, "f0", GK_PRODUCTION);
    (void)put_facility(db, "f1", GK_ABATEMENT);
    for (int k = 0; k < 3; k++) {
        put_some(db, k * (N / 3), (k + 1) * (N / 3), 0);
        ok(gk_seal(db, &error), &error);
    }
    digest_is(db, before);
    assert_int_equal(gk_close(db), GK_OK);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    test_folder_remove(path);
    return 0;
}

static struct findings told;

static uint64_t repair(void)
{
    struct gk_options o = world_options();
    uint64_t n_mended, n_left;
    told = (struct findings){"", 0};
    ok(gk_repair(path, &o, take_finding, &told, &n_mended, &n_left, &error), &error);
    if (n_left)
        fail_msg("%llu findings are left:\n%s", (unsigned long long)n_left, told.text);
    return n_mended;
}

static void is_told(const char *words)
{
    if (!strstr(told.text, words))
        fail_msg("expected '%s', got:\n%s", words, told.text);
}

static void same_digest(void)
{
    char now[65];
    gk_db *db = world_open(path, GK_READONLY, NULL);
    check_is_clean(db);
    ok(gk_digest(db, now, &error), &error);
    assert_string_equal(now, before);
    assert_int_equal(gk_close(db), GK_OK);
}

/* Records of the table `damaged`, and how many stretches of what kind a snapshot knows at once. */
static size_t n_aside(void)
{
    struct gk_stat stat;
    size_t n;
    gk_db *db = world_open(path, GK_READONLY, NULL);
    gk_snapshot *s = look(db);
    (void)gk_snapshot_damage(s, &n);
    gk_snapshot_close(s);
    ok(gk_stat(db, &stat, &error), &error);
    assert_string_equal(gk_table_name(STORE_DAMAGED), "damaged");
    assert_true(stat.table_bytes[STORE_DAMAGED] > 0 || n == 0);
    assert_int_equal(gk_close(db), GK_OK);
    return n;
}

static void a_sound_store_is_left_as_it_is(void **state)
{
    (void)state;
    assert_int_equal(repair(), 0);
    same_digest();
}

static void what_follows_from_rows_is_made_again(void **state)
{
    static const struct {
        const char *table;
        size_t prefix, at;
    } cases[] = {{"state", 4, 3}, {"profile", 4, 5}, {"hour", 0, 2}, {"presence", 0, 1}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        (void)flip_record(path, cases[i].table, id, cases[i].prefix, 0, cases[i].at);
        assert_true(repair() > 0);
        char words[64];
        (void)snprintf(words, sizeof words, "moved aside: a record of the table %s\n", cases[i].table);
        is_told(words);
        same_digest();
        assert_int_equal(n_aside(), 0); /* nothing that matters is missing */
        assert_int_equal(repair(), 0);
    }
}

/* A bit of a key: its record is lost to everybody, and found again by its checksum. */
static void a_record_whose_key_is_damaged_goes_back(void **state)
{
    static const char *const tables[] = {"chunk", "state", "profile"};
    (void)state;
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) {
        flip_key(path, tables[i], id, sizeof id, 2);
        assert_true(repair() > 0);
        char words[64];
        (void)snprintf(words, sizeof words, "put back under its key: a record of the table %s\n", tables[i]);
        is_told(words);
        same_digest();
        assert_int_equal(n_aside(), 0);
    }
}

/* Proper records that say what is not so. */
static void what_does_not_follow_from_rows_is_made_again(void **state)
{
    static struct flip from, to;
    static const uint8_t other[4] = {0, 0, 0, 0};
    (void)state;
    struct store_options options = {.is_writer = true, .map_size = 1 << 28};
    struct store *store;
    struct txn *txn;
    struct view value;
    struct buffer copy;
    bool is_new;

    flip_find(&from, path, "state", other, sizeof other, 0); /* those of the other facility */
    mdb_txn_abort(from.txn);
    mdb_env_close(from.env);
    flip_find(&to, path, "state", id, sizeof id, 0);
    mdb_txn_abort(to.txn);
    mdb_env_close(to.env);
    buffer_init(&copy, &MEM_SYSTEM);
    ok(store_open(&MEM_SYSTEM, path, &options, &store, &is_new, &error), &error);
    ok(store_write(store, &txn, &error), &error);
    ok(txn_get(txn, STORE_STATE, view_of(from.key, from.key_size), &value, &error), &error);
    buffer_put(&copy, value.bytes, value.size);
    ok(txn_put(txn, STORE_STATE, view_of(to.key, to.key_size), view_of(copy.bytes, copy.size), &error), &error);
    ok(txn_commit(txn, &error), &error);
    store_close(store);
    buffer_clear(&copy);
    assert_true(repair() > 0);
    is_told("derived again: facility 'f1'");
    is_told("made again: the presence index and the counts");
    same_digest();
}

/* Where the damaged chunk's rows lay, as the repair tells it: the first and last of facility 1's three. */
static void a_damaged_chunk_is_moved_aside_and_named(void **state)
{
    (void)state;
    for (int k = 0; k < 3; k++) {
        (void)flip_record(path, "chunk", id, sizeof id, k, 40);
        if (repair() != 1)
            fail_msg("more was mended:\n%s", told.text);
        is_told("moved aside: facility 'f1', table chunk, from 2026-11-2");
        assert_int_equal(n_aside(), 1);
        assert_int_equal(repair(), 0); /* it is in order now */
        gk_db *db = world_open(path, GK_READONLY, NULL);
        gk_snapshot *s = look(db);
        struct gk_profile profile;
        ok(gk_facility_profile(s, 1, &profile, &error), &error);
        assert_in_range(profile.n_rows, 1000, N - 1000);
        ok(gk_facility_profile(s, 0, &profile, &error), &error);
        assert_int_equal(profile.n_rows, N);
        gk_snapshot_close(s);
        struct findings dump = {"", 0};
        ok(gk_dump(db, "damaged", take_finding, &dump, &error), &error);
        assert_non_null(strstr(dump.text, "chunk of 'f1' from 2026-11-2"));
        assert_int_equal(gk_close(db), GK_OK);
        tear_down(NULL);
        set_up(NULL);
    }
}

/* No repair: the writer meets it while it seals late rows, and goes on. */
static void sealing_goes_on_over_damage(void **state)
{
    static const struct {
        const char *table;
        size_t prefix, at, n_missing;
    } cases[] = {
        {"chunk", 4, 40, 1}, {"state", 4, 3, 0}, {"profile", 4, 5, 0}, {"hour", 0, 2, 0}, {"presence", 0, 1, 0}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        for (int way = 0; way < 2; way++) {
            for (int n = 0; n < 2; n++)
                (void)flip_record(path, cases[i].table, id, cases[i].prefix, 0, cases[i].at + (size_t)n);
            struct gk_options o = world_options();
            o.seal_bytes = way ? 0 : 6000; /* through the journal, or at once */
            gk_db *db = world_open(path, GK_READWRITE, &o);
            put_some(db, 10, 40, 3 * GK_SECOND); /* into the first chunk */
            put_some(db, N, N + 40, 0);
            struct gk_band_put band = band_of(GK_ZONE, "", 12, 20, T0 + 3600 * GK_SECOND);
            ok(gk_band_put(db, &band, &error), &error);
            ok(gk_seal(db, &error), &error);
            assert_int_equal(gk_close(db), GK_OK);
            (void)repair(); /* what sealing did not meet */
            assert_int_equal(n_aside(), cases[i].n_missing);
            tear_down(NULL);
            set_up(NULL);
        }
    }
}

static void a_damaged_journal_record_loses_its_rows(void **state)
{
    (void)state;
    gk_db *db = world_open(path, GK_READWRITE | GK_KEEP_HEADS, NULL);
    for (int k = 0; k < 6; k++)
        put_some(db, N + 10 * k, N + 10 * k + 10, 0);
    assert_int_equal(gk_close(db), GK_OK);
    (void)flip_record(path, "journal", "", 0, 2, 30); /* one in the middle, then the newest one */
    struct gk_options o = world_options();
    assert_int_equal(gk_open(path, GK_READWRITE, &o, &db, &error), GK_ECORRUPT);
    assert_true(repair() > 0);
    is_told("moved aside: journal record ");
    assert_int_equal(n_aside(), 1); /* nobody knows whose rows they were, and answers say so */
    db = world_open(path, GK_READWRITE | GK_KEEP_HEADS, NULL);
    check_is_clean(db);
    gk_snapshot *s = look(db);
    struct gk_profile profile;
    ok(gk_facility_profile(s, 1, &profile, &error), &error);
    assert_int_equal(profile.n_rows, N + 50);
    gk_snapshot_close(s);
    for (int k = 6; k < 9; k++)
        put_some(db, N + 10 * k, N + 10 * k + 10, 0);
    assert_int_equal(gk_close(db), GK_OK);
    (void)flip_record(path, "journal", "", 0, 2, 30);
    (void)repair();
    db = world_open(path, GK_READWRITE, NULL);
    put_some(db, N + 90, N + 100, 0);
    check_is_clean(db);
    s = look(db);
    ok(gk_facility_profile(s, 1, &profile, &error), &error);
    assert_int_equal(profile.n_rows, N + 80);
    gk_snapshot_close(s);
    assert_int_equal(gk_close(db), GK_OK);
}

/* Hours and states of rows that are gone cannot be derived: that is named for good. */
static void what_is_left_of_dropped_rows_is_named_when_it_is_lost(void **state)
{
    (void)state;
    gk_db *db = world_open(path, GK_READWRITE, NULL);
    ok(gk_retain(db, T0 + 30 * 3600 * GK_SECOND, NULL, NULL, &error), &error);
    assert_int_equal(gk_close(db), GK_OK);
    (void)flip_record(path, "hour", "", 0, 2, 2); /* behind the two open ends: a day's record */
    assert_true(repair() > 0);
    is_told("table hour, from 2026-11-20T");
    assert_int_equal(n_aside(), 1);
    db = world_open(path, GK_READWRITE, NULL);
    check_is_clean(db);
    assert_int_equal(gk_close(db), GK_OK);
}

/* The open end of a channel is derived again, and the hours of the day in which rows were dropped stay. */
static void the_open_end_of_hours_is_made_again_behind_dropped_rows(void **state)
{
    struct gk_signal signal = {.channels = &kw, .n_channels = 1};
    struct gk_summary was[2], is[2];
    const gk_time edges[3] = {T0, T0 + 10 * 3600 * GK_SECOND, T0 + 20 * 3600 * GK_SECOND};
    (void)state;
    gk_db *db = world_open(path, GK_READWRITE, NULL);
    ok(gk_retain(db, T0 + 10 * 3600 * GK_SECOND, NULL, NULL, &error), &error);
    gk_snapshot *s = look(db);
    ok(gk_signal_summaries(s, 1, &signal, edges, 2, was, &error), &error);
    gk_snapshot_close(s);
    digest_is(db, before);
    assert_int_equal(gk_close(db), GK_OK);
    for (int i = 0; i < 2; i++)
        (void)flip_record(path, "hour", "", 0, i, 2);
    assert_true(repair() > 0);
    same_digest();
    db = world_open(path, GK_READONLY, NULL);
    s = look(db);
    ok(gk_signal_summaries(s, 1, &signal, edges, 2, is, &error), &error);
    assert_memory_equal(was, is, sizeof was);
    gk_snapshot_close(s);
    assert_int_equal(gk_close(db), GK_OK);
}

static void retention_goes_on_over_damage(void **state)
{
    (void)state;
    (void)flip_record(path, "chunk", id, sizeof id, 0, 40);
    gk_db *db = world_open(path, GK_READWRITE, NULL);
    ok(gk_retain(db, T0 + 30 * 3600 * GK_SECOND, NULL, NULL, &error), &error);
    check_is_clean(db);
    assert_int_equal(gk_close(db), GK_OK);
    assert_int_equal(n_aside(), 1);
}

static void a_damaged_catalog_is_not_repaired(void **state)
{
    struct gk_options o = world_options();
    uint64_t n_mended, n_left;
    (void)state;
    (void)flip_record(path, "catalog", "", 0, 0, 3);
    assert_int_equal(gk_repair(path, &o, NULL, NULL, &n_mended, &n_left, &error), GK_ECORRUPT);
    assert_non_null(strstr(error.text, "table catalog"));
}

#define IN_STORE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

static const struct CMUnitTest tests[] = {
    IN_STORE(a_sound_store_is_left_as_it_is),
    IN_STORE(what_follows_from_rows_is_made_again),
    IN_STORE(a_record_whose_key_is_damaged_goes_back),
    IN_STORE(what_does_not_follow_from_rows_is_made_again),
    IN_STORE(a_damaged_chunk_is_moved_aside_and_named),
    IN_STORE(sealing_goes_on_over_damage),
    IN_STORE(a_damaged_journal_record_loses_its_rows),
    IN_STORE(what_is_left_of_dropped_rows_is_named_when_it_is_lost),
    IN_STORE(the_open_end_of_hours_is_made_again_behind_dropped_rows),
    IN_STORE(retention_goes_on_over_damage),
    IN_STORE(a_damaged_catalog_is_not_repaired),
};

RUN_TESTS(tests)
