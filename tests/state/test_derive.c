/*
 * test_derive.c - from rows to states: against a walk over every tick, fed in pieces, and begun again in the middle.
 */
#include "support/support.h"

#include <math.h>

#include "state/derive.h"

#define TICK_NS   1000 /* small, so that several rows fall into one tick */
#define ROWS_MAX  96
#define TICKS_MAX 400
#define PERIODS   3

/* Rows of one facility, and the limits in force, which may change at the beginning of a tick. */
struct story {
    size_t n;
    gk_time time[ROWS_MAX];
    double primary[ROWS_MAX], fallback[DERIVE_FALLBACK_MAX][ROWS_MAX];
    int64_t period_from[PERIODS]; /* ticks, ascending, the first one before all rows */
    struct derive_limits limits[PERIODS];
};

static const struct derive_limits PLAIN = {{10, 20, 110}, 0, {10, 20, 110}, 0, 5, 0, 0};

static struct derive_rows rows_of(const struct story *story, size_t from, size_t n)
{
    struct derive_rows rows = {.n = n, .time = story->time + from, .primary = story->primary + from};
    for (size_t k = 0; k < DERIVE_FALLBACK_MAX; k++)
        rows.fallback[k] = story->fallback[k] + from;
    return rows;
}

static int64_t tick_of(gk_time time)
{
    return (int64_t)floor((double)time / TICK_NS);
}

static const struct derive_limits *limits_at(const struct story *story, int64_t tick)
{
    size_t k = PERIODS - 1;
    while (k > 0 && tick < story->period_from[k])
        k--;
    return &story->limits[k];
}

static double random_value(struct random *random)
{
    static const double values[] = {0, 5, 9, 9.5, 10, 12, 15, 19, 19.5, 20, 25, 60, 105, 109, 110, 130, INFINITY, -1};
    return random_below(random, 12) == 0 ? NAN : values[random_below(random, sizeof values / sizeof *values)];
}

static void put_values(struct random *random, struct story *story, size_t i)
{
    story->primary[i] = random_value(random);
    for (size_t k = 0; k < DERIVE_FALLBACK_MAX; k++)
        story->fallback[k][i] = random_below(random, 3) ? random_value(random) : NAN;
}

static struct derive_limits random_limits(struct random *random)
{
    struct derive_limits limits = PLAIN;
    limits.primary_hysteresis = (double)random_below(random, 4) / 2;
    limits.fallback_hysteresis = (double)random_below(random, 4) / 2;
    limits.hold = 1 + (int64_t)random_below(random, 12);
    limits.dwell_on = (int64_t)random_below(random, 2) * (int64_t)random_below(random, 10);
    limits.dwell_off = (int64_t)random_below(random, 2) * (int64_t)random_below(random, 10);
    if (random_below(random, 10) == 0)
        limits.fallback[random_below(random, 3)] = NAN;
    return limits;
}

static struct story random_story(struct random *random, size_t n, bool is_plain)
{
    struct story story = {.n = n};
    int64_t tick = -50, spread = 1 + (int64_t)random_below(random, 6);

    for (size_t i = 0; i < n; i++) {
        tick += (int64_t)random_below(random, (uint64_t)spread + 1);
        story.time[i] = tick * TICK_NS + (int64_t)random_below(random, TICK_NS);
        if (i > 0 && story.time[i] < story.time[i - 1])
            story.time[i] = story.time[i - 1];
        put_values(random, &story, i);
        if (random_below(random, 3) && i > 0) /* steady, so that dwells complete */
            story.primary[i] = story.primary[i - 1];
    }
    for (size_t k = 0; k < PERIODS; k++) {
        story.period_from[k] =
            k == 0 ? -1000 : story.period_from[k - 1] + (k == 1 ? 960 : 0) + (int64_t)random_below(random, 100);
        story.limits[k] = is_plain ? PLAIN : random_limits(random);
    }
    return story;
}

/* Feeds the rows [from, n) of the story, in pieces that end at a change of limits or after `most` rows. */
static void feed_some(struct derive *derive, const struct story *story, size_t from, size_t n, size_t most,
                      struct steps *out)
{
    while (from < n) {
        const struct derive_limits *limits = limits_at(story, tick_of(story->time[from]));
        size_t to = from + 1;
        while (to < n && to - from < most && limits_at(story, tick_of(story->time[to])) == limits)
            to++;
        struct derive_rows rows = rows_of(story, from, to - from);
        assert_int_equal(derive_feed(derive, TICK_NS, limits, &rows, out), GK_OK);
        from = to;
    }
}

static void derive_all(const struct story *story, struct steps *out)
{
    struct derive derive = {0};
    out->n = 0;
    feed_some(&derive, story, 0, story->n, story->n, out);
    assert_int_equal(derive_end(&derive, out), GK_OK);
}

static uint32_t state_at(const struct steps *steps, int64_t tick)
{
    uint32_t state = GK_NODATA;
    for (size_t i = 0; i < steps->n && steps->at[i].tick <= tick; i++)
        state = steps->at[i].value;
    return state;
}

static void assert_steps(const struct steps *got, const struct steps *want)
{
    assert_int_equal(got->n, want->n);
    for (size_t i = 0; i < got->n; i++) {
        assert_int_equal(got->at[i].tick, want->at[i].tick);
        assert_int_equal(got->at[i].value, want->at[i].value);
    }
}

/* ---- against a walk over every tick ---- */

/* The row that counts at a tick: the last that says something and is not after it, while it holds. ROWS_MAX: none. */
static size_t row_at(const struct story *story, int64_t tick)
{
    size_t found = ROWS_MAX;
    for (size_t i = 0; i < story->n && tick_of(story->time[i]) <= tick; i++) {
        struct derive_rows rows = rows_of(story, 0, story->n);
        double value;
        bool is_fallback;
        int64_t row_tick = tick_of(story->time[i]);
        if (derive_value(&rows, i, &value, &is_fallback) &&
            derive_class(limits_at(story, row_tick), is_fallback, value, GK_NODATA) != GK_NODATA)
            found = tick < row_tick + limits_at(story, row_tick)->hold ? i : ROWS_MAX;
    }
    return found;
}

/* Tick by tick: the state of every tick, painted back to the beginning of a change when its dwell is complete. */
static void walk(const struct story *story, uint32_t *states, int64_t from)
{
    uint32_t state = GK_NODATA, waiting = GK_NODATA;
    int64_t since = 0;

    for (int64_t tick = from; tick < from + TICKS_MAX; tick++) {
        size_t i = row_at(story, tick);
        states[tick - from] = GK_NODATA;
        if (i == ROWS_MAX) {
            state = waiting = GK_NODATA;
            continue;
        }
        struct derive_rows rows = rows_of(story, 0, story->n);
        double value = 0;
        bool is_fallback = false;
        (void)derive_value(&rows, i, &value, &is_fallback);
        const struct derive_limits *limits = limits_at(story, tick_of(story->time[i]));
        uint32_t class = derive_class(limits, is_fallback, value, state);
        states[tick - from] = state;
        if (class == state) {
            waiting = GK_NODATA;
            continue;
        }
        if (class != waiting)
            since = tick;
        waiting = class;
        int64_t dwell = state == GK_NODATA ? 0 : class > state ? limits->dwell_on : limits->dwell_off;
        if (tick + 1 - since >= dwell) {
            for (int64_t t = since; t <= tick; t++)
                states[t - from] = class;
            state = class;
        }
    }
}

static void states_are_what_a_walk_over_every_tick_finds(void **state)
{
    struct random random = random_from(test_seed(__func__));
    struct steps steps;
    static uint32_t want[TICKS_MAX];
    (void)state;

    steps_init(&steps, &MEM_SYSTEM);
    for (uint64_t round = test_rounds(1500); round > 0; round--) {
        struct story story = random_story(&random, random_below(&random, 40), false);
        derive_all(&story, &steps);
        walk(&story, want, -60);
        for (int64_t tick = -60; tick < TICKS_MAX - 60; tick++)
            assert_int_equal(state_at(&steps, tick), want[tick + 60]);
        for (size_t i = 1; i < steps.n; i++) {
            assert_true(steps.at[i].tick > steps.at[i - 1].tick);
            assert_int_not_equal(steps.at[i].value, steps.at[i - 1].value);
        }
    }
    steps_clear(&steps);
}

/* The reference of the field, without dwell: sample i holds [t_i, min(t_i+1, t_i + hold)). */
static void without_dwell_a_sample_holds_until_the_next_one_at_most_hold(void **state)
{
    struct random random = random_from(test_seed(__func__));
    struct steps steps;
    (void)state;

    steps_init(&steps, &MEM_SYSTEM);
    for (uint64_t round = test_rounds(1500); round > 0; round--) {
        struct story story = random_story(&random, 40, true);
        for (size_t i = 0; i < story.n; i++)
            story.primary[i] = isnan(story.primary[i]) ? 30 : story.primary[i];
        derive_all(&story, &steps);
        for (size_t i = 0; i < story.n; i++) {
            int64_t from = tick_of(story.time[i]), to = from + PLAIN.hold;
            int64_t next = i + 1 < story.n ? tick_of(story.time[i + 1]) : INT64_MAX;
            double v = story.primary[i];
            uint32_t class = v < 10 ? GK_OFF : v >= 110 ? GK_OVERLOAD : v >= 20 ? GK_ON : GK_IDLE;
            for (int64_t tick = from; tick < to && tick < next; tick++)
                assert_int_equal(state_at(&steps, tick), class);
            if (to < next)
                assert_int_equal(state_at(&steps, to), GK_NODATA);
        }
    }
    steps_clear(&steps);
}

/* ---- in pieces ---- */

static void rows_fed_in_pieces_give_the_same_and_what_is_stable_stays(void **state)
{
    struct random random = random_from(test_seed(__func__));
    struct steps whole, pieces;
    (void)state;

    steps_init(&whole, &MEM_SYSTEM);
    steps_init(&pieces, &MEM_SYSTEM);
    for (uint64_t round = test_rounds(3000); round > 0; round--) {
        struct story story = random_story(&random, 40, false);
        struct derive derive = {0};
        derive_all(&story, &whole);
        pieces.n = 0;
        for (size_t from = 0; from < story.n;) {
            size_t to = from + 1 + random_below(&random, 9);
            to = to < story.n ? to : story.n;
            feed_some(&derive, &story, from, to, 1 + random_below(&random, 5), &pieces);
            from = to;
            for (size_t i = 0; i < pieces.n; i++) /* what was given is final */
                assert_true(pieces.at[i].tick == whole.at[i].tick && pieces.at[i].value == whole.at[i].value);
            size_t n = pieces.n;
            assert_int_equal(derive_end(&derive, &pieces), GK_OK);
            for (int64_t tick = -60; tick < derive_stable(&derive); tick++)
                assert_int_equal(state_at(&pieces, tick), state_at(&whole, tick));
            pieces.n = n;
        }
        assert_int_equal(derive_end(&derive, &pieces), GK_OK);
        assert_steps(&pieces, &whole);
    }
    steps_clear(&whole);
    steps_clear(&pieces);
}

/* ---- in the middle ---- */

/* Copies the story with rows inserted, replaced and removed between two ticks; tells the first and last tick touched.
 */
static struct story change(struct random *random, const struct story *old, int64_t *first, int64_t *last)
{
    struct story new = *old;
    int64_t from = tick_of(old->time[random_below(random, old->n)]) - (int64_t)random_below(random, 3);
    int64_t to = from + (int64_t)random_below(random, 12);

    *first = INT64_MAX;
    *last = INT64_MIN;
    new.n = 0;
    for (size_t i = 0; i <= old->n; i++) {
        int64_t tick = i < old->n ? tick_of(old->time[i]) : to;
        bool is_touched = tick >= from && tick <= to;
        uint64_t what = is_touched ? random_below(random, 4) : 3;
        if (what == 0 || (i == old->n && what == 1)) { /* a late row, of the same tick or between */
            int64_t before = new.n > 0 ? new.time[new.n - 1] : tick *TICK_NS;
            int64_t low = before > from * TICK_NS ? before : from * TICK_NS;
            int64_t high = i < old->n ? old->time[i] : low + 2 * TICK_NS;
            new.time[new.n] = low + (int64_t)random_below(random, (uint64_t)(high - low) + 1);
            put_values(random, &new, new.n);
            int64_t late = tick_of(new.time[new.n]);
            *first = late < *first ? late : *first;
            *last = late > *last ? late : *last;
            new.n++;
        }
        if (i == old->n)
            break;
        if (what < 3) {
            *first = tick < *first ? tick : *first;
            *last = tick > *last ? tick : *last;
        }
        if (what == 1)
            continue; /* gone */
        new.time[new.n] = old->time[i];
        new.primary[new.n] = old->primary[i];
        for (size_t k = 0; k < DERIVE_FALLBACK_MAX; k++)
            new.fallback[k][new.n] = old->fallback[k][i];
        if (what == 2)
            put_values(random, &new, new.n);
        new.n++;
    }
    return new;
}

/* The last stand of the old rows before a tick; *next is the first row behind its tick. */
static bool find_stand(const struct story *story, const struct steps *old, int64_t change_tick, struct derive *derive,
                       size_t *next)
{
    struct derive_rows rows = rows_of(story, 0, story->n);
    for (size_t i = story->n; i-- > 0;) {
        int64_t tick = tick_of(story->time[i]);
        const struct derive_limits *limits = limits_at(story, tick);
        double value;
        bool is_fallback;
        if (tick >= change_tick || !derive_value(&rows, i, &value, &is_fallback) ||
            derive_class(limits, is_fallback, value, GK_NODATA) == GK_NODATA)
            continue;
        bool is_stand = derive_is_stand(old, tick, value, is_fallback, limits, change_tick);
        if (is_stand)
            *derive = derive_stand(tick, value, is_fallback, limits, state_at(old, tick));
        for (*next = i; *next < story->n && tick_of(story->time[*next]) == tick; ++*next)
            ;
        if (is_stand)
            return true;
        while (i > 0 && tick_of(story->time[i - 1]) == tick)
            i--; /* only the last row of a tick that says something can be one */
    }
    return false;
}

static void put_between(const struct steps *from, int64_t after, int64_t up_to, struct steps *out)
{
    for (size_t i = 0; i < from->n; i++)
        if (from->at[i].tick > after && from->at[i].tick <= up_to)
            assert_int_equal(steps_put(out, from->at[i].tick, from->at[i].value), GK_OK);
}

struct tally {
    uint64_t n, stands, meetings, rows_fed, rows;
};

/* Derives only around the change and puts the steps together. */
static void derive_around(const struct story *old_story, const struct story *new, const struct steps *old,
                          int64_t first, int64_t last, struct steps *out, struct tally *tally)
{
    struct derive derive = {0};
    struct steps between;
    int64_t stand_tick = INT64_MIN, met_tick = INT64_MAX;
    size_t next = 0;

    steps_init(&between, &MEM_SYSTEM);
    if (find_stand(old_story, old, first, &derive, &next)) {
        stand_tick = derive.tick; /* up to there both stories are the same, row by row */
        tally->stands++;
    } else {
        next = 0;
    }
    while (next < new->n && met_tick == INT64_MAX) {
        size_t to = next + 1;
        while (to < new->n && tick_of(new->time[to]) == tick_of(new->time[next]))
            to++;
        feed_some(&derive, new, next, to, to, &between);
        tally->rows_fed += to - next;
        next = to;
        if (derive.has_row && derive.tick > last && derive_meets(&derive, old))
            met_tick = derive.tick;
    }
    if (met_tick == INT64_MAX)
        assert_int_equal(derive_end(&derive, &between), GK_OK);
    else
        tally->meetings++;
    tally->n++;
    tally->rows += new->n;
    out->n = 0;
    put_between(old, INT64_MIN, stand_tick, out);
    put_between(&between, stand_tick, met_tick, out);
    put_between(old, met_tick, INT64_MAX, out);
    assert_true(between.n == 0 || between.at[0].tick > stand_tick);
    assert_true(met_tick == INT64_MAX || between.n == 0 || between.at[between.n - 1].tick < met_tick);
    steps_clear(&between);
}

static void deriving_again_between_two_stands_equals_deriving_from_scratch(void **state)
{
    struct random random = random_from(test_seed(__func__));
    struct steps old, want, got;
    struct tally tally = {0};
    (void)state;

    steps_init(&old, &MEM_SYSTEM);
    steps_init(&want, &MEM_SYSTEM);
    steps_init(&got, &MEM_SYSTEM);
    for (uint64_t round = test_rounds(30000); round > 0; round--) {
        struct story story = random_story(&random, 20 + random_below(&random, 28), false);
        int64_t first, last;
        struct story changed = change(&random, &story, &first, &last);
        derive_all(&story, &old);
        derive_all(&changed, &want);
        derive_around(&story, &changed, &old, first, last, &got, &tally);
        assert_steps(&got, &want);
    }
    print_message("%llu changes: %llu stands, %llu meetings, %llu of %llu rows fed\n", (unsigned long long)tally.n,
                  (unsigned long long)tally.stands, (unsigned long long)tally.meetings,
                  (unsigned long long)tally.rows_fed, (unsigned long long)tally.rows);
    assert_true(tally.stands > tally.n / 3 && tally.meetings > tally.n / 3); /* it is tested, not avoided */
    steps_clear(&old);
    steps_clear(&want);
    steps_clear(&got);
}

/* Limits that change from a tick on touch every row from there. */
static void new_limits_are_derived_from_the_stand_before_them(void **state)
{
    struct random random = random_from(test_seed(__func__));
    struct steps old, want, got;
    struct tally tally = {0};
    (void)state;

    steps_init(&old, &MEM_SYSTEM);
    steps_init(&want, &MEM_SYSTEM);
    steps_init(&got, &MEM_SYSTEM);
    for (uint64_t round = test_rounds(10000); round > 0; round--) {
        struct story story = random_story(&random, 40, false), changed = story;
        changed.limits[PERIODS - 1] = random_limits(&random);
        derive_all(&story, &old);
        derive_all(&changed, &want);
        derive_around(&story, &changed, &old, story.period_from[PERIODS - 1], INT64_MAX, &got, &tally);
        assert_steps(&got, &want);
    }
    steps_clear(&old);
    steps_clear(&want);
    steps_clear(&got);
}

/* Old steps may be read from a later beginning, such as an era's: a run that seems to begin there is refused sooner. */
static void a_stand_in_cut_steps_is_a_stand_in_all(void **state)
{
    struct random random = random_from(test_seed(__func__));
    struct steps steps, full, cut;
    (void)state;

    steps_init(&steps, &MEM_SYSTEM);
    steps_init(&full, &MEM_SYSTEM);
    steps_init(&cut, &MEM_SYSTEM);
    for (uint64_t round = test_rounds(3000); round > 0; round--) {
        struct story story = random_story(&random, 40, false);
        struct derive_rows rows = rows_of(&story, 0, story.n);
        derive_all(&story, &steps);
        int64_t from = -50 + (int64_t)random_below(&random, 60);
        full.n = cut.n = 0;
        assert_int_equal(steps_put(&full, -1000, GK_NODATA), GK_OK);
        put_between(&steps, INT64_MIN, INT64_MAX, &full);
        assert_int_equal(steps_put(&cut, from, state_at(&steps, from)), GK_OK);
        put_between(&steps, from, INT64_MAX, &cut);
        for (size_t i = 0; i < story.n; i++) {
            int64_t tick = tick_of(story.time[i]);
            const struct derive_limits *limits = limits_at(&story, tick);
            double value;
            bool is_fallback;
            if (derive_value(&rows, i, &value, &is_fallback) &&
                derive_is_stand(&cut, tick, value, is_fallback, limits, INT64_MAX))
                assert_true(derive_is_stand(&full, tick, value, is_fallback, limits, INT64_MAX));
        }
    }
    steps_clear(&steps);
    steps_clear(&full);
    steps_clear(&cut);
}

/* ---- single facts ---- */

static void missing_values_and_nan_say_nothing_and_the_phase_currents_stand_in(void **state)
{
    const gk_time time[] = {0};
    const double missing = gk_missing(), nan_value = NAN, a = 3, b = 6, up = INFINITY, down = -INFINITY;
    double value;
    bool is_fallback;
    (void)state;

    struct derive_rows rows = {.n = 1, .time = time};
    assert_false(derive_value(&rows, 0, &value, &is_fallback));
    rows.primary = &missing;
    rows.fallback[1] = &a;
    assert_true(derive_value(&rows, 0, &value, &is_fallback));
    assert_true(is_fallback && value == 3);
    rows.fallback[2] = &b;
    rows.fallback[0] = &nan_value;
    assert_true(derive_value(&rows, 0, &value, &is_fallback));
    assert_true(is_fallback && value == 4.5);
    rows.primary = &up;
    assert_true(derive_value(&rows, 0, &value, &is_fallback));
    assert_true(!is_fallback && isinf(value));
    rows.primary = NULL;
    rows.fallback[0] = &up;
    rows.fallback[1] = &down;
    assert_false(derive_value(&rows, 0, &value, &is_fallback));
}

static void a_limit_is_reached_from_below_and_left_below_its_hysteresis(void **state)
{
    struct derive_limits limits = PLAIN;
    (void)state;

    limits.primary_hysteresis = 2;
    assert_int_equal(derive_class(&limits, false, 9.9, GK_NODATA), GK_OFF);
    assert_int_equal(derive_class(&limits, false, 10, GK_NODATA), GK_IDLE);
    assert_int_equal(derive_class(&limits, false, 19, GK_IDLE), GK_IDLE);
    assert_int_equal(derive_class(&limits, false, 19, GK_ON), GK_ON);
    assert_int_equal(derive_class(&limits, false, 18, GK_ON), GK_ON);
    assert_int_equal(derive_class(&limits, false, 17.9, GK_ON), GK_IDLE);
    assert_int_equal(derive_class(&limits, false, 8, GK_OVERLOAD), GK_IDLE);
    assert_int_equal(derive_class(&limits, false, 7.9, GK_OVERLOAD), GK_OFF);
    assert_int_equal(derive_class(&limits, false, 109, GK_ON), GK_ON);
    assert_int_equal(derive_class(&limits, false, 109, GK_OVERLOAD), GK_OVERLOAD);
    assert_int_equal(derive_class(&limits, true, 19, GK_ON), GK_IDLE); /* the fallback has none */
    assert_int_equal(derive_class(&limits, false, INFINITY, GK_OFF), GK_OVERLOAD);
    assert_int_equal(derive_class(&limits, false, -INFINITY, GK_ON), GK_OFF);
    assert_int_equal(derive_class(&limits, false, NAN, GK_ON), GK_NODATA);
    limits.primary[2] = NAN;
    assert_int_equal(derive_class(&limits, false, 5, GK_ON), GK_NODATA); /* no rated value */
    limits.primary[2] = INFINITY;
    assert_int_equal(derive_class(&limits, false, 5, GK_ON), GK_OFF);
}

static void nothing_seen_gives_no_steps_and_rows_never_go_back(void **state)
{
    const gk_time time[] = {5 * TICK_NS}, before[] = {4 * TICK_NS};
    const double value[] = {50};
    struct derive_rows rows = {.n = 1, .time = time, .primary = value};
    struct derive derive = {0};
    struct steps steps;
    (void)state;

    steps_init(&steps, &MEM_SYSTEM);
    assert_int_equal(derive_stable(&derive), INT64_MIN);
    assert_int_equal(derive_end(&derive, &steps), GK_OK);
    assert_int_equal(steps.n, 0);
    assert_false(derive_meets(&derive, &steps));
    assert_int_equal(derive_feed(&derive, TICK_NS, &PLAIN, &rows, &steps), GK_OK);
    rows.time = before;
    assert_int_equal(derive_feed(&derive, TICK_NS, &PLAIN, &rows, &steps), GK_EINVAL);
    assert_int_equal(derive_stable(&derive), 5);
    struct derive_limits for_ever = PLAIN;
    for_ever.hold = INT64_MAX;
    derive = derive_stand(5, 50, false, &for_ever, GK_OFF);
    assert_int_equal(derive_end(&derive, &steps), GK_OK);
    assert_int_equal(steps.n, 1); /* on, and never silent */
    steps_clear(&steps);
    steps_clear(&steps);
}

static void steps_keep_only_what_changes(void **state)
{
    struct steps steps;
    (void)state;

    steps_init(&steps, &MEM_SYSTEM);
    assert_int_equal(steps_put(&steps, 1, GK_ON), GK_OK);
    assert_int_equal(steps_put(&steps, 2, GK_ON), GK_OK);
    assert_int_equal(steps.n, 1);
    assert_int_equal(steps_put(&steps, 3, GK_OFF), GK_OK);
    assert_int_equal(steps_put(&steps, 3, GK_IDLE), GK_OK);
    assert_int_equal(steps.n, 2);
    assert_int_equal(steps_put(&steps, 3, GK_ON), GK_OK); /* as before: no step is left */
    assert_int_equal(steps.n, 1);
    steps_clear(&steps);
}

static void a_failed_feed_changes_nothing_and_can_be_repeated(void **state)
{
    struct random random = random_from(test_seed(__func__));
    struct story story = random_story(&random, 90, true);
    struct derive_rows rows = rows_of(&story, 0, story.n);
    struct failing_mem failing;
    struct steps want, got;
    (void)state;

    steps_init(&want, &MEM_SYSTEM);
    derive_all(&story, &want);
    failing_mem_init(&failing);
    steps_init(&got, &failing.mem);
    struct derive derive = {0};
    for (int part = 0; part < 2; part++) {
        for (uint64_t fail_at = 1;; fail_at++) {
            failing.fail_at = failing.n_calls + fail_at;
            size_t n = got.n;
            int rc = part == 0 ? derive_feed(&derive, TICK_NS, &PLAIN, &rows, &got) : derive_end(&derive, &got);
            if (rc == GK_OK)
                break;
            assert_int_equal(rc, GK_ENOMEM);
            assert_int_equal(got.n, n);
            if (part == 0)
                assert_false(derive.has_row);
        }
    }
    assert_steps(&got, &want);
    steps_clear(&got);
    assert_int_equal(failing.n_live, 0);
    steps_clear(&want);
}

/* ---- limits ---- */

/* The text of the exact decimal, as strtod reads it. */
static double read_decimal(int64_t mantissa, int scale)
{
    char text[64];
    int n = snprintf(text, sizeof text, "%s%020lld", mantissa < 0 ? "-" : "", llabs(mantissa));
    memmove(text + n - scale + 1, text + n - scale, (size_t)scale + 1);
    text[n - scale] = '.';
    return strtod(text, NULL);
}

static void a_share_of_a_rated_value_is_the_double_of_the_exact_product(void **state)
{
    static const struct gk_decimal shares[] = {{10, 2}, {20, 2}, {110, 2},    {125, 3},
                                               {7, 2},  {1, 1},  {333333, 6}, {-5, 2}};
    (void)state;

    assert_bits_equal(derive_share_of((struct gk_decimal){10, 2}, 12.34), 1.234);
    assert_true(0.1 * 12.34 != 1.234 || 0.1 * 3 != 0.3); /* why it is done this way */
    for (int64_t k = 1; k <= 60000; k++) {
        double rated = read_decimal(k, 3);
        for (size_t i = 0; i < sizeof shares / sizeof *shares; i++)
            assert_bits_equal(derive_share_of(shares[i], rated),
                              read_decimal(shares[i].mantissa * k, shares[i].scale + 3));
    }
}

static void shares_of_extreme_values_are_rounded_once(void **state)
{
    (void)state;
    assert_bits_equal(derive_share_of((struct gk_decimal){1, 0}, 1.7976931348623157e308), 1.7976931348623157e308);
    assert_bits_equal(derive_share_of((struct gk_decimal){1, 0}, 4.9406564584124654e-324), 4.9406564584124654e-324);
    assert_bits_equal(derive_share_of((struct gk_decimal){INT64_MIN, 18}, -1e-3), 9.223372036854775808e-3);
    assert_bits_equal(derive_share_of((struct gk_decimal){1, 0}, 0.1 + 0.2), 0.30000000000000004);
    assert_bits_equal(derive_share_of((struct gk_decimal){1, 0}, 9007199254740993.0), 9007199254740992.0);
    assert_true(isinf(derive_share_of((struct gk_decimal){110, 2}, INFINITY)));
    assert_true(isnan(derive_share_of((struct gk_decimal){110, 2}, NAN)));
    assert_true(derive_share_of((struct gk_decimal){110, 2}, 0) == 0);
    assert_bits_equal(derive_decimal((struct gk_decimal){5, 0}), 5);
    assert_bits_equal(derive_decimal((struct gk_decimal){-1234, 3}), -1.234);
    assert_bits_equal(derive_decimal((struct gk_decimal){INT64_MIN, 18}), -9.223372036854775808);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(states_are_what_a_walk_over_every_tick_finds),
    cmocka_unit_test(without_dwell_a_sample_holds_until_the_next_one_at_most_hold),
    cmocka_unit_test(rows_fed_in_pieces_give_the_same_and_what_is_stable_stays),
    cmocka_unit_test(deriving_again_between_two_stands_equals_deriving_from_scratch),
    cmocka_unit_test(new_limits_are_derived_from_the_stand_before_them),
    cmocka_unit_test(a_stand_in_cut_steps_is_a_stand_in_all),
    cmocka_unit_test(missing_values_and_nan_say_nothing_and_the_phase_currents_stand_in),
    cmocka_unit_test(a_limit_is_reached_from_below_and_left_below_its_hysteresis),
    cmocka_unit_test(nothing_seen_gives_no_steps_and_rows_never_go_back),
    cmocka_unit_test(steps_keep_only_what_changes),
    cmocka_unit_test(a_failed_feed_changes_nothing_and_can_be_repeated),
    cmocka_unit_test(a_share_of_a_rated_value_is_the_double_of_the_exact_product),
    cmocka_unit_test(shares_of_extreme_values_are_rounded_once),
};

RUN_TESTS(tests)
