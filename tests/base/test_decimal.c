/*
 * test_decimal.c - against strtod (in the C locale, glibc's is exactly rounded) on random numbers of every shape, on
 * ties, at the ends of the doubles; and exact decimals.
 */
#include "support/support.h"

#include <locale.h>
#include <math.h>

#include "base/decimal.h"

static int parse(const char *text, double *out)
{
    return decimal_to_double(text, strlen(text), out);
}

static void assert_as_strtod(const char *text)
{
    double v = 0, expected = strtod(text, NULL);
    int rc = parse(text, &v);

    if (rc != (isinf(expected) ? GK_ERANGE : GK_OK) || (rc == GK_OK && memcmp(&v, &expected, sizeof v) != 0))
        fail_msg("'%s' gave %.17g (status %d), not %.17g", text, v, rc, expected);
}

static void numbers_of_every_shape_are_exactly_rounded(void **state)
{
    struct random random = random_from(test_seed("decimals"));
    char text[100];
    (void)state;

    for (uint64_t i = test_rounds(2000000); i > 0; i--) {
        int n_digits = 1 + (int)random_below(&random, random_below(&random, 8) ? 20 : 40);
        int point = (int)random_below(&random, (uint64_t)n_digits + 2);
        char *p = text;
        if (random_below(&random, 4) == 0)
            *p++ = random_below(&random, 2) ? '-' : '+';
        for (int k = 0; k < n_digits; k++) {
            if (k == point)
                *p++ = '.';
            *p++ = (char)('0' + random_below(&random, 10));
        }
        *p = 0;
        if (random_below(&random, 3) == 0)
            sprintf(p, "e%d", (int)random_below(&random, 700) - 360);
        assert_as_strtod(text);
    }
}

static void every_double_comes_back_from_17_digits(void **state)
{
    struct random random = random_from(test_seed("doubles"));
    char text[64];
    (void)state;

    for (uint64_t i = test_rounds(300000); i > 0; i--) {
        uint64_t bits = random_u64(&random);
        double v, back;
        if (random_below(&random, 8) == 0)
            bits &= UINT64_C(0x800FFFFFFFFFFFFF); /* denormal */
        memcpy(&v, &bits, sizeof v);
        if (!isfinite(v))
            continue;
        sprintf(text, "%.17g", v);
        assert_int_equal(parse(text, &back), GK_OK);
        assert_bits_equal(v, back);
    }
}

/* The middle of two doubles has up to 767 digits: it, and what lies a digit beside it. */
static void ties_go_to_the_even_double(void **state)
{
    struct random random = random_from(test_seed("ties"));
    char text[2000];
    (void)state;

    for (uint64_t i = test_rounds(3000); i > 0; i--) {
        uint64_t bits = random_u64(&random) & UINT64_C(0x7FFFFFFFFFFFFFFF);
        double v;
        if (random_below(&random, 4) == 0)
            bits &= UINT64_C(0x000FFFFFFFFFFFFF);
        if (random_below(&random, 2) == 0) /* 10^-10 to 10^10, where plain numbers live */
            bits = (bits & UINT64_C(0x000FFFFFFFFFFFFF)) | (UINT64_C(990) + random_below(&random, 66)) << 52;
        memcpy(&v, &bits, sizeof v);
        if (!isfinite(v))
            continue;
        long double middle = ((long double)v + (long double)nextafter(v, INFINITY)) / 2; /* 64 bits hold it */
        int n = sprintf(text, "%.1100Lf", middle);
        assert_as_strtod(text);
        text[n - 1] = '1';
        assert_as_strtod(text);
        sprintf(text, "%.1100Lf", middle - (middle - (long double)v) * 0x1p-10L);
        assert_as_strtod(text);
    }
}

static void decimal_ties_of_19_digits_go_to_the_even_double(void **state)
{
    struct random random = random_from(test_seed("short ties"));
    char text[64];
    (void)state;

    /* n + 0.5, 0.25... with 54 significant bits: ties that are short in decimal, too. */
    for (uint64_t i = test_rounds(200000); i > 0; i--) {
        unsigned shift = (unsigned)random_below(&random, 10);
        uint64_t odd = (UINT64_C(1) << 53 | random_u64(&random) >> 11) | 1;
        sprintf(text, "%.*Lf", (int)shift, (long double)odd / (long double)(UINT64_C(1) << shift));
        assert_as_strtod(text);
        sprintf(text, "%.*Lf", (int)random_below(&random, 6), (long double)odd / 1024);
        assert_as_strtod(text);
    }
}

static void the_ends_of_the_doubles_hold(void **state)
{
    static const char *const EDGES[] = {"0",
                                        "-0",
                                        "0e999",
                                        "0.000e-999",
                                        "00012.500",
                                        ".5",
                                        "5.",
                                        "-.5e1",
                                        "9007199254740991",
                                        "9007199254740992",
                                        "9007199254740993",
                                        "9007199254740993.0",
                                        "9007199254740993.0000000000000000000000000000000001",
                                        "9999999999999999999",
                                        "18446744073709551615",
                                        "18446744073709551616",
                                        "1e22",
                                        "1e23",
                                        "8.5e22",
                                        "123456789e-22",
                                        "1e-22",
                                        "1e-23",
                                        "1.7976931348623157e308",
                                        "1.7976931348623158e308",
                                        "1.797693134862315807e308",
                                        "1.7976931348623159e308",
                                        "1e308",
                                        "1e309",
                                        "1e999",
                                        "-1e999",
                                        "1e99999999999999999999",
                                        "1e-99999999999999999999",
                                        "2.2250738585072014e-308",
                                        "2.2250738585072011e-308",
                                        "4.9406564584124654e-324",
                                        "2.4703282292062328e-324",
                                        "2.4703282292062327e-324",
                                        "1e-324",
                                        "0.1e+5",
                                        "1E5"};
    (void)state;
    for (size_t i = 0; i < sizeof EDGES / sizeof *EDGES; i++)
        assert_as_strtod(EDGES[i]);
}

static void very_long_numbers_are_read(void **state)
{
    static char text[200000];
    double v;
    (void)state;

    memset(text, '0', sizeof text);
    text[0] = '1';
    assert_int_equal(decimal_to_double(text, 309, &v), GK_OK);
    assert_bits_equal(v, 1e308);
    assert_int_equal(decimal_to_double(text, 310, &v), GK_ERANGE);
    text[1] = '.';
    text[sizeof text - 1] = '1';
    assert_int_equal(decimal_to_double(text, sizeof text, &v), GK_OK);
    assert_bits_equal(v, 1.0);
    memset(text, '0', sizeof text);
    text[1] = '.';
    memcpy(text + sizeof text - 9, "15e199990", 9); /* 0.(199989 zeros)15 * 10^199990 */
    assert_int_equal(decimal_to_double(text, sizeof text, &v), GK_OK);
    assert_bits_equal(v, 1.5);
}

static void what_is_no_number_is_refused(void **state)
{
    static const char *const BAD[] = {"",    "-",     "+",     ".",     "-.",  "e5",   ".e5",  "5e",
                                      "5e+", " 5",    "5 ",    "\t5",   "1,5", "1.5.", "1..5", "--5",
                                      "+-5", "0x10",  "inf",   "INF",   "nan", "NaN",  "-inf", "infinity",
                                      "5kW", "1_000", "1e5.5", "1 000", "５",  "5\n"};
    double v;
    struct gk_decimal decimal;
    (void)state;
    for (size_t i = 0; i < sizeof BAD / sizeof *BAD; i++) {
        assert_int_equal(parse(BAD[i], &v), GK_ESYNTAX);
        assert_int_equal(decimal_parse(BAD[i], strlen(BAD[i]), &decimal), GK_ESYNTAX);
    }
    assert_int_equal(decimal_to_double("5\0", 2, &v), GK_ESYNTAX);
}

static void the_locale_changes_nothing(void **state)
{
    static const char *const COMMA_LOCALES[] = {"de_DE.UTF-8", "fr_FR.UTF-8", "de_DE"};
    double v;
    (void)state;
    for (size_t i = 0; i < 3; i++)
        if (setlocale(LC_NUMERIC, COMMA_LOCALES[i]))
            break;
    /* Without such a locale on the machine this repeats what is tested above. */
    assert_int_equal(parse("1234567.12345678901234567890123", &v), GK_OK);
    assert_bits_equal(v, 1234567.12345678901234567890123);
    setlocale(LC_NUMERIC, "C");
}

static void assert_decimal(const char *text, int64_t mantissa, int32_t scale)
{
    struct gk_decimal v = {-1, -1};
    if (decimal_parse(text, strlen(text), &v) != GK_OK || v.mantissa != mantissa || v.scale != scale)
        fail_msg("'%s' gave %lld / 10^%d", text, (long long)v.mantissa, (int)v.scale);
}

static void decimals_are_exact_and_in_their_shortest_form(void **state)
{
    struct gk_decimal v;
    (void)state;

    assert_decimal("0", 0, 0);
    assert_decimal("-0.000", 0, 0);
    assert_decimal("0e99999", 0, 0);
    assert_decimal("10", 10, 0);
    assert_decimal("5.50", 55, 1);
    assert_decimal("-12.34", -1234, 2);
    assert_decimal("1e3", 1000, 0);
    assert_decimal("1.5e1", 15, 0);
    assert_decimal("1500e-2", 15, 0);
    assert_decimal("999999999999999999", INT64_C(999999999999999999), 0);
    assert_decimal("0.999999999999999999", INT64_C(999999999999999999), 18);
    assert_decimal("1e17", INT64_C(100000000000000000), 0);
    assert_decimal("1.0000000000000000000000000000000", 1, 0);
    assert_decimal("000000000000000000000000000000.1", 1, 1);
    assert_decimal("1e-18", 1, 18);
    assert_int_equal(decimal_parse("1000000000000000000", 19, &v), GK_ERANGE);
    assert_int_equal(decimal_parse("1e18", 4, &v), GK_ERANGE);
    assert_int_equal(decimal_parse("1e-19", 5, &v), GK_ERANGE);
    assert_int_equal(decimal_parse("1234567890.1234567891", 21, &v), GK_ERANGE);
    assert_int_equal(decimal_parse("1e99999999999", 13, &v), GK_ERANGE);
}

static void decimals_shift_and_compare_exactly(void **state)
{
    struct gk_decimal v;
    (void)state;

    assert_int_equal(decimal_shift((struct gk_decimal){5, 1}, 3, &v), GK_OK);
    assert_true(v.mantissa == 500 && v.scale == 0);
    assert_int_equal(decimal_shift((struct gk_decimal){-500, 0}, -3, &v), GK_OK);
    assert_true(v.mantissa == -5 && v.scale == 1);
    assert_int_equal(decimal_shift((struct gk_decimal){5, 18}, -1, &v), GK_ERANGE);
    assert_int_equal(decimal_shift((struct gk_decimal){5, 0}, 18, &v), GK_ERANGE);
    assert_int_equal(decimal_compare((struct gk_decimal){10, 2}, (struct gk_decimal){1, 1}), 0);
    assert_int_equal(decimal_compare((struct gk_decimal){-1, 0}, (struct gk_decimal){1, 18}), -1);
    assert_int_equal(decimal_compare((struct gk_decimal){INT64_C(999999999999999999), 0},
                                     (struct gk_decimal){INT64_C(999999999999999999), 18}),
                     1);
}

static void the_span_of_a_number_ends_before_its_unit(void **state)
{
    static const struct {
        const char *text;
        size_t span;
    } CASES[] = {{"10%", 2}, {"5kW", 1}, {"-5.5e3A", 6}, {"5e", 1}, {"5eV", 1}, {"kW", 0}, {"", 0}, {".5 A", 2}};
    (void)state;
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++)
        assert_int_equal(decimal_span(CASES[i].text, strlen(CASES[i].text)), CASES[i].span);
}

/* Every short text of a few characters: what the short way takes, the long way takes, too, and gives the same. */
static void the_short_way_gives_what_the_long_way_gives(void **state)
{
    static const char ALPHABET[] = "0159.-+e,\n";
    struct random random = random_from(test_seed("short"));
    size_t n_taken = 0;
    (void)state;

    for (uint64_t round = 0; round < test_rounds(400000); round++) {
        char text[24];
        double got, want;
        for (size_t i = 0; i < sizeof text; i++)
            text[i] = random_below(&random, 4) ? (char)('0' + random_below(&random, 10))
                                               : ALPHABET[random_below(&random, sizeof ALPHABET - 1)];
        size_t n = decimal_take_short(text, &got);
        if (n == 0)
            continue;
        n_taken++;
        assert_true(n <= 9);
        assert_int_equal(decimal_to_double(text, n, &want), GK_OK);
        assert_bits_equal(got, want);
        assert_true(strchr(",\n", text[n]) || text[n] == '-' || text[n] == '+'); /* no part of the number */
    }
    assert_true(n_taken > test_rounds(400000) / 10);
    assert_int_equal(decimal_take_short("12.05,,,,,,,", &(double){0}), 5);
    assert_int_equal(decimal_take_short("1234567,,,,,", &(double){0}), 7);
    assert_int_equal(decimal_take_short(",,,,,,,,,,,,", &(double){0}), 0);
    assert_int_equal(decimal_take_short(".,,,,,,,,,,,", &(double){0}), 0);
}

static void digits_are_taken_up_to_their_end(void **state)
{
    static const char TEXT[] = "1844674407370955161,";
    (void)state;

    for (size_t n = 0; n < sizeof TEXT; n++) {
        uint64_t got, want = 0;
        size_t digits = n < 19 ? n : 19;
        for (size_t i = 0; i < digits; i++)
            want = want * 10 + (uint64_t)(TEXT[i] - '0');
        assert_int_equal(decimal_take_digits(TEXT, TEXT + n, &got), digits);
        assert_int_equal(got, want);
    }
    static const char LONG[] = "12345678901234567890";
    assert_int_equal(decimal_take_digits(LONG, LONG + 20, &(uint64_t){0}), 0);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(numbers_of_every_shape_are_exactly_rounded),
    cmocka_unit_test(every_double_comes_back_from_17_digits),
    cmocka_unit_test(ties_go_to_the_even_double),
    cmocka_unit_test(decimal_ties_of_19_digits_go_to_the_even_double),
    cmocka_unit_test(the_ends_of_the_doubles_hold),
    cmocka_unit_test(very_long_numbers_are_read),
    cmocka_unit_test(what_is_no_number_is_refused),
    cmocka_unit_test(the_locale_changes_nothing),
    cmocka_unit_test(decimals_are_exact_and_in_their_shortest_form),
    cmocka_unit_test(decimals_shift_and_compare_exactly),
    cmocka_unit_test(the_short_way_gives_what_the_long_way_gives),
    cmocka_unit_test(digits_are_taken_up_to_their_end),
    cmocka_unit_test(the_span_of_a_number_ends_before_its_unit),
};

RUN_TESTS(tests)
