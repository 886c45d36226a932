/*
 * sight_catalog.c - the catalog as it is seen through a restriction: entries that are about what is seen, with its
 * numbers. Names and texts are those of the whole catalog, which the snapshot holds as long as this one.
 *
 * Bands, orders, exemptions and calendars are seen when they cover somebody who is. People are seen when all they are
 * there for is; a rule when no name that is hidden occurs in its text or name; a mapping when it names a facility that
 * is seen.
 */
#include "db/calendar.h"
#include "db/mapping.h"
#include "db/person.h"
#include "db/sight.h"

static uint32_t seen_number(const struct sight_numbers *numbers, uint32_t store)
{
    return store < numbers->n_store ? numbers->seen[store] : GK_ID_NONE;
}

/* ---- sites, facilities, channels ------------------------------------------------------------------------------------
 */

static int add_sites(const struct sight *sight, const struct catalog *from, struct catalog *to)
{
    int rc = GK_OK;

    for (int k = GK_PARK; k <= GK_LINE; k++)
        for (size_t i = 0; i < sight->sites[k].n; i++) {
            struct gk_site site = from->sites[k][sight->sites[k].store[i]];
            site.id = (uint32_t)i;
            if (k > GK_PARK)
                site.parent = seen_number(&sight->sites[k - 1], site.parent);
            TRY(catalog_add_site(to, &site));
        }
done:
    return rc;
}

static int add_facility(const struct sight *sight, const struct gk_facility *have, uint32_t id, struct catalog *to)
{
    struct gk_facility f = *have;
    struct gk_tag *tags = mem_array(&to->mem, f.n_tags, sizeof *tags);
    int rc = tags ? GK_OK : GK_ENOMEM;

    TRY(rc);
    for (size_t i = 0; i < f.n_tags; i++)
        tags[i] = have->tags[i];
    f.id = id;
    f.tags = tags;
    f.park = seen_number(&sight->sites[GK_PARK], f.park);
    f.enterprise = seen_number(&sight->sites[GK_ENTERPRISE], f.enterprise);
    f.line = seen_number(&sight->sites[GK_LINE], f.line);
    TRY(catalog_add_facility(to, &f));
    tags = NULL;
done:
    mem_free(&to->mem, tags);
    return rc;
}

/* ---- entries with a scope -------------------------------------------------------------------------------------------
 */

static bool group_is_seen(const struct sight *sight, const struct catalog *from, const struct gk_scope *scope)
{
    for (size_t i = 0; i < sight->facilities.n; i++)
        if (catalog_covers(from, scope, sight->facilities.store[i]))
            return true;
    return false;
}

/* The scope as seen; false: it is about others alone. */
static bool see_scope(const struct sight *sight, const struct catalog *from, const struct gk_scope *scope,
                      struct gk_scope *out)
{
    *out = *scope;
    switch (scope->kind) {
    case GK_PARK:
    case GK_ENTERPRISE:
    case GK_LINE:
        out->id = seen_number(&sight->sites[scope->kind], scope->id);
        return out->id != GK_ID_NONE;
    case GK_FACILITY:
        out->id = seen_number(&sight->facilities, scope->id);
        return out->id != GK_ID_NONE;
    case GK_GROUP:
        return group_is_seen(sight, from, scope);
    default:
        return true;
    }
}

static int add_bands(const struct sight *sight, const struct catalog *from, struct catalog *to)
{
    int rc = GK_OK;

    for (size_t i = 0; i < from->n_bands + from->n_set_bands; i++) {
        bool is_of_set = i >= from->n_bands;
        struct gk_band band = is_of_set ? from->set_bands[i - from->n_bands] : from->bands[i];
        const struct gk_scope scope = band.scope;
        if (!see_scope(sight, from, &scope, &band.scope))
            continue;
        band.channel = seen_number(&sight->channels, band.channel);
        TRY(is_of_set ? catalog_add_set_band(to, &band) : catalog_add_band(to, &band));
    }
done:
    return rc;
}

static int add_scoped(const struct sight *sight, const struct catalog *from, struct catalog *to)
{
    struct gk_scope scope;
    int rc;

    TRY(add_bands(sight, from, to));
    for (size_t i = 0; i < from->n_calendars; i++)
        if (see_scope(sight, from, &from->calendars[i].scope, &scope)) {
            struct gk_calendar calendar = from->calendars[i];
            calendar.scope = scope;
            TRY(catalog_add_calendar(to, &calendar));
        }
    for (size_t i = 0; i < from->n_orders; i++)
        if (see_scope(sight, from, &from->orders[i].scope, &scope)) {
            struct gk_order order = from->orders[i];
            order.scope = scope;
            TRY(catalog_add_order(to, &order));
        }
    for (size_t i = 0; i < from->n_exemptions; i++)
        if (see_scope(sight, from, &from->exemptions[i].scope, &scope)) {
            struct gk_exemption exemption = from->exemptions[i];
            exemption.scope = scope;
            TRY(catalog_add_exemption(to, &exemption));
        }
done:
    return rc;
}

static bool person_is_seen(const struct sight *sight, const struct gk_scope *scope)
{
    if (scope->kind == GK_FACILITY)
        return seen_number(&sight->facilities, scope->id) != GK_ID_NONE;
    return scope->kind <= GK_LINE && scope->id < sight->sites[scope->kind].n_store &&
           sight->within[scope->kind][scope->id];
}

static int add_people(const struct sight *sight, const struct catalog *from, struct catalog *to)
{
    int rc = GK_OK;

    for (size_t i = 0; i < from->n_people; i++) {
        struct gk_person person = from->people[i];
        if (!person_is_seen(sight, &person.scope))
            continue;
        (void)see_scope(sight, from, &from->people[i].scope, &person.scope); /* it is */
        TRY(catalog_add_person(to, &person));
    }
done:
    return rc;
}

static int add_mappings(const struct sight *sight, const struct catalog *from, struct catalog *to)
{
    int rc = GK_OK;

    for (size_t i = 0; i < from->n_mappings; i++) {
        const struct gk_mapping *m = &from->mappings[i];
        if (seen_number(&sight->facilities, catalog_facility(from, m->facility, strlen(m->facility))) != GK_ID_NONE)
            TRY(catalog_add_mapping(to, m));
    }
done:
    return rc;
}

/* Default links follow from who is in a line: they are taken as they are, and not made anew of those who are left. */
static int add_links(const struct sight *sight, const struct catalog *from, struct catalog *to)
{
    struct gk_link *links = mem_array(&to->mem, from->n_all_links, sizeof *links);
    size_t n = 0;
    int rc = links ? GK_OK : GK_ENOMEM;

    TRY(rc);
    for (size_t i = 0; i < from->n_all_links; i++) {
        struct gk_link link = from->all_links[i];
        link.abatement = seen_number(&sight->facilities, link.abatement);
        link.production = seen_number(&sight->facilities, link.production);
        if (link.abatement != GK_ID_NONE && link.production != GK_ID_NONE)
            links[n++] = link;
    }
    TRY(catalog_freeze_with(to, links, n));
done:
    mem_free(&to->mem, links);
    return rc;
}

/* ---- rules ----------------------------------------------------------------------------------------------------------
 */

static bool is_of_word(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '-';
}

/* Whether a name stands in a text, not as a piece of a longer word: M1 in "of 'M1'" and not in "M12". */
static bool has_name(const char *text, const char *name)
{
    size_t size = strlen(name);

    for (const char *at = text; size > 0 && (at = strstr(at, name)) != NULL; at++) {
        bool is_begun = at > text && is_of_word(at[-1]) && is_of_word(at[0]);
        bool goes_on = is_of_word(at[size - 1]) && is_of_word(at[size]);
        if (!is_begun && !goes_on)
            return true;
    }
    return false;
}

/* A name that is hidden, unless somebody who is seen has it too: other enterprises have a line 1 as well. */
static bool has_hidden(const struct sight *sight, const struct catalog *from, const struct catalog *to,
                       const char *text)
{
    for (size_t i = 0; i < from->n_facilities; i++) {
        const struct gk_facility *f = &from->facilities[i];
        if (sight->facilities.seen[i] != GK_ID_NONE)
            continue;
        const char *group = gk_facility_tag(f, "group");
        const struct gk_scope scope = {GK_GROUP, GK_ID_NONE, group};
        if (has_name(text, f->name) || (group && has_name(text, group) && !group_is_seen(sight, from, &scope)))
            return true;
    }
    for (int k = GK_PARK; k <= GK_LINE; k++)
        for (size_t i = 0; i < from->n_sites[k]; i++) {
            const char *name = from->sites[k][i].name;
            if (sight->sites[k].seen[i] == GK_ID_NONE && has_name(text, name) &&
                catalog_site(to, (enum gk_kind)k, name, strlen(name)) == GK_ID_NONE)
                return true;
        }
    return false;
}

/* All versions of a rule, or none. */
static bool rule_is_seen(const struct sight *sight, const struct catalog *from, const struct catalog *to,
                         const char *name)
{
    if (has_hidden(sight, from, to, name))
        return false;
    for (size_t i = 0; i < from->n_rules; i++)
        if (strcmp(from->rules[i].name, name) == 0 && has_hidden(sight, from, to, from->rules[i].text))
            return false;
    return true;
}

static int add_rules(const struct sight *sight, const struct catalog *from, struct catalog *to)
{
    int rc = GK_OK;

    for (size_t i = 0; i < from->n_rules; i++)
        if (rule_is_seen(sight, from, to, from->rules[i].name))
            TRY(catalog_add_rule(to, &from->rules[i]));
done:
    return rc;
}

/* ---- all of it ------------------------------------------------------------------------------------------------------
 */

int sight_fill_catalog(const struct sight *sight, const struct catalog *from, struct catalog *to)
{
    int rc = GK_OK;

    assert(from->n_facilities == sight->facilities.n_store && from->n_channels == sight->channels.n_store);
    for (size_t i = 0; i < sight->channels.n; i++)
        TRY(catalog_add_channel(to, from->channels[sight->channels.store[i]]));
    TRY(add_sites(sight, from, to));
    for (size_t i = 0; i < sight->facilities.n; i++)
        TRY(add_facility(sight, &from->facilities[sight->facilities.store[i]], (uint32_t)i, to));
    TRY(add_scoped(sight, from, to));
    TRY(add_people(sight, from, to));
    TRY(add_mappings(sight, from, to));
    TRY(add_links(sight, from, to));
    TRY(add_rules(sight, from, to));
    to->version = from->version;
done:
    return rc;
}
