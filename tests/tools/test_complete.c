/* What Tab makes of a line: words of both languages, names of the store, dot commands. */
#include "support/support.h"

#include <sys/stat.h>

#include "complete.h"

static char folder[4096];
static gk_db *db;
static struct complete_scope scope;

static const char FACILITIES[] = "facility,enterprise,park,line,role,rated_kw,grade\n"
                                 "press,华丰化工,P1,L1,production,10,A\nfan-1,华丰化工,P1,L1,abatement,10,A\n"
                                 "fan-2,华美家具,P1,L1,abatement,10,\nit's,E2,东区,L2,other,10,\n";
static const char *const dots[] = {".help", ".mode", ".read", NULL};
static const char *const formats[] = {"table", "csv", NULL};

static const char CALENDARS[] =
    "calendar,days,hours\nworkdays,mon-fri,\nnight,daily,22:00-06:00\n夜班,daily,20:00-08:00\n";
static const char BANDS[] = "scope,off_below,on_from,set\n*,10%,20%,strict\n*,10%,20%,\n";

static void load(const char *table)
{
    gk_load *loading;

    assert_int_equal(gk_load_open(db, NULL, &loading, NULL), GK_OK);
    assert_int_equal(gk_load_feed(loading, table, strlen(table), NULL), GK_OK);
    assert_int_equal(gk_load_finish(loading, NULL, NULL), GK_OK);
    gk_load_close(loading);
}

static int setup(void **state)
{
    (void)state;
    snprintf(folder, sizeof folder, "%s", test_folder());
    assert_int_equal(gk_open(folder, GK_READWRITE | GK_CREATE, NULL, &db, NULL), GK_OK);
    load(FACILITIES);
    load(CALENDARS);
    load(BANDS);
    scope = (struct complete_scope){.dots = dots, .formats = formats};
    assert_int_equal(gk_session_new(NULL, &scope.session), GK_OK);
    assert_int_equal(gk_snapshot_open(db, &scope.snapshot, NULL), GK_OK);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    gk_snapshot_close(scope.snapshot);
    gk_session_free(scope.session);
    assert_int_equal(gk_close(db), GK_OK);
    test_folder_remove(folder);
    return 0;
}

/* The line after Tab, with | behind it when there are several candidates. */
static void check(const char *text, const char *expected)
{
    struct completion completion;
    char line[9000];
    size_t size = strlen(text);

    completion_find(&scope, text, size, &completion);
    assert_true(completion.n_replaced <= size);
    snprintf(line, sizeof line, "%.*s%s%s", (int)(size - (completion.n > 0 ? completion.n_replaced : 0)), text,
             completion.n > 0 ? completion.common : "", completion.n > 1 ? "|" : "");
    assert_string_equal(line, expected);
    completion_clear(&completion);
}

static void words_are_completed_in_either_case(void **state)
{
    (void)state;
    check("wh", "wh|"); /* when, which, while, where */
    check("when abat", "when abatement ");
    check("WHEN ABAT", "WHEN abatement ");
    check("list fac", "list facilit|");
    check("list faciliti", "list facilities ");
    check("when abatement offl", "when abatement offline ");
    check("xyzzy", "xyzzy");
    check("", "|");
    check("list parks; whe", "list parks; whe|");
}

static void names_are_those_of_the_noun_before(void **state)
{
    (void)state;
    check("when production 'p", "when production 'press' ");
    check("when abatement 'p", "when abatement 'p");
    check("when abatement '", "when abatement 'fan-|");
    check("when abatement ", "when abatement 'fan-|");
    check("in enterprise '华", "in enterprise '华|");
    check("in enterprise '华丰", "in enterprise '华丰化工' ");
    check("in enterprise \"华丰", "in enterprise \"华丰化工\" ");
    check("in enterprise “华丰", "in enterprise “华丰化工” ");
    check("in enterprise 'E2', '华美", "in enterprise 'E2', '华美家具' ");
    check("in park P", "in park P|"); /* 'P1', but also per, power, ... */
    check("facility fan-2", "facility 'fan-2' ");
    check("facility it", "facility 'it''s' ");
}

static void calendars_shifts_and_sets_of_bands_have_names(void **state)
{
    (void)state;
    check("during calendar 'w", "during calendar 'workdays' ");
    check("during shift '", "during shift '|"); /* night, 夜班; workdays have no hours */
    check("during shift 'n", "during shift 'night' ");
    check("during shift 'w", "during shift 'w");
    check("班次'夜", "班次'夜班' ");
    check("using bands '", "using bands 'strict' ");
}

/* How many there are behind a word of which nothing is typed yet, or only a part. */
static void check_count(const char *text, size_t n, const char *one)
{
    struct completion completion;
    bool is_there = false;

    completion_find(&scope, text, strlen(text), &completion);
    for (size_t i = 0; i < completion.n; i++)
        is_there |= strcmp(completion.candidates[i], one) == 0;
    assert_int_equal(completion.n, n);
    assert_true(is_there);
    completion_clear(&completion);
}

static void what_follows_a_word_is_offered_before_it_is_typed(void **state)
{
    (void)state;
    check_count("duration of abatement off by ", 10, "grade"); /* nine keys and a tag */
    check_count("治污停运的时长 按 ", 10, "grade");
    check("duration of abatement off by gra", "duration of abatement off by grade ");
    check_count("list ", 14, "orders");
    check_count("which ", 6, "enterprises");
    check_count("energy of production by day vs ", 6, "previous");
    check("when abatement off using ", "when abatement off using bands ");
    check("when abatement off using ban", "when abatement off using band|"); /* bands, band */
    check("standby ", "standby ");                                           /* ends with a word, and is none */
}

static void names_are_found_without_a_noun_where_no_word_is(void **state)
{
    (void)state;
    check("华丰", "'华丰化工' ");
    check("x 'pre", "x 'press' ");
}

static void chinese_words_stand_close_to_each_other(void **state)
{
    (void)state;
    check("当治污离", "当治污离线");
    check("当 治污离线期", "当 治污离线期间");
    check("在企业华丰", "在企业'华丰化工' ");
    check("在 企业'华丰", "在 企业'华丰化工' ");
    check("园区东", "园区'东区' ");
}

static void dot_commands_and_what_goes_with_them(void **state)
{
    char line[4200], expected[4200];
    FILE *file;

    (void)state;
    snprintf(line, sizeof line, "%s/questions*.gkq", folder);
    file = fopen(line, "w");
    assert_non_null(file);
    fclose(file);
    snprintf(line, sizeof line, "%s/sub", folder);
    assert_int_equal(mkdir(line, 0700), 0);
    check(".m", ".mode ");
    check(".", ".|");
    check(".mode c", ".mode csv ");
    check(".lang z", ".lang zh ");
    check(".read x", ".read x");
    snprintf(line, sizeof line, ".read %s/que", folder);
    snprintf(expected, sizeof expected, ".read %s/questions*.gkq ", folder);
    check(line, expected);
    snprintf(line, sizeof line, ".output %s/sub", folder);
    snprintf(expected, sizeof expected, ".output %s/sub/", folder);
    check(line, expected);
    check(".help .r", ".help .read ");
}

static void definitions_and_channels_are_words_too(void **state)
{
    gk_query *query;
    static const char text[] = "define untreated as abatement off";

    (void)state;
    assert_int_equal(gk_query_prepare(scope.session, scope.snapshot, text, strlen(text), NULL, &query, NULL), GK_OK);
    gk_query_free(query);
    check("when untr", "when untreated ");
}

static void no_bytes_lead_it_astray(void **state)
{
    static const char *const pieces[] = {"'", "\"",     ";",  "--", " ",    "when ", "facility", "企业",
                                         "“", "”",      "，", "华", "\xE5", "\x8D",  "\xFF",     "fan-",
                                         ".", ".read ", "/",  "(",  ",",    "$",     "it",       "*"};
    struct random random = random_from(test_seed("test_complete"));

    (void)state;
    for (uint64_t round = 0; round < test_rounds(3000); round++) {
        struct completion completion;
        char text[256] = "";

        for (uint64_t n = random_below(&random, 12); n > 0; n--)
            strcat(text, pieces[random_below(&random, sizeof pieces / sizeof *pieces)]);
        completion_find(&scope, text, strlen(text), &completion);
        assert_true(completion.n_replaced <= strlen(text));
        assert_true(completion.n == 0 || completion.common != NULL);
        completion_clear(&completion);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(words_are_completed_in_either_case),
    cmocka_unit_test(names_are_those_of_the_noun_before),
    cmocka_unit_test(calendars_shifts_and_sets_of_bands_have_names),
    cmocka_unit_test(what_follows_a_word_is_offered_before_it_is_typed),
    cmocka_unit_test(names_are_found_without_a_noun_where_no_word_is),
    cmocka_unit_test(chinese_words_stand_close_to_each_other),
    cmocka_unit_test(dot_commands_and_what_goes_with_them),
    cmocka_unit_test(definitions_and_channels_are_words_too),
    cmocka_unit_test(no_bytes_lead_it_astray),
};

int main(int argc, char **argv)
{
    if (argc > 1)
        cmocka_set_test_filter(argv[1]);
    return cmocka_run_group_tests(tests, setup, teardown);
}
