/*
 * unseen.h - columns that nobody looked at while the codecs were made: what meters, counters and sensors write, from
 * fixed seeds. They say whether the codecs learned columns or data sets. Do not tune for them: make new ones.
 */
#ifndef BENCH_UNSEEN_H
#define BENCH_UNSEEN_H

#include <stddef.h>

enum unseen {
    UNSEEN_WALK3,   /* a walk that is written with three significant digits, 0.98 to 1240 */
    UNSEEN_KWH,     /* a counter in 0.01 kWh that begins again behind 99,999.99 */
    UNSEEN_TEMP,    /* 0.1 degrees, with 85.0 and -127.0 when the sensor failed */
    UNSEEN_FACTOR,  /* a power factor as active over apparent power, four decimals */
    UNSEEN_TICKS,   /* processor time in hundredths that rises by what was used; the machine is restarted */
    UNSEEN_FLOAT32, /* watts as a register of 32 bits has them, widened */
    UNSEEN_RATIO,   /* litres a minute, pulses over the time between two of them: full doubles from few integers */
    UNSEEN_N
};

extern const char *const UNSEEN_NAME[UNSEEN_N]; /* "unseen.kwh" */

/* The same for the same n everywhere where sin() is the same. */
void unseen_make(enum unseen unseen, double *out, size_t n);

#endif
