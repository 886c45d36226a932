/* The table of texts: if these fail, a message in Chinese would read arguments that are not there. */
#include "support/support.h"

#include "texts.h"

/* The conversion letters of a format in order, with their lengths: "%.0s %" PRIu64 gives "s,lu,". */
static void conversions_of(const char *format, char *out, size_t size)
{
    size_t n = 0;

    for (; *format != '\0'; format++) {
        if (*format != '%')
            continue;
        format++;
        if (*format == '%' || (unsigned char)*format >= 0x80)
            continue;
        for (; strchr("-+ #0123456789.*", *format) != NULL && *format != '\0'; format++)
            if (*format == '*' && n + 2 < size)
                out[n++] = '*';
        for (; strchr("lzhjt", *format) != NULL && *format != '\0' && n + 2 < size; format++)
            out[n++] = *format;
        if (n + 2 < size) {
            out[n++] = *format;
            out[n++] = ',';
        }
        if (*format == '\0')
            break;
    }
    out[n] = '\0';
}

static void both_languages_take_the_same_arguments(void **state)
{
    const char *english, *chinese;
    char a[100], b[100];

    (void)state;
    for (size_t i = 0; texts_pair(i, &english, &chinese); i++) {
        size_t n = strlen(english), m = strlen(chinese);

        conversions_of(english, a, sizeof a);
        conversions_of(chinese, b, sizeof b);
        if (strcmp(a, b) != 0)
            fail_msg("'%s' takes %s, '%s' takes %s", english, a, chinese, b);
        assert_true((english[n - 1] == '\n') == (chinese[m - 1] == '\n'));
    }
}

static void each_text_stands_there_once(void **state)
{
    const char *english, *chinese, *other;

    (void)state;
    for (size_t i = 0; texts_pair(i, &english, &chinese); i++)
        for (size_t j = 0; j < i; j++) {
            (void)texts_pair(j, &other, &chinese);
            assert_string_not_equal(english, other);
        }
}

static void the_first_locale_that_is_set_decides(void **state)
{
    (void)state;
    setenv("LC_ALL", "", 1);
    setenv("LC_MESSAGES", "zh_CN.UTF-8", 1);
    setenv("LANG", "en_US.UTF-8", 1);
    texts_choose();
    assert_string_equal(texts_chosen(), "zh");
    assert_string_equal(tr("window"), "时间窗");
    setenv("LC_ALL", "C", 1);
    texts_choose();
    assert_string_equal(texts_chosen(), "en");
    assert_string_equal(tr("window"), "window");
    assert_false(texts_choose_named("fr"));
    assert_string_equal(texts_chosen(), "en");
    assert_true(texts_choose_named("zh"));
    assert_false(texts_choose_named("fr"));
    assert_string_equal(texts_chosen(), "zh");
    assert_string_equal(tr("no such text"), "no such text");
    assert_true(texts_choose_named("en"));
    assert_string_equal(texts_chosen(), "en");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(both_languages_take_the_same_arguments),
                                       cmocka_unit_test(each_text_stands_there_once),
                                       cmocka_unit_test(the_first_locale_that_is_set_decides)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
