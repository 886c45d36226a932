#include "codec/integers.h"

#include "codec/samples.h"

static double value[SAMPLES_MAX], back[SAMPLES_MAX];

/* What is said to be whole comes back to the bit, and as many values do not as are counted. */
static void check(const struct integers *all)
{
    size_t n_odd = 0;

    scale_invert(all->scale, all->z, all->n_rows, back);
    for (size_t i = 0; i < all->n_rows; i++) {
        bool is_odd = bits_of(back[i]) != bits_of(value[i]);
        assert_false(is_odd && all->is_whole[i / CHUNK_MINI]);
        n_odd += is_odd;
    }
    assert_true(n_odd <= all->n_odd); /* a missing value is odd on any scale */
    if (all->n_odd == 0)
        for (size_t i = 0; i < all->n_rows; i += CHUNK_MINI)
            assert_true(all->is_whole[i / CHUNK_MINI]);
}

static void integers_stand_for_their_values_on_any_scale(void **state)
{
    (void)state;
    for (int kind = 0; kind < SAMPLE_N; kind++)
        for (size_t n = 1; n <= SAMPLES_MAX; n += n < 600 ? 17 : 1999) {
            struct integers all;
            sample_column((enum sample_kind)kind, test_seed(__func__), value, n);
            assert_int_equal(integers_make(&MEM_SYSTEM, value, n, &all), GK_OK);
            assert_int_equal(all.scale.kind, SCALE_DECIMAL);
            struct scale decimal = all.scale;
            check(&all);
            integers_fill(scale_bits_of(value, n), &all);
            check(&all);
            integers_fill(decimal, &all);
            check(&all);
            integers_clear(&MEM_SYSTEM, &all);
        }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(integers_stand_for_their_values_on_any_scale),
};

RUN_TESTS(tests)
