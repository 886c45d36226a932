/*
 * fold.c - see fold.h.
 */
#include "db/fold.h"

#include <math.h>

void fold_begin(struct fold *f, gk_time time, double value, int64_t hold_ns)
{
    *f = (struct fold){.count = 1,
                       .first_time = time,
                       .last_time = time,
                       .hold_ns = hold_ns,
                       .sum = value,
                       .min = value,
                       .max = value,
                       .first = value,
                       .last = value};
}

size_t fold_run(struct fold *fold, const gk_time *time, const double *value, size_t i, size_t n, gk_time border,
                int64_t hold_ns)
{
    struct fold f = *fold; /* in registers */

    for (; i < n && time[i] < border; i++) {
        double v = value[i], off = v - f.first;
        int64_t part = time[i] - f.last_time;
        if (v != v)
            continue;
        part = part < f.hold_ns ? part : f.hold_ns;
        f.area += f.last * (double)part;
        f.held_ns += part;
        f.sum += v;
        f.off += off;
        f.off_2 += off * off;
        f.min = v < f.min ? v : f.min;
        f.max = v > f.max ? v : f.max;
        f.last = v;
        f.last_time = time[i];
        f.hold_ns = hold_ns;
        f.count++;
    }
    *fold = f;
    return i;
}

/* One NaN for all; a sum that is as good as a millionth is that. */
static double tidy(double sum)
{
    if (isnan(sum))
        return NAN;
    if (!(fabs(sum) < 8e9)) /* beyond, not every millionth is a double */
        return sum;
    double near = rint(sum * 1e6) / 1e6;
    return fabs(near - sum) <= fabs(sum) * 0x1p-44 ? near : sum;
}

static double spread_of(const struct fold *f)
{
    double spread = f->off_2 - f->off * f->off / (double)f->count;

    if (!(spread < INFINITY)) /* some value was infinite, or nearly */
        return INFINITY;
    if (!(spread > 0))
        return 0;
    return double_of((bits_of(spread) + (UINT64_C(1) << 31)) & ~UINT64_C(0xFFFFFFFF));
}

void fold_end(const struct fold *f, struct hour *out)
{
    *out = (struct hour){.hour = hour_of(f->first_time),
                         .count = f->count,
                         .first_time = f->first_time,
                         .last_time = f->last_time,
                         .held_ns = f->held_ns,
                         .sum = tidy(f->sum),
                         .min = f->min,
                         .max = f->max,
                         .first = f->first,
                         .last = f->last,
                         .integral = tidy(f->area / 1e9),
                         .spread = spread_of(f)};
}

double fold_squares(const struct hour *piece)
{
    if (isinf(piece->spread) || !isfinite(piece->sum))
        return INFINITY;
    return piece->sum * piece->sum / (double)piece->count + piece->spread;
}
