/* A peer that is not there is a word, never an end of the program. */
#include "support/support.h"

#include "bench/peer.h"

struct table {
    double (*first)(double);
    int (*second)(int);
};

static void an_absent_library_is_a_word(void **state)
{
    static const char *const files[] = {"libno-such-peer.so", NULL};
    struct table table = {NULL, NULL};
    char word[PEER_WORD_MAX] = "";

    (void)state;
    assert_false(peer_open(files, NULL, 0, &table, word));
    assert_non_null(strstr(word, "libno-such-peer"));
}

static void the_second_name_is_tried(void **state)
{
    static const char *const files[] = {"libno-such-peer.so", "libm.so.6", NULL};
    static const struct peer_function functions[] = {PEER_FUNCTION(table, first, "fabs")};
    struct table table = {NULL, NULL};
    char word[PEER_WORD_MAX];

    (void)state;
    assert_true(peer_open(files, functions, 1, &table, word));
    assert_string_equal(word, "");
    assert_true(table.first(-2) == 2);
}

static void a_missing_function_is_a_word(void **state)
{
    static const char *const files[] = {"libm.so.6", NULL};
    static const struct peer_function functions[] = {PEER_FUNCTION(table, first, "fabs"),
                                                     PEER_FUNCTION(table, second, "no_such_function")};
    struct table table;
    char word[PEER_WORD_MAX];

    (void)state;
    assert_false(peer_open(files, functions, 2, &table, word));
    assert_non_null(strstr(word, "no_such_function"));
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(an_absent_library_is_a_word),
    cmocka_unit_test(the_second_name_is_tried),
    cmocka_unit_test(a_missing_function_is_a_word),
};

RUN_TESTS(tests)
