/*
 * scope.c - see scope.h. A site passes `where` when some facility in it does; `in` cuts through: of a site that is
 * wider than the tail says, only the facilities inside the tail's sites take part.
 */
#include "scope.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "parser.h"

struct position scope_position(gk_snapshot *snapshot, struct subject subject)
{
    struct position out = {GK_ID_NONE, GK_ID_NONE, GK_ID_NONE, GK_ID_NONE};

    if (subject.kind == GK_FACILITY) {
        const struct gk_facility *facility = gk_facility_get(snapshot, subject.id);
        return (struct position){subject.id, facility->line, facility->enterprise, facility->park};
    }
    if (subject.kind == GK_LINE) {
        out.line = subject.id;
        out.enterprise = gk_site_get(snapshot, GK_LINE, subject.id)->parent;
    }
    if (subject.kind == GK_ENTERPRISE)
        out.enterprise = subject.id;
    if (out.enterprise != GK_ID_NONE)
        out.park = gk_site_get(snapshot, GK_ENTERPRISE, out.enterprise)->parent;
    if (subject.kind == GK_PARK)
        out.park = subject.id;
    return out;
}

const char *scope_site_name(gk_snapshot *snapshot, enum gk_kind kind, uint32_t id)
{
    if (id == GK_ID_NONE)
        return "";
    return kind == GK_FACILITY ? gk_facility_get(snapshot, id)->name : gk_site_get(snapshot, kind, id)->name;
}

const char *scope_name(gk_snapshot *snapshot, struct subject subject)
{
    return subject.kind == GK_ZONE ? "zone" : scope_site_name(snapshot, subject.kind, subject.id);
}

/* ---- where ---- */

static bool compare_holds(enum gk_compare compare, int order)
{
    switch (compare) {
    case GK_LT:
        return order < 0;
    case GK_LE:
        return order <= 0;
    case GK_GT:
        return order > 0;
    case GK_GE:
        return order >= 0;
    case GK_EQ:
        return order == 0;
    case GK_NE:
        return order != 0;
    }
    return false;
}

static bool number_holds(const struct filter *filter, double value)
{
    if (isnan(value))
        return false;
    return compare_holds(filter->compare, value < filter->number ? -1 : value > filter->number);
}

bool scope_text_holds(const struct filter *filter, const char *text)
{
    if (!text)
        return false; /* a facility without the tag passes no comparison */
    if (filter->is_number) {
        struct gk_text value = {text, strlen(text)};
        double number = 0, scale = 0;
        bool is_minus = value.size && text[0] == '-', is_number = value.size > is_minus;
        for (size_t i = is_minus; i < value.size; i++) {
            if (text[i] == '.' && scale == 0)
                scale = 1;
            else if (text[i] >= '0' && text[i] <= '9')
                number = number * 10 + (text[i] - '0'), scale *= 10;
            else
                is_number = false;
        }
        if (is_number)
            return number_holds(filter, (is_minus ? -number : number) / (scale > 0 ? scale : 1));
    }
    return compare_holds(filter->compare, strcmp(text, filter->value.bytes));
}

static bool filter_holds(gk_snapshot *snapshot, const struct filter *filter, const struct gk_facility *facility)
{
    static const char *const roles[] = {"other", "production", "abatement"};
    const char *tag = filter->tag.bytes;

    if (strcmp(tag, "name") == 0)
        return scope_text_holds(filter, facility->name);
    if (strcmp(tag, "role") == 0)
        return scope_text_holds(filter, roles[facility->role]);
    if (strcmp(tag, "rated_kw") == 0)
        return number_holds(filter, facility->rated_kw);
    if (strcmp(tag, "rated_a") == 0)
        return number_holds(filter, facility->rated_a);
    if (strcmp(tag, "line") == 0)
        return scope_text_holds(filter, scope_site_name(snapshot, GK_LINE, facility->line));
    if (strcmp(tag, "enterprise") == 0)
        return scope_text_holds(filter, scope_site_name(snapshot, GK_ENTERPRISE, facility->enterprise));
    if (strcmp(tag, "park") == 0)
        return scope_text_holds(filter, scope_site_name(snapshot, GK_PARK, facility->park));
    return scope_text_holds(filter, gk_facility_tag(facility, tag));
}

static bool facility_passes(const struct scope *scope, uint32_t id)
{
    const struct gk_facility *facility = gk_facility_get(scope->snapshot, id);

    if (scope->is_in && !scope->is_in[id])
        return false;
    for (const struct filter *filter = scope->tail->where; filter; filter = filter->next)
        if (!filter_holds(scope->snapshot, filter, facility))
            return false;
    for (const struct filter *filter = scope->where; filter; filter = filter->next)
        if (!filter_holds(scope->snapshot, filter, facility))
            return false;
    return true;
}

/* ---- in, names ---- */

/* Lines of several enterprises may share a name, so sites are compared by name. */
static bool is_named(gk_snapshot *snapshot, const struct name *names, enum gk_kind kind, uint32_t id)
{
    if (id == GK_ID_NONE)
        return false;
    for (const struct name *name = names; name; name = name->next)
        if (strcmp(name->text.bytes, scope_site_name(snapshot, kind, id)) == 0)
            return true;
    return false;
}

static uint32_t id_of_kind(const struct position *position, enum gk_kind kind)
{
    switch (kind) {
    case GK_FACILITY:
        return position->facility;
    case GK_LINE:
        return position->line;
    case GK_ENTERPRISE:
        return position->enterprise;
    case GK_PARK:
        return position->park;
    default:
        return kind == GK_ZONE ? 0 : GK_ID_NONE;
    }
}

/* A growing list of ids. */
struct ids {
    uint32_t *list;
    size_t n, capacity;
};

static int add_ids(const struct scope *scope, const uint32_t *list, size_t n, struct ids *out)
{
    int rc;

    TRY(arena_reserve(scope->arena, &out->list, &out->capacity, out->n + n, sizeof *out->list));
    for (size_t i = 0; i < n; i++)
        out->list[out->n++] = list[i];
done:
    return rc;
}

/* The facilities and sites of a kind that are named. A line of the name may be newer than the statement. */
static int add_named_ids(const struct scope *scope, enum gk_kind kind, const struct name *names, struct ids *out)
{
    int rc = GK_OK;

    for (const struct name *name = names; name && kind != GK_LINE; name = name->next)
        TRY(add_ids(scope, &name->id, 1, out));
    for (uint32_t id = 0; kind == GK_LINE && id < gk_snapshot_info(scope->snapshot)->n_sites[kind]; id++)
        if (is_named(scope->snapshot, names, kind, id))
            TRY(add_ids(scope, &id, 1, out));
done:
    return rc;
}

/* The facilities that are named, or inside the sites that are. */
static int add_facilities_of(const struct scope *scope, enum gk_kind kind, const struct name *names, struct ids *out)
{
    struct ids named = {NULL, 0, 0};
    int rc;

    if (kind == GK_FACILITY)
        return add_named_ids(scope, kind, names, out);
    TRY(add_named_ids(scope, kind, names, &named));
    for (size_t i = 0; i < named.n; i++) {
        size_t n;
        const uint32_t *ids = gk_site_facilities(scope->snapshot, kind, named.list[i], &n);
        TRY(add_ids(scope, ids, n, out));
    }
done:
    arena_release(scope->arena, &named.list, &named.capacity, sizeof *named.list);
    return rc;
}

static int compare_id(const void *p, const void *q)
{
    uint32_t a, b;

    memcpy(&a, p, sizeof a);
    memcpy(&b, q, sizeof b);
    return a < b ? -1 : a > b;
}

/* Ascending, each once. */
static void sort_ids(struct ids *ids)
{
    size_t n = 0;

    if (ids->n)
        qsort(ids->list, ids->n, sizeof *ids->list, compare_id);
    for (size_t i = 0; i < ids->n; i++)
        if (n == 0 || ids->list[n - 1] != ids->list[i])
            ids->list[n++] = ids->list[i];
    ids->n = n;
}

static int make_in(struct scope *scope)
{
    size_t n = gk_snapshot_info(scope->snapshot)->n_facilities;
    struct ids ids = {NULL, 0, 0};
    int rc;

    scope->is_in = NULL;
    if (!scope->tail->in_names)
        return GK_OK;
    scope->is_in = arena_array(scope->arena, n + 1, 1);
    if (!scope->is_in)
        return arena_status(scope->arena);
    TRY(add_facilities_of(scope, noun_kind(scope->tail->in), scope->tail->in_names, &ids));
    for (size_t i = 0; i < ids.n; i++)
        scope->is_in[ids.list[i]] = 1;
done:
    arena_release(scope->arena, &ids.list, &ids.capacity, sizeof *ids.list);
    return rc;
}

bool scope_is_in(const struct scope *scope, struct subject subject)
{
    size_t n;

    if (!scope->is_in)
        return true;
    if (subject.kind == GK_FACILITY)
        return scope->is_in[subject.id];
    const uint32_t *ids = gk_site_facilities(scope->snapshot, subject.kind, subject.id, &n);
    for (size_t i = 0; i < n; i++)
        if (scope->is_in[ids[i]])
            return true;
    return false;
}

bool scope_has_role(gk_snapshot *snapshot, uint32_t facility, enum noun noun)
{
    if (noun == NOUN_FACILITY || !noun_is_facility(noun))
        return true;
    return gk_facility_get(snapshot, facility)->role == (noun == NOUN_PRODUCTION ? GK_PRODUCTION : GK_ABATEMENT);
}

/* ---- subjects ---- */

static bool site_passes(const struct scope *scope, struct subject subject)
{
    size_t n;

    if (!scope->is_in && !scope->tail->where)
        return true;
    const uint32_t *ids = gk_site_facilities(scope->snapshot, subject.kind, subject.id, &n);
    for (size_t i = 0; i < n; i++)
        if (facility_passes(scope, ids[i]))
            return true;
    return false;
}

static bool passes(const struct scope *scope, enum noun noun, struct subject subject)
{
    if (subject.kind == GK_FACILITY)
        return scope_has_role(scope->snapshot, subject.id, noun) && facility_passes(scope, subject.id);
    return site_passes(scope, subject);
}

/* All subjects of a kind that pass, in the order of their ids. */
static int list_all(struct scope *scope, enum noun noun)
{
    const struct gk_store_info *info = gk_snapshot_info(scope->snapshot);
    enum gk_kind kind = noun_kind(noun);
    uint32_t n = kind == GK_FACILITY ? info->n_facilities : kind == GK_ZONE ? 1 : info->n_sites[kind];

    scope->list = arena_array(scope->arena, (size_t)n + 1, sizeof *scope->list);
    if (!scope->list)
        return arena_status(scope->arena);
    for (uint32_t id = 0; id < n; id++) {
        struct subject subject = {kind, id};
        if (passes(scope, noun, subject))
            scope->list[scope->n++] = subject;
    }
    return GK_OK;
}

/* Of some ids those that pass; a question about one enterprise does not look at all others. */
static int list_some(struct scope *scope, enum noun noun, struct ids *ids)
{
    enum gk_kind kind = noun_kind(noun);

    sort_ids(ids);
    scope->list = arena_array(scope->arena, ids->n + 1, sizeof *scope->list);
    if (!scope->list)
        return arena_status(scope->arena);
    for (size_t i = 0; i < ids->n; i++) {
        struct subject subject = {kind, ids->list[i]};
        if (passes(scope, noun, subject))
            scope->list[scope->n++] = subject;
    }
    return GK_OK;
}

/* From facilities to the sites of a kind in which they are. */
static void widen(const struct scope *scope, enum gk_kind kind, struct ids *ids)
{
    size_t n = 0;

    for (size_t i = 0; i < ids->n; i++) {
        struct position position = scope_position(scope->snapshot, (struct subject){GK_FACILITY, ids->list[i]});
        uint32_t id = id_of_kind(&position, kind);
        if (id != GK_ID_NONE)
            ids->list[n++] = id;
    }
    ids->n = n;
}

int scope_make(struct scope *scope, enum noun noun, const struct name *names)
{
    struct ids ids = {NULL, 0, 0};
    int rc;

    scope->n = 0;
    TRY(make_in(scope));
    if (names) {
        TRY(add_named_ids(scope, noun_kind(noun), names, &ids));
    } else if (scope->is_in) {
        TRY(add_facilities_of(scope, noun_kind(scope->tail->in), scope->tail->in_names, &ids));
        widen(scope, noun_kind(noun), &ids);
    } else {
        return list_all(scope, noun);
    }
    TRY(list_some(scope, noun, &ids));
done:
    arena_release(scope->arena, &ids.list, &ids.capacity, sizeof *ids.list);
    return rc;
}

int scope_make_facilities(struct scope *scope, const struct ref *ref)
{
    struct ids ids = {NULL, 0, 0};
    int rc;

    if (noun_is_facility(ref->noun) || !ref->names)
        return scope_make(scope, noun_is_facility(ref->noun) ? ref->noun : NOUN_FACILITY,
                          noun_is_facility(ref->noun) ? ref->names : NULL);
    scope->n = 0;
    TRY(make_in(scope));
    TRY(add_facilities_of(scope, noun_kind(ref->noun), ref->names, &ids));
    TRY(list_some(scope, NOUN_FACILITY, &ids));
done:
    arena_release(scope->arena, &ids.list, &ids.capacity, sizeof *ids.list);
    return rc;
}

/* ---- relatives ---- */

static int add(const struct scope *scope, struct members *out, struct subject subject, gk_time from, gk_time to)
{
    int rc;

    TRY(arena_reserve(scope->arena, &out->list, &out->capacity, out->n + 1, sizeof *out->list));
    out->list[out->n++] = (struct member){subject, from, to};
done:
    return rc;
}

/* Links of the same two may overlap: members from `base` on that `link` touches become one with it. */
static void absorb(struct members *out, size_t base, struct member *link)
{
    for (size_t i = base; i < out->n;) {
        const struct member *other = &out->list[i];
        if (other->subject.id != link->subject.id || other->from > link->to || other->to < link->from) {
            i++;
            continue;
        }
        link->from = other->from < link->from ? other->from : link->from;
        link->to = other->to > link->to ? other->to : link->to;
        out->list[i] = out->list[--out->n];
    }
}

static int add_linked(const struct scope *scope, enum noun noun, uint32_t id, struct members *out)
{
    size_t n, base = out->n;
    const struct gk_link *const *links = gk_facility_links(scope->snapshot, id, &n);
    int rc = GK_OK;

    for (size_t i = 0; i < n; i++) {
        uint32_t other = links[i]->abatement == id ? links[i]->production : links[i]->abatement;
        if (!scope_has_role(scope->snapshot, other, noun))
            continue;
        struct member member = {{GK_FACILITY, other}, links[i]->from, links[i]->to};
        if (!links[i]->is_default) /* of those there is one */
            absorb(out, base, &member);
        TRY(add(scope, out, member.subject, member.from, member.to));
    }
done:
    return rc;
}

/* The facilities of a role inside a site. */
static int add_facilities(const struct scope *scope, enum noun noun, struct subject site, struct members *out)
{
    size_t n;
    const uint32_t *ids = gk_site_facilities(scope->snapshot, site.kind, site.id, &n);
    int rc = GK_OK;

    for (size_t i = 0; i < n; i++)
        if ((!scope->is_in || scope->is_in[ids[i]]) && scope_has_role(scope->snapshot, ids[i], noun))
            TRY(add(scope, out, (struct subject){GK_FACILITY, ids[i]}, GK_TIME_MIN, GK_TIME_MAX));
done:
    return rc;
}

/* The sites of a kind inside a wider site. */
static int add_sites(const struct scope *scope, enum gk_kind kind, struct subject site, struct members *out)
{
    uint32_t n = gk_snapshot_info(scope->snapshot)->n_sites[kind];
    int rc = GK_OK;

    for (uint32_t id = 0; id < n; id++) {
        struct subject inner = {kind, id};
        struct position position = scope_position(scope->snapshot, inner);
        if (id_of_kind(&position, site.kind) == site.id && scope_is_in(scope, inner))
            TRY(add(scope, out, inner, GK_TIME_MIN, GK_TIME_MAX));
    }
done:
    return rc;
}

static int add_named(const struct scope *scope, const struct ref *ref, struct members *out)
{
    enum gk_kind kind = noun_kind(ref->noun);
    int rc = GK_OK;

    if (kind == GK_FACILITY) {
        for (const struct name *name = ref->names; name; name = name->next)
            TRY(add(scope, out, (struct subject){kind, name->id}, GK_TIME_MIN, GK_TIME_MAX));
        return GK_OK;
    }
    for (uint32_t id = 0; id < gk_snapshot_info(scope->snapshot)->n_sites[kind]; id++)
        if (is_named(scope->snapshot, ref->names, kind, id))
            TRY(add(scope, out, (struct subject){kind, id}, GK_TIME_MIN, GK_TIME_MAX));
done:
    return rc;
}

int scope_members(const struct scope *scope, const struct ref *ref, struct subject subject, struct members *out)
{
    struct position position;
    enum gk_kind kind = noun_kind(ref->noun);

    switch (ref->range) {
    case RANGE_SELF:
        return add(scope, out, subject, GK_TIME_MIN, GK_TIME_MAX);
    case RANGE_LINKED:
        return add_linked(scope, ref->noun, subject.id, out);
    case RANGE_CONTAINED:
        return kind == GK_FACILITY ? add_facilities(scope, ref->noun, subject, out)
                                   : add_sites(scope, kind, subject, out);
    case RANGE_CONTAINER:
        position = scope_position(scope->snapshot, subject);
        if (id_of_kind(&position, kind) == GK_ID_NONE)
            return GK_OK;
        return add(scope, out, (struct subject){kind, id_of_kind(&position, kind)}, GK_TIME_MIN, GK_TIME_MAX);
    case RANGE_NAMED:
        return add_named(scope, ref, out);
    }
    return GK_OK;
}

/* ---- orders and exemptions ---- */

/* A number with nothing around it; false for every other text. */
static bool read_level(const char *text, int64_t *out)
{
    size_t n = text ? strlen(text) : 0;

    *out = 0;
    if (n == 0 || n > 9)
        return false;
    for (size_t i = 0; i < n; i++) {
        if (text[i] < '0' || text[i] > '9')
            return false;
        *out = *out * 10 + (text[i] - '0');
    }
    return true;
}

/* An order of a numeric level binds a facility with a tag stop_level only if 0 < stop_level <= level. */
static bool order_binds(const struct scope *scope, const struct gk_order *order, uint32_t facility)
{
    int64_t level, stop_level;

    if (!order || !read_level(order->level, &level))
        return true;
    const char *tag = gk_facility_tag(gk_facility_get(scope->snapshot, facility), "stop_level");
    return !read_level(tag, &stop_level) || (stop_level > 0 && stop_level <= level);
}

static bool covers_facility(const struct scope *scope, const struct gk_scope *wide, const struct gk_order *order,
                            uint32_t id)
{
    return gk_scope_covers(scope->snapshot, wide, id) && order_binds(scope, order, id);
}

enum noun scope_counted(const struct scope *scope, struct subject site)
{
    size_t n;
    const uint32_t *ids = gk_site_facilities(scope->snapshot, site.kind, site.id, &n);

    for (size_t i = 0; i < n; i++)
        if (scope_has_role(scope->snapshot, ids[i], NOUN_PRODUCTION))
            return NOUN_PRODUCTION;
    return NOUN_FACILITY;
}

enum gk_truth scope_covers(const struct scope *scope, const struct gk_scope *wide, const struct gk_order *order,
                           struct subject subject)
{
    size_t n, n_all = 0, n_covered = 0;

    if (subject.kind == GK_FACILITY)
        return covers_facility(scope, wide, order, subject.id) ? GK_TRUE : GK_FALSE;
    const uint32_t *ids = gk_site_facilities(scope->snapshot, subject.kind, subject.id, &n);
    enum noun noun = scope_counted(scope, subject);
    for (size_t i = 0; i < n; i++) {
        if (!scope_has_role(scope->snapshot, ids[i], noun))
            continue;
        n_all++;
        n_covered += covers_facility(scope, wide, order, ids[i]);
    }
    return n_covered == 0 ? GK_FALSE : n_covered == n_all ? GK_TRUE : GK_UNKNOWN;
}
