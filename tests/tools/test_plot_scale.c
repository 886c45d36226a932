/* Axes: if these fail, a picture has its days, hours or figures in the wrong place or twice. */
#include "support/support.h"

#include <inttypes.h>
#include <math.h>

#include "plot_scale.h"

#define HOUR (3600 * GK_SECOND)
#define DAY  (24 * HOUR)

static gk_time at(const char *text)
{
    gk_time time = 0;

    assert_int_equal(gk_time_parse(text, strlen(text), 28800, &time), GK_OK);
    return time;
}

static struct plot_axis axis_of(const char *from, const char *to)
{
    return (struct plot_axis){.from = at(from), .to = at(to), .right = 1000, .zone_s = 28800};
}

static void a_time_is_placed_in_proportion_and_never_outside(void **state)
{
    struct plot_axis axis = axis_of("2026-01-04", "2026-01-05");

    (void)state;
    assert_true(fabs(plot_axis_place(&axis, at("2026-01-04T06:00")) - 250) < 1e-9);
    assert_true(plot_axis_place(&axis, at("2026-01-03")) == 0);
    assert_true(plot_axis_place(&axis, at("2027-01-03")) == 1000);
    assert_true(plot_axis_place(&axis, GK_TIME_MIN) == 0);
}

static void check_ticks(struct plot_axis axis, size_t most, const char *first, const char *second, size_t n)
{
    struct plot_ticks ticks;

    plot_time_ticks(&axis, most, &ticks);
    assert_int_equal(ticks.n_ticks, n);
    assert_string_equal(ticks.ticks[0].label, first);
    assert_string_equal(ticks.ticks[1].label, second);
}

static void ticks_are_round_on_the_civil_clock(void **state)
{
    (void)state;
    check_ticks(axis_of("2026-01-04", "2026-01-05"), 12, "00:00", "03:00", 9);
    check_ticks(axis_of("2026-01-04T08:03", "2026-01-04T08:13"), 12, "08:03", "08:04", 11);
    check_ticks(axis_of("2026-01-04T08:00:00", "2026-01-04T08:00:30"), 8, "08:00:00", "08:00:05", 7);
    check_ticks(axis_of("2026-01-04T08:00:00", "2026-01-04T08:00:01"), 6, "08:00:00.000", "08:00:00.200", 6);
    check_ticks(axis_of("2026-01-01", "2026-02-01"), 40, "01", "02", 32);
    check_ticks(axis_of("2026-01-01", "2026-02-01"), 10, "05", "12", 4); /* Mondays */
    check_ticks(axis_of("2026-01-10", "2027-01-10"), 20, "Feb", "Mar", 12);
    check_ticks(axis_of("2016-01-01", "2026-01-01"), 12, "2016", "2017", 11);
}

static void behind_the_ticks_stand_the_days_months_and_years(void **state)
{
    struct plot_axis axis = axis_of("2026-01-03T18:00", "2026-01-05T06:00");
    struct plot_ticks ticks;

    (void)state;
    plot_time_ticks(&axis, 12, &ticks);
    assert_int_equal(ticks.n_spans, 3);
    assert_string_equal(ticks.spans[0].labels[0], "2026-01-03 Sat");
    assert_true(ticks.spans[0].from == axis.from && ticks.spans[0].to == at("2026-01-04"));
    assert_string_equal(ticks.spans[1].labels[1], "01-04 Sun");
    assert_true(ticks.spans[2].to == axis.to);
    axis.is_chinese = true;
    plot_time_ticks(&axis, 12, &ticks);
    assert_string_equal(ticks.spans[1].labels[0], "2026年1月4日 周日");
    axis = axis_of("2025-12-20", "2026-01-20");
    plot_time_ticks(&axis, 12, &ticks);
    assert_int_equal(ticks.n_spans, 2);
    assert_string_equal(ticks.spans[1].labels[0], "2026-01");
}

static void days_are_those_of_the_zone(void **state)
{
    struct plot_axis axis = axis_of("2026-01-04", "2026-01-05");
    struct plot_ticks ticks;

    (void)state;
    axis.zone_s = -12600; /* -03:30 */
    plot_time_ticks(&axis, 12, &ticks);
    assert_int_equal(ticks.n_spans, 2);
    assert_true(ticks.spans[1].from == at("2026-01-04T03:30Z"));
    assert_true(plot_next_month(at("2026-01-31T23:30"), 28800) == at("2026-02-01"));
    assert_true(plot_next_month(at("2025-12-31T23:30"), 28800) == at("2026-01-01"));
}

/* Any window: ticks ascend inside of it, are few enough, and spans cover it without a gap. */
static void ticks_and_spans_of_random_windows_hold_together(void **state)
{
    struct random random = random_from(test_seed("plot_scale"));

    (void)state;
    for (int i = 0; i < 3000; i++) {
        gk_time from =
            at("1990-01-01") + (gk_time)random_below(&random, 60 * 365) * DAY + (gk_time)random_below(&random, DAY);
        gk_time size = (gk_time)pow(10, 6 + random_unit(&random) * 11.4);
        struct plot_axis axis = {
            .from = from, .to = from + size, .right = 900, .zone_s = (int32_t)random_below(&random, 24) * 3600 - 39600};
        size_t most = 2 + (size_t)random_below(&random, 30);
        struct plot_ticks ticks;

        plot_time_ticks(&axis, most, &ticks);
        assert_true(ticks.n_ticks <= most || ticks.n_ticks <= 2);
        for (size_t k = 0; k < ticks.n_ticks; k++) {
            assert_true(ticks.ticks[k].time >= axis.from && ticks.ticks[k].time <= axis.to);
            assert_true(k == 0 || ticks.ticks[k].time > ticks.ticks[k - 1].time);
        }
        for (size_t k = 0; k < ticks.n_spans; k++)
            assert_true(ticks.spans[k].from == (k == 0 ? axis.from : ticks.spans[k - 1].to));
        assert_true(ticks.n_spans == 0 || ticks.n_spans == PLOT_SPANS_MAX ||
                    ticks.spans[ticks.n_spans - 1].to == axis.to);
    }
}

static void the_calendar_agrees_with_that_of_the_engine(void **state)
{
    (void)state;
    for (int64_t days = -100000; days < 100000; days += 13) {
        char expected[GK_TIME_TEXT_MAX], text[16];
        int64_t year;
        unsigned month, day;

        plot_civil_of(days, &year, &month, &day);
        gk_time_format(days * DAY, 0, expected);
        snprintf(text, sizeof text, "%04" PRId64 "-%02u-%02u", year, month % 100, day % 100);
        assert_memory_equal(expected, text, 10);
        assert_int_equal(plot_days_of(year, month, day), days);
    }
}

static void check_values(enum gk_type type, double least, double most, size_t wanted, const char *expected)
{
    double values[PLOT_VALUES_MAX];
    char text[256] = "", label[PLOT_LABEL_MAX];
    size_t n, size = 0;

    plot_value_ticks(type, least, most, wanted, values, &n);
    for (size_t i = 0; i < n; i++)
        size += (size_t)snprintf(text + size, sizeof text - size, "%s%s", i > 0 ? " " : "",
                                 plot_value_text(type, values[i], false, label));
    assert_string_equal(text, expected);
}

static void values_are_round_and_reach_from_end_to_end(void **state)
{
    (void)state;
    check_values(GK_TYPE_NUMBER, 0, 13, 5, "0 5 10 15");
    check_values(GK_TYPE_NUMBER, 3, 97, 5, "0 20 40 60 80 100");
    check_values(GK_TYPE_NUMBER, -4, 4, 4, "-4 -2 0 2 4");
    check_values(GK_TYPE_NUMBER, 0, 0, 3, "0 0.5 1");
    check_values(GK_TYPE_COUNT, 0, 2, 5, "0 1 2");
    check_values(GK_TYPE_SHARE, 0, 0.07, 4, "0 % 2 % 4 % 6 % 8 %");
    check_values(GK_TYPE_SECONDS, 0, 3000, 4, "0s 15m 30m 45m 1h");
    check_values(GK_TYPE_SECONDS, 0, 90000, 4, "0s 12h 1d 1d 12h");
}

static void check_text(enum gk_type type, double value, const char *english, const char *chinese)
{
    char text[PLOT_LABEL_MAX];

    assert_string_equal(plot_value_text(type, value, false, text), english);
    assert_string_equal(plot_value_text(type, value, true, text), chinese);
}

static void figures_are_short_and_mean_what_they_say(void **state)
{
    (void)state;
    check_text(GK_TYPE_SECONDS, 0, "0s", "0秒");
    check_text(GK_TYPE_SECONDS, 59.6, "59.6s", "59.6秒");
    check_text(GK_TYPE_SECONDS, 930, "15m 30s", "15分30秒");
    check_text(GK_TYPE_SECONDS, 3599.9, "1h", "1小时");
    check_text(GK_TYPE_SECONDS, 4320, "1h 12m", "1小时12分");
    check_text(GK_TYPE_SECONDS, 86399, "1d", "1天");
    check_text(GK_TYPE_SECONDS, 273600, "3d 4h", "3天4小时");
    check_text(GK_TYPE_SHARE, 0.12345, "12.3 %", "12.3 %");
    check_text(GK_TYPE_SHARE, 0.0179, "1.79 %", "1.79 %");
    check_text(GK_TYPE_SHARE, 1, "100 %", "100 %");
    check_text(GK_TYPE_NUMBER, 1234567, "1234567", "1234567");
    check_text(GK_TYPE_NUMBER, 12.3456, "12.35", "12.35");
    check_text(GK_TYPE_NUMBER, 0.00002, "2e-05", "2e-05");
    check_text(GK_TYPE_NUMBER, NAN, "", "");
    check_text(GK_TYPE_COUNT, 17, "17", "17");
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(a_time_is_placed_in_proportion_and_never_outside),
    cmocka_unit_test(ticks_are_round_on_the_civil_clock),
    cmocka_unit_test(behind_the_ticks_stand_the_days_months_and_years),
    cmocka_unit_test(days_are_those_of_the_zone),
    cmocka_unit_test(ticks_and_spans_of_random_windows_hold_together),
    cmocka_unit_test(the_calendar_agrees_with_that_of_the_engine),
    cmocka_unit_test(values_are_round_and_reach_from_end_to_end),
    cmocka_unit_test(figures_are_short_and_mean_what_they_say),
};

RUN_TESTS(tests)
