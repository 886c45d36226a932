/*
 * test_print.c - statements as text again: both languages give one tree (pairs.txt), and a tree's text parses to it.
 */
#include "query/zone.h"

#include "parser.h"
#include "print.h"

static int print(const char *text, size_t size, struct text *out)
{
    struct gk_query_error error = {0};
    struct report report = {.text = text, .size = size, .error = &error};
    struct arena arena;
    struct stmt *stmt = NULL;
    struct failing_mem mem;
    size_t used;

    failing_mem_init(&mem);
    arena_init(&arena, mem.mem.resize, mem.mem.context, (size_t)16 << 20);
    out->size = 0;
    int rc = parse_statement(&arena, &report, &stmt, &used);
    if (rc == GK_OK)
        text_add(out, print_statement(&arena, stmt));
    else
        text_add(out, error.report);
    arena_clear(&arena);
    assert_int_equal(mem.n_live, 0);
    return rc;
}

/* A file of statements that mean the same, and how far it is read. */
struct pairs {
    const char *path;
    int line, n, n_wrong;
    struct text first; /* what the first of the paragraph was printed as */
};

/* One statement of a paragraph; the first one says what the others must print. */
static void check(struct pairs *pairs, const char *text, size_t n)
{
    struct text got = {NULL, 0, 0}, again = {NULL, 0, 0};
    int rc = print(text, n, &got);

    pairs->n++;
    if (rc == GK_OK && pairs->first.size == 0)
        text_add(&pairs->first, got.bytes);
    if (rc != GK_OK) {
        print_error("%s:%d: %s", pairs->path, pairs->line, got.bytes);
        pairs->n_wrong++;
    } else if (strcmp(pairs->first.bytes, got.bytes) != 0) {
        print_error("%s:%d: %.*s\n  is  %s\n  not %s\n", pairs->path, pairs->line, (int)n, text, got.bytes,
                    pairs->first.bytes);
        pairs->n_wrong++;
    } else if (print(got.bytes, got.size, &again) != GK_OK || strcmp(again.bytes, got.bytes) != 0) {
        print_error("%s:%d: printed as %s\n  and that as %s\n", pairs->path, pairs->line, got.bytes, again.bytes);
        pairs->n_wrong++;
    }
    text_clear(&again);
    text_clear(&got);
}

/* Of a page only the blocks marked ```gkql same count, else paragraphs. */
static void check_file(const char *path, bool is_page, int least)
{
    struct pairs pairs = {.path = path};
    FILE *file = fopen(path, "r");
    bool is_inside = !is_page;
    char line[4096];

    assert_non_null(file);
    while (fgets(line, sizeof line, file)) {
        size_t size = strcspn(line, "\n");
        pairs.line++;
        if (size == 0 || strncmp(line, "```", 3) == 0) {
            pairs.first.size = 0;
            is_inside = !is_page || strncmp(line, "```gkql same", 12) == 0;
        } else if (is_inside && line[0] != '#') {
            check(&pairs, line, size);
        }
    }
    (void)fclose(file); /* it was read only */
    text_clear(&pairs.first);
    print_message("%s: %d statements, %d wrong\n", path, pairs.n, pairs.n_wrong);
    assert_int_equal(pairs.n_wrong, 0);
    assert_true(pairs.n >= least);
}

static void both_languages_give_one_tree_and_its_text_gives_it_again(void **state)
{
    (void)state;
    check_file("tests/query/pairs.txt", false, 240);
    check_file("docs/QUERY.md", true, 65);
}

/* The usual spelling of each word stands in the page's Chinese half. */
static void every_chinese_word_is_documented(void **state)
{
    FILE *file = fopen("docs/QUERY.md", "r");
    struct text page = {NULL, 0, 0};
    char line[4096];
    int n_missing = 0;

    (void)state;
    assert_non_null(file);
    while (fgets(line, sizeof line, file))
        text_add(&page, line);
    (void)fclose(file); /* it was read only */
    for (int word = W_NONE + 1; word < W_PROFILE; word++ /* behind it: later versions */) {
        if (strstr(page.bytes, word_chinese((enum word)word)))
            continue;
        print_error("docs/QUERY.md does not name %s\n", word_chinese((enum word)word));
        n_missing++;
    }
    text_clear(&page);
    assert_int_equal(n_missing, 0);
}

static void parentheses_stand_where_the_tree_needs_them(void **state)
{
    static const struct {
        const char *text, *printed;
    } cases[] = {
        {"when line on or park on and zone on", "when line running or park running and zone running"},
        {"when (line on or park on) and zone on", "when (line running or park running) and zone running"},
        {"when line on or park on while zone on", "when (line running or park running) and zone running"},
        {"when line on and (park on and zone on)", "when line running and (park running and zone running)"},
        {"when line on unless park on or zone on", "when line running and not (park running or zone running)"},
        {"when not (line on for > 90s) and not not park on",
         "when not (line running for > 90s) and not not park running"},
        {"when start of (line on while park on) held 36h", "when start of (line running and park running) held 36h"},
        {"when line on for <= 1.5s ignoring gaps < 0.1ms within next 1w",
         "when line running for <= 1500ms ignoring gaps < 0.100000ms within next 7d"},
        {"when line 'it''s', '＇' not idle", "when line 'it''s', '＇' not idle"},
        {"when hours 22:00:30-24:00 limit 5", "when hours 22:00:30-24:00 limit 5"},
        {"when kw of line > -0.3mA in line 'a','b' where x != 1e3", NULL},
        {"when kw of line > -0.3mA in line 'a','b' where x != 5kV tz 'Z'",
         "when 'kw' of line > -0.0003A in line 'a', 'b' where 'x' != 5000 tz '+00:00'"},
        {"when kw of line > 0.000000012 and kw of line < 123456789012345678",
         "when 'kw' of line > 0.000000012 and 'kw' of line < 123456789012345680"},
    };
    struct text got = {NULL, 0, 0};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int rc = print(cases[i].text, strlen(cases[i].text), &got);
        if (rc != (cases[i].printed ? GK_OK : GK_ESYNTAX))
            fail_msg("%s: %s", cases[i].text, got.bytes);
        if (cases[i].printed)
            assert_string_equal(got.bytes, cases[i].printed);
    }
    text_clear(&got);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(both_languages_give_one_tree_and_its_text_gives_it_again),
    cmocka_unit_test(every_chinese_word_is_documented),
    cmocka_unit_test(parentheses_stand_where_the_tree_needs_them),
};

RUN_TESTS(tests)
