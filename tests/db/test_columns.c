/*
 * test_columns.c - growing columns: channels that come later, cutting, folding, and merging against a plain list.
 */
#include "db/world.h"

#include "db/columns.h"

#define CHANNELS 4
#define ROWS_MAX 200

struct row {
    gk_time time;
    double value[CHANNELS];
};

static void append(struct columns *c, const struct row *r, uint32_t mask)
{
    struct columns one;
    columns_init(&one, &MEM_SYSTEM);
    for (uint32_t k = CHANNELS; k-- > 0;)
        if (mask & 1u << k)
            assert_int_equal(columns_add(&one, k * 10), GK_OK);
    assert_int_equal(columns_reserve(&one, 1), GK_OK);
    one.time[0] = r->time;
    for (size_t i = 0; i < one.n_columns; i++)
        one.value[i][0] = r->value[one.channel[i] / 10];
    one.n_rows = 1;
    assert_int_equal(columns_append(c, &one, 0, 1), GK_OK);
    columns_clear(&one);
}

static void same(const struct columns *c, const struct row *rows, size_t n)
{
    assert_int_equal(c->n_rows, n);
    for (size_t i = 1; i < c->n_columns; i++)
        assert_true(c->channel[i] > c->channel[i - 1]);
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(c->time[i], rows[i].time);
        for (uint32_t k = 0; k < CHANNELS; k++) {
            int at = columns_find(c, k * 10);
            assert_bits_equal(at < 0 ? gk_missing() : c->value[at][i], rows[i].value[k]);
        }
    }
}

static size_t random_rows(struct random *random, struct row *rows, uint32_t *masks)
{
    size_t n = random_below(random, ROWS_MAX);
    gk_time t = 0;
    for (size_t i = 0; i < n; i++) {
        t += (gk_time)random_below(random, 3);
        rows[i].time = t;
        masks[i] = (uint32_t)random_below(random, 1u << CHANNELS);
        for (uint32_t k = 0; k < CHANNELS; k++)
            rows[i].value[k] =
                masks[i] & 1u << k && random_below(random, 4) ? (double)random_below(random, 100) : gk_missing();
    }
    return n;
}

static size_t fold(struct row *rows, size_t n, enum gk_policy policy)
{
    size_t kept = 0;
    for (size_t i = 0; i < n; i++) {
        if (policy == GK_ALL || kept == 0 || rows[kept - 1].time != rows[i].time) {
            rows[kept++] = rows[i];
            continue;
        }
        for (uint32_t k = 0; k < CHANNELS; k++)
            if (gk_is_missing(rows[kept - 1].value[k]) || (policy == GK_LAST && !gk_is_missing(rows[i].value[k])))
                rows[kept - 1].value[k] = rows[i].value[k];
    }
    return kept;
}

static void columns_are_what_a_plain_list_says(void **state)
{
    uint64_t seed = test_seed("columns_are_what_a_plain_list_says"), rounds = test_rounds(200);
    (void)state;

    for (uint64_t r = 0; r < rounds; r++) {
        struct random random = random_from(seed + r);
        struct row a[2 * ROWS_MAX], b[ROWS_MAX];
        uint32_t masks[ROWS_MAX];
        struct columns x, y, merged;
        enum gk_policy policy = (enum gk_policy)(r % 3);
        columns_init(&x, &MEM_SYSTEM);
        columns_init(&y, &MEM_SYSTEM);
        columns_init(&merged, &MEM_SYSTEM);
        size_t n = random_rows(&random, a, masks);
        for (size_t i = 0; i < n; i++)
            append(&x, &a[i], masks[i]);
        same(&x, a, n);
        gk_time t = (gk_time)random_below(&random, 250);
        size_t low = columns_lower(&x, t);
        assert_true((low == n || a[low].time >= t) && (low == 0 || a[low - 1].time < t));
        columns_fold(&x, policy);
        n = fold(a, n, policy);
        same(&x, a, n);

        size_t n_b = random_rows(&random, b, masks);
        for (size_t i = 0; i < n_b; i++)
            append(&y, &b[i], masks[i]);
        columns_fold(&y, policy);
        n_b = fold(b, n_b, policy);
        assert_int_equal(columns_merge(&x, &y, policy, &merged), GK_OK);
        for (size_t i = 0; i < n_b; i++) { /* b arrived later: behind those of its time */
            size_t at = n;
            while (at > 0 && a[at - 1].time > b[i].time)
                at--;
            memmove(a + at + 1, a + at, (n - at) * sizeof *a);
            a[at] = b[i];
            n++;
        }
        n = fold(a, n, policy);
        same(&merged, a, n);

        gk_time from = (gk_time)random_below(&random, 200), to = from + (gk_time)random_below(&random, 100);
        double *values[CHANNELS];
        struct columns window =
            columns_window(&merged, columns_lower(&merged, from), columns_lower(&merged, to), values);
        size_t first = 0, last = n;
        while (first < n && a[first].time < from)
            first++;
        while (last > first && a[last - 1].time >= to)
            last--;
        same(&window, a + first, last - first);
        columns_reset(&merged);
        assert_int_equal(merged.n_rows + merged.n_columns, 0);
        columns_clear(&x);
        columns_clear(&y);
        columns_clear(&merged);
    }
}

/* Columns are kept and sized anew after a reset: what is added later has room for all rows. */
static void a_reset_keeps_memory_that_is_large_enough(void **state)
{
    struct columns c;
    struct row r = {0, {1, 2, 3, 4}};
    (void)state;

    columns_init(&c, &MEM_SYSTEM);
    for (int turn = 0; turn < 4; turn++) {
        columns_reset(&c);
        for (int i = 0; i < 300 * (turn + 1); i++) {
            r.time = i;
            append(&c, &r, i < 250 ? 1u << turn : 0xF);
        }
        assert_int_equal(c.n_columns, CHANNELS);
        assert_true(gk_is_missing(c.value[(turn + 1) % CHANNELS][0]));
        assert_true(c.value[turn][0] == turn + 1 && c.value[3][299] == 4);
    }
    columns_clear(&c);
    columns_clear(&c); /* and once more is fine */
}

static void columns_without_memory_stay_as_they_were(void **state)
{
    struct failing_mem failing;
    uint64_t n_failures = 0;
    (void)state;

    failing_mem_init(&failing);
    struct columns c;
    columns_init(&c, &failing.mem);
    for (uint32_t k = 0; k < 12; k++) {
        int rc = GK_ENOMEM;
        for (uint64_t n = 1; rc != GK_OK; n++) {
            failing.n_calls = 0;
            failing.fail_at = n;
            size_t before = c.n_columns;
            rc = columns_add(&c, k * 7 % 12);
            if (rc == GK_OK)
                rc = columns_reserve(&c, 400 * (k + 1));
            n_failures += rc != GK_OK;
            assert_true(rc == GK_OK || (rc == GK_ENOMEM && c.n_columns <= before + 1));
        }
        c.n_rows += 100;
    }
    assert_true(n_failures > 12);
    columns_clear(&c);
    assert_int_equal(failing.n_live, 0);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(columns_are_what_a_plain_list_says),
    cmocka_unit_test(a_reset_keeps_memory_that_is_large_enough),
    cmocka_unit_test(columns_without_memory_stay_as_they_were),
};

RUN_TESTS(tests)
