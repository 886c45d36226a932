/*
 * presence.c - sets of facility ids over CRoaring, and the records of the presence index; docs/format/presence.md has
 * the bytes. CRoaring takes its memory from malloc and dies when there is none: it has no hook, so its sets are bounded
 * by the number of facilities, and only the small handles come from the db's hook.
 */
#include "state/presence.h"

#include <inttypes.h>

#include <roaring/roaring.h>

#include "state/roaring_check.h"

#define PRESENCE_VERSION 1

struct idset {
    struct mem mem;
    roaring_bitmap_t *bitmap;
};

/* ---- sets ---- */

/* Takes over the bitmap; NULL is no memory. */
static int wrap(const struct mem *mem, roaring_bitmap_t *bitmap, struct idset **out)
{
    struct idset *set = bitmap ? mem_new(mem, sizeof *set) : NULL;

    *out = set;
    if (!set) {
        if (bitmap)
            roaring_bitmap_free(bitmap);
        return GK_ENOMEM;
    }
    set->mem = *mem;
    set->bitmap = bitmap;
    return GK_OK;
}

int idset_new(const struct mem *mem, struct idset **out)
{
    return wrap(mem, roaring_bitmap_create(), out);
}

void idset_free(struct idset *set)
{
    if (!set)
        return;
    struct mem mem = set->mem;
    roaring_bitmap_free(set->bitmap);
    mem_free(&mem, set);
}

int idset_set(struct idset *set, uint32_t id, bool is_in)
{
    if (is_in)
        roaring_bitmap_add(set->bitmap, id);
    else
        roaring_bitmap_remove(set->bitmap, id);
    return GK_OK;
}

bool idset_has(const struct idset *set, uint32_t id)
{
    return roaring_bitmap_contains(set->bitmap, id);
}

uint64_t idset_count(const struct idset *set)
{
    return roaring_bitmap_get_cardinality(set->bitmap);
}

bool idset_equals(const struct idset *a, const struct idset *b)
{
    return roaring_bitmap_equals(a->bitmap, b->bitmap);
}

struct marks {
    uint8_t *is_in;
    size_t n;
};

static bool mark(uint32_t id, void *context)
{
    struct marks *marks = context;
    if (id >= marks->n)
        return false;
    marks->is_in[id] |= 1;
    return true;
}

void idset_mark(const struct idset *set, uint8_t *is_in, size_t n)
{
    struct marks marks = {is_in, n};
    (void)roaring_iterate(set->bitmap, mark, &marks); /* false: stopped at n */
}

struct visit {
    int (*visit)(void *context, uint32_t id);
    void *context;
    int rc;
};

static bool visit_id(uint32_t id, void *context)
{
    struct visit *visit = context;
    visit->rc = visit->visit(visit->context, id);
    return visit->rc == GK_OK;
}

int idset_each(const struct idset *set, int (*visit)(void *context, uint32_t id), void *context)
{
    struct visit each = {visit, context, GK_OK};
    (void)roaring_iterate(set->bitmap, visit_id, &each); /* the status says why it stopped */
    return each.rc;
}

/* ---- records ---- */

int presence_new(const struct mem *mem, struct presence *out)
{
    int rc;

    memset(out, 0, sizeof *out);
    TRY(idset_new(mem, &out->some));
    TRY(idset_new(mem, &out->whole));
done:
    if (rc != GK_OK)
        presence_clear(out);
    return rc;
}

void presence_clear(struct presence *presence)
{
    idset_free(presence->some);
    idset_free(presence->whole);
    memset(presence, 0, sizeof *presence);
}

/*
 * A container that is made of runs stays so when an array is as small, and the other way round; from the same form
 * everything comes to the same bytes, so equal sets are first brought to the form without runs.
 */
static void optimize(const struct idset *set)
{
    (void)roaring_bitmap_remove_run_compression(set->bitmap); /* whether there were any */
    (void)roaring_bitmap_run_optimize(set->bitmap);           /* whether there are any */
}

static void put_bitmap(const struct idset *set, size_t size, struct buffer *out)
{
    uint8_t *p = buffer_extend(out, size);
    if (p)
        (void)roaring_bitmap_portable_serialize(set->bitmap, (char *)p); /* writes the size it said */
}

int presence_encode(const struct presence *presence, struct buffer *out)
{
    optimize(presence->some);
    optimize(presence->whole);
    size_t size = roaring_bitmap_portable_size_in_bytes(presence->some->bitmap);
    buffer_put_u8(out, PRESENCE_VERSION);
    buffer_put_varint(out, size);
    put_bitmap(presence->some, size, out);
    put_bitmap(presence->whole, roaring_bitmap_portable_size_in_bytes(presence->whole->bitmap), out);
    return buffer_status(out);
}

static int read_set(const struct mem *mem, struct view bytes, struct idset **out, struct gk_error *error)
{
    uint64_t count;
    int rc;

    TRY(roaring_check(bytes.bytes, bytes.size, &count, error));
    TRY(wrap(mem, roaring_bitmap_portable_deserialize_safe((const char *)bytes.bytes, bytes.size), out));
    if (NEVER(idset_count(*out) != count))
        rc = GK_EBUG;
done:
    return rc;
}

static int read_record(const struct mem *mem, const uint8_t *bytes, size_t size, struct presence *out,
                       struct gk_error *error)
{
    struct reader reader = reader_of(bytes, size);
    struct view some, whole;
    int rc;

    memset(out, 0, sizeof *out);
    if (size > 0 && reader_u8(&reader) != PRESENCE_VERSION)
        return error_set(error, GK_EVERSION, "presence of version %u", bytes[0]);
    uint64_t some_size = reader_varint(&reader);
    if (reader.failed || some_size > size - reader.at)
        return error_set(error, GK_ECORRUPT, "presence is cut");
    some.size = (size_t)some_size;
    some.bytes = reader_take(&reader, some.size);
    whole.size = size - reader.at;
    whole.bytes = reader_take(&reader, whole.size);
    TRY(read_set(mem, some, &out->some, error));
    TRY(read_set(mem, whole, &out->whole, error));
    if (!roaring_bitmap_is_subset(out->whole->bitmap, out->some->bitmap))
        rc = error_set(error, GK_ECORRUPT, "a facility is there for the whole hour but not for some of it");
done:
    if (rc != GK_OK)
        presence_clear(out);
    return rc;
}

int presence_decode(const struct mem *mem, const uint8_t *bytes, size_t size, struct presence *out)
{
    return read_record(mem, bytes, size, out, NULL);
}

int presence_check(const uint8_t *bytes, size_t size, struct gk_error *error)
{
    struct presence presence;
    int rc = read_record(&MEM_SYSTEM, bytes, size, &presence, error);
    presence_clear(&presence);
    return rc;
}

/* Ids as text: single ones and ranges, as in " 1 5-9". */
struct ranges {
    struct buffer *out;
    uint32_t first, last;
    bool is_open;
};

static void put_range(struct ranges *ranges)
{
    if (ranges->is_open && ranges->first == ranges->last)
        buffer_printf(ranges->out, " %" PRIu32, ranges->first);
    else if (ranges->is_open)
        buffer_printf(ranges->out, " %" PRIu32 "-%" PRIu32, ranges->first, ranges->last);
    ranges->is_open = false;
}

static int add_id(void *context, uint32_t id)
{
    struct ranges *ranges = context;

    if (!ranges->is_open || id != ranges->last + 1) {
        put_range(ranges);
        ranges->first = id;
        ranges->is_open = true;
    }
    ranges->last = id;
    return buffer_status(ranges->out);
}

static int dump_set(const char *name, const struct idset *set, struct buffer *out)
{
    struct ranges ranges = {.out = out};
    int rc;

    buffer_printf(out, "  %s %" PRIu64 ":", name, idset_count(set));
    TRY(idset_each(set, add_id, &ranges));
    put_range(&ranges);
    buffer_printf(out, "\n");
done:
    return rc;
}

int presence_dump(const struct mem *mem, const uint8_t *bytes, size_t size, struct buffer *out)
{
    struct presence presence;
    int rc;

    TRY(presence_decode(mem, bytes, size, &presence));
    buffer_printf(out, "presence, %zu bytes\n", size);
    TRY(dump_set("some", presence.some, out));
    TRY(dump_set("whole", presence.whole, out));
    rc = buffer_status(out);
done:
    presence_clear(&presence);
    return rc;
}

/* ---- from steps ---- */

void presence_of_steps(const struct gk_step *steps, size_t n, int64_t from, int64_t to, uint32_t *some, uint32_t *whole)
{
    size_t at = 0, high = n; /* the steps before `at` are not after `from` */

    *some = *whole = 0;
    if (from >= to)
        return;
    while (at < high) {
        size_t middle = at + (high - at) / 2;
        if (steps[middle].tick <= from)
            at = middle + 1;
        else
            high = middle;
    }
    *some = GK_STATE_BIT(at > 0 ? steps[at - 1].value : GK_NODATA);
    for (; at < n && steps[at].tick < to; at++)
        *some |= GK_STATE_BIT(steps[at].value);
    if ((*some & (*some - 1)) == 0) /* one state only */
        *whole = *some;
}
