/*
 * serve_mqtt.c - messages of an MQTT broker become rows. Of a message with quality of service 1 the broker is told
 * (PUBACK) when its rows are durable, and the session outlives the connection: what was not acknowledged comes again,
 * whatever was killed.
 *
 *     closed -> connecting -> logging in -> subscribing -> taking messages
 *        ^          |             |              |              |
 *        +----------+-------------+--------------+--------------+     and again, after 1 s to a minute
 *
 * Lines of messages gather until the next commit. A message that cannot be understood is counted, told in the log, and
 * acknowledged: sending it again would not help.
 *
 * A broker lets few messages go unacknowledged (mosquitto 20) and does not say how many. Where two commits in a row
 * have the same number of them, that is taken for it, until more come at once: as soon as so many are there, the broker
 * waits and nothing is gained by waiting on. Else it would be 20 messages each 100 ms.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "address.h"
#include "mqtt_payload.h"
#include "serve.h"

#define KEEPALIVE_S  60
#define RETRY_NS     GK_SECOND
#define RETRY_MAX_NS (60 * GK_SECOND)
#define PACKET_MAX   ((size_t)16 << 20)
#define READ_SIZE    65536
#define SUBSCRIBE_ID 1

enum state { CLOSED, CONNECTING, LOGGING_IN, SUBSCRIBING, TAKING };

struct mqtt_client {
    struct watched watched; /* first */
    struct mqtt_config *config;
    const char *path;
    enum state state;
    gk_time retry_at, heard, spoken; /* monotonic */
    int64_t retry_ns;
    struct output in, out; /* bytes that came and are no whole packet yet; bytes that are to be sent */
    struct output lines;   /* of messages since the last commit */
    uint16_t *acks;        /* of these messages */
    size_t n_acks, acks_capacity;
    size_t n_acks_before, window; /* of the last commit with some; so many the broker lets be, 0: not known */
    bool is_failed;               /* the store did not take the lines */
};

/* ---- the connection ----
 */

static void drop(struct serve *serve, const char *words)
{
    struct mqtt_client *m = serve->mqtt;

    if (m->watched.fd >= 0)
        (void)close(m->watched.fd); /* and leaves the epoll by it */
    if (words != NULL)
        serve_note(serve, "MQTT %s: %s; trying again in %" PRId64 " s", m->config->broker, words,
                   m->retry_ns / GK_SECOND);
    m->watched.fd = -1;
    m->state = CLOSED;
    m->retry_at = tool_monotonic() + m->retry_ns;
    m->retry_ns = 2 * m->retry_ns < RETRY_MAX_NS ? 2 * m->retry_ns : RETRY_MAX_NS;
    m->in.n = m->out.n = m->n_acks = 0; /* who is not acknowledged sends again */
}

/* Sends what it can. */
static void send_out(struct serve *serve)
{
    struct mqtt_client *m = serve->mqtt;
    ssize_t n = 0;

    while (m->out.n > 0 && (n = send(m->watched.fd, m->out.bytes, m->out.n, MSG_NOSIGNAL)) > 0) {
        memmove(m->out.bytes, m->out.bytes + n, m->out.n - (size_t)n);
        m->out.n -= (size_t)n;
        m->spoken = tool_monotonic();
    }
    if (n < 0 && errno != EAGAIN && errno != EINTR)
        drop(serve, strerror(errno));
    else
        serve_rewatch(serve, &m->watched, EPOLLIN | (m->out.n > 0 ? EPOLLOUT : 0));
}

static void begin_connection(struct serve *serve)
{
    struct mqtt_client *m = serve->mqtt;
    struct addrinfo *info = address_find(serve->command, m->config->broker);
    bool is_begun = false;

    if (info != NULL) {
        m->watched.fd = socket(info->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        is_begun = m->watched.fd >= 0 &&
                   (connect(m->watched.fd, info->ai_addr, info->ai_addrlen) == 0 || errno == EINPROGRESS) &&
                   serve_watch(serve, &m->watched, EPOLLOUT);
        freeaddrinfo(info);
    }
    m->heard = tool_monotonic();
    if (is_begun)
        m->state = CONNECTING;
    else
        drop(serve, info != NULL ? strerror(errno) : "it has no address");
}

static void log_in(struct serve *serve)
{
    struct mqtt_client *m = serve->mqtt;
    const struct mqtt_login login = {m->config->client, m->config->user, m->config->password, KEEPALIVE_S};
    int failure = 0;
    socklen_t size = sizeof failure;

    if (getsockopt(m->watched.fd, SOL_SOCKET, SO_ERROR, &failure, &size) != 0 || failure != 0) {
        drop(serve, strerror(failure));
        return;
    }
    m->state = LOGGING_IN;
    mqtt_put_connect(&m->out, &login);
    send_out(serve);
}

/* ---- messages ----
 */

static void add_ack(struct mqtt_client *m, uint16_t id)
{
    if (id == 0)
        return;
    if (m->n_acks == m->acks_capacity) {
        m->acks_capacity = m->acks_capacity > 0 ? 2 * m->acks_capacity : 256;
        m->acks = tool_resize(m->acks, m->acks_capacity, sizeof *m->acks);
    }
    m->acks[m->n_acks++] = id;
}

static void take_message(struct serve *serve, const struct mqtt_packet *message)
{
    struct mqtt_client *m = serve->mqtt;
    const struct mqtt_topic *topic = NULL;
    struct gk_error error = {0};

    for (size_t i = 0; i < m->config->n_topics && topic == NULL; i++)
        if (mqtt_topic_fits(m->config->topics[i].filter, message->topic))
            topic = &m->config->topics[i];
    serve->counters[SERVE_MESSAGES]++;
    add_ack(m, message->id);
    serve_taken(serve);
    if (topic == NULL || (message->is_retained && topic->time == NULL && !topic->is_lines))
        return; /* of an earlier subscription; or of nobody knows when */
    if (mqtt_payload_lines(topic, message, serve->zone_s, gk_clock(serve->db), &m->lines, &error))
        return;
    serve->counters[SERVE_MESSAGES_BAD]++;
    serve_note(serve, "MQTT topic %.*s: %s", (int)message->topic.size, message->topic.bytes, error.text);
}

static void subscribe(struct serve *serve)
{
    struct mqtt_client *m = serve->mqtt;
    const char *filters[MQTT_TOPICS_MAX];

    for (size_t i = 0; i < m->config->n_topics; i++)
        filters[i] = m->config->topics[i].filter;
    m->state = SUBSCRIBING;
    mqtt_put_subscribe(&m->out, SUBSCRIBE_ID, filters, m->config->n_topics);
}

static const char *refusal(uint8_t code)
{
    static const char *const words[] = {"",
                                        "the broker does not speak MQTT 3.1.1",
                                        "the broker refuses the client's name",
                                        "the broker is not available",
                                        "user or password is wrong",
                                        "the broker does not allow it"};

    return code < sizeof words / sizeof *words ? words[code] : "the broker refuses";
}

/* False: the connection was dropped. */
static bool take_packet(struct serve *serve, const struct mqtt_packet *packet)
{
    struct mqtt_client *m = serve->mqtt;

    switch (packet->type) {
    case MQTT_CONNACK:
        if (packet->code != 0) {
            drop(serve, refusal(packet->code));
            return false;
        }
        subscribe(serve);
        return true;
    case MQTT_SUBACK:
        if (packet->code != 0)
            serve_note(serve, "MQTT %s: %d topics are refused by the broker", m->config->broker, packet->code);
        else
            say(serve->command->name, "MQTT %s: %zu topics", m->config->broker, m->config->n_topics);
        m->state = TAKING;
        m->retry_ns = RETRY_NS;
        return true;
    case MQTT_PUBLISH: /* may come before the SUBACK: the session was there */
        take_message(serve, packet);
        return true;
    default:
        return true;
    }
}

static void take_packets(struct serve *serve)
{
    struct mqtt_client *m = serve->mqtt;
    struct mqtt_packet packet;
    size_t at = 0;
    long n;

    while ((n = mqtt_read(m->in.bytes + at, m->in.n - at, PACKET_MAX, &packet)) > 0) {
        at += (size_t)n;
        if (!take_packet(serve, &packet))
            return;
    }
    if (n < 0) {
        drop(serve, "it sent what is no packet, or one of more than 16 MB");
        return;
    }
    if (at > 0)
        memmove(m->in.bytes, m->in.bytes + at, m->in.n - at);
    m->in.n -= at;
}

static void mqtt_ready(struct serve *serve, struct watched *watched, uint32_t events)
{
    struct mqtt_client *m = (struct mqtt_client *)watched;
    char bytes[READ_SIZE];
    ssize_t n;

    if (m->state == CONNECTING) {
        log_in(serve);
        return;
    }
    if (events & (EPOLLIN | EPOLLHUP | EPOLLERR)) {
        n = recv(watched->fd, bytes, sizeof bytes, 0);
        if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR)) {
            drop(serve, n == 0 ? "it closed the connection" : strerror(errno));
            return;
        }
        if (n > 0) {
            m->heard = tool_monotonic();
            output_bytes(&m->in, bytes, (size_t)n);
            take_packets(serve);
        }
    }
    if (m->watched.fd >= 0)
        send_out(serve);
}

/* ---- with the loop ----
 */

static void note_reject(void *context, uint64_t line, const char *text, size_t size, const struct gk_error *reason)
{
    struct serve *serve = context;

    (void)line;
    serve->counters[SERVE_MESSAGES_BAD]++;
    serve_note(serve, "MQTT: %s: %.*s", reason->text, size > 120 ? 120 : (int)size, text);
}

void mqtt_flush(struct serve *serve)
{
    struct mqtt_client *m = serve->mqtt;
    const struct gk_load_options options = {
        .size = sizeof options, .reject = note_reject, .context = serve, .form = GK_TABLE_POINTS};
    struct gk_error error = {0};
    gk_load *load = NULL;
    int rc;

    if (m == NULL || m->lines.n == 0)
        return;
    rc = gk_load_open(serve->db, &options, &load, &error);
    if (rc == GK_OK)
        rc = gk_load_feed(load, m->lines.bytes, m->lines.n, &error);
    if (rc == GK_OK)
        rc = gk_load_finish(load, NULL, &error);
    gk_load_close(load);
    m->lines.n = 0;
    m->is_failed = rc != GK_OK;
    error.status = rc;
    if (rc != GK_OK)
        (void)serve_failed(serve, &error); /* the loop looks at is_stopping */
}

bool mqtt_is_awaited(const struct serve *serve)
{
    const struct mqtt_client *m = serve->mqtt;

    return m != NULL && m->window > 0 && m->n_acks >= m->window;
}

static void learn_window(struct mqtt_client *m)
{
    if (m->n_acks == 0)
        return;
    if (m->n_acks == m->n_acks_before)
        m->window = m->n_acks;
    else if (m->n_acks > m->window)
        m->window = 0;
    m->n_acks_before = m->n_acks;
}

void mqtt_committed(struct serve *serve, bool is_durable)
{
    struct mqtt_client *m = serve->mqtt;

    if (m == NULL)
        return;
    if (!is_durable || m->is_failed) {
        m->is_failed = false;
        if (m->state != CLOSED)
            drop(serve, "the store did not take its messages");
        return;
    }
    learn_window(m);
    for (size_t i = 0; i < m->n_acks; i++)
        mqtt_put_puback(&m->out, m->acks[i]);
    serve->counters[SERVE_REPLIES] += m->n_acks;
    m->n_acks = 0;
    if (m->state > CONNECTING && m->out.n > 0)
        send_out(serve);
}

void mqtt_tick(struct serve *serve)
{
    struct mqtt_client *m = serve->mqtt;
    gk_time now = tool_monotonic();

    if (m == NULL || serve->is_stopping)
        return;
    if (m->state == CLOSED && now >= m->retry_at && !serve->is_full)
        begin_connection(serve);
    else if (m->state != CLOSED && now - m->heard > KEEPALIVE_S * 3 / 2 * GK_SECOND)
        drop(serve, "it is silent");
    else if (m->state == TAKING && now - m->spoken > KEEPALIVE_S / 2 * GK_SECOND) {
        mqtt_put_empty(&m->out, MQTT_PINGREQ);
        send_out(serve);
    }
}

bool mqtt_is_connected(const struct serve *serve)
{
    return serve->mqtt != NULL && serve->mqtt->state == TAKING;
}

bool mqtt_open(struct serve *serve, const char *path)
{
    struct mqtt_client *m = tool_resize(NULL, 1, sizeof *m);
    struct gk_error error;

    *m = (struct mqtt_client){.watched = {-1, mqtt_ready}, .path = path, .retry_ns = RETRY_NS};
    output_init(&m->in, -1);
    output_init(&m->out, -1);
    output_init(&m->lines, -1);
    serve->mqtt = m;
    if (!mqtt_config_read(path, &m->config, &error)) {
        say(serve->command->name, "%s: %s", path, error.text);
        return false;
    }
    for (size_t i = 0; i < m->config->n_topics; i++)
        if (!m->config->topics[i].is_lines && !mqtt_has_json()) {
            say(serve->command->name, "this gk was built without jansson (libjansson-dev): MQTT takes payload = lines");
            return false;
        }
    begin_connection(serve);
    return true;
}

void mqtt_close(struct serve *serve)
{
    struct mqtt_client *m = serve->mqtt;

    if (m == NULL)
        return;
    if (m->state == TAKING) {
        mqtt_put_empty(&m->out, MQTT_DISCONNECT);
        send_out(serve);
    }
    if (m->watched.fd >= 0)
        (void)close(m->watched.fd);
    output_clear(&m->in);
    output_clear(&m->out);
    output_clear(&m->lines);
    mqtt_config_free(m->config);
    free(m->acks);
    free(m);
    serve->mqtt = NULL;
}
