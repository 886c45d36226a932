/*
 * test_serve.c - the server with real sockets, killed and stopped: what it acknowledged is in the store. The server
 * runs in a child process; nothing here waits for a time to pass, but for words and bytes.
 */
#include "support/support.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <zlib.h>

#include "gk.h"
#include "serve.h"
#include "tool.h"

#define TALK_MAX 65536

static char folder[4096];

struct server {
    pid_t pid;
    int talk; /* what it says */
    char said[TALK_MAX];
    size_t n;
    int hj212, http; /* ports */
};

static const char *in_folder(const char *name)
{
    static char paths[8][4200];
    static int at;

    at = (at + 1) % 8;
    (void)snprintf(paths[at], sizeof paths[at], "%s/%s", folder, name);
    return paths[at];
}

static void write_file(const char *name, const char *text)
{
    FILE *file = fopen(in_folder(name), "w");

    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static int set_up(void **state)
{
    struct gk_options options = {.size = sizeof options};
    gk_db *db;
    (void)state;

    (void)snprintf(folder, sizeof folder, "%s", test_folder());
    assert_int_equal(gk_open(in_folder("store"), GK_READWRITE | GK_CREATE, &options, &db, NULL), GK_OK);
    assert_int_equal(gk_close(db), GK_OK);
    write_file("facilities.csv", "facility,enterprise,park,line,role,rated_kw\n"
                                 "press,E1,P1,L1,production,100\nfan,E1,P1,L1,abatement,10\n");
    write_file("mappings.csv", "mn,code,suffix,facility,channel\nM*,kw,Rtd,press,kw\nF*,kw,Rtd,fan,kw\n"
                               "N*,kw,Rtd,{mn},kw\n");
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    test_folder_remove(folder);
    return 0;
}

/* ---- the server ---- */

/* Reads until it said the words; "" waits for its end. */
static void wait_for(struct server *server, const char *words)
{
    for (;;) {
        server->said[server->n] = '\0';
        if (*words && strstr(server->said, words))
            return;
        assert_true(server->n < TALK_MAX - 1);
        ssize_t n = read(server->talk, server->said + server->n, TALK_MAX - 1 - server->n);
        if (n <= 0 && !*words)
            return;
        if (n <= 0)
            fail_msg("it ended without '%s': %s", words, server->said);
        server->n += (size_t)n;
    }
}

static int port_of(const struct server *server, const char *what)
{
    const char *at = strstr(server->said, what);

    at = at ? strstr(at, " port ") : NULL;
    return at ? atoi(at + 6) : 0;
}

/* The options of all tests, and more (NULL: none); argv wants texts that may be changed, nobody does. */
static int put_options(char *argv[32], const char *const *more)
{
    const char *const usual[] = {
        in_folder("store"),       "--hj212", "0", "--table", in_folder("facilities.csv"), "--table",
        in_folder("mappings.csv")};
    int argc = 0;

    for (size_t i = 0; i < sizeof usual / sizeof *usual; i++)
        argv[argc++] = (char *)(uintptr_t)usual[i];
    while (more && *more)
        argv[argc++] = (char *)(uintptr_t)*more++;
    argv[argc] = NULL;
    return argc;
}

/* Runs it; `words`: what it says when it is as wanted. */
static void start(struct server *server, const char *const *more, const char *words)
{
    char *argv[32];
    int pipes[2], argc = put_options(argv, more);

    assert_int_equal(pipe(pipes), 0);
    memset(server, 0, sizeof *server);
    server->talk = pipes[0];
    server->pid = fork();
    assert_true(server->pid >= 0);
    if (server->pid == 0) {
        (void)dup2(pipes[1], STDERR_FILENO);
        (void)close(pipes[0]);
        (void)close(pipes[1]);
        _exit(command_serve.run(&command_serve, argc, argv));
    }
    (void)close(pipes[1]);
    wait_for(server, words);
    server->hj212 = port_of(server, "HJ 212 on");
    server->http = port_of(server, "HTTP on");
}

/* Sends a signal and returns the exit status, or 128 + the signal that ended it. */
static int stop(struct server *server, int signal)
{
    int status;

    if (signal)
        assert_int_equal(kill(server->pid, signal), 0);
    wait_for(server, "");
    assert_int_equal(waitpid(server->pid, &status, 0), server->pid);
    (void)close(server->talk);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* ---- devices ---- */

static int connect_to(int port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_true(fd >= 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
    return fd;
}

static size_t make_packet(const char *mn, unsigned i, double kw, char out[GK_HJ212_PACKET_MAX])
{
    char segment[256];

    (void)snprintf(segment, sizeof segment,
                   "QN=20260105%09u;ST=80;CN=2011;PW=1;MN=%s;Flag=5;CP=&&DataTime=20260105%02u%02u%02u;kw-Rtd=%g&&", i,
                   mn, i / 3600, i / 60 % 60, i % 60, kw);
    return gk_hj212_write(segment, strlen(segment), GK_HJ212_CRC_STANDARD, out);
}

static bool send_all(int fd, const char *bytes, size_t n)
{
    while (n > 0) {
        ssize_t sent = send(fd, bytes, n, MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR)
            continue;
        if (sent < 0)
            return false;
        bytes += sent;
        n -= (size_t)sent;
    }
    return true;
}

static void send_packet(int fd, const char *mn, unsigned i, double kw)
{
    char packet[GK_HJ212_PACKET_MAX];
    size_t n = make_packet(mn, i, kw, packet);

    assert_true(send_all(fd, packet, n));
}

/* Reads replies until there are `n` of them, or the other side ends; marks the QN of each in `is_acked`. */
static unsigned read_replies(int fd, unsigned n, bool *is_acked, unsigned most)
{
    const struct gk_hj212_packet *reply;
    char bytes[4096];
    unsigned n_got = 0;
    gk_hj212 *decoder;
    ssize_t size = 1;

    assert_int_equal(gk_hj212_open(NULL, &decoder, NULL), GK_OK);
    while (n_got < n && (size = recv(fd, bytes, sizeof bytes, 0)) > 0) {
        assert_int_equal(gk_hj212_feed(decoder, bytes, (size_t)size, NULL), GK_OK);
        while (gk_hj212_next(decoder, &reply, NULL) == GK_OK) {
            assert_int_equal(reply->cn, 9014);
            assert_int_equal(reply->qn.size, 17);
            unsigned i = (unsigned)atoi(reply->qn.bytes + 8);
            assert_true(i < most);
            is_acked[i] = true;
            n_got++;
        }
    }
    gk_hj212_close(decoder);
    return n_got;
}

/* Marks the seconds of 2026-01-05 (+08:00) at which a facility has a row; their number. */
static unsigned read_rows(const char *facility, bool *is_there, unsigned most)
{
    gk_db *db;
    gk_snapshot *snapshot;
    gk_scan *scan;
    struct gk_columns columns;
    gk_time midnight;
    unsigned n = 0;

    assert_int_equal(gk_time_parse("2026-01-05T00:00:00+08:00", 25, 0, &midnight), GK_OK);
    assert_int_equal(gk_open(in_folder("store"), GK_READONLY, NULL, &db, NULL), GK_OK);
    assert_int_equal(gk_snapshot_open(db, &snapshot, NULL), GK_OK);
    uint32_t id = gk_facility_find(snapshot, facility, strlen(facility)), kw = gk_channel_find(snapshot, "kw", 2);
    if (id != GK_ID_NONE && kw != GK_ID_NONE) {
        assert_int_equal(gk_scan_open(snapshot, id, &kw, 1, GK_TIME_MIN, GK_TIME_MAX, &scan, NULL), GK_OK);
        while (gk_scan_next(scan, &columns, NULL) == GK_OK)
            for (size_t i = 0; i < columns.n_rows; i++, n++) {
                int64_t s = (columns.time[i] - midnight) / GK_SECOND;
                assert_true(s >= 0 && s < most);
                is_there[s] = true;
            }
        gk_scan_close(scan);
    }
    gk_snapshot_close(snapshot);
    assert_int_equal(gk_close(db), GK_OK);
    return n;
}

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

static void ask(int port, const char *request, size_t size, char out[TALK_MAX])
{
    size_t n = 0;
    ssize_t got;
    int fd = connect_to(port);

    assert_true(send_all(fd, request, size));
    while ((got = recv(fd, out + n, TALK_MAX - 1 - n, 0)) > 0)
        n += (size_t)got;
    out[n] = '\0';
    (void)close(fd);
}

static void read_answer(int port, const char *path, char out[TALK_MAX])
{
    char request[256];

    (void)snprintf(request, sizeof request, "GET %s HTTP/1.0\r\n\r\n", path);
    ask(port, request, strlen(request), out);
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

static void post(int port, const char *path, const char *header, const char *body, size_t size, char out[TALK_MAX])
{
    static char request[TALK_MAX];
    int n = snprintf(request, sizeof request, "POST %s HTTP/1.0\r\nContent-Length: %zu\r\n%s\r\n", path, size, header);

    memcpy(request + n, body, size);
    ask(port, request, (size_t)n + size, out);
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
    IN_FOLDER(bad_packets_cost_none_of_the_others),
    IN_FOLDER(more_devices_than_the_limit_are_refused),
    IN_FOLDER(a_silent_device_is_cut_off),
    IN_FOLDER(tables_are_read_again_on_sighup),
    IN_FOLDER(an_alarm_is_on_record_when_the_packet_that_completes_it_is_answered),
    IN_FOLDER(wrong_words_are_named),
    IN_FOLDER(a_monitor_can_ask_over_http),
    IN_FOLDER(lines_over_http_are_durable_when_they_are_answered),
};

RUN_TESTS(tests)
