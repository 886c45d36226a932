/*
 * test_state_count.c - counting facilities in states inside of a timeline gives what the plain operators give, for
 * sealed and unsealed rows, all ranges of numbers, and any part of time.
 */
#include "db/world.h"

#include <inttypes.h>

#include "state/timeline.h"

#define FACILITIES 4
#define LENGTH     400 /* ticks with rows */

static struct gk_error error;

/* Rows at random: runs of a level, silences longer than the hold of 60 s. */
static void fill(gk_db *db, struct random *random, const uint32_t *ids, uint32_t kw, bool is_sealed)
{
    static const double levels[] = {0, 0, 1.5, 5, 5, 20};

    for (uint32_t f = 0; f < FACILITIES; f++) {
        double level = 0;
        for (int t = 0; t < LENGTH; t += 1 + (int)random_below(random, 20)) {
            if (random_below(random, 3) == 0)
                level = levels[random_below(random, 6)];
            if (random_below(random, 12) == 0)
                t += 60 + (int)random_below(random, 30);
            assert_int_equal(put_row(db, ids[f], T0 + t * GK_SECOND, kw, level), GK_OK);
        }
    }
    ok(gk_commit(db, &error), &error);
    if (is_sealed)
        ok(gk_seal(db, &error), &error);
}

static int64_t tick_near(struct random *random)
{
    if (random_below(random, 8) == 0)
        return random_below(random, 2) ? GK_TICK_MIN : GK_TICK_MAX;
    return T0 / GK_SECOND - 100 + (int64_t)random_below(random, LENGTH + 300);
}

static void make_within(struct random *random, gk_timeline *out)
{
    int64_t tick = T0 / GK_SECOND - 120;

    assert_int_equal(gk_timeline_reset(out, (enum gk_truth)random_below(random, 3)), GK_OK);
    for (uint64_t n = random_below(random, 20); n > 0; n--) {
        tick += 1 + (int64_t)random_below(random, 60);
        assert_int_equal(gk_timeline_append(out, tick, (enum gk_truth)random_below(random, 3)), GK_OK);
    }
}

struct lines {
    gk_timeline *one[FACILITIES], *within, *expected, *got, *a, *b;
};

static void lines_new(gk_snapshot *s, struct lines *lines)
{
    for (size_t i = 0; i < FACILITIES; i++)
        assert_int_equal(gk_timeline_new(s, &lines->one[i]), GK_OK);
    assert_int_equal(gk_timeline_new(s, &lines->within), GK_OK);
    assert_int_equal(gk_timeline_new(s, &lines->expected), GK_OK);
    assert_int_equal(gk_timeline_new(s, &lines->got), GK_OK);
    assert_int_equal(gk_timeline_new(s, &lines->a), GK_OK);
    assert_int_equal(gk_timeline_new(s, &lines->b), GK_OK);
}

static void lines_free(struct lines *lines)
{
    for (size_t i = 0; i < FACILITIES; i++)
        gk_timeline_free(lines->one[i]);
    gk_timeline_free(lines->within);
    gk_timeline_free(lines->expected);
    gk_timeline_free(lines->got);
    gk_timeline_free(lines->a);
    gk_timeline_free(lines->b);
}

static void assert_same(const gk_timeline *got, const gk_timeline *expected, uint64_t seed)
{
    assert_int_equal(timeline_check(got, &error), GK_OK);
    bool is_same = got->n == expected->n;
    for (size_t i = 0; is_same && i < got->n; i++)
        is_same = got->steps[i].tick == expected->steps[i].tick && got->steps[i].value == expected->steps[i].value;
    if (!is_same)
        fail_msg("seed %" PRIu64 ": the count is not that of the operators", seed);
}

/* Of runs that are shorter, only what is behind `for at least` must be right. */
static void one_question(gk_snapshot *s, struct random *random, struct lines *lines, const uint32_t *ids, uint64_t seed)
{
    struct gk_state_count what = {.facilities = ids,
                                  .n = random_below(random, FACILITIES + 1),
                                  .mask = (uint32_t)random_below(random, 32),
                                  .least = random_below(random, 4),
                                  .within_least = random_below(random, 2) ? 0 : (int64_t)random_below(random, 80)};
    int64_t from = tick_near(random), to = tick_near(random);

    what.most = random_below(random, 3) ? what.n : random_below(random, 4);
    for (size_t i = 0; i < what.n; i++)
        ok(gk_state_timeline(s, ids[i], what.mask, from, to, lines->one[i], &error), &error);
    const gk_timeline *const *list = (const gk_timeline *const *)lines->one;
    assert_int_equal(gk_timeline_count(lines->expected, list, what.n, what.least, what.most), GK_OK);
    if (random_below(random, 4)) {
        make_within(random, lines->within);
        what.within = lines->within;
        assert_int_equal(gk_timeline_copy(lines->a, lines->expected), GK_OK);
        assert_int_equal(gk_timeline_and(lines->expected, lines->within, lines->a), GK_OK);
    }
    ok(gk_state_count(s, &what, from, to, lines->got, &error), &error);
    assert_int_equal(gk_timeline_for_at_least(lines->a, lines->expected, what.within_least), GK_OK);
    assert_int_equal(gk_timeline_for_at_least(lines->b, lines->got, what.within_least), GK_OK);
    assert_same(lines->b, lines->a, seed);
}

static void counting_gives_what_the_operators_give(void **state)
{
    uint64_t seed = test_seed("test_state_count"), rounds = test_rounds(20);
    struct random seeds = random_from(seed);
    (void)state;

    for (uint64_t i = 0; i < rounds; i++) {
        uint64_t round = random_u64(&seeds);
        struct random random = random_from(round);
        uint32_t ids[FACILITIES];
        struct lines lines;
        char path[4096];
        gk_db *db = world_new(path, NULL);
        uint32_t kw = put_channel(db, "kw");
        for (uint32_t f = 0; f < FACILITIES; f++)
            ids[f] = put_facility(db, (const char *const[]){"a", "b", "c", "d"}[f], GK_PRODUCTION);
        fill(db, &random, ids, kw, i % 2);
        gk_snapshot *s = look(db);
        lines_new(s, &lines);
        for (int k = 0; k < 200; k++)
            one_question(s, &random, &lines, ids, round);
        lines_free(&lines);
        gk_snapshot_close(s);
        world_end(db, path);
    }
}

static void a_facility_that_is_not_there_is_told(void **state)
{
    const uint32_t id = 7;
    struct gk_state_count what = {.facilities = &id, .n = 1, .mask = GK_STATE_BIT(GK_ON), .least = 1, .most = 1};
    gk_timeline *out = NULL;
    char path[4096];
    (void)state;

    gk_db *db = world_new(path, NULL);
    gk_snapshot *s = look(db);
    assert_int_equal(gk_timeline_new(s, &out), GK_OK);
    assert_int_equal(gk_timeline_reset(out, GK_TRUE), GK_OK);
    assert_int_equal(gk_state_count(s, &what, 0, 10, out, &error), GK_ENOTFOUND);
    assert_int_equal(gk_timeline_at(out, 5), GK_FALSE);
    gk_timeline_free(out);
    gk_snapshot_close(s);
    world_end(db, path);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(counting_gives_what_the_operators_give),
    cmocka_unit_test(a_facility_that_is_not_there_is_told),
};

RUN_TESTS(tests)
