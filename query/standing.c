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

#include "parser.h"
#include "rule.h"

/* ---- opening ---- */

static void look_at_leaves(struct standing *standing)
{
    const struct bound *bound = &standing->query->bound;

    for (size_t i = 0; i < bound->n_leaves; i++) {
        const struct cond *leaf = bound->leaves[i];
        bool is_silence = leaf->kind == COND_STATE && leaf->mask == GK_STATE_BIT(GK_NODATA) && !leaf->is_negated;
        standing->is_of_silence = (i == 0 || standing->is_of_silence) && (is_silence || !cond_has_ref(leaf));
        standing->needs_rows |= bound->leaves[i]->kind == COND_COMPARE || bound->leaves[i]->kind == COND_FROZEN;
        standing->has_hours |= bound->leaves[i]->kind == COND_HOURS;
    }
}

static int list_subjects(struct standing *standing)
{
    struct gk_query *query = standing->query;
    int rc;

    query->scope = (struct scope){.snapshot = query->snapshot, .arena = &query->memory, .tail = &query->stmt->tail};
    TRY(scope_make(&query->scope, query->bound.subject, query->bound.subject_names));
    standing->kind = noun_kind(query->bound.subject);
    for (size_t i = 0; i < query->scope.n; i++)
        if (query->scope.list[i].id >= standing->n_ids)
            standing->n_ids = query->scope.list[i].id + 1;
    standing->is_subject = arena_array(&query->memory, standing->n_ids + 1, 1);
    if (!standing->is_subject)
        return arena_status(&query->memory);
    for (size_t i = 0; i < query->scope.n; i++)
        standing->is_subject[query->scope.list[i].id] = 1;
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
    query->is_started = true; /* its end frees what is made here */
    watch_start(&query->watch, session, &query->report);
    look_at_leaves(out);
    TRY(list_subjects(out));
    out->cond = query->rule->clear_ns ? query->stmt->cond->a : query->stmt->cond;
    query->window = (struct window){.tick_ns = query->bound.tick_ns, .zone_s = gk_snapshot_info(snapshot)->zone_s};
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
    eval_renew(&query->eval, snapshot);
    return GK_OK;
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
        uint32_t of = standing->kind == GK_FACILITY     ? p.facility
                      : standing->kind == GK_LINE       ? p.line
                      : standing->kind == GK_ENTERPRISE ? p.enterprise
                                                        : p.park;
        if (of != GK_ID_NONE)
            TRY(standing_hit_one(standing, of, from));
    }
done:
    return rc;
}

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

static int hit_linked(struct standing *standing, gk_snapshot *snapshot, uint32_t facility, int64_t from)
{
    size_t n;
    const struct gk_link *const *links = gk_facility_links(snapshot, facility, &n);
    int rc = GK_OK;

    for (size_t i = 0; i < n; i++)
        TRY(standing_hit_one(standing, links[i]->abatement == facility ? links[i]->production : links[i]->abatement,
                             from));
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

int standing_hit(struct standing *standing, gk_snapshot *snapshot, uint32_t facility, int64_t from)
{
    const struct bound *bound = &standing->query->bound;
    int rc = GK_OK;

    for (size_t i = 0; i < bound->n_leaves; i++)
        TRY(hit_leaf(standing, snapshot, bound->leaves[i], facility, from));
done:
    return rc;
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

bool standing_has_edge(const struct standing *standing, gk_time after, gk_time upto)
{
    const struct bound *bound = &standing->query->bound;
    gk_time shift = standing->query->window.zone_s * GK_SECOND;

    for (size_t i = 0; i < bound->n_leaves; i++) {
        const struct cond *leaf = bound->leaves[i];
        const int32_t edges[2] = {leaf->from_s, leaf->to_s};
        for (int k = 0; leaf->kind == COND_HOURS && k < 2; k++) {
            int64_t last = window_tick(upto + shift - edges[k] * GK_SECOND, DAY_NS);
            if (last != window_tick(after + shift - edges[k] * GK_SECOND, DAY_NS))
                return true;
        }
    }
    return false;
}

/* ---- asking ---- */

int standing_ask(struct standing *standing, uint32_t id, int64_t from, const gk_timeline **whole,
                 const gk_timeline **plain)
{
    struct gk_query *query = standing->query;
    int rc;

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

/* What must last is taken as it is, however long it has been so. */
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
        return core_at(eval, cond->a, tick);
    default:
        return truth_at(eval, cond, tick);
    }
}

enum gk_truth standing_at(struct standing *standing, int64_t tick)
{
    return core_at(&standing->query->eval, standing->cond, tick);
}

bool standing_is_exempt(struct standing *standing, int64_t tick)
{
    const struct cond *exempt = standing->query->exempt;

    return exempt && truth_at(&standing->query->eval, exempt, tick) == GK_TRUE;
}

/* The first of the moments after now that lie `ticks` behind a step. */
static int64_t first_after(const gk_timeline *timeline, int64_t ticks, int64_t now_tick)
{
    size_t n;
    const struct gk_step *steps = gk_timeline_steps(timeline, &n);
    int64_t first = GK_TICK_MAX;

    for (size_t i = n; i-- > 1;) {
        if (steps[i].tick > now_tick)
            continue;
        if (now_tick - steps[i].tick >= ticks)
            break;
        first = steps[i].tick + ticks;
    }
    return first;
}

static int64_t due_of(struct eval *eval, const struct cond *cond, int64_t now_tick)
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
    case COND_TOGETHER: /* what may still be joined by another one is a step of its own */
        of = cond;
        ticks = cond->ticks;
        break;
    default:
        break;
    }
    if (ticks > 0 && eval_part(eval, of, &timeline) == GK_OK)
        first = first_after(timeline, ticks, now_tick);
    for (int i = 0; i < 2 && cond->kind != COND_TOGETHER; i++) {
        const struct cond *child = i ? cond->b : cond->a;
        int64_t due = child ? due_of(eval, child, now_tick) : GK_TICK_MAX;
        first = due < first ? due : first;
    }
    return first;
}

int64_t standing_due(struct standing *standing)
{
    return due_of(&standing->query->eval, standing->query->stmt->cond, standing->query->window.now_tick);
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
