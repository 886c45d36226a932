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

/* All bits that occur, and the sum. */
struct glance {
    uint64_t any, sum;
};

BODY struct glance glance_at(const uint64_t *v, size_t n)
{
    uint64_t any = 0, sum = 0;
    for (size_t i = 0; i < n; i++) {
        any |= v[i];
        sum += v[i];
    }
    return (struct glance){any, sum};
}

/* Bits that each of n integers needs; 0 for those behind, as it was before it was filled. */
struct widths {
    uint8_t of[PACK_MAX];
};

/* Of v < 2^52: it is the fraction of a double, whose exponent tells its width. */
BODY uint64_t short_width(uint64_t v)
{
    uint64_t exponent = bits_of(double_of(bits_of(0x1p52) | v) - 0x1p52) >> 52;
    return exponent > 1022 ? exponent - 1022 : 0;
}

BODY void fill_widths(const uint64_t *v, size_t n, unsigned max, struct widths *out)
{
    if (max <= 52)
        for (size_t i = 0; i < n; i++)
            out->of[i] = (uint8_t)short_width(v[i]);
    else
        for (size_t i = 0; i < n; i++) {
            uint64_t high = v[i] >> 32;
            out->of[i] = (uint8_t)(high ? 32 + short_width(high) : short_width(v[i]));
        }
}

typedef int8_t row8 __attribute__((vector_size(16))); /* one register on every machine we know */

/* How many integers need more bits. Each byte of `count` counts every 16th. */
BODY size_t count_wider(const struct widths *widths, unsigned width)
{
    const row8 limit = (row8){0} + (int8_t)width;
    row8 count = {0}, x;
    uint64_t half[2], sum = 0;

    for (size_t i = 0; i < PACK_MAX; i += sizeof x) {
        memcpy(&x, widths->of + i, sizeof x);
        count -= x > limit;
    }
    memcpy(half, &count, sizeof half);
    for (unsigned k = 0; k < 2; k++) /* two bytes to one of 16 bits */
        sum += (half[k] & UINT64_C(0x00FF00FF00FF00FF)) + (half[k] >> 8 & UINT64_C(0x00FF00FF00FF00FF));
    return (size_t)(sum * UINT64_C(0x0001000100010001) >> 48);
}

/* The largest of those that are not above `width`; 0 if all are. */
BODY unsigned widest_up_to(const struct widths *widths, unsigned width)
{
    const row8 limit = (row8){0} + (int8_t)width;
    row8 most = {0}, x;
    int8_t of[sizeof most], widest = 0;

    for (size_t i = 0; i < PACK_MAX; i += sizeof x) {
        memcpy(&x, widths->of + i, sizeof x);
        x &= x <= limit;
        most = (x & (row8)(x > most)) | (most & (row8)(x <= most));
    }
    memcpy(of, &most, sizeof of);
    for (size_t i = 0; i < sizeof of; i++)
        widest = of[i] > widest ? of[i] : widest;
    return (unsigned)widest;
}

#define GAP 2 /* widths that change nothing: to look for the next one that does takes as long as two of them */

/*
 * From the largest width down. A width that leaves n_exceptions tells what any narrower one takes at least: as many
 * exceptions, each with its position and all its bits. Mostly a few widths are enough to know the best. Where a width
 * makes no more exceptions, neither do those down to the next integer, of which the last takes the least.
 */
BODY struct patch_plan plan_body(const uint64_t *v, size_t n, struct glance glance, size_t limit)
{
    unsigned max = pack_width(glance.any);
    struct patch_plan best = {max, 0, 0, false, cost(n, max, 0, 0)};
    struct widths widths = {{0}};
    size_t before = 0, n_same = 0;

    fill_widths(v, n, max, &widths);
    for (unsigned width = max; width-- > 0;) {
        size_t n_exceptions = count_wider(&widths, width);
        if (n_exceptions > EXCEPTIONS_MAX)
            break;
        n_same = n_exceptions == before ? n_same + 1 : 0;
        if (n_same > GAP)
            width = widest_up_to(&widths, width);
        before = n_exceptions;
        size_t size = cost(n, width, n_exceptions, max - width);
        if (size < best.size)
            best = (struct patch_plan){width, max - width, n_exceptions, false, size};
        if (3 + n_exceptions * (8 + max) / 8 >= (best.size < limit ? best.size : limit))
            break;
    }
    return best;
}

/* Decoding planes takes longer than packing alone: they have to spare one byte in so many. */
#define PLANES_GAIN 100
#define NOISE_LEAST 64 /* fewer integers are not worth a look */

/* The width is where the mean is, or one more: so most high parts are 0 or 1. */
BODY void try_planes(const uint64_t *v, size_t n, struct glance glance, struct patch_plan *best)
{
    unsigned max = best->width + best->extra, first = pack_width(glance.sum / n) - 1;
    uint64_t high[2] = {0};

    if (n < NOISE_LEAST || max >= 48 || glance.sum < 2 * n || max > first + 6)
        return;
    for (size_t i = 0; i < n; i++) {
        high[0] += v[i] >> first;
        high[1] += v[i] >> first >> 1;
    }
    for (unsigned k = 0; k < 2; k++) {
        unsigned width = first + k;
        size_t size = 1 + pack_size(n, width) + planes_size(n, high[k]);
        if (max <= width + 5 && high[k] <= PLANES_SUM_MAX && size + size / PLANES_GAIN < best->size)
            *best = (struct patch_plan){width, 0, 0, true, size};
    }
}

BODY struct patch_plan noise_body(const uint64_t *v, size_t n, size_t limit)
{
    struct glance glance = glance_at(v, n);
    struct patch_plan best = plan_body(v, n, glance, limit);
    try_planes(v, n, glance, &best);
    return best;
}

AVX2 static struct patch_plan plan_avx2(const uint64_t *v, size_t n, size_t limit)
{
    return plan_body(v, n, glance_at(v, n), limit);
}

AVX512 static struct patch_plan plan_avx512(const uint64_t *v, size_t n, size_t limit)
{
    return plan_body(v, n, glance_at(v, n), limit);
}

struct patch_plan patch_plan_below(const uint64_t *v, size_t n, size_t limit)
{
    enum target target = target_best();

    assert(n <= PACK_MAX);
    if (target == TARGET_AVX512)
        return plan_avx512(v, n, limit);
    return target == TARGET_AVX2 ? plan_avx2(v, n, limit) : plan_body(v, n, glance_at(v, n), limit);
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
        uint8_t last = 0;
        for (size_t i = 0; i < k; i++)
            last = out->position[i] > last ? out->position[i] : last;
        if (last >= n)
            return 0;
    }
    out->packed = bytes + at;
    return pack_size(n, out->width) > size - at ? 0 : at + pack_size(n, out->width);
}

/* ---- all integers ---------------------------------------------------------------------------------------------- */

BODY void raise_body(const uint8_t *number, size_t n, unsigned shift, uint64_t *v)
{
    for (size_t i = 0; i < n; i++)
        v[i] += (uint64_t)number[i] << shift;
}

AVX2 static void raise_avx2(const uint8_t *number, size_t n, unsigned shift, uint64_t *v)
{
    raise_body(number, n, shift, v);
}

AVX512 static void raise_avx512(const uint8_t *number, size_t n, unsigned shift, uint64_t *v)
{
    raise_body(number, n, shift, v);
}

static size_t get_planes(const uint8_t *bytes, size_t size, size_t n, uint64_t *v)
{
    uint8_t number[PLANES_N_MAX];
    enum target target = target_best();
    unsigned width = bytes[0] - PATCH_PLANES;
    size_t at = 1 + pack_size(n, width);
    size_t used = at <= size ? planes_get(bytes + at, size - at, n, number) : 0;

    if (used == 0)
        return 0;
    pack_get(bytes + 1, n, width, v);
    if (target == TARGET_AVX512)
        raise_avx512(number, n, width, v);
    else if (target == TARGET_AVX2)
        raise_avx2(number, n, width, v);
    else
        raise_body(number, n, width, v);
    return at + used;
}

/* Four by four, so that a load waits for no store before it; nor for zeros, where nothing is below the high parts. */
BODY void put_high_body(const struct patch_view *view, uint64_t *v)
{
    const uint8_t *at = view->position;
    const uint64_t *high = view->high;
    size_t n = view->n_exceptions, i = 0;

    for (; i + 4 <= n && view->width == 0; i += 4) {
        uint64_t a = high[i], b = high[i + 1], c = high[i + 2], d = high[i + 3];
        uint32_t rows = load_u32(at + i);
        v[rows & 0xFF] = a;
        v[rows >> 8 & 0xFF] = b;
        v[rows >> 16 & 0xFF] = c;
        v[rows >> 24] = d;
    }
    for (; i < n; i++)
        v[at[i]] |= high[i] << view->width;
}

/* Not for its vectors: shifts by a variable are cheaper there. */
AVX2 static void put_high_avx2(const struct patch_view *view, uint64_t *v)
{
    put_high_body(view, v);
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
    if (target_best() >= TARGET_AVX2)
        put_high_avx2(&view, v);
    else
        put_high_body(&view, v);
    return used;
}

/* ---- integers of 32 bits ---------------------------------------------------------------------------------------- */

BODY void raise_narrow(const uint8_t *number, unsigned shift, uint32_t *v)
{
    for (size_t i = 0; i < PACK_MAX; i++)
        v[i] += (uint32_t)number[i] << shift;
}

AVX2 static void raise_narrow_avx2(const uint8_t *number, unsigned shift, uint32_t *v)
{
    raise_narrow(number, shift, v);
}

AVX512 static void raise_narrow_avx512(const uint8_t *number, unsigned shift, uint32_t *v)
{
    raise_narrow(number, shift, v);
}

static void get_narrow(const uint8_t *bytes, unsigned width, uint32_t *v)
{
    static_assert(PACK_MAX == 2 * PACK_BLOCK, "two blocks");
    pack_get_narrow(bytes, width, v);
    pack_get_narrow(bytes + pack_size(PACK_BLOCK, width), width, v + PACK_BLOCK);
}

static size_t get_narrow_planes(const uint8_t *bytes, size_t size, uint32_t *v)
{
    uint8_t number[PLANES_N_MAX];
    enum target target = target_best();
    unsigned width = bytes[0] - PATCH_PLANES;
    size_t at = 1 + pack_size(PACK_MAX, width);
    size_t used = at <= size ? planes_get(bytes + at, size - at, PACK_MAX, number) : 0;

    if (used == 0)
        return 0;
    get_narrow(bytes + 1, width, v);
    if (target == TARGET_AVX512)
        raise_narrow_avx512(number, width, v);
    else if (target == TARGET_AVX2)
        raise_narrow_avx2(number, width, v);
    else
        raise_narrow(number, width, v);
    return at + used;
}

size_t patch_get_narrow(const uint8_t *bytes, size_t size, uint32_t *v)
{
    struct patch_view view;

    if (patch_bits(bytes, size) > 32)
        return 0;
    if (bytes[0] >= PATCH_PLANES)
        return get_narrow_planes(bytes, size, v);
    size_t used = patch_open(bytes, size, PACK_MAX, &view);
    if (used == 0)
        return 0;
    get_narrow(view.packed, view.width, v);
    for (size_t i = 0; i < view.n_exceptions; i++)
        v[view.position[i]] |= (uint32_t)(view.high[i] << view.width);
    return used;
}
