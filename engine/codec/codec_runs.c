/*
 * codec_runs.c - few values, each many times in a row: levels, switches, meters that repeat themselves.
 *
 *     n_runs     1    2..RUNS_MAX
 *     lengths    1 each, less one; the last run's is not stored: it fills the block
 *     first      varint, zigzag
 *     steps      patch: zigzag differences from run to run (n_runs - 1)
 */
#include "base/bytes.h"
#include "codec/codecs.h"
#include "codec/patch.h"
#include "codec/target.h"

#define RUNS_MAX 40 /* more cost over 40 bytes for the lengths alone, where patched deltas are as small */

BODY uint64_t changes_body(const uint64_t *z, size_t n)
{
    uint64_t n_changes = 0;
    for (size_t i = 1; i < n; i++)
        n_changes += z[i] != z[i - 1];
    return n_changes;
}

AVX2 static uint64_t changes_avx2(const uint64_t *z, size_t n)
{
    return changes_body(z, n);
}

size_t runs_encode(const uint64_t *z, size_t n, size_t limit, uint8_t *out)
{
    uint64_t step[RUNS_MAX];
    size_t n_runs = 1, start = 0;

    if ((target_best() >= TARGET_AVX2 ? changes_avx2(z, n) : changes_body(z, n)) >= RUNS_MAX)
        return 0;
    for (size_t i = 1; i < n; i++) {
        if (z[i] == z[i - 1])
            continue;
        out[n_runs] = (uint8_t)(i - start - 1);
        step[n_runs - 1] = zigzag((int64_t)(z[i] - z[i - 1]));
        start = i;
        n_runs++;
    }
    if (n_runs < 2)
        return 0;
    out[0] = (uint8_t)n_runs;
    size_t at = n_runs + varint_put(out + n_runs, zigzag((int64_t)z[0]));
    struct patch_plan plan = patch_plan(step, n_runs - 1);
    if (at + plan.size >= limit)
        return 0;
    patch_put(&plan, step, n_runs - 1, out + at);
    return at + plan.size;
}

/* The integer of the first run and the steps to the others; returns how many runs there are, 0 if it makes no sense. */
static size_t get_runs(const uint8_t *bytes, size_t size, uint64_t *first, uint64_t *step)
{
    size_t n_runs = size ? bytes[0] : 0;
    if (n_runs < 2 || n_runs > RUNS_MAX || n_runs >= size)
        return 0;
    size_t at = n_runs, used = varint_get(bytes + at, size - at, first);
    at += used;
    if (used == 0 || patch_get(bytes + at, size - at, n_runs - 1, step) != size - at || at == size)
        return 0;
    *first = (uint64_t)unzigzag(*first);
    return n_runs;
}

bool runs_decode(const uint8_t *bytes, size_t size, size_t n, uint64_t *z)
{
    uint64_t step[RUNS_MAX], v;
    size_t i = 0, n_runs = get_runs(bytes, size, &v, step);

    if (n_runs == 0)
        return false;
    for (size_t run = 0; run < n_runs; run++) {
        size_t to = run + 1 < n_runs ? i + bytes[1 + run] + 1 : n;
        if (to > n || to == i)
            return false;
        for (; i < to; i++)
            z[i] = v;
        if (run + 1 < n_runs)
            v += (uint64_t)unzigzag(step[run]);
    }
    return true;
}

bool runs_bounds(const uint8_t *bytes, size_t size, size_t n, int64_t *low, int64_t *high)
{
    uint64_t step[RUNS_MAX], v;
    size_t n_runs = get_runs(bytes, size, &v, step);

    (void)n;
    if (n_runs == 0)
        return false;
    *low = *high = (int64_t)v;
    for (size_t run = 0; run + 1 < n_runs; run++) {
        v += (uint64_t)unzigzag(step[run]);
        *low = (int64_t)v < *low ? (int64_t)v : *low;
        *high = (int64_t)v > *high ? (int64_t)v : *high;
    }
    return true;
}
