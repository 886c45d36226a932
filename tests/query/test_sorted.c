/*
 * test_sorted.c - sorting of numbers by cell and value, and percentiles, against the plain way.
 */
#include "query/zone.h"

#include "sorted.h"

static int compare(const void *p, const void *q)
{
    const struct sorted *a = p, *b = q;
    if (a->cell != b->cell)
        return a->cell < b->cell ? -1 : 1;
    return a->value < b->value ? -1 : a->value > b->value;
}

static gk_time still_clock(void *context)
{
    (void)context;
    return 0;
}

/* Ascending, descending, all the same, few values, an organ pipe, many values. */
static double value_at(struct random *random, int shape, size_t i, size_t n)
{
    switch (shape) {
    case 0:
        return (double)i;
    case 1:
        return (double)(n - i);
    case 2:
        return 7;
    case 3:
        return (double)random_below(random, 3);
    case 4:
        return (double)(i < n / 2 ? i : n - i);
    default:
        return (double)random_below(random, 1000000) / 8;
    }
}

static void lists_of_all_shapes_come_out_as_qsort_has_them(void **state)
{
    struct random random = random_from(test_seed(__func__));
    struct gk_session_options options = {.size = sizeof options, .max_run_ns = -1, .monotonic = still_clock};
    gk_session *session = NULL;
    struct watch watch;
    (void)state;

    assert_int_equal(gk_session_new(&options, &session), GK_OK);
    watch_start(&watch, session, NULL);
    for (int shape = 0; shape < 6; shape++) {
        for (int round = 0; round < 4; round++) {
            size_t n = round == 0 ? random_below(&random, 20) : 5000 + random_below(&random, 60000);
            size_t n_cells = round % 2 ? 1 : 1 + random_below(&random, 50);
            struct sorted *list = malloc((n + 1) * sizeof *list), *want = malloc((n + 1) * sizeof *want);
            assert_true(list && want);
            for (size_t i = 0; i < n; i++)
                list[i] = (struct sorted){random_below(&random, n_cells), value_at(&random, shape, i, n)};
            memcpy(want, list, n * sizeof *want);
            qsort(want, n, sizeof *want, compare);
            assert_int_equal(sorted_sort(list, n, &watch), GK_OK);
            for (size_t i = 0; i < n; i++)
                assert_int_equal(compare(&list[i], &want[i]), 0);
            size_t from = sorted_first(list, n, 0), to = sorted_first(list, n, n_cells);
            assert_int_equal(from, 0);
            assert_int_equal(to, n);
            free(list);
            free(want);
        }
    }
    gk_session_free(session);
}

static void a_long_sort_can_be_interrupted(void **state)
{
    struct gk_session_options options = {.size = sizeof options, .max_run_ns = -1, .monotonic = still_clock};
    struct random random = random_from(1);
    struct gk_query_error error = {0};
    struct report report = {.text = "", .error = &error};
    gk_session *session = NULL;
    struct watch watch;
    size_t n = 100000;
    struct sorted *list = malloc(n * sizeof *list);
    (void)state;

    assert_non_null(list);
    for (size_t i = 0; i < n; i++)
        list[i] = (struct sorted){0, (double)random_below(&random, 1000)};
    assert_int_equal(gk_session_new(&options, &session), GK_OK);
    watch_start(&watch, session, &report);
    gk_session_interrupt(session);
    assert_int_equal(sorted_sort(list, n, &watch), GK_EINTERRUPTED);
    gk_session_free(session);
    free(list);
}

static void percentiles_are_linear_between_ranks(void **state)
{
    const struct sorted list[] = {{0, 1}, {0, 2}, {0, 4}, {0, 8}, {0, 16}};
    (void)state;

    assert_true(isnan(sorted_percentile(list, 0, 50)));
    assert_true(sorted_percentile(list, 1, 90) == 1);
    assert_true(sorted_percentile(list, 5, 0) == 1);
    assert_true(sorted_percentile(list, 5, 50) == 4);
    assert_true(fabs(sorted_percentile(list, 5, 90) - 12.8) < 1e-12); /* 8 + (16 - 8) * 0.6 */
    assert_true(sorted_percentile(list, 5, 100) == 16);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(lists_of_all_shapes_come_out_as_qsort_has_them),
    cmocka_unit_test(a_long_sort_can_be_interrupted),
    cmocka_unit_test(percentiles_are_linear_between_ranks),
};

RUN_TESTS(tests)
