/*
 * catalog.h - what the store knows about the zone, in memory: sites, facilities, channels, links, bands, orders,
 * exemptions, rules. Every entry has a kind and a dense id within it; that pair is its key in the catalog table.
 *
 * A catalog is shared by the handle and its snapshots and counted. Who changes one that is shared makes a copy first
 * (catalog_own), so a snapshot's catalog never changes.
 */
#ifndef DB_CATALOG_H
#define DB_CATALOG_H

#include "base/buffer.h"
#include "base/error.h"

enum entry_kind {
    ENTRY_CHANNEL = 1,
    ENTRY_SITE = 2, /* id: kind << 24 | id within the kind */
    ENTRY_FACILITY = 3,
    ENTRY_LINK = 4,
    ENTRY_BAND = 5,
    ENTRY_ORDER = 6,
    ENTRY_EXEMPTION = 7,
    ENTRY_RULE = 8,
    ENTRY_MAPPING = 9,
    ENTRY_PERSON = 10,
    ENTRY_SET_BAND = 11,
    ENTRY_CALENDAR = 12,
    ENTRY_HISTORY = 255 /* key: 255, kind, id, catalog version: what the entry was until that version */
};

#define CATALOG_FACILITIES_MAX (1u << 24)
#define CATALOG_CHANNELS_MAX   (1u << 16)
#define CATALOG_SITES_MAX      (1u << 24)

/* What identifies an entry, to its id, by hash; several ids may have the same hash. */
struct name_slot {
    uint32_t hash, id; /* id GK_ID_NONE: free */
};
struct name_index {
    struct name_slot *slots;
    size_t n, capacity;
};

struct list {
    uint32_t *at;
    size_t n, capacity;
};

struct catalog {
    struct mem mem;
    unsigned n_refs;
    uint64_t version;

    struct gk_facility *facilities;
    size_t n_facilities, facilities_capacity;
    struct name_index facility_names;

    struct gk_site *sites[4]; /* by gk_kind */
    size_t n_sites[4], sites_capacity[4];
    struct name_index site_names[4];
    struct name_index line_names; /* with the enterprise */

    const char **channels;
    size_t n_channels, channels_capacity;
    struct name_index channel_names;

    struct gk_link *links; /* as put; the default ones are made by catalog_freeze */
    size_t n_links, links_capacity;
    struct name_index link_index;
    struct gk_band *bands;
    size_t n_bands, bands_capacity;
    struct name_index band_index;
    struct gk_order *orders;
    size_t n_orders, orders_capacity;
    struct gk_exemption *exemptions;
    size_t n_exemptions, exemptions_capacity;
    struct gk_rule *rules; /* versions, in order of time */
    size_t n_rules, rules_capacity;
    struct gk_mapping *mappings;
    size_t n_mappings, mappings_capacity;
    struct gk_person *people;
    size_t n_people, people_capacity;
    struct gk_band *set_bands; /* of named sets: never in force */
    size_t n_set_bands, set_bands_capacity;
    struct gk_calendar *calendars;
    size_t n_calendars, calendars_capacity;
    uint64_t mappings_version; /* of this catalog in memory: grows with every put of one */

    /* Made by catalog_freeze from the above. */
    bool is_frozen;
    struct list site_facilities_flat[4]; /* facilities grouped by site, and where each site's begin */
    struct list site_starts[4];
    struct gk_link *all_links;
    size_t n_all_links, all_links_capacity;
    const struct gk_link **facility_links; /* grouped by facility */
    size_t *facility_links_start;

    struct string_block *strings; /* all texts; given back together */
};

int catalog_new(const struct mem *mem, struct catalog **out);
void catalog_free(struct catalog *catalog); /* NULL is welcome; whatever n_refs */
int catalog_clone(const struct catalog *catalog, struct catalog **out);
/* Makes the lists that snapshots hand out. Idempotent until the next change. */
int catalog_freeze(struct catalog *catalog);
/* Makes them with these links, those that follow from lines and enterprises among them. */
int catalog_freeze_with(struct catalog *catalog, const struct gk_link *links, size_t n);

uint32_t catalog_facility(const struct catalog *catalog, const char *name, size_t size);
uint32_t catalog_channel(const struct catalog *catalog, const char *name, size_t size);
/* The first site of that name. */
uint32_t catalog_site(const struct catalog *catalog, enum gk_kind kind, const char *name, size_t size);
bool catalog_covers(const struct catalog *catalog, const struct gk_scope *scope, uint32_t facility);

/* Told of every entry that a put changed. */
struct catalog_changes {
    const struct mem *mem;
    struct catalog_change {
        enum entry_kind kind;
        uint32_t id;
    } * at;
    size_t n, capacity;
};
void catalog_changes_clear(struct catalog_changes *changes);

/*
 * The puts of gk.h. Validated whole before anything changes; the words name what is wrong. catalog->is_frozen ends.
 * Only entries that really changed are told: putting the same again is nothing.
 */
int catalog_put_channel(struct catalog *catalog, struct gk_text name, uint32_t *id, struct catalog_changes *changes,
                        struct gk_error *error);
int catalog_register(struct catalog *catalog, struct gk_text name, uint32_t *id, struct catalog_changes *changes,
                     struct gk_error *error);
int catalog_put_facility(struct catalog *catalog, const struct gk_facility_put *put, uint32_t *id,
                         struct catalog_changes *changes, struct gk_error *error);
int catalog_put_link(struct catalog *catalog, const struct gk_link_put *put, struct catalog_changes *changes,
                     struct gk_error *error);
int catalog_put_band(struct catalog *catalog, const struct gk_band_put *put, struct catalog_changes *changes,
                     struct gk_error *error);
int catalog_put_order(struct catalog *catalog, const struct gk_order_put *put, struct catalog_changes *changes,
                      struct gk_error *error);
int catalog_put_exemption(struct catalog *catalog, const struct gk_exemption_put *put, struct catalog_changes *changes,
                          struct gk_error *error);
/* rule.c; now: when a rule is in force from that does not say it. */
int catalog_put_rule(struct catalog *catalog, const struct gk_rule_put *put, gk_time now, uint32_t *version,
                     struct catalog_changes *changes, struct gk_error *error);

/*
 * One entry as stored: version u8 = 1 | catalog version varint | recorded at i64 | the entry's fields
 * (docs/format/catalog.md).
 */
int catalog_encode(const struct catalog *catalog, enum entry_kind kind, uint32_t id, gk_time recorded,
                   struct buffer *out);
/* Puts a stored entry into the catalog, at its id (ids must come in ascending order within a kind). */
int catalog_decode(struct catalog *catalog, enum entry_kind kind, uint32_t id, struct view bytes,
                   struct gk_error *error);
/* A stored entry as a line of text. */
int catalog_dump(const struct catalog *catalog, enum entry_kind kind, uint32_t id, struct buffer *out);

/*
 * For catalog*.c. Room for one more entry of each kind and for texts of so many bytes (each with one more for its end):
 * a put makes it first and then cannot fail half-way.
 */
int catalog_reserve(struct catalog *catalog, size_t text_size);
/* A text kept as long as the catalog; NULL without memory. */
const char *catalog_string(struct catalog *catalog, const char *bytes, size_t size);
int catalog_add_facility(struct catalog *catalog, const struct gk_facility *facility);
int catalog_add_site(struct catalog *catalog, const struct gk_site *site);
int catalog_add_channel(struct catalog *catalog, const char *name);
int catalog_add_link(struct catalog *catalog, const struct gk_link *link);
int catalog_add_band(struct catalog *catalog, const struct gk_band *band);
int catalog_add_set_band(struct catalog *catalog, const struct gk_band *band);
int catalog_add_order(struct catalog *catalog, const struct gk_order *order);
int catalog_add_exemption(struct catalog *catalog, const struct gk_exemption *exemption);
/* The next version of its name; ends the one before. GK_ECORRUPT when it does not follow that one. */
int catalog_add_rule(struct catalog *catalog, const struct gk_rule *rule);
/* The entry with the same identity: facilities and beginning of a link, scope and beginning of a band; or GK_ID_NONE.
 */
uint32_t catalog_find_link(const struct catalog *catalog, const struct gk_link *link);
uint32_t catalog_find_band(const struct catalog *catalog, const struct gk_band *band);
/* The catalog's own text of the name of a set of bands; GK_ENOTFOUND says the nearest one. */
int catalog_find_set(const struct catalog *catalog, const char *set, const char **out, struct gk_error *error);
/* What a put names as its scope; GK_ENOTFOUND says the nearest name. */
int catalog_find_scope(struct catalog *catalog, enum gk_kind kind, struct gk_text name, struct gk_scope *out,
                       struct gk_error *error);
/* The line of that name within an enterprise. */
uint32_t catalog_line(const struct catalog *catalog, uint32_t enterprise, const char *name, size_t size);

#endif
