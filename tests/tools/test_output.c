/* The notations: if these fail, a spreadsheet, a JSON reader or a terminal gets something else than was meant. */
#include "support/support.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <signal.h>
#include <unistd.h>

#include "output.h"

typedef void (*writer_fn)(struct output *out, const char *text, size_t size);

static void check_bytes(writer_fn write, const char *text, size_t size, const char *expected)
{
    struct output out;

    output_init(&out, -1);
    write(&out, text, size);
    output_bytes(&out, "", 1);
    assert_string_equal(out.bytes, expected);
    output_clear(&out);
}

static void check(writer_fn write, const char *text, const char *expected)
{
    check_bytes(write, text, strlen(text), expected);
}

static void csv_quotes_what_it_must_and_nothing_else(void **state)
{
    (void)state;
    check(output_csv, "", "");
    check(output_csv, "fan 1", "fan 1");
    check(output_csv, "a,b", "\"a,b\"");
    check(output_csv, "say \"hi\"", "\"say \"\"hi\"\"\"");
    check(output_csv, "two\nlines", "\"two\nlines\"");
    check(output_csv, "风机", "风机");
}

static void csv_disarms_what_a_spreadsheet_would_run(void **state)
{
    (void)state;
    check(output_csv_guarded, "=1+1", "'=1+1");
    check(output_csv_guarded, "+1", "'+1");
    check(output_csv_guarded, "-1", "'-1");
    check(output_csv_guarded, "@x", "'@x");
    check(output_csv_guarded, "\tx", "'\tx");
    check(output_csv_guarded, "\rx", "\"'\rx\"");
    check(output_csv_guarded, "\nx", "\"'\nx\"");
    check(output_csv_guarded, "＝1+1", "'＝1+1");
    check(output_csv_guarded, "＋1", "'＋1");
    check(output_csv_guarded, "", "");
    check(output_csv_guarded, "=HYPERLINK(\"x\",1)", "\"'=HYPERLINK(\"\"x\"\",1)\"");
    check(output_csv_guarded, "fan=1", "fan=1");
}

static void json_escapes_control_characters_and_bad_bytes(void **state)
{
    (void)state;
    check(output_json, "a\"b\\c", "\"a\\\"b\\\\c\"");
    check(output_json, "a\nb\x1b[m", "\"a\\nb\\u001b[m\"");
    check(output_json, "风机", "\"风机\"");
    check(output_json, "\xff", "\"\xEF\xBF\xBD\"");
    check(output_json, "\xE2\x80\xAE", "\"\\u202e\"");
    check_bytes(output_json, "a\0b", 3, "\"a\\u0000b\"");
}

static void what_is_shown_cannot_move_the_cursor(void **state)
{
    (void)state;
    check(output_shown, "fan\x1b[2J", "fan\\x1b[2J");
    check(output_shown, "a\xC2\x85", "a\\u0085");
    check(output_shown, "\xE2\x80\xAE evil", "\\u202e evil");
    check(output_shown, "fan\xE2\x80\x8B\xEF\xBB\xBF", "fan\\u200b\\ufeff"); /* nor look like another name */
    check(output_shown, "a\xE4\xB8", "a\\xe4\\xb8");
    check(output_shown, "风机 1", "风机 1");
}

static void markdown_keeps_its_cells(void **state)
{
    (void)state;
    check(output_markdown, "a|b", "a\\|b");
    check(output_markdown, "P1_fan*", "P1_fan\\*");
    check(output_markdown, "_fan_", "\\_fan\\_");
    check(output_markdown, "[fan](http://x)", "\\[fan](http://x)");
    check(output_markdown, "", "");
    check_bytes(output_markdown, "a\0b", 3, "a\\x00b");
}

static void check_number(double value, const char *expected)
{
    char text[NUMBER_TEXT_MAX];

    assert_int_equal(number_format(value, text), strlen(expected));
    assert_string_equal(text, expected);
}

static void numbers_are_the_shortest_that_read_back(void **state)
{
    (void)state;
    check_number(0.1, "0.1");
    check_number(7.5, "7.5");
    check_number(1.0 / 3, "0.3333333333333333");
    check_number(0.1 + 0.2, "0.30000000000000004");
    check_number(1e300, "1e+300");
    check_number(-0.0, "0");
    check_number(NAN, "");
    check_number(INFINITY, "inf");
    check_number(86400, "86400");
}

static void check_share(double value, const char *expected)
{
    char text[NUMBER_TEXT_MAX];

    text[share_format(value, text)] = '\0';
    assert_string_equal(text, expected);
}

static void a_share_is_one_only_when_it_is(void **state)
{
    (void)state;
    check_share(1, "1");
    check_share(0, "0");
    check_share(0.99999999, "0.999999");
    check_share(1.0 / 3, "0.333333");
    check_share(1e-9, "1e-09");
}

static void random_numbers_read_back_to_the_bit(void **state)
{
    struct random random = random_from(test_seed("output"));

    (void)state;
    for (int i = 0; i < 20000; i++) {
        char text[NUMBER_TEXT_MAX];
        double value;
        uint64_t bits = random_u64(&random);

        memcpy(&value, &bits, sizeof value);
        if (!isfinite(value) || value == 0)
            continue;
        assert_true(number_format(value, text) < NUMBER_TEXT_MAX);
        assert_bits_equal(strtod(text, NULL), value);
    }
}

static void check_fixed(int64_t value, int decimals, const char *expected)
{
    struct output out;

    output_init(&out, -1);
    output_fixed(&out, value, decimals);
    output_bytes(&out, "", 1);
    assert_string_equal(out.bytes, expected);
    output_clear(&out);
}

static void fixed_decimals_keep_their_zeros(void **state)
{
    (void)state;
    check_fixed(0, 0, "0");
    check_fixed(0, 2, "0.00");
    check_fixed(7, 3, "0.007");
    check_fixed(-105, 2, "-1.05");
    check_fixed(INT64_MIN, 0, "-9223372036854775808");
    check_fixed(INT64_MAX, 3, "9223372036854775.807");
}

static void a_full_disk_is_remembered_and_a_reader_that_left_is_no_failure(void **state)
{
    struct output out;
    int ends[2], fd = open("/dev/full", O_WRONLY);

    (void)state;
    if (fd >= 0) { /* there is none outside of Linux */
        output_init(&out, fd);
        output_text(&out, "x");
        output_flush(&out);
        assert_int_equal(out.failure, ENOSPC);
        output_clear(&out);
        close(fd);
    }
    assert_int_equal(pipe(ends), 0);
    close(ends[0]);
    output_init(&out, ends[1]);
    output_text(&out, "x");
    output_flush(&out);
    assert_true(out.is_closed);
    assert_int_equal(out.failure, 0);
    output_clear(&out);
    close(ends[1]);
}

static void a_time_is_iso_or_milliseconds(void **state)
{
    static const struct {
        gk_time time;
        const char *iso, *epoch;
    } cases[] = {{0, "1970-01-01T08:00:00+08:00", "0"},
                 {INT64_C(1767484800) * GK_SECOND, "2026-01-04T08:00:00+08:00", "1767484800000"},
                 {1500000, "1970-01-01T08:00:00.001500+08:00", "1.5"},
                 {-1, "1970-01-01T07:59:59.999999999+08:00", "-0.000001"}};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct output out;

        output_init(&out, -1);
        output_time(&out, cases[i].time, 28800, false);
        output_text(&out, " ");
        output_time(&out, cases[i].time, 28800, true);
        output_bytes(&out, "", 1);
        assert_memory_equal(out.bytes, cases[i].iso, strlen(cases[i].iso));
        assert_string_equal(out.bytes + strlen(cases[i].iso) + 1, cases[i].epoch);
        output_clear(&out);
    }
}

static void a_number_for_the_eyes_has_ten_digits(void **state)
{
    static const struct {
        double value;
        const char *text;
    } cases[] = {{-378.2857142857143, "-378.2857143"},
                 {0.1 + 0.2, "0.3"},
                 {2, "2"},
                 {-0.0, "0"},
                 {NAN, ""},
                 {12345678901234, "12345678901234"},
                 {1e300, "1e+300"},
                 {0.000012345, "1.2345e-05"},
                 {123456789.125, "123456789.1"},
                 {INFINITY, "inf"}};
    char text[NUMBER_TEXT_MAX];

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        text[number_shown(cases[i].value, text)] = '\0';
        assert_string_equal(text, cases[i].text);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(csv_quotes_what_it_must_and_nothing_else),
    cmocka_unit_test(csv_disarms_what_a_spreadsheet_would_run),
    cmocka_unit_test(a_time_is_iso_or_milliseconds),
    cmocka_unit_test(a_number_for_the_eyes_has_ten_digits),
    cmocka_unit_test(json_escapes_control_characters_and_bad_bytes),
    cmocka_unit_test(what_is_shown_cannot_move_the_cursor),
    cmocka_unit_test(markdown_keeps_its_cells),
    cmocka_unit_test(numbers_are_the_shortest_that_read_back),
    cmocka_unit_test(a_share_is_one_only_when_it_is),
    cmocka_unit_test(random_numbers_read_back_to_the_bit),
    cmocka_unit_test(fixed_decimals_keep_their_zeros),
    cmocka_unit_test(a_full_disk_is_remembered_and_a_reader_that_left_is_no_failure),
};

int main(int argc, char **argv)
{
    signal(SIGPIPE, SIG_IGN); /* as gk does */
    if (argc > 1)
        cmocka_set_test_filter(argv[1]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
