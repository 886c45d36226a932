/*
 * snapshot_states.c - profiles and states as a snapshot sees them: what is stored, and for facilities with unsealed
 * rows or new bands what follows from those, by the same code that seals.
 */
#include "db/recount.h"
#include "db/seal.h"
#include "db/sight.h"
#include "state/timeline.h"

bool snapshot_has_unsealed(const gk_snapshot *s, uint32_t facility)
{
    return s->view.n_visible > 0 && heads_has(s->heads, s->view, facility, NULL, NULL);
}

/* The stored profile; when it is damaged, what the rows that are sealed say. */
static int load_profile(gk_snapshot *s, uint32_t facility, struct profile *out, struct gk_error *error)
{
    bool is_anew;
    return profile_load_or_anew(&s->mem, s->txn, facility, s->progress.dropped_before, out, &is_anew, error);
}

/* ---- profiles
 * -------------------------------------------------------------------------------------------------------- */

/* Counts the rows of a facility from a time on, and the gaps between them. */
static int count_rows(const struct origin *origin, uint32_t facility, gk_time from, struct profile *out,
                      struct gk_error *error)
{
    struct rows rows = {0};
    const struct columns *batch;
    const uint32_t none = 0;
    int rc;

    memset(out->gaps, 0, sizeof out->gaps);
    out->n_rows = 0;
    out->first = GK_TIME_MAX;
    out->last = GK_TIME_MIN;
    TRY(rows_open(&rows, origin, facility, &none, 0, from, GK_TIME_MAX, error));
    while ((rc = rows_next(&rows, &batch, error)) == GK_OK) {
        if (out->n_rows == 0)
            out->first = batch->time[0];
        else
            profile_count_gap(out, out->last, batch->time[0], 1);
        profile_count_gaps(out, batch->time, batch->n_rows, 1);
        out->n_rows += batch->n_rows;
        out->last = batch->time[batch->n_rows - 1];
    }
    rc = rc == GK_DONE ? GK_OK : rc;
done:
    if (rows.origin)
        rows_close(&rows);
    return rc;
}

/*
 * Counts the sealed rows from a time before `edge` on, of which one at least is before it. Not where that would be half
 * of them: *is_tail.
 */
static int count_sealed_tail(gk_snapshot *s, uint32_t facility, const struct profile *p, gk_time edge,
                             struct profile *out, bool *is_tail, struct gk_error *error)
{
    struct origin sealed = snapshot_origin(s);
    uint64_t before = edge > p->first ? (uint64_t)edge - (uint64_t)p->first : 0;
    uint64_t behind = p->last > edge ? (uint64_t)p->last - (uint64_t)edge : 0;
    uint64_t back = HOUR_NS;
    int rc = GK_OK;

    sealed.heads = NULL;
    sealed.known = NULL;
    *is_tail = false;
    if (p->n_rows == 0 || behind >= before)
        return GK_OK;
    for (; !*is_tail && back < before; back = back < UINT64_MAX / 8 ? back * 8 : UINT64_MAX) {
        TRY(count_rows(&sealed, facility, (gk_time)((uint64_t)edge - back), out, error));
        *is_tail = out->n_rows > 0 && out->first < edge;
    }
done:
    return rc;
}

/*
 * Rows and gaps again, where late rows might tip the median and where some are hidden. Before `edge` all rows are
 * sealed and seen: what follows the last of them is taken back as it is sealed, and counted as it is seen.
 */
static int recount(gk_snapshot *s, uint32_t facility, gk_time edge, struct profile *p, struct gk_error *error)
{
    struct origin origin = snapshot_origin(s);
    struct profile sealed, seen;
    bool is_tail;
    int rc;

    profile_init(&sealed, &s->mem);
    profile_init(&seen, &s->mem);
    TRY(count_sealed_tail(s, facility, p, edge, &sealed, &is_tail, error));
    TRY(count_rows(&origin, facility, is_tail ? sealed.first : GK_TIME_MIN, &seen, error));
    for (int i = 0; i < PROFILE_CLASSES; i++)
        p->gaps[i] = (is_tail ? p->gaps[i] - sealed.gaps[i] : p->cut.gaps[i]) + seen.gaps[i];
    p->n_rows = (is_tail ? p->n_rows - sealed.n_rows : 0) + seen.n_rows;
    p->first = is_tail ? p->first : seen.first;
    p->last = seen.last;
done:
    profile_clear(&sealed);
    profile_clear(&seen);
    return rc;
}

/*
 * From when on rows say something that is not sealed: they are in the heads, or hidden. GK_TIME_MAX: all are as sealed.
 */
static gk_time seen_anew_from(const gk_snapshot *s, uint32_t facility)
{
    gk_time first = GK_TIME_MAX;
    size_t n;

    if (s->view.n_visible == 0 || !heads_has(s->heads, s->view, facility, &first, NULL))
        first = GK_TIME_MAX;
    if (!s->known)
        return first;
    const struct backfill_run *hidden = known_hidden(s->known, facility, &n);
    first = hidden && hidden->from < first ? hidden->from : first;
    return s->known->at < first ? s->known->at : first;
}

/* Adds unsealed rows (in order of time) to a stored profile; where some are late or hidden, rows are counted anew. */
static int absorb(gk_snapshot *s, uint32_t facility, const struct columns *in, struct profile *p,
                  struct gk_error *error)
{
    int rc = GK_OK;

    if (in->n_rows == 0 && !s->known)
        return GK_OK;
    for (size_t i = 0; i < in->n_columns; i++) {
        size_t r = 0;
        while (r < in->n_rows && gk_is_missing(in->value[i][r]))
            r++;
        if (r < in->n_rows)
            TRY(profile_add_channel(p, in->channel[i]));
    }
    if (s->known)
        return recount(s, facility, seen_anew_from(s, facility), p, error);
    bool is_append = p->n_rows == 0 || in->time[0] > p->last;
    if (is_append) {
        if (p->n_rows > 0)
            profile_count_gap(p, p->last, in->time[0], 1);
        profile_count_gaps(p, in->time, in->n_rows, 1);
        p->n_rows += in->n_rows;
    } else {
        TRY(recount(s, facility, in->time[0], p, error));
    }
    if (in->time[0] < p->first)
        p->first = in->time[0];
    if (in->time[in->n_rows - 1] > p->last)
        p->last = in->time[in->n_rows - 1];
done:
    return rc;
}

/* Whether rows of a facility, whose profile is the snapshot's, may be hidden. */
static bool hides_some(const gk_snapshot *s, uint32_t facility)
{
    size_t n;

    return s->known && (s->profile.last > s->known->at || known_hidden(s->known, facility, &n));
}

int snapshot_profile(gk_snapshot *s, uint32_t facility, struct gk_error *error)
{
    struct columns incoming;
    int rc;

    columns_init(&incoming, &s->mem);
    TRY(load_profile(s, facility, &s->profile, error));
    if (!snapshot_has_unsealed(s, facility) && !hides_some(s, facility))
        goto done;
    TRY(heads_collect(s->heads, s->view, facility, GK_TIME_MIN, GK_TIME_MAX, s->db->policy, true, &incoming));
    TRY(absorb(s, facility, &incoming, &s->profile, error));
done:
    columns_clear(&incoming);
    if (rc == GK_ENOMEM)
        (void)error_set(error, rc, "out of memory for a profile"); /* rc says it too */
    return rc;
}

int snapshot_outline(gk_snapshot *s, uint32_t facility, const uint32_t *marks, size_t n_marks, gk_time *first,
                     gk_time *last, struct gk_error *error)
{
    gk_time oldest = GK_TIME_MAX, newest = GK_TIME_MIN;
    bool is_plain =
        !s->known && (s->view.n_visible == 0 || heads_are_within(s->heads, s->view, facility, marks, n_marks));
    int rc;

    TRY(is_plain ? load_profile(s, facility, &s->profile, error) : snapshot_profile(s, facility, error));
    if (is_plain && s->view.n_visible > 0 && !heads_has(s->heads, s->view, facility, &oldest, &newest)) {
        oldest = GK_TIME_MAX;
        newest = GK_TIME_MIN;
    }
    const struct profile *p = &s->profile;
    *first = p->n_rows > 0 && p->first < oldest ? p->first : oldest;
    *last = p->n_rows > 0 && p->last > newest ? p->last : newest;
done:
    return rc;
}

int snapshot_limits(gk_snapshot *s, uint32_t facility, struct gk_error *error)
{
    bool is_kept;
    int rc;

    TRY(memo_take_limits(&s->memo, facility, &s->profile, &s->limits, &is_kept));
    if (is_kept)
        return GK_OK;
    TRY(snapshot_profile(s, facility, error));
    if (s->parent)
        TRY(limits_under(s->catalog, facility, s->db->tick_ns, profile_hold(&s->profile), &s->under, &s->limits));
    else
        TRY(limits_of(s->catalog, facility, s->db->tick_ns, profile_hold(&s->profile), &s->limits));
    TRY(memo_put_limits(&s->memo, facility, &s->profile, &s->limits));
done:
    if (rc == GK_ENOMEM)
        (void)error_set(error, rc, "out of memory for limits"); /* rc says it too */
    return rc;
}

/* The same of what is stored, which is of no use at all under bands of another time. */
static gk_time seen_otherwise_from(const gk_snapshot *s, uint32_t facility)
{
    return s->has_other_bands ? GK_TIME_MIN : seen_anew_from(s, facility);
}

int snapshot_stale_from(gk_snapshot *s, uint32_t facility, gk_time *out, struct gk_error *error)
{
    struct profile stored;
    gk_time first = seen_otherwise_from(s, facility);
    int rc = GK_OK;

    *out = s->profile.stale_from > s->profile.cut.time ? s->profile.stale_from : s->profile.cut.time;
    if (s->parent && s->under.hold_ns >= 0)
        *out = s->profile.cut.time;
    if (first == GK_TIME_MAX)
        return GK_OK;
    *out = first < *out ? first : *out;
    profile_init(&stored, &s->mem);
    TRY(load_profile(s, facility, &stored, error));
    if (s->limits.uses_usual_hold && profile_hold(&stored) != profile_hold(&s->profile))
        *out = GK_TIME_MIN; /* every row holds differently */
    *out = *out > s->profile.cut.time ? *out : s->profile.cut.time;
done:
    profile_clear(&stored);
    return rc;
}

int gk_facility_profile(gk_snapshot *s, uint32_t id, struct gk_profile *out, struct gk_error *error)
{
    int rc;

    TRY(sight_enter(s, &id, NULL, 0, error));
    TRY(snapshot_check_facility(s, id, error));
    memo_trim(&s->memo);
    TRY(snapshot_limits(s, id, error));
    const struct profile *p = &s->profile;
    if (p->n_rows == 0)
        return error_set(error, GK_ENOTFOUND, "facility '%s' has no rows", s->catalog->facilities[id].name);
    const struct limits_span *span = limits_at(&s->limits, tick_of(s->db->tick_ns, p->last));
    *out = (struct gk_profile){p->n_rows, p->first, p->last, profile_usual(p), span->limits.hold * s->db->tick_ns};
done:
    return rc;
}

int gk_facility_channels(gk_snapshot *s, uint32_t id, const uint32_t **channels, size_t *n, struct gk_error *error)
{
    int rc;

    *n = 0;
    *channels = NULL;
    TRY(sight_enter(s, &id, NULL, 0, error));
    TRY(snapshot_check_facility(s, id, error));
    TRY(snapshot_profile(s, id, error));
    *channels = s->profile.channels;
    TRY(sight_leave(s, channels, s->profile.n_channels, error));
    *n = s->profile.n_channels;
done:
    return rc;
}

/* ---- states
 * ----------------------------------------------------------------------------------------------------------- */

/* Of a view, from `from` on; under the limits in force only from where its rows say something that is not stored. */
static int derive_view(gk_snapshot *s, uint32_t facility, int64_t from, struct derived_states *out,
                       struct gk_error *error)
{
    struct origin origin = snapshot_origin(s);
    gk_time stale = GK_TIME_MIN;
    int rc;

    TRY(snapshot_limits(s, facility, error));
    if (!s->has_limits)
        TRY(snapshot_stale_from(s, facility, &stale, error));
    from = tick_of(s->db->tick_ns, stale) > from ? tick_of(s->db->tick_ns, stale) : from;
    TRY(states_derive_anew(&origin, facility, s->db->tick_ns, &s->limits, &s->profile, from, &out->derived, error));
    out->is_derived = true;
done:
    return rc;
}

/* What is stored cannot be read: the rows say it all again. */
static int derive_anew(gk_snapshot *s, uint32_t facility, struct derived_states *out, struct gk_error *error)
{
    struct origin origin = snapshot_origin(s);
    int rc;

    TRY(snapshot_limits(s, facility, error));
    TRY(states_derive_anew(&origin, facility, s->db->tick_ns, &s->limits, &s->profile, GK_TICK_MIN, &out->derived,
                           error));
    out->is_derived = out->is_made = true;
done:
    return rc;
}

static int derive_facility(gk_snapshot *s, uint32_t facility, struct derived_states *out, struct gk_error *error)
{
    struct profile stored;
    struct columns incoming;
    int rc;

    profile_init(&stored, &s->mem);
    columns_init(&incoming, &s->mem);
    TRY(load_profile(s, facility, &stored, error));
    TRY(heads_collect(s->heads, s->view, facility, GK_TIME_MIN, GK_TIME_MAX, s->db->policy, true, &incoming));
    if (incoming.n_rows == 0 && stored.stale_from == GK_TIME_MAX)
        goto done;
    TRY(snapshot_limits(s, facility, error));
    struct outlook o =
        outlook_of(&stored, &incoming, profile_hold(&stored), profile_hold(&s->profile), s->limits.uses_usual_hold);
    struct origin origin = snapshot_origin(s);
    stored.first = s->profile.first;
    rc = states_derive(&origin, facility, s->db->tick_ns, &s->limits, &stored, o.change, o.is_append ? &incoming : NULL,
                       &out->derived, error);
    if (rc == GK_ECORRUPT)
        rc = derive_anew(s, facility, out, error);
    out->is_derived = rc == GK_OK;
done:
    profile_clear(&stored);
    columns_clear(&incoming);
    return rc;
}

/* The entry of a facility, made when there is none. */
static int get_derived(gk_snapshot *s, uint32_t facility, struct derived_states **out)
{
    if (!s->derived) {
        s->derived = mem_zeroed(&s->mem, (s->catalog->n_facilities + 1) * sizeof(struct derived_states *));
        if (!s->derived)
            return GK_ENOMEM;
    }
    if (!s->derived[facility]) {
        struct derived_states *d = mem_zeroed(&s->mem, sizeof *d);
        if (!d)
            return GK_ENOMEM;
        steps_init(&d->derived.steps, &s->mem);
        s->derived[facility] = d;
    }
    *out = s->derived[facility];
    return GK_OK;
}

/* Whether the stored states are what the snapshot sees: nothing is unsealed, hidden, stale, or under other limits. */
static int see_as_stored(gk_snapshot *s, uint32_t facility, bool *out, struct gk_error *error)
{
    struct profile stored;
    size_t n;
    int rc = GK_OK;

    *out = s->progress.n_stale == 0 && !snapshot_has_unsealed(s, facility) && !s->has_limits && !s->has_other_bands;
    if (!*out || !s->known)
        return GK_OK;
    profile_init(&stored, &s->mem);
    TRY(load_profile(s, facility, &stored, error));
    *out = stored.last <= s->known->at && !known_hidden(s->known, facility, &n);
done:
    profile_clear(&stored);
    return rc;
}

/*
 * The derived states of a facility from a tick on, made at the first call; NULL with GK_OK: the stored ones are good.
 */
static int find_derived(gk_snapshot *s, uint32_t facility, int64_t from, const struct derived **out,
                        struct gk_error *error)
{
    struct derived_states *d;
    int rc;

    *out = NULL;
    bool is_kept = s->derived && s->derived[facility] && s->derived[facility]->is_made, is_stored;
    TRY(see_as_stored(s, facility, &is_stored, error));
    if (is_stored && !is_kept)
        return GK_OK;
    TRY(get_derived(s, facility, &d));
    bool is_late = s->parent && d->derived.from > from && d->derived.from <= d->asked_from;
    if (!d->is_made || is_late) {
        d->is_made = false; /* until it is whole */
        d->asked_from = from;
        TRY(s->parent ? derive_view(s, facility, from, d, error) : derive_facility(s, facility, d, error));
        d->is_made = true;
    }
    if (d->is_derived)
        *out = &d->derived;
done:
    if (rc == GK_ENOMEM)
        (void)error_set(error, rc, "out of memory for states"); /* rc says it too */
    return rc;
}

/*
 * Stored states of [from, to), ahead of derived ones; what is damaged there and was not derived again is of rows that
 * were dropped: nothing is known of it any more.
 */
static int read_stored(gk_snapshot *s, uint32_t facility, int64_t from, int64_t to, struct steps *out,
                       struct gk_error *error)
{
    struct gk_error found = {0};
    int64_t tick_ns = s->db->tick_ns;
    int rc = states_read_with(s->state_cursor, facility, from, to, out, &found);

    if (rc != GK_ECORRUPT) {
        if (rc != GK_OK && error)
            *error = found;
        return rc;
    }
    TRY(damage_add(snapshot_damage(s), GK_DAMAGED_STATES, facility, time_of(tick_ns, from), time_of(tick_ns, to)));
    out->n = 0;
    TRY(steps_put(out, from, GK_NODATA));
done:
    return rc;
}

/* Appends the derived steps of [from, to) to what is there, which ends before them. */
static int append_derived(const struct derived *d, int64_t from, int64_t to, struct steps *out)
{
    uint32_t carried = out->n ? out->at[out->n - 1].value : (uint32_t)GK_NODATA;
    int rc;

    for (size_t i = 0; i < d->steps.n && d->steps.at[i].tick <= from; i++)
        carried = d->steps.at[i].value;
    if (out->n == 0 || d->from <= from) {
        out->n = 0;
        TRY(steps_put(out, from, carried));
    }
    for (size_t i = 0; i < d->steps.n && d->steps.at[i].tick < to; i++)
        if (d->steps.at[i].tick > from)
            TRY(steps_put(out, d->steps.at[i].tick, d->steps.at[i].value));
    rc = GK_OK;
done:
    return rc;
}

int snapshot_states(gk_snapshot *s, uint32_t facility, int64_t from, int64_t to, struct steps *out,
                    struct gk_error *error)
{
    struct derived_states *anew;
    const struct derived *d;
    int rc;

    out->n = 0;
    TRY(snapshot_check_facility(s, facility, error));
    if (from >= to)
        return GK_OK;
    if (!s->state_cursor)
        TRY(cursor_open(s->txn, STORE_STATE, &s->state_cursor, error));
    TRY(find_derived(s, facility, from, &d, error));
    if (!d || (s->known && d->from > from)) {
        rc = states_read_with(s->state_cursor, facility, from, d && d->from < to ? d->from : to, out, error);
        if (rc != GK_ECORRUPT && (rc != GK_OK || !d))
            return rc;
        if (rc == GK_ECORRUPT) {
            TRY(get_derived(s, facility, &anew));
            TRY(derive_anew(s, facility, anew, error));
            d = &anew->derived;
            out->n = 0;
        }
    }
    /* Stored steps up to where the derived ones begin; when that is before `from`, what they carry in counts. */
    if (d->from > from && out->n == 0)
        TRY(read_stored(s, facility, from, d->from < to ? d->from : to, out, error));
    else if (d->from <= from && d->from != GK_TICK_MIN)
        TRY(read_stored(s, facility, d->from - 1, d->from, out, error));
    if (d->from < to)
        TRY(append_derived(d, from, to, out));
done:
    return rc;
}

int gk_state_steps(gk_snapshot *s, uint32_t facility, int64_t from, int64_t to, const struct gk_step **steps, size_t *n,
                   struct gk_error *error)
{
    int rc = sight_enter(s, &facility, NULL, 0, error);

    if (rc == GK_OK)
        rc = snapshot_states(s, facility, from, to, &s->steps, error);
    if (rc == GK_ENOMEM)
        (void)error_set(error, rc, "out of memory for states"); /* rc says it too */
    *steps = rc == GK_OK ? s->steps.at : NULL;
    *n = rc == GK_OK ? s->steps.n : 0;
    return rc;
}

int gk_state_timeline(gk_snapshot *s, uint32_t facility, uint32_t mask, int64_t from, int64_t to, gk_timeline *out,
                      struct gk_error *error)
{
    uint32_t truths[GK_OVERLOAD + 1];
    const struct gk_step *steps;
    size_t n;
    int rc;

    if (from >= to)
        return gk_timeline_reset(out, GK_UNKNOWN);
    for (uint32_t state = GK_NODATA; state <= GK_OVERLOAD; state++)
        truths[state] = mask & GK_STATE_BIT(state) ? GK_TRUE : GK_FALSE;
    if (!(mask & GK_STATE_BIT(GK_NODATA)))
        truths[GK_NODATA] = GK_UNKNOWN;
    memo_trim(&s->memo);
    TRY(sight_enter(s, &facility, NULL, 0, error));
    TRY(snapshot_steps(s, facility, from, to, &steps, &n, error));
    TRY(timeline_room(out, n + 2));
    timeline_put(out, GK_TICK_MIN, GK_UNKNOWN);
    timeline_put(out, from, truths[steps[0].value]);
    for (size_t i = 1; i < n; i++)
        timeline_put(out, steps[i].tick, truths[steps[i].value]);
    timeline_put(out, to, GK_UNKNOWN);
done:
    if (rc == GK_ENOMEM)
        (void)error_set(error, rc, "out of memory for a timeline"); /* rc says it too */
    return rc;
}
