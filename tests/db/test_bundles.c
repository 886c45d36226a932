/* bundles.h: rows of a batch by facility. */
#include "db/bundles.h"

#include "db/world.h"

#define FACILITIES 50
#define MANY       3000

static struct bundles bundles;
static struct edge edges[FACILITIES];

/* Facilities in the order in which they come first, each with its rows in their order, and nothing else. */
static void assert_bundled(const uint32_t *facility, size_t n)
{
    bool is_known[FACILITIES] = {false};
    size_t k = 0, n_found = 0;

    bundles_make(&bundles, edges, facility, n);
    for (size_t i = 0; i < n; i++) {
        if (is_known[facility[i]])
            continue;
        is_known[facility[i]] = true;
        assert_true(k < bundles.n);
        const struct bundle *bundle = &bundles.at[k++];
        assert_int_equal(bundle->facility, facility[i]);
        size_t at = bundle->first, n_before = n_found;
        for (size_t r = i; r < n; r++) {
            if (facility[r] != facility[i])
                continue;
            assert_int_equal(at, r);
            n_found++;
            if (at != bundle->last)
                at = bundles.next[at];
        }
        assert_int_equal(at, bundle->last);
        assert_int_equal(bundle->n, n_found - n_before);
    }
    assert_int_equal(k, bundles.n);
    assert_int_equal(n_found, n);
}

static void rows_are_gathered_by_facility_in_their_order(void **state)
{
    static uint32_t facility[BUNDLES_ROWS];
    (void)state;

    assert_bundled(facility, 0);
    for (uint32_t round = 0; round < 20; round++) {
        for (size_t i = 0; i < MANY; i++)
            facility[i] = (uint32_t)(i * (round + 1) * (i % 7 + 1)) % (round % 2 ? FACILITIES : 3);
        assert_bundled(facility, MANY - round);
    }
    for (size_t i = 0; i < BUNDLES_ROWS; i++)
        facility[i] = i == BUNDLES_ROWS - 1;
    assert_bundled(facility, BUNDLES_ROWS);
}

/* What an edge remembers of a batch before is a number that means another facility now, or none. */
static void what_is_left_of_a_batch_before_means_nothing(void **state)
{
    const uint32_t first[] = {4, 5, 6, 7, 4}, second[] = {7, 6, 7, 6}, third[] = {5, 7};
    (void)state;

    assert_bundled(first, 5);
    assert_bundled(second, 4);
    assert_bundled(third, 2);
    for (size_t i = 0; i < FACILITIES; i++)
        edges[i].bundle = UINT32_MAX - (uint32_t)i;
    assert_bundled(first, 5);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(rows_are_gathered_by_facility_in_their_order),
    cmocka_unit_test(what_is_left_of_a_batch_before_means_nothing),
};

RUN_TESTS(tests)
