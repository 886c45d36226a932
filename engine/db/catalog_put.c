/*
 * catalog_put.c - changes of the catalog as people make them: everything is tested before anything is changed, and the
 * words say which name or number was wrong.
 */
#include <math.h>
#include <string.h>

#include "base/text.h"
#include "db/catalog.h"

/* Remembers a change, in room that was made. */
static int note(struct catalog_changes *changes, enum entry_kind kind, uint32_t id)
{
    if (NEVER(changes->n >= changes->capacity))
        return GK_EBUG;
    changes->at[changes->n].kind = kind;
    changes->at[changes->n].id = id;
    changes->n++;
    return GK_OK;
}

static bool is_absent(struct gk_text text)
{
    return text.size == 0;
}

static int check_name(struct gk_text name, const char *what, struct gk_error *error)
{
    if (text_is_name(name.bytes, name.size))
        return GK_OK;
    if (name.size > GK_NAME_MAX)
        return error_set(error, GK_ERANGE, "%s: a name has at most %d bytes, not %zu", what, GK_NAME_MAX, name.size);
    return error_set(error, GK_EINVAL,
                     "%s: expected a name: UTF-8 without control characters, not empty, no blanks at its ends", what);
}

/* A text that may be absent but must be valid when it is there. */
static int check_text(struct gk_text text, const char *what, struct gk_error *error)
{
    return is_absent(text) ? GK_OK : check_name(text, what, error);
}

static int no_memory(struct gk_error *error)
{
    return error_set(error, GK_ENOMEM, "out of memory for the catalog");
}

/*
 * Room for all that a put may add: nothing of it can fail for want of memory afterwards. An entry in the catalog that
 * was not noted would never be stored, and rows that name it would make the store unreadable.
 */
static int make_room(struct catalog *c, struct catalog_changes *changes, size_t n_changes, size_t text_size,
                     struct gk_error *error)
{
    if (mem_reserve(changes->mem, &changes->at, &changes->capacity, changes->n + n_changes, sizeof *changes->at) !=
            GK_OK ||
        catalog_reserve(c, text_size) != GK_OK)
        return no_memory(error);
    return GK_OK;
}

static size_t kept_size(struct gk_text text)
{
    return text.size + 1;
}

/* ---- names of facilities and sites, with the nearest one when they are unknown -------------------------------------
 */

static const char *name_at(const struct catalog *c, enum gk_kind kind, uint32_t id)
{
    return kind == GK_FACILITY ? c->facilities[id].name : c->sites[kind][id].name;
}

static int unknown_name(const struct catalog *c, enum gk_kind kind, const char *noun, struct gk_text name,
                        struct gk_error *error)
{
    size_t n = kind == GK_FACILITY ? c->n_facilities : c->n_sites[kind], best_distance = name.size / 3 + 1;
    const char *best = NULL;

    for (uint32_t i = 0; i < n && i < 100000; i++) {
        const char *have = name_at(c, kind, i);
        size_t d = text_distance(name.bytes, name.size, have, strlen(have));
        if (d < best_distance) {
            best_distance = d;
            best = have;
        }
    }
    if (best)
        return error_set(error, GK_ENOTFOUND, "there is no %s '%.*s'; did you mean '%s'?", noun, (int)name.size,
                         name.bytes, best);
    return error_set(error, GK_ENOTFOUND, "there is no %s '%.*s'", noun, (int)name.size, name.bytes);
}

static int find_facility(const struct catalog *c, struct gk_text name, const char *noun, uint32_t *id,
                         struct gk_error *error)
{
    *id = catalog_facility(c, name.bytes, name.size);
    return *id == GK_ID_NONE ? unknown_name(c, GK_FACILITY, noun, name, error) : GK_OK;
}

/* A line by its name, or by ENTERPRISE/LINE where several enterprises have a line of that name. */
static int find_line(const struct catalog *c, struct gk_text name, uint32_t *id, struct gk_error *error)
{
    const char *slash = memchr(name.bytes, '/', name.size);

    *id = catalog_site(c, GK_LINE, name.bytes, name.size);
    if (*id == GK_ID_NONE && slash) {
        size_t n = (size_t)(slash - name.bytes);
        uint32_t enterprise = catalog_site(c, GK_ENTERPRISE, name.bytes, n);
        if (enterprise != GK_ID_NONE)
            *id = catalog_line(c, enterprise, slash + 1, name.size - n - 1);
    }
    if (*id == GK_ID_NONE)
        return unknown_name(c, GK_LINE, "line", name, error);
    const struct gk_site *found = &c->sites[GK_LINE][*id];
    for (uint32_t i = *id + 1; !slash && i < c->n_sites[GK_LINE]; i++)
        if (strcmp(c->sites[GK_LINE][i].name, found->name) == 0)
            return error_set(error, GK_EINVAL, "several enterprises have a line '%s': write ENTERPRISE/%s", found->name,
                             found->name);
    return GK_OK;
}

static const char *const ROLES[] = {"other", "production", "abatement"};

int catalog_find_scope(struct catalog *c, enum gk_kind kind, struct gk_text name, struct gk_scope *out,
                       struct gk_error *error)
{
    static const char *const NOUNS[] = {"zone", "park", "enterprise", "line"};
    int rc;

    out->kind = kind;
    out->id = GK_ID_NONE;
    out->name = "";
    switch (kind) {
    case GK_ZONE:
        return GK_OK;
    case GK_LINE:
        rc = find_line(c, name, &out->id, error);
        if (rc == GK_OK)
            out->name = c->sites[kind][out->id].name;
        return rc;
    case GK_PARK:
    case GK_ENTERPRISE:
        out->id = catalog_site(c, kind, name.bytes, name.size);
        if (out->id == GK_ID_NONE)
            return unknown_name(c, kind, NOUNS[kind], name, error);
        out->name = c->sites[kind][out->id].name;
        return GK_OK;
    case GK_ROLE:
        for (uint32_t i = 0; i < 3; i++)
            if (strlen(ROLES[i]) == name.size && memcmp(ROLES[i], name.bytes, name.size) == 0) {
                out->id = i;
                out->name = ROLES[i];
                return GK_OK;
            }
        return error_set(error, GK_ENOTFOUND, "there is no role '%.*s': production, abatement or other", (int)name.size,
                         name.bytes);
    case GK_FACILITY:
        rc = find_facility(c, name, "facility", &out->id, error);
        if (rc == GK_OK)
            out->name = c->facilities[out->id].name;
        return rc;
    case GK_GROUP:
        rc = check_name(name, "group", error);
        if (rc != GK_OK)
            return rc;
        out->name = catalog_string(c, name.bytes, name.size);
        return out->name ? GK_OK : no_memory(error);
    }
    return error_set(error, GK_EINVAL, "%d is no kind of scope", (int)kind);
}

static int check_times(gk_time from, gk_time to, struct gk_error *error)
{
    return from < to ? GK_OK : error_set(error, GK_ERANGE, "`from` must be before `to`");
}

/* ---- channels and sites --------------------------------------------------------------------------------------------
 */

int catalog_put_channel(struct catalog *c, struct gk_text name, uint32_t *id, struct catalog_changes *changes,
                        struct gk_error *error)
{
    int rc;

    *id = catalog_channel(c, name.bytes, name.size);
    if (*id != GK_ID_NONE)
        return GK_OK;
    TRY(check_name(name, "channel", error));
    if (c->n_channels >= CATALOG_CHANNELS_MAX)
        return error_set(error, GK_ELIMIT, "a store has at most %u channels", CATALOG_CHANNELS_MAX);
    TRY(make_room(c, changes, 1, kept_size(name), error));
    *id = (uint32_t)c->n_channels;
    const char *text = catalog_string(c, name.bytes, name.size);
    if (!text || catalog_add_channel(c, text) != GK_OK || note(changes, ENTRY_CHANNEL, *id) != GK_OK)
        return no_memory(error);
done:
    return rc;
}

static int new_site(struct catalog *c, enum gk_kind kind, struct gk_text name, uint32_t parent, uint32_t *id,
                    struct catalog_changes *changes, struct gk_error *error)
{
    if (c->n_sites[kind] >= CATALOG_SITES_MAX)
        return error_set(error, GK_ELIMIT, "a store has at most %u sites of a kind", CATALOG_SITES_MAX);
    const char *text = catalog_string(c, name.bytes, name.size);
    struct gk_site site = {(uint32_t)c->n_sites[kind], kind, text, parent};
    if (!text || catalog_add_site(c, &site) != GK_OK ||
        note(changes, ENTRY_SITE, (uint32_t)kind << 24 | site.id) != GK_OK)
        return no_memory(error);
    *id = site.id;
    return GK_OK;
}

struct sites {
    uint32_t park, enterprise, line;
};

/* The enterprise belongs to one park, for good: two parks with an enterprise of the same name are two zones' matter. */
static int check_sites(const struct catalog *c, const struct gk_facility_put *put, uint32_t known,
                       struct gk_error *error)
{
    int rc;

    TRY(check_text(put->park, "park", error));
    TRY(check_text(put->enterprise, "enterprise", error));
    TRY(check_text(put->line, "line", error));
    uint32_t enterprise = catalog_site(c, GK_ENTERPRISE, put->enterprise.bytes, put->enterprise.size);
    if (is_absent(put->enterprise) && known != GK_ID_NONE)
        enterprise = c->facilities[known].enterprise;
    if (is_absent(put->park) || enterprise == GK_ID_NONE)
        return GK_OK;
    uint32_t park = c->sites[GK_ENTERPRISE][enterprise].parent;
    if (park != GK_ID_NONE && catalog_site(c, GK_PARK, put->park.bytes, put->park.size) != park)
        return error_set(error, GK_EEXIST, "enterprise '%s' is in park '%s', not in '%.*s'",
                         c->sites[GK_ENTERPRISE][enterprise].name, c->sites[GK_PARK][park].name, (int)put->park.size,
                         put->park.bytes);
done:
    return rc;
}

/* An enterprise that had no park gets one, and with it all of its facilities. */
static int put_parent(struct catalog *c, uint32_t enterprise, uint32_t park, struct catalog_changes *changes)
{
    int rc;

    c->sites[GK_ENTERPRISE][enterprise].parent = park;
    c->is_frozen = false;
    TRY(note(changes, ENTRY_SITE, (uint32_t)GK_ENTERPRISE << 24 | enterprise));
    for (uint32_t i = 0; i < c->n_facilities; i++)
        if (c->facilities[i].enterprise == enterprise && c->facilities[i].park != park) {
            c->facilities[i].park = park;
            TRY(note(changes, ENTRY_FACILITY, i));
        }
done:
    return rc;
}

static int put_sites(struct catalog *c, const struct gk_facility_put *put, struct sites *out,
                     struct catalog_changes *changes, struct gk_error *error)
{
    int rc = GK_OK;

    if (!is_absent(put->park)) {
        out->park = catalog_site(c, GK_PARK, put->park.bytes, put->park.size);
        if (out->park == GK_ID_NONE)
            TRY(new_site(c, GK_PARK, put->park, GK_ID_NONE, &out->park, changes, error));
    }
    if (!is_absent(put->enterprise)) {
        out->enterprise = catalog_site(c, GK_ENTERPRISE, put->enterprise.bytes, put->enterprise.size);
        if (out->enterprise == GK_ID_NONE)
            TRY(new_site(c, GK_ENTERPRISE, put->enterprise, out->park, &out->enterprise, changes, error));
    }
    if (out->enterprise != GK_ID_NONE) {
        uint32_t parent = c->sites[GK_ENTERPRISE][out->enterprise].parent;
        if (parent == GK_ID_NONE && out->park != GK_ID_NONE)
            TRY(put_parent(c, out->enterprise, out->park, changes));
        else if (is_absent(put->park))
            out->park = parent;
    }
    if (!is_absent(put->line)) {
        out->line = catalog_line(c, out->enterprise, put->line.bytes, put->line.size);
        if (out->line == GK_ID_NONE)
            TRY(new_site(c, GK_LINE, put->line, out->enterprise, &out->line, changes, error));
    }
done:
    return rc;
}

/* ---- facilities ----------------------------------------------------------------------------------------------------
 */

static int check_facility(const struct catalog *c, const struct gk_facility_put *put, uint32_t known,
                          struct gk_error *error)
{
    int rc;

    TRY(check_name(put->name, "facility", error));
    TRY(check_sites(c, put, known, error));
    if (put->rated_kw < 0 || isinf(put->rated_kw))
        return error_set(error, GK_ERANGE, "rated_kw: expected a number above 0, got %g", put->rated_kw);
    if (put->rated_a < 0 || isinf(put->rated_a))
        return error_set(error, GK_ERANGE, "rated_a: expected a number above 0, got %g", put->rated_a);
    if (put->role_is_set && (unsigned)put->role > GK_ABATEMENT)
        return error_set(error, GK_EINVAL, "role: %d is none", (int)put->role);
    for (size_t i = 0; i < put->n_tags; i++) {
        TRY(check_name(put->tag_keys[i], "tag", error));
        TRY(check_text(put->tag_values[i], put->tag_keys[i].bytes ? "value of a tag" : "tag", error));
        for (size_t k = 0; k < i; k++)
            if (put->tag_keys[k].size == put->tag_keys[i].size &&
                memcmp(put->tag_keys[k].bytes, put->tag_keys[i].bytes, put->tag_keys[i].size) == 0)
                return error_set(error, GK_EINVAL, "tag '%.*s' is given twice", (int)put->tag_keys[i].size,
                                 put->tag_keys[i].bytes);
    }
done:
    return rc;
}

static bool is_equal(const char *have, struct gk_text text)
{
    return strlen(have) == text.size && memcmp(have, text.bytes, text.size) == 0;
}

/*
 * The tags there are, with the given ones put over them, by key; an empty value keeps what was. `tags` has room for
 * all, and the catalog for their texts. *changed tells.
 */
static size_t put_tags(struct catalog *c, const struct gk_facility *old, const struct gk_facility_put *put,
                       struct gk_tag *tags, bool *changed)
{
    size_t n = old->n_tags;

    if (n)
        memcpy(tags, old->tags, n * sizeof *tags);
    for (size_t i = 0; i < put->n_tags; i++) {
        size_t at = 0;
        if (is_absent(put->tag_values[i]))
            continue;
        while (at < n && !is_equal(tags[at].key, put->tag_keys[i]))
            at++;
        if (at < n && is_equal(tags[at].value, put->tag_values[i]))
            continue;
        *changed = true;
        struct gk_tag tag = {at < n ? tags[at].key : catalog_string(c, put->tag_keys[i].bytes, put->tag_keys[i].size),
                             catalog_string(c, put->tag_values[i].bytes, put->tag_values[i].size)};
        n += at == n;
        for (; at > 0 && strcmp(tags[at - 1].key, tag.key) > 0; at--)
            tags[at] = tags[at - 1];
        tags[at] = tag;
    }
    return n;
}

static bool put_number(double *have, double given)
{
    if (isnan(given) || given == 0 || given == *have)
        return false;
    *have = given;
    return true;
}

static bool put_id(uint32_t *have, uint32_t given)
{
    if (given == GK_ID_NONE || given == *have)
        return false;
    *have = given;
    return true;
}

/* Room for a facility, its sites and its tags, and for the facilities that get a park with it. */
static int make_facility_room(struct catalog *c, const struct gk_facility_put *put, uint32_t known,
                              struct catalog_changes *changes, struct gk_error *error)
{
    size_t size = kept_size(put->name) + kept_size(put->park) + kept_size(put->enterprise) + kept_size(put->line);
    size_t n_changes = 6; /* registered, changed, three sites, an enterprise's park */
    uint32_t enterprise = known == GK_ID_NONE ? GK_ID_NONE : c->facilities[known].enterprise;

    for (size_t i = 0; i < put->n_tags; i++)
        size += kept_size(put->tag_keys[i]) + kept_size(put->tag_values[i]);
    if (!is_absent(put->enterprise))
        enterprise = catalog_site(c, GK_ENTERPRISE, put->enterprise.bytes, put->enterprise.size);
    /* The facilities of an enterprise that gets its park; a new one has none, and 100,000 come one after the other. */
    if (!is_absent(put->park) && enterprise != GK_ID_NONE && c->sites[GK_ENTERPRISE][enterprise].parent == GK_ID_NONE)
        for (size_t i = 0; i < c->n_facilities; i++)
            n_changes += c->facilities[i].enterprise == enterprise;
    return make_room(c, changes, n_changes, size, error);
}

int catalog_put_facility(struct catalog *c, const struct gk_facility_put *given, uint32_t *id,
                         struct catalog_changes *changes, struct gk_error *error)
{
    struct gk_facility_put whole = *given;
    const struct gk_facility_put *put = &whole;
    struct sites sites = {GK_ID_NONE, GK_ID_NONE, GK_ID_NONE};
    uint32_t known = catalog_facility(c, put->name.bytes, put->name.size);
    int rc;

    TRY(check_facility(c, put, known, error));
    const struct gk_facility *old = known == GK_ID_NONE ? NULL : &c->facilities[known];
    if (old && old->line != GK_ID_NONE && is_absent(put->line)) { /* another enterprise: the line of that name there */
        whole.line.bytes = c->sites[GK_LINE][old->line].name;
        whole.line.size = strlen(whole.line.bytes);
    }
    size_t n_old = old ? old->n_tags : 0;
    TRY(make_facility_room(c, put, known, changes, error));
    struct gk_tag *tags = mem_array(&c->mem, n_old + put->n_tags, sizeof *tags);
    if (!tags)
        return no_memory(error);

    /* Nothing can fail from here on. */
    bool changed = false;
    if (known == GK_ID_NONE)
        TRY(catalog_register(c, put->name, &known, changes, error));
    if (is_absent(put->enterprise))
        sites.enterprise = c->facilities[known].enterprise;
    TRY(put_sites(c, put, &sites, changes, error));
    struct gk_facility *f = &c->facilities[known];
    size_t n_tags = put_tags(c, f, put, tags, &changed);
    changed |= put_id(&f->park, sites.park);
    changed |= put_id(&f->enterprise, sites.enterprise);
    changed |= put_id(&f->line, sites.line);
    changed |= put_number(&f->rated_kw, put->rated_kw);
    changed |= put_number(&f->rated_a, put->rated_a);
    if (put->role_is_set && f->role != put->role) {
        f->role = put->role;
        changed = true;
    }
    mem_free(&c->mem, (void *)(uintptr_t)f->tags);
    f->tags = tags;
    f->n_tags = n_tags;
    if (changed) {
        c->is_frozen = false;
        TRY(note(changes, ENTRY_FACILITY, known));
    }
    if (id)
        *id = known;
done:
    return rc;
}

int catalog_register(struct catalog *c, struct gk_text name, uint32_t *id, struct catalog_changes *changes,
                     struct gk_error *error)
{
    int rc;

    *id = catalog_facility(c, name.bytes, name.size);
    if (*id != GK_ID_NONE)
        return GK_OK;
    TRY(check_name(name, "facility", error));
    if (c->n_facilities >= CATALOG_FACILITIES_MAX)
        return error_set(error, GK_ELIMIT, "a store has at most %u facilities", CATALOG_FACILITIES_MAX);
    TRY(make_room(c, changes, 1, kept_size(name), error));
    struct gk_facility f = {.id = (uint32_t)c->n_facilities,
                            .name = catalog_string(c, name.bytes, name.size),
                            .park = GK_ID_NONE,
                            .enterprise = GK_ID_NONE,
                            .line = GK_ID_NONE,
                            .rated_kw = NAN,
                            .rated_a = NAN};
    if (!f.name || catalog_add_facility(c, &f) != GK_OK || note(changes, ENTRY_FACILITY, f.id) != GK_OK)
        return no_memory(error);
    *id = f.id;
done:
    return rc;
}

/* ---- links, bands, orders, exemptions ------------------------------------------------------------------------------
 */

int catalog_put_link(struct catalog *c, const struct gk_link_put *put, struct catalog_changes *changes,
                     struct gk_error *error)
{
    struct gk_link link = {GK_ID_NONE, GK_ID_NONE, put->is_standby, false, put->from, put->to};
    int rc;

    TRY(find_facility(c, put->abatement, "abatement facility", &link.abatement, error));
    TRY(find_facility(c, put->production, "production facility", &link.production, error));
    TRY(check_times(put->from, put->to, error));
    if (c->facilities[link.abatement].role != GK_ABATEMENT)
        return error_set(error, GK_EINVAL, "facility '%.*s' has the role %s, not abatement", (int)put->abatement.size,
                         put->abatement.bytes, ROLES[c->facilities[link.abatement].role]);
    if (c->facilities[link.production].role != GK_PRODUCTION)
        return error_set(error, GK_EINVAL, "facility '%.*s' has the role %s, not production", (int)put->production.size,
                         put->production.bytes, ROLES[c->facilities[link.production].role]);
    TRY(make_room(c, changes, 1, 0, error));
    uint32_t known = catalog_find_link(c, &link);
    if (known != GK_ID_NONE) {
        struct gk_link *have = &c->links[known];
        if (have->to == link.to && have->is_standby == link.is_standby)
            return GK_OK;
        *have = link;
        c->is_frozen = false;
        return note(changes, ENTRY_LINK, known) == GK_OK ? GK_OK : no_memory(error);
    }
    if (catalog_add_link(c, &link) != GK_OK || note(changes, ENTRY_LINK, (uint32_t)c->n_links - 1) != GK_OK)
        return no_memory(error);
done:
    return rc;
}

static double number_of(struct gk_decimal d)
{
    return (double)d.mantissa / pow(10, d.scale);
}

static int check_limit(struct gk_limit limit, double most_share, const char *what, struct gk_error *error)
{
    if (limit.kind == GK_LIMIT_ABSENT)
        return GK_OK;
    if (limit.value.scale < 0 || limit.value.scale > 18)
        return error_set(error, GK_ERANGE, "%s: a decimal has 0 to 18 decimals", what);
    double v = number_of(limit.value);
    if (v < 0)
        return error_set(error, GK_ERANGE, "%s: expected 0 or more, got %g", what, v);
    if (limit.kind == GK_LIMIT_SHARE && v > most_share)
        return error_set(error, GK_ERANGE, "%s: %g %% of rated is above %g %%; is it meant in kW or A (5kW)?", what,
                         v * 100, most_share * 100);
    return GK_OK;
}

static int check_order(struct gk_limit low, struct gk_limit high, const char *what, struct gk_error *error)
{
    if (low.kind == high.kind && low.kind != GK_LIMIT_ABSENT && number_of(low.value) > number_of(high.value))
        return error_set(error, GK_ERANGE, "%s: %g is above %g", what, number_of(low.value), number_of(high.value));
    return GK_OK;
}

/* A sample that holds longer than any question looks back says nothing about the machine. */
#define HOLD_MAX_NS (INT64_C(400) * 86400 * GK_SECOND)

static int check_band(const struct gk_band_put *put, struct gk_error *error)
{
    int rc;

    TRY(check_limit(put->off_below, 1, "off_below", error));
    TRY(check_limit(put->on_from, 1, "on_from", error));
    TRY(check_limit(put->overload_from, 10, "overload_from", error));
    TRY(check_limit(put->hysteresis, 1, "hysteresis", error));
    TRY(check_order(put->off_below, put->on_from, "off_below must not be above on_from", error));
    TRY(check_order(put->on_from, put->overload_from, "on_from must not be above overload_from", error));
    if (put->hold_ns == 0 || put->hold_ns > HOLD_MAX_NS)
        return error_set(error, GK_ERANGE, "hold: expected more than 0 s and at most 400 days");
    if (put->scope == GK_GROUP)
        return error_set(error, GK_EINVAL, "a band's scope is *, role:, park:, enterprise:, line: or a facility");
done:
    return rc;
}

static bool same_limit(struct gk_limit a, struct gk_limit b)
{
    return a.kind == b.kind &&
           (a.kind == GK_LIMIT_ABSENT || (a.value.mantissa == b.value.mantissa && a.value.scale == b.value.scale));
}

static bool same_band(const struct gk_band *a, const struct gk_band *b)
{
    return same_limit(a->off_below, b->off_below) && same_limit(a->on_from, b->on_from) &&
           same_limit(a->overload_from, b->overload_from) && same_limit(a->hysteresis, b->hysteresis) &&
           a->hold_ns == b->hold_ns && a->dwell_on_ns == b->dwell_on_ns && a->dwell_off_ns == b->dwell_off_ns &&
           a->channel == b->channel;
}

static bool same_scope(const struct gk_scope *a, const struct gk_scope *b)
{
    return a->kind == b->kind && a->id == b->id && strcmp(a->name, b->name) == 0;
}

/* The same set, scope and beginning again replaces the rest. */
static int put_set_band(struct catalog *c, struct gk_band *band, struct gk_text set, struct catalog_changes *changes,
                        struct gk_error *error)
{
    band->set = catalog_string(c, set.bytes, set.size);
    if (!band->set)
        return no_memory(error);
    for (uint32_t i = 0; i < c->n_set_bands; i++) {
        struct gk_band *have = &c->set_bands[i];
        if (strcmp(have->set, band->set) != 0 || !same_scope(&have->scope, &band->scope) || have->from != band->from)
            continue;
        if (same_band(have, band))
            return GK_OK;
        *have = *band;
        return note(changes, ENTRY_SET_BAND, i) == GK_OK ? GK_OK : no_memory(error);
    }
    if (catalog_add_set_band(c, band) != GK_OK || note(changes, ENTRY_SET_BAND, (uint32_t)c->n_set_bands - 1) != GK_OK)
        return no_memory(error);
    return GK_OK;
}

int catalog_find_set(const struct catalog *c, const char *set, const char **out, struct gk_error *error)
{
    size_t best_distance = strlen(set) / 3 + 1;
    const char *best = NULL;

    for (size_t i = 0; i < c->n_set_bands; i++) {
        size_t d = text_distance(set, strlen(set), c->set_bands[i].set, strlen(c->set_bands[i].set));
        *out = c->set_bands[i].set;
        if (strcmp(*out, set) == 0)
            return GK_OK;
        if (d < best_distance) {
            best_distance = d;
            best = *out;
        }
    }
    return error_set(error, GK_ENOTFOUND, "there is no set of bands '%s'%s%s%s", set, best ? "; did you mean '" : "",
                     best ? best : "", best ? "'?" : "");
}

int catalog_put_band(struct catalog *c, const struct gk_band_put *put, struct catalog_changes *changes,
                     struct gk_error *error)
{
    struct gk_band band = {.off_below = put->off_below,
                           .on_from = put->on_from,
                           .overload_from = put->overload_from,
                           .hysteresis = put->hysteresis,
                           .hold_ns = put->hold_ns < 0 ? -1 : put->hold_ns,
                           .dwell_on_ns = put->dwell_on_ns < 0 ? -1 : put->dwell_on_ns,
                           .dwell_off_ns = put->dwell_off_ns < 0 ? -1 : put->dwell_off_ns,
                           .channel = GK_ID_NONE,
                           .from = put->from,
                           .set = ""};
    int rc;

    TRY(check_band(put, error));
    TRY(check_text(put->channel, "channel", error));
    TRY(check_text(put->set, "set", error));
    TRY(make_room(c, changes, 2, kept_size(put->name) + kept_size(put->channel) + kept_size(put->set), error));
    TRY(catalog_find_scope(c, put->scope, put->name, &band.scope, error));
    if (!is_absent(put->channel))
        TRY(catalog_put_channel(c, put->channel, &band.channel, changes, error));
    if (!is_absent(put->set))
        return put_set_band(c, &band, put->set, changes, error);
    uint32_t known = catalog_find_band(c, &band);
    if (known != GK_ID_NONE) {
        if (same_band(&c->bands[known], &band))
            return GK_OK;
        c->bands[known] = band;
        return note(changes, ENTRY_BAND, known) == GK_OK ? GK_OK : no_memory(error);
    }
    if (catalog_add_band(c, &band) != GK_OK || note(changes, ENTRY_BAND, (uint32_t)c->n_bands - 1) != GK_OK)
        return no_memory(error);
done:
    return rc;
}

static int check_hours(int32_t from_s, int32_t to_s, struct gk_error *error)
{
    if (from_s < 0 || from_s > 86400 || to_s < 0 || to_s > 86400)
        return error_set(error, GK_ERANGE, "hours: expected times of day, 00:00 to 24:00");
    return GK_OK;
}

int catalog_put_order(struct catalog *c, const struct gk_order_put *put, struct catalog_changes *changes,
                      struct gk_error *error)
{
    struct gk_order order = {.cut_share = put->cut_share,
                             .from = put->from,
                             .to = put->to,
                             .hours_from_s = put->hours_from_s,
                             .hours_to_s = put->hours_to_s};
    int rc;

    TRY(check_text(put->level, "level", error));
    TRY(check_text(put->kind, "kind", error));
    TRY(check_times(put->from, put->to, error));
    TRY(check_hours(put->hours_from_s, put->hours_to_s, error));
    if (put->cut_share < 0 || put->cut_share > 1)
        return error_set(error, GK_ERANGE, "cut: expected 0 %% to 100 %%, got %g %%", put->cut_share * 100);
    if (put->scope == GK_ROLE)
        return error_set(error, GK_EINVAL, "an order's scope is a group, *, park:, enterprise:, line: or a facility");
    TRY(make_room(c, changes, 1, kept_size(put->name) + kept_size(put->level) + kept_size(put->kind), error));
    TRY(catalog_find_scope(c, put->scope, put->name, &order.scope, error));
    order.level = catalog_string(c, put->level.bytes, put->level.size);
    order.kind = catalog_string(c, put->kind.bytes, put->kind.size);
    if (!order.level || !order.kind)
        return no_memory(error);
    for (uint32_t i = 0; i < c->n_orders; i++) {
        struct gk_order *have = &c->orders[i];
        if (!same_scope(&have->scope, &order.scope) || strcmp(have->level, order.level) != 0 ||
            strcmp(have->kind, order.kind) != 0 || have->from != order.from)
            continue;
        bool same_cut = have->cut_share == order.cut_share || (isnan(have->cut_share) && isnan(order.cut_share));
        if (have->to == order.to && same_cut && have->hours_from_s == order.hours_from_s &&
            have->hours_to_s == order.hours_to_s)
            return GK_OK;
        *have = order;
        return note(changes, ENTRY_ORDER, i) == GK_OK ? GK_OK : no_memory(error);
    }
    if (catalog_add_order(c, &order) != GK_OK || note(changes, ENTRY_ORDER, (uint32_t)c->n_orders - 1) != GK_OK)
        return no_memory(error);
done:
    return rc;
}

int catalog_put_exemption(struct catalog *c, const struct gk_exemption_put *put, struct catalog_changes *changes,
                          struct gk_error *error)
{
    struct gk_exemption exemption = {.from = put->from, .to = put->to};
    int rc;

    TRY(check_text(put->kind, "kind", error));
    TRY(check_text(put->note, "note", error));
    TRY(check_times(put->from, put->to, error));
    if (put->scope == GK_ROLE)
        return error_set(error, GK_EINVAL, "an exemption's scope is *, park:, enterprise:, line:, group or a facility");
    TRY(make_room(c, changes, 1, kept_size(put->name) + kept_size(put->kind) + kept_size(put->note), error));
    TRY(catalog_find_scope(c, put->scope, put->name, &exemption.scope, error));
    exemption.kind = catalog_string(c, put->kind.bytes, put->kind.size);
    exemption.note = catalog_string(c, put->note.bytes, put->note.size);
    if (!exemption.kind || !exemption.note)
        return no_memory(error);
    for (uint32_t i = 0; i < c->n_exemptions; i++) {
        struct gk_exemption *have = &c->exemptions[i];
        if (!same_scope(&have->scope, &exemption.scope) || strcmp(have->kind, exemption.kind) != 0 ||
            have->from != exemption.from)
            continue;
        if (have->to == exemption.to && strcmp(have->note, exemption.note) == 0)
            return GK_OK;
        *have = exemption;
        return note(changes, ENTRY_EXEMPTION, i) == GK_OK ? GK_OK : no_memory(error);
    }
    if (catalog_add_exemption(c, &exemption) != GK_OK ||
        note(changes, ENTRY_EXEMPTION, (uint32_t)c->n_exemptions - 1) != GK_OK)
        return no_memory(error);
done:
    return rc;
}
