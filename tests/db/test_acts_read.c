/*
 * test_acts_read.c - acts and alarms are read in order, from a number on, of one alarm or all; open ones without the
 * others; and as they were known at a time.
 */
#include "db/cases.h"

static struct gk_error error;
static char path[4096];

/* The numbers that an iteration gives, as "1 2 3 ". */
static void acts_are(gk_snapshot *s, uint64_t alarm, uint64_t from, const char *want)
{
    char text[256] = "";
    gk_acts *acts;
    struct gk_act act;
    int rc;

    ok(gk_acts_open(s, alarm, from, &acts, &error), &error);
    while ((rc = gk_acts_next(acts, &act, &error)) == GK_OK)
        (void)snprintf(text + strlen(text), sizeof text - strlen(text), "%d ", (int)act.seq);
    assert_int_equal(rc, GK_DONE);
    assert_int_equal(gk_acts_next(acts, &act, &error), GK_DONE); /* and stays so */
    gk_acts_close(acts);
    assert_string_equal(text, want);
}

static void alarms_are(gk_snapshot *s, bool is_open, uint64_t from, const char *want)
{
    char text[256] = "";
    gk_alarms *alarms;
    struct gk_alarm alarm;
    int rc;

    ok(gk_alarms_open(s, is_open, from, &alarms, &error), &error);
    while ((rc = gk_alarms_next(alarms, &alarm, &error)) == GK_OK)
        (void)snprintf(text + strlen(text), sizeof text - strlen(text), "%d:%s ", (int)alarm.id, alarm.subject);
    assert_int_equal(rc, GK_DONE);
    gk_alarms_close(alarms);
    assert_string_equal(text, want);
}

static gk_db *make(void)
{
    gk_db *db = world_new(path, NULL);
    (void)raise_alarm(db, "R1", "fan");       /* 1 */
    (void)raise_alarm(db, "R1", "press");     /* 2 */
    (void)act_on(db, GK_ACT_TOLD, 1);         /* 3 */
    (void)act_on(db, GK_ACT_NOTED, 0);        /* 4 */
    (void)act_on(db, GK_ACT_CLOSED, 2);       /* 5 */
    (void)act_on(db, GK_ACT_RECOVERED, 2);    /* 6 */
    (void)act_on(db, GK_ACT_ACKNOWLEDGED, 1); /* 7 */
    (void)raise_alarm(db, "R2", "fan");       /* 8 */
    ok(gk_commit(db, &error), &error);
    return db;
}

static void acts_come_in_order_from_a_number_on(void **state)
{
    struct gk_act act;
    gk_acts *acts;
    (void)state;

    gk_db *db = make();
    gk_snapshot *s = look(db);
    acts_are(s, 0, 0, "1 2 3 4 5 6 7 8 ");
    acts_are(s, 0, 7, "7 8 ");
    acts_are(s, 0, 9, "");
    acts_are(s, 1, 0, "1 3 7 ");
    acts_are(s, 1, 2, "3 7 ");
    acts_are(s, 2, 5, "5 6 ");
    acts_are(s, 2, 7, "");
    acts_are(s, 8, 0, "8 ");
    assert_int_equal(gk_acts_open(s, 3, 0, &acts, &error), GK_ENOTFOUND);
    assert_null(acts);
    assert_string_equal(error.text, "there is no alarm 3");
    ok(gk_act_get(s, 7, &act, &error), &error);
    assert_int_equal(act.kind, GK_ACT_ACKNOWLEDGED);
    assert_int_equal(act.before, 3);
    assert_string_equal(act.actor, "wang");
    assert_int_equal(act.time, world_now);
    assert_int_equal(gk_act_get(s, 9, &act, &error), GK_ENOTFOUND);
    assert_int_equal(gk_act_get(s, 0, &act, &error), GK_ENOTFOUND);
    gk_snapshot_close(s);
    world_end(db, path);
}

static void open_alarms_are_those_that_somebody_has_to_look_at(void **state)
{
    (void)state;
    gk_db *db = make();
    gk_snapshot *before = look(db);
    alarms_are(before, false, 0, "1:fan 2:press 8:fan ");
    alarms_are(before, true, 0, "1:fan 8:fan ");
    alarms_are(before, true, 2, "8:fan ");
    alarms_are(before, false, 9, "");
    (void)act_on(db, GK_ACT_CLOSED, 1);    /* still fires */
    (void)act_on(db, GK_ACT_RECOVERED, 8); /* not closed */
    ok(gk_commit(db, &error), &error);
    gk_snapshot *s = look(db);
    alarms_are(s, true, 0, "1:fan 8:fan ");
    gk_snapshot_close(s);
    (void)act_on(db, GK_ACT_RECOVERED, 1);
    (void)act_on(db, GK_ACT_CLOSED, 8);
    ok(gk_commit(db, &error), &error);
    s = look(db);
    alarms_are(s, true, 0, "");
    alarms_are(s, false, 0, "1:fan 2:press 8:fan ");
    alarms_are(before, true, 0, "1:fan 8:fan "); /* a snapshot never changes */
    gk_snapshot_close(s);
    gk_snapshot_close(before);
    world_end(db, path);
}

static void an_alarm_is_told_as_it_was_known_then(void **state)
{
    struct gk_alarm alarm;
    gk_time begin = world_now;
    (void)state;

    gk_db *db = world_new(path, NULL);
    (void)raise_alarm(db, "R1", "fan");
    world_now = begin + 100;
    (void)act_on(db, GK_ACT_ACKNOWLEDGED, 1);
    world_now = begin + 200;
    (void)act_on(db, GK_ACT_RECOVERED, 1);
    ok(gk_commit(db, &error), &error);
    gk_snapshot *s = look(db);
    assert_int_equal(gk_alarm_as_of(s, 1, begin - 1, &alarm, &error), GK_ENOTFOUND);
    assert_string_equal(error.text, "alarm 1 was not known at that time");
    ok(gk_alarm_as_of(s, 1, begin, &alarm, &error), &error);
    assert_int_equal(alarm.life, GK_CASE_OPEN);
    ok(gk_alarm_as_of(s, 1, begin + 199, &alarm, &error), &error);
    assert_int_equal(alarm.life, GK_CASE_ACKNOWLEDGED);
    assert_int_equal(alarm.status, GK_ALARM_FIRING);
    assert_int_equal(alarm.n_acts, 2);
    ok(gk_alarm_as_of(s, 1, begin + 200, &alarm, &error), &error);
    assert_int_equal(alarm.status, GK_ALARM_RECOVERED);
    assert_int_equal(alarm.to, T0 + 600 * GK_SECOND);
    assert_int_equal(gk_alarm_as_of(s, 2, begin, &alarm, &error), GK_ENOTFOUND);
    gk_snapshot_close(s);
    world_now = begin;
    world_end(db, path);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(acts_come_in_order_from_a_number_on),
    cmocka_unit_test(open_alarms_are_those_that_somebody_has_to_look_at),
    cmocka_unit_test(an_alarm_is_told_as_it_was_known_then),
};

RUN_TESTS(tests)
