/*
 * presence.c - sets of facility ids and the records of the presence index; docs/format/presence.md has the bytes.
 *
 * A set in memory is plain bits: to come into it or to leave it is one bit, and a union is an or. On disk it is bits
 * where it is dense, the gaps between ids where it is sparse, or a Roaring bitmap where ids stand in long runs.
 * CRoaring takes its memory from malloc and dies when there is none: it only ever sees sets that are small in its form.
 */
#include "state/presence.h"

#include <inttypes.h>

#include <roaring/roaring.h>

#include "state/roaring_check.h"

#define PRESENCE_VERSION 1
#define FORM_ROARING     0
#define FORM_BITS        1
#define FORM_GAPS        2
#define CONTAINER_IDS    65536
#define CONTAINER_BYTES  16 /* what a container costs beside its ids, and a little more */

struct idset {
    struct mem mem;
    uint64_t *words;
    size_t n, capacity; /* words */
};

/* ---- sets ---- */

int idset_new(const struct mem *mem, struct idset **out)
{
    struct idset *set = mem_zeroed(mem, sizeof *set);

    *out = set;
    if (!set)
        return GK_ENOMEM;
    set->mem = *mem;
    return GK_OK;
}

void idset_free(struct idset *set)
{
    if (!set)
        return;
    struct mem mem = set->mem;
    mem_free(&mem, set->words);
    mem_free(&mem, set);
}

static int widen(struct idset *set, size_t n)
{
    int rc = GK_OK;

    if (n <= set->n)
        return GK_OK;
    TRY(mem_reserve(&set->mem, &set->words, &set->capacity, n, sizeof *set->words));
    memset(set->words + set->n, 0, (n - set->n) * sizeof *set->words);
    set->n = n;
done:
    return rc;
}

int idset_set(struct idset *set, uint32_t id, bool is_in)
{
    int rc = GK_OK;

    if (id >= PRESENCE_IDS_MAX)
        return GK_ERANGE;
    if (is_in) {
        TRY(widen(set, id / 64 + 1));
        set->words[id / 64] |= UINT64_C(1) << id % 64;
    } else if (id / 64 < set->n) {
        set->words[id / 64] &= ~(UINT64_C(1) << id % 64);
    }
done:
    return rc;
}

bool idset_has(const struct idset *set, uint32_t id)
{
    return id / 64 < set->n && (set->words[id / 64] >> id % 64 & 1);
}

uint64_t idset_count(const struct idset *set)
{
    uint64_t n = 0;
    for (size_t i = 0; i < set->n; i++)
        n += (uint64_t)__builtin_popcountll(set->words[i]);
    return n;
}

size_t idset_bytes(const struct idset *set)
{
    return set->capacity * sizeof *set->words + sizeof *set;
}

bool idset_equals(const struct idset *a, const struct idset *b)
{
    size_t n = a->n > b->n ? a->n : b->n;
    for (size_t i = 0; i < n; i++)
        if ((i < a->n ? a->words[i] : 0) != (i < b->n ? b->words[i] : 0))
            return false;
    return true;
}

int idset_each(const struct idset *set, int (*visit)(void *context, uint32_t id), void *context)
{
    int rc = GK_OK;

    for (size_t w = 0; w < set->n; w++)
        for (uint64_t bits = set->words[w]; bits; bits &= bits - 1)
            TRY(visit(context, (uint32_t)(64 * w) + (uint32_t)__builtin_ctzll(bits)));
done:
    return rc;
}

/* ---- writing ---- */

/* How the forms compare. */
struct shape {
    uint64_t n_ids, n_runs;
    size_t n_words, n_bytes; /* to the last id */
    size_t n_gaps;           /* bytes of the gaps; not counted where ids are too many */
};

/* Bytes of the gaps before ids, one after the other. */
struct gaps {
    struct buffer *out; /* NULL: they are only counted */
    uint32_t next;      /* the least id that may follow */
    size_t size;
};

static int add_gap(void *context, uint32_t id)
{
    struct gaps *gaps = context;
    uint32_t gap = id - gaps->next;

    if (gaps->out)
        buffer_put_varint(gaps->out, gap);
    gaps->size += 1u + (gap >= 1u << 7) + (gap >= 1u << 14) + (gap >= 1u << 21);
    gaps->next = id + 1;
    return GK_OK;
}

static size_t put_gaps(const struct idset *set, struct buffer *out)
{
    struct gaps gaps = {out, 0, 0};
    (void)idset_each(set, add_gap, &gaps); /* which never fails */
    return gaps.size;
}

static struct shape shape_of(const struct idset *set)
{
    struct shape shape = {.n_words = set->n, .n_gaps = SIZE_MAX};
    uint64_t carry = 0;

    while (shape.n_words > 0 && set->words[shape.n_words - 1] == 0)
        shape.n_words--;
    for (size_t i = 0; i < shape.n_words; i++) {
        uint64_t word = set->words[i];
        shape.n_ids += (uint64_t)__builtin_popcountll(word);
        shape.n_runs += (uint64_t)__builtin_popcountll(word & ~(word << 1 | carry));
        carry = word >> 63;
    }
    if (shape.n_words > 0)
        shape.n_bytes = 8 * shape.n_words - (size_t)__builtin_clzll(set->words[shape.n_words - 1]) / 8;
    if (shape.n_ids < shape.n_bytes)
        shape.n_gaps = put_gaps(set, NULL);
    return shape;
}

/* At most so many bytes as a Roaring bitmap: it takes the smaller of two a number and four a run for each container. */
static uint64_t roaring_most(const struct shape *shape)
{
    uint64_t n_containers = shape->n_words * 64 / CONTAINER_IDS + 1;
    uint64_t ids = 2 * shape->n_ids, runs = 4 * (shape->n_runs + n_containers);
    return (ids < runs ? ids : runs) + CONTAINER_BYTES * (n_containers + 1);
}

#define ADD_MANY 1024

/* Ids are handed over some at a time; by range would be faster, but 0.2.66 dies of a container that became full so. */
struct adding {
    roaring_bitmap_t *bitmap;
    uint32_t ids[ADD_MANY];
    size_t n;
};

static void add_ids(struct adding *adding)
{
    roaring_bitmap_add_many(adding->bitmap, adding->n, adding->ids);
    adding->n = 0;
}

static int add_to_bitmap(void *context, uint32_t id)
{
    struct adding *adding = context;

    adding->ids[adding->n++] = id;
    if (adding->n == ADD_MANY)
        add_ids(adding);
    return GK_OK;
}

static int put_roaring(const struct idset *set, struct buffer *out)
{
    struct adding adding = {.bitmap = roaring_bitmap_create()};

    if (!adding.bitmap)
        return GK_ENOMEM;
    (void)idset_each(set, add_to_bitmap, &adding); /* which never fails */
    add_ids(&adding);
    (void)roaring_bitmap_run_optimize(adding.bitmap); /* whether there are any runs */
    uint8_t *p = buffer_extend(out, roaring_bitmap_portable_size_in_bytes(adding.bitmap));
    if (p)
        (void)roaring_bitmap_portable_serialize(adding.bitmap, (char *)p); /* writes the size it said */
    roaring_bitmap_free(adding.bitmap);
    return buffer_status(out);
}

static int put_bits(const struct idset *set, size_t n_bytes, struct buffer *out)
{
    uint8_t *p = buffer_extend(out, n_bytes);
    if (!p)
        return GK_ENOMEM;
    for (size_t i = 0; i < n_bytes; i++)
        p[i] = (uint8_t)(set->words[i / 8] >> i % 8 * 8);
    return GK_OK;
}

int presence_encode(const struct idset *set, struct buffer *out)
{
    struct shape shape = shape_of(set);
    uint64_t roaring = roaring_most(&shape);
    unsigned form = FORM_BITS;

    if (shape.n_ids == 0 || (roaring < shape.n_bytes && roaring < shape.n_gaps))
        form = FORM_ROARING;
    else if (shape.n_gaps < shape.n_bytes)
        form = FORM_GAPS;
    buffer_put_u8(out, PRESENCE_VERSION);
    buffer_put_u8(out, (uint8_t)form);
    if (form == FORM_ROARING)
        return put_roaring(set, out);
    if (form == FORM_BITS)
        return put_bits(set, shape.n_bytes, out);
    (void)put_gaps(set, out); /* the size is known */
    return buffer_status(out);
}

/* ---- reading ---- */

/* What is behind the head of a record, checked. */
struct body {
    struct view bytes;
    unsigned form;
    size_t n_words; /* that the set may need */
};

/*
 * The varint at *p, which moves on; UINT64_MAX when it is not one as the writer writes it. Most are a byte, and a set
 * may have tens of thousands of them.
 */
static inline uint64_t take_gap(const uint8_t **p, const uint8_t *end)
{
    const uint8_t *at = *p;
    uint64_t gap = *at++;

    if (gap >= 0x80) {
        gap &= 0x7F;
        for (unsigned shift = 7;; shift += 7) {
            if (at == end || shift > 21)
                return UINT64_MAX;
            gap |= (uint64_t)(*at & 0x7F) << shift;
            if (*at++ < 0x80)
                break;
        }
        if (at[-1] == 0)
            return UINT64_MAX;
    }
    *p = at;
    return gap;
}

static bool check_gaps(struct view bytes, size_t *n_words)
{
    const uint8_t *p = bytes.bytes, *end = p + bytes.size;
    uint64_t next = 0; /* less than 2^28 for a byte: it cannot overflow */

    while (p < end) {
        uint64_t gap = take_gap(&p, end);
        if (gap == UINT64_MAX)
            return false;
        next += gap + 1;
    }
    *n_words = next <= PRESENCE_IDS_MAX ? ((size_t)next + 63) / 64 : SIZE_MAX;
    return bytes.size > 0;
}

static void mark_gaps(struct view bytes, uint64_t *words, size_t n_words)
{
    const uint8_t *p = bytes.bytes, *end = p + bytes.size;

    for (uint64_t id = 0; p < end; id++) {
        id += take_gap(&p, end);
        if (id / 64 >= n_words)
            break;
        words[id / 64] |= UINT64_C(1) << id % 64;
    }
}

static int open_record(const uint8_t *bytes, size_t size, struct body *out, struct gk_error *error)
{
    uint64_t count;
    int rc = GK_OK;

    *out = (struct body){.form = FORM_BITS};
    if (size > 0 && bytes[0] != PRESENCE_VERSION)
        return error_set(error, GK_EVERSION, "presence of version %u", bytes[0]);
    if (size < 2 || bytes[1] > FORM_GAPS)
        return error_set(error, GK_ECORRUPT, "presence in no form");
    out->bytes = (struct view){bytes + 2, size - 2};
    out->form = bytes[1];
    if (out->form == FORM_BITS) {
        out->n_words = (out->bytes.size + 7) / 8;
        if (out->bytes.size == 0 || bytes[size - 1] == 0)
            return error_set(error, GK_ECORRUPT, "presence with nobody in the last bits");
    } else if (out->form == FORM_GAPS) {
        if (!check_gaps(out->bytes, &out->n_words))
            return error_set(error, GK_ECORRUPT, "presence with a gap that makes no sense");
    } else {
        TRY(roaring_check(out->bytes.bytes, out->bytes.size, &count, error));
        out->n_words = roaring_words(out->bytes.bytes, out->bytes.size);
    }
    if (out->n_words > PRESENCE_IDS_MAX / 64)
        return error_set(error, GK_ECORRUPT, "presence of a facility that there cannot be");
done:
    return rc;
}

static void mark_bits(struct view bytes, uint64_t *words, size_t n_words)
{
    size_t n = bytes.size / 8 < n_words ? bytes.size / 8 : n_words;

    for (size_t i = 0; i < n; i++)
        words[i] |= load_u64(bytes.bytes + 8 * i);
    for (size_t i = 8 * n; i < bytes.size && i / 8 < n_words; i++)
        words[i / 8] |= (uint64_t)bytes.bytes[i] << i % 8 * 8;
}

static void mark_body(const struct body *body, uint64_t *words, size_t n_words)
{
    if (body->form == FORM_BITS)
        mark_bits(body->bytes, words, n_words);
    else if (body->form == FORM_GAPS)
        mark_gaps(body->bytes, words, n_words);
    else
        roaring_mark(body->bytes.bytes, body->bytes.size, words, n_words);
}

int presence_mark(const uint8_t *bytes, size_t size, uint64_t *words, size_t n_words)
{
    struct body body;
    int rc;

    TRY(open_record(bytes, size, &body, NULL));
    mark_body(&body, words, n_words);
done:
    return rc;
}

int presence_check(const uint8_t *bytes, size_t size, struct gk_error *error)
{
    struct body body;
    return open_record(bytes, size, &body, error);
}

int presence_decode(const struct mem *mem, const uint8_t *bytes, size_t size, struct idset **out)
{
    struct body body;
    int rc;

    *out = NULL;
    TRY(open_record(bytes, size, &body, NULL));
    TRY(idset_new(mem, out));
    TRY(widen(*out, body.n_words));
    mark_body(&body, (*out)->words, (*out)->n);
done:
    if (rc != GK_OK) {
        idset_free(*out);
        *out = NULL;
    }
    return rc;
}

/* ---- for people ---- */

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

int presence_dump(const struct mem *mem, const uint8_t *bytes, size_t size, struct buffer *out)
{
    struct ranges ranges = {.out = out};
    struct idset *set;
    int rc;

    TRY(presence_decode(mem, bytes, size, &set));
    buffer_printf(out, "presence, %zu bytes\n  %" PRIu64 ":", size, idset_count(set));
    TRY(idset_each(set, add_id, &ranges));
    put_range(&ranges);
    buffer_printf(out, "\n");
    rc = buffer_status(out);
done:
    idset_free(set);
    return rc;
}
