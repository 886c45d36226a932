/*
 * mqtt_config.h - the file that says which broker, which topics, and how a message becomes rows.
 *
 *     broker = 127.0.0.1:1883
 *     client = gkdb-zone7
 *
 *     [plant/+/meter]             # a topic filter; {1}, {2}... are levels of the topic
 *     facility = {2}              # or a place in the message: /device/name
 *     time = /ts                  # absent: when it came
 *     unit = ms                   # of times that are numbers
 *     kw = /values/power          # a channel and its place (RFC 6901)
 *     ia = /values/current/0
 *
 *     [gateway/lines]
 *     payload = lines             # line protocol of InfluxDB; unit as above, else ns
 */
#ifndef MQTT_CONFIG_H
#define MQTT_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gk.h"

#define MQTT_TOPICS_MAX   64
#define MQTT_CHANNELS_MAX 64

struct mqtt_topic {
    char *filter;
    bool is_lines;
    char *facility, *time, *rows; /* NULL: not given; rows: a place with a list of rows */
    int64_t unit_ns;              /* 0: not given */
    size_t n_channels;
    struct {
        char *name, *place;
    } channels[MQTT_CHANNELS_MAX];
};

struct mqtt_config {
    char *broker, *client, *user, *password;
    size_t n_topics;
    struct mqtt_topic topics[MQTT_TOPICS_MAX];
};

/* False with the words, "line 3: ...", of what is wrong. The first fitting topic of a message counts. */
bool mqtt_config_read(const char *path, struct mqtt_config **out, struct gk_error *error);
void mqtt_config_free(struct mqtt_config *config); /* NULL is welcome */

#endif
