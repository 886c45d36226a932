/*
 * profile.c - facts about a facility's rows.
 *
 *   version u8 = 1 | n_rows varint | first i64 | last i64 | 13 gap counts varint | stale_from i64 |
 *   machine: has_row u8, tick i64, value f64, is_fallback u8, state u8, waiting u8, since i64 |
 *   n_channels varint, ids varint (each as the step from the one before) |
 *   if rows were dropped: their end i64, 13 gap counts varint, machine
 */
#include "db/profile.h"

#include <inttypes.h>
#include <string.h>

#define PROFILE_VERSION 1

/* What meters are set to: 20 s and less all give the shortest hold of 60 s. */
static const int64_t CLASS_S[PROFILE_CLASSES] = {20, 30, 60, 120, 180, 300, 600, 900, 1800, 3600, 7200, 21600, 86400};

#define HOLD_MIN_NS (60 * GK_SECOND)

void profile_init(struct profile *p, const struct mem *mem)
{
    memset(p, 0, sizeof *p);
    p->mem = mem;
    p->first = GK_TIME_MAX;
    p->last = GK_TIME_MIN;
    p->stale_from = GK_TIME_MAX;
    p->cut.time = GK_TIME_MIN;
}

void profile_clear(struct profile *p)
{
    if (p->mem)
        mem_free(p->mem, p->channels);
    p->channels = NULL;
    p->n_channels = p->channels_capacity = 0;
}

int profile_copy(struct profile *out, const struct profile *p)
{
    struct profile copy = *p;

    if (mem_reserve(out->mem, &out->channels, &out->channels_capacity, p->n_channels, sizeof *p->channels) != GK_OK)
        return GK_ENOMEM;
    copy.mem = out->mem;
    copy.channels = out->channels;
    copy.channels_capacity = out->channels_capacity;
    if (p->n_channels > 0)
        memcpy(copy.channels, p->channels, p->n_channels * sizeof *copy.channels);
    *out = copy;
    return GK_OK;
}

int profile_add_channel(struct profile *p, uint32_t channel)
{
    size_t at = 0;
    while (at < p->n_channels && p->channels[at] < channel)
        at++;
    if (at < p->n_channels && p->channels[at] == channel)
        return GK_OK;
    if (mem_reserve(p->mem, &p->channels, &p->channels_capacity, p->n_channels + 1, sizeof channel) != GK_OK)
        return GK_ENOMEM;
    memmove(p->channels + at + 1, p->channels + at, (p->n_channels - at) * sizeof channel);
    p->channels[at] = channel;
    p->n_channels++;
    return GK_OK;
}

static void put_machine(const struct derive *d, struct buffer *out)
{
    buffer_put_u8(out, d->has_row);
    buffer_put_u64(out, (uint64_t)d->tick);
    buffer_put_f64(out, d->value);
    buffer_put_u8(out, d->is_fallback);
    buffer_put_u8(out, (uint8_t)d->state);
    buffer_put_u8(out, (uint8_t)d->waiting);
    buffer_put_u64(out, (uint64_t)d->since);
}

static void encode(const struct profile *p, struct buffer *out)
{
    uint32_t before = 0;

    buffer_put_u8(out, PROFILE_VERSION);
    buffer_put_varint(out, p->n_rows);
    buffer_put_u64(out, (uint64_t)p->first);
    buffer_put_u64(out, (uint64_t)p->last);
    for (int i = 0; i < PROFILE_CLASSES; i++)
        buffer_put_varint(out, p->gaps[i]);
    buffer_put_u64(out, (uint64_t)p->stale_from);
    put_machine(&p->derive, out);
    buffer_put_varint(out, p->n_channels);
    for (size_t i = 0; i < p->n_channels; i++) {
        buffer_put_varint(out, p->channels[i] - before);
        before = p->channels[i];
    }
    if (p->cut.time == GK_TIME_MIN)
        return;
    buffer_put_u64(out, (uint64_t)p->cut.time);
    for (int i = 0; i < PROFILE_CLASSES; i++)
        buffer_put_varint(out, p->cut.gaps[i]);
    put_machine(&p->cut.derive, out);
}

static int decode_channels(struct reader *r, struct profile *p)
{
    uint64_t n = reader_varint(r), channel = 0;
    int rc = GK_OK;

    if (n > r->size - r->at)
        return GK_ECORRUPT;
    for (uint64_t i = 0; i < n; i++) {
        channel += reader_varint(r);
        if (r->failed || channel >= CATALOG_CHANNELS_MAX)
            return GK_ECORRUPT;
        TRY(profile_add_channel(p, (uint32_t)channel));
    }
done:
    return rc;
}

static void get_machine(struct reader *r, struct derive *d)
{
    memset(d, 0, sizeof *d);
    d->has_row = reader_u8(r) != 0;
    d->tick = (int64_t)reader_u64(r);
    d->value = reader_f64(r);
    d->is_fallback = reader_u8(r) != 0;
    d->state = reader_u8(r);
    d->waiting = reader_u8(r);
    d->since = (int64_t)reader_u64(r);
}

static bool decode_cut(struct reader *r, struct cut *cut)
{
    cut->time = (gk_time)reader_u64(r);
    for (int i = 0; i < PROFILE_CLASSES; i++)
        cut->gaps[i] = reader_varint(r);
    get_machine(r, &cut->derive);
    return !r->failed && cut->time % HOUR_NS == 0 && cut->derive.state <= GK_OVERLOAD &&
           cut->derive.waiting <= GK_OVERLOAD;
}

int profile_decode(struct view bytes, struct profile *p, struct gk_error *error)
{
    struct reader r = reader_of(bytes.bytes, bytes.size);

    if (reader_u8(&r) != PROFILE_VERSION)
        return error_set(error, GK_EVERSION, "a profile of an unknown version");
    p->n_rows = reader_varint(&r);
    p->first = (gk_time)reader_u64(&r);
    p->last = (gk_time)reader_u64(&r);
    for (int i = 0; i < PROFILE_CLASSES; i++)
        p->gaps[i] = reader_varint(&r);
    p->stale_from = (gk_time)reader_u64(&r);
    get_machine(&r, &p->derive);
    int rc = decode_channels(&r, p);
    if (rc == GK_ENOMEM)
        return error_set(error, rc, "out of memory for a profile");
    bool is_good = rc == GK_OK && !r.failed && p->derive.state <= GK_OVERLOAD && p->derive.waiting <= GK_OVERLOAD;
    memset(&p->cut, 0, sizeof p->cut);
    p->cut.time = GK_TIME_MIN;
    if (is_good && r.at < r.size)
        is_good = decode_cut(&r, &p->cut);
    if (!is_good || !reader_is_done(&r))
        return error_set(error, GK_ECORRUPT, "a profile's bytes make no sense");
    return GK_OK;
}

int profile_load(struct txn *txn, uint32_t facility, struct profile *p, struct gk_error *error)
{
    uint8_t key[4];
    struct view value;

    p->n_channels = 0;
    key_u32(key, facility);
    int rc = txn_get(txn, STORE_PROFILE, view_of(key, sizeof key), &value, error);
    if (rc == GK_ENOTFOUND) {
        uint32_t *channels = p->channels;
        size_t capacity = p->channels_capacity;
        profile_init(p, p->mem);
        p->channels = channels;
        p->channels_capacity = capacity;
        return GK_OK;
    }
    return rc == GK_OK ? profile_decode(value, p, error) : rc;
}

int profile_store(struct txn *txn, uint32_t facility, const struct profile *p, struct gk_error *error)
{
    struct buffer b;
    uint8_t key[4];
    int rc;

    buffer_init(&b, p->mem);
    key_u32(key, facility);
    encode(p, &b);
    TRY(buffer_status(&b));
    TRY(txn_put(txn, STORE_PROFILE, view_of(key, sizeof key), view_of(b.bytes, b.size), error));
done:
    buffer_clear(&b);
    return rc;
}

int profile_dump(struct view bytes, struct buffer *out)
{
    struct profile p;
    char first[GK_TIME_TEXT_MAX], last[GK_TIME_TEXT_MAX];

    profile_init(&p, out->mem);
    int rc = profile_decode(bytes, &p, NULL);
    if (rc == GK_OK) {
        (void)gk_time_format(p.first, 0, first); /* the lengths are not needed */
        (void)gk_time_format(p.last, 0, last);
        buffer_printf(
            out, "n_rows=%" PRIu64 " first=%s last=%s usual_s=%" PRId64 " state=%" PRIu32 "%s channels=", p.n_rows,
            first, last, profile_usual(&p) / GK_SECOND, p.derive.state, p.stale_from == GK_TIME_MAX ? "" : " stale");
        for (size_t i = 0; i < p.n_channels; i++)
            buffer_printf(out, "%s%" PRIu32, i ? "," : "", p.channels[i]);
        if (p.cut.time != GK_TIME_MIN) {
            (void)gk_time_format(p.cut.time, 0, first); /* the length is not needed */
            buffer_printf(out, " dropped_before=%s", first);
        }
        buffer_put_u8(out, '\n');
        rc = buffer_status(out);
    }
    profile_clear(&p);
    return rc;
}

/* ---- the usual interval -------------------------------------------------------------------------------------------
 */

/* Centuries may lie between two rows, more than 2^63 ns. */
static int class_of(uint64_t gap_ns)
{
    int c = 0;
    while (c < PROFILE_CLASSES - 1 && gap_ns > (uint64_t)(CLASS_S[c] * GK_SECOND / 4 * 5))
        c++;
    return c;
}

void profile_count_gap(struct profile *p, gk_time from, gk_time to, int sign)
{
    p->gaps[class_of((uint64_t)to - (uint64_t)from)] += sign > 0 ? 1 : UINT64_MAX;
}

void profile_count_gaps(struct profile *p, const gk_time *time, size_t n, int sign)
{
    const uint64_t first = (uint64_t)(CLASS_S[0] * GK_SECOND / 4 * 5);
    uint64_t n_first = 0;

    for (size_t i = 1; i < n; i++) {
        uint64_t gap = (uint64_t)time[i] - (uint64_t)time[i - 1];
        if (gap <= first)
            n_first++;
        else
            profile_count_gap(p, time[i - 1], time[i], sign);
    }
    p->gaps[0] += sign > 0 ? n_first : 0 - n_first;
}

int profile_gap_class(gk_time from, gk_time to)
{
    return class_of((uint64_t)to - (uint64_t)from);
}

static int64_t usual_of(const uint64_t gaps[PROFILE_CLASSES])
{
    uint64_t total = 0, upto = gaps[0];
    int c = 0;

    for (int i = 0; i < PROFILE_CLASSES; i++)
        total += gaps[i];
    while (c < PROFILE_CLASSES - 1 && 2 * upto < total)
        upto += gaps[++c];
    return CLASS_S[c] * GK_SECOND;
}

int64_t profile_usual(const struct profile *p)
{
    return usual_of(p->gaps);
}

int64_t profile_gaps_hold(const uint64_t gaps[PROFILE_CLASSES])
{
    int64_t hold = 3 * usual_of(gaps);
    return hold > HOLD_MIN_NS ? hold : HOLD_MIN_NS;
}

int64_t profile_hold(const struct profile *p)
{
    return profile_gaps_hold(p->gaps);
}
