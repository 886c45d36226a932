/*
 * sorted.c - see sorted.h. Quicksort down to pieces that qsort does in a moment, so that the watch is looked at
 * between; halves that shrink too slowly are left to qsort whole.
 */
#include "sorted.h"

#include <math.h>
#include <stdlib.h>

#include "parser.h"

#define PIECE     8192  /* values: less than a millisecond */
#define LOOK      65536 /* values that are compared before the watch is looked at */
#define DEPTH_MAX 64

static int compare(const void *p, const void *q)
{
    const struct sorted *a = p, *b = q;

    if (a->cell != b->cell)
        return a->cell < b->cell ? -1 : 1;
    return a->value < b->value ? -1 : a->value > b->value;
}

static void swap(struct sorted *a, struct sorted *b)
{
    struct sorted c = *a;

    *a = *b;
    *b = c;
}

/* The middle one of the first, the middle and the last goes to the middle. */
static struct sorted pivot_of(struct sorted *list, size_t n)
{
    struct sorted *a = list, *b = list + n / 2, *c = list + n - 1;

    if (compare(b, a) < 0)
        swap(a, b);
    if (compare(c, b) < 0)
        swap(b, c);
    if (compare(b, a) < 0)
        swap(a, b);
    return *b;
}

/* What is less than the pivot or like it comes before *mid, what is greater or like it from there on; neither is empty.
 */
static int split(struct sorted *list, size_t n, struct watch *watch, size_t *mid)
{
    struct sorted pivot = pivot_of(list, n);
    size_t i = 0, j = n - 1, n_seen = 0;
    int rc = GK_OK;

    for (;; i++, j--) {
        size_t from = i + (n - j);
        while (compare(&list[i], &pivot) < 0)
            i++;
        while (compare(&pivot, &list[j]) < 0)
            j--;
        if (i >= j)
            break;
        swap(&list[i], &list[j]);
        n_seen += i + (n - j) - from + 1;
        if (n_seen < LOOK)
            continue;
        n_seen = 0;
        TRY(watch_look(watch));
    }
    *mid = j + 1;
done:
    return rc;
}

static int sort_deep(struct sorted *list, size_t n, struct watch *watch, unsigned depth)
{
    size_t mid;
    int rc = GK_OK;

    while (n > PIECE && depth < DEPTH_MAX) { /* the smaller half deeper, the larger one here */
        depth++;
        TRY(split(list, n, watch, &mid));
        if (mid < n - mid) {
            TRY(sort_deep(list, mid, watch, depth));
            list += mid;
            n -= mid;
        } else {
            TRY(sort_deep(list + mid, n - mid, watch, depth));
            n = mid;
        }
    }
    qsort(list, n, sizeof *list, compare);
    TRY(watch_look(watch));
done:
    return rc;
}

int sorted_sort(struct sorted *list, size_t n, struct watch *watch)
{
    return n ? sort_deep(list, n, watch, 0) : GK_OK;
}

size_t sorted_first(const struct sorted *list, size_t n, size_t cell)
{
    size_t low = 0;

    while (low < n) {
        size_t mid = low + (n - low) / 2;
        if (list[mid].cell < cell)
            low = mid + 1;
        else
            n = mid;
    }
    return low;
}

double sorted_percentile(const struct sorted *list, size_t n, double percent)
{
    if (n == 0)
        return NAN;
    double rank = percent / 100 * (double)(n - 1);
    size_t below = (size_t)rank, above = below + 1 < n ? below + 1 : below;
    return list[below].value + (list[above].value - list[below].value) * (rank - (double)below);
}
