/*
 * test_limits.c - which limits are in force for a facility when: field by field from the narrowest scope, dated, shares
 * exact.
 */
#include "db/world.h"

#include <math.h>

#include "db/db.h"
#include "db/limits.h"

static struct catalog *catalog;
static struct catalog_changes changes;
static struct limits limits;
static struct gk_error error;
static uint32_t fan;

static int set_up(void **state)
{
    uint32_t id;
    (void)state;
    memset(&changes, 0, sizeof changes);
    changes.mem = &MEM_SYSTEM;
    limits_init(&limits, &MEM_SYSTEM);
    assert_int_equal(catalog_new(&MEM_SYSTEM, &catalog), GK_OK);
    struct gk_facility_put f = facility_of("fan", "E1", "L1", GK_ABATEMENT);
    f.park = text_of("P1");
    ok(catalog_put_facility(catalog, &f, &fan, &changes, &error), &error);
    ok(catalog_put_channel(catalog, text_of("kw"), &id, &changes, &error), &error);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    limits_clear(&limits);
    catalog_changes_clear(&changes);
    catalog_free(catalog);
    return 0;
}

static void put(const struct gk_band_put *band)
{
    ok(catalog_put_band(catalog, band, &changes, &error), &error);
}

static void resolve(uint32_t facility)
{
    assert_int_equal(limits_of(catalog, facility, GK_SECOND, 180 * GK_SECOND, &limits), GK_OK);
    assert_true(limits.n >= 1);
    assert_int_equal(limits.spans[0].from, GK_TICK_MIN);
}

static const struct derive_limits *at(gk_time t)
{
    return &limits_at(&limits, t == GK_TIME_MIN ? GK_TICK_MIN : t / GK_SECOND)->limits;
}

static void without_bands_the_defaults_hold(void **state)
{
    (void)state;
    resolve(fan);
    const struct derive_limits *l = at(T0);
    assert_int_equal(limits.n, 1);
    assert_bits_equal(l->primary[0], 1);
    assert_bits_equal(l->primary[1], 2);
    assert_bits_equal(l->primary[2], 11);
    assert_bits_equal(l->fallback[0], 2); /* of rated_a */
    assert_bits_equal(l->fallback[1], 4);
    assert_bits_equal(l->fallback[2], 22);
    assert_true(l->primary_hysteresis == 0);
    assert_int_equal(l->hold, 180);
    assert_int_equal(l->dwell_on + l->dwell_off, 0);
    assert_true(limits.uses_usual_hold);
    assert_true(limits.spans[0].has_fallback);
    assert_int_equal(limits.spans[0].primary, 0);
}

/* Zone, park, enterprise, line, role, facility: each gives one field of its own and one that all give. */
static void the_narrowest_scope_wins_field_by_field(void **state)
{
    static const struct {
        enum gk_kind kind;
        const char *name;
    } scopes[] = {{GK_ZONE, NULL}, {GK_PARK, "P1"},        {GK_ENTERPRISE, "E1"},
                  {GK_LINE, "L1"}, {GK_ROLE, "abatement"}, {GK_FACILITY, "fan"}};
    (void)state;

    static const int order[6] = {4, 0, 5, 2, 1, 3}; /* whatever the order they are put in */
    for (int turn = 0; turn < 6; turn++) {
        int i = order[turn];
        struct gk_band_put b = {.size = sizeof b,
                                .scope = scopes[i].kind,
                                .name = text_of(scopes[i].name),
                                .hold_ns = -1,
                                .dwell_on_ns = -1,
                                .dwell_off_ns = -1,
                                .from = GK_TIME_MIN};
        b.off_below = share(1 + i);
        if (i == 0)
            b.on_from = share(60);
        if (i == 1)
            b.overload_from = share(200);
        if (i == 2)
            b.hold_ns = 7 * GK_SECOND;
        if (i == 3)
            b.dwell_on_ns = 3 * GK_SECOND + 1;
        if (i == 4)
            b.dwell_off_ns = 4 * GK_SECOND;
        if (i == 5)
            b.hysteresis = share(2);
        put(&b);
    }
    resolve(fan);
    const struct derive_limits *l = at(T0);
    assert_bits_equal(l->primary[0], derive_share_of((struct gk_decimal){6, 2}, 10)); /* the facility's own */
    assert_bits_equal(l->primary[1], 6);
    assert_bits_equal(l->primary[2], 20);
    assert_bits_equal(l->primary_hysteresis, derive_share_of((struct gk_decimal){2, 2}, 10));
    assert_int_equal(l->hold, 7);
    assert_int_equal(l->dwell_on, 4); /* started ticks count whole */
    assert_int_equal(l->dwell_off, 4);
    assert_false(limits.uses_usual_hold);
    assert_int_equal(limits.n, 1);

    struct gk_facility_put f = facility_of("press", "E1", "L2", GK_PRODUCTION); /* covered by the three widest only */
    uint32_t press;
    ok(catalog_put_facility(catalog, &f, &press, &changes, &error), &error);
    resolve(press);
    assert_bits_equal(at(T0)->primary[0], derive_share_of((struct gk_decimal){3, 2}, 10));
    assert_int_equal(at(T0)->dwell_on, 0);
    assert_int_equal(at(T0)->hold, 7);
}

static void bands_begin_on_their_date_and_not_before(void **state)
{
    (void)state;
    struct gk_band_put a = band_of(GK_ZONE, NULL, 5, 30, GK_TIME_MIN), b = band_of(GK_ROLE, "abatement", 6, 40, T0),
                       c = band_of(GK_ZONE, NULL, 7, 50, T0 + 100 * GK_SECOND + 1),
                       d = band_of(GK_ROLE, "abatement", 8, 60, T0 + 200 * GK_SECOND);
    put(&d);
    put(&c);
    put(&b);
    put(&a);
    struct gk_band_put other = band_of(GK_ROLE, "production", 9, 70, T0 + 150 * GK_SECOND); /* not ours: no span */
    put(&other);
    resolve(fan);
    assert_int_equal(limits.n, 4);
    assert_bits_equal(at(GK_TIME_MIN)->primary[1], 3);
    assert_bits_equal(at(T0 - GK_SECOND)->primary[1], 3);
    assert_bits_equal(at(T0)->primary[1], 4);
    assert_bits_equal(at(T0 + 150 * GK_SECOND)->primary[1], 4);   /* the zone's new one is wider */
    assert_int_equal(limits.spans[2].from, T0 / GK_SECOND + 101); /* the first tick that begins at or after it */
    assert_bits_equal(at(T0 + 200 * GK_SECOND)->primary[1], 6);
    assert_bits_equal(at(T0 + 900000 * GK_SECOND)->primary[1], 6);
}

/* 10 % of 12.34 is the double that 1.234 reads as, and not 0.1 * 12.34. */
static void shares_of_rated_values_are_exact(void **state)
{
    static const struct {
        double rated;
        int64_t percent;
        double want;
    } cases[] = {{12.34, 10, 1.234}, {0.7, 110, 0.77}, {1.1, 30, 0.33},
                 {7.5, 20, 1.5},     {37.3, 10, 3.73}, {3.3, 10, 0.33}};
    (void)state;

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct gk_facility_put f = facility_of("fan", NULL, NULL, GK_ABATEMENT);
        f.rated_kw = cases[i].rated;
        ok(catalog_put_facility(catalog, &f, NULL, &changes, &error), &error);
        struct gk_band_put b = {.size = sizeof b,
                                .scope = GK_ZONE,
                                .hold_ns = -1,
                                .dwell_on_ns = -1,
                                .dwell_off_ns = -1,
                                .overload_from = share(cases[i].percent),
                                .from = GK_TIME_MIN};
        put(&b);
        resolve(fan);
        assert_bits_equal(at(T0)->primary[2], cases[i].want);
    }
}

static void a_band_on_a_channel_has_no_fallback(void **state)
{
    (void)state;
    struct gk_band_put b = band_of(GK_FACILITY, "fan", 10, 20, T0);
    b.channel = text_of("ia");
    put(&b);
    resolve(fan);
    assert_int_equal(limits.n, 2);
    assert_true(limits.spans[0].has_fallback);
    assert_false(limits.spans[1].has_fallback);
    assert_int_equal(limits.spans[1].primary, catalog_channel(catalog, "ia", 2));
    assert_bits_equal(at(T0)->primary[1], 4); /* a share of rated_a */
    assert_true(isnan(at(T0)->fallback[0]));

    b.channel = text_of("flow"); /* a share of nothing: it says nothing */
    put(&b);
    resolve(fan);
    assert_true(isnan(at(T0)->primary[0]) && isnan(at(T0)->primary[1]));
    b.off_below = (struct gk_limit){GK_LIMIT_ABSOLUTE, {25, 1}};
    b.on_from = (struct gk_limit){GK_LIMIT_ABSOLUTE, {5, 0}};
    put(&b);
    resolve(fan);
    assert_bits_equal(at(T0)->primary[0], 2.5);
    assert_bits_equal(at(T0)->primary[1], 5);
    assert_true(isinf(at(T0)->primary[2])); /* the default share of nothing: never */
}

static void a_facility_without_rated_values_is_judged_by_absolute_limits_only(void **state)
{
    uint32_t bare;
    (void)state;
    ok(catalog_register(catalog, text_of("bare"), &bare, &changes, &error), &error);
    resolve(bare);
    assert_true(isnan(at(T0)->primary[0]));
    struct gk_band_put b = band_of(GK_FACILITY, "bare", 1, 1, GK_TIME_MIN);
    b.off_below = b.on_from = (struct gk_limit){GK_LIMIT_ABSOLUTE, {3, 0}};
    put(&b);
    resolve(bare);
    assert_bits_equal(at(T0)->primary[0], 3);
}

#define WITH_CATALOG(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

static void resolve_by(const char *set)
{
    const struct gk_band above = {
        .hold_ns = -1, .dwell_on_ns = -1, .dwell_off_ns = -1, .channel = GK_ID_NONE, .set = set};

    assert_int_equal(limits_under(catalog, fan, GK_SECOND, 180 * GK_SECOND, &above, &limits), GK_OK);
}

/* Even the widest band of a set stands above the narrowest that is in force; what it does not say stays. */
static void a_set_of_bands_holds_for_who_asks_by_it(void **state)
{
    struct gk_band_put narrow = band_of(GK_FACILITY, "fan", 20, 30, GK_TIME_MIN);
    struct gk_band_put wide = band_of(GK_ZONE, NULL, 5, 15, GK_TIME_MIN);
    struct gk_band_put later = band_of(GK_ZONE, NULL, 6, 40, T0);
    struct gk_band_put line = band_of(GK_LINE, "L1", 7, 15, T0 + DAY);
    struct gk_band_put other = band_of(GK_FACILITY, "fan", 1, 2, GK_TIME_MIN);
    (void)state;
    narrow.overload_from = share(150);
    wide.set = later.set = line.set = text_of("v2");
    line.on_from = (struct gk_limit){GK_LIMIT_ABSENT, {0, 0}};
    other.set = text_of("v3");
    put(&narrow);
    put(&wide);
    put(&later);
    put(&line);
    put(&other);
    resolve(fan);
    assert_int_equal(limits.n, 1);
    assert_bits_equal(at(T0)->primary[0], 2);
    resolve_by("v2");
    assert_int_equal(limits.n, 3);
    assert_bits_equal(at(T0 - 1)->primary[0], 0.5);
    assert_bits_equal(at(T0 - 1)->primary[1], 1.5);
    assert_bits_equal(at(T0 - 1)->primary[2], 15);
    assert_bits_equal(at(T0)->primary[0], 0.6);
    assert_bits_equal(at(T0)->primary[1], 4);
    assert_bits_equal(at(T0 + DAY)->primary[0], 0.7);
    assert_bits_equal(at(T0 + DAY)->primary[1], 4); /* of the set's next wider one */
    resolve_by("v3");
    assert_int_equal(limits.n, 1);
    assert_bits_equal(at(T0)->primary[0], 0.1);
}

static void the_name_of_a_set_is_known_or_the_nearest_is_told(void **state)
{
    struct gk_band_put band = band_of(GK_ZONE, NULL, 5, 15, GK_TIME_MIN);
    size_t n = changes.n;
    const char *set;
    (void)state;
    band.set = text_of("strict-v2");
    put(&band);
    put(&band); /* the same again is nothing */
    assert_int_equal(changes.n, n + 1);
    assert_int_equal(catalog->n_set_bands, 1);
    band.off_below = share(6);
    put(&band);
    assert_int_equal(changes.n, n + 2);
    assert_int_equal(catalog->n_set_bands, 1);
    assert_int_equal(catalog->n_bands, 0);
    ok(catalog_find_set(catalog, "strict-v2", &set, &error), &error);
    assert_string_equal(set, "strict-v2");
    assert_int_equal(catalog_find_set(catalog, "strict-v1", &set, &error), GK_ENOTFOUND);
    assert_string_equal(error.text, "there is no set of bands 'strict-v1'; did you mean 'strict-v2'?");
    band.set = (struct gk_text){"\n", 1};
    assert_int_equal(catalog_put_band(catalog, &band, &changes, &error), GK_EINVAL);
}

static const struct CMUnitTest tests[] = {
    WITH_CATALOG(without_bands_the_defaults_hold),
    WITH_CATALOG(the_narrowest_scope_wins_field_by_field),
    WITH_CATALOG(bands_begin_on_their_date_and_not_before),
    WITH_CATALOG(shares_of_rated_values_are_exact),
    WITH_CATALOG(a_band_on_a_channel_has_no_fallback),
    WITH_CATALOG(a_facility_without_rated_values_is_judged_by_absolute_limits_only),
    WITH_CATALOG(a_set_of_bands_holds_for_who_asks_by_it),
    WITH_CATALOG(the_name_of_a_set_is_known_or_the_nearest_is_told),
};

RUN_TESTS(tests)
