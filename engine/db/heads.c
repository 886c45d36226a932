/*
 * heads.c - unsealed rows in memory.
 *
 *     page[facility / 4096] -> head[facility % 4096] -> in order:  packed -> packed -> open     (times ascend)
 *                                                       late:      open -> open                 (as they came)
 *
 * An open block holds rows one after the other, so that adding one touches one place. When it is full it gives way to
 * one of twice the size, and at MINI_ROWS rows to its packed form (codec/mini.h), a tenth as large. The block that gave
 * way is *retired*: whoever reads may still be on it, and finds there all rows that he may see. It is freed when nobody
 * reads: when the writer's is the only reference to the heads.
 *
 * Truncation (a batch that failed half-way) is the one exception to "only ever added"; views never reach that far.
 */
#include "db/heads.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "codec/mini.h"
#include "db/catalog.h"

#define PAGE_HEADS   4096
#define PAGES        (CATALOG_FACILITIES_MAX / PAGE_HEADS)
#define BLOCK_MIN    4  /* rows of a head's first block */
#define PACKED_LEAST 16 /* rows: fewer stay open when another list of channels begins */
#define LATE_HASHED  32 /* from so many late rows on a head has a hash of their times */

/* A list of channels. Rows of one list may be kept under another that has all of them: that is its map. */
struct schema {
    struct schema *next;
    const struct schema *into; /* the list that `map` is for */
    uint32_t *map;             /* where each channel is there */
    uint8_t *decimals;         /* see mini_encode */
    size_t n_channels;
    uint32_t channel[];
};

struct block {
    _Atomic(struct block *) next;
    struct block *before; /* of the adding thread; links retired ones */
    const struct schema *schema;
    _Atomic uint32_t n;
    uint32_t capacity; /* rows of room, or that were packed */
    uint32_t size;     /* bytes, with this head */
    bool is_packed;
    uint32_t first_ordinal, last_ordinal; /* of a packed one, like the times */
    gk_time first, last;
    uint64_t bytes[]; /* rows, or what mini_encode wrote */
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
    uint32_t n_active; /* of the adding thread, like what follows */
    uint64_t bytes;
    struct block *retired;
    struct block *spare; /* an open one that gave way: the next one is often as large; NULL: none */
    struct schema *schemas;
    double *scratch; /* values of one block, column by column, and behind them its packed bytes */
    size_t scratch_capacity;
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
    atomic_thread_fence(memory_order_seq_cst); /* before any chain is followed: see replace_last */
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

static void free_block(struct heads *heads, struct block *b)
{
    heads->bytes -= b ? b->size : 0;
    mem_free(&heads->mem, b);
}

static void free_retired(struct heads *heads)
{
    while (heads->retired) {
        struct block *b = heads->retired;
        heads->retired = b->before;
        free_block(heads, heads->spare);
        heads->spare = b;
    }
}

static void free_schemas(struct heads *heads)
{
    while (heads->schemas) {
        struct schema *next = heads->schemas->next;
        mem_free(&heads->mem, heads->schemas->map);
        mem_free(&heads->mem, heads->schemas->decimals);
        mem_free(&heads->mem, heads->schemas);
        heads->schemas = next;
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
    free_retired(heads);
    free_block(heads, heads->spare);
    free_schemas(heads);
    mem_free(&heads->mem, heads->scratch);
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

/* ---- lists of channels ----------------------------------------------------------------------------------------------
 */

struct schema *heads_schema(struct heads *heads, size_t n, const uint32_t *channels)
{
    size_t size = n * sizeof *channels;
    for (struct schema *s = heads->schemas; s; s = s->next)
        if (s->n_channels == n && (n == 0 || memcmp(s->channel, channels, size) == 0))
            return s;
    struct schema *s = mem_zeroed(&heads->mem, sizeof *s + size);
    if (!s)
        return NULL;
    s->n_channels = n;
    s->map = mem_array(&heads->mem, n, sizeof *s->map);
    s->decimals = mem_zeroed(&heads->mem, n + 1);
    if (!s->map || !s->decimals) {
        mem_free(&heads->mem, s->map);
        mem_free(&heads->mem, s->decimals);
        mem_free(&heads->mem, s);
        return NULL;
    }
    s->next = heads->schemas;
    if (n)
        memcpy(s->channel, channels, size);
    heads->schemas = s;
    heads->bytes += sizeof *s + 2 * size;
    return s;
}

static size_t find_channel(const struct schema *schema, uint32_t channel)
{
    size_t i = 0;
    while (i < schema->n_channels && schema->channel[i] != channel)
        i++;
    return i;
}

/* Whether a list has all channels of another, which then knows where. */
static bool maps_into(struct schema *schema, const struct schema *into)
{
    if (schema->into == into)
        return true;
    schema->into = NULL;
    for (size_t c = 0; c < schema->n_channels; c++) {
        size_t i = find_channel(into, schema->channel[c]);
        if (i == into->n_channels)
            return false;
        schema->map[c] = (uint32_t)i;
    }
    schema->into = into;
    return true;
}

/*
 * A list that has the channels of both. Meters that send power and currents in turn come to one list so, and their rows
 * to one block.
 */
static const struct schema *join_schemas(struct heads *heads, const struct schema *a, struct schema *b)
{
    size_t n = a->n_channels;

    if (maps_into(b, a))
        return a;
    if (n + b->n_channels > CHUNK_COLUMNS_MAX)
        return b;
    uint32_t *channels = mem_array(&heads->mem, n + b->n_channels, sizeof *channels);
    if (!channels)
        return NULL;
    if (n)
        memcpy(channels, a->channel, n * sizeof *channels);
    for (size_t c = 0; c < b->n_channels; c++)
        if (find_channel(a, b->channel[c]) == a->n_channels)
            channels[n++] = b->channel[c];
    const struct schema *joined = heads_schema(heads, n, channels);
    mem_free(&heads->mem, channels);
    return joined && maps_into(b, joined) ? joined : NULL;
}

/* ---- blocks --------------------------------------------------------------------------------------------------------
 */

static size_t row_size(const struct schema *schema)
{
    return sizeof(struct head_row) + schema->n_channels * sizeof(double);
}

static struct head_row *row_at(struct block *b, size_t i)
{
    return (struct head_row *)(void *)((uint8_t *)b->bytes + i * row_size(b->schema));
}

static const struct head_row *row_of(const struct block *b, size_t i)
{
    return (const struct head_row *)(const void *)((const uint8_t *)b->bytes + i * row_size(b->schema));
}

static struct block *new_block(struct heads *heads, const struct schema *schema, uint32_t capacity, size_t bytes)
{
    struct block *b = heads->spare;
    if (b && b->size == sizeof *b + bytes) {
        heads->spare = NULL;
        heads->bytes -= b->size;
    } else {
        b = mem_new(&heads->mem, sizeof *b + bytes);
    }
    if (!b)
        return NULL;
    atomic_init(&b->next, NULL);
    atomic_init(&b->n, 0);
    b->before = NULL;
    b->schema = schema;
    b->capacity = capacity;
    b->size = (uint32_t)(sizeof *b + bytes);
    b->is_packed = false;
    heads->bytes += b->size;
    return b;
}

static struct block *new_open(struct heads *heads, const struct schema *schema, uint32_t capacity)
{
    return new_block(heads, schema, capacity, capacity * row_size(schema));
}

static void append_block(struct chain *chain, struct block *b)
{
    b->before = chain->last;
    if (chain->last)
        atomic_store_explicit(&chain->last->next, b, memory_order_release);
    else
        atomic_store_explicit(&chain->first, b, memory_order_release);
    chain->last = b;
}

/*
 * Puts a block into the place of the last one. A snapshot takes its reference before it follows a chain, and we look
 * at the references after the chain was changed: if ours is the only one, nobody can be on the old block any more.
 */
static void replace_last(struct heads *heads, struct chain *chain, struct block *b)
{
    struct block *old = chain->last;

    b->before = old->before;
    atomic_store(b->before ? &b->before->next : &chain->first, b);
    chain->last = b;
    old->before = heads->retired;
    heads->retired = old;
    if (atomic_load(&heads->n_refs) == 1)
        free_retired(heads);
}

/* The rows of an open block column by column, in the heads' scratch. */
static struct mini_rows transpose(struct heads *heads, const struct block *b, uint32_t n, gk_time *time,
                                  uint32_t *ordinal)
{
    size_t n_columns = b->schema->n_channels, size = row_size(b->schema) / sizeof *b->bytes;

    for (uint32_t i = 0; i < n; i++) {
        const struct head_row *row = (const struct head_row *)(const void *)(b->bytes + i * size);
        time[i] = row->time;
        ordinal[i] = row->ordinal;
    }
    for (size_t c = 0; c < n_columns; c++) {
        const double *value = row_of(b, 0)->value + c;
        double *to = heads->scratch + c * MINI_ROWS;
        for (uint32_t i = 0; i < n; i++)
            to[i] = value[i * size];
    }
    return (struct mini_rows){n, time, ordinal, n_columns, heads->scratch};
}

/* The packed form of an open block of n rows. */
static struct block *pack(struct heads *heads, const struct block *b, uint32_t n)
{
    gk_time time[MINI_ROWS];
    uint32_t ordinal[MINI_ROWS];
    size_t n_cells = b->schema->n_channels * MINI_ROWS, room = MINI_SIZE_MAX(b->schema->n_channels);

    if (mem_reserve(&heads->mem, &heads->scratch, &heads->scratch_capacity, n_cells + room / sizeof(double) + 1,
                    sizeof *heads->scratch) != GK_OK)
        return NULL;
    uint8_t *bytes = (uint8_t *)(heads->scratch + n_cells);
    struct mini_rows rows = transpose(heads, b, n, time, ordinal);
    size_t size = mini_encode(&rows, b->schema->decimals, bytes);
    struct block *packed = new_block(heads, b->schema, n, size);
    if (!packed)
        return NULL;
    memcpy(packed->bytes, bytes, size);
    packed->is_packed = true;
    packed->first = time[0];
    packed->last = time[n - 1];
    packed->first_ordinal = ordinal[0];
    packed->last_ordinal = ordinal[n - 1];
    atomic_init(&packed->n, n);
    return packed;
}

/* An open block gives way to one of twice the size. */
static struct block *grow(struct heads *heads, struct chain *chain, uint32_t n)
{
    struct block *old = chain->last, *b = new_open(heads, old->schema, 2 * old->capacity);

    if (!b)
        return NULL;
    memcpy(b->bytes, old->bytes, n * row_size(old->schema));
    atomic_init(&b->n, n);
    replace_last(heads, chain, b);
    return b;
}

/* Rows that arrived in order: room for one more with these channels. */
static struct block *ordered_room(struct heads *heads, struct chain *chain, struct schema *schema)
{
    struct block *last = chain->last;
    const struct schema *joined = last ? join_schemas(heads, last->schema, schema) : schema;
    uint32_t n = last ? atomic_load_explicit(&last->n, memory_order_relaxed) : 0, capacity = BLOCK_MIN;

    if (!joined)
        return NULL;
    if (last && !last->is_packed && joined == last->schema && 2 * last->capacity <= MINI_ROWS)
        return grow(heads, chain, n);
    if (last && !last->is_packed && n >= PACKED_LEAST) {
        struct block *packed = pack(heads, last, n);
        if (!packed)
            return NULL;
        replace_last(heads, chain, packed);
        capacity = MINI_ROWS;
    }
    struct block *b = new_open(heads, joined, capacity);
    if (b)
        append_block(chain, b);
    return b;
}

/* Late rows stay where they are: their hash points to them. */
static struct block *late_room(struct heads *heads, struct chain *chain, struct schema *schema)
{
    const struct block *last = chain->last;
    const struct schema *joined = last ? join_schemas(heads, last->schema, schema) : schema;
    uint32_t capacity = BLOCK_MIN;

    if (last && joined == last->schema)
        capacity = last->capacity < MINI_ROWS ? 2 * last->capacity : MINI_ROWS;
    struct block *b = joined ? new_open(heads, joined, capacity) : NULL;
    if (b)
        append_block(chain, b);
    return b;
}

/* Whether the last block takes one more row with these channels. */
static bool has_room(const struct block *last, struct schema *schema)
{
    return last && !last->is_packed && atomic_load_explicit(&last->n, memory_order_relaxed) < last->capacity &&
           (schema == last->schema || maps_into(schema, last->schema));
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

static size_t hash_slot(const struct head *head, gk_time time)
{
    uint64_t h = (uint64_t)time * UINT64_C(0x9E3779B97F4A7C15);
    return (size_t)(h >> 20) & (head->hash_capacity - 1);
}

static gk_time time_of_ref(struct row_ref ref)
{
    return row_of(ref.block, ref.row)->time;
}

static void hash_insert(struct head *head, struct row_ref ref)
{
    size_t i = hash_slot(head, time_of_ref(ref));
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
    for (const struct block *b = atomic_load(&head->late.first); b; b = atomic_load(&b->next))
        for (uint32_t i = 0; i < atomic_load(&b->n); i++)
            hash_insert(head, (struct row_ref){b, i});
    return GK_OK;
}

static inline void write_row(struct block *b, uint32_t i, const struct schema *schema, gk_time time, uint32_t ordinal,
                             const double *const *values, size_t row)
{
    struct head_row *r = row_at(b, i);

    r->time = time;
    r->ordinal = ordinal;
    if (schema == b->schema) {
        for (size_t c = 0; c < schema->n_channels; c++)
            r->value[c] = values[c][row];
        return;
    }
    for (size_t c = 0; c < b->schema->n_channels; c++)
        r->value[c] = gk_missing();
    for (size_t c = 0; c < schema->n_channels; c++)
        r->value[schema->map[c]] = values[c][row];
}

/* Rows with these channels behind those of a block. */
static void write_rows(struct block *b, uint32_t at, const struct schema *schema, uint32_t ordinal, const gk_time *time,
                       const double *const *values, const uint32_t *rows, size_t n)
{
    size_t size = row_size(b->schema) / sizeof(double);
    uint64_t *first = b->bytes + at * size;

    if (schema != b->schema) {
        for (size_t i = 0; i < n; i++)
            write_row(b, at + (uint32_t)i, schema, time[rows[i]], ordinal + (uint32_t)i, values, rows[i]);
        return;
    }
    for (size_t i = 0; i < n; i++) {
        struct head_row *r = (struct head_row *)(void *)(first + i * size);
        r->time = time[rows[i]];
        r->ordinal = ordinal + (uint32_t)i;
    }
    for (size_t c = 0; c < schema->n_channels; c++) {
        const double *value = values[c];
        double *to = ((struct head_row *)(void *)first)->value + c;
        for (size_t i = 0; i < n; i++)
            to[i * size] = value[rows[i]];
    }
}

/* Readers see rows once both their block and the heads count them. */
static void count_rows(struct heads *heads, struct block *b, uint32_t n)
{
    uint32_t in_block = atomic_load_explicit(&b->n, memory_order_relaxed);
    uint32_t in_all = atomic_load_explicit(&heads->n, memory_order_relaxed);

    atomic_store_explicit(&b->n, in_block + n, memory_order_release);
    atomic_store_explicit(&heads->n, in_all + n, memory_order_release);
}

/* What is known of a head that got rows. */
static void note_times(struct heads *heads, struct head *head, uint32_t facility, bool is_first, gk_time oldest,
                       gk_time newest)
{
    if (is_first || oldest < head->oldest)
        head->oldest = oldest;
    if (is_first || newest > head->newest)
        head->newest = newest;
    heads->n_active += is_first;
    if (facility >= atomic_load_explicit(&heads->n_facilities, memory_order_relaxed))
        atomic_store_explicit(&heads->n_facilities, facility + 1, memory_order_release);
}

/* A first block means that a head has no rows yet. */
static bool is_empty(const struct head *head)
{
    return !head->ordered.last && !head->late.last;
}

int heads_add(struct heads *heads, struct schema *schema, uint32_t facility, gk_time time, const double *const *values,
              size_t row, bool is_late)
{
    struct head *head = find_or_make(heads, facility);
    if (!head)
        return GK_ENOMEM;
    if (is_late && head->n_late >= LATE_HASHED && 2 * (head->n_late + 1) > head->hash_capacity &&
        hash_grow(heads, head) != GK_OK)
        return GK_ENOMEM;
    bool is_first = is_empty(head);
    struct chain *chain = is_late ? &head->late : &head->ordered;
    struct block *b = chain->last;
    if (!has_room(b, schema))
        b = is_late ? late_room(heads, chain, schema) : ordered_room(heads, chain, schema);
    if (!b)
        return GK_ENOMEM;
    uint32_t i = atomic_load_explicit(&b->n, memory_order_relaxed);
    write_row(b, i, schema, time, heads_n(heads), values, row);
    if (is_late) {
        head->n_late++;
        if (head->late_hash)
            hash_insert(head, (struct row_ref){b, i});
    }
    note_times(heads, head, facility, is_first, time, time);
    count_rows(heads, b, 1);
    return GK_OK;
}

int heads_add_run(struct heads *heads, struct schema *schema, uint32_t facility, const gk_time *time,
                  const double *const *values, const uint32_t *rows, size_t n)
{
    struct head *head = find_or_make(heads, facility);
    if (!head)
        return GK_ENOMEM;
    for (size_t at = 0, k; at < n; at += k) {
        bool is_first = is_empty(head);
        struct block *b = head->ordered.last;
        if (!has_room(b, schema))
            b = ordered_room(heads, &head->ordered, schema);
        if (!b)
            return GK_ENOMEM;
        uint32_t in_block = atomic_load_explicit(&b->n, memory_order_relaxed), room = b->capacity - in_block;
        k = n - at < room ? n - at : room;
        write_rows(b, in_block, schema, heads_n(heads), time, values, rows + at, k);
        note_times(heads, head, facility, is_first, time[rows[at]], time[rows[at + k - 1]]);
        count_rows(heads, b, (uint32_t)k);
    }
    return GK_OK;
}

#define CACHE_LINE 64 /* bytes */

/* Rows of a plant come round robin: hundreds of places, more than the processor foresees. */
void heads_prefetch(const struct heads *heads, uint32_t facility, size_t n)
{
    const struct head *head = find(heads, facility);
    const struct block *b = head ? head->ordered.last : NULL;

    if (n == 0) {
        __builtin_prefetch(b, 1); /* NULL is fine */
        return;
    }
    if (!b || b->is_packed)
        return;
    uint32_t in_block = atomic_load_explicit(&b->n, memory_order_relaxed), room = b->capacity - in_block;
    const uint8_t *from = (const uint8_t *)row_of(b, in_block);
    size_t size = (n < room ? n : room) * row_size(b->schema);
    __builtin_prefetch(from - row_size(b->schema), 0); /* a commit looks at the row before */
    for (size_t at = 0; at < size; at += CACHE_LINE)
        __builtin_prefetch(from + at, 1);
    __builtin_prefetch(from + size, 1);
}

/* ---- looking into a block ------------------------------------------------------------------------------------------
 */

static uint32_t rows_of(const struct block *b)
{
    return atomic_load_explicit(&b->n, memory_order_acquire);
}

static const struct block *first_of(const struct chain *chain)
{
    return atomic_load_explicit(&chain->first, memory_order_acquire);
}

static const struct block *next_of(const struct block *b)
{
    return atomic_load_explicit(&b->next, memory_order_acquire);
}

/* Times of the first n rows, n > 0; `time` has room for MINI_ROWS. */
static void times_of(const struct block *b, uint32_t n, gk_time *time)
{
    if (b->is_packed)
        mini_times((const uint8_t *)b->bytes, b->capacity, time);
    for (uint32_t i = 0; !b->is_packed && i < n; i++)
        time[i] = row_of(b, i)->time;
}

static void ordinals_of(const struct block *b, uint32_t n, uint32_t *ordinal)
{
    if (b->is_packed)
        mini_ordinals((const uint8_t *)b->bytes, b->capacity, ordinal);
    for (uint32_t i = 0; !b->is_packed && i < n; i++)
        ordinal[i] = row_of(b, i)->ordinal;
}

/* The first row at or above an ordinal, of n > 0; n if there is none. From the end: mostly the newest are asked for. */
static uint32_t lower_ordinal(const struct block *b, uint32_t n, uint32_t bound)
{
    uint32_t ordinal[MINI_ROWS];

    if (!b->is_packed) {
        if (row_of(b, 0)->ordinal >= bound)
            return 0;
        while (row_of(b, n - 1)->ordinal >= bound)
            n--;
        return n;
    }
    if (b->last_ordinal < bound)
        return n;
    if (b->first_ordinal >= bound)
        return 0;
    ordinals_of(b, n, ordinal);
    while (n > 0 && ordinal[n - 1] >= bound)
        n--;
    return n;
}

static uint32_t lower_time(const gk_time *time, uint32_t n, gk_time bound)
{
    uint32_t low = 0, high = n;
    while (low < high) {
        uint32_t mid = (low + high) / 2;
        if (time[mid] < bound)
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

/* ---- taking back ---------------------------------------------------------------------------------------------------
 */

/* Rows at or above the bound are at the ends of the blocks, as ordinals ascend along a chain. Returns those left. */
static size_t truncate_chain(struct chain *chain, uint32_t bound)
{
    size_t left = 0;
    for (struct block *b = atomic_load(&chain->first); b; b = atomic_load(&b->next)) {
        uint32_t n = atomic_load(&b->n), rows = n ? lower_ordinal(b, n, bound) : 0;
        if (b->is_packed && rows > 0 && rows < n) {
            gk_time time[MINI_ROWS];
            uint32_t ordinal[MINI_ROWS];
            times_of(b, n, time);
            ordinals_of(b, n, ordinal);
            b->last = time[rows - 1];
            b->last_ordinal = ordinal[rows - 1];
        }
        atomic_store(&b->n, rows);
        left += rows;
    }
    /* Adding goes on in the last block: those in between stay empty. */
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

/* The ordinals that a view sees of a facility: [from, to). */
struct seen {
    uint32_t from, to;
};

static struct seen seen_of(struct heads_view view, uint32_t facility)
{
    return (struct seen){facility < view.facilities_done ? view.n_done : 0, view.n_visible};
}

/* The rows of a block that are seen: [*from, *to). */
static void cut_seen(const struct block *b, uint32_t n, struct seen seen, uint32_t *from, uint32_t *to)
{
    *from = n ? lower_ordinal(b, n, seen.from) : 0;
    *to = n ? lower_ordinal(b, n, seen.to) : 0;
}

static void widen(gk_time first, gk_time last, bool *any, gk_time *least, gk_time *most)
{
    if (!*any || first < *least)
        *least = first;
    if (!*any || last > *most)
        *most = last;
    *any = true;
}

/* Rows in order have their bounds at the ends. */
static void bounds_of(const struct chain *chain, bool is_ordered, struct seen seen, bool *any, gk_time *first,
                      gk_time *last)
{
    gk_time time[MINI_ROWS];

    for (const struct block *b = first_of(chain); b; b = next_of(b)) {
        uint32_t n = rows_of(b), from, to;
        cut_seen(b, n, seen, &from, &to);
        if (from == to)
            continue;
        if (b->is_packed && from == 0 && to == n) {
            widen(b->first, b->last, any, first, last);
        } else if (b->is_packed) {
            times_of(b, n, time);
            widen(time[from], time[to - 1], any, first, last);
        } else if (is_ordered) {
            widen(row_of(b, from)->time, row_of(b, to - 1)->time, any, first, last);
        } else {
            for (uint32_t i = from; i < to; i++)
                widen(row_of(b, i)->time, row_of(b, i)->time, any, first, last);
        }
    }
}

static bool has_seen(const struct chain *chain, struct seen seen)
{
    for (const struct block *b = first_of(chain); b; b = next_of(b)) {
        uint32_t from, to;
        cut_seen(b, rows_of(b), seen, &from, &to);
        if (from < to)
            return true;
    }
    return false;
}

bool heads_has(const struct heads *heads, struct heads_view view, uint32_t facility, gk_time *first, gk_time *last)
{
    gk_time a = 0, b = 0;
    bool any = false;
    struct seen seen = seen_of(view, facility);
    const struct head *head = find(heads, facility);

    if (!head || seen.from >= seen.to)
        return false;
    if (!first && !last)
        return has_seen(&head->ordered, seen) || has_seen(&head->late, seen);
    bounds_of(&head->ordered, true, seen, &any, &a, &b);
    bounds_of(&head->late, false, seen, &any, &a, &b);
    if (first)
        *first = a;
    if (last)
        *last = b;
    return any;
}

static bool is_within(const struct chain *chain, struct seen seen, const uint32_t *marks, size_t n_marks)
{
    for (const struct block *b = first_of(chain); b; b = next_of(b)) {
        uint32_t from, to;
        cut_seen(b, rows_of(b), seen, &from, &to);
        for (size_t c = 0; from < to && c < b->schema->n_channels; c++)
            if (b->schema->channel[c] >= n_marks || marks[b->schema->channel[c]] == GK_ID_NONE)
                return false;
    }
    return true;
}

bool heads_are_within(const struct heads *heads, struct heads_view view, uint32_t facility, const uint32_t *marks,
                      size_t n_marks)
{
    struct seen seen = seen_of(view, facility);
    const struct head *head = find(heads, facility);

    return !head || (is_within(&head->ordered, seen, marks, n_marks) && is_within(&head->late, seen, marks, n_marks));
}

static void fill_missing(double *value, size_t n)
{
    for (size_t i = 0; i < n; i++)
        value[i] = gk_missing();
}

/* Values of the first n rows of a block behind those that are there. */
static void take_values(const struct block *b, uint32_t n, const struct columns *out)
{
    double *to[CHUNK_COLUMNS_MAX];
    const struct schema *schema = b->schema;
    size_t n_taken = 0;

    for (size_t c = 0; c < schema->n_channels; c++) {
        int k = columns_find(out, schema->channel[c]);
        to[c] = k < 0 ? NULL : out->value[k] + out->n_rows;
        n_taken += k >= 0;
    }
    if (b->is_packed)
        mini_values((const uint8_t *)b->bytes, b->capacity, schema->n_channels, to);
    for (size_t c = 0; !b->is_packed && c < schema->n_channels; c++)
        for (uint32_t i = 0; to[c] && i < n; i++)
            to[c][i] = row_of(b, i)->value[c];
    for (size_t k = 0; n_taken < out->n_columns && k < out->n_columns; k++)
        if (find_channel(schema, out->channel[k]) == schema->n_channels)
            fill_missing(out->value[k] + out->n_rows, n);
}

/* Appends rows [from, to) of one block of n. */
static int take_block(const struct block *b, uint32_t n, uint32_t from, uint32_t to, bool all_channels,
                      struct columns *out)
{
    int rc = GK_OK;

    for (size_t c = 0; all_channels && c < b->schema->n_channels; c++)
        TRY(columns_add(out, b->schema->channel[c]));
    TRY(columns_reserve(out, MINI_ROWS)); /* a packed block is unpacked as a whole */
    times_of(b, n, out->time + out->n_rows);
    take_values(b, n, out);
    if (from > 0) {
        size_t at = out->n_rows, k = to - from;
        memmove(out->time + at, out->time + at + from, k * sizeof *out->time);
        for (size_t i = 0; i < out->n_columns; i++)
            memmove(out->value[i] + at, out->value[i] + at + from, k * sizeof(double));
    }
    out->n_rows += to - from;
done:
    return rc;
}

static int collect_ordered(const struct chain *chain, struct seen seen, gk_time from, gk_time to, bool all_channels,
                           struct columns *out)
{
    gk_time time[MINI_ROWS];
    int rc = GK_OK;

    for (const struct block *b = first_of(chain); b; b = next_of(b)) {
        uint32_t n = rows_of(b), low, high;
        cut_seen(b, n, seen, &low, &high);
        if (low >= high)
            continue;
        if (b->is_packed && b->last < from)
            continue;
        if (from > GK_TIME_MIN || to < GK_TIME_MAX) {
            times_of(b, n, time);
            uint32_t a = lower_time(time, n, from), z = lower_time(time, n, to);
            low = a > low ? a : low;
            high = z < high ? z : high;
        }
        if (low < high)
            TRY(take_block(b, n, low, high, all_channels, out));
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

/* One row of an open block. */
static int take_row(const struct late_row *late, bool all_channels, struct columns *out)
{
    const struct schema *schema = late->block->schema;
    const struct head_row *row = row_of(late->block, late->row);
    int rc = GK_OK;

    for (size_t c = 0; all_channels && c < schema->n_channels; c++)
        TRY(columns_add(out, schema->channel[c]));
    TRY(columns_reserve(out, 1));
    out->time[out->n_rows] = row->time;
    for (size_t k = 0; k < out->n_columns; k++) {
        size_t c = find_channel(schema, out->channel[k]);
        out->value[k][out->n_rows] = c < schema->n_channels ? row->value[c] : gk_missing();
    }
    out->n_rows++;
done:
    return rc;
}

static int collect_late(const struct chain *chain, const struct mem *mem, struct seen seen, gk_time from, gk_time to,
                        bool all_channels, struct columns *out)
{
    struct late_row *rows = NULL;
    size_t n_rows = 0, capacity = 0;
    int rc = GK_OK;

    for (const struct block *b = first_of(chain); b; b = next_of(b)) {
        uint32_t low, high;
        cut_seen(b, rows_of(b), seen, &low, &high);
        TRY(mem_reserve(mem, &rows, &capacity, n_rows + high, sizeof *rows));
        for (uint32_t i = low; i < high; i++) {
            const struct head_row *r = row_of(b, i);
            if (r->time >= from && r->time < to)
                rows[n_rows++] = (struct late_row){r->time, r->ordinal, i, b};
        }
    }
    if (n_rows > 1)
        qsort(rows, n_rows, sizeof *rows, by_time);
    for (size_t i = 0; i < n_rows; i++)
        TRY(take_row(&rows[i], all_channels, out));
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
    struct seen seen = seen_of(view, facility);
    struct columns ordered, late;
    int rc = GK_OK;

    if (!head || seen.from >= seen.to)
        return GK_OK;
    columns_init(&ordered, out->mem);
    columns_init(&late, out->mem);
    for (size_t i = 0; i < out->n_columns; i++) {
        TRY(columns_add(&ordered, out->channel[i]));
        TRY(columns_add(&late, out->channel[i]));
    }
    TRY(collect_late(&head->late, &heads->mem, seen, from, to, all_channels, &late));
    if (late.n_rows == 0) {
        TRY(collect_ordered(&head->ordered, seen, from, to, all_channels, out));
        columns_fold(out, policy);
        goto done;
    }
    TRY(collect_ordered(&head->ordered, seen, from, to, all_channels, &ordered));
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
    uint32_t n = b ? rows_of(b) : 0;
    return n ? n - lower_ordinal(b, n, from) : 0;
}

bool heads_tail(const struct heads *heads, uint32_t facility, uint32_t from, struct heads_tail *out)
{
    const struct head *head = find(heads, facility);
    if (!head)
        return false;
    uint32_t n_ordered = count_new(head->ordered.last, from), n_late = count_new(head->late.last, from);
    const struct block *b = n_ordered ? head->ordered.last : head->late.last;
    uint32_t n = n_ordered ? n_ordered : n_late, rows = b ? rows_of(b) : 0;
    if ((n_ordered > 0) == (n_late > 0) || b->is_packed || (n == rows && count_new(b->before, from) > 0))
        return false; /* none, in both chains, packed already, or in the block before, too */
    *out = (struct heads_tail){b->schema->n_channels, b->schema->channel, n, row_size(b->schema),
                               (const uint8_t *)row_of(b, rows - n)};
    return true;
}

/* A way along a chain by ordinals. */
struct walk {
    const struct block *block; /* NULL: at the end */
    uint32_t row, n, ordinal[MINI_ROWS];
};

/* To the block that has the first row at or above an ordinal. */
static void walk_to(struct walk *walk, const struct block *b, uint32_t from)
{
    for (walk->block = b; walk->block; walk->block = next_of(walk->block)) {
        walk->n = rows_of(walk->block);
        walk->row = walk->n ? lower_ordinal(walk->block, walk->n, from) : 0;
        if (walk->row < walk->n) {
            ordinals_of(walk->block, walk->n, walk->ordinal);
            return;
        }
    }
}

int heads_take(const struct heads *heads, uint32_t facility, uint32_t from, struct columns *out)
{
    const struct head *head = find(heads, facility);
    struct walk ordered, late;
    int rc = GK_OK;

    if (!head)
        return GK_OK;
    walk_to(&ordered, first_of(&head->ordered), from);
    walk_to(&late, first_of(&head->late), from);
    while (ordered.block || late.block) {
        bool is_late = !ordered.block || (late.block && late.ordinal[late.row] < ordered.ordinal[ordered.row]);
        struct walk *at = is_late ? &late : &ordered;
        const struct walk *other = is_late ? &ordered : &late;
        uint32_t end = at->row + 1, bound = other->block ? other->ordinal[other->row] : UINT32_MAX;
        while (end < at->n && at->ordinal[end] < bound)
            end++;
        TRY(take_block(at->block, at->n, at->row, end, true, out));
        at->row = end;
        if (end == at->n)
            walk_to(at, next_of(at->block), from);
    }
done:
    return rc;
}

static bool late_has_time(const struct head *head, gk_time time)
{
    if (head->late_hash) {
        for (size_t i = hash_slot(head, time); head->late_hash[i].block; i = (i + 1) & (head->hash_capacity - 1))
            if (time_of_ref(head->late_hash[i]) == time)
                return true;
        return false;
    }
    for (const struct block *b = first_of(&head->late); b; b = next_of(b))
        for (uint32_t i = 0; i < rows_of(b); i++)
            if (row_of(b, i)->time == time)
                return true;
    return false;
}

/* Blocks are gone through from the newest on: rows that come again were mostly sent a moment ago. */
bool heads_has_time(const struct heads *heads, uint32_t facility, gk_time time)
{
    gk_time times[MINI_ROWS];
    const struct head *head = find(heads, facility);
    if (!head || (!head->ordered.last && !head->late.last) || time < head->oldest || time > head->newest)
        return false;
    for (const struct block *b = head->ordered.last; b; b = b->before) {
        uint32_t n = rows_of(b);
        if (n == 0 || (b->is_packed && b->first > time) || (b->is_packed && b->last < time))
            continue;
        times_of(b, n, times);
        uint32_t i = lower_time(times, n, time);
        if (i < n && times[i] == time)
            return true;
    }
    return late_has_time(head, time);
}
