/*
 * Packets of the made-up zone's devices: the decoder reads back what the meters read, and the table of mappings knows
 * every one of them.
 */
#include "support/support.h"

#include "sim_packet.h"

static struct sim_zone *make_zone(uint64_t n_devices)
{
    struct sim_config config = {.n_parks = 1,
                                .n_enterprises = 2,
                                .n_days = 1,
                                .n_devices = n_devices,
                                .interval_ms = 60000,
                                .seed = 3,
                                .violation_rate = 0.5,
                                .start_ms = INT64_C(1767369600000)};

    return sim_zone_new(&config);
}

static bool has_line(const struct output *table, const char *mn, const struct gk_hj212_field *field, const char *rest)
{
    char line[256];

    (void)snprintf(line, sizeof line, "\n%s,%.*s,%.*s,real,%s,", mn, (int)field->code.size, field->code.bytes,
                   (int)field->suffix.size, field->suffix.bytes, rest);
    return strstr(table->bytes, line) != NULL;
}

/* Feeds one row's packet, and finds its values and each value's mapping. */
static void check_row(gk_hj212 *decoder, const struct sim_zone *zone, const struct sim_row *row,
                      const struct output *table)
{
    static const char *const channel[] = {"ia", "ib", "ic", "kw"};
    char mn[SIM_MN_MAX], qn[SIM_QN_MAX], segment[SIM_SEGMENT_MAX], bytes[GK_HJ212_PACKET_MAX], rest[128];
    const struct gk_hj212_packet *packet;
    bool has_kw = zone->facilities[row->facility].meter.has_kw;
    struct sim_form form = {.mn = mn, .qn = qn, .meter = sim_meter_of(zone, row->facility), .has_text = true};

    sim_mn(sim_device_of(zone, row->facility), mn);
    sim_qn(row->time, qn);
    size_t size = gk_hj212_write(segment, sim_segment(zone, row, &form, segment), GK_HJ212_CRC_STANDARD, bytes);
    assert_int_equal(gk_hj212_feed(decoder, bytes, size, NULL), GK_OK);
    assert_int_equal(gk_hj212_next(decoder, &packet, NULL), GK_OK);
    assert_true(packet->verdict <= GK_HJ212_REPEATED); /* the zone has rows that come twice */
    assert_int_equal(packet->time, row->time * 1000000);
    assert_int_equal(packet->n_fields, 1 + (has_kw ? 4 : 3) + 2);
    for (size_t i = 0; i < (has_kw ? 4 : 3); i++) {
        double value = i < 3 ? (double)row->reading.amps[i] / 100 : (double)row->reading.kw / 1000;
        assert_bits_equal(packet->fields[1 + i].number, value);
        (void)snprintf(rest, sizeof rest, "%s,%s", zone->facilities[row->facility].name, channel[i]);
        assert_true(has_line(table, mn, &packet->fields[1 + i], rest));
    }
    (void)snprintf(rest, sizeof rest, "%s,claim", zone->facilities[row->facility].name);
    assert_true(has_line(table, mn, &packet->fields[packet->n_fields - 2], rest));
}

static void a_packet_is_the_row_that_its_mapping_makes_of_it(void **state)
{
    static const uint64_t n_devices[] = {1, 2, 5, 0};
    (void)state;

    for (size_t i = 0; i < sizeof n_devices / sizeof *n_devices; i++) {
        struct sim_zone *zone = make_zone(n_devices[i]);
        struct sim_walk *walk = sim_walk_new(zone);
        struct output table;
        struct sim_row row;
        gk_hj212 *decoder;

        if (n_devices[i] == 0)
            zone->config.n_devices = zone->n_facilities;
        output_init(&table, -1);
        sim_mappings_write(zone, &table);
        output_bytes(&table, "", 1);
        assert_int_equal(gk_hj212_open(NULL, &decoder, NULL), GK_OK);
        for (int n = 0; n < 200 && sim_walk_next(walk, &row); n++)
            check_row(decoder, zone, &row, &table);
        gk_hj212_close(decoder);
        output_clear(&table);
        sim_walk_free(walk);
        sim_zone_free(zone);
    }
}

static void every_device_has_a_meter_and_numbers_them_from_nought(void **state)
{
    struct sim_zone *zone = make_zone(3);
    (void)state;

    for (uint64_t n = 1; n <= zone->n_facilities; n++) {
        uint64_t device = UINT64_MAX;
        uint32_t meter = 0;

        zone->config.n_devices = n;
        for (uint32_t f = 0; f < zone->n_facilities; f++) {
            bool is_next = sim_device_of(zone, f) != device;
            assert_true(!is_next || sim_device_of(zone, f) == device + 1); /* from UINT64_MAX to 0 as well */
            device = sim_device_of(zone, f);
            meter = is_next ? 0 : meter + 1;
            assert_int_equal(sim_meter_of(zone, f), meter);
        }
        assert_int_equal(device, n - 1);
    }
    sim_zone_free(zone);
}

static void faults_are_named_or_refused(void **state)
{
    unsigned faults;
    (void)state;

    assert_true(sim_faults_read("none", &faults));
    assert_int_equal(faults, 0);
    assert_true(sim_faults_read("all", &faults));
    assert_int_equal(faults, (1u << SIM_FAULTS) - 1);
    assert_true(sim_faults_read("time14,crc", &faults));
    assert_int_equal(faults, 1u << SIM_TIME14 | 1u << SIM_CRC);
    assert_false(sim_faults_read("", &faults));
    assert_false(sim_faults_read("crc,", &faults));
    assert_false(sim_faults_read("crcs", &faults));
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(a_packet_is_the_row_that_its_mapping_makes_of_it),
    cmocka_unit_test(every_device_has_a_meter_and_numbers_them_from_nought),
    cmocka_unit_test(faults_are_named_or_refused),
};

RUN_TESTS(tests)
