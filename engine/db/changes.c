/*
 * changes.c - see changes.h. The states of a facility change in four ways:
 *
 *     by a row           told by gk_ingest, judged here against the facility's present state
 *     by no row          its present state ends at `until`: a heap has these moments
 *     by the catalog     bands, links, facilities: of everybody they concern, from their date on
 *     by the calendar    orders and exemptions begin and end: of everybody they cover
 */
#include "db/changes.h"

#include <math.h>

#include "db/commit.h"
#include "db/limits.h"
#include "db/profile.h"
#include "db/snapshot.h"

struct live {
    gk_time rows_from, states_from; /* since the last look; GK_TIME_MAX: nothing */
    gk_time last;                   /* newest row; GK_TIME_MIN: none */
    int64_t until;                  /* tick at which the state ends if no row follows */
    int64_t limits_to;              /* tick up to which these limits are in force */
    struct derive_limits limits;
    uint32_t primary;
    uint64_t gaps[PROFILE_CLASSES];
    int64_t hold_ns; /* from the usual interval; 0: not known yet */
    uint8_t state;
    bool has_fallback, uses_usual_hold;
    bool is_known;      /* all of the above is of the newest row */
    bool is_settled;    /* no change waits for its dwell */
    bool is_by_primary; /* the newest row was judged by its primary channel */
    bool is_listed;
    int64_t timed; /* its tick in the heap; GK_TICK_MAX: it is not there */
};

struct moment {
    int64_t tick;
    uint32_t facility;
};

struct changes {
    struct mem mem;
    struct live *at;
    size_t n, capacity;
    uint32_t fallback[DERIVE_FALLBACK_MAX];
    uint32_t *listed; /* who changed */
    size_t n_listed, listed_capacity;
    struct moment *heap; /* the earliest first; one of each facility */
    size_t n_heap, heap_capacity;
    struct gk_change *list; /* what the last look was given */
    size_t list_capacity;
    struct steps steps;
    gk_time looked; /* `now` of the last look */
    bool is_lost;   /* there was no memory to remember: everybody may have changed */
};

void changes_free(struct changes *c)
{
    if (!c)
        return;
    struct mem mem = c->mem;
    mem_free(&mem, c->at);
    mem_free(&mem, c->listed);
    mem_free(&mem, c->heap);
    mem_free(&mem, c->list);
    steps_clear(&c->steps);
    mem_free(&mem, c);
}

/* ---- remembering ---------------------------------------------------------------------------------------------------
 */

static bool grow(struct changes *c, size_t n)
{
    if (mem_reserve(&c->mem, &c->at, &c->capacity, n, sizeof *c->at) != GK_OK ||
        mem_reserve(&c->mem, &c->listed, &c->listed_capacity, n, sizeof *c->listed) != GK_OK ||
        mem_reserve(&c->mem, &c->heap, &c->heap_capacity, n, sizeof *c->heap) != GK_OK ||
        mem_reserve(&c->mem, &c->list, &c->list_capacity, n, sizeof *c->list) != GK_OK)
        return false;
    for (; c->n < n; c->n++) {
        memset(&c->at[c->n], 0, sizeof *c->at);
        c->at[c->n].rows_from = c->at[c->n].states_from = GK_TIME_MAX;
        c->at[c->n].last = GK_TIME_MIN;
        c->at[c->n].timed = GK_TICK_MAX;
    }
    return true;
}

/* The entry of a facility, listed; NULL: no memory, which is remembered. */
static struct live *find(struct changes *c, uint32_t facility)
{
    if (facility >= c->n && !grow(c, facility + 1)) {
        c->is_lost = true;
        return NULL;
    }
    struct live *live = &c->at[facility];
    if (!live->is_listed)
        c->listed[c->n_listed++] = facility;
    live->is_listed = true;
    return live;
}

static void tell(struct live *live, gk_time states_from)
{
    if (states_from < live->states_from)
        live->states_from = states_from;
}

static void change(struct changes *c, uint32_t facility, gk_time from, bool is_known)
{
    struct live *live = find(c, facility);

    if (!live)
        return;
    tell(live, from);
    live->is_known &= is_known;
}

/* ---- rows ----------------------------------------------------------------------------------------------------------
 */

static double value_of(const struct gk_batch *b, size_t row, uint32_t channel)
{
    for (size_t c = 0; c < b->n_channels; c++)
        if (b->channel[c] == channel)
            return b->value[c][row];
    return NAN;
}

/* The value by which a row is judged; false: it says nothing. */
static bool judged_value(const struct changes *c, const struct live *live, const struct gk_batch *b, size_t row,
                         double *value, bool *is_fallback)
{
    double primary = value_of(b, row, live->primary), fallback[DERIVE_FALLBACK_MAX];
    struct derive_rows one = {.n = 1, .primary = &primary};

    for (int i = 0; live->has_fallback && i < DERIVE_FALLBACK_MAX; i++) {
        fallback[i] = value_of(b, row, c->fallback[i]);
        one.fallback[i] = &fallback[i];
    }
    return derive_value(&one, 0, value, is_fallback);
}

/* Counts the gap before a row in order; false: every row holds differently from now on. */
static bool keeps_hold(struct live *live, gk_time t)
{
    live->gaps[profile_gap_class(live->last, t)]++;
    return !live->uses_usual_hold || profile_gaps_hold(live->gaps) == live->hold_ns;
}

/* Whether all that a row means is that the state goes on; then the entry follows it. */
static bool goes_on(const gk_db *db, const struct changes *c, struct live *live, const struct gk_batch *b, size_t row)
{
    gk_time t = b->time[row];
    int64_t tick = tick_of(db->tick_ns, t);
    double value;
    bool is_fallback, is_said;

    if (!live->is_known || !live->is_settled || live->state == GK_NODATA || t < live->last || tick > live->until ||
        tick >= live->limits_to)
        return false;
    is_said = judged_value(c, live, b, row, &value, &is_fallback);
    if (t == live->last) /* more of the newest row: it may turn the mean of its phases */
        return live->is_by_primary && (!is_said || is_fallback);
    if (!keeps_hold(live, t))
        return false;
    live->last = t;
    live->is_by_primary = is_said && !is_fallback;
    if (!is_said)
        return true;
    if (derive_class(&live->limits, is_fallback, value, live->state) != live->state)
        return false;
    live->until = tick + live->limits.hold;
    return true;
}

void changes_row(gk_db *db, const struct gk_batch *b, size_t row)
{
    struct changes *c = db->changes;
    gk_time t = b->time[row];
    struct live *live = find(c, b->facility[row]);

    if (!live)
        return;
    if (t < live->rows_from)
        live->rows_from = t;
    if (goes_on(db, c, live, b, row))
        return;
    tell(live, live->is_known && live->until < tick_of(db->tick_ns, t) ? time_of(db->tick_ns, live->until) : t);
    live->is_known = false;
}

void changes_forget(gk_db *db, uint32_t facility)
{
    change(db->changes, facility, GK_TIME_MIN, false);
}

/* ---- the catalog ---------------------------------------------------------------------------------------------------
 */

static gk_time change_covered(const gk_db *db, const struct gk_scope *scope, gk_time from, bool is_known)
{
    for (uint32_t f = 0; db->changes && f < db->catalog->n_facilities; f++)
        if (catalog_covers(db->catalog, scope, f))
            change(db->changes, f, from, is_known);
    return from;
}

static gk_time change_one(const gk_db *db, uint32_t facility, gk_time from, bool is_known)
{
    if (db->changes)
        change(db->changes, facility, from, is_known);
    return from;
}

/*
 * Whom a facility serves, or is served by, where no link says it: others of its enterprise. A first link of its own, or
 * a place on a line, changes that for all of them and for all time.
 */
static gk_time change_defaults(const gk_db *db, uint32_t facility)
{
    const struct gk_facility *f = &db->catalog->facilities[facility];
    bool has_enterprise = f->enterprise != GK_ID_NONE;
    const struct gk_scope scope = {has_enterprise ? GK_ENTERPRISE : GK_LINE, has_enterprise ? f->enterprise : f->line,
                                   ""};

    return scope.id == GK_ID_NONE ? GK_TIME_MAX : change_covered(db, &scope, GK_TIME_MIN, true);
}

static gk_time change_link(const gk_db *db, uint32_t id)
{
    const struct gk_link *links = db->catalog->links, *link = &links[id];

    (void)change_one(db, link->abatement, link->from, true);
    (void)change_one(db, link->production, link->from, true);
    for (uint32_t i = id; db->changes && i-- > 0;)
        if (links[i].abatement == link->abatement) /* it had none by default any more */
            return link->from;
    gk_time from = change_defaults(db, link->abatement);
    return from < link->from ? from : link->from;
}

gk_time changes_entry(gk_db *db, enum entry_kind kind, uint32_t id)
{
    const struct catalog *catalog = db->catalog;
    const struct gk_scope all = {GK_ZONE, GK_ID_NONE, ""}, site = {(enum gk_kind)(id >> 24), id & 0xFFFFFF, ""};

    switch (kind) {
    case ENTRY_FACILITY:
        (void)change_defaults(db, id);
        return change_one(db, id, GK_TIME_MIN, false);
    case ENTRY_SITE: /* its facilities may be inside of another one now */
        return change_covered(db, &site, GK_TIME_MIN, true);
    case ENTRY_LINK:
        return change_link(db, id);
    case ENTRY_BAND:
        return change_covered(db, &catalog->bands[id].scope, catalog->bands[id].from, false);
    case ENTRY_ORDER:
        return change_covered(db, &catalog->orders[id].scope, catalog->orders[id].from, true);
    case ENTRY_EXEMPTION:
        return change_covered(db, &catalog->exemptions[id].scope, catalog->exemptions[id].from, true);
    case ENTRY_CALENDAR:
        return change_covered(db, &catalog->calendars[id].scope, catalog->calendars[id].from, true);
    case ENTRY_CHANNEL: /* limits may have waited for it */
        return change_covered(db, &all, GK_TIME_MAX, false);
    case ENTRY_RULE: /* is judged over what was, too */
        return catalog->rules[id].from;
    case ENTRY_MAPPING:
    case ENTRY_PERSON:
    case ENTRY_SET_BAND: /* no rule asks by a set */
    case ENTRY_HISTORY:
        break;
    }
    return GK_TIME_MAX;
}

/* ---- the calendar --------------------------------------------------------------------------------------------------
 */

#define DAY_NS (INT64_C(86400) * GK_SECOND)

/* The first edge of what lies in [from, to), daily between two hours of the zone, within (after, upto]; else
 * GK_TIME_MAX. */
static gk_time first_edge(const gk_db *db, const struct gk_order *o, gk_time after, gk_time upto)
{
    if (o->from > after && o->from <= upto)
        return o->from;
    gk_time first = o->to > after && o->to <= upto ? o->to : GK_TIME_MAX;
    if ((o->hours_from_s == 0 && o->hours_to_s == 0) || after < o->from || after >= o->to)
        return first;
    gk_time shift = db->zone_s * GK_SECOND, day = floor_div(after + shift, DAY_NS) * DAY_NS - shift;
    for (int i = 0; i < 2; i++, day += DAY_NS) {
        gk_time edges[2] = {day + o->hours_from_s * GK_SECOND, day + o->hours_to_s * GK_SECOND};
        for (int k = 0; k < 2; k++)
            if (edges[k] > after && edges[k] <= upto && edges[k] < first)
                first = edges[k];
    }
    return first;
}

static void look_at_calendar(const gk_db *db, gk_time now)
{
    const struct catalog *catalog = db->catalog;
    gk_time after = db->changes->looked;

    for (size_t i = 0; i < catalog->n_orders; i++) {
        gk_time edge = first_edge(db, &catalog->orders[i], after, now);
        if (edge != GK_TIME_MAX)
            (void)change_covered(db, &catalog->orders[i].scope, edge, true);
    }
    for (size_t i = 0; i < catalog->n_exemptions; i++) {
        const struct gk_exemption *e = &catalog->exemptions[i];
        struct gk_order plain = {.from = e->from, .to = e->to};
        gk_time edge = first_edge(db, &plain, after, now);
        if (edge != GK_TIME_MAX)
            (void)change_covered(db, &e->scope, edge, true);
    }
}

/* ---- silence -------------------------------------------------------------------------------------------------------
 */

static void sift_down(struct changes *c, size_t i)
{
    struct moment moment = c->heap[i];

    for (size_t child; (child = 2 * i + 1) < c->n_heap; i = child) {
        if (child + 1 < c->n_heap && c->heap[child + 1].tick < c->heap[child].tick)
            child++;
        if (c->heap[child].tick >= moment.tick)
            break;
        c->heap[i] = c->heap[child];
    }
    c->heap[i] = moment;
}

/* Puts a facility in at place i or above, which is free or its own. */
static void sift_up(struct changes *c, size_t i, uint32_t facility)
{
    struct moment moment = {c->at[facility].until, facility};

    for (; i > 0 && c->heap[(i - 1) / 2].tick > moment.tick; i = (i - 1) / 2)
        c->heap[i] = c->heap[(i - 1) / 2];
    c->heap[i] = moment;
    c->at[facility].timed = moment.tick;
}

/* A later end is found out when the earlier one has come. */
static void put_moment(struct changes *c, uint32_t facility)
{
    size_t i = c->n_heap;

    if (c->at[facility].until >= c->at[facility].timed)
        return;
    if (c->at[facility].timed == GK_TICK_MAX)
        c->n_heap++;
    else /* other limits ended it sooner */
        for (i = 0; c->heap[i].facility != facility;)
            i++;
    sift_up(c, i, facility);
}

/* The state of a facility ended, or goes on to a later moment by now. */
static void look_at_silence(const gk_db *db, gk_time now)
{
    struct changes *c = db->changes;
    int64_t now_tick = tick_of(db->tick_ns, now);

    while (c->n_heap > 0 && c->heap[0].tick <= now_tick) {
        uint32_t facility = c->heap[0].facility;
        struct live *live = &c->at[facility];
        if (live->is_known && live->state != GK_NODATA && live->until > now_tick) {
            c->heap[0].tick = live->timed = live->until;
            sift_down(c, 0);
            continue;
        }
        c->heap[0] = c->heap[--c->n_heap];
        if (c->n_heap)
            sift_down(c, 0);
        live->timed = GK_TICK_MAX;
        if (live->is_known && live->state != GK_NODATA) {
            change(c, facility, time_of(db->tick_ns, live->until), true);
            live->state = GK_NODATA;
        }
    }
}

/* ---- looking -------------------------------------------------------------------------------------------------------
 */

/* A row may end a wait, or let one count, that began so many ticks before. */
static int64_t longest_dwell(const struct limits *limits)
{
    int64_t longest = 0;

    for (size_t i = 0; i < limits->n; i++) {
        const struct derive_limits *l = &limits->spans[i].limits;
        longest = l->dwell_on > longest ? l->dwell_on : longest;
        longest = l->dwell_off > longest ? l->dwell_off : longest;
    }
    return longest;
}

/* What the snapshot says of a facility's newest row. */
static int learn(gk_snapshot *s, uint32_t facility, struct live *live, struct gk_error *error)
{
    struct changes *c = s->db->changes;
    int rc;

    TRY(snapshot_limits(s, facility, error));
    const struct profile *p = &s->profile;
    bool was_held = live->hold_ns != 0 && live->uses_usual_hold;
    int64_t hold_ns = profile_hold(p), tick = tick_of(s->db->tick_ns, p->last);
    live->is_known = true;
    live->last = p->last;
    memcpy(live->gaps, p->gaps, sizeof live->gaps);
    live->uses_usual_hold = s->limits.uses_usual_hold;
    if ((was_held || live->uses_usual_hold) && hold_ns != live->hold_ns)
        tell(live, GK_TIME_MIN); /* every row holds differently */
    live->hold_ns = hold_ns;
    live->state = GK_NODATA;
    live->is_by_primary = false;
    if (p->n_rows == 0)
        return GK_OK;
    const struct limits_span *span = limits_at(&s->limits, tick);
    live->limits = span->limits;
    live->primary = span->primary;
    live->has_fallback = span->has_fallback;
    live->limits_to = span + 1 < s->limits.spans + s->limits.n ? span[1].from : GK_TICK_MAX;
    live->is_settled = limits_are_plain(&s->limits);
    memcpy(c->fallback, s->limits.fallback, sizeof c->fallback);
    /* Behind a newest row there is at most its state, the change that waited, and silence. */
    TRY(snapshot_states(s, facility, tick, tick + span->limits.hold + 2, &c->steps, error));
    live->state = (uint8_t)c->steps.at[0].value;
    for (size_t i = 1; i < c->steps.n; i++)
        live->until = c->steps.at[i].tick;
    if (live->state != GK_NODATA && (c->steps.n < 2 || c->steps.at[c->steps.n - 1].value != GK_NODATA))
        live->is_known = false; /* not a facility that can be followed row by row */
    if (live->states_from != GK_TIME_MIN && live->states_from != GK_TIME_MAX)
        tell(live, live->states_from - longest_dwell(&s->limits) * s->db->tick_ns);
done:
    return rc;
}

static int start(gk_db *db, struct gk_error *error)
{
    struct changes *c = mem_zeroed(&db->mem, sizeof *c);

    if (!c)
        return error_set(error, GK_ENOMEM, "out of memory for the changes");
    c->mem = db->mem;
    steps_init(&c->steps, &c->mem);
    c->looked = GK_TIME_MIN;
    c->is_lost = true;
    db->changes = c;
    return GK_OK;
}

/* Everybody, when nobody was followed before or too much was lost. */
static int list_all(gk_db *db, struct gk_error *error)
{
    struct changes *c = db->changes;

    if (!grow(c, db->catalog->n_facilities))
        return error_set(error, GK_ENOMEM, "out of memory for the changes");
    for (uint32_t f = 0; c->is_lost && f < db->catalog->n_facilities; f++)
        change(c, f, GK_TIME_MIN, false);
    c->is_lost = false;
    return GK_OK;
}

/* Learns what is not known of those that are listed, and lists who fell silent. */
static int learn_all(gk_snapshot *s, gk_time now, struct gk_error *error)
{
    gk_db *db = s->db;
    struct changes *c = db->changes;
    int rc = GK_OK;

    for (size_t i = 0; i < c->n_listed; i++) {
        struct live *live = &c->at[c->listed[i]];
        if (!live->is_known)
            TRY(learn(s, c->listed[i], live, error));
        if (live->is_known && live->state != GK_NODATA)
            put_moment(c, c->listed[i]);
    }
    look_at_silence(db, now); /* may list more, which are known */
done:
    return rc;
}

/* What is of a time up to now; a meter's clock may be ahead, and what it said waits until then. */
static gk_time take_until(gk_time *from, gk_time now)
{
    gk_time taken = *from;

    if (taken > now)
        return GK_TIME_MAX;
    *from = GK_TIME_MAX;
    return taken;
}

/* Empties the list into the one that is given, but for what waits. */
static size_t take_listed(struct changes *c, gk_time now)
{
    size_t n = 0, n_waiting = 0;

    for (size_t i = 0; i < c->n_listed; i++) {
        uint32_t facility = c->listed[i];
        struct live *live = &c->at[facility];
        gk_time rows_from = take_until(&live->rows_from, now), states_from = take_until(&live->states_from, now);
        if (rows_from != GK_TIME_MAX || states_from != GK_TIME_MAX)
            c->list[n++] = (struct gk_change){facility, rows_from, states_from};
        if (live->last > now && live->states_from == GK_TIME_MAX) /* it has rows of later still */
            live->states_from = now + 1;
        live->is_listed = live->rows_from != GK_TIME_MAX || live->states_from != GK_TIME_MAX;
        if (live->is_listed)
            c->listed[n_waiting++] = facility;
    }
    c->n_listed = n_waiting;
    return n;
}

int gk_changes(gk_db *db, gk_snapshot *snapshot, gk_time now, const struct gk_change **list, size_t *n,
               struct gk_error *error)
{
    int rc;

    *n = 0;
    *list = NULL;
    TRY(db_need_writer(db, error));
    if (!db->changes)
        TRY(start(db, error));
    struct changes *c = db->changes;
    TRY(list_all(db, error));
    if (c->looked != GK_TIME_MIN)
        look_at_calendar(db, now);
    TRY(learn_all(snapshot, now, error));
    c->looked = now;
    *n = take_listed(c, now);
    *list = c->list;
done:
    if (rc == GK_ENOMEM)
        (void)error_set(error, rc, "out of memory for the changes"); /* rc says it too */
    return rc;
}

/* ---- what is settled -----------------------------------------------------------------------------------------------
 */

gk_time gk_unsettled(gk_db *db)
{
    return db->unsettled;
}

int gk_settle(gk_db *db, gk_time from, struct gk_error *error)
{
    int rc;

    TRY(db_need_writer(db, error));
    db->unsettled = from;
    db->has_unsettled = db->is_unsettled_new = true;
    pending_touch_acts(db);
done:
    return rc;
}
