#include "codec/patch.h"

#include "support/support.h"

/* Packs, checks the promised size, unpacks; returns the size. */
static size_t round_trip_of(struct patch_plan plan, const uint64_t *v, size_t n)
{
    uint64_t back[PACK_MAX];
    uint8_t *bytes = malloc(plan.size);

    patch_put(&plan, v, n, bytes);
    assert_int_equal(patch_get(bytes, plan.size, n, back), plan.size);
    assert_memory_equal(v, back, n * sizeof *v);
    for (size_t cut = 0; cut < plan.size; cut++) {
        uint8_t *part = malloc(cut ? cut : 1);
        memcpy(part, bytes, cut);
        assert_int_equal(patch_get(part, cut, n, back), 0);
        free(part);
    }
    free(bytes);
    return plan.size;
}

static size_t round_trip(const uint64_t *v, size_t n)
{
    size_t noise = round_trip_of(patch_plan_noise(v, n, SIZE_MAX), v, n), size = round_trip_of(patch_plan(v, n), v, n);
    assert_true(noise <= size);
    return size;
}

static void values_of_any_widths_come_back(void **state)
{
    struct random random = random_from(test_seed(__func__));
    uint64_t v[PACK_MAX];

    (void)state;
    for (uint64_t round = test_rounds(500); round-- > 0;) {
        size_t n = 1 + (size_t)random_below(&random, PACK_MAX);
        unsigned usual = (unsigned)random_below(&random, 64), rare = (unsigned)random_below(&random, 64);
        for (size_t i = 0; i < n; i++)
            v[i] = random_u64(&random) >> (random_below(&random, 20) ? usual : rare);
        assert_true(round_trip(v, n) <= 1 + 8 * n);
    }
}

/* What packing at a width takes, counted by hand; see patch.h. */
static size_t size_at(const uint64_t *v, size_t n, unsigned width, unsigned max)
{
    size_t n_wider = 0;
    for (size_t i = 0; i < n; i++)
        n_wider += width < 64 && v[i] >> width != 0;
    if (n_wider > PACK_MAX - 1)
        return SIZE_MAX;
    size_t packed = 1 + (n * width + 7) / 8;
    return n_wider ? packed + 2 + n_wider + (n_wider * (max - width) + 7) / 8 : packed;
}

static void no_width_would_have_been_smaller(void **state)
{
    struct random random = random_from(test_seed(__func__));
    uint64_t v[PACK_MAX];

    (void)state;
    for (uint64_t round = test_rounds(300); round-- > 0;) {
        size_t n = 1 + (size_t)random_below(&random, PACK_MAX), best = SIZE_MAX;
        uint64_t any = 0;
        for (size_t i = 0; i < n; i++)
            any |= v[i] = random_u64(&random) >> (63 - random_below(&random, 1 + random_below(&random, 64)));
        for (unsigned width = 0; width <= 64; width++) {
            size_t size = size_at(v, n, width, pack_width(any));
            best = size < best ? size : best;
        }
        assert_int_equal(patch_plan(v, n).size, best);
    }
}

static void a_few_large_values_do_not_widen_the_rest(void **state)
{
    uint64_t v[PACK_MAX] = {0};

    (void)state;
    v[5] = UINT64_MAX;
    v[77] = 1;
    assert_true(round_trip(v, PACK_MAX) <= 1 + 2 + 2 + 16);
}

/* Sums of four are near enough to a normal distribution. Its range is a matter of luck, and packing by it as well. */
static void noise_is_smaller_with_planes(void **state)
{
    struct random random = random_from(test_seed(__func__));
    uint64_t v[PACK_MAX], rounds = test_rounds(200), n_planes = 0;
    uint8_t bytes[PATCH_SIZE_MAX];
    struct patch_view view;

    (void)state;
    for (uint64_t round = 0; round < rounds; round++) {
        for (size_t i = 0; i < PACK_MAX; i++) {
            int64_t d = -62;
            for (int k = 0; k < 4; k++)
                d += (int64_t)random_below(&random, 32);
            v[i] = (uint64_t)(d < 0 ? -2 * d - 1 : 2 * d);
        }
        struct patch_plan plan = patch_plan_noise(v, PACK_MAX, SIZE_MAX);
        if (!plan.has_planes)
            continue;
        n_planes++;
        assert_true(plan.size < patch_plan(v, PACK_MAX).size);
        assert_int_equal(round_trip_of(plan, v, PACK_MAX), plan.size);
        patch_put(&plan, v, PACK_MAX, bytes);
        assert_int_equal(patch_open(bytes, plan.size, PACK_MAX, &view), 0); /* it has no parts to look at */
        for (size_t i = 0; i < PACK_MAX; i++)
            assert_true(v[i] >> patch_bits(bytes, plan.size) == 0);
    }
    assert_true(n_planes > rounds / 2);
}

static void damaged_bytes_are_refused_or_bounded(void **state)
{
    struct random random = random_from(test_seed(__func__));
    uint64_t v[PACK_MAX];
    uint8_t bytes[40];

    (void)state;
    for (uint64_t round = test_rounds(20000); round-- > 0;) {
        for (size_t i = 0; i < sizeof bytes; i++)
            bytes[i] = (uint8_t)random_u64(&random);
        size_t size = (size_t)random_below(&random, sizeof bytes + 1);
        assert_true(patch_get(bytes, size, 1 + (size_t)random_below(&random, PACK_MAX), v) <= size);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(values_of_any_widths_come_back),           cmocka_unit_test(no_width_would_have_been_smaller),
    cmocka_unit_test(a_few_large_values_do_not_widen_the_rest), cmocka_unit_test(noise_is_smaller_with_planes),
    cmocka_unit_test(damaged_bytes_are_refused_or_bounded),
};

RUN_TESTS(tests)
