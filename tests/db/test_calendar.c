/*
 * test_calendar.c - calendars by a table of their own, kept with history; and what no calendar says.
 */
#include "db/world.h"

static struct gk_error error;
static char path[4096];

struct reasons {
    char text[2000];
};

static void note_reason(void *context, uint64_t line, const char *text, size_t size, const struct gk_error *reason)
{
    struct reasons *r = context;
    size_t n = strlen(r->text);
    (void)line;
    (void)text;
    (void)size;
    (void)snprintf(r->text + n, sizeof r->text - n, "%s\n", reason->text);
}

static struct gk_load_result load(gk_db *db, const char *text, struct reasons *reasons)
{
    struct gk_load_options options = {.size = sizeof options, .reject = note_reason, .context = reasons};
    struct gk_load_result result;
    gk_load *l;

    reasons->text[0] = 0;
    ok(gk_load_open(db, &options, &l, &error), &error);
    ok(gk_load_feed(l, text, strlen(text), &error), &error);
    ok(gk_load_finish(l, &result, &error), &error);
    gk_load_close(l);
    return result;
}

static gk_db *make(void)
{
    static const char TABLE[] = "calendar,days,hours,scope,from,to\n"
                                "working,mon-fri,,,,\n"
                                "working,none,,,2026-10-01,2026-10-09\n"
                                "night,daily,22:00-06:00,*,,\n"
                                "night,周一至周五,23:00-07:00,enterprise:E1,2026-11-01,\n"
                                "night,*,00:00-24:00,fan,,\n";
    gk_db *db = world_new(path, NULL);
    struct reasons reasons;

    (void)put_facility(db, "fan", GK_ABATEMENT);
    struct gk_load_result result = load(db, TABLE, &reasons);
    assert_string_equal(reasons.text, "");
    assert_int_equal(result.table, GK_TABLE_CALENDARS);
    assert_int_equal(result.n_taken, 5);
    return db;
}

static void calendars_stay_and_hours_are_replaced(void **state)
{
    struct reasons reasons;
    size_t n;
    (void)state;

    gk_db *db = make();
    gk_snapshot *s = look(db);
    uint64_t version = gk_snapshot_info(s)->catalog_version;
    gk_snapshot_close(s);
    (void)load(db, "calendar,days\nworking,1-5\n", &reasons);
    s = look(db);
    assert_int_equal(gk_snapshot_info(s)->catalog_version, version); /* the same again is nothing */
    gk_snapshot_close(s);
    (void)load(db, "calendar,days,hours\nnight,daily,21:00-05:00\n", &reasons);
    for (int round = 0; round < 2; round++) {
        s = look(db);
        const struct gk_calendar *calendars = gk_calendars(s, &n);
        assert_int_equal(n, 5);
        assert_int_equal(gk_snapshot_info(s)->n_calendars, 5);
        assert_string_equal(calendars[0].calendar, "working");
        assert_int_equal(calendars[0].days, 0x1F);
        assert_int_equal(calendars[0].scope.kind, GK_ZONE);
        assert_int_equal(calendars[0].from, GK_TIME_MIN);
        assert_int_equal(calendars[0].to, GK_TIME_MAX);
        assert_int_equal(calendars[1].days, 0);
        assert_int_equal(calendars[1].to - calendars[1].from, 8 * DAY);
        assert_int_equal(calendars[2].hours_from_s, 21 * 3600);
        assert_int_equal(calendars[3].hours_to_s, 7 * 3600);
        assert_string_equal(calendars[3].scope.name, "E1");
        assert_int_equal(calendars[4].hours_from_s + calendars[4].hours_to_s, 0); /* the whole day */
        gk_snapshot_close(s);
        assert_int_equal(gk_close(db), GK_OK);
        db = world_open(path, GK_READWRITE, NULL);
    }
    struct findings text = {"", 0};
    ok(gk_dump(db, "catalog", take_finding, &text, &error), &error);
    assert_non_null(strstr(text.text, "calendar 2 'night' scope=* days=daily hours=21:00-05:00\n"));
    assert_non_null(strstr(text.text, "calendar 3 'night' scope=enterprise:E1 days=mon-fri hours=23:00-07:00 from="));
    assert_non_null(strstr(text.text, "history of entry 12/2 until version"));
    check_is_clean(db);
    world_end(db, path);
}

static void a_bad_line_is_named(void **state)
{
    static const char BAD[] = "calendar,days,hours,scope,from,to\n"
                              ",daily,,,,\n"
                              "night,,,,,\n"
                              "night,moonday,,,,\n"
                              "night,daily,22-25,,,\n"
                              "night,daily,,enterprise:E9,,\n"
                              "night,daily,,role:abatement,,\n"
                              "night,daily,,group:g,,\n"
                              "night,daily,,,2026-12-01,2026-11-01\n";
    struct reasons reasons;
    (void)state;

    gk_db *db = make();
    struct gk_load_result result = load(db, BAD, &reasons);
    assert_int_equal(result.n_bad, 8);
    assert_int_equal(result.n_taken, 0);
    assert_non_null(strstr(reasons.text, "line 2, column 1: calendar: "));
    assert_non_null(strstr(reasons.text, "line 3, column 7: days: "));
    assert_non_null(strstr(reasons.text,
                           "line 4, column 7: days: expected days like mon-fri, sat;sun, daily or none, got "
                           "'moonday'"));
    assert_non_null(strstr(reasons.text, "line 5, column 13: hours: "));
    assert_non_null(strstr(reasons.text, "line 6, column 14: scope: there is no enterprise 'E9'"));
    assert_non_null(strstr(reasons.text, "line 7, column 14: scope: "));
    assert_non_null(strstr(reasons.text, "line 8, column 14: scope: "));
    assert_non_null(strstr(reasons.text, "line 9, column 26: to: expected a time after `from`"));
    world_end(db, path);
}

static void a_put_is_held_against_its_limits(void **state)
{
    struct gk_calendar_put good = {
        .size = sizeof good, .calendar = text_of("night"), .days = 1, .from = GK_TIME_MIN, .to = GK_TIME_MAX};
    (void)state;

    gk_db *db = make();
    struct gk_calendar_put put = good;
    put.days = 0x80;
    assert_int_equal(gk_calendar_put(db, &put, &error), GK_ERANGE);
    put = good;
    put.hours_to_s = 86401;
    assert_int_equal(gk_calendar_put(db, &put, &error), GK_ERANGE);
    put = good;
    put.to = put.from;
    assert_int_equal(gk_calendar_put(db, &put, &error), GK_ERANGE);
    put = good;
    put.calendar = text_of("");
    assert_int_equal(gk_calendar_put(db, &put, &error), GK_EINVAL);
    put = good;
    put.scope = GK_GROUP;
    put.name = text_of("g");
    assert_int_equal(gk_calendar_put(db, &put, &error), GK_EINVAL);
    ok(gk_calendar_put(db, &good, &error), &error);
    world_end(db, path);
}

static void calendars_and_sets_are_known_as_of_then(void **state)
{
    gk_time begin = world_now;
    struct reasons reasons;
    gk_snapshot *known;
    size_t n;
    (void)state;

    gk_db *db = make();
    (void)load(db, "scope,off_below,on_from,set\n*,5%,15%,v2\n", &reasons);
    ok(gk_commit(db, &error), &error);
    world_now += GK_SECOND;
    (void)load(db, "scope,off_below,on_from,set\n*,6%,15%,v2\nfan,5%,15%,v3\n", &reasons);
    (void)load(db, "calendar,days\nworking,mon-sat\nresting,sun\n", &reasons);
    gk_snapshot *s = look(db);
    ok(gk_snapshot_known(s, begin, &known, &error), &error);
    const struct gk_calendar *calendars = gk_calendars(known, &n);
    assert_int_equal(n, 5);
    assert_int_equal(calendars[0].days, 0x1F);
    const struct gk_band *bands = gk_set_bands(known, &n);
    assert_int_equal(n, 1);
    assert_int_equal(bands[0].off_below.value.mantissa, 5);
    assert_string_equal(bands[0].set, "v2");
    (void)gk_bands(known, &n);
    assert_int_equal(n, 0);
    gk_snapshot_close(known);
    calendars = gk_calendars(s, &n);
    assert_int_equal(n, 6);
    assert_int_equal(calendars[0].days, 0x3F);
    (void)gk_set_bands(s, &n);
    assert_int_equal(n, 2);
    gk_snapshot_close(s);
    world_now = begin;
    world_end(db, path);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(calendars_stay_and_hours_are_replaced),
    cmocka_unit_test(a_bad_line_is_named),
    cmocka_unit_test(a_put_is_held_against_its_limits),
    cmocka_unit_test(calendars_and_sets_are_known_as_of_then),
};

RUN_TESTS(tests)
