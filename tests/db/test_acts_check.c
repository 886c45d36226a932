/*
 * test_acts_check.c - whoever changes what was recorded, even with the checksums made to fit, is found: the chain names
 * the first act that does not fit, a root that was given away no longer fits anything, and alarms are what their acts
 * come to.
 */
#include "db/cases.h"

#include "db/db.h"

static struct gk_error error;
static char path[4096];
static uint8_t hashes[7][SHA256_SIZE]; /* by number */

static int set_up(void **state)
{
    struct gk_act act;
    (void)state;

    gk_db *db = world_new(path, NULL);
    (void)raise_alarm(db, "R1", "fan");
    (void)raise_alarm(db, "R1", "press");
    (void)act_on(db, GK_ACT_TOLD, 1);
    (void)act_on(db, GK_ACT_FED_BACK, 1);
    (void)act_on(db, GK_ACT_RECOVERED, 2);
    (void)act_on(db, GK_ACT_CLOSED, 2);
    ok(gk_commit(db, &error), &error);
    gk_snapshot *s = look(db);
    for (uint64_t seq = 1; seq <= 6; seq++) {
        ok(gk_act_get(s, seq, &act, &error), &error);
        memcpy(hashes[seq], act.hash, SHA256_SIZE);
    }
    gk_snapshot_close(s);
    assert_int_equal(gk_close(db), GK_OK);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    test_folder_remove(path);
    return 0;
}

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

static void find(const char *words)
{
    struct findings found = {"", 0};
    uint64_t n;
    gk_db *db = world_open(path, GK_READONLY, NULL);
    ok(gk_check(db, false, take_finding, &found, &n, &error), &error);
    assert_int_equal(gk_close(db), GK_OK);
    if (n == 0 || !strstr(found.text, words))
        fail_msg("%llu findings, expected '%s':\n%s", (unsigned long long)n, words, found.text);
}

static int verify(const uint8_t *root, uint64_t *seq)
{
    gk_db *db = world_open(path, GK_READONLY, NULL);
    gk_snapshot *s = look(db);
    int rc = gk_acts_verify(s, root, seq, &error);
    gk_snapshot_close(s);
    assert_int_equal(gk_close(db), GK_OK);
    return rc;
}

static void an_untouched_record_verifies_and_so_does_every_root(void **state)
{
    uint64_t seq;
    uint8_t other[SHA256_SIZE] = {1};
    (void)state;

    assert_int_equal(verify(NULL, &seq), GK_OK);
    assert_int_equal(seq, 6);
    for (uint64_t k = 1; k <= 6; k++) {
        assert_int_equal(verify(hashes[k], &seq), GK_OK);
        assert_int_equal(seq, k);
    }
    assert_int_equal(verify(other, &seq), GK_ENOTFOUND);
    assert_non_null(strstr(error.text, "none of the 6 acts has this hash"));
}

/* Changes one byte of an act's text, as one who can write the file would. */
static void change_text(uint64_t number, bool hash_again)
{
    uint8_t key[8], before[SHA256_SIZE] = {0};
    struct view value;
    struct buffer copy;

    buffer_init(&copy, &MEM_SYSTEM);
    begin();
    key_u64(key, number);
    ok(txn_get(txn, STORE_ACT, view_of(key, 8), &value, &error), &error);
    buffer_put(&copy, value.bytes, value.size);
    uint8_t *actor = copy.bytes;
    while (memcmp(actor, "wang", 4) != 0)
        actor++;
    actor[0] = 'y';
    if (hash_again)
        act_hash(number > 1 ? hashes[number - 1] : before, number, view_of(copy.bytes, copy.size),
                 copy.bytes + copy.size - SHA256_SIZE);
    ok(txn_put(txn, STORE_ACT, view_of(key, 8), view_of(copy.bytes, copy.size), &error), &error);
    end();
    buffer_clear(&copy);
}

static void a_changed_act_is_named(void **state)
{
    uint64_t seq;
    (void)state;

    change_text(4, false);
    assert_int_equal(verify(NULL, &seq), GK_ECORRUPT);
    assert_int_equal(seq, 4);
    assert_string_equal(error.text, "act 4: its hash does not follow from the act before it and its bytes");
    assert_int_equal(verify(hashes[2], &seq), GK_ECORRUPT); /* a root before the damage does not hide it */
    find("act: act 4: its hash");
}

static void an_act_with_a_new_hash_breaks_the_next_one(void **state)
{
    uint64_t seq;
    (void)state;

    change_text(4, true);
    assert_int_equal(verify(NULL, &seq), GK_ECORRUPT);
    assert_int_equal(seq, 5);
}

static void a_rewritten_end_does_not_fit_the_root(void **state)
{
    uint64_t seq;
    (void)state;

    change_text(6, true); /* the chain is whole again */
    assert_int_equal(verify(NULL, &seq), GK_OK);
    assert_int_equal(verify(hashes[5], &seq), GK_OK);
    assert_int_equal(verify(hashes[6], &seq), GK_ENOTFOUND);
}

static void drop(uint64_t number)
{
    uint8_t key[8];
    begin();
    key_u64(key, number);
    ok(txn_delete(txn, STORE_ACT, view_of(key, 8), &error), &error);
    end();
}

static void a_missing_act_is_named(void **state)
{
    uint64_t seq;
    (void)state;

    drop(3);
    assert_int_equal(verify(NULL, &seq), GK_ECORRUPT);
    assert_int_equal(seq, 3);
    assert_string_equal(error.text, "act 3 is missing");
    find("alarm: act 3 of alarm 1 is missing");
    find("act: act 3 is missing");
}

static void a_cut_end_does_not_fit_the_root(void **state)
{
    uint64_t seq;
    (void)state;

    drop(6);
    assert_int_equal(verify(NULL, &seq), GK_OK);
    assert_int_equal(seq, 5);
    assert_int_equal(verify(hashes[6], &seq), GK_ENOTFOUND);
    find("alarm: act 6 of alarm 2 is missing"); /* its alarm knows of it */
}

static void put_entry(const void *key, size_t size, const void *value, size_t value_size)
{
    begin();
    ok(txn_put(txn, STORE_ALARM, view_of(key, size), view_of(value, value_size), &error), &error);
    end();
}

static void drop_entry(const void *key, size_t size)
{
    begin();
    ok(txn_delete(txn, STORE_ALARM, view_of(key, size), &error), &error);
    end();
}

static void an_alarm_that_is_not_what_its_acts_come_to_is_found(void **state)
{
    uint8_t key[ALARM_ID_KEY];
    struct gk_alarm alarm;
    struct buffer bytes;
    (void)state;

    gk_db *db = world_open(path, GK_READONLY, NULL);
    gk_snapshot *s = look(db);
    ok(gk_alarm_get(s, 1, &alarm, &error), &error);
    alarm.status = GK_ALARM_RECOVERED;
    buffer_init(&bytes, &MEM_SYSTEM);
    assert_int_equal(alarm_encode(&alarm, &bytes), GK_OK);
    gk_snapshot_close(s);
    assert_int_equal(gk_close(db), GK_OK);
    alarm_id_key(key, ALARM_RECORD, 1);
    put_entry(key, sizeof key, bytes.bytes, bytes.size);
    buffer_clear(&bytes);
    find("alarm: alarm 1 is not what its acts come to");
}

static void a_missing_alarm_is_found(void **state)
{
    uint8_t key[ALARM_ID_KEY];
    (void)state;

    alarm_id_key(key, ALARM_RECORD, 2);
    drop_entry(key, sizeof key);
    find("alarm: 6 acts are of alarms, which know of 3");
}

static void wrong_entries_of_the_indexes_are_found(void **state)
{
    uint8_t key[ALARM_ID_KEY], firing[ALARM_FIRING_KEY], id[8];
    (void)state;

    alarm_id_key(key, ALARM_OPEN, 1);
    drop_entry(key, sizeof key);
    find("alarm: alarm 1 is open and not among those that are");
    put_entry(key, sizeof key, NULL, 0);
    alarm_firing_key(firing, text_of("R1"), GK_FACILITY, text_of("fan"));
    store_u64(id, 2);
    put_entry(firing, sizeof firing, id, sizeof id);
    find("alarm: alarm 1 fires and not among those that do");
    store_u64(id, 1);
    put_entry(firing, sizeof firing, id, sizeof id);
    alarm_id_key(key, ALARM_OPEN, 2);
    put_entry(key, sizeof key, NULL, 0);
    find("alarm: 1 alarms are open and 1 fire; the indexes have 2 and 1");
    put_entry("\x09", 1, NULL, 0);
    find("alarm: a record that is none");
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

static const struct CMUnitTest tests[] = {
    CASE(an_untouched_record_verifies_and_so_does_every_root),
    CASE(a_changed_act_is_named),
    CASE(an_act_with_a_new_hash_breaks_the_next_one),
    CASE(a_rewritten_end_does_not_fit_the_root),
    CASE(a_missing_act_is_named),
    CASE(a_cut_end_does_not_fit_the_root),
    CASE(an_alarm_that_is_not_what_its_acts_come_to_is_found),
    CASE(a_missing_alarm_is_found),
    CASE(wrong_entries_of_the_indexes_are_found),
};

RUN_TESTS(tests)
