/*
 * mqtt_payload.h - a message as lines of the line protocol, times in nanoseconds, by what the configuration says of its
 * topic.
 */
#ifndef MQTT_PAYLOAD_H
#define MQTT_PAYLOAD_H

#include "mqtt_config.h"
#include "mqtt_wire.h"

/* Whether gk was built with a reader of JSON. */
bool mqtt_has_json(void);
/*
 * Adds the lines to `out`. False with the words: the message is none of these; nothing was added. `now`: the time of a
 * message that says none.
 */
bool mqtt_payload_lines(const struct mqtt_topic *topic, const struct mqtt_packet *message, int32_t zone_s, gk_time now,
                        struct output *out, struct gk_error *error);

#endif
