/*
 * drift.c - see drift.h for the bytes.
 */
#include "codec/drift.h"

#include <assert.h>
#include <string.h>

bool drift_add(struct drift *drift, size_t i, double value, double of_integer)
{
    uint64_t steps = zigzag((int64_t)(bits_of(value) - bits_of(of_integer)));

    if (steps >> DRIFT_BITS_MAX)
        return false;
    drift->at[drift->n] = (uint8_t)i;
    drift->steps[drift->n++] = steps;
    return true;
}

static bool is_listed(size_t n, size_t n_rows)
{
    return n <= (n_rows + 7) / 8;
}

size_t drift_put(const struct drift *drift, size_t n_rows, uint8_t *out)
{
    size_t n = drift->n, at = 1;

    assert(n >= 1 && n <= n_rows && n_rows <= PACK_MAX);
    out[0] = (uint8_t)(n - 1);
    if (is_listed(n, n_rows)) {
        memcpy(out + at, drift->at, n);
        at += n;
    } else {
        memset(out + at, 0, (n_rows + 7) / 8);
        for (size_t i = 0; i < n; i++)
            out[at + drift->at[i] / 8] |= (uint8_t)(1u << drift->at[i] % 8);
        at += (n_rows + 7) / 8;
    }
    struct patch_plan plan = patch_plan(drift->steps, n);
    patch_put(&plan, drift->steps, n, out + at);
    return at + plan.size;
}

/* Rows that ascend. */
static bool get_list(const uint8_t *p, size_t n_rows, struct drift *out)
{
    size_t k = 0;

    for (; k < out->n && p[k] < n_rows && (k == 0 || p[k] > p[k - 1]); k++)
        out->at[k] = p[k];
    return k == out->n;
}

/* As many rows as there are, and none behind the last one. */
static bool get_mask(const uint8_t *p, size_t n_rows, struct drift *out)
{
    uint8_t bytes[PACK_MAX / 8] = {0};
    size_t k = 0;

    memcpy(bytes, p, (n_rows + 7) / 8);
    if (n_rows % 8 && bytes[n_rows / 8] >> n_rows % 8)
        return false;
    for (size_t w = 0; w < PACK_MAX / 64; w++)
        for (uint64_t bits = load_u64(bytes + 8 * w); bits; bits &= bits - 1)
            out->at[k++] = (uint8_t)(64 * w + (size_t)__builtin_ctzll(bits));
    return k == out->n;
}

static bool get_rows(struct reader *reader, size_t n_rows, struct drift *out)
{
    bool is_list = is_listed(out->n, n_rows);
    const uint8_t *p = reader_take(reader, is_list ? out->n : (n_rows + 7) / 8);

    if (reader->failed)
        return false;
    return is_list ? get_list(p, n_rows, out) : get_mask(p, n_rows, out);
}

bool drift_get(struct reader *reader, size_t n_rows, struct drift *out)
{
    out->n = reader_u8(reader) + (size_t)1;
    if (reader->failed || out->n > n_rows || !get_rows(reader, n_rows, out))
        return false;
    size_t size = patch_get(reader->bytes + reader->at, reader->size - reader->at, out->n, out->steps);
    reader->at += size;
    return size > 0;
}

void drift_apply(const struct drift *drift, double *value)
{
    for (size_t i = 0; i < drift->n; i++) {
        double *v = &value[drift->at[i]];
        *v = double_of(bits_of(*v) + (uint64_t)unzigzag(drift->steps[i]));
    }
}
