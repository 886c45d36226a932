/*
 * test_check.c - damage that passes every checksum, put in through the store, is found by gk_check: whatever of what is
 * stored twice or follows from something else does not fit. A store without damage has no findings.
 */
#include "db/world.h"

#include "codec/batch.h"
#include "db/db.h"
#include "db/hours.h"
#include "db/index.h"
#include "db/profile.h"
#include "state/history.h"

static char path[4096];
static struct gk_error error;

/* Three facilities, one of them silent, some hours of rows, a band, all sealed. */
static int set_up(void **state)
{
    (void)state;
    gk_db *db = world_new(path, NULL);
    uint32_t kw = put_channel(db, "kw");
    for (int f = 0; f < 3; f++) {
        char name[16];
        (void)snprintf(name, sizeof name, "f%d", f);
        (void)put_facility(db, name, GK_PRODUCTION);
    }
    for (int i = 0; i < 600; i++)
        for (uint32_t f = 0; f < 2; f++)
            ok(put_row(db, f, T0 + i * 30 * GK_SECOND, kw, i / 40 % 2 ? 8 : 0.5), &error);
    ok(gk_seal(db, &error), &error);
    assert_int_equal(gk_close(db), GK_OK);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    test_folder_remove(path);
    return 0;
}

static void find(bool is_deep, const char *words)
{
    struct findings found = {"", 0};
    uint64_t n;
    gk_db *db = world_open(path, GK_READONLY, NULL);
    ok(gk_check(db, is_deep, take_finding, &found, &n, &error), &error);
    assert_int_equal(gk_close(db), GK_OK);
    if (!words)
        assert_int_equal(n, 0);
    else if (n == 0 || !strstr(found.text, words))
        fail_msg("%llu findings, expected '%s':\n%s", (unsigned long long)n, words, found.text);
}

/* Opens the store under the engine, for one put or delete. */
static struct store *store;
static struct txn *txn;

static void begin(void)
{
    struct store_options options = {.is_writer = true, .map_size = 1 << 28};
    bool is_new;
    ok(store_open(&MEM_SYSTEM, path, &options, &store, &is_new, &error), &error);
    ok(store_write(store, &txn, &error), &error);
}

static void end(void)
{
    ok(txn_commit(txn, &error), &error);
    store_close(store);
}

static void damage(enum store_table table, const void *key, size_t key_size, const void *bytes, size_t size)
{
    begin();
    ok(txn_put(txn, table, view_of(key, key_size), view_of(bytes, size), &error), &error);
    end();
}

/* ---- what is found
 * ------------------------------------------------------------------------------------------------------------ */

static void a_store_without_damage_has_no_findings(void **state)
{
    (void)state;
    find(false, NULL);
    find(true, NULL);
}

static void a_wrong_state_record_is_found(void **state)
{
    uint8_t key[12];
    struct buffer b;
    int64_t era = history_era(T0 / GK_SECOND), start = history_era_start(era);
    const struct gk_step steps[] = {{start, GK_NODATA}, {T0 / GK_SECOND, GK_ON}, {T0 / GK_SECOND + 5, GK_NODATA}};
    (void)state;

    key_u32(key, 1);
    key_i64(key + 4, era);
    buffer_init(&b, &MEM_SYSTEM);
    assert_int_equal(history_encode(era, steps, 3, &b), GK_OK);
    damage(STORE_STATE, key, sizeof key, b.bytes, b.size);
    buffer_clear(&b);
    find(false, NULL); /* it is a proper record */
    find(true, "facility 'f1': its states differ from what its rows give, first at 2026-11-20");
    key_u32(key, 9);
    damage(STORE_STATE, key, sizeof key, "\x01\x01\x00", 3);
    find(false, "state: a state record of a facility that is not in the catalog");
}

/* Sets or clears one facility in a set of the index. */
static void change_presence(struct mark mark, uint32_t id, bool is_in)
{
    uint8_t key[INDEX_KEY];
    struct idset *set;
    struct buffer b;

    begin();
    int rc = index_load(&MEM_SYSTEM, txn, mark, &set, &error);
    if (rc == GK_ENOTFOUND)
        rc = idset_new(&MEM_SYSTEM, &set);
    assert_int_equal(rc, GK_OK);
    assert_int_equal(idset_set(set, id, is_in), GK_OK);
    buffer_init(&b, &MEM_SYSTEM);
    assert_int_equal(presence_encode(set, &b), GK_OK);
    index_key(key, mark);
    ok(txn_put(txn, STORE_PRESENCE, view_of(key, sizeof key), view_of(b.bytes, b.size), &error), &error);
    end();
    buffer_clear(&b);
    idset_free(set);
}

static void a_missing_presence_bit_is_found(void **state)
{
    (void)state;
    change_presence((struct mark){T0 / INDEX_QUARTER_NS, GK_ON}, 1, false);
    find(false, NULL);
    find(true, "facility 'f1': the presence index lacks it in quarter");
}

/* Also where no state of anybody leads to. */
static void a_presence_bit_too_many_is_found(void **state)
{
    (void)state;
    change_presence((struct mark){T0 / INDEX_QUARTER_NS - 16, GK_ON}, 2, true);
    find(false, NULL);
    find(true, "the presence index has ");
}

static void a_wrong_profile_is_found(void **state)
{
    static const struct {
        int what;
        const char *words;
    } cases[] = {{0, "'f0': 600 rows in chunks, 599 in its profile"},
                 {1, "'f0': its profile has another first or last time than its chunks"},
                 {2, "'f0': its profile has other gaps between rows than its chunks"},
                 {3, "1 facilities have states to be derived anew, the progress record says 0"}};
    (void)state;

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct profile good, bad;
        profile_init(&good, &MEM_SYSTEM);
        profile_init(&bad, &MEM_SYSTEM);
        begin();
        ok(profile_load(txn, 0, &good, &error), &error);
        ok(profile_load(txn, 0, &bad, &error), &error);
        bad.n_rows -= cases[i].what == 0;
        bad.last += cases[i].what == 1;
        bad.gaps[3] += cases[i].what == 2;
        if (cases[i].what == 3)
            bad.stale_from = T0;
        ok(profile_store(txn, 0, &bad, &error), &error);
        end();
        find(false, cases[i].words);
        begin();
        ok(profile_store(txn, 0, &good, &error), &error);
        end();
        find(true, NULL);
        profile_clear(&good);
        profile_clear(&bad);
    }
    damage(STORE_PROFILE, "\0\0\0\x09", 4, "\x01", 1);
    begin(); /* the writer does not open it; a reader's check says why */
    end();
    find(false, "profile: a profile of a facility that is not in the catalog");
}

static void a_lost_or_foreign_chunk_is_found(void **state)
{
    uint8_t key[CHUNK_KEY];
    struct buffer copy;
    struct view value;
    (void)state;

    buffer_init(&copy, &MEM_SYSTEM);
    chunk_key(key, 1, T0, 0);
    begin();
    ok(txn_get(txn, STORE_CHUNK, view_of(key, sizeof key), &value, &error), &error);
    buffer_put(&copy, value.bytes, value.size);
    ok(txn_delete(txn, STORE_CHUNK, view_of(key, sizeof key), &error), &error);
    end();
    find(false, "'f1': 0 rows in chunks, 600 in its profile");
    damage(STORE_CHUNK, key, sizeof key, copy.bytes, copy.size);
    find(true, NULL);

    chunk_key(key, 1, T0 + 5, 0); /* the same chunk under a key that is not its own */
    damage(STORE_CHUNK, key, sizeof key, copy.bytes, copy.size);
    find(false, "a chunk does not begin where its key says");
    begin();
    ok(txn_delete(txn, STORE_CHUNK, view_of(key, sizeof key), &error), &error);
    end();
    chunk_key(key, 7, T0, 0);
    damage(STORE_CHUNK, key, sizeof key, copy.bytes, copy.size);
    find(false, "chunk: a chunk of a facility that is not in the catalog");
    copy.bytes[copy.size / 2] ^= 1; /* a value that is not what its summary says */
    begin();
    ok(txn_delete(txn, STORE_CHUNK, view_of(key, sizeof key), &error), &error);
    end();
    chunk_key(key, 1, T0, 0);
    damage(STORE_CHUNK, key, sizeof key, copy.bytes, copy.size);
    find(false, "chunk");
    buffer_clear(&copy);
}

static void wrong_hours_are_found(void **state)
{
    uint8_t key[HOURS_KEY] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 1}; /* the open end of facility 1 */
    struct hours_open open;
    struct buffer b;
    struct view value;
    (void)state;

    begin();
    ok(txn_get(txn, STORE_HOUR, view_of(key, sizeof key), &value, &error), &error);
    assert_int_equal(hours_open_decode(value, GK_FIGURES_ALL, &open), GK_OK);
    open.block.hours[2].max += 1;
    buffer_init(&b, &MEM_SYSTEM);
    hours_open_encode(&open, &b);
    ok(txn_put(txn, STORE_HOUR, view_of(key, sizeof key), view_of(b.bytes, b.size), &error), &error);
    end();
    buffer_clear(&b);
    find(false, NULL); /* a proper record */
    find(true, "facility 'f1': its hours differ from what its rows give");
    damage(STORE_HOUR, key, sizeof key, "\x01", 1);
    find(false, "hour: hours of a channel: ");
    key[9] = 9;
    damage(STORE_HOUR, key, sizeof key, "\x01\x00", 2);
    find(false, "hour: hours of a facility that is not in the catalog");
}

static void records_that_make_no_sense_are_found(void **state)
{
    (void)state;
    damage(STORE_SOURCE, "meter", 5, "123", 3);
    find(false, "source: a sequence of 3 bytes");
    damage(STORE_QUARANTINE, "\0\0\0\0\0\0\0\0", 8, "xyz", 3);
    find(false, "quarantine: ");
    damage(STORE_PRESENCE, "\0\0\0\0\0\0\0\0\0\x05", 10, "\x01", 1);
    find(false, "presence: a presence key that is none");
}

/* A sink may stop a check; that is not a finding. */
static int stop(void *context, const char *text, size_t size)
{
    (void)context;
    (void)text;
    (void)size;
    return GK_EINTERRUPTED;
}

static void a_sink_that_says_stop_ends_the_check(void **state)
{
    uint64_t n;
    (void)state;
    damage(STORE_SOURCE, "meter", 5, "123", 3);
    gk_db *db = world_open(path, GK_READONLY, NULL);
    assert_int_equal(gk_check(db, false, stop, NULL, &n, &error), GK_EINTERRUPTED);
    ok(gk_check(db, false, NULL, NULL, &n, &error), &error);
    assert_int_equal(n, 1);
    assert_int_equal(gk_close(db), GK_OK);
}

#define IN_STORE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

static const struct CMUnitTest tests[] = {
    IN_STORE(a_store_without_damage_has_no_findings),
    IN_STORE(a_wrong_state_record_is_found),
    IN_STORE(a_missing_presence_bit_is_found),
    IN_STORE(a_presence_bit_too_many_is_found),
    IN_STORE(a_wrong_profile_is_found),
    IN_STORE(a_lost_or_foreign_chunk_is_found),
    IN_STORE(wrong_hours_are_found),
    IN_STORE(records_that_make_no_sense_are_found),
    IN_STORE(a_sink_that_says_stop_ends_the_check),
};

RUN_TESTS(tests)
