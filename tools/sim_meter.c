/*
 * sim_meter.c - noise is a function of facility and time, not of the rows before, so that a zone with twice the rate
 * has the same afternoon: slow wandering (values on a grid of 20 s, straight lines between them) and a little white
 * noise on top.
 */
#include "sim_meter.h"

#include <math.h>

#include "sim_random.h"

#define WANDER_MS 20000
#define VOLTAGE   380.0

static double wander(uint64_t seed, int64_t time_ms)
{
    int64_t slot = time_ms / WANDER_MS;
    double part = (double)(time_ms % WANDER_MS) / WANDER_MS;
    double a = bits_to_normal(random_hash(seed, 1, (uint64_t)slot)),
           b = bits_to_normal(random_hash(seed, 1, (uint64_t)slot + 1));

    return a + (b - a) * part;
}

/* The share of rated power that is drawn. Ramps have no noise: they cross the limits where the truth says. */
static double level_at(struct sim_reader *reader, int64_t time_ms)
{
    const struct sim_meter *meter = &reader->facility->meter;
    const struct piece *piece = curve_at(&reader->facility->curve, &reader->cursor, time_ms);
    double level;

    if (piece == NULL)
        return meter->standby;
    level = piece_level(piece, time_ms);
    if (piece->is_load) {
        double white = bits_to_normal(random_hash(reader->seed, 2, (uint64_t)time_ms));

        if (meter->cycle_ms > 0 && time_ms % meter->cycle_ms > meter->cycle_ms * 6 / 10)
            level *= meter->cycle_low;
        level *= 1 + meter->noise * (wander(reader->seed, time_ms) + 0.3 * white);
    }
    return level;
}

static int64_t quantise(double value, int64_t step)
{
    return value <= 0 ? 0 : llround(value / (double)step) * step;
}

struct sim_reader sim_reader_of(const struct sim_zone *zone, uint32_t facility)
{
    return (struct sim_reader){.facility = &zone->facilities[facility],
                               .seed = random_hash(zone->config.seed, STREAM_NOISE, facility)};
}

void sim_read(struct sim_reader *reader, int64_t time_ms, struct sim_reading *out)
{
    const struct sim_facility *facility = reader->facility;
    const struct sim_meter *meter = &facility->meter;
    double level = level_at(reader, time_ms), amps = level * facility->rated_a;

    if (meter->has_kw) { /* at part load the power factor falls and the current does not fall with the power */
        double factor = 0.5 + (meter->power_factor - 0.5) * (level < 0.6 ? level / 0.6 : 1);

        amps = level * facility->rated_kw * 1000 / (sqrt(3) * VOLTAGE * factor);
    }
    for (int i = 0; i < 3; i++)
        out->amps[i] = quantise(amps * meter->phase[i] * 100, meter->step_a);
    out->kw = quantise(level * facility->rated_kw * 1000, meter->step_kw);
}
