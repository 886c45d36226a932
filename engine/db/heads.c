/*
 * heads.c - unsealed rows in memory.
 *
 *     page[facility / 4096] -> head[facility % 4096] -> in order:  block -> block -> block      (times ascend)
 *                                                       late:      block -> block               (as they came)
 *
 * Truncation (a batch that failed half-way) is the one exception to "only ever added"; views never reach that far.
 */
#include "db/heads.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "db/catalog.h"

#define PAGE_HEADS     4096
#define PAGES          (CATALOG_FACILITIES_MAX / PAGE_HEADS)
#define BLOCK_ROWS_MIN 4
#define BLOCK_ROWS_MAX 1024
#define LATE_HASHED    32 /* from so many late rows on a head has a hash of their times */

struct schema {
    struct schema *next;
    size_t n_channels;
    uint32_t channel[];
};

struct block {
    _Atomic(struct block *) next;
    const struct block *before; /* of the adding thread */
    _Atomic uint32_t n;
    uint32_t capacity;
    const struct schema *schema;
    uint32_t *ordinal;
    gk_time *time;
    double *value; /* n_channels columns of capacity rows */
};

struct row_ref {
    const struct block *block;
    uint32_t row;
};

struct chain {
    _Atomic(struct block *) first;
    struct block *last; /* of the adding thread */
};

struct head {
    struct chain ordered, late;
    gk_time oldest, newest;    /* of the adding thread */
    struct row_ref *late_hash; /* by time; of the adding thread */
    size_t n_late, hash_capacity;
};

struct heads {
    struct mem mem;
    atomic_uint n_refs;
    _Atomic uint32_t n, n_facilities;
    uint32_t n_active; /* of the adding thread, like bytes */
    uint64_t bytes;
    struct schema *schemas;
    _Atomic(struct head *) page[PAGES];
};

/* ---- life ---------------------------------------------------------------------------------------------------------
 */

int heads_new(const struct mem *mem, struct heads **out)
{
    struct heads *heads = mem_zeroed(mem, sizeof *heads);
    *out = heads;
    if (!heads)
        return GK_ENOMEM;
    heads->mem = *mem;
    atomic_store(&heads->n_refs, 1);
    return GK_OK;
}

struct heads *heads_ref(struct heads *heads)
{
    atomic_fetch_add(&heads->n_refs, 1);
    return heads;
}

static void free_chain(const struct mem *mem, struct chain *chain)
{
    struct block *block = atomic_load(&chain->first);
    while (block) {
        struct block *next = atomic_load(&block->next);
        mem_free(mem, block);
        block = next;
    }
}

void heads_unref(struct heads *heads)
{
    if (!heads || atomic_fetch_sub(&heads->n_refs, 1) > 1)
        return;
    for (size_t p = 0; p < PAGES; p++) {
        struct head *page = atomic_load(&heads->page[p]);
        for (size_t i = 0; page && i < PAGE_HEADS; i++) {
            free_chain(&heads->mem, &page[i].ordered);
            free_chain(&heads->mem, &page[i].late);
            mem_free(&heads->mem, page[i].late_hash);
        }
        mem_free(&heads->mem, page);
    }
    while (heads->schemas) {
        struct schema *next = heads->schemas->next;
        mem_free(&heads->mem, heads->schemas);
        heads->schemas = next;
    }
    struct mem mem = heads->mem;
    mem_free(&mem, heads);
}

uint32_t heads_n(const struct heads *heads)
{
    return atomic_load_explicit(&heads->n, memory_order_acquire);
}

uint64_t heads_bytes(const struct heads *heads)
{
    return heads->bytes;
}

uint32_t heads_facilities(const struct heads *heads)
{
    return atomic_load_explicit(&heads->n_facilities, memory_order_acquire);
}

uint32_t heads_active(const struct heads *heads)
{
    return heads->n_active;
}

/* ---- adding -------------------------------------------------------------------------------------------------------
 */

static struct head *find(const struct heads *heads, uint32_t facility)
{
    if (facility >= CATALOG_FACILITIES_MAX)
        return NULL;
    struct head *page = atomic_load_explicit(&heads->page[facility / PAGE_HEADS], memory_order_acquire);
    return page ? &page[facility % PAGE_HEADS] : NULL;
}

static struct head *find_or_make(struct heads *heads, uint32_t facility)
{
    struct head *head = find(heads, facility);
    if (head || facility >= CATALOG_FACILITIES_MAX)
        return head;
    struct head *page = mem_zeroed(&heads->mem, PAGE_HEADS * sizeof *page);
    if (!page)
        return NULL;
    heads->bytes += PAGE_HEADS * sizeof *page;
    atomic_store_explicit(&heads->page[facility / PAGE_HEADS], page, memory_order_release);
    return &page[facility % PAGE_HEADS];
}

const struct schema *heads_schema(struct heads *heads, size_t n, const uint32_t *channels)
{
    size_t size = n * sizeof *channels;
    for (struct schema *s = heads->schemas; s; s = s->next)
        if (s->n_channels == n && (n == 0 || memcmp(s->channel, channels, size) == 0))
            return s;
    struct schema *s = mem_new(&heads->mem, sizeof *s + size);
    if (!s)
        return NULL;
    s->next = heads->schemas;
    s->n_channels = n;
    if (n)
        memcpy(s->channel, channels, size);
    heads->schemas = s;
    heads->bytes += sizeof *s + size;
    return s;
}

static struct block *new_block(struct heads *heads, uint32_t capacity, const struct schema *schema)
{
    size_t n = schema->n_channels;
    size_t size = sizeof(struct block) + capacity * (sizeof(gk_time) + n * sizeof(double) + sizeof(uint32_t));
    struct block *b = mem_new(&heads->mem, size);
    if (!b)
        return NULL;
    atomic_init(&b->next, NULL);
    atomic_init(&b->n, 0);
    b->capacity = capacity;
    b->schema = schema;
    void *at = b + 1; /* behind the struct: times, values, ordinals */
    b->time = at;
    at = b->time + capacity;
    b->value = at;
    at = b->value + n * capacity;
    b->ordinal = at;
    heads->bytes += size;
    return b;
}

/* The last block when it has room and the same channels, else a new one behind it. */
static struct block *block_for(struct heads *heads, struct chain *chain, const struct schema *schema)
{
    struct block *last = chain->last;
    if (last && last->schema == schema && atomic_load_explicit(&last->n, memory_order_relaxed) < last->capacity)
        return last;
    uint32_t capacity = BLOCK_ROWS_MIN;
    if (last)
        capacity = last->capacity < BLOCK_ROWS_MAX ? 2 * last->capacity : BLOCK_ROWS_MAX;
    struct block *b = new_block(heads, capacity, schema);
    if (!b)
        return NULL;
    b->before = last;
    if (last)
        atomic_store_explicit(&last->next, b, memory_order_release);
    else
        atomic_store_explicit(&chain->first, b, memory_order_release);
    chain->last = b;
    return b;
}

static size_t hash_slot(const struct head *head, gk_time time)
{
    uint64_t h = (uint64_t)time * UINT64_C(0x9E3779B97F4A7C15);
    return (size_t)(h >> 20) & (head->hash_capacity - 1);
}

static void hash_insert(struct head *head, struct row_ref ref)
{
    size_t i = hash_slot(head, ref.block->time[ref.row]);
    while (head->late_hash[i].block)
        i = (i + 1) & (head->hash_capacity - 1);
    head->late_hash[i] = ref;
}

/* Makes the hash of late times, or twice as wide: filled from the blocks. */
static int hash_grow(struct heads *heads, struct head *head)
{
    size_t capacity = head->hash_capacity ? 2 * head->hash_capacity : 4 * LATE_HASHED;
    while (capacity < 4 * (head->n_late + 1)) /* after a truncation there may be many rows and no hash */
        capacity *= 2;
    struct row_ref *slots = mem_zeroed(&heads->mem, capacity * sizeof *slots);
    if (!slots)
        return GK_ENOMEM;
    heads->bytes += (capacity - head->hash_capacity) * sizeof *slots;
    mem_free(&heads->mem, head->late_hash);
    head->late_hash = slots;
    head->hash_capacity = capacity;
    for (struct block *b = atomic_load(&head->late.first); b; b = atomic_load(&b->next))
        for (uint32_t i = 0; i < atomic_load(&b->n); i++)
            hash_insert(head, (struct row_ref){b, i});
    return GK_OK;
}

int heads_add(struct heads *heads, const struct schema *schema, uint32_t facility, gk_time time,
              const double *const *values, size_t row, bool is_late)
{
    struct head *head = find_or_make(heads, facility);
    if (!head)
        return GK_ENOMEM;
    if (is_late && head->n_late >= LATE_HASHED && 2 * (head->n_late + 1) > head->hash_capacity &&
        hash_grow(heads, head) != GK_OK)
        return GK_ENOMEM;
    /* A first block means that a head has no rows yet. */
    bool is_first = !head->ordered.last && !head->late.last;
    struct block *b = block_for(heads, is_late ? &head->late : &head->ordered, schema);
    if (!b)
        return GK_ENOMEM;
    uint32_t i = atomic_load_explicit(&b->n, memory_order_relaxed);
    uint32_t ordinal = atomic_load_explicit(&heads->n, memory_order_relaxed);
    b->time[i] = time;
    b->ordinal[i] = ordinal;
    for (size_t c = 0; c < schema->n_channels; c++)
        b->value[c * b->capacity + i] = values[c][row];
    atomic_store_explicit(&b->n, i + 1, memory_order_release);
    if (is_late) {
        head->n_late++;
        if (head->late_hash)
            hash_insert(head, (struct row_ref){b, i});
    }
    if (is_first || time < head->oldest)
        head->oldest = time;
    if (is_first || time > head->newest)
        head->newest = time;
    heads->n_active += is_first;
    if (facility >= atomic_load_explicit(&heads->n_facilities, memory_order_relaxed))
        atomic_store_explicit(&heads->n_facilities, facility + 1, memory_order_release);
    atomic_store_explicit(&heads->n, ordinal + 1, memory_order_release);
    return GK_OK;
}

/* Rows at or above the bound are at the ends of the blocks, as ordinals ascend along a chain. */
static size_t truncate_chain(struct chain *chain, uint32_t n)
{
    size_t left = 0;
    for (struct block *b = atomic_load(&chain->first); b; b = atomic_load(&b->next)) {
        uint32_t rows = atomic_load(&b->n);
        while (rows > 0 && b->ordinal[rows - 1] >= n)
            rows--;
        atomic_store(&b->n, rows);
        left += rows;
    }
    /* Adding goes on in the last block; an emptied one in between would break the order of ordinals only if it were
     * filled again. */
    return left;
}

void heads_truncate(struct heads *heads, uint32_t n)
{
    for (size_t p = 0; p < PAGES; p++) {
        struct head *page = atomic_load(&heads->page[p]);
        for (size_t i = 0; page && i < PAGE_HEADS; i++) {
            struct head *head = &page[i];
            (void)truncate_chain(&head->ordered, n); /* how many are left matters for late rows only */
            head->n_late = truncate_chain(&head->late, n);
            mem_free(&heads->mem, head->late_hash); /* made anew when it is needed */
            heads->bytes -= head->hash_capacity * sizeof *head->late_hash;
            head->late_hash = NULL;
            head->hash_capacity = 0;
        }
    }
    atomic_store(&heads->n, n);
}

/* ---- reading ------------------------------------------------------------------------------------------------------
 */

static bool is_visible(struct heads_view view, uint32_t facility, uint32_t ordinal)
{
    return ordinal < view.n_visible && !(facility < view.facilities_done && ordinal < view.n_done);
}

static void bounds_of(const struct chain *chain, struct heads_view view, uint32_t facility, bool *any, gk_time *first,
                      gk_time *last)
{
    for (const struct block *b = atomic_load_explicit(&chain->first, memory_order_acquire); b;
         b = atomic_load_explicit(&b->next, memory_order_acquire)) {
        uint32_t n = atomic_load_explicit(&b->n, memory_order_acquire);
        for (uint32_t i = 0; i < n; i++) {
            if (!is_visible(view, facility, b->ordinal[i]))
                continue;
            if (!*any || b->time[i] < *first)
                *first = b->time[i];
            if (!*any || b->time[i] > *last)
                *last = b->time[i];
            *any = true;
        }
    }
}

static bool has_visible(const struct chain *chain, struct heads_view view, uint32_t facility)
{
    for (const struct block *b = atomic_load_explicit(&chain->first, memory_order_acquire); b;
         b = atomic_load_explicit(&b->next, memory_order_acquire)) {
        uint32_t n = atomic_load_explicit(&b->n, memory_order_acquire);
        for (uint32_t i = 0; i < n; i++)
            if (is_visible(view, facility, b->ordinal[i]))
                return true;
    }
    return false;
}

bool heads_has(const struct heads *heads, struct heads_view view, uint32_t facility, gk_time *first, gk_time *last)
{
    gk_time a = 0, b = 0;
    bool any = false;
    const struct head *head = find(heads, facility);

    if (!head)
        return false;
    if (!first && !last)
        return has_visible(&head->ordered, view, facility) || has_visible(&head->late, view, facility);
    bounds_of(&head->ordered, view, facility, &any, &a, &b);
    bounds_of(&head->late, view, facility, &any, &a, &b);
    if (first)
        *first = a;
    if (last)
        *last = b;
    return any;
}

/* Appends rows of one block, all of which are wanted: [from, to). */
static int take_block(const struct block *b, uint32_t from, uint32_t to, bool all_channels, struct columns *out)
{
    int rc = GK_OK;

    for (uint32_t c = 0; all_channels && c < b->schema->n_channels; c++)
        TRY(columns_add(out, b->schema->channel[c]));
    TRY(columns_reserve(out, to - from));
    memcpy(out->time + out->n_rows, b->time + from, (to - from) * sizeof *b->time);
    for (size_t i = 0; i < out->n_columns; i++) {
        double *to_value = out->value[i] + out->n_rows;
        uint32_t c = 0;
        while (c < b->schema->n_channels && b->schema->channel[c] != out->channel[i])
            c++;
        if (c < b->schema->n_channels)
            memcpy(to_value, b->value + (size_t)c * b->capacity + from, (to - from) * sizeof *to_value);
        else
            for (uint32_t r = 0; r < to - from; r++)
                to_value[r] = gk_missing();
    }
    out->n_rows += to - from;
done:
    return rc;
}

static int collect_ordered(const struct chain *chain, struct heads_view view, uint32_t facility, gk_time from,
                           gk_time to, bool all_channels, struct columns *out)
{
    int rc = GK_OK;

    for (const struct block *b = atomic_load_explicit(&chain->first, memory_order_acquire); b;
         b = atomic_load_explicit(&b->next, memory_order_acquire)) {
        uint32_t n = atomic_load_explicit(&b->n, memory_order_acquire), low = 0;
        if (n == 0 || b->time[n - 1] < from)
            continue;
        while (low < n && (b->time[low] < from || !is_visible(view, facility, b->ordinal[low])))
            low++;
        uint32_t high = low;
        while (high < n && b->time[high] < to && is_visible(view, facility, b->ordinal[high]))
            high++;
        if (high > low)
            TRY(take_block(b, low, high, all_channels, out));
    }
done:
    return rc;
}

struct late_row {
    gk_time time;
    uint32_t ordinal, row;
    const struct block *block;
};

static int by_time(const void *a, const void *b)
{
    const struct late_row *x = a, *y = b;
    if (x->time != y->time)
        return x->time < y->time ? -1 : 1;
    return x->ordinal < y->ordinal ? -1 : x->ordinal > y->ordinal;
}

static int collect_late(const struct chain *chain, const struct mem *mem, struct heads_view view, uint32_t facility,
                        gk_time from, gk_time to, bool all_channels, struct columns *out)
{
    struct late_row *rows = NULL;
    size_t n_rows = 0, capacity = 0;
    int rc = GK_OK;

    for (const struct block *b = atomic_load_explicit(&chain->first, memory_order_acquire); b;
         b = atomic_load_explicit(&b->next, memory_order_acquire)) {
        uint32_t n = atomic_load_explicit(&b->n, memory_order_acquire);
        TRY(mem_reserve(mem, &rows, &capacity, n_rows + n, sizeof *rows));
        for (uint32_t i = 0; i < n; i++)
            if (b->time[i] >= from && b->time[i] < to && is_visible(view, facility, b->ordinal[i]))
                rows[n_rows++] = (struct late_row){b->time[i], b->ordinal[i], i, b};
    }
    if (n_rows > 1)
        qsort(rows, n_rows, sizeof *rows, by_time);
    for (size_t i = 0; i < n_rows; i++)
        TRY(take_block(rows[i].block, rows[i].row, rows[i].row + 1, all_channels, out));
done:
    mem_free(mem, rows);
    return rc;
}

/*
 * Rows in order of time came in order of arrival too, and a late row always came after the row in order that has the
 * same time: so folding the late ones onto the ordered ones is folding in order of arrival. (Two rows in order with one
 * time and a late one between them in arrival cannot be: the late one's time would be the newest, and it not late.)
 */
int heads_collect(const struct heads *heads, struct heads_view view, uint32_t facility, gk_time from, gk_time to,
                  enum gk_policy policy, bool all_channels, struct columns *out)
{
    const struct head *head = find(heads, facility);
    struct columns ordered, late;
    int rc = GK_OK;

    if (!head)
        return GK_OK;
    columns_init(&ordered, out->mem);
    columns_init(&late, out->mem);
    for (size_t i = 0; i < out->n_columns; i++) {
        TRY(columns_add(&ordered, out->channel[i]));
        TRY(columns_add(&late, out->channel[i]));
    }
    TRY(collect_late(&head->late, &heads->mem, view, facility, from, to, all_channels, &late));
    if (late.n_rows == 0) {
        TRY(collect_ordered(&head->ordered, view, facility, from, to, all_channels, out));
        columns_fold(out, policy);
        goto done;
    }
    TRY(collect_ordered(&head->ordered, view, facility, from, to, all_channels, &ordered));
    columns_fold(&ordered, policy);
    columns_fold(&late, policy);
    TRY(columns_merge(&ordered, &late, policy, out));
done:
    columns_clear(&ordered);
    columns_clear(&late);
    return rc;
}

/* How many rows at the end of a block have ordinals at or above the bound. */
static uint32_t count_new(const struct block *b, uint32_t from)
{
    uint32_t n = b ? atomic_load(&b->n) : 0, low = 0, high = n;

    if (n == 0 || b->ordinal[n - 1] < from)
        return 0;
    if (n > 1 && b->ordinal[n - 2] < from) /* one more row is what most commits see */
        return 1;
    while (low < high) {
        uint32_t mid = (low + high) / 2;
        if (b->ordinal[mid] < from)
            low = mid + 1;
        else
            high = mid;
    }
    return n - low;
}

bool heads_tail(const struct heads *heads, uint32_t facility, uint32_t from, struct heads_tail *out)
{
    const struct head *head = find(heads, facility);
    if (!head)
        return false;
    uint32_t n_ordered = count_new(head->ordered.last, from), n_late = count_new(head->late.last, from);
    const struct chain *chain = n_ordered ? &head->ordered : &head->late;
    const struct block *b = chain->last;
    uint32_t n = n_ordered ? n_ordered : n_late, rows = b ? atomic_load(&b->n) : 0;
    if ((n_ordered > 0) == (n_late > 0) || (n == rows && b->before && count_new(b->before, from) > 0))
        return false; /* none, in both chains, or in the block before, too */
    uint32_t at = rows - n;
    *out = (struct heads_tail){b->schema->n_channels, b->schema->channel, n, b->capacity, b->time + at, b->value + at};
    return true;
}

/* Where the next row at or above an ordinal is. */
static void skip_to(struct row_ref *at, uint32_t ordinal)
{
    while (at->block) {
        uint32_t n = atomic_load(&at->block->n);
        if (at->row == 0 && n > 0 && at->block->ordinal[n - 1] < ordinal)
            at->row = n;
        while (at->row < n && at->block->ordinal[at->row] < ordinal)
            at->row++;
        if (at->row < n)
            return;
        at->block = atomic_load(&at->block->next);
        at->row = 0;
    }
}

int heads_take(const struct heads *heads, uint32_t facility, uint32_t from, struct columns *out)
{
    const struct head *head = find(heads, facility);
    int rc = GK_OK;

    if (!head)
        return GK_OK;
    struct row_ref ordered = {atomic_load(&head->ordered.first), 0}, late = {atomic_load(&head->late.first), 0};
    for (;;) {
        skip_to(&ordered, from);
        skip_to(&late, from);
        if (!ordered.block && !late.block)
            break;
        bool is_late =
            !ordered.block || (late.block && late.block->ordinal[late.row] < ordered.block->ordinal[ordered.row]);
        struct row_ref *at = is_late ? &late : &ordered;
        const struct row_ref *other = is_late ? &ordered : &late;
        uint32_t end = at->row + 1, n = atomic_load(&at->block->n);
        uint32_t bound = other->block ? other->block->ordinal[other->row] : UINT32_MAX;
        while (end < n && at->block->ordinal[end] < bound)
            end++;
        TRY(take_block(at->block, at->row, end, true, out));
        at->row = end;
    }
done:
    return rc;
}

static bool late_has_time(const struct head *head, gk_time time)
{
    if (head->late_hash) {
        for (size_t i = hash_slot(head, time); head->late_hash[i].block; i = (i + 1) & (head->hash_capacity - 1))
            if (head->late_hash[i].block->time[head->late_hash[i].row] == time)
                return true;
        return false;
    }
    for (const struct block *b = atomic_load(&head->late.first); b; b = atomic_load(&b->next))
        for (uint32_t i = 0; i < atomic_load(&b->n); i++)
            if (b->time[i] == time)
                return true;
    return false;
}

bool heads_has_time(const struct heads *heads, uint32_t facility, gk_time time)
{
    const struct head *head = find(heads, facility);
    if (!head || (!head->ordered.last && !head->late.last) || time < head->oldest || time > head->newest)
        return false;
    for (const struct block *b = atomic_load(&head->ordered.first); b; b = atomic_load(&b->next)) {
        uint32_t n = atomic_load(&b->n), low = 0, high = n;
        if (n == 0 || b->time[n - 1] < time)
            continue;
        while (low < high) {
            uint32_t mid = (low + high) / 2;
            if (b->time[mid] < time)
                low = mid + 1;
            else
                high = mid;
        }
        if (low < n && b->time[low] == time)
            return true;
        if (b->time[0] > time)
            break;
    }
    return late_has_time(head, time);
}
