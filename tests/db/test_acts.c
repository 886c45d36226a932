/*
 * test_acts.c - acts are numbered, durable with the rows they speak of, neither lost nor doubled whatever happens to a
 * commit; and an alarm is one for a rule and a subject as long as it fires.
 */
#include "db/cases.h"

#include "db/db.h"

static struct gk_error error;
static char path[4096];

static uint64_t last_act(gk_db *db)
{
    uint64_t last;
    gk_snapshot *s = look(db);
    ok(gk_act_last(s, &last, &error), &error);
    gk_snapshot_close(s);
    return last;
}

static uint64_t firing(gk_db *db, const char *rule, const char *subject)
{
    uint64_t id;
    ok(gk_alarm_firing(db, text_of(rule), GK_FACILITY, text_of(subject), &id, &error), &error);
    return id;
}

static struct gk_alarm alarm_of(gk_snapshot *s, uint64_t id)
{
    struct gk_alarm alarm;
    ok(gk_alarm_get(s, id, &alarm, &error), &error);
    return alarm;
}

static void acts_are_seen_and_stay_when_they_are_committed(void **state)
{
    (void)state;
    gk_db *db = world_new(path, NULL);
    assert_int_equal(last_act(db), 0);
    assert_int_equal(raise_alarm(db, "R1", "fan"), 1);
    assert_int_equal(act_on(db, GK_ACT_TOLD, 1), 2);
    assert_int_equal(last_act(db), 0); /* not durable */
    ok(gk_commit(db, &error), &error);
    assert_int_equal(last_act(db), 2);
    assert_int_equal(act_on(db, GK_ACT_SEEN, 1), 3);
    assert_int_equal(gk_close(db), GK_OK); /* commits */
    db = world_open(path, GK_READWRITE, NULL);
    assert_int_equal(last_act(db), 3);
    assert_int_equal(act_on(db, GK_ACT_CLOSED, 1), 4); /* the numbers go on */
    ok(gk_commit(db, &error), &error);
    gk_snapshot *s = look(db);
    struct gk_alarm alarm = alarm_of(s, 1);
    assert_int_equal(alarm.n_acts, 4);
    assert_int_equal(alarm.last, 4);
    assert_int_equal(alarm.life, GK_CASE_CLOSED);
    gk_snapshot_close(s);
    check_is_clean(db);
    world_end(db, path);
}

/* A snapshot has the acts up to the rows it has, in the journal and when a commit goes straight to chunks. */
static void an_act_is_durable_with_the_rows_before_it(void **state)
{
    (void)state;
    for (int rows = 1; rows <= 4000; rows += 3999) {
        gk_db *db = world_new(path, NULL);
        uint32_t kw = put_channel(db, "kw"), fan = put_facility(db, "fan", GK_ABATEMENT);
        for (int i = 0; i < rows; i++)
            ok(put_row(db, fan, T0 + i * GK_SECOND, kw, 1), &error);
        (void)raise_alarm(db, "R1", "fan");
        gk_snapshot *s = look(db);
        assert_int_equal(gk_snapshot_info(s)->watermark, GK_TIME_MIN);
        gk_snapshot_close(s);
        assert_int_equal(last_act(db), 0);
        ok(gk_commit(db, &error), &error);
        s = look(db);
        assert_int_equal(gk_snapshot_info(s)->watermark, T0 + (rows - 1) * GK_SECOND);
        gk_snapshot_close(s);
        assert_int_equal(last_act(db), 1);
        ok(gk_commit(db, &error), &error); /* nothing is put twice */
        ok(gk_seal(db, &error), &error);
        assert_int_equal(last_act(db), 1);
        check_is_clean(db);
        world_end(db, path);
    }
}

static void what_is_refused_leaves_no_trace(void **state)
{
    struct gk_act_put put;
    uint64_t seq = 77;
    (void)state;

    gk_db *db = world_new(path, NULL);
    put = act_of(GK_ACT_SEEN, 1);
    assert_int_equal(gk_act_put(db, &put, &seq, &error), GK_ENOTFOUND);
    assert_string_equal(error.text, "there is no alarm 1");
    assert_int_equal(raise_alarm(db, "R1", "fan"), 1);
    assert_int_equal(act_on(db, GK_ACT_CLOSED, 1), 2);
    put = act_of(GK_ACT_CLOSED, 1);
    assert_int_equal(gk_act_put(db, &put, &seq, &error), GK_EEXIST);
    assert_string_equal(error.text, "alarm 1 cannot be closed: it is closed");
    put = act_of(GK_ACT_TOLD, 1);
    put.about = 3;
    assert_int_equal(gk_act_put(db, &put, &seq, &error), GK_ENOTFOUND);
    assert_string_equal(error.text, "an act about act 3: there is none");
    put.size = 0;
    assert_int_equal(gk_act_put(db, &put, &seq, &error), GK_EINVAL);
    assert_int_equal(seq, 77);
    ok(gk_commit(db, &error), &error);
    assert_int_equal(gk_act_put(db, &(struct gk_act_put){.size = sizeof put}, NULL, &error), GK_EINVAL);
    put = act_of(GK_ACT_FED_BACK, 1); /* of an alarm that is read from the store */
    assert_int_equal(gk_act_put(db, &put, NULL, &error), GK_EEXIST);
    put = act_of(GK_ACT_FED_BACK, 2); /* the act of an alarm is none itself */
    assert_int_equal(gk_act_put(db, &put, NULL, &error), GK_ENOTFOUND);
    assert_int_equal(act_on(db, GK_ACT_AUDITED, 1), 3);
    check_is_clean(db);
    assert_int_equal(gk_close(db), GK_OK);
    db = world_open(path, GK_READONLY, NULL);
    put = act_of(GK_ACT_AUDITED, 1);
    assert_int_equal(gk_act_put(db, &put, NULL, &error), GK_EREADONLY);
    world_end(db, path);
}

/* Before and after a commit, and after opening again. */
static void a_rule_and_subject_have_one_alarm_while_it_fires(void **state)
{
    struct gk_act_put again = raised_of("R1", "fan");
    (void)state;

    again.rule_version = 2; /* of whatever version */
    gk_db *db = world_new(path, NULL);
    assert_int_equal(firing(db, "R1", "fan"), 0);
    assert_int_equal(raise_alarm(db, "R1", "fan"), 1);
    for (int round = 0; round < 3; round++) {
        assert_int_equal(firing(db, "R1", "fan"), 1);
        assert_int_equal(firing(db, "R1", "press"), 0);
        assert_int_equal(firing(db, "R2", "fan"), 0);
        assert_int_equal(gk_act_put(db, &again, NULL, &error), GK_EEXIST);
        assert_string_equal(error.text, "rule 'R1' has the alarm 1 of 'fan' already, and it goes on");
        ok(gk_commit(db, &error), &error);
        if (round == 1) {
            assert_int_equal(gk_close(db), GK_OK);
            db = world_open(path, GK_READWRITE, NULL);
        }
    }
    (void)act_on(db, GK_ACT_CLOSED, 1); /* a closed case that still fires is not raised anew */
    assert_int_equal(gk_act_put(db, &again, NULL, &error), GK_EEXIST);
    (void)act_on(db, GK_ACT_RECOVERED, 1);
    assert_int_equal(firing(db, "R1", "fan"), 0);
    uint64_t second = put_act(db, &again); /* in the same commit */
    assert_int_equal(firing(db, "R1", "fan"), second);
    struct gk_act_put amended = act_of(GK_ACT_AMENDED, 1); /* the first goes on after all: but there is another */
    assert_int_equal(gk_act_put(db, &amended, NULL, &error), GK_EEXIST);
    ok(gk_commit(db, &error), &error);
    assert_int_equal(firing(db, "R1", "fan"), second);
    (void)act_on(db, GK_ACT_RECOVERED, second);
    (void)put_act(db, &amended);
    ok(gk_commit(db, &error), &error);
    assert_int_equal(firing(db, "R1", "fan"), 1);
    check_is_clean(db);
    world_end(db, path);
}

/* A commit that finds no room changes nothing; what waited goes with the next one that does. */
static void a_commit_that_fails_loses_no_act_and_doubles_none(void **state)
{
    static char text[GK_ACT_TEXT_MAX];
    struct gk_options o = world_options();
    uint64_t put = 0, durable;
    int rc = GK_OK;
    (void)state;

    o.quota = 1 << 20;
    gk_db *db = world_new(path, &o);
    struct random random = {5};
    for (size_t i = 0; i < sizeof text; i++)
        text[i] = (char)('a' + random_below(&random, 26));
    (void)raise_alarm(db, "R1", "fan");
    struct gk_act_put note = act_of(GK_ACT_NOTED, 1);
    note.text = (struct gk_text){text, sizeof text};
    for (put = 1; rc == GK_OK; put++) {
        durable = put;
        (void)put_act(db, &note);
        rc = gk_commit(db, &error);
        assert_true(put < 1000);
    }
    assert_int_equal(rc, GK_EFULL);
    assert_int_equal(last_act(db), durable);
    assert_int_equal(gk_commit(db, &error), GK_EFULL);
    assert_int_equal(put_act(db, &note), durable + 2); /* two wait */
    assert_int_equal(gk_close(db), GK_EFULL);
    o.quota = 4 << 20;
    db = world_open(path, GK_READWRITE | GK_KEEP_HEADS, &o);
    assert_int_equal(last_act(db), durable);
    check_is_clean(db);
    o.quota = 0;
    assert_int_equal(put_act(db, &note), durable + 1); /* the host says them anew */
    ok(gk_commit(db, &error), &error);
    check_is_clean(db);
    world_end(db, path);
}

/* More acts than wait for a commit: those before are made durable. */
static void very_many_acts_wait_in_bounded_memory(void **state)
{
    (void)state;
    gk_db *db = world_new(path, NULL);
    for (int i = 0; i < ACTS_PENDING_MAX + 10; i++) {
        char name[32];
        (void)snprintf(name, sizeof name, "fan %d", i);
        assert_int_equal(raise_alarm(db, "R1", name), (uint64_t)i + 1);
    }
    assert_int_equal(last_act(db), ACTS_PENDING_MAX);
    assert_int_equal(firing(db, "R1", "fan 0"), 1);
    assert_int_equal(firing(db, "R1", "fan 4097"), 4098);
    ok(gk_commit(db, &error), &error);
    check_is_clean(db);
    world_end(db, path);
}

/* ---- the model: random acts, commits, reopenings
 * ---------------------------------------------------------------------------------------- */

#define SUBJECTS 4

struct model {
    uint64_t n, durable; /* acts */
    uint64_t firing[SUBJECTS], durable_firing[SUBJECTS];
    enum gk_act_kind kinds[2000]; /* by number */
};

static void put_random(gk_db *db, struct random *random, struct model *m)
{
    static const char *const NAMES[SUBJECTS] = {"fan", "press", "\xE9\xA3\x8E\xE6\x9C\xBA 1", "line 3"};
    size_t k = random_below(random, SUBJECTS);
    enum gk_act_kind kind = (enum gk_act_kind)(1 + random_below(random, GK_ACT_KINDS - 1));
    struct gk_act_put put = raised_of("R1", NAMES[k]);
    uint64_t seq;

    if (kind != GK_ACT_RAISED)
        put = act_of(kind, m->firing[k]);
    int rc = gk_act_put(db, &put, &seq, &error);
    if (rc != GK_OK) {
        assert_true(rc == GK_EEXIST || (rc == GK_EINVAL && m->firing[k] == 0 && kind != GK_ACT_RAISED));
        return;
    }
    assert_int_equal(seq, ++m->n);
    m->kinds[seq] = kind;
    if (kind == GK_ACT_RAISED) {
        assert_int_equal(m->firing[k], 0);
        m->firing[k] = seq;
    }
    if (kind == GK_ACT_RECOVERED)
        m->firing[k] = 0;
}

static void compare(gk_db *db, const struct model *m)
{
    gk_snapshot *s = look(db);
    gk_acts *acts;
    struct gk_act act;
    uint64_t n = 0;
    int rc;

    ok(gk_acts_open(s, 0, 0, &acts, &error), &error);
    while ((rc = gk_acts_next(acts, &act, &error)) == GK_OK) {
        assert_int_equal(act.seq, ++n);
        assert_int_equal(act.kind, m->kinds[n]);
    }
    assert_int_equal(rc, GK_DONE);
    gk_acts_close(acts);
    assert_int_equal(n, m->durable);
    gk_snapshot_close(s);
    check_is_clean(db);
}

static void random_stories_come_to_what_was_put(void **state)
{
    uint64_t seed = test_seed("random_stories_come_to_what_was_put"), rounds = test_rounds(20);
    (void)state;

    for (uint64_t r = 0; r < rounds; r++) {
        struct random random = random_from(seed + r);
        static struct model m;
        memset(&m, 0, sizeof m);
        gk_db *db = world_new(path, NULL);
        for (int i = 0; i < 300; i++) {
            uint64_t what = random_below(&random, 20);
            world_now += (int64_t)random_below(&random, 5) * GK_SECOND;
            if (what > 2) {
                put_random(db, &random, &m);
                continue;
            }
            ok(what == 2 ? gk_seal(db, &error) : gk_commit(db, &error), &error);
            m.durable = m.n;
            if (what == 1) {
                assert_int_equal(gk_close(db), GK_OK);
                db = world_open(path, GK_READWRITE | GK_KEEP_HEADS, NULL);
            }
            if (what == 0 && random_below(&random, 4) == 0)
                compare(db, &m);
        }
        ok(gk_commit(db, &error), &error);
        m.durable = m.n;
        compare(db, &m);
        world_end(db, path);
    }
}

/* The same acts at the same times give the same bytes: the digest covers them. */
static void the_same_story_gives_the_same_chain(void **state)
{
    char digests[3][65];
    gk_time begin = world_now;
    (void)state;

    for (int i = 0; i < 3; i++) {
        gk_db *db = world_new(path, NULL);
        world_now = begin;
        (void)raise_alarm(db, "R1", "fan");
        if (i == 1)
            ok(gk_commit(db, &error), &error);
        world_now += i == 2 ? 1 : 0;
        (void)act_on(db, GK_ACT_SEEN, 1);
        digest_is(db, digests[i]);
        world_end(db, path);
    }
    world_now = begin;
    assert_string_equal(digests[0], digests[1]);
    assert_string_not_equal(digests[0], digests[2]);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(acts_are_seen_and_stay_when_they_are_committed),
    cmocka_unit_test(an_act_is_durable_with_the_rows_before_it),
    cmocka_unit_test(what_is_refused_leaves_no_trace),
    cmocka_unit_test(a_rule_and_subject_have_one_alarm_while_it_fires),
    cmocka_unit_test(a_commit_that_fails_loses_no_act_and_doubles_none),
    cmocka_unit_test(very_many_acts_wait_in_bounded_memory),
    cmocka_unit_test(random_stories_come_to_what_was_put),
    cmocka_unit_test(the_same_story_gives_the_same_chain),
};

RUN_TESTS(tests)
