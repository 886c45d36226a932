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

/* The first row at or after `border`. */
static size_t row_at(const gk_time *time, size_t i, size_t n, gk_time border)
{
    if (i < n && time[n - 1] < border) /* mostly */
        return n;
    while (i < n) {
        size_t mid = i + (n - i) / 2;
        if (time[mid] < border)
            i = mid + 1;
        else
            n = mid;
    }
    return n;
}

static void add(struct fold *f, gk_time time, double v, int64_t hold_ns)
{
    int64_t part = time - f->last_time;
    double off = v - f->first;

    part = part < f->hold_ns ? part : f->hold_ns;
    f->area += f->last * (double)part;
    f->held_ns += part;
    f->sum += v;
    f->off += off;
    f->off_2 += off * off;
    f->min = v < f->min ? v : f->min;
    f->max = v > f->max ? v : f->max;
    f->last = v;
    f->last_time = time;
    f->hold_ns = hold_ns;
    f->count++;
}

/* Numbers only, up to a NaN or the end; what `add` does, with all in registers. */
static size_t add_numbers(struct fold *f, const gk_time *time, const double *value, size_t i, size_t n)
{
    double sum = f->sum, area = f->area, off = f->off, off_2 = f->off_2, min = f->min, max = f->max, last = f->last;
    const double first = f->first;
    const int64_t hold_ns = f->hold_ns;
    int64_t held_ns = f->held_ns;
    gk_time last_time = f->last_time;
    size_t from = i;

    for (; i < n; i++) {
        double v = value[i], d = v - first;
        int64_t part = time[i] - last_time;
        if (v != v)
            break;
        part = part < hold_ns ? part : hold_ns;
        area += last * (double)part;
        held_ns += part;
        sum += v;
        off += d;
        off_2 += d * d;
        min = v < min ? v : min;
        max = v > max ? v : max;
        last = v;
        last_time = time[i];
    }
    f->count += i - from;
    f->held_ns = held_ns;
    f->last_time = last_time;
    f->sum = sum;
    f->area = area;
    f->off = off;
    f->off_2 = off_2;
    f->min = min;
    f->max = max;
    f->last = last;
    return i;
}

size_t fold_run(struct fold *f, const gk_time *time, const double *value, size_t i, size_t n, gk_time border,
                int64_t hold_ns)
{
    n = row_at(time, i, n, border);
    while (i < n) {
        if (value[i] == value[i])
            add(f, time[i], value[i], hold_ns); /* the sample before may hold otherwise */
        i++;
        if (f->hold_ns == hold_ns)
            i = add_numbers(f, time, value, i, n);
    }
    return i;
}

#define INFINITE_BITS (UINT64_C(0x7FF) << 52) /* NaN are above, without their sign */

/* Whether all are numbers of which each holds until the next. The highest bits tell, so that it is a vector loop. */
BODY bool is_close_body(const gk_time *time, const double *value, size_t n, int64_t hold_ns)
{
    uint64_t odd = 0;

    for (size_t i = 0; i < n; i++)
        odd |= INFINITE_BITS - (bits_of(value[i]) & INT64_MAX);
    for (size_t i = 1; i < n; i++)
        odd |= (uint64_t)hold_ns - ((uint64_t)time[i] - (uint64_t)time[i - 1]);
    return odd >> 63 == 0;
}

AVX2 static bool is_close_avx2(const gk_time *time, const double *value, size_t n, int64_t hold_ns)
{
    return is_close_body(time, value, n, hold_ns);
}

static bool is_close(enum target target, const gk_time *time, const double *value, size_t n, int64_t hold_ns)
{
    return target == TARGET_PLAIN ? is_close_body(time, value, n, hold_ns) : is_close_avx2(time, value, n, hold_ns);
}

static void add_end(struct fold *f, gk_time time, double v, int64_t hold_ns)
{
    int64_t part = time - f->last_time;

    f->held_ns += part < f->hold_ns ? part : f->hold_ns;
    f->last = v;
    f->last_time = time;
    f->hold_ns = hold_ns;
    f->count++;
}

size_t fold_run_ends_on(enum target target, struct fold *f, const gk_time *time, const double *value, size_t i,
                        size_t n, gk_time border, int64_t hold_ns)
{
    n = row_at(time, i, n, border);
    if (i < n && is_close(target, time + i, value + i, n - i, hold_ns)) {
        f->count += n - 1 - i;
        f->held_ns += time[n - 1] - time[i];
        add_end(f, time[i], value[i], hold_ns);
        f->last = value[n - 1];
        f->last_time = time[n - 1];
        return n;
    }
    for (; i < n; i++)
        if (value[i] == value[i])
            add_end(f, time[i], value[i], hold_ns);
    return n;
}

size_t fold_run_ends(struct fold *f, const gk_time *time, const double *value, size_t i, size_t n, gk_time border,
                     int64_t hold_ns)
{
    return fold_run_ends_on(target_best(), f, time, value, i, n, border, hold_ns);
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
    return spread;
}

void fold_end(const struct fold *f, struct hour *out)
{
    *out = (struct hour){.hour = hour_of(f->first_time),
                         .count = f->count,
                         .first_time = f->first_time,
                         .last_time = f->last_time,
                         .held_ns = f->held_ns,
                         .hold_ns = f->hold_ns,
                         .sum = tidy(f->sum),
                         .min = f->min,
                         .max = f->max,
                         .first = f->first,
                         .last = f->last,
                         .integral = tidy(f->area / 1e9),
                         .spread = spread_of(f)};
}

void fold_end_hour(const struct fold *f, struct hour *out)
{
    fold_end(f, out);
    out->spread = double_of((bits_of(out->spread) + (UINT64_C(1) << 31)) & ~UINT64_C(0xFFFFFFFF));
}

double fold_squares(const struct hour *piece)
{
    if (isinf(piece->spread) || !isfinite(piece->sum))
        return INFINITY;
    return piece->sum * piece->sum / (double)piece->count + piece->spread;
}
