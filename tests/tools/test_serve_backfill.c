/*
 * test_serve_backfill.c - what devices are asked for, over real sockets.
 */
#include "tools/serving.h"

#include "tool.h"

static const char *const asking[] = {"--backfill", "2061", "--gap", "1m", NULL};

/* A device on its connection. */
struct talker {
    int fd;
    gk_hj212 *decoder;
};

static struct talker talk_to(int port)
{
    struct talker talker = {.fd = connect_to(port)};

    assert_int_equal(gk_hj212_open(NULL, &talker.decoder, NULL), GK_OK);
    return talker;
}

static void hang_up(struct talker *talker)
{
    (void)close(talker->fd);
    gk_hj212_close(talker->decoder);
}

/* The next packet of the server; NULL: the connection ended. */
static const struct gk_hj212_packet *hear(struct talker *talker)
{
    const struct gk_hj212_packet *packet;
    char bytes[4096];

    while (gk_hj212_next(talker->decoder, &packet, NULL) != GK_OK) {
        ssize_t n = recv(talker->fd, bytes, sizeof bytes, 0);
        if (n <= 0)
            return NULL;
        assert_int_equal(gk_hj212_feed(talker->decoder, bytes, (size_t)n, NULL), GK_OK);
    }
    assert_int_equal(packet->verdict, GK_HJ212_TAKEN);
    return packet;
}

/* The next request must be for this stretch of 2026-01-05; its QN goes to `qn`. */
static void expect_request(struct talker *talker, const char *from, const char *to, char qn[18])
{
    const struct gk_hj212_packet *packet;

    do {
        packet = hear(talker);
        assert_non_null(packet);
    } while (packet->cn == 9014);
    assert_int_equal(packet->cn, 2061);
    assert_int_equal(packet->st, 80);
    assert_int_equal(packet->flag, 5);
    assert_int_equal(packet->mn.size, 2);
    assert_memory_equal(packet->mn.bytes, "M1", 2);
    assert_int_equal(packet->n_fields, 2);
    assert_memory_equal(packet->fields[0].code.bytes, "BeginTime=20260105", 18);
    assert_memory_equal(packet->fields[0].value.bytes + 8, from, 6);
    assert_memory_equal(packet->fields[1].code.bytes, "EndTime=20260105", 16);
    assert_memory_equal(packet->fields[1].value.bytes + 8, to, 6);
    assert_int_equal(packet->qn.size, 17);
    memcpy(qn, packet->qn.bytes, 17);
    qn[17] = '\0';
}

static void say_word(struct talker *talker, const char *qn, unsigned cn, const char *word)
{
    char segment[256], packet[GK_HJ212_PACKET_MAX];
    int n = snprintf(segment, sizeof segment, "QN=%s;ST=91;CN=%u;PW=1;MN=M1;Flag=4;CP=&&%s&&", qn, cn, word);

    assert_true(send_all(talker->fd, packet, gk_hj212_write(segment, (size_t)n, GK_HJ212_CRC_STANDARD, packet)));
}

static void a_device_is_asked_once_for_what_lies_between_its_values(void **state)
{
    struct server server;
    char qn[18];
    (void)state;

    (void)alarm(60);
    start(&server, asking, "ready");
    struct talker device = talk_to(server.hj212);
    send_packet(device.fd, "M1", 0, 1);
    send_packet(device.fd, "M1", 60, 1); /* a minute is no gap */
    send_packet(device.fd, "M1", 180, 1);
    expect_request(&device, "000100", "000300", qn);
    say_word(&device, qn, 9011, "QnRtn=1");
    send_packet(device.fd, "M1", 120, 1); /* an answer; late */
    say_word(&device, qn, 9012, "ExeRtn=1");
    send_packet(device.fd, "M1", 90, 1);
    send_packet(device.fd, "M1", 200, 1);
    send_packet(device.fd, "M1", 300, 1); /* the next gap, and no request before it */
    expect_request(&device, "000320", "000500", qn);
    hang_up(&device);
    assert_int_equal(stop(&server, SIGTERM), EXIT_ROWS);
}

static void a_gap_from_before_the_start_is_asked_for(void **state)
{
    struct server server;
    char qn[18];
    (void)state;

    (void)alarm(60);
    start(&server, asking, "ready");
    struct talker device = talk_to(server.hj212);
    send_packet(device.fd, "M1", 0, 1);
    send_packet(device.fd, "M1", 30, 1);
    assert_non_null(hear(&device)); /* both are durable, or will be before it ends */
    assert_non_null(hear(&device));
    hang_up(&device);
    assert_int_equal(stop(&server, SIGTERM), EXIT_ROWS);
    start(&server, asking, "ready");
    device = talk_to(server.hj212);
    send_packet(device.fd, "M1", 600, 1);
    expect_request(&device, "000030", "001000", qn);
    hang_up(&device);
    assert_int_equal(stop(&server, SIGTERM), EXIT_ROWS);
}

static void a_request_that_got_lost_is_made_again(void **state)
{
    struct server server;
    char first[18], second[18];
    (void)state;

    (void)alarm(60);
    start(&server, asking, "ready");
    struct talker device = talk_to(server.hj212);
    send_packet(device.fd, "M1", 0, 1);
    send_packet(device.fd, "M1", 180, 1);
    expect_request(&device, "000000", "000300", first);
    hang_up(&device);
    wait_for(&server, "asked for 20260105000000 to 20260105000300");
    device = talk_to(server.hj212);
    send_packet(device.fd, "M1", 181, 1);
    expect_request(&device, "000000", "000300", second);
    assert_string_not_equal(first, second);
    hang_up(&device);
    assert_int_equal(stop(&server, SIGTERM), EXIT_ROWS);
}

static void a_device_that_refuses_is_not_asked_again(void **state)
{
    struct server server;
    char qn[18];
    (void)state;

    (void)alarm(60);
    start(&server, asking, "ready");
    struct talker device = talk_to(server.hj212);
    send_packet(device.fd, "M1", 0, 1);
    send_packet(device.fd, "M1", 180, 1);
    expect_request(&device, "000000", "000300", qn);
    say_word(&device, qn, 9011, "QnRtn=8");
    send_packet(device.fd, "M1", 400, 1);
    expect_request(&device, "000300", "000640", qn);
    hang_up(&device);
    assert_int_equal(stop(&server, SIGTERM), EXIT_ROWS);
}

/* A clock that is years ahead would make all that follows look old. */
static void a_time_that_has_not_come_makes_no_gap(void **state)
{
    static const char segment[] = "QN=20360105000000000;ST=80;CN=2011;PW=1;MN=M1;Flag=5;"
                                  "CP=&&DataTime=20990105000000;kw-Rtd=1&&";
    char packet[GK_HJ212_PACKET_MAX], qn[18];
    struct server server;
    (void)state;

    (void)alarm(60);
    start(&server, asking, "ready");
    struct talker device = talk_to(server.hj212);
    send_packet(device.fd, "M1", 0, 1);
    assert_true(
        send_all(device.fd, packet, gk_hj212_write(segment, sizeof segment - 1, GK_HJ212_CRC_STANDARD, packet)));
    send_packet(device.fd, "M1", 180, 1);
    expect_request(&device, "000000", "000300", qn);
    hang_up(&device);
    assert_int_equal(stop(&server, SIGTERM), EXIT_ROWS);
}

static void nobody_is_asked_unless_it_is_wanted(void **state)
{
    const struct gk_hj212_packet *packet;
    struct server server;
    unsigned n = 0;
    (void)state;

    (void)alarm(60);
    start(&server, NULL, "ready");
    struct talker device = talk_to(server.hj212);
    for (unsigned i = 0; i < 5; i++)
        send_packet(device.fd, "M1", i * 1800, 1);
    assert_int_equal(shutdown(device.fd, SHUT_WR), 0);
    while ((packet = hear(&device)) != NULL) {
        assert_int_equal(packet->cn, 9014);
        n++;
    }
    assert_int_equal(n, 5);
    hang_up(&device);
    assert_int_equal(stop(&server, SIGTERM), EXIT_ROWS);
}

static void only_minutes_and_hours_can_be_asked_for(void **state)
{
    static const char *const wrong[] = {"--backfill", "2011", NULL};
    struct server server;
    (void)state;

    start(&server, wrong, "--backfill: expected 2051 (minutes) or 2061 (hours), not 2011");
    assert_in_range(stop(&server, 0), EXIT_USAGE, EXIT_STORE);
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

static const struct CMUnitTest tests[] = {
    IN_FOLDER(a_device_is_asked_once_for_what_lies_between_its_values),
    IN_FOLDER(a_gap_from_before_the_start_is_asked_for),
    IN_FOLDER(a_request_that_got_lost_is_made_again),
    IN_FOLDER(a_device_that_refuses_is_not_asked_again),
    IN_FOLDER(a_time_that_has_not_come_makes_no_gap),
    IN_FOLDER(nobody_is_asked_unless_it_is_wanted),
    IN_FOLDER(only_minutes_and_hours_can_be_asked_for),
};

RUN_TESTS(tests)
