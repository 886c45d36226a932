/*
 * slices.c - see slices.h.
 */
#include "slices.h"

#include <stdlib.h>

#include "parser.h"

/* ---- the shifts of a subject ---- */

static int compare_hours(const void *p, const void *q)
{
    const struct shift_hours *a = p, *b = q;

    return a->from != b->from ? (a->from < b->from ? -1 : 1) : a->to != b->to ? (a->to < b->to ? -1 : 1) : 0;
}

/* The bucket that contains a time; SIZE_MAX: none. */
static size_t bucket_of(const struct buckets *buckets, gk_time t)
{
    size_t low = 0, high = buckets->n;

    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (buckets->edges[mid + 1] <= t)
            low = mid + 1;
        else
            high = mid;
    }
    return low < buckets->n && buckets->edges[low] <= t ? low : SIZE_MAX;
}

static int find_hours(struct gk_query *query, const struct groups *groups, struct subject subject,
                      struct slices *slices)
{
    const struct window *window = &query->window;
    struct calendar *calendar = &slices->calendar;
    int rc = GK_OK;

    slices->n_left = 0;
    for (size_t shift = 0; shift < groups->n_shifts; shift++) {
        TRY(calendar_hours(calendar, groups->shifts[shift], subject, window->from, window->to));
        TRY(arena_reserve(&query->memory, &slices->left, &slices->left_capacity, slices->n_left + calendar->n_hours + 1,
                          sizeof *slices->left));
        for (size_t i = 0; i < calendar->n_hours; i++) {
            struct hours hours = calendar->hours[i];
            size_t bucket = bucket_of(&groups->buckets, hours.from);
            hours.from = hours.from > window->from ? hours.from : window->from;
            hours.to = hours.to < window->to ? hours.to : window->to;
            if (bucket != SIZE_MAX && hours.from < hours.to)
                slices->left[slices->n_left++] =
                    (struct shift_hours){hours.from, hours.to, bucket * groups->n_shifts + shift};
        }
    }
    if (slices->n_left)
        qsort(slices->left, slices->n_left, sizeof *slices->left, compare_hours);
done:
    return rc;
}

/* ---- cuts ---- */

static void add(const struct gk_query *query, struct slices *slices, gk_time to, size_t cell)
{
    if (to <= slices->own_edges[slices->n])
        return;
    slices->own_cells[slices->n++] = cell;
    slices->own_edges[slices->n] = to;
    slices->own_ticks[slices->n] = window_tick(to, query->window.tick_ns);
}

/* Takes what does not overlap out of what is left. */
static void cut(const struct gk_query *query, struct slices *slices)
{
    size_t n = 0;

    slices->n = 0;
    slices->own_edges[0] = query->window.from;
    slices->own_ticks[0] = query->window.a;
    for (size_t i = 0; i < slices->n_left; i++) {
        const struct shift_hours *hours = &slices->left[i];
        if (hours->from < slices->own_edges[slices->n]) {
            slices->left[n++] = *hours;
            continue;
        }
        add(query, slices, hours->from, SIZE_MAX);
        add(query, slices, hours->to, hours->cell);
    }
    add(query, slices, query->window.to, SIZE_MAX);
    slices->n_left = n;
}

int slices_begin(struct gk_query *query, const struct groups *groups, struct subject subject, struct slices *slices)
{
    struct arena *arena = &query->memory;
    int rc;

    if (!groups->shifts) {
        slices->n = groups->buckets.n;
        slices->edges = groups->buckets.edges;
        slices->ticks = groups->ticks;
        return GK_OK;
    }
    slices->calendar.scope = &query->scope;
    slices->calendar.zone_s = gk_snapshot_info(query->snapshot)->zone_s;
    TRY(find_hours(query, groups, subject, slices));
    size_t most = 2 * slices->n_left + 2;
    TRY(arena_reserve(arena, &slices->own_edges, &slices->edges_capacity, most, sizeof *slices->own_edges));
    TRY(arena_reserve(arena, &slices->own_ticks, &slices->ticks_capacity, most, sizeof *slices->own_ticks));
    TRY(arena_reserve(arena, &slices->own_cells, &slices->cells_capacity, most, sizeof *slices->own_cells));
    slices->edges = slices->own_edges;
    slices->ticks = slices->own_ticks;
    slices->cells = slices->own_cells;
    cut(query, slices);
done:
    return rc;
}

bool slices_next(const struct gk_query *query, struct slices *slices)
{
    if (slices->n_left == 0)
        return false;
    cut(query, slices);
    return true;
}

void slices_clear(struct gk_query *query, struct slices *slices)
{
    struct arena *arena = &query->memory;

    calendar_clear(&slices->calendar);
    arena_release(arena, &slices->left, &slices->left_capacity, sizeof *slices->left);
    arena_release(arena, &slices->own_edges, &slices->edges_capacity, sizeof *slices->own_edges);
    arena_release(arena, &slices->own_ticks, &slices->ticks_capacity, sizeof *slices->own_ticks);
    arena_release(arena, &slices->own_cells, &slices->cells_capacity, sizeof *slices->own_cells);
}

size_t slices_find(const struct slices *slices, int64_t tick)
{
    size_t low = 0, high = slices->n;

    while (high - low > 1) {
        size_t mid = low + (high - low) / 2;
        if (slices->ticks[mid] <= tick)
            low = mid;
        else
            high = mid;
    }
    return low;
}
