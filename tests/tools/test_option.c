/* Reading a command line: values to the bit, places of options, and that nothing odd is taken for something else. */
#include "support/support.h"

#include "nearest.h"
#include "option.h"

static int never_run(const struct command *self, int argc, char **argv)
{
    (void)self;
    (void)argc;
    (void)argv;
    return EXIT_STORE;
}

static const struct command command = {"try", "for tests", "gk try STORE FILE...\n", 1, 3, never_run, NULL};

struct values {
    bool is_strict;
    const char *format;
    uint64_t threads;
    int32_t zone_s;
};

/* Reads up to 7 words; returns whether the command would go on. */
static bool read_words(const char *const *words, struct values *values, char **operands, int *n, int *status)
{
    const struct option options[] = {{"strict", 's', OPTION_FLAG, &values->is_strict},
                                     {"format", 0, OPTION_TEXT, &values->format},
                                     {"threads", 0, OPTION_COUNT, &values->threads},
                                     {"zone", 0, OPTION_ZONE, &values->zone_s}};
    int argc = 0;

    *values = (struct values){0};
    for (; words[argc] != NULL; argc++)
        memcpy(&operands[argc], &words[argc], sizeof *operands); /* argv is not const, for historical reasons */
    return options_read(&command, options, sizeof options / sizeof *options, argc, operands, n, status);
}

static void options_may_stand_anywhere(void **state)
{
    const char *const words[] = {"--threads", "3", "store", "--format=csv", "a.csv", "-s", NULL};
    struct values values;
    char *operands[8];
    int n, status;

    (void)state;
    assert_true(read_words(words, &values, operands, &n, &status));
    assert_int_equal(n, 2);
    assert_string_equal(operands[0], "store");
    assert_string_equal(operands[1], "a.csv");
    assert_int_equal(values.threads, 3);
    assert_string_equal(values.format, "csv");
    assert_true(values.is_strict);
}

static void two_dashes_end_the_options_and_one_is_an_operand(void **state)
{
    const char *const words[] = {"store", "-", "--", "--strict", NULL};
    struct values values;
    char *operands[8];
    int n, status;

    (void)state;
    assert_true(read_words(words, &values, operands, &n, &status));
    assert_int_equal(n, 3);
    assert_string_equal(operands[1], "-");
    assert_string_equal(operands[2], "--strict");
    assert_false(values.is_strict);
}

static void a_value_may_begin_with_a_dash(void **state)
{
    const char *const words[] = {"--zone", "-03:30", "store", NULL};
    struct values values;
    char *operands[8];
    int n, status;

    (void)state;
    assert_true(read_words(words, &values, operands, &n, &status));
    assert_int_equal(values.zone_s, -(3 * 3600 + 30 * 60));
}

static void what_is_wrong_ends_with_the_status_for_usage(void **state)
{
    static const char *const wrong[][4] = {
        {"store", "--stric", NULL},     {"store", "--threads", NULL}, {"store", "--threads", "x", NULL},
        {"store", "--strict=1", NULL},  {"store", "-x", NULL},        {NULL},
        {"store", "--threads=-1", NULL}};
    static const char *const many[] = {"a", "b", "c", "d", NULL};
    struct values values;
    char *operands[8];
    int n, status;

    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        status = 0;
        assert_false(read_words(wrong[i], &values, operands, &n, &status));
        assert_int_equal(status, EXIT_USAGE);
    }
    assert_false(read_words(many, &values, operands, &n, &status));
    assert_int_equal(status, EXIT_USAGE);
}

static void durations_need_a_unit(void **state)
{
    int64_t ns;

    (void)state;
    assert_true(text_to_duration("250ms", &ns));
    assert_int_equal(ns, 250000000);
    assert_true(text_to_duration("1.5s", &ns));
    assert_int_equal(ns, 1500000000);
    assert_true(text_to_duration("1d", &ns));
    assert_int_equal(ns, 86400 * GK_SECOND);
    assert_false(text_to_duration("10", &ns));
    assert_false(text_to_duration("s", &ns));
    assert_false(text_to_duration("-1s", &ns));
    assert_false(text_to_duration("1 s", &ns));
    assert_false(text_to_duration("1.2.3s", &ns));
    assert_false(text_to_duration("999999999999999d", &ns));
}

static void zones_are_fixed_offsets(void **state)
{
    int32_t s;

    (void)state;
    assert_true(text_to_zone("+08:00", &s));
    assert_int_equal(s, 28800);
    assert_true(text_to_zone("-0330", &s));
    assert_int_equal(s, -12600);
    assert_true(text_to_zone("+8", &s));
    assert_int_equal(s, 28800);
    assert_true(text_to_zone("UTC", &s));
    assert_int_equal(s, 0);
    assert_false(text_to_zone("Asia/Shanghai", &s));
    assert_false(text_to_zone("08:00", &s));
    assert_false(text_to_zone("+08:60", &s));
    assert_false(text_to_zone("+99", &s));
    assert_false(text_to_zone("", &s));
}

static void shares_and_counts_are_whole_texts(void **state)
{
    double share;
    uint64_t n;

    (void)state;
    assert_true(text_to_share("25%", &share) && share == 0.25);
    assert_true(text_to_share("0.5", &share) && share == 0.5);
    assert_false(text_to_share("150%", &share));
    assert_false(text_to_share("25 %", &share));
    assert_true(text_to_count("18446744073709551606", &n));
    assert_false(text_to_count("18446744073709551616", &n));
    assert_false(text_to_count("1x", &n));
    assert_false(text_to_count("", &n));
}

static void the_nearest_word_is_near(void **state)
{
    static const char *const words[] = {"load", "query", "check", "simulate"};

    (void)state;
    assert_int_equal(word_distance("lode", "load"), 2);
    assert_int_equal(word_distance("qeury", "query"), 1);
    assert_int_equal(word_nearest("qeury", words, 4), 1);
    assert_int_equal(word_nearest("simulat", words, 4), 3);
    assert_int_equal(word_nearest("frobnicate", words, 4), 4);
    assert_int_equal(word_nearest("", words, 4), 4);
}

static void seconds_may_stand_without_a_unit(void **state)
{
    int64_t ns;

    (void)state;
    assert_true(text_to_seconds("5", &ns));
    assert_int_equal(ns, 5 * GK_SECOND);
    assert_true(text_to_seconds("0.25", &ns));
    assert_int_equal(ns, GK_SECOND / 4);
    assert_true(text_to_seconds("2m", &ns));
    assert_int_equal(ns, 120 * GK_SECOND);
    assert_false(text_to_seconds("", &ns));
    assert_false(text_to_seconds("5 s", &ns));
    assert_false(text_to_seconds("-5", &ns));
    assert_false(text_to_seconds("9999999999999", &ns));
}

static void a_list_takes_every_one_until_it_is_full(void **state)
{
    struct option_list list = {.n = 0};
    const struct option options[] = {{"param", 'p', OPTION_LIST, &list}};
    char words[2 * OPTION_LIST_MAX + 3][8], *argv[2 * OPTION_LIST_MAX + 3];
    int argc = 0, n, status;

    (void)state;
    for (; argc < 2 * OPTION_LIST_MAX + 3; argc++) {
        if (argc % 2 == 0 && argc > 0)
            snprintf(words[argc], sizeof words[argc], "a=%u", (unsigned char)(argc / 2 - 1));
        else
            snprintf(words[argc], sizeof words[argc], argc == 0 ? "store" : "-p");
        argv[argc] = words[argc];
    }
    assert_false(options_read(&command, options, 1, argc, argv, &n, &status));
    assert_int_equal(status, EXIT_USAGE);
    list.n = 0;
    assert_true(options_read(&command, options, 1, 5, argv, &n, &status));
    assert_int_equal(list.n, 2);
    assert_string_equal(list.items[0], "a=0");
    assert_string_equal(list.items[1], "a=1");
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(options_may_stand_anywhere),
    cmocka_unit_test(seconds_may_stand_without_a_unit),
    cmocka_unit_test(a_list_takes_every_one_until_it_is_full),
    cmocka_unit_test(two_dashes_end_the_options_and_one_is_an_operand),
    cmocka_unit_test(a_value_may_begin_with_a_dash),
    cmocka_unit_test(what_is_wrong_ends_with_the_status_for_usage),
    cmocka_unit_test(durations_need_a_unit),
    cmocka_unit_test(zones_are_fixed_offsets),
    cmocka_unit_test(shares_and_counts_are_whole_texts),
    cmocka_unit_test(the_nearest_word_is_near),
};

RUN_TESTS(tests)
