/*
 * test_damages.c - damaged files as a quick test: 300, or GK_ROUNDS.
 */
#include "damage/damages.h"

static void no_damage_kills_hangs_or_lies(void **state)
{
    (void)state;
    assert_int_equal(run_damages(test_seed("no_damage_kills_hangs_or_lies"), test_rounds(300)), 0);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(no_damage_kills_hangs_or_lies),
};

RUN_TESTS(tests)
