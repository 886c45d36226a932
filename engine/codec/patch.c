/*
 * patch.c - packing with exceptions. How many values are wider than a width tells exactly what that width takes,
 * without packing.
 */
#include "codec/patch.h"

#include <assert.h>

#include "base/bytes.h"
#include "codec/planes.h"

#define EXCEPTIONS_MAX (PACK_MAX - 1)

static size_t cost(size_t n, unsigned width, size_t n_exceptions, unsigned extra)
{
    size_t size = 1 + pack_size(n, width);
    if (n_exceptions)
        size += 2 + n_exceptions + pack_size(n_exceptions, extra);
    return size;
}

BODY unsigned max_width(const uint64_t *v, size_t n)
{
    uint64_t any = 0;
    for (size_t i = 0; i < n; i++)
        any |= v[i];
    return pack_width(any);
}

BODY size_t count_wider(const uint64_t *v, size_t n, unsigned width)
{
    uint64_t count = 0;
    for (size_t i = 0; i < n; i++)
        count += v[i] >> width != 0;
    return (size_t)count;
}

/*
 * From the largest width down. A width that leaves n_exceptions tells what any narrower one takes at least: as many
 * exceptions, each with its position and all its bits. Mostly two or three widths are enough to know the best.
 */
BODY struct patch_plan plan_body(const uint64_t *v, size_t n, size_t limit)
{
    unsigned max = max_width(v, n);
    struct patch_plan best = {max, 0, 0, false, cost(n, max, 0, 0)};

    for (unsigned width = max; width-- > 0;) {
        size_t n_exceptions = count_wider(v, n, width);
        if (n_exceptions > EXCEPTIONS_MAX)
            break;
        size_t size = cost(n, width, n_exceptions, max - width);
        if (size < best.size)
            best = (struct patch_plan){width, max - width, n_exceptions, false, size};
        if (3 + n_exceptions * (8 + max) / 8 >= (best.size < limit ? best.size : limit))
            break;
    }
    return best;
}

/* Decoding planes takes longer than packing alone: they have to spare one byte in so many. */
#define PLANES_GAIN 40
#define NOISE_LEAST 64 /* fewer integers are not worth a look */

BODY uint64_t sum_of(const uint64_t *v, size_t n, unsigned shift)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += v[i] >> shift;
    return sum;
}

/* The width is where the mean is, or one more: so most high parts are 0 or 1. */
BODY void try_planes(const uint64_t *v, size_t n, struct patch_plan *best)
{
    unsigned max = best->width + best->extra;
    uint64_t sum = n >= NOISE_LEAST && max < 48 ? sum_of(v, n, 0) : 0;
    unsigned first = sum >= 2 * n ? pack_width(sum / n) - 1 : 0;

    for (unsigned width = first; sum > 0 && width <= first + 1; width++) {
        uint64_t high = sum_of(v, n, width);
        size_t size = 1 + pack_size(n, width) + planes_size(n, high);
        if (max <= width + 5 && high <= PLANES_SUM_MAX && size + size / PLANES_GAIN < best->size)
            *best = (struct patch_plan){width, 0, 0, true, size};
    }
}

BODY struct patch_plan noise_body(const uint64_t *v, size_t n, size_t limit)
{
    struct patch_plan best = plan_body(v, n, limit);
    try_planes(v, n, &best);
    return best;
}

AVX2 static struct patch_plan plan_avx2(const uint64_t *v, size_t n, size_t limit)
{
    return plan_body(v, n, limit);
}

AVX512 static struct patch_plan plan_avx512(const uint64_t *v, size_t n, size_t limit)
{
    return plan_body(v, n, limit);
}

struct patch_plan patch_plan_below(const uint64_t *v, size_t n, size_t limit)
{
    enum target target = target_best();

    assert(n <= PACK_MAX);
    if (target == TARGET_AVX512)
        return plan_avx512(v, n, limit);
    return target == TARGET_AVX2 ? plan_avx2(v, n, limit) : plan_body(v, n, limit);
}

struct patch_plan patch_plan(const uint64_t *v, size_t n)
{
    return patch_plan_below(v, n, SIZE_MAX);
}

AVX2 static struct patch_plan noise_avx2(const uint64_t *v, size_t n, size_t limit)
{
    return noise_body(v, n, limit);
}

AVX512 static struct patch_plan noise_avx512(const uint64_t *v, size_t n, size_t limit)
{
    return noise_body(v, n, limit);
}

struct patch_plan patch_plan_noise(const uint64_t *v, size_t n, size_t limit)
{
    enum target target = target_best();

    assert(n <= PACK_MAX);
    if (target == TARGET_AVX512)
        return noise_avx512(v, n, limit);
    return target == TARGET_AVX2 ? noise_avx2(v, n, limit) : noise_body(v, n, limit);
}

static size_t put_exceptions(const struct patch_plan *plan, const uint64_t *v, size_t n, uint8_t *out)
{
    uint64_t high[PACK_MAX];
    size_t k = 0;

    for (size_t i = 0; i < n; i++) {
        out[2 + k] = (uint8_t)i; /* kept only if the value is an exception */
        high[k] = v[i] >> plan->width;
        k += high[k] != 0;
    }
    assert(k == plan->n_exceptions);
    out[0] = (uint8_t)k;
    out[1] = (uint8_t)plan->extra;
    pack_put(high, k, plan->extra, out + 2 + k);
    return 2 + k + pack_size(k, plan->extra);
}

void patch_put(const struct patch_plan *plan, const uint64_t *v, size_t n, uint8_t *out)
{
    size_t at = 1;
    out[0] = (uint8_t)plan->width;
    if (plan->has_planes) {
        out[0] |= PATCH_PLANES;
        pack_put(v, n, plan->width, out + at);
        planes_put(v, n, plan->width, out + at + pack_size(n, plan->width));
        return;
    }
    if (plan->n_exceptions) {
        out[0] |= PATCH_EXCEPTIONS;
        at += put_exceptions(plan, v, n, out + at);
    }
    pack_put(v, n, plan->width, out + at);
    assert(at + pack_size(n, plan->width) == plan->size);
}

size_t patch_open(const uint8_t *bytes, size_t size, size_t n, struct patch_view *out)
{
    size_t at = 1;

    if (size < 1 || bytes[0] >= PATCH_PLANES)
        return 0;
    out->width = bytes[0] & (PATCH_EXCEPTIONS - 1u);
    out->n_exceptions = 0;
    if (out->width > PACK_WIDTH_MAX)
        return 0;
    if (bytes[0] & PATCH_EXCEPTIONS) {
        if (size < 3)
            return 0;
        size_t k = out->n_exceptions = bytes[1];
        unsigned extra = bytes[2];
        if (k == 0 || k > n || k > EXCEPTIONS_MAX || extra == 0 || extra > PACK_WIDTH_MAX - out->width)
            return 0;
        at = 3 + k + pack_size(k, extra);
        if (at > size)
            return 0;
        out->position = bytes + 3;
        pack_get(bytes + 3 + k, k, extra, out->high);
        for (size_t i = 0; i < k; i++)
            if (out->position[i] >= n)
                return 0;
    }
    out->packed = bytes + at;
    return pack_size(n, out->width) > size - at ? 0 : at + pack_size(n, out->width);
}

static size_t get_planes(const uint8_t *bytes, size_t size, size_t n, uint64_t *v)
{
    unsigned width = bytes[0] - PATCH_PLANES;
    size_t at = 1 + pack_size(n, width);

    if (at > size)
        return 0;
    pack_get(bytes + 1, n, width, v);
    size_t used = planes_get(bytes + at, size - at, n, width, v);
    return used ? at + used : 0;
}

size_t patch_get(const uint8_t *bytes, size_t size, size_t n, uint64_t *v)
{
    struct patch_view view;

    if (size > 0 && bytes[0] >= PATCH_PLANES)
        return get_planes(bytes, size, n, v);
    size_t used = patch_open(bytes, size, n, &view);
    if (used == 0)
        return 0;
    pack_get(view.packed, n, view.width, v);
    for (size_t i = 0; i < view.n_exceptions; i++)
        v[view.position[i]] |= view.high[i] << view.width;
    return used;
}
