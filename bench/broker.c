/*
 * broker.c - one connection, blocking while a subscriber logs in and not any more while messages go out and
 * acknowledgements come in. Whatever is not as the protocol has it ends the program.
 */
#define _GNU_SOURCE /* SOCK_CLOEXEC */
#include "broker.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "harness.h"

#define ID_LAST   65535
#define WAIT_MS   60000
#define LOGIN_MAX 4096 /* bytes of CONNECT and SUBSCRIBE */

void broker_open(struct broker *broker)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t size = sizeof address;

    *broker = (struct broker){.listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), .fd = -1};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (broker->listener < 0 || bind(broker->listener, (struct sockaddr *)&address, sizeof address) != 0 ||
        listen(broker->listener, 1) != 0 || getsockname(broker->listener, (struct sockaddr *)&address, &size) != 0)
        harness_fail("cannot listen: %s", strerror(errno));
    broker->port = ntohs(address.sin_port);
}

void broker_close(struct broker *broker)
{
    (void)close(broker->listener);
    if (broker->fd >= 0)
        (void)close(broker->fd);
    free(broker->bytes);
    free(broker->ends);
}

static void *grow(void *items, uint64_t n, size_t size)
{
    void *grown = realloc(items, n * size);

    if (!grown)
        harness_fail("no memory for messages");
    return grown;
}

static void put(struct broker *broker, const char *bytes, size_t size)
{
    if (broker->size + size > broker->capacity) {
        broker->capacity = 2 * (broker->capacity + size);
        broker->bytes = grow(broker->bytes, broker->capacity, 1);
    }
    memcpy(broker->bytes + broker->size, bytes, size);
    broker->size += size;
}

static void put_u16(struct broker *broker, size_t v)
{
    put(broker, (char[]){(char)(v >> 8), (char)v}, 2);
}

void broker_add(struct broker *broker, const char *topic, const char *payload)
{
    size_t n = strlen(topic), size = strlen(payload), rest = 2 + n + 2 + size;

    put(broker, "\x32", 1); /* PUBLISH, quality 1 */
    for (; rest >= 128; rest /= 128)
        put(broker, (char[]){(char)(rest % 128 | 128)}, 1);
    put(broker, (char[]){(char)rest}, 1);
    put_u16(broker, n);
    put(broker, topic, n);
    put_u16(broker, broker->n % ID_LAST + 1);
    put(broker, payload, size);
    if (broker->n == broker->ends_capacity) {
        broker->ends_capacity = 2 * broker->ends_capacity + 1024;
        broker->ends = grow(broker->ends, broker->ends_capacity, sizeof *broker->ends);
    }
    broker->ends[broker->n++] = broker->size;
}

/* ---- a subscriber ---- */

static void read_all(int fd, uint8_t *bytes, size_t n)
{
    if (recv(fd, bytes, n, MSG_WAITALL) != (ssize_t)n)
        harness_fail("the subscriber is gone");
}

/* Reads one packet of the login, of this type. */
static void read_packet(int fd, unsigned type)
{
    uint8_t bytes[LOGIN_MAX];
    size_t size = 0, shift = 0;

    read_all(fd, bytes, 1);
    if (bytes[0] >> 4 != type)
        harness_fail("the subscriber sent a packet of type %u, expected %u", bytes[0] >> 4, type);
    do {
        read_all(fd, bytes, 1);
        size |= (size_t)(bytes[0] & 127) << shift;
        shift += 7;
    } while (bytes[0] & 128 && shift < 28);
    if (size > sizeof bytes)
        harness_fail("the subscriber logs in with %zu bytes", size);
    read_all(fd, bytes, size);
}

static void say(int fd, const char *bytes, size_t size)
{
    if (send(fd, bytes, size, MSG_NOSIGNAL) != (ssize_t)size)
        harness_fail("the subscriber is gone: %s", strerror(errno));
}

void broker_welcome(struct broker *broker)
{
    int on = 1;

    broker->fd = accept(broker->listener, NULL, NULL);
    if (broker->fd < 0)
        harness_fail("no subscriber: %s", strerror(errno));
    (void)setsockopt(broker->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    read_packet(broker->fd, 1);       /* CONNECT */
    say(broker->fd, "\x20\2\0\0", 4); /* CONNACK */
    read_packet(broker->fd, 8);       /* SUBSCRIBE */
    say(broker->fd, "\x90\3\0\1\1", 5);
    (void)fcntl(broker->fd, F_SETFL, O_NONBLOCK);
}

/* ---- messages ---- */

/* As much as the socket takes of the messages up to `n`; returns the bytes that were sent in all. */
static size_t send_some(const struct broker *broker, size_t sent, uint64_t n)
{
    size_t end = n > 0 ? broker->ends[n - 1] : 0;

    while (sent < end) {
        ssize_t got = send(broker->fd, broker->bytes + sent, end - sent, MSG_NOSIGNAL);
        if (got < 0 && errno == EAGAIN)
            break;
        if (got < 0)
            harness_fail("the subscriber is gone: %s", strerror(errno));
        sent += (size_t)got;
    }
    return sent;
}

/* Acknowledgements (PUBACK, four bytes) that came, in the order of the messages; *n_rest: of one that is cut. */
static uint64_t read_acks(const struct broker *broker, uint64_t n_acked, uint8_t *rest, size_t *n_rest)
{
    uint8_t bytes[65536];
    ssize_t got;

    memcpy(bytes, rest, *n_rest);
    got = recv(broker->fd, bytes + *n_rest, sizeof bytes - *n_rest, 0);
    if (got < 0 && errno == EAGAIN)
        return n_acked;
    if (got <= 0)
        harness_fail("the subscriber closed the connection");
    size_t n = *n_rest + (size_t)got, at = 0;
    for (; at + 4 <= n; at += 4, n_acked++)
        if (bytes[at] != 0x40 || (uint64_t)(bytes[at + 2] << 8 | bytes[at + 3]) != n_acked % ID_LAST + 1)
            harness_fail("message %llu is not what was acknowledged next", (unsigned long long)n_acked);
    *n_rest = n - at;
    memcpy(rest, bytes + at, *n_rest);
    return n_acked;
}

void broker_publish(struct broker *broker, uint64_t n_flying)
{
    struct pollfd poll_fd = {.fd = broker->fd};
    uint64_t n_acked = 0;
    size_t sent = 0, n_rest = 0;
    uint8_t rest[4];

    if (n_flying > ID_LAST)
        n_flying = ID_LAST; /* each has an identifier of its own */
    while (n_acked < broker->n) {
        uint64_t n = broker->n - n_acked < n_flying ? broker->n : n_acked + n_flying;
        sent = send_some(broker, sent, n);
        poll_fd.events = (short)(POLLIN | (sent < broker->ends[n - 1] ? POLLOUT : 0));
        if (poll(&poll_fd, 1, WAIT_MS) == 0)
            harness_fail("the subscriber acknowledges no more");
        n_acked = read_acks(broker, n_acked, rest, &n_rest);
    }
}
