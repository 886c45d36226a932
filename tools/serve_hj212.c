/*
 * serve_hj212.c - devices that speak HJ 212 over TCP. A connection has a decoder of its own; packets go through the one
 * mapper. Each turn of the loop reads a bounded piece of each connection that has something, so that a device that
 * floods does not starve the others.
 *
 *     read -> decode -> take -> (reply wanted: held) -> commit -> held becomes out -> sent
 */
#define _GNU_SOURCE /* accept4 */
#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "serve.h"

#define READ_MAX    16384        /* bytes of a connection in a turn of the loop */
#define OUT_MAX     (256u << 10) /* bytes of replies that a device may leave lying; then it is cut off */
#define REPEATS     64           /* packets that a connection remembers, to tell repeats */
#define PEER_MAX    64
#define ACCEPTS_MAX 64 /* in a turn */

/* Growing bytes. */
struct bytes {
    char *at;
    size_t n, room;
};

struct connection {
    struct watched watched; /* first */
    char peer[PEER_MAX];
    gk_hj212 *decoder;
    gk_time heard_at;  /* when the last good packet came: bytes alone keep no connection */
    bool is_ended;     /* the other side has said all it wants */
    struct bytes held; /* replies to what is not durable yet */
    uint64_t n_held;
    struct bytes out; /* replies on their way */
    bool is_waiting;  /* its `held` waits for a commit */
    size_t at;        /* in the server's list */
};

struct hj212_server {
    struct watched listener; /* first */
    gk_hj212_learner *learner;
    bool is_paused; /* no descriptors: accepts again with the next tick */
    struct connection **connections;
    size_t n, room;
};

static void bytes_put(struct bytes *bytes, const char *more, size_t n)
{
    if (bytes->n + n > bytes->room) {
        bytes->room = 2 * (bytes->n + n);
        bytes->at = tool_resize(bytes->at, bytes->room, 1);
    }
    memcpy(bytes->at + bytes->n, more, n);
    bytes->n += n;
}

static void count_packets(const struct connection *connection, uint64_t packets[GK_HJ212_VERDICTS])
{
    uint64_t counts[GK_HJ212_VERDICTS];

    gk_hj212_counts(connection->decoder, counts);
    for (int v = 0; v < GK_HJ212_VERDICTS; v++)
        packets[v] += counts[v];
}

/* Forgets it. The descriptor leaves the epoll as it is closed. */
static void drop(struct serve *serve, struct connection *connection)
{
    struct hj212_server *server = serve->hj212;

    backfill_gone(serve, connection);
    count_packets(connection, serve->packets);
    (void)close(connection->watched.fd);
    gk_hj212_close(connection->decoder);
    free(connection->held.at);
    free(connection->out.at);
    server->connections[connection->at] = server->connections[--server->n];
    server->connections[connection->at]->at = connection->at;
    free(connection);
}

static void lose(struct serve *serve, struct connection *connection, const char *why)
{
    serve->counters[SERVE_CONNECTIONS_LOST]++;
    serve_note(serve, "hj212 %s: closed: %s", connection->peer, why);
    drop(serve, connection);
}

/* Sends what it takes; false: it is gone. */
static bool send_out(struct serve *serve, struct connection *connection)
{
    struct bytes *out = &connection->out;
    size_t sent = 0;

    while (sent < out->n) {
        ssize_t n = send(connection->watched.fd, out->at + sent, out->n - sent, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && errno != EAGAIN && errno != EWOULDBLOCK) {
            lose(serve, connection, strerror(errno));
            return false;
        }
        if (n < 0)
            break;
        sent += (size_t)n;
    }
    memmove(out->at, out->at + sent, out->n - sent);
    out->n -= sent;
    if (out->n == 0) { /* thousands of connections have nothing to send */
        free(out->at);
        *out = (struct bytes){NULL, 0, 0};
    }
    if (out->n > OUT_MAX) {
        lose(serve, connection, "it does not take its replies");
        return false;
    }
    serve_rewatch(serve, &connection->watched, EPOLLIN | (out->n > 0 ? EPOLLOUT : 0u));
    return true;
}

/* It goes with what is sent next: a packet of the connection is in hand, which must not end under it. */
void hj212_send(struct serve *serve, struct connection *connection, const char *packet, size_t size)
{
    bytes_put(&connection->out, packet, size);
    serve_rewatch(serve, &connection->watched, EPOLLIN | EPOLLOUT);
}

/* ---- packets ---- */

/* False: the store failed. */
static bool take_packet(struct serve *serve, struct connection *connection, const struct gk_hj212_packet *packet)
{
    char reply[GK_HJ212_PACKET_MAX];
    struct gk_error error = {0};
    size_t size;
    int rc;

    if (packet->verdict > GK_HJ212_REPEATED) {
        serve_note(serve, "hj212 %s: %s: %s", connection->peer, gk_hj212_verdict_text(packet->verdict), packet->reason);
        return true;
    }
    connection->heard_at = serve->now;
    rc = backfill_before(serve, packet, &error);
    if (rc == GK_OK)
        rc = gk_mapper_take(serve->mapper, packet, &error);
    if (rc != GK_OK) {
        error.status = rc;
        (void)serve_failed(serve, &error); /* the loop looks at is_stopping */
        return false;
    }
    backfill_saw(serve, connection, packet);
    size = gk_hj212_reply(packet, reply);
    if (size > 0) {
        bytes_put(&connection->held, reply, size);
        connection->n_held++;
    }
    connection->is_waiting = connection->held.n > 0;
    serve_taken(serve);
    return true;
}

static void decode(struct serve *serve, struct connection *connection)
{
    const struct gk_hj212_packet *packet;
    struct gk_error error = {0};
    int rc;

    while ((rc = gk_hj212_next(connection->decoder, &packet, &error)) == GK_OK)
        if (!take_packet(serve, connection, packet)) {
            lose(serve, connection, "the store failed, nothing is acknowledged");
            return;
        }
    if (rc != GK_DONE)
        lose(serve, connection, error.text);
}

static void read_some(struct serve *serve, struct connection *connection)
{
    char bytes[READ_MAX];
    struct gk_error error = {0};
    ssize_t n = recv(connection->watched.fd, bytes, sizeof bytes, MSG_DONTWAIT);

    if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR))
        return;
    if (n < 0) {
        lose(serve, connection, strerror(errno));
        return;
    }
    if (n == 0) { /* what it has not sent to the end is judged, and counted */
        gk_hj212_end(connection->decoder);
        connection->is_ended = true;
    } else if (gk_hj212_feed(connection->decoder, bytes, (size_t)n, &error) != GK_OK) {
        lose(serve, connection, error.text);
        return;
    }
    serve->counters[SERVE_BYTES] += (uint64_t)n;
    size_t before = serve->hj212->n;
    decode(serve, connection);
    if (n == 0 && serve->hj212->n == before && !connection->is_waiting)
        drop(serve, connection);
    else if (n == 0 && serve->hj212->n == before) /* it may still take the replies to what becomes durable */
        serve_rewatch(serve, &connection->watched, 0);
}

static void connection_ready(struct serve *serve, struct watched *watched, uint32_t events)
{
    struct connection *connection = (struct connection *)watched;

    if ((events & EPOLLOUT) != 0 && !send_out(serve, connection))
        return;
    if ((events & EPOLLIN) != 0)
        read_some(serve, connection);
    else if ((events & (EPOLLERR | EPOLLHUP)) != 0)
        lose(serve, connection, "the other side has gone");
}

/* What was held may be sent. */
static void release_held(struct connection *connection)
{
    if (connection->out.n == 0) {
        free(connection->out.at);
        connection->out = connection->held;
    } else {
        bytes_put(&connection->out, connection->held.at, connection->held.n);
        free(connection->held.at);
    }
    connection->held = (struct bytes){NULL, 0, 0};
}

void hj212_committed(struct serve *serve, bool is_durable)
{
    struct hj212_server *server = serve->hj212;

    for (size_t i = server ? server->n : 0; i-- > 0;) { /* backwards: one that is dropped gets the last one's place */
        struct connection *connection = server->connections[i];
        if (!connection->is_waiting)
            continue;
        if (!is_durable) {
            lose(serve, connection, "the store failed, nothing is acknowledged");
            continue;
        }
        connection->is_waiting = false;
        release_held(connection);
        serve->counters[SERVE_REPLIES] += connection->n_held;
        connection->n_held = 0;
        if (send_out(serve, connection) && connection->is_ended)
            drop(serve, connection);
    }
}

/* ---- connections ---- */

static void name_peer(const struct sockaddr_storage *address, socklen_t size, char out[PEER_MAX])
{
    char host[PEER_MAX - 8], port[8];

    if (getnameinfo((const struct sockaddr *)address, size, host, sizeof host, port, sizeof port,
                    NI_NUMERICHOST | NI_NUMERICSERV) == 0)
        (void)snprintf(out, PEER_MAX, "%s:%s", host, port);
    else
        (void)snprintf(out, PEER_MAX, "?");
}

static void add_connection(struct serve *serve, int fd, const struct sockaddr_storage *address, socklen_t size)
{
    struct hj212_server *server = serve->hj212;
    const struct gk_hj212_options options = {.size = sizeof options,
                                             .zone_s = serve->zone_s,
                                             .zone_is_set = true,
                                             .repeats = REPEATS,
                                             .learner = server->learner};
    struct connection *connection = tool_resize(NULL, 1, sizeof *connection);
    struct gk_error error = {0};
    int on = 1;

    *connection = (struct connection){.watched = {fd, connection_ready}, .heard_at = serve->now, .at = server->n};
    name_peer(address, size, connection->peer);
    (void)setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on); /* a hint */
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (gk_hj212_open(&options, &connection->decoder, &error) != GK_OK ||
        !serve_watch(serve, &connection->watched, EPOLLIN)) {
        serve->counters[SERVE_CONNECTIONS_REFUSED]++;
        gk_hj212_close(connection->decoder);
        (void)close(fd);
        free(connection);
        return;
    }
    if (server->n == server->room) {
        server->room = server->room > 0 ? 2 * server->room : 64;
        server->connections = tool_resize(server->connections, server->room, sizeof(struct connection *));
    }
    server->connections[server->n++] = connection;
    serve->counters[SERVE_CONNECTIONS]++;
}

static void pause_listening(struct serve *serve, const char *why)
{
    serve_note(serve, "hj212: takes no connections for a moment: %s", why);
    serve->hj212->is_paused = true;
    serve_rewatch(serve, &serve->hj212->listener, 0);
}

static void listener_ready(struct serve *serve, struct watched *watched, uint32_t events)
{
    (void)events;
    for (int i = 0; i < ACCEPTS_MAX; i++) {
        struct sockaddr_storage address = {0};
        socklen_t size = sizeof address;
        int fd = accept4(watched->fd, (struct sockaddr *)&address, &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0 && (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)) {
            serve->counters[SERVE_CONNECTIONS_REFUSED]++;
            pause_listening(serve, strerror(errno));
        }
        if (fd < 0)
            return;
        if (serve->hj212->n >= serve->limits.n_connections) {
            serve->counters[SERVE_CONNECTIONS_REFUSED]++;
            serve_note(serve, "hj212: a connection is refused: there are %" PRIu64 " already",
                       (uint64_t)serve->hj212->n);
            (void)close(fd);
            continue;
        }
        add_connection(serve, fd, &address, size);
    }
}

bool hj212_open(struct serve *serve, const char *address)
{
    int fd = serve_listen(serve, address, "HJ 212");

    if (fd < 0)
        return false;
    serve->hj212 = tool_resize(NULL, 1, sizeof *serve->hj212);
    *serve->hj212 = (struct hj212_server){.listener = {fd, listener_ready}};
    struct gk_error error;
    if (gk_hj212_learner_open(NULL, NULL, &serve->hj212->learner, &error) != GK_OK) {
        (void)tool_failed(serve->command, &error);
        return false;
    }
    return serve_watch(serve, &serve->hj212->listener, EPOLLIN);
}

void hj212_tick(struct serve *serve)
{
    struct hj212_server *server = serve->hj212;

    if (server == NULL)
        return;
    if (server->is_paused && server->listener.fd >= 0) {
        server->is_paused = false;
        serve_rewatch(serve, &server->listener, EPOLLIN);
    }
    for (size_t i = server->n; i-- > 0;)
        if (!server->connections[i]->is_waiting &&
            serve->now - server->connections[i]->heard_at > serve->limits.idle_ns) {
            serve->counters[SERVE_CONNECTIONS_IDLE]++;
            drop(serve, server->connections[i]);
        }
}

void hj212_stop_listening(struct serve *serve)
{
    if (serve->hj212 == NULL || serve->hj212->listener.fd < 0)
        return;
    (void)close(serve->hj212->listener.fd);
    serve->hj212->listener.fd = -1;
}

void hj212_close(struct serve *serve)
{
    if (serve->hj212 == NULL)
        return;
    hj212_stop_listening(serve);
    while (serve->hj212->n > 0)
        drop(serve, serve->hj212->connections[serve->hj212->n - 1]);
    gk_hj212_learner_close(serve->hj212->learner);
    free(serve->hj212->connections);
    free(serve->hj212);
    serve->hj212 = NULL;
}

size_t hj212_n_connections(const struct serve *serve)
{
    return serve->hj212 ? serve->hj212->n : 0;
}

void hj212_packets(const struct serve *serve, uint64_t packets[GK_HJ212_VERDICTS])
{
    memcpy(packets, serve->packets, sizeof serve->packets);
    for (size_t i = 0; i < hj212_n_connections(serve); i++)
        count_packets(serve->hj212->connections[i], packets);
}
