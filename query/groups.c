/*
 * groups.c - see groups.h.
 */
#include "groups.h"

#include <stdlib.h>
#include <string.h>

#include "field.h"
#include "parser.h"
#include "shifts.h"

static const char *const KEY_NAMES[] = {"facility", "line", "enterprise", "park",  "",
                                        "hour",     "day",  "week",       "month", "shift"};

int groups_columns(struct gk_query *query)
{
    const struct tail *tail = &query->stmt->tail;
    bool ok = true;

    for (size_t i = 0; i < tail->n_keys; i++)
        ok = ok && rows_add_column(&query->rows,
                                   tail->keys[i] == KEY_TAG ? tail->key_tags[i].bytes : KEY_NAMES[tail->keys[i]],
                                   tail->keys[i] == KEY_HOUR ? GK_TYPE_TIME : GK_TYPE_TEXT);
    if (tail->every_ns)
        ok = ok && rows_add_column(&query->rows, "time", GK_TYPE_TIME);
    return ok ? GK_OK : GK_EBUG;
}

#define DAY_NS (INT64_C(86400) * GK_SECOND)

/* ---- tags ---- */

/* The value that all facilities of a subject have; "" when they differ. */
static const char *tag_of(const struct gk_query *query, struct subject subject, const char *tag)
{
    const char *out = NULL;
    size_t n;

    if (subject.kind == GK_FACILITY)
        return field_text(query->snapshot, gk_facility_get(query->snapshot, subject.id), tag);
    const uint32_t *ids = gk_site_facilities(query->snapshot, subject.kind, subject.id, &n);
    for (size_t i = 0; i < n; i++) {
        const char *value = field_text(query->snapshot, gk_facility_get(query->snapshot, ids[i]), tag);
        if (!*value)
            continue; /* many tags stand at some facilities only */
        if (out && strcmp(out, value) != 0)
            return "";
        out = value;
    }
    return out ? out : "";
}

static int compare_text(const void *p, const void *q)
{
    const char *a, *b;

    memcpy(&a, p, sizeof a);
    memcpy(&b, q, sizeof b);
    return strcmp(a, b);
}

static int add_tags(struct gk_query *query, struct groups *groups, const char *tag)
{
    const char **list = arena_array(&query->memory, groups->n_tags + query->scope.n + 1, sizeof *list);

    if (!list)
        return arena_status(&query->memory);
    if (groups->n_tags)
        memcpy(list, groups->tags, groups->n_tags * sizeof *list);
    groups->tags = list;
    for (size_t i = 0; i < query->scope.n; i++)
        groups->tags[groups->n_tags++] = tag_of(query, query->scope.list[i], tag);
    return GK_OK;
}

/* In their order, each once. */
static void sort_tags(struct groups *groups)
{
    size_t n = 0;

    if (groups->n_tags)
        qsort(groups->tags, groups->n_tags, sizeof *groups->tags, compare_text);
    for (size_t i = 0; i < groups->n_tags; i++)
        if (n == 0 || strcmp(groups->tags[n - 1], groups->tags[i]) != 0)
            groups->tags[n++] = groups->tags[i];
    groups->n_tags = n;
}

static uint32_t number_of_tag(const struct groups *groups, const char *value)
{
    const char *const *at = bsearch(&value, groups->tags, groups->n_tags, sizeof *groups->tags, compare_text);

    return (uint32_t)(at - (const char *const *)groups->tags);
}

/* ---- groups ---- */

static struct group group_of(const struct gk_query *query, const struct groups *groups, struct subject subject)
{
    const struct tail *tail = &query->stmt->tail;
    struct position position = scope_position(query->snapshot, subject);
    const uint32_t by_key[] = {position.facility, position.line, position.enterprise, position.park};
    struct group out = {{0}};
    size_t n = 0;

    for (size_t i = 0; i < tail->n_keys; i++) {
        if (tail->keys[i] < KEY_TAG)
            out.ids[n++] = by_key[tail->keys[i]];
        else if (tail->keys[i] == KEY_TAG)
            out.ids[n++] = number_of_tag(groups, tag_of(query, subject, tail->key_tags[i].bytes));
    }
    return out;
}

static int compare_groups(const void *p, const void *q)
{
    const struct group *a = p, *b = q;

    for (size_t i = 0; i < KEYS_MAX; i++)
        if (a->ids[i] != b->ids[i])
            return a->ids[i] < b->ids[i] ? -1 : 1;
    return 0;
}

int groups_add(struct gk_query *query, struct groups *groups)
{
    const struct tail *tail = &query->stmt->tail;
    struct subject *list = arena_array(&query->memory, groups->n_subjects + query->scope.n + 1, sizeof *list);
    int rc = GK_OK;

    if (!list)
        return arena_status(&query->memory);
    for (size_t i = 0; i < tail->n_keys; i++)
        if (tail->keys[i] == KEY_TAG)
            TRY(add_tags(query, groups, tail->key_tags[i].bytes));
    if (groups->n_subjects)
        memcpy(list, groups->subjects, groups->n_subjects * sizeof *list);
    if (query->scope.n)
        memcpy(list + groups->n_subjects, query->scope.list, query->scope.n * sizeof *list);
    groups->subjects = list;
    groups->n_subjects += query->scope.n;
done:
    return rc;
}

int groups_finish(struct gk_query *query, struct groups *groups)
{
    size_t n = groups->n_subjects;

    sort_tags(groups);
    groups->list = arena_array(&query->memory, n + 1, sizeof *groups->list);
    if (!groups->list)
        return arena_status(&query->memory);
    for (size_t i = 0; i < n; i++)
        groups->list[i] = group_of(query, groups, groups->subjects[i]);
    qsort(groups->list, n, sizeof *groups->list, compare_groups);
    groups->n = 0;
    for (size_t i = 0; i < n; i++)
        if (i == 0 || compare_groups(&groups->list[i], &groups->list[groups->n - 1]) != 0)
            groups->list[groups->n++] = groups->list[i];
    return GK_OK;
}

int groups_find(struct gk_query *query, struct groups *groups)
{
    groups->of = arena_array(&query->memory, query->scope.n + 1, sizeof *groups->of);
    if (!groups->of)
        return arena_status(&query->memory);
    for (size_t i = 0; i < query->scope.n; i++) {
        struct group key = group_of(query, groups, query->scope.list[i]);
        const struct group *at = bsearch(&key, groups->list, groups->n, sizeof key, compare_groups);
        groups->of[i] = (uint32_t)(at - groups->list);
    }
    return GK_OK;
}

/* ---- buckets ---- */

int groups_set_edges(struct gk_query *query, struct groups *groups, gk_time *edges)
{
    size_t n = groups->buckets.n;

    groups->buckets.edges = edges;
    groups->ticks = arena_array(&query->memory, n + 1, sizeof *groups->ticks);
    if (!groups->ticks)
        return arena_status(&query->memory);
    for (size_t i = 0; i <= n; i++)
        groups->ticks[i] = window_tick(edges[i], query->window.tick_ns);
    return GK_OK;
}

/* A shift that began on the day before reaches into the window: it counts where it began. */
static int make_shifts(struct gk_query *query, struct groups *groups, struct window *window)
{
    int rc;

    TRY(shift_names(query->snapshot, &query->memory, &groups->shifts, &groups->n_shifts));
    if (window->from < window->to)
        window->from -= DAY_NS;
done:
    return rc;
}

int groups_make_buckets(struct gk_query *query, struct groups *groups)
{
    struct window window = query->window;
    int rc;

    groups->n_shifts = 1;
    if (tail_has_key(&query->stmt->tail, KEY_SHIFT))
        TRY(make_shifts(query, groups, &window));
    TRY(buckets_make(&query->memory, &window, &query->stmt->tail, &query->report, &groups->buckets));
    groups->width = groups->buckets.n * groups->n_shifts;
    groups->texts = arena_array(&query->memory, groups->buckets.n + 1, sizeof *groups->texts);
    if (!groups->texts)
        return arena_status(&query->memory);
    TRY(groups_set_edges(query, groups, groups->buckets.edges));
done:
    return rc;
}

int groups_make(struct gk_query *query, struct groups *out)
{
    int rc;

    TRY(groups_add(query, out));
    TRY(groups_finish(query, out));
    TRY(groups_find(query, out));
    TRY(groups_make_buckets(query, out));
done:
    return rc;
}

/* ---- rows ---- */

static int put_bucket(struct gk_query *query, const struct groups *groups, size_t bucket)
{
    char **text = &groups->texts[bucket]; /* many groups share it */

    if (!*text)
        *text = bucket_text(&query->memory, &query->window, groups->buckets.kind, groups->buckets.starts[bucket]);
    if (!*text)
        return arena_status(&query->memory);
    rows_put_text(&query->rows, *text);
    return GK_OK;
}

int groups_put(struct gk_query *query, const struct groups *groups, size_t group, size_t cell)
{
    static const enum gk_kind kinds[] = {GK_FACILITY, GK_LINE, GK_ENTERPRISE, GK_PARK};
    const struct tail *tail = &query->stmt->tail;
    const uint32_t *ids = groups->list[group].ids;
    size_t bucket = cell / groups->n_shifts;
    int rc = GK_OK;

    for (size_t i = 0; i < tail->n_keys; i++) {
        enum key key = tail->keys[i];
        if (key < KEY_TAG)
            rows_put_text(&query->rows, scope_site_name(query->snapshot, kinds[key], *ids++));
        else if (key == KEY_TAG)
            rows_put_text(&query->rows, groups->tags[*ids++]);
        else if (key == KEY_HOUR)
            rows_put_time(&query->rows, groups->buckets.starts[bucket]);
        else if (key == KEY_SHIFT)
            rows_put_text(&query->rows, groups->shifts[cell % groups->n_shifts]);
        else
            TRY(put_bucket(query, groups, bucket));
    }
    if (tail->every_ns)
        rows_put_time(&query->rows, groups->buckets.starts[bucket]);
done:
    return rc;
}

/* Whether two groups have the same names up to the n-th key of time, behind which the others nest. */
static bool is_alike(const struct tail *tail, const struct group *a, const struct group *b, unsigned n)
{
    size_t id = 0;

    for (size_t i = 0; i < tail->n_keys; i++) {
        if (tail->keys[i] >= KEY_HOUR && --n == 0)
            break;
        if (tail->keys[i] < KEY_HOUR && a->ids[id] != b->ids[id])
            return false;
        id += tail->keys[i] < KEY_HOUR;
    }
    return true;
}

/* Those of [*from, *to) that are so alike with a group. */
static void narrow(const struct tail *tail, const struct groups *groups, size_t group, unsigned n, size_t *from,
                   size_t *to)
{
    const struct group *list = groups->list;
    size_t low = group, high = group + 1;

    while (low > *from && is_alike(tail, &list[low - 1], &list[group], n))
        low--;
    while (high < *to && is_alike(tail, &list[high], &list[group], n))
        high++;
    *from = low;
    *to = high;
}

/* by shift, type, day: names between two keys of time. */
static bool is_interleaved(const struct tail *tail)
{
    unsigned n_turns = 0; /* from times to names and back */

    for (size_t i = 1; i < tail->n_keys; i++)
        n_turns += (tail->keys[i - 1] >= KEY_HOUR) != (tail->keys[i] >= KEY_HOUR);
    return n_turns >= (tail->n_keys && tail->keys[0] < KEY_HOUR ? 3 : 2);
}

size_t groups_n_rows(const struct groups *groups)
{
    return groups->n * (groups->buckets.n - groups->n_before) * groups->n_shifts;
}

/* by shift, day: the days nest in the shifts. */
static bool is_shift_first(const struct tail *tail)
{
    size_t i = 0;

    while (i < tail->n_keys && tail->keys[i] < KEY_HOUR)
        i++;
    return i < tail->n_keys && tail->keys[i] == KEY_SHIFT;
}

/* The i-th cell of those that have rows: buckets and shifts nest as they are written. */
static size_t cell_of(const struct tail *tail, const struct groups *groups, size_t i)
{
    size_t n = groups->buckets.n - groups->n_before, shift = i % groups->n_shifts, bucket = i / groups->n_shifts;

    if (is_shift_first(tail)) {
        shift = i / n;
        bucket = i % n;
    }
    return (groups->n_before + bucket) * groups->n_shifts + shift;
}

/* Stretches of groups in the first key of time, stretches of these in the second one, and groups in that. */
static void order_interleaved(const struct tail *tail, const struct groups *groups, size_t i, size_t *group,
                              size_t *cell)
{
    size_t n_buckets = groups->buckets.n - groups->n_before, n = n_buckets * groups->n_shifts;
    size_t n_inner = is_shift_first(tail) ? n_buckets : groups->n_shifts, from = 0, to = groups->n;

    narrow(tail, groups, i / n, 1, &from, &to);
    i -= from * n;
    size_t outer = i / ((to - from) * n_inner), first = from;
    i %= (to - from) * n_inner;
    narrow(tail, groups, from + i / n_inner, 2, &from, &to);
    i -= (from - first) * n_inner;
    *group = from + i % (to - from);
    *cell = cell_of(tail, groups, outer * n_inner + i / (to - from));
}

void groups_order(const struct gk_query *query, const struct groups *groups, size_t i, size_t *group, size_t *cell)
{
    const struct tail *tail = &query->stmt->tail;
    size_t n = (groups->buckets.n - groups->n_before) * groups->n_shifts, at = i / n, from = at, to = at + 1;

    if (is_interleaved(tail)) {
        order_interleaved(tail, groups, i, group, cell);
        return;
    }
    if (tail->n_keys && tail->keys[0] >= KEY_HOUR) { /* all of them nest in it */
        from = 0;
        to = groups->n;
    } else if (tail->n_keys && tail->keys[tail->n_keys - 1] < KEY_HOUR && n > 1) {
        from = 0;
        to = groups->n;
        narrow(tail, groups, at, 1, &from, &to);
    }
    *group = from + (i - from * n) % (to - from);
    *cell = cell_of(tail, groups, (i - from * n) / (to - from));
}
