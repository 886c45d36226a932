/*
 * pieces.c - stretches of time that count into buckets: see measure.h.
 */
#include "parser.h"
#include "measure.h"

int pieces_add(struct arena *arena, struct pieces *pieces, gk_time from, gk_time to, size_t bucket)
{
    int rc = GK_OK;

    if (from >= to)
        return GK_OK;
    TRY(arena_reserve(arena, &pieces->list, &pieces->capacity, pieces->n + 1, sizeof *pieces->list));
    pieces->list[pieces->n++] = (struct piece){from, to, bucket};
done:
    return rc;
}

int pieces_of_truth(struct gk_query *query, const struct groups *groups, const gk_timeline *truth,
                    struct pieces *pieces)
{
    const struct window *window = &query->window;
    const struct buckets *buckets = &groups->buckets;
    size_t at = 0, bucket = 0;
    struct run run;
    int rc = GK_OK;

    pieces->n = 0;
    while (eval_next_run(truth, window->a, window->b, &at, &run)) {
        gk_time from = run.from > window->a ? run_time(query, run.from) : window->from;
        gk_time to = run.to < window->b ? run_time(query, run.to) : window->to;
        if (run.truth != GK_TRUE)
            continue;
        while (bucket < buckets->n && buckets->edges[bucket + 1] <= from)
            bucket++;
        for (size_t j = bucket; j < buckets->n && buckets->edges[j] < to; j++) {
            gk_time low = buckets->edges[j] > from ? buckets->edges[j] : from;
            gk_time high = buckets->edges[j + 1] < to ? buckets->edges[j + 1] : to;
            TRY(pieces_add(&query->memory, pieces, low, high, j));
        }
    }
done:
    return rc;
}
