/*
 * test_alarm.c - what acts make of an alarm: which may follow on which, what each changes, and the record of it.
 */
#include "db/cases.h"

#include "db/alarm.h"
#include "db/db.h"
#include "state/hex.h"

static struct gk_error error;

/* An act as it would be read back; its bytes stay. */
static struct gk_act make(const struct gk_act_put *put, uint64_t seq, uint64_t before, struct buffer *bytes)
{
    static const uint8_t zeros[SHA256_SIZE];
    struct act_place place = {seq, put->kind == GK_ACT_RAISED ? seq : put->alarm, before, T0 + (int64_t)seq * GK_SECOND,
                              zeros};
    struct gk_act act;

    buffer_init(bytes, &MEM_SYSTEM);
    assert_int_equal(act_check_put(put, &error), GK_OK);
    assert_int_equal(act_encode(put, &place, bytes), GK_OK);
    ok(act_decode(seq, view_of(bytes->bytes, bytes->size), &act, &error), &error);
    return act;
}

/* A story of one alarm, of which the first act raises it. */
struct story {
    struct gk_alarm alarm;
    struct buffer bytes[40];
    uint64_t n;
};

static int tell(struct story *s, const struct gk_act_put *put)
{
    struct gk_act act = make(put, s->n + 1, s->n, &s->bytes[s->n]);
    int rc = put->kind == GK_ACT_RAISED ? GK_OK : alarm_accepts(&s->alarm, &act, &error);

    if (rc != GK_OK) {
        buffer_clear(&s->bytes[s->n]);
        return rc;
    }
    alarm_apply(&s->alarm, &act);
    s->n++;
    return GK_OK;
}

static int tell_kind(struct story *s, enum gk_act_kind kind)
{
    struct gk_act_put put = act_of(kind, 1);
    return tell(s, &put);
}

static void begin(struct story *s)
{
    struct gk_act_put put = raised_of("R1", "fan");
    memset(s, 0, sizeof *s);
    assert_int_equal(tell(s, &put), GK_OK);
}

static void end(struct story *s)
{
    for (uint64_t i = 0; i < s->n; i++)
        buffer_clear(&s->bytes[i]);
}

static void a_raised_alarm_is_what_its_act_says(void **state)
{
    struct story s;
    (void)state;

    begin(&s);
    assert_int_equal(s.alarm.id, 1);
    assert_string_equal(s.alarm.rule, "R1");
    assert_string_equal(s.alarm.subject, "fan");
    assert_string_equal(s.alarm.enterprise, "E1");
    assert_int_equal(s.alarm.level, GK_LEVEL_ALARM);
    assert_int_equal(s.alarm.from, T0);
    assert_int_equal(s.alarm.to, GK_TIME_MAX);
    assert_int_equal(s.alarm.status, GK_ALARM_FIRING);
    assert_int_equal(s.alarm.life, GK_CASE_OPEN);
    assert_int_equal(s.alarm.n_acts, 1);
    assert_int_equal(s.alarm.at[GK_ACT_RAISED], T0 + GK_SECOND);
    assert_int_equal(s.alarm.at[GK_ACT_CLOSED], GK_TIME_MIN);
    assert_true(alarm_is_firing(&s.alarm) && alarm_is_open(&s.alarm));
    end(&s);
}

/* Every act after every short story of acts on the cause, against what the words say. */
static void silence_never_ends_a_breach(void **state)
{
    static const enum gk_act_kind KINDS[] = {GK_ACT_UNKNOWN, GK_ACT_KNOWN, GK_ACT_RECOVERED};
    (void)state;

    for (int story = 0; story < 27 * 3; story++) {
        enum gk_alarm_status status = GK_ALARM_FIRING;
        struct story s;
        begin(&s);
        for (int i = 0, rest = story; i < 4; i++, rest /= 3) {
            enum gk_act_kind kind = KINDS[rest % 3];
            bool may = kind == GK_ACT_UNKNOWN ? status == GK_ALARM_FIRING
                       : kind == GK_ACT_KNOWN ? status == GK_ALARM_UNKNOWN
                                              : status != GK_ALARM_RECOVERED;
            assert_int_equal(tell_kind(&s, kind), may ? GK_OK : GK_EEXIST);
            if (may)
                status = kind == GK_ACT_UNKNOWN ? GK_ALARM_UNKNOWN
                         : kind == GK_ACT_KNOWN ? GK_ALARM_FIRING
                                                : GK_ALARM_RECOVERED;
            assert_int_equal(s.alarm.status, status);
            assert_int_equal(s.alarm.to, status == GK_ALARM_RECOVERED ? T0 + 600 * GK_SECOND : GK_TIME_MAX);
            assert_int_equal(alarm_is_firing(&s.alarm), status != GK_ALARM_RECOVERED);
        }
        end(&s);
    }
}

static void an_alarm_comes_under_another_and_stands_alone_again(void **state)
{
    struct gk_act_put put = act_of(GK_ACT_AMENDED, 1);
    struct story s;
    (void)state;

    begin(&s);
    uint64_t before = s.alarm.under;
    assert_int_equal(tell(&s, &put), GK_OK); /* names nobody */
    assert_int_equal(s.alarm.under, before);
    put.about = s.alarm.id + 1;
    assert_int_equal(tell_kind(&s, GK_ACT_UNKNOWN), GK_OK);
    assert_int_equal(tell(&s, &put), GK_OK);
    assert_int_equal(s.alarm.under, s.alarm.id + 1);
    put.about = s.alarm.id;
    assert_int_equal(tell(&s, &put), GK_OK);
    assert_int_equal(s.alarm.under, 0);
    end(&s);
}

static void late_data_amend_the_cause(void **state)
{
    struct gk_act_put put = act_of(GK_ACT_AMENDED, 1);
    struct story s;
    (void)state;

    begin(&s);
    assert_int_equal(tell(&s, &put), GK_OK); /* it began later, and goes on */
    assert_int_equal(s.alarm.from, T0 + 60 * GK_SECOND);
    assert_int_equal(s.alarm.status, GK_ALARM_FIRING);
    put.to = T0 + 90 * GK_SECOND; /* it was over before */
    assert_int_equal(tell(&s, &put), GK_OK);
    assert_int_equal(s.alarm.status, GK_ALARM_RECOVERED);
    assert_int_equal(s.alarm.to, T0 + 90 * GK_SECOND);
    put.to = 0; /* no: it goes on after all */
    assert_int_equal(tell(&s, &put), GK_OK);
    assert_int_equal(s.alarm.status, GK_ALARM_FIRING);
    assert_int_equal(s.alarm.to, GK_TIME_MAX);
    assert_int_equal(tell_kind(&s, GK_ACT_UNKNOWN), GK_OK);
    assert_int_equal(tell(&s, &put), GK_OK); /* of an alarm whose data stopped it says nothing about now */
    assert_int_equal(s.alarm.status, GK_ALARM_UNKNOWN);
    put.to = put.from; /* there was none */
    assert_int_equal(tell(&s, &put), GK_OK);
    assert_int_equal(s.alarm.status, GK_ALARM_WITHDRAWN);
    assert_false(alarm_is_firing(&s.alarm));
    assert_true(alarm_is_open(&s.alarm)); /* somebody was told of it */
    end(&s);
}

static void a_case_goes_from_open_to_closed_and_no_step_back(void **state)
{
    struct gk_act_put put;
    struct story s;
    (void)state;

    begin(&s);
    assert_int_equal(tell_kind(&s, GK_ACT_TOLD), GK_OK);
    put = act_of(GK_ACT_TOLD, 1);
    put.result = text_of("no answer");
    assert_int_equal(tell(&s, &put), GK_OK);
    assert_int_equal(s.alarm.n_reached, 1);
    assert_int_equal(tell_kind(&s, GK_ACT_SEEN), GK_OK);
    assert_int_equal(s.alarm.life, GK_CASE_OPEN);
    assert_int_equal(tell_kind(&s, GK_ACT_ACKNOWLEDGED), GK_OK);
    assert_int_equal(s.alarm.life, GK_CASE_ACKNOWLEDGED);
    assert_string_equal(s.alarm.holder, "wang");
    assert_int_equal(tell_kind(&s, GK_ACT_ACKNOWLEDGED), GK_EEXIST);
    assert_string_equal(error.text, "alarm 1 cannot be acknowledged: it is acknowledged already");
    put = act_of(GK_ACT_ASSIGNED, 1);
    put.due = T0 + DAY;
    assert_int_equal(tell(&s, &put), GK_OK);
    assert_int_equal(s.alarm.life, GK_CASE_ASSIGNED);
    assert_string_equal(s.alarm.holder, "li");
    assert_int_equal(s.alarm.due, T0 + DAY);
    put = act_of(GK_ACT_ASSIGNED, 1);
    put.whom = text_of("zhao"); /* to another, without a time */
    assert_int_equal(tell(&s, &put), GK_OK);
    assert_string_equal(s.alarm.holder, "zhao");
    assert_int_equal(s.alarm.due, GK_TIME_MAX);
    assert_int_equal(tell_kind(&s, GK_ACT_FED_BACK), GK_OK);
    assert_int_equal(tell_kind(&s, GK_ACT_CHECKED), GK_OK);
    assert_int_equal(tell_kind(&s, GK_ACT_SUPPRESSED), GK_OK);
    assert_true(s.alarm.is_suppressed);
    assert_int_equal(s.alarm.life, GK_CASE_ASSIGNED);
    assert_int_equal(tell_kind(&s, GK_ACT_CLOSED), GK_OK);
    assert_int_equal(s.alarm.outcome, GK_OUTCOME_DEVICE);
    static const enum gk_act_kind TOO_LATE[] = {GK_ACT_CLOSED, GK_ACT_ASSIGNED, GK_ACT_FED_BACK, GK_ACT_CHECKED};
    for (size_t i = 0; i < sizeof TOO_LATE / sizeof *TOO_LATE; i++) {
        assert_int_equal(tell_kind(&s, TOO_LATE[i]), GK_EEXIST);
        assert_non_null(strstr(error.text, ": it is closed"));
    }
    assert_int_equal(tell_kind(&s, GK_ACT_AUDITED), GK_OK); /* whoever looks over closed cases */
    assert_int_equal(tell_kind(&s, GK_ACT_TOLD), GK_OK);    /* by a gateway that was down */
    assert_int_equal(s.alarm.life, GK_CASE_CLOSED);
    assert_true(alarm_is_open(&s.alarm)); /* it still fires */
    assert_int_equal(tell_kind(&s, GK_ACT_RECOVERED), GK_OK);
    assert_false(alarm_is_open(&s.alarm));
    assert_int_equal(s.alarm.n_acts, s.n);
    assert_int_equal(s.alarm.last, s.n);
    assert_int_equal(s.alarm.at[GK_ACT_ASSIGNED], T0 + 6 * GK_SECOND); /* the first one */
    end(&s);
}

static void assigning_before_acknowledging_keeps_the_one_it_was_assigned_to(void **state)
{
    struct story s;
    (void)state;

    begin(&s);
    assert_int_equal(tell_kind(&s, GK_ACT_ASSIGNED), GK_OK);
    assert_int_equal(tell_kind(&s, GK_ACT_ACKNOWLEDGED), GK_OK);
    assert_int_equal(s.alarm.life, GK_CASE_ASSIGNED);
    assert_string_equal(s.alarm.holder, "li");
    end(&s);
}

/* ---- the record
 * --------------------------------------------------------------------------------------------------------- */

/* The alarm of the page. */
static void tell_example(struct story *s)
{
    struct gk_act_put put = act_of(GK_ACT_ASSIGNED, 1);
    begin(s);
    put.due = T0 + 7200 * GK_SECOND;
    assert_int_equal(tell(s, &put), GK_OK);
}

static void the_example_of_the_page_is_what_is_stored(void **state)
{
    struct buffer want, got, text, again;
    struct gk_alarm alarm;
    struct story s;
    (void)state;

    buffer_init(&want, &MEM_SYSTEM);
    buffer_init(&got, &MEM_SYSTEM);
    buffer_init(&text, &MEM_SYSTEM);
    buffer_init(&again, &MEM_SYSTEM);
    char *dump = read_example("docs/format/alarm.md", &want);
    tell_example(&s);
    assert_int_equal(alarm_encode(&s.alarm, &got), GK_OK);
    assert_bytes(&got, &want);
    ok(alarm_decode(1, view_of(got.bytes, got.size), &alarm, &error), &error);
    assert_int_equal(alarm_encode(&alarm, &again), GK_OK);
    assert_bytes(&again, &got);
    assert_int_equal(alarm_dump(&alarm, &text), GK_OK);
    buffer_put_u8(&text, '\n');
    assert_text(&text, dump);
    for (size_t size = 0; size < got.size; size++)
        assert_int_equal(alarm_decode(1, view_of(got.bytes, size), &alarm, &error), GK_ECORRUPT);
    got.bytes[0] = 2;
    assert_int_equal(alarm_decode(1, view_of(got.bytes, got.size), &alarm, &error), GK_EVERSION);
    for (int i = 0; i < 4; i++) { /* a number that there is not */
        struct gk_alarm odd = s.alarm;
        odd.status = i == 0 ? GK_ALARM_WITHDRAWN + 1 : odd.status;
        odd.life = i == 1 ? GK_CASE_CLOSED + 1 : odd.life;
        odd.level = i == 2 ? GK_LEVEL_SEVERE + 1 : odd.level;
        odd.outcome = i == 3 ? GK_OUTCOME_FALSE + 1 : odd.outcome;
        buffer_reset(&again);
        assert_int_equal(alarm_encode(&odd, &again), GK_OK);
        assert_int_equal(alarm_decode(1, view_of(again.bytes, again.size), &alarm, &error), GK_ECORRUPT);
    }
    free(dump);
    end(&s);
    buffer_clear(&want);
    buffer_clear(&got);
    buffer_clear(&text);
    buffer_clear(&again);
}

static void a_rule_and_a_subject_have_a_key_of_their_own(void **state)
{
    static const struct {
        const char *rule;
        enum gk_kind kind;
        const char *subject;
    } cases[] = {{"R1", GK_FACILITY, "fan"}, {"R1", GK_ENTERPRISE, "fan"}, {"R", GK_FACILITY, "1fan"},
                 {"R1f", GK_FACILITY, "an"}, {"R2", GK_FACILITY, "fan"},   {"R1", GK_FACILITY, "fan "}};
    uint8_t keys[6][ALARM_FIRING_KEY];
    (void)state;

    for (size_t i = 0; i < 6; i++) {
        alarm_firing_key(keys[i], text_of(cases[i].rule), cases[i].kind, text_of(cases[i].subject));
        for (size_t j = 0; j < i; j++)
            assert_memory_not_equal(keys[i], keys[j], ALARM_FIRING_KEY);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(a_raised_alarm_is_what_its_act_says),
    cmocka_unit_test(silence_never_ends_a_breach),
    cmocka_unit_test(an_alarm_comes_under_another_and_stands_alone_again),
    cmocka_unit_test(late_data_amend_the_cause),
    cmocka_unit_test(a_case_goes_from_open_to_closed_and_no_step_back),
    cmocka_unit_test(assigning_before_acknowledging_keeps_the_one_it_was_assigned_to),
    cmocka_unit_test(the_example_of_the_page_is_what_is_stored),
    cmocka_unit_test(a_rule_and_a_subject_have_a_key_of_their_own),
};

RUN_TESTS(tests)
