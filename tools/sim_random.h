/*
 * sim_random.h - random numbers of the zone generator: splitmix64, one stream an object, so that nothing depends on the
 * order in which things are evaluated: one more facility or a longer run leaves the others as they were.
 */
#ifndef SIM_RANDOM_H
#define SIM_RANDOM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct stream {
    uint64_t state;
};

/* What a stream is for; with an id it names the object. */
enum stream_kind {
    STREAM_ENTERPRISE = 1,
    STREAM_FACILITY,
    STREAM_SHIFTS,
    STREAM_ORDERS,
    STREAM_LOAD,
    STREAM_FAULTS,
    STREAM_OUTAGES,
    STREAM_BLIND,
    STREAM_NOISE,
    STREAM_DELIVERY,
    STREAM_DEVICE
};

/* A number that depends on its three arguments and nothing else. */
uint64_t random_hash(uint64_t seed, uint64_t a, uint64_t b);
/* [0, 1) and about the normal distribution (four 16-bit uniforms), of 64 random bits. */
double bits_to_unit(uint64_t bits);
double bits_to_normal(uint64_t bits);

struct stream stream_of(uint64_t seed, enum stream_kind kind, uint64_t id);
uint64_t stream_next(struct stream *stream);
int64_t stream_between(struct stream *stream, int64_t least, int64_t most); /* both inclusive */
double stream_real(struct stream *stream, double least, double most);
bool stream_chance(struct stream *stream, double share);

#endif
