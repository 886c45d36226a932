#include "codec/codecs.h"

#include <math.h>

#include "support/support.h"

/* Blocks of every shape a codec is made for, and of none. */
static void fill(struct random *random, unsigned shape, uint64_t *z, size_t n)
{
    uint64_t v = random_u64(random) >> random_below(random, 64);

    for (size_t i = 0; i < n; i++) {
        switch (shape) {
        case 0: /* constant */
            break;
        case 1: /* runs */
            v += random_below(random, 30) ? 0 : random_u64(random) >> 50;
            break;
        case 2: /* a frame, around zero */
            v = random_below(random, 1000) - 500;
            break;
        case 3: /* wanders */
            v += random_below(random, 9) - 4;
            break;
        case 4: /* a counter with a reset */
            v += random_below(random, 90) ? 1000 + random_below(random, 3) : 0 - v;
            break;
        case 5: /* few patterns */
            v = random_below(random, 3) * UINT64_C(0x123456789ABCDEF);
            break;
        default: /* anything */
            v = random_u64(random);
        }
        z[i] = v;
    }
}

#define SHAPES 7

static void every_codec_gives_back_what_it_took(void **state)
{
    struct random random = random_from(test_seed(__func__));
    uint64_t z[CODECS_BLOCK_MAX], back[CODECS_BLOCK_MAX], base;
    uint8_t bytes[CODECS_SIZE_MAX];
    uint32_t n_taken[CODECS_N] = {0};

    (void)state;
    for (uint64_t round = test_rounds(3000); round-- > 0;) {
        size_t n = random_below(&random, 2) ? CODECS_BLOCK_MAX : 1 + (size_t)random_below(&random, CODECS_BLOCK_MAX);
        fill(&random, (unsigned)random_below(&random, SHAPES), z, n);
        for (unsigned id = 0; id < CODECS_N; id++) {
            size_t size = CODEC_TABLE[id].encode(z, n, CODECS_SIZE_MAX, bytes);
            if (size == 0)
                continue;
            n_taken[id]++;
            assert_true(size < CODECS_SIZE_MAX);
            assert_true(codecs_decode(id, bytes, size, n, back));
            assert_memory_equal(z, back, n * sizeof *z);
            assert_true(codecs_decode_above(id, bytes, size, n, &base, back));
            for (size_t i = 0; i < n; i++)
                assert_int_equal(base + back[i], z[i]);
        }
    }
    for (unsigned id = 0; id < CODECS_N; id++)
        assert_true(n_taken[id] > 0);
}

/* A full block in 32 bits where it fits, and never another integer. */
static void near_integers_are_the_same(void **state)
{
    struct random random = random_from(test_seed(__func__));
    uint64_t z[CODECS_BLOCK_MAX], base;
    uint32_t near[CODECS_BLOCK_MAX], n_near[CODECS_N] = {0};
    uint8_t bytes[CODECS_SIZE_MAX];

    (void)state;
    for (uint64_t round = test_rounds(3000); round-- > 0;) {
        unsigned scale = (unsigned)random_below(&random, 40);
        fill(&random, (unsigned)random_below(&random, SHAPES), z, CODECS_BLOCK_MAX);
        for (size_t i = 1; i < CODECS_BLOCK_MAX && scale < 36; i++) /* up to about where 32 bits end, and beyond */
            z[i] = z[0] + (uint64_t)((int64_t)((z[i] - z[0]) << 27) >> 27 >> (scale / 2));
        for (unsigned id = 0; id < CODECS_N; id++) {
            size_t size = CODEC_TABLE[id].encode(z, CODECS_BLOCK_MAX, CODECS_SIZE_MAX, bytes);
            if (size == 0 || !codecs_decode_near(id, bytes, size, &base, near))
                continue;
            n_near[id]++;
            for (size_t i = 0; i < CODECS_BLOCK_MAX; i++)
                assert_int_equal(base + (uint64_t)(int64_t)(int32_t)near[i], z[i]);
            for (size_t cut = 0; cut < size; cut++)
                assert_false(codecs_decode_near(id, bytes, cut, &base, near));
        }
    }
    for (unsigned id = 0; id < CODECS_N; id++)
        assert_true((n_near[id] > 0) == (CODEC_TABLE[id].decode_near != NULL));
}

/* Those that can be told: far enough for all integers, and not much further. */
static void bounds_hold_all_integers(void **state)
{
    struct random random = random_from(test_seed(__func__));
    uint64_t z[CODECS_BLOCK_MAX];
    uint8_t bytes[CODECS_SIZE_MAX];
    uint32_t n_told[CODECS_N] = {0};

    (void)state;
    for (uint64_t round = test_rounds(3000); round-- > 0;) {
        size_t n = random_below(&random, 2) ? CODECS_BLOCK_MAX : 1 + (size_t)random_below(&random, CODECS_BLOCK_MAX);
        fill(&random, (unsigned)random_below(&random, SHAPES), z, n);
        int64_t least = (int64_t)z[0], most = least, low, high;
        for (size_t i = 1; i < n; i++) {
            least = (int64_t)z[i] < least ? (int64_t)z[i] : least;
            most = (int64_t)z[i] > most ? (int64_t)z[i] : most;
        }
        for (unsigned id = 0; id < CODECS_N; id++) {
            size_t size = CODEC_TABLE[id].encode(z, n, CODECS_SIZE_MAX, bytes);
            if (size == 0 || !codecs_bounds(id, bytes, size, n, &low, &high))
                continue;
            n_told[id]++;
            assert_true(low <= least && most <= high);
            if (id == CODEC_CONSTANT || id == CODEC_RUNS)
                assert_true(low == least && most == high);
            else
                assert_true(((uint64_t)high - (uint64_t)low) / 3 <= (uint64_t)most - (uint64_t)least + 3);
        }
    }
    for (unsigned id = 0; id < CODECS_N; id++)
        assert_true(n_told[id] > 0 || id == CODEC_RAW || id == CODEC_LZ4);
}

static void a_reach_is_at_most_a_quarter_too_far(void **state)
{
    int64_t low, high;

    (void)state;
    for (uint64_t far = 1; far < UINT64_C(1) << 59; far += 1 + far / 7) {
        assert_true(codecs_reach_bounds(10, codecs_reach(far), &low, &high));
        assert_true(10 - low >= (int64_t)far && high - 10 == 10 - low);
        assert_true(10 - low <= 4 || (uint64_t)(10 - low) <= far + far / 4);
    }
    assert_false(codecs_reach_bounds(0, codecs_reach(UINT64_MAX), &low, &high));
    assert_false(codecs_reach_bounds(UINT64_C(1) << 62, codecs_reach(UINT64_C(1) << 62), &low, &high));
}

static void the_smallest_codec_is_chosen(void **state)
{
    struct random random = random_from(test_seed(__func__));
    uint64_t z[CODECS_BLOCK_MAX];
    uint8_t bytes[CODECS_SIZE_MAX], other[CODECS_SIZE_MAX];
    enum codecs_id id;

    (void)state;
    for (unsigned shape = 0; shape < SHAPES; shape++) {
        fill(&random, shape, z, CODECS_BLOCK_MAX);
        size_t size = codecs_encode(CODECS_BIT(CODECS_N) - 1, z, CODECS_BLOCK_MAX, bytes, &id);
        assert_true(size <= 8 * CODECS_BLOCK_MAX);
        for (unsigned i = 0; i < CODECS_N; i++)
            assert_int_equal(CODEC_TABLE[i].encode(z, CODECS_BLOCK_MAX, size, other), 0);
    }
}

#define BLOCKS_LOOKED 2000

/* Noise around levels, with stretches of stillness, drift and far integers: what meters send. */
static void fill_like_a_meter(struct random *random, uint64_t *z, size_t n)
{
    uint64_t noise = 1 + random_below(random, UINT64_C(1) << random_below(random, 14)),
             level = random_below(random, 100000);
    unsigned kind = (unsigned)random_below(random, 4), stay = 1 + (unsigned)random_below(random, 300);
    uint64_t drift = random_below(random, 40), v = level;

    for (size_t i = 0; i < n; i++) {
        if (random_below(random, stay) == 0)
            level = random_below(random, 2) ? 0 : random_below(random, 100000);
        if (kind == 0)
            v = level + (level ? random_below(random, noise) : 0);
        else if (kind == 1)
            v += random_below(random, 2 * noise) - noise + 1;
        else if (kind == 2)
            v += drift + random_below(random, noise);
        else
            v = random_below(random, 50) ? 500 : 500 + random_below(random, 1000 * noise);
        z[i] = v;
    }
}

static void a_look_leaves_what_is_hardly_larger_than_the_smallest(void **state)
{
    struct random random = random_from(test_seed(__func__));
    uint64_t z[CODECS_BLOCK_MAX], sum = 0, sum_looked = 0;
    uint8_t bytes[CODECS_SIZE_MAX];
    enum codecs_id id;
    unsigned n_spared = 0;

    (void)state;
    for (unsigned i = 0; i < BLOCKS_LOOKED; i++) {
        size_t n = i % 8 ? CODECS_BLOCK_MAX : 1 + (size_t)random_below(&random, CODECS_BLOCK_MAX);
        fill_like_a_meter(&random, z, n);
        struct codecs_look look = codecs_look(z, n);
        size_t size = codecs_encode(CODECS_USUAL, z, n, bytes, &id);
        size_t looked = codecs_encode(look.candidates, z, n, bytes, &id);
        assert_true(looked >= size && looked <= size + size / 3 + 8);
        sum += size;
        sum_looked += looked;
        n_spared += (unsigned)__builtin_popcount(CODECS_USUAL & ~look.candidates);
    }
    assert_true(sum_looked <= sum + sum / 200);
    assert_true(n_spared > BLOCKS_LOOKED);
}

/* Any integers, whatever their size: one can always be encoded, and decoded again. */
/* Differences would save 2 bits of 50; where a waveform is slower they save more, and are worth being added up. */
static void wide_integers_are_differences_only_where_that_saves_much(void **state)
{
    static const struct {
        double step; /* radians from integer to integer */
        bool is_frame;
    } cases[] = {{0.35, true}, {0.03, false}};
    uint64_t z[CODECS_BLOCK_MAX];

    (void)state;
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        for (size_t i = 0; i < CODECS_BLOCK_MAX; i++)
            z[i] = (uint64_t)(int64_t)(3.2e14 * sin(cases[k].step * (double)i));
        unsigned candidates = codecs_look(z, CODECS_BLOCK_MAX).candidates;
        assert_int_equal(!(candidates & CODECS_BIT(CODEC_DELTA)), cases[k].is_frame);
        assert_true(!cases[k].is_frame || candidates & CODECS_BIT(CODEC_FRAME));
    }
}

static void a_look_at_anything_leaves_a_codec_that_can(void **state)
{
    struct random random = random_from(test_seed(__func__));
    uint64_t z[CODECS_BLOCK_MAX], back[CODECS_BLOCK_MAX];
    uint8_t bytes[CODECS_SIZE_MAX];
    enum codecs_id id;

    (void)state;
    for (unsigned round = 0; round < 50; round++)
        for (unsigned shape = 0; shape < SHAPES; shape++) {
            size_t n = round % 2 ? CODECS_BLOCK_MAX : 1 + (size_t)random_below(&random, CODECS_BLOCK_MAX);
            fill(&random, shape, z, n);
            size_t size = codecs_encode(codecs_look(z, n).candidates, z, n, bytes, &id);
            assert_true(codecs_decode(id, bytes, size, n, back));
            assert_memory_equal(z, back, n * sizeof *z);
        }
}

static void a_cut_block_is_refused(void **state)
{
    struct random random = random_from(test_seed(__func__));
    uint64_t z[CODECS_BLOCK_MAX], back[CODECS_BLOCK_MAX];
    uint8_t bytes[CODECS_SIZE_MAX];

    (void)state;
    for (unsigned shape = 0; shape < SHAPES; shape++) {
        fill(&random, shape, z, CODECS_BLOCK_MAX);
        for (unsigned id = 0; id < CODECS_N; id++) {
            size_t size = CODEC_TABLE[id].encode(z, CODECS_BLOCK_MAX, CODECS_SIZE_MAX, bytes);
            for (size_t cut = 0; cut < size; cut++) {
                uint8_t *part = malloc(cut ? cut : 1); /* exact, for ASan */
                memcpy(part, bytes, cut);
                assert_false(codecs_decode(id, part, cut, CODECS_BLOCK_MAX, back));
                free(part);
            }
        }
    }
}

static void random_bytes_never_leave_their_bounds(void **state)
{
    struct random random = random_from(test_seed(__func__));
    uint64_t z[CODECS_BLOCK_MAX];
    uint32_t near[CODECS_BLOCK_MAX];
    uint64_t base;
    int64_t low, high;

    (void)state;
    for (uint64_t round = test_rounds(20000); round-- > 0;) {
        size_t size = (size_t)random_below(&random, 64);
        uint8_t *bytes = malloc(size ? size : 1);
        for (size_t i = 0; i < size; i++)
            bytes[i] = (uint8_t)(random_u64(&random) >> random_below(&random, 8));
        unsigned id = (unsigned)random_below(&random, CODECS_N + 1);
        size_t n = 1 + (size_t)random_below(&random, CODECS_BLOCK_MAX);
        (void)codecs_decode(id, bytes, size, n, z);           /* only that it returns */
        (void)codecs_bounds(id, bytes, size, n, &low, &high); /* likewise */
        if (codecs_decode_near(id, bytes, size, &base, near)) {
            assert_true(codecs_decode(id, bytes, size, CODECS_BLOCK_MAX, z));
            for (size_t i = 0; i < CODECS_BLOCK_MAX && id == CODEC_FRAME; i++)
                assert_int_equal(base + near[i], z[i]);
        }
        free(bytes);
    }
}

static void an_unknown_codec_is_refused(void **state)
{
    uint64_t z[1];
    (void)state;
    assert_false(codecs_decode(CODECS_N, (const uint8_t *)"12345678", 8, 1, z));
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(every_codec_gives_back_what_it_took),
    cmocka_unit_test(near_integers_are_the_same),
    cmocka_unit_test(bounds_hold_all_integers),
    cmocka_unit_test(a_reach_is_at_most_a_quarter_too_far),
    cmocka_unit_test(the_smallest_codec_is_chosen),
    cmocka_unit_test(a_look_leaves_what_is_hardly_larger_than_the_smallest),
    cmocka_unit_test(wide_integers_are_differences_only_where_that_saves_much),
    cmocka_unit_test(a_look_at_anything_leaves_a_codec_that_can),
    cmocka_unit_test(a_cut_block_is_refused),
    cmocka_unit_test(random_bytes_never_leave_their_bounds),
    cmocka_unit_test(an_unknown_codec_is_refused),
};

RUN_TESTS(tests)
