/*
 * test_hj212.c - verdicts of packets by hand, every cut of a stream, what devices of the field do against the standard.
 * GK_HJ212_SAMPLES names a file of real packets (packet, verdict, source; split by tabs); without it that test is
 * skipped.
 */
#include "support/support.h"

#include <malloc.h>

#include "base/buffer.h"
#include "gk.h"

/* HJ 212-2017, Annex A. */
static const char ANNEX_A[] = "##0101QN=20160801085857223;ST=32;CN=1062;PW=100000;MN=010000A8900016F000169DC0;Flag=5;"
                              "CP=&&RtdInterval=30&&1C80\r\n";

static void note(struct buffer *out, const struct gk_hj212_packet *packet)
{
    buffer_printf(out, "%s %llu", gk_hj212_verdict_text(packet->verdict), (unsigned long long)packet->at);
    if (packet->mn.size > 0)
        buffer_printf(out, " %.*s %u", (int)packet->mn.size, packet->mn.bytes, packet->cn);
    for (size_t i = 0; i < packet->n_fields; i++) {
        const struct gk_hj212_field *field = &packet->fields[i];
        buffer_printf(out, " %.*s-%.*s=%.*s%c", (int)field->code.size, field->code.bytes, (int)field->suffix.size,
                      field->suffix.bytes, (int)field->value.size, field->value.bytes, field->problem ? '!' : '.');
    }
    buffer_put_u8(out, '\n');
}

static void drain(gk_hj212 *decoder, struct buffer *out)
{
    const struct gk_hj212_packet *packet;
    int rc;

    while ((rc = gk_hj212_next(decoder, &packet, NULL)) == GK_OK)
        note(out, packet);
    assert_int_equal(rc, GK_DONE);
}

/* What a stream gives, a line a packet, with the stream cut into pieces of `piece` bytes; as a string, to be freed. */
static char *decode(const struct gk_hj212_options *options, const char *bytes, size_t size, size_t piece)
{
    struct buffer out;
    gk_hj212 *decoder;

    buffer_init(&out, &MEM_SYSTEM);
    assert_int_equal(gk_hj212_open(options, &decoder, NULL), GK_OK);
    for (size_t at = 0; at < size; at += piece) {
        size_t n = size - at < piece ? size - at : piece;
        char *copy = malloc(n); /* exactly so long, so that a read behind it is seen */
        memcpy(copy, bytes + at, n);
        assert_int_equal(gk_hj212_feed(decoder, copy, n, NULL), GK_OK);
        free(copy);
        drain(decoder, &out);
    }
    gk_hj212_end(decoder);
    drain(decoder, &out);
    gk_hj212_close(decoder);
    buffer_put_u8(&out, '\0');
    assert_int_equal(buffer_status(&out), GK_OK);
    return (char *)out.bytes;
}

static void assert_decodes(const char *bytes, const char *expected)
{
    char *got = decode(NULL, bytes, strlen(bytes), strlen(bytes));
    assert_string_equal(got, expected);
    free(got);
}

/* Appends a packet of a segment. */
static void put_packet(struct buffer *out, const char *segment, enum gk_hj212_crc crc)
{
    char packet[GK_HJ212_PACKET_MAX];
    size_t size = gk_hj212_write(segment, strlen(segment), crc, packet);

    assert_true(size > 0);
    buffer_put(out, packet, size);
}

/* The first packet of a segment; the decoder keeps it alive. */
static const struct gk_hj212_packet *decode_one(gk_hj212 *decoder, const char *segment)
{
    char packet[GK_HJ212_PACKET_MAX];
    size_t size = gk_hj212_write(segment, strlen(segment), GK_HJ212_CRC_STANDARD, packet);
    const struct gk_hj212_packet *out;

    assert_int_equal(gk_hj212_feed(decoder, packet, size, NULL), GK_OK);
    assert_int_equal(gk_hj212_next(decoder, &out, NULL), GK_OK);
    return out;
}

static void the_example_of_the_standard_has_its_check_value(void **state)
{
    (void)state;
    assert_decodes(ANNEX_A, "taken 0 010000A8900016F000169DC0 1062 RtdInterval-=30.\n");
}

static void what_is_written_is_the_example_of_the_standard(void **state)
{
    (void)state;
    char packet[GK_HJ212_PACKET_MAX];
    size_t size = gk_hj212_write(ANNEX_A + 6, 101, GK_HJ212_CRC_STANDARD, packet);

    assert_int_equal(size, strlen(ANNEX_A));
    assert_memory_equal(packet, ANNEX_A, size);
    char *longest = calloc(1, 10001);
    memset(longest, 'x', 10000);
    assert_int_equal(gk_hj212_write(longest, 10000, GK_HJ212_CRC_STANDARD, packet), 0);
    assert_int_equal(gk_hj212_write(longest, 9999, GK_HJ212_CRC_STANDARD, packet), GK_HJ212_PACKET_MAX - 2);
    free(longest);
}

static void a_packet_is_read_with_all_that_is_in_it(void **state)
{
    (void)state;
    gk_hj212 *decoder;
    gk_time noon;

    assert_int_equal(gk_hj212_open(NULL, &decoder, NULL), GK_OK);
    const struct gk_hj212_packet *packet =
        decode_one(decoder, "QN=20260801120000001;ST=80;CN=2011;PW=123456;MN=M1;Flag=7;PNUM=3;PNO=2;"
                            "CP=&&DataTime=20260801120000;100000-Ia=401.400,100000-Ib=.5,100000-Flag=D;SB1-RS=1&&");
    assert_int_equal(gk_time_parse("2026-08-01T12:00:00+08:00", 25, 0, &noon), GK_OK);
    assert_int_equal(packet->verdict, GK_HJ212_TAKEN);
    assert_string_equal(packet->reason, "");
    assert_int_equal(packet->st, 80);
    assert_int_equal(packet->cn, 2011);
    assert_int_equal(packet->flag, 7);
    assert_int_equal(packet->version, 1);
    assert_int_equal(packet->pnum, 3);
    assert_int_equal(packet->pno, 2);
    assert_true(packet->has_time);
    assert_true(packet->time == noon);
    assert_memory_equal(packet->qn.bytes, "20260801120000001", packet->qn.size);
    assert_int_equal(packet->n_fields, 5);
    assert_memory_equal(packet->fields[1].code.bytes, "100000", packet->fields[1].code.size);
    assert_memory_equal(packet->fields[1].suffix.bytes, "Ia", packet->fields[1].suffix.size);
    assert_true(packet->fields[1].is_number && packet->fields[1].number == 401.4);
    assert_int_equal(packet->fields[1].flag, 'D');
    assert_int_equal(packet->fields[2].flag, 'D');
    assert_true(packet->fields[2].number == 0.5);
    assert_int_equal(packet->fields[4].flag, 0);
    gk_hj212_close(decoder);
}

static void times_have_14_or_17_digits_and_days_that_exist(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t ms; /* from 2024-02-29 00:00:00 +08:00; -1: none */
    } CASES[] = {
        {"20240229000000", 0},  {"20240229000001500", 1500}, {"20240229235959", 86399000}, {"20230229000000", -1},
        {"20241301000000", -1}, {"20240200000000", -1},      {"20240229240000", -1},       {"20240229006000", -1},
        {"20240229000060", -1}, {"2024022900000", -1},       {"202402290000000", -1},      {"2024022900000050", -1},
        {"00000101000000", -1}, {"99991231235959", -1},      {"2024-02-29 00:0", -1},      {"", -1},
        {"2024022900000a", -1}, {"2024022900000050x", -1},   {"+0240229000000", -1}};
    gk_time midnight;
    char segment[200];
    gk_hj212 *decoder;

    assert_int_equal(gk_time_parse("2024-02-29T00:00:00+08:00", 25, 0, &midnight), GK_OK);
    assert_int_equal(gk_hj212_open(NULL, &decoder, NULL), GK_OK);
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        (void)snprintf(segment, sizeof segment, "ST=32;CN=2011;MN=M1;CP=&&DataTime=%s;a-Rtd=1&&", CASES[i].text);
        const struct gk_hj212_packet *packet = decode_one(decoder, segment);
        assert_int_equal(packet->verdict, GK_HJ212_TAKEN);
        assert_int_equal(packet->has_time, CASES[i].ms >= 0);
        assert_int_equal(packet->fields[0].problem != NULL, CASES[i].ms < 0);
        if (packet->has_time)
            assert_true(packet->time == midnight + CASES[i].ms * 1000000);
        assert_null(packet->fields[1].problem); /* the time is bad, the value is not */
    }
    gk_hj212_close(decoder);
}

static void a_bad_field_costs_none_of_the_others(void **state)
{
    (void)state;
    struct buffer bytes;

    buffer_init(&bytes, &MEM_SYSTEM);
    put_packet(&bytes,
               "ST=32;CN=2051;MN=M1;CP=&&DataTime=20240101000000;a-Avg44,a-Max=5;;b-Rtd=;=7;"
               "c-Rtd=1e5,d-Info=//\xe6\xb8\x85;\xe6\xb4\x97,x//;e-Rtd=\xff;f-Rtd=0x1F;&&",
               GK_HJ212_CRC_STANDARD);
    buffer_put_u8(&bytes, 0);
    assert_decodes((const char *)bytes.bytes,
                   "taken 0 M1 2051 DataTime-=20240101000000. -=a-Avg44! a-Max=5. b-Rtd=! -=7! c-Rtd=1e5. "
                   "d-Info=//\xe6\xb8\x85;\xe6\xb4\x97,x//. e-Rtd=\xff! f-Rtd=0x1F.\n");
    buffer_clear(&bytes);
}

static void what_is_no_packet_says_why(void **state)
{
    (void)state;
    static const struct {
        const char *segment;
        const char *reason;
    } CASES[] = {
        {"ST=32;C11;MN=M1;CP=&&&&", "'C11' in the header"},
        {"ST=32;CN=2x11;MN=M1;CP=&&&&", "'CN=2x11' in the header"},
        {"ST=32;CN=2011;MN=M1;Flag=999;CP=&&&&", "'Flag=999' in the header"},
        {"ST=32;CN=2011;MN=;CP=&&&&", "the header has no MN that could be one"},
        {"ST=32;CN=2011;MN=12345678901234567890123456789012345678901234567890123456789012345;CP=&&&&",
         "the header has no MN that could be one"},
        {"ST=32;CN=2011;MN=M\x01;CP=&&&&", "the header has no MN that could be one"},
        {"ST=32;MN=M1;CP=&&&&", "the header has no CN"},
        {"CN=2011;MN=M1;CP=&&&&", "the header has no ST"},
        {"ST=32;CN=2011;MN=M1;DP=&&&&", "no CP=&& in it"},
        {"ST=32;CN=2011;MN=M1;CP=&&a-Rtd=1", "it does not end with &&"},
        {"ST=32;CN=2011;MN=M1;CP=&&&", "it does not end with &&"},
        {"", "the header has no CN"},
    };
    gk_hj212 *decoder;

    assert_int_equal(gk_hj212_open(NULL, &decoder, NULL), GK_OK);
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        const struct gk_hj212_packet *packet = decode_one(decoder, CASES[i].segment);
        assert_int_equal(packet->verdict, GK_HJ212_BAD_STRUCTURE);
        assert_string_equal(packet->reason, CASES[i].reason);
        assert_int_equal(packet->n_fields, 0);
    }
    gk_hj212_close(decoder);
}

/* A file that ends without a line end is as clear as a line. */
static void a_wrong_length_at_the_end_of_all_is_told_with_both_lengths(void **state)
{
    static const struct {
        const char *bytes, *reason;
    } CASES[] = {
        {"##0040ST=32;CN=2011;MN=M1;CP=&&&&1C80", "length field 40, but the segment has 27 bytes"},
        {"##0040ST=32;CN=2011;MN=M1;CP=&&&&1C8", "length field 40 and a check value, but only 30 bytes follow"},
        {"##0002&&12", "length field 2 and a check value, but only 4 bytes follow"}};
    const struct gk_hj212_packet *packet;
    gk_hj212 *decoder;
    (void)state;

    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        assert_int_equal(gk_hj212_open(NULL, &decoder, NULL), GK_OK);
        assert_int_equal(gk_hj212_feed(decoder, CASES[i].bytes, strlen(CASES[i].bytes), NULL), GK_OK);
        assert_int_equal(gk_hj212_next(decoder, &packet, NULL), GK_DONE); /* more may come */
        gk_hj212_end(decoder);
        assert_int_equal(gk_hj212_next(decoder, &packet, NULL), GK_OK);
        assert_int_equal(packet->verdict, GK_HJ212_BAD_LENGTH);
        assert_string_equal(packet->reason, CASES[i].reason);
        gk_hj212_close(decoder);
    }
}

static void keys_of_later_versions_are_no_error(void **state)
{
    (void)state;
    gk_hj212 *decoder;

    assert_int_equal(gk_hj212_open(NULL, &decoder, NULL), GK_OK);
    const struct gk_hj212_packet *packet =
        decode_one(decoder, "QN=1;ST=32;CN=2011;MN=M1;Flag=12;SIGN=abc;CP=&&DataTime=20240101000000;a-Rtd=1&&");
    assert_int_equal(packet->verdict, GK_HJ212_TAKEN);
    assert_int_equal(packet->version, 3);
    gk_hj212_close(decoder);
}

/* Good packets among every kind of bad ones: lengths too short, too long and none, flips, cuts, log texts. */
static void put_story(struct buffer *bytes)
{
    static const char GOOD[] =
        "QN=20240101000000001;ST=32;CN=2011;PW=1;MN=M1;Flag=5;CP=&&DataTime=20240101000000;a-Rtd=1&&";
    char packet[GK_HJ212_PACKET_MAX];
    size_t size = gk_hj212_write(GOOD, strlen(GOOD), GK_HJ212_CRC_STANDARD, packet);

    buffer_printf(bytes, "2024-01-01 00:00:01 recv ");
    buffer_put(bytes, packet, size);
    buffer_put(bytes, packet, size); /* again */
    packet[20] ^= 1;
    buffer_put(bytes, packet, size);
    packet[20] ^= 1;
    packet[2] = '9'; /* far too long */
    buffer_put(bytes, packet, size);
    buffer_put(bytes, ANNEX_A, strlen(ANNEX_A));
    packet[2] = '0';
    packet[5]--; /* one too short */
    buffer_put(bytes, packet, size);
    packet[5] += 2; /* one too long */
    buffer_put(bytes, packet, size);
    packet[5]--;
    buffer_put(bytes, packet, 30); /* cut, and the next one follows */
    buffer_put(bytes, ANNEX_A, strlen(ANNEX_A));
    buffer_printf(bytes, "##01x1#####\r\n\r\n#noise #");
    buffer_put(bytes, ANNEX_A, strlen(ANNEX_A) - 2); /* no line end */
    put_packet(bytes, "ST=32;CN=2051;MN=M2;CP=&&DataTime=20240101000000;a-Avg=##0101,b-Avg=2&&", GK_HJ212_CRC_STANDARD);
    put_packet(bytes, "ST=32;C11;MN=M2;CP=&&&&", GK_HJ212_CRC_STANDARD);
    buffer_put(bytes, packet, 50); /* cut for good */
}

static const char STORY[] = "stray 0\n"
                            "taken 25 M1 2011 DataTime-=20240101000000. a-Rtd=1.\n"
                            "repeated 128 M1 2011 DataTime-=20240101000000. a-Rtd=1.\n"
                            "bad_crc 231\n"
                            "bad_length 334\n"
                            "taken 437 010000A8900016F000169DC0 1062 RtdInterval-=30.\n"
                            "bad_length 550\n"
                            "bad_length 653\n"
                            "bad_length 756\n"
                            "repeated 786 010000A8900016F000169DC0 1062 RtdInterval-=30.\n"
                            "bad_length 899\n"
                            "bad_length 908\n"
                            "repeated 922 010000A8900016F000169DC0 1062 RtdInterval-=30.\n"
                            "taken 1033 M2 2051 DataTime-=20240101000000. a-Avg=##0101. b-Avg=2.\n"
                            "bad_structure 1116\n"
                            "bad_length 1151\n";

static void a_bad_packet_costs_none_but_itself(void **state)
{
    (void)state;
    struct buffer bytes;

    buffer_init(&bytes, &MEM_SYSTEM);
    put_story(&bytes);
    char *got = decode(NULL, (const char *)bytes.bytes, bytes.size, bytes.size);
    assert_string_equal(got, STORY);
    free(got);
    buffer_clear(&bytes);
}

static void packets_do_not_depend_on_how_the_stream_is_cut(void **state)
{
    (void)state;
    struct buffer bytes;

    buffer_init(&bytes, &MEM_SYSTEM);
    put_story(&bytes);
    for (size_t piece = 1; piece < 300; piece++) {
        char *got = decode(NULL, (const char *)bytes.bytes, bytes.size, piece);
        assert_string_equal(got, STORY);
        free(got);
    }
    buffer_clear(&bytes);
}

/* Random changes of the story in random pieces against the whole; good packets that were not touched are all there. */
static void damaged_streams_are_read_alike_however_they_are_cut(void **state)
{
    (void)state;
    struct random random = random_from(test_seed("damaged_streams_are_read_alike_however_they_are_cut"));
    uint64_t rounds = test_rounds(300);
    static const char ALPHABET[] = "#&;=,0129\r\nA-";

    for (uint64_t round = 0; round < rounds; round++) {
        struct buffer bytes;
        buffer_init(&bytes, &MEM_SYSTEM);
        put_story(&bytes);
        for (uint64_t n = random_below(&random, 30); n > 0; n--)
            bytes.bytes[random_below(&random, bytes.size)] =
                (uint8_t)ALPHABET[random_below(&random, sizeof ALPHABET - 1)];
        char *whole = decode(NULL, (const char *)bytes.bytes, bytes.size, bytes.size);
        char *cut = decode(NULL, (const char *)bytes.bytes, bytes.size, 1 + random_below(&random, 40));
        assert_string_equal(cut, whole);
        free(whole);
        free(cut);
        buffer_clear(&bytes);
    }
}

static void a_live_stream_does_not_wait_for_a_length_that_is_too_long(void **state)
{
    (void)state;
    char packet[sizeof ANNEX_A];
    const struct gk_hj212_packet *out;
    gk_hj212 *decoder;

    memcpy(packet, ANNEX_A, sizeof ANNEX_A);
    packet[2] = '7';
    assert_int_equal(gk_hj212_open(NULL, &decoder, NULL), GK_OK);
    assert_int_equal(gk_hj212_feed(decoder, packet, strlen(packet), NULL), GK_OK);
    assert_int_equal(gk_hj212_next(decoder, &out, NULL), GK_OK);
    assert_int_equal(out->verdict, GK_HJ212_BAD_LENGTH);
    assert_string_equal(out->reason, "length field 7101, but the segment has 101 bytes");
    gk_hj212_close(decoder);
}

/* n packets of a device, each with its own check value. */
static void feed_packets(gk_hj212 *decoder, const char *mn, enum gk_hj212_crc crc, size_t n, uint64_t first)
{
    for (size_t i = 0; i < n; i++) {
        char segment[128], packet[GK_HJ212_PACKET_MAX];
        (void)snprintf(segment, sizeof segment, "QN=%llu;ST=32;CN=2011;MN=%s;CP=&&a-Rtd=1&&",
                       (unsigned long long)(first + i), mn);
        size_t size = gk_hj212_write(segment, strlen(segment), crc, packet);
        assert_int_equal(gk_hj212_feed(decoder, packet, size, NULL), GK_OK);
    }
}

static void count_verdicts(gk_hj212 *decoder, uint64_t counts[GK_HJ212_VERDICTS])
{
    const struct gk_hj212_packet *packet;

    while (gk_hj212_next(decoder, &packet, NULL) == GK_OK) {
    }
    gk_hj212_counts(decoder, counts);
}

static void another_check_value_is_learned_of_a_device(void **state)
{
    (void)state;
    uint64_t counts[GK_HJ212_VERDICTS];
    struct gk_hj212_device device;
    gk_hj212 *decoder;

    for (enum gk_hj212_crc crc = GK_HJ212_CRC_MODBUS; crc <= GK_HJ212_CRC_SWAPPED; crc++) {
        assert_int_equal(gk_hj212_open(NULL, &decoder, NULL), GK_OK);
        feed_packets(decoder, "M1", crc, 7, 1);
        feed_packets(decoder, "M2", GK_HJ212_CRC_STANDARD, 5, 1); /* others do not disturb */
        count_verdicts(decoder, counts);
        assert_int_equal(counts[GK_HJ212_BAD_CRC], 7);
        assert_false(gk_hj212_learned(decoder, 0, &device));
        feed_packets(decoder, "M1", crc, 3, 8);
        count_verdicts(decoder, counts);
        assert_int_equal(counts[GK_HJ212_BAD_CRC], 7);
        assert_int_equal(counts[GK_HJ212_TAKEN], 8);
        assert_true(gk_hj212_learned(decoder, 0, &device));
        assert_memory_equal(device.mn.bytes, "M1", device.mn.size);
        assert_int_equal(device.crc, crc);
        assert_int_equal(device.n_refused, 7);
        assert_false(gk_hj212_learned(decoder, 1, &device));
        feed_packets(decoder, "M1", GK_HJ212_CRC_STANDARD, 9, 100); /* new firmware */
        count_verdicts(decoder, counts);
        assert_int_equal(counts[GK_HJ212_BAD_CRC], 14);
        assert_int_equal(counts[GK_HJ212_TAKEN], 10);
        assert_false(gk_hj212_learned(decoder, 0, &device));
        gk_hj212_close(decoder);
    }
}

/* Devices that call, send one packet and hang up never send eight over one connection. */
static void what_is_learned_is_shared_by_connections(void **state)
{
    struct gk_hj212_options options = {.size = sizeof options, .repeats = 4};
    uint64_t counts[GK_HJ212_VERDICTS];
    struct gk_hj212_device device;
    gk_hj212 *decoder;
    (void)state;

    assert_int_equal(gk_hj212_learner_open(NULL, NULL, &options.learner, NULL), GK_OK);
    for (uint64_t i = 1; i <= 10; i++) {
        assert_int_equal(gk_hj212_open(&options, &decoder, NULL), GK_OK);
        feed_packets(decoder, "M1", GK_HJ212_CRC_MODBUS, 1, i);
        count_verdicts(decoder, counts);
        assert_int_equal(counts[GK_HJ212_TAKEN], i >= 8);
        assert_int_equal(gk_hj212_learned(decoder, 0, &device), i >= 8);
        gk_hj212_close(decoder);
    }
    gk_hj212_learner_close(options.learner);
}

static void thousands_of_devices_are_learned_and_no_more(void **state)
{
    enum { MOST = 4096, N = MOST + 100 };
    uint64_t counts[GK_HJ212_VERDICTS], n_taken;
    struct gk_hj212_device device;
    gk_hj212 *decoder;
    char mn[16];
    (void)state;

    assert_int_equal(gk_hj212_open(NULL, &decoder, NULL), GK_OK);
    for (unsigned i = 0; i < N; i++) {
        (void)snprintf(mn, sizeof mn, "D%05u", i);
        feed_packets(decoder, mn, GK_HJ212_CRC_SWAPPED, 24, 1); /* one in a few hundred passes by the standard, too */
    }
    count_verdicts(decoder, counts);
    n_taken = counts[GK_HJ212_TAKEN];
    assert_true(gk_hj212_learned(decoder, MOST - 1, &device));
    assert_memory_equal(device.mn.bytes, "D04095", device.mn.size);
    assert_false(gk_hj212_learned(decoder, MOST, &device));
    feed_packets(decoder, "D00000", GK_HJ212_CRC_SWAPPED, 1, 100);
    count_verdicts(decoder, counts);
    assert_int_equal(counts[GK_HJ212_TAKEN], n_taken + 1);
    gk_hj212_close(decoder);
}

static void a_check_value_that_is_set_is_the_only_one(void **state)
{
    (void)state;
    static const enum gk_hj212_crc SENT[] = {GK_HJ212_CRC_STANDARD, GK_HJ212_CRC_MODBUS, GK_HJ212_CRC_SWAPPED};

    for (enum gk_hj212_crc set = GK_HJ212_CRC_STANDARD; set <= GK_HJ212_CRC_OFF; set++) {
        struct gk_hj212_options options = {.size = sizeof options, .crc = set};
        for (size_t i = 0; i < 3; i++) {
            uint64_t counts[GK_HJ212_VERDICTS];
            gk_hj212 *decoder;
            assert_int_equal(gk_hj212_open(&options, &decoder, NULL), GK_OK);
            feed_packets(decoder, "M1", SENT[i], 20, 1);
            count_verdicts(decoder, counts);
            assert_int_equal(counts[GK_HJ212_TAKEN], set == SENT[i] || set == GK_HJ212_CRC_OFF ? 20 : 0);
            assert_int_equal(counts[GK_HJ212_TAKEN] + counts[GK_HJ212_BAD_CRC], 20);
            gk_hj212_close(decoder);
        }
    }
}

static void repeats_are_told_among_more_packets_than_are_remembered(void **state)
{
    (void)state;
    struct gk_hj212_options options = {.size = sizeof options, .repeats = 100};
    uint64_t counts[GK_HJ212_VERDICTS];
    gk_hj212 *decoder;

    assert_int_equal(gk_hj212_open(&options, &decoder, NULL), GK_OK);
    for (uint64_t i = 0; i < 1000; i += 10) {
        feed_packets(decoder, "M1", GK_HJ212_CRC_STANDARD, 10, i);
        feed_packets(decoder, "M1", GK_HJ212_CRC_STANDARD, 10, i);
    }
    count_verdicts(decoder, counts);
    assert_int_equal(counts[GK_HJ212_TAKEN] + counts[GK_HJ212_REPEATED], 2000);
    assert_in_range(counts[GK_HJ212_REPEATED], 950, 1000); /* a few gave way before they came again */
    gk_hj212_close(decoder);
}

static void a_packet_that_asks_for_a_reply_gets_one(void **state)
{
    (void)state;
    char reply[GK_HJ212_PACKET_MAX];
    gk_hj212 *decoder, *other;

    assert_int_equal(gk_hj212_open(NULL, &decoder, NULL), GK_OK);
    assert_int_equal(gk_hj212_open(NULL, &other, NULL), GK_OK);
    size_t size =
        gk_hj212_reply(decode_one(decoder, "QN=20240101000000001;ST=32;CN=2011;PW=77;MN=M1;Flag=5;CP=&&&&"), reply);
    assert_int_equal(gk_hj212_feed(other, reply, size, NULL), GK_OK);
    const struct gk_hj212_packet *packet;
    assert_int_equal(gk_hj212_next(other, &packet, NULL), GK_OK);
    assert_int_equal(packet->verdict, GK_HJ212_TAKEN);
    assert_int_equal(packet->cn, 9014);
    assert_int_equal(packet->st, 91);
    assert_int_equal(packet->flag, 4);
    assert_memory_equal(packet->qn.bytes, "20240101000000001", 17);
    assert_memory_equal(packet->pw.bytes, "77", 2);
    assert_int_equal(gk_hj212_reply(decode_one(decoder, "QN=1;ST=32;CN=2011;MN=M1;Flag=4;CP=&&&&"), reply), 0);
    assert_int_equal(gk_hj212_reply(decode_one(decoder, "ST=32;MN=M1;Flag=5;CP=&&&&"), reply), 0); /* a bad one */
    gk_hj212_close(decoder);
    gk_hj212_close(other);
}

static void without_memory_a_call_fails_and_loses_nothing(void **state)
{
    (void)state;
    struct failing_mem failing;
    struct buffer bytes;

    buffer_init(&bytes, &MEM_SYSTEM);
    put_story(&bytes);
    for (uint64_t n = 1;; n++) {
        failing_mem_init(&failing);
        struct gk_hj212_options options = {
            .size = sizeof options, .resize = failing.mem.resize, .resize_context = failing.mem.context};
        uint64_t counts[GK_HJ212_VERDICTS];
        const struct gk_hj212_packet *packet;
        gk_hj212 *decoder;
        failing.fail_at = n;
        int rc = gk_hj212_open(&options, &decoder, NULL);
        if (rc == GK_OK) {
            if (gk_hj212_feed(decoder, (const char *)bytes.bytes, bytes.size, NULL) != GK_OK)
                assert_int_equal(gk_hj212_feed(decoder, (const char *)bytes.bytes, bytes.size, NULL), GK_OK);
            gk_hj212_end(decoder);
            while ((rc = gk_hj212_next(decoder, &packet, NULL)) != GK_DONE)
                assert_true(rc == GK_OK || rc == GK_ENOMEM);
            gk_hj212_counts(decoder, counts);
            assert_int_equal(counts[GK_HJ212_TAKEN], 3);
            assert_int_equal(counts[GK_HJ212_BAD_STRUCTURE], 1);
            gk_hj212_close(decoder);
        }
        assert_int_equal(failing.n_live, 0);
        if (failing.n_calls < n)
            break;
    }
    buffer_clear(&bytes);
}

/* "yes": taken; "no": refused; "unknown": a segment without head. */
static void *count_bytes(void *context, void *p, size_t size)
{
    size_t *n_live = context;

    *n_live -= p ? malloc_usable_size(p) : 0;
    if (size == 0) {
        free(p);
        return NULL;
    }
    p = realloc(p, size);
    *n_live += malloc_usable_size(p);
    return p;
}

/* A server has a decoder for each of thousands of connections. */
static void a_decoder_that_has_nothing_to_do_holds_little(void **state)
{
    size_t n_live = 0, n_idle;
    const struct gk_hj212_options options = {
        .size = sizeof options, .repeats = 4, .resize = count_bytes, .resize_context = &n_live};
    struct buffer many, out;
    gk_hj212 *decoder;
    (void)state;

    buffer_init(&many, &MEM_SYSTEM);
    buffer_init(&out, &MEM_SYSTEM);
    for (int i = 0; i < 500; i++)
        buffer_put(&many, ANNEX_A, sizeof ANNEX_A - 1);
    assert_int_equal(gk_hj212_open(&options, &decoder, NULL), GK_OK);
    assert_int_equal(gk_hj212_feed(decoder, ANNEX_A, sizeof ANNEX_A - 1, NULL), GK_OK);
    drain(decoder, &out);
    n_idle = n_live;
    assert_int_equal(gk_hj212_feed(decoder, (const char *)many.bytes, many.size, NULL), GK_OK);
    assert_true(n_live > many.size);
    drain(decoder, &out);
    assert_true(n_live <= n_idle);
    gk_hj212_close(decoder);
    assert_int_equal(n_live, 0);
    buffer_clear(&many);
    buffer_clear(&out);
}

/* ---- real packets: `packet <tab> yes, no or unknown <tab> where it is from | why` ---- */

struct sample {
    size_t number;
    const char *packet, *verdict, *why;
};

/* What the file says of a row, as the decoder says it; what only begins so is enough. False: another kind. */
static bool translate(const struct sample *sample, char *verdict, char reason[100])
{
    const char *why = sample->why, *packet_end = sample->packet + strlen(sample->packet);
    unsigned length, data, check, reckoned;

    reason[0] = '\0';
    if (strcmp(why, "length and CRC pass") == 0)
        (void)strcpy(verdict, "taken");
    else if (strcmp(why, "no ## header") == 0 || strncmp(why, "data segment only", 17) == 0)
        (void)strcpy(verdict, "stray");
    else if (sscanf(why, "length field %u, data %u", &length, &data) == 2 ||
             sscanf(why, "CRC not hex; length %u vs %u", &length, &data) == 2) {
        (void)strcpy(verdict, "bad_length");
        if (data > length || strncmp(packet_end - 6, "&&", 2) != 0) /* where it ends is not to be seen */
            (void)sprintf(reason, "length field %u", length);
        else
            (void)sprintf(reason, "length field %u, but the segment has %u bytes", length, data);
    } else if (sscanf(why, "CRC %x, computed %x", &check, &reckoned) == 2) {
        (void)strcpy(verdict, "bad_crc");
        (void)sprintf(reason, "check value %04X, reckoned %04X%s%s", check, reckoned,
                      strstr(why, "passes as Modbus") ? "; it passes as modbus" : "",
                      strstr(why, "byte-swapped") ? " swapped" : "");
    } else
        return false;
    return true;
}

/* A row is one verdict, however it is cut. */
static void assert_judged(const struct sample *sample, const char *verdict, const char *reason, size_t piece)
{
    const struct gk_hj212_packet *packet;
    size_t size = strlen(sample->packet);
    gk_hj212 *decoder;

    assert_int_equal(gk_hj212_open(NULL, &decoder, NULL), GK_OK);
    for (size_t at = 0; at < size; at += piece)
        assert_int_equal(gk_hj212_feed(decoder, sample->packet + at, size - at < piece ? size - at : piece, NULL),
                         GK_OK);
    gk_hj212_end(decoder);
    assert_int_equal(gk_hj212_next(decoder, &packet, NULL), GK_OK);
    if (strcmp(gk_hj212_verdict_text(packet->verdict), verdict) != 0 ||
        strncmp(packet->reason, reason, strlen(reason)) != 0)
        fail_msg("row %zu: %s, '%s'; expected %s, '%s'", sample->number, gk_hj212_verdict_text(packet->verdict),
                 packet->reason, verdict, reason);
    if (packet->verdict == GK_HJ212_TAKEN)
        for (size_t i = 0; i < packet->n_fields; i++)
            if (packet->fields[i].problem)
                fail_msg("row %zu: %.*s: %s", sample->number, (int)packet->fields[i].code.size,
                         packet->fields[i].code.bytes, packet->fields[i].problem);
    assert_int_equal(gk_hj212_next(decoder, &packet, NULL), GK_DONE);
    gk_hj212_close(decoder);
}

/* A segment that was printed without head and check value is one, when they are put around it. */
static void assert_segment_is_read(const char *segment)
{
    gk_hj212 *decoder;

    assert_int_equal(gk_hj212_open(NULL, &decoder, NULL), GK_OK);
    assert_int_equal(decode_one(decoder, segment)->verdict, GK_HJ212_TAKEN);
    gk_hj212_close(decoder);
}

static void every_real_packet_is_taken_or_refused_for_the_reason_that_is_known(void **state)
{
    (void)state;
    const char *path = getenv("GK_HJ212_SAMPLES");
    static char line[1 << 16];
    struct sample sample = {.number = 1};
    size_t n_taken = 0;

    if (!path) {
        print_message("GK_HJ212_SAMPLES names no file of real packets\n");
        skip();
    }
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    assert_non_null(fgets(line, sizeof line, file)); /* the header */
    while (fgets(line, sizeof line, file)) {
        char verdict[20], reason[100], *tab = strchr(line, '\t'), *second = strchr(tab + 1, '\t');
        second[strcspn(second, "\r\n")] = '\0';
        *tab = *second = '\0';
        sample = (struct sample){sample.number + 1, line, tab + 1, second + 1};
        for (const char *bar; (bar = strstr(sample.why, " | ")) != NULL;)
            sample.why = bar + 3;
        if (!translate(&sample, verdict, reason))
            fail_msg("row %zu: '%s' is not known", sample.number, sample.why);
        assert_int_equal(strcmp(sample.verdict, "yes") == 0, strcmp(verdict, "taken") == 0);
        for (size_t piece = 1; piece < 10000; piece *= 9)
            assert_judged(&sample, verdict, reason, piece);
        if (strcmp(sample.verdict, "unknown") == 0)
            assert_segment_is_read(line);
        n_taken += strcmp(verdict, "taken") == 0;
    }
    (void)fclose(file);
    print_message("%zu rows, %zu of them taken\n", sample.number - 1, n_taken);
    assert_true(n_taken > 0 && n_taken < sample.number - 1);
}

static void a_capture_is_known_by_the_head_of_a_packet(void **state)
{
    static const struct {
        const char *bytes;
        bool is_capture;
    } cases[] = {{"##0101QN=", true}, {"2026-01-04 08:00:00 recv ##0099", true},
                 {"###0101", true},   {"##010", false},
                 {"# #0101", false},  {"#0101", false},
                 {"", false},         {"facility,time\n", false},
                 {"##01O1QN=", false}};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        size_t size = strlen(cases[i].bytes);
        char *bytes = malloc(size + 1); /* of just that size, for who looks behind its end */
        assert_non_null(bytes);
        memcpy(bytes + 1, cases[i].bytes, size);
        assert_int_equal(gk_hj212_is_capture(bytes + 1, size), cases[i].is_capture);
        free(bytes);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(a_capture_is_known_by_the_head_of_a_packet),
    cmocka_unit_test(the_example_of_the_standard_has_its_check_value),
    cmocka_unit_test(what_is_written_is_the_example_of_the_standard),
    cmocka_unit_test(a_packet_is_read_with_all_that_is_in_it),
    cmocka_unit_test(times_have_14_or_17_digits_and_days_that_exist),
    cmocka_unit_test(a_bad_field_costs_none_of_the_others),
    cmocka_unit_test(what_is_no_packet_says_why),
    cmocka_unit_test(a_wrong_length_at_the_end_of_all_is_told_with_both_lengths),
    cmocka_unit_test(keys_of_later_versions_are_no_error),
    cmocka_unit_test(a_bad_packet_costs_none_but_itself),
    cmocka_unit_test(packets_do_not_depend_on_how_the_stream_is_cut),
    cmocka_unit_test(damaged_streams_are_read_alike_however_they_are_cut),
    cmocka_unit_test(a_live_stream_does_not_wait_for_a_length_that_is_too_long),
    cmocka_unit_test(another_check_value_is_learned_of_a_device),
    cmocka_unit_test(what_is_learned_is_shared_by_connections),
    cmocka_unit_test(thousands_of_devices_are_learned_and_no_more),
    cmocka_unit_test(a_check_value_that_is_set_is_the_only_one),
    cmocka_unit_test(repeats_are_told_among_more_packets_than_are_remembered),
    cmocka_unit_test(a_packet_that_asks_for_a_reply_gets_one),
    cmocka_unit_test(without_memory_a_call_fails_and_loses_nothing),
    cmocka_unit_test(a_decoder_that_has_nothing_to_do_holds_little),
    cmocka_unit_test(every_real_packet_is_taken_or_refused_for_the_reason_that_is_known),
};

RUN_TESTS(tests)
