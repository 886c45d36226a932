/*
 * columns.c - rows of one facility as growing columns.
 */
#include "db/columns.h"

#include <assert.h>
#include <string.h>

#include "base/bytes.h"
#include "codec/times.h"

void columns_init(struct columns *columns, const struct mem *mem)
{
    memset(columns, 0, sizeof *columns);
    columns->mem = mem;
}

void columns_clear(struct columns *columns)
{
    const struct mem *mem = columns->mem;
    if (!mem)
        return;
    for (size_t i = 0; i < columns->columns_capacity; i++)
        mem_free(mem, columns->value[i]);
    mem_free(mem, columns->value);
    mem_free(mem, columns->channel);
    mem_free(mem, columns->time);
    columns_init(columns, mem);
}

void columns_reset(struct columns *columns)
{
    columns->n_rows = 0;
    columns->n_columns = 0;
}

size_t columns_bytes(const struct columns *columns)
{
    return columns->capacity * (sizeof *columns->time + columns->columns_capacity * sizeof **columns->value);
}

int columns_find(const struct columns *columns, uint32_t channel)
{
    for (size_t i = 0; i < columns->n_columns; i++)
        if (columns->channel[i] == channel)
            return (int)i;
    return -1;
}

static int grow_columns(struct columns *c)
{
    size_t n = c->columns_capacity ? 2 * c->columns_capacity : 4;
    uint32_t *channel = mem_resize(c->mem, c->channel, n, sizeof *channel);
    if (!channel)
        return GK_ENOMEM;
    c->channel = channel;
    double **value = mem_resize(c->mem, c->value, n, sizeof *value);
    if (!value)
        return GK_ENOMEM;
    c->value = value;
    memset(value + c->columns_capacity, 0, (n - c->columns_capacity) * sizeof *value);
    c->columns_capacity = n;
    return GK_OK;
}

int columns_add(struct columns *c, uint32_t channel)
{
    size_t at = 0;
    while (at < c->n_columns && c->channel[at] < channel)
        at++;
    if (at < c->n_columns && c->channel[at] == channel)
        return GK_OK;
    if (c->n_columns == c->columns_capacity && grow_columns(c) != GK_OK)
        return GK_ENOMEM;
    /* A spare column behind the used ones keeps its memory from before; it may be of any capacity, so size it anew. */
    double *spare = mem_resize(c->mem, c->value[c->n_columns], c->capacity, sizeof *spare);
    if (!spare)
        return GK_ENOMEM;
    for (size_t i = c->n_columns; i > at; i--) {
        c->channel[i] = c->channel[i - 1];
        c->value[i] = c->value[i - 1];
    }
    for (size_t i = 0; i < c->n_rows; i++)
        spare[i] = gk_missing();
    c->channel[at] = channel;
    c->value[at] = spare;
    c->n_columns++;
    return GK_OK;
}

int columns_reserve(struct columns *c, size_t n)
{
    size_t need = c->n_rows + n;
    if (need <= c->capacity)
        return GK_OK;
    size_t capacity = c->capacity < 128 ? 128 : c->capacity;
    while (capacity < need)
        capacity *= 2;
    gk_time *time = mem_resize(c->mem, c->time, capacity, sizeof *time);
    if (!time)
        return GK_ENOMEM;
    c->time = time;
    for (size_t i = 0; i < c->n_columns; i++) {
        double *value = mem_resize(c->mem, c->value[i], capacity, sizeof *value);
        if (!value)
            return GK_ENOMEM;
        c->value[i] = value;
    }
    c->capacity = capacity;
    return GK_OK;
}

int columns_append(struct columns *c, const struct columns *other, size_t from, size_t to)
{
    size_t n = to - from;
    int rc;

    if (n == 0)
        return GK_OK;
    for (size_t i = 0; i < other->n_columns; i++)
        TRY(columns_add(c, other->channel[i]));
    TRY(columns_reserve(c, n));
    memcpy(c->time + c->n_rows, other->time + from, n * sizeof *c->time);
    for (size_t i = 0; i < c->n_columns; i++) {
        int k = columns_find(other, c->channel[i]);
        double *out = c->value[i] + c->n_rows;
        if (k >= 0)
            memcpy(out, other->value[k] + from, n * sizeof *out);
        else
            for (size_t r = 0; r < n; r++)
                out[r] = gk_missing();
    }
    c->n_rows += n;
done:
    return rc;
}

int columns_append_chunk(struct columns *c, const struct chunk_view *chunk, const struct times_view *times,
                         uint32_t from, uint32_t to, bool all_channels)
{
    size_t n = (size_t)(to - from) * CHUNK_MINI;
    size_t last = (size_t)to * CHUNK_MINI;
    int rc = GK_OK;

    if (from >= to)
        return GK_OK;
    for (uint32_t i = 0; all_channels && i < chunk->n_columns; i++)
        TRY(columns_add(c, chunk_channel(chunk, i)));
    TRY(columns_reserve(c, n)); /* whole mini blocks are decoded, the last one may be short */
    TRY(times ? times_minis(times, from, to, c->time + c->n_rows) : chunk_times(chunk, from, to, c->time + c->n_rows));
    if (last > chunk->n_rows)
        n -= last - chunk->n_rows;
    for (size_t i = 0; i < c->n_columns; i++) {
        int k = chunk_column(chunk, c->channel[i]);
        double *out = c->value[i] + c->n_rows;
        if (k >= 0)
            TRY(chunk_values(chunk, (uint32_t)k, from, to, out));
        else
            for (size_t r = 0; r < n; r++)
                out[r] = gk_missing();
    }
    c->n_rows += n;
done:
    return rc;
}

size_t columns_lower(const struct columns *c, gk_time t)
{
    size_t low = 0, high = c->n_rows;
    while (low < high) {
        size_t mid = (low + high) / 2;
        if (c->time[mid] < t)
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

struct columns columns_window(const struct columns *c, size_t from, size_t to, double **values)
{
    struct columns window = *c;

    assert(from <= to && to <= c->n_rows);
    window.n_rows = to - from;
    for (size_t i = 0; i < c->n_columns && from < to; i++)
        values[i] = c->value[i] + from;
    window.value = values;
    if (from < to)
        window.time += from;
    return window;
}

/* One value out of an earlier and a later arrived one. */
static double fold_value(double early, double late, enum gk_policy policy)
{
    if (gk_is_missing(early))
        return late;
    if (gk_is_missing(late))
        return early;
    return policy == GK_FIRST ? early : late;
}

static bool has_repeats(const gk_time *time, size_t n)
{
    uint64_t n_repeats = 0;
    for (size_t i = 1; i < n; i++)
        n_repeats += time[i] == time[i - 1];
    return n_repeats > 0;
}

void columns_fold(struct columns *c, enum gk_policy policy)
{
    size_t n = 0;
    if (policy == GK_ALL || !has_repeats(c->time, c->n_rows))
        return;
    for (size_t r = 1; r < c->n_rows; r++) {
        if (c->time[r] == c->time[n]) {
            for (size_t i = 0; i < c->n_columns; i++)
                c->value[i][n] = fold_value(c->value[i][n], c->value[i][r], policy);
            continue;
        }
        n++;
        if (n == r)
            continue;
        c->time[n] = c->time[r];
        for (size_t i = 0; i < c->n_columns; i++)
            c->value[i][n] = c->value[i][r];
    }
    c->n_rows = n + 1;
}

int columns_merge(const struct columns *a, const struct columns *b, enum gk_policy policy, struct columns *out)
{
    size_t i = 0, k = 0;
    int rc = GK_OK;

    while (i < a->n_rows || k < b->n_rows) {
        /* Equal times: the row of a first, as it arrived first. */
        size_t from = i;
        while (i < a->n_rows && (k == b->n_rows || a->time[i] <= b->time[k]))
            i++;
        TRY(columns_append(out, a, from, i));
        from = k;
        while (k < b->n_rows && (i == a->n_rows || b->time[k] < a->time[i]))
            k++;
        TRY(columns_append(out, b, from, k));
    }
    columns_fold(out, policy);
done:
    return rc;
}

struct chunk_rows columns_view(const struct columns *c, size_t from, size_t to, const double **values)
{
    struct chunk_rows rows = {
        .n_rows = to - from, .time = c->time + from, .n_columns = c->n_columns, .channel = c->channel, .value = values};
    for (size_t i = 0; i < c->n_columns; i++)
        values[i] = c->value[i] + from;
    return rows;
}
