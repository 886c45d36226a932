/*
 * sim_span.c - sweeps over sorted lists.
 */
#include "sim_span.h"

#include <stdlib.h>

#include "tool.h"

void spans_clear(struct spans *spans)
{
    free(spans->v);
    *spans = (struct spans){0};
}

void spans_add(struct spans *spans, int64_t from, int64_t to)
{
    if (to <= from)
        return;
    if (spans->n == spans->room) {
        spans->room = spans->room > 0 ? 2 * spans->room : 8;
        spans->v = tool_resize(spans->v, spans->room, sizeof *spans->v);
    }
    spans->v[spans->n++] = (struct span){from, to};
}

static int by_from(const void *a, const void *b)
{
    const struct span *x = a, *y = b;

    return x->from < y->from ? -1 : x->from > y->from;
}

void spans_merge(struct spans *spans, int64_t gap)
{
    size_t n = 0;

    if (spans->n > 1)
        qsort(spans->v, spans->n, sizeof *spans->v, by_from);
    for (size_t i = 0; i < spans->n; i++) {
        struct span next = spans->v[i];

        if (n > 0 && (next.from <= spans->v[n - 1].to || next.from - spans->v[n - 1].to < gap)) {
            if (next.to > spans->v[n - 1].to)
                spans->v[n - 1].to = next.to;
        } else {
            spans->v[n++] = next;
        }
    }
    spans->n = n;
}

void spans_and(struct spans *out, const struct spans *a, const struct spans *b)
{
    size_t i = 0, j = 0;

    while (i < a->n && j < b->n) {
        const struct span *x = &a->v[i], *y = &b->v[j];

        spans_add(out, x->from > y->from ? x->from : y->from, x->to < y->to ? x->to : y->to);
        if (x->to < y->to)
            i++;
        else
            j++;
    }
}

void spans_without(struct spans *out, const struct spans *a, const struct spans *b)
{
    size_t j = 0;

    for (size_t i = 0; i < a->n; i++) {
        int64_t from = a->v[i].from;

        while (j < b->n && b->v[j].to <= from)
            j++;
        for (size_t k = j; k < b->n && b->v[k].from < a->v[i].to; k++) {
            spans_add(out, from, b->v[k].from);
            from = b->v[k].to;
        }
        spans_add(out, from, a->v[i].to);
    }
}

void spans_join(struct spans *a, const struct spans *b)
{
    for (size_t i = 0; i < b->n; i++)
        spans_add(a, b->v[i].from, b->v[i].to);
}

bool spans_meet(const struct spans *spans, int64_t from, int64_t to)
{
    for (size_t i = 0; i < spans->n; i++)
        if (spans->v[i].from < to && from < spans->v[i].to)
            return true;
    return false;
}

const struct span *spans_at(const struct spans *spans, size_t *cursor, int64_t time)
{
    while (*cursor < spans->n && spans->v[*cursor].to <= time)
        ++*cursor;
    return *cursor < spans->n && spans->v[*cursor].from <= time ? &spans->v[*cursor] : NULL;
}
