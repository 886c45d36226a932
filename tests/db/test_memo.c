/*
 * test_memo.c - what a snapshot keeps of facilities: found again, counted, forgotten when it is too much; and that the
 * states a snapshot tells do not hang on what was asked before.
 */
#include "db/memo.h"
#include "db/world.h"

static void entries_are_found_again_and_stay_where_they_are(void **state)
{
    struct memo_entry *entries[1000], *entry;
    struct memo memo;
    (void)state;

    memo_init(&memo, &MEM_SYSTEM);
    for (uint32_t i = 0; i < 1000; i++) {
        assert_int_equal(memo_find(&memo, i * 64, &entries[i]), GK_OK);
        assert_int_equal(entries[i]->from, entries[i]->to);
        entries[i]->from = i;
    }
    for (uint32_t i = 0; i < 1000; i++) {
        assert_int_equal(memo_find(&memo, i * 64, &entry), GK_OK);
        assert_ptr_equal(entry, entries[i]);
        assert_int_equal(entry->from, i);
    }
    memo_clear(&memo);
}

static void too_much_is_forgotten_as_a_whole(void **state)
{
    struct memo_entry *entry;
    struct memo memo;
    (void)state;

    memo_init(&memo, &MEM_SYSTEM);
    assert_int_equal(memo_find(&memo, 1, &entry), GK_OK);
    memo_trim(&memo);
    assert_int_equal(memo.n, 1);
    assert_int_equal(mem_reserve(&MEM_SYSTEM, &entry->steps.at, &entry->steps.capacity,
                                 MEMO_BYTES_MAX / sizeof *entry->steps.at, sizeof *entry->steps.at),
                     GK_OK);
    memo_count(&memo, entry, 0);
    memo_trim(&memo);
    assert_int_equal(memo.n, 0);
    assert_int_equal(memo.bytes, 0);
    assert_int_equal(memo_find(&memo, 1, &entry), GK_OK);
    assert_int_equal(entry->steps.n, 0);
    memo_clear(&memo);
}

static void limits_and_profiles_are_copies(void **state)
{
    struct limits_span span = {.from = GK_TICK_MIN, .primary = 3};
    struct limits limits = {.mem = &MEM_SYSTEM, .spans = &span, .n = 1, .capacity = 1, .uses_usual_hold = true};
    struct limits found_limits;
    struct profile profile, found;
    struct memo memo;
    bool is_kept;
    (void)state;

    memo_init(&memo, &MEM_SYSTEM);
    profile_init(&profile, &MEM_SYSTEM);
    profile_init(&found, &MEM_SYSTEM);
    limits_init(&found_limits, &MEM_SYSTEM);
    assert_int_equal(profile_add_channel(&profile, 5), GK_OK);
    profile.n_rows = 9;
    assert_int_equal(memo_take_limits(&memo, 1, &found, &found_limits, &is_kept), GK_OK);
    assert_false(is_kept);
    assert_int_equal(memo_put_limits(&memo, 1, &profile, &limits), GK_OK);
    profile.channels[0] = 6;
    span.primary = 4;
    assert_int_equal(memo_take_limits(&memo, 2, &found, &found_limits, &is_kept), GK_OK);
    assert_false(is_kept);
    assert_int_equal(memo_take_limits(&memo, 1, &found, &found_limits, &is_kept), GK_OK);
    assert_true(is_kept);
    assert_int_equal(found.n_rows, 9);
    assert_int_equal(found.n_channels, 1);
    assert_int_equal(found.channels[0], 5);
    assert_int_equal(found_limits.n, 1);
    assert_int_equal(found_limits.spans[0].primary, 3);
    assert_true(found_limits.uses_usual_hold);
    memo_clear(&memo);
    profile_clear(&profile);
    profile_clear(&found);
    limits_clear(&found_limits);
}

static void every_failing_allocation_leaves_it_usable(void **state)
{
    (void)state;
    for (uint64_t i = 1;; i++) {
        struct failing_mem mem;
        struct memo_entry *entry;
        struct memo memo;
        int rc = GK_OK;
        failing_mem_init(&mem);
        mem.fail_at = i;
        memo_init(&memo, &mem.mem);
        for (uint32_t id = 0; id < 100 && rc == GK_OK; id++)
            rc = memo_find(&memo, id, &entry);
        memo_clear(&memo);
        assert_int_equal(mem.n_live, 0);
        if (rc == GK_OK)
            break;
        assert_int_equal(rc, GK_ENOMEM);
    }
}

/* Days of several eras, asked for in any order: the timeline is that of a new snapshot. */
static void what_was_asked_before_changes_no_answer(void **state)
{
    struct random random = random_from(test_seed("test_memo"));
    struct gk_error error;
    char path[4096];
    (void)state;

    gk_db *db = world_new(path, NULL);
    uint32_t kw = put_channel(db, "kw"), id = put_facility(db, "p", GK_PRODUCTION);
    for (int i = 0; i < 400; i++)
        assert_int_equal(put_row(db, id, T0 + i * DAY / 10, kw, i % 3 ? 5 : 0), GK_OK);
    ok(gk_commit(db, &error), &error);
    for (int is_sealed = 0; is_sealed < 2; is_sealed++) {
        gk_timeline *a = NULL, *b = NULL;
        if (is_sealed)
            ok(gk_seal(db, &error), &error);
        gk_snapshot *s = look(db);
        assert_int_equal(gk_timeline_new(s, &a), GK_OK);
        assert_int_equal(gk_timeline_new(s, &b), GK_OK);
        for (int i = 0; i < 100; i++) {
            int64_t from = T0 / GK_SECOND + (int64_t)random_below(&random, 42 * 86400) - 86400;
            int64_t to = from + 1 + (int64_t)random_below(&random, i % 2 ? 86400 : 20 * 86400);
            size_t n_a, n_b;
            gk_snapshot *fresh = look(db);
            ok(gk_state_timeline(s, id, GK_STATE_BIT(GK_ON), from, to, a, &error), &error);
            ok(gk_state_timeline(fresh, id, GK_STATE_BIT(GK_ON), from, to, b, &error), &error);
            const struct gk_step *x = gk_timeline_steps(a, &n_a), *y = gk_timeline_steps(b, &n_b);
            assert_int_equal(n_a, n_b);
            for (size_t k = 0; k < n_a; k++)
                assert_true(x[k].tick == y[k].tick && x[k].value == y[k].value);
            gk_snapshot_close(fresh);
        }
        gk_timeline_free(a);
        gk_timeline_free(b);
        gk_snapshot_close(s);
    }
    world_end(db, path);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(entries_are_found_again_and_stay_where_they_are),
    cmocka_unit_test(too_much_is_forgotten_as_a_whole),
    cmocka_unit_test(limits_and_profiles_are_copies),
    cmocka_unit_test(every_failing_allocation_leaves_it_usable),
    cmocka_unit_test(what_was_asked_before_changes_no_answer),
};

RUN_TESTS(tests)
