/*
 * mqtt_wire.c - see mqtt_wire.h.
 */
#include "mqtt_wire.h"

#include <string.h>

/* ---- writing ----
 */

static void put_u16(struct output *out, size_t value)
{
    const char bytes[2] = {(char)(value >> 8), (char)value};

    output_bytes(out, bytes, 2);
}

static void put_text(struct output *out, const char *text)
{
    put_u16(out, strlen(text));
    output_bytes(out, text, strlen(text));
}

static void put_head(struct output *out, unsigned type_and_flags, size_t length)
{
    char byte = (char)type_and_flags;

    output_bytes(out, &byte, 1);
    do {
        byte = (char)((length & 127) | (length > 127 ? 128 : 0));
        output_bytes(out, &byte, 1);
        length >>= 7;
    } while (length > 0);
}

/* The session stays when the connection ends: what is not acknowledged comes again. */
void mqtt_put_connect(struct output *out, const struct mqtt_login *login)
{
    size_t length = 10 + 2 + strlen(login->client);
    char flags = (char)((login->user ? 0x80 : 0) | (login->password ? 0x40 : 0));

    length += login->user ? 2 + strlen(login->user) : 0;
    length += login->password ? 2 + strlen(login->password) : 0;
    put_head(out, MQTT_CONNECT << 4, length);
    put_text(out, "MQTT");
    output_bytes(out, "\4", 1); /* 3.1.1 */
    output_bytes(out, &flags, 1);
    put_u16(out, login->keepalive_s);
    put_text(out, login->client);
    if (login->user)
        put_text(out, login->user);
    if (login->password)
        put_text(out, login->password);
}

void mqtt_put_subscribe(struct output *out, uint16_t id, const char *const *topics, size_t n)
{
    size_t length = 2;

    for (size_t i = 0; i < n; i++)
        length += 2 + strlen(topics[i]) + 1;
    put_head(out, MQTT_SUBSCRIBE << 4 | 2, length);
    put_u16(out, id);
    for (size_t i = 0; i < n; i++) {
        put_text(out, topics[i]);
        output_bytes(out, "\1", 1);
    }
}

void mqtt_put_puback(struct output *out, uint16_t id)
{
    put_head(out, MQTT_PUBACK << 4, 2);
    put_u16(out, id);
}

void mqtt_put_empty(struct output *out, enum mqtt_type type)
{
    put_head(out, (unsigned)type << 4, 0);
}

/* ---- reading ----
 */

static uint16_t u16_at(const char *bytes)
{
    return (uint16_t)((uint8_t)bytes[0] << 8 | (uint8_t)bytes[1]);
}

/* The length behind the first byte; its own size, 0: more bytes are needed, -1: it is none. */
static int read_length(const char *bytes, size_t size, size_t *length)
{
    *length = 0;
    for (int i = 0; i < 4; i++) {
        if ((size_t)i + 1 >= size)
            return 0;
        *length |= (size_t)(bytes[1 + i] & 127) << 7 * i;
        if (!(bytes[1 + i] & 128))
            return i + 1;
    }
    return -1;
}

/* Topic, identifier where there is one, and what is left. */
static bool read_publish(const char *body, size_t size, unsigned flags, struct mqtt_packet *out)
{
    unsigned quality = flags >> 1 & 3;
    size_t n, at;

    if (size < 2 || quality > 1) /* nobody was asked for 2 */
        return false;
    n = u16_at(body);
    at = 2 + n;
    if (at + (quality ? 2 : 0) > size || n == 0)
        return false;
    out->topic = (struct gk_text){body + 2, n};
    out->is_retained = flags & 1;
    if (quality) {
        out->id = u16_at(body + at);
        at += 2;
        if (out->id == 0)
            return false;
    }
    out->payload = (struct gk_text){body + at, size - at};
    return true;
}

static bool read_body(const char *body, size_t size, unsigned flags, struct mqtt_packet *out)
{
    switch (out->type) {
    case MQTT_PUBLISH:
        return read_publish(body, size, flags, out);
    case MQTT_CONNACK:
        out->code = size == 2 ? (uint8_t)body[1] : 0;
        return size == 2;
    case MQTT_SUBACK:
        out->id = size > 2 ? u16_at(body) : 0;
        for (size_t i = 2; i < size; i++)
            out->code = (uint8_t)(out->code + ((uint8_t)body[i] == 0x80 && out->code < 255));
        return size > 2;
    case MQTT_PINGRESP:
        return size == 0;
    default: /* what a broker does not send to a subscriber */
        return false;
    }
}

long mqtt_read(const char *bytes, size_t size, size_t most, struct mqtt_packet *out)
{
    size_t length;
    int n;

    *out = (struct mqtt_packet){.code = 0};
    if (size < 2)
        return 0;
    n = read_length(bytes, size, &length);
    if (n <= 0)
        return n;
    if (length > most)
        return -1;
    if (size < 1 + (size_t)n + length)
        return 0;
    out->type = (enum mqtt_type)((uint8_t)bytes[0] >> 4);
    if (!read_body(bytes + 1 + n, length, (uint8_t)bytes[0] & 15, out))
        return -1;
    return 1 + n + (long)length;
}

/* ---- topics ----
 */

bool mqtt_topic_fits(const char *filter, struct gk_text topic)
{
    const char *at = topic.bytes, *end = at + topic.size;

    if (topic.size > 0 && *at == '$' && (*filter == '+' || *filter == '#'))
        return false; /* 4.7.2: what the broker says of itself */
    for (;;) {
        size_t level = strcspn(filter, "/"), size = 0;
        if (*filter == '#')
            return true;
        while (at + size < end && at[size] != '/')
            size++;
        if (!(level == 1 && *filter == '+') && (level != size || memcmp(filter, at, size) != 0))
            return false;
        filter += level;
        at += size;
        if (at == end)
            return *filter == '\0' || strcmp(filter, "/#") == 0;
        if (*filter == '\0')
            return false;
        filter++;
        at++;
    }
}

bool mqtt_filter_is_good(const char *filter)
{
    if (*filter == '\0')
        return false;
    for (const char *level = filter;; level++) {
        size_t n = strcspn(level, "/");
        bool has_many = memchr(level, '#', n) != NULL;
        if ((has_many || memchr(level, '+', n) != NULL) && n != 1)
            return false;
        level += n;
        if (*level == '\0')
            return true;
        if (has_many)
            return false;
    }
}
