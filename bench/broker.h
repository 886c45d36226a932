/*
 * broker.h - as much of an MQTT broker (3.1.1) as one subscriber needs to be measured: messages are made before, and
 * come as fast as they are taken.
 */
#ifndef BENCH_BROKER_H
#define BENCH_BROKER_H

#include <stddef.h>
#include <stdint.h>

struct broker {
    int listener, port; /* on the loopback */
    int fd;             /* of the subscriber */
    char *bytes;        /* of all messages, one after the other */
    size_t size, capacity;
    size_t *ends; /* of each */
    uint64_t n, ends_capacity;
};

void broker_open(struct broker *broker);
void broker_close(struct broker *broker);
/* Another message with quality of service 1. */
void broker_add(struct broker *broker, const char *topic, const char *payload);
/* Waits for the subscriber and lets it subscribe. */
void broker_welcome(struct broker *broker);
/* Sends the messages, at most `n_flying` of them unacknowledged at a time, until the last one is acknowledged. */
void broker_publish(struct broker *broker, uint64_t n_flying);

#endif
