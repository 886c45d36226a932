/*
 * index.c - the presence index follows the steps.
 */
#include "db/index.h"

#include <stdlib.h>

#define STATES      5
#define RECORDS_MAX 8192 /* records held before they are written: some megabytes */

struct record {
    int64_t hour;
    uint32_t state;
    struct presence sets;
};

struct index_changes {
    struct mem mem;
    struct txn *txn;
    int64_t tick_ns;
    struct record *records; /* open addressing by hour and state */
    size_t n, capacity;
};

void presence_key(uint8_t key[PRESENCE_KEY], int64_t hour, uint32_t state)
{
    key_i64(key, hour);
    key[8] = (uint8_t)state;
}

int index_load(const struct mem *mem, struct txn *txn, int64_t hour, uint32_t state, struct presence *out,
               struct gk_error *error)
{
    uint8_t key[PRESENCE_KEY];
    struct view value;
    int rc;

    presence_key(key, hour, state);
    TRY(txn_get(txn, STORE_PRESENCE, view_of(key, sizeof key), &value, error));
    rc = presence_decode(mem, value.bytes, value.size, out);
    if (rc != GK_OK)
        return error_set(error, rc, "a presence record: %s", gk_status_text(rc));
done:
    return rc;
}

/* ---- gathering ------------------------------------------------------------------------------------------------------
 */

int index_begin(const struct mem *mem, struct txn *txn, int64_t tick_ns, struct index_changes **out)
{
    struct index_changes *c = mem_zeroed(mem, sizeof *c);
    *out = c;
    if (!c)
        return GK_ENOMEM;
    c->mem = *mem;
    c->txn = txn;
    c->tick_ns = tick_ns;
    c->capacity = 1024;
    c->records = mem_zeroed(mem, c->capacity * sizeof *c->records);
    if (!c->records) {
        mem_free(mem, c);
        *out = NULL;
        return GK_ENOMEM;
    }
    return GK_OK;
}

static void drop_records(struct index_changes *c)
{
    for (size_t i = 0; i < c->capacity; i++)
        if (c->records[i].sets.some)
            presence_clear(&c->records[i].sets);
    memset(c->records, 0, c->capacity * sizeof *c->records);
    c->n = 0;
}

void index_end(struct index_changes *c)
{
    if (!c)
        return;
    drop_records(c);
    struct mem mem = c->mem;
    mem_free(&mem, c->records);
    mem_free(&mem, c);
}

static struct record *slot_of(struct record *records, size_t capacity, int64_t hour, uint32_t state)
{
    uint64_t h = ((uint64_t)hour * STATES + state) * UINT64_C(0x9E3779B97F4A7C15);
    size_t i = (size_t)(h >> 20) & (capacity - 1);
    while (records[i].sets.some && (records[i].hour != hour || records[i].state != state))
        i = (i + 1) & (capacity - 1);
    return &records[i];
}

static int widen(struct index_changes *c)
{
    struct record *wider = mem_zeroed(&c->mem, 2 * c->capacity * sizeof *wider);
    if (!wider)
        return GK_ENOMEM;
    for (size_t i = 0; i < c->capacity; i++)
        if (c->records[i].sets.some)
            *slot_of(wider, 2 * c->capacity, c->records[i].hour, c->records[i].state) = c->records[i];
    mem_free(&c->mem, c->records);
    c->records = wider;
    c->capacity *= 2;
    return GK_OK;
}

static int find_record(struct index_changes *c, int64_t hour, uint32_t state, struct record **out,
                       struct gk_error *error)
{
    int rc = GK_OK;

    if (c->n >= RECORDS_MAX)
        TRY(index_flush(c, error));
    if (2 * (c->n + 1) > c->capacity)
        TRY(widen(c));
    struct record *r = slot_of(c->records, c->capacity, hour, state);
    if (!r->sets.some) {
        rc = index_load(&c->mem, c->txn, hour, state, &r->sets, error);
        if (rc == GK_ENOTFOUND)
            rc = presence_new(&c->mem, &r->sets);
        if (rc != GK_OK) {
            memset(r, 0, sizeof *r);
            goto done;
        }
        r->hour = hour;
        r->state = state;
        c->n++;
    }
    *out = r;
done:
    return rc;
}

static int by_key(const void *a, const void *b)
{
    const struct record *x = *(struct record *const *)a, *y = *(struct record *const *)b;
    if (x->hour != y->hour)
        return x->hour < y->hour ? -1 : 1;
    return x->state < y->state ? -1 : x->state > y->state;
}

static int put_record(struct index_changes *c, const struct record *r, struct buffer *scratch, struct gk_error *error)
{
    uint8_t key[PRESENCE_KEY];
    int rc;

    presence_key(key, r->hour, r->state);
    if (idset_count(r->sets.some) == 0) {
        rc = txn_delete(c->txn, STORE_PRESENCE, view_of(key, sizeof key), error);
        return rc == GK_ENOTFOUND ? GK_OK : rc;
    }
    buffer_reset(scratch);
    TRY(presence_encode(&r->sets, scratch));
    TRY(txn_put(c->txn, STORE_PRESENCE, view_of(key, sizeof key), view_of(scratch->bytes, scratch->size), error));
done:
    return rc;
}

/* In order of keys, so that LMDB's pages are touched one after the other. */
int index_flush(struct index_changes *c, struct gk_error *error)
{
    struct record **order = mem_array(&c->mem, c->n, sizeof(struct record *));
    struct buffer scratch;
    size_t n = 0;
    int rc = GK_OK;

    buffer_init(&scratch, &c->mem);
    if (!order)
        return error_set(error, GK_ENOMEM, "out of memory for the presence index");
    for (size_t i = 0; i < c->capacity; i++)
        if (c->records[i].sets.some)
            order[n++] = &c->records[i];
    qsort(order, n, sizeof *order, by_key);
    for (size_t i = 0; i < n; i++)
        TRY(put_record(c, order[i], &scratch, error));
    drop_records(c);
done:
    buffer_clear(&scratch);
    mem_free(&c->mem, order);
    return rc;
}

/* ---- what the bits are
 * ----------------------------------------------------------------------------------------------- */

static int64_t hour_of_tick(int64_t tick_ns, int64_t tick)
{
    return floor_div(tick, HOUR_NS / tick_ns);
}

/* The last step at or before a tick; 0 when all are later. */
static size_t step_at(const struct steps *steps, int64_t tick)
{
    size_t low = 0, high = steps->n;
    while (high - low > 1) {
        size_t mid = (low + high) / 2;
        if (steps->at[mid].tick <= tick)
            low = mid;
        else
            high = mid;
    }
    return low;
}

int64_t index_next_hour(const struct steps *steps, int64_t tick_ns, int64_t hour)
{
    int64_t ticks = HOUR_NS / tick_ns;

    for (size_t i = steps->n ? step_at(steps, hour * ticks) : 0; i < steps->n; i++) {
        if (steps->at[i].value == GK_NODATA)
            continue;
        int64_t begins = steps->at[i].tick == GK_TICK_MIN ? hour : hour_of_tick(tick_ns, steps->at[i].tick);
        return begins > hour ? begins : hour;
    }
    return INT64_MAX;
}

void index_bits(const struct steps *steps, int64_t tick_ns, int64_t hour, uint32_t *some, uint32_t *whole)
{
    int64_t ticks = HOUR_NS / tick_ns;

    presence_of_steps(steps->at, steps->n, hour * ticks, (hour + 1) * ticks, some, whole);
    if (*some == GK_STATE_BIT(GK_NODATA))
        *some = *whole = 0;
}

static int change_hour(struct index_changes *c, uint32_t facility, int64_t hour, const uint32_t old_bits[2],
                       const uint32_t new_bits[2], struct gk_error *error)
{
    int rc = GK_OK;

    for (uint32_t s = 0; s < STATES; s++) {
        struct record *r;
        uint32_t bit = GK_STATE_BIT(s);
        if (!((old_bits[0] ^ new_bits[0]) & bit) && !((old_bits[1] ^ new_bits[1]) & bit))
            continue;
        TRY(find_record(c, hour, s, &r, error));
        TRY(idset_set(r->sets.some, facility, new_bits[0] & bit));
        TRY(idset_set(r->sets.whole, facility, new_bits[1] & bit));
    }
done:
    return rc;
}

int index_change(struct index_changes *c, uint32_t facility, int64_t from, const struct steps *old_steps,
                 const struct steps *new_steps, struct gk_error *error)
{
    int64_t hour = from == GK_TICK_MIN ? INT64_MIN / (HOUR_NS / c->tick_ns) + 1 : hour_of_tick(c->tick_ns, from);
    int rc = GK_OK;

    for (;; hour++) {
        int64_t old_hour = index_next_hour(old_steps, c->tick_ns, hour);
        int64_t new_hour = index_next_hour(new_steps, c->tick_ns, hour);
        uint32_t old_bits[2], new_bits[2];
        hour = old_hour < new_hour ? old_hour : new_hour;
        if (hour == INT64_MAX)
            break;
        index_bits(old_steps, c->tick_ns, hour, &old_bits[0], &old_bits[1]);
        index_bits(new_steps, c->tick_ns, hour, &new_bits[0], &new_bits[1]);
        TRY(change_hour(c, facility, hour, old_bits, new_bits, error));
    }
done:
    if (rc == GK_ENOMEM)
        (void)error_set(error, rc, "out of memory for the presence index"); /* rc says it too */
    return rc;
}
