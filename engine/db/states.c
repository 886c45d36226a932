/*
 * states.c - reading, writing and deriving the states of one facility.
 *
 * The state table has a record per facility and era in which something changed (key: facility u32, era i64); an era
 * without a record carries on the last step before it.
 */
#include "db/states.h"

#include "state/history.h"

#define STATE_KEY 12

static void state_key(uint8_t key[STATE_KEY], uint32_t facility, int64_t era)
{
    key_u32(key, facility);
    key_i64(key + 4, era);
}

static bool key_is_of(struct view key, uint32_t facility)
{
    return key.size == STATE_KEY && unkey_u32(key.bytes) == facility;
}

static int read_record(struct cursor *cursor, int64_t era, struct steps *out, struct gk_error *error)
{
    struct view value;
    int rc;

    TRY(cursor_value(cursor, &value, error));
    rc = history_decode(era, value.bytes, value.size, out);
    if (rc != GK_OK)
        return error_set(error, rc, "a state record: %s", gk_status_text(rc));
done:
    return rc;
}

/* Cuts steps to [from, to), the first one at `from`. */
static int cut_steps(struct steps *s, int64_t from, int64_t to)
{
    size_t a = 0, n = 0;

    if (s->n > 0 && s->at[0].tick == from && s->at[s->n - 1].tick < to)
        return GK_OK; /* whole eras were asked for */
    while (a < s->n && s->at[a].tick <= from)
        a++;
    uint32_t carried = a ? s->at[a - 1].value : (uint32_t)GK_NODATA;
    if (a == 0) { /* room for one in front */
        if (mem_reserve(s->mem, &s->at, &s->capacity, s->n + 1, sizeof *s->at) != GK_OK)
            return GK_ENOMEM;
        memmove(s->at + 1, s->at, s->n * sizeof *s->at);
        s->n++;
        a = 1;
    }
    s->at[n++] = (struct gk_step){from, carried};
    for (; a < s->n && s->at[a].tick < to; a++)
        if (s->at[a].value != s->at[n - 1].value)
            s->at[n++] = s->at[a];
    s->n = n;
    return GK_OK;
}

int states_read_with(struct cursor *cursor, uint32_t facility, int64_t from, int64_t to, struct steps *out,
                     struct gk_error *error)
{
    uint8_t key[STATE_KEY];
    int rc;

    out->n = 0;
    state_key(key, facility, history_era(from));
    rc = cursor_seek_before(cursor, view_of(key, sizeof key), error);
    if (rc == GK_DONE || (rc == GK_OK && !key_is_of(cursor_key(cursor), facility)))
        rc = cursor_seek(cursor, view_of(key, sizeof key), error);
    while (rc == GK_OK && key_is_of(cursor_key(cursor), facility)) {
        int64_t era = unkey_i64(cursor_key(cursor).bytes + 4);
        if (history_era_start(era) >= to)
            break;
        TRY(read_record(cursor, era, out, error));
        rc = cursor_next(cursor, error);
    }
    if (rc < 0)
        goto done;
    TRY(cut_steps(out, from, to));
done:
    return rc;
}

int states_read(struct txn *txn, uint32_t facility, int64_t from, int64_t to, struct steps *out, struct gk_error *error)
{
    struct cursor *cursor = NULL;
    int rc;

    TRY(cursor_open(txn, STORE_STATE, &cursor, error));
    TRY(states_read_with(cursor, facility, from, to, out, error));
done:
    cursor_close(cursor);
    return rc;
}

/* Deletes the records of eras >= era; their number is small. */
static int drop_eras(struct txn *txn, uint32_t facility, int64_t era, struct gk_error *error)
{
    uint8_t key[STATE_KEY];
    int rc;

    state_key(key, facility, era);
    for (;;) {
        struct cursor *cursor;
        uint8_t found[STATE_KEY];
        TRY(cursor_open(txn, STORE_STATE, &cursor, error));
        rc = cursor_seek(cursor, view_of(key, sizeof key), error);
        bool is_there = rc == GK_OK && key_is_of(cursor_key(cursor), facility);
        if (is_there)
            memcpy(found, cursor_key(cursor).bytes, sizeof found);
        cursor_close(cursor);
        if (rc < 0)
            return rc;
        if (!is_there)
            return GK_OK;
        TRY(txn_delete(txn, STORE_STATE, view_of(found, sizeof found), error));
    }
done:
    return rc;
}

static int put_era(struct txn *txn, uint32_t facility, int64_t era, const struct gk_step *steps, size_t n,
                   struct buffer *scratch, struct gk_error *error)
{
    uint8_t key[STATE_KEY];
    int rc;

    buffer_reset(scratch);
    TRY(history_encode(era, steps, n, scratch));
    state_key(key, facility, era);
    TRY(txn_put(txn, STORE_STATE, view_of(key, sizeof key), view_of(scratch->bytes, scratch->size), error));
done:
    return rc;
}

/* Writes steps (ascending, with one at or before each era's start) as one record per era that has any. */
static int write_eras(const struct mem *mem, struct txn *txn, uint32_t facility, const struct steps *all,
                      uint32_t carried, struct gk_error *error)
{
    struct buffer scratch;
    struct steps era_steps;
    int rc = GK_OK;

    buffer_init(&scratch, mem);
    steps_init(&era_steps, mem);
    for (size_t i = 0; i < all->n;) {
        int64_t era = history_era(all->at[i].tick);
        era_steps.n = 0;
        TRY(steps_put(&era_steps, history_era_start(era), carried));
        for (; i < all->n && history_era(all->at[i].tick) == era; i++) {
            TRY(steps_put(&era_steps, all->at[i].tick, all->at[i].value));
            carried = all->at[i].value;
        }
        TRY(put_era(txn, facility, era, era_steps.at, era_steps.n, &scratch, error));
    }
done:
    steps_clear(&era_steps);
    buffer_clear(&scratch);
    return rc;
}

int states_write(const struct mem *mem, struct txn *txn, uint32_t facility, int64_t from, const struct steps *steps,
                 struct gk_error *error)
{
    struct steps all;
    int rc;

    steps_init(&all, mem);
    if (from == GK_TICK_MIN) {
        TRY(drop_eras(txn, facility, INT64_MIN, error));
        TRY(write_eras(mem, txn, facility, steps, GK_NODATA, error));
        goto done;
    }
    int64_t era_start = history_era_start(history_era(from));
    bool stays = from > era_start; /* something of the era; else what is carried in is told by the tick before it */
    TRY(states_read(txn, facility, stays ? era_start : era_start - 1, from, &all, error));
    uint32_t carried = all.at[0].value;
    if (!stays)
        all.n = 0;
    for (size_t i = 0; i < steps->n; i++)
        if (all.n > 0 || steps->at[i].value != carried)
            TRY(steps_put(&all, steps->at[i].tick, steps->at[i].value));
    TRY(drop_eras(txn, facility, history_era(from), error));
    TRY(write_eras(mem, txn, facility, &all, carried, error));
done:
    steps_clear(&all);
    return rc;
}

/* ---- deriving ------------------------------------------------------------------------------------------------------
 */

#define LIMIT_CHANNELS_MAX 64

/* All channels that some span of the limits looks at. */
static size_t limit_channels(const struct limits *limits, uint32_t out[LIMIT_CHANNELS_MAX])
{
    size_t n = 0;
    for (size_t i = 0; i < limits->n + DERIVE_FALLBACK_MAX && n < LIMIT_CHANNELS_MAX; i++) {
        uint32_t channel = i < limits->n ? limits->spans[i].primary : limits->fallback[i - limits->n];
        bool is_known = channel == GK_ID_NONE;
        for (size_t k = 0; k < n; k++)
            is_known |= out[k] == channel;
        if (!is_known)
            out[n++] = channel;
    }
    return n;
}

static const double *column_from(const struct columns *c, uint32_t channel, size_t from)
{
    int i = channel == GK_ID_NONE ? -1 : columns_find(c, channel);
    return i < 0 ? NULL : c->value[i] + from;
}

/* Rows [from, to) of a batch as the machine takes them. */
static struct derive_rows machine_rows(const struct columns *c, const struct limits *limits,
                                       const struct limits_span *span, size_t from, size_t to)
{
    struct derive_rows rows = {.n = to - from, .time = c->time + from};
    rows.primary = column_from(c, span->primary, from);
    for (int i = 0; span->has_fallback && i < DERIVE_FALLBACK_MAX; i++)
        rows.fallback[i] = column_from(c, limits->fallback[i], from);
    return rows;
}

/* Feeds rows [at, n) of a batch, span by span. */
static int feed(struct derive *machine, int64_t tick_ns, const struct limits *limits, const struct columns *c,
                size_t at, struct steps *out)
{
    int rc = GK_OK;

    while (at < c->n_rows) {
        const struct limits_span *span = limits_at(limits, tick_of(tick_ns, c->time[at]));
        size_t end = c->n_rows;
        if (span + 1 < limits->spans + limits->n) {
            gk_time border = time_of(tick_ns, span[1].from);
            size_t k = columns_lower(c, border);
            end = k < end ? k : end;
        }
        struct derive_rows rows = machine_rows(c, limits, span, at, end);
        TRY(derive_feed(machine, tick_ns, &span->limits, &rows, out));
        at = end;
    }
done:
    return rc;
}

/* The longest a row can reach: to look back that far at first finds a stand almost always. */
static int64_t reach_of(const struct limits *limits, int64_t tick_ns)
{
    int64_t most = 1;
    for (size_t i = 0; i < limits->n; i++) {
        const struct derive_limits *l = &limits->spans[i].limits;
        int64_t ticks = l->hold;
        if (l->dwell_on > INT64_MAX / 4 || l->dwell_off > INT64_MAX / 4 || ticks > INT64_MAX / 4)
            return INT64_MAX / 4;
        ticks += l->dwell_on > l->dwell_off ? l->dwell_on : l->dwell_off;
        most = ticks > most ? ticks : most;
    }
    int64_t ns;
    return __builtin_mul_overflow(2 * most, tick_ns, &ns) ? INT64_MAX / 4 : ns + HOUR_NS / 4;
}

/*
 * The last row of the batch at which the machine can be rebuilt; -1: none. One of a later tick is behind it, before the
 * change: perhaps no other is ever fed, and then the machine is kept for rows that come later (see derive_stand).
 */
static int find_stand(const struct columns *c, const struct steps *old, int64_t tick_ns, const struct limits *limits,
                      int64_t change_tick, struct derive *machine)
{
    size_t i = columns_lower(c, time_of(tick_ns, change_tick));
    int64_t last_tick = change_tick;
    bool is_followed = false;

    for (; i-- > 0;) {
        int64_t tick = tick_of(tick_ns, c->time[i]);
        const struct limits_span *span = limits_at(limits, tick);
        struct derive_rows rows = machine_rows(c, limits, span, i, i + 1);
        double value;
        bool is_fallback;
        if (tick == last_tick || !derive_value(&rows, 0, &value, &is_fallback) ||
            derive_class(&span->limits, is_fallback, value, GK_NODATA) == GK_NODATA)
            continue;
        last_tick = tick; /* earlier informative rows of this tick do not count */
        if (is_followed && derive_is_stand(old, tick, value, is_fallback, &span->limits, change_tick)) {
            size_t k = 0;
            while (k + 1 < old->n && old->at[k + 1].tick <= tick)
                k++;
            *machine = derive_stand(tick, value, is_fallback, &span->limits, old->at[k].value);
            return (int)i;
        }
        is_followed = true;
    }
    return -1;
}

/* Reads all rows of a stretch into one. */
static int gather(const struct origin *origin, uint32_t facility, const uint32_t *channels, size_t n, gk_time from,
                  gk_time to, struct columns *out, struct gk_error *error)
{
    struct rows rows;
    const struct columns *batch;
    int rc;

    columns_reset(out);
    TRY(rows_open(&rows, origin, facility, channels, n, from, to, error));
    for (size_t i = 0; i < n; i++)
        TRY(columns_add(out, channels[i]));
    while ((rc = rows_next(&rows, &batch, error)) == GK_OK)
        TRY(columns_append(out, batch, 0, batch->n_rows));
    rc = rc == GK_DONE ? GK_OK : rc;
done:
    rows_close(&rows);
    return rc;
}

/* From the first row there is: after nothing, or after rows that were dropped. */
static void begin_anew(const struct limits *limits, const struct profile *profile, int64_t tick_ns, struct derived *out,
                       gk_time *next)
{
    memset(&out->machine, 0, sizeof out->machine);
    out->from = GK_TICK_MIN;
    *next = profile->cut.time;
    if (profile->cut.time == GK_TIME_MIN)
        return;
    out->machine = profile->cut.derive;
    if (out->machine.has_row)
        out->machine.limits = limits_at(limits, out->machine.tick)->limits;
    out->from = tick_of(tick_ns, profile->cut.time);
}

/* Of steps that were derived from before out->from on: what they say there, and those behind. */
static int cut_derived(struct derived *out, uint32_t carried)
{
    struct steps *s = &out->steps;
    size_t n = 0;
    int rc;

    while (n < s->n && s->at[n].tick <= out->from)
        carried = s->at[n++].value;
    if (n == 0) {
        TRY(mem_reserve(s->mem, &s->at, &s->capacity, s->n + 1, sizeof *s->at));
        n = 1;
        memmove(s->at + 1, s->at, s->n++ * sizeof *s->at);
    }
    s->at[n - 1] = (struct gk_step){out->from, carried};
    s->n -= n - 1;
    memmove(s->at, s->at + n - 1, s->n * sizeof *s->at);
    rc = GK_OK;
done:
    return rc;
}

/*
 * Rebuilds the machine before `change`, looking back in growing steps. Without a stand down to the first row it begins
 * anew.
 */
static int rebuild(const struct origin *origin, uint32_t facility, int64_t tick_ns, const struct limits *limits,
                   const struct profile *profile, gk_time change, const uint32_t *channels, size_t n,
                   struct derived *out, gk_time *next, struct gk_error *error)
{
    struct columns back;
    struct steps old;
    int64_t change_tick = tick_of(tick_ns, change), reach = reach_of(limits, tick_ns);
    int rc = GK_OK;

    columns_init(&back, origin->mem);
    steps_init(&old, origin->mem);
    begin_anew(limits, profile, tick_ns, out, next);
    gk_time from = change;
    while (profile->n_rows > 0 && change != GK_TIME_MIN && from > profile->first) {
        if (__builtin_sub_overflow(change, reach, &from) || from < profile->first)
            from = profile->first;
        TRY(gather(origin, facility, channels, n, from, time_of(tick_ns, change_tick), &back, error));
        TRY(states_read(origin->txn, facility, tick_of(tick_ns, from), change_tick, &old, error));
        int i = find_stand(&back, &old, tick_ns, limits, change_tick, &out->machine);
        if (i >= 0) {
            out->from = out->machine.tick + 1;
            *next = time_of(tick_ns, out->machine.tick + 1);
            break;
        }
        if (__builtin_mul_overflow(reach, 8, &reach))
            reach = INT64_MAX;
    }
done:
    steps_clear(&old);
    columns_clear(&back);
    return rc;
}

/* The machine as it stood after the last sealed row. */
static void begin_append(const struct limits *limits, const struct profile *profile, struct derived *out)
{
    out->machine = profile->derive;
    if (out->machine.has_row)
        out->machine.limits = limits_at(limits, out->machine.tick)->limits;
    out->from = out->machine.has_row ? derive_stable(&out->machine) : GK_TICK_MIN;
}

/* Where rows are missing nothing is known of the state. */
static int blank_damage(const struct origin *origin, uint32_t facility, int64_t tick_ns, struct derived *out,
                        struct gk_error *error)
{
    uint32_t carried = GK_NODATA;
    struct steps before;
    int rc = GK_OK;

    if (!damage_has_rows(origin->damage, facility, time_of(tick_ns, out->from)))
        return GK_OK;
    steps_init(&before, origin->mem);
    if (out->from != GK_TICK_MIN) {
        rc = states_read(origin->txn, facility, out->from - 1, out->from, &before, error);
        TRY(rc == GK_ECORRUPT ? GK_OK : rc); /* then nothing is known before either */
        carried = rc == GK_OK && before.n > 0 ? before.at[0].value : (uint32_t)GK_NODATA;
    }
    TRY(damage_blank(origin->damage, facility, tick_ns, out->from, carried, GK_NODATA, &out->steps));
done:
    steps_clear(&before);
    return rc;
}

/* Feeds all rows from a time on, to their end. */
static int follow(const struct origin *origin, uint32_t facility, int64_t tick_ns, const struct limits *limits,
                  gk_time from, struct derived *out, struct gk_error *error)
{
    uint32_t channels[LIMIT_CHANNELS_MAX] = {0};
    size_t n = limit_channels(limits, channels);
    struct rows rows = {0};
    const struct columns *batch;
    int rc;

    TRY(rows_open(&rows, origin, facility, channels, n, from, GK_TIME_MAX, error));
    while ((rc = rows_next(&rows, &batch, error)) == GK_OK)
        TRY(feed(&out->machine, tick_ns, limits, batch, 0, &out->steps));
    if (rc != GK_DONE)
        goto done;
    TRY(derive_end(&out->machine, &out->steps));
done:
    if (rows.origin)
        rows_close(&rows);
    return rc;
}

int states_derive(const struct origin *origin, uint32_t facility, int64_t tick_ns, const struct limits *limits,
                  const struct profile *profile, gk_time change, const struct columns *appended, struct derived *out,
                  struct gk_error *error)
{
    uint32_t channels[LIMIT_CHANNELS_MAX] = {0};
    size_t n = limit_channels(limits, channels);
    gk_time next;
    int rc;

    out->steps.n = 0;
    if (appended) {
        begin_append(limits, profile, out);
        TRY(feed(&out->machine, tick_ns, limits, appended, 0, &out->steps));
        TRY(derive_end(&out->machine, &out->steps));
        TRY(blank_damage(origin, facility, tick_ns, out, error));
        goto done;
    }
    if (change < profile->cut.time) /* what rows that were dropped have said stays */
        change = profile->cut.time;
    TRY(rebuild(origin, facility, tick_ns, limits, profile, change, channels, n, out, &next, error));
    bool is_cut = next != GK_TIME_MIN && next == profile->cut.time;
    uint32_t carried = out->machine.state;
    TRY(follow(origin, facility, tick_ns, limits, next, out, error));
    if (is_cut)
        TRY(cut_derived(out, carried));
    TRY(blank_damage(origin, facility, tick_ns, out, error));
done:
    return rc;
}

int states_derive_anew(const struct origin *origin, uint32_t facility, int64_t tick_ns, const struct limits *limits,
                       const struct profile *profile, int64_t from, struct derived *out, struct gk_error *error)
{
    gk_time first, next;
    int64_t hold = 0;
    int rc;

    out->steps.n = 0;
    begin_anew(limits, profile, tick_ns, out, &next);
    for (size_t i = 0; i < limits->n; i++)
        hold = limits->spans[i].limits.hold > hold ? limits->spans[i].limits.hold : hold;
    bool is_near = from > GK_TICK_MIN / 2 && hold < INT64_MAX / 4;
    first = is_near ? time_of(tick_ns, from - hold - 1) : GK_TIME_MIN;
    if (first > next && limits_are_plain(limits)) { /* no row from before holds at `from` */
        memset(&out->machine, 0, sizeof out->machine);
        out->from = from;
        next = first;
    }
    uint32_t carried = out->machine.state;
    TRY(follow(origin, facility, tick_ns, limits, next, out, error));
    if (out->from != GK_TICK_MIN)
        TRY(cut_derived(out, carried));
    TRY(blank_damage(origin, facility, tick_ns, out, error));
done:
    return rc;
}

int states_machine_at(const struct origin *origin, uint32_t facility, int64_t tick_ns, const struct limits *limits,
                      const struct profile *profile, gk_time time, struct derive *out, struct gk_error *error)
{
    uint32_t channels[LIMIT_CHANNELS_MAX] = {0};
    size_t n = limit_channels(limits, channels);
    struct derived derived;
    struct rows rows = {0};
    const struct columns *batch;
    gk_time next;
    int rc;

    steps_init(&derived.steps, origin->mem);
    TRY(rebuild(origin, facility, tick_ns, limits, profile, time, channels, n, &derived, &next, error));
    TRY(rows_open(&rows, origin, facility, channels, n, next, time, error));
    while ((rc = rows_next(&rows, &batch, error)) == GK_OK)
        TRY(feed(&derived.machine, tick_ns, limits, batch, 0, &derived.steps));
    *out = derived.machine;
    rc = rc == GK_DONE ? GK_OK : rc;
done:
    if (rows.origin)
        rows_close(&rows);
    steps_clear(&derived.steps);
    return rc;
}
