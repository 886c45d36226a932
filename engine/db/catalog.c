/*
 * catalog.c - the catalog in memory: adding, finding, copying, and the lists that follow from the entries.
 *
 * Default links: abatement facilities without a link of their own serve the production facilities of their line; if the
 * line has none, those of the enterprise. A production facility that is named by any link is no reason against it.
 */
#include "db/catalog.h"

#include <math.h>
#include <string.h>

#include "base/crc.h"

#define STRING_BLOCK 65536

struct string_block {
    struct string_block *next;
    size_t used, size;
    char bytes[];
};

/* ---- texts and names ----------------------------------------------------------------------------------------------
 */

/* Room for texts of `size` bytes in all, ends included, in one block. */
static int reserve_strings(struct catalog *c, size_t size)
{
    struct string_block *block = c->strings;

    if (block && block->size - block->used >= size)
        return GK_OK;
    size_t room = size > STRING_BLOCK ? size : STRING_BLOCK;
    block = mem_new(&c->mem, sizeof *block + room);
    if (!block)
        return GK_ENOMEM;
    block->next = c->strings;
    block->used = 0;
    block->size = room;
    c->strings = block;
    return GK_OK;
}

const char *catalog_string(struct catalog *c, const char *bytes, size_t size)
{
    if (reserve_strings(c, size + 1) != GK_OK)
        return NULL;
    struct string_block *block = c->strings;
    char *p = block->bytes + block->used;
    if (size)
        memcpy(p, bytes, size);
    p[size] = 0;
    block->used += size + 1;
    return p;
}

static uint32_t hash_of(const char *name, size_t size)
{
    return crc32c(0, name, size) * 2654435761u; /* Knuth's multiplier spreads what the CRC leaves in the low bits */
}

static void insert_slot(struct name_index *index, uint32_t hash, uint32_t id)
{
    size_t i = hash & (index->capacity - 1);
    while (index->slots[i].id != GK_ID_NONE)
        i = (i + 1) & (index->capacity - 1);
    index->slots[i].hash = hash;
    index->slots[i].id = id;
}

/* Room for one more. */
static int index_reserve(struct catalog *c, struct name_index *index)
{
    if (2 * (index->n + 1) <= index->capacity)
        return GK_OK;
    struct name_index wider = {NULL, index->n, index->capacity ? 2 * index->capacity : 64};
    wider.slots = mem_array(&c->mem, wider.capacity, sizeof *wider.slots);
    if (!wider.slots)
        return GK_ENOMEM;
    memset(wider.slots, 0xFF, wider.capacity * sizeof *wider.slots);
    for (size_t i = 0; i < index->capacity; i++)
        if (index->slots[i].id != GK_ID_NONE)
            insert_slot(&wider, index->slots[i].hash, index->slots[i].id);
    mem_free(&c->mem, index->slots);
    *index = wider;
    return GK_OK;
}

/* Into room that was made. */
static void index_put(struct name_index *index, uint32_t hash, uint32_t id)
{
    assert(2 * (index->n + 1) <= index->capacity);
    insert_slot(index, hash, id);
    index->n++;
}

static void index_add(struct name_index *index, const char *name, uint32_t id)
{
    index_put(index, hash_of(name, strlen(name)), id);
}

static bool is_name(const char *have, const char *name, size_t size)
{
    return strncmp(have, name, size) == 0 && have[size] == 0;
}

/* Lowest id of that hash for which `fits` says yes. */
static uint32_t index_find_hashed(const struct catalog *c, const struct name_index *index, uint32_t hash,
                                  const char *name, size_t size,
                                  bool (*fits)(const struct catalog *c, uint32_t id, const char *name, size_t size,
                                               uint32_t context),
                                  uint32_t context)
{
    uint32_t best = GK_ID_NONE;
    if (index->n == 0)
        return best;
    for (size_t i = hash & (index->capacity - 1); index->slots[i].id != GK_ID_NONE; i = (i + 1) & (index->capacity - 1))
        if (index->slots[i].hash == hash && index->slots[i].id < best &&
            fits(c, index->slots[i].id, name, size, context))
            best = index->slots[i].id;
    return best;
}

static uint32_t index_find(const struct catalog *c, const struct name_index *index, const char *name, size_t size,
                           bool (*fits)(const struct catalog *c, uint32_t id, const char *name, size_t size,
                                        uint32_t context),
                           uint32_t context)
{
    return index_find_hashed(c, index, hash_of(name, size), name, size, fits, context);
}

static bool facility_fits(const struct catalog *c, uint32_t id, const char *name, size_t size, uint32_t context)
{
    (void)context;
    return is_name(c->facilities[id].name, name, size);
}

static bool channel_fits(const struct catalog *c, uint32_t id, const char *name, size_t size, uint32_t context)
{
    (void)context;
    return is_name(c->channels[id], name, size);
}

static bool site_fits(const struct catalog *c, uint32_t id, const char *name, size_t size, uint32_t kind)
{
    return is_name(c->sites[kind][id].name, name, size);
}

static bool line_fits(const struct catalog *c, uint32_t id, const char *name, size_t size, uint32_t enterprise)
{
    return c->sites[GK_LINE][id].parent == enterprise && is_name(c->sites[GK_LINE][id].name, name, size);
}

uint32_t catalog_facility(const struct catalog *c, const char *name, size_t size)
{
    return index_find(c, &c->facility_names, name, size, facility_fits, 0);
}

uint32_t catalog_channel(const struct catalog *c, const char *name, size_t size)
{
    return index_find(c, &c->channel_names, name, size, channel_fits, 0);
}

uint32_t catalog_site(const struct catalog *c, enum gk_kind kind, const char *name, size_t size)
{
    if (kind < GK_PARK || kind > GK_LINE)
        return GK_ID_NONE;
    return index_find(c, &c->site_names[kind], name, size, site_fits, (uint32_t)kind);
}

/* Every enterprise has a line 1: the name alone would put them all into one run of the table. */
static uint32_t hash_line(uint32_t enterprise, const char *name, size_t size)
{
    return hash_of(name, size) ^ (enterprise * 0x9E3779B1u);
}

uint32_t catalog_line(const struct catalog *c, uint32_t enterprise, const char *name, size_t size)
{
    return index_find_hashed(c, &c->line_names, hash_line(enterprise, name, size), name, size, line_fits, enterprise);
}

/* ---- adding -------------------------------------------------------------------------------------------------------
 */

/* All room is made before anything is added: an index must not know an entry that is not there. */
#define RESERVE(field)                                                                                                 \
    do {                                                                                                               \
        if (mem_reserve(&c->mem, &c->field, &c->field##_capacity, c->n_##field + 1, sizeof *c->field) != GK_OK)        \
            return GK_ENOMEM;                                                                                          \
    } while (0)

#define ADD(field, item)                                                                                               \
    do {                                                                                                               \
        c->field[c->n_##field++] = *(item);                                                                            \
        c->is_frozen = false;                                                                                          \
        return GK_OK;                                                                                                  \
    } while (0)

static int reserve_site(struct catalog *c, enum gk_kind k)
{
    if (mem_reserve(&c->mem, &c->sites[k], &c->sites_capacity[k], c->n_sites[k] + 1, sizeof *c->sites[k]) != GK_OK)
        return GK_ENOMEM;
    if (k == GK_LINE && index_reserve(c, &c->line_names) != GK_OK)
        return GK_ENOMEM;
    return index_reserve(c, &c->site_names[k]);
}

int catalog_reserve(struct catalog *c, size_t text_size)
{
    int rc = GK_OK;

    for (int k = GK_PARK; k <= GK_LINE; k++)
        TRY(reserve_site(c, (enum gk_kind)k));
    RESERVE(facilities);
    RESERVE(channels);
    RESERVE(links);
    RESERVE(bands);
    RESERVE(orders);
    RESERVE(exemptions);
    RESERVE(set_bands);
    TRY(index_reserve(c, &c->facility_names));
    TRY(index_reserve(c, &c->channel_names));
    TRY(index_reserve(c, &c->link_index));
    TRY(index_reserve(c, &c->band_index));
    TRY(reserve_strings(c, text_size));
done:
    return rc;
}

int catalog_add_facility(struct catalog *c, const struct gk_facility *facility)
{
    RESERVE(facilities);
    if (index_reserve(c, &c->facility_names) != GK_OK)
        return GK_ENOMEM;
    index_add(&c->facility_names, facility->name, facility->id);
    ADD(facilities, facility);
}

int catalog_add_site(struct catalog *c, const struct gk_site *site)
{
    enum gk_kind k = site->kind;
    if (reserve_site(c, k) != GK_OK)
        return GK_ENOMEM;
    size_t size = strlen(site->name);
    if (k == GK_LINE)
        index_put(&c->line_names, hash_line(site->parent, site->name, size), site->id);
    if (catalog_site(c, k, site->name, size) == GK_ID_NONE) /* of several lines of one name the first is found by it */
        index_add(&c->site_names[k], site->name, site->id);
    c->sites[k][c->n_sites[k]++] = *site;
    c->is_frozen = false;
    return GK_OK;
}

int catalog_add_channel(struct catalog *c, const char *name)
{
    RESERVE(channels);
    if (index_reserve(c, &c->channel_names) != GK_OK)
        return GK_ENOMEM;
    index_add(&c->channel_names, name, (uint32_t)c->n_channels);
    ADD(channels, &name);
}

static uint32_t hash_link(const struct gk_link *link)
{
    uint64_t key[2] = {(uint64_t)link->abatement << 32 | link->production, (uint64_t)link->from};
    return hash_of((const char *)key, sizeof key);
}

uint32_t catalog_find_link(const struct catalog *c, const struct gk_link *link)
{
    const struct name_index *index = &c->link_index;
    uint32_t hash = hash_link(link);

    for (size_t i = hash & (index->capacity - 1); index->n && index->slots[i].id != GK_ID_NONE;
         i = (i + 1) & (index->capacity - 1)) {
        const struct gk_link *have = &c->links[index->slots[i].id];
        if (have->abatement == link->abatement && have->production == link->production && have->from == link->from)
            return index->slots[i].id;
    }
    return GK_ID_NONE;
}

int catalog_add_link(struct catalog *c, const struct gk_link *link)
{
    RESERVE(links);
    if (index_reserve(c, &c->link_index) != GK_OK)
        return GK_ENOMEM;
    index_put(&c->link_index, hash_link(link), (uint32_t)c->n_links);
    ADD(links, link);
}

static uint32_t hash_band(const struct gk_band *band)
{
    uint64_t key[2] = {(uint64_t)band->scope.kind << 32 | band->scope.id, (uint64_t)band->from};
    return hash_of((const char *)key, sizeof key);
}

uint32_t catalog_find_band(const struct catalog *c, const struct gk_band *band)
{
    const struct name_index *index = &c->band_index;
    uint32_t hash = hash_band(band);

    for (size_t i = hash & (index->capacity - 1); index->n && index->slots[i].id != GK_ID_NONE;
         i = (i + 1) & (index->capacity - 1)) {
        const struct gk_band *have = &c->bands[index->slots[i].id];
        if (have->scope.kind == band->scope.kind && have->scope.id == band->scope.id && have->from == band->from)
            return index->slots[i].id;
    }
    return GK_ID_NONE;
}

int catalog_add_band(struct catalog *c, const struct gk_band *band)
{
    RESERVE(bands);
    if (index_reserve(c, &c->band_index) != GK_OK)
        return GK_ENOMEM;
    index_put(&c->band_index, hash_band(band), (uint32_t)c->n_bands);
    ADD(bands, band);
}

int catalog_add_set_band(struct catalog *c, const struct gk_band *band)
{
    RESERVE(set_bands);
    ADD(set_bands, band);
}

int catalog_add_order(struct catalog *c, const struct gk_order *order)
{
    RESERVE(orders);
    ADD(orders, order);
}

int catalog_add_exemption(struct catalog *c, const struct gk_exemption *exemption)
{
    RESERVE(exemptions);
    ADD(exemptions, exemption);
}

/* ---- life ---------------------------------------------------------------------------------------------------------
 */

int catalog_new(const struct mem *mem, struct catalog **out)
{
    struct catalog *c = mem_zeroed(mem, sizeof *c);
    *out = c;
    if (!c)
        return GK_ENOMEM;
    c->mem = *mem;
    c->n_refs = 1;
    const char *name = catalog_string(c, "zone", 4);
    struct gk_site zone = {0, GK_ZONE, name, GK_ID_NONE};
    if (!name || catalog_add_site(c, &zone) != GK_OK) {
        catalog_free(c);
        *out = NULL;
        return GK_ENOMEM;
    }
    return GK_OK;
}

static void drop_lists(struct catalog *c)
{
    for (int k = 0; k < 4; k++) {
        mem_free(&c->mem, c->site_facilities_flat[k].at);
        mem_free(&c->mem, c->site_starts[k].at);
        memset(&c->site_facilities_flat[k], 0, sizeof c->site_facilities_flat[k]);
        memset(&c->site_starts[k], 0, sizeof c->site_starts[k]);
    }
    mem_free(&c->mem, c->all_links);
    mem_free(&c->mem, c->facility_links);
    mem_free(&c->mem, c->facility_links_start);
    c->all_links = NULL;
    c->facility_links = NULL;
    c->facility_links_start = NULL;
    c->n_all_links = c->all_links_capacity = 0;
}

void catalog_free(struct catalog *c)
{
    if (!c)
        return;
    drop_lists(c);
    for (size_t i = 0; i < c->n_facilities; i++)
        mem_free(&c->mem, (void *)(uintptr_t)c->facilities[i].tags);
    mem_free(&c->mem, c->facilities);
    mem_free(&c->mem, c->facility_names.slots);
    for (int k = 0; k < 4; k++) {
        mem_free(&c->mem, c->sites[k]);
        mem_free(&c->mem, c->site_names[k].slots);
    }
    mem_free(&c->mem, c->line_names.slots);
    mem_free(&c->mem, c->channels);
    mem_free(&c->mem, c->channel_names.slots);
    mem_free(&c->mem, c->links);
    mem_free(&c->mem, c->link_index.slots);
    mem_free(&c->mem, c->bands);
    mem_free(&c->mem, c->band_index.slots);
    mem_free(&c->mem, c->orders);
    mem_free(&c->mem, c->exemptions);
    mem_free(&c->mem, c->rules);
    mem_free(&c->mem, c->mappings);
    mem_free(&c->mem, c->people);
    mem_free(&c->mem, c->set_bands);
    mem_free(&c->mem, c->calendars);
    while (c->strings) {
        struct string_block *next = c->strings->next;
        mem_free(&c->mem, c->strings);
        c->strings = next;
    }
    struct mem mem = c->mem;
    mem_free(&mem, c);
}

/* A copy is made by way of the stored form: one place knows what an entry consists of. */
static int copy_entry(struct catalog *to, const struct catalog *from, enum entry_kind kind, uint32_t id,
                      struct buffer *scratch)
{
    int rc;
    buffer_reset(scratch);
    TRY(catalog_encode(from, kind, id, 0, scratch));
    struct view bytes = {scratch->bytes, scratch->size};
    TRY(catalog_decode(to, kind, id, bytes, NULL));
done:
    return rc;
}

int catalog_clone(const struct catalog *from, struct catalog **out)
{
    struct catalog *c = NULL;
    struct buffer scratch;
    int rc;

    buffer_init(&scratch, &from->mem);
    TRY(catalog_new(&from->mem, &c));
    for (uint32_t i = 0; i < from->n_channels; i++)
        TRY(copy_entry(c, from, ENTRY_CHANNEL, i, &scratch));
    for (uint32_t k = GK_PARK; k <= GK_LINE; k++)
        for (uint32_t i = 0; i < from->n_sites[k]; i++)
            TRY(copy_entry(c, from, ENTRY_SITE, k << 24 | i, &scratch));
    for (uint32_t i = 0; i < from->n_facilities; i++)
        TRY(copy_entry(c, from, ENTRY_FACILITY, i, &scratch));
    for (uint32_t i = 0; i < from->n_links; i++)
        TRY(copy_entry(c, from, ENTRY_LINK, i, &scratch));
    for (uint32_t i = 0; i < from->n_bands; i++)
        TRY(copy_entry(c, from, ENTRY_BAND, i, &scratch));
    for (uint32_t i = 0; i < from->n_orders; i++)
        TRY(copy_entry(c, from, ENTRY_ORDER, i, &scratch));
    for (uint32_t i = 0; i < from->n_exemptions; i++)
        TRY(copy_entry(c, from, ENTRY_EXEMPTION, i, &scratch));
    for (uint32_t i = 0; i < from->n_rules; i++)
        TRY(copy_entry(c, from, ENTRY_RULE, i, &scratch));
    for (uint32_t i = 0; i < from->n_mappings; i++)
        TRY(copy_entry(c, from, ENTRY_MAPPING, i, &scratch));
    for (uint32_t i = 0; i < from->n_people; i++)
        TRY(copy_entry(c, from, ENTRY_PERSON, i, &scratch));
    for (uint32_t i = 0; i < from->n_set_bands; i++)
        TRY(copy_entry(c, from, ENTRY_SET_BAND, i, &scratch));
    for (uint32_t i = 0; i < from->n_calendars; i++)
        TRY(copy_entry(c, from, ENTRY_CALENDAR, i, &scratch));
    c->version = from->version;
    c->mappings_version = from->mappings_version;
    *out = c;
    c = NULL;
done:
    buffer_clear(&scratch);
    catalog_free(c);
    return rc;
}

/* ---- lists that follow --------------------------------------------------------------------------------------------
 */

static uint32_t site_of(const struct gk_facility *f, int kind)
{
    switch (kind) {
    case GK_ZONE:
        return 0;
    case GK_PARK:
        return f->park;
    case GK_ENTERPRISE:
        return f->enterprise;
    default:
        return f->line;
    }
}

/* Groups the facilities by the sites of a kind: a counting sort. */
static int group_facilities(struct catalog *c, int kind)
{
    size_t n = c->n_sites[kind];
    struct list *starts = &c->site_starts[kind], *flat = &c->site_facilities_flat[kind];

    starts->at = mem_zeroed(&c->mem, (n + 2) * sizeof *starts->at);
    flat->at = mem_array(&c->mem, c->n_facilities, sizeof *flat->at);
    if (!starts->at || !flat->at)
        return GK_ENOMEM;
    for (size_t i = 0; i < c->n_facilities; i++) {
        uint32_t site = site_of(&c->facilities[i], kind);
        if (site != GK_ID_NONE)
            starts->at[site + 2]++;
    }
    for (size_t i = 2; i < n + 2; i++)
        starts->at[i] += starts->at[i - 1];
    for (size_t i = 0; i < c->n_facilities; i++) {
        uint32_t site = site_of(&c->facilities[i], kind);
        if (site != GK_ID_NONE)
            flat->at[starts->at[site + 1]++] = (uint32_t)i;
    }
    return GK_OK;
}

static int add_default_links(struct catalog *c, const struct gk_facility *abatement, int kind, uint32_t site,
                             size_t *n_added)
{
    *n_added = 0;
    if (site == GK_ID_NONE)
        return GK_OK;
    const struct list *starts = &c->site_starts[kind], *flat = &c->site_facilities_flat[kind];
    for (uint32_t i = starts->at[site]; i < starts->at[site + 1]; i++) {
        const struct gk_facility *p = &c->facilities[flat->at[i]];
        if (p->role != GK_PRODUCTION)
            continue;
        struct gk_link link = {abatement->id, p->id, false, true, GK_TIME_MIN, GK_TIME_MAX};
        if (mem_reserve(&c->mem, &c->all_links, &c->all_links_capacity, c->n_all_links + 1, sizeof link) != GK_OK)
            return GK_ENOMEM;
        c->all_links[c->n_all_links++] = link;
        ++*n_added;
    }
    return GK_OK;
}

static int make_links(struct catalog *c)
{
    int rc = GK_OK;
    uint8_t *has_link = mem_zeroed(&c->mem, c->n_facilities + 1);

    if (!has_link ||
        mem_reserve(&c->mem, &c->all_links, &c->all_links_capacity, c->n_links + 1, sizeof *c->links) != GK_OK)
        TRY(GK_ENOMEM);
    for (size_t i = 0; i < c->n_links; i++) {
        c->all_links[c->n_all_links++] = c->links[i];
        has_link[c->links[i].abatement] = 1;
    }
    for (size_t i = 0; i < c->n_facilities; i++) {
        const struct gk_facility *f = &c->facilities[i];
        size_t n_added;
        if (f->role != GK_ABATEMENT || has_link[i])
            continue;
        TRY(add_default_links(c, f, GK_LINE, f->line, &n_added));
        if (n_added == 0)
            TRY(add_default_links(c, f, GK_ENTERPRISE, f->enterprise, &n_added));
    }
done:
    mem_free(&c->mem, has_link);
    return rc;
}

static int group_links(struct catalog *c)
{
    size_t *start = mem_zeroed(&c->mem, (c->n_facilities + 3) * sizeof *start);
    const struct gk_link **flat = mem_array(&c->mem, 2 * c->n_all_links, sizeof *flat);

    c->facility_links_start = start;
    c->facility_links = flat;
    if (!start || !flat)
        return GK_ENOMEM;
    for (size_t i = 0; i < c->n_all_links; i++) {
        start[c->all_links[i].abatement + 2]++;
        start[c->all_links[i].production + 2]++;
    }
    for (size_t i = 2; i < c->n_facilities + 2; i++)
        start[i] += start[i - 1];
    for (size_t i = 0; i < c->n_all_links; i++) {
        flat[start[c->all_links[i].abatement + 1]++] = &c->all_links[i];
        flat[start[c->all_links[i].production + 1]++] = &c->all_links[i];
    }
    return GK_OK;
}

static int take_links(struct catalog *c, const struct gk_link *links, size_t n)
{
    if (mem_reserve(&c->mem, &c->all_links, &c->all_links_capacity, n + 1, sizeof *links) != GK_OK)
        return GK_ENOMEM;
    for (size_t i = 0; i < n; i++)
        c->all_links[c->n_all_links++] = links[i];
    return GK_OK;
}

int catalog_freeze_with(struct catalog *c, const struct gk_link *links, size_t n)
{
    int rc = GK_OK;

    drop_lists(c);
    for (int k = 0; k < 4; k++)
        TRY(group_facilities(c, k));
    TRY(links ? take_links(c, links, n) : make_links(c));
    TRY(group_links(c));
    c->is_frozen = true;
done:
    return rc;
}

int catalog_freeze(struct catalog *c)
{
    return c->is_frozen ? GK_OK : catalog_freeze_with(c, NULL, 0);
}

bool catalog_covers(const struct catalog *c, const struct gk_scope *scope, uint32_t facility)
{
    const struct gk_facility *f = &c->facilities[facility];

    switch (scope->kind) {
    case GK_ZONE:
        return true;
    case GK_PARK:
        return f->park == scope->id;
    case GK_ENTERPRISE:
        return f->enterprise == scope->id;
    case GK_LINE:
        return f->line == scope->id;
    case GK_ROLE:
        return (uint32_t)f->role == scope->id;
    case GK_FACILITY:
        return facility == scope->id;
    case GK_GROUP: {
        const char *group = gk_facility_tag(f, "group");
        return group && strcmp(group, scope->name) == 0;
    }
    }
    return false;
}

const char *gk_facility_tag(const struct gk_facility *facility, const char *key)
{
    for (size_t i = 0; i < facility->n_tags; i++)
        if (strcmp(facility->tags[i].key, key) == 0)
            return facility->tags[i].value;
    return NULL;
}

void catalog_changes_clear(struct catalog_changes *changes)
{
    if (changes->mem)
        mem_free(changes->mem, changes->at);
    changes->at = NULL;
    changes->n = changes->capacity = 0;
}
