/*
 * test_heads.c - unsealed rows: views by ordinal, rows out of order, folding by policy, taking rows back, asking for a
 * time; against a model that keeps every row as it came.
 */
#include "db/world.h"

#include "db/heads.h"

#define ROWS_MAX 4000
#define CHANNELS 3

struct row {
    uint32_t facility;
    gk_time time;
    double value[CHANNELS];
    bool has[CHANNELS]; /* the batch had this channel */
};

static struct row rows[ROWS_MAX];
static size_t n_rows;
static struct heads *heads;
static gk_time newest[8];

static int set_up(void **state)
{
    (void)state;
    n_rows = 0;
    for (int i = 0; i < 8; i++)
        newest[i] = GK_TIME_MIN;
    return heads_new(&MEM_SYSTEM, &heads);
}

static int tear_down(void **state)
{
    (void)state;
    heads_unref(heads);
    return 0;
}

static void add(const struct row *r)
{
    uint32_t channels[CHANNELS];
    double cells[CHANNELS];
    const double *values[CHANNELS];
    size_t n = 0;

    for (uint32_t c = 0; c < CHANNELS; c++)
        if (r->has[c]) {
            channels[n] = c;
            cells[n] = r->value[c];
            values[n] = &cells[n];
            n++;
        }
    assert_true(n_rows < ROWS_MAX);
    assert_int_equal(heads_n(heads), n_rows);
    struct schema *schema = heads_schema(heads, n, channels);
    assert_non_null(schema);
    assert_int_equal(heads_add(heads, schema, r->facility, r->time, values, 0, r->time < newest[r->facility]), GK_OK);
    if (r->time > newest[r->facility])
        newest[r->facility] = r->time;
    rows[n_rows++] = *r;
}

static bool sees(struct heads_view view, uint32_t facility, size_t ordinal)
{
    return ordinal < view.n_visible && !(facility < view.facilities_done && ordinal < view.n_done);
}

/* What a view says of a facility, by the rules in columns.h and nothing else. */
static size_t model(struct heads_view view, uint32_t facility, gk_time from, gk_time to, enum gk_policy policy,
                    struct row *out)
{
    size_t n = 0;
    for (size_t i = 0; i < n_rows; i++) {
        struct row r = rows[i];
        if (r.facility != facility || r.time < from || r.time >= to || !sees(view, facility, i))
            continue;
        for (int c = 0; c < CHANNELS; c++)
            if (!r.has[c])
                r.value[c] = gk_missing();
        size_t at = n;
        while (at > 0 && out[at - 1].time > r.time)
            at--;
        if (policy != GK_ALL && at > 0 && out[at - 1].time == r.time) {
            for (int c = 0; c < CHANNELS; c++)
                if (gk_is_missing(out[at - 1].value[c]) || (policy == GK_LAST && !gk_is_missing(r.value[c])))
                    out[at - 1].value[c] = r.value[c];
            continue;
        }
        memmove(out + at + 1, out + at, (n - at) * sizeof *out);
        out[at] = r;
        n++;
    }
    return n;
}

static void compare(struct heads_view view, uint32_t facility, gk_time from, gk_time to, enum gk_policy policy)
{
    static struct row want[ROWS_MAX];
    size_t n = model(view, facility, from, to, policy, want);
    struct columns got;

    columns_init(&got, &MEM_SYSTEM);
    assert_int_equal(heads_collect(heads, view, facility, from, to, policy, true, &got), GK_OK);
    assert_int_equal(got.n_rows, n);
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(got.time[i], want[i].time);
        for (uint32_t c = 0; c < CHANNELS; c++) {
            int k = columns_find(&got, c);
            assert_bits_equal(k < 0 ? gk_missing() : got.value[k][i], want[i].value[c]);
        }
    }
    columns_clear(&got);
    /* Only channels that are asked for. */
    columns_init(&got, &MEM_SYSTEM);
    assert_int_equal(columns_add(&got, 1), GK_OK);
    assert_int_equal(heads_collect(heads, view, facility, from, to, policy, false, &got), GK_OK);
    assert_int_equal(got.n_columns, 1);
    assert_int_equal(got.n_rows, n);
    for (size_t i = 0; i < n; i++)
        assert_bits_equal(got.value[0][i], want[i].value[1]);
    columns_clear(&got);

    gk_time first, last;
    size_t all = model(view, facility, GK_TIME_MIN, GK_TIME_MAX, GK_ALL, want);
    assert_int_equal(heads_has(heads, view, facility, &first, &last), all > 0);
    assert_int_equal(heads_has(heads, view, facility, NULL, NULL), all > 0);
    if (all > 0) {
        assert_int_equal(first, want[0].time);
        assert_int_equal(last, want[all - 1].time);
    }
}

static void compare_times(uint32_t facility, gk_time from, gk_time to)
{
    for (gk_time t = from; t < to; t++) {
        bool is_there = false;
        for (size_t i = 0; i < n_rows; i++)
            is_there |= rows[i].facility == facility && rows[i].time == t;
        assert_int_equal(heads_has_time(heads, facility, t), is_there);
    }
}

/* How rows come: any channels in any order; or, so that blocks fill up and are packed, nearly all in order with one
 * list of channels, or with two lists in turn. */
enum style { ANYHOW, IN_ORDER, IN_TURN, STYLES };

static struct row random_row(struct random *random, enum style style, gk_time *cursor)
{
    struct row r = {.facility = (uint32_t)random_below(random, style == ANYHOW ? 4 : 2)};
    bool may_be_late = style == ANYHOW ? random_below(random, 3) == 0 : random_below(random, 60) == 0;
    *cursor += (gk_time)random_below(random, 3);
    r.time = *cursor - (may_be_late ? (gk_time)random_below(random, 200) : 0);
    for (int c = 0; c < CHANNELS; c++) {
        r.has[c] = style == ANYHOW ? random_below(random, 4) > 0 : style == IN_ORDER || (c == 0) == (n_rows % 2 == 0);
        r.value[c] = random_below(random, 5) || c == 1 ? (double)random_below(random, 1000) / 100 : gk_missing();
    }
    return r;
}

static void every_view_is_what_a_plain_list_says(void **state)
{
    uint64_t seed = test_seed("every_view_is_what_a_plain_list_says"), rounds = test_rounds(60);
    (void)state;

    for (uint64_t r = 0; r < rounds; r++) {
        struct random random = random_from(seed * 31 + r);
        enum style style = (enum style)(r % STYLES);
        gk_time cursor = 1000;
        (void)set_up(NULL);
        size_t n = 1 + random_below(&random, style == ANYHOW ? 500 : 1500);
        while (n_rows < n) {
            struct row row = random_row(&random, style, &cursor);
            add(&row);
        }
        for (int i = 0; i < 12; i++) {
            uint32_t visible = (uint32_t)random_below(&random, n + 1), done = (uint32_t)random_below(&random, n + 1);
            struct heads_view view = {i ? visible : (uint32_t)n, i % 3 ? 0 : (uint32_t)random_below(&random, 5), done};
            gk_time from = i % 2 ? GK_TIME_MIN : 1000 + (gk_time)random_below(&random, 400);
            gk_time to = i % 2 ? GK_TIME_MAX : from + (gk_time)random_below(&random, 300);
            compare(view, (uint32_t)random_below(&random, 5), from, to, (enum gk_policy)(i % 3));
        }
        compare_times((uint32_t)random_below(&random, 4), 800, cursor + 2);
        heads_unref(heads);
    }
}

/* A batch that failed: its rows go, and adding goes on as if they had never been. */
static void rows_taken_back_leave_no_trace(void **state)
{
    uint64_t seed = test_seed("rows_taken_back_leave_no_trace"), rounds = test_rounds(60);
    (void)state;

    for (uint64_t r = 0; r < rounds; r++) {
        struct random random = random_from(seed * 37 + r);
        gk_time cursor = 1000;
        (void)set_up(NULL);
        for (int turn = 0; turn < 6; turn++) {
            gk_time before[8], cursor_before = cursor;
            memcpy(before, newest, sizeof before);
            size_t keep = n_rows, n = 1 + random_below(&random, r % STYLES ? 500 : 120);
            for (size_t i = 0; i < n; i++) {
                struct row row = random_row(&random, (enum style)(r % STYLES), &cursor);
                add(&row);
            }
            if (random_below(&random, 2)) {
                heads_truncate(heads, (uint32_t)keep);
                n_rows = keep;
                memcpy(newest, before, sizeof before);
                cursor = cursor_before;
            }
            struct heads_view view = {(uint32_t)n_rows, 0, 0};
            for (uint32_t f = 0; f < 4; f++)
                compare(view, f, GK_TIME_MIN, GK_TIME_MAX, (enum gk_policy)(turn % 3));
            compare_times((uint32_t)turn % 4, 800, cursor + 2);
        }
        heads_unref(heads);
    }
}

/* The hash of late times is dropped by a truncation and made anew for all that stay. */
static void many_late_rows_are_found_after_some_were_taken_back(void **state)
{
    struct row r = {.facility = 1, .has = {true, false, false}};
    (void)state;

    r.time = 100000;
    add(&r);
    for (gk_time t = 0; t < 2000; t += 2) {
        r.time = t;
        add(&r);
    }
    heads_truncate(heads, 901);
    n_rows = 901;
    r.time = 1; /* it must end */
    add(&r);
    compare_times(1, 0, 2000);
}

static void what_rows_take_is_counted(void **state)
{
    struct row r = {.facility = 0, .has = {true, true, true}};
    (void)state;

    uint64_t before = heads_bytes(heads);
    for (int i = 0; i < 2000; i++) {
        r.time = i;
        add(&r);
    }
    uint64_t bytes = heads_bytes(heads) - before, page = 4096 * 128;
    assert_true(bytes > 2000);
    assert_true(bytes < page + 2000 * 8); /* packed */
    assert_int_equal(heads_facilities(heads), 1);
    assert_int_equal(heads_active(heads), 1);
    r.facility = 7;
    add(&r);
    assert_int_equal(heads_facilities(heads), 8);
    assert_int_equal(heads_active(heads), 2);
}

static void check_arrival(void)
{
    for (uint32_t from = 0; from <= 600; from += 150)
        for (uint32_t f = 0; f < 5; f++) {
            struct columns got;
            size_t at = 0;
            columns_init(&got, &MEM_SYSTEM);
            assert_int_equal(heads_take(heads, f, from, &got), GK_OK);
            for (size_t i = from; i < n_rows; i++) {
                if (rows[i].facility != f)
                    continue;
                assert_true(at < got.n_rows);
                assert_int_equal(got.time[at], rows[i].time);
                for (uint32_t c = 0; c < CHANNELS; c++) {
                    int k = columns_find(&got, c);
                    assert_bits_equal(k < 0 ? gk_missing() : got.value[k][at],
                                      rows[i].has[c] ? rows[i].value[c] : gk_missing());
                }
                at++;
            }
            assert_int_equal(at, got.n_rows);
            columns_clear(&got);
        }
}

/* Rows of a commit go to the journal as they came, repeats and all. */
static void rows_are_taken_in_order_of_arrival(void **state)
{
    uint64_t seed = test_seed("rows_are_taken_in_order_of_arrival");
    struct random random = random_from(seed);
    (void)state;

    for (int style = ANYHOW; style < STYLES; style++) {
        gk_time cursor = 1000;
        (void)set_up(NULL);
        for (int i = 0; i < 600; i++) {
            struct row row = random_row(&random, (enum style)style, &cursor);
            add(&row);
        }
        check_arrival();
        heads_unref(heads);
    }
}

/* What is there of a head stays for whoever looks at it, and is freed when nobody does. */
static void a_block_that_gave_way_stays_while_somebody_reads(void **state)
{
    struct row r = {.facility = 0, .has = {true, true, true}};
    (void)state;

    for (int i = 0; i < 1000; i++) {
        r.time = i;
        r.value[0] = i % 7 / 10.0;
        add(&r);
    }
    uint64_t alone = heads_bytes(heads);
    struct heads *reader = heads_ref(heads);
    for (int i = 1000; i < 3000; i++) {
        r.time = i;
        add(&r);
    }
    assert_true(heads_bytes(heads) > alone + 2000 * 36); /* all that gave way is still there */
    compare((struct heads_view){1000, 0, 0}, 0, GK_TIME_MIN, GK_TIME_MAX, GK_LAST);
    compare((struct heads_view){2500, 0, 0}, 0, 900, 2600, GK_LAST);
    heads_unref(reader);
    for (int i = 3000; i < 3000 + 128; i++) { /* to the next packing */
        r.time = i;
        add(&r);
    }
    assert_true(heads_bytes(heads) < alone + 2200 * 8);
    compare((struct heads_view){3128, 0, 0}, 0, GK_TIME_MIN, GK_TIME_MAX, GK_LAST);
}

static void a_row_without_memory_is_not_added(void **state)
{
    struct failing_mem failing;
    const uint32_t channel = 0;
    const double value = 1, *values = &value;
    uint64_t n_failures = 0;
    (void)state;

    failing_mem_init(&failing);
    struct heads *h;
    assert_int_equal(heads_new(&failing.mem, &h), GK_OK);
    for (gk_time t = 0; t < 300; t++) {
        int rc = GK_ENOMEM;
        for (uint64_t n = 1; rc != GK_OK; n++) {
            failing.n_calls = 0;
            failing.fail_at = n;
            struct schema *schema = heads_schema(h, 1, &channel);
            rc = schema ? heads_add(h, schema, (uint32_t)t % 2, t % 3 ? 1000 - t : 1000 + t, &values, 0, t % 3 != 0)
                        : GK_ENOMEM;
            assert_true(rc == GK_OK || rc == GK_ENOMEM);
            n_failures += rc != GK_OK;
            assert_int_equal(heads_n(h), t + (rc == GK_OK));
        }
    }
    assert_true(n_failures > 10);
    heads_unref(h);
    assert_int_equal(failing.n_live, 0);
}

#define RUN_ROWS 700

static void assert_same_rows(const struct heads *a, const struct heads *b)
{
    struct heads_view view = {heads_n(a), 0, 0};
    struct columns x, y;

    assert_int_equal(heads_n(a), heads_n(b));
    columns_init(&x, &MEM_SYSTEM);
    columns_init(&y, &MEM_SYSTEM);
    assert_int_equal(heads_collect(a, view, 0, GK_TIME_MIN, GK_TIME_MAX, GK_LAST, true, &x), GK_OK);
    assert_int_equal(heads_collect(b, view, 0, GK_TIME_MIN, GK_TIME_MAX, GK_LAST, true, &y), GK_OK);
    assert_int_equal(x.n_rows, RUN_ROWS);
    assert_int_equal(y.n_rows, RUN_ROWS);
    assert_int_equal(x.n_columns, y.n_columns);
    assert_memory_equal(x.time, y.time, RUN_ROWS * sizeof *x.time);
    for (size_t i = 0; i < x.n_columns; i++) {
        assert_int_equal(x.channel[i], y.channel[i]);
        assert_memory_equal(x.value[i], y.value[i], RUN_ROWS * sizeof(double));
    }
    columns_clear(&x);
    columns_clear(&y);
}

/* Over the ends of blocks, from anywhere in the batch, with one list of channels and with another in between. */
static void a_run_is_what_its_rows_are_one_by_one(void **state)
{
    static const uint32_t both[] = {2, 7}, one[] = {7};
    static gk_time time[2 * RUN_ROWS];
    static double cells[2][2 * RUN_ROWS];
    const double *values[] = {cells[0], cells[1]};
    uint32_t run[RUN_ROWS];
    struct heads *by_runs, *by_rows;
    (void)state;

    assert_int_equal(heads_new(&MEM_SYSTEM, &by_runs), GK_OK);
    assert_int_equal(heads_new(&MEM_SYSTEM, &by_rows), GK_OK);
    for (uint32_t i = 0; i < RUN_ROWS; i++) { /* every other row of the batch is ours */
        time[2 * i + 1] = 1000 * (gk_time)i;
        cells[0][2 * i + 1] = i / 10.0;
        cells[1][2 * i + 1] = i * 0.3;
        run[i] = 2 * i + 1;
    }
    for (size_t at = 0, n = 1; at < RUN_ROWS; at += n, n = n * 3 % 301) {
        bool has_one = n % 4 == 3;
        n = RUN_ROWS - at < n ? RUN_ROWS - at : n;
        struct schema *a = heads_schema(by_runs, has_one ? 1 : 2, has_one ? one : both);
        struct schema *b = heads_schema(by_rows, has_one ? 1 : 2, has_one ? one : both);
        assert_int_equal(heads_add_run(by_runs, a, 0, time, values, run + at, n), GK_OK);
        for (size_t i = 0; i < n; i++)
            assert_int_equal(heads_add(by_rows, b, 0, time[run[at + i]], values, run[at + i], false), GK_OK);
        assert_true(heads_has_time(by_runs, 0, time[run[at + n - 1]]));
    }
    assert_same_rows(by_runs, by_rows);
    assert_int_equal(heads_active(by_runs), 1);
    assert_int_equal(heads_facilities(by_runs), 1);
    heads_unref(by_runs);
    heads_unref(by_rows);
}

#define WITH_HEADS(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(every_view_is_what_a_plain_list_says),
    cmocka_unit_test(rows_taken_back_leave_no_trace),
    WITH_HEADS(many_late_rows_are_found_after_some_were_taken_back),
    WITH_HEADS(what_rows_take_is_counted),
    cmocka_unit_test(rows_are_taken_in_order_of_arrival),
    cmocka_unit_test(a_run_is_what_its_rows_are_one_by_one),
    WITH_HEADS(a_block_that_gave_way_stays_while_somebody_reads),
    cmocka_unit_test(a_row_without_memory_is_not_added),
};

RUN_TESTS(tests)
