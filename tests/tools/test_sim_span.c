/* Sets of time and curves of the zone generator, against a brute force on every millisecond. */
#include "support/support.h"

#include "sim_curve.h"
#include "sim_span.h"

#define LENGTH 200

static void fill(const struct spans *spans, bool *is_in)
{
    memset(is_in, 0, LENGTH * sizeof *is_in);
    for (size_t i = 0; i < spans->n; i++) {
        assert_true(spans->v[i].from < spans->v[i].to);
        assert_true(i == 0 || spans->v[i - 1].to <= spans->v[i].from);
        for (int64_t t = spans->v[i].from; t < spans->v[i].to; t++)
            is_in[t] = true;
    }
}

static void random_set(struct random *random, struct spans *spans)
{
    for (uint64_t n = random_below(random, 8); n > 0; n--) {
        int64_t from = (int64_t)random_below(random, LENGTH), to = from + (int64_t)random_below(random, 30);

        spans_add(spans, from, to < LENGTH ? to : LENGTH);
    }
    spans_merge(spans, 0);
}

static void sets_agree_with_brute_force(void **state)
{
    struct random random = random_from(test_seed("spans"));

    (void)state;
    for (int round = 0; round < 2000; round++) {
        struct spans a = {0}, b = {0}, both = {0}, rest = {0};
        bool in_a[LENGTH], in_b[LENGTH], in_both[LENGTH], in_rest[LENGTH];
        size_t cursor = 0;

        random_set(&random, &a);
        random_set(&random, &b);
        spans_and(&both, &a, &b);
        spans_without(&rest, &a, &b);
        fill(&a, in_a);
        fill(&b, in_b);
        fill(&both, in_both);
        fill(&rest, in_rest);
        for (int64_t t = 0; t < LENGTH; t++) {
            assert_int_equal(in_both[t], in_a[t] && in_b[t]);
            assert_int_equal(in_rest[t], in_a[t] && !in_b[t]);
            assert_int_equal(spans_at(&a, &cursor, t) != NULL, in_a[t]);
            assert_int_equal(spans_meet(&a, t, t + 1), in_a[t]);
        }
        spans_clear(&a);
        spans_clear(&b);
        spans_clear(&both);
        spans_clear(&rest);
    }
}

static void merging_closes_gaps_that_are_shorter(void **state)
{
    struct spans spans = {0};

    (void)state;
    spans_add(&spans, 10, 20);
    spans_add(&spans, 0, 5);
    spans_add(&spans, 23, 30);
    spans_merge(&spans, 5);
    assert_int_equal(spans.n, 2);
    assert_int_equal(spans.v[1].from, 10);
    assert_int_equal(spans.v[1].to, 30);
    spans_clear(&spans);
}

static void a_curve_is_where_its_line_is(void **state)
{
    struct curve curve = {0};
    struct spans on = {0};
    size_t cursor = 0;

    (void)state;
    curve_add(&curve, 10, 110, 0, 1, false);
    curve_add(&curve, 110, 150, 1, 1, true);
    curve_add(&curve, 150, 190, 1, 0.1, false);
    curve_where(&curve, 0.25, 99, &on);
    for (int64_t t = 0; t < LENGTH; t++) {
        const struct piece *piece = curve_at(&curve, &cursor, t);
        bool is_on = piece != NULL && piece_level(piece, t) >= 0.25;
        /* Downwards the crossing itself may fall between two milliseconds. */
        assert_int_equal(spans_meet(&on, t, t + 1), is_on);
    }
    curve_clear(&curve);
    spans_clear(&on);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(sets_agree_with_brute_force),
    cmocka_unit_test(merging_closes_gaps_that_are_shorter),
    cmocka_unit_test(a_curve_is_where_its_line_is),
};

RUN_TESTS(tests)
