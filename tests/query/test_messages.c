/*
 * test_messages.c - the Chinese of every message: none is missing, none is left over, and the values go where they
 * belong. The messages are found in the sources of query/: the texts that are handed to the functions that tell them.
 */
#include <glob.h>

#include "query/zone.h"

#include "messages.h"

/* Functions whose texts people read. */
static const char *const TELLERS[] = {"report_fail",      "report_hint", "report_status", "bind_fail",    "parser_fail",
                                      "parser_need_word", "parser_need", "parser_refuse", "run_note",     "note",
                                      "parse_duration",   "parse_count", "parse_instant", "parse_column", "report_text",
                                      "run_note_dropped"};
#define N_TELLERS (sizeof TELLERS / sizeof TELLERS[0])

static bool is_known(const char *text)
{
    const char *chinese;

    for (size_t i = 0; message_at(i, &chinese); i++)
        if (strcmp(message_at(i, &chinese), text) == 0)
            return true;
    return false;
}

/* Not to be translated: no letters besides those of conversions, units and names. */
static bool is_for_all(const char *text)
{
    static const char *const others[] = {"%s", "", ", ...", NULL};

    for (size_t i = 0; others[i]; i++)
        if (strcmp(text, others[i]) == 0)
            return true;
    return (unsigned char)text[0] >= 0x80;
}

/* The literal at p ('"' first), unescaped and added to `out`; returns the place behind it. */
static const char *take_literal(const char *p, struct text *out)
{
    for (p++; *p && *p != '"'; p++) {
        if (*p == '\\')
            p++;
        text_put(out, p, 1);
    }
    return p + (*p == '"');
}

static const char *skip_blank(const char *p)
{
    while (*p == ' ' || *p == '\n')
        p++;
    return p;
}

/* All texts among the arguments that begin at p, behind '('. */
static int check_call(const char *path, const char *p)
{
    struct text text = {NULL, 0, 0};
    int depth = 1, n_missing = 0;

    while (*p && depth > 0) {
        if (*p == '"') {
            text.size = 0;
            text_add(&text, "");
            while (*p == '"')
                p = skip_blank(take_literal(p, &text));
            if (!is_known(text.bytes) && !is_for_all(text.bytes)) {
                print_error("%s: no Chinese for \"%s\" (query/messages.c)\n", path, text.bytes);
                n_missing++;
            }
            continue;
        }
        if (*p == '\'' && p[1] && p[2] == '\'')
            p += 2;
        depth += (*p == '(') - (*p == ')');
        p++;
    }
    text_clear(&text);
    return n_missing;
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static void read_file(const char *path, struct text *out)
{
    FILE *file = fopen(path, "r");
    char piece[4096];
    size_t n;

    assert_non_null(file);
    while ((n = fread(piece, 1, sizeof piece, file)) > 0)
        text_put(out, piece, n);
    (void)fclose(file); /* it was read only */
}

static void every_message_has_its_chinese(void **state)
{
    int n_missing = 0, n_calls = 0;
    glob_t found;

    (void)state;
    assert_int_equal(glob("query/*.c", 0, NULL, &found), 0);
    for (size_t i = 0; i < found.gl_pathc; i++) {
        struct text source = {NULL, 0, 0};
        read_file(found.gl_pathv[i], &source);
        for (size_t k = 0; k < N_TELLERS; k++) {
            size_t n = strlen(TELLERS[k]);
            for (const char *p = source.bytes; (p = strstr(p, TELLERS[k])) != NULL; p += n) {
                if (p[n] != '(' || (p > source.bytes && is_letter(p[-1])))
                    continue;
                n_missing += check_call(found.gl_pathv[i], p + n + 1);
                n_calls++;
            }
        }
        text_clear(&source);
    }
    globfree(&found);
    assert_int_equal(n_missing, 0);
    assert_true(n_calls > 200);
}

/* The next conversion from *p on, without its position ($): its letters go to `out`, the position to *position. */
static bool next_conversion(const char **p, char out[16], int *position)
{
    size_t n = 0;

    for (; **p; ++*p) {
        if (**p != '%' || !(*p)[1] || !strchr("%.0123456789sdugzfl", (*p)[1])) /* 20% of rated */
            continue;
        if ((*p)[1] == '%') {
            ++*p;
            continue;
        }
        char *end;
        long at = strtol(*p + 1, &end, 10);
        const char *q = *end == '$' ? end + 1 : *p + 1;
        *position = *end == '$' ? (int)at : 0;
        while (*q && !is_letter(*q) && n < 15)
            out[n++] = *q++;
        while (*q && strchr("hlz", *q) && n < 15)
            out[n++] = *q++;
        out[n++] = *q;
        out[n] = '\0';
        *p = q + 1;
        return true;
    }
    return false;
}

/* The conversions of a text by position. */
static int read_conversions(const char *text, char out[8][16])
{
    char conversion[16];
    int n = 0, position;

    while (next_conversion(&text, conversion, &position)) {
        assert_true(n < 8);
        (void)snprintf(out[position ? position - 1 : n], 16, "%s", conversion);
        n++;
    }
    return n;
}

static void translations_take_the_same_values(void **state)
{
    const char *english, *chinese;
    size_t i = 0;

    (void)state;
    for (; (english = message_at(i, &chinese)) != NULL; i++) {
        char a[8][16] = {""}, b[8][16] = {""};
        int n = read_conversions(english, a);
        assert_int_equal(read_conversions(chinese, b), n);
        for (int k = 0; k < n; k++)
            if (strcmp(a[k], b[k]) != 0)
                fail_msg("\"%s\": %s is %s in \"%s\"", english, a[k], b[k], chinese);
        assert_string_equal(message(LANG_ZH, english), chinese); /* no text stands there twice */
        assert_string_equal(message(LANG_EN, english), english);
    }
    assert_true(i > 200);
}

static void languages_are_known_by_the_names_of_locales(void **state)
{
    (void)state;
    assert_int_equal(lang_of("zh"), LANG_ZH);
    assert_int_equal(lang_of("zh_CN.UTF-8"), LANG_ZH);
    assert_int_equal(lang_of("zh-Hans"), LANG_ZH);
    assert_int_equal(lang_of("en"), LANG_EN);
    assert_int_equal(lang_of("C"), LANG_EN);
    assert_int_equal(lang_of("zha"), LANG_EN);
    assert_int_equal(lang_of(""), LANG_EN);
    assert_int_equal(lang_of(NULL), LANG_EN);
}

static void a_session_tells_its_texts_to_tools(void **state)
{
    struct gk_session_options options = {.size = sizeof options, .lang = "zh_CN.UTF-8"};
    gk_session *session;

    (void)state;
    assert_int_equal(gk_session_new(&options, &session), GK_OK);
    assert_string_equal(gk_session_text(session, "duration_s"), "时长（秒）");
    assert_string_equal(gk_session_text(session, "no such text"), "no such text");
    gk_session_free(session);
    assert_int_equal(gk_session_new(NULL, &session), GK_OK);
    assert_string_equal(gk_session_text(session, "duration_s"), "duration_s");
    gk_session_free(session);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(every_message_has_its_chinese),
    cmocka_unit_test(translations_take_the_same_values),
    cmocka_unit_test(languages_are_known_by_the_names_of_locales),
    cmocka_unit_test(a_session_tells_its_texts_to_tools),
};

RUN_TESTS(tests)
