/*
 * test_acts_heal.c - alarms are made again of their acts: whatever is missing, wrong or too much among them, a repair
 * gives back what was there; an act that is lost stays lost, and is named.
 */
#include "db/cases.h"

#include "db/db.h"

static struct gk_error error;
static char path[4096];

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

struct text {
    char bytes[1 << 16];
    size_t size;
};

static int take(void *context, const char *bytes, size_t size)
{
    struct text *t = context;
    assert_true(t->size + size < sizeof t->bytes);
    memcpy(t->bytes + t->size, bytes, size);
    t->size += size;
    t->bytes[t->size] = 0;
    return GK_OK;
}

static void dump(struct text *out)
{
    gk_db *db = world_open(path, GK_READONLY, NULL);
    out->size = 0;
    ok(gk_dump(db, "alarm", take, out, &error), &error);
    assert_int_equal(gk_close(db), GK_OK);
}

/* Alarms in every state: over, open, firing anew for the same rule and subject, amended after that. */
static void make(void)
{
    struct gk_act_put amended = act_of(GK_ACT_AMENDED, 1);

    gk_db *db = world_new(path, NULL);
    (void)raise_alarm(db, "R1", "fan");
    (void)act_on(db, GK_ACT_RECOVERED, 1);
    (void)raise_alarm(db, "R1", "fan"); /* 3 */
    amended.to = T0 + 90 * GK_SECOND;
    (void)put_act(db, &amended);          /* of the first, when the other fires: its entry is not the first one's */
    (void)raise_alarm(db, "R1", "press"); /* 5 */
    (void)act_on(db, GK_ACT_CLOSED, 5);
    (void)act_on(db, GK_ACT_NOTED, 0);
    (void)raise_alarm(db, "R2", "press"); /* 8 */
    (void)act_on(db, GK_ACT_CLOSED, 8);
    (void)act_on(db, GK_ACT_RECOVERED, 8);
    (void)act_on(db, GK_ACT_ASSIGNED, 3);
    ok(gk_commit(db, &error), &error);
    assert_int_equal(gk_close(db), GK_OK);
}

/* The i-th damage; false behind the last. */
static bool damage(int i)
{
    uint8_t key[ALARM_ID_KEY], firing[ALARM_FIRING_KEY], id[8];

    begin();
    alarm_firing_key(firing, text_of("R1"), GK_FACILITY, text_of("fan"));
    switch (i) {
    case 0: /* a record is gone */
        alarm_id_key(key, ALARM_RECORD, 3);
        ok(txn_delete(txn, STORE_ALARM, view_of(key, sizeof key), &error), &error);
        break;
    case 1: /* one fires that nobody knows of: a rule would raise it twice */
        ok(txn_delete(txn, STORE_ALARM, view_of(firing, sizeof firing), &error), &error);
        break;
    case 2: /* the entry is another alarm's */
        store_u64(id, 1);
        ok(txn_put(txn, STORE_ALARM, view_of(firing, sizeof firing), view_of(id, sizeof id), &error), &error);
        break;
    case 3: /* an open one too many */
        alarm_id_key(key, ALARM_OPEN, 8);
        ok(txn_put(txn, STORE_ALARM, view_of(key, sizeof key), view_of(NULL, 0), &error), &error);
        break;
    case 4: /* an alarm that no act speaks of */
        alarm_id_key(key, ALARM_RECORD, 2);
        ok(txn_put(txn, STORE_ALARM, view_of(key, sizeof key), view_of("nonsense", 8), &error), &error);
        break;
    default:
        end();
        return false;
    }
    end();
    return true;
}

static void alarms_are_made_again_of_their_acts(void **state)
{
    static struct text before, after, told;
    struct gk_options o = world_options();
    uint64_t n_mended, n_left;
    (void)state;

    make();
    dump(&before);
    for (int i = 0; damage(i); i++) {
        told.size = 0;
        ok(gk_repair(path, &o, take, &told, &n_mended, &n_left, &error), &error);
        if (n_left > 0 || n_mended == 0)
            fail_msg("damage %d: %llu mended, left:\n%s", i, (unsigned long long)n_mended, told.bytes);
        assert_non_null(strstr(told.bytes, "made again: alarms, of their acts"));
        dump(&after);
        assert_string_equal(after.bytes, before.bytes);
    }
    test_folder_remove(path);
}

static void a_lost_act_is_named_and_the_others_are_kept(void **state)
{
    static struct text told;
    struct gk_options o = world_options();
    uint64_t n_mended, n_left;
    struct gk_alarm alarm;
    uint8_t key[8];
    (void)state;

    make();
    begin();
    key_u64(key, 3); /* what raised one of them */
    ok(txn_delete(txn, STORE_ACT, view_of(key, sizeof key), &error), &error);
    end();
    told.size = 0;
    ok(gk_repair(path, &o, take, &told, &n_mended, &n_left, &error), &error);
    assert_true(n_left > 0);
    assert_non_null(strstr(told.bytes, "act: act 3 is missing"));
    gk_db *db = world_open(path, GK_READONLY, NULL);
    gk_snapshot *s = look(db);
    assert_int_equal(gk_alarm_get(s, 3, &alarm, &error), GK_ENOTFOUND);
    ok(gk_alarm_get(s, 5, &alarm, &error), &error);
    assert_int_equal(alarm.life, GK_CASE_CLOSED);
    gk_snapshot_close(s);
    assert_int_equal(gk_close(db), GK_OK);
    test_folder_remove(path);
}

/* The alarm is raised and ends twice for one rule and subject; the end of the first is lost. */
static void an_alarm_whose_end_is_lost_ended_when_the_next_one_began(void **state)
{
    static struct text told;
    struct gk_options o = world_options();
    uint64_t n_mended, n_left, seq;
    struct gk_alarm alarm;
    uint8_t key[8];
    (void)state;

    for (int is_over = 0; is_over < 2; is_over++) { /* the second one */
        gk_db *db = world_new(path, NULL);
        (void)raise_alarm(db, "R1", "fan");
        (void)act_on(db, GK_ACT_RECOVERED, 1);
        (void)raise_alarm(db, "R1", "fan"); /* 3 */
        if (is_over)
            (void)act_on(db, GK_ACT_RECOVERED, 3);
        ok(gk_commit(db, &error), &error);
        assert_int_equal(gk_close(db), GK_OK);
        begin();
        key_u64(key, 2);
        ok(txn_delete(txn, STORE_ACT, view_of(key, sizeof key), &error), &error);
        end();

        told.size = 0;
        ok(gk_repair(path, &o, take, &told, &n_mended, &n_left, &error), &error);
        if (n_left != 1 || !strstr(told.bytes, "act: act 2 is missing"))
            fail_msg("%llu left:\n%s", (unsigned long long)n_left, told.bytes);
        db = world_open(path, GK_READWRITE, NULL);
        gk_snapshot *s = look(db);
        ok(gk_alarm_get(s, 1, &alarm, &error), &error);
        assert_int_equal(alarm.status, GK_ALARM_RECOVERED);
        assert_int_equal(alarm.to, T0); /* when the next one began */
        ok(gk_alarm_get(s, 3, &alarm, &error), &error);
        assert_int_equal(alarm.status, is_over ? GK_ALARM_RECOVERED : GK_ALARM_FIRING);
        gk_snapshot_close(s);
        ok(gk_alarm_firing(db, text_of("R1"), GK_FACILITY, text_of("fan"), &seq, &error), &error);
        assert_int_equal(seq, is_over ? 0 : 3);
        assert_int_equal(gk_close(db), GK_OK);
        test_folder_remove(path);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(an_alarm_whose_end_is_lost_ended_when_the_next_one_began),
    cmocka_unit_test(alarms_are_made_again_of_their_acts),
    cmocka_unit_test(a_lost_act_is_named_and_the_others_are_kept),
};

RUN_TESTS(tests)
