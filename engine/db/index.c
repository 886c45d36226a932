/*
 * index.c - the presence index follows the steps.
 */
#include "db/index.h"

#include <stdlib.h>

#define MINUTE_NS (60 * GK_SECOND)
#define BYTES_MAX (32u << 20) /* of sets held before they are written */

struct record {
    struct mark mark;
    struct idset *set;
};

struct index_changes {
    struct mem mem;
    struct txn *txn;
    int64_t tick_ns;
    struct record *records;      /* open addressing by quarter and slot */
    size_t n, capacity, n_bytes; /* n_bytes: of the sets */
    struct marks old_marks, new_marks;
};

void marks_init(struct marks *marks, const struct mem *mem)
{
    *marks = (struct marks){.mem = mem};
}

void marks_clear(struct marks *marks)
{
    if (marks->mem)
        mem_free(marks->mem, marks->at);
    *marks = (struct marks){.mem = marks->mem};
}

void index_key(uint8_t key[INDEX_KEY], struct mark mark)
{
    key_i64(key, mark.quarter);
    key[8] = (uint8_t)(mark.slot >> 8);
    key[9] = (uint8_t)mark.slot;
}

static bool is_slot(struct mark mark)
{
    if (mark.slot <= GK_OVERLOAD)
        return true;
    if (mark.slot > INDEX_HOLDS && mark.slot <= INDEX_HOLDS + GK_OVERLOAD)
        return mark.quarter % INDEX_QUARTERS_DAY == 0;
    return mark.slot >= INDEX_ENDS && mark.slot < INDEX_SLOTS;
}

bool index_unkey(struct view key, struct mark *out)
{
    if (key.size != INDEX_KEY)
        return false;
    *out = (struct mark){unkey_i64(key.bytes), (uint32_t)key.bytes[8] << 8 | key.bytes[9]};
    return is_slot(*out);
}

int index_load(const struct mem *mem, struct txn *txn, struct mark mark, struct idset **out, struct gk_error *error)
{
    uint8_t key[INDEX_KEY];
    struct view value;
    int rc;

    *out = NULL;
    index_key(key, mark);
    TRY(txn_get(txn, STORE_PRESENCE, view_of(key, sizeof key), &value, error));
    rc = presence_decode(mem, value.bytes, value.size, out);
    if (rc != GK_OK)
        return error_set(error, rc, "a presence record: %s", gk_status_text(rc));
done:
    return rc;
}

/* ---- what the marks are
 * --------------------------------------------------------------------------------------------- */

static int64_t quarter_ticks(int64_t tick_ns)
{
    return INDEX_QUARTER_NS / tick_ns;
}

static int64_t day_ticks(int64_t tick_ns)
{
    return INDEX_QUARTERS_DAY * quarter_ticks(tick_ns);
}

/* Steps at the first tick of a day are told as well: only what is at the first one looked at counts as carried in. */
int64_t index_begin_of(int64_t tick_ns, int64_t from)
{
    return from == GK_TICK_MIN ? from : floor_div(from, day_ticks(tick_ns)) * day_ticks(tick_ns) - 1;
}

struct mark index_end_of(int64_t tick_ns, int64_t tick)
{
    int64_t ticks = quarter_ticks(tick_ns), quarter = floor_div(tick, ticks);
    int64_t minute = (tick - quarter * ticks) * tick_ns / MINUTE_NS;
    return (struct mark){quarter, INDEX_ENDS + (uint32_t)minute};
}

/* What there is to say of one quarter, until the next one begins. */
struct quarter {
    int64_t quarter;
    uint32_t comes, holds; /* masks of states */
    bool is_begun;
};

static int put_mark(struct marks *out, struct mark mark)
{
    int rc;

    TRY(mem_reserve(out->mem, &out->at, &out->capacity, out->n + 1, sizeof *out->at));
    out->at[out->n++] = mark;
done:
    return rc;
}

static int end_quarter(const struct quarter *q, struct marks *out)
{
    int rc = GK_OK;

    for (uint32_t state = GK_NODATA; state <= GK_OVERLOAD; state++)
        if (q->comes & GK_STATE_BIT(state))
            TRY(put_mark(out, (struct mark){q->quarter, state}));
    for (uint32_t state = GK_OFF; state <= GK_OVERLOAD; state++)
        if (q->holds & GK_STATE_BIT(state))
            TRY(put_mark(out, (struct mark){q->quarter, INDEX_HOLDS + state}));
done:
    return rc;
}

static int begin_quarter(struct quarter *q, int64_t quarter, struct marks *out)
{
    int rc = GK_OK;

    if (q->is_begun && q->quarter == quarter)
        return GK_OK;
    if (q->is_begun)
        TRY(end_quarter(q, out));
    *q = (struct quarter){.quarter = quarter, .is_begun = true};
done:
    return rc;
}

/* The days on whose first tick a known state holds. */
static int mark_days(struct quarter *q, int64_t ticks, const struct gk_step *step, const struct gk_step *next,
                     struct marks *out)
{
    int64_t day = floor_div(step->tick, ticks);
    int64_t end = next ? next->tick : step->tick + 1; /* stored steps end with no data */
    int rc = GK_OK;

    if (day * ticks < step->tick)
        day++;
    for (; day * ticks < end; day++) {
        TRY(begin_quarter(q, day * INDEX_QUARTERS_DAY, out));
        q->holds = GK_STATE_BIT(step->value);
    }
done:
    return rc;
}

int index_marks(const struct steps *steps, int64_t tick_ns, struct marks *out)
{
    struct quarter q = {.is_begun = false};
    int rc = GK_OK;

    out->n = 0;
    for (size_t i = 0; i < steps->n; i++) {
        const struct gk_step *step = &steps->at[i];
        bool is_last = i + 1 == steps->n, is_end = is_last && step->value == GK_NODATA;
        if (step->tick == GK_TICK_MIN)
            continue; /* nothing is known at the beginning of time */
        if (i > 0 && !is_end) {
            TRY(begin_quarter(&q, floor_div(step->tick, quarter_ticks(tick_ns)), out));
            q.comes |= GK_STATE_BIT(step->value);
        }
        if (step->value != GK_NODATA)
            TRY(mark_days(&q, day_ticks(tick_ns), step, is_last ? NULL : step + 1, out));
    }
    if (q.is_begun)
        TRY(end_quarter(&q, out));
    if (steps->n > 1 && steps->at[steps->n - 1].value == GK_NODATA)
        TRY(put_mark(out, index_end_of(tick_ns, steps->at[steps->n - 1].tick)));
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
    marks_init(&c->old_marks, &c->mem);
    marks_init(&c->new_marks, &c->mem);
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
        idset_free(c->records[i].set);
    memset(c->records, 0, c->capacity * sizeof *c->records);
    c->n = c->n_bytes = 0;
}

void index_end(struct index_changes *c)
{
    if (!c)
        return;
    drop_records(c);
    marks_clear(&c->old_marks);
    marks_clear(&c->new_marks);
    struct mem mem = c->mem;
    mem_free(&mem, c->records);
    mem_free(&mem, c);
}

static struct record *slot_of(struct record *records, size_t capacity, struct mark mark)
{
    uint64_t h = ((uint64_t)mark.quarter * INDEX_SLOTS + mark.slot) * UINT64_C(0x9E3779B97F4A7C15);
    size_t i = (size_t)(h >> 20) & (capacity - 1);
    while (records[i].set && (records[i].mark.quarter != mark.quarter || records[i].mark.slot != mark.slot))
        i = (i + 1) & (capacity - 1);
    return &records[i];
}

static int widen(struct index_changes *c)
{
    struct record *wider = mem_zeroed(&c->mem, 2 * c->capacity * sizeof *wider);
    if (!wider)
        return GK_ENOMEM;
    for (size_t i = 0; i < c->capacity; i++)
        if (c->records[i].set)
            *slot_of(wider, 2 * c->capacity, c->records[i].mark) = c->records[i];
    mem_free(&c->mem, c->records);
    c->records = wider;
    c->capacity *= 2;
    return GK_OK;
}

static int find_record(struct index_changes *c, struct mark mark, struct record **out, struct gk_error *error)
{
    int rc = GK_OK;

    if (c->n_bytes >= BYTES_MAX)
        TRY(index_flush(c, error));
    if (2 * (c->n + 1) > c->capacity)
        TRY(widen(c));
    struct record *r = slot_of(c->records, c->capacity, mark);
    if (!r->set) {
        rc = index_load(&c->mem, c->txn, mark, &r->set, error);
        if (rc == GK_ENOTFOUND)
            rc = idset_new(&c->mem, &r->set);
        if (rc != GK_OK) {
            memset(r, 0, sizeof *r);
            goto done;
        }
        r->mark = mark;
        c->n++;
        c->n_bytes += idset_bytes(r->set);
    }
    *out = r;
done:
    return rc;
}

static int compare_marks(struct mark a, struct mark b)
{
    if (a.quarter != b.quarter)
        return a.quarter < b.quarter ? -1 : 1;
    return a.slot < b.slot ? -1 : a.slot > b.slot;
}

static int by_key(const void *a, const void *b)
{
    return compare_marks((*(struct record *const *)a)->mark, (*(struct record *const *)b)->mark);
}

static int put_record(struct index_changes *c, const struct record *r, struct buffer *scratch, struct gk_error *error)
{
    uint8_t key[INDEX_KEY];
    int rc;

    index_key(key, r->mark);
    if (idset_count(r->set) == 0) {
        rc = txn_delete(c->txn, STORE_PRESENCE, view_of(key, sizeof key), error);
        return rc == GK_ENOTFOUND ? GK_OK : rc;
    }
    buffer_reset(scratch);
    TRY(presence_encode(r->set, scratch));
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
        if (c->records[i].set)
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

/* ---- changes
 * -------------------------------------------------------------------------------------------------------- */

static int change_mark(struct index_changes *c, uint32_t facility, struct mark mark, bool is_in, struct gk_error *error)
{
    struct record *r;
    int rc;

    TRY(find_record(c, mark, &r, error));
    size_t before = idset_bytes(r->set);
    TRY(idset_set(r->set, facility, is_in));
    c->n_bytes += idset_bytes(r->set) - before;
done:
    return rc;
}

int index_change(struct index_changes *c, uint32_t facility, const struct steps *old_steps,
                 const struct steps *new_steps, struct gk_error *error)
{
    const struct marks *a = &c->old_marks, *b = &c->new_marks;
    int rc;

    TRY(index_marks(old_steps, c->tick_ns, &c->old_marks));
    TRY(index_marks(new_steps, c->tick_ns, &c->new_marks));
    for (size_t i = 0, j = 0; i < a->n || j < b->n;) {
        int order = i == a->n ? 1 : j == b->n ? -1 : compare_marks(a->at[i], b->at[j]);
        if (order < 0)
            TRY(change_mark(c, facility, a->at[i], false, error));
        else if (order > 0)
            TRY(change_mark(c, facility, b->at[j], true, error));
        i += order <= 0;
        j += order >= 0;
    }
done:
    if (rc == GK_ENOMEM)
        (void)error_set(error, rc, "out of memory for the presence index"); /* rc says it too */
    return rc;
}
