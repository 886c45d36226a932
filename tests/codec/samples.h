/*
 * samples.h - what the tests of the codec room share: columns of every kind, and bytes from hex text.
 */
#ifndef SAMPLES_H
#define SAMPLES_H

#include <ctype.h>
#include <math.h>

#include "base/bytes.h"
#include "gk.h"
#include "support/support.h"

#define SAMPLES_MAX 8192

enum sample_kind {
    SAMPLE_CONSTANT,
    SAMPLE_METER_2, /* 0.01 A with noise, off now and then */
    SAMPLE_METER_3, /* 0.001 kW with noise */
    SAMPLE_COUNTER, /* ascends by small steps */
    SAMPLE_LEVELS,  /* few values, each for long */
    SAMPLE_SINE,    /* full doubles */
    SAMPLE_FLOAT,   /* floats as doubles */
    SAMPLE_RANDOM,  /* any bit pattern */
    SAMPLE_SPECIAL, /* NaN payloads, infinities, -0.0, denormals, extremes */
    SAMPLE_MISSING, /* nothing else */
    SAMPLE_GAPS,    /* a meter with every second value missing, and stretches of it */
    SAMPLE_MIXED,   /* 0 to 6 decimals */
    SAMPLE_DIGITS_15,
    SAMPLE_DIGITS_3, /* three significant digits at any magnitude */
    SAMPLE_ODD,      /* a meter, and a value one step off two decimals now and then */
    SAMPLE_WORDS,    /* few bit patterns in any order */
    SAMPLE_RANGES,   /* three significant digits within five powers of ten: a meter that changes its range */
    SAMPLE_FEW,      /* some hundreds of full doubles, each again and again */
    SAMPLE_N
};

static const double SAMPLE_SPECIALS[] = {
    0.0,    -0.0,    INFINITY, -INFINITY, NAN, 1e-300,    4.9e-324, 2.2e-308,          1.7e308,           -1.7e308,
    0x1p51, -0x1p51, 0x1p52,   0x1p53,    0.1, 1.0 / 3.0, 4.19,     4.190000000000001, 9007199254740993.0};

static inline double sample_special(struct random *random)
{
    size_t n = sizeof SAMPLE_SPECIALS / sizeof *SAMPLE_SPECIALS;
    size_t i = (size_t)random_below(random, n + 3);
    if (i < n)
        return SAMPLE_SPECIALS[i];
    if (i == n)
        return gk_missing();
    return double_of(UINT64_C(0x7FF0000000000000) | random_u64(random) >> (i == n + 1 ? 12 : 20)); /* NaN payloads */
}

static inline double sample_meter(struct random *random, size_t i, double power)
{
    bool is_on = i / 700 % 3 != 1;
    double v = is_on ? 4000 + 300 * sin((double)i / 200) + 40 * (random_unit(random) - 0.5) : 0;
    return floor(v) / power;
}

static inline double sample_value(enum sample_kind kind, struct random *random, size_t i)
{
    switch (kind) {
    case SAMPLE_CONSTANT:
        return 21.5;
    case SAMPLE_METER_2:
        return sample_meter(random, i, 100);
    case SAMPLE_METER_3:
        return sample_meter(random, i, 1000);
    case SAMPLE_COUNTER:
        return (double)(1000000 + 7 * i + random_below(random, 3)) / 10;
    case SAMPLE_LEVELS:
        return (double)(i / 90 % 5) * 1.25;
    case SAMPLE_SINE:
        return sin((double)i / 50) * 230;
    case SAMPLE_FLOAT:
        return (float)(sin((double)i / 50) * 230);
    case SAMPLE_RANDOM:
        return double_of(random_u64(random));
    case SAMPLE_SPECIAL:
        return sample_special(random);
    case SAMPLE_MISSING:
        return gk_missing();
    case SAMPLE_GAPS:
        return i % 2 || i / 300 % 4 == 3 ? gk_missing() : sample_meter(random, i, 100);
    case SAMPLE_MIXED:
        return (double)random_below(random, 5000) / pow(10, (double)random_below(random, 7));
    case SAMPLE_DIGITS_15:
        return (double)random_below(random, UINT64_C(1000000000000000)) / 1e14;
    case SAMPLE_DIGITS_3:
        return (double)random_below(random, 1000) * pow(10, (double)random_below(random, 600) - 300);
    case SAMPLE_ODD:
        return i % 97 ? sample_meter(random, i, 100) : 4.190000000000001;
    case SAMPLE_WORDS:
        return SAMPLE_SPECIALS[random_below(random, 4) + 13];
    case SAMPLE_RANGES:
        return (double)(100 + random_below(random, 900)) / pow(10, (double)(4 - i / 40 % 5));
    case SAMPLE_FEW:
        return floor(400 + 300 * sin((double)i / 900) + 9 * random_unit(random)) / 21;
    case SAMPLE_N:
        break;
    }
    return 0;
}

static inline void sample_column(enum sample_kind kind, uint64_t seed, double *value, size_t n)
{
    struct random random = random_from(seed + kind);
    for (size_t i = 0; i < n; i++)
        value[i] = sample_value(kind, &random, i);
}

/* The bytes of hex text: pairs of digits; '#' to the end of a line is comment. With `from`, only between ```from and
 * ```. */
static inline size_t sample_hex(const char *path, const char *from, uint8_t *out, size_t room)
{
    char line[1024], full[1024];
    const char *root = getenv("GK_SOURCE");
    bool is_inside = from == NULL;
    size_t n = 0;

    (void)snprintf(full, sizeof full, "%s/%s", root ? root : ".", path);
    FILE *file = fopen(full, "r");
    if (!file)
        fail_msg("cannot open %s: run from the root, or set GK_SOURCE", full);
    while (fgets(line, sizeof line, file)) {
        if (from && strncmp(line, "```", 3) == 0) {
            is_inside = strncmp(line + 3, from, strlen(from)) == 0;
            continue;
        }
        for (char *p = line; is_inside && *p && *p != '#';) {
            unsigned byte;
            if (isspace((unsigned char)*p)) {
                p++;
                continue;
            }
            assert_int_equal(sscanf(p, "%2x", &byte), 1);
            assert_true(n < room);
            out[n++] = (uint8_t)byte;
            p += 2;
        }
    }
    (void)fclose(file); /* only read */
    return n;
}

#endif
