/*
 * test_mapper.c - what a mapper knows of a device's rows before its packet is taken. What becomes of packets is in
 * test_load_packets.c, as files of them.
 */
#include "db/world.h"

#include <math.h>

#define NIGHT (INT64_C(1767542400) * GK_SECOND) /* 2026-01-05T00:00+08:00 */

static struct gk_error error;

static void put_mapping(gk_db *db, const char *code, const char *facility)
{
    const struct gk_mapping_put put = {.size = sizeof put,
                                       .mn = text_of("M1"),
                                       .code = text_of(code),
                                       .suffix = text_of("Rtd"),
                                       .facility = text_of(facility),
                                       .channel = text_of("kw"),
                                       .factor = 1,
                                       .least = NAN,
                                       .most = NAN};

    ok(gk_mapping_put(db, &put, &error), &error);
}

/* A packet of M1 with these fields at a minute of the day; the decoder keeps it. */
static const struct gk_hj212_packet *packet_of(gk_hj212 *decoder, unsigned cn, unsigned minute, const char *fields)
{
    char segment[256], bytes[GK_HJ212_PACKET_MAX];
    const struct gk_hj212_packet *packet;
    int n =
        snprintf(segment, sizeof segment, "ST=80;CN=%u;MN=M1;CP=&&DataTime=2026010500%02u00;%s&&", cn, minute, fields);

    size_t size = gk_hj212_write(segment, (size_t)n, GK_HJ212_CRC_STANDARD, bytes);
    assert_int_equal(gk_hj212_feed(decoder, bytes, size, NULL), GK_OK);
    assert_int_equal(gk_hj212_next(decoder, &packet, NULL), GK_OK);
    assert_int_equal(packet->verdict, GK_HJ212_TAKEN);
    return packet;
}

static gk_time newest_of(gk_mapper *mapper, const struct gk_hj212_packet *packet)
{
    gk_time newest;

    ok(gk_mapper_newest(mapper, packet, &newest, &error), &error);
    return newest;
}

static void the_newest_row_of_a_device_is_that_of_its_facilities(void **state)
{
    gk_hj212 *decoder;
    gk_mapper *mapper;
    char path[4096];
    (void)state;

    gk_db *db = world_new(path, NULL);
    put_mapping(db, "a", "press");
    put_mapping(db, "b", "fan");
    assert_int_equal(gk_hj212_open(NULL, &decoder, NULL), GK_OK);
    ok(gk_mapper_open(db, NULL, &mapper, &error), &error);
    assert_true(newest_of(mapper, packet_of(decoder, 2011, 1, "a-Rtd=1")) == GK_TIME_MIN); /* there is no facility */
    ok(gk_mapper_take(mapper, packet_of(decoder, 2011, 2, "a-Rtd=2"), &error), &error);
    ok(gk_mapper_take(mapper, packet_of(decoder, 2011, 5, "b-Rtd=3"), &error), &error);
    ok(gk_mapper_take(mapper, packet_of(decoder, 2011, 4, "b-Rtd=4"), &error), &error); /* late */
    for (int turn = 0; turn < 2; turn++) { /* before the commit, and of a store that was closed */
        assert_true(newest_of(mapper, packet_of(decoder, 2011, 10 + (unsigned)turn, "a-Rtd=5")) ==
                    NIGHT + 120 * GK_SECOND);
        assert_true(newest_of(mapper, packet_of(decoder, 2011, 20 + (unsigned)turn, "a-Rtd=6,b-Rtd=6")) ==
                    NIGHT + 300 * GK_SECOND);
        assert_true(newest_of(mapper, packet_of(decoder, 2011, 30 + (unsigned)turn, "c-Rtd=7")) == GK_TIME_MIN);
        assert_true(newest_of(mapper, packet_of(decoder, 9015, 40 + (unsigned)turn, "a-Rtd=8")) == GK_TIME_MIN);
        gk_mapper_close(mapper);
        ok(gk_commit(db, &error), &error);
        assert_int_equal(gk_close(db), GK_OK);
        db = world_open(path, GK_READWRITE | GK_KEEP_HEADS, NULL);
        ok(gk_mapper_open(db, NULL, &mapper, &error), &error);
    }
    gk_mapper_close(mapper);
    gk_hj212_close(decoder);
    world_end(db, path);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(the_newest_row_of_a_device_is_that_of_its_facilities),
};

RUN_TESTS(tests)
