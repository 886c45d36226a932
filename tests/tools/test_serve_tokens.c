/*
 * test_serve_tokens.c - the table of tokens: what it takes, what is wrong with it, who is found, and how often.
 */
#include "support/support.h"

#include <sys/stat.h>
#include <unistd.h>

#include "serve_tokens.h"

#define HEAD  "name,sha256,may,scope,from,to\n"
#define HASH  "2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae" /* of foo */
#define OTHER "fcde2b2edba56bf408601fb721fe9b5c338d10ee429ea04fae5511b68fbf8fb9" /* of bar */

static struct gk_error error;
static char path[4200];

static struct tokens *read_text(const char *text)
{
    struct tokens *tokens;
    FILE *file = fopen(path, "w");

    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(chmod(path, 0600), 0);
    bool is_good = tokens_read(path, 28800, &tokens, &error);
    assert_int_equal(is_good, tokens != NULL);
    return tokens;
}

static void a_secret_is_known_by_its_hash_while_it_is_in_force(void **state)
{
    bool expired;
    gk_time now;
    (void)state;

    struct tokens *tokens =
        read_text("# ours\n" HEAD "gateway," HASH ",write,park:P1;enterprise:E 1,2026-11-20,2026-12-01\n\n"
                  "board, " OTHER " ,query;metrics,*,,\n");
    assert_non_null(tokens);
    assert_int_equal(tokens->n, 2);
    assert_int_equal(gk_time_parse("2026-11-20", 10, 28800, &now), GK_OK);
    struct token *found = tokens_find(tokens, "foo", 3, now, &expired);
    assert_non_null(found);
    assert_string_equal(found->name, "gateway");
    assert_int_equal(found->may, TOKEN_WRITE);
    assert_int_equal(found->n_sites, 2);
    assert_int_equal(found->sites[0].kind, GK_PARK);
    assert_string_equal(found->sites[1].name.bytes, "E 1");
    assert_null(tokens_find(tokens, "foo", 3, now - 1, &expired));
    assert_true(expired);
    assert_null(tokens_find(tokens, "foo", 3, now + 11 * 86400 * GK_SECOND, &expired));
    assert_true(expired);
    found = tokens_find(tokens, "bar", 3, now, &expired);
    assert_non_null(found);
    assert_int_equal(found->may, TOKEN_QUERY | TOKEN_METRICS);
    assert_int_equal(found->sites[0].kind, GK_ZONE);
    assert_null(tokens_find(tokens, "baz", 3, now, &expired));
    assert_false(expired);
    assert_null(tokens_find(tokens, "", 0, now, &expired));
    tokens_free(tokens);
}

static void what_is_wrong_is_named(void **state)
{
    static const struct {
        const char *text, *words;
    } CASES[] = {
        {"", "line 0: expected a header"},
        {"name,sha256,may\n", "line 1: the column 'scope' is missing"},
        {"name,token,may,scope\n", "line 1: 'token' is none of the columns"},
        {"name,name,may,scope\n", "line 1: there are two columns 'name'"},
        {HEAD "a,foo,write,*,,\n", "line 2: sha256: expected the 64 hex digits"},
        {HEAD "a," HASH "0,write,*,,\n", "line 2: sha256: expected"},
        {HEAD "a," HASH ",delete,*,,\n", "line 2: may: 'delete' is none of query, write, metrics"},
        {HEAD "a," HASH ",,*,,\n", "line 2: may: expected query, write or metrics"},
        {HEAD "a," HASH ",write,P1,,\n", "line 2: scope: expected *, park:NAME or enterprise:NAME with"},
        {HEAD "a," HASH ",write,park:,,\n", "line 2: scope: expected"},
        {HEAD "a," HASH ",write,,,\n", "line 2: scope: expected"},
        {HEAD "a," HASH ",write,*,soon,\n", "line 2: from: expected a time"},
        {HEAD "," HASH ",write,*,,\n", "line 2: name: expected 1 to 63 bytes"},
        {HEAD "a," HASH ",write,*\n", "line 2: 4 fields, and the header has 6 columns"},
        {HEAD "a," HASH ",write,*,,,\n", "line 2: more fields than"},
        {HEAD "a," HASH ",write,*,,\na," OTHER ",write,*,,\n", "line 3: the name 'a' stands twice"},
    };
    (void)state;

    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        assert_null(read_text(CASES[i].text));
        if (strstr(error.text, CASES[i].words) == NULL)
            fail_msg("'%s' and not '%s'", error.text, CASES[i].words);
    }
}

static void a_file_that_others_can_read_is_refused(void **state)
{
    static const mode_t MODES[] = {0644, 0640, 0620, 0602};
    struct tokens *tokens = read_text(HEAD);
    (void)state;

    assert_non_null(tokens);
    tokens_free(tokens);
    for (size_t i = 0; i < sizeof MODES / sizeof *MODES; i++) {
        assert_int_equal(chmod(path, MODES[i]), 0);
        assert_false(tokens_read(path, 0, &tokens, &error));
        assert_non_null(strstr(error.text, "chmod 600"));
    }
    assert_int_equal(unlink(path), 0);
    assert_false(tokens_read(path, 0, &tokens, &error));
    assert_non_null(strstr(error.text, "No such file"));
}

static void more_than_the_rate_is_too_much(void **state)
{
    struct token token = {.n_sites = 0};
    gk_time now = 5 * GK_SECOND;
    (void)state;

    for (int i = 0; i < 10; i++)
        assert_true(token_allow(&token, 10, now));
    assert_false(token_allow(&token, 10, now));
    assert_true(token_allow(&token, 10, now += GK_SECOND / 10));
    assert_false(token_allow(&token, 10, now));
    now += 3600 * GK_SECOND; /* what was not used is not saved */
    for (int i = 0; i < 10; i++)
        assert_true(token_allow(&token, 10, now));
    assert_false(token_allow(&token, 10, now));
    assert_true(token_allow(&token, 0, now));
}

static int set_up(void **state)
{
    (void)state;
    (void)snprintf(path, sizeof path, "%s/tokens.csv", test_folder());
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    *strrchr(path, '/') = '\0';
    test_folder_remove(path);
    return 0;
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test_setup_teardown(a_secret_is_known_by_its_hash_while_it_is_in_force, set_up, tear_down),
    cmocka_unit_test_setup_teardown(what_is_wrong_is_named, set_up, tear_down),
    cmocka_unit_test_setup_teardown(a_file_that_others_can_read_is_refused, set_up, tear_down),
    cmocka_unit_test_setup_teardown(more_than_the_rate_is_too_much, set_up, tear_down),
};

RUN_TESTS(tests)
