#include "codec/bins.h"

#include "base/error.h"
#include "support/support.h"

#define LIMIT (100 * CHUNK_ROWS_MAX) /* anything is small enough */

enum shape { LEVELS, WALK, DIGITS, NOISE, STEPS, COUNTER, ONE, FAR, WIDE, SHAPES };

static uint64_t z[CHUNK_ROWS_MAX], back[CHUNK_ROWS_MAX];
static struct rans_table table;
static uint64_t base[LANES];
static uint32_t near[CHUNK_ROWS_MAX];
static struct bins_view view;

static void fill(struct random *random, enum shape shape, size_t n)
{
    uint64_t v = 0;

    for (size_t i = 0; i < n; i++) {
        uint64_t r = random_u64(random);
        switch (shape) {
        case LEVELS: /* a few, back and forth */
            v = r % 16 ? v : 2 * (r >> 8 & 3) - 4;
            break;
        case WALK:
            v += (r & 3) + (r >> 2 & 3) - 3;
            break;
        case DIGITS: { /* three, at any magnitude */
            uint64_t power = 1;
            for (uint64_t e = r >> 20 & 3; e > 0; e--)
                power *= 10;
            v = (100 + (r >> 30) % 900) * power;
            v = r & 1 ? 0 - v : v;
            break;
        }
        case NOISE:
            v = (r & 4095) + (r >> 12 & 4095) + (r >> 24 & 4095);
            break;
        case STEPS:
            v = 35 * (r & 15) * (r >> 4 & 15) + 7;
            break;
        case COUNTER:
            v += 1000 + r % 3;
            break;
        case ONE:
            v = 0 - UINT64_C(5);
            break;
        case FAR: /* levels, and a little noise above them */
            v = ((r >> 8 & 7) << 50) + (r & 3);
            break;
        default: /* no bin holds this */
            v = r;
        }
        z[i] = v;
    }
}

/* Encodes and decodes n integers; returns the size, 0 when they cannot be binned. */
static size_t round_trip(size_t n, struct buffer *out)
{
    buffer_reset(out);
    assert_int_equal(bins_encode(&MEM_SYSTEM, z, n, LIMIT, out), GK_OK);
    if (out->size == 0)
        return 0;
    struct reader reader = reader_of(out->bytes, out->size);
    assert_int_equal(bins_open(&reader, (uint32_t)n, &view), GK_OK);
    assert_true(view.is_laned);
    assert_int_equal(view.is_wide ? bins_get_wide(&view, back) : bins_get_lanes(&view, base, near), GK_OK);
    for (size_t i = 0; !view.is_wide && i < n; i++)
        back[i] = base[i / lanes_steps(n)] + (uint64_t)(int64_t)(int32_t)near[i];
    assert_memory_equal(z, back, n * sizeof *z);
    return out->size;
}

static void integers_come_back(void **state)
{
    static const size_t sizes[] = {1024, 1025, 1055, 2049, 4096, 5000, 8191, 8192};
    struct random random = random_from(test_seed(__func__));
    struct buffer out;

    (void)state;
    buffer_init(&out, &MEM_SYSTEM);
    for (int shape = 0; shape < SHAPES; shape++)
        for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
            fill(&random, (enum shape)shape, sizes[i]);
            assert_int_equal(round_trip(sizes[i], &out) == 0, shape == WIDE);
        }
    buffer_clear(&out);
}

/* Bits a row at most. */
static void bins_come_near_the_entropy(void **state)
{
    static const double limits[SHAPES] = {0.85, 3, 13.5, 13.9, 7.1, 2.1, 0.16, 5.3, 0};
    struct random random = random_from(test_seed(__func__));
    struct buffer out;

    (void)state;
    buffer_init(&out, &MEM_SYSTEM);
    for (int shape = 0; shape < SHAPES; shape++) {
        fill(&random, (enum shape)shape, CHUNK_ROWS_MAX);
        double bits = 8.0 * (double)round_trip(CHUNK_ROWS_MAX, &out) / CHUNK_ROWS_MAX;
        if (bits > limits[shape])
            fail_msg("shape %d takes %.3f bits a row, more than %.3f", shape, bits, limits[shape]);
    }
    buffer_clear(&out);
}

/* Lanes count in 32 bits; where that is not enough they are wide. */
static void integers_far_apart_are_wide(void **state)
{
    static const uint64_t highest[] = {INT32_MAX, UINT64_C(0x80000000), UINT64_C(1) << 62};
    struct random random = random_from(test_seed(__func__));
    struct buffer out;

    (void)state;
    buffer_init(&out, &MEM_SYSTEM);
    for (int k = 0; k < 3; k++)
        for (int is_delta = 0; is_delta < 2; is_delta++) {
            uint64_t v = 0;
            for (size_t i = 0; i < 2000; i++) {
                v += random_below(&random, 3);
                z[i] = i == 1000 ? highest[k] : is_delta ? v : 1000 * random_below(&random, 7);
            }
            z[0] = 0;
            assert_true(round_trip(2000, &out) > 0);
            assert_int_equal(view.is_wide, k > 0);
            assert_true(out.size < 1200);
            for (size_t i = 0; i < 2000; i++)
                z[i] -= UINT64_C(1) << 61; /* wherever they are */
            assert_true(round_trip(2000, &out) > 0);
        }
    buffer_clear(&out);
}

static void what_is_not_small_enough_is_not_written(void **state)
{
    struct random random = random_from(test_seed(__func__));
    struct buffer out;

    (void)state;
    buffer_init(&out, &MEM_SYSTEM);
    fill(&random, NOISE, 2000);
    size_t size = round_trip(2000, &out);
    buffer_reset(&out);
    assert_int_equal(bins_encode(&MEM_SYSTEM, z, 2000, size, &out), GK_OK);
    assert_int_equal(out.size, 0);
    buffer_clear(&out);
}

static void use(const uint8_t *bytes, size_t size, uint32_t n)
{
    struct reader reader = reader_of(bytes, size);
    if (bins_open(&reader, n, &view) != GK_OK)
        return;
    if (view.is_wide)
        (void)bins_get_wide(&view, back); /* only that it returns */
    else if (view.is_laned)
        (void)bins_get_lanes(&view, base, near); /* likewise */
    else if (rans_table(&view.model, &table))
        (void)bins_get(&view, &table, 0, view.n_blocks, back); /* likewise */
}

static void cut_and_damaged_bins_are_refused_or_bounded(void **state)
{
    struct random random = random_from(test_seed(__func__));
    struct buffer out;

    (void)state;
    buffer_init(&out, &MEM_SYSTEM);
    for (int shape = 0; shape < WIDE; shape++) {
        fill(&random, (enum shape)shape, 1100);
        (void)round_trip(1100, &out); /* compares */
        for (size_t cut = 0; cut < out.size; cut += 1 + cut / 64) {
            uint8_t *part = malloc(cut ? cut : 1); /* exact, for ASan */
            memcpy(part, out.bytes, cut);
            struct reader reader = reader_of(part, cut);
            assert_true(bins_open(&reader, 1100, &view) == GK_ECORRUPT ||
                        (view.is_wide ? bins_get_wide(&view, back) : bins_get_lanes(&view, base, near)) == GK_ECORRUPT);
            free(part);
        }
        for (uint64_t round = test_rounds(300); round-- > 0;) {
            uint8_t *copy = malloc(out.size);
            memcpy(copy, out.bytes, out.size);
            for (uint64_t k = 1 + random_below(&random, 3); k-- > 0;)
                copy[random_below(&random, out.size < 200 || random_below(&random, 2) ? out.size : 200)] =
                    (uint8_t)random_u64(&random);
            use(copy, out.size, 1100);
            free(copy);
        }
    }
    buffer_clear(&out);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(integers_come_back),
    cmocka_unit_test(bins_come_near_the_entropy),
    cmocka_unit_test(integers_far_apart_are_wide),
    cmocka_unit_test(what_is_not_small_enough_is_not_written),
    cmocka_unit_test(cut_and_damaged_bins_are_refused_or_bounded),
};

RUN_TESTS(tests)
