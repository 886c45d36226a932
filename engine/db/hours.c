/*
 * hours.c - see hours.h.
 */
#include "db/hours.h"

/* ---- keys and records
 * ------------------------------------------------------------------------------------------------ */

static void hours_key(uint8_t key[HOURS_KEY], int64_t day, uint32_t channel, uint32_t facility)
{
    key_u32(key, (uint32_t)day ^ UINT32_C(0x80000000));
    key[4] = (uint8_t)(channel >> 8);
    key[5] = (uint8_t)channel;
    key_u32(key + 6, facility);
}

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int64_t day_of(int64_t hour)
{
    return floor_div(hour, BLOCK_HOURS);
}

static int bad_record(int rc, struct gk_error *error)
{
    return error_set(error, rc, "hours of a channel: %s", gk_status_text(rc));
}

static int load_open(struct txn *txn, uint32_t facility, uint32_t channel, uint32_t figures, struct hours_open *out,
                     struct gk_error *error)
{
    uint8_t key[HOURS_KEY];
    struct view value;

    out->is_growing = false;
    out->fold.count = 0;
    out->block.n = 0;
    hours_key(key, HOURS_OPEN, channel, facility);
    int rc = txn_get(txn, STORE_HOUR, view_of(key, sizeof key), &value, error);
    if (rc != GK_OK)
        return rc;
    rc = hours_open_decode(value, figures, out);
    return rc == GK_OK ? rc : bad_record(rc, error);
}

static int load_day(struct txn *txn, uint32_t facility, uint32_t channel, int64_t day, struct hour_block *out,
                    struct gk_error *error)
{
    uint8_t key[HOURS_KEY];
    struct view value;

    out->n = 0;
    hours_key(key, day, channel, facility);
    int rc = txn_get(txn, STORE_HOUR, view_of(key, sizeof key), &value, error);
    if (rc != GK_OK)
        return rc;
    rc = hour_block_decode(day, value, GK_FIGURES_ALL, out);
    return rc == GK_OK ? rc : bad_record(rc, error);
}

/*
 * Moves to the first day from *day on with a record of ours, short of `end`; GK_DONE when there is none. Between days
 * that have many facilities' records it is one step, over a gap as well.
 */
static int find_day(struct cursor *cursor, uint32_t facility, uint32_t channel, int64_t *day, int64_t end,
                    struct gk_error *error)
{
    uint8_t key[HOURS_KEY];
    int rc = GK_OK;

    while (*day < end) {
        hours_key(key, *day, channel, facility);
        TRY(cursor_seek(cursor, view_of(key, sizeof key), error));
        struct view found = cursor_key(cursor);
        if (found.size != HOURS_KEY)
            return error_set(error, GK_ECORRUPT, "a key of the hours is %zu bytes long", found.size);
        if (memcmp(found.bytes, key, sizeof key) == 0)
            return GK_OK;
        *day = hours_key_day(found) > *day ? hours_key_day(found) : *day + 1;
    }
    rc = GK_DONE;
done:
    return rc;
}

/* ---- deriving
 * --------------------------------------------------------------------------------------------------------- */

/* To the bit. */
static bool is_same(const struct hour *a, const struct hour *b)
{
    const double x[] = {a->sum, a->min, a->max, a->first, a->last, a->integral, a->spread};
    const double y[] = {b->sum, b->min, b->max, b->first, b->last, b->integral, b->spread};

    return a->hour == b->hour && a->count == b->count && a->first_time == b->first_time &&
           a->last_time == b->last_time && a->held_ns == b->held_ns && a->hold_ns == b->hold_ns &&
           memcmp(x, y, sizeof x) == 0;
}

/* Hours that are compared with the stored ones, instead of being stored. */
struct comparing {
    struct hours hours;
    const struct hour *at;
    size_t n;
    bool differs;
};
static int compare_block(struct comparing *c, struct hour_block *derived, struct gk_error *error);

/* One channel while it takes samples. */
struct filling {
    struct txn *txn;
    struct comparing *compare; /* NULL: store them */
    uint32_t facility, channel;
    int64_t tick_ns;
    const struct limits *limits;
    struct hours_open open;
    struct buffer bytes;
};

/* Behind all keys there are, a new one fills the last page before it begins another. */
static int is_beyond(struct filling *f, const uint8_t key[HOURS_KEY], bool *out, struct gk_error *error)
{
    struct cursor *cursor = NULL;
    int rc;

    TRY(cursor_open(f->txn, STORE_HOUR, &cursor, error));
    rc = cursor_last(cursor, error);
    *out = rc == GK_DONE || (rc == GK_OK && memcmp(cursor_key(cursor).bytes, key, HOURS_KEY) < 0);
    rc = rc == GK_DONE ? GK_OK : rc;
done:
    cursor_close(cursor);
    return rc;
}

static int put_record(struct filling *f, int64_t day, struct gk_error *error)
{
    uint8_t key[HOURS_KEY];
    bool is_last;
    int rc;

    hours_key(key, day, f->channel, f->facility);
    TRY(buffer_status(&f->bytes));
    struct view value = {f->bytes.bytes, f->bytes.size};
    TRY(is_beyond(f, key, &is_last, error));
    if (is_last)
        TRY(txn_append(f->txn, STORE_HOUR, view_of(key, sizeof key), value, error));
    else
        TRY(txn_put(f->txn, STORE_HOUR, view_of(key, sizeof key), value, error));
done:
    return rc;
}

static int put_block(struct filling *f, struct gk_error *error)
{
    struct hour_block *b = &f->open.block;
    int rc;

    if (f->compare)
        return compare_block(f->compare, b, error);
    buffer_reset(&f->bytes);
    hour_block_encode(b, &f->bytes);
    TRY(put_record(f, b->day, error));
    b->n = 0;
done:
    return rc;
}

/* The hour that took samples is over: it goes to the block, and a block of another day to the table. */
static int close_hour(struct filling *f, struct gk_error *error)
{
    struct hour_block *b = &f->open.block;
    struct hour h;
    int rc = GK_OK;

    fold_end_hour(&f->open.fold, &h);
    f->open.fold.count = 0;
    if (b->n > 0 && b->day != day_of(h.hour))
        TRY(put_block(f, error));
    b->day = day_of(h.hour);
    b->hours[b->n++] = h;
done:
    return rc;
}

static int fill(struct filling *f, const struct columns *c, struct gk_error *error)
{
    struct fold *fold = &f->open.fold;
    int column = columns_find(c, f->channel), rc = GK_OK;
    const double *value = column < 0 ? NULL : c->value[column];

    for (size_t i = 0; value && i < c->n_rows;) {
        gk_time t = c->time[i];
        if (value[i] != value[i]) {
            i++;
            continue;
        }
        if (fold->count > 0 && hour_of(fold->first_time) != hour_of(t))
            TRY(close_hour(f, error));
        const struct limits_span *span = limits_at(f->limits, tick_of(f->tick_ns, t));
        int64_t hold = time_of(f->tick_ns, span->limits.hold);
        gk_time border = hour_begin(hour_of(t) + 1);
        if (span + 1 < f->limits->spans + f->limits->n)
            border = least(border, time_of(f->tick_ns, span[1].from));
        if (fold->count == 0)
            fold_begin(fold, t, value[i++], hold);
        i = fold_run(fold, c->time, value, i, c->n_rows, border, hold);
    }
done:
    return rc;
}

static int put_open(struct filling *f, struct gk_error *error)
{
    buffer_reset(&f->bytes);
    hours_open_encode(&f->open, &f->bytes);
    return put_record(f, HOURS_OPEN, error);
}

static int delete_record(struct filling *f, int64_t day, struct gk_error *error)
{
    uint8_t key[HOURS_KEY];
    hours_key(key, day, f->channel, f->facility);
    int rc = txn_delete(f->txn, STORE_HOUR, view_of(key, sizeof key), error);
    return rc == GK_ENOTFOUND ? GK_OK : rc;
}

static int delete_from(struct filling *f, int64_t day, struct gk_error *error)
{
    struct cursor *cursor = NULL;
    int rc;

    for (;; day++) {
        TRY(cursor_open(f->txn, STORE_HOUR, &cursor, error)); /* deleting moves them */
        rc = find_day(cursor, f->facility, f->channel, &day, INT32_MAX, error);
        cursor_close(cursor);
        cursor = NULL;
        if (rc == GK_DONE)
            break;
        TRY(rc);
        TRY(delete_record(f, day, error));
    }
    rc = delete_record(f, HOURS_OPEN, error);
done:
    cursor_close(cursor);
    return rc;
}

static void keep_before(struct hour_block *b, int64_t hour)
{
    while (b->n > 0 && b->hours[b->n - 1].hour >= hour)
        b->n--;
}

/* Takes the end back to where an hour begins. */
static int cut_back(struct filling *f, int64_t hour, struct gk_error *error)
{
    struct hours_open *o = &f->open;
    int64_t day = day_of(hour);
    int rc = GK_OK;

    if (o->fold.count > 0 && hour_of(o->fold.first_time) < hour)
        TRY(close_hour(f, error));
    o->fold.count = 0;
    if (o->block.n == 0 || o->block.day > day) {
        rc = load_day(f->txn, f->facility, f->channel, day, &o->block, error);
        TRY(rc == GK_ENOTFOUND ? GK_OK : rc);
    }
    keep_before(&o->block, hour);
    TRY(delete_from(f, day, error));
done:
    return rc;
}

static int fill_from(struct filling *f, const struct origin *origin, gk_time from, gk_time to, struct gk_error *error)
{
    struct rows rows = {0};
    const struct columns *batch;
    int rc;

    TRY(rows_open(&rows, origin, f->facility, &f->channel, 1, from, to, error));
    while ((rc = rows_next(&rows, &batch, error)) == GK_OK)
        TRY(fill(f, batch, error));
    rc = rc == GK_DONE ? GK_OK : rc;
done:
    if (rows.origin)
        rows_close(&rows);
    return rc;
}

/*
 * A channel that was not kept so far begins with the first row there is. The hour at its end is filled again even where
 * the change is behind it, as it stays open for rows that come later.
 */
static int refill(struct filling *f, const struct origin *origin, gk_time cut, gk_time change, struct gk_error *error)
{
    int rc;

    rc = load_open(f->txn, f->facility, f->channel, GK_FIGURES_ALL, &f->open, error);
    bool is_kept = rc == GK_OK;
    TRY(rc == GK_ENOTFOUND ? GK_OK : rc);
    if (f->open.fold.count > 0)
        change = least(change, f->open.fold.first_time);
    if (!f->open.is_growing || change < cut)
        change = cut;
    if (is_kept)
        TRY(cut_back(f, hour_of(change), error));
    f->open.is_growing = true;
    TRY(fill_from(f, origin, hour_begin(hour_of(change)), GK_TIME_MAX, error));
    if (is_kept || f->open.fold.count > 0)
        TRY(put_open(f, error));
done:
    return rc;
}

static int append(struct filling *f, const struct columns *incoming, struct gk_error *error)
{
    struct fold *fold = &f->open.fold;
    int rc;

    rc = load_open(f->txn, f->facility, f->channel, GK_FIGURES_ALL, &f->open, error);
    TRY(rc == GK_ENOTFOUND ? GK_OK : rc);
    f->open.is_growing = true;
    TRY(fill(f, incoming, error));
    if (fold->count > 0)
        TRY(put_open(f, error));
done:
    return rc;
}

static bool has_channel(const uint32_t *channels, size_t n, uint32_t channel)
{
    for (size_t i = 0; i < n; i++)
        if (channels[i] == channel)
            return true;
    return false;
}

size_t hours_channels(const struct limits *limits, uint32_t out[HOURS_CHANNELS_MAX])
{
    size_t n = 0;
    for (size_t i = 0; i < limits->n && n < HOURS_CHANNELS_MAX; i++) {
        uint32_t channel = limits->spans[i].primary;
        if (channel != GK_ID_NONE && !has_channel(out, n, channel))
            out[n++] = channel;
    }
    return n;
}

/* Channels that no limits go by any longer: only what comes of rows that were dropped stays. */
static int drop_others(struct filling *f, const uint32_t *kept, size_t n_kept, gk_time cut, const uint32_t *known,
                       size_t n, struct gk_error *error)
{
    int rc = GK_OK;

    for (size_t i = 0; i < n; i++) {
        if (has_channel(kept, n_kept, known[i]))
            continue;
        f->channel = known[i];
        rc = load_open(f->txn, f->facility, f->channel, GK_FIGURES_ALL, &f->open, error);
        TRY(rc == GK_ENOTFOUND ? GK_OK : rc);
        if (!f->open.is_growing)
            continue;
        TRY(cut_back(f, hour_of(cut), error));
        f->open.is_growing = false;
        if (cut != GK_TIME_MIN)
            TRY(put_open(f, error));
    }
done:
    return rc;
}

int hours_seal(const struct origin *origin, uint32_t facility, int64_t tick_ns, const struct limits *limits,
               const struct profile *profile, gk_time change, const struct columns *appended, struct gk_error *error)
{
    struct filling f = {.txn = origin->txn, .facility = facility, .tick_ns = tick_ns, .limits = limits};
    uint32_t channels[HOURS_CHANNELS_MAX];
    size_t n_channels = hours_channels(limits, channels);
    gk_time cut = profile->cut.time;
    int rc = GK_OK;

    buffer_init(&f.bytes, origin->mem);
    for (size_t i = 0; i < n_channels; i++) {
        f.channel = channels[i];
        if (!appended)
            TRY(refill(&f, origin, cut, change, error));
        else if (columns_find(appended, f.channel) >= 0)
            TRY(append(&f, appended, error));
    }
    if (!appended)
        TRY(drop_others(&f, channels, n_channels, cut, profile->channels, profile->n_channels, error));
done:
    buffer_clear(&f.bytes);
    return rc;
}

int hours_freeze(const struct origin *origin, uint32_t facility, int64_t tick_ns, const struct limits *limits,
                 const struct profile *profile, gk_time cut, struct gk_error *error)
{
    struct filling f = {.txn = origin->txn, .facility = facility, .tick_ns = tick_ns, .limits = limits};
    int rc = GK_OK;

    buffer_init(&f.bytes, origin->mem);
    for (size_t i = 0; i < profile->n_channels; i++) {
        f.channel = profile->channels[i];
        rc = load_open(f.txn, facility, f.channel, GK_FIGURES_ALL, &f.open, error);
        TRY(rc == GK_ENOTFOUND ? GK_OK : rc);
        if (f.open.is_growing)
            continue;
        TRY(fill_from(&f, origin, profile->cut.time, cut, error));
        if (f.open.fold.count > 0)
            TRY(close_hour(&f, error));
        TRY(put_open(&f, error));
    }
done:
    buffer_clear(&f.bytes);
    return rc;
}

/* ---- reading
 * --------------------------------------------------------------------------------------------------------- */

int hours_open(struct hours *h, struct txn *txn, uint32_t facility, uint32_t channel, int64_t from, int64_t to,
               uint32_t figures, struct gk_error *error)
{
    h->txn = txn;
    h->facility = facility;
    h->channel = channel;
    h->from = from;
    h->to = to;
    h->figures = figures;
    h->cursor = NULL;
    int rc = load_open(txn, facility, channel, figures, &h->open, error);
    h->has_block = rc == GK_OK && h->open.block.n > 0;
    h->has_fold = rc == GK_OK && h->open.fold.count > 0;
    h->day = day_of(from);
    h->end = from < to ? day_of(to - 1) + 1 : h->day;
    if (h->has_block)
        h->end = least(h->end, h->open.block.day);
    else if (h->has_fold)
        h->end = least(h->end, day_of(hour_of(h->open.fold.first_time)));
    return rc;
}

/* What of a block is asked for; false: nothing. */
static bool cut_block(const struct hours *h, const struct hour_block *b, const struct hour **out, size_t *n)
{
    size_t a = 0, end = b->n;

    while (a < end && b->hours[a].hour < h->from)
        a++;
    while (end > a && b->hours[end - 1].hour >= h->to)
        end--;
    *out = b->hours + a;
    *n = end - a;
    return end > a;
}

/* The end of all: the open block, then the hour that still takes samples as it is now. */
static bool take_open(struct hours *h, const struct hour **out, size_t *n)
{
    if (h->has_block) {
        h->has_block = false;
        if (cut_block(h, &h->open.block, out, n))
            return true;
    }
    if (!h->has_fold)
        return false;
    h->has_fold = false;
    h->block.n = 1;
    fold_end_hour(&h->open.fold, &h->block.hours[0]);
    return cut_block(h, &h->block, out, n);
}

int hours_next(struct hours *h, const struct hour **out, size_t *n, struct gk_error *error)
{
    int rc = GK_OK;

    while (h->day < h->end) {
        struct view value;
        if (!h->cursor)
            TRY(cursor_open(h->txn, STORE_HOUR, &h->cursor, error));
        rc = find_day(h->cursor, h->facility, h->channel, &h->day, h->end, error);
        if (rc == GK_DONE)
            break;
        TRY(rc);
        TRY(cursor_value(h->cursor, &value, error));
        rc = hour_block_decode(h->day++, value, h->figures, &h->block);
        if (rc != GK_OK)
            return bad_record(rc, error);
        if (cut_block(h, &h->block, out, n))
            return GK_OK;
    }
    h->day = h->end;
    rc = take_open(h, out, n) ? GK_OK : GK_DONE;
done:
    return rc;
}

void hours_close(struct hours *h)
{
    cursor_close(h->cursor);
    h->cursor = NULL;
}

/* ---- looking after them
 * ---------------------------------------------------------------------------------------------- */

int hours_check_record(struct view key, struct view value, uint32_t n_facilities, struct gk_error *error)
{
    struct hours_open open;
    int rc;

    if (key.size != HOURS_KEY || hours_key_facility(key) >= n_facilities)
        return error_set(error, GK_ECORRUPT, "hours of a facility that is not in the catalog");
    if (hours_key_day(key) == HOURS_OPEN)
        rc = hours_open_decode(value, GK_FIGURES_ALL, &open);
    else
        rc = hour_block_decode(hours_key_day(key), value, GK_FIGURES_ALL, &open.block);
    return rc == GK_OK ? rc : bad_record(rc, error);
}

int hours_dump_record(struct view key, struct view value, struct buffer *out)
{
    if (key.size != HOURS_KEY)
        return GK_ECORRUPT;
    return hours_key_day(key) == HOURS_OPEN ? hours_open_dump(value, out)
                                            : hour_block_dump(hours_key_day(key), value, out);
}

/* The hours that the rows give, one after the other, against those that are stored. */
static int compare_block(struct comparing *c, struct hour_block *derived, struct gk_error *error)
{
    int rc = GK_OK;

    for (size_t i = 0; i < derived->n && !c->differs; i++) {
        if (c->n == 0)
            rc = hours_next(&c->hours, &c->at, &c->n, error);
        TRY(rc < 0 ? rc : GK_OK);
        c->differs = c->n == 0 || !is_same(c->at, &derived->hours[i]);
        c->at += c->n > 0;
        c->n -= c->n > 0;
    }
    derived->n = 0;
done:
    return rc < 0 ? rc : GK_OK;
}

static int compare_channel(const struct origin *origin, uint32_t facility, uint32_t channel, int64_t tick_ns,
                           const struct limits *limits, gk_time cut, bool *is_equal, struct gk_error *error)
{
    struct comparing c = {.differs = false};
    struct filling f = {.facility = facility, .channel = channel, .tick_ns = tick_ns, .limits = limits, .compare = &c};
    struct rows rows = {0};
    const struct columns *batch;
    int rc;

    rc = hours_open(&c.hours, origin->txn, facility, channel, hour_of(cut), hour_of(GK_TIME_MAX) + 1, GK_FIGURES_ALL,
                    error);
    TRY(rc == GK_ENOTFOUND ? GK_OK : rc);
    TRY(rows_open(&rows, origin, facility, &channel, 1, cut, GK_TIME_MAX, error));
    while ((rc = rows_next(&rows, &batch, error)) == GK_OK)
        TRY(fill(&f, batch, error));
    TRY(rc == GK_DONE ? GK_OK : rc);
    if (f.open.fold.count > 0)
        TRY(close_hour(&f, error));
    TRY(compare_block(&c, &f.open.block, error));
    if (c.n == 0) {
        rc = hours_next(&c.hours, &c.at, &c.n, error);
        TRY(rc < 0 ? rc : GK_OK);
    }
    *is_equal &= !c.differs && c.n == 0;
    rc = GK_OK;
done:
    if (rows.origin)
        rows_close(&rows);
    hours_close(&c.hours);
    return rc;
}

int hours_compare(const struct origin *origin, uint32_t facility, int64_t tick_ns, const struct limits *limits,
                  const struct profile *profile, bool *is_equal, struct gk_error *error)
{
    uint32_t channels[HOURS_CHANNELS_MAX];
    size_t n_channels = hours_channels(limits, channels);
    struct hours_open open;
    int rc = GK_OK;

    *is_equal = true;
    for (size_t i = 0; i < n_channels; i++)
        TRY(compare_channel(origin, facility, channels[i], tick_ns, limits, profile->cut.time, is_equal, error));
    for (size_t i = 0; i < profile->n_channels; i++) {
        if (has_channel(channels, n_channels, profile->channels[i]))
            continue;
        rc = load_open(origin->txn, facility, profile->channels[i], GK_FIGURES_ALL, &open, error);
        *is_equal &= !open.is_growing; /* nobody goes by it */
        TRY(rc == GK_ENOTFOUND ? GK_OK : rc);
    }
done:
    return rc;
}
