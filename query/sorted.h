/*
 * sorted.h - numbers for percentiles, each with the cell of the answer it belongs to: sorted by cell, then by value.
 */
#ifndef QUERY_SORTED_H
#define QUERY_SORTED_H

#include "watch.h"

struct sorted {
    size_t cell;
    double value; /* no NaN */
};

/* In place; stops when the watch says so. */
int sorted_sort(struct sorted *list, size_t n, struct watch *watch);
/* Of a sorted list: the first value of a cell, or of a later one. */
size_t sorted_first(const struct sorted *list, size_t n, size_t cell);
/* Of n values of one cell: linear between the two nearest ranks, as most tools do; NaN when there is none. */
double sorted_percentile(const struct sorted *list, size_t n, double percent);

#endif
