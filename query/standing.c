/*
 * standing.c - see standing.h.
 *
 * When a truth changes without data: every duration of the condition ends some time after a step of what it is about.
 * So the next such time is found in the steps that are there already, and nobody has to look before.
 */
#include "standing.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "measure.h"
#include "numbers.h"
#include "parser.h"
#include "rule.h"

static uint32_t site_of(const struct position *p, enum gk_kind kind)
{
    switch (kind) {
    case GK_FACILITY:
        return p->facility;
    case GK_LINE:
        return p->line;
    case GK_ENTERPRISE:
        return p->enterprise;
    case GK_PARK:
        return p->park;
    default:
        return kind == GK_ZONE ? 0 : GK_ID_NONE;
    }
}

/* ---- opening ---- */

static bool compares(const struct bound *bound)
{
    for (size_t i = 0; i < bound->n_leaves; i++)
        if (bound->leaves[i]->kind == COND_COMPARE || bound->leaves[i]->kind == COND_FROZEN)
            return true;
    return false;
}

static void look_at_leaves(struct standing *standing)
{
    const struct bound *bound = &standing->query->bound;
    size_t n = 0;

    standing->is_of_all = true;
    for (size_t i = 0; i < bound->n_leaves; i++) {
        const struct cond *leaf = bound->leaves[i];
        standing->has_hours |= leaf->kind == COND_HOURS || leaf->kind == COND_CALENDAR;
        if (!cond_has_ref(leaf))
            continue;
        uint32_t mask = leaf->kind == COND_STATE && !leaf->is_negated ? leaf->mask : 0;
        standing->of_state = n++ == 0 || mask == standing->of_state ? mask : 0;
        standing->is_of_all &= leaf->ref.quant == QUANT_ALL;
    }
    standing->needs_rows = compares(bound);
}

static void look_at_sources(struct standing *standing)
{
    for (const struct source *source = standing->query->stmt->sources; source; source = source->next)
        standing->needs_rows |= source->kind == SOURCE_SERIES || compares(source->bound);
}

/* The sites of those in the query's scope are subjects. */
static void add_subjects(struct standing *standing)
{
    const struct gk_query *query = standing->query;

    for (size_t i = 0; i < query->scope.n; i++) {
        struct position p = scope_position(query->snapshot, query->scope.list[i]);
        uint32_t id = query->numbers ? site_of(&p, standing->kind) : query->scope.list[i].id;
        if (id != GK_ID_NONE)
            standing->is_subject[id] = 1;
    }
}

static int list_subjects(struct standing *standing)
{
    struct gk_query *query = standing->query;
    const struct gk_store_info *info = gk_snapshot_info(query->snapshot);
    int rc = GK_OK;

    query->scope = (struct scope){.snapshot = query->snapshot, .arena = &query->memory, .tail = &query->stmt->tail};
    standing->kind = query->numbers ? query->numbers->kind : noun_kind(query->bound.subject);
    standing->n_ids = standing->kind == GK_FACILITY ? info->n_facilities
                      : standing->kind == GK_ZONE   ? 1
                                                    : info->n_sites[standing->kind];
    standing->is_subject = arena_array(&query->memory, standing->n_ids + 1, 1);
    standing->asked = arena_array(&query->memory, standing->n_ids + 1, 1);
    if (!standing->is_subject || !standing->asked)
        return arena_status(&query->memory);
    if (!query->numbers) {
        TRY(scope_make(&query->scope, query->bound.subject, query->bound.subject_names));
        add_subjects(standing);
        return GK_OK;
    }
    for (const struct source *source = query->stmt->sources; source; source = source->next) {
        TRY(source_scope(query, source));
        add_subjects(standing);
    }
done:
    return rc;
}

void standing_close(struct standing *standing)
{
    if (standing->query)
        arena_release(&standing->query->memory, &standing->hits, &standing->hits_capacity, sizeof *standing->hits);
    gk_query_free(standing->query);
    *standing = (struct standing){.query = NULL};
}

int standing_open(gk_session *session, gk_snapshot *snapshot, const struct gk_rule *rule, struct standing *out,
                  struct gk_query_error *error)
{
    size_t used;
    int rc;

    *out = (struct standing){.version = rule->version, .from = rule->from, .is_fresh = true};
    rc = gk_query_prepare(session, snapshot, rule->text, strlen(rule->text), &used, &out->query, error);
    if (rc == GK_ESYNTAX || rc == GK_ELIMIT || (rc == GK_OK && (!out->query || !out->query->rule))) {
        gk_query_free(out->query);
        out->query = NULL;
        return GK_OK;
    }
    TRY(rc);
    struct gk_query *query = out->query;
    query->snapshot = snapshot;
    query->is_started = true;   /* its end frees what is made here */
    query->report.error = NULL; /* the caller's */
    watch_start(&query->watch, session, &query->report);
    query->window = (struct window){.tick_ns = query->bound.tick_ns, .zone_s = gk_snapshot_info(snapshot)->zone_s};
    TRY(list_subjects(out));
    if (query->numbers) {
        look_at_sources(out);
        return GK_OK;
    }
    look_at_leaves(out);
    out->is_event = query->stmt->cond->is_event;
    out->cond = query->rule->clear_ns ? query->stmt->cond->a : query->stmt->cond;
    TRY(run_start_eval(query, &query->bound, query->stmt->cond));
    query->eval.keeps_parts = true;
done:
    if (rc != GK_OK)
        standing_close(out);
    return rc;
}

int standing_renew(struct standing *standing, gk_snapshot *snapshot, gk_time now)
{
    struct gk_query *query = standing->query;
    struct window *window = &query->window;

    query->snapshot = query->scope.snapshot = snapshot;
    window->now = now;
    window->now_tick = window_tick(now, window->tick_ns);
    window->b = window->known_end = window->now_tick + 1;
    watch_start(&query->watch, query->session, &query->report);
    if (!query->numbers)
        eval_renew(&query->eval, snapshot);
    return GK_OK;
}

/* A hit is 16 bytes: those of all subjects are given back, those of a look are kept. */
#define HITS_KEPT 256

void standing_rest(struct standing *standing)
{
    standing->n_hits = 0;
    standing->is_fresh = false;
    if (standing->hits_capacity > HITS_KEPT)
        arena_release(&standing->query->memory, &standing->hits, &standing->hits_capacity, sizeof *standing->hits);
    if (!standing->query->numbers)
        eval_shrink(&standing->query->eval);
}

/* ---- whom a facility concerns ---- */

int standing_hit_one(struct standing *standing, uint32_t id, int64_t from)
{
    struct arena *arena = &standing->query->memory;
    int rc = GK_OK;

    if (id >= standing->n_ids || !standing->is_subject[id])
        return GK_OK;
    TRY(arena_reserve(arena, &standing->hits, &standing->hits_capacity, standing->n_hits + 1, sizeof *standing->hits));
    standing->hits[standing->n_hits++] = (struct hit){id, from};
done:
    return rc;
}

int standing_hit_all(struct standing *standing, int64_t from)
{
    int rc = GK_OK;

    for (size_t id = 0; id < standing->n_ids; id++)
        TRY(standing_hit_one(standing, (uint32_t)id, from));
done:
    return rc;
}

/* The subjects inside of a site. */
static int hit_inside(struct standing *standing, gk_snapshot *snapshot, enum gk_kind kind, uint32_t id, int64_t from)
{
    size_t n;
    const uint32_t *ids = gk_site_facilities(snapshot, kind, id, &n);
    int rc = GK_OK;

    for (size_t i = 0; i < n; i++) {
        struct position p = scope_position(snapshot, (struct subject){GK_FACILITY, ids[i]});
        uint32_t of = site_of(&p, standing->kind);
        if (of != GK_ID_NONE)
            TRY(standing_hit_one(standing, of, from));
    }
done:
    return rc;
}

static int hit_linked(struct standing *standing, gk_snapshot *snapshot, uint32_t facility, int64_t from)
{
    size_t n;
    const struct gk_link *const *links = gk_facility_links(snapshot, facility, &n);
    int rc = GK_OK;

    for (size_t i = 0; i < n; i++) {
        uint32_t id = links[i]->abatement == facility ? links[i]->production : links[i]->abatement;
        struct position p = scope_position(snapshot, (struct subject){GK_FACILITY, id});
        if (site_of(&p, standing->kind) != GK_ID_NONE)
            TRY(standing_hit_one(standing, site_of(&p, standing->kind), from));
    }
done:
    return rc;
}

/* One leaf: who looks at this facility. */
static int hit_leaf(struct standing *standing, gk_snapshot *snapshot, const struct cond *leaf, uint32_t facility,
                    int64_t from)
{
    struct position p = scope_position(snapshot, (struct subject){GK_FACILITY, facility});
    enum gk_kind kind = cond_has_ref(leaf) ? noun_kind(leaf->ref.noun) : GK_FACILITY;
    uint32_t site = site_of(&p, kind);

    if (!cond_has_ref(leaf) || leaf->ref.range == RANGE_SELF || leaf->ref.range == RANGE_CONTAINED) {
        uint32_t id = site_of(&p, standing->kind);
        return id == GK_ID_NONE ? GK_OK : standing_hit_one(standing, id, from);
    }
    if (leaf->ref.range == RANGE_LINKED)
        return hit_linked(standing, snapshot, facility, from);
    if (leaf->ref.range == RANGE_CONTAINER)
        return site == GK_ID_NONE ? GK_OK : hit_inside(standing, snapshot, kind, site, from);
    for (const struct name *name = leaf->ref.names; name && site != GK_ID_NONE; name = name->next)
        if (strcmp(name->text.bytes, scope_site_name(snapshot, kind, site)) == 0)
            return standing_hit_all(standing, from);
    return GK_OK;
}

static int hit_bound(struct standing *standing, gk_snapshot *snapshot, const struct bound *bound, uint32_t facility,
                     int64_t from)
{
    int rc = GK_OK;

    for (size_t i = 0; i < bound->n_leaves; i++)
        TRY(hit_leaf(standing, snapshot, bound->leaves[i], facility, from));
done:
    return rc;
}

/* Numbers hear of what matters to buckets that are judged: rows in order do not. */
static int hit_numbers(struct standing *standing, gk_snapshot *snapshot, uint32_t facility, int64_t from)
{
    struct position p = scope_position(snapshot, (struct subject){GK_FACILITY, facility});
    uint32_t id = site_of(&p, standing->kind);
    int rc = GK_OK;

    if (from != GK_TICK_MIN && from - standing->query->numbers->pad >= standing->closed)
        return GK_OK;
    if (id != GK_ID_NONE)
        TRY(standing_hit_one(standing, id, from));
    for (const struct source *source = standing->query->stmt->sources; source; source = source->next)
        TRY(hit_bound(standing, snapshot, source->bound, facility, from));
done:
    return rc;
}

int standing_hit(struct standing *standing, gk_snapshot *snapshot, uint32_t facility, int64_t from)
{
    if (standing->query->numbers)
        return hit_numbers(standing, snapshot, facility, from);
    return hit_bound(standing, snapshot, &standing->query->bound, facility, from);
}

static int compare_hits(const void *p, const void *q)
{
    const struct hit *a = p, *b = q;

    if (a->id != b->id)
        return a->id < b->id ? -1 : 1;
    return a->from < b->from ? -1 : a->from > b->from;
}

void standing_sort_hits(struct standing *standing)
{
    size_t n = 0;

    if (standing->n_hits)
        qsort(standing->hits, standing->n_hits, sizeof *standing->hits, compare_hits);
    for (size_t i = 0; i < standing->n_hits; i++)
        if (n == 0 || standing->hits[n - 1].id != standing->hits[i].id)
            standing->hits[n++] = standing->hits[i];
    standing->n_hits = n;
}

#define DAY_NS (INT64_C(86400) * GK_SECOND)

/* Whether a time of day strikes in (after, upto], of times in the store's zone. */
static bool strikes(int32_t second, gk_time after, gk_time upto)
{
    return window_tick(upto - second * GK_SECOND, DAY_NS) != window_tick(after - second * GK_SECOND, DAY_NS);
}

static bool has_edge(const struct standing *standing, gk_snapshot *snapshot, gk_time after, gk_time upto)
{
    const struct bound *bound = &standing->query->bound;
    gk_time shift = standing->query->window.zone_s * GK_SECOND;
    size_t n;
    const struct gk_calendar *calendars = gk_calendars(snapshot, &n);
    bool has_days = false, is_edge = false;

    after += shift;
    upto += shift;
    for (size_t i = 0; standing->has_hours && i < bound->n_leaves; i++) {
        const struct cond *leaf = bound->leaves[i];
        has_days |= leaf->kind == COND_CALENDAR;
        is_edge |= leaf->kind == COND_HOURS && (strikes(leaf->from_s, after, upto) || strikes(leaf->to_s, after, upto));
    }
    is_edge |= has_days && strikes(0, after, upto);
    for (size_t i = 0; i < n && has_days; i++)
        is_edge |= strikes(calendars[i].hours_from_s, after, upto) || strikes(calendars[i].hours_to_s, after, upto);
    return is_edge;
}

bool standing_strikes(struct standing *standing, gk_snapshot *snapshot, gk_time after, gk_time upto, int64_t *from)
{
    struct gk_query *query = standing->query;

    *from = window_tick(after, query->window.tick_ns);
    if (!query->numbers)
        return has_edge(standing, snapshot, after, upto);
    *from = window_tick(numbers_end(query, after), query->window.tick_ns);
    standing->closed = window_tick(numbers_end(query, upto), query->window.tick_ns);
    return *from < standing->closed;
}

/* ---- how far back ---- */

static int64_t bucket_of(const struct gk_query *query, int64_t tick)
{
    return window_tick(numbers_bucket(query, tick * query->window.tick_ns), query->window.tick_ns);
}

int64_t standing_lower(const struct standing *standing, gk_time from)
{
    const struct gk_query *query = standing->query;
    gk_time beginning = gk_snapshot_info(query->snapshot)->beginning;
    int64_t tick_ns = query->window.tick_ns, first;

    if (!query->numbers) {
        first = from == GK_TIME_MIN ? GK_TICK_MIN : window_tick(from, tick_ns);
        return first < query->eval.first_tick ? query->eval.first_tick : first;
    }
    if (beginning == GK_TIME_MAX)
        return standing->closed;
    first = window_tick(numbers_bucket(query, beginning), tick_ns);
    if (from <= beginning)
        return first;
    return window_tick(window_bucket_end(&query->window, &query->stmt->tail, from - 1), tick_ns);
}

int64_t standing_back(const struct standing *standing, int64_t tick)
{
    const struct gk_query *query = standing->query;

    if (!query->numbers)
        return tick - query->bound.pad;
    /* One bucket more: it touches, and may be a part of the breach. */
    return bucket_of(query, bucket_of(query, tick - query->numbers->pad - query->numbers->back) - 1);
}

size_t standing_most(const struct standing *standing, int64_t from)
{
    const struct gk_query *query = standing->query;
    int64_t tick_ns = query->window.tick_ns;

    if (!query->numbers)
        return SIZE_MAX;
    return numbers_most(query, from * tick_ns, standing->closed * tick_ns);
}

int standing_prepare(struct standing *standing, const struct hit *hits, size_t n, int64_t from)
{
    struct gk_query *query = standing->query;
    int64_t tick_ns = query->window.tick_ns;
    int rc;

    if (!query->numbers)
        return GK_OK;
    for (size_t i = 0; i < n; i++)
        standing->asked[hits[i].id] = 1;
    query->numbers->asked = standing->asked;
    query->numbers->n_asked = standing->n_ids;
    rc = numbers_ask(query, bucket_of(query, from) * tick_ns, standing->closed * tick_ns);
    for (size_t i = 0; i < n; i++)
        standing->asked[hits[i].id] = 0;
    return rc == GK_ERANGE ? GK_DONE : rc; /* of dropped rows some things cannot be told */
}

/* ---- asking ---- */

int standing_ask(struct standing *standing, uint32_t id, int64_t from, const gk_timeline **whole,
                 const gk_timeline **plain)
{
    struct gk_query *query = standing->query;
    int rc;

    if (query->numbers) {
        rc = numbers_truth(query, id, whole);
        *plain = *whole;
        return rc;
    }
    query->window.a = from < query->window.b ? from : query->window.b;
    TRY(eval_subject(&query->eval, (struct subject){standing->kind, id}, EVAL_POSSIBLE, whole));
    *plain = *whole;
    if (standing->cond != query->stmt->cond)
        TRY(eval_part(&query->eval, standing->cond, plain));
done:
    return rc;
}

static enum gk_truth truth_at(struct eval *eval, const struct cond *cond, int64_t tick)
{
    const gk_timeline *timeline;

    /* It was worked out just now: nothing can fail. */
    return eval_part(eval, cond, &timeline) == GK_OK ? gk_timeline_at(timeline, tick) : GK_UNKNOWN;
}

/* What must last is taken as it is, however long it has been so, and what may yet come as it is so far. */
static enum gk_truth core_at(struct eval *eval, const struct cond *cond, int64_t tick)
{
    enum gk_truth a, b;

    switch (cond->kind) {
    case COND_AND:
    case COND_OR:
        a = core_at(eval, cond->a, tick);
        b = core_at(eval, cond->b, tick);
        return (cond->kind == COND_AND) == (a < b) ? a : b;
    case COND_NOT:
        return (enum gk_truth)(GK_TRUE - core_at(eval, cond->a, tick));
    case COND_AT_LEAST:
    case COND_GAPS:
    case COND_SURELY:
    case COND_WITHIN_NEXT:
        return core_at(eval, cond->a, tick);
    case COND_TOGETHER: /* as it was when nothing can join it any more */
        return truth_at(eval, cond, tick - cond->ticks - 1);
    default:
        return truth_at(eval, cond, tick);
    }
}

int64_t standing_run_start(const struct standing *standing, int64_t from, int64_t to)
{
    const struct run run = {from, to, GK_TRUE};
    bool is_endless;

    return standing->query->numbers ? from : eval_run_start(&standing->query->eval, &run, &is_endless);
}

enum gk_truth standing_at(struct standing *standing, int64_t tick)
{
    if (standing->query->numbers) /* what the last bucket said */
        return gk_timeline_at(standing->query->numbers->truth, standing->closed - 1);
    return core_at(&standing->query->eval, standing->cond, tick);
}

bool standing_is_exempt(struct standing *standing, int64_t tick)
{
    const struct cond *exempt = standing->query->exempt;

    return exempt && truth_at(&standing->query->eval, exempt, tick) == GK_TRUE;
}

/* The first of the moments after now that lie `ticks` behind a step, of steps up to a tick. */
static int64_t first_after(const gk_timeline *timeline, int64_t ticks, int64_t now_tick, int64_t upto)
{
    size_t n;
    const struct gk_step *steps = gk_timeline_steps(timeline, &n);
    int64_t first = GK_TICK_MAX;

    for (size_t i = n; i-- > 1;) {
        if (steps[i].tick > upto)
            continue;
        if (now_tick - steps[i].tick >= ticks)
            break;
        first = steps[i].tick + ticks;
    }
    return first;
}

/*
 * What the calendar says is known ahead: before an exemption there comes a moment from which on nothing can last long
 * enough any more.
 */
static int64_t first_too_short(const gk_timeline *timeline, int64_t ticks, int64_t now_tick)
{
    size_t n;
    const struct gk_step *steps = gk_timeline_steps(timeline, &n);

    int64_t first = GK_TICK_MAX;

    for (size_t i = n; i-- > 1 && steps[i].tick - ticks + 1 > now_tick;)
        if (steps[i].value == GK_FALSE)
            first = steps[i].tick - ticks > now_tick ? steps[i].tick - ticks : steps[i].tick - ticks + 1;
    return first;
}

/* How far ahead a condition looks. */
static int64_t ahead_of(const struct cond *cond)
{
    int64_t a = cond->a ? ahead_of(cond->a) : 0, b = cond->b ? ahead_of(cond->b) : 0;

    return (a > b ? a : b) + (cond->kind == COND_WITHIN_NEXT ? cond->ticks : 0);
}

/*
 * `ahead`: how far the whole looks ahead. What happens in a part that does not is judged so much later: `start of A
 * unless (B within next 3m)` three minutes behind the start, though B does nothing.
 */
static int64_t due_of(struct eval *eval, const struct cond *cond, int64_t ahead, int64_t now_tick)
{
    const struct cond *of = cond->a;
    int64_t first = GK_TICK_MAX, ticks = 0;
    const gk_timeline *timeline;

    switch (cond->kind) {
    case COND_AT_LEAST: /* known one tick before it is over */
    case COND_LESS:
    case COND_GAPS:
        ticks = cond->ticks - 1;
        break;
    case COND_HELD:
    case COND_WITHIN_LAST:
    case COND_WITHIN_NEXT:
    case COND_TIMES:
        ticks = cond->ticks;
        break;
    case COND_START:
    case COND_END:
        ticks = 1;
        break;
    case COND_AFTER:
        of = cond->b;
        ticks = cond->ticks;
        break;
    case COND_TOGETHER: /* how far it went is known one tick before, also of what went so just now */
        if (eval_part(eval, cond, &timeline) == GK_OK) {
            int64_t end = first_after(timeline, cond->ticks - 1, now_tick, now_tick + 1);
            first = first_after(timeline, cond->ticks, now_tick, now_tick + 1);
            first = end < first ? end : first;
        }
        break;
    default:
        break;
    }
    if (ticks > 0 && eval_part(eval, of, &timeline) == GK_OK)
        first = first_after(timeline, ticks, now_tick, now_tick);
    if (cond->kind == COND_AT_LEAST && eval_part(eval, of, &timeline) == GK_OK) {
        int64_t due = first_too_short(timeline, cond->ticks, now_tick);
        first = due < first ? due : first;
    }
    if (ahead > 0 && ahead_of(cond) == 0 && eval_part(eval, cond, &timeline) == GK_OK) {
        int64_t due = first_after(timeline, ahead, now_tick, now_tick);
        first = due < first ? due : first;
    }
    for (int i = 0; i < 2 && cond->kind != COND_TOGETHER; i++) {
        const struct cond *child = i ? cond->b : cond->a;
        int64_t due = child ? due_of(eval, child, ahead, now_tick) : GK_TICK_MAX;
        first = due < first ? due : first;
    }
    return first;
}

int64_t standing_due(struct standing *standing)
{
    if (standing->query->numbers) /* buckets are over at their time */
        return GK_TICK_MAX;
    const struct cond *cond = standing->query->stmt->cond;
    return due_of(&standing->query->eval, cond, ahead_of(cond), standing->query->window.now_tick);
}

/* ---- the text ---- */

static void put(char *out, size_t size, size_t *at, const char *bytes, size_t n)
{
    for (size_t i = 0; i < n && *at + 1 < size; i++)
        out[(*at)++] = bytes[i];
    out[*at] = '\0';
}

/* What stands for a place; NULL: it is none. */
static const char *fill_in(const struct standing *standing, struct subject subject, const char *start,
                           const char *place, size_t n)
{
    const struct gk_query *query = standing->query;
    struct position p = scope_position(query->snapshot, subject);
    const struct {
        const char *name, *text;
    } places[] = {{"subject", scope_name(query->snapshot, subject)},
                  {"facility", scope_site_name(query->snapshot, GK_FACILITY, p.facility)},
                  {"line", scope_site_name(query->snapshot, GK_LINE, p.line)},
                  {"enterprise", scope_site_name(query->snapshot, GK_ENTERPRISE, p.enterprise)},
                  {"park", scope_site_name(query->snapshot, GK_PARK, p.park)},
                  {"start", start},
                  {"rule", query->rule->name.bytes},
                  {"title", query->rule->title.size ? query->rule->title.bytes : query->rule->name.bytes},
                  {"level", query->rule->level}};

    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++)
        if (strlen(places[i].name) == n && memcmp(places[i].name, place, n) == 0)
            return places[i].text;
    return NULL;
}

void standing_text(const struct standing *standing, struct subject subject, gk_time from, char *out, size_t size)
{
    const struct gk_query *query = standing->query;
    const char *text = query->rule->message.size ? query->rule->message.bytes : "{title}: {subject}";
    char start[GK_TIME_TEXT_MAX];
    size_t at = 0;

    (void)gk_time_format(from, query->window.zone_s, start); /* the length is not needed */
    out[0] = '\0';
    while (*text) {
        const char *open = strchr(text, '{'), *close = open ? strchr(open, '}') : NULL;
        const char *filled = close ? fill_in(standing, subject, start, open + 1, (size_t)(close - open) - 1) : NULL;
        if (!filled) {
            put(out, size, &at, text, strlen(text));
            return;
        }
        put(out, size, &at, text, (size_t)(open - text));
        put(out, size, &at, filled, strlen(filled));
        text = close + 1;
    }
}
