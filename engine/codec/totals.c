/*
 * totals.c - see totals.h.
 */
#include "codec/totals.h"

#include <assert.h>
#include <stdbool.h>

BODY void of_body(const uint64_t *z, size_t n, struct totals *out)
{
    int64_t low = (int64_t)z[0], high = (int64_t)z[0];
    uint64_t sum = 0;

    for (size_t i = 0; i < n; i++) {
        low = (int64_t)z[i] < low ? (int64_t)z[i] : low;
        high = (int64_t)z[i] > high ? (int64_t)z[i] : high;
        sum += z[i];
    }
    *out = (struct totals){low, high, (int64_t)sum};
}

/* So near are most that 32 bits hold a sum of NEAR_SUM of them. */
#define NEAR     (1 << 23)
#define NEAR_SUM 256

BODY int64_t wide_sum(const uint32_t *near, size_t n)
{
    int64_t sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += (int32_t)near[i];
    return sum;
}

BODY void near_body(uint64_t base, const uint32_t *near, size_t n, struct totals *out)
{
    int32_t low = INT32_MAX, high = INT32_MIN;
    uint32_t sum = 0;

    for (size_t i = 0; i < n; i++) {
        int32_t x = (int32_t)near[i];
        low = x < low ? x : low;
        high = x > high ? x : high;
        sum += near[i];
    }
    bool is_near = n <= NEAR_SUM && low >= -NEAR && high < NEAR;
    out->low = (int64_t)(base + (uint64_t)(int64_t)low);
    out->high = (int64_t)(base + (uint64_t)(int64_t)high);
    out->sum = (int64_t)(base * n + (uint64_t)(is_near ? (int32_t)sum : wide_sum(near, n)));
}

AVX2 static void of_avx2(const uint64_t *z, size_t n, struct totals *out)
{
    of_body(z, n, out);
}

AVX512 static void of_avx512(const uint64_t *z, size_t n, struct totals *out)
{
    of_body(z, n, out);
}

AVX2 static void near_avx2(uint64_t base, const uint32_t *near, size_t n, struct totals *out)
{
    near_body(base, near, n, out);
}

AVX512 static void near_avx512(uint64_t base, const uint32_t *near, size_t n, struct totals *out)
{
    near_body(base, near, n, out);
}

void totals_of_on(enum target target, const uint64_t *z, size_t n, struct totals *out)
{
    assert(n >= 1);
    if (target == TARGET_AVX512)
        of_avx512(z, n, out);
    else if (target == TARGET_AVX2)
        of_avx2(z, n, out);
    else
        of_body(z, n, out);
}

void totals_near_on(enum target target, uint64_t base, const uint32_t *near, size_t n, struct totals *out)
{
    assert(n >= 1);
    if (target == TARGET_AVX512)
        near_avx512(base, near, n, out);
    else if (target == TARGET_AVX2)
        near_avx2(base, near, n, out);
    else
        near_body(base, near, n, out);
}

void totals_of(const uint64_t *z, size_t n, struct totals *out)
{
    totals_of_on(target_best(), z, n, out);
}

void totals_near(uint64_t base, const uint32_t *near, size_t n, struct totals *out)
{
    totals_near_on(target_best(), base, near, n, out);
}
