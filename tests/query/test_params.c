/*
 * test_params.c - parameters of a session: each stands for one token, whatever is in it; and what else a session tells
 * about itself.
 */
#include "query/zone.h"

static const char FACILITIES[] =
    "facility,enterprise,park,line,role,rated_kw,serves,type\n"
    "10,E1,P1,L1,production,10,,mill\na' running or facility 'b,E2,P1,L2,production,10,,10\n"
    "b,E2,P1,L2,abatement,5,,RTO\n";
static const char ROWS[] = "time,facility,kw\n2025-11-20T08:00,10,-8\n2025-11-20T08:00,b,5\n"
                           "2025-11-20T08:30,10,9\n2025-11-20T09:00,10,9\n";

static struct zone zone;
static struct gk_query_error error;

static int setup(void **state)
{
    (void)state;
    zone_open(&zone);
    zone_load(&zone, FACILITIES, sizeof FACILITIES - 1);
    zone_load(&zone, ROWS, sizeof ROWS - 1);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    zone_close(&zone);
    return 0;
}

static void set(const char *name, const char *value)
{
    assert_int_equal(gk_session_set(zone.session, name, value, strlen(value)), GK_OK);
}

/* Asks; returns the status of preparing, or GK_DONE with *n_rows. */
static int ask(const char *text, uint64_t *n_rows)
{
    gk_snapshot *snapshot = NULL;
    gk_query *query = NULL;
    int rc;

    assert_int_equal(gk_snapshot_open(zone.db, &snapshot, NULL), GK_OK);
    rc = gk_query_prepare(zone.session, snapshot, text, strlen(text), NULL, &query, &error);
    if (rc == GK_OK)
        rc = gk_query_start(query, snapshot, zone.now, &error);
    for (*n_rows = 0; rc == GK_OK && (rc = gk_query_next(query, &error)) == GK_OK;)
        ++*n_rows;
    gk_query_free(query);
    gk_snapshot_close(snapshot);
    return rc;
}

static uint64_t count_rows(const char *text)
{
    uint64_t n;

    if (ask(text, &n) != GK_DONE)
        fail_msg("%s", error.report);
    return n;
}

static void a_parameter_behind_a_noun_is_a_name_whatever_it_looks_like(void **state)
{
    (void)state;
    set("x", "10"); /* a facility, not a number */
    assert_int_equal(count_rows("list facilities of facility $x"), 1);
    assert_int_equal(count_rows("list facilities of facility :x"), 1);
    assert_int_equal(count_rows("list facilities of facility 'b', $x"), 2);
    set("x", "b");
    assert_int_equal(count_rows("list facilities of facility $x"), 1);
}

static void nothing_in_a_value_becomes_a_word_of_the_statement(void **state)
{
    static const char *const values[] = {"b' or facility '10", "b'; list facilities; --", "$x", "'b'", "b, 10"};
    uint64_t n;

    (void)state;
    set("x", "a' running or facility 'b"); /* there is one of this name */
    assert_int_equal(count_rows("list facilities of facility $x"), 1);
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        set("x", values[i]);
        assert_int_equal(ask("list facilities of facility $x", &n), GK_ESYNTAX);
        assert_non_null(strstr(error.report, "no facility is called"));
        assert_int_equal(error.error.column, 29);
    }
}

static void a_value_is_a_number_a_duration_or_a_time_where_one_stands(void **state)
{
    (void)state;
    set("d", "10m");
    set("from", "2025-11-20");
    set("to", "2025-11-20T08:40");
    set("limit", "1");
    set("kw", "-9.5");
    set("night", "08:00");
    assert_int_equal(count_rows("samples of power of facility '10' between $from and :to"), 2);
    assert_int_equal(count_rows("samples of power of facility '10' between $from and $to limit $limit"), 1);
    assert_int_equal(count_rows("when power of facility '10' > $kw for >= $d between $from and $to"), 1);
    assert_int_equal(count_rows("when power of facility '10' > $kw and hours $night-09:00 between $from and $to"), 1);
    assert_int_equal(count_rows("list facilities where rated_kw < $limit"), 0);
    set("kw", "8kW");
    assert_int_equal(count_rows("when power of facility '10' > $kw between $from and $to"), 1);
}

static void what_is_no_value_is_a_name(void **state)
{
    uint64_t n;

    (void)state;
    set("t", "RTO");
    assert_int_equal(count_rows("list facilities where type = $t"), 1);
    set("t", "10");
    assert_int_equal(count_rows("list facilities where type = $t"), 1);
    set("t", "ten m");
    assert_int_equal(ask("when production running for >= $t today", &n), GK_ESYNTAX);
    assert_non_null(strstr(error.report, "expected a duration after 'for', got 'ten m'"));
    set("t", "running");
    assert_int_equal(ask("when production $t today", &n), GK_ESYNTAX); /* a name, never a word */
    assert_non_null(strstr(error.report, "expected a state, got 'today'"));
}

static void a_parameter_that_is_not_there_is_an_error_with_the_nearest(void **state)
{
    uint64_t n;

    (void)state;
    set("enterprise", "E1");
    assert_int_equal(ask("list facilities of enterprise $enterprice", &n), GK_ESYNTAX);
    assert_non_null(strstr(error.report, "there is no parameter 'enterprice'"));
    assert_non_null(strstr(error.report, "did you mean '$enterprise'?"));
    assert_int_equal(ask("list facilities of enterprise $zzz", &n), GK_ESYNTAX);
    assert_non_null(strstr(error.report, "--param zzz=VALUE"));
    assert_int_equal(gk_session_set(zone.session, "1a", "x", 1), GK_EINVAL);
    assert_int_equal(gk_session_set(zone.session, "", "x", 1), GK_EINVAL);
    assert_int_equal(gk_session_set(zone.session, "a-b", "x", 1), GK_EINVAL);
    assert_int_equal(gk_session_set(zone.session, "a", "", 0), GK_ERANGE);
}

static void a_definition_keeps_the_values_it_was_made_with(void **state)
{
    uint64_t n;

    (void)state;
    set("p", "10");
    assert_int_equal(ask("define busy as facility $p running", &n), GK_DONE);
    set("p", "nobody");
    assert_int_equal(ask("when busy today", &n), GK_DONE);
}

static void definitions_can_be_listed_and_options_changed_under_them(void **state)
{
    struct gk_session_options options = {.size = sizeof options, .max_rows = 1};
    struct gk_text name, text;
    uint64_t n;

    (void)state;
    assert_false(gk_session_definition(zone.session, 0, &name, &text));
    assert_int_equal(ask("define a as production running", &n), GK_DONE);
    assert_int_equal(ask("define b as a for >= 1h", &n), GK_DONE);
    assert_int_equal(ask("define a as production off", &n), GK_DONE);
    assert_true(gk_session_definition(zone.session, 0, &name, &text));
    assert_string_equal(name.bytes, "a");
    assert_string_equal(text.bytes, "production off");
    assert_true(gk_session_definition(zone.session, 1, &name, &text));
    assert_string_equal(name.bytes, "b");
    assert_false(gk_session_definition(zone.session, 2, &name, &text));
    gk_session_configure(zone.session, &options);
    assert_int_equal(count_rows("list facilities"), 1);
    assert_int_equal(ask("when b today", &n), GK_DONE);
    gk_session_configure(zone.session, NULL);
    assert_int_equal(count_rows("list facilities"), 3);
}

static void a_statement_with_parameters_survives_every_failing_allocation(void **state)
{
    static const char text[] = "when power of facility $p > $kw for >= $d between $from and $to";

    (void)state;
    for (uint64_t i = 1;; i++) {
        struct failing_mem mem;
        failing_mem_init(&mem);
        struct gk_session_options options = {
            .size = sizeof options, .resize = mem.mem.resize, .resize_context = mem.mem.context};
        gk_snapshot *snapshot = NULL;
        gk_query *query = NULL;
        gk_session *session = NULL;
        int rc;

        assert_int_equal(gk_snapshot_open(zone.db, &snapshot, NULL), GK_OK);
        mem.fail_at = i;
        rc = gk_session_new(&options, &session);
        rc = rc ? rc : gk_session_set(session, "p", "10", 2);
        rc = rc ? rc : gk_session_set(session, "kw", "-9.5", 4);
        rc = rc ? rc : gk_session_set(session, "d", "1h30m", 5);
        rc = rc ? rc : gk_session_set(session, "from", "2025-11-20", 10);
        rc = rc ? rc : gk_session_set(session, "to", "2025-11-20T09:00", 16);
        rc = rc ? rc : gk_query_prepare(session, snapshot, text, strlen(text), NULL, &query, &error);
        gk_query_free(query);
        gk_session_free(session);
        gk_snapshot_close(snapshot);
        assert_int_equal(mem.n_live, 0);
        if (rc == GK_OK)
            break;
        assert_int_equal(rc, GK_ENOMEM);
        assert_true(i < 10000);
    }
}

static void words_for_completion_come_in_both_languages(void **state)
{
    bool has_english = false, has_chinese = false;

    (void)state;
    for (size_t i = 0; gk_query_word(i) != NULL; i++) {
        has_english = has_english || strcmp(gk_query_word(i), "abatement") == 0;
        has_chinese = has_chinese || strcmp(gk_query_word(i), "治污") == 0;
    }
    assert_true(has_english && has_chinese);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {TEST(a_parameter_behind_a_noun_is_a_name_whatever_it_looks_like),
                                       TEST(nothing_in_a_value_becomes_a_word_of_the_statement),
                                       TEST(a_value_is_a_number_a_duration_or_a_time_where_one_stands),
                                       TEST(what_is_no_value_is_a_name),
                                       TEST(a_parameter_that_is_not_there_is_an_error_with_the_nearest),
                                       TEST(a_definition_keeps_the_values_it_was_made_with),
                                       TEST(definitions_can_be_listed_and_options_changed_under_them),
                                       TEST(a_statement_with_parameters_survives_every_failing_allocation),
                                       TEST(words_for_completion_come_in_both_languages)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
