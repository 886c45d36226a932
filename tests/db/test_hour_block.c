/*
 * test_hour_block.c - days of hours as bytes: to the bit there and back, every cut and every flipped byte, the example
 * of the page.
 */
#include "db/world.h"

#include <math.h>

#include "db/hour_block.h"
#include "state/hex.h"

static struct hour_block random_block(struct random *random)
{
    struct hour_block b = {.day = (int64_t)random_below(random, 40000) - 5000};
    uint64_t mask = 1 + random_below(random, (1u << BLOCK_HOURS) - 1);
    double scale = random_below(random, 3) ? 1000 : random_below(random, 2) ? 1 : 7;
    int64_t unit = random_below(random, 2) ? GK_SECOND : 1;

    for (int64_t h = 0; h < BLOCK_HOURS; h++) {
        struct fold f;
        gk_time t = hour_begin(b.day * BLOCK_HOURS + h) + (gk_time)random_below(random, 50) * unit;
        if (!(mask >> h & 1))
            continue;
        fold_begin(&f, t, (double)random_below(random, 50000) / scale, 60 * GK_SECOND);
        for (uint64_t i = random_below(random, 30); i > 0; i--) {
            double v = (double)random_below(random, 50000) / scale;
            t += (gk_time)random_below(random, 100) * unit;
            (void)fold_run(&f, &t, &v, 0, 1, INT64_MAX, 60 * GK_SECOND); /* the one row */
        }
        if (random_below(random, 200) == 0)
            f.sum = f.min = -INFINITY;
        fold_end_hour(&f, &b.hours[b.n++]);
    }
    return b;
}

static bool is_same_hour(const struct hour *a, const struct hour *b)
{
    return memcmp(a, b, sizeof *a) == 0;
}

static void blocks_come_back_to_the_bit_and_every_cut_is_corrupt(void **state)
{
    uint64_t seed = test_seed("blocks_come_back_to_the_bit"), rounds = test_rounds(300);
    (void)state;

    for (uint64_t r = 0; r < rounds; r++) {
        struct random random = random_from(seed * 109 + r);
        struct hour_block a = random_block(&random), b;
        struct buffer bytes;
        buffer_init(&bytes, &MEM_SYSTEM);
        hour_block_encode(&a, &bytes);
        assert_int_equal(buffer_status(&bytes), GK_OK);
        assert_int_equal(hour_block_decode(a.day, view_of(bytes.bytes, bytes.size), GK_FIGURES_ALL, &b), GK_OK);
        assert_int_equal(a.n, b.n);
        for (size_t i = 0; i < a.n; i++)
            assert_true(is_same_hour(&a.hours[i], &b.hours[i]));
        for (size_t size = 0; size < bytes.size; size++)
            assert_true(hour_block_decode(a.day, view_of(bytes.bytes, size), GK_FIGURES_ALL, &b) != GK_OK);
        for (size_t i = 0; i < bytes.size; i++) {
            bytes.bytes[i] ^= (uint8_t)(1u << random_below(&random, 8));
            (void)hour_block_decode(a.day, view_of(bytes.bytes, bytes.size), GK_FIGURES_ALL, &b); /* must not crash */
        }
        buffer_clear(&bytes);
    }
}

static void wanted(uint32_t is_wanted, double some, double all)
{
    if (is_wanted)
        assert_bits_equal(some, all);
}

static void some_figures_are_those_of_all(void **state)
{
    struct random random = random_from(test_seed(__func__));
    (void)state;

    for (uint32_t r = 0; r < 500; r++) {
        uint32_t figures = 1 + r % GK_FIGURES_ALL;
        struct hour_block a = random_block(&random), b;
        struct buffer bytes;
        buffer_init(&bytes, &MEM_SYSTEM);
        hour_block_encode(&a, &bytes);
        assert_int_equal(hour_block_decode(a.day, view_of(bytes.bytes, bytes.size), figures, &b), GK_OK);
        assert_int_equal(a.n, b.n);
        for (size_t i = 0; i < a.n; i++) {
            const struct hour *x = &b.hours[i], *y = &a.hours[i];
            assert_true(x->hour == y->hour && x->count == y->count && x->first_time == y->first_time &&
                        x->last_time == y->last_time && x->held_ns == y->held_ns && x->hold_ns == y->hold_ns);
            assert_bits_equal(x->sum, y->sum); /* stands before all others */
            wanted(figures & GK_FIGURE_RANGE, x->min, y->min);
            wanted(figures & GK_FIGURE_RANGE, x->max, y->max);
            wanted(figures & GK_FIGURE_ENDS, x->first, y->first);
            wanted(figures & GK_FIGURE_ENDS, x->last, y->last);
            wanted(figures & GK_FIGURE_INTEGRAL, x->integral, y->integral);
            wanted(figures & GK_FIGURE_SQUARES, x->spread, y->spread);
            if (figures == GK_FIGURE_COUNT)
                assert_true(isnan(x->min) && isnan(x->max) && isnan(x->first) && isnan(x->last) && isnan(x->integral) &&
                            isnan(x->spread));
        }
        size_t cut = random_below(&random, 7 + 1); /* no column is whole */
        assert_true(hour_block_decode(a.day, view_of(bytes.bytes, cut), figures, &b) != GK_OK);
        buffer_clear(&bytes);
    }
}

static void a_figure_too_large_for_the_decimals_of_others_comes_back(void **state)
{
    struct hour_block a = {.day = 20000, .n = 2}, b;
    struct buffer bytes;
    (void)state;

    for (int64_t h = 0; h < 2; h++) {
        struct fold f;
        fold_begin(&f, hour_begin(a.day * BLOCK_HOURS + h), 1, GK_SECOND);
        fold_end_hour(&f, &a.hours[h]);
    }
    buffer_init(&bytes, &MEM_SYSTEM);
    for (int figure = 0; figure < 2; figure++) {
        double *large = figure ? &a.hours[0].integral : &a.hours[0].max;
        double *small = figure ? &a.hours[1].integral : &a.hours[1].max;
        *large = 760173889470623; /* below 2^52, ten times as much is not */
        *small = 0.1;
        buffer_reset(&bytes);
        hour_block_encode(&a, &bytes);
        assert_int_equal(hour_block_decode(a.day, view_of(bytes.bytes, bytes.size), GK_FIGURES_ALL, &b), GK_OK);
        assert_true(is_same_hour(&a.hours[0], &b.hours[0]) && is_same_hour(&a.hours[1], &b.hours[1]));
    }
    buffer_clear(&bytes);
}

/* A machine that was on for two hours at half power, then stood still. */
static struct hour_block example(void)
{
    struct hour_block b = {.day = 19884};

    for (int64_t h = 6; h < 9; h++) {
        struct fold f;
        gk_time t = hour_begin(b.day * BLOCK_HOURS + h) + h * GK_SECOND;
        fold_begin(&f, t, h < 8 ? 7.5 : 0.25, 60 * GK_SECOND);
        for (int i = 1; i < 359; i++) {
            double v = h == 8 ? 0.25 : 7.5 + 0.005 * (i % 3);
            t += 10 * GK_SECOND;
            (void)fold_run(&f, &t, &v, 0, 1, INT64_MAX, 60 * GK_SECOND); /* the one row */
        }
        fold_end_hour(&f, &b.hours[b.n++]);
    }
    return b;
}

static void the_page_shows_what_is_stored(void **state)
{
    struct hour_block b = example();
    struct buffer want, got, text;
    (void)state;

    buffer_init(&want, &MEM_SYSTEM);
    buffer_init(&got, &MEM_SYSTEM);
    buffer_init(&text, &MEM_SYSTEM);
    char *dump = read_example("docs/format/hour.md", &want);
    hour_block_encode(&b, &got);
    for (size_t i = 0; getenv("GK_SHOW") && i < got.size; i++)
        printf("%02x ", got.bytes[i]);
    assert_int_equal(hour_block_dump(b.day, view_of(got.bytes, got.size), &text), GK_OK);
    if (getenv("GK_SHOW"))
        printf("\n%.*s", (int)text.size, (const char *)text.bytes);
    assert_int_equal(got.size, want.size);
    assert_memory_equal(got.bytes, want.bytes, want.size);
    assert_text(&text, dump);
    free(dump);
    buffer_clear(&want);
    buffer_clear(&got);
    buffer_clear(&text);
}

static void an_open_end_comes_back_with_and_without_its_parts(void **state)
{
    struct hours_open a = {.block = example()}, b;
    gk_time t = hour_begin(a.block.day * BLOCK_HOURS + 30);
    struct buffer bytes;
    (void)state;

    buffer_init(&bytes, &MEM_SYSTEM);
    for (int parts = 0; parts < 4; parts++) {
        a.block.n = parts & 1 ? 3 : 0;
        a.fold.count = 0;
        if (parts & 2)
            fold_begin(&a.fold, t, 3.7, 0);
        buffer_reset(&bytes);
        hours_open_encode(&a, &bytes);
        assert_int_equal(hours_open_decode(view_of(bytes.bytes, bytes.size), GK_FIGURES_ALL, &b), GK_OK);
        assert_int_equal(b.block.n, a.block.n);
        assert_int_equal(b.fold.count, a.fold.count);
        if (parts & 2)
            assert_memory_equal(&a.fold, &b.fold, sizeof a.fold);
        for (size_t size = 0; size < bytes.size; size++)
            if (hours_open_decode(view_of(bytes.bytes, size), GK_FIGURES_ALL, &b) ==
                GK_OK) /* a cut between two parts is none */
                assert_true(b.block.n == 0 && a.block.n > 0);
    }
    bytes.bytes[0] = 2;
    assert_int_equal(hours_open_decode(view_of(bytes.bytes, bytes.size), GK_FIGURES_ALL, &b), GK_EVERSION);
    buffer_clear(&bytes);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(blocks_come_back_to_the_bit_and_every_cut_is_corrupt),
    cmocka_unit_test(some_figures_are_those_of_all),
    cmocka_unit_test(a_figure_too_large_for_the_decimals_of_others_comes_back),
    cmocka_unit_test(the_page_shows_what_is_stored),
    cmocka_unit_test(an_open_end_comes_back_with_and_without_its_parts),
};

RUN_TESTS(tests)
