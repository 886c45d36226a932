/*
 * damage.c - see damage.h.
 */
#include "db/damage.h"

#define DAMAGED_VERSION 1
#define DAMAGED_HEAD    21
#define DAMAGED_KEY     9 /* before the own one */

void damage_init(struct damage *d, const struct mem *mem, bool takes_new)
{
    *d = (struct damage){.mem = mem, .takes_new = takes_new};
}

void damage_clear(struct damage *d)
{
    mem_free(d->mem, d->at);
    d->at = NULL;
    d->n = d->capacity = 0;
}

int damage_add(struct damage *d, enum gk_damage_kind kind, uint32_t facility, gk_time from, gk_time to)
{
    for (size_t i = 0; i < d->n; i++)
        if (d->at[i].kind == kind && d->at[i].facility == facility && d->at[i].from == from) {
            d->at[i].to = to;
            return GK_OK;
        }
    if (mem_reserve(d->mem, &d->at, &d->capacity, d->n + 1, sizeof *d->at) != GK_OK)
        return GK_ENOMEM;
    d->at[d->n++] = (struct gk_damage){kind, facility, from, to};
    return GK_OK;
}

int damage_load(struct damage *d, struct txn *txn, struct gk_error *error)
{
    struct cursor *cursor = NULL;
    struct damaged_record record = {.moved = 0};
    struct view value;
    int rc;

    if (txn_table_entries(txn, STORE_DAMAGED) == 0)
        return GK_OK;
    TRY(cursor_open(txn, STORE_DAMAGED, &cursor, error));
    for (rc = cursor_first(cursor, error); rc == GK_OK; rc = cursor_next(cursor, error)) {
        TRY(cursor_value(cursor, &value, error));
        rc = damage_decode(cursor_key(cursor), value, &record);
        if (rc != GK_OK)
            TRY(error_set(error, rc, "a record of the table damaged: %s", gk_status_text(rc)));
        bool is_of_somebody = record.table == STORE_CHUNK || record.table == STORE_JOURNAL;
        if (record.what.facility == GK_ID_NONE && is_of_somebody) /* rows, and nobody knows whose */
            TRY(damage_add(d, GK_DAMAGED_RECORDS, GK_ID_NONE, GK_TIME_MIN, GK_TIME_MAX));
        if (record.what.facility != GK_ID_NONE)
            TRY(damage_add(d, record.what.kind, record.what.facility, record.what.from, record.what.to));
    }
    rc = rc == GK_DONE ? GK_OK : rc;
done:
    cursor_close(cursor);
    return rc;
}

static bool is_rows_of(const struct gk_damage *what, uint32_t facility)
{
    return what->kind == GK_DAMAGED_ROWS && what->facility == facility;
}

bool damage_has_rows(const struct damage *d, uint32_t facility, gk_time from)
{
    for (size_t i = 0; d && i < d->n; i++)
        if (is_rows_of(&d->at[i], facility) && d->at[i].to > from)
            return true;
    return false;
}

/* [from, to) becomes `value`; what is in force at `to` stays so from there on. */
static int blank(struct steps *steps, int64_t from, int64_t to, uint32_t carried, uint32_t value)
{
    struct steps out;
    size_t i = 0;
    int rc = GK_OK;

    steps_init(&out, steps->mem);
    for (; i < steps->n && steps->at[i].tick < from; i++) {
        TRY(steps_put(&out, steps->at[i].tick, steps->at[i].value));
        carried = steps->at[i].value;
    }
    TRY(steps_put(&out, from, value));
    for (; i < steps->n && steps->at[i].tick <= to; i++)
        carried = steps->at[i].value;
    if (to != GK_TICK_MAX)
        TRY(steps_put(&out, to, carried));
    for (; i < steps->n; i++)
        TRY(steps_put(&out, steps->at[i].tick, steps->at[i].value));
    struct steps swap = *steps;
    *steps = out;
    out = swap;
done:
    steps_clear(&out);
    return rc;
}

int damage_blank(const struct damage *d, uint32_t facility, int64_t tick_ns, int64_t from, uint32_t carried,
                 uint32_t value, struct steps *steps)
{
    int rc = GK_OK;

    for (size_t i = 0; d && i < d->n; i++) {
        int64_t a = tick_of(tick_ns, d->at[i].from), b = tick_of(tick_ns, d->at[i].to);
        a = a < from ? from : a;
        if (is_rows_of(&d->at[i], facility) && a < b)
            TRY(blank(steps, a, b, carried, value));
    }
done:
    return rc;
}

/* ---- the table -----------------------------------------------------------------------------------------------------
 */

int damage_decode(struct view key, struct view value, struct damaged_record *out)
{
    if (key.size <= DAMAGED_KEY || key.bytes[0] >= STORE_TABLES || value.size < DAMAGED_HEAD)
        return GK_ECORRUPT;
    if (value.bytes[0] != DAMAGED_VERSION)
        return GK_EVERSION;
    out->table = (enum store_table)key.bytes[0];
    out->moved = unkey_i64(key.bytes + 1);
    out->key = view_of(key.bytes + DAMAGED_KEY, key.size - DAMAGED_KEY);
    out->what =
        (struct gk_damage){out->table == STORE_STATE ? GK_DAMAGED_STATES : GK_DAMAGED_ROWS, load_u32(value.bytes + 1),
                           (gk_time)load_u64(value.bytes + 5), (gk_time)load_u64(value.bytes + 13)};
    out->stored = view_of(value.bytes + DAMAGED_HEAD, value.size - DAMAGED_HEAD);
    return GK_OK;
}

int damage_put_aside(const struct mem *mem, struct txn *txn, enum store_table table, struct view key,
                     struct view stored, const struct gk_damage *what, gk_time now, struct gk_error *error)
{
    struct buffer name, bytes;
    int rc;

    buffer_init(&name, mem);
    buffer_init(&bytes, mem);
    uint8_t date[8];
    key_i64(date, now);
    buffer_put_u8(&name, (uint8_t)table);
    buffer_put(&name, date, sizeof date);
    buffer_put(&name, key.bytes, key.size);
    buffer_put_u8(&bytes, DAMAGED_VERSION);
    buffer_put_u32(&bytes, what ? what->facility : GK_ID_NONE);
    buffer_put_u64(&bytes, what ? (uint64_t)what->from : 0);
    buffer_put_u64(&bytes, what ? (uint64_t)what->to : 0);
    buffer_put(&bytes, stored.bytes, stored.size);
    TRY(buffer_status(&name));
    TRY(buffer_status(&bytes));
    struct view own = {name.bytes + DAMAGED_KEY,
                       name.size - DAMAGED_KEY}; /* `key` may lie on a page that the put moves */
    TRY(txn_put(txn, STORE_DAMAGED, view_of(name.bytes, name.size), view_of(bytes.bytes, bytes.size), error));
    TRY(txn_delete(txn, table, own, error));
done:
    buffer_clear(&name);
    buffer_clear(&bytes);
    if (rc == GK_ENOMEM)
        (void)error_set(error, rc, "out of memory for what is damaged"); /* rc says it too */
    return rc;
}
