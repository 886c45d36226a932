/*
 * test_serve.c - the server with real sockets, killed and stopped: what it acknowledged is in the store. The server
 * runs in a child process; nothing here waits for a time to pass, but for words and bytes.
 */
#include "tools/serving.h"

#include <zlib.h>

#include "tool.h"

static void devices_are_answered_when_their_rows_are_durable(void **state)
{
    enum { N = 500, DEVICES = 20 };
    static bool is_acked[N], is_there[N];
    struct server server;
    int fds[DEVICES];
    char mn[16];
    (void)state;

    start(&server, NULL, "ready");
    for (int d = 0; d < DEVICES; d++)
        fds[d] = connect_to(server.hj212);
    for (unsigned i = 0; i < N; i++)
        for (int d = 0; d < DEVICES; d++) {
            (void)snprintf(mn, sizeof mn, "N%d", d);
            send_packet(fds[d], mn, i, i);
        }
    for (int d = 0; d < DEVICES; d++) {
        memset(is_acked, 0, sizeof is_acked);
        assert_int_equal(read_replies(fds[d], N, is_acked, N), N);
        (void)snprintf(mn, sizeof mn, "N%d", d);
        assert_int_equal(read_rows(mn, is_there, N), N); /* while the server goes on */
        (void)close(fds[d]);
    }
    assert_int_equal(stop(&server, SIGTERM), EXIT_ROWS);
    assert_non_null(strstr(server.said, "stopped"));
}

/* Each round: packets to two devices, kill -9 at a random moment; what was acknowledged is there, nothing else is. */
static void what_was_acknowledged_survives_kill_9(void **state)
{
    enum { N = 4000 };
    static bool is_acked[N], is_there[N], is_sent[N];
    struct random random = random_from(test_seed("what_was_acknowledged_survives_kill_9"));
    uint64_t rounds = test_rounds(8);
    unsigned at = 0, n_acked = 0;
    (void)state;

    for (uint64_t round = 0; round < rounds; round++) {
        struct server server;
        start(&server, NULL, "ready");
        int fd = connect_to(server.hj212);
        unsigned n = 1 + (unsigned)random_below(&random, 60), wanted = (unsigned)random_below(&random, n + 1);
        for (unsigned i = 0; i < n; i++, at = (at + 1) % N) {
            is_sent[at] = true;
            send_packet(fd, "M1", at, 50);
        }
        n_acked += read_replies(fd, wanted, is_acked, N);
        assert_int_equal(stop(&server, SIGKILL), 128 + SIGKILL);
        (void)read_replies(fd, N, is_acked, N); /* what was on its way */
        (void)close(fd);
        (void)read_rows("press", is_there, N);
        for (unsigned i = 0; i < N; i++) {
            if (is_acked[i] && !is_there[i])
                fail_msg("packet %u was acknowledged and is gone", i);
            assert_true(!is_there[i] || is_sent[i]);
        }
    }
    assert_true(n_acked > 0);
}

/* It commits once an hour, so nothing is answered before it is told to stop. */
static void sigterm_acknowledges_what_was_taken(void **state)
{
    enum { N = 300 };
    static bool is_acked[N], is_there[N];
    static const char *const slow[] = {"--commit", "1h", "--http", "0", NULL};
    static char answer[TALK_MAX];
    struct server server;
    (void)state;

#ifndef GK_MICROHTTPD
    print_message("needs libmicrohttpd to know what was taken\n");
    skip();
#endif
    start(&server, slow, "ready");
    int fd = connect_to(server.hj212);
    for (unsigned i = 0; i < N; i++)
        send_packet(fd, "M1", i, 50);
    do
        read_answer(server.http, "/metrics", answer);
    while (!strstr(answer, "{verdict=\"taken\"} 300\n"));
    assert_int_equal(stop(&server, SIGTERM), EXIT_ROWS);
    assert_int_equal(read_replies(fd, N, is_acked, N), N);
    (void)close(fd);
    assert_int_equal(read_rows("press", is_there, N), N);
}

/* The file cannot grow: sooner or later a commit fails. */
static void what_cannot_become_durable_is_not_acknowledged(void **state)
{
    enum { ROUNDS = 400, PACKETS = 50, N = ROUNDS * PACKETS };
    static bool is_acked[N], is_there[N];
    struct server server;
    struct stat st;
    unsigned n = 0, n_got = PACKETS;
    char packet[GK_HJ212_PACKET_MAX];
    (void)state;

    start(&server, NULL, "ready"); /* the tables are read */
    assert_int_equal(stop(&server, SIGTERM), EXIT_ROWS);
    assert_int_equal(stat(in_folder("store/data.mdb"), &st), 0);
    most_bytes = (rlim_t)st.st_size;
    start(&server, NULL, "ready");
    most_bytes = 0;
    int fd = connect_to(server.hj212);
    memset(is_acked, 0, sizeof is_acked);
    for (; n < N && n_got == PACKETS; n += PACKETS) {
        bool is_open = true;
        for (unsigned i = n; i < n + PACKETS && is_open; i++)
            is_open = send_all(fd, packet, make_packet("M1", i, (double)i * i, packet));
        n_got = read_replies(fd, PACKETS, is_acked, N);
    }
    assert_true(n_got < PACKETS); /* it was cut off */
    (void)close(fd);
    (void)stop(&server, SIGTERM);
    (void)read_rows("press", is_there, N);
    for (unsigned i = 0; i < n; i++)
        assert_true(is_there[i] || !is_acked[i]);
}

static void bad_packets_cost_none_of_the_others(void **state)
{
    enum { N = 50 };
    static bool is_acked[N], is_there[N];
    char packet[GK_HJ212_PACKET_MAX];
    struct server server;
    (void)state;

    start(&server, NULL, "ready");
    int fd = connect_to(server.hj212);
    for (unsigned i = 0; i < N; i++) {
        size_t n = make_packet("M1", i, 50, packet);
        packet[30] ^= 1;
        assert_true(send_all(fd, packet, n));
        assert_true(send_all(fd, "##9999garbage##", 15));
        send_packet(fd, "M1", i, 50);
    }
    assert_int_equal(read_replies(fd, N, is_acked, N), N);
    (void)close(fd);
    assert_int_equal(stop(&server, SIGTERM), EXIT_ROWS);
    assert_non_null(strstr(server.said, "bad_crc"));
    assert_non_null(strstr(server.said, "more lines like these"));
    assert_int_equal(read_rows("press", is_there, N), N);
}

static void a_device_that_connects_for_each_packet_is_learned(void **state)
{
    static const char form[] =
        "QN=20260105%09u;ST=80;CN=2011;PW=1;MN=M1;Flag=5;CP=&&DataTime=202601050000%02u;kw-Rtd=1&&";
    static char answer[TALK_MAX];
    char segment[256], packet[GK_HJ212_PACKET_MAX];
    struct server server;
    (void)state;

    start(&server, NULL, "ready");
    for (unsigned i = 1; i <= 10; i++) {
        int n = snprintf(segment, sizeof segment, form, i, i), fd = connect_to(server.hj212);
        assert_true(send_all(fd, packet, gk_hj212_write(segment, (size_t)n, GK_HJ212_CRC_MODBUS, packet)));
        assert_int_equal(shutdown(fd, SHUT_WR), 0);
        ssize_t size = recv(fd, answer, sizeof answer - 1, 0); /* of one packet, or none */
        answer[size > 0 ? size : 0] = '\0';
        assert_int_equal(strstr(answer, "CN=9014") != NULL, i >= 8);
        (void)close(fd);
    }
    assert_int_equal(stop(&server, SIGTERM), EXIT_ROWS);
}

static void more_devices_than_the_limit_are_refused(void **state)
{
    static bool is_acked[10];
    static const char *const few[] = {"--connections", "2", NULL};
    struct server server;
    char byte;
    (void)state;

    start(&server, few, "ready");
    int fds[3];
    for (int i = 0; i < 2; i++) { /* answered, so they are in */
        fds[i] = connect_to(server.hj212);
        send_packet(fds[i], "M1", (unsigned)i, 1);
        assert_int_equal(read_replies(fds[i], 1, is_acked, 10), 1);
    }
    fds[2] = connect_to(server.hj212);
    assert_true(recv(fds[2], &byte, 1, 0) <= 0);
    (void)close(fds[0]);
    for (;;) { /* until the server has seen that there is room again */
        (void)close(fds[2]);
        fds[2] = connect_to(server.hj212);
        char packet[GK_HJ212_PACKET_MAX];
        size_t n = make_packet("M1", 5, 1, packet);
        if (send_all(fds[2], packet, n) && read_replies(fds[2], 1, is_acked, 10) == 1)
            break;
    }
    (void)close(fds[1]);
    (void)close(fds[2]);
    assert_int_equal(stop(&server, SIGTERM), EXIT_ROWS);
}

static void a_silent_device_is_cut_off(void **state)
{
    static const char *const brief[] = {"--idle", "1ms", NULL};
    struct server server;
    char byte;
    (void)state;

    start(&server, brief, "ready");
    int fd = connect_to(server.hj212);
    assert_int_equal(send(fd, "##01", 4, MSG_NOSIGNAL), 4); /* and never more */
    assert_int_equal(recv(fd, &byte, 1, 0), 0);
    (void)close(fd);
    assert_int_equal(stop(&server, SIGTERM), EXIT_ROWS);
}

static void tables_are_read_again_on_sighup(void **state)
{
    static bool is_acked[10], is_there[10];
    struct server server;
    (void)state;

    start(&server, NULL, "ready");
    int fd = connect_to(server.hj212);
    send_packet(fd, "X1", 1, 1); /* nothing is known of it */
    assert_int_equal(read_replies(fd, 1, is_acked, 10), 1);
    write_file("mappings.csv", "mn,code,suffix,facility,channel\nX*,kw,Rtd,fan,kw\n");
    assert_int_equal(kill(server.pid, SIGHUP), 0);
    server.n = 0;
    wait_for(&server, "mappings.csv: 1 taken, 0 bad");
    send_packet(fd, "X1", 2, 1);
    assert_int_equal(read_replies(fd, 1, is_acked, 10), 1);
    (void)close(fd);
    assert_int_equal(stop(&server, SIGTERM), EXIT_ROWS);
    assert_int_equal(read_rows("fan", is_there, 10), 1);
    assert_true(is_there[2]);
}

static void an_alarm_is_on_record_when_the_packet_that_completes_it_is_answered(void **state)
{
    static bool is_acked[1000];
    const char *const with_rules[] = {"--rules", in_folder("rules.gkql"), NULL};
    struct server server;
    struct gk_alarm alarm;
    gk_snapshot *snapshot;
    gk_alarms *alarms;
    gk_db *db;
    (void)state;

    write_file("rules.gkql",
               "rule untreated alarm when abatement off while production running for >= 5m notify 'head';");
    start(&server, with_rules, "ready");
    int fd = connect_to(server.hj212);
    for (unsigned i = 0; i <= 360; i += 10) {
        send_packet(fd, "M1", i, 90);
        send_packet(fd, "F1", i, 0);
    }
    assert_int_equal(read_replies(fd, 74, is_acked, 1000), 74);
    assert_int_equal(gk_open(in_folder("store"), GK_READONLY, NULL, &db, NULL), GK_OK);
    assert_int_equal(gk_snapshot_open(db, &snapshot, NULL), GK_OK);
    assert_int_equal(gk_alarms_open(snapshot, false, 0, &alarms, NULL), GK_OK);
    assert_int_equal(gk_alarms_next(alarms, &alarm, NULL), GK_OK);
    assert_string_equal(alarm.rule, "untreated");
    assert_int_equal(gk_alarms_next(alarms, &alarm, NULL), GK_DONE);
    gk_alarms_close(alarms);
    gk_snapshot_close(snapshot);
    assert_int_equal(gk_close(db), GK_OK);
    (void)close(fd);
    assert_int_equal(stop(&server, SIGTERM), EXIT_ROWS);
}

static void wrong_words_are_named(void **state)
{
    static const struct {
        const char *option, *value, *words;
    } CASES[] = {{"--hj212", "x:y", "is no address"},
                 {"--hj212", "1.2.3.4:0", "cannot listen on"},
                 {"--table", "nowhere.csv", "nowhere.csv: "},
                 {"--connections", "many", "option '--connections'"}};
    (void)state;

    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        const char *const options[] = {CASES[i].option, CASES[i].value, NULL};
        struct server server;
        start(&server, options, CASES[i].words);
        assert_in_range(stop(&server, 0), EXIT_USAGE, EXIT_STORE);
    }
}

static void a_monitor_can_ask_over_http(void **state)
{
    static bool is_acked[10];
    static char answer[TALK_MAX];
    static const char *const both[] = {"--http", "0", NULL};
    struct server server;
    (void)state;

#ifndef GK_MICROHTTPD
    start(&server, both, "built without libmicrohttpd");
    assert_int_equal(stop(&server, 0), EXIT_STORE);
    skip();
#endif
    start(&server, both, "ready");
    int fd = connect_to(server.hj212);
    for (unsigned i = 1; i <= 3; i++)
        send_packet(fd, "M1", i, 1);
    assert_int_equal(read_replies(fd, 3, is_acked, 10), 3);
    read_answer(server.http, "/health", answer);
    assert_non_null(strstr(answer, "200 OK"));
    assert_non_null(strstr(answer, "\r\n\r\nok\n"));
    read_answer(server.http, "/metrics", answer);
    assert_non_null(strstr(answer, "\ngk_packets_total{verdict=\"taken\"} 3\n"));
    assert_non_null(strstr(answer, "\ngk_values_total{verdict=\"taken\"} 3\n"));
    assert_non_null(strstr(answer, "\ngk_connections_open 1\n"));
    assert_non_null(strstr(answer, "\ngk_serve_replies_total 3\n"));
    assert_non_null(strstr(answer, "\ngk_rows_total{verdict=\"accepted\"} 3\n"));
    read_answer(server.http, "/else", answer);
    assert_non_null(strstr(answer, "404"));
    (void)close(fd);
    assert_int_equal(stop(&server, SIGTERM), EXIT_ROWS);
}

static void lines_over_http_are_durable_when_they_are_answered(void **state)
{
    static const char GOOD[] = "meter,facility=press kw=50 1767571200\nmeter,facility=press kw=51 1767571201\n";
    static const char MIXED[] = "meter,facility=press kw=52 1767571202\nmeter,facility=press kw 1\n";
    static const char *const both[] = {"--http", "0", NULL};
    static char answer[TALK_MAX];
    static bool is_there[86400];
    unsigned char packed[400];
    z_stream stream = {.next_in = (Bytef *)(uintptr_t) "press kw=53 1767571203000\n", .avail_in = 26};
    struct server server;
    (void)state;

#ifndef GK_MICROHTTPD
    skip();
#endif
    start(&server, both, "ready");
    post(server.http, "/write?db=x&precision=s", "", GOOD, sizeof GOOD - 1, answer);
    assert_non_null(strstr(answer, " 204 "));
    assert_int_equal(read_rows("press", is_there, 86400), 2);
    post(server.http, "/api/v2/write?precision=s", "", MIXED, sizeof MIXED - 1, answer);
    assert_non_null(strstr(answer, " 400 "));
    assert_non_null(strstr(answer, "{\"error\": \"line 2: column 24: expected = behind a field's name, got ' 1'\", "
                                   "\"rejected\": 1, \"taken\": 1}"));
    assert_int_equal(read_rows("press", is_there, 86400), 3);
    assert_int_equal(deflateInit2(&stream, 9, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
    stream.next_out = packed;
    stream.avail_out = sizeof packed;
    assert_int_equal(deflate(&stream, Z_FINISH), Z_STREAM_END);
    post(server.http, "/write?precision=ms", "Content-Encoding: gzip\r\n", (char *)packed, stream.total_out, answer);
    assert_non_null(strstr(answer, " 204 "));
    assert_int_equal(read_rows("press", is_there, 86400), 4);
    post(server.http, "/write?precision=ms", "Content-Encoding: gzip\r\n", "no gzip at all", 14, answer);
    assert_non_null(strstr(answer, " 400 "));
    assert_non_null(strstr(answer, "not what gzip makes"));
    post(server.http, "/write?precision=days", "", GOOD, sizeof GOOD - 1, answer);
    assert_non_null(strstr(answer, " 400 "));
    post(server.http, "/health", "", GOOD, sizeof GOOD - 1, answer);
    assert_non_null(strstr(answer, " 405 "));
    (void)deflateEnd(&stream);
    assert_int_equal(stop(&server, SIGTERM), EXIT_ROWS);
    assert_int_equal(read_rows("press", is_there, 86400), 4);
    assert_true(is_there[8 * 3600] && is_there[8 * 3600 + 3]);
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

static const struct CMUnitTest tests[] = {
    IN_FOLDER(devices_are_answered_when_their_rows_are_durable),
    IN_FOLDER(what_was_acknowledged_survives_kill_9),
    IN_FOLDER(sigterm_acknowledges_what_was_taken),
    IN_FOLDER(what_cannot_become_durable_is_not_acknowledged),
    IN_FOLDER(bad_packets_cost_none_of_the_others),
    IN_FOLDER(a_device_that_connects_for_each_packet_is_learned),
    IN_FOLDER(more_devices_than_the_limit_are_refused),
    IN_FOLDER(a_silent_device_is_cut_off),
    IN_FOLDER(tables_are_read_again_on_sighup),
    IN_FOLDER(an_alarm_is_on_record_when_the_packet_that_completes_it_is_answered),
    IN_FOLDER(wrong_words_are_named),
    IN_FOLDER(a_monitor_can_ask_over_http),
    IN_FOLDER(lines_over_http_are_durable_when_they_are_answered),
};

RUN_TESTS(tests)
