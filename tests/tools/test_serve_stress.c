/*
 * test_serve_stress.c - devices that mean no good, or are too many: the others do not notice. GK_ROUNDS=10000 is the
 * long form of those that count connections. A test that would wait for ever is ended by its alarm.
 */
#include "tools/serving.h"

#include <poll.h>

#define PATIENCE_S 120

/* As many connections as wanted, and as the limit of open files lets both sides have. */
static unsigned n_wanted(unsigned usual)
{
    uint64_t n = test_rounds(usual);
    struct rlimit limit;

    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    limit.rlim_cur = limit.rlim_max;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
    return (unsigned)(n + 100 < limit.rlim_cur ? n : limit.rlim_cur - 100);
}

static bool is_gone(int fd)
{
    char byte;

    return recv(fd, &byte, 1, MSG_DONTWAIT) == 0;
}

/* Until the server has seen that others went, and a device is answered. */
static void wait_for_place(int port)
{
    static bool is_acked[100];
    char packet[GK_HJ212_PACKET_MAX];
    unsigned n = 0;

    while (n == 0) {
        int fd = connect_to(port);
        if (send_all(fd, packet, make_packet("M1", 50, 1, packet)))
            n = read_replies(fd, 1, is_acked, 100);
        (void)close(fd);
    }
}

/* Devices that send a byte now and then and never a packet are cut off, and keep nobody from being answered. */
static void a_device_that_drips_is_cut_off(void **state)
{
    enum { DRIPS = 50, N = 200 };
    static const char *const brief[] = {"--idle", "200ms", NULL};
    static bool is_acked[N];
    struct server server;
    int fds[DRIPS], n_gone = 0;
    (void)state;

    (void)alarm(PATIENCE_S);
    start(&server, brief, "ready");
    for (int i = 0; i < DRIPS; i++) {
        fds[i] = connect_to(server.hj212);
        assert_true(send_all(fds[i], "##9999", 6));
    }
    int good = connect_to(server.hj212);
    for (unsigned at = 0; n_gone < DRIPS; at = (at + 1) % N) {
        (void)poll(NULL, 0, 10); /* not to be slower than 9,999 bytes */
        send_packet(good, "M1", at, 1);
        assert_int_equal(read_replies(good, 1, is_acked, N), 1);
        for (int i = 0; i < DRIPS; i++) {
            if (fds[i] < 0)
                continue;
            if (is_gone(fds[i]) || !send_all(fds[i], "x", 1)) {
                (void)close(fds[i]);
                fds[i] = -1;
                n_gone++;
            }
        }
    }
    (void)close(good);
    assert_int_equal(stop(&server, SIGTERM), EXIT_ROWS);
}

static void many_devices_are_answered_at_once(void **state)
{
    unsigned n = n_wanted(1000);
    static bool is_acked[86400], is_there[86400];
    int *fds = calloc(n, sizeof *fds);
    struct server server;
    (void)state;

    (void)alarm(PATIENCE_S);
    start(&server, NULL, "ready");
    for (unsigned i = 0; i < n; i++) {
        fds[i] = connect_to(server.hj212);
        send_packet(fds[i], "M1", i, 1);
    }
    for (unsigned i = 0; i < n; i++)
        assert_int_equal(read_replies(fds[i], 1, is_acked, 86400), 1);
    assert_int_equal(read_rows("press", is_there, 86400), n);
    for (unsigned i = 0; i < n; i++)
        (void)close(fds[i]);
    free(fds);
    assert_int_equal(stop(&server, SIGTERM), EXIT_ROWS);
}

/* Connects and goes, again and again: nothing is left over. */
static void connections_that_come_and_go_cost_nothing(void **state)
{
    unsigned n = (unsigned)test_rounds(2000);
    struct server server;
    (void)state;

    (void)alarm(PATIENCE_S);
    most_files = 64;
    start(&server, NULL, "ready");
    most_files = 0;
    for (unsigned i = 0; i < n; i++) {
        int fd = connect_to(server.hj212);
        if (i % 3 == 0)
            (void)send_all(fd, "##0150QN=2026", 13);
        (void)close(fd);
    }
    wait_for_place(server.hj212);
    assert_int_equal(stop(&server, SIGTERM), EXIT_ROWS);
}

/* With 64 descriptors, and far more devices, those that are in are served, and others as they go. */
static void few_descriptors_serve_as_many_as_they_can(void **state)
{
    enum { N = 200 };
    static const char *const both[] = {"--http", "0", NULL};
    static char answer[TALK_MAX];
    static bool is_acked[N];
    struct server server;
    int fds[N];
    (void)state;

    (void)alarm(PATIENCE_S);
    most_files = 64;
#ifdef GK_MICROHTTPD
    start(&server, both, "ready");
#else
    start(&server, NULL, "ready");
#endif
    most_files = 0;
    assert_non_null(strstr(server.said, "the limit of open files lets 32 devices connect"));
    for (unsigned i = 0; i < N; i++)
        fds[i] = connect_to(server.hj212);
    for (unsigned i = 0; i < 32; i++) {
        send_packet(fds[i], "M1", i, 1);
        assert_int_equal(read_replies(fds[i], 1, is_acked, N), 1);
    }
#ifdef GK_MICROHTTPD
    read_answer(server.http, "/health", answer);
    assert_non_null(strstr(answer, "200 OK"));
#else
    (void)both;
    (void)answer;
#endif
    for (unsigned i = 32; i < N; i++)
        assert_int_equal(read_replies(fds[i], 1, is_acked, N), 0); /* refused, not left to wait */
    for (unsigned i = 0; i < N; i++)
        (void)close(fds[i]);
    wait_for_place(server.hj212);
    assert_int_equal(stop(&server, SIGTERM), EXIT_ROWS);
}

/* Sends packets as fast as they are taken, and forgets the replies. */
static void flood(int fd, unsigned *at)
{
    char packet[GK_HJ212_PACKET_MAX], replies[65536];
    size_t n;

    do {
        n = make_packet("F1", *at, 1, packet);
        *at = (*at + 1) % 86400;
    } while (send(fd, packet, n, MSG_DONTWAIT | MSG_NOSIGNAL) == (ssize_t)n);
    while (recv(fd, replies, sizeof replies, MSG_DONTWAIT) > 0)
        ;
}

static void a_device_that_floods_starves_nobody(void **state)
{
    enum { N = 20, QUIET = 10 };
    static bool is_acked[N];
    struct server server;
    int fds[QUIET];
    (void)state;

    (void)alarm(PATIENCE_S);
    start(&server, NULL, "ready");
    int wild = connect_to(server.hj212);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0)
        for (unsigned at = 0;;)
            flood(wild, &at);
    (void)close(wild);
    for (int d = 0; d < QUIET; d++)
        fds[d] = connect_to(server.hj212);
    for (unsigned i = 0; i < N; i++) {
        for (int d = 0; d < QUIET; d++)
            send_packet(fds[d], "M1", i, 1);
        for (int d = 0; d < QUIET; d++)
            assert_int_equal(read_replies(fds[d], 1, is_acked, N), 1);
    }
    for (int d = 0; d < QUIET; d++)
        (void)close(fds[d]);
    assert_int_equal(kill(child, SIGKILL), 0);
    assert_int_equal(waitpid(child, NULL, 0), child);
    assert_int_equal(stop(&server, SIGTERM), EXIT_ROWS);
}

/* One that floods and reads no reply is cut off; what it was owed is not kept for ever. */
static void a_device_that_takes_no_replies_is_cut_off(void **state)
{
    struct server server;
    char packet[GK_HJ212_PACKET_MAX];
    (void)state;

    (void)alarm(PATIENCE_S);
    start(&server, NULL, "ready");
    int fd = connect_to(server.hj212);
    for (unsigned at = 0; send_all(fd, packet, make_packet("F1", at, 1, packet)); at = (at + 1) % 86400)
        ;
    (void)close(fd);
    wait_for(&server, "does not take its replies");
    assert_int_equal(stop(&server, SIGTERM), EXIT_ROWS);
}

static void devices_and_clients_of_http_are_served_together(void **state)
{
    enum { N = 300, DEVICES = 5 };
    static const char *const both[] = {"--http", "0", NULL};
    static bool is_acked[N], is_there[86400];
    static char answer[TALK_MAX];
    struct server server;
    char mn[16], line[128];
    int fds[DEVICES];
    (void)state;

#ifndef GK_MICROHTTPD
    skip();
#endif
    (void)alarm(PATIENCE_S);
    start(&server, both, "ready");
    for (int d = 0; d < DEVICES; d++)
        fds[d] = connect_to(server.hj212);
    for (unsigned i = 0; i < N; i++) {
        for (int d = 0; d < DEVICES; d++) {
            (void)snprintf(mn, sizeof mn, "N%d", d);
            send_packet(fds[d], mn, i, i);
        }
        int n = snprintf(line, sizeof line, "fan kw=%u %u\n", i, 1767542400 + i);
        post(server.http, "/write?precision=s", "", line, (size_t)n, answer);
        assert_non_null(strstr(answer, " 204 "));
    }
    assert_int_equal(read_rows("fan", is_there, 86400), N);
    for (int d = 0; d < DEVICES; d++) {
        (void)snprintf(mn, sizeof mn, "N%d", d);
        assert_int_equal(read_replies(fds[d], N, is_acked, N), N);
        assert_int_equal(read_rows(mn, is_there, 86400), N);
        (void)close(fds[d]);
    }
    assert_int_equal(stop(&server, SIGTERM), EXIT_ROWS);
}

/* More than is read at once: the rest is looked at though no more bytes come. */
static void a_long_body_is_answered(void **state)
{
    enum { N = 20000 };
    static const char *const both[] = {"--http", "0", NULL};
    static bool is_there[86400];
    static char answer[TALK_MAX];
    char *request = malloc(N * 32 + 256);
    size_t n = 0, head;
    struct server server;
    (void)state;

#ifndef GK_MICROHTTPD
    free(request);
    skip();
#endif
    (void)alarm(PATIENCE_S);
    for (unsigned i = 0; i < N; i++)
        n += (size_t)sprintf(request + 128 + n, "fan kw=%u %u\n", i % 9, 1767542400 + i);
    head = (size_t)snprintf(answer, 128, "POST /write?precision=s HTTP/1.0\r\nContent-Length: %zu\r\n\r\n", n);
    memcpy(request + 128 - head, answer, head);
    start(&server, both, "ready");
    ask(server.http, request + 128 - head, head + n, answer);
    assert_non_null(strstr(answer, " 204 "));
    assert_int_equal(read_rows("fan", is_there, 86400), N);
    free(request);
    assert_int_equal(stop(&server, SIGTERM), EXIT_ROWS);
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

static const struct CMUnitTest tests[] = {
    IN_FOLDER(a_device_that_drips_is_cut_off),
    IN_FOLDER(many_devices_are_answered_at_once),
    IN_FOLDER(connections_that_come_and_go_cost_nothing),
    IN_FOLDER(few_descriptors_serve_as_many_as_they_can),
    IN_FOLDER(a_device_that_floods_starves_nobody),
    IN_FOLDER(a_device_that_takes_no_replies_is_cut_off),
    IN_FOLDER(devices_and_clients_of_http_are_served_together),
    IN_FOLDER(a_long_body_is_answered),
};

RUN_TESTS(tests)
