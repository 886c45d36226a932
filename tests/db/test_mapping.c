/*
 * test_mapping.c - what devices send, and where it goes: which mapping wins, what is refused, what a reopened store
 * knows.
 */
#include "db/world.h"

#include <math.h>

#include "db/mapping.h"

static struct gk_error error;

static struct gk_mapping_put mapping_of(const char *mn, const char *code, const char *suffix, const char *facility,
                                        const char *channel)
{
    return (struct gk_mapping_put){.size = sizeof(struct gk_mapping_put),
                                   .mn = text_of(mn),
                                   .code = text_of(code),
                                   .suffix = text_of(suffix),
                                   .facility = text_of(facility),
                                   .channel = text_of(channel),
                                   .factor = 1,
                                   .least = NAN,
                                   .most = NAN};
}

static void put(gk_db *db, struct gk_mapping_put mapping)
{
    ok(gk_mapping_put(db, &mapping, &error), &error);
}

static const char *channel_of(gk_snapshot *s, const char *mn, const char *code, const char *suffix,
                              enum gk_period period)
{
    struct gk_sent sent = {text_of(mn), text_of(code), text_of(suffix), period};
    const struct gk_mapping *found = gk_mapping_find(s, &sent);
    return found ? found->channel : "none";
}

static void the_mapping_that_says_most_wins(void **state)
{
    char path[4096];
    gk_snapshot *s;
    (void)state;

    gk_db *db = world_new(path, NULL);
    put(db, mapping_of("*", "*", "*", "{mn}", "any"));
    put(db, mapping_of("LD13*", "*", "*", "{mn}", "begins"));
    put(db, mapping_of("LD1301", "*", "*", "{mn}", "device"));
    put(db, mapping_of("*", "B01", "Rtd", "{mn}", "code"));
    put(db, mapping_of("LD1301", "B*", "*", "{mn}", "device and begin of code"));
    put(db, mapping_of("LD1301", "B01", "*", "{mn}", "device and code"));
    put(db, mapping_of("LD1301", "B01", "Rtd", "{mn}", "all"));
    put(db, mapping_of("LD1301", "FAN", "", "{mn}", "without a suffix"));
    struct gk_mapping_put hour = mapping_of("LD1301", "B01", "Rtd", "{mn}", "hour");
    hour.period = GK_PERIOD_HOUR;
    put(db, hour);
    ok(gk_commit(db, &error), &error);
    assert_int_equal(gk_close(db), GK_OK);

    db = world_open(path, GK_READWRITE | GK_KEEP_HEADS, NULL);
    ok(gk_snapshot_open(db, &s, &error), &error);
    assert_int_equal(gk_snapshot_info(s)->n_mappings, 9);
    assert_string_equal(channel_of(s, "X", "c", "Rtd", GK_PERIOD_REAL), "any");
    assert_string_equal(channel_of(s, "X", "B01", "Rtd", GK_PERIOD_REAL), "code");
    assert_string_equal(channel_of(s, "LD13", "B01", "Rtd", GK_PERIOD_REAL), "begins");
    assert_string_equal(channel_of(s, "LD1301", "c", "Rtd", GK_PERIOD_REAL), "device");
    assert_string_equal(channel_of(s, "LD1301", "B02", "Rtd", GK_PERIOD_REAL), "device and begin of code");
    assert_string_equal(channel_of(s, "LD1301", "B01", "Max", GK_PERIOD_REAL), "device and code");
    assert_string_equal(channel_of(s, "LD1301", "B01", "Rtd", GK_PERIOD_REAL), "all");
    assert_string_equal(channel_of(s, "LD1301", "FAN", "", GK_PERIOD_REAL), "without a suffix");
    assert_string_equal(channel_of(s, "LD1301", "FAN", "Rtd", GK_PERIOD_REAL), "device");
    assert_string_equal(channel_of(s, "LD1301", "B01", "Rtd", GK_PERIOD_HOUR), "hour");
    assert_string_equal(channel_of(s, "LD1301", "B01", "Rtd", GK_PERIOD_DAY), "none");
    gk_snapshot_close(s);
    world_end(db, path);
}

static void the_same_words_again_replace_and_leave_a_history(void **state)
{
    char path[4096];
    gk_snapshot *s;
    size_t n;
    (void)state;

    gk_db *db = world_new(path, NULL);
    put(db, mapping_of("M1", "B01", "Rtd", "fan", "ia"));
    ok(gk_commit(db, &error), &error);
    ok(gk_snapshot_open(db, &s, &error), &error);
    uint64_t version = gk_snapshot_info(s)->catalog_version;
    gk_snapshot_close(s);
    put(db, mapping_of("M1", "B01", "Rtd", "fan", "ia")); /* nothing new */
    ok(gk_commit(db, &error), &error);
    ok(gk_snapshot_open(db, &s, &error), &error);
    assert_int_equal(gk_snapshot_info(s)->catalog_version, version);
    gk_snapshot_close(s);
    struct gk_mapping_put changed = mapping_of("M1", "B01", "Rtd", "fan", "ia");
    changed.factor = 80;
    changed.most = 500;
    put(db, changed);
    ok(gk_commit(db, &error), &error);
    assert_int_equal(gk_close(db), GK_OK);
    db = world_open(path, GK_READWRITE | GK_KEEP_HEADS, NULL);
    ok(gk_snapshot_open(db, &s, &error), &error);
    const struct gk_mapping *mappings = gk_mappings(s, &n);
    assert_int_equal(n, 1);
    assert_true(mappings[0].factor == 80);
    assert_true(isnan(mappings[0].least));
    assert_true(mappings[0].most == 500);
    gk_snapshot_close(s);
    world_end(db, path);
}

static void what_is_no_mapping_is_refused_by_its_field(void **state)
{
    char path[4096];
    (void)state;

    gk_db *db = world_new(path, NULL);
#define REFUSE(change, status, words)                                                                                  \
    do {                                                                                                               \
        struct gk_mapping_put m = mapping_of("M1", "B01", "Rtd", "fan", "ia");                                         \
        change;                                                                                                        \
        assert_int_equal(gk_mapping_put(db, &m, &error), status);                                                      \
        if (!strstr(error.text, words))                                                                                \
            fail_msg("'%s' is not in '%s'", words, error.text);                                                        \
    } while (0)
    REFUSE(m.mn = text_of(""), GK_EINVAL, "mn: expected a word");
    REFUSE(m.mn = text_of("L*1"), GK_EINVAL, "got 'L*1'");
    REFUSE(m.code = text_of("a\x01"), GK_EINVAL, "code: expected a word");
    REFUSE(m.suffix = text_of("**"), GK_EINVAL, "suffix: expected a word");
    REFUSE(m.facility = text_of(""), GK_EINVAL, "facility: expected a name");
    REFUSE(m.facility = text_of("{cn}"), GK_EINVAL, "facility: expected {mn}, {code} or {suffix}");
    REFUSE(m.channel = text_of("{code"), GK_EINVAL, "channel: expected {mn}, {code} or {suffix}");
    REFUSE(m.factor = 0, GK_ERANGE, "factor");
    REFUSE(m.factor = INFINITY, GK_ERANGE, "factor");
    REFUSE((m.least = 5, m.most = 4), GK_ERANGE, "min: expected at most max");
    REFUSE(m.period = (enum gk_period)4, GK_EINVAL, "period");
#undef REFUSE
    world_end(db, path);
}

static void names_are_made_of_what_was_sent(void **state)
{
    struct gk_sent sent = {text_of("M1"), text_of("100000"), text_of("Ia"), GK_PERIOD_REAL};
    char out[GK_NAME_MAX + 1], longest[400];
    (void)state;

    ok(mapping_expand("{mn}", &sent, out, &error), &error);
    assert_string_equal(out, "M1");
    ok(mapping_expand("e{code}-{suffix}.{mn}{mn}", &sent, out, &error), &error);
    assert_string_equal(out, "e100000-Ia.M1M1");
    memset(longest, 'x', sizeof longest);
    sent.mn = (struct gk_text){longest, 250};
    ok(mapping_expand("{mn}12345", &sent, out, &error), &error);
    assert_int_equal(mapping_expand("{mn}123456", &sent, out, &error), GK_ERANGE);
    sent.mn = text_of("M\x02");
    assert_int_equal(mapping_expand("{mn}", &sent, out, &error), GK_EINVAL);
    sent.suffix = text_of("");
    assert_int_equal(mapping_expand("{suffix}", &sent, out, &error), GK_EINVAL);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(the_mapping_that_says_most_wins),
    cmocka_unit_test(the_same_words_again_replace_and_leave_a_history),
    cmocka_unit_test(what_is_no_mapping_is_refused_by_its_field),
    cmocka_unit_test(names_are_made_of_what_was_sent),
};

RUN_TESTS(tests)
