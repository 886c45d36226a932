/*
 * test_lex.c - from text to tokens: numbers with units, times, names, both scripts.
 */
#include "support/support.h"

#include "lex.h"
#include "utf8.h"

static struct arena arena;
static struct gk_query_error error;

static void *resize(void *context, void *p, size_t size)
{
    (void)context;
    if (size == 0) {
        free(p);
        return NULL;
    }
    return realloc(p, size);
}

static struct tokens take(const char *text, int expected)
{
    struct report report = {.text = text, .size = strlen(text), .error = &error};
    struct tokens tokens;

    memset(&error, 0, sizeof error);
    assert_int_equal(lex(&arena, &report, &tokens), expected);
    return tokens;
}

static int setup(void **state)
{
    (void)state;
    arena_init(&arena, resize, NULL, (size_t)64 << 20);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    arena_clear(&arena);
    return 0;
}

static void durations_carry_their_unit(void **state)
{
    static const struct {
        const char *text;
        int64_t ns;
    } cases[] = {{"500ms", 500000000},        {"10s", 10 * GK_SECOND},         {"10m", 600 * GK_SECOND},
                 {"2h", 7200 * GK_SECOND},    {"7d", 604800 * GK_SECOND},      {"1w", 604800 * GK_SECOND},
                 {"1h30m", 5400 * GK_SECOND}, {"1.5h", 5400 * GK_SECOND},      {"0.1ms", 100000},
                 {"10分钟", 600 * GK_SECOND}, {"２４小时", 86400 * GK_SECOND}, {"１０ｍ", 600 * GK_SECOND}};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct tokens tokens = take(cases[i].text, GK_OK);
        assert_int_equal(tokens.list[0].kind, T_DURATION);
        assert_true(tokens.list[0].ns == cases[i].ns);
        assert_int_equal(tokens.n, 2);
    }
}

static void months_are_refused_with_a_hint(void **state)
{
    static const char *const texts[] = {"10M", "3mo", "3 + 2months", "2Mo"};

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        (void)take(texts[i], GK_ESYNTAX);
        assert_non_null(strstr(error.hint, "this month"));
    }
}

static void quantities_are_in_base_units(void **state)
{
    static const struct {
        const char *text;
        enum unit_kind kind;
        double number;
    } cases[] = {{"50A", UNIT_CURRENT, 50},   {"200mA", UNIT_CURRENT, 0.2},  {"0.2kW", UNIT_POWER, 0.2},
                 {"1500W", UNIT_POWER, 1.5},  {"2MW", UNIT_POWER, 2000},     {"30%", UNIT_SHARE, 0.3},
                 {"380V", UNIT_VOLTAGE, 380}, {"10kV", UNIT_VOLTAGE, 10000}, {"5kWh", UNIT_ENERGY, 5},
                 {"３０％", UNIT_SHARE, 0.3}};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct tokens tokens = take(cases[i].text, GK_OK);
        assert_int_equal(tokens.list[0].kind, T_QUANTITY);
        assert_int_equal(tokens.list[0].unit->kind, cases[i].kind);
        double difference = tokens.list[0].number - cases[i].number;
        assert_true(difference < 1e-12 && difference > -1e-12);
    }
}

static void times_need_no_quotes(void **state)
{
    static const char *const texts[] = {
        "2026-11-20",       "2026-11-20T08:00",     "2026-11-20T08:00+08:00", "2026-11-20T08:00:15.25Z",
        "2026-11-20 08:00", "2026-11-20T08:00-0530"};

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct tokens tokens = take(texts[i], GK_OK);
        assert_int_equal(tokens.n, 2);
        assert_int_equal(tokens.list[0].kind, T_TIME);
        assert_string_equal(tokens.list[0].text.bytes, texts[i]);
    }
    struct tokens hours = take("hours 22:00-06:00", GK_OK);
    assert_int_equal(hours.n, 5);
    assert_int_equal(hours.list[1].seconds, 22 * 3600);
    assert_int_equal(hours.list[2].kind, T_MINUS);
    (void)take("25:00", GK_ESYNTAX);
}

static void names_take_any_quotes(void **state)
{
    static const struct {
        const char *text, *name;
    } cases[] = {{"'F12'", "F12"},     {"\"F12\"", "F12"},   {"‘一号风机’", "一号风机"}, {"“一号风机”", "一号风机"},
                 {"＇一号＇", "一号"}, {"「一号」", "一号"}, {"'it''s'", "it's"},        {"'a＇b'", "a＇b"}};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct tokens tokens = take(cases[i].text, GK_OK);
        assert_int_equal(tokens.list[0].kind, T_NAME);
        assert_string_equal(tokens.list[0].text.bytes, cases[i].name);
    }
    (void)take("facility 'F12", GK_ESYNTAX);
    (void)take("facility ''", GK_ESYNTAX);
}

static void chinese_words_are_cut_at_the_longest_match(void **state)
{
    static const enum word words[] = {W_WHEN, W_ABATEMENT, W_OFFLINE, W_DURING_THAT, W_PRODUCTION, W_RUNNING, W_FOR};

    (void)state;
    struct tokens tokens = take("当 治污离线期间生产运行持续10分钟", GK_OK);
    assert_int_equal(tokens.n, 9);
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        assert_int_equal(tokens.list[i].word, words[i]);
}

static void chinese_dates_counts_and_comparisons_are_tokens(void **state)
{
    static const struct {
        const char *text, *iso;
    } times[] = {{"2026年11月20日", "2026-11-20"},
                 {"2026年1月2日8时5分", "2026-01-02T08:05"},
                 {"２０２６年11月20日8点", "2026-11-20T08:00"},
                 {"2026年11月20日8:30", "2026-11-20T08:30"}};
    static const enum token_kind kinds[] = {T_LESS, T_LESS_EQUAL, T_GREATER, T_GREATER_EQUAL, T_EQUAL, T_NOT_EQUAL};

    (void)state;
    for (size_t i = 0; i < sizeof times / sizeof times[0]; i++) {
        struct tokens tokens = take(times[i].text, GK_OK);
        assert_int_equal(tokens.n, 2);
        assert_int_equal(tokens.list[0].kind, T_TIME);
        assert_string_equal(tokens.list[0].text.bytes, times[i].iso);
    }
    struct tokens signs = take("低于不超过大于不少于等于不等于", GK_OK);
    for (size_t i = 0; i < 6; i++)
        assert_int_equal(signs.list[i].kind, kinds[i]);
    assert_string_equal(take("95分位数", GK_OK).list[0].text.bytes, "p95");
    assert_int_equal(take("2台以上", GK_OK).list[1].word, W_MEASURE);
}

static void parts_of_a_duration_all_have_a_unit(void **state)
{
    (void)state;
    (void)take("1h30", GK_ESYNTAX);
    assert_int_equal(error.from, 2);
    (void)take("1h30kW", GK_ESYNTAX);
    assert_true(take("10 minutes", GK_OK).list[0].ns == 600 * GK_SECOND);
    assert_true(take("24 小时", GK_OK).list[0].ns == 86400 * GK_SECOND);
    assert_true(take("10 m", GK_OK).list[0].ns == 600 * GK_SECOND);
    assert_int_equal(take("5 kW", GK_OK).list[0].unit->kind, UNIT_POWER);
    assert_int_equal(take("10 by", GK_OK).n, 3);
    (void)take("3 months", GK_ESYNTAX);
    assert_int_equal(error.from, 2);
}

static void long_decimals_are_read_as_far_as_they_matter(void **state)
{
    (void)state;
    assert_true(take("0.0000000000000000000000000001", GK_OK).list[0].number == 0);
    assert_true(take("1.50000000000000000000000000000", GK_OK).list[0].number == 1.5);
    (void)take("99999999999999999999", GK_ESYNTAX);
}

static void a_statement_ends_at_its_semicolon(void **state)
{
    (void)state;
    struct tokens tokens = take(" ; -- nothing; yet\n when ; which", GK_OK);
    assert_int_equal(tokens.n, 2);
    assert_int_equal(tokens.used, strlen(" ; -- nothing; yet\n when ;"));
    assert_int_equal(take("-- only a comment", GK_OK).n, 1);
    assert_int_equal(take("list parks；list lines", GK_OK).n, 3);
}

static void who_looks_ahead_of_the_end_finds_ends(void **state)
{
    static const char *const texts[] = {"", "energy of ((production", "list parks; list lines"};

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct tokens tokens = take(texts[i], GK_OK);
        for (size_t k = 0; k <= LEX_AHEAD; k++)
            assert_int_equal(tokens.list[tokens.n - 1 + k].kind, T_END);
    }
}

static void columns_are_counted_for_people(void **state)
{
    (void)state;
    assert_int_equal(utf8_count("当 a", strlen("当 a")), 3);
    assert_int_equal(utf8_columns("当 a", strlen("当 a")), 4);
    assert_int_equal(utf8_distance("offlin", 6, "offline", 7, 3), 1);
    assert_int_equal(utf8_distance("oflfine", 7, "offline", 7, 3), 1);
    assert_int_equal(utf8_distance("x", 1, "offline", 7, 2), 3);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(durations_carry_their_unit),
    cmocka_unit_test(months_are_refused_with_a_hint),
    cmocka_unit_test(quantities_are_in_base_units),
    cmocka_unit_test(times_need_no_quotes),
    cmocka_unit_test(names_take_any_quotes),
    cmocka_unit_test(chinese_words_are_cut_at_the_longest_match),
    cmocka_unit_test(chinese_dates_counts_and_comparisons_are_tokens),
    cmocka_unit_test(parts_of_a_duration_all_have_a_unit),
    cmocka_unit_test(long_decimals_are_read_as_far_as_they_matter),
    cmocka_unit_test(a_statement_ends_at_its_semicolon),
    cmocka_unit_test(who_looks_ahead_of_the_end_finds_ends),
    cmocka_unit_test(columns_are_counted_for_people),
};

int main(int argc, char **argv)
{
    if (argc > 1)
        cmocka_set_test_filter(argv[1]);
    return cmocka_run_group_tests(tests, setup, teardown);
}
