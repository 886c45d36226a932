/*
 * test_serve_mqtt.c - gk serve as a subscriber: of a broker that the test plays itself, so that every byte is known,
 * and of mosquitto where it is installed. What the broker was told is taken is in the store, whatever was killed.
 */
#include "tools/serving.h"

#include "mqtt_wire.h"

static char config[4200];

static int listen_on_loopback(int *port)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t size = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_true(fd >= 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(fd, 5), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &size), 0);
    *port = ntohs(address.sin_port);
    return fd;
}

static void write_config(int port)
{
    char text[500];

    (void)snprintf(text, sizeof text, "broker = 127.0.0.1:%d\nclient = gk-test\n[lines/+]\npayload = lines\nunit = s\n",
                   port);
    write_file("mqtt.conf", text);
    (void)snprintf(config, sizeof config, "%s", in_folder("mqtt.conf"));
}

/* ---- the broker that we are ---- */

static void read_all(int fd, char *bytes, size_t n)
{
    for (ssize_t got; n > 0; bytes += got, n -= (size_t)got) {
        got = recv(fd, bytes, n, 0);
        if (got <= 0)
            fail_msg("the subscriber is gone");
    }
}

/* Reads one packet, of less than 128 bytes; returns its type. */
static int read_packet(int fd, char body[128])
{
    char head[2];

    read_all(fd, head, 2);
    assert_true(head[1] >= 0);
    read_all(fd, body, (size_t)head[1]);
    return (uint8_t)head[0] >> 4;
}

static int welcome(int listener)
{
    int fd = accept(listener, NULL, NULL);
    char body[128];

    assert_true(fd >= 0);
    assert_int_equal(read_packet(fd, body), MQTT_CONNECT);
    assert_int_equal(body[7] & 2, 0); /* the session stays */
    assert_true(send_all(fd, "\x20\2\0\0", 4));
    assert_int_equal(read_packet(fd, body), MQTT_SUBSCRIBE);
    assert_true(send_all(fd, "\x90\3\0\1\1", 5));
    return fd;
}

static void publish(int fd, uint16_t id, const char *topic, const char *payload)
{
    size_t n = strlen(topic), size = strlen(payload);
    char packet[300];

    assert_true(2 + n + 2 + size < 128);
    packet[0] = 0x32;
    packet[1] = (char)(2 + n + 2 + size);
    packet[2] = 0;
    packet[3] = (char)n;
    memcpy(packet + 4, topic, n);
    packet[4 + n] = (char)(id >> 8);
    packet[5 + n] = (char)id;
    memcpy(packet + 6 + n, payload, size);
    assert_true(send_all(fd, packet, 6 + n + size));
}

static uint16_t read_ack(int fd)
{
    char body[128];

    assert_int_equal(read_packet(fd, body), MQTT_PUBACK);
    return (uint16_t)((uint8_t)body[0] << 8 | (uint8_t)body[1]);
}

static void send_row(int fd, unsigned i)
{
    char line[60];

    (void)snprintf(line, sizeof line, "press kw=5 %u", 1767542400 + i);
    publish(fd, (uint16_t)(i + 1), "lines/a", line);
}

static void a_message_is_acknowledged_when_its_rows_are_durable(void **state)
{
    enum { N = 300 };
    const char *const options[] = {"--mqtt", config, "--commit", "20ms", NULL};
    static bool is_there[N + 10];
    struct server server;
    int port, listener = listen_on_loopback(&port);
    (void)state;

    write_config(port);
    start(&server, options, "ready");
    int fd = welcome(listener);
    for (unsigned i = 0; i < N; i++)
        send_row(fd, i);
    for (unsigned i = 0; i < N; i++)
        assert_int_equal(read_ack(fd), i + 1);
    assert_int_equal(read_rows("press", is_there, N + 10), N); /* while the server goes on */
    publish(fd, 1000, "lines/a", "what is this");
    assert_int_equal(read_ack(fd), 1000); /* sending it again would not help */
    wait_for(&server, "MQTT: line 1: ");
    (void)close(fd);
    fd = welcome(listener); /* it comes again */
    send_row(fd, 0);
    assert_int_equal(read_ack(fd), 1);
    assert_int_equal(stop(&server, SIGTERM), EXIT_ROWS);
    (void)close(fd);
    (void)close(listener);
    assert_int_equal(read_rows("press", is_there, N + 10), N);
}

/* With a commit each 400 ms alone it would be five messages in that time: 40 s. */
static void a_broker_that_waits_for_few_messages_is_not_kept_waiting(void **state)
{
    enum { FLYING = 5, N = 500 };
    const char *const options[] = {"--mqtt", config, "--commit", "400ms", NULL};
    struct server server;
    int port, listener = listen_on_loopback(&port);
    (void)state;

    write_config(port);
    (void)alarm(30); /* which ends the test */
    start(&server, options, "ready");
    int fd = welcome(listener);
    for (unsigned i = 0; i < N; i++) {
        if (i >= FLYING)
            assert_int_equal(read_ack(fd), i - FLYING + 1);
        send_row(fd, i);
    }
    for (unsigned i = N - FLYING; i < N; i++)
        assert_int_equal(read_ack(fd), i + 1);
    (void)alarm(0);
    assert_int_equal(stop(&server, SIGTERM), EXIT_ROWS);
    (void)close(fd);
    (void)close(listener);
}

/* Each round: messages, kill -9 at a random moment; what was acknowledged is there. */
static void what_the_broker_was_told_survives_kill_9(void **state)
{
    enum { N = 2000 };
    const char *const options[] = {"--mqtt", config, "--commit", "1ms", NULL};
    static bool is_acked[N], is_there[N];
    struct random random = random_from(test_seed("what_the_broker_was_told_survives_kill_9"));
    uint64_t rounds = test_rounds(8);
    unsigned at = 0, n_acked = 0;
    int port, listener = listen_on_loopback(&port);
    (void)state;

    write_config(port);
    for (uint64_t round = 0; round < rounds; round++) {
        struct server server;
        char bytes[4];
        start(&server, options, "ready");
        int fd = welcome(listener);
        unsigned n = 1 + (unsigned)random_below(&random, 60), wanted = (unsigned)random_below(&random, n + 1);
        for (unsigned i = 0; i < n; i++, at = (at + 1) % N)
            send_row(fd, at);
        for (unsigned i = 0; i < wanted; i++, n_acked++)
            is_acked[read_ack(fd) - 1] = true;
        assert_int_equal(stop(&server, SIGKILL), 128 + SIGKILL);
        while (recv(fd, bytes, 4, MSG_WAITALL) == 4) /* what was on its way */
            is_acked[((uint8_t)bytes[2] << 8 | (uint8_t)bytes[3]) - 1] = true;
        (void)close(fd);
        (void)read_rows("press", is_there, N);
        for (unsigned i = 0; i < N; i++)
            if (is_acked[i] && !is_there[i])
                fail_msg("message %u was acknowledged and is gone", i);
    }
    (void)close(listener);
    assert_true(n_acked > 0);
}

static void a_refusal_and_a_wrong_configuration_are_said(void **state)
{
    const char *const options[] = {"--mqtt", config, NULL};
    struct server server;
    char body[128];
    int port, listener = listen_on_loopback(&port);
    (void)state;

    write_config(port);
    start(&server, options, "ready");
    int fd = accept(listener, NULL, NULL);
    assert_int_equal(read_packet(fd, body), MQTT_CONNECT);
    assert_true(send_all(fd, "\x20\2\0\4", 4));
    wait_for(&server, "user or password is wrong; trying again in 1 s");
    (void)close(fd);
    fd = welcome(listener);
    wait_for(&server, "1 topics");
    assert_true(send_all(fd, "\xff\xff\xff\xff\xff\xff", 6));
    wait_for(&server, "it sent what is no packet");
    (void)close(fd);
    assert_int_equal(stop(&server, SIGTERM), EXIT_ROWS);
    (void)close(listener);
    write_file("mqtt.conf", "broker = x\nclient = y\n[a#]\n");
    start(&server, options, "mqtt.conf: line 3: 'a#' is no topic filter");
    assert_int_equal(stop(&server, 0), EXIT_STORE);
}

/* ---- mosquitto ---- */

/* Starts the broker on a free port; 0: there is none. */
static pid_t start_mosquitto(int port)
{
    static const char *const places[] = {"/usr/sbin/mosquitto", "/usr/local/sbin/mosquitto", "/usr/bin/mosquitto"};
    char text[400], path[4200];
    size_t i = 0;

    while (i < 3 && access(places[i], X_OK) != 0)
        i++;
    if (i == 3)
        return 0;
    (void)snprintf(text, sizeof text, "listener %d 127.0.0.1\nallow_anonymous true\nmax_queued_messages 100000\n",
                   port);
    write_file("mosquitto.conf", text);
    (void)snprintf(path, sizeof path, "%s", in_folder("mosquitto.conf"));
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        (void)!freopen("/dev/null", "w", stderr);
        (void)execl(places[i], places[i], "-c", path, (char *)NULL);
        _exit(127);
    }
    return pid;
}

static int connect_publisher(int port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    int fd;

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    for (;;) { /* until it listens */
        fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (connect(fd, (struct sockaddr *)&address, sizeof address) == 0)
            break;
        (void)close(fd);
    }
    char body[128];
    assert_true(send_all(fd, "\x10\x0f\0\4MQTT\4\2\0\0\0\3pub", 17));
    assert_int_equal(read_packet(fd, body), MQTT_CONNACK);
    return fd;
}

/* The server is killed and the broker goes on: nothing is lost, as the session keeps what was not acknowledged. */
static void nothing_is_lost_between_mosquitto_and_the_store(void **state)
{
    enum { N = 600 };
    const char *const options[] = {"--mqtt", config, "--commit", "5ms", NULL};
    static bool is_there[N];
    struct server server;
    int port, listener = listen_on_loopback(&port);
    (void)state;

    (void)close(listener);
    pid_t broker = start_mosquitto(port);
    if (broker == 0) {
        print_message("needs mosquitto\n");
        skip();
    }
    write_config(port);
    int fd = connect_publisher(port);
    start(&server, options, "1 topics"); /* the session is there from now on */
    for (unsigned i = 0; i < N; i++) {
        send_row(fd, i);
        assert_int_equal(read_ack(fd), i + 1); /* the broker has it */
        if (i % 200 == 100) {
            assert_int_equal(stop(&server, SIGKILL), 128 + SIGKILL);
            start(&server, options, "1 topics");
        }
    }
    while (read_rows("press", is_there, N) < N) /* what was late, or came again, arrives */
        assert_int_equal(waitpid(server.pid, NULL, WNOHANG), 0);
    assert_int_equal(stop(&server, SIGTERM), EXIT_ROWS);
    (void)close(fd);
    assert_int_equal(kill(broker, SIGTERM), 0);
    assert_int_equal(waitpid(broker, NULL, 0), broker);
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

static const struct CMUnitTest tests[] = {
    IN_FOLDER(a_message_is_acknowledged_when_its_rows_are_durable),
    IN_FOLDER(a_broker_that_waits_for_few_messages_is_not_kept_waiting),
    IN_FOLDER(what_the_broker_was_told_survives_kill_9),
    IN_FOLDER(a_refusal_and_a_wrong_configuration_are_said),
    IN_FOLDER(nothing_is_lost_between_mosquitto_and_the_store),
};

RUN_TESTS(tests)
