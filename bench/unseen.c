/*
 * unseen.c - see unseen.h.
 */
#include "unseen.h"

#include <math.h>
#include <stdbool.h>
#include <stdint.h>

#define TWO_PI      6.283185307179586
#define DAY_STEPS   8640     /* of 10 s */
#define KWH_ROUND   10000000 /* hundredths */
#define BOOT_CHANCE 0.00002

const char *const UNSEEN_NAME[UNSEEN_N] = {"unseen.walk3", "unseen.kwh",     "unseen.temp", "unseen.factor",
                                           "unseen.ticks", "unseen.float32", "unseen.ratio"};

/* A generator of its own (PCG, 32 bits), so that no column here shares its noise with those of zone.c. */
struct source {
    uint64_t state;
    bool is_busy; /* a load that comes and goes */
    double level;
};

static uint32_t draw(struct source *source)
{
    uint64_t old = source->state;
    uint32_t mixed = (uint32_t)(((old >> 18) ^ old) >> 27), turn = (uint32_t)(old >> 59);

    source->state = old * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return mixed >> turn | mixed << (-turn & 31);
}

static double draw_unit(struct source *source)
{
    return draw(source) * 0x1p-32;
}

/* Sum of four: near enough to normal, variance 1. */
static double draw_noise(struct source *source)
{
    double sum = draw_unit(source) + draw_unit(source) + draw_unit(source) + draw_unit(source);

    return (sum - 2) * 1.7320508;
}

static double busy_level(struct source *source)
{
    if (draw_unit(source) < 0.004)
        source->is_busy = !source->is_busy;
    source->level += 0.3 * ((source->is_busy ? 1 : 0.04) - source->level);
    return source->level;
}

static double three_digits(double value)
{
    double unit = pow(10, floor(log10(fabs(value))) - 2);

    /* Division by a power of ten, as a parser of the text would have it. */
    return unit >= 1 ? nearbyint(value / unit) * unit : nearbyint(value / unit) / nearbyint(1 / unit);
}

static double next_walk3(struct source *source)
{
    source->level = fmin(fmax(source->level + 0.02 * draw_noise(source), -0.02), 7.12);
    return three_digits(exp(source->level));
}

static double next_kwh(struct source *source, uint64_t *hundredths)
{
    double used = 140 * busy_level(source) * (1 + 0.1 * draw_noise(source)); /* of 140 kW at most, in 10 s */

    *hundredths = (*hundredths + (uint64_t)fmax(used * 100 / 360 + draw_unit(source), 0)) % KWH_ROUND;
    return (double)*hundredths / 100;
}

static double next_temp(struct source *source, size_t i)
{
    double day = sin(TWO_PI * (double)(i % DAY_STEPS) / DAY_STEPS);

    source->level = 0.999 * source->level + 0.01 * draw_noise(source);
    if (draw_unit(source) < 0.0003)
        return draw_unit(source) < 0.5 ? 85.0 : -127.0;
    return nearbyint(10 * (21.5 + 6 * day + 4 * source->level + 0.06 * draw_noise(source))) / 10;
}

static double next_factor(struct source *source)
{
    double level = busy_level(source), active = nearbyint(5000 * level * (1 + 0.01 * draw_noise(source)));
    double reactive = nearbyint(1800 + 900 * level + 40 * draw_noise(source));

    return active <= 0 ? 0 : nearbyint(10000 * active / sqrt(active * active + reactive * reactive)) / 10000;
}

static double next_ticks(struct source *source, uint64_t *ticks)
{
    double used = 1000 * fmin(busy_level(source), 1) * draw_unit(source);

    *ticks = draw_unit(source) < BOOT_CHANCE ? 0 : *ticks + (uint64_t)used;
    return (double)*ticks;
}

static double next_float32(struct source *source)
{
    float watts = (float)(7400 * busy_level(source) * (1 + 0.003 * draw_noise(source)));

    return watts;
}

static double next_ratio(struct source *source)
{
    double pulses = floor(40 * busy_level(source) + 2 * draw_unit(source)), ms = 9990 + draw(source) % 21;

    return pulses * 60000 / ms / 7.5;
}

void unseen_make(enum unseen unseen, double *out, size_t n)
{
    struct source source = {.state = UINT64_C(0x5DEECE66D) * (unseen + 17), .level = unseen == UNSEEN_WALK3 ? 3 : 0};
    uint64_t counter = unseen == UNSEEN_KWH ? KWH_ROUND - 400000 : 123456789;

    for (size_t i = 0; i < n; i++)
        switch (unseen) {
        case UNSEEN_WALK3:
            out[i] = next_walk3(&source);
            break;
        case UNSEEN_KWH:
            out[i] = next_kwh(&source, &counter);
            break;
        case UNSEEN_TEMP:
            out[i] = next_temp(&source, i);
            break;
        case UNSEEN_FACTOR:
            out[i] = next_factor(&source);
            break;
        case UNSEEN_TICKS:
            out[i] = next_ticks(&source, &counter);
            break;
        case UNSEEN_FLOAT32:
            out[i] = next_float32(&source);
            break;
        default:
            out[i] = next_ratio(&source);
            break;
        }
}
