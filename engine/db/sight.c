/*
 * sight.c - who is seen, and the doors through which numbers go. What the catalog of the seen has is in
 * sight_catalog.c.
 */
#include "db/sight.h"

#include <inttypes.h>

/* ---- numbers --------------------------------------------------------------------------------------------------------
 */

static int numbers_new(const struct mem *mem, size_t n_store, struct sight_numbers *out)
{
    out->seen = mem_array(mem, n_store, sizeof *out->seen);
    out->store = mem_array(mem, n_store, sizeof *out->store);
    if (!out->seen || !out->store)
        return GK_ENOMEM;
    out->n_store = n_store;
    for (size_t i = 0; i < n_store; i++)
        out->seen[i] = GK_ID_NONE;
    return GK_OK;
}

static void numbers_clear(const struct mem *mem, struct sight_numbers *numbers)
{
    mem_free(mem, numbers->seen);
    mem_free(mem, numbers->store);
}

/* What is marked (any number) is seen: numbered in the store's order. */
static void number(struct sight_numbers *numbers)
{
    for (size_t i = 0; i < numbers->n_store; i++)
        if (numbers->seen[i] != GK_ID_NONE) {
            numbers->seen[i] = (uint32_t)numbers->n;
            numbers->store[numbers->n++] = (uint32_t)i;
        }
}

static void mark(struct sight_numbers *numbers, uint32_t store)
{
    if (store < numbers->n_store)
        numbers->seen[store] = 0;
}

static int numbers_copy(const struct mem *mem, const struct sight_numbers *from, struct sight_numbers *out)
{
    int rc = numbers_new(mem, from->n_store, out);

    if (rc != GK_OK)
        return rc;
    memcpy(out->seen, from->seen, from->n_store * sizeof *out->seen);
    number(out);
    return GK_OK;
}

/* ---- life -----------------------------------------------------------------------------------------------------------
 */

static struct sight *sight_new(const struct mem *mem)
{
    struct sight *sight = mem_zeroed(mem, sizeof *sight);

    if (sight)
        sight->mem = *mem;
    return sight;
}

void sight_free(struct sight *sight)
{
    if (!sight)
        return;
    numbers_clear(&sight->mem, &sight->facilities);
    numbers_clear(&sight->mem, &sight->channels);
    for (int k = 0; k < 4; k++) {
        numbers_clear(&sight->mem, &sight->sites[k]);
        mem_free(&sight->mem, sight->within[k]);
    }
    catalog_free(sight->catalog);
    mem_free(&sight->mem, sight->damage);
    mem_free(&sight->mem, sight->scratch);
    struct mem mem = sight->mem;
    mem_free(&mem, sight);
}

static int make_catalog(struct sight *sight, const struct catalog *from)
{
    int rc = catalog_new(&sight->mem, &sight->catalog);

    return rc == GK_OK ? sight_fill_catalog(sight, from, sight->catalog) : rc;
}

int sight_of_catalog(const struct sight *sight, const struct catalog *catalog, struct sight **out)
{
    struct sight *s = sight_new(&sight->mem);
    int rc = s ? GK_OK : GK_ENOMEM;

    *out = NULL;
    TRY(rc);
    TRY(numbers_copy(&s->mem, &sight->facilities, &s->facilities));
    TRY(numbers_copy(&s->mem, &sight->channels, &s->channels));
    for (int k = 0; k < 4; k++) {
        size_t n = sight->sites[k].n_store;
        TRY(numbers_copy(&s->mem, &sight->sites[k], &s->sites[k]));
        s->within[k] = mem_new(&s->mem, n);
        if (!s->within[k])
            TRY(GK_ENOMEM);
        memcpy(s->within[k], sight->within[k], n);
    }
    s->first = sight->first;
    s->last = sight->last;
    TRY(make_catalog(s, catalog));
    *out = s;
    s = NULL;
done:
    sight_free(s);
    return rc;
}

/* ---- who is seen ----------------------------------------------------------------------------------------------------
 */

/* The sites that were named, and all that lies in them. */
static int mark_within(struct sight *sight, const struct catalog *c, const struct gk_site_name *sites, size_t n)
{
    for (int k = 0; k < 4; k++) {
        sight->within[k] = mem_zeroed(&sight->mem, c->n_sites[k]);
        if (!sight->within[k])
            return GK_ENOMEM;
    }
    for (size_t i = 0; i < n; i++) {
        uint32_t id = catalog_site(c, sites[i].kind, sites[i].name.bytes, sites[i].name.size);
        if (id != GK_ID_NONE) /* one that is not there yet shows nothing */
            sight->within[sites[i].kind][id] = 1;
    }
    for (int k = GK_ENTERPRISE; k <= GK_LINE; k++)
        for (size_t i = 0; i < c->n_sites[k]; i++) {
            uint32_t parent = c->sites[k][i].parent;
            sight->within[k][i] |= parent != GK_ID_NONE && sight->within[k - 1][parent];
        }
    return GK_OK;
}

static bool is_within(const struct sight *sight, const struct gk_facility *f)
{
    return (f->park != GK_ID_NONE && sight->within[GK_PARK][f->park]) ||
           (f->enterprise != GK_ID_NONE && sight->within[GK_ENTERPRISE][f->enterprise]);
}

/* Facilities that lie within, their sites and those around them; sites within that have no facility yet. */
static void mark_seen(struct sight *sight, const struct catalog *c)
{
    for (size_t i = 0; i < c->n_facilities; i++) {
        const struct gk_facility *f = &c->facilities[i];
        if (!is_within(sight, f))
            continue;
        mark(&sight->facilities, f->id);
        mark(&sight->sites[GK_PARK], f->park);
        mark(&sight->sites[GK_ENTERPRISE], f->enterprise);
        mark(&sight->sites[GK_LINE], f->line);
    }
    for (int k = GK_PARK; k <= GK_LINE; k++)
        for (size_t i = 0; i < c->n_sites[k]; i++)
            if (sight->within[k][i])
                mark(&sight->sites[k], (uint32_t)i);
    for (int k = GK_LINE; k > GK_PARK; k--)
        for (size_t i = 0; i < c->n_sites[k]; i++)
            if (sight->sites[k].seen[i] != GK_ID_NONE)
                mark(&sight->sites[k - 1], c->sites[k][i].parent);
    mark(&sight->sites[GK_ZONE], 0);
}

/* Their channels, and from when to when they have rows. */
static int look_at_rows(gk_snapshot *s, struct sight *sight, struct gk_error *error)
{
    int rc = GK_OK;

    sight->first = GK_TIME_MAX;
    sight->last = GK_TIME_MIN;
    for (size_t i = 0; i < sight->facilities.n; i++) {
        gk_time first, last;
        TRY(snapshot_outline(s, sight->facilities.store[i], sight->channels.seen, sight->channels.n_store, &first,
                             &last, error));
        for (size_t k = 0; k < s->profile.n_channels; k++)
            mark(&sight->channels, s->profile.channels[k]);
        sight->first = first < sight->first ? first : sight->first;
        sight->last = last > sight->last ? last : sight->last;
    }
done:
    return rc;
}

static int look(gk_snapshot *s, const struct gk_site_name *sites, size_t n, struct sight **out, struct gk_error *error)
{
    const struct catalog *c = s->catalog;
    struct sight *sight = sight_new(&s->mem);
    int rc = sight ? GK_OK : GK_ENOMEM;

    TRY(rc);
    TRY(numbers_new(&s->mem, c->n_facilities, &sight->facilities));
    TRY(numbers_new(&s->mem, c->n_channels, &sight->channels));
    for (int k = 0; k < 4; k++)
        TRY(numbers_new(&s->mem, c->n_sites[k], &sight->sites[k]));
    TRY(mark_within(sight, c, sites, n));
    mark_seen(sight, c);
    number(&sight->facilities);
    for (int k = 0; k < 4; k++)
        number(&sight->sites[k]);
    TRY(look_at_rows(s, sight, error));
    number(&sight->channels);
    TRY(make_catalog(sight, c));
    *out = sight;
    sight = NULL;
done:
    sight_free(sight);
    return rc;
}

int gk_snapshot_restrict(gk_snapshot *s, const struct gk_site_name *sites, size_t n, struct gk_error *error)
{
    int rc;

    if (s->parent || s->sight)
        return error_set(error, GK_EINVAL, "a snapshot is restricted once, before views are made of it");
    for (size_t i = 0; i < n; i++)
        if (sites[i].kind > GK_ENTERPRISE)
            return error_set(error, GK_EINVAL, "a snapshot is restricted to parks and enterprises");
    for (size_t i = 0; i < n; i++)
        if (sites[i].kind == GK_ZONE)
            return GK_OK;
    rc = look(s, sites, n, &s->sight, error);
    if (rc != GK_OK)
        return rc == GK_ENOMEM ? error_set(error, rc, "out of memory for a snapshot") : rc;
    snapshot_fill_info(s);
    s->info.watermark = s->sight->last;
    s->info.beginning = s->sight->first;
    return GK_OK;
}

/* ---- the doors ------------------------------------------------------------------------------------------------------
 */

const struct catalog *snapshot_seen(const gk_snapshot *s)
{
    return s->sight ? s->sight->catalog : s->catalog;
}

/* A number that is none stays one: whoever takes it says so. */
static uint32_t store_number(const struct sight_numbers *numbers, uint32_t seen)
{
    return seen < numbers->n ? numbers->store[seen] : GK_ID_NONE;
}

static int enter_list(struct sight *sight, const struct sight_numbers *numbers, const uint32_t **list, size_t n,
                      struct gk_error *error)
{
    if (mem_reserve(&sight->mem, &sight->scratch, &sight->scratch_capacity, n + 1, sizeof *sight->scratch) != GK_OK)
        return error_set(error, GK_ENOMEM, "out of memory for a list of numbers");
    for (size_t i = 0; i < n; i++)
        sight->scratch[i] = store_number(numbers, (*list)[i]);
    *list = sight->scratch;
    return GK_OK;
}

int sight_enter(gk_snapshot *s, uint32_t *facility, const uint32_t **channels, size_t n, struct gk_error *error)
{
    if (!s->sight)
        return GK_OK;
    if (*facility >= s->sight->facilities.n)
        return error_set(error, GK_ENOTFOUND, "there is no facility %" PRIu32, *facility);
    *facility = s->sight->facilities.store[*facility];
    return channels ? enter_list(s->sight, &s->sight->channels, channels, n, error) : GK_OK;
}

int sight_enter_all(gk_snapshot *s, const uint32_t **facilities, size_t n, struct gk_error *error)
{
    return s->sight ? enter_list(s->sight, &s->sight->facilities, facilities, n, error) : GK_OK;
}

int sight_leave(gk_snapshot *s, const uint32_t **channels, size_t n, struct gk_error *error)
{
    struct sight *sight = s->sight;

    if (!sight)
        return GK_OK;
    if (mem_reserve(&sight->mem, &sight->scratch, &sight->scratch_capacity, n + 1, sizeof *sight->scratch) != GK_OK)
        return error_set(error, GK_ENOMEM, "out of memory for a list of numbers");
    for (size_t i = 0; i < n; i++)
        sight->scratch[i] = sight->channels.seen[(*channels)[i]];
    *channels = sight->scratch;
    return GK_OK;
}

uint32_t sight_channel(const gk_snapshot *s, uint32_t channel)
{
    return s->sight ? store_number(&s->sight->channels, channel) : channel;
}

uint32_t sight_seen(const gk_snapshot *s, uint32_t facility)
{
    if (!s->sight)
        return facility;
    return facility < s->sight->facilities.n_store ? s->sight->facilities.seen[facility] : GK_ID_NONE;
}

/* Damage of what is seen, and what nobody knows whose it is. */
const struct gk_damage *gk_snapshot_damage(gk_snapshot *s, size_t *n)
{
    static const struct gk_damage SOME = {GK_DAMAGED_RECORDS, GK_ID_NONE, GK_TIME_MIN, GK_TIME_MAX};
    struct damage *damage = snapshot_damage(s);
    struct sight *sight = s->sight;

    *n = 1;
    if (store_is_cut(s->db->store) &&
        damage_add(damage, GK_DAMAGED_RECORDS, GK_ID_NONE, GK_TIME_MIN, GK_TIME_MAX) != GK_OK)
        return &SOME;
    *n = damage->n;
    if (!sight)
        return damage->at;
    *n = 1;
    if (mem_reserve(&sight->mem, &sight->damage, &sight->damage_capacity, damage->n + 1, sizeof *damage->at) != GK_OK)
        return &SOME; /* it cannot be listed: all is in doubt */
    *n = 0;
    for (size_t i = 0; i < damage->n; i++) {
        struct gk_damage one = damage->at[i];
        bool is_known = one.facility != GK_ID_NONE;
        one.facility = is_known ? sight_seen(s, one.facility) : GK_ID_NONE;
        if (!is_known || one.facility != GK_ID_NONE)
            sight->damage[(*n)++] = one;
    }
    return sight->damage;
}

static bool site_is_within(const gk_snapshot *s, enum gk_kind kind, const char *name)
{
    uint32_t id = catalog_site(s->catalog, kind, name, strlen(name));

    return id != GK_ID_NONE && id < s->sight->sites[kind].n_store && s->sight->within[kind][id];
}

/* What the record says it is about counts, and what the catalog says now: a facility that went elsewhere is hidden. */
bool sight_shows(const gk_snapshot *s, const struct gk_alarm *alarm)
{
    if (!s->sight)
        return true;
    bool is_inside = site_is_within(s, GK_ENTERPRISE, alarm->enterprise) || site_is_within(s, GK_PARK, alarm->park);
    switch (alarm->subject_kind) {
    case GK_FACILITY:
        return is_inside && catalog_facility(s->sight->catalog, alarm->subject, strlen(alarm->subject)) != GK_ID_NONE;
    case GK_LINE:
        return is_inside;
    case GK_ENTERPRISE:
    case GK_PARK:
        return site_is_within(s, alarm->subject_kind, alarm->subject);
    default:
        return false;
    }
}

static bool is_site(const struct catalog *c, enum gk_kind kind, uint32_t id, struct gk_text name)
{
    const char *have = id != GK_ID_NONE ? c->sites[kind][id].name : NULL;

    return have && strlen(have) == name.size && memcmp(have, name.bytes, name.size) == 0;
}

bool sight_may_write(const gk_db *db, uint32_t facility, const struct gk_site_name *sites, size_t n)
{
    const struct catalog *c = db->catalog;

    for (size_t i = 0; i < n; i++)
        if (sites[i].kind == GK_ZONE)
            return true;
    if (facility >= c->n_facilities)
        return false;
    const struct gk_facility *f = &c->facilities[facility];
    for (size_t i = 0; i < n; i++)
        if ((sites[i].kind == GK_PARK && is_site(c, GK_PARK, f->park, sites[i].name)) ||
            (sites[i].kind == GK_ENTERPRISE && is_site(c, GK_ENTERPRISE, f->enterprise, sites[i].name)))
            return true;
    return false;
}
