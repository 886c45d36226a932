/*
 * span.c - see naive.h. Stretches of ticks: painting them, and finding where they end.
 */
#include "naive/naive.h"

void span_paint(const struct span *span, int64_t from, int64_t to, uint8_t value, uint8_t *out)
{
    int64_t low = from > span->first ? from - span->first : 0, high = span->n;

    if (to < span->first + span->n)
        high = to - span->first;
    if (low < high)
        memset(out + low, value, (size_t)(high - low));
}

int same_until(const truth *a, int i, int n)
{
    const truth value = a[i];
    uint64_t eight, same = value * UINT64_C(0x0101010101010101);

    for (; i + 8 <= n; i += 8) {
        memcpy(&eight, a + i, sizeof eight);
        if (eight != same)
            break;
    }
    while (i < n && a[i] == value)
        i++;
    return i;
}

void most_lately(const truth *a, int n, int64_t d, truth *out)
{
    memset(out, 0, (size_t)n);
    for (truth level = 1; level <= 2; level++)
        for (int i = 0, end; i < n; i = end) {
            end = same_until(a, i, n);
            int64_t to = end + d < n ? end + d : n;
            if (a[i] == level)
                memset(out + i, level, (size_t)(to - i));
        }
}

void most_soon(const truth *a, int n, int64_t d, truth *out)
{
    memset(out, 0, (size_t)n);
    for (truth level = 1; level <= 2; level++)
        for (int i = 0, end; i < n; i = end) {
            end = same_until(a, i, n);
            int64_t from = i > d ? i - d : 0;
            if (a[i] == level)
                memset(out + from, level, (size_t)(end - from));
        }
}
