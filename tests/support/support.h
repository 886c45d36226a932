/*
 * support.h - what every test program shares: cmocka's includes, a main with a name filter, seeded random numbers, a
 * failing allocator, a temporary folder.
 *
 *     build/check/tests/codec/test_chunk                 all tests of the file
 *     build/check/tests/codec/test_chunk 'a_cut_*'       those whose name matches
 *     GK_SEED=17 build/check/tests/codec/test_chunk      random tests with this seed (they print the one they used)
 */
#ifndef SUPPORT_H
#define SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"

/* Ends a test file: RUN_TESTS(tests) with `static const struct CMUnitTest tests[]`. */
#define RUN_TESTS(tests)                                                                                               \
    int main(int argc, char **argv)                                                                                    \
    {                                                                                                                  \
        if (argc > 1)                                                                                                  \
            cmocka_set_test_filter(argv[1]);                                                                           \
        return cmocka_run_group_tests(tests, NULL, NULL);                                                              \
    }

/* Random numbers: splitmix64. test_seed gives GK_SEED from the environment or a fixed one, and prints it. */
struct random {
    uint64_t state;
};
uint64_t test_seed(const char *test);
/* How much work a random test does: GK_ROUNDS from the environment, else the default. */
uint64_t test_rounds(uint64_t usual);
struct random random_from(uint64_t seed);
uint64_t random_u64(struct random *random);
uint64_t random_below(struct random *random, uint64_t n); /* 0..n-1 */
double random_unit(struct random *random);                /* [0, 1) */

/* Equal to the bit, NaN payloads and signs of zero included. */
#define assert_bits_equal(a, b) assert_same_bits((a), (b), __FILE__, __LINE__)
void assert_same_bits(double a, double b, const char *file, int line);

/* A memory hook that fails the n-th allocation (0: never), counts what is still allocated, and overwrites freed memory.
 */
struct failing_mem {
    struct mem mem;     /* give &failing->mem to what is tested */
    uint64_t n_calls;   /* allocations and growths so far */
    uint64_t fail_at;   /* 1: the first */
    bool fail_for_ever; /* and all that follow */
    int64_t n_live;     /* must be 0 at the end */
};
void failing_mem_init(struct failing_mem *failing);

/* A new folder under $TMPDIR; the path lives until the next call. Removed with test_folder_remove. */
const char *test_folder(void);
void test_folder_remove(const char *path);

#endif
