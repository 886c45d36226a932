/* The tables of width.c, and what a decoder must refuse. If these fail, columns of a table with Chinese names do not
 * line up. */
#include "support/support.h"

#include "width.h"

static size_t width(const char *text)
{
    return text_width(text, strlen(text));
}

static void ascii_takes_one_column_a_byte(void **state)
{
    (void)state;
    assert_int_equal(width(""), 0);
    assert_int_equal(width("P1E01L1M1"), 9);
}

static void han_kana_hangul_and_full_width_take_two(void **state)
{
    (void)state;
    assert_int_equal(width("破碎机"), 6);
    assert_int_equal(width("カタ"), 4);
    assert_int_equal(width("한글"), 4);
    assert_int_equal(width("ＡＢ１"), 6);
    assert_int_equal(width("\xF0\xA0\x80\x80"), 2); /* U+20000 */
    assert_int_equal(width("东区RTO1"), 8);
}

static void combining_marks_take_none(void **state)
{
    (void)state;
    assert_int_equal(width("e\xCC\x81"), 1);
    assert_int_equal(width("a\xE2\x80\x8B"), 1); /* zero width space */
    assert_int_equal(width("\xE2\x9C\x85\xEF\xB8\x8F"), 2);
}

static void latin_greek_and_cyrillic_take_one(void **state)
{
    (void)state;
    assert_int_equal(width("éµΩЖ"), 4);
}

static void bytes_that_begin_no_character_are_bad_one_by_one(void **state)
{
    static const char *const bad[] = {"\x80",         "\xC0\x80",         "\xC1\xBF",         "\xE0\x80\x80",
                                      "\xED\xA0\x80", "\xF4\x90\x80\x80", "\xF8\x88\x80\x80", "\xE4\xB8",
                                      "\xFF"};
    uint32_t code;

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_int_equal(utf8_next(bad[i], strlen(bad[i]), &code), 1);
        assert_true(code == UTF8_BAD);
    }
}

static void every_code_is_read_back(void **state)
{
    (void)state;
    for (uint32_t code = 0x80; code <= 0x10FFFF; code += code < 0x3000 ? 1 : 37) {
        char text[4];
        size_t n = code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
        uint32_t rest = code, back;

        if (code >= 0xD800 && code < 0xE000)
            continue;
        for (size_t i = n - 1; i > 0; i--, rest >>= 6)
            text[i] = (char)(0x80 | (rest & 0x3F));
        text[0] = (char)((n == 2 ? 0xC0 : n == 3 ? 0xE0 : 0xF0) | rest);
        assert_int_equal(utf8_next(text, n, &back), n);
        assert_int_equal(back, code);
    }
}

static void marks_of_direction_are_hidden_and_words_are_not(void **state)
{
    (void)state;
    assert_true(is_hidden(0x1B));
    assert_true(is_hidden(0x85));
    assert_true(is_hidden(0x202E));
    assert_true(is_hidden(0x2066));
    assert_false(is_hidden('a'));
    assert_false(is_hidden(0x4E00));
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(ascii_takes_one_column_a_byte),
    cmocka_unit_test(han_kana_hangul_and_full_width_take_two),
    cmocka_unit_test(combining_marks_take_none),
    cmocka_unit_test(latin_greek_and_cyrillic_take_one),
    cmocka_unit_test(bytes_that_begin_no_character_are_bad_one_by_one),
    cmocka_unit_test(every_code_is_read_back),
    cmocka_unit_test(marks_of_direction_are_hidden_and_words_are_not),
};

RUN_TESTS(tests)
