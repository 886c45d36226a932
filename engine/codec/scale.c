/*
 * scale.c - doubles to integers and back, see scale.h.
 *
 * Rounding is done by adding 1.5 * 2^52: for |x| < 2^51 the sum has the rounded integer in its low bits. It needs
 * nothing but additions, so it is a vector loop on every machine; the way back is the same addition the other way
 * round.
 */
#include "codec/scale.h"

#include <assert.h>
#include <math.h>

#include "base/bytes.h"
#include "codec/drift.h"
#include "codec/log2.h"
#include "gk.h"

#define ROUNDER      0x1.8p52
#define ROUNDER_BITS UINT64_C(0x4338000000000000)
#define Z_MAX        0x1p51

#define SAMPLES 64 /* values looked at for the first guess of d */
#define LOOKS   16 /* values without an integer that are asked for their decimals */

/* Exact in a double up to 10^22. */
static const double POWERS[SCALE_DECIMALS_MAX + 1] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8, 1e9,
                                                      1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18};

static const double INVERSES[SCALE_DECIMALS_MAX + 1] = {
    1 / 1e0,  1 / 1e1,  1 / 1e2,  1 / 1e3,  1 / 1e4,  1 / 1e5,  1 / 1e6,  1 / 1e7,  1 / 1e8, 1 / 1e9,
    1 / 1e10, 1 / 1e11, 1 / 1e12, 1 / 1e13, 1 / 1e14, 1 / 1e15, 1 / 1e16, 1 / 1e17, 1 / 1e18};

bool scale_is_valid(struct scale scale)
{
    if (scale.kind == SCALE_DECIMAL || scale.kind == SCALE_DIGITS)
        return scale.by <= SCALE_DECIMALS_MAX;
    return scale.kind == SCALE_BITS && scale.by <= SCALE_SHIFT_MAX;
}

/* ---- decimals ------------------------------------------------------------------------------------------------- */

/*
 * integer / 10^d as IEEE 754 rounds it, which is slow to compute; with a fused multiply-add it is a product with the
 * rounded inverse, corrected once. That is equal for |integer| <= 2^51 and d <= FUSED_MAX: the product is less than two
 * units in the last place off, so the remainder is exact, and the corrected quotient is off by 2^-52 of such a unit
 * before it is rounded; no integer / 10^d is nearer than 1 / (2 * 10^d) of a unit to the middle of two doubles, nor in
 * it.
 */
#define FUSED_MAX 15

BODY double divide(double integer, unsigned d, bool has_fma)
{
    if (!has_fma || d > FUSED_MAX)
        return integer / POWERS[d];
    double quotient = integer * INVERSES[d];
    return __builtin_fma(__builtin_fma(-quotient, POWERS[d], integer), INVERSES[d], quotient);
}

/* The nearest integer to value * 10^d as bits; *back is the value that integer stands for. */
BODY uint64_t decimal_of(double value, unsigned d, bool has_fma, double *back)
{
    double rounded = value * POWERS[d] + ROUNDER;
    *back = divide(rounded - ROUNDER, d, has_fma);
    return bits_of(rounded) - ROUNDER_BITS;
}

/* 1 when the integer does not give the value back to the bit, or is too large for the rounding to mean anything. */
BODY uint64_t is_odd(double value, unsigned d, double back)
{
    double x = value * POWERS[d];
    return (uint64_t)(bits_of(back) != bits_of(value)) | (uint64_t) !(__builtin_fabs(x) < Z_MAX);
}

BODY size_t decimal_apply(const double *value, size_t n, unsigned d, bool has_fma, uint64_t *z)
{
    uint64_t n_odd = 0;

    has_fma = has_fma && d <= FUSED_MAX;
    for (size_t i = 0; i < n; i++) {
        double back;
        z[i] = decimal_of(value[i], d, has_fma, &back);
        n_odd += is_odd(value[i], d, back);
    }
    return (size_t)n_odd;
}

BODY double integer_of(uint64_t z)
{
    return double_of(z + ROUNDER_BITS) - ROUNDER;
}

BODY void decimal_invert(uint64_t base, const uint64_t *z, size_t n, unsigned d, bool has_fma, double *value)
{
    if (has_fma && d <= FUSED_MAX)
        for (size_t i = 0; i < n; i++)
            value[i] = divide(integer_of(base + z[i]), d, true);
    else
        for (size_t i = 0; i < n; i++)
            value[i] = divide(integer_of(base + z[i]), d, false);
}

/* ---- bit patterns --------------------------------------------------------------------------------------------- */

/* Mirrors negative patterns, so that integers ascend as values do; its own inverse. */
BODY uint64_t mirror(uint64_t x)
{
    return x ^ ((0 - (x >> 63)) >> 1);
}

/* Shift down and fill with the sign; the shift up needs no care. */
BODY uint64_t shift_down(uint64_t x, unsigned by)
{
    return x >> by | ((0 - (x >> 63)) & ~(UINT64_MAX >> by));
}

BODY size_t bits_apply(const double *value, size_t n, unsigned by, uint64_t *z)
{
    uint64_t lost = (UINT64_C(1) << by) - 1, n_odd = 0;
    for (size_t i = 0; i < n; i++) {
        uint64_t bits = bits_of(value[i]);
        z[i] = mirror(shift_down(bits, by));
        n_odd += (uint64_t)((bits & lost) != 0) | (uint64_t)(bits == GK_MISSING_BITS);
    }
    return (size_t)n_odd;
}

BODY void bits_invert(uint64_t base, const uint64_t *z, size_t n, unsigned by, double *value)
{
    for (size_t i = 0; i < n; i++)
        value[i] = double_of(mirror(base + z[i]) << by);
}

/* ---- both
 * ------------------------------------------------------------------------------------------------------------ */

BODY size_t apply_body(struct scale scale, bool has_fma, const double *value, size_t n, uint64_t *z)
{
    if (scale.kind == SCALE_DECIMAL)
        return decimal_apply(value, n, scale.by, has_fma, z);
    return bits_apply(value, n, scale.by, z);
}

BODY void odd_body(struct scale scale, bool has_fma, const double *value, size_t n, uint8_t *odd)
{
    uint64_t lost = (UINT64_C(1) << scale.by) - 1;

    if (scale.kind != SCALE_DECIMAL) {
        for (size_t i = 0; i < n; i++)
            odd[i] = (bits_of(value[i]) & lost) != 0 || bits_of(value[i]) == GK_MISSING_BITS;
        return;
    }
    has_fma = has_fma && scale.by <= FUSED_MAX;
    for (size_t i = 0; i < n; i++) {
        double back;
        (void)decimal_of(value[i], scale.by, has_fma, &back); /* only whether it comes back */
        odd[i] = (uint8_t)is_odd(value[i], scale.by, back);
    }
}

BODY void invert_body(struct scale scale, bool has_fma, uint64_t base, const uint64_t *z, size_t n, double *value)
{
    if (scale.kind == SCALE_DECIMAL)
        decimal_invert(base, z, n, scale.by, has_fma, value);
    else
        bits_invert(base, z, n, scale.by, value);
}

BODY void near_body(struct scale scale, bool has_fma, uint64_t base, const uint32_t *near, size_t n, double *value)
{
    if (scale.kind != SCALE_DECIMAL)
        for (size_t i = 0; i < n; i++)
            value[i] = double_of(mirror(base + (uint64_t)(int64_t)(int32_t)near[i]) << scale.by);
    else if (scale.by == 0)
        for (size_t i = 0; i < n; i++)
            value[i] = integer_of(base + (uint64_t)(int64_t)(int32_t)near[i]);
    else if (has_fma && scale.by <= FUSED_MAX)
        for (size_t i = 0; i < n; i++)
            value[i] = divide(integer_of(base + (uint64_t)(int64_t)(int32_t)near[i]), scale.by, true);
    else
        for (size_t i = 0; i < n; i++)
            value[i] = divide(integer_of(base + (uint64_t)(int64_t)(int32_t)near[i]), scale.by, false);
}

AVX2 static size_t apply_avx2(struct scale scale, const double *value, size_t n, uint64_t *z)
{
    return apply_body(scale, true, value, n, z);
}

AVX512 static size_t apply_avx512(struct scale scale, const double *value, size_t n, uint64_t *z)
{
    return apply_body(scale, true, value, n, z);
}

AVX2 static void odd_avx2(struct scale scale, const double *value, size_t n, uint8_t *odd)
{
    odd_body(scale, true, value, n, odd);
}

AVX512 static void odd_avx512(struct scale scale, const double *value, size_t n, uint8_t *odd)
{
    odd_body(scale, true, value, n, odd);
}

AVX2 static void invert_avx2(struct scale scale, uint64_t base, const uint64_t *z, size_t n, double *value)
{
    invert_body(scale, true, base, z, n, value);
}

AVX512 static void invert_avx512(struct scale scale, uint64_t base, const uint64_t *z, size_t n, double *value)
{
    invert_body(scale, true, base, z, n, value);
}

AVX2 static void near_avx2(struct scale scale, uint64_t base, const uint32_t *near, size_t n, double *value)
{
    near_body(scale, true, base, near, n, value);
}

AVX512 static void near_avx512(struct scale scale, uint64_t base, const uint32_t *near, size_t n, double *value)
{
    near_body(scale, true, base, near, n, value);
}

void scale_invert_near(struct scale scale, uint64_t base, const uint32_t *near, size_t n, double *value)
{
    enum target target = target_best();
    if (scale.kind == SCALE_DIGITS) {
        digits_value_near(base, near, n, scale.by, value);
        return;
    }
    if (target == TARGET_AVX512)
        near_avx512(scale, base, near, n, value);
    else if (target == TARGET_AVX2)
        near_avx2(scale, base, near, n, value);
    else
        near_body(scale, false, base, near, n, value);
}

size_t scale_apply_on(enum target target, struct scale scale, const double *value, size_t n, uint64_t *z)
{
    if (scale.kind == SCALE_DIGITS)
        return digits_rank_on(target, value, n, scale.by, z, NULL);
    if (target == TARGET_AVX512)
        return apply_avx512(scale, value, n, z);
    return target == TARGET_AVX2 ? apply_avx2(scale, value, n, z) : apply_body(scale, false, value, n, z);
}

static void invert(enum target target, struct scale scale, uint64_t base, const uint64_t *z, size_t n, double *value)
{
    if (scale.kind == SCALE_DIGITS)
        digits_value_on(target, base, z, n, scale.by, value);
    else if (target == TARGET_AVX512)
        invert_avx512(scale, base, z, n, value);
    else if (target == TARGET_AVX2)
        invert_avx2(scale, base, z, n, value);
    else
        invert_body(scale, false, base, z, n, value);
}

void scale_invert_on(enum target target, struct scale scale, const uint64_t *z, size_t n, double *value)
{
    invert(target, scale, 0, z, n, value);
}

void scale_invert_above(struct scale scale, uint64_t base, const uint64_t *z, size_t n, double *value)
{
    invert(target_best(), scale, base, z, n, value);
}

size_t scale_apply(struct scale scale, const double *value, size_t n, uint64_t *z)
{
    return scale_apply_on(target_best(), scale, value, n, z);
}

size_t scale_apply_runs(struct scale scale, const double *value, size_t n, uint64_t *z, bool *is_whole)
{
    size_t n_odd = 0;

    for (size_t i = 0; i < n; i += SCALE_RUN) {
        size_t here = scale_apply(scale, value + i, n - i < SCALE_RUN ? n - i : SCALE_RUN, z + i);
        if (is_whole)
            is_whole[i / SCALE_RUN] = here == 0;
        n_odd += here;
    }
    return n_odd;
}

void scale_odd(struct scale scale, const double *value, size_t n, uint8_t *odd)
{
    enum target target = target_best();
    if (scale.kind == SCALE_DIGITS) {
        uint64_t rank[SCALE_RUN];
        for (size_t i = 0; i < n; i += SCALE_RUN)
            (void)digits_rank(value + i, n - i < SCALE_RUN ? n - i : SCALE_RUN, scale.by, rank,
                              odd + i); /* `odd` tells */
        return;
    }
    if (target == TARGET_AVX512)
        odd_avx512(scale, value, n, odd);
    else if (target == TARGET_AVX2)
        odd_avx2(scale, value, n, odd);
    else
        odd_body(scale, false, value, n, odd);
}

bool scale_apply_one(struct scale scale, double value, uint64_t *z)
{
    return scale_apply_on(TARGET_PLAIN, scale, &value, 1, z) == 0;
}

uint64_t scale_nearest(struct scale scale, double value)
{
    double back;
    return decimal_of(value, scale.by, false, &back);
}

bool scale_least(struct scale scale, double limit, bool is_above, int64_t *least)
{
    double x = scale.kind != SCALE_BITS ? limit * POWERS[scale.by] : NAN;

    if (!(__builtin_fabs(x) < (scale.kind == SCALE_DIGITS ? DIGITS_UNITS_MAX : Z_MAX)))
        return false;
    int64_t z = scale.kind == SCALE_DIGITS ? digits_rank_near((int64_t)x) : (int64_t)x;
    double value = scale_value(scale, (uint64_t)z);
    /* Values ascend with their integers, and this one is off by one at most. */
    while (value > limit || (value == limit && !is_above))
        value = scale_value(scale, (uint64_t)--z);
    while (value < limit || (value == limit && is_above))
        value = scale_value(scale, (uint64_t)++z);
    *least = z;
    return true;
}

double scale_value(struct scale scale, uint64_t z)
{
    double value;

    if (scale.kind == SCALE_DECIMAL)
        return divide(integer_of(z), scale.by, false);
    scale_invert_on(TARGET_PLAIN, scale, &z, 1, &value);
    return value;
}

void scale_invert(struct scale scale, const uint64_t *z, size_t n, double *value)
{
    scale_invert_on(target_best(), scale, z, n, value);
}

/* ---- choosing ------------------------------------------------------------------------------------------------- */

#define BESIDE_COST 720 /* tenths of a bit: position and pattern */
#define DRIFT_COST  160 /* position and some bits */

/*
 * Tenths of a bit that a column costs at d decimals when n_odd values are kept beside (position and pattern). A decimal
 * more makes only those values larger that change: a motor that is off costs nothing at any d.
 */
static size_t decimal_cost(size_t n_changes, size_t n_odd, unsigned d)
{
    return n_odd * BESIDE_COST + n_changes * 33 * d;
}

BODY size_t changes_body(const double *value, size_t n)
{
    uint64_t n_changes = 0;
    for (size_t i = 1; i < n; i++)
        n_changes += bits_of(value[i]) != bits_of(value[i - 1]);
    return (size_t)n_changes;
}

AVX2 static size_t changes_avx2(const double *value, size_t n)
{
    return changes_body(value, n);
}

AVX512 static size_t changes_avx512(const double *value, size_t n)
{
    return changes_body(value, n);
}

/* How many values are not the one before. */
static size_t count_changes(const double *value, size_t n)
{
    enum target target = target_best();
    if (target == TARGET_AVX512)
        return changes_avx512(value, n);
    return target == TARGET_AVX2 ? changes_avx2(value, n) : changes_body(value, n);
}

/* Evenly spread values; returns how many. */
static size_t take_samples(const double *value, size_t n, double *sample)
{
    size_t step = (n + SAMPLES - 1) / SAMPLES, k = 0;
    for (size_t i = 0; i < n; i += step)
        sample[k++] = value[i];
    return k;
}

/* Samples without an integer at d decimals, a bit each: all, and those that do not even drift from one, or never will.
 */
struct tried {
    uint64_t odd, beside, large;
};

BODY struct tried try_body(const double *sample, size_t n, unsigned d, bool has_fma)
{
    struct tried out = {0, 0, 0};

    for (size_t i = 0; i < n; i++) {
        double back;
        (void)decimal_of(sample[i], d, has_fma, &back); /* only whether it comes back */
        uint64_t steps = zigzag((int64_t)(bits_of(sample[i]) - bits_of(back)));
        uint64_t is_large = !(__builtin_fabs(sample[i] * POWERS[d]) < Z_MAX);
        out.large |= is_large << i;
        out.odd |= ((uint64_t)(steps != 0) | is_large) << i;
        out.beside |= ((uint64_t)(steps >> DRIFT_BITS_MAX != 0) | is_large) << i;
    }
    return out;
}

AVX2 static struct tried try_avx2(const double *sample, size_t n, unsigned d)
{
    return try_body(sample, n, d, d <= FUSED_MAX);
}

AVX512 static struct tried try_avx512(const double *sample, size_t n, unsigned d)
{
    return try_body(sample, n, d, d <= FUSED_MAX);
}

static struct tried try_samples(const double *sample, size_t n, unsigned d)
{
    enum target target = target_best();

    static_assert(SAMPLES == 64, "a bit each");
    assert(n <= SAMPLES);
    if (target == TARGET_AVX512)
        return try_avx512(sample, n, d);
    return target == TARGET_AVX2 ? try_avx2(sample, n, d) : try_body(sample, n, d, false);
}

#define FEW 24 /* samples that tell which decimals are worth trying on all */

/* The least number of decimals, from d on, that gives an integer to some of those that are left; they are no more. */
static unsigned next_decimals(const double *sample, size_t n, unsigned d, uint64_t *left)
{
    for (; d <= SCALE_DECIMALS_MAX && *left; d++) {
        struct tried tried = try_samples(sample, n, d);
        uint64_t found = *left & ~tried.odd;
        *left &= tried.odd & ~tried.large;
        if (found)
            return d;
    }
    return SCALE_DECIMALS_MAX + 1;
}

static uint64_t mask_of(size_t n_samples)
{
    return n_samples < 64 ? (UINT64_C(1) << n_samples) - 1 : UINT64_MAX;
}

/* The cheapest d for a few values: none, or one that some of them need. */
static unsigned guess_decimals(const double *sample, size_t n)
{
    double few[FEW];
    size_t n_few = n < FEW ? n : FEW, best = SIZE_MAX, n_changes = count_changes(sample, n);
    unsigned best_d = 0;

    for (size_t i = 0; i < n_few; i++)
        few[i] = sample[i * n / n_few];
    uint64_t left = mask_of(n_few) & try_samples(few, n_few, 0).odd;
    for (unsigned d = 0; d <= SCALE_DECIMALS_MAX; d = next_decimals(few, n_few, d + 1, &left)) {
        struct tried tried = try_samples(sample, n, d);
        size_t n_beside = (size_t)__builtin_popcountll(tried.beside);
        size_t n_drift = (size_t)__builtin_popcountll(tried.odd) - n_beside;
        size_t cost = decimal_cost(n_changes, n_beside, d) + n_drift * DRIFT_COST;
        if (cost < best) {
            best = cost;
            best_d = d;
        }
    }
    return best_d;
}

/*
 * Of the values without an integer at d decimals: how many more give one to any. Looks at *n_looks of them at most, as
 * most values that have none at one d have none at any.
 */
static unsigned need_of_odd(unsigned d, const double *value, size_t n, unsigned *n_looks)
{
    uint8_t odd[SCALE_RUN];
    double sample[LOOKS];
    size_t k = 0;

    scale_odd((struct scale){SCALE_DECIMAL, (uint8_t)d}, value, n, odd);
    for (size_t i = 0; i < n && k < *n_looks; i++)
        if (odd[i])
            sample[k++] = value[i];
    uint64_t left = mask_of(k);
    *n_looks -= (unsigned)k;
    return next_decimals(sample, k, d + 1, &left);
}

/* The integers at d decimals, and what a value without one needs; SCALE_DECIMALS_MAX + 1 if none was found. */
static size_t try_decimals(const double *value, size_t n, unsigned d, uint64_t *z, bool *is_whole, unsigned *need)
{
    struct scale scale = {SCALE_DECIMAL, (uint8_t)d};
    size_t n_odd = 0;
    unsigned n_looks = LOOKS;

    *need = SCALE_DECIMALS_MAX + 1;
    for (size_t i = 0; i < n; i += SCALE_RUN) {
        size_t k = n - i < SCALE_RUN ? n - i : SCALE_RUN;
        size_t here = scale_apply(scale, value + i, k, z + i);
        if (here && n_looks > 0 && *need > SCALE_DECIMALS_MAX)
            *need = need_of_odd(d, value + i, k, &n_looks);
        if (is_whole)
            is_whole[i / SCALE_RUN] = here == 0;
        n_odd += here;
    }
    return n_odd;
}

struct scale scale_decimal_of(const double *value, size_t n, uint64_t *z, bool *is_whole, size_t *n_odd)
{
    double sample[SAMPLES] = {0};
    size_t n_samples = take_samples(value, n, sample);
    unsigned need, d = guess_decimals(sample, n_samples);

    *n_odd = try_decimals(value, n, d, z, is_whole, &need);
    if (need > SCALE_DECIMALS_MAX || need <= d)
        return (struct scale){SCALE_DECIMAL, (uint8_t)d};
    size_t n_changes = count_changes(value, n), cost = decimal_cost(n_changes, *n_odd, d);
    while (need <= SCALE_DECIMALS_MAX && need > d && decimal_cost(n_changes, 0, need) < cost) {
        unsigned next_need;
        *n_odd = try_decimals(value, n, need, z, is_whole, &next_need);
        size_t next_cost = decimal_cost(n_changes, *n_odd, need);
        if (next_cost >= cost) {
            *n_odd = scale_apply_runs((struct scale){SCALE_DECIMAL, (uint8_t)d}, value, n, z, is_whole);
            break;
        }
        d = need;
        need = next_need;
        cost = next_cost;
    }
    return (struct scale){SCALE_DECIMAL, (uint8_t)d};
}

/* ---- digits ---------------------------------------------------------------------------------------------------- */

#define DIGITS_GAIN   4  /* ranks serve a column where they are shorter by one decimal digit in so many values */
#define DIGITS_BESIDE 20 /* a value beside takes as much as so many digits */
#define DIGITS_ODD    16 /* at most one sample in so many has no rank */

/* Between the least and the greatest rank of those that have one. */
static uint64_t spread_of(const uint64_t *rank, const uint8_t *odd, size_t n)
{
    int64_t low = INT64_MAX, high = INT64_MIN;

    for (size_t i = 0; i < n; i++) {
        low = !odd[i] && (int64_t)rank[i] < low ? (int64_t)rank[i] : low;
        high = !odd[i] && (int64_t)rank[i] > high ? (int64_t)rank[i] : high;
    }
    return low <= high ? (uint64_t)(high - low) : 0;
}

/* The fewest decimals at which a value has the rank that it has at d. */
static unsigned decimals_of_rank(int64_t rank, unsigned d)
{
    unsigned e = digits_exponent(rank), need = d > e ? d - e : 0;
    int64_t m = (rank < 0 ? -rank : rank) - 900 * (int64_t)e;

    for (; need > 0 && m % 10 == 0 && m > 0; m /= 10)
        need--;
    return m == 0 ? 0 : need;
}

/* As many decimals as all values may have. */
static unsigned most_decimals(const double *value, size_t n)
{
    double most = 0;
    unsigned d = 0;

    for (size_t i = 0; i < n; i++)
        most = __builtin_fabs(value[i]) > most ? __builtin_fabs(value[i]) : most;
    while (d < SCALE_DECIMALS_MAX && most * POWERS[d + 1] < DIGITS_UNITS_MAX)
        d++;
    return d;
}

/* The cheapest decimals for some values as ranks: each change takes what all are spread over, those beside as above. */
static unsigned guess_digits(const double *sample, size_t n, size_t *n_odd)
{
    unsigned best_d = 0, most = most_decimals(sample, n);
    size_t best = SIZE_MAX, n_changes = count_changes(sample, n);
    bool is_needed[SCALE_DECIMALS_MAX + 1] = {true};
    uint64_t rank[SAMPLES] = {0};
    uint8_t odd[SAMPLES] = {0};

    (void)digits_rank(sample, n, most, rank, NULL); /* what has none at any is needed by nobody */
    for (size_t i = 0; i < n; i++)
        is_needed[decimals_of_rank((int64_t)rank[i], most)] = true;
    *n_odd = n;
    for (unsigned d = most + 1; d-- > 0;) {
        if (!is_needed[d])
            continue;
        size_t k = digits_rank(sample, n, d, rank, odd);
        if (k * BESIDE_COST > best)
            break; /* with fewer decimals more are beside */
        size_t cost = k * BESIDE_COST + n_changes * log2_of(spread_of(rank, odd, n) + 1) * 10 / LOG2_ONE;
        if (cost <= best) {
            best = cost;
            best_d = d;
            *n_odd = k;
        }
    }
    return best_d;
}

bool scale_digits_of(const double *value, size_t n, struct scale decimal, struct scale *out)
{
    double sample[SAMPLES] = {0};
    uint64_t z[SAMPLES] = {0};
    size_t n_taken = take_samples(value, n, sample), n_samples = 0, n_zero = 0, n_odd, n_saved = 0;

    for (size_t i = 0; i < n_taken; i++) {
        n_zero += sample[i] == 0;
        if (!gk_is_missing(sample[i]))
            sample[n_samples++] = sample[i];
    }
    if (digits_rank(sample, n_samples, decimal.by, z, NULL) > (n_samples - n_zero) / 2)
        return false; /* cheap, and true of most columns; zeros have a rank anywhere */
    for (size_t i = 0; i < n_samples; i++)
        n_saved += digits_exponent((int64_t)z[i]);
    size_t n_beside = scale_apply(decimal, sample, n_samples, z);
    if ((n_saved + n_beside * DIGITS_BESIDE) * DIGITS_GAIN < n_samples || n_saved + n_beside == 0)
        return false;
    *out = (struct scale){SCALE_DIGITS, (uint8_t)guess_digits(sample, n_samples, &n_odd)};
    return n_odd <= n_samples / DIGITS_ODD;
}

struct scale scale_bits_of(const double *value, size_t n)
{
    uint64_t any = 0;
    for (size_t i = 0; i < n; i++)
        any |= bits_of(value[i]) == GK_MISSING_BITS ? 0 : bits_of(value[i]);
    return (struct scale){SCALE_BITS, any ? (uint8_t)__builtin_ctzll(any) : 0};
}
