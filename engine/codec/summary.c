/*
 * summary.c - what chunk_summarise finds in values, and its bytes, see summary.h.
 *
 * Eight lanes: value i goes to lane i % 8, so that the loop is a vector on every machine and gives the same bits on
 * all.
 */
#include "codec/summary.h"

#include <math.h>
#include <string.h>

#include "codec/target.h"

#define LANES 8

/* One figure a lane, of the values that are not NaN. */
struct lanes {
    double sum[LANES], min[LANES], max[LANES];
    uint64_t n_nan[LANES];
};

typedef double four __attribute__((vector_size(4 * LANES)));   /* half of the lanes */
typedef int64_t marks __attribute__((vector_size(4 * LANES))); /* all bits of a lane, or none */

#define CHOOSE(is_a, a, b) ((four)(((marks)(a) & (is_a)) | ((marks)(b) & ~(is_a))))

/* Half of the lanes, while values are added. */
struct half {
    four sum, min, max;
    marks n_nan;
};

BODY void add_four(const double *value, struct half *half)
{
    const four zero = {0};
    four v;

    memcpy(&v, value, sizeof v);
    marks is_number = v == v;
    half->sum += CHOOSE(is_number, v, zero);
    half->min = CHOOSE(v < half->min, v, half->min);
    half->max = CHOOSE(v > half->max, v, half->max);
    half->n_nan -= ~is_number;
}

BODY void store_half(const struct half *half, unsigned first, struct lanes *out)
{
    memcpy(out->sum + first, &half->sum, sizeof half->sum);
    memcpy(out->min + first, &half->min, sizeof half->min);
    memcpy(out->max + first, &half->max, sizeof half->max);
    memcpy(out->n_nan + first, &half->n_nan, sizeof half->n_nan);
}

/* Both halves at once: each waits for its own sums alone. */
BODY void fill_lanes(const double *value, size_t n, struct lanes *out)
{
    const four zero = {0};
    struct half low = {zero, zero + INFINITY, zero - INFINITY, {0}}, high = low;
    double rest[LANES];
    size_t i = 0;

    for (; i + LANES <= n; i += LANES) {
        add_four(value + i, &low);
        add_four(value + i + LANES / 2, &high);
    }
    for (unsigned lane = 0; lane < LANES; lane++)
        rest[lane] = i + lane < n ? value[i + lane] : NAN; /* behind the end */
    add_four(rest, &low);
    add_four(rest + LANES / 2, &high);
    store_half(&low, 0, out);
    store_half(&high, LANES / 2, out);
    for (size_t lane = n - i; lane < LANES; lane++)
        out->n_nan[lane]--;
}

AVX2 static void fill_lanes_avx2(const double *value, size_t n, struct lanes *out)
{
    fill_lanes(value, n, out);
}

AVX512 static void fill_lanes_avx512(const double *value, size_t n, struct lanes *out)
{
    fill_lanes(value, n, out);
}

static double first_number(const double *value, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (value[i] == value[i])
            return value[i];
    return NAN;
}

static double last_number(const double *value, size_t n)
{
    for (size_t i = n; i-- > 0;)
        if (value[i] == value[i])
            return value[i];
    return NAN;
}

/* Lanes 0 and 4, 1 and 5, ... then 0 and 2, 1 and 3, then 0 and 1. */
static void fold_lanes(struct lanes *lanes)
{
    for (unsigned half = LANES / 2; half > 0; half /= 2)
        for (unsigned lane = 0; lane < half; lane++) {
            unsigned other = lane + half;
            lanes->sum[lane] += lanes->sum[other];
            if (lanes->min[other] < lanes->min[lane])
                lanes->min[lane] = lanes->min[other];
            if (lanes->max[other] > lanes->max[lane])
                lanes->max[lane] = lanes->max[other];
            lanes->n_nan[lane] += lanes->n_nan[other];
        }
}

static uint32_t count_missing(const double *value, size_t n)
{
    uint32_t count = 0;
    for (size_t i = 0; i < n; i++)
        count += gk_is_missing(value[i]);
    return count;
}

void chunk_summarise(const double *value, size_t n, struct chunk_summary *out)
{
    struct lanes lanes = {.sum = {0}};
    enum target target = target_best();

    if (target == TARGET_AVX512)
        fill_lanes_avx512(value, n, &lanes);
    else if (target == TARGET_AVX2)
        fill_lanes_avx2(value, n, &lanes);
    else
        fill_lanes(value, n, &lanes);
    fold_lanes(&lanes);
    *out = (struct chunk_summary){0, lanes.n_nan[0] ? count_missing(value, n) : 0, NAN, NAN, NAN, NAN, NAN};
    out->count = (uint32_t)(n - lanes.n_nan[0]);
    if (out->count == 0)
        return;
    out->sum =
        lanes.sum[0] == lanes.sum[0] ? lanes.sum[0] : NAN; /* +inf and -inf: one NaN, not the processor's choice */
    out->min = lanes.min[0];
    out->max = lanes.max[0];
    out->first = first_number(value, n);
    out->last = last_number(value, n);
}

/* ---- bytes ---------------------------------------------------------------------------------------------------- */

#define FIGURES 5 /* min, max, first, last, sum */
#define SUM     4

/* Is v = z / 10^d exactly, or, for a sum, nearly; then *e is how many doubles it is away. */
static bool is_scaled(struct scale scale, double v, bool is_sum, uint64_t *z, uint64_t *e)
{
    double near;
    *e = 0;
    if (scale.kind != SCALE_DECIMAL)
        return false;
    bool is_exact = scale_apply_one(scale, v, z);
    if (is_exact || !is_sum)
        return is_exact;
    *z = scale_nearest(scale, v);
    near = scale_value(scale, *z);
    *e = zigzag((int64_t)(bits_of(v) - bits_of(near)));
    return *e < 1u << 21; /* three bytes; beyond, 8 plain ones are not much more */
}

void summary_put(const struct chunk_summary *summary, size_t n_rows, struct scale scale, struct buffer *out)
{
    const double figure[FIGURES] = {summary->min, summary->max, summary->first, summary->last, summary->sum};
    uint64_t z[FIGURES], e[FIGURES];
    uint8_t plain = 0;

    buffer_put_varint(out, summary->n_missing);
    buffer_put_varint(out, n_rows - summary->n_missing - summary->count);
    if (summary->count == 0)
        return;
    for (unsigned i = 0; i < FIGURES; i++)
        if (!is_scaled(scale, figure[i], i == SUM, &z[i], &e[i]))
            plain |= (uint8_t)(1u << i);
    buffer_put_u8(out, plain);
    for (unsigned i = 0; i < FIGURES; i++) {
        if (plain & 1u << i) {
            buffer_put_f64(out, figure[i]);
            continue;
        }
        buffer_put_varint(out, zigzag((int64_t)z[i]));
        if (i == SUM)
            buffer_put_varint(out, e[i]);
    }
}

int summary_get(struct reader *reader, size_t n_rows, struct scale scale, struct chunk_summary *out)
{
    double figure[FIGURES];

    uint64_t n_missing = reader_varint(reader), n_other = reader_varint(reader);
    if (reader->failed || n_missing > n_rows || n_other > n_rows - n_missing)
        return GK_ECORRUPT;
    *out = (struct chunk_summary){0, (uint32_t)n_missing, NAN, NAN, NAN, NAN, NAN};
    out->count = (uint32_t)(n_rows - n_missing - n_other);
    if (out->count == 0)
        return GK_OK;
    uint8_t plain = reader_u8(reader);
    if (plain >= 1u << FIGURES || (scale.kind != SCALE_DECIMAL && plain != (1u << FIGURES) - 1))
        return GK_ECORRUPT;
    for (unsigned i = 0; i < FIGURES; i++) {
        if (plain & 1u << i) {
            figure[i] = reader_f64(reader);
            continue;
        }
        uint64_t z = (uint64_t)unzigzag(reader_varint(reader));
        figure[i] = scale_value(scale, z);
        if (i == SUM)
            figure[i] = double_of(bits_of(figure[i]) + (uint64_t)unzigzag(reader_varint(reader)));
    }
    out->min = figure[0];
    out->max = figure[1];
    out->first = figure[2];
    out->last = figure[3];
    out->sum = figure[SUM];
    return reader->failed ? GK_ECORRUPT : GK_OK;
}

static bool is_same(double a, double b)
{
    return bits_of(a) == bits_of(b) || (a != a && b != b);
}

bool summary_is_equal(const struct chunk_summary *a, const struct chunk_summary *b)
{
    return a->count == b->count && a->n_missing == b->n_missing && is_same(a->sum, b->sum) && is_same(a->min, b->min) &&
           is_same(a->max, b->max) && is_same(a->first, b->first) && is_same(a->last, b->last);
}
