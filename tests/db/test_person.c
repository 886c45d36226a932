/*
 * test_person.c - people by a table of their own: what they are to whom, how to reach them, kept with history; and who
 * answers to a role when an alarm asks for it.
 */
#include "db/cases.h"

#include "db/db.h"

static struct gk_error error;
static char path[4096];

static const char TABLE[] = "person,role,scope,channel,address,from,to\n"
                            "wang,head,enterprise:E1,sms,+86 10 1,,\n"
                            "wang,head,enterprise:E1,wecom,wang@e1,,\n"
                            "li,head,enterprise:E2,sms,+86 10 2,,\n"
                            "zhao,officer,park:P1,phone,+86 10 3,,\n"
                            "sun,agency,*,webhook,,,\n"
                            "qian,operator,line:L1,sms,+86 10 4,2026-11-01,2026-12-01\n"
                            "qian,operator,fan,sms,+86 10 4,,\n";

struct reasons {
    char *text;
    size_t size;
};

static void note_reason(void *context, uint64_t line, const char *text, size_t size, const struct gk_error *reason)
{
    struct reasons *r = context;
    size_t n = strlen(r->text);
    (void)line;
    (void)text;
    (void)size;
    (void)snprintf(r->text + n, r->size - n, "%s\n", reason->text);
}

static struct gk_load_result load(gk_db *db, const char *text, char *reasons, size_t size)
{
    struct reasons r = {reasons, size};
    struct gk_load_options options = {.size = sizeof options, .reject = note_reason, .context = &r};
    struct gk_load_result result;
    gk_load *l;

    reasons[0] = 0;
    ok(gk_load_open(db, &options, &l, &error), &error);
    ok(gk_load_feed(l, text, strlen(text), &error), &error);
    ok(gk_load_finish(l, &result, &error), &error);
    gk_load_close(l);
    return result;
}

static gk_db *make(void)
{
    static const char *const NAMES[][4] = {
        {"fan", "P1", "E1", "L1"}, {"press", "P1", "E1", "L2"}, {"oven", "P2", "E2", "L1"}};
    gk_db *db = world_new(path, NULL);
    char reasons[500];

    for (size_t i = 0; i < 3; i++) {
        struct gk_facility_put f = facility_of(NAMES[i][0], NAMES[i][2], NAMES[i][3], GK_PRODUCTION);
        f.park = text_of(NAMES[i][1]);
        ok(gk_facility_put(db, &f, NULL, &error), &error);
    }
    struct gk_load_result result = load(db, TABLE, reasons, sizeof reasons);
    assert_int_equal(result.table, GK_TABLE_PEOPLE);
    assert_string_equal(reasons,
                        "line 7, column 15: scope: several enterprises have a line 'L1': write ENTERPRISE/L1\n");
    assert_int_equal(result.n_taken, 6);
    result = load(
        db, "person,role,scope,channel,address,from,to\nqian,operator,line:E1/L1,sms,+86 10 4,2026-11-01,2026-12-01\n",
        reasons, sizeof reasons);
    assert_int_equal(result.n_taken, 1);
    return db;
}

/* Who answers, as "person:channel ". */
static void answer(gk_snapshot *s, const char *whom, enum gk_kind kind, const char *subject, const char *enterprise,
                   const char *park, gk_time at, const char *want)
{
    struct gk_alarm alarm = {.id = 1, .subject_kind = kind, .subject = subject, .enterprise = enterprise, .park = park};
    char text[300] = "";
    size_t n;
    const struct gk_person *people = gk_people(s, &n);

    for (size_t i = 0; i < n; i++)
        if (gk_person_answers(s, &people[i], text_of(whom), &alarm, at))
            (void)snprintf(text + strlen(text), sizeof text - strlen(text), "%s:%s ", people[i].person,
                           people[i].channel);
    assert_string_equal(text, want);
}

static void a_role_is_those_who_have_it_for_the_subject(void **state)
{
    (void)state;
    gk_db *db = make();
    gk_snapshot *s = look(db);
    assert_int_equal(gk_snapshot_info(s)->n_people, 7);
    answer(s, "head", GK_FACILITY, "fan", "E1", "P1", T0, "wang:sms wang:wecom ");
    answer(s, "head", GK_ENTERPRISE, "E2", "", "P2", T0, "li:sms ");
    answer(s, "head", GK_PARK, "P1", "", "", T0, "");
    answer(s, "officer", GK_FACILITY, "fan", "E1", "P1", T0, "zhao:phone ");
    answer(s, "officer", GK_PARK, "P1", "", "", T0, "zhao:phone ");
    answer(s, "officer", GK_FACILITY, "oven", "E2", "P2", T0, "");
    answer(s, "agency", GK_ZONE, "", "", "", T0, "sun:webhook ");
    answer(s, "operator", GK_FACILITY, "fan", "E1", "P1", T0, "qian:sms qian:sms "); /* its line, and itself */
    answer(s, "operator", GK_FACILITY, "fan", "E1", "P1", T0 + 40 * DAY, "qian:sms ");
    answer(s, "operator", GK_FACILITY, "press", "E1", "P1", T0, "");
    answer(s, "operator", GK_FACILITY, "gone", "E1", "P1", T0, "");
    answer(s, "operator", GK_LINE, "L1", "E1", "P1", T0, "qian:sms ");
    answer(s, "operator", GK_LINE, "E1/L1", "E1", "P1", T0, "qian:sms ");
    answer(s, "operator", GK_LINE, "E2/L1", "E2", "P2", T0, "");
    answer(s, "operator", GK_LINE, "L1", "E2", "P2", T0, "");              /* a line of that name elsewhere */
    answer(s, "zhao", GK_FACILITY, "oven", "E2", "P2", T0, "zhao:phone "); /* by name, wherever */
    answer(s, "hea", GK_FACILITY, "fan", "E1", "P1", T0, "");
    gk_snapshot_close(s);
    world_end(db, path);
}

static void people_stay_and_an_address_is_replaced(void **state)
{
    char reasons[500];
    uint64_t version;
    size_t n;
    (void)state;

    gk_db *db = make();
    gk_snapshot *s = look(db);
    version = gk_snapshot_info(s)->catalog_version;
    gk_snapshot_close(s);
    (void)load(db, "person,role,scope,channel,address\nwang,head,enterprise:E1,sms,+86 10 1\n", reasons,
               sizeof reasons);
    s = look(db);
    assert_int_equal(gk_snapshot_info(s)->catalog_version, version); /* the same again is nothing */
    gk_snapshot_close(s);
    (void)load(db, "person,role,scope,channel,address\nwang,head,enterprise:E1,sms,+86 10 9\n", reasons,
               sizeof reasons);
    for (int round = 0; round < 2; round++) {
        s = look(db);
        const struct gk_person *people = gk_people(s, &n);
        assert_int_equal(n, 7);
        assert_string_equal(people[0].person, "wang");
        assert_string_equal(people[0].address, "+86 10 9");
        assert_string_equal(people[0].scope.name, "E1");
        assert_string_equal(people[4].address, "");
        assert_int_equal(people[0].from, GK_TIME_MIN);
        assert_int_equal(people[0].to, GK_TIME_MAX);
        gk_snapshot_close(s);
        assert_int_equal(gk_close(db), GK_OK);
        db = world_open(path, GK_READWRITE, NULL);
    }
    struct findings text = {"", 0};
    ok(gk_dump(db, "catalog", take_finding, &text, &error), &error);
    assert_non_null(
        strstr(text.text, "person 0 'wang' role='head' scope=enterprise:E1 channel='sms' address='+86 10 9'\n"));
    assert_non_null(strstr(text.text, "history of entry 10/0 until version"));
    check_is_clean(db);
    world_end(db, path);
}

static void a_bad_line_is_named(void **state)
{
    static const char BAD[] = "person,role,scope,channel,address,from,to\n"
                              ",head,*,sms,1,,\n"
                              "wang,,*,sms,1,,\n"
                              "wang,head,enterprise:E9,sms,1,,\n"
                              "wang,head,role:abatement,sms,1,,\n"
                              "wang,head,*,,1,,\n"
                              "\"a,b\",head,*,sms,1,,\n"
                              "wang,head,*,sms,1,2026-12-01,2026-11-01\n";
    char reasons[2000];
    (void)state;

    gk_db *db = make();
    struct gk_load_result result = load(db, BAD, reasons, sizeof reasons);
    assert_int_equal(result.n_bad, 7);
    assert_int_equal(result.n_taken, 0);
    assert_non_null(strstr(reasons, "line 2, column 1: person: "));
    assert_non_null(strstr(reasons, "line 3, column 6: role: "));
    assert_non_null(strstr(reasons, "line 4, column 11: scope: there is no enterprise 'E9'"));
    assert_non_null(strstr(reasons, "line 5, column 11: scope: "));
    assert_non_null(strstr(reasons, "line 6, column 13: channel: "));
    assert_non_null(strstr(reasons, "person: expected a name of 1 to 255 bytes without ',', got 'a,b'"));
    assert_non_null(strstr(reasons, "line 8, column 30: to: expected a time after `from`"));
    world_end(db, path);
}

/* The catalog of then has the people, rules and mappings of then. */
static void people_rules_and_mappings_are_known_as_of_then(void **state)
{
    struct gk_rule_put rule = {
        .size = sizeof rule, .name = text_of("R1"), .text = text_of("rule 'R1' alarm when facility off")};
    struct gk_mapping_put mapping = {.size = sizeof mapping,
                                     .mn = text_of("LD1"),
                                     .code = text_of("a"),
                                     .facility = text_of("fan"),
                                     .channel = text_of("kw"),
                                     .factor = 1,
                                     .least = gk_missing(),
                                     .most = gk_missing()};
    gk_time begin = world_now;
    gk_snapshot *known;
    uint32_t version;
    char reasons[500];
    size_t n;
    (void)state;

    gk_db *db = make();
    ok(gk_rule_put(db, &rule, &version, &error), &error);
    ok(gk_mapping_put(db, &mapping, &error), &error);
    ok(gk_commit(db, &error), &error);
    world_now += GK_SECOND;
    rule.name = text_of("R2");
    ok(gk_rule_put(db, &rule, &version, &error), &error);
    mapping.code = text_of("b");
    ok(gk_mapping_put(db, &mapping, &error), &error);
    (void)load(db, "person,role,scope,channel,address\nwang,head,enterprise:E1,sms,new\nzhou,head,*,sms,1\n", reasons,
               sizeof reasons);
    gk_snapshot *s = look(db);
    ok(gk_snapshot_known(s, begin, &known, &error), &error);
    (void)gk_rules(known, &n);
    assert_int_equal(n, 1);
    (void)gk_mappings(known, &n);
    assert_int_equal(n, 1);
    const struct gk_person *people = gk_people(known, &n);
    assert_int_equal(n, 7);
    assert_string_equal(people[0].address, "+86 10 1");
    gk_snapshot_close(known);
    ok(gk_snapshot_known(s, world_now, &known, &error), &error);
    people = gk_people(known, &n);
    assert_int_equal(n, 8);
    assert_string_equal(people[0].address, "new");
    (void)gk_rules(known, &n);
    assert_int_equal(n, 2);
    gk_snapshot_close(known);
    gk_snapshot_close(s);
    world_now = begin;
    world_end(db, path);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(a_role_is_those_who_have_it_for_the_subject),
    cmocka_unit_test(people_stay_and_an_address_is_replaced),
    cmocka_unit_test(a_bad_line_is_named),
    cmocka_unit_test(people_rules_and_mappings_are_known_as_of_then),
};

RUN_TESTS(tests)
