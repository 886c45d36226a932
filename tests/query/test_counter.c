/*
 * test_counter.c - counters as only a program can hand them in: no text says infinity.
 */
#include "query/zone.h"

static void put_readings(struct zone *zone, const double *reading, size_t n)
{
    static const char facility[] = "facility,role,rated_kw\nmeter,production,10\n";
    gk_time time[8];
    uint32_t channel, zeros[8] = {0};
    const double *value[] = {reading};

    zone_load(zone, facility, sizeof facility - 1);
    assert_true(n <= 8);
    for (size_t i = 0; i < n; i++)
        time[i] = zone->now + ((gk_time)i - 20) * 60 * GK_SECOND;
    assert_int_equal(gk_channel_register(zone->db, "kwh", 3, &channel, NULL), GK_OK);
    const struct gk_batch batch = {
        .n_rows = n, .time = time, .facility = zeros, .n_channels = 1, .channel = &channel, .value = value};
    assert_int_equal(gk_ingest(zone->db, &batch, NULL, NULL), GK_OK);
    assert_int_equal(gk_commit(zone->db, NULL), GK_OK);
}

static void is_energy(const double *reading, size_t n, const char *want)
{
    struct text out = {NULL, 0, 0}, meta = {NULL, 0, 0};
    struct zone zone;

    zone_open(&zone);
    put_readings(&zone, reading, n);
    zone_ask(&zone, "energy of production last 1h", "energy", &out, &meta);
    assert_string_equal(out.bytes, want);
    text_clear(&out);
    text_clear(&meta);
    zone_close(&zone);
}

/* What comes behind an endless reading begins again at 0; it was asked for ever. */
static void an_endless_reading_ends(void **state)
{
    (void)state;
    is_energy((const double[]){INFINITY, 5, 7}, 3, "energy\n7\n");
    is_energy((const double[]){5, INFINITY, 7}, 3, "energy\ninf\n");
    is_energy((const double[]){1e300, 5, 7}, 3, "energy\n7\n");
}

static void a_counter_rolls_over_at_the_power_it_was_near(void **state)
{
    (void)state;
    is_energy((const double[]){99990, 10}, 2, "energy\n20\n");
    is_energy((const double[]){99999999999995, 5}, 2, "energy\n10\n");
    is_energy((const double[]){999999999999995, 5}, 2, "energy\n5\n"); /* nobody builds that */
    is_energy((const double[]){89990, 10}, 2, "energy\n10\n");
    is_energy((const double[]){9995, 1001}, 2, "energy\n1001\n"); /* not in the first tenth */
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(an_endless_reading_ends),
    cmocka_unit_test(a_counter_rolls_over_at_the_power_it_was_near),
};

RUN_TESTS(tests)
