/*
 * patch.c - packing with exceptions. The plan comes from a histogram of widths: one pass over the values, then the cost
 * of every width is known exactly, without packing.
 */
#include "codec/patch.h"

#include <assert.h>

#include "base/bytes.h"

#define HAS_EXCEPTIONS 0x80
#define POSITION_BITS  7
#define EXCEPTIONS_MAX (PACK_MAX - 1)

static size_t cost(size_t n, unsigned width, size_t n_exceptions, unsigned extra)
{
    size_t size = 1 + pack_size(n, width);
    if (n_exceptions)
        size += 2 + pack_size(n_exceptions, POSITION_BITS) + pack_size(n_exceptions, extra);
    return size;
}

/*
 * How many values have each width. Four counters each, as neighbours mostly have the same and would wait for each
 * other. Returns the largest width.
 */
BODY unsigned count_body(const uint64_t *v, size_t n, uint8_t *of_width)
{
    uint8_t of[4][PACK_WIDTH_MAX + 1];
    uint64_t any = 0;
    size_t i = 0;

    for (size_t k = 0; k < n; k++)
        any |= v[k];
    unsigned max = pack_width(any);
    for (unsigned k = 0; k < 4; k++)
        memset(of[k], 0, max + 1);
    for (; i + 4 <= n; i += 4) {
        of[0][pack_width(v[i])]++;
        of[1][pack_width(v[i + 1])]++;
        of[2][pack_width(v[i + 2])]++;
        of[3][pack_width(v[i + 3])]++;
    }
    for (; i < n; i++)
        of[0][pack_width(v[i])]++;
    for (size_t w = 0; w <= max; w++)
        of_width[w] = (uint8_t)(of[0][w] + of[1][w] + of[2][w] + of[3][w]);
    return max;
}

AVX2 static unsigned count_avx2(const uint64_t *v, size_t n, uint8_t *of_width)
{
    return count_body(v, n, of_width);
}

AVX512 static unsigned count_avx512(const uint64_t *v, size_t n, uint8_t *of_width)
{
    return count_body(v, n, of_width);
}

static unsigned count_widths(const uint64_t *v, size_t n, uint8_t *of_width)
{
    enum target target = target_best();
    if (target == TARGET_AVX512)
        return count_avx512(v, n, of_width);
    return target == TARGET_AVX2 ? count_avx2(v, n, of_width) : count_body(v, n, of_width);
}

struct patch_plan patch_plan(const uint64_t *v, size_t n)
{
    uint8_t of_width[PACK_WIDTH_MAX + 1];

    assert(n <= PACK_MAX);
    unsigned max = count_widths(v, n, of_width);

    struct patch_plan best = {max, 0, 0, cost(n, max, 0, 0)};
    size_t n_exceptions = 0;
    for (unsigned width = max; width-- > 0;) {
        n_exceptions += of_width[width + 1];
        if (n_exceptions > EXCEPTIONS_MAX)
            break;
        size_t size = cost(n, width, n_exceptions, max - width);
        if (size < best.size)
            best = (struct patch_plan){width, max - width, n_exceptions, size};
    }
    return best;
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
        out[0] |= HAS_EXCEPTIONS;
        at += put_exceptions(plan, v, n, out + at);
    }
    pack_put(v, n, plan->width, out + at);
    assert(at + pack_size(n, plan->width) == plan->size);
}

unsigned patch_bits(const uint8_t *bytes, size_t size)
{
    if (size < 1)
        return PACK_WIDTH_MAX + 1;
    unsigned width = bytes[0] & (HAS_EXCEPTIONS - 1u);
    if (!(bytes[0] & HAS_EXCEPTIONS))
        return width;
    return size < 3 ? PACK_WIDTH_MAX + 1 : width + bytes[2];
}

size_t patch_get(const uint8_t *bytes, size_t size, size_t n, uint64_t *v)
{
    uint64_t position[PACK_MAX], high[PACK_MAX];
    size_t k = 0, at = 1;

    if (size < 1)
        return 0;
    unsigned width = bytes[0] & (HAS_EXCEPTIONS - 1u);
    if (width > PACK_WIDTH_MAX)
        return 0;
    if (bytes[0] & HAS_EXCEPTIONS) {
        if (size < 3)
            return 0;
        k = bytes[1];
        unsigned extra = bytes[2];
        if (k == 0 || k > n || k > EXCEPTIONS_MAX || extra == 0 || extra > PACK_WIDTH_MAX - width)
            return 0;
        at = 3 + pack_size(k, POSITION_BITS) + pack_size(k, extra);
        if (at > size)
            return 0;
        pack_get(bytes + 3, k, POSITION_BITS, position);
        pack_get(bytes + 3 + pack_size(k, POSITION_BITS), k, extra, high);
    }
    if (pack_size(n, width) > size - at)
        return 0;
    pack_get(bytes + at, n, width, v);
    for (size_t i = 0; i < k; i++) {
        if (position[i] >= n)
            return 0;
        v[position[i]] |= high[i] << width;
    }
    return at + pack_size(n, width);
}
