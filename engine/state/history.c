/*
 * history.c - the stored form of a facility's states in one era; docs/format/history.md has the bytes.
 *
 * There is one way to write a history: values are as short as can be, every step but the first moves on and changes the
 * state. So equal histories have equal bytes, and everything else is refused. A query over a zone decodes 80,000 steps,
 * so decoding has a loop of its own without branches: how long the values are stands before them, four in a byte, so
 * that where the next one begins does not wait for the one before. history_check reads the same bytes plainly and says
 * what is wrong.
 */
#include "state/history.h"

#include <inttypes.h>

#define HISTORY_VERSION 1
#define STATE_BITS      3
#define STATE_MASK      ((1u << STATE_BITS) - 1)
#define STEP_BYTES_MAX  3 /* of 20 + 3 bits */
#define LENGTH_BITS     2
#define LENGTHS_BYTE    4 /* steps whose lengths are in one byte */
#define ERA_TICKS       (UINT64_C(1) << HISTORY_ERA_BITS)

static_assert(HISTORY_ERA_BITS + STATE_BITS <= 8 * STEP_BYTES_MAX, "a step must fit three bytes");
static_assert(GK_OVERLOAD <= STATE_MASK, "a state must fit its bits");

/* By bytes - 1: which bits of four bytes are the value's, and the least one that needs them all and moves on. */
static const uint32_t VALUE_BITS[4] = {0xFF, 0xFFFF, 0xFFFFFF, 0};
static const uint32_t VALUE_LEAST[4] = {1 << STATE_BITS, 1 << 8, 1 << 16, UINT32_MAX};

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

static size_t lengths_size(size_t n)
{
    return (n + LENGTHS_BYTE - 1) / LENGTHS_BYTE;
}

int history_encode(int64_t era, const struct gk_step *steps, size_t n, struct buffer *out)
{
    if (NEVER(!is_valid(era, steps, n)))
        return GK_EBUG;
    buffer_put_u8(out, HISTORY_VERSION);
    buffer_put_varint(out, n);
    buffer_put_u8(out, (uint8_t)steps[0].value);
    uint8_t *lengths = buffer_extend(out, lengths_size(n - 1) + (n - 1) * STEP_BYTES_MAX);
    if (!lengths)
        return GK_ENOMEM;
    uint8_t *p = lengths + lengths_size(n - 1);
    memset(lengths, 0, lengths_size(n - 1));
    for (size_t i = 1; i < n; i++) {
        uint32_t v = (uint32_t)(steps[i].tick - steps[i - 1].tick) << STATE_BITS | steps[i].value;
        unsigned code = (v >= VALUE_LEAST[1]) + (v >= VALUE_LEAST[2]);
        lengths[(i - 1) / LENGTHS_BYTE] |= (uint8_t)(code << LENGTH_BITS * ((i - 1) % LENGTHS_BYTE));
        for (unsigned k = 0; k <= code; k++)
            *p++ = (uint8_t)(v >> 8 * k);
    }
    out->size = (size_t)(p - out->bytes);
    return buffer_status(out);
}

/* ---- decoding ---- */

/* An integer in no more bytes than it needs. */
static bool read_shortest(struct reader *reader, uint64_t *v)
{
    size_t at = reader->at;
    *v = reader_varint(reader);
    return !reader->failed && (reader->at == at + 1 || reader->bytes[reader->at - 1] != 0);
}

/* The parts of a record. */
struct parts {
    size_t n; /* steps behind the first */
    uint32_t first;
    const uint8_t *lengths, *values, *end;
};

static int open_parts(const uint8_t *bytes, size_t size, struct parts *out)
{
    struct reader reader = reader_of(bytes, size);
    uint64_t n;

    if (size > 0 && reader_u8(&reader) != HISTORY_VERSION)
        return GK_EVERSION;
    if (!read_shortest(&reader, &n) || n == 0 || n - 1 > size)
        return GK_ECORRUPT;
    out->n = (size_t)n - 1;
    out->first = reader_u8(&reader);
    out->lengths = reader_take(&reader, lengths_size(out->n));
    if (reader.failed || out->first > GK_OVERLOAD)
        return GK_ECORRUPT;
    out->values = bytes + reader.at;
    out->end = bytes + size;
    return out->n <= size - reader.at ? GK_OK : GK_ECORRUPT;
}

/* Where decoding stands. Whether all was as the encoder writes it is gathered and looked at once, in the end. */
struct decoding {
    const uint8_t *at;
    uint64_t start, offset; /* the era's first tick, ticks since then */
    uint32_t state, is_bad;
    struct gk_step *out;
};

/* One step, of which four bytes can be loaded. */
static inline void take_step(struct decoding *d, unsigned code, uint32_t word)
{
    uint32_t v = word & VALUE_BITS[code], state = v & STATE_MASK;

    d->is_bad |= (v < VALUE_LEAST[code]) | (state == d->state) | (state > GK_OVERLOAD);
    d->at += code + 1;
    d->offset += v >> STATE_BITS;
    d->state = state;
    d->out->tick = (int64_t)(d->start + d->offset);
    d->out->value = state;
    d->out++;
}

/* Reads the steps behind the first; false when the encoder would not have written them. */
static bool take_steps(const struct parts *parts, struct decoding *decoding)
{
    struct decoding d = *decoding;        /* in registers */
    uint8_t tail[4 * LENGTHS_BYTE] = {0}; /* as much as four steps may load, were their lengths wrong */
    size_t i = 0;

    for (; i + LENGTHS_BYTE <= parts->n && parts->end - d.at >= (ptrdiff_t)sizeof tail; i += LENGTHS_BYTE) {
        unsigned codes = parts->lengths[i / LENGTHS_BYTE];
        for (unsigned k = 0; k < LENGTHS_BYTE; k++)
            take_step(&d, codes >> LENGTH_BITS * k & 3, load_u32(d.at));
    }
    const uint8_t *tail_end = NULL;
    for (; i < parts->n && !d.is_bad; i++) {
        unsigned code = parts->lengths[i / LENGTHS_BYTE] >> LENGTH_BITS * (i % LENGTHS_BYTE) & 3;
        if (!tail_end && parts->end - d.at < 4) { /* the last bytes are read from a copy with zeros behind it */
            size_t rest = (size_t)(parts->end - d.at);
            memcpy(tail, d.at, rest);
            d.at = tail;
            tail_end = tail + rest;
        }
        if (tail_end && d.at + code >= tail_end)
            return false;
        take_step(&d, code, load_u32(d.at));
    }
    unsigned unused =
        parts->n % LENGTHS_BYTE ? parts->lengths[i / LENGTHS_BYTE] >> LENGTH_BITS * (i % LENGTHS_BYTE) : 0;
    *decoding = d;
    return !d.is_bad && unused == 0 && d.at == (tail_end ? tail_end : parts->end) && d.offset < ERA_TICKS;
}

int history_decode(int64_t era, const uint8_t *bytes, size_t size, struct steps *out)
{
    int64_t start = history_era_start(era);
    struct parts parts;
    int rc;

    TRY(open_parts(bytes, size, &parts));
    if (out->n > 0 && out->at[out->n - 1].tick >= start)
        return GK_EINVAL;
    TRY(mem_reserve(out->mem, &out->at, &out->capacity, out->n + parts.n + 1, sizeof *out->at));
    struct decoding d = {parts.values, (uint64_t)start, 0, parts.first, 0, out->at + out->n};
    if (out->n == 0 || out->at[out->n - 1].value != parts.first)
        *d.out++ = (struct gk_step){start, parts.first};
    if (!take_steps(&parts, &d))
        return GK_ECORRUPT;
    out->n = (size_t)(d.out - out->at);
done:
    return rc;
}

/* ---- for people ---- */

/* The value of step i, and its bytes taken; false when there are not so many. */
static bool read_value(struct reader *reader, const uint8_t *lengths, uint64_t i, uint32_t *code, uint32_t *out)
{
    *out = 0;
    *code = lengths[i / LENGTHS_BYTE] >> LENGTH_BITS * (i % LENGTHS_BYTE) & 3;
    for (unsigned k = 0; k <= *code; k++)
        *out |= (uint32_t)reader_u8(reader) << 8 * k;
    return !reader->failed;
}

/* Visits every step of the bytes with plain reads and says what is wrong; *out, if any, gets them as text. */
static int walk(int64_t era, const uint8_t *bytes, size_t size, struct gk_error *error, struct buffer *out)
{
    static const char *const names[] = {"nodata", "off", "idle", "on", "overload"};
    struct reader reader = reader_of(bytes, size);
    uint64_t n, offset = 0;
    uint32_t v, code;

    if (size > 0 && reader_u8(&reader) != HISTORY_VERSION)
        return error_set(error, GK_EVERSION, "history of version %u", bytes[0]);
    if (!read_shortest(&reader, &n) || n == 0 || n - 1 > size)
        return error_set(error, GK_ECORRUPT, "history without a count of steps");
    uint32_t state = reader_u8(&reader);
    const uint8_t *lengths = reader_take(&reader, lengths_size((size_t)n - 1));
    if (reader.failed || state > GK_OVERLOAD)
        return error_set(error, GK_ECORRUPT, "history ends in its head, or begins in no state");
    for (uint64_t i = 0; i < n; i++) {
        if (i > 0) {
            if (!read_value(&reader, lengths, i - 1, &code, &v))
                return error_set(error, GK_ECORRUPT, "history ends before step %" PRIu64 " of %" PRIu64, i, n);
            if (v < VALUE_LEAST[code])
                return error_set(error, GK_ECORRUPT, "step %" PRIu64 " does not move on, or is longer than need be", i);
            if ((v & STATE_MASK) > GK_OVERLOAD || (v & STATE_MASK) == state)
                return error_set(error, GK_ECORRUPT, "step %" PRIu64 " is to no other state", i);
            state = v & STATE_MASK;
            offset += v >> STATE_BITS;
        }
        if (offset >= ERA_TICKS)
            return error_set(error, GK_ECORRUPT, "step %" PRIu64 " is behind the era", i);
        if (out)
            buffer_printf(out, "  %" PRId64 " %s\n", (int64_t)((uint64_t)history_era_start(era) + offset),
                          names[state]);
    }
    if ((n - 1) % LENGTHS_BYTE && lengths[(n - 1) / LENGTHS_BYTE] >> LENGTH_BITS * ((n - 1) % LENGTHS_BYTE))
        return error_set(error, GK_ECORRUPT, "lengths of more steps than there are");
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
