/*
 * signal.c - see signal.h.
 */
#include "db/signal.h"

#include <math.h>
#include <string.h>

#include "state/timeline.h"

/* Adds a channel to the numbers so far, where it has a value. One loop a way, so that each is a vector loop. */
static void add_channel(enum gk_reduce reduce, const double *value, size_t n, double *number, const uint8_t *is_sample)
{
    if (reduce == GK_LEAST) {
        for (size_t i = 0; i < n; i++)
            number[i] = value[i] < number[i] || !is_sample[i] ? value[i] : number[i];
    } else if (reduce == GK_MOST) {
        for (size_t i = 0; i < n; i++)
            number[i] = value[i] > number[i] || !is_sample[i] ? value[i] : number[i];
    } else {
        for (size_t i = 0; i < n; i++) {
            double sum = isnan(value[i]) ? number[i] : number[i] + value[i];
            number[i] = is_sample[i] ? sum : value[i];
        }
    }
}

bool signal_has_nan(const double *value, size_t n)
{
    size_t n_nan = 0;

    for (size_t i = 0; i < n; i++) /* no way out: a vector loop */
        n_nan += isnan(value[i]);
    return n_nan > 0;
}

/* In how many channels each row has a value. */
static void count_values(const struct gk_signal *signal, const double *const *value, size_t n, uint8_t *count)
{
    memset(count, 0, n);
    for (size_t c = 0; c < signal->n_channels; c++) {
        if (!signal_has_nan(value[c], n))
            for (size_t i = 0; i < n; i++)
                count[i]++;
        else
            for (size_t i = 0; i < n; i++)
                count[i] = (uint8_t)(count[i] + !isnan(value[c][i]));
    }
}

void signal_numbers(const struct gk_signal *signal, const double *const *value, size_t n, double *number,
                    uint8_t *is_sample)
{
    if (signal_is_plain(signal)) {
        memcpy(number, value[0], n * sizeof *number);
        for (size_t i = 0; i < n; i++)
            is_sample[i] = !isnan(number[i]);
        return;
    }
    if (signal->apply) {
        count_values(signal, value, n, is_sample);
        signal->apply(signal->context, value, n, number);
        for (size_t i = 0; i < n; i++)
            number[i] = is_sample[i] ? number[i] : NAN;
        return;
    }
    memset(is_sample, 0, n);
    for (size_t c = 0; c < signal->n_channels; c++) {
        add_channel(signal->reduce, value[c], n, number, is_sample);
        for (size_t i = 0; i < n; i++)
            is_sample[i] = (uint8_t)(is_sample[i] + !isnan(value[c][i]));
    }
    for (size_t i = 0; signal->reduce == GK_MEAN && signal->n_channels > 1 && i < n; i++)
        number[i] = is_sample[i] > 1 ? number[i] / is_sample[i] : number[i];
}

void signal_numbers_at(const struct gk_signal *signal, const double *const *value, size_t from, size_t n,
                       double *number, uint8_t *is_sample)
{
    const double *at[GK_APPLY_MAX];

    for (size_t c = 0; c < signal->n_channels; c++)
        at[c] = value[c] + from;
    signal_numbers(signal, at, n, number, is_sample);
}

bool signal_bounds(const struct gk_signal *signal, const struct chunk_bounds *channels, double *low, double *high)
{
    double lows[GK_APPLY_MAX], highs[GK_APPLY_MAX];

    *low = channels[0].low;
    *high = channels[0].high;
    if (signal_is_plain(signal))
        return channels[0].is_full;
    for (size_t c = 0; c < signal->n_channels; c++) {
        if (!channels[c].is_full || !isfinite(channels[c].low) || !isfinite(channels[c].high))
            return false;
        lows[c] = channels[c].low;
        highs[c] = channels[c].high;
    }
    if (signal->apply)
        return signal->bounds && signal->bounds(signal->context, lows, highs, low, high);
    for (size_t c = 1; c < signal->n_channels; c++) { /* whatever way it is, more of a channel is never less of it */
        const uint8_t is_sample = 1;
        add_channel(signal->reduce, &lows[c], 1, low, &is_sample);
        add_channel(signal->reduce, &highs[c], 1, high, &is_sample);
    }
    if (signal->reduce == GK_MEAN) {
        *low /= (double)signal->n_channels;
        *high /= (double)signal->n_channels;
    }
    return isfinite(*low) && isfinite(*high);
}

int signal_check(const struct gk_signal *signal, struct gk_error *error)
{
    if (signal->n_channels == 0)
        return error_set(error, GK_EINVAL, "a signal without channels");
    if (signal->n_channels > GK_APPLY_MAX)
        return error_set(error, GK_EINVAL, "a signal may have %d channels", GK_APPLY_MAX);
    return GK_OK;
}

gk_time signal_look_back(const struct limits *limits, int64_t tick_ns, gk_time from)
{
    int64_t most = 0, ns;
    gk_time t;

    for (size_t i = 0; i < limits->n; i++)
        most = limits->spans[i].limits.hold > most ? limits->spans[i].limits.hold : most;
    if (__builtin_mul_overflow(most, tick_ns, &ns) || __builtin_sub_overflow(from, ns, &t) ||
        __builtin_sub_overflow(t, tick_ns, &t))
        return GK_TIME_MIN;
    return t;
}

/* A row less than the shortest hold behind another is at most that many ticks behind it. */
int64_t signal_quiet(const struct limits *limits, int64_t tick_ns)
{
    int64_t least = INT64_MAX, ns;

    for (size_t i = 0; i < limits->n; i++)
        least = limits->spans[i].limits.hold < least ? limits->spans[i].limits.hold : least;
    if (least < 1)
        return -1;
    return __builtin_mul_overflow(least - 1, tick_ns, &ns) ? INT64_MAX : ns;
}

int signal_open(gk_snapshot *s, uint32_t facility, const struct gk_signal *signal, gk_time from, gk_time to,
                gk_scan **scan, struct gk_error *error)
{
    int rc;

    TRY(snapshot_check_facility(s, facility, error));
    TRY(signal_check(signal, error));
    TRY(snapshot_limits(s, facility, error));
    TRY(scan_open(s, facility, signal->channels, signal->n_channels, signal_look_back(&s->limits, s->db->tick_ns, from),
                  to, scan, error));
done:
    return rc;
}

int signal_blank(gk_snapshot *s, uint32_t facility, int64_t from, gk_timeline *out)
{
    const struct damage *damage = snapshot_damage(s);
    struct steps steps;
    int rc = GK_OK;

    if (!damage_has_rows(damage, facility, time_of(s->db->tick_ns, from)))
        return GK_OK;
    steps_init(&steps, &s->mem);
    for (size_t i = 0; i < out->n; i++)
        TRY(steps_put(&steps, out->steps[i].tick, out->steps[i].value));
    TRY(damage_blank(damage, facility, s->db->tick_ns, from, GK_UNKNOWN, GK_UNKNOWN, &steps));
    TRY(gk_timeline_reset(out, GK_UNKNOWN));
    for (size_t i = 0; i < steps.n; i++)
        TRY(gk_timeline_append(out, steps.at[i].tick, (enum gk_truth)steps.at[i].value));
done:
    steps_clear(&steps);
    return rc;
}
