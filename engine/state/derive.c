/*
 * derive.c - from rows to states.
 *
 * A row is not applied before the next one of a later tick is seen: until then a row of the same tick may take its
 * place, and how long it holds is not known. Applied, a row holds [tick, end), and the machine is in one of three
 * conditions:
 *
 *     no data   --- first row: its class counts at once ----------------------->  standing
 *     standing  --- a row of another class, which holds its dwell already ----->  standing in that class
 *               --- a row of another class, which does not -------------------->  waiting for that class since its tick
 *     waiting   --- a row of that class that completes the dwell -------------->  standing in it, from `since` on
 *               --- a row of a third class ------------------------------------>  waiting for that one since its tick
 *               --- a row of the state itself -------------------------------->   standing as before
 *     any       --- the hold ends before the next row ------------------------->  no data from there
 */
#include "state/derive.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

void steps_init(struct steps *steps, const struct mem *mem)
{
    memset(steps, 0, sizeof *steps);
    steps->mem = mem;
}

void steps_clear(struct steps *steps)
{
    if (steps->mem)
        mem_free(steps->mem, steps->at);
    steps->at = NULL;
    steps->n = steps->capacity = 0;
}

int steps_put(struct steps *steps, int64_t tick, uint32_t value)
{
    size_t n = steps->n;

    if (n > 0 && steps->at[n - 1].tick == tick)
        n--;
    if (n > 0 && steps->at[n - 1].value == value) {
        steps->n = n;
        return GK_OK;
    }
    if (mem_reserve(steps->mem, &steps->at, &steps->capacity, n + 1, sizeof *steps->at) != GK_OK)
        return GK_ENOMEM;
    steps->at[n].tick = tick;
    steps->at[n].value = value;
    steps->n = n + 1;
    return GK_OK;
}

/* ---- one row ---- */

static bool is_known(const double limits[3], double hysteresis)
{
    return !isnan(limits[0]) && !isnan(limits[1]) && !isnan(limits[2]) && !isnan(hysteresis);
}

uint32_t derive_class(const struct derive_limits *limits, bool is_fallback, double value, uint32_t state)
{
    const double *limit = is_fallback ? limits->fallback : limits->primary;
    double hysteresis = is_fallback ? limits->fallback_hysteresis : limits->primary_hysteresis;

    if (isnan(value) || !is_known(limit, hysteresis))
        return GK_NODATA;
    if (value < (state >= GK_IDLE ? limit[0] - hysteresis : limit[0]))
        return GK_OFF;
    if (value >= (state >= GK_OVERLOAD ? limit[2] - hysteresis : limit[2]))
        return GK_OVERLOAD;
    if (value >= (state >= GK_ON ? limit[1] - hysteresis : limit[1]))
        return GK_ON;
    return GK_IDLE;
}

bool derive_value(const struct derive_rows *rows, size_t i, double *value, bool *is_fallback)
{
    double sum = 0;
    unsigned n = 0;

    *is_fallback = false;
    if (rows->primary && !isnan(rows->primary[i])) {
        *value = rows->primary[i];
        return true;
    }
    for (size_t k = 0; k < DERIVE_FALLBACK_MAX; k++) {
        if (rows->fallback[k] && !isnan(rows->fallback[k][i])) {
            sum += rows->fallback[k][i];
            n++;
        }
    }
    *is_fallback = true;
    *value = sum / n;
    return !isnan(*value); /* no number at all, or two opposite infinities */
}

static int64_t tick_of(gk_time time, int64_t tick_ns)
{
    return time / tick_ns - (time % tick_ns < 0);
}

/* ---- the machine ---- */

/* Durations are not negative; what would leave the ticks lasts for ever. */
static int64_t later(int64_t tick, int64_t duration)
{
    int64_t sum;
    return __builtin_add_overflow(tick, duration, &sum) ? GK_TICK_MAX : sum;
}

static int64_t dwell_of(const struct derive_limits *limits, uint32_t from, uint32_t to)
{
    return to > from ? limits->dwell_on : limits->dwell_off;
}

/* Applies the row that was seen, now that it is known to hold until `end`. */
static int apply(struct derive *derive, int64_t end, struct steps *out)
{
    uint32_t class = derive_class(&derive->limits, derive->is_fallback, derive->value, derive->state);
    int rc = GK_OK;

    if (class == derive->state) {
        derive->waiting = GK_NODATA;
        return GK_OK;
    }
    if (derive->waiting != class) {
        derive->waiting = class;
        derive->since = derive->tick;
    }
    int64_t dwell = derive->state == GK_NODATA ? 0 : dwell_of(&derive->limits, derive->state, class);
    if (end >= later(derive->since, dwell)) {
        TRY(steps_put(out, derive->since, class));
        derive->state = class;
        derive->waiting = GK_NODATA;
    }
done:
    return rc;
}

static int fall_silent(struct derive *derive, int64_t tick, struct steps *out)
{
    derive->state = derive->waiting = GK_NODATA;
    return steps_put(out, tick, GK_NODATA);
}

/* Applies the row that was seen up to the next one's tick. */
static int advance(struct derive *derive, int64_t next, struct steps *out)
{
    int64_t end = later(derive->tick, derive->limits.hold);
    int rc;

    TRY(apply(derive, next < end ? next : end, out));
    if (end < next)
        TRY(fall_silent(derive, end, out));
done:
    return rc;
}

/* The values whose class is the state in force: [low, high). */
struct span {
    double low, high;
};

static double greater(double a, double b)
{
    return a > b ? a : b;
}

/* From derive_class, by the order in which that asks. The limits are known. */
static struct span span_of(const double limit[3], double hysteresis, uint32_t state)
{
    double idle = state >= GK_IDLE ? limit[0] - hysteresis : limit[0];
    double overload = state >= GK_OVERLOAD ? limit[2] - hysteresis : limit[2];
    double on = state >= GK_ON ? limit[1] - hysteresis : limit[1];

    switch (state) {
    case GK_OFF:
        return (struct span){-INFINITY, idle};
    case GK_IDLE:
        return (struct span){idle, on < overload ? on : overload};
    case GK_ON:
        return (struct span){greater(idle, on), overload};
    case GK_OVERLOAD:
        return (struct span){greater(idle, overload), INFINITY};
    default:
        return (struct span){INFINITY, -INFINITY};
    }
}

/*
 * Most rows change nothing: they come before the hold of the one before ends, and their class is the state. Steps over
 * them from row i, which was taken last, to the last one of the kind, which then is the one that was seen.
 */
static size_t skip_alike(struct derive *derive, int64_t tick_ns, const struct derive_limits *limits,
                         const struct derive_rows *rows, size_t i)
{
    const gk_time *time = rows->time;
    const double *value = rows->primary;
    struct span span = span_of(limits->primary, limits->primary_hysteresis, derive->state);
    int64_t hold_ns;
    size_t k = i;

    /* What is closer than (hold - 1) ticks is at most hold - 1 ticks further on. */
    if (derive->waiting != GK_NODATA || !value || !(value[i] >= span.low && value[i] < span.high) ||
        __builtin_mul_overflow(limits->hold - 1, tick_ns, &hold_ns))
        return i;
    while (k + 1 < rows->n && value[k + 1] >= span.low && value[k + 1] < span.high &&
           (uint64_t)time[k + 1] - (uint64_t)time[k] < (uint64_t)hold_ns)
        k++;
    if (k > i) {
        derive->tick = tick_of(time[k], tick_ns);
        derive->value = value[k];
    }
    return k;
}

static int feed(struct derive *derive, int64_t tick_ns, const struct derive_limits *limits,
                const struct derive_rows *rows, struct steps *out)
{
    bool knows_primary = is_known(limits->primary, limits->primary_hysteresis);
    bool knows_fallback = is_known(limits->fallback, limits->fallback_hysteresis);
    int rc = GK_OK;

    for (size_t i = 0; i < rows->n; i++) {
        double value;
        bool is_fallback;
        if (!derive_value(rows, i, &value, &is_fallback) || !(is_fallback ? knows_fallback : knows_primary))
            continue;
        int64_t tick = tick_of(rows->time[i], tick_ns);
        if (derive->has_row && tick < derive->tick)
            return GK_EINVAL;
        if (derive->has_row && tick > derive->tick)
            TRY(advance(derive, tick, out));
        derive->limits = *limits;
        derive->has_row = true;
        derive->tick = tick;
        derive->value = value;
        derive->is_fallback = is_fallback;
        if (!is_fallback)
            i = skip_alike(derive, tick_ns, limits, rows, i);
    }
done:
    return rc;
}

int derive_feed(struct derive *derive, int64_t tick_ns, const struct derive_limits *limits,
                const struct derive_rows *rows, struct steps *out)
{
    struct derive next = *derive; /* a call that fails changes nothing */
    size_t n = out->n;
    int rc = feed(&next, tick_ns, limits, rows, out);

    if (rc == GK_OK)
        *derive = next;
    else
        out->n = n;
    return rc;
}

int derive_end(const struct derive *derive, struct steps *out)
{
    struct derive last = *derive;
    size_t n = out->n;

    if (!derive->has_row)
        return GK_OK;
    int rc = advance(&last, GK_TICK_MAX, out);
    if (rc != GK_OK)
        out->n = n;
    return rc;
}

int64_t derive_stable(const struct derive *derive)
{
    if (!derive->has_row)
        return INT64_MIN;
    return derive->waiting != GK_NODATA ? derive->since : derive->tick;
}

/* ---- in the middle ---- */

/* The step in force at a tick; n when there is none. */
static size_t find_step(const struct steps *steps, int64_t tick)
{
    size_t low = 0, high = steps->n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (steps->at[middle].tick <= tick)
            low = middle + 1;
        else
            high = middle;
    }
    return low > 0 ? low - 1 : steps->n;
}

/*
 * Why this is enough. Up to this row the old and the new derivation are the same. The old state at its tick is the
 * state the machine stood in, or one it waited for and reached later. In the first case the row is of that class and
 * ends every other wait. In the second the run began with the wait; the row holds to the end of its tick at least, so
 * that by its own limits, the ones the machine uses then, the dwell is complete without any later row.
 */
bool derive_is_stand(const struct steps *old, int64_t row_tick, double value, bool is_fallback,
                     const struct derive_limits *limits, int64_t change_tick)
{
    size_t i = find_step(old, row_tick);

    if (row_tick >= change_tick || i == old->n)
        return false;
    uint32_t state = old->at[i].value;
    if (state == GK_NODATA || derive_class(limits, is_fallback, value, state) != state)
        return false;
    int64_t dwell = limits->dwell_on > limits->dwell_off ? limits->dwell_on : limits->dwell_off;
    if (i > 0)
        dwell = old->at[i - 1].value == GK_NODATA ? 0 : dwell_of(limits, old->at[i - 1].value, state);
    return row_tick + 1 >= later(old->at[i].tick, dwell);
}

struct derive derive_stand(int64_t row_tick, double value, bool is_fallback, const struct derive_limits *limits,
                           uint32_t state)
{
    struct derive derive = {.has_row = true,
                            .tick = row_tick,
                            .value = value,
                            .is_fallback = is_fallback,
                            .limits = *limits,
                            .state = state};
    return derive;
}

bool derive_meets(const struct derive *derive, const struct steps *old)
{
    return derive->has_row &&
           derive_is_stand(old, derive->tick, derive->value, derive->is_fallback, &derive->limits, GK_TICK_MAX) &&
           old->at[find_step(old, derive->tick)].value == derive->state;
}

/* ---- limits ---- */

__extension__ typedef unsigned __int128 wide;

/* The powers of ten that are doubles. Where doubles are computed as such, a quotient of two is rounded once: it is the
 * nearest one. */
static const double POWERS[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
#define POWER_MAX  22
#define WHOLE_MAX  (UINT64_C(1) << 53)        /* integers up to here are doubles */
#define DIGITS_MAX UINT64_C(1000000000000000) /* 10^15: shorter decimals survive a double */
#define PLACES_MAX 6                          /* behind the point of what people write; more is looked for in a text */

/* The nearest double to mantissa * 10^exponent: strtod of the C libraries in use rounds correctly, whatever the length.
 */
static double nearest(bool is_negative, wide mantissa, int exponent)
{
    char text[64], *digits = text + 48;

    if (FLT_EVAL_METHOD == 0 && mantissa <= WHOLE_MAX && exponent <= 0 && exponent >= -POWER_MAX) {
        double quotient = (double)(uint64_t)mantissa / POWERS[-exponent];
        return is_negative ? -quotient : quotient;
    }
    (void)snprintf(digits, sizeof text - 48, "e%d", exponent); /* fits: an int */
    do
        *--digits = (char)('0' + (int)(mantissa % 10));
    while (mantissa /= 10);
    double value = strtod(digits, NULL);
    return is_negative ? -value : value;
}

static uint64_t magnitude(int64_t v)
{
    return v < 0 ? 0 - (uint64_t)v : (uint64_t)v;
}

double derive_decimal(struct gk_decimal value)
{
    return nearest(value.mantissa < 0, magnitude(value.mantissa), -value.scale);
}

/* The shortest decimal that reads as |v|, which is finite: *mantissa * 10^exponent. A text of 15 digits survives a
 * double. */
static int shortest(double v, uint64_t *mantissa)
{
    char text[40], *end;
    int n_digits = 15;

    for (int places = 0; FLT_EVAL_METHOD == 0 && places <= PLACES_MAX && v * POWERS[places] < (double)DIGITS_MAX;
         places++) {
        *mantissa = (uint64_t)(v * POWERS[places] + 0.5);
        if ((double)*mantissa / POWERS[places] == v && *mantissa < DIGITS_MAX)
            return -places;
    }
    (void)snprintf(text, sizeof text, "%.*e", n_digits - 1, v); /* fits: at most 24 characters */
    while (n_digits < 17 && strtod(text, NULL) != v)
        (void)snprintf(text, sizeof text, "%.*e", ++n_digits - 1, v);
    *mantissa = (uint64_t)(text[0] - '0');
    for (end = text + 2; *end >= '0' && *end <= '9'; end++) /* text[1] is the point of the host's language */
        *mantissa = 10 * *mantissa + (uint64_t)(*end - '0');
    return (int)strtol(end + 1, NULL, 10) - (n_digits - 1);
}

double derive_share_of(struct gk_decimal share, double rated)
{
    uint64_t digits;

    if (!isfinite(rated))
        return derive_decimal(share) * rated;
    int exponent = shortest(fabs(rated), &digits);
    return nearest((share.mantissa < 0) != (rated < 0), (wide)magnitude(share.mantissa) * digits,
                   exponent - share.scale);
}
