/*
 * numbers.c - see numbers.h.
 */
#include "numbers.h"

#include "parser.h"

#define DAY_NS     (INT64_C(86400) * GK_SECOND)
#define CELLS_MOST 200000 /* of one numbers_ask: some 60 MB while it runs */

/* ---- opening ---- */

static enum gk_kind kind_of(const struct tail *tail)
{
    static const enum gk_kind kinds[] = {GK_FACILITY, GK_LINE, GK_ENTERPRISE, GK_PARK}; /* by enum key */

    for (size_t i = 0; i < tail->n_keys; i++)
        if (tail->keys[i] < KEY_TAG)
            return kinds[tail->keys[i]];
    return GK_ZONE;
}

/* The growth of a counter is spread over the time between two samples, which may be a day beyond the bucket. */
static bool has_counter(const struct stmt *stmt)
{
    for (size_t i = 0; i < stmt->n_measures; i++)
        if (stmt->measures[i].kind == AGG_ENERGY && stmt->measures[i].source->series->metric != METRIC_POWER)
            return true;
    return false;
}

int numbers_open(struct gk_query *query)
{
    struct stmt *stmt = query->stmt;
    struct numbers *numbers = arena_piece(&query->arena, sizeof *numbers);
    int rc = GK_OK;

    if (!numbers)
        return arena_status(&query->arena);
    query->numbers = numbers;
    numbers->kind = kind_of(&stmt->tail);
    for (const struct source *source = stmt->sources; source; source = source->next)
        if (source->bound->pad > numbers->pad)
            numbers->pad = source->bound->pad;
    numbers->back = has_counter(stmt) ? DAY_NS / query->bound.tick_ns : 0;
    TRY(query_prepare_part(query, PART_NUMBERS, &numbers->part));
    numbers->part->numbers = numbers;
    stmt->tail.having = NULL; /* its columns are those of the part */
    stmt->tail.n_having_inputs = 0;
    TRY(gk_timeline_new(query->snapshot, &numbers->truth));
done:
    return rc;
}

void numbers_free(struct gk_query *query)
{
    struct numbers *numbers = query->numbers;

    if (!numbers)
        return;
    gk_timeline_free(numbers->truth);
    if (!numbers->part)
        return;
    struct arena *arena = &numbers->part->arena;
    arena_release(arena, &numbers->ids, &numbers->ids_capacity, sizeof *numbers->ids);
    arena_release(arena, &numbers->edges, &numbers->edges_capacity, sizeof *numbers->edges);
    arena_release(arena, &numbers->truths, &numbers->truths_capacity, sizeof *numbers->truths);
    numbers->part->numbers = NULL;
    gk_query_free(numbers->part);
}

/* ---- buckets ---- */

gk_time numbers_bucket(const struct gk_query *query, gk_time t)
{
    return window_bucket_start(&query->window, &query->stmt->tail, t);
}

gk_time numbers_end(const struct gk_query *query, gk_time now)
{
    return numbers_bucket(query, now - query->numbers->pad * query->window.tick_ns);
}

size_t numbers_most(const struct gk_query *query, gk_time from, gk_time to)
{
    const struct tail *tail = &query->stmt->tail;
    const struct versus *versus = &tail->versus;
    gk_time length = window_normal_end(&query->window, tail, from, to) - from;

    if (versus->kind == VERSUS_MEDIAN || versus->kind == VERSUS_AVG)
        length += versus->ns;
    uint64_t n = (uint64_t)(length / (window_bucket_end(&query->window, tail, from) - from)) + 1;
    return n < CELLS_MOST ? CELLS_MOST / (size_t)n : 1;
}

/* ---- asking ---- */

static int run_part(struct gk_query *query, gk_time from, gk_time to)
{
    gk_query *part = query->numbers->part;
    int rc;

    part->stmt->tail.time = (struct time_tail){.kind = TIME_BETWEEN, .from = from, .to = to};
    rc = gk_query_start(part, query->snapshot, query->window.now, query->report.error);
    while (rc == GK_OK)
        rc = gk_query_next(part, query->report.error);
    return rc == GK_DONE ? GK_OK : rc;
}

int numbers_ask(struct gk_query *query, gk_time from, gk_time to)
{
    struct numbers *numbers = query->numbers;
    int rc = GK_OK;

    numbers->n_ids = numbers->n_buckets = numbers->next = 0;
    for (gk_time end; from < to; from = end) {
        end = window_normal_end(&query->window, &query->stmt->tail, from, to);
        TRY(run_part(query, from, end));
    }
done:
    return rc;
}

static int64_t edge_tick(const struct gk_query *query, size_t bucket)
{
    return window_tick(query->numbers->edges[bucket], query->window.tick_ns);
}

/* Its place among those who were asked about; SIZE_MAX: it has none. */
static size_t find(const struct numbers *numbers, uint32_t id)
{
    size_t low = 0, high = numbers->n_ids;

    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (numbers->ids[mid] < id)
            low = mid + 1;
        else
            high = mid;
    }
    return low < numbers->n_ids && numbers->ids[low] == id ? low : SIZE_MAX;
}

int numbers_truth(struct gk_query *query, uint32_t id, const gk_timeline **out)
{
    struct numbers *numbers = query->numbers;
    size_t at = find(numbers, id);
    int rc;

    *out = numbers->truth;
    TRY(gk_timeline_reset(numbers->truth, at == SIZE_MAX || numbers->n_buckets == 0 ? GK_UNKNOWN : GK_FALSE));
    for (size_t i = 0; at != SIZE_MAX && i < numbers->n_buckets; i++)
        TRY(gk_timeline_append(numbers->truth, edge_tick(query, i),
                               (enum gk_truth)numbers->truths[i * numbers->n_ids + at]));
    if (at != SIZE_MAX && numbers->n_buckets)
        TRY(gk_timeline_append(numbers->truth, edge_tick(query, numbers->n_buckets), GK_UNKNOWN));
done:
    return rc;
}

int numbers_next(struct gk_query *query, struct subject *subject, const gk_timeline **out, bool *is_done)
{
    struct numbers *numbers = query->numbers;

    while (numbers->next < numbers->n_ids && numbers->ids[numbers->next] == GK_ID_NONE)
        numbers->next++; /* what stands in no such site */
    *is_done = numbers->next == numbers->n_ids;
    if (*is_done)
        return GK_OK;
    *subject = (struct subject){numbers->kind, numbers->ids[numbers->next++]};
    return numbers_truth(query, subject->id, out);
}

/* ---- of its part ---- */

static uint32_t site_of(const struct gk_query *part, struct subject subject)
{
    struct position p = scope_position(part->snapshot, subject);
    const uint32_t ids[] = {
        [GK_PARK] = p.park, [GK_ENTERPRISE] = p.enterprise, [GK_LINE] = p.line, [GK_FACILITY] = p.facility};

    return part->numbers->kind == GK_ZONE ? 0 : ids[part->numbers->kind];
}

void numbers_keep_asked(struct gk_query *part)
{
    const struct numbers *numbers = part->numbers;
    size_t n = 0;

    if (!numbers || !numbers->asked)
        return;
    for (size_t i = 0; i < part->scope.n; i++) {
        uint32_t id = site_of(part, part->scope.list[i]);
        if (id < numbers->n_asked && numbers->asked[id])
            part->scope.list[n++] = part->scope.list[i];
    }
    part->scope.n = n;
}

int numbers_add(struct gk_query *part, const struct groups *groups, uint8_t **truths)
{
    struct numbers *numbers = part->numbers;
    size_t n = groups->buckets.n - groups->n_before, first = numbers->n_buckets;
    struct arena *arena = &part->arena;
    int rc;

    TRY(arena_reserve(arena, &numbers->ids, &numbers->ids_capacity, groups->n + 1, sizeof *numbers->ids));
    TRY(arena_reserve(arena, &numbers->edges, &numbers->edges_capacity, first + n + 1, sizeof *numbers->edges));
    TRY(arena_reserve(arena, &numbers->truths, &numbers->truths_capacity, (first + n) * groups->n + 1, 1));
    numbers->n_ids = groups->n;
    for (size_t i = 0; i < groups->n; i++)
        numbers->ids[i] = groups->list[i].ids[0];
    for (size_t i = 0; i <= n; i++)
        numbers->edges[first + i] = groups->buckets.edges[groups->n_before + i];
    *truths = numbers->truths + first * groups->n;
    numbers->n_buckets += n;
done:
    return rc;
}
