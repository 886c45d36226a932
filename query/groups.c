/*
 * groups.c - see groups.h.
 */
#include "groups.h"

#include <stdlib.h>
#include <string.h>

#include "parser.h"

static const char *const KEY_NAMES[] = {"facility", "line", "enterprise", "park", "hour", "day", "week", "month"};

int groups_columns(struct gk_query *query)
{
    const struct tail *tail = &query->stmt->tail;
    bool ok = true;

    for (size_t i = 0; i < tail->n_keys; i++)
        ok = ok && rows_add_column(&query->rows, KEY_NAMES[tail->keys[i]],
                                   tail->keys[i] == KEY_HOUR ? GK_TYPE_TIME : GK_TYPE_TEXT);
    if (tail->every_ns)
        ok = ok && rows_add_column(&query->rows, "time", GK_TYPE_TIME);
    return ok ? GK_OK : GK_EBUG;
}

static struct group group_of(const struct gk_query *query, struct subject subject)
{
    struct position position = scope_position(query->snapshot, subject);
    const uint32_t by_key[] = {position.facility, position.line, position.enterprise, position.park};
    struct group out = {{0, 0, 0, 0}};
    size_t n = 0;

    for (size_t i = 0; i < query->stmt->tail.n_keys; i++)
        if (query->stmt->tail.keys[i] < KEY_HOUR)
            out.ids[n++] = by_key[query->stmt->tail.keys[i]];
    return out;
}

static int compare_groups(const void *p, const void *q)
{
    const struct group *a = p, *b = q;

    for (size_t i = 0; i < 4; i++)
        if (a->ids[i] != b->ids[i])
            return a->ids[i] < b->ids[i] ? -1 : 1;
    return 0;
}

static int make_groups(struct gk_query *query, struct groups *out)
{
    size_t n = query->scope.n, kept = 0;

    out->list = arena_array(&query->memory, n + 1, sizeof *out->list);
    out->of = arena_array(&query->memory, n + 1, sizeof *out->of);
    if (!out->list || !out->of)
        return arena_status(&query->memory);
    for (size_t i = 0; i < n; i++)
        out->list[i] = group_of(query, query->scope.list[i]);
    qsort(out->list, n, sizeof *out->list, compare_groups);
    for (size_t i = 0; i < n; i++)
        if (i == 0 || compare_groups(&out->list[i], &out->list[kept - 1]) != 0)
            out->list[kept++] = out->list[i];
    out->n = kept;
    for (size_t i = 0; i < n; i++) {
        struct group key = group_of(query, query->scope.list[i]);
        const struct group *at = bsearch(&key, out->list, kept, sizeof key, compare_groups);
        out->of[i] = (uint32_t)(at - out->list);
    }
    return GK_OK;
}

int groups_make(struct gk_query *query, struct groups *out)
{
    int rc;

    TRY(make_groups(query, out));
    TRY(buckets_make(&query->memory, &query->window, &query->stmt->tail, &query->report, &out->buckets));
    out->ticks = arena_array(&query->memory, out->buckets.n + 1, sizeof *out->ticks);
    out->texts = arena_array(&query->memory, out->buckets.n + 1, sizeof *out->texts);
    if (!out->ticks || !out->texts)
        return arena_status(&query->memory);
    for (size_t i = 0; i <= out->buckets.n; i++)
        out->ticks[i] = window_tick(out->buckets.edges[i], query->bound.tick_ns);
done:
    return rc;
}

int groups_put(struct gk_query *query, const struct groups *groups, size_t group, size_t bucket)
{
    static const enum gk_kind kinds[] = {GK_FACILITY, GK_LINE, GK_ENTERPRISE, GK_PARK};
    const struct tail *tail = &query->stmt->tail;
    gk_time start = groups->buckets.starts[bucket];
    size_t n = 0;

    for (size_t i = 0; i < tail->n_keys; i++) {
        enum key key = tail->keys[i];
        if (key < KEY_HOUR) {
            rows_put_text(&query->rows, scope_site_name(query->snapshot, kinds[key], groups->list[group].ids[n++]));
        } else if (key == KEY_HOUR) {
            rows_put_time(&query->rows, start);
        } else {
            char **text = &groups->texts[bucket]; /* many groups share it */
            if (!*text)
                *text = bucket_text(&query->memory, &query->window, groups->buckets.kind, start);
            if (!*text)
                return arena_status(&query->memory);
            rows_put_text(&query->rows, *text);
        }
    }
    if (tail->every_ns)
        rows_put_time(&query->rows, start);
    return GK_OK;
}

void groups_order(const struct gk_query *query, const struct groups *groups, size_t i, size_t *group, size_t *bucket)
{
    const struct tail *tail = &query->stmt->tail;

    if (tail->n_keys && tail->keys[0] >= KEY_HOUR) {
        *bucket = i / groups->n;
        *group = i % groups->n;
    } else {
        *group = i / groups->buckets.n;
        *bucket = i % groups->buckets.n;
    }
}
