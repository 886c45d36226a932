/*
 * digest.c - a hash of what a store says, not of how it is stored: equal content gives an equal digest whatever the
 * order, the batches and the sealing it came by. Names stand for ids, so registration order does not matter either.
 *
 * Hashed, in this order, each text as size u32 + bytes, numbers little-endian:
 *   "gkdb digest 2", tick, policy
 *   the catalog: every entry as gk_dump prints it without its number, and behind it its numbers to the bit; sorted
 *   per facility, by name: its name, then every row (time, number of values, and per value channel name and bits, by
 *   channel name), then its states (tick, state)
 *   if there are acts: "acts", the number of the newest and its hash, which covers all
 */
#include "db/digest.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/sha256.h"

struct digesting {
    gk_snapshot *s;
    struct sha256 hash;
    uint32_t *channel_order; /* ids by name */
};

static void add_u64(struct digesting *d, uint64_t v)
{
    uint8_t bytes[8];
    store_u64(bytes, v);
    sha256_update(&d->hash, bytes, sizeof bytes);
}

static void add_text(struct digesting *d, const void *text, size_t size)
{
    uint8_t bytes[4];
    store_u32(bytes, (uint32_t)size);
    sha256_update(&d->hash, bytes, sizeof bytes);
    sha256_update(&d->hash, text, size);
}

/* ---- the catalog: lines of text, sorted
 * -------------------------------------------------------------------------------- */

struct line {
    size_t at, size;
};

struct lines {
    const struct mem *mem;
    struct buffer text;
    struct line *at;
    size_t n, capacity;
};

/* What is printed may be rounded. */
static void put_number(struct buffer *out, double v)
{
    buffer_put_u64(out, isnan(v) ? GK_MISSING_BITS : bits_of(v));
}

/* 10 % and 100 per mille are one. */
static void put_limit(struct buffer *out, struct gk_limit limit)
{
    struct gk_decimal v = limit.value;

    while (v.scale > 0 && v.mantissa % 10 == 0)
        v = (struct gk_decimal){v.mantissa / 10, v.scale - 1};
    buffer_put_u64(out, (uint64_t)limit.kind << 32 | (uint32_t)v.scale);
    buffer_put_u64(out, (uint64_t)v.mantissa);
}

static void put_duration(struct buffer *out, int64_t ns)
{
    buffer_put_u64(out, ns < 0 ? UINT64_MAX : (uint64_t)ns);
}

static void put_band(struct buffer *out, const struct gk_band *b)
{
    put_limit(out, b->off_below);
    put_limit(out, b->on_from);
    put_limit(out, b->overload_from);
    put_limit(out, b->hysteresis);
    put_duration(out, b->hold_ns);
    put_duration(out, b->dwell_on_ns);
    put_duration(out, b->dwell_off_ns);
}

static void put_hours(struct buffer *out, int32_t from_s, int32_t to_s)
{
    buffer_put_u64(out, (uint64_t)(uint32_t)from_s << 32 | (uint32_t)to_s);
}

/* Of the entries that have some; those of a mapping are printed to the bit. */
static void put_numbers(struct buffer *out, const struct catalog *c, enum entry_kind kind, uint32_t id)
{
    if (kind == ENTRY_FACILITY) {
        put_number(out, c->facilities[id].rated_kw);
        put_number(out, c->facilities[id].rated_a);
    } else if (kind == ENTRY_BAND || kind == ENTRY_SET_BAND) {
        put_band(out, kind == ENTRY_BAND ? &c->bands[id] : &c->set_bands[id]);
    } else if (kind == ENTRY_ORDER) {
        put_number(out, c->orders[id].cut_share);
        put_hours(out, c->orders[id].hours_from_s, c->orders[id].hours_to_s);
    } else if (kind == ENTRY_CALENDAR) {
        put_hours(out, c->calendars[id].hours_from_s, c->calendars[id].hours_to_s);
    }
}

/* "facility 17 'fan-1' ..." without the number: from the second blank on, behind the kind. */
static size_t behind_number(const struct buffer *text, size_t at)
{
    size_t n_blanks = 0, i = at;

    for (; i < text->size && n_blanks < 2; i++)
        n_blanks += text->bytes[i] == ' ';
    return n_blanks == 2 ? i - 1 : at;
}

static int add_line(struct lines *lines, const struct catalog *c, enum entry_kind kind, uint32_t id)
{
    size_t begin = lines->text.size;
    int rc;

    TRY(mem_reserve(lines->mem, &lines->at, &lines->capacity, lines->n + 1, sizeof *lines->at));
    TRY(catalog_dump(c, kind, id, &lines->text));
    TRY(buffer_status(&lines->text));
    begin = behind_number(&lines->text, begin);
    put_numbers(&lines->text, c, kind, id);
    TRY(buffer_status(&lines->text));
    lines->at[lines->n++] = (struct line){begin, lines->text.size - begin};
done:
    return rc;
}

static int add_entries(struct lines *lines, const struct catalog *c, enum entry_kind kind, size_t n, uint32_t base)
{
    int rc = GK_OK;
    for (size_t i = 0; i < n; i++)
        TRY(add_line(lines, c, kind, base + (uint32_t)i));
done:
    return rc;
}

static int by_bytes(const void *a, const void *b)
{
    const struct view *x = a, *y = b;
    int order = memcmp(x->bytes, y->bytes, x->size < y->size ? x->size : y->size);

    return order ? order : (x->size > y->size) - (x->size < y->size);
}

static int digest_catalog(struct digesting *d)
{
    const struct catalog *c = d->s->catalog;
    struct lines lines = {.mem = &d->s->mem};
    struct view *order = NULL;
    int rc;

    buffer_init(&lines.text, lines.mem);
    for (uint32_t k = GK_PARK; k <= GK_LINE; k++)
        TRY(add_entries(&lines, c, ENTRY_SITE, c->n_sites[k], k << 24));
    TRY(add_entries(&lines, c, ENTRY_FACILITY, c->n_facilities, 0));
    TRY(add_entries(&lines, c, ENTRY_LINK, c->n_links, 0));
    TRY(add_entries(&lines, c, ENTRY_BAND, c->n_bands, 0));
    TRY(add_entries(&lines, c, ENTRY_ORDER, c->n_orders, 0));
    TRY(add_entries(&lines, c, ENTRY_EXEMPTION, c->n_exemptions, 0));
    TRY(add_entries(&lines, c, ENTRY_RULE, c->n_rules, 0));
    TRY(add_entries(&lines, c, ENTRY_MAPPING, c->n_mappings, 0));
    TRY(add_entries(&lines, c, ENTRY_PERSON, c->n_people, 0));
    TRY(add_entries(&lines, c, ENTRY_SET_BAND, c->n_set_bands, 0));
    TRY(add_entries(&lines, c, ENTRY_CALENDAR, c->n_calendars, 0));
    order = mem_array(lines.mem, lines.n, sizeof *order);
    if (!order)
        TRY(GK_ENOMEM);
    for (size_t i = 0; i < lines.n; i++)
        order[i] = view_of(lines.text.bytes + lines.at[i].at, lines.at[i].size);
    qsort(order, lines.n, sizeof *order, by_bytes);
    for (size_t i = 0; i < lines.n; i++)
        add_text(d, order[i].bytes, order[i].size);
done:
    mem_free(lines.mem, order);
    mem_free(lines.mem, lines.at);
    buffer_clear(&lines.text);
    return rc;
}

/* ---- rows and states
 * --------------------------------------------------------------------------------------------------- */

static void digest_row(struct digesting *d, const struct columns *c, size_t row)
{
    const struct catalog *catalog = d->s->catalog;
    uint64_t n = 0;

    for (size_t i = 0; i < c->n_columns; i++)
        n += !gk_is_missing(c->value[i][row]);
    add_u64(d, (uint64_t)c->time[row]);
    add_u64(d, n);
    for (size_t k = 0; k < catalog->n_channels; k++) {
        int i = columns_find(c, d->channel_order[k]);
        if (i < 0 || gk_is_missing(c->value[i][row]))
            continue;
        const char *name = catalog->channels[d->channel_order[k]];
        add_text(d, name, strlen(name));
        add_u64(d, bits_of(c->value[i][row]));
    }
}

static int digest_facility(struct digesting *d, uint32_t id, struct gk_error *error)
{
    gk_snapshot *s = d->s;
    struct origin origin = snapshot_origin(s);
    origin.damage = NULL; /* a digest of some of the rows would be none */
    struct rows rows = {0};
    const struct columns *batch;
    const char *name = s->catalog->facilities[id].name;
    int rc;

    add_text(d, name, strlen(name));
    TRY(rows_open(&rows, &origin, id, NULL, 0, GK_TIME_MIN, GK_TIME_MAX, error));
    while ((rc = rows_next(&rows, &batch, error)) == GK_OK)
        for (size_t i = 0; i < batch->n_rows; i++)
            digest_row(d, batch, i);
    if (rc != GK_DONE)
        goto done;
    TRY(snapshot_states(s, id, GK_TICK_MIN, GK_TICK_MAX, &s->steps, error));
    for (size_t i = 0; i < s->steps.n; i++) {
        add_u64(d, (uint64_t)s->steps.at[i].tick);
        add_u64(d, s->steps.at[i].value);
    }
done:
    if (rows.origin)
        rows_close(&rows);
    return rc;
}

struct named {
    const char *name;
    uint32_t id;
};

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct named *)a)->name, ((const struct named *)b)->name);
}

static int order_channels(struct digesting *d)
{
    const struct catalog *c = d->s->catalog;
    struct named *named = mem_array(&d->s->mem, c->n_channels, sizeof *named);

    d->channel_order = mem_array(&d->s->mem, c->n_channels, sizeof *d->channel_order);
    if (!named || !d->channel_order) {
        mem_free(&d->s->mem, named);
        return GK_ENOMEM;
    }
    for (size_t i = 0; i < c->n_channels; i++)
        named[i] = (struct named){c->channels[i], (uint32_t)i};
    qsort(named, c->n_channels, sizeof *named, by_name);
    for (size_t i = 0; i < c->n_channels; i++)
        d->channel_order[i] = named[i].id;
    mem_free(&d->s->mem, named);
    return GK_OK;
}

static int digest_facilities(struct digesting *d, struct gk_error *error)
{
    const struct catalog *c = d->s->catalog;
    struct named *named = mem_array(&d->s->mem, c->n_facilities, sizeof *named);
    int rc = GK_OK;

    if (!named)
        return GK_ENOMEM;
    for (size_t i = 0; i < c->n_facilities; i++)
        named[i] = (struct named){c->facilities[i].name, (uint32_t)i};
    qsort(named, c->n_facilities, sizeof *named, by_name);
    for (size_t i = 0; i < c->n_facilities; i++)
        TRY(digest_facility(d, named[i].id, error));
done:
    mem_free(&d->s->mem, named);
    return rc;
}

static int digest_acts(struct digesting *d, struct gk_error *error)
{
    struct gk_act act;
    uint64_t last;
    int rc;

    TRY(acts_last(d->s->txn, &last, error));
    if (last == 0)
        goto done;
    TRY(acts_get(d->s->txn, last, &act, error));
    add_text(d, "acts", 4);
    add_u64(d, last);
    sha256_update(&d->hash, act.hash, SHA256_SIZE);
done:
    return rc;
}

int digest_snapshot(gk_snapshot *s, char out[65], struct gk_error *error)
{
    struct digesting d = {.s = s};
    uint8_t hash[32];
    int rc;

    sha256_init(&d.hash);
    add_text(&d, "gkdb digest 2", 13);
    add_u64(&d, (uint64_t)s->db->tick_ns);
    add_u64(&d, (uint64_t)s->db->policy);
    TRY(order_channels(&d));
    TRY(digest_catalog(&d));
    TRY(digest_facilities(&d, error));
    TRY(digest_acts(&d, error));
    sha256_final(&d.hash, hash);
    for (int i = 0; i < 32; i++)
        (void)snprintf(out + 2 * i, 3, "%02x", hash[i]); /* two digits fit */
done:
    mem_free(&s->mem, d.channel_order);
    if (rc == GK_ENOMEM)
        (void)error_set(error, rc, "out of memory for a digest"); /* rc says it too */
    return rc;
}

int gk_digest(gk_db *db, char out[65], struct gk_error *error)
{
    gk_snapshot *s = NULL;
    int rc;

    TRY(gk_snapshot_open(db, &s, error));
    TRY(digest_snapshot(s, out, error));
done:
    gk_snapshot_close(s);
    return rc;
}
