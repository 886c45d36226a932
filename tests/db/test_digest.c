/*
 * test_digest.c - equal content gives an equal digest, whatever the order of registration, the batches, the sealing and
 * the order of arrival; and any difference in what a store says gives another.
 */
#include "db/world.h"

#include <math.h>

#define ROWS 400

static struct gk_error error;
static const char *const NAMES[] = {"press", "fan", "\xE9\xA3\x8E\xE6\x9C\xBA", "kiln"};
static const char *const CHANNELS[] = {"kw", "ia", "kwh"};

struct made {
    char path[4096];
    gk_db *db;
    uint32_t facility[4], channel[3];
};

/* The same zone, put in an order that depends on `order`: by parts, or whole; forwards, or backwards. */
static void put_zone(struct made *m, int order)
{
    for (int k = 0; k < 4; k++) {
        int i = order & 1 ? 3 - k : k;
        struct gk_text keys[2] = {text_of("group"), text_of("level")}, values[2] = {text_of("g"), text_of("2")};
        static const char *const LINES[] = {"L2", "L1", "M2", "M1"};
        struct gk_facility_put f =
            facility_of(NAMES[i], i < 2 ? "E1" : "E2", LINES[i], i % 2 ? GK_ABATEMENT : GK_PRODUCTION);
        if (order & 2) { /* tags the other way round, and one by one */
            struct gk_facility_put tag = {.size = sizeof tag,
                                          .name = f.name,
                                          .rated_kw = NAN,
                                          .rated_a = NAN,
                                          .n_tags = 1,
                                          .tag_keys = &keys[1],
                                          .tag_values = &values[1]};
            ok(gk_facility_put(m->db, &tag, NULL, &error), &error);
            f.n_tags = 1;
        } else {
            f.n_tags = 2;
        }
        f.tag_keys = keys;
        f.tag_values = values;
        if (i == 0 || i == 3) /* one of each enterprise says the park */
            f.park = text_of("P1");
        ok(gk_facility_put(m->db, &f, &m->facility[i], &error), &error);
    }
    for (int k = 0; k < 3; k++) {
        int i = order & 1 ? 2 - k : k;
        m->channel[i] = put_channel(m->db, CHANNELS[i]);
    }
    for (int k = 0; k < 2; k++) {
        struct gk_band_put b = (k == 0) == !(order & 1) ? band_of(GK_ZONE, NULL, 10, 20, GK_TIME_MIN)
                                                        : band_of(GK_LINE, "L1", 5, 50, T0 + 900 * GK_SECOND);
        ok(gk_band_put(m->db, &b, &error), &error);
    }
    struct gk_link_put l = {sizeof l, text_of("fan"), text_of("press"), false, GK_TIME_MIN, GK_TIME_MAX};
    ok(gk_link_put(m->db, &l, &error), &error);
}

static void put_rows(struct made *m, int order, size_t batch, double change)
{
    gk_time time[ROWS];
    uint32_t facility[ROWS];
    double cells[3][ROWS];

    for (size_t k = 0; k < ROWS; k++) {
        size_t i = order & 1 ? ROWS - 1 - k : order & 2 ? k * 7 % ROWS : k; /* backwards, or mixed */
        time[k] = T0 + (gk_time)(i / 4) * 30 * GK_SECOND;
        facility[k] = m->facility[i % 4];
        cells[0][k] = (double)(i / 8 % 10) + (i == 77 ? change : 0);
        cells[1][k] = i % 3 ? gk_missing() : 7.25;
        cells[2][k] = i % 5 ? (double)i : gk_missing();
    }
    for (size_t at = 0; at < ROWS; at += batch) {
        size_t n = ROWS - at < batch ? ROWS - at : batch;
        const double *values[3] = {cells[0] + at, cells[1] + at, cells[2] + at};
        struct gk_batch b = {.n_rows = n,
                             .time = time + at,
                             .facility = facility + at,
                             .n_channels = 3,
                             .channel = m->channel,
                             .value = values};
        ok(gk_ingest(m->db, &b, NULL, &error), &error);
        if (order & 4)
            ok(gk_seal(m->db, &error), &error);
    }
}

static void make(struct made *m, int order, size_t batch, double change, char out[65])
{
    m->db = world_new(m->path, NULL);
    put_zone(m, order);
    put_rows(m, order, batch, change);
    digest_is(m->db, out);
}

static void equal_content_gives_an_equal_digest(void **state)
{
    static struct made m;
    char first[65], other[65];
    (void)state;

    make(&m, 0, ROWS, 0, first);
    assert_int_equal(strlen(first), 64);
    world_end(m.db, m.path);
    for (int order = 0; order < 8; order++) {
        make(&m, order, order & 4 ? 50 : 13, 0, other);
        if (strcmp(first, other) != 0)
            fail_msg("order %d gives another digest", order);
        ok(gk_seal(m.db, &error), &error);
        digest_is(m.db, other);
        assert_string_equal(first, other);
        assert_int_equal(gk_close(m.db), GK_OK);
        m.db = world_open(m.path, GK_READONLY, NULL);
        ok(gk_digest(m.db, other, &error), &error);
        assert_string_equal(first, other);
        world_end(m.db, m.path);
    }
}

static void any_difference_gives_another_digest(void **state)
{
    static struct made m;
    char first[65], other[65], last[65];
    (void)state;

    make(&m, 0, ROWS, 0, first);
    world_end(m.db, m.path);
    make(&m, 0, ROWS, 0x1p-49, other); /* the last bits of one value */
    assert_string_not_equal(first, other);
    world_end(m.db, m.path);

    make(&m, 0, ROWS, 0, other);
    assert_string_equal(first, other);
    ok(put_row(m.db, m.facility[0], T0 - 1, m.channel[0], 1), &error); /* one row more */
    digest_is(m.db, other);
    assert_string_not_equal(first, other);
    struct gk_facility_put f = facility_of("fan", NULL, NULL, GK_ABATEMENT); /* a rated value */
    f.rated_kw = 10.5;
    ok(gk_facility_put(m.db, &f, NULL, &error), &error);
    digest_is(m.db, last);
    assert_string_not_equal(last, other);
    uint32_t id; /* a facility without rows */
    ok(gk_facility_register(m.db, "new", 3, &id, &error), &error);
    digest_is(m.db, other);
    assert_string_not_equal(last, other);
    struct gk_exemption_put e = {sizeof e, GK_ZONE, text_of(NULL), text_of("stop"), text_of(NULL), T0, T0 + DAY};
    ok(gk_exemption_put(m.db, &e, &error), &error);
    digest_is(m.db, last);
    assert_string_not_equal(last, other);
    world_end(m.db, m.path);
}

/* Numbers that look alike where they are printed. */
static void a_number_of_the_catalog_counts_to_its_last_bit(void **state)
{
    static struct made m;
    struct gk_band_put band = band_of(GK_FACILITY, "fan", 10, 20, GK_TIME_MIN);
    struct gk_facility_put f = facility_of("fan", NULL, NULL, GK_ABATEMENT);
    struct gk_order_put order = {.size = sizeof order,
                                 .scope = GK_ZONE,
                                 .level = text_of("red"),
                                 .kind = text_of("cut"),
                                 .cut_share = 0.3,
                                 .to = DAY};
    char digest[7][65];
    (void)state;

    make(&m, 0, ROWS, 0, digest[0]);
    f.rated_kw = nextafter(10, 11);
    ok(gk_facility_put(m.db, &f, NULL, &error), &error);
    digest_is(m.db, digest[1]);
    band.hold_ns = 61 * GK_SECOND;
    ok(gk_band_put(m.db, &band, &error), &error);
    digest_is(m.db, digest[2]);
    band.hold_ns++;
    ok(gk_band_put(m.db, &band, &error), &error);
    digest_is(m.db, digest[3]);
    band.on_from.value = (struct gk_decimal){2000000000000001, 16};
    ok(gk_band_put(m.db, &band, &error), &error);
    digest_is(m.db, digest[4]);
    ok(gk_order_put(m.db, &order, &error), &error);
    digest_is(m.db, digest[5]);
    world_end(m.db, m.path);
    for (int i = 1; i < 6; i++)
        for (int k = 0; k < i; k++)
            assert_string_not_equal(digest[i], digest[k]);

    make(&m, 0, ROWS, 0, digest[6]); /* all the same, but for the last bit of the share */
    ok(gk_facility_put(m.db, &f, NULL, &error), &error);
    ok(gk_band_put(m.db, &band, &error), &error);
    order.cut_share = nextafter(0.3, 1);
    ok(gk_order_put(m.db, &order, &error), &error);
    digest_is(m.db, digest[6]);
    assert_string_not_equal(digest[5], digest[6]);
    world_end(m.db, m.path);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(equal_content_gives_an_equal_digest),
    cmocka_unit_test(any_difference_gives_another_digest),
    cmocka_unit_test(a_number_of_the_catalog_counts_to_its_last_bit),
};

RUN_TESTS(tests)
