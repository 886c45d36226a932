#include "codec/lanes.h"

#include "support/support.h"

#define STEPS 100
#define N     (STEPS * LANES)

static struct rans_model model;
static struct lanes_table table;
static struct lanes lanes;
static uint8_t symbol[N], back[N + LANES_STEPS * LANES], bytes[LANES_SIZE_MAX(N)];
static size_t size;

/* Symbols of a skewed alphabet, and the model that their counts make. */
static void make(struct random *random, unsigned n_symbols, unsigned n_contexts)
{
    static uint32_t count[RANS_CONTEXTS_MAX][RANS_SYMBOLS_MAX];

    memset(count, 0, sizeof count);
    model = (struct rans_model){.n_symbols = n_symbols, .n_contexts = n_contexts, .bits = n_contexts == 1 ? 11 : 10};
    for (unsigned i = 0; i < n_symbols; i++)
        model.class[i] = (uint8_t)random_below(random, RANS_CLASSES);
    for (unsigned k = 0; k < LANES; k++)
        for (unsigned i = 0, context = 0; i < STEPS; i++) {
            uint8_t *s = &symbol[i * LANES + k];
            *s = (uint8_t)random_below(random, 1 + random_below(random, 1 + random_below(random, n_symbols)));
            count[context][*s]++;
            context = rans_next(context, model.class[*s], n_contexts);
        }
    for (unsigned c = 0; c < n_contexts; c++)
        rans_normalise(count[c], n_symbols, model.bits, model.frequency[c]);
    size = lanes_encode(&model, symbol, STEPS, bytes);
}

static bool decode(enum target target, const uint8_t *from, size_t n)
{
    if (!lanes_begin(from, n, &lanes))
        return false;
    for (size_t i = 0; i < STEPS; i += LANES_STEPS) {
        size_t k = STEPS - i < LANES_STEPS ? STEPS - i : LANES_STEPS;
        if (!lanes_next_on(target, &table, &lanes, k, (uint8_t(*)[LANES])(void *)(back + i * LANES)))
            return false;
    }
    return lanes_are_done(&lanes);
}

static void all_targets_write_the_same_bytes(void **state)
{
    static const unsigned contexts[] = {1, 3, 9};
    struct random random = random_from(test_seed(__func__));
    static uint8_t other[LANES_SIZE_MAX(N)];

    (void)state;
    for (uint64_t round = test_rounds(100); round-- > 0;) {
        make(&random, 1 + (unsigned)random_below(&random, RANS_SYMBOLS_MAX), contexts[round % 3]);
        for (int target = TARGET_PLAIN; target <= (int)target_best(); target++) {
            assert_int_equal(lanes_encode_on((enum target)target, &model, symbol, STEPS, other), size);
            assert_memory_equal(bytes, other, size);
        }
    }
}

static void symbols_come_back_on_all_targets(void **state)
{
    static const unsigned contexts[] = {1, 3, 9};
    struct random random = random_from(test_seed(__func__));

    (void)state;
    for (uint64_t round = test_rounds(100); round-- > 0;) {
        make(&random, 1 + (unsigned)random_below(&random, RANS_SYMBOLS_MAX), contexts[round % 3]);
        assert_true(lanes_table(&model, &table));
        for (int target = TARGET_PLAIN; target <= (int)target_best(); target++) {
            memset(back, 255, sizeof back);
            assert_true(decode((enum target)target, bytes, size));
            assert_memory_equal(symbol, back, N);
        }
    }
}

static void a_wrong_table_is_refused(void **state)
{
    struct random random = random_from(test_seed(__func__));

    (void)state;
    make(&random, 10, 3);
    model.frequency[0][0]++;
    assert_false(lanes_table(&model, &table));
    model.frequency[0][0] -= 2;
    assert_false(lanes_table(&model, &table));
}

static void cut_lanes_are_refused(void **state)
{
    struct random random = random_from(test_seed(__func__));

    (void)state;
    make(&random, 20, 9);
    assert_true(lanes_table(&model, &table));
    for (int target = TARGET_PLAIN; target <= (int)target_best(); target++)
        for (size_t cut = 0; cut < size; cut++) {
            uint8_t *part = malloc(cut ? cut : 1); /* exact, for ASan */
            memcpy(part, bytes, cut);
            assert_false(decode((enum target)target, part, cut));
            free(part);
        }
}

/* A wrong state or word makes other symbols, of which some take more words and some fewer: mostly it is noticed. */
static void damaged_lanes_stay_in_bounds_and_are_alike_on_all_targets(void **state)
{
    struct random random = random_from(test_seed(__func__));
    static uint8_t plain[N];
    uint64_t n_refused = 0;

    (void)state;
    make(&random, 20, 9);
    assert_true(lanes_table(&model, &table));
    for (uint64_t round = test_rounds(500); round-- > 0;) {
        uint8_t *copy = malloc(size);
        memcpy(copy, bytes, size);
        copy[random_below(&random, size)] ^= (uint8_t)(1 + random_below(&random, 255));
        bool is_fine = decode(TARGET_PLAIN, copy, size);
        memcpy(plain, back, N);
        for (int target = TARGET_PLAIN; target <= (int)target_best(); target++) {
            assert_int_equal(decode((enum target)target, copy, size), is_fine);
            if (is_fine)
                assert_memory_equal(plain, back, N);
        }
        n_refused += !is_fine;
        free(copy);
    }
    assert_true(n_refused > 0);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(all_targets_write_the_same_bytes),
    cmocka_unit_test(symbols_come_back_on_all_targets),
    cmocka_unit_test(a_wrong_table_is_refused),
    cmocka_unit_test(cut_lanes_are_refused),
    cmocka_unit_test(damaged_lanes_stay_in_bounds_and_are_alike_on_all_targets),
};

RUN_TESTS(tests)
