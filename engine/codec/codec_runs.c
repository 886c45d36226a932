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

#define RUNS_MAX 40 /* more cost over 40 bytes for the lengths alone, where patched deltas are as small */

size_t runs_encode(const uint64_t *z, size_t n, size_t limit, uint8_t *out)
{
    uint64_t step[RUNS_MAX];
    size_t n_runs = 1, start = 0;

    for (size_t i = 1; i < n; i++) {
        if (z[i] == z[i - 1])
            continue;
        if (n_runs == RUNS_MAX)
            return 0;
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

bool runs_decode(const uint8_t *bytes, size_t size, size_t n, uint64_t *z)
{
    uint64_t step[RUNS_MAX], v;
    size_t at, used, i = 0;

    size_t n_runs = size ? bytes[0] : 0;
    if (n_runs < 2 || n_runs > RUNS_MAX || n_runs >= size)
        return false;
    at = n_runs;
    used = varint_get(bytes + at, size - at, &v);
    at += used;
    if (used == 0 || patch_get(bytes + at, size - at, n_runs - 1, step) != size - at || at == size)
        return false;
    v = (uint64_t)unzigzag(v);
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
