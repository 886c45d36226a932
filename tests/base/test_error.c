/*
 * test_error.c - words for people: every status has a sentence, texts are cut between characters.
 */
#include "support/support.h"

#include "base/error.h"
#include "base/text.h"

static void every_status_has_a_sentence_of_its_own(void **state)
{
    (void)state;
    for (int a = GK_EBUG; a <= GK_DONE; a++) {
        assert_string_not_equal(gk_status_text(a), "unknown status");
        for (int b = GK_EBUG; b < a; b++)
            assert_string_not_equal(gk_status_text(a), gk_status_text(b));
    }
    assert_string_equal(gk_status_text(GK_EBUG - 1), "unknown status");
}

static void setting_fills_all_and_returns_the_status(void **state)
{
    struct gk_error error;
    (void)state;
    assert_int_equal(error_set_at(&error, GK_ESYNTAX, 7, 15, "got '%s'", "5,5"), GK_ESYNTAX);
    assert_int_equal(error.status, GK_ESYNTAX);
    assert_int_equal(error.line, 7);
    assert_int_equal(error.column, 15);
    assert_string_equal(error.text, "got '5,5'");
    assert_int_equal(error_set(&error, GK_EIO, "%d", 5), GK_EIO);
    assert_int_equal(error.line, 0);
    assert_int_equal(error.column, 0);
    assert_int_equal(error_set(NULL, GK_EIO, "%d", 5), GK_EIO);
    error_prefix(NULL, "x");
}

static void a_prefix_keeps_status_line_and_column(void **state)
{
    struct gk_error error;
    (void)state;
    error_set_at(&error, GK_ESYNTAX, 7, 15, "no");
    error_prefix(&error, "file %d", 3);
    assert_string_equal(error.text, "file 3: no");
    assert_int_equal(error.status, GK_ESYNTAX);
    assert_int_equal(error.line, 7);
    assert_int_equal(error.column, 15);
}

static void a_long_text_is_cut_between_characters(void **state)
{
    static const char *const WIDE[] = {"x", "é", "产", "𝄞"};
    struct gk_error error;
    char text[2 * GK_ERROR_TEXT_MAX];
    (void)state;

    for (size_t shift = 0; shift < 4; shift++) {
        for (size_t k = 0; k < 4; k++) {
            size_t n = shift;
            memset(text, 'a', shift);
            while (n + strlen(WIDE[k]) < sizeof text) {
                memcpy(text + n, WIDE[k], strlen(WIDE[k]));
                n += strlen(WIDE[k]);
            }
            text[n] = 0;
            error_set(&error, GK_EIO, "%s", text);
            assert_true(text_is_utf8(error.text, strlen(error.text)));
            assert_true(strlen(error.text) >= GK_ERROR_TEXT_MAX - 4);
            error_prefix(&error, "a");
            assert_true(text_is_utf8(error.text, strlen(error.text)));
        }
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(every_status_has_a_sentence_of_its_own),
    cmocka_unit_test(setting_fills_all_and_returns_the_status),
    cmocka_unit_test(a_prefix_keeps_status_line_and_column),
    cmocka_unit_test(a_long_text_is_cut_between_characters),
};

RUN_TESTS(tests)
