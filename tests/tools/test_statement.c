/* Where a statement ends while it is typed: if these fail, the shell asks too early, or never. */
#include "support/support.h"

#include "statement.h"

static struct statement_scan scan(const char *text)
{
    return statement_scan(text, strlen(text));
}

static void a_semicolon_ends_a_statement_outside_of_quotes_and_comments(void **state)
{
    static const struct {
        const char *text;
        size_t end;
    } cases[] = {{"list parks;", 11},
                 {"list parks", 0},
                 {"list parks; list lines;", 11},
                 {"; ; list parks;", 15},
                 {"when facility 'a;b' off;", 24},
                 {"when facility \"a;b\" off;", 24},
                 {"when facility 'a'';b' off;", 26},
                 {"when facility 'a;b", 0},
                 {"list -- all; of them\nparks;", 27},
                 {"list -- it's\nparks;", 19},
                 {"列出 园区；", 16},
                 {"当 设施‘a;b’停运;", 26},
                 {"当 设施“a;b”停运;", 26},
                 {"当 设施「a;b」停运;", 26},
                 {"when facility ＇a;b' off;", 26},
                 {"", 0}};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        if (scan(cases[i].text).end != cases[i].end)
            fail_msg("'%s' ends at %zu", cases[i].text, scan(cases[i].text).end);
}

static void what_is_open_is_known(void **state)
{
    (void)state;
    assert_true(scan("when facility 'a").is_quoted);
    assert_int_equal(scan("when facility 'a").quote_at, 14);
    assert_false(scan("when facility 'a'").is_quoted);
    assert_true(scan("list parks -- and").is_commented);
    assert_false(scan("list parks -- and\n").is_commented);
    assert_true(scan(" \n\t; -- nothing\n ;").is_empty);
    assert_false(scan(" x").is_empty);
    assert_true(scan("").is_empty);
}

static void the_history_has_it_in_one_line_without_comments(void **state)
{
    static const char text[] = "  when abatement off -- it's off\n   while  production running;\n";
    struct output out;

    (void)state;
    output_init(&out, -1);
    statement_flatten(&out, text, sizeof text - 1);
    output_bytes(&out, "", 1);
    assert_string_equal(out.bytes, "when abatement off while production running;");
    output_clear(&out);
}

static void no_bytes_lead_it_astray(void **state)
{
    struct random random = random_from(test_seed("test_statement"));

    (void)state;
    for (uint64_t round = 0; round < test_rounds(20000); round++) {
        static const char *const pieces[] = {"'", "\"", ";", "--", "\n", "a", "“", "”", "；", "\xE2", "\x80", "\xFF"};
        char text[64] = "";
        struct output out;
        struct statement_scan found;

        for (uint64_t n = random_below(&random, 12); n > 0; n--)
            strcat(text, pieces[random_below(&random, sizeof pieces / sizeof *pieces)]);
        found = scan(text);
        assert_true(found.end <= strlen(text));
        output_init(&out, -1);
        statement_flatten(&out, text, strlen(text));
        assert_true(out.n <= strlen(text));
        output_clear(&out);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(a_semicolon_ends_a_statement_outside_of_quotes_and_comments),
    cmocka_unit_test(what_is_open_is_known),
    cmocka_unit_test(the_history_has_it_in_one_line_without_comments),
    cmocka_unit_test(no_bytes_lead_it_astray),
};

RUN_TESTS(tests)
