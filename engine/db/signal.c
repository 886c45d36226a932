/*
 * signal.c - see signal.h.
 */
#include "db/signal.h"

#include <math.h>

#include "state/timeline.h"

static bool apply(const struct gk_signal *signal, const double *const *value, size_t row, double *out)
{
    double values[GK_APPLY_MAX];
    bool is_sample = false;

    for (size_t c = 0; c < signal->n_channels; c++) {
        values[c] = value[c][row];
        is_sample |= !isnan(values[c]);
    }
    *out = is_sample ? signal->apply(signal->context, values) : NAN;
    return is_sample;
}

bool signal_reduce(const struct gk_signal *signal, const double *const *value, size_t row, double *out)
{
    double result = 0;
    size_t n = 0;

    if (signal->apply)
        return apply(signal, value, row, out);
    for (size_t c = 0; c < signal->n_channels; c++) {
        double v = value[c][row];
        if (isnan(v))
            continue;
        if (n == 0)
            result = v;
        else if (signal->reduce == GK_LEAST)
            result = v < result ? v : result;
        else if (signal->reduce == GK_MOST)
            result = v > result ? v : result;
        else
            result += v;
        n++;
    }
    *out = signal->reduce == GK_MEAN && n > 1 ? result / (double)n : result;
    return n > 0;
}

int signal_check(const struct gk_signal *signal, struct gk_error *error)
{
    if (signal->n_channels == 0)
        return error_set(error, GK_EINVAL, "a signal without channels");
    if (signal->apply && signal->n_channels > GK_APPLY_MAX)
        return error_set(error, GK_EINVAL, "a signal with a function may have %d channels", GK_APPLY_MAX);
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
