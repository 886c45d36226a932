/*
 * test_changes.c - who changed, and from when on: whatever rows come in which order, the states of a facility are what
 * they were, going on, up to the time from which it was named.
 */
#include "db/world.h"

#include <inttypes.h>
#include <math.h>

#include "db/db.h"

#define FACILITIES 8
#define STEPS_MAX  4096

static struct gk_error error;
static struct random random_state;
static uint32_t kw;

static uint64_t pick(uint64_t n)
{
    return random_below(&random_state, n);
}

/* The states of a facility as they were seen last, and as of when. */
static struct {
    struct gk_step steps[STEPS_MAX];
    size_t n;
} seen[FACILITIES];
static int64_t seen_now;

static void send(gk_db *db, uint32_t facility, gk_time time, double value)
{
    const double *column = &value;
    struct gk_batch batch = {
        .n_rows = 1, .time = &time, .facility = &facility, .n_channels = 1, .channel = &kw, .value = &column};
    ok(gk_ingest(db, &batch, NULL, &error), &error);
}

static uint32_t state_at(const struct gk_step *steps, size_t n, int64_t tick)
{
    uint32_t state = GK_NODATA;
    for (size_t i = 0; i < n && steps[i].tick <= tick; i++)
        state = steps[i].value;
    return state;
}

/* Everything up to `now` that is not what was seen, going on, must have been named. */
static size_t check(gk_db *db, int64_t first, int64_t now)
{
    const struct gk_change *list;
    gk_time from[FACILITIES];
    gk_snapshot *s;
    size_t n, n_named = 0;

    ok(gk_commit(db, &error), &error);
    ok(gk_snapshot_open(db, &s, &error), &error);
    ok(gk_changes(db, s, now * GK_SECOND, &list, &n, &error), &error);
    for (uint32_t f = 0; f < FACILITIES; f++)
        from[f] = GK_TIME_MAX;
    for (size_t i = 0; i < n; i++) {
        from[list[i].facility] = list[i].states_from;
        n_named += list[i].states_from != GK_TIME_MAX;
    }
    for (uint32_t f = 0; f < FACILITIES; f++) {
        const struct gk_step *steps;
        size_t n_steps;
        ok(gk_state_steps(s, f, first, now + 1, &steps, &n_steps, &error), &error);
        assert_true(n_steps < STEPS_MAX);
        for (int64_t t = first; t <= now && (from[f] == GK_TIME_MAX || t * GK_SECOND < from[f]); t++) {
            uint32_t was = state_at(seen[f].steps, seen[f].n, t < seen_now ? t : seen_now);
            if (state_at(steps, n_steps, t) != was)
                fail_msg("facility %u at %+" PRId64 " s: %u was told to be %u (named from %+" PRId64 ")", f, t - first,
                         state_at(steps, n_steps, t), was,
                         from[f] == GK_TIME_MAX ? INT64_MAX : from[f] / GK_SECOND - first);
        }
        memcpy(seen[f].steps, steps, n_steps * sizeof *steps);
        seen[f].n = n_steps;
    }
    gk_snapshot_close(s);
    seen_now = now;
    return n_named;
}

static gk_db *new_zone(char path[4096])
{
    gk_db *db = world_new(path, NULL);

    memset(seen, 0, sizeof seen);
    ok(gk_channel_register(db, "kw", 2, &kw, &error), &error);
    for (int f = 0; f < FACILITIES; f++) {
        char name[16];
        (void)snprintf(name, sizeof name, "f%d", f);
        put_facility(db, name, f % 2 ? GK_ABATEMENT : GK_PRODUCTION);
    }
    return db;
}

static void put_random_band(gk_db *db, gk_time from)
{
    struct gk_band_put band = {.size = sizeof band,
                               .scope = pick(2) ? GK_FACILITY : GK_ZONE,
                               .name = text_of(NULL),
                               .on_from = {GK_LIMIT_ABSOLUTE, {(int64_t)pick(5) + 2, 0}},
                               .hold_ns = pick(2) ? -1 : (int64_t)(40 + pick(100)) * GK_SECOND,
                               .dwell_on_ns = pick(3) ? -1 : 30 * GK_SECOND,
                               .dwell_off_ns = pick(3) ? -1 : 20 * GK_SECOND,
                               .from = from};
    if (band.scope == GK_FACILITY)
        band.name = text_of(pick(2) ? "f1" : "f2");
    if (pick(3) == 0)
        band.hysteresis = (struct gk_limit){GK_LIMIT_ABSOLUTE, {5, 1}};
    ok(gk_band_put(db, &band, &error), &error);
}

static void one_zone(void)
{
    const int64_t first = T0 / GK_SECOND;
    char path[4096];
    gk_db *db = new_zone(path);
    double level[FACILITIES] = {0};
    int64_t silent_to[FACILITIES] = {0};

    check(db, first, first);
    for (int64_t now = first + 1; now < first + 3600; now += 1 + (int64_t)pick(20)) {
        for (uint32_t f = 0; f < FACILITIES; f++) {
            if (pick(3) == 0 || now < silent_to[f])
                continue;
            if (pick(12) == 0)
                level[f] = (double)pick(13);
            if (pick(60) == 0)
                silent_to[f] = now + (int64_t)pick(400);
            int64_t late = pick(15) == 0 ? (int64_t)pick(500) : 0;
            late = pick(20) == 0 ? -(int64_t)pick(40) : late; /* its clock is ahead */
            send(db, f, (now - late) * GK_SECOND, level[f]);
            if (pick(30) == 0)
                send(db, f, (now - late) * GK_SECOND, level[f] + 3);
        }
        if (pick(60) == 0)
            put_random_band(db, pick(2) ? GK_TIME_MIN : (now - (int64_t)pick(900)) * GK_SECOND);
        if (pick(40) == 0)
            ok(gk_seal(db, &error), &error);
        check(db, first, now);
    }
    world_end(db, path);
}

static void states_are_what_they_were_up_to_where_they_are_named(void **state)
{
    uint64_t rounds = test_rounds(4);
    (void)state;

    random_state = random_from(test_seed("changes"));
    for (uint64_t i = 0; i < rounds; i++)
        one_zone();
}

static void a_row_that_lets_a_state_go_on_names_nobody_and_silence_does(void **state)
{
    const int64_t first = T0 / GK_SECOND;
    char path[4096];
    (void)state;

    gk_db *db = new_zone(path);
    for (int64_t t = first; t < first + 600; t += 10)
        send(db, 0, t * GK_SECOND, 8);
    (void)check(db, first, first + 600);
    for (int64_t t = first + 600; t < first + 1200; t += 10) {
        send(db, 0, t * GK_SECOND, 8 + (double)(t % 7) / 10);
        assert_int_equal(check(db, first, t), 0);
    }
    assert_int_equal(check(db, first, first + 1190 + 59), 0);
    assert_int_equal(check(db, first, first + 1190 + 60), 1); /* its hold of 60 s is over */
    assert_int_equal(check(db, first, first + 1190 + 300), 0);
    send(db, 0, (first + 1600) * GK_SECOND, 8);
    assert_int_equal(check(db, first, first + 1600), 1);
    world_end(db, path);
}

static void orders_begin_and_end_without_rows(void **state)
{
    const int64_t first = T0 / GK_SECOND;
    struct gk_order_put order = {.size = sizeof order,
                                 .scope = GK_FACILITY,
                                 .name = text_of("f3"),
                                 .level = text_of("red"),
                                 .kind = text_of("stop"),
                                 .cut_share = NAN,
                                 .from = T0 + 100 * GK_SECOND,
                                 .to = T0 + 2 * DAY,
                                 .hours_from_s = 9 * 3600, /* 01:00 in UTC */
                                 .hours_to_s = 10 * 3600};
    char path[4096];
    (void)state;

    gk_db *db = new_zone(path);
    (void)check(db, first, first + 1);
    ok(gk_order_put(db, &order, &error), &error);
    assert_int_equal(check(db, first, first + 99), 0);
    assert_int_equal(check(db, first, first + 100), 1);
    assert_int_equal(check(db, first, first + 3599), 0);
    assert_int_equal(check(db, first, first + 3600), 1);
    assert_int_equal(check(db, first, first + 7199), 0);
    assert_int_equal(check(db, first, first + 7200), 1);
    assert_int_equal(check(db, first, first + 86400 + 3599), 0);
    assert_int_equal(check(db, first, first + 86400 + 3600), 1);
    world_end(db, path);
}

static void what_is_not_settled_is_known_after_reopening(void **state)
{
    char path[4096];
    (void)state;

    gk_db *db = new_zone(path);
    send(db, 0, T0, 8);
    ok(gk_commit(db, &error), &error);
    assert_true(gk_unsettled(db) == GK_TIME_MIN);
    ok(gk_settle(db, T0 + 100 * GK_SECOND, &error), &error);
    send(db, 0, T0 + 110 * GK_SECOND, 8);
    ok(gk_commit(db, &error), &error);
    assert_true(gk_unsettled(db) == T0 + 100 * GK_SECOND);
    send(db, 0, T0 + 50 * GK_SECOND, 8);
    assert_int_equal(gk_close(db), GK_OK);
    db = world_open(path, GK_READWRITE, NULL);
    assert_true(gk_unsettled(db) == T0 + 50 * GK_SECOND);
    struct gk_exemption_put exemption = {.size = sizeof exemption,
                                         .scope = GK_FACILITY,
                                         .name = text_of("f1"),
                                         .kind = text_of("stop"),
                                         .from = T0 + 7 * GK_SECOND,
                                         .to = T0 + DAY};
    ok(gk_exemption_put(db, &exemption, &error), &error);
    assert_int_equal(gk_close(db), GK_OK);
    db = world_open(path, GK_READWRITE, NULL);
    assert_true(gk_unsettled(db) == T0 + 7 * GK_SECOND);
    world_end(db, path);
}

/* From when on a facility is named; GK_TIME_MAX: it is not. */
static gk_time named_from(gk_db *db, uint32_t facility)
{
    const struct gk_change *list;
    gk_time from = GK_TIME_MAX;
    gk_snapshot *s;
    size_t n;

    ok(gk_commit(db, &error), &error);
    ok(gk_snapshot_open(db, &s, &error), &error);
    ok(gk_changes(db, s, world_now, &list, &n, &error), &error);
    for (size_t i = 0; i < n; i++)
        if (list[i].facility == facility)
            from = list[i].states_from;
    gk_snapshot_close(s);
    return from;
}

static void put_link(gk_db *db, const char *abatement, const char *production, gk_time from)
{
    struct gk_link_put link = {sizeof link, text_of(abatement), text_of(production), false, from, GK_TIME_MAX};
    ok(gk_link_put(db, &link, &error), &error);
}

static void a_first_link_names_those_who_were_served_by_default(void **state)
{
    char path[4096];
    (void)state;

    gk_db *db = new_zone(path);
    struct gk_facility_put other = facility_of("other", "E2", "L1", GK_PRODUCTION);
    uint32_t id;
    ok(gk_facility_put(db, &other, &id, &error), &error);
    (void)named_from(db, 0); /* the first time all are */
    assert_true(named_from(db, 4) == GK_TIME_MAX);
    put_link(db, "f1", "f0", T0); /* no longer f4 */
    assert_true(named_from(db, 4) == GK_TIME_MIN);
    put_link(db, "f3", "f0", T0 + GK_SECOND);
    assert_true(named_from(db, id) == GK_TIME_MAX); /* another enterprise */
    put_link(db, "f1", "f2", T0 + 2 * GK_SECOND);
    assert_true(named_from(db, 2) == T0 + 2 * GK_SECOND);
    put_link(db, "f1", "f4", T0 + 3 * GK_SECOND);
    assert_true(named_from(db, 2) == GK_TIME_MAX);
    struct gk_facility_put moved = facility_of("f6", "E1", "L2", GK_PRODUCTION);
    ok(gk_facility_put(db, &moved, &id, &error), &error);
    assert_true(named_from(db, 2) == GK_TIME_MIN); /* who is served by the abatement of its line */
    world_end(db, path);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(a_first_link_names_those_who_were_served_by_default),
    cmocka_unit_test(states_are_what_they_were_up_to_where_they_are_named),
    cmocka_unit_test(a_row_that_lets_a_state_go_on_names_nobody_and_silence_does),
    cmocka_unit_test(orders_begin_and_end_without_rows),
    cmocka_unit_test(what_is_not_settled_is_known_after_reopening),
};

RUN_TESTS(tests)
