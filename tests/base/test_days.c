/*
 * test_days.c - days of a week in the ways in which people write them.
 */
#include "support/support.h"

#include "gk.h"

static uint32_t days_of(const char *text)
{
    uint32_t days = 0xFFFF;
    return gk_days_parse(text, strlen(text), &days) == GK_OK ? days : 0xEEEE;
}

static void days_are_read_as_people_write_them(void **state)
{
    (void)state;
    assert_int_equal(days_of("mon-fri"), 0x1F);
    assert_int_equal(days_of("Monday - Friday"), 0xEEEE); /* blanks part days */
    assert_int_equal(days_of("Monday-Friday"), 0x1F);
    assert_int_equal(days_of("sat;sun"), 0x60);
    assert_int_equal(days_of("sat, sun"), 0x60);
    assert_int_equal(days_of("1-5"), 0x1F);
    assert_int_equal(days_of("sat-mon"), 0x61);
    assert_int_equal(days_of("mon;wed-thu"), 0x0D);
    assert_int_equal(days_of("周一至周五"), 0x1F);
    assert_int_equal(days_of("星期六、星期日"), 0x60);
    assert_int_equal(days_of("周天"), 0x40);
    assert_int_equal(days_of("周末"), 0x60);
    assert_int_equal(days_of("每天"), 0x7F);
    assert_int_equal(days_of("*"), 0x7F);
    assert_int_equal(days_of("none"), 0);
    assert_int_equal(days_of("无"), 0);
}

static void what_is_no_day_is_refused(void **state)
{
    static const char *const wrong[] = {"",       "mon-",     "-fri", "mo", "8",       "0",
                                        "monfri", "mon;;tue", "mon;", "周", "mon tues"};
    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_int_equal(days_of(wrong[i]), 0xEEEE);
}

static void every_set_of_days_reads_back(void **state)
{
    char text[GK_DAYS_TEXT_MAX];
    (void)state;
    for (uint32_t days = 0; days <= GK_DAYS_ALL; days++)
        assert_int_equal(days_of(gk_days_text(days, text)), days);
    assert_string_equal(gk_days_text(0x1F, text), "mon-fri");
    assert_string_equal(gk_days_text(0x60, text), "sat;sun");
    assert_string_equal(gk_days_text(GK_DAYS_ALL, text), "daily");
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(days_are_read_as_people_write_them),
    cmocka_unit_test(what_is_no_day_is_refused),
    cmocka_unit_test(every_set_of_days_reads_back),
};

RUN_TESTS(tests)
