/*
 * predict.c - which column is the best basis, see predict.h. For each pair of columns a factor is fitted through the
 * origin; what a row would take with it and without is told by how far integers, or their differences, are apart
 * within short stretches. The basis is the column that spares the others most.
 */
#include "codec/predict.h"

#include <string.h>

#include "codec/log2.h"

#define STRETCH     16
#define STRETCHES   16
#define SAMPLE      (STRETCH * STRETCHES)
#define FACTOR_MAX  0x1p20
#define INTEGER_MAX 0x1p40
#define GAIN_MIN    (LOG2_ONE / 5) /* a row; less is not worth decoding two columns */

BODY void add_body(const uint64_t *basis, size_t n, uint64_t factor, uint64_t *z)
{
    for (size_t i = 0; i < n; i++)
        z[i] += predict(basis[i], factor);
}

AVX2 static void add_avx2(const uint64_t *basis, size_t n, uint64_t factor, uint64_t *z)
{
    add_body(basis, n, factor, z);
}

AVX512 static void add_avx512(const uint64_t *basis, size_t n, uint64_t factor, uint64_t *z)
{
    add_body(basis, n, factor, z);
}

void predict_add_on(enum target target, const uint64_t *basis, size_t n, uint64_t factor, uint64_t *z)
{
    if (target == TARGET_AVX512)
        add_avx512(basis, n, factor, z);
    else if (target == TARGET_AVX2)
        add_avx2(basis, n, factor, z);
    else
        add_body(basis, n, factor, z);
}

void predict_add(const uint64_t *basis, size_t n, uint64_t factor, uint64_t *z)
{
    predict_add_on(target_best(), basis, n, factor, z);
}

BODY void rest_body(const uint64_t *basis, const uint64_t *z, size_t n, uint64_t factor, uint64_t *rest)
{
    for (size_t i = 0; i < n; i++)
        rest[i] = z[i] - predict(basis[i], factor);
}

AVX2 static void rest_avx2(const uint64_t *basis, const uint64_t *z, size_t n, uint64_t factor, uint64_t *rest)
{
    rest_body(basis, z, n, factor, rest);
}

AVX512 static void rest_avx512(const uint64_t *basis, const uint64_t *z, size_t n, uint64_t factor, uint64_t *rest)
{
    rest_body(basis, z, n, factor, rest);
}

void predict_rest(const uint64_t *basis, const uint64_t *z, size_t n, uint64_t factor, uint64_t *rest)
{
    enum target target = target_best();

    if (target == TARGET_AVX512)
        rest_avx512(basis, z, n, factor, rest);
    else if (target == TARGET_AVX2)
        rest_avx2(basis, z, n, factor, rest);
    else
        rest_body(basis, z, n, factor, rest);
}

struct sample {
    uint64_t z[SAMPLE];
    uint32_t cost[STRETCHES]; /* of a row of each stretch, by itself */
    bool is_fit;
};

BODY uint64_t magnitude(uint64_t v)
{
    return v >> 63 ? 0 - v : v;
}

/* About what a row of each stretch takes, in LOG2_ONE-ths of a bit: as integers around their middle, or as differences.
 */
BODY void costs_body(const uint64_t *all, uint32_t *cost)
{
    for (unsigned k = 0; k < STRETCHES; k++) {
        const uint64_t *z = all + (size_t)k * STRETCH;
        uint64_t around = 0, steps = 0, sum = 0;
        for (unsigned i = 0; i < STRETCH; i++)
            sum += z[i] - z[0];
        uint64_t middle = z[0] + (uint64_t)((int64_t)sum / STRETCH);
        for (unsigned i = 0; i < STRETCH; i++)
            around += magnitude(z[i] - middle);
        for (unsigned i = 1; i < STRETCH; i++)
            steps += magnitude(z[i] - z[i - 1]);
        cost[k] = log2_of(STRETCH / 4 + (around < steps ? around : steps));
    }
}

AVX2 static void costs_avx2(const uint64_t *all, uint32_t *cost)
{
    costs_body(all, cost);
}

AVX512 static void costs_avx512(const uint64_t *all, uint32_t *cost)
{
    costs_body(all, cost);
}

static void find_costs(const uint64_t *all, uint32_t *cost)
{
    enum target target = target_best();

    if (target == TARGET_AVX512)
        costs_avx512(all, cost);
    else if (target == TARGET_AVX2)
        costs_avx2(all, cost);
    else
        costs_body(all, cost);
}

/* Stretches of a column as integers; not fit if one has none, or is too large to be multiplied. */
static void take(struct scale scale, const double *value, size_t n_rows, struct sample *out)
{
    out->is_fit = scale.kind == SCALE_DECIMAL;
    for (unsigned k = 0; k < STRETCHES && out->is_fit; k++) {
        uint64_t *z = out->z + (size_t)k * STRETCH;
        out->is_fit = scale_apply(scale, value + k * (n_rows / STRETCHES), STRETCH, z) == 0;
        for (unsigned i = 0; i < STRETCH; i++)
            out->is_fit = out->is_fit && magnitude(z[i]) < (uint64_t)INTEGER_MAX;
    }
    if (out->is_fit)
        find_costs(out->z, out->cost);
}

/* Bits a row, in LOG2_ONE-ths, that `basis` spares `column`; 0 if none. */
static uint32_t gain_of(const struct sample *column, const struct sample *basis, uint64_t *factor)
{
    uint64_t rest[SAMPLE];
    uint32_t cost[STRETCHES], gain = 0;
    double xy = 0, xx = 0;

    for (size_t i = 0; i < SAMPLE; i++) {
        double x = (double)(int64_t)basis->z[i];
        xy += x * (double)(int64_t)column->z[i];
        xx += x * x;
    }
    if (!(xx > 0) || !(xy / xx < FACTOR_MAX) || !(xy / xx > -FACTOR_MAX))
        return 0;
    *factor = (uint64_t)(int64_t)(xy / xx * (1 << PREDICT_SHIFT));
    predict_rest(basis->z, column->z, SAMPLE, *factor, rest);
    find_costs(rest, cost);
    for (size_t k = 0; k < STRETCHES; k++)
        gain += cost[k] < column->cost[k] ? column->cost[k] - cost[k] : 0; /* a mini block takes the better */
    return *factor ? gain / STRETCHES : 0;
}

/* What basis b spares all others, and their factors. */
static uint32_t gain_of_basis(const struct sample *sample, size_t n, size_t b, uint64_t *factor)
{
    uint32_t sum = 0;

    for (size_t i = 0; i < n; i++) {
        factor[i] = 0;
        if (i == b || !sample[i].is_fit)
            continue;
        uint32_t gain = gain_of(&sample[i], &sample[b], &factor[i]);
        if (gain < GAIN_MIN)
            factor[i] = 0;
        else
            sum += gain;
    }
    return sum;
}

void predict_choose(const struct scale *scale, const double *const *value, size_t n_columns, size_t n_rows,
                    struct predict_plan *out)
{
    struct sample sample[PREDICT_COLUMNS_MAX];
    uint64_t factor[PREDICT_COLUMNS_MAX] = {0};
    uint32_t best = 0;

    *out = (struct predict_plan){.basis = PREDICT_NONE};
    if (n_columns < 2 || n_rows < PREDICT_ROWS_MIN)
        return;
    if (n_columns > PREDICT_COLUMNS_MAX)
        n_columns = PREDICT_COLUMNS_MAX;
    for (size_t i = 0; i < n_columns; i++)
        take(scale[i], value[i], n_rows, &sample[i]);
    for (size_t b = 0; b < n_columns; b++) {
        uint32_t gain = sample[b].is_fit ? gain_of_basis(sample, n_columns, b, factor) : 0;
        if (gain > best) {
            best = gain;
            out->basis = (uint32_t)b;
            memcpy(out->factor, factor, sizeof factor);
        }
    }
}
