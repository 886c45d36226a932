/*
 * test_consumer.c - a consumer sees every act at least once and in order, from where it last confirmed, and is woken
 * when one becomes durable.
 */
#include "db/cases.h"

#include <poll.h>

#include "base/file.h"

static struct gk_error error;
static char path[4096];

static bool rings(const gk_consumer *c)
{
    struct pollfd p = {gk_consumer_fd(c), POLLIN, 0};
    assert_true(p.fd >= 0);
    return poll(&p, 1, 0) == 1;
}

static gk_consumer *consume(gk_db *db, const char *name, uint64_t from)
{
    gk_consumer *c;
    ok(gk_consumer_open(db, name, from, &c, &error), &error);
    return c;
}

static uint64_t next(gk_consumer *c)
{
    struct gk_alarm alarm;
    struct gk_act act;
    int rc = gk_consumer_next(c, &act, &alarm, &error);
    if (rc == GK_DONE)
        return 0;
    ok(rc, &error);
    assert_int_equal(alarm.id, act.alarm);
    return act.seq;
}

static void a_consumer_goes_on_where_it_last_confirmed(void **state)
{
    (void)state;
    gk_db *db = world_new(path, NULL);
    gk_consumer *c = consume(db, "sms", 0);
    assert_int_equal(next(c), 0);
    (void)raise_alarm(db, "R1", "fan");
    (void)act_on(db, GK_ACT_NOTED, 0);
    (void)act_on(db, GK_ACT_SEEN, 1);
    assert_int_equal(next(c), 0); /* not durable */
    ok(gk_commit(db, &error), &error);
    assert_int_equal(next(c), 1);
    assert_int_equal(next(c), 2);
    assert_int_equal(gk_consumer_confirm(c, 3, &error), GK_EINVAL);
    assert_string_equal(error.text, "act 3 was not given to this consumer yet");
    ok(gk_consumer_confirm(c, 1, &error), &error);
    gk_consumer_close(c);
    c = consume(db, "sms", 0); /* as after a crash: 2 was given and not confirmed */
    assert_int_equal(next(c), 2);
    assert_int_equal(next(c), 3);
    ok(gk_consumer_confirm(c, 3, &error), &error);
    ok(gk_consumer_confirm(c, 2, &error), &error); /* is confirmed already */
    assert_int_equal(next(c), 0);
    gk_consumer_close(c);
    c = consume(db, "sms", 0);
    assert_int_equal(next(c), 0);
    gk_consumer *mail = consume(db, "mail", 3); /* another one has a place of its own */
    assert_int_equal(next(mail), 3);
    gk_consumer *nobody = consume(db, NULL, 2);
    assert_int_equal(next(nobody), 2);
    ok(gk_consumer_confirm(nobody, 2, &error), &error);
    gk_consumer_close(nobody);
    nobody = consume(db, NULL, 0);
    assert_int_equal(next(nobody), 1); /* no place is kept */
    gk_consumer_close(nobody);
    gk_consumer_close(mail);
    gk_consumer_close(c);
    world_end(db, path);
}

static void a_consumer_is_woken_by_acts_and_not_by_rows(void **state)
{
    (void)state;
    gk_db *db = world_new(path, NULL);
    uint32_t kw = put_channel(db, "kw"), fan = put_facility(db, "fan", GK_ABATEMENT);
    ok(gk_commit(db, &error), &error);
    gk_consumer *c = consume(db, "sms", 0);
    assert_false(rings(c));
    ok(put_row(db, fan, T0, kw, 1), &error);
    ok(gk_commit(db, &error), &error);
    assert_false(rings(c));
    (void)raise_alarm(db, "R1", "fan");
    assert_false(rings(c));
    ok(gk_commit(db, &error), &error);
    assert_true(rings(c));
    assert_int_equal(next(c), 1);
    assert_int_equal(next(c), 0);
    assert_false(rings(c));
    for (int i = 0; i < 4000; i++) /* the way that goes straight to chunks */
        ok(put_row(db, fan, T0 + i * GK_SECOND, kw, 1), &error);
    (void)act_on(db, GK_ACT_SEEN, 1);
    ok(gk_commit(db, &error), &error);
    assert_true(rings(c));
    assert_int_equal(next(c), 2);
    gk_consumer_close(c);
    world_end(db, path);
}

static void a_name_is_used_by_one_at_a_time_and_is_one_of_a_file(void **state)
{
    static const char *const BAD[] = {"", ".", "../x", "a/b", ".hidden", "sms.lock", "two\nlines"};
    gk_consumer *c, *second = NULL;
    char folder[4200];
    (void)state;

    gk_db *db = world_new(path, NULL);
    c = consume(db, "sms", 0);
    assert_int_equal(gk_consumer_open(db, "sms", 0, &second, &error), GK_EBUSY);
    assert_string_equal(error.text, "consumer 'sms': another process reads under this name");
    assert_null(second);
    for (size_t i = 0; i < sizeof BAD / sizeof *BAD; i++) {
        assert_int_equal(gk_consumer_open(db, BAD[i], 0, &second, &error), GK_EINVAL);
        assert_non_null(strstr(error.text, "expected a name"));
    }
    gk_consumer_close(c);
    gk_consumer_close(NULL);
    (void)snprintf(folder, sizeof folder, "%s/consumers", path);
    ok(file_write(folder, "sms", "seven\n", 6, &error), &error);
    assert_int_equal(gk_consumer_open(db, "sms", 0, &second, &error), GK_ERANGE);
    c = consume(db, "\xE7\x9F\xAD\xE4\xBF\xA1", 0);
    gk_consumer_close(c);
    world_end(db, path);
}

/* A store that was put back has other acts under the same numbers: whoever went on behind them would miss them. */
static void a_place_of_another_history_is_refused(void **state)
{
    gk_consumer *c = NULL;
    char folder[4200];
    struct buffer place;
    (void)state;

    buffer_init(&place, &MEM_SYSTEM);
    for (int acts = 0; acts < 3; acts++) {
        gk_db *db = world_new(path, NULL);
        if (acts > 0)
            (void)raise_alarm(db, "R1", acts == 1 ? "fan" : "press");
        ok(gk_commit(db, &error), &error);
        (void)snprintf(folder, sizeof folder, "%s/consumers", path);
        ok(file_make_folder(folder, &error), &error);
        if (acts != 1) {
            if (acts == 0)
                buffer_put(&place, "1 00\n", 5);
            ok(file_write(folder, "sms", place.bytes, place.size, &error), &error);
            assert_int_equal(gk_consumer_open(db, "sms", 0, &c, &error), GK_ERANGE);
            assert_non_null(
                strstr(error.text, "consumer 'sms' confirmed act 1, which is not what this store has there"));
            assert_null(c);
        } else {
            c = consume(db, "sms", 0);
            assert_int_equal(next(c), 1);
            ok(gk_consumer_confirm(c, 1, &error), &error);
            gk_consumer_close(c);
            buffer_reset(&place);
            ok(file_read(folder, "sms", 100, &place, &error), &error);
        }
        world_end(db, path);
    }
    buffer_clear(&place);
}

/* Whatever is confirmed before it ends: what it sees all in all is every act, in order, repeats only from the last
 * confirmed one on. */
static void random_ends_lose_nothing(void **state)
{
    uint64_t seed = test_seed("random_ends_lose_nothing"), rounds = test_rounds(200);
    struct random random = random_from(seed);
    uint64_t put = 0, seen = 0, confirmed = 0;
    (void)state;

    gk_db *db = world_new(path, NULL);
    (void)raise_alarm(db, "R1", "fan");
    put++;
    for (uint64_t r = 0; r < rounds; r++) {
        for (uint64_t n = random_below(&random, 5); n > 0; n--, put++)
            (void)act_on(db, GK_ACT_NOTED, 1);
        ok(gk_commit(db, &error), &error);
        gk_consumer *c = consume(db, "sms", 0);
        uint64_t at = confirmed;
        for (uint64_t n = random_below(&random, 8); n > 0; n--) {
            uint64_t seq = next(c);
            if (seq == 0) {
                assert_int_equal(at, put);
                break;
            }
            assert_int_equal(seq, ++at);
            seen = at > seen ? at : seen;
            if (random_below(&random, 2)) {
                ok(gk_consumer_confirm(c, at, &error), &error);
                confirmed = at;
            }
        }
        gk_consumer_close(c);
    }
    assert_true(seen > rounds / 2);
    world_end(db, path);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(a_consumer_goes_on_where_it_last_confirmed),
    cmocka_unit_test(a_consumer_is_woken_by_acts_and_not_by_rows),
    cmocka_unit_test(a_name_is_used_by_one_at_a_time_and_is_one_of_a_file),
    cmocka_unit_test(a_place_of_another_history_is_refused),
    cmocka_unit_test(random_ends_lose_nothing),
};

RUN_TESTS(tests)
