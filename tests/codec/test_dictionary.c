#include "codec/dictionary.h"

#include "base/mem.h"
#include "codec/samples.h"

static double value[SAMPLES_MAX], back[SAMPLES_MAX];

static void ranks_lead_back_to_values(void **state)
{
    struct random random = random_from(test_seed(__func__));
    struct dictionary dictionary;

    (void)state;
    for (uint64_t round = test_rounds(60); round-- > 0;) {
        size_t n = 2 + (size_t)random_below(&random, SAMPLES_MAX - 1);
        uint64_t n_words = 1 + random_below(&random, 2 * n);
        uint64_t seed = random_u64(&random);
        for (size_t i = 0; i < n; i++) {
            struct random word = random_from(seed + random_below(&random, n_words));
            value[i] = random_below(&word, 8) ? double_of(random_u64(&word)) : sample_special(&word);
        }
        assert_int_equal(dictionary_make(&MEM_SYSTEM, value, n, SIZE_MAX, &dictionary), GK_OK);
        if (dictionary.n_words > 0) {
            assert_true(dictionary.n_words <= n / 2 && dictionary.n_words <= DICTIONARY_WORDS_MAX);
            assert_true(dictionary_is_valid(dictionary.word, dictionary.n_words));
            memcpy(back, dictionary.rank, n * sizeof *back);
            dictionary_look_up(dictionary.word, dictionary.n_words, back, n);
            assert_memory_equal(back, value, n * sizeof *back);
        }
        dictionary_clear(&MEM_SYSTEM, &dictionary);
    }
}

/* -0.0 is a word of its own, below 0.0; what is no number is none. */
static void words_ascend_by_their_patterns(void **state)
{
    static const double few[] = {3, 0.0, NAN, -0.0, -7.5, 3, 0.0, INFINITY, -0.0, -7.5, 3, 3};
    static const double want[] = {-7.5, -0.0, 0.0, 3}, ranks[] = {3, 2, 0, 1, 0, 3, 2, 0, 1, 0, 3, 3};
    struct dictionary dictionary;

    (void)state;
    assert_int_equal(dictionary_make(&MEM_SYSTEM, few, 12, SIZE_MAX, &dictionary), GK_OK);
    assert_int_equal(dictionary.n_words, 4);
    assert_memory_equal(dictionary.word, want, sizeof want);
    for (size_t i = 0; i < 12; i++)
        assert_bits_equal(dictionary.rank[i], isfinite(few[i]) ? ranks[i] : few[i]);
    dictionary_clear(&MEM_SYSTEM, &dictionary);
}

static void too_many_words_are_none(void **state)
{
    struct dictionary dictionary;

    (void)state;
    for (size_t n_words = 2047; n_words <= 2049; n_words++) {
        for (size_t i = 0; i < SAMPLES_MAX; i++)
            value[i] = (double)(i % n_words) / 7;
        assert_int_equal(dictionary_make(&MEM_SYSTEM, value, SAMPLES_MAX, SIZE_MAX, &dictionary), GK_OK);
        assert_int_equal(dictionary.n_words, n_words <= DICTIONARY_WORDS_MAX ? n_words : 0);
        dictionary_clear(&MEM_SYSTEM, &dictionary);
    }
    assert_int_equal(dictionary_make(&MEM_SYSTEM, value, SAMPLES_MAX, 4000, &dictionary), GK_OK); /* bytes */
    assert_int_equal(dictionary.n_words, 0);
    dictionary_clear(&MEM_SYSTEM, &dictionary);
}

static void few_samples_tell_few_words_from_many(void **state)
{
    struct random random = random_from(test_seed(__func__));

    (void)state;
    for (size_t n_words = 8; n_words <= 65536; n_words *= 2) {
        for (size_t i = 0; i < SAMPLES_MAX; i++)
            value[i] = sin((double)random_below(&random, n_words));
        if (n_words <= 512)
            assert_true(dictionary_is_likely(value, SAMPLES_MAX, 2 * SAMPLES_MAX));
        if (n_words >= 16384)
            assert_false(dictionary_is_likely(value, SAMPLES_MAX, 2 * SAMPLES_MAX));
        assert_false(dictionary_is_likely(value, SAMPLES_MAX, SAMPLES_MAX / 8)); /* a bit a value is too little */
    }
}

/* Whatever is looked up, words are read where there are some. */
static void any_rank_is_safe(void **state)
{
    static const double word[] = {1, 2, 4}, ranks[] = {-1, 0, 2, 3, 1e300, -1e300, 2.9, 4294967296.0};
    static const double want[] = {-1, 1, 4, 3, 1e300, -1e300, 4, 4294967296.0};
    double rank[8];

    (void)state;
    memcpy(rank, ranks, sizeof rank);
    dictionary_look_up(word, 3, rank, 8);
    for (size_t i = 0; i < 8; i++)
        assert_bits_equal(rank[i], want[i]);
}

static void words_out_of_order_are_no_dictionary(void **state)
{
    static const double fine[] = {-1e300, -0.0, 0.0, 1}, twice[] = {1, 2, 2}, odd[] = {0.0, -0.0},
                        infinite[] = {1, INFINITY}, nan[] = {NAN};

    (void)state;
    assert_true(dictionary_is_valid(fine, 4));
    assert_false(dictionary_is_valid(fine, 0));
    assert_false(dictionary_is_valid(twice, 3));
    assert_false(dictionary_is_valid(odd, 2));
    assert_false(dictionary_is_valid(infinite, 2));
    assert_false(dictionary_is_valid(nan, 1));
}

static void a_limit_is_the_rank_of_the_first_word_that_reaches_it(void **state)
{
    static const double word[] = {-2, -0.0, 0.0, 5};

    (void)state;
    assert_int_equal(dictionary_least(word, 4, -3, false), 0);
    assert_int_equal(dictionary_least(word, 4, 0, false), 1);
    assert_int_equal(dictionary_least(word, 4, 0, true), 3);
    assert_int_equal(dictionary_least(word, 4, 5, false), 3);
    assert_int_equal(dictionary_least(word, 4, 5, true), 4);
    assert_int_equal(dictionary_least(word, 4, INFINITY, false), 4);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(ranks_lead_back_to_values),
    cmocka_unit_test(words_ascend_by_their_patterns),
    cmocka_unit_test(too_many_words_are_none),
    cmocka_unit_test(few_samples_tell_few_words_from_many),
    cmocka_unit_test(any_rank_is_safe),
    cmocka_unit_test(words_out_of_order_are_no_dictionary),
    cmocka_unit_test(a_limit_is_the_rank_of_the_first_word_that_reaches_it),
};

RUN_TESTS(tests)
