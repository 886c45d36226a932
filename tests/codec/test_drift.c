#include "codec/drift.h"

#include "codec/samples.h"

static struct drift in, out;
static uint8_t bytes[DRIFT_SIZE_MAX];
static double value[PACK_MAX], moved[PACK_MAX];

/* Some of n_rows values, `chance` in ten of them, a few patterns off; returns the bytes. */
static size_t make(struct random *random, size_t n_rows, uint64_t chance)
{
    in.n = 0;
    for (size_t i = 0; i < n_rows; i++) {
        value[i] = moved[i] = random_unit(random) * 20 - 10;
        if (i + 1 < n_rows && random_below(random, 10) >= chance)
            continue;
        uint64_t steps = random_u64(random) >> (41 + random_below(random, 23));
        moved[i] = double_of(bits_of(value[i]) + (random_below(random, 2) ? steps : 0 - steps));
        assert_true(drift_add(&in, i, moved[i], value[i]));
    }
    return drift_put(&in, n_rows, bytes);
}

static bool read(const uint8_t *from, size_t size, size_t n_rows, size_t *used)
{
    struct reader reader = reader_of(from, size);
    bool is_fine = drift_get(&reader, n_rows, &out);
    *used = reader.at;
    return is_fine;
}

static void values_come_back(void **state)
{
    struct random random = random_from(test_seed(__func__));
    size_t used;

    (void)state;
    for (uint64_t round = test_rounds(2000); round-- > 0;) {
        size_t n_rows = round % 3 ? PACK_MAX : 1 + (size_t)random_below(&random, PACK_MAX);
        size_t size = make(&random, n_rows, random_below(&random, 11));
        assert_true(read(bytes, size, n_rows, &used));
        assert_int_equal(used, size);
        drift_apply(&out, value);
        assert_memory_equal(value, moved, n_rows * sizeof *value);
    }
}

/* The worked example of docs/format/chunk.md. */
static void the_example_of_the_docs_decodes(void **state)
{
    double three[] = {4.19, 4.19, 4.19};
    size_t used, size = sample_hex("docs/format/chunk.md", "drift", bytes, sizeof bytes);

    (void)state;
    assert_true(read(bytes, size, 3, &used));
    assert_int_equal(used, size);
    drift_apply(&out, three);
    assert_bits_equal(three[0], 4.19);
    assert_bits_equal(three[1], 4.190000000000001);
    assert_bits_equal(three[2], 4.19);
}

static void what_is_far_off_does_not_drift(void **state)
{
    (void)state;
    in.n = 0;
    assert_true(drift_add(&in, 3, 4.190000000000001, 4.19));
    assert_false(drift_add(&in, 4, 4.2, 4.19));
    assert_false(drift_add(&in, 5, -0.0, 0.0));
    assert_int_equal(in.n, 1);
    assert_int_equal(in.at[0], 3);
}

static void cut_and_damaged_bytes_are_refused_or_bounded(void **state)
{
    struct random random = random_from(test_seed(__func__));
    size_t used;

    (void)state;
    for (uint64_t chance = 1; chance < 11; chance += 4) { /* a list, and masks */
        size_t n_rows = 203, size = make(&random, n_rows, chance);
        for (size_t cut = 0; cut < size; cut++) {
            uint8_t *part = malloc(cut ? cut : 1); /* exact, for ASan */
            memcpy(part, bytes, cut);
            assert_false(read(part, cut, n_rows, &used));
            free(part);
        }
        for (uint64_t round = test_rounds(500); round-- > 0;) {
            uint8_t *copy = malloc(size);
            memcpy(copy, bytes, size);
            copy[random_below(&random, size)] ^= (uint8_t)(1u << random_below(&random, 8));
            if (read(copy, size, n_rows, &used))
                for (size_t i = 0; i < out.n; i++)
                    assert_true(out.at[i] < n_rows && (i == 0 || out.at[i] > out.at[i - 1]));
            free(copy);
        }
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(values_come_back),
    cmocka_unit_test(the_example_of_the_docs_decodes),
    cmocka_unit_test(what_is_far_off_does_not_drift),
    cmocka_unit_test(cut_and_damaged_bytes_are_refused_or_bounded),
};

RUN_TESTS(tests)
