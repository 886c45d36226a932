/* Each compressor that is there gives back what it took. */
#include "support/support.h"

#include "bench/compressor.h"
#include "bench/unseen.h"

#define N 20000

static void what_was_encoded_comes_back(void **state)
{
    double *value = calloc(N, sizeof *value), *back = calloc(N, sizeof *back);
    char word[PEER_WORD_MAX];
    int n_there = 0;

    (void)state;
    unseen_make(UNSEEN_KWH, value, N);
    for (int i = 0; i < COMPRESSOR_N; i++) {
        if (!compressor_find((enum compressor)i, word)) {
            assert_true(strlen(word) > 0);
            continue;
        }
        size_t capacity = compressor_bound((enum compressor)i, N * sizeof *value);
        char *bytes = calloc(1, capacity);
        size_t size = compressor_encode((enum compressor)i, value, N * sizeof *value, bytes, capacity);
        assert_in_range(size, 1, N * sizeof *value - 1);
        memset(back, 0, N * sizeof *back);
        compressor_decode((enum compressor)i, bytes, size, back, N * sizeof *back);
        assert_memory_equal(value, back, N * sizeof *back);
        free(bytes);
        n_there++;
    }
    assert_true(n_there >= 1); /* LZ4 */
    free(value);
    free(back);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(what_was_encoded_comes_back),
};

RUN_TESTS(tests)
