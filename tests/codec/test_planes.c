/*
 * test_planes.c - small numbers in unary by bit planes.
 */
#include "codec/planes.h"

#include "codec/samples.h"

#define N_MAX PLANES_N_MAX

static uint64_t v[N_MAX];
static uint8_t back[N_MAX];
static uint8_t bytes[PLANES_SIZE_MAX + 16];

/* Mostly 0 and 1, up to PLANES_MAX now and then. */
static uint64_t fill(struct random *random, size_t n, unsigned shift)
{
    uint64_t sum = 0, large = random_below(random, 3) ? 4 : PLANES_MAX + 1;

    for (size_t i = 0; i < n; i++) {
        uint64_t k = random_below(random, 40) ? random_below(random, 3) : random_below(random, large);
        k = sum + k <= PLANES_SUM_MAX ? k : 0;
        sum += k;
        v[i] = k << shift | (shift ? random_u64(random) >> (64 - shift) : 0);
    }
    return sum;
}

static void check_back(size_t n, unsigned shift)
{
    for (size_t i = 0; i < N_MAX; i++)
        assert_int_equal(back[i], i < n ? v[i] >> shift : 0);
}

static void numbers_come_back_on_every_target(void **state)
{
    struct random random = random_from(test_seed(__func__));
    uint8_t plain[sizeof bytes];

    (void)state;
    for (uint64_t round = test_rounds(3000); round-- > 0;) {
        size_t n = random_below(&random, 2) ? N_MAX : 1 + (size_t)random_below(&random, N_MAX);
        unsigned shift = (unsigned)random_below(&random, 40);
        size_t size = planes_size(n, fill(&random, n, shift));
        planes_put_on(TARGET_PLAIN, v, n, shift, plain);
        for (int target = TARGET_PLAIN; target <= (int)target_best(); target++) {
            memset(bytes, 0xAA, sizeof bytes);
            planes_put_on((enum target)target, v, n, shift, bytes);
            assert_memory_equal(bytes, plain, size);
            assert_int_equal(bytes[size], 0xAA); /* not a byte further */
            memset(back, 0xBB, sizeof back);
            assert_int_equal(planes_get_on((enum target)target, bytes, size, n, back), size);
            check_back(n, shift);
            memset(back, 0xBB, sizeof back);
            assert_int_equal(planes_get_on((enum target)target, bytes, sizeof bytes, n, back), size);
            check_back(n, shift);
        }
    }
}

static void the_example_of_the_docs_holds(void **state)
{
    (void)state;
    const uint64_t numbers[] = {0, 2, 1, 0};
    planes_put(numbers, 4, 0, bytes);
    assert_int_equal(planes_size(4, 3), 1);
    assert_int_equal(bytes[0], 0x16);
}

/* Too short, or counting on for ever. */
static void cut_and_senseless_bytes_are_refused(void **state)
{
    struct random random = random_from(test_seed(__func__));

    (void)state;
    for (uint64_t round = test_rounds(300); round-- > 0;) {
        size_t n = 1 + (size_t)random_below(&random, N_MAX), size = planes_size(n, fill(&random, n, 3));
        planes_put(v, n, 3, bytes);
        for (size_t cut = 0; cut < size; cut++) {
            uint8_t *part = malloc(cut ? cut : 1); /* exact, for ASan */
            memcpy(part, bytes, cut);
            assert_int_equal(planes_get(part, cut, n, back), 0);
            free(part);
        }
    }
    memset(bytes, 0xFF, sizeof bytes);
    for (int target = TARGET_PLAIN; target <= (int)target_best(); target++) {
        assert_int_equal(planes_get_on((enum target)target, bytes, sizeof bytes, 1, back), 0);
        assert_int_equal(planes_get_on((enum target)target, bytes, sizeof bytes, N_MAX, back), 0);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(numbers_come_back_on_every_target),
    cmocka_unit_test(the_example_of_the_docs_holds),
    cmocka_unit_test(cut_and_senseless_bytes_are_refused),
};

RUN_TESTS(tests)
