/*
 * test_text.c - UTF-8 exactly as RFC 3629 has it, names, nearness, showing.
 */
#include "support/support.h"

#include "base/text.h"

static size_t encode(uint32_t c, char out[4])
{
    if (c < 0x80) {
        out[0] = (char)c;
        return 1;
    }
    size_t n = c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
    for (size_t i = n - 1; i > 0; i--, c >>= 6)
        out[i] = (char)(0x80 | (c & 0x3F));
    out[0] = (char)((0xF00 >> n & 0xF0) | c);
    return n;
}

static void every_character_is_valid_and_surrogates_are_not(void **state)
{
    char p[4];
    (void)state;
    for (uint32_t c = 0; c < 0x120000; c++) {
        size_t n = encode(c, p);
        bool is_valid = c < 0xD800 || (c > 0xDFFF && c <= 0x10FFFF);
        assert_int_equal(text_is_utf8(p, n), is_valid);
        if (!is_valid)
            continue;
        assert_int_equal(text_length(p, n), 1);
        for (size_t cut = 1; cut < n; cut++)
            assert_false(text_is_utf8(p, cut));
    }
}

static void longer_forms_than_needed_are_invalid(void **state)
{
    static const char *const BAD[] = {
        "\xC0\x80", "\xC1\xBF", "\xE0\x80\x80", "\xE0\x9F\xBF", "\xF0\x8F\xBF\xBF", "\xFF", "\xF8\x88\x80\x80\x80",
        "\x80",     "a\xBF",    "\xE4\xBAz"};
    (void)state;
    for (size_t i = 0; i < sizeof BAD / sizeof *BAD; i++)
        assert_false(text_is_utf8(BAD[i], strlen(BAD[i])));
    assert_true(text_is_utf8("", 0));
    assert_true(text_is_utf8("a\0b", 3));
}

static bool is_name(const char *text)
{
    return text_is_name(text, strlen(text));
}

static void names_look_like_what_they_are(void **state)
{
    char text[300];
    (void)state;

    assert_true(is_name("fan-1"));
    assert_true(is_name("1号 RTO 治污设施"));
    assert_false(is_name(""));
    assert_false(is_name(" fan"));
    assert_false(is_name("fan "));
    assert_false(is_name("\tfan"));
    assert_false(is_name("fa\tn"));
    assert_false(is_name("fa\nn"));
    assert_false(is_name("fa\x7Fn"));
    assert_false(is_name("fa\xC2\x85n"));     /* U+0085, C1 */
    assert_true(is_name("fa\xC2\xA0n"));      /* U+00A0 */
    assert_false(is_name("fa\xE2\x80\xAEn")); /* U+202E, right-to-left override */
    assert_false(is_name("fa\xE2\x81\xA6n")); /* U+2066, isolate */
    assert_true(is_name("fa\xE2\x80\xAFn"));  /* U+202F, narrow space */
    assert_true(is_name("fa\xE2\x80\x8Dn"));  /* U+200D, joiner */
    assert_false(is_name("fa\xC2\xADn"));     /* U+00AD, soft hyphen */
    assert_false(is_name("fa\xE2\x80\x8Bn")); /* U+200B, zero width space */
    assert_false(is_name("fa\xE2\x80\x8Fn")); /* U+200F, right-to-left mark */
    assert_false(is_name("fa\xE2\x80\xA9n")); /* U+2029, paragraph */
    assert_false(is_name("\xEF\xBB\xBF"
                         "fan"));                 /* U+FEFF, byte order mark */
    assert_false(is_name("fan\xEF\xBF\xBF"));     /* U+FFFF */
    assert_false(is_name("fan\xF3\xA0\x81\x81")); /* U+E0041, tag */
    assert_false(is_name("\xC4\xE3\xBA\xC3"));    /* GBK */
    assert_false(text_is_name("a\0b", 3));
    memset(text, 'x', sizeof text);
    assert_true(text_is_name(text, GK_NAME_MAX));
    assert_false(text_is_name(text, GK_NAME_MAX + 1));
}

static void case_of_ascii_is_no_difference(void **state)
{
    (void)state;
    assert_true(text_is_alike("KW", 2, "kw", 2));
    assert_false(text_is_alike("kw", 2, "kwh", 3));
    assert_false(text_is_alike("[", 1, "{", 1)); /* 0x20 apart, but no letters */
    assert_true(text_is_alike("治污A", 7, "治污a", 7));
}

static void trimming_takes_blanks_at_both_ends(void **state)
{
    (void)state;
    struct gk_text text = text_trim(" \ta b ", 6);
    assert_int_equal(text.size, 3);
    assert_memory_equal(text.bytes, "a b", 3);
    assert_int_equal(text_trim("  ", 2).size, 0);
    assert_int_equal(text_trim("", 0).size, 0);
}

static size_t distance(const char *a, const char *b)
{
    assert_int_equal(text_distance(a, strlen(a), b, strlen(b)), text_distance(b, strlen(b), a, strlen(a)));
    return text_distance(a, strlen(a), b, strlen(b));
}

static void distance_counts_slips(void **state)
{
    char text[2 * TEXT_DISTANCE_MAX];
    (void)state;

    assert_int_equal(distance("", ""), 0);
    assert_int_equal(distance("", "abc"), 3);
    assert_int_equal(distance("kitten", "sitting"), 3);
    assert_int_equal(distance("facility", "faciltiy"), 1);
    assert_int_equal(distance("RATED_KW", "rated_kw"), 0);
    assert_int_equal(distance("治污设施", "治污设備"), 1);
    assert_int_equal(distance("abcdef", "badcfe"), 3);
    memset(text, 'x', sizeof text);
    assert_true(text_distance(text, TEXT_DISTANCE_MAX + 1, "x", 1) == SIZE_MAX);
    assert_int_equal(text_distance(text, TEXT_DISTANCE_MAX, "x", 1), TEXT_DISTANCE_MAX - 1);
    assert_true(distance("\xFF", "a") == SIZE_MAX);
}

static void the_nearest_name_is_one_that_was_meant(void **state)
{
    static const char *const NAMES[] = {"facility", "enterprise", "rated_kw", "time"};
    (void)state;
    assert_string_equal(text_nearest("faciltiy", 8, NAMES, 4), "facility");
    assert_string_equal(text_nearest("rated_kW", 8, NAMES, 4), "rated_kw");
    assert_string_equal(text_nearest("tme", 3, NAMES, 4), "time");
    assert_null(text_nearest("pressure", 8, NAMES, 4));
    assert_null(text_nearest("", 0, NAMES, 4));
}

static void foreign_text_is_shown_tame_and_short(void **state)
{
    char out[TEXT_SHOWN_MAX], text[200];
    (void)state;

    assert_string_equal(text_show("5,5", 3, out), "5,5");
    assert_string_equal(text_show("a\nb\x1B[2J\xFF\xE2\x80\xAE", 11, out), "a?b?[2J??");
    for (size_t shift = 0; shift < 3; shift++) {
        size_t n = shift;
        memset(text, 'x', shift);
        for (; n + 3 < sizeof text; n += 3)
            memcpy(text + n, "产", 3);
        (void)text_show(text, n, out); /* into out */
        assert_true(text_is_utf8(out, strlen(out)));
        assert_in_range(strlen(out), TEXT_SHOWN_MAX - 8, TEXT_SHOWN_MAX - 1);
        assert_string_equal(out + strlen(out) - 3, "...");
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(every_character_is_valid_and_surrogates_are_not),
    cmocka_unit_test(longer_forms_than_needed_are_invalid),
    cmocka_unit_test(names_look_like_what_they_are),
    cmocka_unit_test(case_of_ascii_is_no_difference),
    cmocka_unit_test(trimming_takes_blanks_at_both_ends),
    cmocka_unit_test(distance_counts_slips),
    cmocka_unit_test(the_nearest_name_is_one_that_was_meant),
    cmocka_unit_test(foreign_text_is_shown_tame_and_short),
};

RUN_TESTS(tests)
