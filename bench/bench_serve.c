/*
 * bench_serve.c - gk serve from outside: packets of HJ 212 through TCP to durable with 2,000 connections open, what a
 * connection costs, lines through HTTP. The server is the gk beside this program, held on one processor; we are on
 * another, where there is one. Packets and bodies are made before anything is timed, and the time ends with the last
 * reply: what is replied to is durable.
 *
 *     hj212   CONNECTIONS devices, each sends its packets as fast as they are taken
 *     lines   one client posts bodies of LINES lines, each after the answer to the last
 *     mqtt    a broker that we play sends messages, as fast as they are taken or few at a time
 */
#define _GNU_SOURCE /* sched_setaffinity */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "broker.h"
#include "fill.h"
#include "gk.h"
#include "harness.h"

#define PACKETS       200 /* of each device */
#define PACKETS_QUICK 20
#define VALUES        4 /* of a packet */
#define RUNS          5
#define LINES         5000 /* of a body */
#define BODIES        100
#define BODIES_QUICK  10
#define METERS        500 /* that lines and messages speak of */
#define MESSAGES      200000
#define FEW_MESSAGES  20000
#define FLYING        20 /* max_inflight_messages of mosquitto, when nobody says anything */
#define TOPIC_SIZE    32
#define PAYLOAD_SIZE  256
#define BEGIN_S       INT64_C(1767225600)
#define PATH_SIZE     1024
#define EVENTS_MAX    256

static uint64_t n_connections = 2000;
static const char *gk_path;

static const struct harness_line lines[] = {
    {"hj212 packets", "packets a second, through TCP to durable and answered", "1/s", 0, 0, HARNESS_MORE},
    {"hj212 values", "values of them a second", "1/s", 0, 0, HARNESS_MORE},
    {"hj212 cpu", "processor time of the server for a packet", "us", 0, 0, 0},
    {"hj212 idle", "memory of a connection that was only made", "bytes", 0, 0, 0},
    {"hj212 busy", "memory of a connection after its packets, what the store holds in memory included", "bytes", 0, 0,
     0},
    {"lines lines", "lines a second, through HTTP to durable and answered", "1/s", 0, 0, HARNESS_MORE},
    {"lines cpu", "processor time of the server for a line", "us", 0, 0, 0},
    {"mqtt messages", "messages a second, from a broker to durable and acknowledged", "1/s", 0, 0, HARNESS_MORE},
    {"mqtt cpu", "processor time of the server for a message", "us", 0, 0, 0},
    {"mqtt few", "messages a second of a broker that lets 20 be unacknowledged", "1/s", 0, 0, HARNESS_MORE},
    {"mqtt few_cpu", "processor time of the server for one of these", "us", 0, 0, 0},
};

/* ---- the server ---- */

struct server {
    pid_t pid;
    int hj212, http; /* ports */
};

static void pin(int processor)
{
    cpu_set_t set;

    CPU_ZERO(&set);
    CPU_SET(processor, &set);
    (void)sched_setaffinity(0, sizeof set, &set); /* where there is but one, both share it */
}

static void find_gk(char path[PATH_SIZE])
{
    if (gk_path) {
        (void)snprintf(path, PATH_SIZE, "%s", gk_path);
        return;
    }
    ssize_t n = readlink("/proc/self/exe", path, PATH_SIZE - 16);
    path[n > 0 ? n : 0] = '\0';
    for (int i = 0; i < 2; i++) { /* build/release/bench/bench_serve */
        char *slash = strrchr(path, '/');
        if (slash)
            *slash = '\0';
    }
    strcat(path, "/gk");
}

static void write_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");

    if (!file || fputs(text, file) < 0 || fclose(file) != 0)
        harness_fail("cannot write '%s'", path);
}

/* Reads what the server says until it is ready, and the ports from it. */
static void wait_ready(struct server *server, int talk)
{
    FILE *said = fdopen(talk, "r");
    char line[512], all[4096] = "";
    const char *at;

    while (said && fgets(line, sizeof line, said)) {
        strncat(all, line, sizeof all - strlen(all) - 1);
        if ((at = strstr(line, "HJ 212 on ")) && (at = strstr(at, " port ")))
            server->hj212 = atoi(at + 6);
        if ((at = strstr(line, "HTTP on ")) && (at = strstr(at, " port ")))
            server->http = atoi(at + 6);
        if (strstr(line, "ready"))
            return; /* the pipe stays open for what it says later */
    }
    harness_fail("the server does not start: %s", all);
}

/* On one more door, "--http" or "--mqtt", NULL: devices alone, with what it is told. */
static void start(struct harness *harness, struct server *server, const char *store, const char *door, const char *what)
{
    char gk[PATH_SIZE], mappings[PATH_SIZE];
    int pipes[2];

    find_gk(gk);
    (void)snprintf(mappings, sizeof mappings, "%s/mappings.csv", harness_dir(harness));
    write_file(mappings, "mn,code,suffix,facility,channel\n*,100000,Ia,{mn},ia\n*,100000,Ib,{mn},ib\n"
                         "*,100000,Ic,{mn},ic\n*,100000,Pt,{mn},kw\n");
    struct gk_options options = {.size = sizeof options};
    struct gk_error error = {0};
    gk_db *db;
    fill_check(gk_open(store, GK_READWRITE | GK_CREATE, &options, &db, &error), &error, store);
    fill_close(db);
    if (pipe(pipes) != 0)
        harness_fail("no pipe: %s", strerror(errno));
    server->pid = fork();
    if (server->pid == 0) {
        pin(0);
        (void)dup2(pipes[1], STDERR_FILENO);
        (void)close(pipes[0]);
        (void)close(pipes[1]);
        execl(gk, gk, "serve", store, "--hj212", "0", "--table", mappings, door, what, NULL);
        fprintf(stderr, "%s: %s\n", gk, strerror(errno));
        _exit(127);
    }
    (void)close(pipes[1]);
    wait_ready(server, pipes[0]);
    pin(1);
}

static void stop(struct server *server)
{
    int status;

    if (kill(server->pid, SIGTERM) != 0 || waitpid(server->pid, &status, 0) != server->pid || status != 0)
        harness_fail("the server ended badly");
}

/* Seconds of its processor so far. */
static double cpu_of(const struct server *server)
{
    char path[64], line[1024];
    unsigned long user = 0, system = 0;

    (void)snprintf(path, sizeof path, "/proc/%d/stat", (int)server->pid);
    FILE *file = fopen(path, "r");
    if (!file || !fgets(line, sizeof line, file) ||
        sscanf(strrchr(line, ')') + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &system) != 2)
        harness_fail("cannot read '%s'", path);
    fclose(file);
    return (double)(user + system) / (double)sysconf(_SC_CLK_TCK);
}

static double memory_of(const struct server *server)
{
    char path[64], line[256];
    double kilobytes = 0;

    (void)snprintf(path, sizeof path, "/proc/%d/status", (int)server->pid);
    FILE *file = fopen(path, "r");
    while (file && fgets(line, sizeof line, file))
        if (strncmp(line, "RssAnon:", 8) == 0)
            kilobytes = strtod(line + 8, NULL);
    if (file)
        fclose(file);
    return kilobytes * 1024;
}

static int connect_to(int port, bool is_blocking)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    int on = 1, fd = socket(AF_INET, SOCK_STREAM, 0);

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address) != 0)
        harness_fail("cannot connect: %s", strerror(errno));
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (!is_blocking)
        (void)fcntl(fd, F_SETFL, O_NONBLOCK);
    return fd;
}

/* ---- devices ---- */

struct device {
    int fd;
    char *bytes; /* all of its packets */
    size_t n, sent;
    uint64_t n_replies;
    int hash; /* # of the replies that came in a row */
};

static void make_packets(struct device *device, uint64_t index, uint64_t n_packets)
{
    char segment[512];

    device->bytes = harness_take(n_packets, 256);
    for (uint64_t i = 0; i < n_packets; i++) {
        uint64_t bits = (index * 1000003 + i) * UINT64_C(0x9E3779B97F4A7C15) >> 40, amps = 4000 + bits % 300;
        int n = snprintf(segment, sizeof segment,
                         "QN=20260101%02" PRIu64 "%02" PRIu64 "%02" PRIu64 "%03" PRIu64
                         ";ST=80;CN=2011;PW=123456;MN=D%013" PRIu64 ";Flag=5;CP=&&DataTime=20260101%02" PRIu64
                         "%02" PRIu64 "%02" PRIu64 ";100000-Ia=%" PRIu64 ".%02" PRIu64 ",100000-Ib=%" PRIu64
                         ".%02" PRIu64 ",100000-Ic=%" PRIu64 ".%02" PRIu64 ",100000-Pt=%" PRIu64 ".%03" PRIu64 "&&",
                         i / 360, i / 6 % 60, i % 6 * 10, index % 1000, index, i / 360, i / 6 % 60, i % 6 * 10,
                         amps / 100, amps % 100, (amps + 3) / 100, (amps + 3) % 100, (amps + 7) / 100, (amps + 7) % 100,
                         amps / 200, bits % 1000);
        device->n += gk_hj212_write(segment, (size_t)n, GK_HJ212_CRC_STANDARD, device->bytes + device->n);
    }
}

/* Each reply is a packet: what is counted is how often ## comes. */
static void read_replies(struct device *device)
{
    char bytes[65536];
    ssize_t n;

    while ((n = recv(device->fd, bytes, sizeof bytes, 0)) > 0)
        for (ssize_t i = 0; i < n; i++) {
            device->hash = bytes[i] == '#' ? device->hash + 1 : 0;
            device->n_replies += device->hash == 2;
        }
    if (n == 0 || (errno != EAGAIN && errno != EINTR))
        harness_fail("the server closed a connection");
}

static void send_some(struct device *device)
{
    while (device->sent < device->n) {
        ssize_t n = send(device->fd, device->bytes + device->sent, device->n - device->sent, MSG_NOSIGNAL);
        if (n < 0)
            break;
        device->sent += (size_t)n;
    }
}

/* Until all of them have all replies. */
static void run_devices(struct device *devices, uint64_t n_packets)
{
    struct epoll_event events[EVENTS_MAX];
    uint64_t n_left = n_connections;
    int epoll = epoll_create1(0);

    for (uint64_t d = 0; d < n_connections; d++) {
        struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLET, .data.ptr = &devices[d]};
        if (epoll_ctl(epoll, EPOLL_CTL_ADD, devices[d].fd, &event) != 0)
            harness_fail("epoll: %s", strerror(errno));
    }
    while (n_left > 0) {
        int n = epoll_wait(epoll, events, EVENTS_MAX, 60000);
        if (n == 0)
            harness_fail("the server answers no more");
        for (int i = 0; i < n; i++) {
            struct device *device = events[i].data.ptr;
            bool was_done = device->n_replies >= n_packets;
            if (events[i].events & EPOLLOUT)
                send_some(device);
            if (events[i].events & EPOLLIN)
                read_replies(device);
            n_left -= !was_done && device->n_replies >= n_packets;
        }
    }
    (void)close(epoll);
}

static void run_hj212_once(struct harness *harness, uint64_t n_packets)
{
    struct device *devices = harness_take(n_connections, sizeof *devices);
    double total = (double)n_connections * (double)n_packets;
    struct server server = {0};
    char store[PATH_SIZE];

    (void)snprintf(store, sizeof store, "%s/serve.gk", harness_dir(harness));
    start(harness, &server, store, NULL, NULL);
    double memory = memory_of(&server);
    for (uint64_t d = 0; d < n_connections; d++) {
        make_packets(&devices[d], d, n_packets);
        devices[d].fd = connect_to(server.hj212, false);
    }
    double idle = memory;
    for (int i = 0; i < 100 && (i < 20 || memory_of(&server) != idle); i++) { /* until it has accepted all */
        idle = memory_of(&server);
        (void)usleep(20000);
    }
    double cpu = cpu_of(&server), from = harness_now();
    run_devices(devices, n_packets);
    double took = harness_now() - from;
    cpu = cpu_of(&server) - cpu;
    harness_value(harness, "hj212 packets", HARNESS_US, total / took);
    harness_value(harness, "hj212 values", HARNESS_US, total * VALUES / took);
    harness_value(harness, "hj212 cpu", HARNESS_US, cpu / total);
    harness_value(harness, "hj212 idle", HARNESS_US, (idle - memory) / (double)n_connections);
    harness_value(harness, "hj212 busy", HARNESS_US, (memory_of(&server) - memory) / (double)n_connections);
    for (uint64_t d = 0; d < n_connections; d++) {
        (void)close(devices[d].fd);
        free(devices[d].bytes);
    }
    free(devices);
    stop(&server);
    harness_remove(store);
}

static void run_hj212(struct harness *harness)
{
    bool is_quick = harness_is_quick(harness);
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &limit);
    }
    for (int run = 0; run < (is_quick ? 1 : RUNS); run++)
        run_hj212_once(harness, is_quick ? PACKETS_QUICK : PACKETS);
    harness_note(harness, "hj212: %" PRIu64 " connections, %d packets each, %d values a packet, the server on one core",
                 n_connections, is_quick ? PACKETS_QUICK : PACKETS, VALUES);
}

/* ---- lines ---- */

static size_t make_body(uint64_t number, char *out)
{
    static char body[LINES * 128];
    size_t n = 0;

    for (uint64_t i = 0; i < LINES; i++) {
        uint64_t row = number * LINES + i, bits = row * UINT64_C(0x9E3779B97F4A7C15) >> 40;
        n += (size_t)sprintf(
            body + n,
            "meter,facility=F%03" PRIu64 " ia=%" PRIu64 ".%02" PRIu64 ",kw=%" PRIu64 ".%03" PRIu64 " %" PRId64 "\n",
            row % METERS, 40 + bits % 5, bits % 100, 20 + bits % 3, bits % 1000, BEGIN_S + (int64_t)(row / METERS));
    }
    size_t head = (size_t)sprintf(out, "POST /write?precision=s HTTP/1.1\r\nHost: b\r\nContent-Length: %zu\r\n\r\n", n);
    memcpy(out + head, body, n);
    return head + n;
}

static void post(int fd, const char *request, size_t size)
{
    char answer[4096];
    size_t n = 0;

    while (size > 0) {
        ssize_t sent = send(fd, request, size, MSG_NOSIGNAL);
        if (sent <= 0)
            harness_fail("the server took no lines: %s", strerror(errno));
        request += sent;
        size -= (size_t)sent;
    }
    do {
        ssize_t got = recv(fd, answer + n, sizeof answer - 1 - n, 0);
        if (got <= 0)
            harness_fail("the server did not answer");
        n += (size_t)got;
        answer[n] = '\0';
    } while (!strstr(answer, "\r\n\r\n"));
    if (!strstr(answer, " 204 "))
        harness_fail("the server refused lines: %s", answer);
}

static void run_lines_once(struct harness *harness, uint64_t n_bodies)
{
    char **requests = harness_take(n_bodies, sizeof *requests), store[PATH_SIZE];
    size_t *sizes = harness_take(n_bodies, sizeof *sizes);
    double total = (double)n_bodies * LINES;
    struct server server = {0};

    (void)snprintf(store, sizeof store, "%s/serve.gk", harness_dir(harness));
    start(harness, &server, store, "--http", "0");
    for (uint64_t i = 0; i < n_bodies; i++) {
        requests[i] = harness_take(LINES, 128);
        sizes[i] = make_body(i, requests[i]);
    }
    int fd = connect_to(server.http, true);
    double cpu = cpu_of(&server), from = harness_now();
    for (uint64_t i = 0; i < n_bodies; i++)
        post(fd, requests[i], sizes[i]);
    double took = harness_now() - from;
    harness_value(harness, "lines lines", HARNESS_US, total / took);
    harness_value(harness, "lines cpu", HARNESS_US, (cpu_of(&server) - cpu) / total);
    (void)close(fd);
    for (uint64_t i = 0; i < n_bodies; i++)
        free(requests[i]);
    free(requests);
    free(sizes);
    stop(&server);
    harness_remove(store);
}

static void run_lines(struct harness *harness)
{
    bool is_quick = harness_is_quick(harness);

    for (int run = 0; run < (is_quick ? 1 : RUNS); run++)
        run_lines_once(harness, is_quick ? BODIES_QUICK : BODIES);
    harness_note(harness, "lines: bodies of %d lines of two values, one client, the server on one core", LINES);
}

/* ---- messages ---- */

static void add_messages(struct broker *broker, uint64_t n)
{
    char topic[TOPIC_SIZE], payload[PAYLOAD_SIZE];

    for (uint64_t i = 0; i < n; i++) {
        uint64_t bits = i * UINT64_C(0x9E3779B97F4A7C15) >> 40, amps = 4000 + bits % 300;
        (void)snprintf(topic, sizeof topic, "plant/F%03" PRIu64 "/meter", i % METERS);
        (void)snprintf(payload, sizeof payload,
                       "{\"ts\": %" PRId64 ", \"values\": {\"ia\": %" PRIu64 ".%02" PRIu64 ", \"ib\": %" PRIu64
                       ".%02" PRIu64 ", \"ic\": %" PRIu64 ".%02" PRIu64 ", \"power\": %" PRIu64 ".%03" PRIu64 "}}",
                       (BEGIN_S + (int64_t)(i / METERS)) * 1000, amps / 100, amps % 100, (amps + 3) / 100,
                       (amps + 3) % 100, (amps + 7) / 100, (amps + 7) % 100, amps / 200, bits % 1000);
        broker_add(broker, topic, payload);
    }
}

static void run_mqtt_once(struct harness *harness, uint64_t n, uint64_t n_flying, const char *line,
                          const char *cpu_line)
{
    char store[PATH_SIZE], config[PATH_SIZE], text[512];
    struct server server = {0};
    struct broker broker;

    (void)snprintf(store, sizeof store, "%s/serve.gk", harness_dir(harness));
    (void)snprintf(config, sizeof config, "%s/mqtt.conf", harness_dir(harness));
    broker_open(&broker);
    add_messages(&broker, n);
    (void)snprintf(text, sizeof text,
                   "broker = 127.0.0.1:%d\nclient = bench\n[plant/+/meter]\nfacility = {2}\ntime = /ts\nunit = ms\n"
                   "ia = /values/ia\nib = /values/ib\nic = /values/ic\nkw = /values/power\n",
                   broker.port);
    write_file(config, text);
    start(harness, &server, store, "--mqtt", config);
    broker_welcome(&broker);
    double cpu = cpu_of(&server), from = harness_now();
    broker_publish(&broker, n_flying);
    double took = harness_now() - from;
    harness_value(harness, line, HARNESS_US, (double)n / took);
    harness_value(harness, cpu_line, HARNESS_US, (cpu_of(&server) - cpu) / (double)n);
    stop(&server);
    broker_close(&broker);
    harness_remove(store);
}

static void run_mqtt(struct harness *harness)
{
    bool is_quick = harness_is_quick(harness);
    int part = is_quick ? 10 : 1;

    for (int run = 0; run < (is_quick ? 1 : RUNS); run++) {
        run_mqtt_once(harness, MESSAGES / part, UINT64_MAX, "mqtt messages", "mqtt cpu");
        run_mqtt_once(harness, FEW_MESSAGES / part, FLYING, "mqtt few", "mqtt few_cpu");
    }
    harness_note(harness,
                 "mqtt: %d messages of four values as JSON with quality of service 1; few: %d, at most %d of them on "
                 "their way",
                 MESSAGES / part, FEW_MESSAGES / part, FLYING);
}

/* ---- the program ---- */

static bool take_option(const char *name, const char *value)
{
    if (strcmp(name, "--gk") == 0)
        gk_path = value;
    else if (strcmp(name, "--connections") == 0 && strtoull(value, NULL, 10) > 0)
        n_connections = strtoull(value, NULL, 10);
    else
        return false;
    return true;
}

static const struct harness_workload workloads[] = {
    {"serve.hj212", "devices that speak HJ 212", run_hj212},
    {"serve.lines", "the line protocol over HTTP", run_lines},
    {"serve.mqtt", "messages of a broker", run_mqtt},
};

int main(int argc, char **argv)
{
    static const struct harness_program program = {
        .name = "bench_serve",
        .lines = lines,
        .n_lines = sizeof lines / sizeof lines[0],
        .workloads = workloads,
        .n_workloads = sizeof workloads / sizeof workloads[0],
        .option = take_option,
        .help = "  --gk FILE          the gk that serves (the one of this build)\n"
                "  --connections N    devices (2000)\n",
    };

    return harness_main(&program, argc, argv);
}
