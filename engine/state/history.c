/*
 * history.c - the stored form of a facility's states in one era; docs/format/history.md has the bytes.
 *
 * There is one way to write a history: integers are as short as can be, every step but the first moves on and
 * changes the state. So equal histories have equal bytes, and everything else is refused. Decoding has a loop of its
 * own, as a query over a zone decodes 80,000 steps: a step of an era has at most 23 bits, hence four bytes, so that
 * eight bytes loaded at once hold two. history_check reads the same bytes plainly and says what is wrong.
 */
#include "state/history.h"

#include <inttypes.h>

#define HISTORY_VERSION 1
#define STATE_BITS      3
#define STATE_MASK      ((1u << STATE_BITS) - 1)
#define STEP_BYTES_MAX  4 /* of 20 + 3 bits */
#define ERA_TICKS       (UINT64_C(1) << HISTORY_ERA_BITS)

static_assert(HISTORY_ERA_BITS + STATE_BITS <= 7 * STEP_BYTES_MAX, "a step must fit four bytes");
static_assert(GK_OVERLOAD <= STATE_MASK, "a state must fit its bits");

static bool is_valid(int64_t era, const struct gk_step *steps, size_t n)
{
    if (n == 0 || steps[0].tick != history_era_start(era) || steps[0].value > GK_OVERLOAD)
        return false;
    for (size_t i = 1; i < n; i++) {
        if (steps[i].tick <= steps[i - 1].tick || steps[i].value == steps[i - 1].value || steps[i].value > GK_OVERLOAD)
            return false;
    }
    return history_era(steps[n - 1].tick) == era;
}

int history_encode(int64_t era, const struct gk_step *steps, size_t n, struct buffer *out)
{
    if (NEVER(!is_valid(era, steps, n)))
        return GK_EBUG;
    buffer_put_u8(out, HISTORY_VERSION);
    buffer_put_varint(out, n);
    uint8_t *p = buffer_extend(out, n * STEP_BYTES_MAX);
    if (!p)
        return GK_ENOMEM;
    int64_t before = steps[0].tick;
    for (size_t i = 0; i < n; i++) {
        p += varint_put(p, (uint64_t)(steps[i].tick - before) << STATE_BITS | steps[i].value);
        before = steps[i].tick;
    }
    out->size = (size_t)(p - out->bytes);
    return GK_OK;
}

/* ---- decoding ---- */

/* Steps after the first, as they are decoded. */
struct cursor {
    const uint8_t *at;
    uint64_t start, offset; /* the era's first tick, ticks since then */
    uint32_t state;
};

#define ENDS UINT64_C(0x8080808080808080) /* the bits that are off in the last byte of a varint */

/* Takes the varint whose last byte begins at bit `last` of its bits; false when the encoder would not have written it.
 */
static inline bool take_step(struct cursor *cursor, uint64_t bits, unsigned last, struct gk_step *out)
{
    uint32_t word = (uint32_t)bits & (uint32_t)((UINT64_C(0x80) << last) - 1);
    uint32_t v = (word & 0x7F) | (word >> 1 & 0x3F80) | (word >> 2 & 0x1FC000) | (word >> 3 & 0xFE00000);
    uint32_t ticks = v >> STATE_BITS, state = v & STATE_MASK;
    bool is_good = ticks != 0 && state != cursor->state && state <= GK_OVERLOAD && word >> last != 0;

    cursor->offset += ticks;
    cursor->state = state;
    out->tick = (int64_t)(cursor->start + cursor->offset);
    out->value = state;
    return is_good;
}

/* One step out of four bytes. */
static inline bool read_one(struct cursor *cursor, struct gk_step *out)
{
    uint32_t word = load_u32(cursor->at);
    uint32_t ends = ~word & (uint32_t)ENDS;
    if (ends == 0)
        return false;
    unsigned last = (unsigned)__builtin_ctz(ends) - 7;
    cursor->at += last / 8 + 1;
    return take_step(cursor, word, last, out);
}

/* Two steps out of eight bytes: half the waiting for where the next one begins, which is what decoding costs. */
static inline bool read_two(struct cursor *cursor, struct gk_step out[2])
{
    uint64_t word = load_u64(cursor->at);
    uint64_t ends = ~word & ENDS, second = ends & (ends - 1);
    if (second == 0)
        return false;
    unsigned last = (unsigned)__builtin_ctzll(ends) - 7, next = last + 8;
    unsigned next_last = (unsigned)__builtin_ctzll(second) - 7 - next;
    cursor->at += (next + next_last) / 8 + 1;
    return last < 8 * STEP_BYTES_MAX && next_last < 8 * STEP_BYTES_MAX && take_step(cursor, word, last, out) &&
           take_step(cursor, word >> next, next_last, out + 1);
}

/* Reads n steps into *out; they must use up the bytes. The last three bytes are read from a copy with zeros behind it.
 */
static bool read_steps(struct cursor cursor, const uint8_t *end, struct gk_step *restrict out, size_t n)
{
    uint8_t tail[2 * STEP_BYTES_MAX] = {0};
    size_t i = 0;

    for (; i + 1 < n && end - cursor.at >= 2 * STEP_BYTES_MAX; i += 2) {
        if (!read_two(&cursor, out + i))
            return false;
    }
    for (; i < n && end - cursor.at >= STEP_BYTES_MAX; i++) {
        if (!read_one(&cursor, out + i))
            return false;
    }
    size_t rest = (size_t)(end - cursor.at);
    if (rest >= STEP_BYTES_MAX)
        return false;
    memcpy(tail, cursor.at, rest);
    cursor.at = tail;
    for (; i < n; i++) {
        if (!read_one(&cursor, out + i))
            return false;
    }
    return cursor.at == tail + rest && cursor.offset < ERA_TICKS;
}

/* An integer in no more bytes than it needs. */
static bool read_shortest(struct reader *reader, uint64_t *v)
{
    size_t at = reader->at;
    *v = reader_varint(reader);
    return !reader->failed && (reader->at == at + 1 || reader->bytes[reader->at - 1] != 0);
}

int history_decode(int64_t era, const uint8_t *bytes, size_t size, struct steps *out)
{
    struct reader reader = reader_of(bytes, size);
    int64_t start = history_era_start(era);
    uint64_t n, first;
    size_t n_before = out->n;

    if (size > 0 && reader_u8(&reader) != HISTORY_VERSION)
        return GK_EVERSION;
    if (!read_shortest(&reader, &n) || !read_shortest(&reader, &first))
        return GK_ECORRUPT;
    if (n == 0 || n - 1 > size - reader.at || first > GK_OVERLOAD)
        return GK_ECORRUPT;
    if (n_before > 0 && out->at[n_before - 1].tick >= start)
        return GK_EINVAL;
    if (mem_reserve(out->mem, &out->at, &out->capacity, n_before + (size_t)n, sizeof *out->at) != GK_OK)
        return GK_ENOMEM;
    (void)steps_put(out, start, (uint32_t)first); /* there is room */
    struct cursor cursor = {bytes + reader.at, (uint64_t)start, 0, (uint32_t)first};
    if (!read_steps(cursor, bytes + size, out->at + out->n, (size_t)n - 1)) {
        out->n = n_before;
        return GK_ECORRUPT;
    }
    out->n += (size_t)n - 1;
    return GK_OK;
}

/* ---- for people ---- */

/* Visits every step of the bytes with plain reads and says what is wrong; *out, if any, gets them as text. */
static int walk(int64_t era, const uint8_t *bytes, size_t size, struct gk_error *error, struct buffer *out)
{
    static const char *const names[] = {"nodata", "off", "idle", "on", "overload"};
    struct reader reader = reader_of(bytes, size);
    uint64_t n, v, offset = 0, state = UINT64_MAX;

    if (size > 0 && reader_u8(&reader) != HISTORY_VERSION)
        return error_set(error, GK_EVERSION, "history of version %u", bytes[0]);
    if (!read_shortest(&reader, &n) || n == 0)
        return error_set(error, GK_ECORRUPT, "history without a count of steps");
    for (uint64_t i = 0; i < n; i++) {
        if (!read_shortest(&reader, &v))
            return error_set(error, GK_ECORRUPT, "history ends before step %" PRIu64 " of %" PRIu64, i, n);
        if ((v >> STATE_BITS == 0) != (i == 0))
            return error_set(error, GK_ECORRUPT, "step %" PRIu64 " is not at its place in the era", i);
        if ((v & STATE_MASK) > GK_OVERLOAD || (v & STATE_MASK) == state)
            return error_set(error, GK_ECORRUPT, "step %" PRIu64 " is to no other state", i);
        state = v & STATE_MASK;
        if (v >> STATE_BITS >= ERA_TICKS - offset)
            return error_set(error, GK_ECORRUPT, "step %" PRIu64 " is behind the era", i);
        offset += v >> STATE_BITS;
        if (out)
            buffer_printf(out, "  %" PRId64 " %s\n", (int64_t)((uint64_t)history_era_start(era) + offset),
                          names[state]);
    }
    if (!reader_is_done(&reader))
        return error_set(error, GK_ECORRUPT, "%zu bytes behind the last step", reader.size - reader.at);
    return GK_OK;
}

int history_check(int64_t era, const uint8_t *bytes, size_t size, struct gk_error *error)
{
    return walk(era, bytes, size, error, NULL);
}

int history_dump(int64_t era, const uint8_t *bytes, size_t size, struct buffer *out)
{
    size_t start = out->size;

    buffer_printf(out, "history of era %" PRId64 ", %zu bytes\n", era, size);
    int rc = walk(era, bytes, size, NULL, out);
    if (rc != GK_OK) {
        out->size = start;
        return rc;
    }
    return buffer_status(out);
}
