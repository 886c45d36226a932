/*
 * The made-up zone: the same seed gives the same bytes, and what its rows say is what its truth says. The second is
 * tested without the engine, by a plain reading of the rows.
 */
#include "support/support.h"

#include "sim_rows.h"
#include "sim_zone.h"

static struct sim_config config_of(uint64_t seed)
{
    return (struct sim_config){.n_parks = 1,
                               .n_enterprises = 2,
                               .n_days = 2,
                               .interval_ms = 30000,
                               .seed = seed,
                               .violation_rate = 0.6,
                               .start_ms = INT64_C(1767369600000)};
}

static void make_rows(const struct sim_zone *zone, struct output *out, struct sim_row_counts *counts)
{
    output_init(out, -1);
    sim_rows_write(zone, out, NULL, counts);
    output_bytes(out, "", 1);
}

static void the_same_seed_gives_the_same_bytes(void **state)
{
    struct output rows[3];

    (void)state;
    for (int i = 0; i < 3; i++) {
        struct sim_config config = config_of(i < 2 ? 5 : 6);
        struct sim_row_counts counts;
        struct sim_zone *zone = sim_zone_new(&config);

        make_rows(zone, &rows[i], &counts);
        sim_zone_free(zone);
    }
    assert_int_equal(rows[0].n, rows[1].n);
    assert_memory_equal(rows[0].bytes, rows[1].bytes, rows[0].n);
    assert_true(rows[0].n != rows[2].n || memcmp(rows[0].bytes, rows[2].bytes, rows[0].n) != 0);
    for (int i = 0; i < 3; i++)
        output_clear(&rows[i]);
}

static void one_enterprise_more_leaves_the_others_as_they_were(void **state)
{
    struct sim_config config = config_of(9);
    struct sim_zone *small = sim_zone_new(&config), *large;

    (void)state;
    config.n_enterprises = 3;
    large = sim_zone_new(&config);
    assert_true(large->n_facilities > small->n_facilities);
    for (size_t i = 0; i < small->n_facilities; i++) {
        const struct sim_facility *a = &small->facilities[i], *b = &large->facilities[i];

        assert_string_equal(a->name, b->name);
        assert_int_equal(a->curve.n, b->curve.n);
        for (size_t j = 0; j < a->curve.n; j++) {
            assert_int_equal(a->curve.v[j].from, b->curve.v[j].from);
            assert_int_equal(a->curve.v[j].to, b->curve.v[j].to);
            assert_bits_equal(a->curve.v[j].level_from, b->curve.v[j].level_from);
            assert_bits_equal(a->curve.v[j].level_to, b->curve.v[j].level_to);
        }
    }
    sim_zone_free(small);
    sim_zone_free(large);
}

/* The share of rated power that a facility draws, second by second: of the newest row, for at most 90 s. -1: unknown.
 */
struct picture {
    float *level;
    int64_t n;
};

static struct picture *read_rows(const struct sim_zone *zone, const char *text)
{
    struct picture *pictures = calloc(zone->n_facilities, sizeof *pictures);
    int64_t n = (zone->to - zone->from) / 1000;

    for (size_t i = 0; i < zone->n_facilities; i++) {
        pictures[i] = (struct picture){malloc((size_t)n * sizeof(float)), n};
        for (int64_t t = 0; t < n; t++)
            pictures[i].level[t] = -2; /* no row begins here */
    }
    for (text = strchr(text, '\n') + 1; *text != '\0'; text = strchr(text, '\n') + 1) {
        char name[SIM_NAME_MAX];
        long long time;
        double a, b, c, kw = -1;
        int n_read = sscanf(text, "%lld,%95[^,],%lf,%lf,%lf,%lf", &time, name, &a, &b, &c, &kw);

        assert_true(n_read >= 5); /* a blank kw takes the next line's number: it is not looked at */
        for (size_t i = 0; i < zone->n_facilities; i++) {
            const struct sim_facility *f = &zone->facilities[i];

            if (strcmp(f->name, name) == 0)
                pictures[i].level[(time - zone->from) / 1000] =
                    (float)(f->meter.has_kw ? kw / f->rated_kw : (a + b + c) / 3 / f->rated_a);
        }
    }
    for (size_t i = 0; i < zone->n_facilities; i++)
        for (int64_t t = 0, age = 90; t < n; t++) {
            age = pictures[i].level[t] >= 0 ? 0 : age + 1;
            if (age > 0)
                pictures[i].level[t] = age < 90 ? pictures[i].level[t - 1] : -1;
        }
    return pictures;
}

static bool is_needed(const struct sim_facility *facility, const struct picture *pictures, int64_t t)
{
    for (size_t i = 0; i < facility->n_serves; i++)
        if (pictures[facility->serves[i]].level[t] >= (float)SIM_PRODUCTION_ON)
            return true;
    return false;
}

/* The truth that has this beginning and end to within a sampling interval; marks it as found. */
static bool find_truth(const struct sim_zone *zone, uint32_t facility, bool is_low, int64_t from, int64_t to,
                       bool *is_found)
{
    for (size_t i = 0; i < zone->n_truths; i++) {
        const struct sim_truth *truth = &zone->truths[i];
        bool is_kind = is_low ? strcmp(truth->kind, "abate_low_load") == 0
                              : strcmp(truth->kind, "abate_low_load") != 0 && strncmp(truth->kind, "abate", 5) == 0;

        if (is_kind && truth->facility == facility &&
            llabs(truth->from / 1000 - from) <= zone->config.interval_ms / 1000 &&
            llabs(truth->to / 1000 - to) <= zone->config.interval_ms / 1000) {
            is_found[i] = true;
            return true;
        }
    }
    return false;
}

static void look_at_abatement(const struct sim_zone *zone, uint32_t index, const struct picture *pictures, bool is_low,
                              bool *is_found)
{
    const struct sim_facility *facility = &zone->facilities[index];
    double least = is_low ? SIM_ABATEMENT_ON : 0, limit = is_low ? SIM_ABATEMENT_LOW : SIM_ABATEMENT_ON;
    int64_t n = pictures[index].n, since = -1;

    for (int64_t t = 0; t <= n; t++) {
        bool is_wrong = t < n && pictures[index].level[t] >= (float)least && pictures[index].level[t] < (float)limit &&
                        is_needed(facility, pictures, t);

        if (is_wrong && since < 0)
            since = t;
        if (!is_wrong && since >= 0) {
            if (t - since >= 600)
                assert_true(
                    find_truth(zone, index, is_low, zone->from / 1000 + since, zone->from / 1000 + t, is_found));
            since = -1;
        }
    }
}

static void the_rows_show_the_truth_and_nothing_else(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 6; seed++) {
        struct sim_config config = config_of(seed);
        struct sim_zone *zone = sim_zone_new(&config);
        struct sim_row_counts counts;
        struct output rows;
        struct picture *pictures;
        bool *is_found = calloc(zone->n_truths + 1, sizeof *is_found);

        make_rows(zone, &rows, &counts);
        assert_true(counts.late > 0 && counts.lost > 0 && counts.repeated > 0);
        pictures = read_rows(zone, rows.bytes);
        for (uint32_t i = 0; i < zone->n_facilities; i++)
            if (zone->facilities[i].is_abatement) {
                look_at_abatement(zone, i, pictures, false, is_found);
                look_at_abatement(zone, i, pictures, true, is_found);
            }
        for (size_t i = 0; i < zone->n_truths; i++)
            assert_true(is_found[i] || strcmp(zone->truths[i].kind, "order_ignored") == 0);
        for (size_t i = 0; i < zone->n_facilities; i++)
            free(pictures[i].level);
        free(pictures);
        free(is_found);
        output_clear(&rows);
        sim_zone_free(zone);
    }
}

static void a_clean_zone_has_every_row_once_and_in_time(void **state)
{
    struct sim_config config = config_of(3);
    struct sim_row_counts counts;
    struct sim_zone *zone;
    struct output rows;

    (void)state;
    config.is_clean = true;
    zone = sim_zone_new(&config);
    make_rows(zone, &rows, &counts);
    assert_int_equal(counts.late + counts.lost + counts.repeated + counts.blind, 0);
    assert_int_equal(counts.written, zone->n_facilities * 2 * 86400 / 30);
    output_clear(&rows);
    sim_zone_free(zone);
}

static void violations_are_long_and_lie_within_the_data(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 30; seed++) {
        struct sim_config config = config_of(seed);
        struct sim_zone *zone;

        config.n_days = 1 + seed % 5;
        zone = sim_zone_new(&config);
        for (size_t i = 0; i < zone->n_truths; i++) {
            assert_true(zone->truths[i].to - zone->truths[i].from >= SIM_VIOLATION_MIN_MS);
            assert_true(zone->truths[i].from >= zone->from && zone->truths[i].to <= zone->to);
            assert_true(i == 0 || zone->truths[i - 1].from <= zone->truths[i].from);
        }
        sim_zone_free(zone);
    }
}

static void chinese_names_are_unique(void **state)
{
    struct sim_config config = config_of(4);
    struct sim_zone *zone;

    (void)state;
    config.is_chinese = true;
    config.n_parks = 2;
    config.n_enterprises = 70;
    config.n_days = 1;
    zone = sim_zone_new(&config);
    for (size_t i = 0; i < zone->n_facilities; i++)
        for (size_t j = 0; j < i; j++)
            assert_string_not_equal(zone->facilities[i].name, zone->facilities[j].name);
    sim_zone_free(zone);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(the_same_seed_gives_the_same_bytes),
    cmocka_unit_test(one_enterprise_more_leaves_the_others_as_they_were),
    cmocka_unit_test(the_rows_show_the_truth_and_nothing_else),
    cmocka_unit_test(a_clean_zone_has_every_row_once_and_in_time),
    cmocka_unit_test(violations_are_long_and_lie_within_the_data),
    cmocka_unit_test(chinese_names_are_unique),
};

RUN_TESTS(tests)
