/*
 * test_rule.c - rules in the catalog: versions, what is refused, what a reopened store knows of them.
 */
#include "db/world.h"

#include "db/db.h"

static struct gk_error error;

static int put_rule(gk_db *db, const char *name, const char *text, gk_time from, uint32_t *version)
{
    struct gk_rule_put rule = {.size = sizeof rule, .name = text_of(name), .text = text_of(text), .from = from};
    return gk_rule_put(db, &rule, version, &error);
}

static void another_text_is_the_next_version_and_the_former_one_stays(void **state)
{
    char path[4096];
    uint32_t version = 0;
    gk_snapshot *s;
    size_t n;
    (void)state;

    gk_db *db = world_new(path, NULL);
    ok(put_rule(db, "R1", "rule 'R1' one", T0, &version), &error);
    assert_int_equal(version, 1);
    ok(put_rule(db, "R1", "rule 'R1' one", T0 + DAY, &version), &error); /* the same text is nothing */
    assert_int_equal(version, 1);
    ok(put_rule(db, "R2", "rule 'R2' other", GK_TIME_MIN, &version), &error);
    ok(put_rule(db, "R1", "rule 'R1' two", 0, &version), &error); /* now, by the clock */
    assert_int_equal(version, 2);
    ok(put_rule(db, "R2", "", 0, &version), &error); /* dropped */
    ok(gk_commit(db, &error), &error);
    assert_int_equal(gk_close(db), GK_OK);

    db = world_open(path, GK_READWRITE | GK_KEEP_HEADS, NULL);
    ok(gk_snapshot_open(db, &s, &error), &error);
    const struct gk_rule *rules = gk_rules(s, &n);
    assert_int_equal(n, 4);
    assert_int_equal(gk_snapshot_info(s)->n_rules, 4);
    assert_string_equal(rules[0].text, "rule 'R1' one");
    assert_int_equal(rules[0].from, T0);
    assert_int_equal(rules[0].to, world_now);
    assert_int_equal(rules[2].version, 2);
    assert_int_equal(rules[2].from, world_now);
    assert_int_equal(rules[2].to, GK_TIME_MAX);
    assert_string_equal(gk_rule_find(s, "R1", 2)->text, "rule 'R1' two");
    assert_string_equal(gk_rule_find(s, "R2", 2)->text, "");
    assert_null(gk_rule_find(s, "R", 1));
    gk_snapshot_close(s);
    world_end(db, path);
}

static void what_is_no_rule_is_refused_by_name(void **state)
{
    char path[4096];
    (void)state;

    gk_db *db = world_new(path, NULL);
    assert_int_equal(put_rule(db, "", "x", 0, NULL), GK_EINVAL);
    assert_int_equal(put_rule(db, "R1", "\xff", 0, NULL), GK_EINVAL);
    assert_string_equal(error.text, "rule 'R1': its text is not UTF-8");
    assert_int_equal(put_rule(db, "R1", "", 0, NULL), GK_ENOTFOUND);
    assert_string_equal(error.text, "there is no rule 'R1'");
    ok(put_rule(db, "R1", "one", T0 + DAY, NULL), &error);
    assert_int_equal(put_rule(db, "R1", "two", T0, NULL), GK_ERANGE);
    assert_non_null(strstr(error.text, "version 1 is in force from 2026-11-21"));
    world_end(db, path);
}

static void versions_that_do_not_follow_are_corrupt(void **state)
{
    struct catalog *catalog;
    struct gk_rule first = {"R1", 1, "one", T0, 0}, second = {"R1", 3, "two", T0, 0};
    (void)state;

    assert_int_equal(catalog_new(&MEM_SYSTEM, &catalog), GK_OK);
    assert_int_equal(catalog_add_rule(catalog, &second), GK_ECORRUPT);
    assert_int_equal(catalog_add_rule(catalog, &first), GK_OK);
    assert_int_equal(catalog_add_rule(catalog, &second), GK_ECORRUPT);
    second.version = 2;
    second.from = T0 - 1;
    assert_int_equal(catalog_add_rule(catalog, &second), GK_ECORRUPT);
    second.from = T0 + 1;
    assert_int_equal(catalog_add_rule(catalog, &second), GK_OK);
    catalog_free(catalog);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(another_text_is_the_next_version_and_the_former_one_stays),
    cmocka_unit_test(what_is_no_rule_is_refused_by_name),
    cmocka_unit_test(versions_that_do_not_follow_are_corrupt),
};

RUN_TESTS(tests)
