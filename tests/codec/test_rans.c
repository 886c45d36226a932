#include "codec/rans.h"

#include "support/support.h"

#define N 1000

static struct rans_model model;
static struct rans_table table;
static uint8_t symbol[RANS_LANES][N], back[RANS_LANES][N], bytes[RANS_LANES * RANS_SIZE_MAX(N)];
static struct rans_stream stream[RANS_LANES];
static size_t size;

/* Streams of symbols of a skewed alphabet, and the model that their counts make. */
static void make(struct random *random, unsigned n_symbols, unsigned n_contexts)
{
    static uint32_t count[RANS_CONTEXTS_MAX][RANS_SYMBOLS_MAX];

    memset(count, 0, sizeof count);
    model = (struct rans_model){.n_symbols = n_symbols, .n_contexts = n_contexts, .bits = n_contexts == 1 ? 11 : 10};
    for (unsigned i = 0; i < n_symbols; i++)
        model.class[i] = (uint8_t)random_below(random, RANS_CLASSES);
    for (unsigned k = 0; k < RANS_LANES; k++)
        for (unsigned i = 0, context = 0; i < N; i++) {
            symbol[k][i] = (uint8_t)random_below(random, 1 + random_below(random, 1 + random_below(random, n_symbols)));
            count[context][symbol[k][i]]++;
            context = rans_next(context, model.class[symbol[k][i]], n_contexts);
        }
    for (unsigned c = 0; c < n_contexts; c++)
        rans_normalise(count[c], n_symbols, model.bits, model.frequency[c]);
    size = 0;
    for (unsigned k = 0; k < RANS_LANES; k++) {
        stream[k] = (struct rans_stream){bytes, size, 0, 0, back[k]};
        size += rans_encode(&model, symbol[k], N, bytes + size);
        stream[k].end = size;
    }
    for (unsigned k = 0; k < RANS_LANES; k++)
        stream[k].limit = size;
}

static void symbols_come_back(void **state)
{
    static const unsigned contexts[] = {1, 3, 9};
    struct random random = random_from(test_seed(__func__));

    (void)state;
    for (uint64_t round = test_rounds(100); round-- > 0;) {
        unsigned n_streams = 1 + (unsigned)random_below(&random, RANS_LANES);
        make(&random, 1 + (unsigned)random_below(&random, RANS_SYMBOLS_MAX), contexts[round % 3]);
        assert_true(rans_table(&model, &table));
        memset(back, 255, sizeof back);
        assert_true(rans_decode(&table, stream, n_streams, N));
        assert_memory_equal(symbol, back, n_streams * N);
    }
}

static void frequencies_add_up(void **state)
{
    struct random random = random_from(test_seed(__func__));
    uint32_t count[RANS_SYMBOLS_MAX];
    uint16_t frequency[RANS_SYMBOLS_MAX];

    (void)state;
    for (uint64_t round = test_rounds(500); round-- > 0;) {
        unsigned n = 1 + (unsigned)random_below(&random, RANS_SYMBOLS_MAX), bits = 8 + (unsigned)(round % 4), sum = 0;
        bool is_any = false;
        for (unsigned i = 0; i < n; i++) {
            count[i] =
                random_below(&random, 2) ? 0 : (uint32_t)(random_u64(&random) >> 50 >> random_below(&random, 14));
            is_any |= count[i] > 0;
        }
        rans_normalise(count, n, bits, frequency);
        for (unsigned i = 0; i < n; i++) {
            sum += frequency[i];
            assert_int_equal(frequency[i] > 0, count[i] > 0);
        }
        assert_int_equal(sum, is_any ? 1u << bits : 0);
    }
}

static void a_wrong_table_is_refused(void **state)
{
    struct random random = random_from(test_seed(__func__));

    (void)state;
    make(&random, 10, 3);
    model.frequency[0][0]++;
    assert_false(rans_table(&model, &table));
    model.frequency[0][0] -= 2;
    assert_false(rans_table(&model, &table));
}

static void a_cut_stream_is_refused(void **state)
{
    struct random random = random_from(test_seed(__func__));

    (void)state;
    make(&random, 20, 9);
    assert_true(rans_table(&model, &table));
    size_t end = stream[0].end;
    for (size_t cut = 0; cut < end; cut++) {
        uint8_t *part = malloc(cut ? cut : 1); /* exact, for ASan */
        memcpy(part, bytes, cut);
        struct rans_stream one = {part, 0, cut, cut, back[0]};
        assert_false(rans_decode(&table, &one, 1, N));
        free(part);
    }
}

static void damaged_streams_stay_in_bounds(void **state)
{
    struct random random = random_from(test_seed(__func__));

    (void)state;
    make(&random, 20, 9);
    assert_true(rans_table(&model, &table));
    for (uint64_t round = test_rounds(500); round-- > 0;) {
        uint8_t *copy = malloc(size);
        memcpy(copy, bytes, size);
        copy[random_below(&random, size)] ^= (uint8_t)(1 + random_below(&random, 255));
        for (unsigned k = 0; k < RANS_LANES; k++)
            stream[k].bytes = copy;
        (void)rans_decode(&table, stream, RANS_LANES, N); /* only that it returns */
        free(copy);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(symbols_come_back),
    cmocka_unit_test(frequencies_add_up),
    cmocka_unit_test(a_wrong_table_is_refused),
    cmocka_unit_test(a_cut_stream_is_refused),
    cmocka_unit_test(damaged_streams_stay_in_bounds),
};

RUN_TESTS(tests)
