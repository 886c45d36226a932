/*
 * test_act.c - one act: what may be put, its bytes with the example of their page, and its hash.
 */
#include "db/cases.h"

#include "db/act.h"
#include "db/db.h"
#include "state/hex.h"

static struct gk_error error;
static const uint8_t ZEROS[SHA256_SIZE];

static void refuse(const struct gk_act_put *put, const char *words)
{
    assert_int_equal(act_check_put(put, &error), GK_EINVAL);
    if (!strstr(error.text, words))
        fail_msg("expected '%s', got '%s'", words, error.text);
}

static void an_act_without_what_it_needs_is_refused_by_name(void **state)
{
    (void)state;
    struct gk_act_put p = raised_of("R1", "fan");
    p.rule = text_of("");
    refuse(&p, "an act 'raised' needs: rule");
    p = raised_of("R1", "");
    refuse(&p, "an act 'raised' needs: subject");
    p.subject_kind = GK_ZONE; /* the zone has no name */
    assert_int_equal(act_check_put(&p, &error), GK_OK);
    p = raised_of("R1", "fan");
    p.from = 0;
    refuse(&p, "an act 'raised' needs: from");
    p = raised_of("R1", "fan");
    p.alarm = 7;
    refuse(&p, "it cannot be of alarm 7");
    p = raised_of("R1", "fan");
    p.to = p.from - 1;
    refuse(&p, "its cause ends before it begins");
    for (unsigned k = GK_ACT_UNKNOWN; k < GK_ACT_NOTED; k++) {
        p = act_of((enum gk_act_kind)k, 0);
        refuse(&p, "needs: alarm");
    }
    p = act_of(GK_ACT_NOTED, 0); /* about the store */
    assert_int_equal(act_check_put(&p, &error), GK_OK);
    p = act_of(GK_ACT_AMENDED, 1);
    p.from = 0;
    refuse(&p, "an act 'amended' needs: from");
    p = act_of(GK_ACT_RECOVERED, 1);
    p.to = 0;
    refuse(&p, "an act 'recovered' needs: to");
    p = act_of(GK_ACT_TOLD, 1);
    p.whom = text_of("");
    refuse(&p, "an act 'told' needs: whom");
    p = act_of(GK_ACT_FED_BACK, 1);
    p.actor = text_of("");
    refuse(&p, "an act 'fed back' needs: actor");
    p = act_of(GK_ACT_CLOSED, 1);
    p.outcome = GK_OUTCOME_NONE;
    refuse(&p, "an act 'closed' needs: outcome");
}

static void texts_that_are_none_are_refused(void **state)
{
    static char longest[GK_ACT_TEXT_MAX + 2];
    (void)state;

    struct gk_act_put p = act_of(GK_ACT_NOTED, 0);
    p.kind = (enum gk_act_kind)GK_ACT_KINDS;
    refuse(&p, "there is no kind 17");
    p = act_of(GK_ACT_NOTED, 0);
    p.actor = text_of("two\nlines");
    refuse(&p, "an act: actor 'two?lines': expected 1 to 255 bytes");
    p = act_of(GK_ACT_NOTED, 0);
    p.text = text_of("two\nlines");
    assert_int_equal(act_check_put(&p, &error), GK_OK);
    p.text = text_of("\xFF");
    refuse(&p, "an act: text: expected at most 4096 bytes of UTF-8");
    p.text = (struct gk_text){"a\0b", 3};
    refuse(&p, "an act: text: expected");
    memset(longest, 'x', GK_ACT_TEXT_MAX + 1);
    p.text = text_of(longest);
    refuse(&p, "got 4097 bytes");
    p.text.size--;
    assert_int_equal(act_check_put(&p, &error), GK_OK);
    p.outcome = (enum gk_outcome)4;
    refuse(&p, "there is no level 0 or outcome 4");
    p = raised_of("R1", "fan");
    p.subject_kind = GK_ROLE;
    refuse(&p, "its subject is a facility or a site");
}

/* The act of the page. */
static void encode_example(struct buffer *out)
{
    struct gk_act_put p = {.size = sizeof p,
                           .kind = GK_ACT_ASSIGNED,
                           .alarm = 258,
                           .about = 258,
                           .actor = text_of("duty"),
                           .whom = text_of("\xE7\x8E\x8B"),
                           .text = text_of("see"),
                           .due = T0 + 7200 * GK_SECOND};
    struct act_place place = {300, 258, 259, T0, ZEROS};
    assert_int_equal(act_encode(&p, &place, out), GK_OK);
}

static void the_example_of_the_page_is_what_is_stored(void **state)
{
    struct buffer want, got, text;
    struct gk_act act;
    (void)state;

    buffer_init(&want, &MEM_SYSTEM);
    buffer_init(&got, &MEM_SYSTEM);
    buffer_init(&text, &MEM_SYSTEM);
    char *dump = read_example("docs/format/act.md", &want);
    encode_example(&got);
    assert_bytes(&got, &want);
    ok(act_decode(300, view_of(want.bytes, want.size), &act, &error), &error);
    assert_int_equal(act_dump(&act, &text), GK_OK);
    buffer_put_u8(&text, '\n');
    assert_text(&text, dump);
    assert_int_equal(act.alarm, 258);
    assert_int_equal(act.before, 259);
    assert_int_equal(act.due, T0 + 7200 * GK_SECOND);
    assert_int_equal(act.from, GK_TIME_MIN);
    assert_int_equal(act.to, GK_TIME_MAX);
    assert_string_equal(act.whom, "\xE7\x8E\x8B");
    assert_string_equal(act.rule, "");
    free(dump);
    buffer_clear(&want);
    buffer_clear(&got);
    buffer_clear(&text);
}

static void a_cut_act_is_corrupt_and_a_later_one_is_of_a_later_version(void **state)
{
    struct buffer bytes;
    struct gk_act act;
    (void)state;

    buffer_init(&bytes, &MEM_SYSTEM);
    encode_example(&bytes);
    for (size_t size = 0; size < bytes.size; size++) {
        assert_int_equal(act_decode(300, view_of(bytes.bytes, size), &act, &error), GK_ECORRUPT);
        assert_non_null(strstr(error.text, "act 300"));
    }
    assert_int_equal(act_decode(258, view_of(bytes.bytes, bytes.size), &act, &error), GK_ECORRUPT); /* of itself */
    buffer_put_u8(&bytes, 0);
    assert_int_equal(act_decode(300, view_of(bytes.bytes, bytes.size), &act, &error), GK_ECORRUPT);
    struct gk_act_put later = {.size = sizeof later, .kind = GK_ACT_SEEN, .alarm = 7, .actor = text_of("x")};
    struct act_place place = {9, 7, 8, T0, ZEROS};
    buffer_reset(&bytes);
    assert_int_equal(act_encode(&later, &place, &bytes), GK_OK);
    assert_int_equal(act_decode(9, view_of(bytes.bytes, bytes.size), &act, &error), GK_OK);
    for (uint64_t seq = 5; seq < 9; seq++) /* of an alarm, or after an act, that comes later */
        assert_int_equal(act_decode(seq, view_of(bytes.bytes, bytes.size), &act, &error), GK_ECORRUPT);
    bytes.bytes[0] = 2;
    assert_int_equal(act_decode(300, view_of(bytes.bytes, bytes.size), &act, &error), GK_EVERSION);
    bytes.bytes[0] = 1;
    bytes.bytes[1] = 2; /* another hash */
    assert_int_equal(act_decode(300, view_of(bytes.bytes, bytes.size), &act, &error), GK_EVERSION);
    buffer_clear(&bytes);
}

static void every_flipped_bit_changes_the_hash(void **state)
{
    struct buffer bytes;
    uint8_t hash[SHA256_SIZE];
    (void)state;

    buffer_init(&bytes, &MEM_SYSTEM);
    encode_example(&bytes);
    struct view record = view_of(bytes.bytes, bytes.size);
    const uint8_t *stored = bytes.bytes + bytes.size - SHA256_SIZE;
    act_hash(ZEROS, 300, record, hash);
    assert_memory_equal(hash, stored, SHA256_SIZE);
    for (size_t bit = 0; bit < 8 * (bytes.size - SHA256_SIZE); bit++) {
        bytes.bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
        act_hash(ZEROS, 300, record, hash);
        assert_memory_not_equal(hash, stored, SHA256_SIZE);
        bytes.bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    act_hash(ZEROS, 301, record, hash); /* another number */
    assert_memory_not_equal(hash, stored, SHA256_SIZE);
    act_hash(stored, 300, record, hash); /* another act before */
    assert_memory_not_equal(hash, stored, SHA256_SIZE);
    buffer_clear(&bytes);
}

static void names_are_told_and_end(void **state)
{
    (void)state;
    assert_string_equal(gk_act_kind_name(GK_ACT_RAISED), "raised");
    assert_string_equal(gk_act_kind_name(GK_ACT_FED_BACK), "fed back");
    assert_string_equal(gk_act_kind_name(GK_ACT_NOTED), "noted");
    assert_null(gk_act_kind_name(GK_ACT_KINDS));
    assert_string_equal(gk_level_name(GK_LEVEL_SEVERE), "severe");
    assert_null(gk_level_name(4));
    assert_string_equal(gk_outcome_name(GK_OUTCOME_FALSE), "false");
    assert_null(gk_outcome_name(4));
    assert_string_equal(gk_alarm_status_name(GK_ALARM_WITHDRAWN), "withdrawn");
    assert_null(gk_alarm_status_name(4));
    assert_string_equal(gk_alarm_life_name(GK_CASE_CLOSED), "closed");
    assert_null(gk_alarm_life_name(4));
}

/* A text with quotes and ends of lines stays one line of a dump. */
static void a_dump_is_one_line(void **state)
{
    struct gk_act_put p = act_of(GK_ACT_NOTED, 0);
    struct act_place place = {1, 0, 0, T0, ZEROS};
    struct buffer bytes, text;
    struct gk_act act;
    (void)state;

    buffer_init(&bytes, &MEM_SYSTEM);
    buffer_init(&text, &MEM_SYSTEM);
    p.text = text_of("it's\na \\ slash");
    assert_int_equal(act_encode(&p, &place, &bytes), GK_OK);
    ok(act_decode(1, view_of(bytes.bytes, bytes.size), &act, &error), &error);
    assert_int_equal(act_dump(&act, &text), GK_OK);
    buffer_put_u8(&text, 0);
    assert_non_null(strstr((char *)text.bytes, " text='it\\'s\\x0aa \\\\ slash' hash="));
    buffer_clear(&bytes);
    buffer_clear(&text);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(an_act_without_what_it_needs_is_refused_by_name),
    cmocka_unit_test(texts_that_are_none_are_refused),
    cmocka_unit_test(the_example_of_the_page_is_what_is_stored),
    cmocka_unit_test(a_cut_act_is_corrupt_and_a_later_one_is_of_a_later_version),
    cmocka_unit_test(every_flipped_bit_changes_the_hash),
    cmocka_unit_test(names_are_told_and_end),
    cmocka_unit_test(a_dump_is_one_line),
};

RUN_TESTS(tests)
