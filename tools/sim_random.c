/*
 * sim_random.c - splitmix64 (Steele, Lea, Flood 2014): a counter and a mixing function.
 */
#include "sim_random.h"

#define SPLITMIX_STEP UINT64_C(0x9E3779B97F4A7C15)

static uint64_t mix(uint64_t z)
{
    z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
    return z ^ (z >> 31);
}

uint64_t random_hash(uint64_t seed, uint64_t a, uint64_t b)
{
    return mix(mix(mix(seed + SPLITMIX_STEP) ^ (a + SPLITMIX_STEP)) + SPLITMIX_STEP * (b + 1));
}

double bits_to_unit(uint64_t bits)
{
    return (double)(bits >> 11) * 0x1p-53;
}

double bits_to_normal(uint64_t bits)
{
    double sum =
        (double)(bits & 0xFFFF) + (double)(bits >> 16 & 0xFFFF) + (double)(bits >> 32 & 0xFFFF) + (double)(bits >> 48);

    return (sum / 65535 - 2) * 1.7320508075688772; /* the variance of the sum of four uniforms is 1/3 */
}

struct stream stream_of(uint64_t seed, enum stream_kind kind, uint64_t id)
{
    return (struct stream){random_hash(seed, (uint64_t)kind, id)};
}

uint64_t stream_next(struct stream *stream)
{
    stream->state += SPLITMIX_STEP;
    return mix(stream->state);
}

int64_t stream_between(struct stream *stream, int64_t least, int64_t most)
{
    return least + (int64_t)(stream_next(stream) % ((uint64_t)(most - least) + 1));
}

double stream_real(struct stream *stream, double least, double most)
{
    return least + (most - least) * bits_to_unit(stream_next(stream));
}

bool stream_chance(struct stream *stream, double share)
{
    return bits_to_unit(stream_next(stream)) < share;
}
