/*
 * patch.c - packing with exceptions. How many values are wider than a width tells exactly what that width takes,
 * without packing.
 */
#include "codec/patch.h"

#include <assert.h>

#include "base/bytes.h"

#define POSITION_BITS  7
#define EXCEPTIONS_MAX (PACK_MAX - 1)

static size_t cost(size_t n, unsigned width, size_t n_exceptions, unsigned extra)
{
    size_t size = 1 + pack_size(n, width);
    if (n_exceptions)
        size += 2 + pack_size(n_exceptions, POSITION_BITS) + pack_size(n_exceptions, extra);
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
    struct patch_plan best = {max, 0, 0, cost(n, max, 0, 0)};

    for (unsigned width = max; width-- > 0;) {
        size_t n_exceptions = count_wider(v, n, width);
        if (n_exceptions > EXCEPTIONS_MAX)
            break;
        size_t size = cost(n, width, n_exceptions, max - width);
        if (size < best.size)
            best = (struct patch_plan){width, max - width, n_exceptions, size};
        if (3 + n_exceptions * (POSITION_BITS + max) / 8 >= (best.size < limit ? best.size : limit))
            break;
    }
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

static size_t put_exceptions(const struct patch_plan *plan, const uint64_t *v, size_t n, uint8_t *out)
{
    uint64_t position[PACK_MAX], high[PACK_MAX];
    size_t k = 0;

    for (size_t i = 0; i < n; i++) {
        position[k] = i; /* kept only if the value is an exception */
        high[k] = v[i] >> plan->width;
        k += high[k] != 0;
    }
    assert(k == plan->n_exceptions);
    out[0] = (uint8_t)k;
    out[1] = (uint8_t)plan->extra;
    size_t at = 2;
    pack_put(position, k, POSITION_BITS, out + at);
    at += pack_size(k, POSITION_BITS);
    pack_put(high, k, plan->extra, out + at);
    return at + pack_size(k, plan->extra);
}

void patch_put(const struct patch_plan *plan, const uint64_t *v, size_t n, uint8_t *out)
{
    size_t at = 1;
    out[0] = (uint8_t)plan->width;
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

    if (size < 1)
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
        at = 3 + pack_size(k, POSITION_BITS) + pack_size(k, extra);
        if (at > size)
            return 0;
        pack_get(bytes + 3, k, POSITION_BITS, out->position);
        pack_get(bytes + 3 + pack_size(k, POSITION_BITS), k, extra, out->high);
        for (size_t i = 0; i < k; i++)
            if (out->position[i] >= n)
                return 0;
    }
    out->packed = bytes + at;
    return pack_size(n, out->width) > size - at ? 0 : at + pack_size(n, out->width);
}

size_t patch_get(const uint8_t *bytes, size_t size, size_t n, uint64_t *v)
{
    struct patch_view view;
    size_t used = patch_open(bytes, size, n, &view);

    if (used == 0)
        return 0;
    pack_get(view.packed, n, view.width, v);
    for (size_t i = 0; i < view.n_exceptions; i++)
        v[view.position[i]] |= view.high[i] << view.width;
    return used;
}
