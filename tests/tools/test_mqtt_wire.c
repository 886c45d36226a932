/*
 * test_mqtt_wire.c - packets of MQTT as the standard has them, cut anywhere, turned anyhow; topics and filters.
 */
#include "support/support.h"

#include "mqtt_wire.h"

static void packets_are_as_the_standard_says(void **state)
{
    static const char CONNECT[] = "\x10\x17\0\4MQTT\4\xc0\0\x3c\0\2gk\0\3abc\0\2xy";
    const struct mqtt_login login = {"gk", "abc", "xy", 60};
    const char *const topics[] = {"#", "+"};
    struct output out;
    (void)state;

    output_init(&out, -1);
    mqtt_put_connect(&out, &login);
    assert_int_equal(out.n, sizeof CONNECT - 1);
    assert_memory_equal(out.bytes, CONNECT, out.n);
    out.n = 0;
    mqtt_put_subscribe(&out, 1, topics, 2);
    assert_int_equal(out.n, 12);
    assert_memory_equal(out.bytes, "\x82\x0a\0\1\0\1#\1\0\1+\1", 12);
    out.n = 0;
    mqtt_put_puback(&out, 0x1234);
    assert_memory_equal(out.bytes, "\x40\2\x12\x34", 4);
    output_clear(&out);
}

static void a_packet_is_read_when_all_of_it_is_there(void **state)
{
    static const char PUBLISH[] = "\x33\x0a\0\3a/b\0\7xyz";
    struct mqtt_packet packet;
    (void)state;

    for (size_t n = 0; n < sizeof PUBLISH - 1; n++)
        assert_int_equal(mqtt_read(PUBLISH, n, 100, &packet), 0);
    assert_int_equal(mqtt_read(PUBLISH, sizeof PUBLISH - 1, 100, &packet), sizeof PUBLISH - 1);
    assert_int_equal(packet.type, MQTT_PUBLISH);
    assert_int_equal(packet.id, 7);
    assert_true(packet.is_retained);
    assert_int_equal(packet.topic.size, 3);
    assert_memory_equal(packet.topic.bytes, "a/b", 3);
    assert_int_equal(packet.payload.size, 3);
    assert_memory_equal(packet.payload.bytes, "xyz", 3);
    assert_int_equal(mqtt_read("\x20\2\0\5", 4, 100, &packet), 4);
    assert_int_equal(packet.code, 5);
    assert_int_equal(mqtt_read("\x90\4\0\1\1\x80", 6, 100, &packet), 6);
    assert_int_equal(packet.code, 1);
    assert_int_equal(mqtt_read("\xd0\0", 2, 100, &packet), 2);
    assert_int_equal(mqtt_read("\x30\5\0\3a/b", 7, 100, &packet), 7);
    assert_int_equal(packet.id, 0);
    assert_int_equal(packet.payload.size, 0);
}

static void what_is_no_packet_is_refused(void **state)
{
    static const struct {
        const char *bytes;
        size_t size;
    } CASES[] = {{"\x30\xff\xff\xff\xff\1", 6},
                 {"\x30\x65", 2},
                 {"\x30\2\0\5", 4},
                 {"\x34\5\0\3a/b", 7},
                 {"\x32\5\0\3a/b", 7},
                 {"\x32\7\0\3a/b\0\0", 9},
                 {"\x30\2\0\0", 4},
                 {"\x20\1\0", 3},
                 {"\xd0\1\0", 3},
                 {"\x10\0", 2},
                 {"\0\0", 2},
                 {"\x90\2\0\1", 4}};
    struct mqtt_packet packet;
    (void)state;

    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++)
        if (mqtt_read(CASES[i].bytes, CASES[i].size, 100, &packet) != -1)
            fail_msg("case %zu", i);
}

/* Whatever the bytes are, texts lie within them. */
static void random_bytes_are_packets_or_not(void **state)
{
    struct random random = random_from(test_seed("random_bytes_are_packets_or_not"));
    struct mqtt_packet packet;
    char bytes[64];
    (void)state;

    for (int i = 0; i < 300000; i++) {
        size_t size = random_below(&random, sizeof bytes + 1);
        for (size_t k = 0; k < size; k++)
            bytes[k] = (char)random_below(&random, k == 1 ? 70 : 256);
        char *own = malloc(size + 1); /* so that a sanitizer sees its end */
        memcpy(own, bytes, size);
        long n = mqtt_read(own, size, 60, &packet);
        assert_true(n >= -1 && n <= (long)size);
        if (n > 0 && packet.type == MQTT_PUBLISH)
            assert_true(packet.topic.bytes > own && packet.payload.bytes + packet.payload.size == own + n);
        free(own);
    }
}

static void filters_fit_as_the_standard_says(void **state)
{
    static const struct {
        const char *filter, *topic;
        bool fits;
    } CASES[] = {{"a/b", "a/b", true},   {"a/b", "a/bc", false},   {"a/b", "a", false},        {"+/b", "a/b", true},
                 {"+", "a/b", false},    {"a/+/c", "a/b/c", true}, {"a/+/c", "a//c", true},    {"#", "a/b/c", true},
                 {"a/#", "a", true},     {"a/#", "a/b/c", true},   {"a/#", "ab", false},       {"+/+", "/x", true},
                 {"#", "$SYS/x", false}, {"+/x", "$SYS/x", false}, {"$SYS/#", "$SYS/x", true}, {"a/b/", "a/b", false},
                 {"a/b", "a/b/", false}, {"a/+", "a", false},      {"a/+", "a/", true}};
    static const char *const GOOD[] = {"#", "+", "a/#", "+/a/+", "/", "a//b", "$SYS/#"};
    static const char *const BAD[] = {"", "a#", "#/a", "a+", "+a/b", "a/b#"};
    (void)state;

    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        struct gk_text topic = {CASES[i].topic, strlen(CASES[i].topic)};
        if (mqtt_topic_fits(CASES[i].filter, topic) != CASES[i].fits)
            fail_msg("%s and %s", CASES[i].filter, CASES[i].topic);
    }
    for (size_t i = 0; i < sizeof GOOD / sizeof *GOOD; i++)
        assert_true(mqtt_filter_is_good(GOOD[i]));
    for (size_t i = 0; i < sizeof BAD / sizeof *BAD; i++)
        assert_false(mqtt_filter_is_good(BAD[i]));
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(packets_are_as_the_standard_says), cmocka_unit_test(a_packet_is_read_when_all_of_it_is_there),
    cmocka_unit_test(what_is_no_packet_is_refused),     cmocka_unit_test(random_bytes_are_packets_or_not),
    cmocka_unit_test(filters_fit_as_the_standard_says),
};

RUN_TESTS(tests)
