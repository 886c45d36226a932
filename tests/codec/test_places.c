#include "codec/places.h"

#include "support/support.h"

#define STEPS 45
#define N     (STEPS * LANES)
#define ROOM  (N * PLACES_BITS_MAX / 8)

static struct places_table table;
static uint8_t symbol[STEPS + LANES_STEPS][LANES], bytes[ROOM + PLACES_GUARD];
static uint32_t near[N], want[N];
static size_t size;

/* Bins of any kind, symbols, and the places of all rows in one stream of bits. */
static void make(struct random *random, unsigned n_bins, unsigned bits_max, bool is_delta)
{
    uint32_t last[LANES] = {0};
    size_t bit = 0;

    memset(bytes, 0, sizeof bytes);
    table = (struct places_table){.n_bins = n_bins, .is_delta = is_delta};
    for (unsigned i = 0; i < n_bins; i++) {
        table.low[i] = (uint32_t)random_u64(random);
        table.bits[i] = random_below(random, 2) ? (uint32_t)random_below(random, bits_max + 1) : 0;
        table.step[i] = random_below(random, 3) ? 1 : (uint32_t)random_below(random, 1000);
        table.has_places |= table.bits[i] > 0;
        table.has_steps |= table.step[i] != 1;
    }
    for (size_t from = 0; from < STEPS; from += LANES_STEPS) {
        size_t n = STEPS - from < LANES_STEPS ? STEPS - from : LANES_STEPS;
        for (size_t i = 0; i < n * LANES; i++) {
            size_t step = i % (n * PLACES_HALF) / PLACES_HALF,
                   lane = i / (n * PLACES_HALF) * PLACES_HALF + i % PLACES_HALF;
            uint8_t s = symbol[from + step][lane] = (uint8_t)random_below(random, n_bins);
            uint32_t place = (uint32_t)random_u64(random) & ((1u << table.bits[s]) - 1);
            for (unsigned b = 0; b < table.bits[s]; b++, bit++)
                bytes[bit / 8] |= (uint8_t)((place >> b & 1) << bit % 8);
            last[lane] = (is_delta ? last[lane] : 0) + table.low[s] + place * table.step[s];
            want[lane * STEPS + from + step] = last[lane];
        }
    }
    size = (bit + 7) / 8;
}

static bool decode(enum target target, const uint8_t *from, size_t n)
{
    struct places places = {from, n, 0, {0}};

    for (size_t i = 0; i < STEPS; i += LANES_STEPS)
        places_next_on(target, &table, &places, symbol + i, STEPS - i < LANES_STEPS ? STEPS - i : LANES_STEPS, i, STEPS,
                       near);
    return places_are_done(&places);
}

static void integers_come_back_on_all_targets(void **state)
{
    static const unsigned widths[] = {0, 3, PLACES_BITS_MAX};
    struct random random = random_from(test_seed(__func__));

    (void)state;
    for (uint64_t round = test_rounds(200); round-- > 0;) {
        unsigned n_bins = 1 + (unsigned)random_below(&random, round % 2 ? RANS_SYMBOLS_MAX : 32);
        make(&random, n_bins, widths[round % 3], random_below(&random, 2));
        for (int target = TARGET_PLAIN; target <= (int)target_best(); target++) {
            memset(near, 255, sizeof near);
            assert_true(decode((enum target)target, bytes, size));
            assert_memory_equal(near, want, sizeof want);
        }
    }
}

static void cut_places_are_refused(void **state)
{
    struct random random = random_from(test_seed(__func__));

    (void)state;
    make(&random, 20, 9, true);
    assert_true(size > 0);
    for (int target = TARGET_PLAIN; target <= (int)target_best(); target++)
        for (size_t cut = 0; cut < size; cut += 1 + cut / 16) {
            uint8_t *part = malloc(cut + PLACES_GUARD); /* exact, for ASan */
            memcpy(part, bytes, cut);
            memset(part + cut, 0, PLACES_GUARD);
            assert_false(decode((enum target)target, part, cut));
            free(part);
        }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(integers_come_back_on_all_targets),
    cmocka_unit_test(cut_places_are_refused),
};

RUN_TESTS(tests)
