#include "codec/shuffle.h"

#include "support/support.h"

#define N_MAX 70

static void shuffled_bytes_stand_in_planes_and_come_back(void **state)
{
    struct random random = random_from(test_seed(__func__));
    uint8_t in[8 * N_MAX], shuffled[8 * N_MAX], back[8 * N_MAX];

    (void)state;
    for (size_t i = 0; i < sizeof in; i++)
        in[i] = (uint8_t)random_u64(&random);
    for (size_t n = 0; n <= N_MAX; n++) {
        shuffle_8(in, n, shuffled);
        for (size_t i = 0; i < n; i++)
            for (size_t b = 0; b < 8; b++)
                assert_int_equal(shuffled[b * n + i], in[8 * i + b]);
        unshuffle_8(shuffled, n, back);
        assert_memory_equal(in, back, 8 * n);
        shuffle_4(in, n, shuffled);
        for (size_t i = 0; i < n; i++)
            for (size_t b = 0; b < 4; b++)
                assert_int_equal(shuffled[b * n + i], in[4 * i + b]);
        unshuffle_4(shuffled, n, back);
        assert_memory_equal(in, back, 4 * n);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(shuffled_bytes_stand_in_planes_and_come_back),
};

RUN_TESTS(tests)
