/*
 * test_clock.c - civil days against libc's over all of the years, times as text there and back, and what is refused.
 */
#include "support/support.h"

#include <time.h>

#include "base/clock.h"

#define EAST8 28800

static int parse(const char *text, gk_time *out)
{
    return gk_time_parse(text, strlen(text), EAST8, out);
}

static void assert_time(const char *text, gk_time expected)
{
    gk_time t = 0;
    if (parse(text, &t) != GK_OK || t != expected)
        fail_msg("'%s' gave %lld, not %lld", text, (long long)t, (long long)expected);
}

static void assert_refused(const char *text, int status)
{
    gk_time t;
    int rc = parse(text, &t);
    if (rc != status)
        fail_msg("'%s' gave status %d, not %d", text, rc, status);
}

static void civil_days_agree_with_libc(void **state)
{
    (void)state;
    for (int64_t day = -106700; day <= 106700; day++) {
        time_t t = (time_t)(day * CLOCK_DAY_S);
        struct tm tm;
        assert_non_null(gmtime_r(&t, &tm));
        struct clock_date date = clock_date_of(day);
        assert_int_equal(date.year, tm.tm_year + 1900);
        assert_int_equal(date.month, tm.tm_mon + 1);
        assert_int_equal(date.day, tm.tm_mday);
        assert_int_equal(clock_days(date), day);
        assert_in_range(date.day, 1, clock_month_days(date.year, date.month));
    }
    for (int64_t day = -4000000; day < 4000000; day += 997) /* years -9000 to 13000 */
        assert_int_equal(clock_days(clock_date_of(day)), day);
}

static void months_have_their_days(void **state)
{
    (void)state;
    assert_int_equal(clock_month_days(2000, 2), 29);
    assert_int_equal(clock_month_days(1900, 2), 28);
    assert_int_equal(clock_month_days(2024, 2), 29);
    assert_int_equal(clock_month_days(2026, 2), 28);
    assert_int_equal(clock_month_days(2026, 0), 0);
    assert_int_equal(clock_month_days(2026, 13), 0);
}

#define NOON_S INT64_C(1795147200) /* 2026-11-20T04:00:00Z, noon in +08:00 */

static void iso_texts_are_read(void **state)
{
    gk_time noon = NOON_S * GK_SECOND;
    (void)state;

    assert_time("2026-11-20", noon - 12 * 3600 * GK_SECOND);
    assert_time("2026-11-20T12:00", noon);
    assert_time("2026-11-20 12:00", noon);
    assert_time("2026-11-20T12:00:00", noon);
    assert_time("2026-11-20T12:00:00.25", noon + GK_SECOND / 4);
    assert_time("2026-11-20T12:00:00.000000001", noon + 1);
    assert_time("2026-11-20T04:00:00Z", noon);
    assert_time("2026-11-20T04:00Z", noon);
    assert_time("2026-11-20T14:30:00+10:30", noon);
    assert_time("2026-11-20T14:30:00+1030", noon);
    assert_time("2026-11-20T14:00:00+10", noon);
    assert_time("2026-11-19T23:00:00.5-05:00", noon + GK_SECOND / 2);
    assert_time("2026-11-19T24:00:00", noon - 12 * 3600 * GK_SECOND);
    assert_time("2024-02-29T00:00:00Z", INT64_C(1709164800) * GK_SECOND);
    assert_time("1969-12-31T23:59:59.999999999Z", -1);
}

static void what_is_no_time_is_refused(void **state)
{
    static const char *const BAD[] = {
        "",
        "x",
        "-",
        ".5",
        "5.",
        "+5",
        "1e9",
        " 5",
        "5 ",
        "0x10",
        "2026-11",
        "2026-11-2",
        "2026-1-20",
        "2026-13-01",
        "2026-00-01",
        "2026-02-30",
        "2026-02-29",
        "2026-11-00",
        "2026-11-31",
        "2026-11-20T",
        "2026-11-20 ",
        "2026-11-20T8:00",
        "2026-11-20T08",
        "2026-11-20T08:0",
        "2026-11-20T08:00:",
        "2026-11-20T08:00:5",
        "2026-11-20T08:60",
        "2026-11-20T08:00:60",
        "2026-06-30T23:59:60Z",
        "2026-11-20T24:00:01",
        "2026-11-20T24:01",
        "2026-11-20T24:00:00.1",
        "2026-11-20T25:00",
        "2026-11-20T08:00:00.",
        "2026-11-20T08:00:00.1234567890",
        "2026-11-20T08:00:00,5",
        "2026-11-20T08:00:00z",
        "2026-11-20t08:00:00",
        "2026-11-20  08:00:00",
        "2026-11-20T08:00:00 Z",
        "2026-11-20T08:00:00+",
        "2026-11-20T08:00:00+8",
        "2026-11-20T08:00:00+08:",
        "2026-11-20T08:00:00+08:0",
        "2026-11-20T08:00:00+08:60",
        "2026-11-20T08:00:00+16:00",
        "2026-11-20T08:00:00+08:00x",
        "2026-11-20T08:00:00Zx",
        "2026-11-20T-8:00",
        "2026/11/20",
        "20261120T080000",
        "+2026-11-20",
        "1700000000.1234567890",
        "1700000000000.1234567",
        "1700000000000000000.5",
        "17000000001.2.3",
    };
    (void)state;
    for (size_t i = 0; i < sizeof BAD / sizeof *BAD; i++)
        assert_refused(BAD[i], GK_ESYNTAX);
}

static void years_beyond_nanoseconds_are_out_of_range(void **state)
{
    gk_time t;
    (void)state;

    assert_time("1678-01-01T00:00:00Z", INT64_C(-9214560000) * GK_SECOND);
    assert_time("2261-12-31T23:59:59.999999999Z", INT64_C(9214646400) * GK_SECOND - 1);
    assert_refused("1677-12-31T23:59:59Z", GK_ERANGE);
    assert_refused("2262-01-01T00:00:00Z", GK_ERANGE);
    assert_refused("2261-12-31T24:00:00Z", GK_ERANGE);
    assert_refused("0000-01-01", GK_ERANGE);
    assert_refused("9999-12-31", GK_ERANGE);
    assert_refused("99999999999", GK_ERANGE); /* seconds */
    assert_refused("9999999999999999999", GK_ERANGE);
    assert_refused("99999999999999999999999999", GK_ERANGE);
    assert_refused("-9223372036854775808", GK_ERANGE);
    assert_int_equal(clock_parse_epoch("9223372036854775807", 19, 1000000, &t), GK_ERANGE);
}

static void epoch_numbers_go_by_their_magnitude(void **state)
{
    (void)state;
    assert_time("0", 0);
    assert_time("-0", 0);
    assert_time("-1", -GK_SECOND);
    assert_time("-0.5", -GK_SECOND / 2);
    assert_time("1795147200", NOON_S * GK_SECOND);
    assert_time("1795147200.25", NOON_S * GK_SECOND + GK_SECOND / 4);
    assert_time("1795147200.000000001", NOON_S * GK_SECOND + 1);
    assert_time("1795147200000", NOON_S * GK_SECOND);
    assert_time("-1795147200000", -NOON_S * GK_SECOND);
    assert_time("1795147200000.000001", NOON_S * GK_SECOND + 1);
    assert_time("1795147200000000", NOON_S * GK_SECOND);
    assert_time("1795147200000000.001", NOON_S * GK_SECOND + 1);
    assert_time("1795147200000000001", NOON_S * GK_SECOND + 1);
    assert_time("100000000000", INT64_C(100000000) * GK_SECOND); /* the first in ms */
}

static void the_unit_of_a_column_overrules_the_magnitude(void **state)
{
    gk_time t;
    (void)state;
    assert_int_equal(clock_parse_epoch("5", 1, 1000000, &t), GK_OK);
    assert_true(t == 5000000);
    assert_int_equal(clock_parse_epoch("-5.25", 5, 1000, &t), GK_OK);
    assert_true(t == -5250);
    assert_int_equal(clock_parse_epoch("1795147200", 10, 1, &t), GK_OK);
    assert_true(t == 1795147200);
    assert_int_equal(clock_parse_epoch("1795147200000", 13, GK_SECOND, &t), GK_ERANGE);
    assert_int_equal(clock_parse_epoch("2026-11-20", 10, 1, &t), GK_ESYNTAX);
    assert_int_equal(clock_parse_epoch("5.5", 3, 1, &t), GK_ESYNTAX);
}

static void hours_of_a_day_are_read(void **state)
{
    static const char *const BAD[] = {"", "6", "6:0", "24:01", "25:00", "06:60", "06:00:00", "6-00", " 6:00", "-6:00"};
    int32_t s;
    (void)state;
    assert_int_equal(clock_parse_hour("22:00", 5, &s), GK_OK);
    assert_int_equal(s, 79200);
    assert_int_equal(clock_parse_hour("6:30", 4, &s), GK_OK);
    assert_int_equal(s, 23400);
    assert_int_equal(clock_parse_hour("24:00", 5, &s), GK_OK);
    assert_int_equal(s, 86400);
    for (size_t i = 0; i < sizeof BAD / sizeof *BAD; i++)
        assert_int_equal(clock_parse_hour(BAD[i], strlen(BAD[i]), &s), GK_ESYNTAX);
}

static void texts_have_the_decimals_they_need(void **state)
{
    char out[GK_TIME_TEXT_MAX];
    gk_time noon = NOON_S * GK_SECOND;
    (void)state;

    assert_int_equal(gk_time_format(noon, EAST8, out), 25);
    assert_string_equal(out, "2026-11-20T12:00:00+08:00");
    gk_time_format(noon + 250000000, 0, out);
    assert_string_equal(out, "2026-11-20T04:00:00.250+00:00");
    gk_time_format(noon + 1000, -12600, out);
    assert_string_equal(out, "2026-11-20T00:30:00.000001-03:30");
    gk_time_format(-1, 0, out);
    assert_string_equal(out, "1969-12-31T23:59:59.999999999+00:00");
    gk_time_format(GK_TIME_MIN, 0, out);
    assert_string_equal(out, "1677-09-21T00:12:43.145224192+00:00");
    gk_time_format(GK_TIME_MAX, 50400, out);
    assert_string_equal(out, "2262-04-12T13:47:16.854775807+14:00");
}

static void every_time_comes_back_from_its_text(void **state)
{
    struct random random = random_from(test_seed("times"));
    char out[GK_TIME_TEXT_MAX];
    (void)state;

    for (uint64_t i = test_rounds(300000); i > 0; i--) {
        static const int64_t STEPS[] = {1, 1000, 1000000, GK_SECOND, 60 * GK_SECOND};
        int64_t step = STEPS[random_below(&random, 5)];
        gk_time t = (gk_time)(random_unit(&random) * 1.8e19 - 9.1e18) / step * step, back;
        int32_t zone_s = (int32_t)random_below(&random, 2 * 54000) - 54000;
        size_t n = gk_time_format(t, zone_s, out);
        assert_int_equal(n, strlen(out));
        assert_int_equal(gk_time_parse(out, n, 0, &back), GK_OK);
        if (back != t)
            fail_msg("%lld became %s became %lld", (long long)t, out, (long long)back);
        for (size_t cut = 0; cut < n; cut++)
            (void)gk_time_parse(out, cut, 0, &back); /* reads nothing behind the cut: for asan */
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(civil_days_agree_with_libc),
    cmocka_unit_test(months_have_their_days),
    cmocka_unit_test(iso_texts_are_read),
    cmocka_unit_test(what_is_no_time_is_refused),
    cmocka_unit_test(years_beyond_nanoseconds_are_out_of_range),
    cmocka_unit_test(epoch_numbers_go_by_their_magnitude),
    cmocka_unit_test(the_unit_of_a_column_overrules_the_magnitude),
    cmocka_unit_test(hours_of_a_day_are_read),
    cmocka_unit_test(texts_have_the_decimals_they_need),
    cmocka_unit_test(every_time_comes_back_from_its_text),
};

RUN_TESTS(tests)
