/*
 * mqtt_wire.h - the packets of MQTT 3.1.1 (OASIS, 2014) that a subscriber needs, as bytes. No sockets.
 *
 *     fixed header: type and flags u8 | length 7 bits a byte, at most 4 | topic, identifier | payload
 *
 * It is our own as the library of Debian 12 (libmosquitto 2.0.11) acknowledges a message before it hands it out: what
 * was acknowledged and is not durable yet would be lost by a kill.
 */
#ifndef MQTT_WIRE_H
#define MQTT_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gk.h"
#include "output.h"

enum mqtt_type {
    MQTT_CONNECT = 1,
    MQTT_CONNACK = 2,
    MQTT_PUBLISH = 3,
    MQTT_PUBACK = 4,
    MQTT_SUBSCRIBE = 8,
    MQTT_SUBACK = 9,
    MQTT_PINGREQ = 12,
    MQTT_PINGRESP = 13,
    MQTT_DISCONNECT = 14
};

/* What the session of a client is opened with. */
struct mqtt_login {
    const char *client, *user, *password; /* user, password: NULL: none */
    uint16_t keepalive_s;
};

void mqtt_put_connect(struct output *out, const struct mqtt_login *login);
/* Every topic with quality of service 1. */
void mqtt_put_subscribe(struct output *out, uint16_t id, const char *const *topics, size_t n);
void mqtt_put_puback(struct output *out, uint16_t id);
void mqtt_put_empty(struct output *out, enum mqtt_type type); /* PINGREQ, DISCONNECT */

struct mqtt_packet {
    enum mqtt_type type;
    uint8_t code;         /* of a CONNACK: 0 is good; of a SUBACK: how many topics were refused */
    uint16_t id;          /* of a PUBLISH with quality 1, and a SUBACK; else 0 */
    bool is_retained;     /* it was said before, to others */
    struct gk_text topic; /* of a PUBLISH */
    struct gk_text payload;
};

/*
 * Reads the packet that bytes begin with. Its size; 0: more bytes are needed; -1: it is none, or larger than `most`.
 * Texts are parts of the bytes.
 */
long mqtt_read(const char *bytes, size_t size, size_t most, struct mqtt_packet *out);

/* Whether a topic fits a filter with + and #. */
bool mqtt_topic_fits(const char *filter, struct gk_text topic);
/* Whether a filter is one: + and # stand alone in a level, # in the last. */
bool mqtt_filter_is_good(const char *filter);

#endif
