/*
 * pieces.c - stretches of time that count into cells: see measure.h.
 */
#include "parser.h"
#include "measure.h"

int pieces_add(struct arena *arena, struct pieces *pieces, gk_time from, gk_time to, size_t cell)
{
    int rc = GK_OK;

    if (from >= to)
        return GK_OK;
    TRY(arena_reserve(arena, &pieces->list, &pieces->capacity, pieces->n + 1, sizeof *pieces->list));
    pieces->list[pieces->n++] = (struct piece){from, to, cell};
done:
    return rc;
}

int pieces_of_slices(struct gk_query *query, const struct slices *slices, struct pieces *pieces)
{
    int rc = GK_OK;

    pieces->n = 0;
    for (size_t i = 0; i < slices->n; i++)
        if (slices_cell(slices, i) != SIZE_MAX)
            TRY(pieces_add(&query->memory, pieces, slices->edges[i], slices->edges[i + 1], slices_cell(slices, i)));
done:
    return rc;
}

int pieces_of_truth(struct gk_query *query, const struct slices *slices, const gk_timeline *truth,
                    struct pieces *pieces)
{
    const struct window *window = &query->window;
    size_t at = 0, slice = 0;
    struct run run;
    int rc = GK_OK;

    pieces->n = 0;
    while (eval_next_run(truth, window->a, window->b, &at, &run)) {
        gk_time from = run.from > window->a ? run_time(query, run.from) : window->from;
        gk_time to = run.to < window->b ? run_time(query, run.to) : window->to;
        if (run.truth != GK_TRUE)
            continue;
        while (slice < slices->n && slices->edges[slice + 1] <= from)
            slice++;
        for (size_t i = slice; i < slices->n && slices->edges[i] < to; i++) {
            gk_time low = slices->edges[i] > from ? slices->edges[i] : from;
            gk_time high = slices->edges[i + 1] < to ? slices->edges[i + 1] : to;
            if (slices_cell(slices, i) != SIZE_MAX)
                TRY(pieces_add(&query->memory, pieces, low, high, slices_cell(slices, i)));
        }
    }
done:
    return rc;
}
